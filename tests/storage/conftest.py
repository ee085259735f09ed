from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest

from tests.keys import open_stores
from tests.postgres import fresh_schema, on_the_tests_clock
from tests.storage.samples import Shop


@pytest.fixture(params=["memory", "tinydb", "postgresql"])
async def shop(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Shop]:
    """Every store there is, open."""
    async with AsyncExitStack() as stack:
        if request.param == "postgresql":
            url = await stack.enter_async_context(fresh_schema())
            opened = Shop(partial(on_the_tests_clock, url))
        elif request.param == "tinydb":
            opened = Shop(partial(open_stores, f"tinydb://{tmp_path}/data"))
        else:
            opened = Shop(partial(open_stores, "memory:"), lasts=False)
        await opened.stores.open()
        stack.push_async_callback(opened.close)
        yield opened


@pytest.fixture
async def tiny(tmp_path: Path) -> AsyncIterator[Shop]:
    """The store of files, open."""
    opened = Shop(partial(open_stores, f"tinydb://{tmp_path}/data"))
    await opened.stores.open()
    yield opened
    await opened.close()
