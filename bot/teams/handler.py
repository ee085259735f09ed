"""Activities -> the Desk. botbuilder decides which kind of activity it is; this says what each kind is for us."""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from botbuilder.core import InvokeResponse, TurnContext
from botbuilder.core.teams import TeamsActivityHandler
from botbuilder.schema import ActivityTypes

from bot.desk import Desk, Message, TryLater, Unreachable, Who
from bot.teams import words
from bot.teams.adapter import ADMITTED, TeamsAdapter
from bot.teams.body import Activity
from bot.teams.connector import CARD, Connector, back_off, log_too_heavy
from bot.teams.gate import Admitted
from cards.fit import shortened
from pathway.address import Address
from pathway.casework import fault_reference

TEXT = "application/vnd.microsoft.activity.message"
ERROR = "application/vnd.microsoft.error"
CARD_ACTION = "adaptiveCard/action"

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
_JOINED_KEPT = 256


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds. After *typing* the person sees that we work, and after *message* a kind word says so. The request of a
    message is answered after *answered*, that of a press kindly after *invoke*, while the work goes on: Teams re-sends
    after about 15 s, and shows a failed press after 5 s.
    """

    typing: float = 1.2
    answered: float = 1.5
    message: float = 12.0
    invoke: float = 2.5
    sending: int = 4
    """Tries for each message of a turn."""
    longest_wait: float = 60.0
    """A message of a turn is given up if the service wants more silence than this."""
    same_team: float = 600.0
    """Two notices of one installation in a team come within this time."""
    others: float = 2.0
    """A chat that has got nowhere for so long is left to itself, and what goes to others is sent meanwhile."""


class Answer(InvokeResponse):  # type: ignore[misc, unused-ignore]
    """An invoke's answer that remembers the message it was made of, for when it comes too late."""

    def __init__(self, body: Mapping[str, Any], message: Message | None = None) -> None:
        super().__init__(status=200, body=body)
        self.message = message


