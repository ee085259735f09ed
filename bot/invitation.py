"""The calendar file of a meeting: neutral title, no attendees, a link that carries everything and reads no case."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import jwt
from icalendar import Alarm, Calendar, Event, vText

from cards.meeting import title_of
from pathway.dates import LONDON

_NAMESPACE = uuid.UUID("6f9f3f5e-6a57-4d5e-9a3c-0e7c2f1b8d10")


class BadLink(Exception):
    """The link was not made by us, or somebody changed it."""


def calendar_file(reference: str, starts: datetime, minutes: int, link: str = "") -> bytes:
    """An iCalendar file (RFC 5545) with London local times. *starts* is aware."""
    event = Event()
    event.add("uid", str(uuid.uuid5(_NAMESPACE, f"{reference}:{starts.astimezone(UTC).isoformat()}")))
    event.add("summary", vText(title_of(reference)))
    event.add("dtstamp", starts.astimezone(UTC))
    event.add("dtstart", starts.astimezone(LONDON))
    event.add("dtend", starts.astimezone(LONDON) + timedelta(minutes=minutes))
    event.add("class", "PRIVATE")
    if link:
        event.add("location", vText(link))
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", vText(title_of(reference)))
    alarm.add("trigger", timedelta(minutes=-15))
    event.add_component(alarm)
    calendar = Calendar()
    calendar.add("prodid", "-//Pathway//placement//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


class IcsLinks:
    """Links to calendar files, signed with a key of the store's, so that they hold after a restart."""

    def __init__(self, base: str, secret: str) -> None:
        self._base = base
        self._secret = secret

    def link(self, reference: str, starts: datetime, minutes: int) -> str:
        """Empty where the bot has no public address."""
        if not self._base:
            return ""
        claims = {"ref": reference, "starts": starts.astimezone(UTC).isoformat(), "minutes": minutes}
        token = jwt.encode(claims, self._secret, algorithm="HS256")
        return f"{self._base}/ics/{token}.ics"

    def file(self, token: str) -> bytes:
        """Raises BadLink."""
        try:
            claims = jwt.decode(token, self._secret, algorithms=["HS256"])
            return calendar_file(str(claims["ref"]), datetime.fromisoformat(claims["starts"]), int(claims["minutes"]))
        except (jwt.InvalidTokenError, KeyError, TypeError, ValueError) as error:
            raise BadLink from error
