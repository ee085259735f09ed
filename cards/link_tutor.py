"""What the Link Tutor and the office do first: naming a Link Tutor, and the mentor taking a call for help back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cards.acts import act
from cards.case import reference_line
from cards.elements import Card, Form, button, card, heading, quiet, text
from cards.view import View
from pathway.provider import starting
from pathway.roles import Role
from pathway.rules import Fault


def name_form(view: View, tutors: Mapping[str, str], values: Mapping[str, str], faults: Sequence[Fault] = ()) -> Card:
    """*tutors*: person id to name."""
    form = Form(values, faults, strict=True)
    word = view.word(Role.LINK_TUTOR)
    return card(
        quiet(reference_line(view)),
        heading(f"Name a {word}"),
        text("They get the case at once, with everything that has been recorded. The mentor is told who it is."),
        form.one("person", word, tutors, error="Choose somebody.", open_list=len(tutors) <= 6),
        form.verdict(),
        actions=[
            button(
                f"Make them the {word}",
                "link_tutor.named",
                style="positive",
                case=view.case.id,
                step=view.case.step,
                nonce=view.nonce,
                form="link_tutor.name",
            ),
            act(view, "Back", "cases.open"),
        ],
    )


def withdraw_form(
    view: View, values: Mapping[str, str], faults: Sequence[Fault] = (), *, note: str = "", for_whom: str = ""
) -> Card:
    form = Form(values, faults, strict=True)
    more = {"for": for_whom} if for_whom else {}
    return card(
        quiet(reference_line(view)),
        heading("Go on with the weekly target instead"),
        text(f"{starting(view.link_tutor)} is told that no meeting is needed now."),
        form.line("reason", "Why", error="Say why in a line.", readers=f"you and {view.link_tutor}"),
        form.day("check_on", "We look at it again on", error="Choose a day.", note=note),
        form.verdict(),
        actions=[
            button(
                "Go on with the target",
                "link_tutor.withdrawn",
                style="positive",
                case=view.case.id,
                step=view.case.step,
                nonce=view.nonce,
                form="link_tutor.withdraw",
                **more,
            ),
            act(view, "Back", "cases.open"),
        ],
    )
