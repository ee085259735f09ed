"""Connections to one PostgreSQL, and what becomes of their faults.

Nothing here blocks the event loop, and nothing waits for ever: connecting, waiting for a connection, a statement and
the whole of a step have their limits. A connection that broke is replaced; a step that lost its connection is done once
more on another, so a step must be safe to do twice (the nonce or the fence decides).
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, LiteralString, TypeVar

import psycopg
from psycopg import AsyncConnection, conninfo, errors, sql
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from pathway.ports import NotAStore, StoreUnavailable
from storage.postgres.migrations import migrate

log = logging.getLogger(__name__)
T = TypeVar("T")

Connection = AsyncConnection[DictRow]
Step = Callable[[Connection, bool], Awaitable[T]]
"""Done in one transaction; the flag says that it is done again, because the answer to the first time was lost."""

#: Seconds: to connect, to wait for a free connection, for one statement, and for a step with all of this.
CONNECT, WAIT, STATEMENT, PATIENCE = 5, 5.0, 5.0, 12.0
CONNECTIONS = 8
TRIES = 2
#: Characters of an indexed value; PostgreSQL takes some 2,700 bytes.
LONGEST = 500
#: Names the locks of Pathway among those of others in the same database.
LOCKS = 0x5061
HELD_BY_ALL = "select pg_try_advisory_lock_shared(%s, hashtext(current_schema())) as got"
HELD_ALONE = "select pg_try_advisory_lock(%s, hashtext(current_schema())) as got"


class DatabaseInUse(StoreUnavailable):
    """A Pathway runs on the database, or its cases are being moved."""


class Database:
    """Opened once. Every connection shares one advisory lock, by which `alone` sees that somebody is there."""

    def __init__(self, url: str, *, alone: bool = False) -> None:
        """*alone*: nobody else may have the database open, before and meanwhile. Raises NotAStore for a bad URL."""
        try:
            conninfo.conninfo_to_dict(url)
        except psycopg.ProgrammingError:  # its words may hold the password
            raise NotAStore("PATHWAY_STORE is no PostgreSQL URL. Write postgresql://user@host/database.") from None
        self._url = url
        self._alone = alone
        self._pool: AsyncConnectionPool[Connection] | None = None
        self.guard: Callable[[Connection], Awaitable[None]] | None = None
        """Asked before anything is changed at the opening; what it raises ends that."""
        self.patience, self.statement = PATIENCE, STATEMENT

    @property
    def is_open(self) -> bool:
        return self._pool is not None

    # -- opening and closing ---------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Brings the tables up to date. Raises DatabaseInUse, or StoreUnavailable with a sentence."""
        if self._pool is not None:
            return
        await self._first_look(self.guard)
        pool = AsyncConnectionPool(
            self._url,
            connection_class=Connection,
            kwargs=_settings(),
            min_size=1,
            max_size=1 if self._alone else CONNECTIONS,
            timeout=WAIT,
            reconnect_timeout=60,
            max_idle=600,
            configure=self._configure,
            open=False,
        )
        await pool.open()
        self._pool = pool

    async def migrate(self) -> list[str]:
        """Brings the tables up to date, and opens nothing; the names of what was missing."""
        return await self._first_look()

    async def _first_look(self, guard: Callable[[Connection], Awaitable[None]] | None = None) -> list[str]:
        async with self.visit() as connection:
            await _take(connection, HELD_ALONE if self._alone else HELD_BY_ALL)
            if guard is not None:
                await guard(connection)
            return await migrate(connection)

    @asynccontextmanager
    async def visit(self) -> AsyncIterator[Connection]:
        """A connection of its own, whose fault is told in words, without the pool's tries. Raises StoreUnavailable."""
        try:
            async with await Connection.connect(self._url, **_settings()) as connection:
                yield connection
        except psycopg.Error as fault:
            raise StoreUnavailable(f"The database cannot be opened: {_why(fault)}.") from fault

    async def _configure(self, connection: Connection) -> None:
        await connection.execute(
            sql.SQL(
                "set statement_timeout = {}; set idle_in_transaction_session_timeout = {}; "
                # every statement looks something up by its key: to plan it anew each time costs more than to run it
                "set plan_cache_mode = force_generic_plan"
            ).format(sql.Literal(int(self.statement * 1000)), sql.Literal(int(self.statement * 2000)))
        )
        await _take(connection, HELD_ALONE if self._alone else HELD_BY_ALL)

    async def close(self) -> None:
        """Closing twice does nothing."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close(timeout=1.0)

    # -- doing -----------------------------------------------------------------------------------------------------

    async def write(self, step: Step[T]) -> T:
        """*step* in one transaction, committed when this returns.

        Raises StoreUnavailable; then nothing was changed, or, where the answer to COMMIT was lost and nobody answers
        any more, doing it again finds out. What *step* raises (a unique index's refusal, too) undoes the transaction.
        """

        async def whole(connection: Connection, again: bool) -> T:  # noqa: FBT001 - as in Step
            async with connection.transaction():
                return await step(connection, again)

        return await self._tried(whole)

    async def read(self, query: LiteralString, *values: Any) -> list[DictRow]:
        """One statement by itself; also for a change that is safe to repeat."""

        async def ask(connection: Connection, _again: bool) -> list[DictRow]:  # noqa: FBT001 - as in Step
            cursor = await connection.execute(query, values)
            return await cursor.fetchall() if cursor.description else []

        return await self._tried(ask)

    async def _tried(self, step: Step[T]) -> T:
        for n in range(1, TRIES + 1):
            if self._pool is None:
                raise StoreUnavailable("The store is closed.")
            try:
                async with asyncio.timeout(self.patience), self._pool.connection() as connection:
                    return await self._on(connection, step, again=n > 1)
            except (Lost, PoolTimeout, PoolClosed, TimeoutError) as fault:
                log.warning("the database was lost in the middle of a step", extra={"kind": type(fault).__name__})
                if n == TRIES or not isinstance(fault, Lost):
                    raise StoreUnavailable("It could not be saved: the database does not answer.") from fault
                await self._look_over()
        raise AssertionError

    async def _look_over(self) -> None:
        """Where one connection broke, the others may have, too. (Checked one by one as they are handed out, the pool
        would wait longer and longer between them.)
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(WAIT):
                if self._pool is not None:
                    await self._pool.check()

    async def _on(self, connection: Connection, step: Step[T], *, again: bool) -> T:
        try:
            return await step(connection, again)
        except errors.UniqueViolation:
            raise
        except psycopg.DataError as fault:
            raise ValueError(f"the database does not take a value: {type(fault).__name__}") from None
        except psycopg.Error as fault:
            if connection.broken or connection.closed:
                raise Lost from fault
            log.error("the database refused a step", extra={"reason": _why(fault)})  # noqa: TRY400 - it is raised on
            raise StoreUnavailable(f"It could not be saved: {_why(fault)}.") from fault


class Lost(Exception):
    """The connection broke under a step; nobody knows how far it came."""


async def _take(connection: Connection, query: LiteralString) -> None:
    cursor = await connection.execute(query, (LOCKS,))
    row = await cursor.fetchone()
    if row is None or row["got"] is None:
        raise StoreUnavailable("The database cannot be opened: it has no schema of the name in PATHWAY_STORE.")
    if not row["got"]:
        raise DatabaseInUse(
            "The database is in use: a Pathway runs on it, or its cases are being moved. Stop that one first."
        )


def _settings() -> dict[str, Any]:
    return {
        "autocommit": True,
        "row_factory": dict_row,
        "connect_timeout": CONNECT,
        "tcp_user_timeout": int(PATIENCE * 1000),
        "application_name": "pathway",
        "client_encoding": "utf8",
    }


def _why(fault: psycopg.Error) -> str:
    """In our words: the server's may hold what people typed."""
    for kinds, words in _WORDS.items():
        if isinstance(fault, kinds):
            return words
    if isinstance(fault, psycopg.OperationalError) and fault.sqlstate is None:  # while connecting there are only words
        return next((ours for theirs, ours in _CONNECTING if theirs in str(fault)), "nobody answers there")
    return f"the database answered with code {fault.sqlstate or type(fault).__name__}"


_WORDS = {
    (errors.DiskFull, errors.OutOfMemory): "the database's disk is full",
    (errors.QueryCanceled, errors.LockNotAvailable): "the database takes too long",
    (errors.ReadOnlySqlTransaction,): "writing is not allowed there",
    (errors.InsufficientPrivilege,): "the user of PATHWAY_STORE may not do that",
}
_CONNECTING = (
    ("password", "the user or the password of PATHWAY_STORE is refused"),
    ("role ", "the user or the password of PATHWAY_STORE is refused"),
    ("database ", "there is no database of that name"),
)


def indexed(text: str) -> str:
    """The same, short enough for an index, for what comes from outside and may have any length."""
    text = plain(text)
    return text if len(text) <= LONGEST else f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def plain(text: str) -> str:
    """*text* as PostgreSQL takes it: what it cannot keep (NUL, half a surrogate pair) stands there escaped."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("unicode_escape").decode("ascii")
    return text.replace("\0", "\\x00")
