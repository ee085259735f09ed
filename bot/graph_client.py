"""One way to Microsoft Graph: a token, a new one after a 401, at most four requests at a time for a mailbox.

Outlook's limits (Microsoft Graph throttling guidance): four requests at a time of one app for one mailbox, and nothing
before the time that Retry-After names. A mailbox that keeps silent is left alone for a moment, so that what waits for
it does not add one time-out to another. Every request carries an id of ours, which the log names and nothing else.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from yarl import URL

from bot.desk import TryLater
from bot.graph_door import GraphAnswer, GraphDoor

AT_ONCE: Final = 4
#: Seconds in which nothing more is asked of a mailbox that gave no answer.
SILENT: Final = 5.0
#: Beside all 5xx: 401 is a token that Graph would not have twice.
_PASSING: Final = frozenset({401, 408, 423, 425, 429})


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


class GraphClient:
    """Waits are kept by the clock of *door*."""

    def __init__(self, door: GraphDoor) -> None:
        self._door = door
        self._wall = door.wall
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
        return await self._kept(method, self._door.url(mailbox, below, query), mailbox, body, prefer)

    async def follow(self, link: str, mailbox: str, prefer: str = "") -> Any:
        """The next page, by the link of the one before. A link that leads elsewhere is not followed: it would take the
        token there. Raises GraphRefused, GraphLater.
        """
        url = URL(link, encoded=True)
        if url.origin() != URL(self._door.root).origin():
            raise GraphRefused(400, "a next page elsewhere")
        return await self._kept("GET", url, mailbox, None, prefer)

    async def _kept(self, method: str, url: URL, mailbox: str, body: Any, prefer: str) -> Any:
        async with self._room[mailbox]:
            wait = self._not_before.get(mailbox, 0.0) - self._wall()
            if wait > 0:
                raise GraphLater("the mailbox is not to be asked yet", wait)
            answer = await self._asked(method, url, mailbox, body, prefer)
        if answer.done and answer.whole:
            return answer.body
        if answer.done or answer.status in _PASSING or answer.status >= 500:
            if answer.after is not None:
                self._not_before[mailbox] = self._wall() + answer.after
            raise GraphLater(f"Graph answered {answer.status}", answer.after)
        raise GraphRefused(answer.status, answer.code)

    async def _asked(self, method: str, url: URL, mailbox: str, body: Any, prefer: str) -> GraphAnswer:
        try:
            return await self._door.ask(method, url, body, prefer)
        except TryLater as no:
            if isinstance(no.__cause__, TimeoutError):
                self._not_before[mailbox] = self._wall() + SILENT
                raise GraphLater("Graph keeps silent", SILENT) from no
            raise GraphLater(str(no), no.after) from no
