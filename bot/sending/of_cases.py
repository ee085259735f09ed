"""What one person is told of their cases: each notice by itself, and the reminders of a morning as one message."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.desk import Message, arrived
from bot.sending.calendar_files import calendar_file_of
from bot.sending.live_cards import LiveCards
from bot.sending.pieces import Dropped, Ready, again, reply_to, weekly
from bot.sending.to_people import MAILED, ToPeople
from cards import notices
from cards.acts import act
from cards.elements import button
from cards.pebblepad import PAGE, list_line, not_there_yet, still_to_record
from cards.view import View
from dialogs.pebblepad import to_record
from pathway.casework import Casework
from pathway.ports import Read, Reads, Saw
from pathway.tellings import Notice

#: The buttons of a morning message: one for each of the first cases, and one for the rest.
OPENERS = 5


class OfCases:
    def __init__(self, casework: Casework, people: ToPeople, cards: LiveCards, reads: Reads | None = None) -> None:
        self.casework = casework
        self.people = people
        self.cards = cards
        self.reads = reads

    @property
    def now(self) -> datetime:
        return self.casework.now()

    async def single(self, batch: Sequence[Ready]) -> str:
        ready = batch[0]
        item, case, ground = ready.item, ready.case, ready.ground
        view = View(case, ground, item.to, self.now, secrets.token_urlsafe(9))
        if item.notice == Notice.REFRESH:
            result = await self.cards.refresh(view, item.data.get("activity", ""))
            with arrived(result):
                await self._delivered(item.to, Saw.MESSAGE, case.id)
            return result
        drawn = notices.notice_card(item, view)
        message = again(Message(notices.summary(item, case.reference), drawn), *(r.claim for r in batch))
        answers_to = reply_to(view)
        file = calendar_file_of(item, view, answers_to)
        result = await self.people.send(item.to, message, reply_to=answers_to, key=item.key, file=file)
        with arrived(result):
            await self._delivered(item.to, _way(result), case.id)
            if result.startswith("sent:") and item.notice != Notice.ESCALATION:
                await self.cards.stands(case.id, item.to, result.removeprefix("sent:"))
        return result

    async def morning(self, batch: Sequence[Ready]) -> str:
        """One message with a line a case, the most pressing first."""
        first = batch[0]
        to, nonce = first.item.to, secrets.token_urlsafe(9)
        lines: dict[str, str] = {}
        named = {ready.case.id for ready in batch if not weekly(ready.item)}
        openers: list[dict[str, Any]] = []
        for ready in sorted((r for r in batch if not weekly(r.item)), key=lambda r: r.item.data.get("due", "")):
            view = View(ready.case, ready.ground, to, self.now, nonce)
            who = view.student if view.sees_case and not view.is_student else f"Ref {ready.case.reference}"
            line = f"**{who}**: {notices.reminder_line(ready.item, view)}"
            if ready.item.notice == Notice.ESCALATION:
                line = f"**Ref {ready.case.reference}**: a case waits for somebody."
            lines[f"{ready.case.id}:{ready.item.key}"] = line
            if len(openers) < OPENERS and not any(o["data"]["case"] == ready.case.id for o in openers):
                openers.append(act(view, f"Open {ready.case.reference}", "cases.open"))
        if any(weekly(ready.item) for ready in batch):
            listed = await to_record(self.casework, to)
            named.update(view.case.id for view in listed[:PAGE])
            lines["pebblepad"] = list_line(listed)
            openers = [*openers[: OPENERS - 1], button("What is not yet in PebblePad", "pebblepad.list")]
        openers.append(button("My cases", "cases.mine"))
        drawn = notices.morning(lines, openers)
        message = again(Message(f"Placements: {len(lines)} reminders", drawn), *(r.claim for r in batch))
        view = View(first.case, first.ground, to, self.now, nonce)
        result = await self.people.send(to, message, reply_to=reply_to(view), key=first.item.key)
        with arrived(result):
            await self._delivered(to, _way(result), *sorted(named))
        return result

    async def not_in_pebblepad(self, batch: Sequence[Ready]) -> str:
        """T10's weekly list: one for all the cases of a Link Tutor. Where it is one text, the text itself."""
        first = batch[0]
        views = await to_record(self.casework, first.item.to)
        if not views:
            raise Dropped("all of it is recorded")
        if len(views) == 1 and len(still_to_record(views[0])) == 1:
            return await self.single(batch)
        message = again(Message("Placements: a weekly list", not_there_yet(views)), *(r.claim for r in batch))
        answers_to = reply_to(View(first.case, first.ground, first.item.to, self.now, ""))
        result = await self.people.send(first.item.to, message, reply_to=answers_to, key=first.item.key)
        with arrived(result):
            await self._delivered(first.item.to, _way(result), *(view.case.id for view in views[:PAGE]))
        return result

    async def _delivered(self, to: str, saw: Saw, *cases: str) -> None:
        """What was delivered to somebody is taken for read by them."""
        if self.reads is not None:
            await self.reads.note(*(Read(case_id, to, saw, self.now) for case_id in cases))


def _way(result: str) -> Saw:
    return Saw.LETTER if result == MAILED else Saw.MESSAGE
