"""Everything put together by hand, and the web server of `python -m bot serve`."""

from __future__ import annotations

import asyncio
import gc
import logging
import resource
import secrets
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web, web_response

from bot import teams
from bot.admin import NOT_WHOLE, Admin, no_room_for_a_socket, private_folder
from bot.audit import AuditCommand
from bot.calendars import GraphMeetings, LinkMeetings
from bot.clock import Clock, PathwayTime
from bot.diary import Diary
from bot.erase import EraseCommand
from bot.graph import ROOT, GraphInstalling
from bot.graph_client import GraphClient
from bot.graph_door import GraphDoor
from bot.graph_mail import GraphMail
from bot.invitation import BadLink, IcsLinks
from bot.jobs import JobsCommand
from bot.keys import rotate
from bot.logs import of_loop
from bot.mail import Mail, Mailing
from bot.outside import outside
from bot.port import why_closed
from bot.reception import Reception
from bot.roster import RosterCommand, list_the_office
from bot.sender import Sender
from bot.settings import BotSettings, SettingsFault
from bot.teams.tokens import GRAPH, PracticeTokens, Tokens
from cards.acts import chat_link
from dialogs.turn import Office
from pathway.casework import Casework
from pathway.ports import Installing, Meetings, OutboxItem
from pathway.provider import Provider
from storage import POSTGRES, Stores, open_stores
from storage.tinydb_book import TinyCaseBook

log = logging.getLogger(__name__)

SECRET = "link-secret"  # noqa: S105 - the name of a note, not a secret
MOST_BODY = 1 << 20
#: Seconds. A connection that has not asked for anything, or not to the end of its headers, is closed after *IDLE*.
IDLE = 20.0
#: Seconds, one after the other, for requests, for turns behind them, for older cards, and for a sweep: less than ten in
#: all, even where a request waits for the signing keys, which takes five of them at the most.
LAST_REQUESTS, LAST_TURNS, LAST_EDITS, LAST_SWEEP = 3.0, 2.0, 1.0, 1.5
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Parts:
    """What a running bot is made of."""

    stores: Stores
    provider: Provider
    casework: Casework
    sender: Sender
    clock: Clock
    links: IcsLinks
    diary: Diary
    roster: RosterCommand
    teams: teams.Teams
    reception: Reception


async def build(
    settings: BotSettings,
    session: aiohttp.ClientSession,
    pathway_time: PathwayTime,
    patience: teams.Patience | None = None,
) -> Parts:
    """Opens the store. Raises SettingsFault, ProviderFault, StoreUnavailable or ValueError, each with a sentence."""
    provider = Provider.load(settings.provider)
    stores = open_stores(settings.store, settings.keys)
    await stores.open()
    await list_the_office(stores.roster, provider)
    casework = Casework(stores.book, stores.roster, provider, pathway_time.now)
    way = teams.build(settings.teams, session, moments=stores.moments, patience=patience)
    mail = _mailing(settings, way, session)
    bot_link = chat_link(f"28:{settings.teams.app_id}")
    meetings = _meetings(settings, way, session, pathway_time)
    diary = Diary(casework, meetings)
    sender = Sender(
        casework,
        stores.addresses,
        way.post,
        mail,
        bot_link=bot_link,
        diary=diary,
        reads=stores.reads,
        patience=way.patience.others,
    )
    clock = Clock(casework, sender, stores.drafts, stores.addresses, pathway_time, practice=settings.practice)
    links = IcsLinks(settings.public_url, await _secret(stores))

    async def post_letter(item: OutboxItem, nonce: str) -> None:
        await stores.book.post([item], nonce)

    office = Office(
        casework,
        stores.drafts,
        links.link,
        post_letter,
        addresses=stores.addresses,
        installing=_installing(settings, way, session),
        meetings=meetings,
        reads=stores.reads,
        bot_link=bot_link,
        app_link=f"https://teams.microsoft.com/l/app/{settings.catalogue_app}" if settings.catalogue_app else "",
    )
    return Parts(
        stores=stores,
        provider=provider,
        casework=casework,
        sender=sender,
        clock=clock,
        links=links,
        diary=diary,
        roster=RosterCommand(stores.book, stores.roster, stores.addresses, provider),
        teams=way,
        reception=Reception(office, stores.addresses, sender, clock.wake_soon),
    )


