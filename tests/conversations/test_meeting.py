"""From "the Link Tutor told" to what the meeting comes to."""

from __future__ import annotations

import pytest

from tests.conversations import road
from tests.school import School, meeting_title


async def test_the_invitation_names_nobody_in_its_title_and_asks_the_mentor_along(school: School) -> None:
    await school.opens("helen")
    reference = await road.told(school)
    await school.presses("helen", "Arrange the meeting")
    await school.presses("helen", "Another time")
    card = await school.fills("helen", day="2026-10-19", time="15:45", minutes="45", press="Make the invitation")
    assert "Monday 19 October, 3:45pm" in card
    address = school.links("helen")["Open it in Teams"]
    assert meeting_title(address) == f"Placement catch-up (ref {reference})"
    assert "2026-10-19T15%3A45%3A00%2B01%3A00" in address
    assert "p.nair%40hollinbank.example.org" in address
    assert "ashworth" not in address.casefold()


async def test_the_calendar_file_opens_without_signing_in_and_names_nobody(school: School) -> None:
    await school.opens("helen")
    reference = await road.told(school)
    await school.presses("helen", "Arrange the meeting")
    await school.presses("helen", "Another time")
    await school.fills("helen", day="2026-10-30", time="15:45", press="Make the invitation")
    address = next(url for title, url in school.links("helen").items() if ".ics" in title)
    file = await school.downloads(address)
    assert f"Placement catch-up (ref {reference})" in file.replace("\r\n ", "")
    for name in ("Tom", "Ashworth", "Priya", "Nair", "Hollin"):
        assert name not in file
    assert await school.downloads(address.replace("/ics/", "/ics/x")) == ""


async def test_a_time_that_has_passed_is_refused_and_the_form_is_kept(school: School) -> None:
    await school.opens("helen")
    await road.told(school)
    await school.presses("helen", "Arrange the meeting")
    await school.presses("helen", "Another time")
    refused = await school.fills("helen", day="2026-10-12", time="10:00", press="Make the invitation")
    assert "has passed" in refused
    assert school.value("helen", "day") == "2026-10-12"


async def test_a_meeting_is_moved_and_the_mentor_hears_the_new_time(school: School) -> None:
    await school.opens("helen")
    await road.told(school)
    await road.books(school)
    assert "Monday 19 October, 3:45pm" in school.reads("priya")
    before = school.news("priya")
    await school.presses("helen", "Move the meeting")
    await school.presses("helen", "Another time")
    await school.fills(
        "helen", day="2026-10-20", time="16:15", reason="A parents' evening", press="Make the invitation"
    )
    await school.presses("helen", "It is booked for ")
    assert school.news("priya") == before + 1
    assert "Tuesday 20 October, 4:15pm" in school.reads("priya")
    assert "Why another time\nA parents' evening" in school.reads("priya")
    assert "Monday 19 October" not in school.reads("priya")
    moved = school.news("priya")
    await school.on("2026-10-19 09:00")
    assert school.news("priya") == moved, "the brief of the day it was first booked for"
    await school.on("2026-10-20 09:00")
    assert "Your meeting is today at 4:15pm" in school.reads("priya")


async def test_no_meeting_is_moved_without_a_word_and_what_was_filled_in_stays(school: School) -> None:
    await school.opens("helen", "tom")
    await road.told(school)
    await school.presses("helen", "Arrange the meeting")
    assert "Why another time" not in school.reads("helen")
    await school.presses("helen", "Back")
    await road.books(school)
    toms = school.news("tom")
    await school.presses("helen", "Move the meeting")
    slot = next(iter(school.choices("helen", "slot").values()))
    refused = await school.fills("helen", slot=slot, press="Book the one I chose")
    assert "Say why it is to be another time." in refused
    await school.fills("helen", minutes="45", reason="A parents' evening", press="Another time")
    assert (school.value("helen", "minutes"), school.value("helen", "reason")) == ("45", "A parents' evening")
    message, verb, data = school.wire("helen", "Make the invitation", day="2026-10-20", time="16:15")
    assert "Say why it is to be another time." in await school.sends("helen", message.id, verb, {**data, "reason": " "})
    assert school.value("helen", "time") == "16:15"
    await school.fills("helen", reason="A parents' evening", press="Make the invitation")
    await school.presses("helen", "It is booked for ")
    timeline = await school.presses("priya", "Read everything")
    assert "Dr Helen Marsh moved the meeting." in timeline
    assert school.news("tom") == toms
    assert "evening" not in school.transcript("tom")


