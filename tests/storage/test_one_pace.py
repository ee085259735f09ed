"""Several bots on one PostgreSQL send no more together than Teams lets one of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import aiohttp
import psycopg
import pytest

from bot.practice.roll import PROVIDER
from bot.sender import Sender
from bot.teams import pace
from bot.teams.connector import Connector
from bot.teams.pace import TENANT, Lane, Pace
from pathway.address import Address
from pathway.casework import Casework
from pathway.people import Person, Reach
from pathway.ports import Moments, StoreUnavailable, Window
from pathway.provider import Provider
from storage import Stores
from tests.keys import open_stores
from tests.postgres import fresh_schema
from tests.teams.standins import TENANT as TENANT_ID
from tests.teams.standins import listening, settings_for
from tests.teams.test_connector import OneToken
from tests.teams.test_limits import AT_FIRST, Strict, letter

PEOPLE = 125
EACH = 4


@pytest.fixture
async def bots() -> AsyncIterator[tuple[Stores, Stores]]:
    """The stores of two bots on one database, open."""
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(fresh_schema())
        both = open_stores(url), open_stores(url)
        for stores in both:
            await stores.open()
            stack.push_async_callback(stores.close)
        yield both


def moments_of(stores: Stores) -> Any:
    assert stores.moments is not None
    return stores.moments


async def given_so_far(stores: Stores) -> list[datetime]:
    """The last moments, as the database keeps them."""
    rows = await moments_of(stores).database.read("select moments from pace")
    found: list[datetime] = rows[0]["moments"]
    return found


# -- moments, given out by the database ------------------------------------------------------------------------------


async def test_two_bots_are_given_no_moment_twice_and_no_window_more_than_it_may_hold(
    bots: tuple[Stores, Stores],
) -> None:
    seen: list[float] = []
    for _ in range(12):
        takes = [moments_of(stores).take(wanted, 600.0, TENANT) for wanted in (1, 5, 2) for stores in bots]
        answers = await asyncio.gather(*takes)
        assert [len(given) for given, _ in answers] == [1, 1, 5, 5, 2, 2]
        seen += [moment.timestamp() for moment in (await given_so_far(bots[0]))[-16:]]
    assert seen == sorted(seen)
    for seconds, count in TENANT:
        assert max(sum(start <= at < start + seconds - 1e-5 for at in seen) for start in seen) == count


async def test_the_first_after_a_silence_may_go_at_once_and_what_would_wait_too_long_is_told_so(
    bots: tuple[Stores, Stores],
) -> None:
    assert await moments_of(bots[0]).take(7, 5.0, TENANT) == ([0.0] * 7, 0.0)
    given, longer = await moments_of(bots[1]).take(500, 5.0, TENANT)
    assert 4.0 < given[-1] <= 5.0 < longer < 5.3
    assert len(given) < 28 * 6
    assert [earlier <= later for earlier, later in pairwise(given)] == [True] * (len(given) - 1)
    again = await moments_of(bots[0]).take(1, 0.1, TENANT)
    assert again[0] == []
    assert again[1] > 3.0


async def test_after_a_crash_of_the_database_the_moments_begin_anew(bots: tuple[Stores, Stores]) -> None:
    await moments_of(bots[0]).take(28, 5.0, TENANT)
    await moments_of(bots[0]).database.read("delete from pace")  # as PostgreSQL does: the table is unlogged
    assert await moments_of(bots[1]).take(1, 5.0, TENANT) == ([0.0], 0.0)


# -- who waits for them ----------------------------------------------------------------------------------------------


class OneMachine:
    """`Moments` within one process, which counts how often it was asked, and can be out of order."""

    def __init__(self) -> None:
        self.lane = Lane(TENANT)
        self.asked: list[int] = []
        self.works = True

    async def take(self, wanted: int, patience: float, windows: Sequence[Window]) -> tuple[list[float], float]:
        del windows
        self.asked.append(wanted)
        await asyncio.sleep(0)
        if not self.works:
            raise StoreUnavailable("The database does not answer in time.")
        now = asyncio.get_running_loop().time()
        given: list[float] = []
        while len(given) < wanted and (at := self.lane.next(now)) - now <= patience:
            self.lane.reserve(at)
            given.append(at - now)
        return given, 0.0 if len(given) == wanted else self.lane.next(now) - now


async def test_many_who_wait_at_once_cost_one_question_after_the_first() -> None:
    moments: OneMachine = OneMachine()
    of_protocol: Moments = moments
    shared = Pace(moments=of_protocol)
    await asyncio.gather(*(shared.turn(f"c{n}") for n in range(20)))
    assert sum(moments.asked) == 20
    assert len(moments.asked) <= 2


async def test_while_the_database_is_away_a_bot_keeps_to_its_own_limit_and_asks_again_later(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    moments = OneMachine()
    shared = Pace(moments=moments)
    moments.works = False
    for n in range(3):
        await shared.turn(f"c{n}")
    assert moments.asked == [1]
    assert caplog.messages == ["the sending rate is not shared just now; this bot keeps to its own"]
    moments.works = True
    monkeypatch.setattr(pace, "ALONE", 0.0)
    shared._alone_until = 0.0
    await shared.turn("c9")
    assert moments.asked == [1, 1]


async def test_a_moment_that_was_slept_through_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = OneMachine()
    monkeypatch.setattr(pace, "LATE", -1.0)  # everybody always wakes too late
    await Pace(moments=moments).turn("c1")
    assert moments.asked == [1] * pace.TRIES


# -- two bots, five hundred messages ---------------------------------------------------------------------------------


async def fill(stores: Stores, origin: str) -> None:
    people = [f"p{n}" for n in range(PEOPLE)]
    await stores.roster.load([Person(p, f"Person {p}", f"{p}@school.example", p, Reach.TEAMS) for p in people], [])
    for p in people:
        await stores.addresses.keep_address(p, Address(f"{origin}/", f"a:{p[1:]}", "28:b", TENANT_ID, f"29:{p}"))
    await stores.book.post([letter(p, n) for n in range(EACH) for p in people], "all at once")


async def sends(stores: Stores, origin: str, session: aiohttp.ClientSession) -> None:
    """A bot, until nothing is left to send."""
    casework = Casework(stores.book, stores.roster, Provider.load(PROVIDER), lambda: datetime.now(UTC))
    post = Connector(session, settings_for(origin), OneToken(), Pace(moments=stores.moments))
    sender = Sender(casework, stores.addresses, post, None)
    while (due := await stores.book.next_due("outbox")) is not None:
        await asyncio.sleep(min(0.2, max(0.0, (due - datetime.now(UTC)).total_seconds())))
        await sender.empty()


async def test_two_bots_with_five_hundred_due_keep_the_one_limit_of_the_tenant_and_deliver_each_once(
    bots: tuple[Stores, Stores],
) -> None:
    strict = Strict()
    async with listening(strict.answer, "/{any:.*}") as origin, aiohttp.ClientSession() as session:
        await fill(bots[0], origin)
        async with asyncio.timeout(90):
            await asyncio.gather(*(sends(stores, origin, session) for stores in bots))
    assert strict.taken == Counter({f"a:{n}": EACH for n in range(PEOPLE)})
    assert strict.too_early == []
    assert strict.statuses[429] <= 0.05 * strict.statuses.total()
    marked = {conversation for conversation, drawn in strict.texts if "Sent again" in drawn}
    assert marked == {c for c, status in AT_FIRST.items() if status in {500, 502, 504}}


async def test_the_database_is_still_asked_by_its_own_clock_where_that_of_the_tests_stands_still(
    bots: tuple[Stores, Stores],
) -> None:
    async with await psycopg.AsyncConnection.connect(moments_of(bots[0]).database._url, autocommit=True) as connection:
        await connection.execute(b"update tests_clock set at = '2020-01-01'")
    await moments_of(bots[0]).take(3, 5.0, TENANT)
    assert min(await given_so_far(bots[0])) > datetime(2021, 1, 1, tzinfo=UTC)
