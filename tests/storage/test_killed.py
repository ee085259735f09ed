"""kill -9 at any moment: what was confirmed is there, what is there can be read, and nothing is delivered twice."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.keys import open_stores, tiny_book
from tests.storage.replica import fill
from tests.storage.samples import NOON, due_letters
from tests.storage.test_replicas import begin, heard, started

ROUNDS = 10
CASES = 3


async def until_killed(folder: Path, lines: int) -> list[str]:
    """Kills the child after so many lines; what it had said by then. Its last line may be cut."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.storage.crash", str(folder), str(CASES), stdout=PIPE, stderr=PIPE
    )
    assert child.stdout is not None
    early = b"".join([await child.stdout.readline() for _ in range(lines)])
    child.kill()
    late, complaints = await child.communicate()
    assert complaints.decode() == ""
    return [line.rstrip() for line in (early + late).decode().splitlines(keepends=True) if line.endswith("\n")]


async def test_killed_again_and_again_under_load_it_loses_nothing_it_confirmed(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    versions: dict[str, int] = {}
    letters: set[tuple[str, str]] = set()
    delivered: Counter[tuple[str, str]] = Counter()
    for n in range(ROUNDS):
        for line in await until_killed(folder, 20 + 7 * n):
            what, case, *rest = line.split()
            if what == "committed":
                versions[case] = max(versions.get(case, 0), int(rest[0]))
                letters.add((case, rest[1]))
            else:
                delivered[case, rest[0]] += 1
        await check(folder, versions, letters, set(delivered))
    assert min(versions.values()) > 2
    assert delivered
    assert max(delivered.values()) == 1


def left_over(folder: Path) -> list[Path]:
    return list(folder.rglob("*.tmp"))


async def check(
    folder: Path, versions: dict[str, int], letters: set[tuple[str, str]], delivered: set[tuple[str, str]]
) -> None:
    book = tiny_book(folder)
    await book.open()
    try:
        assert (await book.health()).ok
        settled = {(c, k) for c in versions for k, result in (await book.sent(c)).items() if result == "delivered"}
        for case, version in versions.items():
            assert len(await book.events(case)) >= version
        assert delivered <= settled
        waiting = {(x.case_id, x.item.key) for x in await due_letters(book, limit=100_000) if x.item}
        assert letters <= settled | waiting
        assert not settled & waiting
        assert await book.next_due("outbox") is not None
        assert await book.next_due("case") == NOON or not any(v > 2 for v in versions.values())
        assert not left_over(folder)
    finally:
        await book.close()


async def said_by(url: str, *arguments: str, until: Callable[[list[str]], bool]) -> list[str]:
    """What a bot says that sends what is due, and is killed as soon as it has said enough."""
    child = await started(url, *arguments)
    begin(child)
    said: list[str] = []
    while not until(said):
        said.append(" ".join(await heard(child)))
    child.kill()
    late, _ = await child.communicate()
    return said + [line.rstrip() for line in late.decode().splitlines(keepends=True) if line.endswith("\n")]


async def four_due(place: Path) -> str:
    """A store with a reminder each for m0 to m3."""
    url = f"tinydb://{place / 'data'}"
    stores = open_stores(url)
    await stores.open()
    await fill(stores, 4)
    await stores.close()
    return url


async def test_what_was_being_sent_at_the_kill_comes_again_and_says_so(tmp_path: Path) -> None:
    url = await four_due(tmp_path)
    mentors = {f"m{n}" for n in range(4)}
    first = await said_by(url, "3", until=lambda said: sum(line.startswith("sent") for line in said) == 3)
    (hung,) = mentors - {line.split()[1] for line in first if line.startswith("sent")}
    second = await said_by(url, until=lambda said: any(line.startswith(f"sent {hung}") for line in said))
    assert not [line for line in first if line.endswith("again")]
    assert [line for line in second if not line.endswith("again")] == []


async def test_what_only_waited_for_its_moment_at_the_kill_is_no_second_sending(tmp_path: Path) -> None:
    """Teams' limit lets few out at a time: a bot that is killed with many waiting must not tell all of them "again"."""
    url = await four_due(tmp_path)
    first = await said_by(
        url, "3", "waiting", until=lambda said: sum(x.startswith(("sent", "waits")) for x in said) == 4
    )
    (waited,) = [line.split()[1] for line in first if line.startswith("waits")]
    second = await said_by(url, until=lambda said: any(line.startswith(f"sent {waited}") for line in said))
    assert [line for line in second if waited in line] == [f"begun {waited}", f"sent {waited}"]
