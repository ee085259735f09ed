"""One case as a store keeps it: one document, changed as a whole.

The events, what is still to be sent, what became of everything that was sent, the nonces, the next wake time and the
places where cards stand are one record, so that recording an event and queueing what follows is one write. Everything
here is pure: a change takes a record and gives the next one. Events stay sealed as they were once, because most changes
(a delivery, a card's place) need not read them, and the chain goes over them as they are (`storage.chain`). All the
rest is sealed anew at each write, so that a written record shows the case's id, its number and how many events it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime

from pathway.compact import compact
from pathway.events import Event
from pathway.ports import MAYBE, Commit, OutboxItem, Shown, Summary, VersionConflict
from storage import chain
from storage.chain import Entry
from storage.codec import TYPE, CodecError, Json, decode, decode_event, encode, encode_event, known
from storage.seal import Key

FORMAT = 2
#: In which nothing was sealed: read, and written as the present one.
CLEAR_FORMAT = 1
#: The record of the messages that belong to no case. It is no case: it is listed nowhere.
NO_CASE = ""
#: So many nonces of messages without a case are remembered.
MOST_NONCES = 1000


@dataclass(frozen=True, slots=True)
class Work:
    """When a piece of work is due next, None for never; *attempts* and *error* of the tries that failed so far."""

    due: datetime | None
    attempts: int = 0
    error: str = ""
    parked: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """Something that is not settled yet."""

    item: OutboxItem
    work: Work


@dataclass(frozen=True, slots=True)
class Record:
    """*number* counts the cases of a store in the order of their beginning. *nonces* leads from a nonce to the version
    it made; *settled* from a send key to what became of it.
    """

    case_id: str
    number: int
    summary: Summary
    wake: Work
    events: tuple[Entry, ...] = ()
    nonces: Mapping[str, int] = field(default_factory=dict)
    letters: tuple[Letter, ...] = ()
    settled: Mapping[str, str] = field(default_factory=dict)
    shown: tuple[Shown, ...] = ()
    kinds: tuple[str, ...] = ()
    """Of the events, each once, by name: so that a start knows without opening any whether it can read them."""

    @property
    def version(self) -> int:
        return len(self.events)

    def history(self, key: Key) -> tuple[Event, ...]:
        """Raises CodecError for an event that this version does not know; Unreadable."""
        return tuple(opened(self.case_id, entry, key) for entry in self.events)

    def letter(self, key: str) -> Letter | None:
        return next((x for x in self.letters if x.item.key == key), None)


@dataclass(frozen=True, slots=True)
class _Rest:
    """What is sealed as one, anew at each write."""

    summary: Summary
    wake: Work
    nonces: Mapping[str, int]
    letters: tuple[Letter, ...]
    settled: Mapping[str, str]
    shown: tuple[Shown, ...]
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClearRecord:
    """One of an earlier version of Pathway, with its events in the clear: to be sealed, and then written."""

    case_id: str
    number: int
    summary: Summary
    wake: Work
    events: tuple[Json, ...] = ()
    nonces: Mapping[str, int] = field(default_factory=dict)
    letters: tuple[Letter, ...] = ()
    settled: Mapping[str, str] = field(default_factory=dict)
    shown: tuple[Shown, ...] = ()
    format: int = CLEAR_FORMAT

    def unsealed(self) -> Record:
        """What of it can be looked up, with entries that say nothing."""
        rest = {f.name: getattr(self, f.name) for f in fields(_Rest) if f.name != "kinds"}
        events = tuple(Entry(n, "", "") for n in range(1, len(self.events) + 1))
        for event in self.events:
            decode_event(event)
        return Record(case_id=self.case_id, number=self.number, events=events, **rest)

    def sealed(self, key: Key, audit: Key) -> Record:
        """Raises CodecError for an event that this version does not know."""
        for event in self.events:
            decode_event(event)
        texts = [written_text(event) for event in self.events]
        rest = {f.name: getattr(self, f.name) for f in fields(_Rest) if f.name != "kinds"}
        events = chain.sealed_events(self.case_id, None, texts, key, audit)
        return Record(case_id=self.case_id, number=self.number, events=events, kinds=kinds_of((), self.events), **rest)


def kinds_of(before: Iterable[str], events: Iterable[Json]) -> tuple[str, ...]:
    """With those of further written events."""
    return tuple(sorted({*before, *(event[TYPE] for event in events)}))


def written_text(event: Json) -> bytes:
    """An event in its written form, as the bytes that are sealed."""
    return compact(event)


def opened(case_id: str, entry: Entry, key: Key) -> Event:
    """Raises CodecError, Unreadable."""
    return decode_event(open_event(case_id, entry, key))


def open_event(case_id: str, entry: Entry, key: Key) -> Json:
    """In its written form. Raises Unreadable."""
    return key.open_json(entry.sealed, chain.about(case_id, entry.n))


def clear(record: Record) -> Json:
    """Everything of it but its format, to compare with another."""
    return {
        "case_id": record.case_id,
        "number": record.number,
        "events": [list(entry) for entry in record.events],
        **encode(_rest(record)),
    }


def write(record: Record, key: Key) -> Json:
    return {
        "format": FORMAT,
        "case_id": record.case_id,
        "number": record.number,
        "events": [tuple(entry) for entry in record.events],
        "sealed": key.seal_json(encode(_rest(record)), _about_rest(record.case_id)),
    }


_OF_THE_REST = tuple(f.name for f in fields(_Rest))


def _rest(record: Record) -> _Rest:
    return _Rest(*[getattr(record, name) for name in _OF_THE_REST])


def _about_rest(case_id: str) -> str:
    return f"{case_id}/rest"


def is_clear(data: Json) -> bool:
    """Whether it is of an earlier version of Pathway."""
    return isinstance(data, Mapping) and data.get("format") == CLEAR_FORMAT


def read_clear(data: Json) -> ClearRecord:
    """Raises CodecError."""
    return decode(ClearRecord, data)


def read(data: Json, key: Key) -> Record:
    """Raises Unreadable; CodecError, also for a record of a later format, or with an event of a later version."""
    found = outside(data)
    rest = decode(_Rest, open_rest(data, key))
    check_kinds(rest.kinds)
    return replace(found, **{f.name: getattr(rest, f.name) for f in fields(_Rest)})


def open_rest(data: Json, key: Key) -> Json:
    """What is sealed as one. Raises Unreadable."""
    return key.open_json(str(data["sealed"]), _about_rest(str(data["case_id"])))


def check_kinds(kinds: Iterable[str]) -> None:
    """Raises CodecError for an event that this version does not know."""
    for kind in kinds:
        known({TYPE: kind})


def check_format(data: Json) -> None:
    """Raises CodecError for what is no record, or one of another format."""
    if not isinstance(data, Mapping) or data.get("format") != FORMAT:
        found = data.get("format") if isinstance(data, Mapping) else None
        raise CodecError(f"it is of format {found!r:.20}, and this version of Pathway reads {FORMAT}")


def outside(data: Json) -> Record:
    """What can be read of a record without its key: its id, its number and its entries. Raises CodecError."""
    check_format(data)
    try:
        events = tuple([Entry(int(n), str(sealed), str(link)) for n, sealed, link in data["events"]])
        return replace(_EMPTY, case_id=str(data["case_id"]), number=int(data["number"]), events=events)
    except (KeyError, TypeError, ValueError):
        raise CodecError("it is no record of a case") from None


_EMPTY = Record(NO_CASE, 0, Summary("", "", "", is_open=False, people=()), Work(None))


# -- what can be done to one -----------------------------------------------------------------------------------------


def begun(commit: Commit, number: int) -> Record:
    """A case without events yet."""
    return Record(case_id=commit.case_id, number=number, summary=commit.summary, wake=Work(None))


def committed(record: Record, commit: Commit, key: Key, audit: Key) -> Record:
    """Raises VersionConflict; CodecError for an event that cannot be written."""
    if commit.expected != record.version:
        raise VersionConflict(record.version)
    written = [encode_event(x) for x in commit.events]
    texts = [written_text(x) for x in written]
    events = (*record.events, *chain.sealed_events(record.case_id, record.events, texts, key, audit))
    for card in commit.shown:
        record = showing(record, card)
    return replace(
        record,
        events=events,
        kinds=kinds_of(record.kinds, written),
        nonces={**record.nonces, commit.nonce: len(events)},
        summary=commit.summary,
        letters=_with(record, commit.outbox),
        wake=Work(commit.wake_at),
    )


def posted(record: Record | None, items: Iterable[OutboxItem], nonce: str) -> Record:
    """Messages without a case; a nonce that was seen before adds nothing."""
    record = record or _EMPTY
    if nonce in record.nonces:
        return record
    nonces = [*record.nonces, nonce][-MOST_NONCES:]
    return replace(record, letters=_with(record, items), nonces=dict.fromkeys(nonces, 0))


def _with(record: Record, items: Iterable[OutboxItem]) -> tuple[Letter, ...]:
    """The letters and those of *items* whose key is new. What is queued is a copy."""
    known = {x.item.key for x in record.letters} | record.settled.keys()
    letters = list(record.letters)
    for item in items:
        if item.key not in known:
            known.add(item.key)
            letters.append(Letter(replace(item, data=dict(item.data)), Work(item.not_before)))
    return tuple(letters)


def woken(record: Record, wake: Work) -> Record:
    return replace(record, wake=wake)


def settled(record: Record, key: str, result: str) -> Record:
    """The letter is done with, for good. Of one without a case nothing is kept."""
    left = tuple(x for x in record.letters if x.item.key != key)
    if record.case_id == NO_CASE:
        return replace(record, letters=left)
    return replace(record, letters=left, settled={**record.settled, key: result})


def put_off(record: Record, key: str, work: Work) -> Record:
    """The letter is tried again later, or parked."""
    letters = tuple(replace(x, work=work) if x.item.key == key else x for x in record.letters)
    return replace(record, letters=letters)


def perhaps(record: Record, now: datetime) -> Record:
    """Of an earlier version that was put back: what was due by *now* may have gone out in the version that is lost."""
    return replace(record, letters=tuple(_perhaps(x) if _may_be_out(x, now) else x for x in record.letters))


def _may_be_out(letter: Letter, now: datetime) -> bool:
    return not letter.work.parked and letter.work.due is not None and letter.work.due <= now


def _perhaps(letter: Letter) -> Letter:
    return replace(letter, work=replace(letter.work, error=MAYBE))


def showing(record: Record, card: Shown) -> Record:
    others = tuple(x for x in record.shown if (x.person, x.kind) != (card.person, card.kind))
    return replace(record, shown=(*others, card) if card.activity_id else others)
