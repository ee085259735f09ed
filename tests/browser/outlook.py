"""Somebody's calendar in the page of practice mode, as one uses it in Outlook."""

from __future__ import annotations

import re
from datetime import date

from playwright.async_api import Locator, expect

from tests.browser.person import Person


class Outlook:
    """The calendar of *person*, beside their chat where there is room and in its place elsewhere."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.page = person.page
        self.pane = self.page.locator(f'.pane[data-key="calendar-{person.key}"]')
        self.meetings = self.pane.locator(".cal-entry.meeting")

    async def opens(self) -> None:
        if not await self.pane.is_visible():
            await self.person.looks()
        if not await self.pane.is_visible():  # a calendar beside goes with the person
            await self.person.pane.get_by_role("button", name="Calendar", exact=True).click()
        await expect(self.pane.locator(".cal-day")).to_have_count(5)

    def day(self, day: date) -> Locator:
        return self.pane.locator(f'.cal-day[data-on="{day.isoformat()}"]')

    async def shows(self, day: date, *words: str) -> None:
        """A meeting stands on this day of the week in view, with all of these words."""
        meeting = self.day(day).locator(".meeting")
        for some in words:
            await expect(meeting).to_contain_text(some)

    async def presses(self, title: str) -> None:
        """One of the buttons of the only meeting in view."""
        await self.meetings.get_by_role("button", name=re.compile(f"^{title}(:|$)")).click()

    async def drags_to(self, day: date) -> None:
        await self.meetings.locator(".cal-time").drag_to(self.day(day))

    async def moves_to(self, day: date, at: str) -> None:
        """With the fields, as on a phone or with the keyboard; *at* is "15:45"."""
        await self.presses("Move")
        await self.meetings.get_by_label("Day").fill(day.isoformat())
        await self.meetings.get_by_label("Time").fill(at)
        await self.meetings.get_by_label("Time").press("Enter")

    async def deletes(self) -> None:
        await self.presses("Delete")
        await self.presses("Delete it and tell them")
        await expect(self.meetings).to_have_count(0)
