"""The next steps meeting: booked, held, or offered on another day; and an outcome that is set aside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

from cards import next_steps as cards
from cards import record
from cards.case import case_card
from dialogs.router import Steps
from dialogs.turn import Reply, Turn
from pathway import events as e
from pathway.appointments import LASTS, Gathering, deputies
from pathway.case import Case
from pathway.dates import in_words, listed, local, local_date
from pathway.deadlines import deadline
from pathway.entries import entry
from pathway.guards import CORRECTABLE_FOR, FAR_AWAY, to_invite
from pathway.process import Stage
from pathway.rules import Fault, Ground, OutOfStep, Refused, decide
from pathway.slots import Search, Slot, find, overlapping

steps = Steps()
SUMMARY = "Placements: the next steps"
#: Nobody who travels has to be there before.
MORNING = time(10)
#: Calendars are read so far beyond the day by which it is due.
AHEAD = timedelta(days=14)


def draft_name(case: Case) -> str:
    return f"next_steps:{case.id}"


async def in_next_steps(turn: Turn, kind: type[e.Event]) -> tuple[Case, Ground]:
    """The case while its next steps are open, for somebody who may record *kind*. Raises OutOfStep, NotYours."""
    case, ground = await turn.case()
    if case.stage is not Stage.NEXT_STEPS:
        raise OutOfStep(case.stage.value)
    turn.stamp(ground, kind, case)
    return case, ground


# -- booking -------------------------------------------------------------------------------------------------------


@steps.on("next_steps.book")
async def book(turn: Turn) -> Reply:
    return await book_form(turn, {}, ())


@steps.on("next_steps.another")
async def another(turn: Turn) -> Reply:
    """The student did not come, or the day does not suit: another one."""
    return await book_form(turn.with_data(again="yes"), {}, ())


@steps.form("next_steps.book")
async def book_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    """Three times that suit everybody whose calendar can be read."""
    case, ground = await in_next_steps(turn, e.NextStepsBooked)
    before, note = _proposed(turn, case, ground)
    found = await _slots(turn, case, ground, values.get("deputies", before.get("deputies", "")))
    if not found:
        return await day_form(turn, values, faults)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    kept = {key: value for key, value in before.items() if key not in ("day", "time")}
    drawn = cards.book_form(
        view,
        {**kept, "invited": ",".join(cards.invited(view)), **values},
        faults,
        slots=found,
        note=note,
        far=any((slot.day - case.began.on).days > FAR_AWAY for slot in found),
        again=turn.get("again") == "yes",
        invites=await turn.invites(ground, turn.person.id),
    )
    return Reply(drawn, SUMMARY)


async def _slots(turn: Turn, case: Case, ground: Ground, words: str) -> tuple[Slot, ...]:
    """On the university's working days, for everybody who belongs into the meeting, and the deputies of *words*."""
    line = deadline(case, ground)
    by = line.day if line else ground.university.add(case.began.on, turn.provider.days.next_steps)
    until = local(max(by, turn.today), time()) + AHEAD
    people = [p for role in to_invite(ground) for p in ground.party.holders(role, case)[:1]]
    people += [p for p in deputies(words, ground.party) if p not in people]
    asked = Search(
        now=turn.now,
        by=by,
        days=(ground.university,),
        minutes=LASTS,
        earliest=MORNING,
        latest=turn.provider.quiet_hours.closes,
        people=await turn.busy(ground, turn.person.id, people, until),
        read_until=until,
    )
    return find(asked)


@steps.on("next_steps.day")
async def day(turn: Turn) -> Reply:
    """None of the three: what was filled in besides stays."""
    return await day_form(turn, {**turn.values, "deputies": turn.get("deputies")}, ())


@steps.form("next_steps.day")
async def day_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await in_next_steps(turn, e.NextStepsBooked)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    before, note = _proposed(turn, case, ground)
    shown = {**before, "invited": ",".join(cards.invited(view)), **values}
    chosen = turn.day("day") or date.fromisoformat(before["day"])
    far = (chosen - case.began.on).days > FAR_AWAY
    again = turn.get("again") == "yes"
    invites = await turn.invites(ground, turn.person.id)
    return Reply(cards.day_form(view, shown, faults, note=note, far=far, again=again, invites=invites), SUMMARY)


