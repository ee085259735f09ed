# ruff: noqa: ARG002 - the port asks on whose behalf; here every calendar is at hand
"""A small calendar server in memory that keeps the promises of the port `Meetings`: who may be written to and read is
said by name, and what is booked stands in it until it is withdrawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from pathway.appointments import Appointment
from pathway.people import Person
from pathway.ports import Busy, Entry
from tests.school import School


@dataclass
class Diaries:
    """*written* and *read* hold e-mail addresses; *times* when each is busy."""

    written: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)
    times: dict[str, list[Busy]] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)

    async def books_for(self, organiser: Person) -> bool:
        return organiser.email in self.written

    async def busy(
        self, organiser: Person, people: Sequence[Person], starts: datetime, ends: datetime
    ) -> Mapping[str, Sequence[Busy] | None]:
        can = organiser.email in self.written
        return {
            p.id: [b for b in self.times.get(p.email, []) if b.starts < ends and starts < b.ends]
            if can and p.email in self.read
            else None
            for p in people
        }

    async def book(self, appointment: Appointment, organiser: Person, invited: Sequence[Person]) -> Entry:
        ends = appointment.starts + timedelta(minutes=appointment.minutes)
        made = self.entries.setdefault(
            appointment.transaction, Entry(appointment.transaction, appointment.starts, ends)
        )
        for person in (organiser, *invited):
            self.is_busy(person.email, made.starts, made.ends)
        return made

    async def find(self, appointment: Appointment, organiser: Person, starts: datetime, ends: datetime) -> Entry | None:
        return self.entries.get(appointment.transaction)

    async def move(self, entry: str, appointment: Appointment, organiser: Person) -> Entry:
        ends = appointment.starts + timedelta(minutes=appointment.minutes)
        self.entries[entry] = replace(self.entries[entry], starts=appointment.starts, ends=ends)
        return self.entries[entry]

    async def withdraw(self, entry: str, organiser: Person) -> None:
        self.entries.pop(entry, None)

    async def look(self, entry: str, organiser: Person) -> Entry | None:
        return self.entries.get(entry)

    def is_busy(self, email: str, starts: datetime, ends: datetime) -> None:
        self.times.setdefault(email, []).append(Busy(starts, ends))


def opens_diaries(school: School, *writes: str, reads: Sequence[str] = ()) -> Diaries:
    """From now on Pathway may write into the calendars of *writes* (keys) and read those of *reads*."""
    found = Diaries({school.people[key].email for key in writes}, {school.people[key].email for key in reads})
    reception = school.parts.reception
    reception.office = replace(reception.office, meetings=found)
    assert school.parts.sender.diary is not None
    school.parts.sender.diary.meetings = found
    return found
