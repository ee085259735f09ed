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

import aiohttp
from aiohttp import web, web_response

from bot import teams
from bot.admin import Admin, private_folder
from bot.clock import Clock, PathwayTime
from bot.graph import GraphInstalling
from bot.invitation import BadLink, IcsLinks
from bot.mail import Mail
from bot.outside import outside
from bot.reception import Reception
from bot.roster import RosterCommand, list_the_office
from bot.sender import Sender
from bot.settings import BotSettings
from cards.acts import chat_link
from dialogs.turn import Office
from pathway.casework import Casework
from pathway.ports import Installing, OutboxItem
from pathway.provider import Provider
from storage import POSTGRES, Stores, open_stores

log = logging.getLogger(__name__)

SECRET = "link-secret"  # noqa: S105 - the name of a note, not a secret
MOST_BODY = 1 << 20
#: Seconds. A connection that has not asked for anything, or not to the end of its headers, is closed after *IDLE*.
IDLE = 20.0
#: Seconds, one after the other, for requests, for turns behind them, and for a sweep: less than ten in all.
LAST_REQUESTS, LAST_TURNS, LAST_SWEEP = 3.0, 3.0, 2.0
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
    roster: RosterCommand
    teams: teams.Teams
    reception: Reception


async def build(settings: BotSettings, session: aiohttp.ClientSession, pathway_time: PathwayTime) -> Parts:
    """Opens the store. Raises SettingsFault, ProviderFault, StoreUnavailable or ValueError, each with a sentence."""
    provider = Provider.load(settings.provider)
    stores = open_stores(settings.store)
    await stores.open()
    await list_the_office(stores.roster, provider)
    casework = Casework(stores.book, stores.roster, provider, pathway_time.now)
    way = teams.build(settings.teams, session)
    mail = Mail(settings.mail) if settings.mail else None
    bot_link = chat_link(f"28:{settings.teams.app_id}")
    sender = Sender(casework, stores.addresses, way.post, mail, bot_link=bot_link)
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
        roster=RosterCommand(stores.roster, stores.addresses, provider),
        teams=way,
        reception=Reception(office, stores.addresses, sender, clock.wake_soon),
    )


def _installing(settings: BotSettings, way: teams.Teams, session: aiohttp.ClientSession) -> Installing | None:
    if way.graph_tokens is None or not settings.catalogue_app:
        return None
    return GraphInstalling(session, way.graph_tokens, settings.catalogue_app)


async def _secret(stores: Stores) -> str:
    """The key under which links to calendar files are signed; made once, kept with the data."""
    kept = await stores.addresses.note(SECRET)
    return kept or await stores.addresses.keep_first_note(SECRET, secrets.token_urlsafe(32))


def application(settings: BotSettings, pathway_time: PathwayTime | None = None) -> web.Application:
    """The aiohttp application; everything opens on start and closes on stop."""
    app = web.Application(client_max_size=MOST_BODY)
    app.on_response_prepare.append(_headers(over_tls=settings.public_url.startswith("https://")))
    app.cleanup_ctx.append(_living(settings, pathway_time or PathwayTime()))
    app.router.add_post("/api/messages", _messages)
    app.router.add_get("/healthz", _healthz)
    app.router.add_get("/readyz", _readyz)
    app.router.add_get("/ics/{token}.ics", _ics)
    return app


PARTS = web.AppKey("parts", Parts)
MESSAGES: web.AppKey[Handler] = web.AppKey("messages")


def _living(settings: BotSettings, pathway_time: PathwayTime) -> Callable[[web.Application], AsyncIterator[None]]:
    async def living(app: web.Application) -> AsyncIterator[None]:
        run = private_folder(settings.run) if settings.run and settings.store.startswith(POSTGRES) else None
        async with outside(practice=settings.teams.practice) as session:
            parts = await build(settings, session, pathway_time)
            app[PARTS] = parts
            app[MESSAGES] = parts.teams.messages(parts.reception)
            await parts.clock.start()
            folder = parts.stores.folder or run
            admin = Admin(folder, parts.clock, parts.roster) if folder else None
            if admin:
                await admin.start()
            yield
            if admin:
                await admin.stop()
            await parts.teams.errands.close(LAST_TURNS)
            await parts.reception.close()
            await parts.clock.stop(LAST_SWEEP)
            await parts.teams.close(0.0)
            await parts.stores.close()

    return living


async def _messages(request: web.Request) -> web.StreamResponse:
    return await request.app[MESSAGES](request)


async def _healthz(_request: web.Request) -> web.Response:
    """The process is alive."""
    return web.json_response({"status": "alive"})


async def _readyz(request: web.Request) -> web.Response:
    """The store can be written. Says nothing of cases, versions or places."""
    health = await request.app[PARTS].stores.book.health()
    return web.json_response({"status": "ready" if health.ok else "not ready"}, status=200 if health.ok else 503)


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


async def serve(settings: BotSettings) -> None:
    """Runs until SIGTERM or SIGINT, then finishes what is under way."""
    _as_many_sockets_as_allowed()
    app = application(settings)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=LAST_REQUESTS, keepalive_timeout=IDLE)
    await runner.setup()
    _leave_alone_what_stays()
    try:
        await web.TCPSite(runner, settings.host, settings.port).start()
        log.info("listening on port %s", settings.port)
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sign, stop.set)
        await stop.wait()
    finally:
        await runner.cleanup()
