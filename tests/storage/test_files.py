"""The store of files when disks fill, files break and others come too: old data stays whole, and somebody is told."""

from __future__ import annotations

import asyncio
import errno
import os
import sys
import threading
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import ParamSpec, TypeVar

import pytest
from tinydb import TinyDB

from pathway.address import Address
from pathway.people import Person
from pathway.ports import Draft, Shown, StoreUnavailable
from storage import atomic, record
from storage.folder import FolderInUse
from storage.seal import case_key
from storage.tinydb_book import TinyCaseBook
from tests.keys import open_stores, tiny_book
from tests.storage.samples import NOON, Shop, due_letters, first, note, target, then

P = ParamSpec("P")
R = TypeVar("R")
WORDS = "Sam wept in the stock room"


def folder_of(shop: Shop) -> Path:
    assert shop.stores.folder is not None
    return shop.stores.folder


def names_in(shop: Shop, place: str) -> list[str]:
    return sorted(x.name for x in (folder_of(shop) / place).iterdir())


# -- what a write needs of the disk -----------------------------------------------------------------------------------


class FailingDisk:
    """Lets so many calls through, then answers one that the disk is full; with *for_good*, all that follow."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[str] = []
        self.fails_at = -1
        self.for_good = False
        for name in ("write", "fsync", "link", "replace", "unlink"):
            monkeypatch.setattr(os, name, self._through(name, getattr(os, name)))

    def _through(self, name: str, real: Callable[P, R]) -> Callable[P, R]:
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            self.calls.append(name)
            number = len(self.calls) - 1
            if number == self.fails_at or (self.for_good and 0 <= self.fails_at < number):
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(*args, **kwargs)

        return call

    def fail(self, at: int, *, for_good: bool = False) -> None:
        self.calls.clear()
        self.fails_at, self.for_good = at, for_good

    def mend(self) -> None:
        self.fail(-1)


@pytest.fixture
def disk(tiny: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[FailingDisk]:
    """The disk under an open store; nothing is done beside the test's own steps."""
    del tiny
    monkeypatch.setattr("storage.folder.SOON", 3600.0)
    failing = FailingDisk(monkeypatch)
    yield failing
    failing.mend()


async def test_a_write_is_synced_renamed_and_its_folder_synced_before_it_is_confirmed(
    tiny: Shop, disk: FailingDisk
) -> None:
    disk.mend()
    await tiny.book.commit(first(outbox=(note(),), wake_at=NOON))
    written = ["write", "fsync", "replace", "fsync"]
    assert disk.calls == [*written, *written, "write"]  # the key, the case, and its head: unsynced
    disk.mend()
    await tiny.book.commit(then())
    assert disk.calls == ["write", "fsync", "link", "replace", "unlink", "replace", "fsync", "write"]
    assert (folder_of(tiny) / "heads.log").read_text().splitlines()[-1].startswith("c1 3 ")


async def test_a_claim_writes_nothing_and_a_delivery_writes_one_file(tiny: Shop, disk: FailingDisk) -> None:
    await tiny.book.commit(first(outbox=(note(),)))
    disk.mend()
    claim = (await due_letters(tiny.book))[0]
    assert disk.calls == []
    await tiny.book.complete(claim, "delivered")
    assert disk.calls.count("write") == 1


async def test_a_card_that_stands_where_it_stood_is_not_written_again(tiny: Shop, disk: FailingDisk) -> None:
    await tiny.book.commit(first())
    await tiny.book.show("c1", Shown("mia", "receipt", "a1"))
    disk.mend()
    await tiny.book.show("c1", Shown("mia", "receipt", "a1"))
    assert disk.calls == []


