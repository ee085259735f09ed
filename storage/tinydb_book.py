"""Everything in one folder, as small TinyDB files that are replaced whole.

    LOCK            held while a Pathway runs here
    cases/          one file a case: events, what is to be sent, what became of it
    post.json       messages that belong to no case, until they are sent
    drafts/         one file a person who has half-filled forms
    roster.json     people and placements
    addresses.json  where people are reached in Teams, and small notes
    damaged/        files that could not be read at a start

A file a case makes a durable write cost about a millisecond however many cases there are, and erasing a case is
removing its file. See `docs/adr/` for what else was measured.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path

from pathway.address import Address
from pathway.people import Person, Placement
from pathway.ports import Draft, Health, StoreUnavailable
from storage import record as r
from storage.atomic import Damaged, read_document, read_documents
from storage.book import RecordBook
from storage.codec import CodecError, Json, decode, encode
from storage.folder import CASES, DAMAGED, DRAFTS, Folder
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

    async def open(self) -> tuple[int, Sequence[Record]]:
        await self.folder.open()
        try:
            return self.folder.run, await self.folder.read(self._everything, f"{CASES}/")
        except StoreUnavailable:
            await self.folder.close()
            raise

    async def close(self) -> None:
        await self.folder.close()

    def _everything(self) -> list[Record]:
        cases = sorted((self.folder.path / CASES).glob("*.json"))
        found = [self._readable(path) for path in (self._path(r.NO_CASE), *cases)]
        return [record for record in found if record is not None]

    def _readable(self, path: Path) -> Record | None:
        """None for a file that cannot be read: damaged ones are set aside; one that a later version of Pathway wrote,
        or that the disk does not give, stays where it is.
        """
        try:
            record = self._read(path)
            if record is not None:
                record.history()
        except Damaged as fault:
            self.folder.set_aside(path, fault)
        except (CodecError, OSError) as fault:
            self.folder.unreadable(self._name(path), fault)
        else:
            return record
        return None

    def _read(self, path: Path) -> Record | None:
        data = read_document(path, "case")
        if data is None:
            return None
        record = r.read(dict(data))
        if self._path(record.case_id) != path:
            raise Damaged(f"{path.name} holds the record of another case")
        return record

    def _path(self, case_id: str) -> Path:
        if case_id == r.NO_CASE:
            return self.folder.path / POST
        return self.folder.path / CASES / file_name(case_id)

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self.folder.path))

    async def get(self, case_id: str) -> Record | None:
        path = self._path(case_id)
        stamp, known = self._recent.get(case_id, (None, None))
        if known is not None and self.folder.is_open and stamp == _stamp(path):
            return known
        record = await self.folder.read(lambda: self._read(path), self._name(path))
        if record is not None:
            self._remember(path, record)
        return record

    async def put(self, record: Record) -> None:
        path = self._path(record.case_id)
        self._recent.pop(record.case_id, None)
        await self.folder.write(path, lambda: {"case": [r.write(record)]})
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
        aside = sorted((self.folder.path / DAMAGED).glob(f"{path.name}*"))
        return await self.folder.remove(path, *aside)

    async def health(self) -> Health:
        return await self.folder.health()


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
        for path in sorted((self.folder.path / DRAFTS).glob("*.json")):
            try:
                drafts = [decode(Draft, dict(x)) for x in read_documents(path, "drafts")]
            except Damaged as fault:
                self.folder.set_aside(path, fault)
            except (CodecError, OSError) as fault:
                self.folder.unreadable(f"{DRAFTS}/{path.name}", fault)
            else:
                for draft in drafts:
                    found.setdefault(draft.person, {})[draft.form] = draft
        return found

    async def _save(self, person: str, forms: Mapping[str, Draft]) -> None:
        path = self.folder.path / DRAFTS / file_name(person)
        if forms:
            await self.folder.write(path, lambda: {"drafts": _encoded(forms)})
        else:
            await self.folder.remove(path)


# -- people, placements, addresses -----------------------------------------------------------------------------------


class TinyRoster(MemoryRoster):
    """One file. A damaged one stops everything: without it nobody knows whom the ids of the cases mean."""

    def __init__(self, folder: Folder) -> None:
        super().__init__()
        self.folder = folder
        self._loaded = 0

    async def _load(self) -> None:
        if self._loaded == self.folder.run and self.folder.is_open:
            return
        path = self.folder.path / ROSTER
        people, listed, former = await self.folder.read(
            lambda: (
                [decode(Person, dict(x)) for x in read_documents(path, "people")],
                [decode(Placement, dict(x)) for x in read_documents(path, "placements")],
                [decode(Placement, dict(x)) for x in read_documents(path, "former")],
            ),
            ROSTER,
        )
        self._remember({p.id: p for p in people}, {p.id: p for p in listed}, {p.id: p for p in former})
        self._loaded = self.folder.run

    async def _save(
        self, people: Mapping[str, Person], listed: Mapping[str, Placement], former: Mapping[str, Placement]
    ) -> None:
        await self.folder.write(
            self.folder.path / ROSTER,
            lambda: {"people": _encoded(people), "placements": _encoded(listed), "former": _encoded(former)},
        )


class TinyAddresses(MemoryAddresses):
    """One file. A damaged one is set aside: every message that comes in brings its address again."""

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
            addresses = {x["person"]: decode(Address, x["address"]) for x in read_documents(path, "addresses")}
            notes = {x["key"]: x["value"] for x in read_documents(path, "notes")}
        except Damaged as fault:
            self.folder.set_aside(path, fault)
            return {}, {}
        return addresses, notes

    async def _save(self, addresses: Mapping[str, Address], notes: Mapping[str, str]) -> None:
        await self.folder.write(
            self.folder.path / ADDRESSES,
            lambda: {
                "addresses": [{"person": k, "address": encode(v)} for k, v in addresses.items()],
                "notes": [{"key": k, "value": v} for k, v in notes.items()],
            },
        )


def _encoded(things: Mapping[str, Draft] | Mapping[str, Person] | Mapping[str, Placement]) -> list[Json]:
    return [encode(x) for x in things.values()]
