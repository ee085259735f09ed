"""Messages that belong to no case: a question for advice, a draft that waits, a list of what was not delivered."""

from __future__ import annotations

from datetime import date

from bot.desk import Message
from bot.reach import HANGS_AFTER
from bot.sending.channel import CHANNEL_LOST
from bot.sending.pieces import Dropped, again
from bot.sending.to_people import ToPeople
from cards import delivery
from cards.acts import chat_link
from cards.concern import advice_for_you, draft_reminder
from cards.elements import link
from pathway.casework import Casework
from pathway.dates import in_words
from pathway.ports import Addresses, Claim, OutboxItem
from pathway.tellings import Notice


class Caseless:
    def __init__(self, casework: Casework, addresses: Addresses, people: ToPeople) -> None:
        self.casework = casework
        self.addresses = addresses
        self.people = people

    async def send(self, claim: Claim, item: OutboxItem) -> str:
        """A question for advice, or a draft that waits: delivered, and then nothing of it is kept."""
        people = await self.casework.roster.people()
        if item.notice == Notice.DRAFT_WAITING:
            return await self._draft_waiting(claim, item)
        if item.notice == Notice.NOT_DELIVERED:
            return await self._not_delivered(claim, item)
        asker = people.get(item.data.get("from", ""))
        placement = await self.casework.roster.placement(item.data.get("placement", ""))
        about = people.get(placement.student) if placement else None
        if asker is None or about is None:
            raise Dropped("the people are no longer listed")
        chat = link(f"Write to {asker.name} in Teams", chat_link(asker.email))
        drawn = advice_for_you(asker.name, about.name, item.data.get("words", ""), chat)
        message = again(Message("Placements: a mentor asks for advice", drawn), claim)
        return await self.people.send(item.to, message, reply_to=asker.email, key=item.key)

    async def _draft_waiting(self, claim: Claim, item: OutboxItem) -> str:
        if await self.addresses.address(item.to) is None:
            raise Dropped("a draft is read in Teams only")
        drawn = draft_reminder(in_words(date.fromisoformat(item.data["kept"])))
        message = again(Message("Placements: something you saved", drawn), claim)
        return await self.people.send(item.to, message, reply_to="", key=item.key)

    async def _not_delivered(self, claim: Claim, item: OutboxItem) -> str:
        book = self.casework.book
        aside, delayed = len(await book.parked()), len(await book.delayed(HANGS_AFTER))
        if not aside and not delayed and not await self.addresses.note(CHANNEL_LOST):
            raise Dropped("everything has been seen to")
        message = again(Message("Placements: something to see to", delivery.waiting(aside, delayed)), claim)
        return await self.people.send(item.to, message, reply_to="", key=item.key)
