"""What was changed in Outlook, and what is to be done by hand there, for each of the three gatherings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from cards import calendar, meeting, next_steps, record
from pathway import events as e
from pathway.appointments import Gathering, appointment
from pathway.process import Stage
from tests.cards.catalogue.first_half import AT_ONCE, BOOKED, TUESDAY, WEDNESDAY
from tests.cards.catalogue.second_half import IN_PLACE, VISIT
from tests.cards.catalogue.world import Drawn, Fields, Line, Told, World, tell
from tests.pathway.builders import Story, moment

INVITED: Line = (*BOOKED[:3], {**BOOKED[3], "invite": True})
SENT: Line = (BOOKED[0], "system", e.InvitationSent, {})
MEETINGS: Mapping[str, tuple[Line, ...]] = {
    "invited": (AT_ONCE, INVITED, SENT),
    "moved in Outlook": (
        AT_ONCE,
        INVITED,
        SENT,
        (BOOKED[0], "system", e.FoundInCalendar, {"starts": moment("2026-10-14 15:45"), "minutes": 30}),
    ),
    "kept by hand": (AT_ONCE, INVITED, (BOOKED[0], "system", e.InvitationRefused, {})),
}
#: What is found, and what that leaves: "" for an entry as it was sent.
FOUND: Mapping[str, type[e.Event]] = {
    "moved": e.FoundInCalendar,
    "moved to the past": e.FoundInCalendar,
    "deleted": e.FoundInCalendar,
    "declined": e.FoundInCalendar,
    "refused": e.InvitationRefused,
    "tried in vain": e.InvitationRefused,
    "as it was sent": e.InvitationSent,
}


def invited(world: World) -> list[Told]:
    """Cases whose meeting is in a calendar, for the cards of the whole case."""
    return [tell(world, name, lines) for name, lines in MEETINGS.items()]


def calendar_cards(world: World) -> Iterator[Drawn]:
    for which, one, reader in _gatherings(world):
        for how, kind in FOUND.items():
            now = _found(one, which, how, kind)
            view = now.view(reader)
            yield Drawn(f"calendar.changed: {which.value}, {how}", calendar.changed(view, which), reader, view)
            for ics in ("", "http://127.0.0.1:3978/ics/token.ics"):
                drawn = calendar.to_do_by_hand(view, which, ics)
                yield Drawn(f"calendar.to_do_by_hand: {which.value}, {how}, {bool(ics)}", drawn, reader, view)
    (_, booked, tutor), _, (_, ahead, office) = _gatherings(world)
    for reader in (tutor, "sam"):
        view = booked.view(reader)
        yield Drawn(f"meeting.over: {reader}", meeting.over(view), reader, view)
    view, booking = ahead.view(office), record.booked(ahead.case)
    assert booking
    for ics, lead in (("", ""), ("http://127.0.0.1:3978/ics/token.ics", "Booked for Wednesday.")):
        drawn = next_steps.to_send(view, booking, ics=ics, lead=lead)
        yield Drawn(f"next_steps.to_send: {bool(ics)}", drawn, office, view)


def _gatherings(world: World) -> Sequence[tuple[Gathering, Told, str]]:
    booked: Sequence[Line] = (AT_ONCE, INVITED)
    visit: Sequence[Line] = (*IN_PLACE, (*VISIT[:3], {"invite": True}))
    story = Story(ground=world.ground(), lawful=False).reach(Stage.NEXT_STEPS, TUESDAY)
    story.on(WEDNESDAY).team(e.NextStepsBooked, invite=True)
    return (
        (Gathering.MEETING, tell(world, "booked", booked), "helen"),
        (Gathering.REVIEW, tell(world, "a visit", visit), "helen"),
        (Gathering.NEXT_STEPS, Told("next steps", story.case, story.ground, moment(WEDNESDAY)), "sam"),
    )


def _found(one: Told, which: Gathering, how: str, kind: type[e.Event]) -> Told:
    """*one* with what the calendar had."""
    wanted = appointment(one.case, one.ground.party, which)
    assert wanted
    story = Story(ground=one.ground, lawful=False)
    for event in one.case.events:
        story.tell(event)
    at = story.on(one.now)
    given: Fields = {"which": which}
    if how not in {"refused", "tried in vain"}:
        at.system(e.InvitationSent, which=which, starts=wanted.starts, organiser=wanted.organiser)
    match how:
        case "moved":
            given |= {"starts": wanted.starts + timedelta(days=1)}
        case "moved to the past":
            given |= {"starts": one.now - timedelta(hours=1)}
        case "declined":
            given |= {"starts": wanted.starts, "declined": wanted.invited[:2]}
        case "refused" | "as it was sent":
            given |= {"organiser": wanted.organiser}
        case "tried in vain":
            given |= {"organiser": wanted.organiser, "reason": e.IN_VAIN}
    at.system(kind, **given)
    return replace(one, case=story.case)
