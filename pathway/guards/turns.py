"""The guards of what may happen at any stage: a pause, an early end, somebody else who takes a part."""

from __future__ import annotations

from collections.abc import Mapping

from pathway import events as e
from pathway.case import Case
from pathway.dates import in_words, local_date
from pathway.ground import Fault, Ground
from pathway.guards.common import Faults, Guard, check_day_faults, needs, reason, somebody
from pathway.process import Stage
from pathway.roles import Role


def _paused(_case: Case | None, event: e.Event, _ground: Ground) -> Faults:
    assert isinstance(event, e.CasePaused)
    if event.back_on is not None and event.back_on <= local_date(event.at):
        yield Fault("Choose a day after today, or leave it empty if it is not known.", "back_on")


def _resumed(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.CaseResumed)
    paused = case.last(e.CasePaused) if case else None
    if paused and event.on < paused.on:
        yield Fault(f"The case was paused on {in_words(paused.on)}. Choose that day or a later one.", "on")
    if case and case.came_from is Stage.WEEKLY_TARGET:
        if event.check_on is None:
            yield Fault("Choose the day of the one-week check.", "check_on")
        elif ground.calendar.count(event.on, event.check_on) < 2:
            yield Fault("Leave at least 2 school days after the first day back.", "check_on")
        else:
            yield from check_day_faults(event.check_on, event, ground)


def _raised_in_error(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.RaisedInError)
    yield from needs(event.reason, "Give the reason in a line.", "reason")
    if event.role is Role.MENTOR and case and case.stage is not Stage.WEEKLY_TARGET:
        yield Fault(f"The {ground.provider.role(Role.LINK_TUTOR)} or the office can close this now.")


GUARDS: Mapping[type[e.Event], Guard] = {
    e.CasePaused: _paused,
    e.CaseResumed: _resumed,
    e.RaisedInError: _raised_in_error,
    e.StudentLeftCourse: reason(),
    e.PlacementEnded: reason(),
    e.LinkTutorNamed: somebody,
    e.MentorNamed: somebody,
}
