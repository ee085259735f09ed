"""A wall clock that several processes look at, and one of them moves."""

from __future__ import annotations

import mmap
import os
import struct
from datetime import UTC, datetime

_SECONDS = struct.Struct("d")


class SharedWall:
    """Aware UTC; it stands still until somebody sets `at`. *file* is a descriptor that processes are given."""

    def __init__(self, file: int | None = None) -> None:
        self.file = os.memfd_create("wall") if file is None else file
        if file is None:
            os.ftruncate(self.file, _SECONDS.size)
        self._shared = mmap.mmap(self.file, _SECONDS.size)

    def __call__(self) -> datetime:
        return self.at

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(_SECONDS.unpack_from(self._shared)[0], UTC)

    @at.setter
    def at(self, moment: datetime) -> None:
        _SECONDS.pack_into(self._shared, 0, moment.timestamp())
