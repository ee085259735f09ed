"""Small real things for the tests of the Teams side: a Desk that remembers, and a bot that listens on loopback."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
from aiohttp import web

from bot.desk import Message, Who
from bot.practice.channel import Call, Channel
from bot.practice.people import PracticePerson
from bot.teams import Teams, TeamsSettings, build
from pathway.address import Address
from tests.signing import signing_key

APP_ID = "6f1d3b5e-0d8a-4c53-9b8e-1f0e7f4a2c11"
TENANT = "0b2f6c0e-7a51-4f0c-8f43-5d7b3a9e1c22"
PASSWORD = "only for this test"

PRIYA = PracticePerson(
    key="priya",
    name="Priya Shah",
    email="priya.shah@school.example",
    object_id="11111111-aaaa-4bbb-8ccc-000000000001",
    principal_name="priya.shah@school.example",
    what="Mentor",
)
GARETH = PracticePerson(
    key="gareth",
    name="Gareth Owen",
    email="gareth.owen@university.example",
    object_id="11111111-aaaa-4bbb-8ccc-000000000002",
    principal_name="gareth.owen_school.example#EXT#@university.example",
    what="Link Tutor",
)


def settings_for(origin: str) -> TeamsSettings:
    return TeamsSettings(
        app_id=APP_ID,
        app_type="SingleTenant",
        tenant_id=TENANT,
        password=PASSWORD,
        openid_url=f"{origin}/.well-known/openidconfiguration",
        token_url=f"{origin}/token",
        practice=True,
    )


def card(words: str) -> dict[str, Any]:
    return {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": words, "wrap": True}]}


def no_work() -> Awaitable[None]:
    """A Desk that answers at once."""
    return asyncio.sleep(0)


@dataclass
class Counter:
    """A Desk that keeps what it heard and answers plainly. *work* is what it does before it answers."""

    heard: list[tuple[Any, ...]] = field(default_factory=list)
    people: list[Who] = field(default_factory=list)
    work: Callable[[], Awaitable[None]] = no_work
    answer: Message = field(default_factory=lambda: Message("An answer", card("Here it is.")))

    async def said(self, who: Who, text: str) -> Sequence[Message]:
        await self._hear(who, "said", text)
        return [self.answer]

    async def acted(self, who: Who, verb: str, data: Mapping[str, Any], activity_id: str) -> Message:
        await self._hear(who, "acted", verb, dict(data), activity_id)
        return self.answer

    async def met(self, who: Who) -> Sequence[Message]:
        first = all(entry[:2] != ("met", who.object_id) for entry in self.heard)
        await self._hear(who, "met", who.object_id)
        return [Message("Welcome", text=f"Hello {who.name}")] if first else []

    async def left(self, who: Who) -> None:
        await self._hear(who, "left", who.address)

    async def joined_channel(self, address: Address, added_by: str) -> Sequence[Message]:
        self.heard.append(("joined_channel", address, added_by))
        await self.work()
        return [Message("Pathway is here", text=f"{added_by} added me.")]

    async def said_in_channel(self, who: Who, text: str) -> Sequence[Message]:
        await self._hear(who, "said_in_channel", text)
        return [Message("I have written to you", text="I have written to you privately.")]

    async def _hear(self, who: Who, *what: Any) -> None:
        self.people.append(who)
        self.heard.append(what)
        await self.work()


class WatchedChannel(Channel):
    """The practice channel, with a bell for each request that the bot makes."""

    def __init__(self) -> None:
        super().__init__(
            [PRIYA, GARETH],
            app_id=APP_ID,
            app_password=PASSWORD,
            tenant_id=TENANT,
            now=lambda: datetime(2026, 11, 3, 15, 45, tzinfo=UTC),
            key=signing_key(),
        )
        self._bell = asyncio.Condition()

    def note_call(self, request: web.Request, status: int) -> None:
        super().note_call(request, status)
        self._ringing = asyncio.get_running_loop().create_task(self._ring())

    async def until_called(self, enough: Callable[[list[Call]], bool]) -> None:
        async with asyncio.timeout(5), self._bell:
            await self._bell.wait_for(lambda: enough(list(self.calls)))

    async def _ring(self) -> None:
        async with self._bell:
            self._bell.notify_all()

    def made(self, method: str, part: str = "") -> list[Call]:
        return [call for call in self.calls if call.method == method and part in call.path]

    def address(self, person: PracticePerson = PRIYA) -> Address:
        return Address(
            service_url=self.service_url,
            conversation_id=person.conversation_id,
            bot_id=self.place.bot_id,
            tenant_id=TENANT,
            user_id=person.teams_id,
        )


@dataclass
class Line:
    """A bot and its channel, talking over HTTP."""

    channel: WatchedChannel
    desk: Counter
    teams: Teams
    session: aiohttp.ClientSession
    url: str

    async def post(self, raw: bytes, headers: Mapping[str, str] | None = None) -> int:
        """The status of a raw request; the token is a good one unless *headers* are given."""
        headers = {"Authorization": f"Bearer {self.channel.token()}"} if headers is None else headers
        async with self.session.post(self.url, data=io.BytesIO(raw), headers=headers) as answer:
            await answer.read()
            return answer.status


@asynccontextmanager
async def listening(handler: Callable[[web.Request], Awaitable[web.StreamResponse]], path: str) -> AsyncIterator[str]:
    """A server on a free port of 127.0.0.1 with one handler for all methods; gives its origin."""
    app = web.Application()
    app.router.add_route("*", path, handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def talking(**parts: Any) -> AsyncIterator[Line]:
    """*parts* are keyword arguments of `bot.teams.build`."""
    async with WatchedChannel() as channel, aiohttp.ClientSession() as session:
        teams = build(settings_for(channel.url), session, pause=lambda _: 0.0, **parts)
        desk = Counter()
        async with listening(teams.messages(desk), "/api/messages") as origin:
            channel.bot_url = f"{origin}/api/messages"
            channel.transcript.set_installed(PRIYA.key, installed=True)
            yield Line(channel, desk, teams, session, channel.bot_url)
            await teams.close(1.0)
