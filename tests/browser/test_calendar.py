"""Calendars in the browser: what Pathway books stands there, and what is changed there it notices."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest_asyncio
from playwright.async_api import expect

from tests.browser.checks import looks_right
from tests.browser.conftest import Opens
from tests.browser.house import Running, practising
from tests.browser.outlook import Outlook
from tests.browser.person import Screen
from tests.browser.stories import sets_a_weekly_target, tells_the_link_tutor

WEDNESDAY, THURSDAY, FRIDAY = date(2026, 10, 14), date(2026, 10, 15), date(2026, 10, 16)
NOT_KNOWN = "Priya Nair's calendar is not known"


@pytest_asyncio.fixture(loop_scope="session")
async def with_calendars(tmp_path: Path) -> AsyncIterator[Running]:
    """A practice whose university lets Pathway into its calendars."""
    async with practising(tmp_path / "practice", "--graph", "fake") as it:
        yield it


async def arranges(screen: Screen) -> None:
    """Up to Tuesday 13 October, 3:30pm: Priya tells Helen about Tom, who has it and chooses among three times."""
    priya, helen = screen.person("priya"), screen.person("helen")
    await sets_a_weekly_target(priya, "Tom Ashworth")
    await tells_the_link_tutor(screen, priya, "Tom")
    await helen.presses("I have it")
    await helen.presses("Arrange the meeting")


async def is_booked_on_thursday(screen: Screen) -> None:
    """Helen offers the three to Priya, and the one that Priya ticks is booked."""
    priya, helen = screen.person("priya"), screen.person("helen")
    await helen.presses("Offer these times to Priya Nair")
    await priya.fills({"Tick all that suit": ["Thursday 15 October"]})
    await priya.presses("I can do these")
    await helen.sees("Your meeting is booked for Thursday 15 October, 3:30pm")


async def test_a_meeting_moved_and_deleted_in_outlook_is_noticed(with_calendars: Running, opens: Opens) -> None:
    screen = await opens(with_calendars)
    priya, helen = screen.person("priya"), screen.person("helen")
    outlook = Outlook(helen)
    await arranges(screen)
    await helen.sees(f"Wednesday 14 October, 4pm: you are free; {NOT_KNOWN}")
    await helen.sees(f"Thursday 15 October, 3:30pm: you are free; {NOT_KNOWN}")
    await helen.sees(f"Friday 16 October, 5pm: you are free; {NOT_KNOWN}")
    await outlook.opens()
    await expect(outlook.day(WEDNESDAY)).to_contain_text("3pm to 4pm")

    await is_booked_on_thursday(screen)
    await outlook.opens()
    await outlook.shows(THURSDAY, "3:30pm to 4pm", "Placement catch-up (ref ", "Priya Nair: no answer yet")
    join = outlook.meetings.get_by_role("link", name="Join the meeting in Teams (opens in a new tab)")
    link = await join.get_attribute("href")
    reference = (await outlook.meetings.locator(".cal-title").inner_text()).partition("ref ")[2][:4]
    await helen.says(reference)
    assert await helen.follows("Join the meeting in Teams") == link

    await outlook.drags_to(FRIDAY)
    await outlook.shows(FRIDAY, "3:30pm to 4pm")
    await expect(helen.pane).not_to_contain_text("The meeting was moved in Outlook")
    await screen.moves_the_clock("+1 hour")
    await helen.sees_heading("The meeting was moved in Outlook")
    await helen.sees("Thursday 15 October, 3:30pm", "Friday 16 October, 3:30pm", "nobody is reminded of either")
    told = priya.pane.get_by_text("Friday 16 October, 3:30pm")
    await priya.looks()
    await expect(told).to_have_count(0)
    await helen.presses("Use the new time: Friday 16 October, 3:30pm")
    # Her card of the case shows the new time in its place; that she is told of it is a card of its own, which may be later.
    await priya.sees("Your meeting is booked for Friday 16 October, 3:30pm")
    told_of_it = await priya.cards.count()

    await outlook.opens()
    await outlook.deletes()
    await screen.moves_the_clock("+1 day")  # it is noticed at half past five, and said in the morning
    await priya.looks()
    await expect(priya.cards).to_have_count(told_of_it)
    await helen.sees_heading("The meeting was deleted in Outlook")
    await helen.presses("Book it again")
    await outlook.shows(FRIDAY, "3:30pm to 4pm")
    assert await join.get_attribute("href") != link


async def test_whoever_is_invited_answers_in_a_calendar_and_the_tutor_is_told(
    with_calendars: Running, opens: Opens
) -> None:
    screen = await opens(with_calendars)
    priya, helen, mail = (screen.person(key) for key in ("priya", "helen", "mail"))
    await arranges(screen)
    await is_booked_on_thursday(screen)
    await mail.looks()
    await expect(mail.pane.locator(".letter").first).to_contain_text("Priya Nair")
    await expect(mail.pane.locator(".letter").first).to_contain_text("Placement catch-up (ref ")

    hers = Outlook(priya)
    await hers.opens()
    await hers.shows(THURSDAY, "From Dr Helen Marsh")
    await expect(hers.meetings.get_by_role("button", name="Move")).to_have_count(0)
    await hers.presses("Accept")
    await hers.shows(THURSDAY, "Priya Nair: accepted")
    await hers.presses("Decline")
    await expect(hers.meetings).to_have_count(0)

    await screen.moves_the_clock("+1 hour")
    await helen.sees("Priya Nair said no to the meeting")
    tutors = Outlook(helen)
    await tutors.opens()
    await tutors.shows(THURSDAY, "Priya Nair: declined")


async def test_on_a_dark_phone_it_is_moved_with_the_keyboard_and_nothing_is_cut(
    with_calendars: Running, opens: Opens
) -> None:
    desk = await opens(with_calendars)
    await arranges(desk)
    await is_booked_on_thursday(desk)
    for width in (390, 300):
        screen = await opens(with_calendars, width=width, height=844, theme="dark", person="helen")
        outlook = Outlook(screen.person("helen"))
        await outlook.opens()
        await outlook.presses("Move")
        await expect(outlook.meetings.get_by_label("Day")).to_be_focused()
        await looks_right(screen)
        assert (
            await outlook.pane.evaluate(
                "pane => [...pane.querySelectorAll('*')].filter((e) => !e.closest('.unseen') && e.getBoundingClientRect().right > innerWidth).length"
            )
            == 0
        )
        await screen.page.keyboard.press("Escape")
        await expect(outlook.meetings.get_by_role("button", name="Move")).to_be_focused()

    await outlook.moves_to(date(2026, 10, 20), "16:15")
    await outlook.shows(date(2026, 10, 20), "4:15pm to 4:45pm")
    await expect(outlook.meetings.locator(".cal-title")).to_be_focused()
    await expect(screen.page.locator("#live")).to_contain_text("It is on Tuesday 20 October now.")
    await outlook.pane.get_by_role("button", name="This week").click()
    await expect(outlook.meetings).to_have_count(0)
    await outlook.pane.get_by_role("button", name="Next meeting: Tuesday 20 October, 4:15pm").click()
    await outlook.shows(date(2026, 10, 20), "4:15pm to 4:45pm")
    await screen.page.get_by_role("button", name="Back to the chat").click()
    await expect(screen.person("helen").pane).to_be_visible()


async def test_plain_practice_makes_the_invitation_by_hand_and_has_no_calendar(practice: Running, opens: Opens) -> None:
    screen = await opens(practice)
    helen = screen.person("helen")
    await arranges(screen)
    await helen.sees("Your and Priya Nair's calendars are not known: please check.")
    await expect(screen.page.get_by_role("button", name="Calendar", exact=True)).to_have_count(0)
    await helen.presses("Another time")
    await helen.fills({"Day": "2026-10-16", "Time": "15:45"})
    await helen.presses("Make the invitation")
    await expect(helen.card.get_by_role("link", name=re.compile("^Open it in Teams"))).to_be_visible()

    await screen.page.goto(f"{screen.address}/?person=helen&beside=calendar-helen")
    await expect(helen.pane).to_be_visible()
    await expect(screen.page.locator(".pane")).to_have_count(1)
