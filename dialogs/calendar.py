"""What was changed in Outlook: the new time is used, or the invitation is to stand as the case has it."""

from __future__ import annotations

from cards import calendar as cards
from cards.case import case_card
from dialogs import next_steps
from dialogs.router import Steps
from dialogs.support_plan import review
from dialogs.turn import Reply, Turn
from pathway import events as e
from pathway.appointments import Difference, Differs, Gathering, appointment, difference
from pathway.case import Case
from pathway.dates import in_london, local_date
from pathway.entries import entry
from pathway.rules import Ground

steps = Steps()
SUMMARY = "Placements: the calendar"


async def _found(turn: Turn, kind: type[e.Event]) -> tuple[Case, Ground, Gathering, Difference | None]:
    """The case, for somebody who may record *kind* on it, and what differs now. Raises NoSuchCase, NotYours."""
    case, ground = await turn.case()
    turn.stamp(ground, kind, case)
    sent = turn.get("kind")
    which = Gathering(sent) if sent in set(Gathering) else Gathering.MEETING
    return case, ground, which, difference(case, ground.party, which)


@steps.on("calendar.use")
async def use(turn: Turn) -> Reply:
    """The first meeting is booked for the new time at once; the other two by their own form, filled in, since the
    student is told of them by a person first.
    """
    case, ground, which, found = await _found(turn, e.InvitationRenewed)
    view = turn.view(case, ground)
    if found is None or found.starts is None or turn.get("wanted") != found.starts.isoformat():
        return Reply(cards.changed(view, which), SUMMARY, case.id)
    there = in_london(found.starts)
    values = {"day": local_date(found.starts).isoformat(), "time": there.strftime("%H:%M")}
    match which:
        case Gathering.MEETING:
            return await _meeting(turn, case, ground, found)
        case Gathering.REVIEW:
            filled = {"review_on": values["day"], "review_time": values["time"], "place": case.review_place}
            return await review.review_form(turn, filled, ())
        case Gathering.NEXT_STEPS:
            return await next_steps.day_form(turn.with_data(again="yes", **values), values, ())


async def _meeting(turn: Turn, case: Case, ground: Ground, found: Difference) -> Reply:
    before = case.meeting
    if before is None or found.starts is None:
        return Reply(cards.changed(turn.view(case, ground), Gathering.MEETING), SUMMARY, case.id)
    booked = e.MeetingBooked(
        **turn.stamp(ground, e.MeetingBooked, case),
        starts=found.starts,
        minutes=before.minutes,
        held=before.held,
        place=before.place,
        link=before.link,
        invite=True,
        reason=cards.MOVED_THERE,
    )
    done = await turn.record(case.id, booked)
    view = turn.view(done.case, ground)
    words = f"The meeting is on {view.moment(found.starts)} now. {view.mentor} is told."
    return Reply(case_card(view, words), SUMMARY, case.id)


@steps.on("calendar.again")
async def again(turn: Turn) -> Reply:
    """Put back, or booked again: the case is right."""
    case, ground, which, found = await _found(turn, e.InvitationRenewed)
    if found is None:
        return Reply(cards.changed(turn.view(case, ground), which), SUMMARY, case.id)
    event = e.InvitationRenewed(**turn.stamp(ground, e.InvitationRenewed, case), which=which)
    done = await turn.record(case.id, event)
    view = turn.view(done.case, ground)
    when = view.moment(found.wanted.starts)
    words = f"A new invitation for {when} goes out now." if found.how is Differs.DELETED else f"Put back to {when}."
    return Reply(case_card(view, words), SUMMARY, case.id)


@steps.on("calendar.file")
async def file(turn: Turn) -> Reply:
    """The invitation to send by hand, with a link to its calendar file where the bot has a public address."""
    case, ground, which, _ = await _found(turn, e.InvitationRenewed)
    wanted = appointment(case, ground.party, which)
    ics = ""
    if wanted:
        mark = entry(case, which)
        ics = turn.office.ics_link(case.reference, wanted.starts, wanted.minutes, mark, wanted.place)
    return Reply(cards.to_do_by_hand(turn.view(case, ground), which, ics), SUMMARY, case.id)
