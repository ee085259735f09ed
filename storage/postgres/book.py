"""The book of cases in PostgreSQL: any number of replicas, each change one transaction.

Who was first is decided by the database: by the version of the case's row, by the unique index of the nonces, by the
one open case a placement may have. Nothing is looked up before to be relied on later. What is to be done stands in
`work.py`.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Coroutine, Sequence
from typing import Any, TypeVar

from psycopg import errors

from pathway.events import Event
from pathway.ports import (
    AlreadyOpen,
    Commit,
    Committed,
    Health,
    OutboxItem,
    Shown,
    StoreUnavailable,
    VersionConflict,
)
from storage import record as r
from storage.codec import decode_event, encode, encode_event
from storage.locks import Unbroken
from storage.postgres.database import Connection, Database, indexed, plain
from storage.postgres.whole import WholeRecords
from storage.postgres.work import Workbench
from storage.record import Record

log = logging.getLogger(__name__)
T = TypeVar("T")
#: So often a commit looks who has the placement's open case, where that one closes at the same moment.
LOOKS = 3
#: Seconds, at a stop, for letting go what is claimed: a database that does not answer holds no stop up.
LAST = 2.0


class PostgresCaseBook(Workbench):
    """`pathway.ports.CaseBook`. Opening it opens the database for the other stores, too."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, Unbroken())
        self.whole = WholeRecords(database)

    async def open(self) -> None:
        """Raises StoreUnavailable, with a sentence. Opening twice does nothing."""
        await self.database.open()

    async def close(self) -> None:
        """Waits for what is being written, and lets go what is still claimed here. Closing twice does nothing."""
        await self.unbroken.finish()
        try:
            if self.database.is_open:
                async with asyncio.timeout(LAST):
                    await self.let_go()
        except (StoreUnavailable, TimeoutError):
            log.warning("what is still claimed here could not be let go; its leases end by themselves")
        finally:
            await self.database.close()

    # -- recording -------------------------------------------------------------------------------------------------

    async def commit(self, commit: Commit) -> Committed:
        """See `CaseBook.commit`. A lease on the case's wake time ends with it: the commit has set the next one."""
        if commit.case_id == r.NO_CASE:
            raise ValueError("a case has an id")
        if commit.expected == 0 and not commit.events:
            raise ValueError("a case begins with an event")
        events = [json.dumps(encode_event(x)) for x in commit.events]
        return await self._through(self._commit(commit, events))

    async def _commit(self, commit: Commit, events: Sequence[str]) -> Committed:
        async def step(connection: Connection, again: bool) -> Committed:  # noqa: FBT001 - as in Step
            first = await _nonce(connection, commit)
            if first is not None:  # the answer to our own first try may have been lost
                return Committed(first.case_id, first.version, replayed=not again)
            await _case(connection, commit)
            await _events(connection, commit, events)
            await _wake(connection, commit)
            await queue(connection, commit.case_id, commit.outbox)
            for card in commit.shown:
                await _show(connection, commit.case_id, card)
            return Committed(commit.case_id, commit.expected + len(events))

        for _ in range(LOOKS):
            try:
                return await self.database.write(step)
            except errors.UniqueViolation as fault:
                if fault.diag.constraint_name != "one_open_case":
                    raise StoreUnavailable("It could not be saved: two at once.") from None
            if other := await self.open_case_of(commit.summary.placement):
                raise AlreadyOpen(other)
        raise StoreUnavailable("It could not be saved: the placement's case changes all the time.")

    async def post(self, items: Sequence[OutboxItem], nonce: str) -> None:
        """See `CaseBook.post`. These nonces are their own: `seen` knows nothing of them."""

        async def step(connection: Connection, _again: bool) -> None:  # noqa: FBT001 - as in Step
            cursor = await connection.execute(
                "insert into post_nonces (nonce) values (%s) on conflict do nothing returning n", (indexed(nonce),)
            )
            row = await cursor.fetchone()
            if row is not None:
                await connection.execute("delete from post_nonces where n <= %s", (row["n"] - r.MOST_NONCES,))
                await queue(connection, r.NO_CASE, copies)

        copies = tuple(items)
        await self._through(self.database.write(step))

    async def show(self, case_id: str, shown: Shown) -> None:
        """A case that has been erased meanwhile stays erased."""

        async def step(connection: Connection, _again: bool) -> None:  # noqa: FBT001 - as in Step
            cursor = await connection.execute(
                "select case_id from cases where case_id = %s for key share", (plain(case_id),)
            )
            if await cursor.fetchone():
                await _show(connection, case_id, shown)

        await self._through(self.database.write(step))

    async def erase(self, case_id: str) -> bool:
        """Every row of the case goes with it. What lies in unused space is PostgreSQL's until it is vacuumed."""
        gone = self.database.read("delete from cases where case_id = %s returning case_id", plain(case_id))
        return bool(await self._through(gone))

    async def _through(self, work: Coroutine[Any, Any, T]) -> T:
        """To its end, also where whoever asked goes away."""
        return await self.unbroken.run(work)

    # -- reading ---------------------------------------------------------------------------------------------------

    async def events(self, case_id: str) -> Sequence[Event]:
        rows = await self.database.read("select event from events where case_id = %s order by n", plain(case_id))
        return tuple(decode_event(row["event"]) for row in rows)

    async def seen(self, nonce: str) -> Committed | None:
        rows = await self.database.read("select case_id, version from nonces where nonce = %s", indexed(nonce))
        return Committed(rows[0]["case_id"], rows[0]["version"]) if rows else None

    async def cases_of(self, people: str | None, *, open_only: bool = True) -> Sequence[str]:
        if people is None and open_only:
            return await self._ids("select case_id from cases where is_open order by number desc")
        if people is None:
            return await self._ids("select case_id from cases order by number desc")
        rows = await self.database.read(
            "select case_id, number, is_open from cases where people @> array[%s::text]", plain(people)
        )
        rows.sort(key=lambda row: row["number"], reverse=True)
        return tuple(row["case_id"] for row in rows if row["is_open"] or not open_only)

    async def open_case_of(self, placement: str) -> str | None:
        found = await self._ids("select case_id from cases where placement = %s and is_open", plain(placement))
        return next(iter(found), None)

    async def cases_of_placement(self, placement: str) -> Sequence[str]:
        return await self._ids("select case_id from cases where placement = %s order by number desc", plain(placement))

    async def case_with_reference(self, reference: str) -> str | None:
        found = await self._ids(
            "select case_id from cases where reference = %s order by number desc limit 1", plain(reference)
        )
        return next(iter(found), None)

    async def _ids(self, query: Any, *values: str) -> tuple[str, ...]:
        return tuple(row["case_id"] for row in await self.database.read(query, *values))

    async def shown(self, case_id: str) -> Sequence[Shown]:
        rows = await self.database.read(
            "select person, kind, activity_id from cards where case_id = %s order by person, kind", plain(case_id)
        )
        return tuple(Shown(row["person"], row["kind"], row["activity_id"]) for row in rows)

    async def sent(self, case_id: str) -> dict[str, str]:
        rows = await self.database.read(
            "select key, result from work where coalesce(case_id, '') = %s and queue = 'outbox' and result is not null "
            "order by last_fence",
            plain(case_id),
        )
        return {row["key"]: row["result"] for row in rows}

    async def export(self) -> AsyncIterator[bytes]:
        """One case a line, the oldest first, as JSON."""
        async for record in self.records():
            if record.case_id != r.NO_CASE:
                yield json.dumps(r.write(record)).encode() + b"\n"

    def records(self) -> AsyncIterator[Record]:
        """Everything there is, as records; that of messages without a case first."""
        return self.whole.read()

    async def restore(self, record: Record) -> None:
        """A case (or the messages without one) that is not here yet, whole."""
        await self._through(self.whole.write(record))

    async def health(self) -> Health:
        """A small write: a database that only reads is not well."""
        if not self.database.is_open:
            return Health(ok=False, sentence="The store is closed.")
        try:
            await self.database.read(
                "insert into probe (at) values (now()) on conflict (only_one) do update set at = excluded.at"
            )
        except StoreUnavailable as fault:
            return Health(ok=False, sentence=str(fault))
        return Health(ok=True, sentence="The store reads and writes.")


