"""Every card there is, drawn for everybody who may get it: the book that the lint reads.

A `World` is a partnership and the way its people type: ordinary, as long as the fields allow, or hostile. Cases are
told event by event in the words of `tests.pathway.builders`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from cards import (
    cases,
    concern,
    decision,
    delivery,
    home,
    link_tutor,
    meeting,
    next_steps,
    notices,
    outcome,
    pebblepad,
    reach,
    review,
    second_opinion,
    student,
    support_plan,
    views,
    weekly_check,
)
from cards import channel as in_channel
from cards.acts import act, chat_link
from cards.case import case_card, pages_of_case, retired
from cards.concern import CANNOT_WAIT, NOT_ENOUGH, START, Choice
from cards.elements import Card, button, link
from cards.view import View
from pathway import events as e
from pathway.case import Case
from pathway.dates import local_date
from pathway.nudges import planned
from pathway.people import OutOfReach, Party, Person
from pathway.ports import Installed, OutboxItem
from pathway.process import Stage
from pathway.provider import Contact, Contacts, Privacy, Provider
from pathway.roles import Role
from pathway.rules import Fault, Ground
from pathway.tellings import CHANNEL, TOLD, Notice, Telling, tellings
from tests.pathway.builders import DEFAULTS, OFFICE, PEOPLE, PLACEMENT, PROVIDER, Story, moment

NONCE = "nonce-of-this1"
#: What each reader is on the made-up placement.
READERS: Mapping[str, Role | None] = {
    "priya": Role.MENTOR,
    "helen": Role.LINK_TUTOR,
    "sam": Role.PARTNERSHIP_TEAM,
    "ruth": Role.PARTNERSHIP_LEAD,
    "nadia": Role.LEVEL_LEAD,
    "pat": Role.PERSONAL_TUTOR,
    "alan": Role.COURSE_DIRECTOR,
    "tom": Role.STUDENT,
    "dot": None,
}
HOLDERS: Mapping[Role, str] = {role: person for person, role in READERS.items() if role}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A card with what it was drawn from. *name* begins with the module and the function that drew it."""

    name: str
    card: Card
    reader: str = ""
    view: View | None = None
    summary: str = ""

    @property
    def function(self) -> str:
        """ "module.function"."""
        return self.name.split(":")[0].split(" ")[0].rstrip(",")


# -- worlds ----------------------------------------------------------------------------------------------------------

Typist = Callable[[int], str]

MARK = "Zed"
#: What the client would act on if it were drawn: links, mentions, images, dates, templates, and what nobody sees.
HOSTILE = (
    f"{MARK}[x](http://evil.example)<at>Y</at>**b**__c__![i](https://evil.example/p.png)<https://evil.example>"
    "[j](javascript:alert(1)){{DATE(2026)}}${x}`d`~~e~~&lt;i&gt;&#42;\u202e\u2066\u200b\u00ad\u061c\u2028|#"
)
WORDS = "Stillé "


def brief(most: int) -> str:
    return "Half the class had not started after ten minutes."[:most]


def endless(most: int) -> str:
    """Exactly as long as the field allows, with a letter that JSON could blow up."""
    return (WORDS * most)[:most]


def hostile(_most: int) -> str:
    return f"{HOSTILE}\n{HOSTILE}"


@dataclass(frozen=True, slots=True)
class World:
    typed: Typist = brief
    people: Mapping[str, Person] = field(default_factory=lambda: PEOPLE)
    provider: Provider = PROVIDER
    place: Mapping[str, str] = field(default_factory=dict)
    thorough: bool = False
    """Every notice, however late it comes, and for every way a case may stand; else what fits one case a stage."""

    def ground(self, **placement: Any) -> Ground:
        there = replace(PLACEMENT, **{**self.place, **placement})
        return Ground(Party(there, OFFICE, self.people), self.provider)


def _contacts(name: str) -> Contacts:
    contact = Contact(name, "0113 496 0101", "office@university.example")
    return Contacts(*[contact] * 6)


def heavy(most: int) -> str:
    """Exactly as long as the field allows, of what weighs most: marks that JSON escapes, signs of three bytes, lines."""
    return ('"\\題\n' * most)[:most]


def ordinary() -> World:
    notice = Privacy("https://www.university.example/privacy", "Only the people named on a card can read it.")
    return World(
        thorough=True,
        provider=replace(PROVIDER, name="Northdale partnership", contacts=_contacts("The office"), privacy=notice),
    )


def bare() -> World:
    """A provider that has said nothing of its own."""
    return World(provider=Provider())


def longest() -> World:
    people = {p.id: replace(p, name=f"Prof Dr Marie-Louise {p.name} von und zu Llanfairpwll") for p in PEOPLE.values()}
    place = {key: (WORDS * 10)[:40].strip() for key in ("course", "phase", "school")}
    return replace(ordinary(), typed=endless, people=people, place=place, thorough=False)


def heaviest() -> World:
    return replace(longest(), typed=heavy)


def attacked() -> World:
    people = {p.id: replace(p, name=HOSTILE) for p in PEOPLE.values()}
    place = dict.fromkeys(("course", "phase", "school"), HOSTILE)
    provider = replace(PROVIDER, name=HOSTILE, contacts=_contacts(HOSTILE), privacy=Privacy())
    return World(hostile, people, provider, place)


# -- cases -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """A case as a story has left it, and the moment at which somebody looks at it."""

    name: str
    case: Case
    ground: Ground
    now: datetime

    def view(self, reader: str) -> View:
        return View(self.case, self.ground, reader, self.now, NONCE)


#: The fields in which people type, and how much each takes.
TYPED: Mapping[type[e.Event], Mapping[str, int]] = {
    e.WeeklyTargetSet: {"seen": 600, "going_well": 300, "target": 400, "measure": 300},
    e.TargetMet: {"note": 300},
    e.TargetContinued: {"note": 300},
    e.LinkTutorTold: {"evidence": 400, "wish": 300, "best_times": 300, "early_because": 300},
    e.LinkTutorToldAtOnce: {"seen": 600, "going_well": 300, "evidence": 600, "wish": 300, "best_times": 300},
    e.MeetingBooked: {"place": 100},
    e.MeetingCancelled: {"reason": 300},
    e.ReferralWithdrawn: {"reason": 300},
    e.InterventionAgreed: {"notes": 400},
    e.MoreTimeAgreed: {"target": 400, "reason": 300},
    e.NoInterventionAgreed: {"reason": 300},
    e.ViewRecorded: {"words": 400, "means": 300},
    e.RaisedInError: {"reason": 300},
    e.ReviewPartRecorded: {"words": 600},
    e.PlacementContinued: {"reasons": 800, "carry_on": 400},
    e.PlacementTerminated: {"reasons": 800},
    e.NextStepsBooked: {"place": 100, "deputies": 200},
    e.NextStepsHeld: {"decision": 600, "funding": 200, "follow_up": 200, "deputies": 200},
    e.OutcomeReopened: {"reason": 300},
    e.PlanWritten: {"place": 120},
    e.PlanReopened: {"reason": 300},
    e.StudentAgreed: {"comment": 600},
    e.StudentNotAgreed: {"words": 600},
    e.StudentReplied: {"words": 600},
    e.ProceededWithoutAgreement: {"reason": 400},
    e.ReviewChanged: {"reason": 300, "place": 120},
    e.PlanVersionAgreed: {"means": 300},
}
Fields = dict[str, Any]
#: When, who, what, and what else is said.
Line = tuple[str, str, type[e.Event], Fields]

