"""Days, counted and said: school days of a placement, working days of the university, and London's clock.

"Within a week" is five days *after* the day somebody was told, on the calendar of the people concerned: the placement
school's for the mentor and the student, the university's for everybody else. Weekends, bank holidays, school holidays,
training days and single closures are not counted, and every computed date can say how it was found.

Dates are plain `date`s in Europe/London. Moments are aware `datetime`s; a naive one raises `ValueError`.
"""

from __future__ import annotations

import functools
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pathway.bank_holidays import BANK_HOLIDAYS, BankHolidays

LONDON = ZoneInfo("Europe/London")
#: First and last day, both included.
Stretch = tuple[date, date]

#: A computed date further away than this many calendar days asks for an earlier offer.
FAR = 10
WEEKDAYS = (0, 1, 2, 3, 4)
_DAY = timedelta(days=1)
_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
#: What the gap between two terms is called, by the month of its first weekday.
_HOLIDAYS = {
    1: "the Christmas holiday",
    2: "half term",
    3: "the Easter holiday",
    4: "the Easter holiday",
    5: "half term",
    6: "half term",
    7: "the summer holiday",
    8: "the summer holiday",
    10: "half term",
    11: "half term",
    12: "the Christmas holiday",
}
_TRAINING_DAY = "the training day"
_SCHOOL_CLOSURE = "the school closure"
_SCHOOL_HOLIDAY = "the school holiday"
#: What one such day is.
_A_DAY = {
    _TRAINING_DAY: "a training day",
    _SCHOOL_CLOSURE: "a day on which the school is closed",
    _SCHOOL_HOLIDAY: "a school holiday",
}
#: What is known of so many days, and of so many stretches, is remembered.
MOST_SEEN = 5000
#: A gap of fewer weekdays is not a half term, whatever its month.
_SHORTEST_HOLIDAY = 3


