"""The guards: what a form has to say before its event may be recorded, a function for each event (`GUARDS`).

A guard finds faults, each a sentence for the person who asked, with the field it is about; it trusts that the event
belongs to the stage and that the person may record it (`pathway.rules.decide` asks that first). Dates that people
choose are held to the calendar of the placement's school; the process document's week is advice, so an early call for
help needs a reason and is never blocked (unless the provider sets `week_is_required`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime

from pathway import events as e
from pathway.case import Case
from pathway.dates import counted, in_words, listed, local_date
from pathway.ground import Fault, Ground
from pathway.process import Stage
from pathway.roles import Role

#: Within so many working days the Partnership Lead may reopen an outcome that was entered wrongly.
CORRECTABLE_FOR = 10

Faults = Iterator[Fault]
Guard = Callable[[Case | None, e.Event, Ground], Faults]


def _needs(value: object, sentence: str, field: str) -> Faults:
    if not value or (isinstance(value, str) and not value.strip()):
        yield Fault(sentence, field)


def check_day_faults(day: date, event: e.Event, ground: Ground) -> Faults:
    """A one-week check lies on a school day after the day it is recorded, within the allowed span, inside the
    placement.
    """
    calendar, placement = ground.calendar, ground.party.placement
    recorded = local_date(event.at)
    if day <= recorded:
        yield Fault("Choose a day after today, so that there is time to work on it.", "check_on")
        return
    if not calendar.is_open(day):
        opens = calendar.next_open(day)
        yield Fault(
            f"The school is closed on {in_words(day)}. The next school day is {in_words(opens)}.",
            "check_on",
        )
        return
    latest = calendar.add(max(event.on, recorded), ground.provider.days.plan_max)
    if day > latest:
        yield Fault(f"That is a long time to wait. Choose a day up to {in_words(latest)}.", "check_on")
    if day > placement.end:
        yield Fault(f"The placement ends on {in_words(placement.end)}. Choose a day before that.", "check_on")


def area_faults(areas: tuple[str, ...], ground: Ground) -> Faults:
    """One to three areas, Teachers' Standards and Core Areas counted together."""
    most = ground.provider.settings.max_focus_areas
    if not areas:
        yield Fault("Choose the area this is about.", "areas")
    elif len(set(areas)) > most:
        yield Fault(
            f"Choose up to {most} areas. You have chosen {len(set(areas))}. Which matter most this week?", "areas"
        )


def _draft_started(_case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.DraftStarted)
    if not event.route_check_clear:
        yield Fault("Answer the first question: is a child at risk, or is this about serious conduct?", "route")
    if not ground.party.placement.is_current(local_date(event.at)):
        yield Fault("This placement is not running today. The office can change its dates.", "placement")
    if event.role is not Role.MENTOR and not event.for_whom:
        yield Fault("Say for which mentor you are entering this.", "for_whom")
    placement = ground.party.placement
    if (event.placement, event.student) != (placement.id, placement.student):
        yield Fault("That student is not on this placement.", "placement")
    if not event.mentor or event.mentor not in (placement.mentor, placement.second_mentor):
        yield Fault("That mentor is not on this placement.", "placement")


def _weekly_target(_case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.WeeklyTargetSet)
    yield from area_faults(event.areas, ground)
    yield from _needs(event.seen, "Say what you have seen: what happened, and when.", "seen")
    yield from _needs(event.going_well, "Say what is going well. It keeps the record fair.", "going_well")
    yield from _needs(event.target, "Write the target for this week.", "target")
    yield from _needs(event.measure, "Say how you will both know that it is met.", "measure")
    yield from _needs(event.help_offered, "Choose the help you are offering this week.", "help_offered")
    yield from check_day_faults(event.check_on, event, ground)


def _target_continued(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.TargetContinued)
    if case and case.repeats >= ground.provider.days.max_repeats:
        tutor = ground.provider.role(Role.LINK_TUTOR)
        yield Fault(f"The week has been repeated {case.repeats} times. It is time to tell the {tutor}.")
    yield from check_day_faults(event.check_on, event, ground)


def _aware_faults(event: e.LinkTutorTold | e.LinkTutorToldAtOnce, ground: Ground) -> Faults:
    if not event.student_aware:
        tutor = ground.provider.role(Role.LINK_TUTOR)
        sentence = f"Say why the student does not know yet that you are telling the {tutor}."
        yield from _needs(event.student_unaware_because, sentence, "student_unaware_because")


