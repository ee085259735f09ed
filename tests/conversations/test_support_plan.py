"""The support plan: written, agreed in one version by both, talked through with the student, kept to."""

from __future__ import annotations

import asyncio

import pytest

from tests.conversations import planning, road
from tests.school import Lost, School


async def test_the_form_begins_from_the_concern_and_asks_for_eight_things_at_most(school: School) -> None:
    await school.opens("helen", "tom")
    await planning.opens_a_plan(school)
    form = await school.presses("priya", "Write the support plan")
    assert school.value("priya", "area1") == "TS7"
    assert school.value("priya", "review_on") == "2026-11-03"
    assert school.value("priya", "review_time") == "09:30"
    assert school.value("priya", "place") == "Hollin Bank Lane, Northdale ND3 4HB"
    assert (
        "Tuesday 3 November is proposed for the review: 5 school days; half term 26 to 30 October is not counted"
        in form
    )
    assert "An earlier day would be Friday 23 October (3 school days)" in form
    assert len(planning.PLAN) <= 8
    await school.fills("priya", planning.PLAN, press="Check the plan")
    assert "Agree this version" in school.buttons("priya")


async def test_what_is_missing_is_said_at_its_field_and_nothing_typed_is_lost(school: School) -> None:
    await school.opens("helen")
    await planning.opens_a_plan(school)
    await school.presses("priya", "Write the support plan")
    refused = await school.fills("priya", target1="Wait for silence", press="Check the plan")
    for sentence in (
        "how you will both know",
        "which support helps",
        "at least one piece of extra support",
        "adjustments",
    ):
        assert sentence in refused
    assert school.value("priya", "target1") == "Wait for silence"


async def test_a_plan_of_four_areas_is_refused_and_three_areas_with_two_targets_each_fit(school: School) -> None:
    await school.opens("helen")
    await planning.opens_a_plan(school)
    await school.presses("priya", "Write the support plan")
    await school.fills("priya", planning.PLAN, press="Add an area or a second target")
    await school.fills("priya", _target(2, "TS4"), press="Add an area or a second target")
    await school.fills("priya", _target(3, "TS5"), press="Add an area or a second target")
    refused = await school.fills("priya", _target(4, "TS6"), press="Check the plan")
    assert "Choose up to 3 areas. You have chosen 4." in refused
    assert school.value("priya", "target4") == "Target of TS6"
    await school.presses("priya", "Show the other targets")
    assert school.value("priya", "target3") == "Target of TS5"
    await school.presses("priya", "Show the other targets")
    await school.fills("priya", area4="TS4", press="Add an area or a second target")
    await school.fills("priya", _target(5, "TS5"), press="Add an area or a second target")
    assert "Add an area or a second target" not in school.buttons("priya")
    checked = await school.fills("priya", _target(6, "TS7"), press="Check the plan")
    assert checked.count("How we will know") == 6
    await school.presses("priya", "Agree this version")
    assert "Target of TS7" in school.reads("helen")


def _target(n: int, area: str) -> dict[str, str]:
    said = {"target": f"Target of {area}", "measure": f"Measure of {area}", "support": f"Support for {area}"}
    return {f"area{n}": area, **{f"{name}{n}": words for name, words in said.items()}}


async def test_half_a_plan_is_saved_and_only_its_author_sees_it(school: School) -> None:
    await school.opens("helen")
    await planning.opens_a_plan(school)
    await school.presses("priya", "Write the support plan")
    await school.fills("priya", target1="Only half a thought", press="Save for later")
    assert "Only half a thought" not in school.transcript("helen")
    await school.restarts()
    await school.presses("priya", "Write the support plan")
    assert school.value("priya", "target1") == "Only half a thought"


