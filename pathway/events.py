"""What can happen to a case: past tense, frozen, no behaviour.

An event says when it was recorded (`at`, aware), on which day it happened (`on`), who recorded it (`by`, a person id,
or `SYSTEM`), in which role, and for whom where somebody typed it for somebody else (`for_whom`, a person id or "").
The ids of the process data and these names stand side by side in `docs/process.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from pathway.roles import Role

SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    at: datetime
    on: date
    by: str
    role: Role
    for_whom: str = ""


# -- what moves a case --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftStarted(Event):
    """The route check was answered "no" for a current placement. Opens the log when the case is first sent."""

    case: str
    reference: str
    placement: str
    student: str
    mentor: str
    route_check_clear: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftDiscarded(Event):
    """The author, or five school days, threw the draft away: nothing of it is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyTargetSet(Event):
    """The concern, talked through with the student on `on`, as a weekly target (form 2)."""

    areas: tuple[str, ...]
    seen: str
    going_well: str
    target: str
    measure: str
    help_offered: tuple[str, ...]
    check_on: date
    check_found: str
    help_note: str = ""
    copy_to_student: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetMet(Event):
    """Met, and the student has been told so on `on`."""

    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetContinued(Event):
    """One more week for the same target, which the student was told on `on`."""

    check_on: date
    check_found: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTutorTold(Event):
    """The week was not enough (form 3 and 4 in one)."""

    evidence: str
    support_given: tuple[str, ...]
    student_aware: bool
    support_note: str = ""
    student_unaware_because: str = ""
    wish: str = ""
    best_times: str = ""
    early_because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTutorToldAtOnce(Event):
    """Told without a week in Pathway: a weekly target set elsewhere was not enough, or a reason to skip the week."""

    areas: tuple[str, ...]
    seen: str
    going_well: str
    evidence: str
    support_given: tuple[str, ...]
    student_aware: bool
    support_note: str = ""
    target: str = ""
    target_set_on: date | None = None
    skip_because: str = ""
    student_unaware_because: str = ""
    wish: str = ""
    best_times: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTutorAcknowledged(Event):
    """The Link Tutor, or the office, says "I have it"."""


