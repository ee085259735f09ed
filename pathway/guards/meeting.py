"""The guards of the meeting: it is booked, each records a view, and what the two of them decide."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pathway import events as e
from pathway.case import Case
from pathway.ground import Fault, Ground
from pathway.guards.common import Faults, Guard, check_day_faults, needs, reason, tell_first
from pathway.process import Stage
from pathway.roles import Role

#: So many times can be offered at once.
MOST_TIMES = 3


def _meeting_booked(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.MeetingBooked)
    if event.starts <= event.at:
        yield Fault(
            "That time has passed. If you have met already, choose “We have already spoken”.",
            "day",
        )
    yield from _length_and_way(event, ground)
    yield from _why_another_time(case, event, event.starts)
    yield from _mentor_takes_what_was_offered(case, event, ground)


def _why_another_time(case: Case | None, event: e.MeetingBooked | e.TimesOffered, *times: datetime) -> Faults:
    """A meeting that is still to come is not moved without a word."""
    before = case.meeting if case else None
    if before is not None and before.starts > event.at and set(times) != {before.starts}:
        yield from needs(event.reason, "Say why it is to be another time.", "reason")


def _length_and_way(event: e.MeetingBooked | e.TimesOffered, ground: Ground) -> Faults:
    if not 5 <= event.minutes <= 240:
        yield Fault("Choose how long the meeting lasts.", "minutes")
    if event.held is e.Held.VISIT and not ground.provider.settings.first_meeting_may_be_visit:
        yield Fault("The first meeting is a Teams meeting or a phone call.", "held")


def _mentor_takes_what_was_offered(case: Case | None, event: e.MeetingBooked, ground: Ground) -> Faults:
    """The Link Tutor or the office chooses the time; the mentor only takes one of those that they have offered."""
    arranges = {Role.LINK_TUTOR, Role.PARTNERSHIP_TEAM} & set(ground.party.roles_on(event.by, case))
    if event.role is not Role.MENTOR or arranges or case is None:
        return
    offer, answer = case.offer, case.chosen
    took = answer is not None and case.events[-1] is answer and answer.books == event.starts
    if offer is None or not took or (event.minutes, event.held) != (offer.minutes, offer.held):
        yield Fault("This time is not on offer. Say which times suit you.", "times")


def _times_offered(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.TimesOffered)
    if not 1 <= len(event.times) <= MOST_TIMES or len(set(event.times)) != len(event.times):
        yield Fault(f"Offer up to {MOST_TIMES} times.", "slot")
    if any(at <= event.at for at in event.times):
        yield Fault("One of these times has passed. Choose others.", "slot")
    yield from _length_and_way(event, ground)
    yield from _why_another_time(case, event, *event.times)


def _times_chosen(case: Case | None, event: e.Event, _ground: Ground) -> Faults:
    assert isinstance(event, e.TimesChosen)
    offer = case.open_offer if case else None
    if offer is None:
        yield Fault("These times are no longer on offer.", "times")
        return
    if not set(event.times) <= set(offer.times) or not {event.books or offer.times[0], *event.taken} <= set(
        offer.times
    ):
        yield Fault("Choose from the times that were offered.", "times")
    if any(at <= event.at for at in event.times):
        yield Fault("One of these times has passed. Choose another.", "times")


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
    e.TimesOffered: _times_offered,
    e.TimesChosen: _times_chosen,
    e.MeetingCancelled: reason("Say why, so that the others know."),
    e.ReferralWithdrawn: _withdrawn,
    e.InterventionAgreed: _intervention_agreed,
    e.MoreTimeAgreed: _more_time,
    e.NoInterventionAgreed: _no_intervention,
    e.ViewsDiffered: _views_differed,
    e.ViewRecorded: _view_recorded,
}
