"""The one-week check: met, one more week, or tell the Link Tutor; and a colleague's eye on the way."""

from __future__ import annotations

import pytest

from tests.conversations import road
from tests.school import Lost, School


async def test_met_is_one_tap_on_any_day_and_ends_the_reminders(school: School) -> None:
    await school.opens("tom")
    await road.raises(school)
    await school.passes(days=2)
    await school.presses("priya", "Met, and I have told Tom")
    assert "met your weekly target" in school.reads("tom")
    before = school.news("priya")
    await school.on("2026-10-20 16:00")
    assert school.news("priya") == before


async def test_one_more_week_twice_and_then_the_card_asks_to_tell_the_link_tutor(school: School) -> None:
    await school.opens("tom", "helen")
    await road.raises(school)
    await school.on("2026-10-13 15:30")
    await school.presses("priya", "Not yet: one more week")
    assert school.value("priya", "check_on") == "2026-10-20"
    again = await school.fills("priya", note="Better on Friday", press="One more week")
    assert "Tuesday 20 October" in again
    assert "Tuesday 20 October" in school.reads("tom")
    await school.on("2026-10-20 15:30")
    assert "How is Tom Ashworth getting on?" in school.reads("priya")
    first = school.newest("priya")
    await school.presses("priya", "Not yet: one more week")
    assert school.value("priya", "check_on") == "2026-11-03"
    assert "half term" in school.reads("priya")
    form = school.newest("priya")
    await school.fills("priya", press="One more week")
    await school.on("2026-11-03 15:30")
    assert "repeated 2 times" in school.reads("priya")
    assert [b.partition(",")[0] for b in school.buttons("priya")] == ["Met", "Not yet: tell the Link Tutor"]
    for stale, title in ((first, "Not yet: one more week"), (form, "One more week")):
        await school.presses("priya", title, card=stale)
        assert "November" in school.reads("priya")
    assert school.news("helen") == 1


async def test_a_third_week_is_refused_whatever_is_sent(school: School) -> None:
    await road.raises(school)
    for when in ("2026-10-13 15:30", "2026-10-20 15:30"):
        await school.on(when)
        await school.presses("priya", "Not yet: one more week")
        await school.fills("priya", press="One more week")
    await school.on("2026-11-03 15:30")
    message, _, data = school.wire("priya", "Met, and I have told Tom")
    forged = {**data, "check_on": "2026-11-10", "form": "weekly_check.more"}
    refused = await school.sends("priya", message.id, "weekly_check.continue", forged)
    assert "time to tell the Link Tutor" in refused
    assert "Tuesday 3 November" in await school.says("priya", "my cases")


async def test_another_day_for_the_next_look_can_be_chosen_if_the_school_is_open(school: School) -> None:
    await road.raises(school)
    await school.on("2026-10-13 15:30")
    await school.presses("priya", "Not yet: one more week")
    assert "school is closed" in await school.fills("priya", check_on="2026-10-28", press="One more week")
    assert "Thursday 22 October" in await school.fills("priya", check_on="2026-10-22", press="One more week")


async def test_telling_before_the_week_is_over_needs_a_line_of_reason(school: School) -> None:
    await school.opens("helen")
    await road.raises(school)
    await school.passes(days=1)
    form = await school.presses("priya", "Not yet: tell the Link Tutor")
    assert "The week runs until Tuesday 13 October" in form
    refused = await school.fills("priya", evidence=road.EVIDENCE, press="Tell the Link Tutor: ")
    assert "why" in refused.casefold()
    assert school.value("priya", "evidence") == road.EVIDENCE
    assert school.news("helen") == 1
    await school.fills("priya", early_because="Two classes have complained", press="Tell the Link Tutor: ")
    assert "Two classes have complained" in await school.presses("helen", "Read everything")


async def test_the_support_given_is_filled_in_with_the_help_that_was_offered(school: School) -> None:
    await road.raises(school, help="extra_meeting,reduced_timetable")
    await school.on("2026-10-13 15:30")
    await school.presses("priya", "Not yet: tell the Link Tutor")
    assert school.value("priya", "help") == "extra_meeting,reduced_timetable"


