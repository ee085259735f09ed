"""Time as it really passes: a loop that stands still, a machine's clock that jumps, weeks without a bot, and a record
that makes everything about it go wrong.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from time import sleep

import pytest
from apscheduler.schedulers import base as scheduling

from bot import clock as bot_clock
from bot.clock import PathwayTime
from bot.desk import Message
from bot.jobs import JobsCommand
from bot.practice import hands
from bot.reach import NOT_MADE
from pathway import events as e
from pathway.address import Address
from pathway.dates import local
from pathway.ports import OutboxItem
from tests.storage.replica import begin_case, bot, enlist, fill
from tests.storage.samples import Shop, then

DUE = local(date(2026, 10, 13), time(15, 30))
"""The check after a week."""
STARTED = datetime(2026, 10, 6, 12, tzinfo=UTC)
"""When the concerns were raised."""
PATIENCE = 20.0


class Chats:
    """`bot.desk.Post`: keeps what arrives, by the chat that it came to."""

    def __init__(self) -> None:
        self.came: list[tuple[str, Message]] = []
        self._bell = asyncio.Event()

    async def send(self, to: Address, message: Message, *, thread: str = "") -> str:
        del thread
        self.came.append((to.conversation_id, message))
        self._bell.set()
        return f"a{len(self.came)}"

    async def update(self, to: Address, activity_id: str, message: Message) -> None:
        del to, activity_id, message

    async def until(self, count: int) -> None:
        """Until so many messages have come. Raises TimeoutError."""
        async with asyncio.timeout(PATIENCE):
            while len(self.came) < count:
                self._bell.clear()
                await self._bell.wait()

    def words(self, chat: str) -> list[str]:
        return [hands.words(m.card or {}) for where, m in self.came if where == chat]


class Machine:
    """The machine's clock, which somebody may set: the real one and *ahead*."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self, zone: tzinfo | None = UTC) -> datetime:
        return datetime.now(zone) + self.ahead

    def as_seen_by(self, monkeypatch: pytest.MonkeyPatch, *modules: object) -> None:
        """Whoever asks for the time in *modules* is told this clock's."""
        machine = self

        class Jumping(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
                return machine.now(tz)

        for module in modules:
            monkeypatch.setattr(module, "datetime", Jumping)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """The clock that the bot and its scheduler look at; sweeps come quickly."""
    found = Machine()
    found.as_seen_by(monkeypatch, bot_clock, scheduling)
    monkeypatch.setattr(bot_clock, "SWEEP", 0.5)
    monkeypatch.setattr(bot_clock, "LOOK", 0.1)
    return found


def shortly_before(moment: datetime, machine: Machine) -> PathwayTime:
    """The pathway's clock, half a second before *moment*; from there on it goes with the machine's."""
    found = PathwayTime(machine.now)
    found.set(moment - timedelta(seconds=0.5))
    return found


async def reminded_the_day_before(shop: Shop, chats: Chats, cases: int) -> None:
    """So many mentors have been told that they will be asked tomorrow."""
    await fill(shop.stores, cases)
    await bot(shop.stores, chats, PathwayTime(lambda: DUE - timedelta(hours=30))).tick()
    assert len(chats.came) == cases
    chats.came.clear()


# -- a loop that stands still ------------------------------------------------------------------------------------------


async def test_what_falls_due_while_the_loop_stands_still_is_sent_as_soon_as_it_goes_on(shop: Shop) -> None:
    chats = Chats()
    await reminded_the_day_before(shop, chats, 5)
    clock = bot(shop.stores, chats, shortly_before(DUE, Machine()))
    await clock.start()
    sleep(2.0)  # noqa: ASYNC251 - the scheduler forgives a second by itself, and drops what is later
    await chats.until(5)
    await clock.stop()
    assert Counter(chat for chat, _ in chats.came) == {f"m{n}": 1 for n in range(5)}


# -- a machine's clock that jumps --------------------------------------------------------------------------------------


def test_the_store_is_asked_twice_a_minute_whatever_the_clock_says() -> None:
    assert bot_clock.SWEEP + bot_clock.LOOK < 60


async def test_after_a_jump_forward_what_is_due_by_then_is_sent_once(shop: Shop, machine: Machine) -> None:
    chats = Chats()
    await reminded_the_day_before(shop, chats, 3)
    ahead = PathwayTime(machine.now)
    ahead.set(DUE - timedelta(hours=1, minutes=59))
    clock = bot(shop.stores, chats, ahead)
    await clock.start()
    assert chats.came == []
    machine.ahead += timedelta(hours=2)
    await chats.until(3)
    await clock.tick()
    await clock.stop()
    assert len(chats.came) == 3


async def test_after_a_jump_back_nothing_is_sent_twice_and_what_comes_is_not_missed(
    shop: Shop, machine: Machine
) -> None:
    chats = Chats()
    await enlist(shop.stores, 4)
    for n in range(3):
        await begin_case(shop.stores, n)
    clock = bot(shop.stores, chats, shortly_before(DUE + timedelta(hours=2), machine))
    await clock.start()
    assert len(chats.came) == 3
    machine.ahead -= timedelta(hours=2)
    await begin_case(shop.stores, 3)  # by nobody who would wake this bot
    await chats.until(5)
    await clock.stop()
    assert Counter(chat for chat, _ in chats.came) == {"m0": 1, "m1": 1, "m2": 1, "m3": 2}


# -- weeks without a bot -----------------------------------------------------------------------------------------------


async def test_after_two_weeks_off_140_are_handled_a_message_a_person_and_say_when_they_were_due(shop: Shop) -> None:
    chats = Chats()
    await fill(shop.stores, 140, each=3)
    clock = bot(shop.stores, chats, PathwayTime(lambda: STARTED + timedelta(days=14)))
    await clock.tick()
    mentors = {f"m{n}" for n in range(47)}  # the last of them has two
    assert Counter(chat for chat, _ in chats.came) == dict.fromkeys(mentors, 1)
    for mentor in mentors:
        (morning,) = chats.words(mentor)
        assert morning.count("This was due on Tuesday 13 October.") == (2 if mentor == "m46" else 3)
    for n in range(140):
        noted = [x for x in await shop.book.events(f"c{n}") if isinstance(x, e.Nudged) and x.to == f"m{n // 3}"]
        assert [(x.rung, x.sent) for x in noted] == [("day before", False), ("due", False), ("+1", True)]
    assert await shop.book.delayed(0) == []
    await clock.tick()
    assert len(chats.came) == 47


# -- a record that makes everything about it go wrong ------------------------------------------------------------------


async def test_a_case_that_cannot_be_looked_at_stops_no_other_and_is_shown(shop: Shop) -> None:
    chats, moving = Chats(), PathwayTime(lambda: DUE)
    await enlist(shop.stores, 100)
    for n in range(100):
        await begin_case(shop.stores, n, check_on=date.min if n == 7 else None)
    clock = bot(shop.stores, chats, moving)
    for _ in range(bot_clock.TRIES):
        await clock.tick()
        assert Counter(chat for chat, _ in chats.came) == {f"m{n}": 1 for n in range(100) if n != 7}
        moving.offset += bot_clock.PAUSE
    assert [(claim.queue, claim.case_id) for claim in await shop.book.parked()] == [("case", "c7")]
    listed = (await JobsCommand(clock.casework, shop.stores.reads).run({}))["said"]
    assert "its reminders have stopped; it cannot be looked at (OverflowError)" in listed


async def test_a_message_that_cannot_be_made_stops_no_other_and_is_shown(shop: Shop) -> None:
    chats = Chats()
    await enlist(shop.stores, 100)
    for n in range(100):
        await begin_case(shop.stores, n, check_on=date.min if n == 8 else None)
    strange = {
        7: OutboxItem("unknown", "m7", "no notice of ours", STARTED),
        8: OutboxItem("odd", "m8", "reminder", STARTED),
    }
    for n, item in strange.items():
        more = then(f"c{n}", placement=f"PL-{n}", events=(), outbox=(item,), wake_at=STARTED, people=(f"m{n}",))
        await shop.book.commit(replace(more, events=()))
    clock = bot(shop.stores, chats)
    await clock.tick()
    assert Counter(chat for chat, _ in chats.came) == {f"m{n}": 1 for n in range(100) if n != 8}
    parked = {claim.id: claim.error for claim in await shop.book.parked()}
    assert parked == {"c7/unknown": NOT_MADE, "c8/odd": NOT_MADE}
    listed = (await JobsCommand(clock.casework, shop.stores.reads, clock.sender.failures).run({}))["said"].partition(
        "Failed for good:"
    )[2]
    assert f"R-c7  since Tuesday 6 October, 1pm; Mentor; an update; {NOT_MADE}" in listed
    assert f"R-c8  since Tuesday 6 October, 1pm; Mentor; a reminder; {NOT_MADE}" in listed
