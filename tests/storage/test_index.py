"""What is due next, found without looking through everything."""

from __future__ import annotations

import random
from contextlib import closing
from datetime import timedelta

from storage.index import Queued, Task
from storage.record import Work
from tests.storage.samples import NOON


def test_after_any_changes_what_is_due_comes_in_its_order_each_once() -> None:
    chance = random.Random(20261006)  # noqa: S311 - the same every time
    queued, known = Queued(), dict[str, tuple[object, int]]()
    for n in range(5000):
        name = f"t{chance.randrange(60)}"
        due = None if chance.random() < 0.1 else NOON + timedelta(minutes=chance.randrange(40))
        parked = chance.random() < 0.1
        if chance.random() < 0.3:
            queued.drop(name)
            known.pop(name, None)
        else:
            queued.put(Task("case", name, name, Work(due, parked=parked)))
            known.pop(name, None)
            if due is not None and not parked:
                known[name] = (due, n)
        if n % 7 == 0:
            with closing(queued.ids()) as ids:  # one looks no further than the first
                assert next(ids, None) == min(known, key=lambda x: known[x], default=None)
        if n % 50 == 0:
            assert list(queued.ids()) == sorted(known, key=lambda x: known[x])


def test_what_was_taken_away_does_not_pile_up() -> None:
    queued = Queued()
    for n in range(10_000):
        queued.put(Task("case", "t", "t", Work(NOON + timedelta(minutes=10_000 - n))))
    assert sum(len(part.heap) for part in queued._parts) < 200
