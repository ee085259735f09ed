"""The web server of practice mode: the page, what the page asks for, and the channel's routes, on loopback only."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import signal
import webbrowser
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from bot.practice.agenda import Agenda
from bot.practice.asked import json_object
from bot.practice.botprocess import ROOT, WORDS, BotDoesNotStart
from bot.practice.channel import CHANNEL, Channel, PracticePerson
from bot.practice.folder import NotOurs, PracticeFolder
from bot.practice.practice import BOT, Practice
from bot.practice.roll import practice_people

log = logging.getLogger(__name__)

PAGE = Path(__file__).resolve().parent / "page"
MODULES = ROOT / "node_modules"

_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_LONGEST_WORDS = 4000

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def page_files() -> dict[str, Path]:
    """Every file that the page may ask for, by its address."""
    inter = MODULES / "@fontsource" / "inter" / "files"
    files = {
        f"/static/{f.name}": f for f in PAGE.iterdir() if f.is_file() and f.suffix in {".css", ".js", ".json", ".svg"}
    }
    files["/static/vendor/adaptivecards.js"] = MODULES / "adaptivecards" / "dist" / "adaptivecards.min.js"
    files["/static/vendor/markdown-it.js"] = MODULES / "markdown-it" / "dist" / "browser" / "markdown-it.umd.min.js"
    for weight in (400, 600):
        for script in ("latin", "latin-ext"):
            name = f"inter-{script}-{weight}-normal.woff2"
            files[f"/static/vendor/{name}"] = inter / name
    return files


class Server:
    """The routes of the page around one `Practice`."""

    def __init__(self, practice: Practice) -> None:
        self._practice = practice
        self._files = page_files()
        self._streams: set[asyncio.Task[Any]] = set()

    @property
    def _channel(self) -> Channel:
        return self._practice.channel

    def application(self) -> web.Application:
        app = web.Application(middlewares=[self._only_this_page])
        self._channel.add_to(app)
        app.router.add_get("/", self._index)
        app.router.add_get("/favicon.ico", self._icon)
        app.router.add_get("/static/{path:.+}", self._static)
        app.router.add_get("/api/state", self._state)
        app.router.add_get("/api/chats/{key}", self._chat)
        app.router.add_post("/api/chats/{key}/read", self._read)
        app.router.add_post("/api/chats/{key}/messages", self._say)
        app.router.add_post("/api/chats/{key}/acts", self._act)
        app.router.add_get("/api/mail", self._mail)
        app.router.add_post("/api/mail/{id}/read", self._mail_read)
        app.router.add_get("/api/mail/{id}/attachments/{number}", self._attachment)
        app.router.add_post("/api/clock", self._clock)
        app.router.add_post("/api/restart", self._restart)
        app.router.add_get("/api/events", self._events)
        if self._practice.tenant is not None:
            self._practice.tenant.graph.add_to(app)
            Agenda(self._practice.tenant).add_to(app)
        return app

    # Who may ask

    @web.middleware
    async def _only_this_page(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Loopback names only (against names that are made to point here), and POSTs of the page only from it."""
        if urlsplit(f"//{request.host}").hostname not in {"127.0.0.1", "localhost"}:
            return web.Response(status=403, text="Practice answers on this computer only.")
        if request.path.startswith("/api/") and request.method != "GET":
            origin = request.headers.get("Origin", "")
            if origin != f"http://{request.host}" or request.content_type != "application/json":
                return web.Response(status=403, text="Only the page of practice may do this.")
        try:
            response = await handler(request)
        except web.HTTPException as error:
            error.headers.update(_HEADERS)
            raise
        if not response.prepared:
            response.headers.update(_HEADERS)
        return response

    # The page

    async def _index(self, _request: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGE / "index.html")

    async def _icon(self, _request: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGE / "icon.svg", headers={"Content-Type": "image/svg+xml"})

    async def _static(self, request: web.Request) -> web.StreamResponse:
        file = self._files.get(request.path)
        if file is None:
            raise web.HTTPNotFound
        return web.FileResponse(file)

    # What it shows

    async def _state(self, _request: web.Request) -> web.StreamResponse:
        bot = self._practice.bot
        clock = await self._practice.clock() if bot.state == "ready" else {"error": WORDS[bot.state]}
        return web.json_response(
            {
                "people": [self._person(p) for p in self._channel.people],
                "channel": {
                    "name": self._channel.place.channel_name,
                    "team": self._channel.place.team_name,
                    "unread": self._channel.unread(CHANNEL),
                },
                "mail": {"unread": sum(not m.read for m in self._practice.mailbox.all())},
                "calendars": self._practice.tenant is not None,
                "bot": {"state": bot.state, "words": WORDS[bot.state]},
                "clock": {"now": self._practice.now().isoformat(), "next": None} | clock,
            }
        )

    def _person(self, person: PracticePerson) -> dict[str, Any]:
        mails = self._practice.mailbox.of(person.email)
        return {
            "key": person.key,
            "name": person.name,
            "email": person.email,
            "what": person.what,
            "group": person.group,
            "reach": person.reach,
            "unread": self._channel.unread(person.key),
            "mail": sum(not m.read for m in mails),
        }

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        key = self._key(request)
        return web.json_response({"key": key, "messages": [m.as_json() for m in self._channel.chat(key)]})

    async def _read(self, request: web.Request) -> web.StreamResponse:
        self._channel.transcript.mark_read(self._key(request))
        return web.json_response({})

    async def _mail(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response({"mails": [m.as_json() for m in self._practice.mailbox.all()]})

    async def _mail_read(self, request: web.Request) -> web.StreamResponse:
        try:
            self._practice.mailbox.mark_read(request.match_info["id"])
        except LookupError:
            raise web.HTTPNotFound from None
        self._practice.tell("mail")
        return web.json_response({})

    async def _attachment(self, request: web.Request) -> web.StreamResponse:
        try:
            mail = self._practice.mailbox.mail(request.match_info["id"])
            attachment = mail.attachments[int(request.match_info["number"])]
        except (LookupError, ValueError):
            raise web.HTTPNotFound from None
        name = "".join(c if c.isalnum() or c in ".-_" else "_" for c in attachment.name)
        return web.Response(
            body=attachment.content,
            headers={
                "Content-Type": "application/octet-stream",
                "Content-Disposition": f'attachment; filename="{name}"',
            },
        )

    # What people do there

    async def _say(self, request: web.Request) -> web.StreamResponse:
        key, body = self._key(request), await json_object(request)
        words = str(body.get("text", "")).strip()[:_LONGEST_WORDS]
        if not words:
            raise web.HTTPBadRequest(text="Nothing was typed.")
        if key == CHANNEL:
            person = self._somebody(str(body.get("as", "")))
            answer = await self._channel.say_in_channel(person, words, thread=str(body.get("thread", "")))
        else:
            answer = await self._channel.say(self._somebody(key), words)
        return web.json_response({"ok": answer.ok})

    async def _act(self, request: web.Request) -> web.StreamResponse:
        key, body = self._key(request), await json_object(request)
        data = body.get("data")
        if not isinstance(data, dict | None) or not isinstance(body.get("verb"), str):
            raise web.HTTPBadRequest(text="A press needs a verb and data.")
        person = self._somebody(str(body.get("as", "")) if key == CHANNEL else key)
        activity = str(body.get("message", ""))
        answer = await self._channel.press(person, activity, body["verb"], data, chat=key)
        return web.json_response({"kind": answer.kind, "text": answer.text})

    async def _clock(self, request: web.Request) -> web.StreamResponse:
        by = (await json_object(request)).get("by")
        if by not in {"hour", "day", "week", "next"}:
            raise web.HTTPBadRequest(text="The clock moves by an hour, a day, a week, or to the next reminder.")
        return web.json_response(await self._practice.advance(by))

    async def _restart(self, _request: web.Request) -> web.StreamResponse:
        try:
            await self._practice.start_again()
        except BotDoesNotStart as problem:
            return web.json_response({"error": str(problem)}, status=503)
        return web.json_response({})

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", **_HEADERS})
        await response.prepare(request)
        queue = self._practice.listen()
        try:
            await response.write(b"retry: 1000\n\n")
            while (told := await _next(queue)) is not None:
                await response.write(b": still here\n\n" if told == {} else f"data: {json.dumps(told)}\n\n".encode())
        except ConnectionError:
            log.debug("A page was closed")
        finally:
            self._practice.leave(queue)
        return response

    def _key(self, request: web.Request) -> str:
        key = request.match_info["key"]
        if key != CHANNEL:
            self._somebody(key, reached=False)
        return key

    def _somebody(self, key: str, *, reached: bool = True) -> PracticePerson:
        try:
            person = self._channel.person(key)
        except LookupError:
            raise web.HTTPNotFound(text="There is nobody of that name.") from None
        if reached and person.reach != "teams":
            raise web.HTTPBadRequest(text=f"{person.name} has no Teams.")
        return person


async def _next(queue: asyncio.Queue[dict[str, Any] | None]) -> dict[str, Any] | None:
    """What happens next, `{}` when nothing has for a while, None at the end."""
    try:
        return await asyncio.wait_for(queue.get(), 20)
    except TimeoutError:
        return {}


async def serve(
    folder: PracticeFolder,
    port: int,
    *,
    command: Sequence[str] = BOT,
    graph: bool = False,
    ready: Callable[[str], None],
    until: asyncio.Event,
) -> None:
    """Serves practice until *until* is set; *ready* is called with the page's address once the bot stands. With
    *graph* Pathway may write into the calendars of a made-up university.

    Raises BotDoesNotStart, and OSError where the port is taken.
    """
    practice = Practice(folder, practice_people(), command, graph=graph)
    runner = web.AppRunner(Server(practice).application(), access_log=None, shutdown_timeout=3)
    await runner.setup()
    passing = asyncio.create_task(practice.pass_changes_on())
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        port = runner.addresses[0][1]
        await practice.start(port)
        ready(f"http://127.0.0.1:{port}/")
        await until.wait()
    finally:
        passing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await passing
        await practice.stop()
        await runner.cleanup()


def run(port: int = 3979, data: Path = Path(".practice"), *, open_browser: bool = True, graph: bool = False) -> int:
    """`python -m bot practice`: 0 after a clean end, 1 with a sentence on the screen where it cannot run."""
    if missing := [f for f in page_files().values() if not f.exists()]:
        return _sorry(f"{missing[0].name} is missing. Run: python tools/setup_web.py")
    folder = PracticeFolder(data)
    try:
        folder.open()
    except NotOurs as problem:
        return _sorry(str(problem))
    try:
        asyncio.run(_serve_until_asked(folder, port, open_browser=open_browser, graph=graph))
    except BotDoesNotStart as problem:
        return _sorry(f"The bot does not start. Its last words ({folder.log}):\n{problem}")
    except OSError as problem:
        return _sorry(f"Port {port} cannot be used ({problem.strerror}). Choose another one with --port.")
    finally:
        folder.close()
    return 0


async def _serve_until_asked(folder: PracticeFolder, port: int, *, open_browser: bool, graph: bool) -> None:
    asked = asyncio.Event()
    for which in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(which, asked.set)

    def ready(address: str) -> None:
        _say(f"Practice is ready: {address}\nMade-up people; nothing leaves this computer. Ctrl+C ends it.")
        if open_browser:
            webbrowser.open(address)

    await serve(folder, port, graph=graph, ready=ready, until=asked)


def _say(words: str) -> None:
    print(words, flush=True)  # noqa: T201 (for the person at the command line)


def _sorry(words: str) -> int:
    _say(words)
    return 1
