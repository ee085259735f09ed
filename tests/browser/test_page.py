"""The page with the real bot under it: the keyboard, the eyes and ears, faults, drafts, power cuts."""

from __future__ import annotations

import asyncio
import re
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Route, expect

from pathway.dates import local_date
from tests.browser.checks import looks_right, pale_words
from tests.browser.conftest import Opens
from tests.browser.house import Running, practising
from tests.browser.stories import (
    WORDS,
    is_asked_how_it_went,
    opens_the_form,
    sets_a_weekly_target,
    tells_the_link_tutor,
)

SEEN = "What I have seen, and when"
WELL = "What is going well"

# -- the keyboard -----------------------------------------------------------------------------------------------------


async def tabs_to(page: Page, name: str, at_most: int = 60) -> None:
    """Presses Tab until something of this accessible name has the focus."""
    wanted = "name => { const e = document.activeElement; return named(e).startsWith(name) }"
    named = (
        "const named = (e) => (e.getAttribute('aria-labelledby')?.trim().split(/\\s+/)"
        ".map((id) => document.getElementById(id)?.textContent).join(' ') || e.getAttribute('aria-label') || "
        "[...(e.labels ?? [])].map((l) => l.textContent).join(' ') || e.textContent).trim();"
    )
    for _ in range(at_most):
        await page.keyboard.press("Tab")
        if await page.evaluate(f"name => {{ {named} return ({wanted})(name) }}", name):
            return
    raise AssertionError(f"Tab never came to {name!r}")


async def presses_the_focused_button(page: Page, key: str) -> None:
    async with page.expect_response("**/acts"):
        await page.keyboard.press(key)


async def test_a_concern_is_raised_with_the_keyboard_alone(shared_practice: Running, opens: Opens) -> None:
    screen = await opens(shared_practice, person="priya")
    page, hannah = screen.page, screen.person("hannah")
    today = local_date(await screen.now())
    await tabs_to(page, "HW")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Hannah Whitaker", exact=True)).to_be_focused()
    await expect(hannah.card).to_be_visible()
    await tabs_to(page, "Raise a concern")
    await presses_the_focused_button(page, "Enter")
    await expect(hannah.card.get_by_role("heading").first).to_be_focused()
    await expect(page.locator("#live")).to_have_attribute("aria-live", "polite")
    await tabs_to(page, "I am just starting", 3)
    await presses_the_focused_button(page, "Space")
    await expect(page.get_by_role("heading", name="Before you type anything")).to_be_focused()
    await tabs_to(page, "No, carry on", 3)
    await presses_the_focused_button(page, "Enter")
    await expect(page.get_by_role("heading", name="Set a weekly target")).to_be_focused()
    await tabs_to(page, "I talked to them about it on", 3)
    await page.keyboard.type(today.strftime("%d%m%Y"))
    assert await hannah.filled("I talked to them about it on") == today.isoformat()
    for label in (SEEN, WELL, "The target for this week", "How you will both know"):
        await tabs_to(page, label, 5)
        await page.keyboard.type(str(WORDS[label]))
    await tabs_to(page, "Planning together", 5)
    await page.keyboard.press("Space")
    await tabs_to(page, "TS7", 20)
    await page.keyboard.press("Space")
    assert await hannah.filled("Area to work on") == "TS7 Managing behaviour"
    await tabs_to(page, "Check my answers", 20)
    await presses_the_focused_button(page, "Enter")
    await expect(page.get_by_role("heading", name="Check your answers")).to_be_focused()
    await tabs_to(page, "Set the weekly target", 3)
    await presses_the_focused_button(page, "Enter")
    await expect(hannah.card.get_by_role("heading").first).to_be_focused()
    await hannah.sees("The weekly target is set", str(WORDS["The target for this week"]))


async def test_what_is_typed_is_answered_aloud(shared_practice: Running, opens: Opens) -> None:
    screen = await opens(shared_practice, person="bea")
    bea = screen.person("bea")
    await bea.says("my cases")
    await expect(screen.page.locator("#live")).to_contain_text("Pathway: Placements: your cases")


