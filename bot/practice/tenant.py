"""The made-up university's own calendars: who has one, what stands in them already, and the letters they send.

    tenant = Tenant(people, now, mailbox, file, changed)
    tenant.graph.add_to(app)          # Microsoft Graph for the bot under practice
    tenant.calendars.moves(...)       # what somebody does in Outlook

People of schools have no mailbox here. What Outlook writes to them comes into practice's own, with a calendar file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

from icalendar import Calendar, Event, vCalAddress

from bot.practice.calendars import Attendee, CalendarEntry, CalendarLetter, Calendars, What
from bot.practice.calendars import Mailbox as Calendared
from bot.practice.graph import Graph
from bot.practice.mailbox import Attachment, Mailbox
from bot.practice.people import PracticePerson
from pathway.dates import in_london, local, moment_in_words, time_in_words

#: The Monday of practice's first week, and for how many weeks the timetables are made.
FIRST_MONDAY: Final = date(2026, 10, 5)
WEEKS: Final = 34
#: The weeks in which nobody teaches, by their Mondays.
CLOSED: Final = frozenset({date(2026, 12, 21), date(2026, 12, 28)})
#: What Outlook puts before the title of an entry.
_SUBJECT: Final[Mapping[What, str]] = {"invited": "", "changed": "Updated: ", "cancelled": "Cancelled: "}
_WORDS: Final[Mapping[What, str]] = {
    "invited": "You are invited.",
    "changed": "This meeting has been changed. Please answer again.",
    "cancelled": "This meeting has been cancelled.",
}


@dataclass(frozen=True, slots=True)
class Weekly:
    """Something of every week; *weekday* 0 is Monday, *first* and *last* are on London's clock."""

    weekday: int
    first: time
    last: time
    title: str


#: By the key of the person. Some of it lies after school, so that not every afternoon is free.
TIMETABLES: Final[Mapping[str, Sequence[Weekly]]] = {
    "helen": (
        Weekly(0, time(9, 30), time(11, 30), "Lecture: PGCE Primary"),
        Weekly(1, time(14), time(16), "Seminar: reading"),
        Weekly(2, time(15), time(16), "Course team"),
        Weekly(3, time(10), time(12), "Lecture: BA Primary"),
        Weekly(4, time(15), time(17), "Research group"),
    ),
    "martin": (
        Weekly(0, time(14), time(16, 30), "Seminar: science"),
        Weekly(2, time(9, 30), time(11, 30), "Lecture: PGCE Secondary"),
        Weekly(3, time(15, 30), time(16, 30), "Tutorials"),
    ),
    "bea": (
        Weekly(1, time(15), time(17), "Seminar: English"),
        Weekly(2, time(10), time(12), "Lecture: BA Primary"),
    ),
    "alan": (Weekly(0, time(10), time(12), "Faculty board"), Weekly(3, time(14), time(16), "Course team")),
    "nadia": (Weekly(1, time(9, 30), time(11, 30), "Lecture: PGCE Secondary"),),
    "joanne": (Weekly(2, time(13), time(15), "Lecture: BA Primary"),),
    "ruth": (Weekly(2, time(10), time(12), "Partnership board"),),
}


