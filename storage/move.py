"""Everything from one store to another, and back: cases with what is still to be sent, people, forms, addresses.

Nobody else may have either open. The source is only read; the target is empty before, and compared with it afterwards.
Events go over sealed as they are, with their keys, their chain and its head; each store wraps keys with a main key of
its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol, cast

from pathway.address import Address
from pathway.people import Person, Placement
from pathway.ports import Draft, Read
from storage import Stores
from storage import record as r
from storage.acts import HEAD
from storage.book import SealedBook
from storage.chain import erased_chains
from storage.codec import Json
from storage.record import Record

_FOR_EVER = datetime.max.replace(tzinfo=UTC)


class NotMoved(Exception):
    """Why nothing was moved, or what of it cannot be relied on; a sentence."""


@dataclass(frozen=True, slots=True)
class Moved:
    cases: int
    people: int
    placements: int
    drafts: int
    addresses: int
    notes: int


class _Roster(Protocol):
    async def everything(self) -> tuple[Sequence[Person], Sequence[Placement], Sequence[Placement]]: ...
    async def restore(
        self, people: Sequence[Person], listed: Sequence[Placement], former: Sequence[Placement]
    ) -> None: ...


class _Addresses(Protocol):
    async def everything(self) -> tuple[Mapping[str, Address], Mapping[str, str]]: ...


async def move(source: Stores, target: Stores) -> Moved:
    """Both are open, for us alone. Raises NotMoved; StoreUnavailable, after which the target is to be emptied."""
    health = await source.book.health()
    if not health.ok:
        raise NotMoved(f"Nothing was moved. The store to move from is not well. {health.sentence}")
    if not await _is_empty(target):
        raise NotMoved("Nothing was moved. There is something already where it is to go: name an empty place.")
    await target.book.ring.adopt(source.book.ring)
    async for record in source.book.records():
        await target.book.restore(record)
    for case_id, head in (await source.book.heads()).items():
        await target.book.restore_head(case_id, head)
    for draft in await _drafts(source):
        await target.drafts.keep(draft)
    await cast("_Roster", target.roster).restore(*await cast("_Roster", source.roster).everything())
    addresses, notes = await cast("_Addresses", source.addresses).everything()
    for person, address in addresses.items():
        await target.addresses.keep_address(person, address)
    for key, value in notes.items():
        await target.addresses.keep_note(key, value)
    await target.reads.restore(await _reads(source))
    await target.acts.restore(await source.acts.entries())
    return await compare(source, target)


async def compare(one: Stores, other: Stores) -> Moved:
    """How much there is in both. Raises NotMoved where they differ."""
    cases = await _compared(one.book, other.book)
    chains = [
        (await book.heads(), erased_chains(await book.ring.everything()), await book.verify())
        for book in (one.book, other.book)
    ]
    people, listed, former = await cast("_Roster", one.roster).everything()
    addresses, notes = await cast("_Addresses", one.addresses).everything()
    drafts = await _drafts(one)
    for what, same in (
        ("people and placements", (people, listed, former) == await cast("_Roster", other.roster).everything()),
        ("half-filled forms", drafts == await _drafts(other)),
        ("chains of the cases", chains[0] == chains[1]),
        ("entries of the administrators' log", await one.acts.entries() == await other.acts.entries()),
        ("addresses and notes", (addresses, notes) == await cast("_Addresses", other.addresses).everything()),
        ("notes of who read what", await _reads(one) == await _reads(other)),
    ):
        if not same:
            raise NotMoved(f"The {what} are not the same in both stores. Keep to the old one.")
    noted = len(notes) - (HEAD in notes)  # that is of the administrators' log, and nobody's
    return Moved(cases, len(people), len(listed) + len(former), len(drafts), len(addresses), noted)


async def _compared(one: SealedBook, other: SealedBook) -> int:
    others = other.records()
    cases = 0
    async for record in one.records():
        match = await anext(others, None)
        if match is None or _alike(record) != _alike(match):
            raise NotMoved(f"The case {record.case_id} is not the same in both stores. Keep to the old one.")
        cases += record.case_id != r.NO_CASE
    if await anext(others, None) is not None:
        raise NotMoved("There is a case that the old store does not have. Keep to the old one.")
    return cases


def _alike(record: Record) -> Json:
    """Which card of a person was shown first is no part of a case."""
    written = dict(r.clear(record))
    return {**written, "shown": sorted(written["shown"], key=lambda x: (x["person"], x["kind"]))}


async def _drafts(stores: Stores) -> list[Draft]:
    found = await stores.drafts.drafts_before(_FOR_EVER)
    return sorted(found, key=lambda draft: (draft.person, draft.form))


async def _reads(stores: Stores) -> list[Read]:
    found = [read async for read in stores.reads.everything()]
    return sorted(found, key=lambda read: (read.case_id, read.at, read.person, read.saw))


async def _is_empty(stores: Stores) -> bool:
    async for _ in stores.book.records():
        return False
    if await stores.book.heads():
        return False
    people, listed, former = await cast("_Roster", stores.roster).everything()
    addresses, notes = await cast("_Addresses", stores.addresses).everything()
    kept = await stores.acts.entries()
    return not (people or listed or former or addresses or notes or kept or await _drafts(stores))
