"""The administrator makes a main key, and later another one, while people go on pressing."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from storage.seal import MainKeys, read_key_file
from tests.conversations import road
from tests.conversations.command import bot
from tests.keys import KEYS, NAME
from tests.school import School


async def test_another_main_key_takes_the_place_of_the_first_while_the_bot_runs(
    school: School, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "main.key"
    file.write_text(KEYS.text(), encoding="ascii")
    file.chmod(0o600)
    monkeypatch.setenv(NAME, "")
    monkeypatch.setenv("PATHWAY_KEY_FILE", str(file))
    reference = await road.told(school)
    sealed = {path: path.read_bytes() for path in (school.folder / "cases").glob("*.json")}

    made = await bot(school, "key", "new", file)
    assert (made.status, made.err) == (0, "")
    both = read_key_file(file)
    assert f"begins with a new main key now, {both.current}" in made.out
    assert both.ids == {both.current, KEYS.current}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600

    rotated = await bot(school, "key", "rotate")
    assert (rotated.status, rotated.err) == (0, "")
    assert f"Rewrapped with the main key {both.current}: " in rotated.out
    assert {path: path.read_bytes() for path in sealed} == sealed
    assert "already" in (await bot(school, "key", "rotate")).out

    await school.stops()
    school.keys = MainKeys.parse(both.text().splitlines()[0])
    await school.starts()
    await school.says("helen", "my cases")
    assert reference in await school.presses("helen", "Open ")


async def test_a_main_key_is_made_for_its_owner_alone_and_none_is_ever_written_over(
    school: School, tmp_path: Path
) -> None:
    file = tmp_path / "main.key"
    first = await bot(school, "key", "new", file)
    assert (first.status, first.err) == (0, "")
    assert "keep a copy somewhere safe" in first.out
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(read_key_file(file).ids) == 1
    file.write_text("a letter to a friend", encoding="ascii")
    again = await bot(school, "key", "new", file)
    assert (again.status, again.out) == (1, "")
    assert "was not changed" in again.err
    assert file.read_text(encoding="ascii") == "a letter to a friend"
