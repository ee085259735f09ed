"""A made-up partnership, and cases told as stories.

    story = Story()
    story.on("2026-10-06 10:00").mentor(e.WeeklyTargetSet)
    story.on("2026-10-13 15:40").mentor(e.TargetMet)
    assert story.case.stage is Stage.TARGET_MET

Every event class has lawful defaults for the moment it is told at; fields that matter to a test are given by name.
The rules are asked for every event (`lawful=False` only folds). `reach` walks to a stage the short way; `until` lets
days pass as the bot's own clock does, and says what was sent, one line each: "Mon 12 Oct 08:00 priya T1 day before".
Moments are London's, by the clock on the wall.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from pathway import events as e
from pathway.case import Case, after
from pathway.clocks import review_moment
from pathway.dates import Stretch, in_london, local, local_date
from pathway.nudges import Nudge, due, next_at
from pathway.people import Office, Party, Person, Placement, Reach
from pathway.process import Stage
from pathway.provider import Provider, SchoolDates
from pathway.roles import Role
from pathway.rules import Ground, decide


def day(text: str) -> date:
    return date.fromisoformat(text)


def moment(text: str) -> datetime:
    """ "2026-10-06 10:00" on London's clock; a day alone is its midnight."""
    on, _, at = text.partition(" ")
    return local(day(on), time.fromisoformat(at or "00:00"))


def said(at: datetime) -> str:
    """Such as "Mon 12 Oct 08:00", on London's clock."""
    return f"{in_london(at):%a %-d %b %H:%M}"


def _terms(*terms: str) -> tuple[Stretch, ...]:
    pairs = [term.split(" to ") for term in terms]
    return tuple((day(first), day(last)) for first, last in pairs)


#: A Leeds-like authority: fixed April break, so that Easter's bank holidays can lie inside a term.
CALENDAR_A = SchoolDates(
    "A",
    "Calendar A",
    terms=_terms(
        "2026-09-01 to 2026-10-23",
        "2026-11-02 to 2026-12-18",
        "2027-01-04 to 2027-02-12",
        "2027-02-22 to 2027-04-01",
        "2027-04-19 to 2027-05-28",
        "2027-06-07 to 2027-07-23",
    ),
    inset=tuple(map(day, ("2026-09-01", "2026-11-20", "2027-01-04", "2027-07-22", "2027-07-23"))),
)
#: A school with a two-week half term in October.
CALENDAR_B = SchoolDates(
    "B",
    "Calendar B",
    terms=_terms(
        "2026-09-02 to 2026-10-16",
        "2026-11-02 to 2026-12-18",
        "2027-01-05 to 2027-02-12",
        "2027-02-22 to 2027-03-25",
        "2027-04-12 to 2027-05-28",
        "2027-06-07 to 2027-07-21",
    ),
    inset=tuple(map(day, ("2026-09-02", "2026-11-02", "2027-01-05"))),
)
UNIVERSITY_CLOSED = _terms("2026-12-24 to 2027-01-03", "2027-12-24 to 2028-01-03")
PROVIDER = Provider(calendars=(CALENDAR_A, CALENDAR_B), university_closures=UNIVERSITY_CLOSED)

PEOPLE: Mapping[str, Person] = {
    person.id: person
    for person in (
        Person("priya", "Priya Nair", "priya@hollinbank.example", reach=Reach.GUEST),
        Person("gareth", "Gareth Bowen", "gareth@hollinbank.example", reach=Reach.GUEST),
        Person("dot", "Dot Ellery", "dot@fellview.example"),
        Person("tom", "Tom Ashworth", "tom@university.example", reach=Reach.TEAMS),
        Person("helen", "Dr Helen Marsh", "helen@university.example", reach=Reach.TEAMS),
        Person("martin", "Martin Leigh", "martin@university.example", reach=Reach.TEAMS),
        Person("sam", "Sam Whitfield", "sam@university.example", reach=Reach.TEAMS),
        Person("ruth", "Ruth Adeyemi", "ruth@university.example", reach=Reach.TEAMS),
        Person("alan", "Prof Alan Frost", "alan@university.example", reach=Reach.TEAMS),
        Person("nadia", "Nadia Hussain", "nadia@university.example", reach=Reach.TEAMS),
        Person("pat", "Pat Lowe", "pat@university.example", reach=Reach.TEAMS),
    )
}
PLACEMENT = Placement(
    id="placement-1",
    student="tom",
    mentor="priya",
    course="PGCE Primary",
    phase="Phase 1",
    school="Hollin Bank Primary",
    school_address="1 Hollin Lane",
    calendar="A",
    start=day("2026-09-07"),
    end=day("2027-07-16"),
    link_tutor="helen",
    level_lead="nadia",
    personal_tutor="pat",
    course_director="alan",
)
OFFICE = Office(team=("sam",), leads=("ruth",))
REFERENCE = "K7QM"


