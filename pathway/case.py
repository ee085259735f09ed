"""A case is the fold of its events: where it stands, and everything that was said on the way.

Replaying checks no rules, so that events recorded under older rules stay readable for ever; `pathway.rules` decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar

from pathway import events as e
from pathway.process import PATHWAY, Stage, Way
from pathway.roles import Role

E = TypeVar("E", bound=e.Event)


@dataclass(frozen=True, slots=True)
class Case:
    """*step* counts stage entries (a card is made for one step); *entered* is the event that led here;
    *came_from* is the stage that a pause interrupted.
    """

    events: tuple[e.Event, ...]
    stage: Stage
    step: int
    entered: e.Event
    came_from: Stage | None = None

    # -- reading the log -------------------------------------------------------------------------------------------

    @property
    def version(self) -> int:
        return len(self.events)

    def all(self, kind: type[E]) -> tuple[E, ...]:
        return tuple(x for x in self.events if isinstance(x, kind))

    def last(self, kind: type[E]) -> E | None:
        for x in reversed(self.events):
            if isinstance(x, kind):
                return x
        return None

    def this_stage(self, kind: type[E]) -> tuple[E, ...]:
        """The events of *kind* since the stage was entered, the entering one included; pauses are no new entry."""
        began = self.began
        start = next(i for i in range(len(self.events) - 1, -1, -1) if self.events[i] is began)
        return tuple(x for x in self.events[start:] if isinstance(x, kind))

    def since(self, start: type[e.Event], kind: type[E]) -> tuple[E, ...]:
        """The events of *kind* after the newest of *start*, whatever stages lie between; all where there is none."""
        first = max((i for i, x in enumerate(self.events) if isinstance(x, start)), default=-1)
        return tuple(x for x in self.events[first + 1 :] if isinstance(x, kind))

    @property
    def began(self) -> e.Event:
        """The event that led to the present stage, whatever pauses came in between: `entered` is the resumption
        after one.
        """
        earlier: Case | None = self
        while earlier is not None and isinstance(earlier.entered, e.CaseResumed):
            paused = max(i for i, x in enumerate(earlier.events) if isinstance(x, e.CasePaused))
            earlier = fold(earlier.events[:paused])
        return earlier.entered if earlier else self.entered

    # -- what it is about ------------------------------------------------------------------------------------------

    @property
    def started(self) -> e.DraftStarted:
        first = self.events[0]
        if not isinstance(first, e.DraftStarted):
            raise TypeError("a case begins with DraftStarted")
        return first

    @property
    def id(self) -> str:
        return self.started.case

    @property
    def reference(self) -> str:
        return self.started.reference

    @property
    def placement(self) -> str:
        return self.started.placement

    @property
    def student(self) -> str:
        return self.started.student

    @property
    def mentor(self) -> str:
        """The person id of the mentor on this case now."""
        named = self.last(e.MentorNamed)
        return named.person if named else self.started.mentor

    @property
    def concern(self) -> e.WeeklyTargetSet | e.LinkTutorToldAtOnce | None:
        """The words the case began with."""
        return self.last(e.WeeklyTargetSet) or self.last(e.LinkTutorToldAtOnce)

    @property
    def areas(self) -> tuple[str, ...]:
        return self.concern.areas if self.concern else ()

    @property
    def target(self) -> str:
        more = self.last(e.MoreTimeAgreed)
        if more:
            return more.target
        return self.concern.target if self.concern else ""

    @property
    def told(self) -> e.LinkTutorTold | e.LinkTutorToldAtOnce | None:
        """How the Link Tutor was told, the last time, if ever."""
        return next(
            (x for x in reversed(self.events) if isinstance(x, e.LinkTutorTold | e.LinkTutorToldAtOnce)),
            None,
        )

    @property
    def acknowledged(self) -> e.LinkTutorAcknowledged | None:
        """Since the Link Tutor was last told."""
        told = self.told
        if told is None:
            return None
        after = self.events[self.events.index(told) :]
        return next((x for x in after if isinstance(x, e.LinkTutorAcknowledged)), None)

    @property
    def check_on(self) -> date | None:
        """The day of the one-week check, while one is running."""
        for event in reversed(self.events):
            if isinstance(event, e.CaseResumed) and event.check_on is None:
                continue
            if isinstance(event, CHECKS):
                return event.check_on
        return None

    @property
    def check_found(self) -> str:
        """How the day of the one-week check was found, in words."""
        event = next((x for x in reversed(self.events) if isinstance(x, CHECKS) and x.check_on is not None), None)
        return event.check_found if event else ""

    @property
    def repeats(self) -> int:
        """How often "one more week" was chosen."""
        return len(self.all(e.TargetContinued))

    @property
    def meeting(self) -> e.MeetingBooked | None:
        """The meeting that stands in the diary, if one does."""
        for event in reversed(self.events):
            if isinstance(event, e.MeetingBooked):
                return event
            if isinstance(event, e.MeetingCancelled | e.ReferralWithdrawn | e.MoreTimeAgreed):
                return None
        return None

    @property
    def meeting_link(self) -> str:
        """What joins the meeting online, "" where nobody knows a link."""
        return self.meeting.link if self.meeting else ""

    @property
    def offer(self) -> e.TimesOffered | None:
        """The times for the meeting that were offered since the case came to this step; None once somebody else is
        mentor or Link Tutor, whose times they are not.
        """
        offered = self.this_stage(e.TimesOffered)
        if not offered or self._after(offered[-1], e.LinkTutorNamed, e.MentorNamed):
            return None
        return offered[-1]

    @property
    def chosen(self) -> e.TimesChosen | None:
        """What the mentor answered to `offer`, if it was answered."""
        found = self._after(self.offer, e.TimesChosen) if self.offer else ()
        return next((x for x in found if isinstance(x, e.TimesChosen)), None)

    @property
    def open_offer(self) -> e.TimesOffered | None:
        """The times that wait for the mentor's answer."""
        return None if self.chosen else self.offer

    def _after(self, event: e.Event, *kinds: type[e.Event]) -> tuple[e.Event, ...]:
        start = next(n for n, x in enumerate(self.events) if x is event)
        return tuple(x for x in self.events[start + 1 :] if isinstance(x, kinds))

    def view_of(self, role: Role) -> e.ViewRecorded | None:
        """The newest view of the mentor or the Link Tutor since the Link Tutor was last told, whoever typed it."""
        told = self.told
        if told is None:
            return None
        for event in reversed(self.events[self.events.index(told) :]):
            if not isinstance(event, e.ViewRecorded):
                continue
            if whose_view(event) is role:
                return event
        return None

    @property
    def mentor_view_to_confirm(self) -> e.ViewRecorded | None:
        """The mentor's view, when the Link Tutor typed it and the mentor has not yet answered."""
        view = self.view_of(Role.MENTOR)
        return view if view and view.role is Role.LINK_TUTOR else None

    @property
    def plan(self) -> e.PlanWritten | None:
        """The newest version of the plan, as it was written or amended last."""
        written = self.last(e.PlanWritten)
        amended = self.since(e.PlanWritten, e.PlanAmended)
        if not written or not amended:
            return written
        newest = amended[-1]
        return replace(written, version=newest.version, targets=newest.targets, promises=newest.promises)

    @property
    def plan_talked_through(self) -> e.PlanWritten | None:
        """The newest version of the plan, once somebody has talked it through with the student; None before that, and
        from the moment it is opened for changes or a second plan is agreed until the new version is talked through.
        """
        if self.last(e.PlanShared) is None or self.since(e.PlanShared, e.PlanReopened):
            return None
        if self.since(e.PlanShared, e.SecondPlanAgreed):
            return None
        spoken = (
            *self.since(e.PlanShared, e.PlanDiscussed),
            *self.since(e.PlanShared, e.StudentAgreed),
            *(x for x in self.since(e.PlanShared, e.StudentNotAgreed) if x.role is not Role.STUDENT),
        )
        return self.plan if spoken else None

    @property
    def review_set_by(self) -> e.PlanWritten | e.ReviewChanged | e.StudentAgreed | None:
        """What set the present time of the review: the plan, a change of it, or the talk with the student."""
        for event in reversed(self.events):
            match event:
                case e.PlanWritten() | e.ReviewChanged():
                    return event
                case e.StudentAgreed() if event.review_at is not None:
                    return event
                case _:
                    continue
        return None

    @property
    def review_at(self) -> datetime | None:
        set_by = self.review_set_by
        return set_by.review_at if set_by and self.plan else None

    @property
    def review_place(self) -> str:
        """Where the review is held, "" where no plan says so."""
        set_by = self.review_set_by
        if isinstance(set_by, e.ReviewChanged):
            return set_by.place
        return self.plan.place if self.plan else ""

    @property
    def outcome(self) -> e.PlacementContinued | e.PlacementTerminated | None:
        return next(
            (x for x in reversed(self.events) if isinstance(x, e.PlacementContinued | e.PlacementTerminated)),
            None,
        )

    def was_nudged(self, timer: str, due: datetime, rung: str, to: str) -> bool:
        return any(n.timer == timer and n.due == due and n.rung == rung and n.to == to for n in self.all(e.Nudged))


