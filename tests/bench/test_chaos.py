"""The quick versions of `make chaos`: a few kills on each store, and what is compared after each is compared indeed."""

from __future__ import annotations

import pytest

from bench.chaos import kills
from bench.chaos.kills import Tally


@pytest.mark.parametrize(("store", "count"), [("tinydb", 10), ("postgresql", 5)])
async def test_killed_at_any_step_it_loses_nothing_and_marks_what_may_come_twice(store: str, count: int) -> None:
    tally = Tally()
    await kills.killed(store, count, 7, tally)
    assert tally.faults == []
    assert tally.kills >= count
    assert tally.confirmed > 0
    assert tally.messages > 0
    report = kills.report({store: tally}).splitlines()
    assert report[2].startswith(f"| {store} | {tally.kills} | ")
