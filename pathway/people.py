"""Who is who on a placement, who may record what on a case, and who sees what.

Roles belong to placements: one person may be mentor here and Link Tutor there. Every way in asks `roles_on` and
`acting_role`; nothing a card says about a person is believed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from pathway import events as e
from pathway.case import Case
from pathway.process import Stage
from pathway.roles import OFFICE, Role


class Reach(StrEnum):
    """How a person is reached: in Teams, as a guest in Teams, or by e-mail only."""

    TEAMS = "teams"
    GUEST = "guest"
    EMAIL_ONLY = "email_only"


#: Reasons of our own why somebody is out of reach, beside the codes that Teams gives.
NEVER_OPENED, REMOVED, MAIL_REFUSED = "NeverOpened", "Removed", "MailRefused"


#: In the place of a name that was erased.
FORMER_STUDENT, FORMER_COLLEAGUE = "a former student", "a former colleague"


@dataclass(frozen=True, slots=True)
class OutOfReach:
    """Teams takes nothing for this person until they are heard of again. *since* is aware; *reason* is Teams' code
    ("ConversationBlockedByUser") or one of ours; *by_mail*: what is meant for them goes by e-mail instead.
    """

    since: datetime
    reason: str
    by_mail: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """*id* is opaque and stable; *object_id* is the directory's, empty until the first contact. *out_of_reach* is kept
    by the bot, never by a placement list.
    """

    id: str
    name: str
    email: str
    object_id: str = ""
    reach: Reach = Reach.EMAIL_ONLY
    out_of_reach: OutOfReach | None = None


@dataclass(frozen=True, slots=True)
class Placement:
    """One student in one school for one phase. People are person ids, "" where nobody holds the role."""

    id: str
    student: str
    mentor: str
    course: str
    phase: str
    school: str
    school_address: str
    calendar: str
    start: date
    end: date
    days: str = ""
    second_mentor: str = ""
    link_tutor: str = ""
    link_tutor_days: str = ""
    level_lead: str = ""
    personal_tutor: str = ""
    course_director: str = ""

    def is_current(self, today: date) -> bool:
        return self.start <= today <= self.end

    @property
    def people(self) -> frozenset[str]:
        """Everybody whom it names, in any role."""
        named = (self.student, self.mentor, self.second_mentor, self.link_tutor, self.level_lead)
        return frozenset((*named, self.personal_tutor, self.course_director)) - {""}


@dataclass(frozen=True, slots=True)
class Office:
    """The people of the Partnership, on every case."""

    team: tuple[str, ...] = ()
    leads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Party:
    """Everybody around one placement, with their details: what cards and rules may know of people.

    *cases_of_student* are the ids of all cases of this student, on any placement, but for those raised in error.
    *tutor_reads_targets*: the provider lets Link Tutors read weekly targets before they are told (off by default).
    """

    placement: Placement
    office: Office
    people: Mapping[str, Person] = field(default_factory=dict)
    tutor_reads_targets: bool = False
    cases_of_student: tuple[str, ...] = ()

    def somebody(self, person: str) -> Person | None:
        """Who has this id, or this e-mail address: a deputy whom somebody named may be on no list."""
        known = self.people.get(person)
        return Person(person, person, person) if known is None and "@" in person else known

    def name(self, person: str) -> str:
        """Who was erased is named by what they were."""
        known = self.somebody(person)
        if known is None:
            return FORMER_STUDENT if person == self.placement.student else FORMER_COLLEAGUE
        return known.name

    def link_tutor(self, case: Case | None) -> str:
        """The Link Tutor of this case now (a cover named by the office comes first), or ""."""
        named = case.last(e.LinkTutorNamed) if case else None
        return named.person if named else self.placement.link_tutor

    def mentor(self, case: Case | None) -> str:
        return case.mentor if case else self.placement.mentor

    def holders(self, role: Role, case: Case | None = None) -> tuple[str, ...]:
        """The person ids that hold *role* here; more than one only in the office."""
        return tuple(filter(None, _HELD[role](self, case)))

    def roles_on(self, person: str, case: Case | None = None) -> tuple[Role, ...]:
        """Every role of *person* on this case, the nearest to the student first. Empty for a stranger."""
        roles = [role for role, held in _HELD.items() if person and person in held(self, case)]
        replaced = case is not None and case.last(e.MentorNamed) is not None
        mentors = {self.placement.mentor, self.placement.second_mentor}
        if person and person in mentors and not replaced and Role.MENTOR not in roles:
            roles.insert(0, Role.MENTOR)
        return tuple(roles)


#: Who holds a role, in the order of `Role`; "" where nobody does.
_HELD: Mapping[Role, Callable[[Party, Case | None], tuple[str, ...]]] = {
    Role.MENTOR: lambda party, case: (party.mentor(case),),
    Role.LINK_TUTOR: lambda party, case: (party.link_tutor(case),),
    Role.PARTNERSHIP_TEAM: lambda party, _: party.office.team,
    Role.PARTNERSHIP_LEAD: lambda party, _: party.office.leads,
    Role.LEVEL_LEAD: lambda party, _: (party.placement.level_lead,),
    Role.PERSONAL_TUTOR: lambda party, _: (party.placement.personal_tutor,),
    Role.COURSE_DIRECTOR: lambda party, _: (party.placement.course_director,),
    Role.STUDENT: lambda party, _: (party.placement.student,),
    Role.SYSTEM: lambda *_: (e.SYSTEM,),
}

_M, _LT, _PT, _PL = Role.MENTOR, Role.LINK_TUTOR, Role.PARTNERSHIP_TEAM, Role.PARTNERSHIP_LEAD
_CD, _S, _SYS = Role.COURSE_DIRECTOR, Role.STUDENT, Role.SYSTEM


def _by(*roles: Role) -> frozenset[Role]:
    return frozenset(roles)


#: Who may record which event.
MAY_RECORD: Mapping[type[e.Event], frozenset[Role]] = {
    e.DraftStarted: _by(_M, _LT, _PT),
    e.DraftDiscarded: _by(_M, _LT, _PT, _SYS),
    e.WeeklyTargetSet: _by(_M, _LT, _PT),
    e.TargetMet: _by(_M),
    e.TargetContinued: _by(_M),
    e.LinkTutorTold: _by(_M, _LT, _PT),
    e.LinkTutorToldAtOnce: _by(_M, _LT, _PT),
    e.LinkTutorAcknowledged: _by(_LT, _PT),
    e.MeetingBooked: _by(_LT, _PT, _M),  # the mentor only by taking a time that was offered: the guard sees to it
    e.MeetingCancelled: _by(_LT, _PT, _M),
    e.ReferralWithdrawn: _by(_M),
    e.InterventionAgreed: _by(_LT, _PL),
    e.MoreTimeAgreed: _by(_LT, _PL),
    e.NoInterventionAgreed: _by(_LT, _PL),
    e.ViewsDiffered: _by(_LT),
    e.PlanShared: _by(_LT, _M),
    e.PlanReopened: _by(_LT, _M),
    e.StudentAgreed: _by(_LT, _M),
    e.StudentNotAgreed: _by(_LT, _M, _S),
    e.ProceededWithoutAgreement: _by(_PL),
    e.PlanAmended: _by(_LT),
    e.ReviewChanged: _by(_LT, _PT),
    e.ReviewStarted: _by(_LT),
    e.PlacementContinued: _by(_LT),
    e.PlacementTerminated: _by(_LT),
    e.SecondPlanAgreed: _by(_LT),
    e.NextStepsHeld: _by(_PL, _PT, _CD),
    e.OutcomeReopened: _by(_PL),
    e.CasePaused: _by(_M, _LT, _PT),
    e.CaseResumed: _by(_M, _LT, _PT),
    e.RaisedInError: _by(_M, _LT, _PT, _PL),
    e.StudentLeftCourse: _by(_PT, _PL),
    e.PlacementEnded: _by(_PT, _PL),
    e.OtherProcedureTookOver: _by(_PT, _PL),
    e.ViewRecorded: _by(_M, _LT),
    e.TimesOffered: _by(_LT, _PT),
    e.TimesChosen: _by(_M),
    e.SecondOpinion: _by(_M),
    e.LinkTutorNamed: _by(_PT),
    e.MentorNamed: _by(_PT),
    e.PlanWritten: _by(_M, _LT),
    e.PlanVersionAgreed: _by(_M, _LT),
    e.PlanDiscussed: _by(_M, _LT),
    e.StudentConfirmed: _by(_S),
    e.StudentReplied: _by(_S),
    e.DutyDone: _by(_LT),
    e.PromiseTicked: _by(_M, _LT, _S),
    e.ReviewBooked: _by(_LT, _PT),
    e.RecordedInPebblePad: _by(_M, _LT),
    e.ReviewPartRecorded: _by(_LT, _M),
    e.TerminationConfirmed: _by(_PL),
    e.StudentTold: _by(_M, _LT, _PT),
    e.NextStepsBooked: _by(_PT, _PL, _CD),
    e.InvitationSent: _by(_SYS),
    e.InvitationWithdrawn: _by(_SYS),
    e.InvitationRefused: _by(_SYS),
    e.FoundInCalendar: _by(_SYS),
    e.InvitationRenewed: _by(_LT, _PT, _PL, _CD),
    e.ReplyRequested: _by(_S),
    e.Nudged: _by(_SYS),
}

#: What the Link Tutor or the Partnership Team may type for the mentor, who is named in `for_whom`.
FOR_THE_MENTOR: frozenset[type[e.Event]] = frozenset(
    {
        e.DraftStarted,
        e.DraftDiscarded,
        e.WeeklyTargetSet,
        e.TargetMet,
        e.TargetContinued,
        e.LinkTutorTold,
        e.LinkTutorToldAtOnce,
        e.MeetingCancelled,
        e.ReferralWithdrawn,
        e.ViewRecorded,
        e.TimesChosen,
        e.SecondOpinion,
        e.PlanWritten,
        e.PlanVersionAgreed,
        e.PlanDiscussed,
        e.StudentAgreed,
        e.StudentNotAgreed,
        e.PromiseTicked,
        e.RecordedInPebblePad,
        e.ReviewPartRecorded,
        e.StudentTold,
        e.CasePaused,
        e.CaseResumed,
        e.RaisedInError,
    }
)


def acting_role(
    party: Party, person: str, kind: type[e.Event], case: Case | None = None, for_whom: str = ""
) -> Role | None:
    """The role in which *person* may record *kind*, for somebody or for themselves; None when they may not."""
    may = MAY_RECORD[kind]
    roles = party.roles_on(person, case)
    if not for_whom:
        return next((role for role in roles if role in may), None)
    if for_whom != party.mentor(case) or kind not in FOR_THE_MENTOR:
        return None
    return next((role for role in roles if role in (Role.LINK_TUTOR, Role.PARTNERSHIP_TEAM)), None)


class Item(StrEnum):
    """The parts of a case that people may or may not see."""

    DRAFT = "draft"
    CONCERN = "concern and weekly target"
    REFERRAL = "referral and support already given"
    VIEWS = "meeting record"
    PLAN = "support plan"
    REVIEW = "observation and review record"
    OUTCOME = "outcome"
    NEXT_STEPS = "next steps record"
    EARLIER = "earlier cases of the student"
    AUDIT = "audit log"


class Access(StrEnum):
    READS = "reads"
    WRITES = "writes"
    NOTICE = "gets a notice only"


_R, _W, _N = Access.READS, Access.WRITES, Access.NOTICE

#: Who sees what, once the Link Tutor has been told. Until then only student and mentor do, and who typed it for them.
SEES: Mapping[Item, Mapping[Role, Access]] = {
    Item.DRAFT: {},
    Item.CONCERN: {_S: _R, _M: _W, _LT: _R, _PT: _R, _PL: _R},
    Item.REFERRAL: {_S: _N, _M: _W, _LT: _R, _PT: _N, _PL: _N},
    Item.VIEWS: {_S: _N, _M: _W, _LT: _W, _PT: _R, _PL: _R},
    Item.PLAN: {_S: _R, _M: _W, _LT: _W, _PT: _R, _PL: _R, Role.LEVEL_LEAD: _N, Role.PERSONAL_TUTOR: _N},
    Item.REVIEW: {_S: _R, _M: _W, _LT: _W, _PT: _R, _PL: _R, _CD: _R},
    Item.OUTCOME: {
        _S: _R,
        _M: _R,
        _LT: _W,
        _PT: _R,
        _PL: _R,
        Role.LEVEL_LEAD: _N,
        Role.PERSONAL_TUTOR: _N,
        _CD: _R,
    },
    Item.NEXT_STEPS: {_S: _R, _LT: _R, _PT: _W, _PL: _W, Role.LEVEL_LEAD: _R, Role.PERSONAL_TUTOR: _R, _CD: _W},
    Item.EARLIER: {_S: _R, _LT: _R, _PT: _R, _PL: _R, _CD: _R},
    Item.AUDIT: {_PL: _R},
}

#: What the Course Director reads only after a placement was terminated.
_IF_TERMINATED = frozenset({Item.REVIEW, Item.OUTCOME, Item.EARLIER})

#: Who hears of a plan only if the Link Tutor chose to tell them.
_TOLD_IN_PERSON: Mapping[Role, e.Duty] = {
    Role.LEVEL_LEAD: e.Duty.LEVEL_LEAD_TOLD,
    Role.PERSONAL_TUTOR: e.Duty.PERSONAL_TUTOR_TOLD,
}


def access(party: Party, person: str, item: Item, case: Case, roles: tuple[Role, ...] | None = None) -> Access | None:
    """The widest access of *person* to *item* of *case*; None is the answer a stranger gets. *roles* are what
    `Party.roles_on` says of that person, for those who have asked already.
    """
    held = party.roles_on(person, case) if roles is None else roles
    found = [a for role in held if (a := _access_of(role, person, item, case, party)) is not None]
    return min(found, key=(_W, _R, _N).index) if found else None


def _access_of(role: Role, person: str, item: Item, case: Case, party: Party) -> Access | None:
    given = SEES[item].get(role)
    if given is None:
        return None
    reads_early = role is Role.LINK_TUTOR and item is Item.CONCERN and party.tutor_reads_targets
    if case.told is None and role not in (Role.MENTOR, Role.STUDENT) and not reads_early and not _typed(person, case):
        return None
    if role is Role.STUDENT:
        return _student_access(item, given, case)
    terminated = isinstance(case.outcome, e.PlacementTerminated)
    if item is Item.NEXT_STEPS or (role is Role.COURSE_DIRECTOR and item in _IF_TERMINATED):
        return given if terminated else None
    if role in _TOLD_IN_PERSON:
        chosen = any(d.duty is _TOLD_IN_PERSON[role] for d in case.all(e.DutyDone))
        return given if case.outcome or (chosen and item is Item.PLAN) else None
    return given


def _typed(person: str, case: Case) -> bool:
    """Whoever entered the concern for a mentor, or was named in it by the office, knows of it."""
    return any(x.by == person for x in case.events)


_SPOKEN_ABOUT_THE_PLAN = (e.PlanDiscussed, e.StudentAgreed, e.StudentNotAgreed)


def _student_access(item: Item, given: Access, case: Case) -> Access | None:
    """The student sees what a person has told them about first, and nothing of a case that was never theirs. Of the
    plan that is the very version somebody has talked through with them.
    """
    if case.stage is Stage.IN_ERROR or not any((_copied(case), _aware(case), _spoken(case), case.outcome)):
        return None
    match item:
        case Item.CONCERN:
            return given if _copied(case) else None
        case Item.REFERRAL | Item.VIEWS:
            return given if _aware(case) else None
        case Item.PLAN:
            return given if case.plan_talked_through else None
        case Item.OUTCOME:
            return given if case.outcome else None
        case _:
            return given


def _copied(case: Case) -> bool:
    concern = case.last(e.WeeklyTargetSet)
    return bool(concern and concern.copy_to_student)


def _aware(case: Case) -> bool:
    """Whether the student was told, by a person, that the Link Tutor was told."""
    aware = case.told is not None and case.told.student_aware
    return aware or any(t.what is e.Told.REFERRAL for t in case.all(e.StudentTold))


def _spoken(case: Case) -> bool:
    return any(case.last(kind) for kind in _SPOKEN_ABOUT_THE_PLAN)


def is_office(role: Role) -> bool:
    return role in OFFICE
