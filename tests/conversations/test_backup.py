"""An administrator backs a running bot up, loses the machine, and has everybody's cases back on another."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path
from typing import Any

from storage.record import clear
from tests.conversations import road
from tests.conversations.command import bot
from tests.keys import open_stores
from tests.school import School


async def export_of(folder: Path) -> list[Any]:
    stores = open_stores(f"tinydb://{folder}")
    await stores.open()
    try:
        return [clear(record) async for record in stores.book.records()]
    finally:
        await stores.close()


async def test_a_running_bot_is_backed_up_while_people_press_and_goes_on_from_there_on_another_machine(
    school: School, tmp_path: Path
) -> None:
    await school.opens("helen", "tom")
    reference = await road.told(school)
    file, fresh = tmp_path / "monday.zip", tmp_path / "fresh"
    async with asyncio.TaskGroup() as both:
        both.create_task(school.presses("helen", "I have it"))
        made = both.create_task(bot(school, "backup", file))
    said = made.result()
    assert (said.status, said.err) == (0, "")
    assert f"{file} holds 1 case, " in said.out
    assert "It is sealed. Its keys are in monday.zip.keys" in said.out
    for made_file in (file, tmp_path / "monday.zip.keys"):
        assert stat.S_IMODE(made_file.stat().st_mode) == 0o600
    assert not list(school.folder.glob(".aside-*"))
    back = await bot(school, "restore", file, folder=fresh)
    assert (back.status, back.err) == (0, "")
    assert "1 case, " in back.out
    await school.stops()
    school.folder = fresh
    await school.starts()
    await school.says("helen", "my cases")
    assert reference in await school.presses("helen", "Open ")
    await road.books(school)
    assert "Monday 19 October, 3:45pm" in school.reads("priya")


async def test_with_no_bot_running_it_is_the_same_and_nothing_is_lost_or_added(school: School, tmp_path: Path) -> None:
    await road.raises(school)
    await school.stops()
    file, fresh = tmp_path / "monday.zip", tmp_path / "fresh"
    assert (await bot(school, "backup", file)).status == 0
    assert (await bot(school, "restore", file, folder=fresh)).status == 0
    assert await export_of(fresh) == await export_of(school.folder)
    await school.starts()


async def test_what_must_not_be_done_is_refused_in_a_sentence_and_changes_nothing(
    school: School, tmp_path: Path
) -> None:
    await road.raises(school)
    file = tmp_path / "monday.zip"
    assert (await bot(school, "backup", file)).status == 0
    whole = file.read_bytes()
    again = await bot(school, "backup", file)
    assert (again.status, again.out) == (2, "")
    assert "no backup is ever written over" in again.err
    running = await bot(school, "restore", file, "--replace")
    assert (running.status, running.out) == (2, "")
    assert "is in use by another Pathway" in running.err
    (cut := tmp_path / "cut.zip").write_bytes(whole[:-100])
    broken = await bot(school, "restore", cut, folder=tmp_path / "fresh")
    assert (broken.status, broken.out) == (2, "")
    assert "is damaged or cut off" in broken.err
    assert not (tmp_path / "fresh").exists()
    missing = await bot(school, "backup", tmp_path / "other.zip", folder=tmp_path / "nowhere")
    assert (missing.status, missing.out) == (2, "")
    assert "There is no store in" in missing.err
    assert not (tmp_path / "other.zip").exists()
    assert not (tmp_path / "nowhere").exists()


async def test_a_full_folder_is_replaced_when_asked_and_it_is_said_what_is_newer(
    school: School, tmp_path: Path
) -> None:
    await school.opens("helen")
    await road.told(school)
    file = tmp_path / "monday.zip"
    assert (await bot(school, "backup", file)).status == 0
    await school.presses("helen", "I have it")
    await school.stops()
    refused = await bot(school, "restore", file)
    assert refused.status == 2
    assert "is not empty" in refused.err
    done = await bot(school, "restore", file, "--replace")
    assert (done.status, done.err) == (0, "")
    assert "What is newer is not here now: 1 case had moved on since the backup." in done.out
    assert f"What was there before stands in {school.folder}/before-" in done.out
    await school.starts()
    await school.says("helen", "my cases")
    await school.presses("helen", "Open ")
    assert "I have it" in school.buttons("helen")
