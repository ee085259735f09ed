"""Keeping to the support plan: what was promised, what is done when it starts, and two days in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cards.acts import act
from cards.case import reference_line, whom_to_ask
from cards.elements import Card, Form, button, card, heading, label, quiet, said, text
from cards.plan import DUTIES_OF, colleagues, duties_by, holder, plain_holder, review_found, review_moment
from cards.support_plan.common import for_field, hidden_fields
from cards.view import View
from pathway import events as e
from pathway.roles import Role
from pathway.rules import Fault


def promises_form(view: View, values: Mapping[str, str], faults: Sequence[Fault] = (), *, for_whom: str = "") -> Card:
    """What of the promised support has come, as far as this person can say."""
    form, plan = Form(values, faults), view.case.plan
    mine = view.is_student
    verb = "student.kept" if mine else "support_plan.kept"
    name = "student.promises" if mine else "support_plan.promises"
    words = f"A “not yet” goes to {view.link_tutor}, who has one working day to see to it." if mine else ""
    return card(
        quiet(reference_line(view)),
        heading("Has the promised support come?"),
        text(f"Say what you can, and leave the rest. {words}".strip()),
        *(
            form.one(
                f"promise{n}",
                f"{p.what} ({plain_holder(view, p.who)})",
                {"given": "Yes, it came", "not": "Not yet"},
                error="Choose one.",
                required=False,
                open_list=False,
            )
            for n, p in enumerate(plan.promises if plan else ())
        ),
        form.verdict(),
        actions=[
            button("Record this", verb, style="positive", **hidden_fields(view, name, **for_field(for_whom))),
            act(view, "Back", "cases.open"),
        ],
    )


def duties_form(view: View, values: Mapping[str, str], faults: Sequence[Fault] = ()) -> Card:
    form = Form(values, faults)
    return card(
        quiet(reference_line(view)),
        heading("What you do when a plan starts"),
        text(
            f"Asked for by {duties_by(view)}. The {view.word(Role.PARTNERSHIP_TEAM)} has been told already. "
            "Nothing is sent from here: tick what you have done."
        ),
        form.one(
            "support",
            f"My personal support is offered to {view.first}",
            {"done": "Yes, I have offered it"},
            error="Choose one.",
            required=False,
        ),
        form.day("on", "Done on", error="Choose today or a day in the past."),
        *(
            form.one(
                role.value,
                f"{holder(view, role.value)} ({view.word(role)})",
                {"told": "I have told them", "not": "Not needed here"},
                error="Choose one.",
                required=False,
            )
            for role in colleagues(view)
        ),
        form.verdict(),
        actions=[
            button(
                "Record this",
                "support_plan.duties_done",
                style="positive",
                **hidden_fields(view, "support_plan.duties"),
            ),
            act(view, "Back", "cases.open"),
        ],
    )


def duty_of(role: Role, answer: str) -> e.Duty | None:
    """The duty that an answer of `duties_form` stands for."""
    told_, needless = DUTIES_OF[role]
    return {"told": told_, "not": needless}.get(answer)


def halfway(view: View) -> Card:
    """T8: two days in."""
    at = review_moment(view)
    review = f"The review meeting is on {view.moment(at)} ({review_found(view)})." if at else ""
    plan = view.case.plan
    promised = [said(f"{p.what} ({plain_holder(view, p.who)})") for p in (plan.promises if plan else ())]
    if view.is_student:
        ring = f"Ask my {view.word(Role.LINK_TUTOR)} to ring me"
        return card(
            quiet(reference_line(view)),
            heading("Two days in: how is it going?"),
            text(
                "If something is in your way, or promised support has not come, say so now: "
                f"{view.mentor} and {view.link_tutor} want to know."
            ),
            label("Promised support"),
            *promised,
            quiet(review) if review else None,
            whom_to_ask(view),
            actions=[
                {**act(view, "Has the support come?", "student.promises"), "style": "positive"},
                act(view, "I want to talk about it", "student.talk"),
                *([act(view, ring, "student.ring")] if view.party.link_tutor(view.case) else []),
                act(view, "Show my plan", "cases.open"),
            ],
        )
    return card(
        quiet(reference_line(view)),
        heading(f"Two days in, with {view.student}"),
        text(f"Is the extra support happening? If not, tell {view.link_tutor}."),
        label("Promised support"),
        *promised,
        quiet(review) if review else None,
        actions=[
            {**act(view, "Tick the promised support", "support_plan.promises"), "style": "positive"},
            act(view, "Show the case", "cases.open"),
        ],
    )
