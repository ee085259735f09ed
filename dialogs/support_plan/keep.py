"""Keeping to the support plan: the promised support, and the Link Tutor's duties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cards import support_plan as cards
from cards.case import case_card
from cards.plan import DUTIES_OF, done_duties
from dialogs.support_plan.common import SUMMARY, in_stage, steps
from dialogs.turn import Reply, Turn
from pathway import events as e
from pathway.case import Case
from pathway.process import Stage
from pathway.rules import Fault, Ground

KEEPING = (Stage.PLAN_IN_PLACE, Stage.REVIEW)


def ticked_before(case: Case, person: str) -> dict[int, bool]:
    """What *person* has said about each promise, the newest of each."""
    return {t.promise: t.given for t in case.since(e.PlanShared, e.PromiseTicked) if (t.for_whom or t.by) == person}


def promise_values(case: Case, person: str) -> dict[str, str]:
    return {f"promise{n}": "given" if given else "not" for n, given in ticked_before(case, person).items()}


def promise_ticks(turn: Turn, case: Case, ground: Ground, person: str) -> list[e.Event]:
    """One fact for each promise about which *person* now says something new."""
    before, promises = ticked_before(case, person), case.plan.promises if case.plan else ()
    said = {n: turn.get(f"promise{n}") for n in range(len(promises))}
    return [
        e.PromiseTicked(**turn.stamp(ground, e.PromiseTicked, case), promise=n, given=answer == "given")
        for n, answer in said.items()
        if answer in ("given", "not") and before.get(n) is not (answer == "given")
    ]


@steps.on("support_plan.promises")
async def promises(turn: Turn) -> Reply:
    case, _ground = await in_stage(turn, *KEEPING)
    person = case.mentor if turn.get("for") else turn.person.id
    return await promises_form(turn, promise_values(case, person), ())


@steps.form("support_plan.promises")
async def promises_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await in_stage(turn, *KEEPING)
    turn.stamp(ground, e.PromiseTicked, case)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    return Reply(cards.promises_form(view, values, faults, for_whom=turn.get("for")), SUMMARY)


@steps.on("support_plan.kept")
async def kept(turn: Turn) -> Reply:
    case, ground = await in_stage(turn, *KEEPING)
    person = case.mentor if turn.get("for") else turn.person.id
    if ticks := promise_ticks(turn, case, ground, person):
        case = (await turn.record(case.id, *ticks, fact=True)).case
    return Reply(case_card(turn.view(case, ground), "Thank you. It is recorded."), SUMMARY, case.id)


@steps.on("support_plan.duties")
async def duties(turn: Turn) -> Reply:
    case, _ground = await in_stage(turn, *KEEPING)
    done = done_duties(case)
    values = {"on": turn.today.isoformat(), **({"support": "done"} if e.Duty.PERSONAL_SUPPORT in done else {})}
    for role in DUTIES_OF:
        answered = [answer for answer in ("told", "not") if cards.duty_of(role, answer) in done]
        values |= {role.value: answered[-1]} if answered else {}
    return await duties_form(turn, values, ())


@steps.form("support_plan.duties")
async def duties_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await in_stage(turn, *KEEPING)
    turn.stamp(ground, e.DutyDone, case)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    return Reply(cards.duties_form(view, values, faults), SUMMARY)


@steps.on("support_plan.duties_done")
async def duties_done(turn: Turn) -> Reply:
    case, ground = await in_stage(turn, *KEEPING)
    wanted = [e.Duty.PERSONAL_SUPPORT] if turn.get("support") == "done" else []
    wanted += [duty for role in DUTIES_OF if (duty := cards.duty_of(role, turn.get(role.value)))]
    done = done_duties(case)
    stamp = turn.stamp(ground, e.DutyDone, case, on=turn.day("on"))
    new = [e.DutyDone(**stamp, duty=duty) for duty in wanted if duty not in done]
    if new:
        case = (await turn.record(case.id, *new, fact=True)).case
    return Reply(case_card(turn.view(case, ground), "Thank you. It is recorded."), SUMMARY, case.id)
