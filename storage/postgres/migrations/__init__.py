"""The tables, brought up to date by numbered files of plain SQL, each once and whole, by one process at a time.

`0001_the_book.sql`, `0002_...`: a file that was released is never changed; what changes is the next one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from pathway.ports import StoreUnavailable

FOLDER = Path(__file__).parent
#: Beside `database.LOCKS`: held while tables are changed.
LOCK = 0x5062


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    sql: str


@cache
def migrations() -> tuple[Migration, ...]:
    """In their order, without a gap."""
    files = sorted(FOLDER.glob("[0-9][0-9][0-9][0-9]_*.sql"))
    found = tuple(Migration(int(f.name[:4]), f.stem[5:], f.read_text(encoding="utf-8")) for f in files)
    if [m.number for m in found] != list(range(1, len(found) + 1)):
        raise RuntimeError("the migrations are not numbered 1, 2, 3 ...")
    return found


async def migrate(connection: AsyncConnection[DictRow]) -> list[str]:
    """The names of those that were missing and are applied now. *connection* commits by itself.

    Raises StoreUnavailable for a database that a later version of Pathway has changed.
    """
    if await applied(connection) == len(migrations()):
        return []
    names = []
    async with connection.transaction():  # all of them or none: PostgreSQL's changes of tables are transactional
        await connection.execute("select pg_advisory_xact_lock(%s, hashtext(current_schema()))", (LOCK,))
        await connection.execute(
            "create table if not exists migrations (number integer primary key, name text not null, "
            "at timestamptz not null default now())"
        )
        for one in migrations()[await applied(connection) :]:
            await connection.execute(one.sql.encode())
            await connection.execute("insert into migrations (number, name) values (%s, %s)", (one.number, one.name))
            names.append(f"{one.number:04} {one.name.replace('_', ' ')}")
    return names


async def applied(connection: AsyncConnection[DictRow]) -> int:
    """How many; they are applied in order."""
    cursor = await connection.execute(
        "select to_regclass(format('%I.migrations', current_schema())) is not null as there"
    )
    row = await cursor.fetchone()
    if row is None or not row["there"]:
        return 0
    cursor = await connection.execute("select coalesce(max(number), 0) as n from migrations")
    row = await cursor.fetchone()
    number = int(row["n"]) if row else 0
    if number > len(migrations()):
        raise StoreUnavailable("The database was changed by a later version of Pathway. Start that version instead.")
    return number
