"""What a timer of the pathway is made of: whom it writes to, the days it counts, and the clock that says by when.

Nothing here knows the rows: `pathway.timers` puts these functions together. All of them read the case, the people and
the calendars anew; days are London's, moments are aware. Where somebody is written to, it is as pairs of a person id
(or `CHANNEL`) and the role in which they hear of it.

Rules that hold for all clocks: a pause stops them, and afterwards the days that were left run on, at least two school
days of them; without a Link Tutor the Partnership Team stands in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
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
    local,
    local_date,
    weekdays_in_words,
)
from pathway.ground import Ground
from pathway.hours import tell_at, tutor_days
from pathway.process import Stage
from pathway.roles import Role
from pathway.tellings import CHANNEL

#: At least so many school days are left after a pause.
LEFT_AFTER_PAUSE = 2

E = TypeVar("E", bound=e.Event)
#: Who is written to about a case: person id (or `CHANNEL`) and role.
To = Callable[[Case, Ground], Iterator[tuple[str, Role]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A timer that runs on a case: since the day *start*, until *due*. Nothing is sent at or before *since*."""

    start: date
    since: datetime
    due: datetime
    how: str
    subject: str = ""
    until: datetime | None = None


# -- who is written to -------------------------------------------------------------------------------------------


#: Who is written to where nobody holds a role.
_STANDS_IN: Mapping[Role, Role] = MappingProxyType(
    {
        Role.LINK_TUTOR: Role.PARTNERSHIP_TEAM,
        Role.PARTNERSHIP_LEAD: Role.PARTNERSHIP_TEAM,
        Role.COURSE_DIRECTOR: Role.PARTNERSHIP_LEAD,
    }
)


def held_or_stand_in(role: Role, case: Case, ground: Ground) -> Role:
    """*role*, or whoever stands in where nobody holds it."""
    while role in _STANDS_IN and not ground.party.holders(role, case):
        role = _STANDS_IN[role]
    return role


def holders_of(*roles: Role) -> To:
    """Everybody who holds one of *roles*, or stands in for it."""

    def to(case: Case, ground: Ground) -> Iterator[tuple[str, Role]]:
        for role in dict.fromkeys(held_or_stand_in(role, case, ground) for role in roles):
            yield from ((person, role) for person in ground.party.holders(role, case))

    return to


def channel(_case: Case, ground: Ground) -> Iterator[tuple[str, Role]]:
    """The Partnership Team's channel, where the provider has one."""
    if ground.provider.settings.partnership_channel:
        yield CHANNEL, Role.PARTNERSHIP_TEAM


def link_tutor_only(case: Case, ground: Ground) -> Iterator[tuple[str, Role]]:
    """The Link Tutor; nobody stands in."""
    yield from ((person, Role.LINK_TUTOR) for person in ground.party.holders(Role.LINK_TUTOR, case))


def who_paused(case: Case, ground: Ground) -> Iterator[tuple[str, Role]]:
    """Whoever paused it, or who holds that role by now."""
    role, by = case.entered.role, case.entered.by
    if role in ground.party.roles_on(by, case):
        yield by, role
    else:
        yield from holders_of(role)(case, ground)


def mentor_or_link_tutor(case: Case, ground: Ground) -> Iterator[tuple[str, Role]]:
    """The Link Tutor once told of the case, until then the mentor; nobody else once one of them was."""
    role = Role.LINK_TUTOR if case.told and ground.party.link_tutor(case) else Role.MENTOR
    before = next((x for x in case.all(e.Nudged) if (x.timer, x.rung) == ("T14", "due")), None)
    if before is None:
        yield from holders_of(role)(case, ground)
    else:
        yield before.to, role


def who_is_invited(case: Case, ground: Ground) -> Iterator[tuple[str, Role]]:
    """The people invited to the next steps meeting, whether by role or by person id."""
    party, booked = ground.party, _booked(case)
    for invited in booked.invited if booked else ():
        if invited in set(Role):
            yield from ((person, Role(invited)) for person in party.holders(Role(invited), case))
        elif roles := party.roles_on(invited, case):
            yield invited, roles[0]


def who_recorded(*kinds: type[e.Event]) -> To:
    """The mentor or the Link Tutor, whoever recorded the newest of *kinds* (or for whom it was typed)."""

    def to(case: Case, ground: Ground) -> Iterator[tuple[str, Role]]:
        event = _newest(case, *kinds)
        mentors = event is not None and (event.role is Role.MENTOR or bool(event.for_whom))
        role = Role.LINK_TUTOR if not mentors and ground.party.link_tutor(case) else Role.MENTOR
        yield from holders_of(role)(case, ground)

    return to


