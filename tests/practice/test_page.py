"""The page in a real browser: people, chats, cards, the clock; by mouse and by keyboard, wide and narrow."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from pathway.dates import LONDON, time_in_words
from tests.practice.house import chromium_for_tests, page_faults, serving, visit

pytestmark = pytest.mark.browser


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    page_faults.clear()
    async with chromium_for_tests() as it:
        yield it
    assert page_faults == []


@pytest.fixture
async def address(tmp_path: Path) -> AsyncIterator[str]:
    async with serving(tmp_path / "p") as it:
        yield it


async def press(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name, exact=True).last.click()


async def focused(page: Page) -> str:
    return str(await page.evaluate("document.activeElement.textContent"))


async def test_priya_fills_a_form_in_and_the_next_card_takes_the_focus(browser: Browser, address: str) -> None:
    page = await visit(browser, f"{address}/?person=priya")
    await expect(page.get_by_text("Made-up people. Nothing leaves this computer.", exact=False)).to_be_visible()
    await expect(page.locator('[aria-current="true"]')).to_contain_text("Priya Nair")
    await press(page, "Raise a concern")
    await expect(page.get_by_role("heading", name="What you have seen")).to_be_focused()
    student = page.get_by_role("combobox", name="Student")
    assert await student.input_value() == "Tom Ashworth, PGCE Primary, Phase 1, Hollin Bank Primary"
    await press(page, "Check my answers")
    await expect(page.get_by_text("Write what you have seen.")).to_be_visible()
    await page.get_by_label("What I have seen").fill("Tom starts before the class is quiet; a fail.")
    await page.get_by_label("Planned together").check()
    await press(page, "Check my answers")
    await expect(page.get_by_text("Please do not use that word here.")).to_be_visible()
    await page.get_by_label("What I have seen").fill("Tom starts before the class is quiet.")
    await press(page, "Check my answers")
    await expect(page.get_by_role("heading", name="Weekly target set")).to_be_focused()
    link = page.get_by_role("link", name="Open in Teams (opens in a new tab)")
    await expect(link.or_(page.get_by_role("button", name="Open in Teams (opens in a new tab)"))).to_be_visible()


async def test_a_failed_press_says_so_and_keeps_what_was_typed(browser: Browser, address: str) -> None:
    page = await visit(browser, f"{address}/?person=priya")
    await press(page, "concern")
    await page.get_by_label("What I have seen").fill("Half a sentence")
    await press(page, "Fail on purpose")
    await expect(page.locator(".notice.problem")).to_have_text("Something went wrong. Please try again.")
    assert await page.get_by_label("What I have seen").input_value() == "Half a sentence"
    assert await focused(page) == "Fail on purpose"
    await page.get_by_role("button", name="Show in dark colours").click()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert await page.get_by_label("What I have seen").input_value() == "Half a sentence"
    page_faults.clear()  # the console notes that a press was answered with 500


async def test_the_next_reminder_reaches_priya_while_helen_is_open(browser: Browser, address: str) -> None:
    page = await visit(browser, f"{address}/?person=helen")
    await expect(page.locator("#clock-now")).to_have_text("Tuesday 6 October 2026, 9am")
    await expect(page.locator("#clock-next")).to_have_text("One-week check for Priya Nair, Tuesday 13 October, 3:30pm")
    await press(page, "To the next reminder")
    await expect(page.locator("#clock-now")).to_have_text("Tuesday 13 October 2026, 3:30pm")
    await expect(page.locator("#clock-next")).to_have_text("Nothing is waiting for a date.")
    await expect(page.locator('[data-key="priya"] .badge')).to_have_text("1 new")
    await page.locator('[data-key="priya"]').hover()
    await page.get_by_role("button", name="Open Priya Nair beside").click()
    await expect(page.get_by_role("heading", name="How did it go with Tom?")).to_be_visible()
    await expect(page.locator(".pane")).to_have_count(2)
    await expect(page.locator('[data-key="priya"] .badge:visible')).to_have_count(0)
    assert page.url.endswith("/?person=helen&beside=priya")
    await page.get_by_role("button", name="Close the chat with Dr Helen Marsh").click()
    await expect(page.locator(".pane")).to_have_count(1)
    assert page.url.endswith("/?person=priya")


async def test_everything_can_be_reached_and_used_from_the_keyboard(browser: Browser, address: str) -> None:
    page = await visit(browser, f"{address}/?person=priya")
    await page.keyboard.press("Tab")
    assert await focused(page) == "Skip to the chat"
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_be_focused()
    await page.get_by_label("Type a message to Pathway").focus()
    await page.keyboard.type("hi")
    await page.keyboard.press("Enter")
    await expect(page.locator("#live")).to_contain_text("Pathway: What I can do")
    await page.locator('[data-key="lucy"]').focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Lucy Tran")).to_be_focused()
    await page.go_back()
    await expect(page.locator('[aria-current="true"]')).to_contain_text("Priya Nair")
    landmarks = page.locator("header.top, nav[aria-label=People], main")
    await expect(landmarks).to_have_count(3)


@pytest.mark.parametrize(("width", "theme"), [(390, "light"), (300, "dark")])
async def test_a_phone_shows_the_people_then_the_chat_and_nothing_is_cut(
    browser: Browser, address: str, width: int, theme: str
) -> None:
    page = await visit(browser, f"{address}/?theme={theme}", width=width, height=760)
    await expect(page.locator("main")).to_be_hidden()
    await page.locator('[data-key="priya"]').click()
    await expect(page.locator("#side")).to_be_hidden()
    await press(page, "concern")
    await expect(page.get_by_role("heading", name="What you have seen")).to_be_visible()
    cut = await page.evaluate(
        "[...document.querySelectorAll('.messages, .ac-pushButton, .ac-pushButton > div, .ac-textBlock, .pane, .top')]"
        ".filter((e) => e.scrollWidth > e.clientWidth + 1 || e.getBoundingClientRect().right > innerWidth).map((e) => e.className)"
    )
    assert cut == []
    assert await page.evaluate("document.documentElement.scrollWidth") == width
    lefts = await page.evaluate(
        "[...new Set([...document.querySelectorAll('.ac-actionSet')].pop().querySelectorAll("
        "'.ac-pushButton').values().map((b) => Math.round(b.getBoundingClientRect().left)))]"
    )
    assert len(lefts) == 1
    await page.get_by_role("button", name="Move the clock").click()
    await page.get_by_role("button", name="+1 day").click()
    await expect(page.locator("#clock-now")).to_contain_text("Wednesday 7 October")
    await page.get_by_role("button", name="Back to the people").click()
    await expect(page.locator('[data-key="priya"]')).to_be_visible()


async def test_start_again_asks_first(browser: Browser, address: str) -> None:
    page = await visit(browser, f"{address}/?person=priya")
    await press(page, "concern")
    await expect(page.get_by_role("heading", name="What you have seen")).to_be_visible()
    await page.get_by_role("button", name="Start again").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await press(page, "Keep going")
    await expect(page.get_by_role("heading", name="What you have seen")).to_be_visible()
    await page.get_by_role("button", name="Start again").click()
    await page.locator("#ask-yes").click()
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await expect(page.get_by_role("heading", name="What you have seen")).to_have_count(0)
    await expect(page.get_by_role("heading", name="Hello, I am Pathway")).to_have_count(1)


async def test_the_channel_has_threads_and_the_chat_can_stand_alone(browser: Browser, address: str) -> None:
    page = await visit(browser, f"{address}/?person=channel")
    await page.get_by_label("Write as").select_option("sam")
    await page.get_by_label("Mention Pathway in the channel").fill("what is new?")
    await page.keyboard.press("Enter")
    thread = page.locator(".thread").filter(has_text="what is new?")
    await expect(thread).to_contain_text("Sam Whitfield")
    await expect(thread).to_contain_text("1 reply")
    await expect(thread).to_contain_text("I answer in your own chat.")
    await page.goto(f"{address}/?person=priya&only=chat&theme=dark")
    await expect(page.get_by_role("heading", name="Hello, I am Pathway")).to_be_visible()
    await expect(page.locator("#side")).to_be_hidden()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")


async def test_the_page_says_a_time_as_the_cards_do(browser: Browser, address: str) -> None:
    page = await visit(browser, address)
    nights = (datetime(2026, 7, 1, tzinfo=LONDON), datetime(2026, 12, 1, tzinfo=LONDON))
    moments = [night + timedelta(minutes=15 * n) for night in nights for n in range(96)]
    said = await page.evaluate(
        """async (moments) => {
            const { time } = await import("/static/words.js");
            return moments.map((moment) => time(new Date(moment)));
        }""",
        [moment.isoformat() for moment in moments],
    )
    assert said == [time_in_words(moment.time()) for moment in moments]
    assert {"midnight", "8am", "midday", "3:45pm"} < set(said)


async def test_what_the_bot_writes_cannot_bring_markup_or_pictures(browser: Browser, address: str) -> None:
    page = await visit(browser, f"{address}/?person=priya")
    drawn = await page.evaluate(
        """async () => {
            const { prose } = await import("/static/card.js");
            return prose("# big\\n\\n<img src=x> **bold** `code` ![p](http://x/y.png) [ok](https://example.org) " +
                "[bad](javascript:alert(1))\\n\\n- one\\n- two").innerHTML;
        }"""
    )
    for tag in ("<h1", "<img", "<code", 'javascript:alert(1)"'):
        assert tag not in drawn
    for tag in ("<strong>bold</strong>", "<li>", 'rel="noopener noreferrer"'):
        assert tag in drawn
