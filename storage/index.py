"""What a store keeps in memory of its cases: where to look them up, and what is still to be done."""

from __future__ import annotations

import heapq
import itertools
from collections import defaultdict
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

from pathway.ports import Committed, OutboxItem, Queue, Summary
from storage import record as r
from storage.codec import EVENTS, Json
from storage.record import NO_CASE, Letter, Record, Work
from storage.seal import Key


@dataclass(frozen=True, slots=True)
class Entry:
    """A record without its bulk: no events, nothing that is settled."""

    case_id: str
    number: int
    version: int
    summary: Summary
    nonces: Mapping[str, int]
    letters: tuple[Letter, ...]
    wake: Work


def entry_of(record: Record) -> Entry:
    return Entry(
        case_id=record.case_id,
        number=record.number,
        version=record.version,
        summary=record.summary,
        nonces=record.nonces,
        letters=record.letters,
        wake=record.wake,
    )


def read_entry(data: Json, key: Key) -> Entry:
    """Of a written record, without its bulk; its events stay sealed. Raises Unreadable, CodecError.

    A start reads every case there is, so this is written out, at a third of the time of the codec; what is not as it
    expects, the codec looks at.
    """
    r.check_format(data)
    rest = r.open_rest(data, key)
    try:
        kinds = set(rest["kinds"])
        entry = Entry(
            case_id=data["case_id"],
            number=data["number"],
            version=len(data["events"]),
            summary=Summary(**{**rest["summary"], "people": tuple(rest["summary"]["people"])}),
            nonces=rest["nonces"],
            letters=tuple(Letter(_item(letter["item"]), _work(letter["work"])) for letter in rest["letters"]),
            wake=_work(rest["wake"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return entry_of(r.read(data, key))
    if not kinds <= EVENTS.keys():
        r.check_kinds(rest["kinds"])
    return entry


def _item(data: Json) -> OutboxItem:
    return OutboxItem(**{**data, "not_before": _moment(data["not_before"])})


def _work(data: Json) -> Work:
    return Work(**data) if data["due"] is None else Work(**{**data, "due": _moment(data["due"])})


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not UTC:  # none of ours
        raise ValueError
    return moment


@dataclass(frozen=True, slots=True)
class Task:
    """A piece of work that is not settled. *id* is unique in its queue."""

    queue: Queue
    id: str
    case_id: str
    work: Work
    letter: Letter | None = None


class Part:
    """A heap in which what was taken away stays until it comes to the top, or until there is more of it than of others:
    then the heap is cleared of it at one stroke.
    """

    def __init__(self) -> None:
        self.heap: list[tuple[datetime, int, str]] = []
        self.numbers: dict[str, int] = {}

    def put(self, due: datetime, number: int, task_id: str) -> None:
        self.numbers[task_id] = number
        heapq.heappush(self.heap, (due, number, task_id))
        if len(self.heap) > 2 * len(self.numbers) + 64:
            self.heap = [x for x in self.heap if self.numbers.get(x[2]) == x[1]]
            heapq.heapify(self.heap)

    def entries(self) -> Generator[tuple[datetime, int, str], None, None]:
        """In their order; to be closed before anything changes."""
        looked = []
        try:
            while self.heap:
                entry = self.heap[0]
                if self.numbers.get(entry[2]) == entry[1]:
                    yield entry
                    looked.append(entry)
                heapq.heappop(self.heap)
        finally:
            for entry in looked:
                heapq.heappush(self.heap, entry)


class Queued:
    """Work in the order in which it is due. In so many parts that clearing one of them holds nobody up: with 100,000
    pieces of work it takes some five milliseconds.
    """

    PARTS = 8

    def __init__(self) -> None:
        self._parts = [Part() for _ in range(self.PARTS)]
        self._count = itertools.count()

    def _part(self, task_id: str) -> Part:
        return self._parts[hash(task_id) % self.PARTS]

    def put(self, task: Task) -> None:
        """In the place of what was known of it. What is parked or never due waits for nothing."""
        self.drop(task.id)
        if task.work.due is not None and not task.work.parked:
            self._part(task.id).put(task.work.due, next(self._count), task.id)

    def drop(self, task_id: str) -> None:
        self._part(task_id).numbers.pop(task_id, None)

    def ids(self) -> Generator[str, None, None]:
        """The longest due first. Costs as much as is asked for; close it before anything changes."""
        parts = [part.entries() for part in self._parts if part.heap]
        try:
            for _, _, task_id in heapq.merge(*parts):
                yield task_id
        finally:
            for part in parts:
                part.close()


class Index:
    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._nonces: dict[str, Committed] = {}
        self._tasks: dict[Queue, dict[str, Task]] = {"case": {}, "outbox": {}}
        self._queued: dict[Queue, Queued] = {"case": Queued(), "outbox": Queued()}
        self._of_person: dict[str, set[str]] = defaultdict(set)
        self._of_placement: dict[str, set[str]] = defaultdict(set)
        self._with_reference: dict[str, set[str]] = defaultdict(set)

    def put(self, record: Record) -> None:
        """Takes the place of what was known of the case."""
        self.take(entry_of(record))

    def take(self, entry: Entry) -> None:
        """The same, of what an entry holds. Only what is new or changed is queued: of a thousand messages without a
        case each one that is settled would otherwise move all others.
        """
        before = self._entries.get(entry.case_id)
        tasks = {(task.queue, task.id): task for task in _tasks(entry)}
        if before is not None:
            self._unlist(before)
            for task in _tasks(before):
                if (task.queue, task.id) not in tasks:
                    self._drop_task(task)
        self._entries[entry.case_id] = entry
        for task in tasks.values():
            known = self._tasks[task.queue].get(task.id)
            self._tasks[task.queue][task.id] = task
            if known is None or (known.work.due, known.work.parked) != (task.work.due, task.work.parked):
                self._queued[task.queue].put(task)
        if entry.case_id == NO_CASE:
            return
        for nonce, version in entry.nonces.items():
            self._nonces[nonce] = Committed(entry.case_id, version)
        for table, key in self._places(entry):
            table[key].add(entry.case_id)

    def drop(self, case_id: str) -> None:
        entry = self._entries.pop(case_id, None)
        if entry is None:
            return
        for task in _tasks(entry):
            self._drop_task(task)
        self._unlist(entry)

    def _drop_task(self, task: Task) -> None:
        self._tasks[task.queue].pop(task.id, None)
        self._queued[task.queue].drop(task.id)

    def _unlist(self, entry: Entry) -> None:
        if entry.case_id == NO_CASE:
            return
        for nonce in entry.nonces:
            self._nonces.pop(nonce, None)
        for table, key in self._places(entry):
            table[key].discard(entry.case_id)
            if not table[key]:
                del table[key]

    def _places(self, entry: Entry) -> Iterator[tuple[dict[str, set[str]], str]]:
        for person in set(entry.summary.people):
            yield self._of_person, person
        yield self._of_placement, entry.summary.placement
        yield self._with_reference, entry.summary.reference

    # -- looking up ------------------------------------------------------------------------------------------------

    def __contains__(self, case_id: str) -> bool:
        return case_id in self._entries

    def ids(self) -> tuple[str, ...]:
        """All cases, the oldest first."""
        return self._newest_first(self._cases())[::-1]

    def _cases(self) -> Iterator[str]:
        return (x for x in self._entries if x != NO_CASE)

    def next_number(self) -> int:
        return 1 + max((x.number for x in self._entries.values()), default=0)

    def version(self, case_id: str) -> int:
        entry = self._entries.get(case_id)
        return entry.version if entry else 0

    def seen(self, nonce: str) -> Committed | None:
        return self._nonces.get(nonce)

    def of_person(self, person: str | None, *, open_only: bool) -> tuple[str, ...]:
        ids = self._cases() if person is None else self._of_person.get(person, ())
        return self._newest_first(x for x in ids if self._is_open(x) or not open_only)

    def of_placement(self, placement: str) -> tuple[str, ...]:
        return self._newest_first(iter(self._of_placement.get(placement, ())))

    def open_on(self, placement: str) -> str | None:
        return next(filter(self._is_open, self.of_placement(placement)), None)

    def with_reference(self, reference: str) -> str | None:
        return next(iter(self._newest_first(iter(self._with_reference.get(reference, ())))), None)

    def _is_open(self, case_id: str) -> bool:
        return self._entries[case_id].summary.is_open

    def _newest_first(self, ids: Iterator[str]) -> tuple[str, ...]:
        return tuple(sorted(ids, key=lambda c: self._entries[c].number, reverse=True))

    # -- what is to be done ----------------------------------------------------------------------------------------

    def tasks(self, queue: Queue) -> Iterator[Task]:
        """Everything unsettled, in no order. Walks through all of it: not for every tick."""
        return iter(self._tasks[queue].values())

    def by_due(self, queue: Queue) -> Generator[Task, None, None]:
        """What is not parked, the longest due first; what was put first comes first of one moment. Costs as much as is
        asked for; to be closed before anything changes.
        """
        with closing(self._queued[queue].ids()) as ids:
            for task_id in ids:
                yield self._tasks[queue][task_id]

    def task(self, queue: Queue, task_id: str) -> Task | None:
        return self._tasks[queue].get(task_id)


def outbox_id(case_id: str, key: str) -> str:
    return f"{case_id}/{key}"


def _tasks(entry: Entry) -> Iterator[Task]:
    if entry.wake.due is not None:
        yield Task("case", entry.case_id, entry.case_id, entry.wake)
    for letter in entry.letters:
        yield Task("outbox", outbox_id(entry.case_id, letter.item.key), entry.case_id, letter.work, letter)
