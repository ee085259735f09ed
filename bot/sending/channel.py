"""The Partnership channel: a post a day that counts, and under it a line for each thing that happened."""

from __future__ import annotations

import logging
from datetime import datetime

from bot.desk import Message, Post, TryLater, Unreachable
from bot.logs import why
from bot.reach import Reaching
from bot.sending.pieces import Dropped, Ready, again
from bot.teams.words import sent_again
from cards import notices
from cards.view import View
from pathway.address import Address
from pathway.casework import Casework
from pathway.dates import in_words, local_date
from pathway.deadlines import deadline
from pathway.ports import MAYBE, Addresses, StoreUnavailable
from pathway.tellings import CHANNEL

log = logging.getLogger(__name__)

THREAD = "thread:"
COUNTS = "thread-counts:"
#: Since when the Partnership channel takes nothing, as an aware moment.
CHANNEL_LOST = "channel-lost"


class Channel:
    def __init__(self, casework: Casework, addresses: Addresses, post: Post, reach: Reaching) -> None:
        self.casework = casework
        self.addresses = addresses
        self.post = post
        self.reach = reach

    @property
    def now(self) -> datetime:
        return self.casework.now()

    async def is_now(self, address: Address) -> None:
        """The Partnership channel from now on. The thread of another one is not gone on with."""
        before = await self.addresses.address(CHANNEL)
        if before is None or before.conversation_id != address.conversation_id:
            await self.addresses.keep_note(THREAD + local_date(self.now).isoformat(), "")
        await self.addresses.keep_address(CHANNEL, address)
        await self.addresses.keep_note(CHANNEL_LOST, "")

    async def tell(self, ready: Ready) -> str:
        address = await self.addresses.address(CHANNEL)
        if address is None:
            raise Dropped("the bot is in no channel")
        view = View(ready.case, ready.ground, "", self.now, "")
        line = notices.channel_line(ready.item, view)
        message = again(Message(f"Placement case {ready.case.reference}", text=line), ready.claim)
        try:
            root = await self._thread_of_today()
        except Unreachable as no:
            if no.ours:
                raise
            await self._is_lost()
            raise Dropped(no.reason) from no
        try:
            return "sent:" + await self.post.send(address, message, thread=root)
        except Unreachable as no:
            if no.ours:
                raise
            await self.addresses.keep_note(THREAD + local_date(self.now).isoformat(), "")
            raise TryLater("the thread of the day is gone") from no

    async def _is_lost(self) -> None:
        """Nothing is posted until somebody of the office chooses a channel again, and they hear of it."""
        log.warning("the Partnership channel takes nothing any more")
        await self.addresses.drop_address(CHANNEL)
        await self.addresses.keep_note(CHANNEL_LOST, self.now.isoformat())
        await self.reach.tell_the_office()

    async def _thread_of_today(self) -> str:
        """The post that opens today's thread, made when there is none yet. Until its id is known nobody can say whether
        it stands there: a second one then says so.
        """
        today = local_date(self.now)
        root = await self.addresses.note(THREAD + today.isoformat())
        address = await self.addresses.address(CHANNEL)
        if root not in ("", MAYBE) or address is None:
            return root
        message = await self._day_post()
        await self.addresses.keep_note(THREAD + today.isoformat(), MAYBE)
        try:
            made = await self.post.send(address, sent_again(message) if root == MAYBE else message)
        except TryLater as no:
            if not no.maybe_delivered:
                await self.addresses.keep_note(THREAD + today.isoformat(), root)
            raise
        await self.addresses.keep_note(THREAD + today.isoformat(), made)
        return made

    async def _day_post(self) -> Message:
        today = local_date(self.now)
        counts = await self._counts()
        await self.addresses.keep_note(COUNTS + today.isoformat(), repr(counts))
        drawn = notices.channel_day(in_words(today), counts)
        return Message(f"Placements, {in_words(today)}", drawn)

    async def edit_post_of_the_day(self) -> None:
        """Edits today's opening post when its numbers have changed. A passing fault waits for the next time."""
        today = local_date(self.now)
        root = await self.addresses.note(THREAD + today.isoformat())
        address = await self.addresses.address(CHANNEL)
        if root in ("", MAYBE) or address is None:
            return
        if await self.addresses.note(COUNTS + today.isoformat()) == repr(await self._counts()):
            return
        try:
            await self.post.update(address, root, await self._day_post())
        except (TryLater, Unreachable) as no:
            log.info("the channel's post of the day could not be edited", extra=why(no))

    async def _counts(self) -> dict[str, int]:
        """Of the cases that the office knows of: how many are open, due today and overdue."""
        today = local_date(self.now)
        cases = due = overdue = 0
        for case_id in await self.casework.book.cases_of(None):
            try:
                case = await self.casework.case(case_id)
                line = deadline(case, await self.casework.ground(case.placement)) if case.told else None
            except StoreUnavailable:
                raise
            except Exception as fault:  # noqa: BLE001 - the sweep has put it aside and said so
                log.info("a case is not counted", extra={"case": case_id, "kind": type(fault).__name__})
                continue
            if case.told is None:
                continue
            cases += 1
            if line is not None:
                due += line.day == today
                overdue += line.day < today
        return {"Open": cases, "Due today": due, "Overdue": overdue}
