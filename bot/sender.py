"""Empties the outbox: what an event or a due time makes us tell people goes out here, after it is safely written.

Delivery is at-least-once. Each piece is made from the case as it stands when it is sent, is dropped when it is no
longer wanted, and is settled by itself. What goes to one person keeps its order; people do not wait for each other.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from bot.desk import Message, Post, TryLater, Unreachable, perhaps_delivered
from bot.invitation import calendar_file
from bot.jitter import decorrelated
from bot.mail import Letter, Mail, as_text
from bot.reach import HANGS_AFTER, NOT_MADE, OF_ITSELF, Reaching
from bot.teams.words import sent_again
from cards import delivery, notices
from cards.acts import act, chat_link
from cards.case import retired
from cards.concern import advice_for_you, draft_reminder
from cards.elements import button, link
from cards.pebblepad import list_line, not_there_yet, still_to_record
from cards.plan import review_moment
from cards.record import booked
from cards.view import View
from dialogs.pebblepad import to_record
from pathway.address import Address
from pathway.case import Case
from pathway.casework import RECEIPT, Casework, NoSuchCase
from pathway.dates import in_words, local_date
from pathway.deadlines import deadline
from pathway.nudges import still_wanted
from pathway.people import MAIL_REFUSED, NEVER_OPENED, Person, Reach
from pathway.ports import Addresses, Claim, OutboxItem, Shown, StoreUnavailable
from pathway.provider import Provider
from pathway.roles import Role
from pathway.rules import Ground
from pathway.tellings import CHANNEL, Notice
from pathway.timers import WEEK

log = logging.getLogger(__name__)

BATCH = 100
#: How long a piece of work is held, prolonged while it is worked on: so long after a kill another replica takes over.
LEASE = timedelta(seconds=30)
#: Seconds between tries: at first, and at the most.
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 300.0
MORNING = "morning"
THREAD = "thread:"
COUNTS = "thread-counts:"
MAILED: Final = "mailed"
#: Kept with a piece of work that nobody can say has arrived: the next try says that it is sent again.
MAYBE: Final = "perhaps delivered"
#: Since when the Partnership channel takes nothing, as an aware moment.
CHANNEL_LOST: Final = "channel-lost"
#: The buttons of a morning message: one for each of the first cases, and one for the rest.
OPENERS = 5


@dataclass(frozen=True)
class Ready:
    """An outbox item with the case it tells of, as it stands now."""

    claim: Claim
    item: OutboxItem
    case: Case
    ground: Ground


class Dropped(Exception):
    """The item is no longer wanted; the reason is its result."""


class Sender:
    def __init__(
        self,
        casework: Casework,
        addresses: Addresses,
        post: Post,
        mail: Mail | None,
        *,
        owner: str = "",
        bot_link: str = "",
    ) -> None:
        """*bot_link* is Teams' deep link to the bot's chat, for letters."""
        self.casework = casework
        self.addresses = addresses
        self.post = post
        self.mail = mail
        self.bot_link = bot_link
        self.reach = Reaching(casework, addresses, has_mail=mail is not None)
        self._pauses: dict[str, float] = {}
        self._in_hand: dict[str, Claim] = {}
        self.owner = owner or secrets.token_hex(4)

    @property
    def now(self) -> datetime:
        return self.casework.now()

    async def empty(self) -> int:
        """Sends everything that is due now. Comes back with how many pieces were settled or put off."""
        done = 0
        while claims := await self.casework.book.claim("outbox", self.owner, self.now, BATCH, LEASE):
            queues: dict[str, list[Claim]] = {}
            for claim in claims:
                if claim.item is not None:
                    queues.setdefault(claim.item.to, []).append(claim)
            self._in_hand = {claim.id: claim for claim in claims}
            holding = asyncio.get_running_loop().create_task(self._hold_on())
            try:
                await asyncio.gather(*(self._queue(to, queue) for to, queue in queues.items()))
            finally:
                self._in_hand = {}
                holding.cancel()
                await asyncio.wait({holding})
            done += len(claims)
        return done

    async def _hold_on(self) -> None:
        """Leases do not end under what takes long (a service that hangs, a limit of Teams)."""
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 3)
            try:
                for claim in tuple(self._in_hand.values()):
                    await self.casework.book.extend(claim, self.now, LEASE)
            except StoreUnavailable:
                log.warning("what is being sent could not be held on to; another replica may take it over")

    async def _begins(self, claim: Claim) -> bool:
        """Right before sending. False where another replica has it by now, because this one stood still for too long.
        From here on nobody can say whether it has arrived, until it is settled.
        """
        return await self.casework.book.extend(claim, self.now, LEASE, MAYBE)

    # -- one recipient ---------------------------------------------------------------------------------------------

    async def _queue(self, to: str, claims: Sequence[Claim]) -> None:
        """Everything for one recipient, in order, reminders of the morning as one message."""
        morning: list[Ready] = []
        for claim in claims:
            ready = await self._ready(claim)
            if ready is None:
                continue
            if ready.item.group == MORNING and to != CHANNEL:
                morning.append(ready)
            else:
                await self._settle([ready], self._single)
        if morning and all(weekly(ready.item) for ready in morning):
            await self._settle(morning, self._not_in_pebblepad)
        elif len(morning) == 1:
            await self._settle(morning, self._single)
        elif morning:
            await self._settle(morning, self._morning)

    async def _ready(self, claim: Claim) -> Ready | None:
        """The item with its case; None when it was settled here (advice, or no longer wanted)."""
        item = claim.item
        if item is None:
            return None
        if not claim.case_id:
            if await self._begins(claim):
                await self._deliver([claim], self._letter_without_case(claim, item))
            return None
        try:
            case = await self.casework.case(claim.case_id)
            ground = await self.casework.ground(case.placement)
        except NoSuchCase:
            await self.casework.book.complete(claim, "dropped: the case is no longer here")
            return None
        return Ready(claim, item, case, ground)

    async def _settle(self, batch: Sequence[Ready], send: Callable[[Sequence[Ready]], Awaitable[str]]) -> None:
        wanted = [r for r in batch if not await self._drop_unwanted(r) and await self._begins(r.claim)]
        if wanted:
            await self._deliver([ready.claim for ready in wanted], send(wanted))

    async def _drop_unwanted(self, ready: Ready) -> bool:
        reason = _unwanted(ready)
        if reason:
            await self.casework.book.complete(ready.claim, f"dropped: {reason}")
        return bool(reason)

    async def _deliver(self, claims: Sequence[Claim], sending: Awaitable[str]) -> None:
        """Settles each claim by what became of the one message that carries them."""
        try:
            result = await sending
        except Dropped as why:
            result = f"dropped: {why}"
        except TryLater as no:
            for claim in claims:
                await self._try_later(claim, no)
            return
        except Unreachable as no:
            log.warning("an outbox item has no way to its reader: %s", no.reason)
            await self._put_aside(claims, no.reason)
            return
        except StoreUnavailable:
            raise
        except asyncio.CancelledError as cut:
            for claim in claims if perhaps_delivered(cut) else ():
                await self.casework.book.retry(claim, self.now, MAYBE)
            raise
        except Exception:
            log.exception("an outbox item could not be made; it is put aside")
            await self._put_aside(claims, NOT_MADE)
            return
        await self._done(claims, result)

    async def _done(self, claims: Sequence[Claim], result: str) -> None:
        for claim in claims:
            self._pauses.pop(claim.id, None)
            await self.casework.book.complete(claim, result)
            self._in_hand.pop(claim.id, None)
        if result == MAILED:
            await self.reach.tell(claims, delivered=True)

    async def _try_later(self, claim: Claim, no: TryLater) -> None:
        """Decorrelated jitter, never earlier than told. Once nobody can say whether it arrived, that stays so."""
        pause = decorrelated(self._pauses.get(claim.id, 0.0), first=FIRST_PAUSE, longest=LONGEST_PAUSE)
        self._pauses[claim.id] = pause
        error = MAYBE if no.maybe_delivered or claim.error == MAYBE else str(no)
        await self.casework.book.retry(claim, self.now + timedelta(seconds=max(pause, no.after or 0.0)), error)
        if claim.attempts == HANGS_AFTER and claim.item is not None and claim.item.notice not in OF_ITSELF:
            await self.reach.tell_the_office()

    async def _put_aside(self, claims: Sequence[Claim], reason: str) -> None:
        """Kept for the office to see to; but a notice about a notice is only dropped."""
        for claim in claims:
            self._pauses.pop(claim.id, None)
            if claim.item is not None and claim.item.notice in OF_ITSELF:
                await self.casework.book.complete(claim, f"dropped: {reason}")
            else:
                await self.casework.book.park(claim, reason)
        await self.reach.tell(claims, delivered=False)

    async def _single(self, batch: Sequence[Ready]) -> str:
        ready = batch[0]
        item, case, ground = ready.item, ready.case, ready.ground
        if item.to == CHANNEL:
            return await self._channel(ready)
        view = View(case, ground, item.to, self.now, secrets.token_urlsafe(9))
        if item.notice == Notice.REFRESH:
            return await self._refresh(view, item.data.get("activity", ""))
        drawn = notices.notice_card(item, view)
        message = _again(ready.claim, Message(notices.summary(item, case.reference), drawn))
        ics = _calendar_file(item, view)
        result = await self._to_person(item.to, message, reply_to=_reply_to(view), key=item.key, ics=ics)
        if result.startswith("sent:") and item.notice != Notice.ESCALATION:
            await self.stands(case.id, item.to, result.removeprefix("sent:"))
        return result

    # -- one live card a case and person -------------------------------------------------------------------------------

    async def stands(self, case_id: str, person: str, activity_id: str) -> None:
        """The newest card of a case is the one that is edited as the case moves; the one before it says so."""
        before = await self._standing(case_id, person)
        await self.casework.book.show(case_id, Shown(person, RECEIPT, activity_id))
        if before and before != activity_id:
            await self._retire(case_id, person, before)

    async def lies_under_a_form(self, case_id: str, person: str, activity_id: str) -> None:
        """A form took the card's place: an edit would wipe what is being typed there."""
        if await self._standing(case_id, person) == activity_id:
            await self.casework.book.show(case_id, Shown(person, RECEIPT, ""))

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
            log.info("an older card stays as it was: %s", no)

    async def _morning(self, batch: Sequence[Ready]) -> str:
        """One message with a line a case, the most pressing first."""
        first = batch[0]
        to, nonce = first.item.to, secrets.token_urlsafe(9)
        lines: dict[str, str] = {}
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
            lines["pebblepad"] = list_line(await to_record(self.casework, to))
            openers = [*openers[: OPENERS - 1], button("What is not yet in PebblePad", "pebblepad.list")]
        openers.append(button("My cases", "cases.mine"))
        drawn = notices.morning(lines, openers)
        message = _again(first.claim, Message(f"Placements: {len(lines)} reminders", drawn))
        view = View(first.case, first.ground, to, self.now, nonce)
        return await self._to_person(to, message, reply_to=_reply_to(view), key=first.item.key)

    async def _not_in_pebblepad(self, batch: Sequence[Ready]) -> str:
        """T10's weekly list: one for all the cases of a Link Tutor. Where it is one text, the text itself."""
        first = batch[0]
        views = await to_record(self.casework, first.item.to)
        if not views:
            raise Dropped("all of it is recorded")
        if len(views) == 1 and len(still_to_record(views[0])) == 1:
            return await self._single(batch[:1])
        message = _again(first.claim, Message("Placements: a weekly list", not_there_yet(views)))
        reply_to = _reply_to(View(first.case, first.ground, first.item.to, self.now, ""))
        return await self._to_person(first.item.to, message, reply_to=reply_to, key=first.item.key)

    async def _refresh(self, view: View, activity_id: str) -> str:
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

    async def _letter_without_case(self, claim: Claim, item: OutboxItem) -> str:
        """A question for advice, or a draft that waits: delivered, and then nothing of it is kept."""
        people = await self.casework.roster.people()
        if item.notice == Notice.DRAFT_WAITING:
            return await self._draft_waiting(claim, item)
        if item.notice == Notice.NOT_DELIVERED:
            return await self._not_delivered(claim, item)
        asker = people.get(item.data.get("from", ""))
        placement = await self.casework.roster.placement(item.data.get("placement", ""))
        if asker is None or placement is None:
            raise Dropped("the people are no longer listed")
        chat = link(f"Write to {asker.name} in Teams", chat_link(asker.email))
        drawn = advice_for_you(asker.name, people[placement.student].name, item.data.get("words", ""), chat)
        message = _again(claim, Message("Placements: a mentor asks for advice", drawn))
        return await self._to_person(item.to, message, reply_to=asker.email, key=item.key)

    async def _draft_waiting(self, claim: Claim, item: OutboxItem) -> str:
        if await self.addresses.address(item.to) is None:
            raise Dropped("a draft is read in Teams only")
        drawn = draft_reminder(in_words(date.fromisoformat(item.data["kept"])))
        message = _again(claim, Message("Placements: something you saved", drawn))
        return await self._to_person(item.to, message, reply_to="", key=item.key)

    async def _not_delivered(self, claim: Claim, item: OutboxItem) -> str:
        book = self.casework.book
        aside, delayed = len(await book.parked()), len(await book.delayed(HANGS_AFTER))
        if not aside and not delayed and not await self.addresses.note(CHANNEL_LOST):
            raise Dropped("everything has been seen to")
        message = _again(claim, Message("Placements: something to see to", delivery.waiting(aside, delayed)))
        return await self._to_person(item.to, message, reply_to="", key=item.key)

    # -- ways ------------------------------------------------------------------------------------------------------

    async def _to_person(self, to: str, message: Message, *, reply_to: str, key: str, ics: bytes = b"") -> str:
        """In Teams where they have opened the bot, else by mail. Raises TryLater, Unreachable."""
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
                log.info("Teams refuses a reader (%s); the other way is used", no.reason)
                await self.reach.lost(to, no.reason, address)
        if self.mail is None:
            await self.reach.no_way(to, NEVER_OPENED)
            raise Unreachable("not in Teams, and no mail server is set")
        closing = _closing(self.casework.provider, await self.casework.roster.person(to) or person, self.bot_link)
        letter = _letter(self.casework.provider, person, message, closing, reply_to=reply_to, key=key, ics=ics)
        try:
            await self.mail.send(letter)
        except Unreachable:
            await self.reach.no_way(to, MAIL_REFUSED)
            raise
        await self.reach.mailed(to)
        return MAILED

    async def _channel(self, ready: Ready) -> str:
        address = await self.addresses.address(CHANNEL)
        if address is None:
            raise Dropped("the bot is in no channel")
        view = View(ready.case, ready.ground, "", self.now, "")
        line = notices.channel_line(ready.item, view)
        message = _again(ready.claim, Message(f"Placement case {ready.case.reference}", text=line))
        try:
            root = await self._thread_of_today()
        except Unreachable as no:
            if no.ours:
                raise
            await self._channel_is_lost()
            raise Dropped(no.reason) from no
        try:
            return "sent:" + await self.post.send(address, message, thread=root)
        except Unreachable as no:
            if no.ours:
                raise
            await self.addresses.keep_note(THREAD + local_date(self.now).isoformat(), "")
            raise TryLater("the thread of the day is gone") from no

    async def _channel_is_lost(self) -> None:
        """Nothing is posted until somebody of the office chooses a channel again, and they hear of it."""
        log.warning("the Partnership channel takes nothing any more")
        await self.addresses.drop_address(CHANNEL)
        await self.addresses.keep_note(CHANNEL_LOST, self.now.isoformat())
        await self.reach.tell_the_office()

    async def channel_is(self, address: Address) -> None:
        """The Partnership channel from now on. The thread of another one is not gone on with."""
        before = await self.addresses.address(CHANNEL)
        if before is None or before.conversation_id != address.conversation_id:
            await self.addresses.keep_note(THREAD + local_date(self.now).isoformat(), "")
        await self.addresses.keep_address(CHANNEL, address)
        await self.addresses.keep_note(CHANNEL_LOST, "")

    async def _thread_of_today(self) -> str:
        """The post that opens today's thread, made when there is none yet."""
        today = local_date(self.now)
        root = await self.addresses.note(THREAD + today.isoformat())
        address = await self.addresses.address(CHANNEL)
        if not root and address is not None:
            root = await self.post.send(address, await self._day_post())
            await self.addresses.keep_note(THREAD + today.isoformat(), root)
        return root

    async def _day_post(self) -> Message:
        today = local_date(self.now)
        counts = await self._counts()
        await self.addresses.keep_note(COUNTS + today.isoformat(), repr(counts))
        drawn = notices.channel_day(in_words(today), counts)
        return Message(f"Placements, {in_words(today)}", drawn)

    async def edit_channel(self) -> None:
        """Edits today's opening post when its numbers have changed. A passing fault waits for the next time."""
        today = local_date(self.now)
        root = await self.addresses.note(THREAD + today.isoformat())
        address = await self.addresses.address(CHANNEL)
        if not root or address is None:
            return
        if await self.addresses.note(COUNTS + today.isoformat()) == repr(await self._counts()):
            return
        try:
            await self.post.update(address, root, await self._day_post())
        except (TryLater, Unreachable) as no:
            log.info("the channel's post of the day could not be edited: %s", no)

    async def _counts(self) -> dict[str, int]:
        """Of the cases that the office knows of: how many are open, due today and overdue."""
        today = local_date(self.now)
        cases = due = overdue = 0
        for case_id in await self.casework.book.cases_of(None):
            case = await self.casework.case(case_id)
            if case.told is None:
                continue
            cases += 1
            line = deadline(case, await self.casework.ground(case.placement))
            if line is not None:
                due += line.day == today
                overdue += line.day < today
        return {"Open": cases, "Due today": due, "Overdue": overdue}


