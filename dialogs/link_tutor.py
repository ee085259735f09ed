"""The Link Tutor takes it up; the office names one where there is none; the mentor may take the call back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cards import link_tutor as cards
from cards.case import case_card
from cards.days import proposal
from dialogs.router import Steps
from dialogs.turn import Reply, Turn, new_nonce
from pathway import events as e
from pathway.process import Stage
from pathway.roles import Role
from pathway.rules import Fault

steps = Steps()
SUMMARY = "Placements: a case for you"


@steps.on("link_tutor.acknowledge")
async def acknowledge(turn: Turn) -> Reply:
    case, ground = await turn.case()
    event = e.LinkTutorAcknowledged(**turn.stamp(ground, e.LinkTutorAcknowledged, case))
    done = await turn.record(case.id, event)
    view = turn.view(done.case, ground)
    return Reply(case_card(view, f"Thank you. {view.mentor} is told that you have it."), SUMMARY, case.id)


@steps.on("link_tutor.name")
async def name(turn: Turn) -> Reply:
    return await name_form(turn, {}, ())


@steps.form("link_tutor.name")
async def name_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await turn.case()
    turn.stamp(ground, e.LinkTutorNamed, case)
    present = ground.party.link_tutor(case)
    tutors = {p.link_tutor for p in await turn.casework.roster.placements() if p.link_tutor and p.link_tutor != present}
    named = dict(sorted(((t, ground.party.name(t)) for t in tutors), key=lambda pair: pair[1]))
    view = turn.view(case, ground, nonce=turn.nonce if faults else new_nonce())
    return Reply(cards.name_form(view, named, values, faults), SUMMARY)


@steps.on("link_tutor.named")
async def named(turn: Turn) -> Reply:
    case, ground = await turn.case()
    events: list[e.Event] = [e.LinkTutorNamed(**turn.stamp(ground, e.LinkTutorNamed, case), person=turn.get("person"))]
    if case.stage is Stage.LINK_TUTOR_TOLD and case.acknowledged is None:
        stamp = turn.casework.stamp(ground, turn.person.id, e.LinkTutorAcknowledged, case)
        if stamp["role"] is Role.PARTNERSHIP_TEAM:
            events.append(e.LinkTutorAcknowledged(**stamp))
    done = await turn.record(case.id, *events)
    view = turn.view(done.case, ground)
    return Reply(case_card(view, f"{view.link_tutor} is told at once."), SUMMARY, case.id)


@steps.on("link_tutor.withdraw")
async def withdraw(turn: Turn) -> Reply:
    _case, ground = await turn.case()
    day = ground.calendar.add(turn.today, turn.provider.days.weekly_check)
    return await withdraw_form(turn, {"check_on": day.isoformat()}, ())


@steps.form("link_tutor.withdraw")
async def withdraw_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await turn.case()
    turn.stamp(ground, e.ReferralWithdrawn, case)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    _, note = proposal(ground.calendar, turn.today, turn.provider.days.weekly_check, view.first)
    return Reply(cards.withdraw_form(view, values, faults, note=note, for_whom=turn.get("for")), SUMMARY)


@steps.on("link_tutor.withdrawn")
async def withdrawn(turn: Turn) -> Reply:
    case, ground = await turn.case()
    day = turn.day("check_on")
    if day is None:
        return await withdraw_form(turn, turn.values, [Fault("Choose a day.", "check_on")])
    event = e.ReferralWithdrawn(
        **turn.stamp(ground, e.ReferralWithdrawn, case),
        reason=turn.get("reason"),
        check_on=day,
        check_found=ground.calendar.explain_until(turn.today, day).how,
    )
    done = await turn.record(case.id, event)
    return Reply(case_card(turn.view(done.case, ground), "The weekly target goes on."), SUMMARY, case.id)