# -- the parts of a commit ---------------------------------------------------------------------------------------------


async def _nonce(connection: Connection, commit: Commit) -> Committed | None:
    """What the nonce led to, where it was used before. Whoever uses it at this moment is waited for."""
    nonce = indexed(commit.nonce)
    cursor = await connection.execute(
        "insert into nonces (nonce, case_id, version) values (%s, %s, %s) on conflict do nothing returning nonce",
        (nonce, plain(commit.case_id), commit.expected + len(commit.events)),
    )
    if await cursor.fetchone():
        return None
    cursor = await connection.execute("select case_id, version from nonces where nonce = %s", (nonce,))
    row = await cursor.fetchone()
    if row is None:  # its case was erased in between
        raise StoreUnavailable("It could not be saved: the case was erased.")
    return Committed(row["case_id"], row["version"])


async def _case(connection: Connection, commit: Commit) -> None:
    """The row of the case, from one version to the next. Raises VersionConflict, UniqueViolation."""
    summary = commit.summary
    values = {
        "case_id": plain(commit.case_id),
        "expected": commit.expected,
        "version": commit.expected + len(commit.events),
        "reference": plain(summary.reference),
        "placement": plain(summary.placement),
        "stage": summary.stage,
        "is_open": summary.is_open,
        "people": [plain(x) for x in summary.people],
    }
    if commit.expected == 0:
        cursor = await connection.execute(
            "insert into cases (case_id, version, reference, placement, stage, is_open, people) "
            "values (%(case_id)s, %(version)s, %(reference)s, %(placement)s, %(stage)s, %(is_open)s, %(people)s) "
            "on conflict (case_id) do nothing",
            values,
        )
    else:
        cursor = await connection.execute(
            "update cases set version = %(version)s, reference = %(reference)s, placement = %(placement)s, "
            "stage = %(stage)s, is_open = %(is_open)s, people = %(people)s "
            "where case_id = %(case_id)s and version = %(expected)s",
            values,
        )
    if cursor.rowcount != 1:
        cursor = await connection.execute("select version from cases where case_id = %(case_id)s", values)
        row = await cursor.fetchone()
        raise VersionConflict(row["version"] if row else 0)