TUESDAY, WEDNESDAY, THURSDAY = "2026-10-06 10:00", "2026-10-07 09:00", "2026-10-08 09:10"
WEEK_ON, TWO_ON = "2026-10-13 15:40", "2026-10-20 15:40"
FRIDAY = "2026-10-16 09:00"
TARGET: Line = (TUESDAY, "mentor", e.WeeklyTargetSet, {})
MORE: Line = (WEEK_ON, "mentor", e.TargetContinued, {})
TOLD_OF_IT: Line = (WEEK_ON, "mentor", e.LinkTutorTold, {})
AT_ONCE: Line = (TUESDAY, "mentor", e.LinkTutorToldAtOnce, {"skip_because": "It cannot wait."})
HAS_IT: Line = (WEDNESDAY, "link_tutor", e.LinkTutorAcknowledged, {})
SPOKE: Line = (TUESDAY, "mentor", e.SecondOpinion, {})
ASKED: Line = (
    TUESDAY,
    "mentor",
    e.SecondOpinion,
    {"kind": e.Opinion.ASKED, "planned_on": moment(THURSDAY).date()},
)
SAW: Line = (FRIDAY, "mentor", e.SecondOpinion, {"kind": e.Opinion.OBSERVED, "seen": "600"})
BOOKED: Line = (WEDNESDAY, "link_tutor", e.MeetingBooked, {"starts": moment("2026-10-08 15:45")})
WITH_LINK: Line = (*BOOKED[:3], {**BOOKED[3], "link": "https://teams.microsoft.com/l/meetup-join/1"})
CANCELLED: Line = (WEDNESDAY, "link_tutor", e.MeetingCancelled, {})
MY_VIEW: Line = (FRIDAY, "mentor", e.ViewRecorded, {})
TUTORS: Line = (
    FRIDAY,
    "link_tutor",
    e.ViewRecorded,
    {"held": e.Held.PHONE, "present": ("Priya Nair", "Dr Helen Marsh")},
)
DIFFERS: Line = (*TUTORS[:3], {**TUTORS[3], "view": e.View.AS_EXPECTED})
NOT_SURE: Line = (*TUTORS[:3], {**TUTORS[3], "view": e.View.NOT_SURE})
TYPED_VIEW: Line = (FRIDAY, "link_tutor", e.ViewRecorded, {"for_mentor": True})
APART: Line = (FRIDAY, "link_tutor", e.ViewsDiffered, {})
PLAN: Line = (FRIDAY, "link_tutor", e.InterventionAgreed, {})
LEADS_PLAN: Line = (FRIDAY, "lead", e.InterventionAgreed, {"decided_because": "a reason"})
MORE_TIME: Line = (FRIDAY, "link_tutor", e.MoreTimeAgreed, {})
NOTHING: Line = (FRIDAY, "link_tutor", e.NoInterventionAgreed, {})
WITHDRAWN: Line = (THURSDAY, "mentor", e.ReferralWithdrawn, {})
ERROR: Line = (THURSDAY, "mentor", e.RaisedInError, {})
PAUSED: Line = (THURSDAY, "mentor", e.CasePaused, {})
NAMED: Line = (WEDNESDAY, "team", e.LinkTutorNamed, {})
UNAWARE = {"student_aware": False, "student_unaware_because": "I see them tomorrow."}

