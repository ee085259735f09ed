"""A colleague's eye, between "not yet" and the meeting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cards import second_opinion as cards
from cards.case import case_card
from dialogs.router import Steps
from dialogs.turn import Reply, Turn
from pathway import events as e
from pathway.dates import in_words
from pathway.rules import Fault

steps = Steps()
SUMMARY = "Placements: a colleague's eye"


@steps.on("second_opinion.spoke")
async def spoke(turn: Turn) -> Reply:
    case, ground = await turn.case()
    event = e.SecondOpinion(**turn.stamp(ground, e.SecondOpinion, case), kind=e.Opinion.SPOKE)
    done = await turn.record(case.id, event, fact=True)
    return Reply(
        case_card(turn.view(done.case, ground), "Noted. It stands in the brief for the meeting."), SUMMARY, case.id
    )


@steps.on("second_opinion.ask")
async def ask(turn: Turn) -> Reply:
    return await ask_form(turn, {}, ())


@steps.form("second_opinion.ask")
async def ask_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await turn.case()
    turn.stamp(ground, e.SecondOpinion, case)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    return Reply(cards.ask_form(view, values, faults, for_whom=turn.get("for")), SUMMARY)


@steps.on("second_opinion.planned")
async def planned(turn: Turn) -> Reply:
    case, ground = await turn.case()
    day = turn.day("planned_on")
    if day and day < turn.today:
        return await ask_form(turn, turn.values, [Fault("Choose today or a day to come.", "planned_on")])
    event = e.SecondOpinion(**turn.stamp(ground, e.SecondOpinion, case), kind=e.Opinion.ASKED, planned_on=day)
    done = await turn.record(case.id, event, fact=True)
    words = in_words(day, turn.today) if day else ""
    return Reply(cards.planned(turn.view(done.case, ground), words), SUMMARY)


@steps.on("second_opinion.saw")
async def saw(turn: Turn) -> Reply:
    return await saw_form(turn, {"on": turn.today.isoformat()}, ())


@steps.form("second_opinion.saw")
async def saw_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await turn.case()
    turn.stamp(ground, e.SecondOpinion, case)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    return Reply(cards.saw_form(view, values, faults, for_whom=turn.get("for")), SUMMARY)


@steps.on("second_opinion.seen")
async def seen(turn: Turn) -> Reply:
    case, ground = await turn.case()
    day = turn.day("on")
    if day is None:
        return await saw_form(turn, turn.values, [Fault("Choose the day.", "on")])
    event = e.SecondOpinion(
        **turn.stamp(ground, e.SecondOpinion, case, on=day), kind=e.Opinion.OBSERVED, seen=turn.get("seen")
    )
    done = await turn.record(case.id, event, fact=True)
    return Reply(case_card(turn.view(done.case, ground), "Added to the case."), SUMMARY, case.id)
