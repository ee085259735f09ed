"""A line to PostgreSQL that can break: a Unix socket before the server's own, in the hands of a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from psycopg import conninfo

SOCKET = ".s.PGSQL.5432"


class Line:
    """Passes everything on. `loses_commits`: so many answers to COMMIT are lost, and their connections with them.
    `is_cut`: nobody is let in. `hangs`: what the server says is not passed on any more.
    """

    def __init__(self, url: str) -> None:
        self._server = {k: str(v) for k, v in conninfo.conninfo_to_dict(url).items() if v is not None}
        self._open: set[asyncio.StreamWriter] = set()
        self.loses_commits = 0
        self.lost = 0
        self.is_cut = False
        self.hangs = False

    def url(self, folder: Path) -> str:
        options = quote(self._server.get("options", ""))
        return f"postgresql://{self._server['user']}@/{self._server['dbname']}?host={folder}&options={options}"

    def cut(self) -> None:
        self.is_cut = True
        self.drop()

    def drop(self) -> None:
        """All connections there are."""
        for writer in tuple(self._open):
            writer.transport.abort()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_cut:
            writer.transport.abort()
            return
        if self.hangs:  # somebody wants to cancel what hangs
            writer.transport.abort()
            self.drop()
            return
        there, there_writer = await self._connected()
        self._open |= {writer, there_writer}
        losing = asyncio.Event()
        try:
            done, going = await asyncio.wait(
                {
                    asyncio.ensure_future(self._out(reader, there_writer, losing)),
                    asyncio.ensure_future(self._back(there, writer, losing)),
                },
                return_when=asyncio.FIRST_COMPLETED,
            )
            for task in going:
                task.cancel()
            await asyncio.gather(*done, *going, return_exceptions=True)
        finally:
            self._open -= {writer, there_writer}
            writer.transport.abort()
            there_writer.close()

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = self._server.get("host", ""), self._server.get("port", "5432")
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host or "127.0.0.1", int(port))

    async def _out(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, losing: asyncio.Event) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                if b"COMMIT" in data and self.loses_commits:
                    self.loses_commits -= 1
                    losing.set()
                writer.write(data)
                await writer.drain()

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, losing: asyncio.Event) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                if losing.is_set():  # it is done, and nobody hears of it
                    self.lost += 1
                    return
                if not self.hangs:
                    writer.write(data)
                    await writer.drain()


@asynccontextmanager
async def line_to(url: str, folder: Path) -> AsyncIterator[tuple[Line, str]]:
    """The line, and the URL that leads over it; *folder* is short, as the path of a socket must be."""
    line = Line(url)
    server = await asyncio.start_unix_server(line.take, folder / SOCKET)
    try:
        yield line, line.url(folder)
    finally:
        server.close()
        line.drop()
