"""The clock: APScheduler wakes us, the store knows what is due, a tick asks it.

Two jobs: `sweep` every 30 seconds, and `due`, armed at the distance to the next due time. The scheduler never sees
practice time: the pathway's clock is the machine's plus an offset, which practice mode moves and the store keeps.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from bot.logs import during
from bot.sender import Sender
from dialogs import concern
from pathway.casework import Casework, NoSuchCase
from pathway.dates import in_london, local
from pathway.jobs import LOST_PLACEMENT, NAMES
from pathway.nudges import Nudge, planned
from pathway.ports import Addresses, Claim, Draft, Drafts, OutboxItem, StoreUnavailable
from pathway.tellings import Notice

log = logging.getLogger(__name__)

SWEEP = 30
#: Seconds between two looks at the machine's clock, and by how much it has then jumped at the least.
LOOK, JUMP = 10.0, 2.0
#: Seconds that a start gives to what fell due meanwhile, before the door opens.
FIRST_LOOK = 2.0
#: From an act to the look at what follows from it; the scheduler skips what comes due while the tick before is still
#: being put away, so nothing is due this very moment.
AT_ONCE, SOON = timedelta(milliseconds=20), timedelta(milliseconds=200)
LEASE = timedelta(seconds=30)
BATCH = 50
#: So often a case is looked at that makes something go wrong, and so long lies between.
TRIES, PAUSE = 3, timedelta(minutes=1)
OFFSET = "practice-offset"
#: Practice begins here: a school Tuesday, between the start of school and the first lesson.
PRACTICE_STARTS = datetime(2026, 10, 6, 8, 0, tzinfo=UTC)


class CannotMove(Exception):
    """The clock of a serving bot is the machine's."""


class PathwayTime:
    """What the pathway takes for now: aware UTC. Only practice mode has an offset."""

    def __init__(self, machine: Callable[[], datetime] | None = None) -> None:
        self.offset = timedelta()
        self._machine = machine or (lambda: datetime.now(UTC))

    def now(self) -> datetime:
        return self._machine() + self.offset

    def set(self, moment: datetime) -> None:
        self.offset = moment - self._machine()


@dataclass(frozen=True, slots=True)
class Coming:
    """The next reminder: when, to whom, and what."""

    at: datetime
    who: str
    what: str


