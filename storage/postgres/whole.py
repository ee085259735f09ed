"""A case as one record, out of its rows and back into them: for exports, and for moving house."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from psycopg.rows import DictRow

from pathway.ports import OutboxItem, Shown, Summary
from storage import record as r
from storage.codec import decode, encode
from storage.postgres.database import Connection, Database, indexed, plain
from storage.record import Letter, Record, Work

_ALIKE = "set transaction isolation level repeatable read"


class WholeRecords:
    def __init__(self, database: Database) -> None:
        self.database = database

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
            events = await rows("select event from events where case_id = %s order by n")
            nonces = await rows("select nonce, version from nonces where case_id = %s order by version, nonce")
            shown = await rows("select * from cards where case_id = %s order by person, kind")
            return _record(found[0], work, events, nonces, shown)

        return await self.database.write(step)

    async def _post(self) -> Record | None:
        nonces = await self.database.read("select nonce from post_nonces order by n")
        work = await self.database.read("select * from work where case_id is null order by id")
        if not nonces and not work:
            return None
        empty = Summary("", "", "", is_open=False, people=())
        letters = tuple(_letter(row) for row in work)
        kept = {row["nonce"]: 0 for row in nonces}
        return Record(r.NO_CASE, 0, empty, Work(None), nonces=kept, letters=letters)

    async def write(self, record: Record) -> None:
        """Raises StoreUnavailable, UniqueViolation where it is there already; then nothing is written."""

        async def step(connection: Connection, _again: bool) -> None:  # noqa: FBT001 - as in Step
            if record.case_id == r.NO_CASE:
                for nonce in record.nonces:
                    await connection.execute("insert into post_nonces (nonce) values (%s)", (indexed(nonce),))
            else:
                await _write_case(connection, record)
            for letter in record.letters:
                await _write_work(connection, record.case_id, letter.item.key, letter.work, letter.item)

        await self.database.write(step)


async def _write_case(connection: Connection, record: Record) -> None:
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
        "select %s, n, event::json from unnest(%s::text[]) with ordinality as new (event, n)",
        (case_id, [json.dumps(x) for x in record.events]),
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
    await _write_work(connection, case_id, "", record.wake)
    await connection.execute(
        "insert into work (queue, case_id, key, result, last_fence) "
        "select 'outbox', %s, key, result, nextval('fences') "
        "from unnest(%s::text[], %s::text[]) with ordinality as new (key, result, n) order by n",
        (case_id, [plain(x) for x in record.settled], [plain(x) for x in record.settled.values()]),
    )


async def _write_work(
    connection: Connection, case_id: str, key: str, work: Work, item: OutboxItem | None = None
) -> None:
    await connection.execute(
        "insert into work (queue, case_id, key, recipient, item, due, attempts, tries, error, parked) "
        "values (%s, %s, %s, %s, %s::json, %s, %s, %s, %s, %s)",
        (
            *("outbox" if item else "case", plain(case_id) or None, plain(key), plain(item.to) if item else ""),
            *(json.dumps(encode(item)) if item else None, work.due, work.attempts, work.attempts),
            *(plain(work.error), work.parked),
        ),
    )


def _record(
    case: DictRow, work: list[DictRow], events: list[DictRow], nonces: list[DictRow], shown: list[DictRow]
) -> Record:
    outbox = [row for row in work if row["queue"] == "outbox"]
    settled = sorted((row for row in outbox if row["result"] is not None), key=lambda row: row["last_fence"])
    return Record(
        case_id=case["case_id"],
        number=case["number"],
        summary=Summary(
            case["reference"], case["placement"], case["stage"], is_open=case["is_open"], people=tuple(case["people"])
        ),
        wake=next(_work(row) for row in work if row["queue"] == "case"),
        events=tuple(row["event"] for row in events),
        nonces={row["nonce"]: row["version"] for row in nonces},
        letters=tuple(_letter(row) for row in outbox if row["result"] is None),
        settled={row["key"]: row["result"] for row in settled},
        shown=tuple(Shown(row["person"], row["kind"], row["activity_id"]) for row in shown),
    )


def _letter(row: DictRow) -> Letter:
    return Letter(decode(OutboxItem, row["item"]), _work(row))


def _work(row: DictRow) -> Work:
    return Work(row["due"], row["attempts"], row["error"], row["parked"])
