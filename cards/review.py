"""The day of the review: it starts, and each of its three parts is a short form of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cards import record
from cards.acts import act
from cards.case import reference_line
from cards.elements import Card, Element, Form, button, card, flat, heading, label, quiet, said, text
from cards.view import View
from pathway.provider import starting
from pathway.roles import Role
from pathway.rules import Fault

SUPPORT = {"yes": "Yes", "partly": "Partly", "no": "No"}
#: Who may be in the three-way conversation, by the key that travels.
PRESENT = ("student", "mentor", "link_tutor", "professional_mentor", "companion")


def present_words(key: str, view: View) -> str:
    """Somebody who was there, by name where the case knows one."""
    match key:
        case "student":
            return view.party.name(view.case.student)
        case "mentor":
            return view.party.name(view.case.mentor)
        case "link_tutor":
            tutor = view.party.link_tutor(view.case)
            return view.party.name(tutor) if tutor else view.word(Role.LINK_TUTOR)
        case "professional_mentor":
            return "the professional mentor of the school"
        case _:
            return "somebody the student brought"


def readers(view: View) -> str:
    return f"{view.first}, {view.mentor}, {view.link_tutor} and the {view.word(Role.PARTNERSHIP_TEAM)}"


def start_form(view: View, values: Mapping[str, str], faults: Sequence[Fault] = (), *, early: str = "") -> Card:
    """*early* warns that the week is not over; it never refuses."""
    form = Form(values, faults)
    return card(
        quiet(reference_line(view)),
        heading("Start the review"),
        text(
            "It has three parts: a lesson observation, a talk with the mentor, and a conversation of all three. Each "
            "is saved on its own."
        ),
        text(early, color="Attention", weight="Bolder") if early else None,
        form.day("on", "The review is on", error="Choose today or a day in the past."),
        form.line(
            "not_in_person_because",
            "If it is not in person: why",
            error="Say why the visit is not in person.",
            required=False,
            readers=f"you and the {view.word(Role.PARTNERSHIP_TEAM)}",
        ),
        form.verdict(),
        actions=[
            _send(view, "Start it: I am there in person", "review.started", "review.start", in_person="yes"),
            button("Start it: not in person", "review.started", **_hidden(view, "review.start"), in_person="no"),
            act(view, "Back", "cases.open"),
        ],
    )


def whole(view: View) -> Card:
    """Everything that was recorded on the day, and any outcome that was set aside."""
    return card(
        quiet(reference_line(view)),
        heading("The review"),
        text(f"It began on {view.day(record.began_on(view.case))}."),
        flat(record.review(view)),
        flat(record.earlier_outcomes(view)),
        actions=[act(view, "Back", "cases.open")],
    )


#: What a part asks only where somebody wants to say it: the button that shows it.
MORE = {
    "observation": "Add suggestions, another observer or day",
    "discussion": "It was on another day",
    "three_way": "Add a summary or another day",
}


def observers(view: View) -> dict[str, str]:
    """Who may have seen the lesson: the Link Tutor, the mentor, or a colleague of the mentor's."""
    return {
        "link_tutor": present_words("link_tutor", view),
        "mentor": present_words("mentor", view),
        "colleague": f"a fellow {view.word(Role.MENTOR)} of the school",
    }


def observation_form(
    view: View, values: Mapping[str, str], faults: Sequence[Fault] = (), *, for_whom: str = "", more: bool = False
) -> Card:
    form = Form(values, faults)
    who = readers(view)
    whose = view.mentor if for_whom else "you"
    evidence: list[list[Element]] = []
    for n, target in enumerate(record.targets(view.case)):
        evidence += [
            [label(f"Target {n + 1}"), *said(target.target)],
            form.line(
                f"evidence_{n}",
                f"What you saw of target {n + 1}",
                error="Say what you saw of this target.",
                readers=who,
                long=True,
                most=400,
            ),
        ]
    return _part_card(
        view,
        form,
        "Lesson observation",
        [
            form.line(
                "words",
                "The lesson, and what went well in it",
                error="Say which lesson it was and what went well.",
                readers=who,
                long=True,
                most=600,
                hint="Year 8 science, period 2. A calm start, and clear about what comes next.",
            ),
            *evidence,
            [
                *form.one("observer", "Observed by", observers(view), error="Say who saw the lesson.", open_list=False),
                *form.day("on", "Observed on", error="Choose today or a day in the past."),
                *form.line(
                    "suggestions",
                    "Suggestions",
                    error="Up to 400 characters.",
                    readers=who,
                    required=False,
                    long=True,
                    most=400,
                ),
            ]
            if more
            else [quiet(f"Observed by {whose} on {view.day(record.began_on(view.case))}.")],
        ],
        part="observation",
        for_whom=for_whom,
        more=more,
    )


def discussion_form(
    view: View, values: Mapping[str, str], faults: Sequence[Fault] = (), *, for_whom: str = "", more: bool = False
) -> Card:
    form = Form(values, faults)
    return _part_card(
        view,
        form,
        f"Discussion with {view.mentor}",
        [
            *record.promises(view),
            form.one("support", "Was the agreed support given?", SUPPORT, error="Choose one: yes, partly or no."),
            form.line(
                "words",
                "The support, and how the mentor sees the progress",
                error="Say it in a line or two.",
                readers=readers(view),
                long=True,
                most=600,
            ),
            form.day("on", "You talked on", error="Choose today or a day in the past.") if more else None,
        ],
        part="discussion",
        for_whom=for_whom,
        more=more,
    )


def three_way_form(
    view: View, values: Mapping[str, str], faults: Sequence[Fault] = (), *, for_whom: str = "", more: bool = False
) -> Card:
    form = Form(values, faults)
    return _part_card(
        view,
        form,
        "Three-way conversation",
        [
            form.some(
                "present",
                "Who was there",
                {key: starting(present_words(key, view)) for key in PRESENT},
                error="Say who was there.",
            ),
            form.line(
                "words",
                f"{view.first}'s view, in {view.first}'s own words",
                error="Write what the student said.",
                readers=readers(view),
                long=True,
                most=600,
            ),
            [
                *form.line(
                    "summary",
                    "What the conversation came to",
                    error="Up to 600 characters.",
                    readers=readers(view),
                    required=False,
                    long=True,
                    most=600,
                ),
                *form.day("on", "You talked on", error="Choose today or a day in the past."),
            ]
            if more
            else None,
        ],
        part="three_way",
        for_whom=for_whom,
        more=more,
    )


def _part_card(
    view: View,
    form: Form,
    title: str,
    body: Sequence[Element | list[Element] | None],
    *,
    part: str,
    for_whom: str,
    more: bool,
) -> Card:
    """*more* says that what is asked only on request is on the card."""
    name = f"review.{part}"
    carried = {**({"for": for_whom} if for_whom else {}), **({"more": "yes"} if more else {})}
    return card(
        quiet(reference_line(view)),
        heading(title),
        quiet("Do not include health details or pupils' names."),
        *body,
        form.verdict(),
        actions=[
            _send(view, "Record this part", f"{name}_recorded", name, **carried),
            button("Save for later", f"{name}_save", **_hidden(view, name), **carried),
            *([] if more else [button(MORE[part], f"{name}_more", **_hidden(view, name), **carried)]),
            act(view, "Back", "cases.open"),
        ],
    )


def _hidden(view: View, form: str) -> dict[str, Any]:
    return {"case": view.case.id, "step": view.case.step, "nonce": view.nonce, "form": form}


def _send(view: View, title: str, verb: str, form: str, **more: str) -> Element:
    return button(title, verb, style="positive", **_hidden(view, form), **more)
