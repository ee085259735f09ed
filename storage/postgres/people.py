"""Half-filled forms, people and placements, addresses and notes, in PostgreSQL."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from psycopg import errors
from psycopg.rows import DictRow

from pathway.address import Address
from pathway.people import Person, Placement
from pathway.ports import Draft, RosterFault, StoreUnavailable
from storage.codec import Json, decode, encode
from storage.locks import Unbroken
from storage.memory import MemoryRoster
from storage.postgres.database import Connection, Database, plain
from storage.postgres.keys import PostgresKeys, opened_text, sealed_json, sealed_text
from storage.seal import ADDRESSES, ROSTER, Key, drafts_key

T = TypeVar("T")
#: Seconds for which the roster in memory is believed without asking whether another replica has changed it.
FRESH = 0.2
#: So often a change of the roster is worked out anew, where another replica's came first.
ATTEMPTS = 8


#: Drafts with the wrapped key of their person.
_DRAFTS = "select *, (select wrapped from case_keys where name = 'drafts.' || person) as wrapped from drafts "


class PostgresDrafts:
    def __init__(self, database: Database, ring: PostgresKeys) -> None:
        self.database = database
        self.ring = ring
        self._unbroken = Unbroken()

    async def keep(self, draft: Draft) -> None:
        """Takes the place of an earlier draft of the same person and form. Raises StoreUnavailable."""
        await self._unbroken.run(self._keep(draft, dict(draft.values)))

    async def _keep(self, draft: Draft, values: Mapping[str, str]) -> None:
        person, form = plain(draft.person), plain(draft.form)
        key = await self.ring.made(drafts_key(person), again=True)
        await self.database.read(
            "insert into drafts (person, form, fields, saved_at) values (%s, %s, %s::json, %s) "
            "on conflict (person, form) do update set fields = excluded.fields, saved_at = excluded.saved_at",
            *(person, form, sealed_json(key, values, f"draft/{form}"), draft.saved_at),
        )

    async def drop(self, person: str, form: str) -> None:
        await self._unbroken.run(
            self.database.read("delete from drafts where person = %s and form = %s", plain(person), plain(form))
        )

    async def draft(self, person: str, form: str) -> Draft | None:
        rows = await self.database.read(_DRAFTS + "where person = %s and form = %s", plain(person), plain(form))
        return next(iter(self._readable(rows)), None)

    async def drafts_of(self, person: str) -> Sequence[Draft]:
        """The newest first."""
        rows = await self.database.read(_DRAFTS + "where person = %s order by saved_at desc, form", plain(person))
        return self._readable(rows)

    async def drafts_before(self, moment: datetime) -> Sequence[Draft]:
        rows = await self.database.read(_DRAFTS + "where saved_at < %s order by saved_at, person, form", moment)
        return self._readable(rows)

    def _readable(self, rows: Sequence[DictRow]) -> list[Draft]:
        """One whose person's key was destroyed is no draft any more. Raises Unreadable, WrongKey."""
        found = []
        for row in rows:
            if row["wrapped"] is not None:
                key = self.ring.unwrap(drafts_key(row["person"]), row["wrapped"])
                values = key.open_json(row["fields"], f"draft/{row['form']}")
                found.append(Draft(row["person"], row["form"], values, row["saved_at"].astimezone(UTC)))
        return found


# -- people and placements ---------------------------------------------------------------------------------------------


class _Overtaken(Exception):
    """Another replica changed the roster first."""


