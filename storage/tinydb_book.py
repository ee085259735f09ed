"""Everything in one folder, as small TinyDB files that are replaced whole.

    LOCK            held while a Pathway runs here
    cases/          one file a case: events, what is to be sent, what became of it
    post.json       messages that belong to no case, until they are sent
    drafts/         one file a person who has half-filled forms
    roster.json     people and placements
    addresses.json  where people are reached in Teams, and small notes
    keys/           the keyring: one file a key, wrapped with the main key, which stands elsewhere
    heads.log       the newest link of each case's chain
    damaged/        files that could not be read at a start

A file a case makes a durable write cost about a millisecond however many cases there are; erasing a case is destroying
its key and removing its file. What files say is sealed (`storage.seal`); in the clear stand ids, numbers and counts.
Files of earlier versions are in the clear, and sealed when the folder is opened. See `docs/adr/` for what was measured.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pathway.address import Address
from pathway.people import Person, Placement
from pathway.ports import Draft, Health, StoreUnavailable
from storage import record as r
from storage import seal
from storage.atomic import AtomicJSONStorage, Damaged, read_document, remove_file
from storage.book import RecordBook
from storage.chain import Entry, Head, Link, erased_chains, head_of, left_of
from storage.codec import CodecError, Json, decode, encode
from storage.folder import CASES, DAMAGED, DRAFTS, KEYS
from storage.heads import HEADS, Heads
from storage.memory import MemoryAddresses, MemoryDrafts, MemoryRoster
from storage.record import Record
from storage.seal import AUDIT, Key, case_key, drafts_key
from storage.tinydb_keys import TinyKeys, check_outside, key_file

log = logging.getLogger(__name__)

#: So many cases that were read or written last need not be read again while their file is the same.
MOST_RECENT = 64
#: Seconds until heads are synced that were written beside a turn.
SYNC_HEADS = 1.0
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

    def __init__(self, ring: TinyKeys) -> None:
        self.folder = ring.folder
        self.ring = ring
        self._recent: OrderedDict[str, tuple[Stamp, Record]] = OrderedDict()
        self._heads = Heads(ring.folder.path / HEADS)
        self._syncing: asyncio.Task[None] | None = None

    async def open(self) -> tuple[int, Sequence[Record]]:
        """With a wrong main key nothing is changed."""
        await asyncio.to_thread(check_outside, self.folder.path, self.ring.main)
        await self.folder.open()
        try:
            await self.ring.load()
            await self._own_keys()
            self._recent.clear()
            found = await self.folder.read(self._everything, f"{CASES}/")
            records = [await self._sealed(x) if isinstance(x, r.ClearRecord) else x for x in found]
            await self.folder.read(lambda: self._open_heads(records), HEADS)
        except StoreUnavailable:
            await self.close()
            raise
        return self.folder.run, records

    async def _own_keys(self) -> None:
        there = await self.ring.kept(AUDIT)
        if there is None and (self.folder.path / HEADS).exists():
            raise StoreUnavailable(
                f"The keyring is gone: there is no {key_file(AUDIT)}. Put {KEYS}/ back, or restore a "
                "backup with its keys."
            )
        for name in (seal.ROSTER, seal.ADDRESSES, seal.POST, AUDIT):
            await self.ring.made(name)

    def _open_heads(self, records: Sequence[Record]) -> None:
        self._heads.open()
        for record in records:
            head = self._heads.get(record.case_id)
            lags = head is not None and 0 < head.n < record.version and record.events[head.n - 1].link == head.link
            if lags and (newest := head_of(record.events)):
                self._heads.put(record.case_id, newest)

    async def close(self) -> None:
        syncing, self._syncing = self._syncing, None
        if syncing is not None:
            syncing.cancel()
            await asyncio.wait([syncing])
        await self.folder.close()
        await asyncio.to_thread(self._close_heads)

    def _close_heads(self) -> None:
        try:
            self._heads.close()
        except OSError as fault:
            log.error("%s could not be synced: %s", HEADS, type(fault).__name__)  # noqa: TRY400 - the path says it all

    def _everything(self) -> list[Record | r.ClearRecord]:
        cases = sorted((self.folder.path / CASES).glob("*.json"))
        found = [self._readable(path) for path in (self._path(r.NO_CASE), *cases)]
        return [record for record in found if record is not None]

    def _readable(self, path: Path) -> Record | r.ClearRecord | None:
        """None for a file that cannot be read: damaged ones are set aside; one that a later version of Pathway wrote,
        whose key is not there, or that the disk does not give, stays where it is.
        """
        try:
            if self._is_erased(path):
                remove_file(path)  # the process that erased it was killed before it came so far
                return None
            record = self._read(path)
            if isinstance(record, Record):
                record.history(self.ring.loaded(case_key(record.case_id)))
        except Damaged as fault:
            self.folder.set_aside(path, fault)
        except (CodecError, OSError, StoreUnavailable) as fault:
            self.folder.unreadable(self._name(path), fault)
        else:
            return record
        return None

    def _is_erased(self, path: Path) -> bool:
        kept = self.ring.at_hand(case_key(path.stem)) if path.parent.name == CASES else None
        return kept is not None and "erased" in kept

    def _read(self, path: Path) -> Record | r.ClearRecord | None:
        data = read_document(path, "case")
        if data is None:
            return None
        if r.is_clear(data):
            found: Record | r.ClearRecord = r.read_clear(dict(data))
        else:
            outside = r.outside(data)
            self._in_its_place(outside, path)
            found = r.read(dict(data), self.ring.loaded(case_key(outside.case_id)))
        self._in_its_place(found, path)
        return found

    def _in_its_place(self, record: Record | r.ClearRecord, path: Path) -> None:
        if self._path(record.case_id) != path:
            raise Damaged(f"{path.name} holds the record of another case")

    async def _sealed(self, found: r.ClearRecord) -> Record:
        """Of an earlier version of Pathway."""
        record = found.sealed(await self.ring.made(case_key(found.case_id)), await self.ring.key(AUDIT))
        await self.put(record)
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
        await self.ring.load()
        record = await self.folder.read(lambda: self._read(path), self._name(path))
        if isinstance(record, r.ClearRecord):  # put back by hand while we run
            return await self._sealed(record)
        if record is not None:
            self._remember(path, record)
        return record

    async def put(self, record: Record) -> None:
        path = self._path(record.case_id)
        key = await self.ring.made(case_key(record.case_id))
        self._recent.pop(record.case_id, None)
        await self.folder.write(path, lambda: {"case": [r.write(record, key)]}, lambda: self._note_head(record))
        self._remember(path, record)
        if self._syncing is None or self._syncing.done():
            self._syncing = asyncio.create_task(self._sync_heads())

    def _note_head(self, record: Record) -> None:
        """The case is durable already: its head may lag."""
        head = head_of(record.events)
        if head is None or head == self._heads.get(record.case_id):
            return
        try:
            self._heads.put(record.case_id, head)
        except OSError as fault:
            log.error("%s could not be written: %s", HEADS, type(fault).__name__)  # noqa: TRY400 - the path says it all

    async def _sync_heads(self) -> None:
        await asyncio.sleep(SYNC_HEADS)
        try:
            await asyncio.to_thread(self._heads.sync)
        except OSError as fault:
            log.error("%s could not be synced: %s", HEADS, type(fault).__name__)  # noqa: TRY400 - the path says it all

    def _remember(self, path: Path, record: Record) -> None:
        """Nobody else changes the case meanwhile: the book holds its lock."""
        stamp = _stamp(path)
        if stamp is not None:
            self._recent[record.case_id] = stamp, record
            self._recent.move_to_end(record.case_id)
        if len(self._recent) > MOST_RECENT:
            self._recent.popitem(last=False)

    async def drop(self, case_id: str) -> bool:
        """The key is destroyed first, with what is left to check; if removing the file fails then, the next start does
        it.
        """
        path = self._path(case_id)
        self._recent.pop(case_id, None)
        aside = sorted((self.folder.path / DAMAGED).glob(f"{path.name}*"))
        kept = await self.ring.kept(case_key(case_id))
        there = [x for x in (path, *aside) if x.exists()]
        if there and (kept is None or "erased" not in kept):
            left = await self.folder.read(lambda: left_of(_entries(path)), self._name(path))
            await self.ring.destroy(case_key(case_id), left)
        with suppress(StoreUnavailable):
            await self.folder.remove(path, *aside)
        return bool(there)

    async def heads(self) -> Mapping[str, Head]:
        return await self.folder.read(self._heads.everything, HEADS)

    async def put_head(self, case_id: str, head: Head) -> None:
        await self.folder.read(lambda: self._heads.put(case_id, head), HEADS)

    async def chains(self) -> Mapping[str, Sequence[Entry] | Sequence[Link] | None]:
        found: dict[str, Sequence[Entry] | Sequence[Link] | None] = dict(erased_chains(await self.ring.everything()))
        cases = await self.folder.read(lambda: sorted((self.folder.path / CASES).glob("*.json")), f"{CASES}/")
        for path in cases:  # one at a time, so that others are read in between
            if not self._is_erased(path):
                found[path.stem] = await self.folder.read(lambda path=path: _entries(path), self._name(path))  # type: ignore[misc]
        return found

    async def health(self) -> Health:
        return await self.folder.health()


def _entries(path: Path) -> tuple[Entry, ...] | None:
    """The events of a case's file, as they are kept; None where it cannot be read. Raises OSError."""
    try:
        data = read_document(path, "case")
        return None if data is None else r.outside(data).events
    except (Damaged, CodecError, ValueError):
        return None


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

    def __init__(self, ring: TinyKeys) -> None:
        self.folder = ring.folder
        super().__init__(TinyShelf(ring))


