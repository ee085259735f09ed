"""When somebody may be told: inside the provider's hours, on a day that counts for the part they play.

Mentor and student keep the school days of the placement, the Link Tutor their own days among the university's
working days, everybody else at the university its working days. Hours are London's, by the clock on the wall, so
8am stays 8am when the clocks change. Moments are aware; a naive one raises ValueError.
"""

from __future__ import annotations

from datetime import date, datetime

from pathway.case import Case
from pathway.dates import OpenDays, WorkingDays, in_london, local, local_date
from pathway.ground import Ground
from pathway.process import Stage
from pathway.roles import SCHOOL_DAYS, Role

ENDED = frozenset({Stage.NEXT_STEPS, Stage.TERMINATED})


def tutor_days(ground: Ground, case: Case | None = None) -> WorkingDays:
    """The Link Tutor's own working days. The roster knows those of the placement's own tutor; a cover named on *case*
    is counted on every working day of the university.
    """
    own = case is None or ground.party.link_tutor(case) == ground.party.placement.link_tutor
    return ground.tutor_days if own else ground.university


def days_of(role: Role, ground: Ground, case: Case | None = None) -> OpenDays:
    """The days on which a holder of *role* may be written to."""
    if role in SCHOOL_DAYS:
        return ground.calendar
    return tutor_days(ground, case) if role is Role.LINK_TUTOR else ground.university


def morning(day: date, role: Role, ground: Ground, case: Case | None = None) -> datetime:
    """When the hours open on *day*, or on the first day after it that counts for *role*."""
    return local(days_of(role, ground, case).next_open(day), ground.provider.quiet_hours.opens)


def morning_after(moment: datetime, role: Role, ground: Ground, case: Case | None = None) -> datetime:
    """The first morning of *role* later than *moment*."""
    day = local_date(moment)
    same_day = morning(day, role, ground, case)
    if same_day > moment:
        return same_day
    return local(days_of(role, ground, case).next_after(day), ground.provider.quiet_hours.opens)


def news_at(moment: datetime, role: Role, ground: Ground, case: Case) -> datetime:
    """`tell_at` for what has happened, not for a reminder. A student whose placement has ended hears on the
    university's working days: the next steps meeting may be booked, and held, in a half term.
    """
    waits = role is Role.STUDENT and case.stage in ENDED
    return tell_at(moment, Role.COURSE_DIRECTOR if waits else role, ground, case)


def tell_at(moment: datetime, role: Role, ground: Ground, case: Case | None = None) -> datetime:
    """When a holder of *role* may be told of what happened at *moment*: at once in hours on one of their days (both
    ends of the hours belong to them), otherwise when the hours next open on such a day.

    *case* says who the Link Tutor is now; without it the placement's own is meant.
    """
    there, hours = in_london(moment), ground.provider.quiet_hours
    if days_of(role, ground, case).is_open(there.date()) and hours.opens <= there.time() <= hours.closes:
        return moment
    return morning_after(moment, role, ground, case)
