"""Files that are either the old ones or the new ones, never something in between; and TinyDB on top of them.

A file is written beside its place, synced, and renamed over it; then the folder is synced. A checksum at its end tells
a damaged or half-restored file from a whole one. Files are for their owner alone (0600), folders too (0700).

A file may have a copy beside it (`c1.json.last`), for the day on which it is found damaged: what it replaced, under a
second name (a hard link, which costs some 15 microseconds and no sync of its own), or, where nothing old may stay, the
same once more.
"""

from __future__ import annotations

import errno
import hashlib
import itertools
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import Any

from tinydb import TinyDB
from tinydb.storages import Storage

from pathway.compact import compact

#: One TinyDB file: its tables, each of documents by their number.
Tables = dict[str, dict[str, Any]]
_CHECK = ', "check": {"1": {"sha256": "%s"}}}'
_CHECK_BYTES = len(_CHECK % ("0" * 64))
_LEFT_OVER = ".*.tmp"
#: Names of files beside their places are of this process alone: it may be one of two that read one folder.
_RUN, _COUNT = secrets.token_hex(4), itertools.count()
#: Behind the name of a file: its copy.
LAST = ".last"
#: How a disk says that a file has one name there.
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


class Damaged(Exception):
    """A file is not what was once written there. The sentence names no content."""


class Copy(Enum):
    """What stands under the name of the copy when a file has been written."""

    NONE = "whatever stood there before"
    EARLIER = "what the file was before; the same once more where it was not there"
    SAME = "the same once more, and nothing of what was before"
    LATER = "nothing yet: the file was not there before, and whoever writes it makes its copy soon"


def copy_of(path: Path) -> Path:
    return path.with_name(path.name + LAST)


# -- files -----------------------------------------------------------------------------------------------------------


