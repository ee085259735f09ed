"""One file with everything a store has, and the way back from it.

The file is a zip that any zip tool opens: the store's files as they are, and `manifest.json` with the format, when it
was made, and length and SHA-256 of each. Its last 64 bytes (the zip's comment) are the SHA-256 of all before them, so
that no byte of it can change unseen. What it says is sealed as it is in the folder, and the keys are not in it.

They go into a second such file beside it, the keyring: `FILE.keys`, each key wrapped with the main key. Only the newest
keyring is to be kept, because an older one still has the keys of cases that were erased since; so whoever restores an
older backup with the newest keyring gets nothing back of what was erased meanwhile.

All files are taken at one moment: on the store's writing thread, between two writes, each gets a second name (a hard
link) in a folder aside. The store never writes into a file, it puts a new one in its place, so what was linked stays as
it was. (But for the lists of who read what: to those, lines may still be added until they are packed.) A link costs
about 15 microseconds, so a turn waits for a few milliseconds, where copying would take a second; everything slow
(reading, hashing, packing) happens afterwards, and in another process where a bot runs.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pathway.dates import counted
from pathway.ports import StoreUnavailable
from storage import record as r
from storage import seal
from storage.acts import ACTS
from storage.atomic import (
    AtomicJSONStorage,
    Damaged,
    copy_of,
    make_folder,
    read_document,
    remove_file,
    replace_file,
    sync,
)
from storage.codec import CodecError
from storage.folder import ASIDE, CASES, DRAFTS, KEYS, READS, RESTORING, RUN, Folder, lock
from storage.heads import HEADS
from storage.losses import DAMAGED
from storage.seal import AUDIT, MainKeys, case_key, drafts_key
from storage.tinydb_book import ADDRESSES, POST, ROSTER
from storage.tinydb_keys import key_file, parse_key, read_keys

FORMAT = 2
BACKUP, KEYRING = "backup", "keyring"
#: What the name of a keyring ends in.
KEYS_END = ".keys"
MANIFEST = "manifest.json"
#: When the last backup was made; for `python -m bot doctor`.
LAST = "backup.json"
#: Of hexadecimal figures, at the end of the file.
SEAL = 64
#: What a folder or an archive may hold, and nothing else: no other path is ever written.
_TOP = (POST, ROSTER, ADDRESSES, ACTS, RUN, HEADS)
_BELOW = (CASES, DRAFTS, READS, DAMAGED, KEYS)
_NAME = re.compile(
    rf"(?:{CASES}|{DRAFTS})/[A-Za-z0-9_-]{{1,100}}\.json|{READS}/[A-Za-z0-9_-]{{1,100}}\.jsonl"
    rf"|{DAMAGED}/[A-Za-z0-9_-][A-Za-z0-9_.-]{{0,119}}"
)
_KEY_NAME = re.compile(rf"{KEYS}/[a-z]{{1,10}}\.[A-Za-z0-9_-]{{1,100}}\.json")
_CHUNK = 1 << 20
#: Bytes of a manifest: some 100,000 cases.
_LONGEST = 1 << 24


class NotBackedUp(Exception):
    """The sentence says why no backup was made; nothing is left of it."""


class NotRestored(Exception):
    """The sentence says why, and that nothing was changed; where a disk gives up at the very end, what to do."""


@dataclass(frozen=True, slots=True)
class Held:
    """What is in a folder or an archive. *made* is aware; *unreadable* names files that were damaged already."""

    made: datetime
    cases: int
    people: int
    drafts: int
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Restored:
    """*newer*: cases that had moved on after the backup was made; *later*: cases that began after it; both of the old
    data, which now stand in *aside* (None where there were none). *erased*: cases of the backup that were erased since,
    and stay so.
    """

    held: Held
    newer: int
    later: int
    aside: Path | None
    erased: int = 0


# -- making one ------------------------------------------------------------------------------------------------------


async def take_aside(folder: Folder) -> Path:
    """All files of the open *folder* as they are at one moment, under second names; for the caller to remove.

    Raises StoreUnavailable.
    """
    target = folder.path / f"{ASIDE}{secrets.token_hex(4)}"
    await folder.at_one_moment(lambda: _link(folder.path, target))
    return target


def _link(folder: Path, target: Path) -> None:
    for place in (target, *(target / name for name in _BELOW)):
        place.mkdir(mode=0o700)
    for name in (*names_in(folder), *keys_in(folder)):
        try:
            os.link(folder / name, target / name)
        except OSError:  # a disk that knows no second names
            shutil.copyfile(folder / name, target / name)


def names_in(folder: Path) -> list[str]:
    """The store's own files there, in order: nothing that is half written, no copy, no lock and no socket."""
    found = [name for name in _TOP if (folder / name).is_file()]
    for below in (CASES, DRAFTS, READS, DAMAGED):
        with suppress(FileNotFoundError):
            found += [f"{below}/{entry.name}" for entry in os.scandir(folder / below)]
    return sorted(name for name in found if is_ours(name))


