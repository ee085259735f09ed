"""The timetable of the pathway: which step is asked for by when, who is reminded on the way, who is asked in the end.

`TIMERS` has it all, a row for each timer: its clock says by when, its rungs who hears of it and on which day. What a
row is put together from is in `pathway.clocks`; `pathway.nudges` turns the rows into reminders for people.

Rules that hold for all rows: the Link Tutor's clocks count the tutor's own days, and the office hears when that leaves
nobody for more than two working days; nothing is repeated without end; a student hears only of the student's own dates.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from pathway import clocks
from pathway import events as e
from pathway.case import Case
from pathway.clocks import Clock, To
from pathway.dates import OpenDays
from pathway.ground import Ground
from pathway.process import Stage
from pathway.roles import Role

When = Callable[[Case], bool]
#: The rung on which somebody else is asked in the end.
ESCALATION = "escalation"
#: The rung for a Link Tutor who is away too long.
AWAY = "away"
#: The rungs of T10 that are one list over all cases of a Link Tutor begin with this.
WEEK = "week"

#: A timer of ours, which the process data does not have: the mentor's answer to times that were offered.
OFFER = "offer"
#: Its rung for the Link Tutor: the time is to be found by hand.
BY_HAND = "by hand"

_M, _LT, _PT, _PL = Role.MENTOR, Role.LINK_TUTOR, Role.PARTNERSHIP_TEAM, Role.PARTNERSHIP_LEAD
_CD, _S = Role.COURSE_DIRECTOR, Role.STUDENT


class From(Enum):
    """Where a rung counts its days from."""

    DUE = "the day it is due"
    START = "the day the clock started"
    CARD = "the day the timed card went out"
    WEEK = "the Monday after it was due, in weeks"
    AWAY = "the day the tutor's absence has become too long"


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


# -- what several rows have in common -------------------------------------------------------------------------------


#: Where what was agreed still has to be in PebblePad: everywhere but in a case that should not have been, whose
#: student has left or that another procedure keeps.
RECORDED_ELSEWHERE = frozenset(
    s for s in Stage if s not in {Stage.DRAFT, Stage.IN_ERROR, Stage.LEFT_COURSE, Stage.OTHER_PROCEDURE}
)
_ON_PLACEMENT = frozenset(s for s in Stage if s.is_open) - {Stage.DRAFT, Stage.PAUSED, Stage.NEXT_STEPS}


def _due(*roles: Role, timed: bool = False) -> Rung:
    return Rung(name="due", to=clocks.holders_of(*roles), timed=timed)


def _escalation(days: int, *roles: Role, of: From = From.DUE, bare: bool = False) -> Rung:
    return Rung(name=ESCALATION, to=clocks.holders_of(*roles), days=days, of=of, escalates=True, bare=bare)


#: For the clocks that count the tutor's own days.
_AWAY = Rung(name=AWAY, to=clocks.holders_of(_PT), of=From.AWAY, escalates=True)
_NEXT_DAY = Rung(name="next day", to=clocks.holders_of(_LT), days=1, of=From.CARD)


def _in_pebblepad(record: e.Record, *kinds: type[e.Event], since: type[e.Event] | None = None) -> Timer:
    """T10 for one record: whoever recorded it, then four Mondays' lists to the Link Tutor, and no more."""
    weeks = (
        Rung(name=f"{WEEK} {n} {record.value}", to=clocks.link_tutor_only, days=n, of=From.WEEK) for n in (1, 2, 3, 4)
    )
    return Timer(
        id="T10",
        name="Recorded in PebblePad",
        stages=RECORDED_ELSEWHERE,
        clock=clocks.pebblepad(record, *kinds, since=since),
        days=clocks.school_days,
        rungs=(Rung(name=f"due {record.value}", to=clocks.who_recorded(*kinds)), *weeks),
    )


