"""Each reminder names the one act that is wanted and carries its button: every rung of T5 to T12, for everybody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from cards import notices
from cards.elements import Card
from cards.view import View
from dialogs import ROUTER
from pathway import events as e
from pathway.nudges import Nudge, planned
from pathway.process import Stage
from pathway.tellings import CHANNEL, Notice
from pathway.timers import TIMERS
from tests.cards.card_rules import walk
from tests.pathway.builders import Story, moment

TUESDAY = "2026-10-06 10:00"
PARTS = tuple(e.ReviewPart)


def story(stage: Stage) -> Story:
    return Story().reach(stage, TUESDAY)


def told() -> Story:
    found = story(Stage.REVIEW)
    for part in PARTS:
        found.on(TUESDAY).link_tutor(e.ReviewPartRecorded, part=part)
    return found


def agreed_by_the_mentor() -> Story:
    found = story(Stage.WRITING_PLAN)
    found.on(TUESDAY).mentor(e.PlanWritten).mentor(e.PlanVersionAgreed)
    return found


def not_achievable() -> Story:
    found = story(Stage.PLAN_TO_DISCUSS)
    found.on(TUESDAY).mentor(e.PlanDiscussed).mentor(e.StudentNotAgreed)
    return found


def visit_booked() -> Story:
    found = story(Stage.PLAN_IN_PLACE)
    found.on(TUESDAY).link_tutor(e.ReviewBooked)
    return found


def meeting_booked() -> Story:
    found = story(Stage.NEXT_STEPS)
    found.on(TUESDAY).team(e.NextStepsBooked)
    return found


STORIES: Mapping[str, Any] = {
    "writing": lambda: story(Stage.WRITING_PLAN),
    "agreed by the mentor": agreed_by_the_mentor,
    "differ": lambda: story(Stage.VIEWS_DIFFER),
    "to discuss": lambda: story(Stage.PLAN_TO_DISCUSS),
    "not achievable": not_achievable,
    "in place": lambda: story(Stage.PLAN_IN_PLACE),
    "visit booked": visit_booked,
    "review": lambda: story(Stage.REVIEW),
    "all parts": told,
    "next steps": lambda: story(Stage.NEXT_STEPS),
    "meeting booked": meeting_booked,
    "continues": lambda: story(Stage.CONTINUES),
}
#: How the case stands, which timer and rung, for whom: the verb of the first button, or the name in a link.
WANTED: dict[tuple[str, str, str, str], str] = {
    ("writing", "T5", "due", "priya"): "support_plan.write",
    ("writing", "T5", "due", "helen"): "support_plan.write",
    ("writing", "T5", "escalation", "sam"): "Helen Marsh",
    ("agreed by the mentor", "T5", "due", "priya"): "Helen Marsh",
    ("agreed by the mentor", "T5", "due", "helen"): "support_plan.agree",
    ("agreed by the mentor", "T5", "escalation", "sam"): "Helen Marsh",
    ("differ", "T6", "due", "ruth"): "decision.plan_because",
    ("differ", "T6", "escalation", "alan"): "Ruth Adeyemi",
    ("to discuss", "T7", "due", "priya"): "support_plan.discuss",
    ("to discuss", "T7", "due", "helen"): "support_plan.discuss",
    ("to discuss", "T7", "escalation", "sam"): "Helen Marsh",
    ("not achievable", "T7", "due", "priya"): "support_plan.reopen",
    ("not achievable", "T7", "due", "helen"): "support_plan.reopen",
    ("not achievable", "T7", "escalation", "sam"): "Helen Marsh",
    ("in place", "T8", "due", "priya"): "support_plan.promises",
    ("in place", "T8", "due", "tom"): "student.promises",
    ("in place", "T9", "2 days before", "helen"): "support_plan.book",
    ("in place", "T9", "2 days before", "priya"): "support_plan.promises",
    ("in place", "T9", "2 days before", "tom"): "student.promises",
    ("in place", "T9", "due", "helen"): "review.start",
    ("in place", "T9", "due", "priya"): "support_plan.promises",
    ("in place", "T9", "due", "tom"): "student.promises",
    ("in place", "T9", "+1", "helen"): "review.start",
    ("in place", "T9", "escalation", "sam"): "Helen Marsh",
    ("visit booked", "T9", "2 days before", "helen"): "support_plan.review",
    ("in place", "T10", "due plan", "helen"): "pebblepad.recorded",
    ("in place", "T10", "week 1 plan", "helen"): "pebblepad.recorded",
    ("review", "T11", "due", "helen"): "review.observation",
    ("review", "T11", "next day", "helen"): "review.observation",
    ("review", "T11", "escalation", "ruth"): "Helen Marsh",
    ("all parts", "T10", "due review", "helen"): "pebblepad.recorded",
    ("all parts", "T11", "due", "helen"): "outcome.open",
    ("all parts", "T11", "next day", "helen"): "outcome.open",
    ("all parts", "T11", "escalation", "ruth"): "Helen Marsh",
    ("continues", "T10", "due outcome", "helen"): "pebblepad.recorded",
    ("next steps", "T12", "1 day", "sam"): "next_steps.book",
    ("next steps", "T12", "3 days", "sam"): "next_steps.book",
    ("next steps", "T12", "3 days", "ruth"): "next_steps.book",
    ("next steps", "T12", "escalation", "ruth"): "next_steps.book",
    ("next steps", "T12", "escalation", "alan"): "next_steps.book",
    ("meeting booked", "T12", "escalation", "ruth"): "next_steps.record",
}
#: An appointment asks people to come, and nothing to be pressed.
COME = {("meeting booked", "T12", "day before", who) for who in ("tom", "alan", "nadia", "ruth")}


def drawn(found: Story, nudge: Nudge) -> Card:
    at = max(moment(TUESDAY) + timedelta(hours=1), nudge.at)
    view = View(found.case, found.ground, nudge.to, at, "nonce-of-this1")
    return notices.notice_card(nudge.item(at), view)


def first_button(card: Card) -> str:
    first = card["actions"][0]
    return str(first.get("verb") or first["title"])


def nudges(name: str) -> dict[tuple[str, str, str, str], tuple[Story, Nudge]]:
    found = STORIES[name]()
    plan = planned(found.case, found.ground)
    return {(name, n.timer, n.rung, n.to): (found, n) for n in plan if n.to != CHANNEL}


@pytest.mark.parametrize("asked", sorted(WANTED), ids=" ".join)
def test_the_first_button_of_a_reminder_is_the_act_it_asks_for(asked: tuple[str, str, str, str]) -> None:
    card = drawn(*nudges(asked[0])[asked])

    assert WANTED[asked] in first_button(card)
    if "." in WANTED[asked]:
        assert WANTED[asked] in ROUTER.verbs
        assert card["actions"][0]["style"] == "positive"


def test_an_appointment_asks_people_to_come_and_says_when() -> None:
    there = nudges("meeting booked")

    for one in COME:
        words = " ".join(str(part.get("text", "")) for part in walk(drawn(*there[one])))
        assert "next steps meeting is on Friday 9 October, 2pm" in words or one[3] == "tom", one


def test_no_rung_from_the_plan_to_the_next_steps_is_left_out() -> None:
    """The stories above reach every rung of T5 to T12 but those for a tutor who is away and the lists of later weeks."""
    timers = {f"T{n}" for n in range(5, 13)}
    rungs = {(t.id, rung.name) for t in TIMERS if t.id in timers for rung in t.rungs}
    later = {("T10", rung) for _, rung in rungs if rung.startswith("week ") and rung != "week 1 plan"}
    elsewhere = {(t, "away") for t in ("T5", "T6", "T7", "T11")} | {("T9", "channel")} | later
    walked = {(timer, rung) for _, timer, rung, _ in {*WANTED, *COME}}

    assert walked == rungs - elsewhere


@pytest.mark.parametrize("name", sorted(STORIES))
def test_whoever_is_reminded_at_a_story_of_these_is_in_the_table(name: str) -> None:
    timers = {f"T{n}" for n in range(5, 13)}
    reached = {one for one in nudges(name) if one[1] in timers and not one[2].startswith("week ")}
    stated = {(timer, rung, to) for _, timer, rung, to in {*WANTED, *COME}}

    assert {one[1:] for one in reached} <= stated


@pytest.mark.parametrize(("name", "timer"), [("writing", "T5"), ("to discuss", "T7"), ("review", "T11")])
def test_where_the_tutor_is_away_the_office_is_asked_to_name_somebody(name: str, timer: str) -> None:
    found = STORIES[name]()
    nudge = next(n for n in planned(found.case, found.ground) if n.timer == timer)
    away = Nudge(
        timer=timer,
        due=nudge.due,
        rung="away",
        to="sam",
        at=nudge.at,
        notice=Notice.REMINDER,
        role=nudge.role,
    )

    card = drawn(found, away)
    assert first_button(card) == "link_tutor.name"
    assert "Dr Helen Marsh is not at work in these days" in str(card)
