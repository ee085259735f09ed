"""A local Bot Framework channel that speaks to the bot over HTTP as Teams does.

Used twice: by practice mode, behind its page, and in-process by the tests, as a connector that speaks the real
protocol. It has its own signing key, OpenID page and token endpoint, so that the bot's gate needs no bypass; it posts
signed activities to the bot and answers the connector's REST API. The clock that a person moves (*now*) dates what is
seen; tokens run on real time.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Self

import aiohttp
from aiohttp import web

from bot.practice.activities import Activity, Place, as_html
from bot.practice.connector import Connector
from bot.practice.keys import SigningKey
from bot.practice.people import PracticePerson
from bot.practice.transcript import CHANNEL, Change, Message, Transcript

__all__ = ["CHANNEL", "Answer", "Call", "Change", "Channel", "Message", "PracticePerson"]

WENT_WRONG = "Something went wrong. Please try again."
"""What Teams shows when a press was not answered well."""

_CARD = "application/vnd.microsoft.card.adaptive"
_TEXT = "application/vnd.microsoft.activity.message"


@dataclass(frozen=True, slots=True)
class Answer:
    """How the bot answered one request of the channel.

    *status* is the HTTP status, 0 where nothing answered in time. *kind* says what a press led to: "card" (*card* now
    stands in place of the pressed one), "message" (*text* is shown), "error" (*text* is Teams' own sentence) or
    "nothing" (not a press, or an answer without content). *activity_id* is the id of what was sent.
    """

    status: int
    activity_id: str
    kind: Literal["card", "message", "error", "nothing"] = "nothing"
    text: str = ""
    card: Mapping[str, Any] | None = None
    body: Any = None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300 and self.kind != "error"


@dataclass(frozen=True, slots=True)
class Call:
    """One request of the bot to this channel; *path* is as it came, still percent-encoded."""

    method: str
    path: str
    status: int


@dataclass(frozen=True, slots=True)
class Fault:
    """A failure that a test asked for."""

    where: str
    status: int
    retry_after: float | None
    after_applying: bool

    def answer(self) -> web.Response:
        headers = {} if self.retry_after is None else {"Retry-After": f"{self.retry_after:g}"}
        code = {403: "MessageWritesBlocked", 404: "ConversationNotFound", 429: "TooManyRequests"}
        error = {"code": code.get(self.status, "ServiceError"), "message": "A failure that was asked for."}
        return web.json_response({"error": error}, status=self.status, headers=headers)


class Channel:
    """Teams, as far as one bot, one tenant and one Partnership channel can see it.

    Start it with `async with channel:` (a free port of 127.0.0.1) or put its routes into an application of your own
    with `add_to(app)` and set `url`. *bot_url* is the bot's messaging endpoint (".../api/messages") and may be set
    later. With *folder* the signing key and all chats are kept there; *key* is one of the caller's own instead.
    *patience* is how many seconds a request to the bot may take (Teams waits about fifteen).
    """

    def __init__(
        self,
        people: Sequence[PracticePerson],
        *,
        app_id: str,
        app_password: str,
        tenant_id: str,
        now: Callable[[], datetime],
        bot_url: str = "",
        folder: Path | None = None,
        patience: float = 15.0,
        key: SigningKey | None = None,
    ) -> None:
        self.people = tuple(people)
        self.app_id = app_id
        self.app_password = app_password
        self.tenant_id = tenant_id
        self.now = now
        self.bot_url = bot_url
        self.url = ""
        self.patience = patience
        self.before_message: Callable[[], Awaitable[None]] | None = None
        """Awaited before each connector request is carried out; practice looks at the bot's clock there."""
        self.key = key or (SigningKey.kept_in(folder / "signing.pem") if folder else SigningKey.new())
        self.transcript = Transcript(folder / "chats" if folder else None)
        self.calls: deque[Call] = deque(maxlen=2000)
        self.complaints: list[str] = []
        """What the bot did that Teams would let pass and users would not: a card without a summary, a card edited
        both by the answer to a press and by an update in the same turn. Tests expect it to be empty."""
        self._faults: list[Fault] = []
        self._pressed: dict[tuple[str, str], bool] = {}
        self._last_press: dict[str, str] = {}
        self._session: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None

    # Running

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_problem: object) -> None:
        await self.stop()

    async def start(self, port: int = 0) -> str:
        """Listens on 127.0.0.1 and gives the address, without a slash at the end."""
        app = web.Application()
        self.add_to(app)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self.url

    async def stop(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def add_to(self, app: web.Application) -> None:
        """Puts the connector's routes into *app*."""
        Connector(self).add_to(app)

    @property
    def service_url(self) -> str:
        return f"{self.url}/"

    @property
    def place(self) -> Place:
        """Ids and names that all activities share; the ids depend on the tenant alone."""
        root = uuid.uuid5(uuid.NAMESPACE_URL, self.tenant_id).hex
        return Place(
            app_id=self.app_id,
            tenant_id=self.tenant_id,
            service_url=self.service_url,
            bot_name="Pathway",
            team_id=f"19:{root[::-1]}@thread.tacv2",
            team_name="Placement partnership",
            channel_id=f"19:{root}@thread.tacv2",
            channel_name="Interventions",
        )

    # What people do

    async def install(self, person: PracticePerson) -> Answer:
        """Adds the bot for *person*: `installationUpdate`, then `conversationUpdate`. The answer is the second's."""
        self._must_have_teams(person)
        self.transcript.set_installed(person.key, installed=True)
        await self._personal(person, "installationUpdate", action="add")
        return await self.greet(person)

    async def greet(self, person: PracticePerson) -> Answer:
        """Only the `conversationUpdate`, which Teams may send again at any time."""
        added = [{"id": self.place.bot_id}]
        return await self._personal(person, "conversationUpdate", membersAdded=added)

    async def uninstall(self, person: PracticePerson) -> Answer:
        """Removes the bot for *person*; from now on the connector refuses that chat."""
        self._must_have_teams(person)
        self.transcript.set_installed(person.key, installed=False)
        return await self._personal(person, "installationUpdate", action="remove")

    async def say(self, person: PracticePerson, text: str) -> Answer:
        """*person* types *text* in the personal chat; comes back when the bot has answered the request."""
        self._must_have_teams(person)
        message = Message(self.transcript.new_id(), person.key, self.now(), text=text)
        self.transcript.add(person.key, message)
        return await self._send(
            self.place.personal(
                person,
                "message",
                message.id,
                self.now(),
                text=text,
                textFormat="plain",
                attachments=[as_html(text)],
            )
        )

    async def press(
        self,
        person: PracticePerson,
        activity_id: str,
        verb: str,
        data: Mapping[str, Any] | None = None,
        *,
        again: bool = False,
        new_id: bool = False,
        chat: str = "",
    ) -> Answer:
        """*person* presses an `Action.Execute` on the message *activity_id*.

        *data* is the card's data with the inputs in it, as the renderer merges them; whether such a button stands on
        the card is not checked, since the bot must not rely on it. The answer is applied to the message: a card
        replaces its card, a text stands under it. With *again* it is the same request delivered once more, as Teams
        does after about 15 s: under the id it had, or under a new one with *new_id*. *chat* is "channel" for a card
        in the Partnership channel.
        """
        self._must_have_teams(person)
        chat = chat or person.key
        invoke_id = f"f:{uuid.uuid4()}"
        if again and not new_id:
            invoke_id = self._last_press[person.key]
        self._last_press[person.key] = invoke_id
        value = {
            "action": {"type": "Action.Execute", "verb": verb, "data": dict(data or {})},
            "trigger": "manual",
        }
        more = {"name": "adaptiveCard/action", "value": value, "replyToId": activity_id}
        with self._watching(chat, activity_id):
            answer = self._understood(await self._send(self._invoke(person, chat, invoke_id, activity_id, more)))
            self._apply(chat, activity_id, answer)
        return answer

    async def add_to_channel(self, by: PracticePerson) -> Answer:
        """*by* adds the bot to the team of the Partnership channel."""
        self.transcript.set_installed(CHANNEL, installed=True)
        await self._in_channel(by, "installationUpdate", action="add")
        added = [{"id": self.place.bot_id}]
        return await self._in_channel(by, "conversationUpdate", event="teamMemberAdded", membersAdded=added)

    async def remove_from_channel(self, by: PracticePerson) -> Answer:
        self.transcript.set_installed(CHANNEL, installed=False)
        return await self._in_channel(by, "installationUpdate", action="remove")

    async def say_in_channel(self, person: PracticePerson, text: str, *, thread: str = "") -> Answer:
        """*person* mentions the bot in the Partnership channel, in a new thread or under the post *thread*."""
        message = Message(self.transcript.new_id(), person.key, self.now(), text=text, thread=thread)
        self.transcript.add(CHANNEL, message)
        place = self.place
        activity = place.in_channel(
            person,
            "message",
            message.id,
            self.now(),
            thread=thread or message.id,
            text=f"<at>{place.bot_name}</at> {text}",
            textFormat="plain",
            attachments=[as_html(text)],
        )
        mentioned = {"id": place.bot_id, "name": place.bot_name}
        activity["entities"].append(
            {"type": "mention", "mentioned": mentioned, "text": f"<at>{place.bot_name}</at>"},
        )
        return await self._send(activity)

    # What is seen

    def person(self, key: str) -> PracticePerson:
        """Raises LookupError for a key that nobody has."""
        for person in self.people:
            if person.key == key:
                return person
        raise LookupError(key)

    def chat(self, person: PracticePerson | str) -> tuple[Message, ...]:
        """The messages of a chat, oldest first; a person, a person's key or "channel"."""
        return self.transcript.messages(person if isinstance(person, str) else person.key)

    def unread(self, person: PracticePerson | str) -> int:
        return self.transcript.unread(person if isinstance(person, str) else person.key)

    def subscribe(self) -> AbstractContextManager[asyncio.Queue[Change]]:
        """`with channel.subscribe() as changes: await changes.get()`."""
        return self.transcript.subscribe()

    async def until(self, seen: Callable[[], bool], *, seconds: float = 5.0) -> None:
        """Waits for changes until *seen* is true. Raises TimeoutError after *seconds*."""
        with self.subscribe() as changes:
            async with asyncio.timeout(seconds):
                while not seen():
                    await changes.get()

    # What tests bend

    def fail_next(
        self,
        status: int,
        retry_after: float | None = None,
        times: int = 1,
        *,
        after_applying: bool = False,
        where: Literal["connector", "token", "keys"] = "connector",
    ) -> None:
        """The next *times* requests to *where* are answered with *status*. With *after_applying* the request has its
        effect first, as when an answer is lost on the way.
        """
        self._faults += [Fault(where, status, retry_after, after_applying)] * times

    def rotate_key(self) -> None:
        """A new signing key with a new id, as Microsoft changes theirs; tokens given before are worth nothing."""
        self.key = SigningKey.new()

    def token(self, key: SigningKey | None = None, *, key_id: str | None = None, **claims: Any) -> str:
        """A token as Teams sends it with an activity. *claims* change the right ones (None takes one away), *key* and
        *key_id* forge the signature and its header.
        """
        right = self.key.to_bot(self.app_id, self.service_url) | claims
        return (key or self.key).sign({k: v for k, v in right.items() if v is not None}, key_id=key_id)

    def activity(self, person: PracticePerson, kind: str = "message", **more: Any) -> Activity:
        """An activity of *person*'s personal chat to send with `deliver`, bent as a test likes."""
        return self.place.personal(person, kind, self.transcript.new_id(), self.now(), **more)

    async def deliver(self, activity: Any, *, token: str | None = None) -> Answer:
        """Posts *activity* as it is; *token* "" sends no Authorization header at all."""
        return await self._send(activity, token)

    def take_fault(self, where: str) -> Fault | None:
        for fault in self._faults:
            if fault.where == where:
                self._faults.remove(fault)
                return fault
        return None

    def note_call(self, request: web.Request, status: int) -> None:
        self.calls.append(Call(request.method, request.rel_url.raw_path, status))

    def note_update(self, chat: str, message_id: str) -> None:
        """Called by the connector when the bot edits a message."""
        if (chat, message_id) in self._pressed:
            self._pressed[chat, message_id] = True

    # How it is done

    @staticmethod
    def _must_have_teams(person: PracticePerson) -> None:
        if person.reach != "teams":
            raise ValueError(f"{person.name} has no Teams")

    async def _personal(self, person: PracticePerson, kind: str, **more: Any) -> Answer:
        activity_id = f"f:{uuid.uuid4()}"
        return await self._send(self.place.personal(person, kind, activity_id, self.now(), **more))

    async def _in_channel(self, by: PracticePerson, kind: str, *, event: str = "", **more: Any) -> Answer:
        activity = self.place.in_channel(by, kind, f"f:{uuid.uuid4()}", self.now(), **more)
        if event:
            activity["channelData"]["eventType"] = event
        return await self._send(activity)

    def _invoke(
        self, person: PracticePerson, chat: str, invoke_id: str, activity_id: str, more: Mapping[str, Any]
    ) -> Activity:
        if chat != CHANNEL:
            return self.place.personal(person, "invoke", invoke_id, self.now(), **more)
        thread = next((m.thread or m.id for m in self.chat(CHANNEL) if m.id == activity_id), activity_id)
        return self.place.in_channel(person, "invoke", invoke_id, self.now(), thread=thread, **more)

    async def _send(self, activity: Any, token: str | None = None) -> Answer:
        activity_id = str(activity.get("id", "")) if isinstance(activity, dict) else ""
        token = self.token() if token is None else token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if self._session is None:
            self._session = aiohttp.ClientSession()
        try:
            async with self._session.post(
                self.bot_url, json=activity, headers=headers, timeout=aiohttp.ClientTimeout(total=self.patience)
            ) as response:
                raw = await response.read()
                return Answer(response.status, activity_id, body=_json(raw))
        except (TimeoutError, aiohttp.ClientError):
            return Answer(0, activity_id)

    @staticmethod
    def _understood(answer: Answer) -> Answer:
        """What Teams makes of the answer to a press."""
        body = answer.body
        if answer.status != 200 or not isinstance(body, dict) or body.get("statusCode") != 200:
            return replace(answer, kind="error", text=WENT_WRONG)
        value = body.get("value")
        if body.get("type") == _CARD and isinstance(value, dict):
            return replace(answer, kind="card", card=value)
        if body.get("type") == _TEXT and isinstance(value, str):
            return replace(answer, kind="message", text=value)
        return replace(answer, kind="error", text=WENT_WRONG)

    def _apply(self, chat: str, activity_id: str, answer: Answer) -> None:
        if answer.kind not in {"card", "message"}:
            return
        if answer.kind == "card" and self._pressed.get((chat, activity_id)):
            self.complaints.append(f"message {activity_id} was edited by an update and by the answer to a press")

        def changed(message: Message) -> Message:
            if answer.kind == "message":
                return replace(message, notice=answer.text)
            return replace(message, card=answer.card, notice="", edited=self.now())

        try:
            self.transcript.edit(chat, activity_id, changed)
        except LookupError:
            self.complaints.append(f"a press on {activity_id}, which does not stand in that chat, was answered")

    @contextmanager
    def _watching(self, chat: str, activity_id: str) -> Iterator[None]:
        self._pressed[chat, activity_id] = False
        try:
            yield
        finally:
            self._pressed.pop((chat, activity_id), None)


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None
