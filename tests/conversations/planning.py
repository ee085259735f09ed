"""The steps around a support plan that many stories share."""

from __future__ import annotations

from tests.conversations import road
from tests.school import School

PLAN = {
    "target1": "Plan each lesson from what pupils are to learn",
    "measure1": "Four of five plans begin with the learning",
    "support1": "Planning together on Wednesday",
    "promises": "joint_planning,tutor_support",
    "adjustments": "yes",
}


async def writes(school: School, who: str, **changes: str) -> str:
    """The plan from the form to its author's agreement. The words of the card that shows it for checking."""
    await school.presses(who, "Write the support plan")
    checked = await school.fills(who, {**PLAN, **changes}, press="Check the plan")
    await school.presses(who, "Agree this version")
    return checked


async def talks_it_through(school: School, who: str, **changes: str) -> None:
    await school.presses(who, "We have talked it through with")
    await school.fills(
        who,
        {"achievable": "yes", "knows": "yes", "comment": "I can do this", **changes},
        press="Record the conversation",
    )


async def opens_a_plan(school: School) -> str:
    """Priya and Helen have met on Monday 19 October and open a plan for Tom. The case's reference."""
    reference = await road.met_with_views(school, mentors="not as expected", tutors="not as expected")
    await school.presses("helen", "Open the support plan")
    return reference


async def agrees_a_plan(school: School) -> str:
    """The same, written by Priya and agreed by both."""
    reference = await opens_a_plan(school)
    await writes(school, "priya")
    await school.presses("helen", "I agree this version")
    return reference


async def starts_a_plan(school: School) -> str:
    """The same, talked through with Tom on Tuesday 20 October at midday."""
    reference = await agrees_a_plan(school)
    await school.on("2026-10-20 12:00")
    await talks_it_through(school, "helen")
    return reference
