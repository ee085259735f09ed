"""T10: what nobody has said is in PebblePad comes to the Link Tutor as one list a week, over all of their cases."""

from __future__ import annotations

from tests.conversations import planning
from tests.conversations import second_road as road
from tests.school import School


async def two_plans(school: School) -> None:
    """Helen has two plans in place, of which neither is in PebblePad. Tom's was written first."""
    await school.opens("helen", "tom", "aisha", "priya", "gareth", "sam")
    await school.on("2026-11-02 10:00")
    await road.plans_at_once(school, "priya", "helen", "Tom Ashworth", review="2026-11-13 09:30", form=planning.PLAN)
    await school.on("2026-11-03 10:00")
    await road.plans_at_once(school, "gareth", "helen", "Aisha Rahman", review="2026-11-13 13:30", form=planning.PLAN)


async def test_monday_brings_one_list_over_both_cases(school: School) -> None:
    await two_plans(school)
    await school.on("2026-11-09 07:00")
    before = school.news("helen")
    await school.on("2026-11-09 12:00")
    assert school.news("helen") == before + 1
    read = school.reads("helen")
    assert "Not yet in PebblePad" in read
    assert "Tom Ashworth (Ref " in read
    assert "Aisha Rahman (Ref " in read
    assert read.index("Tom Ashworth") < read.index("Aisha Rahman")
    assert "Placements: a weekly list" in school.newest("helen").summary


async def test_its_buttons_open_the_text_and_what_is_said_there_leaves_the_list(school: School) -> None:
    await two_plans(school)
    await school.on("2026-11-09 12:00")
    texts = [title for title in school.buttons("helen") if title.startswith("Text for ")]
    sheet = await school.presses("helen", texts[0])
    assert "For PebblePad: the plan" in sheet
    assert "Plan each lesson from what pupils are to learn" in sheet
    await school.presses("helen", "It is recorded in PebblePad")
    listed = await school.sends("helen", school.newest("helen").id, "pebblepad.list", {})
    assert "Aisha Rahman" in listed
    assert "Tom Ashworth" not in listed


async def test_where_one_text_is_left_that_text_comes_and_nothing_when_all_is_there(school: School) -> None:
    await two_plans(school)
    await school.on("2026-11-09 12:00")
    for title in [t for t in school.buttons("helen") if t.startswith("Text for ")][:1]:
        await school.presses("helen", title)
        await school.presses("helen", "It is recorded in PebblePad")
    await school.on("2026-11-16 07:00")
    before = school.news("helen")
    await school.on("2026-11-16 12:00")
    assert school.news("helen") == before + 1
    assert "not yet in PebblePad" in school.transcript("helen")
    await school.says("helen", "my cases")
    await school.presses("helen", "What is not yet in PebblePad")
    await school.presses("helen", "Text for ")
    await school.presses("helen", "It is recorded in PebblePad")
    assert "What is not yet in PebblePad" not in await school.says("helen", "my cases")
    await school.on("2026-11-23 07:00")
    quiet = school.transcript("helen").count("PebblePad")
    await school.on("2026-11-23 12:00")
    assert school.transcript("helen").count("PebblePad") == quiet


async def test_together_with_other_reminders_it_is_one_line_of_the_one_morning_message(school: School) -> None:
    await two_plans(school)
    await school.on("2026-11-16 07:00")
    before = school.news("helen")
    await school.on("2026-11-16 12:00")
    assert school.news("helen") == before + 1
    read = school.reads("helen")
    assert "Today's placements" in read
    assert read.count("Not yet in PebblePad") == 1
    await school.presses("helen", "What is not yet in PebblePad")
    assert "Aisha Rahman (Ref " in school.reads("helen")


async def test_the_mentor_gets_no_list_and_finds_none(school: School) -> None:
    await two_plans(school)
    await school.on("2026-11-09 12:00")
    assert "weekly list" not in school.transcript("priya", "gareth", "tom", "aisha", "sam")
    assert "What is not yet in PebblePad" not in await school.says("priya", "my cases")
    answer = await school.sends("priya", school.newest("priya").id, "pebblepad.list", {})
    assert "Tom Ashworth" not in answer


async def test_the_list_is_there_for_whoever_types_pebblepad(school: School) -> None:
    await two_plans(school)
    assert "Tom Ashworth (Ref " in await school.says("helen", "pebblepad")
    assert "Nothing of yours is waiting" in await school.says("priya", "PebblePad")
