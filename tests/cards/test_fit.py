"""No card is too heavy for Teams, whatever people type, and what was cut can be read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cards.acts import act
from cards.elements import HEAVIEST, Card, button, card, heading, said, text, weight
from cards.fit import shortened, split
from tests.cards.card_rules import MOST_ACTIONS, verbs_of, walk
from tests.cards.catalogue import cases_of, heaviest, heavy, inputs_of
from tests.cards.conftest import whole_book


def as_sent(drawn: Card) -> int:
    """Bytes of the JSON on the wire."""
    return len(json.dumps(drawn, ensure_ascii=False, separators=(",", ":")).encode())


@pytest.mark.parametrize("world", ["ordinary", "longest", "attacked", "heaviest"])
def test_no_card_leaves_that_is_too_heavy_and_no_typed_work_is_cut(world: str) -> None:
    heavy_ones = [drawn for drawn in whole_book(world) if weight(drawn.card) >= HEAVIEST]
    assert bool(heavy_ones) == (world in {"attacked", "heaviest"})
    for drawn in heavy_ones:
        fit = shortened(drawn.card)
        if fit is None:
            assert inputs_of(drawn.card), f"{drawn.name} has nothing that people fill in"
            continue
        assert weight(fit) < HEAVIEST, drawn.name
        assert as_sent(fit) < HEAVIEST, drawn.name
        assert [p.get("value") for p in inputs_of(fit)] == [p.get("value") for p in inputs_of(drawn.card)], drawn.name
        assert len([p for p in walk(fit) if p["type"].startswith("Action.")]) <= MOST_ACTIONS, drawn.name


def test_what_is_light_enough_is_left_as_it_is() -> None:
    for drawn in whole_book("ordinary"):
        assert shortened(drawn.card) == drawn.card


def test_a_shortened_card_of_a_case_has_the_way_to_the_rest() -> None:
    cut = [
        (drawn, fit)
        for drawn in whole_book("heaviest")
        if weight(drawn.card) >= HEAVIEST and not inputs_of(drawn.card)
        for fit in [shortened(drawn.card)]
        if fit is not None and drawn.function in {"case.case_card", "notices.notice_card", "support_plan.halfway"}
    ]
    assert cut
    for drawn, fit in cut:
        titles = {part.get("title") for part in walk(fit)}
        assert "Read the rest" in titles, drawn.name
        assert "cases.read" in verbs_of(fit), drawn.name


def test_the_parts_of_a_long_card_have_everything_once_and_each_leads_to_the_next() -> None:
    view = next(told for told in cases_of(heaviest()) if told.name == "a long case").view("helen")
    words = (said(heavy(600)) for _ in range(30))
    long = card(heading("All of it"), text("Top"), *words, actions=[button("Back", "cases.open")])
    pages = split(long, lambda n: act(view, "Read the rest", "cases.read", part=str(n)))
    assert len(pages) > 2
    assert [element for page in pages for element in _under_the_head(page)] == long["body"][2:]
    for n, page in enumerate(pages, 1):
        assert weight(page) < HEAVIEST
        rest = [a for a in page["actions"] if a["title"] == "Read the rest"]
        assert [a["data"]["part"] for a in rest] == ([str(n + 1)] if n < len(pages) else [])


def _under_the_head(page: Card) -> list[dict[str, Any]]:
    assert page["body"][2]["text"].startswith("Part ")
    return list(page["body"][3:])


def test_a_text_of_very_many_lines_is_drawn_whole_in_few_paragraphs() -> None:
    lines = [f"line {n}" for n in range(300)]
    drawn = said("\n".join(lines))
    assert len(drawn) == 8
    words = " / ".join(part["inlines"][0]["text"] for part in drawn)
    assert words == " / ".join(lines)


def test_a_cut_leaves_no_half_of_a_mark() -> None:
    long = "**" + "\\*" * 9000 + "**"
    fit = shortened(card(heading("Heading"), text(long)))
    assert fit is not None
    kept = fit["body"][1]["text"]
    assert kept.endswith("…**")
    assert kept.removeprefix("**").removesuffix(" …**").replace("\\*", "") == ""


def test_what_only_its_filled_in_fields_make_too_heavy_is_not_cut_but_refused() -> None:
    field = {"type": "Input.Text", "id": "words", "label": "Words", "errorMessage": "Say it.", "value": "x" * HEAVIEST}
    assert shortened(card(heading("Heading"), field)) is None
