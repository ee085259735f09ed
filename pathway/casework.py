"""The one way in: people's cards and the clock both change cases through here.

Read, decide, write: the rules are asked for every event, and the event, everything it makes us tell people and the
time at which the case wants to be looked at next are one atomic write. Somebody else's write in between is no
error: the case is read again and the rules are asked again.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypedDict

from pathway import events as e
from pathway.appointments import CALENDAR, appointments
from pathway.case import Case, after, fold
from pathway.dates import in_london, local, local_date
from pathway.hours import news_at, tell_at
from pathway.nudges import due, next_at
from pathway.people import Office, Party, Person, Placement, acting_role
from pathway.ports import CaseBook, Commit, OutboxItem, Roster, Shown, Summary, VersionConflict
from pathway.process import Stage
from pathway.provider import Provider
from pathway.roles import Role
from pathway.rules import Ground, NotYours, Stale, decide
from pathway.tellings import CHANNEL, Notice, Telling, tellings

#: Letters and figures that are not mistaken for each other when read out on the telephone.
ALPHABET = "ACDEFGHJKMNPQRTUVWXY3479"
ATTEMPTS = 8
#: Characters of a reference.
REFERENCE = 4
#: Of a fault: letters alone, so that it is no case's, and none with which they would make a word.
FAULT_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
#: Who comes in when a placement has ended, and finds the case under "my cases" from then on.
NEXT_STEPS = (Role.COURSE_DIRECTOR, Role.LEVEL_LEAD, Role.PERSONAL_TUTOR)
RECEIPT = "receipt"


class Stamp(TypedDict):
    """Who recorded an event, when, in which role and for whom: the fields every event has."""

    at: datetime
    on: date
    by: str
    role: Role
    for_whom: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """The case as it now stands; *replayed* when this very act had been recorded before."""

    case: Case
    replayed: bool = False


class NoSuchCase(Exception):
    """There is no such case, or the person may not know of it."""


@dataclass(frozen=True)
class Casework:
    book: CaseBook
    roster: Roster
    provider: Provider
    now: Callable[[], datetime]

    # -- reading ---------------------------------------------------------------------------------------------------

    async def case(self, case_id: str) -> Case:
        """Raises NoSuchCase."""
        found = fold(await self.book.events(case_id))
        if found is None:
            raise NoSuchCase(case_id)
        return found

    async def office(self) -> Office:
        """The provider's own people, by the ids the roster gave them."""
        found = {
            role: [await self.roster.by_email(colleague.email) for colleague in colleagues]
            for role, colleagues in (
                (Role.PARTNERSHIP_TEAM, self.provider.partnership_team),
                (Role.PARTNERSHIP_LEAD, self.provider.partnership_lead),
            )
        }
        return Office(
            team=tuple(p.id for p in found[Role.PARTNERSHIP_TEAM] if p),
            leads=tuple(p.id for p in found[Role.PARTNERSHIP_LEAD] if p),
        )

    async def ground(self, placement_id: str) -> Ground:
        """Raises NoSuchCase where the roster has no such placement."""
        placement = await self.roster.placement(placement_id)
        if placement is None:
            raise NoSuchCase(placement_id)
        party = Party(
            placement,
            await self.office(),
            await self.roster.people(),
            tutor_reads_targets=self.provider.settings.link_tutor_sees_weekly_target,
            cases_of_student=await self._cases_of_student(placement.student),
        )
        return Ground(party, self.provider)

    async def _cases_of_student(self, student: str) -> tuple[str, ...]:
        """Nearly always none or one; a case raised in error is on nobody's record."""
        named = await self.book.cases_of(student, open_only=False)
        if len(named) < 2:
            return tuple(named)
        cases = [fold(await self.book.events(case_id)) for case_id in named]
        return tuple(c.id for c in cases if c and c.student == student and c.stage is not Stage.IN_ERROR)

    async def placements_for(self, person: Person) -> tuple[Placement, ...]:
        """The current placements for which *person* may raise a concern: a mentor's and a Link Tutor's own, for the
        Partnership Team all. In the order of the roster.
        """
        today = local_date(self.now())
        office = await self.office()
        if person.id in office.team:
            return tuple(p for p in await self.roster.placements() if p.is_current(today))
        return tuple(
            p
            for p in await self.roster.placements_of(person.id)
            if p.is_current(today) and person.id in (p.mentor, p.second_mentor, p.link_tutor)
        )

    async def general_roles(self, person: Person) -> tuple[Role, ...]:
        """Every role that *person* has on any placement, or in the office; for greetings, never for decisions."""
        office = await self.office()
        found: set[Role] = set()
        for placement in await self.roster.placements_of(person.id):
            found.update(Party(placement, office).roles_on(person.id))
        if person.id in office.team:
            found.add(Role.PARTNERSHIP_TEAM)
        if person.id in office.leads:
            found.add(Role.PARTNERSHIP_LEAD)
        return tuple(role for role in Role if role in found)

    # -- writing ---------------------------------------------------------------------------------------------------

    def stamp(
        self,
        ground: Ground,
        person: str,
        kind: type[e.Event],
        case: Case | None = None,
        *,
        on: date | None = None,
        for_whom: str = "",
    ) -> Stamp:
        """The common fields of an event that *person* records now. Raises NotYours."""
        role = acting_role(ground.party, person, kind, case, for_whom)
        if role is None:
            raise NotYours(f"no role here may record {kind.__name__}")
        at = self.now()
        return Stamp(at=at, on=on or local_date(at), by=person, role=role, for_whom=for_whom)

    def trial(self, events: Sequence[e.Event], ground: Ground) -> None:
        """Asks the rules about the first *events* of a case, and records nothing. Raises as `record` does."""
        case: Case | None = None
        for event in events:
            decide(case, event, ground)
            case = after(case, event)

    def tell_at(self, role: Role, ground: Ground) -> datetime:
        """When a holder of *role* may be told of what happens now."""
        return tell_at(self.now(), role, ground)

    def office_hours(self, moment: datetime) -> datetime:
        """When the office may be told of what belongs to no case: at once in the hours of a university's working day,
        else when they next open.
        """
        there, hours, days = in_london(moment), self.provider.quiet_hours, self.provider.working_days()
        if days.is_open(there.date()) and hours.opens <= there.time() <= hours.closes:
            return moment
        today = local(days.next_open(there.date()), hours.opens)
        return today if today > moment else local(days.next_after(there.date()), hours.opens)

    async def new_reference(self) -> str:
        """Four letters and figures that no case has yet; random, so that they tell nothing."""
        while True:
            reference = _random(ALPHABET)
            if await self.book.case_with_reference(reference) is None:
                return reference

    async def record(
        self,
        case_id: str,
        events: Sequence[e.Event],
        *,
        nonce: str,
        step: int | None = None,
        answering: str = "",
    ) -> Recorded:
        """Records *events* together, or none of them.

        *step* is the stage entry the card was made for; None where a card may be of any age. *answering* is the
        message whose card this act's answer replaces, so that it is not edited a second time from the outbox.
        Raises Stale, OutOfStep, NotYours, Refused, AlreadyOpen, StoreUnavailable.
        """
        for _ in range(ATTEMPTS):
            if earlier := await self.book.seen(nonce):
                return Recorded(await self.case(earlier.case_id), replayed=True)
            before = fold(await self.book.events(case_id))
            if step is not None and before is not None and before.step != step:
                raise Stale(case_id)
            placement = before.placement if before else _placement_of(events)
            ground = await self.ground(placement)
            now = before
            outbox: list[OutboxItem] = []
            for event in events:
                decide(now, event, ground)
                now = after(now, event)
                if now is not None:
                    outbox += self._outbox(now, event, ground)
            if now is None:
                raise ValueError("a draft is discarded where drafts are kept, not in the log")
            outbox = [*await self._refreshes(case_id, events, now, answering), *outbox]
            outbox += _for_calendars(before, now, events, ground.party)
            try:
                done = await self.book.commit(
                    Commit(
                        case_id=case_id,
                        expected=before.version if before else 0,
                        nonce=nonce,
                        events=tuple(events),
                        summary=summary(now, ground.party),
                        outbox=tuple(outbox),
                        wake_at=next_at(now, ground),
                        shown=_first_receipt(before, events, answering),
                    )
                )
            except VersionConflict:
                continue
            if done.replayed:
                return Recorded(await self.case(done.case_id), replayed=True)
            return Recorded(now)
        raise Stale(case_id)

    async def queue(self, case_id: str, items: Sequence[OutboxItem], nonce: str) -> None:
        """Has people of a case told of something that is no event of it (that somebody cannot be reached). A key that
        the case has seen before is left out. Raises NoSuchCase.
        """
        for _ in range(ATTEMPTS):
            case = await self.case(case_id)
            ground = await self.ground(case.placement)
            try:
                await self.book.commit(
                    Commit(
                        case_id=case_id,
                        expected=case.version,
                        nonce=nonce,
                        events=(),
                        summary=summary(case, ground.party),
                        outbox=tuple(items),
                        wake_at=next_at(case, ground),
                    )
                )
            except VersionConflict:
                continue
            return
        raise Stale(case_id)

    async def remind(self, case_id: str) -> datetime | None:
        """Queues what is due on the case now, once, and says when it wants to be looked at next."""
        now = self.now()
        for _ in range(ATTEMPTS):
            case = await self.case(case_id)
            ground = await self.ground(case.placement)
            moved: Case = case
            events: list[e.Event] = []
            outbox: list[OutboxItem] = []
            for nudge in due(case, ground, now):
                fact = e.Nudged(
                    at=now,
                    on=local_date(now),
                    by=e.SYSTEM,
                    role=Role.SYSTEM,
                    timer=nudge.timer,
                    due=nudge.due,
                    rung=nudge.rung,
                    to=nudge.to,
                    sent=nudge.send,
                )
                events.append(fact)
                moved = after(moved, fact) or moved
                if nudge.send:
                    outbox.append(nudge.item(now))
            wake_at = next_at(moved, ground)
            if not events:
                return wake_at
            try:
                await self.book.commit(
                    Commit(
                        case_id=case_id,
                        expected=case.version,
                        nonce=f"due:{case_id}:{case.version}:{now.isoformat()}",
                        events=tuple(events),
                        summary=summary(moved, ground.party),
                        outbox=tuple(outbox),
                        wake_at=wake_at,
                    )
                )
            except VersionConflict:
                continue
            return wake_at
        raise Stale(case_id)

    def _outbox(self, case: Case, event: e.Event, ground: Ground) -> list[OutboxItem]:
        items = []
        for to, telling in tellings(case, event, ground.party):
            if to == CHANNEL and not ground.provider.settings.partnership_channel:
                continue
            role = telling.to if isinstance(telling.to, Role) else Role.PARTNERSHIP_TEAM
            items.append(
                OutboxItem(
                    key=f"{case.version}:{telling.notice}:{to}",
                    to=to,
                    notice=telling.notice,
                    not_before=_when(telling, case, event, role, ground),
                    event=case.version,
                    data={"starts": case.meeting.starts.isoformat()} if any(telling.later) and case.meeting else {},
                )
            )
        return items

    async def _refreshes(self, case_id: str, events: Sequence[e.Event], case: Case, answering: str) -> list[OutboxItem]:
        at = events[-1].at
        return [
            OutboxItem(
                key=f"{case.version}:{Notice.REFRESH}:{shown.person}",
                to=shown.person,
                notice=Notice.REFRESH,
                not_before=at,
                event=case.version,
                data={"activity": shown.activity_id},
            )
            for shown in await self.book.shown(case_id)
            if shown.kind == RECEIPT and shown.activity_id != answering
        ]


