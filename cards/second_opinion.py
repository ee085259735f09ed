"""A colleague's eye: spoken to, or asked to observe, with a note to forward that says nothing of the concern."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cards.acts import act
from cards.case import reference_line
from cards.elements import Card, Form, button, card, heading, panel, quiet, text
from cards.view import View
from pathway.rules import Fault


def note_to_forward(view: View, planned: str) -> str:
    when = f" on {planned}" if planned else " this week"
    return (
        f"Could you watch part of a lesson by {view.first}{when} and tell me what you see? A fresh pair of eyes would "
        "help us both. Look at whatever strikes you, good things first; a few lines are plenty. Thank you."
    )


def ask_form(view: View, values: Mapping[str, str], faults: Sequence[Fault] = (), *, for_whom: str = "") -> Card:
    form = Form(values, faults, strict=True)
    more = {"for": for_whom} if for_whom else {}
    return card(
        quiet(reference_line(view)),
        heading("Ask a fellow mentor to observe"),
        text(
            f"Your colleague sees a lesson of {view.first}, not this case. Tell {view.first} that somebody is coming."
        ),
        form.day("planned_on", "Planned for", error="Choose a day.", required=False),
        form.verdict(),
        actions=[
            button(
                "Plan it and show me the note",
                "second_opinion.planned",
                style="positive",
                case=view.case.id,
                step=view.case.step,
                nonce=view.nonce,
                form="second_opinion.ask",
                **more,
            ),
            act(view, "Back", "cases.open"),
        ],
    )


def planned(view: View, day: str) -> Card:
    return card(
        quiet(reference_line(view)),
        heading("A note to forward"),
        text("Copy this into a message to your colleague. It says nothing about the concern."),
        panel(text(note_to_forward(view, day))),
        actions=[
            act(view, "Write what the fellow mentor saw", "second_opinion.saw"),
            act(view, "Back to the case", "cases.open"),
        ],
    )


def saw_form(view: View, values: Mapping[str, str], faults: Sequence[Fault] = (), *, for_whom: str = "") -> Card:
    form = Form(values, faults, strict=True)
    more = {"for": for_whom} if for_whom else {}
    readers = f"you, {view.link_tutor} and, on request, {view.first}"
    return card(
        quiet(reference_line(view)),
        heading("What the fellow mentor saw"),
        form.day("on", "Seen on", error="Choose the day."),
        form.line(
            "seen", "What was seen, good things first", error="Say what was seen.", readers=readers, long=True, most=600
        ),
        form.verdict(),
        actions=[
            button(
                "Add it to the case",
                "second_opinion.seen",
                style="positive",
                case=view.case.id,
                step=view.case.step,
                nonce=view.nonce,
                form="second_opinion.saw",
                **more,
            ),
            act(view, "Back", "cases.open"),
        ],
    )
