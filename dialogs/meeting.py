"""Arranging the first meeting: three times to book or to offer to the mentor, any other time, and the invitation, sent
by Pathway where it may write into the Link Tutor's calendar and by hand where not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from urllib.parse import urlsplit

from cards import meeting as cards
from cards.case import case_card
from cards.times import answered, to_take
from dialogs.router import Steps
from dialogs.turn import Reply, Turn, aware
from pathway import events as e
from pathway.appointments import Gathering
from pathway.case import Case
from pathway.dates import in_london, in_words, local, local_date
from pathway.deadlines import MEETING_WITHIN, meeting_by
from pathway.entries import next_entry
from pathway.hours import tutor_days
from pathway.process import Stage
from pathway.rules import Fault, Ground, OutOfStep, Refused, Stale, decide
from pathway.slots import Search, Slot, find, overlapping

steps = Steps()
SUMMARY = "Placements: the meeting"
#: Where Teams' own meeting links lead.
TEAMS = frozenset({"teams.microsoft.com", "teams.cloud.microsoft", "teams.live.com"})
NOT_TEAMS = "Paste the whole link of a Teams meeting, beginning with https://teams.microsoft.com, or leave it empty."
#: How long a meeting is proposed to be. Minutes.
USUAL = 30
#: Calendars are read so far beyond the day by which the meeting is asked for.
AHEAD = timedelta(days=14)
#: Where the meeting may be arranged, or moved.
ARRANGED = frozenset({Stage.LINK_TUTOR_TOLD, Stage.MEETING_BOOKED, Stage.VIEWS_DIFFER})


async def _to_arrange(turn: Turn) -> tuple[Case, Ground]:
    """The case, for somebody who arranges its meeting. Raises OutOfStep, NotYours."""
    case, ground = await turn.case()
    turn.stamp(ground, e.TimesOffered, case)
    if case.stage not in ARRANGED:
        raise OutOfStep(case.stage.value)
    return case, ground


async def _invites(turn: Turn, case: Case, ground: Ground) -> bool:
    return await turn.invites(ground, ground.party.link_tutor(case))


# -- three times -------------------------------------------------------------------------------------------------------


def _asked_for_by(case: Case, ground: Ground) -> date:
    """The first meeting within five school days; another one within as many of when it became necessary."""
    line = meeting_by(case, ground)
    return line.day if line else ground.calendar.add(local_date(case.entered.at), MEETING_WITHIN)


async def _slots(turn: Turn, case: Case, ground: Ground, minutes: int) -> tuple[tuple[Slot, ...], str]:
    """Three times, and by when the meeting is asked for, in a sentence."""
    by, times = _asked_for_by(case, ground), turn.provider.meeting
    until = local(max(by, turn.today), time()) + AHEAD
    tutor = ground.party.link_tutor(case)
    asked = Search(
        now=turn.now,
        by=by,
        days=(ground.calendar, tutor_days(ground, case)),
        minutes=minutes,
        earliest=times.earliest,
        latest=times.latest,
        people=await turn.busy(ground, tutor, [p for p in (tutor, case.mentor) if p], until),
        read_until=until,
        best=case.told.best_times if case.told else "",
        opens=turn.provider.quiet_hours.opens,
    )
    found = find(asked)
    note = f"The meeting is asked for by {in_words(by, turn.today)}."
    if found and found[0].late:
        note += " These are the next times after that."
    return found, note


@steps.on("meeting.arrange")
async def arrange(turn: Turn) -> Reply:
    return await arrange_form(turn, {}, ())


@steps.form("meeting.arrange")
async def arrange_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await _to_arrange(turn)
    found, note = await _slots(turn, case, ground, _minutes(turn) or USUAL)
    if not found:
        return await another_form(turn, {}, faults)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    drawn = cards.arrange_form(
        view,
        {"minutes": str(USUAL), "held": e.Held.TEAMS.value, **values},
        faults,
        slots=found,
        note=note,
        best_times=case.told.best_times if case.told else "",
        invites=await _invites(turn, case, ground),
    )
    return Reply(drawn, SUMMARY)


@steps.on("meeting.another")
async def another(turn: Turn) -> Reply:
    """None of the three: what was filled in besides stays."""
    kept = {key: turn.get(key) for key in ("minutes", "held", "reason") if turn.get(key)}
    return await another_form(turn, kept, ())


@steps.form("meeting.another")
async def another_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    """Any day and time; the first of the times that suit is proposed."""
    case, ground = await _to_arrange(turn)
    found, note = await _slots(turn, case, ground, USUAL)
    before = {"minutes": str(USUAL), "held": e.Held.TEAMS.value}
    if found:
        there = in_london(found[0].starts)
        before |= {"day": there.date().isoformat(), "time": f"{there:%H:%M}"}
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    best = case.told.best_times if case.told else ""
    invites = await _invites(turn, case, ground)
    drawn = cards.another_form(view, {**before, **values}, faults, note=note, best_times=best, invites=invites)
    return Reply(drawn, SUMMARY)


def _minutes(turn: Turn) -> int:
    sent = turn.get("minutes")
    return int(sent) if sent in cards.LENGTHS else 0


def _held(turn: Turn) -> e.Held:
    return e.Held.VISIT if turn.get("held") == e.Held.VISIT.value else e.Held.TEAMS


def _joins_in_teams(link: str) -> bool:
    """The link becomes a button that says so, for others to press: it leads to Teams and nowhere else."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    return parts.scheme == "https" and parts.netloc in TEAMS and link.isprintable() and " " not in link


