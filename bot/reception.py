"""The Desk: who is it, what do they want, and the card that answers. `bot.teams` knows nothing behind it."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.desk import Message, Profile, TryLater, Unreachable, Who
from bot.sender import Sender
from cards import channel as words
from cards.elements import Card
from cards.home import guest_to_confirm, stranger
from dialogs import ROUTER, home
from dialogs.reach import ADDED_BY
from dialogs.turn import Office, Reply, Turn
from pathway.address import Address
from pathway.people import REMOVED, Person, Reach
from pathway.ports import Addresses, StoreUnavailable
from pathway.tellings import CHANNEL

log = logging.getLogger(__name__)

#: Notes beside the addresses; the last is the team of the Partnership channel.
GREETED = "greeted:"
GUEST_CONFIRMED = "guest-confirmed:"
CHANNEL_TEAM = "channel-team"
PERSONAL = "personal"


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
        if who.address.scope != PERSONAL:
            return Message("Placements: our own chat", text=words.IN_OUR_CHAT)
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
        greeting = secrets.token_hex(8)
        if await self.addresses.keep_first_note(GREETED + person.id, greeting) != greeting:
            return []
        added_by = await self.addresses.note(ADDED_BY + person.id)
        return [_message(await home.welcome(self._turn(person, "", {}, ""), added_by))]

    async def left(self, who: Who) -> None:
        if who.address.scope != PERSONAL:
            if await self.addresses.note(CHANNEL_TEAM) in ("", who.team):
                await self.addresses.drop_address(CHANNEL)
            return
        person = await self.office.casework.roster.by_object_id(who.object_id)
        if person is not None:
            await self.sender.reach.lost(person.id, REMOVED)
            await self.addresses.keep_note(GREETED + person.id, "")

    async def joined_channel(self, address: Address, added_by: str) -> Sequence[Message]:
        """Nothing is posted before somebody of the office has chosen a channel."""
        provider = self.office.casework.provider
        return [Message("Placements: hello", text=words.joined(provider, added_by, in_team=address.scope == "channel"))]

    async def said_in_channel(self, who: Who, text: str) -> Sequence[Message]:
        await self._note_where_the_channel_is(who.address)
        person = await self._person(who)
        if not isinstance(person, Person):
            return [self._in_the_thread(words.IN_OUR_CHAT)]
        if home.meant(text) == "home.channel":
            return [await self._choose_channel(person, who)]
        answer = _message(await home.said(self._turn(person, "", {}, ""), text))
        return [await self._privately(person, answer)]

    async def _choose_channel(self, person: Person, who: Who) -> Message:
        """Only the Partnership Team says where references and dates are posted."""
        if person.id not in (await self.office.casework.office()).team:
            card = words.not_your_channel(self.office.casework.provider)
            return await self._privately(person, Message("Placements: about the channel", card))
        if who.address.scope != "channel":
            return Message("Placements: about the channel", text=words.NO_CHANNEL_HERE)
        place = who.address.conversation_id.partition(";messageid=")[0]
        await self.sender.channel.is_now(replace(who.address, conversation_id=place, user_id=""))
        await self.addresses.keep_note(CHANNEL_TEAM, who.team)
        self.recorded()
        return Message("Placements: this channel", text=words.CHANNEL_CHOSEN)

    async def _note_where_the_channel_is(self, heard_from: Address) -> None:
        """Teams may move a team to another of its service addresses."""
        known = await self.addresses.address(CHANNEL)
        place = heard_from.conversation_id.partition(";messageid=")[0]
        if known is not None and known.conversation_id == place:
            await self.addresses.keep_address(CHANNEL, replace(heard_from, conversation_id=place, user_id=""))

    async def _privately(self, person: Person, answer: Message) -> Message:
        """Sends *answer* to the person's own chat; what comes back is for the thread, and says nothing of it."""
        address = await self.addresses.address(person.id)
        if address is None:
            return self._in_the_thread(words.IN_OUR_CHAT)
        try:
            await self.sender.post.send(address, answer)
        except TryLater:
            return self._in_the_thread(words.ASK_AGAIN)
        except Unreachable as no:
            if not no.ours:
                await self.sender.reach.lost(person.id, no.reason, address)
            return self._in_the_thread(words.IN_OUR_CHAT)
        return self._in_the_thread(words.ANSWERED)

    def _in_the_thread(self, sentence: str) -> Message:
        return Message("Placements: our own chat", words.in_the_thread(sentence, self.office.bot_link))

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
        if who.address.scope != PERSONAL:
            return person
        if await self.addresses.address(person.id) != who.address:
            await self.addresses.keep_address(person.id, who.address)
        if person.out_of_reach is not None:
            person = await self.sender.reach.heard_of(person)
            self.recorded()
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
            log.warning(
                "a second account claims a person of the roster; the office has to say which is right",
                extra={"person": person.id},
            )
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
                self._later(self.sender.cards.stands(case_id, person, activity_id))
            else:
                await self.sender.cards.lies_under_a_form(case_id, person, activity_id)
        except StoreUnavailable:
            log.warning("where a receipt stands could not be kept", extra={"person": person})

    def _later(self, errand: Coroutine[Any, Any, None]) -> None:
        """After the answer: an older card is edited then, which no person should wait for."""
        task = asyncio.get_running_loop().create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def close(self, patience: float = 5.0) -> None:
        """Lets older cards be edited for *patience* seconds more; the rest stay as they are."""
        if self._errands:
            await asyncio.wait(self._errands, timeout=patience)
        for task in self._errands:
            task.cancel()
        await asyncio.gather(*self._errands, return_exceptions=True)


def _message(reply: Reply) -> Message:
    return Message(reply.summary, reply.card)
