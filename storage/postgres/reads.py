"""Who saw what, in PostgreSQL: a row a read, which goes with its case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

from psycopg.rows import DictRow

from pathway.ports import Read, Saw
from storage.postgres.database import Database, plain
from storage.reads import KeptReads


class PostgresReads(KeptReads):
    """`pathway.ports.Reads`. What one replica saw a moment ago another does not know: both may note it."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database = database

    async def _write(self, reads: Sequence[Read]) -> None:
        await self.database.read(
            "insert into reads (case_id, person, saw, at) "
            "select case_id, person, saw, at from unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[]) "
            "as new (case_id, person, saw, at) join cases using (case_id) "
            "on conflict do nothing",
            *(
                [plain(read.case_id) for read in reads],
                [plain(read.person) for read in reads],
                [read.saw for read in reads],
                [read.at for read in reads],
            ),
        )

    async def _of(self, case_id: str) -> Sequence[Read]:
        rows = await self.database.read(
            "select * from reads where case_id = %s order by at, person, saw", plain(case_id)
        )
        return [_read(row) for row in rows]

    async def reads_by(self, person: str) -> Sequence[Read]:
        await self.written()
        rows = await self.database.read(
            "select * from reads where person = %s order by at, person, saw, case_id", plain(person)
        )
        return [_read(row) for row in rows]

    async def _cases(self) -> Sequence[str]:
        rows = await self.database.read("select distinct case_id from reads order by case_id")
        return [row["case_id"] for row in rows]

    async def _drop(self, case_id: str) -> None:
        await self.database.read("delete from reads where case_id = %s", plain(case_id))


def _read(row: DictRow) -> Read:
    return Read(row["case_id"], row["person"], Saw(row["saw"]), row["at"].astimezone(UTC))
