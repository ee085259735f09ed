"""Raising a concern: how it starts, the route check, the one form, check your answers, and the two quieter ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cards.case import HELP, help_words
from cards.elements import (
    Card,
    Element,
    Form,
    button,
    card,
    facts,
    heading,
    label,
    leaving,
    literal,
    panel,
    plain,
    quiet,
    said,
    text,
    told,
)
from cards.view import area_words, partnership
from pathway.people import Placement
from pathway.provider import Provider
from pathway.roles import Role
from pathway.rules import Fault
from pathway.standards import areas

#: How a concern begins; travels with every card of the flow.
START, NOT_ENOUGH, CANNOT_WAIT = "start", "not_enough", "cannot_wait"
NO_DETAILS = "Do not include health details or pupils' names."


@dataclass(frozen=True, slots=True)
class Choice:
    """A placement that can be chosen: *mentor* is shown where somebody enters it for them."""

    placement: Placement
    student: str
    mentor: str = ""

    @property
    def words(self) -> str:
        place = self.placement
        parts = [p for p in (self.student, place.course, place.phase, place.school) if p]
        return ", ".join(parts) + (f" (mentor {self.mentor})" if self.mentor else "")


def origin(provider: Provider, about: str = "", placement: str = "") -> Card:
    """The first question. *about* is the student's name where one was typed or there is only one."""
    tutor = provider.role(Role.LINK_TUTOR)
    more = {"placement": placement} if placement else {}
    return card(
        heading(f"A concern about {literal(about)}" if about else "Raise a concern"),
        text("Where are you with it? Nobody is told anything until you have checked your answers."),
        actions=[
            button("I am just starting", "concern.route", style="positive", kind=START, **more),
            button("My weekly target was not enough", "concern.route", kind=NOT_ENOUGH, **more),
            button("I only want advice", "concern.advice", **more),
            button(f"It cannot wait a week: tell the {tutor}", "concern.route", kind=CANNOT_WAIT, **more),
        ],
    )


#: So many students get a button each; more are chosen from a list on the form.
A_BUTTON_EACH = 4


def about_whom(kind: str, students: Sequence[Choice]) -> Card:
    """After the route check: a button a student, with what tells two of a like name apart."""
    return card(
        heading("About whom?"),
        *(text(literal(choice.words), spacing="Small") for choice in students),
        actions=[
            button(plain(choice.student), "concern.form", kind=kind, placement=choice.placement.id)
            for choice in students
        ],
    )


def draft_waiting(saved: str) -> Card:
    return card(
        heading("You have a half-filled form"),
        text(f"You saved it on {saved}. Only you can see it."),
        actions=[
            button("Go on with it", "concern.resume", style="positive"),
            button("Start a new one", "concern.anew"),
            button("Throw it away", "concern.discard"),
        ],
    )


def route_check(kind: str, placement: str = "") -> Card:
    more = {"kind": kind, **({"placement": placement} if placement else {})}
    return card(
        heading("Before you type anything"),
        text("Is a child at risk, or is this about serious conduct?"),
        quiet("If it is, Pathway is not the place: we will say whom to ring. Your answer is not kept."),
        actions=[
            button("No, carry on", "concern.form", style="positive", **more),
            button("Yes, or I am not sure", "concern.stop"),
        ],
    )


def _student_choice(form: Form, choices: Sequence[Choice]) -> list[Element]:
    if len(choices) == 1:
        return [label(f"Student: {literal(choices[0].words)}")]
    return form.one(
        "placement",
        "Student",
        {c.placement.id: c.words for c in choices},
        error="Choose the student.",
        open_list=len(choices) <= 4,
    )


def _hidden(kind: str, nonce: str, choices: Sequence[Choice]) -> dict[str, str]:
    """What travels with the form. A single placement is no input, so it travels too; the server checks it again."""
    only = {"placement": choices[0].placement.id} if len(choices) == 1 else {}
    return {"kind": kind, "nonce": nonce, "form": "concern", **only}


def _area_choices(provider: Provider) -> dict[str, str]:
    return {a.id: a.choice for a in areas(provider)}


