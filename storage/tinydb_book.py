"""Everything in one folder, as small TinyDB files that are replaced whole.

    LOCK            held while a Pathway runs here
    cases/          one file a case: events, what is to be sent, what became of it
    post.json       messages that belong to no case, until they are sent
    drafts/         one file a person who has half-filled forms
    roster.json     people and placements
    addresses.json  where people are reached in Teams, and small notes
    *.json.last     beside each of these, its last good copy (see `storage.atomic.Copy`)
    keys/           the keyring: one file a key, wrapped with the main key, which stands elsewhere
    heads.log       the newest link of each case's chain
    damaged/        files that could not be read at a start, each with a note of what became of it

What is found damaged at a start is put back from its copy, and what that may have lost is said until somebody has
looked (`storage.losses`). Of forms and of messages that belong to no case the copy is always of what the file holds
now, because nothing of what is gone from it may stay.

A file a case makes a durable write cost about a millisecond however many cases there are; erasing a case is destroying
its key and removing its file. What files say is sealed (`storage.seal`); in the clear stand ids, numbers and counts.
Files of earlier versions are in the clear, and sealed when the folder is opened. See `docs/adr/` for what was measured.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pathway.address import Address
from pathway.people import Person, Placement
from pathway.ports import Draft, Health, StoreUnavailable
from storage import chain, seal
from storage import record as r
from storage.atomic import LAST, Copy, Damaged, copy_of, read_tables, remove_file
from storage.book import RecordBook
from storage.chain import Chain, Head, erased_chains, head_of, left_of
from storage.codec import CodecError, Json, decode, encode
from storage.folder import CASES, DRAFTS, KEYS, Tables
from storage.heads import HEADS, Heads
from storage.index import Entry, entry_of, read_entry
from storage.losses import Loss
from storage.memory import MemoryAddresses, MemoryDrafts, MemoryRoster
from storage.record import Record
from storage.seal import AUDIT, Key, case_key, drafts_key
from storage.tinydb_keys import TinyKeys, check_outside, key_file

log = logging.getLogger(__name__)

#: So many cases that were read or written last need not be read again while their file is the same.
MOST_RECENT = 64
#: Seconds until heads are synced that were written beside a turn.
SYNC_HEADS = 1.0
#: Seconds after a start until the copies of files that are well are looked at.
LOOK_AFTER = 2.0
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
ROSTER, ADDRESSES, POST = "roster.json", "addresses.json", "post.json"


def file_name(opaque_id: str) -> str:
    """Raises ValueError for an id that is no safe name of a file."""
    if not _ID.fullmatch(opaque_id):
        raise ValueError("an id is made of letters, figures, - and _")
    return f"{opaque_id}.json"


# -- cases -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Found:
    """What a start keeps of a case's file: its entry, its newest link but for the messages without a case, and whether
    the head that was read before lags behind it. *clear* is of an earlier version, to be sealed.
    """

    entry: Entry
    lagging: Head | None = None
    clear: r.ClearRecord | None = None


class TinyShelf:
    """A file a case. A file that is damaged when the folder is opened is set aside, told of, and hides no other."""

    def __init__(self, ring: TinyKeys) -> None:
        self.folder = ring.folder
        self.ring = ring
        self._cases = self.folder.path / CASES
        self._recent: OrderedDict[str, tuple[Stamp, Record]] = OrderedDict()
        self._heads = Heads(ring.folder.path / HEADS)
        self._syncing: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None

    async def open(self) -> tuple[int, Sequence[Entry]]:
        """With a wrong main key nothing is changed."""
        await asyncio.to_thread(check_outside, self.folder.path, self.ring.main)
        await self.folder.open()
        try:
            await self.ring.load()
            await self._own_keys()
            self._recent.clear()
            await self.folder.read(self._heads.open, HEADS)
            found = await self.folder.read(self._everything, f"{CASES}/")
            self._looking = asyncio.create_task(self._look_after_copies())
            return self.folder.run, [await self._kept(x) for x in found]
        except StoreUnavailable:
            await self.close()
            raise

    async def _own_keys(self) -> None:
        there = await self.ring.kept(AUDIT)
        if there is None and (self.folder.path / HEADS).exists():
            raise StoreUnavailable(f"The keyring is gone: there is no {key_file(AUDIT)}. Put the folder {KEYS}/ back.")
        for name in (seal.ROSTER, seal.ADDRESSES, seal.POST, AUDIT):
            await self.ring.made(name)

    async def _kept(self, found: _Found) -> Entry:
        if found.lagging is not None:
            self._heads.put(found.entry.case_id, found.lagging)
        return found.entry if found.clear is None else entry_of(await self._sealed(found.clear))

    async def close(self) -> None:
        beside = {task for task in (self._syncing, self._looking) if task is not None}
        self._syncing = self._looking = None
        for task in beside:
            task.cancel()
        if beside:
            await asyncio.wait(beside)
        await self.folder.close()
        await asyncio.to_thread(self._close_heads)

    async def _look_after_copies(self) -> None:
        await asyncio.sleep(LOOK_AFTER)
        with suppress(StoreUnavailable):
            await self.folder.look_after_copies()

    def _close_heads(self) -> None:
        try:
            self._heads.close()
        except OSError as fault:
            _no_heads(fault)

    def _everything(self) -> list[_Found]:
        paths = [self._path(r.NO_CASE), *_files(self._cases)]
        found = [self._readable(path) for path in paths]
        return [entry for entry in found if entry is not None]

    def _readable(self, path: Path) -> _Found | None:
        """None for a file that cannot be read: damaged ones of which there is no good copy are set aside; one that a
        later version of Pathway wrote, whose key is not there, or that the disk does not give, stays where it is.
        """
        now = datetime.now(UTC)

        def mend(found: _Found) -> tuple[_Found, Tables]:
            if found.clear is not None:
                clear = replace(found.clear, letters=r.perhaps(found.clear.unsealed(), now).letters)
                return replace(found, clear=clear), {"case": [encode(clear)]}
            good = self._read(copy_of(path))
            if good is None:
                raise Damaged(f"the copy of {path.name} has gone")
            marked = r.perhaps(good, now)
            return self._found(marked), {"case": [r.write(marked, self.ring.loaded(case_key(marked.case_id)))]}

        try:
            if self._is_erased(path):  # and the process that did was killed before it came so far
                remove_file(copy_of(path), path)
                return None
            return self.folder.find(path, self._entry, tell=self._told, mend=mend)
        except Damaged as fault:
            self.folder.set_aside(path, fault, Loss(self.folder.name_of(path), restored=False))
        except (CodecError, OSError, StoreUnavailable) as fault:
            self.folder.unreadable(self.folder.name_of(path), fault)
        return None

    def _told(self, loss: Loss, found: _Found) -> Loss:
        """The head of the case's chain, which may lag, says how many events there were at the least."""
        good, head = found.entry, self._heads.get(found.entry.case_id)
        return replace(
            loss,
            reference=good.summary.reference,
            events=good.version,
            known=head.n if head else 0,
            same=good.case_id == r.NO_CASE,
        )

    def _is_erased(self, path: Path) -> bool:
        kept = self.ring.at_hand(case_key(path.stem)) if path.parent.name == CASES else None
        return kept is not None and "erased" in kept

    def _found(self, record: Record) -> _Found:
        return _Found(entry_of(record), self._lagging(record))

    def _entry(self, path: Path) -> _Found | None:
        """Of a copy, too. Raises Damaged, CodecError, OSError, KeyGone, Unreadable."""
        tables = read_tables(path)
        if tables is None:
            return None
        data = tables["case"][0]
        if r.is_clear(data):
            clear = r.read_clear(dict(data))
            self._is_its_own(path, clear.case_id)
            return _Found(entry_of(clear.unsealed()), clear=clear)
        r.check_format(data)
        case_id = str(data.get("case_id"))
        self._is_its_own(path, case_id)
        entry = read_entry(data, self.ring.loaded(case_key(case_id)))
        head = self._heads.get(case_id)
        return _Found(entry, self._lagging(r.outside(data)) if head is not None and head.n < entry.version else None)

    def _lagging(self, record: Record) -> Head | None:
        """The head that is to be, where the one that is kept was written before the newest event."""
        head = self._heads.get(record.case_id)
        lags = head is not None and 0 < head.n < record.version and record.events[head.n - 1].link == head.link
        return head_of(record.events) if lags else None

    def _read(self, path: Path) -> Record | None:
        """As `_entry`, whole."""
        tables = read_tables(path)
        if tables is None:
            return None
        data = tables["case"][0]
        if r.is_clear(data):  # a copy that an earlier version left, or somebody put it back while we run
            clear = r.read_clear(dict(data))
            self._is_its_own(path, clear.case_id)
            return clear.sealed(self.ring.loaded(case_key(clear.case_id)), self.ring.loaded(AUDIT))
        outside = r.outside(data)
        self._is_its_own(path, outside.case_id)
        return r.read(dict(data), self.ring.loaded(case_key(outside.case_id)))

    def _is_its_own(self, path: Path, case_id: str) -> None:
        if path.name.removesuffix(LAST) != (file_name(case_id) if case_id != r.NO_CASE else POST):
            raise Damaged(f"{path.name} holds the record of another case")

    async def _sealed(self, found: r.ClearRecord) -> Record:
        """Of an earlier version of Pathway: the file, and its copy with it."""
        record = found.sealed(await self.ring.made(case_key(found.case_id), later=True), await self.ring.key(AUDIT))
        await self._put(record, Copy.SAME)
        return record

    def _path(self, case_id: str) -> Path:
        if case_id == r.NO_CASE:
            return self.folder.path / POST
        return self._cases / file_name(case_id)

    async def get(self, case_id: str) -> Record | None:
        path = self._path(case_id)
        stamp, known = self._recent.get(case_id, (None, None))
        if known is not None and self.folder.is_open and stamp == _stamp(path):
            return known
        await self.ring.load()
        record = await self.folder.read(lambda: self._read(path), self.folder.name_of(path))
        if record is not None:
            self._remember(path, record)
        return record

    async def put(self, record: Record) -> None:
        await self._put(record, Copy.SAME if record.case_id == r.NO_CASE else Copy.EARLIER)

    async def _put(self, record: Record, copy: Copy) -> None:
        path = self._path(record.case_id)
        name = case_key(record.case_id)
        key = await self.ring.made(name, later=True)

        def tables() -> Tables:
            self.ring.settle(name)
            return {"case": [r.write(record, key)]}

        self._recent.pop(record.case_id, None)
        if copy is Copy.EARLIER and self.ring.is_new(name):
            copy = Copy.LATER
        await self.folder.write(path, tables, copy, then=lambda: self._note_head(record))
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
            _no_heads(fault)

    async def _sync_heads(self) -> None:
        await asyncio.sleep(SYNC_HEADS)
        try:
            await asyncio.to_thread(self._heads.sync)
        except OSError as fault:
            _no_heads(fault)

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
        kept = await self.ring.kept(case_key(case_id))
        there = kept is not None and "wrapped" in kept
        if there:
            left = await self.folder.read(lambda: left_of(_entries(path)), self.folder.name_of(path))
            await self.ring.destroy(case_key(case_id), left)
        with suppress(StoreUnavailable):
            there = await self.folder.remove(path) or there
        return there

    async def heads(self) -> Mapping[str, Head]:
        return await self.folder.read(self._heads.everything, HEADS)

    async def put_head(self, case_id: str, head: Head) -> None:
        await self.folder.read(lambda: self._heads.put(case_id, head), HEADS)

    async def chains(self) -> Mapping[str, Chain | None]:
        found: dict[str, Chain | None] = dict(erased_chains(await self.ring.everything()))
        paths = await self.folder.read(lambda: sorted(self._cases.glob("*.json")), f"{CASES}/")
        for path in paths:  # one at a time, so that others are read in between
            if not self._is_erased(path):
                name = self.folder.name_of(path)
                found[path.stem] = await self.folder.read(lambda path=path: _entries(path), name)  # type: ignore[misc]
        return found

    async def health(self) -> Health:
        return await self.folder.health()


