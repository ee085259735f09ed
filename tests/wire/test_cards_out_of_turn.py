"""Cards that come too early, too late, twice, or to two people: one wins, the others read where the case is, and no step of
the process is left out. One bot for all of it; each story has a student of its own.
"""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from aiohttp import web

from bot.admin import ask
from bot.practice import hands
from bot.practice.roll import PARTNERSHIP
from dialogs.turn import new_nonce
from tests.conversations import planning, road
from tests.conversations import second_road as review
from tests.conversations.test_no_path import FIRST, FOURS, LAST, _confirmed, _four_targets
from tests.wire.microsoft import CONNECTOR, Microsoft
from tests.wire.partnership import Partnership
from tests.wire.running import Bot, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def school(microsoft: Microsoft, bot: Bot) -> Partnership:
    """What stands in a chat was sent in this test."""
    microsoft.line.transcript.clear()
    return Partnership(microsoft, bot)


async def about_to_book(school: Partnership, tutor: str, day: str = "2026-10-19") -> tuple[str, str, dict[str, Any]]:
    """The press that says that the meeting is booked."""
    await school.presses(tutor, "Arrange the meeting")
    await school.presses(tutor, "Another time")
    await school.fills(tutor, day=day, time="15:45", press="Make the invitation")
    message, verb, data = school.wire(tutor, "It is booked for ")
    return message.id, verb, data


def hidden(school: Partnership, who: str) -> dict[str, Any]:
    """What every button of a case carries: the case, and the step at which it is now."""
    _, _, data = school.wire(who, "Read everything")
    return {field: data[field] for field in ("case", "step")}


# -- twice ----------------------------------------------------------------------------------------------------------


async def test_a_meeting_that_is_booked_again_under_new_ids_is_one_meeting_and_one_notice(school: Partnership) -> None:
    await school.opens("priya", "helen")
    reference = await school.tells("helen")
    pressed = await about_to_book(school, "helen")
    before, helen = school.news("priya"), school.people["helen"]

    at_once = await asyncio.gather(*(school.teams.press(helen, *pressed) for _ in range(3)))
    await school.hears("priya", "Monday 19 October, 3:45pm")
    again = await school.teams.press(helen, *pressed, again=True)
    as_new = await school.teams.press(helen, *pressed, again=True, new_id=True)

    for answer in (*at_once, again, as_new):
        assert "Monday 19 October, 3:45pm" in hands.words(answer.card or {})
    assert school.recorded(reference).count("MeetingBooked") == 1
    await school.says("priya", "help")
    assert school.news("priya") == before + 2


async def test_of_two_who_book_at_once_one_wins_and_the_other_reads_who_it_was(school: Partnership) -> None:
    await school.opens("priya", "helen", "sam")
    reference = await school.tells("helen", "priya", "Tomas Ashby")
    await school.says("sam", reference)
    presses = {"helen": await about_to_book(school, "helen"), "sam": await about_to_book(school, "sam", "2026-10-20")}

    shown = dict(
        zip(presses, await asyncio.gather(*(school.sends(who, *one) for who, one in presses.items())), strict=True)
    )

    (booked,) = [event for event in school.case(reference)["events"] if event["type"] == "MeetingBooked"]
    wins, loses = ("helen", "sam") if booked["starts"].startswith("2026-10-19") else ("sam", "helen")
    assert "moved on" not in shown[wins]
    assert f"This has moved on. {school.people[wins].name} booked the meeting at 9" in shown[loses]
    assert "Here is where it is now." in shown[loses]


# -- too early, too late --------------------------------------------------------------------------------------------