async def test_somebody_who_goes_away_while_the_disk_is_busy_leaves_memory_and_disk_alike(
    tiny: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tiny.book.commit(first())
    busy, go_on, real = asyncio.Event(), threading.Event(), os.fsync
    loop = asyncio.get_running_loop()

    def slow(handle: int) -> None:
        loop.call_soon_threadsafe(busy.set)
        go_on.wait(10)
        real(handle)

    monkeypatch.setattr(os, "fsync", slow)
    task = asyncio.ensure_future(tiny.book.commit(then(nonce="tap")))
    await busy.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go_on.set()
    done = await tiny.book.commit(then(nonce="tap"))
    assert (done.version, done.replayed) == (3, True)
    assert len(await tiny.book.events("c1")) == 3


PARTS = ["write", "sync", "second name", "its place", "first name", "rename", "sync of the folder"]
OF_A_FIRST = ["key", "sync of key", "rename of key", "sync of keys", "write", "sync", "rename"]


@pytest.mark.parametrize(
    ("at", "for_good"),
    [*((at, False) for at in range(len(PARTS))), (0, True), (1, True), (2, True)],
    ids=[
        *(f"{x} or {y}" for x, y in zip(PARTS, OF_A_FIRST, strict=True)),
        *(f"{x} and ever after" for x in PARTS[:3]),
    ],
)
async def test_a_failure_between_any_two_parts_leaves_everything_as_it_was(
    tiny: Shop, disk: FailingDisk, at: int, *, for_good: bool
) -> None:
    await tiny.book.commit(first())
    disk.fail(at, for_good=for_good)
    with pytest.raises(StoreUnavailable, match="the disk is full"):
        await tiny.book.commit(then(nonce="tap", outbox=(note(),), wake_at=NOON, people=("eve",)))
    disk.fail(at, for_good=for_good)
    with pytest.raises(StoreUnavailable, match="the disk is full"):
        await tiny.book.commit(first("c2"))
    disk.mend()
    if not for_good:
        assert [x for x in names_in(tiny, "cases") if not x.endswith(".last")] == ["c1.json"]
    for _ in range(2):
        assert len(await tiny.book.events("c1")) == 2
        assert await tiny.book.seen("tap") is None
        assert await tiny.book.next_due("case") is None
        assert await due_letters(tiny.book) == []
        assert list(await tiny.book.cases_of(None)) == ["c1"]
        assert list(await tiny.book.cases_of("eve")) == []
        await tiny.reopen()
    assert not (await tiny.book.commit(then(nonce="tap", outbox=(note(),)))).replayed
    assert names_in(tiny, "cases") == ["c1.json", "c1.json.last"]


async def test_a_first_write_whose_folder_cannot_be_synced_leaves_nothing(tiny: Shop, disk: FailingDisk) -> None:
    disk.fail(7)
    with pytest.raises(StoreUnavailable, match="the disk is full"):
        await tiny.book.commit(first())
    assert disk.calls[7] == "fsync"
    disk.mend()
    assert names_in(tiny, "cases") == []
    assert (await tiny.book.commit(first())).version == 2


async def test_the_copy_of_a_new_file_is_made_a_moment_later(tiny: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.folder.SOON", 0.0)
    await tiny.book.commit(first())
    assert isinstance(tiny.book, TinyCaseBook)
    syncing = tiny.book.folder._syncing
    assert syncing is not None
    await syncing
    assert names_in(tiny, "cases") == ["c1.json", "c1.json.last"]
    (key, last) = (folder_of(tiny) / "keys" / name for name in ("case.c1.json", "case.c1.json.last"))
    assert key.read_bytes() == last.read_bytes()


async def test_when_even_putting_back_fails_the_book_says_what_stands_on_the_disk(
    tiny: Shop, disk: FailingDisk
) -> None:
    await tiny.book.commit(first())
    disk.fail(5, for_good=True)
    with pytest.raises(StoreUnavailable):
        await tiny.book.commit(then(nonce="tap"))
    disk.mend()
    standing = len(await tiny.book.events("c1"))
    done = await tiny.book.commit(then(nonce="tap"))
    assert done.version == 3
    assert done.replayed == (standing == 3)
    await tiny.reopen()
    assert len(await tiny.book.events("c1")) == 3


async def test_a_delivery_that_cannot_be_written_down_is_still_held(tiny: Shop, disk: FailingDisk) -> None:
    await tiny.book.commit(first(outbox=(note(),)))
    claim = (await due_letters(tiny.book))[0]
    disk.fail(0)
    with pytest.raises(StoreUnavailable):
        await tiny.book.complete(claim, "delivered")
    assert await due_letters(tiny.book) == []
    assert await tiny.book.complete(claim, "delivered")


async def test_health_is_red_while_the_disk_is_full_and_green_when_it_is_freed(tiny: Shop, disk: FailingDisk) -> None:
    await tiny.book.commit(first())
    assert (await tiny.book.health()).ok
    disk.fail(0, for_good=True)
    with pytest.raises(StoreUnavailable):
        await tiny.book.commit(then())
    for _ in range(2):
        health = await tiny.book.health()
        assert (health.ok, "the disk is full" in health.sentence) == (False, True)
    assert len(await tiny.book.events("c1")) == 2
    disk.mend()
    assert (await tiny.book.health()).ok


@pytest.mark.parametrize("at", range(6))
async def test_drafts_people_and_addresses_are_not_half_kept_either(tiny: Shop, disk: FailingDisk, at: int) -> None:
    stores = tiny.stores
    address = Address("https://smba.example/", "a:1", "28:bot", "t1")
    asks: list[Callable[[], Awaitable[None]]] = [
        lambda: stores.drafts.keep(Draft("mia", "concern", {}, NOON)),
        lambda: stores.roster.keep_person(Person("mia", "Mia", "mia@school.example")),
        lambda: stores.addresses.keep_address("mia", address),
        lambda: stores.addresses.keep_note("greeted", "yes"),
    ]
    for ask in asks:
        disk.fail(at)
        with pytest.raises(StoreUnavailable):
            await ask()
    disk.mend()
    for _ in range(2):
        assert await tiny.stores.drafts.drafts_of("mia") == []
        assert await tiny.stores.roster.person("mia") is None
        assert await tiny.stores.addresses.address("mia") is None
        assert await tiny.stores.addresses.note("greeted") == ""
        await tiny.reopen()


async def said_by(script: str, folder: Path) -> str:
    """What a process of its own prints; that nothing escapes in it is asserted here."""
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", script, str(folder), stdout=PIPE, stderr=PIPE)
    out, complaints = await child.communicate()
    assert "Traceback" not in complaints.decode()
    return out.decode()


FULL = """
import asyncio, resource, sys
from pathlib import Path
from pathway.ports import StoreUnavailable
from tests.keys import tiny_book
from tests.storage.samples import first, target, then

async def main():
    book = tiny_book(Path(sys.argv[1]))
    await book.open()
    await book.commit(first())
    resource.setrlimit(resource.RLIMIT_FSIZE, (2048, resource.RLIM_INFINITY))
    refused = 0
    for words in ("short", "long " * 2000):
        try:
            await book.commit(then(expected=2, events=(target(words),) * 9))
        except StoreUnavailable:
            refused += 1
    red = not (await book.health()).ok
    assert len(await book.events("c1")) == 2
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert (await book.health()).ok
    done = await book.commit(then(expected=2, events=(target("after"),)))
    await book.close()
    print(refused, red, done.version)

asyncio.run(main())
"""


async def test_a_file_that_may_not_grow_is_refused_by_the_real_disk_and_works_again_afterwards(tmp_path: Path) -> None:
    assert (await said_by(FULL, tmp_path)).split() == ["2", "True", "3"]
    book = tiny_book(tmp_path)
    await book.open()
    assert (await book.events("c1"))[-1] == target("after")
    await book.close()


# -- somebody else on the folder --------------------------------------------------------------------------------------

SECOND = """
import asyncio, sys
from tests.keys import open_stores

async def main():
    try:
        await open_stores("tinydb://" + sys.argv[1]).open()
    except Exception as refusal:
        print(type(refusal).__name__, refusal)

asyncio.run(main())
"""


async def test_a_second_process_on_the_folder_is_refused_and_told_who_holds_it(tiny: Shop) -> None:
    folder = folder_of(tiny)
    assert (await said_by(SECOND, folder)).startswith(
        f"FolderInUse The folder {folder} is in use by another Pathway (process {os.getpid()})"
    )
    await tiny.book.commit(first())


async def test_a_second_book_in_the_same_process_is_refused_too(tiny: Shop) -> None:
    second = tiny_book(folder_of(tiny))
    with pytest.raises(FolderInUse):
        await second.open()
    await tiny.stores.close()
    await second.open()
    await second.close()


# -- what is found at a start -----------------------------------------------------------------------------------------


async def test_what_a_killed_process_left_half_written_is_swept_at_the_start(tiny: Shop) -> None:
    await tiny.book.commit(first())
    await tiny.stores.close()
    left = [folder_of(tiny) / place / ".c1.json.0a1b2c3d.tmp" for place in (".", "cases", "drafts")]
    for path in left:
        path.write_text(WORDS)
    await tiny.reopen()
    assert not [x for x in left if x.exists()]
    assert len(await tiny.book.events("c1")) == 2


async def test_a_case_of_a_later_release_stays_where_it_is_and_is_told_of(tiny: Shop) -> None:
    await tiny.book.commit(first("c1"))
    await tiny.book.commit(first("c2"))
    key = await tiny.book.ring.key(case_key("c1"))
    await tiny.stores.close()
    path = folder_of(tiny) / "cases" / "c1.json"
    found = atomic.read_document(path, "case")
    assert found is not None
    later = replace(record.read(found, key), kinds=("ConcernVanished", "DraftStarted"))
    atomic.write_documents(path, {"case": [record.write(later, key)]})
    await tiny.reopen()
    health = await tiny.book.health()
    assert (health.ok, "cases/c1.json" in health.sentence) == (False, True)
    assert list(await tiny.book.cases_of(None)) == ["c2"]
    assert path.exists()
    atomic.write_documents(path, {"case": [{**found, "format": 3}]})
    await tiny.reopen()
    assert "cases/c1.json" in (await tiny.book.health()).sentence


async def test_a_case_that_breaks_while_we_run_is_told_of_and_not_overwritten(tiny: Shop) -> None:
    await tiny.book.commit(first())
    path = folder_of(tiny) / "cases" / "c1.json"
    good = path.read_bytes()
    path.write_bytes(good[:-9])
    with pytest.raises(StoreUnavailable, match=r"cases/c1\.json cannot be read"):
        await tiny.book.events("c1")
    with pytest.raises(StoreUnavailable):
        await tiny.book.commit(then())
    assert not (await tiny.book.health()).ok
    path.write_bytes(good)
    assert (await tiny.book.commit(then())).version == 3
    assert (await tiny.book.health()).ok


async def test_a_folder_that_cannot_be_made_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    stores = open_stores(f"tinydb://{tmp_path}/file/data")
    with pytest.raises(StoreUnavailable, match=r"The folder .*/file/data cannot be opened"):
        await stores.open()


async def test_fences_grow_over_a_start_whose_run_file_is_broken(tiny: Shop) -> None:
    await tiny.book.commit(first(outbox=(note(),)))
    await tiny.reopen()
    (folder_of(tiny) / "run.json").write_text("{")
    await tiny.reopen()
    assert (await due_letters(tiny.book))[0].fence > 0
    assert (await tiny.book.health()).ok


# -- who may read it, and what is left of it ---------------------------------------------------------------------------


async def test_files_are_for_their_owner_alone(tiny: Shop) -> None:
    before = os.umask(0)
    try:
        await tiny.book.commit(first())
        await tiny.stores.drafts.keep(Draft("mia", "concern", {}, NOON))
        await tiny.stores.roster.keep_person(Person("mia", "Mia", "mia@school.example"))
        await tiny.stores.addresses.keep_note("greeted", "yes")
        await tiny.reopen()
    finally:
        os.umask(before)
    everything = [folder_of(tiny), *folder_of(tiny).rglob("*")]
    assert {oct(x.stat().st_mode & 0o777) for x in everything if x.is_file()} == {"0o600"}
    assert {oct(x.stat().st_mode & 0o777) for x in everything if x.is_dir()} == {"0o700"}
    keys = [x.name for x in everything if x.parent.name == "keys"]
    names = {"own.audit", "own.roster", "own.addresses", "own.post", "case.c1", "drafts.mia"}
    assert {x.removesuffix(".last").removesuffix(".json") for x in keys} == names
    assert len([x for x in everything if x.is_file()]) == 10 + 1 + len(keys)


def files_with(folder: Path, words: str) -> list[str]:
    return [x.name for x in folder.rglob("*") if words in x.name or (x.is_file() and words.encode() in x.read_bytes())]


async def test_of_a_dropped_draft_no_text_is_left_in_any_file(tiny: Shop) -> None:
    drafts = tiny.stores.drafts
    await drafts.keep(Draft("mia", "concern", {"seen": WORDS}, NOON))
    await drafts.keep(Draft("mia", "plan", {"place": "the library"}, NOON))
    await drafts.drop("mia", "concern")
    assert files_with(folder_of(tiny), WORDS) == []
    await drafts.drop("mia", "plan")
    assert list((folder_of(tiny) / "drafts").iterdir()) == []


async def test_of_a_message_without_a_case_nothing_is_left_when_it_is_sent(tiny: Shop) -> None:
    await tiny.book.post([replace(note(), data={"words": WORDS})], "tap")
    files = [folder_of(tiny) / name for name in ("post.json", "post.json.last")]
    full = [len(file.read_bytes()) for file in files]
    assert files_with(folder_of(tiny), WORDS) == []
    await tiny.book.complete((await due_letters(tiny.book))[0], "delivered")
    left = [len(file.read_bytes()) for file in files]
    assert [before > after for before, after in zip(full, left, strict=True)] == [True, True]


async def test_a_case_file_can_be_read_with_tinydb_and_its_key_alone(tiny: Shop) -> None:
    await tiny.book.commit(first())
    key = await tiny.book.ring.key(case_key("c1"))
    with TinyDB(folder_of(tiny) / "cases" / "c1.json") as db:
        entries = db.table("case").all()[0]["events"]
    events = [key.open_json(sealed, f"c1/{n}") for n, sealed, _ in entries]
    assert [x["type"] for x in events] == ["DraftStarted", "WeeklyTargetSet"]


@pytest.mark.parametrize("name", ["../c1", "a/b", "a.b", "x" * 101])
async def test_an_id_that_is_no_safe_file_name_is_refused(tiny: Shop, name: str) -> None:
    with pytest.raises(ValueError, match="an id is made of"):
        await tiny.book.commit(first(name, nonce="n", placement="p"))


def test_a_file_of_the_present_folder_is_written_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for data in (b"first", b"second"):
        atomic.replace_file(Path("bare"), data, atomic.Copy.EARLIER)
    assert {x.name: x.read_bytes() for x in tmp_path.iterdir()} == {"bare": b"second", "bare.last": b"first"}
