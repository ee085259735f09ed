"""`not delivered`: what did not reach its reader, for the Partnership Team."""

from __future__ import annotations

from collections.abc import Sequence

from cards import delivery as cards
from cards.home import note
from cards.notices import in_a_word
from dialogs.router import Steps
from dialogs.turn import Reply, Turn
from pathway.casework import NoSuchCase
from pathway.jobs import LOST_PLACEMENT, MOST_TRIES, job_id, put_back
from pathway.people import Item, access
from pathway.ports import Claim, Saw
from pathway.roles import Role

steps = Steps()
SUMMARY = "Placements: not delivered"
#: Notes and words that the way out keeps (`bot.sending.channel`, `bot.reach`).
CHANNEL_LOST, NOT_MADE = "channel-lost", "it could not be made"
#: Tried so often in vain, a message is said to wait.
DELAYED = 3


def office_only(turn: Turn) -> Reply:
    """The same for everybody else, whatever there is."""
    team = turn.provider.role(Role.PARTNERSHIP_TEAM)
    return Reply(note(f"For the {team}", f"This is kept for the {team}. Your own cases are a press away."), SUMMARY)


async def is_office(turn: Turn) -> bool:
    return turn.person.id in (await turn.casework.office()).team


@steps.on("delivery.list")
async def listed(turn: Turn) -> Reply:
    return await _list(turn) if await is_office(turn) else office_only(turn)


async def _list(turn: Turn, news: str = "") -> Reply:
    found, not_yours = await _undelivered(turn)
    sent = turn.get("start")
    start = int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 6 and int(sent) < len(found) else 0
    addresses = turn.office.addresses
    turn.shows(Saw.LIST, *(one.case for one, _ in found[start : start + cards.PAGE] if one.case))
    drawn = cards.undelivered(
        [one for one, _ in found[start : start + cards.PAGE]],
        start,
        len(found),
        turn.today,
        delayed=len(await turn.casework.book.delayed(DELAYED)),
        not_yours=not_yours,
        channel_lost=bool(addresses and await addresses.note(CHANNEL_LOST)),
        news=news,
    )
    return Reply(drawn, SUMMARY)


async def _undelivered(turn: Turn) -> tuple[Sequence[tuple[cards.Undelivered, Claim]], int]:
    """What this person may see of what was put aside, and how much more there is."""
    found, hidden = [], 0
    for claim in await turn.casework.book.parked():
        one = await _seen(turn, claim)
        if one is None:
            hidden += 1
        else:
            found.append((one, claim))
    return found, hidden


async def _seen(turn: Turn, claim: Claim) -> cards.Undelivered | None:
    key = job_id(claim)
    item = claim.item
    if item is None:
        ours = claim.error != LOST_PLACEMENT
        return cards.Undelivered(key, None, "its reminders have stopped", claim.due, ours=ours, lost_placement=True)
    to = await turn.casework.roster.person(item.to)
    what = in_a_word(item.notice)
    in_vain = claim.attempts >= MOST_TRIES
    ours = not in_vain and (claim.error == NOT_MADE or (to is not None and to.out_of_reach is None))
    if not claim.case_id:
        return cards.Undelivered(key, to, what, claim.due, ours=ours, in_vain=in_vain)
    try:
        case = await turn.casework.case(claim.case_id)
        ground = await turn.casework.ground(case.placement)
    except NoSuchCase:
        return cards.Undelivered(key, to, what, claim.due, lost_placement=True)
    if not any(access(ground.party, turn.person.id, part, case) for part in Item):
        return None
    return cards.Undelivered(key, to, what, claim.due, case.reference, case.id, ours=ours, in_vain=in_vain)


async def _chosen(turn: Turn) -> tuple[cards.Undelivered, Claim] | None:
    found, _ = await _undelivered(turn)
    return next((pair for pair in found if pair[0].key == turn.get("letter")), None)


GONE = "That has been seen to already."


@steps.on("delivery.see")
async def see(turn: Turn) -> Reply:
    if not await is_office(turn):
        return office_only(turn)
    chosen = await _chosen(turn)
    if chosen is None:
        return await _list(turn, GONE)
    turn.shows(Saw.LIST, *([chosen[0].case] if chosen[0].case else []))
    return Reply(cards.letter(chosen[0], turn.today), SUMMARY)


@steps.on("delivery.again")
async def again(turn: Turn) -> Reply:
    if not await is_office(turn):
        return office_only(turn)
    chosen = await _chosen(turn)
    if chosen is None or not await turn.casework.book.retry(chosen[1], turn.now, put_back(chosen[1])):
        return await _list(turn, GONE)
    return await _list(turn, "It is being tried again. If it does not arrive, it is back here in a moment.")


@steps.on("delivery.told")
async def told(turn: Turn) -> Reply:
    """Settled for good; the case keeps who told them, and when."""
    if not await is_office(turn):
        return office_only(turn)
    chosen = await _chosen(turn)
    result = f"told in person by {turn.person.id} at {turn.now.isoformat()}"
    if chosen is None or chosen[0].lost_placement or not await turn.casework.book.complete(chosen[1], result):
        return await _list(turn, GONE)
    return await _list(turn, "Thank you. It is noted that you told them yourself.")