# -- eyes and ears ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("theme", "width", "height"), [("light", 1280, 900), ("dark", 390, 844), ("light", 300, 700), ("dark", 300, 700)]
)
async def test_every_field_has_a_name_every_word_is_plain_to_see_and_nothing_is_cut(
    shared_practice: Running, opens: Opens, theme: str, width: int, height: int
) -> None:
    screen = await opens(shared_practice, width=width, height=height, theme=theme)
    gareth = screen.person("gareth")
    if width < 720:
        assert await pale_words(screen.page) == []
        assert await screen.cut_off() == []
    await gareth.says("concern about Aisha")
    for button in ("I am just starting", "No, carry on", "Check my answers"):
        await looks_right(screen)
        await gareth.presses(button)
    await looks_right(screen)
    await expect(gareth.card.get_by_text("to put right")).to_be_visible()


async def test_light_and_dark_change_nothing_that_is_typed(shared_practice: Running, opens: Opens) -> None:
    screen = await opens(shared_practice, person="owen")
    owen = screen.person("owen")
    await opens_the_form(owen, "Freya")
    await owen.fills({SEEN: "Half a sentence", "Help I am offering": ["Planning together"]})
    html = screen.page.locator("html")
    for name, theme in (("Show in dark colours", "dark"), ("Show in light colours", "light")):
        await screen.page.get_by_role("button", name=name).click()
        await expect(html).to_have_attribute("data-theme", theme)
        assert await pale_words(screen.page) == []
        assert await owen.filled(SEEN) == "Half a sentence"
        assert await owen.filled("Help I am offering") == "Planning together"


async def test_two_chats_stand_side_by_side_and_what_is_new_is_marked(shared_practice: Running, opens: Opens) -> None:
    screen = await opens(shared_practice, width=1400, person="colin")
    colin, bea, ellie = screen.person("colin"), screen.person("bea"), screen.person("ellie")
    await sets_a_weekly_target(colin, "Ellie")
    await expect(ellie.unread).to_have_text("1 new")
    await expect(screen.page.locator("#fresh")).to_contain_text("Ellie Hargreaves")
    await bea.row.hover()
    await screen.page.get_by_role("button", name="Open Dr Bea Lawson beside").click()
    await expect(screen.page.locator(".pane")).to_have_count(2)
    await expect(colin.card.get_by_role("button").last).to_be_in_viewport()
    await tells_the_link_tutor(screen, colin, "Ellie")
    await bea.sees("Colin Speight would like your help")
    await expect(bea.unread).to_have_count(0)
    await bea.presses("I have it")
    await expect(colin.pane).to_contain_text("Dr Bea Lawson has it")
    assert await screen.cut_off() == []
    await ellie.looks()
    await expect(ellie.unread).to_have_count(0)


async def test_somebody_elses_news_is_said_aloud(shared_practice: Running, opens: Opens) -> None:
    screen = await opens(shared_practice, person="sam")
    other = await opens(shared_practice, person="lucy")
    await sets_a_weekly_target(other.person("lucy"), "Megan")
    await expect(screen.page.locator("#live")).to_contain_text("New message for Megan Doyle")
    await expect(screen.person("megan").unread).to_have_text("1 new")


async def test_mail_that_goes_out_while_the_clock_moves_is_dated_on_its_own_day(
    shared_practice: Running, opens: Opens
) -> None:
    screen = await opens(shared_practice)
    sam, dot = screen.person("sam"), screen.person("dot")
    await sets_a_weekly_target(sam, "Kai")
    await screen.moves_the_clock("+1 week")
    await dot.looks()
    reminders = dot.pane.locator("summary").filter(has_text="a reminder")
    await expect(reminders.first).to_be_visible()
    told = await reminders.locator("time").all_inner_texts()
    assert {words.rpartition(", ")[2] for words in told} <= {"8am", "3:30pm"}


# -- faults and drafts -------------------------------------------------------------------------------------------------


async def test_a_fault_stands_at_its_field_and_everything_typed_is_kept(shared_practice: Running, opens: Opens) -> None:
    screen = await opens(shared_practice, person="sian")
    sian = screen.person("sian")
    today = local_date(await screen.now())
    await opens_the_form(sian, "Daniel")
    four = ["TS1 High expectations", "TS4 Planning and teaching lessons", "TS6 Assessment", "TS7 Managing behaviour"]
    await sian.fills({**WORDS, "I talked to them about it on": today.isoformat(), "Area to work on": four})
    await sian.presses("Check my answers")
    await expect(sian.field("Area to work on").locator("xpath=following-sibling::*[2]")).to_contain_text("up to 3")
    await sian.sees("One thing to put right:")
    for label in (SEEN, WELL, "The target for this week", "How you will both know"):
        assert await sian.filled(label) == WORDS[label]
    assert await sian.filled("Area to work on") == ", ".join(four)
    assert await sian.filled("I talked to them about it on") == today.isoformat()
    await sian.field("Area to work on").get_by_label("TS6 Assessment").uncheck()
    await sian.presses("Check my answers")
    await sian.sees_heading("Check your answers")


