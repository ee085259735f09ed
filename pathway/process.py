"""The pathway of an intervention on one screen: in this stage this may happen, and leads there."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, StrEnum

from pathway import events as e


class Stage(StrEnum):
    """Where a case stands. The reason for which a case is closed is part of its stage."""

    DRAFT = "draft"
    WEEKLY_TARGET = "weekly_target"
    LINK_TUTOR_TOLD = "referred"
    MEETING_BOOKED = "meeting_booked"
    VIEWS_DIFFER = "views_differ"
    WRITING_PLAN = "plan_draft"
    PLAN_TO_DISCUSS = "plan_shared"
    PLAN_IN_PLACE = "plan_active"
    REVIEW = "review"
    NEXT_STEPS = "next_steps"
    PAUSED = "paused"
    TARGET_MET = "closed/target_met"
    NO_INTERVENTION = "closed/no_intervention"
    CONTINUES = "closed/continue"
    TERMINATED = "closed/terminated"
    IN_ERROR = "closed/raised_in_error"
    LEFT_COURSE = "closed/left_course"
    PLACEMENT_OVER = "closed/placement_ended"
    OTHER_PROCEDURE = "closed/other_procedure"

    @property
    def is_open(self) -> bool:
        return not self.value.startswith("closed/")


class Way(Enum):
    """Where an event leads, when it is no stage of its own."""

    STAY = "stay"  # recorded, and the stage is not entered anew: no card goes stale
    BACK = "back"  # to the stage the pause interrupted
    GONE = "gone"  # nothing is kept


_PLAN_OR_NOT: Mapping[type[e.Event], Stage | Way] = {
    e.InterventionAgreed: Stage.WRITING_PLAN,
    e.MoreTimeAgreed: Stage.WEEKLY_TARGET,
    e.NoInterventionAgreed: Stage.NO_INTERVENTION,
}
_MAY_END: Mapping[type[e.Event], Stage | Way] = {
    e.RaisedInError: Stage.IN_ERROR,
    e.StudentLeftCourse: Stage.LEFT_COURSE,
    e.PlacementEnded: Stage.PLACEMENT_OVER,
    e.OtherProcedureTookOver: Stage.OTHER_PROCEDURE,
}
_OPEN: Mapping[type[e.Event], Stage | Way] = {e.CasePaused: Stage.PAUSED, **_MAY_END}

#: The process. What is not here cannot happen.
PATHWAY: Mapping[Stage | None, Mapping[type[e.Event], Stage | Way]] = {
    None: {e.DraftStarted: Stage.DRAFT},
    Stage.DRAFT: {
        e.DraftDiscarded: Way.GONE,
        e.WeeklyTargetSet: Stage.WEEKLY_TARGET,
        e.LinkTutorToldAtOnce: Stage.LINK_TUTOR_TOLD,
    },
    Stage.WEEKLY_TARGET: {
        e.TargetMet: Stage.TARGET_MET,
        e.TargetContinued: Stage.WEEKLY_TARGET,
        e.LinkTutorTold: Stage.LINK_TUTOR_TOLD,
        **_OPEN,
    },
    Stage.LINK_TUTOR_TOLD: {
        e.LinkTutorAcknowledged: Way.STAY,
        e.MeetingBooked: Stage.MEETING_BOOKED,
        e.ReferralWithdrawn: Stage.WEEKLY_TARGET,
        e.ViewsDiffered: Stage.VIEWS_DIFFER,
        **_PLAN_OR_NOT,
        **_OPEN,
    },
    Stage.MEETING_BOOKED: {
        e.MeetingBooked: Stage.MEETING_BOOKED,
        e.MeetingCancelled: Stage.LINK_TUTOR_TOLD,
        e.ReferralWithdrawn: Stage.WEEKLY_TARGET,
        e.ViewsDiffered: Stage.VIEWS_DIFFER,
        **_PLAN_OR_NOT,
        **_OPEN,
    },
    Stage.VIEWS_DIFFER: {
        e.MeetingBooked: Stage.MEETING_BOOKED,
        **_PLAN_OR_NOT,
        **_OPEN,
    },
    Stage.WRITING_PLAN: {e.PlanShared: Stage.PLAN_TO_DISCUSS, **_OPEN},
    Stage.PLAN_TO_DISCUSS: {
        e.PlanReopened: Stage.WRITING_PLAN,
        e.StudentAgreed: Stage.PLAN_IN_PLACE,
        e.StudentNotAgreed: Way.STAY,
        e.ProceededWithoutAgreement: Stage.PLAN_IN_PLACE,
        **_OPEN,
    },
    Stage.PLAN_IN_PLACE: {
        e.StudentNotAgreed: Way.STAY,
        e.PlanAmended: Way.STAY,
        e.ReviewChanged: Way.STAY,
        e.ReviewStarted: Stage.REVIEW,
        **_OPEN,
    },
    Stage.REVIEW: {
        e.PlacementContinued: Stage.CONTINUES,
        e.PlacementTerminated: Stage.NEXT_STEPS,
        e.SecondPlanAgreed: Stage.WRITING_PLAN,
        **_OPEN,
    },
    Stage.NEXT_STEPS: {
        e.NextStepsHeld: Stage.TERMINATED,
        e.OutcomeReopened: Stage.REVIEW,
        **_OPEN,
    },
    Stage.PAUSED: {e.CaseResumed: Way.BACK, **_MAY_END},
    Stage.CONTINUES: {e.OutcomeReopened: Stage.REVIEW},
    Stage.TERMINATED: {e.OutcomeReopened: Stage.REVIEW},
    Stage.TARGET_MET: {},
    Stage.NO_INTERVENTION: {},
    Stage.IN_ERROR: {},
    Stage.LEFT_COURSE: {},
    Stage.PLACEMENT_OVER: {},
    Stage.OTHER_PROCEDURE: {},
}

_OPEN_STAGES = frozenset(s for s in Stage if s.is_open and s is not Stage.DRAFT)
_AFTER_DRAFT = frozenset(s for s in Stage if s is not Stage.DRAFT)

#: Facts move no stage; guards and cards read them. In these stages each may be recorded.
FACTS: Mapping[type[e.Event], frozenset[Stage]] = {
    e.ViewRecorded: _OPEN_STAGES,
    e.TimesOffered: frozenset({Stage.LINK_TUTOR_TOLD, Stage.MEETING_BOOKED, Stage.VIEWS_DIFFER}),
    e.TimesChosen: frozenset({Stage.LINK_TUTOR_TOLD, Stage.MEETING_BOOKED, Stage.VIEWS_DIFFER}),
    e.SecondOpinion: frozenset({Stage.WEEKLY_TARGET, Stage.LINK_TUTOR_TOLD, Stage.MEETING_BOOKED}),
    e.LinkTutorNamed: _OPEN_STAGES,
    e.MentorNamed: _OPEN_STAGES,
    e.PlanWritten: frozenset({Stage.WRITING_PLAN}),
    e.PlanVersionAgreed: frozenset({Stage.WRITING_PLAN}),
    e.PlanDiscussed: frozenset({Stage.PLAN_TO_DISCUSS}),
    e.StudentConfirmed: frozenset({Stage.PLAN_TO_DISCUSS, Stage.PLAN_IN_PLACE}),
    e.StudentReplied: _AFTER_DRAFT,
    e.DutyDone: frozenset({Stage.PLAN_IN_PLACE, Stage.REVIEW}),
    e.PromiseTicked: frozenset({Stage.PLAN_IN_PLACE, Stage.REVIEW}),
    e.ReviewBooked: frozenset({Stage.PLAN_IN_PLACE}),
    e.RecordedInPebblePad: _AFTER_DRAFT,
    e.ReviewPartRecorded: frozenset({Stage.REVIEW}),
    e.TerminationConfirmed: frozenset({Stage.REVIEW}),
    e.StudentTold: _OPEN_STAGES,
    e.NextStepsBooked: frozenset({Stage.NEXT_STEPS}),
    e.InvitationSent: _AFTER_DRAFT,
    e.InvitationWithdrawn: _AFTER_DRAFT,
    e.InvitationRefused: _AFTER_DRAFT,
    e.FoundInCalendar: _AFTER_DRAFT,
    e.InvitationRenewed: frozenset({Stage.MEETING_BOOKED, Stage.PLAN_IN_PLACE, Stage.REVIEW, Stage.NEXT_STEPS}),
    e.ReplyRequested: _OPEN_STAGES,
    e.Nudged: _AFTER_DRAFT,
}
