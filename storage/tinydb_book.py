"""Everything in one folder, as small TinyDB files that are replaced whole.

    LOCK            held while a Pathway runs here
    cases/          one file a case: events, what is to be sent, what became of it
    post.json       messages that belong to no case, until they are sent
    drafts/         one file a person who has half-filled forms
    roster.json     people and placements
    addresses.json  where people are reached in Teams, and small notes
    *.json.last     beside each of these, its last good copy (see `storage.atomic.Copy`)
    damaged/        files that could not be read at a start, each with a note of what became of it

What is found damaged at a start is put back from its copy, and what that may have lost is said until somebody has
looked (`storage.losses`). Of forms and of messages that belong to no case the copy is always of what the file holds
now, because nothing of what is gone from it may stay.

A file a case makes a durable write cost about a millisecond however many cases there are, and erasing a case is
removing its file. See `docs/adr/` for what else was measured.
"""

from __future__ import annotations

import os
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from pathway.address import Address
from pathway.people import Person, Placement
from pathway.ports import Draft, Health, StoreUnavailable
from storage import record as r
from storage.atomic import LAST, Copy, Damaged, copy_of, read_tables
from storage.book import RecordBook
from storage.codec import CodecError, Json, decode, encode
from storage.folder import CASES, DRAFTS, Folder, Tables
from storage.index import Entry, entry_of, read_entry
from storage.losses import Loss
from storage.memory import MemoryAddresses, MemoryDrafts, MemoryRoster
from storage.record import Record

#: So many cases that were read or written last need not be read again while their file is the same.
MOST_RECENT = 64
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
ROSTER, ADDRESSES, POST = "roster.json", "addresses.json", "post.json"


def file_name(opaque_id: str) -> str:
    """Raises ValueError for an id that is no safe name of a file."""
    if not _ID.fullmatch(opaque_id):
        raise ValueError("an id is made of letters, figures, - and _")
    return f"{opaque_id}.json"


# -- cases -----------------------------------------------------------------------------------------------------------