class Errands:
    """Work that outlives the request that began it. Kept by reference, ended by `close`."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def quiet(self, patience: float) -> None:
        """Waits, at most *patience* seconds, until what is under way now has ended."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=patience)

    async def close(self, patience: float) -> None:
        """Lets what is under way end within *patience* seconds, then cancels the rest."""
        await self.quiet(patience)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class DeskHandler(TeamsActivityHandler):  # type: ignore[misc, unused-ignore]
    """Calls the Desk and sends what it says. Nothing the Desk raises leaves a turn; see `apologise`."""

    def __init__(
        self,
        desk: Desk,
        adapter: TeamsAdapter,
        connector: Connector,
        errands: Errands,
        *,
        patience: Patience,
        pause: Callable[[float], float] = back_off,
    ) -> None:
        super().__init__()
        self._desk = desk
        self._adapter = adapter
        self._connector = connector
        self._errands = errands
        self._patience = patience
        self._pause = pause
        self._joined: OrderedDict[str, float] = OrderedDict()

    # What botbuilder calls

    async def on_message_activity(self, turn_context: TurnContext) -> None:
        admitted = _admitted(turn_context)
        text = text_of(admitted.activity)
        ask = self._desk.said if admitted.address.scope == "personal" else self._desk.said_in_channel
        messages = await self._with_signs_of_life(admitted, ask(self._who(admitted), text))
        await self._say(admitted, messages)

    async def on_invoke_activity(self, turn_context: TurnContext) -> InvokeResponse:
        response = await self._invoked(_admitted(turn_context))
        self._adapter.answer_invoke(turn_context, response)
        return response

    async def on_conversation_update_activity(self, turn_context: TurnContext) -> None:
        admitted = _admitted(turn_context)
        added = admitted.activity.get("membersAdded") or ()
        if any(member.get("id") == admitted.address.bot_id for member in added):
            await self._arrived(admitted)

    async def on_installation_update_add(self, turn_context: TurnContext) -> None:
        await self._arrived(_admitted(turn_context))

    async def on_installation_update_remove(self, turn_context: TurnContext) -> None:
        admitted = _admitted(turn_context)
        self._joined.pop(_team_of(admitted.activity), None)
        await self._desk.left(self._who(admitted))

    async def apologise(self, context: TurnContext, fault: Exception) -> None:
        """For `on_turn_error`: the person hears of it kindly, the log gets a reference and where it was."""
        admitted = _admitted(context)
        message = words.went_wrong(note(admitted, fault))
        if admitted.activity["type"] == ActivityTypes.invoke:
            self._adapter.answer_invoke(context, answer_of(message))
        elif admitted.activity["type"] == ActivityTypes.message:
            await self._say(admitted, [message])

    # Presses

    async def _invoked(self, admitted: Admitted) -> Answer:
        body = admitted.activity
        if body.get("name") != CARD_ACTION:
            return _error(501, "NotSupported", "Pathway does not know this kind of request.")
        action = (body.get("value") or {}).get("action")
        verb = action.get("verb") if isinstance(action, dict) else None
        data = (action.get("data") or {}) if isinstance(action, dict) else None
        if not isinstance(verb, str) or not verb or not isinstance(data, dict):
            return _error(400, "BadRequest", "This button does not say what it is for.")
        return answer_of(await self._desk.acted(self._who(admitted), verb, data, body.get("replyToId") or ""))

    async def deliver_late(self, turn: asyncio.Task[InvokeResponse | None], admitted: Admitted) -> None:
        """The answer to a press that was told to wait: the card is edited in place, words are sent."""
        answer = await turn
        message = answer.message if isinstance(answer, Answer) else None
        if message is None:
            return
        card_id = admitted.activity.get("replyToId") or ""
        if message.card is None or not card_id:
            await self._say(admitted, [message], reply=False)
            return
        try:
            await self._keep_trying(lambda _: self._connector.update(admitted.address, card_id, message))
        except Unreachable:
            await self._say(admitted, [message], reply=False)
        except TryLater as fault:
            note(admitted, fault)

    # Coming and going

    async def _arrived(self, admitted: Admitted) -> None:
        if admitted.address.scope == "personal":
            if not admitted.object_id:
                _log.info("an installation without an object id: they are met when they write")
                return
            await self._say(admitted, await self._desk.met(self._who(admitted)), reply=False)
        elif self._is_news(team := _team_of(admitted.activity)):
            try:
                await self._joined_channel(admitted)
            except Exception:
                self._joined.pop(team, None)
                raise

    async def _joined_channel(self, admitted: Admitted) -> None:
        address = replace(admitted.address, conversation_id=_chosen_channel(admitted.activity), user_id="")
        messages = await self._desk.joined_channel(address, await self._name_of(admitted))
        await self._say(replace(admitted, address=address), messages, reply=False)

    def _is_news(self, team: str) -> bool:
        """Teams tells of one installation twice, by two kinds of activity."""
        now = time.monotonic()
        last = self._joined.pop(team, None)
        self._joined[team] = now
        if len(self._joined) > _JOINED_KEPT:
            self._joined.popitem(last=False)
        return last is None or now - last > self._patience.same_team

    async def _name_of(self, admitted: Admitted) -> str:
        """The sender's display name, asked of the roster if the activity has none; empty if it cannot be had."""
        sender = admitted.activity["from"]
        name: str = sender.get("name") or ""
        if name or not sender.get("id"):
            return name
        try:
            async with asyncio.timeout(self._patience.typing * 2):
                return (await self._connector.member(admitted.address, sender["id"])).name
        except (TryLater, Unreachable, TimeoutError):
            return ""

    # Saying

    async def _with_signs_of_life(
        self, admitted: Admitted, work: Coroutine[Any, Any, Sequence[Message]]
    ) -> Sequence[Message]:
        """Awaits *work*; the person sees typing, and later a kind word, if it takes long."""
        loop = asyncio.get_running_loop()
        typing: list[asyncio.Task[None]] = []
        timers: list[asyncio.TimerHandle] = []
        since = loop.time()

        def say_wait() -> None:
            self._errands.start(self._say(admitted, [words.STILL_WORKING], reply=False))

        def show_typing() -> None:
            timers.append(loop.call_at(since + self._patience.message, say_wait))
            typing.append(self._errands.start(self._type(admitted.address)))

        timers.append(loop.call_at(since + self._patience.typing, show_typing))
        try:
            return await work
        finally:
            for timer in timers:
                timer.cancel()
            for sign in typing:  # a sign that is still on its way must not come after the answer
                sign.cancel()

    async def say(self, admitted: Admitted, message: Message) -> None:
        """One message to the chat that *admitted* came from, outside any turn."""
        await self._say(admitted, [message], reply=False)

    async def _type(self, address: Address) -> None:
        try:
            await self._connector.typing(address)
        except (TryLater, Unreachable) as fault:
            _log.info("no typing sign", extra={"kind": type(fault).__name__})

    async def _say(self, admitted: Admitted, messages: Sequence[Message], *, reply: bool = True) -> None:
        """Sends in order. What the service refuses for good ends it; it is our fault to log, never the person's."""
        reply_to = (admitted.activity.get("id") or "") if reply else ""
        for message in messages:
            send = functools.partial(self._send, admitted.address, message, reply_to)
            try:
                await self._keep_trying(send)
            except (TryLater, Unreachable) as fault:
                note(admitted, fault)
                return

    async def _send(self, to: Address, message: Message, reply_to: str, perhaps_sent: bool) -> None:  # noqa: FBT001
        said = words.sent_again(message) if perhaps_sent else message
        if reply_to:
            await self._connector.reply(to, said, reply_to)
        else:
            await self._connector.send(to, said)

    async def _keep_trying(self, send: Callable[[bool], Awaitable[None]]) -> None:
        """*send* gets whether an earlier try may have arrived. Raises the last TryLater, or Unreachable."""
        perhaps_sent, pause = False, 0.0
        for attempt in range(self._patience.sending):
            try:
                await send(perhaps_sent)
            except TryLater as fault:
                perhaps_sent = perhaps_sent or fault.maybe_delivered
                pause = self._pause(pause)
                wait = max(pause, fault.after or 0.0)
                if attempt + 1 == self._patience.sending or wait > self._patience.longest_wait:
                    raise
                await asyncio.sleep(wait)
            else:
                return

    def _who(self, admitted: Admitted) -> Who:
        sender = admitted.activity["from"]
        return Who(
            object_id=admitted.object_id,
            name=sender.get("name") or "",
            address=admitted.address,
            profile=functools.partial(self._connector.member, admitted.address, sender.get("id") or ""),
            team=_team_of(admitted.activity) if admitted.address.scope != "personal" else "",
        )


