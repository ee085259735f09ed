"""The review meeting of a running plan: the visit is booked, or gets another day, another place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from cards import support_plan as cards
from cards.case import case_card
from cards.meeting import teams_link
from cards.plan import review_moment, review_proposal
from dialogs.support_plan.common import SUMMARY, in_stage, steps
from dialogs.turn import Reply, Turn
from pathway import events as e
from pathway.appointments import Gathering
from pathway.case import Case
from pathway.dates import in_london, local_date
from pathway.entries import next_entry
from pathway.process import Stage
from pathway.rules import Fault, Ground, OutOfStep, Refused, decide


async def _to_book(turn: Turn) -> tuple[Case, Ground, datetime]:
    """The case with the time of its review. Raises OutOfStep where there is none."""
    case, ground = await in_stage(turn, Stage.PLAN_IN_PLACE)
    at = review_moment(turn.view(case, ground))
    if at is None:
        raise OutOfStep(case.stage.value)
    return case, ground, at


def _booking(turn: Turn, case: Case, ground: Ground, starts: datetime, *, invite: bool = False) -> e.ReviewBooked:
    stamp = turn.stamp(ground, e.ReviewBooked, case)
    minutes = turn.provider.review.minutes
    return e.ReviewBooked(**stamp, starts=starts, place=case.review_place, invite=invite, minutes=minutes)


@steps.on("support_plan.book")
async def book(turn: Turn) -> Reply:
    """The invitation, filled in: the plan has the day, the time and the place."""
    case, ground, at = await _to_book(turn)
    decide(case, _booking(turn, case, ground, at), ground)
    view = turn.view(case, ground)
    if await turn.invites(ground, ground.party.link_tutor(case)):
        return Reply(cards.send_visit(view, at), SUMMARY)
    people = (ground.party.people.get(p) for p in cards.visitors(view) if p != turn.person.id)
    lasts = turn.provider.review.minutes
    teams = teams_link(case.reference, at, lasts, [p.email for p in people if p and p.email])
    ics = turn.office.ics_link(case.reference, at, lasts, next_entry(case, Gathering.REVIEW), case.review_place)
    return Reply(cards.book_visit(view, at, teams=teams, ics=ics), SUMMARY)


@steps.on("support_plan.send_visit")
async def send_visit(turn: Turn) -> Reply:
    """Pathway writes it into the calendars. Where it may not any more, the invitation to send by hand."""
    case, ground, at = await _to_book(turn)
    if not await turn.invites(ground, ground.party.link_tutor(case)):
        return await book(turn)
    done = await turn.record(case.id, _booking(turn, case, ground, at, invite=True))
    view = turn.view(done.case, ground)
    return Reply(case_card(view, f"Booked for {view.moment(at)}. The invitation goes out now."), SUMMARY, case.id)


@steps.on("support_plan.visit_booked")
async def visit_booked(turn: Turn) -> Reply:
    case, ground, at = await _to_book(turn)
    done = await turn.record(case.id, _booking(turn, case, ground, at))
    view = turn.view(done.case, ground)
    return Reply(case_card(view, f"Booked for {view.moment(at)}."), SUMMARY, case.id)


@steps.on("support_plan.review")
async def review(turn: Turn) -> Reply:
    case, ground = await in_stage(turn, Stage.PLAN_IN_PLACE)
    at = review_moment(turn.view(case, ground))
    before = {"place": case.review_place}
    if at is not None:
        before |= {"review_on": local_date(at).isoformat(), "review_time": in_london(at).strftime("%H:%M")}
    return await review_form(turn, before, ())


@steps.form("support_plan.review")
async def review_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await in_stage(turn, Stage.PLAN_IN_PLACE)
    turn.stamp(ground, e.ReviewChanged, case)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    proposed = review_proposal(ground, case, turn.today, opening="Counted from today:", within=False)
    return Reply(cards.review_form(view, values, faults, note=proposed.note), SUMMARY)


@steps.on("support_plan.review_moved")
async def review_moved(turn: Turn) -> Reply:
    case, ground = await in_stage(turn, Stage.PLAN_IN_PLACE)
    at, day = turn.moment("review_on", "review_time"), turn.day("review_on")
    if at is None or day is None:
        missing = "review_on" if day is None else "review_time"
        raise Refused(Fault("Choose a day and a time.", missing))
    if closed := ground.calendar.why_closed(day):
        raise Refused(Fault(f"{closed}.", "review_on"))
    event = e.ReviewChanged(
        **turn.stamp(ground, e.ReviewChanged, case),
        review_at=at,
        place=turn.get("place") or case.review_place,
        reason=turn.get("reason"),
        student_told=turn.get("student_told") == "yes",
    )
    done = await turn.record(case.id, event)
    view = turn.view(done.case, ground)
    return Reply(case_card(view, f"Changed. {view.mentor} and {view.first} get the new time."), SUMMARY, case.id)
