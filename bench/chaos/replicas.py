"""Two bots on one PostgreSQL with 500 reminders due: each goes out once; one is killed half way, one takes over."""

from __future__ import annotations

import asyncio
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.chaos.kills import AGAIN
from bench.chaos.tables import table
from bench.chaos.wire import QUIET, World, per_chat, world
from tests.postgres import fresh_schema

DUE = 500
BEGINS = datetime(2026, 10, 14, 9, tzinfo=UTC)
"""The morning after the check was due: its next rung is sent."""
TAKEN_OVER = 45.0
"""Seconds without a message after which nothing more comes, where a lease of thirty has to end first."""
HEAD = ("what", "due", "arrived", "lost", "twice", "marked", "seconds", "most in a second")


async def report(due: int = DUE) -> str:
    both, killed = await _round(due, kills=False), await _round(due, kills=True)
    return table(HEAD, [both[0], killed[0]]) + "\n\n" + killed[1]


async def _round(due: int, *, kills: bool) -> tuple[list[object], str]:
    with tempfile.TemporaryDirectory(prefix="pathway-chaos-") as folder:
        async with fresh_schema(bare=True) as url, world(Path(folder), url, due) as there:
            began = time.monotonic()
            bots = await asyncio.gather(*(there.bot(name, BEGINS) for name in ("one", "other")))
            died = 0.0
            try:
                if kills:
                    while len(there.arrivals.at) < due // 2:
                        there.arrivals.bell.clear()
                        await there.arrivals.bell.wait()
                    bots[0].process.kill()
                    died = time.monotonic()
                await there.arrivals.until_quiet(TAKEN_OVER if kills else QUIET)
            finally:
                for bot in bots:
                    await bot.stop()
            return _line(there, due, began, died), _takeover(there, died)


def _line(there: World, due: int, began: float, died: float) -> list[object]:
    counts, texts = per_chat(there), [there.words(n) for n in range(due)]
    marked = sum(AGAIN in text for words in texts for text in words)
    last = there.arrivals.at[-1][0] - began
    what = "two bots, one killed half way" if died else "two bots"
    twice = sum(times for messages, times in counts.items() if messages > 1)
    return [what, due, due - counts[0], counts[0], twice, marked, f"{last:.0f}", there.arrivals.most(1.0)]


def _takeover(there: World, died: float) -> str:
    """What the dead one held comes after the longest pause."""
    after = [at - died for at, _ in there.arrivals.at if at > died]
    pauses = [(later - at, later) for at, later in zip([0.0, *after], after, strict=False)]
    pause, at = max(pauses, default=(0.0, 0.0))
    return (
        f"After the kill the other went on at once ({len(after)} messages); what the dead one had held came from "
        f"{at:.0f} seconds after the kill on (the longest pause was {pause:.0f}), the last after {max(after):.0f}."
        if after
        else "Nothing was left to take over."
    )
