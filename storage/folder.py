"""The folder of one running Pathway: its lock, its one writing thread, and how it is."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from pathway.ports import Health, StoreUnavailable
from storage.atomic import (
    Damaged,
    make_folder,
    read_document,
    remove_file,
    replace_file,
    sweep,
    sync_folder,
    write_documents,
)

log = logging.getLogger(__name__)
T = TypeVar("T")

#: Seconds after which `health` does not rely on the last write any more and tries one itself.
FRESH = 20.0
CASES, DRAFTS, DAMAGED = "cases", "drafts", "damaged"
LOCK, RUN, PROBE = "LOCK", "run.json", ".probe.tmp"
#: Folders in it: files taken aside for a backup, or unpacked from one; and what stands there while one is put in place.
ASIDE, RESTORING = ".aside-", ".restoring"


class FolderInUse(StoreUnavailable):
    """Another process has the folder open."""


def lock(folder: Path) -> int:
    """The handle that holds it until it is closed. Raises FolderInUse, OSError."""
    handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(handle, 20).decode("ascii", "replace").strip() or "unknown"
        os.close(handle)
        raise FolderInUse(
            f"The folder {folder} is in use by another Pathway (process {holder}). "
            "Stop that one first, or name another folder."
        ) from None
    except OSError:
        os.close(handle)
        raise
    with suppress(OSError):  # only for the sentence above
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
    return handle


class Folder:
    """Opened once, by one process. All writing goes through one thread, in the order in which it was asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.run = 0
        self._lock: int | None = None
        self._writer: ThreadPoolExecutor | None = None
        self._reader: ThreadPoolExecutor | None = None
        self._fault = ""
        self._wrote_at = float("-inf")
        self._unreadable: dict[str, str] = {}

    @property
    def is_open(self) -> bool:
        return self._lock is not None

    # -- opening and closing ---------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Raises FolderInUse, or StoreUnavailable where the folder cannot be made or read."""
        if self._lock is not None:
            return
        self._fault, self._unreadable = "", {}
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store-write")
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="store-read")
        try:
            await self._in(self._writer, self._take)
        except OSError as fault:
            await self.close()
            raise StoreUnavailable(f"The folder {self.path} cannot be opened: {_why(fault)}.") from fault
        except StoreUnavailable:
            await self.close()
            raise

    async def close(self) -> None:
        """Ends when everything is written. Closing twice does nothing."""
        writer, reader, self._writer, self._reader = self._writer, self._reader, None, None
        for pool in (writer, reader):
            if pool is not None:
                await asyncio.to_thread(pool.shutdown)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _take(self) -> None:
        make_folder(self.path)
        self._lock = lock(self.path)
        if (self.path / RESTORING).exists():
            raise StoreUnavailable(
                f"A backup was being restored into {self.path}, and that was broken off. "
                "Restore it again, with --replace."
            )
        for left in self.path.glob(f"{ASIDE}*"):
            shutil.rmtree(left, ignore_errors=True)
        for name in (CASES, DRAFTS, DAMAGED):
            make_folder(self.path / name)
            (self.path / name).chmod(0o700)
        swept = sum(sweep(self.path / name) for name in (".", CASES, DRAFTS))
        if swept:
            log.warning("swept files that were never finished", extra={"count": swept})
        self.run = self._next_run()

    def _next_run(self) -> int:
        path = self.path / RUN
        try:
            found = read_document(path, "run")
            run = 1 + int(found["number"] if found else 0)
        except (Damaged, KeyError, TypeError, ValueError):
            run = 1
        try:
            write_documents(path, {"run": [{"number": run}]})
        except OSError as fault:  # a full disk at the start: what there is can still be read
            self._failed(fault)
        return max(run, self.run + 1)

    # -- reading and writing ---------------------------------------------------------------------------------------

    async def read(self, step: Callable[[], T], name: str) -> T:
        """Runs *step* on the reading thread. Raises StoreUnavailable where the file *name* cannot be read."""
        try:
            found = await self._in(self._reader, step)
        except (Damaged, OSError, ValueError) as fault:
            self.unreadable(name, fault)
            raise StoreUnavailable(f"{name} cannot be read: {what(fault)}.") from fault
        self._unreadable.pop(name, None)
        return found

    async def write(self, path: Path, tables: Callable[[], Mapping[str, Iterable[Mapping[str, Any]]]]) -> None:
        """Durable when it returns. *tables* is asked for on the writing thread. Raises StoreUnavailable."""
        await self._writing(lambda: write_documents(path, tables()))

    async def remove(self, *paths: Path) -> bool:
        """Gone for good when it returns; whether there was any. Raises StoreUnavailable."""
        gone = await self._writing(lambda: [remove_file(path) for path in paths])
        for path in paths:
            self._unreadable.pop(str(path.relative_to(self.path)), None)
        return any(gone)

    async def at_one_moment(self, step: Callable[[], T]) -> T:
        """Runs *step* between two writes: meanwhile nothing in the folder changes. Raises StoreUnavailable."""
        try:
            return await self._in(self._writer, step)
        except OSError as fault:
            raise StoreUnavailable(f"The files could not be taken aside: {_why(fault)}.") from fault

    async def _writing(self, step: Callable[[], T]) -> T:
        try:
            done = await self._in(self._writer, step)
        except OSError as fault:
            self._failed(fault)
            raise StoreUnavailable(f"It could not be saved: {_why(fault)}.") from fault
        self._fault, self._wrote_at = "", time.monotonic()
        return done

    async def _in(self, pool: ThreadPoolExecutor | None, step: Callable[[], T]) -> T:
        if pool is None:
            raise StoreUnavailable("The store is closed.")
        return await asyncio.get_running_loop().run_in_executor(pool, step)

    # -- how it is -------------------------------------------------------------------------------------------------

    def _failed(self, fault: OSError) -> None:
        self._fault = f"The last thing could not be saved: {_why(fault)}."
        log.error("a write to the store failed", extra={"reason": _why(fault)})

    def unreadable(self, name: str, fault: Exception) -> None:
        """To be told in `health` until it can be read."""
        self._unreadable[name] = reason = what(fault)
        log.error("a file of the store cannot be read", extra={"file": name, "reason": reason})

    def set_aside(self, path: Path, fault: Exception) -> None:
        """Moves a damaged file out of the way, for somebody to look at. Blocks."""
        name = str(path.relative_to(self.path))
        try:
            target = self.path / DAMAGED / path.name
            if target.exists():
                target = target.with_name(f"{path.name}.{self.run}")
            path.rename(target)
            sync_folder(target.parent)
            sync_folder(path.parent)
        except OSError:
            self.unreadable(name, fault)
            return
        log.error("a damaged file of the store was set aside", extra={"file": name, "reason": what(fault)})

    async def health(self) -> Health:
        """After a failed write, and when nothing was written for a while, a small one is tried: the store is well again
        as soon as the disk is, and never said to be well because nobody has tried.
        """
        if self._fault or time.monotonic() - self._wrote_at > FRESH:
            with suppress(StoreUnavailable):
                await self._writing(self._probe)
        if self._fault:
            return Health(ok=False, sentence=self._fault)
        if self._unreadable:
            return Health(ok=False, sentence=f"Cannot be read: {_names(self._unreadable)}.")
        aside = await self._in(self._reader, lambda: sorted(x.name for x in (self.path / DAMAGED).iterdir()))
        if aside:
            return Health(ok=False, sentence=f"Damaged files stand in {DAMAGED}/, to be restored: {_names(aside)}.")
        return Health(ok=True, sentence="The store reads and writes.")

    def _probe(self) -> None:
        replace_file(self.path / PROBE, b"x" * 4096)
        remove_file(self.path / PROBE)


def _names(names: Iterable[str]) -> str:
    first, *others = sorted(names)
    return f"{first} and {len(others)} more" if others else first


def what(fault: Exception) -> str:
    """Why something cannot be read, in our words: those of a decoder may quote the file."""
    if isinstance(fault, OSError):
        return _why(fault)
    return "it is not as it was written" if isinstance(fault, Damaged) else "it is no record that this version knows"


def _why(fault: OSError) -> str:
    match fault.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return "the disk is full"
        case errno.EROFS | errno.EACCES | errno.EPERM:
            return "writing is not allowed there"
        case _:
            return f"the disk answered {fault.strerror or 'with an error'}"