def fault_reference() -> str:
    """Four letters that somebody is told when something went wrong, and that stand in the log beside it."""
    return _random(FAULT_LETTERS)


def _random(letters: str) -> str:
    """Of one number: each letter by itself would be a question of its own to the machine."""
    number, chosen = secrets.randbelow(len(letters) ** REFERENCE), ""
    for _ in range(REFERENCE):
        number, at = divmod(number, len(letters))
        chosen += letters[at]
    return chosen


def _for_calendars(before: Case | None, now: Case, events: Sequence[e.Event], party: Party) -> list[OutboxItem]:
    """One piece of work for the calendars where the case asks for another entry than before."""
    renewed = any(isinstance(event, e.InvitationRenewed) for event in events)
    if not renewed and (appointments(before, party) if before else ()) == appointments(now, party):
        return []
    return [OutboxItem(key=f"{now.version}:{CALENDAR}", to=CALENDAR, notice=CALENDAR, not_before=events[-1].at)]


def _first_receipt(before: Case | None, events: Sequence[e.Event], answering: str) -> tuple[Shown, ...]:
    """The card that a case begins on becomes its receipt: kept at once, it costs no second write after the answer."""
    return () if before or not answering else (Shown(events[-1].by, RECEIPT, answering),)


def _when(telling: Telling, case: Case, event: e.Event, role: Role, ground: Ground) -> datetime:
    """At once, in the reader's hours, or in the morning of the meeting (not before it was booked), or at its end."""
    if telling.at_once:
        return event.at
    if telling.on_the_day and case.meeting:
        morning = local(local_date(case.meeting.starts), ground.provider.quiet_hours.opens)
        return max(event.at, morning)
    if telling.afterwards and case.meeting:
        return news_at(case.meeting.starts + timedelta(minutes=case.meeting.minutes), role, ground, case)
    return news_at(event.at, role, ground, case)


def summary(case: Case, party: Party) -> Summary:
    """What the store looks the case up by."""
    office = (*party.office.team, *party.office.leads) if case.told else ()
    outcome_stands = isinstance(case.outcome, e.PlacementTerminated)
    people = {
        case.student,
        case.mentor,
        party.placement.second_mentor,
        party.link_tutor(case) if case.told or party.tutor_reads_targets else "",
        *(x.by for x in case.events if x.by != e.SYSTEM),
        *office,
        *(person for role in NEXT_STEPS for person in party.holders(role, case) if outcome_stands),
    }
    return Summary(
        reference=case.reference,
        placement=case.placement,
        stage=case.stage.value,
        is_open=case.stage.is_open,
        people=tuple(sorted(p for p in people if p)),
    )


def _placement_of(events: Sequence[e.Event]) -> str:
    first = events[0]
    if not isinstance(first, e.DraftStarted):
        raise NoSuchCase("there is no such case")
    return first.placement
