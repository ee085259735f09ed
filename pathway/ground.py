"""What a rule of the pathway stands on (`Ground`), and what it finds wrong (`Fault`)."""

from __future__ import annotations

from dataclasses import dataclass

from pathway.dates import Calendar, WorkingDays
from pathway.people import Party
from pathway.provider import Provider


@dataclass(frozen=True, slots=True)
class Ground:
    """What a decision stands on: the people of the placement, its school's calendar, the provider's rules."""

    party: Party
    provider: Provider

    @property
    def calendar(self) -> Calendar:
        return self.provider.calendar_for(self.party.placement.calendar, self.party.placement.days)

    @property
    def university(self) -> WorkingDays:
        return self.provider.working_days()

    @property
    def tutor_days(self) -> WorkingDays:
        return self.provider.working_days(self.party.placement.link_tutor_days)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, in a sentence, and at which field of the form ("" for the form as a whole)."""

    sentence: str
    field: str = ""