def concern_form(
    provider: Provider,
    kind: str,
    choices: Sequence[Choice],
    values: Mapping[str, str],
    nonce: str,
    *,
    faults: Sequence[Fault] = (),
    date_note: str = "",
    on_behalf: str = "",
) -> Card:
    """One form for each way a concern begins."""
    form = Form(values, faults)
    hidden = _hidden(kind, nonce, choices)
    tutor = provider.role(Role.LINK_TUTOR)
    both = f"you and the student; later, if they are told, the {tutor} and the partnership"
    told_readers = f"you, the {tutor}, {partnership(provider)} and, on request, the student"
    begins = kind == START
    body: list[Element] = []
    if on_behalf:
        body.append(text(f"You are entering this for {literal(on_behalf)}. It will show that you typed it."))
    body += _student_choice(form, choices)
    if begins:
        body += form.day("on", "I talked to them about it on", error="Choose the day of your talk.")
    elif kind == NOT_ENOUGH:
        body += form.day("target_set_on", "I set the weekly target on", error="Choose the day you set it.")
        body += form.line(
            "target",
            "The weekly target was",
            error="Say what the target was.",
            readers=told_readers,
            long=True,
            most=400,
        )
    else:
        body += form.line(
            "skip_because",
            "Why it cannot wait a week",
            error="Say in a line why it cannot wait.",
            readers=told_readers,
            long=True,
        )
    body += form.line(
        "seen",
        "What I have seen, and when",
        error="Say what you have seen.",
        readers=both if begins else told_readers,
        long=True,
        most=600,
        hint="In maths on Monday, half the class had not started after ten minutes.",
    )
    body += form.line(
        "going_well",
        "What is going well",
        error="Say what is going well.",
        readers=both if begins else told_readers,
        long=True,
        hint="Warm with pupils, plans carefully.",
    )
    if begins:
        body += form.line(
            "target",
            "The target for this week",
            error="Write the target.",
            readers=both,
            long=True,
            most=400,
            hint="Use the class signal and wait for silence before every instruction.",
        )
        body += form.line(
            "measure", "How you will both know that it is met", error="Say how you will know.", readers=both, long=True
        )
    body += form.some(
        "help",
        "Help I am offering this week" if begins else "Support given so far",
        HELP,
        error="Choose the help.",
        required=kind != CANNOT_WAIT,
    )
    most = provider.settings.max_focus_areas
    body += form.some("areas", f"Area to work on (up to {most})", _area_choices(provider), error="Choose an area.")
    if begins:
        body += form.day("check_on", "We look at it again on", error="Choose a day.", note=date_note)
    else:
        body += form.line(
            "best_times",
            "Good times for a meeting",
            error="Say when you can talk.",
            readers=told_readers,
            required=False,
            hint="3:30pm and later, not Wednesday",
        )
        body += form.one(
            "student_aware",
            f"Does the student know that you are telling the {tutor}?",
            {"yes": "Yes, I have told them", "no": "Not yet"},
            error="Choose one.",
        )
        body += form.line(
            "student_unaware_because",
            "If not yet: why",
            error="Say why not yet.",
            readers=told_readers,
            required=False,
        )
    buttons = [button("Check my answers", "concern.check", style="positive", **hidden)]
    if begins:
        buttons.append(button("I have not talked to them yet", "concern.not_talked", **hidden))
    buttons.append(button("Save for later", "concern.save", **hidden))
    return card(
        heading("Set a weekly target" if begins else f"Tell the {tutor}"),
        quiet(f"About 4 minutes. {NO_DETAILS}"),
        *body,
        form.verdict(),
        actions=buttons,
    )


def check_answers(
    provider: Provider,
    kind: str,
    who: Choice,
    values: Mapping[str, str],
    nonce: str,
    *,
    dates: Mapping[str, str],
    hint: str = "",
    on_behalf: str = "",
) -> Card:
    """Everything once more before anybody reads it. *dates* are already in words."""
    hidden = {"kind": kind, "nonce": nonce, "form": "concern", "placement": who.placement.id}
    tutor = provider.role(Role.LINK_TUTOR)
    chosen = [a for a in values.get("areas", "").split(",") if a]
    ticks = tuple(t for t in values.get("help", "").split(",") if t)
    begins = kind == START
    if begins:
        after = [
            f"When you send it, {literal(who.student)} gets a copy and is asked for nothing. Nobody else is told.",
        ]
    else:
        after = [f"When you send it, the {tutor} is told and is asked to arrange a Teams meeting."]
        if values.get("student_aware") == "no":
            after.append(f"{literal(who.student)} is not told by Pathway.")
    return card(
        heading("Check your answers"),
        text(f"You are entering this for {literal(on_behalf)}.") if on_behalf else None,
        facts({"Student": literal(who.words), **dates, "Area": ", ".join(area_words(a, provider) for a in chosen)}),
        quiet(hint) if hint else None,
        told("What I have seen, and when", values.get("seen", "")),
        told("What is going well", values.get("going_well", "")),
        told("The target for this week" if begins else "The weekly target was", values.get("target", "")),
        told("How you will both know", values.get("measure", "")),
        told("Help this week" if begins else "Support given so far", help_words(ticks)),
        told("Why it cannot wait a week", values.get("skip_because", "")),
        told("Good times for a meeting", values.get("best_times", "")),
        told("Why the student does not know yet", values.get("student_unaware_because", "")),
        panel(*(text(line) for line in after)),
        actions=[
            button(
                "Set the weekly target" if begins else f"Tell the {tutor}", "concern.send", style="positive", **hidden
            ),
            button("Change something", "concern.edit", **hidden),
            button("Save for later", "concern.save", **hidden),
        ],
    )