def ground_for(provider: Provider = PROVIDER, **placement: Any) -> Ground:
    """The made-up placement with some of its fields changed: `ground_for(calendar="B", link_tutor_days="Monday")`."""
    return Ground(Party(replace(PLACEMENT, **placement), OFFICE, PEOPLE), provider)


# -- what events say where a story does not ------------------------------------------------------------------------

Fields = dict[str, Any]
Defaults = Callable[["Story", datetime], Fields]


def _nothing(_story: Story, _at: datetime) -> Fields:
    return {}


def _says(**fields: Any) -> Defaults:
    return lambda _story, _at: dict(fields)


def _a_week_on(story: Story, at: datetime) -> Fields:
    found = story.ground.calendar.explain(local_date(at), 5)
    return {"check_on": found.day, "check_found": found.how}


def _draft(story: Story, _at: datetime) -> Fields:
    placement = story.ground.party.placement
    return {
        "case": "case-1",
        "reference": REFERENCE,
        "placement": placement.id,
        "student": placement.student,
        "mentor": placement.mentor,
        "route_check_clear": True,
    }


def _meeting(story: Story, at: datetime) -> Fields:
    starts = local(story.ground.university.next_after(local_date(at)), time(15, 45))
    return {"starts": starts, "minutes": 45, "held": e.Held.TEAMS, **_why_another_time(story)}


def _why_another_time(story: Story) -> Fields:
    """Where the meeting stands already."""
    return {"reason": "a parents' evening"} if story.now and story.case.meeting else {}


def _entry(story: Story, at: datetime) -> Fields:
    """The first meeting's, as it is booked."""
    starts = story.case.meeting.starts if story.case.meeting else at + timedelta(days=1)
    return {**_OF_THE_MEETING, "organiser": "helen", "entry": "entry-1", "starts": starts, "minutes": 45, "link": JOIN}


def _plan(story: Story, at: datetime) -> Fields:
    review = story.ground.calendar.add(local_date(at), 5)
    return {
        "version": story.next_version,
        "targets": (_target(review),),
        "promises": (e.Promise(what="A joint planning session", who="mentor"),),
        "review_at": local(review, time(9, 30)),
        "place": "Hollin Bank Primary",
        "starts": local_date(at),
        "adjustments_checked": True,
    }


def _target(by: date) -> e.PlanTarget:
    return e.PlanTarget(
        area="TS7",
        target="Use the class signal before every instruction",
        measure="The class is silent within ten seconds",
        support="A modelled lesson",
        monitored_by="mentor",
        complete_by=by,
    )


def _amended(story: Story, at: datetime) -> Fields:
    review = story.ground.calendar.add(local_date(at), 5)
    return {
        "reason": "one target was met early",
        "mentor_agrees": True,
        "student_told": True,
        "version": story.next_version,
        "targets": (_target(review),),
        "promises": (),
    }


def _outcome(_story: Story, at: datetime) -> Fields:
    told = at - timedelta(minutes=20)
    return {
        "results": (("Use the class signal before every instruction", "met"),),
        "reasons": "See the targets.",
        "told_student_at": told,
        "told_by": "Dr Helen Marsh",
    }


def _terminated(story: Story, at: datetime) -> Fields:
    return _outcome(story, at) | {
        "mentor_present_or_sent": True,
        "typed_confirmation": REFERENCE,
        "lead_told": "Ruth Adeyemi",
        "lead_told_at": at - timedelta(minutes=10),
    }


def _version(story: Story, _at: datetime) -> Fields:
    return {"version": story.next_version - 1}


_HELD = {"held": e.Held.TEAMS, "present": ("mentor", "link_tutor")}
_REASON = _says(reason="a reason")
_REFERRED = {
    "evidence": "The week went slowly.",
    "support_given": ("joint planning",),
    "student_aware": True,
}
_CONCERN = {"areas": ("TS7",), "seen": "Noise on Monday, period 2.", "going_well": "Warm with the class."}

