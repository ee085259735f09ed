"""Three times to choose from for a gathering: when the days allow it and nobody is known to be busy.

Pure: the days, the hours on the wall and what is known of people's calendars come in, slots come out. Nobody is called
free whose calendar was not read. What the mentor wrote about good times only orders the choice, and forbids nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from pathway.dates import WEEKDAYS, OpenDays, in_london, local, local_date, weekdays
from pathway.ports import Busy

#: So many times are offered.
OFFERED = 3
#: Times are tried every so many minutes.
EVERY = 15
#: Lessons begin about then: who writes "before school" means that the meeting is over by it.
LESSONS_BEGIN = time(8, 45)
#: Nobody looks further than so many days for three times.
FURTHEST = 60

#: What is known of people's calendars, by person id: the times they are busy, None where nobody can say.
Calendars = Mapping[str, Sequence[Busy] | None]


@dataclass(frozen=True, slots=True)
class Slot:
    """One time, aware. *free* are the person ids whose calendar was read and has room; of *unknown* nothing is known.
    *late*: it lies after the day by which the gathering is asked for.
    """

    starts: datetime
    minutes: int
    free: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    late: bool = False

    @property
    def ends(self) -> datetime:
        return self.starts + timedelta(minutes=self.minutes)

    @property
    def day(self) -> date:
        return local_date(self.starts)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is recognised of somebody's words about good times; everything else they wrote is left to people to read."""

    days: tuple[int, ...] = ()
    after: time | None = None
    before_school: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is looked for: *minutes* on an open day of all of *days*, after *now* (aware), on the days after today up to
    *by*, or as soon as possible after it. It starts at *earliest* or later and is over by *latest* (London's clock).
    Calendars were read up to *read_until*, or as far as anybody looks.
    """

    now: datetime
    by: date
    days: tuple[OpenDays, ...]
    minutes: int
    earliest: time
    latest: time
    people: Calendars = field(default_factory=dict)
    read_until: datetime | None = None
    best: str = ""
    opens: time = time(8)


def find(search: Search) -> tuple[Slot, ...]:
    """Up to three slots, the soonest first, on as many days as there are. Only where there is no time at all before the
    end of *by* are later ones given. Empty where nothing is found for two months.
    """
    wish = wish_of(search.best)
    today = local_date(search.now)
    until = max((search.by - today).days, 0)
    soon = _chosen([s for n in range(1, until + 1) for s in _of_day(search, today + timedelta(days=n), wish)], wish)
    if soon:
        return soon
    found: list[Slot] = []
    for n in range(until + 1, until + 1 + FURTHEST):
        found += _of_day(search, today + timedelta(days=n), wish)
        if len({s.day for s in found}) == OFFERED:
            break
    return _chosen(found, wish)


def _of_day(search: Search, day: date, wish: Wish) -> Iterator[Slot]:
    """Every time of one day that suits."""
    if not all(days.is_open(day) for days in search.days):
        return
    for at in _times(search, wish):
        slot = _slot(search, local(day, at))
        if slot is not None:
            yield slot


def _times(search: Search, wish: Wish) -> Iterator[time]:
    """Times on the wall, the earliest first."""
    if wish.before_school:
        yield from _every(search.opens, LESSONS_BEGIN, search.minutes)
    yield from _every(search.earliest, search.latest, search.minutes)


def _every(first: time, last: time, minutes: int) -> Iterator[time]:
    start, end = first.hour * 60 + first.minute, last.hour * 60 + last.minute
    for n in range(start, end - minutes + 1, EVERY):
        yield time(n // 60, n % 60)


def _slot(search: Search, starts: datetime) -> Slot | None:
    """None where somebody is known to be busy."""
    ends = starts + timedelta(minutes=search.minutes)
    if any(busy for known in search.people.values() for busy in overlapping(known or (), starts, ends)):
        return None
    read = search.read_until is None or ends <= search.read_until
    free = tuple(p for p, known in search.people.items() if read and known is not None)
    return Slot(
        starts,
        search.minutes,
        free=free,
        unknown=tuple(p for p in search.people if p not in free),
        late=local_date(starts) > search.by,
    )


def overlapping(busy: Sequence[Busy], starts: datetime, ends: datetime) -> tuple[Busy, ...]:
    """Of *busy* what lies between *starts* and *ends*; what only touches them does not."""
    return tuple(b for b in busy if b.starts < ends and starts < b.ends)


def _chosen(found: Sequence[Slot], wish: Wish) -> tuple[Slot, ...]:
    """One a day first, what the words wish for before the rest; then further times on the same days."""
    left, chosen = sorted(found, key=lambda s: (_unwished(s, wish), s.starts)), list[Slot]()
    while left and len(chosen) < OFFERED:
        there = {s.day for s in chosen}
        new = [s for s in left if s.day not in there] or _apart(left, chosen)
        if not new:
            break
        chosen.append(new[0])
        left.remove(new[0])
    return tuple(sorted(chosen, key=lambda s: s.starts))


def _apart(left: Sequence[Slot], chosen: Sequence[Slot]) -> list[Slot]:
    """Those that overlap none of the chosen: a quarter of an hour later is no other time."""
    return [s for s in left if not any(s.starts < c.ends and c.starts < s.ends for c in chosen)]


def _unwished(slot: Slot, wish: Wish) -> int:
    """How many of the wishes *slot* passes over."""
    at = in_london(slot.starts)
    other_day = bool(wish.days) and at.weekday() not in wish.days
    too_early = wish.after is not None and not wish.before_school and at.time() < wish.after
    after_lessons = wish.before_school and at.time() >= LESSONS_BEGIN
    return other_day + too_early + after_lessons


_WORD = re.compile(r"[a-z]+")
_FROM_TO = re.compile(r"\b([a-z]{3,})\s*(?:-|–|\bto\b)\s*([a-z]{3,})\b")
_AFTER = re.compile(r"\b(?:after|from)\s+(?:about\s+)?(\d{1,2})(?:[:.](\d{2}))?\s*(am|pm)?\b(?!\s*(?:am|pm|[:.]\d))")
_LATER = re.compile(r"\b(\d{1,2})(?:[:.](\d{2}))?\s*(am|pm)?\s+(?:onwards|or later|and later)\b")
_BEFORE_SCHOOL = re.compile(r"\bbefore\s+(?:school|lessons)\b")
_NOT_ON = re.compile(
    r"\bnot\s+(?:on\s+)?((?:mon|tues|wednes|thurs|fri)days?|mon|tues?|weds?|thur?s?|fri)\b(?!\s*(?:after|before|until|or|and))"
)
_NOT = re.compile(r"\b(?:not|no|never|except|but|cannot|can't|can’t|avoid|unless)\b")


def wish_of(words: str) -> Wish:
    """Weekdays by name ("Tuesdays", "Mon to Wed", "not Friday"), "after 4", "3:30pm and later", "before school". Words
    with another "not" in them say more than is understood here, and are a wish for nothing.
    """
    said = words.casefold()
    plain = _NOT_ON.sub(" ", said)
    if _NOT.search(plain):
        return Wish()
    named = _AFTER.search(plain) or _LATER.search(plain)
    days, against = _days_named(plain), {n for day in _NOT_ON.findall(said) if (n := _weekday(day)) is not None}
    if against:
        days = (days or set(WEEKDAYS)) - against
    return Wish(
        days=tuple(sorted(days)),
        after=_clock(*named.groups()) if named else None,
        before_school=bool(_BEFORE_SCHOOL.search(plain)),
    )


def _days_named(plain: str) -> set[int]:
    found: set[int] = set()
    for first, last in _FROM_TO.findall(plain):
        start, end = _weekday(first), _weekday(last)
        if start is not None and end is not None and start <= end:
            found.update(range(start, end + 1))
    return found | {n for word in _WORD.findall(plain) if (n := _weekday(word)) is not None}


#: Of short forms only these: "sat" and "wed" are words, but on a list of good times they are days.
_SHORT = frozenset({"mon", "tue", "tues", "wed", "weds", "thu", "thur", "thurs", "fri"})


def _weekday(word: str) -> int | None:
    if word not in _SHORT and not word.endswith(("day", "days")):
        return None
    try:
        [day] = weekdays(word.replace("weds", "wed"))
    except ValueError:
        return None
    return day if day in WEEKDAYS else None


def _clock(hour: str, minutes: str | None, half: str | None) -> time | None:
    """A time of day as people of a school write it: "4" is in the afternoon, "8" in the morning."""
    h, m = int(hour), int(minutes or 0)
    if h < 12 and (half == "pm" or (half is None and h < 7)):
        h += 12
    return time(h, m) if h < 24 and m < 60 else None
