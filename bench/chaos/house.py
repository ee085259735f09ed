"""The made-up partnership around a bot that is killed: Teams delivers again what had no answer, and people go on.

The bot is a fork of `bench.chaos.zygote`, so the people, Teams and their clock live on here while it dies.
"""

from __future__ import annotations

import asyncio
import functools
import json
import pickle
import random
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg

from bench.chaos.letters import Note
from bench.chaos.trap import ROOT
from bench.chaos.wall import SharedWall
from bench.chaos.zygote import LONGEST, Birth
from bot import clock, sender
from bot.clock import PRACTICE_STARTS
from bot.practice import hands
from bot.practice.channel import Message
from tests.school import Lost, School, _Remembers

_LEASE = max(sender.LEASE, clock.LEASE) + timedelta(seconds=1)
OUT_OF_DATE = "moved on"
"""What a card says that was pressed too late."""
PATIENCE = 90.0
"""Seconds for anything that must happen at all, on a machine that is busy with other things."""


class Broken(Exception):
    """What must hold does not; the sentence says what."""


class Arrivals(_Remembers):
    """All chats, and when each message came, by its id: seconds of the monotonic clock."""

    def __init__(self) -> None:
        super().__init__()
        self.came: dict[str, float] = {}

    def add(self, chat: str, message: Message) -> None:
        self.came[message.id] = time.monotonic()
        super().add(chat, message)


class Zygote:
    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._one_at_a_time = asyncio.Lock()

    async def bears(self, birth: Birth, *descriptors: int) -> int:
        """The process id of the bot."""
        async with self._one_at_a_time:
            socket.send_fds(self._line, [pickle.dumps(birth)], descriptors)
            return int(await asyncio.to_thread(self._line.recv, LONGEST))

    async def buries(self, pid: int) -> None:
        """Comes back when nothing of a dead bot is left, its locks neither."""
        async with self._one_at_a_time:
            self._line.send(pickle.dumps(pid))
            await asyncio.to_thread(self._line.recv, LONGEST)


@asynccontextmanager
async def zygote() -> AsyncIterator[Zygote]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        process = subprocess.Popen(  # noqa: S603, ASYNC220 - our own, and only begun
            (sys.executable, "-m", "bench.chaos.zygote", str(theirs.fileno())), cwd=ROOT, pass_fds=(theirs.fileno(),)
        )
        theirs.close()
        try:
            yield Zygote(ours)
        finally:
            ours.shutdown(socket.SHUT_RDWR)
            await asyncio.to_thread(process.wait)


