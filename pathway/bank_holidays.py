"""The bank holidays of England: Easter, three Mondays, Christmas and New Year by rule, one-off changes from data."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

_SATURDAY = 5
#: What a day is called that the rule does not give.
EXTRA = "the extra bank holiday"


def easter_sunday(year: int) -> date:
    """Easter in the Gregorian calendar, by the anonymous computus (Meeus, Jones, Butcher)."""
    golden = year % 19
    century, of_century = divmod(year, 100)
    leaps, century_rest = divmod(century, 4)
    moon = (19 * golden + century - leaps - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * century_rest + 2 * (of_century // 4) - moon - of_century % 4) % 7
    late = (golden + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def by_rule(year: int) -> Mapping[date, str]:
    """The eight bank holidays of *year* on the weekdays they are kept, each with its name."""
    easter = easter_sunday(year)
    kept = {
        easter - timedelta(days=2): "Good Friday",
        easter + timedelta(days=1): "Easter Monday",
        _monday_from(date(year, 5, 1)): "the early May bank holiday",
        _monday_from(date(year, 5, 25)): "the spring bank holiday",
        _monday_from(date(year, 8, 25)): "the summer bank holiday",
    }
    kept |= _new_year(year) | _christmas(year)
    return MappingProxyType(dict(sorted(kept.items())))


@dataclass(frozen=True, slots=True)
class BankHolidays:
    """The rule with one-off changes: *extra* days are kept beside it, *removed* days are ordinary days."""

    extra: tuple[date, ...] = ()
    removed: tuple[date, ...] = ()

    def name(self, day: date) -> str:
        """What the bank holiday on *day* is called, or "" where there is none."""
        return _of_year(day.year, self.extra, self.removed).get(day, "")

    def of(self, year: int) -> Mapping[date, str]:
        """All of *year*, in order, each with its name."""
        return _of_year(year, self.extra, self.removed)

    def changed(self, extra: Iterable[date], removed: Iterable[date]) -> BankHolidays:
        """These and more changes. A day given both here and before goes by the later word."""
        added, gone = frozenset(extra), frozenset(removed)
        return BankHolidays(
            extra=tuple(sorted((frozenset(self.extra) - gone) | added)),
            removed=tuple(sorted((frozenset(self.removed) - added) | gone)),
        )


@lru_cache(maxsize=256)
def _of_year(year: int, extra: tuple[date, ...], removed: tuple[date, ...]) -> Mapping[date, str]:
    kept = {day: name for day, name in by_rule(year).items() if day not in removed}
    for day in extra:
        if day.year == year:
            kept.setdefault(day, EXTRA)
    return MappingProxyType(dict(sorted(kept.items())))


def _new_year(year: int) -> dict[date, str]:
    first = date(year, 1, 1)
    if first.weekday() < _SATURDAY:
        return {first: "New Year's Day"}
    return {_monday_from(first): "the bank holiday for New Year's Day"}


def _christmas(year: int) -> dict[date, str]:
    """Christmas and Boxing Day; one that falls on a weekend is kept on the next weekday that is free."""
    christmas, boxing = {date(year, 12, 25): "Christmas Day"}, {date(year, 12, 26): "Boxing Day"}
    weekday = date(year, 12, 25).weekday()
    if weekday >= _SATURDAY:
        christmas = {date(year, 12, 27): "the bank holiday for Christmas Day"}
    if weekday in {_SATURDAY - 1, _SATURDAY}:
        boxing = {date(year, 12, 28): "the bank holiday for Boxing Day"}
    return christmas | boxing


def _monday_from(day: date) -> date:
    return day + timedelta(days=-day.weekday() % 7)


def _built_in() -> BankHolidays:
    data = tomllib.loads(Path(__file__).with_name("bank_holidays.toml").read_text(encoding="utf-8"))
    return BankHolidays(extra=tuple(data["extra"]), removed=tuple(data["removed"]))


#: England's, with the one-off changes known when this was written.
BANK_HOLIDAYS = _built_in()