def _proposed(turn: Turn, case: Case, ground: Ground) -> tuple[dict[str, str], str]:
    """The last day of the week after the outcome, with how it was found; a kinder one where that is far away."""
    days, line = ground.university, deadline(case, ground)
    found = days.explain(case.began.on, turn.provider.days.next_steps)
    last, how = (line.day, line.how) if line else (found.day, found.how)
    by = f"It is due by {in_words(last, turn.today)}: {how}."
    before = record.booked(case)
    if last <= turn.today:
        soon = days.next_after(turn.today)
        return _values(soon, before), f"{by} That has passed, so the next working day is proposed."
    earlier = days.earlier(case.began.on, found)
    if (last - case.began.on).days > FAR_AWAY:
        kinder = f" A kinder day would be {in_words(earlier.day, turn.today)}." if earlier else ""
        far = f"{(last - case.began.on).days} days after the outcome is a long time to wait."
        return _values(last, before), f"{by} {far}{kinder} Name somebody to turn to until then."
    return _values(last, before), f"{by} An earlier day is kinder."


def _values(day: date, before: e.NextStepsBooked | None) -> dict[str, str]:
    found = {"day": day.isoformat(), "time": MORNING.strftime("%H:%M")}
    return {**found, "place": before.place, "deputies": before.deputies} if before else found


@steps.on("next_steps.send")
async def send(turn: Turn) -> Reply:
    """Pathway writes it into the calendars, where it still may: the organiser is whoever presses."""
    _case, ground = await in_next_steps(turn, e.NextStepsBooked)
    return await _book(turn, invite=await turn.invites(ground, turn.person.id))


@steps.on("next_steps.booked")
async def booked(turn: Turn) -> Reply:
    return await _book(turn, invite=False)


async def _book(turn: Turn, *, invite: bool) -> Reply:
    case, ground = await in_next_steps(turn, e.NextStepsBooked)
    starts = turn.chosen("next_steps.book")
    if turn.get("slot"):
        await _suits_deputies(turn, ground, starts)
    offered = cards.invited(turn.view(case, ground))
    event = e.NextStepsBooked(
        **turn.stamp(ground, e.NextStepsBooked, case),
        starts=starts,
        place=turn.get("place"),
        invited=tuple(role for role in turn.ticks("invited") if role in offered),
        deputies=turn.get("deputies"),
        interim_contact=turn.get("interim_contact"),
        reason=turn.get("reason"),
        invite=invite,
    )
    done = await turn.record(case.id, event)
    view = turn.view(done.case, ground)
    words = f"Booked for {view.moment(starts)}. {view.first} and the others are told."
    if invite:
        return Reply(case_card(view, words), SUMMARY, case.id)
    return _to_send(turn, done.case, ground, words)


@steps.on("next_steps.invitation")
async def invitation(turn: Turn) -> Reply:
    """The invitation to send by hand, once more."""
    case, ground = await in_next_steps(turn, e.NextStepsBooked)
    return _to_send(turn, case, ground)


def _to_send(turn: Turn, case: Case, ground: Ground, lead: str = "") -> Reply:
    view, found = turn.view(case, ground), record.booked(case)
    if found is None or found.invite or found.starts <= turn.now:
        return Reply(case_card(view, lead), SUMMARY, case.id)
    mark = entry(case, Gathering.NEXT_STEPS)
    ics = turn.office.ics_link(case.reference, found.starts, LASTS, mark, found.place)
    return Reply(cards.to_send(view, found, ics=ics, lead=lead), SUMMARY, case.id)


async def _suits_deputies(turn: Turn, ground: Ground, starts: datetime) -> None:
    """Deputies are named beside the times, which were looked for without them. Raises Refused; the times that are
    shown then suit them, too.
    """
    people, ends = deputies(turn.get("deputies"), ground.party), starts + timedelta(minutes=LASTS)
    known = await turn.busy(ground, turn.person.id, people, ends)
    busy = [ground.party.name(p) for p in people if overlapping(known.get(p) or (), starts, ends)]
    if busy:
        are = "is" if len(busy) == 1 else "are"
        raise Refused(Fault(f"{listed(busy)} {are} not free then. Please choose among these times.", "slot"))


# -- after it ------------------------------------------------------------------------------------------------------


@steps.on("next_steps.record")
async def open_record(turn: Turn) -> Reply:
    case, _ground = await in_next_steps(turn, e.NextStepsHeld)
    if draft := await turn.draft(draft_name(case)):
        return await held_form(turn, draft.values, ())
    found = record.booked(case)
    day = local_date(found.starts) if found and found.starts <= turn.now else turn.today
    return await held_form(turn, {"on": day.isoformat(), "brought": "no"}, ())


