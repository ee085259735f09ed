"""Deciding: whether an event may be recorded on a case now, and in which words it is refused.

An event has to belong to the stage, to somebody who may record it, and to pass its guard (`pathway.guards`). Every
refusal carries a sentence for the person who asked.
"""

from __future__ import annotations

from pathway import events as e
from pathway.case import Case
from pathway.dates import local_date
from pathway.ground import Fault, Ground
from pathway.guards import GUARDS, Faults
from pathway.people import FOR_THE_MENTOR, MAY_RECORD, acting_role
from pathway.process import FACTS, PATHWAY
from pathway.roles import Role

#: `Fault` and `Ground` are at home in `pathway.ground`; whoever decides needs them too.
__all__ = ["Fault", "Ground", "NotYours", "OutOfStep", "Refused", "Stale", "decide"]


class OutOfStep(Exception):
    """The event does not belong to the stage the case has reached."""


class Stale(Exception):
    """The card was made for an earlier step of the case."""


class NotYours(Exception):
    """The person may not record this here. Answered like a case that does not exist."""


class Refused(Exception):
    """The event breaks a rule. *faults* has at least one entry."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(" ".join(f.sentence for f in faults))
        self.faults = faults


def decide(case: Case | None, event: e.Event, ground: Ground) -> None:
    """Returns when *event* may be recorded on *case*; raises OutOfStep, NotYours or Refused."""
    kind = type(event)
    stage = case.stage if case else None
    if kind not in PATHWAY[stage] and stage not in FACTS.get(kind, ()):
        raise OutOfStep(f"{kind.__name__} while {stage.value if stage else 'there is no case'}")
    if not _may(case, event, ground):
        raise NotYours(f"{event.role.value} may not record {kind.__name__}")
    faults = tuple(_common(event)) + tuple(GUARDS.get(kind, _nothing)(case, event, ground))
    if faults:
        raise Refused(*faults)


def _may(case: Case | None, event: e.Event, ground: Ground) -> bool:
    if event.by == e.SYSTEM:
        return Role.SYSTEM in MAY_RECORD[type(event)] and event.role is Role.SYSTEM
    party = ground.party
    roles = party.roles_on(event.by, case)
    if event.role not in roles:
        return False
    if not event.for_whom:
        return event.role in MAY_RECORD[type(event)]
    return (
        acting_role(party, event.by, type(event), case, event.for_whom) is not None
        and type(event) in FOR_THE_MENTOR
        and event.role in (Role.LINK_TUTOR, Role.PARTNERSHIP_TEAM)
    )


def _nothing(_case: Case | None, _event: e.Event, _ground: Ground) -> Faults:
    return iter(())


def _common(event: e.Event) -> Faults:
    if event.on > local_date(event.at):
        yield Fault("Choose today or a day in the past.", "on")
