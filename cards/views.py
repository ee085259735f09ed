"""Two views in each person's own words, recorded after the meeting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cards.acts import act
from cards.case import HELD, reference_line
from cards.elements import Card, Form, button, card, heading, label, quiet, text
from cards.view import View, partnership
from pathway import events as e
from pathway.roles import Role
from pathway.rules import Fault

CHOICES = {
    e.View.NOT_AS_EXPECTED.value: "Not as expected",
    e.View.AS_EXPECTED.value: "As expected",
    e.View.NOT_SURE.value: "I am not sure",
}


def my_view_form(view: View, values: Mapping[str, str], faults: Sequence[Fault] = (), *, for_whom: str = "") -> Card:
    """The mentor's view, by the mentor, or typed by the office for the mentor."""
    form = Form(values, faults, strict=True)
    more = {"for": for_whom} if for_whom else {}
    readers = f"you, {view.link_tutor}, {partnership(view.provider)} and, on request, {view.first}"
    means = (
        form.line("means", f"How {view.mentor} told you", error="Say how.", readers=readers, hint="By phone, Tuesday")
        if for_whom
        else None
    )
    return card(
        quiet(reference_line(view)),
        heading(f"{view.mentor}'s view" if for_whom else "Your view"),
        text(f"Is {view.first}'s progress as you would expect at this point of the placement?"),
        form.one("view", "Progress is", CHOICES, error="Choose one."),
        form.line(
            "words", "In your own words", error="Say it in your own words.", readers=readers, long=True, most=400
        ),
        means,
        form.verdict(),
        actions=[
            button(
                f"Record {view.mentor}'s view" if for_whom else "Record my view",
                "views.record",
                style="positive",
                case=view.case.id,
                step=view.case.step,
                nonce=view.nonce,
                form="views.mine",
                **more,
            ),
            act(view, "Back", "cases.open"),
        ],
    )


def meeting_form(view: View, values: Mapping[str, str], faults: Sequence[Fault] = ()) -> Card:
    """The Link Tutor's record. The mentor's view may be typed here and waits for "That is right"."""
    form = Form(values, faults)
    readers = f"you, {view.mentor}, {partnership(view.provider)} and, on request, {view.first}"
    asked = view.case.view_of(Role.MENTOR) is None
    mentors = [
        label(f"{view.mentor}'s view"),
        text(f"Leave it empty and {view.mentor} is asked. If you type it, {view.mentor} is asked: is that right?"),
        *form.one(
            "mentor_view",
            f"{view.mentor} says: progress is",
            CHOICES,
            error="Choose one.",
            required=False,
            open_list=False,
        ),
        *form.line(
            "mentor_words",
            f"In {view.mentor}'s own words",
            error="Up to 400 characters.",
            readers=readers,
            required=False,
            long=True,
            most=400,
        ),
    ]
    return card(
        quiet(reference_line(view)),
        heading("Record the meeting"),
        form.day("on", "It was on", error="Choose the day."),
        form.one(
            "held", "How you met", {h.value: words for h, words in HELD.items()}, error="Choose one.", open_list=False
        ),
        form.line("present", "Who was there", error="Say who was there.", readers=readers),
        form.one("view", "In your view, progress is", CHOICES, error="Choose one."),
        form.line(
            "words", "In your own words", error="Say it in your own words.", readers=readers, long=True, most=400
        ),
        mentors if asked else None,
        form.verdict(),
        actions=[
            button(
                "Record the meeting",
                "views.record_meeting",
                style="positive",
                case=view.case.id,
                step=view.case.step,
                nonce=view.nonce,
                form="views.meeting",
            ),
            button(
                "Save for later",
                "views.save",
                case=view.case.id,
                step=view.case.step,
                nonce=view.nonce,
                form="views.meeting",
            ),
            act(view, "Back", "cases.open"),
        ],
    )
