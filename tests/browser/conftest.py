"""Chromium, found or loudly missed, and practice mode under it. One event loop serves all the browser tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Protocol

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.browser.house import Running, practising
from tests.browser.person import Screen, open_screen
from tests.practice.house import chromium_for_tests


class Opens(Protocol):
    def __call__(
        self, running: Running, *, width: int = 1280, height: int = 900, theme: str = "light", person: str = ""
    ) -> Awaitable[Screen]: ...


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with chromium_for_tests() as it:
        yield it


@pytest_asyncio.fixture(loop_scope="session")
async def practice(tmp_path: Path) -> AsyncIterator[Running]:
    """A practice of the test's own, on the first morning."""
    async with practising(tmp_path / "practice") as it:
        yield it


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shared_practice(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """One practice for the tests of a module that each have a mentor of their own."""
    async with practising(tmp_path_factory.mktemp("shared") / "practice") as it:
        yield it


@pytest_asyncio.fixture(loop_scope="session")
async def opens(browser: Browser) -> AsyncIterator[Opens]:
    """Opens windows; afterwards none of them may have had a fault or have asked for anything outside."""
    async with AsyncExitStack() as stack:
        screens: list[Screen] = []

        async def open_one(
            running: Running, *, width: int = 1280, height: int = 900, theme: str = "light", person: str = ""
        ) -> Screen:
            screen = await open_screen(browser, running.address, width=width, height=height, theme=theme, person=person)
            stack.push_async_callback(screen.page.context.close)
            screens.append(screen)
            return screen

        yield open_one
        assert [fault for s in screens for fault in s.unforgiven()] == []
        assert [address for s in screens for address in s.outside] == []