def keys_in(folder: Path) -> list[str]:
    """The files of its keyring, in order."""
    with suppress(FileNotFoundError):
        return sorted(x for x in (f"{KEYS}/{entry.name}" for entry in os.scandir(folder / KEYS)) if is_key(x))
    return []


def is_ours(name: str) -> bool:
    return name in _TOP or _NAME.fullmatch(name) is not None


def is_key(name: str) -> bool:
    return _KEY_NAME.fullmatch(name) is not None


def keyring_of(file: Path) -> Path:
    """The name of the keyring that is made beside a backup."""
    return file.with_name(f"{file.name}{KEYS_END}")


def pack(source: Path, file: Path, made: datetime) -> Held:
    """Writes *source* (files that nobody changes) into *file*, and its keyring beside it, for their owner alone (0600),
    durable when it returns. *made* is aware. Blocks. Raises NotBackedUp; also where there is a file already, which is
    left alone.
    """
    _pack(source, names_in(source), file, made, BACKUP)
    try:
        _pack(source, keys_in(source), keyring_of(file), made, KEYRING)
        return _held(source, made)
    except (NotBackedUp, OSError) as fault:
        with suppress(OSError):
            file.unlink()
        if isinstance(fault, OSError):
            raise NotBackedUp(f"No backup was made: {_why(fault)}.") from fault
        raise


def _pack(source: Path, names: Sequence[str], file: Path, made: datetime, kind: str) -> None:
    try:
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise NotBackedUp(
            f"{file} is there already. Name a file that is not; no backup is ever written over."
        ) from None
    except OSError as fault:
        raise NotBackedUp(f"{file} cannot be written: {_why(fault)}.") from fault
    try:
        with os.fdopen(handle, "w+b") as out:
            _zip(source, names, out, made, kind)
            _seal(out)
        sync(file.parent)
    except OSError as fault:
        with suppress(OSError):
            file.unlink()
        raise NotBackedUp(f"No backup was made: {_why(fault)}.") from fault