async def test_a_half_filled_form_stays_when_something_new_comes_into_the_chat(
    shared_practice: Running, opens: Opens
) -> None:
    screen = await opens(shared_practice, person="owen")
    owen = screen.person("owen")
    await opens_the_form(owen, "Freya")
    await owen.fills({SEEN: "Half a sentence", "Area to work on": ["TS6 Assessment"]})
    await owen.says("my cases")
    assert await owen.filled(SEEN) == "Half a sentence"
    assert await owen.filled("Area to work on") == "TS6 Assessment"


async def test_a_form_is_saved_half_filled_and_found_again_after_the_page_was_closed(
    shared_practice: Running, opens: Opens
) -> None:
    screen = await opens(shared_practice, person="gareth")
    gareth = screen.person("gareth")
    await opens_the_form(gareth, "Grace")
    await gareth.fills({SEEN: "Plans arrive late.", "Help I am offering": ["Planning together"]})
    await gareth.presses("Save for later")
    await gareth.sees("Saved for later", "Only you can see it.")
    await screen.page.context.close()
    again = await opens(shared_practice, person="gareth")
    gareth = again.person("gareth")
    await gareth.says("concern about Aisha")
    await gareth.sees("You have a half-filled form")
    await gareth.presses("Go on with it")
    assert await gareth.filled(SEEN) == "Plans arrive late."
    assert await gareth.filled("Help I am offering") == "Planning together"
    assert await gareth.filled(WELL) == ""


# -- power cuts ---------------------------------------------------------------------------------------------------------


async def test_nothing_confirmed_is_lost_when_the_bot_is_killed_and_then_practice_too(
    tmp_path: Path, opens: Opens
) -> None:
    async with practising(tmp_path / "practice") as running:
        screen = await opens(running, person="hannah")
        hannah, bea = screen.person("hannah"), screen.person("bea")
        await sets_a_weekly_target(hannah, "")
        await is_asked_how_it_went(screen, hannah)
        await hannah.presses("Not yet: tell the Link Tutor")
        await hannah.fills({"How the week went": "Two of five lessons."})
        killed = running.kill_the_bot()
        await expect(screen.page.locator("#bot-state")).to_be_visible()
        await expect(screen.page.locator("#bot-state")).to_be_hidden(timeout=20_000)
        assert running.bot() != killed
        assert await hannah.filled("How the week went") == "Two of five lessons."
        await hannah.presses("Tell the Link Tutor: Yusuf knows")
        await hannah.sees("Dr Bea Lawson has been told.")
        shown = await screen.clock.inner_text()
        running.kill_everything()
        await expect(screen.page.locator("#bot-state")).to_contain_text("Practice is not running.")
        await screen.closes(forgives="net::ERR_")
        key = running.data / "main.key"
        kept = [file.read_bytes() for file in (running.data / "book").rglob("*") if file.is_file()]
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        assert len(kept) > 5
        assert not any(b"Two of five" in data or key.read_bytes().strip() in data for data in kept)
    async with practising(tmp_path / "practice") as running:
        screen = await opens(running, person="hannah")
        hannah, bea = screen.person("hannah"), screen.person("bea")
        await expect(screen.clock).to_contain_text(shown.rpartition(":")[0])
        await hannah.sees("Dr Bea Lawson")
        await bea.sees("Two of five lessons.")
        await bea.presses("I have it")
        await bea.sees("Hannah Whitaker is told that you have it.")
        await expect(hannah.unread).to_have_text(re.compile("new"))
        await hannah.sees("Dr Bea Lawson has it")
        await screen.closes()


