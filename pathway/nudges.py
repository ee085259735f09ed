"""The timers of the pathway: which step is asked for by when, who is reminded on the way, and who is asked in the end.

Nothing is scheduled and nothing can go stale: everything here is worked out anew from the case, the calendars and the
notes of what was sent (`Nudged`). A timer is a row of `TIMERS`; its clock says by when, its rungs who hears of it and
on which day. Every reminder is then moved into the days and hours of whoever receives it (`pathway.hours`).

Rules that hold for all rows: a pause stops the clock, and afterwards the days that were left run on, at least two
school days of them; the Link Tutor's clocks count the tutor's own days, and the office hears when that leaves nobody
for more than two working days; without a Link Tutor the Partnership Team stands in; somebody named later is reminded
from the next morning on; nothing is repeated without end; a student hears only of the student's own dates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from types import MappingProxyType
from typing import TypeVar

from pathway import events as e
from pathway.case import CHECKS, Case
from pathway.dates import (
    WEEKDAYS,
    Calendar,
    Found,
    OpenDays,
    Skipped,
    WorkingDays,
    in_london,
    listed,
    local,
    local_date,
    moment_in_words,
    weekdays_in_words,
)
from pathway.hours import days_of, morning, morning_after, tell_at, tutor_days
from pathway.people import Access, Item, Party, access
from pathway.ports import OutboxItem
from pathway.process import Stage
from pathway.roles import Role
from pathway.rules import Ground
from pathway.tellings import CHANNEL, Notice

#: What goes into the one message that a person gets in a morning.
MORNING = "morning"
#: A message of its own: the check of the week at 3:30pm, the meeting's and the review's outcome.
TIMED = ""
#: At least so many school days are left after a pause.
LEFT_AFTER_PAUSE = 2
#: A tutor who is away for more working days than this is covered by the office.
ABSENT = 2
#: So many closed weekdays in a row are a holiday, after which a reminder from before it is repeated.
HOLIDAY = 3
#: The meeting itself is asked for within so many school days.
MEETING_WITHIN = 5

E = TypeVar("E", bound=e.Event)


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


@dataclass(frozen=True, slots=True)
class Deadline:
    """By when the present step is asked for, and of whom.

    *how* says how the day was found, in words that follow a date; *then* is a sentence on what follows if nothing is
    recorded, "" where nothing does. *escalates_at* and *escalates_to* are the same as data.
    """

    timer: str
    due: datetime
    of: Role
    how: str
    then: str = ""
    escalates_at: datetime | None = None
    escalates_to: tuple[str, ...] = ()

    @property
    def day(self) -> date:
        return local_date(self.due)


# -- what a row is made of ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A timer that runs on a case: since the day *start*, until *due*. Nothing is sent at or before *since*."""

    start: date
    since: datetime
    due: datetime
    how: str
    subject: str = ""
    until: datetime | None = None


class From(Enum):
    """Where a rung counts its days from."""

    DUE = "the day it is due"
    START = "the day the clock started"
    CARD = "the day the timed card went out"
    WEEK = "the Monday after it was due, in weeks"
    AWAY = "the day the tutor's absence has become too long"


To = Callable[[Case, Ground], Iterator[tuple[str, Role]]]
When = Callable[[Case], bool]


def _always(_case: Case) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """*days* after (before, where negative) what *of* names, in the morning; where *timed*, at the deadline itself.

    *early* belongs to an appointment: it goes out a day earlier where the receiver is away on the day, and not at all
    where it would come too late. *escalates*: to somebody who may not see the case, and then gets its reference and
    date only; always so where it is *bare*.
    """

    name: str
    to: To
    days: int = 0
    of: From = From.DUE
    timed: bool = False
    early: bool = False
    escalates: bool = False
    bare: bool = False
    only: When = _always


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """A row: the *clock* that runs in *stages*, the *days* it counts, and its ladder. *tutors*: it counts the Link
    Tutor's own days. *clock* gives None where nothing is asked for (any more).
    """

    id: str
    name: str
    stages: frozenset[Stage]
    clock: Callable[[Case, Ground], Clock | None]
    days: Callable[[Case, Ground], OpenDays]
    rungs: tuple[Rung, ...]
    tutors: bool = False


# -- who is written to -------------------------------------------------------------------------------------------


