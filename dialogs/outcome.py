"""What came of the review. Nothing is saved before somebody has told the student in person, and no placement ends
without its typed confirmation: the rules say so, and these steps ask them before they show the last card.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from cards import outcome as cards
from cards import record
from cards.case import case_card
from cards.view import View
from dialogs.review import in_review
from dialogs.router import Steps
from dialogs.turn import CARRIED, Reply, Turn
from pathway import events as e
from pathway.case import Case, after
from pathway.dates import in_words
from pathway.guards import confirmed_by, missing_parts
from pathway.roles import Role
from pathway.rules import Fault, Ground, NotYours, OutOfStep, Refused, decide

steps = Steps()
SUMMARY = "Placements: after the review"
KEPT_TOO_LONG = "What you typed is no longer kept. Please fill it in again."


def draft_name(case: Case) -> str:
    return f"outcome:{case.id}"


# -- the form ------------------------------------------------------------------------------------------------------


@steps.on("outcome.open")
async def open_(turn: Turn) -> Reply:
    case, _ground = await in_review(turn)
    draft = await turn.draft(draft_name(case))
    return await outcome_form(turn, draft.values if draft else {}, ())


@steps.form("outcome.outcome")
async def outcome_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await in_review(turn)
    turn.stamp(ground, e.PlacementContinued, case)
    if not values and faults and (draft := await turn.draft(draft_name(case))):
        values = draft.values
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    before = {"told_on": turn.today.isoformat()}
    renamed = [replace(f, field=FIELDS.get(f.field, f.field)) for f in faults]
    return Reply(cards.outcome_form(view, {**before, **values}, renamed), SUMMARY)


#: Where a rule's fault stands on the form.
FIELDS = {"parts": "parts_missing_because", "on": "told_on"}


@steps.on("outcome.save")
async def save(turn: Turn) -> Reply:
    case, ground = await in_review(turn)
    turn.stamp(ground, e.PlacementContinued, case)
    await turn.keep(draft_name(case), turn.values)
    return Reply(case_card(turn.view(case, ground), "Saved. Only you can see what you typed."), SUMMARY, case.id)


def _said(turn: Turn, view: View) -> dict[str, Any]:
    """What both outcomes say, from the form. Raises Refused, first of all where nobody has told the student."""
    told_at = turn.moment("told_on", "told_student_at")
    faults = []
    if told_at is None or told_at > turn.now:
        faults.append(
            Fault(f"Tell {view.first} in person before you save this. When was that?", "told_student_at"),
        )
    if turn.get("told_by") not in cards.tellers(view):
        faults.append(Fault(f"Say who told {view.first}.", "told_by"))
    results = []
    for n, target in enumerate(record.targets(view.case)):
        result = turn.get(f"result_{n}")
        if result not in record.RESULTS:
            faults.append(Fault(f"Say whether target {n + 1} is met.", f"result_{n}"))
        results.append((target.target, result))
    if not turn.get("reasons"):
        faults.append(Fault("Give the reasons, with reference to the targets.", "reasons"))
    if faults:
        raise Refused(*faults)
    by, _, there = turn.get("told_by").partition("_")
    names = {
        "tutor": view.party.name(view.party.link_tutor(view.case)),
        "mentor": view.party.name(view.case.mentor),
    }
    return {
        "results": tuple(results),
        "reasons": turn.get("reasons"),
        "told_student_at": told_at,
        "told_by": names[by],
        "told_present": tuple(names[key] for key in (by, there) if key),
    }


def _told_day(turn: Turn) -> date | None:
    """The next steps are counted from the day on which the student was told."""
    return turn.day("told_on")


def _then(case: Case, event: e.Event) -> Case:
    return after(case, event) or case


# -- the placement continues ---------------------------------------------------------------------------------------


def _continues(turn: Turn, case: Case, ground: Ground) -> e.PlacementContinued:
    said = _said(turn, turn.view(case, ground))
    event = e.PlacementContinued(
        **turn.stamp(ground, e.PlacementContinued, case, on=_told_day(turn)),
        **said,
        carry_on=turn.get("carry_on"),
        parts_missing_because=turn.get("parts_missing_because"),
    )
    decide(case, event, ground)
    return event


@steps.on("outcome.continue")
async def continue_(turn: Turn) -> Reply:
    case, ground = await in_review(turn)
    event = _continues(turn, case, ground)
    await turn.keep(draft_name(case), turn.values)
    return Reply(cards.continues_check(turn.view(case, ground), _then(case, event)), SUMMARY)


@steps.on("outcome.continued")
async def continued(turn: Turn) -> Reply:
    case, ground = await in_review(turn)
    kept = await _kept(turn, case)
    done = await turn.record(case.id, _continues(kept, case, ground))
    await turn.drop(draft_name(case))
    view = turn.view(done.case, ground)
    return Reply(case_card(view, f"Saved. {view.first} has it in writing now."), SUMMARY, case.id)


async def _kept(turn: Turn, case: Case) -> Turn:
    """*turn* with what was typed on the form before, and nothing else that the card sent."""
    draft = await turn.draft(draft_name(case))
    if draft is None:
        raise Refused(Fault(KEPT_TOO_LONG))
    carried = {key: value for key, value in turn.data.items() if key in CARRIED}
    return replace(turn, data={**carried, **draft.values})


# -- the placement ends as failed ----------------------------------------------------------------------------------


def _ends(turn: Turn, case: Case, ground: Ground, confirmed: Mapping[str, str]) -> e.PlacementTerminated:
    """The event as the two cards make it. *turn* carries the form, *confirmed* the second card."""
    second = turn.with_data(**confirmed)
    view = turn.view(case, ground)
    said = _said(turn, view)
    there = view.party.name(case.mentor) in said["told_present"]
    return e.PlacementTerminated(
        **turn.stamp(ground, e.PlacementTerminated, case, on=_told_day(turn)),
        **said,
        mentor_present_or_sent=there or confirmed.get("mentor_told") == "yes",
        typed_confirmation=confirmed.get("typed_confirmation", ""),
        lead_told=cards.leads(view).get(confirmed.get("lead_told", ""), ""),
        lead_told_at=second.moment("lead_told_on", "lead_told_at"),
        confirmed_by=confirmed_by(case),
    )


def _all_parts(case: Case, view: View) -> None:
    missing = [record.part_words(part, view) for part in missing_parts(case)]
    if missing:
        sentence = f"A placement ends only after all three parts. Not recorded yet: {', '.join(missing)}."
        raise Refused(Fault(sentence, "parts_missing_because"))


#: What the rules ask and the form does not: it is on the second card, or said in words of its own.
ASKED_LATER = {"mentor_present_or_sent", "typed_confirmation", "lead_told", "confirmed_by", "parts"}


def _asked_of_form(case: Case, event: e.PlacementTerminated, ground: Ground) -> None:
    """Raises Refused with what the rules find wrong on the form, before anybody reads the second card."""
    try:
        decide(case, event, ground)
    except Refused as rules:
        if wrong := [fault for fault in rules.faults if fault.field not in ASKED_LATER]:
            raise Refused(*wrong) from None


@steps.on("outcome.ends")
async def ends(turn: Turn) -> Reply:
    case, ground = await in_review(turn)
    _asked_of_form(case, _ends(turn, case, ground, {}), ground)
    _all_parts(case, turn.view(case, ground))
    await turn.keep(draft_name(case), turn.values)
    return await ending_form(turn, {}, ())


@steps.form("outcome.ending")
async def ending_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await in_review(turn)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    try:
        event = _ends(await _kept(turn, case), case, ground, values)
    except Refused as no:
        return await outcome_form(turn, {}, no.faults)
    leads = cards.leads(view)
    before = {"lead_told_on": turn.today.isoformat(), "lead_told": next(iter(leads)) if len(leads) == 1 else ""}
    drawn = cards.ending_form(
        view,
        {**before, **values},
        [replace(f, field=ENDING.get(f.field, f.field)) for f in faults],
        then=_then(case, event),
        next_by=_next_by(turn, ground, event),
        leads=leads,
        mentor_there=view.party.name(case.mentor) in event.told_present,
    )
    return Reply(drawn, SUMMARY)


ENDING = {"mentor_present_or_sent": "mentor_told", "lead_told": "lead_told_at"}


def _next_by(turn: Turn, ground: Ground, event: e.PlacementTerminated) -> str:
    found = ground.university.explain(event.on, turn.provider.days.next_steps)
    far = (found.day - event.on).days
    words = f"{in_words(found.day, turn.today)} ({found.how})"
    earlier = ground.university.earlier(event.on, found)
    if far > record.A_WEEK and earlier:
        words += f". That is {far} days away; a kinder day would be {in_words(earlier.day, turn.today)}"
    elif far > record.A_WEEK:
        words += f". That is {far} days away, so somebody is named to turn to until then"
    return words


@steps.on("outcome.ended")
async def ended(turn: Turn) -> Reply:
    case, ground = await in_review(turn)
    kept = await _kept(turn, case)
    done = await turn.record(case.id, _ends(kept, case, ground, turn.values))
    await turn.drop(draft_name(case))
    view = turn.view(done.case, ground)
    return Reply(
        case_card(view, f"Saved. {view.first} has it in writing now. Please stay within reach today."), SUMMARY, case.id
    )


# -- the Partnership Lead's own confirmation -----------------------------------------------------------------------


async def _asked_of_lead(turn: Turn) -> tuple[Case, Ground]:
    case, ground = await in_review(turn)
    if Role.PARTNERSHIP_LEAD not in ground.party.roles_on(turn.person.id, case):
        raise NotYours("only the Partnership Lead confirms")
    if not turn.provider.settings.termination_needs_lead:
        raise OutOfStep("nobody is asked to confirm here")
    return case, ground


@steps.on("outcome.lead")
async def lead(turn: Turn) -> Reply:
    case, ground = await _asked_of_lead(turn)
    return Reply(cards.lead_check(turn.view(case, ground)), SUMMARY)


@steps.on("outcome.lead_confirmed")
async def lead_confirmed(turn: Turn) -> Reply:
    case, ground = await _asked_of_lead(turn)
    event = e.TerminationConfirmed(**turn.stamp(ground, e.TerminationConfirmed, case))
    done = await turn.record(case.id, event)
    view = turn.view(done.case, ground)
    return Reply(case_card(view, f"Confirmed. {view.link_tutor} sees it on the card."), SUMMARY, case.id)
