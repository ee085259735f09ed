"""Story 1 in the browser: put right within the week, from the route check to one tap."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.conftest import Opens
from tests.browser.house import Running
from tests.browser.person import Count

CONCERN = {
    "I talked to them about it on": "2026-10-06",
    "What I have seen, and when": "In maths on Monday he spoke before the class was quiet, four times.",
    "What is going well": "Warm with pupils and always ready.",
    "The target for this week": "Use the class signal and wait for silence before every instruction.",
    "How you will both know": "Silence before instructions in four of five lessons I watch.",
    "Help I am offering": ["Teaching a lesson for them to watch", "An extra meeting"],
    "Area to work on": ["TS7 Managing behaviour"],
}


async def test_a_worry_about_tom_is_put_right_within_the_week(practice: Running, opens: Opens) -> None:
    screen = await opens(practice, width=1280, theme="light")
    priya, tom = screen.person("priya"), screen.person("tom")
    await expect(screen.clock).to_contain_text("Tuesday 6 October 2026, 9")

    await priya.says("concern about Tom Ashworth")
    await priya.sees_heading("A concern about Tom Ashworth")
    await priya.presses("I am just starting")
    await priya.sees("Is a child at risk, or is this about serious conduct?")
    await priya.presses("No, carry on")
    await priya.sees("Student: Tom Ashworth, PGCE Primary, Phase 1, Hollin Bank Primary")
    await priya.fills(CONCERN)
    await priya.presses("Check my answers")
    await priya.sees_heading("Check your answers")
    await priya.sees("Tuesday 13 October", "Tom Ashworth gets a copy and is asked for nothing. Nobody else is told.")
    await priya.presses("Set the weekly target")
    await priya.sees("Thank you. The weekly target is set.", "Tom has until Tuesday 13 October (5 school days)")

    await expect(tom.unread).to_have_text("1 new")
    await tom.sees("This is your copy", "wait for silence before every instruction")

    await screen.to_the_next_reminder("Priya Nair", "Monday 12 October, 8am")
    await expect(priya.unread).to_have_text("1 new")
    await priya.sees("Tomorrow")
    await screen.to_the_next_reminder("Priya Nair", "Tuesday 13 October, 3:30pm")
    await priya.sees_heading("How is Tom Ashworth getting on?")
    await screen.counts_from_here()
    await priya.presses("Met, and I have told Tom")
    assert await screen.counted() == Count(fields=(), taps=("Met, and I have told Tom",))
    await priya.sees("Thank you. It is recorded as met.", "Tom met the target.")
    await tom.sees("you met your weekly target")
    for nobody in ("helen", "sam", "ruth", "channel", "mail"):
        await expect(screen.page.locator(f'#side [data-key="{nobody}"]')).to_be_visible()
        await expect(screen.person(nobody).unread).to_have_count(0)