#: Who is written to where nobody holds a role.
_STANDS_IN: Mapping[Role, Role] = MappingProxyType(
    {
        Role.LINK_TUTOR: Role.PARTNERSHIP_TEAM,
        Role.PARTNERSHIP_LEAD: Role.PARTNERSHIP_TEAM,
        Role.COURSE_DIRECTOR: Role.PARTNERSHIP_LEAD,
    }
)


def _held(role: Role, case: Case, ground: Ground) -> Role:
    """*role*, or whoever stands in where nobody holds it."""
    while role in _STANDS_IN and not ground.party.holders(role, case):
        role = _STANDS_IN[role]
    return role


def _all(*roles: Role) -> To:
    """Everybody who holds one of *roles*, or stands in for it."""

    def to(case: Case, ground: Ground) -> Iterator[tuple[str, Role]]:
        for role in dict.fromkeys(_held(role, case, ground) for role in roles):
            yield from ((person, role) for person in ground.party.holders(role, case))

    return to


def _channel(_case: Case, ground: Ground) -> Iterator[tuple[str, Role]]:
    if ground.provider.settings.partnership_channel:
        yield CHANNEL, Role.PARTNERSHIP_TEAM


def _link_tutor_only(case: Case, ground: Ground) -> Iterator[tuple[str, Role]]:
    yield from ((person, Role.LINK_TUTOR) for person in ground.party.holders(Role.LINK_TUTOR, case))


def _who_paused(case: Case, ground: Ground) -> Iterator[tuple[str, Role]]:
    """Whoever paused it, or who holds that role by now."""
    role, by = case.entered.role, case.entered.by
    if role in ground.party.roles_on(by, case):
        yield by, role
    else:
        yield from _all(role)(case, ground)


def _mentor_or_link_tutor(case: Case, ground: Ground) -> Iterator[tuple[str, Role]]:
    """The Link Tutor once told of the case, until then the mentor; nobody else once one of them was."""
    role = Role.LINK_TUTOR if case.told and ground.party.link_tutor(case) else Role.MENTOR
    before = next((x for x in case.all(e.Nudged) if (x.timer, x.rung) == ("T14", "due")), None)
    if before is None:
        yield from _all(role)(case, ground)
    else:
        yield before.to, role


def _invited(case: Case, ground: Ground) -> Iterator[tuple[str, Role]]:
    """The people invited to the next steps meeting, whether by role or by person id."""
    party, booked = ground.party, _booked(case)
    for invited in booked.invited if booked else ():
        if invited in set(Role):
            yield from ((person, Role(invited)) for person in party.holders(Role(invited), case))
        elif roles := party.roles_on(invited, case):
            yield invited, roles[0]


def _recorder(*kinds: type[e.Event]) -> To:
    """The mentor or the Link Tutor, whoever recorded the newest of *kinds* (or for whom it was typed)."""

    def to(case: Case, ground: Ground) -> Iterator[tuple[str, Role]]:
        event = _newest(case, *kinds)
        mentors = event is not None and (event.role is Role.MENTOR or bool(event.for_whom))
        role = Role.LINK_TUTOR if not mentors and ground.party.link_tutor(case) else Role.MENTOR
        yield from _all(role)(case, ground)

    return to


# -- reading the case --------------------------------------------------------------------------------------------


def _index(case: Case, event: e.Event) -> int:
    return next(n for n, x in enumerate(case.events) if x is event)


def _after(case: Case, event: e.Event, kind: type[E]) -> tuple[E, ...]:
    """What happened of *kind* after *event*."""
    return tuple(x for x in case.events[_index(case, event) + 1 :] if isinstance(x, kind))


def _newest(case: Case, *kinds: type[e.Event]) -> e.Event | None:
    return next((x for x in reversed(case.events) if isinstance(x, kinds)), None)


def _pauses(case: Case, event: e.Event) -> tuple[tuple[e.CasePaused, e.CaseResumed], ...]:
    """The pauses since *event* that are over."""
    return tuple(zip(_after(case, event, e.CasePaused), _after(case, event, e.CaseResumed), strict=False))


def _booked(case: Case) -> e.NextStepsBooked | None:
    """The next steps meeting that is booked for the present outcome."""
    booked = _after(case, case.began, e.NextStepsBooked)
    return booked[-1] if booked else None


def _not_booked(case: Case) -> bool:
    return _booked(case) is None


