"""Times for a gathering in words: what is known of each person, what was offered, what the mentor has answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from cards.elements import Element, plain, quiet
from cards.view import View
from pathway.dates import listed
from pathway.provider import starting
from pathway.roles import Role
from pathway.slots import Slot

#: Of so many people it is said by name that nothing is known of their calendars.
NAMED = 2


def to_take(view: View) -> datetime | None:
    """The first time that the mentor can do and the Link Tutor still has."""
    chosen = view.case.chosen
    if chosen is None:
        return None
    return next((at for at in chosen.times if at > view.now and at not in chosen.taken), None)


def answered(view: View) -> str:
    """To whoever has just answered an offer, or answers one that is over."""
    meeting, chosen = view.case.meeting, view.case.chosen
    if chosen is None and meeting and meeting.starts > view.now:
        sent = " The invitation goes out now." if meeting.invite and meeting.by == view.viewer else ""
        return f"The meeting is booked for {view.moment(meeting.starts)}.{sent}"
    if chosen is None:
        return "These times are no longer on offer."
    who = _tutor(view)
    if to_take(view):
        return "Next: make the invitation." if who == "you" else f"Thank you. {starting(who)} makes the invitation."
    return "Next: find another time." if who == "you" else f"Thank you. {starting(who)} looks for another time."


def can_do(view: View) -> str:
    """What the mentor has answered, for who arranges the meeting."""
    chosen = view.case.chosen
    if chosen is None:
        return answered(view)
    if not chosen.times:
        return f"None of the times suits {view.mentor}. Please find another one together."
    at = to_take(view)
    if at is not None:
        return f"{view.mentor} can do {view.moment(at)}. Please make the invitation."
    gone = f"{view.mentor} can do {_times(view, chosen.times)}, which is no longer free."
    return f"{gone} Please find another time together."


def on_offer(view: View) -> Iterator[str]:
    """How the search for a time stands, for the case card."""
    offer, chosen = view.case.offer, view.case.chosen
    if offer is None:
        return
    times, them = _times(view, offer.times), "this time" if len(offer.times) == 1 else "these times"
    who = starting(view.you_or(offer.by))
    have = "have" if who == "You" else "has"
    if chosen is None and view.is_(Role.MENTOR):
        yield f"{who} {have} offered you {them}: {times}. Please say what suits you."
    elif chosen is None:
        yield f"{who} {have} offered {view.mentor} {them}: {times}. There is no answer yet."
    elif at := to_take(view):
        whose = "You" if view.viewer == view.case.mentor else view.mentor
        yield f"{whose} can do {view.moment(at)}. It is booked when the invitation is made."
    elif not chosen.times:
        whose = "you" if view.viewer == view.case.mentor else view.mentor
        yield f"None of the times that were offered suits {whose}. Another one is to be found."


def _times(view: View, times: Sequence[datetime]) -> str:
    """Each with a comma in it, so with more than commas between them."""
    return "; ".join(view.moment(at) for at in times)


def _tutor(view: View) -> str:
    """The Link Tutor, as a part of a sentence."""
    person = view.party.link_tutor(view.case)
    return view.you_or(person) if person else view.link_tutor


# -- what is known of people's calendars ---------------------------------------------------------------------------


def slot_choices(view: View, slots: Sequence[Slot]) -> dict[str, str]:
    """The value that travels, and the time in words with what is known of each person."""
    return {slot.starts.isoformat(): plain(_with_what_is_known(view, slot)) for slot in slots}


def _with_what_is_known(view: View, slot: Slot) -> str:
    when = view.moment(slot.starts)
    if not slot.free:
        return when
    free = [starting(who) if n and "@" not in who else who for n, who in enumerate(_you_first(view, slot.free))]
    are = "are" if len(free) > 1 or free == ["you"] else "is"
    known = f"{listed(free)} {are} free"
    return f"{when}: {'; '.join([known, *(_not_known(view, slot.unknown))])}"


def _you_first(view: View, people: Sequence[str]) -> list[str]:
    return [view.you_or(p) for p in sorted(people, key=lambda p: p != view.viewer)]


def _not_known(view: View, people: Sequence[str]) -> list[str]:
    """Nothing at all where the calendar of everybody is known."""
    whose = ["your" if who == "you" else f"{who}'s" for who in _you_first(view, people)]
    if not whose:
        return []
    return [f"{listed(whose)} calendar{'s are' if len(whose) > 1 else ' is'} not known"]


def _nobody_read(view: View, slots: Sequence[Slot]) -> str:
    """Said once, where it is the same for all of them."""
    if not slots or any(slot.free for slot in slots):
        return ""
    people = slots[0].unknown
    if len(people) > NAMED:
        return "Nobody's calendar is known here: please check that they can come."
    known = _not_known(view, people)
    return starting(f"{known[0]}: please check.") if known else ""


def below_slots(view: View, slots: Sequence[Slot], note: str) -> list[Element]:
    """What is said once of all the times; *note* is by when one of them is asked for."""
    words = f"{_nobody_read(view, slots)} {note}".strip()
    return [quiet(words)] if words else []
