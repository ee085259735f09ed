"""The chain through a case's events: what was changed, taken out, swapped or cut off afterwards is found, and where.

Every event carries its number and a link: HMAC-SHA256, under a key that the events' readers need not have, over the
link before it, the case, the number and the digest of the event as it is sealed. The newest link of each case is its
head, and is kept apart from the case; it may lag one event behind. The digests alone are enough to check a chain, so
that of an erased case they are all that is left.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from storage.seal import Kept, Key, case_key


class Entry(NamedTuple):
    """An event as it is kept: its number from 1, the text, and the link."""

    n: int
    sealed: str
    link: str


class Link(NamedTuple):
    """An event of which only the digest is left."""

    n: int
    digest: str
    link: str


Chain = Sequence[Entry] | Sequence[Link]


class Head(NamedTuple):
    """The number and the link of the newest event of a case."""

    n: int
    link: str


class Kind(StrEnum):
    """What is wrong with a chain at a place."""

    CHANGED = "changed"
    MISSING = "missing"
    SWAPPED = "swapped"
    CUT = "cut"
    CASE_GONE = "case gone"
    HEAD_GONE = "head gone"


@dataclass(frozen=True, slots=True)
class Broken:
    """*position* is the number of the first event that is not as it was; 0 for a whole case or its head."""

    case_id: str
    position: int
    kind: Kind


def about(case_id: str, n: int) -> str:
    """What the sealed text of an event is authenticated with."""
    return f"{case_id}/{n}"


def sealed_events(
    case_id: str, before: Sequence[Entry] | Head | None, texts: Iterable[bytes], key: Key, audit: Key
) -> tuple[Entry, ...]:
    """The next entries of a case, after those of *before* (or after its newest)."""
    n, link = (before.n, before.link) if isinstance(before, Head) else (0, "")
    if before and not isinstance(before, Head):
        n, link = before[-1].n, before[-1].link
    made = []
    for n, text in enumerate(texts, n + 1):  # noqa: B020 - counted on from it
        sealed = key.seal(text, about(case_id, n))
        link = link_of(audit, link, case_id, n, _digest(sealed))
        made.append(Entry(n, sealed, link))
    return tuple(made)


def link_of(audit: Key, before: str, case_id: str, n: int, digest: str) -> str:
    name = case_id.encode("utf-8", "surrogatepass")
    message = b"%s:%d:%s:%d:%s" % (before.encode(), len(name), name, n, digest.encode())
    return hmac.digest(audit.raw, message, "sha256").hex()


def _digest(sealed: str) -> str:
    return hashlib.sha256(sealed.encode("utf-8", "surrogatepass")).hexdigest()


def links(entries: Iterable[Entry]) -> tuple[Link, ...]:
    """What is left of them when a case is erased."""
    return tuple(Link(entry.n, _digest(entry.sealed), entry.link) for entry in entries)


def left_of(entries: Iterable[Entry] | None) -> Any:
    """What is kept of a case that is erased, as JSON: nothing of what it said; None for one that nobody could read."""
    return None if entries is None else [list(link) for link in links(entries)]


def read_left(left: Any) -> tuple[Link, ...] | None:
    """What `left_of` gave; None for nothing that can be checked."""
    try:
        return tuple(Link(int(n), str(digest), str(link)) for n, digest, link in left)
    except (TypeError, ValueError):
        return None


def erased_chains(keyring: Mapping[str, Kept]) -> dict[str, tuple[Link, ...] | None]:
    """Of the cases whose keys were destroyed, by case id."""
    prefix = case_key("x").removesuffix("x")
    return {
        name.removeprefix(prefix): read_left(kept["erased"])
        for name, kept in keyring.items()
        if name.startswith(prefix) and "erased" in kept
    }


def head_of(entries: Chain) -> Head | None:
    return Head(entries[-1].n, entries[-1].link) if entries else None


def verify(case_id: str, entries: Chain, head: Head | None, audit: Key) -> Broken | None:
    """The first thing that is wrong, None where nothing is. *head* None: there is none, which is wrong, too."""
    chain = [
        entry if isinstance(entry, Link) else Link(entry.n, _digest(entry.sealed), entry.link) for entry in entries
    ]
    before = ""
    for at, (n, digest, link) in enumerate(chain, 1):
        before = link_of(audit, before, case_id, at, digest)
        if n != at or not hmac.compare_digest(before, link):
            return Broken(case_id, at, _kind([x.n for x in chain], at))
    if head is None:
        return Broken(case_id, 0, Kind.HEAD_GONE)
    if head.n > len(chain):
        return Broken(case_id, len(chain) + 1, Kind.CUT)
    if head.n < 1 or chain[head.n - 1].link != head.link:
        return Broken(case_id, max(head.n, 0), Kind.CHANGED)
    return None


def _kind(numbers: Sequence[int], at: int) -> Kind:
    if numbers[at - 1] == at:
        return Kind.CHANGED
    if at in numbers[at:]:
        return Kind.SWAPPED
    return Kind.MISSING if numbers[at - 1] > at else Kind.CHANGED


def verify_all(chains: Mapping[str, Chain | None], heads: Mapping[str, Head], audit: Key) -> list[Broken]:
    """The first thing that is wrong of each case; *chains* None for one of which nothing can be read."""
    found = []
    for case_id in sorted(chains.keys() | heads.keys()):
        if case_id not in chains:
            found.append(Broken(case_id, 0, Kind.CASE_GONE))
        elif (entries := chains[case_id]) is None:
            found.append(Broken(case_id, 0, Kind.CHANGED))
        elif broken := verify(case_id, entries, heads.get(case_id), audit):
            found.append(broken)
    return found
