"""Two bots on one PostgreSQL with 500 reminders due: each goes out once; one is killed half way, one takes over."""

from __future__ import annotations

import asyncio
import tempfile
import time
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from bench.chaos.kills import AGAIN
from bench.chaos.tables import table
from bench.chaos.wire import QUIET, World, world
from tests.postgres import fresh_schema
from tests.wire.running import Bot

DUE = 500
BEGINS = datetime(2026, 10, 14, 9, tzinfo=UTC)
"""The morning after the check was due: its next rung is sent."""
TAKEN_OVER = 45.0
"""Seconds without a message after which nothing more comes, where a lease of thirty has to end first."""
HEAD = (
    "what",
    "due",
    "arrived",
    "lost",
    "twice, not marked",
    "twice and marked",
    "marked in vain",
    "seconds",
    "most in a second",
    "the database gave no moments",
)
NOT_SHARED = "the sending rate is not shared just now"
"""So a bot's log says that the database was too slow, and that it keeps to its own limit for five seconds."""


async def report(due: int = DUE) -> str:
    both, killed = await _round(due, kills=False), await _round(due, kills=True)
    return "\n\n".join([table(HEAD, [both[0], killed[0]]), killed[1]])


async def _round(due: int, *, kills: bool) -> tuple[list[object], str]:
    with tempfile.TemporaryDirectory(prefix="pathway-chaos-") as folder:
        async with fresh_schema(bare=True) as url, world(Path(folder), url, due) as there, AsyncExitStack() as stack:
            began, died, held = time.monotonic(), 0.0, list[int]()
            bots = await asyncio.gather(*(there.bot(name, BEGINS) for name in ("one", "other")), return_exceptions=True)
            running = [bot for bot in bots if isinstance(bot, Bot)]
            for bot in running:
                stack.push_async_callback(_ends, bot)
            if len(running) < len(bots):
                raise next(bot for bot in bots if isinstance(bot, BaseException))
            if kills:
                await there.arrivals.until(due // 2)
                running[0].process.kill()
                died, held = time.monotonic(), await _held(url)
            await there.arrivals.until_quiet(TAKEN_OVER if kills else QUIET)
            alone = sum(bot.said().count(NOT_SHARED) for bot in running)
            return [*_line(there, due, began, died), alone], _takeover(there, died, held)


async def _ends(bot: Bot) -> None:
    """Whatever happened: a bot that stayed would hold the database open."""
    if bot.process.returncode is None:
        with suppress(ProcessLookupError):
            bot.process.terminate()
        with suppress(TimeoutError):
            async with asyncio.timeout(15.0):
                await bot.process.wait()
    if bot.process.returncode is None:
        bot.process.kill()
        await bot.process.wait()


async def _held(url: str) -> list[int]:
    """How many letters each bot holds that are not settled."""
    async with await psycopg.AsyncConnection.connect(url) as connection:
        found = await connection.execute(
            "select count(*) from work where queue = 'outbox' and result is null and holder is not null group by holder"
        )
        return sorted(int(row[0]) for row in await found.fetchall())


def _line(there: World, due: int, began: float, died: float) -> list[object]:
    said = [there.words(n) for n in range(due)]
    arrived = sum(bool(words) for words in said)
    second = [AGAIN in text for words in said for text in words[1:]]
    in_vain = sum(AGAIN in words[0] for words in said if words)
    last = there.arrivals.at[-1][0] - began
    what = "two bots, one killed half way" if died else "two bots"
    counts = (due, arrived, due - arrived, second.count(False), second.count(True), in_vain)
    return [what, *counts, f"{last:.0f}", there.arrivals.most(1.0)]


def _takeover(there: World, died: float, held: list[int]) -> str:
    """All arrived, so what the dead one held did too, at the latest with the last."""
    after = [at - died for at, _ in there.arrivals.at if at > died]
    holds = " and ".join(str(n) for n in held) or "nothing"
    return (
        f"When one was killed the two held {holds} letters that were not settled; {len(after)} messages came after it, "
        f"the last of them {max(after):.0f} seconds after."
        if after
        else "Nothing was left to take over."
    )
