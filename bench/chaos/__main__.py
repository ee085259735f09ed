"""python -m bench.chaos [PART ...]: without a part, all of them, one after the other. Each ends with a table.

PART: kills, replicas, down, blocked, full, second. `--kills 1000` how often a bot is killed on each store, `--store`
which one, `--seed` for the same steps again (people and disks take their own time, so no two runs are alike).
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Mapping

from bench.chaos import alone, full, kills, replicas

STORES = ("tinydb", "postgresql")
Part = Callable[[argparse.Namespace], Awaitable[str]]


async def killed(given: argparse.Namespace) -> str:
    found = {}
    for store in given.store or STORES:
        begun = time.monotonic()
        tally = found[store] = kills.Tally()

        def heard(tally: kills.Tally = tally, store: str = store, begun: float = begun) -> None:
            said = f"{store}: {tally.kills} kills in {time.monotonic() - begun:.0f} s; faults: {tally.faults}"
            print(said, file=sys.stderr, flush=True)

        await kills.killed(store, given.kills, given.seed, tally, heard=heard)
    return kills.report(found)


PARTS: Mapping[str, Part] = {
    "kills": killed,
    "replicas": lambda _: replicas.report(),
    "down": lambda given: alone.down(given.store or STORES),
    "full": lambda _: full.report(),
    "second": lambda _: full.second(),
    "blocked": lambda given: alone.blocked(given.store or STORES),
}


async def main(given: argparse.Namespace) -> None:
    for name in given.parts or PARTS:
        begun = time.monotonic()
        words = await PARTS[name](given)
        print(f"\n### {name}\n\n{words}\n\n({time.monotonic() - begun:.0f} s)", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART")
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--store", action="append", choices=STORES)
    parser.add_argument("--seed", type=int, default=1)
    asyncio.run(main(parser.parse_args()))
