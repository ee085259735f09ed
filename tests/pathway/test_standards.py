"""What a target may be about."""

from __future__ import annotations

from itertools import chain

import pytest

from pathway.provider import Provider
from pathway.standards import (
    ATTRIBUTION,
    CORE_AREAS,
    LONGEST_LABEL,
    STANDARDS,
    area,
    areas,
    is_offered,
    overlap_hint,
)

RENAMED = Provider.from_toml(
    """
    [[core_areas]]
    id = "expectations"
    name = "High expectations and managing behaviour"
    label = "Expectations and behaviour"
    standards = ["TS1", "TS7"]
    """
)


def test_the_pick_list_has_the_standards_then_part_two_then_the_core_areas() -> None:
    assert [choice.id for choice in areas()] == [
        *(f"TS{number}" for number in range(1, 9)),
        "P2",
        "behaviour_management",
        "pedagogy",
        "curriculum",
        "assessment",
        "professional_behaviours",
    ]


def test_every_label_fits_a_narrow_card_and_no_two_choices_read_alike() -> None:
    assert all(0 < len(choice.label) <= LONGEST_LABEL for choice in areas())
    assert len({choice.choice for choice in areas()}) == len(areas())


def test_the_official_wording_is_all_there() -> None:
    standards = [choice for choice in areas() if choice.kind == "standard"]

    assert [len(standard.bullets) for standard in standards] == [3, 5, 5, 5, 4, 4, 4, 5]
    assert area("TS7").title == "Manage behaviour effectively to ensure a good and safe learning environment"
    assert area("TS6").bullets[1] == "make use of formative and summative assessment to secure pupils' progress"
    assert len(area("P2").bullets) == 8
    assert max(map(len, chain.from_iterable(standard.bullets for standard in standards))) == 287


def test_each_standard_belongs_to_just_one_core_area_of_the_framework() -> None:
    assert sorted(chain.from_iterable(core.standards for core in CORE_AREAS)) == [f"TS{n}" for n in range(1, 9)]
    assert "P2" in STANDARDS


def test_the_licence_is_named_as_it_asks() -> None:
    assert ATTRIBUTION == "Contains public sector information licensed under the Open Government Licence v3.0."


def test_only_part_two_asks_for_the_route_check_again() -> None:
    assert [choice.id for choice in areas() if choice.needs_route_check] == ["P2"]


def test_a_providers_own_core_areas_take_the_place_of_the_frameworks() -> None:
    chosen = [choice.choice for choice in areas(RENAMED)]

    assert chosen[-2:] == ["Professional conduct (Part Two)", "Expectations and behaviour (Core Area)"]
    assert is_offered("expectations", RENAMED)
    assert not is_offered("pedagogy", RENAMED)


def test_an_old_case_still_shows_an_area_that_is_no_longer_offered() -> None:
    assert area("pedagogy", RENAMED).bullets[0] == "How Pupils Learn"
    assert area("a_former_area", RENAMED).label == "A former area"


@pytest.mark.parametrize(
    ("chosen", "hint"),
    [
        (
            ["TS7", "behaviour_management"],
            "TS7 Managing behaviour is part of Behaviour management. You may need only one of them.",
        ),
        (
            ["TS3", "TS4", "TS6", "pedagogy"],
            "TS4 Planning and teaching lessons is part of Pedagogy. You may need only one of them.",
        ),
        (["TS7", "pedagogy"], ""),
        (["TS1", "TS7"], ""),
        ([], ""),
    ],
)
def test_a_core_area_beside_its_own_standard_gets_a_hint(chosen: list[str], hint: str) -> None:
    assert overlap_hint(chosen) == hint


def test_the_hint_follows_the_providers_core_areas() -> None:
    assert "part of High expectations and managing behaviour" in overlap_hint(["TS1", "expectations"], RENAMED)
    assert overlap_hint(["TS7", "behaviour_management"], RENAMED) == ""
