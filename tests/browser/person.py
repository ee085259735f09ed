"""A window on practice mode and the people in it, so that a test reads as what they do and see.

Nothing here sleeps: every wait is for the page itself (a card was replaced, a message came, the clock has moved).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from playwright.async_api import Browser, BrowserContext, Locator, Page, expect
from playwright.async_api import TimeoutError as TimedOut

#: What a person fills in under a label: words, a day (2026-10-06), a time (15:45), a choice, or several ticks.
Filled = str | Sequence[str]

#: Milliseconds after which something that should have come will not.
PATIENCE = 15_000
#: And after which a button that is not in view is looked for behind "More options".
ON_ITS_WAY = 4_000
expect.set_options(timeout=PATIENCE)

#: The clock's buttons, the largest first.
STEPS = {"+1 week": timedelta(weeks=1), "+1 day": timedelta(days=1), "+1 hour": timedelta(hours=1)}

A_FEW_MINUTES = timedelta(minutes=10)

#: Counts in the page what a person did with cards: each field once, however often it was changed, and each press.
_COUNTING = """
window.counted = { fields: new Map(), taps: [], presses: 0, typed: new Map(), chosen: 0 };
const field = (e) => e.target.closest?.(".card .ac-input-container")?.parentElement;
for (const kind of ["input", "change"]) {
  document.addEventListener(kind, (e) => {
    const found = field(e);
    if (found) window.counted.fields.set(found, found.querySelector("label")?.textContent ?? found.id);
    if (e.target.matches("textarea, input:not([type=radio], [type=checkbox])")) counted.typed.set(e.target, e.target.value.length);
    if (kind === "change" && e.target.matches("select")) counted.chosen += 1;
  }, true);
}
document.addEventListener("click", (e) => {
  window.counted.presses += 1;
  const found = e.target.closest?.(".card .ac-pushButton, .ac-ctrl-dropdown-item");
  if (found) window.counted.taps.push(found.textContent);
}, true);
"""

#: From a button to the card that it stands on.
_CARD_OF = "xpath=ancestor::*[contains(concat(' ', @class, ' '), ' card ')][1]"

#: Requests for anything that is not this computer: noted, and answered here instead.
_OUTSIDE = re.compile(r"^(?!(https?|ws)://(127\.0\.0\.1|localhost)[:/])(https?|wss?)://")


@dataclass(frozen=True, slots=True)
class Count:
    """What was filled in and pressed on cards: the labels of the fields and the titles of the buttons."""

    fields: tuple[str, ...]
    taps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Effort:
    """Presses of the mouse (one into each box that is typed into, two for a list), fields filled in, and the characters
    in each box.
    """

    presses: int
    fields: int
    typed: tuple[int, ...]


class Screen:
    """One browser window on practice mode. Faults of the page's own script and requests that would leave this
    computer are collected; the fixture that made the window looks at them.
    """

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.faults: list[str] = []
        self.forgives = ""
        self.outside: list[str] = []
        self.takes_samples = False
        """Whether people press "Fill in sample words" where there is such a button, and leave what it filled in."""

    def person(self, key: str) -> Person:
        return Person(self, key)

    # -- the clock ---------------------------------------------------------------------------------------------------

    @property
    def clock(self) -> Locator:
        return self.page.locator("#clock-now")

    async def now(self) -> datetime:
        """The pathway's time, aware (UTC), as the page shows it."""
        shown = await self.clock.get_attribute("datetime")
        assert shown
        return datetime.fromisoformat(shown)

    async def moves_the_clock(self, button: str) -> None:
        """Presses one of the clock's buttons ("+1 day") and waits until the clock has moved and everything is shown."""
        page = self.page
        wanted = page.get_by_role("button", name=button, exact=True)
        if not await wanted.is_visible():
            await page.get_by_role("button", name="Move the clock").click()
        before = await self.now()
        await wanted.click()
        await expect(page.locator("body")).not_to_have_class(re.compile("moving"))
        await page.wait_for_function(
            "before => new Date(document.getElementById('clock-now').getAttribute('datetime')) > before + 1000",
            arg=before.timestamp() * 1000,
        )

    async def goes_on_to(self, moment: datetime) -> None:
        """Presses the clock's buttons, the largest that fit, until it stands less than an hour before *moment* (aware), or
        a few minutes after it: the clock runs while people press.
        """
        while (left := moment + A_FEW_MINUTES - await self.now()) >= timedelta(hours=1):
            step = next(name for name, length in STEPS.items() if length <= left)
            await self.moves_the_clock(step)

    async def to_the_next_reminder(self, for_whom: str, at: str) -> None:
        """The page announces the next reminder ("Priya Nair", "Tuesday 13 October, 3:30pm"); the clock goes there."""
        announced = self.page.locator("#clock-next")
        await expect(announced).to_contain_text(for_whom)
        await expect(announced).to_contain_text(at)
        await self.moves_the_clock("To the next reminder")
        day, _, time = at.rpartition(", ")
        await expect(self.clock).to_have_text(re.compile(f"^{day} \\d+, {time}$"))

    # -- looking -------------------------------------------------------------------------------------------------------

    @property
    def narrow(self) -> bool:
        size = self.page.viewport_size
        return size is not None and size["width"] < 720

    async def counts_from_here(self) -> None:
        """Forgets what was filled in and pressed so far."""
        await self.page.evaluate("() => { counted.fields.clear(); counted.taps.length = 0; }")

    async def counted(self) -> Count:
        found = await self.page.evaluate("() => ({ fields: [...counted.fields.values()], taps: [...counted.taps] })")
        return Count(tuple(found["fields"]), tuple(found["taps"]))

    async def effort(self) -> Effort:
        """What was done in the window since it was opened, with cards, people and the clock."""
        found = await self.page.evaluate(
            "() => ({ presses: counted.presses + counted.typed.size + 2 * counted.chosen, fields: counted.fields.size, "
            "typed: [...counted.typed.values()] })"
        )
        return Effort(found["presses"], found["fields"], tuple(found["typed"]))

    async def cut_off(self) -> list[str]:
        """What is wider than its place: nothing of a card or of the page may be."""
        found = await self.page.evaluate(
            "() => [...document.querySelectorAll('.messages, .card, .ac-pushButton, .ac-textBlock, .ac-textBlock *, .ac-richTextBlock, .pane, .top')]"
            ".filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => `${e.className}: ${e.textContent}`)"
        )
        wide = await self.page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        return [*found, *([f"the page, by {wide}"] if wide > 0 else [])]

    async def closes(self, forgives: str = "") -> None:
        """Closes the window. Faults of the page that hold *forgives* were meant to come."""
        self.forgives = forgives
        await self.page.context.close()

    def unforgiven(self) -> list[str]:
        """The faults of the page that nobody expected."""
        return [fault for fault in self.faults if not self.forgives or self.forgives not in fault]