def _no_heads(fault: OSError) -> None:
    log.error("the heads of the chains could not be written", extra={"reason": type(fault).__name__})


def _entries(path: Path) -> Sequence[chain.Entry] | None:
    """The events of a case's file, as they are kept; None where it cannot be read. Raises OSError."""
    try:
        tables = read_tables(path)
        return None if tables is None else r.outside(tables["case"][0]).events
    except (Damaged, CodecError, ValueError, KeyError, IndexError):
        return None


def _files(place: Path) -> list[Path]:
    """Those of a folder, and those of which only the copy is left."""
    names = {entry.name.removesuffix(LAST) for entry in os.scandir(place)}
    return [place / name for name in sorted(names) if name.endswith(".json") and not name.startswith(".")]


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

    def _is_loaded(self) -> bool:
        return self._loaded == self.folder.run and self.folder.is_open

    async def _load(self) -> None:
        if self._is_loaded():
            return
        await self.ring.load()
        found, in_the_clear = await self.folder.read(self._everything, f"{DRAFTS}/")
        for person in in_the_clear:
            await self._write(person, found[person])
        self._drafts, self._loaded = found, self.folder.run

    def _everything(self) -> tuple[dict[str, dict[str, Draft]], list[str]]:
        found: dict[str, dict[str, Draft]] = {}
        in_the_clear = []
        for path in _files(self.folder.path / DRAFTS):
            try:
                if self._is_erased(path.stem):
                    remove_file(copy_of(path), path)
                    continue
                kept = self.folder.find(path, self._drafts_in, tell=lambda loss, _: replace(loss, same=True))
            except Damaged as fault:
                self.folder.set_aside(path, fault, Loss(self.folder.name_of(path), restored=False))
            except (CodecError, OSError, StoreUnavailable) as fault:
                self.folder.unreadable(self.folder.name_of(path), fault)
            else:
                drafts, was_clear = kept or ((), False)
                for draft in drafts:
                    found.setdefault(draft.person, {})[draft.form] = draft
                in_the_clear += [path.stem] if was_clear and path.stem in found else []
        return found, in_the_clear

    def _drafts_in(self, path: Path) -> tuple[Sequence[Draft], bool] | None:
        opened = open_tables(path, self.ring.loaded, drafts_key(path.name.removesuffix(LAST).removesuffix(".json")))
        return opened and ([decode(Draft, dict(x)) for x in opened[0].get("drafts", ())], opened[1])

    def _is_erased(self, person: str) -> bool:
        kept = self.ring.at_hand(drafts_key(person))
        return kept is not None and "erased" in kept

    async def _save(self, person: str, forms: Mapping[str, Draft]) -> None:
        path = self.folder.path / DRAFTS / file_name(person)
        if not forms:
            await self.folder.remove_soon(path)
            return
        await self._write(person, forms, forget=bool(self._drafts.get(person, {}).keys() - forms.keys()))

    async def _write(self, person: str, forms: Mapping[str, Draft], *, forget: bool = False) -> None:
        name = drafts_key(person)
        key = await self.ring.made(name, again=True, later=True)

        def tables() -> Tables:
            self.ring.settle(name)
            return sealed_tables(key, name, {"drafts": _encoded(forms)})

        await self.folder.write(self.folder.path / DRAFTS / file_name(person), tables, Copy.SAME, forget=forget)


