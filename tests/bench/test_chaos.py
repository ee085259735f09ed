"""The quick versions of `make chaos`: a few kills on each store, and what is compared after each is compared indeed."""

from __future__ import annotations

import pytest

from bench.chaos import kills
from bench.chaos.kills import Tally
from bench.chaos.letters import Note, carried


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


def test_a_message_carries_what_its_bot_has_begun_and_is_not_done_with() -> None:
    notes = [
        Note(1, 1.0, "m", "a", begins=True),
        Note(1, 3.0, "m", "a", begins=False),
        Note(1, 4.0, "m", "b", begins=True),
        Note(1, 4.1, "m", "c", begins=True),
        Note(2, 7.0, "m", "c", begins=True),
    ]
    assert list(carried(notes, [2.0, 3.5, 5.0, 6.0, 8.0])) == [{"a"}, set(), {"b", "c"}, {"b", "c"}, {"c"}]
