"""No permission at all: people book by hand from a prefilled link, and nobody's free time is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from pathway.appointments import Appointment
from pathway.people import Person
from pathway.ports import Busy, CalendarRefused, Entry

#: Why nothing is written into a calendar where nobody has asked for it.
NOT_SET_UP = "calendars are not set up"


class LinkMeetings:
    """`pathway.ports.Meetings`. What an earlier set-up has booked is kept by hand from now on: all of it is refused."""

    async def books_for(self, organiser: Person) -> bool:
        del organiser
        return False

    async def busy(
        self, organiser: Person, people: Sequence[Person], starts: datetime, ends: datetime
    ) -> Mapping[str, Sequence[Busy] | None]:
        del organiser, starts, ends
        return dict.fromkeys((p.id for p in people), None)

    async def book(self, appointment: Appointment, organiser: Person, invited: Sequence[Person]) -> Entry:
        del appointment, organiser, invited
        raise _refused()

    async def find(self, appointment: Appointment, organiser: Person, starts: datetime, ends: datetime) -> Entry | None:
        del appointment, organiser, starts, ends
        raise _refused()

    async def move(self, entry: str, appointment: Appointment, organiser: Person) -> Entry | None:
        del entry, appointment, organiser
        raise _refused()

    async def withdraw(self, entry: str, organiser: Person) -> None:
        del entry, organiser
        raise _refused()

    async def look(self, entry: str, organiser: Person) -> Entry | None:
        del entry, organiser
        raise _refused()


def _refused() -> CalendarRefused:
    return CalendarRefused(NOT_SET_UP)
