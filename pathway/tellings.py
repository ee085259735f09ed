"""Who is told what when an event happens: data, beside the table of who sees what (`pathway.people.SEES`).

The student hears of a formal step from a person first, so a telling to the student waits until somebody has recorded
having spoken to them. The channel hears references and dates only. Whoever recorded the event is not told of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from pathway import events as e
from pathway.appointments import difference
from pathway.case import Case, whose_view
from pathway.people import Party
from pathway.roles import Role

CHANNEL = "channel"


class Notice(StrEnum):
    """What a message says. Each has a card and a neutral summary in `cards/`."""

    TYPED_FOR_YOU = "typed_for_you"
    TARGET_COPY = "target_copy"
    TARGET_GOES_ON = "target_goes_on"
    TARGET_MET = "target_met"
    CASE_FOR_YOU = "case_for_you"
    NO_LINK_TUTOR = "no_link_tutor"
    REFERRAL_STUDENT = "referral_student"
    HAS_IT = "has_it"
    MEETING_BOOKED = "meeting_booked"
    MEETING_CANCELLED = "meeting_cancelled"
    TIMES_OFFERED = "times_offered"
    TIMES_CHOSEN = "times_chosen"
    WITHDRAWN = "withdrawn"
    VIEW_WANTED = "view_wanted"
    VIEW_TO_CONFIRM = "view_to_confirm"
    VIEW_RECORDED = "view_recorded"
    PLAN_OPENS = "plan_opens"
    MORE_TIME = "more_time"
    NO_INTERVENTION = "no_intervention"
    VIEWS_DIFFER = "views_differ"
    NAMED = "named"
    REPLACED = "replaced"
    PLAN_SHARED = "plan_shared"
    PLAN_CHANGED = "plan_changed"
    PLAN_TO_YOU = "plan_to_you"
    PLAN_STARTED = "plan_started"
    REVIEW_NOT_IN_PERSON = "review_not_in_person"
    STUDENT_SAYS_NO = "student_says_no"
    STUDENT_REPLIED = "student_replied"
    RING_STUDENT = "ring_student"
    PROMISE_NOT_KEPT = "promise_not_kept"
    REVIEW_BOOKED = "review_booked"
    REVIEW_CHANGED = "review_changed"
    TERMINATION_CONFIRMED = "termination_confirmed"
    OUTCOME = "outcome"
    OUTCOME_TO_YOU = "outcome_to_you"
    NEXT_STEPS = "next_steps"
    NEXT_STEPS_BOOKED = "next_steps_booked"
    OUTCOME_REOPENED = "outcome_reopened"
    PAUSED = "paused"
    RESUMED = "resumed"
    CLOSED = "closed"
    IN_ERROR = "in_error"
    CHANNEL_REFERRED = "channel_referred"
    CHANNEL_PLAN = "channel_plan"
    CHANNEL_REVIEWED = "channel_reviewed"
    REMINDER = "reminder"
    ESCALATION = "escalation"
    REFRESH = "refresh"
    MEETING_BRIEF = "meeting_brief"
    MEETING_OVER = "meeting_over"
    DRAFT_WAITING = "draft_waiting"
    ADVICE = "advice"
    NOT_REACHED = "not_reached"
    NOT_DELIVERED = "not_delivered"
    BY_HAND = "by_hand"
    CALENDAR_DIFFERS = "calendar_differs"


When = Callable[[Case, e.Event, Party], bool]


def _always(_case: Case, _event: e.Event, _party: Party) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Telling:
    """*notice* goes to everyone who holds the role *to* (or to the channel) when *when* says so.

    *at_once* goes out whatever the hour: only the written outcome. *on_the_day* waits for the morning of the meeting,
    *afterwards* for its end.
    """

    notice: Notice
    to: Role | str
    when: When = _always
    at_once: bool = False
    on_the_day: bool = False
    afterwards: bool = False

    @property
    def later(self) -> tuple[bool, bool]:
        """Whether it waits for the meeting or its end: what comes then is told beside the news of now."""
        return self.on_the_day, self.afterwards


def _typed_for(_case: Case, event: e.Event, _party: Party) -> bool:
    return bool(event.for_whom)


def _copied(case: Case, _event: e.Event, _party: Party) -> bool:
    concern = case.last(e.WeeklyTargetSet)
    return bool(concern and concern.copy_to_student)


def _has_link_tutor(case: Case, _event: e.Event, party: Party) -> bool:
    return bool(party.link_tutor(case))


def _has_none(case: Case, event: e.Event, party: Party) -> bool:
    return not _has_link_tutor(case, event, party)


def _student_aware(case: Case, _event: e.Event, _party: Party) -> bool:
    return bool(case.told and case.told.student_aware)


def _student_knew(case: Case, event: e.Event, party: Party) -> bool:
    """Only a student who was told of the referral hears what became of it."""
    told_later = any(t.what is e.Told.REFERRAL for t in case.all(e.StudentTold))
    return _student_aware(case, event, party) or told_later


def _knew_anything(case: Case, event: e.Event, party: Party) -> bool:
    return _copied(case, event, party) or _student_knew(case, event, party)


def _mentor_still_to_say(case: Case, event: e.Event, _party: Party) -> bool:
    assert isinstance(event, e.ViewRecorded)
    return whose_view(event) is Role.LINK_TUTOR and case.view_of(Role.MENTOR) is None


def _typed_by_tutor(_case: Case, event: e.Event, _party: Party) -> bool:
    return bool(event.for_whom) and event.role is Role.LINK_TUTOR


def _took_it_up(_case: Case, event: e.Event, _party: Party) -> bool:
    """When the office answers, it names somebody, and the mentor hears of that."""
    return event.role is Role.LINK_TUTOR


def _books_nothing(_case: Case, event: e.Event, _party: Party) -> bool:
    """What books the meeting in the same act is told as booked."""
    return isinstance(event, e.TimesChosen) and event.books is None


def _office_offered(case: Case, event: e.Event, party: Party) -> bool:
    offer = case.offer
    return _books_nothing(case, event, party) and offer is not None and offer.role is Role.PARTNERSHIP_TEAM


def _mentors_own(_case: Case, event: e.Event, _party: Party) -> bool:
    return isinstance(event, e.ViewRecorded) and whose_view(event) is Role.MENTOR


def _not_given(_case: Case, event: e.Event, _party: Party) -> bool:
    return isinstance(event, e.PromiseTicked) and not event.given and event.role is Role.STUDENT


def _was_told(case: Case, _event: e.Event, _party: Party) -> bool:
    return case.told is not None


def _not_in_the_same_act(case: Case, event: e.Event, _party: Party) -> bool:
    """Of a conversation and what came of it, recorded together, the student hears in one message."""
    place = next((n for n, x in enumerate(case.events) if x is event), 0)
    before = case.events[place - 1]
    return not (isinstance(before, e.PlanDiscussed) and before.at == event.at)


def _first_booking(case: Case, _event: e.Event, _party: Party) -> bool:
    """People are told once that the visit is booked. Of a change they hear when it is changed."""
    return len(case.since(e.PlanShared, e.ReviewBooked)) == 1 and not case.since(e.PlanShared, e.ReviewChanged)


def _not_in_person(_case: Case, event: e.Event, _party: Party) -> bool:
    """The office hears of a review that is no visit, with the reason."""
    return isinstance(event, e.ReviewStarted) and not event.in_person


def _had_ended(case: Case, _event: e.Event, _party: Party) -> bool:
    """Who was told that a placement had ended is told that this was put right."""
    return isinstance(case.outcome, e.PlacementTerminated)


def _organises(role: Role) -> When:
    """Whether a holder of *role* is the one in whose calendar the entry stands."""

    def when(case: Case, event: e.Event, _party: Party) -> bool:
        if not isinstance(event, e.InvitationRefused | e.FoundInCalendar):
            return False
        booked = case.last(e.NextStepsBooked) if event.which is e.Gathering.NEXT_STEPS else None
        return role is (booked.role if booked else Role.LINK_TUTOR)

    return when


def _changed_in_outlook(role: Role) -> When:
    """A change that nobody has answered yet, for whoever can answer it."""
    organises = _organises(role)

    def when(case: Case, event: e.Event, party: Party) -> bool:
        if not isinstance(event, e.FoundInCalendar) or not organises(case, event, party):
            return False
        return difference(case, party, event.which) is not None

    return when


def _of_the_meeting(case: Case, event: e.Event, _party: Party) -> bool:
    meets = isinstance(event, e.InvitationRenewed) and event.which is e.Gathering.MEETING
    return meets and case.meeting is not None


_M, _LT, _PT, _PL = Role.MENTOR, Role.LINK_TUTOR, Role.PARTNERSHIP_TEAM, Role.PARTNERSHIP_LEAD
_CD, _LL, _S = Role.COURSE_DIRECTOR, Role.LEVEL_LEAD, Role.STUDENT
N = Notice
#: In whose calendar a gathering may stand.
ORGANISERS = (_LT, _PT, _PL, _CD)
_TYPED = Telling(N.TYPED_FOR_YOU, _M, _typed_for)
_REFERRED = (
    _TYPED,
    Telling(N.CASE_FOR_YOU, _LT, _has_link_tutor),
    Telling(N.NO_LINK_TUTOR, _PT, _has_none),
    Telling(N.REFERRAL_STUDENT, _S, _student_aware),
    Telling(N.CHANNEL_REFERRED, CHANNEL),
)
_PLAN_STARTS = (
    Telling(N.PLAN_STARTED, _M),
    Telling(N.PLAN_STARTED, _LT),
    Telling(N.PLAN_TO_YOU, _S, _not_in_the_same_act),
    Telling(N.PLAN_STARTED, _PT),
    Telling(N.CHANNEL_PLAN, CHANNEL),
)
_OVER = (
    Telling(N.CLOSED, _M),
    Telling(N.CLOSED, _LT, _was_told),
    Telling(N.CLOSED, _PT, _was_told),
    Telling(N.CLOSED, _S, _knew_anything),
)

TOLD: Mapping[type[e.Event], tuple[Telling, ...]] = {
    e.WeeklyTargetSet: (_TYPED, Telling(N.TARGET_COPY, _S, _copied)),
    e.TargetMet: (_TYPED, Telling(N.TARGET_MET, _S, _knew_anything)),
    e.TargetContinued: (_TYPED, Telling(N.TARGET_GOES_ON, _S, _copied)),
    e.LinkTutorTold: _REFERRED,
    e.LinkTutorToldAtOnce: _REFERRED,
    e.LinkTutorAcknowledged: (Telling(N.HAS_IT, _M, _took_it_up),),
    e.MeetingBooked: (
        Telling(N.MEETING_BOOKED, _M),
        Telling(N.MEETING_BOOKED, _LT),
        Telling(N.MEETING_BRIEF, _M, on_the_day=True),
        Telling(N.MEETING_BRIEF, _LT, on_the_day=True),
        Telling(N.MEETING_OVER, _LT, afterwards=True),
    ),
    e.MeetingCancelled: (_TYPED, Telling(N.MEETING_CANCELLED, _M), Telling(N.MEETING_CANCELLED, _LT)),
    e.TimesOffered: (Telling(N.TIMES_OFFERED, _M),),
    e.TimesChosen: (
        Telling(N.TIMES_CHOSEN, _LT, _books_nothing),
        Telling(N.TIMES_CHOSEN, _PT, _office_offered),
    ),
    e.ReferralWithdrawn: (_TYPED, Telling(N.WITHDRAWN, _LT), Telling(N.WITHDRAWN, _S, _student_knew)),
    e.ViewRecorded: (
        Telling(N.VIEW_WANTED, _M, _mentor_still_to_say),
        Telling(N.VIEW_TO_CONFIRM, _M, _typed_by_tutor),
        Telling(N.VIEW_RECORDED, _LT, _mentors_own),
    ),
    e.InterventionAgreed: (Telling(N.PLAN_OPENS, _M), Telling(N.PLAN_OPENS, _LT)),
    e.MoreTimeAgreed: (Telling(N.MORE_TIME, _M), Telling(N.MORE_TIME, _LT), Telling(N.MORE_TIME, _S)),
    e.NoInterventionAgreed: (
        Telling(N.NO_INTERVENTION, _M),
        Telling(N.NO_INTERVENTION, _LT),
        Telling(N.NO_INTERVENTION, _S, _knew_anything),
    ),
    e.ViewsDiffered: (Telling(N.VIEWS_DIFFER, _PL), Telling(N.VIEWS_DIFFER, _M)),
    e.LinkTutorNamed: (Telling(N.NAMED, _LT), Telling(N.REPLACED, _M)),
    e.MentorNamed: (Telling(N.NAMED, _M), Telling(N.REPLACED, _LT, _was_told)),
    e.PlanShared: (Telling(N.PLAN_SHARED, _M), Telling(N.PLAN_SHARED, _LT)),
    e.PlanReopened: (Telling(N.PLAN_CHANGED, _M), Telling(N.PLAN_CHANGED, _LT)),
    e.PlanWritten: (Telling(N.PLAN_CHANGED, _M), Telling(N.PLAN_CHANGED, _LT)),
    e.PlanVersionAgreed: (_TYPED,),
    e.PlanDiscussed: (Telling(N.PLAN_TO_YOU, _S),),
    e.StudentAgreed: _PLAN_STARTS,
    e.ProceededWithoutAgreement: (*_PLAN_STARTS, Telling(N.PLAN_STARTED, Role.PERSONAL_TUTOR)),
    e.StudentNotAgreed: (Telling(N.STUDENT_SAYS_NO, _LT), Telling(N.STUDENT_SAYS_NO, _PL)),
    e.PlanAmended: (Telling(N.PLAN_CHANGED, _M), Telling(N.PLAN_TO_YOU, _S)),
    e.ReviewChanged: (
        Telling(N.REVIEW_CHANGED, _M),
        Telling(N.REVIEW_CHANGED, _LT),
        Telling(N.REVIEW_CHANGED, _S),
    ),
    e.ReviewBooked: (
        Telling(N.REVIEW_BOOKED, _M, _first_booking),
        Telling(N.REVIEW_BOOKED, _LT, _first_booking),
        Telling(N.REVIEW_BOOKED, _S, _first_booking),
    ),
    e.InvitationRefused: tuple(Telling(N.BY_HAND, role, _organises(role)) for role in ORGANISERS),
    e.FoundInCalendar: tuple(Telling(N.CALENDAR_DIFFERS, role, _changed_in_outlook(role)) for role in ORGANISERS),
    e.InvitationRenewed: (
        Telling(N.MEETING_BRIEF, _M, _of_the_meeting, on_the_day=True),
        Telling(N.MEETING_BRIEF, _LT, _of_the_meeting, on_the_day=True),
        Telling(N.MEETING_OVER, _LT, _of_the_meeting, afterwards=True),
    ),
    e.PromiseTicked: (Telling(N.PROMISE_NOT_KEPT, _LT, _not_given),),
    e.StudentReplied: (Telling(N.STUDENT_REPLIED, _LT, _was_told), Telling(N.STUDENT_REPLIED, _M)),
    e.ReplyRequested: (Telling(N.RING_STUDENT, _LT),),
    e.ReviewStarted: (Telling(N.REVIEW_NOT_IN_PERSON, _PT, _not_in_person),),
    e.TerminationConfirmed: (Telling(N.TERMINATION_CONFIRMED, _LT),),
    e.PlacementContinued: (
        Telling(N.OUTCOME_TO_YOU, _S, at_once=True),
        Telling(N.OUTCOME, _M),
        Telling(N.OUTCOME, _PT),
        Telling(N.OUTCOME, _LL),
        Telling(N.OUTCOME, Role.PERSONAL_TUTOR),
        Telling(N.CHANNEL_REVIEWED, CHANNEL),
    ),
    e.PlacementTerminated: (
        Telling(N.OUTCOME_TO_YOU, _S, at_once=True),
        Telling(N.OUTCOME, _M),
        Telling(N.OUTCOME, _PT),
        Telling(N.OUTCOME, _PL),
        Telling(N.OUTCOME, _CD),
        Telling(N.OUTCOME, _LL),
        Telling(N.OUTCOME, Role.PERSONAL_TUTOR),
        Telling(N.CHANNEL_REVIEWED, CHANNEL),
    ),
    e.SecondPlanAgreed: (Telling(N.PLAN_OPENS, _M), Telling(N.PLAN_OPENS, _PL)),
    e.NextStepsBooked: (
        Telling(N.NEXT_STEPS_BOOKED, _S),
        Telling(N.NEXT_STEPS_BOOKED, _PL),
        Telling(N.NEXT_STEPS_BOOKED, _CD),
        Telling(N.NEXT_STEPS_BOOKED, _LL),
    ),
    e.NextStepsHeld: (Telling(N.NEXT_STEPS, _S), Telling(N.NEXT_STEPS, _LT), Telling(N.NEXT_STEPS, _LL)),
    e.OutcomeReopened: (
        Telling(N.OUTCOME_REOPENED, _S),
        Telling(N.OUTCOME_REOPENED, _M),
        Telling(N.OUTCOME_REOPENED, _LT),
        Telling(N.OUTCOME_REOPENED, _PT),
        Telling(N.OUTCOME_REOPENED, _LL),
        Telling(N.OUTCOME_REOPENED, _CD, _had_ended),
        Telling(N.OUTCOME_REOPENED, Role.PERSONAL_TUTOR),
    ),
    e.CasePaused: (_TYPED, Telling(N.PAUSED, _M), Telling(N.PAUSED, _LT, _was_told)),
    e.CaseResumed: (_TYPED, Telling(N.RESUMED, _M), Telling(N.RESUMED, _LT, _was_told)),
    e.RaisedInError: (
        _TYPED,
        Telling(N.IN_ERROR, _S, _knew_anything),
        Telling(N.IN_ERROR, _M),
        Telling(N.IN_ERROR, _LT, _was_told),
        Telling(N.IN_ERROR, _PT),
    ),
    e.StudentLeftCourse: _OVER,
    e.PlacementEnded: _OVER,
    e.OtherProcedureTookOver: _OVER,
}


def tellings(case: Case, event: e.Event, party: Party) -> Iterator[tuple[str, Telling]]:
    """Each recipient (a person id, or the channel) with what they are told of *event*, each notice once a person.

    *case* is the case with *event* already recorded. Whoever recorded it is told nothing now, but gets what comes on
    the day of the meeting, and after it, like everybody else.
    """
    told = {(event.by, (False, False))}
    for telling in TOLD.get(type(event), ()):
        if not telling.when(case, event, party):
            continue
        if telling.to == CHANNEL:
            yield CHANNEL, telling
            continue
        for person in _holders(Role(telling.to), case, party):
            if (person, telling.later) not in told:
                told.add((person, telling.later))
                yield person, telling


def _holders(role: Role, case: Case, party: Party) -> tuple[str, ...]:
    """Who holds *role*; the Partnership Team stands in where there is no Link Tutor or no Lead."""
    stand_in = party.office.team if role in (Role.LINK_TUTOR, Role.PARTNERSHIP_LEAD) else ()
    return party.holders(role, case) or stand_in
