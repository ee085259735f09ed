"""`my cases`, opening one, reading everything, and the rarer acts around a case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from cards import cases as cards
from cards.case import case_card, pages_of_case
from cards.home import RAISERS
from cards.view import View
from dialogs.pebblepad import to_record
from dialogs.router import Steps
from dialogs.turn import Reply, Turn
from pathway import events as e
from pathway.casework import NoSuchCase
from pathway.deadlines import deadline
from pathway.ports import Saw
from pathway.roles import Role
from pathway.rules import Fault, NotYours

steps = Steps()
SUMMARY = "Placements: your cases"


@steps.on("cases.mine")
async def mine(turn: Turn) -> Reply:
    views: list[View] = []
    for case_id in await turn.casework.book.cases_of(turn.person.id):
        try:
            views.append(turn.view(*await turn.open(case_id)))
        except NoSuchCase:
            continue
    views.sort(key=_pressing)
    sent = turn.get("start")
    start = int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 6 and int(sent) < len(views) else 0
    can_raise = bool(RAISERS & set(await turn.casework.general_roles(turn.person)))
    page = views[start : start + cards.PAGE]
    turn.shows(Saw.LIST, *(view.case.id for view in page))
    not_there = bool(await to_record(turn.casework, turn.person.id))
    drawn = cards.my_cases(page, start=start, total=len(views), can_raise=can_raise, to_record=not_there)
    return Reply(drawn, SUMMARY)


def _pressing(view: View) -> tuple[bool, date, str]:
    line = deadline(view.case, view.ground)
    return (line is None, line.day if line else date.max, view.case.reference)


@steps.on("cases.open")
async def open_case(turn: Turn) -> Reply:
    case, ground = await turn.case()
    return Reply(case_card(turn.view(case, ground)), f"Placement case {case.reference}", case.id)


@steps.on("cases.read")
async def read(turn: Turn) -> Reply:
    """In parts where it is long; a part that is not there is the last one."""
    case, ground = await turn.case()
    pages = pages_of_case(turn.view(case, ground))
    turn.shows(Saw.EVERYTHING, case.id)
    return Reply(turn.part_of(pages), f"Placement case {case.reference}")


@steps.on("cases.more")
async def more(turn: Turn) -> Reply:
    case, ground = await turn.case()
    return Reply(cards.more_acts(turn.view(case, ground), turn.get("wanted")), SUMMARY)


@steps.on("cases.enter_for")
async def enter_for(turn: Turn) -> Reply:
    case, ground = await turn.case()
    roles = ground.party.roles_on(turn.person.id, case)
    if Role.LINK_TUTOR not in roles and Role.PARTNERSHIP_TEAM not in roles:
        raise NotYours("only the Link Tutor or the Partnership Team type for a mentor")
    return Reply(cards.enter_for(turn.view(case, ground)), SUMMARY)


@steps.on("cases.error")
async def error(turn: Turn) -> Reply:
    return await error_form(turn, {}, ())


@steps.form("cases.error")
async def error_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await turn.case()
    turn.stamp(ground, e.RaisedInError, case)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    return Reply(cards.error_form(view, values, faults, for_whom=turn.get("for")), SUMMARY)


@steps.on("cases.raised_in_error")
async def raised_in_error(turn: Turn) -> Reply:
    case, ground = await turn.case()
    event = e.RaisedInError(**turn.stamp(ground, e.RaisedInError, case), reason=turn.get("reason"))
    done = await turn.record(case.id, event)
    return Reply(case_card(turn.view(done.case, ground)), SUMMARY, case.id)