# -- drafts ----------------------------------------------------------------------------------------------------------


class TinyDrafts(MemoryDrafts):
    """A file a person, gone with the last draft. Read once after the folder is opened; then memory follows the disk."""

    def __init__(self, ring: TinyKeys) -> None:
        super().__init__()
        self.folder = ring.folder
        self.ring = ring
        self._loaded = 0

    async def _load(self) -> None:
        if self._loaded == self.folder.run and self.folder.is_open:
            return
        await self.ring.load()
        found, in_the_clear = await self.folder.read(self._everything, f"{DRAFTS}/")
        for person in in_the_clear:
            await self._save(person, found[person])
        self._drafts, self._loaded = found, self.folder.run

    def _everything(self) -> tuple[dict[str, dict[str, Draft]], list[str]]:
        found: dict[str, dict[str, Draft]] = {}
        in_the_clear = []
        for path in sorted((self.folder.path / DRAFTS).glob("*.json")):
            try:
                if self._is_erased(path.stem):
                    remove_file(path)
                    continue
                tables, was_clear = open_tables(path, self.ring.loaded, drafts_key(path.stem))
                drafts = [decode(Draft, dict(x)) for x in tables.get("drafts", ())]
            except Damaged as fault:
                self.folder.set_aside(path, fault)
            except (CodecError, OSError, StoreUnavailable) as fault:
                self.folder.unreadable(f"{DRAFTS}/{path.name}", fault)
            else:
                for draft in drafts:
                    found.setdefault(draft.person, {})[draft.form] = draft
                in_the_clear += [path.stem] if was_clear and path.stem in found else []
        return found, in_the_clear

    def _is_erased(self, person: str) -> bool:
        kept = self.ring.at_hand(drafts_key(person))
        return kept is not None and "erased" in kept

    async def _save(self, person: str, forms: Mapping[str, Draft]) -> None:
        path = self.folder.path / DRAFTS / file_name(person)
        if forms:
            key = await self.ring.made(drafts_key(person), again=True)
            await self.folder.write(path, lambda: sealed_tables(key, drafts_key(person), {"drafts": _encoded(forms)}))
        else:
            await self.folder.remove(path)


