"""Where a bot dies: a trap that counts its steps and kills it, as `kill -9` does, before the step it is set for.

A step is one turn of the event loop's wheel, which is where every `await` that waits goes on, and one call by which the
store's thread writes: between two steps nothing of the process changes that anybody outside could see.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
WRITER = "store-write"
"""How the names of the threads begin that write files."""


class Trap:
    """`set(at)` from when on the steps are counted; 0 for never. *last_words* is called with the place, before."""

    def __init__(self, last_words: Callable[[str], None]) -> None:
        self.steps = 0
        self._at = 0
        self._last_words = last_words

    def set(self, at: int) -> None:
        self.steps, self._at = 0, at

    def spring(self) -> None:
        """Puts itself into this process for good."""
        going_on = asyncio.events.Handle._run  # noqa: SLF001 - nothing public turns the wheel

        def counted(handle: asyncio.Handle) -> None:
            self._step(lambda: _place(handle))
            going_on(handle)

        asyncio.events.Handle._run = counted  # type: ignore[method-assign, assignment]  # noqa: SLF001
        for name in ("open", "write", "fsync", "replace", "unlink"):
            setattr(os, name, self._watched(name, getattr(os, name)))

    def _watched(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*given: Any, **named: Any) -> Any:
            if threading.current_thread().name.startswith(WRITER):
                self._step(lambda: f"storage/atomic.py os.{name}")
            return call(*given, **named)

        return watched

    def _step(self, place: Callable[[], str]) -> None:
        self.steps += 1
        if self.steps == self._at:
            self._last_words(place())
            os.kill(os.getpid(), signal.SIGKILL)


def _place(handle: asyncio.Handle) -> str:
    """The line of ours that goes on next, as "bot/sender.py:142"; that of a library where none of ours waits there."""
    callback = getattr(handle, "_callback", None)
    task = getattr(callback, "__self__", None)
    if not isinstance(task, asyncio.Task):
        return f"(a callback) {getattr(callback, '__qualname__', type(callback).__name__)}"
    waits: object = task.get_coro()
    found = f"(a library) {waits!r:.60}"
    while inspect.iscoroutine(waits) and waits.cr_frame is not None:
        file = Path(waits.cr_frame.f_code.co_filename)
        if file.is_relative_to(ROOT) and ".venv" not in file.parts:
            found = f"{file.relative_to(ROOT)}:{waits.cr_frame.f_lineno}"
        waits = waits.cr_await
    return found