# -- counting ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SchoolDaysOfTutor(OpenDays):
    """School days of the placement that are the Link Tutor's own working days too."""

    school: Calendar
    tutor: WorkingDays

    @property
    def unit(self) -> str:
        return "school day"

    def is_open(self, day: date) -> bool:
        return self.school.is_open(day) and self.tutor.is_open(day)

    def skipped_at(self, day: date) -> Skipped | None:
        return self.school.skipped_at(day) or self.tutor.skipped_at(day)

    def _remarks(self, first: date, last: date) -> tuple[str, ...]:
        part_time = first <= last and set(self.tutor.days) != set(WEEKDAYS)
        return (f"only {weekdays_in_words(self.tutor.days)} are counted",) if part_time else ()


def _school(_case: Case, ground: Ground) -> OpenDays:
    return ground.calendar


def _university(_case: Case, ground: Ground) -> OpenDays:
    return ground.university


def _tutor(case: Case, ground: Ground) -> OpenDays:
    return tutor_days(ground, case)


def _school_and_tutor(case: Case, ground: Ground) -> OpenDays:
    return SchoolDaysOfTutor(ground.calendar, tutor_days(ground, case))


def _closing(day: date, ground: Ground) -> datetime:
    return local(day, ground.provider.quiet_hours.closes)


Pauses = Iterable[tuple[e.CasePaused, e.CaseResumed]]


@dataclass(frozen=True, slots=True)
class Span:
    """From *start* to *end* on some days, and *how* that end was found, in words."""

    start: date
    end: date
    how: str


def _span(days: OpenDays, start: date, end: date, pauses: Pauses, ground: Ground) -> Span:
    """The days from *start* to *end*, moved by *pauses*: what was left at each runs on from the first day back."""
    span = Span(start, end, days.explain_until(start, end).how)
    for paused, resumed in pauses:
        left = days.count(paused.on, span.end)
        at_least = days.next_open(ground.calendar.add(resumed.on, LEFT_AFTER_PAUSE))
        end = max(days.add(resumed.on, left), at_least)
        how = f"{days.explain_until(resumed.on, end).how}; counted from the first day back"
        span = Span(resumed.on, end, how)
    return span


# -- the clocks --------------------------------------------------------------------------------------------------


def _clock_of(span: Span, case: Case, due: datetime) -> Clock:
    return Clock(start=span.start, since=case.entered.at, due=due, how=span.how)


def _entered(n: int, days: Callable[[Case, Ground], OpenDays]) -> Callable[[Case, Ground], Clock | None]:
    """Due *n* days after the day on which the entry of the stage was recorded."""

    def clock(case: Case, ground: Ground) -> Clock | None:
        start, counted = local_date(case.began.at), days(case, ground)
        span = _span(counted, start, counted.add(start, n), _pauses(case, case.began), ground)
        return _clock_of(span, case, _closing(span.end, ground))

    return clock


def _one_week(case: Case, ground: Ground) -> Clock | None:
    """T1: the day that was agreed for the check, at the hour of the check; moved on where the school has closed."""
    agreed = next((x for x in reversed(case.events) if isinstance(x, CHECKS) and x.check_on is not None), None)
    if agreed is None or agreed.check_on is None:
        return None
    day = ground.calendar.next_open(agreed.check_on)
    span = _span(ground.calendar, agreed.on, day, _pauses(case, agreed), ground)
    if span.end == agreed.check_on and agreed.check_found:
        span = replace(span, how=agreed.check_found)
    return _clock_of(span, case, local(span.end, ground.provider.quiet_hours.check_at))


def _acknowledged(case: Case, ground: Ground) -> Clock | None:
    """T2: only for a case that the Link Tutor has just been told of and nobody has answered for."""
    told = isinstance(case.began, e.LinkTutorTold | e.LinkTutorToldAtOnce)
    return _entered(1, _tutor)(case, ground) if told and case.acknowledged is None else None


def _meeting_recorded(case: Case, ground: Ground) -> Clock | None:
    """T4: two hours after the end of the meeting. A meeting that a pause has overtaken is asked about afterwards."""
    meeting = case.meeting
    if meeting is None:
        return None
    day, due = local_date(meeting.starts), meeting.starts + timedelta(minutes=meeting.minutes, hours=2)
    overtaken = [(paused, resumed) for paused, resumed in _pauses(case, case.began) if due <= resumed.at]
    if not overtaken:
        return _clock_of(Span(day, day, "2 hours after the meeting"), case, due.astimezone(UTC))
    span = _span(tutor_days(ground, case), day, day, overtaken, ground)
    return _clock_of(span, case, local(span.end, in_london(due).time()))


