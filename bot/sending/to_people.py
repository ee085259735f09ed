"""The way to one person: in Teams where they have opened the bot, else by mail."""

from __future__ import annotations

import logging
from typing import Final

from bot.desk import Message, Post, Unreachable, arrived
from bot.mail import Mailing
from bot.reach import Reaching
from bot.sending.calendar_files import CalendarFile
from bot.sending.letters import how_to_answer, letter
from bot.sending.pieces import Dropped
from pathway.casework import Casework
from pathway.people import MAIL_REFUSED, NEVER_OPENED
from pathway.ports import Addresses

log = logging.getLogger(__name__)

MAILED: Final = "mailed"


class ToPeople:
    """*bot_link* is Teams' deep link to the bot's chat, for letters."""

    def __init__(
        self,
        casework: Casework,
        addresses: Addresses,
        post: Post,
        mail: Mailing | None,
        *,
        reach: Reaching,
        bot_link: str,
    ) -> None:
        self.casework = casework
        self.addresses = addresses
        self.post = post
        self.mail = mail
        self.reach = reach
        self.bot_link = bot_link

    async def send(
        self, to: str, message: Message, *, reply_to: str, key: str, file: CalendarFile | None = None
    ) -> str:
        """The result as the outbox keeps it: "sent:" and the activity's id, or MAILED. Raises TryLater, Unreachable,
        and Dropped for somebody who is not listed.
        """
        person = await self.casework.roster.person(to)
        if person is None:
            raise Dropped("nobody of that name is listed")
        address = await self.addresses.address(to)
        if address is not None:
            try:
                return "sent:" + await self.post.send(address, message)
            except Unreachable as no:
                if no.ours:
                    raise
                log.info("Teams refuses a reader; the other way is used", extra={"reason": no.reason, "person": to})
                await self.reach.lost(to, no.reason, address)
        if self.mail is None:
            await self.reach.no_way(to, NEVER_OPENED)
            raise Unreachable("not in Teams, and no way for mail is set")
        closing = how_to_answer(self.casework.provider, await self.casework.roster.person(to) or person, self.bot_link)
        posted = letter(self.casework.provider, person, message, closing, reply_to=reply_to, key=key, file=file)
        try:
            await self.mail.send(posted)
        except Unreachable as no:
            if not no.ours:
                await self.reach.no_way(to, MAIL_REFUSED)
            raise
        with arrived(MAILED):
            await self.reach.mailed(to)
        return MAILED
