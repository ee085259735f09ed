"""The made-up partnership of practice mode, in one process, driven through the front door as people drive it.

The bot is the whole application of `python -m bot serve` on a loopback port, with its store in a folder; Teams is the
practice channel, which speaks the Bot Framework's protocol over HTTP; mail ends in a real SMTP server. Only the clock
is a thing of the tests: it stands still until somebody moves it, and then stops at every due time on the way.

    await school.opens("priya")
    await school.says("priya", "concern about Tom Ashworth")
    await school.presses("priya", "I am just starting")
    await school.fills("priya", press="Check my answers", seen="...", going_well="...")
    await school.on("2026-10-13 15:30")
    assert "How is Tom Ashworth getting on" in school.reads("priya")
"""

from __future__ import annotations

import functools
import json
import logging
import re
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import aiohttp
from aiohttp import web

from bot.admin import ask
from bot.app import PARTS, Parts, application
from bot.clock import PRACTICE_STARTS, PathwayTime
from bot.logs import Now
from bot.practice import hands
from bot.practice.calendars import Calendars
from bot.practice.calendars import Mailbox as Calendar
from bot.practice.channel import CHANNEL, Answer, Channel, Message
from bot.practice.graph import Graph
from bot.practice.mailbox import Mail, Mailbox
from bot.practice.people import PracticePerson
from bot.practice.roll import PARTNERSHIP, PROVIDER, practice_people
from bot.practice.transcript import Transcript
from bot.settings import BotSettings, MailSettings
from bot.teams import Patience, TeamsSettings
from pathway.dates import LONDON
from pathway.provider import Provider
from pathway.standards import areas
from storage.tinydb_book import TinyCaseBook
from tests.graph_contract import Contract
from tests.keys import KEYS
from tests.logged import as_json, as_text
from tests.signing import signing_key

APP_ID = "6f1d3b5e-0d8a-4c53-9b8e-1f0e7f4a2c11"
TENANT = "0b2f6c0e-7a51-4f0c-8f43-5d7b3a9e1c22"
PASSWORD = "only for this test"

#: On no list: somebody of the tenant who is not on any placement.
NORA = PracticePerson(
    "nora",
    "Nora Quill",
    "n.quill@northdale.example.ac.uk",
    "99999999-aaaa-4bbb-8ccc-000000000001",
    "n.quill@northdale.example.ac.uk",
    "Librarian",
)
#: Hannah Whitaker comes as a guest of the tenant.
GUEST = "hannah"
#: Seconds that a story gives to a turn, and Teams to the bot. How long a person is let wait, and what they are told
#: then, is for tests/teams/test_turns.py: a busy machine is no part of any story.
UNHURRIED, ON_THE_WIRE = 60.0, 90.0
#: What no post, toast or mail subject says.
NEVER_IN_PUBLIC = re.compile(
    r"\b(?:concern|fail|terminat|safeguard|target met|not as expected|differ)\w*", re.IGNORECASE
)


class Lost(AssertionError):
    """What the story asks for is not there."""


class Wall:
    """The machine's clock, as far as the pathway sees it. Aware UTC; it stands still."""

    def __init__(self) -> None:
        self.at = PRACTICE_STARTS

    def __call__(self) -> datetime:
        return self.at


class _Remembers(Transcript):
    """All chats, and every message as it ever stood there: a card that was replaced had been read."""

    def __init__(self) -> None:
        super().__init__()
        self.ever: list[tuple[str, Message]] = []

    def add(self, chat: str, message: Message) -> None:
        super().add(chat, message)
        self.ever.append((chat, message))

    def edit(self, chat: str, message_id: str, change: Callable[[Message], Message]) -> Message:
        changed = super().edit(chat, message_id, change)
        self.ever.append((chat, changed))
        return changed