# -- people, placements, addresses -----------------------------------------------------------------------------------


class TinyRoster(MemoryRoster):
    """One file. Without a good copy of a damaged one nothing starts: nobody knows whom the ids of the cases mean."""

    def __init__(self, ring: TinyKeys) -> None:
        super().__init__()
        self.folder = ring.folder
        self.ring = ring
        self._loaded = 0

    def _is_loaded(self) -> bool:
        return self._loaded == self.folder.run and self.folder.is_open

    async def _load(self) -> None:
        if self._is_loaded():
            return
        path = self.folder.path / ROSTER
        await self.ring.load()
        found = await self.folder.read(
            lambda: self.folder.find(path, lambda path: read_roster(path, self.ring.loaded)), ROSTER
        )
        roll, was_clear = found or (({}, {}, {}), False)
        if was_clear:
            await self._write(*roll, Copy.SAME)
        self._remember(*roll)
        self._loaded = self.folder.run

    async def _save(
        self, people: Mapping[str, Person], listed: Mapping[str, Placement], former: Mapping[str, Placement]
    ) -> None:
        await self._write(people, listed, former, Copy.EARLIER)

    async def _write(
        self,
        people: Mapping[str, Person],
        listed: Mapping[str, Placement],
        former: Mapping[str, Placement],
        copy: Copy,
    ) -> None:
        key = await self.ring.made(seal.ROSTER)
        await self.folder.write(
            self.folder.path / ROSTER,
            lambda: sealed_tables(
                key,
                seal.ROSTER,
                {"people": _encoded(people), "placements": _encoded(listed), "former": _encoded(former)},
            ),
            copy,
        )