# -- what a computed date can say --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Skipped:
    """One stretch of weekdays that was not counted: *name* ("half term"), *words* with its days ("half term 26 to 30
    October"). With *clause* they are a clause of their own ("the university is closed 24 December to 3 January").
    """

    first: date
    last: date
    name: str
    words: str
    clause: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A computed date. *how* says how it was found, in words that follow a date or begin a sentence
    ("5 school days; half term 26 to 30 October is not counted"). *far*: more than 10 calendar days away.
    """

    day: date
    how: str
    skipped: tuple[Skipped, ...] = ()
    far: bool = False


class OpenDays(ABC):
    """Days that count and days that do not. `Calendar` and `WorkingDays` say which."""

    __slots__ = ()

    @abstractmethod
    def is_open(self, day: date) -> bool:
        """Whether *day* counts."""

    @abstractmethod
    def skipped_at(self, day: date) -> Skipped | None:
        """The closure that keeps the weekday *day* from being counted; None where it is open or at a weekend."""

    @property
    @abstractmethod
    def unit(self) -> str:
        """One day of this kind: "school day"."""

    @abstractmethod
    def _remarks(self, first: date, last: date) -> tuple[str, ...]:
        """What else a reader should know of a count from *first* to *last*, as clauses."""

    def add(self, day: date, n: int) -> date:
        """The *n*th open day strictly after *day*, which need not be open itself; *day* for 0.

        Raises ValueError for a negative *n*: `before` counts backwards.
        """
        return self._step(day, n, _DAY)

    def before(self, day: date, n: int) -> date:
        """The *n*th open day strictly before *day*; *day* for 0. Raises ValueError for a negative *n*."""
        return self._step(day, n, -_DAY)

    def next_open(self, day: date) -> date:
        """*day* if it is open, else the first open day after it."""
        return day if self.is_open(day) else self.next_after(day)

    def next_after(self, day: date) -> date:
        """The first open day strictly after *day*."""
        return self.add(day, 1)

    def count(self, start: date, end: date) -> int:
        """How many open days lie after *start*, up to and with *end*; 0 where *end* is not later."""
        return sum(map(self.is_open, _days(start + _DAY, end)))

    def explain(self, start: date, n: int) -> Found:
        """`add(start, n)`, with how it was found."""
        return self.explain_until(start, self.add(start, n))

    def explain_until(self, start: date, end: date) -> Found:
        """A date that a person chose, with the open days it gives after *start* and what lies between."""
        skipped = self._skipped(start, end)
        clauses = [counted(self.count(start, end), self.unit), *self._remarks(start + _DAY, end), *_clauses(skipped)]
        return Found(end, "; ".join(clauses), skipped, far=(end - start).days > FAR)

    def earlier(self, start: date, found: Found, at_least: int = 3) -> Found | None:
        """An earlier date to offer where *found*, counted from *start*, is far: the last open day before the longest
        break, if that leaves *at_least* open days, else the day that leaves just so many; None if there is none.
        """
        if not found.far or not found.skipped:
            return None
        longest = max(found.skipped, key=lambda skipped: skipped.last - skipped.first)
        soonest = self.add(start, at_least)
        day = max(self.before(longest.first, 1), soonest)
        return self.explain_until(start, day) if day < found.day else None

    def why_closed(self, day: date) -> str:
        """Why *day* does not count, as a sentence without its full stop; "" where it does."""
        if self.is_open(day):
            return ""
        return f"{in_words(day)} is not a {self.unit}: {self._reason(day)}"

    def _reason(self, day: date) -> str:
        closure = self.skipped_at(day)
        if closure is None:
            return "; ".join(self._remarks(day, day)) if _is_weekday(day) else "it is at a weekend"
        if closure.clause or closure.first != closure.last:
            return closure.words
        return f"it is {_A_DAY.get(closure.name, closure.name)}"

    def _step(self, day: date, n: int, step: timedelta) -> date:
        if n < 0:
            message = f"Days are counted from 0 upwards, not {n}."
            raise ValueError(message)
        while n:
            day += step
            n -= self.is_open(day)
        return day

    def _skipped(self, start: date, end: date) -> tuple[Skipped, ...]:
        closures = (self.skipped_at(day) for day in _days(start + _DAY, end))
        return tuple(dict.fromkeys(closure for closure in closures if closure))


# -- the two calendars -------------------------------------------------------------------------------------------


class _Looked(OpenDays):
    """Looks at each day, and at each stretch of them, once: a turn asks for the same few weeks hundreds of times."""

    __slots__ = ()
    _seen: dict[date, tuple[bool, Skipped | None]]
    _explained: dict[Stretch, Found]

    @abstractmethod
    def _is_open(self, day: date) -> bool: ...

    @abstractmethod
    def _skipped_at(self, day: date) -> Skipped | None: ...

    def is_open(self, day: date) -> bool:
        return self._look(day)[0]

    def skipped_at(self, day: date) -> Skipped | None:
        return self._look(day)[1]

    def explain_until(self, start: date, end: date) -> Found:
        found = self._explained.get((start, end))
        if found is None:
            if len(self._explained) >= MOST_SEEN:
                self._explained.clear()
            found = self._explained[start, end] = super().explain_until(start, end)
        return found

    def _look(self, day: date) -> tuple[bool, Skipped | None]:
        found = self._seen.get(day)
        if found is None:
            if len(self._seen) >= MOST_SEEN:
                self._seen.clear()
            found = self._seen[day] = self._is_open(day), self._skipped_at(day)
        return found


@dataclass(frozen=True, slots=True)
class Calendar(_Looked):
    """The school days of one placement.

    *terms* are in order and apart, their first and last days included; *inset* are training days, *closures* single
    days and stretches (snow, a polling day). Outside all terms' span, and with no terms at all, Monday to Friday
    counts, and explanations say that the dates are not known. *days* are the weekdays on which the student is in
    school (0 is Monday): they change no count, they only tell how many of the counted days are days in school.
    """

    terms: tuple[Stretch, ...] = ()
    inset: tuple[date, ...] = ()
    closures: tuple[Stretch, ...] = ()
    bank_holidays: BankHolidays = BANK_HOLIDAYS
    days: tuple[int, ...] = WEEKDAYS
    name: str = ""
    _seen: dict[date, tuple[bool, Skipped | None]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _explained: dict[Stretch, Found] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def unit(self) -> str:
        return "school day"

    def knows(self, day: date) -> bool:
        """Whether *day* lies between the first day of the first term and the last day of the last."""
        return bool(self.terms) and self.terms[0][0] <= day <= self.terms[-1][1]

    def _is_open(self, day: date) -> bool:
        return (
            _is_weekday(day)
            and not (self.knows(day) and _within(day, self.terms) is None)
            and not self.bank_holidays.name(day)
            and day not in self.inset
            and _within(day, self.closures) is None
        )

    def _skipped_at(self, day: date) -> Skipped | None:
        if not _is_weekday(day):
            return None
        if self.knows(day) and _within(day, self.terms) is None:
            return self._holiday(day)
        if name := self.bank_holidays.name(day):
            return _bank_holiday(day, name)
        if day in self.inset:
            return _named(_TRAINING_DAY, day, day)
        if closure := _within(day, self.closures):
            return _named(_SCHOOL_CLOSURE, *_weekdays_of(closure))
        return None

    def with_closures(self, *days: date | Stretch) -> Calendar:
        """The same calendar with more single closures: days, or stretches of days."""
        more = tuple(day if isinstance(day, tuple) else (day, day) for day in days)
        return replace(self, closures=self.closures + more)

    def in_school(self, start: date, end: date) -> int:
        """On how many of the open days after *start*, up to and with *end*, the student is in school."""
        return sum(self.is_open(day) and day.weekday() in self.days for day in _days(start + _DAY, end))

    def in_school_in_words(self, who: str, start: date, end: date) -> str:
        """Such as "Megan is in school on 1 of these 5 days"; "" where it is all of them."""
        here, all_days = self.in_school(start, end), self.count(start, end)
        if here == all_days:
            return ""
        if all_days == 1:
            return f"{who} is not in school on this day"
        return f"{who} is in school on {here or 'none'} of these {all_days} days"

    def _holiday(self, day: date) -> Skipped:
        """The gap between two terms around *day*, trimmed to its weekdays."""
        before = max(last for _, last in self.terms if last < day)
        after = min(first for first, _ in self.terms if first > day)
        first, last = _weekdays_of((before + _DAY, after - _DAY))
        short = sum(map(_is_weekday, _days(first, last))) < _SHORTEST_HOLIDAY
        return _named(_SCHOOL_HOLIDAY if short else _HOLIDAYS.get(first.month, _SCHOOL_HOLIDAY), first, last)

    def _remarks(self, first: date, last: date) -> tuple[str, ...]:
        if all(self.knows(day) for day in _days(first, last) if _is_weekday(day)):
            return ()
        unknown = "we do not know this school's term dates"
        if self.terms and last > self.terms[-1][1] and first >= self.terms[0][0]:
            unknown += f" after {_day_and_month(self.terms[-1][1])} {self.terms[-1][1].year}"
        elif self.terms and first < self.terms[0][0] and last <= self.terms[-1][1]:
            unknown += f" before {_day_and_month(self.terms[0][0])} {self.terms[0][0].year}"
        return (unknown,)


@dataclass(frozen=True, slots=True)
class WorkingDays(_Looked):
    """The university's working days: Monday to Friday less bank holidays and *closures*.

    *days* (0 is Monday) narrows them to the weekdays of one tutor.
    """

    closures: tuple[Stretch, ...] = ()
    bank_holidays: BankHolidays = BANK_HOLIDAYS
    days: tuple[int, ...] = WEEKDAYS
    _seen: dict[date, tuple[bool, Skipped | None]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _explained: dict[Stretch, Found] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def unit(self) -> str:
        return "working day"

    def _is_open(self, day: date) -> bool:
        return (
            day.weekday() in (self.days or WEEKDAYS)
            and not self.bank_holidays.name(day)
            and _within(day, self.closures) is None
        )

    def _skipped_at(self, day: date) -> Skipped | None:
        if day.weekday() not in (self.days or WEEKDAYS):
            return None
        if closure := _within(day, self.closures):
            return _named("the university is closed", *closure, clause=True)
        if name := self.bank_holidays.name(day):
            return _bank_holiday(day, name)
        return None

    def _remarks(self, first: date, last: date) -> tuple[str, ...]:
        """Which weekdays a part-time tutor works."""
        part_time = self.days and set(self.days) != set(WEEKDAYS)
        return (f"only {weekdays_in_words(self.days)} are counted",) if part_time and first <= last else ()


@functools.lru_cache(256)  # a placement's own are asked for some thirty times in a turn
def weekdays(text: str) -> tuple[int, ...]:
    """Weekdays that somebody wrote: "Tuesday", "Mon, Wed and Fri", "Monday to Thursday"; nothing means all five.

    0 is Monday. Raises ValueError, with a sentence, for anything else and for weekends.
    """
    plain = re.sub(r"\s*(?:-|–|\bto\b)\s*", "-", text.lower().replace(".", " "))
    found: set[int] = set()
    for piece in filter(None, re.split(r"\band\b|[\s,;&/]+", plain)):
        days = _weekdays_from_to(*piece.partition("-")[::2]) if "-" in piece else _weekdays_from_to(piece, piece)
        if not days:
            message = f'"{text}" is not a list of weekdays. Write "Monday, Tuesday" or "Monday to Wednesday".'
            raise ValueError(message)
        found.update(days)
    return tuple(sorted(found)) or WEEKDAYS


def weekdays_in_words(days: Iterable[int]) -> str:
    """Such as "Mondays and Wednesdays"."""
    return listed([f"{_NAMES[day]}s" for day in sorted(set(days))])


# -- London's clock ----------------------------------------------------------------------------------------------


@functools.lru_cache(4096)  # a turn asks for the same mornings a dozen times
def local(day: date, at: time) -> datetime:
    """The moment when London's clocks show *at* on *day*, in UTC. Of an hour that comes twice, the first."""
    if at.tzinfo is not None:
        raise ValueError("A time on the wall has no time zone of its own.")
    return datetime.combine(day, at, LONDON).astimezone(UTC)