def not_talked(student: str, kept: str) -> Card:
    """Help for the conversation that comes first. The draft is private."""
    who = literal(student) or "your student"
    return card(
        heading("First, the conversation"),
        text(f"The pathway starts with you and {who} talking. What you typed is saved; only you can see it."),
        panel(
            label("What can help"),
            text("Choose a quiet quarter of an hour, not the corridor.", spacing="Small"),
            text(
                "Begin with what is going well. Then one thing you have seen, with the day and the lesson.",
                spacing="Small",
            ),
            text("Ask how they see it, and what would help.", spacing="Small"),
            text("Agree one small target for the week together, and what you will do to help.", spacing="Small"),
        ),
        text(f"Your draft is kept until {kept}. You will be reminded once."),
        actions=[
            button("I have talked to them: go on", "concern.resume", style="positive"),
            button("Throw it away", "concern.discard"),
            button("I only want advice", "concern.advice"),
        ],
    )


def saved(kept: str) -> Card:
    return card(
        heading("Saved for later"),
        text(f"Only you can see it. It is kept until {kept}; you will be reminded once, then it is deleted."),
        actions=[
            button("Go on with it", "concern.resume", style="positive"),
            button("Throw it away", "concern.discard"),
        ],
    )


def draft_reminder(kept: str) -> Card:
    return card(
        heading("A form you saved is waiting"),
        text(f"Only you can see it. It is kept until {kept}, then it is deleted."),
        actions=[
            button("Go on with it", "concern.resume", style="positive"),
            button("Throw it away", "concern.discard"),
        ],
    )


def discarded() -> Card:
    return card(
        heading("Thrown away"),
        text("Nothing of it is kept. You can start again whenever you like."),
        actions=[button("Raise a concern", "concern.start"), button("My cases", "cases.mine")],
    )


def advice_form(
    provider: Provider,
    choices: Sequence[Choice],
    values: Mapping[str, str],
    nonce: str,
    faults: Sequence[Fault] = (),
) -> Card:
    form = Form(values, faults, strict=True)
    only = {"placement": choices[0].placement.id} if len(choices) == 1 else {}
    tutor = provider.role(Role.LINK_TUTOR)
    about = literal(choices[0].student) if len(choices) == 1 else "the student"
    return card(
        heading(f"Ask the {tutor} for advice"),
        text(f"This is only a question. No case is opened and {about} is not told."),
        _student_choice(form, choices),
        form.line(
            "question", "Your question", error="Write your question.", readers=f"the {tutor}", long=True, most=600
        ),
        quiet(NO_DETAILS),
        form.verdict(),
        actions=[
            button("Send my question", "concern.ask", style="positive", nonce=nonce, form="advice", **only),
            leaving(button("Back", "concern.start")),
        ],
    )


def advice_sent(to: str) -> Card:
    return card(
        heading("Your question is on its way"),
        text(f"{literal(to)} gets it in working hours and answers you directly. No case was opened."),
        actions=[button("Raise a concern", "concern.start"), button("My cases", "cases.mine")],
    )


def advice_for_you(asker: str, about: str, words: str, chat: Element | None) -> Card:
    """The question as the Link Tutor reads it."""
    return card(
        heading("A mentor asks for your advice"),
        text(f"{literal(asker)} has a question about {literal(about)}. No case is open."),
        panel(*said(words)),
        quiet("Answer in your own way: a message, a call, a visit. Pathway has deleted the question."),
        actions=[*([chat] if chat else []), button("My cases", "cases.mine")],
    )
