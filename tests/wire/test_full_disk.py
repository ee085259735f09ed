"""A small disk that really fills: the old data stays, the mentor is told and loses no word, and all is well with room."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import repeat
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from dialogs.router import NOT_SAVED
from tests.conversations import road
from tests.wire.microsoft import Microsoft
from tests.wire.partnership import Partnership
from tests.wire.running import Bot, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

SEEN = "Four pupils asked twice what page they were on, and one began to cry."


async def run(*command: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    _, said = await process.communicate()
    return process.returncode or 0, said.decode()


@asynccontextmanager
async def small_disk(place: Path) -> AsyncIterator[None]:
    """A disk of half a megabyte at *place*. Loudly skipped where nobody may mount one."""
    if os.geteuid() != 0:
        pytest.skip(
            "only root may mount a small disk, so no disk is filled here. Run the tests as root to see one full."
        )
    assert await run("install", "-d", "-m", "700", str(place)) == (0, "")
    status, said = await run("mount", "-t", "tmpfs", "-o", "size=512k,mode=700", "tmpfs", str(place))
    if status != 0:
        pytest.skip(f"no small disk could be mounted here, so none is filled: {said}")
    try:
        yield
    finally:
        assert await run("umount", str(place)) == (0, "")


def fill(file: Path) -> None:
    """*file* takes what room there is, to the last byte."""
    with file.open("wb", buffering=0) as out:
        for size in (4096, 1):
            with pytest.raises(OSError, match="No space left"):
                out.writelines(repeat(b"x" * size))


def cases(bot: Bot) -> dict[str, Any]:
    """The events of each case, sealed. What was sent may be noted in its file a moment later."""
    files = (bot.store / "cases").glob("*.json")
    return {file.name: json.loads(file.read_bytes())["case"]["1"]["events"] for file in files}


async def ready(bot: Bot) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"{bot.url}/readyz") as answer:
        return answer.status, str((await answer.json())["status"])


async def test_on_a_full_disk_the_mentor_is_told_and_keeps_every_word_and_with_room_it_is_saved(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    async with small_disk(tmp_path / "store"), serving(microsoft, tmp_path) as bot:
        school = Partnership(microsoft, bot)
        await school.opens("priya", "lucy")
        reference = await road.raises(school, "lucy", "Megan Doyle")
        await school.hears("lucy", "Megan Doyle")
        await road.opens_form(school, "priya", "Tom Ashworth")
        form = road.concern(school, seen=SEEN)
        await school.fills("priya", form, press="Check my answers")
        assert await ready(bot) == (200, "ready")
        before = cases(bot)

        fill(tmp_path / "store" / "filler")
        for title in ("Set the weekly target", "Check my answers"):
            assert NOT_SAVED in await school.presses("priya", title)
            assert SEEN in json.dumps(school.newest("priya").card)
            assert await ready(bot) == (503, "not ready")
            assert cases(bot) == before
        await school.says("lucy", "my cases")
        assert reference in school.reads("lucy")

        (tmp_path / "store" / "filler").unlink()
        assert await ready(bot) == (200, "ready")
        await school.presses("priya", "Check my answers")
        assert "Tom Ashworth: weekly target set" in await school.presses("priya", "Set the weekly target")
        assert len(cases(bot)) == len(before) + 1
        assert await ready(bot) == (200, "ready")
        assert await bot.stop() == 0