async def test_after_a_meeting_that_did_not_take_place_nobody_is_asked_why_it_is_another_time(school: School) -> None:
    await school.opens("helen")
    await road.told(school)
    await road.books(school)
    await school.on("2026-10-20 09:00")
    await school.says("helen", school.reference("helen"))
    await road.presses_rarer(school, "helen", "Move the meeting")
    await school.presses("helen", "Another time")
    assert "Why another time" not in school.reads("helen")
    await school.fills("helen", day="2026-10-21", time="16:15", press="Make the invitation")
    await school.presses("helen", "It is booked for ")
    assert "Wednesday 21 October, 4:15pm" in school.reads("priya")


async def test_a_meeting_is_cancelled_with_a_reason_and_another_is_arranged(school: School) -> None:
    await school.opens("helen", "tom")
    await road.told(school)
    await road.books(school)
    toms = school.news("tom")
    await school.presses("helen", "Cancel the meeting")
    await school.fills("helen", reason="Helen is at another school", press="Cancel the meeting")
    assert "cancelled the meeting" in school.reads("priya")
    assert "Helen is at another school" in school.reads("priya")
    assert school.news("tom") == toms
    await road.books(school, day="2026-10-21")
    assert "Wednesday 21 October" in school.reads("priya")


async def test_a_mentor_cancels_the_meeting_and_the_link_tutor_hears_of_it_once(school: School) -> None:
    await school.opens("helen")
    await road.told(school)
    await road.books(school)
    before = school.news("helen")
    await road.presses_rarer(school, "priya", "Cancel the meeting")
    await school.fills("priya", reason="The class trip was moved", press="Cancel the meeting")
    assert school.news("helen") == before + 1
    assert "Priya Nair has cancelled" in school.reads("helen")


async def test_the_mentor_takes_the_call_for_help_back_and_the_target_goes_on(school: School) -> None:
    await school.opens("helen", "tom")
    await road.told(school)
    await road.presses_rarer(school, "priya", "Go on with the weekly target instead")
    await school.fills("priya", reason="It went well today", press="Go on with the target")
    assert "No meeting is needed now" in school.reads("helen")
    assert "It went well today" in school.reads("helen")
    assert "No meeting is needed now" in school.reads("tom")
    await school.on("2026-10-20 15:30")
    assert "How is Tom Ashworth getting on?" in school.reads("priya")


async def test_we_have_already_spoken_and_the_mentor_is_asked_for_a_view(school: School) -> None:
    await school.opens("helen")
    await road.told(school)
    await school.presses("helen", "We have already spoken")
    assert school.value("helen", "held") == "phone"
    await school.fills("helen", view="not as expected", words="Routines are not there yet", press="Record the meeting")
    assert "What is your view?" in school.reads("priya")
    assert "I have it" not in school.buttons("helen")
    await road.says_own_view(school)
    await school.presses("helen", "Open the support plan")
    assert "support plan" in school.reads("priya")


async def test_half_a_record_of_the_meeting_is_saved_and_only_the_link_tutor_sees_it(school: School) -> None:
    await school.opens("helen")
    await road.told(school)
    await road.books(school)
    await school.on("2026-10-19 16:30")
    await school.presses("helen", "Record the meeting")
    await school.fills("helen", words="She wants more time", press="Save for later")
    assert "She wants more time" not in school.transcript("priya")
    await school.restarts()
    await school.presses("helen", "Record the meeting")
    assert school.value("helen", "words") == "She wants more time"


async def test_the_view_typed_for_the_mentor_is_answered_that_is_right(school: School) -> None:
    await school.opens("helen")
    await road.told(school)
    await road.books(school)
    await school.on("2026-10-19 16:30")
    before = school.news("priya")
    await road.records(school, mentor_view="not as expected", mentor_words="Noise wins in most lessons")
    assert school.news("priya") == before + 1
    asked = school.reads("priya")
    assert "Is that right?" in asked
    assert "Noise wins in most lessons" in asked
    assert "Typed by Dr Helen Marsh" in asked
    await school.presses("priya", "That is right")
    everything = await school.presses("priya", "Read everything")
    assert "Noise wins in most lessons" in everything
    assert "Typed by" not in everything
    assert "Open the support plan" in school.buttons("helen")


async def test_the_view_typed_for_the_mentor_is_changed_by_the_mentor(school: School) -> None:
    await school.opens("helen")
    await road.told(school)
    await road.books(school)
    await school.on("2026-10-19 16:30")
    await road.records(school, mentor_view="not as expected", mentor_words="Noise wins in most lessons")
    await school.presses("priya", "Change it")
    assert school.value("priya", "words") == "Noise wins in most lessons"
    await school.fills("priya", view="as expected", words="It is better than I said", press="Record my view")
    assert "It is better than I said" in school.reads("helen")
    assert "Open the support plan" not in school.buttons("helen")
    assert "We see it differently" in school.buttons("helen")