def _unwanted(ready: Ready) -> str:
    """Why an item need not go out any more, "" when it should."""
    item, case, ground = ready.item, ready.case, ready.ground
    if item.to != CHANNEL and not ground.party.roles_on(item.to, case):
        return "no longer one of the people of the case"
    if item.notice == Notice.MEETING_BRIEF and (
        case.meeting is None or case.meeting.starts.isoformat() != item.data.get("starts")
    ):
        return "the meeting was moved"
    if item.notice == Notice.VIEW_WANTED and case.view_of(Role.MENTOR) is not None:
        return "the view is there"
    if item.notice in (Notice.REMINDER, Notice.ESCALATION) and not still_wanted(case, ground, item):
        return "the case has moved on"
    if item.notice == Notice.NOT_REACHED:
        person = ground.party.people.get(item.data.get("who", ""))
        return "" if person and person.out_of_reach else "they can be reached again"
    return ""


#: How long a meeting is in a calendar where nobody has said so: the review visit, the next steps meeting. Minutes.
LASTS = {Notice.REVIEW_BOOKED: 120, Notice.REVIEW_CHANGED: 120, Notice.NEXT_STEPS_BOOKED: 60}


def _calendar_file(item: OutboxItem, view: View) -> bytes:
    """What goes with the mail that tells of a time; empty for all other mails."""
    case, notice = view.case, Notice(item.notice)
    if notice is Notice.MEETING_BOOKED and case.meeting:
        return calendar_file(case.reference, case.meeting.starts, case.meeting.minutes, case.meeting.link)
    meeting = booked(case)
    starts = meeting.starts if meeting and notice is Notice.NEXT_STEPS_BOOKED else review_moment(view)
    return calendar_file(case.reference, starts, LASTS[notice]) if starts and notice in LASTS else b""


