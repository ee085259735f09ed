from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage import open_stores
from tests.storage.samples import Shop


@pytest.fixture(params=["memory", "tinydb"])
async def shop(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Shop]:
    """Every store there is, open."""
    url = "memory:" if request.param == "memory" else f"tinydb://{tmp_path}/data"
    opened = Shop(open_stores(url))
    await opened.stores.open()
    yield opened
    await opened.stores.close()


@pytest.fixture
async def tiny(tmp_path: Path) -> AsyncIterator[Shop]:
    """The store of files, open."""
    opened = Shop(open_stores(f"tinydb://{tmp_path}/data"))
    await opened.stores.open()
    yield opened
    await opened.stores.close()
