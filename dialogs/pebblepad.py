"""Handing over to PebblePad: the text, and a person's word that it is there."""

from __future__ import annotations

from cards import pebblepad as cards
from cards.case import case_card
from cards.view import View
from dialogs.router import Steps
from dialogs.turn import Reply, Turn, new_nonce
from pathway import events as e
from pathway.case import Case
from pathway.casework import Casework
from pathway.ports import Saw
from pathway.roles import Role
from pathway.rules import Ground, NotYours, OutOfStep

steps = Steps()
SUMMARY = "Placements: for PebblePad"


async def _record(turn: Turn) -> tuple[Case, Ground, e.Record]:
    """The record that the card names, or else what is still asked for, if this person may hand it over."""
    case, ground = await turn.case()
    turn.casework.stamp(ground, turn.person.id, e.RecordedInPebblePad, case)
    sent = turn.get("record") or cards.wanted(turn.view(case, ground))
    if sent not in set(e.Record):
        raise NotYours("no such record")
    record = e.Record(sent)
    if record not in cards.there(turn.view(case, ground)):
        raise OutOfStep(record.value)
    return case, ground, record


async def to_record(casework: Casework, person: str) -> list[View]:
    """The cases, closed ones too, on which *person* is Link Tutor and something is not in PebblePad. Oldest first."""
    found: list[View] = []
    for case_id in await casework.book.cases_of(person, open_only=False):
        case = await casework.case(case_id)
        ground = await casework.ground(case.placement)
        view = View(case, ground, person, casework.now(), new_nonce())
        if view.is_(Role.LINK_TUTOR) and cards.still_to_record(view):
            found.append(view)
    return sorted(found, key=lambda view: (view.case.entered.at, view.case.reference))


@steps.on("pebblepad.list")
async def not_there_yet(turn: Turn) -> Reply:
    views = await to_record(turn.casework, turn.person.id)
    sent = turn.get("start")
    start = int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 6 and int(sent) < len(views) else 0
    turn.shows(Saw.LIST, *(view.case.id for view in views[start : start + cards.PAGE]))
    return Reply(cards.not_there_yet(views, start=start), SUMMARY)


@steps.on("pebblepad.show")
async def show(turn: Turn) -> Reply:
    case, ground, record = await _record(turn)
    sent = turn.get("page")
    part = int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 4 else 1
    sheet = cards.sheet(turn.view(case, ground), record, part=part)
    turn.shows(Saw.PEBBLEPAD, case.id)
    return Reply(sheet, SUMMARY)


@steps.on("pebblepad.recorded")
async def recorded(turn: Turn) -> Reply:
    case, ground, record = await _record(turn)
    stamp = turn.casework.stamp(ground, turn.person.id, e.RecordedInPebblePad, case)
    event = e.RecordedInPebblePad(**stamp, record=record, phase=ground.party.placement.phase)
    done = await turn.record(case.id, event, fact=True)
    lead = "Thank you. It stands here that you say so, and nobody is asked about it again."
    return Reply(case_card(turn.view(done.case, ground), lead), SUMMARY, case.id)
