"""The administrators' log: who erased what, when and why; only ever added to, each entry chained to the one before.

Its entries are sealed and chained as the events of a case are (`storage.chain`), and its head stands apart, among the
notes beside the addresses. It may lag behind where a process was killed between the two.
"""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Sequence

from pathway.ports import Act, Addresses, StoreUnavailable
from storage import chain
from storage.atomic import Damaged, read_documents
from storage.chain import Entry, Head
from storage.codec import CodecError, decode, encode
from storage.locks import Unbroken
from storage.seal import AUDIT, Keyring
from storage.tinydb_keys import TinyKeys

ACTS = "acts.json"
#: The key that its entries are sealed with, the name under which they are chained, and the note that keeps the head.
OWN, CHAIN, HEAD = "own.acts", "acts", "acts-head"


class KeptActs(ABC):
    """`pathway.ports.Acts`; every store adds where entries stand."""

    def __init__(self, ring: Keyring, addresses: Addresses) -> None:
        self.ring = ring
        self.addresses = addresses
        self._lock = asyncio.Lock()
        self._unbroken = Unbroken()

    async def record(self, act: Act) -> None:
        await self._unbroken.run(self._record(act))

    async def _record(self, act: Act) -> None:
        text = json.dumps(encode(act)).encode("ascii")
        async with self._lock:
            key, audit = await self.ring.made(OWN), await self.ring.made(AUDIT)
            before = await self.entries()
            (entry,) = chain.sealed_events(CHAIN, before, [text], key, audit)
            await self._add(before, entry)
            await self._keep_head(Head(entry.n, entry.link))

    async def acts(self) -> Sequence[Act]:
        """Raises StoreUnavailable, also for an entry that is not as it was recorded."""
        entries = await self.entries()
        if not entries:
            return ()
        key = await self.ring.key(OWN)
        try:
            return tuple(decode(Act, key.open_json(x.sealed, chain.about(CHAIN, x.n))) for x in entries)
        except (CodecError, ValueError) as fault:
            raise StoreUnavailable("An entry of the administrators' log cannot be read.") from fault

    async def broken_at(self) -> int:
        entries, head = await self.entries(), await self.head()
        if not entries and not head.n:
            return 0
        broken = chain.verify(CHAIN, entries, head if head.n else None, await self.ring.made(AUDIT))
        return (broken.position or len(entries)) if broken else 0

    async def differs(self, known: Head) -> int:
        """The number from which on it is not what it was when its head was *known*; 0 where it has only grown."""
        entries = await self.entries()
        if len(entries) < known.n:
            return len(entries) + 1
        return known.n if known.n and entries[known.n - 1].link != known.link else 0

    async def head(self) -> Head:
        """As it stands apart; number 0 for an empty log. Raises StoreUnavailable."""
        n, _, link = (await self.addresses.note(HEAD)).partition(" ")
        return Head(int(n), link) if n.isdigit() else Head(0, "")

    async def _keep_head(self, head: Head) -> None:
        await self.addresses.keep_note(HEAD, f"{head.n} {head.link}")

    @abstractmethod
    async def entries(self) -> Sequence[Entry]:
        """As they are kept. Raises StoreUnavailable."""

    async def restore(self, entries: Sequence[Entry]) -> None:
        """What `entries` gave elsewhere, into an empty log whose keyring is the same."""
        for n, entry in enumerate(entries):
            await self._add(entries[:n], entry)

    @abstractmethod
    async def _add(self, before: Sequence[Entry], entry: Entry) -> None: ...


class MemoryActs(KeptActs):
    def __init__(self, ring: Keyring, addresses: Addresses) -> None:
        super().__init__(ring, addresses)
        self._entries: tuple[Entry, ...] = ()

    async def entries(self) -> Sequence[Entry]:
        return self._entries

    async def _add(self, before: Sequence[Entry], entry: Entry) -> None:
        self._entries = (*before, entry)


class TinyActs(KeptActs):
    """One file, replaced whole: there are few entries."""

    def __init__(self, ring: TinyKeys, addresses: Addresses) -> None:
        super().__init__(ring, addresses)
        self.folder = ring.folder

    async def entries(self) -> Sequence[Entry]:
        return await self.folder.read(self._read, ACTS)

    def _read(self) -> Sequence[Entry]:
        try:
            return tuple(
                Entry(int(x["n"]), str(x["sealed"]), str(x["link"]))
                for x in read_documents(self.folder.path / ACTS, "acts")
            )
        except (KeyError, TypeError) as fault:
            raise Damaged(f"{ACTS} is not as it was written") from fault

    async def _add(self, before: Sequence[Entry], entry: Entry) -> None:
        await self.folder.write(self.folder.path / ACTS, lambda: {"acts": [x._asdict() for x in (*before, entry)]})
