"""What comes next and what hangs: the reminders ahead, and what waits in the outbox, under short ids that name nobody.

A reminder is worked out from its case each time it is asked for, so it can be looked at and not changed. What is in the
outbox can be tried again, or withdrawn for good: the case keeps who did that, when and why.
"""

from __future__ import annotations

import hashlib
import heapq
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from pathway.case import Case
from pathway.casework import Casework, NoSuchCase
from pathway.ground import Ground
from pathway.nudges import planned
from pathway.people import Item, access
from pathway.ports import MAYBE, Claim
from pathway.roles import Role
from pathway.tellings import CHANNEL, Notice
from pathway.timers import TIMERS

log = logging.getLogger(__name__)

#: How long a piece of work is held while a person settles it.
LEASE = timedelta(minutes=1)
#: What could not be delivered is tried at least so often, and for at least so long since it was to go out.
MOST_TRIES, LONGEST_TRYING = 100, timedelta(days=2)
#: Why a case was put aside whose placement has gone from the list.
LOST_PLACEMENT = "its placement or people are not known"
#: What each timer waits for, in words.
NAMES = {timer.id: timer.name for timer in TIMERS}


@dataclass(frozen=True, slots=True)
class Reminder:
    """A reminder ahead: *at* (aware) it goes to whoever holds *role* (None: to the Partnership channel)."""

    id: str
    at: datetime
    case: str
    reference: str
    timer: str
    role: Role | None

    @property
    def waits_for(self) -> str:
        return NAMES.get(self.timer, "a reminder")


@dataclass(frozen=True, slots=True)
class Reminders:
    """The earliest of them, how many more there are, and how many the reader may not see."""

    first: tuple[Reminder, ...]
    more: int = 0
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """A message in the outbox, or (where its claim is of the queue "case") a case that cannot be looked at any more.

    *role* is the part of its reader in the case, None where it has none there. *parked*: nothing tries it any more.
    """

    id: str
    claim: Claim
    reference: str = ""
    role: Role | None = None
    parked: bool = False

    @property
    def timer(self) -> str:
        """Of a reminder; "" for everything else."""
        return self.claim.item.data.get("timer", "") if self.claim.item else ""

    @property
    def to_the_channel(self) -> bool:
        return self.claim.item is not None and self.claim.item.to == CHANNEL

    @property
    def waits_for_its_time(self) -> bool:
        """It was never tried, and goes out by itself."""
        return not self.parked and not self.claim.attempts


@dataclass(frozen=True, slots=True)
class Outbox:
    """What will be tried again, the longest due first; what will not be; and how many the reader may not see."""

    waiting: tuple[Job, ...]
    parked: tuple[Job, ...]
    hidden: int = 0

    def named(self, id_: str) -> Job | None:
        return next((job for job in (*self.parked, *self.waiting) if job.id == id_), None)


