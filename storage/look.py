"""What can be seen of a store's folder from outside, without opening it: nothing is locked, made or changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pathway.people import Person, Placement
from pathway.ports import StoreUnavailable
from storage.atomic import Damaged
from storage.seal import MainKeys, WrongKey
from storage.tinydb_book import ROSTER, read_roster
from storage.tinydb_keys import key_outside


class NotReadable(Exception):
    """The sentence says which file; it names no content."""


@dataclass(frozen=True, slots=True)
class Look:
    """The people of the roster, and its placements."""

    people: tuple[Person, ...]
    placements: tuple[Placement, ...]


def look(folder: Path, main: MainKeys | None) -> Look:
    """Files are replaced whole, so this is safe beside a running bot. Raises NotReadable."""
    try:
        found = read_roster(folder / ROSTER, lambda name: key_outside(folder, name, main))
        known, listed, _ = found[0] if found else ({}, {}, {})
        people, placements = tuple(known.values()), tuple(listed.values())
    except WrongKey as no:
        raise NotReadable(f"{ROSTER} cannot be read. {no}") from no
    except (Damaged, OSError, ValueError, TypeError, KeyError, StoreUnavailable) as fault:
        raise NotReadable(f"{ROSTER} cannot be read ({type(fault).__name__}).") from fault
    return Look(people, placements)
