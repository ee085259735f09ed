"""What stands in each chat: a list of messages a chat, kept in one small file a chat."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

Card = Mapping[str, Any]
BOT = "bot"
CHANNEL = "channel"
"""The key of the Partnership channel among the chats."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it stands on the screen now.

    *sender* is "bot" or a person's key. *at* and *edited* are aware and in the pathway's time. *thread* is the id of
    the channel post that this one answers, and empty elsewhere. *notice* is a sentence that the bot gave as the
    answer to a press on this card, shown under it until the next press.
    """

    id: str
    sender: str
    at: datetime
    text: str = ""
    card: Card | None = None
    summary: str = ""
    edited: datetime | None = None
    thread: str = ""
    notice: str = ""
    deleted: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "from": self.sender,
            "at": self.at.isoformat(),
            "text": self.text,
            "card": self.card,
            "summary": self.summary,
            "edited": self.edited.isoformat() if self.edited else None,
            "thread": self.thread,
            "notice": self.notice,
            "deleted": self.deleted,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Message:
        return cls(
            id=kept["id"],
            sender=kept["from"],
            at=datetime.fromisoformat(kept["at"]),
            text=kept["text"],
            card=kept["card"],
            summary=kept["summary"],
            edited=datetime.fromisoformat(kept["edited"]) if kept["edited"] else None,
            thread=kept["thread"],
            notice=kept["notice"],
            deleted=kept["deleted"],
        )


@dataclass(frozen=True, slots=True)
class Change:
    """Something on a screen changed. *chat* is a person's key or "channel"."""

    kind: Literal["new", "edited", "deleted", "read", "people"]
    chat: str
    message_id: str = ""


@dataclass(slots=True)
class _Chat:
    messages: list[Message]
    unread: int = 0
    installed: bool = False


class Transcript:
    """All chats. With *folder* every change is on disk (written aside, then renamed) before the call returns; there
    is no fsync, since practice must outlive a killed process and not a power cut.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._chats: dict[str, _Chat] = {}
        self._listeners: set[asyncio.Queue[Change]] = set()
        self._last_id = 0
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            for file in sorted(folder.glob("*.json")):
                self._chats[file.stem] = _read(file)
        for chat in self._chats.values():
            for message in chat.messages:
                self._last_id = max(self._last_id, int(message.id))

    def messages(self, chat: str) -> tuple[Message, ...]:
        """Oldest first."""
        return tuple(self._chat(chat).messages)

    def message(self, chat: str, message_id: str) -> Message:
        """Raises LookupError where that chat holds no such message."""
        for message in self._chat(chat).messages:
            if message.id == message_id and not message.deleted:
                return message
        raise LookupError(message_id)

    def unread(self, chat: str) -> int:
        """How many of the bot's messages came since the chat was last opened."""
        return self._chat(chat).unread

    def installed(self, chat: str) -> bool:
        """Whether the bot stands in that chat."""
        return self._chat(chat).installed

    def new_id(self) -> str:
        """Milliseconds since 1970 as Teams uses them, never the same twice."""
        self._last_id = max(self._last_id + 1, int(time.time() * 1000))
        return str(self._last_id)

    def add(self, chat: str, message: Message) -> None:
        self._chat(chat).messages.append(message)
        if message.sender == BOT:
            self._chat(chat).unread += 1
        self._changed(Change("new", chat, message.id))

    def edit(self, chat: str, message_id: str, change: Callable[[Message], Message]) -> Message:
        """Raises LookupError where that chat holds no such message."""
        changed = change(self.message(chat, message_id))
        messages = self._chat(chat).messages
        messages[[m.id for m in messages].index(message_id)] = changed
        self._changed(Change("deleted" if changed.deleted else "edited", chat, message_id))
        return changed

    def delete(self, chat: str, message_id: str) -> None:
        """Raises LookupError where that chat holds no such message."""
        self.edit(chat, message_id, lambda m: replace(m, text="", card=None, summary="", notice="", deleted=True))

    def mark_read(self, chat: str) -> None:
        if self._chat(chat).unread:
            self._chat(chat).unread = 0
            self._changed(Change("read", chat))

    def set_installed(self, chat: str, *, installed: bool) -> None:
        self._chat(chat).installed = installed
        self._changed(Change("people", chat))

    def clear(self) -> None:
        """Forgets every chat and every installation."""
        chats = list(self._chats)
        self._chats.clear()
        for chat in chats:
            self._changed(Change("people", chat))

    @contextmanager
    def subscribe(self) -> Iterator[asyncio.Queue[Change]]:
        """A queue that gets every change from now on."""
        queue: asyncio.Queue[Change] = asyncio.Queue()
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)

    def _chat(self, chat: str) -> _Chat:
        return self._chats.setdefault(chat, _Chat([]))

    def _changed(self, change: Change) -> None:
        if self._folder is not None:
            _write(self._folder / f"{change.chat}.json", self._chat(change.chat))
        for queue in self._listeners:
            queue.put_nowait(change)


def _read(file: Path) -> _Chat:
    kept = json.loads(file.read_text(encoding="utf-8"))
    return _Chat([Message.from_json(m) for m in kept["messages"]], kept["unread"], kept["installed"])


def _write(file: Path, chat: _Chat) -> None:
    words = {"installed": chat.installed, "unread": chat.unread, "messages": [m.as_json() for m in chat.messages]}
    aside = file.with_suffix(".tmp")
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        json.dump(words, out, ensure_ascii=False)
    aside.replace(file)
