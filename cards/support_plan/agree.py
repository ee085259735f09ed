"""The mentor's agreement, typed in by somebody else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cards.acts import act
from cards.case import reference_line
from cards.elements import Card, Form, button, card, heading, quiet, text
from cards.support_plan.common import for_field, hidden_fields
from cards.view import View
from pathway.roles import Role
from pathway.rules import Fault


def mentor_agreed_form(
    view: View, values: Mapping[str, str], faults: Sequence[Fault] = (), *, version: int, for_whom: str
) -> Card:
    """The mentor's agreement, typed by the Link Tutor or the office: when and how it was given."""
    form = Form(values, faults, strict=True)
    readers = f"you, {view.mentor} and the {view.word(Role.PARTNERSHIP_TEAM)}"
    return card(
        quiet(reference_line(view)),
        heading(f"{view.mentor} agrees version {version}"),
        text(f"It will show that you typed it. {view.mentor} is told, with how to object."),
        form.day("on", f"{view.mentor} agreed on", error="Choose the day."),
        form.line("means", "How", error="Say how.", readers=readers, hint="By phone, after school"),
        form.verdict(),
        actions=[
            button(
                f"Record that {view.mentor} agrees",
                "support_plan.record_agreed",
                style="positive",
                **hidden_fields(view, "support_plan.mentor_agreed", version=str(version), **for_field(for_whom)),
            ),
            act(view, "Back", "cases.open"),
        ],
    )
