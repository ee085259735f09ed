"""No card is too heavy for Teams: what is long is read in parts, or shortened with a way to the rest."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cards.elements import HEAVIEST, Card, Element, button, leaving, quiet, weight

#: Characters that are left of each long text, as little as is needed to get below the limit.
CUTS = (400, 200, 120, 60, 30)
#: Keys of the words on a card. What an input holds is never touched: it is somebody's work.
WORDS = frozenset({"text", "title", "label", "errorMessage", "placeholder"})
MOST_ACTIONS = 6
_BOLD = re.compile(r"(?<!\\)\*\*")


def shortened(drawn: Card) -> Card | None:
    """*drawn*, lighter than `HEAVIEST`; None where only what people have filled in makes it so heavy. What was typed
    is cut first; then a form loses words of ours, and any other card its end. "Read the rest" opens the case, for
    those who may read it.
    """
    if weight(drawn) < HEAVIEST:
        return drawn
    for most in CUTS:
        cut = _with_a_way_to_the_rest(_cut(drawn, most, typed_only=True))
        if weight(cut) < HEAVIEST:
            return cut
    for most in CUTS if _has_inputs(drawn) else CUTS[:1]:
        cut = _with_a_way_to_the_rest(_cut(_cut(drawn, CUTS[-1], typed_only=True), most, typed_only=False))
        if weight(cut) < HEAVIEST:
            return cut
    return None if _has_inputs(drawn) else _beginning(cut)


def _beginning(drawn: Card) -> Card | None:
    """As many elements as there is room for."""
    body = list(drawn["body"])
    while body and weight({**drawn, "body": body}) >= HEAVIEST:
        body.pop()
    return {**drawn, "body": body} if body else None


def _has_inputs(drawn: Card) -> bool:
    return any(part["type"].startswith("Input.") for part in _parts(drawn))


def _cut(part: Any, most: int, *, typed_only: bool) -> Any:
    if isinstance(part, list):
        return [_cut(item, most, typed_only=typed_only) for item in part]
    if not isinstance(part, dict):
        return part
    cuts = part.get("type") == "TextRun" or not typed_only
    return {
        key: _cut_words(value, most, markdown=part.get("type") != "TextRun")
        if cuts and key in WORDS and isinstance(value, str)
        else value
        if key in {"data", "url"}
        else _cut(value, most, typed_only=typed_only)
        for key, value in part.items()
    }


def _cut_words(words: str, most: int, *, markdown: bool) -> str:
    if len(words) <= most:
        return words
    kept = words[:most].rstrip()
    if not markdown:
        return f"{kept} …"
    if (len(kept) - len(kept.rstrip("\\"))) % 2:
        kept = kept[:-1]
    closing = "**" if len(_BOLD.findall(kept)) % 2 else ""
    return f"{kept} …{closing}"


def _with_a_way_to_the_rest(drawn: Card) -> Card:
    actions: list[Element] = drawn.get("actions", [])
    if _has_inputs(drawn):
        return {**drawn, "body": [*drawn["body"], quiet("Long texts are shortened here. The case has them in full.")]}
    for n, action in enumerate(actions):
        if action.get("verb") == "cases.read":
            return {**drawn, "actions": [*actions[:n], {**action, "title": "Read the rest"}, *actions[n + 1 :]]}
    case = next((a["data"]["case"] for a in actions if a.get("data", {}).get("case")), "")
    if not case:
        return drawn
    rest = {**leaving(button("Read the rest", "cases.read", case=case)), "mode": "secondary"}
    return {**drawn, "actions": [*actions[: MOST_ACTIONS - 1], rest]}


def _parts(part: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(part, dict):
        if "type" in part:
            yield part
        for key, value in part.items():
            if key != "data":
                yield from _parts(value)
    elif isinstance(part, list):
        for item in part:
            yield from _parts(item)


def split(drawn: Card, rest: Callable[[int], Element], *, head: int = 2) -> list[Card]:
    """*drawn* as it is, or in parts that are light enough: its first *head* elements on each, "Read the rest" (*rest*
    gives the button that opens a part, counted from 1) on all but the last, which has the card's own buttons.
    """
    if weight(drawn) < HEAVIEST:
        return [drawn]
    top, body, actions = drawn["body"][:head], drawn["body"][head:], drawn.get("actions", [])
    room = HEAVIEST - weight({**drawn, "body": [*top, quiet("Part 10 of 10")], "actions": [*actions, rest(10)]})
    chunks: list[list[Element]] = [[]]
    left = room
    for element in body:
        needs = weight([element])
        if chunks[-1] and needs > left:
            chunks.append([])
            left = room
        chunks[-1].append(element)
        left -= needs
    back = [action for action in actions if action.get("verb") == "cases.open"]
    return [
        {
            **drawn,
            "body": [*top, quiet(f"Part {n} of {len(chunks)}"), *chunk],
            "actions": actions if n == len(chunks) else [rest(n + 1), *back],
        }
        for n, chunk in enumerate(chunks, 1)
    ]
