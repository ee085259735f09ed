from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.school import School


@pytest.fixture
async def school(tmp_path: Path) -> AsyncIterator[School]:
    """The partnership, with the bot in its channel and in nobody's chat yet. Pytest shows the transcript of a failure.

    Whatever the story is about, nothing leaked, and nothing went wrong out of sight.
    """
    async with School(tmp_path) as it:
        yield it
        sys.stdout.write(it.transcript())
        assert it.leaks() == []
        assert it.errors() == []