def _link_tutor_told(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.LinkTutorTold)
    yield from _needs(event.evidence, "Say how the week went.", "evidence")
    yield from _needs(event.support_given, "Choose the support that was given.", "support_given")
    yield from _aware_faults(event, ground)
    due = case.check_on if case else None
    if due and local_date(event.at) < due:
        if ground.provider.settings.week_is_required:
            yield Fault(f"The week runs until {in_words(due)}.", "early_because")
        else:
            yield from _needs(
                event.early_because,
                f"The week runs until {in_words(due)}. Say in a line why you are asking for help now.",
                "early_because",
            )


def _link_tutor_told_at_once(_case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.LinkTutorToldAtOnce)
    yield from area_faults(event.areas, ground)
    yield from _needs(event.evidence, "Say how it has gone so far.", "evidence")
    yield from _aware_faults(event, ground)
    if event.target_set_on is None:
        if ground.provider.settings.week_is_required:
            yield Fault("A weekly target comes first.", "skip_because")
        yield from _needs(event.skip_because, "Say why the week for a first target is skipped.", "skip_because")
        return
    if event.target_set_on > local_date(event.at):
        yield Fault("Choose the day on which you set the target: today or before.", "target_set_on")
    yield from _needs(event.target, "Say what the weekly target was.", "target")
    yield from _needs(event.support_given, "Choose the support that was given.", "support_given")


def _meeting_booked(_case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.MeetingBooked)
    if event.starts <= event.at:
        yield Fault(
            "That time has passed. If you have met already, choose “We have already spoken”.",
            "day",
        )
    if not 5 <= event.minutes <= 240:
        yield Fault("Choose how long the meeting lasts.", "minutes")
    if event.held is e.Held.VISIT and not ground.provider.settings.first_meeting_may_be_visit:
        yield Fault("The first meeting is a Teams meeting or a phone call.", "held")


def _reason(sentence: str = "Give the reason in a line.") -> Guard:
    def guard(_case: Case | None, event: e.Event, _ground: Ground) -> Faults:
        return _needs(getattr(event, "reason", ""), sentence, "reason")

    return guard


def _withdrawn(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.ReferralWithdrawn)
    if case and not case.target:
        yield Fault("There is no weekly target to go on with.")
    yield from _needs(event.reason, "Give the reason in a line.", "reason")
    yield from check_day_faults(event.check_on, event, ground)


def both_say_not_as_expected(case: Case) -> bool:
    """The process document's "if you and the Link Tutor are agreed that progress is not as expected"."""
    views = (case.view_of(Role.MENTOR), case.view_of(Role.LINK_TUTOR))
    return all(v is not None and v.view is e.View.NOT_AS_EXPECTED for v in views)


def _intervention_agreed(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.InterventionAgreed)
    assert case
    yield from _needs(event.present, "Say who was there.", "present")
    lead_decides = event.role is Role.PARTNERSHIP_LEAD
    if lead_decides and case.stage is Stage.VIEWS_DIFFER:
        yield from _needs(event.decided_because, "Give the reason for your decision.", "decided_because")
    elif lead_decides:
        yield Fault(f"The {ground.provider.role(Role.PARTNERSHIP_LEAD)} decides only where the views differ.")
    elif not both_say_not_as_expected(case):
        yield Fault(
            "A support plan opens when both of you have recorded that progress is not as expected.",
            "view",
        )


def _more_time(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.MoreTimeAgreed)
    yield from _needs(event.target, "Write the target, kept or new.", "target")
    if not event.student_told:
        yield Fault("Tell the student first, then record it here.", "student_told")
    yield from check_day_faults(event.check_on, event, ground)
    yield from _lead_only_where_views_differ(case, event, ground)


def _no_intervention(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.NoInterventionAgreed)
    yield from _needs(event.reason, "Give the reason in a line.", "reason")
    yield from _lead_only_where_views_differ(case, event, ground)