#: Lawful fields for every event there is.
_OF_THE_MEETING: Fields = {"which": e.Gathering.MEETING, "revision": 1}
JOIN = "https://teams.microsoft.com/l/meetup-join/19%3ameeting"

DEFAULTS: Mapping[type[e.Event], Defaults] = {
    e.DraftStarted: _draft,
    e.DraftDiscarded: _nothing,
    e.WeeklyTargetSet: lambda story, at: (
        _CONCERN
        | {
            "target": "Wait for silence before every instruction",
            "measure": "Both hear it in three lessons",
            "help_offered": ("modelled lesson",),
        }
        | _a_week_on(story, at)
    ),
    e.TargetMet: _nothing,
    e.TargetContinued: _a_week_on,
    e.LinkTutorTold: _says(**_REFERRED, early_because="It cannot wait."),
    e.LinkTutorToldAtOnce: _says(**_CONCERN, **_REFERRED, target="Wait for silence", skip_because="It cannot wait."),
    e.LinkTutorAcknowledged: _nothing,
    e.MeetingBooked: _meeting,
    e.TimesOffered: lambda story, at: {
        "times": tuple(local(story.ground.calendar.add(local_date(at), n), time(15, 30)) for n in (1, 2, 3)),
        "minutes": 30,
        "held": e.Held.TEAMS,
        **_why_another_time(story),
    },
    e.TimesChosen: lambda story, at: {
        "times": tuple(t for t in story.case.offer.times[:1] if t > at) if story.now and story.case.offer else (),
    },
    e.MeetingCancelled: _REASON,
    e.ReferralWithdrawn: lambda story, at: {"reason": "a good week"} | _a_week_on(story, at),
    e.InterventionAgreed: _says(**_HELD),
    e.MoreTimeAgreed: lambda story, at: (
        _HELD | {"target": "Wait for silence", "student_told": True} | _a_week_on(story, at)
    ),
    e.NoInterventionAgreed: _says(**_HELD, reason="as expected for this point"),
    e.ViewsDiffered: _says(**_HELD),
    e.PlanShared: _version,
    e.PlanReopened: _REASON,
    e.StudentAgreed: _says(achievable=True, knows_review_decides=True),
    e.StudentNotAgreed: _says(words="I am not sure."),
    e.ProceededWithoutAgreement: _says(reason="a reason", adjustments_checked=True, comments_kept=True),
    e.PlanAmended: _amended,
    e.ReviewChanged: lambda story, at: {
        "review_at": local(story.ground.calendar.add(local_date(at), 5), time(9, 30)),
        "place": "Hollin Bank Primary",
        "reason": "a reason",
        "student_told": True,
    },
    e.ReviewStarted: _says(in_person=True),
    e.PlacementContinued: _outcome,
    e.PlacementTerminated: _terminated,
    e.SecondPlanAgreed: _says(reason="a reason", lead_agrees=True),
    e.NextStepsHeld: _says(
        invited=("student", "course_director", "level_lead", "partnership_lead"),
        present=("student", "course_director", "level_lead", "partnership_lead"),
        options=("re-sit placement",),
        decision="Re-sit from January",
        status="Still enrolled",
        leaflet_given=True,
        appeal_given=True,
    ),
    e.OutcomeReopened: _says(reason="a reason", student_told=True),
    e.CasePaused: _says(reason=e.PauseReason.STUDENT_AWAY),
    e.CaseResumed: lambda story, at: _a_week_on(story, at) if story.case.came_from is Stage.WEEKLY_TARGET else {},
    e.RaisedInError: _REASON,
    e.StudentLeftCourse: _REASON,
    e.PlacementEnded: _REASON,
    e.OtherProcedureTookOver: _nothing,
    e.ViewRecorded: _says(view=e.View.NOT_AS_EXPECTED, words="Not as expected yet.", means="in the meeting"),
    e.SecondOpinion: _says(kind=e.Opinion.SPOKE),
    e.LinkTutorNamed: _says(person="martin"),
    e.MentorNamed: _says(person="gareth"),
    e.PlanWritten: _plan,
    e.PlanVersionAgreed: _version,
    e.PlanDiscussed: _nothing,
    e.StudentConfirmed: _version,
    e.StudentReplied: _says(words="Thank you."),
    e.DutyDone: _says(duty=e.Duty.PERSONAL_SUPPORT),
    e.PromiseTicked: _says(promise=0, given=True),
    e.ReviewBooked: lambda story, _at: {
        "starts": review_moment(story.case, story.ground),
        "place": story.case.review_place,
    },
    e.RecordedInPebblePad: _says(record=e.Record.PLAN, phase="Phase 1"),
    e.ReviewPartRecorded: _says(part=e.ReviewPart.OBSERVATION, words="Calm and clear."),
    e.TerminationConfirmed: _nothing,
    e.StudentTold: _says(what=e.Told.CONCERN),
    e.NextStepsBooked: lambda story, at: {
        "starts": local(story.ground.university.add(local_date(at), 3), time(14)),
        "place": "Carnegie Hall",
        "invited": ("student", "course_director", "level_lead", "partnership_lead"),
    },
    e.InvitationSent: _entry,
    e.InvitationWithdrawn: lambda _story, _at: _OF_THE_MEETING,
    e.InvitationRefused: lambda _story, _at: _OF_THE_MEETING | {"organiser": "helen", "reason": "ErrorAccessDenied"},
    e.FoundInCalendar: lambda _story, _at: _OF_THE_MEETING | {"starts": None},
    e.InvitationRenewed: _says(which=e.Gathering.MEETING),
    e.ReplyRequested: _nothing,
    e.Nudged: lambda _story, at: {"timer": "T1", "due": at, "rung": "due", "to": "priya"},
}

