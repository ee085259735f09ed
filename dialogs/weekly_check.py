"""The one-week check: met, one more week, or tell the Link Tutor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cards import weekly_check as cards
from cards.case import case_card
from cards.days import proposal
from dialogs.router import Steps
from dialogs.turn import Reply, Turn
from pathway import events as e
from pathway.case import Case
from pathway.dates import in_words
from pathway.ports import Draft
from pathway.process import Stage
from pathway.provider import starting
from pathway.rules import Fault, Ground, OutOfStep

steps = Steps()
SUMMARY = "Placements: the weekly check"


def draft_name(case: Case) -> str:
    return f"tell:{case.id}"


async def in_the_week(turn: Turn) -> tuple[Case, Ground]:
    """The case, while its weekly target runs. Raises OutOfStep afterwards."""
    case, ground = await turn.case()
    if case.stage is not Stage.WEEKLY_TARGET:
        raise OutOfStep(case.stage.value)
    return case, ground


@steps.on("weekly_check.met")
async def met(turn: Turn) -> Reply:
    case, ground = await turn.case()
    event = e.TargetMet(**turn.stamp(ground, e.TargetMet, case))
    done = await turn.record(case.id, event)
    await turn.drop(draft_name(case))
    return Reply(case_card(turn.view(done.case, ground), "Thank you. It is recorded as met."), SUMMARY, case.id)


@steps.on("weekly_check.more")
async def more(turn: Turn) -> Reply:
    _case, ground = await in_the_week(turn)
    day = ground.calendar.add(turn.today, turn.provider.days.weekly_check)
    return await more_form(turn, {"check_on": day.isoformat()}, ())


@steps.form("weekly_check.more")
async def more_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await in_the_week(turn)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    _, note = proposal(ground.calendar, turn.today, turn.provider.days.weekly_check, view.first)
    return Reply(cards.more_form(view, values, faults, note=note, for_whom=turn.get("for")), SUMMARY)


@steps.on("weekly_check.continue")
async def one_more_week(turn: Turn) -> Reply:
    case, ground = await turn.case()
    day = turn.day("check_on")
    if day is None:
        return await more_form(turn, turn.values, [Fault("Choose a day.", "check_on")])
    event = e.TargetContinued(
        **turn.stamp(ground, e.TargetContinued, case),
        check_on=day,
        check_found=ground.calendar.explain_until(turn.today, day).how,
        note=turn.get("note"),
    )
    done = await turn.record(case.id, event)
    return Reply(case_card(turn.view(done.case, ground), "One more week. You will be asked again."), SUMMARY, case.id)


def _first_values(case: Case, draft: Draft | None) -> dict[str, str]:
    """What was saved, or the help that was offered as the support that was given."""
    if draft:
        return dict(draft.values)
    concern = case.last(e.WeeklyTargetSet)
    return {"help": ",".join(concern.help_offered)} if concern else {}


@steps.on("weekly_check.tell")
async def tell(turn: Turn) -> Reply:
    case, _ground = await in_the_week(turn)
    return await tell_form(turn, _first_values(case, await turn.draft(draft_name(case))), ())


@steps.form("weekly_check.tell")
async def tell_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await in_the_week(turn)
    early = ""
    if case.check_on and turn.today < case.check_on:
        until = in_words(case.check_on, turn.today)
        early = f"The week runs until {until}. You can ask for help now, with a line of reason."
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    unaware = turn.get("aware") == "no" or turn.verb == "weekly_check.unaware"
    drawn = cards.tell_form(view, values, faults, early=early, unaware=unaware, for_whom=turn.get("for"))
    return Reply(drawn, SUMMARY)


@steps.on("weekly_check.unaware")
async def unaware(turn: Turn) -> Reply:
    return await tell_form(turn, turn.values, ())


@steps.on("weekly_check.save")
async def save(turn: Turn) -> Reply:
    case, ground = await in_the_week(turn)
    await turn.keep(draft_name(case), turn.values)
    return Reply(case_card(turn.view(case, ground), "Saved. Only you can see what you typed."), SUMMARY, case.id)


@steps.on("weekly_check.refer")
async def refer(turn: Turn) -> Reply:
    case, ground = await turn.case()
    event = e.LinkTutorTold(
        **turn.stamp(ground, e.LinkTutorTold, case),
        evidence=turn.get("evidence"),
        support_given=turn.ticks("help"),
        student_aware=turn.get("aware") == "yes",
        student_unaware_because=turn.get("student_unaware_because"),
        wish=turn.get("wish"),
        best_times=turn.get("best_times"),
        early_because=turn.get("early_because"),
    )
    done = await turn.record(case.id, event)
    await turn.drop(draft_name(case))
    view = turn.view(done.case, ground)
    return Reply(case_card(view, f"{starting(view.link_tutor)} has been told."), SUMMARY, case.id)
