"""Meetings in the organiser's own calendar, through Microsoft Graph.

Needs the application permission `Calendars.ReadWrite`, which Exchange's RBAC for Applications narrows to a group of
mailboxes (docs/install.md). An event carries a `transactionId`: asked twice, Graph makes it once. Teams' own meeting
hangs on the body of the event, so the body is written when it is made and never again.

Whose mailbox refuses is remembered for some hours: until then that person books by hand.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from bot.graph_client import GraphClient, GraphLater, GraphRefused
from bot.logs import why
from cards.meeting import ABOUT, title_of
from pathway.appointments import Appointment
from pathway.dates import LONDON
from pathway.people import Person
from pathway.ports import Busy, CalendarLater, CalendarRefused, Entry

#: Outlook's name for London's time, summer and winter.
ZONE: Final = "GMT Standard Time"
#: Answers come in UTC, in which no hour of the autumn comes twice.
PREFER: Final = 'outlook.timezone="UTC"'
#: So long a mailbox that refused is not asked again.
REFUSED_FOR: Final = timedelta(hours=6)
MOST_SCHEDULES: Final = 20
PAGE, MOST_PAGES = 100, 10
#: The statuses of somebody who has no room.
NO_ROOM: Final = frozenset({"busy", "tentative", "oof", "workingElsewhere"})
#: Of a 404: the entry is gone. All others mean that there is no such mailbox.
GONE: Final = frozenset({"ErrorItemNotFound"})
SELECT: Final = "id,start,end,isCancelled,onlineMeeting,attendees,transactionId"
BODY: Final = (
    "Arranged with Pathway, which the university uses for placements. To change the time, please write to the person "
    "who sends this invitation."
)
COMMENT: Final = "This is not needed any more, or it has been arranged anew. You can see more in Pathway."

log = logging.getLogger(__name__)


class GraphMeetings:
    """`pathway.ports.Meetings`. *now* is the pathway's clock."""

    def __init__(self, client: GraphClient, now: Callable[[], datetime]) -> None:
        self._client = client
        self._now = now
        self._refused: dict[str, datetime] = {}

    async def books_for(self, organiser: Person) -> bool:
        """True until the mailbox has said no; then for some hours False, and it is tried again."""
        until = self._refused.get(organiser.id)
        return bool(_mailbox(organiser)) and (until is None or until <= self._now())

    # -- free and busy -------------------------------------------------------------------------------------------------

    async def busy(
        self, organiser: Person, people: Sequence[Person], starts: datetime, ends: datetime
    ) -> Mapping[str, Sequence[Busy] | None]:
        """See the port. Asked in the name of *organiser*, whose mailbox the bot may use."""
        found: dict[str, Sequence[Busy] | None] = dict.fromkeys((p.id for p in people), None)
        if not await self.books_for(organiser):
            return found
        for some in _batches(people):
            try:
                told = await self._schedules(organiser, some, starts, ends)
            except (CalendarLater, CalendarRefused) as no:
                log.info("free and busy times are not known", extra={"person": organiser.id, **why(no)})
                return found
            found.update({p.id: told[p.email.casefold()] for p in some if p.email.casefold() in told})
        return found

    async def _schedules(
        self, organiser: Person, people: Sequence[Person], starts: datetime, ends: datetime
    ) -> Mapping[str, Sequence[Busy] | None]:
        """By e-mail address in small letters; None where it cannot be read."""
        body = {
            "schedules": [p.email for p in people],
            "startTime": local_time(starts),
            "endTime": local_time(ends),
            "availabilityViewInterval": 30,
        }
        told = await self._ask("POST", organiser, "calendar/getSchedule", body=body)
        return {str(one.get("scheduleId", "")).casefold(): _busy(one) for one in _values(told)}

    # -- entries -------------------------------------------------------------------------------------------------------

    async def book(self, appointment: Appointment, organiser: Person, invited: Sequence[Person]) -> Entry:
        body = {
            "subject": title_of(appointment.reference),
            "body": {"contentType": "text", "content": _body(appointment)},
            "start": local_time(appointment.starts),
            "end": local_time(appointment.ends),
            "attendees": [_attendee(p) for p in invited],
            "sensitivity": "private",
            "transactionId": appointment.transaction,
            "isOnlineMeeting": appointment.online,
        }
        if appointment.online:
            body["onlineMeetingProvider"] = "teamsForBusiness"
        if appointment.place:
            body["location"] = {"displayName": appointment.place}
        return _entry(await self._ask("POST", organiser, "events", body=body))

    async def find(self, appointment: Appointment, organiser: Person, starts: datetime, ends: datetime) -> Entry | None:
        query = {
            "startDateTime": _instant(starts),
            "endDateTime": _instant(ends),
            "$select": SELECT,
            "$top": str(PAGE),
        }
        told = await self._ask("GET", organiser, "calendarView", query=query)
        for _ in range(MOST_PAGES):
            for event in _values(told):
                if event.get("transactionId") == appointment.transaction and not event.get("isCancelled"):
                    return _entry(event)
            link = told.get("@odata.nextLink") if isinstance(told, dict) else None
            if not isinstance(link, str):
                return None
            told = await self._translated(organiser, self._client.follow(link, _mailbox(organiser), PREFER))
        return None

    async def move(self, entry: str, appointment: Appointment, organiser: Person) -> Entry | None:
        body: dict[str, Any] = {"start": local_time(appointment.starts), "end": local_time(appointment.ends)}
        if not appointment.online:
            body["location"] = {"displayName": appointment.place}
        try:
            return _entry(await self._ask("PATCH", organiser, _event(entry), body=body))
        except _Gone:
            return None

    async def withdraw(self, entry: str, organiser: Person) -> None:
        try:
            await self._ask("POST", organiser, f"{_event(entry)}/cancel", body={"comment": COMMENT})
        except _Gone:
            return

    async def look(self, entry: str, organiser: Person) -> Entry | None:
        try:
            found = _entry(await self._ask("GET", organiser, _event(entry), query={"$select": SELECT}))
        except _Gone:
            return None
        return None if found.cancelled else found

    # -- asking --------------------------------------------------------------------------------------------------------

    async def _ask(
        self, method: str, organiser: Person, below: str, *, body: Any = None, query: Mapping[str, str] | None = None
    ) -> Any:
        asking = self._client.ask(method, _mailbox(organiser), below, body=body, query=query, prefer=PREFER)
        return await self._translated(organiser, asking)

    async def _translated(self, organiser: Person, asking: Awaitable[Any]) -> Any:
        """In the words of the port. Raises CalendarRefused, CalendarLater, and _Gone for an entry that is not there."""
        try:
            told = await asking
        except GraphLater as no:
            raise CalendarLater(str(no), no.after) from no
        except GraphRefused as no:
            if no.status == 404 and no.code in GONE:
                raise _Gone(no.code) from no
            if no.status in (403, 404):
                self._refused[organiser.id] = self._now() + REFUSED_FOR
            raise CalendarRefused(no.code) from no
        self._refused.pop(organiser.id, None)
        return told