def review_day(case: Case, ground: Ground) -> date | None:
    """The day of the review as it is planned: moved on where the school has closed, and where a pause has left fewer
    than two school days to it (then with the days that were left). None where no plan has been written.
    """
    span = _review(case, ground)
    return span.end if span else None


def _review(case: Case, ground: Ground) -> Span | None:
    plan, set_by = case.plan, case.review_set_by
    if plan is None or set_by is None or case.review_at is None:
        return None
    day, pauses = ground.calendar.next_open(local_date(case.review_at)), _pauses(case, set_by)
    if pauses and day >= ground.calendar.add(pauses[-1][1].on, LEFT_AFTER_PAUSE):
        pauses = ()
    return _span(ground.calendar, plan.starts, day, pauses, ground)


def _review_due(case: Case, ground: Ground) -> Clock | None:
    """T9: the day of the review."""
    span = _review(case, ground)
    if span is None:
        return None
    clock, changed = _clock_of(span, case, _closing(span.end, ground)), case.last(e.ReviewChanged)
    return replace(clock, since=max(clock.since, changed.at)) if changed else clock


def _halfway(case: Case, ground: Ground) -> Clock | None:
    """T8: two school days after the plan started, if the review is later than that."""
    review, start = review_day(case, ground), case.began.on
    span = _span(ground.calendar, start, ground.calendar.add(start, 2), _pauses(case, case.began), ground)
    if review is None or span.end >= review:
        return None
    return replace(_clock_of(span, case, _closing(span.end, ground)), until=local(review, time()))


def _pebblepad(
    record: e.Record, *kinds: type[e.Event], since: type[e.Event] | None = None
) -> Callable[[Case, Ground], Clock | None]:
    """T10: two school days after the newest of *kinds*, if it was not recorded in PebblePad after it (or after the
    newest of *since*). An outcome that is reopened is asked for no more.
    """

    def clock(case: Case, ground: Ground) -> Clock | None:
        event = _newest(case, *kinds)
        if event is None or (record is e.Record.OUTCOME and _after(case, event, e.OutcomeReopened)):
            return None
        written = _newest(case, since) if since else event
        if any(x.record is record for x in _after(case, written or event, e.RecordedInPebblePad)):
            return None
        found = ground.calendar.explain(local_date(event.at), 2)
        return Clock(
            start=local_date(event.at),
            since=event.at,
            due=_closing(found.day, ground),
            how=found.how,
            subject=record.value,
        )

    return clock


def _outcome_due(case: Case, ground: Ground) -> Clock | None:
    """T11: the day the review was started, at the provider's hour; after a pause, with at least two school days."""
    day, pauses = local_date(case.began.at), _pauses(case, case.began)
    span = _span(tutor_days(ground, case), day, day, pauses, ground)
    if not pauses:
        span = Span(day, day, "the day of the review")
    return _clock_of(span, case, local(span.end, ground.provider.quiet_hours.outcome_by))


def _next_steps(case: Case, ground: Ground) -> Clock | None:
    """T12: within the provider's working days of the outcome, counted from the day the student was told."""
    start, days = case.began.on, ground.university
    end = days.add(start, ground.provider.days.next_steps)
    span = _span(days, start, end, _pauses(case, case.began), ground)
    return _clock_of(span, case, _closing(span.end, ground))


def _appointment(case: Case, _ground: Ground) -> Clock | None:
    """T12 again: the next steps meeting that is booked."""
    booked = _booked(case)
    if booked is None:
        return None
    starts = booked.starts.astimezone(UTC)
    return Clock(
        start=booked.on, since=max(booked.at, case.entered.at), due=starts, how="", subject="meeting", until=starts
    )


def _pause_check(case: Case, ground: Ground) -> Clock | None:
    """T13: the expected return, or five school days where nobody knows."""
    paused, calendar = case.entered, ground.calendar
    if not isinstance(paused, e.CasePaused):
        return None
    found = calendar.explain(paused.on, 5)
    if paused.back_on is not None:
        found = Found(calendar.next_open(paused.back_on), "the day expected for the return")
    return Clock(start=paused.on, since=paused.at, due=_closing(found.day, ground), how=found.how)


