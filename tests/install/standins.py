"""Microsoft on loopback: the page of keys, Entra, and the address where managed identities are asked, over real TLS."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import trustme
from aiohttp import web

from bot.practice.keys import ISSUER
from tests.mail.graph_standin import Graph
from tests.school import APP_ID, TENANT
from tests.signing import signing_key
from tests.wire.microsoft import ENTRA, GRAPH, KEYS
from tests.wire.running import HOOK, ROOT

SECRET = "wXn8Q~only-for-this-test"
IDENTITY = "169.254.169.254"
GIVEN = {"access_token": "not.for.anybody", "expires_in": 3599, "token_type": "Bearer"}


def refused(code: int, error: str = "invalid_client") -> dict[str, Any]:
    """Entra's answer, which names the app and repeats what it was given."""
    return {
        "error": error,
        "error_description": f"AADSTS{code}: something about app '{APP_ID}' in '{TENANT}', asked by m.ellis@school.example",
        "error_codes": [code],
        "trace_id": "6c1f",
    }


@dataclass
class Microsoft:
    """What it answers can be changed between two questions. *moods* are "well", "hangs", "sign-in", "another",
    "elsewhere", "empty". *clock* is how far Microsoft's clock is ahead of this machine's.
    """

    keys: str = "well"
    entra: Any = field(default_factory=lambda: dict(GIVEN))
    tenant: str = "well"
    identity: Any = field(default_factory=lambda: dict(GIVEN))
    clock: timedelta = timedelta()
    asked: list[str] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    graph: Graph = field(default_factory=Graph)

    def application(self) -> web.Application:
        app = self.graph.application()
        for path in ("/v1/.well-known/openidconfiguration", "/.well-known/openidconfiguration"):
            app.router.add_get(path, self._metadata)
        app.router.add_get("/keys", self._keys)
        app.router.add_get("/{tenant}/v2.0/.well-known/openid-configuration", self._tenant)
        app.router.add_get("/common/discovery/instance", self._instance)
        app.router.add_post("/{tenant}/oauth2/v2.0/token", self._token)
        app.router.add_post("/token", self._token)
        app.router.add_get("/metadata/identity/oauth2/token", self._identity)
        return app

    async def _metadata(self, request: web.Request) -> web.Response:
        self.asked.append("keys")
        if self.keys == "hangs":
            await self.over.wait()
        if self.keys == "sign-in":
            return web.Response(text="<h1>Please sign in to the network</h1>", content_type="text/html")
        keys = "https://evil.example" if self.keys == "elsewhere" else f"{request.scheme}://{request.host}"
        headers = {"Date": format_datetime(datetime.now(UTC) + self.clock, usegmt=True)}
        issuer = "https://evil.example" if self.keys == "another" else ISSUER
        return web.json_response({"issuer": issuer, "jwks_uri": f"{keys}/keys"}, headers=headers)

    async def _keys(self, _request: web.Request) -> web.Response:
        return web.json_response({"keys": [] if self.keys == "empty" else [signing_key().public(["msteams"])]})

    async def _tenant(self, request: web.Request) -> web.Response:
        if self.tenant != "well":
            return web.json_response(refused(90002, "invalid_tenant"), status=400)
        here = f"https://{ENTRA}/{request.match_info['tenant']}"
        return web.json_response(
            {
                "issuer": f"{here}/v2.0",
                "token_endpoint": f"{here}/oauth2/v2.0/token",
                "authorization_endpoint": f"{here}/oauth2/v2.0/authorize",
            }
        )

    async def _instance(self, _request: web.Request) -> web.Response:
        """What msal asks for after a refusal."""
        names = {"preferred_network": ENTRA, "preferred_cache": "login.windows.net", "aliases": [ENTRA]}
        return web.json_response({"tenant_discovery_endpoint": f"https://{ENTRA}", "metadata": [names]})

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        self.asked.append(f"token with {', '.join(sorted(form))}")
        return await self._said(self.entra)

    async def _identity(self, request: web.Request) -> web.Response:
        self.asked.append(f"identity {request.query.get('client_id')}")
        return await self._said(self.identity)

    async def _said(self, answer: Any) -> web.Response:
        if answer == "hangs":
            await self.over.wait()
        return web.json_response(answer, status=200 if "access_token" in answer else 400)


