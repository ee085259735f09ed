"""By when the present step is asked for, of whom, and what follows if nothing is recorded: said on cards, in words.

The dates are those of the timers that run (`pathway.nudges.ladders`), the sentences are here. Next to them:
the day by which the first meeting itself is asked for, and the last day that a review can be on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import MappingProxyType

from pathway.case import Case
from pathway.clocks import held_or_stand_in, pauses_since, with_pauses
from pathway.dates import Found, listed, local_date, moment_in_words
from pathway.ground import Ground
from pathway.nudges import Nudge, ladders
from pathway.process import Stage
from pathway.roles import Role

#: The first meeting itself is asked for within so many school days.
MEETING_WITHIN = 5

_M, _LT, _PT, _PL = Role.MENTOR, Role.LINK_TUTOR, Role.PARTNERSHIP_TEAM, Role.PARTNERSHIP_LEAD

#: Of whom each step is asked.
_OF: Mapping[str, Role] = MappingProxyType(
    {"T1": _M, "T2": _LT, "T3": _LT, "T4": _LT, "T5": _LT, "T6": _PL, "T7": _LT, "T9": _LT, "T11": _LT, "T12": _PT}
)
#: What is asked in the end, after "Dr Helen Marsh (Link Tutor) is asked".
ASKED_IN_THE_END: Mapping[str, str] = MappingProxyType(
    {
        "T1": "to ring {mentor} about it. The message names no student and shows nothing of what was written",
        "T2": "to find somebody who takes this up",
        "T3": "to help with finding a time for the meeting",
        "T4": "to find out what was agreed",
        "T5": "to help with the plan",
        "T6": "to help with the decision",
        "T7": "to help with finding a time for that conversation",
        "T9": "to find out how the review stands",
        "T11": "to find out how the review stands",
        "T12": "to see to it that the meeting takes place",
        "T13": "how things should go on",
    }
)


@dataclass(frozen=True, slots=True)
class Deadline:
    """By when the present step is asked for, and of whom.

    *how* says how the day was found, in words that follow a date; *then* is a sentence on what follows if nothing is
    recorded, "" where nothing does. *escalates_at* and *escalates_to* are the same as data.
    """

    timer: str
    due: datetime
    of: Role
    how: str
    then: str = ""
    escalates_at: datetime | None = None
    escalates_to: tuple[str, ...] = ()

    @property
    def day(self) -> date:
        return local_date(self.due)


def deadline(case: Case, ground: Ground) -> Deadline | None:
    """By when the present step is asked for, and what follows; None where no step is waited for (closed, draft)."""
    ladder = next((x for x in ladders(case, ground) if x.timer.id in ASKED_IN_THE_END), None)
    if ladder is None:
        return None
    timer, clock = ladder.timer.id, ladder.clock
    found = Deadline(timer, clock.due, held_or_stand_in(_OF.get(timer, case.entered.role), case, ground), clock.how)
    last = ladder.escalation()
    if not last:
        return found
    at = min(n.at for n in last)
    return replace(
        found,
        then=_then(timer, at, last, case, ground),
        escalates_at=at,
        escalates_to=tuple(dict.fromkeys(n.to for n in last)),
    )


def _then(timer: str, at: datetime, last: Sequence[Nudge], case: Case, ground: Ground) -> str:
    """Such as "If nobody answers by Friday 16 October, 8am, Dr Helen Marsh (Link Tutor) is asked to ring ..."."""
    roles = tuple(dict.fromkeys(n.role for n in last))
    who = listed([_called(role, case, ground) for role in roles])
    asked = ASKED_IN_THE_END[timer].format(mentor=ground.party.name(case.mentor))
    verb = "is" if len(roles) == 1 else "are"
    silence = "nobody answers" if timer in {"T1", "T2", "T13"} else "nothing is recorded"
    return f"If {silence} by {moment_in_words(at)}, {who} {verb} asked {asked}."


def _called(role: Role, case: Case, ground: Ground) -> str:
    word = ground.provider.role(role)
    if role is Role.LINK_TUTOR:
        return f"{ground.party.name(ground.party.link_tutor(case))} ({word})"
    return f"the {word}"


def meeting_by(case: Case, ground: Ground) -> Found | None:
    """T3's other half: the school day by which the first meeting is asked for, while there is none; else None."""
    if case.stage is not Stage.LINK_TUTOR_TOLD:
        return None
    start, calendar = local_date(case.began.at), ground.calendar
    span = with_pauses(calendar, start, calendar.add(start, MEETING_WITHIN), pauses_since(case, case.began), ground)
    return replace(calendar.explain_until(span.start, span.end), how=span.how)


def latest_review(ground: Ground) -> date:
    """The last school day of the placement: no review can be later."""
    end = ground.party.placement.end
    return end if ground.calendar.is_open(end) else ground.calendar.before(end, 1)
