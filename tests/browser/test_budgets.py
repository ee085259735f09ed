"""How much a person has to fill in and press, counted in the page by what was really typed, ticked and pressed.

The budgets stand at the end of section 3 of the reference.
"""

from __future__ import annotations

import pytest

from tests.browser.conftest import Opens
from tests.browser.house import Running
from tests.browser.person import Count, Filled
from tests.browser.stories import (
    is_asked_how_it_went,
    next_weekday,
    sets_a_weekly_target,
    tells_the_link_tutor,
)

RAISE = 7
TELL = 4
ARRANGE = 3
EVERYTHING: dict[str, Filled] = {
    "How the week went": "Two of five lessons.",
    "Support that was given": ["Planning together", "Teaching together"],
    "What you hope for": "A second pair of eyes.",
    "Good times": "3:30pm and later",
}


@pytest.mark.parametrize(("mentor", "student"), [("priya", "Tom Ashworth"), ("hannah", "")])
async def test_raising_a_concern_takes_seven_fields_at_the_most(
    shared_practice: Running, opens: Opens, mentor: str, student: str
) -> None:
    screen = await opens(shared_practice)
    person = screen.person(mentor)
    await screen.counts_from_here()
    await sets_a_weekly_target(person, student)
    counted = await screen.counted()
    assert len(counted.fields) <= RAISE, counted.fields
    assert counted.taps == ("I am just starting", "No, carry on", "Check my answers", "Set the weekly target")


async def test_a_mentor_of_two_students_says_with_a_tap_whom_it_is_about(
    shared_practice: Running, opens: Opens
) -> None:
    screen = await opens(shared_practice)
    sian = screen.person("sian")
    await screen.counts_from_here()
    await sets_a_weekly_target(sian, "", choose="Daniel Okoro")
    counted = await screen.counted()
    assert len(counted.fields) <= RAISE, counted.fields
    assert "Daniel Okoro" in counted.taps


async def test_a_target_that_is_met_takes_one_tap(shared_practice: Running, opens: Opens) -> None:
    screen = await opens(shared_practice)
    colin = screen.person("colin")
    await sets_a_weekly_target(colin, "Ellie")
    await is_asked_how_it_went(screen, colin)
    await screen.counts_from_here()
    await colin.presses("Met, and I have told Ellie")
    await colin.sees("recorded as met")
    assert await screen.counted() == Count(fields=(), taps=("Met, and I have told Ellie",))


async def test_telling_the_link_tutor_takes_four_fields_even_when_all_are_filled_in(
    shared_practice: Running, opens: Opens
) -> None:
    screen = await opens(shared_practice)
    gareth = screen.person("gareth")
    await sets_a_weekly_target(gareth, "Aisha")
    await is_asked_how_it_went(screen, gareth)
    await screen.counts_from_here()
    await gareth.presses("Not yet: tell the Link Tutor")
    assert await gareth.fields_on_the_card() <= TELL
    await gareth.fills(EVERYTHING)
    await gareth.presses("Tell the Link Tutor: Aisha knows")
    await gareth.sees("has been told.")
    counted = await screen.counted()
    assert len(counted.fields) == len(EVERYTHING) <= TELL
    assert len(counted.taps) == 2


async def test_arranging_the_meeting_takes_three_fields(shared_practice: Running, opens: Opens) -> None:
    screen = await opens(shared_practice)
    owen, martin = screen.person("owen"), screen.person("martin")
    await sets_a_weekly_target(owen, "Freya")
    await tells_the_link_tutor(screen, owen, "Freya")
    await martin.looks()
    await screen.counts_from_here()
    await martin.presses("Arrange the meeting")
    assert await martin.fields_on_the_card() <= ARRANGE
    await martin.fills({"Day": await next_weekday(screen), "Time": "15:45", "How long": "45 minutes"})
    await martin.presses("Make the invitation")
    booked = (await martin.buttons())[1]
    assert booked.startswith("It is booked for ")
    await martin.presses(booked)
    await martin.sees("Booked.")
    counted = await screen.counted()
    assert len(counted.fields) == ARRANGE, counted.fields
    assert counted.taps == ("Arrange the meeting", "Make the invitation", booked)
