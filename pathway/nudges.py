"""The reminders of a case: which are planned, which are due, and whether one is still wanted when it is to be sent.

Nothing is scheduled and nothing can go stale: everything here is worked out anew from the case, the calendars and the
notes of what was sent (`Nudged`). Every row of `pathway.timers` whose clock runs is a `Ladder`; its rungs are moved
into the days and hours of whoever receives them (`pathway.hours`).

Rules that hold for all reminders: somebody named later is reminded from the next morning on; of several that an outage
has held up, only the latest goes out; what comes before a holiday is said again on the first day back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType

from pathway import events as e
from pathway.case import Case
from pathway.clocks import Clock
from pathway.dates import WEEKDAYS, OpenDays, local, local_date
from pathway.ground import Ground
from pathway.hours import days_of, morning, morning_after, tell_at, tutor_days
from pathway.people import Access, Item, Party, access
from pathway.ports import OutboxItem
from pathway.roles import Role
from pathway.tellings import Notice
from pathway.timers import BY_HAND, ESCALATION, TIMERS, From, Rung, Timer

#: What goes into the one message that a person gets in a morning.
MORNING = "morning"
#: A message of its own: the check of the week at 3:30pm, the meeting's and the review's outcome.
TIMED = ""
#: The rung of a reminder that is repeated after a holiday.
BACK = "first day back"
#: A tutor who is away for more working days than this is covered by the office.
ABSENT = 2
#: So many closed weekdays in a row are a holiday, after which a reminder from before it is repeated.
HOLIDAY = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Nudge:
    """One reminder for one person (*to* a person id, or "channel") at *at*, about what is due at *due*: both aware.

    *rung* names the step of the ladder, *subject* which of several matters of one timer it is about (T10: "plan",
    "review", "outcome"). *send* is False where a later rung has overtaken it: it is only noted. After *until* it has
    nothing to say.
    """

    timer: str
    due: datetime
    rung: str
    to: str
    at: datetime
    notice: Notice
    role: Role
    group: str = MORNING
    send: bool = True
    subject: str = ""
    until: datetime | None = None

    @property
    def key(self) -> str:
        """The same for ever for the same timer, deadline, rung and person."""
        return f"{self.timer}:{self.due.astimezone(UTC).isoformat()}:{self.rung}:{self.to}"

    @property
    def line(self) -> tuple[str, str, str]:
        """Reminders on one line are rungs of the same ladder for the same person."""
        return self.timer, self.subject, self.to

    def item(self, now: datetime) -> OutboxItem:
        """The message, to go out at *at*, or *now* where that has passed."""
        return OutboxItem(
            key=self.key,
            to=self.to,
            notice=self.notice,
            not_before=max(self.at, now),
            group=self.group,
            data={
                "timer": self.timer,
                "rung": self.rung,
                "due": self.due.astimezone(UTC).isoformat(),
                "at": self.at.astimezone(UTC).isoformat(),
                "role": self.role.value,
                "subject": self.subject,
            },
        )


# -- what is planned, and what is due ----------------------------------------------------------------------------


def planned(case: Case, ground: Ground) -> tuple[Nudge, ...]:
    """Every reminder that the stage of *case* asks for, sent already or not, the earliest first."""
    found = [nudge for ladder in ladders(case, ground) for nudge in ladder.nudges()]
    return tuple(sorted(_asked_once(found), key=lambda nudge: nudge.at))


def _asked_once(found: list[Nudge]) -> Iterator[Nudge]:
    """That nobody has answered the times offered is not said beside T3, which asks for the meeting that morning."""
    meeting = {(n.to, n.at) for n in found if n.timer == "T3"}
    return (n for n in found if n.rung != BY_HAND or (n.to, n.at) not in meeting)


def due(case: Case, ground: Ground, now: datetime) -> tuple[Nudge, ...]:
    """The planned reminders whose time has come by *now* and of which no note was made, the earliest first.

    After an outage a person gets the latest rung of each ladder; the others come with *send* False, to be noted only.
    So does what is found outside the hours of its receiver, if the next rung comes when they open; otherwise it keeps
    until then (*at* says when).
    """
    plan = planned(case, ground)
    return tuple(_now(n, plan, tell_at(now, n.role, ground, case), now) for n in _not_noted(case, plan) if n.at <= now)


def next_at(case: Case, ground: Ground) -> datetime | None:
    """When the earliest reminder that no note was made of goes out; None where there is none."""
    return min((nudge.at for nudge in _not_noted(case, planned(case, ground))), default=None)


def still_wanted(case: Case, ground: Ground, item: OutboxItem) -> bool:
    """Whether the reminder *item* still has something to say when it is about to be sent: nothing was recorded since
    that stopped its clock, moved it, or gave the step to somebody else.
    """
    return any(nudge.key == item.key for nudge in planned(case, ground))


def _not_noted(case: Case, plan: Iterable[Nudge]) -> Iterator[Nudge]:
    return (n for n in plan if not case.was_nudged(n.timer, n.due, n.rung, n.to))


def _now(nudge: Nudge, plan: Iterable[Nudge], at: datetime, now: datetime) -> Nudge:
    """*nudge* as it goes out at *at*, the first time from *now* on that suits its receiver; or is noted only."""
    overtaken = any(n.line == nudge.line and nudge.at < n.at <= at for n in plan)
    if overtaken or (nudge.until is not None and at >= nudge.until):
        return replace(nudge, send=False)
    return replace(nudge, at=at) if at > now else nudge


@dataclass(frozen=True, slots=True)
class Ladder:
    """One timer that runs on one case."""

    timer: Timer
    clock: Clock
    days: OpenDays
    case: Case
    ground: Ground

    def nudges(self) -> tuple[Nudge, ...]:
        """All rungs for everybody. Of two for one person at one time, only the later counts."""
        return self._of(self.timer.rungs)

    def escalation(self) -> tuple[Nudge, ...]:
        """Of these the escalation: where a timer has one, it is its last rung."""
        return self._of([rung for rung in self.timer.rungs[-1:] if rung.name == ESCALATION])

    def _of(self, rungs: Iterable[Rung]) -> tuple[Nudge, ...]:
        found = [n for rung in rungs if rung.only(self.case) for n in self._rung(rung)]
        return tuple({(n.line, n.at): n for n in found}.values())

    def _rung(self, rung: Rung) -> Iterator[Nudge]:
        for person, role in rung.to(self.case, self.ground):
            since = _written_to_since(person, role, self.case, self.clock)
            at = self._at(rung, role, since)
            nudge = Nudge(
                timer=self.timer.id,
                due=self.clock.due,
                rung=rung.name,
                to=person,
                at=at or since,
                notice=_notice(rung, person, self.case, self.ground.party),
                role=role,
                group=TIMED if rung.timed else MORNING,
                subject=self.clock.subject,
                until=self.clock.until,
            )
            if at is not None:
                yield nudge
            if not rung.escalates:
                yield from self._first_day_back(nudge)

    def _at(self, rung: Rung, role: Role, since: datetime) -> datetime | None:
        """When *rung* is sent to a holder of *role* whom nothing reaches at or before *since*; None where it is not."""
        day = self._day(rung, since)
        if day is None:
            return None
        at = tell_at(self.clock.due, role, self.ground, self.case) if rung.timed else self._morning(day, role)
        if rung.early and local_date(at) > local_date(self.clock.due):
            before = days_of(role, self.ground, self.case).before(day, 1)
            at = local(before, self.ground.provider.quiet_hours.opens)
        if at > since:
            return at
        return None if rung.early else morning_after(since, role, self.ground, self.case)

    def _day(self, rung: Rung, since: datetime) -> date | None:
        """The day of *rung*, whoever receives it."""
        on = local_date(self.clock.due)
        match rung.of:
            case From.DUE:
                return self.days.add(on, rung.days) if rung.days >= 0 else self.days.before(on, -rung.days)
            case From.START:
                return self.days.add(self.clock.start, rung.days)
            case From.WEEK:
                return on + timedelta(weeks=rung.days, days=-on.weekday())
            case From.CARD:
                return self.days.add(self._card_day(since), rung.days)
            case From.AWAY:
                return self._away()

    def _morning(self, day: date, role: Role) -> datetime:
        return morning(day, role, self.ground, self.case)

    def _card_day(self, since: datetime) -> date:
        """The day on which the timed card goes out to the Link Tutor."""
        at = tell_at(self.clock.due, Role.LINK_TUTOR, self.ground, self.case)
        if at <= since:
            at = morning_after(since, Role.LINK_TUTOR, self.ground, self.case)
        return local_date(at)

    def _away(self) -> date | None:
        """The working day on which the tutor's own days have left nobody for too long since the clock started."""
        if not self.ground.party.link_tutor(self.case):
            return None
        too_long = self.ground.university.add(self.clock.start, ABSENT + 1)
        back = tutor_days(self.ground, self.case).next_after(self.clock.start)
        return too_long if back > too_long else None

    def _first_day_back(self, nudge: Nudge) -> Iterator[Nudge]:
        """*nudge* again on the first day after a holiday that lies between it and its deadline.

        Holidays are the school's for what counts school days, otherwise the university's: a part-time tutor's days
        off are none.
        """
        days: OpenDays = self.ground.calendar if self.days.unit == "school day" else self.ground.university
        sent, on = local_date(nudge.at), local_date(self.clock.due)
        closed, back = 0, None
        for n in range(1, (on - sent).days):
            day = sent + timedelta(days=n)
            if day.weekday() in WEEKDAYS:
                closed = 0 if days.is_open(day) else closed + 1
            if closed >= HOLIDAY:
                back = days.next_after(day)
        if back is None:
            return
        at = self._morning(back, nudge.role)
        if at <= self.clock.due:
            yield replace(nudge, rung=BACK, at=at, group=MORNING)


