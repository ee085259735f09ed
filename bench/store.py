"""What the stores cost as cases grow in number: each figure must stay flat.

    python bench/store.py [cases ...]

For files and for PostgreSQL (one that is brought up here, with all its syncs, or the one of TEST_POSTGRES_DSN), at 100,
1,000 and 10,000 open cases or at the numbers given: an event recorded durably, somebody's cases looked up and read, a
look of the clock that finds nothing due, twenty pieces of work claimed and settled, and a start. Milliseconds at the
median (at the 99th percentile). The last column is the worst lower quartile of a size beside that of the smallest: what
others do on the machine makes some rounds slower, never faster. At the end everything is due at once and is swept as
the clock sweeps it, for some seconds: how long the event loop stood still at the longest, and somebody's turn took
meanwhile. Nothing is asserted.
"""

from __future__ import annotations

import asyncio
import gc
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from storage import Stores
from storage.atomic import replace_file
from storage.book import RecordBook
from tests.keys import open_stores
from tests.postgres import fresh_schema
from tests.storage.samples import LEASE, NOON, first, note, then

SIZES = (100, 1_000, 10_000)
#: Cases of one mentor; each case has one thing waiting for a later day.
EACH = 3
ROUNDS = 300
#: Has no factor in common with any number of cases or mentors that is asked for, so that all take their turn.
STRIDE = 7
#: Seconds for which everything is due.
SWEEP = 15.0
STARTS = 3
LATER = NOON + timedelta(days=90)
WARM = 40
Measure = Callable[[], Awaitable[object]]
Figures = dict[str, dict[int, list[float]]]


async def fill(stores: Stores, begin: int, end: int) -> None:
    async def one(n: int) -> None:
        mentor = f"m{n // EACH}"
        letter = note(f"l{n}", LATER, to=mentor)
        await stores.book.commit(first(f"c{n}", people=(mentor, f"s{n}"), outbox=(letter,), wake_at=LATER))

    for start in range(begin, end, 16):
        await asyncio.gather(*(one(n) for n in range(start, min(start + 16, end))))


class Workload:
    def __init__(self, stores: Stores, cases: int) -> None:
        self.book = stores.book
        self.cases = cases
        self.count = 0
        self.mentor = "m0"
        self.starts: list[float] = []

    def next(self, among: int) -> int:
        """One after the other with a stride. What a store keeps opened of the cases that were read last is put away:
        that is most of the smallest store, and next to nothing of the largest.
        """
        self.count += 1
        if isinstance(self.book, RecordBook):
            self.book.forget()
        return self.count * STRIDE % among

    async def append(self) -> None:
        case = self.next(self.cases)
        name, mentor = f"c{case}", f"m{case // EACH}"
        version = len(await self.book.events(name))
        nonce = f"b{self.cases}-{self.count}"
        await self.book.commit(then(name, version, nonce=nonce, people=(mentor, f"s{case}"), wake_at=LATER))

    async def my_cases(self) -> None:
        self.mentor = f"m{self.next(self.cases // EACH)}"
        await self.my_cases_again()

    async def my_cases_again(self) -> None:
        for case_id in await self.book.cases_of(self.mentor):
            await self.book.events(case_id)

    async def idle(self) -> None:
        for queue in ("case", "outbox"):
            assert not await self.book.claim(queue, "bench", NOON, 50, LEASE)
            assert await self.book.next_due(queue)

    async def twenty(self) -> None:
        claims = await self.book.claim("case", "bench", LATER, 20, LEASE)
        for claim in claims:
            await self.book.complete(claim, "looked", wake_at=LATER)


def bare_file(folder: Path) -> Callable[[], Awaitable[object]]:
    """A file of the size of a case written, synced and renamed, and nothing else: what the disk takes at the least."""

    async def put() -> None:
        await asyncio.to_thread(replace_file, folder / "bare", b"x" * 3000)

    return put


async def measured(works: dict[int, Workload], bare: Measure) -> Figures:
    """Milliseconds of each, by what and size. The sizes take turns, so that a busy moment meets them alike; looking has
    a time of its own, in which nothing is written whose copies and syncs would come due in the middle of it.
    """
    found: Figures = {}
    for writes in (False, True):
        for n in range(WARM + ROUNDS):
            for size, work in works.items():
                steps = _writes(work, bare, n) if writes else _looks(work)
                for what, step in steps.items():
                    begun = time.perf_counter()
                    await step()
                    if n >= WARM:
                        took = 1000 * (time.perf_counter() - begun)
                        found.setdefault(what, {}).setdefault(size, []).append(took)
    found["a start"] = {size: work.starts for size, work in works.items()}
    return found


