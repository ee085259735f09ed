"""What can be seen of a database from outside, without opening it: nothing is locked, made or changed."""

from __future__ import annotations

import psycopg

from pathway.people import Person, Placement
from pathway.ports import StoreUnavailable
from storage.codec import decode
from storage.look import Look
from storage.postgres.database import Connection, Database
from storage.postgres.migrations import applied, migrations


async def look(url: str) -> tuple[Look, int]:
    """What stands there, and how many migrations are missing. Raises StoreUnavailable, ValueError, with a sentence."""
    async with Database(url).visit() as connection:
        missing = len(migrations()) - await applied(connection)
        if missing == len(migrations()):
            return Look((), ()), missing
        try:
            people = await _column(connection, "select person from people order by n")
            placements = await _column(connection, "select placement from placements where listed order by n")
        except psycopg.Error as fault:
            raise StoreUnavailable("The placement list in the database cannot be read.") from fault
        found = Look(tuple(decode(Person, x) for x in people), tuple(decode(Placement, x) for x in placements))
        return found, missing


async def _column(connection: Connection, query: psycopg.abc.Query) -> list[object]:
    cursor = await connection.execute(query)
    return [next(iter(row.values())) for row in await cursor.fetchall()]
