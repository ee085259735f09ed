"""What a case tells of itself, as its events are told."""

from __future__ import annotations

from typing import Any

import pytest

from pathway import events as e
from pathway.case import Case, after, fold, whose_view
from pathway.process import Stage
from pathway.roles import Role
from tests.pathway.builders import REFERENCE, Story, day, moment

TUESDAY = "2026-10-06 10:00"
LATER = "2026-10-06 10:30"


def reached(stage: Stage) -> Story:
    return Story().reach(stage, TUESDAY)


def test_a_case_begins_with_its_first_event() -> None:
    case = reached(Stage.WEEKLY_TARGET).case

    assert (case.id, case.reference, case.placement, case.student) == ("case-1", REFERENCE, "placement-1", "tom")
    assert (case.version, case.step, case.stage) == (2, 2, Stage.WEEKLY_TARGET)


def test_a_log_that_begins_otherwise_is_no_case() -> None:
    story = reached(Stage.WEEKLY_TARGET)

    headless = fold(story.history[1:])
    assert isinstance(headless, Case)
    with pytest.raises(TypeError, match="a case begins with DraftStarted"):
        _ = headless.reference


def test_of_a_discarded_draft_and_of_nothing_there_is_nothing() -> None:
    story = Story()
    story.on(TUESDAY).mentor(e.DraftStarted).mentor(e.DraftDiscarded)

    assert fold(story.history) is None
    assert fold([]) is None


def test_an_event_recorded_under_older_rules_is_kept_and_moves_nothing() -> None:
    story = reached(Stage.WEEKLY_TARGET)
    story.lawful = False
    story.on(LATER).link_tutor(e.ReviewStarted)

    assert story.case.stage is Stage.WEEKLY_TARGET
    assert (story.case.version, story.case.step) == (3, 2)
    assert after(story.case, story.history[-1]) is not None


def test_the_newest_words_are_the_cases_words() -> None:
    story = reached(Stage.LINK_TUTOR_TOLD)
    assert story.case.areas == ("TS7",)
    assert story.case.target == "Wait for silence"

    story.on(LATER).link_tutor(e.MoreTimeAgreed, target="Wait for every hand")
    assert story.case.target == "Wait for every hand"


def test_a_case_knows_the_day_of_its_check_and_how_it_was_found() -> None:
    story = reached(Stage.WEEKLY_TARGET)
    assert (story.case.check_on, story.case.check_found) == (day("2026-10-13"), "5 school days")

    story.on("2026-10-20 15:40").mentor(e.TargetContinued)
    assert story.case.check_on == day("2026-11-03")
    assert story.case.check_found == "5 school days; half term 26 to 30 October is not counted"


def test_a_pause_elsewhere_leaves_the_day_of_the_check_alone() -> None:
    story = reached(Stage.WEEKLY_TARGET)
    story.on("2026-10-13 15:40").mentor(e.LinkTutorTold).mentor(e.CasePaused)
    story.on("2026-10-15 10:00").mentor(e.CaseResumed)

    assert story.case.stage is Stage.LINK_TUTOR_TOLD
    assert (story.case.check_on, story.case.check_found) == (day("2026-10-13"), "5 school days")
    assert story.case.came_from is None


def test_without_a_check_there_is_no_day_for_it() -> None:
    case = reached(Stage.LINK_TUTOR_TOLD).case

    assert (case.check_on, case.check_found) == (None, "")


def test_a_pause_enters_no_stage_anew() -> None:
    story = reached(Stage.REVIEW)
    began = story.case.began
    story.on(LATER).link_tutor(e.ReviewPartRecorded).link_tutor(e.CasePaused)
    assert isinstance(story.case.began, e.CasePaused)

    story.on("2026-10-07 10:00").link_tutor(e.CaseResumed).link_tutor(e.CasePaused)
    story.on("2026-10-08 10:00").link_tutor(e.CaseResumed)

    assert story.case.began is began
    assert len(story.case.this_stage(e.ReviewPartRecorded)) == 1
    assert isinstance(story.case.entered, e.CaseResumed)


def test_a_paused_case_takes_a_fact_and_an_end_without_being_resumed() -> None:
    story = reached(Stage.PLAN_IN_PLACE)
    story.on(LATER).mentor(e.CasePaused).student(e.StudentReplied)
    assert (story.case.stage.value, story.case.came_from) == ("paused", Stage.PLAN_IN_PLACE)

    story.on("2026-10-07 10:00").lead(e.StudentLeftCourse)
    assert (story.case.stage.value, story.case.came_from) == ("closed/left_course", None)


def test_this_stage_begins_anew_when_it_is_entered_anew() -> None:
    story = reached(Stage.WEEKLY_TARGET)
    story.on("2026-10-13 15:40").mentor(e.SecondOpinion).mentor(e.TargetContinued).mentor(e.SecondOpinion)

    assert len(story.case.this_stage(e.SecondOpinion)) == 1
    assert len(story.case.all(e.SecondOpinion)) == 2


