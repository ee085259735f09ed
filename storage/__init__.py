"""Somewhere safe for cases, drafts, people and addresses, chosen with one URL."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pathway.ports import Addresses, Drafts, Moments, NotAStore, Roster
from storage.acts import KeptActs, MemoryActs, TinyActs
from storage.book import SealedBook
from storage.folder import Folder
from storage.look import Look
from storage.memory import MemoryAddresses, MemoryCaseBook, MemoryDrafts, MemoryRoster
from storage.reads import KeptReads, MemoryReads, TinyReads
from storage.seal import MainKeys
from storage.tinydb_book import TinyAddresses, TinyCaseBook, TinyDrafts, TinyRoster
from storage.tinydb_keys import TinyKeys

__all__ = ["POSTGRES", "Stores", "look_into", "migrate_store", "open_stores"]

#: How the URLs begin that libpq takes.
POSTGRES = ("postgresql://", "postgres://")


@dataclass(frozen=True, slots=True)
class Stores:
    """*folder* is where the files are, None where there are none; *moments* is None where one bot has the store."""

    book: SealedBook
    drafts: Drafts
    roster: Roster
    addresses: Addresses
    reads: KeptReads
    acts: KeptActs
    folder: Path | None
    moments: Moments | None = None

    async def open(self) -> None:
        """Everything is read once, so that what cannot be read is told now. Raises StoreUnavailable."""
        await self.book.open()
        try:
            await self.roster.people()
            await self.drafts.drafts_of("")
            await self.addresses.note("")
        except BaseException:
            await self.book.close()
            raise

    async def close(self) -> None:
        """Returns when everything is written."""
        await self.reads.close()
        await self.book.close()


def open_stores(url: str, keys: MainKeys | None = None, *, alone: bool = False) -> Stores:
    """The stores that *url* names, not open yet: `memory:`, `tinydb:///var/lib/pathway` for a folder, or
    `postgresql://user@host/database`. All but `memory:` open only with their main *keys*.

    *alone*: nobody else may have them open, before and meanwhile. Raises NotAStore, with a sentence, for anything
    else.
    """
    if url.startswith(POSTGRES):
        return _postgres(url, keys, alone=alone)
    parts = urlsplit(url)
    if url in ("memory:", "memory://"):
        book, addresses = MemoryCaseBook(), MemoryAddresses()
        acts = MemoryActs(book.ring, addresses)
        return Stores(book, MemoryDrafts(), MemoryRoster(), addresses, MemoryReads(book), acts, None)
    if parts.scheme != "tinydb":
        raise NotAStore(
            f'The store "{parts.scheme or url}" is not known. Write memory:, tinydb:///var/lib/pathway or '
            "postgresql://host/database."
        )
    path = Path(unquote(parts.path))
    if parts.netloc or parts.query or parts.fragment or path.parent == path or not path.is_absolute():
        raise NotAStore("A folder is named in full, after three slashes: tinydb:///var/lib/pathway.")
    ring = TinyKeys(Folder(path), keys)
    addresses = TinyAddresses(ring)
    return Stores(
        TinyCaseBook(ring),
        TinyDrafts(ring),
        TinyRoster(ring),
        addresses,
        TinyReads(ring.folder),
        TinyActs(ring, addresses),
        path,
    )


async def migrate_store(url: str) -> list[str]:
    """Brings a database's tables up to date; the names of what was missing. Raises NotAStore, StoreUnavailable."""
    if not url.startswith(POSTGRES):
        raise NotAStore("Only a database has tables to bring up to date. A folder needs nothing of the kind.")
    open_stores(url)
    from storage.postgres.database import Database  # noqa: PLC0415 - the driver is an extra

    return await Database(url).migrate()


async def look_into(url: str, keys: MainKeys | None) -> tuple[Look, int]:
    """See `storage.postgres.look.look`: what stands in a database, looked at from outside."""
    open_stores(url)
    from storage.postgres.look import look  # noqa: PLC0415 - the driver is an extra

    return await look(url, keys)


def _postgres(url: str, main: MainKeys | None, *, alone: bool) -> Stores:
    try:
        from storage.postgres import acts, book, database, keys, pace, people, reads  # noqa: PLC0415 - the driver is an extra
    except ImportError as fault:
        if (fault.name or "").partition(".")[0] not in ("psycopg", "psycopg_pool", "psycopg_binary", ""):
            raise
        raise NotAStore(
            "PATHWAY_STORE names PostgreSQL, and its driver is not installed here. Run: pip install "
            "'psycopg[binary,pool]', or take everything of requirements.lock."
        ) from None
    base = database.Database(url, alone=alone)
    ring = keys.PostgresKeys(base, main)
    addresses = people.PostgresAddresses(base, ring)
    return Stores(
        book.PostgresCaseBook(base, ring),
        people.PostgresDrafts(base, ring),
        people.PostgresRoster(base, ring),
        addresses,
        reads.PostgresReads(base),
        acts.PostgresActs(base, ring, addresses),
        None,
        pace.PostgresMoments(base),
    )
