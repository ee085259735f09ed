"""The published sending limits of Teams, kept before Teams has to enforce them."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import Final

from bot.desk import TryLater

Window = tuple[float, int]
"""In so many seconds at most so many requests."""

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


class Pace:
    """Waits its turn for each request, at most *patience* seconds; longer waits are TryLater with the time."""

    def __init__(
        self,
        patience: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
        *,
        conversation: Sequence[Window] = CONVERSATION,
        tenant: Sequence[Window] = TENANT,
    ) -> None:
        self._patience = patience
        self._clock = clock
        self._windows = conversation
        self._tenant = Lane(tenant)
        self._lanes: OrderedDict[str, Lane] = OrderedDict()
        self._oldest_kept = max(seconds for seconds, _ in conversation)

    async def turn(self, conversation_id: str) -> None:
        """Returns when a request to this conversation may go out."""
        await self._wait(self._lane(conversation_id))
        await self._wait(self._tenant)

    def hold(self, conversation_id: str, seconds: float) -> None:
        """The service asked for *seconds* of silence in this conversation."""
        self._lane(conversation_id).hold(self._clock() + seconds)

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