Roll = tuple[dict[str, Person], dict[str, Placement], dict[str, Placement]]
"""People, placements that are listed, and those that no longer are, by id."""


def read_roster(path: Path, key: Callable[[str], Key]) -> tuple[Roll, bool] | None:
    """As `open_tables`. Raises what that does, and CodecError."""
    opened = open_tables(path, key, seal.ROSTER)
    if opened is None:
        return None
    tables, was_clear = opened
    people = [decode(Person, x) for x in tables.get("people", ())]
    listed, former = ([decode(Placement, x) for x in tables.get(name, ())] for name in ("placements", "former"))
    return ({p.id: p for p in people}, {p.id: p for p in listed}, {p.id: p for p in former}), was_clear


class TinyAddresses(MemoryAddresses):
    """One file. Without a good copy a damaged one is set aside: every message that comes in brings its address."""

    def __init__(self, ring: TinyKeys) -> None:
        super().__init__()
        self.folder = ring.folder
        self.ring = ring
        self._loaded = 0

    def _is_loaded(self) -> bool:
        return self._loaded == self.folder.run and self.folder.is_open

    async def _load(self) -> None:
        if self._is_loaded():
            return
        await self.ring.load()
        addresses, notes, was_clear = await self.folder.read(self._everything, ADDRESSES)
        if was_clear:
            await self._write(addresses, notes, Copy.SAME)
        self._addresses, self._notes = addresses, notes
        self._loaded = self.folder.run

    def _everything(self) -> tuple[dict[str, Address], dict[str, str], bool]:
        path = self.folder.path / ADDRESSES
        try:
            found = self.folder.find(path, self._addresses_in)
        except Damaged as fault:
            self.folder.set_aside(path, fault, Loss(ADDRESSES, restored=False))
            found = None
        return found or ({}, {}, False)

    def _addresses_in(self, path: Path) -> tuple[dict[str, Address], dict[str, str], bool] | None:
        opened = open_tables(path, self.ring.loaded, seal.ADDRESSES)
        if opened is None:
            return None
        tables, was_clear = opened
        addresses = {str(x["person"]): decode(Address, x["address"]) for x in tables.get("addresses", ())}
        return addresses, {str(x["key"]): str(x["value"]) for x in tables.get("notes", ())}, was_clear

    async def _save(self, addresses: Mapping[str, Address], notes: Mapping[str, str]) -> None:
        await self._write(addresses, notes, Copy.EARLIER)

    async def _write(self, addresses: Mapping[str, Address], notes: Mapping[str, str], copy: Copy) -> None:
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
            copy,
        )


def _encoded(things: Mapping[str, Draft] | Mapping[str, Person] | Mapping[str, Placement]) -> list[Json]:
    return [encode(x) for x in things.values()]


# -- a sealed file ---------------------------------------------------------------------------------------------------


def sealed_tables(key: Key, name: str, tables: Mapping[str, Sequence[Json]]) -> dict[str, list[dict[str, Any]]]:
    """The one table of a file: all of *tables*, sealed with the key of that *name*, and how many entries each has."""
    return {"sealed": [{"tables": key.seal_json(tables, name), "entries": {k: len(v) for k, v in tables.items()}}]}


def open_tables(path: Path, key: Callable[[str], Key], name: str) -> tuple[Mapping[str, Sequence[Json]], bool] | None:
    """The tables of a file, None where there is no file; and whether they stand there in the clear, as earlier versions
    of Pathway wrote them. *key* is asked for that of the *name*. Raises Damaged, OSError, Unreadable, what *key* does.
    """
    tables = read_tables(path)
    if tables is None:
        return None
    if "sealed" not in tables:
        return tables, True
    found: Mapping[str, Sequence[Json]] = key(name).open_json(tables["sealed"][0]["tables"], name)
    return found, False
