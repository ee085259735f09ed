"""Each attack is a real one, good people are served meanwhile, and there is a figure for each. No time is asserted."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from bench import attacks, people
from bench.attacks import ATTACKS, Attack, Battle, Figure


def attack(key: str) -> Attack:
    return next(one for one in ATTACKS if one.key == key)


@pytest.mark.parametrize("key", ["unknown", "one", "graph"])
async def test_good_people_are_served_during_an_attack_and_it_has_its_figures(key: str, tmp_path: Path) -> None:
    battle = Battle([attack(key)], tmp_path, seconds=1.0)
    await battle.round()

    seen = battle.seen[key]
    assert seen.fault == ""
    for figure in attack(key).figures:
        assert figure.of(seen.alone[0]) > 0
        assert figure.of(seen.attacked[0]) > 0
    lines = attacks.table(battle).splitlines()
    assert len(lines) == 2 + len(attack(key).figures)
    assert len({line.count("|") for line in lines}) == 1
    assert seen.blows.answers.keys() == {"unknown": {"401"}, "one": {"200", "429"}}.get(key, set())


async def test_good_people_who_are_not_served_make_no_figure(tmp_path: Path) -> None:
    unchecked = Attack("send", "A press for what nobody filled in", attack("unknown").figures, {"send": 5.0})
    battle = Battle([unchecked], tmp_path, seconds=1.0)
    await battle.round()

    assert "left out: not every turn was answered: {'not done':" in attacks.table(battle)


def test_a_figure_is_the_time_that_so_many_of_all_turns_reach_and_the_slowest_is_the_last() -> None:
    times = {"echo": [float(n) for n in range(1, 100)], "look": [1000.0]}
    kinds = ("echo", "look")

    assert Figure(1, "", kinds, 0.99, 200.0).of(times) == 99.0
    assert Figure(1, "", kinds, 1.0, 200.0).of(times) == 1000.0
    assert Figure(1, "", ("echo",), 0.5, 200.0).of(times) == 50.0
    assert math.isnan(Figure(1, "", ("echo",), 0.5, 200.0).of({"echo": []}))


def test_a_goal_that_is_missed_is_said_so() -> None:
    slow, quick = [{"echo": [250.0]}], [{"echo": [100.0]}]

    assert "**no**" in Figure(16, "", ("echo",), 1.0, 200.0).line("", quick, slow)
    assert "**no**" not in Figure(16, "", ("echo",), 1.0, 300.0).line("", quick, slow)
    assert "**no**" in Figure(15, "", ("echo",), 1.0, 2.0, ratio=True).line("", quick, slow)
    assert "**no**" not in Figure(15, "", ("echo",), 1.0, 3.0, ratio=True).line("", quick, slow)


def test_of_several_rounds_the_middle_one_counts() -> None:
    line = Figure(15, "", ("echo",), 1.0, 2.0, ratio=True).line(
        "",
        [{"echo": [100.0]}, {"echo": [10.0]}, {"echo": [50.0]}],
        [{"echo": [150.0]}, {"echo": [900.0]}, {"echo": [75.0]}],
    )

    assert "| 50 ms | 150 ms (1.5 times) | less than 2 times | yes |" in line


def test_the_office_presses_for_the_link_tutor_as_itself() -> None:
    first, second, again = (json.loads(people.body(people.INSTALL, turn)) for turn in (0, 1, 2))

    assert first["from"]["aadObjectId"] == again["from"]["aadObjectId"] != second["from"]["aadObjectId"]
    assert first["id"] != again["id"]
    assert first["value"]["action"] == {"type": "Action.Execute", "verb": "reach.install", "data": {"person": "T"}}