async def test_a_student_who_does_not_know_yet_is_told_nothing_by_pathway(school: School) -> None:
    await school.opens("helen", "tom")
    await road.raises(school)
    await school.on("2026-10-13 15:30")
    await school.presses("priya", "Not yet: tell the Link Tutor")
    await school.fills("priya", evidence=road.EVIDENCE, press="Tom does not know yet")
    assert school.value("priya", "evidence") == road.EVIDENCE
    assert school.news("helen") == 1
    why = "Tom is away until Thursday"
    await school.fills("priya", student_unaware_because=why, press="Tell the Link Tutor")
    assert why in await school.presses("helen", "Read everything")
    told = school.transcript("tom")
    for word in ("Link Tutor told", "Dr Helen Marsh has been told", why, road.EVIDENCE):
        assert word not in told
    await road.books(school)
    mine = await school.says("tom", "my cases")
    assert "eeting" not in mine
    assert "Tutor" not in mine


async def test_half_a_form_for_the_link_tutor_is_saved_and_found_again_after_a_restart(school: School) -> None:
    await school.opens("helen")
    await road.raises(school)
    await school.on("2026-10-13 15:30")
    await school.presses("priya", "Not yet: tell the Link Tutor")
    await school.fills("priya", evidence=road.EVIDENCE, wish="A second pair of eyes", press="Save for later")
    await school.restarts()
    await school.presses("priya", "Not yet: tell the Link Tutor")
    assert school.value("priya", "wish") == "A second pair of eyes"
    await school.fills("priya", best_times="After 3:30", press="Tell the Link Tutor: ")
    assert "Tom Ashworth" in school.reads("helen")
    assert not any(name.startswith("drafts/") for name in await school.kept())
    assert not any(file.startswith("drafts/") for file in school.on_disk())


async def test_a_colleagues_eye_stands_in_the_brief_of_the_meeting(school: School) -> None:
    await school.opens("helen")
    await road.raises(school)
    await school.passes(days=1)
    await school.presses("priya", "I spoke to a colleague")
    await school.presses("priya", "Ask a fellow mentor to observe")
    note = await school.fills("priya", planned_on="2026-10-12", press="Plan it and show me the note")
    assert "Monday 12 October" in note
    for secret in (road.SEEN, road.TARGET, "Managing behaviour"):
        assert secret not in note
    await school.on("2026-10-13 15:30")
    await road.tells(school)
    assert "planned for Monday 12 October" in school.reads("helen")
    await school.says("priya", "my cases")
    await school.presses("priya", "Open ")
    await school.presses("priya", "Write what the fellow mentor saw")
    await school.fills("priya", seen="Calm at the door, then three calls at once", press="Add it to the case")
    await road.books(school, day="2026-10-16")
    await school.on("2026-10-16 08:00")
    brief = school.reads("helen")
    assert "Calm at the door" in brief
    assert "spoke to a colleague" in brief.casefold()


async def test_the_second_mentor_can_answer_for_the_first(school: School) -> None:
    await school.opens("lucy")
    reference = await road.raises(school)
    await school.says("lucy", reference)
    await school.presses("lucy", "Met, and I have told Tom")
    assert "met" in school.reads("lucy")
    assert "Tom met the target" in school.reads("priya")
    assert school.buttons("priya") == ["Read everything"]


async def test_nobody_answers_and_the_link_tutor_is_asked_to_ring_knowing_nothing_else(school: School) -> None:
    await school.opens("helen", "tom", "sam")
    reference = await road.raises(school)
    before = school.news("priya")
    await school.on("2026-10-14 08:00")
    assert school.news("priya") == before + 3
    assert "due on Tuesday 13 October" in school.reads("priya")
    await school.on("2026-10-16 07:59")
    assert school.news("helen") == 1
    await school.on("2026-10-16 08:00")
    asked = school.reads("helen")
    assert reference in asked
    assert "ring Priya Nair" in asked
    for secret in ("Tom", "Ashworth", road.TARGET, road.SEEN, "Managing behaviour"):
        assert secret not in asked
    assert "Tom" not in await school.says("helen", reference)
    assert school.news("sam") == 1
    await school.passes(days=10)
    assert school.news("helen") == 3


async def test_what_is_not_on_the_card_cannot_be_pressed(school: School) -> None:
    await road.opens_form(school, "priya", "Tom Ashworth")
    with pytest.raises(Lost):
        await school.presses("priya", "Open the support plan")
    with pytest.raises(Lost):
        await school.fills("priya", press="Save for later", outcome="failed")
    with pytest.raises(Lost):
        await school.fills("priya", press="Save for later", areas="TS99")