async def test_a_change_is_a_new_version_and_asks_both_again(school: School) -> None:
    await school.opens("helen")
    await planning.opens_a_plan(school)
    await planning.writes(school, "priya")
    old = school.newest("helen")
    await school.presses("helen", "Change the plan")
    assert school.value("helen", "target1") == planning.PLAN["target1"]
    assert school.value("helen", "promises") == planning.PLAN["promises"]
    await school.fills("helen", target1="A smaller step first", press="Check the plan")
    await school.presses("helen", "Agree this version")
    assert "has changed the support plan" in school.reads("priya")
    assert "A smaller step first" in school.reads("priya")
    late = await school.presses("helen", "I agree this version", card=old)
    assert "newer version" in late
    await school.presses("priya", "I agree this version")
    assert "plan to discuss" in school.reads("helen")


async def test_two_who_write_at_once_do_not_lose_a_word(school: School) -> None:
    await school.opens("helen")
    await planning.opens_a_plan(school)
    await school.presses("helen", "Write the support plan")
    await school.fills("helen", {**planning.PLAN, "target1": "Written by Helen"}, press="Save for later")
    await planning.writes(school, "priya")
    reopened = await school.presses("helen", "Change the plan")
    assert "Priya Nair wrote version 1 meanwhile" in reopened
    assert school.value("helen", "target1") == "Written by Helen"
    await school.presses("helen", "Begin from the newest version")
    assert school.value("helen", "target1") == planning.PLAN["target1"]


async def test_a_second_tap_and_two_who_agree_at_once_share_the_plan_once(school: School) -> None:
    await school.opens("helen", "tom")
    await planning.opens_a_plan(school)
    await school.presses("priya", "Write the support plan")
    await school.fills("priya", planning.PLAN, press="Check the plan")
    checked = school.newest("priya")
    await school.presses("priya", "Agree this version")
    again = await school.presses("priya", "Agree this version", card=checked)
    assert "Version 1: You wrote it" in again
    message, verb, data = school.wire("helen", "I agree this version")
    await asyncio.gather(*(school.sends("helen", message.id, verb, data) for _ in range(3)))
    assert school.transcript("priya").count("has agreed the plan too") == 1


@pytest.mark.parametrize("who", ["gareth", "nora", "tom", "joanne"])
async def test_a_stranger_another_mentor_and_the_student_cannot_touch_the_plan(school: School, who: str) -> None:
    await school.opens("helen", who)
    await planning.opens_a_plan(school)
    _, write, blank = school.wire("priya", "Write the support plan")
    await planning.writes(school, "priya")
    _, agree, data = school.wire("helen", "I agree this version")
    for verb, sent in (
        (write, blank),
        (agree, data),
        ("support_plan.discuss", data),
        ("pebblepad.show", {**data, "record": "plan"}),
    ):
        answer = await school.sends(who, school.newest(who).id, verb, sent)
        assert planning.PLAN["target1"] not in answer, verb
        assert "support plan" not in answer.casefold(), verb
    assert "I agree this version" in school.buttons("helen")


async def test_the_student_sees_nothing_of_a_plan_before_somebody_has_talked_it_through(school: School) -> None:
    await school.opens("helen", "tom")
    await planning.agrees_a_plan(school)
    await school.on("2026-10-20 09:00")
    for word in ("my plan", "my target", "my cases"):
        answer = await school.says("tom", word)
        assert planning.PLAN["target1"] not in answer
        assert "plan" not in answer.casefold().replace("show my plan", "").replace("planned", "").replace(
            "planning", ""
        )
    case = school.wire("helen", "We have talked it through with Tom")[2]["case"]
    for verb in ("student.confirm", "student.talk", "student.not_agreed", "student.promises", "student.kept"):
        answer = await school.sends("tom", school.newest("tom").id, verb, {"case": case, "version": "1"})
        assert planning.PLAN["target1"] not in answer, verb
    assert "wants to talk" not in school.transcript("helen", "ruth")


