"""One live card a case and person: the newest is edited as the case moves, the one before it says that it is old."""

from __future__ import annotations

import logging
import secrets
from datetime import datetime

from bot.desk import Message, Post, TryLater, Unreachable
from bot.logs import why
from bot.sending.pieces import Dropped
from cards import notices
from cards.case import retired
from cards.view import View
from pathway.casework import RECEIPT, Casework
from pathway.ports import Addresses, OutboxItem, Shown
from pathway.tellings import Notice

log = logging.getLogger(__name__)


class LiveCards:
    def __init__(self, casework: Casework, addresses: Addresses, post: Post) -> None:
        self.casework = casework
        self.addresses = addresses
        self.post = post

    @property
    def now(self) -> datetime:
        return self.casework.now()

    async def stands(self, case_id: str, person: str, activity_id: str) -> None:
        """The newest card of a case is the one that is edited as the case moves; the one before it says so."""
        before = await self._standing(case_id, person)
        if before == activity_id:
            return
        await self.casework.book.show(case_id, Shown(person, RECEIPT, activity_id))
        if before:
            await self._retire(case_id, person, before)

    async def lies_under_a_form(self, case_id: str, person: str, activity_id: str) -> None:
        """A form took the card's place: an edit would wipe what is being typed there."""
        if await self._standing(case_id, person) == activity_id:
            await self.casework.book.show(case_id, Shown(person, RECEIPT, ""))

    async def refresh(self, view: View, activity_id: str) -> str:
        """Edits the receipt that stands in somebody's chat."""
        stands = await self._standing(view.case.id, view.viewer)
        address = await self.addresses.address(view.viewer)
        if not stands or stands != activity_id or address is None:
            raise Dropped("another card stands there now")
        item = OutboxItem("", view.viewer, Notice.REFRESH, self.now)
        message = Message(notices.summary(item, view.case.reference), notices.notice_card(item, view))
        try:
            await self.post.update(address, activity_id, message)
        except Unreachable as no:
            raise Dropped(no.reason) from no
        return "edited"

    async def _standing(self, case_id: str, person: str) -> str:
        shown = await self.casework.book.shown(case_id)
        return next((s.activity_id for s in shown if s.person == person and s.kind == RECEIPT), "")

    async def _retire(self, case_id: str, person: str, activity_id: str) -> None:
        """A courtesy: when it fails, the old card still answers with the case as it stands."""
        address = await self.addresses.address(person)
        if address is None:
            return
        case = await self.casework.case(case_id)
        view = View(case, await self.casework.ground(case.placement), person, self.now, secrets.token_urlsafe(9))
        message = Message(f"Placement case {case.reference}: an older card", retired(view))
        try:
            await self.post.update(address, activity_id, message)
        except (TryLater, Unreachable) as no:
            log.info("an older card stays as it was", extra={"case_reference": case.reference, **why(no)})
