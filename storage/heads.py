"""The heads of all chains, one line each, apart from the cases: `heads.log`.

A line is only ever added, and the last one of a case counts. It is written after the case is durable, and not synced in
the turn: a second later, or at the stop. Until then a power cut may lose it; then the head lags behind, which is no
harm, and it catches up at the next start.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from storage.atomic import replace_file
from storage.chain import Head

HEADS = "heads.log"
#: So many lines that count no more are taken out at a start.
MOST_OLD = 10_000


class Heads:
    """Used by one thread at a time. Raises OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._heads: dict[str, Head] = {}
        self._handle: int | None = None
        self._dirty = False

    def open(self) -> None:
        self.close()
        self._heads, lines = read_heads(self.path)
        if lines > len(self._heads) + MOST_OLD:
            replace_file(self.path, b"".join(_line(case_id, head) for case_id, head in self._heads.items()))
        self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        end = os.lseek(self._handle, 0, os.SEEK_END)
        if end and os.pread(self._handle, 1, end - 1) != b"\n":
            os.write(self._handle, b"\n")  # a line that was cut off ends here

    def put(self, case_id: str, head: Head) -> None:
        self._heads[case_id] = head
        if self._handle is not None:
            os.write(self._handle, _line(case_id, head))
            self._dirty = True

    def get(self, case_id: str) -> Head | None:
        return self._heads.get(case_id)

    def everything(self) -> Mapping[str, Head]:
        """As they stand in the file now, whoever wrote there."""
        return read_heads(self.path)[0]

    def sync(self) -> None:
        if self._dirty and self._handle is not None:
            self._dirty = False
            os.fsync(self._handle)

    def close(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            try:
                if self._dirty:
                    os.fsync(handle)
            finally:
                self._dirty = False
                os.close(handle)


def _line(case_id: str, head: Head) -> bytes:
    return f"{case_id} {head.n} {head.link}\n".encode("ascii")


def read_heads(path: Path) -> tuple[dict[str, Head], int]:
    """The heads by case id, and how many lines there are. What is no line of ours is passed over."""
    try:
        lines = path.read_text("ascii", "replace").splitlines()
    except FileNotFoundError:
        return {}, 0
    found: dict[str, Head] = {}
    for line in lines:
        match line.split(" "):
            case [case_id, n, link] if n.isascii() and n.isdigit() and len(link) == 64:
                found[case_id] = Head(int(n), link)
    return found, len(lines)
