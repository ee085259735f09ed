"""A small bot that speaks the real protocol, to test the channel and the page without the pathway.

It checks tokens as the real gate does, answers "hi" and anything else with a card, has a form that is refused until a
field is filled, and keeps a clock and an admin socket. `python -m tests.practice.standin` runs it as a process.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import aiohttp
import jwt
from aiohttp import web

START = datetime(2026, 10, 6, 8, tzinfo=UTC)
STEPS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}


def card(*body: Mapping[str, Any], actions: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {"type": "AdaptiveCard", "version": "1.5", "body": list(body), "actions": actions or []}


def heading(text: str) -> dict[str, Any]:
    return {"type": "TextBlock", "style": "heading", "size": "Large", "weight": "Bolder", "text": text, "wrap": True}


def line(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "TextBlock", "text": text, "wrap": True} | more


def execute(title: str, verb: str, **data: Any) -> dict[str, Any]:
    return {"type": "Action.Execute", "title": title, "verb": verb, "data": data}


def welcome() -> dict[str, Any]:
    return card(
        heading("Hello, I am Pathway"),
        line(
            "I go with a **concern** from a first worry to its outcome. [How your data is used](https://example.org/p)"
        ),
        actions=[execute("Raise a concern", "concern.form") | {"style": "positive"}, execute("My cases", "cases")],
    )


def form(fault: str = "", seen: str = "") -> dict[str, Any]:
    students = [
        {"title": "Tom Ashworth, PGCE Primary, Phase 1, Hollin Bank Primary", "value": "tom"},
        {"title": "Tomas Ashby, BA Primary, Phase 2, Hollin Bank Primary", "value": "tomas"},
    ]
    ticks = [
        {"title": "Modelled a lesson", "value": "model"},
        {"title": "Planned together", "value": "plan"},
        {"title": "Watched a colleague teach, and talked about it afterwards", "value": "watch"},
    ]
    areas = [
        {"title": "Behaviour management", "value": "TS7"},
        {"title": "Pedagogy", "value": "pedagogy"},
        {"title": "Assessment", "value": "assessment"},
    ]
    return card(
        heading("What you have seen"),
        line("Tom will read these words. Write them as you would say them to him.", isSubtle=True),
        {
            "type": "Input.ChoiceSet",
            "id": "student",
            "label": "Student",
            "choices": students,
            "value": "tom",
            "style": "filtered",
        },
        {
            "type": "Input.Date",
            "id": "talked_on",
            "label": "We talked about it on",
            "value": "2026-10-06",
            "isRequired": True,
            "errorMessage": "Choose the day you talked.",
        },
        *([line(fault, color="Attention")] if fault else []),
        {
            "type": "Input.Text",
            "id": "seen",
            "label": "What I have seen",
            "isMultiline": True,
            "value": seen,
            "isRequired": True,
            "errorMessage": "Write what you have seen.",
            "placeholder": "When giving instructions, ...",
        },
        {
            "type": "Input.ChoiceSet",
            "id": "help",
            "label": "Help I have given",
            "choices": ticks,
            "isMultiSelect": True,
            "wrap": True,
            "style": "expanded",
        },
        {"type": "Input.ChoiceSet", "id": "area", "label": "Area of work", "choices": areas, "style": "compact"},
        {
            "type": "Input.Toggle",
            "id": "sure",
            "title": "I have talked to Tom about this",
            "value": "true",
            "wrap": True,
        },
        {
            "type": "FactSet",
            "facts": [
                {"title": "Check", "value": "Tuesday 13 October 2026"},
                {"title": "Counted", "value": "5 school days"},
            ],
        },
        actions=[
            execute("Check my answers", "concern.check") | {"style": "positive"},
            execute("Save for later, and tell nobody anything until then", "concern.save"),
            execute("Fail on purpose", "crash"),
            execute("Use another student", "cases") | {"mode": "secondary"},
            execute("Leave without saving", "cases") | {"mode": "secondary", "associatedInputs": "none"},
        ],
    )


def receipt(data: Mapping[str, Any]) -> dict[str, Any]:
    return card(
        heading("Weekly target set"),
        {
            "type": "Container",
            "style": "emphasis",
            "items": [line(str(data["seen"])), line("Asked again on Tuesday 13 October, 3:30pm.", isSubtle=True)],
        },
        actions=[
            {"type": "Action.OpenUrl", "title": "Open in Teams", "url": "https://example.org/meeting"},
            execute("My cases", "cases"),
        ],
    )


@dataclass
class StandIn:
    """The bot: `url` is its messaging endpoint once it has started."""

    channel_url: str
    app_id: str
    app_password: str
    now: datetime = START
    book: Path | None = None
    url: str = ""
    seen: list[dict[str, Any]] = field(default_factory=list)
    _runner: web.AppRunner | None = None
    _session: aiohttp.ClientSession | None = None
    _people: dict[str, tuple[str, str]] = field(default_factory=dict)
    _sent: set[str] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_problem: object) -> None:
        await self.stop()

    async def start(self, port: int = 0) -> None:
        if self.book is not None and (self.book / "standin.json").exists():
            self._recall(json.loads((self.book / "standin.json").read_text(encoding="utf-8")))
        self._session = aiohttp.ClientSession()
        app = web.Application()
        app.router.add_post("/api/messages", self._messages)
        app.router.add_get("/readyz", self._ready)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/api/messages"

    async def stop(self) -> None:
        if self._session:
            await self._session.close()
        if self._runner:
            await self._runner.cleanup()

    def _recall(self, kept: Mapping[str, Any]) -> None:
        self.now = datetime.fromisoformat(kept["now"])
        self._people = {k: (v[0], v[1]) for k, v in kept["people"].items()}
        self._sent = set(kept["sent"])

    def _keep(self) -> None:
        if self.book is not None:
            kept = {"now": self.now.isoformat(), "people": self._people, "sent": sorted(self._sent)}
            (self.book / "standin.json").write_text(json.dumps(kept), encoding="utf-8")

    # In

    async def _ready(self, _request: web.Request) -> web.Response:
        return web.json_response({"ready": True})

    async def _messages(self, request: web.Request) -> web.Response:
        activity = await request.json()
        if not await self._is_from_teams(request.headers.get("Authorization", ""), activity):
            return web.Response(status=401)
        self.seen.append(activity)
        if activity["type"] == "invoke":
            return await self._invoke(activity)
        if activity["type"] == "message":
            await self._answer(activity)
        if activity["type"] == "conversationUpdate" and activity["conversation"]["conversationType"] == "personal":
            if activity["from"]["id"] not in self._people:
                await self._post(activity, "Hello from Pathway", card_=welcome())
            self._people[activity["from"]["id"]] = (activity["conversation"]["id"], activity["from"]["name"])
            self._keep()
        return web.Response(status=202)

    async def _is_from_teams(self, header: str, activity: Mapping[str, Any]) -> bool:
        assert self._session
        async with self._session.get(f"{self.channel_url}/.well-known/openidconfiguration") as page:
            metadata = await page.json()
        async with self._session.get(metadata["jwks_uri"]) as page:
            keys = (await page.json())["keys"]
        try:
            token = header.removeprefix("Bearer ")
            key = next(k for k in keys if k["kid"] == jwt.get_unverified_header(token)["kid"])
            claims = jwt.decode(
                token,
                jwt.PyJWK(key, algorithm="RS256").key,
                algorithms=["RS256"],
                audience=self.app_id,
                issuer="https://api.botframework.com",
                options={"require": ["exp", "nbf"]},
            )
        except (jwt.PyJWTError, StopIteration):
            return False
        return "msteams" in key["endorsements"] and claims["serviceurl"] == activity["serviceUrl"]

    async def _invoke(self, activity: Mapping[str, Any]) -> web.Response:
        action = activity["value"]["action"]
        verb, data = action["verb"], action["data"]
        if verb == "crash":
            return web.Response(status=500)
        if verb == "say":
            return self._said("That is noted.")
        new = welcome()
        if verb == "both":
            await self._edit(activity, "Two ways at once", welcome())
        if verb == "concern.form":
            new = form()
        if verb == "concern.check":
            bad = "fail" in str(data["seen"])
            new = form("Please do not use that word here.", data["seen"]) if bad else receipt(data)
        return web.json_response({"statusCode": 200, "type": "application/vnd.microsoft.card.adaptive", "value": new})

    @staticmethod
    def _said(words: str) -> web.Response:
        return web.json_response(
            {"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": words}
        )

    async def _answer(self, activity: Mapping[str, Any]) -> None:
        if "channel" in activity["conversation"]["conversationType"]:
            await self._post(activity, "Answered", text="I answer in your own chat.", to=activity["id"])
        elif "concern" in activity["text"]:
            await self._post(activity, "A form to fill in", card_=form())
        elif "long" in activity["text"]:
            await self._post(activity, "Long words", text="Placementobservationfeedback" * 12)
        else:
            await self._post(activity, "What I can do", card_=welcome())

    # Out

    async def call(self, method: str, path: str, body: Any = None, *, token: str | None = None) -> tuple[int, Any]:
        assert self._session
        if token is None:
            token = await self.token()
        headers = {"Authorization": f"Bearer {token}"}
        async with self._session.request(method, f"{self.channel_url}{path}", json=body, headers=headers) as answer:
            return answer.status, await answer.json()

    async def token(self) -> str:
        assert self._session
        form_ = {
            "grant_type": "client_credentials",
            "client_id": self.app_id,
            "client_secret": self.app_password,
            "scope": "https://api.botframework.com/.default",
        }
        async with self._session.post(f"{self.channel_url}/token", data=form_) as answer:
            return str((await answer.json())["access_token"])

    async def _post(
        self,
        activity: Mapping[str, Any],
        summary: str,
        *,
        text: str = "",
        card_: Mapping[str, Any] | None = None,
        to: str = "",
    ) -> str:
        conversation = quote(activity["conversation"]["id"], safe="")
        path = f"/v3/conversations/{conversation}/activities" + (f"/{quote(to, safe='')}" if to else "")
        _status, answer = await self.call("POST", path, message(summary, text=text, card_=card_))
        return str(answer["id"])

    async def _edit(self, activity: Mapping[str, Any], summary: str, card_: Mapping[str, Any]) -> None:
        conversation = quote(activity["conversation"]["id"], safe="")
        path = f"/v3/conversations/{conversation}/activities/{activity['replyToId']}"
        await self.call("PUT", path, message(summary, card_=card_))

    # The clock

    def next_reminder(self) -> dict[str, str] | None:
        at = START + timedelta(days=7, hours=6, minutes=30)
        if self._sent or not self._people:
            return None
        who = next(iter(self._people.values()))[1]
        return {"at": at.isoformat(), "who": who, "what": "One-week check"}

    async def admin(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        if wanted["do"] == "advance":
            coming = self.next_reminder()
            if wanted["by"] == "next":
                if coming is None:
                    return {"error": "No reminder is due."}
                to = datetime.fromisoformat(coming["at"])
            else:
                to = self.now + STEPS[wanted["by"]]
            await self._advance(to)
        return {"now": self.now.isoformat(), "next": self.next_reminder()}

    async def _advance(self, to: datetime) -> None:
        coming = self.next_reminder()
        self.now = to
        if coming and datetime.fromisoformat(coming["at"]) <= to:
            self._sent.add("week")
            conversation = next(iter(self._people.values()))[0]
            await self._post(
                {"conversation": {"id": conversation}},
                "A week has passed",
                card_=card(heading("How did it go with Tom?"), actions=[execute("Met, and I have told them", "met")]),
            )
        self._keep()


def message(summary: str, *, text: str = "", card_: Mapping[str, Any] | None = None) -> dict[str, Any]:
    attachments = [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card_}] if card_ else []
    return {"type": "message", "text": text, "summary": summary, "attachments": attachments}


async def _serve(book: Path) -> None:
    app_id, password = (os.environ["MicrosoftApp" + name] for name in ("Id", "Password"))
    bot = StandIn(os.environ["PATHWAY_PRACTICE"], app_id, password, book=book)
    await bot.start(int(os.environ["PORT"]))

    async def line_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer = await bot.admin(json.loads(await reader.readline()))
        writer.write(json.dumps(answer).encode() + b"\n")
        await writer.drain()
        writer.close()

    socket = book / "admin.sock"
    with contextlib.suppress(FileNotFoundError):
        socket.unlink()
    async with await asyncio.start_unix_server(line_in, socket):
        done = asyncio.Event()
        for sign in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(sign, done.set)
        await done.wait()
    await bot.stop()


if __name__ == "__main__":
    if sys.argv[1:2] == ["roster"]:
        sys.exit(0 if Path(sys.argv[3]).exists() else 1)
    BOOK = Path(os.environ["PATHWAY_STORE"].removeprefix("tinydb://"))
    BOOK.mkdir(parents=True, exist_ok=True)
    (BOOK / "standin.pid").write_text(str(os.getpid()), encoding="ascii")
    asyncio.run(_serve(BOOK))
