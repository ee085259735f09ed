"""Pictures of the cards, taken in practice modes of their own: `python tools/pictures.py` writes docs/pictures/.

Three roads are walked in Chromium: Tom's from the first worry to both views, and stories 2 (Aisha's) and 3 (Daniel's)
whole, as the browser tests walk them; then a meeting is moved in a calendar. docs/cards.md shows the pictures in the
order of the road.

`--look WIDTH THEME` takes every card of the three at that width instead, for somebody to look at.
`--time` takes none: it walks story 3 as a newcomer would by hand and says what that asks for, and how long it takes.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from time import monotonic
from time import time as now

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from playwright.async_api import Browser, Page, expect  # noqa: E402 (the checkout is not installed)

from pathway.dates import LONDON  # noqa: E402
from tests.browser.house import practising  # noqa: E402
from tests.browser.outlook import Outlook  # noqa: E402
from tests.browser.person import Effort, Filled, Person, Screen, open_screen  # noqa: E402
from tests.browser.stories import (  # noqa: E402
    Around,
    Target,
    agrees_the_plan,
    answers_the_plan,
    books_the_next_steps,
    converses,
    discusses,
    ends,
    fills_in_the_outcome,
    meets,
    observes,
    records_the_next_steps,
    sets_a_weekly_target,
    starts_the_review,
    talks_it_through,
    tells_the_link_tutor,
    writes_the_plan,
)
from tests.browser.test_calendar import FRIDAY, arranges, is_booked_on_thursday  # noqa: E402
from tests.browser.test_story_three import the_first_half, the_second_half  # noqa: E402
from tests.browser.test_story_two import aishas_road  # noqa: E402
from tests.practice.house import chromium, find_chromium  # noqa: E402
from tools.png import squeeze  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
MOST_BYTES = 120_000
DESKTOP, WIDE, PHONE = (1280, 800), (1400, 900), (390, 844)
NARROW = (300, 700)
#: The pictures of each road, at a size and in a theme: what is not named is looked at only.
LIGHT = frozenset({
    "welcome", "side-by-side", "first-question", "form", "receipt", "link-tutor", "arrange", "meeting-record",
    "both-views", "channel", "mailbox",
})  # fmt: skip
DARK = frozenset({"route-check", "check-your-answers", "weekly-check", "tell-the-link-tutor", "invitation", "my-cases"})
DANIEL_LIGHT = frozenset({
    "plan-form", "plan-check", "talk-through", "pebblepad", "observation", "discussion", "three-way", "outcome-form",
    "outcome-ends-check", "next-steps-book", "next-steps-form", "channel-review-done",
})  # fmt: skip
DANIEL_DARK = frozenset({
    "plan-opens", "plan-to-agree", "plan-in-place", "plan-to-student", "book-visit", "halfway", "halfway-student",
    "my-plan", "student-promises", "review-day", "review-begun", "outcome-ends-sian", "outcome-ends-to-student",
    "next-steps-invited", "next-steps-summary",
})  # fmt: skip
AISHA_NARROW = frozenset({
    "student-talk", "student-reply", "duties", "promises", "review-ahead", "review-start", "outcome-continues-check",
    "outcome-continues-to-student", "outcome-continues-gareth",
})  # fmt: skip
#: With calendars.
GRAPH_LIGHT = frozenset({"calendar"})
#: When Priya Nair is asked how the week went.
ASKED = datetime(2026, 10, 13, 15, 30, tzinfo=LONDON)
#: Taken as the whole window; the others are the card alone.
WINDOWS = frozenset({"welcome", "side-by-side", "channel", "channel-review-done", "mailbox", *DARK, *GRAPH_LIGHT})

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


async def _window(page: Page, file: Path) -> None:
    await page.screenshot(path=file)


async def _card(person: Person, file: Path) -> None:
    """The newest message whole, however tall, with a little of what is around it."""
    page, newest = person.page, person.pane.locator(".message, .letter").last
    size = page.viewport_size or {"width": DESKTOP[0], "height": DESKTOP[1]}
    tall = 0
    while (now_tall := await newest.evaluate("e => e.offsetHeight")) != tall:
        tall = now_tall
        await page.set_viewport_size({"width": size["width"], "height": size["height"] + tall})
        await newest.evaluate("e => e.scrollIntoView({ block: 'end', behavior: 'instant' })")
    clip = await newest.evaluate(
        """(e, around) => {
            const box = e.getBoundingClientRect(), left = Math.max(0, box.left - around);
            const width = Math.min(innerWidth, box.right + around) - left;
            return { x: left, y: box.top - around, width: Math.min(width, 700), height: box.height + around + 4 };
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
    await _arrange(priya, helen, album)
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


async def _arrange(priya: Person, helen: Person, album: Album) -> None:
    await helen.presses("I have it")
    await helen.presses("Arrange the meeting")
    await album.take("arrange", helen)
    await helen.presses("Another time")
    await album.take("another-time", helen)
    await helen.presses("Back")
    await helen.presses("Offer these times to Priya Nair")
    await album.take("times-offered", helen)
    await priya.sees("When can you meet?")
    await priya.fills({"Tick all that suit": ["Thursday 15 October", "Friday 16 October"]})
    await album.take("times-to-choose", priya)
    await priya.presses("I can do these")
    await album.take("times-answered", priya)
    await helen.sees("Priya Nair can do Thursday 15 October, 3:30pm")
    await album.take("times-chosen", helen)
    await helen.presses("Make the invitation")
    await album.take("invitation", helen)
    await helen.presses("It is booked for Thursday 15 October, 3:30pm")
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


async def walk_aishas(screen: Screen, album: Album) -> None:
    gareth, helen, aisha = (screen.person(key) for key in ("gareth", "helen", "aisha"))
    await aishas_road(Around(screen, gareth, helen, aisha, "Aisha", album.take))


async def walk_daniels(screen: Screen, album: Album) -> None:
    sian, martin, daniel = (screen.person(key) for key in ("sian", "martin", "daniel"))
    around = Around(screen, sian, martin, daniel, "Daniel", album.take)
    await the_first_half(around)
    await the_second_half(around)


async def walk_with_calendars(screen: Screen, album: Album) -> None:
    """Tom's meeting stands in Dr Helen Marsh's calendar, is dragged to another day there, and Pathway notices."""
    helen = screen.person("helen")
    calendar = Outlook(helen)
    await arranges(screen)
    await is_booked_on_thursday(screen)
    await calendar.opens()
    await calendar.drags_to(FRIDAY)
    await calendar.shows(FRIDAY, "3:30pm to 4pm")
    await screen.moves_the_clock("+1 hour")
    await helen.sees_heading("The meeting was moved in Outlook")
    await album.take("calendar", helen)


Road = Callable[[Screen, Album], Awaitable[None]]


async def _go(browser: Browser, size: tuple[int, int], theme: str, road: Road, album: Album, *more: str) -> Effort:
    """Walks one road in a practice of its own, with *more* on its command line. What it asked of a person."""
    album.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        async with practising(Path(data) / "practice", *more) as running:
            screen = await open_screen(browser, running.address, width=size[0], height=size[1], theme=theme)
            await road(screen, album)
            effort = await screen.effort()
            await screen.page.context.close()
            return effort


async def _take(browser: Browser, out: Path) -> None:
    """The pictures of the pages. Two roads at a time: each has a window and a practice of its own."""
    await asyncio.gather(
        _go(browser, DESKTOP, "light", walk, Album(out, LIGHT)),
        _go(browser, PHONE, "dark", walk, Album(out, DARK)),
    )
    await asyncio.gather(
        _go(browser, DESKTOP, "light", walk_daniels, Album(out, DANIEL_LIGHT)),
        _go(browser, PHONE, "dark", walk_daniels, Album(out, DANIEL_DARK)),
    )
    await _go(browser, NARROW, "light", walk_aishas, Album(out, AISHA_NARROW))
    await _go(browser, WIDE, "light", walk_with_calendars, Album(out, GRAPH_LIGHT), "--graph", "fake")


async def _look(browser: Browser, out: Path, width: int, theme: str) -> None:
    """Every card of the three roads, each road in a folder of its own."""
    size = (width, 844 if width < 720 else 800)
    for name, road in (("tom", walk), ("aisha", walk_aishas), ("daniel", walk_daniels)):
        await _go(browser, size, theme, road, Album(out / name, whole_cards=True))


# -- by hand -----------------------------------------------------------------------------------------------------------

#: Seconds of the keystroke-level model (Card, Moran and Newell, 1980): to point and press, to type a character as
#: somebody does who is no typist, and to make up one's mind before a field.
PRESS, KEY, THINK = 1.3, 0.28, 1.35
FEW_WORDS: Mapping[str, Filled] = {
    "What I have seen, and when": "Monday, period 2",
    "What is going well": "Warm and ready",
    "The target for this week": "A calm start",
    "How you will both know": "In four lessons",
    "Help I am offering": ["Planning together"],
    "Area to work on": ["TS1 High expectations", "TS4 Planning and teaching lessons", "TS7 Managing behaviour"],
}
FEW_TARGETS = tuple(
    Target(words, "In four lessons", "Planning together", "In two lessons", "Not yet met")
    for words in ("A calm start", "Steps on the board", "Wait for silence")
)
FEW_STEPS: Mapping[str, Filled] = {
    "Who came (": ["Daniel Okoro"],
    "Daniel brought somebody": "No",
    "What was talked about": ["Take the placement again"],
    "What was decided": "Again in January",
    "Place on the course": "Still a student on the course",
    "University sessions": "They go on as before",
    "Whom to ask about funding": "Student finance",
    "Who follows this up": "Ruth Adeyemi",
}


async def walk_as_a_newcomer(screen: Screen, _album: Album) -> None:
    """Story 3 as somebody tries it on the first morning: all that is asked for, with practice mode's sample words where
    there are any, else two or three words in each box.
    """
    screen.takes_samples = True
    sian, martin, daniel, sam = (screen.person(key) for key in ("sian", "martin", "daniel", "sam"))
    around = Around(screen, sian, martin, daniel, "Daniel")
    await sets_a_weekly_target(sian, "", choose="Daniel Okoro", words=FEW_WORDS)
    await tells_the_link_tutor(screen, sian, "Daniel")
    await meets(around, date(2026, 10, 14), time(15, 45))
    await writes_the_plan(around, martin, FEW_TARGETS, ["Planning together"])
    await agrees_the_plan(around, sian)
    await screen.moves_the_clock("+1 day")
    await talks_it_through(around, "")
    await answers_the_plan(around)
    await screen.goes_on_to(datetime(2026, 10, 22, 16, 45, tzinfo=LONDON))
    await starts_the_review(around)
    await observes(around, "Year 8 science", FEW_TARGETS)
    await discusses(around, "Yes", "All of it")
    await converses(around, ["Daniel Okoro"], "It gets loud")
    told_by = "Martin Leigh, with Sian Pritchard there"
    await fills_in_the_outcome(around, FEW_TARGETS, "None is met", told_at="15:00", told_by=told_by)
    await ends(around, "15:10")
    await books_the_next_steps(around, sam, {"Time": "10:00", "Where": "Room 204"})
    await screen.goes_on_to(datetime(2026, 10, 29, 16, 45, tzinfo=LONDON))
    await records_the_next_steps(around, sam, FEW_STEPS)
    await daniel.sees("What was decided", "A new placement from January")


async def _time(browser: Browser) -> None:
    with tempfile.TemporaryDirectory() as empty:
        began = monotonic()
        effort = await _go(browser, DESKTOP, "light", walk_as_a_newcomer, Album(Path(empty)))
        took = monotonic() - began
    by_hand = PRESS * effort.presses + THINK * effort.fields + KEY * sum(effort.typed)
    print(f"Story 3 whole: {effort.presses} presses, {effort.fields} fields, {sum(effort.typed)} characters.")
    print(f"The machine took {took:.0f} seconds with the start of practice mode.")
    print(f"A person takes {by_hand / 60:.1f} minutes.")


# -- everything --------------------------------------------------------------------------------------------------------


def _squeeze_all(began: float, out: Path) -> None:
    """Every picture that was taken since *began* (seconds since 1970), made small."""
    taken = sorted(file for file in out.rglob("*.png") if file.stat().st_mtime >= began)
    with ProcessPoolExecutor() as pool:
        for file, size in zip(taken, pool.map(squeeze, taken), strict=True):
            print(f"{file.relative_to(out)}: {size // 1000} KB" + (" TOO LARGE" if size > MOST_BYTES else ""))


async def _main(asked: argparse.Namespace) -> None:
    executable = find_chromium()
    if executable is None:
        raise SystemExit("No Chromium was found. Set PATHWAY_CHROMIUM to one.")
    began = now()
    async with chromium(executable) as browser:
        if asked.time:
            await _time(browser)
        elif asked.look:
            await _look(browser, asked.out, int(asked.look[0]), asked.look[1])
        else:
            await _take(browser, asked.out)
    if not asked.time:
        _squeeze_all(began, asked.out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=PICTURES)
    parser.add_argument("--look", nargs=2, metavar=("WIDTH", "THEME"), help="every card, at this width, light or dark")
    parser.add_argument("--time", action="store_true", help="no pictures: how long story 3 takes by hand")
    asyncio.run(_main(parser.parse_args()))
