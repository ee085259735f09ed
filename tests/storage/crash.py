"""A Pathway that records and delivers as fast as it can, says aloud what was confirmed to it, and waits to be killed.

`python -m tests.storage.crash FOLDER CASES`: prints "committed CASE VERSION" and "delivered CASE KEY".
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

from storage.tinydb_book import TinyCaseBook
from tests.keys import tiny_book
from tests.storage.samples import NOON, first, note, then


async def write(book: TinyCaseBook, case: str) -> None:
    version = len(await book.events(case))
    while True:
        key = f"{version}:{case}"
        letters = (note(key), note(f"{key}:later", NOON + timedelta(days=1)))
        commit = then(case, version, outbox=letters, wake_at=NOON) if version else first(case, outbox=letters)
        version = (await book.commit(commit)).version
        sys.stdout.write(f"committed {case} {version} {key}\n")
        sys.stdout.flush()


async def deliver(book: TinyCaseBook) -> None:
    while True:
        for claim in await book.claim("outbox", "sender", NOON, 5, timedelta(minutes=2)):
            if claim.item and await book.complete(claim, "delivered"):
                sys.stdout.write(f"delivered {claim.case_id} {claim.item.key}\n")
                sys.stdout.flush()
        await asyncio.sleep(0)


async def main() -> None:
    book = tiny_book(Path(sys.argv[1]))
    await book.open()
    await asyncio.gather(deliver(book), *(write(book, f"c{n}") for n in range(int(sys.argv[2]))))


if __name__ == "__main__":
    asyncio.run(main())
