"""Practice mode put together: the channel, the mailbox, the bot under them, and the clock that can be moved."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.practice.botprocess import WORDS, BotProcess, State
from bot.practice.channel import CHANNEL, Answer, Channel
from bot.practice.folder import PracticeFolder
from bot.practice.mailbox import Mail, Mailbox
from bot.practice.people import PracticePerson
from bot.practice.roll import PARTNERSHIP, PROVIDER
from bot.practice.tenant import Tenant

log = logging.getLogger(__name__)

BOT = (sys.executable, "-m", "bot")
START = datetime(2026, 10, 6, 8, tzinfo=UTC)
"""Tuesday 6 October 2026, 9am in London: only until the bot has told its own time."""

Told = dict[str, Any]


class Practice:
    """Everything behind the page. *command* is the program that answers to `serve` and `roster import FILE`; with
    *graph* the made-up university has let Pathway into its calendars.
    """

    def __init__(
        self,
        folder: PracticeFolder,
        people: Sequence[PracticePerson],
        command: Sequence[str] = BOT,
        *,
        graph: bool = False,
    ) -> None:
        identity = folder.identity()
        self._folder = folder
        self._offset = START - datetime.now(UTC)
        self._advancing = False
        self._busy = asyncio.Lock()
        self._listeners: set[asyncio.Queue[Told | None]] = set()
        self.channel = Channel(
            people,
            app_id=identity.app_id,
            app_password=identity.app_password,
            tenant_id=identity.tenant_id,
            now=self.now,
            folder=folder.channel,
        )
        self.channel.before_message = self._look_while_advancing
        self.mailbox = Mailbox(self.now, file=folder.mail, heard=self._mail_came)
        self.mailbox.before_mail = self._look_while_advancing
        self.tenant: Tenant | None = None
        if graph:
            self.tenant = Tenant(people, self.now, self.mailbox, folder.calendars, self._calendar_changed)
        self.bot = BotProcess(
            command, self._environment, admin=folder.book / "admin.sock", log=folder.log, changed=self._bot_changed
        )

    # Running

    async def start(self, port: int) -> None:
        """The channel must be listening on *port*. Comes back when the bot is ready and everybody has it installed.

        Raises BotDoesNotStart.
        """
        self.channel.url = f"http://127.0.0.1:{port}"
        self.channel.bot_url = f"{self.bot.url}/api/messages"
        await self.mailbox.start()
        await self._start_bot()
        identity = self._folder.identity()
        if identity.port not in {0, port}:
            await self._greet_from_the_new_address()
        self._folder.keep(replace(identity, port=port))

    async def stop(self) -> None:
        self.end_streams()
        await self.bot.stop()
        await self.mailbox.stop()
        await self.channel.stop()

    async def start_again(self) -> None:
        """Forgets everything that happened. Raises BotDoesNotStart."""
        async with self._busy:
            await self.bot.stop()
            self._folder.wipe_book()
            self.channel.transcript.clear()
            self.mailbox.clear()
            self._offset = START - datetime.now(UTC)
            if self.tenant is not None:
                self.tenant.clear()
            await self._start_bot()
        self.tell("again")

    async def _start_bot(self) -> None:
        identity = self._folder.identity()
        if not identity.seeded:
            await self.bot.once("roster", "import", str(PARTNERSHIP))
            self._folder.keep(replace(identity, seeded=True))
        await self.bot.start()
        await self.clock()
        await self._install_for_everybody()

    async def _install_for_everybody(self) -> None:
        members = [p for p in self.channel.people if p.reach == "teams"]
        for person in members:
            if not self.channel.transcript.installed(person.key):
                answer = await self.channel.install(person)
                self._taken(person.key, answer)
        if not self.channel.transcript.installed(CHANNEL):
            adder = next((p for p in members if "Partnership" in p.what), members[0])
            self._taken(CHANNEL, await self.channel.add_to_channel(adder))
            self._taken(CHANNEL, await self.channel.say_in_channel(adder, "use this channel"))

    def _taken(self, chat: str, answer: Answer) -> None:
        self.channel.transcript.mark_read(chat)
        if not answer.ok:
            log.warning("the bot does not answer an installation", extra={"status": answer.status})
            self.channel.transcript.set_installed(chat, installed=False)

    async def _greet_from_the_new_address(self) -> None:
        """The bot learns an address from any activity; the old ones hold a port that is ours no more."""
        for person in self.channel.people:
            if person.reach == "teams" and self.channel.transcript.installed(person.key):
                await self.channel.greet(person)

    def _environment(self, port: int) -> Mapping[str, str]:
        identity = self._folder.identity()
        return {
            "MicrosoftAppId": identity.app_id,
            "MicrosoftAppPassword": identity.app_password,
            "MicrosoftAppCertificate": "",
            "MicrosoftAppType": "SingleTenant",
            "MicrosoftAppTenantId": identity.tenant_id,
            "PORT": str(port),
            "PATHWAY_STORE": f"tinydb://{self._folder.book}",
            "PATHWAY_KEY": "",
            "PATHWAY_KEY_FILE": str(self._folder.main_key()),
            "PATHWAY_PROVIDER": str(PROVIDER),
            "PATHWAY_PRACTICE": self.channel.url,
            "PATHWAY_CALENDARS": "on" if self.tenant else "off",
            "PATHWAY_GRAPH": f"{self.channel.url}/graph" if self.tenant else "",
            "SMTP_HOST": self.mailbox.host,
            "SMTP_PORT": str(self.mailbox.port),
            "SMTP_USER": "",
            "SMTP_PASSWORD": "",
            "SMTP_FROM": "Pathway <pathway@northdale.example.ac.uk>",
            "PYTHONUNBUFFERED": "1",
        }

    # The clock

    def now(self) -> datetime:
        """The pathway's time."""
        return datetime.now(UTC) + self._offset

    async def clock(self) -> dict[str, Any]:
        """`{"now": iso, "next": {"at", "who", "what"} or None}`, or `{"error": sentence}`."""
        return self._noted(await self.bot.admin({"do": "clock"}, seconds=5))

    async def advance(self, by: str) -> dict[str, Any]:
        """Moves the clock by "hour", "day", "week" or to the "next" reminder; the same shape as `clock`."""
        async with self._busy:
            self._advancing = True
            try:
                told = self._noted(await self.bot.admin({"do": "advance", "by": by}))
            finally:
                self._advancing = False
        self.tell("clock", **told)
        return told

    def _noted(self, told: dict[str, Any]) -> dict[str, Any]:
        if "error" in told:
            return told
        now = datetime.fromisoformat(told["now"])
        self._offset = now - datetime.now(UTC) if abs(now - self.now()) > timedelta(seconds=2) else self._offset
        return told

    async def _look_while_advancing(self) -> None:
        """A clock that moves a week stops at every due time: what is sent there is dated there."""
        if self._advancing:
            self._noted(await self.bot.admin({"do": "clock"}, seconds=0.5))

    # What happens, for whoever looks

    def listen(self) -> asyncio.Queue[Told | None]:
        """A queue of what happens; None is the end."""
        queue: asyncio.Queue[Told | None] = asyncio.Queue()
        self._listeners.add(queue)
        return queue

    def leave(self, queue: asyncio.Queue[Told | None]) -> None:
        self._listeners.discard(queue)

    def tell(self, kind: str, **more: Any) -> None:
        for queue in self._listeners:
            queue.put_nowait({"kind": kind, **more})

    def end_streams(self) -> None:
        for queue in self._listeners:
            queue.put_nowait(None)

    async def pass_changes_on(self) -> None:
        """Runs until it is cancelled: what changes in a chat is told to the listeners."""
        with self.channel.subscribe() as changes, contextlib.suppress(asyncio.CancelledError):
            while True:
                change = await changes.get()
                self.tell("chat", what=change.kind, chat=change.chat, message=change.message_id)

    def _mail_came(self, mail: Mail) -> None:
        self.tell("mail", to=mail.to)

    def _calendar_changed(self) -> None:
        self.tell("calendar")

    def _bot_changed(self, state: State) -> None:
        self.tell("bot", state=state, words=WORDS[state])
