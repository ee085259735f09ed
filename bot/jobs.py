"""`python -m bot jobs`: what comes next, what waits and what failed, in references and ids; no name, nothing typed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from cards.notices import in_a_word
from pathway.casework import Casework
from pathway.dates import local_date, moment_in_words
from pathway.jobs import LOST_PLACEMENT, NAMES, Job, Jobs, Reminder
from pathway.ports import Read, Reads, Saw
from pathway.provider import Provider, starting

log = logging.getLogger(__name__)

Answer = dict[str, Any]
#: Reminders that are listed.
AHEAD = 10
#: Characters of an id, as it is shown, and the fewest that are taken for one.
SHOWN, FEWEST = 8, 6
#: The longest reason for withdrawing a message.
LONGEST = 300


@dataclass(frozen=True, slots=True)
class Failure:
    """A try that failed since the bot was started. *at* is aware; *reason* is a word of ours or of the connector's."""

    at: datetime
    job: str
    reason: str
    for_good: bool


class JobsCommand:
    """*reads* keeps whose terminal a case was named on; *failures* are the last ones of the running bot; *wake* has
    what is due looked at soon.
    """

    def __init__(
        self,
        casework: Casework,
        reads: Reads,
        failures: Sequence[Failure] = (),
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self.jobs = Jobs(casework)
        self.reads = reads
        self.provider: Provider = casework.provider
        self.failures = failures
        self.wake = wake

    async def run(self, asked: dict[str, Any]) -> Answer:
        """`{"said": sentences}`, or `{"refused": sentence}` where nothing was changed."""
        wanted = str(asked.get("id", "")).casefold()
        match asked.get("act", ""):
            case "again":
                return await self._again(wanted)
            case "cancel":
                because = " ".join(str(asked.get("because", "")).split())[:LONGEST]
                return await self._cancel(wanted, str(asked.get("by", "")), because)
            case _:
                return {"said": "\n".join(await self._everything(str(asked.get("by", ""))))}

    # -- the list --------------------------------------------------------------------------------------------------

    async def _everything(self, by: str) -> list[str]:
        now = self.jobs.casework.now()
        today = local_date(now)
        reminders, outbox = await self.jobs.reminders(AHEAD), await self.jobs.outbox()
        named = {one.case for one in reminders.first} | {x.claim.case_id for x in (*outbox.waiting, *outbox.parked)}
        await self.reads.note(*(Read(case_id, by, Saw.LIST, now) for case_id in sorted(named)))
        more = f", and {reminders.more} later" if reminders.more else ""
        return [
            *_section(f"Next reminders{more}", (self._ahead(one, today) for one in reminders.first)),
            *_section("Waiting to go out", (self._waits(job, today) for job in outbox.waiting)),
            *_section("Failed for good", (self._failed(job, today) for job in outbox.parked)),
            *_section("Last failures since the start", (_said_of(one, today) for one in reversed(self.failures))),
        ]

    def _ahead(self, one: Reminder, today: date) -> str:
        who = self.provider.role(one.role) if one.role else "Partnership channel"
        return _line(one.id, one.reference, moment_in_words(one.at, today), starting(who), one.waits_for)

    def _waits(self, job: Job, today: date) -> str:
        tries = f"tried {job.claim.attempts} times: {job.claim.error}" if job.claim.attempts else "not tried yet"
        when = moment_in_words(job.claim.due, today)
        return _line(job.id, job.reference, when, self._who(job), what(job), tries.replace("1 times", "once"))

    def _failed(self, job: Job, today: date) -> str:
        since = f"since {moment_in_words(job.claim.due, today)}"
        return _line(job.id, job.reference, since, self._who(job), what(job), job.claim.error)

    def _who(self, job: Job) -> str:
        if job.to_the_channel:
            return "Partnership channel"
        return starting(self.provider.role(job.role)) if job.role else "no part in a case"

    # -- changing something ----------------------------------------------------------------------------------------

    async def _again(self, wanted: str) -> Answer:
        job = await self._found(wanted)
        if not isinstance(job, Job):
            return {"refused": job}
        if job.waits_for_its_time:
            return {"refused": "Nothing has failed there: it goes out by itself at its time."}
        if not await self.jobs.again(job):
            return {"refused": BUSY}
        self.wake()
        return {"said": "It is being tried again. Look at the list in a moment."}

    async def _cancel(self, wanted: str, by: str, because: str) -> Answer:
        job = await self._found(wanted)
        if not isinstance(job, Job):
            return {"refused": job}
        if job.claim.item is None:
            return {"refused": LOST if job.claim.error == LOST_PLACEMENT else STOPPED}
        if not because or not by:
            return {"refused": "Say why it shall not go out: --because “...”. The case keeps that."}
        if not await self.jobs.withdraw(job, by, because):
            return {"refused": BUSY}
        log.info("a message was withdrawn on the command line", extra={"job": job.id[:SHOWN]})
        kept = "The case keeps who withdrew it, when and why." if job.claim.case_id else "It belonged to no case."
        return {"said": f"It does not go out any more. {kept}"}

    async def _found(self, wanted: str) -> Job | str:
        """The one message of that id, or the sentence that says why there is none."""
        if len(wanted) < FEWEST:
            return f"An id has at least {FEWEST} characters. “python -m bot jobs” lists them."
        outbox = await self.jobs.outbox()
        jobs = [job for job in (*outbox.parked, *outbox.waiting) if job.id.startswith(wanted)]
        if len(jobs) == 1:
            return jobs[0]
        if jobs:
            return "Several begin like that. Write more of the id."
        ahead = (await self.jobs.reminders(1_000_000)).first
        stops = next((one for one in ahead if one.id.startswith(wanted)), None)
        return reminder_stops(stops) if stops else GONE


BUSY = "It is being sent at this moment, or has been seen to already. Look at the list again."
GONE = "Nothing of that id waits any more. “python -m bot jobs” lists what does."
LOST = (
    "That is no message: a case cannot be looked at, because its placement is not on the placement list. "
    "Import the list again, then “retry”."
)

STOPPED = (
    "That is no message: a case cannot be looked at, by a fault of ours. Look after it by hand, tell whoever keeps "
    "Pathway what the log says of it, then “retry”."
)


def reminder_stops(one: Reminder) -> str:
    """A reminder is a function of its case: what ends it is said instead."""
    return (
        "That is a reminder, and reminders cannot be cancelled: each is worked out from its case. It stops by itself "
        f"when this is done, or the case is paused or closed: {one.waits_for}. Open case {one.reference} in Teams to "
        "see who does it next."
    )


def what(job: Job) -> str:
    """In the neutral words of a toast; for a reminder what it waits for."""
    if job.claim.item is None:
        return "its reminders have stopped"
    if job.timer:
        return NAMES.get(job.timer, "a reminder")
    return in_a_word(job.claim.item.notice)


def _section(title: str, lines: Iterable[str]) -> list[str]:
    listed = [f"  {line}" for line in lines]
    return [f"{title}:", *(listed or ["  none"])]


def _line(id_: str, reference: str, *rest: str) -> str:
    return "  ".join((id_[:SHOWN], reference or "----", "; ".join(part for part in rest if part)))


def _said_of(one: Failure, today: date) -> str:
    end = "given up" if one.for_good else "tried again later"
    return f"{one.job[:SHOWN]}  {moment_in_words(one.at, today)}; {one.reason}; {end}"
