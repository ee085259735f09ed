"""Practice mode for tests: served with the stand-in bot, and a Chromium to look at it."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NoReturn

import pytest
from playwright.async_api import Browser, Page, async_playwright

from bot.practice.folder import PracticeFolder
from bot.practice.server import page_files, serve

STANDIN = (sys.executable, "-m", "tests.practice.standin")
CHROMIUM = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=en-GB",
)


@asynccontextmanager
async def serving(
    data: Path, command: Sequence[str] = STANDIN, port: int = 0, *, graph: bool = False
) -> AsyncIterator[str]:
    """The address of a practice that keeps its things in *data*, without a slash at the end; *graph*: with calendars."""
    folder = PracticeFolder(data)
    folder.open()
    over = asyncio.Event()
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    practice = asyncio.create_task(
        serve(folder, port, command=command, graph=graph, ready=ready.set_result, until=over)
    )

    def ended(task: asyncio.Task[None]) -> None:
        if not ready.done():
            ready.set_exception(task.exception() or RuntimeError("Practice ended before it was ready."))

    practice.add_done_callback(ended)
    try:
        yield (await ready).rstrip("/")
    finally:
        over.set()
        await asyncio.wait([practice])
        folder.close()
    await practice


def find_chromium() -> str | None:
    """A Chromium to look at pages with: PATHWAY_CHROMIUM, or an installed one."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("PATHWAY_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@asynccontextmanager
async def chromium(executable: str) -> AsyncIterator[Browser]:
    """British pickers need LANGUAGE and, on Debian, the package chromium-l10n."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable, args=list(CHROMIUM), env={**os.environ, "LANGUAGE": "en_GB"}
        )
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def chromium_for_tests() -> AsyncIterator[Browser]:
    """The Chromium of every test that looks at a page. Where it or the page's files are missing the test is loudly
    skipped; where CI runs as root, tools/setup.sh should have brought them, so there it fails.
    """
    executable = find_chromium()
    if executable is None:
        _missing("no Chromium was found. Run tools/setup.sh browser, or set PATHWAY_CHROMIUM to one.")
    if not all(file.exists() for file in page_files().values()):
        _missing("the page's files are missing. Run python tools/setup_web.py first.")
    async with chromium(executable) as it:
        yield it


def _missing(what: str) -> NoReturn:
    words = f"THE BROWSER TESTS DID NOT RUN: {what}"
    if os.environ.get("CI") == "true" and os.geteuid() == 0:
        pytest.fail(words)
    pytest.skip(words)


async def visit(browser: Browser, address: str, *, width: int = 1400, height: int = 900) -> Page:
    """A new window on *address*, ready to be used; a fault in the page's script fails the test that looks."""
    page = await browser.new_page(viewport={"width": width, "height": height})
    page.on("pageerror", lambda error: page_faults.append(str(error)))
    page.on("console", lambda said: page_faults.append(said.text) if said.type == "error" else None)
    await page.goto(address)
    await page.wait_for_selector("body[data-ready]")
    return page


page_faults: list[str] = []
