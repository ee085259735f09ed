"""Everything in one file, made while people press buttons, and the way back: whole, or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import shutil
import stat
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pathway.address import Address
from pathway.people import Person, Reach
from pathway.ports import Act, Did, Draft, Read, Saw
from storage import Stores
from storage.backup import SEAL, NotBackedUp, NotRestored, last_backup, note_backup, pack, restore, take_aside
from storage.folder import ASIDE, RESTORING, FolderInUse
from storage.record import clear
from storage.tinydb_book import TinyCaseBook
from tests.keys import open_stores
from tests.storage.samples import NOON, Shop, due_letters, first, note, then

MADE = datetime(2026, 10, 6, 12, 30, tzinfo=UTC)
HELEN = Address("https://smba.example", "a:helen", "29:helen", "28:bot", "tenant", "personal")


async def aside_of(stores: Stores) -> Path:
    assert isinstance(stores.book, TinyCaseBook)
    return await take_aside(stores.book.folder)


async def backed_up(stores: Stores, file: Path) -> None:
    aside = await aside_of(stores)
    pack(aside, file, MADE)
    shutil.rmtree(aside)


async def filled(shop: Shop, cases: int = 3) -> None:
    people = [Person(id=f"m{n}", name=f"Mia {n}", email=f"m{n}@example.org", reach=Reach.TEAMS) for n in range(4)]
    await shop.stores.roster.load(people, [])
    for n in range(cases):
        await shop.book.commit(first(f"c{n}", placement=f"p{n}", outbox=(note("a"), note("b"))))
    await shop.book.complete((await due_letters(shop.book))[0], "delivered")
    await shop.stores.drafts.keep(Draft("m1", "concern", {"seen": "Words of mine"}, NOON))
    await shop.stores.addresses.keep_note("greeted:m1", "yes")
    await shop.stores.reads.note(*(Read(f"c{n}", "m1", Saw.CARD, NOON) for n in range(cases)))
    await shop.stores.acts.record(Act(NOON, "account ines", Did.ERASED_CASE, "c99", "asked for"))
    await shop.stores.reads.written()


async def everything(folder: Path) -> Mapping[str, Any]:
    """What a store that is opened on *folder* reads: events, outbox, drafts, roster, addresses."""
    stores = open_stores(f"tinydb://{folder}")
    await stores.open()
    try:
        book = stores.book
        ids = await book.cases_of(None, open_only=False)
        return {
            "events": {case: tuple(await book.events(case)) for case in ids},
            "records": [clear(record) async for record in book.records()],
            "broken": await book.verify(),
            "waiting": [replace(claim, fence=0) for claim in await book.delayed(0)],
            "parked": [replace(claim, fence=0) for claim in await book.parked()],
            "drafts": await stores.drafts.drafts_before(NOON.replace(year=2100)),
            "people": dict(await stores.roster.people()),
            "placements": await stores.roster.placements(),
            "notes": [await stores.addresses.note(f"greeted:m{n}") for n in range(4)],
            "reads": [read async for read in stores.reads.everything()],
            "acts": await stores.acts.entries(),
            "address": await stores.addresses.address("m1"),
            "health": await book.health(),
        }
    finally:
        await stores.close()


def listing(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


async def test_what_is_restored_is_read_by_the_store_as_it_was_when_the_backup_was_made(
    tiny: Shop, tmp_path: Path
) -> None:
    await filled(tiny)
    await backed_up(tiny.stores, tmp_path / "one.zip")
    await tiny.stores.close()
    done = restore(tmp_path / "one.zip", tmp_path / "fresh")
    assert (done.held.made, done.held.cases, done.held.people, done.held.drafts) == (MADE, 3, 4, 1)
    assert (done.held.unreadable, done.aside) == ((), None)
    folder = tiny.stores.folder
    assert folder is not None
    assert await everything(tmp_path / "fresh") == await everything(folder)
    assert len((await everything(folder))["reads"]) == 3


async def test_a_backup_is_for_its_owner_alone_is_a_plain_zip_and_nothing_is_ever_written_over(
    tiny: Shop, tmp_path: Path
) -> None:
    await filled(tiny)
    file = tmp_path / "one.zip"
    await backed_up(tiny.stores, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with zipfile.ZipFile(file) as packed:
        assert packed.testzip() is None
        assert "cases/c1.json" in packed.namelist()
    before = file.read_bytes()
    with pytest.raises(NotBackedUp, match="is there already"):
        await backed_up(tiny.stores, file)
    assert file.read_bytes() == before


async def test_it_is_one_moment_of_the_store_however_busy_it_is(tiny: Shop, tmp_path: Path) -> None:
    """Each round writes both cases, then the draft, then the note; so a draft is never ahead of its case. Between cases
    and drafts, in the order of names, there is much else to take.
    """
    await filled(tiny)
    folder = tiny.stores.folder
    assert folder is not None
    for n in range(800):
        (folder / "damaged" / f"c{n}.json").write_bytes(b"{}")
    over, pressed = asyncio.Event(), asyncio.Condition()
    rounds = 0

    async def press() -> None:
        nonlocal rounds
        while not over.is_set():
            rounds += 1
            for case in ("c0", "c1"):
                version = len(await tiny.book.events(case))
                await tiny.book.commit(then(case, expected=version, nonce=f"{case}-{rounds}"))
            await tiny.stores.drafts.keep(Draft("m2", "plan", {"round": str(rounds)}, NOON))
            await tiny.stores.addresses.keep_note("greeted:m2", str(rounds))
            async with pressed:
                pressed.notify_all()

    async with asyncio.TaskGroup() as both:
        both.create_task(press())
        seen = []
        for n in range(3):
            before = rounds
            async with pressed:
                await pressed.wait_for(lambda before=before: rounds >= before + 2)  # type: ignore[misc]
            await backed_up(tiny.stores, tmp_path / f"{n}.zip")
            restore(tmp_path / f"{n}.zip", tmp_path / f"fresh{n}")
            seen.append(await everything(tmp_path / f"fresh{n}"))
        over.set()
    for found in seen:
        cases = [len(found["events"][case]) - len(found["events"]["c2"]) for case in ("c0", "c1")]
        draft = next(int(d.values["round"]) for d in found["drafts"] if d.person == "m2")
        noted = int(found["notes"][2])
        assert cases[0] >= cases[1] >= draft >= noted >= cases[0] - 1


async def test_a_folder_in_use_is_not_touched(tiny: Shop, tmp_path: Path) -> None:
    await filled(tiny)
    folder = tiny.stores.folder
    assert folder is not None
    await backed_up(tiny.stores, tmp_path / "one.zip")
    before = listing(folder)
    for replacing in (False, True):
        with pytest.raises(FolderInUse, match="in use"):
            restore(tmp_path / "one.zip", folder, replace=replacing)
    assert listing(folder) == before


async def test_a_folder_with_something_in_it_is_replaced_only_when_asked_and_the_old_is_kept(
    tiny: Shop, tmp_path: Path
) -> None:
    await filled(tiny)
    folder, file = tiny.stores.folder, tmp_path / "one.zip"
    assert folder is not None
    await backed_up(tiny.stores, file)
    await tiny.book.commit(then("c1", expected=len(await tiny.book.events("c1"))))
    await tiny.book.commit(first("c9", placement="p9"))
    await tiny.stores.close()
    before = {name: data for name, data in listing(folder).items() if name.endswith((".json", ".jsonl"))}
    with pytest.raises(NotRestored, match="--replace"):
        restore(file, folder)
    assert {name: data for name, data in listing(folder).items() if name.endswith((".json", ".jsonl"))} == before
    done = restore(file, folder, replace=True)
    assert (done.newer, done.later) == (1, 1)
    assert done.aside is not None
    assert {name: data for name, data in listing(done.aside).items() if name.endswith((".json", ".jsonl"))} == before
    assert [name for name in listing(folder) if name.endswith(".last") and not name.startswith("before-")] == []
    found = await everything(folder)
    assert set(found["events"]) == {"c0", "c1", "c2"}
    assert found["health"].ok


async def test_every_flipped_byte_and_every_cut_is_refused_and_nothing_is_changed(tiny: Shop, tmp_path: Path) -> None:
    await filled(tiny, 1)
    await backed_up(tiny.stores, tmp_path / "one.zip")
    whole = (tmp_path / "one.zip").read_bytes()
    chance = random.Random(20261006)  # noqa: S311 - the same places each time
    places = {0, 1, len(whole) - 1, len(whole) - SEAL, len(whole) - SEAL - 1, *chance.sample(range(len(whole)), 60)}
    spoilt = [bytes((*whole[:at], whole[at] ^ (1 << chance.randrange(8)), *whole[at + 1 :])) for at in sorted(places)]
    cuts = [whole[:end] for end in (0, 1, SEAL, len(whole) // 2, len(whole) - 1)]
    for n, data in enumerate((*spoilt, *cuts, whole + b"more", b"a letter to a friend" * 20)):
        bad = tmp_path / f"bad{n}.zip"
        bad.write_bytes(data)
        with pytest.raises(NotRestored, match="Nothing was changed"):
            restore(bad, tmp_path / "fresh")
        assert not (tmp_path / "fresh").exists()


def sealed(file: Path, entries: Mapping[str, bytes], listed: Mapping[str, bytes] | None = None, **more: Any) -> Path:
    """An archive whose seal is right, made by somebody else."""
    files = {
        name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in (entries if listed is None else listed).items()
    }
    manifest = {"pathway": "backup", "format": 1, "made": MADE.isoformat(), "files": files, **more}
    with zipfile.ZipFile(file, "w") as packed:
        for name, data in entries.items():
            packed.writestr(name, data)
        packed.writestr("manifest.json", json.dumps(manifest))
        packed.comment = b"0" * SEAL
    body = file.read_bytes()[:-SEAL]
    file.write_bytes(body + hashlib.sha256(body).hexdigest().encode())
    return file


@pytest.mark.parametrize(
    "name",
    ["../escaped.json", "cases/../../escaped.json", "/escaped.json", "cases/.json", "LOCK", "admin.sock", "x.json"],
)
def test_an_archive_can_write_no_file_that_is_not_a_store_s_own(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotRestored, match="no backup of Pathway"):
        restore(sealed(tmp_path / "bad.zip", {name: b"{}"}), tmp_path / "below" / "fresh")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["bad.zip"]


def test_an_archive_that_lies_about_its_files_is_refused(tmp_path: Path) -> None:
    ours, other = {"roster.json": b"{}"}, {"roster.json": b"[]"}
    for n, bad in enumerate(
        (
            sealed(tmp_path / "a.zip", ours, other),
            sealed(tmp_path / "b.zip", ours, {}),
            sealed(tmp_path / "c.zip", {}, ours),
            sealed(tmp_path / "d.zip", ours, pathway="something else"),
            sealed(tmp_path / "e.zip", ours, made="yesterday"),
            sealed(tmp_path / "f.zip", ours, files=["roster.json"]),
        )
    ):
        with pytest.raises(NotRestored, match="Nothing was changed"):
            restore(bad, tmp_path / f"fresh{n}")
        assert not (tmp_path / f"fresh{n}").exists()


def test_a_backup_of_a_later_pathway_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotRestored, match="by a later Pathway"):
        restore(sealed(tmp_path / "later.zip", {}, format=3), tmp_path / "fresh")


async def test_a_file_that_was_damaged_already_stops_no_backup_and_is_told_of(tiny: Shop, tmp_path: Path) -> None:
    await filled(tiny)
    folder = tiny.stores.folder
    assert folder is not None
    (folder / "cases" / "c1.json").write_bytes(b"{}")
    await backed_up(tiny.stores, tmp_path / "one.zip")
    assert restore(tmp_path / "one.zip", tmp_path / "fresh").held.unreadable == ("cases/c1.json",)


async def test_a_restore_that_was_broken_off_is_not_opened_until_it_is_repeated(tiny: Shop, tmp_path: Path) -> None:
    await filled(tiny)
    await backed_up(tiny.stores, tmp_path / "one.zip")
    fresh = tmp_path / "fresh"
    restore(tmp_path / "one.zip", fresh)
    (fresh / "cases").rename(fresh / RESTORING)
    with pytest.raises(Exception, match="broken off"):
        await everything(fresh)
    restore(tmp_path / "one.zip", fresh, replace=True)
    assert set((await everything(fresh))["events"]) == {"c0", "c1", "c2"}


async def test_what_a_killed_backup_left_behind_is_swept_at_the_next_start(tiny: Shop) -> None:
    await filled(tiny)
    aside = await aside_of(tiny.stores)
    assert (aside / "cases" / "c1.json").exists()
    assert aside.name.startswith(ASIDE)
    await tiny.reopen()
    assert not aside.exists()


def test_when_the_last_backup_was_made_is_remembered(tmp_path: Path) -> None:
    assert last_backup(tmp_path) is None
    note_backup(tmp_path, MADE)
    assert last_backup(tmp_path) == MADE
