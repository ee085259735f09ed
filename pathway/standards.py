"""The areas a target may be about: Teachers' Standards 1 to 8, Part Two, and the provider's core areas.

Titles and bullets are official wording (see `ATTRIBUTION`), labels are ours. The Teachers' Standards hold for England;
core areas are the provider's to rename or regroup, so old cases may name an area that is no longer offered.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, Protocol

#: To be shown wherever the official wording is: the licence asks for it.
ATTRIBUTION = "Contains public sector information licensed under the Open Government Licence v3.0."
#: The longest label, in characters: what fits a narrow card.
LONGEST_LABEL = 32

Kind = Literal["standard", "part_two", "core_area"]


@dataclass(frozen=True, slots=True)
class Area:
    """One choice of the pick list. *bullets* are the official sub-headings, in order."""

    id: str
    label: str
    title: str
    kind: Kind
    bullets: tuple[str, ...] = ()

    @property
    def needs_route_check(self) -> bool:
        """Part Two may be about punctuality, or about conduct that belongs to another procedure."""
        return self.kind == "part_two"

    @property
    def choice(self) -> str:
        """The label as the pick list shows it: "TS7 Managing behaviour", "Behaviour management (Core Area)"."""
        match self.kind:
            case "standard":
                return f"{self.id} {self.label}"
            case "part_two":
                return self.label
            case "core_area":
                return f"{self.label} (Core Area)"


@dataclass(frozen=True, slots=True)
class CoreArea:
    """One of the provider's core areas, and the ids of the standards it covers."""

    id: str
    name: str
    standards: tuple[str, ...] = ()
    label: str = ""
    bullets: tuple[str, ...] = ()

    @property
    def area(self) -> Area:
        return Area(self.id, self.label or self.name, self.name, "core_area", self.bullets)


class HasCoreAreas(Protocol):
    """A `Provider`, as far as this module looks."""

    @property
    def core_areas(self) -> tuple[CoreArea, ...]: ...


def areas(provider: HasCoreAreas | None = None) -> tuple[Area, ...]:
    """Everything that can be chosen, in the order of the pick list: TS1 to TS8, Part Two, the core areas."""
    return (*STANDARDS.values(), *(core.area for core in _core_areas(provider)))


def is_offered(area_id: str, provider: HasCoreAreas | None = None) -> bool:
    """Whether a new target may name this area."""
    return any(choice.id == area_id for choice in areas(provider))


def area(area_id: str, provider: HasCoreAreas | None = None) -> Area:
    """The area with this id. One that is no longer offered is shown all the same, for old cases: with the wording of
    the framework where it has some, else with its id in words.
    """
    known = {choice.id: choice for choice in (*areas(), *areas(provider))}
    words = area_id.replace("_", " ")
    return known.get(area_id) or Area(
        area_id, words[:1].upper() + words[1:], words[:1].upper() + words[1:], "core_area"
    )


def overlap_hint(ids: Iterable[str], provider: HasCoreAreas | None = None) -> str:
    """What to say where a core area is chosen beside a standard that it covers, as advice; "" where none is."""
    chosen = tuple(ids)
    pairs = [
        f"{STANDARDS[standard].choice} is part of {core.name}."
        for core in _core_areas(provider)
        if core.id in chosen
        for standard in core.standards
        if standard in chosen
    ]
    return " ".join([*pairs, "You may need only one of them."]) if pairs else ""


def _core_areas(provider: HasCoreAreas | None) -> tuple[CoreArea, ...]:
    return CORE_AREAS if provider is None else provider.core_areas


def _read() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("standards.toml").read_text(encoding="utf-8"))


def _standard(kind: Kind, row: Mapping[str, Any]) -> Area:
    return Area(row["id"], row["label"], row["title"], kind, tuple(row["bullets"]))


_DATA = _read()
#: TS1 to TS8 and P2 by their ids, in order.
STANDARDS: Mapping[str, Area] = MappingProxyType(
    {
        standard.id: standard
        for standard in (
            *(_standard("standard", row) for row in _DATA["standard"]),
            *(_standard("part_two", row) for row in _DATA["part_two"]),
        )
    }
)
#: The five core areas of the framework: what a provider has who names none of its own.
CORE_AREAS = tuple(
    CoreArea(row["id"], row["title"], tuple(row["standards"]), bullets=tuple(row["bullets"]))
    for row in _DATA["core_area"]
)
