"""Writing the support plan together, talking it through with the student, and keeping to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cards.acts import act
from cards.case import HELP, reference_line, whom_to_ask
from cards.elements import (
    Card,
    Element,
    Form,
    button,
    card,
    facts,
    heading,
    label,
    link,
    literal,
    panel,
    quiet,
    said,
    text,
)
from cards.plan import (
    DUTIES_OF,
    colleagues,
    duties_by,
    holder,
    plain_holder,
    plan_parts,
    review_found,
    review_moment,
)
from cards.view import View
from pathway import events as e
from pathway.dates import listed
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


def _hidden(view: View, form: str, **more: str) -> dict[str, Any]:
    carried = {k: v for k, v in more.items() if v}
    return {"case": view.case.id, "step": view.case.step, "nonce": view.nonce, "form": form, **carried}


def _for(for_whom: str) -> dict[str, str]:
    return {"for": for_whom} if for_whom else {}


# -- writing it ----------------------------------------------------------------------------------------------------


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
    hidden = _hidden(
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
                "Agree this version", "support_plan.agree_own", style="positive", **_hidden(view, "support_plan.plan")
            ),
            act(view, "Change it", "support_plan.write"),
            act(view, "Back", "cases.open"),
        ],
    )


def mentor_agreed_form(
    view: View, values: Mapping[str, str], faults: Sequence[Fault] = (), *, version: int, for_whom: str
) -> Card:
    """The mentor's agreement, typed by the Link Tutor or the office: when and how it was given."""
    form = Form(values, faults, strict=True)
    readers = f"you, {view.mentor} and the {view.word(Role.PARTNERSHIP_TEAM)}"
    return card(
        quiet(reference_line(view)),
        heading(f"{view.mentor} agrees version {version}"),
        text(f"It will show that you typed it. {view.mentor} is told, with how to object."),
        form.day("on", f"{view.mentor} agreed on", error="Choose the day."),
        form.line("means", "How", error="Say how.", readers=readers, hint="By phone, after school"),
        form.verdict(),
        actions=[
            button(
                f"Record that {view.mentor} agrees",
                "support_plan.record_agreed",
                style="positive",
                **_hidden(view, "support_plan.mentor_agreed", version=str(version), **_for(for_whom)),
            ),
            act(view, "Back", "cases.open"),
        ],
    )


# -- talking it through --------------------------------------------------------------------------------------------

ACHIEVABLE = {
    "yes": "Yes, achievable",
    "changes": "Yes, with changes to the plan",
    "no": "No, not as it stands",
}


def discuss_form(
    view: View,
    values: Mapping[str, str],
    faults: Sequence[Fault] = (),
    *,
    note: str = "",
    for_whom: str = "",
) -> Card:
    """What the talk with the student came to. *note* proposes a later review where little of the week is left."""
    form, first = Form(values, faults), view.first
    at = review_moment(view)
    readers = f"you, {view.link_tutor}, {view.mentor}, the office and {first}"
    review = f"The review meeting is on {view.moment(at)}. " if at else ""
    later = [
        panel(text(note)),
        *form.day("review_on", "The review is on", error="Choose a day."),
        *form.line(
            "short_week_because",
            "If the week stays short: why",
            error="Say why.",
            readers=readers,
            required=False,
            most=200,
        ),
    ]
    return card(
        quiet(reference_line(view)),
        heading(f"You have talked it through with {first}"),
        text(f"{review}From now on {first} sees the plan here, with whom to ask for help."),
        form.day("on", "We talked on", error="Choose the day."),
        form.one("achievable", f"{first} finds it achievable", ACHIEVABLE, error="Choose one."),
        form.tick(
            "knows",
            f"{first} knows that the review meeting decides whether the placement continues",
            error="Tell the student, then tick it.",
        ),
        form.line(
            "comment",
            f"{first}'s comment, in {first}'s own words",
            error="Up to 600 characters.",
            readers=readers,
            required=False,
            long=True,
            most=600,
        ),
        later if note else None,
        form.verdict(),
        actions=[
            button(
                "Record the conversation",
                "support_plan.discussed",
                style="positive",
                **_hidden(view, "support_plan.discuss", **_for(for_whom)),
            ),
            act(view, "Back", "cases.open"),
        ],
    )


def reopen_form(view: View, values: Mapping[str, str], faults: Sequence[Fault] = ()) -> Card:
    form = Form(values, faults, strict=True)
    return card(
        quiet(reference_line(view)),
        heading("Change the plan"),
        text("It goes back to writing. A new version needs the agreement of both of you, and a new talk."),
        form.line("reason", "What needs to change", error="Say what.", readers=f"{view.mentor} and {view.link_tutor}"),
        form.verdict(),
        actions=[
            button(
                "Open it for changes",
                "support_plan.reopened",
                style="positive",
                **_hidden(view, "support_plan.reopen"),
            ),
            act(view, "Back", "cases.open"),
        ],
    )


def proceed_form(view: View, values: Mapping[str, str], faults: Sequence[Fault] = ()) -> Card:
    """The Partnership Lead starts a plan that the student does not find achievable."""
    form = Form(values, faults, strict=True)
    return card(
        quiet(reference_line(view)),
        heading("Start the plan without agreement"),
        text(
            f"{view.first} has not said that the plan is achievable. That is no refusal to take part. What was said "
            "stays with the plan and is read at the review."
        ),
        form.line(
            "reason",
            "The reason for your decision",
            error="Give the reason.",
            long=True,
            most=400,
            readers=f"{view.mentor}, {view.link_tutor}, the office and, on request, {view.first}",
        ),
        form.tick("adjustments", "Any agreed adjustments are in place", error="Check this, then tick it."),
        form.tick("comments", f"{view.first}'s comments are kept with the plan", error="Check this, then tick it."),
        form.verdict(),
        actions=[
            button(
                "Start the plan",
                "support_plan.proceeded",
                style="positive",
                **_hidden(view, "support_plan.proceed"),
            ),
            act(view, "Back", "cases.open"),
        ],
    )


# -- keeping to it -------------------------------------------------------------------------------------------------


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
            button("Record this", verb, style="positive", **_hidden(view, name, **_for(for_whom))),
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
            button("Record this", "support_plan.duties_done", style="positive", **_hidden(view, "support_plan.duties")),
            act(view, "Back", "cases.open"),
        ],
    )


def duty_of(role: Role, answer: str) -> e.Duty | None:
    """The duty that an answer of `duties_form` stands for."""
    told_, needless = DUTIES_OF[role]
    return {"told": told_, "not": needless}.get(answer)


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
                **_hidden(view, "support_plan.review"),
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
    return f"It takes an hour and a half: a lesson observation, a talk with the {mentor}, a conversation of all three."


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


# -- reminders -----------------------------------------------------------------------------------------------------


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
