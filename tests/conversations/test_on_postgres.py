"""The same conversations with the cases in PostgreSQL: nobody notices."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.admin import NAME, ask
from tests.conversations import road, test_hard_presses, test_stories
from tests.postgres import fresh_schema
from tests.school import School


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with fresh_schema() as found:
        yield found


@pytest.fixture
async def school(tmp_path: Path, url: str) -> AsyncIterator[School]:
    async with School(tmp_path, store=url) as it:
        yield it
        assert it.leaks() == []
        assert it.errors() == []


async def test_a_concern_is_put_right_within_the_week(school: School) -> None:
    await test_stories.test_put_right_within_the_week(school)


async def test_two_taps_in_the_same_moment_have_one_effect(school: School) -> None:
    await test_hard_presses.test_two_taps_in_the_same_moment_have_one_effect(school)


async def test_after_a_restart_everything_is_there_and_what_was_due_goes_out_once(school: School) -> None:
    await school.opens("helen", "tom")
    await road.told(school)
    await road.books(school)
    await school.stops()
    school.wall.at = school.now.replace(month=10, day=19, hour=16, minute=30)
    await school.starts()
    await road.records(school)
    await road.says_own_view(school)
    assert "1 open" in await school.says("helen", "my cases")


async def test_commands_reach_it_in_a_folder_of_its_own(school: School) -> None:
    assert school.parts.stores.folder is None
    assert await ask(school.folder, {"do": "clock"}) is not None
    assert stat.S_IMODE(school.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((school.folder / NAME).stat().st_mode) == 0o600
