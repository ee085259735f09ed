"""Many mentors with reminders that are due, and bots that are processes of their own among Microsoft's hosts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

from aiohttp import web

from bench import people
from bot.practice import hands
from bot.practice.channel import Message
from pathway import events as e
from pathway.people import Person, Placement, Reach
from storage import Stores
from tests.keys import open_stores
from tests.storage.samples import first, started, target
from tests.wire.microsoft import CONNECTOR, Microsoft
from tests.wire.running import Bot, start

RAISED = datetime(2026, 10, 6, 12, tzinfo=UTC)
TUTOR = 900_000
FIRST, QUIET = 120.0, 20.0
"""So many seconds without a message, and nothing more comes."""


@dataclass
class Arrivals:
    """When which chat was written to: seconds of this process's own clock."""

    at: list[tuple[float, str]] = field(default_factory=list)
    bell: asyncio.Event = field(default_factory=asyncio.Event)

    async def note(self, request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
        if request.method == "POST" and answer.status < 300:
            self.at.append((time.monotonic(), request.path.split("/conversations/")[-1].split("/")[0]))
            self.bell.set()
        return answer

    def most(self, seconds: float, *, in_one_chat: bool = False) -> int:
        """The most messages in any *seconds*, to anybody or to one chat."""
        best = 0
        for n, (begun, chat) in enumerate(self.at):
            within = [c for at, c in self.at[n:] if at - begun < seconds]
            best = max(best, within.count(chat) if in_one_chat else len(within))
        return best

    async def until(self, count: int, seconds: float = 300.0) -> None:
        """Until so many have come. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while len(self.at) < count:
                self.bell.clear()
                await self.bell.wait()

    async def until_quiet(self, seconds: float = QUIET) -> None:
        """Until nothing more comes, once something has: on a busy machine a start takes its time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FIRST):
                while not self.at:
                    self.bell.clear()
                    await self.bell.wait()
        while True:
            self.bell.clear()
            try:
                async with asyncio.timeout(seconds):
                    await self.bell.wait()
            except TimeoutError:
                return


@dataclass(frozen=True)
class World:
    """*mentors* of them, with *each* so many cases whose weekly check was due on Tuesday 13 October."""

    microsoft: Microsoft
    folder: Path
    url: str
    mentors: int
    each: int
    arrivals: Arrivals

    async def bot(self, name: str, begins: datetime, **more: str) -> Bot:
        """A bot that takes *begins* for now when it starts."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        more = {"PATHWAY_STORE": self.url, "PATHWAY_RUN": str(folder / "run"), **more}
        return await start(self.microsoft, folder, PATHWAY_TEST_STARTS=begins.isoformat(), **more)

    def chat(self, number: int) -> list[Message]:
        """What the bot said to a mentor."""
        return [m for m in self.microsoft.line.chat(people.person(number).key) if m.sender == "bot"]

    def words(self, number: int) -> list[str]:
        return [hands.words(m.card or {}) for m in self.chat(number)]

    async def fill(self, stores: Stores) -> None:
        cases = self.mentors * self.each
        mentors, students = range(self.mentors), [people.STUDENTS + n for n in range(cases)]
        everybody = [_listed(n) for n in (*mentors, *students, TUTOR)]
        await stores.roster.load(everybody, [_placement(n, n // self.each) for n in range(cases)])
        for begun in range(0, cases, 16):
            await asyncio.gather(*(self._case(stores, n) for n in range(begun, min(cases, begun + 16))))
        for n in (*mentors, TUTOR):
            await stores.addresses.keep_address(f"P{n}", people._address(people.person(n)))  # noqa: SLF001

    async def _case(self, stores: Stores, n: int) -> None:
        mentor, student = f"P{n // self.each}", f"P{people.STUDENTS + n}"
        begun = replace(started(f"c{n}", placement=f"PL{n}", student=student), by=mentor, mentor=mentor)
        commit = first(f"c{n}", placement=f"PL{n}", people=(mentor, student), wake_at=RAISED)
        await stores.book.commit(replace(commit, events=(begun, replace(target(), by=mentor))))

    async def noted(self) -> Iterable[tuple[list[e.Nudged], dict[str, str]]]:
        """Of each case the reminders that were noted, and what became of its letters."""
        stores = open_stores(self.url)
        await stores.open()
        try:
            found = []
            for n in range(self.mentors * self.each):
                events = await stores.book.events(f"c{n}")
                notes = [x for x in events if isinstance(x, e.Nudged)]
                found.append((notes, dict(await stores.book.sent(f"c{n}"))))
            return found
        finally:
            await stores.close()


def _listed(number: int) -> Person:
    who = people.person(number)
    return Person(f"P{number}", who.name, who.email, who.object_id, Reach.TEAMS)


def _placement(number: int, mentor: int) -> Placement:
    return Placement(
        id=f"PL{number}",
        student=f"P{people.STUDENTS + number}",
        mentor=f"P{mentor}",
        course="PGCE Primary",
        phase="Phase 1",
        school="A school",
        school_address="",
        calendar="A",
        start=date(2026, 9, 14),
        end=date(2027, 2, 5),
        link_tutor=f"P{TUTOR}",
    )


@asynccontextmanager
async def world(folder: Path, url: str, mentors: int, each: int = 1) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        microsoft = await stack.enter_async_context(Microsoft(folder))
        arrivals = Arrivals()
        microsoft.after[CONNECTOR] = arrivals.note
        line = microsoft.line
        line.people = tuple(people.person(n) for n in (*range(mentors), TUTOR))
        for person in line.people:
            line.transcript.set_installed(person.key, installed=True)
        found = World(microsoft, folder, url, mentors, each, arrivals)
        stores = open_stores(url)
        await stores.open()
        await found.fill(stores)
        await stores.close()
        yield found
