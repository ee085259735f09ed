"""Bytes from the network -> an activity, strictly: what Teams would never send is refused, not mended.

Used only after the token's signature has been found good, and still believed only after `gate.check`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

LARGEST = 1 << 20
"""Bytes. Teams' own activities stay far below; aiohttp's default is the same."""

DEEPEST = 64
"""Levels of lists and objects. A deep adaptive card has about 20."""

LONGEST_ID = 1000
"""Characters. Those of Teams have some 150."""

Activity = dict[str, Any]

_HALF_PAIR = re.compile(rb"\\u[dD][89a-fA-F]")
_LONGEST_INTEGER = 18
_LONGEST_FLOAT = 40


class BadBody(Exception):
    """The body is not an activity; *status* is 400 or 413. The sentence never quotes the body."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status


def read(raw: bytes) -> Activity:
    """The activity in *raw*: one UTF-8 JSON object whose known fields have the types of the Activity schema."""
    if len(raw) > LARGEST:
        raise BadBody("The body is too large.", 413)
    activity = strictly(raw)
    if not isinstance(activity, dict):
        raise BadBody("The body is not a JSON object.")
    if raw.count(b"{") + raw.count(b"[") > DEEPEST and _depth_beyond(activity, DEEPEST):
        raise BadBody("The body is nested too deeply.")
    if _HALF_PAIR.search(raw):
        _refuse_half_pairs(activity)
    _check_types(activity)
    return activity


def strictly(raw: bytes) -> Any:
    """The JSON in *raw*: UTF-8, no name twice, every number a finite one of no more than 64 bits. Raises BadBody."""
    try:
        return _DECODER.decode(raw.decode("utf-8"))
    except UnicodeDecodeError as fault:
        raise BadBody("The body is not UTF-8.") from fault
    except RecursionError as fault:
        raise BadBody("The body is nested too deeply.") from fault
    except ValueError as fault:
        raise BadBody("The body is not JSON.") from fault


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadBody("The body says something twice.")
    return found


def _integer(digits: str) -> int:
    if len(digits) > _LONGEST_INTEGER:
        raise BadBody("The body has a number that is too large.")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits) if len(digits) <= _LONGEST_FLOAT else math.inf
    if not math.isfinite(number):
        raise BadBody("The body has a number that is too large.")
    return number


def _constant(name: str) -> float:
    raise BadBody(f"{name} is not JSON.")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant
)


def _depth_beyond(root: object, limit: int) -> bool:
    level = [root]
    for _ in range(limit):
        level = [
            inner
            for value in level
            if isinstance(value, (dict, list))
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return False
    return any(isinstance(value, (dict, list)) for value in level)


def _refuse_half_pairs(activity: Activity) -> None:
    try:
        json.dumps(activity, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as fault:
        raise BadBody("The body has half a character.") from fault


Check = Callable[[object], bool]


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_id(value: object) -> bool:
    """Short enough to be kept and sent back, and without what would end a line."""
    return isinstance(value, str) and len(value) <= LONGEST_ID and value.isprintable()


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _all(check: Check) -> Check:
    return lambda value: isinstance(value, list) and all(map(check, value))


def _with(shape: Mapping[str, Check]) -> Check:
    """An object whose fields of *shape* are right, where present and not null."""

    def check(value: object) -> bool:
        return isinstance(value, dict) and all(
            value.get(name) is None or good(value[name]) for name, good in shape.items()
        )

    return check


_ID: Final = _with({"id": _is_id})
_SHAPE: Final[Mapping[str, Check]] = {
    "type": _is_text,
    "id": _is_id,
    "serviceUrl": _is_text,
    "channelId": _is_text,
    "from": _with({"id": _is_id, "name": _is_text, "aadObjectId": _is_id}),
    "recipient": _with({"id": _is_id, "name": _is_text}),
    "conversation": _with({"id": _is_id, "conversationType": _is_text, "tenantId": _is_text}),
    "channelData": _with(
        {"tenant": _ID, "team": _ID, "eventType": _is_text, "settings": _with({"selectedChannel": _ID})},
    ),
    "text": _is_text,
    "name": _is_text,
    "action": _is_text,
    "replyToId": _is_id,
    "membersAdded": _all(_ID),
    "entities": _all(_with({"type": _is_text, "text": _is_text, "mentioned": _ID})),
}
_NEEDED: Final[Mapping[str, Check]] = {
    "type": bool,
    "from": _is_object,
    "recipient": _is_object,
    "conversation": _is_object,
}


def _check_types(activity: Activity) -> None:
    for name, good in _SHAPE.items():
        value = activity.get(name)
        if value is not None and not good(value):
            raise BadBody(f"The field {name} is not of the type that it should be.")
    for name, good in _NEEDED.items():
        if not good(activity.get(name)):
            raise BadBody(f"The field {name} is missing.")
    if not activity["conversation"].get("id"):
        raise BadBody("The conversation has no id.")
    if activity["type"] == "invoke" and activity.get("value") is not None and not _is_object(activity["value"]):
        raise BadBody("The value of an invoke is not an object.")