# -- reading the case --------------------------------------------------------------------------------------------


def _index(case: Case, event: e.Event) -> int:
    return next(n for n, x in enumerate(case.events) if x is event)


def _after(case: Case, event: e.Event, kind: type[E]) -> tuple[E, ...]:
    """What happened of *kind* after *event*."""
    return tuple(x for x in case.events[_index(case, event) + 1 :] if isinstance(x, kind))


def _newest(case: Case, *kinds: type[e.Event]) -> e.Event | None:
    return next((x for x in reversed(case.events) if isinstance(x, kinds)), None)


def pauses_since(case: Case, event: e.Event) -> tuple[tuple[e.CasePaused, e.CaseResumed], ...]:
    """The pauses since *event* that are over."""
    return tuple(zip(_after(case, event, e.CasePaused), _after(case, event, e.CaseResumed), strict=False))


def _booked(case: Case) -> e.NextStepsBooked | None:
    """The next steps meeting that is booked for the present outcome."""
    booked = _after(case, case.began, e.NextStepsBooked)
    return booked[-1] if booked else None


def not_booked(case: Case) -> bool:
    """Whether the next steps meeting has still to be booked."""
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


def school_days(_case: Case, ground: Ground) -> OpenDays:
    """The school days of the placement."""
    return ground.calendar


def university_days(_case: Case, ground: Ground) -> OpenDays:
    """The university's working days."""
    return ground.university


def link_tutor_days(case: Case, ground: Ground) -> OpenDays:
    """The working days of whoever is Link Tutor on the case."""
    return tutor_days(ground, case)


def shared_days(case: Case, ground: Ground) -> OpenDays:
    """School days on which the Link Tutor works too."""
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


def with_pauses(days: OpenDays, start: date, end: date, pauses: Pauses, ground: Ground) -> Span:
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


def days_after_entry(n: int, days: Callable[[Case, Ground], OpenDays]) -> Callable[[Case, Ground], Clock | None]:
    """Due *n* days after the day on which the entry of the stage was recorded."""

    def clock(case: Case, ground: Ground) -> Clock | None:
        start, counted = local_date(case.began.at), days(case, ground)
        span = with_pauses(counted, start, counted.add(start, n), pauses_since(case, case.began), ground)
        return _clock_of(span, case, _closing(span.end, ground))

    return clock


def one_week(case: Case, ground: Ground) -> Clock | None:
    """T1: the day that was agreed for the check, at the hour of the check; moved on where the school has closed."""
    agreed = next((x for x in reversed(case.events) if isinstance(x, CHECKS) and x.check_on is not None), None)
    if agreed is None or agreed.check_on is None:
        return None
    day = ground.calendar.next_open(agreed.check_on)
    span = with_pauses(ground.calendar, agreed.on, day, pauses_since(case, agreed), ground)
    if span.end == agreed.check_on and agreed.check_found:
        span = replace(span, how=agreed.check_found)
    return _clock_of(span, case, local(span.end, ground.provider.quiet_hours.check_at))


def acknowledged(case: Case, ground: Ground) -> Clock | None:
    """T2: only for a case that the Link Tutor has just been told of and nobody has answered for."""
    told = isinstance(case.began, e.LinkTutorTold | e.LinkTutorToldAtOnce)
    waits = told and case.acknowledged is None and _spoken(case) is None
    return days_after_entry(1, link_tutor_days)(case, ground) if waits else None


def meeting_booked(case: Case, ground: Ground) -> Clock | None:
    """T3: until a meeting is booked, or the Link Tutor records that they have spoken already."""
    return days_after_entry(2, link_tutor_days)(case, ground) if _spoken(case) is None else None


def times_answered(case: Case, ground: Ground) -> Clock | None:
    """The mentor's answer to times that were offered: one school day, at the hour at which they were told of them."""
    offer = case.open_offer
    if offer is None:
        return None
    told = tell_at(offer.at, Role.MENTOR, ground, case)
    due = local(ground.calendar.next_after(local_date(told)), in_london(told).time())
    since = max(offer.at, case.entered.at)
    return Clock(start=local_date(told), since=since, due=due, how="1 school day")


def _spoken(case: Case) -> e.ViewRecorded | None:
    """The Link Tutor's record of a talk without a booked meeting."""
    return case.view_of(Role.LINK_TUTOR) if case.stage is Stage.LINK_TUTOR_TOLD else None


