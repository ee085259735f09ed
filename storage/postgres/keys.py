"""The keyring in PostgreSQL: table `case_keys`, a row a key; and what is sealed in a row.

A sealed value stands in a column of type json as one string, in a column of text as it is; "" stays "".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from psycopg.rows import DictRow

from pathway.ports import StoreUnavailable
from storage.postgres.database import Connection, Database, plain
from storage.seal import ADDRESSES, AUDIT, POST, ROSTER, Kept, Key, KeyGone, Keyring, MainKeys, case_key

OWN = (AUDIT, ROSTER, ADDRESSES, POST)


class PostgresKeys(Keyring):
    """Asked for again each time, because another replica may have destroyed one; only the store's own are kept."""

    def __init__(self, database: Database, main: MainKeys | None) -> None:
        super().__init__(main)
        self.database = database
        self._own: dict[str, Key] = {}
        database.guard = self.check_outside

    async def check_outside(self, connection: Connection) -> None:
        """Before anything is changed. Raises WrongKey."""
        main = self.main
        cursor = await connection.execute(
            "select to_regclass(format('%I.case_keys', current_schema())) is not null as there"
        )
        row = await cursor.fetchone()
        if row is None or not row["there"]:
            return
        cursor = await connection.execute(
            "select distinct on (split_part(wrapped, ' ', 1)) name, wrapped from case_keys where wrapped is not null"
        )
        for found in await cursor.fetchall():
            main.unwrap(found["name"], found["wrapped"])

    async def open(self) -> None:
        """What was erased and came back with a dump goes again. Raises StoreUnavailable."""
        self._unwrapped.clear()
        sealed = await self.database.read("select n from revisions where name = 'sealed' and n > 0")
        if sealed and await self.kept(AUDIT) is None:
            raise StoreUnavailable(
                "The keyring is gone: the table case_keys has no own.audit. Restore the newest dump of that table."
            )
        await self.database.read(
            "delete from cases using case_keys where wrapped is null and name = 'case.' || case_id"
        )
        await self.database.read(
            "delete from drafts using case_keys where wrapped is null and name = 'drafts.' || person"
        )
        self._own = {name: await self.made(name) for name in OWN}

    async def adopt(self, other: Keyring) -> None:
        await super().adopt(other)
        self._unwrapped.clear()
        self._own = {name: await self.made(name) for name in OWN}

    def own(self, name: str) -> Key:
        """One of the store's own, which are there as long as it is open. Raises KeyGone."""
        if name not in self._own:
            raise KeyGone("The store is closed.")
        return self._own[name]

    async def kept(self, name: str) -> Kept | None:
        rows = await self.database.read("select wrapped, erased from case_keys where name = %s", plain(name))
        return _kept(rows[0]) if rows else None

    async def put(self, name: str, kept: Kept) -> None:
        await self.database.read(
            "insert into case_keys (name, wrapped, erased) values (%s, %s, %s::json) "
            "on conflict (name) do update set wrapped = excluded.wrapped, erased = excluded.erased",
            *(plain(name), kept.get("wrapped"), json.dumps(kept.get("erased"))),
        )

    async def first(self, name: str, kept: Kept) -> Kept:
        await self.database.read(
            "insert into case_keys (name, wrapped) values (%s, %s) on conflict do nothing", plain(name), kept["wrapped"]
        )
        return await self.kept(name) or kept

    async def replace(self, name: str, before: str, after: str) -> bool:
        rows = await self.database.read(
            "update case_keys set wrapped = %s where name = %s and wrapped = %s returning name",
            *(after, plain(name), before),
        )
        return bool(rows)

    async def everything(self) -> Mapping[str, Kept]:
        rows = await self.database.read("select name, wrapped, erased from case_keys")
        return {row["name"]: _kept(row) for row in rows}

    def of_row(self, row: DictRow) -> Key:
        """Of a row of `work` that was read with `key_of`. Raises KeyGone."""
        return self.from_wrapped(row["case_id"] or "", row["wrapped"])

    def from_wrapped(self, case_id: str, wrapped: str | None) -> Key:
        if wrapped is None:
            raise KeyGone("The key of this case is not there.")
        return self.unwrap(case_key(case_id), wrapped)

    async def to_seal(self, case_id: str) -> Key:
        """One that was just used will do: what is sealed for a case that is gone is written nowhere. Raises KeyGone."""
        known = self._unwrapped.get(case_key(case_id))
        return known[1] if known else await self.key(case_key(case_id))


def _kept(row: DictRow) -> Kept:
    return {"wrapped": row["wrapped"]} if row["wrapped"] is not None else {"erased": row["erased"]}


def sealed_json(key: Key, value: Any, about: str) -> str:
    """For a column of type json."""
    return json.dumps(key.seal_json(value, about))


def sealed_text(key: Key, text: str, about: str) -> str:
    """For a column of text."""
    return key.seal_json(text, about) if text else ""


def opened_text(key: Key, sealed: str, about: str) -> str:
    """Raises Unreadable."""
    return str(key.open_json(sealed, about)) if sealed else ""


def about_letter(case_id: str, key: str) -> str:
    return f"{case_id}/letter/{plain(key)}"


def about_work(case_id: str, key: str) -> str:
    """Of what became of it, or went wrong with it."""
    return f"{case_id}/work/{plain(key)}"
