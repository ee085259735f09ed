"""The calendar file of a meeting: neutral title, a link that carries everything and reads no case.

A file for anybody (a link on a card) is published and has no people in it. One that goes with a letter is a request to
its reader, or takes one back (RFC 5546, 3.2), so that a calendar moves and removes the entry that it has.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import jwt
from icalendar import (
    Alarm,
    Calendar,
    Component,
    Event,
    Timezone,
    TimezoneDaylight,
    TimezoneStandard,
    vCalAddress,
    vText,
)

from cards.meeting import ABOUT, title_of
from pathway.appointments import Gathering
from pathway.dates import LONDON
from pathway.entries import Entry

FIRST: Final = Entry()


@dataclass(frozen=True, slots=True)
class Between:
    """E-mail addresses: who asks (*organiser*, whom answers go to) and who is asked (*reader*)."""

    organiser: str
    reader: str


def calendar_file(
    reference: str,
    starts: datetime,
    minutes: int,
    link: str = "",
    *,
    place: str = "",
    entry: Entry = FIRST,
    between: Between | None = None,
    cancelled: bool = False,
    made: datetime | None = None,
) -> bytes:
    """An iCalendar file (RFC 5545) with London local times. *starts* and *made* are aware. Where it is, is
    *link* or else *place* in words. Without *between* it is for anybody, and cannot be *cancelled*.
    """
    event = Event()
    event.add("uid", entry.uid(reference))
    event.add("sequence", entry.sequence)
    event.add("summary", vText(title_of(reference)))
    event.add("dtstamp", (made or starts).astimezone(UTC))
    event.add("dtstart", starts.astimezone(LONDON))
    event.add("dtend", (starts.astimezone(UTC) + timedelta(minutes=minutes)).astimezone(LONDON))
    event.add("class", "PRIVATE")
    if link or place:
        event.add("location", vText(link or place))
    if about := ABOUT.get(entry.which):
        event.add("description", vText(about))
    if between is not None:
        event.add("organizer", vCalAddress(f"mailto:{between.organiser}"))
        event.add("attendee", vCalAddress(f"mailto:{between.reader}"), parameters={"RSVP": "FALSE"})
        event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    if not cancelled:
        event.add_component(_alarm(reference))
    calendar = Calendar()
    calendar.add("prodid", "-//Pathway//placement//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method(between, cancelled=cancelled))
    calendar.add_component(_london())
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def method(between: Between | None, *, cancelled: bool) -> str:
    """What the file asks of a calendar."""
    if between is None:
        return "PUBLISH"
    return "CANCEL" if cancelled else "REQUEST"


def _london() -> Timezone:
    """The zone by its rule of today: Outlook reads no lists of past changes."""
    zone = Timezone()
    zone.add("tzid", LONDON.key)
    zone.add_component(_offset(TimezoneStandard(), "GMT", datetime(1996, 10, 27, 2), 1, 0, month=10))  # noqa: DTZ001 - local
    zone.add_component(_offset(TimezoneDaylight(), "BST", datetime(1996, 3, 31, 1), 0, 1, month=3))  # noqa: DTZ001 - local
    return zone


def _offset(part: Component, name: str, since: datetime, before: int, after: int, *, month: int) -> Component:
    """*since* is the first change, in local time before it; the offsets are hours from UTC."""
    part.add("dtstart", since)
    part.add("rrule", {"freq": "yearly", "bymonth": month, "byday": "-1SU"})
    part.add("tzoffsetfrom", timedelta(hours=before))
    part.add("tzoffsetto", timedelta(hours=after))
    part.add("tzname", name)
    return part


def _alarm(reference: str) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", vText(title_of(reference)))
    alarm.add("trigger", timedelta(minutes=-15))
    return alarm


class BadLink(Exception):
    """The link was not made by us, or somebody changed it."""


class IcsLinks:
    """Links to calendar files, signed with a key of the store's, so that they hold after a restart."""

    def __init__(self, base: str, secret: str) -> None:
        self._base = base
        self._secret = secret

    def link(self, reference: str, starts: datetime, minutes: int, entry: Entry = FIRST, place: str = "") -> str:
        """Empty where the bot has no public address."""
        if not self._base:
            return ""
        claims = {
            "ref": reference,
            "starts": starts.astimezone(UTC).isoformat(),
            "minutes": minutes,
            "entry": [entry.which.value, entry.revision, entry.sequence],
            **({"place": place} if place else {}),
        }
        token = jwt.encode(claims, self._secret, algorithm="HS256")
        return f"{self._base}/ics/{token}.ics"

    def file(self, token: str) -> bytes:
        """Raises BadLink."""
        try:
            claims = jwt.decode(token, self._secret, algorithms=["HS256"])
            starts = datetime.fromisoformat(claims["starts"])
            which, revision, sequence = claims.get("entry", [FIRST.which.value, FIRST.revision, FIRST.sequence])
            entry = Entry(Gathering(which), int(revision), int(sequence))
            place = str(claims.get("place", ""))
            return calendar_file(str(claims["ref"]), starts, int(claims["minutes"]), place=place, entry=entry)
        except (jwt.InvalidTokenError, KeyError, TypeError, ValueError) as error:
            raise BadLink from error
