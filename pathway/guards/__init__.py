"""The guards: what a form has to say before its event may be recorded, a function for each event (`GUARDS`).

A guard finds faults, each a sentence for the person who asked, with the field it is about; it trusts that the event
belongs to the stage and that the person may record it (`pathway.rules.decide` asks that first). Dates that people
choose are held to the calendar of the placement's school; the process document's week is advice, so an early call for
help needs a reason and is never blocked (unless the provider sets `week_is_required`).
"""

from __future__ import annotations

from collections.abc import Mapping

from pathway import events as e
from pathway.guards import calendar, meeting, next_steps, plan, review, turns, weekly_target
from pathway.guards.common import Faults, Guard
from pathway.guards.meeting import both_say_not_as_expected
from pathway.guards.next_steps import CORRECTABLE_FOR, FAR_AWAY, to_invite
from pathway.guards.plan import agreed_by, has_been_discussed
from pathway.guards.review import confirmed_by, missing_parts

__all__ = [
    "CORRECTABLE_FOR",
    "FAR_AWAY",
    "GUARDS",
    "Faults",
    "Guard",
    "agreed_by",
    "both_say_not_as_expected",
    "confirmed_by",
    "has_been_discussed",
    "missing_parts",
    "to_invite",
]

#: The guards of each event, beside the table of stages and the table of who may.
GUARDS: Mapping[type[e.Event], Guard] = {
    **weekly_target.GUARDS,
    **meeting.GUARDS,
    **plan.GUARDS,
    **review.GUARDS,
    **next_steps.GUARDS,
    **turns.GUARDS,
    **calendar.GUARDS,
}
