"""What came of the review: the placement continues, or it ends as failed. The student is told in person first.

Pathway proposes neither. Before anything is sent, whoever records it reads the very words that the student will get.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cards import record
from cards.acts import act
from cards.case import reference_line
from cards.elements import Card, Element, Form, button, card, flat, heading, label, panel, quiet, said, text
from cards.view import View
from pathway import events as e
from pathway.case import Case
from pathway.dates import listed
from pathway.ground import Fault
from pathway.guards import confirmed_by, missing_parts
from pathway.people import Person
from pathway.roles import Role


def tellers(view: View) -> dict[str, str]:
    """Who told the student, and who was there."""
    first = view.party.name(view.case.student).split(" ")[0]
    tutor, mentor = view.party.link_tutor(view.case), view.case.mentor
    one, other = view.party.name(tutor), view.party.name(mentor)
    return {
        "tutor_mentor": f"{one}, with {other} there",
        "tutor": f"{one}, alone with {first}",
        "mentor_tutor": f"{other}, with {one} there",
        "mentor": f"{other}, alone with {first}",
    }


def readers(view: View) -> str:
    return (
        f"{view.first}, {view.mentor}, {view.link_tutor} and the {view.word(Role.PARTNERSHIP_TEAM)}; the "
        f"{view.word(Role.COURSE_DIRECTOR)} too if the placement ends"
    )


def outcome_form(view: View, values: Mapping[str, str], faults: Sequence[Fault] = ()) -> Card:
    form = Form(values, faults)
    missing = missing_parts(view.case)
    who = readers(view)
    rows: list[Element | list[Element]] = []
    for n, target in enumerate(record.targets(view.case)):
        seen = record.evidence(view.case, target.target)
        rows.append([label(f"Target {n + 1}"), *said(target.target)])
        if seen:
            rows.append([quiet("What was seen of it"), *said(seen)])
        rows.append(form.one(f"result_{n}", f"Target {n + 1} is", record.RESULTS, error="Choose one."))
    return card(
        quiet(reference_line(view)),
        heading("The outcome of the review"),
        panel(
            text(f"Tell {view.first} in person before you save this.", weight="Bolder"),
            text(f"{view.first} gets it in writing from here at once, and not before you have said it."),
            style="attention",
        ),
        *rows,
        form.line(
            "reasons",
            "The reasons, target by target",
            error="Give the reasons, with reference to the targets.",
            readers=who,
            long=True,
            most=800,
        ),
        form.line(
            "carry_on",
            "Targets to carry on, if the placement continues",
            error="Up to 400 characters.",
            readers=who,
            required=False,
            long=True,
            most=400,
        ),
        _missing(view, form, missing),
        form.day("told_on", f"{view.first} was told in person on", error="Choose the day."),
        form.time("told_student_at", "At what time", error="Tell the student in person before you save this."),
        form.one(
            "told_by", f"Who told {view.first}", tellers(view), error="Say who told the student.", open_list=False
        ),
        form.verdict(),
        actions=[
            button("The placement continues", "outcome.continue", **_hidden(view, "outcome.outcome")),
            button("The placement ends as failed", "outcome.ends", **_hidden(view, "outcome.outcome")),
            button("Save for later", "outcome.save", **_hidden(view, "outcome.outcome")),
            act(view, "Back", "cases.open"),
        ],
    )


def _missing(view: View, form: Form, missing: Sequence[e.ReviewPart]) -> list[Element] | None:
    if not missing:
        return None
    parts = listed(record.part_words(part, view) for part in missing)
    return [
        text(f"Not recorded yet: {parts}. If the placement is to end, all three parts are needed.", spacing="Large"),
        *form.line(
            "parts_missing_because",
            "Why it is decided without them",
            error="Record them, or say why not.",
            readers=readers(view),
        ),
    ]


def _hidden(view: View, form: str) -> dict[str, Any]:
    return {"case": view.case.id, "step": view.case.step, "nonce": view.nonce, "form": form}


def _students_words(view: View, then: Case) -> Element:
    """What the student will read once *then* is how the case stands."""
    theirs = replace(view, case=then, viewer=view.case.student)
    return panel(label(f"{view.first} gets these words at once"), flat(record.for_student(theirs)))


def continues_check(view: View, then: Case) -> Card:
    """*then* is the case as it would stand."""
    return card(
        quiet(reference_line(view)),
        heading("The placement continues"),
        text(
            f"Nothing is saved yet. {listed(_told_of_it(view))} are told too. The channel hears that the review is "
            "done, and nothing else."
        ),
        _students_words(view, then),
        actions=[
            button(
                f"Save it and write to {view.first}",
                "outcome.continued",
                style="positive",
                **_hidden(view, "outcome.outcome"),
            ),
            act(view, "Change something", "outcome.open"),
        ],
    )


def _told_of_it(view: View) -> list[str]:
    """Who hears of a placement that continues, beside the student."""
    lecturers = (Role.LEVEL_LEAD, Role.PERSONAL_TUTOR)
    words = [f"the {view.word(role)}" for role in lecturers if view.party.holders(role, view.case)]
    return [view.mentor, f"the {view.word(Role.PARTNERSHIP_TEAM)}", *words]


def ending_form(
    view: View,
    values: Mapping[str, str],
    faults: Sequence[Fault] = (),
    *,
    then: Case,
    next_by: str,
    leads: Mapping[str, str],
    mentor_there: bool,
) -> Card:
    """*then* is the case as it would stand; *next_by* the last day of the next steps meeting and how it was found."""
    form = Form(values, faults)
    lead = view.word(Role.PARTNERSHIP_LEAD)
    needs_lead = view.provider.settings.termination_needs_lead
    return card(
        quiet(reference_line(view)),
        heading("The placement ends as failed"),
        text("Nothing is saved yet. This is what happens when you save it:"),
        text(f"1. {view.first} gets it in writing at once, in the words below."),
        text(f"2. {_who_hears(view)} are told that the placement has ended. The channel hears only “review done”."),
        text(f"3. A next steps meeting is due by {next_by}. The {view.word(Role.PARTNERSHIP_TEAM)} books it."),
        _students_words(view, then),
        None
        if mentor_there
        else form.tick(
            "mentor_told",
            f"{view.mentor} was not there: I have told {view.mentor}, who gets the record too",
            error="Tell the mentor, then tick it.",
        ),
        form.one("lead_told", f"The {lead} was told: who", leads, error=f"Tell the {lead} first.", open_list=False),
        form.day("lead_told_on", "On", error="Choose the day."),
        form.time("lead_told_at", "At what time", error=f"Tell the {lead} first. When was that?"),
        _confirmation(view) if needs_lead else None,
        form.line(
            "typed_confirmation",
            f"To confirm, type the reference {view.case.reference}",
            error=f"Type the reference {view.case.reference}.",
            readers="nobody; it only makes sure that you mean it",
            most=10,
        ),
        form.verdict(),
        actions=[
            button(
                f"End the placement and write to {view.first}",
                "outcome.ended",
                style="destructive",
                **_hidden(view, "outcome.ending"),
            ),
            act(view, "Change something", "outcome.open"),
            act(view, "Not now", "cases.open"),
        ],
    )


def _who_hears(view: View) -> str:
    words = [view.mentor, f"the {view.word(Role.PARTNERSHIP_TEAM)} and Lead"]
    words += [
        f"the {view.word(role)}"
        for role in (Role.COURSE_DIRECTOR, Role.LEVEL_LEAD, Role.PERSONAL_TUTOR)
        if view.party.holders(role, view.case)
    ]
    return listed(words)


def _confirmation(view: View) -> Element:
    given, lead = confirmed_by(view.case), view.word(Role.PARTNERSHIP_LEAD)
    if given:
        return text(f"{view.you_or(given)} has confirmed it.")
    return text(f"The {lead} has not confirmed it yet. The {lead} does that on the card of this case.")


def lead_check(view: View) -> Card:
    """For the Partnership Lead, where the provider asks for the Lead's own confirmation."""
    return card(
        quiet(reference_line(view)),
        heading("Confirm that the placement may end"),
        text(
            f"{view.link_tutor} decides what comes of the review and tells {view.first} in person. If the placement "
            f"ends, your confirmation is needed too. Only {view.link_tutor} hears that you have confirmed."
        ),
        flat(record.review(view)),
        actions=[
            act(view, "I confirm that it may end", "outcome.lead_confirmed"),
            act(view, "Not now", "cases.open"),
        ],
    )


def leads(view: View) -> dict[str, str]:
    """Who may have been told: the Partnership Leads, or the team where there is none. Person id to name."""
    people: Mapping[str, Person] = view.party.people
    office = view.party.office
    return {p: people[p].name for p in (office.leads or office.team) if p in people}