def _placement_end(case: Case, ground: Ground) -> Clock | None:
    """T14: ten school days before the placement ends; at once where a case is opened later than that."""
    first = next((x for x in case.events if not isinstance(x, e.DraftStarted)), None)
    if first is None:
        return None
    resumed = case.last(e.CaseResumed)
    due = ground.calendar.before(ground.party.placement.end, 10)
    return Clock(
        start=due,
        since=resumed.at if resumed else first.at,
        due=_closing(due, ground),
        how="10 school days before the placement ends",
    )


# -- the timers --------------------------------------------------------------------------------------------------

_M, _LT, _PT, _PL = Role.MENTOR, Role.LINK_TUTOR, Role.PARTNERSHIP_TEAM, Role.PARTNERSHIP_LEAD
_CD, _S = Role.COURSE_DIRECTOR, Role.STUDENT
ESCALATION = "escalation"
BACK = "first day back"

#: Where what was agreed still has to be in PebblePad: everywhere but in a case that should not have been, whose
#: student has left or that another procedure keeps.
_RECORDED_ELSEWHERE = frozenset(
    s for s in Stage if s not in {Stage.DRAFT, Stage.IN_ERROR, Stage.LEFT_COURSE, Stage.OTHER_PROCEDURE}
)
_ON_PLACEMENT = frozenset(s for s in Stage if s.is_open) - {Stage.DRAFT, Stage.PAUSED, Stage.NEXT_STEPS}


def _due(*roles: Role, timed: bool = False) -> Rung:
    return Rung(name="due", to=_all(*roles), timed=timed)


def _escalation(days: int, *roles: Role, of: From = From.DUE, bare: bool = False) -> Rung:
    return Rung(name=ESCALATION, to=_all(*roles), days=days, of=of, escalates=True, bare=bare)


#: For the clocks that count the tutor's own days.
_AWAY = Rung(name="away", to=_all(_PT), of=From.AWAY, escalates=True)
_NEXT_DAY = Rung(name="next day", to=_all(_LT), days=1, of=From.CARD)


def _in_pebblepad(record: e.Record, *kinds: type[e.Event], since: type[e.Event] | None = None) -> Timer:
    """T10 for one record: whoever recorded it, then four Mondays' lists to the Link Tutor, and no more."""
    weeks = (Rung(name=f"week {n} {record.value}", to=_link_tutor_only, days=n, of=From.WEEK) for n in (1, 2, 3, 4))
    return Timer(
        id="T10",
        name="Recorded in PebblePad",
        stages=_RECORDED_ELSEWHERE,
        clock=_pebblepad(record, *kinds, since=since),
        days=_school,
        rungs=(Rung(name=f"due {record.value}", to=_recorder(*kinds)), *weeks),
    )


