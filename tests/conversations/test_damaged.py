"""A file of a case breaks while the bot is stopped: the case is there at the start, and what it may lack is said."""

from __future__ import annotations

import json

import aiohttp
import pytest

from bot.admin import NOT_WHOLE
from tests.conversations import road
from tests.conversations.command import bot
from tests.logged import as_text
from tests.school import School


async def status(school: School) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"{school.url}/readyz") as answer:
        return answer.status, json.loads(await answer.text())["status"]


async def test_a_case_whose_file_breaks_is_there_at_the_next_start_and_the_office_learns_what_it_may_lack(
    school: School, caplog: pytest.LogCaptureFixture
) -> None:
    await school.opens("helen", "tom")
    reference = await road.told(school)
    await road.books(school)
    await school.stops()
    (file,) = (school.folder / "cases").glob("*.json")
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2])
    school.expects_errors = True
    await school.starts()
    await school.says("helen", "my cases")
    assert reference in await school.presses("helen", "Open ")

    name = f"cases/{file.name} (case {reference})"
    logged = "\n".join(as_text(caplog.records))
    back = f"a damaged file of the store was put back case_reference={reference} restored=True events="
    assert back in logged
    assert f" file=cases/{file.name}" in logged
    assert await status(school) == (503, NOT_WHOLE)
    said = await bot(school, "doctor", "--patience", "0.1")
    assert said.status == 1
    (line,) = (line for line in said.out.splitlines() if name in line)
    assert line.startswith("WRONG  damaged ")
    assert line.endswith("Look at it in Teams, record again what is missing, then: python -m bot doctor --seen")

    said = await bot(school, "doctor", "--seen")
    assert (said.status, said.err) == (0, "")
    assert f"what was damaged is deleted: cases/{file.name}." in said.out
    assert await status(school) == (200, "ready")
    assert list((school.folder / "damaged").iterdir()) == []
    told = logged + line + said.out
    assert [word for word in ("Tom", "Ashworth", "Priya", "Helen", "Hollin", road.TARGET) if word in told] == []
