"""Microsoft, as far as the bot can see it from a university: four hosts over TLS, under a certificate of the tests.

`login.botframework.com` lists the signing keys, `login.microsoftonline.com` gives tokens as Entra does, and
`smba.trafficmanager.net` is the connector: the practice channel, whose people write, press and read.
`graph.microsoft.com` installs the bot for people.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Self

import jwt
import trustme
from aiohttp import web
from cryptography import x509

from bot.practice.channel import Channel
from bot.practice.keys import ISSUER
from tests.school import APP_ID, PASSWORD, TENANT, Wall, cast
from tests.wire.graph import SCOPE, Graph

KEYS = "login.botframework.com"
ENTRA = "login.microsoftonline.com"
CONNECTOR = "smba.trafficmanager.net"
GRAPH = "graph.microsoft.com"
HOSTS = (KEYS, ENTRA, CONNECTOR, GRAPH)
REGION, ELSEWHERE = "/uk", "/emea"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Line(Channel):
    """The practice channel under the connector's real name; its people write to the bot on loopback."""

    def __init__(self) -> None:
        super().__init__(cast(), app_id=APP_ID, app_password=PASSWORD, tenant_id=TENANT, now=Wall())
        self.url = f"https://{CONNECTOR}{REGION}"


class Microsoft:
    """`async with Microsoft(folder) as microsoft:`; *folder* is for the authority's certificate.

    *before* holds what is awaited first for each request to a host: an answer from there is the answer. It is where a
    test makes a service hang, fail or lie.
    """

    def __init__(self, folder: Path) -> None:
        self._authority = trustme.CA(organization_name="Pathway tests")
        self.trusted = folder / "authority.pem"
        self._authority.cert_pem.write_to_path(str(self.trusted))
        self.line = Line()
        self.graph = Graph(self.line)
        self.before: dict[str, Callable[[web.Request], Awaitable[web.StreamResponse | None]]] = {}
        self.after: dict[str, Callable[[web.Request, web.StreamResponse], Awaitable[web.StreamResponse]]] = {}
        """The same, once a request has had its effect: where its answer is lost on the way."""
        self.asked: Counter[str] = Counter()
        """Requests by host and the last part of their path: "login.microsoftonline.com token"."""
        self.connections: Counter[str] = Counter()
        """TLS connections, by the host that they are to."""
        self.certificates: list[x509.Certificate] = []
        """With these a caller may prove who it is, instead of the secret."""
        self.port = 0
        self._bell = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self._open: set[tuple[str, str]] = set()

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[self._watching])
        parts = {
            KEYS: self._keys(),
            ENTRA: self._entra(),
            CONNECTOR: self._connector(),
            GRAPH: self.graph.application(),
        }
        for host, part in parts.items():
            app.add_domain(host, part)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(*HOSTS).configure_cert(context)
        await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=context).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_problem: object) -> None:
        await self.line.stop()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def names(self) -> dict[str, int]:
        return dict.fromkeys(HOSTS, self.port)

    def calls(self, host: str, last: str = "") -> int:
        """How many requests came to *host* whose path ends in *last*."""
        return sum(n for key, n in self.asked.items() if key.startswith(f"{host} ") and key.endswith(last))

    async def until(self, seen: Callable[[], bool], *, seconds: float = 10.0) -> None:
        """Until a request has made *seen* true. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not seen():
                self._bell.clear()
                await self._bell.wait()

    @web.middleware
    async def _watching(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        host = request.host.partition(":")[0]
        self._count(host, request)
        before = self.before.get(host)
        if before is not None and (answer := await before(request)) is not None:
            return answer
        answer = await handler(request)
        after = self.after.get(host)
        return answer if after is None else await after(request, answer)

    def _count(self, host: str, request: web.Request) -> None:
        self._bell.set()
        self.asked[f"{host} {request.path.rpartition('/')[2]}"] += 1
        peer = (host, str(request.transport.get_extra_info("peername")) if request.transport else "")
        if peer not in self._open:
            self._open.add(peer)
            self.connections[host] += 1

    # The hosts

    def _connector(self) -> web.Application:
        outer = web.Application()
        for region in (REGION, ELSEWHERE):
            inner = web.Application()
            self.line.add_to(inner)
            outer.add_subapp(region, inner)
        return outer

    def _keys(self) -> web.Application:
        async def metadata(_request: web.Request) -> web.Response:
            return web.json_response({"issuer": ISSUER, "jwks_uri": f"https://{KEYS}/v1/.well-known/keys"})

        async def keys(_request: web.Request) -> web.Response:
            return web.json_response({"keys": [self.line.key.public(["msteams", "webchat"])]})

        app = web.Application()
        app.router.add_get("/v1/.well-known/openidconfiguration", metadata)
        app.router.add_get("/v1/.well-known/keys", keys)
        return app

    def _entra(self) -> web.Application:
        root = f"https://{ENTRA}/{TENANT}"

        async def metadata(_request: web.Request) -> web.Response:
            return web.json_response(
                {
                    "issuer": f"{root}/v2.0",
                    "token_endpoint": f"{root}/oauth2/v2.0/token",
                    "authorization_endpoint": f"{root}/oauth2/v2.0/authorize",
                }
            )

        async def token(request: web.Request) -> web.Response:
            return self._token(await request.post())

        app = web.Application()
        app.router.add_get(f"/{TENANT}/v2.0/.well-known/openid-configuration", metadata)
        app.router.add_post(f"/{TENANT}/oauth2/v2.0/token", token)
        return app

    def _token(self, form: Mapping[str, Any]) -> web.Response:
        if form.get("client_id") != APP_ID or not self._proves_it(form):
            error = {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."}
            return web.json_response(error, status=401)
        for_graph = form.get("scope") == SCOPE
        token = self.graph.token() if for_graph else self.line.key.for_connector(APP_ID, TENANT)
        return web.json_response({"token_type": "Bearer", "expires_in": 3599, "access_token": token})

    def _proves_it(self, form: Mapping[str, Any]) -> bool:
        assertion = form.get("client_assertion")
        if not assertion:
            return form.get("client_secret") == PASSWORD
        for certificate in self.certificates:
            try:
                jwt.decode(
                    assertion,
                    certificate.public_key(),  # type: ignore[arg-type]
                    algorithms=["RS256", "PS256"],
                    audience=f"https://{ENTRA}/{TENANT}/oauth2/v2.0/token",
                )
            except jwt.PyJWTError:
                continue
            return True
        return False


async def hang(_request: web.Request) -> None:
    """For `before`: an answer that never comes."""
    await asyncio.Event().wait()
