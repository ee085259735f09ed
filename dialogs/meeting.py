"""Arranging the first meeting: a day and a time, the invitation in Teams, "it is booked for"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, time

from cards import meeting as cards
from cards.case import case_card
from dialogs.router import Steps
from dialogs.turn import Reply, Turn
from pathway import events as e
from pathway.case import Case
from pathway.dates import in_words, local_date
from pathway.rules import Fault, Ground, Refused, decide

steps = Steps()
SUMMARY = "Placements: the meeting"
#: Lessons are over by then in most schools.
AFTER_LESSONS = time(15, 45)


def _proposed_day(turn: Turn, ground: Ground, case: Case) -> tuple[date, str]:
    """The next day on which the school is open and the Link Tutor works."""
    latest = ground.calendar.add(local_date(case.entered.at), 5)
    day = ground.calendar.next_after(turn.today)
    while not ground.tutor_days.is_open(day) and day < latest:
        day = ground.calendar.next_after(day)
    return day, f"The meeting is asked for by {in_words(latest, turn.today)}."


@steps.on("meeting.arrange")
async def arrange(turn: Turn) -> Reply:
    return await arrange_form(turn, {}, ())


@steps.form("meeting.arrange")
async def arrange_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await turn.case()
    turn.stamp(ground, e.MeetingBooked, case)
    day, note = _proposed_day(turn, ground, case)
    before = {
        "day": day.isoformat(),
        "time": AFTER_LESSONS.strftime("%H:%M"),
        "minutes": "30",
        "held": e.Held.TEAMS.value,
    }
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    best = case.told.best_times if case.told else ""
    invites = await turn.invites(ground, ground.party.link_tutor(case))
    drawn = cards.arrange_form(view, {**before, **values}, faults, note=note, best_times=best, invites=invites)
    return Reply(drawn, SUMMARY)


def _minutes(turn: Turn) -> int:
    sent = turn.get("minutes")
    return int(sent) if sent in cards.LENGTHS else 0


def _booked(turn: Turn, case: Case, ground: Ground, *, invite: bool = False) -> e.MeetingBooked:
    starts = turn.moment("day", "time")
    if starts is None:
        missing = "day" if turn.day("day") is None else "time"
        raise Refused(Fault(f"Choose a {missing}.", missing))
    link = turn.get("link")
    if link and not link.startswith("https://"):
        raise Refused(Fault("Paste the whole link, beginning with https://, or leave it empty.", "link"))
    return e.MeetingBooked(
        **turn.stamp(ground, e.MeetingBooked, case),
        starts=starts,
        minutes=_minutes(turn),
        held=e.Held.VISIT if turn.get("held") == e.Held.VISIT.value else e.Held.TEAMS,
        link=link,
        invite=invite,
    )


@steps.on("meeting.invite")
async def invite(turn: Turn) -> Reply:
    case, ground = await turn.case()
    decide(case, _booked(turn, case, ground), ground)
    return await invitation(turn, turn.values, ())


@steps.form("meeting.invitation")
async def invitation(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await turn.case()
    starts = turn.moment("day", "time")
    if starts is None:
        return await arrange_form(turn, values, faults)
    view = turn.view(case, ground, nonce=turn.nonce)
    mentor = ground.party.people.get(case.mentor)
    tutor = ground.party.people.get(ground.party.link_tutor(case))
    attendees = [p.email for p in (mentor, tutor) if p and p.id != turn.person.id]
    drawn = cards.invitation(
        view,
        starts,
        _minutes(turn),
        teams=cards.teams_link(case.reference, starts, _minutes(turn), attendees),
        ics=turn.office.ics_link(case.reference, starts, _minutes(turn)),
        values=values,
        faults=faults,
    )
    return Reply(drawn, SUMMARY)


@steps.on("meeting.send")
async def send(turn: Turn) -> Reply:
    """Pathway writes it into the calendars. Where it may not any more, the invitation to send by hand."""
    case, ground = await turn.case()
    if not await turn.invites(ground, ground.party.link_tutor(case)):
        return await invite(turn)
    done = await turn.record(case.id, _booked(turn, case, ground, invite=True))
    view = turn.view(done.case, ground)
    words = f"Booked. The invitation goes to {view.mentor} now."
    return Reply(case_card(view, words), SUMMARY, case.id)


@steps.on("meeting.booked")
async def booked(turn: Turn) -> Reply:
    case, ground = await turn.case()
    done = await turn.record(case.id, _booked(turn, case, ground))
    view = turn.view(done.case, ground)
    return Reply(case_card(view, f"Booked. {view.mentor} is told the time."), SUMMARY, case.id)


@steps.on("meeting.cancel")
async def cancel(turn: Turn) -> Reply:
    return await cancel_form(turn, {}, ())


@steps.form("meeting.cancel")
async def cancel_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await turn.case()
    turn.stamp(ground, e.MeetingCancelled, case)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    return Reply(cards.cancel_form(view, values, faults, for_whom=turn.get("for")), SUMMARY)


@steps.on("meeting.cancelled")
async def cancelled(turn: Turn) -> Reply:
    case, ground = await turn.case()
    event = e.MeetingCancelled(**turn.stamp(ground, e.MeetingCancelled, case), reason=turn.get("reason"))
    done = await turn.record(case.id, event)
    return Reply(case_card(turn.view(done.case, ground), "Cancelled. The others are told once."), SUMMARY, case.id)