class Person:
    """Somebody of the made-up partnership, at this window. Before each act their chat is opened if it is not."""

    def __init__(self, screen: Screen, key: str) -> None:
        self.screen = screen
        self.page = screen.page
        self.key = key
        self.pane = self.page.locator(f'.pane[data-key="{key}"]')
        self.row = self.page.locator(f'#side [data-key="{key}"]')
        self.unread = self.row.locator(".badge:visible")

    async def looks(self) -> None:
        """Opens their chat, as one does: from the list, on a phone after going back to it."""
        if await self.pane.is_visible():
            return
        back = self.page.get_by_role("button", name="Back to the people")
        if await back.is_visible():
            await back.click()
        await self.row.click()
        await expect(self.pane.locator(".messages:is(:not(:empty), .empty)")).to_be_visible()

    async def says(self, words: str) -> None:
        """Types to the bot and waits for the answer."""
        await self.looks()
        before = await self.cards.count()
        box = self.pane.get_by_label("Type a message to Pathway")
        await box.fill(words)
        await box.press("Enter")
        await expect(self.cards).to_have_count(before + 1)

    async def presses(self, title: str) -> None:
        """Presses a button of a card, the newest that has it in view, else one of the newest card's overflow, and waits
        until the next card stands in its place.
        """
        await self.looks()
        button = self.pane.get_by_role("button", name=title, exact=True).last
        in_view = await self._comes_into_view(button)
        of = button.locator(_CARD_OF) if in_view else self.card
        card = await of.element_handle()
        async with self.page.expect_response("**/acts") as answered:
            if in_view:
                await button.click()
            else:
                await self._from_the_overflow(title)
        answer = await (await answered.value).json()
        assert answer.get("kind") == "card", answer
        await self.page.wait_for_function("card => !card.isConnected", arg=card)

    async def _comes_into_view(self, button: Locator) -> bool:
        """Whether it is there, or comes with a card that is on its way."""
        try:
            await button.wait_for(timeout=ON_ITS_WAY)
        except TimedOut:
            return False
        return True

    async def fills(self, fields: Mapping[str, Filled]) -> None:
        """Fills in fields of the newest card that has them, by the beginning of their labels."""
        await self.looks()
        await self._takes_samples()
        for label, value in fields.items():
            await self._fill_unless_sampled(self.field(label), value)

    async def fills_each(self, label: str, values: Sequence[str]) -> None:
        """Fills in the fields of the newest card whose labels begin alike, one value each."""
        await self.looks()
        await self._takes_samples()
        for n, value in enumerate(values):
            await self._fill_unless_sampled(self._fields(self.card, label).nth(n), value)

    async def ticks(self, *titles: str) -> None:
        """Ticks boxes of the newest card that stand alone, by the beginning of what is said beside them."""
        await self.looks()
        for title in titles:
            box = self.card.locator("div:has(> input[type=checkbox])").filter(
                has_text=re.compile(f"^{re.escape(title)}")
            )
            await box.get_by_role("checkbox").last.check()

    def field(self, label: str) -> Locator:
        """The field (its label and what is filled in) whose label begins with *label*, on the newest card."""
        return self._fields(self.pane, label).last

    def _fields(self, within: Locator, label: str) -> Locator:
        named = self.page.locator("label.ac-richTextBlock").filter(has_text=re.compile(f"^{re.escape(label)}"))
        return within.locator("div:has(> .ac-input-container)").filter(has=named)

    @property
    def samples(self) -> Locator:
        """Practice mode's own button under the newest card, where it is a form with empty boxes."""
        return self.pane.locator(".content").last.get_by_role("button", name="Fill in sample words")

    async def _takes_samples(self) -> None:
        if self.screen.takes_samples and await self.samples.is_visible():
            await self.samples.click()

    async def _fill_unless_sampled(self, field: Locator, value: Filled) -> None:
        box = field.locator("textarea, input:not([type]), input[type=text]")
        if self.screen.takes_samples and await box.count() and await box.first.input_value():
            return
        await self._fill(field, value)

    async def _fill(self, field: Locator, value: Filled) -> None:
        if not isinstance(value, str):
            for choice in value:
                await field.get_by_label(choice).check()
        elif await field.locator("select").count():
            await field.get_by_role("combobox").select_option(label=value)
        elif await field.locator("input[type=radio]").count():
            await field.get_by_role("radio", name=re.compile(f"^{re.escape(value)}")).check()
        else:
            await field.locator("textarea, input").fill(value)

    async def filled(self, label: str) -> str:
        """What stands in a field now; several ticks and choices by their labels, with commas."""
        field = self.field(label)
        ticks = field.locator("input:is([type=radio], [type=checkbox])")
        if await ticks.count():
            chosen: list[str] = await ticks.evaluate_all(
                "all => all.filter((e) => e.checked).map((e) => e.getAttribute('aria-label'))"
            )
            return ", ".join(chosen)
        return await field.locator("textarea, input, select").input_value()

    async def follows(self, title: str) -> str:
        """Presses a link to somewhere outside; nobody goes there. The address."""
        before = len(self.screen.outside)
        await (await self._opens(title)).close()
        assert len(self.screen.outside) == before + 1
        return self.screen.outside.pop()

    async def downloads(self, title: str) -> bytes:
        """Presses a link to a file and reads what arrives."""
        async with self.page.context.expect_event("download") as coming:
            tab = await self._opens(title)
        file = await (await coming.value).path()
        await tab.close()
        return file.read_bytes()

    async def _opens(self, title: str) -> Page:
        """The tab that a link of a card opens."""
        await self.looks()
        link = self.pane.get_by_role("link", name=f"{title} (opens in a new tab)", exact=True).last
        async with self.page.context.expect_page() as opened:
            if await link.count():
                await link.click()
            else:
                await self._from_the_overflow(title)
        return await opened.value

    async def _from_the_overflow(self, title: str) -> None:
        """A button that did not fit: "More options", then the menu."""
        await self.pane.get_by_role("button", name="More options").last.click()
        await self.page.get_by_role("menuitem", name=title, exact=True).click()

    # -- what they see -----------------------------------------------------------------------------------------------

    @property
    def cards(self) -> Locator:
        return self.pane.locator(".card")

    @property
    def card(self) -> Locator:
        """The newest card of their chat."""
        return self.cards.last

    async def sees(self, *words: str) -> None:
        """All of these stand on the newest card."""
        await self.looks()
        for some in words:
            await expect(self.card).to_contain_text(some)

    async def sees_heading(self, words: str) -> None:
        """On the newest card."""
        await self.looks()
        await expect(self.card.get_by_role("heading").first).to_have_text(words)

    async def does_not_see(self, *words: str) -> None:
        """None of these stand anywhere in their chat. Say first what they do see: an empty chat shows nothing."""
        await self.looks()
        for some in words:
            await expect(self.pane).not_to_contain_text(some)

    async def fields_on_the_card(self) -> int:
        """How many there are to fill in on the newest card."""
        return await self.card.locator(".ac-input-container").count()

    async def empty_fields(self) -> list[str]:
        """The labels of what is not filled in yet on the newest card."""
        await self.looks()
        found: list[str] = await self.card.locator("div:has(> .ac-input-container)").evaluate_all(
            """fields => fields.filter((field) => {
                const ticks = [...field.querySelectorAll("[type=radio], [type=checkbox]")];
                if (ticks.length) return !ticks.some((e) => e.checked);
                return ![...field.querySelectorAll("input, textarea, select")].some((e) => e.value);
            }).map((field) => field.querySelector("label")?.textContent ?? field.id)"""
        )
        return found

    async def buttons(self) -> list[str]:
        """What the newest card offers in view."""
        return await self.card.locator(".ac-pushButton:visible").all_inner_texts()


async def open_screen(
    browser: Browser, address: str, *, width: int = 1280, height: int = 900, theme: str = "light", person: str = ""
) -> Screen:
    """A new window of this size in *theme*, on *person*'s chat if one is named, ready to be used."""
    context = await browser.new_context(viewport={"width": width, "height": height}, locale="en-GB")
    context.set_default_timeout(PATIENCE)
    page = await context.new_page()
    screen = Screen(page, address)
    await _watch(context, screen)
    await page.add_init_script(_COUNTING)
    chosen = f"&person={person}" if person else ""
    await page.goto(f"{address}/?theme={theme}{chosen}")
    await page.wait_for_selector("body[data-ready]")
    return screen


async def _watch(context: BrowserContext, screen: Screen) -> None:
    async def note(route: Any) -> None:
        screen.outside.append(route.request.url)
        await route.fulfill(status=200, content_type="text/plain", body="Nobody goes there from a test.")

    await context.route(_OUTSIDE, note)
    screen.page.on("pageerror", lambda error: screen.faults.append(str(error)))
    screen.page.on("console", lambda said: screen.faults.append(said.text) if said.type == "error" else None)
