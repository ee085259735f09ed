"""What is still to be done, shared by all replicas: each piece is held by one of them, for a while.

A lease is measured by the database's clock (`lease_clock`, in the first migration), never by a replica's; when a piece
is due is pathway time, which the caller passes in. Every claim gets a fence greater than any before; whoever comes back
with an old one settles nothing. What goes to one person is held by one replica at a time, so that it keeps its order.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

from psycopg.rows import DictRow

from pathway.ports import Claim, OutboxItem, Queue
from storage.codec import decode
from storage.index import outbox_id
from storage.locks import Unbroken
from storage.postgres.database import LOCKS, Connection, Database, plain
from storage.postgres.keys import PostgresKeys, about_letter, about_work, opened_text, sealed_text
from storage.record import NO_CASE
from storage.seal import Key, KeyGone

#: Outbox work is given out by one replica at a time: it must see what the others hold.
_ONE_AT_A_TIME = "select pg_advisory_xact_lock(%s + 2, hashtext(current_schema()))"
_CLAIM = """
with clock as materialized (select lease_clock() as at),
busy as materialized (
    select distinct recipient from work
    where queue = %(queue)s and queue = 'outbox' and held_until > (select at from clock) and holder <> %(holder)s
),
free as materialized (
    select id from work
    where queue = %(queue)s and due is not null and not parked and due <= %(now)s
      and (held_until is null or held_until <= (select at from clock))
      and recipient not in (select recipient from busy)
      and (coalesce(case_id, ''), key) not in (select * from unnest(%(cases)s::text[], %(keys)s::text[]))
    order by due, id
    limit %(limit)s
    for update skip locked
)
update work
set fence = nextval('fences'), tries = greatest(attempts, tries) + 1, holder = %(holder)s,
    held_until = (select at from clock) + %(lease)s
where id in (select id from free)
returning *, key_of(case_id) as wrapped
"""
_HOLD = """
with clock as materialized (select lease_clock() as at)
update work
set fence = nextval('fences'), tries = greatest(attempts, tries), holder = %(holder)s,
    held_until = (select at from clock) + %(lease)s
where queue = 'outbox' and coalesce(case_id, '') = %(case)s and key = %(key)s and result is null and due is not null
  and (held_until is null or held_until <= (select at from clock))
returning *, key_of(case_id) as wrapped
"""
_WOKEN = """
update work set due = %(at)s, attempts = 0, tries = 0, error = '', parked = false,
    held_until = null, holder = null, last_fence = fence, fence = nextval('fences')
where queue = %(queue)s and coalesce(case_id, '') = %(case)s and key = %(key)s and fence = %(fence)s
"""
_DELIVERED = """
update work set result = %(error)s, item = null, due = null, error = '', parked = false,
    held_until = null, holder = null, last_fence = fence, fence = nextval('fences')
where queue = %(queue)s and coalesce(case_id, '') = %(case)s and key = %(key)s and fence = %(fence)s
"""
_GONE = """
delete from work
where queue = %(queue)s and coalesce(case_id, '') = %(case)s and key = %(key)s and fence = %(fence)s
"""
_PUT_OFF = """
update work set due = %(at)s, attempts = %(attempts)s, tries = %(attempts)s, error = %(error)s, parked = %(parked)s,
    held_until = null, holder = null, last_fence = fence, fence = nextval('fences')
