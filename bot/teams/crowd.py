"""Many requests at once: how much one person may ask for in a while, and what Teams delivers a second time."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

from botbuilder.core import InvokeResponse

from bot.teams.gate import Admitted

Turn = asyncio.Task[InvokeResponse | None]

_PEOPLE_KEPT = 10_000
_TURNS_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Allowance:
    """One person's requests: *burst* at once, and *per_second* more as time goes by. Nobody types faster for long."""

    burst: int = 30
    per_second: float = 2.0


UNHURRIED: Final = Allowance(burst=1000, per_second=1000.0)
"""For practice mode, whose people a test may move as quickly as it can."""


class Entry(Enum):
    YES = auto()
    NO = auto()
    NO_AND_SAY_SO = auto()
    """The first refusal of a flood: the person should hear of it, once."""


@dataclass(slots=True)
class _Purse:
    left: float
    at: float
    told: bool = False


class Turnstile:
    """Lets each person in at their own pace, so that a flood of one is no matter of the others."""

    def __init__(self, allowance: Allowance | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._allowance: Final = allowance or Allowance()
        self._clock = clock
        self._purses: OrderedDict[str, _Purse] = OrderedDict()

    def enter(self, who: str) -> Entry:
        """Whether *who* (an object id) may have one more turn now."""
        now = self._clock()
        purse = self._purses.get(who)
        if purse is None:
            purse = self._purses[who] = _Purse(float(self._allowance.burst), now)
            if len(self._purses) > _PEOPLE_KEPT:
                self._purses.popitem(last=False)
        self._purses.move_to_end(who)
        earned = (now - purse.at) * self._allowance.per_second
        purse.left, purse.at = min(self._allowance.burst, purse.left + earned), now
        if purse.left >= 1:
            purse.left -= 1
            purse.told = purse.told and purse.left < self._allowance.burst / 2
            return Entry.YES
        if purse.told:
            return Entry.NO
        purse.told = True
        return Entry.NO_AND_SAY_SO


class Repeats:
    """The activities of the last minutes. Teams sends one again when its answer was late or lost.

    The same press while the first is under way has the first one's answer. One that comes after it is a turn of its
    own, which changes nothing (the card's nonce is spent) and shows the case as it stands. The same message is not
    answered twice. A second delivery under a *new* id is told from a first one by the nonce alone.
    """

    def __init__(self, kept: float = 600.0, clock: Callable[[], float] = time.monotonic) -> None:
        """*kept* is in seconds."""
        self._kept = kept
        self._clock = clock
        self._seen: OrderedDict[int, float] = OrderedDict()
        """By the hashes of their names, which are ten times as long: that any two are alike is one chance in 10^12."""
        self._turns: dict[tuple[str, str, str], Turn] = {}

    def under_way(self, admitted: Admitted) -> Turn | None:
        """The turn that the same activity has begun and that is not at its end."""
        return self._turns.get(_name(admitted))

    def is_answered(self, admitted: Admitted) -> bool:
        """Whether the same message had its turn already. Never true of a press, nor of an activity without an id."""
        at = self._seen.get(hash(_name(admitted)))
        return at is not None and self._clock() - at < self._kept

    def begins(self, admitted: Admitted, turn: Turn) -> None:
        name = _name(admitted)
        if not name[1]:
            return
        self._turns[name] = turn
        turn.add_done_callback(lambda _: self._turns.pop(name, None))
        if name[2] == "message":
            self._seen[hash(name)] = self._clock()
            if len(self._seen) > _TURNS_KEPT:
                self._seen.popitem(last=False)


def _name(admitted: Admitted) -> tuple[str, str, str]:
    activity: dict[str, Any] = admitted.activity
    return admitted.address.conversation_id, activity.get("id") or "", activity["type"]