#: Every way a case of the first half may stand, by name.
STORIES: Mapping[str, tuple[Line, ...]] = {
    "a draft": ((TUESDAY, "mentor", e.DraftStarted, {}),),
    "a weekly target": (TARGET,),
    "a weekly target without a copy": ((*TARGET[:3], {"copy_to_student": False}),),
    "a target that the tutor typed": ((*TARGET[:1], "link_tutor", TARGET[2], {"for_mentor": True}),),
    "a target that the office typed": ((*TARGET[:1], "team", TARGET[2], {"for_mentor": True}),),
    "a colleague spoken to": (TARGET, SPOKE),
    "a colleague asked": (TARGET, ASKED),
    "a colleague has seen a lesson": (TARGET, SPOKE, ASKED, SAW),
    "one more week": (TARGET, MORE),
    "two more weeks": (TARGET, MORE, (TWO_ON, *MORE[1:])),
    "told after a week": (TARGET, TOLD_OF_IT),
    "told before the student knows": (TARGET, (*TOLD_OF_IT[:3], UNAWARE)),
    "the student is told afterwards": (
        TARGET,
        (*TOLD_OF_IT[:3], UNAWARE),
        (WEEK_ON, "mentor", e.StudentTold, {"what": e.Told.REFERRAL}),
    ),
    "told at once": (AT_ONCE,),
    "told at once, the student unaware": ((*AT_ONCE[:3], {**AT_ONCE[3], **UNAWARE}),),
    "told of a target set elsewhere": (
        (*AT_ONCE[:3], {"skip_because": "", "target": "400", "target_set_on": moment("2026-09-29").date()}),
    ),
    "taken up": (AT_ONCE, HAS_IT),
    "taken up by the office": (AT_ONCE, (WEDNESDAY, "team", e.LinkTutorAcknowledged, {})),
    "a cover is named": (AT_ONCE, NAMED),
    "booked": (AT_ONCE, BOOKED),
    "booked, with a link": (AT_ONCE, HAS_IT, WITH_LINK),
    "booked by the office": (AT_ONCE, (*BOOKED[:1], "team", *BOOKED[2:])),
    "cancelled": (AT_ONCE, BOOKED, CANCELLED),
    "cancelled for the mentor": (AT_ONCE, BOOKED, (*CANCELLED[:3], {"for_mentor": True})),
    "spoken, the mentor's view wanted": (AT_ONCE, TUTORS),
    "spoken, the tutor's view wanted": (AT_ONCE, BOOKED, MY_VIEW),
    "spoken, the mentor's view typed": (AT_ONCE, TUTORS, TYPED_VIEW),
    "met, both not as expected": (AT_ONCE, BOOKED, TUTORS, MY_VIEW),
    "met, two views": (AT_ONCE, BOOKED, DIFFERS, MY_VIEW),
    "met, one not sure": (AT_ONCE, BOOKED, NOT_SURE, MY_VIEW),
    "views differ": (AT_ONCE, BOOKED, DIFFERS, MY_VIEW, APART),
    "views differ, one typed": (AT_ONCE, DIFFERS, TYPED_VIEW, APART),
    "writing the plan": (AT_ONCE, BOOKED, TUTORS, MY_VIEW, PLAN),
    "writing the plan, one view typed": (AT_ONCE, TUTORS, TYPED_VIEW, PLAN),
    "the lead decides for a plan": (AT_ONCE, DIFFERS, MY_VIEW, APART, LEADS_PLAN),
    "more time": (AT_ONCE, TUTORS, MY_VIEW, MORE_TIME),
    "no further step": (AT_ONCE, TUTORS, MY_VIEW, NOTHING),
    "the call taken back": (AT_ONCE, WITHDRAWN),
    "met": (TARGET, (WEEK_ON, "mentor", e.TargetMet, {})),
    "met, typed by the tutor": (TARGET, (WEEK_ON, "link_tutor", e.TargetMet, {"for_mentor": True})),
    "met after the call": (AT_ONCE, WITHDRAWN, (TWO_ON, "mentor", e.TargetMet, {})),
    "in error": (TARGET, ERROR),
    "in error after the call": (AT_ONCE, ERROR),
    "paused": (TARGET, PAUSED),
    "paused until a day": (AT_ONCE, (*PAUSED[:3], {"back_on": moment("2026-10-12").date()})),
    "taken up again": (TARGET, PAUSED, ("2026-10-12 09:00", "mentor", e.CaseResumed, {})),
    "left the course": (AT_ONCE, (THURSDAY, "team", e.StudentLeftCourse, {})),
    "the placement over": (AT_ONCE, (THURSDAY, "team", e.PlacementEnded, {})),
    "another procedure": (AT_ONCE, (THURSDAY, "lead", e.OtherProcedureTookOver, {})),
}
PLAN_DAY, TALK_DAY, HALF_WAY = "2026-10-16 12:00", "2026-10-19 12:00", "2026-10-21 09:00"
BEFORE_PLAN: tuple[Line, ...] = (AT_ONCE, BOOKED, TUTORS, MY_VIEW, PLAN)
BY_MENTOR: Line = (PLAN_DAY, "mentor", e.PlanWritten, {})
BY_TUTOR: Line = (PLAN_DAY, "link_tutor", e.PlanWritten, {"short_because": "200"})
#: Three areas with two targets each, in the longest words.
LARGEST: Line = (PLAN_DAY, "mentor", e.PlanWritten, {"areas": ("TS7", "TS7", "TS4", "TS4", "behaviour", "behaviour")})
MENTOR_AGREES: Line = (PLAN_DAY, "mentor", e.PlanVersionAgreed, {"means": ""})
TUTOR_AGREES: Line = (PLAN_DAY, "link_tutor", e.PlanVersionAgreed, {"means": ""})
TYPED_AGREES: Line = (PLAN_DAY, "link_tutor", e.PlanVersionAgreed, {"for_mentor": True})
SHARED: Line = (PLAN_DAY, "link_tutor", e.PlanShared, {})
AGREED = (MENTOR_AGREES, TUTOR_AGREES, SHARED)
TALKED: Line = (TALK_DAY, "link_tutor", e.PlanDiscussed, {})
YES: Line = (TALK_DAY, "link_tutor", e.StudentAgreed, {})
NO: Line = (TALK_DAY, "mentor", e.StudentNotAgreed, {})
HERSELF: Line = (HALF_WAY, "student", e.StudentNotAgreed, {})
REPLIED: Line = (HALF_WAY, "student", e.StudentReplied, {})
CONFIRMED: Line = (HALF_WAY, "student", e.StudentConfirmed, {})
RING: Line = (HALF_WAY, "student", e.ReplyRequested, {})
CAME: Line = (HALF_WAY, "mentor", e.PromiseTicked, {})
NOT_CAME: Line = (HALF_WAY, "student", e.PromiseTicked, {"given": False})
OFFERED: Line = (HALF_WAY, "link_tutor", e.DutyDone, {})
LEADS_TOLD: Line = (HALF_WAY, "link_tutor", e.DutyDone, {"duty": e.Duty.LEVEL_LEAD_TOLD})
NOT_TUTOR: Line = (HALF_WAY, "link_tutor", e.DutyDone, {"duty": e.Duty.PERSONAL_TUTOR_NOT_NEEDED})
MOVED: Line = (HALF_WAY, "link_tutor", e.ReviewChanged, {})
PASTED: Line = (HALF_WAY, "mentor", e.RecordedInPebblePad, {})
OPENED: Line = (TALK_DAY, "mentor", e.PlanReopened, {})
WITHOUT: Line = (HALF_WAY, "lead", e.ProceededWithoutAgreement, {})
IN_PLACE: tuple[Line, ...] = (*BEFORE_PLAN, BY_MENTOR, *AGREED, TALKED, YES)
#: Every way a case may stand from the first line of the plan to the eve of the review.
PLANS: Mapping[str, tuple[Line, ...]] = {
    "a plan written by the mentor": (*BEFORE_PLAN, BY_MENTOR, MENTOR_AGREES),
    "a plan written by the tutor": (*BEFORE_PLAN, BY_TUTOR, TUTOR_AGREES),
    "the mentor's agreement typed": (*BEFORE_PLAN, BY_TUTOR, TUTOR_AGREES, TYPED_AGREES),
    "the largest plan": (*BEFORE_PLAN, LARGEST, MENTOR_AGREES),
    "both agree, one view typed": (
        AT_ONCE,
        TUTORS,
        TYPED_VIEW,
        PLAN,
        BY_TUTOR,
        MENTOR_AGREES,
        TUTOR_AGREES,
    ),
    "a plan to discuss": (*BEFORE_PLAN, BY_MENTOR, *AGREED),
    "a plan discussed": (*BEFORE_PLAN, BY_MENTOR, *AGREED, TALKED),
    "not achievable": (*BEFORE_PLAN, BY_MENTOR, *AGREED, TALKED, NO),
    "the student wants to talk": (*BEFORE_PLAN, BY_MENTOR, *AGREED, TALKED, HERSELF),
    "opened for changes": (*BEFORE_PLAN, BY_MENTOR, *AGREED, TALKED, OPENED),
    "the second version": (*BEFORE_PLAN, BY_MENTOR, *AGREED, TALKED, OPENED, (TALK_DAY, *BY_MENTOR[1:])),
    "the plan in place": IN_PLACE,
    "the plan half-way": (*IN_PLACE, CONFIRMED, CAME, NOT_CAME, REPLIED, RING, OFFERED, LEADS_TOLD, NOT_TUTOR, PASTED),
    "the review moved": (*IN_PLACE, MOVED, HERSELF),
    "the largest plan in place": (*BEFORE_PLAN, LARGEST, *AGREED, TALKED, YES, CAME, NOT_CAME, REPLIED, HERSELF),
    "without agreement": (*BEFORE_PLAN, BY_MENTOR, *AGREED, TALKED, NO, WITHOUT),
}
#: The second half of the road: the case as it stands, until its own cards come.
LATER = (
    Stage.PLAN_TO_DISCUSS,
    Stage.PLAN_IN_PLACE,
    Stage.REVIEW,
    Stage.CONTINUES,
    Stage.NEXT_STEPS,
    Stage.TERMINATED,
)
ROUND: tuple[Line, ...] = (TUTORS, MY_VIEW, BOOKED, CANCELLED)


def tell(world: World, name: str, lines: Sequence[Line], **placement: Any) -> Told:
    """*lines* as a story: the words are typed as the people of *world* type. Looked at an hour after the last."""
    story = Story(ground=world.ground(**placement), lawful=False)
    for when, who, kind, given in lines:
        said = {k: world.typed(most) for k, most in TYPED.get(kind, {}).items()}
        fields = {k: world.typed(int(v)) if str(v).isdigit() else v for k, v in given.items()}
        if not fields.get("for_mentor") and kind is e.ViewRecorded:
            said["means"] = ""
        if kind is e.PlanWritten:
            said |= _written(world, fields.pop("areas", ("TS7",)))
        _record(story, moment(when), who, kind, said | fields)
    return Told(name, story.case, story.ground, story.case.events[-1].at + timedelta(hours=1))


def _written(world: World, areas: Sequence[str]) -> Fields:
    """Targets and promises in the words of *world*."""
    target = {"target": world.typed(220), "measure": world.typed(160), "support": world.typed(160)}
    by = moment("2026-10-26").date()
    promises = [*support_plan.PROMISED.values()] if len(areas) > 1 else ["Planning together"]
    return {
        "targets": tuple(e.PlanTarget(area=a, monitored_by="mentor", complete_by=by, **target) for a in areas),
        "promises": (
            *(e.Promise(what=p, who="mentor", by=by) for p in promises),
            e.Promise(what=world.typed(160), who="link_tutor"),
        ),
    }


ROLES = {
    "student": Role.STUDENT,
    "mentor": Role.MENTOR,
    "link_tutor": Role.LINK_TUTOR,
    "team": Role.PARTNERSHIP_TEAM,
    "lead": Role.PARTNERSHIP_LEAD,
    "director": Role.COURSE_DIRECTOR,
}


def _record(story: Story, at: datetime, who: str, kind: type[e.Event], fields: Fields) -> None:
    stamp: Fields
    role, party = ROLES[who], story.ground.party
    for_whom = party.mentor(story.now) if fields.pop("for_mentor", False) else ""
    by = party.holders(role, story.now)[0]
    stamp = {"at": at, "on": local_date(at), "by": by, "role": role, "for_whom": for_whom}
    if story.now is None and kind is not e.DraftStarted:
        story.tell(e.DraftStarted(**(stamp | DEFAULTS[e.DraftStarted](story, at))))
    story.tell(kind(**(stamp | DEFAULTS[kind](story, at) | fields)))


