"""The Partnership channel: one thread a day, references, dates and numbers only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from bot.practice.channel import Message
from tests.conversations import road
from tests.school import School


async def test_one_thread_a_day_with_numbers_that_are_kept_true(school: School) -> None:
    await school.opens("helen", "sam", "martin", "sian")
    first = await road.told(school)
    opening, line = school.channel()
    assert line.thread == opening.id
    assert first in line.text
    assert "Tuesday 13 October" in line.text
    assert _numbers(opening.card) == {"Open": "1", "Due today": "0", "Overdue": "0"}
    second = await road.told(school, "sian", "Daniel Okoro", due="2026-10-20 15:30")
    third = await road.told(school, "priya", "Tomas", due="2026-11-03 15:30")
    posts = school.channel()
    assert len([p for p in posts if not p.thread]) == 3
    assert [r in p.text for r, p in zip((first, second, third), [p for p in posts if p.thread], strict=True)] == [
        True
    ] * 3
    assert int(_numbers(posts[-2].card)["Open"]) == 3


async def test_the_numbers_of_the_day_are_edited_in_place(school: School) -> None:
    await school.opens("helen")
    await road.told(school)
    await school.presses("helen", "We have already spoken")
    await school.fills("helen", view="as expected", words="Steady", press="Record the meeting")
    await road.says_own_view(school, view="as expected")
    await school.presses("helen", "No further step: close it")
    await school.fills("helen", reason="Steady lessons", press="Close the case")
    opening, *_ = school.channel()
    assert opening.edited is not None
    assert _numbers(opening.card)["Open"] == "0"


async def test_nothing_is_posted_before_the_link_tutor_is_told(school: School) -> None:
    await road.raises(school)
    await school.on("2026-10-14 09:00")
    assert school.channel() == ()


async def test_a_bot_that_is_in_no_channel_goes_on_without_one(school: School) -> None:
    await school.teams.remove_from_channel(school.people["sam"])
    await school.opens("helen")
    await road.told(school)
    assert "Tom Ashworth" in school.reads("helen")
    assert school.channel() == ()


async def test_whoever_takes_the_bot_out_of_the_channel_keeps_their_own_chat(school: School) -> None:
    await school.opens("sam")
    await school.teams.remove_from_channel(school.people["sam"])
    await school.opens("helen")
    await road.told(school)
    await school.on("2026-10-19 09:00")
    assert school.mail("sam") == ()
    assert school.news("sam") > 1


async def test_the_checks_of_these_tests_would_see_a_leak(school: School) -> None:
    await school.opens("helen")
    await road.told(school)
    _, line = school.channel()
    for leak in (
        "Ref K7K7: Ashworth",
        f"Ref K7K7: {road.EVIDENCE}",
        "Hollin Bank Primary",
        "TS7 Managing behaviour",
        "target met",
    ):
        school.teams.transcript.edit("channel", line.id, partial(_says, text=leak))
        assert school.leaks() != [], leak
    school.teams.transcript.edit(
        "channel", line.id, partial(_says, text="Ref K7K7: Link Tutor told, Tuesday 13 October.")
    )
    assert school.leaks() == []


def _numbers(card: Mapping[str, Any] | None) -> dict[str, str]:
    facts = next(part for part in (card or {})["body"] if part["type"] == "FactSet")["facts"]
    return {fact["title"]: fact["value"] for fact in facts}


def _says(message: Message, text: str) -> Message:
    return replace(message, text=text)
