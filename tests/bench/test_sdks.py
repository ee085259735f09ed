"""The bench works: its own hosts, its people, and each row that needs nothing but the project's own environment."""

from __future__ import annotations

import json
import re
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from bench import people, sdks
from bench.sdks import AT_ONCE, ROWS, Bench, CannotRun, Row

OWN = [replace(row, turns=AT_ONCE) for row in ROWS if not row.venv]


async def test_every_row_of_our_own_has_its_turns_answered_and_its_figures(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        other = await stack.enter_async_context(sdks.other_side(tmp_path))
        bench = Bench(OWN, other, tmp_path)
        await bench.start(stack)
        await bench.round()
        asked = await other.ask(seen=True)

    assert bench.faults == {}
    for row in OWN:
        figures = bench.figures[row.key]
        assert (figures.turns, figures.tokens, figures.connections) == (AT_ONCE, 0, 0), row.key
        assert figures.cpu[0] > 0
        assert 0 < figures.p50[0] <= figures.p99[0]
    assert asked["tokens"] == 3, "one a process: the bare handler, the echo, Pathway"
    lines = sdks.table(bench).splitlines()
    assert len(lines) == 2 + len(OWN)
    assert len({line.count("|") for line in lines}) == 1


async def test_a_press_that_does_not_do_what_it_is_for_is_no_figure(tmp_path: Path) -> None:
    unchecked = [row for row in OWN if row.key == "send"]
    async with AsyncExitStack() as stack:
        other = await stack.enter_async_context(sdks.other_side(tmp_path))
        bench = Bench(unchecked, other, tmp_path)
        await bench.start(stack)

    assert "not done" in bench.faults["send"]


async def test_a_row_that_cannot_run_says_so_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sdks, "PLACE", tmp_path / "environments")
    monkeypatch.setattr(sdks, "REQUIREMENTS", tmp_path)
    (tmp_path / "requirements-none.txt").write_text("no such thing at all ===\n")
    rows = [Row("none", "A bot that nobody has", "none", AT_ONCE, venv="none"), OWN[0]]
    async with AsyncExitStack() as stack:
        other = await stack.enter_async_context(sdks.other_side(tmp_path))
        bench = Bench(rows, other, tmp_path)
        await bench.start(stack)
        await bench.round()

    assert "left out: its environment could not be made" in sdks.table(bench)
    assert bench.figures["bare"].turns == AT_ONCE


async def test_pathway_goes_on_under_each_condition(tmp_path: Path) -> None:
    async with sdks.other_side(tmp_path) as other:
        found = await sdks.endure(other, tmp_path, rounds=1, turns=sdks.MANY_AT_ONCE)

    assert [len(endured.rate) for endured in found.values()] == [1, 1, 1]
    assert len({line.count("|") for line in sdks.second_table(found).splitlines()}) == 1


async def test_a_bot_that_does_not_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "bot").mkdir()
    async with AsyncExitStack() as stack:
        other = await stack.enter_async_context(sdks.other_side(tmp_path))
        with pytest.raises(CannotRun, match=r"it did not start: .*No such file"):
            await stack.enter_async_context(sdks.running(Row("x", "x", "missing", 1), other, tmp_path / "bot"))


@pytest.mark.parametrize("kind", people.KINDS)
def test_each_turn_is_an_activity_of_its_own_from_the_next_mentor(kind: str) -> None:
    first, next_one, again = (json.loads(people.body(kind, turn)) for turn in (0, 1, people.MENTORS))

    assert first["from"]["aadObjectId"] == again["from"]["aadObjectId"] != next_one["from"]["aadObjectId"]
    assert len({first["id"], next_one["id"], again["id"]}) == 3
    assert people.body(kind, 7) not in {people.body(other, 7) for other in people.KINDS if other != kind}


@pytest.mark.parametrize("name", sorted(row.venv for row in ROWS if row.venv))
def test_the_environments_are_pinned_with_hashes_and_name_no_place(name: str) -> None:
    pinned = (sdks.REQUIREMENTS / f"requirements-{name}.txt").read_text(encoding="utf-8")

    assert "--hash=sha256:" in pinned
    assert re.search(r"^--|://", pinned, re.MULTILINE) is None
