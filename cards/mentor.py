"""What the office does when somebody else takes the mentor's place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cards.acts import act
from cards.case import reference_line
from cards.elements import Card, Form, button, card, heading, quiet, text
from cards.view import View
from pathway.provider import starting
from pathway.roles import Role
from pathway.rules import Fault

TITLE = "Make them the {mentor}"


def name_form(view: View, mentors: Mapping[str, str], values: Mapping[str, str], faults: Sequence[Fault] = ()) -> Card:
    """*mentors*: person id to name, of the same school; nobody else is offered, but anybody on the placement list may
    be named by their address.
    """
    form = Form(values, faults)
    word = view.word(Role.MENTOR)
    chosen = form.one(
        "person",
        f"{starting(word)} at this school",
        mentors,
        error="Choose somebody.",
        required=False,
        open_list=len(mentors) <= 6,
    )
    return card(
        quiet(reference_line(view)),
        heading(f"Name another {word}"),
        text(
            "They get the case at once, with everything that has been recorded. "
            f"{starting(view.link_tutor)} is told who it is."
        ),
        text(f"{view.mentor} can no longer open it then, and is not written to. Please tell them yourself."),
        *([chosen] if mentors else []),
        form.line(
            "email",
            "Or the e-mail address of somebody else" if mentors else "Their e-mail address",
            error="Type an address.",
            readers="nobody: it is only looked up on the placement list",
            required=False,
            most=254,
        ),
        form.verdict(),
        actions=[
            button(
                TITLE.format(mentor=word),
                "mentor.named",
                style="positive",
                case=view.case.id,
                step=view.case.step,
                nonce=view.nonce,
                form="mentor.name",
            ),
            act(view, "Back", "cases.open"),
        ],
    )
