"""Microsoft Graph among the tests' hosts: installs the bot for people, sends letters and keeps calendars, and checks what
it is asked for.

What a request must look like is taken from the published contract where that lies beside the clone; a few words of it
are checked in any case.
"""

from __future__ import annotations

import asyncio
import functools
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from aiohttp import web
from jsonschema import Draft202012Validator

from bot.practice import graph as practice
from bot.practice.calendars import Calendars
from bot.practice.people import PracticePerson
from tests.graph_contract import Contract
from tests.school import in_tenant, mailbox_of

if TYPE_CHECKING:
    from bot.practice.channel import Channel

CONTRACT = Path(__file__).parents[3] / "shared" / "contracts" / "graph-subset.openapi.yaml"
INSTALLED_APPS = "/users/{user-id}/teamwork/installedApps"
BINDING = re.compile(r"https://graph\.microsoft\.com/v1\.0/appCatalogs/teamsApps/([^/]+)")
SCOPE = "https://graph.microsoft.com/.default"


class Graph:
    """*granted*: the tenant's consent; *complaints*: what a request had that the contract does not know."""

    def __init__(self, line: Channel) -> None:
        self.line = line
        self.catalogue_app = "7d1f6f0e-2f4b-4f0d-9a53-1c5e8a1b2c3d"
        self.granted = True
        self.complaints: list[str] = []
        self.bodies: list[Any] = []
        #: The mailbox that letters may be sent from, "" for none; and what was sent.
        self.sends_from = ""
        self.letters: list[dict[str, Any]] = []
        self.posted = asyncio.Event()
        self.contract = Contract()
        #: The tenant's calendars, and what goes wrong with them by rule. Without the setting nobody asks for them.
        self.outlook = practice.Graph(Calendars([mailbox_of(p) for p in line.people if in_tenant(p)], line.now))
        self.outlook.watch = self.contract
        self._tokens: set[str] = set()
        self._welcomes: set[asyncio.Task[Any]] = set()

    def token(self) -> str:
        """What Entra gives for Graph's scope; none is good for the connector."""
        new = f"graph-{secrets.token_hex(8)}"
        self._tokens.add(new)
        self.outlook.trusts(new)
        return new

    def forget_tokens(self) -> None:
        """As when a secret was revoked: those given until now get 401."""
        self._tokens.clear()
        self.outlook.forget_tokens()

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/v1.0/users/{user}/teamwork/installedApps", self._install)
        app.router.add_post("/v1.0/users/{user}/sendMail", self._send_mail)
        self.outlook.add_to(app, "")
        return app

    async def _install(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self._tokens:
            return _error(401, "InvalidAuthenticationToken")
        body = await request.json()
        self.bodies.append(body)
        self.complaints += faults(request.content_type, body)
        if not self.granted:
            return _error(403, "Forbidden")
        person = self._person(request.match_info["user"])
        bound = BINDING.fullmatch(str(body.get("teamsApp@odata.bind")))
        if person is None or bound is None or bound[1] != self.catalogue_app:
            return _error(404, "NotFound")
        if self.line.transcript.installed(person.key):
            return _error(409, "Conflict")
        welcome = asyncio.get_running_loop().create_task(self.line.install(person))
        self._welcomes.add(welcome)
        welcome.add_done_callback(self._welcomes.discard)
        return web.Response(status=201)

    async def _send_mail(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self._tokens:
            return _error(401, "InvalidAuthenticationToken")
        body = await request.json()
        self.complaints += letter_faults(body)
        if request.match_info["user"] != self.sends_from:
            return _error(403, "ErrorAccessDenied")
        self.letters.append(body["message"])
        self.posted.set()
        return web.Response(status=202)

    def _person(self, user: str) -> PracticePerson | None:
        there = (p for p in self.line.people if p.reach == "teams")
        return next((p for p in there if user in {p.object_id, p.principal_name}), None)


def faults(content_type: str, body: Any) -> list[str]:
    """What the contract says against the body of an installation."""
    found = [] if content_type == "application/json" else [f"content type {content_type}"]
    if not isinstance(body, dict) or set(body) != {"teamsApp@odata.bind"}:
        found.append("the body is not the app's binding alone")
    schema = _schema(INSTALLED_APPS)
    if schema is not None:
        found += [error.message for error in Draft202012Validator(schema).iter_errors(body)]
    return found


def letter_faults(body: Any) -> list[str]:
    """What the contract says against the body of a letter."""
    schema = _schema("/users/{user-id}/sendMail")
    return [error.message for error in Draft202012Validator(schema).iter_errors(body)] if schema else []


@functools.cache
def _schema(path: str) -> dict[str, Any] | None:
    """Of the body; None in a clone without the contract."""
    if not CONTRACT.is_file():
        return None
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document = yaml.load(CONTRACT.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - a safe loader, both
    post = document["paths"][path]["post"]
    schema: dict[str, Any] = post["requestBody"]["content"]["application/json"]["schema"]
    return {**schema, "components": document["components"]}


def _error(status: int, code: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": "A made-up sentence."}}, status=status)