#: All timers. The process data counts some escalations from the start of the clock ("2 wd" beside "due 1 wd"); here
#: all of them are counted from the deadline, so that a pause moves the whole ladder.
TIMERS: tuple[Timer, ...] = (
    Timer(
        id="T1",
        name="One-week check",
        stages=frozenset({Stage.WEEKLY_TARGET}),
        clock=_one_week,
        days=_school,
        rungs=(
            Rung(name="day before", to=_all(_M), days=-1, early=True),
            _due(_M, timed=True),
            Rung(name="+1", to=_all(_M), days=1),
            _escalation(3, _LT, bare=True),
        ),
    ),
    Timer(
        id="T2",
        name="Link Tutor acknowledges",
        stages=frozenset({Stage.LINK_TUTOR_TOLD}),
        clock=_acknowledged,
        days=_tutor,
        rungs=(_due(_LT), _AWAY, _escalation(1, _PT)),
        tutors=True,
    ),
    Timer(
        id="T3",
        name="Meeting booked",
        stages=frozenset({Stage.LINK_TUTOR_TOLD}),
        clock=_entered(2, _tutor),
        days=_tutor,
        rungs=(_due(_LT), Rung(name="+1", to=_all(_LT), days=1), _AWAY, _escalation(2, _PT)),
        tutors=True,
    ),
    Timer(
        id="T4",
        name="Meeting outcome recorded",
        stages=frozenset({Stage.MEETING_BOOKED}),
        clock=_meeting_recorded,
        days=_tutor,
        rungs=(_due(_LT, timed=True), _NEXT_DAY, _AWAY, _escalation(2, _PT)),
        tutors=True,
    ),
    Timer(
        id="T5",
        name="Plan written",
        stages=frozenset({Stage.WRITING_PLAN}),
        clock=_entered(1, _school_and_tutor),
        days=_school_and_tutor,
        rungs=(_due(_LT, _M), _AWAY, _escalation(1, _PT)),
        tutors=True,
    ),
    Timer(
        id="T6",
        name="Views differ resolved",
        stages=frozenset({Stage.VIEWS_DIFFER}),
        clock=_entered(3, _tutor),
        days=_tutor,
        rungs=(_due(_PL), _AWAY, _escalation(2, _CD)),
        tutors=True,
    ),
    Timer(
        id="T7",
        name="Plan discussed with student",
        stages=frozenset({Stage.PLAN_TO_DISCUSS}),
        clock=_entered(2, _school_and_tutor),
        days=_school_and_tutor,
        rungs=(_due(_LT, _M), _AWAY, _escalation(1, _PT)),
        tutors=True,
    ),
    Timer(
        id="T8",
        name="Halfway look",
        stages=frozenset({Stage.PLAN_IN_PLACE}),
        clock=_halfway,
        days=_school,
        rungs=(_due(_M, _S),),
    ),
    Timer(
        id="T9",
        name="Review due",
        stages=frozenset({Stage.PLAN_IN_PLACE}),
        clock=_review_due,
        days=_school,
        rungs=(
            Rung(name="2 days before", to=_all(_LT, _M, _S), days=-2, early=True),
            Rung(name="due", to=_all(_LT, _M, _S), early=True),
            Rung(name="channel", to=_channel, early=True, escalates=True, bare=True),
            Rung(name="+1", to=_all(_LT), days=1),
            _escalation(2, _PT),
        ),
    ),
    _in_pebblepad(e.Record.PLAN, e.StudentAgreed, e.ProceededWithoutAgreement, since=e.PlanShared),
    _in_pebblepad(e.Record.REVIEW, e.ReviewStarted),
    _in_pebblepad(e.Record.OUTCOME, e.PlacementContinued, e.PlacementTerminated),
    Timer(
        id="T11",
        name="Outcome recorded",
        stages=frozenset({Stage.REVIEW}),
        clock=_outcome_due,
        days=_tutor,
        rungs=(_due(_LT, timed=True), _NEXT_DAY, _AWAY, _escalation(2, _PL)),
        tutors=True,
    ),
    Timer(
        id="T12",
        name="Next steps meeting",
        stages=frozenset({Stage.NEXT_STEPS}),
        clock=_next_steps,
        days=_university,
        rungs=(
            Rung(name="1 day", to=_all(_PT), days=1, of=From.START, only=_not_booked),
            Rung(name="3 days", to=_all(_PT, _PL), days=3, of=From.START, only=_not_booked),
            _escalation(0, _PL, _CD),
        ),
    ),
    Timer(
        id="T12",
        name="Next steps meeting",
        stages=frozenset({Stage.NEXT_STEPS}),
        clock=_appointment,
        days=_university,
        rungs=(Rung(name="day before", to=_invited, days=-1, early=True),),
    ),
    Timer(
        id="T13",
        name="Pause check",
        stages=frozenset({Stage.PAUSED}),
        clock=_pause_check,
        days=_school,
        rungs=(
            Rung(name="due", to=_who_paused),
            Rung(name="again", to=_who_paused, days=5),
            _escalation(10, _PT, of=From.START),
        ),
    ),
    Timer(
        id="T14",
        name="Placement end watch",
        stages=_ON_PLACEMENT,
        clock=_placement_end,
        days=_school,
        rungs=(Rung(name="due", to=_mentor_or_link_tutor), _escalation(5, _PT)),
    ),
)


# -- what is planned, and what is due ----------------------------------------------------------------------------


def planned(case: Case, ground: Ground) -> tuple[Nudge, ...]:
    """Every reminder that the stage of *case* asks for, sent already or not, the earliest first."""
    found = [nudge for ladder in _ladders(case, ground) for nudge in ladder.nudges()]
    return tuple(sorted(found, key=lambda nudge: nudge.at))


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
class _Ladder:
    """One timer that runs on one case."""

    timer: Timer
    clock: Clock
    days: OpenDays
    case: Case
    ground: Ground

    def nudges(self) -> tuple[Nudge, ...]:
        """All rungs for everybody. Of two for one person at one time, only the later counts."""
        found = [n for rung in self.timer.rungs if rung.only(self.case) for n in self._rung(rung)]
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