def cases_of(world: World) -> list[Told]:
    found = [tell(world, name, lines) for name, lines in {**STORIES, **PLANS}.items()]
    for stage in LATER:
        story = Story(ground=world.ground()).reach(stage, "2026-10-06 10:00")
        found.append(Told(f"later: {stage.value}", story.case, story.ground, moment("2026-10-06 11:00")))
    found += reviews_of(world)
    found.append(tell(world, "told, with no Link Tutor", (AT_ONCE,), link_tutor=""))
    found.append(tell(world, "a second mentor", (TARGET,), second_mentor="gareth"))
    found.append(tell(world, "told on a Friday night", (("2026-10-09 19:00", *AT_ONCE[1:]),)))
    found.append(replace(_of(found, "booked, with a link"), name="the meeting is over", now=moment("2026-10-09 08:00")))
    found.append(tell(world, "a long case", (TARGET, SPOKE, ASKED, SAW, MORE, TOLD_OF_IT, HAS_IT, *ROUND * 6)))
    found.append(tell(world, "no Link Tutor, a view recorded", (AT_ONCE, MY_VIEW), link_tutor=""))
    return found


def _of(found: Sequence[Told], name: str) -> Told:
    return next(told for told in found if told.name == name)


# -- the book --------------------------------------------------------------------------------------------------------


def catalogue(world: World) -> Iterator[Drawn]:
    """Every card, as the people of *world* see it."""
    told = cases_of(world)
    yield from _case_cards(told)
    yield from _notices(told, thorough=world.thorough)
    yield from _reminders(world, told)
    yield from _mornings(told)
    yield from _homes(world)
    yield from _concerns(world)
    yield from _around(told)
    yield from _steps(world, told)
    yield from _reviews(world)
    yield from _plan_cards(world, told)
    yield from _out_of_reach(world, told)


def _case_cards(told: Sequence[Told]) -> Iterator[Drawn]:
    for one in told:
        for reader in READERS:
            view = one.view(reader)
            yield Drawn(f"case.retired: {one.name} for {reader}", retired(view), reader, view)
            for whole in (False, True):
                drawn = case_card(view, "Here is where it is now.", whole=whole)
                yield Drawn(f"case.case_card: {one.name} for {reader}, {whole=}", drawn, reader, view)
            for n, page in enumerate(pages_of_case(view), 1):
                yield Drawn(f"case.pages_of_case: {one.name} for {reader}, {n}", page, reader, view)


# -- notices ---------------------------------------------------------------------------------------------------------


def notice_readers() -> dict[Notice, set[str]]:
    """Who may get each notice, whatever has become of the case until it is sent."""
    found: dict[Notice, set[str]] = {}
    for telling in (telling for row in TOLD.values() for telling in row):
        if telling.to != CHANNEL:
            found.setdefault(telling.notice, set()).add(HOLDERS[Role(telling.to)])
    return found


def item_for(case: Case, number: int, telling: Telling, to: str) -> OutboxItem:
    event = case.events[number - 1]
    return OutboxItem(f"{number}:{telling.notice}:{to}", to, telling.notice, event.at, event=number)


def _notices(told: Sequence[Told], *, thorough: bool) -> Iterator[Drawn]:
    one_a_stage = list({one.case.stage: one for one in told}.values())
    for one in told if thorough else one_a_stage:
        for number, event in enumerate(one.case.events, 1):
            for to, telling in tellings(one.case, event, one.ground.party):
                if to in READERS:
                    yield _notice(one, item_for(one.case, number, telling, to))
    for one in one_a_stage if thorough else ():
        last = len(one.case.events)
        for notice, people in notice_readers().items():
            for to in sorted(people):
                yield _notice(one, OutboxItem("late", to, notice, one.now, event=last))
        for to in READERS:
            yield _notice(one, OutboxItem("refresh", to, Notice.REFRESH, one.now))


def _notice(one: Told, item: OutboxItem) -> Drawn:
    name = f"notices.notice_card: {item.notice} of {one.name} for {item.to}"
    view = one.view(item.to)
    return Drawn(name, notices.notice_card(item, view), item.to, view, notices.summary(item, one.case.reference))


#: With a tutor of one day the rungs come that are for nobody being there.
GROUNDS: Mapping[str, Fields] = {"": {}, "a Monday tutor": {"link_tutor_days": "Monday"}}
#: Half term lies between the reminder and the check.
HOLIDAY: tuple[Line, ...] = (("2026-10-19 10:00", *TARGET[1:]),)


def _reminders(world: World, told: Sequence[Told]) -> Iterator[Drawn]:
    """Every reminder that is planned on any case, on the day and three days late."""
    for one in (*told, *_for_timers(world)):
        for nudge in planned(one.case, one.ground):
            for late in (timedelta(), timedelta(days=3)):
                at = max(one.now, nudge.at) + late
                item = nudge.item(at)
                seen = replace(one, now=at)
                name = f"{nudge.timer} {nudge.rung} of {one.name} for {nudge.to}, {late.days} days late"
                if nudge.to == CHANNEL:
                    yield Drawn(f"notices.channel_line: {name}", _post(item, seen), CHANNEL)
                else:
                    view = seen.view(nudge.to)
                    drawn = notices.notice_card(item, view)
                    kind = "escalation" if item.notice == Notice.ESCALATION else "reminder"
                    summary = notices.summary(item, one.case.reference)
                    yield Drawn(f"notices.{kind}: {name}", drawn, nudge.to, view, summary)


def _for_timers(world: World) -> Iterator[Told]:
    yield tell(world, "a week over half term", HOLIDAY)
    yield tell(world, "a plan over half term", [_days_later(line, 4) for line in IN_PLACE])
    for ground, placement in GROUNDS.items():
        for name in ("told at once", "booked", "views differ", "writing the plan"):
            yield tell(world, f"{name}, {ground}", [_all_on_tuesday(line) for line in STORIES[name]], **placement)
        for stage in LATER:
            story = Story(ground=world.ground(**placement), lawful=False).reach(stage, TUESDAY)
            if stage is Stage.NEXT_STEPS:
                story.on(WEDNESDAY).team(e.NextStepsBooked)
            yield Told(f"{stage.value}, {ground}", story.case, story.ground, moment(WEDNESDAY))


def _days_later(line: Line, days: int) -> Line:
    """So that half term lies in between."""
    when, who, kind, given = line
    later = datetime.fromisoformat(when) + timedelta(days=days)
    return later.isoformat(sep=" ", timespec="minutes"), who, kind, given


def _all_on_tuesday(line: Line) -> Line:
    """So that a tutor who works on Mondays is far away."""
    _, who, kind, given = line
    return TUESDAY, who, kind, {**given, **({"starts": moment("2026-10-13 15:45")} if "starts" in given else {})}


def _post(item: OutboxItem, one: Told) -> Card:
    """A line of the channel, as the card it would be: it goes out as text."""
    line = notices.channel_line(item, replace(one.view(""), nonce=""))
    heading = {"type": "TextBlock", "text": "Placements", "wrap": True, "style": "heading"}
    text = {"type": "TextBlock", "text": line, "wrap": True}
    return {"type": "AdaptiveCard", "version": "1.5", "body": [heading, text], "actions": []}


def channel(told: Sequence[Told]) -> Iterator[Drawn]:
    """All that is ever posted in the Partnership channel."""
    for one in told:
        for notice in (Notice.CHANNEL_REFERRED, Notice.CHANNEL_PLAN, Notice.CHANNEL_REVIEWED, Notice.ESCALATION):
            item = OutboxItem("k", CHANNEL, notice, one.now, event=len(one.case.events), data={"timer": "T9"})
            summary = f"Placement case {one.case.reference}"
            yield Drawn(f"notices.channel_line: {notice} of {one.name}", _post(item, one), CHANNEL, summary=summary)
    counts = {"Open": 12, "Due today": 0, "Overdue": 3}
    yield Drawn("notices.channel_day", notices.channel_day("Tuesday 6 October", counts), CHANNEL)


