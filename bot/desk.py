"""The counter between Teams and the pathway: what comes in from people, what goes out to them.

`bot.teams` calls a `Desk` for each activity that passed the gate, and fulfils `Post` for everything that is sent
outside a turn. Neither side knows the other's libraries.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol

from pathway.address import Address

Card = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Profile:
    """What the Teams roster says of a member (connector `GET conversations/{id}/members/{id}`)."""

    name: str
    email: str
    principal_name: str

    @property
    def is_guest(self) -> bool:
        """Guests of the tenant carry `#EXT#` in their user principal name (Entra B2B)."""
        return "#ext#" in self.principal_name.casefold()


@dataclass(frozen=True, slots=True)
class Who:
    """A sender as the gate vouches for: *object_id* is `from.aadObjectId`; *name* is only for greeting; *team* is the
    id of the team that the conversation belongs to, "" where there is none.
    """

    object_id: str
    name: str
    address: Address
    profile: Callable[[], Awaitable[Profile]]
    team: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One message to a conversation. *summary* is what the toast and the lock screen show: never a name in it."""

    summary: str
    card: Card | None = None
    text: str = ""


class Desk(Protocol):
    """Answers people. Never raises for what a person did; what it raises is a fault of ours."""

    async def said(self, who: Who, text: str) -> Sequence[Message]:
        """Somebody typed *text* in the personal chat (mentions of the bot already removed)."""

    async def acted(self, who: Who, verb: str, data: Mapping[str, Any], activity_id: str) -> Message:
        """Somebody pressed an `Action.Execute`; *data* has the card's data and the inputs, *activity_id* is the
        message that holds the card (`replyToId`). The answer's card replaces it.
        """

    async def met(self, who: Who) -> Sequence[Message]:
        """The bot was installed for somebody, or somebody's personal conversation began: the welcome, once."""

    async def left(self, who: Who) -> None:
        """Somebody removed the bot: nothing is sent to that address until they are back."""

    async def joined_channel(self, address: Address, added_by: str) -> Sequence[Message]:
        """The bot was added to a team or a group chat: one message, naming who added it (*added_by* is a display name
        or empty).
        """

    async def said_in_channel(self, who: Who, text: str) -> Sequence[Message]:
        """Somebody mentioned the bot in a channel or group: answered privately, and what comes back is said there."""


class TryLater(Exception):
    """The message was not taken, or perhaps not: try again, not before *after* seconds (None: as you see fit)."""

    def __init__(self, reason: str, after: float | None = None, *, maybe_delivered: bool = False) -> None:
        super().__init__(reason)
        self.after = after
        self.maybe_delivered = maybe_delivered


@contextmanager
def noting(note: Callable[[], Awaitable[None]]) -> Iterator[None]:
    """Around whatever sends a message: *note* is called right before its request leaves (see `leaves`)."""
    before = _NOTE.set(note)
    try:
        yield
    finally:
        _NOTE.reset(before)


async def leaves() -> None:
    """Right before a request that delivers, when nothing is waited for any more. From here on nobody can say whether
    the message has arrived, and whoever sends it notes that down: not earlier, because what only waits for its moment
    has certainly not arrived. Raises what the note raises.
    """
    note = _NOTE.get()
    if note is not None:
        await note()


@contextmanager
def under_way() -> Iterator[None]:
    """Around the request that delivers: who is cancelled inside it cannot say whether the message arrived."""
    try:
        yield
    except asyncio.CancelledError as cut:
        cut.args = (_PERHAPS,)  # of the same class still, since asyncio.timeout looks for just that one
        raise


def perhaps_delivered(cut: asyncio.CancelledError) -> bool:
    """Whether a cancellation hit a message that was under way."""
    return cut.args == (_PERHAPS,)


@contextmanager
def arrived(result: str) -> Iterator[None]:
    """Around what is noted and edited after a message has arrived: who is cancelled inside it knows the *result*."""
    try:
        yield
    except asyncio.CancelledError as cut:
        cut.args = (_ARRIVED, result)
        raise


def arrived_as(cut: asyncio.CancelledError) -> str:
    """The result of a message that had arrived when the rest was cut off, "" where none had."""
    return str(cut.args[1]) if cut.args[:1] == (_ARRIVED,) else ""


_PERHAPS, _ARRIVED = "perhaps delivered", "arrived"
_NOTE: ContextVar[Callable[[], Awaitable[None]] | None] = ContextVar("note", default=None)


class Unreachable(Exception):
    """The address will not take messages (403 and 404 families): never retried; *reason* is the connector's code.

    *ours*: the message or our registration is at fault, not its reader, who can be reached with the next one.
    """

    def __init__(self, reason: str, *, ours: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.ours = ours


class Post(Protocol):
    """Sends outside a turn, through the connector. Calls `leaves` right before a request leaves."""

    async def send(self, to: Address, message: Message, *, thread: str = "") -> str:
        """The new activity's id. *thread* is the id of the channel post to reply to. Raises TryLater, Unreachable."""

    async def update(self, to: Address, activity_id: str, message: Message) -> None:
        """Edits in place. Raises TryLater, Unreachable (the message is gone, or the address is)."""
