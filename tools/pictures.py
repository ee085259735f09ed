"""Pictures of the main cards, taken in a practice mode of its own: `python tools/pictures.py` writes docs/pictures/.

One person's road from the first worry to both views is walked in Chromium, by the words of the browser tests. With
`--look WIDTH THEME` it takes every card at that width instead, for somebody to look at.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from playwright.async_api import Browser, Page, expect  # noqa: E402 (the checkout is not installed)

from pathway.dates import LONDON  # noqa: E402
from tests.browser.house import practising  # noqa: E402
from tests.browser.person import Filled, Person, Screen, open_screen  # noqa: E402
from tests.practice.house import chromium, find_chromium  # noqa: E402
from tools.png import squeeze  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
MOST_BYTES = 120_000
DESKTOP, WIDE, PHONE = (1280, 800), (1400, 900), (390, 844)
LIGHT = frozenset({
    "welcome", "side-by-side", "first-question", "form", "receipt", "link-tutor", "arrange", "meeting-record",
    "both-views", "channel", "mailbox",
})  # fmt: skip
DARK = frozenset({"route-check", "check-your-answers", "weekly-check", "tell-the-link-tutor", "invitation", "my-cases"})
#: When Priya Nair is asked how the week went.
ASKED = datetime(2026, 10, 13, 15, 30, tzinfo=LONDON)
#: Taken as the whole window; the others are the card alone.
WINDOWS = frozenset({"welcome", "side-by-side", "channel", "mailbox", *DARK})

TOM: Mapping[str, Filled] = {
    "I talked to them about it on": "2026-10-06",
    "What I have seen, and when": "In maths on Monday he gave instructions while half the class were still talking.",
    "What is going well": "Warm with pupils. Plans carefully and asks for feedback.",
    "The target for this week": "Use the class signal and wait for silence before every instruction.",
    "How you will both know": "Silence before instructions in four of the five lessons I watch.",
    "Help I am offering": ["Teaching a lesson for them to watch", "An extra meeting"],
    "Area to work on": ["TS7 Managing behaviour"],
}
KAI: Mapping[str, Filled] = {
    **TOM,
    "What I have seen, and when": "On Thursday two groups had no task for most of guided reading.",
    "The target for this week": "Every group has a task that it can begin alone.",
    "How you will both know": "We look at the plan together on Friday.",
}
WEEK: Mapping[str, Filled] = {
    "How the week went": "Silence before instructions in two of five lessons. The signal is there, the wait is not.",
    "What you hope for": "A second pair of eyes in maths.",
    "Good times": "3:30pm and later, not Wednesday",
}


@dataclass(frozen=True, slots=True)
class Album:
    """Where pictures go, and which are wanted (all, where *wanted* is empty)."""

    folder: Path
    wanted: frozenset[str] = frozenset()
    whole_cards: bool = False

    async def take(self, name: str, person: Person) -> None:
        if self.wanted and name not in self.wanted:
            return
        page, file = person.page, self.folder / f"{name}.png"
        await person.looks()
        await page.mouse.move(0, 0)
        await page.evaluate("() => document.activeElement?.blur()")
        await page.evaluate("() => document.fonts.ready")
        open_clock = page.locator('#clock-open[aria-expanded="true"]')
        if await open_clock.is_visible():
            await open_clock.click()
        if person.key != "dot":
            await expect(person.unread).to_have_count(0)
        if name in WINDOWS and not self.whole_cards:
            await _window(page, file)
        else:
            await _card(person, file)
        size = squeeze(file)
        print(f"{file.name}: {size // 1000} KB" + (" TOO LARGE" if size > MOST_BYTES else ""))


async def _window(page: Page, file: Path) -> None:
    await page.screenshot(path=file)


async def _card(person: Person, file: Path) -> None:
    """The newest message whole, however tall, with a little of what is around it."""
    page, newest = person.page, person.pane.locator(".message, .letter").last
    size = page.viewport_size or {"width": DESKTOP[0], "height": DESKTOP[1]}
    tall = await newest.evaluate("e => e.offsetHeight")
    await page.set_viewport_size({"width": size["width"], "height": size["height"] + tall})
    await newest.scroll_into_view_if_needed()
    clip = await newest.evaluate(
        """(e, around) => {
            const box = e.getBoundingClientRect(), left = Math.max(0, box.left - around);
            const width = Math.min(innerWidth, box.right + around) - left;
            return { x: left, y: box.top - around, width: Math.min(width, 700), height: box.height + 2 * around };
        }""",
        12,
    )
    await page.screenshot(path=file, clip=clip)
    await page.set_viewport_size(size)


async def walk(screen: Screen, album: Album) -> None:
    """From the welcome to both views: Priya Nair, Tom Ashworth and Dr Helen Marsh, and Sam Whitfield for Dot Ellery."""
    priya, helen, sam = screen.person("priya"), screen.person("helen"), screen.person("sam")
    await album.take("welcome", priya)
    await _raise(priya, album)
    await _enter_for_dot(sam, album)
    while await screen.now() < ASKED:
        await screen.moves_the_clock("To the next reminder")
    await album.take("weekly-check", priya)
    await priya.presses("Not yet: tell the Link Tutor")
    await priya.fills(WEEK)
    await album.take("tell-the-link-tutor", priya)
    await priya.presses("Tell the Link Tutor: Tom knows")
    await album.take("link-tutor", helen)
    await _side_by_side(priya, helen, album)
    await album.take("channel", screen.person("channel"))
    await _arrange(helen, album)
    await priya.says("my cases")
    await album.take("my-cases", priya)
    for button in ("+1 day", "+1 day", "+1 hour"):
        await screen.moves_the_clock(button)
    await _record(priya, helen, album)
    dot = screen.person("dot")
    await dot.looks()
    await dot.pane.locator(".letter summary").first.click()
    await album.take("mailbox", dot)


async def _raise(priya: Person, album: Album) -> None:
    await priya.says("concern about Tom Ashworth")
    await album.take("first-question", priya)
    await priya.presses("I am just starting")
    await album.take("route-check", priya)
    await priya.presses("No, carry on")
    await priya.fills(TOM)
    await album.take("form", priya)
    await priya.presses("Check my answers")
    await album.take("check-your-answers", priya)
    await priya.presses("Set the weekly target")
    await album.take("receipt", priya)


async def _enter_for_dot(sam: Person, album: Album) -> None:
    await sam.says("concern about Kai")
    await sam.presses("I am just starting")
    await sam.presses("No, carry on")
    await sam.fills(KAI)
    await album.take("form-for-somebody", sam)
    await sam.presses("Check my answers")
    await sam.presses("Set the weekly target")
    await album.take("receipt-for-somebody", sam)


async def _side_by_side(priya: Person, helen: Person, album: Album) -> None:
    """The mentor's receipt and the Link Tutor's card, as they stand beside each other on a wide screen."""
    page, size = priya.page, priya.page.viewport_size
    if size is None or size["width"] < DESKTOP[0]:
        return
    await page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    await priya.looks()
    await helen.row.hover()
    await page.get_by_role("button", name="Open Dr Helen Marsh beside").click()
    await expect(helen.pane).to_be_visible()
    await album.take("side-by-side", priya)
    await page.get_by_role("button", name="Close the chat with Dr Helen Marsh").click()
    await page.set_viewport_size(size)


async def _arrange(helen: Person, album: Album) -> None:
    await helen.presses("I have it")
    await helen.presses("Arrange the meeting")
    await helen.fills({"Day": "2026-10-15", "Time": "15:45", "How long": "30 minutes"})
    await album.take("arrange", helen)
    await helen.presses("Make the invitation")
    await album.take("invitation", helen)
    await helen.presses("It is booked for Thursday 15 October, 3:45pm")
    await album.take("booked", helen)


async def _record(priya: Person, helen: Person, album: Album) -> None:
    await album.take("meeting-over", helen)
    await helen.presses("Record the meeting")
    await helen.fills({"In your view": "Not as expected", "In your own words": "Routines are not secure yet."})
    await album.take("meeting-record", helen)
    await helen.presses("Record the meeting")
    await priya.sees("What is your view?")
    await priya.presses("Record my view")
    await priya.fills({"Progress is": "Not as expected", "In your own words": "He works hard and needs more help."})
    await album.take("my-view", priya)
    await priya.presses("Record my view")
    await album.take("both-views", helen)
    await helen.presses("Open the support plan")
    await album.take("plan-opens", helen)
    await album.take("student", helen.screen.person("tom"))


async def _go(browser: Browser, size: tuple[int, int], theme: str, album: Album) -> None:
    with tempfile.TemporaryDirectory() as data:
        async with practising(Path(data) / "practice") as running:
            screen = await open_screen(browser, running.address, width=size[0], height=size[1], theme=theme)
            await walk(screen, album)
            await screen.page.context.close()


async def _main(asked: argparse.Namespace) -> None:
    executable = find_chromium()
    if executable is None:
        raise SystemExit("No Chromium was found. Set PATHWAY_CHROMIUM to one.")
    asked.out.mkdir(parents=True, exist_ok=True)
    async with chromium(executable) as browser:
        if asked.look:
            width, theme = int(asked.look[0]), asked.look[1]
            height = 844 if width < 720 else 800
            await _go(browser, (width, height), theme, Album(asked.out, whole_cards=True))
            return
        await _go(browser, DESKTOP, "light", Album(asked.out, LIGHT))
        await _go(browser, PHONE, "dark", Album(asked.out, DARK))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=PICTURES)
    parser.add_argument("--look", nargs=2, metavar=("WIDTH", "THEME"), help="every card, at this width, light or dark")
    asyncio.run(_main(parser.parse_args()))