# -- people, placements, addresses -----------------------------------------------------------------------------------


class TinyRoster(MemoryRoster):
    """One file. A damaged one stops everything: without it nobody knows whom the ids of the cases mean."""

    def __init__(self, ring: TinyKeys) -> None:
        super().__init__()
        self.folder = ring.folder
        self.ring = ring
        self._loaded = 0

    async def _load(self) -> None:
        if self._loaded == self.folder.run and self.folder.is_open:
            return
        path = self.folder.path / ROSTER
        await self.ring.load()
        (people, listed, former), was_clear = await self.folder.read(
            lambda: read_roster(path, self.ring.loaded), ROSTER
        )
        if was_clear:
            await self._save(people, listed, former)
        self._remember(people, listed, former)
        self._loaded = self.folder.run

    async def _save(
        self, people: Mapping[str, Person], listed: Mapping[str, Placement], former: Mapping[str, Placement]
    ) -> None:
        key = await self.ring.made(seal.ROSTER)
        await self.folder.write(
            self.folder.path / ROSTER,
            lambda: sealed_tables(
                key,
                seal.ROSTER,
                {"people": _encoded(people), "placements": _encoded(listed), "former": _encoded(former)},
            ),
        )


Roll = tuple[dict[str, Person], dict[str, Placement], dict[str, Placement]]
"""People, placements that are listed, and those that no longer are, by id."""


