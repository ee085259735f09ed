"""A case as one record, out of its rows and back into them: for exports, and for moving house."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from psycopg.rows import DictRow

from pathway.ports import OutboxItem, Shown, Summary
from storage import record as r
from storage.chain import Entry, about
from storage.codec import encode
from storage.postgres.database import Connection, Database, indexed, plain
from storage.postgres.keys import PostgresKeys, about_letter, about_work, opened_text, sealed_json, sealed_text
from storage.postgres.work import letter_of
from storage.record import Letter, Record, Work
from storage.seal import POST, Key, Unreadable, case_key

_ALIKE = "set transaction isolation level repeatable read"


class WholeRecords:
    def __init__(self, database: Database, ring: PostgresKeys) -> None:
        self.database = database
        self.ring = ring

    async def read(self) -> AsyncIterator[Record]:
        """The messages without a case (where there ever were any), then the cases, the oldest first."""
        post = await self._post()
        if post is not None:
            yield post
        for row in await self.database.read("select case_id from cases order by number"):
            record = await self._case(row["case_id"])
            if record is not None:
                yield record

    async def _case(self, case_id: str) -> Record | None:
        async def step(connection: Connection, _again: bool) -> Record | None:  # noqa: FBT001 - as in Step
            await connection.execute(_ALIKE)

            async def rows(query: Any) -> list[DictRow]:
                cursor = await connection.execute(query, (case_id,))
                return await cursor.fetchall()

            found = await rows("select * from cases where case_id = %s")
            if not found:
                return None
            work = await rows("select * from work where case_id = %s order by id")
            events = await rows("select n, event from events where case_id = %s order by n")
            keys = await rows("select wrapped from case_keys where name = 'case.' || %s and wrapped is not null")
            nonces = await rows("select nonce, version from nonces where case_id = %s order by version, nonce")
            shown = await rows("select * from cards where case_id = %s order by person, kind")
            key = self.ring.from_wrapped(case_id, keys[0]["wrapped"] if keys else None)
            entries = tuple(entry_of(row) for row in events)
            kinds = r.kinds_of((), [key.open_json(x.sealed, about(case_id, x.n)) for x in entries])
            return replace(_record(found[0], work, nonces, shown, key), events=entries, kinds=kinds)

        return await self.database.write(step)

    async def _post(self) -> Record | None:
        nonces = await self.database.read("select nonce from post_nonces order by n")
        work = await self.database.read("select * from work where case_id is null order by id")
        if not nonces and not work:
            return None
        empty = Summary("", "", "", is_open=False, people=())
        letters = tuple(_letter(row, self.ring.own(POST)) for row in work)
        kept = {row["nonce"]: 0 for row in nonces}
        return Record(r.NO_CASE, 0, empty, Work(None), nonces=kept, letters=letters)

    async def write(self, record: Record) -> None:
        """Its events were sealed with the key that the ring has for it. Raises StoreUnavailable, UniqueViolation where
        it is there already; then nothing is written.
        """
        key = await self.ring.made(case_key(plain(record.case_id)))

        async def step(connection: Connection, _again: bool) -> None:  # noqa: FBT001 - as in Step
            if record.case_id == r.NO_CASE:
                for nonce in record.nonces:
                    await connection.execute("insert into post_nonces (nonce) values (%s)", (indexed(nonce),))
            else:
                await _write_case(connection, record, key)
            for letter in record.letters:
                await _write_work(connection, record.case_id, letter.work, key, letter.item)

        await self.database.write(step)


async def _write_case(connection: Connection, record: Record, key: Key) -> None:
    case_id, summary = plain(record.case_id), record.summary
    await connection.execute(
        "insert into cases (case_id, number, version, reference, placement, stage, is_open, people) "
        "values (%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            *(case_id, record.number, record.version, plain(summary.reference), plain(summary.placement)),
            *(summary.stage, summary.is_open, [plain(x) for x in summary.people]),
        ),
    )
    await connection.execute(
        "select setval(pg_get_serial_sequence('cases', 'number'), (select max(number) from cases))"
    )
    await connection.execute(
        "insert into events (case_id, n, event) "
        "select %s, n, event::json from unnest(%s::int[], %s::text[]) as new (n, event)",
        (case_id, [x.n for x in record.events], [written_entry(x) for x in record.events]),
    )
    await connection.execute(
        "insert into nonces (nonce, case_id, version) select nonce, %s, version from unnest(%s::text[], %s::int[]) "
        "as new (nonce, version)",
        (case_id, [indexed(x) for x in record.nonces], list(record.nonces.values())),
    )
    for card in record.shown:
        await connection.execute(
            "insert into cards (case_id, person, kind, activity_id) values (%s, %s, %s, %s)",
            (case_id, plain(card.person), plain(card.kind), plain(card.activity_id)),
        )
    await _write_work(connection, case_id, record.wake, key)
    await connection.execute(
        "insert into work (queue, case_id, key, result, last_fence) "
        "select 'outbox', %s, key, result, nextval('fences') "
        "from unnest(%s::text[], %s::text[]) with ordinality as new (key, result, n) order by n",
        (
            case_id,
            [plain(x) for x in record.settled],
            [sealed_text(key, said, about_work(case_id, x)) for x, said in record.settled.items()],
        ),
    )


async def _write_work(
    connection: Connection, case_id: str, work: Work, key: Key, item: OutboxItem | None = None
) -> None:
    case_id, name = plain(case_id), item.key if item else ""
    await connection.execute(
        "insert into work (queue, case_id, key, recipient, item, due, attempts, tries, error, parked) "
        "values (%s, %s, %s, %s, %s::json, %s, %s, %s, %s, %s)",
        (
            *("outbox" if item else "case", case_id or None, plain(name), plain(item.to) if item else ""),
            sealed_json(key, encode(item), about_letter(case_id, name)) if item else None,
            *(work.due, work.attempts, work.attempts),
            *(sealed_text(key, work.error, about_work(case_id, name)), work.parked),
        ),
    )


def _record(case: DictRow, work: list[DictRow], nonces: list[DictRow], shown: list[DictRow], key: Key) -> Record:
    outbox = [row for row in work if row["queue"] == "outbox"]
    settled = sorted((row for row in outbox if row["result"] is not None), key=lambda row: row["last_fence"])
    return Record(
        case_id=case["case_id"],
        number=case["number"],
        summary=Summary(
            case["reference"], case["placement"], case["stage"], is_open=case["is_open"], people=tuple(case["people"])
        ),
        wake=next(_work(row, key) for row in work if row["queue"] == "case"),
        nonces={row["nonce"]: row["version"] for row in nonces},
        letters=tuple(_letter(row, key) for row in outbox if row["result"] is None),
        settled={
            row["key"]: opened_text(key, row["result"], about_work(case["case_id"], row["key"])) for row in settled
        },
        shown=tuple(Shown(row["person"], row["kind"], row["activity_id"]) for row in shown),
    )


def _letter(row: DictRow, key: Key) -> Letter:
    item = letter_of(row, key)
    if item is None:
        raise Unreadable("a letter without what it says")
    return Letter(item, _work(row, key))


def _work(row: DictRow, key: Key) -> Work:
    error = opened_text(key, row["error"], about_work(row["case_id"] or r.NO_CASE, row["key"]))
    return Work(row["due"], row["attempts"], error, row["parked"])


def entry_of(row: DictRow) -> Entry:
    """Of a row of `events`; one that somebody put there otherwise is no link of any chain."""
    event = row["event"] if isinstance(row["event"], dict) else {}
    return Entry(row["n"], str(event.get("sealed", "")), str(event.get("link", "")))


def written_entry(entry: Entry) -> str:
    return json.dumps({"sealed": entry.sealed, "link": entry.link})