async def _events(connection: Connection, commit: Commit, events: Sequence[str]) -> None:
    if events:
        await connection.execute(
            "insert into events (case_id, n, event) "
            "select %s, %s + n, event::json from unnest(%s::text[]) with ordinality as new (event, n)",
            (plain(commit.case_id), commit.expected, list(events)),
        )


async def _wake(connection: Connection, commit: Commit) -> None:
    await connection.execute(
        "insert into work (queue, case_id, key, due) values ('case', %s, '', %s) "
        "on conflict (coalesce(case_id, ''), queue, key) do update set due = excluded.due, attempts = 0, tries = 0, "
        "error = '', parked = false, fence = excluded.fence, held_until = null, holder = null",
        (plain(commit.case_id), commit.wake_at),
    )


async def queue(connection: Connection, case_id: str, items: Sequence[OutboxItem]) -> None:
    """Those whose key the case has not seen before, in their order."""
    if items:
        await connection.execute(
            "insert into work (queue, case_id, key, recipient, item, due) "
            "select 'outbox', %s, key, recipient, item::json, due "
            "from unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[]) "
            "with ordinality as new (key, recipient, item, due, n) order by n "
            "on conflict (coalesce(case_id, ''), queue, key) do nothing",
            (
                plain(case_id) or None,
                [plain(x.key) for x in items],
                [plain(x.to) for x in items],
                [json.dumps(encode(x)) for x in items],
                [x.not_before for x in items],
            ),
        )


async def _show(connection: Connection, case_id: str, card: Shown) -> None:
    if not card.activity_id:
        await connection.execute(
            "delete from cards where case_id = %s and person = %s and kind = %s",
            (plain(case_id), plain(card.person), plain(card.kind)),
        )
        return
    await connection.execute(
        "insert into cards (case_id, person, kind, activity_id) values (%s, %s, %s, %s) "
        "on conflict (case_id, person, kind) do update set activity_id = excluded.activity_id "
        "where cards.activity_id is distinct from excluded.activity_id",
        (plain(case_id), plain(card.person), plain(card.kind), plain(card.activity_id)),
    )
