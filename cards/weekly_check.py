"""The one-week check: met, one more week, or tell the Link Tutor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cards.acts import act
from cards.case import HELP, reference_line
from cards.elements import Card, Form, button, card, heading, panel, quiet, said, text
from cards.view import View, partnership
from pathway.provider import starting
from pathway.roles import Role
from pathway.rules import Fault


def _hidden(view: View, form: str, for_whom: str) -> dict[str, Any]:
    hidden = {"case": view.case.id, "nonce": view.nonce, "form": form, "step": view.case.step}
    return {**hidden, "for": for_whom} if for_whom else hidden


def check(view: View, *, late: str = "") -> Card:
    """The card of the day: one tap is enough."""
    tutor = view.word(Role.LINK_TUTOR)
    again = view.case.repeats < view.provider.days.max_repeats
    return card(
        quiet(reference_line(view)),
        heading(f"How is {view.student} getting on?"),
        text(late) if late else None,
        panel(*said(view.case.target)),
        None
        if again
        else text(f"The week has been repeated {view.case.repeats} times. It is time to ask the {tutor}."),
        actions=[
            act(view, f"Met, and I have told {view.first}", "weekly_check.met"),
            *([act(view, "Not yet: one more week", "weekly_check.more")] if again else []),
            act(view, f"Not yet: tell the {tutor}", "weekly_check.tell"),
        ],
    )


def more_form(
    view: View, values: Mapping[str, str], faults: Sequence[Fault] = (), *, note: str = "", for_whom: str = ""
) -> Card:
    form = Form(values, faults, strict=True)
    hidden = _hidden(view, "weekly_check.more", for_whom)
    return card(
        quiet(reference_line(view)),
        heading("One more week"),
        text(f"Tell {view.first} first that the target goes on. The next look is proposed for a week from today."),
        form.day("check_on", "We look at it again on", error="Choose a day.", note=note),
        form.line(
            "note",
            "Anything to add",
            error="Up to 300 characters.",
            required=False,
            readers=f"you; later, if they are told, {view.link_tutor} and {partnership(view.provider)}",
        ),
        form.verdict(),
        actions=[
            button(
                f"One more week, and {view.first} knows",
                "weekly_check.continue",
                style="positive",
                **hidden,
            ),
            act(view, "Back", "cases.open"),
        ],
    )


def tell_form(
    view: View,
    values: Mapping[str, str],
    faults: Sequence[Fault] = (),
    *,
    early: str = "",
    unaware: bool = False,
    for_whom: str = "",
) -> Card:
    """The one short form. *early* says until when the week runs; *unaware* asks why the student does not know."""
    form = Form(values, faults)
    tutor = view.word(Role.LINK_TUTOR)
    team = view.word(Role.PARTNERSHIP_TEAM)
    readers = f"you, {view.link_tutor} and, on request, {view.first}"
    hidden = _hidden(view, "weekly_check.tell", for_whom)
    body = [
        form.line(
            "evidence",
            "How the week went",
            error="Say how the week went.",
            readers=readers,
            long=True,
            most=400,
            hint="Silence before instructions in two of five lessons.",
        ),
        form.some("help", "Support that was given", HELP, error="Choose the support."),
        form.line(
            "wish", "What you hope for from the meeting", error="Up to 300 characters.", required=False, readers=readers
        ),
        form.line(
            "best_times",
            "Good times for a Teams meeting",
            error="Up to 300 characters.",
            readers=f"you and {view.link_tutor}",
            required=False,
            hint="3:30pm and later, not Wednesday",
        ),
    ]
    if early:
        body.append(
            form.line("early_because", "Why now, before the week is over", error="Say why now.", readers=readers)
        )
    if unaware:
        body.append(
            form.line(
                "student_unaware_because", f"Why {view.first} does not know yet", error="Say why.", readers=readers
            )
        )
    send = (
        [button(f"Tell the {tutor}", "weekly_check.refer", style="positive", aware="no", **hidden)]
        if unaware
        else [
            button(
                f"Tell the {tutor}: {view.first} knows", "weekly_check.refer", style="positive", aware="yes", **hidden
            ),
            button(f"{view.first} does not know yet", "weekly_check.unaware", **hidden),
        ]
    )
    return card(
        quiet(reference_line(view)),
        heading(f"Tell the {tutor}"),
        text(
            f"{starting(view.link_tutor)} will be told and arranges a Teams meeting. The {team} hears that a case has "
            "begun. Asking for help is the right step, not a mark against anyone."
        ),
        text(early) if early else None,
        *body,
        form.verdict(),
        actions=[*send, button("Save for later", "weekly_check.save", **hidden)],
    )
