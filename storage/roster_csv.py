"""People and placements from the office's spreadsheet, saved as CSV: all of it, or nothing and every fault in words.

One row is one placement. A row's number is the one that a spreadsheet shows: the headings are row 1. Dates are
2026-09-07 or, as a British spreadsheet writes them, 07/09/2026. People are known by their e-mail address, without case;
a placement by its `placement_id`, which is the id it has in Pathway.
"""

from __future__ import annotations

import csv
import io
import re
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from difflib import get_close_matches

from pathway.dates import weekdays
from pathway.people import Person, Placement
from pathway.ports import RosterFault

#: More faults than these are not told at once.
MOST_FAULTS = 20
LONGEST = 300

_TEXT = ("placement_id", "course", "phase", "school", "calendar")
_DATES = ("placement_start", "placement_end")
#: The column before "_name" and "_email": the field of `Placement` that names the person.
_PEOPLE: Mapping[str, str] = {
    "student": "student",
    "mentor": "mentor",
    "second_mentor": "second_mentor",
    "link_tutor": "link_tutor",
    "level_lead": "level_lead",
    "personal_tutor": "personal_tutor",
    "course_director": "course_director",
}
_ALWAYS = ("student", "mentor")

REQUIRED = (*_TEXT, *_DATES, *(f"{who}_{what}" for who in _ALWAYS for what in ("name", "email")))
OPTIONAL = (
    "school_address",
    "placement_days",
    "link_tutor_days",
    *(f"{who}_{what}" for who in _PEOPLE if who not in _ALWAYS for what in ("name", "email")),
)
COLUMNS = (*REQUIRED, *OPTIONAL)

_EMAIL = re.compile(r"[^@\s<>()\[\],;:\"\\]+@[^@\s<>()\[\],;:\"\\.]+(\.[^@\s<>()\[\],;:\"\\.]+)+")
#: Some scripts need them inside a name.
_JOINERS = {0x200C: None, 0x200D: None}
_DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri")


class RosterFaults(RosterFault):
    """Why a file cannot be taken: one sentence a fault, in the order of the rows."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Counts:
    """What an import brings. *no_longer_listed* placements stay with their cases, and no new case begins on them."""

    people: int
    new_people: int
    placements: int
    new_placements: int
    no_longer_listed: int


@dataclass(frozen=True, slots=True)
class RosterFile:
    people: tuple[Person, ...]
    placements: tuple[Placement, ...]
    counts: Counts


def decode_file(data: bytes) -> str:
    """The text of a CSV file. Raises RosterFaults where it is not UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        sentence = 'The file is not in UTF-8. In the spreadsheet choose "Save as" and "CSV UTF-8".'
        raise RosterFaults([sentence]) from None


def read_roster(
    text: str,
    calendars: Collection[str],
    people: Collection[Person] = (),
    placements: Collection[Placement] = (),
) -> RosterFile:
    """Reads a whole file. *calendars* are the names of the provider's; *people* and *placements* those known already,
    whose ids (and how a person is reached) are kept. Raises RosterFaults with up to 20 sentences.
    """
    reading = _Reading(frozenset(calendars), {p.email.casefold(): p for p in people})
    rows = [_Row(number, cells, reading) for number, cells in _rows(text, reading)]
    found = [_placement(row) for row in rows]
    if not rows and not reading.faults:
        reading.faults.append("The file has headings and no rows.")
    if reading.faults:
        raise RosterFaults(_shortened(reading.faults))
    listed = tuple(x for x in found if x is not None)
    known = {p.id for p in placements}
    return RosterFile(
        people=tuple(reading.people.values()),
        placements=listed,
        counts=Counts(
            people=len(reading.people),
            new_people=len(reading.people.keys() - reading.known.keys()),
            placements=len(listed),
            new_placements=len({p.id for p in listed} - known),
            no_longer_listed=len(known - {p.id for p in listed}),
        ),
    )


@dataclass(slots=True)
class _Reading:
    """What a reading has gathered so far. *people* and *known* go by their e-mail address, without case."""

    calendars: frozenset[str]
    known: Mapping[str, Person]
    people: dict[str, Person] = field(default_factory=dict)
    named_in: dict[str, int] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


# -- the file as rows ------------------------------------------------------------------------------------------------


def _rows(text: str, reading: _Reading) -> Iterator[tuple[int, dict[str, str]]]:
    lines = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    headings: list[str] | None = None
    number = 0
    try:
        for number, cells in enumerate(lines, 1):
            if headings is None:
                headings = [_plain(x).lower() for x in cells]
                faults = _heading_faults(headings)
                reading.faults += faults
                if faults:
                    return
            elif any(x.strip() for x in cells):
                if any(x.strip() for x in cells[len(headings) :]):
                    reading.faults.append(f"Row {number} has more cells than there are headings.")
                yield number, dict(zip(headings, map(_plain, cells), strict=False))
    except csv.Error as fault:
        reading.faults.append(
            f"Row {number + 1} cannot be read: a quotation mark is not closed or stands alone ({fault})."
        )
    if headings is None:
        reading.faults.append("The file is empty.")


