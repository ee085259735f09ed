"""Text that only the holder of a key can read: AES-256-GCM, and the keys it is done with.

Three kinds of key. A main key belongs to the university and stands outside of the store: in the environment or in a
file of its own. Everything in the store that people typed, or that names somebody, is sealed with a data key: each case
has its own, each person's half-filled forms have one, and the store has four more (roster, addresses, messages without
a case, and the one of the chain). Data keys stand in the keyring, wrapped: sealed with a main key. So a case is erased
by destroying one key, and a new main key touches no text.

A sealed text is "<id of the data key>.<base64 of nonce, text and tag>"; a wrapped key "<id of the main key>
<base64 of the same>". What a text is about (a case and the number of its event, say) is authenticated with it, so
that no text can be put in the place of another.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import re
import secrets
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pathway.compact import compact
from pathway.ports import StoreUnavailable

#: Bytes of a key, and of a nonce.
KEY, NONCE = 32, 12
#: So many unwrapped keys of cases and forms are kept in memory.
MOST_UNWRAPPED = 1024
#: Names of the store's own keys.
AUDIT, ROSTER, ADDRESSES, POST = "own.audit", "own.roster", "own.addresses", "own.post"
_MAIN_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
#: What one key of the keyring is kept as: `wrapped`, or, where it was destroyed, `erased` with what is left to check.
Kept = Mapping[str, Any]


class Unreadable(StoreUnavailable):
    """A sealed text cannot be opened: it was changed, it stood somewhere else, or the key is another one."""


class BadKey(ValueError):
    """What is to be a main key is none; the sentence holds no part of it."""


class WrongKey(StoreUnavailable):
    """The main key is missing, or another than the one the store was sealed with."""


class KeyGone(StoreUnavailable):
    """A data key is not in the keyring, or was destroyed."""


# -- one key ---------------------------------------------------------------------------------------------------------


class Key:
    """A data key. *id* follows from it, and stands before everything that it sealed."""

    __slots__ = ("_cipher", "id", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.id = hashlib.sha256(b"pathway key " + raw).hexdigest()[:8]
        self._cipher = AESGCM(raw)

    def __repr__(self) -> str:
        return f"Key({self.id})"

    def seal(self, text: bytes, about: str) -> str:
        nonce = os.urandom(NONCE)
        sealed = self._cipher.encrypt(nonce, text, about.encode("utf-8", "surrogatepass"))
        return f"{self.id}.{binascii.b2a_base64(nonce + sealed, newline=False).decode('ascii')}"

    def open(self, sealed: str, about: str) -> bytes:
        """Raises Unreadable."""
        key_id, _, body = sealed.partition(".")
        if key_id != self.id:
            raise Unreadable("it was sealed with another key")
        try:
            data = binascii.a2b_base64(body.encode("ascii"), strict_mode=True)
            return self._cipher.decrypt(data[:NONCE], data[NONCE:], about.encode("utf-8", "surrogatepass"))
        except (InvalidTag, ValueError):
            raise Unreadable("it is not as it was sealed") from None

    def seal_json(self, value: Any, about: str) -> str:
        return self.seal(compact(value), about)

    def open_json(self, sealed: str, about: str) -> Any:
        """Raises Unreadable."""
        return json.loads(self.open(sealed, about).decode())


def new_key() -> Key:
    return Key(secrets.token_bytes(KEY))


# -- main keys -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MainKeys:
    """By id; what is wrapped now is wrapped with the *current* one, what was wrapped with the others can be read."""

    current: str
    _keys: Mapping[str, Key] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> MainKeys:
        """One a line (or between commas): "id base64" or "base64" alone, which then has an id of its own making. The
        first is the current one; empty lines and those that begin with # are passed over. Raises BadKey.
        """
        keys: dict[str, Key] = {}
        for line in re.split(r"[\n,]", text):
            if not line.strip() or line.strip().startswith("#"):
                continue
            named, _, value = line.strip().rpartition(" ")
            key = Key(_raw(value))
            name = named.strip() or key.id
            if not _MAIN_ID.fullmatch(name):
                raise BadKey("the id of a key is made of letters, figures, - and _, and stands before it")
            if name in keys:
                raise BadKey(f"two keys have the id {name}")
            keys[name] = key
        if not keys:
            raise BadKey("there is no key in it")
        return cls(next(iter(keys)), keys)

    @classmethod
    def made(cls) -> MainKeys:
        key = new_key()
        return cls(key.id, {key.id: key})

    def text(self) -> str:
        """As `parse` reads it."""
        return "".join(f"{name} {base64.b64encode(key.raw).decode('ascii')}\n" for name, key in self._keys.items())

    def before(self, older: MainKeys) -> MainKeys:
        """Both, these first. Raises BadKey."""
        return MainKeys.parse(self.text() + older.text())

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(self._keys)

    def wrap(self, name: str, key: Key) -> str:
        return f"{self.current} {self._keys[self.current].seal(key.raw, name).partition('.')[2]}"

    def unwrap(self, name: str, wrapped: str) -> Key:
        """Raises WrongKey."""
        main, _, body = wrapped.partition(" ")
        key = self._keys.get(main)
        if key is None:
            raise WrongKey(self.unknown(main))
        try:
            return Key(key.open(f"{key.id}.{body}", name))
        except (Unreadable, ValueError):
            raise WrongKey(
                f"The main key {main} is not the one that this store was sealed with. Set PATHWAY_KEY or "
                "PATHWAY_KEY_FILE to that one. Nothing was changed."
            ) from None

    def unknown(self, main: str) -> str:
        return (
            f"This store was sealed with the main key {main[:40]}, which is not in PATHWAY_KEY or PATHWAY_KEY_FILE. "
            "Set the right one there. Nothing was changed."
        )


def _raw(text: str) -> bytes:
    try:
        raw = base64.b64decode(text.strip().replace("-", "+").replace("_", "/"), validate=True)
    except (ValueError, binascii.Error):
        raise BadKey("a key is 32 bytes in base64") from None
    if len(raw) != KEY:
        raise BadKey("a key is 32 bytes in base64")
    return raw


def read_key_file(path: Path) -> MainKeys:
    """Raises BadKey, also where others may read it."""
    try:
        if path.stat().st_mode & 0o077:
            raise BadKey("others may read it: chmod 600 mends that")
        return MainKeys.parse(path.read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError) as fault:
        raise BadKey("it cannot be read") from fault


# -- the keyring -----------------------------------------------------------------------------------------------------


def case_key(case_id: str) -> str:
    """The name of the key of a case; "" for messages without one."""
    return f"case.{case_id}" if case_id else POST


def drafts_key(person: str) -> str:
    return f"drafts.{person}"


class Keyring(ABC):
    """Every data key, wrapped, by its name; apart from what it opens."""

    def __init__(self, main: MainKeys | None) -> None:
        self._main = main
        self._unwrapped: OrderedDict[str, tuple[str, Key]] = OrderedDict()

    @abstractmethod
    async def kept(self, name: str) -> Kept | None: ...
    @abstractmethod
    async def put(self, name: str, kept: Kept) -> None:
        """In the place of what there is. Durable when it returns. Raises StoreUnavailable."""

    @abstractmethod
    async def first(self, name: str, kept: Kept) -> Kept:
        """Keeps it where there is none yet, and returns the one that there is."""

    @abstractmethod
    async def everything(self) -> Mapping[str, Kept]: ...

    @property
    def main(self) -> MainKeys:
        """Raises WrongKey where there is none."""
        if self._main is None:
            raise WrongKey(NO_KEY)
        return self._main

    async def key(self, name: str) -> Key:
        """Raises KeyGone, WrongKey."""
        kept = await self.kept(name)
        if kept is None or "wrapped" not in kept:
            raise KeyGone("The key of this record is not there.")
        return self.unwrap(name, kept["wrapped"])

    async def made(self, name: str, *, again: bool = False, later: bool = False) -> Key:
        """Made where there is none; *again*: also where it was destroyed. With *later* it need not be kept yet when
        this returns: whoever writes what it seals sees to it (`storage.tinydb_keys.TinyKeys.settle`). Raises KeyGone.
        """
        kept = await self.kept(name)
        if kept is None or (again and "wrapped" not in kept):
            key = new_key()
            made = {"wrapped": self.main.wrap(name, key)}
            self._remember(name, made["wrapped"], key)
            if later:
                kept = await self.promise(name, made)
            elif kept is None:
                kept = await self.first(name, made)
            else:
                await self.put(name, made)
                kept = made
        if "wrapped" not in kept:
            raise KeyGone("The key of this record was destroyed.")
        return self.unwrap(name, kept["wrapped"])

    async def promise(self, name: str, kept: Kept) -> Kept:
        """Kept for the first time, or again; where nothing is gained by doing it later, at once."""
        if await self.kept(name) is None:
            return await self.first(name, kept)
        await self.put(name, kept)
        return kept

    def unwrap(self, name: str, wrapped: str) -> Key:
        known = self._unwrapped.get(name)
        if known is not None and known[0] == wrapped:
            self._unwrapped.move_to_end(name)
            return known[1]
        key = self.main.unwrap(name, wrapped)
        self._remember(name, wrapped, key)
        return key

    def _remember(self, name: str, wrapped: str, key: Key) -> None:
        self._unwrapped[name] = wrapped, key
        if len(self._unwrapped) > MOST_UNWRAPPED:
            self._unwrapped.popitem(last=False)

    def forget(self, name: str) -> None:
        """What was unwrapped of it."""
        self._unwrapped.pop(name, None)

    async def destroy(self, name: str, left: Any) -> None:
        """For good, at one stroke with keeping what is *left* to check. Raises StoreUnavailable."""
        await self.put(name, {"erased": left})
        self.forget(name)

    async def adopt(self, other: Keyring) -> None:
        """Every key of *other*, in the place of what is here of the same name; whatever its main key is. Raises
        WrongKey, StoreUnavailable.
        """
        for name, kept in (await other.everything()).items():
            if "wrapped" in kept:
                key = other.unwrap(name, kept["wrapped"])
                await self.put(name, {"wrapped": self.main.wrap(name, key)})
            else:
                await self.put(name, kept)

    async def rewrap(self, main: MainKeys) -> int:
        """Every key is wrapped with the current one of *main*, which also holds the old ones: so whatever was done when
        a process is killed, the same two open everything. How many there were to wrap. Raises WrongKey,
        StoreUnavailable.
        """
        everything = await self.everything()
        self.check(main, everything.values())
        wrapped = {name: kept["wrapped"] for name, kept in everything.items() if "wrapped" in kept}
        for name, found in wrapped.items():
            main.unwrap(name, found)
        self._main = main
        done = 0
        for name, found in wrapped.items():
            if found.partition(" ")[0] != main.current:
                done += await self.replace(name, found, main.wrap(name, main.unwrap(name, found)))
        return done

    async def replace(self, name: str, before: str, after: str) -> bool:
        """Only where it still is as *before*: a case may be erased meanwhile."""
        kept = await self.kept(name)
        if kept is None or kept.get("wrapped") != before:
            return False
        await self.put(name, {"wrapped": after})
        return True

    def check(self, main: MainKeys, everything: Iterable[Kept]) -> None:
        """Raises WrongKey where one is wrapped with a main key that is not there."""
        used = {kept["wrapped"].partition(" ")[0] for kept in everything if "wrapped" in kept}
        for other in sorted(used - main.ids):
            raise WrongKey(main.unknown(other))


NO_KEY = (
    "There is no main key to seal the store with. Make one with python -m bot key new FILE, and set PATHWAY_KEY_FILE "
    "to that file. Keep a copy of it somewhere safe: without it nobody can read the store."
)


class MemoryKeys(Keyring):
    """Gone with the process, and so is its main key where none is given."""

    def __init__(self, main: MainKeys | None = None) -> None:
        super().__init__(main or MainKeys.made())
        self._kept: dict[str, Kept] = {}

    async def kept(self, name: str) -> Kept | None:
        return self._kept.get(name)

    async def put(self, name: str, kept: Kept) -> None:
        self._kept[name] = kept

    async def first(self, name: str, kept: Kept) -> Kept:
        return self._kept.setdefault(name, kept)

    async def everything(self) -> Mapping[str, Kept]:
        return dict(self._kept)