class PostgresRoster(MemoryRoster):
    """The whole roster in memory, as it stands in the database: every change has its revision, and a change is only
    taken where the revision is still the one it was worked out from.
    """

    def __init__(self, database: Database, ring: PostgresKeys, *, fresh: float = FRESH) -> None:
        super().__init__()
        self.database = database
        self.ring = ring
        self.fresh = fresh
        self._revision = -1
        self._looked_at = float("-inf")

    def _is_loaded(self) -> bool:
        fresh = self._revision >= 0 and time.monotonic() - self._looked_at < self.fresh
        return fresh and self.database.is_open

    async def _load(self) -> None:
        if not self.database.is_open:
            self._revision = -1
            raise StoreUnavailable("The store is closed.")
        if self._is_loaded():
            return
        rows = await self.database.read("select n from revisions where name = 'roster'")
        if rows[0]["n"] != self._revision:
            await self._read_all()
        self._looked_at = time.monotonic()

    async def _read_all(self) -> None:
        async def step(connection: Connection, _again: bool) -> tuple[int, list[DictRow], list[DictRow]]:  # noqa: FBT001 - as in Step
            await connection.execute("set transaction isolation level repeatable read")
            revision = await (await connection.execute("select n from revisions where name = 'roster'")).fetchone()
            people = await (await connection.execute("select id, person from people order by n")).fetchall()
            places = await (
                await connection.execute("select id, listed, placement from placements order by n")
            ).fetchall()
            return int(revision["n"]) if revision else 0, people, places

        revision, people, places = await self.database.write(step)
        key = self.ring.own(ROSTER)
        known = [person_of(row, key) for row in people]
        placements = [(row["listed"], placement_of(row, key)) for row in places]
        self._remember(
            {p.id: p for p in known},
            {p.id: p for listed, p in placements if listed},
            {p.id: p for listed, p in placements if not listed},
        )
        self._revision = revision

    # Who was not found may just have come, with another replica: nothing is dropped, and nobody refused, before that
    # is sure.

    async def person(self, person_id: str) -> Person | None:
        return await super().person(person_id) or await self._anew(super().person, person_id)

    async def by_object_id(self, object_id: str) -> Person | None:
        return await super().by_object_id(object_id) or await self._anew(super().by_object_id, object_id)

    async def by_email(self, email: str) -> Person | None:
        return await super().by_email(email) or await self._anew(super().by_email, email)

    async def placement(self, placement_id: str) -> Placement | None:
        return await super().placement(placement_id) or await self._anew(super().placement, placement_id)

    async def _anew(self, look: Callable[[str], Coroutine[Any, Any, T]], key: str) -> T:
        self._looked_at = float("-inf")
        return await look(key)

    async def _replace_all(self, people: Sequence[Person], placements: Sequence[Placement]) -> None:
        await self._until_first(lambda: super(PostgresRoster, self)._replace_all(people, placements))

    async def _keep_person(self, person: Person) -> None:
        await self._until_first(lambda: super(PostgresRoster, self)._keep_person(person))

    async def _forget_person(self, person_id: str) -> bool:
        return await self._until_first(lambda: super(PostgresRoster, self)._forget_person(person_id))

    async def _restore(
        self, people: Sequence[Person], listed: Sequence[Placement], former: Sequence[Placement]
    ) -> None:
        await self._until_first(lambda: super(PostgresRoster, self)._restore(people, listed, former))

    async def _until_first(self, change: Callable[[], Coroutine[Any, Any, T]]) -> T:
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
        key = self.ring.own(ROSTER)
        before, places = self._revision, [(True, p) for p in listed.values()] + [(False, p) for p in former.values()]
        changed = [p for p in people.values() if self._people.get(p.id) != p]
        gone = [plain(known) for known in self._people if known not in people]

        async def step(connection: Connection, again: bool) -> None:  # noqa: FBT001 - as in Step
            cursor = await connection.execute(
                "update revisions set n = n + 1 where name = 'roster' and n = %s", (before,)
            )
            if cursor.rowcount != 1:
                del again  # a first try whose answer was lost looks the same: worked out anew, it changes nothing
                raise _Overtaken
            if gone:
                await connection.execute("delete from people where id = any(%s)", (gone,))
            await connection.execute(
                "insert into people (id, email, person) "
                "select id, email, person::json from unnest(%s::text[], %s::text[], %s::text[]) "
                "with ordinality as new (id, email, person, n) order by n "
                "on conflict (id) do update set email = excluded.email, person = excluded.person",
                (
                    [plain(p.id) for p in changed],
                    [unique_email(p.email, key) for p in changed],
                    [sealed_json(key, encode(p), f"person/{plain(p.id)}") for p in changed],
                ),
            )
            if listed is not self._listed or former is not self._former:
                await _write_placements(connection, places, key)

        try:
            await self.database.write(step)
        except errors.UniqueViolation:
            raise RosterFault("Two entries of the roster have the same e-mail address.") from None
        self._revision = before + 1
        self._looked_at = time.monotonic()


