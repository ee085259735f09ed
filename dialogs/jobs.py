"""`jobs`: what is next and what failed, for the Partnership Team; a message is tried again, or withdrawn for good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cards import jobs as cards
from cards.notices import in_a_word
from dialogs.delivery import GONE, is_office, office_only
from dialogs.router import Steps
from dialogs.turn import Reply, Turn
from pathway.jobs import NAMES, Job, Jobs
from pathway.ports import Saw
from pathway.rules import Fault

steps = Steps()
SUMMARY = "Placements: what is next"
BUSY = "It is being sent just now, or has been seen to already."


@steps.on("jobs.list")
async def listed(turn: Turn) -> Reply:
    return await _list(turn) if await is_office(turn) else office_only(turn)


async def _list(turn: Turn, news: str = "") -> Reply:
    jobs = Jobs(turn.casework, turn.person.id)
    reminders, outbox = await jobs.reminders(cards.AHEAD), await jobs.outbox()
    found = (*outbox.parked, *outbox.waiting)
    sent = turn.get("start")
    start = int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 6 and int(sent) < len(found) else 0
    page = [await _letter(turn, job) for job in found[start : start + cards.PAGE]]
    hidden = reminders.hidden + outbox.hidden
    listed = [*(one.case for one in reminders.first), *(one.case for one in page if one.case)]
    turn.shows(Saw.LIST, *listed)
    drawn = cards.jobs_list(
        reminders, page, start, len(found), provider=turn.provider, today=turn.today, hidden=hidden, news=news
    )
    return Reply(drawn, SUMMARY)


async def _letter(turn: Turn, job: Job) -> cards.Letter:
    item = job.claim.item
    what = in_a_word(item.notice) if item else "its reminders have stopped"
    return cards.Letter(
        id=job.id,
        to=await turn.casework.roster.person(item.to) if item else None,
        what=NAMES.get(job.timer, what),
        due=job.claim.due,
        tries=job.claim.attempts,
        reference=job.reference,
        case=job.claim.case_id if job.reference else "",
        channel=job.to_the_channel,
        failed=job.parked,
        stuck=item is None,
    )


async def _shown(turn: Turn, job: Job) -> cards.Letter:
    """One by itself; it says what a line of the list says."""
    one = await _letter(turn, job)
    turn.shows(Saw.LIST, *([one.case] if one.case else []))
    return one


async def _chosen(turn: Turn) -> Job | None:
    """The message that the card names, if this person may know of it."""
    return (await Jobs(turn.casework, turn.person.id).outbox()).named(turn.get("letter"))


@steps.on("jobs.see")
async def see(turn: Turn) -> Reply:
    if not await is_office(turn):
        return office_only(turn)
    job = await _chosen(turn)
    if job is None or job.parked:
        return await _list(turn, GONE)
    return Reply(cards.letter(await _shown(turn, job), turn.today), SUMMARY)


@steps.on("jobs.again")
async def again(turn: Turn) -> Reply:
    if not await is_office(turn):
        return office_only(turn)
    job = await _chosen(turn)
    if job is None or job.waits_for_its_time:
        return await _list(turn, GONE)
    if not await Jobs(turn.casework).again(job):
        return await _list(turn, BUSY)
    return await _list(turn, "It is being tried again. If it is not taken, it is back here in a moment.")


@steps.on("jobs.withdraw")
async def withdraw(turn: Turn) -> Reply:
    return await withdraw_form(turn, {}, ())


@steps.form("jobs.withdraw")
async def withdraw_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    if not await is_office(turn):
        return office_only(turn)
    job = await _chosen(turn)
    if job is None or job.claim.item is None:
        return await _list(turn, GONE)
    return Reply(cards.withdraw_form(await _shown(turn, job), turn.provider, values, faults), SUMMARY)


@steps.on("jobs.withdrawn")
async def withdrawn(turn: Turn) -> Reply:
    """Settled for good; the case keeps who withdrew it, when and why."""
    if not await is_office(turn):
        return office_only(turn)
    reason = " ".join(turn.get("reason").split())
    if not reason:
        return await withdraw_form(turn, turn.values, [Fault("Say why in a line.", "reason")])
    job = await _chosen(turn)
    if job is None or not await Jobs(turn.casework).withdraw(job, turn.person.id, reason):
        return await _list(turn, GONE if job is None else BUSY)
    return await _list(turn, "It does not go out any more.")
