"""What a student does here: say that the plan is achievable or talk about it, reply at any time, ask to be rung."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cards.acts import act
from cards.case import reference_line, whom_to_ask
from cards.elements import HEAVIEST, Card, Form, button, card, heading, quiet, text, weight
from cards.home import cases_button, reachable
from cards.plan import Words, as_written, students_words
from cards.view import View
from pathway.provider import Provider
from pathway.roles import Role
from pathway.rules import Fault

#: Bytes of the student's words on one card: beside them stand a heading and the buttons.
ROOM = HEAVIEST - 7_000


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


def words_pages(view: View) -> tuple[tuple[Words, ...], ...]:
    """All of the student's words, the oldest first, as many together as a card holds."""
    pages: list[list[Words]] = [[]]
    room = ROOM
    for one in students_words(view.case):
        need = weight({"words": as_written(view, one)})
        if need > room and pages[-1]:
            pages.append([])
            room = ROOM
        pages[-1].append(one)
        room -= need
    return tuple(tuple(page) for page in pages)


def words_card(view: View, part: int = 1) -> Card:
    """Everything the student has written for the record, or said to somebody who typed it, word for word."""
    pages = words_pages(view)
    part = min(max(part, 1), len(pages))
    of = f" (part {part} of {len(pages)})" if len(pages) > 1 else ""
    whose = "you have" if view.is_student else f"{view.first} has"
    write = [act(view, "Write something for the record", "student.reply")] if view.is_student else []
    return card(
        quiet(reference_line(view)),
        heading(f"Everything {whose} written{of}"),
        text("Word for word, the oldest first. Nobody else can change or remove it."),
        *(as_written(view, one) for one in pages[part - 1]),
        actions=[
            *([act(view, "Show the next part", "student.words", page=str(part + 1))] if part < len(pages) else []),
            *([act(view, "Show the part before", "student.words", page=str(part - 1))] if part > 1 else []),
            *write,
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