async def test_start_again_brings_the_first_morning_back(shared_practice: Running, opens: Opens) -> None:
    screen = await opens(shared_practice, person="lucy")
    lucy = screen.person("lucy")
    await screen.moves_the_clock("+1 week")
    await lucy.says("my cases")
    await screen.page.get_by_role("button", name="Start again").click()
    await screen.page.get_by_role("dialog").get_by_role("button", name="Start again").click()
    await expect(screen.page.get_by_role("dialog")).to_be_hidden(timeout=20_000)
    await expect(screen.clock).to_have_text(re.compile(r"Tuesday 6 October 2026, 9(:0\d)?am"))
    await expect(lucy.cards).to_have_count(1)
    await expect(screen.page.locator(".badge:visible")).to_have_count(0)
    await lucy.says("my cases")
    await lucy.sees("You have no open cases.")


async def test_a_press_that_news_come_into_still_opens_the_chat(practice: Running, opens: Opens) -> None:
    """The numbers in the list change with each message; who is pressing just then must not press in vain."""
    screen, beside = await opens(practice, person="priya"), await opens(practice, person="owen")
    lucy, freya = screen.person("lucy"), screen.person("freya")
    middle = await lucy.row.bounding_box()
    assert middle
    await screen.page.mouse.move(middle["x"] + middle["width"] / 2, middle["y"] + middle["height"] / 2)
    await screen.page.mouse.down()
    await sets_a_weekly_target(beside.person("owen"), "Freya")
    await expect(freya.unread).to_have_text("1 new")
    await screen.page.mouse.up()
    await expect(screen.page.get_by_role("heading", name="Lucy Tran", exact=True)).to_be_visible()


async def test_who_tries_it_need_not_invent_a_lesson(shared_practice: Running, opens: Opens) -> None:
    screen = await opens(shared_practice, person="owen")
    owen = screen.person("owen")
    await opens_the_form(owen, "Freya")
    today = local_date(await screen.now())
    await owen.fills({"I talked to them": today.isoformat(), "What is going well": "My own words"})

    await owen.samples.click()
    assert await owen.filled("What is going well") == "My own words"
    assert "Instructions were lost" in await owen.filled(SEEN)
    await owen.fills({"Help I am offering": ["Planning together"], "Area to work on": ["TS7 Managing behaviour"]})
    await owen.presses("Check my answers")
    await owen.sees("My own words", "Instructions were lost in the noise")
    await expect(owen.samples).to_have_count(0)


async def test_the_clock_moves_no_further_before_the_page_shows_where_it_stands(
    shared_practice: Running, opens: Opens
) -> None:
    """Where news on the way have shown a moment before, a second press would go an hour too far."""
    screen = await opens(shared_practice)
    page, let_it = screen.page, asyncio.Event()

    async def late(route: Route) -> None:
        await let_it.wait()
        await route.continue_()

    before = await screen.now()
    await page.route("**/api/state", late)
    hour = page.get_by_role("button", name="+1 hour", exact=True)
    async with page.expect_response("**/api/clock") as moved:
        await hour.click()
    await (await moved.value).finished()
    await page.evaluate("new Promise(then => requestAnimationFrame(() => setTimeout(then)))")
    await expect(hour).to_have_attribute("aria-disabled", "true")
    let_it.set()
    await expect(hour).not_to_have_attribute("aria-disabled", "true")
    assert timedelta(minutes=59) < await screen.now() - before < timedelta(minutes=70)


async def test_news_that_come_before_the_page_knows_anybody_are_no_fault(
    browser: Browser, practice: Running, opens: Opens
) -> None:
    screen = await opens(practice)
    page, faults, let_it = await browser.new_page(), list[str](), asyncio.Event()

    async def late(route: Route) -> None:
        await let_it.wait()
        await route.continue_()

    page.on("pageerror", lambda error: faults.append(str(error)))
    await page.route("**/api/state", late)
    await page.add_init_script(
        "window.heard = 0; window.EventSource = class extends EventSource {"
        " constructor(at) { super(at); this.addEventListener('message', () => { window.heard += 1; }); } };"
    )
    try:
        async with page.expect_request("**/api/state"):
            await page.goto(practice.address, wait_until="commit")
        await screen.person("priya").says("help")
        await page.wait_for_function("window.heard > 0")
        let_it.set()
        await page.wait_for_selector("body[data-ready]")
        assert faults == []
    finally:
        let_it.set()
        await page.close()
