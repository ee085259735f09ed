"""What the meeting comes to: a support plan, more time, no further step, or two views that differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cards.acts import act
from cards.case import reference_line
from cards.elements import Card, Element, Form, button, card, heading, quiet, text
from cards.view import View, partnership
from pathway.rules import Fault


def _send(view: View, title: str, verb: str, form: str) -> list[Element]:
    return [
        button(title, verb, style="positive", case=view.case.id, step=view.case.step, nonce=view.nonce, form=form),
        act(view, "Back", "cases.open"),
    ]


def more_time_form(view: View, values: Mapping[str, str], faults: Sequence[Fault] = (), *, note: str = "") -> Card:
    form = Form(values, faults, strict=True)
    return card(
        quiet(reference_line(view)),
        heading("More time for the target"),
        text(f"No {view.provider.words.support_plan} is started. {view.first} works on the target for another week."),
        form.line(
            "target",
            "Target for the coming week",
            error="Write the target.",
            long=True,
            most=400,
            readers=f"you, {view.mentor}, {view.first} and {partnership(view.provider)}",
        ),
        form.day("check_on", "It is looked at again on", error="Choose a day.", note=note),
        form.tick("student_told", f"Somebody has told {view.first}, face to face", error="Tell the student first."),
        form.verdict(),
        actions=_send(view, "Give it more time", "decision.more_time_agreed", "decision.more_time"),
    )


def none_form(view: View, values: Mapping[str, str], faults: Sequence[Fault] = ()) -> Card:
    form = Form(values, faults, strict=True)
    return card(
        quiet(reference_line(view)),
        heading("No further step"),
        text(f"The case is closed. {view.mentor} is told, and so is {view.first}, if {view.first} knew of it."),
        form.line(
            "reason",
            "Why",
            error="Say why in a line.",
            readers=f"you, {view.mentor} and {partnership(view.provider)}",
        ),
        form.verdict(),
        actions=_send(view, "Close the case", "decision.none_agreed", "decision.none"),
    )


def plan_because_form(view: View, values: Mapping[str, str], faults: Sequence[Fault] = ()) -> Card:
    """The Partnership Lead's decision where the views differ."""
    form = Form(values, faults, strict=True)
    plan = view.provider.words.support_plan
    return card(
        quiet(reference_line(view)),
        heading(f"Decide: a {plan}"),
        text(f"{view.mentor} and {view.link_tutor} see it differently. They are told what you decide, and why."),
        form.line(
            "decided_because",
            "The reason for your decision",
            error="Give the reason.",
            long=True,
            most=400,
            readers=f"{view.mentor} and {view.link_tutor}",
        ),
        form.verdict(),
        actions=_send(view, f"Open the {plan}", "decision.plan_decided", "decision.plan_because"),
    )