_KINDS: Final = frozenset({"message", "invoke", "installationUpdate", "conversationUpdate"})


def note(admitted: Admitted, fault: Exception) -> str:
    """Logs where *fault* was, under the reference that the person is told. The reference."""
    reference = fault_reference()
    kind = admitted.activity["type"]
    known = kind if kind in _KINDS else "other"
    _log.error("a turn went wrong", exc_info=fault, extra={"reference": reference, "kind": known})
    return reference


def answer_of(message: Message) -> Answer:
    """The answer to a press: its card replaces the pressed one, or its words are shown beside it."""
    if message.card is not None:
        drawn = shortened(dict(message.card))
        if drawn is None:
            log_too_heavy()
            return answer_of(words.TOO_LONG)
        return Answer({"statusCode": 200, "type": CARD, "value": drawn}, message)
    return Answer({"statusCode": 200, "type": TEXT, "value": message.text or message.summary}, message)


def text_of(activity: Activity) -> str:
    """What was typed, without the mentions of the bot and without the hard spaces that Teams puts around them."""
    text: str = activity.get("text") or ""
    bot_id = activity["recipient"].get("id")
    for entity in activity.get("entities") or ():
        mentioned = (entity.get("mentioned") or {}).get("id")
        if entity.get("type") == "mention" and mentioned == bot_id and entity.get("text"):
            text = text.replace(entity["text"], " ")
    return text.replace("\N{NO-BREAK SPACE}", " ").strip()


def _error(status: int, code: str, sentence: str) -> Answer:
    return Answer({"statusCode": status, "type": ERROR, "value": {"code": code, "message": sentence}})


def _admitted(context: TurnContext) -> Admitted:
    admitted: Admitted = context.turn_state[ADMITTED]
    return admitted


def _team_of(activity: Activity) -> str:
    team = ((activity.get("channelData") or {}).get("team") or {}).get("id")
    return team or _chosen_channel(activity)


def _chosen_channel(activity: Activity) -> str:
    """The channel that was chosen at the installation, else the conversation without its thread."""
    settings = (activity.get("channelData") or {}).get("settings") or {}
    chosen: str = (settings.get("selectedChannel") or {}).get("id") or ""
    return chosen or activity["conversation"]["id"].partition(";messageid=")[0]
