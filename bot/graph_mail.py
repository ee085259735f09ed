"""Letters through Microsoft Graph, from the one shared mailbox that the university lets the bot send from.

`POST /users/{mailbox}/sendMail` needs the application permission `Mail.Send`, which Exchange's RBAC for Applications
narrows to that mailbox (docs/install.md). Where it is not granted, or no longer, letters go by SMTP.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from typing import Any, Final

from bot.desk import TryLater, Unreachable
from bot.graph_door import GraphDoor
from bot.mail import ICS_NAME, Letter, Mailing

#: Requests at a time for one mailbox (Outlook's own limit, Microsoft Graph throttling guidance).
AT_ONCE: Final = 4

_NOT_GRANTED: Final = frozenset({403, 404})
_PASSING: Final = frozenset({401, 408, 425, 429, 500, 502, 503, 504})
_MAYBE_SENT: Final = frozenset({408, 500, 502, 504})
#: Codes of Graph's about the reader's address, not about us.
_BAD_READER: Final = frozenset({"ErrorInvalidRecipients", "ErrorInvalidIdMalformed", "ErrorRecipientNotFound"})


class GraphMail:
    """`bot.mail.Mailing` from *mailbox*; *otherwise* is the way where Graph does not let the bot send."""

    def __init__(self, door: GraphDoor, mailbox: str, otherwise: Mailing | None = None) -> None:
        self._door = door
        self._mailbox = mailbox
        self._otherwise = otherwise
        self._room = asyncio.Semaphore(AT_ONCE)

    async def send(self, letter: Letter) -> None:
        """See `Mailing`. A letter of which nobody knows whether it went is not sent the other way as well."""
        async with self._room:
            says = await self._door.ask("POST", self._door.url(self._mailbox, "sendMail"), as_graph_has_it(letter))
        if says.done:
            return
        if says.status in _NOT_GRANTED:
            if self._otherwise is None:
                raise Unreachable("the mailbox may not be used for mail", ours=True)
            await self._otherwise.send(letter)
            return
        if says.status in _PASSING or 300 <= says.status < 400 or says.status > 504:
            maybe = says.status in _MAYBE_SENT
            raise TryLater(f"Graph answered {says.status}", says.after, maybe_delivered=maybe)
        raise Unreachable("mail refused", ours=says.code not in _BAD_READER)


def as_graph_has_it(letter: Letter) -> dict[str, Any]:
    """The body of `sendMail`. Exchange makes the plain text beside the HTML by itself. Nothing is kept in Sent Items:
    the case is the record.
    """
    message: dict[str, Any] = {
        "subject": letter.subject,
        "body": {"contentType": "html", "content": letter.html}
        if letter.html
        else {"contentType": "text", "content": letter.text},
        "toRecipients": [_recipient(letter.to_email, letter.to_name)],
    }
    if letter.reply_to:
        message["replyTo"] = [_recipient(letter.reply_to)]
    if letter.ics:
        asks = f"; method={letter.method}" if letter.method else ""
        message["attachments"] = [
            {
                "@odata.type": "#microsoft.graph.fileAttachment",
                "name": ICS_NAME,
                "contentType": f"text/calendar; charset=utf-8{asks}",
                "contentBytes": b64encode(letter.ics).decode("ascii"),
            }
        ]
    return {"message": message, "saveToSentItems": False}


def _recipient(address: str, name: str = "") -> dict[str, Any]:
    return {"emailAddress": {"address": address, "name": name} if name else {"address": address}}
