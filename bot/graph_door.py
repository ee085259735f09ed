"""The door to Microsoft Graph: one request as the bot, with what came of it. Nothing is repeated here but a 401."""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import aiohttp
from yarl import URL

from bot.desk import TryLater, leaves, under_way
from bot.graph import ROOT
from bot.teams.connector import code_of, retry_after
from bot.teams.tokens import Tokens

TIME_OUT: Final = aiohttp.ClientTimeout(total=12.0, sock_connect=5.0)
#: Bytes. No answer to anything that the bot asks is larger.
_LARGEST: Final = 4 << 20

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class GraphAnswer:
    """*code* is Graph's error code or "", *body* its JSON or None, *after* the seconds of its Retry-After. *whole* is
    False where the connection broke after the status had come.
    """

    status: int
    code: str = ""
    body: Any = None
    after: float | None = None
    whole: bool = True

    @property
    def done(self) -> bool:
        return 200 <= self.status < 300


class GraphDoor:
    """A token, a new one after a 401, an id of ours for each request (the log has that and nothing else), no redirect
    followed. *root* is Graph's address with its version; *wall* (seconds since 1970) is what a Retry-After is read by.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        tokens: Tokens,
        root: str = ROOT,
        time_out: aiohttp.ClientTimeout = TIME_OUT,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._session = session
        self._tokens = tokens
        self._time_out = time_out
        self.root = root
        self.wall = wall

    def url(self, mailbox: str, below: str, query: Mapping[str, str] | None = None) -> URL:
        """Of what is *below* `/users/{mailbox}/`, which is written as it stands in the path."""
        url = URL(f"{self.root}/users/{quote(mailbox, safe='@')}/{below}", encoded=True)
        return url.update_query(query) if query else url

    async def ask(self, method: str, url: URL, body: Any = None, prefer: str = "") -> GraphAnswer:
        """Raises TryLater where there was no answer: its cause is a TimeoutError where Graph kept silent."""
        token = await self._tokens.token()
        answer = await self._once(method, url, body, prefer, token)
        if answer.status != 401:
            return answer
        return await self._once(method, url, body, prefer, await self._tokens.renewed(token))

    async def _once(self, method: str, url: URL, body: Any, prefer: str, token: str) -> GraphAnswer:
        mark = str(uuid.uuid4())
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json", "client-request-id": mark}
        if prefer:
            headers["Prefer"] = prefer
        if method != "GET":
            await leaves()
        try:
            with under_way():
                async with self._session.request(
                    method, url, json=body, headers=headers, allow_redirects=False, timeout=self._time_out
                ) as came:
                    answer = await self._read(came)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as fault:
            raise TryLater("Graph cannot be reached") from fault
        except (aiohttp.ClientError, TimeoutError, OSError) as fault:
            raise TryLater("Graph's answer was lost", maybe_delivered=method != "GET") from fault
        if answer.status >= 400:
            log.warning(
                "Graph refused a request", extra={"status": answer.status, "code": answer.code, "request": mark}
            )
        return answer

    async def _read(self, came: aiohttp.ClientResponse) -> GraphAnswer:
        """Once the status is here, a rest that cannot be read changes nothing of it."""
        after = retry_after(came.headers.get("Retry-After"), self.wall())
        parts, size = [], 0
        try:
            async for part in came.content.iter_chunked(1 << 16):
                size += len(part)
                if size > _LARGEST:
                    return GraphAnswer(came.status, after=after, whole=False)
                parts.append(part)
        except (aiohttp.ClientError, TimeoutError, OSError):
            return GraphAnswer(came.status, after=after, whole=False)
        body = _json(b"".join(parts))
        return GraphAnswer(came.status, code_of(body) if came.status >= 400 else "", body, after)


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except (ValueError, RecursionError):
        return None