class TinyShelf:
    """A file a case. A file that is damaged when the folder is opened is set aside, told of, and hides no other."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self._recent: OrderedDict[str, tuple[Stamp, Record]] = OrderedDict()

    async def open(self) -> tuple[int, Sequence[Entry]]:
        await self.folder.open()
        try:
            return self.folder.run, await self.folder.read(self._everything, f"{CASES}/")
        except StoreUnavailable:
            await self.folder.close()
            raise

    async def close(self) -> None:
        await self.folder.close()

    def _everything(self) -> list[Entry]:
        paths = [self._path(r.NO_CASE), *_files(self.folder.path / CASES)]
        found = [self._readable(path) for path in paths]
        return [entry for entry in found if entry is not None]

    def _readable(self, path: Path) -> Entry | None:
        """None for a file that cannot be read: damaged ones of which there is no good copy are set aside; one that a
        later version of Pathway wrote, or that the disk does not give, stays where it is.
        """
        now = datetime.now(UTC)

        def mend(_: Entry) -> tuple[Entry, Tables]:
            good = self._read(copy_of(path))
            if good is None:
                raise Damaged(f"the copy of {path.name} has gone")
            marked = r.perhaps(good, now)
            return entry_of(marked), {"case": [r.write(marked)]}

        try:
            return self.folder.find(path, self._entry, tell=_told, mend=mend)
        except Damaged as fault:
            self.folder.set_aside(path, fault, Loss(self.folder.name_of(path), restored=False))
        except (CodecError, OSError) as fault:
            self.folder.unreadable(self.folder.name_of(path), fault)
        return None

    def _entry(self, path: Path) -> Entry | None:
        """Of a copy, too. Raises Damaged, CodecError, OSError."""
        tables = read_tables(path)
        if tables is None:
            return None
        entry = read_entry(tables["case"][0])
        self._is_its_own(path, entry.case_id)
        return entry

    def _read(self, path: Path) -> Record | None:
        """As `_entry`, whole."""
        tables = read_tables(path)
        if tables is None:
            return None
        record = r.read(dict(tables["case"][0]))
        self._is_its_own(path, record.case_id)
        return record

    def _is_its_own(self, path: Path, case_id: str) -> None:
        if path.name.removesuffix(LAST) != (file_name(case_id) if case_id != r.NO_CASE else POST):
            raise Damaged(f"{path.name} holds the record of another case")

    def _path(self, case_id: str) -> Path:
        if case_id == r.NO_CASE:
            return self.folder.path / POST
        return self.folder.path / CASES / file_name(case_id)

    async def get(self, case_id: str) -> Record | None:
        path = self._path(case_id)
        stamp, known = self._recent.get(case_id, (None, None))
        if known is not None and self.folder.is_open and stamp == _stamp(path):
            return known
        record = await self.folder.read(lambda: self._read(path), self.folder.name_of(path))
        if record is not None:
            self._remember(path, record)
        return record

    async def put(self, record: Record) -> None:
        path = self._path(record.case_id)
        self._recent.pop(record.case_id, None)
        copy = Copy.SAME if record.case_id == r.NO_CASE else Copy.EARLIER
        await self.folder.write(path, lambda: {"case": [r.write(record)]}, copy)
        self._remember(path, record)

    def _remember(self, path: Path, record: Record) -> None:
        """Nobody else changes the case meanwhile: the book holds its lock."""
        stamp = _stamp(path)
        if stamp is not None:
            self._recent[record.case_id] = stamp, record
            self._recent.move_to_end(record.case_id)
        if len(self._recent) > MOST_RECENT:
            self._recent.popitem(last=False)

    async def drop(self, case_id: str) -> bool:
        path = self._path(case_id)
        self._recent.pop(case_id, None)
        return await self.folder.remove(path)

    async def health(self) -> Health:
        return await self.folder.health()


def _files(place: Path) -> list[Path]:
    """Those of a folder, and those of which only the copy is left."""
    names = {entry.name.removesuffix(LAST) for entry in os.scandir(place)}
    return [place / name for name in sorted(names) if name.endswith(".json") and not name.startswith(".")]


def _told(loss: Loss, good: Entry) -> Loss:
    return replace(loss, reference=good.summary.reference, events=good.version, same=good.case_id == r.NO_CASE)


Stamp = tuple[int, int, int]
"""Which file it is, its length, and when it was written."""


def _stamp(path: Path) -> Stamp | None:
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_ino, state.st_size, state.st_mtime_ns


class TinyCaseBook(RecordBook):
    """Opening it opens the folder (and raises `storage.folder.FolderInUse` where another process has it)."""

    def __init__(self, folder: Path | Folder) -> None:
        self.folder = folder if isinstance(folder, Folder) else Folder(folder)
        super().__init__(TinyShelf(self.folder))


# -- drafts ----------------------------------------------------------------------------------------------------------


class TinyDrafts(MemoryDrafts):
    """A file a person, gone with the last draft. Read once after the folder is opened; then memory follows the disk."""

    def __init__(self, folder: Folder) -> None:
        super().__init__()
        self.folder = folder
        self._loaded = 0

    async def _load(self) -> None:
        if self._loaded != self.folder.run or not self.folder.is_open:
            self._drafts = await self.folder.read(self._everything, f"{DRAFTS}/")
            self._loaded = self.folder.run

    def _everything(self) -> dict[str, dict[str, Draft]]:
        found: dict[str, dict[str, Draft]] = {}
        for path in _files(self.folder.path / DRAFTS):
            try:
                drafts = self.folder.find(path, _drafts, tell=lambda loss, _: replace(loss, same=True))
            except Damaged as fault:
                self.folder.set_aside(path, fault, Loss(self.folder.name_of(path), restored=False))
            except (CodecError, OSError) as fault:
                self.folder.unreadable(self.folder.name_of(path), fault)
            else:
                for draft in drafts or ():
                    found.setdefault(draft.person, {})[draft.form] = draft
        return found

    async def _save(self, person: str, forms: Mapping[str, Draft]) -> None:
        path = self.folder.path / DRAFTS / file_name(person)
        if not forms:
            await self.folder.remove(path)
            return
        await self.folder.write(path, lambda: {"drafts": _encoded(forms)}, Copy.SAME)
        if self._drafts.get(person, {}).keys() - forms.keys():
            await self.folder.forget_damaged(path)


def _drafts(path: Path) -> list[Draft] | None:
    tables = read_tables(path)
    return None if tables is None else [decode(Draft, dict(x)) for x in tables.get("drafts", ())]


# -- people, placements, addresses -----------------------------------------------------------------------------------


class TinyRoster(MemoryRoster):
    """One file. Without a good copy of a damaged one nothing starts: nobody knows whom the ids of the cases mean."""

    def __init__(self, folder: Folder) -> None:
        super().__init__()
        self.folder = folder
        self._loaded = 0

    async def _load(self) -> None:
        if self._loaded == self.folder.run and self.folder.is_open:
            return
        path = self.folder.path / ROSTER
        found = await self.folder.read(lambda: self.folder.find(path, _roster), ROSTER)
        people, listed, former = found or ((), (), ())
        self._remember({p.id: p for p in people}, {p.id: p for p in listed}, {p.id: p for p in former})
        self._loaded = self.folder.run

    async def _save(
        self, people: Mapping[str, Person], listed: Mapping[str, Placement], former: Mapping[str, Placement]
    ) -> None:
        await self.folder.write(
            self.folder.path / ROSTER,
            lambda: {"people": _encoded(people), "placements": _encoded(listed), "former": _encoded(former)},
        )


def _roster(path: Path) -> tuple[list[Person], list[Placement], list[Placement]] | None:
    """People, the placements that are listed, and those that no longer are."""
    tables = read_tables(path)
    if tables is None:
        return None
    people = [decode(Person, dict(x)) for x in tables.get("people", ())]
    listed, former = ([decode(Placement, dict(x)) for x in tables.get(name, ())] for name in ("placements", "former"))
    return people, listed, former


class TinyAddresses(MemoryAddresses):
    """One file. Without a good copy a damaged one is set aside: every message that comes in brings its address."""

    def __init__(self, folder: Folder) -> None:
        super().__init__()
        self.folder = folder
        self._loaded = 0

    async def _load(self) -> None:
        if self._loaded != self.folder.run or not self.folder.is_open:
            self._addresses, self._notes = await self.folder.read(self._everything, ADDRESSES)
            self._loaded = self.folder.run

    def _everything(self) -> tuple[dict[str, Address], dict[str, str]]:
        path = self.folder.path / ADDRESSES
        try:
            found = self.folder.find(path, _addresses)
        except Damaged as fault:
            self.folder.set_aside(path, fault, Loss(ADDRESSES, restored=False))
            found = None
        return found or ({}, {})

    async def _save(self, addresses: Mapping[str, Address], notes: Mapping[str, str]) -> None:
        await self.folder.write(
            self.folder.path / ADDRESSES,
            lambda: {
                "addresses": [{"person": k, "address": encode(v)} for k, v in addresses.items()],
                "notes": [{"key": k, "value": v} for k, v in notes.items()],
            },
        )


def _addresses(path: Path) -> tuple[dict[str, Address], dict[str, str]] | None:
    tables = read_tables(path)
    if tables is None:
        return None
    addresses = {x["person"]: decode(Address, x["address"]) for x in tables.get("addresses", ())}
    return addresses, {x["key"]: x["value"] for x in tables.get("notes", ())}


def _encoded(things: Mapping[str, Draft] | Mapping[str, Person] | Mapping[str, Placement]) -> list[Json]:
    return [encode(x) for x in things.values()]
