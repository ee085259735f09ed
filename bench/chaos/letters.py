"""Which message carries which letters of the outbox: what a bot notes beside what came, and when.

A bot says, over its line to the bench, right before each message which letters it is about to send, and right before
it settles one that this is over. Between the two, what comes to that person's chat carries it. Nobody has to guess from
the words, which change as a case moves on. All moments are seconds of the machine's monotonic clock, which processes
share.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pathway.ports import Claim
from storage.book import RecordBook
from storage.postgres.book import PostgresCaseBook


@dataclass(frozen=True, slots=True)
class Note:
    """The bot of that *life* begins to send a letter to a person (*to*, by id), or is done with it."""

    life: int
    at: float
    to: str
    letter: str
    begins: bool


def listen(says: Callable[[dict[str, Any]], None]) -> None:
    """From now on the books of this process say what is begun and what is over, before anything else happens."""

    def note(claim: Claim, *, begins: bool) -> None:
        if claim.item is not None:
            says({"letter": claim.id, "to": claim.item.to, "begins": begins, "at": time.monotonic()})

    def begun(extend: Callable[..., Awaitable[bool]]) -> Callable[..., Awaitable[bool]]:
        @functools.wraps(extend)
        async def extended(book: Any, claim: Claim, *given: Any) -> bool:
            ours = await extend(book, claim, *given)
            if ours and len(given) > 2:  # it is marked as perhaps delivered, and not merely held on to
                note(claim, begins=True)
            return ours

        return extended

    def over(settle: Callable[..., Awaitable[bool]]) -> Callable[..., Awaitable[bool]]:
        @functools.wraps(settle)
        async def settled(book: Any, claim: Claim, *given: Any, **named: Any) -> bool:
            note(claim, begins=False)
            return await settle(book, claim, *given, **named)

        return settled

    for book in (RecordBook, PostgresCaseBook):
        setattr(book, "extend", begun(book.extend))  # noqa: B010 - a class is no place to assign to, says mypy
        for name in ("complete", "retry", "park"):
            setattr(book, name, over(getattr(book, name)))


def carried(notes: Iterable[Note], came: Iterable[float]) -> Iterator[frozenset[str]]:
    """For each message to one person, by the moment when it came, in order: the letters in it."""
    coming, held, life = iter(sorted(notes, key=lambda note: note.at)), set[str](), 0
    note = next(coming, None)
    for moment in came:
        while note is not None and note.at <= moment:
            if note.begins and note.life != life:  # what a dead one held may still arrive, until the next one begins
                held, life = set(), note.life
            if note.begins:
                held.add(note.letter)
            elif note.life == life:
                held.discard(note.letter)
            note = next(coming, None)
        yield frozenset(held)
