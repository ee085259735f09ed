"""Which entry of a calendar an appointment is: one that is moved or cancelled is known again by whoever has it.

Calendars tell entries apart by an id and take the higher sequence as the newer (RFC 5545, 3.8.4.7 and 3.8.7.4). A move
keeps the id; what was cancelled and is booked anew is a new entry.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pathway import events as e
from pathway.appointments import Gathering
from pathway.case import Case

_NAMESPACE: Final = uuid.UUID("6f9f3f5e-6a57-4d5e-9a3c-0e7c2f1b8d10")
_BOOKS: Final[Mapping[Gathering, tuple[type[e.Event], ...]]] = {
    Gathering.MEETING: (e.MeetingBooked,),
    Gathering.REVIEW: (e.ReviewBooked, e.ReviewChanged),
    Gathering.NEXT_STEPS: (e.NextStepsBooked,),
}
_ENDS: Final[Mapping[Gathering, tuple[type[e.Event], ...]]] = {
    Gathering.MEETING: (e.MeetingCancelled, e.ReferralWithdrawn, e.MoreTimeAgreed),
    Gathering.REVIEW: (e.ReviewStarted,),
    Gathering.NEXT_STEPS: (e.OutcomeReopened,),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """*revision* counts entries from 1, *sequence* the changes of one from 0."""

    which: Gathering = Gathering.MEETING
    revision: int = 1
    sequence: int = 0

    def uid(self, reference: str) -> str:
        """For the case with *reference*; says nothing to others."""
        return str(uuid.uuid5(_NAMESPACE, f"{reference}:{self.which.value}:{self.revision}"))


def entry(case: Case, which: Gathering, *, taken_back: bool = False) -> Entry:
    """As it was booked last; *taken_back*: as it is removed after that, whether by a cancellation or by another end."""
    revision, booked = _counted(case, which)[:2]
    return Entry(which, revision, booked if taken_back else max(booked - 1, 0))


def next_entry(case: Case, which: Gathering) -> Entry:
    """As it will be when what is being arranged now is booked."""
    revision, booked, over = _counted(case, which)
    return Entry(which, revision + 1) if over else Entry(which, revision, booked)


def _counted(case: Case, which: Gathering) -> tuple[int, int, bool]:
    """The revision, how often it was booked, and whether it is over."""
    revision, booked, over = 1, 0, False
    for event in case.events:
        if isinstance(event, _BOOKS[which]):
            revision, booked, over = (revision + 1, 1, False) if over else (revision, booked + 1, False)
        elif booked and isinstance(event, _ENDS[which]):
            over = True
    return revision, booked, over


def in_calendars_already(case: Case, which: Gathering) -> bool:
    """Whether Pathway itself wrote the entry that stands, so that calendars need no file of ours."""
    for event in reversed(case.events):
        if isinstance(event, _ENDS[which]):
            return False
        if isinstance(event, e.MeetingBooked | e.ReviewBooked | e.NextStepsBooked) and isinstance(event, _BOOKS[which]):
            return event.invite
    return False