def weekly(item: OutboxItem) -> bool:
    """Whether it belongs into the weekly list of what is not in PebblePad."""
    return item.data.get("timer") == "T10" and item.data.get("rung", "").startswith(WEEK)


def _answers(message: Message) -> list[str]:
    """What the buttons of a card would do, for somebody who reads it as a letter."""
    actions = message.card.get("actions", []) if message.card else []
    return [
        a["title"] for a in actions if a["type"] == "Action.Execute" and not a["verb"].startswith(("cases.", "home."))
    ]


def _again(claim: Claim, message: Message) -> Message:
    """*message*, saying that it is sent again where nobody can know whether it arrived the first time."""
    return sent_again(message) if claim.error == MAYBE else message


def _reply_to(view: View) -> str:
    """Where an answer by mail goes: the Link Tutor once told, else the office."""
    tutor = view.party.people.get(view.party.link_tutor(view.case)) if view.case.told else None
    if tutor is not None and tutor.id != view.viewer:
        return tutor.email
    office = view.provider.contacts.office
    team = view.provider.partnership_team
    return (office.email if office else "") or (team[0].email if team else "")


def _closing(provider: Provider, person: Person, bot_link: str) -> str:
    """How to answer, and how to have messages in Teams (again)."""
    where = f": {bot_link}" if bot_link else "."
    if person.out_of_reach is not None:
        return f"Teams took no message for you. To have them there again, open Pathway and write “hi”{where}"
    if person.reach is not Reach.EMAIL_ONLY:
        return f"You can also open Pathway in Teams{where}"
    team, office = provider.role(Role.PARTNERSHIP_TEAM), provider.contacts.office
    reach = f" or ring {office.phone}" if office and office.phone else ""
    return (
        f"To answer, reply to this message{reach}: the {team} or the {provider.role(Role.LINK_TUTOR)} enters it for "
        "you, and you get a copy to check."
    )


def _letter(
    provider: Provider, person: Person, message: Message, closing: str, *, reply_to: str, key: str, ics: bytes
) -> Letter:
    text = message.text or as_text(dict(message.card or {}))
    if person.reach is Reach.EMAIL_ONLY and (answers := _answers(message)):
        text += "\n\nYou can answer with one of these:\n" + "\n".join(f"- {answer}" for answer in answers) + "\n"
    return Letter(
        to_name=person.name,
        to_email=person.email,
        subject=message.summary,
        text=f"Hello {person.name}\n\n{text}\n{closing}\n\n{provider.name}\n",
        reply_to=reply_to,
        key="".join(c for c in key if c.isalnum())[:40],
        ics=ics,
    )