async def test_with_changes_opens_the_plan_and_the_student_hears_that_it_is_changed(school: School) -> None:
    await school.opens("helen", "tom")
    await planning.agrees_a_plan(school)
    await school.on("2026-10-20 12:00")
    await school.presses("priya", "We have talked it through with Tom")
    refused = await school.fills("priya", achievable="changes", press="Record the conversation")
    assert "which changes" in refused
    await school.fills(
        "priya", achievable="changes", comment="Three lessons, not four", press="Record the conversation"
    )
    assert "Three lessons, not four" in school.reads("helen")
    assert "is being changed" in school.reads("tom")
    assert planning.PLAN["target1"] not in school.transcript("tom")
    await school.presses("helen", "Change the plan")
    await school.fills("helen", measure1="Three of five plans", press="Check the plan")
    await school.presses("helen", "Agree this version")
    await school.presses("priya", "I agree this version")
    assert "Three of five plans" not in school.transcript("tom")
    await planning.talks_it_through(school, "priya", comment="Yes")
    assert "Three of five plans" in school.reads("tom")


async def test_a_no_starts_nothing_and_the_lead_alone_may_go_on_without_agreement(school: School) -> None:
    await school.opens("helen", "tom", "ruth")
    reference = await planning.agrees_a_plan(school)
    await school.on("2026-10-20 12:00")
    await planning.talks_it_through(school, "helen", achievable="no", comment="It is too much at once")
    assert "It is too much at once" in school.reads("ruth")
    assert "It is achievable" in school.buttons("tom")
    _, verb, data = school.wire("ruth", "Start the plan without agreement")
    assert "nothing here for you" in await school.sends("helen", school.newest("helen").id, verb, data)
    await school.presses("ruth", "Start the plan without agreement")
    with pytest.raises(Lost, match="required"):
        await school.fills("ruth", press="Start the plan")
    await school.fills("ruth", reason="The week is needed", adjustments="yes", comments="yes", press="Start the plan")
    assert "has started" in school.reads("tom")
    assert "It is too much at once" in await school.says("priya", reference)


async def test_a_late_agreement_proposes_a_later_review(school: School) -> None:
    await school.opens("helen", "tom")
    await planning.agrees_a_plan(school)
    await school.on("2026-10-22 12:00")
    form = await school.presses("helen", "We have talked it through with Tom")
    assert "Until the review on Tuesday 3 November 3 school days are left" in form
    assert "Thursday 5 November is proposed for the review: 5 school days" in form
    assert school.value("helen", "review_on") == "2026-11-05"
    kept_short = {"achievable": "yes", "knows": "yes", "review_on": "2026-11-03"}
    refused = await school.fills("helen", kept_short, press="Record the conversation")
    assert "say why the week is shorter" in refused
    await school.fills("helen", review_on="2026-11-05", press="Record the conversation")
    assert "Thursday 5 November, 9:30am" in school.reads("tom")
    assert "Thursday 5 November" in school.channel()[-1].text


async def test_without_the_tick_that_the_review_decides_no_plan_starts(school: School) -> None:
    await school.opens("helen", "tom")
    await planning.agrees_a_plan(school)
    await school.on("2026-10-20 12:00")
    await school.presses("helen", "We have talked it through with Tom")
    refused = await school.fills("helen", achievable="yes", press="Record the conversation")
    assert "the review decides" in refused
    assert planning.PLAN["target1"] not in school.transcript("tom")


async def test_the_student_talks_replies_and_asks_to_be_rung(school: School) -> None:
    await school.opens("helen", "tom", "ruth")
    reference = await planning.starts_a_plan(school)
    await school.presses("tom", "I want to talk about it")
    await school.fills("tom", words="Could it be three lessons", press="Ask for a talk")
    for who in ("helen", "ruth"):
        assert "Could it be three lessons" in school.reads(who)
    await school.presses("tom", "Write something for the record")
    await school.fills("tom", words="**Thank you** for the help", press="Put it on the record")
    assert "**Thank you** for the help" in school.reads("helen")
    await school.presses("tom", "Ask my Link Tutor to ring me")
    assert "asks you to ring" in school.reads("helen")
    before = school.news("helen")
    assert "has been asked today already" in await school.presses("tom", "Ask my Link Tutor to ring me")
    assert school.news("helen") == before
    assert planning.PLAN["target1"] in await school.says("tom", "my plan")
    assert "Student wellbeing" in school.reads("tom")
    assert "Could it be three lessons" in await school.says("priya", reference)


