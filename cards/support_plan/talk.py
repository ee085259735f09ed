"""Talking the support plan through with the student, changing it, and starting it without agreement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cards.acts import act
from cards.case import reference_line
from cards.elements import Card, Form, button, card, heading, panel, quiet, text
from cards.plan import review_moment
from cards.support_plan.common import for_field, hidden_fields
from cards.view import View
from pathway.rules import Fault

ACHIEVABLE = {
    "yes": "Yes, achievable",
    "changes": "Yes, with changes to the plan",
    "no": "No, not as it stands",
}


def discuss_form(
    view: View,
    values: Mapping[str, str],
    faults: Sequence[Fault] = (),
    *,
    note: str = "",
    for_whom: str = "",
) -> Card:
    """What the talk with the student came to. *note* proposes a later review where little of the week is left."""
    form, first = Form(values, faults), view.first
    at = review_moment(view)
    readers = f"you, {view.link_tutor}, {view.mentor}, the office and {first}"
    review = f"The review meeting is on {view.moment(at)}. " if at else ""
    later = [
        panel(text(note)),
        *form.day("review_on", "The review is on", error="Choose a day."),
        *form.line(
            "short_week_because",
            "If the week stays short: why",
            error="Say why.",
            readers=readers,
            required=False,
            most=200,
        ),
    ]
    return card(
        quiet(reference_line(view)),
        heading(f"You have talked it through with {first}"),
        text(f"{review}From now on {first} sees the plan here, with whom to ask for help."),
        form.day("on", "We talked on", error="Choose the day."),
        form.one("achievable", f"{first} finds it achievable", ACHIEVABLE, error="Choose one."),
        form.tick(
            "knows",
            f"{first} knows that the review meeting decides whether the placement continues",
            error="Tell the student, then tick it.",
        ),
        form.line(
            "comment",
            f"{first}'s comment, in {first}'s own words",
            error="Up to 600 characters.",
            readers=readers,
            required=False,
            long=True,
            most=600,
        ),
        later if note else None,
        form.verdict(),
        actions=[
            button(
                "Record the conversation",
                "support_plan.discussed",
                style="positive",
                **hidden_fields(view, "support_plan.discuss", **for_field(for_whom)),
            ),
            act(view, "Back", "cases.open"),
        ],
    )


def reopen_form(view: View, values: Mapping[str, str], faults: Sequence[Fault] = ()) -> Card:
    form = Form(values, faults, strict=True)
    return card(
        quiet(reference_line(view)),
        heading("Change the plan"),
        text("It goes back to writing. A new version needs the agreement of both of you, and a new talk."),
        form.line("reason", "What needs to change", error="Say what.", readers=f"{view.mentor} and {view.link_tutor}"),
        form.verdict(),
        actions=[
            button(
                "Open it for changes",
                "support_plan.reopened",
                style="positive",
                **hidden_fields(view, "support_plan.reopen"),
            ),
            act(view, "Back", "cases.open"),
        ],
    )


def proceed_form(view: View, values: Mapping[str, str], faults: Sequence[Fault] = ()) -> Card:
    """The Partnership Lead starts a plan that the student does not find achievable."""
    form = Form(values, faults, strict=True)
    return card(
        quiet(reference_line(view)),
        heading("Start the plan without agreement"),
        text(
            f"{view.first} has not said that the plan is achievable. That is no refusal to take part. What was said "
            "stays with the plan and is read at the review."
        ),
        form.line(
            "reason",
            "The reason for your decision",
            error="Give the reason.",
            long=True,
            most=400,
            readers=f"{view.mentor}, {view.link_tutor}, the office and, on request, {view.first}",
        ),
        form.tick("adjustments", "Any agreed adjustments are in place", error="Check this, then tick it."),
        form.tick("comments", f"{view.first}'s comments are kept with the plan", error="Check this, then tick it."),
        form.verdict(),
        actions=[
            button(
                "Start the plan",
                "support_plan.proceeded",
                style="positive",
                **hidden_fields(view, "support_plan.proceed"),
            ),
            act(view, "Back", "cases.open"),
        ],
    )
