"""The same conversations with the cases in PostgreSQL: nobody notices."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.admin import NAME, ask
from tests.conversations import road, test_hard_presses, test_record, test_stories
from tests.conversations.command import in_here
from tests.postgres import fresh_schema
from tests.school import School
from tests.storage.test_erasing import everything_in


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


async def test_who_read_what_is_there_for_an_appeal_and_goes_with_the_case(school: School) -> None:
    await test_record.test_the_list_says_what_was_recorded_sent_and_read_by_name_and_nothing_that_was_typed(school)


async def test_a_person_and_a_case_are_erased_beside_the_running_bot(school: School) -> None:
    reference = await test_record.closed(school)
    case = await test_record.case_of(school, reference)
    await test_record.lists_without(school, "Priya Nair", "Tom Ashworth")
    email = school.people["priya"].email
    sure = ("--because", "asked for it", "--yes")
    assert (await in_here(school, "erase", "person", email, *sure, email)).status == 0
    assert await school.parts.stores.roster.by_email(email) is None
    assert "a former colleague (" in (await in_here(school, "audit", "show", reference)).out
    assert (await in_here(school, "erase", "case", reference, *sure, reference)).status == 0
    assert await school.parts.stores.reads.reads_of(case) == []
    rows = await everything_in(school.parts.stores)
    typed = (road.SEEN, road.TARGET, email, "Priya", reference)
    assert [word for word in typed if word in rows.replace(f"'reference': '{reference}'", "")] == []
    assert "erased a case" in (await in_here(school, "audit", "log")).out


async def test_commands_reach_it_in_a_folder_of_its_own(school: School) -> None:
    assert school.parts.stores.folder is None
    assert await ask(school.folder, {"do": "clock"}) is not None
    assert stat.S_IMODE(school.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((school.folder / NAME).stat().st_mode) == 0o600
