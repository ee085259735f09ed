"""The book of cases, over a shelf of records: the one place for locks, leases, look-ups and nonces.

Every change takes the lock of its case (and of its nonce and placement, where it records something), reads the record,
decides on the next one, has the shelf keep it, and only then lets the memory follow. When the shelf fails, nothing
has changed.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from pathway.events import Event
from pathway.ports import (
    AlreadyOpen,
    CaseBook,
    Claim,
    Commit,
    Committed,
    Health,
    OutboxItem,
    Queue,
    Shown,
    StoreUnavailable,
    VersionConflict,
)
from storage import chain
from storage import record as r
from storage.chain import Broken, Chain, Head
from storage.index import Entry, Index, Task, outbox_id
from storage.locks import Locks, Unbroken
from storage.record import Record, Work
from storage.seal import AUDIT, Key, KeyGone, Keyring, case_key

#: A store's fences begin anew above all those of its earlier runs, so that none has to be written at a claim.
FENCES_A_RUN = 1 << 32
#: Of so many cases that were read last, what was opened of their events is kept.
MOST_OPENED = 64
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Shelf(Protocol):
    """Where records are kept, each as a whole, sealed with the keys of its ring. Raises StoreUnavailable when it
    cannot; then the record is as it was.
    """

    @property
    def ring(self) -> Keyring: ...

    async def open(self) -> tuple[int, Iterable[Entry]]:
        """The number of this run (greater than that of any earlier one), and everything there is, without its bulk."""

    async def close(self) -> None: ...
    async def get(self, case_id: str) -> Record | None: ...
    async def put(self, record: Record) -> None:
        """Durable when it returns."""

    async def drop(self, case_id: str) -> bool:
        """Its key is destroyed; of its events the links of the chain are left, of the rest nothing."""

    async def heads(self) -> Mapping[str, Head]:
        """Of every case, the head as it is kept apart from the record."""

    async def put_head(self, case_id: str, head: Head) -> None: ...
    async def chains(self) -> Mapping[str, Chain | None]:
        """Of every case, the erased ones too, what stands there now, read without a key; None where it is no record."""

    async def health(self) -> Health: ...


class SealedBook(CaseBook, Protocol):
    """What a book of this house can do beside the port: it has a keyring, and a chain through each case's events."""

    @property
    def ring(self) -> Keyring: ...
    async def heads(self) -> Mapping[str, Head]:
        """The number and link of every case's newest event, as kept apart from the case."""

    async def chains(self) -> Mapping[str, Chain | None]:
        """Of every case, the erased ones too, what stands there now, read without a key; None where it is no record."""

    async def verify(self) -> Sequence[Broken]:
        """What is not as it was recorded: the first place of each case, by case id. Also of erased cases, of which the
        chain is left. Reads everything. Raises StoreUnavailable.
        """

    def records(self) -> AsyncIterator[Record]: ...
    async def restore(self, record: Record) -> None: ...
    async def restore_head(self, case_id: str, head: Head) -> None: ...


@dataclass(frozen=True, slots=True)
class Lease:
    """Who holds a piece of work (as a fence), until when, and which try it is."""

    fence: int
    until: datetime
    attempts: int


Change = Callable[[Record], Record]


