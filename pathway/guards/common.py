"""What guards of several stages ask: a line that is filled in, areas that are offered, a day for the one-week check."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from pathway import events as e
from pathway.case import Case
from pathway.dates import in_words, local_date
from pathway.ground import Fault, Ground
from pathway.roles import Role
from pathway.standards import is_offered

Faults = Iterator[Fault]
Guard = Callable[[Case | None, e.Event, Ground], Faults]


def needs(value: object, sentence: str, field: str) -> Faults:
    if not value or (isinstance(value, str) and not value.strip()):
        yield Fault(sentence, field)


def reason(sentence: str = "Give the reason in a line.") -> Guard:
    def guard(_case: Case | None, event: e.Event, _ground: Ground) -> Faults:
        return needs(getattr(event, "reason", ""), sentence, "reason")

    return guard


def tell_first(event: e.MoreTimeAgreed | e.PlanAmended | e.ReviewChanged | e.OutcomeReopened, ground: Ground) -> Faults:
    """The student hears of it from a person before it is recorded."""
    if not event.student_told:
        student = ground.provider.role(Role.STUDENT)
        yield Fault(f"Tell the {student} first, then record it here.", "student_told")


def area_faults(areas: tuple[str, ...], ground: Ground) -> Faults:
    """One to three areas that the provider offers, Teachers' Standards and Core Areas counted together."""
    most = ground.provider.settings.max_focus_areas
    if not areas:
        yield Fault("Choose the area this is about.", "areas")
    elif len(set(areas)) > most:
        yield Fault(
            f"Choose up to {most} areas. You have chosen {len(set(areas))}. Which matter most this week?", "areas"
        )
    if not all(is_offered(one, ground.provider) for one in areas):
        yield Fault("Choose each area from the list. One of them is not among those of your partnership.", "areas")


def check_day_faults(day: date, event: e.Event, ground: Ground) -> Faults:
    """A one-week check lies on a school day after the day it is recorded, within the allowed span, inside the
    placement.
    """
    calendar, placement = ground.calendar, ground.party.placement
    recorded = local_date(event.at)
    if day <= recorded:
        yield Fault("Choose a day after today, so that there is time to work on it.", "check_on")
        return
    if not calendar.is_open(day):
        opens = calendar.next_open(day)
        yield Fault(
            f"The school is closed on {in_words(day)}. The next school day is {in_words(opens)}.",
            "check_on",
        )
        return
    latest = calendar.add(max(event.on, recorded), ground.provider.days.plan_max)
    if day > latest:
        yield Fault(f"That is a long time to wait. Choose a day up to {in_words(latest)}.", "check_on")
    if day > placement.end:
        yield Fault(f"The placement ends on {in_words(placement.end)}. Choose a day before that.", "check_on")


def somebody(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    person = getattr(event, "person", "")
    if person not in ground.party.people or (case is not None and person == case.student):
        yield Fault("Choose somebody from the list.", "person")