CHECKS = (e.WeeklyTargetSet, e.TargetContinued, e.MoreTimeAgreed, e.ReferralWithdrawn, e.CaseResumed)


def whose_view(view: e.ViewRecorded) -> Role:
    """The mentor's where the mentor gave it or it was typed for the mentor, else the Link Tutor's."""
    return Role.MENTOR if view.role is Role.MENTOR or view.for_whom else Role.LINK_TUTOR


def after(case: Case | None, event: e.Event) -> Case | None:
    """*case* once *event* has happened; None when nothing of it is kept. Never refuses."""
    way = PATHWAY[case.stage if case else None].get(type(event))
    if way is Way.GONE:
        return None
    if case is None:
        return Case((event,), Stage.DRAFT, 1, event)
    said = replace(case, events=(*case.events, event))
    if way is Way.BACK and case.came_from:
        return replace(said, stage=case.came_from, step=case.step + 1, entered=event, came_from=None)
    if not isinstance(way, Stage):
        return said
    came_from = case.stage if way is Stage.PAUSED else None
    return replace(said, stage=way, step=case.step + 1, entered=event, came_from=came_from)


def fold(history: Iterable[e.Event]) -> Case | None:
    """The case that *history* tells of; None for an empty or a discarded one."""
    case: Case | None = None
    for event in history:
        case = after(case, event)
    return case
