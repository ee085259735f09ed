"""The guards of the meeting: it is booked, each records a view, and what the two of them decide."""

from __future__ import annotations

from collections.abc import Mapping

from pathway import events as e
from pathway.case import Case
from pathway.ground import Fault, Ground
from pathway.guards.common import Faults, Guard, check_day_faults, needs, reason, tell_first
from pathway.process import Stage
from pathway.roles import Role


def _meeting_booked(_case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.MeetingBooked)
    if event.starts <= event.at:
        yield Fault(
            "That time has passed. If you have met already, choose “We have already spoken”.",
            "day",
        )
    if not 5 <= event.minutes <= 240:
        yield Fault("Choose how long the meeting lasts.", "minutes")
    if event.held is e.Held.VISIT and not ground.provider.settings.first_meeting_may_be_visit:
        yield Fault("The first meeting is a Teams meeting or a phone call.", "held")


def _withdrawn(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.ReferralWithdrawn)
    if case and not case.target:
        yield Fault("There is no weekly target to go on with.")
    yield from needs(event.reason, "Give the reason in a line.", "reason")
    yield from check_day_faults(event.check_on, event, ground)


def both_say_not_as_expected(case: Case) -> bool:
    """The process document's "if you and the Link Tutor are agreed that progress is not as expected"."""
    views = (case.view_of(Role.MENTOR), case.view_of(Role.LINK_TUTOR))
    return all(v is not None and v.view is e.View.NOT_AS_EXPECTED for v in views)


def _intervention_agreed(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.InterventionAgreed)
    assert case
    yield from needs(event.present, "Say who was there.", "present")
    lead_decides = event.role is Role.PARTNERSHIP_LEAD
    if lead_decides and case.stage is Stage.VIEWS_DIFFER:
        yield from needs(event.decided_because, "Give the reason for your decision.", "decided_because")
    elif lead_decides:
        yield Fault(f"The {ground.provider.role(Role.PARTNERSHIP_LEAD)} decides only where the views differ.")
    elif not both_say_not_as_expected(case):
        yield Fault(
            "A support plan opens when both of you have recorded that progress is not as expected.",
            "view",
        )


def _more_time(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.MoreTimeAgreed)
    yield from needs(event.target, "Write the target, kept or new.", "target")
    yield from tell_first(event, ground)
    yield from check_day_faults(event.check_on, event, ground)
    yield from _lead_only_where_views_differ(case, event, ground)


def _no_intervention(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.NoInterventionAgreed)
    yield from needs(event.reason, "Give the reason in a line.", "reason")
    yield from _lead_only_where_views_differ(case, event, ground)


def _lead_only_where_views_differ(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    if event.role is Role.PARTNERSHIP_LEAD and case and case.stage is not Stage.VIEWS_DIFFER:
        yield Fault(f"The {ground.provider.role(Role.PARTNERSHIP_LEAD)} decides only where the views differ.")


def _views_differed(case: Case | None, _event: e.Event, _ground: Ground) -> Faults:
    assert case
    for role, field in ((Role.MENTOR, "mentor_view"), (Role.LINK_TUTOR, "view")):
        view = case.view_of(role)
        if view is None or not view.words.strip():
            yield Fault("Record both views first, each in the person's own words.", field)


def _view_recorded(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.ViewRecorded)
    if case and case.told is None:
        tutor = ground.provider.role(Role.LINK_TUTOR)
        yield Fault(f"Views are recorded once the {tutor} has been told.", "view")
    yield from needs(event.words, "Say it in your own words.", "words")
    if event.role is Role.LINK_TUTOR and event.for_whom:
        mentor = ground.provider.role(Role.MENTOR)
        yield from needs(event.means, f"Say how the {mentor} told you: in the meeting, by phone.", "means")


GUARDS: Mapping[type[e.Event], Guard] = {
    e.MeetingBooked: _meeting_booked,
    e.MeetingCancelled: reason("Say why, so that the others know."),
    e.ReferralWithdrawn: _withdrawn,
    e.InterventionAgreed: _intervention_agreed,
    e.MoreTimeAgreed: _more_time,
    e.NoInterventionAgreed: _no_intervention,
    e.ViewsDiffered: _views_differed,
    e.ViewRecorded: _view_recorded,
}