async def test_the_review_is_moved_with_a_reason_after_the_student_was_told(school: School) -> None:
    await school.opens("helen", "tom")
    await planning.starts_a_plan(school)
    await school.presses("helen", "Something else")
    await school.presses("helen", "Change the review")
    closed = await school.fills(
        "helen", review_on="2026-10-28", reason="Helen is away", student_told="yes", press="Change the review"
    )
    assert "half term" in closed
    await school.fills("helen", review_on="2026-11-04", press="Change the review")
    for who in ("tom", "priya"):
        assert "The review meeting has a new time" in school.reads(who)
        assert "Wednesday 4 November, 9:30am" in school.reads(who)
        assert "Tuesday 3 November" not in school.reads(who)


async def test_pebblepad_is_asked_for_until_somebody_says_it_is_there_and_nothing_says_saved(school: School) -> None:
    await school.opens("helen", "tom")
    await planning.starts_a_plan(school)
    await school.on("2026-10-22 08:00")
    asked = school.transcript("helen")
    assert "Please record the plan in PebblePad" in asked
    await school.presses("helen", "It is recorded in PebblePad")
    assert "You say that it is recorded in PebblePad" in school.reads("helen")
    assert "saved to PebblePad" not in school.transcript()
    await school.on("2026-11-02 12:00")
    assert school.transcript("helen").count("Please record the plan in PebblePad") <= 1


async def test_a_placement_that_ends_too_early_says_so(school: School) -> None:
    await school.opens("helen")
    await school.on("2027-01-18 12:00")
    await road.raises(school)
    await school.on("2027-01-25 15:30")
    await road.tells(school)
    await school.presses("helen", "We have already spoken")
    await school.fills("helen", view="not as expected", words="Routines are not there yet", press="Record the meeting")
    await road.says_own_view(school)
    await school.on("2027-02-01 12:00")
    await school.presses("helen", "Open the support plan")
    form = await school.presses("helen", "Write the support plan")
    assert "The placement ends on Friday 5 February. A full week does not fit." in form
    assert "The latest possible day for a review is Friday 5 February: 3 school days" in form
    refused = await school.fills("helen", planning.PLAN, press="Check the plan")
    assert "reason for the shorter week" in refused
    await school.fills("helen", short_because="The placement ends", press="Check the plan")
    assert "Agree this version" in school.buttons("helen")


# -- what comes late, and other people's days ------------------------------------------------------------------------


async def test_where_the_mentors_own_word_comes_last_both_are_offered_to_go_on(school: School) -> None:
    """Helen typed Priya's view: the plan is agreed by both and still waits until Priya has said that it is right."""
    await school.opens("helen", "tom")
    await road.told(school)
    await road.books(school)
    await school.on("2026-10-19 16:30")
    await road.records(school, mentor_view="not as expected", mentor_words="Noise wins in most lessons")
    await school.presses("helen", "Open the support plan")
    await planning.writes(school, "helen")
    await school.presses("priya", "I agree this version")
    for who in ("priya", "helen"):
        assert "Both agree: go on" not in school.buttons(who)
        assert "plan to discuss" not in school.reads(who)
    _, _, data = school.wire("helen", "Change the plan")
    refused = await school.sends("helen", school.newest("helen").id, "support_plan.share", {**data, "version": "1"})
    assert "The mentor's view was typed for them." in refused
    await school.presses("priya", "That is right")
    for who in ("priya", "helen"):
        assert "Both agree: go on" in school.buttons(who), who
    shown = await school.presses("helen", "Both agree: go on")
    assert "talk it through with Tom, in person" in shown
    assert "We have talked it through with Tom" in school.buttons("priya")
    assert planning.PLAN["target1"] not in "".join(school.reached("tom"))


