"""Letters through Microsoft Graph, from the one shared mailbox that the university lets the bot send from.

`POST /users/{mailbox}/sendMail` needs the application permission `Mail.Send`, which Exchange's RBAC for Applications
narrows to that mailbox (docs/install.md). Where it is not granted, or no longer, letters go by SMTP.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from base64 import b64encode
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import aiohttp
from yarl import URL

from bot.desk import TryLater, Unreachable, under_way
from bot.graph import ROOT
from bot.mail import ICS_NAME, Letter, Mailing
from bot.teams.connector import code_of, retry_after
from bot.teams.tokens import Tokens

#: Requests at a time for one mailbox (Outlook's own limit, Microsoft Graph throttling guidance).
AT_ONCE: Final = 4

_TIME_OUT: Final = aiohttp.ClientTimeout(total=15.0, sock_connect=5.0)
_LARGEST: Final = 1 << 16
_NOT_GRANTED: Final = frozenset({403, 404})
_PASSING: Final = frozenset({401, 408, 425, 429, 500, 502, 503, 504})
_MAYBE_SENT: Final = frozenset({408, 500, 502, 504})
#: Codes of Graph's about the reader's address, not about us.
_BAD_READER: Final = frozenset({"ErrorInvalidRecipients", "ErrorInvalidIdMalformed", "ErrorRecipientNotFound"})

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class GraphSays:
    """*code* is Graph's error code or ""; *after* the seconds of its Retry-After."""

    status: int
    code: str = ""
    after: float | None = None


class GraphDoor:
    """Asks Graph as the bot: a token, a new one after a 401, an id of ours for each request, no redirect followed."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        tokens: Tokens,
        root: str = ROOT,
        time_out: aiohttp.ClientTimeout = _TIME_OUT,
    ) -> None:
        self._session = session
        self._tokens = tokens
        self._root = root
        self._time_out = time_out

    async def ask(self, method: str, mailbox: str, below: str, body: Any = None) -> GraphSays:
        """What is *below* `/users/{mailbox}`. Raises TryLater where there was no answer."""
        url = URL(f"{self._root}/users/{quote(mailbox, safe='@')}/{below}", encoded=True)
        token = await self._tokens.token()
        says = await self._once(method, url, body, token)
        return await self._once(method, url, body, await self._tokens.renewed(token)) if says.status == 401 else says

    async def _once(self, method: str, url: URL, body: Any, token: str) -> GraphSays:
        mark = str(uuid.uuid4())
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json", "client-request-id": mark}
        try:
            with under_way():
                async with self._session.request(
                    method, url, json=body, headers=headers, allow_redirects=False, timeout=self._time_out
                ) as answer:
                    says = await _said(answer)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as fault:
            raise TryLater("Graph cannot be reached") from fault
        except (aiohttp.ClientError, TimeoutError, OSError) as fault:
            raise TryLater("Graph's answer was lost", maybe_delivered=method != "GET") from fault
        if says.status >= 400:
            log.warning("Graph answered %d %s to request %s", says.status, says.code, mark)
        return says


async def _said(answer: aiohttp.ClientResponse) -> GraphSays:
    """Once the status is here, an unreadable rest changes nothing."""
    code = ""
    if answer.status >= 400:
        try:
            raw = await answer.content.read(_LARGEST)
            code = code_of(_json(raw))
        except (aiohttp.ClientError, TimeoutError, OSError):
            code = ""
    return GraphSays(answer.status, code, retry_after(answer.headers.get("Retry-After"), time.time()))


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


class GraphMail:
    """`bot.mail.Mailing` from *mailbox*; *otherwise* is the way where Graph does not let the bot send."""

    def __init__(self, door: GraphDoor, mailbox: str, otherwise: Mailing | None = None) -> None:
        self._door = door
        self._mailbox = mailbox
        self._otherwise = otherwise
        self._room = asyncio.Semaphore(AT_ONCE)

    async def send(self, letter: Letter) -> None:
        """See `Mailing`. A letter of which nobody knows whether it went is not sent the other way as well."""
        async with self._room:
            says = await self._door.ask("POST", self._mailbox, "sendMail", as_graph_has_it(letter))
        if 200 <= says.status < 300:
            return
        if says.status in _NOT_GRANTED:
            if self._otherwise is None:
                raise Unreachable("the mailbox may not be used for mail", ours=True)
            await self._otherwise.send(letter)
            return
        if says.status in _PASSING or 300 <= says.status < 400 or says.status > 504:
            maybe = says.status in _MAYBE_SENT
            raise TryLater(f"Graph answered {says.status}", says.after, maybe_delivered=maybe)
        raise Unreachable("mail refused", ours=says.code not in _BAD_READER)


def as_graph_has_it(letter: Letter) -> dict[str, Any]:
    """The body of `sendMail`. Exchange makes the plain text beside the HTML by itself. Nothing is kept in Sent Items:
    the case is the record.
    """
    message: dict[str, Any] = {
        "subject": letter.subject,
        "body": {"contentType": "html", "content": letter.html}
        if letter.html
        else {"contentType": "text", "content": letter.text},
        "toRecipients": [_recipient(letter.to_email, letter.to_name)],
    }
    if letter.reply_to:
        message["replyTo"] = [_recipient(letter.reply_to)]
    if letter.ics:
        asks = f"; method={letter.method}" if letter.method else ""
        message["attachments"] = [
            {
                "@odata.type": "#microsoft.graph.fileAttachment",
                "name": ICS_NAME,
                "contentType": f"text/calendar; charset=utf-8{asks}",
                "contentBytes": b64encode(letter.ics).decode("ascii"),
            }
        ]
    return {"message": message, "saveToSentItems": False}


def _recipient(address: str, name: str = "") -> dict[str, Any]:
    return {"emailAddress": {"address": address, "name": name} if name else {"address": address}}
