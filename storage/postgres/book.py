"""The book of cases in PostgreSQL: any number of replicas, each change one transaction.

Who was first is decided by the database: by the version of the case's row, by the unique index of the nonces, by the
one open case a placement may have. Nothing is looked up before to be relied on later. What is to be done stands in
`work.py`.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
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
from storage import chain
from storage import record as r
from storage.chain import Broken, Chain, Entry, Head
from storage.codec import encode, encode_event
from storage.locks import Unbroken
from storage.postgres.clear import seal_rows
from storage.postgres.database import Connection, Database, indexed, plain
from storage.postgres.keys import PostgresKeys, about_letter, about_work, opened_text, sealed_json
from storage.postgres.whole import WholeRecords, entry_of, written_entry
from storage.postgres.work import Workbench
from storage.record import Record
from storage.seal import AUDIT, POST, Key, case_key, new_key

log = logging.getLogger(__name__)
T = TypeVar("T")
#: So often a commit looks who has the placement's open case, where that one closes at the same moment.
LOOKS = 3
#: Seconds, at a stop, for letting go what is claimed: a database that does not answer holds no stop up.
LAST = 2.0
#: Cases whose events are read at one go, where all are.
AT_ONCE = 100


class PostgresCaseBook(Workbench):
    """`pathway.ports.CaseBook`. Opening it opens the database for the other stores, too."""

    def __init__(self, database: Database, ring: PostgresKeys) -> None:
        super().__init__(database, Unbroken(), ring)
        self.whole = WholeRecords(database, ring)

    async def open(self) -> None:
        """Raises StoreUnavailable, with a sentence; with a wrong main key nothing is changed. Opening twice does
        nothing.
        """
        if self.database.is_open:
            return
        await self.database.open()
        try:
            await self.ring.open()
            await seal_rows(self.database, self.ring)
        except BaseException:
            await self.database.close()
            raise

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
        events = [r.written_text(encode_event(x)) for x in commit.events]
        return await self._through(self._commit(commit, events))

    async def _commit(self, commit: Commit, events: Sequence[bytes]) -> Committed:
        async def step(connection: Connection, again: bool) -> Committed:  # noqa: FBT001 - as in Step
            first = await _nonce(connection, commit)
            if first is not None:  # the answer to our own first try may have been lost
                return Committed(first.case_id, first.version, replayed=not again)
            key = await self._case_and_events(connection, commit, events)
            await _wake(connection, commit)
            await queue(connection, commit.case_id, commit.outbox, key)
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

    async def _case_and_events(self, connection: Connection, commit: Commit, events: Sequence[bytes]) -> Key:
        """The key of the case, made where it begins."""
        case_id = plain(commit.case_id)
        wrapped, link = await _case(connection, commit)
        if commit.expected == 0:
            key = new_key()
            await connection.execute(
                "insert into case_keys (name, wrapped) values (%s, %s)",
                (case_key(case_id), self.ring.main.wrap(case_key(case_id), key)),
            )
        else:
            key = self.ring.from_wrapped(case_id, wrapped)
        before = Head(commit.expected, link or "")
        await _events(connection, case_id, chain.sealed_events(case_id, before, events, key, self.ring.own(AUDIT)))
        return key

    async def post(self, items: Sequence[OutboxItem], nonce: str) -> None:
        """See `CaseBook.post`. These nonces are their own: `seen` knows nothing of them."""

        async def step(connection: Connection, _again: bool) -> None:  # noqa: FBT001 - as in Step
            cursor = await connection.execute(
                "insert into post_nonces (nonce) values (%s) on conflict do nothing returning n", (indexed(nonce),)
            )
            row = await cursor.fetchone()
            if row is not None:
                await connection.execute("delete from post_nonces where n <= %s", (row["n"] - r.MOST_NONCES,))
                await queue(connection, r.NO_CASE, copies, self.ring.own(POST))

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
        """Every row of the case goes with it, and its key is destroyed; of its events the links of the chain are left.
        What lies in unused space is PostgreSQL's until it is vacuumed.
        """

        async def step(connection: Connection, again: bool) -> bool:  # noqa: FBT001 - as in Step
            cursor = await connection.execute(
                "select case_id from cases where case_id = %s for update", (plain(case_id),)
            )
            if not await cursor.fetchone():
                return again and await self._is_erased(connection, case_id)
            cursor = await connection.execute(
                "select n, event from events where case_id = %s order by n", (plain(case_id),)
            )
            left = chain.left_of([entry_of(row) for row in await cursor.fetchall()])
            await connection.execute(
                "insert into case_keys (name, erased) values (%s, %s::json) "
                "on conflict (name) do update set wrapped = null, erased = excluded.erased",
                (case_key(plain(case_id)), json.dumps(left)),
            )
            await connection.execute("delete from cases where case_id = %s", (plain(case_id),))
            return True

        if case_id == r.NO_CASE:
            return False
        gone = await self._through(self.database.write(step))
        self.ring.forget(case_key(plain(case_id)))
        return gone

    async def _is_erased(self, connection: Connection, case_id: str) -> bool:
        """Whether the try whose answer was lost has done it."""
        cursor = await connection.execute(
            "select name from case_keys where name = %s and wrapped is null", (case_key(plain(case_id)),)
        )
        return await cursor.fetchone() is not None

    async def _through(self, work: Coroutine[Any, Any, T]) -> T:
        """To its end, also where whoever asked goes away."""
        return await self.unbroken.run(work)

    # -- reading ---------------------------------------------------------------------------------------------------

    async def events(self, case_id: str) -> Sequence[Event]:
        rows = await self.database.read(
            "select 0 as n, to_json(wrapped) as event from case_keys where name = %s and wrapped is not null "
            "union all select n, event from events where case_id = %s order by n",
            *(case_key(plain(case_id)), plain(case_id)),
        )
        if not rows or rows[-1]["n"] == 0:
            return ()
        key = self.ring.from_wrapped(plain(case_id), rows[0]["event"] if rows[0]["n"] == 0 else None)
        return tuple(r.opened(plain(case_id), entry_of(row), key) for row in rows[1:])

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
            "select case_id, key, result, key_of(case_id) as wrapped from work "
            "where coalesce(case_id, '') = %s and queue = 'outbox' and result is not null order by last_fence",
            plain(case_id),
        )
        about = [about_work(plain(case_id), row["key"]) for row in rows]
        return {
            row["key"]: opened_text(self.ring.of_row(row), row["result"], what)
            for row, what in zip(rows, about, strict=True)
        }

    async def export(self) -> AsyncIterator[bytes]:
        """One case a line, the oldest first, as JSON; sealed, as it is kept."""
        async for record in self.records():
            if record.case_id != r.NO_CASE:
                key = await self.ring.key(case_key(record.case_id))
                yield json.dumps(r.write(record, key)).encode() + b"\n"

    def records(self) -> AsyncIterator[Record]:
        """Everything there is, as records; that of messages without a case first."""
        return self.whole.read()

    async def restore(self, record: Record) -> None:
        """A case (or the messages without one) that is not here yet, whole."""
        await self._through(self.whole.write(record))

    async def heads(self) -> Mapping[str, Head]:
        """See `SealedBook.heads`."""
        rows = await self.database.read("select case_id, n, link from heads")
        return {row["case_id"]: Head(row["n"], row["link"]) for row in rows}

    async def restore_head(self, case_id: str, head: Head) -> None:
        await self._through(
            self.database.read(
                "insert into heads (case_id, n, link) values (%s, %s, %s) "
                "on conflict (case_id) do update set n = excluded.n, link = excluded.link",
                *(plain(case_id), head.n, head.link),
            )
        )

    async def verify(self) -> Sequence[Broken]:
        """See `SealedBook.verify`."""
        before = await self.heads()  # what is recorded from here on only moves a chain on
        chains = await self.chains()
        began = {case_id: head for case_id, head in (await self.heads()).items() if case_id in chains}
        return await asyncio.to_thread(chain.verify_all, chains, {**began, **before}, self.ring.own(AUDIT))

    async def chains(self) -> dict[str, Chain | None]:
        """See `SealedBook.chains`."""
        ids = await self._ids("select case_id from cases order by number")
        found: dict[str, Chain | None] = {}
        for start in range(0, len(ids), AT_ONCE):
            some = list(ids[start : start + AT_ONCE])
            rows = await self.database.read(
                "select case_id, n, event from events where case_id = any(%s) order by case_id, n", some
            )
            entries: dict[str, list[Entry]] = {case_id: [] for case_id in some}
            for row in rows:
                entries[row["case_id"]].append(entry_of(row))
            found.update(entries)
        return found | chain.erased_chains(await self.ring.everything())

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


async def _case(connection: Connection, commit: Commit) -> tuple[str | None, str | None]:
    """The row of the case, from one version to the next; its wrapped key and the link of its newest event, None where
    it begins. Raises VersionConflict, UniqueViolation.
    """
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
        "key": case_key(plain(commit.case_id)),
    }
    if commit.expected == 0:
        cursor = await connection.execute(
            "insert into cases (case_id, version, reference, placement, stage, is_open, people) "
            "values (%(case_id)s, %(version)s, %(reference)s, %(placement)s, %(stage)s, %(is_open)s, %(people)s) "
            "on conflict (case_id) do nothing returning null as wrapped, null as link",
            values,
        )
    else:
        cursor = await connection.execute(
            "update cases set version = %(version)s, reference = %(reference)s, placement = %(placement)s, "
            "stage = %(stage)s, is_open = %(is_open)s, people = %(people)s "
            "where case_id = %(case_id)s and version = %(expected)s "
            "returning (select wrapped from case_keys where name = %(key)s) as wrapped, "
            "(select event->>'link' from events where case_id = %(case_id)s and n = %(expected)s) as link",
            values,
        )
    kept = await cursor.fetchone()
    if kept is None:
        cursor = await connection.execute("select version from cases where case_id = %(case_id)s", values)
        row = await cursor.fetchone()
        raise VersionConflict(row["version"] if row else 0)
    return kept["wrapped"], kept["link"]


async def _events(connection: Connection, case_id: str, entries: Sequence[Entry]) -> None:
    """And the head of the chain, which here never lags."""
    if entries:
        await connection.execute(
            "with kept as (insert into events (case_id, n, event) "
            "select %s, n, event::json from unnest(%s::int[], %s::text[]) as new (n, event)) "
            "insert into heads (case_id, n, link) values (%s, %s, %s) "
            "on conflict (case_id) do update set n = excluded.n, link = excluded.link",
            (
                *(case_id, [x.n for x in entries], [written_entry(x) for x in entries]),
                *(case_id, entries[-1].n, entries[-1].link),
            ),
        )


async def _wake(connection: Connection, commit: Commit) -> None:
    await connection.execute(
        "insert into work (queue, case_id, key, due) values ('case', %s, '', %s) "
        "on conflict (coalesce(case_id, ''), queue, key) do update set due = excluded.due, attempts = 0, tries = 0, "
        "error = '', parked = false, fence = excluded.fence, held_until = null, holder = null",
        (plain(commit.case_id), commit.wake_at),
    )


async def queue(connection: Connection, case_id: str, items: Sequence[OutboxItem], key: Key) -> None:
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
                [sealed_json(key, encode(x), about_letter(plain(case_id), x.key)) for x in items],
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
