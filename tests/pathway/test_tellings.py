"""Who is told what, and when not: the conditions beside the table in `test_process.py`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pathway import events as e
from pathway.people import Office, Party
from pathway.process import Stage
from pathway.provider import Settings
from pathway.roles import Role
from pathway.rules import Ground
from pathway.tellings import CHANNEL, Notice, tellings
from tests.pathway.builders import OFFICE, PEOPLE, PLACEMENT, PROVIDER, Story, ground_for

TUESDAY = "2026-10-06 10:00"
LATER = "2026-10-06 10:30"


def told(story: Story) -> dict[str, Notice]:
    """Who is told at once what of the last event."""
    found = tellings(story.case, story.history[-1], story.ground.party)
    return {to: telling.notice for to, telling in found if not any(telling.later)}


def on_the_day(story: Story) -> list[tuple[str, Notice]]:
    found = tellings(story.case, story.history[-1], story.ground.party)
    return [(to, telling.notice) for to, telling in found if telling.on_the_day]


def raised(**fields: object) -> Story:
    story = Story()
    story.on(TUESDAY).mentor(e.WeeklyTargetSet, **fields)
    return story


def referred(**fields: object) -> Story:
    return Story().reach(Stage.LINK_TUTOR_TOLD, TUESDAY, **fields)


# -- the student -----------------------------------------------------------------------------------------------------


def test_a_student_who_got_a_copy_hears_how_it_goes_on() -> None:
    story = raised()
    assert told(story) == {"tom": Notice.TARGET_COPY}

    story.on("2026-10-13 15:40").mentor(e.TargetContinued)
    assert told(story) == {"tom": Notice.TARGET_GOES_ON}

    story.on("2026-10-20 15:40").mentor(e.TargetMet)
    assert told(story) == {"tom": Notice.TARGET_MET}


def test_a_student_who_got_no_copy_hears_nothing_from_the_bot() -> None:
    story = raised(copy_to_student=False)
    assert told(story) == {}

    story.on("2026-10-13 15:40").mentor(e.TargetContinued)
    assert told(story) == {}

    story.on("2026-10-20 15:40").mentor(e.TargetMet)
    assert told(story) == {}


def test_a_student_who_does_not_know_of_the_referral_is_not_told_by_the_bot() -> None:
    unaware = {"student_aware": False, "student_unaware_because": "away today"}
    story = referred(**unaware)
    assert told(story) == {"helen": Notice.CASE_FOR_YOU, CHANNEL: Notice.CHANNEL_REFERRED}

    story.on(LATER).mentor(e.ReferralWithdrawn)
    assert told(story) == {"helen": Notice.WITHDRAWN}


def test_a_student_who_was_told_later_hears_that_it_was_withdrawn() -> None:
    story = referred(student_aware=False, student_unaware_because="away today")
    story.on(LATER).mentor(e.StudentTold, what=e.Told.REFERRAL)
    story.on(LATER).mentor(e.ReferralWithdrawn)

    assert told(story) == {"helen": Notice.WITHDRAWN, "tom": Notice.WITHDRAWN}


def test_a_case_that_closes_without_a_plan_says_so_to_a_student_who_knew() -> None:
    knew, unaware = referred(), referred(student_aware=False, student_unaware_because="away today")
    for story in (knew, unaware):
        story.on(LATER).link_tutor(e.NoInterventionAgreed)

    assert told(knew) == {"priya": Notice.NO_INTERVENTION, "tom": Notice.NO_INTERVENTION}
    assert told(unaware) == {"priya": Notice.NO_INTERVENTION}


def test_the_plan_reaches_the_student_when_it_was_discussed_and_not_when_it_was_shared() -> None:
    story = Story().reach(Stage.PLAN_TO_DISCUSS, TUESDAY)
    assert "tom" not in told(story)

    story.on(LATER).link_tutor(e.PlanDiscussed)
    assert told(story) == {"tom": Notice.PLAN_TO_YOU}


def test_a_student_who_heard_of_nothing_does_not_hear_that_it_is_over() -> None:
    for kind in (e.StudentLeftCourse, e.PlacementEnded, e.OtherProcedureTookOver):
        story = raised(copy_to_student=False)
        story.on(LATER).lead(kind)

        assert told(story) == {"priya": Notice.CLOSED}


def test_after_the_week_the_link_tutor_hears_and_the_student_only_if_they_know() -> None:
    aware, unaware = raised(), raised()
    aware.on("2026-10-13 15:40").mentor(e.LinkTutorTold)
    unaware.on("2026-10-13 15:40").mentor(e.LinkTutorTold, student_aware=False, student_unaware_because="away today")

    assert told(unaware) == {"helen": Notice.CASE_FOR_YOU, CHANNEL: Notice.CHANNEL_REFERRED}
    assert told(aware) == {**told(unaware), "tom": Notice.REFERRAL_STUDENT}


# -- the link tutor and the office -----------------------------------------------------------------------------------


def test_without_a_link_tutor_the_office_is_told_instead() -> None:
    story = Story(ground_for(link_tutor="")).reach(Stage.LINK_TUTOR_TOLD, TUESDAY)

    assert told(story) == {
        "sam": Notice.NO_LINK_TUTOR,
        "tom": Notice.REFERRAL_STUDENT,
        CHANNEL: Notice.CHANNEL_REFERRED,
    }


def test_whoever_did_not_know_of_a_case_does_not_hear_of_its_end() -> None:
    ends = (
        (e.StudentLeftCourse, Notice.CLOSED),
        (e.PlacementEnded, Notice.CLOSED),
        (e.OtherProcedureTookOver, Notice.CLOSED),
    )
    for kind, notice in ends:
        early, late = raised(), referred()
        early.on(LATER).lead(kind)
        late.on(LATER).lead(kind)

        assert told(early) == {"priya": notice, "tom": notice}
        assert told(late) == {"priya": notice, "helen": notice, "sam": notice, "tom": notice}


def test_an_error_is_put_right_with_everybody_who_was_told_and_with_the_office() -> None:
    early, late, unseen = raised(), referred(), raised(copy_to_student=False)
    early.on(LATER).mentor(e.RaisedInError)
    late.on(LATER).team(e.RaisedInError)
    unseen.on(LATER).mentor(e.RaisedInError)

    assert told(early) == dict.fromkeys(("tom", "sam"), Notice.IN_ERROR)
    assert told(late) == dict.fromkeys(("tom", "priya", "helen"), Notice.IN_ERROR)
    assert told(unseen) == {"sam": Notice.IN_ERROR}


def test_a_pause_concerns_the_link_tutor_only_once_there_is_something_to_wait_for() -> None:
    early, late = raised(), referred()
    for story in (early, late):
        story.on(LATER).mentor(e.CasePaused)
    assert told(early) == {}
    assert told(late) == {"helen": Notice.PAUSED}

    for story in (early, late):
        story.on("2026-10-07 10:00").mentor(e.CaseResumed)
    assert told(early) == {}
    assert told(late) == {"helen": Notice.RESUMED}


def test_a_new_mentor_is_told_and_the_link_tutor_only_of_a_case_they_know() -> None:
    early, late = raised(), referred()
    for story in (early, late):
        story.on(LATER).team(e.MentorNamed)

    assert told(early) == {"gareth": Notice.NAMED}
    assert told(late) == {"gareth": Notice.NAMED, "helen": Notice.REPLACED}


def test_a_reply_of_the_student_goes_to_the_link_tutor_only_of_a_case_they_know() -> None:
    early, late = raised(), referred()
    for story in (early, late):
        story.on(LATER).student(e.StudentReplied)

    assert told(early) == {"priya": Notice.STUDENT_REPLIED}
    assert told(late) == {"helen": Notice.STUDENT_REPLIED, "priya": Notice.STUDENT_REPLIED}


def test_only_a_students_no_to_a_promise_is_passed_on() -> None:
    story = Story().reach(Stage.PLAN_IN_PLACE, TUESDAY)
    story.on(LATER).student(e.PromiseTicked)
    assert told(story) == {}

    story.on(LATER).mentor(e.PromiseTicked, given=False)
    assert told(story) == {}

    story.on(LATER).student(e.PromiseTicked, given=False)
    assert told(story) == {"helen": Notice.PROMISE_NOT_KEPT}


def test_a_reopened_outcome_goes_to_the_course_only_where_the_placement_had_ended() -> None:
    continued, ended = Story().reach(Stage.CONTINUES, TUESDAY), Story().reach(Stage.NEXT_STEPS, TUESDAY)
    for story in (continued, ended):
        story.on(LATER).lead(e.OutcomeReopened)

    assert set(told(continued)) == {"tom", "priya", "helen", "sam", "nadia", "pat"}
    assert set(told(ended)) == {"tom", "priya", "helen", "sam", "nadia", "alan", "pat"}


# -- views -----------------------------------------------------------------------------------------------------------


def test_a_mentor_who_has_not_said_yet_is_asked_and_one_who_has_is_not() -> None:
    story = referred()
    story.on(LATER).link_tutor(e.ViewRecorded)
    assert told(story) == {"priya": Notice.VIEW_WANTED}

    story.on(LATER).mentor(e.ViewRecorded)
    assert told(story) == {"helen": Notice.VIEW_RECORDED}

    story.on(LATER).link_tutor(e.ViewRecorded)
    assert told(story) == {}


def test_a_view_typed_for_the_mentor_is_shown_to_the_mentor() -> None:
    story = referred()
    story.on(LATER).link_tutor(e.ViewRecorded, for_mentor=True)

    assert told(story) == {"priya": Notice.VIEW_TO_CONFIRM}


# -- everybody -------------------------------------------------------------------------------------------------------


def test_what_was_typed_for_a_mentor_they_hear_of_once_and_as_such() -> None:
    story = Story().reach(Stage.MEETING_BOOKED, TUESDAY)
    story.on(LATER).team(e.MeetingCancelled, for_mentor=True)

    assert told(story) == {"priya": Notice.TYPED_FOR_YOU, "helen": Notice.MEETING_CANCELLED}


@pytest.mark.parametrize(
    ("stage", "kind"),
    [
        (None, e.WeeklyTargetSet),
        (None, e.LinkTutorToldAtOnce),
        (Stage.WEEKLY_TARGET, e.TargetMet),
        (Stage.WEEKLY_TARGET, e.TargetContinued),
        (Stage.WEEKLY_TARGET, e.LinkTutorTold),
        (Stage.WEEKLY_TARGET, e.CasePaused),
        (Stage.WEEKLY_TARGET, e.RaisedInError),
        (Stage.PAUSED, e.CaseResumed),
        (Stage.MEETING_BOOKED, e.MeetingCancelled),
        (Stage.MEETING_BOOKED, e.ReferralWithdrawn),
    ],
)
def test_what_the_second_mentor_did_was_not_typed_for_the_first(stage: Stage | None, kind: type[e.Event]) -> None:
    story = Story(ground_for(second_mentor="gareth"))
    if stage is Stage.PAUSED:
        story.reach(Stage.WEEKLY_TARGET, TUESDAY).on(TUESDAY).mentor(e.CasePaused)
    elif stage:
        story.reach(stage, TUESDAY)
    else:
        story.on(TUESDAY).mentor(e.DraftStarted)
    story.on(LATER).by("gareth", Role.MENTOR, kind)

    assert told(story).get("priya") is not Notice.TYPED_FOR_YOU
    assert "gareth" not in told(story)


def test_whoever_did_it_is_not_told_of_it_but_gets_the_brief_like_everybody() -> None:
    story = Story().reach(Stage.MEETING_BOOKED, TUESDAY)

    assert told(story) == {"priya": Notice.MEETING_BOOKED}
    assert on_the_day(story) == [("priya", Notice.MEETING_BRIEF), ("helen", Notice.MEETING_BRIEF)]


def test_one_person_in_two_roles_gets_one_message_of_each_kind() -> None:
    story = referred()
    story.on(LATER).team(e.LinkTutorNamed).team(e.MentorNamed, person="martin").team(e.MeetingBooked)

    assert told(story) == {"martin": Notice.MEETING_BOOKED}
    assert on_the_day(story) == [("martin", Notice.MEETING_BRIEF)]


def test_nobody_is_told_of_what_only_the_author_or_the_clock_does() -> None:
    for person, role, kind in (
        ("priya", Role.MENTOR, e.SecondOpinion),
        ("priya", Role.MENTOR, e.StudentTold),
        (e.SYSTEM, Role.SYSTEM, e.Nudged),
    ):
        story = raised()
        story.on(LATER).by(person, role, kind)
        assert told(story) == {}


def test_the_office_stands_in_for_a_link_tutor_or_a_lead_that_there_is_none_of() -> None:
    story = Story(ground_for(link_tutor="")).reach(Stage.LINK_TUTOR_TOLD, TUESDAY)
    story.on(LATER).mentor(e.ReferralWithdrawn)
    assert told(story) == {"sam": Notice.WITHDRAWN, "tom": Notice.WITHDRAWN}

    party = Party(PLACEMENT, Office(team=("sam",)), PEOPLE)
    story = Story(Ground(party, PROVIDER)).reach(Stage.VIEWS_DIFFER, TUESDAY)
    assert told(story) == {"sam": Notice.VIEWS_DIFFER, "priya": Notice.VIEWS_DIFFER}


def test_a_role_that_nobody_holds_is_told_nothing() -> None:
    placement = ground_for(level_lead="", personal_tutor="", course_director="").party.placement
    story = Story(Ground(Party(placement, OFFICE, PEOPLE), PROVIDER)).reach(Stage.NEXT_STEPS, TUESDAY)

    assert set(told(story)) == {"tom", "priya", "sam", "ruth", CHANNEL}
    assert PLACEMENT.level_lead == "nadia"


def test_a_talk_and_what_came_of_it_recorded_together_reach_the_student_in_one_message() -> None:
    story = Story().reach(Stage.PLAN_TO_DISCUSS, TUESDAY)
    story.on(TUESDAY).link_tutor(e.PlanDiscussed).link_tutor(e.StudentAgreed)

    assert "tom" not in told(story)

    story = Story().reach(Stage.PLAN_TO_DISCUSS, TUESDAY)
    story.on(TUESDAY).link_tutor(e.PlanDiscussed)
    story.on("2026-10-06 15:00").link_tutor(e.StudentAgreed)

    assert told(story)["tom"] == Notice.PLAN_TO_YOU


# -- the review and what comes after it ------------------------------------------------------------------------------


def test_the_office_hears_of_a_review_that_is_no_visit_and_of_no_other() -> None:
    visit, call = (Story().reach(Stage.PLAN_IN_PLACE, TUESDAY) for _ in range(2))
    visit.on("2026-10-13 09:30").link_tutor(e.ReviewStarted)
    call.on("2026-10-13 09:30").link_tutor(e.ReviewStarted, in_person=False, not_in_person_because="snow")

    assert told(visit) == {}
    assert told(call) == {"sam": Notice.REVIEW_NOT_IN_PERSON}


@pytest.mark.parametrize("stage", [Stage.CONTINUES, Stage.NEXT_STEPS])
def test_level_lead_and_personal_tutor_hear_of_every_outcome_and_of_one_that_is_set_aside(stage: Stage) -> None:
    story = Story().reach(stage, TUESDAY)
    assert {told(story)[who] for who in ("nadia", "pat", "priya", "sam")} == {Notice.OUTCOME}

    story.on(LATER).lead(e.OutcomeReopened)
    assert {told(story)[who] for who in ("nadia", "pat", "priya", "sam")} == {Notice.OUTCOME_REOPENED}


def test_the_course_director_hears_of_an_outcome_only_where_a_placement_has_ended() -> None:
    continued, ended = (Story().reach(stage, TUESDAY) for stage in (Stage.CONTINUES, Stage.NEXT_STEPS))

    assert "alan" not in told(continued)
    assert told(ended)["alan"] is Notice.OUTCOME


def test_whoever_waits_for_the_leads_confirmation_hears_of_it() -> None:
    settings = Settings(termination_needs_lead=True)
    story = Story(ground_for(replace(PROVIDER, settings=settings))).reach(Stage.REVIEW, TUESDAY)
    for part in e.ReviewPart:
        story.on(LATER).link_tutor(e.ReviewPartRecorded, part=part)
    story.on(LATER).lead(e.TerminationConfirmed)

    assert told(story) == {"helen": Notice.TERMINATION_CONFIRMED}