async def test_half_a_view_for_the_mentor_is_refused_and_all_is_kept(school: School) -> None:
    await school.opens("helen")
    await road.told(school)
    await road.books(school)
    await school.on("2026-10-19 16:30")
    await school.presses("helen", "Record the meeting")
    refused = await school.fills(
        "helen",
        view="not as expected",
        words="Routines are not there yet",
        mentor_view="not as expected",
        press="Record the meeting",
    )
    assert "fill in both" in refused
    assert school.value("helen", "words") == "Routines are not there yet"
    assert school.value("helen", "mentor_view") == "not as expected"


async def test_a_plan_opens_only_when_both_say_not_as_expected(school: School) -> None:
    await school.opens("helen")
    await road.met_with_views(school, mentors="not sure", tutors="not as expected")
    assert "Open the support plan" not in school.buttons("helen")
    message, _, data = school.wire("helen", "More time for the target")
    refused = await school.sends("helen", message.id, "decision.plan", data)
    assert "opens when both of you" in refused
    assert "More time for the target" in school.buttons("helen")


async def test_both_are_content_and_there_is_no_further_step(school: School) -> None:
    await school.opens("helen", "tom", "sam")
    await road.met_with_views(school, mentors="as expected", tutors="as expected")
    assert "We see it differently" not in school.buttons("helen")
    await school.presses("helen", "No further step: close it")
    await school.fills("helen", reason="He is where we would expect him", press="Close the case")
    for who in ("priya", "tom"):
        assert "closed" in school.reads(who)
    assert "He is where we would expect him" in school.reads("priya")
    assert "He is where we would expect him" not in school.transcript("tom")
    before = school.news("priya")
    await school.passes(days=10)
    assert school.news("priya") == before
    assert "You have no open cases" in await school.says("helen", "my cases")


async def test_more_time_is_given_after_the_student_was_told_by_a_person(school: School) -> None:
    await school.opens("helen", "tom")
    await road.met_with_views(school, mentors="not sure", tutors="as expected")
    await school.presses("helen", "More time for the target")
    assert school.value("helen", "target") == road.TARGET
    assert school.value("helen", "check_on") == "2026-11-02"
    assert "half term" in school.reads("helen")
    await school.fills("helen", student_told="yes", target="Wait for silence, every time", press="Give it more time")
    assert "Wait for silence, every time" in school.reads("tom")
    assert "No support plan is started" in school.reads("priya")
    await school.on("2026-11-02 15:30")
    assert "Wait for silence, every time" in school.reads("priya")
    await school.presses("priya", "Met, and I have told Tom")
    assert "Tom met the target" in school.reads("priya")


async def test_the_views_differ_and_the_partnership_lead_decides_for_a_plan(school: School) -> None:
    reference = await _differ(school)
    asked = school.reads("ruth")
    for told in ("Tom Ashworth", "Routines are not there yet", "I see the same in most lessons"):
        assert told in asked
    assert "differ" in school.reads("priya")
    await school.presses("ruth", "Decide: a support plan")
    await school.fills("ruth", decided_because="Both describe the same lessons", press="Open the support plan")
    for who in ("priya", "helen"):
        for told in ("support plan", "Partnership Lead has decided", "Both describe the same lessons", reference):
            assert told in school.reads(who)
        assert "Both views say" not in school.reads(who)


async def test_the_views_differ_and_the_partnership_lead_gives_more_time(school: School) -> None:
    await _differ(school)
    await school.presses("ruth", "More time for the target")
    await school.fills("ruth", student_told="yes", press="Give it more time")
    for who in ("priya", "helen"):
        assert "more time" in school.reads(who)
    await school.on("2026-11-02 15:30")
    assert "How is Tom Ashworth getting on?" in school.reads("priya")


async def test_the_views_differ_and_the_partnership_lead_closes_it(school: School) -> None:
    await _differ(school)
    await school.presses("ruth", "No further step: close it")
    await school.fills("ruth", reason="The visit showed steady lessons", press="Close the case")
    for who in ("priya", "helen", "tom"):
        assert "closed" in school.reads(who), who


async def test_the_partnership_lead_is_reminded_and_tells_nobody_outside(school: School) -> None:
    await _differ(school)
    before = school.news("ruth")
    await school.on("2026-10-22 09:00")
    assert school.news("ruth") == before + 1
    assert "differ" not in school.transcript("tom")


async def _differ(school: School) -> str:
    await school.opens("helen", "tom", "ruth")
    reference = await road.met_with_views(school, mentors="as expected", tutors="not as expected")
    await school.presses("helen", "We see it differently")
    return reference