def _mornings(told: Sequence[Told]) -> Iterator[Drawn]:
    """As the sender puts them together: a line a case, a button for each of the first five."""
    for n in (2, 6, len(told)):
        for reader in READERS:
            lines: dict[str, str] = {}
            openers: list[dict[str, object]] = []
            for one in told[:n]:
                view = one.view(reader)
                item = OutboxItem("k", reader, Notice.REMINDER, one.now, data={"timer": "T2", "rung": "due"})
                who = view.student if view.sees_case and not view.is_student else f"Ref {view.case.reference}"
                lines[one.name] = f"**{who}**: {notices.reminder_line(item, view)}"
                if len(openers) < 5:
                    openers.append(act(view, f"Open {view.case.reference}", "cases.open"))
            openers.append(button("My cases", "cases.mine"))
            yield Drawn(f"notices.morning: {n} lines for {reader}", notices.morning(lines, openers), reader)
    yield from channel(told)


# -- cards without a case --------------------------------------------------------------------------------------------


def _homes(world: World) -> Iterator[Drawn]:
    provider, name = world.provider, world.people["priya"].name
    for roles in ((), *((role,) for role in Role), (Role.MENTOR, Role.LINK_TUTOR)):
        for news in ("", "I did not understand that. This is what I can do:"):
            for first in (False, True):
                drawn = home.home(name, roles, provider, news=news, first_time=first)
                yield Drawn(f"home.home: {roles}, {news!r}, {first=}", drawn)
    yield Drawn("home.home: added", home.home(name, (), provider, first_time=True, added_by=world.people["sam"].name))
    for sentence in (in_channel.IN_OUR_CHAT, in_channel.ANSWERED, in_channel.ASK_AGAIN):
        drawn = in_channel.in_the_thread(sentence, BOT_LINK)
        yield Drawn(f"channel.in_the_thread: {sentence}", drawn, CHANNEL, summary="Placements: our own chat")
    yield Drawn("channel.not_your_channel", in_channel.not_your_channel(provider))
    yield Drawn("home.stranger", home.stranger(provider))
    yield Drawn("home.guest_to_confirm", home.guest_to_confirm(provider))
    yield Drawn("home.privacy", home.privacy(provider))
    yield Drawn("home.safeguarding", home.safeguarding(provider))
    yield Drawn("home.safeguarding: with news", home.safeguarding(provider, news="You wrote about safeguarding."))
    yield Drawn("home.note", home.note("Already open", "There is an open case for this placement already."))
    yield Drawn("home.not_found", home.not_found())


def choices_of(world: World, n: int, mentor: str = "") -> tuple[Choice, ...]:
    placement = world.ground().party.placement
    student = world.people["tom"].name
    return tuple(Choice(replace(placement, id=f"placement-{i}"), student, mentor) for i in range(n))


KINDS = (START, NOT_ENOUGH, CANNOT_WAIT)
SOME = {
    START: ("on", "seen", "going_well", "target", "measure", "help", "areas", "check_on"),
    NOT_ENOUGH: ("target_set_on", "target", "seen", "going_well", "help", "areas", "best_times", "student_aware"),
    CANNOT_WAIT: ("skip_because", "seen", "going_well", "areas", "student_aware", "student_unaware_because"),
}


def _concerns(world: World) -> Iterator[Drawn]:
    provider, student, mentor = world.provider, world.people["tom"].name, world.people["priya"].name
    yield Drawn("concern.origin", concern.origin(provider))
    yield Drawn("concern.origin: about somebody", concern.origin(provider, student, "placement-1"))
    for n in (2, 4):
        yield Drawn(f"concern.about_whom: {n}", concern.about_whom("start", choices_of(world, n)))
    yield Drawn("concern.draft_waiting", concern.draft_waiting("Tuesday 6 October"))
    yield Drawn("concern.draft_reminder", concern.draft_reminder("Tuesday 13 October"))
    yield Drawn("concern.not_talked", concern.not_talked(student, "Tuesday 13 October"))
    yield Drawn("concern.not_talked: nobody chosen", concern.not_talked("", "Tuesday 13 October"))
    yield Drawn("concern.saved", concern.saved("Tuesday 13 October"))
    yield Drawn("concern.discarded", concern.discarded())
    yield Drawn("concern.advice_sent", concern.advice_sent(world.people["helen"].name))
    chat = link(f"Write to {mentor} in Teams", chat_link("priya@hollinbank.example"))
    for way in (None, chat):
        drawn = concern.advice_for_you(mentor, student, world.typed(600), way)
        yield Drawn(f"concern.advice_for_you: {way is not None}", drawn)
    for kind in KINDS:
        yield Drawn(f"concern.route_check: {kind}", concern.route_check(kind, "placement-1"))
        yield from _concern_forms(world, kind)
        yield from _checked(world, kind)
    for n in (1, 3, 9):
        advice = partial(_advice_form, provider, choices_of(world, n))
        yield from fillings(world, f"concern.advice_form: {n}", advice)


def _advice_form(provider: Provider, choices: Sequence[Choice], values: Values, faults: Faults) -> Card:
    return concern.advice_form(provider, choices, values, NONCE, faults)


def _concern_forms(world: World, kind: str) -> Iterator[Drawn]:
    for n, mentor in ((1, ""), (3, ""), (12, ""), (1, "priya")):
        name = world.people[mentor].name if mentor else ""
        draw = partial(_concern_form, world.provider, kind, choices_of(world, n, name), name)
        yield from fillings(world, f"concern.concern_form: {kind}, {n} students, {mentor=}", draw)


def _concern_form(  # noqa: PLR0917 - a form of many parts, bound one after the other
    provider: Provider,
    kind: str,
    choices: Sequence[Choice],
    on_behalf: str,
    values: Values,
    faults: Faults,
) -> Card:
    note = "Tuesday 13 October is proposed: 5 school days. You can choose another school day."
    return concern.concern_form(
        provider, kind, choices, values, NONCE, faults=faults, date_note=note, on_behalf=on_behalf
    )


def _checked(world: World, kind: str) -> Iterator[Drawn]:
    values = {key: world.typed(300) for key in SOME[kind]} | {
        "areas": "TS7,TS4,behaviour",
        "help": "extra_meeting,joint_planning,other",
        "student_aware": "no",
    }
    for mentor in ("", world.people["priya"].name):
        drawn = concern.check_answers(
            world.provider,
            kind,
            choices_of(world, 1, mentor)[0],
            values,
            NONCE,
            dates={"Talked on": "Tuesday 6 October", "Look again on": "Tuesday 13 October (5 school days)"},
            hint="Two of these areas overlap: one of them may be enough.",
            on_behalf=mentor,
        )
        yield Drawn(f"concern.check_answers: {kind}, {mentor=}", drawn)


# -- cards around a case ---------------------------------------------------------------------------------------------


def _around(told: Sequence[Told]) -> Iterator[Drawn]:
    for one in told:
        for reader in READERS:
            view = one.view(reader)
            yield Drawn(f"cases.more_acts: {one.name} for {reader}", cases.more_acts(view), reader, view)
            yield Drawn(f"cases.enter_for: {one.name} for {reader}", cases.enter_for(view), reader, view)
        if one.case.stage is Stage.WEEKLY_TARGET:
            view, late = one.view("priya"), "This was due on Friday 2 October."
            for said in ("", late):
                drawn = weekly_check.check(view, late=said)
                yield Drawn(f"weekly_check.check: {one.name}, {bool(said)}", drawn, "priya", view)
            for day in ("", "Thursday 8 October"):
                drawn = second_opinion.planned(view, day)
                yield Drawn(f"second_opinion.planned: {one.name}, {day!r}", drawn, "priya", view)
    for reader in READERS:
        open_ones = [one.view(reader) for one in told if one.case.stage.is_open]
        for start, total in ((0, 0), (0, 1), (0, 5), (0, 12), (10, 12)):
            page = open_ones[start : min(start + cases.PAGE, total)]
            drawn = cases.my_cases(page, start=start, total=total, can_raise=reader == "priya")
            yield Drawn(f"cases.my_cases: {start} of {total} for {reader}", drawn, reader)


