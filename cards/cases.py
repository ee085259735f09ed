"""`my cases`, and the small cards around one case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cards.acts import act, mentor_acts, rest_of
from cards.case import reference_line
from cards.elements import Card, Element, Form, button, card, heading, label, panel, quiet, text
from cards.home import raise_button
from cards.view import UNTOLD, View
from pathway.deadlines import deadline
from pathway.people import Item
from pathway.roles import Role
from pathway.rules import Fault

#: Cases on one page: each has a button, and a card holds six.
PAGE = 5


def my_cases(views: Sequence[View], *, start: int, total: int, can_raise: bool, to_record: bool = False) -> Card:
    """*views* is one page of the person's open cases, the most pressing first. *to_record*: something of theirs is not
    yet in PebblePad, of a closed case perhaps; the way to it stands on the last page.
    """
    pebblepad = [button("What is not yet in PebblePad", "pebblepad.list")] if to_record else []
    if not total:
        return card(
            heading("My cases"),
            text("You have no open cases."),
            actions=[*([raise_button()] if can_raise else []), *pebblepad, button("Help", "home.help")],
        )
    rows = [_row(view) for view in views]
    more = start + len(views) < total
    span = f"{start + 1} to {start + len(views)} of {total}," if total > PAGE else f"{total} open,"
    return card(
        heading("My cases"),
        quiet(f"{span} the next due first"),
        *rows,
        actions=[button("Show the next", "cases.mine", start=start + PAGE)] if more else pebblepad,
    )


def _row(view: View) -> Element:
    title = view.student if view.sees(Item.CONCERN) and not view.is_student else f"Ref {view.case.reference}"
    line = None if view.is_student and view.case.stage in UNTOLD else deadline(view.case, view.ground)
    due = f" · {view.day(line.day)}" if line else ""
    return panel(
        label(title),
        text(f"{view.stage}{due}", spacing="Small"),
        {
            "type": "ActionSet",
            "actions": [act(view, f"Open {view.case.reference}", "cases.open")],
        },
    )


def more_acts(view: View, wanted: str = "") -> Card:
    """What did not fit the card. *wanted* is the verb that came first on it."""
    return card(
        quiet(reference_line(view)),
        heading("Something else"),
        text("Choose what you would like to do."),
        actions=[*rest_of(view, wanted)[:5], act(view, "Back", "cases.open")],
    )


def enter_for(view: View) -> Card:
    """The mentor's steps, for somebody who types them for the mentor."""
    return card(
        quiet(reference_line(view)),
        heading(f"Enter something for {view.mentor}"),
        text(f"It will show that you typed it. {view.mentor} is told what you entered and how to put it right."),
        actions=[*list(mentor_acts(view, for_whom=view.case.mentor))[:5], act(view, "Back", "cases.open")],
    )


def error_form(view: View, values: Mapping[str, str], faults: Sequence[Fault] = (), *, for_whom: str = "") -> Card:
    form = Form(values, faults, strict=True)
    more = {"for": for_whom} if for_whom else {}
    return card(
        quiet(reference_line(view)),
        heading("It was raised in error"),
        text(
            f"The case is closed. {view.first}'s copy is withdrawn with an apology, and the office is told, because it "
            "may be a matter of data protection."
        ),
        form.line(
            "reason",
            "What went wrong",
            error="Say why in a line.",
            readers=f"you and the {view.word(Role.PARTNERSHIP_TEAM)}",
            hint="The wrong student",
        ),
        form.verdict(),
        actions=[
            button(
                "Close it as raised in error",
                "cases.raised_in_error",
                style="destructive",
                case=view.case.id,
                step=view.case.step,
                nonce=view.nonce,
                form="cases.error",
                **more,
            ),
            act(view, "Back", "cases.open"),
        ],
    )
