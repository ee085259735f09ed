"""Notices by e-mail, for people who are not in Teams: in plain text and HTML, with a neutral subject."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formataddr, make_msgid
from ipaddress import ip_address
from typing import Protocol

import aiosmtplib

from bot.desk import TryLater, Unreachable, leaves, under_way
from bot.settings import MailSettings

TIMEOUT = 15.0
#: SMTP answers from here on are for good.
PERMANENT = 500
#: It had the connection, and nobody can say what it took.
_ANSWER_LOST = (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPReadTimeoutError)
#: A file of its own, not one more form of the words: Exchange would put those, and the names in them, into the
#: calendar entry, which colleagues can often read.
ICS_NAME = "meeting.ics"


@dataclass(frozen=True, slots=True)
class Letter:
    """*subject* names nobody; *reply_to* is a person's address: nobody reads the bot's. *html* is a whole page with the
    words of *text*; *ics* is a calendar file, and *method* what it asks of a calendar (RFC 5546).
    """

    to_name: str
    to_email: str
    subject: str
    text: str
    html: str = ""
    reply_to: str = ""
    key: str = ""
    ics: bytes = b""
    method: str = ""


class Mailing(Protocol):
    """A way for letters."""

    async def send(self, letter: Letter) -> None:
        """Raises TryLater for a passing fault, Unreachable for an address that will not have it (*ours*: for a mailbox
        of ours that may not send).
        """


class Mail:
    def __init__(self, settings: MailSettings) -> None:
        self.settings = settings
        self._one_at_a_time = asyncio.Semaphore(4)

    async def send(self, letter: Letter) -> None:
        """Raises TryLater for a passing fault (perhaps delivered where the answer was lost), Unreachable for an address
        that will not have it.
        """
        settings = self.settings
        async with self._one_at_a_time:
            await leaves()
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
                lost = isinstance(error, _ANSWER_LOST)
                raise TryLater("the mail server does not answer", maybe_delivered=lost) from error

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
    if letter.html:
        mail.add_alternative(letter.html, subtype="html")
    if letter.ics:
        attached = {"method": letter.method} if letter.method else {}
        mail.add_attachment(
            letter.ics, maintype="text", subtype="calendar", filename=ICS_NAME, params=attached | {"charset": "utf-8"}
        )
    return mail