Values = Mapping[str, str]
Faults = Sequence[Fault]
Draw = Callable[[Values, Faults], Card]


def fillings(world: World, name: str, draw: Draw, view: View | None = None) -> Iterator[Drawn]:
    """A form as it comes first, filled to the brim, back again with a fault at every field and one for all, and with
    the question that comes first where somebody has written about safeguarding.
    """
    empty = draw({}, ())
    full = {part["id"]: filled(part, world.typed) for part in inputs_of(empty)}
    wrong = [Fault(f"Something is not right about this ({i}).", id_) for i, id_ in enumerate(full)]
    reader = view.viewer if view else ""
    yield Drawn(f"{name} (empty)", empty, reader, view)
    yield Drawn(f"{name} (filled)", draw(full, ()), reader, view)
    yield Drawn(f"{name} (refused)", draw(full, [*wrong, Fault("We could not save this just now.")]), reader, view)
    kept = draw(full, ())
    again = next(action for action in kept["actions"] if "form" in action.get("data", {}))
    asked = {**kept, "body": [*home.before_saving(world.provider, again), *kept["body"]]}
    yield Drawn(f"{name} (asked first)", asked, reader, view)


def inputs_of(part: Any) -> list[dict[str, Any]]:
    """The fields of a card, in order."""
    if isinstance(part, list):
        return [found for item in part for found in inputs_of(item)]
    if not isinstance(part, dict):
        return []
    own = [part] if str(part.get("type", "")).startswith("Input.") else []
    return own + [found for key in ("body", "items") for found in inputs_of(part.get(key, []))]


def filled(part: Mapping[str, Any], typed: Typist) -> str:
    """What somebody would put into the field *part*."""
    match part["type"]:
        case "Input.Date":
            return "2026-10-13"
        case "Input.Time":
            return "15:45"
        case "Input.Toggle":
            return str(part["valueOn"])
        case "Input.ChoiceSet":
            values = [choice["value"] for choice in part["choices"]]
            return ",".join(values) if part.get("isMultiSelect") else str(values[-1])
        case _:
            return typed(part["maxLength"])[: part["maxLength"]]


NOTE = "Tuesday 20 October is proposed: 5 school days."
EARLY = "The week runs until Tuesday 13 October. You can ask for help now, with a line of reason."
#: Who takes the mentor's steps, and for whom.
TYPISTS = (("priya", ""), ("helen", "priya"), ("sam", "priya"))
CaseForm = Callable[[View, Values, Faults], Card]


def _steps(world: World, told: Sequence[Told]) -> Iterator[Drawn]:
    """The forms of every step, on cases they belong to."""
    at_once, over = _of(told, "told at once"), _of(told, "the meeting is over")
    both, differ = _of(told, "met, both not as expected"), _of(told, "views differ")
    arrange = meeting.arrange_form
    forms: list[tuple[str, Told, str, CaseForm]] = [
        ("views.meeting_form: the mentor's view wanted", over, "helen", views.meeting_form),
        ("views.meeting_form: both there", both, "helen", views.meeting_form),
        ("meeting.arrange_form", at_once, "helen", partial(arrange, note=NOTE, best_times=world.typed(300))),
        ("meeting.arrange_form: move it", over, "sam", partial(arrange, note=NOTE)),
        ("meeting.invitation", at_once, "helen", _invitation),
        ("decision.more_time_form", both, "helen", partial(decision.more_time_form, note=NOTE)),
        ("decision.none_form", both, "helen", decision.none_form),
        ("decision.plan_because_form", differ, "ruth", decision.plan_because_form),
    ]
    for n in (1, 3, 12):
        tutors = {f"tutor-{i}": world.people["martin"].name for i in range(n)}
        forms.append((f"link_tutor.name_form: {n}", at_once, "sam", partial(_name_form, tutors)))
    for name, one, reader, draw in forms:
        yield from fillings(world, name, partial(draw, one.view(reader)), one.view(reader))
    for reader, mentor in TYPISTS:
        for name, one, draw in _mentors_forms(told, mentor):
            yield from fillings(world, f"{name}, by {reader}", partial(draw, one.view(reader)), one.view(reader))


def _name_form(tutors: Mapping[str, str], view: View, values: Values, faults: Faults) -> Card:
    return link_tutor.name_form(view, tutors, values, faults)


def _invitation(view: View, values: Values, faults: Faults) -> Card:
    starts = moment("2026-10-08 15:45")
    ics = "http://127.0.0.1:3978/ics/token.ics"
    teams = meeting.teams_link(view.case.reference, starts, 30, ["priya@hollinbank.example"])
    when = {"day": "2026-10-08", "time": "15:45", "minutes": "30"}
    return meeting.invitation(view, starts, 30, teams=teams, ics=ics, values={**values, **when}, faults=faults)


def _mentors_forms(told: Sequence[Told], mentor: str) -> Iterator[tuple[str, Told, CaseForm]]:
    """The mentor's steps, by the mentor or for *mentor*."""
    target, at_once = _of(told, "a weekly target"), _of(told, "told at once")
    over = _of(told, "the meeting is over")
    yield "weekly_check.more_form", target, partial(weekly_check.more_form, note=NOTE, for_whom=mentor)
    yield "views.my_view_form", over, partial(views.my_view_form, for_whom=mentor)
    yield "second_opinion.ask_form", target, partial(second_opinion.ask_form, for_whom=mentor)
    yield "second_opinion.saw_form", target, partial(second_opinion.saw_form, for_whom=mentor)
    yield "link_tutor.withdraw_form", at_once, partial(link_tutor.withdraw_form, note=NOTE, for_whom=mentor)
    yield "meeting.cancel_form", over, partial(meeting.cancel_form, for_whom=mentor)
    yield "cases.error_form", target, partial(cases.error_form, for_whom=mentor)
    for early in ("", EARLY):
        for unaware in (False, True):
            draw = partial(weekly_check.tell_form, early=early, unaware=unaware, for_whom=mentor)
            yield f"weekly_check.tell_form: {bool(early)=}, {unaware=}", target, draw


# -- the review and what comes after it ------------------------------------------------------------------------------

REVIEWED, DECIDED, MET = "2026-10-13 11:00", "2026-10-13 15:00", "2026-10-16 15:00"


def _rows(world: World) -> tuple[e.PlanTarget, ...]:
    return tuple(
        e.PlanTarget(
            area=area,
            target=world.typed(400),
            measure=world.typed(300),
            support=world.typed(300),
            monitored_by="mentor",
            complete_by=moment(REVIEWED).date(),
        )
        for area in ("TS1", "TS4", "TS7")
    )


def _results(world: World) -> tuple[tuple[str, str], ...]:
    return tuple((row.target, result) for row, result in zip(_rows(world), ("met", "partly", "not yet"), strict=True))


def _part(world: World, part: e.ReviewPart, who: str = "link_tutor") -> Line:
    """With a choice of what such a part holds."""
    people = [world.people[p].name for p in ("tom", "priya", "helen")]
    given: Mapping[e.ReviewPart, Fields] = {
        e.ReviewPart.OBSERVATION: {"evidence": tuple((row.target, world.typed(400)) for row in _rows(world))},
        e.ReviewPart.MENTOR_DISCUSSION: {"support": e.SupportGiven.PARTLY},
        e.ReviewPart.THREE_WAY: {"present": tuple(people)},
    }
    return (REVIEWED, who, e.ReviewPartRecorded, {"part": part, **given[part]})