class Clock:
    def __init__(
        self,
        casework: Casework,
        sender: Sender,
        drafts: Drafts,
        addresses: Addresses,
        pathway_time: PathwayTime,
        *,
        practice: bool,
    ) -> None:
        self.casework = casework
        self.sender = sender
        self.drafts = drafts
        self.addresses = addresses
        self.time = pathway_time
        self.practice = practice
        self.owner = secrets.token_hex(4)
        self._ticking = asyncio.Lock()
        self._under_way: asyncio.Task[None] | None = None
        self._first: asyncio.Task[None] | None = None
        self._soon: asyncio.TimerHandle | None = None
        self._looking: asyncio.Task[None] | None = None
        self._stops = asyncio.Event()
        self._armed = self._woken = False
        self._last_days: dict[tuple[str, date], date] = {}
        self._drafts_at: datetime | None = None
        self._draft_due: datetime | None = None
        """When drafts were looked at, and when that is asked for next, as far as was seen then."""
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._watching: asyncio.Task[None] | None = None
        sender.when_late = self.wake_soon

    # -- running ---------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Takes up where the last process stopped: what was due meanwhile is due now. A great deal of it is sent while
        the bot already serves people.
        """
        if self.practice:
            kept = await self.addresses.note(OFFSET)
            if kept:
                self.time.offset = timedelta(seconds=float(kept))
            else:
                self.time.set(PRACTICE_STARTS)
                await self._keep_offset()
        self._arm_sweep()
        self._scheduler.start()
        self._watching = asyncio.create_task(self._watch())
        self._first = asyncio.create_task(self.tick())
        await asyncio.wait({self._first}, timeout=FIRST_LOOK)

    async def stop(self, patience: float = 10.0) -> None:
        """Waits for a tick under way, at most *patience* seconds: then it is cut off, and what it was sending stays in
        the outbox as perhaps delivered.
        """
        self._stops.set()
        if self._watching is not None:
            self._watching.cancel()
        if self._soon is not None:
            self._soon.cancel()
        until = asyncio.get_running_loop().time() + patience
        if self._under_way is not None:
            await asyncio.wait({self._under_way}, timeout=patience)
        if self._under_way is not None:
            self._under_way.cancel()
            await asyncio.wait({self._under_way})
        for task in (self._first, self._looking):
            if task is not None:
                await asyncio.wait({task})
        await self.sender.stop(max(0.0, until - asyncio.get_running_loop().time()))
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def wake_soon(self) -> None:
        """Something was recorded: look now, or, where a tick is under way, as soon as it is over."""
        if self._ticking.locked():
            self._woken = True
        elif self._scheduler.running and not self._armed:
            self._armed = True
            self._look_in(AT_ONCE)

    def _look_in(self, pause: timedelta) -> None:
        """Not by the scheduler: a turn would pay for putting a job in and taking it out again."""
        if self._soon is not None:
            self._soon.cancel()
        self._soon = asyncio.get_running_loop().call_later(pause.total_seconds(), self._look_now)

    def _look_now(self) -> None:
        self._looking = asyncio.create_task(self.tick())

    def _arm(self, machine: datetime) -> None:
        self._scheduler.add_job(
            self.tick,
            DateTrigger(machine, timezone=UTC),
            id="due",
            replace_existing=True,
            misfire_grace_time=None,
        )

    def _arm_sweep(self) -> None:
        self._scheduler.add_job(
            self.tick,
            IntervalTrigger(seconds=SWEEP, timezone=UTC),
            id="sweep",
            replace_existing=True,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )

    async def _watch(self) -> None:
        """The scheduler waits for moments of the machine's clock, and does not notice when that is put back: without
        this it would wait as much longer.
        """
        ahead = _ahead()
        while True:
            await asyncio.sleep(LOOK)
            before, ahead = ahead, _ahead()
            if abs(ahead - before) >= JUMP:
                log.warning("the machine's clock has jumped", extra={"seconds": round(ahead - before)})
                self._arm_sweep()
                self._armed = False
                self.wake_soon()

    async def tick(self) -> None:
        """Queues what is due, sends what is queued, and arms the next look. Never raises."""
        async with self._ticking:
            with during("sweep"):
                await self._tick()

    async def _tick(self) -> None:
        self._armed = False
        if self._stops.is_set():
            return
        self._under_way = asyncio.get_running_loop().create_task(self._work())
        try:
            await self._under_way
        except asyncio.CancelledError:
            if not self._stops.is_set():
                raise
            log.info("a sweep was cut off by the stop; what it was sending stays in the outbox")
        except StoreUnavailable:
            log.warning("the store does not answer; the next sweep tries again")
        except Exception:
            log.exception("a sweep failed; the next one tries again")
        finally:
            self._under_way = None
        await self._arm_next()

    async def _arm_next(self) -> None:
        try:
            due = _earliest(*await self._next_work(), self._draft_due)
        except StoreUnavailable:
            return
        except asyncio.CancelledError:  # the scheduler cuts off what it has begun when it is shut down
            if not self._stops.is_set():
                raise
            return
        woken, self._woken = self._woken, False
        if not self._scheduler.running:
            return
        if woken:
            self._look_in(SOON)
        elif due is not None and due - self.time.now() < timedelta(seconds=SWEEP):
            self._arm(datetime.now(UTC) + max(due - self.time.now(), SOON))

    async def _next_due(self) -> datetime | None:
        return _earliest(*await self._next_work(), await self._next_draft())

    async def _next_work(self) -> tuple[datetime | None, datetime | None]:
        return await self.casework.book.next_due("case"), await self.casework.book.next_due("outbox")

    async def _work(self) -> None:
        book = self.casework.book
        looked = 0
        while claims := await book.claim("case", self.owner, self.time.now(), BATCH, LEASE):
            for claim in claims:
                await self._look_at(claim)
            looked += len(claims)
        await self._look_at_drafts_now_and_then()
        sent = await self.sender.empty()
        if looked or sent:
            await self.sender.channel.edit_post_of_the_day()

    async def _look_at(self, claim: Claim) -> None:
        """One case that cannot be looked at holds up no other: it is tried again, and then put aside for the office."""
        book = self.casework.book
        try:
            wake_at = await self.casework.remind(claim.case_id)
        except NoSuchCase:
            log.exception("a case cannot be looked at; it is put aside", extra={"case": claim.case_id})
            await book.park(claim, LOST_PLACEMENT)
        except StoreUnavailable:
            raise
        except Exception as fault:
            again = claim.attempts < TRIES
            log.exception("a case cannot be looked at", extra={"case": claim.case_id, "count": claim.attempts})
            if again:
                await book.retry(claim, self.time.now() + PAUSE, type(fault).__name__)
                return
            await book.park(claim, f"it cannot be looked at ({type(fault).__name__})")
        else:
            await book.complete(claim, "looked", wake_at=wake_at)
            return
        await self.sender.reach.tell_the_office()

    async def _look_at_drafts_now_and_then(self) -> None:
        """With each sweep, which may come a moment early, and when one is due; but not whenever an act wakes the clock:
        there may be many drafts.
        """
        now, before = self.time.now(), self._drafts_at
        is_due = self._draft_due is not None and self._draft_due <= now
        if before is None or is_due or abs(now - before) >= timedelta(seconds=SWEEP / 2):
            await self._look_at_drafts()
            self._drafts_at, self._draft_due = now, await self._next_draft()

    async def _look_at_drafts(self) -> None:
        """A draft is deleted when its school days are over; on the morning of its last day its author hears of it."""
        now = self.time.now()
        for draft in await self.drafts.drafts_before(now):
            last = await self._last_day(draft)
            if _day(now) > last:
                await self.drafts.drop(draft.person, draft.form)
            elif draft.form == concern.FORM and now >= self._draft_morning(last):
                if await concern.was_sent(self.casework.book, draft):
                    await self.drafts.drop(draft.person, draft.form)
                    continue
                nonce = f"draft:{draft.person}:{draft.saved_at.isoformat()}"
                item = OutboxItem(
                    key=nonce,
                    to=draft.person,
                    notice=Notice.DRAFT_WAITING,
                    not_before=now,
                    data={"kept": last.isoformat()},
                )
                await self.casework.book.post([item], nonce)

    async def _last_day(self, draft: Draft) -> date:
        """Five school days after it was last saved, on the calendar of the placement it is about where it names one."""
        placement = await self.casework.roster.placement(draft.values.get("placement", ""))
        name, day = placement.calendar if placement else "", _day(draft.saved_at)
        if (name, day) not in self._last_days:  # every draft is looked at in every tick
            calendar = self.casework.provider.calendar_for(name, "")
            self._last_days[name, day] = calendar.add(day, self.casework.provider.days.draft_kept)
        return self._last_days[name, day]

    def _draft_morning(self, last: date) -> datetime:
        return local(last, self.casework.provider.quiet_hours.opens)

    async def _next_draft(self) -> datetime | None:
        """The next morning on which a draft is to be reminded of, or was to be deleted."""
        now = self.time.now()
        days = {await self._last_day(draft) for draft in await self.drafts.drafts_before(now)}
        mornings = [self._draft_morning(day) for last in days for day in (last, last + timedelta(days=1))]
        return min((m for m in mornings if m > now), default=None)

    # -- practice --------------------------------------------------------------------------------------------------

    async def advance(self, by: str) -> None:
        """Moves the practice clock, stopping at every due time on the way so that each reminder goes on its day.

        *by*: "hour", "day", "week" or "next". Raises CannotMove in a serving bot.
        """
        if not self.practice:
            raise CannotMove("Only practice time can be moved.")
        target = await self._target(by)
        if target is None:
            return
        await self._through(target)

    async def _target(self, by: str) -> datetime | None:
        now = self.time.now()
        local_now = in_london(now)
        match by:
            case "hour":
                return now + timedelta(hours=1)
            case "day" | "week":
                day = local_now.date() + timedelta(days=7 if by == "week" else 1)
                return local(day, local_now.timetz().replace(tzinfo=None))
            case "next":
                coming = await self.coming()
                return coming.at if coming else None
            case _:
                raise CannotMove("The clock can be moved by an hour, a day, a week, or to the next reminder.")

    async def _through(self, target: datetime) -> None:
        while True:
            due = await self._next_due()
            now = self.time.now()
            if due is None or due > target:
                break
            if due > now:
                self.time.set(due)
            await self._tick_with_looks()
            if (again := await self._next_due()) is not None and again <= due:
                break
        if target > self.time.now():
            self.time.set(target)
        await self._tick_with_looks()
        await self._keep_offset()

    async def _tick_with_looks(self) -> None:
        """What was found in calendars is told of before time goes on."""
        await self.tick()
        while await self.sender.looked():
            await self.tick()

    async def _keep_offset(self) -> None:
        await self.addresses.keep_note(OFFSET, repr(self.time.offset.total_seconds()))

    async def coming(self) -> Coming | None:
        """The next reminder over all cases, and held messages, for the line beside the clock. A closed case may still
        have to go into PebblePad.
        """
        best: tuple[datetime, str, str] | None = None
        for case_id in await self.casework.book.cases_of(None, open_only=False):
            try:
                case = await self.casework.case(case_id)
                ground = await self.casework.ground(case.placement)
                plan = planned(case, ground)
            except StoreUnavailable:
                raise
            except Exception as fault:  # noqa: BLE001 - the sweep has put it aside and said so
                log.info("a case cannot be looked ahead in", extra={"case": case_id, "kind": type(fault).__name__})
                continue
            for nudge in plan:
                if self._still_to_come(nudge) and (best is None or nudge.at < best[0]):
                    who = ground.party.name(nudge.to) if nudge.to != "channel" else "the Partnership channel"
                    best = (nudge.at, who, NAMES.get(nudge.timer, "a reminder"))
        held = await self.casework.book.next_due("outbox")
        on_its_way = self.time.now() + LEASE  # what is being sent just now is leased until then
        if held is not None and held > on_its_way and (best is None or held < best[0]):
            best = (held, "somebody", "a message that waits for the morning")
        return Coming(*best) if best else None

    def _still_to_come(self, nudge: Nudge) -> bool:
        return nudge.at > self.time.now()


def _ahead() -> float:
    """Seconds of the machine's clock beyond those that have really passed."""
    return datetime.now(UTC).timestamp() - time.monotonic()


def _day(moment: datetime) -> date:
    return in_london(moment).date()


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)
