"""The guards of the review: its three parts, and what came of it. The student is told in person before."""

from __future__ import annotations

from collections.abc import Mapping

from pathway import events as e
from pathway.case import Case
from pathway.dates import in_words, local_date
from pathway.ground import Fault, Ground
from pathway.guards.common import Faults, Guard, needs
from pathway.roles import Role


def _review_started(_case: Case | None, event: e.Event, _ground: Ground) -> Faults:
    assert isinstance(event, e.ReviewStarted)
    if not event.in_person:
        yield from needs(event.not_in_person_because, "Say why the visit is not in person.", "not_in_person_because")


def missing_parts(case: Case) -> tuple[e.ReviewPart, ...]:
    """Which of the review's three parts nobody has recorded since it started."""
    there = {x.part for x in case.since(e.ReviewStarted, e.ReviewPartRecorded)}
    return tuple(part for part in e.ReviewPart if part not in there)


def _part_recorded(_case: Case | None, event: e.Event, _ground: Ground) -> Faults:
    assert isinstance(event, e.ReviewPartRecorded)
    yield from needs(event.words, "Write what was seen or said.", "words")


def _outcome(case: Case, event: e.PlacementContinued | e.PlacementTerminated, ground: Ground) -> Faults:
    student = ground.provider.role(Role.STUDENT)
    review = case.last(e.ReviewStarted)
    yield from needs(event.results, "Say for each target whether it is met.", "results")
    yield from needs(event.reasons, "Give the reasons, with reference to the targets.", "reasons")
    if event.told_student_at is None or event.told_student_at > event.at:
        yield Fault(f"Tell the {student} in person before you save this. When was that?", "told_student_at")
    elif review and local_date(event.told_student_at) < review.on:
        began = f"The review began on {in_words(review.on)}"
        yield Fault(f"{began}: the {student} is told what comes of it on that day or later.", "told_student_at")
    yield from needs(event.told_by, f"Say who told the {student}.", "told_by")


def _continued(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.PlacementContinued)
    assert case
    yield from _outcome(case, event, ground)
    if missing_parts(case) and not event.parts_missing_because.strip():
        parts = ", ".join(missing_parts(case))
        yield Fault(f"Not recorded yet: {parts}. Record them, or say why not.", "parts")


def _terminated(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.PlacementTerminated)
    assert case
    yield from _outcome(case, event, ground)
    if missing_parts(case):
        yield Fault(f"Not recorded yet: {', '.join(missing_parts(case))}.", "parts")
    if not event.mentor_present_or_sent:
        mentor = ground.provider.role(Role.MENTOR)
        yield Fault(f"The {mentor} is there when it is said, or is sent the record.", "mentor_present_or_sent")
    if event.typed_confirmation.strip().casefold() != case.reference.casefold():
        yield Fault(f"Type the reference {case.reference} to confirm.", "typed_confirmation")
    lead = ground.provider.role(Role.PARTNERSHIP_LEAD)
    if event.lead_told_at is None or event.lead_told_at > event.at or not event.lead_told.strip():
        yield Fault(f"Tell the {lead} first. Who was told, and when?", "lead_told")
    if ground.provider.settings.termination_needs_lead:
        confirmed = confirmed_by(case)
        if not confirmed or confirmed not in ground.party.office.leads or event.confirmed_by != confirmed:
            yield Fault(f"The {lead} confirms this too.", "confirmed_by")
        elif confirmed == event.by:
            yield Fault(f"A second person confirms this: another {lead} than you.", "confirmed_by")


def _termination_confirmed(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.TerminationConfirmed)
    assert case
    if not ground.provider.settings.termination_needs_lead:
        yield Fault("No second confirmation is asked for here.")
    if missing_parts(case):
        yield Fault(f"Not recorded yet: {', '.join(missing_parts(case))}. Confirm it when all of it is there.")


def confirmed_by(case: Case) -> str:
    """The Partnership Lead who has confirmed, since the review started, that the placement may end; "" so far."""
    given = case.this_stage(e.TerminationConfirmed)
    return given[-1].by if given else ""


def _second_plan(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.SecondPlanAgreed)
    if not ground.provider.settings.allow_second_plan:
        yield Fault("This partnership does not use second support plans.")
    if case and case.all(e.SecondPlanAgreed):
        yield Fault("There has been a second plan already.")
    if not event.lead_agrees:
        yield Fault(f"The {ground.provider.role(Role.PARTNERSHIP_LEAD)} agrees first.", "lead_agrees")
    ends = ground.calendar.add(event.on, ground.provider.days.plan_floor)
    if ends > ground.party.placement.end:
        yield Fault("Too little of the placement is left for another plan.")


GUARDS: Mapping[type[e.Event], Guard] = {
    e.ReviewStarted: _review_started,
    e.PlacementContinued: _continued,
    e.PlacementTerminated: _terminated,
    e.SecondPlanAgreed: _second_plan,
    e.ReviewPartRecorded: _part_recorded,
    e.TerminationConfirmed: _termination_confirmed,
}
