"""After the meeting: the Link Tutor's record, and the mentor's view by the mentor, or typed and then confirmed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cards import views as cards
from cards.case import case_card
from dialogs.router import Steps
from dialogs.turn import Reply, Turn
from pathway import events as e
from pathway.case import Case
from pathway.dates import local_date
from pathway.roles import Role
from pathway.rules import Fault, Refused

steps = Steps()
SUMMARY = "Placements: the meeting"


def draft_name(case: Case) -> str:
    return f"meeting:{case.id}"


def _view(sent: str, field: str) -> e.View:
    try:
        return e.View(sent)
    except ValueError:
        raise Refused(Fault("Choose one: as expected, not as expected, or not sure.", field)) from None


@steps.on("views.mine")
async def mine(turn: Turn) -> Reply:
    case, _ground = await turn.case()
    given = case.view_of(Role.MENTOR)
    typed = given is not None and (not turn.get("for") or case.mentor_view_to_confirm is not None)
    before = {"view": given.view.value, "words": given.words} if given and typed else {}
    return await my_view_form(turn, before, ())


@steps.form("views.mine")
async def my_view_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await turn.case()
    turn.stamp(ground, e.ViewRecorded, case)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    return Reply(cards.my_view_form(view, values, faults, for_whom=turn.get("for")), SUMMARY)


@steps.on("views.record")
async def record(turn: Turn) -> Reply:
    case, ground = await turn.case()
    event = e.ViewRecorded(
        **turn.stamp(ground, e.ViewRecorded, case),
        view=_view(turn.get("view"), "view"),
        words=turn.get("words"),
        means=turn.get("means"),
    )
    done = await turn.record(case.id, event, fact=True)
    view = turn.view(done.case, ground)
    return Reply(case_card(view, _after(done.case, view.link_tutor)), SUMMARY, case.id)


def _after(case: Case, tutor: str) -> str:
    if case.view_of(Role.LINK_TUTOR) is None:
        return f"Recorded. {tutor} still has to record the meeting."
    return f"Recorded. {tutor} has been told and takes it from here."


@steps.on("views.confirm")
async def confirm(turn: Turn) -> Reply:
    """The mentor answers "That is right" and makes the typed view their own."""
    case, ground = await turn.case()
    typed = case.mentor_view_to_confirm
    if typed is None:
        return Reply(case_card(turn.view(case, ground)), SUMMARY, case.id)
    stamp = turn.casework.stamp(ground, turn.person.id, e.ViewRecorded, case, on=typed.on)
    event = e.ViewRecorded(**stamp, view=typed.view, words=typed.words)
    done = await turn.record(case.id, event, fact=True)
    return Reply(case_card(turn.view(done.case, ground), "Thank you. It stands as your view."), SUMMARY, case.id)


@steps.on("views.meeting")
async def meeting(turn: Turn) -> Reply:
    case, ground = await turn.case()
    if draft := await turn.draft(draft_name(case)):
        return await meeting_form(turn, draft.values, ())
    booked, mine_ = case.meeting, case.view_of(Role.LINK_TUTOR)
    day = local_date(booked.starts) if booked and booked.starts <= turn.now else turn.today
    before = {
        "on": day.isoformat(),
        "held": booked.held.value if booked else e.Held.PHONE.value,
        "present": f"{ground.party.name(case.mentor)}, {ground.party.name(turn.person.id)}",
    }
    if mine_:
        before |= {"view": mine_.view.value, "words": mine_.words, "on": mine_.on.isoformat()}
    return await meeting_form(turn, before, ())


@steps.form("views.meeting")
async def meeting_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await turn.case()
    turn.casework.stamp(ground, turn.person.id, e.ViewRecorded, case)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    return Reply(cards.meeting_form(view, values, faults), SUMMARY)


@steps.on("views.save")
async def save(turn: Turn) -> Reply:
    case, ground = await turn.case()
    await turn.keep(draft_name(case), turn.values)
    return Reply(case_card(turn.view(case, ground), "Saved. Only you can see what you typed."), SUMMARY, case.id)


@steps.on("views.record_meeting")
async def record_meeting(turn: Turn) -> Reply:
    case, ground = await turn.case()
    day = turn.day("on")
    faults = [] if day else [Fault("Choose the day.", "on")]
    if not turn.get("present"):
        faults.append(Fault("Say who was there.", "present"))
    if bool(turn.get("mentor_view")) != bool(turn.get("mentor_words")):
        lacking = "mentor_words" if turn.get("mentor_view") else "mentor_view"
        faults.append(Fault("For the mentor's view fill in both, or leave both empty.", lacking))
    if faults:
        raise Refused(*faults)
    own = turn.casework.stamp(ground, turn.person.id, e.ViewRecorded, case, on=day)
    held = e.Held(turn.get("held")) if turn.get("held") in list(e.Held) else e.Held.TEAMS
    events: list[e.Event] = [
        e.ViewRecorded(
            **own,
            view=_view(turn.get("view"), "view"),
            words=turn.get("words"),
            held=held,
            present=tuple(p.strip() for p in turn.get("present").split(",") if p.strip()),
        )
    ]
    if turn.get("mentor_view"):
        typed = turn.casework.stamp(ground, turn.person.id, e.ViewRecorded, case, on=day, for_whom=case.mentor)
        events.append(
            e.ViewRecorded(
                **typed,
                view=_view(turn.get("mentor_view"), "mentor_view"),
                words=turn.get("mentor_words"),
                means="in the meeting",
            )
        )
    done = await turn.record(case.id, *events, fact=True)
    await turn.drop(draft_name(case))
    view = turn.view(done.case, ground)
    if done.case.view_of(Role.MENTOR) is None:
        lead = f"Recorded. {view.mentor} is asked for their view."
    elif done.case.mentor_view_to_confirm:
        lead = f"Recorded. {view.mentor} is asked whether you typed it right. You can decide now."
    else:
        lead = "Recorded. Both views are there: you can decide now."
    return Reply(case_card(view, lead), SUMMARY, case.id)
