"""What takes long to make, and is the same in every process of a test run: made by the first that asks for it."""

from __future__ import annotations

import fcntl
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

#: Of a run in several processes, set by `tests.conftest`: a folder that they share.
shared: list[Path] = []


def once(name: str, make: Callable[[], T]) -> T:
    """What *make* gives, or a copy of what it gave to another process."""
    if not shared:
        return make()
    place = shared[0] / f"{name}.pickle"
    with place.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if place.exists():
            found: T = pickle.loads(place.read_bytes())  # noqa: S301 - written by this run
            return found
        made = make()
        place.write_bytes(pickle.dumps(made))
    return made
