"""The three parts of the review in all their fields: what is asked at once, what only on request, and where it goes."""

from __future__ import annotations

from bot.practice import hands
from tests.conversations import second_road as road
from tests.school import School


async def begun(school: School) -> str:
    await school.opens("sian", "daniel", "martin", "sam")
    await school.on("2026-11-18 12:00")
    await road.plans_at_once(
        school, "sian", "martin", "Daniel Okoro", review="2026-11-27 11:00", form=road.three_targets()
    )
    await school.on("2026-11-27 12:30")
    await road.starts_review(school, "martin")
    return school.reference("martin")


async def reads_it(school: School) -> str:
    await school.says("martin", "my cases")
    await school.presses("martin", "Open ")
    if "Something else" in school.buttons("martin"):
        await school.presses("martin", "Something else")
    return await school.presses("martin", "Read the review")


async def test_whoever_records_the_observation_saw_it_on_the_day_unless_somebody_says_otherwise(school: School) -> None:
    await begun(school)
    form = await school.presses("martin", "Lesson observation")
    assert "Observed by you on Friday 27 November" in form
    await school.presses("martin", "Back")
    await road.observes(school, "martin")
    read = await reads_it(school)
    assert "Observed by Martin Leigh on Friday 27 November" in read


async def test_suggestions_another_observer_and_another_day_are_asked_for_on_request(school: School) -> None:
    await begun(school)
    await school.presses("martin", "Lesson observation")
    seen = {f"evidence_{n}": words for n, words in enumerate(road.SAW)}
    await school.fills("martin", {"words": road.LESSON, **seen}, press="Add suggestions, another observer or day")
    assert school.value("martin", "words") == road.LESSON
    assert school.value("martin", "observer") == "link_tutor"
    assert school.value("martin", "on") == "2026-11-27"
    more = {"observer": "colleague", "on": "2026-11-26", "suggestions": "Count down from five, and wait"}
    await school.fills("martin", more, press="Record this part")
    read = await reads_it(school)
    for words in (
        "Observed by a fellow mentor of the school on Thursday 26 November",
        "Count down from five, and wait",
    ):
        assert words in read
    await school.presses("martin", "Back")
    await school.presses("martin", "Change: Lesson observation")
    assert school.value("martin", "suggestions") == "Count down from five, and wait"
    assert school.value("martin", "observer") == "colleague"


async def test_a_day_still_to_come_is_refused_and_half_of_it_is_kept_for_later(school: School) -> None:
    await begun(school)
    await school.presses("martin", "Three-way conversation")
    await school.presses("martin", "Add a summary or another day")
    said = {"present": "student,mentor,link_tutor", "words": road.STUDENT_SAYS, "summary": "We want a decision today"}
    refused = await school.fills("martin", said, on="2026-11-28", press="Record this part")
    assert "today or a day in the past" in refused
    assert school.value("martin", "summary") == "We want a decision today"
    await school.fills("martin", press="Save for later")
    await school.presses("martin", "Three-way conversation")
    assert school.value("martin", "summary") == "We want a decision today"
    await school.fills("martin", on="2026-11-27", press="Record this part")
    assert "We want a decision today" in await reads_it(school)


async def test_the_mentor_records_the_observation_as_the_one_who_saw_it(school: School) -> None:
    reference = await begun(school)
    await school.says("sian", reference)
    await road.observes(school, "sian")
    assert "Observed by Sian Pritchard" in await reads_it(school)


async def test_the_observation_goes_to_pebblepad_in_the_templates_order(school: School) -> None:
    await begun(school)
    await school.presses("martin", "Lesson observation")
    seen = {f"evidence_{n}": words for n, words in enumerate(road.SAW)}
    await school.fills("martin", {"words": road.LESSON, **seen}, press="Add suggestions")
    await school.fills("martin", suggestions="Count down from five", press="Record this part")
    await road.discusses(school, "martin")
    await road.converses(school, "martin")
    _, _, data = school.wire("martin", "Record the outcome")
    sheet = await school.sends("martin", school.newest("martin").id, "pebblepad.show", {**data, "record": "review"})
    titles = (
        "Observed on",
        "Observer",
        "Focus areas seen",
        "Lesson observation",
        "Progress and evidence (1)",
        "Suggestions",
        "Was the agreed support given",
        "Discussion with the mentor",
        "Three-way conversation: the student's view",
    )
    places = [sheet.index(title) for title in titles]
    assert places == sorted(places)
    assert "Intervention section" in sheet or "intervention section of Phase 1" in sheet


async def test_what_is_asked_on_request_costs_the_sixteen_fields_nothing(school: School) -> None:
    await begun(school)
    asked = 0
    for part in ("Lesson observation", "Discussion with the mentor", "Three-way conversation"):
        await school.presses("martin", part)
        asked += len(hands.inputs(school.newest("martin").card or {}))
        await school.presses("martin", "Back")
    assert asked == 8