#: The short way to each stage: from the stage before, by whom.
_Step = tuple[str, type[e.Event], Fields]
_PARTS: tuple[_Step, ...] = tuple(("link_tutor", e.ReviewPartRecorded, {"part": part}) for part in e.ReviewPart)
_WAY: Mapping[Stage, tuple[Stage | None, tuple[_Step, ...]]] = {
    Stage.WEEKLY_TARGET: (None, (("mentor", e.WeeklyTargetSet, {}),)),
    Stage.LINK_TUTOR_TOLD: (None, (("mentor", e.LinkTutorToldAtOnce, {}),)),
    Stage.MEETING_BOOKED: (Stage.LINK_TUTOR_TOLD, (("link_tutor", e.MeetingBooked, {}),)),
    Stage.VIEWS_DIFFER: (
        Stage.LINK_TUTOR_TOLD,
        (
            ("mentor", e.ViewRecorded, {}),
            ("link_tutor", e.ViewRecorded, {"view": e.View.AS_EXPECTED}),
            ("link_tutor", e.ViewsDiffered, {}),
        ),
    ),
    Stage.WRITING_PLAN: (
        Stage.LINK_TUTOR_TOLD,
        (
            ("mentor", e.ViewRecorded, {}),
            ("link_tutor", e.ViewRecorded, {}),
            ("link_tutor", e.InterventionAgreed, {}),
        ),
    ),
    Stage.PLAN_TO_DISCUSS: (
        Stage.WRITING_PLAN,
        (
            ("link_tutor", e.PlanWritten, {}),
            ("mentor", e.PlanVersionAgreed, {}),
            ("link_tutor", e.PlanVersionAgreed, {}),
            ("link_tutor", e.PlanShared, {}),
        ),
    ),
    Stage.PLAN_IN_PLACE: (
        Stage.PLAN_TO_DISCUSS,
        (("link_tutor", e.PlanDiscussed, {}), ("link_tutor", e.StudentAgreed, {})),
    ),
    Stage.REVIEW: (Stage.PLAN_IN_PLACE, (("link_tutor", e.ReviewStarted, {}),)),
    Stage.CONTINUES: (Stage.REVIEW, (*_PARTS, ("link_tutor", e.PlacementContinued, {}))),
    Stage.NEXT_STEPS: (Stage.REVIEW, (*_PARTS, ("link_tutor", e.PlacementTerminated, {}))),
    Stage.TERMINATED: (Stage.NEXT_STEPS, (("team", e.NextStepsHeld, {}),)),
}


# -- stories -------------------------------------------------------------------------------------------------------


