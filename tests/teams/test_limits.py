"""Five hundred messages due at once, against a connector that holds the bot to Teams' published limits."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.jitter import decorrelated
from bot.practice.roll import PROVIDER
from bot.sender import Sender
from bot.teams.connector import Connector, back_off
from bot.teams.pace import PRACTICE, Pace
from pathway.address import Address
from pathway.casework import Casework
from pathway.people import Person, Reach
from pathway.ports import OutboxItem
from pathway.provider import Provider
from pathway.tellings import Notice
from tests.keys import open_stores
from tests.teams.standins import TENANT, listening, settings_for
from tests.teams.test_connector import OneToken

#: As Teams publishes them: seconds, and requests in them.
IN_A_CONVERSATION = ((1.0, 7), (2.0, 8), (30.0, 60), (3600.0, 1800))
IN_A_TENANT = ((1.0, 30),)
#: The fault of a conversation's first request, none of which was carried out.
AT_FIRST: dict[str, int] = dict(zip((f"a:{n}" for n in range(1, 11)), (412, 500, 502, 503, 504) * 2, strict=True))


class Strict:
    """Answers 429 to what goes beyond a limit, with the seconds to wait; it counts what it has taken."""

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.taken: Counter[str] = Counter()
        self.texts: list[tuple[str, str]] = []
        self.too_early: list[str] = []
        self._seen: dict[str, deque[float]] = {}
        self._not_before: dict[str, float] = {}
        self._failed: set[str] = set()

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.json()
        conversation, now = body["conversation"]["id"], time.monotonic()
        if now < self._not_before.get(conversation, 0.0):
            self.too_early.append(conversation)
        status, headers = self._judge(conversation, now)
        self.statuses[status] += 1
        if status == 201:
            self.taken[conversation] += 1
            self.texts.append((conversation, str(body["attachments"])))
        return web.json_response({"id": f"{conversation}-{self.taken[conversation]}"}, status=status, headers=headers)

    def _judge(self, conversation: str, now: float) -> tuple[int, dict[str, str]]:
        if self._beyond(conversation, now, IN_A_CONVERSATION) or self._beyond("", now, IN_A_TENANT):
            self._not_before[conversation] = now + 1
            return 429, {"Retry-After": "1"}
        if conversation in AT_FIRST and conversation not in self._failed:
            self._failed.add(conversation)
            return AT_FIRST[conversation], {}
        return 201, {}

    def _beyond(self, what: str, now: float, windows: Sequence[tuple[float, int]]) -> bool:
        seen = self._seen.setdefault(what, deque(maxlen=2000))
        if any(sum(at > now - seconds for at in seen) >= most for seconds, most in windows):
            return True
        seen.append(now)
        return False


def letter(person: str, n: int) -> OutboxItem:
    at = datetime.now(UTC)
    return OutboxItem(f"{person}-{n}", person, Notice.DRAFT_WAITING, at, data={"kept": at.date().isoformat()})


async def test_all_are_delivered_once_within_the_limits_and_nothing_is_sent_earlier_than_told() -> None:
    strict, stores = Strict(), open_stores("memory:")
    busy, others = "p0", [f"p{n}" for n in range(1, 121)]
    letters = [letter(busy, n) for n in range(20)] + [letter(p, n) for n in range(4) for p in others]
    assert len(letters) == 500
    people = [Person(p, f"Person {p}", f"{p}@school.example", p, Reach.TEAMS) for p in (busy, *others)]

    async with listening(strict.answer, "/{any:.*}") as origin, aiohttp.ClientSession() as session:
        await stores.open()
        await stores.roster.load(people, [])
        for p in (busy, *others):
            await stores.addresses.keep_address(p, Address(f"{origin}/", f"a:{p[1:]}", "28:b", TENANT, f"29:{p}"))
        await stores.book.post(letters, "all at once")
        casework = Casework(stores.book, stores.roster, Provider.load(PROVIDER), lambda: datetime.now(UTC))
        post = Connector(session, settings_for(origin), OneToken(), Pace())
        sender = Sender(casework, stores.addresses, post, None)
        async with asyncio.timeout(60):
            while (due := await stores.book.next_due("outbox")) is not None:
                await asyncio.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()))
                await sender.empty()
        assert list(await stores.book.parked()) == []
        await stores.close()

    assert strict.taken == Counter({"a:0": 20} | {f"a:{p[1:]}": 4 for p in others})
    assert strict.too_early == []
    assert strict.statuses[429] <= 0.05 * strict.statuses.total()
    marked = {conversation for conversation, card in strict.texts if "Sent again" in card}
    assert marked == {c for c, status in AT_FIRST.items() if status in {500, 502, 504}}


PASSING = (412, 500, 502, 503, 504)


async def test_a_thousand_messages_meet_every_passing_fault_and_arrive_once_each() -> None:
    """Each fault comes before the message was taken, so that a second sending is no double. Nobody waits for the pauses:
    the pathway's clock goes on to each.
    """
    people = [f"p{n}" for n in range(1000)]
    taken: Counter[str] = Counter()
    faults: Counter[int] = Counter()
    tries: Counter[str] = Counter()
    now = datetime.now(UTC)

    async def answer(request: web.Request) -> web.Response:
        conversation = (await request.json())["conversation"]["id"]
        n = tries[conversation]
        tries[conversation] += 1
        if n < int(conversation[2:]) % 3:  # a third arrives at once, a third after one fault, a third after two
            status = PASSING[(int(conversation[2:]) + n) % len(PASSING)]
            faults[status] += 1
            return web.json_response({}, status=status)
        taken[conversation] += 1
        return web.json_response({"id": conversation}, status=201)

    stores = open_stores("memory:")
    async with listening(answer, "/{any:.*}") as origin, aiohttp.ClientSession() as session:
        await stores.open()
        await stores.roster.load([Person(p, p, f"{p}@school.example", p, Reach.TEAMS) for p in people], [])
        for p in people:
            await stores.addresses.keep_address(p, Address(f"{origin}/", f"a:{p[1:]}", "28:b", TENANT, f"29:{p}"))
        casework = Casework(stores.book, stores.roster, Provider.load(PROVIDER), lambda: now)
        post = Connector(session, settings_for(origin), OneToken(), Pace(conversation=PRACTICE, tenant=PRACTICE))
        sender = Sender(casework, stores.addresses, post, None)
        for first in range(0, 1000, 100):
            await stores.book.post([letter(p, 0) for p in people[first : first + 100]], f"from {first}")
            while (due := await stores.book.next_due("outbox")) is not None:
                now = max(now, due)
                await sender.empty()
        assert list(await stores.book.parked()) == []
        await stores.close()

    assert taken == Counter(f"a:{n}" for n in range(1000))
    assert sum(faults.values()) == 999
    assert set(faults) == set(PASSING)


@pytest.mark.parametrize("pause", [back_off, lambda before: decorrelated(before, first=2.0, longest=300.0)])
def test_pauses_grow_by_three_at_the_most_are_never_the_same_for_all_and_never_without_end(pause: Any) -> None:
    first = [pause(0.0) for _ in range(200)]
    assert len({round(seconds, 3) for seconds in first}) > 100
    before, longest = min(first), max(pause(10_000.0) for _ in range(200))
    for _ in range(50):
        following = [pause(before) for _ in range(20)]
        assert all(min(first) * 0.9 <= seconds <= max(3 * before, max(first) * 1.1) for seconds in following)
        assert max(following) <= longest
        before = max(following)
    assert before > 0.5 * longest
