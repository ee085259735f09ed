"""What Teams' connector and Entra may do to a message on its way: it arrives, and once, or somebody is told."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path
from urllib.parse import unquote

import aiohttp
import pytest
from aiohttp import web

from tests.conversations import road
from tests.wire.microsoft import CONNECTOR, ELSEWHERE, ENTRA, REGION, Microsoft, hang
from tests.wire.partnership import Partnership
from tests.wire.running import Bot, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: Students, and who raises a concern about them.
MENTORS = {
    "tom": "priya",
    "tomas": "priya",
    "megan": "lucy",
    "aisha": "gareth",
    "grace": "gareth",
    "daniel": "sian",
    "freya": "owen",
}
PROMPTLY = 0.2
"""Seconds in which others are served while a service is out of order."""


@pytest.fixture(autouse=True)
def _empty_chats(microsoft: Microsoft) -> None:
    """What stands in a chat was sent in this test."""
    microsoft.line.transcript.clear()


class Moments:
    """When the bot posted to whose chat, in seconds of one clock."""

    def __init__(self) -> None:
        self.of: dict[str, list[float]] = defaultdict(list)


@contextmanager
def watching(microsoft: Microsoft, faults: Mapping[str, web.Response]) -> Iterator[Moments]:
    """The first message to each person of *faults* is answered with that; all are noted."""
    seen, left = Moments(), dict(faults)
    chats = {p.conversation_id: p.key for p in microsoft.line.people}

    async def judge(request: web.Request) -> web.Response | None:
        parts = unquote(request.rel_url.raw_path).split("/")
        key = next((chats[part] for part in parts if part in chats), "")
        if request.method == "POST" and key:
            seen.of[key].append(time.monotonic())
            return left.pop(key, None)
        return None

    microsoft.before[CONNECTOR] = judge
    try:
        yield seen
    finally:
        microsoft.before.pop(CONNECTOR)


async def opens_all(school: Partnership) -> None:
    await school.opens(*MENTORS, *dict.fromkeys(MENTORS.values()), "sam")


async def raises_all(school: Partnership) -> None:
    """One concern each: a copy goes to every student."""
    for student, mentor in MENTORS.items():
        name = school.people[student].name
        await road.raises(school, mentor, name)


async def test_whatever_passing_fault_comes_first_each_message_arrives_once_and_not_before_its_time(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    wait = 3
    faults = {
        "tom": web.Response(status=429, headers={"Retry-After": str(wait)}),
        "tomas": web.Response(status=429, headers={"Retry-After": formatdate(time.time() + 60, usegmt=True)}),
        "megan": web.Response(status=429),
        "aisha": web.Response(status=412),
        "grace": web.Response(status=503),
        "daniel": web.Response(status=504),
        "freya": web.Response(status=429, headers={"Retry-After": "when we like"}),
    }
    async with serving(microsoft, tmp_path) as bot:
        school = Partnership(microsoft, bot)
        await opens_all(school)
        before = {student: school.news(student) for student in MENTORS}
        with watching(microsoft, faults) as seen:
            await raises_all(school)
            for student in MENTORS.keys() - {"tomas"}:
                await school.hears(student, road.TARGET, seconds=20)
            after = {student: school.news(student) - before[student] for student in MENTORS}
        assert after == dict.fromkeys(MENTORS, 1) | {"tomas": 0}
        assert seen.of["tom"][1] - seen.of["tom"][0] >= wait
        assert len(seen.of["tomas"]) == 1
        again = {student for student in MENTORS if school.shows(student, "Sent again")}
        assert again == {"daniel"}
        assert bot.asked_in_vain() == []


async def test_a_message_whose_answer_was_lost_comes_again_and_says_so(microsoft: Microsoft, tmp_path: Path) -> None:
    chat = microsoft.line.person("tom").conversation_id
    lost: list[str] = []

    async def cut(request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
        if request.method == "POST" and chat in unquote(request.rel_url.raw_path) and not lost:
            lost.append(request.path)
            assert request.transport is not None
            request.transport.abort()
        return answer

    async with serving(microsoft, tmp_path) as bot:
        school = Partnership(microsoft, bot)
        await school.opens("tom", "priya")
        before = school.news("tom")
        microsoft.after[CONNECTOR] = cut
        try:
            await road.raises(school)
            await school.hears("tom", "Sent again, in case the first one did not arrive.")
        finally:
            microsoft.after.pop(CONNECTOR)
        assert school.news("tom") == before + 2
        marked = [m for m in school.teams.chat("tom") if "Sent again" in str(m.card)]
        assert len(marked) == 1


def error(status: int, code: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": "No."}}, status=status)


async def test_who_is_refused_for_good_is_tried_once_and_their_mentor_and_the_office_are_told(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    faults = {
        "tom": error(403, "ConversationBlockedByUser"),
        "tomas": error(403, "MessageWritesBlocked"),
        "megan": error(403, "BotNotInConversationRoster"),
        "aisha": error(403, "BotDisabledByAdmin"),
        "grace": error(404, "ConversationNotFound"),
        "daniel": web.Response(status=404),
        "freya": web.Response(status=403, body=b"<html>"),
    }
    async with serving(microsoft, tmp_path) as bot:
        school = Partnership(microsoft, bot)
        await opens_all(school)
        with watching(microsoft, faults) as seen:
            await raises_all(school)
            for student, mentor in MENTORS.items():
                await school.hears(mentor, f"A message to {school.people[student].name} did not arrive.")
            await school.hears("sam", "A message did not reach its reader.")
        assert {student: len(seen.of[student]) for student in MENTORS} == dict.fromkeys(MENTORS, 1)
        assert "7 more belong to cases that are not with you yet" in await school.says("sam", "not delivered")
        listed = await school.says("sam", "reach")
        for _ in range(8):
            if "Show the next" in school.buttons("sam"):
                listed += await school.presses("sam", "Show the next")
        for reason in ("blocked there", "not installed there", "switched off there", "the chat is no longer there"):
            assert reason in listed
        await school.says("tom", "hi")
        await school.hears("tom", road.TARGET)
        assert "6 more belong" in await school.says("sam", "not delivered")
        assert "ConversationBlockedByUser" in bot.said()
        assert "Ashworth" not in bot.said()


async def test_the_newest_service_address_of_a_person_is_used_for_what_comes_next(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    place = microsoft.line.person("tom").conversation_id

    def posted(region: str) -> int:
        calls = [unquote(c.path) for c in microsoft.line.calls if c.method == "POST"]
        return sum(path.startswith(f"{region}/") and place in path for path in calls)

    async with serving(microsoft, tmp_path) as bot:
        school = Partnership(microsoft, bot)
        await school.opens("tom", "priya")
        at_first = posted(REGION)
        assert posted(ELSEWHERE) == 0
        microsoft.line.url = f"https://{CONNECTOR}{ELSEWHERE}"
        try:
            await school.says("tom", "hi")
            written = posted(ELSEWHERE)
            await road.raises(school)
            await school.hears("tom", road.TARGET)
        finally:
            microsoft.line.url = f"https://{CONNECTOR}{REGION}"
        assert posted(REGION) == at_first
        assert posted(ELSEWHERE) == written + 1 == 2


async def test_the_newest_service_address_of_the_channel_is_used_for_what_is_posted_there(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    """Somebody asks in the channel after Teams has moved it; in another channel of theirs it is no news of this one."""
    line = microsoft.line
    async with serving(microsoft, tmp_path) as bot:
        school = Partnership(microsoft, bot)
        await school.opens("sam", "priya", "helen")
        await line.add_to_channel(school.people["sam"])
        await line.say_in_channel(school.people["sam"], "use this channel")
        line.url = f"https://{CONNECTOR}{ELSEWHERE}"
        try:
            await line.say_in_channel(school.people["helen"], "help")
            await school.hears("helen", "Raise a concern")
        finally:
            line.url = f"https://{CONNECTOR}{REGION}"
        before = len(line.calls)
        reference = await school.tells("helen")
        await line.until(lambda: any(reference in m.text for m in school.channel()), seconds=10)
    posted = [unquote(c.path) for c in list(line.calls)[before:] if c.method == "POST"]
    place = line.place.channel_id
    assert {path.partition("/v3")[0] for path in posted if place in path} == {ELSEWHERE}


async def test_no_redirect_carries_the_token_to_another_host(microsoft: Microsoft, tmp_path: Path) -> None:
    """The message waits, and arrives when the connector speaks for itself again."""
    turned = 0

    async def turns_away(request: web.Request) -> web.StreamResponse | None:
        nonlocal turned
        if request.method != "POST" or turned:
            return None
        turned += 1
        return web.Response(status=307, headers={"Location": "https://evil.example/"})

    async with serving(microsoft, tmp_path) as bot:
        school = Partnership(microsoft, bot)
        await school.opens("tom")
        microsoft.before[CONNECTOR] = turns_away
        try:
            await school.says("tom", "help")
        finally:
            microsoft.before.pop(CONNECTOR)
        assert turned == 1
        assert bot.asked_in_vain() == []


async def test_one_token_serves_many_turns_and_reminders(microsoft: Microsoft, tmp_path: Path) -> None:
    before, connections = microsoft.calls(ENTRA, "token"), microsoft.connections[CONNECTOR]
    async with serving(microsoft, tmp_path) as bot:
        school = Partnership(microsoft, bot)
        await school.opens("tom", "priya", "helen")
        for _ in range(10):
            await school.says("helen", "help")
        await road.raises(school)
        await school.hears("tom", road.TARGET)
    assert microsoft.calls(ENTRA, "token") == before + 1
    assert microsoft.connections[CONNECTOR] - connections <= 5


@pytest.mark.parametrize("host", [ENTRA, CONNECTOR])
async def test_while_a_service_hangs_others_are_served_at_once_and_presses_are_answered(
    microsoft: Microsoft, tmp_path: Path, host: str
) -> None:
    async with serving(microsoft, tmp_path) as bot:
        school = Partnership(microsoft, bot)
        await school.opens("priya", "helen")
        await school.is_about_to_tell()
        await bot.stop()
    microsoft.before[host] = hang
    try:
        async with serving(microsoft, tmp_path) as bot:
            school = Partnership(microsoft, bot)
            await school.presses("priya", "Tell the Link Tutor")
            slowest = 0.0
            async with aiohttp.ClientSession() as session:
                for _ in range(20):
                    slowest = max(slowest, await _seconds(session, bot))
            assert slowest < PROMPTLY
    finally:
        microsoft.before.pop(host)


async def _seconds(session: aiohttp.ClientSession, bot: Bot) -> float:
    began = time.monotonic()
    async with asyncio.timeout(2), session.get(f"{bot.url}/healthz") as answer:
        assert answer.status == 200
    return time.monotonic() - began
