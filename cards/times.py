"""The times for the meeting that are offered, and what the mentor has answered: in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from cards.view import View
from pathway.dates import listed
from pathway.provider import starting
from pathway.roles import Role


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
        return f"The meeting is booked for {view.moment(meeting.starts)}."
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
    times = listed(view.moment(at) for at in chosen.times)
    return f"{view.mentor} can do {times}, which is no longer free. Please find another time together."


def on_offer(view: View) -> Iterator[str]:
    """How the search for a time stands, for the case card."""
    offer, chosen = view.case.offer, view.case.chosen
    if offer is None:
        return
    times = listed(view.moment(at) for at in offer.times)
    who = starting(view.you_or(offer.by))
    have = "have" if who == "You" else "has"
    if chosen is None and view.is_(Role.MENTOR):
        yield f"{who} {have} offered {times}. Please say which suit you."
    elif chosen is None:
        yield f"{who} {have} offered {view.mentor} {times}. There is no answer yet."
    elif at := to_take(view):
        whose = "You" if view.viewer == view.case.mentor else view.mentor
        yield f"{whose} can do {view.moment(at)}. It is booked when the invitation is made."
    elif not chosen.times:
        whose = "you" if view.viewer == view.case.mentor else view.mentor
        yield f"None of the times that were offered suits {whose}. Another one is to be found."


def _tutor(view: View) -> str:
    """The Link Tutor, as a part of a sentence."""
    person = view.party.link_tutor(view.case)
    return view.you_or(person) if person else view.link_tutor
