"""The keyring of a folder: `keys/`, a small file a key. It holds the key, wrapped, or what is left where that was
destroyed.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pathway.ports import StoreUnavailable
from storage.atomic import AtomicJSONStorage, Copy, Damaged, checked, copy_of
from storage.folder import KEYS, Folder
from storage.seal import AUDIT, NO_KEY, Kept, Key, KeyGone, Keyring, MainKeys, WrongKey

_NAME = re.compile(r"[a-z]{1,10}\.[A-Za-z0-9_-]{1,100}")


def key_file(name: str) -> str:
    """Raises ValueError for an id that is no safe name of a file."""
    if not _NAME.fullmatch(name):
        raise ValueError("an id is made of letters, figures, - and _")
    return f"{KEYS}/{name}.json"


def read_key(path: Path) -> Kept | None:
    """None where there is no such file. Raises Damaged, OSError."""
    tables = AtomicJSONStorage(path).read()
    return None if tables is None else dict(tables["key"]["1"])


def parse_key(data: bytes) -> Kept:
    """Of the bytes of such a file. Raises Damaged."""
    return dict(json.loads(checked(data, "a key").decode())["key"]["1"])


def read_keys(folder: Path) -> dict[str, Kept]:
    """By name; one that cannot be read is left out: what it opens is told of then. Raises OSError."""
    found: dict[str, Kept] = {}
    for path in (folder / KEYS).glob("*.json"):
        try:
            if kept := read_key(path):
                found[path.stem] = kept
        except Damaged:
            continue
    return found


def check_outside(folder: Path, main: MainKeys | None) -> None:
    """Whether *main* opens the keyring of a folder that need not be open; for one without any there is nothing to say.
    Changes nothing. Raises WrongKey, StoreUnavailable.
    """
    if main is None:
        raise WrongKey(NO_KEY)
    path = folder / key_file(AUDIT)
    try:
        try:
            kept = read_key(path)
        except Damaged:
            kept = read_key(copy_of(path))  # which opening the folder puts back
    except Damaged as fault:
        raise StoreUnavailable(f"{key_file(AUDIT)} cannot be read: put the keyring of a backup back.") from fault
    except OSError:
        return  # opening the folder says why
    if kept is not None:
        main.unwrap(AUDIT, str(kept.get("wrapped", "")))


def key_outside(folder: Path, name: str, main: MainKeys | None) -> Key:
    """One key of a folder that need not be open. Raises KeyGone, WrongKey, Damaged, OSError."""
    kept = read_key(folder / key_file(name))
    if main is None:
        raise WrongKey(NO_KEY)
    return main.unwrap(name, wrapped_in(name, kept))


def wrapped_in(name: str, kept: Kept | None) -> str:
    """Raises KeyGone."""
    if kept is None or "wrapped" not in kept:
        raise KeyGone(f"Its key, {key_file(name)}, is not there.")
    return str(kept["wrapped"])


class TinyKeys(Keyring):
    """Read once after the folder is opened; what is kept in memory of them is wrapped."""

    def __init__(self, folder: Folder, main: MainKeys | None) -> None:
        super().__init__(main)
        self.folder = folder
        self._kept: dict[str, Kept] = {}
        self._promised: dict[str, Kept] = {}
        """New keys that have no file yet. Only the writing thread takes any away."""
        self._loaded = 0

    async def load(self) -> None:
        """Raises WrongKey, StoreUnavailable."""
        if self._loaded == self.folder.run and self.folder.is_open:
            return
        main = self.main
        kept = await self.folder.read(self._everything, f"{KEYS}/")
        self.check(main, kept.values())
        self._kept, self._promised, self._loaded = kept, {}, self.folder.run
        self._unwrapped.clear()

    def _everything(self) -> dict[str, Kept]:
        """A damaged one is put back from its copy; without a good one, its case says that the key is not there."""
        found: dict[str, Kept] = {}
        place = self.folder.path / KEYS
        names = sorted(entry.name for entry in os.scandir(place)) if place.is_dir() else []
        for path in (place / name for name in names if name.endswith(".json")):
            try:
                kept = self.folder.find(path, read_key, tell=lambda loss, _: replace(loss, same=True))
            except Damaged:
                continue
            if kept:
                found[path.stem] = kept
        return found

    def at_hand(self, name: str) -> Kept | None:
        """Of what is loaded."""
        return self._promised.get(name) or self._kept.get(name)

    def is_new(self, name: str) -> bool:
        """Whether nothing was ever written that it seals."""
        return name in self._promised and name not in self._kept

    def loaded(self, name: str) -> Key:
        """Raises KeyGone."""
        return self.unwrap(name, wrapped_in(name, self.at_hand(name)))

    async def kept(self, name: str) -> Kept | None:
        key_file(name)
        await self.load()
        return self.at_hand(name)

    async def put(self, name: str, kept: Kept) -> None:
        await self.load()

        def done() -> None:
            self._kept[name] = kept
            self._promised.pop(name, None)

        # of a key that is no more, nothing stays
        await self.folder.write(self._path(name), lambda: {"key": [kept]}, Copy.SAME, then=done, forget=True)

    async def first(self, name: str, kept: Kept) -> Kept:
        await self.put(name, kept)  # one process, and whoever asks holds the lock of what it is for
        return kept

    async def promise(self, name: str, kept: Kept) -> Kept:
        """`settle` keeps it, in one go with what it seals: another turn of the writing thread would cost as much as
        writing it.
        """
        await self.load()
        self._promised[name] = kept
        return kept

    def settle(self, name: str) -> None:
        """On the writing thread, right before what it seals is written: a key that was promised is durable. Raises
        OSError; then it stays promised.
        """
        kept = self._promised.get(name)
        if kept is not None:
            before = self._kept.get(name)
            self.folder.put(self._path(name), {"key": [kept]}, Copy.LATER if before is None else Copy.SAME)
            self.folder.forget_aside(self._path(name))
            self._kept[name] = kept
            self._promised.pop(name, None)

    def _path(self, name: str) -> Path:
        return self.folder.path / key_file(name)

    async def everything(self) -> Mapping[str, Kept]:
        await self.load()
        return {**self._kept, **self._promised}
