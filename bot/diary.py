"""Keeps the calendars as the cases have them, and notices what people change there by hand.

What should stand in a calendar is a function of the case (`pathway.appointments`), and so is the id under which it is
made. So there is nothing to remember between asking and writing down: whatever was lost on the way, an answer or this
whole process, the next try asks for the same entry again, and is given the one that there is.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from bot.jitter import decorrelated
from bot.logs import why
from pathway import events as e
from pathway.appointments import (
    Appointment,
    Arranged,
    Differs,
    Gathering,
    Known,
    arranged,
    difference,
    given_up,
    known,
)
from pathway.case import Case
from pathway.casework import Casework, NoSuchCase, Stamp
from pathway.dates import local_date
from pathway.jobs import is_given_up
from pathway.people import Party, Person
from pathway.ports import CalendarLater, CalendarRefused, Claim, Entry, Meetings, OutboxItem, StoreUnavailable
from pathway.roles import Role
from pathway.tellings import Notice

log = logging.getLogger(__name__)

#: Seconds between tries: at first, and at the most.
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 300.0
#: So often entries that are still to come are looked at, and so old a look may be before a reminder of one goes out.
LOOKS_EVERY, FRESH = timedelta(hours=1), timedelta(minutes=5)
#: A request that nobody has an answer to may still be carried out for so long.
UNDER_WAY: Final = timedelta(seconds=60)
#: A calendar is left to its owner once it was tried so often and for so long in vain; for what is soon, earlier.
TRIES, TRYING = 20, timedelta(hours=4)
TRIES_SOON, TRYING_SOON, SOON = 4, timedelta(minutes=10), timedelta(hours=2)
#: The reminders that tell of a time, by timer and rung.
_TELLS: Final = {
    ("T9", "2 days before"): Gathering.REVIEW,
    ("T9", "due"): Gathering.REVIEW,
    ("T9", "first day back"): Gathering.REVIEW,
    ("T12", "day before"): Gathering.NEXT_STEPS,
}


class Diary:
    def __init__(self, casework: Casework, meetings: Meetings) -> None:
        self.casework = casework
        self.meetings = meetings
        self._locks: dict[str, asyncio.Lock] = {}
        self._pauses: dict[str, float] = {}
        self._asked: dict[str, datetime] = {}
        self._began: datetime | None = None
        self._round: datetime | None = None
        self._looked: dict[str, datetime] = {}

    @property
    def now(self) -> datetime:
        return self.casework.now()

    # -- what the outbox asks for --------------------------------------------------------------------------------------

    async def settle(self, claims: Sequence[Claim]) -> None:
        """Brings the calendars into line with each case that has asked for it; a case is one piece of work, however
        often it has asked. Raises StoreUnavailable.
        """
        cases: dict[str, list[Claim]] = {}
        for claim in claims:
            cases.setdefault(claim.case_id, []).append(claim)
        await asyncio.gather(*(self._settle(case_id, some) for case_id, some in cases.items()))

    async def _settle(self, case_id: str, claims: Sequence[Claim]) -> None:
        book = self.casework.book
        try:
            await self.reconcile(case_id, claims)
        except NoSuchCase:
            for claim in claims:
                await book.complete(claim, "dropped: the case is no longer here")
        except CalendarLater as no:
            await self._later(claims, str(no), no.after)
        except StoreUnavailable:
            raise
        except Exception:
            log.exception(
                "a calendar could not be brought into line with its case; it is tried again", extra={"case": case_id}
            )
            await self._later(claims, "it went wrong", LONGEST_PAUSE)
        else:
            self._pauses.pop(case_id, None)
            for claim in claims:
                await book.complete(claim, "done")

    async def _later(self, claims: Sequence[Claim], why: str, after: float | None) -> None:
        """Decorrelated jitter, never earlier than told. What cannot even be looked at has an end, too: the clock shows
        such a case to the office.
        """
        case_id = claims[0].case_id
        pause = decorrelated(self._pauses.get(case_id, 0.0), first=FIRST_PAUSE, longest=LONGEST_PAUSE)
        self._pauses[case_id] = pause
        for claim in claims:
            if is_given_up(claim, self.now):
                log.error("a calendar was tried for days in vain", extra={"case": case_id})
                await self.casework.book.complete(claim, f"given up: {why}")
            else:
                await self.casework.book.retry(claim, self.now + timedelta(seconds=max(pause, after or 0.0)), why)

    async def reconcile(self, case_id: str, claims: Sequence[Claim]) -> None:
        """Books, moves and withdraws until everything stands as the case has it, or is left to its owner. *claims* say
        how often and since when it has been tried. Raises NoSuchCase, CalendarLater, StoreUnavailable.
        """
        self._began = self._began or self.now
        async with self._lock(case_id):
            case = await self.casework.case(case_id)
            party = (await self.casework.ground(case.placement)).party
            for one in arranged(case, party):
                case = await self._bring_into_line(case, party, one, claims)

    def _lock(self, case_id: str) -> asyncio.Lock:
        return self._locks.setdefault(case_id, asyncio.Lock())

    async def _bring_into_line(self, case: Case, party: Party, one: Arranged, claims: Sequence[Claim]) -> Case:
        """One revision of one gathering."""
        if given_up(case, one):
            return case
        wanted = one.appointment
        there = known(case, wanted.which, wanted.revision)
        try:
            if not one.stands:
                return await self._take_out(case, party, one, there)
            if there is not None and there.stands and there.sent.organiser != wanted.organiser:
                case = await self._take_out(case, party, one, there)
                there = known(case, wanted.which, wanted.revision)
            return await self._put_in(case, party, wanted, there)
        except CalendarRefused as no:
            log.warning("a calendar may not be written", extra={"case_reference": case.reference, "reason": no.reason})
            reason = no.reason
        except (NoSuchCase, StoreUnavailable):
            raise
        except Exception:
            if not any(self._in_vain(claim, wanted) for claim in claims):
                raise
            log.exception(
                "a calendar was tried in vain; its owner has it now", extra={"case_reference": case.reference}
            )
            reason = e.IN_VAIN
        organiser = there.sent.organiser if there else wanted.organiser
        refused = e.InvitationRefused(
            **self._stamp(), which=wanted.which, revision=wanted.revision, organiser=organiser, reason=reason
        )
        return await self._record(case, refused)

    def _in_vain(self, claim: Claim, wanted: Appointment) -> bool:
        if claim.item is None:
            return False
        tries, trying = (TRIES_SOON, TRYING_SOON) if wanted.starts - self.now < SOON else (TRIES, TRYING)
        return claim.attempts >= tries and self.now - claim.item.not_before >= trying

    async def _put_in(self, case: Case, party: Party, wanted: Appointment, there: Known | None) -> Case:
        organiser = party.people.get(wanted.organiser)
        if organiser is None or wanted.starts <= self.now:
            return case
        if there is None or there.withdrawn:
            return await self._book(case, party, wanted, organiser)
        if there.starts == wanted.starts != there.sent.starts:
            return await self._stands(case, wanted, there.sent)
        by_hand = there.sent.starts == wanted.starts and not there.to_put_back
        if there.starts in (None, wanted.starts) or by_hand:
            return case  # as it should be; or changed in Outlook, and a person decides
        entry = await self.meetings.move(there.sent.entry, wanted, organiser)
        if entry is None:
            return await self._found(case, wanted, None)
        return await self._stands(case, wanted, there.sent, entry)

    async def _book(self, case: Case, party: Party, wanted: Appointment, organiser: Person) -> Case:
        invited = [who for p in wanted.invited if (who := party.somebody(p))]
        self._asked[wanted.transaction] = self.now
        entry = await self.meetings.book(wanted, organiser, invited)
        if entry.starts != wanted.starts:  # made for an earlier wish, whose answer was lost
            entry = await self.meetings.move(entry.id, wanted, organiser) or entry
        sent = e.InvitationSent(
            **self._stamp(),
            which=wanted.which,
            revision=wanted.revision,
            organiser=wanted.organiser,
            entry=entry.id,
            starts=entry.starts,
            minutes=wanted.minutes,
            link=entry.link,
        )
        case = await self._record(case, sent)
        self._asked.pop(wanted.transaction, None)
        return case

    async def _stands(
        self, case: Case, wanted: Appointment, sent: e.InvitationSent, entry: Entry | None = None
    ) -> Case:
        """It stands at the time that is wanted now."""
        anew = e.InvitationSent(
            **self._stamp(),
            which=wanted.which,
            revision=wanted.revision,
            organiser=sent.organiser,
            entry=sent.entry,
            starts=wanted.starts,
            minutes=wanted.minutes,
            link=(entry.link if entry else "") or sent.link,
        )
        return await self._record(case, anew)

    async def _take_out(self, case: Case, party: Party, one: Arranged, there: Known | None) -> Case:
        """What is still to come of an entry that nobody wants any more. What is over stays: it took place."""
        wanted = one.appointment
        organiser = party.people.get(there.sent.organiser if there else wanted.organiser)
        if organiser is None or (there is None and _was_refused(case, wanted)):
            return case
        if there is not None and (not there.stands or there.starts is None or there.starts <= self.now):
            return case
        if there is None and one.last <= self.now:
            return case
        entry = there.sent.entry if there else await self._perhaps_made(one, organiser)
        if entry:
            await self.meetings.withdraw(entry, organiser)
        gone = e.InvitationWithdrawn(**self._stamp(), which=wanted.which, revision=wanted.revision)
        case = await self._record(case, gone)
        self._asked.pop(wanted.transaction, None)
        return case

    async def _perhaps_made(self, one: Arranged, organiser: Person) -> str:
        """The id of an entry whose making had no answer, "" where there is none. Raises CalendarLater while a request
        may still be under way.
        """
        day = timedelta(days=1)
        entry = await self.meetings.find(one.appointment, organiser, one.first - day, one.last + day)
        if entry is not None:
            return entry.id
        asked = self._asked.get(one.appointment.transaction, self._began)
        if asked is not None and self.now < asked + UNDER_WAY:
            raise CalendarLater("it may still be made", (asked + UNDER_WAY - self.now).total_seconds())
        return ""

    # -- what people change by hand ------------------------------------------------------------------------------------

    def is_round_due(self) -> bool:
        """Once an hour, counted from where the last round began."""
        return self._round is None or self.now >= self._round + LOOKS_EVERY

    async def look_around(self) -> None:
        """A round: every entry that is still to come. Raises StoreUnavailable."""
        self._round = self.now
        cases = await self.casework.book.cases_of(None)
        await asyncio.gather(*(self._look_quietly(case_id) for case_id in cases))
        self._looked = {case_id: at for case_id, at in self._looked.items() if case_id in set(cases)}

    async def _look_quietly(self, case_id: str) -> None:
        """A calendar that does not answer, or may not be read, is looked at another time."""
        try:
            await self.look(case_id)
        except (CalendarLater, CalendarRefused, NoSuchCase) as no:
            log.info("a calendar was not looked at", extra={"case": case_id, **why(no)})
        except StoreUnavailable:
            raise
        except Exception:
            log.exception("the meetings of a case cannot be looked at", extra={"case": case_id})

    async def look_before(self, item: OutboxItem, case: Case) -> bool:
        """Before a message tells of a time: whether the case has changed by looking, and is to be read again."""
        if tells_of(item) is None or self.now < self._looked.get(case.id, self.now - 2 * FRESH) + FRESH:
            return False
        await self._look_quietly(case.id)
        return True

    async def look(self, case_id: str) -> None:
        """Compares each entry with what is known of it, and writes down what is new. Raises NoSuchCase, CalendarLater,
        CalendarRefused, StoreUnavailable.
        """
        async with self._lock(case_id):
            case = await self.casework.case(case_id)
            party = (await self.casework.ground(case.placement)).party
            for one in arranged(case, party):
                case = await self._look_at(case, party, one)
            self._looked[case_id] = self.now

    async def _look_at(self, case: Case, party: Party, one: Arranged) -> Case:
        wanted = one.appointment
        there = known(case, wanted.which, wanted.revision)
        if there is None or there.withdrawn or not one.stands or given_up(case, one):
            return case
        organiser = party.people.get(there.sent.organiser)
        if organiser is None or max(wanted.starts, there.starts or wanted.starts) <= self.now:
            return case
        entry = await self.meetings.look(there.sent.entry, organiser)
        declined = _ids(party, wanted, entry)
        if (entry.starts if entry else None, declined) == (there.starts, there.declined):
            return case
        return await self._found(case, wanted, entry, declined)

    async def _found(
        self, case: Case, wanted: Appointment, entry: Entry | None, declined: tuple[str, ...] = ()
    ) -> Case:
        found = e.FoundInCalendar(
            **self._stamp(),
            which=wanted.which,
            revision=wanted.revision,
            starts=entry.starts if entry else None,
            minutes=int((entry.ends - entry.starts).total_seconds() // 60) if entry else 0,
            declined=declined,
        )
        return await self._record(case, found)

    # -- writing down --------------------------------------------------------------------------------------------------

    def _stamp(self) -> Stamp:
        return Stamp(at=self.now, on=local_date(self.now), by=e.SYSTEM, role=Role.SYSTEM, for_whom="")

    async def _record(self, case: Case, fact: e.Event) -> Case:
        nonce = f"calendar:{case.id}:{case.version}:{type(fact).__name__}"
        return (await self.casework.record(case.id, [fact], nonce=nonce)).case


def _was_refused(case: Case, wanted: Appointment) -> bool:
    """And so was never made; what was tried in vain may have been."""
    refused = [x for x in case.all(e.InvitationRefused) if x.reason != e.IN_VAIN]
    return any((x.which, x.revision) == (wanted.which, wanted.revision) for x in refused)


def _ids(party: Party, wanted: Appointment, entry: Entry | None) -> tuple[str, ...]:
    """Whom of the invited the calendar has as declining, in the order they were invited."""
    addresses = {a.casefold() for a in entry.declined} if entry else set()
    invited = ((p, party.somebody(p)) for p in wanted.invited)
    return tuple(p for p, who in invited if who and who.email.casefold() in addresses)


def tells_of(item: OutboxItem) -> Gathering | None:
    """The gathering whose time a message is about to tell."""
    if item.notice == Notice.MEETING_BRIEF:
        return Gathering.MEETING
    if item.notice != Notice.REMINDER:
        return None
    return _TELLS.get((item.data.get("timer", ""), item.data.get("rung", "")))


def untrue(item: OutboxItem, case: Case, party: Party) -> str:
    """Why a message would tell what the calendar does not say any more, "" where it would not."""
    told = case.events[item.event - 1] if 0 < item.event <= case.version else None
    if item.notice == Notice.CALENDAR_DIFFERS and isinstance(told, e.FoundInCalendar):
        return "" if difference(case, party, told.which) else "it has been seen to"
    which = Gathering.MEETING if item.notice == Notice.MEETING_OVER else tells_of(item)
    differs = difference(case, party, which) if which else None
    return "the calendar has another time" if differs and differs.how is not Differs.DECLINED else ""
