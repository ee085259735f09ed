"""The guards of the next steps meeting, and of an outcome that is set aside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pathway import events as e
from pathway.case import Case
from pathway.dates import in_words, listed, local_date
from pathway.ground import Fault, Ground
from pathway.guards.common import Faults, Guard, needs, tell_first
from pathway.roles import Role

#: Within so many working days the Partnership Lead may reopen an outcome that was entered wrongly.
CORRECTABLE_FOR = 10
#: A next steps meeting further away than so many calendar days needs somebody to turn to until then.
FAR_AWAY = 7


def _next_steps_booked(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.NextStepsBooked)
    assert case
    if event.starts <= event.at:
        yield Fault("Choose a time that is still to come.", "day")
    elif not ground.university.is_open(local_date(event.starts)):
        opens = ground.university.next_open(local_date(event.starts))
        yield Fault(f"The university is closed on that day. It is open again on {in_words(opens)}.", "day")
    yield from needs(event.place, "Say where the meeting is.", "place")
    yield from _invitation_faults(event.invited, ground)
    if (local_date(event.starts) - case.began.on).days > FAR_AWAY:
        sentence = f"That is more than {FAR_AWAY} days after the outcome. Name somebody to turn to until then."
        yield from needs(event.interim_contact, sentence, "interim_contact")


def _invitation_faults(invited: tuple[str, ...], ground: Ground) -> Faults:
    missing = [role for role in to_invite(ground) if role.value not in invited]
    if missing:
        words = listed(f"the {ground.provider.role(role)}" for role in missing)
        yield Fault(f"Invite {words} too, or a deputy for them.", "invited")


def _next_steps_held(_case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.NextStepsHeld)
    yield from _invitation_faults(event.invited, ground)
    yield from needs(event.present, "Say who came.", "present")
    yield from needs(event.decision, "Write what happens next.", "decision")
    student = ground.provider.role(Role.STUDENT)
    yield from needs(event.status, f"Say where the {student} stands meanwhile.", "status")
    if not event.leaflet_given:
        words = f"Give the {student} the support leaflet, then tick it. It is the same for everyone."
        yield Fault(words, "leaflet_given")
    if not event.appeal_given:
        yield Fault(f"Give the {student} the information on how to appeal, then tick it.", "appeal_given")
    if event.present and Role.STUDENT.value not in event.present:
        yield from needs(
            event.student_absent_because,
            f"The {student} did not come: offer another day, or give the reason for closing.",
            "student_absent_because",
        )


def to_invite(ground: Ground) -> Iterator[Role]:
    """Who belongs into the next steps meeting; a deputy counts as the role they stand in for."""
    yield Role.STUDENT
    yield Role.COURSE_DIRECTOR
    if ground.party.placement.level_lead:
        yield Role.LEVEL_LEAD
    yield Role.PARTNERSHIP_LEAD


def _outcome_reopened(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.OutcomeReopened)
    assert case
    yield from needs(event.reason, "Give the reason in a line.", "reason")
    yield from tell_first(event, ground)
    outcome = case.outcome
    if outcome is not None:
        last = ground.university.add(local_date(outcome.at), CORRECTABLE_FOR)
        if local_date(event.at) > last:
            yield Fault(f"An outcome can be corrected for {CORRECTABLE_FOR} working days, until {in_words(last)}.")


GUARDS: Mapping[type[e.Event], Guard] = {
    e.NextStepsBooked: _next_steps_booked,
    e.NextStepsHeld: _next_steps_held,
    e.OutcomeReopened: _outcome_reopened,
}
