from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.wire.microsoft import Microsoft
from tests.wire.running import Bot, serving


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def microsoft(tmp_path_factory: object) -> AsyncIterator[Microsoft]:
    folder: Path = tmp_path_factory.mktemp("microsoft")  # type: ignore[attr-defined]
    async with Microsoft(folder) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def bot(microsoft: Microsoft, tmp_path_factory: object) -> AsyncIterator[Bot]:
    """One for all tests of a module: they leave nothing behind in it."""
    folder: Path = tmp_path_factory.mktemp("bot")  # type: ignore[attr-defined]
    async with serving(microsoft, folder) as running:
        yield running
