"""An asyncio lock a name, and work that a cancelled caller cannot leave half done."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar
from weakref import WeakValueDictionary

T = TypeVar("T")


class Locks:
    """Held together, always taken in the same order, so that nobody waits in a circle. Unused ones go away."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    def held(self, *names: tuple[str, str]) -> Held:
        """To be entered. *names* are pairs of a kind and an id: ("case", "5f2c")."""
        return Held([self._locks.setdefault(name, asyncio.Lock()) for name in sorted(set(names))])


class Held:
    """Some locks, taken together."""

    __slots__ = ("_locks", "_taken")

    def __init__(self, locks: Sequence[asyncio.Lock]) -> None:
        self._locks = locks
        self._taken = 0

    async def __aenter__(self) -> None:
        try:
            for lock in self._locks:
                await lock.acquire()
                self._taken += 1
        except BaseException:
            self._let_go()
            raise

    async def __aexit__(self, *_fault: object) -> None:
        self._let_go()

    def _let_go(self) -> None:
        for lock in self._locks[: self._taken]:
            lock.release()
        self._taken = 0


class Unbroken:
    """Runs things to their end, even when whoever asked for them goes away."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

    async def finish(self) -> None:
        """Returns when nothing is running any more."""
        while self._running:
            await asyncio.wait(self._running)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # marked as seen: the caller may be gone
