"""The first button of each reminder from the plan to the next steps opens what the reminder asks for."""

from __future__ import annotations

from tests.conversations import planning
from tests.conversations import second_road as road
from tests.school import School


async def opens_first(school: School, who: str) -> str:
    """Presses the first button of the message that came last. The words of what it opens."""
    message = school.teams.chat(who)[-1]
    assert message.card is not None
    return await school.presses(who, str(message.card["actions"][0]["title"]), card=message)


async def test_while_a_plan_is_written_agreed_and_talked_through(school: School) -> None:
    await school.opens("helen", "tom", "sam")
    await planning.opens_a_plan(school)
    await school.on("2026-10-20 08:30")
    for who in ("priya", "helen"):
        assert "Please write the support plan" in school.reads(who)
        assert "Promised support" in await opens_first(school, who)
        await school.presses(who, "Back")
    await school.on("2026-10-21 08:30")
    assert "You are asked to help with the plan" in school.transcript("sam")
    assert school.newest("sam").card["actions"][0]["title"] == "Write to Dr Helen Marsh in Teams"  # type: ignore[index]
    await planning.writes(school, "priya")
    await school.presses("helen", "I agree this version")
    await school.on("2026-11-02 08:30")
    for who in ("priya", "helen"):
        assert "Please talk the plan through with Tom" in school.transcript(who)


async def test_while_a_plan_is_kept_to_and_on_the_day_of_the_review(school: School) -> None:
    await school.opens("priya", "helen", "tom", "sam")
    await school.on("2026-11-03 12:00")
    await road.plans_at_once(school, "priya", "helen", "Tom Ashworth", review="2026-11-11 09:30", form=planning.PLAN)
    await school.on("2026-11-05 08:30")
    assert "Two days in" in school.reads("tom")
    assert "Has the promised support come?" in await opens_first(school, "tom")
    assert "Two days in" in school.reads("priya")
    assert "Has the promised support come?" in await opens_first(school, "priya")
    await school.on("2026-11-09 08:30")
    for who in ("priya", "tom"):
        assert "review meeting is on Wednesday 11 November, 9:30am" in school.reads(who)
        assert "Has the promised support come?" in await opens_first(school, who)
    line = school.reads("helen")
    assert "Please book the visit, so that it stands in everybody's calendar" in line
    await school.on("2026-11-11 08:30")
    assert "Start it here when you are there" in school.reads("helen")
    assert "Start the review" in await opens_first(school, "helen")
    await school.on("2026-11-12 08:30")
    assert "please start it, or choose another day for it" in school.reads("helen")
    assert "Start the review" in await opens_first(school, "helen")
    await school.on("2026-11-13 08:30")
    assert "You are asked to find out how the review stands" in school.reads("sam")


async def test_after_a_review_and_after_a_placement_has_ended(school: School) -> None:
    await school.opens("sian", "daniel", "martin", "sam", "ruth", "alan")
    await school.on("2026-11-17 12:00")
    await road.plans_at_once(
        school, "sian", "martin", "Daniel Okoro", review="2026-11-26 11:00", form=road.three_targets()
    )
    await school.on("2026-11-26 12:30")
    await road.starts_review(school, "martin")
    await school.on("2026-11-26 17:10")
    assert "Please record the rest of the review" in school.reads("martin")
    assert "Lesson observation" in await opens_first(school, "martin")
    await school.presses("martin", "Back")
    await road.observes(school, "martin")
    await road.discusses(school, "martin")
    await road.converses(school, "martin")
    await school.on("2026-11-27 08:30")
    assert "tell Daniel in person what comes of the review" in school.reads("martin")
    assert "The outcome of the review" in await opens_first(school, "martin")
    await school.on("2026-11-27 12:00")
    await school.presses("martin", "Back")
    reference = school.reference("martin")
    await road.ends(school, "martin", reference, told_student_at="11:10")
    await school.fills("martin", lead_told_at="11:30", typed_confirmation=reference, press="End the placement")
    await school.on("2026-11-30 08:30")
    assert "Please book the next steps meeting" in school.reads("sam")
    assert "Book the next steps meeting" in await opens_first(school, "sam")
    await school.on("2026-12-04 09:00")
    for who in ("ruth", "alan"):
        assert "Please book the next steps meeting" in school.reads(who), who
        assert "Book the next steps meeting" in await opens_first(school, who)
