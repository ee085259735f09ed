"""The connector's REST API, as far as the bot uses it: send, reply, update, and who a member is.

One aiohttp session, one token, no unbounded wait, no redirect followed, and no call to a host that is not on the list,
whatever address was stored. Fulfils `bot.desk.Post`.
"""

from __future__ import annotations

import functools
import json
import logging
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import aiohttp
import orjson
from yarl import URL

from bot.desk import Message, Profile, TryLater, Unreachable, leaves, under_way
from bot.jitter import decorrelated
from bot.teams.hosts import is_practice_of_before, service_root
from bot.teams.pace import LATE, Pace
from bot.teams.settings import TeamsSettings
from bot.teams.tokens import Tokens
from cards.fit import shortened
from pathway.address import Address

CARD = "application/vnd.microsoft.card.adaptive"

LONGEST_WAIT = 3600.0
"""Seconds: a Retry-After beyond this is taken for this."""

_TIME_OUT = aiohttp.ClientTimeout(total=12.0, sock_connect=5.0)
_LARGEST_ANSWER = 1 << 20
_CODE = re.compile(r"[A-Za-z0-9]{1,60}")
_THREAD = ";messageid="
_PASSING = frozenset({408, 412, 425, 429, 500, 502, 503, 504})
_READER_GONE = frozenset({403, 404, 410})
_MAYBE_APPLIED = frozenset({408, 500, 502, 504})

_log = logging.getLogger(__name__)

Body = Mapping[str, Any]


class Connector:
    """See `bot.desk.Post`. All methods raise TryLater and Unreachable, and nothing else for what the service does."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        settings: TeamsSettings,
        tokens: Tokens,
        pace: Pace | None = None,
        *,
        time_out: aiohttp.ClientTimeout = _TIME_OUT,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """*wall_clock* (seconds since 1970) only serves to read a Retry-After that is a date."""
        self._session = session
        self._settings = settings
        self._tokens = tokens
        self._pace = pace or Pace()
        self._time_out = time_out
        self._wall_clock = wall_clock

    async def send(self, to: Address, message: Message, *, thread: str = "") -> str:
        """A new message, or a reply to the channel post *thread*. The new activity's id (empty if not told)."""
        if thread:
            to_thread = to.conversation_id.partition(_THREAD)[0] + _THREAD + thread
            return await self.post(to, activity(to, message, to_thread, thread))
        return await self.post(to, activity(to, message, to.conversation_id))

    async def reply(self, to: Address, message: Message, activity_id: str) -> str:
        """An answer within a turn, to the activity that began it."""
        return await self.post(to, activity(to, message, to.conversation_id, activity_id))

    async def typing(self, to: Address) -> None:
        """Shows that somebody is working on an answer."""
        await self.post(to, _from_us(to, to.conversation_id) | {"type": "typing"})

    async def post(self, to: Address, body: Body) -> str:
        """Posts an activity to its conversation, as a reply where it has a `replyToId`. Its new id."""
        conversation_id = body["conversation"]["id"]
        path = _path(conversation_id, "activities", *filter(None, [body.get("replyToId")]))
        return _id_of(await self._call("POST", to, path, conversation_id, body))

    async def update(self, to: Address, activity_id: str, message: Message) -> None:
        """Edits a message of ours in place."""
        await self.put(to, activity(to, message, to.conversation_id) | {"id": activity_id})

    async def put(self, to: Address, body: Body) -> None:
        """Replaces the activity whose `id` the body has."""
        conversation_id = body["conversation"]["id"]
        path = _path(conversation_id, "activities", body["id"])
        await self._call("PUT", to, path, conversation_id, body)

    async def delete(self, to: Address, activity_id: str) -> None:
        path = _path(to.conversation_id, "activities", activity_id)
        await self._call("DELETE", to, path, to.conversation_id)

    async def member(self, address: Address, user_id: str) -> Profile:
        """What the roster of the conversation says of a member."""
        conversation_id = address.conversation_id.partition(_THREAD)[0]
        answer = await self._call("GET", address, _path(conversation_id, "members", user_id), None)
        return Profile(
            name=_text(answer, "name"),
            email=_text(answer, "email"),
            principal_name=_text(answer, "userPrincipalName"),
        )

    async def _call(self, method: str, to: Address, path: str, paced: str | None, body: Body | None = None) -> Any:
        """One request, and one more with a fresh token after a 401. *paced* is the conversation whose limits count."""
        root = self._root(to)
        url = URL(root + path, encoded=True)
        data = None if body is None else as_sent(body)
        token = await self._tokens.token()
        for is_last in (False, True):
            if paced is not None:
                await self._moment(paced)
            status, headers, answer = await self._request(method, url, data, token)
            if 200 <= status < 300:
                return answer
            if status != 401 or is_last or code_of(answer) == "BotNotRegistered":
                break
            token = await self._tokens.renewed(token)
        raise self._refusal(status, headers, answer, paced)

    async def _moment(self, conversation_id: str) -> None:
        """Returns when a request may leave. Where noting that it does took so long that the moment has passed, a new
        one is waited for.
        """
        await self._pace.turn(conversation_id)
        since = time.monotonic()
        await leaves()
        if time.monotonic() - since > LATE:
            await self._pace.turn(conversation_id)

    def _root(self, to: Address) -> str:
        root = service_root(to.service_url, self._settings)
        if root is None and is_practice_of_before(to.service_url, self._settings):
            raise TryLater("practice has another port now; its people greet from there", 1.0)
        if root is None:
            _log.error("ALERT: a stored address has a service that is not on the list; nothing was sent to it")
            raise Unreachable("ServiceNotAllowed")
        if to.tenant_id.casefold() != self._settings.tenant_id.casefold():
            _log.error("ALERT: a stored address is of another tenant; nothing was sent to it")
            raise Unreachable("TenantNotAllowed")
        return root

    async def _request(
        self, method: str, url: URL, data: bytes | None, token: str
    ) -> tuple[int, Mapping[str, str], Any]:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        if data is not None:
            headers["Content-Type"] = "application/json; charset=utf-8"
        try:
            with under_way():
                async with self._session.request(
                    method, url, data=data, headers=headers, allow_redirects=False, timeout=self._time_out
                ) as answer:
                    return answer.status, answer.headers, await _read(answer)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as fault:
            raise TryLater("the connector cannot be reached") from fault
        except (aiohttp.ClientError, TimeoutError, OSError) as fault:
            raise TryLater("the connector's answer was lost", maybe_delivered=method != "GET") from fault

    def _refusal(self, status: int, headers: Mapping[str, str], answer: Any, paced: str | None) -> Exception:
        code = code_of(answer)
        if status in _PASSING or (status == 401 and code != "BotNotRegistered") or 300 <= status < 400 or status > 504:
            after = retry_after(headers.get("Retry-After"), self._wall_clock())
            if after is not None and paced is not None:
                self._pace.hold(paced, after)
            return TryLater(f"the connector answered {status}", after, maybe_delivered=status in _MAYBE_APPLIED)
        return Unreachable(code or f"HTTP{status}", ours=status not in _READER_GONE)


