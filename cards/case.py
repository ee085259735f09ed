"""The case as one person may see it: where it stands, who has it, what happens next, and what this person can do.

This is the receipt after an act, the body of most notices and what `my cases` opens. It is edited in place as the
case moves, so it is made from the case alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from cards import record
from cards.acts import act, acts_for
from cards.elements import (
    HEAVIEST,
    Card,
    Element,
    card,
    facts,
    flat,
    heading,
    label,
    literal,
    panel,
    quiet,
    said,
    text,
    told,
    weight,
)
from cards.fit import split
from cards.plan import PLANNING, plan_parts, student_wrote
from cards.reach import out_of_reach
from cards.standing import for_student, standing
from cards.view import View, plan_for_student
from pathway import events as e
from pathway.dates import in_london, listed, local_date, time_in_words
from pathway.nudges import planned
from pathway.people import Item
from pathway.process import Stage
from pathway.provider import starting
from pathway.roles import Role
from pathway.tellings import CHANNEL
from pathway.timers import TIMERS

TIMER_NAMES = {timer.id: timer.name for timer in TIMERS}
#: Reminders further away than this are not listed.
SOON = timedelta(weeks=4)
HELP = {
    "extra_meeting": "An extra meeting",
    "joint_planning": "Planning together",
    "modelled_lesson": "Teaching a lesson for them to watch",
    "co_teaching": "Teaching together",
    "observe_colleague": "Watching a colleague teach",
    "reduced_timetable": "A lighter timetable for a while",
    "other": "Something else",
}
HELD = {e.Held.TEAMS: "Teams meeting", e.Held.VISIT: "Visit to the school", e.Held.PHONE: "Phone call"}


#: Stages whose short card shows the plan.
SHOWS_PLAN = PLANNING | {Stage.REVIEW}


def help_words(ticks: tuple[str, ...], note: str = "") -> str:
    """The ticked help, and the note, as one line."""
    named = [HELP.get(t, t) for t in ticks if t != "other" or not note]
    return "; ".join([*named[:1], *(n[:1].lower() + n[1:] for n in named[1:]), *([note] if note else [])])


def case_card(view: View, lead: str = "", *, whole: bool = False, wanted: str | Element = "") -> Card:
    """*lead* is the news, in a sentence of ours; *whole* shows everything this person may read, with the timeline,
    the newest lines of it where a long case would not fit the card. *wanted* is the act that the lead asks for, its
    verb or a link: its button comes first.
    """
    drawn = (_case_card(view, lead, whole=whole, wanted=wanted, lines=lines) for lines in LINES)
    fitting = (one for one in drawn if not whole or weight(one) < HEAVIEST)
    return next(fitting, None) or _case_card(view, lead, whole=False, wanted=wanted)


def pages_of_case(view: View) -> list[Card]:
    """Everything this person may read, in as many parts as it takes."""
    return split(
        _case_card(view, "", whole=True, wanted="", lines=LINES[0]),
        lambda n: act(view, "Read the rest", "cases.read", part=str(n)),
    )


def _case_card(view: View, lead: str, *, whole: bool, wanted: str | Element, lines: int = 0) -> Card:
    body = _student_body(view) if view.is_student else _staff_body(view, whole=whole, lines=lines)
    return card(
        quiet(reference_line(view)),
        heading(_title(view)),
        panel(text(lead, weight="Bolder"), style="accent") if lead else None,
        *body,
        actions=acts_for(view, whole=whole, wanted=wanted),
    )


def retired(view: View) -> Card:
    """What is left of a card when a newer one of the same case stands in the chat."""
    return card(
        quiet(reference_line(view)),
        text("There is a newer card for this case in our chat."),
        actions=[act(view, "Show it here", "cases.open")],
    )


def reference_line(view: View) -> str:
    place = view.placement
    parts = [f"Ref {view.case.reference}", *map(literal, (place.course, place.phase, place.school))]
    return " · ".join(p for p in parts if p)


def _title(view: View) -> str:
    if view.is_student:
        if record.outcome(view.case):
            return "Your placement has ended" if record.ended(view.case) else "Your placement continues"
        return f"Your placement: {view.stage_running}"
    if not view.sees(Item.CONCERN) and record.hears_outcome(view):
        return f"{view.student}: {view.stage_running}"
    if not view.sees(Item.CONCERN):
        return f"Placement case {view.case.reference}"
    return f"{view.student}: {view.stage_running}"


# -- staff ---------------------------------------------------------------------------------------------------------


def _staff_body(view: View, *, whole: bool, lines: int) -> Iterator[Element | list[Element] | None]:
    if not view.sees(Item.CONCERN) and record.hears_outcome(view):
        yield [text(sentence) for sentence in standing(view)]
        yield flat(record.for_staff(view, whole=whole))
        return
    if not view.sees(Item.CONCERN):
        yield text(f"This case stands at: {view.stage_running}.")
        yield quiet("You are told the reference and the dates. The people of the case have the rest.")
        return
    yield [text(sentence) for sentence in standing(view)]
    yield out_of_reach(view)
    yield flat(record.for_staff(view, whole=whole))
    yield _in_brief(view)
    yield _reason(view)
    yield _better_times(view)
    if not whole and _shows_plan(view):
        yield flat(_plan(view))
        return
    if not whole and record.outcome(view.case):
        return
    yield flat(_views(view))
    if whole:
        yield flat(student_wrote(view))
        yield flat(_concern(view))
        yield flat(_timeline(view, lines))
        yield flat(_to_come(view, lines))
    else:
        yield flat(_what_was_seen(view))


def _shows_plan(view: View) -> bool:
    """While a plan is agreed, talked through and kept to, the short card has the plan; "Read everything" the rest."""
    return view.case.plan is not None and view.case.stage in SHOWS_PLAN and view.sees(Item.PLAN)


def _plan(view: View) -> Iterator[Element | list[Element]]:
    if view.case.plan:
        yield from student_wrote(view)
        yield from plan_parts(view, view.case.plan, ticks=view.case.stage in (Stage.PLAN_IN_PLACE, Stage.REVIEW))


def _reason(view: View) -> list[Element]:
    """Why the case stands where it does, in the words of whoever took the step, for those the form named."""
    match view.case.entered:
        case e.InterventionAgreed(decided_because=words) | e.NoInterventionAgreed(reason=words):
            item = Item.VIEWS
        case e.MeetingBooked(reason=words):
            return told("Why another time", words) if view.sees(Item.REFERRAL) else []
        case e.MeetingCancelled(reason=words) | e.ReferralWithdrawn(reason=words):
            item = Item.REFERRAL
        case e.RaisedInError(reason=words):
            item = Item.CONCERN
        case e.PlanReopened(reason=words) | e.ProceededWithoutAgreement(reason=words):
            item = Item.PLAN
        case _:
            return []
    return told("The reason given", words) if view.sees(item) else []


def _better_times(view: View) -> list[Element]:
    """What the mentor would rather have than the times that were offered."""
    chosen = view.case.chosen
    return told("Better times", chosen.words) if chosen and view.sees(Item.CONCERN) else []


def _in_brief(view: View) -> Element:
    case = view.case
    named = view.party.link_tutor(case)
    people: Mapping[str, str] = {
        starting(view.word(Role.MENTOR)): view.mentor,
        starting(view.word(Role.LINK_TUTOR)): starting(view.link_tutor) if named else "Not named yet",
        "Area": view.areas,
    }
    earlier = [c for c in view.party.cases_of_student if c != case.id]
    before = {"Earlier cases": f"Yes, {len(earlier)}"} if earlier and view.sees(Item.EARLIER) else {}
    typed = sorted({x.by for x in case.events if x.for_whom}, key=view.name)
    entered = {"Entered by": f"{view.everyone(typed)}, for {view.you_or(case.mentor)}"} if typed else {}
    return facts({**people, **_meeting_facts(view), **before, **entered})


def _what_was_seen(view: View) -> Iterator[Element | list[Element] | None]:
    case = view.case
    yield told("Weekly target", case.target)
    if case.told and view.sees(Item.REFERRAL):
        week = isinstance(case.told, e.LinkTutorTold)
        yield told("How the week went" if week else "What was seen", case.told.evidence)
        yield told("Support given", help_words(case.told.support_given, case.told.support_note))
        if not case.told.student_aware:
            yield text(f"{view.first} does not know yet that the {view.word(Role.LINK_TUTOR)} was told.")


def _concern(view: View) -> Iterator[Element | list[Element] | None]:
    case = view.case
    concern = case.concern
    if concern is None:
        return
    yield told("What was seen", concern.seen)
    yield told("What is going well", concern.going_well)
    yield told("Weekly target", case.target)
    if isinstance(concern, e.WeeklyTargetSet):
        yield told("How we will both know", concern.measure)
        yield told("Help offered this week", help_words(concern.help_offered, concern.help_note))
    for more in case.all(e.TargetContinued):
        yield told(f"One more week, from {view.day(more.on)}", more.note)
    if case.told and view.sees(Item.REFERRAL):
        yield told("How the week went", case.told.evidence if case.told.evidence != concern.seen else "")
        yield told("Support given", help_words(case.told.support_given, case.told.support_note))
        yield told("Hoped for from the meeting", case.told.wish)
        yield told("Best times", case.told.best_times)
        if isinstance(case.told, e.LinkTutorTold):
            yield told("Why before the week was over", case.told.early_because)
        else:
            yield told("Why it could not wait a week", case.told.skip_because)
        yield told("Why the student does not know yet", case.told.student_unaware_because)


def _meeting_facts(view: View) -> Mapping[str, str]:
    meeting = view.case.meeting
    if meeting is None or view.case.stage not in (Stage.MEETING_BOOKED, Stage.VIEWS_DIFFER):
        return {}
    return {
        "Meeting": view.moment(meeting.starts),
        "How": f"{HELD[meeting.held]}, {meeting.minutes} minutes",
        "Where": literal(meeting.place),
    }


def _views(view: View) -> Iterator[Element | list[Element] | None]:
    case = view.case
    opinions = case.all(e.SecondOpinion)
    if opinions and view.sees(Item.REFERRAL):
        yield label("A colleague's eye")
        for opinion in opinions:
            when = f", planned for {view.day(opinion.planned_on)}" if opinion.planned_on else ""
            yield text(f"{starting(opinion.kind.value)} ({view.day(opinion.on)}){when}.", spacing="Small")
            if opinion.seen:
                yield said(opinion.seen)
    if case.told is None or not view.sees(Item.VIEWS):
        return
    for role, person in ((Role.MENTOR, case.mentor), (Role.LINK_TUTOR, view.party.link_tutor(case))):
        given = case.view_of(role)
        theirs = f"{view.name(person) if person else 'The ' + view.word(role)}'s view"
        whose = "Your view" if person == view.viewer else theirs
        if given is None:
            if case.view_of(Role.MENTOR) or case.view_of(Role.LINK_TUTOR):
                yield text(f"{whose}: not recorded yet.")
            continue
        yield label(
            f"{whose}: progress is {given.view.value}" if given.view is not e.View.NOT_SURE else f"{whose}: not sure"
        )
        yield said(given.words)
        if given.for_whom:
            means = f", {literal(given.means).rstrip('. ')}" if given.means else ""
            yield quiet(f"Typed by {view.you_or(given.by)} on {view.day(local_date(given.at))}{means}.")
    if case.mentor_view_to_confirm:
        yield quiet(f"{starting(view.you_or(case.mentor))} can still answer: that is right, or change it.")


# -- the timeline --------------------------------------------------------------------------------------------------

#: How each event reads in the timeline; events left out are not shown there.
DID: Mapping[type[e.Event], str] = {
    e.WeeklyTargetSet: "set the weekly target",
    e.TargetMet: "recorded that the target is met",
    e.TargetContinued: "gave it one more week",
    e.LinkTutorTold: "told the {link_tutor}",
    e.LinkTutorToldAtOnce: "told the {link_tutor}",
    e.LinkTutorAcknowledged: "took it up",
    e.MeetingBooked: "booked the meeting",
    e.MeetingCancelled: "cancelled the meeting",
    e.TimesOffered: "offered times for the meeting",
    e.TimesChosen: "said which times suit",
    e.ReferralWithdrawn: "went on with the weekly target instead",
    e.ViewRecorded: "recorded a view",
    e.InterventionAgreed: "opened the {support_plan}",
    e.MoreTimeAgreed: "recorded more time for the target",
    e.NoInterventionAgreed: "recorded that no {intervention} is needed",
    e.ViewsDiffered: "recorded that the views differ",
    e.SecondOpinion: "noted a colleague's eye",
    e.LinkTutorNamed: "named a {link_tutor}",
    e.MentorNamed: "named a {mentor}",
    e.StudentTold: "spoke to the {student}",
    e.CasePaused: "paused the case",
    e.CaseResumed: "took the case up again",
    e.ReviewStarted: "started the review",
    e.ReviewPartRecorded: "recorded a part of the review",
    e.PlacementContinued: "recorded that the placement continues",
    e.PlacementTerminated: "recorded that the placement ended",
    e.TerminationConfirmed: "confirmed that the placement may end",
    e.NextStepsBooked: "booked the next steps meeting",
    e.NextStepsHeld: "recorded the next steps meeting",
    e.OutcomeReopened: "set the outcome aside",
    e.RaisedInError: "closed it as raised in error",
    e.PlanWritten: "wrote the {support_plan}",
    e.PlanVersionAgreed: "agreed the {support_plan}",
    e.PlanShared: "recorded that both agree the {support_plan}",
    e.PlanReopened: "opened the {support_plan} for changes",
    e.PlanDiscussed: "talked the {support_plan} through with the {student}",
    e.StudentAgreed: "recorded that the {student} agrees",
    e.StudentNotAgreed: "recorded that the {student} does not agree as it stands",
    e.ProceededWithoutAgreement: "started the {support_plan} without agreement",
    e.StudentConfirmed: "confirmed that it is achievable",
    e.StudentReplied: "put a reply on the record",
    e.ReplyRequested: "asked to be rung",
    e.ReviewBooked: "booked the review visit",
    e.ReviewChanged: "changed the review meeting",
    e.InvitationRenewed: "had the invitation put back into the calendars",
    e.DutyDone: "ticked a duty",
    e.PromiseTicked: "said whether promised support came",
    e.RecordedInPebblePad: "said that it is recorded in PebblePad",
}


#: A meeting that a mentor's choice among times has booked.
TOOK = "took a time that was offered: the meeting is booked"


def _did(event: e.Event) -> str | None:
    if isinstance(event, e.MeetingBooked) and event.role is Role.MENTOR:
        return TOOK
    if isinstance(event, e.MeetingBooked) and event.reason:
        return "moved the meeting"
    return DID.get(type(event))


#: How many lines of the timeline are shown, as the card has room.
LINES = (20, 6, 2)


def _timeline(view: View, most: int) -> Iterator[Element]:
    lines = [f"{view.moment(event.at)}: {did}." for event in view.case.events if (did := _who_did(view, event))]
    if lines:
        yield label("What happened, and when" + (f": the last {most} of {len(lines)}" if len(lines) > most else ""))
        yield panel(*(text(line, size="Small", spacing="Small") for line in lines[-most:]))


def _who_did(view: View, event: e.Event) -> str:
    """Such as "Dr Helen Marsh booked the meeting"; "" for what the timeline leaves out."""
    did = _did(event)
    if did is None:
        return ""
    words = {role.value: view.word(role) for role in Role}
    more = {"support_plan": view.provider.words.support_plan, "intervention": view.provider.words.intervention}
    whom = f" for {view.you_or(event.for_whom)}" if event.for_whom else ""
    return f"{starting(view.you_or(event.by))} {did.format(**words, **more)}{whom}"


def who_moved_it(view: View, made_for: int | None) -> str:
    """Who took the case on to where it is now, and when, for the reader of a card that was *made_for* an earlier step:
    "Dr Helen Marsh booked the meeting at 2:05pm." "" where the reader may not read the timeline, as the student may not
    (they hear of each step from a person first), and where the case has not moved since.
    """
    moved = view.case.entered
    if made_for is None or made_for >= view.case.step or view.is_student or not view.sees_case:
        return ""
    there = in_london(moved.at)
    on = "" if there.date() == view.today else f" on {view.day(there.date())}"
    did = _who_did(view, moved)
    return f"{did}{on} at {time_in_words(there.time())}." if did else ""


def _to_come(view: View, most: int) -> Iterator[Element]:
    """Who will be reminded, and when, if nothing is recorded until then: nobody is surprised."""
    until = view.now + SOON
    coming = [n for n in planned(view.case, view.ground) if view.now < n.at < until and n.to != CHANNEL]
    if coming:
        lines = dict.fromkeys(
            f"{view.moment(n.at)}: {starting(view.you_or(n.to))} ({TIMER_NAMES[n.timer]})" for n in coming
        )
        yield label("Reminders to come, unless it is done before")
        yield panel(*(text(line, size="Small", spacing="Small") for line in list(lines)[:most]))


# -- the student ---------------------------------------------------------------------------------------------------


def _student_body(view: View) -> Iterator[Element | list[Element] | None]:
    case = view.case
    if words := record.for_student(view):
        yield flat(words)
        return
    concern = case.last(e.WeeklyTargetSet)
    yield [text(sentence) for sentence in for_student(view)]
    plan = plan_for_student(case)
    if plan:
        yield flat(plan_parts(view, plan, ticks=True))
    elif concern and view.sees(Item.CONCERN):
        yield told("What is going well", concern.going_well)
        yield told(f"What your {view.word(Role.MENTOR)} has seen", concern.seen)
        yield label(f"The area: {view.areas}")
        yield told("Your target", case.target)
        yield told("How you will both know", concern.measure)
        yield told("Help for you this week", help_words(concern.help_offered, concern.help_note))
    elif case.last(e.MoreTimeAgreed):
        yield told("Your target", case.target)
    yield flat(student_wrote(view))
    yield whom_to_ask(view)


def whom_to_ask(view: View) -> Element:
    contacts = view.provider.contacts
    named = [
        literal(" ".join(part for part in (c.name, c.phone, c.email) if part))
        for c in (contacts.wellbeing, contacts.students_union)
        if c
    ]
    people = [view.mentor, *([view.link_tutor] if view.party.link_tutor(view.case) else [])]
    tutor = view.placement.personal_tutor
    people += [view.name(tutor)] if tutor else []
    return panel(
        label("Whom you can ask"),
        text(f"You can ask for help at any time: {listed(people)}.", spacing="Small"),
        *(text(n, spacing="Small") for n in named),
    )