class House(School):
    """`async with House(folder, zygote, rng) as house:`; *store* is a URL, files in *folder* where it is empty."""

    def __init__(self, folder: Path, mother: Zygote, rng: random.Random, store: str = "") -> None:
        super().__init__(folder, store=store)
        self._mother = mother
        self.rng = rng
        self.wall = self.teams.now = SharedWall()  # type: ignore[assignment]
        self.wall.at = PRACTICE_STARTS
        self.teams.transcript = self._remembered = self.arrivals = Arrivals()
        self.notes: list[Note] = []
        """Of all lives, what was begun and was over."""
        self.lives = 0
        self.bot_log = folder / "bot.log"
        self.place = ""
        """Where the last bot died."""
        self.pid = 0
        self.is_up = asyncio.Event()
        self.went = asyncio.Event()
        """One for each life: set when it is over."""
        self._open, self._shut = asyncio.Event(), asyncio.Event()
        self._open.set()
        self.at_the_gate = 0
        self._moved = asyncio.Condition()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._writer: asyncio.StreamWriter | None = None
        self._listening: asyncio.Task[None] | None = None
        self._hands: dict[str, asyncio.Lock] = {}
        self.doing: dict[str, str] = {}
        """What people are about, by their keys."""

    # -- the bot's lives -----------------------------------------------------------------------------------------------

    async def starts(self) -> None:
        await self.is_born(0)

    async def is_born(self, at: int) -> bool:
        """A new bot, whose trap is set for the step *at* of its life, 0 for none. False where it died at once."""
        url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.teams.bot_url = f"{url}/api/messages"
        ours, theirs = socket.socketpair()
        birth = Birth(replace(self.settings(url), keys=None), at, self.bot_log)
        with theirs:
            descriptors = (self._listener.fileno(), theirs.fileno(), self.wall.file)  # type: ignore[attr-defined]
            self.pid = await self._mother.bears(birth, *descriptors)
        self._said, self.place = asyncio.Queue(), ""
        self.went = asyncio.Event()
        self.lives += 1
        reader, self._writer = await asyncio.open_connection(sock=ours, limit=1 << 26)
        self._listening = asyncio.create_task(self._listens(reader))
        return "ready" in await self._hears()

    async def _listens(self, reader: asyncio.StreamReader) -> None:
        with suppress(OSError):
            while line := await reader.readline():
                said = json.loads(line)
                if "letter" in said:
                    self.notes.append(Note(self.lives, said["at"], said["to"], said["letter"], said["begins"]))
                    continue
                self.place = said.get("died", "") or self.place
                if "ready" in said:
                    self.is_up.set()
                self._said.put_nowait(said)
        self.is_up.clear()
        if self._writer is not None:
            self._writer.close()
        await self._mother.buries(self.pid)
        self._said.put_nowait({"died": self.place})
        self.went.set()

    async def _hears(self) -> dict[str, Any]:
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._said.get()
        except TimeoutError:
            raise Broken("a bot does not answer") from None

    async def asks(self, do: str, **more: int) -> None:
        assert self._writer is not None
        self._writer.write(json.dumps({"do": do, **more}).encode() + b"\n")

    async def looks(self) -> dict[str, Any]:
        """Everything that is due is done, and then all that there is; nothing where it died over it."""
        await self.asks("look")
        found = await self._hears()
        return found if "records" in found else {}

    async def leases_end(self) -> None:
        """On the database's clock, so that a new bot takes over at once what a dead one held. Files keep no leases."""
        if self.store.startswith("postgresql"):
            async with await psycopg.AsyncConnection.connect(self.store, autocommit=True) as connection:
                await connection.execute("update tests_clock set ahead = ahead + %s", (_LEASE,))

    def sent_to(self, chat: str) -> list[Message]:
        """Everything the bot ever sent there, as it was when it came, the oldest first."""
        first: dict[str, Message] = {}
        for where, message in self._remembered.ever:
            if where == chat and message.sender == "bot":
                first.setdefault(message.id, message)
        return list(first.values())

    async def dies(self) -> str:
        """Until it is dead: the place."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self.went.wait()
        except TimeoutError:
            raise Broken(f"nothing more happens: {self.doing}") from None
        if not self.place:
            raise Broken(f"it ended by itself: see {self.bot_log}")
        return self.place

    async def stops(self) -> None:
        if self._writer is not None and not self.went.is_set():
            self._writer.close()
            with suppress(TimeoutError):
                async with asyncio.timeout(15.0):
                    await self.went.wait()

    def said_at_last(self, lines: int = 60) -> str:
        """The end of what the bots wrote into their log: it goes with the folder."""
        said = self.bot_log.read_text(encoding="utf-8") if self.bot_log.exists() else ""
        return "\n".join(said.splitlines()[-lines:])

    async def __aexit__(self, *problem: object) -> None:
        await super().__aexit__(*problem)
        self._listener.close()

    # -- people, who go on ---------------------------------------------------------------------------------------------

    async def _settles(self) -> None:
        """Nothing: everything is waited for where it is looked for."""

    async def _begins(self) -> None:
        async with self._moved:
            self.at_the_gate += 1
            self._moved.notify_all()
        await self._open.wait()
        async with self._moved:
            self.at_the_gate -= 1

    def shut(self) -> None:
        """Nobody begins anything new."""
        self._open.clear()
        self._shut.set()

    def unlock(self) -> None:
        self._shut.clear()
        self._open.set()

    async def all_wait(self, people: int) -> None:
        """Until so many have finished what they were about before it was shut."""
        try:
            async with asyncio.timeout(PATIENCE), self._moved:
                await self._moved.wait_for(lambda: self.at_the_gate == people)
        except TimeoutError:
            raise Broken(f"somebody is not answered: {self.doing}\n{self.transcript(*self.doing)}") from None

    async def sends(self, key: str, activity_id: str, verb: str, data: Mapping[str, Any]) -> str:
        """A press, delivered until it is answered: the same request again, under its own id or under a new one."""
        await self._begins()
        async with self._hands.setdefault(key, asyncio.Lock()):
            again = False
            while True:
                self.doing[key] = f"presses {verb}"
                new_id = again and self.rng.random() < 0.5
                answer = await self.teams.press(self.people[key], activity_id, verb, data, again=again, new_id=new_id)
                if answer.kind == "card":
                    return hands.words(answer.card or {})
                again = True
                await self._is_back()

    async def asks_for(self, key: str, text: str, button: str) -> Message:
        """Somebody writes until they are answered with a card that has *button*."""
        await self._begins()
        while True:
            await self._is_back()
            life_ends = self.went
            self.doing[key] = "writes"
            last = max((int(m.id) for m in self.teams.chat(key)), default=0)
            answer = await self.teams.say(self.people[key], text)
            after = functools.partial(_is_after, last)
            if answer.ok and (found := await self._seen(key, button, after, life_ends)):
                return found

    async def presses_on(self, key: str, button: str, which: Callable[[Message], bool], **values: str) -> None:
        """The newest card of *which* with *button*, as soon as there is one, with those of *values* that it asks; and
        again on what came in its place, where that card was out of date.
        """
        answer = OUT_OF_DATE
        while OUT_OF_DATE in answer:
            await self._begins()
            while (card := await self._seen(key, button, which, self._shut)) is None:
                await self._begins()
            asked = hands.inputs(card.card or {})
            answer = await self.fills(key, {k: v for k, v in values.items() if k in asked}, press=button, card=card)

    async def _seen(
        self, key: str, button: str, which: Callable[[Message], bool], enough: asyncio.Event
    ) -> Message | None:
        """None where it was not there before *enough* was set."""

        def there() -> Message | None:
            for message in reversed(self.teams.chat(key)):
                if message.sender == "bot" and which(message):
                    with suppress(Lost):
                        return self.finds(key, button, card=message)[0]
            return None

        self.doing[key] = f"looks for {button}"
        ended = asyncio.ensure_future(enough.wait())
        with self.teams.subscribe() as changes:
            while (found := there()) is None and not ended.done():
                change = asyncio.ensure_future(changes.get())
                await asyncio.wait({change, ended}, return_when=asyncio.FIRST_COMPLETED)
                change.cancel()
        ended.cancel()
        return found

    async def _is_back(self) -> None:
        """Teams waits a while before it delivers again."""
        async with asyncio.timeout(PATIENCE):
            await asyncio.sleep(0.01)
            await self.is_up.wait()


def _is_after(last: int, message: Message) -> bool:
    return int(message.id) > last
