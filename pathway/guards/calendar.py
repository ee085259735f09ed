"""The guard of an invitation that is to stand in the calendars again."""

from __future__ import annotations

from collections.abc import Mapping

from pathway import events as e
from pathway.appointments import appointment
from pathway.case import Case
from pathway.ground import Fault, Ground
from pathway.guards.common import Faults, Guard


def _renewed(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.InvitationRenewed)
    wanted = appointment(case, ground.party, event.which) if case else None
    if wanted is None:
        yield Fault("No invitation of ours stands for it any more. Please arrange it anew.")
    elif wanted.starts <= event.at:
        yield Fault("That time has passed. Please choose another one.")


GUARDS: Mapping[type[e.Event], Guard] = {e.InvitationRenewed: _renewed}
