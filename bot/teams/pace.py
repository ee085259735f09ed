"""The published sending limits of Teams, kept before Teams has to enforce them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import Final

from bot.desk import TryLater
from pathway.ports import Moments, StoreUnavailable, Window

_log = logging.getLogger(__name__)

CONVERSATION: Final[Sequence[Window]] = ((1.0, 7), (2.0, 8), (30.0, 60), (3600.0, 1800))
"""A bot in one conversation (Teams: rate limiting for bots)."""

TENANT: Final[Sequence[Window]] = ((0.25, 7), (1.0, 28))
"""A bot in one tenant (same page: 30 in a second). A little less and evenly, because what leaves a second apart does
not arrive a second apart.
"""

PRACTICE: Final[Sequence[Window]] = ((1.0, 1000),)
"""The practice channel has no limits, and a week that passes in a second makes many messages."""

_MARGIN = 0.02
"""Seconds: our clock and the service's do not start a window together."""


LATE = 0.1
"""Seconds: a moment that is missed by more is another bot's by now, and a new one is asked for, so often at most:"""
TRIES = 4
ALONE = 5.0
"""Seconds for which a bot keeps to its own limit before it asks for shared moments again, where nobody gave it one."""


class Lane:
    """The moments of the requests through one limit. `reserve` gives them out in order and never goes back."""

    __slots__ = ("_held_until", "_moments", "_windows")

    def __init__(self, windows: Sequence[Window]) -> None:
        self._windows = windows
        self._moments: deque[float] = deque(maxlen=max(count for _, count in windows))
        self._held_until = 0.0

    def next(self, now: float) -> float:
        """The earliest moment at which one more request keeps to every window."""
        at = max(now, self._held_until, self._moments[-1] if self._moments else now)
        for seconds, count in self._windows:
            if len(self._moments) >= count:
                at = max(at, self._moments[-count] + seconds + _MARGIN)
        return at

    def reserve(self, at: float) -> None:
        self._moments.append(at)

    def hold(self, until: float) -> None:
        """Nothing before *until*: the service said so (Retry-After)."""
        self._held_until = max(self._held_until, until)

    def idle_since(self) -> float:
        return max(self._held_until, self._moments[-1] if self._moments else 0.0)


class Shared:
    """Asks for the moments of all who wait here at once, one question at a time: no more questions than answers."""

    def __init__(
        self, moments: Moments, windows: Sequence[Window], patience: float, clock: Callable[[], float]
    ) -> None:
        self._moments = moments
        self._windows = [(seconds + _MARGIN, count) for seconds, count in windows]
        self._patience = patience
        self._clock = clock
        self._waiting: list[asyncio.Future[float]] = []
        self._asking: asyncio.Task[None] | None = None

    async def next(self) -> float:
        """When one request may go out, on our clock. Raises TryLater, StoreUnavailable."""
        mine: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._waiting.append(mine)
        if self._asking is None:
            self._asking = asyncio.get_running_loop().create_task(self._ask())
        return await mine

    async def _ask(self) -> None:
        try:
            while self._waiting:
                asked, self._waiting = [one for one in self._waiting if not one.done()], []
                if asked:
                    await self._answer(asked)
        finally:
            self._asking = None

    async def _answer(self, asked: Sequence[asyncio.Future[float]]) -> None:
        try:
            given, longer = await self._moments.take(len(asked), self._patience, self._windows)
        except Exception as fault:  # noqa: BLE001 - it is theirs who wait
            answers: list[float | Exception] = [fault] * len(asked)
        else:
            now = self._clock()
            answers = [now + seconds for seconds in given]
            answers += [TryLater("the sending limit is reached", longer)] * (len(asked) - len(given))
        for one, answer in zip(asked, answers, strict=True):
            if one.done():
                continue
            if isinstance(answer, Exception):
                one.set_exception(answer)
            else:
                one.set_result(answer)


class Pace:
    """Waits its turn for each request, at most *patience* seconds; longer waits are TryLater with the time.

    *moments*: what the tenant allows is shared with other bots. While nobody answers there, it is kept as if alone.
    """

    def __init__(
        self,
        patience: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
        *,
        conversation: Sequence[Window] = CONVERSATION,
        tenant: Sequence[Window] = TENANT,
        moments: Moments | None = None,
    ) -> None:
        self._patience = patience
        self._clock = clock
        self._windows = conversation
        self._tenant = Lane(tenant)
        self._shared = Shared(moments, tenant, patience, clock) if moments is not None else None
        self._alone_until = float("-inf")
        self._lanes: OrderedDict[str, Lane] = OrderedDict()
        self._oldest_kept = max(seconds for seconds, _ in conversation)

    async def turn(self, conversation_id: str) -> None:
        """Returns when a request to this conversation may go out."""
        await self._wait(self._lane(conversation_id))
        if self._shared is None or self._clock() < self._alone_until or not await self._given(self._shared):
            await self._wait(self._tenant)

    def hold(self, conversation_id: str, seconds: float) -> None:
        """The service asked for *seconds* of silence in this conversation."""
        self._lane(conversation_id).hold(self._clock() + seconds)

    async def _given(self, shared: Shared) -> bool:
        """Waits for a moment of all bots; False where nobody gives any out. Raises TryLater."""
        for _ in range(TRIES):
            try:
                at = await shared.next()
            except StoreUnavailable:
                self._alone_until = self._clock() + ALONE
                _log.warning("the sending rate is not shared just now; this bot keeps to its own")
                return False
            self._tenant.reserve(at)
            await asyncio.sleep(max(0.0, at - self._clock()))
            if self._clock() - at <= LATE:
                break
        return True

    async def _wait(self, lane: Lane) -> None:
        now = self._clock()
        at = lane.next(now)
        if at - now > self._patience:
            raise TryLater("the sending limit is reached", at - now)
        lane.reserve(at)
        if at > now:
            await asyncio.sleep(at - now)

    def _lane(self, conversation_id: str) -> Lane:
        lane = self._lanes.get(conversation_id)
        if lane is None:
            lane = self._lanes[conversation_id] = Lane(self._windows)
        self._lanes.move_to_end(conversation_id)
        self._forget_idle()
        return lane

    def _forget_idle(self) -> None:
        """Drops what can no longer matter: the least recently used lanes, two at most a call."""
        limit = self._clock() - self._oldest_kept
        for _ in range(2):
            first = next(iter(self._lanes))
            if len(self._lanes) == 1 or self._lanes[first].idle_since() > limit:
                return
            del self._lanes[first]
