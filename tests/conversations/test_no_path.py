"""What no path leads to: a plan of four areas, an outcome that nobody has told the student, a placement that ends without
its typed confirmation.

Through the front door: the wrong form at the right time, the right form at the wrong time, presses that no card
offers, and everybody else's hands. `tests/pathway/test_walk.py` asks the same of thousands of random histories.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import pytest

from dialogs.turn import new_nonce
from pathway import events as e
from pathway.case import Case, fold
from tests.conversations import road
from tests.conversations import second_road as review
from tests.conversations.whole_story import the_case
from tests.school import School

EVERYBODY = ("sian", "owen", "daniel", "martin", "helen", "sam", "ruth", "nadia", "alan", "nora")
LINK_TUTOR = "martin"
Outcome = e.PlacementContinued | e.PlacementTerminated
Data = Mapping[str, Any]


async def _case(school: School) -> Case:
    case = fold(await the_case(school))
    assert case
    return case


async def _forges(school: School, who: str, verb: str, data: Data) -> str:
    """A press on the newest card of *who*, whatever stands on it, for the step at which the case is now."""
    case = await _case(school)
    if not school.teams.transcript.installed(who):
        await school.opens(who)
    hidden = {"case": case.id, "step": case.step, "nonce": new_nonce()}
    return await school.sends(who, school.newest(who).id, verb, {**hidden, **data})


async def _outcomes(school: School) -> Sequence[Outcome]:
    return [x for x in await the_case(school) if isinstance(x, Outcome)]


async def _daniel_heard_nothing(school: School) -> None:
    """Neither in any card that ever reached him, nor by mail; and nothing is in the log."""
    assert await _outcomes(school) == []
    came = "\n".join(school.reached("daniel")).casefold()
    for words in ("your placement continues", "has ended", "failed", review.REASONS.casefold()):
        assert words not in came


# -- a plan of four areas --------------------------------------------------------------------------------------------

FOUR = ("TS1", "TS7", "TS4", "TS6")
#: Areas of which two are called the same otherwise: they are four all the same.
FOURS = (FOUR, ("pedagogy", "TS4", "TS5", "assessment"), ("TS1", "TS2", "TS3", "TS1 TS2"))


def _four_targets(areas: Sequence[str] = FOUR) -> dict[str, str]:
    rows = {f"{field}{n}": f"{field} {n}" for n in (1, 2, 3, 4) for field in ("target", "measure", "support")}
    return review.three_targets(**rows, **{f"area{n}": area for n, area in enumerate(areas, 1)})


async def _most_areas(school: School) -> int:
    """Of any version that is in the log."""
    written = [x for x in await the_case(school) if isinstance(x, e.PlanWritten | e.PlanAmended)]
    return max((len({t.area for t in plan.targets}) for plan in written), default=0)


@pytest.mark.parametrize("blocks", ["4", "6", "1", "999", ""])
@pytest.mark.parametrize("areas", FOURS)
async def test_no_form_makes_a_plan_of_four_areas(school: School, areas: Sequence[str], blocks: str) -> None:
    await school.opens("martin")
    await review.opens_daniels_plan(school)
    await school.presses("martin", "Write the support plan")
    nonce = new_nonce()
    form = {**_four_targets(areas), "review_on": "2026-11-27", "review_time": "09:30", "place": "Mill Road"}
    for more in ({"blocks": "4"}, {"blocks": blocks}, {"blocks": blocks, "page": "2"}):
        data = {**form, **more, "nonce": nonce, "form": "support_plan.plan"}
        for verb in ("support_plan.check", "support_plan.save", "support_plan.agree_own", "support_plan.turn"):
            await _forges(school, "martin", verb, data)
        await _forges(school, "martin", "support_plan.agree_own", {"nonce": nonce})
    for who in ("sian", "martin"):
        for verb in ("support_plan.agree", "support_plan.share"):
            await _forges(school, who, verb, {"version": "1"})
    assert await _most_areas(school) == 0
    assert (await _case(school)).plan is None


async def test_a_version_that_adds_a_fourth_area_is_refused_and_the_agreed_one_stands(school: School) -> None:
    await school.opens("martin")
    await review.opens_daniels_plan(school)
    await school.presses("martin", "Write the support plan")
    await school.fills("martin", review.three_targets(), press="Check the plan")
    await school.presses("martin", "Agree this version")
    await school.presses("sian", "Change the plan")
    fourth = {"target4": "One more", "measure4": "By the review", "support4": "A talk", "area4": "TS6"}
    await school.presses("sian", "Add an area or a second target")
    refused = await school.fills("sian", fourth, press="Check the plan")
    assert "Choose up to 3 areas. You have chosen 4." in refused
    draft = (await _case(school)).id
    _, verb, data = school.wire("sian", "Save for later", fourth)
    await school.sends("sian", school.newest("sian").id, verb, data)
    await _forges(school, "sian", "support_plan.agree_own", {"nonce": data["nonce"], "case": draft})
    assert await _most_areas(school) == 3
    await school.presses("sian", "Change the plan")
    await school.presses("sian", "Show the other targets")
    await school.fills("sian", area4="TS1", press="Check the plan")
    await school.presses("sian", "Agree this version")
    assert await _most_areas(school) == 3
    assert len((await _case(school)).plan.targets) == 4  # type: ignore[union-attr]


async def test_a_concern_of_four_areas_is_never_sent(school: School) -> None:
    await road.opens_form(school, "sian", "Daniel Okoro")
    message, verb, data = school.wire("sian", "Check my answers", road.concern(school, areas=",".join(FOUR)))
    assert "You have chosen 4" in await school.sends("sian", message.id, verb, data)
    for press in ("concern.save", "concern.send", "concern.check"):
        await school.sends("sian", message.id, press, data)
    assert "You have no open cases" in await school.says("sian", "my cases")


# -- an outcome before somebody has told the student -----------------------------------------------------------------

#: The verbs that lead to an outcome, in the order of the cards.
FIRST = ("outcome.continue", "outcome.ends", "outcome.save")
LAST = ("outcome.continued", "outcome.ended")


def _confirmed(reference: str) -> dict[str, str]:
    return {
        "lead_told": "",
        "lead_told_on": "2026-11-27",
        "lead_told_at": "14:30",
        "typed_confirmation": reference,
        "mentor_told": "yes",
    }


async def _told_lead(school: School, reference: str) -> dict[str, str]:
    """The second card of an ending, filled in rightly."""
    leads = (await school.parts.casework.office()).leads
    return {**_confirmed(reference), "lead_told": leads[0]}


#: What is asked where it is not clear who told Daniel, and when.
ASKS = (
    "Tell Daniel in person before you save this",
    "Say who told Daniel",
    "The review began on Friday 27 November: the student is told what comes of it on that day or later",
)


@pytest.mark.parametrize(
    "told",
    [
        {"told_student_at": ""},
        {"told_on": ""},
        {"told_on": "", "told_student_at": ""},
        {"told_student_at": "16:00"},
        {"told_student_at": "soon"},
        {"told_student_at": ["14:10"]},
        {"told_on": "2026-11-28"},
        {"told_on": "yesterday"},
        {"told_on": "2026-11-26"},
        {"told_by": ""},
        {"told_by": "daniel"},
    ],
    ids=str,
)
async def test_no_outcome_is_saved_or_sent_before_somebody_has_told_the_student(
    school: School, told: dict[str, Any]
) -> None:
    """Whichever of the two it is, by whichever of its cards, and whatever was saved before."""
    reference = await review.reviews_daniel(school)
    await school.on("2026-11-27 15:00")
    await school.presses("martin", "Record the outcome")
    confirmed = await _told_lead(school, reference)
    form = {**review.outcome(school), **told}
    for first in FIRST:
        shown = await _forges(school, "martin", first, {**form, "form": "outcome.outcome"})
        if first != "outcome.save":
            assert any(sentence in shown for sentence in ASKS), shown
            assert school.value("martin", "reasons") == review.REASONS
        for last in LAST:
            await _forges(school, "martin", last, {**confirmed, "form": "outcome.ending"})
            await _forges(school, "martin", last, {**review.outcome(school), **confirmed, "form": "outcome.ending"})
    await _daniel_heard_nothing(school)
    await school.passes(days=14)
    await _daniel_heard_nothing(school)


async def test_what_the_last_card_sends_is_never_the_outcome(school: School) -> None:
    """What is saved is what the server has kept: without it, the fullest press saves nothing."""
    reference = await review.reviews_daniel(school)
    await school.on("2026-11-27 15:00")
    everything = {**review.outcome(school), **await _told_lead(school, reference), "form": "outcome.ending"}
    for last in LAST:
        assert "no longer kept" in await _forges(school, "martin", last, everything)
    await _daniel_heard_nothing(school)


async def _plan_is_open(school: School) -> None:
    await review.opens_daniels_plan(school)


async def _plan_is_to_be_talked_through(school: School) -> None:
    await review.opens_daniels_plan(school)
    await school.presses("martin", "Write the support plan")
    await school.fills("martin", review.three_targets(), press="Check the plan")
    await school.presses("martin", "Agree this version")
    await school.presses("sian", "I agree this version")
    await school.on("2026-11-18 15:00")


async def _plan_is_in_place(school: School) -> None:
    await review.plans_for_daniel(school)
    await school.on("2026-11-27 15:00")


async def _a_week_has_begun(school: School) -> None:
    await school.on("2026-11-09 13:00")
    await road.raises(school, "sian", "Daniel Okoro")
    await school.on("2026-11-09 15:00")


@pytest.mark.parametrize("there", [_a_week_has_begun, _plan_is_open, _plan_is_to_be_talked_through, _plan_is_in_place])
async def test_the_right_form_at_the_wrong_stage_is_no_outcome(
    school: School, there: Callable[[School], Awaitable[None]]
) -> None:
    await school.opens("martin", "daniel")
    await there(school)
    reference = (await _case(school)).reference
    form, confirmed = review.outcome(school), await _told_lead(school, reference)
    for who in ("martin", "sian", "ruth", "sam"):
        for verb in (*FIRST, *LAST, "outcome.open", "outcome.lead_confirmed"):
            await _forges(school, who, verb, {**form, **confirmed, "form": "outcome.ending"})
    await _daniel_heard_nothing(school)


async def test_an_outcome_that_stands_is_not_recorded_a_second_time(school: School) -> None:
    reference = await review.reviews_daniel(school)
    await school.on("2026-11-27 15:00")
    await review.ends(school, "martin", reference)
    form, confirmed = review.outcome(school), await _told_lead(school, reference)
    for verb in (*FIRST, *LAST, *FIRST, *LAST):
        await _forges(school, "martin", verb, {**form, **confirmed, "form": "outcome.ending"})
    assert [type(x) for x in await _outcomes(school)] == [e.PlacementTerminated]
    assert "your placement continues" not in "\n".join(school.reached("daniel")).casefold()


async def test_nobody_but_the_link_tutor_records_an_outcome(school: School) -> None:
    """Each of the others sends Martin's own presses, with a form of their own kept and without."""
    reference = await review.reviews_daniel(school)
    await school.on("2026-11-27 15:00")
    await school.presses("martin", "Record the outcome")
    await school.fills("martin", review.outcome(school), press="The placement ends as failed")
    form, confirmed = review.outcome(school), await _told_lead(school, reference)
    for who in EVERYBODY:
        if who == LINK_TUTOR:
            continue
        for verb in (*LAST, *FIRST, *LAST):
            more = {"for": "martin", "role": "link_tutor", "by": LINK_TUTOR}
            answer = await _forges(school, who, verb, {**form, **confirmed, **more, "form": "outcome.ending"})
            assert "in writing now" not in answer, (who, verb)
    await _daniel_heard_nothing(school)
    answer = await _forges(school, LINK_TUTOR, "outcome.ended", {**confirmed, "form": "outcome.ending"})
    assert "Daniel has it in writing now" in answer