#: All timers. The process data counts some escalations from the start of the clock ("2 wd" beside "due 1 wd"); here
#: all of them are counted from the deadline, so that a pause moves the whole ladder.
TIMERS: tuple[Timer, ...] = (
    Timer(
        id="T1",
        name="One-week check",
        stages=frozenset({Stage.WEEKLY_TARGET}),
        clock=clocks.one_week,
        days=clocks.school_days,
        rungs=(
            Rung(name="day before", to=clocks.holders_of(_M), days=-1, early=True),
            _due(_M, timed=True),
            Rung(name="+1", to=clocks.holders_of(_M), days=1),
            _escalation(3, _LT, bare=True),
        ),
    ),
    Timer(
        id="T2",
        name="Link Tutor acknowledges",
        stages=frozenset({Stage.LINK_TUTOR_TOLD}),
        clock=clocks.acknowledged,
        days=clocks.link_tutor_days,
        rungs=(_due(_LT), _AWAY, _escalation(1, _PT)),
        tutors=True,
    ),
    Timer(
        id="T3",
        name="Meeting booked",
        stages=frozenset({Stage.LINK_TUTOR_TOLD}),
        clock=clocks.meeting_booked,
        days=clocks.link_tutor_days,
        rungs=(_due(_LT), Rung(name="+1", to=clocks.holders_of(_LT), days=1), _AWAY, _escalation(2, _PT)),
        tutors=True,
    ),
    Timer(
        id=OFFER,
        name="Times answered",
        stages=frozenset({Stage.LINK_TUTOR_TOLD, Stage.MEETING_BOOKED, Stage.VIEWS_DIFFER}),
        clock=clocks.times_answered,
        days=clocks.school_days,
        rungs=(_due(_M, timed=True), Rung(name=BY_HAND, to=clocks.holders_of(_LT), days=1)),
    ),
    Timer(
        id="T4",
        name="Meeting outcome recorded",
        stages=frozenset({Stage.LINK_TUTOR_TOLD, Stage.MEETING_BOOKED}),
        clock=clocks.meeting_recorded,
        days=clocks.link_tutor_days,
        rungs=(_due(_LT, timed=True), _NEXT_DAY, _AWAY, _escalation(2, _PT)),
        tutors=True,
    ),
    Timer(
        id="T5",
        name="Plan written",
        stages=frozenset({Stage.WRITING_PLAN}),
        clock=clocks.days_after_entry(1, clocks.shared_days),
        days=clocks.shared_days,
        rungs=(_due(_LT, _M), _AWAY, _escalation(1, _PT)),
        tutors=True,
    ),
    Timer(
        id="T6",
        name="Views differ resolved",
        stages=frozenset({Stage.VIEWS_DIFFER}),
        clock=clocks.days_after_entry(3, clocks.link_tutor_days),
        days=clocks.link_tutor_days,
        rungs=(_due(_PL), _AWAY, _escalation(2, _CD)),
        tutors=True,
    ),
    Timer(
        id="T7",
        name="Plan discussed with student",
        stages=frozenset({Stage.PLAN_TO_DISCUSS}),
        clock=clocks.days_after_entry(2, clocks.shared_days),
        days=clocks.shared_days,
        rungs=(_due(_LT, _M), _AWAY, _escalation(1, _PT)),
        tutors=True,
    ),
    Timer(
        id="T8",
        name="Halfway look",
        stages=frozenset({Stage.PLAN_IN_PLACE}),
        clock=clocks.halfway,
        days=clocks.school_days,
        rungs=(_due(_M, _S),),
    ),
    Timer(
        id="T9",
        name="Review due",
        stages=frozenset({Stage.PLAN_IN_PLACE}),
        clock=clocks.review_due,
        days=clocks.school_days,
        rungs=(
            Rung(name="2 days before", to=clocks.holders_of(_LT, _M, _S), days=-2, early=True),
            Rung(name="due", to=clocks.holders_of(_LT, _M, _S), early=True),
            Rung(name="channel", to=clocks.channel, early=True, escalates=True, bare=True),
            Rung(name="+1", to=clocks.holders_of(_LT), days=1),
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
        clock=clocks.outcome_due,
        days=clocks.link_tutor_days,
        rungs=(_due(_LT, timed=True), _NEXT_DAY, _AWAY, _escalation(2, _PL)),
        tutors=True,
    ),
    Timer(
        id="T12",
        name="Next steps meeting",
        stages=frozenset({Stage.NEXT_STEPS}),
        clock=clocks.next_steps,
        days=clocks.university_days,
        rungs=(
            Rung(name="1 day", to=clocks.holders_of(_PT), days=1, of=From.START, only=clocks.not_booked),
            Rung(name="3 days", to=clocks.holders_of(_PT, _PL), days=3, of=From.START, only=clocks.not_booked),
            _escalation(0, _PL, _CD),
        ),
    ),
    Timer(
        id="T12",
        name="Next steps meeting",
        stages=frozenset({Stage.NEXT_STEPS}),
        clock=clocks.appointment,
        days=clocks.university_days,
        rungs=(Rung(name="day before", to=clocks.who_is_invited, days=-1, early=True),),
    ),
    Timer(
        id="T13",
        name="Pause check",
        stages=frozenset({Stage.PAUSED}),
        clock=clocks.pause_check,
        days=clocks.school_days,
        rungs=(
            Rung(name="due", to=clocks.who_paused),
            Rung(name="again", to=clocks.who_paused, days=5),
            _escalation(10, _PT, of=From.START),
        ),
    ),
    Timer(
        id="T14",
        name="Placement end watch",
        stages=_ON_PLACEMENT,
        clock=clocks.placement_end,
        days=clocks.school_days,
        rungs=(Rung(name="due", to=clocks.mentor_or_link_tutor), _escalation(5, _PT)),
    ),
)
