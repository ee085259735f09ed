"""What the stores cost as cases grow in number: each figure must stay flat.

    python bench/store.py [cases ...]

For files and for PostgreSQL (one that is brought up here, with all its syncs, or the one of TEST_POSTGRES_DSN), at 100,
1,000 and 10,000 open cases or at the numbers given: an event recorded durably, somebody's cases looked up and read, a
look of the clock that finds nothing due, and twenty pieces of work claimed and settled. Milliseconds at the median (at
the 99th percentile); the last column is the worst median of a size beside that of the smallest. Nothing is asserted.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from storage import Stores, open_stores
from tests.postgres import fresh_schema
from tests.storage.samples import LEASE, NOON, first, note, then

SIZES = (100, 1_000, 10_000)
#: Cases of one mentor; each case has one thing waiting for a later day.
EACH = 3
ROUNDS = 300
#: Has no factor in common with any number of cases or mentors that is asked for.
STRIDE = 37
LATER = NOON + timedelta(days=90)
WARM = 40
Measure = Callable[[], Awaitable[object]]


async def fill(stores: Stores, begin: int, end: int) -> None:
    async def one(n: int) -> None:
        mentor = f"m{n // EACH}"
        letter = note(f"l{n}", LATER, to=mentor)
        await stores.book.commit(first(f"c{n}", people=(mentor, f"s{n}"), outbox=(letter,), wake_at=LATER))

    for start in range(begin, end, 16):
        await asyncio.gather(*(one(n) for n in range(start, min(start + 16, end))))


async def timed(measure: Measure, rounds: int = ROUNDS) -> list[float]:
    """Milliseconds of each, sorted."""
    found = []
    for n in range(WARM + rounds):
        begun = time.perf_counter()
        await measure()
        if n >= WARM:
            found.append(1000 * (time.perf_counter() - begun))
    return sorted(found)


class Workload:
    def __init__(self, stores: Stores, cases: int) -> None:
        self.book = stores.book
        self.cases = cases
        self.count = 0

    def next(self, among: int) -> int:
        """One after the other with a stride, so that nothing is met again that is still at hand from the last time."""
        self.count += 1
        return self.count * STRIDE % among

    async def append(self) -> None:
        case = self.next(self.cases)
        name, mentor = f"c{case}", f"m{case // EACH}"
        version = len(await self.book.events(name))
        nonce = f"b{self.cases}-{self.count}"
        await self.book.commit(then(name, version, nonce=nonce, people=(mentor, f"s{case}"), wake_at=LATER))

    async def my_cases(self) -> None:
        mentor = f"m{self.next(self.cases // EACH)}"
        for case_id in await self.book.cases_of(mentor):
            await self.book.events(case_id)

    async def idle(self) -> None:
        for queue in ("case", "outbox"):
            assert not await self.book.claim(queue, "bench", NOON, 50, LEASE)
            assert await self.book.next_due(queue)

    async def twenty(self) -> None:
        claims = await self.book.claim("case", "bench", LATER, 20, LEASE)
        for claim in claims:
            await self.book.complete(claim, "looked", wake_at=LATER)


async def measured(stores: Stores, cases: int) -> dict[str, list[float]]:
    work = Workload(stores, cases)
    return {
        "an event recorded": await timed(work.append),
        "my cases": await timed(work.my_cases),
        "a look, nothing due": await timed(work.idle),
        "twenty settled": await timed(work.twenty, 30),
    }


async def store(url: str, sizes: list[int]) -> list[dict[str, list[float]]]:
    stores = open_stores(url)
    await stores.open()
    found, there = [], 0
    for size in sizes:
        begun = time.perf_counter()
        await fill(stores, there, size)
        there = size
        print(f"  {size} cases ({time.perf_counter() - begun:.0f} s to get there)", file=sys.stderr)
        found.append(await measured(stores, size))
    await stores.close()
    return found


def table(name: str, sizes: list[int], found: list[dict[str, list[float]]]) -> None:
    print(f"\n{name}\n| ms, median (p99) | {' | '.join(f'{n:,}' for n in sizes)} | grows |")
    print(f"|---|{'---|' * (len(sizes) + 1)}")
    for what in found[0]:
        medians = [statistics.median(one[what]) for one in found]
        cells = [
            f"{m:.2f} ({one[what][int(len(one[what]) * 0.99)]:.2f})" for m, one in zip(medians, found, strict=True)
        ]
        print(f"| {what} | {' | '.join(cells)} | {max(medians) / medians[0]:.2f} |")


async def main() -> None:
    sizes = sorted(int(x) for x in sys.argv[1:]) or list(SIZES)
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="pathway-bench-"))
        table("TinyDB, a file a case", sizes, await store(f"tinydb://{folder}/store", sizes))
        url = await stack.enter_async_context(fresh_schema(durable=True))
        table("PostgreSQL", sizes, await store(url, sizes))


if __name__ == "__main__":
    asyncio.run(main())
