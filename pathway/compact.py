"""JSON as short as it is, for what goes into the store and out to Teams."""

from __future__ import annotations

import json
from typing import Any

import orjson


def compact(value: Any) -> bytes:
    """*value* as UTF-8 without spaces; `json.loads` gives it back. What orjson does not take, such as half a character,
    a number beyond 64 bits or one for a key, is written by Python's own `json`. Raises TypeError for what is no JSON.
    """
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, separators=(",", ":")).encode("ascii")