# -- an end without its typed confirmation ---------------------------------------------------------------------------


async def test_a_placement_ends_only_with_its_typed_confirmation_and_after_the_lead_was_told(school: School) -> None:
    reference = await review.reviews_daniel(school)
    await school.on("2026-11-27 15:00")
    await school.presses("martin", "Record the outcome")
    await school.fills("martin", review.outcome(school), press="The placement ends as failed")
    press = "End the placement and write to Daniel"
    for typed in ("", "yes", "Daniel", reference[:3]):
        refused = await school.fills("martin", lead_told_at="14:30", typed_confirmation=typed, press=press)
        assert f"Type the reference {reference} to confirm" in refused
    for when in ("", "23:00"):
        refused = await school.fills("martin", lead_told_at=when, typed_confirmation=reference, press=press)
        assert "Tell the Partnership Lead first" in refused
    await _daniel_heard_nothing(school)
    await school.fills("martin", lead_told_at="14:30", typed_confirmation=reference.lower(), press=press)
    assert "counts as a failed placement" in school.reads("daniel")


async def test_no_forged_press_ends_a_placement_without_the_typed_reference(school: School) -> None:
    """Nor does one that was typed into another box, or saved with the form before."""
    reference = await review.reviews_daniel(school)
    await school.on("2026-11-27 15:00")
    saved = {**review.outcome(school), "typed_confirmation": reference, "form": "outcome.outcome"}
    await _forges(school, "martin", "outcome.save", saved)
    await _forges(school, "martin", "outcome.ends", saved)
    right = await _told_lead(school, reference)
    wrong: Sequence[Any] = ("", " ", reference[::-1], reference * 2, f"{reference}.", [reference], {"x": reference})
    for typed in (*wrong, True, 1, None):
        data = {**right, "typed_confirmation": typed, "form": "outcome.ending"}
        assert f"Type the reference {reference} to confirm" in await _forges(school, "martin", "outcome.ended", data)
    without = {key: value for key, value in right.items() if key != "typed_confirmation"}
    await _forges(school, "martin", "outcome.ended", {**without, "form": "outcome.ending", "reference": reference})
    await _forges(school, "martin", "outcome.ended", {**without, "form": reference, "reasons": reference})
    await _daniel_heard_nothing(school)