def local_date(moment: datetime) -> date:
    """The day in London at *moment*, which is aware."""
    return in_london(moment).date()


def in_london(moment: datetime) -> datetime:
    """*moment* on London's clock. Raises ValueError for a naive one."""
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValueError("A moment needs its time zone.")
    return moment.astimezone(LONDON)


# -- said in words -----------------------------------------------------------------------------------------------


def in_words(day: date, today: date | None = None, *, year: bool = False) -> str:
    """Such as "Tuesday 3 November"; with the year on request, or where it is not *today*'s."""
    words = f"{_NAMES[day.weekday()]} {_day_and_month(day)}"
    return f"{words} {day.year}" if year or (today and today.year != day.year) else words


def time_in_words(at: time) -> str:
    """Such as "3:45pm", "4pm", "midday", "midnight". Seconds are left out."""
    if not at.minute and at.hour in {0, 12}:
        return "midday" if at.hour else "midnight"
    minutes = f":{at.minute:02}" if at.minute else ""
    return f"{at.hour % 12 or 12}{minutes}{'am' if at.hour < 12 else 'pm'}"


def moment_in_words(moment: datetime, today: date | None = None, *, year: bool = False) -> str:
    """Such as "Tuesday 3 November, 3:45pm", on London's clock. Raises ValueError for a naive *moment*."""
    there = in_london(moment)
    return f"{in_words(there.date(), today, year=year)}, {time_in_words(there.time())}"