def _booked(turn: Turn, case: Case, ground: Ground, *, invite: bool = False) -> e.MeetingBooked:
    starts = turn.chosen("meeting.arrange")
    link = turn.get("link")
    if link and not _joins_in_teams(link):
        raise Refused(Fault(NOT_TEAMS, "link"))
    return e.MeetingBooked(
        **turn.stamp(ground, e.MeetingBooked, case),
        starts=starts,
        minutes=_minutes(turn),
        held=_held(turn),
        link=link,
        invite=invite,
        reason=turn.get("reason"),
    )


# -- booked, by Pathway or by hand -------------------------------------------------------------------------------------


@steps.on("meeting.invite")
async def invite(turn: Turn) -> Reply:
    case, ground = await _to_arrange(turn)
    event = _booked(turn, case, ground)
    decide(case, event, ground)
    return _by_hand(turn, case, ground, event, ())


@steps.form("meeting.invitation")
async def invitation(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await _to_arrange(turn)
    if turn.moment("day", "time") is None:
        return await another_form(turn, values, faults)
    return _by_hand(turn, case, ground, _booked(turn.with_data(link=""), case, ground), faults)


def _by_hand(turn: Turn, case: Case, ground: Ground, event: e.MeetingBooked, faults: Sequence[Fault]) -> Reply:
    view = turn.view(case, ground, nonce=turn.nonce)
    mentor = ground.party.people.get(case.mentor)
    tutor = ground.party.people.get(ground.party.link_tutor(case))
    attendees = [p.email for p in (mentor, tutor) if p and p.id != turn.person.id]
    drawn = cards.invitation(
        view,
        event.starts,
        event.minutes,
        teams=cards.teams_link(case.reference, event.starts, event.minutes, attendees),
        ics=turn.office.ics_link(case.reference, event.starts, event.minutes, next_entry(case, Gathering.MEETING)),
        values={**turn.values, "held": event.held.value},
        faults=faults,
    )
    return Reply(drawn, SUMMARY)


@steps.on("meeting.send")
async def send(turn: Turn) -> Reply:
    """Pathway writes it into the calendars. Where it may not any more, the invitation to send by hand."""
    case, ground = await _to_arrange(turn)
    if not await _invites(turn, case, ground):
        return await invite(turn)
    done = await turn.record(case.id, _booked(turn, case, ground, invite=True))
    view = turn.view(done.case, ground)
    return Reply(case_card(view, f"Booked. The invitation goes to {view.mentor} now."), SUMMARY, case.id)


@steps.on("meeting.booked")
async def booked(turn: Turn) -> Reply:
    case, ground = await _to_arrange(turn)
    done = await turn.record(case.id, _booked(turn, case, ground))
    view = turn.view(done.case, ground)
    return Reply(case_card(view, f"Booked. {view.mentor} is told the time."), SUMMARY, case.id)


@steps.on("meeting.take")
async def take(turn: Turn) -> Reply:
    """The first time that the mentor can do: sent by Pathway where it may, else the invitation by hand."""
    case, ground = await _to_arrange(turn)
    offered, starts = case.offer, to_take(turn.view(case, ground))
    if offered is None or starts is None:
        raise Stale(case.id)
    there = in_london(starts)
    filled = {"day": there.date().isoformat(), "time": f"{there:%H:%M}", "held": offered.held.value}
    filled["reason"] = offered.reason
    return await send(turn.with_data(**filled, minutes=str(offered.minutes), form="meeting.another"))


# -- offered to the mentor ---------------------------------------------------------------------------------------------


@steps.on("meeting.offer")
async def offer(turn: Turn) -> Reply:
    case, ground = await _to_arrange(turn)
    found = sorted({at for text in turn.get("offered").split(",") if (at := aware(text))})
    event = e.TimesOffered(
        **turn.stamp(ground, e.TimesOffered, case),
        times=tuple(found),
        minutes=_minutes(turn),
        held=_held(turn),
        reason=turn.get("reason"),
    )
    done = await turn.record(case.id, event)
    view = turn.view(done.case, ground)
    asked = "whether it suits" if len(found) == 1 else "which of them suit"
    return Reply(case_card(view, f"Offered. {view.mentor} is asked {asked}."), SUMMARY, case.id)


@steps.on("meeting.times")
async def show_times(turn: Turn) -> Reply:
    return await choose_form(turn, {}, ())


@steps.form("meeting.choose")
async def choose_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await turn.case()
    turn.stamp(ground, e.TimesChosen, case)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    if case.open_offer is None:
        return Reply(case_card(view, answered(view)), SUMMARY, case.id)
    for_whom = turn.for_whom(case, ground, e.TimesChosen)
    return Reply(cards.offer_card(view, values, faults, for_whom=for_whom), SUMMARY)


@steps.on("meeting.none")
async def none(turn: Turn) -> Reply:
    case, ground = await turn.case()
    answer = e.TimesChosen(**turn.stamp(ground, e.TimesChosen, case), times=(), words=turn.get("better"))
    return await _answer(turn, case, ground, answer)


@steps.on("meeting.choose")
async def choose(turn: Turn) -> Reply:
    """The first that suits both is booked in the same act where Pathway writes into the Link Tutor's calendar; else the
    Link Tutor is asked to make the invitation.
    """
    case, ground = await turn.case()
    stamp, offered, ticked = turn.stamp(ground, e.TimesChosen, case), case.open_offer, turn.ticks("times")
    left = tuple(at for at in (offered.times if offered else ()) if at.isoformat() in ticked and at > turn.now)
    if offered is not None and not left:
        raise Refused(Fault("Tick the times that suit, or choose “None of these”.", "times"))
    books, taken = await _first_free(turn, case, ground, offered, left)
    answer = e.TimesChosen(**stamp, times=left, words=turn.get("better"), books=books, taken=taken)
    if offered is None or books is None:
        return await _answer(turn, case, ground, answer)
    own = turn.casework.stamp(ground, turn.person.id, e.MeetingBooked, case)
    meeting = e.MeetingBooked(
        **own, starts=books, minutes=offered.minutes, held=offered.held, invite=True, reason=offered.reason
    )
    return await _answer(turn, case, ground, answer, meeting)


async def _answer(turn: Turn, case: Case, ground: Ground, *events: e.Event) -> Reply:
    """An answer to an offer that is over changes nothing, and is told how things stand."""
    if case.open_offer is None:
        return await choose_form(turn, {}, ())
    done = await turn.record(case.id, *events)
    view = turn.view(done.case, ground)
    return Reply(case_card(view, answered(view)), SUMMARY, case.id)


async def _first_free(
    turn: Turn, case: Case, ground: Ground, offered: e.TimesOffered | None, times: Sequence[datetime]
) -> tuple[datetime | None, tuple[datetime, ...]]:
    """Of *times* the first at which the Link Tutor is not known to be busy by now, and those at which they are; none
    where Pathway does not write into their calendar.
    """
    if offered is None or not await _invites(turn, case, ground):
        return None, ()
    tutor, long = ground.party.link_tutor(case), timedelta(minutes=offered.minutes)
    known = await turn.busy(ground, tutor, [tutor], times[-1] + long)
    taken = tuple(at for at in times if overlapping(known.get(tutor) or (), at, at + long))
    return next((at for at in times if at not in taken), None), taken


# -- cancelled ---------------------------------------------------------------------------------------------------------


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
