"""One table of a TOML file, read key by key, with a sentence for everything that is wrong.

Reading never stops at the first fault: a wrong value is noted and its default goes on, so that somebody who mends a
file sees all of it at once.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import MISSING, fields
from datetime import date, datetime, time
from difflib import get_close_matches
from typing import Any, TypeVar

from pathway.dates import Stretch

_LONGEST_STRETCH = 366
_Shape = TypeVar("_Shape")


class Table:
    """*data* found at *place* ("[days]", or "" for the top of the file). *known* keys are the only ones allowed; None
    allows any. Faults go to *faults*.
    """

    def __init__(
        self,
        data: Mapping[str, Any],
        faults: list[str],
        place: str = "",
        known: Collection[str] | None = None,
    ) -> None:
        self.data, self.faults, self.place = data, faults, place
        if known is not None:
            for key in data:
                if key not in known:
                    self.faults.append(f"{place or 'The file'} has no {_quoted(key)}. {_nearest(key, known)}")

    def fault(self, key: str, sentence: str) -> None:
        """Notes that *key* is wrong; *sentence* begins in the middle: "must be a date."."""
        self.faults.append(f"{self.place} {key} {sentence}".strip())

    def text(self, key: str, default: str = "", *, needed: bool = False) -> str:
        value = self.data.get(key, default)
        if not isinstance(value, str):
            self.fault(key, f'must be text in quotation marks. Write {key} = "..."')
            return default
        if needed and not value.strip():
            self.fault(key, f'must not be empty. Write {key} = "..."')
            return default
        return value.strip()

    def number(self, key: str, default: int, least: int = 1) -> int:
        value = self.data.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            self.fault(key, f"must be a whole number, {least} or more. Write {key} = {max(default, least)}")
            return default
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        value = self.data.get(key, default)
        if not isinstance(value, bool):
            self.fault(key, f"must be true or false, without quotation marks. Write {key} = {str(default).lower()}")
            return default
        return value

    def clock(self, key: str, default: time) -> time:
        value = self.data.get(key, default)
        if not isinstance(value, time):
            self.fault(key, f"must be a time with seconds, without quotation marks. Write {key} = {default}")
            return default
        return value

    def email(self, key: str, *, needed: bool = False) -> str:
        value = self.text(key, needed=needed)
        if value and not re.fullmatch(r"[^@\s]+@[^@\s]+", value):
            self.fault(key, f'is not an e-mail address: {_quoted(value)}. Write {key} = "name@university.example"')
        return value

    def address(self, key: str) -> str:
        value = self.text(key)
        if value and not re.fullmatch(r"https://[^/\s]\S*", value):
            self.fault(key, f"must be an address that begins with https://, not {_quoted(value)}. Mend or delete it")
        return value

    def days(self, key: str) -> tuple[date, ...]:
        """Single dates, in order and each once."""
        found = [self._day(key, value) for value in self._list(key)]
        return tuple(sorted({day for day in found if day}))

    def stretches(self, key: str, *, single: bool = True) -> tuple[Stretch, ...]:
        """[first, last] pairs in order; with *single*, one date alone is a stretch of one day."""
        return tuple(sorted({stretch for value in self._list(key) if (stretch := self._stretch(key, value, single))}))

    def texts(self, key: str) -> tuple[str, ...]:
        values = self._list(key)
        if not all(isinstance(value, str) for value in values):
            self.fault(key, f'must be a list of texts. Write {key} = ["...", "..."]')
            return ()
        return tuple(values)

    def table(self, key: str, known: Collection[str] | None = None) -> Table:
        """The section *key*; an empty one where the file has none."""
        value = self.data.get(key, {})
        place = f"{self.place[:-1]}.{key}]" if self.place else f"[{key}]"
        if not isinstance(value, Mapping):
            self.faults.append(f"{key} must be a section. Write {place} on a line of its own, and its keys below")
            value = {}
        return Table(value, self.faults, place, known)

    def tables(self, key: str, known: Collection[str]) -> tuple[Table, ...]:
        """The sections [[key]], in order."""
        value = self.data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
            self.faults.append(f"{key} must be a list of sections. Write [[{key}]] above each of them")
            return ()
        return tuple(Table(one, self.faults, f"[[{key}]] number {n}", known) for n, one in enumerate(value, start=1))

    def shaped(self, key: str, shape: type[_Shape], least: int = 1) -> _Shape:
        """The section *key* as a dataclass whose fields all have defaults: texts, numbers, flags or times."""
        defaults = {one.name: one.default for one in fields(shape) if one.default is not MISSING}  # type: ignore[arg-type]
        section = self.table(key, defaults.keys())
        return shape(**{name: section.like(name, default, least) for name, default in defaults.items()})

    def like(self, key: str, default: Any, least: int) -> Any:
        """The value of *key*, of the type that *default* has."""
        match default:
            case bool():
                return self.flag(key, default=default)
            case int():
                return self.number(key, default, least)
            case time():
                return self.clock(key, default)
            case _:
                return self.text(key, default, needed=bool(default))

    def _list(self, key: str) -> list[Any]:
        value = self.data.get(key, [])
        if not isinstance(value, list):
            self.fault(key, f"must be a list. Write {key} = [...]")
            return []
        return value

    def _day(self, key: str, value: object) -> date | None:
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        self.fault(key, f"has {_quoted(value)}, which is no date. Write dates without quotation marks: 2026-11-20")
        return None

    def _stretch(self, key: str, value: object, single: bool) -> Stretch | None:  # noqa: FBT001
        if single and not isinstance(value, list):
            day = self._day(key, value)
            return (day, day) if day else None
        if not isinstance(value, list) or len(value) != 2:
            self.fault(key, f"has {_quoted(value)}. Write first and last day: [2026-09-01, 2026-10-23]")
            return None
        first, last = self._day(key, value[0]), self._day(key, value[1])
        if first is None or last is None:
            return None
        if not 0 <= (last - first).days <= _LONGEST_STRETCH:
            self.fault(key, f"goes from {first} to {last}. Write the first day before the last, at most a year apart")
            return None
        return first, last


def _quoted(value: object) -> str:
    return f'"{value}"'


def _nearest(key: str, known: Collection[str]) -> str:
    near = get_close_matches(key.lower(), known, n=1)
    return f"Did you mean {_quoted(near[0])}?" if near else f"It can have: {', '.join(known)}."
