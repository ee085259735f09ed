"""What the bot answers to anybody on the internet: little, without versions, and the truth about itself."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.app import application
from bot.practice.roll import PROVIDER
from bot.settings import BotSettings
from storage import folder
from tests.logged import as_json, as_text
from tests.school import School
from tests.teams.standins import WatchedChannel, settings_for

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Server": "Pathway",
}
ANYTHING = [
    ("GET", "/healthz", 200),
    ("HEAD", "/healthz", 200),
    ("GET", "/readyz", 200),
    ("GET", "/", 404),
    ("GET", "/.env", 404),
    ("PUT", "/healthz", 405),
    ("POST", "/api/messages", 401),
    ("GET", "/ics/forged.ics", 404),
]
NO_HTTP = [
    b"\x16\x03\x01junk\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nContent-Length: x\r\n\r\n",
]


@pytest.fixture
async def school(tmp_path: Path) -> AsyncIterator[School]:
    async with School(tmp_path) as it:
        yield it


@pytest.mark.parametrize(("method", "path", "status"), ANYTHING)
async def test_every_answer_has_the_same_headers(school: School, method: str, path: str, status: int) -> None:
    async with aiohttp.ClientSession() as session, session.request(method, school.url + path) as answer:
        assert answer.status == status
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        assert "aiohttp" not in (str(answer.headers) + await answer.text()).casefold()


@pytest.mark.parametrize("raw", NO_HTTP)
async def test_an_answer_to_what_is_no_http_names_no_version(school: School, raw: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(school.url.rpartition(":")[2]))
    writer.write(raw)
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.0 400")
    assert b"Server: Pathway\r\n" in answer
    assert b"aiohttp" not in answer
    assert b"Python" not in answer


#: Each is refused at another place, and aiohttp by itself would quote the word in it.
QUOTED = {
    "no method": b"Ashworth-Tom!\r\n\r\n",
    "a strange method": b"ASH(WORTH / HTTP/1.1\r\n\r\n",
    "a strange version": b"GET / ASHWORTH/1.1\r\n\r\n",
    "a strange path": b"GET /Ash\x00worth HTTP/1.1\r\nHost: a\r\n\r\n",
    "a strange header": b"GET / HTTP/1.1\r\nHost: a\r\nAsh worth: Ashworth\r\n\r\n",
    "a strange length": b"POST /api/messages HTTP/1.1\r\nHost: a\r\nContent-Length: ashworth\r\n\r\n",
    "a strange encoding": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ashworth, chunked, x\r\n\r\n",
    "a header without an end": b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"ashworth" * 4096 + b"\r\n\r\n",
    "a chunk of no size": b"POST /api/messages HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nashworth\r\n\r\n",
}


@pytest.mark.parametrize("kind", QUOTED)
async def test_an_answer_to_what_is_no_http_says_nothing_of_what_was_sent_and_nor_does_the_log(
    school: School, kind: str
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(school.url.rpartition(":")[2]))
    writer.write(QUOTED[kind])
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split()[1] in {b"400", b"401"}
    assert b"Cache-Control: no-store" in head
    assert body in {b"", b"This cannot be read as a request.\n"}
    assert b"ash" not in answer.lower()
    logged = [*as_text(school.log.records), *as_json(school.log.records)]
    assert not any("ash" in line.lower() for line in logged)


async def test_a_fault_of_our_own_tells_its_place_in_the_log_and_nothing_to_who_asked(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken() -> object:
        raise ValueError("Tom Ashworth")

    monkeypatch.setattr(school.parts.stores.book, "health", broken, raising=False)
    school.expects_errors = True
    async with aiohttp.ClientSession() as session, session.get(school.url + "/readyz") as answer:
        assert (answer.status, await answer.text()) == (500, "Something went wrong here.\n")
        assert answer.headers["Cache-Control"] == "no-store"
    logged = [*as_text(school.log.records), *as_json(school.log.records)]
    (line,) = (json.loads(line) for line in logged if line.startswith("{") and "a request went wrong" in line)
    assert (line["status"], line["error"]) == (500, "ValueError")
    assert re.fullmatch(r".*test_pages\.py:\d+ broken", line["where"][-1])
    assert not any("Ashworth" in line for line in logged)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_the_health_pages_say_one_word_and_no_more(school: School, path: str) -> None:
    async with aiohttp.ClientSession() as session, session.get(school.url + path) as answer:
        assert await answer.json() == {"status": {"/healthz": "alive", "/readyz": "ready"}[path]}


@dataclass
class Disk:
    """The machine's disk, which can be full."""

    full: bool = False

    def through(self, real: Callable[[int, bytes], int]) -> Callable[[int, bytes], int]:
        def write(handle: int, data: bytes) -> int:
            if self.full:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(handle, data)

        return write


@contextmanager
def disk() -> Iterator[Disk]:
    it, real = Disk(), os.write
    os.write = it.through(real)  # type: ignore[assignment]
    try:
        yield it
    finally:
        os.write = real


async def test_ready_turns_red_on_a_full_disk_that_nobody_has_written_to_yet_and_green_when_there_is_room(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "FRESH", 0.0)
    async with aiohttp.ClientSession() as session:

        async def ready() -> int:
            async with session.get(f"{school.url}/readyz") as answer:
                said = await answer.json()
                assert said == {"status": "ready" if answer.status == 200 else "not ready"}
                return answer.status

        with disk() as there:
            assert await ready() == 200
            there.full = True
            assert await ready() == 503
            async with session.get(f"{school.url}/healthz") as alive:
                assert alive.status == 200
            there.full = False
            assert await ready() == 200


async def test_ready_asks_the_disk_within_half_a_minute() -> None:
    assert folder.FRESH < 30


async def test_browsers_are_told_to_come_by_https_alone_where_that_is_the_public_address() -> None:
    async with WatchedChannel() as channel:
        settings = BotSettings(
            teams=settings_for(channel.url),
            host="127.0.0.1",
            port=0,
            store="memory:",
            provider=PROVIDER,
            public_url="https://pathway.northdale.ac.uk",
            mail=None,
            practice=False,
        )
        runner = web.AppRunner(application(settings), access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            url = f"http://127.0.0.1:{runner.addresses[0][1]}/healthz"
            async with aiohttp.ClientSession() as session, session.get(url) as answer:
                assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
        finally:
            await runner.cleanup()
