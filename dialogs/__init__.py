"""One module a step of the pathway: a submitted card -> an event -> the next card."""

from dialogs import (
    calendar,
    cases,
    concern,
    decision,
    delivery,
    home,
    jobs,
    link_tutor,
    meeting,
    mentor,
    next_steps,
    outcome,
    pebblepad,
    reach,
    review,
    second_opinion,
    student,
    support_plan,
    views,
    weekly_check,
)
from dialogs.router import Router

ROUTER = Router(
    module.steps
    for module in (
        calendar,
        cases,
        concern,
        decision,
        delivery,
        home,
        jobs,
        link_tutor,
        meeting,
        mentor,
        next_steps,
        outcome,
        pebblepad,
        reach,
        review,
        second_opinion,
        student,
        support_plan,
        views,
        weekly_check,
    )
)

__all__ = ["ROUTER"]
