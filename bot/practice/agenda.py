"""The calendars beside the chats, for the page: a week of somebody's, and what can be done there as in Outlook.

    GET  /api/calendar/{key}?week=2026-10-19          the week of that day; this week where nothing is asked for
    POST /api/calendar/{key}/move    entry, on, at    by the organiser: a day and a time on London's clock
    POST /api/calendar/{key}/delete  entry            by the organiser
    POST /api/calendar/{key}/answer  entry, response  by somebody who is invited

Nothing of it is told to the bot: it has to look.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, time, timedelta
from typing import Any, Final, cast

from aiohttp import web

from bot.practice.asked import json_object
from bot.practice.calendars import CalendarEntry, Response
from bot.practice.people import PracticePerson
from bot.practice.tenant import Tenant, answer_of, belongs
from pathway.dates import local, local_date

WORKING_DAYS: Final = 5
_ANSWERS: Final = frozenset({"accepted", "tentativelyAccepted", "declined"})


class Agenda:
    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/api/calendar/{key}", self._week)
        app.router.add_post("/api/calendar/{key}/move", self._move)
        app.router.add_post("/api/calendar/{key}/delete", self._delete)
        app.router.add_post("/api/calendar/{key}/answer", self._answer)

    # What it shows

    async def _week(self, request: web.Request) -> web.StreamResponse:
        person, now = self._person(request), self._tenant.now()
        asked = _day(request.query.get("week") or local_date(now).isoformat())
        monday = asked - timedelta(days=asked.weekday())
        found = self._tenant.seen_by(person)
        coming = next((x for x in found if x.attendees and x.starts > now), None)
        return web.json_response(
            {
                "week": monday.isoformat(),
                "today": local_date(now).isoformat(),
                "inside": belongs(person),
                "next": coming.starts.isoformat() if coming else "",
                "nextOn": local_date(coming.starts).isoformat() if coming else "",
                "days": [
                    {"on": day.isoformat(), "entries": [self._drawn(x, person) for x in entries]}
                    for day, entries in _days(monday, found)
                ],
            }
        )

    def _drawn(self, entry: CalendarEntry, person: PracticePerson) -> dict[str, Any]:
        organiser = self._tenant.calendars.mailbox(entry.organiser)
        return {
            "id": entry.id,
            "title": entry.subject,
            "starts": entry.starts.isoformat(),
            "ends": entry.ends.isoformat(),
            "over": entry.ends <= self._tenant.now(),
            "place": entry.place,
            "link": entry.link,
            "private": entry.private,
            "mine": entry.organiser == person.email,
            "organiser": organiser.name if organiser else entry.organiser,
            "answer": answer_of(entry, person),
            "invited": [{"name": a.name or a.email, "answer": a.response} for a in entry.attendees],
        }

    # What people do there

    async def _move(self, request: web.Request) -> web.StreamResponse:
        body = await json_object(request)
        entry = self._entry(request, body)
        self._only_the_organiser(request, entry)
        try:
            starts = local(date.fromisoformat(str(body.get("on"))), time.fromisoformat(str(body.get("at"))))
            if starts != entry.starts:
                self._tenant.calendars.moves(entry.id, starts)
        except (ValueError, OverflowError):
            return web.json_response({"error": "Please give a day and a time."}, status=400)
        return web.json_response({})

    async def _delete(self, request: web.Request) -> web.StreamResponse:
        entry = self._entry(request, await json_object(request))
        self._only_the_organiser(request, entry)
        self._tenant.calendars.deletes(entry.id)
        return web.json_response({})

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await json_object(request)
        entry, person, response = self._entry(request, body), self._person(request), body.get("response")
        if response not in _ANSWERS or not answer_of(entry, person):
            raise web.HTTPBadRequest(text="Only who is invited can answer.")
        self._tenant.calendars.answers(entry.id, person.email, cast("Response", response))
        return web.json_response({})

    def _person(self, request: web.Request) -> PracticePerson:
        try:
            return self._tenant.people[request.match_info["key"]]
        except KeyError:
            raise web.HTTPNotFound(text="There is nobody of that name.") from None

    def _entry(self, request: web.Request, body: dict[str, Any]) -> CalendarEntry:
        """One that stands in this person's calendar."""
        for entry in self._tenant.seen_by(self._person(request)):
            if entry.id == body.get("entry"):
                return entry
        raise web.HTTPNotFound(text="This is not in the calendar any more.")

    def _only_the_organiser(self, request: web.Request, entry: CalendarEntry) -> None:
        if entry.organiser != self._person(request).email:
            raise web.HTTPForbidden(text="Only who has made the entry can change it.")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise web.HTTPBadRequest(text="A week is asked for by one of its days.") from None


def _days(monday: date, entries: Sequence[CalendarEntry]) -> Iterator[tuple[date, list[CalendarEntry]]]:
    """Monday to Friday, and of the weekend the days on which there is something."""
    for n in range(7):
        day = monday + timedelta(days=n)
        found = [x for x in entries if local_date(x.starts) == day]
        if n < WORKING_DAYS or found:
            yield day, found
