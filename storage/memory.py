"""Stores that forget everything when the process ends: for tests, and for looking at Pathway without a trace.

They keep the same records by the same rules as the durable ones, which build on the classes here and add a file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain
from types import MappingProxyType
from typing import Self, TypeVar

from pathway.address import Address
from pathway.people import Person, Placement
from pathway.ports import Draft, Health, RosterFault
from storage.book import RecordBook
from storage.chain import Chain, Head, erased_chains, head_of, left_of
from storage.index import Entry, entry_of
from storage.locks import Unbroken
from storage.record import NO_CASE, Record
from storage.seal import MemoryKeys, case_key

T = TypeVar("T")


class MemoryShelf:
    """Outlives the book: a book that is closed and opened again finds everything. Events are sealed and chained here,
    too, so that one contract holds for all stores; the main key is gone with the process.
    """

    def __init__(self, ring: MemoryKeys | None = None) -> None:
        self.ring = ring or MemoryKeys()
        self._records: dict[str, Record] = {}
        self._heads: dict[str, Head] = {}
        self._run = 0

    async def open(self) -> tuple[int, Sequence[Entry]]:
        self._run += 1
        return self._run, tuple(entry_of(record) for record in self._records.values())

    async def close(self) -> None:
        """Nothing is open."""

    async def get(self, case_id: str) -> Record | None:
        return self._records.get(case_id)

    async def put(self, record: Record) -> None:
        self._records[record.case_id] = record
        if head := head_of(record.events):
            self._heads[record.case_id] = head

    async def drop(self, case_id: str) -> bool:
        record = self._records.get(case_id)
        if record is None:
            return False
        await self.ring.destroy(case_key(case_id), left_of(record.events))
        del self._records[case_id]
        return True

    async def heads(self) -> Mapping[str, Head]:
        return dict(self._heads)

    async def put_head(self, case_id: str, head: Head) -> None:
        self._heads[case_id] = head

    async def chains(self) -> Mapping[str, Chain | None]:
        found: dict[str, Chain | None] = dict(erased_chains(await self.ring.everything()))
        return found | {case_id: x.events for case_id, x in self._records.items() if case_id != NO_CASE}

    async def health(self) -> Health:
        return Health(ok=True, sentence="The store is kept in memory, and gone when Pathway stops.")


class MemoryCaseBook(RecordBook):
    def __init__(self, ring: MemoryKeys | None = None) -> None:
        super().__init__(MemoryShelf(ring))


class _Kept:
    """One change at a time, made whole or not at all, even when whoever asked for it goes away."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._unbroken = Unbroken()

    def _turn(self) -> Self:
        return self

    async def __aenter__(self) -> None:
        await self._lock.acquire()
        try:
            await self._load()
        except BaseException:
            self._lock.release()
            raise

    async def __aexit__(self, *_fault: object) -> None:
        self._lock.release()

    async def _load(self) -> None:
        """Makes sure that the memory holds what is kept."""

    def _is_loaded(self) -> bool:
        """Whether `_load` would find nothing to do."""
        return True

    async def _ready(self) -> None:
        """Before something is looked up. A change that is under way is not waited for: until it is durable, what was
        before it counts.
        """
        if not self._is_loaded():
            async with self._turn():
                pass


class MemoryDrafts(_Kept):
    def __init__(self) -> None:
        super().__init__()
        self._drafts: dict[str, dict[str, Draft]] = {}

    async def _save(self, person: str, forms: Mapping[str, Draft]) -> None:
        """Called before the memory changes; *forms* is all that *person* has left, empty for nothing."""

    async def keep(self, draft: Draft) -> None:
        """Takes the place of an earlier draft of the same person and form. Raises StoreUnavailable."""
        await self._unbroken.run(self._keep(_copy(draft)))

    async def _keep(self, draft: Draft) -> None:
        async with self._turn():
            await self._put(draft.person, {**self._drafts.get(draft.person, {}), draft.form: draft})

    async def drop(self, person: str, form: str) -> None:
        await self._unbroken.run(self._drop(person, form))

    async def _drop(self, person: str, form: str) -> None:
        async with self._turn():
            forms = self._drafts.get(person, {})
            if form in forms:
                await self._put(person, {k: v for k, v in forms.items() if k != form})

    async def _put(self, person: str, forms: dict[str, Draft]) -> None:
        await self._save(person, forms)
        if forms:
            self._drafts[person] = forms
        else:
            self._drafts.pop(person, None)

    async def draft(self, person: str, form: str) -> Draft | None:
        await self._ready()
        found = self._drafts.get(person, {}).get(form)
        return _copy(found) if found else None

    async def drafts_of(self, person: str) -> Sequence[Draft]:
        """The newest first."""
        await self._ready()
        found = self._drafts.get(person, {}).values()
        return [_copy(x) for x in sorted(found, key=_saved_at, reverse=True)]

    async def drafts_before(self, moment: datetime) -> Sequence[Draft]:
        await self._ready()
        everything = chain.from_iterable(x.values() for x in self._drafts.values())
        return [_copy(x) for x in sorted(everything, key=_saved_at) if x.saved_at < moment]