where queue = %(queue)s and coalesce(case_id, '') = %(case)s and key = %(key)s and fence = %(fence)s
"""


class Workbench:
    """The half of the book that hands out work and takes it back."""

    def __init__(self, database: Database, unbroken: Unbroken, ring: PostgresKeys) -> None:
        self.database = database
        self.ring = ring
        self.unbroken = unbroken
        self.holder = secrets.token_hex(8)
        self._settling: Counter[tuple[Queue, str, str]] = Counter()

    # -- claiming --------------------------------------------------------------------------------------------------

    async def claim(self, queue: Queue, owner: str, now: datetime, limit: int, lease: timedelta) -> Sequence[Claim]:
        """See `CaseBook.claim`. *owner* is told apart by the replica, too."""
        del owner
        settling = [(case_id, key) for of, case_id, key in self._settling if of == queue]
        values = {
            "queue": queue,
            "now": now,
            "limit": limit,
            "lease": lease,
            "holder": self.holder,
            "cases": [case_id for case_id, _ in settling],
            "keys": [key for _, key in settling],
        }

        async def step(connection: Connection, _again: bool) -> list[DictRow]:  # noqa: FBT001 - as in Step
            if queue == "outbox":
                await connection.execute(_ONE_AT_A_TIME, (LOCKS,))
            cursor = await connection.execute(_CLAIM, values)
            return await cursor.fetchall()

        rows = await self.database.write(step)
        return [self._claim(row, row["tries"]) for row in sorted(rows, key=lambda row: (row["due"], row["id"]))]

    async def extend(self, claim: Claim, now: datetime, lease: timedelta, error: str = "") -> bool:
        """See `CaseBook.extend`."""
        del now
        try:
            said = await self._sealed(claim, error)
        except KeyGone:  # its case was erased
            return False
        rows = await self.database.read(
            "update work set held_until = lease_clock() + %s, error = coalesce(nullif(%s, ''), error) "
            "where queue = %s and coalesce(case_id, '') = %s and key = %s and fence = %s and held_until is not null "
            "returning id",
            *(lease, said, claim.queue, plain(claim.case_id), plain(_key(claim)), claim.fence),
        )
        return bool(rows)

    async def hold(self, item: str, owner: str, now: datetime, lease: timedelta) -> Claim | None:
        """See `CaseBook.hold`."""
        del owner, now
        case_id, _, key = item.partition("/")
        if ("outbox", case_id, key) in self._settling:
            return None
        values = {"lease": lease, "holder": self.holder, "case": plain(case_id), "key": plain(key)}

        async def step(connection: Connection, _again: bool) -> list[DictRow]:  # noqa: FBT001 - as in Step
            await connection.execute(_ONE_AT_A_TIME, (LOCKS,))
            cursor = await connection.execute(_HOLD, values)
            return await cursor.fetchall()

        rows = await self.database.write(step)
        return self._claim(rows[0], rows[0]["tries"]) if rows else None

    async def let_go(self) -> None:
        """What is claimed here may be claimed by others at once."""
        await self.database.read(
            "update work set held_until = null, holder = null, tries = attempts, fence = nextval('fences') "
            "where held_until is not null and holder = %s",
            self.holder,
        )

    # -- settling --------------------------------------------------------------------------------------------------

    async def complete(self, claim: Claim, result: str, *, wake_at: datetime | None = None) -> bool:
        letter = _GONE if claim.case_id == NO_CASE else _DELIVERED
        return await self._settle(claim, _WOKEN if claim.queue == "case" else letter, at=wake_at, error=result)

    async def retry(self, claim: Claim, at: datetime, error: str) -> bool:
        """Also takes a parked piece of work up again."""
        return await self._settle(claim, _PUT_OFF, at=at, error=error)

    async def park(self, claim: Claim, error: str) -> bool:
        return await self._settle(claim, _PUT_OFF, at=claim.due, error=error, parked=True)

    async def _settle(
        self, claim: Claim, change: LiteralString, *, at: datetime | None, error: str, parked: bool = False
    ) -> bool:
        piece = (claim.queue, claim.case_id, _key(claim))
        try:
            said = await self._sealed(claim, error)
        except KeyGone:  # its case was erased
            return False
        values = {
            "queue": claim.queue,
            "case": plain(claim.case_id),
            "key": plain(_key(claim)),
            "fence": claim.fence,
            "attempts": claim.attempts,
            "at": at,
            "error": said,
            "parked": parked,
        }

        async def step(connection: Connection, again: bool) -> bool:  # noqa: FBT001 - as in Step
            cursor = await connection.execute(change, values)
            return cursor.rowcount == 1 or (again and await _was_ours(connection, values))

        self._settling[piece] += 1  # nobody here claims it while it is written
        return await self.unbroken.run(self._settled(piece, self.database.write(step)))

    async def _settled(self, piece: tuple[Queue, str, str], writing: Any) -> bool:
        try:
            return bool(await writing)
        finally:
            self._settling[piece] -= 1
            if not self._settling[piece]:
                del self._settling[piece]

    # -- looking ---------------------------------------------------------------------------------------------------

    async def parked(self) -> Sequence[Claim]:
        """The longest due first. A claim from here can be put back with `retry`."""
        rows = await self.database.read("select *, key_of(case_id) as wrapped from work where parked order by due, id")
        return [self._claim(row, row["attempts"]) for row in rows]

    async def delayed(self, attempts: int) -> Sequence[Claim]:
        """See `CaseBook.delayed`. Fence 0 is never given out, so these claims settle nothing."""
        rows = await self.database.read(
            "select *, key_of(case_id) as wrapped from work where queue = 'outbox' and attempts >= %s and not parked "
            "and result is null order by due, id",
            attempts,
        )
        return [self._claim({**row, "fence": 0}, row["attempts"]) for row in rows]

    async def next_due(self, queue: Queue) -> datetime | None:
        """See `CaseBook.next_due`. The end of a lease is of the database's clock."""
        rows = await self.database.read(
            "select least("
            "(select due from work where queue = %s and due is not null and not parked and held_until is null "
            "order by due limit 1), "
            "(select min(greatest(due, held_until)) from work where queue = %s and held_until is not null)) as next",
            *(queue, queue),
        )
        found = rows[0]["next"]
        return found.astimezone(UTC) if found else None

    # -- what is sealed of it --------------------------------------------------------------------------------------

    async def _sealed(self, claim: Claim, said: str) -> str:
        """Raises KeyGone."""
        if not said:
            return ""
        key = await self.ring.to_seal(plain(claim.case_id))
        return sealed_text(key, said, about_work(plain(claim.case_id), _key(claim)))

    def _claim(self, row: DictRow, attempts: int) -> Claim:
        case_id = row["case_id"] or NO_CASE
        return Claim(
            queue=row["queue"],
            id=outbox_id(case_id, row["key"]) if row["queue"] == "outbox" else case_id,
            case_id=case_id,
            fence=row["fence"],
            due=row["due"].astimezone(UTC),
            attempts=attempts,
            item=letter_of(row, self.ring.of_row(row)),
            error=opened_text(self.ring.of_row(row), row["error"], about_work(case_id, row["key"])),
        )


def letter_of(row: DictRow, key: Key) -> OutboxItem | None:
    """None for what is no letter, or settled. Raises Unreadable."""
    if row["item"] is None:
        return None
    return decode(OutboxItem, key.open_json(row["item"], about_letter(row["case_id"] or NO_CASE, row["key"])))


async def _was_ours(connection: Connection, values: dict[str, Any]) -> bool:
    """Whether the try whose answer was lost has settled it after all. A message without a case is gone then."""
    cursor = await connection.execute(
        "select last_fence from work where queue = %(queue)s and coalesce(case_id, '') = %(case)s and key = %(key)s",
        values,
    )
    row = await cursor.fetchone()
    return bool(row["last_fence"] == values["fence"]) if row else values["case"] == NO_CASE


def _key(claim: Claim) -> str:
    return claim.id.removeprefix(outbox_id(claim.case_id, "")) if claim.queue == "outbox" else ""
