"""Longer stretches of the road that several tests begin with."""

from __future__ import annotations

from datetime import timedelta

from pathway.dates import local_date
from tests.browser.person import Filled, Person, Screen

#: What a mentor types about any student; the day of the talk is today.
WORDS: dict[str, Filled] = {
    "What I have seen, and when": "In maths on Monday half the class had not started after ten minutes.",
    "What is going well": "Warm with pupils and always ready.",
    "The target for this week": "Wait for silence before every instruction.",
    "How you will both know": "Silence in four of five lessons I watch.",
    "Help I am offering": ["Planning together"],
    "Area to work on": ["TS7 Managing behaviour"],
}


async def opens_the_form(mentor: Person, student: str) -> None:
    """About *student*, or about the only one where that is empty."""
    await mentor.says(f"concern about {student}" if student else "concern")
    await mentor.presses("I am just starting")
    await mentor.presses("No, carry on")


async def sets_a_weekly_target(mentor: Person, student: str, *, choose: str = "") -> None:
    """From the first word to the receipt, with *choose* pressed where there are several students. Nothing is
    filled in that need not be.
    """
    await opens_the_form(mentor, student)
    today = local_date(await mentor.screen.now())
    if choose:
        await mentor.presses(choose)
    await mentor.fills({"I talked to them about it on": today.isoformat(), **WORDS})
    await mentor.presses("Check my answers")
    await mentor.presses("Set the weekly target")
    await mentor.sees("The weekly target is set")


async def is_asked_how_it_went(screen: Screen, mentor: Person) -> None:
    """The clock goes on until the card of the week has come."""
    asked = mentor.pane.get_by_role("heading", name="How is").last
    await mentor.looks()
    for _ in range(12):
        if await asked.is_visible():
            return
        await screen.moves_the_clock("To the next reminder")
    raise AssertionError("nobody asked how the week went")


async def tells_the_link_tutor(screen: Screen, mentor: Person, first_name: str) -> None:
    """After a week, with what has to be filled in and no more."""
    await is_asked_how_it_went(screen, mentor)
    await mentor.presses("Not yet: tell the Link Tutor")
    await mentor.fills({"How the week went": "Two of five lessons."})
    await mentor.presses(f"Tell the Link Tutor: {first_name} knows")
    await mentor.sees("has been told.")


async def next_weekday(screen: Screen) -> str:
    """The next day that is not a weekend, as a date field takes it."""
    day = local_date(await screen.now()) + timedelta(days=1)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return day.isoformat()