def review_stories(world: World) -> dict[str, tuple[Line, ...]]:
    """Every way a case may stand from the plan in place onwards."""
    names = [world.people[p].name for p in ("helen", "priya")]
    started: Line = (REVIEWED, "link_tutor", e.ReviewStarted, {})
    apart: Line = (REVIEWED, "link_tutor", e.ReviewStarted, {"in_person": False, "not_in_person_because": "300"})
    parts = tuple(_part(world, part) for part in e.ReviewPart)
    told = {
        "results": _results(world),
        "told_by": names[0],
        "told_present": tuple(names),
        "told_student_at": moment("2026-10-13 14:10"),
    }
    goes_on: Line = (DECIDED, "link_tutor", e.PlacementContinued, told)
    ends: Line = (DECIDED, "link_tutor", e.PlacementTerminated, {**told, "lead_told": world.people["ruth"].name})
    alone: Line = (*ends[:3], {**ends[3], "told_present": names[:1], "confirmed_by": "ruth"})
    booked: Line = (DECIDED, "team", e.NextStepsBooked, {})
    far = {"starts": moment("2026-10-22 10:00"), "interim_contact": "200", "reason": "300"}
    held: Line = (MET, "lead", e.NextStepsHeld, {"brought_someone": True, "teaching": "They go on as before"})
    absent = {"present": ("course_director",), "student_absent_because": "300"}
    reopened: Line = (MET, "lead", e.OutcomeReopened, {})
    reviewed = (started, *parts)
    return {
        "plan, a promise kept": (
            (TUESDAY, "link_tutor", e.PromiseTicked, {}),
            (WEDNESDAY, "mentor", e.PromiseTicked, {"given": False}),
        ),
        "review begun": (started,),
        "review begun, not in person": (apart,),
        "review, one part by the mentor": (started, _part(world, e.ReviewPart.OBSERVATION, "mentor")),
        "review, all parts": reviewed,
        "review, confirmed by the lead": (*reviewed, (DECIDED, "lead", e.TerminationConfirmed, {})),
        "placement continues": (*reviewed, goes_on),
        "placement continues, a part missing": (
            started,
            (*goes_on[:3], {**goes_on[3], "parts_missing_because": "300"}),
        ),
        "placement ended": (*reviewed, ends),
        "placement ended, the mentor away": (*reviewed, alone),
        "next steps booked": (*reviewed, ends, booked),
        "next steps booked, far away": (*reviewed, ends, booked, (*booked[:1], "director", booked[2], far)),
        "next steps held": (*reviewed, ends, booked, held),
        "next steps held without the student": (*reviewed, ends, booked, (*held[:3], {**held[3], **absent})),
        "continues, set aside": (*reviewed, goes_on, reopened),
        "ended, set aside": (*reviewed, ends, booked, reopened),
        "ended, set aside, and continues": (*reviewed, ends, reopened, (MET, *goes_on[1:])),
        "next steps paused": (*reviewed, ends, (MET, "team", e.CasePaused, {})),
    }


def reviews_of(world: World) -> list[Told]:
    return [_reviewed(world, name, lines) for name, lines in review_stories(world).items()]


def _reviewed(world: World, name: str, lines: Sequence[Line]) -> Told:
    """*lines* after a plan of three targets, as the people of *world* type it."""
    promises = tuple(e.Promise(what=world.typed(200), who=world.typed(60), by=moment(FRIDAY).date()) for _ in range(3))
    before = Story(ground=world.ground(), lawful=False).reach(
        Stage.PLAN_IN_PLACE, TUESDAY, targets=_rows(world), promises=promises
    )
    for when, who, kind, given in lines:
        said = {k: world.typed(most) for k, most in TYPED.get(kind, {}).items()}
        fields = {k: world.typed(int(v)) if str(v).isdigit() else v for k, v in given.items()}
        _record(before, moment(when), who, kind, said | fields)
    return Told(name, before.case, before.ground, before.case.events[-1].at + timedelta(hours=1))


def _reviews(world: World) -> Iterator[Drawn]:
    """The forms from the start of the review to the next steps, and the cards before an outcome is saved."""
    told = reviews_of(world)
    plan, begun, all_parts = (_of(told, n) for n in ("plan, a promise kept", "review begun", "review, all parts"))
    ended, goes_on = _of(told, "placement ended"), _of(told, "placement continues")
    early = "This is early: 2 school days since the plan began."
    forms: list[tuple[str, Told, str, CaseForm]] = [
        ("review.start_form", plan, "helen", review.start_form),
        ("review.start_form: early", plan, "helen", partial(review.start_form, early=early)),
        ("outcome.outcome_form", all_parts, "helen", outcome.outcome_form),
        ("outcome.outcome_form: parts missing", begun, "helen", outcome.outcome_form),
        ("next_steps.reopen_form", goes_on, "ruth", partial(next_steps.reopen_form, until="Tuesday 27 October")),
    ]
    for yes in (False, True):
        forms.append((f"next_steps.held_form: absent {yes}", ended, "alan", partial(next_steps.held_form, absent=yes)))
        for far in (False, True):
            book = partial(next_steps.book_form, note=NOTE, far=far, again=yes)
            forms.append((f"next_steps.book_form: far {far}, again {yes}", ended, "sam", book))
    for name, one, reader, form in forms:
        yield from fillings(world, name, partial(form, one.view(reader)), one.view(reader))
    yield from _parts(world, begun)
    yield from _endings(world, all_parts, ended.case)
    view = all_parts.view("helen")
    yield Drawn("outcome.continues_check", outcome.continues_check(view, goes_on.case), "helen", view)
    for one in (all_parts, _of(told, "continues, set aside"), ended):
        for reader in ("priya", "helen", "sam"):
            view = one.view(reader)
            yield Drawn(f"review.whole: {one.name} for {reader}", review.whole(view), reader, view)
    view = ended.view("alan")
    yield Drawn("review.whole: for the Course Director", review.whole(view), "alan", view)
    lead = all_parts.view("ruth")
    yield Drawn("outcome.lead_check", outcome.lead_check(lead), "ruth", lead)


def _parts(world: World, begun: Told) -> Iterator[Drawn]:
    for maker in (review.observation_form, review.discussion_form, review.three_way_form):
        for reader, mentor in TYPISTS:
            view = begun.view(reader)
            draw = partial(maker, view, for_whom=mentor)
            yield from fillings(world, f"review.{maker.__name__}, by {reader}", draw, view)


def _endings(world: World, one: Told, then: Case) -> Iterator[Drawn]:
    """The last card before a placement ends; the lead is asked to confirm, or is not."""
    asked = replace(one.ground.provider, settings=replace(one.ground.provider.settings, termination_needs_lead=True))
    for needs, there in ((False, True), (True, False)):
        ground = Ground(one.ground.party, asked) if needs else one.ground
        for n in (1, 3):
            people = {f"lead-{i}": world.people["ruth"].name for i in range(n)}
            view = replace(one, ground=ground).view("helen")

            def draw(values: Values, faults: Faults, of: Any = (view, people, there)) -> Card:
                return outcome.ending_form(
                    of[0],
                    values,
                    faults,
                    then=then,
                    next_by="Tuesday 20 October (5 working days)",
                    leads=of[1],
                    mentor_there=of[2],
                )

            yield from fillings(world, f"outcome.ending_form: {needs=}, {there=}, {n}", draw, view)
    lead = replace(one, ground=Ground(one.ground.party, asked)).view("ruth")
    yield Drawn("case.case_card: the lead is asked to confirm", case_card(lead), "ruth", lead)


# -- the support plan ------------------------------------------------------------------------------------------------


def _plan_cards(world: World, told: Sequence[Told]) -> Iterator[Drawn]:
    yield Drawn("student.no_plan", student.no_plan(world.provider))
    yield from _plan_forms(world, told)
    yield from _largest_forms(world, _of(told, "the largest plan"))
    for one in told:
        for reader in ("priya", "helen"):
            view = one.view(reader)
            if one.case.plan and one.name in PLANS:
                yield Drawn(
                    f"support_plan.check: {one.name} for {reader}",
                    support_plan.check(view, one.case.plan),
                    reader,
                    view,
                )
            for record in pebblepad.there(view):
                drawn = pebblepad.sheet(view, record, lead="Please record it in PebblePad.")
                yield Drawn(f"pebblepad.sheet: {record.value} of {one.name} for {reader}", drawn, reader, view)
    for name in ("the plan in place", "the largest plan in place"):
        for reader in ("priya", "tom"):
            view = _of(told, name).view(reader)
            yield Drawn(f"support_plan.halfway: {name} for {reader}", support_plan.halfway(view), reader, view)


