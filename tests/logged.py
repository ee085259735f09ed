"""Log records as the bot writes them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from typing import Any

from bot.logs import Json, Text

_TEXT, _JSON = Text(), Json()


def as_text(records: Iterable[logging.LogRecord]) -> list[str]:
    return [_TEXT.format(record) for record in records]


def as_json(records: Iterable[logging.LogRecord]) -> list[str]:
    return [_JSON.format(record) for record in records]


def lines(said: str) -> list[Mapping[str, Any]]:
    """What a serving bot has written, line by line."""
    return [json.loads(line) for line in said.splitlines()]
