"""Writing the support plan, a page at a time, and checking it before it is agreed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cards.acts import act
from cards.case import HELP, reference_line
from cards.elements import Card, Element, Form, button, card, heading, quiet, text
from cards.plan import plain_holder, plan_parts
from cards.support_plan.common import hidden_fields
from cards.view import View
from pathway import events as e
from pathway.provider import Provider, starting
from pathway.roles import Role
from pathway.rules import Fault
from pathway.standards import areas

#: Targets on one page of the form: a card holds so much and no more.
PAGE = 3

#: Said once on a page, and then of every box.
SAME = "the same people"

#: The Link Tutor's own promise, among those of the mentor.
TUTORS = "tutor_support"

#: What may be ticked as promised support, as it is recorded: the mentor's help, and the Link Tutor's.
PROMISED = {**{k: w for k, w in HELP.items() if k != "other"}, TUTORS: "Personal support"}


def _promised(view: View) -> dict[str, str]:
    return {**PROMISED, TUTORS: f"Personal support from {plain_holder(view, Role.LINK_TUTOR.value)}"}


def _choices(provider: Provider) -> dict[str, str]:
    return {a.id: a.choice for a in areas(provider)}


def plan_form(
    view: View,
    values: Mapping[str, str],
    faults: Sequence[Fault] = (),
    *,
    blocks: int = 1,
    page: int = 1,
    base: int = 0,
    note: str = "",
    short: bool = False,
    newer: str = "",
    review_on: str = "",
) -> Card:
    """One page of the plan: three targets at the most, and on the first page everything else; who looks at it and by
    when stands on the second, where there is one (from three targets on).

    *blocks* is how many targets there is room for, *base* the version it began from, *note* how the day of the review
    was found, *short* whether a reason for a shorter week is asked for, *newer* says that somebody wrote one meanwhile,
    *review_on* is the day of the review as it is drawn (what is to be met by then moves with it).
    """
    form, first = Form(values, faults), (page - 1) * PAGE + 1
    plan = view.provider.words.support_plan
    shown = range(first, min(blocks, first + PAGE - 1) + 1)
    hidden = hidden_fields(
        view,
        "support_plan.plan",
        blocks=str(blocks),
        page="" if page == 1 else str(page),
        base=str(base or ""),
        drawn_for=review_on,
    )
    most = view.provider.settings.max_focus_areas
    return card(
        quiet(reference_line(view)),
        heading(starting(f"{plan} for {view.student}")),
        text(newer) if newer else None,
        text(
            f"Up to {most} areas, with targets that can be met within a week. An empty target is left out. Please "
            "write no health details and no pupils' names."
        ),
        *(_block(view, form, n) for n in shown),
        _rest(view, form, note, short=short) if page == 1 else None,
        _who_and_by_when(view, form) if page == (2 if blocks >= PAGE else 1) else None,
        form.verdict(),
        actions=[
            button("Check the plan", "support_plan.check", style="positive", **hidden),
            button("Save for later", "support_plan.save", **hidden),
            *([button("Add an area or a second target", "support_plan.add", **hidden)] if blocks < 2 * most else []),
            *([button(_turning(blocks, page), "support_plan.turn", **hidden)] if blocks >= PAGE else []),
            *([act(view, "Begin from the newest version", "support_plan.anew")] if newer else []),
            act(view, "Back", "cases.open"),
        ],
    )


def _turning(blocks: int, page: int) -> str:
    if blocks > PAGE:
        return "Show the other targets"
    return "Who looks at it, and by when" if page == 1 else "Back to the targets"


def _block(view: View, form: Form, n: int) -> list[Element]:
    readers = f"both of you, the office and, once talked through, {view.first}" if n % PAGE == 1 else SAME
    return [
        *form.one(
            f"area{n}", f"Area of target {n}", _choices(view.provider), error="Choose the area.", open_list=False
        ),
        *form.line(f"target{n}", f"Target {n}", error="Write the target.", readers=readers, long=True, most=220),
        *form.line(f"measure{n}", "How we will know", error="Say how you will know.", readers=SAME, most=160),
        *form.line(f"support{n}", "Support for it", error="Say which support helps.", readers=SAME, most=160),
    ]


def _rest(view: View, form: Form, note: str, *, short: bool) -> list[Element]:
    return [
        *form.some("promises", "Promised support", _promised(view), error="Choose the support."),
        *form.line(
            "promise", "More that is promised", error="Up to 120 characters.", readers=SAME, required=False, most=120
        ),
        *form.tick(
            "adjustments",
            f"Any agreed adjustments are in place (asked for every {view.word(Role.STUDENT)} alike)",
            error="Check this, then tick it.",
        ),
        *form.day("review_on", "Review meeting on", error="Choose a day.", note=note),
        *form.time("review_time", "At", error="Choose a time."),
        *form.line("place", "Where", error="Say where.", readers=SAME, most=100),
        *(
            form.line(
                "short_because", "Why the week is shorter", error="Say why.", readers=SAME, required=False, most=120
            )
            if short
            else []
        ),
    ]


#: Both of them, as it is kept.
BOTH = f"{Role.MENTOR.value} and {Role.LINK_TUTOR.value}"


def _givers(view: View) -> dict[str, str]:
    """Mentor, Link Tutor, or both: by name."""
    mentor, tutor = (plain_holder(view, role.value) for role in (Role.MENTOR, Role.LINK_TUTOR))
    return {Role.MENTOR.value: mentor, Role.LINK_TUTOR.value: tutor, BOTH: f"{mentor} and {tutor}"}


def _who_and_by_when(view: View, form: Form) -> list[Element]:
    """Filled in already: the mentor looks at it, by the review."""
    return [
        *form.one(
            "promise_who",
            "Who gives what is promised beside the list",
            _givers(view),
            error="Choose one.",
            required=False,
            open_list=False,
        ),
        *form.day(
            "met_by", "Targets met and support given by", error="Choose the day of the review or an earlier one."
        ),
        *form.one("monitored", "Who looks at the targets", _givers(view), error="Choose one.", open_list=False),
    ]


def check(view: View, plan: e.PlanWritten) -> Card:
    """The plan as it would stand, before its author agrees it."""
    words = view.provider.words.support_plan
    other = view.link_tutor if view.is_(Role.MENTOR) else view.mentor
    return card(
        quiet(reference_line(view)),
        heading(f"Check the {words} for {view.student}"),
        text(
            f"Only you can see this yet. When you agree it, {other} is asked to agree this version too. "
            f"{view.first} sees it once one of you has talked it through with {view.first}."
        ),
        *plan_parts(view, plan),
        actions=[
            button(
                "Agree this version",
                "support_plan.agree_own",
                style="positive",
                **hidden_fields(view, "support_plan.plan"),
            ),
            act(view, "Change it", "support_plan.write"),
            act(view, "Back", "cases.open"),
        ],
    )