@contextmanager
def _collector_off() -> Iterator[None]:
    """While much is made that stays: looking through it for cycles again and again takes a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class RecordBook:
    """`pathway.ports.CaseBook` over any shelf. Leases live in memory: the shelf belongs to one process."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._locks = Locks()
        self._unbroken = Unbroken()
        self._forget()

    def _forget(self) -> None:
        self._index = Index()
        self._opened: OrderedDict[str, tuple[str, tuple[Event, ...]]] = OrderedDict()
        self._leases: dict[tuple[Queue, str], Lease] = {}
        self._settling: set[tuple[Queue, str]] = set()
        self._fences = itertools.count(1)
        self._numbers = itertools.count(1)
        self._is_open = False

    async def open(self) -> None:
        """Raises StoreUnavailable, with a sentence, where the shelf cannot be opened. Opening twice does nothing."""
        if self._is_open:
            return
        with _collector_off():
            run, entries = await self._shelf.open()
            self._forget()
            for entry in entries:
                self._index.take(entry)
        self._fences = itertools.count(run * FENCES_A_RUN + 1)
        self._numbers = itertools.count(self._index.next_number())
        self._is_open = True

    async def close(self) -> None:
        """Waits for what is being written. Closing twice does nothing."""
        self._is_open = False
        await self._unbroken.finish()
        await self._shelf.close()
        self._forget()

    def _ready(self) -> Index:
        if not self._is_open:
            raise StoreUnavailable("The store is closed.")
        return self._index

    # -- recording -------------------------------------------------------------------------------------------------

    async def commit(self, commit: Commit) -> Committed:
        """See `CaseBook.commit`. A lease on the case's wake time ends with it: the commit has set the next one."""
        self._ready()
        return await self._unbroken.run(self._commit(commit))

    async def _commit(self, commit: Commit) -> Committed:
        names = (("case", commit.case_id), ("nonce", commit.nonce), ("placement", commit.summary.placement))
        async with self._locks.held(*names):
            index = self._ready()
            if commit.case_id == r.NO_CASE:
                raise ValueError("a case has an id")
            if first := index.seen(commit.nonce):
                return replace(first, replayed=True)
            if commit.expected != index.version(commit.case_id):
                raise VersionConflict(index.version(commit.case_id))
            self._one_at_a_time(commit)
            if commit.expected == 0 and not commit.events:
                raise ValueError("a case begins with an event")
            if commit.expected == 0:
                before: Record | None = r.begun(commit, next(self._numbers))
            else:
                before = await self._shelf.get(commit.case_id)
            ring = self._shelf.ring
            key, audit = await ring.made(case_key(commit.case_id), later=True), await ring.made(AUDIT)
            record = r.committed(self._there(before), commit, key, audit)
            await self._keep(record)
            self._leases.pop(("case", commit.case_id), None)
            return Committed(commit.case_id, record.version)

    async def post(self, items: Sequence[OutboxItem], nonce: str) -> None:
        """See `CaseBook.post`. These nonces are their own: `seen` knows nothing of them."""
        self._ready()
        await self._unbroken.run(self._post(tuple(items), nonce))

    async def _post(self, items: Sequence[OutboxItem], nonce: str) -> None:
        async with self._locks.held(("case", r.NO_CASE)):
            before = await self._shelf.get(r.NO_CASE) if r.NO_CASE in self._ready() else None
            record = r.posted(before, items, nonce)
            if record != before:
                await self._keep(record)

    def _one_at_a_time(self, commit: Commit) -> None:
        other = self._index.open_on(commit.summary.placement) if commit.summary.is_open else None
        if other not in (None, commit.case_id):
            raise AlreadyOpen(str(other))

    def _there(self, record: Record | None) -> Record:
        if record is None:
            raise StoreUnavailable("The record of a case has gone from the store.")
        return record

    async def _change(self, case_id: str, change: Change) -> bool:
        """False where there is no such case."""
        async with self._locks.held(("case", case_id)):
            index = self._ready()
            if case_id not in index:
                return False
            before = self._there(await self._shelf.get(case_id))
            record = change(before)
            if record != before:
                await self._keep(record)
            return True

    async def _keep(self, record: Record) -> None:
        index = self._index
        try:
            await self._shelf.put(record)
        except StoreUnavailable:
            await self._look_again(record.case_id)
            raise
        index.put(record)

    async def _look_again(self, case_id: str) -> None:
        """After a failed write the memory follows the shelf, whatever stands there."""
        with suppress(StoreUnavailable):
            record = await self._shelf.get(case_id)
            if record is None:
                self._index.drop(case_id)
            else:
                self._index.put(record)

    async def erase(self, case_id: str) -> bool:
        self._ready()
        return await self._unbroken.run(self._erase(case_id))

    async def _erase(self, case_id: str) -> bool:
        async with self._locks.held(("case", case_id)):
            index = self._ready()
            if case_id == r.NO_CASE:
                return False
            there = await self._shelf.drop(case_id)
            self._opened.pop(case_id, None)
            index.drop(case_id)
            for held in [x for x in self._leases if x[1] == case_id or x[1].startswith(outbox_id(case_id, ""))]:
                del self._leases[held]
            return there

    # -- reading ---------------------------------------------------------------------------------------------------

    async def _read(self, case_id: str) -> Record | None:
        async with self._locks.held(("case", case_id)):
            if case_id not in self._ready():
                return None
            return self._there(await self._shelf.get(case_id))

    async def events(self, case_id: str) -> Sequence[Event]:
        record = await self._read(case_id)
        if record is None:
            return ()
        try:
            key = await self._shelf.ring.key(case_key(case_id))
        except KeyGone:
            if case_id in self._ready():
                raise
            return ()  # it was erased meanwhile
        return self._history(record, key)

    def _history(self, record: Record, key: Key) -> tuple[Event, ...]:
        """Of the cases that were read last, only what is new has to be opened."""
        link, before = self._opened.pop(record.case_id, ("", ()))
        if before and (len(before) > record.version or record.events[len(before) - 1].link != link):
            before = ()
        new = [r.opened(record.case_id, entry, key) for entry in record.events[len(before) :]]
        events = (*before, *new)
        self._opened[record.case_id] = record.events[-1].link if record.events else "", events
        if len(self._opened) > MOST_OPENED:
            self._opened.popitem(last=False)
        return events

    def forget(self) -> None:
        """What is kept opened of the cases that were read last."""
        self._opened.clear()

    async def seen(self, nonce: str) -> Committed | None:
        return self._ready().seen(nonce)

    async def cases_of(self, people: str | None, *, open_only: bool = True) -> Sequence[str]:
        return self._ready().of_person(people, open_only=open_only)

    async def open_case_of(self, placement: str) -> str | None:
        return self._ready().open_on(placement)

    async def cases_of_placement(self, placement: str) -> Sequence[str]:
        return self._ready().of_placement(placement)

    async def case_with_reference(self, reference: str) -> str | None:
        return self._ready().with_reference(reference)

    async def show(self, case_id: str, shown: Shown) -> None:
        """A case that has been erased meanwhile stays erased."""
        self._ready()
        await self._unbroken.run(self._change(case_id, lambda before: r.showing(before, shown)))

    async def shown(self, case_id: str) -> Sequence[Shown]:
        record = await self._read(case_id)
        return record.shown if record else ()

    async def sent(self, case_id: str) -> dict[str, str]:
        record = await self._read(case_id)
        return dict(record.settled) if record else {}

    async def export(self) -> AsyncIterator[bytes]:
        """One case a line, the oldest first, as JSON; sealed, as it is kept."""
        for case_id in self._ready().ids():
            record = await self._read(case_id)
            if record is not None:
                key = await self._shelf.ring.key(case_key(case_id))
                yield json.dumps(r.write(record, key)).encode() + b"\n"

    async def records(self) -> AsyncIterator[Record]:
        """Everything: the messages without a case (where there ever were any), then the cases, the oldest first."""
        for case_id in (r.NO_CASE, *self._ready().ids()):
            record = await self._read(case_id)
            if record is not None:
                yield record

    async def restore(self, record: Record) -> None:
        """A case (or the messages without one) that is not here yet, whole. Raises ValueError where it is."""
        self._ready()
        await self._unbroken.run(self._restore(record))

    async def _restore(self, record: Record) -> None:
        async with self._locks.held(("case", record.case_id)):
            if record.case_id in self._ready():
                raise ValueError("the case is here already")
            await self._keep(record)
            self._numbers = itertools.count(self._index.next_number())

    # -- the chain -------------------------------------------------------------------------------------------------

    @property
    def ring(self) -> Keyring:
        return self._shelf.ring

    async def heads(self) -> Mapping[str, Head]:
        """See `SealedBook.heads`."""
        self._ready()
        return await self._shelf.heads()

    async def chains(self) -> Mapping[str, Chain | None]:
        """See `SealedBook.chains`."""
        self._ready()
        return await self._shelf.chains()

    async def restore_head(self, case_id: str, head: Head) -> None:
        self._ready()
        await self._shelf.put_head(case_id, head)

    async def verify(self) -> Sequence[Broken]:
        """See `SealedBook.verify`."""
        self._ready()
        audit = await self._shelf.ring.made(AUDIT)
        before = await self._shelf.heads()  # what is recorded from here on only moves a chain on
        chains = await self._shelf.chains()
        began = {case_id: head for case_id, head in (await self._shelf.heads()).items() if case_id in chains}
        return await asyncio.to_thread(chain.verify_all, chains, {**began, **before}, audit)

    async def health(self) -> Health:
        if not self._is_open:
            return Health(ok=False, sentence="The store is closed.")
        return await self._shelf.health()

    # -- work ------------------------------------------------------------------------------------------------------

    async def claim(self, queue: Queue, owner: str, now: datetime, limit: int, lease: timedelta) -> Sequence[Claim]:
        """See `CaseBook.claim`. Writes nothing; *owner* matters only where several processes share a store."""
        del owner
        index = self._ready()
        with closing(index.by_due(queue)) as tasks:
            due = itertools.takewhile(lambda task: task.work.due is not None and task.work.due <= now, tasks)
            first = list(itertools.islice((task for task in due if self._is_free(task, now)), limit))
        return [self._leased(task, now + lease) for task in first]

    def _is_free(self, task: Task, now: datetime) -> bool:
        held = self._leases.get((task.queue, task.id))
        return (task.queue, task.id) not in self._settling and (held is None or held.until <= now)

    def _leased(self, task: Task, until: datetime) -> Claim:
        before = self._leases.get((task.queue, task.id))
        tries = max(task.work.attempts, before.attempts if before else 0)
        lease = Lease(next(self._fences), until, tries + 1)
        self._leases[task.queue, task.id] = lease
        return _claim(task, lease)

    async def extend(self, claim: Claim, now: datetime, lease: timedelta, error: str = "") -> bool:
        """See `CaseBook.extend`. A new *error* is durable when it returns: it is known after a kill."""
        if not self._holds(claim):
            return False
        if error and not await self._unbroken.run(self._write_error(claim, error)):
            return False
        held = (claim.queue, claim.id)
        self._leases[held] = replace(self._leases[held], until=now + lease)
        return True

    async def _write_error(self, claim: Claim, error: str) -> bool:
        """False where the claim is no longer held afterwards."""
        async with self._locks.held(("case", claim.case_id)):
            task = self._ready().task(claim.queue, claim.id)
            if task is not None and self._holds(claim) and task.work.error != error:
                before = self._there(await self._shelf.get(claim.case_id))
                await self._keep(_again(claim, replace(task.work, error=error))(before))
            return self._holds(claim)

    async def complete(self, claim: Claim, result: str, *, wake_at: datetime | None = None) -> bool:
        def done(before: Record) -> Record:
            if claim.queue == "case":
                return r.woken(before, Work(wake_at))
            return r.settled(before, _key(claim), result)

        return await self._settle(claim, done)

    async def retry(self, claim: Claim, at: datetime, error: str) -> bool:
        """Also takes a parked piece of work up again."""
        return await self._settle(claim, _again(claim, Work(at, claim.attempts, error)))

    async def park(self, claim: Claim, error: str) -> bool:
        return await self._settle(claim, _again(claim, Work(claim.due, claim.attempts, error, parked=True)))

    async def _settle(self, claim: Claim, change: Change) -> bool:
        if not self._holds(claim):
            return False
        held = (claim.queue, claim.id)
        self._settling.add(held)  # nobody claims it while it is written
        return await self._unbroken.run(self._write_settled(claim, change))

    async def _write_settled(self, claim: Claim, change: Change) -> bool:
        held = (claim.queue, claim.id)
        try:
            async with self._locks.held(("case", claim.case_id)):
                if not self._holds(claim):
                    return False
                before = self._there(await self._shelf.get(claim.case_id))
                await self._keep(change(before))
                self._leases.pop(held, None)
                return True
        finally:
            self._settling.discard(held)

    def _holds(self, claim: Claim) -> bool:
        held = self._leases.get((claim.queue, claim.id))
        there = self._ready().task(claim.queue, claim.id) is not None
        return there and held is not None and held.fence == claim.fence

    async def parked(self) -> Sequence[Claim]:
        """The longest due first. A claim from here can be put back with `retry`."""
        index = self._ready()
        tasks = [t for queue in _QUEUES for t in index.tasks(queue) if t.work.parked]
        tasks.sort(key=lambda t: t.work.due or _LONG_AGO)
        return [_claim(t, self._lease_of_parked(t)) for t in tasks]

    async def delayed(self, attempts: int) -> Sequence[Claim]:
        """See `CaseBook.delayed`. Fence 0 is never given out, so these claims settle nothing."""
        waiting = [t for t in self._ready().tasks("outbox") if t.work.attempts >= attempts and not t.work.parked]
        waiting.sort(key=lambda t: t.work.due or _LONG_AGO)
        return [_claim(t, Lease(0, _LONG_AGO, t.work.attempts)) for t in waiting]

    async def hold(self, item: str, owner: str, now: datetime, lease: timedelta) -> Claim | None:
        """See `CaseBook.hold`. Writes nothing; *owner* matters only where several processes share a store."""
        del owner
        task = self._ready().task("outbox", item)
        held = self._leases.get(("outbox", item))
        if task is None or ("outbox", item) in self._settling or (held is not None and held.until > now):
            return None
        tries = max(task.work.attempts, held.attempts if held else 0)
        ours = self._leases["outbox", item] = Lease(next(self._fences), now + lease, tries)
        return _claim(task, ours)

    def _lease_of_parked(self, task: Task) -> Lease:
        fresh = Lease(next(self._fences), _LONG_AGO, task.work.attempts)
        return self._leases.setdefault((task.queue, task.id), fresh)

    async def next_due(self, queue: Queue) -> datetime | None:
        best: datetime | None = None
        with closing(self._ready().by_due(queue)) as tasks:
            for task in tasks:
                due = task.work.due or _LONG_AGO
                if best is not None and due >= best:
                    break
                held = self._leases.get((queue, task.id))
                at = max(due, held.until) if held else due
                best = at if best is None else min(best, at)
        return best


_QUEUES: tuple[Queue, ...] = ("case", "outbox")


def _again(claim: Claim, work: Work) -> Change:
    if claim.queue == "case":
        return lambda before: r.woken(before, work)
    return lambda before: r.put_off(before, _key(claim), work)


def _key(claim: Claim) -> str:
    return claim.id.removeprefix(outbox_id(claim.case_id, ""))


def _claim(task: Task, lease: Lease) -> Claim:
    return Claim(
        queue=task.queue,
        id=task.id,
        case_id=task.case_id,
        fence=lease.fence,
        due=task.work.due or _LONG_AGO,
        attempts=lease.attempts,
        item=_own(task.letter.item) if task.letter else None,
        error=task.work.error,
    )


def _own(item: OutboxItem) -> OutboxItem:
    """The caller's copy."""
    return replace(item, data=dict(item.data))