def activity(to: Address, message: Message, conversation_id: str, reply_to: str = "") -> dict[str, Any]:
    """*message* as the connector wants it. Text is plain: what people wrote is never read as Markdown."""
    body = _from_us(to, conversation_id)
    body["type"] = "message"
    body["summary"] = message.summary
    if message.text:
        body["text"] = message.text
        body["textFormat"] = "plain"
    if message.card is not None:
        drawn = shortened(dict(message.card))
        if drawn is None:
            log_too_heavy()
            body["text"] = f"{message.summary}. It is too long for one message: type “my cases” to read it."
            body["textFormat"] = "plain"
        else:
            body["attachments"] = [{"contentType": CARD, "content": drawn}]
    if reply_to:
        body["replyToId"] = reply_to
    return body


def log_too_heavy() -> None:
    """What was filled into a form makes it heavier than Teams takes; it does not leave."""
    _log.error("a card was too heavy for Teams, and was not sent")


def _from_us(to: Address, conversation_id: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "from": {"id": to.bot_id},
        "conversation": {"id": conversation_id, "conversationType": to.scope, "tenantId": to.tenant_id},
        "channelId": "msteams",
        "serviceUrl": to.service_url,
    }
    if to.user_id:
        body["recipient"] = {"id": to.user_id}
    return body


def retry_after(header: str | None, now: float) -> float | None:
    """Seconds to wait: from seconds, or an HTTP date (RFC 9110, 10.2.3); None if absent or unreadable; capped."""
    if header is None:
        return None
    words = header.strip()
    if words.isascii() and words.isdigit() and len(words) <= 9:
        seconds = float(words)
    else:
        try:
            moment = parsedate_to_datetime(words)
        except (TypeError, ValueError):
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - datetime.fromtimestamp(now, UTC)).total_seconds()
    return min(max(seconds, 0.0), LONGEST_WAIT)


def back_off(before: float) -> float:
    """Seconds before the next try of a turn when the service did not say, after a pause of *before* seconds (0 for the
    first): decorrelated jitter.
    """
    return decorrelated(before, first=1.0, longest=20.0)


def as_sent(body: Any) -> bytes:
    """JSON as it goes out: short, so that a card weighs no more than it has words."""
    try:
        return orjson.dumps(body)
    except TypeError:  # half a character, which nobody could show
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def code_of(answer: Any) -> str:
    """The connector's error code ("ConversationBlockedByUser") or nothing. Never its message."""
    error = answer.get("error") if isinstance(answer, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""


async def _read(answer: aiohttp.ClientResponse) -> Any:
    """The JSON of an answer, or None: once the status is here, an unreadable rest changes nothing."""
    raw = b""
    try:
        async for part in answer.content.iter_any():
            raw += part
            if len(raw) > _LARGEST_ANSWER:
                return None
        return json.loads(raw) if raw else None
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError, RecursionError):
        return None


def _path(conversation_id: str, below: str, *more: str) -> str:
    """What is *below* a conversation. Each part percent-encoded. Raises Unreachable."""
    return "/".join(("/v3/conversations", _segment(conversation_id), below, *map(_segment, more)))


def _segment(text: str) -> str:
    """One that would climb or vanish is no address."""
    if text.isascii() and text.isalnum():
        return text
    if not text.strip("."):
        raise Unreachable("BadAddress")
    return _quoted(text)


@functools.lru_cache(2048)  # a chat is written to again and again
def _quoted(text: str) -> str:
    return quote(text, safe="")


def _id_of(answer: Any) -> str:
    return _text(answer, "id")


def _text(answer: Any, name: str) -> str:
    value = answer.get(name) if isinstance(answer, dict) else None
    return value if isinstance(value, str) else ""