@dataclass(frozen=True, slots=True)
class Jobs:
    """*reader* is a person id: then cases of which that person may know nothing are counted and not shown. "" is the
    administrator of the machine, who sees references and ids of all.
    """

    casework: Casework
    reader: str = ""

    # -- looking ---------------------------------------------------------------------------------------------------

    async def reminders(self, most: int) -> Reminders:
        """The next *most* reminders that no note was made of, over all cases: a closed one may have some too."""
        now, found, hidden = self.casework.now(), [], 0
        for case_id in await self.casework.book.cases_of(None, open_only=False):
            opened = await self._opened(case_id)
            try:
                ahead = _ahead(*opened, now) if opened else []
            except Exception as fault:  # noqa: BLE001 - it stands among what failed: its reminders have stopped
                kind = type(fault).__name__
                log.info("the reminders of a case cannot be worked out", extra={"case": case_id, "kind": kind})
                continue
            if opened is None:
                continue
            if self._sees(*opened):
                found += ahead
            else:
                hidden += len(ahead)
        first = heapq.nsmallest(most, found, key=lambda reminder: (reminder.at, reminder.reference, reminder.timer))
        return Reminders(tuple(first), len(found) - len(first), hidden)

    async def outbox(self) -> Outbox:
        book = self.casework.book
        waiting = [await self._job(claim, parked=False) for claim in await book.delayed(0)]
        parked = [await self._job(claim, parked=True) for claim in await book.parked()]
        return Outbox(
            tuple(job for job in waiting if job),
            tuple(job for job in parked if job),
            sum(job is None for job in (*waiting, *parked)),
        )

    async def _job(self, claim: Claim, *, parked: bool) -> Job | None:
        """None where the reader may not know of it."""
        if self.reader and claim.item is not None and claim.item.notice == Notice.DRAFT_WAITING:
            return None  # a draft is its author's alone
        opened = await self._opened(claim.case_id) if claim.case_id else None
        if opened is None:
            return Job(job_id(claim), claim, parked=parked)
        if not self._sees(*opened):
            return None
        case, ground = opened
        return Job(job_id(claim), claim, case.reference, _part(claim, case, ground), parked)

    async def _opened(self, case_id: str) -> tuple[Case, Ground] | None:
        try:
            case = await self.casework.case(case_id)
            return case, await self.casework.ground(case.placement)
        except NoSuchCase:
            return None

    def _sees(self, case: Case, ground: Ground) -> bool:
        return not self.reader or any(access(ground.party, self.reader, part, case) for part in Item)

    # -- changing --------------------------------------------------------------------------------------------------

    async def again(self, job: Job) -> bool:
        """It is due now. False where it is being sent just now, or has been seen to already."""
        now = self.casework.now()
        claim = job.claim if job.claim.item is None else await self._held(job, now)
        error = put_back(job.claim) if job.parked else job.claim.error
        return claim is not None and await self.casework.book.retry(claim, now, error)

    async def withdraw(self, job: Job, by: str, because: str) -> bool:
        """It never goes out. The case keeps as what became of it that *by* (a person id, or an account of the machine)
        withdrew it, when and why; of a message without a case nothing is kept. False as for `again`, and for a case
        that cannot be looked at, which is no message.
        """
        now = self.casework.now()
        claim = await self._held(job, now) if job.claim.item is not None else None
        result = f"withdrawn by {by} at {now.isoformat()}: {because}"
        return claim is not None and await self.casework.book.complete(claim, result)

    async def _held(self, job: Job, now: datetime) -> Claim | None:
        return await self.casework.book.hold(job.claim.id, "by hand", now, LEASE)


def is_given_up(claim: Claim, now: datetime) -> bool:
    """Whether a message that could not be delivered just now has been tried for long enough: often, and over days, so
    that neither a busy afternoon nor a start after a long stop ends it. The office sees to it then.
    """
    return claim.item is not None and claim.attempts >= MOST_TRIES and now - claim.item.not_before >= LONGEST_TRYING


def put_back(claim: Claim) -> str:
    """The error that stays with a message that is tried again by hand: what may have arrived says so then."""
    return MAYBE if claim.error == MAYBE else ""


def job_id(claim: Claim) -> str:
    """Short, the same in every list, and without the person's id that a send key ends with."""
    return _short(claim.queue, claim.id)


def _short(*parts: str) -> str:
    return hashlib.sha256("/".join(parts).encode()).hexdigest()[:20]


def _ahead(case: Case, ground: Ground, now: datetime) -> list[Reminder]:
    return [
        Reminder(
            id=_short("reminder", case.id, nudge.key),
            at=nudge.at,
            case=case.id,
            reference=case.reference,
            timer=nudge.timer,
            role=None if nudge.to == CHANNEL else nudge.role,
        )
        for nudge in planned(case, ground)
        if nudge.at > now and nudge.send and not case.was_nudged(nudge.timer, nudge.due, nudge.rung, nudge.to)
    ]


def _part(claim: Claim, case: Case, ground: Ground) -> Role | None:
    """As which of their parts they are written to; a reminder says it."""
    item = claim.item
    if item is None or item.to == CHANNEL:
        return None
    if said := item.data.get("role"):
        return Role(said)
    return next(iter(ground.party.roles_on(item.to, case)), None)
