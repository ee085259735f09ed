"""Rows of an earlier version of Pathway, which stand in the clear: sealed once, when the database is opened.

All in one transaction, by one replica at a time. Replicas of the earlier version are stopped before: what they wrote
afterwards could not be read.
"""

from __future__ import annotations

import logging
from typing import Any

from psycopg.rows import DictRow

from pathway.people import Person
from storage import chain
from storage.codec import decode
from storage.postgres.database import LOCKS, Connection, Database
from storage.postgres.keys import PostgresKeys, about_letter, about_work, sealed_json, sealed_text
from storage.postgres.people import unique_email
from storage.postgres.whole import written_entry
from storage.record import NO_CASE, written_text
from storage.seal import ADDRESSES, AUDIT, POST, ROSTER, Key, case_key, drafts_key, new_key

log = logging.getLogger(__name__)


async def seal_rows(database: Database, ring: PostgresKeys) -> None:
    """Does nothing where it was done. Raises StoreUnavailable."""
    rows = await database.read("select n from revisions where name = 'sealed'")
    if rows and rows[0]["n"]:
        return
    async with database.visit() as connection, connection.transaction():
        await connection.execute("select pg_advisory_xact_lock(%s + 3, hashtext(current_schema()))", (LOCKS,))
        cursor = await connection.execute("select n from revisions where name = 'sealed' for update")
        row = await cursor.fetchone()
        if row and row["n"]:
            return
        sealing = _Sealing(connection, ring)
        await sealing.cases()
        await sealing.post()
        await sealing.drafts()
        await sealing.roster()
        await sealing.addresses()
        await connection.execute(
            "insert into revisions (name, n) values ('sealed', 1) on conflict (name) do update set n = 1"
        )
        await connection.execute("update revisions set n = n + 1 where name = 'roster'")
        log.info("What earlier versions kept in the clear is sealed now.")


class _Sealing:
    def __init__(self, connection: Connection, ring: PostgresKeys) -> None:
        self.connection = connection
        self.ring = ring

    async def _rows(self, query: Any, *values: Any) -> list[DictRow]:
        cursor = await self.connection.execute(query, values)
        return await cursor.fetchall()

    async def _each(self, query: Any, values: list[tuple[Any, ...]]) -> None:
        async with self.connection.cursor() as cursor:
            await cursor.executemany(query, values)

    async def _made(self, name: str) -> Key:
        key = new_key()
        await self.connection.execute(
            "insert into case_keys (name, wrapped) values (%s, %s)", (name, self.ring.main.wrap(name, key))
        )
        return key

    async def cases(self) -> None:
        for row in await self._rows("select case_id from cases order by number"):
            case_id = row["case_id"]
            key = await self._made(case_key(case_id))
            events = await self._rows("select event from events where case_id = %s order by n", case_id)
            texts = [written_text(x["event"]) for x in events]
            entries = chain.sealed_events(case_id, None, texts, key, self.ring.own(AUDIT))
            await self._each(
                "update events set event = %s::json where case_id = %s and n = %s",
                [(written_entry(x), case_id, x.n) for x in entries],
            )
            if head := chain.head_of(entries):
                await self.connection.execute(
                    "insert into heads (case_id, n, link) values (%s, %s, %s)", (case_id, head.n, head.link)
                )
            await self._work(await self._rows("select * from work where case_id = %s", case_id), key)

    async def post(self) -> None:
        await self._work(await self._rows("select * from work where case_id is null"), self.ring.own(POST))

    async def _work(self, rows: list[DictRow], key: Key) -> None:
        sealed = []
        for row in rows:
            case_id = row["case_id"] or NO_CASE
            letter, work = about_letter(case_id, row["key"]), about_work(case_id, row["key"])
            item = None if row["item"] is None else sealed_json(key, row["item"], letter)
            result = None if row["result"] is None else sealed_text(key, row["result"], work)
            sealed.append((item, sealed_text(key, row["error"], work), result, row["id"]))
        await self._each("update work set item = %s::json, error = %s, result = %s where id = %s", sealed)

    async def drafts(self) -> None:
        rows = await self._rows("select * from drafts")
        keys = {person: await self._made(drafts_key(person)) for person in sorted({row["person"] for row in rows})}
        await self._each(
            "update drafts set fields = %s::json where person = %s and form = %s",
            [(sealed_json(keys[x["person"]], x["fields"], f"draft/{x['form']}"), x["person"], x["form"]) for x in rows],
        )

    async def roster(self) -> None:
        key = self.ring.own(ROSTER)
        people = await self._rows("select id, person from people")
        await self._each(
            "update people set email = %s, person = %s::json where id = %s",
            [
                (
                    unique_email(decode(Person, x["person"]).email, key),
                    sealed_json(key, x["person"], f"person/{x['id']}"),
                    x["id"],
                )
                for x in people
            ],
        )
        places = await self._rows("select id, placement from placements")
        await self._each(
            "update placements set placement = %s::json where id = %s",
            [(sealed_json(key, x["placement"], f"placement/{x['id']}"), x["id"]) for x in places],
        )

    async def addresses(self) -> None:
        key = self.ring.own(ADDRESSES)
        addresses = await self._rows("select person, address from addresses")
        await self._each(
            "update addresses set address = %s::json where person = %s",
            [(sealed_json(key, x["address"], f"address/{x['person']}"), x["person"]) for x in addresses],
        )
        notes = await self._rows("select key, value from notes")
        await self._each(
            "update notes set value = %s where key = %s",
            [(sealed_text(key, x["value"], f"note/{x['key']}"), x["key"]) for x in notes],
        )
