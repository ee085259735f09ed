"""The timers as people meet them: days pass, and it is said who was written to, when, and about what.

Unless a test says otherwise the placement keeps calendar A (half term 26 to 30 October, training day 20 November) and
everybody is full time. Stories mostly begin on Tuesday 10 November 2026, an ordinary week.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pathway import events as e
from pathway.clocks import review_day
from pathway.dates import in_london, local, local_date
from pathway.deadlines import deadline, latest_review, meeting_by
from pathway.hours import days_of
from pathway.nudges import MORNING, TIMED, Nudge, due, next_at, still_wanted
from pathway.nudges import planned as all_planned
from pathway.people import Office
from pathway.process import Stage
from pathway.provider import QuietHours, Settings
from pathway.roles import Role
from pathway.tellings import CHANNEL, Notice
from pathway.timers import ESCALATION, OFFER, TIMERS
from tests.pathway.builders import PROVIDER, Story, day, ground_for, line, moment, said

TUESDAY = "2026-11-10 10:00"
LATER = "2026-12-04 18:00"


def at_stage(stage: Stage, when: str = TUESDAY, **placement: Any) -> Story:
    return Story(ground_for(**placement)).reach(stage, when)


def planned(story: Story, *timers: str) -> list[Nudge]:
    return [n for n in all_planned(story.case, story.ground) if not timers or n.timer in timers]


def lines(story: Story, *timers: str) -> list[str]:
    return [line(n) for n in planned(story, *timers)]


def about(timer: str, sent: list[str]) -> list[str]:
    return [x for x in sent if f" {timer} " in x]


def the(story: Story, timer: str, rung: str, to: str = "") -> Nudge:
    found = [n for n in planned(story, timer) if n.rung == rung and to in {"", n.to}]
    assert len(found) == 1, lines(story, timer)
    return found[0]


# -- the stories of the process --------------------------------------------------------------------------------------


def test_story_1_priya_is_reminded_the_day_before_and_asked_at_half_past_three() -> None:
    story = Story()
    story.on("2026-10-06 10:00").mentor(e.WeeklyTargetSet)
    assert story.until("2026-10-13 15:30") == ["Mon 12 Oct 08:00 priya T1 day before", "Tue 13 Oct 15:30 priya T1 due"]
    story.on("2026-10-13 15:40").mentor(e.TargetMet)
    assert next_at(story.case, story.ground) is None
    assert story.until("2027-08-01") == []


def test_story_2_school_staff_and_student_hear_nothing_in_half_term() -> None:
    story = Story()
    story.on("2026-10-08 10:00").mentor(e.WeeklyTargetSet)
    assert story.until("2026-10-15 10:00") == ["Wed 14 Oct 08:00 priya T1 day before"]
    story.on("2026-10-15 10:00").mentor(e.LinkTutorTold).link_tutor(e.LinkTutorAcknowledged)
    story.on("2026-10-15 10:30").link_tutor(e.MeetingBooked, starts=moment("2026-10-19 15:45"))
    story.on("2026-10-19 16:30").mentor(e.ViewRecorded).link_tutor(e.ViewRecorded).link_tutor(e.InterventionAgreed)
    writing = story.on("2026-10-19 17:00").link_tutor(e.PlanWritten, review_at=moment("2026-11-03 09:30"))
    writing.mentor(e.PlanVersionAgreed).link_tutor(e.PlanVersionAgreed).mentor(e.PlanShared)
    story.on("2026-10-20 12:00").link_tutor(e.PlanDiscussed).link_tutor(e.StudentAgreed)
    story.on("2026-10-20 12:10").link_tutor(e.RecordedInPebblePad)
    sent = story.until("2026-11-03 12:00")
    assert about("T8", sent) == ["Thu 22 Oct 08:00 priya T8 due", "Thu 22 Oct 08:00 tom T8 due"]
    assert about("T9", sent) == [
        "Fri 23 Oct 08:00 helen T9 2 days before",
        "Fri 23 Oct 08:00 priya T9 2 days before",
        "Fri 23 Oct 08:00 tom T9 2 days before",
        "Mon 2 Nov 08:00 helen T9 first day back",
        "Mon 2 Nov 08:00 priya T9 first day back",
        "Mon 2 Nov 08:00 tom T9 first day back",
        "Tue 3 Nov 08:00 helen T9 due",
        "Tue 3 Nov 08:00 priya T9 due",
        "Tue 3 Nov 08:00 tom T9 due",
        "Tue 3 Nov 08:00 channel T9 channel",
    ]
    assert set(sent) == {*about("T8", sent), *about("T9", sent)}
    story.on("2026-11-03 12:05").link_tutor(e.ReviewStarted)
    for part in e.ReviewPart:
        story.on("2026-11-03 12:10").link_tutor(e.ReviewPartRecorded, part=part)
    story.on("2026-11-03 12:20").link_tutor(e.PlacementContinued)
    story.on("2026-11-04 09:00").link_tutor(e.RecordedInPebblePad, record=e.Record.REVIEW)
    assert story.until("2026-11-05 12:00") == ["Thu 5 Nov 08:00 helen T10 due outcome"]


def test_story_3_the_next_steps_meeting_is_due_within_a_week_of_the_outcome() -> None:
    story = Story().reach(Stage.NEXT_STEPS, "2026-11-27 14:30")
    assert said(the(story, "T12", "escalation", "ruth").due) == "Fri 4 Dec 17:30"


def test_story_4_the_partnership_lead_has_three_working_days_where_views_differ() -> None:
    story = at_stage(Stage.VIEWS_DIFFER, "2027-01-20 16:30")
    assert said(the(story, "T6", "due").due) == "Mon 25 Jan 17:30"


def test_story_9_without_a_link_tutor_the_office_is_asked_from_the_first_day() -> None:
    story = Story(ground_for(mentor="dot", link_tutor=""))
    story.on("2026-11-10 10:00").team(e.WeeklyTargetSet, for_mentor=True)
    assert story.until("2026-11-17 11:00") == ["Mon 16 Nov 08:00 dot T1 day before"]
    story.on("2026-11-17 11:00").team(e.LinkTutorTold, for_mentor=True)
    assert lines(story, "T2") == ["Wed 18 Nov 08:00 sam T2 due", "Thu 19 Nov 08:00 sam T2 escalation"]
    assert story.until("2026-11-18 10:00") == ["Wed 18 Nov 08:00 sam T2 due"]
    story.on("2026-11-18 10:00").team(e.LinkTutorAcknowledged).team(e.LinkTutorNamed, person="martin")
    assert lines(story, "T2") == []
    assert story.until("2026-11-19 09:00") == ["Thu 19 Nov 08:00 martin T3 due"]


# -- every timer, every rung ------------------------------------------------------------------------------------------


def test_t1_asks_the_mentor_three_times_and_then_the_link_tutor() -> None:
    story = at_stage(Stage.WEEKLY_TARGET, "2026-10-06 10:00")
    assert story.until("2026-11-20") == [
        "Mon 12 Oct 08:00 priya T1 day before",
        "Tue 13 Oct 15:30 priya T1 due",
        "Wed 14 Oct 08:00 priya T1 +1",
        "Fri 16 Oct 08:00 helen T1 escalation",
    ]


def test_t1_goes_to_the_office_in_the_end_where_there_is_no_link_tutor() -> None:
    story = at_stage(Stage.WEEKLY_TARGET, "2026-10-06 10:00", link_tutor="")
    last = the(story, "T1", "escalation")
    assert (last.to, last.role, last.notice) == ("sam", Role.PARTNERSHIP_TEAM, Notice.ESCALATION)


def test_t1_names_nobody_even_to_a_link_tutor_who_knows_the_case() -> None:
    story = at_stage(Stage.LINK_TUTOR_TOLD)
    story.on("2026-11-11 10:00").mentor(e.ReferralWithdrawn)
    assert the(story, "T1", "escalation").notice is Notice.ESCALATION


def test_t1_starts_again_with_one_more_week() -> None:
    story = at_stage(Stage.WEEKLY_TARGET, "2026-10-06 10:00")
    story.until("2026-10-13 16:00")
    story.on("2026-10-13 16:00").mentor(e.TargetContinued)
    assert story.until("2026-10-20 16:00") == ["Mon 19 Oct 08:00 priya T1 day before", "Tue 20 Oct 15:30 priya T1 due"]


def test_t1_asks_the_day_after_a_day_of_snow() -> None:
    story = at_stage(Stage.WEEKLY_TARGET)
    snow = replace(PROVIDER.calendars[0], closures=((day("2026-11-17"), day("2026-11-17")),))
    story.ground = replace(story.ground, provider=replace(PROVIDER, calendars=(snow,)))
    assert said(the(story, "T1", "due").at) == "Wed 18 Nov 15:30"


def test_t2_and_t3_ask_the_link_tutor_and_then_the_office() -> None:
    story = at_stage(Stage.LINK_TUTOR_TOLD)
    assert story.until(LATER) == [
        "Wed 11 Nov 08:00 helen T2 due",
        "Thu 12 Nov 08:00 sam T2 escalation",
        "Thu 12 Nov 08:00 helen T3 due",
        "Fri 13 Nov 08:00 helen T3 +1",
        "Mon 16 Nov 08:00 sam T3 escalation",
    ]


def test_t2_ends_with_i_have_it_and_t3_goes_on() -> None:
    story = at_stage(Stage.LINK_TUTOR_TOLD)
    story.on("2026-11-10 11:00").link_tutor(e.LinkTutorAcknowledged)
    assert lines(story, "T2") == []
    assert len(lines(story, "T3")) == 3


def test_t3_starts_anew_when_a_meeting_is_cancelled_and_nobody_acknowledges_twice() -> None:
    story = at_stage(Stage.MEETING_BOOKED)
    assert lines(story, "T2", "T3") == []
    story.on("2026-11-11 09:00").link_tutor(e.MeetingCancelled)
    assert lines(story, "T2") == []
    assert lines(story, "T3") == [
        "Fri 13 Nov 08:00 helen T3 due",
        "Mon 16 Nov 08:00 helen T3 +1",
        "Tue 17 Nov 08:00 sam T3 escalation",
    ]


def test_t3_wants_the_meeting_itself_within_five_school_days() -> None:
    story = at_stage(Stage.LINK_TUTOR_TOLD, "2026-10-20 10:00")
    found = meeting_by(story.case, story.ground)
    assert found is not None
    assert (found.day, found.how) == (day("2026-11-03"), "5 school days; half term 26 to 30 October is not counted")
    story.on("2026-10-20 11:00").link_tutor(e.MeetingBooked)
    assert meeting_by(story.case, story.ground) is None


def offered(at: str, *times: str) -> Story:
    story = Story().reach(Stage.LINK_TUTOR_TOLD, "2026-10-06 10:00")
    story.on("2026-10-06 11:00").link_tutor(e.LinkTutorAcknowledged)
    story.on(at).link_tutor(e.TimesOffered, times=tuple(map(moment, times)))
    return story


THREE_TIMES = ("2026-10-08 15:30", "2026-10-09 15:30", "2026-10-12 15:30")


def test_the_mentor_is_asked_once_more_about_offered_times_and_then_the_tutor_books_by_hand() -> None:
    story = offered("2026-10-06 14:00", *THREE_TIMES)

    assert lines(story, OFFER) == ["Wed 7 Oct 14:00 priya offer due"], "T3 asks Helen on the same morning"
    assert "Thu 8 Oct 08:00 helen T3 due" in lines(story, "T3")
    later = offered("2026-10-07 14:00", *THREE_TIMES[1:])
    assert lines(later, OFFER) == ["Thu 8 Oct 14:00 priya offer due"]
    differ = Story().reach(Stage.VIEWS_DIFFER, "2026-10-06 10:00")
    differ.on("2026-10-06 14:00").link_tutor(e.TimesOffered, times=tuple(map(moment, THREE_TIMES)))
    assert lines(differ, OFFER)[1] == "Thu 8 Oct 08:00 helen offer by hand"


def test_of_times_offered_in_the_evening_the_mentor_has_a_whole_school_day() -> None:
    story = offered("2026-10-06 20:00", *THREE_TIMES)

    assert lines(story, OFFER)[0] == "Thu 8 Oct 08:00 priya offer due"


def test_an_answer_a_new_offer_a_booking_or_somebody_else_in_the_part_ends_the_question() -> None:
    answered = offered("2026-10-06 14:00", *THREE_TIMES)
    answered.on("2026-10-06 15:00").mentor(e.TimesChosen, times=())
    assert lines(answered, OFFER) == []
    booked = offered("2026-10-06 14:00", *THREE_TIMES)
    booked.on("2026-10-06 15:00").link_tutor(e.MeetingBooked)
    assert lines(booked, OFFER) == []
    handed_on = offered("2026-10-06 14:00", *THREE_TIMES)
    handed_on.on("2026-10-06 15:00").team(e.LinkTutorNamed, person="martin")
    assert lines(handed_on, OFFER) == []
    anew = offered("2026-10-06 14:00", *THREE_TIMES)
    anew.on("2026-10-06 15:00").link_tutor(e.TimesOffered, times=(moment("2026-10-13 15:30"),))
    assert lines(anew, OFFER)[0] == "Wed 7 Oct 15:00 priya offer due"


def test_the_question_waits_for_school_to_be_back() -> None:
    story = offered("2026-10-23 14:00", "2026-11-03 15:30")

    assert lines(story, OFFER)[0] == "Mon 2 Nov 14:00 priya offer due"


def test_t4_asks_two_hours_after_the_meeting_has_ended() -> None:
    story = at_stage(Stage.LINK_TUTOR_TOLD)
    story.on("2026-11-10 11:00").link_tutor(e.MeetingBooked, starts=moment("2026-11-11 10:00"), minutes=30)
    assert story.until(LATER) == [
        "Wed 11 Nov 12:30 helen T4 due",
        "Thu 12 Nov 08:00 helen T4 next day",
        "Fri 13 Nov 08:00 sam T4 escalation",
    ]


def test_t4_waits_for_the_morning_where_the_meeting_was_late_and_is_still_a_card_of_its_own() -> None:
    story = at_stage(Stage.LINK_TUTOR_TOLD)
    story.on("2026-11-10 11:00").link_tutor(e.MeetingBooked, starts=moment("2026-11-11 15:45"), minutes=45)
    card = the(story, "T4", "due")
    assert (said(card.due), said(card.at), card.group) == ("Wed 11 Nov 18:30", "Thu 12 Nov 08:00", TIMED)
    assert said(the(story, "T4", "next day").at) == "Fri 13 Nov 08:00"


def test_t4_follows_a_meeting_that_is_moved() -> None:
    story = at_stage(Stage.MEETING_BOOKED)
    story.on("2026-11-10 12:00").link_tutor(e.MeetingBooked, starts=moment("2026-11-12 09:00"), minutes=60)
    assert said(the(story, "T4", "due").at) == "Thu 12 Nov 12:00"


def test_t5_asks_both_writers_of_the_plan() -> None:
    assert at_stage(Stage.WRITING_PLAN).until(LATER) == [
        "Wed 11 Nov 08:00 helen T5 due",
        "Wed 11 Nov 08:00 priya T5 due",
        "Thu 12 Nov 08:00 sam T5 escalation",
    ]


def test_t6_asks_the_partnership_lead_and_then_the_course_director_who_sees_nothing_of_it() -> None:
    story = at_stage(Stage.VIEWS_DIFFER)
    assert the(story, "T6", "escalation").notice is Notice.ESCALATION
    assert story.until(LATER) == ["Fri 13 Nov 08:00 ruth T6 due", "Tue 17 Nov 08:00 alan T6 escalation"]


def test_t7_asks_for_the_conversation_with_the_student_and_never_asks_the_student() -> None:
    assert at_stage(Stage.PLAN_TO_DISCUSS).until(LATER) == [
        "Thu 12 Nov 08:00 helen T7 due",
        "Thu 12 Nov 08:00 priya T7 due",
        "Fri 13 Nov 08:00 sam T7 escalation",
    ]


def test_t8_looks_in_halfway_and_goes_no_further() -> None:
    story = at_stage(Stage.PLAN_IN_PLACE)
    assert lines(story, "T8") == ["Thu 12 Nov 08:00 priya T8 due", "Thu 12 Nov 08:00 tom T8 due"]


def test_t8_is_left_out_where_the_review_is_no_later() -> None:
    story = at_stage(Stage.PLAN_IN_PLACE)
    story.on("2026-11-10 11:00").link_tutor(e.ReviewChanged, review_at=moment("2026-11-12 14:00"))
    assert lines(story, "T8") == []


def test_t9_tells_all_three_and_then_asks_the_link_tutor_and_the_office() -> None:
    story = at_stage(Stage.PLAN_IN_PLACE)
    assert lines(story, "T9") == [
        "Fri 13 Nov 08:00 helen T9 2 days before",
        "Fri 13 Nov 08:00 priya T9 2 days before",
        "Fri 13 Nov 08:00 tom T9 2 days before",
        "Tue 17 Nov 08:00 helen T9 due",
        "Tue 17 Nov 08:00 priya T9 due",
        "Tue 17 Nov 08:00 tom T9 due",
        "Tue 17 Nov 08:00 channel T9 channel",
        "Wed 18 Nov 08:00 helen T9 +1",
        "Thu 19 Nov 08:00 sam T9 escalation",
    ]


def test_t9_tells_the_channel_a_reference_and_a_date_where_there_is_a_channel() -> None:
    story = at_stage(Stage.PLAN_IN_PLACE)
    post = the(story, "T9", "channel")
    assert (post.to, post.notice) == (CHANNEL, Notice.ESCALATION)
    without = replace(PROVIDER, settings=Settings(partnership_channel=False))
    story.ground = replace(story.ground, provider=without)
    assert all(n.to != CHANNEL for n in planned(story))


def test_t9_starts_anew_with_a_new_day_for_the_review() -> None:
    story = at_stage(Stage.PLAN_IN_PLACE)
    story.until("2026-11-13 12:00")
    story.on("2026-11-13 12:00").link_tutor(e.ReviewChanged, review_at=moment("2026-11-19 10:00"))
    assert about("T9", story.until("2026-11-19 09:00"))[::3] == [
        "Tue 17 Nov 08:00 helen T9 2 days before",
        "Thu 19 Nov 08:00 helen T9 due",
        "Thu 19 Nov 08:00 channel T9 channel",
    ]


def test_t9_leaves_out_what_would_come_too_late() -> None:
    story = at_stage(Stage.PLAN_IN_PLACE)
    story.on("2026-11-16 12:00").link_tutor(e.ReviewChanged, review_at=moment("2026-11-17 10:00"))
    assert "2 days before" not in {n.rung for n in planned(story, "T9")}


def test_t9_reaches_a_tutor_who_does_not_work_on_the_day_before_it() -> None:
    story = at_stage(Stage.PLAN_IN_PLACE, link_tutor_days="Monday, Wednesday")
    assert [x for x in lines(story, "T9") if "helen" in x] == [
        "Mon 16 Nov 08:00 helen T9 due",
        "Wed 18 Nov 08:00 helen T9 +1",
    ]


def test_t9_speaks_on_the_first_day_back_though_its_reminder_would_have_come_too_late() -> None:
    story = Story()
    story.reach(Stage.PLAN_TO_DISCUSS, "2026-10-20 10:00", review_at=moment("2026-11-03 09:30"))
    story.on("2026-10-23 14:00").link_tutor(e.PlanDiscussed).link_tutor(e.StudentAgreed, short_week_because="agreed")
    assert [x for x in lines(story, "T9") if "tom" in x] == [
        "Mon 2 Nov 08:00 tom T9 first day back",
        "Tue 3 Nov 08:00 tom T9 due",
    ]


def test_t10_asks_whoever_recorded_it_and_then_lists_it_to_the_link_tutor_on_four_mondays() -> None:
    story = at_stage(Stage.CONTINUES, "2026-11-10 10:00")
    story.on("2026-11-10 11:00").link_tutor(e.RecordedInPebblePad, record=e.Record.PLAN)
    story.on("2026-11-10 11:00").link_tutor(e.RecordedInPebblePad, record=e.Record.REVIEW)
    assert story.until("2027-08-01") == [
        "Thu 12 Nov 08:00 helen T10 due outcome",
        "Mon 16 Nov 08:00 helen T10 week 1 outcome",
        "Mon 23 Nov 08:00 helen T10 week 2 outcome",
        "Mon 30 Nov 08:00 helen T10 week 3 outcome",
        "Mon 7 Dec 08:00 helen T10 week 4 outcome",
    ]


def test_t10_asks_the_mentor_for_a_plan_that_the_mentor_put_in_place() -> None:
    story = at_stage(Stage.PLAN_TO_DISCUSS)
    story.on("2026-11-10 11:00").mentor(e.PlanDiscussed).mentor(e.StudentAgreed)
    assert the(story, "T10", "due plan").to == "priya"
    assert the(story, "T10", "week 1 plan").to == "helen"


def test_t10_is_content_with_a_plan_written_into_pebblepad_there_and_then() -> None:
    story = at_stage(Stage.PLAN_TO_DISCUSS)
    story.on("2026-11-10 10:30").mentor(e.RecordedInPebblePad, record=e.Record.PLAN)
    story.on("2026-11-10 11:00").mentor(e.PlanDiscussed).mentor(e.StudentAgreed)
    assert lines(story, "T10") == []


def test_t10_keeps_plan_review_and_outcome_apart() -> None:
    story = at_stage(Stage.CONTINUES)
    story.on("2026-11-11 11:00").link_tutor(e.RecordedInPebblePad, record=e.Record.REVIEW)
    assert {n.subject for n in planned(story, "T10")} == {"plan", "outcome"}
    sent = story.sweep("2026-11-12 08:00")
    assert [line(n) for n in sent] == ["Thu 12 Nov 08:00 helen T10 due plan", "Thu 12 Nov 08:00 helen T10 due outcome"]


def test_t10_lets_no_later_record_overtake_an_earlier_one_in_an_outage() -> None:
    story = at_stage(Stage.PLAN_IN_PLACE)
    story.reach(Stage.REVIEW, "2026-11-17 10:00")
    sent = [line(n) for n in story.sweep("2026-11-19 09:00")]
    assert about("T10", sent) == ["Mon 16 Nov 08:00 helen T10 week 1 plan", "Thu 19 Nov 08:00 helen T10 due review"]


def test_t10_asks_for_no_outcome_that_was_reopened() -> None:
    story = at_stage(Stage.CONTINUES)
    story.on("2026-11-11 09:00").lead(e.OutcomeReopened)
    assert {n.subject for n in planned(story, "T10")} == {"plan", "review"}


def test_t11_asks_at_five_on_the_day_and_in_the_morning_and_then_alerts_the_partnership_lead() -> None:
    story = at_stage(Stage.REVIEW)
    assert the(story, "T11", "due").group == TIMED
    assert lines(story, "T11") == [
        "Tue 10 Nov 17:00 helen T11 due",
        "Wed 11 Nov 08:00 helen T11 next day",
        "Thu 12 Nov 08:00 ruth T11 escalation",
    ]


def test_t11_waits_for_the_morning_where_the_review_was_entered_in_the_evening() -> None:
    story = at_stage(Stage.REVIEW, "2026-11-10 19:00")
    assert lines(story, "T11") == [
        "Wed 11 Nov 08:00 helen T11 due",
        "Thu 12 Nov 08:00 helen T11 next day",
        "Thu 12 Nov 08:00 ruth T11 escalation",
    ]


def test_t12_asks_the_office_to_book_and_then_everybody_who_can_bring_it_about() -> None:
    story = at_stage(Stage.NEXT_STEPS)
    assert lines(story, "T12") == [
        "Wed 11 Nov 08:00 sam T12 1 day",
        "Fri 13 Nov 08:00 sam T12 3 days",
        "Fri 13 Nov 08:00 ruth T12 3 days",
        "Tue 17 Nov 08:00 ruth T12 escalation",
        "Tue 17 Nov 08:00 alan T12 escalation",
    ]


def test_t12_reminds_the_invited_the_day_before_once_it_is_booked() -> None:
    story = at_stage(Stage.NEXT_STEPS)
    story.on("2026-11-10 12:00").team(e.NextStepsBooked, starts=moment("2026-11-16 14:00"))
    assert lines(story, "T12") == [
        "Fri 13 Nov 08:00 tom T12 day before",
        "Fri 13 Nov 08:00 alan T12 day before",
        "Fri 13 Nov 08:00 nadia T12 day before",
        "Fri 13 Nov 08:00 ruth T12 day before",
        "Tue 17 Nov 08:00 ruth T12 escalation",
        "Tue 17 Nov 08:00 alan T12 escalation",
    ]


def test_t12_reminds_a_student_in_the_holidays_on_the_last_day_of_school() -> None:
    story = at_stage(Stage.NEXT_STEPS, "2026-10-22 10:00")
    story.on("2026-10-22 12:00").team(e.NextStepsBooked, starts=moment("2026-10-28 14:00"))
    assert said(the(story, "T12", "day before", "tom").at) == "Fri 23 Oct 08:00"
    assert said(the(story, "T12", "day before", "alan").at) == "Tue 27 Oct 08:00"


def test_t12_says_nothing_about_a_meeting_that_was_missed_in_an_outage() -> None:
    story = at_stage(Stage.NEXT_STEPS)
    story.on("2026-11-10 12:00").team(e.NextStepsBooked, starts=moment("2026-11-13 11:00"))
    assert about("T12", [line(n) for n in story.sweep("2026-11-13 12:00")]) == []


def test_t12_keeps_the_christmas_closure() -> None:
    story = at_stage(Stage.NEXT_STEPS, "2026-12-18 10:00")
    assert lines(story, "T12") == [
        "Mon 21 Dec 08:00 sam T12 1 day",
        "Wed 23 Dec 08:00 sam T12 3 days",
        "Wed 23 Dec 08:00 ruth T12 3 days",
        "Mon 4 Jan 08:00 sam T12 first day back",
        "Mon 4 Jan 08:00 ruth T12 first day back",
        "Tue 5 Jan 08:00 ruth T12 escalation",
        "Tue 5 Jan 08:00 alan T12 escalation",
    ]


def test_t13_asks_whoever_paused_twice_and_then_the_office() -> None:
    story = at_stage(Stage.WEEKLY_TARGET)
    story.on("2026-11-10 11:00").mentor(e.CasePaused)
    assert story.until("2027-08-01") == [
        "Tue 17 Nov 08:00 priya T13 due",
        "Wed 25 Nov 08:00 priya T13 again",
        "Wed 25 Nov 08:00 sam T13 escalation",
    ]


def test_t13_asks_on_the_day_that_was_expected_for_the_return() -> None:
    story = at_stage(Stage.LINK_TUTOR_TOLD)
    story.on("2026-11-10 11:00").team(e.CasePaused, back_on=day("2026-11-13"))
    assert story.until("2027-08-01") == [
        "Fri 13 Nov 08:00 sam T13 due",
        "Mon 23 Nov 08:00 sam T13 again",
        "Wed 25 Nov 08:00 sam T13 escalation",
    ]


def test_t13_goes_to_the_new_mentor_where_the_mentor_who_paused_has_gone() -> None:
    story = at_stage(Stage.WEEKLY_TARGET)
    story.on("2026-11-10 11:00").mentor(e.CasePaused).team(e.MentorNamed)
    assert the(story, "T13", "due").to == "gareth"


def test_t14_watches_the_end_of_the_placement() -> None:
    story = at_stage(Stage.WEEKLY_TARGET, "2026-11-16 10:00", end=day("2026-12-04"))
    assert lines(story, "T14") == ["Thu 19 Nov 08:00 priya T14 due", "Fri 27 Nov 08:00 sam T14 escalation"]
    assert latest_review(story.ground) == day("2026-12-04")
    assert latest_review(ground_for(end=day("2026-11-22"))) == day("2026-11-19")


def test_t14_speaks_once_to_the_mentor_or_to_the_link_tutor() -> None:
    story = at_stage(Stage.WEEKLY_TARGET, "2026-11-16 10:00", end=day("2026-12-04"))
    assert about("T14", story.until("2026-11-19 09:00")) == ["Thu 19 Nov 08:00 priya T14 due"]
    story.on("2026-11-19 09:00").mentor(e.LinkTutorTold)
    assert about("T14", story.until("2026-11-26")) == []
    told = at_stage(Stage.LINK_TUTOR_TOLD, "2026-11-16 10:00", end=day("2026-12-04"))
    assert the(told, "T14", "due").to == "helen"


def test_t14_speaks_the_next_morning_about_a_concern_raised_near_the_end() -> None:
    story = at_stage(Stage.WEEKLY_TARGET, "2026-11-24 10:00", end=day("2026-12-04"))
    assert said(the(story, "T14", "due").at) == "Wed 25 Nov 08:00"


def test_t14_is_silent_once_the_placement_was_terminated() -> None:
    assert lines(at_stage(Stage.NEXT_STEPS), "T14") == []


# -- holidays, part time, clocks --------------------------------------------------------------------------------------


def test_a_week_over_the_training_day_is_a_day_longer() -> None:
    story = at_stage(Stage.WEEKLY_TARGET, "2026-11-17 10:00")
    assert lines(story, "T1")[:2] == ["Tue 24 Nov 08:00 priya T1 day before", "Wed 25 Nov 15:30 priya T1 due"]


def test_a_reminder_on_the_last_day_of_term_is_repeated_on_the_first_day_back() -> None:
    story = Story()
    story.on("2026-10-19 10:00").mentor(e.WeeklyTargetSet, check_on=day("2026-11-02"))
    assert lines(story, "T1")[:3] == [
        "Fri 23 Oct 08:00 priya T1 day before",
        "Mon 2 Nov 08:00 priya T1 first day back",
        "Mon 2 Nov 15:30 priya T1 due",
    ]


def test_a_weekend_or_one_bank_holiday_is_no_holiday() -> None:
    story = Story()
    story.on("2027-04-27 10:00").mentor(e.WeeklyTargetSet, check_on=day("2027-05-04"))
    assert [n.rung for n in planned(story, "T1")] == ["day before", "due", "+1", "escalation"]


def test_over_christmas_nobody_hears_anything_before_school_is_back() -> None:
    story = at_stage(Stage.WEEKLY_TARGET, "2026-12-16 10:00")
    assert lines(story, "T1") == [
        "Wed 6 Jan 08:00 priya T1 day before",
        "Thu 7 Jan 15:30 priya T1 due",
        "Fri 8 Jan 08:00 priya T1 +1",
        "Tue 12 Jan 08:00 helen T1 escalation",
    ]


def test_two_weeks_of_half_term_count_for_nothing() -> None:
    story = at_stage(Stage.WEEKLY_TARGET, "2026-10-14 10:00", calendar="B")
    assert lines(story, "T1")[:2] == ["Wed 4 Nov 08:00 priya T1 day before", "Thu 5 Nov 15:30 priya T1 due"]


def test_half_term_does_not_stop_the_link_tutors_clock() -> None:
    story = at_stage(Stage.LINK_TUTOR_TOLD, "2026-10-23 10:00")
    assert lines(story, "T2", "T3")[:2] == ["Mon 26 Oct 08:00 helen T2 due", "Tue 27 Oct 08:00 sam T2 escalation"]


def test_a_part_time_tutor_is_asked_on_the_tutors_own_days() -> None:
    story = at_stage(Stage.LINK_TUTOR_TOLD, link_tutor_days="Monday, Thursday")
    assert [x for x in lines(story, "T2", "T3") if "helen" in x] == [
        "Thu 12 Nov 08:00 helen T2 due",
        "Mon 16 Nov 08:00 helen T3 due",
        "Thu 19 Nov 08:00 helen T3 +1",
    ]


def test_the_office_hears_when_a_tutor_is_away_for_more_than_two_working_days() -> None:
    story = at_stage(Stage.LINK_TUTOR_TOLD, link_tutor_days="Monday")
    story.on("2026-11-10 11:00").team(e.LinkTutorAcknowledged)
    assert lines(story, "T3") == [
        "Fri 13 Nov 08:00 sam T3 away",
        "Mon 23 Nov 08:00 helen T3 due",
        "Mon 30 Nov 08:00 helen T3 +1",
        "Mon 7 Dec 08:00 sam T3 escalation",
    ]
    two_days = at_stage(Stage.LINK_TUTOR_TOLD, link_tutor_days="Tuesday, Friday")
    assert "away" not in {n.rung for n in planned(two_days)}


def test_the_plan_is_asked_for_on_a_school_day_of_the_tutors_own() -> None:
    story = at_stage(Stage.WRITING_PLAN, "2026-10-22 10:00", link_tutor_days="Monday, Tuesday, Wednesday")
    assert said(the(story, "T5", "due", "helen").at) == "Mon 2 Nov 08:00"
    found = deadline(story.case, story.ground)
    assert found is not None
    assert found.how == (
        "1 school day; only Mondays, Tuesdays and Wednesdays are counted; half term 26 to 30 October is not counted"
    )


@pytest.mark.parametrize(
    ("opened", "stage", "timer", "rung", "in_utc"),
    [
        # The clocks go forward on 29 March 2026 and 28 March 2027, and back on 25 October 2026 and 31 October 2027.
        ("2026-03-26 10:00", Stage.LINK_TUTOR_TOLD, "T3", "due", datetime(2026, 3, 30, 7, tzinfo=UTC)),
        ("2026-10-22 10:00", Stage.LINK_TUTOR_TOLD, "T3", "due", datetime(2026, 10, 26, 8, tzinfo=UTC)),
        ("2027-03-25 10:00", Stage.LINK_TUTOR_TOLD, "T2", "due", datetime(2027, 3, 30, 7, tzinfo=UTC)),
        ("2027-10-28 10:00", Stage.LINK_TUTOR_TOLD, "T3", "due", datetime(2027, 11, 1, 8, tzinfo=UTC)),
        ("2026-03-24 10:00", Stage.WEEKLY_TARGET, "T1", "due", datetime(2026, 3, 31, 14, 30, tzinfo=UTC)),
        ("2026-10-22 10:00", Stage.WEEKLY_TARGET, "T1", "due", datetime(2026, 11, 5, 15, 30, tzinfo=UTC)),
        ("2027-03-24 10:00", Stage.WEEKLY_TARGET, "T1", "due", datetime(2027, 4, 19, 14, 30, tzinfo=UTC)),
        ("2027-10-26 10:00", Stage.WEEKLY_TARGET, "T1", "due", datetime(2027, 11, 2, 15, 30, tzinfo=UTC)),
    ],
)
def test_the_hour_on_the_wall_is_kept_over_every_change_of_the_clocks(
    opened: str, stage: Stage, timer: str, rung: str, in_utc: datetime
) -> None:
    story = at_stage(stage, opened, start=day("2026-01-05"), end=day("2028-07-21"))
    assert the(story, timer, rung).at == in_utc


def test_a_placement_without_known_dates_keeps_weekdays() -> None:
    story = at_stage(Stage.WEEKLY_TARGET, "2026-10-21 10:00", calendar="nobody knows")
    assert said(the(story, "T1", "due").at) == "Wed 28 Oct 15:30"


def test_the_hours_and_the_length_of_the_steps_are_the_providers() -> None:
    hours = QuietHours(opens=time(9), closes=time(16), check_at=time(15), outcome_by=time(16))
    provider = replace(PROVIDER, quiet_hours=hours, days=replace(PROVIDER.days, next_steps=3))
    checked = Story(ground_for(provider)).reach(Stage.WEEKLY_TARGET, "2026-10-06 10:00")
    assert lines(checked, "T1")[:2] == ["Mon 12 Oct 09:00 priya T1 day before", "Tue 13 Oct 15:00 priya T1 due"]
    assert said(the(Story(ground_for(provider)).reach(Stage.REVIEW, TUESDAY), "T11", "due").at) == "Tue 10 Nov 16:00"
    steps = Story(ground_for(provider)).reach(Stage.NEXT_STEPS, TUESDAY)
    assert said(the(steps, "T12", "escalation", "alan").due) == "Fri 13 Nov 16:00"


# -- outages ----------------------------------------------------------------------------------------------------------


def test_after_a_weekend_off_each_person_gets_one_message_and_the_rest_is_only_noted() -> None:
    story = at_stage(Stage.LINK_TUTOR_TOLD, "2026-11-10 10:00")
    found = due(story.case, story.ground, moment("2026-11-16 08:00"))
    assert {line(n): n.send for n in found} == {
        "Wed 11 Nov 08:00 helen T2 due": True,
        "Thu 12 Nov 08:00 sam T2 escalation": True,
        "Thu 12 Nov 08:00 helen T3 due": False,
        "Fri 13 Nov 08:00 helen T3 +1": True,
        "Mon 16 Nov 08:00 sam T3 escalation": True,
    }
    assert {n.group for n in found} == {MORNING}


def test_after_two_weeks_off_a_mentor_is_asked_once() -> None:
    story = at_stage(Stage.WEEKLY_TARGET, "2026-10-06 10:00")
    sent = story.sweep("2026-10-19 09:00")
    assert [line(n) for n in sent] == ["Wed 14 Oct 08:00 priya T1 +1", "Fri 16 Oct 08:00 helen T1 escalation"]
    assert story.sweep("2026-10-19 09:01") == []
    noted = [x for x in story.case.all(e.Nudged) if not x.sent]
    assert [x.rung for x in noted] == ["day before", "due"]


def test_what_is_found_at_night_keeps_until_the_morning_and_joins_its_message() -> None:
    story = at_stage(Stage.WEEKLY_TARGET, "2026-10-06 10:00")
    story.until("2026-10-12 12:00")
    friday_night = moment("2026-10-13 21:00")
    (card,) = due(story.case, story.ground, friday_night)
    assert not card.send, "the morning brings the next rung anyway"
    story.sweep(friday_night)
    assert story.until("2026-10-14 08:00") == ["Wed 14 Oct 08:00 priya T1 +1"]


def test_a_last_rung_found_on_a_saturday_goes_out_on_monday_morning() -> None:
    story = at_stage(Stage.VIEWS_DIFFER, "2026-11-11 10:00")
    story.until("2026-11-16 12:00")
    saturday = moment("2026-11-21 11:00")
    (last,) = due(story.case, story.ground, saturday)
    assert (line(last), last.group) == ("Mon 23 Nov 08:00 alan T6 escalation", MORNING)
    item = last.item(saturday)
    assert said(item.not_before) == "Mon 23 Nov 08:00"
    assert item.data["due"] == last.due.isoformat()


def test_a_timed_card_that_is_late_gives_way_to_the_next_morning() -> None:
    story = at_stage(Stage.LINK_TUTOR_TOLD)
    story.on("2026-11-10 11:00").link_tutor(e.MeetingBooked, starts=moment("2026-11-11 10:00"), minutes=30)
    (on_time,) = due(story.case, story.ground, moment("2026-11-11 12:31"))
    assert (on_time.send, on_time.group) == (True, TIMED)
    (late,) = due(story.case, story.ground, moment("2026-11-11 17:31"))
    assert not late.send
    story.sweep("2026-11-11 17:31")
    assert [(line(n), n.group) for n in story.sweep("2026-11-12 09:00")] == [
        ("Thu 12 Nov 08:00 helen T4 next day", MORNING)
    ]


def test_the_halfway_look_is_not_made_after_the_review() -> None:
    story = at_stage(Stage.PLAN_IN_PLACE)
    found = due(story.case, story.ground, moment("2026-11-17 09:00"))
    assert {n.send for n in found if n.timer == "T8"} == {False}
    early = due(story.case, story.ground, moment("2026-11-16 09:00"))
    assert {n.send for n in early if n.timer == "T8"} == {True}


def test_nothing_is_sent_twice_after_a_restart_or_when_the_clock_is_put_back() -> None:
    story = at_stage(Stage.WEEKLY_TARGET, "2026-10-06 10:00")
    assert len(story.sweep("2026-10-12 08:00")) == 1
    for again in ("2026-10-12 08:00", "2026-10-12 06:00", "2026-10-12 10:00"):
        assert story.sweep(again) == []


# -- silence ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ending",
    [e.RaisedInError, e.StudentLeftCourse, e.PlacementEnded, e.OtherProcedureTookOver],
    ids=lambda k: k.__name__,
)
def test_a_case_that_is_ended_falls_silent(ending: type[e.Event]) -> None:
    story = at_stage(Stage.LINK_TUTOR_TOLD)
    story.on("2026-11-10 12:00").lead(ending)
    assert next_at(story.case, story.ground) is None
    assert due(story.case, story.ground, moment("2027-08-01")) == ()
    assert deadline(story.case, story.ground) is None


def test_a_plan_that_should_not_have_been_is_asked_for_no_more() -> None:
    story = at_stage(Stage.PLAN_IN_PLACE)
    story.on("2026-11-10 12:00").team(e.RaisedInError)
    assert lines(story) == []


def test_a_paused_case_asks_only_about_the_pause_and_pebblepad() -> None:
    story = at_stage(Stage.PLAN_IN_PLACE)
    story.on("2026-11-10 12:00").link_tutor(e.CasePaused)
    assert {n.timer for n in planned(story)} == {"T10", "T13"}


def test_a_closed_case_asks_only_about_pebblepad() -> None:
    assert {n.timer for n in planned(at_stage(Stage.CONTINUES))} == {"T10"}


def test_what_waits_to_be_sent_is_wanted_only_while_the_case_stands_where_it_stood() -> None:
    story = at_stage(Stage.WEEKLY_TARGET, "2026-10-06 10:00")
    (nudge,) = story.sweep("2026-10-12 08:00")
    item = nudge.item(moment("2026-10-12 08:00"))
    assert still_wanted(story.case, story.ground, item)
    story.on("2026-10-12 09:00").mentor(e.TargetMet)
    assert not still_wanted(story.case, story.ground, item)


def test_what_waits_for_somebody_who_was_replaced_is_wanted_no_more() -> None:
    story = at_stage(Stage.LINK_TUTOR_TOLD)
    item = next(n for n in story.sweep("2026-11-11 08:00")).item(moment("2026-11-11 08:00"))
    story.on("2026-11-11 08:05").team(e.LinkTutorNamed, person="martin")
    assert not still_wanted(story.case, story.ground, item)


def test_somebody_named_later_is_reminded_from_the_next_morning_on() -> None:
    story = at_stage(Stage.LINK_TUTOR_TOLD)
    story.until("2026-11-16 12:00")
    story.on("2026-11-17 10:00").team(e.LinkTutorNamed, person="martin")
    assert story.sweep("2026-11-17 10:05") == []
    assert story.until("2026-11-18 12:00") == ["Wed 18 Nov 08:00 martin T2 due", "Wed 18 Nov 08:00 martin T3 +1"]


# -- pauses -----------------------------------------------------------------------------------------------------------


def paused(story: Story, from_: str, to: str, **resumed: Any) -> Story:
    story.on(from_).team(e.CasePaused)
    story.on(to).team(e.CaseResumed, **resumed)
    return story


def test_after_a_pause_the_check_is_on_the_day_that_was_agreed_for_it() -> None:
    story = paused(
        at_stage(Stage.WEEKLY_TARGET),
        "2026-11-12 09:00",
        "2026-11-23 09:00",
        check_on=day("2026-11-26"),
        check_found="",
    )
    assert lines(story, "T1")[:2] == ["Wed 25 Nov 08:00 priya T1 day before", "Thu 26 Nov 15:30 priya T1 due"]


def test_after_a_pause_the_days_that_were_left_run_on() -> None:
    story = at_stage(Stage.NEXT_STEPS)
    story = paused(story, "2026-11-11 09:00", "2026-11-23 09:00")
    found = deadline(story.case, story.ground)
    assert found is not None
    assert said(found.due) == "Fri 27 Nov 17:30"
    assert found.how == "4 working days; counted from the first day back"


def test_after_a_pause_there_are_at_least_two_school_days() -> None:
    story = paused(at_stage(Stage.WRITING_PLAN), "2026-11-10 12:00", "2026-11-19 09:00")
    assert lines(story, "T5") == [
        "Tue 24 Nov 08:00 helen T5 due",
        "Tue 24 Nov 08:00 priya T5 due",
        "Wed 25 Nov 08:00 sam T5 escalation",
    ]


def test_a_second_pause_stops_the_clock_again() -> None:
    story = paused(at_stage(Stage.NEXT_STEPS), "2026-11-11 09:00", "2026-11-16 09:00")
    story = paused(story, "2026-11-17 09:00", "2026-11-23 09:00")
    assert said(the(story, "T12", "escalation", "alan").due) == "Thu 26 Nov 17:30"


def test_a_review_that_a_pause_has_overtaken_is_asked_for_anew_and_one_that_it_has_not_stands() -> None:
    story = paused(at_stage(Stage.PLAN_IN_PLACE), "2026-11-12 09:00", "2026-11-23 09:00")
    assert review_day(story.case, story.ground) == day("2026-11-26")
    short = paused(at_stage(Stage.PLAN_IN_PLACE), "2026-11-11 09:00", "2026-11-12 09:00")
    assert review_day(short.case, short.ground) == day("2026-11-17")
    story.on("2026-11-23 10:00").link_tutor(e.ReviewChanged, review_at=moment("2026-11-30 10:00"))
    assert review_day(story.case, story.ground) == day("2026-11-30")


def test_a_meeting_that_a_pause_has_overtaken_is_asked_about_two_days_after_it() -> None:
    story = paused(at_stage(Stage.MEETING_BOOKED), "2026-11-11 09:00", "2026-11-16 09:00")
    assert said(the(story, "T4", "due").at) == "Thu 19 Nov 08:00"
    still_to_come = at_stage(Stage.LINK_TUTOR_TOLD)
    still_to_come.on("2026-11-10 11:00").link_tutor(e.MeetingBooked, starts=moment("2026-11-18 10:00"), minutes=60)
    paused(still_to_come, "2026-11-11 09:00", "2026-11-16 09:00")
    assert said(the(still_to_come, "T4", "due").at) == "Wed 18 Nov 13:00"


def test_what_was_recorded_of_a_stage_before_a_pause_still_counts_after_it() -> None:
    story = at_stage(Stage.REVIEW)
    story.on("2026-11-10 12:00").link_tutor(e.ReviewPartRecorded)
    paused(story, "2026-11-10 13:00", "2026-11-12 09:00")
    assert len(story.case.this_stage(e.ReviewPartRecorded)) == 1
    assert isinstance(story.case.began, e.ReviewStarted)


# -- people see it coming ---------------------------------------------------------------------------------------------


def test_the_mentor_is_told_that_the_link_tutor_will_be_asked_to_ring() -> None:
    story = at_stage(Stage.WEEKLY_TARGET, "2026-10-21 10:00")
    found = deadline(story.case, story.ground)
    assert found is not None
    assert (found.timer, found.of, found.day) == ("T1", Role.MENTOR, day("2026-11-04"))
    assert found.how == "5 school days; half term 26 to 30 October is not counted"
    assert found.escalates_to == ("helen",)
    assert found.then == (
        "If nobody answers by Monday 9 November, 8am, Dr Helen Marsh (Link Tutor) is asked to ring Priya Nair about it. "
        "The message names no student and shows nothing of what was written."
    )


def test_a_day_that_people_chose_says_so_in_their_words() -> None:
    story = Story()
    story.on("2026-10-06 10:00").mentor(
        e.WeeklyTargetSet, check_on=day("2026-10-15"), check_found="7 school days; you chose this day"
    )
    found = deadline(story.case, story.ground)
    assert found is not None
    assert (found.day, found.how) == (day("2026-10-15"), "7 school days; you chose this day")


def test_without_a_link_tutor_the_mentor_is_told_that_the_office_will_be_asked() -> None:
    story = at_stage(Stage.WEEKLY_TARGET, "2026-10-06 10:00", link_tutor="")
    found = deadline(story.case, story.ground)
    assert found is not None
    assert found.then.startswith(
        "If nobody answers by Friday 16 October, 8am, the Partnership Team is asked to ring Priya Nair about it."
    )


@pytest.mark.parametrize(
    ("stage", "timer", "of", "due_at", "silence", "asked"),
    [
        (
            Stage.LINK_TUTOR_TOLD,
            "T2",
            Role.LINK_TUTOR,
            "Wed 11 Nov 17:30",
            "If nobody answers by Thursday 12 November, 8am",
            "the Partnership Team is asked to find somebody who takes this up.",
        ),
        (
            Stage.MEETING_BOOKED,
            "T4",
            Role.LINK_TUTOR,
            "Wed 11 Nov 18:30",
            "If nothing is recorded by Friday 13 November, 8am",
            "the Partnership Team is asked to find out what was agreed.",
        ),
        (
            Stage.WRITING_PLAN,
            "T5",
            Role.LINK_TUTOR,
            "Wed 11 Nov 17:30",
            "If nothing is recorded by Thursday 12 November, 8am",
            "the Partnership Team is asked to help with the plan.",
        ),
        (
            Stage.VIEWS_DIFFER,
            "T6",
            Role.PARTNERSHIP_LEAD,
            "Fri 13 Nov 17:30",
            "If nothing is recorded by Tuesday 17 November, 8am",
            "the Course Director is asked to help with the decision.",
        ),
        (
            Stage.PLAN_TO_DISCUSS,
            "T7",
            Role.LINK_TUTOR,
            "Thu 12 Nov 17:30",
            "If nothing is recorded by Friday 13 November, 8am",
            "the Partnership Team is asked to help with finding a time for that conversation.",
        ),
        (
            Stage.PLAN_IN_PLACE,
            "T9",
            Role.LINK_TUTOR,
            "Tue 17 Nov 17:30",
            "If nothing is recorded by Thursday 19 November, 8am",
            "the Partnership Team is asked to find out how the review stands.",
        ),
        (
            Stage.REVIEW,
            "T11",
            Role.LINK_TUTOR,
            "Tue 10 Nov 17:00",
            "If nothing is recorded by Thursday 12 November, 8am",
            "the Partnership Lead is asked to find out how the review stands.",
        ),
        (
            Stage.NEXT_STEPS,
            "T12",
            Role.PARTNERSHIP_TEAM,
            "Tue 17 Nov 17:30",
            "If nothing is recorded by Tuesday 17 November, 8am",
            "the Partnership Lead and the Course Director are asked to see to it that the meeting takes place.",
        ),
    ],
)
def test_every_step_says_by_when_of_whom_and_what_follows(
    *, stage: Stage, timer: str, of: Role, due_at: str, silence: str, asked: str
) -> None:
    story = at_stage(stage)
    found = deadline(story.case, story.ground)
    assert found is not None
    assert (found.timer, found.of, said(found.due), found.then) == (timer, of, due_at, f"{silence}, {asked}")


def test_once_acknowledged_the_step_is_to_find_a_time() -> None:
    story = at_stage(Stage.LINK_TUTOR_TOLD)
    story.on("2026-11-10 11:00").link_tutor(e.LinkTutorAcknowledged)
    found = deadline(story.case, story.ground)
    assert found is not None
    assert (found.timer, found.how) == ("T3", "2 working days")


def test_in_a_pause_the_step_is_asked_of_whoever_paused() -> None:
    story = at_stage(Stage.WEEKLY_TARGET)
    story.on("2026-11-10 11:00").mentor(e.CasePaused, back_on=day("2026-11-14"))
    found = deadline(story.case, story.ground)
    assert found is not None
    assert (found.of, said(found.due), found.how) == (
        Role.MENTOR,
        "Mon 16 Nov 17:30",
        "the day expected for the return",
    )
    assert found.then == (
        "If nobody answers by Wednesday 25 November, 8am, the Partnership Team is asked how things should go on."
    )


def test_without_an_office_there_is_nobody_to_ask_in_the_end() -> None:
    story = at_stage(Stage.PLAN_IN_PLACE)
    story.ground = replace(story.ground, party=replace(story.ground.party, office=Office()))
    found = deadline(story.case, story.ground)
    assert found is not None
    assert (found.then, found.escalates_at) == ("", None)


def test_where_nobody_holds_a_role_the_next_one_stands_in() -> None:
    story = at_stage(Stage.VIEWS_DIFFER, course_director="")
    assert lines(story, "T6") == ["Fri 13 Nov 08:00 ruth T6 due", "Tue 17 Nov 08:00 ruth T6 escalation"]


# -- what is written down ---------------------------------------------------------------------------------------------


def test_a_reminder_is_queued_under_a_key_that_is_never_used_twice() -> None:
    story = at_stage(Stage.WEEKLY_TARGET, "2026-10-06 10:00")
    now = moment("2026-10-13 15:30")
    story.until("2026-10-12 12:00")
    (nudge,) = due(story.case, story.ground, now)
    item = nudge.item(now)
    assert item.key == "T1:2026-10-13T14:30:00+00:00:due:priya"
    assert (item.to, item.notice, item.group, item.event, item.not_before) == ("priya", "reminder", "", 0, now)
    assert dict(item.data) == {
        "timer": "T1",
        "rung": "due",
        "due": "2026-10-13T14:30:00+00:00",
        "at": "2026-10-13T14:30:00+00:00",
        "role": "mentor",
        "subject": "",
    }


def test_escalations_carry_reference_and_date_only_to_whoever_does_not_see_the_case() -> None:
    untold = at_stage(Stage.WEEKLY_TARGET, "2026-11-16 10:00", end=day("2026-12-04"))
    assert the(untold, "T14", "escalation").notice is Notice.ESCALATION
    told = at_stage(Stage.LINK_TUTOR_TOLD)
    assert the(told, "T2", "escalation").notice is Notice.REMINDER


def test_the_student_hears_only_of_the_students_own_dates() -> None:
    rungs = set()
    for stage in Stage:
        if stage.is_open and stage not in {Stage.DRAFT, Stage.PAUSED}:
            rungs |= {(n.timer, n.rung) for n in planned(at_stage(stage)) if n.to == "tom"}
    assert rungs == {("T8", "due"), ("T9", "2 days before"), ("T9", "due")}


def test_the_timed_cards_are_the_check_the_meeting_and_the_outcome() -> None:
    timed = {(timer.id, rung.name) for timer in TIMERS for rung in timer.rungs if rung.timed}
    assert timed == {("T1", "due"), ("T4", "due"), ("T11", "due"), (OFFER, "due")}


def test_all_fourteen_timers_are_there_and_one_of_ours() -> None:
    assert {timer.id for timer in TIMERS} == {*(f"T{n}" for n in range(1, 15)), OFFER}


# -- whatever happens -------------------------------------------------------------------------------------------------

STAGES = (*(s for s in Stage if s.is_open and s not in {Stage.DRAFT, Stage.PAUSED}), Stage.CONTINUES)
TUTORS = ("", "Monday", "Tuesday, Friday", "Wednesday to Friday")
MOMENTS = st.datetimes(datetime(2026, 9, 7), datetime(2027, 7, 9)).map(  # noqa: DTZ001
    lambda x: local(x.date(), x.time().replace(microsecond=0))
)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """A case at any stage on any day of the year, often paused for a while, on any calendar."""
    ground = ground_for(
        calendar=draw(st.sampled_from(["A", "B", "unknown"])),
        link_tutor=draw(st.sampled_from(["helen", "helen", ""])),
        link_tutor_days=draw(st.sampled_from(TUTORS)),
        course_director=draw(st.sampled_from(["alan", ""])),
        end=draw(st.dates(date(2026, 12, 1), date(2027, 7, 23))),
    )
    story, at = Story(ground, lawful=False), draw(MOMENTS)
    story.reach(draw(st.sampled_from(STAGES)), at)
    if story.case.stage is Stage.NEXT_STEPS and draw(st.booleans()):
        story.on(at + timedelta(hours=1)).team(e.NextStepsBooked)
    if story.case.stage.is_open and draw(st.booleans()):
        at += draw(st.timedeltas(timedelta(minutes=1), timedelta(days=15)))
        story.on(at).team(e.CasePaused)
        if draw(st.booleans()):
            at += draw(st.timedeltas(timedelta(minutes=1), timedelta(days=15)))
            story.on(at).team(e.CaseResumed)
    if draw(st.booleans()):
        story.on(at + timedelta(hours=2)).team(e.LinkTutorNamed)
    return story


def suits(nudge: Nudge, at: datetime, story: Story) -> bool:
    hours, there = story.ground.provider.quiet_hours, in_london(at)
    open_ = days_of(nudge.role, story.ground, story.case).is_open(there.date())
    return open_ and hours.opens <= there.time() <= hours.closes


QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@QUICK
@given(stories())
def test_nobody_is_ever_written_to_outside_their_hours_and_days(story: Story) -> None:
    for nudge in planned(story):
        assert suits(nudge, nudge.at, story), line(nudge)


@QUICK
@given(stories(), st.timedeltas(timedelta(0), timedelta(days=60)))
def test_what_was_noted_is_never_due_again_and_what_is_next_lies_ahead(story: Story, later: timedelta) -> None:
    now = story.history[-1].at + later
    sent = story.sweep(now)
    assert due(story.case, story.ground, now) == ()
    wake = next_at(story.case, story.ground)
    assert wake is None or wake > now
    assert len({n.line for n in sent}) == len(sent), "one card for each ladder and person"
    for nudge in sent:
        item = nudge.item(now)
        assert item.not_before >= now
        assert suits(nudge, item.not_before, story), line(nudge)


@QUICK
@given(stories())
def test_it_always_comes_to_an_end_and_says_nothing_twice(story: Story) -> None:
    sent = story.until("2028-09-01")
    assert next_at(story.case, story.ground) is None
    keys = [(n.timer, n.due, n.rung, n.to) for n in story.case.all(e.Nudged)]
    assert len(set(keys)) == len(keys)
    assert len(sent) <= 60


@QUICK
@given(stories())
def test_nothing_is_planned_for_before_it_was_asked_for(story: Story) -> None:
    for nudge in planned(story):
        if nudge.timer not in {"T10", "T14"}:
            assert nudge.at > story.case.entered.at


@QUICK
@given(stories())
def test_a_deadline_names_somebody_and_lies_on_no_closed_day_of_theirs(story: Story) -> None:
    found = deadline(story.case, story.ground)
    assert (found is None) == (not story.case.stage.is_open)
    if found and found.timer not in {"T4", "T11"}:
        days = story.ground.calendar if found.timer in {"T1", "T5", "T7", "T9", "T13"} else story.ground.university
        assert days.is_open(local_date(found.due))


def test_a_talk_without_a_booked_meeting_is_asked_about_until_it_is_decided() -> None:
    story = Story(ground_for()).reach(Stage.LINK_TUTOR_TOLD, "2026-10-15 10:00")
    story.on("2026-10-15 11:00").link_tutor(e.ViewRecorded, held=e.Held.PHONE)
    plan = all_planned(story.case, story.ground)

    assert {n.timer for n in plan} - {"T14"} == {"T4"}
    assert min(n.at for n in plan if n.timer == "T4") == moment("2026-10-15 13:00")


def test_an_escalation_is_always_the_last_rung() -> None:
    """What a card says of it (`pathway.deadlines`) looks at no other."""
    for timer in TIMERS:
        names = [rung.name for rung in timer.rungs]
        assert ESCALATION not in names[:-1], timer.name