def _looks(work: Workload) -> dict[str, Measure]:
    return {
        "my cases": work.my_cases,
        "my cases, a moment later": work.my_cases_again,
        "a look, nothing due": work.idle,
    }


def _writes(work: Workload, bare: Measure, n: int) -> dict[str, Measure]:
    steps: dict[str, Measure] = {"a bare file, for scale": bare, "an event recorded": work.append}
    return steps | ({"twenty settled": work.twenty} if n % 10 == 0 else {})


async def stores_of(url: str, size: int, stack: AsyncExitStack) -> Workload:
    stores = open_stores(url)
    await stores.open()
    stack.push_async_callback(stores.close)
    begun = time.perf_counter()
    await fill(stores, 0, size)
    print(f"  {size} cases in {time.perf_counter() - begun:.0f} s", file=sys.stderr)
    work = Workload(stores, size)
    for _ in range(STARTS):
        await stores.close()
        gc.collect()
        begun = time.perf_counter()
        await stores.open()
        work.starts.append(1000 * (time.perf_counter() - begun))
    return work


async def swept(name: str, works: dict[int, Workload]) -> None:
    """As the clock does it: claimed in batches, settled one by one, while people come and go."""
    print(f"\n| {name}: everything is due, ms | {' | '.join(f'{n:,}' for n in works)} |")
    print(f"|---|{'---|' * len(works)}")
    rows: dict[str, list[str]] = {"the loop stood still at the longest": [], "my cases meanwhile": [], "settled": []}
    for work in works.values():
        gaps, turns, settled = [0.0], [0.0], 0
        until = time.perf_counter() + SWEEP
        ticking = asyncio.create_task(ticks(gaps))
        turning = asyncio.create_task(takes_turns(work, turns))
        while time.perf_counter() < until and (
            claims := await work.book.claim("case", "bench", LATER, 50, timedelta(seconds=30))
        ):
            for claim in claims:
                await work.book.complete(claim, "looked", wake_at=LATER + timedelta(days=1))
            settled += len(claims)
        for task in (ticking, turning):
            task.cancel()
        await asyncio.wait({ticking, turning})
        cells = (f"{max(gaps):.1f}", f"{statistics.median(turns):.1f} ({max(turns):.1f})", f"{settled:,}")
        for row, cell in zip(rows.values(), cells, strict=True):
            row.append(cell)
    for what, cells_of in rows.items():
        print(f"| {what} | {' | '.join(cells_of)} |")


async def ticks(gaps: list[float]) -> None:
    while True:
        before = time.perf_counter()
        await asyncio.sleep(0.001)
        gaps.append(1000 * (time.perf_counter() - before) - 1)


async def takes_turns(work: Workload, turns: list[float]) -> None:
    while True:
        before = time.perf_counter()
        await work.my_cases()
        turns.append(1000 * (time.perf_counter() - before))
        await asyncio.sleep(0.01)


def table(name: str, found: Figures) -> None:
    sizes = list(next(iter(found.values())))
    print(f"\n| {name}, ms: median (p99) | {' | '.join(f'{n:,}' for n in sizes)} | grows |")
    print(f"|---|{'---|' * (len(sizes) + 1)}")
    for what, by_size in found.items():
        medians = [statistics.median(times) for times in by_size.values()]
        quartiles = [sorted(times)[len(times) // 4] for times in by_size.values()]
        worst = [sorted(times)[int(len(times) * 0.99)] for times in by_size.values()]
        cells = [f"{m:.2f} ({w:.2f})" for m, w in zip(medians, worst, strict=True)]
        print(f"| {what} | {' | '.join(cells)} | {max(quartiles) / quartiles[0]:.2f} |")


async def main() -> None:
    sizes = sorted(int(x) for x in sys.argv[1:]) or list(SIZES)
    folder = Path(tempfile.mkdtemp(prefix="pathway-bench-"))
    try:
        async with AsyncExitStack() as stack:
            works = {n: await stores_of(f"tinydb://{folder}/{n}", n, stack) for n in sizes}
            gc.freeze()  # as the serving bot does
            table("TinyDB, a file a case", await measured(works, bare_file(folder)))
            await swept("TinyDB", works)
        async with AsyncExitStack() as stack:
            urls = [await stack.enter_async_context(fresh_schema(durable=True)) for _ in sizes]
            works = {n: await stores_of(url, n, stack) for n, url in zip(sizes, urls, strict=True)}
            gc.freeze()
            table("PostgreSQL", await measured(works, bare_file(folder)))
            await swept("PostgreSQL", works)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    asyncio.run(main())