def _zip(source: Path, names: Sequence[str], out: Any, made: datetime, kind: str) -> None:
    files: dict[str, dict[str, Any]] = {}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in names:
            data = (source / name).read_bytes()
            files[name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            packed.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
        manifest = {"pathway": kind, "format": FORMAT, "made": made.isoformat(), "files": files}
        packed.writestr(zipfile.ZipInfo(MANIFEST), json.dumps(manifest), zipfile.ZIP_DEFLATED)
        packed.comment = b"0" * SEAL


def _seal(out: Any) -> None:
    end = out.seek(0, os.SEEK_END) - SEAL
    digest = _digest(out, end)
    out.seek(end)
    out.write(digest.encode("ascii"))
    out.flush()
    os.fsync(out.fileno())


def _digest(file: Any, end: int) -> str:
    file.seek(0)
    digest, left = hashlib.sha256(), end
    while left > 0 and (part := file.read(min(_CHUNK, left))):
        digest.update(part)
        left -= len(part)
    return digest.hexdigest()


def drop_older_keyrings(file: Path, main: MainKeys) -> int:
    """The keyrings beside that of the backup *file* which are of the same store: how many were deleted. Those that
    *main* does not open are left alone.
    """
    ours = _audit_key(keyring_of(file), main)
    dropped = 0
    for other in file.parent.glob(f"*{KEYS_END}"):
        if other != keyring_of(file) and ours is not None and _audit_key(other, main) == ours:
            dropped += remove_file(other)
    return dropped


def _audit_key(keyring: Path, main: MainKeys) -> bytes | None:
    """Which store a keyring is of; None where that cannot be said."""
    try:
        with _opened(keyring, KEYRING) as (archive, manifest):
            kept = parse_key(_checked(archive, manifest, key_file(AUDIT)))
        return main.unwrap(AUDIT, str(kept["wrapped"])).raw
    except (NotRestored, Damaged, KeyError, StoreUnavailable):
        return None


def note_backup(folder: Path, made: datetime) -> None:
    """For `last_backup`. A courtesy: that it cannot be written spoils no backup."""
    with suppress(OSError):
        replace_file(folder / LAST, json.dumps({"made": made.isoformat()}).encode())


def last_backup(folder: Path) -> datetime | None:
    """When the last one was made, aware; None where nobody knows."""
    try:
        return datetime.fromisoformat(json.loads((folder / LAST).read_text("utf-8"))["made"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


# -- the way back ----------------------------------------------------------------------------------------------------


def restore(file: Path, folder: Path, keys: Path | None = None, *, replace: bool = False) -> Restored:
    """Puts what *file* holds into *folder*, which nobody may be using, with the keyring *keys* (the one that was made
    with it, where none is named); with *replace* what stands there is moved aside first, to `before-...` in it. What
    was erased, as that keyring or the folder's own says, stays erased. Everything is checked before anything is
    changed. Blocks.

    Raises NotRestored, and `storage.folder.FolderInUse` (a StoreUnavailable) where a Pathway runs on the folder.
    """
    with _opened(file) as (archive, manifest):
        for name in manifest["files"]:
            _checked(archive, manifest, name)
        ring = _keyring(keys or keyring_of(file), needed=manifest["format"] > 1, named=keys is not None)
        try:
            make_folder(folder)
            handle = lock(folder)
        except OSError as fault:
            raise NotRestored(f"{folder} cannot be used: {_why(fault)}. Nothing was changed.") from fault
        try:
            return _into(folder, archive, manifest, ring, replace=replace)
        finally:
            os.close(handle)


def _keyring(file: Path, *, needed: bool, named: bool) -> Mapping[str, bytes]:
    """The files of a keyring, by name. Raises NotRestored where there is none and one is *needed*."""
    if not file.exists() and not named:
        if needed:
            raise NotRestored(
                f"There is no {file.name} beside the backup, and without a keyring nobody can read it. Name the newest "
                "one with --keys. Nothing was changed."
            )
        return {}
    with _opened(file, KEYRING) as (archive, manifest):
        return {name: _checked(archive, manifest, name) for name in manifest["files"]}


def _into(
    folder: Path,
    archive: zipfile.ZipFile,
    manifest: Mapping[str, Any],
    ring: Mapping[str, bytes],
    *,
    replace: bool,
) -> Restored:
    before = names_in(folder)
    made = datetime.fromisoformat(manifest["made"])
    if before and not replace:
        raise NotRestored(
            f"{folder} is not empty. Name an empty folder in PATHWAY_STORE, or add --replace: then what is there is "
            "moved aside, not deleted. Nothing was changed."
        )
    for left in folder.glob(f"{ASIDE}*"):
        shutil.rmtree(left, ignore_errors=True)  # of a backup or a restore that was killed
    unpacked = folder / f"{ASIDE}{secrets.token_hex(4)}"
    try:
        _unpack({name: _checked(archive, manifest, name) for name in manifest["files"]} | dict(ring), unpacked)
        erased = _without_erased(unpacked, folder)
        held = _held(unpacked, made)
        newer, later = _moved_on(folder, unpacked)
    except NotRestored:
        shutil.rmtree(unpacked, ignore_errors=True)
        raise
    except OSError as fault:
        shutil.rmtree(unpacked, ignore_errors=True)
        raise NotRestored(f"The backup cannot be unpacked: {_why(fault)}. Nothing was changed.") from fault
    try:
        aside = _swap(folder, unpacked, before)
    except OSError as fault:
        raise NotRestored(
            f"The restore was broken off: {_why(fault)}. Nothing is lost. Mend that, then restore again with --replace."
        ) from fault
    return Restored(held, newer, later, aside, erased)


def _without_erased(unpacked: Path, folder: Path) -> int:
    """Takes out of *unpacked* what was erased since; how many cases. Raises NotRestored where the keyring does not know
    of something: then it is older than the backup. Raises OSError.
    """
    ring = read_keys(unpacked)
    for name, kept in read_keys(folder).items():
        if "erased" in kept and "wrapped" in ring.get(name, kept):
            (unpacked / key_file(name)).unlink(missing_ok=True)
            os.link(folder / key_file(name), unpacked / key_file(name))
            ring[name] = kept
    cases = unknown = 0
    for below, key_of in ((CASES, case_key), (DRAFTS, drafts_key)):
        for path in sorted((unpacked / below).glob("*.json")):
            kept = ring.get(key_of(path.stem), {})
            if "erased" in kept:
                path.unlink()
                cases += below == CASES
            elif "wrapped" not in kept and _is_sealed(path):
                unknown += 1
    unknown += sum(name not in ring and _is_sealed(unpacked / file) for name, file in _OWN.items())
    if unknown:
        raise NotRestored(
            f"This keyring does not have the keys of {counted(unknown, 'record')} of the backup: it is older, or of "
            "another store. Name the newest one with --keys. Nothing was changed."
        )
    return cases


_OWN = {seal.ROSTER: ROSTER, seal.ADDRESSES: ADDRESSES, seal.POST: POST}


def _is_sealed(path: Path) -> bool:
    """Not for a file that is damaged, or not there."""
    try:
        tables = AtomicJSONStorage(path).read() or {}
    except (Damaged, ValueError):
        return False
    return "sealed" in tables or ("case" in tables and not r.is_clear(tables["case"]["1"]))


def _swap(folder: Path, unpacked: Path, before: list[str]) -> Path | None:
    """From here on to the end a store will not open on *folder*: half of each would be worse than neither."""
    restoring = folder / RESTORING
    shutil.rmtree(restoring, ignore_errors=True)  # of a restore that was broken off, which this one repeats
    unpacked.rename(restoring)
    sync(folder)
    aside = None
    if before:
        aside = folder / f"before-{secrets.token_hex(4)}"
        _move(folder, aside)
    _move(restoring, folder)
    restoring.rmdir()
    sync(folder)
    return aside


def _move(source: Path, target: Path) -> None:
    """The store's own files and folders, each at one stroke. Copies go where their files go: none may bring back here
    what is not here any more.
    """
    target.mkdir(mode=0o700, exist_ok=True)
    for name in (*_BELOW, *(copy_of(Path(name)).name for name in _TOP), *_TOP):
        if (target / name).is_dir():
            (target / name).rmdir()  # an empty one: what it held was moved
        if (source / name).exists():
            (source / name).rename(target / name)
    sync(target)
    sync(source)


@contextmanager
def _opened(file: Path, kind: str = BACKUP) -> Iterator[tuple[zipfile.ZipFile, Mapping[str, Any]]]:
    try:
        with file.open("rb") as raw:
            end = raw.seek(0, os.SEEK_END) - SEAL
            sealed = end > 0 and _digest(raw, end).encode("ascii") == raw.read(SEAL)
            if not sealed:
                raise NotRestored(_strange(file, raw, kind))
            with zipfile.ZipFile(raw) as archive:
                yield archive, _manifest(archive, kind)
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as fault:
        why = _why(fault) if isinstance(fault, OSError) else f"it is no {kind} of Pathway"
        raise NotRestored(f"{file.name} cannot be read: {why}. Nothing was changed.") from fault


def _strange(file: Path, raw: Any, kind: str) -> str:
    raw.seek(0)
    if raw.read(4) != b"PK\x03\x04":
        return f"{file.name} is no {kind} of Pathway, or damaged at its beginning. Nothing was changed."
    return f"{file.name} is damaged or cut off: it is not as it was written. Use another {kind}. Nothing was changed."


def _manifest(archive: zipfile.ZipFile, kind: str) -> Mapping[str, Any]:
    """Every name in it is one of a store's, and the archive holds just these."""
    try:
        with archive.open(MANIFEST) as kept:
            found = json.loads(kept.read(_LONGEST))
        names = sorted(archive.namelist())
        known = found["pathway"] == kind and isinstance(found["format"], int)
        files, made = dict(found["files"]), datetime.fromisoformat(found["made"])
        ours = is_ours if kind == BACKUP else is_key
        whole = names == sorted([MANIFEST, *files]) and all(ours(name) for name in files) and made.tzinfo is not None
    except (KeyError, TypeError, ValueError, AttributeError):
        known = whole = False
        found = {}
    if known and found["format"] > FORMAT:
        raise NotRestored(f"This {kind} was made by a later Pathway. Restore it with that one. Nothing was changed.")
    if not (known and whole):
        raise NotRestored(f"This is no {kind} of Pathway, or not a whole one. Nothing was changed.")
    return dict(found)


def _checked(archive: zipfile.ZipFile, manifest: Mapping[str, Any], name: str) -> bytes:
    try:
        kept = manifest["files"][name]
        with archive.open(name) as packed:
            data = packed.read(int(kept["bytes"]) + 1)
        right = len(data) == kept["bytes"] and hashlib.sha256(data).hexdigest() == kept["sha256"]
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError, EOFError):
        right, data = False, b""
    if not right:
        raise NotRestored(f"In this backup {name} is not as it was written. Use another backup. Nothing was changed.")
    return data


def _unpack(files: Mapping[str, bytes], target: Path) -> None:
    for place in (target, *(target / name for name in _BELOW)):
        place.mkdir(mode=0o700)
    for name, data in files.items():
        handle = os.open(target / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
    for place in (*(target / name for name in _BELOW), target):
        sync(place)


# -- what is in a folder ---------------------------------------------------------------------------------------------


def _held(folder: Path, made: datetime) -> Held:
    """Read as far as it can be without the keys, so that what is damaged is told now. Raises OSError."""
    cases = [f"{CASES}/{path.name}" for path in (folder / CASES).glob("*.json")]
    drafts = [f"{DRAFTS}/{path.name}" for path in (folder / DRAFTS).glob("*.json")]
    found = {name: _count(folder / name, name) for name in (POST, ROSTER, *cases, *drafts)}
    return Held(
        made,
        len(cases),
        found[ROSTER] or 0,
        sum(found[name] or 0 for name in drafts),
        tuple(sorted(name for name, count in found.items() if count is None)),
    )


def _count(path: Path, name: str) -> int | None:
    """People of the roster, drafts of a person, 1 for a case; None for a file that cannot be read. Raises OSError."""
    try:
        tables = AtomicJSONStorage(path).read() or {}
        if name == ROSTER or name.startswith(f"{DRAFTS}/"):
            table = "people" if name == ROSTER else "drafts"
            if "sealed" in tables:
                return int(tables["sealed"]["1"]["entries"][table])
            return len(tables.get(table, {}))
        if tables:
            _version(tables["case"]["1"])
    except (Damaged, CodecError, ValueError, TypeError, KeyError):
        return None
    return 1


def _moved_on(old: Path, new: Path) -> tuple[int, int]:
    """How many cases of *old* have more events than in *new*, and how many are not in *new* at all."""
    newer = later = 0
    for path in (old / CASES).glob("*.json"):
        if not (new / CASES / path.name).exists():
            later += 1
        else:
            newer += _events(path) > _events(new / CASES / path.name)
    return newer, later


def _events(path: Path) -> int:
    """0 for a file that cannot be read: that may be why it is restored."""
    try:
        found = read_document(path, "case")
        return _version(found) if found is not None else 0
    except (Damaged, CodecError, OSError, ValueError):
        return 0


def _version(record: Mapping[str, Any]) -> int:
    """How many events it has. Raises CodecError."""
    return len(r.read_clear(dict(record)).events) if r.is_clear(record) else r.outside(record).version


def _why(fault: OSError) -> str:
    return (fault.strerror or type(fault).__name__).lower()