def make_folder(path: Path) -> None:
    """For its owner alone, and there for good. A folder that exists is left as it is."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
    sync(path.parent)


def sync(path: Path) -> None:
    """What a file holds, or which files a folder holds, is durable. Raises OSError."""
    _sync(os.fspath(path))


def _sync(place: str) -> None:
    handle = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace_file(path: Path, data: bytes, copy: Copy = Copy.NONE, folder: int | None = None) -> None:
    """Durable when it returns. *folder* is an open handle of the folder it stands in, for those who have one. Raises
    OSError; then the file is as it was.
    """
    place = os.fspath(path)
    before = None if copy is Copy.LATER else _opened(place)
    doubled = copy is Copy.SAME or (copy is Copy.EARLIER and before is None)
    try:
        _put(place, data, keep=copy is Copy.EARLIER and before is not None)
        try:
            if doubled:
                _put(place + LAST, data, synced=False)
            if folder is None:
                _sync(os.path.dirname(place) or ".")
            else:
                os.fsync(folder)
        except OSError:
            _put_back(place, before, doubled=doubled)
            raise
    finally:
        if before is not None:
            os.close(before)


def double(place: str) -> None:
    """What stands at *place* stands in its copy, too. Raises OSError; FileNotFoundError where nothing stands there."""
    _put(place + LAST, _contents(place), synced=False)


def has_copy(place: str) -> bool:
    return os.path.exists(place + LAST)


def remove_file(*paths: Path) -> bool:
    """Gone for good when it returns; False when there was none. Raises OSError."""
    folders = unlink(*paths)
    for folder in folders:
        sync(folder)
    return bool(folders)


def unlink(*paths: Path) -> set[Path]:
    """Removes files, and returns the folders that are to be synced before they are gone for good. Raises OSError."""
    return {path.parent for path in paths if _unlinked(path)}


def _unlinked(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def sweep(folder: Path) -> int:
    """Removes what a process that was killed in the middle of writing left behind; returns how many files."""
    left = list(folder.glob(_LEFT_OVER))
    for path in left:
        path.unlink()
    return len(left)


# Steps of a write, which every turn takes: in plain strings, since a path object costs more than what is done with it.
# ruff: noqa: PTH105, PTH108, PTH110, PTH118, PTH120


def _put(place: str, data: bytes, *, synced: bool = True, keep: bool = False) -> None:
    """*keep*: what stands there now becomes its copy."""
    beside = _beside(place)
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(handle, rest) :]
            if synced:
                os.fsync(handle)
        finally:
            os.close(handle)
        if keep:
            _keep(place)
        os.replace(beside, place)
    except OSError:
        with suppress(OSError):
            os.unlink(beside)
        raise


def _keep(place: str) -> None:
    """A second name for what stands there; on a disk that knows none, a second file."""
    beside = _beside(place)
    try:
        try:
            os.link(place, beside)
        except OSError as fault:
            if fault.errno not in _NO_LINKS:
                raise
            _put(place + LAST, Path(place).read_bytes(), synced=False)
        else:
            os.replace(beside, place + LAST)
            with suppress(FileNotFoundError):  # it stays where both were names of one file already
                os.unlink(beside)
    except OSError:
        with suppress(OSError):
            os.unlink(beside)
        raise


def _beside(place: str) -> str:
    folder, name = os.path.split(place)
    return os.path.join(folder, f".{name}.{_RUN}{next(_COUNT)}.tmp")


def _put_back(place: str, before: int | None, *, doubled: bool) -> None:
    with suppress(OSError):
        if doubled:
            with suppress(FileNotFoundError):
                os.unlink(place + LAST)
        if before is None:
            os.unlink(place)
        else:
            with open(before, "rb", closefd=False) as old:
                _put(place, old.read())


def _opened(place: str) -> int | None:
    try:
        return os.open(place, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None


# -- TinyDB ----------------------------------------------------------------------------------------------------------


class AtomicJSONStorage(Storage):
    """TinyDB's storage interface over `replace_file`. TinyDB's own `JSONStorage` reads these files too (the checksum
    is a table named "check"); it must not write them.
    """

    def __init__(self, path: Path, copy: Copy = Copy.NONE, folder: int | None = None) -> None:
        """*copy* and *folder* as in `replace_file`."""
        self._path = path
        self._copy = copy
        self._folder = folder

    def read(self) -> Tables | None:
        """None when there is no file. Raises Damaged, OSError."""
        body = whole_file(self._path)
        return None if body is None else dict(json.loads(body.decode()))

    def write(self, data: Mapping[str, Mapping[Any, Any]]) -> None:
        """Raises OSError; then the file is as it was. A file without tables cannot be written: remove it."""
        if not data:
            raise ValueError("a file has at least one table")
        body = compact(data)
        replace_file(self._path, body[:-1] + _check(body), self._copy, self._folder)


def _check(body: bytes) -> bytes:
    return (_CHECK % hashlib.sha256(body).hexdigest()).encode("ascii")


def whole_file(path: Path) -> bytes | None:
    """The tables of a file, as JSON, checked; None when there is no file. Raises Damaged, OSError."""
    try:
        data = _contents(os.fspath(path))
    except FileNotFoundError:
        return None
    return checked(data, path.name)


def _contents(place: str) -> bytes:
    """A start reads every file there is, so this is plain. Raises OSError."""
    handle = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
    try:
        length = os.fstat(handle).st_size
        data = os.read(handle, length + 1)
        while len(data) != length and (part := os.read(handle, 1 << 16)):
            data += part
    finally:
        os.close(handle)
    return data


def checked(data: bytes, name: str) -> bytes:
    """The tables of the file of that *name*, as JSON. Raises Damaged."""
    body, check = data[:-_CHECK_BYTES] + b"}", data[-_CHECK_BYTES:]
    if check != _check(body):
        raise Damaged(f"{name} is not as it was written")
    return body


def read_tables(path: Path) -> dict[str, list[Mapping[str, Any]]] | None:
    """All documents of all tables of a file, in their order; None when there is no file. Raises Damaged, OSError."""
    tables = AtomicJSONStorage(path).read()
    return None if tables is None else {name: list(documents.values()) for name, documents in tables.items()}


def read_document(path: Path, table: str) -> Mapping[str, Any] | None:
    """The one document of the table of a file; None when there is no file. Raises Damaged, OSError."""
    with TinyDB(path, storage=AtomicJSONStorage) as db:
        found = db.table(table, cache_size=0).get(doc_id=1)
    return found if isinstance(found, Mapping) else None


def read_documents(path: Path, table: str) -> list[Mapping[str, Any]]:
    """All documents of the table of a file, in their order; none when there is no file. Raises Damaged, OSError."""
    with TinyDB(path, storage=AtomicJSONStorage) as db:
        return list(db.table(table))


def write_documents(
    path: Path,
    tables: Mapping[str, Iterable[Mapping[str, Any]]],
    copy: Copy = Copy.NONE,
    folder: int | None = None,
) -> None:
    """All tables of a file, at one stroke. *copy* and *folder* as in `replace_file`. Raises OSError; then the file is
    as it was.
    """
    numbered = {name: {str(n): doc for n, doc in enumerate(documents, 1)} for name, documents in tables.items()}
    with TinyDB(path, copy, folder, storage=AtomicJSONStorage) as db:
        db.storage.write(numbered)