def _saved_at(draft: Draft) -> datetime:
    return draft.saved_at


def _copy(draft: Draft) -> Draft:
    return replace(draft, values=dict(draft.values))


class MemoryRoster(_Kept):
    """Placements that the roster lists no longer are found by their id, because cases name them, and listed nowhere."""

    def __init__(self) -> None:
        super().__init__()
        self._people: Mapping[str, Person] = MappingProxyType({})
        self._by_email: dict[str, Person] = {}
        self._by_object_id: dict[str, Person] = {}
        self._listed: dict[str, Placement] = {}
        self._former: dict[str, Placement] = {}
        self._of_person: dict[str, list[Placement]] = {}

    async def _save(
        self, people: Mapping[str, Person], listed: Mapping[str, Placement], former: Mapping[str, Placement]
    ) -> None:
        """Called before the memory changes."""

    async def load(self, people: Sequence[Person], placements: Sequence[Placement]) -> None:
        """See `Roster.load`. What was learnt about a known person at their first contact (`object_id`, `reach`) stays
        where *people* does not say it, and whether they are out of reach stays whatever it says. Raises RosterFault,
        StoreUnavailable; then nothing has changed.
        """
        await self._unbroken.run(self._replace_all(tuple(people), tuple(placements)))

    async def _replace_all(self, people: Sequence[Person], placements: Sequence[Placement]) -> None:
        async with self._turn():
            known = {**self._people, **{p.id: self._with_contact(p) for p in people}}
            _no_two_alike([p.email.casefold() for p in known.values()], "e-mail address")
            _no_two_alike([p.id for p in placements], "placement_id")
            listed = {p.id: p for p in placements}
            former = {k: v for k, v in {**self._former, **self._listed}.items() if k not in listed}
            await self._put(known, listed, former)

    def _with_contact(self, person: Person) -> Person:
        before = self._people.get(person.id)
        if before is None:
            return person
        kept = replace(person, out_of_reach=before.out_of_reach)
        return kept if person.object_id else replace(kept, object_id=before.object_id, reach=before.reach)

    async def keep_person(self, person: Person) -> None:
        """Raises StoreUnavailable."""
        await self._unbroken.run(self._keep_person(person))

    async def _keep_person(self, person: Person) -> None:
        async with self._turn():
            if self._people.get(person.id) != person:
                await self._put({**self._people, person.id: person}, self._listed, self._former)

    async def forget_person(self, person_id: str) -> bool:
        """Raises StoreUnavailable."""
        return await self._unbroken.run(self._forget_person(person_id))

    async def _forget_person(self, person_id: str) -> bool:
        async with self._turn():
            there = person_id in self._people
            if there:
                left = {k: v for k, v in self._people.items() if k != person_id}
                await self._put(left, self._listed, self._former)
            return there

    async def _put(self, people: dict[str, Person], listed: dict[str, Placement], former: dict[str, Placement]) -> None:
        await self._save(people, listed, former)
        self._remember(people, listed, former)

    def _remember(self, people: dict[str, Person], listed: dict[str, Placement], former: dict[str, Placement]) -> None:
        """People are looked up at every turn, so they are indexed here, where they change."""
        if listed is not self._listed:
            self._of_person = {}
            for placement in listed.values():
                for person in placement.people:
                    self._of_person.setdefault(person, []).append(placement)
        self._people, self._listed, self._former = MappingProxyType(people), listed, former
        self._by_email = {p.email.casefold(): p for p in people.values()}
        self._by_object_id = {p.object_id.casefold(): p for p in people.values() if p.object_id}

    async def everything(self) -> tuple[Sequence[Person], Sequence[Placement], Sequence[Placement]]:
        """All people, the placements that are listed now, and those that no longer are."""
        await self._ready()
        return tuple(self._people.values()), tuple(self._listed.values()), tuple(self._former.values())

    async def restore(self, people: Sequence[Person], listed: Sequence[Placement], former: Sequence[Placement]) -> None:
        """What `everything` gave elsewhere, in the place of what is here. Raises RosterFault, StoreUnavailable."""
        await self._unbroken.run(self._restore(people, listed, former))

    async def _restore(
        self, people: Sequence[Person], listed: Sequence[Placement], former: Sequence[Placement]
    ) -> None:
        async with self._turn():
            await self._put({p.id: p for p in people}, {p.id: p for p in listed}, {p.id: p for p in former})

    async def person(self, person_id: str) -> Person | None:
        await self._ready()
        return self._people.get(person_id)

    async def people(self) -> Mapping[str, Person]:
        """Everybody there ever was, by id, as a view that cannot be written through."""
        await self._ready()
        return self._people

    async def by_object_id(self, object_id: str) -> Person | None:
        """Compared without case, as the directory does; nobody for ""."""
        await self._ready()
        return self._by_object_id.get(object_id.casefold())

    async def by_email(self, email: str) -> Person | None:
        await self._ready()
        return self._by_email.get(email.strip().casefold())

    async def placement(self, placement_id: str) -> Placement | None:
        await self._ready()
        return self._listed.get(placement_id) or self._former.get(placement_id)

    async def placements(self) -> Sequence[Placement]:
        """Those the roster lists now, in its order."""
        await self._ready()
        return tuple(self._listed.values())

    async def placements_of(self, person_id: str) -> Sequence[Placement]:
        await self._ready()
        return tuple(self._of_person.get(person_id, ()))


