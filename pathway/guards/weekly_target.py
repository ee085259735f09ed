"""The guards from a worry to the call for help: the route check, the weekly target, its check, and telling."""

from __future__ import annotations

from collections.abc import Mapping

from pathway import events as e
from pathway.case import Case
from pathway.dates import in_words, local_date
from pathway.ground import Fault, Ground
from pathway.guards.common import Faults, Guard, area_faults, check_day_faults, needs
from pathway.roles import Role


def _draft_started(_case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.DraftStarted)
    mentor, student = ground.provider.role(Role.MENTOR), ground.provider.role(Role.STUDENT)
    if not event.route_check_clear:
        yield Fault("Answer the first question: is a child at risk, or is this about serious conduct?", "route")
    if not ground.party.placement.is_current(local_date(event.at)):
        yield Fault("This placement is not running today. The office can change its dates.", "placement")
    if event.role is not Role.MENTOR and not event.for_whom:
        yield Fault(f"Say for which {mentor} you are entering this.", "for_whom")
    placement = ground.party.placement
    if (event.placement, event.student) != (placement.id, placement.student):
        yield Fault(f"That {student} is not on this placement.", "placement")
    if not event.mentor or event.mentor not in (placement.mentor, placement.second_mentor):
        yield Fault(f"That {mentor} is not on this placement.", "placement")


def _weekly_target(_case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.WeeklyTargetSet)
    yield from area_faults(event.areas, ground)
    yield from needs(event.seen, "Say what you have seen: what happened, and when.", "seen")
    yield from needs(event.going_well, "Say what is going well. It keeps the record fair.", "going_well")
    yield from needs(event.target, "Write the target for this week.", "target")
    yield from needs(event.measure, "Say how you will both know that it is met.", "measure")
    yield from needs(event.help_offered, "Choose the help you are offering this week.", "help_offered")
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
        student = ground.provider.role(Role.STUDENT)
        sentence = f"Say why the {student} does not know yet that you are telling the {tutor}."
        yield from needs(event.student_unaware_because, sentence, "student_unaware_because")


def _link_tutor_told(case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.LinkTutorTold)
    yield from needs(event.evidence, "Say how the week went.", "evidence")
    yield from needs(event.support_given, "Choose the support that was given.", "support_given")
    yield from _aware_faults(event, ground)
    due = case.check_on if case else None
    if due and local_date(event.at) < due:
        if ground.provider.settings.week_is_required:
            yield Fault(f"The week runs until {in_words(due)}.", "early_because")
        else:
            yield from needs(
                event.early_because,
                f"The week runs until {in_words(due)}. Say in a line why you are asking for help now.",
                "early_because",
            )


def _link_tutor_told_at_once(_case: Case | None, event: e.Event, ground: Ground) -> Faults:
    assert isinstance(event, e.LinkTutorToldAtOnce)
    yield from area_faults(event.areas, ground)
    yield from needs(event.evidence, "Say how it has gone so far.", "evidence")
    yield from _aware_faults(event, ground)
    if event.target_set_on is None:
        if ground.provider.settings.week_is_required:
            yield Fault("A weekly target comes first.", "skip_because")
        yield from needs(event.skip_because, "Say why the week for a first target is skipped.", "skip_because")
        return
    if event.target_set_on > local_date(event.at):
        yield Fault("Choose the day on which you set the target: today or before.", "target_set_on")
    yield from needs(event.target, "Say what the weekly target was.", "target")
    yield from needs(event.support_given, "Choose the support that was given.", "support_given")


def _second_opinion(_case: Case | None, event: e.Event, _ground: Ground) -> Faults:
    assert isinstance(event, e.SecondOpinion)
    if event.kind is e.Opinion.OBSERVED:
        yield from needs(event.seen, "Say what was seen.", "seen")


GUARDS: Mapping[type[e.Event], Guard] = {
    e.DraftStarted: _draft_started,
    e.WeeklyTargetSet: _weekly_target,
    e.TargetContinued: _target_continued,
    e.LinkTutorTold: _link_tutor_told,
    e.LinkTutorToldAtOnce: _link_tutor_told_at_once,
    e.SecondOpinion: _second_opinion,
}