async def test_the_review_is_proposed_on_a_day_on_which_the_link_tutor_works(school: School) -> None:
    """Dr Bea Lawson works from Monday to Thursday: what would be a Friday is the Monday after it."""
    await school.opens("colin", "bea", "ellie")
    await _a_plan_is_opened_at_once(school, "colin", "bea", "Ellie Hargreaves", on="2026-11-05 12:00")
    form = await school.presses("bea", "Write the support plan")
    assert "Monday 16 November is proposed for the review: 6 school days" in form
    assert "It is the first day from then on which Dr Bea Lawson works and Ellie is in school." in form
    assert school.value("bea", "review_on") == "2026-11-16"
    await school.fills("bea", planning.PLAN, press="Check the plan")
    await school.presses("bea", "Agree this version")
    await school.presses("colin", "I agree this version")
    await school.on("2026-11-12 12:00")
    later = await school.presses("bea", "We have talked it through with Ellie")
    assert "Until the review on Monday 16 November 2 school days are left" in later
    assert "Thursday 19 November is proposed for the review: 5 school days" in later
    await school.fills("bea", achievable="yes", knows="yes", press="Record the conversation")
    assert "Thursday 19 November, 9:30am" in school.reads("ellie")
    await school.on("2026-11-13 12:00")
    await road.presses_rarer(school, "bea", "Change the review")
    form = school.reads("bea")
    assert "Counted from today: Monday 23 November is proposed for the review: 5 school days" in form
    assert "the training day on Friday 20 November is not counted" in form


async def test_the_review_is_proposed_on_a_day_on_which_the_student_is_in_school(school: School) -> None:
    """Grace Adjei is in school on Mondays and Tuesdays."""
    await school.opens("gareth", "bea", "grace")
    await _a_plan_is_opened_at_once(school, "gareth", "bea", "Grace Adjei", on="2026-11-10 12:00")
    form = await school.presses("gareth", "Write the support plan")
    assert "Monday 23 November is proposed for the review: 7 school days" in form
    assert "It is the first day from then on which Dr Bea Lawson works and Grace is in school." in form
    assert "Grace is in school on 3 of these 7 days." in form
    assert "An earlier day would be Tuesday 17 November (4 school days). A week that short needs a line" in form
    assert school.value("gareth", "review_on") == "2026-11-23"


async def test_what_was_typed_before_the_plan_was_opened_for_changes_is_said_to_be_older(school: School) -> None:
    await school.opens("helen", "tom")
    await planning.opens_a_plan(school)
    await planning.writes(school, "priya")
    await school.presses("helen", "Change the plan")
    await school.fills("helen", target1="Half a thought of Monday", press="Save for later")
    await school.presses("helen", "I agree this version")
    await school.on("2026-10-20 12:00")
    await planning.talks_it_through(school, "priya", achievable="changes", comment="Three lessons, not four")
    old = await school.presses("helen", "Change the plan")
    assert "You typed this before the plan was opened for changes." in old
    assert school.value("helen", "target1") == "Half a thought of Monday"
    new = await school.presses("helen", "Begin from the newest version")
    assert "You typed this before" not in new
    assert school.value("helen", "target1") == planning.PLAN["target1"]
    assert "You typed this before" not in await school.presses("priya", "Change the plan")


async def _a_plan_is_opened_at_once(school: School, mentor: str, tutor: str, about: str, *, on: str) -> None:
    """A weekly target of the week before was not enough, and the two have spoken already."""
    await school.on(on)
    await road.opens_form(school, mentor, about, begins="My weekly target was not enough")
    was = {"target_set_on": "2026-10-20", "target": road.TARGET, "seen": road.SEEN, "going_well": road.GOING_WELL}
    asked = {"help": "joint_planning", "areas": "TS7", "student_aware": "yes"}
    await school.fills(mentor, {**was, **asked}, press="Check my answers")
    await school.presses(mentor, "Tell the Link Tutor")
    await school.presses(tutor, "We have already spoken")
    await school.fills(tutor, view="not as expected", words="Routines are not there yet", press="Record the meeting")
    await road.says_own_view(school, mentor)
    await school.presses(tutor, "Open the support plan")