def ladders(case: Case, ground: Ground) -> Iterator[Ladder]:
    """Every timer that runs on *case* now."""
    for timer in TIMERS:
        clock = timer.clock(case, ground) if case.stage in timer.stages else None
        if clock is not None:
            yield Ladder(timer, clock, timer.days(case, ground), case, ground)


_NAMED: Mapping[Role, type[e.LinkTutorNamed | e.MentorNamed]] = MappingProxyType(
    {Role.LINK_TUTOR: e.LinkTutorNamed, Role.MENTOR: e.MentorNamed}
)


def _written_to_since(person: str, role: Role, case: Case, clock: Clock) -> datetime:
    """Somebody who was named on the way is not reminded of what was asked before."""
    named = case.last(_NAMED[role]) if role in _NAMED else None
    return max(clock.since, named.at) if named and named.person == person else clock.since


def _notice(rung: Rung, person: str, case: Case, party: Party) -> Notice:
    if rung.bare or (rung.escalates and not _sees(party, person, case)):
        return Notice.ESCALATION
    return Notice.REMINDER


def _sees(party: Party, person: str, case: Case) -> bool:
    """Whether *person* reads what the case is about: the concern, or the outcome where that is all they are shown."""
    shown = (Item.CONCERN, Item.OUTCOME)
    return any(access(party, person, item, case) in {Access.READS, Access.WRITES} for item in shown)
