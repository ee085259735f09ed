"""Microsoft Graph for made-up people: calendars and mail over HTTP, as far as the bot uses them.

    graph = Graph(Calendars([...], now))
    graph.add_to(app)                     # /graph/token and /graph/v1.0/...
    PATHWAY_GRAPH=http://127.0.0.1:PORT/graph

Shapes, codes and limits follow the published documentation of Graph v1.0: the same `transactionId` leads to the first
event, at most four requests at a time for one mailbox (then 429), times without an offset in the zone that `Prefer`
names, at most twenty addresses for `getSchedule`, and the body of an online event is never written anew, since that
would take its join link away. Failures come by `rule`.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.practice.calendars import Attendee, CalendarEntry, Calendars, Mailbox

SCOPE: Final = "https://graph.microsoft.com/.default"
#: Requests at a time for one mailbox (Outlook's own limit).
AT_ONCE: Final = 4
MOST_SCHEDULES: Final = 20
PAGE: Final = 10
#: Windows' names of time zones, as Outlook has them.
ZONES: Final[Mapping[str, ZoneInfo]] = {
    "UTC": ZoneInfo("UTC"),
    "GMT Standard Time": ZoneInfo("Europe/London"),
    "Europe/London": ZoneInfo("Europe/London"),
}
#: What the bot may change of an entry. The body only where nobody joins online by it.
PATCHED: Final = frozenset({"start", "end", "location", "body"})


@dataclass(frozen=True, slots=True)
class GraphFault:
    """A failure that was asked for. *done*: the request is carried out all the same. *lost*: the connection is dropped
    without an answer; *hangs*: no answer comes at all. *retry_after* goes out as it stands.
    """

    status: int = 503
    code: str = "ServiceUnavailable"
    done: bool = False
    lost: bool = False
    hangs: bool = False
    retry_after: str = ""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer, for whoever checks them. *path* begins with "/v1.0"."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    status: int
    answer: bytes
    answer_headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SentMail:
    """What went out by `sendMail`: *message* as it was sent."""

    sender: str
    message: Mapping[str, Any]


class Refused(Exception):
    """Graph's error answer."""

    def __init__(self, status: int, code: str, sentence: str = "A made-up sentence.") -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code


Act = Callable[[web.Request, Mailbox], Awaitable[web.Response]]


def _never(_act: str, _mailbox: str) -> GraphFault | None:
    return None


