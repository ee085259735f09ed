"""What can be seen of a database from outside, without opening it: nothing is locked, made or changed."""

from __future__ import annotations

from typing import LiteralString

import psycopg
from psycopg.rows import DictRow

from pathway.people import Person, Placement
from pathway.ports import StoreUnavailable
from storage.codec import decode
from storage.look import Look
from storage.postgres.database import Connection, Database
from storage.postgres.migrations import applied, migrations
from storage.postgres.people import person_of, placement_of
from storage.seal import NO_KEY, ROSTER, Key, MainKeys, WrongKey


async def look(url: str, main: MainKeys | None) -> tuple[Look, int]:
    """What stands there, and how many migrations are missing. Raises StoreUnavailable, ValueError, with a sentence."""
    async with Database(url).visit() as connection:
        missing = len(migrations()) - await applied(connection)
        if missing == len(migrations()):
            return Look((), ()), missing
        try:
            key = await _key(connection, main)
            people = await _rows(connection, "select id, person from people order by n")
            placements = await _rows(connection, "select id, placement from placements where listed order by n")
        except psycopg.Error as fault:
            raise StoreUnavailable("The placement list in the database cannot be read.") from fault
        if key is None:  # never opened since an earlier version, which sealed nothing
            known = tuple(decode(Person, x["person"]) for x in people)
            return Look(known, tuple(decode(Placement, x["placement"]) for x in placements)), missing
        known = tuple(person_of(x, key) for x in people)
        return Look(known, tuple(placement_of(x, key) for x in placements)), missing


async def _key(connection: Connection, main: MainKeys | None) -> Key | None:
    """That of the roster, None where nothing is sealed yet. Raises WrongKey."""
    sealed = await _rows(
        connection, "select to_regclass(format('%I.case_keys', current_schema())) is not null as there"
    )
    if not sealed[0]["there"]:
        return None
    done = await _rows(connection, "select n from revisions where name = 'sealed' and n > 0")
    found = await _rows(connection, "select wrapped from case_keys where name = 'own.roster'")
    if not (done and found):
        return None
    if main is None:
        raise WrongKey(NO_KEY)
    return main.unwrap(ROSTER, found[0]["wrapped"])


async def _rows(connection: Connection, query: LiteralString) -> list[DictRow]:
    return await (await connection.execute(query)).fetchall()
