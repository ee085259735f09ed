"""The folder of one running Pathway: its lock, its one writing thread, and how it is."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import logging
import os
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from pathway.ports import Health, StoreUnavailable
from storage.atomic import (
    Copy,
    Damaged,
    copy_of,
    double,
    has_copy,
    make_folder,
    read_document,
    remove_file,
    replace_file,
    sweep,
    sync,
    unlink,
    whole_file,
    write_documents,
)
from storage.losses import DAMAGED, NOTE, Loss, losses, write_note

log = logging.getLogger(__name__)
T = TypeVar("T")

#: Seconds after which `health` does not rely on the last write any more and tries one itself.
FRESH = 20.0
#: Seconds until what need not be durable at once is durable.
SOON = 1.0
#: So many copies are looked at at a time after a start, with so many seconds between, so that turns do not notice it.
COPIES, BETWEEN = 20, 0.01
CASES, DRAFTS, READS, KEYS = "cases", "drafts", "reads", "keys"
LOCK, RUN, PROBE = "LOCK", "run.json", ".probe.tmp"
#: Folders in it: files taken aside for a backup, or unpacked from one; and what stands there while one is put in place.
ASIDE, RESTORING = ".aside-", ".restoring"


Tables = Mapping[str, Iterable[Mapping[str, Any]]]


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


class Worker:
    """A thread that takes steps in their order. An executor's would do; but between its futures and the loop's there
    is as much to do, for each of a turn's writes, as in the write itself.
    """

    def __init__(self, name: str) -> None:
        self._steps: SimpleQueue[tuple[Callable[[], Any], asyncio.Future[Any]] | None] = SimpleQueue()
        self._thread = Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    async def run(self, step: Callable[[], T]) -> T:
        """What *step* returns or raises. Where nobody waits for it any more it is taken all the same."""
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._steps.put((step, done))
        return await done

    def close(self) -> None:
        """When every step that was asked for is taken. Blocks."""
        self._steps.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (asked := self._steps.get()) is not None:
            step, done = asked
            try:
                told = partial(_tell, done, step(), None)
            except BaseException as fault:  # noqa: BLE001 - it is theirs who wait
                told = partial(_tell, done, None, fault)
            with suppress(RuntimeError):  # the loop has been closed: nobody waits
                done.get_loop().call_soon_threadsafe(told)
            del asked, step, done, told


def _tell(done: asyncio.Future[Any], result: Any, fault: BaseException | None) -> None:
    if done.cancelled():
        return
    if fault is None:
        done.set_result(result)
    else:
        done.set_exception(fault)


class Folder:
    """Opened once, by one process. All writing goes through one thread, in the order in which it was asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.run = 0
        self._lock: int | None = None
        self._writer: Worker | None = None
        self._reader: Worker | None = None
        self._noter: Worker | None = None
        self._fault = ""
        self._wrote_at = float("-inf")
        self._unreadable: dict[str, str] = {}
        self._copies: deque[Path] = deque()
        """Of these files, which are well, the copies have not been looked at since the start."""
        self._looking = asyncio.Lock()
        self._some_aside = True
        """Nearly always there is nothing in `damaged/`; then nobody need look there."""
        self._unsynced: set[Path] = set()
        self._uncopied: set[str] = set()
        """Of these files, which are new, there is no copy yet. Only the writing thread adds any."""
        self._syncing: asyncio.Task[None] | None = None
        self._handles: dict[Path, int] = {}
        """Of the folders that turns write to: opening one anew for each write is two more waits for the loop."""

    @property
    def is_open(self) -> bool:
        return self._lock is not None

    # -- opening and closing ---------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Raises FolderInUse, or StoreUnavailable where the folder cannot be made or read."""
        if self._lock is not None:
            return
        self._fault, self._unreadable = "", {}
        self._copies.clear()
        self._writer, self._reader, self._noter = Worker("store-write"), Worker("store-read"), Worker("store-note")
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
        if self._syncing is not None:
            self._syncing.cancel()
            await asyncio.wait({self._syncing})
            self._syncing = None
        if self._noter is not None:
            await self.sync_now()
        pools = (self._writer, self._reader, self._noter)
        self._writer = self._reader = self._noter = None
        for worker in pools:
            if worker is not None:
                await asyncio.to_thread(worker.close)
        while self._handles:
            os.close(self._handles.popitem()[1])
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
        for name in (CASES, DRAFTS, READS, DAMAGED, KEYS):
            make_folder(self.path / name)
            (self.path / name).chmod(0o700)
        for place in (self.path / CASES, self.path / KEYS, self.path / DRAFTS):
            self._handles[place] = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        swept = sum(sweep(self.path / name) for name in (".", CASES, DRAFTS, KEYS))
        self._some_aside = any((self.path / DAMAGED).iterdir())
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

    def name_of(self, path: Path) -> str:
        return str(path.relative_to(self.path))

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

    async def write(
        self,
        path: Path,
        tables: Callable[[], Tables],
        copy: Copy = Copy.EARLIER,
        then: Callable[[], None] = lambda: None,
        *,
        forget: bool = False,
    ) -> None:
        """Durable when it returns. *tables* is asked for on the writing thread, and *then*, which must not raise, is
        done there afterwards. With *forget* nothing of the file stands in `damaged/` any more. Raises StoreUnavailable.
        """

        def step() -> None:
            self.put(path, tables(), copy)
            if forget:
                self.forget_aside(path)
            then()

        await self._writing(step)
        self._sync_soon()

    def put(self, path: Path, tables: Tables, copy: Copy) -> None:
        """What `write` does, on the writing thread. Raises OSError."""
        write_documents(path, tables, copy, self._handles.get(path.parent))
        if copy is Copy.LATER:
            self._uncopied.add(str(path))

    async def remove(self, path: Path) -> bool:
        """Gone for good when it returns, with its copy and whatever of it was damaged once; whether there was any.

        The copy goes first: a file without its copy is whole, a copy without its file would be put back. Raises
        StoreUnavailable.
        """
        gone = await self._writing(lambda: remove_file(copy_of(path), path, *self._aside(path)))
        self._is_well(path)
        return gone

    async def remove_soon(self, path: Path) -> None:
        """As `remove`; for good as `sync_soon` says."""
        self.sync_soon(*await self._writing(lambda: unlink(copy_of(path), path, *self._aside(path))))
        self._is_well(path)

    def _is_well(self, path: Path) -> None:
        """There is nothing at it any more that could not be read."""
        if self._unreadable:
            self._unreadable.pop(self.name_of(path), None)

    async def forget_earlier(self, *paths: Path) -> None:
        """Of these files, which are well, nothing is left of what they were before: no copy, nothing in `damaged/`.
        Raises StoreUnavailable.
        """
        await self._writing(lambda: remove_file(*map(copy_of, paths), *self._aside(*paths)))

    def forget_aside(self, path: Path) -> None:
        """Nothing of the file stands in `damaged/` any more. Blocks. Raises OSError."""
        remove_file(*self._aside(path))

    def _aside(self, *paths: Path) -> list[Path]:
        """What stands of these files in `damaged/`."""
        if not self._some_aside:
            return []
        names = tuple(path.name for path in paths)
        return [Path(found) for found in os.scandir(self.path / DAMAGED) if found.name.startswith(names)]

    def sync_soon(self, *paths: Path) -> None:
        """What was done to these files and folders is durable a second from now, or when the folder is closed: a power
        cut before that may take it back, the end of the process does not. To be called in the loop.
        """
        self._unsynced.update(paths)
        self._sync_soon()

    def _sync_soon(self) -> None:
        if (self._unsynced or self._uncopied) and (self._syncing is None or self._syncing.done()):
            self._syncing = asyncio.create_task(self._sync())

    async def _sync(self) -> None:
        while self._unsynced or self._uncopied:
            await asyncio.sleep(SOON)
            await self.sync_now()

    async def sync_now(self) -> None:
        """What `sync_soon` would do in a moment, and the copies of new files."""
        paths, self._unsynced = self._unsynced, set()
        try:
            await self._in(self._noter, partial(_synced, paths))
            while self._uncopied:
                await self._in(self._writer, self._copy_some)
        except OSError as fault:
            self._failed(fault)

    def _copy_some(self) -> None:
        """Between two writes. What is no longer there needs none; what was written again meanwhile has one."""
        for _ in range(min(COPIES, len(self._uncopied))):
            place = self._uncopied.pop()
            if not has_copy(place):
                with suppress(FileNotFoundError):
                    double(place)

    async def note_down(self, step: Callable[[], T]) -> T:
        """Runs *step* on a thread of its own, so that no act waits for it. Raises StoreUnavailable."""
        try:
            return await self._in(self._noter, step)
        except OSError as fault:
            raise StoreUnavailable(f"It could not be noted: {_why(fault)}.") from fault

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

    async def _in(self, worker: Worker | None, step: Callable[[], T]) -> T:
        if worker is None:
            raise StoreUnavailable("The store is closed.")
        return await worker.run(step)

    # -- what is damaged, and its last good copy -------------------------------------------------------------------

    def find(
        self,
        path: Path,
        read: Callable[[Path], T | None],
        *,
        tell: Callable[[Loss, T], Loss] = lambda loss, _: loss,
        mend: Callable[[T], tuple[T, Tables]] | None = None,
    ) -> T | None:
        """What *read* makes of the file at *path*. Where that is damaged or gone, of its last good copy: that is put
        back as it is, or as *mend* wants it, and noted, as *tell* adds to the note. None where there is neither.

        Blocks. Raises what *read* raises; Damaged where there is no good copy.
        """
        fault: Damaged | None = None
        try:
            found = read(path)
        except Damaged as no:
            fault = no
        else:
            if found is not None:
                self._copies.append(path)
                return found
        good = _good(copy_of(path), read)
        if good is None:
            if fault is None:
                return None
            raise fault
        loss = tell(Loss(self.name_of(path), restored=True, gone=fault is None), good)
        self._note(path, loss)
        if mend is None:
            replace_file(path, copy_of(path).read_bytes())
        else:
            good, tables = mend(good)
            write_documents(path, tables)
        log.error("a damaged file of the store was put back", extra=found_damaged(loss))
        return good

    async def look_after_copies(self) -> None:
        """Of the files that `find` found well: a copy that is damaged or missing is made anew. A start need not wait
        for it, and turns do not notice it. Raises StoreUnavailable where the folder is closed meanwhile.
        """
        async with self._looking:
            while self._copies:
                some = [self._copies.popleft() for _ in range(min(COPIES, len(self._copies)))]
                for path in await self._in(self._reader, partial(_without_good_copy, some)):
                    await self._in(self._writer, partial(self._mend_copy, path))
                await asyncio.sleep(BETWEEN)

    def _mend_copy(self, path: Path) -> None:
        """Between two writes; it may have been made anew by one of them."""
        if _without_good_copy([path]):
            if has_copy(str(path)):
                log.warning("a damaged copy of a file that is well was made anew", extra={"file": self.name_of(path)})
            with suppress(OSError):
                double(str(path))

    def _note(self, path: Path, loss: Loss) -> None:
        """A second name for the damaged file in `damaged/`, and the note. Raises OSError."""
        self._some_aside = True
        aside = self.path / DAMAGED / path.name
        if aside.exists() or aside.with_name(f"{aside.name}{NOTE}").exists():
            aside = aside.with_name(f"{path.name}.{self.run}")
        if not loss.gone:
            try:
                os.link(path, aside)
            except OSError:  # a disk that knows no second names
                shutil.copyfile(path, aside)
        write_note(self.path, aside.name, loss)

    def set_aside(self, path: Path, fault: Exception, loss: Loss) -> None:
        """Moves a damaged file of which there is no good copy out of the way, for somebody to look at. Blocks."""
        try:
            self._note(path, loss)
            remove_file(path)
            with suppress(FileNotFoundError):
                copy_of(path).replace(self.path / DAMAGED / copy_of(path).name)
        except OSError:
            self.unreadable(loss.file, fault)
            return
        log.error("a damaged file of the store was set aside", extra=found_damaged(loss))

    # -- how it is -------------------------------------------------------------------------------------------------

    def _failed(self, fault: OSError) -> None:
        self._fault = f"The last thing could not be saved: {_why(fault)}."
        log.error("a write to the store failed", extra={"reason": _why(fault)})

    def unreadable(self, name: str, fault: Exception) -> None:
        """To be told in `health` until it can be read."""
        self._unreadable[name] = reason = what(fault)
        log.error("a file of the store cannot be read", extra={"file": name, "reason": reason})

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
        found = await self._in(self._reader, lambda: losses(self.path))
        if found:
            names = _names(loss.file for loss in found)
            sentence = f"Found damaged at a start: {names}. “python -m bot doctor” says more."
            return Health(ok=False, sentence=sentence, works=True)
        return Health(ok=True, sentence="The store reads and writes.")

    def _probe(self) -> None:
        replace_file(self.path / PROBE, b"x" * 4096)
        remove_file(self.path / PROBE)


def _synced(paths: Iterable[Path]) -> None:
    """Those that are still there. Raises OSError."""
    for path in paths:
        with suppress(FileNotFoundError):
            sync(path)


def _without_good_copy(paths: Iterable[Path]) -> list[Path]:
    """Those of the files whose copy is damaged, or was not made before the process was killed."""
    found: list[Path] = []
    for path in paths:
        try:
            if whole_file(copy_of(path)) is None:
                found.append(path)
        except Damaged:
            found.append(path)
        except OSError:  # the disk does not give it: whoever needs it is told so
            continue
    return found


def _good(copy: Path, read: Callable[[Path], T | None]) -> T | None:
    """What *read* makes of a copy; None for one that is damaged, too, or not there."""
    try:
        return read(copy)
    except Damaged:
        return None


def found_damaged(loss: Loss) -> dict[str, str | int]:
    """For the log; how many events the good copy has, and how many the case had at the least."""
    said: dict[str, str | int] = {"file": loss.file, "case_reference": loss.reference, "restored": loss.restored}
    return {**said, "events": loss.events, "known": loss.known}


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