class _Gone(CalendarRefused):
    """There is no such entry any more."""


def _mailbox(person: Person) -> str:
    return person.object_id or person.email


def _body(appointment: Appointment) -> str:
    about = ABOUT.get(appointment.which)
    return f"{about}\n\n{BODY}" if about else BODY


def _event(entry: str) -> str:
    return f"events/{quote(entry, safe='=')}"


def _attendee(person: Person) -> dict[str, Any]:
    return {"emailAddress": {"address": person.email, "name": person.name}, "type": "required"}


def _values(told: Any) -> list[dict[str, Any]]:
    values = told.get("value") if isinstance(told, dict) else None
    return [v for v in values if isinstance(v, dict)] if isinstance(values, list) else []


def _batches(people: Sequence[Person]) -> list[Sequence[Person]]:
    return [people[n : n + MOST_SCHEDULES] for n in range(0, len(people), MOST_SCHEDULES)]


def _busy(one: Mapping[str, Any]) -> Sequence[Busy] | None:
    items = one.get("scheduleItems")
    if one.get("error") or not isinstance(items, list):
        return None
    return [Busy(moment(i["start"]), moment(i["end"])) for i in items if i.get("status") in NO_ROOM]


def _entry(event: Any) -> Entry:
    """Raises CalendarLater for an answer that is no event: what was asked for may have been done."""
    try:
        joined = event.get("onlineMeeting") or {}
        return Entry(
            id=event["id"],
            starts=moment(event["start"]),
            ends=moment(event["end"]),
            link=joined.get("joinUrl") or "",
            cancelled=bool(event.get("isCancelled")),
            declined=tuple(a["emailAddress"]["address"] for a in event.get("attendees") or () if _says_no(a)),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as fault:
        raise CalendarLater("Graph's answer is no event") from fault


def _says_no(attendee: Mapping[str, Any]) -> bool:
    return (attendee.get("status") or {}).get("response") == "declined"


# -- times -------------------------------------------------------------------------------------------------------------


def local_time(at: datetime) -> dict[str, str]:
    """*at* (aware) as Graph wants it: London's own time without an offset. Of the hour that comes twice in autumn the
    second is written in UTC, as its local time would mean the first.
    """
    there = at.astimezone(LONDON)
    name, zone = (ZONE, there) if not there.fold else ("UTC", at.astimezone(UTC))
    return {"dateTime": zone.replace(tzinfo=None, fold=0).isoformat(timespec="seconds"), "timeZone": name}


def moment(told: Mapping[str, str]) -> datetime:
    """Graph's local time as an aware moment in UTC. Raises ValueError, KeyError."""
    zone = {"UTC": UTC, ZONE: LONDON}[told["timeZone"]]
    text = told["dateTime"]
    whole, _, _fraction = text.partition(".")
    return datetime.fromisoformat(whole).replace(tzinfo=zone).astimezone(UTC)


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
