"""One way to Microsoft Graph: a token, a new one after a 401, at most four requests at a time for a mailbox.

Outlook's limits (Microsoft Graph throttling guidance): four requests at a time of one app for one mailbox, and nothing
before the time that Retry-After names. A mailbox that keeps silent is left alone for a moment, so that what waits for
it does not add one time-out to another. Every request carries an id of ours, which the log names and nothing else.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import aiohttp
from yarl import URL

from bot.desk import TryLater
from bot.graph import ROOT
from bot.teams.connector import code_of, retry_after
from bot.teams.tokens import Tokens

AT_ONCE: Final = 4
#: Seconds in which nothing more is asked of a mailbox that gave no answer.
SILENT: Final = 5.0
_TIME_OUT: Final = aiohttp.ClientTimeout(total=12.0, sock_connect=5.0)
_LARGEST: Final = 4 << 20
#: Beside all 5xx: 401 is a token that Graph would not have twice.
_PASSING: Final = frozenset({401, 408, 423, 425, 429})

log = logging.getLogger(__name__)


class GraphRefused(Exception):
    """A 4xx that no second try will change. *code* is Graph's ("ErrorAccessDenied"), or "http 403"."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code or f"http {status}")
        self.status = status
        self.code = code or f"http {status}"


class GraphLater(Exception):
    """No answer, or "later", *after* so many seconds where Graph said so. What was asked for may have been done."""

    def __init__(self, why: str, after: float | None = None) -> None:
        super().__init__(why)
        self.after = after


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: Any
    after: float | None


class GraphClient:
    """*root* is Graph's address with its version; *wall* (seconds since 1970) is the clock that waits are kept by."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        tokens: Tokens,
        root: str = ROOT,
        *,
        wall: Callable[[], float] = time.time,
        time_out: aiohttp.ClientTimeout = _TIME_OUT,
    ) -> None:
        self._session = session
        self._tokens = tokens
        self._root = root
        self._wall = wall
        self._time_out = time_out
        self._room: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(AT_ONCE))
        self._not_before: dict[str, float] = {}

    async def ask(
        self,
        method: str,
        mailbox: str,
        below: str,
        *,
        body: Any = None,
        query: Mapping[str, str] | None = None,
        prefer: str = "",
    ) -> Any:
        """The JSON (None where there is none) that answers a request to what is *below* `/users/{mailbox}/`, which is
        written as it stands in the path. Raises GraphRefused, GraphLater.
        """
        url = URL(f"{self._root}/users/{quote(mailbox, safe='')}/{below}", encoded=True)
        return await self._kept(method, url.update_query(query) if query else url, mailbox, body, prefer)

    async def follow(self, link: str, mailbox: str, prefer: str = "") -> Any:
        """The next page, by the link of the one before. A link that leads elsewhere is not followed: it would take the
        token there. Raises GraphRefused, GraphLater.
        """
        url = URL(link, encoded=True)
        if url.origin() != URL(self._root).origin():
            raise GraphRefused(400, "a next page elsewhere")
        return await self._kept("GET", url, mailbox, None, prefer)

    async def _kept(self, method: str, url: URL, mailbox: str, body: Any, prefer: str) -> Any:
        async with self._room[mailbox]:
            wait = self._not_before.get(mailbox, 0.0) - self._wall()
            if wait > 0:
                raise GraphLater("the mailbox is not to be asked yet", wait)
            answer = await self._asked(method, url, mailbox, body, prefer)
        if 200 <= answer.status < 300:
            return answer.body
        if answer.status in _PASSING or answer.status >= 500:
            if answer.after is not None:
                self._not_before[mailbox] = self._wall() + answer.after
            raise GraphLater(f"Graph answered {answer.status}", answer.after)
        raise GraphRefused(answer.status, code_of(answer.body))

    async def _asked(self, method: str, url: URL, mailbox: str, body: Any, prefer: str) -> _Answer:
        try:
            token = await self._tokens.token()
            answer = await self._once(method, url, body, prefer, token)
            if answer.status == 401:
                answer = await self._once(method, url, body, prefer, await self._tokens.renewed(token))
        except TryLater as no:
            raise GraphLater(str(no), no.after) from no
        except TimeoutError as fault:
            self._not_before[mailbox] = self._wall() + SILENT
            raise GraphLater("Graph keeps silent", SILENT) from fault
        except (aiohttp.ClientError, OSError) as fault:
            raise GraphLater(f"Graph's answer was lost: {type(fault).__name__}") from fault
        return answer

    async def _once(self, method: str, url: URL, body: Any, prefer: str, token: str) -> _Answer:
        mark = str(uuid.uuid4())
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json", "client-request-id": mark}
        if prefer:
            headers["Prefer"] = prefer
        async with self._session.request(
            method, url, json=body, headers=headers, allow_redirects=False, timeout=self._time_out
        ) as answer:
            said = _json(await _read(answer))
            after = retry_after(answer.headers.get("Retry-After"), self._wall())
        if answer.status >= 400:
            log.warning("Graph answered %d %s to request %s", answer.status, code_of(said), mark)
        return _Answer(answer.status, said, after)


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    """The body of an answer that is not larger than any of ours can be. Raises aiohttp.ClientPayloadError."""
    parts, size = [], 0
    async for part in answer.content.iter_chunked(1 << 16):
        size += len(part)
        if size > _LARGEST:
            raise aiohttp.ClientPayloadError("too large")
        parts.append(part)
    return b"".join(parts)


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except (ValueError, RecursionError):
        return None
