"""What the review, its outcome and the next steps meeting have left on the case, for whoever may read it.

The student's words about an outcome are the most important of the product: plain, kind and exact, and said once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from cards.elements import Element, facts, label, literal, panel, quiet, said, text, told
from cards.plan import came, promised
from cards.view import View
from pathway import events as e
from pathway.case import Case
from pathway.dates import in_words, listed, local_date
from pathway.deadlines import Deadline, deadline
from pathway.guards import to_invite
from pathway.people import Item, access
from pathway.process import Stage
from pathway.provider import Contact, starting
from pathway.roles import Role

Parts = Iterator[Element | list[Element] | None]
Outcome = e.PlacementContinued | e.PlacementTerminated

RESULTS = {"met": "Met", "partly": "Partly met", "not yet": "Not yet met"}
SUPPORT = {e.SupportGiven.YES: "yes", e.SupportGiven.PARTLY: "partly", e.SupportGiven.NO: "no"}
OPTIONS = {
    "re-sit placement": "Take the placement again",
    "interrupt studies": "Interrupt the studies for a time",
    "change course": "Change the course or the award",
    "withdraw": "Leave the course",
    "other procedure": "Another procedure of the university",
}
#: Stages in which an outcome stands.
DECIDED = frozenset({Stage.CONTINUES, Stage.NEXT_STEPS, Stage.TERMINATED})
#: No further than so many calendar days is a week.
A_WEEK = 7


# -- reading the case ----------------------------------------------------------------------------------------------


def targets(case: Case) -> tuple[e.PlanTarget, ...]:
    return case.plan.targets if case.plan else ()


def parts(case: Case) -> Mapping[e.ReviewPart, e.ReviewPartRecorded]:
    """The newest record of each part since the review started."""
    return {x.part: x for x in case.since(e.ReviewStarted, e.ReviewPartRecorded)}


def began_on(case: Case) -> date:
    """The day of the review; that of the present stage where none has begun."""
    began = case.last(e.ReviewStarted)
    return began.on if began else case.began.on


def evidence(case: Case, target: str) -> str:
    """What the observation says about *target*."""
    seen = parts(case).get(e.ReviewPart.OBSERVATION)
    return dict(seen.evidence).get(target, "") if seen else ""


def outcome(case: Case) -> Outcome | None:
    """The outcome that stands; one that was set aside does not."""
    stage = case.came_from if case.stage is Stage.PAUSED else case.stage
    return case.outcome if stage in DECIDED else None


def ended(case: Case) -> bool:
    return isinstance(outcome(case), e.PlacementTerminated)


def hears_outcome(view: View) -> bool:
    """Whether this reader is told what came of the review, if only in a notice."""
    return outcome(view.case) is not None and access(view.party, view.viewer, Item.OUTCOME, view.case) is not None


def booked(case: Case) -> e.NextStepsBooked | None:
    """The next steps meeting that stands in the diary."""
    found = case.since(e.PlacementTerminated, e.NextStepsBooked)
    return found[-1] if found and case.stage in (Stage.NEXT_STEPS, Stage.TERMINATED) else None


def next_steps_by(view: View) -> Deadline | None:
    """The last day of the next steps meeting, while it is to come."""
    line = deadline(view.case, view.ground)
    return line if line and line.timer == "T12" else None


def part_words(part: e.ReviewPart, view: View) -> str:
    match part:
        case e.ReviewPart.OBSERVATION:
            return "Lesson observation"
        case e.ReviewPart.MENTOR_DISCUSSION:
            return f"Discussion with {view.mentor}"
        case _:
            return "Three-way conversation"


# -- the review ----------------------------------------------------------------------------------------------------


def ticks(view: View) -> Parts:
    """The three parts, each done or not."""
    there = parts(view.case)
    yield label("The three parts of the review")
    lines = []
    for part in e.ReviewPart:
        one = there.get(part)
        done = f"recorded by {view.you_or(one.by)}, {view.moment(one.at)}" if one else "not recorded yet"
        lines.append(text(f"{'✓' if one else '○'} {part_words(part, view)}: {done}", spacing="Small"))
    yield panel(*lines)
    yield from _not_in_person(view)


def _not_in_person(view: View) -> Parts:
    """Why the review is no visit: for whoever typed it and the office, as the form says."""
    began = view.case.last(e.ReviewStarted)
    if began and view.is_(Role.LINK_TUTOR, Role.PARTNERSHIP_TEAM):
        yield told("Why it is not in person", began.not_in_person_because)


def promises(view: View) -> Parts:
    """What was promised, and what somebody has said about it since."""
    plan = view.case.plan
    if plan is None or not plan.promises:
        return
    yield label("Support that was promised")
    for n, promise in enumerate(plan.promises):
        yield said(promised(view, plan, promise))
        if state := came(view, n):
            yield quiet(state)


def review(view: View) -> Parts:
    """Everything that the parts hold."""
    there = parts(view.case)
    seen = there.get(e.ReviewPart.OBSERVATION)
    if seen:
        who = seen.observer or view.party.name(seen.for_whom or seen.by)
        yield told("The lesson that was observed", seen.words)
        yield quiet(f"Observed by {literal(who)} on {view.day(seen.on)}.")
        for target, words in seen.evidence:
            yield told("What was seen of one target", f"{target}\n{words}")
        yield told("Suggestions", seen.suggestions)
    spoken = there.get(e.ReviewPart.MENTOR_DISCUSSION)
    if spoken:
        yield label(
            f"Was the agreed support given? {starting(SUPPORT[spoken.support]) if spoken.support else 'Not said'}"
        )
        yield said(spoken.words)
    talk = there.get(e.ReviewPart.THREE_WAY)
    if talk:
        yield told("Who was in the three-way conversation", listed(talk.present))
        yield told(f"{view.first}'s view, in {view.first}'s own words", talk.words)
        yield told("What the conversation came to", talk.summary)


# -- the outcome ---------------------------------------------------------------------------------------------------


def told_so(view: View, given: Outcome, whom: str) -> str:
    """Who told the student (*whom*), when, and who was there, as the middle of a sentence."""
    when = f" on {view.moment(given.told_student_at)}" if given.told_student_at else ""
    there = [literal(name) for name in given.told_present if name != given.told_by]
    present = f", with {listed(there)} there" if there else ""
    return f"{literal(given.told_by)} told {whom}{when}{present}"


def results(given: Outcome) -> Parts:
    """Each target with its result, and the reasons."""
    if given.results:
        yield text("How each target stands:", spacing="Medium")
    for target, result in given.results:
        yield label(RESULTS.get(result, literal(result)))
        yield said(target)
    yield told("The reasons", given.reasons)


def outcome_for_staff(view: View) -> Parts:
    given = outcome(view.case)
    if given is None:
        return
    yield text(f"{told_so(view, given, view.first)}.")
    yield from results(given)
    if isinstance(given, e.PlacementContinued):
        yield told("Targets to carry on", given.carry_on)
        yield told("Why a part of the review is missing", given.parts_missing_because)
    else:
        when = f" on {view.moment(given.lead_told_at)}" if given.lead_told_at else ""
        lead = view.word(Role.PARTNERSHIP_LEAD)
        me = view.party.people.get(view.viewer)
        is_me = me is not None and me.name == given.lead_told
        yield quiet(
            f"{f'You, the {lead}, were' if is_me else f'The {lead}, {literal(given.lead_told)}, was'} told{when}."
        )
        if given.confirmed_by:
            yield quiet(f"{starting(view.you_or(given.confirmed_by))} confirmed it.")


def earlier_outcomes(view: View) -> Parts:
    """Outcomes that were set aside: the first entry stays readable to the same people."""
    for reopened in view.case.all(e.OutcomeReopened):
        before = [x for x in view.case.events[: view.case.events.index(reopened)] if isinstance(x, Outcome)]
        if before:
            what = "the placement continues" if isinstance(before[-1], e.PlacementContinued) else "the placement ended"
            yield label("An outcome that was set aside")
            yield text(
                f"Recorded on {view.moment(before[-1].at)}: {what}. Set aside by {view.you_or(reopened.by)} on "
                f"{view.moment(reopened.at)}.",
                spacing="Small",
            )
            yield said(reopened.reason)


# -- the next steps meeting ----------------------------------------------------------------------------------------


def invited_words(roles: tuple[str, ...], view: View) -> list[str]:
    """The people invited, by name and part; a role nobody holds by its name alone."""
    named = []
    for role in (Role(r) for r in roles if r in set(Role)):
        for person in view.party.holders(role, view.case) or ("",):
            word = view.word(role)
            if role is Role.STUDENT:
                named.append(view.you_or(person))
            else:
                named.append(f"{view.you_or(person)} ({word})" if person else f"the {word}")
    return named


def meeting(view: View) -> Parts:
    """When and where the next steps meeting is."""
    found = booked(view.case)
    if found is None or view.case.stage is not Stage.NEXT_STEPS:
        return
    yield facts(
        {
            "Next steps meeting": view.moment(found.starts),
            "Where": literal(found.place),
            "Invited": starting(listed(invited_words(found.invited, view))),
        }
    )
    yield told("Who comes for somebody else", found.deputies)
    yield told("Until then, turn to", found.interim_contact)
    yield told("Why it is another day than before", found.reason)


def next_steps(view: View) -> Parts:
    """What came of the meeting."""
    held = view.case.last(e.NextStepsHeld)
    if held is None or view.case.stage is not Stage.TERMINATED:
        return
    came = listed(invited_words(held.present, view))
    yield text(f"The next steps meeting was on {view.day(held.on)}. {starting(came)} {_was(came)} there.")
    yield told("Who came for somebody else", held.deputies)
    if held.brought_someone:
        yield text("You brought somebody with you." if view.is_student else f"{view.first} brought somebody.")
    yield told(f"Why it was closed without {view.first}", "" if view.is_student else held.student_absent_because)
    if held.options:
        yield told("What you talked about" if view.is_student else "What was talked about", _options(held.options))
    yield told("What was decided", held.decision)
    yield told("Your place on the course" if view.is_student else "Place on the course", held.status)
    yield told("University sessions meanwhile", held.teaching)
    yield told("Whom to ask about funding", held.funding)
    yield told("Who follows this up", held.follow_up)
    if not view.is_student:
        yield quiet("The support leaflet and how to appeal have been given.")


def _options(chosen: Sequence[str]) -> str:
    first, *more = (OPTIONS.get(one, one) for one in chosen)
    return "; ".join([first, *(one[:1].lower() + one[1:] for one in more)])


def _was(words: str) -> str:
    return "were" if " and " in words or words == "you" else "was"


# -- all of it, for staff ------------------------------------------------------------------------------------------


def for_staff(view: View, *, whole: bool) -> Parts:
    """What this reader may see of the second half of the road. The *whole* card has the road up to the review: what
    comes after is a card of its own, because one card holds so much and no more.
    """
    case = view.case
    if case.stage is Stage.REVIEW and view.sees(Item.REVIEW):
        yield from ticks(view)
    if whole:
        return
    if outcome(case) and view.sees(Item.OUTCOME):
        yield from outcome_for_staff(view)
    if view.sees(Item.NEXT_STEPS):
        yield from meeting(view)
        yield from next_steps(view)


# -- the student ---------------------------------------------------------------------------------------------------


def reach(contact: Contact) -> str:
    return literal(", ".join(part for part in (contact.name, contact.phone, contact.email) if part))


def person_to_ring(view: View) -> str:
    """Somebody by name, and how to reach them."""
    tutor = view.party.people.get(view.party.link_tutor(view.case))
    office = view.provider.contacts.office
    by_mail = f"{literal(tutor.name)}, {literal(tutor.email)}" if tutor and tutor.email else ""
    if office and office.phone:
        ring = f"You can ring now: {reach(office)}."
        return f"{ring} You can also write to {by_mail}." if by_mail else ring
    ways = [way for way in (by_mail, reach(office) if office else "") if way]
    return f"You can talk to somebody now: {'; or '.join(ways)}." if ways else ""


def for_student(view: View) -> list[Element | list[Element] | None]:
    """The written words about an outcome; nothing while there is none, or it was set aside."""
    given = outcome(view.case)
    if not view.is_student or given is None or not view.sees(Item.OUTCOME):
        return []
    if isinstance(given, e.PlacementContinued):
        return list(_continues(view, given))
    return list(_over(view, given))


def _continues(view: View, given: e.PlacementContinued) -> Parts:
    yield text(f"Your placement continues. Well done, {view.first}.")
    yield text(f"{told_so(view, given, 'you')}.")
    yield from results(given)
    yield told("Targets to carry on", given.carry_on)
    yield text(
        f"You go on working with {view.mentor} as before. If something is not clear, ask {view.mentor} or "
        f"{view.link_tutor}."
    )
    ring = person_to_ring(view)
    yield text(ring) if ring else None
    yield from _support(view)


def _over(view: View, given: e.PlacementTerminated) -> Parts:
    """What is newest comes first: once the next steps meeting is held, what came of it."""
    yield from next_steps(view)
    yield text(f"As {told_so(view, given, 'you')}, this placement has ended and counts as a failed placement.")
    yield text(status) if (status := _status(view)) else None
    yield from _what_next(view)
    ring = person_to_ring(view)
    yield text(ring) if ring else None
    yield from results(given)
    yield from _support(view)
    yield from _appeal(view)


def _status(view: View) -> str:
    """Whether they are still enrolled: only what the office has confirmed; "" once the meeting has said it."""
    if view.case.last(e.NextStepsHeld) and view.case.stage is Stage.TERMINATED:
        return ""
    note = view.provider.settings.still_enrolled_note.strip()
    team = view.word(Role.PARTNERSHIP_TEAM)
    return literal(note) or f"The {team} can tell you where you stand on your course. Please ask them."


def _what_next(view: View) -> Parts:
    found = booked(view.case)
    if view.case.stage is Stage.NEXT_STEPS and found:
        yield text(f"On {view.moment(found.starts)} there is a meeting with you about what happens next.")
        yield text("You can bring somebody with you: a friend, or an adviser.")
        yield from meeting(view)
        return
    by = next_steps_by(view)
    if by:
        leads = listed(f"the {view.word(role)}" for role in to_invite(view.ground) if role is not Role.STUDENT)
        yield text(f"{starting(leads)} will meet you by {view.day(by.day)} ({by.how}) to talk about what happens next.")
        yield text(
            "You will get the time and the place before that. You can bring somebody with you: a friend, or an adviser."
        )


def _support(view: View) -> Parts:
    contacts = view.provider.contacts
    people = [reach(c) for c in (contacts.wellbeing, contacts.students_union) if c]
    tutor = view.placement.personal_tutor
    people += [f"{view.name(tutor)}, your {view.word(Role.PERSONAL_TUTOR)}"] if tutor else []
    if people:
        yield panel(label("Who is there for you"), *(text(one, spacing="Small") for one in people))


def _appeal(view: View) -> Parts:
    contact = view.provider.contacts.appeals or view.provider.contacts.office
    who = reach(contact) if contact else f"the {view.word(Role.PARTNERSHIP_TEAM)}"
    yield panel(
        label("How to appeal"),
        text(
            "If you think that the way this was decided was not right, or that something important was not known, you "
            f"can appeal. Ask how, and by when: {who}.",
            spacing="Small",
        ),
    )


def outcome_day(case: Case) -> str:
    """The day on which the student was told, in words."""
    given = outcome(case)
    return in_words(local_date(given.told_student_at)) if given and given.told_student_at else ""
