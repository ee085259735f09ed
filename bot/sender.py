"""Empties the outbox: what an event or a due time makes us tell people goes out here, after it is safely written.

Delivery is at-least-once. Each piece is made from the case as it stands when it is sent, is dropped when it is no
longer wanted, and is settled by itself. What goes to one person keeps its order; people do not wait for each other.
How a piece becomes a message, and which way that takes, stands in `bot.sending`.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.desk import Post, TryLater, Unreachable, arrived_as, noting, perhaps_delivered
from bot.diary import Diary, untrue
from bot.jitter import decorrelated
from bot.jobs import Failure
from bot.mail import Mailing
from bot.reach import HANGS_AFTER, NOT_MADE, OF_ITSELF, Reaching
from bot.sending.caseless import Caseless
from bot.sending.channel import Channel
from bot.sending.live_cards import LiveCards
from bot.sending.of_cases import OfCases
from bot.sending.pieces import Dropped, Ready, unwanted, weekly
from bot.sending.to_people import MAILED, ToPeople
from pathway.appointments import CALENDAR
from pathway.casework import Casework, NoSuchCase
from pathway.jobs import is_given_up, job_id
from pathway.ports import MAYBE, Addresses, CaseBook, Claim, OutboxItem, Reads, StoreUnavailable
from pathway.tellings import CHANNEL

log = logging.getLogger(__name__)

BATCH, MOST = 100, 1000
#: How long a piece of work is held, prolonged while it is worked on: so long after a kill another replica takes over.
LEASE = timedelta(seconds=30)
#: Seconds in which somebody's chat must get somewhere before the others no longer wait for it.
PATIENCE = 2.0
#: Seconds that a round of looks at calendars may take beside what is sent; what it has not come to waits for the next.
LONGEST_ROUND = 60.0
ROUND = "round of calendars"
#: Seconds between tries: at first, and at the most.
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 300.0
MORNING = "morning"
#: Of the failures since the start, so many are remembered.
FAILURES = 20


class Overtaken(Exception):
    """Another replica has a piece of the message by now, because this one stood still for too long."""


class Leaving:
    """One message that is about to leave: from then on each of its claims is perhaps delivered, until it is settled."""

    def __init__(self, book: CaseBook, claims: Sequence[Claim], now: Callable[[], datetime]) -> None:
        self._book = book
        self._claims = claims
        self._now = now
        self._is_noted = False

    async def note(self) -> None:
        """Durable when it returns; once is enough. Raises Overtaken, StoreUnavailable."""
        if self._is_noted:
            return
        for claim in self._claims:
            if not await self._book.extend(claim, self._now(), LEASE, MAYBE):
                raise Overtaken
        self._is_noted = True


class Sender:
    def __init__(
        self,
        casework: Casework,
        addresses: Addresses,
        post: Post,
        mail: Mailing | None,
        *,
        owner: str = "",
        bot_link: str = "",
        diary: Diary | None = None,
        reads: Reads | None = None,
        patience: float = PATIENCE,
    ) -> None:
        """*bot_link* is Teams' deep link to the bot's chat, for letters. *patience* in seconds: see above."""
        self.casework = casework
        self.post = post
        self.patience = patience
        self.diary = diary
        self.reach = Reaching(casework, addresses, has_mail=mail is not None)
        self.cards = LiveCards(casework, addresses, post)
        self.channel = Channel(casework, addresses, post, self.reach)
        people = ToPeople(casework, addresses, post, mail, reach=self.reach, bot_link=bot_link)
        self._of_cases = OfCases(casework, people, self.cards, reads)
        self._caseless = Caseless(casework, addresses, people)
        self._pauses: dict[str, float] = {}
        self.failures: deque[Failure] = deque(maxlen=FAILURES)
        self.when_late: Callable[[], None] = lambda: None
        """Called when what was left to itself is done, with its next try in the store; and after a round of looks."""
        self._looking: asyncio.Task[None] | None = None
        self._has_looked = False
        self._under_way: set[asyncio.Task[None]] = set()
        self._left: set[asyncio.Task[None]] = set()
        self._last: dict[str, asyncio.Task[None]] = {}
        """The newest of those under way, by person id."""
        self._in_hand: dict[str, Claim] = {}
        self._holding: asyncio.Task[None] | None = None
        self.owner = owner or secrets.token_hex(4)

    @property
    def now(self) -> datetime:
        return self.casework.now()

    async def empty(self) -> int:
        """Sends everything that is due now. Comes back with how many pieces were settled or put off; what goes to a
        chat that does not answer is finished on its own, and nobody else waits for it, nor for calendars.
        """
        done = 0
        self._look_around()
        while claims := await self._claimed():
            queues: dict[str, list[Claim]] = {}
            for claim in claims:
                if claim.item is not None:
                    queues.setdefault(claim.item.to, []).append(claim)
            await self._progress({self._begin(to, queue) for to, queue in queues.items()})
            done += len(claims)
        return done

    async def _claimed(self) -> list[Claim]:
        """All that is due, as far as it can be held at once: what goes to one person is to be one message."""
        found: list[Claim] = []
        while len(found) < MOST:
            more = await self.casework.book.claim("outbox", self.owner, self.now, BATCH, LEASE)
            if not more:
                break
            found += more
        return found

    def _look_around(self) -> None:
        """Begins a round of looks at calendars where one is due and none is under way."""
        if self.diary is not None and self._looking is None and self.diary.is_round_due():
            self._looking = asyncio.create_task(self._round(self.diary), name=ROUND)

    async def _round(self, diary: Diary) -> None:
        try:
            async with asyncio.timeout(LONGEST_ROUND):
                await diary.look_around()
        except TimeoutError:
            log.warning("not every calendar was looked at in time; the next round tries again")
        except StoreUnavailable:
            log.warning("the store does not answer; calendars are looked at in the next round")
        except Exception:
            log.exception("a round of looks at calendars failed; the next one tries again")
        finally:
            self._looking, self._has_looked = None, True
        self.when_late()

    async def looked(self) -> bool:
        """Waits for the round of looks under way, if there is one. Whether any has ended since this was last asked, so
        that there may be something to send.
        """
        if self._looking is not None:
            await asyncio.wait({self._looking})
        ended, self._has_looked = self._has_looked, False
        return ended

    def _begin(self, to: str, queue: Sequence[Claim]) -> asyncio.Task[None]:
        """What goes to one person, after what is still on its way to them."""
        self._in_hand.update((claim.id, claim) for claim in queue)
        if self._holding is None:
            self._holding = asyncio.create_task(self._hold_on())
        sending = asyncio.create_task(self._after(self._last.get(to), to, queue))
        self._last[to] = sending
        self._under_way.add(sending)
        sending.add_done_callback(lambda _: self._done_with(to, sending))
        return sending

    async def _after(self, before: asyncio.Task[None] | None, to: str, queue: Sequence[Claim]) -> None:
        try:
            if before is not None:
                await asyncio.wait({before})
            await self._queue(to, queue)
        finally:
            for claim in queue:
                self._let_go(claim)

    async def _hold_on(self) -> None:
        """Leases do not end under what takes long (a service that hangs, a limit of Teams)."""
        while self._in_hand:
            await asyncio.sleep(LEASE.total_seconds() / 3)
            try:
                for claim in tuple(self._in_hand.values()):
                    await self.casework.book.extend(claim, self.now, LEASE)
            except StoreUnavailable:
                log.warning("what is being sent could not be held on to; another replica may take it over")
        self._holding = None

    def _let_go(self, claim: Claim) -> None:
        if self._in_hand.get(claim.id) is claim:
            del self._in_hand[claim.id]

    def _done_with(self, to: str, sending: asyncio.Task[None]) -> None:
        self._under_way.discard(sending)
        if self._last.get(to) is sending:
            del self._last[to]
        if sending in self._left:
            self._left.discard(sending)
            if not sending.cancelled() and (fault := sending.exception()):
                log.warning("what went to one person is tried again", exc_info=fault, extra={"person": to})
            self.when_late()

    async def _progress(self, sendings: set[asyncio.Task[None]]) -> None:
        """Until all are done, or none of them gets anywhere. Raises StoreUnavailable."""
        while sendings:
            finished, sendings = await asyncio.wait(
                sendings, timeout=self.patience, return_when=asyncio.FIRST_COMPLETED
            )
            for one in finished:
                one.result()
            if not finished:
                self._left |= sendings
                return

    async def stop(self, patience: float) -> None:
        """Waits at most *patience* seconds for what is on its way, and cuts the rest off: that stays in the outbox, as
        perhaps delivered where nobody can say. Nobody waits for a look at calendars: it is begun anew after the start.
        """
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait({self._looking})
        if self._under_way:
            await asyncio.wait(set(self._under_way), timeout=patience)
        cut = set(self._under_way)
        for one in cut:
            one.cancel()
        if cut:
            await asyncio.wait(cut)
        if self._holding is not None:
            self._holding.cancel()
            await asyncio.wait({self._holding})
            self._holding = None

    # -- one recipient ---------------------------------------------------------------------------------------------

    async def _queue(self, to: str, claims: Sequence[Claim]) -> None:
        """Everything for one recipient, in order, reminders of the morning as one message."""
        if to == CALENDAR and self.diary is not None:
            await self.diary.settle(claims)
            return
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
            await self._settle(morning, self._of_cases.not_in_pebblepad)
        elif len(morning) == 1:
            await self._settle(morning, self._single)
        elif morning:
            await self._settle(morning, self._of_cases.morning)

    async def _ready(self, claim: Claim) -> Ready | None:
        """The item with its case; None when it was settled here (advice, or no longer wanted)."""
        item = claim.item
        if item is None:
            return None
        if not claim.case_id:
            await self._deliver([claim], self._caseless.send(claim, item))
            return None
        try:
            return await self._opened(claim, item)
        except NoSuchCase:
            await self.casework.book.complete(claim, "dropped: the case is no longer here")
        except StoreUnavailable:
            raise
        except Exception:
            log.exception("a message could not be made; it is put aside", extra={"job": job_id(claim)})
            await self._put_aside([claim], NOT_MADE)
        return None

    async def _opened(self, claim: Claim, item: OutboxItem) -> Ready:
        """With the case as it stands now. Raises NoSuchCase, StoreUnavailable."""
        case = await self.casework.case(claim.case_id)
        if self.diary is not None and await self.diary.look_before(item, case):
            case = await self.casework.case(claim.case_id)
        return Ready(claim, item, case, await self.casework.ground(case.placement))

    async def _settle(self, batch: Sequence[Ready], send: Callable[[Sequence[Ready]], Awaitable[str]]) -> None:
        wanted = [ready for ready in batch if await self._is_wanted(ready)]
        if wanted:
            await self._deliver([ready.claim for ready in wanted], send(wanted))

    async def _is_wanted(self, ready: Ready) -> bool:
        """What is not is settled here."""
        try:
            reason = unwanted(ready) or untrue(ready.item, ready.case, ready.ground.party)
        except Exception:
            log.exception("a message could not be made; it is put aside", extra={"job": job_id(ready.claim)})
            await self._put_aside([ready.claim], NOT_MADE)
            return False
        if reason:
            await self.casework.book.complete(ready.claim, f"dropped: {reason}")
        return not reason

    async def _single(self, batch: Sequence[Ready]) -> str:
        to_the_channel = batch[0].item.to == CHANNEL
        return await (self.channel.tell(batch[0]) if to_the_channel else self._of_cases.single(batch))

    # -- what became of it -----------------------------------------------------------------------------------------

    async def _deliver(self, claims: Sequence[Claim], sending: Awaitable[str]) -> None:
        """Settles each claim by what became of the one message that carries them."""
        leaving = Leaving(self.casework.book, claims, self.casework.now)
        try:
            with noting(leaving.note):
                result = await sending
        except Dropped as why:
            result = f"dropped: {why}"
        except (Overtaken, TryLater) as no:
            for claim in claims:
                await self._again(claim, no)
            return
        except Unreachable as no:
            log.warning("a message has no way to its reader", extra={"job": job_id(claims[0]), "reason": no.reason})
            await self._put_aside(claims, no.reason)
            return
        except StoreUnavailable:
            raise
        except asyncio.CancelledError as cut:
            if result := arrived_as(cut):
                await self._done(claims, result)
            else:
                for claim in claims:
                    await self._cut_off(claim, perhaps=perhaps_delivered(cut))
            raise
        except Exception:
            log.exception("a message could not be made; it is put aside", extra={"job": job_id(claims[0])})
            await self._put_aside(claims, NOT_MADE)
            return
        await self._done(claims, result)

    async def _cut_off(self, claim: Claim, *, perhaps: bool) -> None:
        """What had not left yet was no try, and the next one is no second sending."""
        if perhaps:
            await self.casework.book.retry(claim, self.now, MAYBE)
        else:
            await self.casework.book.retry(replace(claim, attempts=claim.attempts - 1), self.now, claim.error)

    async def _again(self, claim: Claim, no: Overtaken | TryLater) -> None:
        """Of what another replica has by now, the rest is made anew, and that was no try."""
        if isinstance(no, TryLater):
            await self._try_later(claim, no)
        else:
            await self._cut_off(claim, perhaps=False)

    async def _done(self, claims: Sequence[Claim], result: str) -> None:
        for claim in claims:
            self._pauses.pop(claim.id, None)
            await self.casework.book.complete(claim, result)
        if result == MAILED:
            await self.reach.tell(claims, delivered=True)

    async def _try_later(self, claim: Claim, no: TryLater) -> None:
        """Decorrelated jitter, never earlier than told. Once nobody can say whether it arrived, that stays so."""
        pause = decorrelated(self._pauses.get(claim.id, 0.0), first=FIRST_PAUSE, longest=LONGEST_PAUSE)
        self._pauses[claim.id] = pause
        self.failures.append(Failure(self.now, job_id(claim), str(no), for_good=False))
        error = MAYBE if no.maybe_delivered or claim.error == MAYBE else str(no)
        if is_given_up(claim, self.now):
            log.error("a message was tried for days in vain; the office has it now", extra={"job": job_id(claim)})
            await self._put_aside([claim], error)
            return
        await self.casework.book.retry(claim, self.now + timedelta(seconds=max(pause, no.after or 0.0)), error)
        if claim.attempts == HANGS_AFTER and claim.item is not None and claim.item.notice not in OF_ITSELF:
            await self.reach.tell_the_office()

    async def _put_aside(self, claims: Sequence[Claim], reason: str) -> None:
        """Kept for the office to see to; but a notice about a notice is only dropped."""
        for claim in claims:
            self._pauses.pop(claim.id, None)
            self.failures.append(Failure(self.now, job_id(claim), reason, for_good=True))
            if claim.item is not None and claim.item.notice in OF_ITSELF:
                await self.casework.book.complete(claim, f"dropped: {reason}")
            else:
                await self.casework.book.park(claim, reason)
        await self.reach.tell(claims, delivered=False)
