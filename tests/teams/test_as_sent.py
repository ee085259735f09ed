"""What goes out to Teams is JSON in UTF-8, whatever people type."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given

from bot.teams.connector import as_sent
from tests.pathway.test_compact import VALUES


@given(VALUES)
def test_whatever_goes_out_is_json_in_utf_8(value: Any) -> None:
    json.loads(as_sent(value).decode("utf-8"))


def test_half_a_character_goes_out_as_a_question_mark() -> None:
    assert as_sent({"text": "half \ud83d of it"}) == b'{"text":"half ? of it"}'