class _Log(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.addFilter(Now())
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@functools.cache
def cast() -> tuple[PracticePerson, ...]:
    """Everybody of practice mode; Hannah is a guest here, and Nora is nobody we know."""
    guest = "h.whitaker_wharfebridge.example.org#EXT#@northdale.example.ac.uk"
    return (*(replace(p, principal_name=guest) if p.key == GUEST else p for p in practice_people()), NORA)


class School:
    """`async with School(folder) as school:`; *folder* is empty or what an earlier school left."""

    roster_file, provider_file = PARTNERSHIP, PROVIDER
    patience = Patience(typing=UNHURRIED, answered=UNHURRIED, message=UNHURRIED, invoke=UNHURRIED, others=UNHURRIED)
    keys = KEYS
    """The main keys of the bot that starts next."""

    def __init__(self, folder: Path, *, has_mail: bool = True, calendars: bool = False, store: str = "") -> None:
        """*calendars*: the university lets Pathway write into those of its people, through a Microsoft Graph of ours."""
        self.store = store or f"tinydb://{folder / 'store'}"
        self.has_mail = has_mail
        """Whether the bot that starts next has a mail server."""
        self.folder = folder / "store"
        self.wall = Wall()
        self.people = {p.key: p for p in cast()}
        self.teams = Channel(
            tuple(self.people.values()),
            app_id=APP_ID,
            app_password=PASSWORD,
            tenant_id=TENANT,
            now=self.wall,
            patience=ON_THE_WIRE,
            key=signing_key(),
        )
        self.teams.transcript = self._remembered = _Remembers()
        self.mailbox = Mailbox(self.wall)
        self.typed: set[str] = set()
        """Everything people wrote into boxes, for `leaks`."""
        self.expects_errors = False
        self.log = _Log()
        self.calendars = calendars
        self.contract = Contract()
        self.graph = Graph(Calendars([mailbox_of(p) for p in self.people.values() if in_tenant(p)], self.wall))
        self.graph.watch = self.contract
        self._graph_runner: web.AppRunner | None = None
        self._graph_url = ""
        self._looks_at: dict[str, tuple[str, int]] = {}
        self._runner: web.AppRunner | None = None

    # -- opening and closing -------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        logging.getLogger().addHandler(self.log)
        logging.getLogger("bot").setLevel(logging.INFO)
        await self.teams.start()
        await self.mailbox.start()
        if self.calendars:
            await self._opens_calendars()
        await self.starts()
        answer = await ask(self.folder, {"do": "roster", "file": str(self.roster_file), "keep": True})
        assert answer is not None
        assert "error" not in answer, answer
        await self.teams.add_to_channel(self.people["sam"])
        await self.teams.say_in_channel(self.people["sam"], "use this channel")
        return self

    async def __aexit__(self, *_problem: object) -> None:
        await self.stops()
        if self._graph_runner is not None:
            await self._graph_runner.cleanup()
        await self.mailbox.stop()
        await self.teams.stop()
        logging.getLogger("bot").setLevel(logging.NOTSET)
        logging.getLogger().removeHandler(self.log)

    async def starts(self) -> None:
        """The bot starts on the folder, as after a stop or a power cut."""
        listener = socket.create_server(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        app = application(self.settings(url), PathwayTime(self.wall), self.patience)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()
        self.teams.bot_url = f"{url}/api/messages"

    def settings(self, url: str) -> BotSettings:
        """Those of a bot that people find at *url*."""
        return BotSettings(
            teams=TeamsSettings(
                app_id=APP_ID,
                app_type="SingleTenant",
                tenant_id=TENANT,
                password=PASSWORD,
                openid_url=f"{self.teams.url}/.well-known/openidconfiguration",
                token_url=f"{self.teams.url}/token",
                practice=True,
            ),
            host="127.0.0.1",
            port=0,
            store=self.store,
            run=self.folder,
            keys=self.keys,
            provider=self.provider_file,
            public_url=url,
            mail=MailSettings("127.0.0.1", self.mailbox.port, "Pathway <pathway@northdale.example.ac.uk>")
            if self.has_mail
            else None,
            practice=False,
            calendars=self.calendars,
            graph=self._graph_url,
        )

    async def _opens_calendars(self) -> None:
        app = web.Application()
        self.graph.add_to(app)
        self._graph_runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._graph_runner.setup()
        listener = socket.create_server(("127.0.0.1", 0))
        await web.SockSite(self._graph_runner, listener).start()
        self._graph_url = f"http://127.0.0.1:{listener.getsockname()[1]}/graph"

    async def stops(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def restarts(self) -> None:
        """The same folder, a new bot."""
        await self.stops()
        await self.starts()

    async def sends_nothing_more(self) -> None:
        """What is recorded from now on stays in the outbox until the bot starts anew, as if it were killed between
        writing and sending.
        """
        await self.parts.clock.stop()

    @property
    def parts(self) -> Parts:
        assert self._runner is not None
        assert self._runner.app is not None
        return self._runner.app[PARTS]

    @property
    def url(self) -> str:
        """The bot's own address, without a slash at the end."""
        return self.teams.bot_url.removesuffix("/api/messages")

    # -- what people do ----------------------------------------------------------------------------------------------

    async def opens(self, *keys: str) -> None:
        """They install the bot in Teams, and are welcomed."""
        for key in keys:
            assert (await self.teams.install(self.people[key])).ok

    async def says(self, key: str, text: str) -> str:
        """The words of what answers."""
        if not self.teams.transcript.installed(key):
            await self.opens(key)
        answer = await self.teams.say(self.people[key], text)
        assert answer.status == 200, answer
        await self._settles()
        return self.reads(key)

    async def presses(self, key: str, title: str, *, card: Message | None = None) -> str:
        """The button whose title begins with *title*, on the newest card that has it (or on *card*, as it was
        when it was looked at). The words of the card that answers.
        """
        return await self.fills(key, press=title, card=card)

    async def fills(
        self,
        key: str,
        values: Mapping[str, str] | None = None,
        /,
        *,
        press: str,
        card: Message | None = None,
        **more: str,
    ) -> str:
        """Fills the inputs named by id, leaves the others as they stand, and presses. Raises Lost where the client
        has no such input or button, or would not send it.
        """
        message, verb, data = self.wire(key, press, values, card=card, **more)
        return await self.sends(key, message.id, verb, data)

    async def sends(self, key: str, activity_id: str, verb: str, data: Mapping[str, Any]) -> str:
        """A press as it goes over the wire, whatever stands on the card."""
        answer = await self.teams.press(self.people[key], activity_id, verb, data)
        if answer.kind != "card":
            raise Lost(f"{key} pressed {verb} and got {answer}")
        self._looks_at[key] = (activity_id, len(self.teams.chat(key)))
        await self._settles()
        assert answer.card is not None
        return hands.words(answer.card)

    def wire(
        self,
        key: str,
        press: str,
        values: Mapping[str, str] | None = None,
        /,
        *,
        card: Message | None = None,
        **more: str,
    ) -> tuple[Message, str, dict[str, Any]]:
        """The message, verb and data that a press would send, to bend them on the way."""
        message, title = self.finds(key, press, card=card)
        given = {**(values or {}), **more}
        self.typed.update(v for v in given.values() if " " in v)
        assert message.card is not None
        try:
            made = hands.tap(message.card, title, **given)
        except hands.CannotPress as no:
            raise Lost(f"{key}: {no}") from no
        return message, made.verb, made.data

    async def delivers_again(self, key: str, activity_id: str, verb: str, data: Mapping[str, Any]) -> Answer:
        """Teams sends the same press once more, under a new id."""
        answer = await self.teams.press(self.people[key], activity_id, verb, data, again=True, new_id=True)
        await self._settles()
        return answer

    async def _settles(self) -> None:
        """What the act queued is sent, and what fell due is done. On a slow machine the answer itself may come late."""
        await self.parts.teams.errands.quiet(10.0)
        await self.parts.reception.close()
        await self._sweeps()

    async def _sweeps(self) -> None:
        """With another sweep for what a look at calendars has found, which runs beside the first."""
        await self.parts.clock.tick()
        while await self.parts.sender.looked():
            await self.parts.clock.tick()

    # -- what is seen ------------------------------------------------------------------------------------------------

    def newest(self, key: str) -> Message:
        """The message that somebody looks at: the card they pressed, or what came since."""
        found = [m for m in self.teams.chat(key) if m.sender == "bot"]
        if not found:
            raise Lost(f"{key} has no message")
        pressed, there_were = self._looks_at.get(key, ("", 0))
        if pressed and len(self.teams.chat(key)) == there_were:
            return next(m for m in found if m.id == pressed)
        return found[-1]

    def reads(self, key: str) -> str:
        """The words of that message."""
        return _words(self.newest(key))

    def news(self, key: str) -> int:
        """How many messages the bot has sent to somebody, or posted in the channel."""
        return sum(m.sender == "bot" for m in self.teams.chat(key))

    def buttons(self, key: str) -> list[str]:
        """Of that message; the six that the client shows."""
        card = self.newest(key).card
        return hands.buttons(card) if card else []

    def finds(self, key: str, title: str, *, card: Message | None = None) -> tuple[Message, str]:
        """The newest message with a button that begins with *title*, and the whole title."""
        for message in [card] if card else [self.newest(key), *reversed(self.teams.chat(key))]:
            fitting = [t for t in hands.buttons(message.card or {}) if t.startswith(title)]
            if title in fitting or len(fitting) == 1:
                return message, title if title in fitting else fitting[0]
        raise Lost(f"{key} has no button that begins {title!r}; the newest card has {self.buttons(key)}")

    def shows(self, key: str, words: str) -> bool:
        """Whether any message in somebody's chat, as it stands now, has *words*."""
        return any(words in _words(m) for m in self.teams.chat(key))

    def value(self, key: str, field: str) -> str:
        """What stands in an input of the card that somebody looks at."""
        return str(hands.inputs(self.newest(key).card or {})[field].get("value", ""))

    def choices(self, key: str, field: str) -> dict[str, str]:
        """The choices of an input: title to value."""
        found = hands.inputs(self.newest(key).card or {})[field].get("choices", ())
        return {str(c["title"]): str(c["value"]) for c in found}

    def links(self, key: str) -> dict[str, str]:
        """The links of the card that somebody looks at: title to address."""
        actions = (self.newest(key).card or {}).get("actions", ())
        return {a["title"]: a["url"] for a in actions if a["type"] == "Action.OpenUrl"}

    async def downloads(self, address: str) -> str:
        """What a link of the bot's own gives to a browser; empty where it is refused."""
        assert address.startswith(self.url)
        async with aiohttp.ClientSession() as browser, browser.get(address) as answer:
            return await answer.text() if answer.ok else ""

    def mail(self, key: str) -> tuple[Mail, ...]:
        """Everything in somebody's mailbox, oldest first."""
        return self.mailbox.of(self.people[key].email)

    def channel(self) -> tuple[Message, ...]:
        """The bot's posts in the Partnership channel after its greeting and its thanks for being told to use it, oldest
        first.
        """
        return tuple(m for m in self.teams.chat(CHANNEL) if m.sender == "bot")[2:]

    def reference(self, key: str) -> str:
        """The reference of the case that somebody looks at."""
        found = re.search(r"\bRef ([A-Z0-9]{4})\b", self.reads(key))
        if not found:
            raise Lost(f"{key} looks at no case")
        return found[1]

    def transcript(self, *keys: str) -> str:
        """All chats and mails, as people see them."""
        lines = [f"--- {self.now:%a %d %b %H:%M}"]
        for key in keys or (*self.people, CHANNEL):
            for message in self.teams.chat(key):
                titles = hands.buttons(message.card) if message.card else []
                at = message.at.astimezone(LONDON)
                lines.append(f"[{key}] {at:%a %d %b %H:%M} {message.sender}: {message.summary}")
                lines += [f"    | {line}" for line in _words(message).splitlines() if line and line not in titles]
                lines += [f"    ({title})" for title in titles]
        for mail in (m for key in keys or self.people for m in self.mail(key)):
            lines.append(f"[mail to {mail.to}] {mail.subject}")
            lines += [f"    | {line}" for line in mail.text.splitlines() if line]
        return "\n".join(lines)

    def reached(self, key: str) -> list[str]:
        """Everything of ours that ever reached somebody: each message with its toast and all that its card carries,
        each card as it stood before it was replaced, each mail with its subject.
        """
        seen = [m for chat, m in self._remembered.ever if chat == key and m.sender == "bot"]
        came = [f"{m.summary}\n{m.notice}\n{_words(m)}\n{json.dumps(m.card, ensure_ascii=False)}" for m in seen]
        return came + [f"{m.subject}\n{m.text}" for m in self.mail(key)]

    async def kept(self) -> dict[str, str]:
        """What the store keeps of cases and half-filled forms, opened with its keys."""
        stores = self.parts.stores
        cases = {
            f"cases/{x}": str(await stores.book.events(x)) for x in await stores.book.cases_of(None, open_only=False)
        }
        drafts = await stores.drafts.drafts_before(datetime.max.replace(tzinfo=UTC))
        return cases | {f"drafts/{x.person}/{x.form}": str(dict(x.values)) for x in drafts}

    async def rests(self) -> None:
        """What is written beside the turns (who read what, copies of new files) is written."""
        stores = self.parts.stores
        await stores.reads.written()
        if isinstance(stores.book, TinyCaseBook):
            await stores.book.folder.sync_now()

    def on_disk(self) -> dict[str, str]:
        """Every file of the store with what is in it."""
        files = (f for f in sorted(self.folder.rglob("*")) if f.is_file())
        return {str(f.relative_to(self.folder)): f.read_text(encoding="utf-8", errors="replace") for f in files}

    # -- time ------------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """In London."""
        return self.wall.at.astimezone(LONDON)

    async def passes(self, **span: float) -> None:
        """`passes(days=1)`, `passes(hours=2)`: by the clock on the wall."""
        there = self.now.replace(tzinfo=None) + timedelta(**span)
        await self._moves(there.replace(tzinfo=LONDON).astimezone(UTC))

    async def on(self, when: str) -> None:
        """Until "2026-10-13 15:30" in London, doing everything that falls due on the way, each at its time."""
        await self._moves(datetime.fromisoformat(when).replace(tzinfo=LONDON).astimezone(UTC))

    def sleeps_until(self, when: str) -> None:
        """The clock moves on while the bot is not running."""
        assert self._runner is None
        self.wall.at = datetime.fromisoformat(when).replace(tzinfo=LONDON).astimezone(UTC)

    async def _moves(self, target: datetime) -> None:
        assert target >= self.wall.at, "time does not go back"
        while (coming := await self.parts.clock.coming()) and coming.at <= target:
            self.wall.at = max(coming.at, self.wall.at)
            await self._sweeps()
        self.wall.at = target
        await self._sweeps()

    # -- the promise of privacy ------------------------------------------------------------------------------------------

    def leaks(self) -> list[str]:
        """What others could read over a shoulder: names, schools, areas or typed words in the channel, names in toasts
        and mail subjects, names in the log. Empty when the promise is kept.
        """
        found = [f"channel: {w}: {_words(m)!r}" for m in self.channel() for w in self._private(_words(m), whole=True)]
        for key in (*self.people, CHANNEL):
            summaries = [m.summary for m in self.teams.chat(key) if m.sender == "bot"]
            found += [f"toast: {w}: {s!r}" for s in summaries for w in self._private(s)]
        found += [f"subject: {w}: {m.subject!r}" for m in self.mailbox.all() for w in self._private(m.subject)]
        said = [*as_text(self.log.records), *as_json(self.log.records)]
        return found + [f"log: {w}: {line!r}" for line in said for w in self._private(line, address=True)]

    def errors(self) -> list[str]:
        """What the bot logged as an error, and what Teams would complain about."""
        logged = as_text(r for r in self.log.records if r.levelno >= logging.ERROR)
        return [*([] if self.expects_errors else logged), *self.teams.complaints, *self.contract.complaints]

    def _private(self, words: str, *, whole: bool = False, address: bool = False) -> Iterator[str]:
        yield from (name for name in _names() if re.search(rf"\b{re.escape(name)}\b", words))
        yield from (typed for typed in self.typed if typed in words)
        if address:
            yield from (p.email for p in self.people.values() if p.email.partition("@")[0] in words)
        if whole:
            yield from (label for label in _labels() if label in words)
            yield from NEVER_IN_PUBLIC.findall(words)


def in_tenant(person: PracticePerson) -> bool:
    """Whether the university keeps a mailbox for somebody: schools have their own."""
    return person.reach == "teams" and "#EXT#" not in person.principal_name and ".ac.uk" in person.email


def mailbox_of(person: PracticePerson) -> Calendar:
    return Calendar(person.name, person.email, person.object_id, person.principal_name)


@functools.cache
def provider() -> Provider:
    return Provider.load(PROVIDER)


@functools.cache
def _names() -> Sequence[str]:
    """Every part of every name on the list."""
    parts = {part for person in cast() for part in person.name.split()} - {"Dr", "Prof"}
    return sorted(parts)


@functools.cache
def _labels() -> Sequence[str]:
    """Schools and areas, in every form in which a card could show them."""
    schools = {p.what.partition(", ")[2] for p in cast() if ", " in p.what}
    return sorted({*schools, *(a.choice for a in areas(provider())), *(a.label for a in areas(provider()))})


def meeting_title(address: str) -> str:
    """The subject of a Teams "new meeting" link."""
    return parse_qs(urlsplit(address).query)["subject"][0]


def _words(message: Message) -> str:
    return "\n".join(part for part in (message.text, hands.words(message.card) if message.card else "") if part)