# -- running ----------------------------------------------------------------------------------------------------------


async def _served(stack: AsyncExitStack, microsoft: Microsoft, context: ssl.SSLContext | None) -> int:
    runner = web.AppRunner(microsoft.application(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    port: int = runner.addresses[0][1]
    return port


@asynccontextmanager
async def plainly(microsoft: Microsoft) -> AsyncIterator[str]:
    """Its origin over plain HTTP, as practice mode has it."""
    async with AsyncExitStack() as stack:
        stack.callback(microsoft.over.set)
        yield f"http://127.0.0.1:{await _served(stack, microsoft, None)}"


@asynccontextmanager
async def over_tls(microsoft: Microsoft, folder: Path) -> AsyncIterator[dict[str, str]]:
    """The environment in which a process finds it under its production names, as the bot of `tests/wire` does."""
    authority, context, trusted = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), folder / "ca.pem"
    authority.issue_cert(KEYS, ENTRA, GRAPH).configure_cert(context)
    authority.cert_pem.write_to_path(str(trusted))
    async with AsyncExitStack() as stack:
        secure = await _served(stack, microsoft, context)
        plain = await _served(stack, microsoft, None)
        stack.callback(microsoft.over.set)
        yield {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{HOOK}{os.pathsep}{ROOT}",
            "PATHWAY_TEST_HOSTS": json.dumps({KEYS: secure, ENTRA: secure, GRAPH: secure, IDENTITY: plain}),
            "PATHWAY_TEST_LOOKUPS": str(folder / "lookups.txt"),
            "SSL_CERT_FILE": str(trusted),
            "REQUESTS_CA_BUNDLE": str(trusted),
        }


@dataclass(frozen=True)
class Said:
    status: int
    out: str
    err: str

    def about(self, topic: str) -> list[str]:
        """The lines of one topic, without the topic."""
        lines = (line.split(maxsplit=2) for line in self.out.splitlines())
        return [f"{line[0]} {line[2]}" for line in lines if len(line) == 3 and line[1] == topic]


async def run(env: Mapping[str, str], folder: Path, *command: str) -> Said:
    """`python -m bot ...` in a process of its own, standing in *folder*."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *command, cwd=folder, env=dict(env), stdout=PIPE, stderr=PIPE
    )
    try:
        async with asyncio.timeout(60):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Said(process.returncode or 0, out.decode(), err.decode())


@asynccontextmanager
async def serving(env: Mapping[str, str], folder: Path) -> AsyncIterator[None]:
    """`python -m bot serve` in a process of its own, listening."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "serve", cwd=folder, env=dict(env), stderr=PIPE
    )
    said: list[bytes] = []
    assert process.stderr is not None
    try:
        async with asyncio.timeout(60):
            while b'"listening"' not in b"".join(said):
                line = await process.stderr.readline()
                assert line, b"".join(said).decode()
                said.append(line)
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


@asynccontextmanager
async def proxying(ports: Mapping[str, int]) -> AsyncIterator[tuple[str, list[str]]]:
    """A web proxy on loopback that lets through to *ports* by host name: its address, and whom it was asked for."""
    wanted: list[str] = []
    passing: set[asyncio.Task[None]] = set()

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while part := await source.read(65536):
                sink.write(part)
                await sink.drain()
        except OSError:
            return
        finally:
            sink.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        method, target, _ = (await reader.readuntil(b"\r\n\r\n")).decode().split(maxsplit=2)
        host = target.rpartition(":")[0]
        wanted.append(host)
        if method != "CONNECT" or host not in ports:
            writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            writer.close()
            return
        there, out = await asyncio.open_connection("127.0.0.1", ports[host])
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        passing.update({asyncio.create_task(pump(reader, out)), asyncio.create_task(pump(there, writer))})

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", wanted
    finally:
        server.close()
        for task in passing:
            task.cancel()
        await asyncio.gather(*passing, return_exceptions=True)
