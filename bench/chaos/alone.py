"""One bot that was away for two weeks, and one whose event loop stands still."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench import people
from bench.chaos.tables import table
from bench.chaos.wire import TUTOR, world
from bot.clock import PathwayTime
from bot.desk import Message
from pathway.address import Address
from tests.keys import open_stores
from tests.postgres import fresh_schema
from tests.storage.replica import bot, fill

MENTORS, EACH = 35, 4
BACK = datetime(2026, 10, 20, 9, tzinfo=UTC)
"""Two weeks after the concerns were raised; the checks were due on Tuesday 13 October."""
CHECK = datetime(2026, 10, 13, 14, 30, tzinfo=UTC)
"""3:30pm in London."""
BLOCKED = 5.0
DOWN = (
    "store",
    "due",
    "handled",
    "lost",
    "messages to mentors",
    "say when it was due",
    "seconds",
    "most in a second",
    "most in a chat in a second",
)


@asynccontextmanager
async def _url(store: str, folder: Path) -> AsyncIterator[str]:
    if store == "tinydb":
        yield f"tinydb://{folder / 'store'}"
    else:
        async with fresh_schema(bare=True) as url:
            yield url


async def down(stores: Sequence[str]) -> str:
    """140 reminders fell due while it was away."""
    return table(DOWN, [await _down(store) for store in stores])


async def _down(store: str) -> list[object]:
    with tempfile.TemporaryDirectory(prefix="pathway-chaos-") as name:
        folder = Path(name)
        async with _url(store, folder) as url, world(folder, url, MENTORS, EACH) as there:
            began = time.monotonic()
            running = await there.bot("bot", BACK)
            await there.arrivals.until_quiet()
            await running.stop()
            handled = 0
            for notes, sent in await there.noted():
                keys = [f"{x.timer}:{x.due.astimezone(UTC).isoformat()}:{x.rung}:{x.to}" for x in notes if x.sent]
                handled += bool(keys) and all(sent.get(key, "").startswith("sent:") for key in keys)
            words = [text for n in range(MENTORS) for text in there.words(n)]
            honest = sum(text.count("This was due on Tuesday 13 October.") for text in words)
            due = MENTORS * EACH
            assert there.microsoft.line.chat(people.person(TUTOR).key)
            took = there.arrivals.at[-1][0] - began
            most = (there.arrivals.most(1.0), there.arrivals.most(1.0, in_one_chat=True))
            return [store, due, handled, due - handled, len(words), f"{honest} of {due}", f"{took:.0f}", *most]


class _Counting:
    """`bot.desk.Post`: when each message came, in seconds of this process's own clock."""

    def __init__(self) -> None:
        self.came: list[tuple[float, str]] = []
        self._bell = asyncio.Event()

    async def until(self, count: int) -> None:
        """Until so many have come, or nothing has for a minute."""
        with suppress(TimeoutError):
            while len(self.came) < count:
                self._bell.clear()
                async with asyncio.timeout(60.0):
                    await self._bell.wait()

    async def send(self, to: Address, message: Message, *, thread: str = "") -> str:
        del message, thread
        self.came.append((time.monotonic(), to.conversation_id))
        self._bell.set()
        return f"a{len(self.came)}"

    async def update(self, to: Address, activity_id: str, message: Message) -> None:
        del to, activity_id, message


async def blocked(stores: Sequence[str]) -> str:
    """50 reminders fall due while the loop does nothing else for five seconds."""
    head = ("store", "due while blocked", "sent", "missed", "twice", "seconds after it went on: first, last")
    return table(head, [await _blocked(store) for store in stores])


async def _blocked(store: str, count: int = 50) -> list[object]:
    with tempfile.TemporaryDirectory(prefix="pathway-chaos-") as name:
        async with _url(store, Path(name)) as url:
            stores = open_stores(url)
            await stores.open()
            await fill(stores, count)
            post = _Counting()
            await bot(stores, post, PathwayTime(lambda: CHECK - timedelta(hours=30))).tick()
            await post.until(count)
            post.came.clear()
            now = PathwayTime()
            now.set(CHECK - timedelta(seconds=1))
            clock = bot(stores, post, now)
            await clock.start()
            time.sleep(BLOCKED)  # noqa: ASYNC251 - that is what is tried
            goes_on = time.monotonic()
            await post.until(count)
            await clock.stop()
            await stores.close()
            chats = Counter(chat for _, chat in post.came)
            first, last = post.came[0][0] - goes_on, post.came[-1][0] - goes_on
            twice = sum(n - 1 for n in chats.values())
            return [store, count, len(chats), count - len(chats), twice, f"{first:.2f}, {last:.2f}"]