def person_of(row: DictRow, key: Key) -> Person:
    """Raises Unreadable, CodecError."""
    return decode(Person, key.open_json(row["person"], f"person/{row['id']}"))


def placement_of(row: DictRow, key: Key) -> Placement:
    """Raises Unreadable, CodecError."""
    return decode(Placement, key.open_json(row["placement"], f"placement/{row['id']}"))


def unique_email(email: str, key: Key) -> str:
    """The same for the same address, and to nobody else's eyes that address."""
    return hmac.digest(key.raw, b"email " + email.casefold().encode("utf-8", "surrogatepass"), "sha256").hex()


async def _write_placements(connection: Connection, places: Sequence[tuple[bool, Placement]], key: Key) -> None:
    await connection.execute("delete from placements")
    await connection.execute(
        "insert into placements (id, n, listed, placement) "
        "select id, n, listed, placement::json from unnest(%s::text[], %s::bool[], %s::text[]) "
        "with ordinality as new (id, listed, placement, n)",
        (
            [plain(p.id) for _, p in places],
            [listed for listed, _ in places],
            [sealed_json(key, encode(p), f"placement/{plain(p.id)}") for _, p in places],
        ),
    )


# -- addresses ---------------------------------------------------------------------------------------------------------


class PostgresAddresses:
    def __init__(self, database: Database, ring: PostgresKeys) -> None:
        self.database = database
        self.ring = ring
        self._unbroken = Unbroken()

    async def keep_address(self, person: str, address: Address) -> None:
        """Writes nothing where it is known already. Raises StoreUnavailable."""
        if await self.address(person) != address:
            await self._unbroken.run(
                self.database.read(
                    "insert into addresses (person, address) values (%s, %s::json) "
                    "on conflict (person) do update set address = excluded.address",
                    *(plain(person), self._sealed(encode(address), f"address/{plain(person)}")),
                )
            )

    async def drop_address(self, person: str) -> None:
        await self._unbroken.run(self.database.read("delete from addresses where person = %s", plain(person)))

    async def address(self, person: str) -> Address | None:
        rows = await self.database.read("select address from addresses where person = %s", plain(person))
        return self._address(person, rows[0]) if rows else None

    async def keep_note(self, key: str, value: str) -> None:
        """An empty value forgets it. Raises StoreUnavailable."""
        if not value:
            await self._unbroken.run(self.database.read("delete from notes where key = %s", plain(key)))
            return
        await self._unbroken.run(
            self.database.read(
                "insert into notes (key, value) values (%s, %s) on conflict (key) do update set value = excluded.value",
                *(plain(key), self._note(key, value)),
            )
        )

    async def keep_first_note(self, key: str, value: str) -> str:
        """See `Addresses.keep_first_note`: the primary key decides."""
        await self._unbroken.run(
            self.database.read(
                "insert into notes (key, value) values (%s, %s) on conflict do nothing",
                *(plain(key), self._note(key, value)),
            )
        )
        return await self.note(key)

    async def note(self, key: str) -> str:
        rows = await self.database.read("select value from notes where key = %s", plain(key))
        return self._opened_note(key, rows[0]) if rows else ""

    async def everything(self) -> tuple[Mapping[str, Address], Mapping[str, str]]:
        """All addresses by person, and all notes by key."""
        addresses = await self.database.read("select person, address from addresses order by n")
        notes = await self.database.read("select key, value from notes order by n")
        return (
            {row["person"]: self._address(row["person"], row) for row in addresses},
            {row["key"]: self._opened_note(row["key"], row) for row in notes},
        )

    def _sealed(self, value: Json, about: str) -> str:
        return sealed_json(self.ring.own(ADDRESSES), value, about)

    def _address(self, person: str, row: DictRow) -> Address:
        return decode(Address, self.ring.own(ADDRESSES).open_json(row["address"], f"address/{plain(person)}"))

    def _note(self, key: str, value: str) -> str:
        return sealed_text(self.ring.own(ADDRESSES), value, f"note/{plain(key)}")

    def _opened_note(self, key: str, row: DictRow) -> str:
        return opened_text(self.ring.own(ADDRESSES), row["value"], f"note/{plain(key)}")