def _installing(settings: BotSettings, way: teams.Teams, session: aiohttp.ClientSession) -> Installing | None:
    if way.graph_tokens is None or not settings.catalogue_app:
        return None
    return GraphInstalling(session, way.graph_tokens, settings.catalogue_app)


def _mailing(settings: BotSettings, way: teams.Teams, session: aiohttp.ClientSession) -> Mailing | None:
    """Through Graph where a mailbox is named for it, and by SMTP where that is set: both, either or none."""
    smtp = Mail(settings.mail) if settings.mail else None
    if way.graph_tokens is None or not settings.mailbox:
        return smtp
    return GraphMail(GraphDoor(session, way.graph_tokens), settings.mailbox, smtp)


def _meetings(
    settings: BotSettings, way: teams.Teams, session: aiohttp.ClientSession, pathway_time: PathwayTime
) -> Meetings:
    """Calendars where the university has said so, else links that people press."""
    if settings.calendars and settings.graph:
        tokens: Tokens = PracticeTokens(session, settings.teams, resource=GRAPH, url=f"{settings.graph}/token")
        root = f"{settings.graph}/v1.0"
    elif settings.calendars and way.graph_tokens is not None:
        tokens, root = way.graph_tokens, ROOT
    else:
        return LinkMeetings()
    door = GraphDoor(session, tokens, root, wall=lambda: pathway_time.now().timestamp())
    return GraphMeetings(GraphClient(door), pathway_time.now)


async def _secret(stores: Stores) -> str:
    """The key under which links to calendar files are signed; made once, kept with the data."""
    kept = await stores.addresses.note(SECRET)
    return kept or await stores.addresses.keep_first_note(SECRET, secrets.token_urlsafe(32))


def application(
    settings: BotSettings, pathway_time: PathwayTime | None = None, patience: teams.Patience | None = None
) -> web.Application:
    """The aiohttp application; everything opens on start and closes on stop. *patience* is for tests."""
    app = web.Application(client_max_size=MOST_BODY)
    app.on_response_prepare.append(_headers(over_tls=settings.public_url.startswith("https://")))
    app.cleanup_ctx.append(_living(settings, pathway_time or PathwayTime(), patience))
    app.router.add_post("/api/messages", _messages)
    app.router.add_get("/healthz", _healthz)
    app.router.add_get("/readyz", _readyz)
    app.router.add_get("/ics/{token}.ics", _ics)
    return app


PARTS = web.AppKey("parts", Parts)
MESSAGES: web.AppKey[Handler] = web.AppKey("messages")


def _living(
    settings: BotSettings, pathway_time: PathwayTime, patience: teams.Patience | None
) -> Callable[[web.Application], AsyncIterator[None]]:
    async def living(app: web.Application) -> AsyncIterator[None]:
        asyncio.get_running_loop().set_exception_handler(of_loop)
        run = private_folder(settings.run) if settings.run and settings.store.startswith(POSTGRES) else None
        async with outside(practice=settings.teams.practice) as session:
            parts = await build(settings, session, pathway_time, patience)
            app[PARTS] = parts
            app[MESSAGES] = parts.teams.messages(parts.reception)
            admin = _admin(parts, run)
            await parts.clock.start()
            if admin:
                await admin.start()
            yield
            if admin:
                await admin.stop()
            await parts.teams.errands.close(LAST_TURNS)
            await parts.reception.close(LAST_EDITS)
            await parts.clock.stop(LAST_SWEEP)
            await parts.teams.close(0.0)
            await parts.stores.close()

    return living


def _admin(parts: Parts, run: Path | None) -> Admin | None:
    """*run* is the folder of its socket where the store has none; None where there is nowhere to put it. Raises
    SettingsFault.
    """
    book = parts.stores.book
    files = book.folder if isinstance(book, TinyCaseBook) else None
    folder = parts.stores.folder or run
    if folder is None:
        return None
    if no := no_room_for_a_socket(folder):
        raise SettingsFault(no)
    jobs = JobsCommand(parts.casework, parts.stores.reads, parts.sender.failures, parts.clock.wake_soon)
    commands = {
        "jobs": jobs.run,
        "audit": AuditCommand(parts.casework, parts.stores).run,
        "erase": EraseCommand(parts.casework, parts.stores).run,
        "rotate_key": lambda _asked: rotate(parts.stores.book),
    }
    return Admin(folder, parts.clock, parts.roster, commands, files)