def _lead_only_where_views_differ(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    if event.role is Role.PARTNERSHIP_LEAD and case and case.stage is not Stage.VIEWS_DIFFER:
        yield Fault(f"The {ground.provider.role(Role.PARTNERSHIP_LEAD)} decides only where the views differ.")


def _views_differed(case: Case | None, _event: e.Event, _ground: Ground) -> Faults:
    assert case
    for role, field in ((Role.MENTOR, "mentor_view"), (Role.LINK_TUTOR, "view")):
        view = case.view_of(role)
        if view is None or not view.words.strip():
            yield Fault("Record both views first, each in the person's own words.", field)


def _view_recorded(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.ViewRecorded)
    if case and case.told is None:
        tutor = ground.provider.role(Role.LINK_TUTOR)
        yield Fault(f"Views are recorded once the {tutor} has been told.", "view")
    yield from _needs(event.words, "Say it in your own words.", "words")
    if event.role is Role.LINK_TUTOR and event.for_whom:
        yield from _needs(event.means, "Say how the mentor told you: in the meeting, by phone.", "means")


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
    yield from _needs(event.promises, "Agree at least one piece of extra mentor support.", "promises")
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
        yield from _needs(event.short_because, "Give the reason for the shorter week.", "short_because")
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


def _version_agreed(case: Case | None, event: e.Event, _ground: Ground) -> Faults:
    assert isinstance(event, e.PlanVersionAgreed)
    if not case or not case.plan or case.plan.version != event.version:
        yield Fault("The plan has a newer version. Read that one, then agree.", "version")
    if event.for_whom and event.role is Role.LINK_TUTOR:
        yield from _needs(event.means, "Say when and how the mentor agreed.", "means")


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
        yield Fault("Tick that any agreed adjustments are in place. It is asked for every student.", "adjustments")
    if case.review_at and case.review_at <= event.at:
        day = in_words(local_date(case.review_at))
        yield Fault(f"The review of this plan was to be on {day}. Choose a later day first.", "review_on")
    if case.mentor_view_to_confirm:
        yield Fault(
            "The mentor's view was typed for them. They answer “That is right” first, or the office enters it.",
            "mentor_view",
        )


def _student_agreed(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.StudentAgreed)
    assert case
    if not event.achievable:
        yield Fault("If the student does not find the plan achievable, record that instead.", "achievable")
    if not event.knows_review_decides:
        yield Fault("Tell the student that the review decides what happens next, then tick it here.", "knows")
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
        yield from _needs(event.short_week_because, sentence, "short_week_because")


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


def _student_confirmed(case: Case | None, event: e.Event, _ground: Ground) -> Faults:
    assert isinstance(event, e.StudentConfirmed)
    if not case or not case.plan or case.plan.version != event.version:
        yield Fault("The plan has a newer version. Read that one first.", "version")


def has_been_discussed(case: Case) -> bool:
    """Whether somebody has recorded having spoken with the student about the plan since it was shared last."""
    return bool(case.since(e.PlanShared, e.PlanDiscussed) or case.since(e.PlanShared, e.StudentNotAgreed))


def _proceeded(case: Case | None, event: e.Event, _ground: Ground) -> Faults:
    assert isinstance(event, e.ProceededWithoutAgreement)
    assert case
    if not has_been_discussed(case):
        yield Fault("The plan is discussed with the student first. Ask for that conversation to be recorded.")
    yield from _needs(event.reason, "Give the reason in a line.", "reason")
    if not event.adjustments_checked:
        yield Fault("Tick that any agreed adjustments are in place.", "adjustments")
    if not event.comments_kept:
        yield Fault("Keep the student's comments with the plan.", "comments")


def _plan_amended(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.PlanAmended)
    yield from _needs(event.reason, "Give the reason in a line.", "reason")
    if not event.mentor_agrees:
        yield Fault("Agree the change with the mentor first.", "mentor_agrees")
    if not event.student_told:
        yield Fault("Tell the student first, then record it here.", "student_told")
    yield from area_faults(tuple(t.area for t in event.targets), ground)
    if case and case.plan and event.version <= case.plan.version:
        yield Fault("Somebody else has changed the plan. Look at the newest version.", "version")


def _review_changed(_case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.ReviewChanged)
    yield from _needs(event.reason, "Give the reason in a line.", "reason")
    if not event.student_told:
        yield Fault("Tell the student first, then record it here.", "student_told")
    if event.review_at <= event.at:
        yield Fault("Choose a time that is still to come.", "review_on")
    if local_date(event.review_at) > ground.party.placement.end:
        yield Fault(f"The placement ends on {in_words(ground.party.placement.end)}.", "review_on")


def _review_started(_case: Case | None, event: e.Event, _ground: Ground) -> Faults:
    assert isinstance(event, e.ReviewStarted)
    if not event.in_person:
        yield from _needs(event.not_in_person_because, "Say why the visit is not in person.", "not_in_person_because")


def missing_parts(case: Case) -> tuple[e.ReviewPart, ...]:
    """Which of the review's three parts nobody has recorded since it started."""
    there = {x.part for x in case.since(e.ReviewStarted, e.ReviewPartRecorded)}
    return tuple(part for part in e.ReviewPart if part not in there)


def _outcome(case: Case, event: e.PlacementContinued | e.PlacementTerminated) -> Faults:
    yield from _needs(event.results, "Say for each target whether it is met.", "results")
    yield from _needs(event.reasons, "Give the reasons, with reference to the targets.", "reasons")
    review = case.last(e.ReviewStarted)
    if event.told_student_at is None or event.told_student_at > event.at:
        yield Fault("Tell the student in person before you save this. When was that?", "told_student_at")
    elif review and local_date(event.told_student_at) < review.on:
        began = f"The review began on {in_words(review.on)}"
        yield Fault(f"{began}: the student is told what comes of it on that day or later.", "told_student_at")
    yield from _needs(event.told_by, "Say who told the student.", "told_by")


def _continued(case: Case | None, event: e.Event, _ground: Ground) -> Faults:
    assert isinstance(event, e.PlacementContinued)
    assert case
    yield from _outcome(case, event)
    if missing_parts(case) and not event.parts_missing_because.strip():
        parts = ", ".join(missing_parts(case))
        yield Fault(f"Not recorded yet: {parts}. Record them, or say why not.", "parts")


def _terminated(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.PlacementTerminated)
    assert case
    yield from _outcome(case, event)
    if missing_parts(case):
        yield Fault(f"Not recorded yet: {', '.join(missing_parts(case))}.", "parts")
    if not event.mentor_present_or_sent:
        yield Fault("The mentor is there when it is said, or is sent the record.", "mentor_present_or_sent")
    if event.typed_confirmation.strip().casefold() != case.reference.casefold():
        yield Fault(f"Type the reference {case.reference} to confirm.", "typed_confirmation")
    lead = ground.provider.role(Role.PARTNERSHIP_LEAD)
    if event.lead_told_at is None or event.lead_told_at > event.at or not event.lead_told.strip():
        yield Fault(f"Tell the {lead} first. Who was told, and when?", "lead_told")
    if ground.provider.settings.termination_needs_lead:
        confirmed = confirmed_by(case)
        if not confirmed or confirmed not in ground.party.office.leads or event.confirmed_by != confirmed:
            yield Fault(f"The {lead} confirms this too.", "confirmed_by")


def confirmed_by(case: Case) -> str:
    """The Partnership Lead who has confirmed, since the review started, that the placement may end; "" so far."""
    given = case.this_stage(e.TerminationConfirmed)
    return given[-1].by if given else ""


def _second_plan(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.SecondPlanAgreed)
    if not ground.provider.settings.allow_second_plan:
        yield Fault("This partnership does not use second support plans.")
    if case and case.all(e.SecondPlanAgreed):
        yield Fault("There has been a second plan already.")
    if not event.lead_agrees:
        yield Fault(f"The {ground.provider.role(Role.PARTNERSHIP_LEAD)} agrees first.", "lead_agrees")
    ends = ground.calendar.add(event.on, ground.provider.days.plan_floor)
    if ends > ground.party.placement.end:
        yield Fault("Too little of the placement is left for another plan.")


#: A next steps meeting further away than so many calendar days needs somebody to turn to until then.
FAR_AWAY = 7


def _next_steps_booked(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.NextStepsBooked)
    assert case
    if event.starts <= event.at:
        yield Fault("Choose a time that is still to come.", "day")
    elif not ground.university.is_open(local_date(event.starts)):
        opens = ground.university.next_open(local_date(event.starts))
        yield Fault(f"The university is closed on that day. It is open again on {in_words(opens)}.", "day")
    yield from _needs(event.place, "Say where the meeting is.", "place")
    yield from _invitation_faults(event.invited, ground)
    if (local_date(event.starts) - case.began.on).days > FAR_AWAY:
        sentence = f"That is more than {FAR_AWAY} days after the outcome. Name somebody to turn to until then."
        yield from _needs(event.interim_contact, sentence, "interim_contact")


def _invitation_faults(invited: tuple[str, ...], ground: Ground) -> Faults:
    missing = [role for role in to_invite(ground) if role.value not in invited]
    if missing:
        words = listed(f"the {ground.provider.role(role)}" for role in missing)
        yield Fault(f"Invite {words} too, or a deputy for them.", "invited")


def _next_steps_held(_case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.NextStepsHeld)
    yield from _invitation_faults(event.invited, ground)
    yield from _needs(event.present, "Say who came.", "present")
    yield from _needs(event.decision, "Write what happens next.", "decision")
    yield from _needs(event.status, "Say where the student stands meanwhile.", "status")
    if not event.leaflet_given:
        yield Fault("Give the student the support leaflet, then tick it. It is the same for everyone.", "leaflet_given")
    if not event.appeal_given:
        yield Fault("Give the student the information on how to appeal, then tick it.", "appeal_given")
    if event.present and Role.STUDENT.value not in event.present:
        yield from _needs(
            event.student_absent_because,
            "The student did not come: offer another day, or give the reason for closing.",
            "student_absent_because",
        )


def to_invite(ground: Ground) -> Iterator[Role]:
    """Who belongs into the next steps meeting; a deputy counts as the role they stand in for."""
    yield Role.STUDENT
    yield Role.COURSE_DIRECTOR
    if ground.party.placement.level_lead:
        yield Role.LEVEL_LEAD
    yield Role.PARTNERSHIP_LEAD


def _outcome_reopened(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.OutcomeReopened)
    assert case
    yield from _needs(event.reason, "Give the reason in a line.", "reason")
    if not event.student_told:
        yield Fault("Tell the student first, then record it here.", "student_told")
    outcome = case.outcome
    if outcome is not None:
        last = ground.university.add(local_date(outcome.at), CORRECTABLE_FOR)
        if local_date(event.at) > last:
            yield Fault(f"An outcome can be corrected for {CORRECTABLE_FOR} working days, until {in_words(last)}.")


def _paused(_case: Case | None, event: e.Event, _ground: Ground) -> Faults:
    assert isinstance(event, e.CasePaused)
    if event.back_on is not None and event.back_on <= local_date(event.at):
        yield Fault("Choose a day after today, or leave it empty if it is not known.", "back_on")


def _resumed(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.CaseResumed)
    paused = case.last(e.CasePaused) if case else None
    if paused and event.on < paused.on:
        yield Fault(f"The case was paused on {in_words(paused.on)}. Choose that day or a later one.", "on")
    if case and case.came_from is Stage.WEEKLY_TARGET:
        if event.check_on is None:
            yield Fault("Choose the day of the one-week check.", "check_on")
        elif ground.calendar.count(event.on, event.check_on) < 2:
            yield Fault("Leave at least 2 school days after the first day back.", "check_on")
        else:
            yield from check_day_faults(event.check_on, event, ground)


def _raised_in_error(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.RaisedInError)
    yield from _needs(event.reason, "Give the reason in a line.", "reason")
    if event.role is Role.MENTOR and case and case.stage is not Stage.WEEKLY_TARGET:
        yield Fault(f"The {ground.provider.role(Role.LINK_TUTOR)} or the office can close this now.")


def _second_opinion(_case: Case | None, event: e.Event, _ground: Ground) -> Faults:
    assert isinstance(event, e.SecondOpinion)
    if event.kind is e.Opinion.OBSERVED:
        yield from _needs(event.seen, "Say what was seen.", "seen")


def _somebody(_case: Case | None, event: e.Event, ground: Ground) -> Faults:
    person = getattr(event, "person", "")
    if person not in ground.party.people:
        yield Fault("Choose somebody from the list.", "person")


#: The guards of each event, beside the table of stages and the table of who may.
GUARDS: Mapping[type[e.Event], Guard] = {
    e.DraftStarted: _draft_started,
    e.WeeklyTargetSet: _weekly_target,
    e.TargetContinued: _target_continued,
    e.LinkTutorTold: _link_tutor_told,
    e.LinkTutorToldAtOnce: _link_tutor_told_at_once,
    e.MeetingBooked: _meeting_booked,
    e.MeetingCancelled: _reason("Say why, so that the others know."),
    e.ReferralWithdrawn: _withdrawn,
    e.InterventionAgreed: _intervention_agreed,
    e.MoreTimeAgreed: _more_time,
    e.NoInterventionAgreed: _no_intervention,
    e.ViewsDiffered: _views_differed,
    e.ViewRecorded: _view_recorded,
    e.PlanWritten: _plan_written,
    e.PlanVersionAgreed: _version_agreed,
    e.PlanShared: _plan_shared,
    e.PlanReopened: _reason("Say what needs to change."),
    e.StudentAgreed: _student_agreed,
    e.StudentConfirmed: _student_confirmed,
    e.ProceededWithoutAgreement: _proceeded,
    e.PlanAmended: _plan_amended,
    e.ReviewChanged: _review_changed,
    e.ReviewStarted: _review_started,
    e.PlacementContinued: _continued,
    e.PlacementTerminated: _terminated,
    e.SecondPlanAgreed: _second_plan,
    e.NextStepsBooked: _next_steps_booked,
    e.NextStepsHeld: _next_steps_held,
    e.OutcomeReopened: _outcome_reopened,
    e.CasePaused: _paused,
    e.CaseResumed: _resumed,
    e.RaisedInError: _raised_in_error,
    e.StudentLeftCourse: _reason(),
    e.PlacementEnded: _reason(),
    e.SecondOpinion: _second_opinion,
    e.LinkTutorNamed: _somebody,
    e.MentorNamed: _somebody,
}
