"""SIGTERM: the bot is gone within ten seconds, whatever hangs, and nothing that was recorded is lost."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest
from aiohttp import web

from tests.wire.microsoft import CONNECTOR, ENTRA, Microsoft, hang
from tests.wire.partnership import Partnership
from tests.wire.running import serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

SOON = 10.0
"""Seconds, by the issue's own figure."""


async def test_with_nothing_to_do_it_stops_at_once(microsoft: Microsoft, tmp_path: Path) -> None:
    async with serving(microsoft, tmp_path) as bot:
        assert await bot.stop(seconds=SOON) == 0
        assert "Traceback" not in bot.said()


@pytest.mark.parametrize("host", [CONNECTOR, ENTRA])
async def test_what_cannot_be_sent_before_the_stop_is_sent_after_the_start(
    microsoft: Microsoft, tmp_path: Path, host: str
) -> None:
    async with serving(microsoft, tmp_path) as bot:
        school = Partnership(microsoft, bot)
        await school.opens("priya", "helen")
        await school.is_about_to_tell()
        await bot.stop()
        before = school.news("helen")

    microsoft.before[host] = hang
    try:
        async with serving(microsoft, tmp_path) as bot:
            school = Partnership(microsoft, bot)
            asked = microsoft.calls(host)
            await school.presses("priya", "Tell the Link Tutor")
            await microsoft.until(lambda: microsoft.calls(host) > asked)
            assert await bot.stop(seconds=SOON) == 0
    finally:
        microsoft.before.pop(host)
        assert "Traceback" not in bot.said()
    assert school.news("helen") == before

    async with serving(microsoft, tmp_path) as bot:
        school = Partnership(microsoft, bot)
        await school.teams.until(lambda: school.news("helen") > before)
        assert "Instructions were lost" in school.reads("helen")
        assert ("Sent again" in school.reads("helen")) == (host == CONNECTOR)


async def test_what_arrived_before_the_stop_is_not_sent_again_because_the_card_before_it_could_not_be_edited(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    edits = 0

    async def second_edit_hangs(request: web.Request) -> None:
        nonlocal edits
        edits += request.method == "PUT"
        if edits > 1:
            await hang(request)

    async with serving(microsoft, tmp_path) as bot:
        school = Partnership(microsoft, bot)
        await school.opens("priya", "helen")
        reference = await school.tells("helen")
        older = school.newest("priya")
        microsoft.before[CONNECTOR] = second_edit_hangs
        try:
            await school.presses("helen", "I have it")
            await microsoft.until(lambda: edits > 1)  # the receipt, and then that it is an older card
            assert school.newest("priya").id != older.id
            assert await bot.stop(seconds=SOON) == 0
        finally:
            microsoft.before.pop(CONNECTOR)
        assert "has_it" not in [letter["item"]["notice"] for letter in school.case(reference)["letters"]]


async def test_a_turn_under_way_is_finished_before_the_stop(microsoft: Microsoft, tmp_path: Path) -> None:
    async with serving(microsoft, tmp_path) as bot:
        school = Partnership(microsoft, bot)
        await school.opens("priya", "helen")
        await school.is_about_to_tell()
        message, verb, data = school.wire("priya", "Tell the Link Tutor")

        press = asyncio.create_task(school.teams.press(school.people["priya"], message.id, verb, data))
        await asyncio.sleep(0)
        bot.process.send_signal(signal.SIGTERM)
        answer = await press
        assert await bot.stop(seconds=SOON) == 0

    cases = len(list((tmp_path / "store" / "cases").glob("*.json")))
    assert cases == (1 if answer.kind == "card" else 0)


async def test_connections_that_never_come_to_an_end_do_not_hold_up_the_stop(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    """Some have said nothing, some are in the middle of their head, and some of a body that they may send."""
    good = f"POST /api/messages HTTP/1.1\r\nHost: pathway\r\nAuthorization: Bearer {microsoft.line.token()}\r\n"
    beginnings = (b"", good.encode(), f"{good}Content-Length: 1000\r\n\r\n{{".encode())
    writers = []
    async with serving(microsoft, tmp_path) as bot:
        for beginning in beginnings * 20:
            _, writer = await asyncio.open_connection("127.0.0.1", bot.port)
            writer.write(beginning)
            writers.append(writer)
        school = Partnership(microsoft, bot)
        await school.opens("priya")
        assert await bot.stop(seconds=SOON) == 0
        assert bot.amiss() == []
    for writer in writers:
        writer.transport.abort()


async def test_an_older_card_that_cannot_be_edited_does_not_hold_up_the_stop(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    """Whatever cannot be ended in time is let go before the store is closed: nothing is left to complain."""
    async with serving(microsoft, tmp_path) as bot:
        school = Partnership(microsoft, bot)
        await school.opens("priya", "helen")
        reference = await school.tells("helen")
        await school.says("helen", reference)
        older = school.newest("helen")
        await school.says("helen", reference)
        newer, _, data = school.wire("helen", "Read everything")
        assert newer.id != older.id
        microsoft.before[CONNECTOR] = hang
        try:
            asked = microsoft.calls(CONNECTOR)
            for card in (newer, older):
                await school.teams.press(school.people["helen"], card.id, "cases.open", data)
            await microsoft.until(lambda: microsoft.calls(CONNECTOR) > asked)
            assert await bot.stop(seconds=SOON) == 0
        finally:
            microsoft.before.pop(CONNECTOR)
        assert bot.amiss() == []