def test_what_happened_since_is_all_of_it_where_the_start_never_came() -> None:
    story = reached(Stage.WEEKLY_TARGET)
    story.on(LATER).mentor(e.SecondOpinion)

    assert len(story.case.since(e.ReviewStarted, e.SecondOpinion)) == 1
    assert story.case.since(e.SecondOpinion, e.SecondOpinion) == ()


def test_an_acknowledgement_counts_for_the_referral_it_answers() -> None:
    story = reached(Stage.LINK_TUTOR_TOLD)
    known = [story.case.acknowledged]
    story.on(LATER).link_tutor(e.LinkTutorAcknowledged)
    known.append(story.case.acknowledged)
    story.on(LATER).mentor(e.ReferralWithdrawn)
    story.on("2026-10-13 16:00").mentor(e.LinkTutorTold)
    known.append(story.case.acknowledged)

    assert [bool(answer) for answer in known] == [False, True, False]
    assert reached(Stage.WEEKLY_TARGET).case.acknowledged is None


@pytest.mark.parametrize("ending", [e.MeetingCancelled, e.ReferralWithdrawn, e.MoreTimeAgreed])
def test_a_meeting_stands_until_it_is_called_off(ending: type[e.Event]) -> None:
    story = reached(Stage.MEETING_BOOKED)
    assert story.case.meeting
    assert story.case.meeting.starts == moment("2026-10-07 15:45")

    story.on(LATER).by("helen", Role.LINK_TUTOR, ending, for_mentor=ending is e.ReferralWithdrawn)
    assert story.case.meeting is None


def test_a_view_is_whose_it_is_whoever_typed_it() -> None:
    story = reached(Stage.LINK_TUTOR_TOLD)
    story.on(LATER).link_tutor(e.ViewRecorded, words="Mine").link_tutor(
        e.ViewRecorded, words="Told on the phone", for_mentor=True
    )
    case = story.case
    mentors, tutors = case.view_of(Role.MENTOR), case.view_of(Role.LINK_TUTOR)

    assert mentors
    assert tutors
    assert (mentors.words, tutors.words) == ("Told on the phone", "Mine")
    assert case.mentor_view_to_confirm is mentors
    assert {whose_view(v) for v in case.all(e.ViewRecorded)} == {Role.MENTOR, Role.LINK_TUTOR}

    story.on(LATER).mentor(e.ViewRecorded, words="That is right")
    assert story.case.mentor_view_to_confirm is None
    assert reached(Stage.WEEKLY_TARGET).case.view_of(Role.MENTOR) is None


def test_the_review_is_when_it_was_last_agreed_to_be() -> None:
    story = reached(Stage.PLAN_TO_DISCUSS)
    assert story.case.review_at == moment("2026-10-13 09:30")

    story.on("2026-10-06 12:00").mentor(e.PlanDiscussed).mentor(e.StudentAgreed)
    story.on("2026-10-07 12:00").link_tutor(e.ReviewChanged, review_at=moment("2026-10-15 09:30"))
    assert story.case.review_at == moment("2026-10-15 09:30")

    story.on("2026-10-08 12:00").link_tutor(e.PlanAmended)
    assert story.case.review_at == moment("2026-10-15 09:30")


def test_a_second_plan_has_a_review_of_its_own() -> None:
    story = Story(lawful=False).reach(Stage.PLAN_IN_PLACE, TUESDAY)
    story.on(LATER).link_tutor(e.ReviewChanged, review_at=moment("2026-10-15 09:30")).link_tutor(e.ReviewStarted)
    story.on("2026-10-15 12:00").link_tutor(e.SecondPlanAgreed).link_tutor(e.PlanWritten)

    assert story.case.review_at == moment("2026-10-22 09:30")
    assert story.case.plan
    assert story.case.plan.version == 2


def test_without_a_plan_there_is_no_review() -> None:
    assert reached(Stage.WRITING_PLAN).case.review_at is None
    assert reached(Stage.WRITING_PLAN).case.plan is None


def test_an_outcome_is_the_newest_one() -> None:
    story = reached(Stage.CONTINUES)
    outcomes = [type(story.case.outcome)]
    story.on(LATER).lead(e.OutcomeReopened).link_tutor(e.PlacementTerminated)
    outcomes.append(type(story.case.outcome))

    assert outcomes == [e.PlacementContinued, e.PlacementTerminated]
    assert reached(Stage.REVIEW).case.outcome is None


@pytest.mark.parametrize("other", [{"timer": "T2"}, {"due": moment("2026-10-07")}, {"rung": "+1"}, {"to": "helen"}])
def test_a_reminder_is_the_same_only_in_timer_time_rung_and_person(other: dict[str, object]) -> None:
    story = reached(Stage.WEEKLY_TARGET)
    note: dict[str, Any] = {"timer": "T1", "due": moment("2026-10-13 15:30"), "rung": "due", "to": "priya"}
    story.on(LATER).by(e.SYSTEM, Role.SYSTEM, e.Nudged, **note)

    assert story.case.was_nudged("T1", moment("2026-10-13 15:30"), "due", "priya")
    assert not story.case.was_nudged(**(note | other))
