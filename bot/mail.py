"""Notices by e-mail, for people who are not in Teams: plain text made from the very card, a neutral subject."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formataddr, make_msgid
from ipaddress import ip_address
from typing import Any

import aiosmtplib

from bot.desk import TryLater, Unreachable, under_way
from bot.settings import MailSettings

TIMEOUT = 15.0
#: SMTP answers from here on are for good.
PERMANENT = 500
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Letter:
    """*subject* names nobody; *reply_to* is a person's address: nobody reads the bot's."""

    to_name: str
    to_email: str
    subject: str
    text: str
    reply_to: str = ""
    key: str = ""
    ics: bytes = b""


class Mail:
    def __init__(self, settings: MailSettings) -> None:
        self.settings = settings
        self._one_at_a_time = asyncio.Semaphore(4)

    async def send(self, letter: Letter) -> None:
        """Raises TryLater for a passing fault, Unreachable for an address that will not have it."""
        settings = self.settings
        async with self._one_at_a_time:
            try:
                with under_way():
                    await aiosmtplib.send(
                        _message(letter, settings.sender),
                        hostname=settings.host,
                        port=settings.port,
                        username=settings.user or None,
                        password=settings.password or None,
                        start_tls=not _is_loopback(settings.host),
                        tls_context=None if _is_loopback(settings.host) else ssl.create_default_context(),
                        timeout=TIMEOUT,
                    )
            except aiosmtplib.SMTPRecipientsRefused as error:
                if all(refusal.code >= PERMANENT for refusal in error.recipients):
                    raise Unreachable("mail refused") from error
                raise TryLater("mail deferred") from error
            except aiosmtplib.SMTPResponseException as error:
                if error.code >= PERMANENT and not isinstance(error, aiosmtplib.SMTPAuthenticationError):
                    raise Unreachable("mail refused") from error
                raise TryLater("the mail server said no") from error
            except (aiosmtplib.SMTPException, OSError) as error:
                raise TryLater("the mail server does not answer") from error

    async def knock(self) -> None:
        """Connects and signs in as for a letter, and sends none. Raises aiosmtplib.SMTPException or OSError."""
        settings = self.settings
        server = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.user or None,
            password=settings.password or None,
            start_tls=not _is_loopback(settings.host),
            tls_context=None if _is_loopback(settings.host) else ssl.create_default_context(),
            timeout=TIMEOUT,
        )
        async with server:
            await server.noop()


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _message(letter: Letter, sender: str) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = letter.subject
    mail["From"] = sender
    mail["To"] = formataddr((letter.to_name, letter.to_email))
    if letter.reply_to:
        mail["Reply-To"] = letter.reply_to
    mail["Message-ID"] = make_msgid(idstring=letter.key or None, domain="pathway.invalid")
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(letter.text)
    if letter.ics:
        mail.add_attachment(letter.ics, maintype="text", subtype="calendar", filename="meeting.ics")
    return mail


def as_text(card: Mapping[str, Any]) -> str:
    """The words of a card, a paragraph each; links with their address, other buttons left out."""
    blocks = [*_blocks(card.get("body", [])), *_links(card.get("actions", []))]
    return "\n\n".join(block for block in blocks if block.strip()) + "\n"


def _blocks(parts: list[Mapping[str, Any]]) -> Iterator[str]:
    for part in parts:
        match part.get("type"):
            case "TextBlock":
                yield _unmarked(str(part["text"]))
            case "RichTextBlock":
                yield "    " + "".join(run["text"] for run in part["inlines"])
            case "FactSet":
                yield "\n".join(f"{fact['title']}: {_unmarked(fact['value'])}" for fact in part["facts"])
            case "Container":
                yield from _blocks(part["items"])
            case _:
                continue


def _links(actions: list[Mapping[str, Any]]) -> Iterator[str]:
    for action in actions:
        if action.get("type") == "Action.OpenUrl":
            yield f"{action['title']}: {action['url']}"


def _unmarked(words: str) -> str:
    """Without the backslashes that keep a card from reading a name as Markdown, and without its bold marks."""
    return _ESCAPED.sub(r"\1", words.replace("**", ""))