@dataclass
class Graph:
    """*rule* is asked for every request, with what it is ("book", "read", "move", "cancel", "view", "schedule",
    "mail") and the e-mail address of its mailbox; *watch* sees every exchange that had an answer. While *hold* is set
    to an event, no request is answered before that event is, and *came* is notified of each.
    """

    calendars: Calendars
    rule: Callable[[str, str], GraphFault | None] = _never
    watch: Callable[[Exchange], None] | None = None
    hold: asyncio.Event | None = None
    mails: list[SentMail] = field(default_factory=list)
    in_flight: Counter[str] = field(default_factory=Counter)
    most_in_flight: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    request_ids: list[str] = field(default_factory=list)
    _tokens: set[str] = field(default_factory=set)
    _stopped: asyncio.Event = field(default_factory=asyncio.Event)
    came: asyncio.Condition = field(default_factory=asyncio.Condition)

    def add_to(self, app: web.Application, prefix: str = "/graph") -> None:
        """The routes, under *prefix*. Requests that hang end when the application shuts down."""
        user = f"{prefix}/v1.0/users/{{user}}"
        app.router.add_post(f"{prefix}/token", self._token)
        app.router.add_post(f"{user}/events", self._act("book", self._book))
        app.router.add_get(f"{user}/events/{{event}}", self._act("read", self._read))
        app.router.add_patch(f"{user}/events/{{event}}", self._act("move", self._move))
        app.router.add_post(f"{user}/events/{{event}}/cancel", self._act("cancel", self._cancel))
        app.router.add_get(f"{user}/calendarView", self._act("view", self._view))
        app.router.add_post(f"{user}/calendar/getSchedule", self._act("schedule", self._schedule))
        app.router.add_post(f"{user}/sendMail", self._act("mail", self._mail))
        app.on_shutdown.append(self._stop)

    def trusts(self, token: str) -> None:
        """A token for Graph that somebody else has given out, as Entra does."""
        self._tokens.add(token)

    def forget_tokens(self) -> None:
        """As when consent was taken back: the tokens given until now get 401."""
        self._tokens.clear()

    async def _stop(self, _app: web.Application) -> None:
        self._stopped.set()

    # -- who may, how many at a time, and what goes wrong --------------------------------------------------------------

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if form.get("grant_type") != "client_credentials" or form.get("scope") != SCOPE:
            return web.json_response({"error": "invalid_scope", "error_description": "Only Graph's own."}, status=400)
        token = f"graph-{secrets.token_hex(12)}"
        self._tokens.add(token)
        return web.json_response({"token_type": "Bearer", "expires_in": 3600, "access_token": token})

    def _act(self, name: str, act: Act) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(request: web.Request) -> web.StreamResponse:
            body = await request.read()
            found = self.calendars.mailbox(request.match_info["user"])
            key = found.email if found else ""
            self.calls[name] += 1
            self.in_flight[key] += 1
            self.most_in_flight[key] = max(self.most_in_flight[key], self.in_flight[key])
            try:
                if self.hold is not None:
                    async with self.came:
                        self.came.notify_all()
                    await self.hold.wait()
                fault = self.rule(name, key)
                response = await self._answer(request, act, found, fault)
            finally:
                self.in_flight[key] -= 1
            self._note(request, body, response)
            if fault is not None and fault.hangs:
                await self._stopped.wait()
            if fault is not None and fault.lost and request.transport is not None:
                request.transport.abort()
            return response

        return answer

    async def _answer(
        self, request: web.Request, act: Act, mailbox: Mailbox | None, fault: GraphFault | None
    ) -> web.Response:
        try:
            mailbox = self._let_in(request, mailbox)
            if fault is not None and not fault.done:
                return _error(fault.status, fault.code, fault.retry_after)
            response = await act(request, mailbox)
        except Refused as no:
            return _error(no.status, no.code)
        if fault is not None and not (fault.lost or fault.hangs):
            return _error(fault.status, fault.code, fault.retry_after)
        return response

    def _let_in(self, request: web.Request, mailbox: Mailbox | None) -> Mailbox:
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self._tokens:
            raise Refused(401, "InvalidAuthenticationToken")
        if mailbox is None:
            raise Refused(404, "ErrorInvalidUser")
        if not mailbox.granted:
            raise Refused(403, "ErrorAccessDenied")
        if self.in_flight[mailbox.email] > AT_ONCE:
            raise Refused(429, "ApplicationThrottled")
        return mailbox

    def _note(self, request: web.Request, body: bytes, response: web.Response) -> None:
        asked = request.headers.get("client-request-id", "")
        self.request_ids.append(asked)
        response.headers["request-id"] = secrets.token_hex(16)
        if asked:
            response.headers["client-request-id"] = asked
        if self.watch is None:
            return
        _, _, path = request.rel_url.raw_path.partition("/v1.0")
        answer = response.body if isinstance(response.body, bytes) else b""
        self.watch(
            Exchange(
                method=request.method,
                path=f"/v1.0{path}",
                query=dict(request.query),
                headers=dict(request.headers),
                body=body,
                status=response.status,
                answer=answer,
                answer_headers=dict(response.headers),
            )
        )

    # -- entries -------------------------------------------------------------------------------------------------------

    async def _book(self, request: web.Request, mailbox: Mailbox) -> web.Response:
        wanted = await _body(request)
        transaction = str(wanted.get("transactionId") or "")
        entry = self.calendars.made_as(mailbox, transaction)
        if entry is None:
            online = bool(wanted.get("isOnlineMeeting"))
            entry = self.calendars.make(
                mailbox,
                str(wanted.get("subject") or ""),
                _moment(wanted.get("start")),
                _moment(wanted.get("end")),
                body=str((wanted.get("body") or {}).get("content") or ""),
                place=_place(wanted),
                online=online and wanted.get("onlineMeetingProvider", "teamsForBusiness") == "teamsForBusiness",
                attendees=[_attendee(a) for a in wanted.get("attendees") or []],
                transaction=transaction,
                private=wanted.get("sensitivity") == "private",
            )
        return web.json_response(self._drawn(entry, request), status=201)

    async def _read(self, request: web.Request, mailbox: Mailbox) -> web.Response:
        return web.json_response(self._drawn(self._entry(request, mailbox), request))

    async def _move(self, request: web.Request, mailbox: Mailbox) -> web.Response:
        entry, wanted = self._entry(request, mailbox), await _body(request)
        if set(wanted) - PATCHED:
            raise Refused(400, "ErrorInvalidRequest")
        if entry.link and "body" in wanted:
            raise Refused(400, "ErrorBodyOfOnlineEvent")
        moved = self.calendars.moves(
            entry.id,
            _moment(wanted["start"]) if "start" in wanted else entry.starts,
            _moment(wanted["end"]) if "end" in wanted else None,
            _place(wanted) if "location" in wanted else None,
        )
        return web.json_response(self._drawn(moved, request))

    async def _cancel(self, request: web.Request, mailbox: Mailbox) -> web.Response:
        self.calendars.deletes(self._entry(request, mailbox).id)
        return web.Response(status=202)

    async def _view(self, request: web.Request, mailbox: Mailbox) -> web.Response:
        first, last = _instant(request.query["startDateTime"]), _instant(request.query["endDateTime"])
        found = [x for x in self.calendars.of(mailbox.email) if x.starts < last and x.ends > first]
        skip, top = int(request.query.get("$skip", "0")), int(request.query.get("$top", str(PAGE)))
        answer: dict[str, Any] = {"value": [self._drawn(x, request) for x in found[skip : skip + top]]}
        if len(found) > skip + top:
            answer["@odata.nextLink"] = str(request.url.update_query({"$skip": str(skip + top)}))
        return web.json_response(answer)

    def _entry(self, request: web.Request, mailbox: Mailbox) -> CalendarEntry:
        entry = self.calendars.entries.get(request.match_info["event"])
        if entry is None or entry.cancelled or entry.organiser != mailbox.email:
            raise Refused(404, "ErrorItemNotFound")
        return entry

    def _drawn(self, entry: CalendarEntry, request: web.Request) -> dict[str, Any]:
        zone = _zone(request)
        named = self.calendars.mailbox(entry.organiser)
        drawn: dict[str, Any] = {
            "id": entry.id,
            "createdDateTime": _instant_text(entry.made),
            "subject": entry.subject,
            "start": _local(entry.starts, zone),
            "end": _local(entry.ends, zone),
            "isCancelled": entry.cancelled,
            "isOnlineMeeting": bool(entry.link),
            "onlineMeetingProvider": "teamsForBusiness" if entry.link else "unknown",
            "onlineMeeting": {"joinUrl": entry.link} if entry.link else None,
            "sensitivity": "private" if entry.private else "normal",
            "showAs": entry.status,
            "transactionId": entry.transaction or None,
            "location": {"displayName": entry.place, "locationType": "default"},
            "body": {"contentType": "html", "content": entry.body},
            "organizer": {"emailAddress": {"name": named.name if named else "", "address": entry.organiser}},
            "attendees": [_drawn_attendee(a) for a in entry.attendees],
        }
        chosen = {*request.query.get("$select", "").split(","), "id"} - {""}
        return drawn if "$select" not in request.query else {k: v for k, v in drawn.items() if k in chosen}

    # -- free and busy -------------------------------------------------------------------------------------------------

    async def _schedule(self, request: web.Request, _mailbox: Mailbox) -> web.Response:
        wanted = await _body(request)
        asked = [str(a) for a in wanted.get("schedules") or []]
        if not 0 < len(asked) <= MOST_SCHEDULES:
            raise Refused(400, "ErrorInvalidRequest")
        first, last, zone = _moment(wanted.get("startTime")), _moment(wanted.get("endTime")), _zone(request)
        return web.json_response({"value": [self._schedule_of(a, first, last, zone) for a in asked]})

    def _schedule_of(self, address: str, first: datetime, last: datetime, zone: str) -> dict[str, Any]:
        mailbox = self.calendars.mailbox(address)
        if mailbox is None or not mailbox.readable:
            code = "ErrorMailRecipientNotFound" if mailbox is None else "ErrorNoFreeBusyAccess"
            error = {"message": "The schedule cannot be read.", "responseCode": code}
            return {"scheduleId": address, "availabilityView": "", "scheduleItems": [], "error": error}
        items = [
            {
                "isPrivate": x.private,
                "status": x.status,
                "start": _local(x.starts, zone),
                "end": _local(x.ends, zone),
            }
            for x in self.calendars.of(mailbox.email)
            if x.starts < last and x.ends > first
        ]
        return {"scheduleId": address, "availabilityView": "0", "scheduleItems": items}

    # -- mail ----------------------------------------------------------------------------------------------------------

    async def _mail(self, request: web.Request, mailbox: Mailbox) -> web.Response:
        message = (await _body(request)).get("message")
        if not isinstance(message, dict) or not message.get("toRecipients"):
            raise Refused(400, "ErrorInvalidRecipients")
        self.mails.append(SentMail(mailbox.email, message))
        return web.Response(status=202)


