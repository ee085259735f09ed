"""Ten thousand random steps: anybody tries anything, at any time, with forms filled well or badly.

Whatever is tried, the rules answer as the statement of the process in `test_process.py` says, the case stays one that
the process knows, and the log told again gives the same case.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date, datetime, time, timedelta
from enum import Enum
from random import Random
from typing import Any, ClassVar

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from pathway import events as e
from pathway.case import Case, after, fold
from pathway.dates import local, local_date
from pathway.nudges import due, next_at
from pathway.people import Item, access
from pathway.process import Stage
from pathway.provider import Settings
from pathway.roles import Role
from pathway.rules import Ground, NotYours, OutOfStep, Refused, decide
from pathway.tellings import CHANNEL, tellings
from tests.pathway.builders import _WAY, DEFAULTS, PEOPLE, PROVIDER, REFERENCE, Story, ground_for, moment
from tests.pathway.test_process import BY, MENTORS_OWN_ACTS, MOVES, NOT_TYPED_FOR_A_MENTOR, RECORDED

STRANGER = "nobody"
EVERYBODY = [*PEOPLE, STRANGER, e.SYSTEM, ""]
KINDS = list(DEFAULTS)
STARTS: list[Stage | None] = [None, None, *_WAY]
#: What ends or stops a case, or may be said at any time, is tried less often, so that walks go far.
SELDOM = {
    *(e.RaisedInError, e.StudentLeftCourse, e.PlacementEnded, e.OtherProcedureTookOver, e.CasePaused),
    *(e.StudentReplied, e.RecordedInPebblePad, e.Nudged, e.ReplyRequested, e.StudentTold),
    *(e.LinkTutorNamed, e.MentorNamed, e.TargetMet, e.NoInterventionAgreed, e.ReferralWithdrawn),
    *(e.InvitationWithdrawn, e.InvitationRefused),
}
#: What needs several things to have happened before is tried more often.
OFTEN = {
    e.PlanVersionAgreed: 12,
    e.PlanShared: 30,
    e.ReviewPartRecorded: 6,
    e.PlacementTerminated: 6,
    e.NextStepsBooked: 8,
    e.InterventionAgreed: 3,
    e.InvitationRenewed: 20,
    e.ViewsDiffered: 3,
    e.ProceededWithoutAgreement: 3,
}
WHERE: dict[type[e.Event], set[str]] = {kind: set(places) for _, kind, places, _, _ in MOVES} | {
    kind: set(places) for _, kind, places, _ in RECORDED
}
WHITHER: dict[type[e.Event], str] = {kind: to for _, kind, _, to, _ in MOVES}
#: What stands in calendars is put right, and found out, after the end too.
OF_CALENDARS = {e.InvitationSent, e.InvitationWithdrawn, e.InvitationRefused, e.FoundInCalendar}
AFTER_CLOSING = {e.StudentReplied, e.RecordedInPebblePad, e.Nudged, e.OutcomeReopened, *OF_CALENDARS}


class Walk(RuleBasedStateMachine):
    """One case, and people who try things on it. Every step is made from one number, so that a walk can be repeated
    and shortened.
    """

    tried: ClassVar[Counter[str]] = Counter()
    accepted: ClassVar[Counter[type[e.Event]]] = Counter()
    reached: ClassVar[Counter[Stage]] = Counter()

    @initialize(number=st.integers(0, 2**32))
    def a_case_begins(self, number: int) -> None:
        self.steps = 0
        chance = Random(number)  # noqa: S311 - a dice, no secret
        self.ground = _some_ground(chance)
        self.now = moment("2026-09-08 09:00") + timedelta(days=chance.randrange(110), hours=chance.randrange(9))
        self.story = Story(self.ground, lawful=False)
        self.before_the_pause: Stage | None = None
        start = chance.choice(STARTS)
        if start is not None:
            school_day = self.ground.calendar.next_open(local_date(self.now))
            self.now = moment(f"{school_day} 10:00")
            self.story.reach(start, self.now)
            self.now += timedelta(hours=1)

    @rule(number=st.integers(0, 2**32))
    def somebody_tries_something(self, number: int) -> None:
        self.steps += 1
        chance = Random(f"{self.steps} {number}")  # noqa: S311 - a dice, no secret
        if self.story.now and not self.story.now.stage.is_open and chance.random() < 0.2:
            self.a_case_begins(number)
        if chance.random() < 0.4:
            self.now += timedelta(hours=chance.randrange(200))
        event = self._attempt(chance)
        if chance.random() < 0.5:
            event = next((x for x in (self._attempt(chance) for _ in range(4)) if self._moves_on(x)), event)
        case = self.story.now
        wanted = self._wanted(event)
        try:
            decide(case, event, self.ground)
        except OutOfStep:
            answer = "out of step"
        except NotYours:
            answer = "not yours"
        except Refused as refused:
            answer = "in step and theirs"
            self._refused_in_words(refused)
            self.tried["refused"] += 1
        else:
            answer = "in step and theirs"
            self._accepted(case, event)
        assert answer == wanted, event
        self.tried[answer] += 1

    # -- what is tried ---------------------------------------------------------------------------------------------

    def _attempt(self, chance: Random) -> e.Event:
        kind = chance.choice(self._in_step() if chance.random() < 0.85 else KINDS)
        if kind in SELDOM and chance.random() < 0.8:
            kind = chance.choice(self._in_step())
        by, role = self._somebody(chance, kind)
        for_whom = ""
        if chance.random() < (0.3 if kind in MENTORS_OWN_ACTS else 0.05):
            for_whom = chance.choice([self.ground.party.mentor(self.story.now), *EVERYBODY])
        if role.value not in BY[kind].split() and not for_whom:
            for_whom = self.ground.party.mentor(self.story.now) if chance.random() < 0.5 else ""
        on = local_date(self.now) + timedelta(days=chance.choice([0, 0, 0, 0, -1, -3, 1]))
        stamp: dict[str, Any] = {"at": self.now, "on": on, "by": by, "role": role, "for_whom": for_whom}
        story = self.story if self.story.now else _ANY_STORY
        event = kind(**(stamp | DEFAULTS[kind](story, self.now)))
        if isinstance(event, e.ReviewPartRecorded):
            event = replace(event, part=chance.choice(list(e.ReviewPart)))
        if isinstance(event, e.StudentAgreed) and chance.random() < 0.5:
            event = replace(event, review_at=local(self.ground.calendar.add(event.on, 5), time(9, 30)))
        if isinstance(event, e.MentorNamed | e.LinkTutorNamed):
            event = replace(event, person=chance.choice(EVERYBODY[:-2]))
        while chance.random() < 0.35:
            event = _spoilt(event, chance)
        return event

    def _moves_on(self, event: e.Event) -> bool:
        """Whether it would be taken: half of what people try is what they were asked for."""
        try:
            decide(self.story.now, event, self.ground)
        except (OutOfStep, NotYours, Refused):
            return False
        return type(event) not in SELDOM

    def _in_step(self) -> list[type[e.Event]]:
        kinds = [kind for kind, places in WHERE.items() if _place(self.story.now) in places]
        return [kind for kind in kinds for _ in range(1 + OFTEN.get(kind, 0))] or KINDS

    def _somebody(self, chance: Random, kind: type[e.Event]) -> tuple[str, Role]:
        if chance.random() < 0.1:
            return chance.choice(EVERYBODY), chance.choice(list(Role))
        roles = [Role(word) for word in BY[kind].split()]
        if chance.random() < 0.1:
            roles = list(Role)
        role = chance.choice(roles)
        holders = self.ground.party.holders(role, self.story.now)
        return chance.choice(holders or (STRANGER,)), role

    # -- what must come of it --------------------------------------------------------------------------------------

    def _wanted(self, event: e.Event) -> str:
        kind = type(event)
        if _place(self.story.now) not in WHERE[kind]:
            return "out of step"
        if event.role not in self._roles_of(event.by):
            return "not yours"
        if event.for_whom and event.by != e.SYSTEM:
            theirs = (
                event.role in {Role.LINK_TUTOR, Role.PARTNERSHIP_TEAM}
                and event.for_whom == self._mentor()
                and kind in MENTORS_OWN_ACTS - NOT_TYPED_FOR_A_MENTOR
            )
        else:
            theirs = event.role.value in BY[kind].split()
        return "in step and theirs" if theirs else "not yours"

    def _mentor(self) -> str:
        begun = [x.mentor for x in self.story.history if isinstance(x, e.DraftStarted)]
        return [self.ground.party.placement.mentor, *begun, *self._named(e.MentorNamed)][-1]

    def _mentors(self) -> set[str]:
        """Both mentors of the placement, until the office names somebody."""
        placement, named = self.ground.party.placement, self._named(e.MentorNamed)
        return {named[-1]} if named else {self._mentor(), placement.mentor, placement.second_mentor}

    def _named(self, kind: type[e.MentorNamed | e.LinkTutorNamed]) -> list[str]:
        return [x.person for x in self.story.history if isinstance(x, kind)]

    def _roles_of(self, person: str) -> set[Role]:
        placement = self.ground.party.placement
        holders = {
            Role.MENTOR: self._mentors(),
            Role.LINK_TUTOR: {[placement.link_tutor, *self._named(e.LinkTutorNamed)][-1]},
            Role.PARTNERSHIP_TEAM: {"sam"},
            Role.PARTNERSHIP_LEAD: {"ruth"},
            Role.LEVEL_LEAD: {placement.level_lead},
            Role.PERSONAL_TUTOR: {placement.personal_tutor},
            Role.COURSE_DIRECTOR: {placement.course_director},
            Role.STUDENT: {placement.student},
            Role.SYSTEM: {e.SYSTEM},
        }
        return {role for role, people in holders.items() if person and person in people}

    def _refused_in_words(self, refused: Refused) -> None:
        assert refused.faults
        for fault in refused.faults:
            assert fault.sentence == fault.sentence.strip()
            assert fault.sentence.endswith((".", "?"))
            assert fault.sentence[0].isupper() or fault.sentence[0].isdigit()

    def _accepted(self, before: Case | None, event: e.Event) -> None:
        kind, now = type(event), after(before, event)
        self.accepted[kind] += 1
        self._promises_kept(before, event)
        self.story.now = now
        self.story.history.append(event)
        if now is None:
            assert WHITHER[kind] == "gone"
            self.story.history.clear()
            return
        assert fold(self.story.history) == now
        _no_path_leads_here(self.story.history)
        assert (now.came_from is not None) is (now.stage is Stage.PAUSED)
        self.reached[now.stage] += 1
        self._led_where_the_process_leads(before, event, now)
        self._told_properly(event, now)

    def _led_where_the_process_leads(self, before: Case | None, event: e.Event, now: Case) -> None:
        to = WHITHER.get(type(event), "stays")
        if to == "stays":
            assert before is not None
            assert (now.stage, now.step, now.entered) == (before.stage, before.step, before.entered)
            return
        assert now.step == (before.step + 1 if before else 1)
        assert now.entered is event
        assert now.stage is (self.before_the_pause if to == "back" else Stage(to))
        self.before_the_pause = before.stage if before and to == "paused" else None

    def _told_properly(self, event: e.Event, now: Case) -> None:
        party = self.ground.party
        told = list(tellings(now, event, party))
        at_once = [to for to, telling in told if not any(telling.later)]
        assert len(set(at_once)) == len(at_once)
        assert event.by not in at_once
        assert len({(to, telling.notice) for to, telling in told}) == len(told)
        for to, telling in told:
            assert to == CHANNEL or to in PEOPLE
            assert (to == CHANNEL) is telling.notice.startswith("channel_")
        assert all(access(party, STRANGER, item, now) is None for item in Item)
        wake = next_at(now, self.ground)
        if wake is not None:
            assert {nudge.to for nudge in due(now, self.ground, wake)} <= {*PEOPLE, CHANNEL}

    # -- what no path may lead to ----------------------------------------------------------------------------------

    def _promises_kept(self, before: Case | None, event: e.Event) -> None:
        if before and not before.stage.is_open:
            assert type(event) in AFTER_CLOSING
        if isinstance(event, e.WeeklyTargetSet | e.TargetContinued | e.ReferralWithdrawn | e.MoreTimeAgreed):
            assert event.check_on > local_date(event.at)
            assert self.ground.calendar.is_open(event.check_on)
            assert event.check_on <= self.ground.party.placement.end
        match event:
            case e.PlanShared():
                assert before
                self._shared_by_both(before, event)
            case e.PlacementTerminated():
                assert before
                assert {x.part for x in before.all(e.ReviewPartRecorded)} == set(e.ReviewPart)
            case e.InterventionAgreed(role=Role.LINK_TUTOR):
                assert before
                views = {x.view for role in (Role.MENTOR, Role.LINK_TUTOR) if (x := before.view_of(role))}
                assert views == {e.View.NOT_AS_EXPECTED}
            case e.WeeklyTargetSet() | e.LinkTutorToldAtOnce():
                assert 1 <= len(set(event.areas)) <= 3
                assert event.target.strip() or isinstance(event, e.LinkTutorToldAtOnce)
            case e.StudentAgreed():
                assert event.achievable
                assert event.knows_review_decides
            case e.DraftStarted():
                assert event.route_check_clear
                assert event.role is Role.MENTOR or event.for_whom

    def _shared_by_both(self, before: Case, event: e.PlanShared) -> None:
        """Both have ticked this very version, and hold the post now."""
        plan = [x for x in before.events if isinstance(x, e.PlanWritten | e.PlanAmended)][-1]
        assert plan.version == event.version
        assert 1 <= len({target.area for target in plan.targets}) <= 3
        assert before.all(e.PlanWritten)[-1].adjustments_checked
        assert before.review_at
        assert before.review_at > event.at
        ticks = [x for x in before.all(e.PlanVersionAgreed) if x.version == event.version]
        assert any((x.for_whom or x.by) in self._mentors() for x in ticks)
        assert any(x.role is Role.LINK_TUTOR and not x.for_whom for x in ticks)


def _no_path_leads_here(history: Sequence[e.Event]) -> None:
    """Whatever was tried: no plan of four areas, no outcome that nobody has told the student in person since the review
    began, no placement that ended without the typed reference.
    """
    for event in history:
        match event:
            case e.PlanWritten() | e.PlanAmended():
                assert 1 <= len({target.area for target in event.targets}) <= 3
            case e.PlacementContinued() | e.PlacementTerminated():
                assert event.told_student_at
                assert event.told_student_at <= event.at
                assert event.told_by.strip()
                began = [x for x in history[: history.index(event)] if isinstance(x, e.ReviewStarted)][-1]
                assert local_date(event.told_student_at) >= began.on
                if isinstance(event, e.PlacementTerminated):
                    assert event.typed_confirmation.strip().upper() == REFERENCE
            case _:
                continue


_ANY_STORY = Story().reach(Stage.PLAN_TO_DISCUSS, "2026-10-06 10:00")


def _place(case: Case | None) -> str:
    return case.stage.value if case else "nothing"


def _some_ground(chance: Random) -> Ground:
    """Providers and placements differ: with or without Link Tutor and second mentor, strict or not."""
    choices = Settings(
        allow_second_plan=chance.random() < 0.5,
        week_is_required=chance.random() < 0.2,
        termination_needs_lead=chance.random() < 0.3,
        copy_to_student=chance.random() < 0.8,
    )
    return ground_for(
        replace(PROVIDER, settings=choices),
        second_mentor=chance.choice(["", "gareth"]),
        calendar=chance.choice(["A", "B", "unknown"]),
        link_tutor_days=chance.choice(["", "", "Tuesday, Thursday"]),
        end=chance.choice([date(2027, 7, 16), date(2027, 2, 5)]),
    )


def _spoilt(event: e.Event, chance: Random) -> e.Event:
    """*event* with one field filled differently: left out, long past, far ahead, one too many."""
    own = {f.name for f in fields(event)} - {f.name for f in fields(e.Event)}
    if not own:
        return event
    name = chance.choice(sorted(own))
    untold = name == "told_student_at" and chance.random() < 0.3
    changed: dict[str, Any] = {name: None if untold else _otherwise(getattr(event, name), chance)}
    return replace(event, **changed)


def _otherwise(value: object, chance: Random) -> object:  # noqa: PLR0911 - a table, one row a type
    match value:
        case bool():
            return not value
        case Enum():
            return chance.choice(list(type(value)))
        case str():
            return chance.choice(["", "  ", "some words", "TS1", REFERENCE, "ruth"])
        case int():
            return value + chance.choice([-1, 1, 300])
        case datetime():
            return value + timedelta(hours=chance.choice([-2000, -30, 30, 90, 2000]))
        case date():
            return value + timedelta(days=chance.choice([-60, -1, 1, 2, 4, 60]))
        case (e.PlanTarget() as target, *_):
            areas = chance.choice([("TS1",), ("TS1", "TS2", "TS3"), ("TS1", "TS2", "TS3", "TS4"), ("TS1",) * 3])
            return tuple(replace(target, area=area) for area in areas)
        case (str(), *_):
            return chance.choice([(), ("TS1", "TS2", "TS3"), ("TS1", "TS2", "TS3", "TS4")])
        case tuple():
            return ()
        case _:
            return None


def _walks_on_until_everything_was_seen(most: int = 2000) -> None:
    """What is rare is met or not by chance, which turns with every module that is loaded: then a few more walks."""
    for number in range(most):
        if set(Walk.accepted) == set(KINDS):
            return
        walk = Walk()
        walk.a_case_begins(number)
        for step in range(50):
            walk.somebody_tries_something(number * 1000 + step)


def test_ten_thousand_random_steps_never_leave_the_process() -> None:
    for counts in (Walk.tried, Walk.accepted, Walk.reached):
        counts.clear()

    run_state_machine_as_test(
        Walk,
        settings=settings(
            max_examples=400, stateful_step_count=50, derandomize=True, deadline=None, phases=[Phase.generate]
        ),
    )

    _walks_on_until_everything_was_seen()
    steps = Walk.tried["out of step"] + Walk.tried["not yours"] + Walk.tried["in step and theirs"]
    assert steps >= 10_000
    assert set(Walk.accepted) == set(KINDS), "a walk that never gets somewhere proves nothing about it"
    assert set(Walk.reached) == set(Stage)
    assert min(Walk.tried.values()) > 500, Walk.tried