async def test_no_press_of_the_next_steps_ends_a_placement(school: School) -> None:
    """They come after the outcome, and are no way to one."""
    await review.reviews_daniel(school)
    await school.on("2026-11-27 15:00")
    held = {"present": "student", "decision": "He goes", "status": "no", "leaflet_given": "yes", "appeal_given": "yes"}
    for who in ("martin", "ruth", "sam", "alan"):
        for verb in ("next_steps.booked", "next_steps.recorded", "next_steps.reopened"):
            await _forges(school, who, verb, {**held, "day": "2026-12-02", "time": "10:00", "form": "next_steps.held"})
    await _daniel_heard_nothing(school)


async def test_silence_ends_nothing(school: School) -> None:
    """No clock releases an outcome: it reminds, and in the end alerts the Partnership Lead."""
    await review.reviews_daniel(school)
    await school.on("2026-11-27 15:00")
    await school.presses("martin", "Record the outcome")
    await school.fills("martin", review.outcome(school), press="The placement ends as failed")
    await school.passes(days=40)
    await _daniel_heard_nothing(school)
    assert "This was due on Friday 27 November" in school.transcript("ruth")


async def test_with_everything_in_order_all_three_are_possible(school: School) -> None:
    """So that the tests above mean something: three areas are a plan, a told outcome is saved, a typed end is written."""
    reference = await review.reviews_daniel(school)
    assert await _most_areas(school) == 3
    await school.on("2026-11-27 15:00")
    form = {**review.outcome(school), "form": "outcome.outcome"}
    await _forges(school, "martin", "outcome.ends", form)
    await _forges(school, "martin", "outcome.ended", {**await _told_lead(school, reference), "form": "outcome.ending"})
    (outcome,) = await _outcomes(school)
    assert isinstance(outcome, e.PlacementTerminated)
    assert outcome.told_student_at
    assert outcome.told_student_at < outcome.at
    assert outcome.typed_confirmation == reference
