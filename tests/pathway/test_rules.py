"""Every refusal of the rules, in the words that people read.

Each line of `REFUSALS` takes a case that has lawfully reached a stage, has somebody fill in one thing badly, and names
the field and the sentence of the answer. Without that one thing the same event is taken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import pytest

from pathway import events as e
from pathway.clocks import review_day
from pathway.guards import GUARDS, agreed_by
from pathway.process import Stage
from pathway.provider import Days, Roles, Settings
from pathway.roles import Role
from pathway.rules import Fault, NotYours, OutOfStep, Refused, decide
from tests.pathway.builders import PROVIDER, Story, day, ground_for, moment

TUESDAY = "2026-10-06 10:00"
LATER = "2026-10-06 10:30"
LONG_AGO = moment("2026-10-01 10:00")
FOUR = ("TS1", "TS2", "TS3", "TS4")
TOO_MANY = "Choose up to 3 areas. You have chosen 4. Which matter most this week?"
NOT_OFFERED = "Choose each area from the list. One of them is not among those of your partnership."
TOLD_FIRST = "Tell the student first, then record it here."
REASON = "Give the reason in a line."
NO_INVITATION = "No invitation of ours stands for it any more. Please arrange it anew."


@dataclass(frozen=True)
class Refusal:
    stage: Stage | None
    who: str
    kind: type[e.Event]
    bad: dict[str, Any]
    place: str
    sentence: str
    settings: Settings = field(default_factory=Settings)
    placement: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.kind.__name__}-{'-'.join(self.bad) or self.place or 'itself'}"


def target(area: str = "TS7", **other: Any) -> e.PlanTarget:
    plain = e.PlanTarget(
        area=area,
        target="Wait for silence",
        measure="Twice in a lesson",
        support="A modelled lesson",
        monitored_by="mentor",
        complete_by=day("2026-10-13"),
    )
    return replace(plain, **other)


R = Refusal
WEEKLY, TOLD, BOOKED, DIFFER = Stage.WEEKLY_TARGET, Stage.LINK_TUTOR_TOLD, Stage.MEETING_BOOKED, Stage.VIEWS_DIFFER
WRITING, DISCUSS, IN_PLACE = Stage.WRITING_PLAN, Stage.PLAN_TO_DISCUSS, Stage.PLAN_IN_PLACE
REVIEW, NEXT, CONTINUES = Stage.REVIEW, Stage.NEXT_STEPS, Stage.CONTINUES

CHECK_DAY = [
    (day("2026-10-06"), "Choose a day after today, so that there is time to work on it."),
    (day("2026-10-28"), "The school is closed on Wednesday 28 October. The next school day is Monday 2 November."),
    (day("2026-11-09"), "That is a long time to wait. Choose a day up to Tuesday 20 October."),
]
WITH_CHECK_DAY: list[tuple[Stage | None, str, type[e.Event]]] = [
    (None, "mentor", e.WeeklyTargetSet),
    (WEEKLY, "mentor", e.TargetContinued),
    (TOLD, "mentor", e.ReferralWithdrawn),
    (TOLD, "link_tutor", e.MoreTimeAgreed),
]

REFUSALS = [
    R(None, "mentor", e.DraftStarted, {"route_check_clear": False}, "route",
      "Answer the first question: is a child at risk, or is this about serious conduct?"),
    R(None, "mentor", e.DraftStarted, {}, "placement",
      "This placement is not running today. The office can change its dates.",
      placement={"start": day("2026-10-07")}),
    R(None, "team", e.DraftStarted, {}, "for_whom", "Say for which mentor you are entering this."),
    R(None, "mentor", e.DraftStarted, {"student": "kai"}, "placement", "That student is not on this placement."),
    R(None, "mentor", e.DraftStarted, {"placement": "other"}, "placement", "That student is not on this placement."),
    R(None, "mentor", e.DraftStarted, {"mentor": "dot"}, "placement", "That mentor is not on this placement."),
    R(None, "mentor", e.DraftStarted, {"mentor": ""}, "placement", "That mentor is not on this placement."),
    R(None, "mentor", e.WeeklyTargetSet, {"on": day("2026-10-07")}, "on", "Choose today or a day in the past."),
    R(None, "mentor", e.WeeklyTargetSet, {"areas": ()}, "areas", "Choose the area this is about."),
    R(None, "mentor", e.WeeklyTargetSet, {"areas": FOUR}, "areas", TOO_MANY),
    R(None, "mentor", e.WeeklyTargetSet, {"seen": " "}, "seen", "Say what you have seen: what happened, and when."),
    R(None, "mentor", e.WeeklyTargetSet, {"going_well": ""}, "going_well",
      "Say what is going well. It keeps the record fair."),
    R(None, "mentor", e.WeeklyTargetSet, {"target": ""}, "target", "Write the target for this week."),
    R(None, "mentor", e.WeeklyTargetSet, {"measure": ""}, "measure", "Say how you will both know that it is met."),
    R(None, "mentor", e.WeeklyTargetSet, {"help_offered": ()}, "help_offered",
      "Choose the help you are offering this week."),
    R(None, "mentor", e.WeeklyTargetSet, {"check_on": day("2026-10-13")}, "check_on",
      "The placement ends on Friday 9 October. Choose a day before that.", placement={"end": day("2026-10-09")}),
    *(
        R(stage, who, kind, {"check_on": on}, "check_on", sentence)
        for stage, who, kind in WITH_CHECK_DAY
        for on, sentence in CHECK_DAY
    ),
    R(WEEKLY, "mentor", e.LinkTutorTold, {"evidence": ""}, "evidence", "Say how the week went."),
    R(WEEKLY, "mentor", e.LinkTutorTold, {"support_given": ()}, "support_given", "Choose the support that was given."),
    R(WEEKLY, "mentor", e.LinkTutorTold, {"student_aware": False}, "student_unaware_because",
      "Say why the student does not know yet that you are telling the Link Tutor."),
    R(WEEKLY, "mentor", e.LinkTutorTold, {"early_because": ""}, "early_because",
      "The week runs until Tuesday 13 October. Say in a line why you are asking for help now."),
    R(WEEKLY, "mentor", e.LinkTutorTold, {}, "early_because", "The week runs until Tuesday 13 October.",
      Settings(week_is_required=True)),
    R(None, "mentor", e.LinkTutorToldAtOnce, {"areas": FOUR}, "areas", TOO_MANY),
    R(None, "mentor", e.LinkTutorToldAtOnce, {"evidence": ""}, "evidence", "Say how it has gone so far."),
    R(None, "mentor", e.LinkTutorToldAtOnce, {"student_aware": False}, "student_unaware_because",
      "Say why the student does not know yet that you are telling the Link Tutor."),
    R(None, "mentor", e.LinkTutorToldAtOnce, {"skip_because": ""}, "skip_because",
      "Say why the week for a first target is skipped."),
    R(None, "mentor", e.LinkTutorToldAtOnce, {}, "skip_because", "A weekly target comes first.",
      Settings(week_is_required=True)),
    R(None, "mentor", e.LinkTutorToldAtOnce, {"target_set_on": day("2026-10-07"), "target": "Wait"}, "target_set_on",
      "Choose the day on which you set the target: today or before."),
    R(None, "mentor", e.LinkTutorToldAtOnce, {"target_set_on": day("2026-09-07"), "target": ""}, "target",
      "Say what the weekly target was."),
    R(None, "mentor", e.LinkTutorToldAtOnce,
      {"target_set_on": day("2026-09-07"), "target": "Wait", "support_given": ()}, "support_given",
      "Choose the support that was given."),
    R(TOLD, "link_tutor", e.MeetingBooked, {"starts": LONG_AGO}, "day",
      "That time has passed. If you have met already, choose “We have already spoken”."),
    R(TOLD, "link_tutor", e.MeetingBooked, {"minutes": 4}, "minutes", "Choose how long the meeting lasts."),
    R(TOLD, "link_tutor", e.MeetingBooked, {"minutes": 241}, "minutes", "Choose how long the meeting lasts."),
    R(TOLD, "link_tutor", e.MeetingBooked, {"held": e.Held.VISIT}, "held",
      "The first meeting is a Teams meeting or a phone call."),
    R(TOLD, "mentor", e.MeetingBooked, {}, "times", "This time is not on offer. Say which times suit you."),
    R(TOLD, "link_tutor", e.TimesOffered, {"times": ()}, "slot", "Offer up to 3 times."),
    R(TOLD, "link_tutor", e.TimesOffered, {"times": (moment("2026-10-12 15:30"),) * 2}, "slot", "Offer up to 3 times."),
    R(TOLD, "link_tutor", e.TimesOffered, {"times": (LONG_AGO,)}, "slot",
      "One of these times has passed. Choose others."),
    R(TOLD, "team", e.TimesOffered, {"minutes": 4}, "minutes", "Choose how long the meeting lasts."),
    R(TOLD, "mentor", e.TimesChosen, {}, "times", "These times are no longer on offer."),
    R(BOOKED, "mentor", e.MeetingCancelled, {"reason": ""}, "reason", "Say why, so that the others know."),
    R(TOLD, "mentor", e.ReferralWithdrawn, {"reason": ""}, "reason", REASON),
    R(TOLD, "link_tutor", e.InterventionAgreed, {}, "view",
      "A support plan opens when both of you have recorded that progress is not as expected."),
    R(DIFFER, "lead", e.InterventionAgreed, {"present": (), "decided_because": "seen"}, "present",
      "Say who was there."),
    R(DIFFER, "lead", e.InterventionAgreed, {}, "decided_because", "Give the reason for your decision."),
    R(TOLD, "lead", e.InterventionAgreed, {}, "", "The Partnership Lead decides only where the views differ."),
    R(TOLD, "link_tutor", e.MoreTimeAgreed, {"target": ""}, "target", "Write the target, kept or new."),
    R(TOLD, "link_tutor", e.MoreTimeAgreed, {"student_told": False}, "student_told", TOLD_FIRST),
    R(TOLD, "lead", e.MoreTimeAgreed, {}, "", "The Partnership Lead decides only where the views differ."),
    R(TOLD, "link_tutor", e.NoInterventionAgreed, {"reason": ""}, "reason", REASON),
    R(TOLD, "lead", e.NoInterventionAgreed, {}, "", "The Partnership Lead decides only where the views differ."),
    R(WEEKLY, "mentor", e.ViewRecorded, {}, "view", "Views are recorded once the Link Tutor has been told."),
    R(TOLD, "mentor", e.ViewRecorded, {"words": ""}, "words", "Say it in your own words."),
    R(TOLD, "link_tutor", e.ViewRecorded, {"means": "", "for_mentor": True}, "means",
      "Say how the mentor told you: in the meeting, by phone."),
    R(WRITING, "mentor", e.PlanWritten, {"targets": ()}, "areas", "Choose the area this is about."),
    R(WRITING, "mentor", e.PlanWritten, {"targets": tuple(map(target, FOUR))}, "areas", TOO_MANY),
    R(WRITING, "mentor", e.PlanWritten, {"targets": (target(),) * 3}, "targets", "An area holds up to 2 targets."),
    *(
        R(WRITING, "mentor", e.PlanWritten, {"targets": (target(**{name: ""}),)}, "targets",
          "Each target needs: what, how we will know, and the support for it.")
        for name in ("target", "measure", "support")
    ),
    R(WRITING, "mentor", e.PlanWritten, {"targets": (target(complete_by=day("2026-10-14")),)}, "targets",
      "Each target is to be met by the review."),
    R(WRITING, "mentor", e.PlanWritten, {"promises": ()}, "promises",
      "Agree at least one piece of extra mentor support."),
    R(WRITING, "mentor", e.PlanWritten, {"review_at": moment("2026-10-31 09:30")}, "review_on",
      "The school is closed on Saturday 31 October."),
    R(WRITING, "mentor", e.PlanWritten, {"review_at": moment("2026-10-08 09:30"),
      "targets": (target(complete_by=day("2026-10-08")),)}, "review_on",
      "The review comes at least 3 school days after the plan starts."),
    R(WRITING, "mentor", e.PlanWritten, {"review_at": moment("2026-10-09 09:30"),
      "targets": (target(complete_by=day("2026-10-09")),)}, "short_because",
      "Give the reason for the shorter week."),
    R(WRITING, "mentor", e.PlanWritten, {"review_at": moment("2026-10-21 09:30")}, "review_on",
      "The review comes within 10 school days."),
    R(WRITING, "mentor", e.PlanWritten, {}, "review_on", "The placement ends on Monday 12 October, before this review.",
      placement={"end": day("2026-10-12")}),
    R(WRITING, "mentor", e.PlanWritten, {"targets": (target("TS9"),)}, "areas", NOT_OFFERED),
    R(None, "mentor", e.WeeklyTargetSet, {"areas": ("TS7", "class_magic")}, "areas",
      NOT_OFFERED),
    R(None, "mentor", e.LinkTutorToldAtOnce, {"areas": ("class_magic",)}, "areas",
      NOT_OFFERED),
    R(WRITING, "mentor", e.PlanVersionAgreed, {"version": 1}, "version",
      "The plan has a newer version. Read that one, then agree."),
    R(WRITING, "mentor", e.PlanShared, {"version": 1}, "version", "Share the newest version of the plan."),
    R(DISCUSS, "mentor", e.PlanReopened, {"reason": ""}, "reason", "Say what needs to change."),
    R(DISCUSS, "mentor", e.StudentAgreed, {"achievable": False}, "achievable",
      "If the student does not find the plan achievable, record that instead."),
    R(DISCUSS, "mentor", e.StudentAgreed, {"knows_review_decides": False}, "knows",
      "Tell the student that the review decides what happens next, then tick it here."),
    R(IN_PLACE, "student", e.StudentConfirmed, {"version": 0}, "version",
      "The plan has a newer version. Read that one first."),
    *(
        R(DISCUSS, "student", kind, {}, "version", "Your mentor or your Link Tutor talks the plan through with you first.")
        for kind in (e.StudentConfirmed, e.StudentNotAgreed)
    ),
    R(IN_PLACE, "student", e.StudentReplied, {"words": " "}, "words", "Write something first."),
    *(
        R(IN_PLACE, who, e.PromiseTicked, {"promise": n}, "promise",
          "That support is not among what was promised in this plan.")
        for who in ("mentor", "link_tutor", "student")
        for n in (-1, 1)
    ),
    R(REVIEW, "mentor", e.ReviewPartRecorded, {"words": ""}, "words", "Write what was seen or said."),
    R(REVIEW, "lead", e.TerminationConfirmed, {}, "", "No second confirmation is asked for here."),
    R(DISCUSS, "lead", e.ProceededWithoutAgreement, {}, "",
      "The plan is discussed with the student first. Ask for that conversation to be recorded."),
    R(IN_PLACE, "link_tutor", e.PlanAmended, {"reason": ""}, "reason", REASON),
    R(IN_PLACE, "link_tutor", e.PlanAmended, {"mentor_agrees": False}, "mentor_agrees",
      "Agree the change with the mentor first."),
    R(IN_PLACE, "link_tutor", e.PlanAmended, {"student_told": False}, "student_told", TOLD_FIRST),
    R(IN_PLACE, "link_tutor", e.PlanAmended, {"targets": tuple(map(target, FOUR))}, "areas", TOO_MANY),
    R(IN_PLACE, "link_tutor", e.PlanAmended, {"version": 1}, "version",
      "Somebody else has changed the plan. Look at the newest version."),
    R(IN_PLACE, "link_tutor", e.ReviewChanged, {"reason": ""}, "reason", REASON),
    R(IN_PLACE, "link_tutor", e.ReviewChanged, {"student_told": False}, "student_told", TOLD_FIRST),
    R(IN_PLACE, "link_tutor", e.ReviewChanged, {"review_at": LONG_AGO}, "review_on",
      "Choose a time that is still to come."),
    R(IN_PLACE, "link_tutor", e.ReviewChanged, {"review_at": moment("2027-07-19 09:00")}, "review_on",
      "The placement ends on Friday 16 July."),
    R(IN_PLACE, "link_tutor", e.ReviewStarted, {"in_person": False}, "not_in_person_because",
      "Say why the visit is not in person."),
    R(IN_PLACE, "link_tutor", e.ReviewBooked, {"starts": moment("2026-10-14 09:30")}, "",
      "The review is at another time now. Look at the card again."),
    R(IN_PLACE, "team", e.ReviewBooked, {"place": ""}, "place", "Say where the review is."),
    *(
        refusal
        for kind in (e.PlacementContinued, e.PlacementTerminated)
        for refusal in (
            R(REVIEW, "link_tutor", kind, {"results": ()}, "results", "Say for each target whether it is met."),
            R(REVIEW, "link_tutor", kind, {"reasons": ""}, "reasons",
              "Give the reasons, with reference to the targets."),
            R(REVIEW, "link_tutor", kind, {"told_student_at": None}, "told_student_at",
              "Tell the student in person before you save this. When was that?"),
            R(REVIEW, "link_tutor", kind, {"told_student_at": moment("2026-10-06 11:00")}, "told_student_at",
              "Tell the student in person before you save this. When was that?"),
            R(REVIEW, "link_tutor", kind, {"told_student_at": moment("2026-10-05 15:00")}, "told_student_at",
              "The review began on Tuesday 6 October: the student is told what comes of it on that day or later."),
            R(REVIEW, "link_tutor", kind, {"told_by": ""}, "told_by", "Say who told the student."),
        )
    ),
    R(REVIEW, "link_tutor", e.PlacementTerminated, {"mentor_present_or_sent": False}, "mentor_present_or_sent",
      "The mentor is there when it is said, or is sent the record."),
    R(REVIEW, "link_tutor", e.PlacementTerminated, {"typed_confirmation": "yes"}, "typed_confirmation",
      "Type the reference K7QM to confirm."),
    *(
        R(REVIEW, "link_tutor", e.PlacementTerminated, bad, "lead_told",
          "Tell the Partnership Lead first. Who was told, and when?")
        for bad in ({"lead_told": ""}, {"lead_told_at": None}, {"lead_told_at": moment("2026-10-06 11:00")})
    ),
    R(REVIEW, "link_tutor", e.PlacementTerminated, {}, "confirmed_by", "The Partnership Lead confirms this too.",
      Settings(termination_needs_lead=True)),
    R(REVIEW, "link_tutor", e.SecondPlanAgreed, {}, "", "This partnership does not use second support plans."),
    R(REVIEW, "link_tutor", e.SecondPlanAgreed, {"lead_agrees": False}, "lead_agrees",
      "The Partnership Lead agrees first.", Settings(allow_second_plan=True)),
    R(REVIEW, "link_tutor", e.SecondPlanAgreed, {}, "", "Too little of the placement is left for another plan.",
      Settings(allow_second_plan=True), {"end": day("2026-10-08")}),
    *(
        R(NEXT, "team", e.NextStepsHeld, {name: empty}, name, sentence)
        for name, empty, sentence in (
            ("present", (), "Say who came."),
            ("decision", "", "Write what happens next."),
            ("status", "", "Say where the student stands meanwhile."),
            ("leaflet_given", False, "Give the student the support leaflet, then tick it. It is the same for everyone."),
            ("appeal_given", False, "Give the student the information on how to appeal, then tick it."),
        )
    ),
    R(NEXT, "team", e.NextStepsHeld, {"invited": ("student", "course_director")}, "invited",
      "Invite the Level Lead and the Partnership Lead too, or a deputy for them."),
    R(NEXT, "team", e.NextStepsHeld, {"invited": ("level_lead", "partnership_lead")}, "invited",
      "Invite the student and the Course Director too, or a deputy for them."),
    R(NEXT, "team", e.NextStepsBooked, {"starts": moment("2026-10-06 09:00")}, "day",
      "Choose a time that is still to come."),
    R(NEXT, "team", e.NextStepsBooked, {"starts": moment("2026-10-10 10:00")}, "day",
      "The university is closed on that day. It is open again on Monday 12 October."),
    R(NEXT, "team", e.NextStepsBooked, {"place": " "}, "place", "Say where the meeting is."),
    R(NEXT, "team", e.NextStepsBooked, {"invited": ("student", "course_director", "partnership_lead")}, "invited",
      "Invite the Level Lead too, or a deputy for them."),
    R(NEXT, "team", e.NextStepsBooked, {"starts": moment("2026-10-14 10:00")}, "interim_contact",
      "That is more than 7 days after the outcome. Name somebody to turn to until then."),
    R(NEXT, "team", e.NextStepsHeld, {"present": ("course_director",)}, "student_absent_because",
      "The student did not come: offer another day, or give the reason for closing."),
    R(CONTINUES, "lead", e.OutcomeReopened, {"reason": ""}, "reason", REASON),
    R(CONTINUES, "lead", e.OutcomeReopened, {"student_told": False}, "student_told", TOLD_FIRST),
    R(WEEKLY, "mentor", e.CasePaused, {"back_on": day("2026-10-06")}, "back_on",
      "Choose a day after today, or leave it empty if it is not known."),
    R(WEEKLY, "mentor", e.RaisedInError, {"reason": ""}, "reason", REASON),
    R(TOLD, "mentor", e.RaisedInError, {}, "", "The Link Tutor or the office can close this now."),
    R(WEEKLY, "team", e.StudentLeftCourse, {"reason": ""}, "reason", REASON),
    R(WEEKLY, "team", e.PlacementEnded, {"reason": ""}, "reason", REASON),
    R(WEEKLY, "mentor", e.SecondOpinion, {"kind": e.Opinion.OBSERVED}, "seen", "Say what was seen."),
    R(WEEKLY, "team", e.LinkTutorNamed, {"person": "nobody"}, "person", "Choose somebody from the list."),
    R(WEEKLY, "team", e.MentorNamed, {"person": ""}, "person", "Choose somebody from the list."),
    R(WEEKLY, "team", e.MentorNamed, {"person": "tom"}, "person", "Choose somebody from the list."),
    R(BOOKED, "link_tutor", e.InvitationRenewed, {"which": e.Gathering.REVIEW}, "", NO_INVITATION),
]  # fmt: skip


def tried(refusal: Refusal, roles: Roles = PROVIDER.roles) -> tuple[Fault, ...]:
    provider = replace(PROVIDER, settings=refusal.settings, roles=roles)
    story = Story(ground_for(provider, **refusal.placement), lawful=False)
    if refusal.stage:
        story.reach(refusal.stage, TUESDAY)
    if refusal.stage is REVIEW:
        for part in e.ReviewPart:
            story.on(TUESDAY).link_tutor(e.ReviewPartRecorded, part=part)
    story.lawful = True
    with pytest.raises(Refused) as refused:
        getattr(story.on(LATER), refusal.who)(refusal.kind, **refusal.bad)
    return refused.value.faults


@pytest.mark.parametrize("refusal", REFUSALS, ids=str)
def test_a_form_filled_in_badly_is_answered_at_its_field(refusal: Refusal) -> None:
    assert Fault(refusal.sentence, refusal.place) in tried(refusal)


@pytest.mark.parametrize("refusal", [r for r in REFUSALS if r.bad], ids=str)
def test_one_thing_filled_in_badly_brings_one_sentence(refusal: Refusal) -> None:
    assert len(tried(refusal)) == 1 or refusal.stage is WRITING


OUR_WORDS = Roles(mentor="school coach", student="trainee", link_tutor="university coach")


@pytest.mark.parametrize("refusal", REFUSALS, ids=str)
def test_a_refusal_speaks_of_people_in_the_providers_words(refusal: Refusal) -> None:
    sentences = " ".join(fault.sentence for fault in tried(refusal, roles=OUR_WORDS))

    assert not re.search(r"\b([Mm]entor|[Ss]tudent|Link Tutor)\b", sentences), sentences


def test_every_guard_has_refused_something() -> None:
    elsewhere = {e.ViewsDiffered, e.CaseResumed}

    assert {refusal.kind for refusal in REFUSALS} | elsewhere == set(GUARDS)


def test_whatever_has_no_guard_is_refused_only_for_a_day_still_to_come() -> None:
    story = Story().reach(WEEKLY, TUESDAY)

    with pytest.raises(Refused, match="today or a day in the past"):
        story.on(LATER).mentor(e.TargetMet, on=day("2026-10-07"))
    story.on(LATER).mentor(e.TargetMet)


@dataclass(frozen=True)
class Edge:
    """The last day, minute or number that is still taken."""

    stage: Stage | None
    who: str
    kind: type[e.Event]
    fields: dict[str, Any]
    placement: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.kind.__name__}-{'-'.join(self.fields) or 'itself'}"


NOW = moment(LATER)
EDGES = [
    Edge(None, "mentor", e.WeeklyTargetSet, {"check_on": day("2026-10-07")}),
    Edge(None, "mentor", e.WeeklyTargetSet, {"check_on": day("2026-10-20")}),
    Edge(None, "mentor", e.WeeklyTargetSet, {"check_on": day("2026-10-13")}, {"end": day("2026-10-13")}),
    Edge(None, "mentor", e.WeeklyTargetSet, {"on": day("2026-10-06"), "areas": FOUR[:3]}),
    Edge(None, "mentor", e.LinkTutorToldAtOnce, {"target_set_on": day("2026-10-06"), "target": "Wait"}),
    Edge(TOLD, "link_tutor", e.MeetingBooked, {"starts": NOW + timedelta(minutes=1), "minutes": 5}),
    Edge(TOLD, "link_tutor", e.MeetingBooked, {"minutes": 240}),
    Edge(TOLD, "link_tutor", e.ViewRecorded, {"means": ""}),
    Edge(TOLD, "team", e.ViewRecorded, {"means": "", "for_mentor": True}),
    Edge(WRITING, "mentor", e.PlanWritten, {"targets": (target(),) * 2}),
    Edge(WRITING, "mentor", e.PlanWritten, {"review_at": moment("2026-10-20 09:30")}),
    Edge(WRITING, "mentor", e.PlanWritten, {}, {"end": day("2026-10-13")}),
    Edge(
        WRITING,
        "mentor",
        e.PlanWritten,
        {
            "review_at": moment("2026-10-09 09:30"),
            "targets": (target(complete_by=day("2026-10-09")),),
            "short_because": "The placement ends.",
        },
    ),
    Edge(IN_PLACE, "link_tutor", e.ReviewChanged, {"review_at": moment("2027-07-16 09:00")}),
    Edge(REVIEW, "link_tutor", e.PlacementTerminated, {"told_student_at": NOW, "lead_told_at": NOW}),
    Edge(WEEKLY, "mentor", e.CasePaused, {"back_on": day("2026-10-07")}),
]


@pytest.mark.parametrize("edge", EDGES, ids=str)
def test_what_lies_just_within_the_rules_is_taken(edge: Edge) -> None:
    story = Story(ground_for(**edge.placement), lawful=False)
    if edge.stage:
        story.reach(edge.stage, TUESDAY)
    if edge.stage is REVIEW:
        for part in e.ReviewPart:
            story.on(TUESDAY).link_tutor(e.ReviewPartRecorded, part=part)
    story.lawful = True

    getattr(story.on(LATER), edge.who)(edge.kind, **edge.fields)

    assert isinstance(story.history[-1], edge.kind)


def test_a_moment_that_is_now_has_passed() -> None:
    story = Story().reach(TOLD, TUESDAY)
    with pytest.raises(Refused, match="That time has passed"):
        story.on(LATER).link_tutor(e.MeetingBooked, starts=NOW)

    story.reach(IN_PLACE, TUESDAY)
    with pytest.raises(Refused, match="Choose a time that is still to come"):
        story.on(LATER).link_tutor(e.ReviewChanged, review_at=NOW)


def test_a_second_plan_needs_three_school_days_of_the_placement() -> None:
    provider = replace(PROVIDER, settings=Settings(allow_second_plan=True))
    story = Story(ground_for(provider, end=day("2026-10-09")), lawful=False).reach(REVIEW, TUESDAY)
    story.lawful = True

    story.on(LATER).link_tutor(e.SecondPlanAgreed)

    assert story.case.stage is WRITING


# -- stage, then person, then form -----------------------------------------------------------------------------------


def test_an_event_out_of_step_is_answered_before_anybody_is_asked_who_they_are() -> None:
    story = Story().reach(WEEKLY, TUESDAY)

    with pytest.raises(OutOfStep, match="ReviewStarted while weekly_target"):
        story.on(LATER).student(e.ReviewStarted)
    with pytest.raises(OutOfStep, match="while there is no case"):
        decide(None, story.history[-1], story.ground)


def test_somebody_elses_form_is_not_even_read() -> None:
    story = Story().reach(WEEKLY, TUESDAY)

    with pytest.raises(NotYours, match="link_tutor may not record TargetMet"):
        story.on(LATER).link_tutor(e.TargetMet, on=day("2027-01-01"))


@pytest.mark.parametrize(
    ("person", "role"),
    [("priya", Role.LINK_TUTOR), ("nobody", Role.MENTOR), ("helen", Role.SYSTEM), ("", Role.MENTOR)],
)
def test_a_role_that_somebody_only_claims_is_nobodys(person: str, role: Role) -> None:
    story = Story().reach(TOLD, TUESDAY)

    for kind in (e.ViewRecorded, e.SecondOpinion, e.Nudged, e.CasePaused):
        with pytest.raises(NotYours):
            story.on(LATER).by(person, role, kind)


FIRST, SECOND = moment("2026-10-08 15:30"), moment("2026-10-09 15:30")


def offered() -> Story:
    story = Story().reach(TOLD, TUESDAY)
    story.on(LATER).link_tutor(e.TimesOffered, times=(FIRST, SECOND))
    return story


def test_a_mentor_books_a_time_that_was_offered_and_no_other() -> None:
    story = offered()
    story.on(LATER).mentor(e.TimesChosen, times=(FIRST, SECOND), books=SECOND)
    for starts, minutes, held in (
        (FIRST, 30, e.Held.TEAMS),
        (SECOND, 60, e.Held.TEAMS),
        (SECOND, 30, e.Held.PHONE),
    ):
        with pytest.raises(Refused, match="not on offer"):
            story.on(LATER).mentor(e.MeetingBooked, starts=starts, minutes=minutes, held=held)
    story.on(LATER).mentor(e.MeetingBooked, starts=SECOND, minutes=30, held=e.Held.TEAMS)
    assert story.case.stage is BOOKED


def test_a_mentor_who_has_only_said_what_suits_has_booked_nothing() -> None:
    story = offered()
    story.on(LATER).mentor(e.TimesChosen, times=(FIRST,))
    with pytest.raises(Refused, match="not on offer"):
        story.on(LATER).mentor(e.MeetingBooked, starts=FIRST, minutes=30)


def test_a_mentor_chooses_once_and_only_from_what_is_offered_and_still_to_come() -> None:
    story = offered()
    with pytest.raises(Refused, match="Choose from the times"):
        story.on(LATER).mentor(e.TimesChosen, times=(moment("2026-10-12 15:30"),))
    with pytest.raises(Refused, match="Choose from the times"):
        story.on(LATER).mentor(e.TimesChosen, times=(FIRST,), books=LONG_AGO)
    with pytest.raises(Refused, match="One of these times has passed"):
        story.on(FIRST).mentor(e.TimesChosen, times=(FIRST, SECOND))
    story.on(LATER).mentor(e.TimesChosen, times=(SECOND,))
    with pytest.raises(Refused, match="no longer on offer"):
        story.on(LATER).mentor(e.TimesChosen, times=(FIRST,))


def test_an_offer_ends_with_a_booking_and_with_another_link_tutor() -> None:
    booked, handed_on = offered(), offered()
    booked.on(LATER).link_tutor(e.MeetingBooked)
    handed_on.on(LATER).team(e.LinkTutorNamed, person="martin")
    for story in (booked, handed_on):
        with pytest.raises(Refused, match="no longer on offer"):
            story.on(LATER).mentor(e.TimesChosen, times=(FIRST,))


def test_for_a_mentor_nothing_is_typed_that_is_not_the_mentors() -> None:
    story = Story().reach(TOLD, TUESDAY)

    for who, kind in (("link_tutor", e.MeetingBooked), ("team", e.LinkTutorAcknowledged), ("student", e.ViewRecorded)):
        with pytest.raises(NotYours):
            getattr(story.on(LATER), who)(kind, for_mentor=True)
    with pytest.raises(NotYours):
        story.on(LATER).by("ruth", Role.PARTNERSHIP_LEAD, e.RaisedInError, for_mentor=True)
    with pytest.raises(NotYours):
        story.on(LATER).mentor(e.ViewRecorded, for_mentor=True)


def test_the_clock_records_nothing_but_what_is_the_clocks() -> None:
    story = Story().reach(TOLD, TUESDAY)

    story.on(LATER).by(e.SYSTEM, Role.SYSTEM, e.Nudged)
    for kind, role in (
        (e.CasePaused, Role.SYSTEM),
        (e.Nudged, Role.MENTOR),
        (e.LinkTutorAcknowledged, Role.LINK_TUTOR),
    ):
        with pytest.raises(NotYours):
            story.on(LATER).by(e.SYSTEM, role, kind)


# -- what needs a story of its own -----------------------------------------------------------------------------------


def test_a_third_week_more_is_time_to_tell_the_link_tutor() -> None:
    story = Story().reach(WEEKLY, TUESDAY)
    story.on("2026-10-13 15:40").mentor(e.TargetContinued)
    story.on("2026-10-20 15:40").mentor(e.TargetContinued)

    with pytest.raises(Refused, match=r"The week has been repeated 2 times. It is time to tell the Link Tutor\."):
        story.on("2026-11-03 15:40").mentor(e.TargetContinued)


def test_a_provider_decides_how_often_a_week_is_repeated() -> None:
    story = Story(ground_for(replace(PROVIDER, days=Days(max_repeats=0)))).reach(WEEKLY, TUESDAY)

    with pytest.raises(Refused, match="repeated 0 times"):
        story.on("2026-10-13 15:40").mentor(e.TargetContinued)


def test_on_the_day_of_the_check_help_is_asked_for_without_a_reason() -> None:
    story = Story(ground_for(replace(PROVIDER, settings=Settings(week_is_required=True)))).reach(WEEKLY, TUESDAY)

    story.on("2026-10-13 08:00").mentor(e.LinkTutorTold, early_because="")

    assert story.case.stage is TOLD


def test_views_differ_only_once_both_are_there_in_words() -> None:
    story = Story().reach(TOLD, TUESDAY)

    with pytest.raises(Refused) as refused:
        story.on(LATER).link_tutor(e.ViewsDiffered)
    sentence = "Record both views first, each in the person's own words."
    assert refused.value.faults == (Fault(sentence, "mentor_view"), Fault(sentence, "view"))

    story.on(LATER).mentor(e.ViewRecorded).link_tutor(e.ViewRecorded, view=e.View.AS_EXPECTED)
    story.on(LATER).link_tutor(e.ViewsDiffered)
    assert story.case.stage is DIFFER


@pytest.mark.parametrize("views", [("as expected", "not as expected"), ("not as expected", "not sure")])
def test_a_plan_opens_only_when_both_say_not_as_expected(views: tuple[str, str]) -> None:
    story = Story().reach(TOLD, TUESDAY)
    story.on(LATER).mentor(e.ViewRecorded, view=e.View(views[0]))
    story.on(LATER).link_tutor(e.ViewRecorded, view=e.View(views[1]))

    with pytest.raises(Refused, match="opens when both of you"):
        story.on(LATER).link_tutor(e.InterventionAgreed)


def test_a_view_from_an_earlier_referral_opens_no_plan() -> None:
    story = Story().reach(TOLD, TUESDAY)
    story.on(LATER).mentor(e.ViewRecorded).link_tutor(e.ViewRecorded)
    story.on(LATER).mentor(e.ReferralWithdrawn)
    story.on("2026-10-13 16:00").mentor(e.LinkTutorTold)

    with pytest.raises(Refused, match="opens when both of you"):
        story.on("2026-10-13 16:10").link_tutor(e.InterventionAgreed)


def test_without_a_weekly_target_there_is_nothing_to_go_back_to() -> None:
    story = Story().reach(TOLD, TUESDAY, target="")

    with pytest.raises(Refused, match="There is no weekly target to go on with"):
        story.on(LATER).mentor(e.ReferralWithdrawn)


def test_a_lead_decides_between_differing_views_with_a_reason() -> None:
    story = Story().reach(DIFFER, TUESDAY)

    story.on(LATER).lead(e.InterventionAgreed, decided_because="Both saw the same lesson.")

    assert story.case.stage is WRITING


def test_a_newer_version_of_the_plan_has_to_follow_the_one_that_was_read() -> None:
    story = Story().reach(WRITING, TUESDAY)
    story.on(LATER).mentor(e.PlanWritten)

    with pytest.raises(Refused, match="Somebody else has changed the plan"):
        story.on(LATER).link_tutor(e.PlanWritten, version=1)
    story.on(LATER).link_tutor(e.PlanWritten, version=2)


def test_a_version_is_agreed_by_both_before_it_is_shared() -> None:
    story = Story().reach(WRITING, TUESDAY)
    story.on(LATER).mentor(e.PlanWritten).mentor(e.PlanVersionAgreed)

    with pytest.raises(Refused, match="The Link Tutor has not agreed this version yet"):
        story.on(LATER).mentor(e.PlanShared)
    story.on(LATER).link_tutor(e.PlanWritten).link_tutor(e.PlanVersionAgreed)
    with pytest.raises(Refused, match="The mentor has not agreed this version yet"):
        story.on(LATER).link_tutor(e.PlanShared)
    with pytest.raises(Refused, match="has a newer version"):
        story.on(LATER).mentor(e.PlanVersionAgreed, version=1)


def test_a_plan_is_shared_only_when_adjustments_were_considered() -> None:
    story = Story().reach(WRITING, TUESDAY)
    story.on(LATER).mentor(e.PlanWritten, adjustments_checked=False)
    story.on(LATER).mentor(e.PlanVersionAgreed).link_tutor(e.PlanVersionAgreed)

    with pytest.raises(Refused, match="Tick that any agreed adjustments are in place"):
        story.on(LATER).mentor(e.PlanShared)


def test_a_plan_whose_review_has_passed_is_not_shared() -> None:
    story = Story().reach(WRITING, TUESDAY)
    story.on(LATER).mentor(e.PlanWritten).mentor(e.PlanVersionAgreed).link_tutor(e.PlanVersionAgreed)

    with pytest.raises(Refused, match=r"was to be on Tuesday 13 October\. Choose a later day first"):
        story.on("2026-10-13 09:30").mentor(e.PlanShared)
    story.on("2026-10-13 09:29").mentor(e.PlanShared)

    assert story.case.stage is DISCUSS


def test_a_provider_that_allows_fewer_areas_later_is_heeded_when_the_plan_is_shared() -> None:
    story = Story().reach(WRITING, TUESDAY)
    story.on(LATER).mentor(e.PlanWritten, targets=(target("TS1"), target("TS2")))
    story.on(LATER).mentor(e.PlanVersionAgreed).link_tutor(e.PlanVersionAgreed)
    story.ground = ground_for(replace(PROVIDER, settings=Settings(max_focus_areas=1)))

    with pytest.raises(Refused, match="A plan has up to 1 areas"):
        story.on(LATER).mentor(e.PlanShared)


def test_a_view_typed_by_the_link_tutor_opens_the_writing_but_not_the_sharing() -> None:
    story = Story().reach(TOLD, TUESDAY)
    story.on(LATER).link_tutor(e.ViewRecorded, for_mentor=True).link_tutor(e.ViewRecorded)
    story.on(LATER).link_tutor(e.InterventionAgreed).mentor(e.PlanWritten)
    story.on(LATER).mentor(e.PlanVersionAgreed).link_tutor(e.PlanVersionAgreed)

    with pytest.raises(Refused, match="They answer “That is right” first, or the office enters it"):
        story.on(LATER).link_tutor(e.PlanShared)
    story.on(LATER).mentor(e.ViewRecorded)
    story.on(LATER).link_tutor(e.PlanShared)

    assert story.case.stage is DISCUSS


def test_a_view_typed_by_the_office_needs_no_answer() -> None:
    story = Story().reach(TOLD, TUESDAY)
    story.on(LATER).team(e.ViewRecorded, for_mentor=True).link_tutor(e.ViewRecorded)

    assert story.case.mentor_view_to_confirm is None


def test_an_agreement_typed_by_the_link_tutor_says_when_and_how_it_was_given() -> None:
    story = Story().reach(WRITING, TUESDAY)
    story.on(LATER).link_tutor(e.PlanWritten)

    with pytest.raises(Refused, match="Say when and how the mentor agreed"):
        story.on(LATER).link_tutor(e.PlanVersionAgreed, for_mentor=True)
    story.on(LATER).link_tutor(e.PlanVersionAgreed, for_mentor=True, means="phone, Tuesday 6 October")

    assert agreed_by(story.case, Role.MENTOR, 1)
    assert not agreed_by(story.case, Role.LINK_TUTOR, 1)


def test_a_tick_stays_with_the_person_so_whoever_follows_ticks_anew() -> None:
    story = Story().reach(WRITING, TUESDAY)
    story.on(LATER).mentor(e.PlanWritten).mentor(e.PlanVersionAgreed).link_tutor(e.PlanVersionAgreed)
    story.on(LATER).team(e.MentorNamed)

    assert not agreed_by(story.case, Role.MENTOR, 1)
    assert agreed_by(story.case, Role.LINK_TUTOR, 1)

    story.on(LATER).mentor(e.PlanVersionAgreed).team(e.LinkTutorNamed)
    assert agreed_by(story.case, Role.MENTOR, 1)
    assert not agreed_by(story.case, Role.LINK_TUTOR, 1)


def test_a_pause_undoes_no_agreement_and_reopening_the_plan_undoes_both() -> None:
    story = Story().reach(WRITING, TUESDAY)
    story.on(LATER).mentor(e.PlanWritten).mentor(e.PlanVersionAgreed).link_tutor(e.PlanVersionAgreed)
    story.on(LATER).mentor(e.CasePaused)
    story.on("2026-10-08 10:00").mentor(e.CaseResumed).link_tutor(e.PlanShared)
    assert story.case.stage is DISCUSS

    story.on("2026-10-08 11:00").mentor(e.PlanReopened)
    assert not agreed_by(story.case, Role.MENTOR, 1)


def test_a_shorter_week_before_the_review_needs_a_reason() -> None:
    story = Story().reach(DISCUSS, TUESDAY)

    with pytest.raises(Refused) as refused:
        story.on("2026-10-09 12:00").mentor(e.StudentAgreed)
    assert refused.value.faults == (
        Fault(
            "2 school days would be left until the review on Tuesday 13 October. "
            "Choose a later day for it, or say why the week is shorter.",
            "short_week_because",
        ),
    )
    with pytest.raises(Refused, match="No school day would be left"):
        story.on("2026-10-13 12:00").mentor(e.StudentAgreed)
    story.on("2026-10-09 12:00").mentor(e.StudentAgreed, short_week_because="The placement ends next week.")

    assert story.case.stage is IN_PLACE


@pytest.mark.parametrize(
    ("review_at", "sentence"),
    [
        ("2026-10-17 09:30", "The school is closed on Saturday 17 October."),
        ("2026-11-04 09:30", "The review comes within 10 school days."),
        ("2026-10-09 11:00", "Choose a day for the review that is still to come."),
        ("2026-10-14 09:30", "3 school days would be left"),
    ],
)
def test_a_later_review_lies_on_a_school_day_within_the_span_of_a_plan(review_at: str, sentence: str) -> None:
    story = Story().reach(DISCUSS, TUESDAY)

    with pytest.raises(Refused, match=sentence):
        story.on("2026-10-09 12:00").mentor(e.StudentAgreed, review_at=moment(review_at))


def test_a_later_review_that_was_agreed_with_the_student_is_the_review() -> None:
    story = Story().reach(DISCUSS, TUESDAY)
    later = moment("2026-10-16 09:30")

    story.on("2026-10-09 12:00").mentor(e.PlanDiscussed).mentor(e.StudentAgreed, review_at=later)

    assert story.case.review_at == later
    assert review_day(story.case, story.ground) == day("2026-10-16")


def test_a_week_that_was_written_short_needs_no_second_reason() -> None:
    story = Story().reach(
        DISCUSS,
        TUESDAY,
        review_at=moment("2026-10-09 09:30"),
        targets=(target(complete_by=day("2026-10-09")),),
        short_because="The placement ends.",
    )

    story.on(LATER).mentor(e.StudentAgreed)

    assert story.case.stage is IN_PLACE


@pytest.mark.parametrize("spoken", [e.PlanDiscussed, e.StudentNotAgreed])
def test_a_lead_goes_on_without_agreement_only_after_the_plan_was_discussed(spoken: type[e.Event]) -> None:
    story = Story().reach(DISCUSS, TUESDAY)
    story.on(LATER).mentor(spoken)

    for bad, sentence in (
        ({"reason": ""}, REASON),
        ({"adjustments_checked": False}, "Tick that any agreed adjustments are in place."),
        ({"comments_kept": False}, "Keep the student's comments with the plan."),
    ):
        with pytest.raises(Refused) as refused:
            story.on(LATER).lead(e.ProceededWithoutAgreement, **bad)
        assert [fault.sentence for fault in refused.value.faults] == [sentence]
    story.on(LATER).lead(e.ProceededWithoutAgreement)

    assert story.case.stage is IN_PLACE


def test_a_conversation_about_an_older_plan_is_not_one_about_this() -> None:
    story = Story().reach(DISCUSS, TUESDAY)
    story.on(LATER).mentor(e.PlanDiscussed).mentor(e.PlanReopened)
    story.on(LATER).mentor(e.PlanVersionAgreed).link_tutor(e.PlanVersionAgreed).mentor(e.PlanShared)

    with pytest.raises(Refused, match="discussed with the student first"):
        story.on(LATER).lead(e.ProceededWithoutAgreement)


def test_an_amended_plan_is_the_plan() -> None:
    story = Story().reach(IN_PLACE, TUESDAY)
    story.on(LATER).link_tutor(e.PlanAmended, targets=(target("TS2"),))

    assert story.case.plan
    assert (story.case.plan.version, story.case.plan.targets) == (2, (target("TS2"),))
    with pytest.raises(Refused, match="Somebody else has changed the plan"):
        story.on(LATER).link_tutor(e.PlanAmended, version=2)


def test_an_outcome_waits_for_all_three_parts_or_for_a_reason() -> None:
    story = Story().reach(REVIEW, TUESDAY)
    story.on(LATER).link_tutor(e.ReviewPartRecorded)

    with pytest.raises(Refused, match=r"Not recorded yet: discussion with the mentor, three-way conversation\. Record"):
        story.on(LATER).link_tutor(e.PlacementContinued)
    with pytest.raises(Refused, match=r"Not recorded yet: discussion with the mentor, three-way conversation\.$"):
        story.on(LATER).link_tutor(e.PlacementTerminated)
    story.on(LATER).link_tutor(e.PlacementContinued, parts_missing_because="The mentor was ill.")

    assert story.case.stage is CONTINUES


def test_a_corrected_outcome_and_a_pause_lose_no_part_of_the_review() -> None:
    story = Story().reach(CONTINUES, TUESDAY)
    story.on(LATER).lead(e.OutcomeReopened).link_tutor(e.CasePaused)
    story.on("2026-10-07 10:00").link_tutor(e.CaseResumed).link_tutor(e.PlacementTerminated)

    assert story.case.stage is NEXT


def test_an_outcome_can_be_corrected_for_ten_working_days() -> None:
    story = Story().reach(CONTINUES, TUESDAY)

    with pytest.raises(Refused, match="for 10 working days, until Tuesday 20 October"):
        story.on("2026-10-21 10:00").lead(e.OutcomeReopened)
    story.on("2026-10-20 10:00").lead(e.OutcomeReopened)

    assert story.case.stage is REVIEW


def test_there_is_no_third_plan() -> None:
    story = Story(ground_for(replace(PROVIDER, settings=Settings(allow_second_plan=True)))).reach(REVIEW, TUESDAY)
    story.on(LATER).link_tutor(e.SecondPlanAgreed)
    story.reach(REVIEW, LATER)

    with pytest.raises(Refused, match="There has been a second plan already"):
        story.on(LATER).link_tutor(e.SecondPlanAgreed)


def test_a_termination_that_the_lead_confirms_too_is_taken() -> None:
    story = Story(ground_for(replace(PROVIDER, settings=Settings(termination_needs_lead=True))))
    story.reach(REVIEW, TUESDAY)
    for part in e.ReviewPart:
        story.on(LATER).link_tutor(e.ReviewPartRecorded, part=part)
    with pytest.raises(Refused, match="The Partnership Lead confirms this too"):
        story.on(LATER).link_tutor(e.PlacementTerminated, confirmed_by="ruth")
    story.on(LATER).lead(e.TerminationConfirmed)
    with pytest.raises(Refused, match="The Partnership Lead confirms this too"):
        story.on(LATER).link_tutor(e.PlacementTerminated, confirmed_by="sam")
    story.on(LATER).link_tutor(e.PlacementTerminated, confirmed_by="ruth")

    assert story.case.stage is NEXT


def test_a_lead_confirms_anew_after_an_outcome_was_put_right() -> None:
    story = Story(ground_for(replace(PROVIDER, settings=Settings(termination_needs_lead=True)))).reach(REVIEW, TUESDAY)
    for part in e.ReviewPart:
        story.on(LATER).link_tutor(e.ReviewPartRecorded, part=part)
    story.on(LATER).lead(e.TerminationConfirmed).link_tutor(e.PlacementTerminated, confirmed_by="ruth")
    story.on(LATER).lead(e.OutcomeReopened)

    with pytest.raises(Refused, match="The Partnership Lead confirms this too"):
        story.on(LATER).link_tutor(e.PlacementTerminated, confirmed_by="ruth")


def test_the_lead_confirms_when_all_three_parts_are_there_and_not_as_the_one_who_records_it() -> None:
    settings = Settings(termination_needs_lead=True)
    story = Story(ground_for(replace(PROVIDER, settings=settings), link_tutor="ruth")).reach(REVIEW, TUESDAY)
    with pytest.raises(Refused, match="Confirm it when all of it is there"):
        story.on(LATER).lead(e.TerminationConfirmed)

    for part in e.ReviewPart:
        story.on(LATER).link_tutor(e.ReviewPartRecorded, part=part)
    story.on(LATER).lead(e.TerminationConfirmed)
    with pytest.raises(Refused, match="A second person confirms this"):
        story.on(LATER).link_tutor(e.PlacementTerminated, confirmed_by="ruth")


def test_a_course_without_level_lead_invites_none() -> None:
    story = Story(ground_for(level_lead="")).reach(NEXT, TUESDAY)

    story.on(LATER).team(e.NextStepsHeld, invited=("student", "course_director", "partnership_lead"))

    assert story.case.stage is Stage.TERMINATED


def test_a_student_who_did_not_come_leaves_a_reason_for_closing() -> None:
    story = Story().reach(NEXT, TUESDAY)

    story.on(LATER).team(
        e.NextStepsHeld, present=("course_director",), student_absent_because="Offered twice, prefers to write."
    )

    assert story.case.stage is Stage.TERMINATED


@pytest.mark.parametrize(
    ("check_on", "sentence"),
    [
        (None, "Choose the day of the one-week check."),
        (date(2026, 10, 13), "Leave at least 2 school days after the first day back."),
        (date(2026, 10, 18), "The school is closed on Sunday 18 October. The next school day is Monday 19 October."),
    ],
)
def test_after_a_pause_the_week_gets_a_new_day_with_two_school_days_at_least(check_on: date, sentence: str) -> None:
    story = Story().reach(WEEKLY, TUESDAY)
    story.on(LATER).mentor(e.CasePaused)

    with pytest.raises(Refused) as refused:
        story.on("2026-10-12 08:30").mentor(e.CaseResumed, check_on=check_on)
    assert refused.value.faults == (Fault(sentence, "check_on"),)
    story.on("2026-10-12 08:30").mentor(e.CaseResumed, check_on=date(2026, 10, 14))

    assert story.case.check_on == date(2026, 10, 14)


def test_the_first_day_back_is_not_before_the_pause() -> None:
    story = Story().reach(TOLD, TUESDAY)
    story.on(LATER).mentor(e.CasePaused)

    with pytest.raises(Refused) as refused:
        story.on("2026-10-07 08:30").mentor(e.CaseResumed, on=day("2026-10-05"))
    assert refused.value.faults == (
        Fault("The case was paused on Tuesday 6 October. Choose that day or a later one.", "on"),
    )
    story.on("2026-10-07 08:30").mentor(e.CaseResumed, on=day("2026-10-06"))

    assert story.case.stage is TOLD


def test_a_first_meeting_may_be_a_visit_where_the_provider_says_so() -> None:
    story = Story(ground_for(replace(PROVIDER, settings=Settings(first_meeting_may_be_visit=True))))
    story.reach(BOOKED, TUESDAY, held=e.Held.VISIT)

    assert story.case.meeting
    assert story.case.meeting.held is e.Held.VISIT


def test_the_link_tutor_and_the_office_may_say_that_a_case_was_raised_in_error_later() -> None:
    for who in ("link_tutor", "team", "lead"):
        story = Story().reach(TOLD, TUESDAY)
        getattr(story.on(LATER), who)(e.RaisedInError)
        assert story.case.stage is Stage.IN_ERROR


def test_every_sentence_of_a_refusal_stands_in_the_exception_too() -> None:
    with pytest.raises(Refused) as refused:
        Story().on(TUESDAY).mentor(e.WeeklyTargetSet, target="", measure="")

    assert str(refused.value) == "Write the target for this week. Say how you will both know that it is met."


def test_an_event_typed_the_day_after_it_happened_keeps_both_days() -> None:
    story = Story()
    story.on("2026-10-06 10:00").mentor(e.WeeklyTargetSet, on=day("2026-10-05"))

    assert story.history[-1].on == day("2026-10-05")
    assert story.history[-1].at - moment("2026-10-05") > timedelta(days=1)
