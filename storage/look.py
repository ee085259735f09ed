"""What can be seen of a store's folder from outside, without opening it: nothing is locked, made or changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pathway.people import Person, Placement
from storage.atomic import Damaged, read_documents
from storage.codec import decode
from storage.tinydb_book import ROSTER


class NotReadable(Exception):
    """The sentence says which file; it names no content."""


@dataclass(frozen=True, slots=True)
class Look:
    """The people of the roster, and its placements."""

    people: tuple[Person, ...]
    placements: tuple[Placement, ...]


def look(folder: Path) -> Look:
    """Files are replaced whole, so this is safe beside a running bot. Raises NotReadable."""
    path = folder / ROSTER
    try:
        people = tuple(decode(Person, dict(found)) for found in read_documents(path, "people"))
        placements = tuple(decode(Placement, dict(found)) for found in read_documents(path, "placements"))
    except (Damaged, OSError, ValueError, TypeError, KeyError) as fault:
        raise NotReadable(f"{ROSTER} cannot be read ({type(fault).__name__}).") from fault
    return Look(people, placements)
