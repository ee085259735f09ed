"""Presses that come late, twice, at once, from the wrong hands or bent on the way."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.conversations import road
from tests.conversations import second_road as review
from tests.school import School


async def test_a_stale_card_changes_nothing_and_shows_where_the_case_is_now(school: School) -> None:
    await school.opens("helen")
    await road.told(school)
    old = school.newest("helen")
    await road.books(school)
    before = school.news("priya")
    shown = await school.presses("helen", "I have it", card=old)
    assert "moved on. You booked the meeting at 3:30pm. Here is where it is now." in shown
    assert "Monday 19 October, 3:45pm" in shown
    assert school.news("priya") == before


async def test_a_reminder_or_a_fact_makes_no_card_stale(school: School) -> None:
    await road.raises(school)
    receipt = school.newest("priya")
    await school.on("2026-10-12 08:00")
    await school.presses("priya", "I spoke to a colleague")
    shown = await school.presses("priya", "Met, and I have told Tom", card=receipt)
    assert "moved on" not in shown
    assert "Tom met the target" in shown


async def test_a_second_tap_has_one_effect(school: School) -> None:
    await school.opens("tom")
    await road.opens_form(school, "priya", "Tom Ashworth")
    await school.fills("priya", road.concern(school), press="Check my answers")
    answers = school.newest("priya")
    await school.presses("priya", "Set the weekly target")
    second = await school.presses("priya", "Set the weekly target", card=answers)
    assert "Tuesday 13 October" in second
    assert school.news("tom") == 2
    assert "1 open, the next due first" in await school.says("priya", "my cases")


async def test_two_taps_in_the_same_moment_have_one_effect(school: School) -> None:
    await school.opens("tom", "helen")
    await road.raises(school)
    await school.on("2026-10-13 15:30")
    message, verb, data = school.wire("priya", "Met, and I have told Tom")
    await asyncio.gather(*(school.sends("priya", message.id, verb, data) for _ in range(3)))
    assert "Tom met the target" in school.reads("priya")
    assert school.transcript("tom").count("Your weekly target is met") == 1


async def test_the_same_press_delivered_again_under_a_new_id_has_one_effect(school: School) -> None:
    await school.opens("helen", "tom")
    await road.raises(school)
    await school.on("2026-10-13 15:30")
    await school.presses("priya", "Not yet: tell the Link Tutor")
    message, verb, data = school.wire("priya", "Tell the Link Tutor: ", evidence=road.EVIDENCE)
    first = await school.sends("priya", message.id, verb, data)
    again = await school.delivers_again("priya", message.id, verb, data)
    assert again.ok
    assert school.news("helen") == 2
    assert "Dr Helen Marsh" in first
    assert "Dr Helen Marsh" in school.reads("priya")
    assert len(school.channel()) == 2


async def test_a_fact_pressed_twice_is_recorded_once(school: School) -> None:
    await school.opens("helen")
    await road.told(school)
    message, verb, data = school.wire("priya", "I spoke to a colleague")
    await school.sends("priya", message.id, verb, data)
    await school.delivers_again("priya", message.id, verb, data)
    assert school.reads("helen").casefold().count("spoke to a colleague") == 1


async def test_a_card_of_last_week_does_not_answer_for_this_week(school: School) -> None:
    await school.opens("tom")
    await road.raises(school)
    await school.on("2026-10-13 15:30")
    last_week = school.newest("priya")
    await school.presses("priya", "Not yet: one more week")
    await school.fills("priya", press="One more week")
    shown = await school.presses("priya", "Met, and I have told Tom", card=last_week)
    assert "moved on" in shown
    assert "Tuesday 20 October" in shown
    assert "Your target goes on" in school.reads("tom")


async def test_a_form_refused_for_a_fault_does_not_spend_its_nonce(school: School) -> None:
    await school.opens("helen")
    await road.raises(school)
    await school.on("2026-10-13 15:30")
    await school.presses("priya", "Not yet: tell the Link Tutor")
    await school.fills("priya", press="Tell the Link Tutor: ")
    await school.fills("priya", evidence=road.EVIDENCE, press="Tell the Link Tutor: ")
    assert road.EVIDENCE in school.reads("helen")


async def test_two_people_who_act_at_once_on_an_open_step_both_succeed(school: School) -> None:
    await school.opens("helen", "lucy")
    reference = await road.told(school)
    await school.says("lucy", reference)
    await road.presses_rarer(school, "priya", "Ask a fellow mentor to observe")
    helens = school.wire("helen", "I have it")
    lucys = school.wire("lucy", "I spoke to a colleague")
    priyas = school.wire("priya", "Plan it and show me the note", planned_on="2026-10-16")
    shown = await asyncio.gather(
        *(
            school.sends(who, message.id, verb, data)
            for who, (message, verb, data) in (("helen", helens), ("lucy", lucys), ("priya", priyas))
        )
    )
    assert not any("moved on" in words for words in shown)
    whole = await school.presses("helen", "Read everything")
    assert "Helen Marsh took it up" in whole or "You took it up" in whole
    assert "Friday 16 October" in whole
    assert whole.casefold().count("spoke to a colleague") >= 1


async def test_two_who_take_different_ways_at_once_leave_one_way_taken(school: School) -> None:
    await school.opens("tom", "helen", "lucy")
    reference = await road.raises(school)
    await school.on("2026-10-13 15:30")
    await school.says("lucy", reference)
    met = school.wire("lucy", "Met, and I have told Tom")
    await school.presses("priya", "Not yet: tell the Link Tutor")
    tells = school.wire("priya", "Tell the Link Tutor: ", evidence=road.EVIDENCE)
    lucy, priya = await asyncio.gather(
        school.sends("lucy", met[0].id, met[1], met[2]), school.sends("priya", tells[0].id, tells[1], tells[2])
    )
    assert ("moved on" in lucy) != ("moved on" in priya)
    assert "moved on" not in lucy or "Priya Nair told the Link Tutor at 3:30pm." in lucy
    assert "moved on" not in priya or "Lucy Tran recorded that the target is met at 3:30pm." in priya


async def test_whoever_comes_second_reads_who_came_first_and_on_which_day(school: School) -> None:
    await school.opens("helen", "sam")
    reference = await road.told(school)
    await school.says("sam", reference)
    await school.presses("sam", "Arrange the meeting")
    await school.presses("sam", "Another time")
    await school.fills("sam", day="2026-10-20", time="09:15", press="Make the invitation")
    message, verb, data = school.wire("sam", "It is booked for ")
    await road.books(school)
    assert "Dr Helen Marsh booked the meeting at 3:30pm." in await school.sends("sam", message.id, verb, data)
    await school.on("2026-10-15 10:00")
    again = await school.sends("sam", message.id, verb, data)
    assert "Dr Helen Marsh booked the meeting on Tuesday 13 October at 3:30pm." in again


async def test_who_may_not_read_the_case_never_reads_who_moved_it(school: School) -> None:
    """Daniel hears of each step from a person; Nadia, his level lead, has the outcome and no more."""
    await review.reviews_daniel(school)
    await school.on("2026-11-27 14:30")
    _, verb, data = school.wire("martin", "Record the outcome")
    await school.presses("martin", "Record the outcome")
    await school.fills("martin", review.outcome(school, "met", "met", "met"), press="The placement continues")
    await school.presses("martin", "Save it and write to Daniel")
    for who in ("daniel", "nadia"):
        shown = await school.sends(who, school.newest(who).id, "no.such.verb", data)
        assert "This has moved on. Here is where it is now." in shown
    assert "You recorded that the placement continues at 2:30pm." in await school.sends(
        "martin", school.newest("martin").id, verb, data
    )


@pytest.mark.parametrize("who", ["gareth", "martin", "joanne", "aisha"])
async def test_a_forwarded_card_shows_another_person_nothing(school: School, who: str) -> None:
    await school.opens(who, "helen")
    reference = await road.told(school)
    unknown = await school.sends(who, school.newest(who).id, "cases.open", {"case": "0" * 16})
    for title in ("I have it", "Arrange the meeting", "We have already spoken", "Read everything"):
        _, verb, data = school.wire("helen", title)
        answer = await school.sends(who, school.newest(who).id, verb, data)
        assert answer == unknown, title
        for secret in ("Tom", "Ashworth", "Priya", "Hollin", reference):
            assert secret not in answer
    assert "I have it" in school.buttons("helen")


async def test_a_forwarded_card_pressed_by_a_stranger_shows_whom_to_ask(school: School) -> None:
    await school.opens("helen", "nora")
    reference = await road.told(school)
    _, verb, data = school.wire("helen", "Read everything")
    answer = await school.sends("nora", school.newest("nora").id, verb, data)
    for secret in ("Tom", "Ashworth", "Priya", "Hollin", reference):
        assert secret not in answer
    assert "Partnership Team" in answer


async def test_a_students_press_on_a_staff_button_changes_nothing(school: School) -> None:
    await school.opens("helen", "tom")
    await road.told(school)
    _, verb, data = school.wire("helen", "I have it")
    answer = await school.sends("tom", school.newest("tom").id, verb, data)
    assert "nothing here for you" in answer
    assert "I have it" in school.buttons("helen")


BENT: dict[str, dict[str, Any]] = {
    "another case": {"case": "ffffffffffffffff"},
    "a case that is a path": {"case": "../roster"},
    "no text for a case": {"case": 7},
    "a step from the future": {"step": 99},
    "a step that is no number": {"step": "one"},
    "an empty nonce": {"nonce": ""},
    "a role of their own choosing": {"role": "link_tutor", "by": "x", "for": "somebody"},
    "a form that is not there": {"form": "no.such.form"},
    "a list for a word": {"evidence": ["a", "b"], "help": {"x": 1}},
}


@pytest.mark.parametrize("bent", BENT)
async def test_bent_data_is_answered_with_a_card_and_never_with_a_fault(school: School, bent: str) -> None:
    await school.opens("helen", "tom")
    await road.raises(school)
    await school.on("2026-10-13 15:30")
    await school.presses("priya", "Not yet: tell the Link Tutor")
    message, verb, data = school.wire("priya", "Tell the Link Tutor: ", evidence=road.EVIDENCE)
    await school.sends("priya", message.id, verb, {**data, **BENT[bent]})
    told = school.news("helen") - 1
    assert told == (
        bent
        in {"an empty nonce", "a step that is no number", "a role of their own choosing", "a form that is not there"}
    )


async def test_a_role_written_into_the_card_gives_nobody_that_role(school: School) -> None:
    await school.opens("helen")
    await road.met_with_views(school, mentors="not as expected", tutors="not as expected")
    _, _, data = school.wire("helen", "Open the support plan")
    stolen = {**data, "role": "link_tutor", "by": "helen", "for": "helen"}
    answer = await school.sends("priya", school.newest("priya").id, "decision.plan", stolen)
    assert "nothing here for you" in answer
    assert "Open the support plan" in school.buttons("helen")


async def test_a_placement_that_is_not_theirs_cannot_be_chosen(school: School) -> None:
    await school.opens("aisha")
    await road.opens_form(school, "priya", "Tom Ashworth")
    message, verb, data = school.wire("priya", "Check my answers", road.concern(school))
    refused = await school.sends("priya", message.id, verb, {**data, "placement": "NP-104"})
    assert "Choose the student" in refused
    assert "Aisha" not in refused
    toms = next(value for title, value in school.choices("priya", "placement").items() if "Tom Ashworth" in title)
    assert toms == "NP-101"
    await school.fills("priya", road.concern(school, placement=toms), press="Check my answers")
    message, verb, data = school.wire("priya", "Set the weekly target")
    await school.sends("priya", message.id, verb, {**data, "placement": "NP-104"})
    assert school.news("aisha") == 1
    assert "Tom Ashworth" in school.reads("priya")


async def test_the_dates_of_the_school_hold_whatever_the_card_sends(school: School) -> None:
    await road.raises(school)
    await school.on("2026-10-13 15:30")
    await school.presses("priya", "Not yet: one more week")
    message, verb, data = school.wire("priya", "One more week")
    for day in ("2026-10-13", "2030-01-01", "yesterday", "", "2026-10-25"):
        await school.sends("priya", message.id, verb, {**data, "check_on": day})
        assert "One more week" in school.reads("priya"), day


async def test_what_one_card_holds_another_persons_draft_does_not_feed(school: School) -> None:
    await road.opens_form(school, "lucy", "Megan Doyle")
    await school.fills("lucy", road.concern(school), press="Check my answers")
    _, verb, data = school.wire("lucy", "Set the weekly target")
    await school.opens("priya", "megan")
    answer = await school.sends("priya", school.newest("priya").id, verb, data)
    assert "Nothing was sent" in answer
    assert school.news("megan") == 1


async def test_an_unknown_verb_leads_on(school: School) -> None:
    await school.opens("priya")
    answer = await school.sends("priya", school.newest("priya").id, "no.such.verb", {})
    assert "nothing here for you" in answer
    assert "My cases" in school.buttons("priya")


async def test_words_that_look_like_markdown_or_a_template_stay_words(school: School) -> None:
    await school.opens("tom")
    hostile = "**bold** [x](https://evil.example) {{DATE(2026-01-01)}} <at>everyone</at> \u202e"
    await road.raises(school, seen=hostile)
    shown = school.reads("tom")
    assert "**bold** [x](https://evil.example)" in shown
    assert "{{DATE" not in shown
    assert "\u202e" not in shown
