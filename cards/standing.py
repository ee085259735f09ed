"""Where a case stands, who has it, what happens next and by when: in sentences, for staff and for the student."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from cards import record
from cards.elements import literal
from cards.plan import (
    BOTH,
    duties_by,
    duties_day,
    duties_left,
    recorded_words,
    review_found,
    review_moment,
    tick_words,
    visit_words,
    who_agreed,
)
from cards.times import on_offer
from cards.view import View, plan_being_changed, plan_for_student
from pathway import events as e
from pathway.dates import counted, local_date
from pathway.deadlines import deadline
from pathway.guards import agreed_by, both_say_not_as_expected, missing_parts
from pathway.hours import tell_at
from pathway.process import Stage
from pathway.provider import starting
from pathway.roles import Role

Sentences = Iterator[str]


def standing(view: View) -> Sentences:
    """For staff. People see an escalation coming before it happens."""
    yield from NOW.get(view.case.stage, _elsewhere)(view)
    line = deadline(view.case, view.ground)
    if line is None or _theirs_is_done(view):
        return
    if line.escalates_at and line.escalates_at > view.now and view.case.stage.is_open:
        mine = view.viewer == view.case.mentor
        yield literal(line.then.replace(view.party.name(view.case.mentor), "you") if mine else line.then)


def _theirs_is_done(view: View) -> bool:
    """Next steps are a matter for the university: who is not asked for anything is told of no deadline."""
    return view.case.stage is Stage.NEXT_STEPS and view.is_(Role.MENTOR, Role.LEVEL_LEAD, Role.PERSONAL_TUTOR)


def _elsewhere(view: View) -> Sentences:
    yield f"This case stands at: {view.stage}."


def _weekly_target(view: View) -> Sentences:
    case = view.case
    if case.check_on is None:
        return
    asked = "You" if view.viewer == case.mentor else view.mentor
    until = f"{view.first} has until {view.day(case.check_on)} ({case.check_found})."
    yield f"{until} {asked} will be asked then how it went."
    if case.told is None:
        concern = case.last(e.WeeklyTargetSet)
        copied = f"{view.first} has a copy. " if concern and concern.copy_to_student else ""
        yield f"{copied}Nobody else has been told."


def _told(view: View) -> Sentences:
    case, tutor = view.case, view.link_tutor
    if case.view_of(Role.MENTOR) and case.view_of(Role.LINK_TUTOR):
        yield from _both_recorded(view)
        return
    person = view.party.link_tutor(case)
    if not person:
        due, none = deadline(case, view.ground), f"No {view.word(Role.LINK_TUTOR)} is named for this placement"
        by = f" by {view.day(due.day)}" if due else ""
        if view.is_(Role.PARTNERSHIP_TEAM):
            yield f"{none}. Please name one{by}."
        else:
            yield f"{none}, so the {view.word(Role.PARTNERSHIP_TEAM)} has been told and is asked to name one{by}."
        return
    who = starting(view.you_or(person))
    if case.told:
        named = case.last(e.LinkTutorNamed)
        told_at = max(case.told.at, named.at) if named else case.told.at
        hears = tell_at(told_at, Role.LINK_TUTOR, view.ground, case)
        if hears > view.now and who != "You":
            yield f"{who} gets it on {view.moment(hears)}, when working hours begin again."
        else:
            yield f"{who} {'were' if who == 'You' else 'was'} told on {view.moment(hears)}."
    if case.acknowledged and case.acknowledged.role is Role.LINK_TUTOR:
        has = starting(view.you_or(case.acknowledged.by))
        yield f"{has} {'have' if has == 'You' else 'has'} it, since {view.moment(case.acknowledged.at)}."
        yield from on_offer(view) if case.offer else ("Next: a Teams meeting is arranged.",)
    elif case.offer:
        yield from on_offer(view)
    elif view.is_(Role.LINK_TUTOR):
        yield "Next: arrange the meeting." if case.acknowledged else "Say that you have it, then arrange the meeting."
    else:
        yield f"Next: {tutor} answers and arranges a Teams meeting."


def _booked(view: View) -> Sentences:
    case, meeting, plan = view.case, view.case.meeting, view.provider.words.support_plan
    if case.view_of(Role.MENTOR) and case.view_of(Role.LINK_TUTOR):
        yield from _both_recorded(view)
        return
    if meeting and meeting.starts > view.now:
        yield f"The meeting is on {view.moment(meeting.starts)}."
    yield from on_offer(view)
    yield (
        f"After the meeting each of you records your own view. A {plan} opens only if you both say “not as expected”."
    )


def _both_recorded(view: View) -> Sentences:
    plan = view.provider.words.support_plan
    yield "Both views are recorded."
    if both_say_not_as_expected(view.case):
        who = view.you_or(view.party.link_tutor(view.case))
        yield f"{_both(view)} say “not as expected”, so {who} can open the {plan}."
    else:
        next_ = f"Next: {_both(view, 'you')} decide together what helps."
        yield f"A {plan} opens only if both say “not as expected”. {next_}"


def _both(view: View, you: str = "You both") -> str:
    """The mentor and the Link Tutor, to themselves and to others."""
    is_one = view.is_(Role.MENTOR, Role.LINK_TUTOR)
    return you if is_one else f"{view.mentor} and {view.link_tutor}"


def _differ(view: View) -> Sentences:
    lead = view.word(Role.PARTNERSHIP_LEAD)
    yield from on_offer(view)
    if view.is_(Role.PARTNERSHIP_LEAD):
        yield f"{view.mentor} and {view.link_tutor} see it differently. Read both views, then decide."
        return
    yield f"{_both(view, 'The two of you')} see it differently. The {lead} has been told and helps to decide."


def _writing_plan(view: View) -> Sentences:
    plan = view.provider.words.support_plan
    decided = view.case.entered.role is Role.PARTNERSHIP_LEAD
    why = (
        f"The {view.word(Role.PARTNERSHIP_LEAD)} has decided that"
        if decided
        else "Both views say “not as expected”, so"
    )
    yield (
        f"{why} a {plan} comes next: up to "
        f"{view.provider.settings.max_focus_areas} areas, with targets that can be met within a week."
    )
    written = view.case.plan
    if written is None:
        yield (
            f"One of you writes it here, the other agrees it or changes it. {view.first} hears of it from one of you "
            "first, and sees nothing of it here until then."
        )
        return
    author = starting(view.you_or(written.by))
    yield f"Version {written.version}: {author} wrote it on {view.day(local_date(written.at))}. {who_agreed(view)}"
    if all(agreed_by(view.case, role, written.version) for role in BOTH) and view.case.mentor_view_to_confirm:
        yield (
            f"Before it is talked through, {view.mentor} says that the view typed after the meeting is right, or the "
            f"{view.word(Role.PARTNERSHIP_TEAM)} enters it."
        )


def _to_discuss(view: View) -> Sentences:
    plan, line = view.case.plan, deadline(view.case, view.ground)
    version = f"version {plan.version}" if plan else "the plan"
    by = f" by {view.day(line.day)} ({line.how})" if line else ""
    no = view.case.since(e.PlanShared, e.StudentNotAgreed)
    if no:
        yield (
            f"{view.first} wants to talk about it, or does not find it achievable as it stands. Change the plan "
            f"together, talk again, or ask the {view.word(Role.PARTNERSHIP_LEAD)}, who has been told."
        )
        return
    yield f"{view.mentor} and {view.link_tutor} have both agreed {version}."
    if view.case.since(e.PlanShared, e.PlanDiscussed):
        yield f"It has been talked about with {view.first}. Next: record what came of it."
        return
    yield f"Next: one of you talks it through with {view.first} in person{by}."
    yield f"{view.first} sees nothing of it here before one of you has recorded that."


def _in_place(view: View) -> Sentences:
    case, at = view.case, review_moment(view)
    if at:
        yield f"The plan runs until the review meeting on {view.moment(at)} ({review_found(view)})."
    if visit := visit_words(view):
        yield visit
    yield "The review decides whether the placement continues."
    version = case.plan.version if case.plan else 0
    confirmed = [c for c in case.all(e.StudentConfirmed) if c.version == version]
    if confirmed:
        yield f"{view.first} has said here that it is achievable, on {view.day(local_date(confirmed[-1].at))}."
    ring = case.since(e.PlanShared, e.ReplyRequested)
    if ring and view.is_(Role.LINK_TUTOR):
        yield f"{view.first} asked you on {view.moment(ring[-1].at)} to ring."
    if view.is_(Role.LINK_TUTOR):
        if left := duties_left(view):
            whose = "Yours by" if view.today <= duties_day(view) else "Still yours, asked for by"
            yield f"{whose} {duties_by(view)}: {left}."
        if done := tick_words(view):
            yield done
    if pasted := recorded_words(view, e.Record.PLAN):
        yield pasted
    elif view.is_(Role.MENTOR, Role.LINK_TUTOR):
        yield "Nobody has said yet that it is recorded in PebblePad."


def _met(view: View) -> Sentences:
    yield f"{view.first} met the target. Thank you for the help you gave."
    if not view.case.told:
        yield f"The {view.word(Role.LINK_TUTOR)} was not needed and was told nothing."


def _no_intervention(view: View) -> Sentences:
    ended = view.case.last(e.NoInterventionAgreed)
    yield "It was decided that no further step is needed."
    if ended:
        yield f"Recorded by {view.you_or(ended.by)} on {view.day(local_date(ended.at))}."


def _in_error(_view: View) -> Sentences:
    yield "This was raised in error and is closed. Whoever had been told has been told this too."


def _paused(view: View) -> Sentences:
    paused = view.case.last(e.CasePaused)
    yield "All dates stand still."
    if paused and paused.back_on:
        yield f"Expected back on {view.day(paused.back_on)}."


# -- the review and what comes after it ---------------------------------------------------------------------------


def _review(view: View) -> Sentences:
    case = view.case
    began = case.last(e.ReviewStarted)
    if isinstance(case.began, e.OutcomeReopened):
        yield f"The outcome was set aside by {view.you_or(case.began.by)} and is recorded anew."
    if began:
        how = "" if began.in_person else ", not in person"
        yield f"The review began on {view.day(began.on)}{how}."
    if missing_parts(case):
        yield "Each of its three parts is recorded on its own. The outcome comes after them."
    elif view.is_(Role.LINK_TUTOR):
        yield f"All three parts are recorded. Tell {view.first} in person, then record the outcome."
    else:
        yield f"All three parts are recorded. {starting(view.link_tutor)} says in person what comes next."


def _continues(view: View) -> Sentences:
    yield f"{_whose(view)} placement continues."


def _whose(view: View) -> str:
    """The student by name, for those who are told of the outcome."""
    return f"{view.student}'s" if view.sees_case or record.hears_outcome(view) else "This"


def _next_steps(view: View) -> Sentences:
    yield f"{_whose(view)} placement has ended. The {view.word(Role.STUDENT)} was told in person and has it in writing."
    if view.is_(Role.MENTOR):
        yield "What happens next is a matter for the university. Nothing more is asked of the school."
        return
    booked = view.case.since(e.PlacementTerminated, e.NextStepsBooked)
    line = deadline(view.case, view.ground)
    if booked:
        over = booked[-1].starts <= view.now
        yield f"The next steps meeting {'was' if over else 'is'} on {view.moment(booked[-1].starts)}."
    elif line:
        yield f"The next steps meeting is due by {view.day(line.day)} ({line.how}). It is not booked yet."


def _terminated(view: View) -> Sentences:
    yield f"{_whose(view)} placement has ended."
    if not view.is_(Role.MENTOR):
        yield "The next steps are recorded, and the case is closed."


NOW: Mapping[Stage, Callable[[View], Sentences]] = {
    Stage.WEEKLY_TARGET: _weekly_target,
    Stage.LINK_TUTOR_TOLD: _told,
    Stage.MEETING_BOOKED: _booked,
    Stage.VIEWS_DIFFER: _differ,
    Stage.WRITING_PLAN: _writing_plan,
    Stage.PLAN_TO_DISCUSS: _to_discuss,
    Stage.PLAN_IN_PLACE: _in_place,
    Stage.TARGET_MET: _met,
    Stage.NO_INTERVENTION: _no_intervention,
    Stage.IN_ERROR: _in_error,
    Stage.PAUSED: _paused,
    Stage.REVIEW: _review,
    Stage.CONTINUES: _continues,
    Stage.NEXT_STEPS: _next_steps,
    Stage.TERMINATED: _terminated,
}


# -- the student ---------------------------------------------------------------------------------------------------


def for_student(view: View) -> Sentences:  # noqa: C901 - a line or two for each stage
    """Only what a person has said to the student first."""
    case = view.case
    if plan_being_changed(case):
        yield (
            f"The plan that you talked about is being changed. {view.mentor} or {view.link_tutor} speaks to you again "
            "before anything starts."
        )
        return
    match case.stage:
        case Stage.PLAN_TO_DISCUSS | Stage.PLAN_IN_PLACE if plan_for_student(case):
            yield from _plan_of_student(view)
        case Stage.WEEKLY_TARGET if case.check_on:
            yield f"{view.mentor} has talked to you about an area to work on, and you have a target for it."
            yield f"You have until {view.day(case.check_on)} ({case.check_found}). Then you look at it together."
        case Stage.TARGET_MET:
            met = case.last(e.TargetMet)
            yield f"{view.mentor} has recorded that you met your weekly target. Well done. The matter is closed."
            if met and met.note:
                yield literal(met.note)
        case Stage.NO_INTERVENTION:
            yield "The matter is closed. No further step was needed."
        case Stage.IN_ERROR:
            yield "This was sent to you in error and has been withdrawn. It is not on your record. We are sorry."
        case Stage.LINK_TUTOR_TOLD | Stage.MEETING_BOOKED | Stage.VIEWS_DIFFER if knows_of_referral(view):
            yield f"{starting(view.link_tutor)} has been told, as {view.mentor} said to you, and helps you both."
            yield f"{view.mentor} or {view.link_tutor} will speak to you about what comes next."
        case Stage.WRITING_PLAN | Stage.PLAN_TO_DISCUSS if knows_of_referral(view):
            yield f"{view.mentor} or {view.link_tutor} will speak to you about what comes next."
        case Stage.REVIEW if isinstance(case.began, e.OutcomeReopened):
            yield "What you were told about your placement is being put right, as you have been told in person."
            yield f"{starting(view.link_tutor)} speaks to you before anything new is written."
        case Stage.REVIEW:
            yield "Your review has begun: an observation, a talk with your mentor, and a conversation of all three."
            yield f"{starting(view.link_tutor)} tells you in person what comes of it. You get it in writing after that."
        case _:
            yield f"Ask {view.mentor} where things stand."


def _plan_of_student(view: View) -> Sentences:
    case, plan, at = view.case, plan_for_student(view.case), review_moment(view)
    if plan is None or at is None:
        return
    talked = _who_talked(view)
    words, n = view.provider.words.support_plan, counted(len(plan.targets), "target")
    until, them = view.day(local_date(at)), "it" if len(plan.targets) == 1 else "them"
    yield f"You and {talked} have talked about a {words}. It sets {n} for the days to {until} ({review_found(view)})."
    yield f"{view.mentor} and {view.link_tutor} are there to help you meet {them}."
    yield f"On {view.moment(at)} there is a review meeting. It will decide whether the placement continues."
    if booked := visit_words(view):
        yield booked
    if any(c.version == plan.version for c in case.all(e.StudentConfirmed)):
        yield "You have said that it is achievable. Thank you."
    elif case.stage is Stage.PLAN_TO_DISCUSS:
        yield "Is it achievable? You can say so here, or say that you want to talk about it. Either is all right."


def _who_talked(view: View) -> str:
    """Whoever recorded having talked with the student, or for whom it was typed."""
    kinds = (e.PlanDiscussed, e.StudentAgreed, e.StudentNotAgreed)
    said = [x for kind in kinds for x in view.case.since(e.PlanShared, kind) if x.role is not Role.STUDENT]
    return view.name(said[0].for_whom or said[0].by) if said else view.mentor


def knows_of_referral(view: View) -> bool:
    """Whether the student was told, by a person, that the Link Tutor was told."""
    told_so = any(t.what is e.Told.REFERRAL for t in view.case.all(e.StudentTold))
    return told_so or bool(view.case.told and view.case.told.student_aware)
