"""The guards of the support plan: written, agreed by both in one version, talked through, kept to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from pathway import events as e
from pathway.case import Case
from pathway.clocks import review_moment
from pathway.dates import counted, in_words, local_date
from pathway.ground import Fault, Ground
from pathway.guards.common import Faults, Guard, area_faults, needs, reason, tell_first
from pathway.roles import Role


def _plan_written(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.PlanWritten)
    assert case
    areas = tuple(dict.fromkeys(t.area for t in event.targets))
    yield from area_faults(areas, ground)
    for area in areas:
        if sum(t.area == area for t in event.targets) > 2:
            yield Fault("An area holds up to 2 targets.", "targets")
    review_day = local_date(event.review_at)
    for target in event.targets:
        if not all(x.strip() for x in (target.target, target.measure, target.support)):
            yield Fault("Each target needs: what, how we will know, and the support for it.", "targets")
            break
    if any(t.complete_by > review_day for t in event.targets):
        yield Fault("Each target is to be met by the review.", "targets")
    mentor = ground.provider.role(Role.MENTOR)
    yield from needs(event.promises, f"Agree at least one piece of extra {mentor} support.", "promises")
    yield from _review_day_faults(event, review_day, ground)
    if case.plan and event.version != case.plan.version + 1:
        yield Fault("Somebody else has changed the plan. Look at the newest version.", "version")


def _review_day_faults(event: e.PlanWritten, review_day: date, ground: Ground) -> Faults:
    days, calendar = ground.provider.days, ground.calendar
    if not calendar.is_open(review_day):
        yield Fault(f"The school is closed on {in_words(review_day)}.", "review_on")
        return
    span = calendar.count(event.starts, review_day)
    if span < days.plan_floor:
        yield Fault(f"The review comes at least {days.plan_floor} school days after the plan starts.", "review_on")
    elif span < days.plan_min:
        yield from needs(event.short_because, "Give the reason for the shorter week.", "short_because")
    elif span > days.plan_max:
        yield Fault(f"The review comes within {days.plan_max} school days.", "review_on")
    if review_day > ground.party.placement.end:
        yield Fault(
            f"The placement ends on {in_words(ground.party.placement.end)}, before this review.",
            "review_on",
        )


def agreed_by(case: Case, role: Role, version: int) -> bool:
    """Whether the mentor or the Link Tutor agreed this version of the plan, or it was typed for the mentor. A tick
    stays with the person: who is named to follow them ticks anew.
    """
    agreed = False
    for said in case.this_stage(e.Event):
        match said:
            case e.PlanVersionAgreed() if said.version == version:
                agreed = agreed or (Role.MENTOR if said.for_whom else said.role) is role
            case e.MentorNamed() if role is Role.MENTOR:
                agreed = False
            case e.LinkTutorNamed() if role is Role.LINK_TUTOR:
                agreed = False
    return agreed


def _version_agreed(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.PlanVersionAgreed)
    if not case or not case.plan or case.plan.version != event.version:
        yield Fault("The plan has a newer version. Read that one, then agree.", "version")
    if event.for_whom and event.role is Role.LINK_TUTOR:
        yield from needs(event.means, f"Say when and how the {ground.provider.role(Role.MENTOR)} agreed.", "means")


def _plan_shared(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.PlanShared)
    assert case
    plan = case.plan
    if plan is None or plan.version != event.version:
        yield Fault("Share the newest version of the plan.", "version")
        return
    if len({t.area for t in plan.targets}) > ground.provider.settings.max_focus_areas:
        yield Fault(f"A plan has up to {ground.provider.settings.max_focus_areas} areas.", "areas")
    for role in (Role.MENTOR, Role.LINK_TUTOR):
        if not agreed_by(case, role, plan.version):
            word = ground.provider.role(role)
            yield Fault(f"The {word} has not agreed this version yet.", "agreed")
    if not plan.adjustments_checked:
        student = ground.provider.role(Role.STUDENT)
        yield Fault(f"Tick that any agreed adjustments are in place. It is asked for every {student}.", "adjustments")
    if case.review_at and case.review_at <= event.at:
        day = in_words(local_date(case.review_at))
        yield Fault(f"The review of this plan was to be on {day}. Choose a later day first.", "review_on")
    if case.mentor_view_to_confirm:
        mentor = ground.provider.role(Role.MENTOR)
        yield Fault(
            f"The {mentor}'s view was typed for them. They answer “That is right” first, or the office enters it.",
            "mentor_view",
        )


def _student_agreed(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.StudentAgreed)
    assert case
    student = ground.provider.role(Role.STUDENT)
    if not event.achievable:
        yield Fault(f"If the {student} does not find the plan achievable, record that instead.", "achievable")
    if not event.knows_review_decides:
        yield Fault(f"Tell the {student} that the review decides what happens next, then tick it here.", "knows")
    yield from _short_week_faults(case, event, ground)


def _short_week_faults(case: Case, event: e.StudentAgreed, ground: Ground) -> Faults:
    """Between the conversation and the review lies a whole week, or a reason, given now or when it was written."""
    if event.review_at is not None:
        yield from _later_review_faults(event, event.review_at, ground)
    review_at = event.review_at or case.review_at
    if case.plan is None or review_at is None or (event.review_at is None and case.plan.short_because.strip()):
        return
    review_day = local_date(review_at)
    left = ground.calendar.count(event.on, review_day)
    if left < ground.provider.days.plan_min:
        sentence = (
            f"{counted(left, 'school day') if left else 'No school day'} would be left until the review on "
            f"{in_words(review_day)}. Choose a later day for it, or say why the week is shorter."
        )
        yield from needs(event.short_week_because, sentence, "short_week_because")


def _later_review_faults(event: e.StudentAgreed, review_at: datetime, ground: Ground) -> Faults:
    """A review that is moved when the student agrees lies on a school day, within the span of a plan."""
    day, calendar, placement = local_date(review_at), ground.calendar, ground.party.placement
    if review_at <= event.at:
        yield Fault("Choose a day for the review that is still to come.", "review_on")
    elif not calendar.is_open(day):
        yield Fault(f"The school is closed on {in_words(day)}.", "review_on")
    elif calendar.count(event.on, day) > ground.provider.days.plan_max:
        yield Fault(f"The review comes within {ground.provider.days.plan_max} school days.", "review_on")
    if day > placement.end:
        yield Fault(f"The placement ends on {in_words(placement.end)}, before this review.", "review_on")


def _talked_through(case: Case | None, ground: Ground) -> Faults:
    """A student answers the plan that somebody has talked through with them, and no other."""
    if not case or case.plan_talked_through is None:
        people = f"{ground.provider.role(Role.MENTOR)} or your {ground.provider.role(Role.LINK_TUTOR)}"
        yield Fault(f"Your {people} talks the plan through with you first.", "version")


def _student_confirmed(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.StudentConfirmed)
    if not case or case.plan_talked_through is None:
        yield from _talked_through(case, ground)
    elif case.plan_talked_through.version != event.version:
        yield Fault("The plan has a newer version. Read that one first.", "version")


def _student_not_agreed(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    if event.role is Role.STUDENT:
        yield from _talked_through(case, ground)


def _student_replied(_case: Case | None, event: e.Event, _ground: Ground) -> Faults:
    assert isinstance(event, e.StudentReplied)
    yield from needs(event.words, "Write something first.", "words")


def _promise_ticked(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.PromiseTicked)
    plan = case.plan if case else None
    if plan is None or not 0 <= event.promise < len(plan.promises):
        yield Fault("That support is not among what was promised in this plan.", "promise")
    if event.role is Role.STUDENT:
        yield from _talked_through(case, ground)


def has_been_discussed(case: Case) -> bool:
    """Whether somebody has recorded having spoken with the student about the plan since it was shared last."""
    return bool(case.since(e.PlanShared, e.PlanDiscussed) or case.since(e.PlanShared, e.StudentNotAgreed))


def _proceeded(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.ProceededWithoutAgreement)
    assert case
    if not has_been_discussed(case):
        student = ground.provider.role(Role.STUDENT)
        yield Fault(f"The plan is discussed with the {student} first. Ask for that conversation to be recorded.")
    yield from needs(event.reason, "Give the reason in a line.", "reason")
    if not event.adjustments_checked:
        yield Fault("Tick that any agreed adjustments are in place.", "adjustments")
    if not event.comments_kept:
        yield Fault(f"Keep the {ground.provider.role(Role.STUDENT)}'s comments with the plan.", "comments")


def _plan_amended(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.PlanAmended)
    yield from needs(event.reason, "Give the reason in a line.", "reason")
    if not event.mentor_agrees:
        yield Fault(f"Agree the change with the {ground.provider.role(Role.MENTOR)} first.", "mentor_agrees")
    yield from tell_first(event, ground)
    yield from area_faults(tuple(t.area for t in event.targets), ground)
    if case and case.plan and event.version <= case.plan.version:
        yield Fault("Somebody else has changed the plan. Look at the newest version.", "version")


def _review_booked(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.ReviewBooked)
    assert case
    if event.starts != review_moment(case, ground):
        yield Fault("The review is at another time now. Look at the card again.")
    elif event.starts <= event.at:
        yield Fault("That time has passed. Change the review first, or start it.")
    yield from needs(event.place, "Say where the review is.", "place")


def _review_changed(_case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.ReviewChanged)
    yield from needs(event.reason, "Give the reason in a line.", "reason")
    yield from tell_first(event, ground)
    if event.review_at <= event.at:
        yield Fault("Choose a time that is still to come.", "review_on")
    if local_date(event.review_at) > ground.party.placement.end:
        yield Fault(f"The placement ends on {in_words(ground.party.placement.end)}.", "review_on")


GUARDS: Mapping[type[e.Event], Guard] = {
    e.PlanWritten: _plan_written,
    e.PlanVersionAgreed: _version_agreed,
    e.PlanShared: _plan_shared,
    e.PlanReopened: reason("Say what needs to change."),
    e.StudentAgreed: _student_agreed,
    e.StudentNotAgreed: _student_not_agreed,
    e.StudentConfirmed: _student_confirmed,
    e.StudentReplied: _student_replied,
    e.PromiseTicked: _promise_ticked,
    e.ProceededWithoutAgreement: _proceeded,
    e.PlanAmended: _plan_amended,
    e.ReviewChanged: _review_changed,
    e.ReviewBooked: _review_booked,
}
