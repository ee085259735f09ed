"""What the meeting comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cards import decision as cards
from cards.case import case_card
from cards.days import proposal
from dialogs.router import Steps
from dialogs.turn import Reply, Turn
from pathway import events as e
from pathway.case import Case
from pathway.roles import Role
from pathway.rules import Fault, Ground

steps = Steps()
SUMMARY = "Placements: after the meeting"


def _held(case: Case, ground: Ground) -> tuple[e.Held, tuple[str, ...]]:
    """How the meeting was held and who was there, from the Link Tutor's record of it."""
    view = case.view_of(Role.LINK_TUTOR)
    people = (ground.party.name(case.mentor), ground.party.name(ground.party.link_tutor(case)))
    return (view.held or e.Held.TEAMS, view.present or people) if view else (e.Held.TEAMS, people)


async def _plan(turn: Turn, because: str) -> Reply:
    case, ground = await turn.case()
    held, present = _held(case, ground)
    event = e.InterventionAgreed(
        **turn.stamp(ground, e.InterventionAgreed, case), held=held, present=present, decided_because=because
    )
    done = await turn.record(case.id, event)
    return Reply(case_card(turn.view(done.case, ground)), SUMMARY, case.id)


@steps.on("decision.plan")
async def plan(turn: Turn) -> Reply:
    return await _plan(turn, "")


@steps.on("decision.plan_because")
async def plan_because(turn: Turn) -> Reply:
    return await plan_because_form(turn, {}, ())


@steps.form("decision.plan_because")
async def plan_because_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await turn.case()
    turn.stamp(ground, e.InterventionAgreed, case)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    return Reply(cards.plan_because_form(view, values, faults), SUMMARY)


@steps.on("decision.plan_decided")
async def plan_decided(turn: Turn) -> Reply:
    return await _plan(turn, turn.get("decided_because"))


@steps.on("decision.more_time")
async def more_time(turn: Turn) -> Reply:
    case, ground = await turn.case()
    day = ground.calendar.add(turn.today, turn.provider.days.weekly_check)
    return await more_time_form(turn, {"target": case.target, "check_on": day.isoformat()}, ())


@steps.form("decision.more_time")
async def more_time_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await turn.case()
    turn.stamp(ground, e.MoreTimeAgreed, case)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    _, note = proposal(ground.calendar, turn.today, turn.provider.days.weekly_check, view.first)
    return Reply(cards.more_time_form(view, values, faults, note=note), SUMMARY)


@steps.on("decision.more_time_agreed")
async def more_time_agreed(turn: Turn) -> Reply:
    case, ground = await turn.case()
    day = turn.day("check_on")
    if day is None:
        return await more_time_form(turn, turn.values, [Fault("Choose a day.", "check_on")])
    held, present = _held(case, ground)
    event = e.MoreTimeAgreed(
        **turn.stamp(ground, e.MoreTimeAgreed, case),
        held=held,
        present=present,
        target=turn.get("target"),
        check_on=day,
        check_found=ground.calendar.explain_until(turn.today, day).how,
        student_told=turn.get("student_told") == "yes",
    )
    done = await turn.record(case.id, event)
    view = turn.view(done.case, ground)
    return Reply(case_card(view, f"Recorded. {view.mentor} is told."), SUMMARY, case.id)


@steps.on("decision.none")
async def none(turn: Turn) -> Reply:
    return await none_form(turn, {}, ())


@steps.form("decision.none")
async def none_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await turn.case()
    turn.stamp(ground, e.NoInterventionAgreed, case)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    return Reply(cards.none_form(view, values, faults), SUMMARY)


@steps.on("decision.none_agreed")
async def none_agreed(turn: Turn) -> Reply:
    case, ground = await turn.case()
    held, present = _held(case, ground)
    event = e.NoInterventionAgreed(
        **turn.stamp(ground, e.NoInterventionAgreed, case), reason=turn.get("reason"), held=held, present=present
    )
    done = await turn.record(case.id, event)
    return Reply(case_card(turn.view(done.case, ground), "Closed. The others are told."), SUMMARY, case.id)


@steps.on("decision.differ")
async def differ(turn: Turn) -> Reply:
    case, ground = await turn.case()
    held, present = _held(case, ground)
    event = e.ViewsDiffered(**turn.stamp(ground, e.ViewsDiffered, case), held=held, present=present)
    done = await turn.record(case.id, event)
    return Reply(case_card(turn.view(done.case, ground)), SUMMARY, case.id)
