"""The acceptance stories, told as events to the rules and to the clock.

A story is a list of steps: when, who, what, and the fields that matter (the rest is lawful). `asks` says which clock
runs after the step and on which day it is due. The people are made up, and so is the university.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from pathway import events as e
from pathway.case import fold
from pathway.dates import local_date
from pathway.deadlines import deadline
from pathway.people import Access, Item, Party, Person, access
from pathway.process import Stage
from pathway.roles import Role
from pathway.rules import Ground, Refused
from pathway.standards import overlap_hint
from pathway.tellings import CHANNEL, Notice, Telling, tellings
from tests.pathway.builders import OFFICE, PEOPLE, PLACEMENT, PROVIDER, Story, moment
from tests.pathway.test_process import MOVES

DATA = Path(__file__).parents[3] / "shared" / "domain" / "stories.yaml"

MORE_PEOPLE = {
    name: Person(name, full, f"{name}@somewhere.example")
    for name, full in {
        "tomas": "Tomas Ashby",
        "aisha": "Aisha Rahman",
        "joanne": "Joanne Pike",
        "sian": "Sian Pritchard",
        "daniel": "Daniel Okoro",
        "colin": "Colin Speight",
        "ellie": "Ellie Hargreaves",
        "bea": "Dr Bea Lawson",
        "kai": "Kai Brennan",
    }.items()
}


@dataclass(frozen=True)
class Step:
    when: str
    who: str
    kind: type[e.Event]
    fields: dict[str, Any] = field(default_factory=dict)
    asks: str = ""


def step(when: str, who: str, kind: type[e.Event], asks: str = "", **fields: Any) -> Step:
    return Step(when, who, kind, fields, asks)


@dataclass
class Told:
    """A story as it was told: what everybody heard of it, and of what they were reminded, by person."""

    story: Story
    heard: list[tuple[type[e.Event], str, Telling]] = field(default_factory=list)
    reminded: list[str] = field(default_factory=list)

    def notices(self, person: str) -> list[Notice]:
        return [telling.notice for _, to, telling in self.heard if to == person]

    def reminders(self, person: str) -> list[str]:
        return [line for line in self.reminded if f" {person} " in line]


def people(**placement: Any) -> Ground:
    return Ground(Party(replace(PLACEMENT, **placement), OFFICE, {**PEOPLE, **MORE_PEOPLE}), PROVIDER)


def tell(ground: Ground, steps: Sequence[Step], *, until: str = "", story: Story | None = None) -> Told:
    """Tells the steps to the rules; between them the clock sweeps, and after them up to *until*."""
    told = Told(story or Story(ground))
    for each in steps:
        now = moment(each.when)
        if told.story.now:
            told.reminded += told.story.until(now)
        before = len(told.story.history)
        person = ground.party.holders(Role(each.who), told.story.now)[0]
        told.story.on(now).by(person, Role(each.who), each.kind, **each.fields)
        for number in range(before, len(told.story.history)):
            case = fold(told.story.history[: number + 1])
            assert case
            event = told.story.history[number]
            told.heard += [(type(event), to, telling) for to, telling in tellings(case, event, ground.party)]
        assert asked(told.story) == each.asks or not each.asks, each
    if until:
        told.reminded += told.story.until(until)
    return told


def asked(story: Story) -> str:
    """Such as "T1 Tue 13 Oct": the clock that runs now, and its day."""
    found = deadline(story.case, story.ground)
    return f"{found.timer} {local_date(found.due):%a %-d %b}" if found else ""


def plan_of(areas: Sequence[str], review: str, starts: str) -> dict[str, Any]:
    at = moment(review)
    return {
        "targets": tuple(
            e.PlanTarget(
                area=area,
                target="One thing, small enough for a week",
                measure="Both see it twice",
                support="A modelled lesson",
                monitored_by="mentor",
                complete_by=local_date(at),
            )
            for area in areas
        ),
        "review_at": at,
        "starts": date.fromisoformat(starts),
    }


def plan_agreed(when: str, **plan: Any) -> list[Step]:
    return [
        step(when, "link_tutor", e.PlanWritten, **plan),
        step(when, "mentor", e.PlanVersionAgreed),
        step(when, "link_tutor", e.PlanVersionAgreed),
    ]


def review_parts(when: str) -> list[Step]:
    return [step(when, "link_tutor", e.ReviewPartRecorded, part=part) for part in e.ReviewPart]


DRAFTED = "mentor", e.DraftStarted

PUT_RIGHT = [
    step("2026-10-06 16:05", *DRAFTED),
    step(
        "2026-10-06 16:05",
        "mentor",
        e.WeeklyTargetSet,
        "T1 Tue 13 Oct",
        target="Use the class signal and wait for silence before every instruction",
    ),
    step("2026-10-13 15:40", "mentor", e.TargetMet),
]

ACROSS_HALF_TERM = [
    step("2026-10-08 12:30", *DRAFTED),
    step("2026-10-08 12:30", "mentor", e.WeeklyTargetSet, "T1 Thu 15 Oct", areas=("TS4", "assessment")),
    step(
        "2026-10-15 15:35",
        "mentor",
        e.LinkTutorTold,
        "T2 Fri 16 Oct",
        support_given=("joint planning", "modelled lesson"),
        early_because="",
    ),
    step("2026-10-15 16:00", "link_tutor", e.LinkTutorAcknowledged, "T3 Mon 19 Oct"),
    step(
        "2026-10-15 16:10",
        "link_tutor",
        e.MeetingBooked,
        "T4 Mon 19 Oct",
        starts=moment("2026-10-19 15:45"),
        minutes=30,
    ),
    step("2026-10-19 16:20", "mentor", e.ViewRecorded),
    step("2026-10-19 16:22", "link_tutor", e.ViewRecorded),
    step("2026-10-19 16:25", "link_tutor", e.InterventionAgreed, "T5 Tue 20 Oct"),
    *plan_agreed("2026-10-19 16:40", **plan_of(["TS4", "assessment"], "2026-11-03 09:30", "2026-10-20")),
    step("2026-10-19 16:45", "mentor", e.PlanShared, "T7 Wed 21 Oct"),
    step("2026-10-20 12:15", "link_tutor", e.PlanDiscussed),
    step("2026-10-20 12:15", "link_tutor", e.StudentAgreed, "T9 Tue 3 Nov"),
    step("2026-10-20 12:20", "link_tutor", e.DutyDone),
    step("2026-10-20 12:20", "link_tutor", e.DutyDone, duty=e.Duty.LEVEL_LEAD_TOLD),
    step("2026-11-03 09:30", "link_tutor", e.ReviewStarted, "T11 Tue 3 Nov"),
    *review_parts("2026-11-03 11:30"),
    step("2026-11-03 11:50", "link_tutor", e.PlacementContinued, told_student_at=moment("2026-11-03 11:40")),
    step("2026-11-04 12:00", "link_tutor", e.RecordedInPebblePad, record=e.Record.PLAN),
    step("2026-11-04 12:00", "link_tutor", e.RecordedInPebblePad, record=e.Record.REVIEW),
]

TERMINATED = [
    step("2026-11-09 16:00", *DRAFTED),
    step("2026-11-09 16:00", "mentor", e.WeeklyTargetSet, "T1 Mon 16 Nov", areas=("TS1", "TS7", "TS4")),
    step("2026-11-16 15:40", "mentor", e.LinkTutorTold, "T2 Tue 17 Nov", early_because=""),
    step("2026-11-16 16:00", "link_tutor", e.LinkTutorAcknowledged),
    step("2026-11-16 16:05", "link_tutor", e.MeetingBooked, "T4 Wed 18 Nov", starts=moment("2026-11-18 16:00")),
    step("2026-11-18 16:30", "mentor", e.ViewRecorded),
    step("2026-11-18 16:31", "link_tutor", e.ViewRecorded),
    step("2026-11-18 16:35", "link_tutor", e.InterventionAgreed, "T5 Thu 19 Nov"),
    *plan_agreed("2026-11-18 17:00", **plan_of(["TS1", "TS7", "TS4"], "2026-11-27 10:00", "2026-11-19")),
    step("2026-11-18 17:05", "link_tutor", e.PlanShared, "T7 Mon 23 Nov"),
    step("2026-11-19 12:00", "link_tutor", e.PlanDiscussed),
    step("2026-11-19 12:00", "link_tutor", e.StudentAgreed, "T9 Fri 27 Nov"),
    step("2026-11-27 10:00", "link_tutor", e.ReviewStarted, "T11 Fri 27 Nov"),
    *review_parts("2026-11-27 13:30"),
]
TOLD_IN_PERSON = step(
    "2026-11-27 14:30",
    "link_tutor",
    e.PlacementTerminated,
    "T12 Fri 4 Dec",
    told_student_at=moment("2026-11-27 14:10"),
    told_by="Martin Leigh, with Sian Pritchard there",
    lead_told_at=moment("2026-11-27 14:20"),
)
NEXT_STEPS = [
    step("2026-11-27 15:00", "partnership_team", e.NextStepsBooked, starts=moment("2026-12-02 14:00")),
    step(
        "2026-12-02 15:10",
        "partnership_lead",
        e.NextStepsHeld,
        present=("student", "course_director", "partnership_lead"),
        decision="A re-sit placement from January",
    ),
]

DO_NOT_AGREE = [
    step("2027-01-11 16:00", *DRAFTED),
    step("2027-01-11 16:00", "mentor", e.WeeklyTargetSet, "T1 Mon 18 Jan", areas=("TS5",)),
    step("2027-01-18 15:45", "mentor", e.LinkTutorTold, early_because=""),
    step("2027-01-18 16:30", "link_tutor", e.LinkTutorAcknowledged),
    step("2027-01-18 16:35", "link_tutor", e.MeetingBooked, starts=moment("2027-01-20 15:45"), minutes=30),
    step("2027-01-20 16:20", "mentor", e.ViewRecorded, words="I have seen no adaptation in four lessons."),
    step(
        "2027-01-20 16:22",
        "link_tutor",
        e.ViewRecorded,
        view=e.View.AS_EXPECTED,
        words="As I would expect at this point in Phase 2.",
    ),
]
A_WEEK_MORE = [
    step("2027-01-20 16:25", "link_tutor", e.ViewsDiffered, "T6 Mon 25 Jan"),
    step(
        "2027-01-22 11:00",
        "partnership_lead",
        e.MoreTimeAgreed,
        "T1 Fri 29 Jan",
        present=("mentor", "link_tutor", "partnership_lead"),
        reason="We observe a lesson together in the week.",
    ),
    step("2027-01-27 15:50", "mentor", e.TargetMet),
]

FOR_DOT: dict[str, Any] = {"for_mentor": True}
BY_TELEPHONE = [
    step("2026-11-10 11:00", "partnership_team", e.DraftStarted, **FOR_DOT),
    step("2026-11-10 11:00", "partnership_team", e.WeeklyTargetSet, "T1 Tue 17 Nov", areas=("TS2",), **FOR_DOT),
    step("2026-11-17 15:40", "partnership_team", e.LinkTutorTold, "T2 Wed 18 Nov", early_because="", **FOR_DOT),
    step("2026-11-18 09:00", "partnership_team", e.LinkTutorAcknowledged),
    step("2026-11-18 09:05", "partnership_team", e.LinkTutorNamed),
    step("2026-11-19 10:00", "link_tutor", e.MeetingBooked, starts=moment("2026-11-23 15:45"), minutes=30),
    step("2026-11-23 16:20", "partnership_team", e.ViewRecorded, means="phone", **FOR_DOT),
    step("2026-11-23 16:21", "link_tutor", e.ViewRecorded),
    step("2026-11-23 16:25", "link_tutor", e.InterventionAgreed),
    step("2026-11-24 10:00", "link_tutor", e.PlanWritten, **plan_of(["TS2"], "2026-12-02 09:30", "2026-11-25")),
    step("2026-11-24 10:00", "link_tutor", e.PlanVersionAgreed),
    step("2026-11-24 11:00", "partnership_team", e.PlanVersionAgreed, means="phone", **FOR_DOT),
    step("2026-11-24 11:30", "link_tutor", e.PlanShared),
    step("2026-11-25 12:00", "link_tutor", e.PlanDiscussed),
    step("2026-11-25 12:00", "link_tutor", e.StudentAgreed, "T9 Wed 2 Dec"),
    step("2026-12-02 09:30", "link_tutor", e.ReviewStarted),
    *review_parts("2026-12-02 11:30"),
    step("2026-12-02 12:00", "link_tutor", e.PlacementContinued),
]

WRONG_STUDENT = [
    step("2026-10-12 15:50", *DRAFTED),
    step("2026-10-12 15:50", "mentor", e.WeeklyTargetSet, "T1 Mon 19 Oct", areas=("TS3", "TS4", "TS6")),
    step("2026-10-12 16:02", "mentor", e.RaisedInError, reason="meant for Tomas Ashby"),
]
RIGHT_STUDENT = [
    step("2026-10-12 16:05", *DRAFTED),
    step("2026-10-12 16:05", "mentor", e.WeeklyTargetSet, "T1 Mon 19 Oct", areas=("TS3", "TS4", "TS6")),
    step("2026-10-19 15:40", "mentor", e.TargetContinued, "T1 Mon 2 Nov"),
    step("2026-11-02 15:45", "mentor", e.TargetMet),
]

GARETHS = {"mentor": "gareth", "student": "aisha", "level_lead": "joanne"}
SIANS = {"mentor": "sian", "student": "daniel", "link_tutor": "martin"}
COLINS = {"mentor": "colin", "student": "ellie", "link_tutor": "bea"}
DOTS = {"mentor": "dot", "student": "kai", "link_tutor": ""}

#: The number of each story, with all its steps in order.
STORIES: dict[int, list[Step]] = {
    1: PUT_RIGHT,
    2: ACROSS_HALF_TERM,
    3: [*TERMINATED, TOLD_IN_PERSON, *NEXT_STEPS],
    4: [*DO_NOT_AGREE, *A_WEEK_MORE],
    7: [],
    9: BY_TELEPHONE,
    12: [*WRONG_STUDENT, *RIGHT_STUDENT],
}


# -- 1: put right within the week ----------------------------------------------------------------------------------


def test_a_concern_put_right_within_the_week_stays_between_two_people() -> None:
    told = tell(people(), PUT_RIGHT, until="2027-07-16")

    assert told.story.case.stage is Stage.TARGET_MET
    assert told.reminded == ["Mon 12 Oct 08:00 priya T1 day before", "Tue 13 Oct 15:30 priya T1 due"]
    assert told.notices("tom") == [Notice.TARGET_COPY, Notice.TARGET_MET]
    assert {to for _, to, _ in told.heard} == {"tom"}


def test_the_link_tutor_the_office_and_the_channel_know_nothing_of_it() -> None:
    told = tell(people(), PUT_RIGHT, until="2027-07-16")
    party = told.story.ground.party

    for person in ("helen", "sam", "ruth", "nadia", "pat", "alan", CHANNEL):
        assert told.notices(person) == []
        assert told.reminders(person) == []
        assert all(access(party, person, item, told.story.case) is None for item in Item)


# -- 2: a support plan across half term, and the placement continues -------------------------------------------------


def test_a_support_plan_runs_across_half_term_and_the_placement_continues() -> None:
    told = tell(people(**GARETHS), ACROSS_HALF_TERM)

    assert told.story.case.stage is Stage.CONTINUES
    assert told.story.case.areas == ("TS4", "assessment")
    assert Notice.OUTCOME_TO_YOU in told.notices("aisha")
    assert Notice.OUTCOME in told.notices("joanne")
    assert told.notices(CHANNEL) == [Notice.CHANNEL_REFERRED, Notice.CHANNEL_PLAN, Notice.CHANNEL_REVIEWED]


def test_nobody_at_school_is_reminded_during_half_term() -> None:
    told = tell(people(**GARETHS), ACROSS_HALF_TERM)

    for person in ("gareth", "aisha", "helen"):
        nine = [line for line in told.reminders(person) if " T9 " in line]
        assert nine[:2] == [
            f"Fri 23 Oct 08:00 {person} T9 2 days before",
            f"Mon 2 Nov 08:00 {person} T9 first day back",
        ]
        assert nine[2:] == [f"Tue 3 Nov 08:00 {person} T9 due"]
    for line in told.reminders("gareth") + told.reminders("aisha"):
        assert not (moment("2026-10-24") <= moment(_day_of(line)) < moment("2026-11-02")), line


def test_halfway_through_the_mentor_and_the_student_are_asked() -> None:
    told = tell(people(**GARETHS), ACROSS_HALF_TERM)

    assert [line for line in told.reminded if " T8 " in line] == [
        "Thu 22 Oct 08:00 gareth T8 due",
        "Thu 22 Oct 08:00 aisha T8 due",
    ]


def test_the_date_of_the_review_says_that_half_term_is_not_counted() -> None:
    found = people(**GARETHS).calendar.explain(date(2026, 10, 20), 5)

    assert found.day == date(2026, 11, 3)
    assert found.how == "5 school days; half term 26 to 30 October is not counted"


def test_the_outcome_is_to_be_in_pebblepad_two_school_days_later() -> None:
    told = tell(people(**GARETHS), ACROSS_HALF_TERM, until="2026-11-05 23:00")

    ten = [line for line in told.reminded if " T10 " in line and "outcome" in line]
    assert ten == ["Thu 5 Nov 08:00 helen T10 due outcome"]


# -- 3: the placement is terminated, and next steps are within a week ------------------------------------------------


def test_a_terminated_placement_has_its_next_steps_meeting_within_a_week() -> None:
    told = tell(people(**SIANS), STORIES[3])

    assert told.story.case.stage is Stage.TERMINATED
    held = told.story.case.last(e.NextStepsHeld)
    assert held
    assert held.appeal_given
    assert held.on <= date(2026, 12, 4)


def test_daniel_gets_the_outcome_in_writing_at_once_and_only_after_he_was_told() -> None:
    story = tell(people(**SIANS), TERMINATED).story

    with pytest.raises(Refused, match="Tell the student in person before you save this"):
        tell(story.ground, [replace(TOLD_IN_PERSON, fields={"told_student_at": None})], story=story)
    told = tell(story.ground, [TOLD_IN_PERSON], story=story)
    written = [telling for _, to, telling in told.heard if to == "daniel"]

    assert [(telling.notice, telling.at_once) for telling in written] == [(Notice.OUTCOME_TO_YOU, True)]


def test_a_placement_is_not_terminated_without_typing_its_reference() -> None:
    story = tell(people(**SIANS), TERMINATED).story

    for typed in ("", "yes", "K7Q"):
        with pytest.raises(Refused, match="Type the reference K7QM to confirm"):
            tell(
                story.ground,
                [replace(TOLD_IN_PERSON, fields={**TOLD_IN_PERSON.fields, "typed_confirmation": typed})],
                story=story,
            )


def test_everybody_whom_the_process_names_hears_of_a_termination_and_the_channel_only_of_a_review() -> None:
    told = tell(people(**SIANS), STORIES[3])
    of_it = {to: telling.notice for kind, to, telling in told.heard if kind is e.PlacementTerminated}

    assert set(of_it) == {"daniel", "sian", "sam", "ruth", "alan", "nadia", "pat", CHANNEL}
    assert of_it[CHANNEL] is Notice.CHANNEL_REVIEWED


# -- 4: the link tutor and the mentor do not agree -------------------------------------------------------------------


def test_no_plan_is_made_where_the_two_do_not_agree() -> None:
    ground = people(**COLINS)
    story = tell(ground, DO_NOT_AGREE).story

    with pytest.raises(Refused, match="opens when both of you have recorded"):
        tell(ground, [step("2027-01-20 16:24", "link_tutor", e.InterventionAgreed)], story=story)
    told = tell(ground, A_WEEK_MORE, story=story)

    assert told.story.case.stage is Stage.TARGET_MET
    assert told.story.case.all(e.PlanWritten) == ()
    assert told.notices("ruth") == [Notice.VIEWS_DIFFER]


def test_both_views_are_kept_in_their_own_words() -> None:
    case = tell(people(**COLINS), STORIES[4]).story.case

    assert [(v.by, v.words) for v in case.all(e.ViewRecorded)] == [
        ("colin", "I have seen no adaptation in four lessons."),
        ("bea", "As I would expect at this point in Phase 2."),
    ]


def test_ellie_is_told_that_there_is_more_time_and_no_plan() -> None:
    told = tell(people(**COLINS), STORIES[4])

    assert told.notices("ellie") == [
        Notice.TARGET_COPY,
        Notice.REFERRAL_STUDENT,
        Notice.MORE_TIME,
        Notice.TARGET_MET,
    ]


# -- 7: a safeguarding matter is stopped at the door -----------------------------------------------------------------


def test_a_safeguarding_matter_never_becomes_a_case() -> None:
    story = Story(people())

    with pytest.raises(Refused, match="is a child at risk"):
        story.on("2026-10-06 10:00").mentor(e.DraftStarted, route_check_clear=False)

    assert story.now is None
    assert story.history == []


# -- 9: no link tutor, and a mentor outside the university's Teams ---------------------------------------------------


def test_a_mentor_without_teams_goes_the_whole_way() -> None:
    told = tell(people(**DOTS), BY_TELEPHONE)
    case = told.story.case

    assert case.stage is Stage.CONTINUES
    assert [x for x in case.events if x.by == "dot"] == []
    typed = [x for x in case.events if x.by == "sam" and not isinstance(x, e.LinkTutorAcknowledged | e.LinkTutorNamed)]
    assert len(typed) == 5
    assert all((x.for_whom, x.role) == ("dot", Role.PARTNERSHIP_TEAM) for x in typed)


def test_dot_hears_of_every_step_that_somebody_took_for_her() -> None:
    told = tell(people(**DOTS), BY_TELEPHONE)

    assert told.notices("dot") == [
        Notice.TYPED_FOR_YOU,
        Notice.TYPED_FOR_YOU,
        Notice.REPLACED,
        Notice.MEETING_BOOKED,
        Notice.MEETING_BRIEF,
        Notice.PLAN_OPENS,
        Notice.PLAN_CHANGED,
        Notice.TYPED_FOR_YOU,
        Notice.PLAN_SHARED,
        Notice.PLAN_STARTED,
        Notice.OUTCOME,
    ]


def test_without_a_link_tutor_the_office_has_the_case_until_a_cover_is_named() -> None:
    told = tell(people(**DOTS), BY_TELEPHONE)
    party, case = told.story.ground.party, told.story.case

    assert "Wed 18 Nov 08:00 sam T2 due" in told.reminded
    assert told.notices("martin")[0] is Notice.NAMED
    assert party.link_tutor(case) == "martin"
    assert access(party, "martin", Item.PLAN, case) is Access.WRITES


def test_the_office_itself_told_of_a_case_without_link_tutor_by_a_mentor() -> None:
    ground = people(mentor="priya", link_tutor="")
    told = tell(ground, [*PUT_RIGHT[:2], step("2026-10-13 15:45", "mentor", e.LinkTutorTold, early_because="")])

    assert told.notices("sam") == [Notice.NO_LINK_TUTOR]
    assert told.notices("helen") == []


# -- 12: the wrong student, put right --------------------------------------------------------------------------------


def test_four_areas_are_refused_and_an_overlap_is_pointed_out() -> None:
    areas = ("TS3", "TS4", "TS6", "pedagogy")

    with pytest.raises(Refused) as refused:
        tell(people(), [step("2026-10-12 15:45", "mentor", e.WeeklyTargetSet, areas=areas)])

    assert [(fault.field, fault.sentence) for fault in refused.value.faults] == [
        ("areas", "Choose up to 3 areas. You have chosen 4. Which matter most this week?")
    ]
    assert "is part of" in overlap_hint(areas)
    assert "TS4" in overlap_hint(areas)


def test_a_case_raised_in_error_tells_the_student_and_the_office_and_vanishes_from_the_students_record() -> None:
    told = tell(people(), WRONG_STUDENT, until="2026-12-01")
    party, case = told.story.ground.party, told.story.case

    assert case.stage is Stage.IN_ERROR
    assert told.notices("tom") == [Notice.TARGET_COPY, Notice.IN_ERROR]
    assert told.notices("sam") == [Notice.IN_ERROR]
    assert told.reminded == []
    assert all(access(party, "tom", item, case) is None for item in Item)
    assert [(type(x), x.by) for x in case.events] == [
        (e.DraftStarted, "priya"),
        (e.WeeklyTargetSet, "priya"),
        (e.RaisedInError, "priya"),
    ]


def test_the_case_of_the_right_student_takes_one_more_week_and_half_term_is_not_counted() -> None:
    told = tell(people(student="tomas"), RIGHT_STUDENT)

    assert told.story.case.stage is Stage.TARGET_MET
    assert told.story.case.repeats == 1
    assert told.notices("tomas") == [Notice.TARGET_COPY, Notice.TARGET_GOES_ON, Notice.TARGET_MET]
    assert told.notices("tom") == []


# -- held to the stories as they were given, where they are at hand --------------------------------------------------


def _day_of(line: str) -> str:
    """The day of a line like "Fri 23 Oct 08:00 gareth T9 due", in the autumn of 2026."""
    _, number, month = line.split()[:3]
    return f"2026-{ {'Oct': 10, 'Nov': 11}[month] }-{int(number):02}"


@pytest.mark.parametrize("number", STORIES)
def test_days_people_and_steps_are_those_of_the_given_story(number: int) -> None:
    if not DATA.exists():
        pytest.skip("The given stories are not part of a fresh clone; the ones above are told in our own words.")
    [given] = [s for s in yaml.safe_load(DATA.read_text(encoding="utf-8"))["stories"] if s["id"] == number]
    ids = {kind: name for name, kind, *_ in MOVES}

    ours = [(s.when[:10], s.who, ids[s.kind]) for s in STORIES[number] if s.kind in ids]

    assert ours == [(str(day), who, name) for day, who, name, _ in given["steps"]]