def meeting_recorded(case: Case, ground: Ground) -> Clock | None:
    """T4: two hours after the end of the meeting, or after a talk without one was recorded: the decision is still to be
    made. A meeting that a pause has overtaken is asked about afterwards.
    """
    meeting = case.meeting
    if spoken := _spoken(case):
        day = local_date(spoken.at)
        span = Span(day, day, "2 hours after your record")
        return _clock_of(span, case, (spoken.at + timedelta(hours=2)).astimezone(UTC))
    if meeting is None:
        return None
    day, due = local_date(meeting.starts), meeting.starts + timedelta(minutes=meeting.minutes, hours=2)
    overtaken = [(paused, resumed) for paused, resumed in pauses_since(case, case.began) if due <= resumed.at]
    if not overtaken:
        return _clock_of(Span(day, day, "2 hours after the meeting"), case, due.astimezone(UTC))
    span = with_pauses(tutor_days(ground, case), day, day, overtaken, ground)
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
    day, pauses = ground.calendar.next_open(local_date(case.review_at)), pauses_since(case, set_by)
    if pauses and day >= ground.calendar.add(pauses[-1][1].on, LEFT_AFTER_PAUSE):
        pauses = ()
    return with_pauses(ground.calendar, plan.starts, day, pauses, ground)


def review_moment(case: Case, ground: Ground) -> datetime | None:
    """When the review is: as it was set, on the day that `review_day` gives. Aware; None where no plan was written."""
    at, day = case.review_at, review_day(case, ground)
    return at if at is None or day is None else local(day, in_london(at).time())


def visit_booked(case: Case, ground: Ground) -> e.ReviewBooked | None:
    """Who said that the review visit stands in the calendars, for the time at which the review is now. An invitation
    that Pathway sent goes where the review goes.
    """
    booked = case.since(e.PlanShared, e.ReviewBooked)
    if not booked:
        return None
    moves_with_it = booked[-1].invite and isinstance(case.review_set_by, e.ReviewChanged)
    at = case.review_at if moves_with_it else booked[-1].starts
    return booked[-1] if at == review_moment(case, ground) else None


def review_due(case: Case, ground: Ground) -> Clock | None:
    """T9: the day of the review."""
    span = _review(case, ground)
    if span is None:
        return None
    clock, changed = _clock_of(span, case, _closing(span.end, ground)), case.last(e.ReviewChanged)
    return replace(clock, since=max(clock.since, changed.at)) if changed else clock


def halfway(case: Case, ground: Ground) -> Clock | None:
    """T8: two school days after the plan started, if the review is later than that."""
    review, start = review_day(case, ground), case.began.on
    span = with_pauses(ground.calendar, start, ground.calendar.add(start, 2), pauses_since(case, case.began), ground)
    if review is None or span.end >= review:
        return None
    return replace(_clock_of(span, case, _closing(span.end, ground)), until=local(review, time()))


def pebblepad(
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


def outcome_due(case: Case, ground: Ground) -> Clock | None:
    """T11: the day the review was started, at the provider's hour; after a pause, with at least two school days."""
    day, pauses = local_date(case.began.at), pauses_since(case, case.began)
    span = with_pauses(tutor_days(ground, case), day, day, pauses, ground)
    if not pauses:
        span = Span(day, day, "the day of the review")
    return _clock_of(span, case, local(span.end, ground.provider.quiet_hours.outcome_by))


def next_steps(case: Case, ground: Ground) -> Clock | None:
    """T12: within the provider's working days of the outcome, counted from the day the student was told."""
    start, days = case.began.on, ground.university
    end = days.add(start, ground.provider.days.next_steps)
    span = with_pauses(days, start, end, pauses_since(case, case.began), ground)
    return _clock_of(span, case, _closing(span.end, ground))


def appointment(case: Case, _ground: Ground) -> Clock | None:
    """T12 again: the next steps meeting that is booked."""
    booked = _booked(case)
    if booked is None:
        return None
    starts = booked.starts.astimezone(UTC)
    return Clock(
        start=booked.on, since=max(booked.at, case.entered.at), due=starts, how="", subject="meeting", until=starts
    )


def pause_check(case: Case, ground: Ground) -> Clock | None:
    """T13: the expected return, or five school days where nobody knows."""
    paused, calendar = case.entered, ground.calendar
    if not isinstance(paused, e.CasePaused):
        return None
    found = calendar.explain(paused.on, 5)
    if paused.back_on is not None:
        found = Found(calendar.next_open(paused.back_on), "the day expected for the return")
    return Clock(start=paused.on, since=paused.at, due=_closing(found.day, ground), how=found.how)


def placement_end(case: Case, ground: Ground) -> Clock | None:
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
