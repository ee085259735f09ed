"""The administrators' log in PostgreSQL: a row an entry, numbered without a gap."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import errors

from pathway.ports import Act, Addresses, StoreUnavailable
from storage.acts import KeptActs
from storage.chain import Entry
from storage.postgres.database import Database
from storage.postgres.keys import PostgresKeys

#: So often an entry is chained anew, where another's came first.
ATTEMPTS = 8


class PostgresActs(KeptActs):
    def __init__(self, database: Database, ring: PostgresKeys, addresses: Addresses) -> None:
        super().__init__(ring, addresses)
        self.database = database

    async def _record(self, act: Act) -> None:
        for _ in range(ATTEMPTS):
            try:
                return await super()._record(act)
            except errors.UniqueViolation:  # another process was first
                continue
        raise StoreUnavailable("The administrators' log could not be kept: it changes all the time.")

    async def entries(self) -> Sequence[Entry]:
        rows = await self.database.read("select n, sealed, link from acts order by n")
        return tuple(Entry(row["n"], row["sealed"], row["link"]) for row in rows)

    async def _add(self, before: Sequence[Entry], entry: Entry) -> None:
        del before
        await self.database.read("insert into acts (n, sealed, link) values (%s, %s, %s)", *entry)
