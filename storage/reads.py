"""Who saw what: kept beside the turns, a line each, by rules that every store shares."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pathway.compact import compact
from pathway.ports import ONE_LOOK, CaseBook, Read, Saw, StoreUnavailable
from storage.atomic import sync
from storage.folder import CASES, READS, Folder
from storage.tinydb_book import file_name

log = logging.getLogger(__name__)

#: So many of the last reads are remembered, to leave out those that follow within `ONE_LOOK`.
MOST_RECENT = 4096
#: Seconds in which reads are gathered, because writing ten at once costs little more than one.
GATHER = 0.05
#: So many wait at the most while the store does not answer; then the oldest are lost, and the log says so.
MOST_WAITING = 10_000


class KeptReads(ABC):
    """`pathway.ports.Reads`. What is noted waits here until the store has it: a kill may take the last moments."""

    def __init__(self) -> None:
        self._recent: OrderedDict[tuple[str, str, Saw], datetime] = OrderedDict()
        self._waiting: list[Read] = []
        self._writing: asyncio.Task[None] | None = None
        self._forgotten: set[str] = set()

    async def note(self, *reads: Read) -> None:
        self._waiting += [read for read in reads if self._is_new(read)]
        if self._waiting and (self._writing is None or self._writing.done()):
            self._writing = asyncio.create_task(self._write_out())

    def _is_new(self, read: Read) -> bool:
        if not read.case_id or read.case_id in self._forgotten:
            return False
        key = (read.case_id, read.person, read.saw)
        before = self._recent.get(key)
        if before is not None and abs(read.at - before) < ONE_LOOK:
            return False
        self._recent[key] = read.at
        self._recent.move_to_end(key)
        if len(self._recent) > MOST_RECENT:
            self._recent.popitem(last=False)
        return True

    async def _write_out(self) -> None:
        while self._waiting:
            await asyncio.sleep(GATHER)
            batch, self._waiting = self._waiting, []
            try:
                await self._write(batch)
            except StoreUnavailable:
                self._waiting = [*batch, *self._waiting]
                log.warning("who read what could not be kept yet", extra={"count": len(self._waiting)})
                break
        if (lost := len(self._waiting) - MOST_WAITING) > 0:
            self._waiting = self._waiting[lost:]
            log.error("reads of cases are lost: the store has not answered for too long", extra={"count": lost})

    async def written(self) -> None:
        """Returns when nothing is on its way to the store any more; what it did not take is tried once again."""
        await self.note()
        while self._writing is not None and not self._writing.done():
            await asyncio.wait({self._writing})

    async def close(self) -> None:
        """Before the store itself is closed."""
        await self.written()
        if self._waiting:
            log.error("reads of cases could not be kept", extra={"count": len(self._waiting)})
            self._waiting = []
        self._recent.clear()

    async def reads_of(self, case_id: str) -> Sequence[Read]:
        await self.written()
        return sorted(await self._of(case_id), key=_in_time)

    async def reads_by(self, person: str) -> Sequence[Read]:
        return sorted([read async for read in self.everything() if read.person == person], key=_in_time)

    async def forget(self, case_id: str) -> None:
        self._forgotten.add(case_id)
        self._waiting = [read for read in self._waiting if read.case_id != case_id]
        await self.written()
        await self._drop(case_id)

    async def everything(self) -> AsyncIterator[Read]:
        """All there are, case by case, in an order of their own."""
        await self.written()
        for case_id in await self._cases():
            for read in await self._of(case_id):
                yield read

    async def restore(self, reads: Sequence[Read]) -> None:
        """What `everything` gave elsewhere, of cases that are here already. Raises StoreUnavailable."""
        await self._write(reads)

    # -- what each store does in its way ---------------------------------------------------------------------------

    @abstractmethod
    async def _write(self, reads: Sequence[Read]) -> None: ...

    @abstractmethod
    async def _of(self, case_id: str) -> Sequence[Read]: ...

    @abstractmethod
    async def _cases(self) -> Sequence[str]: ...

    @abstractmethod
    async def _drop(self, case_id: str) -> None: ...


def _in_time(read: Read) -> tuple[datetime, str, str]:
    return read.at, read.person, read.saw


class MemoryReads(KeptReads):
    def __init__(self, book: CaseBook) -> None:
        super().__init__()
        self._book = book
        self._kept: dict[str, list[Read]] = {}

    async def _write(self, reads: Sequence[Read]) -> None:
        for read in reads:
            if await self._book.events(read.case_id):
                self._kept.setdefault(read.case_id, []).append(read)

    async def _of(self, case_id: str) -> Sequence[Read]:
        return tuple(self._kept.get(case_id, ()))

    async def _cases(self) -> Sequence[str]:
        return sorted(self._kept)

    async def _drop(self, case_id: str) -> None:
        self._kept.pop(case_id, None)


# -- files -------------------------------------------------------------------------------------------------------------


class TinyReads(KeptReads):
    """`reads/<case id>.jsonl`: a file a case, to which lines are added, each written at one stroke and synced within a
    second. Where the machine dies in the middle of one, that line is left out, and the log says so; the next begins on
    a line of its own.
    """

    def __init__(self, folder: Folder) -> None:
        super().__init__()
        self.folder = folder
        self._place, self._cases_place = folder.path / READS, folder.path / CASES

    async def _write(self, reads: Sequence[Read]) -> None:
        lines: dict[str, bytes] = {}
        for read in reads:
            lines[read.case_id] = lines.get(read.case_id, b"") + _line(read)
        self.folder.sync_soon(*await self.folder.note_down(lambda: self._append(lines.items())))

    def _append(self, lines: Iterable[tuple[str, bytes]]) -> set[Path]:
        """What is to be synced."""
        changed = set()
        for case_id, data in lines:
            if (self._cases_place / file_name(case_id)).exists():  # it may have been erased meanwhile
                path = self._path(case_id)
                changed.add(path)
                if _add(path, data):
                    changed.add(self._place)
        return changed

    async def _of(self, case_id: str) -> Sequence[Read]:
        return await self.folder.note_down(lambda: self._read(case_id))

    def _read(self, case_id: str) -> list[Read]:
        try:
            lines = self._path(case_id).read_bytes().splitlines()
        except FileNotFoundError:
            return []
        found = [_read(case_id, line) for line in lines if line]
        if None in found:
            log.warning("lines of who read a case cannot be read", extra={"case": case_id, "count": found.count(None)})
        return list(dict.fromkeys(read for read in found if read is not None))

    async def _cases(self) -> Sequence[str]:
        return await self.folder.note_down(lambda: sorted(path.stem for path in self._place.glob("*.jsonl")))

    async def _drop(self, case_id: str) -> None:
        await self.folder.note_down(lambda: self._path(case_id).unlink(missing_ok=True))
        await self.folder.note_down(lambda: sync(self._place))

    def _path(self, case_id: str) -> Path:
        return self._place / f"{file_name(case_id)}l"  # .jsonl


def _add(path: Path, data: bytes) -> bool:
    """Adds *data* to the file; whether it was made for it. Raises OSError."""
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        end = os.lseek(handle, 0, os.SEEK_END)
        torn = end > 0 and os.pread(handle, 1, end - 1) != b"\n"
        rest = memoryview(b"\n" + data if torn else data)
        while rest:
            rest = rest[os.write(handle, rest) :]
    finally:
        os.close(handle)
    return end == 0


def _line(read: Read) -> bytes:
    return compact({"person": read.person, "saw": read.saw, "at": read.at.isoformat()}) + b"\n"


def _read(case_id: str, line: bytes) -> Read | None:
    """None for a line that is not whole."""
    try:
        found: Any = json.loads(line)
        return Read(case_id, str(found["person"]), Saw(found["saw"]), datetime.fromisoformat(found["at"]))
    except (ValueError, KeyError, TypeError):
        return None
