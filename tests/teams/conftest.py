from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.teams.standins import Line, talking


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    async with talking() as running:
        yield running
