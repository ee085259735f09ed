"""Files that are either the old ones or the new ones, never something in between; and TinyDB on top of them.

A file is written beside its place, synced, and renamed over it; then the folder is synced. A checksum at its end tells
a damaged or half-restored file from a whole one. Files are for their owner alone (0600), folders too (0700).
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tinydb import TinyDB
from tinydb.storages import Storage

#: One TinyDB file: its tables, each of documents by their number.
Tables = dict[str, dict[str, Any]]
_CHECK = ', "check": {"1": {"sha256": "%s"}}}'
_CHECK_BYTES = len(_CHECK % ("0" * 64))
_LEFT_OVER = ".*.tmp"


class Damaged(Exception):
    """A file is not what was once written there. The sentence names no content."""


# -- files -----------------------------------------------------------------------------------------------------------


def make_folder(path: Path) -> None:
    """For its owner alone, and there for good. A folder that exists is left as it is."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace_file(path: Path, data: bytes) -> None:
    """Durable when it returns. Raises OSError; then the file is as it was."""
    before = _opened(path)
    try:
        _put(path, data)
        try:
            sync_folder(path.parent)
        except OSError:
            _put_back(path, before)
            raise
    finally:
        if before is not None:
            os.close(before)


def remove_file(path: Path) -> bool:
    """Gone for good when it returns; False when there was none. Raises OSError."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    sync_folder(path.parent)
    return True


def sweep(folder: Path) -> int:
    """Removes what a process that was killed in the middle of writing left behind; returns how many files."""
    left = list(folder.glob(_LEFT_OVER))
    for path in left:
        path.unlink()
    return len(left)


def _put(path: Path, data: bytes) -> None:
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(handle, rest) :]
            os.fsync(handle)
        finally:
            os.close(handle)
        beside.replace(path)
    except OSError:
        with suppress(OSError):
            beside.unlink()
        raise


def _put_back(path: Path, before: int | None) -> None:
    with suppress(OSError):
        if before is None:
            path.unlink()
        else:
            with open(before, "rb", closefd=False) as old:
                _put(path, old.read())


def _opened(path: Path) -> int | None:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None


# -- TinyDB ----------------------------------------------------------------------------------------------------------


class AtomicJSONStorage(Storage):
    """TinyDB's storage interface over `replace_file`. TinyDB's own `JSONStorage` reads these files too (the checksum
    is a table named "check"); it must not write them.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Tables | None:
        """None when there is no file. Raises Damaged, OSError."""
        try:
            return parse(self._path.read_bytes(), self._path.name)
        except FileNotFoundError:
            return None

    def write(self, data: Mapping[str, Mapping[Any, Any]]) -> None:
        """Raises OSError; then the file is as it was. A file without tables cannot be written: remove it."""
        if not data:
            raise ValueError("a file has at least one table")
        body = json.dumps(data).encode("ascii")
        replace_file(self._path, body[:-1] + _check(body))


def parse(data: bytes, name: str) -> Tables:
    """What the file of that *name* holds. Raises Damaged."""
    body, check = data[:-_CHECK_BYTES] + b"}", data[-_CHECK_BYTES:]
    if check != _check(body):
        raise Damaged(f"{name} is not as it was written")
    tables: Tables = json.loads(body)
    return tables


def _check(body: bytes) -> bytes:
    return (_CHECK % hashlib.sha256(body).hexdigest()).encode("ascii")


def read_document(path: Path, table: str) -> Mapping[str, Any] | None:
    """The one document of the table of a file; None when there is no file. Raises Damaged, OSError."""
    with TinyDB(path, storage=AtomicJSONStorage) as db:
        found = db.table(table, cache_size=0).get(doc_id=1)
    return found if isinstance(found, Mapping) else None


def read_documents(path: Path, table: str) -> list[Mapping[str, Any]]:
    """All documents of the table of a file, in their order; none when there is no file. Raises Damaged, OSError."""
    with TinyDB(path, storage=AtomicJSONStorage) as db:
        return list(db.table(table))


def write_documents(path: Path, tables: Mapping[str, Iterable[Mapping[str, Any]]]) -> None:
    """All tables of a file, at one stroke. Raises OSError; then the file is as it was."""
    numbered = {name: {str(n): doc for n, doc in enumerate(documents, 1)} for name, documents in tables.items()}
    with TinyDB(path, storage=AtomicJSONStorage) as db:
        db.storage.write(numbered)