async def test_without_a_link_tutor_the_office_names_one_and_can_name_another(school: School) -> None:
    await school.opens("sam", "martin", "bea")
    await school.on("2026-11-10 10:00")
    await road.opens_form(school, "sam", "Kai Brennan")
    await school.fills("sam", road.concern(school), press="Check my answers")
    await school.presses("sam", "Set the weekly target")
    await school.presses("sam", "Enter something for Dot Ellery")
    await school.presses("sam", "Not yet: tell the Link Tutor")
    await school.fills("sam", evidence="As before", early_because="Dot rang", press="Tell the Link Tutor: ")
    await school.presses("sam", "Name a Link Tutor")
    offered = school.choices("sam", "person")
    assert set(offered) == {"Dr Bea Lawson", "Dr Helen Marsh", "Martin Leigh"}
    await school.fills("sam", person=offered["Martin Leigh"], press="Make them the Link Tutor")
    assert "Kai Brennan" in school.reads("martin")
    await school.presses("sam", "Name another Link Tutor")
    assert "Martin Leigh" not in school.choices("sam", "person")
    await school.fills("sam", person=offered["Dr Bea Lawson"], press="Make them the Link Tutor")
    assert "Kai Brennan" in school.reads("bea")
    gone = await school.presses("martin", "Arrange the meeting")
    assert "nothing here for you" in gone
    assert "Kai" not in gone


async def test_the_office_arranges_the_meeting_and_both_are_told(school: School) -> None:
    await school.opens("sam", "helen")
    reference = await road.told(school)
    await school.says("sam", reference)
    await road.books(school, "sam")
    assert "Monday 19 October, 3:45pm" in school.reads("helen")
    assert "Monday 19 October, 3:45pm" in school.reads("priya")


WAYS = [
    "Record the meeting",
    "More time for the target",
    "No further step: close it",
    "It did not take place: another time",
]


async def test_when_the_meeting_ends_the_link_tutor_is_asked_once_how_it_ended(school: School) -> None:
    await school.opens("helen")
    await road.told(school)
    await road.books(school)
    await school.on("2026-10-19 16:14")
    before = {who: school.news(who) for who in ("helen", "priya")}

    await school.on("2026-10-19 16:15")
    assert "How did the meeting end?" in school.reads("helen")
    assert "Your meeting with Priya Nair about Tom Ashworth was to end by now." in school.reads("helen")
    assert school.buttons("helen")[:4] == WAYS
    assert (school.news("helen"), school.news("priya")) == (before["helen"] + 1, before["priya"])
    await school.on("2026-10-19 17:30")
    assert school.news("helen") == before["helen"] + 1


@pytest.mark.parametrize(
    ("way", "asks"),
    tuple(
        zip(WAYS, ("In your view, progress is", "Target for the coming week", "Why", "Move the meeting"), strict=True)
    ),
)
async def test_each_of_the_four_ways_leads_on(school: School, way: str, asks: str) -> None:
    await school.opens("helen")
    await road.told(school)
    await road.books(school)
    await school.on("2026-10-19 16:15")
    said = await school.presses("helen", way)
    assert asks in said or asks in str(school.newest("helen").card)


async def test_a_meeting_that_was_moved_or_cancelled_is_not_asked_about_at_its_old_end(school: School) -> None:
    await school.opens("helen")
    await road.told(school)
    await road.books(school)
    await school.presses("helen", "Move the meeting")
    await school.presses("helen", "Another time")
    await school.fills(
        "helen", day="2026-10-20", time="15:45", reason="A parents' evening", press="Make the invitation"
    )
    await school.presses("helen", "It is booked for ")
    await school.on("2026-10-19 17:30")
    assert not school.shows("helen", "How did the meeting end?")
    await school.on("2026-10-20 12:00")
    await school.presses("helen", "Cancel the meeting")
    await school.fills("helen", reason="Half term", press="Cancel the meeting")
    await school.on("2026-10-20 17:30")
    assert not school.shows("helen", "How did the meeting end?")


async def test_a_meeting_that_is_recorded_before_its_end_is_not_asked_about_any_more(school: School) -> None:
    await school.opens("helen")
    await road.told(school)
    await road.books(school)
    await school.on("2026-10-19 16:05")
    await road.records(school, "helen")
    await school.on("2026-10-19 17:30")
    assert not school.shows("helen", "How did the meeting end?")


async def test_a_card_does_not_announce_what_is_past(school: School) -> None:
    await school.opens("helen")
    await road.told(school)
    assert "If nobody answers by Thursday 15 October, 8am" in school.reads("helen")
    await school.on("2026-10-19 09:00")
    assert "arrange the meeting" in school.reads("helen")
    assert "Thursday 15 October, 8am" not in school.reads("helen")