async def _messages(request: web.Request) -> web.StreamResponse:
    return await request.app[MESSAGES](request)


async def _healthz(_request: web.Request) -> web.Response:
    """The process is alive."""
    return web.json_response({"status": "alive"})


async def _readyz(request: web.Request) -> web.Response:
    """The store can be written, and nothing of it was found damaged. Says nothing of cases, versions or places."""
    health = await request.app[PARTS].stores.book.health()
    if health.ok:
        return web.json_response({"status": "ready"})
    return web.json_response({"status": NOT_WHOLE if health.works else "not ready"}, status=503)


async def _ics(request: web.Request) -> web.Response:
    try:
        body = request.app[PARTS].links.file(request.match_info["token"])
    except BadLink:
        return web.Response(status=404, text="This link is not one of ours, or it is incomplete.")
    headers = {"Content-Disposition": 'attachment; filename="meeting.ics"'}
    return web.Response(body=body, content_type="text/calendar", charset="utf-8", headers=headers)


#: On every answer. Nothing of ours is a page that may load anything, or be shown inside another.
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Server": "Pathway",
}
#: What answers a request that is no HTTP says, too, nothing of versions.
vars(web_response)["SERVER_SOFTWARE"] = HEADERS["Server"]
UNREADABLE = "This cannot be read as a request.\n"
WENT_WRONG = "Something went wrong here.\n"


def _without_their_words(
    _protocol: object,
    request: web.BaseRequest,
    status: int = 500,
    exc: BaseException | None = None,
    message: str | None = None,
) -> web.StreamResponse:
    """For `RequestHandler.handle_error`: aiohttp's own quotes what was sent, in its answer and in the log. Raises
    ConnectionError where an answer has begun already, as that does.
    """
    del message
    if status >= 500:
        log.error("a request went wrong", exc_info=exc, extra={"status": status})
    else:
        log.warning("not a request that can be read", extra={"status": status, "kind": type(exc).__name__})
    if request.writer.output_size > 0:
        raise ConnectionError("an answer has begun already")
    answer = web.Response(status=status, text=WENT_WRONG if status >= 500 else UNREADABLE, headers=HEADERS)
    answer.force_close()
    return answer


web.RequestHandler.handle_error = _without_their_words  # type: ignore[method-assign,assignment]


def _headers(*, over_tls: bool) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """Also for answers that aiohttp makes by itself: 404, 405, 500. *over_tls*: people reach us by https alone."""
    headers = HEADERS | ({"Strict-Transport-Security": "max-age=31536000"} if over_tls else {})

    async def prepare(_request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(headers)

    return prepare


def _as_many_sockets_as_allowed() -> None:
    """Many half-open connections must not keep good ones out: the usual 1,024 files are soon used up."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _leave_alone_what_stays() -> None:
    """Without this the collector of cycles stops everybody for 60 ms now and then, to look through the modules and the
    roster, and looks at the turns under way every few turns. A turn leaves no cycles behind.
    """
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


async def _listen(runner: web.AppRunner, settings: BotSettings) -> None:
    try:
        await web.TCPSite(runner, settings.host, settings.port).start()
    except OSError as fault:
        raise SettingsFault(why_closed(fault, settings.port)) from fault


async def serve(settings: BotSettings) -> None:
    """Runs until SIGTERM or SIGINT, then finishes what is under way. Raises SettingsFault where it cannot listen, and
    what opening the store raises.
    """
    _as_many_sockets_as_allowed()
    app = application(settings)
    runner = web.AppRunner(
        app,
        access_log=None,
        shutdown_timeout=LAST_REQUESTS,
        keepalive_timeout=IDLE,
        auto_decompress=False,  # Teams packs nothing, and a small packed body can be a thousand times as large
    )
    await runner.setup()
    _leave_alone_what_stays()
    try:
        await _listen(runner, settings)
        log.info("listening", extra={"port": settings.port})
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sign, stop.set)
        await stop.wait()
    finally:
        await runner.cleanup()
