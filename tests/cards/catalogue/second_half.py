"""The second half of the road: the plan, the review, its outcome and the next steps, with their forms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from cards import (
    meeting,
    next_steps,
    outcome,
    pebblepad,
    review,
    student,
    support_plan,
)
from cards.case import case_card
from cards.elements import Card
from pathway import events as e
from pathway.case import Case
from pathway.process import Stage
from pathway.rules import Fault, Ground
from pathway.slots import Slot
from tests.cards.catalogue.first_half import (
    AT_ONCE,
    BOOKED,
    FRIDAY,
    MY_VIEW,
    PLAN,
    TUESDAY,
    TUTORS,
    TYPED_VIEW,
    WEDNESDAY,
)
from tests.cards.catalogue.world import (
    NOTE,
    TYPED,
    TYPISTS,
    CaseForm,
    Drawn,
    Faults,
    Fields,
    Line,
    Told,
    Values,
    World,
    filled,
    fillings,
    happens,
    inputs_of,
    of,
)
from tests.pathway.builders import Story, moment

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
VISIT: Line = (HALF_WAY, "link_tutor", e.ReviewBooked, {})
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
    "the student has written much": (*IN_PLACE, HERSELF, *(REPLIED,) * 20),
    "the visit booked": (*IN_PLACE, VISIT),
    "the visit booked by the office": (*IN_PLACE, (*VISIT[:1], "team", *VISIT[2:])),
    "the review moved": (*IN_PLACE, VISIT, MOVED, HERSELF),
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
        happens(before, moment(when), who, kind, said | fields)
    return Told(name, before.case, before.ground, before.case.events[-1].at + timedelta(hours=1))


def _slots(*, far: bool) -> tuple[Slot, ...]:
    """Three times for four people; *far*: of two of them it is known that they are free."""
    people = ("tom", "alan", "nadia", "ruth")
    times = map(moment, ("2026-10-15 10:00", "2026-10-16 10:00", "2026-10-19 10:00"))
    return tuple(Slot(at, 60, people[1:3] if far else (), people if not far else ("tom", "ruth")) for at in times)


def reviews(world: World) -> Iterator[Drawn]:
    """The forms from the start of the review to the next steps, and the cards before an outcome is saved."""
    told = reviews_of(world)
    plan, begun, all_parts = (of(told, n) for n in ("plan, a promise kept", "review begun", "review, all parts"))
    ended, goes_on = of(told, "placement ended"), of(told, "placement continues")
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
            book = partial(next_steps.day_form, note=NOTE, far=far, again=yes, invites=far)
            forms.append((f"next_steps.day_form: far {far}, again {yes}", ended, "sam", book))
            some = partial(next_steps.book_form, slots=_slots(far=far), note=NOTE, far=far, again=yes, invites=far)
            forms.append((f"next_steps.book_form: far {far}, again {yes}", ended, "sam", some))
    for name, one, reader, form in forms:
        yield from fillings(world, name, partial(form, one.view(reader)), one.view(reader))
    yield from _parts(world, begun)
    yield from _endings(world, all_parts, ended.case)
    view = all_parts.view("helen")
    yield Drawn("outcome.continues_check", outcome.continues_check(view, goes_on.case), "helen", view)
    for one in (all_parts, of(told, "continues, set aside"), ended):
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
            for more in (False, True):
                draw = partial(maker, view, for_whom=mentor, more=more)
                yield from fillings(world, f"review.{maker.__name__}, by {reader}, {more=}", draw, view)


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


def plan_cards(world: World, told: Sequence[Told]) -> Iterator[Drawn]:
    yield Drawn("student.no_plan", student.no_plan(world.provider))
    yield from _words_cards(told)
    for reader in ("helen", "priya"):
        views = [v for v in (one.view(reader) for one in told) if pebblepad.still_to_record(v)]
        for n, start in ((0, 0), (1, 0), (4, 0), (9, 4), (9, 8)):
            drawn = pebblepad.not_there_yet(views[:n], start=start)
            yield Drawn(f"pebblepad.not_there_yet: {start} of {n} for {reader}", drawn, reader)
    yield from _plan_forms(world, told)
    yield from _largest_forms(world, of(told, "the largest plan"))
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
    for reader in ("helen", "sam"):
        view = of(told, "the plan in place").view(reader)
        at = moment("2026-10-26 09:30")
        ics, teams = (
            "http://127.0.0.1:3978/ics/token.ics",
            meeting.teams_link(view.case.reference, at, 120, ["a@b.example"]),
        )
        yield Drawn(
            f"support_plan.book_visit: {reader}", support_plan.book_visit(view, at, teams=teams, ics=ics), reader, view
        )
    for name in ("the plan in place", "the largest plan in place"):
        view = of(told, name).view("helen")
        yield Drawn(f"support_plan.send_visit: {name}", support_plan.send_visit(view, at), "helen", view)
        for reader in ("priya", "tom"):
            view = of(told, name).view(reader)
            yield Drawn(f"support_plan.halfway: {name} for {reader}", support_plan.halfway(view), reader, view)


def _words_cards(told: Sequence[Told]) -> Iterator[Drawn]:
    for name in ("the student has written much", "the student wants to talk"):
        for reader in ("tom", "priya", "sam"):
            view = of(told, name).view(reader)
            for part, _ in enumerate(student.words_pages(view), 1):
                yield Drawn(
                    f"student.words_card: {name} for {reader}, {part=}", student.words_card(view, part), reader, view
                )


def _plan_forms(world: World, told: Sequence[Told]) -> Iterator[Drawn]:
    writing, agreed = of(told, "writing the plan"), of(told, "the mentor's agreement typed")
    talk, said_no = of(told, "a plan to discuss"), of(told, "not achievable")
    running = of(told, "the plan in place")
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
            of(told, "the largest plan in place"),
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
    for page in (1, 2):
        empty = support_plan.plan_form(view, {}, blocks=3, page=page, note=NOTE)
        full = {part["id"]: filled(part, world.typed) for part in inputs_of(empty)}
        drawn = support_plan.plan_form(view, full, blocks=3, page=page, note=NOTE)
        yield Drawn(f"support_plan.plan_form: three targets, page {page}", drawn, "priya", view)
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