def _no_two_alike(values: Sequence[str], what: str) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise RosterFault(f'Two entries of the roster have the {what} "{value}".')
        seen.add(value)


class MemoryAddresses(_Kept):
    def __init__(self) -> None:
        super().__init__()
        self._addresses: dict[str, Address] = {}
        self._notes: dict[str, str] = {}

    async def _save(self, addresses: Mapping[str, Address], notes: Mapping[str, str]) -> None:
        """Called before the memory changes."""

    async def keep_address(self, person: str, address: Address) -> None:
        """Costs nothing where it is known already. Raises StoreUnavailable."""
        if self._is_loaded() and self._addresses.get(person) == address:
            return
        await self._unbroken.run(self._set_address(person, address))

    async def drop_address(self, person: str) -> None:
        await self._unbroken.run(self._set_address(person, None))

    async def _set_address(self, person: str, address: Address | None) -> None:
        async with self._turn():
            if self._addresses.get(person) != address:
                await self._put(_with(self._addresses, person, address), self._notes)

    async def keep_note(self, key: str, value: str) -> None:
        """An empty value forgets it. Raises StoreUnavailable."""
        await self._unbroken.run(self._set_note(key, value or None))

    async def _set_note(self, key: str, value: str | None) -> None:
        async with self._turn():
            if self._notes.get(key) != value:
                await self._put(self._addresses, _with(self._notes, key, value))

    async def keep_first_note(self, key: str, value: str) -> str:
        """See `Addresses.keep_first_note`. Raises StoreUnavailable."""
        return await self._unbroken.run(self._set_first_note(key, value))

    async def _set_first_note(self, key: str, value: str) -> str:
        async with self._turn():
            if key not in self._notes:
                await self._put(self._addresses, _with(self._notes, key, value))
            return self._notes[key]

    async def _put(self, addresses: dict[str, Address], notes: dict[str, str]) -> None:
        await self._save(addresses, notes)
        self._addresses, self._notes = addresses, notes

    async def everything(self) -> tuple[Mapping[str, Address], Mapping[str, str]]:
        """All addresses by person, and all notes by key."""
        await self._ready()
        return dict(self._addresses), dict(self._notes)

    async def address(self, person: str) -> Address | None:
        await self._ready()
        return self._addresses.get(person)

    async def note(self, key: str) -> str:
        await self._ready()
        return self._notes.get(key, "")


def _with(table: Mapping[str, T], key: str, value: T | None) -> dict[str, T]:
    others = {k: v for k, v in table.items() if k != key}
    return others if value is None else {**others, key: value}