def _ladders(case: Case, ground: Ground) -> Iterator[_Ladder]:
    """Every timer that runs on *case* now."""
    for timer in TIMERS:
        clock = timer.clock(case, ground) if case.stage in timer.stages else None
        if clock is not None:
            yield _Ladder(timer, clock, timer.days(case, ground), case, ground)


_NAMED: Mapping[Role, type[e.LinkTutorNamed | e.MentorNamed]] = MappingProxyType(
    {_LT: e.LinkTutorNamed, _M: e.MentorNamed}
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


# -- said on the cards -------------------------------------------------------------------------------------------

#: Of whom each step is asked.
_OF: Mapping[str, Role] = MappingProxyType(
    {"T1": _M, "T2": _LT, "T3": _LT, "T4": _LT, "T5": _LT, "T6": _PL, "T7": _LT, "T9": _LT, "T11": _LT, "T12": _PT}
)
#: What is asked in the end, after "Dr Helen Marsh (Link Tutor) is asked".
_ASKED: Mapping[str, str] = MappingProxyType(
    {
        "T1": "to ring {mentor} about it. The message names no student and shows nothing of what was written",
        "T2": "to find somebody who takes this up",
        "T3": "to help with finding a time for the meeting",
        "T4": "to find out what was agreed",
        "T5": "to help with the plan",
        "T6": "to help with the decision",
        "T7": "to help with finding a time for that conversation",
        "T9": "to find out how the review stands",
        "T11": "to find out how the review stands",
        "T12": "to see to it that the meeting takes place",
        "T13": "how things should go on",
    }
)


def deadline(case: Case, ground: Ground) -> Deadline | None:
    """By when the present step is asked for, and what follows; None where no step is waited for (closed, draft)."""
    ladder = next((x for x in _ladders(case, ground) if x.timer.id in _ASKED), None)
    if ladder is None:
        return None
    timer, clock = ladder.timer.id, ladder.clock
    found = Deadline(timer, clock.due, _held(_OF.get(timer, case.entered.role), case, ground), clock.how)
    last = [n for n in ladder.nudges() if n.rung == ESCALATION]
    if not last:
        return found
    at = min(n.at for n in last)
    return replace(
        found,
        then=_then(timer, at, last, case, ground),
        escalates_at=at,
        escalates_to=tuple(dict.fromkeys(n.to for n in last)),
    )


def _then(timer: str, at: datetime, last: Sequence[Nudge], case: Case, ground: Ground) -> str:
    """Such as "If nobody answers by Friday 16 October, 8am, Dr Helen Marsh (Link Tutor) is asked to ring ..."."""
    roles = tuple(dict.fromkeys(n.role for n in last))
    who = listed([_called(role, case, ground) for role in roles])
    asked = _ASKED[timer].format(mentor=ground.party.name(case.mentor))
    verb = "is" if len(roles) == 1 else "are"
    silence = "nobody answers" if timer in {"T1", "T2", "T13"} else "nothing is recorded"
    return f"If {silence} by {moment_in_words(at)}, {who} {verb} asked {asked}."


def _called(role: Role, case: Case, ground: Ground) -> str:
    word = ground.provider.role(role)
    if role is Role.LINK_TUTOR:
        return f"{ground.party.name(ground.party.link_tutor(case))} ({word})"
    return f"the {word}"


def meeting_by(case: Case, ground: Ground) -> Found | None:
    """T3's other half: the school day by which the first meeting is asked for, while there is none; else None."""
    if case.stage is not Stage.LINK_TUTOR_TOLD:
        return None
    start, calendar = local_date(case.began.at), ground.calendar
    span = _span(calendar, start, calendar.add(start, MEETING_WITHIN), _pauses(case, case.began), ground)
    return replace(calendar.explain_until(span.start, span.end), how=span.how)


def latest_review(ground: Ground) -> date:
    """The last school day of the placement: no review can be later."""
    end = ground.party.placement.end
    return end if ground.calendar.is_open(end) else ground.calendar.before(end, 1)
