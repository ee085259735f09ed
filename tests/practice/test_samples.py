"""Practice mode's sample words: each for a field that a form really has, and none longer than it takes."""

from __future__ import annotations

import json

from bot.practice import hands
from bot.practice.server import PAGE
from tests.cards.conftest import whole_book

SAMPLES: dict[str, str] = json.loads((PAGE / "samples.json").read_text(encoding="utf-8"))


def test_every_sample_is_for_a_field_of_a_form_and_fits_into_it() -> None:
    fields = [hands.inputs(drawn.card) for drawn in whole_book("ordinary")]
    room = {name: field.get("maxLength", 0) for form in fields for name, field in form.items()}

    wanted = {name: words for name, words in SAMPLES.items() if name != "about"}
    assert wanted
    assert {name for name in wanted if name not in room} == set()
    assert {name for name, words in wanted.items() if len(words) > room[name]} == set()
