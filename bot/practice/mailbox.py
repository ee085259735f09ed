"""A real SMTP server on this computer: mail that the bot sends ends here and can be read in the page and in tests."""

from __future__ import annotations

import asyncio
import json
import os
import uuid
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from pathlib import Path
from typing import Any, Self, cast

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part of a mail that has a file name."""

    name: str
    kind: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as one address got it. *to* is the envelope's recipient, lower case; *at* is the pathway's time."""

    id: str
    to: str
    sender: str
    subject: str
    text: str
    html: str
    at: datetime
    attachments: tuple[Attachment, ...] = ()
    read: bool = False

    def as_json(self) -> dict[str, Any]:
        """All but what is inside the attachments."""
        return {
            "id": self.id,
            "to": self.to,
            "from": self.sender,
            "subject": self.subject,
            "text": self.text,
            "html": self.html,
            "at": self.at.isoformat(),
            "read": self.read,
            "attachments": [{"name": a.name, "kind": a.kind, "bytes": len(a.content)} for a in self.attachments],
        }


class Mailbox:
    """`async with Mailbox(now) as box:` listens on a free port of 127.0.0.1; `box.port` tells which.

    *now* dates what arrives. With *file* all mail is kept there, on disk before the sender is told 250. *heard* is
    called after each mail.
    """

    def __init__(
        self, now: Callable[[], datetime], *, file: Path | None = None, heard: Callable[[Mail], None] | None = None
    ) -> None:
        self.host = "127.0.0.1"
        self.port = 0
        #: Awaited before a mail is dated: a clock that moves a week stops on the way.
        self.before_mail: Callable[[], Awaitable[None]] | None = None
        self._now = now
        self._file = file
        self._heard = heard
        self._mails: list[Mail] = []
        self._refusals: list[str] = []
        self._lost_answers = 0
        self._server: asyncio.Server | None = None
        if file is not None and file.exists():
            self._mails = [_mail(kept) for kept in json.loads(file.read_text(encoding="utf-8"))]

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_problem: object) -> None:
        await self.stop()

    async def start(self, port: int = 0) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, self.host, port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    def all(self) -> tuple[Mail, ...]:
        """Every mail, oldest first."""
        return tuple(self._mails)

    def of(self, address: str) -> tuple[Mail, ...]:
        """The mails of one address, oldest first."""
        return tuple(m for m in self._mails if m.to == address.casefold())

    def mail(self, mail_id: str) -> Mail:
        """Raises LookupError for an unknown id."""
        for mail in self._mails:
            if mail.id == mail_id:
                return mail
        raise LookupError(mail_id)

    def mark_read(self, mail_id: str) -> None:
        """Raises LookupError for an unknown id."""
        mail = self.mail(mail_id)
        self._mails[self._mails.index(mail)] = replace(mail, read=True)
        self._keep()

    def clear(self) -> None:
        """Forgets every mail."""
        self._mails = []
        self._keep()

    def refuse_next(self, answer: str = "451 Try again later") -> None:
        """The next mail is answered with this SMTP line and not kept."""
        self._refusals.append(answer)

    def lose_next_answer(self) -> None:
        """The next mail arrives, and the connection is gone before its sender is told."""
        self._lost_answers += 1

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's name)
        """Called by aiosmtpd for each mail."""
        if self._refusals:
            return self._refusals.pop(0)
        if self.before_mail is not None:
            await self.before_mail()
        raw = envelope.content
        content = raw if isinstance(raw, bytes) else (raw or "").encode()
        for address in envelope.rcpt_tos:
            self._arrived(content, address)
        if self._lost_answers and server.transport is not None:
            self._lost_answers -= 1
            server.transport.close()
        return "250 Message accepted for delivery"

    def _protocol(self) -> SMTP:
        return SMTP(self, hostname="practice.example.org", enable_SMTPUTF8=True, loop=asyncio.get_running_loop())

    def _arrived(self, content: bytes, address: str) -> None:
        letter = cast("EmailMessage", message_from_bytes(content, policy=cast("Any", modern)))
        self.put(
            to=address,
            sender=str(letter["From"] or ""),
            subject=str(letter["Subject"] or ""),
            text=_part(letter, "plain"),
            html=_part(letter, "html"),
            attachments=tuple(_attachments(letter)),
        )

    def put(
        self, *, to: str, sender: str, subject: str, text: str, html: str = "", attachments: tuple[Attachment, ...] = ()
    ) -> None:
        """A mail that did not come by SMTP: what Outlook itself sends."""
        mail = Mail(
            id=uuid.uuid4().hex,
            to=to.casefold(),
            sender=sender,
            subject=subject,
            text=text,
            html=html,
            at=self._now(),
            attachments=attachments,
        )
        self._mails.append(mail)
        self._keep()
        if self._heard is not None:
            self._heard(mail)

    def _keep(self) -> None:
        if self._file is None:
            return
        kept = [m.as_json() | {"attachments": [_kept(a) for a in m.attachments]} for m in self._mails]
        self._file.parent.mkdir(parents=True, exist_ok=True)
        aside = self._file.with_suffix(".tmp")
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            json.dump(kept, out, ensure_ascii=False)
        aside.replace(self._file)


def _part(letter: EmailMessage, kind: str) -> str:
    part = letter.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n").strip() if part is not None else ""


def _attachments(letter: EmailMessage) -> list[Attachment]:
    return [
        Attachment(part.get_filename() or "", part.get_content_type(), part.get_payload(decode=True) or b"")  # type: ignore[arg-type]
        for part in letter.walk()
        if part.get_filename()
    ]


def _kept(attachment: Attachment) -> dict[str, str]:
    return {"name": attachment.name, "kind": attachment.kind, "content": b64encode(attachment.content).decode()}


def _mail(kept: dict[str, Any]) -> Mail:
    return Mail(
        id=kept["id"],
        to=kept["to"],
        sender=kept["from"],
        subject=kept["subject"],
        text=kept["text"],
        html=kept["html"],
        at=datetime.fromisoformat(kept["at"]),
        attachments=tuple(Attachment(a["name"], a["kind"], b64decode(a["content"])) for a in kept["attachments"]),
        read=kept["read"],
    )
