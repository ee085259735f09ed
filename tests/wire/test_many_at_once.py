"""A flood from one person, connections that never ask, and requests that come twice: the others notice nothing."""

from __future__ import annotations

import asyncio
import json
import resource
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.conversations import road
from tests.wire.microsoft import Microsoft
from tests.wire.partnership import Partnership
from tests.wire.running import Bot, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

PROMPTLY = 2.0


async def test_a_flood_from_one_person_is_stopped_and_told_of_once_while_the_others_go_on(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    async with serving(microsoft, tmp_path) as bot, aiohttp.ClientSession() as session:
        school = Partnership(microsoft, bot)
        await school.opens("priya", "helen")
        priya = school.people["priya"]
        said_before = school.news("priya")

        async def shouts(_: int) -> int:
            activity = json.dumps(school.teams.activity(priya, text="help")).encode()
            headers = {"Authorization": f"Bearer {school.teams.token()}", "Content-Type": "application/json"}
            async with session.post(bot.messages, data=activity, headers=headers) as answer:
                return answer.status

        flood = asyncio.gather(*map(shouts, range(300)))
        async with asyncio.timeout(PROMPTLY):
            assert "Hello" in await school.says("helen", "help")
        statuses = Counter(await flood)
        await school.hears("priya", "a lot at once")

        assert set(statuses) == {200, 429}
        assert statuses[429] > 200
        assert sum("a lot at once" in m.text for m in school.teams.chat("priya")) == 1
        assert school.news("priya") - said_before <= statuses[200] + 1


async def test_a_press_in_a_flood_keeps_the_form_and_says_what_to_do(microsoft: Microsoft, tmp_path: Path) -> None:
    async with serving(microsoft, tmp_path) as bot:
        school = Partnership(microsoft, bot)
        await school.opens("priya")
        message, verb, data = school.wire("priya", "Raise a concern")
        kinds = [(await school.teams.press(school.people["priya"], message.id, verb, data)).kind for _ in range(45)]

        assert "message" in kinds
        late = await school.teams.press(school.people["priya"], message.id, verb, data)
        assert "wait a few seconds" in late.text


@contextmanager
def many_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_two_thousand_half_open_connections_keep_nobody_waiting(microsoft: Microsoft, tmp_path: Path) -> None:
    half = b"POST /api/messages HTTP/1.1\r\nHost: pathway.northdale.example.ac.uk\r\nContent-Le"
    with many_files():
        async with serving(microsoft, tmp_path) as bot:
            school = Partnership(microsoft, bot)
            await school.opens("priya")
            writers = []
            for _ in range(2000):
                _, writer = await asyncio.open_connection("127.0.0.1", bot.port)
                writer.write(half)
                writers.append(writer)

            for _ in range(5):
                async with asyncio.timeout(PROMPTLY):
                    await school.says("priya", "help")

            for writer in writers:
                writer.transport.abort()


async def test_a_message_that_teams_delivers_twice_is_answered_once(microsoft: Microsoft, bot: Bot) -> None:
    school = Partnership(microsoft, bot)
    await school.opens("priya")
    before = school.news("priya")
    activity = school.teams.activity(school.people["priya"], text="help")

    answers = await asyncio.gather(*(school.teams.deliver(activity) for _ in range(5)))
    answers.append(await school.teams.deliver(activity))

    assert {answer.status for answer in answers} == {200}
    assert school.news("priya") == before + 1


async def test_a_press_that_is_delivered_again_at_once_later_and_after_a_restart_has_one_effect(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    async with serving(microsoft, tmp_path) as bot:
        school = Partnership(microsoft, bot)
        await school.opens("priya")
        await road.opens_form(school, "priya", "Tom Ashworth")
        await school.fills("priya", road.concern(school), press="Check my answers")
        message, verb, data = school.wire("priya", "Set the weekly target")
        priya = school.people["priya"]

        twice = await asyncio.gather(
            school.teams.press(priya, message.id, verb, data), school.teams.press(priya, message.id, verb, data)
        )
        again = await school.teams.press(priya, message.id, verb, data, again=True)
        as_new = await school.teams.press(priya, message.id, verb, data, again=True, new_id=True)
        assert await bot.stop() == 0

    async with serving(microsoft, tmp_path) as bot:
        after = await Partnership(microsoft, bot).teams.press(priya, message.id, verb, data, again=True)

    assert {answer.kind for answer in (*twice, again, as_new, after)} == {"card"}
    assert len(list((tmp_path / "store" / "cases").glob("*.json"))) == 1
