"""Who looks at the targets and by when, who gives what by which day: filled in, and changed where people want it."""

from __future__ import annotations

from tests.conversations import planning
from tests.school import School


async def test_who_looks_and_by_when_are_filled_in_and_follow_the_review(school: School) -> None:
    await school.opens("helen")
    await planning.opens_a_plan(school)
    form = await school.presses("priya", "Write the support plan")
    assert school.value("priya", "met_by") == school.value("priya", "review_on") == "2026-11-03"
    assert school.value("priya", "monitored") == "mentor"
    assert "The latest possible day is Tuesday 10 November" in form
    checked = await school.fills("priya", planning.PLAN, review_on="2026-11-04", press="Check the plan")
    assert "To be met by Wednesday 4 November" in checked
    assert "Looked at by Priya Nair" in checked
    assert "Review meeting Wednesday 4 November, 9:30am (6 school days; half term 26 to 30 October" in checked


async def test_an_earlier_day_and_somebody_else_can_be_chosen(school: School) -> None:
    await school.opens("helen")
    await planning.opens_a_plan(school)
    await school.presses("priya", "Write the support plan")
    more = {
        "met_by": "2026-11-02",
        "monitored": "mentor and link_tutor",
        "promise": "A visit to another class",
        "promise_who": "link_tutor",
    }
    checked = await school.fills("priya", {**planning.PLAN, **more}, press="Check the plan")
    assert "To be met by Monday 2 November" in checked
    assert "Looked at by Priya Nair and Dr Helen Marsh" in checked
    assert "A visit to another class (Dr Helen Marsh, by Monday 2 November)" in checked.replace(
        "Personal support; ", ""
    )
    await school.presses("priya", "Agree this version")
    await school.presses("helen", "Change the plan")
    for field, value in more.items():
        assert school.value("helen", field) == value


async def test_a_day_after_the_review_is_refused_at_its_field(school: School) -> None:
    await school.opens("helen")
    await planning.opens_a_plan(school)
    await school.presses("priya", "Write the support plan")
    refused = await school.fills("priya", planning.PLAN, met_by="2026-11-05", press="Check the plan")
    assert "Choose the day of the review or an earlier one" in refused
    assert school.value("priya", "target1") == planning.PLAN["target1"]


async def test_what_is_to_be_met_by_the_review_moves_with_it_in_pebblepad_too(school: School) -> None:
    await school.opens("helen", "tom")
    await planning.starts_a_plan(school)
    _, _, data = school.wire("helen", "Text for PebblePad")
    show = {**data, "record": "plan"}
    assert "Tuesday 3 November 2026" in await school.sends("helen", school.newest("helen").id, "pebblepad.show", show)
    await school.presses("helen", "Back")
    await school.presses("helen", "Something else")
    await school.presses("helen", "Change the review")
    moved = {"review_on": "2026-11-05", "reason": "Helen is away", "student_told": "yes"}
    await school.fills("helen", moved, press="Change the review")
    sheet = await school.sends("helen", school.newest("helen").id, "pebblepad.show", show)
    assert "Thursday 5 November 2026" in sheet
    assert "Tuesday 3 November" not in sheet
    assert "To be met by Thursday 5 November" in await school.says("tom", "my plan")


async def test_with_three_targets_who_and_by_when_stand_on_a_page_of_their_own(school: School) -> None:
    await school.opens("helen")
    await planning.opens_a_plan(school)
    await school.presses("priya", "Write the support plan")
    await school.fills("priya", planning.PLAN, press="Add an area or a second target")
    await school.fills("priya", _target(2, "TS4"), press="Add an area or a second target")
    await school.fills("priya", _target(3, "TS5"), press="Who looks at it, and by when")
    assert school.value("priya", "met_by") == "2026-11-03"
    refused = await school.fills("priya", met_by="2026-11-04", press="Check the plan")
    assert "Choose the day of the review or an earlier one" in refused
    assert school.value("priya", "met_by") == "2026-11-04"
    await school.fills("priya", met_by="2026-11-02", press="Back to the targets")
    checked = await school.fills("priya", review_on="2026-11-05", press="Check the plan")
    assert "To be met by Monday 2 November" in checked
    assert checked.count("How we will know") == 3


def _target(n: int, area: str) -> dict[str, str]:
    said = {"target": f"Target of {area}", "measure": f"Measure of {area}", "support": f"Support for {area}"}
    return {f"area{n}": area, **{f"{name}{n}": words for name, words in said.items()}}
