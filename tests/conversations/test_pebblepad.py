"""What is handed over to PebblePad: each record in the order of the template, with what people typed, once."""

from __future__ import annotations

from itertools import pairwise

from tests.conversations import planning, road
from tests.conversations import second_road as review
from tests.school import School


def in_order(words: str, *lines: str) -> None:
    """Each of *lines* stands in *words* once, as a line, and after the one before."""
    there = words.splitlines()
    for line in lines:
        assert there.count(line) == 1, (line, words)
    for one, other in pairwise(lines):
        assert there.index(one) < there.index(other), (one, other, words)


async def hands_over(school: School, who: str, record: str) -> str:
    """All parts of the text of one record, one after the other."""
    await road.presses_rarer(school, who, "Text for PebblePad")
    whole = school.reads(who)
    if f"For PebblePad: {record}" not in whole:
        whole = await school.presses(who, f"Show {record}")
    while "Show the next part" in school.buttons(who):
        whole += "\n" + await school.presses(who, "Show the next part")
    return whole


async def test_the_plan_is_handed_over_target_by_target(school: School) -> None:
    await school.opens("sian", "martin", "daniel")
    await review.plans_for_daniel(school)
    sheet = await hands_over(school, "martin", "the plan")
    rows = [
        line
        for n, (_, target, measure) in enumerate(review.TARGETS, 1)
        for line in (
            f"Standard or Core Area ({n})",
            f"Target ({n})",
            target,
            f"Success criteria ({n})",
            measure,
            f"Support: what and by whom ({n})",
            f"Monitored by ({n})",
            f"To be completed by ({n})",
        )
    ]
    in_order(sheet, *rows, "Additional support", "Plan starts", "Review meeting", "Discussed with the student on")
    assert f"{review.PROMISE} (Sian Pritchard, by the review)" in sheet
    assert "the intervention section of Phase 1" in sheet


async def test_the_review_is_handed_over_in_the_templates_order_whatever_was_recorded_first(school: School) -> None:
    """The conversation is recorded before the observation, and the observation is put right: it stands once."""
    await school.opens("sian", "martin", "daniel")
    await review.plans_for_daniel(school)
    await school.presses("sian", "Tick the promised support")
    await school.fills("sian", promise1="given", press="Record this")
    await school.on("2026-11-27 11:00")
    await review.starts_review(school, "martin")
    await review.converses(school, "martin")
    await review.discusses(school, "martin")
    await review.observes(school, "martin", ("Not seen yet", *review.SAW[1:]))
    await school.presses("martin", "Change: Lesson observation")
    await school.fills("martin", evidence_0=review.SAW[0], press="Record this part")
    sheet = await hands_over(school, "martin", "the observation and the review")
    in_order(
        sheet,
        "Review meeting on",
        "Observed on",
        "Observer",
        "Focus areas seen",
        "Lesson observation",
        review.LESSON,
        *(line for n, saw in enumerate(review.SAW, 1) for line in (f"Progress and evidence ({n})", saw)),
        "Was the agreed support given",
        "Partly",
        "Discussion with the mentor",
        review.SUPPORT,
        "Present in the three-way conversation",
        "Three-way conversation: the student's view",
        review.STUDENT_SAYS,
        "Support given",
    )
    for _, target, _ in review.TARGETS:
        assert sheet.splitlines().count(target) == 1
    assert f"{review.PROMISE}: Given, says Sian Pritchard (Thursday 19 November)." in sheet
    assert "Not seen yet" not in sheet


async def test_the_outcome_is_handed_over_with_who_told_the_student_and_when(school: School) -> None:
    reference = await review.reviews_daniel(school)
    await school.on("2026-11-27 15:00")
    await review.ends(school, "martin", reference)
    sheet = await hands_over(school, "martin", "the outcome")
    in_order(
        sheet,
        *(f"Result of target ({n})" for n in (1, 2, 3)),
        "Outcome",
        "The placement has ended.",
        "Reasons",
        review.REASONS,
        "Student told",
        "Friday 27 November 2026, 2:10pm, by Martin Leigh, with Sian Pritchard there",
    )
    assert sheet.splitlines().count("Not yet met") == 2
    await school.presses("martin", "It is recorded in PebblePad")
    done = await hands_over(school, "martin", "the outcome")
    assert "You say that it is recorded in PebblePad" in done
    assert "It is recorded in PebblePad" not in school.buttons("martin")


async def test_whoever_may_not_read_it_is_handed_nothing(school: School) -> None:
    await review.reviews_daniel(school)
    await school.opens("lucy", "nora")
    _, _, data = school.wire("martin", "Record the outcome")
    for who in ("daniel", "sam", "alan", "nadia", "lucy", "nora"):
        for record in ("plan", "review", "outcome", ""):
            answer = await school.sends(who, school.newest(who).id, "pebblepad.show", {**data, "record": record})
            assert review.LESSON not in answer, (who, record)
            assert "For PebblePad" not in answer, (who, record)


async def test_the_weekly_target_can_be_handed_over_before_there_is_a_plan(school: School) -> None:
    await school.opens("helen")
    await planning.opens_a_plan(school)
    answer = await school.sends(
        "helen", school.newest("helen").id, "pebblepad.show", {**school.wire("helen", "Write the support plan")[2]}
    )
    assert "the weekly meeting section" in answer