def _heading_faults(headings: Sequence[str]) -> list[str]:
    faults = []
    for heading in dict.fromkeys(headings):
        if headings.count(heading) > 1 and heading:
            faults.append(f'There are two columns "{heading}".')
        if heading and heading not in COLUMNS:
            near = get_close_matches(heading, COLUMNS, 1, 0.5)
            hint = f' Is it "{near[0]}"?' if near else ""
            faults.append(f'The column "{heading:.60}" is not known.{hint}')
    faults += [f'The column "{wanted}" is missing.' for wanted in REQUIRED if wanted not in headings]
    return faults


def _plain(cell: str) -> str:
    return " ".join(cell.split())


def _shortened(faults: Sequence[str]) -> Sequence[str]:
    if len(faults) <= MOST_FAULTS:
        return faults
    return [*faults[: MOST_FAULTS - 1], f"And {len(faults) - MOST_FAULTS + 1} more."]


# -- one row -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Row:
    number: int
    cells: Mapping[str, str]
    reading: _Reading
    sound: bool = True

    def fault(self, column: str, sentence: str) -> None:
        self.sound = False
        self.reading.faults.append(f"Row {self.number}, {column}: {sentence}")

    def text(self, column: str) -> str:
        value = self.cells.get(column, "")
        if not value and column in REQUIRED:
            self.fault(column, "this cell must not be empty.")
        if len(value) > LONGEST:
            self.fault(column, f"this is longer than {LONGEST} characters.")
        if not value.translate(_JOINERS).isprintable():
            self.fault(column, "there is a character in it that cannot be printed.")
        return value


def _placement(row: _Row) -> Placement | None:
    text = {column: row.text(column) for column in (*_TEXT, "school_address")}
    start, end = (_date(row, column) for column in _DATES)
    people = {field_: _person(row, who) for who, field_ in _PEOPLE.items()}
    days, tutor_days = (_days(row, column) for column in ("placement_days", "link_tutor_days"))
    _check_id(row, text["placement_id"])
    if text["calendar"] and text["calendar"] not in row.reading.calendars:
        known = ", ".join(sorted(row.reading.calendars)) or "none yet"
        row.fault("calendar", f'"{text["calendar"]:.60}" is not a calendar of the provider. They are: {known}.')
    if start and end and start >= end:
        row.fault("placement_end", "the placement must end after it starts.")
    if people["student"] and people["student"] in [v for k, v in people.items() if k != "student"]:
        row.fault("student_email", "the student has a second part on their own placement.")
    if people["mentor"] and people["mentor"] == people["second_mentor"]:
        row.fault("second_mentor_email", "this is the mentor again. Leave it empty where there is no second mentor.")
    if not row.sound or start is None or end is None:
        return None
    return Placement(
        id=text["placement_id"],
        course=text["course"],
        phase=text["phase"],
        school=text["school"],
        school_address=text["school_address"],
        calendar=text["calendar"],
        start=start,
        end=end,
        days=days,
        link_tutor_days=tutor_days,
        **people,
    )


def _check_id(row: _Row, placement_id: str) -> None:
    first = row.reading.ids.setdefault(placement_id, row.number)
    if placement_id and first != row.number:
        row.fault("placement_id", f'"{placement_id:.60}" stands in row {first} already.')


def _date(row: _Row, column: str) -> date | None:
    value = row.text(column)
    if not value:
        return None
    for shape in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(value, shape).date()  # noqa: DTZ007  a day has no time zone
        except ValueError:
            continue
    row.fault(column, f'"{value:.60}" is not a date. Write 2026-09-07 or 07/09/2026.')
    return None


def _days(row: _Row, column: str) -> str:
    """Normalised ("Mon,Tue"); empty where nothing is said."""
    value = row.text(column)
    if not value:
        return ""
    try:
        return ",".join(_DAY_NAMES[day] for day in weekdays(value))
    except ValueError:
        row.fault(column, f'"{value:.60}" is not a list of weekdays. Write "Mon-Fri" or "Mon, Tue".')
        return ""


def _person(row: _Row, who: str) -> str:
    """The id of the person in the columns of *who*, "" where nobody is."""
    name, email = row.text(f"{who}_name"), row.text(f"{who}_email")
    if name and not email and who not in _ALWAYS:
        row.fault(f"{who}_email", "there is a name and no e-mail address.")
    if email and not name and who not in _ALWAYS:
        row.fault(f"{who}_name", "there is an e-mail address and no name.")
    if email and not _EMAIL.fullmatch(email):
        row.fault(f"{who}_email", f'"{email:.60}" is not an e-mail address.')
        return ""
    if not name or not email:
        return ""
    return _same_person(row, who, name, email)


def _same_person(row: _Row, who: str, name: str, email: str) -> str:
    reading, key = row.reading, email.casefold()
    met = reading.people.get(key)
    if met is None:
        known = reading.known.get(key) or Person(secrets.token_hex(8), name, email)
        met = reading.people[key] = replace(known, name=name, email=email)
        reading.named_in[key] = row.number
    elif met.name != name:
        row.fault(
            f"{who}_name",
            f'{email} is "{name:.60}" here and "{met.name:.60}" in row {reading.named_in[key]}. '
            "One address is one person.",
        )
    return met.id
