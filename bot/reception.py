"""The Desk: who is it, what do they want, and the card that answers. `bot.teams` knows nothing behind it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.desk import Message, Profile, Who
from bot.sender import Sender
from cards.elements import Card
from cards.home import guest_to_confirm, stranger
from dialogs import ROUTER, home
from dialogs.turn import Office, Reply, Turn
from pathway.address import Address
from pathway.people import Person, Reach
from pathway.ports import Addresses, StoreUnavailable
from pathway.tellings import CHANNEL

log = logging.getLogger(__name__)

#: Notes beside the addresses.
GREETED = "greeted:"
GUEST_CONFIRMED = "guest-confirmed:"


class Reception:
    """Fulfils `bot.desk.Desk`."""

    def __init__(self, office: Office, addresses: Addresses, sender: Sender, recorded: Callable[[], None]) -> None:
        """*recorded* is called after every act, so that what it queued goes out at once."""
        self.office = office
        self.addresses = addresses
        self.sender = sender
        self.recorded = recorded
        self._errands: set[asyncio.Task[None]] = set()
        self._meeting_people = asyncio.Lock()

    # -- bot.desk.Desk ---------------------------------------------------------------------------------------------

    async def said(self, who: Who, text: str) -> Sequence[Message]:
        person = await self._person(who)
        if not isinstance(person, Person):
            return [Message("Placements: one more step", person)]
        return [_message(await home.said(self._turn(person, "", {}, ""), text))]

    async def acted(self, who: Who, verb: str, data: Mapping[str, Any], activity_id: str) -> Message:
        person = await self._person(who)
        if not isinstance(person, Person):
            return Message("Placements: one more step", person)
        reply = await ROUTER.answer(self._turn(person, verb, data, activity_id))
        case_id = reply.shows or str(data.get("case", ""))
        if case_id and activity_id:
            await self._note_where_it_stands(case_id, person.id, activity_id, is_receipt=bool(reply.shows))
        self.recorded()
        return _message(reply)

    async def met(self, who: Who) -> Sequence[Message]:
        person = await self._person(who)
        if not isinstance(person, Person):
            return [Message("Placements: hello", person)]
        if await self.addresses.note(GREETED + person.id):
            return []
        await self.addresses.keep_note(GREETED + person.id, "yes")
        return [_message(await home.welcome(self._turn(person, "", {}, "")))]

    async def left(self, who: Who) -> None:
        if who.address.scope != "personal":
            await self.addresses.drop_address(CHANNEL)
            return
        person = await self.office.casework.roster.by_object_id(who.object_id)
        if person is not None:
            await self.addresses.drop_address(person.id)
            await self.addresses.keep_note(GREETED + person.id, "")

    async def joined_channel(self, address: Address, added_by: str) -> Sequence[Message]:
        await self.addresses.keep_address(CHANNEL, address)
        by = f" {added_by} added me." if added_by else ""
        team = self.office.casework.provider.name
        return [
            Message(
                "Placements: this channel",
                text=(
                    f"Hello.{by} Here I post references, dates and numbers for {team}, one thread a day, and never a "
                    "name. Write to me in our own chat for anything else."
                ),
            )
        ]

    async def said_in_channel(self, who: Who, text: str) -> Sequence[Message]:
        del who, text
        return [
            Message(
                "Placements: please write to me directly",
                text="I answer in our own chat, so that nobody reads along. Open it from my name and write “hi”.",
            )
        ]

    # -- who it is -------------------------------------------------------------------------------------------------

    async def _person(self, who: Who) -> Person | Card:
        """The person of the placement list, or the card that says whom to ask."""
        roster = self.office.casework.roster
        person: Person | Card | None = await roster.by_object_id(who.object_id)
        if person is None:
            async with self._meeting_people:
                person = await roster.by_object_id(who.object_id) or await self._first_contact(who)
        if not isinstance(person, Person):
            return person
        if await self.addresses.address(person.id) != who.address:
            await self.addresses.keep_address(person.id, who.address)
        return person

    async def _first_contact(self, who: Who) -> Person | Card:
        """Matched by e-mail or user principal name; a guest only after the office has confirmed it."""
        provider = self.office.casework.provider
        profile = await who.profile()
        person = await self._listed(profile)
        if person is None:
            return stranger(provider)
        if profile.is_guest and not await self.addresses.note(GUEST_CONFIRMED + person.id):
            return guest_to_confirm(provider)
        if person.object_id and person.object_id != who.object_id:
            log.warning("a second account claims a person of the roster; the office has to say which is right")
            return stranger(provider)
        reach = Reach.GUEST if profile.is_guest else Reach.TEAMS
        known = replace(person, object_id=who.object_id, reach=reach)
        await self.office.casework.roster.keep_person(known)
        return known

    async def _listed(self, profile: Profile) -> Person | None:
        roster = self.office.casework.roster
        for address in (profile.email, profile.principal_name):
            if address and (person := await roster.by_email(address)):
                return person
        return None

    # -- small things ----------------------------------------------------------------------------------------------

    def _turn(self, person: Person, verb: str, data: Mapping[str, Any], activity_id: str) -> Turn:
        return Turn(person, verb, data, activity_id, self.office)

    async def _note_where_it_stands(self, case_id: str, person: str, activity_id: str, *, is_receipt: bool) -> None:
        """The receipt is edited in place as the case moves, a form is not. Missing that fails no act."""
        try:
            if is_receipt:
                self._later(self.sender.stands(case_id, person, activity_id))
            else:
                await self.sender.lies_under_a_form(case_id, person, activity_id)
        except StoreUnavailable:
            log.warning("where a receipt stands could not be kept")

    def _later(self, errand: Coroutine[Any, Any, None]) -> None:
        """After the answer: an older card is edited then, which no person should wait for."""
        task = asyncio.get_running_loop().create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def close(self) -> None:
        if self._errands:
            await asyncio.wait(self._errands, timeout=5)


def _message(reply: Reply) -> Message:
    return Message(reply.summary, reply.card)