def read_roster(path: Path, key: Callable[[str], Key]) -> tuple[Roll, bool]:
    """As `open_tables`. Raises what that does, and CodecError."""
    tables, was_clear = open_tables(path, key, seal.ROSTER)
    people = [decode(Person, x) for x in tables.get("people", ())]
    listed, former = ([decode(Placement, x) for x in tables.get(name, ())] for name in ("placements", "former"))
    return ({p.id: p for p in people}, {p.id: p for p in listed}, {p.id: p for p in former}), was_clear


class TinyAddresses(MemoryAddresses):
    """One file. A damaged one is set aside: every message that comes in brings its address again."""

    def __init__(self, ring: TinyKeys) -> None:
        super().__init__()
        self.folder = ring.folder
        self.ring = ring
        self._loaded = 0

    async def _load(self) -> None:
        if self._loaded == self.folder.run and self.folder.is_open:
            return
        await self.ring.load()
        addresses, notes, was_clear = await self.folder.read(self._everything, ADDRESSES)
        if was_clear:
            await self._save(addresses, notes)
        self._addresses, self._notes = addresses, notes
        self._loaded = self.folder.run

    def _everything(self) -> tuple[dict[str, Address], dict[str, str], bool]:
        path = self.folder.path / ADDRESSES
        try:
            tables, was_clear = open_tables(path, self.ring.loaded, seal.ADDRESSES)
        except Damaged as fault:
            self.folder.set_aside(path, fault)
            return {}, {}, False
        addresses = {str(x["person"]): decode(Address, x["address"]) for x in tables.get("addresses", ())}
        return addresses, {str(x["key"]): str(x["value"]) for x in tables.get("notes", ())}, was_clear

    async def _save(self, addresses: Mapping[str, Address], notes: Mapping[str, str]) -> None:
        key = await self.ring.made(seal.ADDRESSES)
        await self.folder.write(
            self.folder.path / ADDRESSES,
            lambda: sealed_tables(
                key,
                seal.ADDRESSES,
                {
                    "addresses": [{"person": k, "address": encode(v)} for k, v in addresses.items()],
                    "notes": [{"key": k, "value": v} for k, v in notes.items()],
                },
            ),
        )


def _encoded(things: Mapping[str, Draft] | Mapping[str, Person] | Mapping[str, Placement]) -> list[Json]:
    return [encode(x) for x in things.values()]


# -- a sealed file ---------------------------------------------------------------------------------------------------


def sealed_tables(
    key: Key, name: str, tables: Mapping[str, Sequence[Json]]
) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """The one table of a file: all of *tables*, sealed with the key of that *name*, and how many entries each has."""
    return {"sealed": [{"tables": key.seal_json(tables, name), "entries": {k: len(v) for k, v in tables.items()}}]}


def open_tables(path: Path, key: Callable[[str], Key], name: str) -> tuple[Mapping[str, Sequence[Json]], bool]:
    """The tables of a file, none where there is no file; and whether they stand there in the clear, as earlier versions
    of Pathway wrote them. *key* is asked for that of the *name*. Raises Damaged, OSError, Unreadable, what *key* does.
    """
    tables = AtomicJSONStorage(path).read()
    if tables is None:
        return {}, False
    if "sealed" not in tables:
        return {table: list(documents.values()) for table, documents in tables.items()}, True
    found: Mapping[str, Sequence[Json]] = key(name).open_json(tables["sealed"]["1"]["tables"], name)
    return found, False
