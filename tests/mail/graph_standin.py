"""Graph's mail and calendars on loopback, as far as letters and the doctor need them, held to the published contract."""

from __future__ import annotations

import asyncio
import functools
import json
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web
from openapi_core import Config, OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest
from openapi_core.exceptions import OpenAPIError
from requests import Request

CONTRACT = Path(__file__).parents[3] / "shared" / "contracts" / "graph-subset.openapi.yaml"
TOKEN = "graph-for-a-test"


@functools.cache
def contract() -> Any:
    """None in a clone without it."""
    if not CONTRACT.is_file():
        return None
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document = yaml.load(CONTRACT.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - a safe loader, both
    return OpenAPI.from_dict(document, config=Config(spec_validator_cls=None))  # type: ignore[arg-type]  # None: as documented


class Graph:
    """*sends_from* and *reads* are the mailboxes that the bot may use; *mailboxes* all there are. *answers* are given
    to the next requests instead: a status with headers and perhaps a code, "lost" after the letter has gone, or
    "hangs".
    """

    def __init__(self, *mailboxes: str) -> None:
        self.mailboxes = set(mailboxes)
        self.sends_from: set[str] = set()
        self.reads: set[str] = set()
        self.answers: list[Any] = []
        self.sent: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.tokens = {TOKEN}
        self.marks: list[str] = []
        self.in_flight = self.most = 0
        self.hold: asyncio.Event | None = None
        self.over = asyncio.Event()
        self.came = asyncio.Condition()

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/v1.0/users/{user}/sendMail", self._mail)
        app.router.add_get("/v1.0/users/{user}/calendar", self._calendar)
        return app

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """The root under which it is asked."""
        runner = web.AppRunner(self.application(), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1.0"
        finally:
            self.over.set()
            await runner.cleanup()

    async def holds(self, letters: int) -> None:
        """Until so many are under way."""
        async with asyncio.timeout(5), self.came:
            await self.came.wait_for(lambda: self.in_flight >= letters)

    async def _mail(self, request: web.Request) -> web.StreamResponse:
        async with self.came:
            self.in_flight += 1
            self.most = max(self.most, self.in_flight)
            self.came.notify_all()
        try:
            if self.hold is not None:
                await self.hold.wait()
            return await self._answer(request, self.sends_from)
        finally:
            self.in_flight -= 1

    async def _calendar(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, self.reads)

    async def _answer(self, request: web.Request, granted: set[str]) -> web.StreamResponse:
        body = await request.read()
        self._hold_to_contract(request, body)
        user = request.match_info["user"]
        self.asked.append(f"{request.method} {user}")
        self.marks.append(request.headers.get("client-request-id", ""))
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return _error(401, "InvalidAuthenticationToken")
        answer = self.answers.pop(0) if self.answers else None
        if answer == "hangs":
            await self.over.wait()
        if answer is not None and answer != "lost":
            status, headers, code = (*answer, "ServiceUnavailable")[:3]
            return _error(status, code, headers)
        if user not in self.mailboxes or user not in granted:
            return _error(403, "ErrorAccessDenied") if user in self.mailboxes else _error(404, "ErrorInvalidUser")
        if request.method == "GET":
            return web.json_response({"id": "AAMk"})
        message = json.loads(body)["message"]
        if not message["toRecipients"]:
            return _error(400, "ErrorInvalidRecipients")
        self.sent.append(message)
        if answer == "lost" and request.transport is not None:
            request.transport.abort()
        return web.Response(status=202)

    def _hold_to_contract(self, request: web.Request, body: bytes) -> None:
        if contract() is None:
            return
        asked = Request(
            request.method, f"https://graph.microsoft.com{request.path_qs}", headers=dict(request.headers), data=body
        )
        try:
            contract().validate_request(RequestsOpenAPIRequest(asked))
        except OpenAPIError as fault:
            errors = getattr(fault.__cause__, "schema_errors", ())
            self.complaints.append(f"{request.method} {request.path}: {fault} {[e.message for e in errors]}")


def attached(message: dict[str, Any]) -> bytes:
    """The one attachment of a message."""
    (one,) = message["attachments"]
    return b64decode(one["contentBytes"], validate=True)


def _error(status: int, code: str, headers: dict[str, str] | None = None) -> web.Response:
    body = {"error": {"code": code, "message": "A made-up sentence."}}
    return web.json_response(body, status=status, headers=headers)