def _plan_forms(world: World, told: Sequence[Told]) -> Iterator[Drawn]:
    writing, agreed = _of(told, "writing the plan"), _of(told, "the mentor's agreement typed")
    talk, said_no = _of(told, "a plan to discuss"), _of(told, "not achievable")
    running = _of(told, "the plan in place")
    forms: list[tuple[str, Told, str, CaseForm]] = [
        (
            "support_plan.plan_form: one target",
            writing,
            "priya",
            partial(support_plan.plan_form, note=NOTE),
        ),
        (
            "support_plan.plan_form: one target, short, newer",
            writing,
            "helen",
            partial(support_plan.plan_form, note=NOTE, short=True, newer="There is a newer one."),
        ),
        (
            "support_plan.mentor_agreed_form",
            agreed,
            "helen",
            partial(support_plan.mentor_agreed_form, version=1, for_whom="priya"),
        ),
        ("support_plan.discuss_form", talk, "priya", support_plan.discuss_form),
        (
            "support_plan.discuss_form: later",
            talk,
            "helen",
            partial(support_plan.discuss_form, note=NOTE, for_whom="priya"),
        ),
        ("support_plan.reopen_form", talk, "helen", support_plan.reopen_form),
        ("support_plan.proceed_form", said_no, "ruth", support_plan.proceed_form),
        (
            "support_plan.promises_form",
            _of(told, "the largest plan in place"),
            "priya",
            support_plan.promises_form,
        ),
        (
            "support_plan.promises_form: the student",
            running,
            "tom",
            support_plan.promises_form,
        ),
        ("support_plan.duties_form", running, "helen", support_plan.duties_form),
        (
            "support_plan.review_form",
            running,
            "sam",
            partial(support_plan.review_form, note=NOTE),
        ),
        ("student.talk_form", running, "tom", student.talk_form),
        ("student.reply_form", running, "tom", student.reply_form),
    ]
    for name, one, reader, draw in forms:
        yield from fillings(world, name, partial(draw, one.view(reader)), one.view(reader))


#: Of so many fields hardly all are wrong at once: these come back with what is missing.
WRONG = tuple(Fault(f"Say which support helps with target {n}.", f"support{n}") for n in (1, 2, 3))


def _largest_forms(world: World, one: Told) -> Iterator[Drawn]:
    """Three targets on a page, and the page with three more."""
    view = one.view("priya")
    for page, first in ((1, 1), (2, 4)):
        empty = support_plan.plan_form(view, {}, blocks=6, page=page, note=NOTE, short=True)
        full = {part["id"]: filled(part, world.typed) for part in inputs_of(empty)}
        wrong = [replace(f, field=f"support{n}") for n, f in enumerate(WRONG, first)]
        name = f"support_plan.plan_form: six targets, page {page}"
        yield Drawn(f"{name} (empty)", empty, "priya", view)
        left_out = {k: v for k, v in full.items() if not k.startswith("support")}
        for values, faults, how in (
            (full, (), "full"),
            (left_out, wrong, "with faults"),
            ({}, wrong, "nothing filled"),
        ):
            drawn = support_plan.plan_form(view, values, faults, blocks=6, page=page, note=NOTE, short=True)
            yield Drawn(f"{name}, {how}", drawn, "priya", view)


# -- who cannot be reached, and what was not delivered ---------------------------------------------------------------

BOT_LINK = chat_link("28:6f1d3b5e-0d8a-4c53-9b8e-1f0e7f4a2c11")


def lost_worlds(world: World) -> Iterator[World]:
    """Student, mentor and Link Tutor out of reach, for every reason there is, with e-mail and without."""
    for n, reason in enumerate((*reach.WHY, "SomethingNew")):
        lost = OutOfReach(moment(TUESDAY), reason, by_mail=bool(n % 2))
        yield replace(
            world,
            people={
                key: replace(p, out_of_reach=lost if key in {"tom", "priya", "helen"} else None)
                for key, p in world.people.items()
            },
        )


def _out_of_reach(world: World, told: Sequence[Told]) -> Iterator[Drawn]:
    for n, other in enumerate(lost_worlds(world)):
        for name in ("a weekly target", "told at once", "the largest plan in place", "a long case"):
            there = _of(told, name)
            party = replace(there.ground.party, people=other.people)
            yield from _not_reached(replace(there, ground=replace(there.ground, party=party)), n)
        yield from _lists(other, n)


def _not_reached(one: Told, n: int) -> Iterator[Drawn]:
    for reader in ("priya", "helen", "sam"):
        view = one.view(reader)
        for whole in (False, True):
            drawn = case_card(view, whole=whole)
            yield Drawn(f"case.case_card: out of reach {n}, {one.name} for {reader}, {whole=}", drawn, reader, view)
        data = {"who": "tom", "delivered": "yes" if n % 2 else ""}
        item = OutboxItem("lost", reader, Notice.NOT_REACHED, one.now, data=data)
        name = f"notices.notice_card: {Notice.NOT_REACHED} of {one.name} for {reader}, {n}"
        yield Drawn(name, notices.notice_card(item, view), reader, view, notices.summary(item, one.case.reference))


def _lists(world: World, n: int) -> Iterator[Drawn]:
    """What only the office sees."""
    today = moment(FRIDAY).date()
    people = [world.people[key] for key in ("tom", "priya", "helen", "nadia", "pat", "alan")]
    missing = [reach.Missing(p, world.typed(120)) for p in people]
    for start, count in ((0, 0), (0, 3), (0, 6), (5, 6)):
        page = missing[start : min(start + reach.PAGE, count)]
        drawn = reach.reach_list(page, start, count, 40, today, "They can be reached now." if count == 3 else "")
        yield Drawn(f"reach.reach_list: {n}, {start} of {count}", drawn)
    words = reach.invitation_words(people[0], world.provider, world.people["sam"].name, BOT_LINK if n % 2 else "")
    for news in ("", *(reach.installed(people[0], how) for how in Installed)):
        drawn = reach.invitation(people[0], words, can_install=bool(n % 2), news=news, app_link=BOT_LINK)
        yield Drawn(f"reach.invitation: {n}, {news[:30]!r}", drawn)
    yield from _undelivered(people, n)


def _undelivered(people: Sequence[Person], n: int) -> Iterator[Drawn]:
    today, since = moment(FRIDAY).date(), moment(TUESDAY)
    letters = [
        delivery.Undelivered(f"k{i}", p, "a copy for you", since, reference="K7K7", case="case-1")
        for i, p in enumerate(people)
    ]
    letters[1] = replace(letters[1], reference="", case="", ours=True)
    letters[2] = replace(letters[2], to=None, lost_placement=True)
    letters[4] = replace(letters[4], to=None)
    for start, count in ((0, 0), (0, 2), (0, 6), (4, 6)):
        page = letters[start : min(start + delivery.PAGE, count)]
        for some in (0, 1, 2):
            news = "That has been seen to already." if some else ""
            drawn = delivery.undelivered(
                page, start, count, today, delayed=some, not_yours=some, channel_lost=some == 2, news=news
            )
            yield Drawn(f"delivery.undelivered: {n}, {start} of {count}, {some}", drawn)
    for one in letters:
        yield Drawn(f"delivery.letter: {n}, {one.key}", delivery.letter(one, today))
    for aside, delayed in ((1, 0), (2, 1), (0, 3)):
        yield Drawn(f"delivery.waiting: {aside}, {delayed}", delivery.waiting(aside, delayed))
