"""The calendar file that goes with a letter: a meeting told of, moved, or taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.invitation import Between, calendar_file, method
from cards.plan import review_moment
from cards.record import booked
from cards.view import View
from pathway import events as e
from pathway.appointments import LASTS, Gathering
from pathway.entries import entry, in_calendars_already
from pathway.ports import OutboxItem
from pathway.roles import Role
from pathway.tellings import Notice

_TELLS: Final[Mapping[Notice, Gathering]] = {
    Notice.MEETING_BOOKED: Gathering.MEETING,
    Notice.REVIEW_BOOKED: Gathering.REVIEW,
    Notice.REVIEW_CHANGED: Gathering.REVIEW,
    Notice.NEXT_STEPS_BOOKED: Gathering.NEXT_STEPS,
}
#: With these, what is still to come is taken back, whichever it is.
_TAKES_BACK: Final = frozenset(
    {Notice.MEETING_CANCELLED, Notice.WITHDRAWN, Notice.OUTCOME_REOPENED, Notice.CLOSED, Notice.IN_ERROR}
)
_COMES: Final[Mapping[Gathering, tuple[Role, ...]]] = {
    Gathering.MEETING: (Role.MENTOR, Role.LINK_TUTOR),
    Gathering.REVIEW: (Role.MENTOR, Role.LINK_TUTOR, Role.STUDENT),
    Gathering.NEXT_STEPS: (Role.STUDENT, Role.COURSE_DIRECTOR, Role.LEVEL_LEAD, Role.PARTNERSHIP_LEAD),
}


@dataclass(frozen=True, slots=True)
class CalendarFile:
    """*method* is the file's own (RFC 5546, 1.4), which its mail part repeats; *words* say what opening it does."""

    content: bytes
    method: str
    words: str


def calendar_file_of(item: OutboxItem, view: View, organiser: str) -> CalendarFile | None:
    """What goes with the letter that tells of a time; None for all other letters, and where Pathway itself has written
    the meeting into calendars. *organiser* is the e-mail address that answers go to.
    """
    notice = Notice(item.notice)
    if notice in _TELLS:
        which = _TELLS[notice]
        at = _stands(view, which)
        if at is None or in_calendars_already(view.case, which):
            return None
        return _file(view, which, at, organiser, cancelled=False)
    for which in Gathering if notice in _TAKES_BACK else ():
        at = _was(view, which)
        if at is not None and at > view.now and view.is_(*_COMES[which]):
            return _file(view, which, at, organiser, cancelled=True)
    return None


def _file(view: View, which: Gathering, at: datetime, organiser: str, *, cancelled: bool) -> CalendarFile | None:
    """None where nobody could take it back: a file without people only adds."""
    reader = view.party.people.get(view.viewer)
    between = Between(organiser, reader.email) if reader and organiser and organiser != reader.email else None
    if cancelled and between is None:
        return None
    mark, meeting = entry(view.case, which, taken_back=cancelled), view.case.last(e.MeetingBooked)
    content = calendar_file(
        view.case.reference,
        at,
        _minutes(view, which),
        meeting.link if meeting and which is Gathering.MEETING else "",
        place=_place(view, which),
        entry=mark,
        between=between,
        cancelled=cancelled,
        made=view.now,
    )
    does = (
        "takes the meeting out of"
        if cancelled
        else "moves the meeting in"
        if mark.sequence
        else "puts the meeting into"
    )
    words = f"The calendar file with this message {does} your calendar."
    return CalendarFile(content, method(between, cancelled=cancelled), words)


def _minutes(view: View, which: Gathering) -> int:
    meeting, visit = view.case.last(e.MeetingBooked), view.case.last(e.ReviewBooked)
    match which:
        case Gathering.MEETING if meeting:
            return meeting.minutes
        case Gathering.REVIEW:
            return visit.minutes if visit else view.provider.review.minutes
        case _:
            return LASTS


def _place(view: View, which: Gathering) -> str:
    """In words; "" for the first meeting, which has a link or is at a school that its people know."""
    found = booked(view.case)
    match which:
        case Gathering.REVIEW:
            return view.case.review_place
        case Gathering.NEXT_STEPS if found:
            return found.place
        case _:
            return ""


def _stands(view: View, which: Gathering) -> datetime | None:
    """When it is, as things stand."""
    match which:
        case Gathering.MEETING:
            return view.case.meeting.starts if view.case.meeting else None
        case Gathering.REVIEW:
            return review_moment(view)
        case Gathering.NEXT_STEPS:
            found = booked(view.case)
            return found.starts if found else None


def _was(view: View, which: Gathering) -> datetime | None:
    """When it was to be, before it was taken back; None where nobody was told of one, or where Pathway's own entry is
    taken out of calendars without a file.
    """
    last = {
        Gathering.MEETING: view.case.last(e.MeetingBooked),
        Gathering.REVIEW: view.case.last(e.ReviewBooked),
        Gathering.NEXT_STEPS: view.case.last(e.NextStepsBooked),
    }[which]
    if last is None or last.invite:
        return None
    if which is Gathering.REVIEW and view.case.last(e.ReviewStarted) is None:
        return review_moment(view)
    return last.starts
