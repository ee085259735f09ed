"""Talking the support plan through with the student, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from cards import support_plan as cards
from cards.case import case_card
from cards.plan import review_proposal
from dialogs.support_plan.common import SUMMARY, in_stage, steps
from dialogs.turn import Reply, Turn
from pathway import events as e
from pathway.case import Case
from pathway.dates import in_london, in_words, local, local_date
from pathway.process import Stage
from pathway.rules import Fault, Ground, Refused


@steps.on("support_plan.discuss")
async def discuss(turn: Turn) -> Reply:
    return await discuss_form(turn, {"on": turn.today.isoformat()}, ())


@steps.form("support_plan.discuss")
async def discuss_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await in_stage(turn, Stage.PLAN_TO_DISCUSS)
    turn.stamp(ground, e.PlanDiscussed, case)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    on = min(turn.day("on") or turn.today, turn.today)
    note, later = _later_review(turn, case, ground, on)
    filled = {**({"review_on": later.isoformat()} if later else {}), **values}
    return Reply(cards.discuss_form(view, filled, faults, note=note, for_whom=turn.get("for")), SUMMARY)


def _later_review(turn: Turn, case: Case, ground: Ground, on: date) -> tuple[str, date | None]:
    """Where too little of the week is left from the day of the talk: a later review, with its reason."""
    at = case.review_at
    if at is None or case.plan is None or case.plan.short_because.strip():
        return "", None
    left = ground.calendar.count(on, local_date(at))
    if left >= turn.provider.days.plan_min:
        return "", None
    day = in_words(local_date(at), turn.today)
    opening = f"Until the review on {day} {left or 'no'} school {'day is' if left == 1 else 'days are'} left."
    proposed = review_proposal(ground, case, on, opening=opening)
    return proposed.note, max(proposed.day, local_date(at))


@steps.on("support_plan.discussed")
async def discussed(turn: Turn) -> Reply:
    case, ground = await in_stage(turn, Stage.PLAN_TO_DISCUSS)
    day, answer, comment = turn.day("on"), turn.get("achievable"), turn.get("comment")
    faults = [] if day else [Fault("Choose the day on which you talked.", "on")]
    if answer not in cards.ACHIEVABLE:
        faults.append(Fault("Say whether it is achievable.", "achievable"))
    if answer == "changes" and not comment:
        faults.append(Fault("Say which changes, in the student's own words.", "comment"))
    if faults:
        raise Refused(*faults)
    spoke = e.PlanDiscussed(**turn.stamp(ground, e.PlanDiscussed, case, on=day))
    done = await turn.record(case.id, spoke, replace(_came_of_it(turn, case, ground, day, answer), at=spoke.at))
    view = turn.view(done.case, ground)
    return Reply(case_card(view, _after_talk(answer, view.first)), SUMMARY, case.id)


def _came_of_it(turn: Turn, case: Case, ground: Ground, day: date | None, answer: str) -> e.Event:
    comment = turn.get("comment")
    if answer == "no":
        return e.StudentNotAgreed(**turn.stamp(ground, e.StudentNotAgreed, case, on=day), words=comment)
    if answer == "changes":
        stamp = turn.casework.stamp(ground, turn.person.id, e.PlanReopened, case)
        return e.PlanReopened(**stamp, reason=comment)
    at, chosen = case.review_at, turn.day("review_on")
    moved = at is not None and chosen is not None and chosen != local_date(at)
    return e.StudentAgreed(
        **turn.stamp(ground, e.StudentAgreed, case, on=day),
        achievable=True,
        knows_review_decides=turn.get("knows") == "yes",
        comment=comment,
        short_week_because=turn.get("short_week_because"),
        review_at=local(chosen, in_london(at).time()) if at and chosen and moved else None,
    )


def _after_talk(answer: str, first: str) -> str:
    if answer == "yes":
        return f"The plan has started. {first} has a copy now."
    if answer == "changes":
        return f"The plan is open for changes. {first} is told that you speak again before anything starts."
    return f"Recorded. {first} sees the plan now. The plan has not started."


@steps.on("support_plan.reopen")
async def reopen(turn: Turn) -> Reply:
    return await reopen_form(turn, {}, ())


@steps.form("support_plan.reopen")
async def reopen_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await in_stage(turn, Stage.PLAN_TO_DISCUSS)
    turn.stamp(ground, e.PlanReopened, case)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    return Reply(cards.reopen_form(view, values, faults), SUMMARY)


@steps.on("support_plan.reopened")
async def reopened(turn: Turn) -> Reply:
    case, ground = await turn.case()
    event = e.PlanReopened(**turn.stamp(ground, e.PlanReopened, case), reason=turn.get("reason"))
    done = await turn.record(case.id, event)
    return Reply(case_card(turn.view(done.case, ground), "The plan is open for changes."), SUMMARY, case.id)


@steps.on("support_plan.proceed")
async def proceed(turn: Turn) -> Reply:
    return await proceed_form(turn, {}, ())


@steps.form("support_plan.proceed")
async def proceed_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await in_stage(turn, Stage.PLAN_TO_DISCUSS)
    turn.stamp(ground, e.ProceededWithoutAgreement, case)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    return Reply(cards.proceed_form(view, values, faults), SUMMARY)


@steps.on("support_plan.proceeded")
async def proceeded(turn: Turn) -> Reply:
    case, ground = await turn.case()
    event = e.ProceededWithoutAgreement(
        **turn.stamp(ground, e.ProceededWithoutAgreement, case),
        reason=turn.get("reason"),
        adjustments_checked=turn.get("adjustments") == "yes",
        comments_kept=turn.get("comments") == "yes",
    )
    done = await turn.record(case.id, event)
    return Reply(case_card(turn.view(done.case, ground), "The plan has started."), SUMMARY, case.id)