@dataclass
class Story:
    """One case on the made-up placement, told event by event. *ground* says who and which calendar."""

    ground: Ground = field(default_factory=ground_for)
    lawful: bool = True
    history: list[e.Event] = field(default_factory=list)
    now: Case | None = None

    @property
    def case(self) -> Case:
        assert self.now is not None, "nothing has happened yet"
        return self.now

    @property
    def next_version(self) -> int:
        """The number of the plan's next version."""
        made = self.case.all(e.PlanWritten), self.case.all(e.PlanAmended)
        return max((x.version for kind in made for x in kind), default=0) + 1

    def on(self, when: str | datetime) -> At:
        """What somebody does at a moment in London: `story.on("2026-10-06 10:00").mentor(e.WeeklyTargetSet)`."""
        return At(self, moment(when) if isinstance(when, str) else when)

    def tell(self, event: e.Event) -> None:
        """Records *event* as it is."""
        if self.lawful:
            decide(self.now, event, self.ground)
        self.now = after(self.now, event)
        self.history.append(event)

    def reach(self, stage: Stage, when: str | datetime, **fields: Any) -> Story:
        """Walks the short way to *stage*, all at one moment; *fields* are given to whichever event has them."""
        before, steps = _WAY[stage]
        if before is not None and (self.now is None or self.now.stage is not before):
            self.reach(before, when, **fields)
        at = self.on(when)
        for who, kind, given in steps:
            own = {name: value for name, value in fields.items() if name in kind.__dataclass_fields__}
            getattr(at, who)(kind, **(given | own))
        return self

    # -- time passes -----------------------------------------------------------------------------------------------

    def sweep(self, when: str | datetime) -> list[Nudge]:
        """What the bot's clock finds due at *when*, noted on the case; the ones that were sent come back."""
        now = moment(when) if isinstance(when, str) else when
        found = due(self.case, self.ground, now)
        for nudge in found:
            fact = e.Nudged(
                at=now,
                on=local_date(now),
                by=e.SYSTEM,
                role=Role.SYSTEM,
                timer=nudge.timer,
                due=nudge.due,
                rung=nudge.rung,
                to=nudge.to,
                sent=nudge.send,
            )
            self.tell(fact)
        return [nudge for nudge in found if nudge.send]

    def until(self, when: str | datetime) -> list[str]:
        """Lets time pass from one reminder to the next up to *when*, and tells what was sent."""
        end = moment(when) if isinstance(when, str) else when
        lines: list[str] = []
        while (wake := next_at(self.case, self.ground)) is not None and wake <= end:
            lines += [line(nudge) for nudge in self.sweep(wake)]
        return lines


def line(nudge: Nudge) -> str:
    """Such as "Mon 12 Oct 08:00 priya T1 day before"."""
    return f"{said(nudge.at)} {nudge.to} {nudge.timer} {nudge.rung}"


@dataclass(frozen=True)
class At:
    """A moment of a story. Each method records one event by the holder of that role and can be chained."""

    story: Story
    at: datetime

    def mentor(self, kind: type[e.Event], /, **fields: Any) -> At:
        return self._told(self.story.ground.party.mentor(self.story.now), Role.MENTOR, kind, fields)

    def link_tutor(self, kind: type[e.Event], /, **fields: Any) -> At:
        return self._told(self.story.ground.party.link_tutor(self.story.now), Role.LINK_TUTOR, kind, fields)

    def team(self, kind: type[e.Event], /, **fields: Any) -> At:
        return self._told("sam", Role.PARTNERSHIP_TEAM, kind, fields)

    def lead(self, kind: type[e.Event], /, **fields: Any) -> At:
        return self._told("ruth", Role.PARTNERSHIP_LEAD, kind, fields)

    def director(self, kind: type[e.Event], /, **fields: Any) -> At:
        return self._told("alan", Role.COURSE_DIRECTOR, kind, fields)

    def system(self, kind: type[e.Event], /, **fields: Any) -> At:
        return self._told(e.SYSTEM, Role.SYSTEM, kind, fields)

    def student(self, kind: type[e.Event], /, **fields: Any) -> At:
        return self._told("tom", Role.STUDENT, kind, fields)

    def by(self, person: str, role: Role, kind: type[e.Event], /, **fields: Any) -> At:
        """For anybody else. *for_mentor=True*, here as above, types it for the mentor."""
        return self._told(person, role, kind, fields)

    def _told(self, person: str, role: Role, kind: type[e.Event], fields: Fields) -> At:
        for_mentor = fields.pop("for_mentor", False)
        stamp: Fields = {
            "at": self.at,
            "on": local_date(self.at),
            "by": person,
            "role": role,
            "for_whom": self.story.ground.party.mentor(self.story.now) if for_mentor else "",
        }
        if self.story.now is None and kind is not e.DraftStarted:
            self.story.tell(e.DraftStarted(**(stamp | _draft(self.story, self.at))))
        self.story.tell(kind(**(stamp | DEFAULTS[kind](self.story, self.at) | fields)))
        return self
