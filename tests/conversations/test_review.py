"""From the day of the review to the outcome and the next steps, and what goes otherwise than in the stories."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.practice import hands
from bot.practice.roll import PROVIDER
from tests.conversations import second_road as road
from tests.school import School

# -- nothing before a person has said it -----------------------------------------------------------------------------


async def test_a_mentor_who_was_not_there_is_told_by_a_person_too(school: School) -> None:
    reference = await road.reviews_daniel(school)
    await school.on("2026-11-27 15:00")
    await school.presses("martin", "Record the outcome")
    await school.fills("martin", road.outcome(school, told_by="tutor"), press="The placement ends as failed")
    confirmed = {"lead_told_at": "14:30", "typed_confirmation": reference}
    refused = await school.fills("martin", confirmed, mentor_told="no", press="End the placement")
    assert "is sent the record" in refused
    await school.fills("martin", confirmed, mentor_told="yes", press="End the placement")
    assert "with Sian Pritchard there" not in school.reads("daniel")


async def test_the_written_outcome_goes_at_once_even_at_night(school: School) -> None:
    reference = await road.reviews_daniel(school)
    await school.on("2026-11-27 22:40")
    before = {who: school.news(who) for who in ("daniel", "sian", "ruth", "alan")}
    await road.ends(school, "martin", reference)
    assert school.news("daniel") == before["daniel"] + 1
    assert "Friday 27 November, 2:10pm" in school.reads("daniel")
    assert {who: school.news(who) for who in before if who != "daniel"} == {
        who: n for who, n in before.items() if who != "daniel"
    }
    await school.on("2026-11-30 08:00")
    for who in ("sian", "ruth", "alan"):
        assert "Daniel Okoro" in school.reads(who), who


async def test_the_bot_itself_never_says_what_the_outcome_is_to_be(school: School) -> None:
    """T11 reminds at 5pm and escalates; nothing that is left open is ever decided by the clock."""
    await road.reviews_daniel(school)
    await school.on("2026-11-27 17:00")
    assert "tell Daniel in person what comes of the review" in school.reads("martin")
    assert "Record the outcome" in school.buttons("martin")
    await school.passes(days=30)
    assert "ended" not in school.transcript("daniel")
    await school.presses("martin", "Open ")
    form = await school.presses("martin", "Record the outcome")
    assert not any(school.value("martin", f"result_{n}") for n in range(3))
    assert "In person" not in form


# -- the review ------------------------------------------------------------------------------------------------------


async def test_a_review_is_started_early_with_a_warning_and_never_refused(school: School) -> None:
    await school.opens("sian", "daniel", "martin", "sam")
    await road.plans_for_daniel(school)
    await school.on("2026-11-24 09:00")
    await school.says("martin", "my cases")
    await school.presses("martin", "Open ")
    await school.presses("martin", "Something else")
    form = await school.presses("martin", "Start the review")
    assert "This is early: 2 school days since the plan began" in form
    refused = await school.fills("martin", press="Start it: not in person")
    assert "Say why the visit is not in person" in refused
    await school.fills("martin", not_in_person_because="The school is snowed in", press="Start it: not in person")
    assert "not in person" in school.reads("martin")


async def test_each_part_is_recorded_on_its_own_by_the_tutor_or_the_mentor_and_can_be_left_half_filled(
    school: School,
) -> None:
    await school.opens("sian", "daniel", "martin", "sam")
    await road.plans_for_daniel(school)
    await school.on("2026-11-27 11:00")
    await road.starts_review(school, "martin")
    await school.says("sian", "my cases")
    await school.presses("sian", "Open ")
    await school.presses("sian", "Lesson observation")
    await school.fills("sian", words=road.LESSON, evidence_0=road.SAW[0], press="Save for later")
    assert "not recorded yet" in school.reads("martin")
    await school.presses("sian", "Lesson observation")
    assert school.value("sian", "evidence_0") == road.SAW[0]
    refused = await school.fills("sian", press="Record this part")
    assert "Say what you saw of target 2" in refused
    await school.fills("sian", evidence_1=road.SAW[1], evidence_2=road.SAW[2], press="Record this part")
    assert "Lesson observation: recorded by Sian Pritchard" in school.reads("martin")
    form = await school.presses("martin", "Discussion with the mentor")
    assert "Two planning sessions" in form
    refused = await school.fills("martin", press="Record this part")
    assert "Choose one: yes, partly or no" in refused
    await school.fills("martin", support="no", words="None of it took place", press="Record this part")
    again = await school.presses("martin", "Change: Lesson observation")
    assert road.SAW[2] in school.value("martin", "evidence_2")
    assert "Target 3" in again
    await school.presses("martin", "Back")
    await school.presses("martin", "Record the outcome")
    asked = school.reads("martin")
    assert "Not recorded yet: Three-way conversation" in asked
    refused = await school.fills(
        "martin", road.outcome(school, told_student_at="10:00"), press="The placement continues"
    )
    assert "Record them, or say why not" in refused
    refused = await school.fills(
        "martin",
        road.outcome(school, told_student_at="10:00", parts_missing_because="Daniel had to leave"),
        press="The placement ends as failed",
    )
    assert "A placement ends only after all three parts" in refused
    check = await school.fills("martin", press="The placement continues")
    assert "Save it and write to Daniel" in school.buttons("martin")
    assert "Well done, Daniel" in check


async def test_a_second_press_a_stale_card_and_a_stranger_change_nothing(school: School) -> None:
    reference = await road.reviews_daniel(school)
    await school.on("2026-11-27 15:00")
    await school.presses("martin", "Record the outcome")
    first = school.newest("martin")
    await school.fills("martin", road.outcome(school), press="The placement ends as failed")
    message, verb, data = school.wire("martin", "End the placement", lead_told_at="14:30", typed_confirmation=reference)
    for who in ("sian", "sam", "daniel", "nora", "owen"):
        if not school.teams.transcript.installed(who):
            await school.opens(who)
        answer = await school.sends(who, school.newest(who).id, verb, data)
        assert "writing now" not in answer, who
    assert "ended" not in school.transcript("daniel")
    await school.sends("martin", message.id, verb, data)
    after = {who: school.news(who) for who in ("daniel", "sian", "ruth")}
    assert "moved on" in await school.sends("martin", message.id, verb, data)
    assert "moved on" in await school.presses("martin", "The placement continues", card=first)
    assert {who: school.news(who) for who in after} == after


async def test_another_mentor_of_the_school_reads_nothing_of_the_review(school: School) -> None:
    await road.reviews_daniel(school)
    await school.presses("martin", "Something else")
    _, _, data = school.wire("martin", "Read the review")
    await school.opens("lucy", "freya")
    for who in ("lucy", "freya"):
        answer = await school.sends(who, school.newest(who).id, "review.read", data)
        assert "nothing here for you" in answer
    await school.sends("daniel", school.newest("daniel").id, "review.read", data)
    assert road.SUPPORT not in school.reads("daniel")


# -- the next steps --------------------------------------------------------------------------------------------------


async def ended(school: School) -> str:
    reference = await road.reviews_daniel(school)
    await school.on("2026-11-27 15:00")
    await road.ends(school, "martin", reference)
    return reference


async def test_an_unbooked_next_steps_meeting_is_asked_for_until_the_lead_and_the_director_hear(school: School) -> None:
    await ended(school)
    await school.on("2026-11-30 08:00")
    assert "Please book the next steps meeting" in school.reads("sam")
    assert "Book the next steps meeting" in school.buttons("sam")
    await school.on("2026-12-02 08:00")
    assert "Please book the next steps meeting" in school.reads("ruth")
    await school.on("2026-12-04 08:00")
    assert "Please book the next steps meeting" in school.reads("alan")
    assert "Book the next steps meeting" in school.buttons("alan")
    await school.presses("alan", "Book the next steps meeting")
    await school.presses("alan", "Another time")
    assert "That has passed" in school.reads("alan")
    assert school.value("alan", "day") == "2026-12-07"


async def test_a_day_far_away_needs_somebody_to_turn_to(school: School) -> None:
    await ended(school)
    await school.presses("sam", "Book the next steps meeting")
    await school.presses("sam", "Another time")
    refused = await school.fills("sam", day="2026-12-09", place="Room 204", press="Book it and tell everybody")
    assert "Name somebody to turn to until then" in refused
    refused = await school.fills(
        "sam", interim_contact="Sam Whitfield, 0113 496 0102", invited="student", press="Book it and tell everybody"
    )
    assert "Invite the Course Director" in refused
    await school.fills(
        "sam",
        invited="student,course_director,level_lead,partnership_lead",
        deputies="Dr Jo Lumb for the Course Director",
        press="Book it and tell everybody",
    )
    letter = school.reads("daniel")
    for words in ("Wednesday 9 December", "Room 204", "Sam Whitfield, 0113 496 0102", "Dr Jo Lumb"):
        assert words in letter


async def test_a_student_who_did_not_come_is_offered_another_day_or_it_is_closed_with_a_reason(school: School) -> None:
    reference = await ended(school)
    await school.presses("sam", "Book the next steps meeting")
    await school.presses("sam", "Another time")
    await school.fills("sam", day="2026-12-02", place="Room 204", press="Book it and tell everybody")
    await school.on("2026-12-02 12:00")
    await school.says("alan", reference)
    await school.presses("alan", "Record the meeting")
    held = {
        "present": "course_director,partnership_lead",
        "options": "re-sit placement",
        "decision": "The exam board decides on 14 January",
        "status": "board",
        "teaching": "some",
        "funding": "The office",
        "follow_up": "Alan Frost",
    }
    refused = await school.fills("alan", held, press="Close the case")
    for missing in ("offer another day", "support leaflet", "how to appeal"):
        assert missing in refused
    await school.presses("alan", "Daniel did not come: offer another day")
    await school.presses("alan", "Another time")
    assert school.value("alan", "place") == "Room 204"
    await school.fills("alan", day="2026-12-04", reason="Daniel was ill", press="Book it and tell everybody")
    assert "Friday 4 December, 10am" in school.reads("daniel")
    await school.on("2026-12-04 12:00")
    await school.says("alan", reference)
    await school.presses("alan", "Record the meeting")
    refused = await school.fills("alan", held, leaflet_given="yes", appeal_given="yes", press="Close the case")
    await school.fills("alan", student_absent_because="Prefers to write to us", press="Close the case")
    assert "The exam board decides on 14 January" in school.reads("daniel")
    assert "Prefers to write to us" not in school.reads("daniel")


async def test_an_outcome_entered_wrongly_is_set_aside_by_the_lead_and_recorded_anew(school: School) -> None:
    reference = await ended(school)
    await school.says("ruth", reference)
    await school.presses("ruth", "The outcome was entered wrongly")
    refused = await school.fills("ruth", reason="The wrong student's form", press="Set it aside")
    assert "Tell the student first" in refused
    await school.fills("ruth", student_told="yes", press="Set it aside")
    put_right = school.reads("daniel")
    assert "is being put right, as you have been told in person" in put_right
    assert "failed" not in put_right
    for who in ("martin", "sian", "sam", "alan", "nadia"):
        assert "set aside" in school.reads(who), who
    await school.presses("martin", "Something else")
    first = await school.presses("martin", "Read the review")
    assert "the placement ended" in first
    assert "The wrong student's form" in first
    await school.presses("martin", "Back")
    await school.presses("martin", "Record the outcome")
    await school.fills("martin", road.outcome(school), press="The placement continues")
    await school.presses("martin", "Save it and write to Daniel")
    assert "Your placement continues" in school.reads("daniel")


async def test_an_outcome_is_put_right_for_ten_working_days_and_no_longer(school: School) -> None:
    reference = await ended(school)
    await school.on("2026-12-11 09:00")
    await school.says("ruth", reference)
    form = await school.presses("ruth", "The outcome was entered wrongly")
    assert "until Friday 11 December" in form
    await school.on("2026-12-14 09:00")
    late = await school.fills("ruth", reason="Too late", student_told="yes", press="Set it aside")
    assert "can be corrected for 10 working days" in late
    await school.says("ruth", reference)
    assert "The outcome was entered wrongly" not in school.buttons("ruth")


# -- what a provider sets --------------------------------------------------------------------------------------------


async def test_where_the_provider_asks_for_it_the_lead_confirms_with_a_press_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a provider that confirms nobody's place on the course writes no such line to the student."""
    file = tmp_path / "provider.toml"
    words = PROVIDER.read_text(encoding="utf-8").splitlines()
    ours = ["termination_needs_lead = true" if line.startswith("still_enrolled_note") else line for line in words]
    file.write_text("\n".join(ours), encoding="utf-8")
    monkeypatch.setattr(School, "provider_file", file)
    async with School(tmp_path) as school:
        reference = await road.reviews_daniel(school)
        await school.on("2026-11-27 15:00")
        refused = await road.ends(school, "martin", reference)
        assert "The Partnership Lead confirms this too" in refused
        assert "has not confirmed it yet" in refused
        _, _, data = school.wire("martin", "End the placement", lead_told_at="14:30", typed_confirmation=reference)
        for who in ("sam", "sian", "alan"):
            await school.sends(who, school.newest(who).id, "outcome.lead_confirmed", data)
        again = await school.fills("martin", press="End the placement")
        assert "The Partnership Lead confirms this too" in again
        await school.says("ruth", reference)
        check = await school.presses("ruth", "Confirm that it may end")
        assert road.STUDENT_SAYS in check
        await school.presses("ruth", "I confirm that it may end")
        await school.fills("martin", press="End the placement")
        assert "still a student" not in school.reads("daniel")
        assert "The Partnership Team can tell you where you stand on your course" in school.reads("daniel")
        assert school.errors() == []


# -- budgets ---------------------------------------------------------------------------------------------------------


async def test_a_review_and_its_outcome_with_three_targets_ask_sixteen_fields_at_the_most(school: School) -> None:
    """Counted on the cards, the ones that are filled in already among them."""
    await school.opens("sian", "daniel", "martin", "sam")
    await road.plans_for_daniel(school)
    await school.on("2026-11-27 12:30")
    await road.starts_review(school, "martin")
    asked = 0
    for part, record in (
        ("Lesson observation", road.observes),
        ("Discussion with the mentor", road.discusses),
        ("Three-way conversation", road.converses),
    ):
        await school.presses("martin", part)
        asked += len(hands.inputs(school.newest("martin").card or {}))
        await school.presses("martin", "Back")
        await record(school, "martin")
    await school.presses("martin", "Record the outcome")
    asked += len(hands.inputs(school.newest("martin").card or {}))
    assert asked <= 16