@steps.form("next_steps.held")
async def held_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await in_next_steps(turn, e.NextStepsHeld)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    absent = any(f.field == "student_absent_because" for f in faults) or bool(values.get("student_absent_because"))
    return Reply(cards.held_form(view, values, faults, absent=absent), SUMMARY)


@steps.on("next_steps.save")
async def save(turn: Turn) -> Reply:
    case, ground = await in_next_steps(turn, e.NextStepsHeld)
    await turn.keep(draft_name(case), turn.values)
    return Reply(case_card(turn.view(case, ground), "Saved. Only you can see what you typed."), SUMMARY, case.id)


def _asked(turn: Turn) -> list[Fault]:
    """What the form asks beyond the rules."""
    asked = (
        ("on", turn.day("on") is not None, "Choose the day."),
        ("options", turn.get("options"), "Choose what was talked about."),
        ("teaching", turn.get("teaching") in cards.TEACHING, "Say whether university sessions go on."),
        ("funding", turn.get("funding"), "Name somebody to ask about funding."),
        ("follow_up", turn.get("follow_up"), "Name who follows this up."),
    )
    return [Fault(sentence, field) for field, answered, sentence in asked if not answered]


def _all_at_once(turn: Turn, case: Case, event: e.NextStepsHeld, ground: Ground) -> None:
    """Raises Refused with everything that is missing, what the form asks and what the rules ask."""
    asked = _asked(turn)
    try:
        decide(case, event, ground)
    except Refused as rules:
        raise Refused(*asked, *rules.faults) from None
    if asked:
        raise Refused(*asked)


@steps.on("next_steps.recorded")
async def recorded(turn: Turn) -> Reply:
    case, ground = await in_next_steps(turn, e.NextStepsHeld)
    offered = cards.invited(turn.view(case, ground))
    found = record.booked(case)
    event = e.NextStepsHeld(
        **turn.stamp(ground, e.NextStepsHeld, case, on=turn.day("on")),
        invited=found.invited if found else tuple(offered),
        present=tuple(role for role in turn.ticks("present") if role in offered),
        options=tuple(option for option in turn.ticks("options") if option in record.OPTIONS),
        decision=turn.get("decision"),
        status=cards.ENROLLED.get(turn.get("status"), ""),
        appeal_given=turn.get("appeal_given") == "yes",
        follow_up=turn.get("follow_up"),
        student_absent_because=turn.get("student_absent_because"),
        teaching=cards.TEACHING.get(turn.get("teaching"), ""),
        funding=turn.get("funding"),
        leaflet_given=turn.get("leaflet_given") == "yes",
        brought_someone=turn.get("brought") == "yes",
        deputies=turn.get("deputies"),
    )
    _all_at_once(turn, case, event, ground)
    done = await turn.record(case.id, event)
    await turn.drop(draft_name(case))
    view = turn.view(done.case, ground)
    return Reply(case_card(view, f"Closed. {view.first} gets the summary."), SUMMARY, case.id)


# -- an outcome that was entered wrongly ---------------------------------------------------------------------------


def last_day_to_correct(case: Case, ground: Ground) -> date:
    given = case.outcome
    return ground.university.add(local_date(given.at), CORRECTABLE_FOR) if given else date.min


@steps.on("next_steps.reopen")
async def reopen(turn: Turn) -> Reply:
    return await reopen_form(turn, {}, ())


@steps.form("next_steps.reopen")
async def reopen_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await turn.case()
    if record.outcome(case) is None:
        raise OutOfStep(case.stage.value)
    turn.stamp(ground, e.OutcomeReopened, case)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    until = in_words(last_day_to_correct(case, ground), turn.today)
    return Reply(cards.reopen_form(view, values, faults, until=until), SUMMARY)


@steps.on("next_steps.reopened")
async def reopened(turn: Turn) -> Reply:
    case, ground = await turn.case()
    event = e.OutcomeReopened(
        **turn.stamp(ground, e.OutcomeReopened, case),
        reason=turn.get("reason"),
        student_told=turn.get("student_told") == "yes",
    )
    done = await turn.record(case.id, event)
    view = turn.view(done.case, ground)
    words = f"Set aside. {view.link_tutor} is asked to record the outcome anew."
    return Reply(case_card(view, words), SUMMARY, case.id)
