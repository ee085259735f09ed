"""Several bots on one PostgreSQL: each reminder goes out once, whoever is killed, and whoever comes back from a pause."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator

import psycopg
import pytest

from bot import clock, sender
from bot.app import _secret
from bot.practice.roll import PROVIDER
from bot.roster import list_the_office
from pathway.provider import Provider
from tests.keys import open_stores
from tests.postgres import fresh_schema, on_the_tests_clock
from tests.storage.replica import THEN, Printing, bot, fill

CASES = 30
PATIENCE = 60


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with fresh_schema() as found:
        yield found


async def started(url: str, *arguments: str) -> Process:
    """A bot that waits for a line before it begins."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.storage.replica", url, *arguments), stdin=PIPE, stdout=PIPE
    )
    assert child.stdout is not None
    assert await child.stdout.readline() == b"here\n"
    return child


async def heard(child: Process) -> list[str]:
    assert child.stdout is not None
    return (await child.stdout.readline()).decode().split()


def begin(*children: Process) -> None:
    for child in children:
        assert child.stdin is not None
        child.stdin.write(b"go\n")


async def ask(url: str, query: str) -> list[tuple[object, ...]]:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        cursor = await connection.execute(query.encode())
        return await cursor.fetchall() if cursor.description else []


async def sent_by(child: Process, begun: set[str], into: Counter[str], enough: asyncio.Event) -> None:
    while line := await heard(child):
        if line[0] == "begun":
            begun.add(line[1])
        else:
            into[" ".join(line[1:])] += 1
            if len({name.split()[0] for name in into}) == CASES:
                enough.set()


async def test_what_is_due_is_sent_once_by_two_bots_and_one_takes_over_what_a_killed_one_held(url: str) -> None:
    stores = open_stores(url)
    await stores.open()
    await fill(stores, CASES)
    await stores.close()
    dies, lives = await asyncio.gather(started(url, "5"), started(url))
    counts: Counter[str] = Counter()
    begin(dies)
    begun: set[str] = set()
    while len(begun) < 5:
        what, person = await heard(dies)
        if what == "begun":
            begun.add(last := person)
        else:
            counts[person] += 1
    begin(lives)
    enough = asyncio.Event()
    reading = [
        asyncio.ensure_future(sent_by(dies, begun, counts, enough)),
        asyncio.ensure_future(sent_by(lives, set(), counts, enough)),
    ]
    dies.kill()
    await dies.wait()
    held = await ask(url, "select count(*) from work where held_until is not null")
    assert held[0][0] != 0
    assert not enough.is_set()
    await ask(url, f"update tests_clock set ahead = interval '{sender.LEASE.total_seconds() + 1} seconds'")
    async with asyncio.timeout(PATIENCE):
        await enough.wait()
    lives.kill()
    await asyncio.gather(lives.wait(), *reading)
    known = {person for person in counts if " " not in person}
    twice = {name.split()[0] for name in counts if name.endswith(" again")}
    assert set(counts.values()) == {1}
    assert known | twice == {f"m{n}" for n in range(CASES)}
    # What the killed one was in the middle of comes again, and says so; it had said nothing of the rest.
    assert last in twice
    assert known & twice <= begun


def test_a_killed_bot_is_followed_in_less_than_a_minute() -> None:
    assert max(sender.LEASE, clock.LEASE).total_seconds() < 60


async def test_a_bot_that_comes_back_from_a_pause_sends_nothing_that_another_has_taken(url: str) -> None:
    first, other = on_the_tests_clock(url), on_the_tests_clock(url)
    said: list[str] = []
    for stores in (first, other):
        await stores.open()
    await fill(first, 3)
    paused, working = bot(first, Printing(said.append)), bot(other, Printing(said.append))
    for claim in await first.book.claim("case", "c", THEN, 9, clock.LEASE):
        await first.book.complete(claim, "looked", wake_at=await paused.casework.remind(claim.case_id))
    held = await first.book.claim("outbox", "s", THEN, 9, sender.LEASE)
    assert len(held) == 3
    await working.sender.empty()
    assert said == []
    later = THEN + sender.LEASE
    working.time.set(later)
    await working.sender.empty()
    assert sorted(said) == sorted(f"{what} m{n}" for what in ("begun", "sent") for n in range(3))
    for claim in held:
        assert claim.item is not None
        await paused.sender._queue(claim.item.to, [claim])
    assert len(said) == 6
    for stores in (first, other):
        await stores.close()


async def test_two_bots_that_start_at_once_list_the_office_once_and_share_one_secret(url: str) -> None:
    both = [on_the_tests_clock(url) for _ in range(4)]
    provider = Provider.load(PROVIDER)
    for stores in both:
        await stores.open()
    await asyncio.gather(*(list_the_office(stores.roster, provider) for stores in both))
    emails = [p.email for p in (await both[0].roster.people()).values()]
    assert len(emails) == len(set(emails)) > 0
    assert len(set(await asyncio.gather(*(_secret(stores) for stores in both)))) == 1
    for stores in both:
        await stores.close()