class Tenant:
    """*now* is the pathway's time, *file* keeps the calendars (0600), *changed* is called after every change."""

    def __init__(
        self,
        people: Sequence[PracticePerson],
        now: Callable[[], datetime],
        mailbox: Mailbox,
        file: Path,
        changed: Callable[[], None],
    ) -> None:
        self.people = {person.key: person for person in people}
        self.now = now
        self.calendars = Calendars([_calendared(p) for p in people if belongs(p)], now)
        self.graph = Graph(self.calendars)
        self._mailbox = mailbox
        self._file = file
        self._told = changed
        if file.exists():
            kept = json.loads(file.read_text(encoding="utf-8"))["entries"]
            self.calendars.entries = {e["id"]: _entry(e) for e in kept}
        else:
            self._fill()
        self.calendars.changed = self._changed

    def clear(self) -> None:
        """The calendars of the first morning."""
        self.calendars.changed = lambda: None
        self.calendars.entries.clear()
        self.calendars.letters.clear()
        self.graph.mails.clear()
        self._fill()
        self.calendars.changed = self._changed

    def seen_by(self, person: PracticePerson) -> tuple[CalendarEntry, ...]:
        """What stands in somebody's calendar, the earliest first; of people outside, only what they are invited to."""
        if belongs(person):
            return self.calendars.of(person.email)
        return tuple(x for x in self.calendars.standing() if answer_of(x, person) not in ("", "declined"))

    def _fill(self) -> None:
        for key, weekly in TIMETABLES.items():
            for monday in _mondays():
                for one in weekly:
                    day = monday + timedelta(days=one.weekday)
                    starts, ends = local(day, one.first), local(day, one.last)
                    self.calendars.is_busy(self.people[key].email, starts, ends, one.title)
        self._keep()

    def _changed(self) -> None:
        letters, self.calendars.letters = self.calendars.letters, []
        self._keep()
        for letter in letters:
            self._send(letter)
        self._told()

    def _send(self, letter: CalendarLetter) -> None:
        """To people outside; the others see it in their calendars."""
        entry = self.calendars.entries[letter.entry]
        if self.calendars.mailbox(letter.to) is not None:
            return
        organiser = self.calendars.mailbox(entry.organiser)
        name = organiser.name if organiser else entry.organiser
        self._mailbox.put(
            to=letter.to,
            sender=f"{name} <{entry.organiser}>",
            subject=_SUBJECT[letter.what] + entry.subject,
            text=_letter(letter.what, entry),
            attachments=(Attachment("invite.ics", "text/calendar", _file_of(letter.what, entry, self.now())),),
        )

    def _keep(self) -> None:
        kept = {"entries": [_kept(x) for x in self.calendars.entries.values()]}
        aside = self._file.with_suffix(".tmp")
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            json.dump(kept, out, ensure_ascii=False)
        aside.replace(self._file)


def belongs(person: PracticePerson) -> bool:
    """Whether the university keeps a mailbox for somebody: schools have their own."""
    return person.email.endswith(".ac.uk") and "#EXT#" not in person.principal_name


def answer_of(entry: CalendarEntry, person: PracticePerson) -> str:
    """What an invited person has answered, "" for whoever is not invited."""
    return next((a.response for a in entry.attendees if a.email.casefold() == person.email.casefold()), "")


def _calendared(person: PracticePerson) -> Calendared:
    return Calendared(person.name, person.email, person.object_id, person.principal_name)


def _mondays() -> Iterator[date]:
    return (m for n in range(WEEKS) if (m := FIRST_MONDAY + timedelta(weeks=n)) not in CLOSED)


def _letter(what: What, entry: CalendarEntry) -> str:
    until = time_in_words(in_london(entry.ends).time())
    lines = [_WORDS[what], "", f"{moment_in_words(entry.starts, year=True)} to {until}"]
    lines += [entry.place] if entry.place else []
    lines += ["", f"Join the meeting: {entry.link}"] if entry.link and what != "cancelled" else []
    return "\n".join([*lines, "", entry.body]).strip()


def _file_of(what: What, entry: CalendarEntry, made: datetime) -> bytes:
    """The invitation as other calendars read it (RFC 5546)."""
    calendar, event = Calendar(), Event()
    calendar.add("prodid", "-//Pathway practice//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if what == "cancelled" else "REQUEST")
    event.add("uid", entry.id)
    event.add("dtstamp", made)
    event.add("sequence", int((made - entry.made).total_seconds()))
    event.add("summary", entry.subject)
    event.add("dtstart", entry.starts)
    event.add("dtend", entry.ends)
    event.add("organizer", vCalAddress(f"MAILTO:{entry.organiser}"))
    for attendee in entry.attendees:
        event.add("attendee", vCalAddress(f"MAILTO:{attendee.email}"))
    event.add("location", entry.place or entry.link)
    event.add("status", "CANCELLED" if what == "cancelled" else "CONFIRMED")
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _kept(entry: CalendarEntry) -> dict[str, Any]:
    moments = {name: getattr(entry, name).isoformat() for name in ("starts", "ends", "made")}
    return asdict(entry) | moments


def _entry(kept: Mapping[str, Any]) -> CalendarEntry:
    moments = {name: datetime.fromisoformat(kept[name]) for name in ("starts", "ends", "made")}
    return CalendarEntry(**{**kept, **moments, "attendees": tuple(Attendee(**a) for a in kept["attendees"])})