async def test_a_press_that_comes_before_its_card_was_delivered_counts_once_and_reads_where_the_case_is(
    microsoft: Microsoft, school: Partnership
) -> None:
    await school.opens("lucy", "helen")
    chat, pressed = microsoft.line.person("helen").conversation_id, asyncio.Event()

    async def slowly(request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
        if chat in unquote(request.rel_url.raw_path) and "Megan Doyle" in await request.text():
            await pressed.wait()
        return answer

    microsoft.after[CONNECTOR] = slowly
    try:
        reference = await school.tells("helen", "lucy", "Megan Doyle")
        early = await school.presses("helen", "I have it")
    finally:
        pressed.set()
        microsoft.after.pop(CONNECTOR)

    assert "Dr Helen Marsh" in early or "You" in early
    assert school.recorded(reference) == ["DraftStarted", "LinkTutorToldAtOnce", "LinkTutorAcknowledged"]
    await road.books(school)
    assert school.recorded(reference)[-1] == "MeetingBooked"
    await school.hears("lucy", "Monday 19 October, 3:45pm")


async def test_a_press_for_a_step_that_has_not_come_changes_nothing_and_reads_where_the_case_is(
    school: Partnership,
) -> None:
    await school.opens("gareth", "helen")
    reference = await school.tells("helen", "gareth", "Aisha Rahman")
    before = school.case(reference)["events"]
    activity, verb, data = await about_to_book(school, "helen")
    for step in (data["step"] + 1, data["step"] + 3, 9999):
        shown = await school.sends("helen", activity, verb, {**data, "step": step, "nonce": new_nonce()})
        assert "Aisha Rahman: Link Tutor told" in shown, step
        assert school.case(reference)["events"] == before, step


async def test_no_card_of_a_closed_case_changes_it_and_each_says_that_it_is_closed(school: Partnership) -> None:
    await school.opens("gareth", "bea")
    reference = await school.tells("bea", "gareth", "Grace Adjei")
    old = [("bea", *pressed(school, "bea", "I have it")), ("bea", *await about_to_book(school, "bea"))]
    await school.says("bea", reference)
    await school.presses("bea", "We have already spoken")
    view = {"view": "as expected", "words": "She is where we would expect her"}
    old.append(("bea", *pressed(school, "bea", "Record the meeting", view)))
    await school.fills("bea", view, press="Record the meeting")
    await road.says_own_view(school, "gareth", view="as expected")
    await school.presses("bea", "No further step: close it")
    closing = pressed(school, "bea", "Close the case", {"reason": "Both views say so"})
    await school.sends("bea", *closing)
    closed = school.case(reference)["events"]
    assert closed[-1]["type"] == "NoInterventionAgreed"

    for who, activity, verb, data in old:
        for nonce in (data["nonce"], new_nonce()):
            shown = await school.sends(who, activity, verb, {**data, "nonce": nonce})
            assert "closed" in shown, verb
            assert "moved on" not in shown or "You recorded that no intervention is needed at 9" in shown, (verb, shown)
            assert school.case(reference)["events"] == closed, verb


def pressed(
    school: Partnership, who: str, title: str, values: Mapping[str, str] | None = None
) -> tuple[str, str, dict[str, Any]]:
    """What a press would send: the message, the verb and the data."""
    message, verb, data = school.wire(who, title, values)
    return message.id, verb, data


# -- no longer one of them ------------------------------------------------------------------------------------------


async def test_a_mentor_who_was_replaced_is_refused_at_once_on_the_card_they_kept(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    """Owen is taken off the placement list while the bot runs; Sian's place is given to Gareth by the office."""
    async with serving(microsoft, tmp_path) as bot:
        school = Partnership(microsoft, bot)
        await school.opens("sian", "owen", "martin", "sam", "gareth")
        reference = await school.tells("martin", "sian", "Daniel Okoro")
        await school.says("owen", reference)
        before = school.case(reference)["events"]
        kept = {who: pressed(school, who, "I spoke to a colleague") for who in ("sian", "owen")}
        await without_owen(bot, tmp_path / "list.csv")

        assert "nothing here for you" in await school.sends("owen", *kept["owen"])
        assert school.case(reference)["events"] == before

        await school.says("sam", reference)
        await road.presses_rarer(school, "sam", "Name another mentor")
        await school.fills("sam", email=school.people["gareth"].email, press="Make them the mentor")
        await school.hears("gareth", "You have been named as the mentor on this placement")
        named = school.case(reference)["events"]
        gone = await school.sends("sian", *kept["sian"])

        assert named[-1]["type"] == "MentorNamed"
        assert "nothing here for you" in gone
        assert "Daniel" not in gone
        assert school.case(reference)["events"] == named


async def without_owen(bot: Bot, file: Path) -> None:
    """The office takes a list over in which Daniel has no second mentor, while the bot runs."""
    rows = list(csv.DictReader(PARTNERSHIP.read_text(encoding="utf-8").splitlines()))
    for row in rows:
        if row["placement_id"] == "NP-106":
            row |= {"second_mentor_name": "", "second_mentor_email": ""}
    with file.open("w", encoding="utf-8", newline="") as out:
        written = csv.DictWriter(out, rows[0].keys())
        written.writeheader()
        written.writerows(rows)
    answer = await ask(bot.store, {"do": "roster", "file": str(file), "keep": True})
    assert answer is not None
    assert "error" not in answer, answer


# -- no step is left out --------------------------------------------------------------------------------------------


async def test_no_press_makes_a_plan_of_four_areas_or_an_outcome_without_its_review_or_a_day_in_the_past(
    school: Partnership,
) -> None:
    await school.opens("owen", "martin", "freya")
    reference = await school.tells("martin", "owen", "Freya Lindqvist")
    await refuses_the_past(school, reference)
    await school.presses("martin", "We have already spoken")
    not_yet = {"view": "not as expected", "words": "Routines are not there yet"}
    await school.fills("martin", not_yet, press="Record the meeting")
    await road.says_own_view(school, "owen")
    await school.presses("martin", "Open the support plan")
    await no_outcome(school, reference)
    before = school.recorded(reference)
    await school.says("owen", reference)
    for areas in FOURS[:2]:
        await forges_a_plan(school, "owen", {**_four_targets(areas), "blocks": "4", "review_on": "2026-10-14"})
    await forges_a_plan(school, "owen", {**review.three_targets(), "review_on": "2026-10-05"})
    assert school.recorded(reference) == before
    await planning.writes(school, "martin", review_on="2026-10-14", review_time="11:00")
    await school.presses("owen", "I agree this version")
    await planning.talks_it_through(school, "martin")
    assert school.case(reference)["summary"]["stage"] == "plan_active"

    await no_outcome(school, reference)
    assert not any(school.shows("freya", words) for words in ("Your placement continues", "has ended", review.REASONS))


async def refuses_the_past(school: Partnership, reference: str) -> None:
    """No meeting is booked on a day that has passed."""
    before = school.recorded(reference)
    activity, verb, data = await about_to_book(school, "martin")
    for day, at in (("2026-10-05", "15:45"), ("2026-10-06", "08:00"), ("1970-01-01", "00:00")):
        bent = {**data, "day": day, "time": at, "form": "meeting.meeting", "nonce": new_nonce()}
        await school.sends("martin", activity, verb, bent)
    assert school.recorded(reference) == before
    await school.says("martin", reference)


async def forges_a_plan(school: Partnership, who: str, form: Mapping[str, str]) -> None:
    """Every press of the plan's cards, with *form* in it."""
    carried = hidden(school, who) | {"nonce": new_nonce(), "form": "support_plan.plan", "version": "1"}
    sent = {"review_time": "09:30", "place": "Mill Road", **form, **carried}
    for verb in ("support_plan.check", "support_plan.agree_own", "support_plan.share", "cases.open"):
        await school.sends(who, school.newest(who).id, verb, sent)


async def no_outcome(school: Partnership, reference: str) -> None:
    """No press of an outcome's cards, filled in rightly, has any effect."""
    before, carried = school.recorded(reference), hidden(school, "martin")
    told = {"told_on": "2026-10-06", "told_student_at": "09:00"}
    form = {**review.outcome(school), **_confirmed(reference), **told, "form": "outcome.ending", **carried}
    for verb in (*FIRST, *LAST):
        await school.sends("martin", school.newest("martin").id, verb, {**form, "nonce": new_nonce()})
    assert school.recorded(reference) == before
    await school.says("martin", reference)