def _error(status: int, code: str, retry_after: str = "") -> web.Response:
    inner = {"date": "2026-11-23T18:00:00", "request-id": secrets.token_hex(16)}
    headers = {"Retry-After": retry_after} if retry_after else {}
    if status == 429 and not retry_after:
        headers = {"Retry-After": "1"}
    error = {"code": code, "message": "A made-up sentence.", "innerError": inner}
    return web.json_response({"error": error}, status=status, headers=headers)


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.read())
    except ValueError as error:
        raise Refused(400, "BadRequest") from error
    if not isinstance(body, dict):
        raise Refused(400, "BadRequest")
    return body


def _moment(value: Any) -> datetime:
    """A dateTimeTimeZone as an aware moment."""
    zone = ZONES.get(str(value.get("timeZone"))) if isinstance(value, dict) else None
    if zone is None:
        raise Refused(400, "ErrorInvalidTimeZone")
    there = datetime.fromisoformat(str(value["dateTime"]))
    if there.tzinfo is not None:
        raise Refused(400, "ErrorPropertyValidationFailure")
    return there.replace(tzinfo=zone).astimezone(UTC)


def _instant(text: str) -> datetime:
    """Of a query: with an offset, or UTC without one."""
    there = datetime.fromisoformat(text)
    return there.astimezone(UTC) if there.tzinfo else there.replace(tzinfo=UTC)


def _instant_text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _zone(request: web.Request) -> str:
    """The zone that `Prefer: outlook.timezone="..."` names, UTC without one."""
    _, _, named = request.headers.get("Prefer", "").partition("outlook.timezone=")
    name = named.strip().strip('"') or "UTC"
    if name not in ZONES:
        raise Refused(400, "ErrorInvalidTimeZone")
    return name


def _local(moment: datetime, zone: str) -> dict[str, str]:
    there = moment.astimezone(ZONES[zone]).replace(tzinfo=None)
    return {"dateTime": there.isoformat(timespec="seconds") + ".0000000", "timeZone": zone}


def _place(wanted: Mapping[str, Any]) -> str:
    return str((wanted.get("location") or {}).get("displayName") or "")


def _attendee(wanted: Mapping[str, Any]) -> Attendee:
    address = wanted.get("emailAddress") or {}
    return Attendee(str(address.get("name") or ""), str(address.get("address") or ""))


def _drawn_attendee(attendee: Attendee) -> dict[str, Any]:
    return {
        "type": "required",
        "status": {"response": attendee.response, "time": "0001-01-01T00:00:00Z"},
        "emailAddress": {"name": attendee.name, "address": attendee.email},
    }
