"""Agreeing one version of the support plan: the author, the other, and what is typed for the mentor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cards import support_plan as cards
from cards.case import case_card
from dialogs.support_plan.common import SUMMARY, draft_name, in_stage, newest_version, steps, version_sent
from dialogs.support_plan.write import read_plan, writing
from dialogs.turn import Reply, Turn
from pathway import events as e
from pathway.case import Case, after
from pathway.process import Stage
from pathway.roles import Role
from pathway.rules import Fault, Ground, NotYours, OutOfStep, Refused, decide


@steps.on("support_plan.agree_own")
async def agree_own(turn: Turn) -> Reply:
    """The author agrees the version that was just checked: it is written and agreed in one act."""
    if earlier := await turn.casework.book.seen(f"{turn.nonce}:{turn.verb}"):
        case, ground = await turn.open(earlier.case_id)
        kept = await turn.draft(draft_name(case))
        if kept is not None and kept.values.get("_nonce") == turn.nonce:  # left behind by a kill
            await turn.drop(draft_name(case))
        return Reply(case_card(turn.view(case, ground)), SUMMARY, case.id)
    case, ground = await writing(turn)
    kept = await turn.draft(draft_name(case))
    if kept is None or kept.values.get("_nonce") != turn.nonce:
        words = "Nothing was agreed from this card: what it held was changed, agreed or thrown away since."
        return Reply(case_card(turn.view(case, ground), words), SUMMARY, case.id)
    plan = read_plan(turn, case, ground, kept.values)
    agreed = e.PlanVersionAgreed(
        **turn.casework.stamp(ground, turn.person.id, e.PlanVersionAgreed, case), version=plan.version
    )
    done = await turn.record(case.id, plan, agreed)
    await turn.drop(draft_name(case))
    view = turn.view(done.case, ground)
    other = view.link_tutor if agreed.role is Role.MENTOR else view.mentor
    lead = f"Version {plan.version} is written, and you have agreed it. {other} is asked to agree it too."
    return Reply(case_card(view, lead), SUMMARY, case.id)


@steps.on("support_plan.agree")
async def agree(turn: Turn) -> Reply:
    case, ground = await in_stage(turn, Stage.WRITING_PLAN)
    agreed = e.PlanVersionAgreed(
        **turn.casework.stamp(ground, turn.person.id, e.PlanVersionAgreed, case), version=version_sent(turn)
    )
    return await _agreed(turn, case, ground, agreed)


async def _agreed(turn: Turn, case: Case, ground: Ground, agreed: e.PlanVersionAgreed) -> Reply:
    """Records the agreement, and with it that the plan is agreed by both, where nothing is missing any more."""
    events: list[e.Event] = [agreed]
    decide(case, agreed, ground)
    if shared := _sharing(turn, after(case, agreed) or case, ground):
        events.append(shared)
    done = await turn.record(case.id, *events)
    view = turn.view(done.case, ground)
    if done.case.stage is Stage.PLAN_TO_DISCUSS:
        lead = f"Both of you have agreed version {agreed.version}. Next: talk it through with {view.first}, in person."
    else:
        lead = (
            f"Recorded. {view.mentor if agreed.for_whom else 'You'} {'has' if agreed.for_whom else 'have'} agreed it."
        )
    return Reply(case_card(view, lead), SUMMARY, case.id)


def _sharing(turn: Turn, case: Case, ground: Ground) -> e.PlanShared | None:
    """That both agree, if this person may record it and the rules allow it now."""
    try:
        stamp = turn.casework.stamp(ground, turn.person.id, e.PlanShared, case)
        shared = e.PlanShared(**stamp, version=newest_version(case))
        decide(case, shared, ground)
    except (NotYours, OutOfStep, Refused):
        return None
    return shared


@steps.on("support_plan.share")
async def share(turn: Turn) -> Reply:
    """Where both have agreed and something else was still missing then."""
    case, ground = await in_stage(turn, Stage.WRITING_PLAN)
    event = e.PlanShared(**turn.casework.stamp(ground, turn.person.id, e.PlanShared, case), version=version_sent(turn))
    done = await turn.record(case.id, event)
    view = turn.view(done.case, ground)
    return Reply(case_card(view, f"Next: talk it through with {view.first}, in person."), SUMMARY, case.id)


@steps.on("support_plan.mentor_agreed")
async def mentor_agreed(turn: Turn) -> Reply:
    return await mentor_agreed_form(turn, {"on": turn.today.isoformat()}, ())


@steps.form("support_plan.mentor_agreed")
async def mentor_agreed_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await in_stage(turn, Stage.WRITING_PLAN)
    turn.stamp(ground, e.PlanVersionAgreed, case)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    drawn = cards.mentor_agreed_form(view, values, faults, version=version_sent(turn), for_whom=turn.get("for"))
    return Reply(drawn, SUMMARY)


@steps.on("support_plan.record_agreed")
async def record_agreed(turn: Turn) -> Reply:
    case, ground = await in_stage(turn, Stage.WRITING_PLAN)
    if not turn.get("means"):
        raise Refused(Fault("Say when and how the mentor agreed.", "means"))
    stamp = turn.casework.stamp(
        ground, turn.person.id, e.PlanVersionAgreed, case, on=turn.day("on"), for_whom=ground.party.mentor(case)
    )
    agreed = e.PlanVersionAgreed(**stamp, version=version_sent(turn), means=turn.get("means"))
    return await _agreed(turn, case, ground, agreed)
