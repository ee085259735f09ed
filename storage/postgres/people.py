"""Half-filled forms, people and placements, addresses and notes, in PostgreSQL."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from psycopg import errors
from psycopg.rows import DictRow

from pathway.address import Address
from pathway.people import Person, Placement
from pathway.ports import Draft, RosterFault, StoreUnavailable
from storage.codec import decode, encode
from storage.locks import Unbroken
from storage.memory import MemoryRoster
from storage.postgres.database import Connection, Database, plain

#: Seconds for which the roster in memory is believed without asking whether another replica has changed it.
FRESH = 0.2
#: So often a change of the roster is worked out anew, where another replica's came first.
ATTEMPTS = 8


class PostgresDrafts:
    def __init__(self, database: Database) -> None:
        self.database = database
        self._unbroken = Unbroken()

    async def keep(self, draft: Draft) -> None:
        """Takes the place of an earlier draft of the same person and form. Raises StoreUnavailable."""
        await self._unbroken.run(
            self.database.read(
                "insert into drafts (person, form, fields, saved_at) values (%s, %s, %s::json, %s) "
                "on conflict (person, form) do update set fields = excluded.fields, saved_at = excluded.saved_at",
                *(plain(draft.person), plain(draft.form), json.dumps(dict(draft.values)), draft.saved_at),
            )
        )

    async def drop(self, person: str, form: str) -> None:
        await self._unbroken.run(
            self.database.read("delete from drafts where person = %s and form = %s", plain(person), plain(form))
        )

    async def draft(self, person: str, form: str) -> Draft | None:
        rows = await self.database.read(
            "select * from drafts where person = %s and form = %s", plain(person), plain(form)
        )
        return _draft(rows[0]) if rows else None

    async def drafts_of(self, person: str) -> Sequence[Draft]:
        """The newest first."""
        rows = await self.database.read(
            "select * from drafts where person = %s order by saved_at desc, form", plain(person)
        )
        return [_draft(row) for row in rows]

    async def drafts_before(self, moment: datetime) -> Sequence[Draft]:
        rows = await self.database.read(
            "select * from drafts where saved_at < %s order by saved_at, person, form", moment
        )
        return [_draft(row) for row in rows]


def _draft(row: DictRow) -> Draft:
    return Draft(row["person"], row["form"], row["fields"], row["saved_at"].astimezone(UTC))


# -- people and placements ---------------------------------------------------------------------------------------------


class _Overtaken(Exception):
    """Another replica changed the roster first."""


class PostgresRoster(MemoryRoster):
    """The whole roster in memory, as it stands in the database: every change has its revision, and a change is only
    taken where the revision is still the one it was worked out from.
    """

    def __init__(self, database: Database, *, fresh: float = FRESH) -> None:
        super().__init__()
        self.database = database
        self.fresh = fresh
        self._revision = -1
        self._looked_at = float("-inf")

    async def _load(self) -> None:
        if not self.database.is_open:
            self._revision = -1
            raise StoreUnavailable("The store is closed.")
        if self._revision >= 0 and time.monotonic() - self._looked_at < self.fresh:
            return
        rows = await self.database.read("select n from revisions where name = 'roster'")
        if rows[0]["n"] != self._revision:
            await self._read_all()
        self._looked_at = time.monotonic()

    async def _read_all(self) -> None:
        async def step(connection: Connection, _again: bool) -> tuple[int, list[DictRow], list[DictRow]]:  # noqa: FBT001 - as in Step
            await connection.execute("set transaction isolation level repeatable read")
            revision = await (await connection.execute("select n from revisions where name = 'roster'")).fetchone()
            people = await (await connection.execute("select person from people order by n")).fetchall()
            places = await (await connection.execute("select listed, placement from placements order by n")).fetchall()
            return int(revision["n"]) if revision else 0, people, places

        revision, people, places = await self.database.write(step)
        known = [decode(Person, row["person"]) for row in people]
        placements = [(row["listed"], decode(Placement, row["placement"])) for row in places]
        self._remember(
            {p.id: p for p in known},
            {p.id: p for listed, p in placements if listed},
            {p.id: p for listed, p in placements if not listed},
        )
        self._revision = revision

    async def _replace_all(self, people: Sequence[Person], placements: Sequence[Placement]) -> None:
        await self._until_first(lambda: super(PostgresRoster, self)._replace_all(people, placements))

    async def _keep_person(self, person: Person) -> None:
        await self._until_first(lambda: super(PostgresRoster, self)._keep_person(person))

    async def _restore(
        self, people: Sequence[Person], listed: Sequence[Placement], former: Sequence[Placement]
    ) -> None:
        await self._until_first(lambda: super(PostgresRoster, self)._restore(people, listed, former))

    async def _until_first(self, change: Callable[[], Coroutine[Any, Any, None]]) -> None:
        for _ in range(ATTEMPTS):
            try:
                return await change()
            except _Overtaken:
                self._looked_at = float("-inf")
        raise StoreUnavailable("The placement list could not be saved: it changes all the time.")

    async def _save(
        self, people: Mapping[str, Person], listed: Mapping[str, Placement], former: Mapping[str, Placement]
    ) -> None:
        """Raises RosterFault where another replica has just kept somebody with the same e-mail address."""
        before, places = self._revision, [(True, p) for p in listed.values()] + [(False, p) for p in former.values()]
        changed = [p for p in people.values() if self._people.get(p.id) != p]

        async def step(connection: Connection, again: bool) -> None:  # noqa: FBT001 - as in Step
            cursor = await connection.execute(
                "update revisions set n = n + 1 where name = 'roster' and n = %s", (before,)
            )
            if cursor.rowcount != 1:
                del again  # a first try whose answer was lost looks the same: worked out anew, it changes nothing
                raise _Overtaken
            await connection.execute(
                "insert into people (id, email, person) "
                "select id, email, person::json from unnest(%s::text[], %s::text[], %s::text[]) "
                "with ordinality as new (id, email, person, n) order by n "
                "on conflict (id) do update set email = excluded.email, person = excluded.person",
                (
                    [plain(p.id) for p in changed],
                    [plain(p.email.casefold()) for p in changed],
                    [json.dumps(encode(p)) for p in changed],
                ),
            )
            if listed is not self._listed or former is not self._former:
                await _write_placements(connection, places)

        try:
            await self.database.write(step)
        except errors.UniqueViolation:
            raise RosterFault("Two entries of the roster have the same e-mail address.") from None
        self._revision = before + 1
        self._looked_at = time.monotonic()


async def _write_placements(connection: Connection, places: Sequence[tuple[bool, Placement]]) -> None:
    await connection.execute("delete from placements")
    await connection.execute(
        "insert into placements (id, n, listed, placement) "
        "select id, n, listed, placement::json from unnest(%s::text[], %s::bool[], %s::text[]) "
        "with ordinality as new (id, listed, placement, n)",
        (
            [plain(p.id) for _, p in places],
            [listed for listed, _ in places],
            [json.dumps(encode(p)) for _, p in places],
        ),
    )


# -- addresses ---------------------------------------------------------------------------------------------------------


class PostgresAddresses:
    def __init__(self, database: Database) -> None:
        self.database = database
        self._unbroken = Unbroken()

    async def keep_address(self, person: str, address: Address) -> None:
        """Writes nothing where it is known already. Raises StoreUnavailable."""
        if await self.address(person) != address:
            await self._unbroken.run(
                self.database.read(
                    "insert into addresses (person, address) values (%s, %s::json) "
                    "on conflict (person) do update set address = excluded.address",
                    *(plain(person), json.dumps(encode(address))),
                )
            )

    async def drop_address(self, person: str) -> None:
        await self._unbroken.run(self.database.read("delete from addresses where person = %s", plain(person)))

    async def address(self, person: str) -> Address | None:
        rows = await self.database.read("select address from addresses where person = %s", plain(person))
        return decode(Address, rows[0]["address"]) if rows else None

    async def keep_note(self, key: str, value: str) -> None:
        """An empty value forgets it. Raises StoreUnavailable."""
        if not value:
            await self._unbroken.run(self.database.read("delete from notes where key = %s", plain(key)))
            return
        await self._unbroken.run(
            self.database.read(
                "insert into notes (key, value) values (%s, %s) on conflict (key) do update set value = excluded.value",
                *(plain(key), plain(value)),
            )
        )

    async def keep_first_note(self, key: str, value: str) -> str:
        """See `Addresses.keep_first_note`: the primary key decides."""
        await self._unbroken.run(
            self.database.read(
                "insert into notes (key, value) values (%s, %s) on conflict do nothing", *(plain(key), plain(value))
            )
        )
        return await self.note(key)

    async def note(self, key: str) -> str:
        rows = await self.database.read("select value from notes where key = %s", plain(key))
        return str(rows[0]["value"]) if rows else ""

    async def everything(self) -> tuple[Mapping[str, Address], Mapping[str, str]]:
        """All addresses by person, and all notes by key."""
        addresses = await self.database.read("select person, address from addresses order by n")
        notes = await self.database.read("select key, value from notes order by n")
        return (
            {row["person"]: decode(Address, row["address"]) for row in addresses},
            {row["key"]: row["value"] for row in notes},
        )
