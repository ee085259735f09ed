"""What a student does here: say that the plan is achievable or talk about it, reply at any time, ask to be rung."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cards.acts import act
from cards.case import reference_line, whom_to_ask
from cards.elements import Card, Form, button, card, heading, quiet, text
from cards.home import cases_button, reachable
from cards.view import View
from pathway.provider import Provider
from pathway.roles import Role
from pathway.rules import Fault


def talk_form(view: View, values: Mapping[str, str], faults: Sequence[Fault] = ()) -> Card:
    """The student wants to talk about the plan, and says so in their own words."""
    form = Form(values, faults)
    lead = view.word(Role.PARTNERSHIP_LEAD)
    return card(
        quiet(reference_line(view)),
        heading("You want to talk about it"),
        text(
            f"That is all right, and it does not count against you. {view.link_tutor} and the {lead} are told, and one "
            "of them speaks to you. You can say more here, or leave it empty."
        ),
        form.line(
            "words",
            "In your own words",
            error="Up to 600 characters.",
            readers=f"{view.mentor}, {view.link_tutor} and the {lead}. Nobody changes them",
            required=False,
            long=True,
            most=600,
        ),
        form.verdict(),
        whom_to_ask(view),
        actions=[
            button(
                "Ask for a talk",
                "student.not_agreed",
                style="positive",
                case=view.case.id,
                step=view.case.step,
                nonce=view.nonce,
                form="student.talk",
            ),
            act(view, "Back", "cases.open"),
        ],
    )


def reply_form(view: View, values: Mapping[str, str], faults: Sequence[Fault] = ()) -> Card:
    """A reply at any time, kept unaltered beside the record."""
    form = Form(values, faults)
    readers = f"{view.mentor} and, once they are told of the case, {view.link_tutor} and the office"
    return card(
        quiet(reference_line(view)),
        heading("Write something for the record"),
        text("Your words are kept as they are, beside what others wrote. Nobody else can change or remove them."),
        form.line("words", "In your own words", error="Write something first.", readers=readers, long=True, most=600),
        form.verdict(),
        whom_to_ask(view),
        actions=[
            button(
                "Put it on the record",
                "student.replied",
                style="positive",
                case=view.case.id,
                step=view.case.step,
                nonce=view.nonce,
                form="student.reply",
            ),
            act(view, "Back", "cases.open"),
        ],
    )


def no_plan(provider: Provider) -> Card:
    """`my plan` where there is none."""
    named = [reachable(c) for c in (provider.contacts.wellbeing, provider.contacts.students_union) if c]
    return card(
        heading("You have no target or plan here"),
        text(
            f"Nothing is kept here about your placement at the moment. For anything else ask your "
            f"{provider.role(Role.MENTOR)} or your {provider.role(Role.LINK_TUTOR)}."
        ),
        *(text(n, spacing="Small") for n in named),
        actions=[cases_button(), button("Help", "home.help")],
    )
