"""What should stand in people's calendars: a function of the case, as deadlines are.

Three gatherings: the first meeting, the review visit, the next steps meeting. Pathway writes those into calendars whose
booking says so (`invite`); the others somebody keeps by hand.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

_NAMESPACE: Final = uuid.UUID("2c3d2a5e-55b4-4f0b-9a53-0a4c9d0f6e21")


class Gathering(StrEnum):
    """What people come together for."""

    MEETING = "meeting"
    REVIEW = "review"
    NEXT_STEPS = "next steps"


@dataclass(frozen=True, slots=True)
class Appointment:
    """One entry in the calendars of *organiser* and *invited* (person ids). *starts* is aware. *revision* counts from
    1 and grows only when one that was withdrawn is booked anew: a move keeps it.
    """

    case: str
    reference: str
    which: Gathering
    revision: int
    starts: datetime
    minutes: int
    organiser: str
    invited: tuple[str, ...]
    online: bool
    place: str = ""

    @property
    def transaction(self) -> str:
        """The id under which Microsoft Graph makes it once, however often it is asked: the same for every try."""
        return str(uuid.uuid5(_NAMESPACE, f"{self.case}:{self.which.value}:{self.revision}"))
