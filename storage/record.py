"""One case as a store keeps it: one document, changed as a whole.

The events, what is still to be sent, what became of everything that was sent, the nonces, the next wake time and the
places where cards stand are one record, so that recording an event and queueing what follows is one write. Everything
here is pure: a change takes a record and gives the next one. Events stay in their written form, because most changes
(a delivery, a card's place) need not read them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime

from pathway.events import Event
from pathway.ports import MAYBE, Commit, OutboxItem, Shown, Summary, VersionConflict
from storage.codec import CodecError, Json, decode, decode_event, encode, encode_event

FORMAT = 1
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
    events: tuple[Json, ...] = ()
    nonces: Mapping[str, int] = field(default_factory=dict)
    letters: tuple[Letter, ...] = ()
    settled: Mapping[str, str] = field(default_factory=dict)
    shown: tuple[Shown, ...] = ()
    format: int = FORMAT

    @property
    def version(self) -> int:
        return len(self.events)

    def history(self) -> tuple[Event, ...]:
        """Raises CodecError for an event that cannot be read."""
        return tuple(decode_event(x) for x in self.events)

    def letter(self, key: str) -> Letter | None:
        return next((x for x in self.letters if x.item.key == key), None)


def write(record: Record) -> Json:
    return encode(record)


def read(data: Json) -> Record:
    """Raises CodecError, also for a record of a later format."""
    check_format(data)
    return decode(Record, data)


def check_format(data: Json) -> None:
    """Raises CodecError for what is no record, or one of another format or with other fields."""
    if not isinstance(data, Mapping) or data.get("format") != FORMAT:
        found = data.get("format") if isinstance(data, Mapping) else None
        raise CodecError(f"it is of format {found!r:.20}, and this version of Pathway reads {FORMAT}")
    if data.keys() != _FIELDS:
        decode(Record, data)  # says which


_FIELDS = {field.name for field in fields(Record)}


# -- what can be done to one -----------------------------------------------------------------------------------------


def begun(commit: Commit, number: int) -> Record:
    """A case without events yet."""
    return Record(case_id=commit.case_id, number=number, summary=commit.summary, wake=Work(None))


def committed(record: Record, commit: Commit) -> Record:
    """Raises VersionConflict; CodecError for an event that cannot be written."""
    if commit.expected != record.version:
        raise VersionConflict(record.version)
    events = (*record.events, *(encode_event(x) for x in commit.events))
    for card in commit.shown:
        record = showing(record, card)
    return replace(
        record,
        events=events,
        nonces={**record.nonces, commit.nonce: len(events)},
        summary=commit.summary,
        letters=_with(record, commit.outbox),
        wake=Work(commit.wake_at),
    )


def posted(record: Record | None, items: Iterable[OutboxItem], nonce: str) -> Record:
    """Messages without a case; a nonce that was seen before adds nothing."""
    record = record or Record(NO_CASE, 0, Summary("", "", "", is_open=False, people=()), Work(None))
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