def range_in_words(first: date, last: date, *, year: bool = False) -> str:
    """Such as "26 to 30 October", "24 December to 3 January", "20 November" for a single day."""
    end = f"{_day_and_month(last)} {last.year}" if year else _day_and_month(last)
    if first == last:
        return end
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {end}"
    start = f"{_day_and_month(first)} {first.year}" if year and first.year != last.year else _day_and_month(first)
    return f"{start} to {end}"


def counted(n: int, thing: str) -> str:
    """Such as "1 school day", "5 school days"."""
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"


def listed(things: Iterable[str]) -> str:
    """Such as "a", "a and b", "a, b and c"; "" for nothing."""
    *most, last = [*things] or [""]
    return f"{', '.join(most)} and {last}" if most else last


# -- small parts -------------------------------------------------------------------------------------------------


def _days(first: date, last: date) -> Iterator[date]:
    return map(date.fromordinal, range(first.toordinal(), last.toordinal() + 1))


def _is_weekday(day: date) -> bool:
    return day.weekday() in WEEKDAYS


def _within(day: date, stretches: Iterable[Stretch]) -> Stretch | None:
    for stretch in stretches:
        if stretch[0] <= day <= stretch[1]:
            return stretch
    return None


def _weekdays_of(stretch: Stretch) -> Stretch:
    """The stretch from its first weekday to its last; it holds at least one."""
    inside = [day for day in _days(*stretch) if _is_weekday(day)]
    return inside[0], inside[-1]


def _named(name: str, first: date, last: date, *, clause: bool = False) -> Skipped:
    days = f"on {in_words(first)}" if first == last else range_in_words(first, last)
    return Skipped(first, last, name, f"{name} {days}", clause)


def _bank_holiday(day: date, name: str) -> Skipped:
    """Such as "Good Friday 26 March", "the early May bank holiday on Monday 3 May"."""
    if name.endswith(_NAMES[day.weekday()]):
        return Skipped(day, day, name, f"{name} {_day_and_month(day)}")
    return _named(name, day, day)


def _clauses(skipped: Iterable[Skipped]) -> list[str]:
    names = [closure.words for closure in skipped if not closure.clause]
    clauses = [f"{listed(names)} {'is' if len(names) == 1 else 'are'} not counted"] if names else []
    return clauses + [closure.words for closure in skipped if closure.clause]


def _day_and_month(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]}"


def _weekdays_from_to(first: str, last: str) -> range:
    """Empty where either is no weekday, or *last* comes before *first*."""
    start, end = _weekday(first), _weekday(last)
    return range(0) if start is None or end is None else range(start, end + 1)


def _weekday(word: str) -> int | None:
    """The number of a weekday written in full or cut after its third letter ("tue", "thurs", "fridays")."""
    single = word.removesuffix("s") if word.endswith("days") else word
    return next((n for n in WEEKDAYS if len(single) >= 3 and _NAMES[n].lower().startswith(single)), None)