class Held(StrEnum):
    TEAMS = "teams"
    VISIT = "visit"
    PHONE = "phone"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingBooked(Event):
    """A time for the meeting. *invite*: Pathway writes it into the calendars; else somebody has done so by hand.
    *reason* says why it is another time than before, where it was booked already.
    """

    starts: datetime
    minutes: int
    held: Held
    place: str = ""
    link: str = ""
    invite: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingCancelled(Event):
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralWithdrawn(Event):
    """The mentor goes on with the weekly target instead; a new check day."""

    reason: str
    check_on: date
    check_found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InterventionAgreed(Event):
    """Both views say "not as expected" (or the Partnership Lead decided where they differ): a plan is written."""

    held: Held
    present: tuple[str, ...]
    notes: str = ""
    decided_because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoreTimeAgreed(Event):
    held: Held
    present: tuple[str, ...]
    target: str
    check_on: date
    check_found: str
    student_told: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoInterventionAgreed(Event):
    reason: str
    held: Held
    present: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewsDiffered(Event):
    held: Held
    present: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanShared(Event):
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanReopened(Event):
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentAgreed(Event):
    """The plan was discussed on `on`; the student finds it achievable and knows that a review decides.

    `review_at` is the later review that was agreed in that conversation, where too little of the week was left.
    """

    achievable: bool
    knows_review_decides: bool
    comment: str = ""
    short_week_because: str = ""
    review_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentNotAgreed(Event):
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProceededWithoutAgreement(Event):
    reason: str
    adjustments_checked: bool
    comments_kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTarget:
    area: str
    target: str
    measure: str
    support: str
    monitored_by: str
    complete_by: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    what: str
    who: str
    by: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanAmended(Event):
    reason: str
    mentor_agrees: bool
    student_told: bool
    version: int
    targets: tuple[PlanTarget, ...]
    promises: tuple[Promise, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewChanged(Event):
    review_at: datetime
    place: str
    reason: str
    student_told: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewStarted(Event):
    in_person: bool
    not_in_person_because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementContinued(Event):
    """The student was told so in person, by *told_by* (a name), with *told_present* (names) there."""

    results: tuple[tuple[str, str], ...]
    reasons: str
    told_student_at: datetime | None
    told_by: str
    carry_on: str = ""
    parts_missing_because: str = ""
    told_present: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementTerminated(Event):
    """The student was told so in person, by *told_by* (a name), with *told_present* (names) there."""

    results: tuple[tuple[str, str], ...]
    reasons: str
    told_student_at: datetime | None
    told_by: str
    mentor_present_or_sent: bool
    typed_confirmation: str
    lead_told: str
    lead_told_at: datetime | None
    confirmed_by: str = ""
    told_present: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondPlanAgreed(Event):
    reason: str
    lead_agrees: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStepsHeld(Event):
    """*status* says whether the student is still enrolled, *teaching* whether sessions go on, *funding* whom to ask."""

    invited: tuple[str, ...]
    present: tuple[str, ...]
    options: tuple[str, ...]
    decision: str
    status: str
    appeal_given: bool
    follow_up: str = ""
    student_absent_because: str = ""
    teaching: str = ""
    funding: str = ""
    leaflet_given: bool = False
    brought_someone: bool = False
    deputies: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeReopened(Event):
    reason: str
    student_told: bool


class PauseReason(StrEnum):
    STUDENT_AWAY = "student away"
    SCHOOL_CLOSED = "school closed"
    MENTOR_AWAY = "mentor away"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePaused(Event):
    reason: PauseReason
    back_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResumed(Event):
    """`on` is the first day back; `check_on` the one-week check anew where one was running (at least 2 school days)."""

    check_on: date | None = None
    check_found: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RaisedInError(Event):
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentLeftCourse(Event):
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementEnded(Event):
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherProcedureTookOver(Event):
    """No details: the other procedure keeps its own record."""


# -- facts: recorded on the case, moving nothing --------------------------------------------------------------------


class View(StrEnum):
    AS_EXPECTED = "as expected"
    NOT_AS_EXPECTED = "not as expected"
    NOT_SURE = "not sure"


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewRecorded(Event):
    """One person's view after the meeting of `on`; the Link Tutor's carries how it was held and who was there.

    Typed for the mentor, it waits for "That is right"; `means` says how it was given ("in the meeting").
    """

    view: View
    words: str
    means: str = ""
    held: Held | None = None
    present: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TimesOffered(Event):
    """Up to three times for the meeting (aware, the soonest first), for the mentor to choose from. *reason* as in
    `MeetingBooked`.
    """

    times: tuple[datetime, ...]
    minutes: int
    held: Held
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimesChosen(Event):
    """Of the times offered, those the mentor can do; none of them, and in *words* what would suit better. *books* is
    the one that the meeting is booked for in the same act, None where a person makes the invitation; *taken* are those
    at which the Link Tutor was no longer free.
    """

    times: tuple[datetime, ...]
    words: str = ""
    books: datetime | None = None
    taken: tuple[datetime, ...] = ()


class Opinion(StrEnum):
    SPOKE = "spoke to a colleague"
    ASKED = "asked a fellow mentor to observe"
    OBSERVED = "a fellow mentor observed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondOpinion(Event):
    kind: Opinion
    planned_on: date | None = None
    seen: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTutorNamed(Event):
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MentorNamed(Event):
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanWritten(Event):
    version: int
    targets: tuple[PlanTarget, ...]
    promises: tuple[Promise, ...]
    review_at: datetime
    place: str
    starts: date
    adjustments_checked: bool
    short_because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanVersionAgreed(Event):
    version: int
    means: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDiscussed(Event):
    """Spoken with the student on `on`: only now does the student's chat show the plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentConfirmed(Event):
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentReplied(Event):
    words: str


class Duty(StrEnum):
    PERSONAL_SUPPORT = "personal support offered"
    LEVEL_LEAD_TOLD = "level lead told"
    LEVEL_LEAD_NOT_NEEDED = "level lead not needed"
    PERSONAL_TUTOR_TOLD = "personal tutor told"
    PERSONAL_TUTOR_NOT_NEEDED = "personal tutor not needed"


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyDone(Event):
    duty: Duty


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseTicked(Event):
    promise: int
    given: bool
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewBooked(Event):
    """The review visit, as the plan has it, stands in the calendars: *starts* aware, *place* in words. *invite* as in
    `MeetingBooked`.
    """

    starts: datetime
    place: str
    invite: bool = False
    minutes: int = 90


class Record(StrEnum):
    WEEKLY_TARGET = "weekly target"
    PLAN = "plan"
    REVIEW = "review"
    OUTCOME = "outcome"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedInPebblePad(Event):
    record: Record
    phase: str = ""


class ReviewPart(StrEnum):
    OBSERVATION = "observation"
    MENTOR_DISCUSSION = "discussion with the mentor"
    THREE_WAY = "three-way conversation"


class SupportGiven(StrEnum):
    YES = "yes"
    PARTLY = "partly"
    NO = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPartRecorded(Event):
    """*evidence* pairs a target with what was seen of it; *support* answers "was the agreed support given". *observer*
    is a name and *suggestions* follow from the lesson; *summary* is what the three-way conversation came to.
    """

    part: ReviewPart
    words: str
    evidence: tuple[tuple[str, str], ...] = ()
    present: tuple[str, ...] = ()
    support: SupportGiven | None = None
    observer: str = ""
    suggestions: str = ""
    summary: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminationConfirmed(Event):
    """The Partnership Lead's own confirmation that the placement may end, where the provider asks for one."""


class Told(StrEnum):
    """What a student was told about, by a person."""

    CONCERN = "the concern"
    REFERRAL = "that the Link Tutor is told"
    PLAN = "the plan"
    OUTCOME = "the outcome"
    CLOSED = "that the matter is closed"
    ERROR = "that it was raised in error"


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentTold(Event):
    what: Told
    in_person: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStepsBooked(Event):
    """*invited* are roles; *deputies* says who comes for whom, with their e-mail addresses or without. Where the day is
    far away, *interim_contact* is whom the student can turn to until then. *reason* says why it is another day than
    before. *invite* as in `MeetingBooked`.
    """

    starts: datetime
    place: str
    invited: tuple[str, ...]
    deputies: str = ""
    interim_contact: str = ""
    reason: str = ""
    invite: bool = False


class Gathering(StrEnum):
    """What people come together for."""

    MEETING = "meeting"
    REVIEW = "review"
    NEXT_STEPS = "next steps"


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationSent(Event):
    """It stands in the calendars, new or moved: *entry* is the calendar's own id in that of *organiser* (a person id),
    *link* joins it in Teams, "" where it is not held there. *starts* is aware.
    """

    which: Gathering
    revision: int
    organiser: str
    entry: str
    starts: datetime
    minutes: int
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationWithdrawn(Event):
    """It stands in no calendar any more."""

    which: Gathering
    revision: int


#: Why a calendar is left to its owner that neither took an entry nor refused it.
IN_VAIN = "TriedInVain"


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationRefused(Event):
    """The calendar of *organiser* (a person id) may not be written, or not any more: people go on by hand. *reason* is
    Graph's code, or `IN_VAIN` where it was tried for hours and is perhaps written.
    """

    which: Gathering
    revision: int
    organiser: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundInCalendar(Event):
    """How the entry was found, other than it was known: *starts* (aware) is None where it was deleted; *declined* are
    the person ids of who said no.
    """

    which: Gathering
    revision: int
    starts: datetime | None
    minutes: int = 0
    declined: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationRenewed(Event):
    """After somebody moved or deleted it in Outlook: it is to stand in the calendars as the case has it."""

    which: Gathering


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyRequested(Event):
    """The student asks to be rung by the Link Tutor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nudged(Event):
    """Somebody was reminded (`sent`), or a later rung made this one needless."""

    timer: str
    due: datetime
    rung: str
    to: str
    sent: bool = True
