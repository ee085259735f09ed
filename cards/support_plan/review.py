"""The review meeting of a support plan: moved, and booked in Teams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from cards.acts import act
from cards.case import reference_line
from cards.days import duration
from cards.elements import Card, Form, button, card, facts, heading, link, literal, quiet, text
from cards.plan import review_found
from cards.support_plan.common import hidden_fields
from cards.view import View
from pathway.dates import listed
from pathway.provider import starting
from pathway.roles import Role
from pathway.rules import Fault


def review_form(view: View, values: Mapping[str, str], faults: Sequence[Fault] = (), *, note: str = "") -> Card:
    form = Form(values, faults, strict=True)
    return card(
        quiet(reference_line(view)),
        heading("Change the review meeting"),
        text(f"Tell {view.first} first. {view.mentor} and {view.first} then get the new time in writing."),
        form.day("review_on", "Day", error="Choose a day.", note=note),
        form.time("review_time", "At", error="Choose a time."),
        form.line("place", "Where", error="Say where.", readers="everybody on the plan", most=120),
        form.line(
            "reason", "Why", error="Say why in a line.", readers=f"{view.mentor}, {view.link_tutor} and the office"
        ),
        form.tick("student_told", f"{view.first} has been told, by a person", error="Tell the student first."),
        form.verdict(),
        actions=[
            button(
                "Change the review",
                "support_plan.review_moved",
                style="positive",
                **hidden_fields(view, "support_plan.review"),
            ),
            act(view, "Keep it", "cases.open"),
        ],
    )


def book_visit(view: View, starts: datetime, *, teams: str, ics: str) -> Card:
    """The invitation to make in Teams, then the tap that says it is done. No field: the plan has the day."""
    people = listed([view.you_or(p) for p in visitors(view) if p != view.viewer])
    at = view.moment(starts)
    return card(
        quiet(reference_line(view)),
        heading("Book the review visit"),
        facts({"When": at, "How it was found": review_found(view), "Where": literal(view.case.review_place)}),
        text(_three_parts(view)),
        text(
            f"1. Open it in Teams. The time is filled in, and the addresses of {people}; the title names nobody. Press "
            "Send there."
        ),
        text(f"2. Come back and say that it is booked. {starting(people)} are then told, once."),
        actions=[
            link("Open it in Teams", teams),
            act(view, f"It is booked for {at}", "support_plan.visit_booked"),
            *([link("Calendar file instead (.ics)", ics)] if ics else []),
            act(view, "Change the review", "support_plan.review"),
            act(view, "Back", "cases.open"),
        ],
    )


def _three_parts(view: View) -> str:
    """The process document's review: in person, at the school, in three parts."""
    mentor = view.word(Role.MENTOR)
    lasts = duration(view.provider.review.minutes)
    return f"It takes {lasts}: a lesson observation, a talk with the {mentor}, a conversation of all three."


def send_visit(view: View, starts: datetime) -> Card:
    """One tap, and Pathway writes the visit into the calendars."""
    people = listed([view.you_or(p) for p in visitors(view) if p != view.viewer])
    when, where = view.moment(starts), literal(view.case.review_place)
    return card(
        quiet(reference_line(view)),
        heading("Book the review visit"),
        facts({"When": when, "How it was found": review_found(view), "Where": where}),
        text(_three_parts(view)),
        text(f"{starting(people)} get an invitation by e-mail. Its title names nobody."),
        actions=[
            act(view, "Send the invitation", "support_plan.send_visit", style="positive"),
            act(view, "Change the review", "support_plan.review"),
            act(view, "Back", "cases.open"),
        ],
    )


def visitors(view: View) -> tuple[str, ...]:
    """Whose calendars the review visit belongs into: mentor, Link Tutor and student."""
    roles = (Role.MENTOR, Role.LINK_TUTOR, Role.STUDENT)
    return tuple(p for role in roles for p in view.party.holders(role, view.case))
