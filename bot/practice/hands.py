"""Pressing a card's buttons as the renderer does: inputs collected, required ones checked, data merged.

For tests and scripts that walk the pathway by what people see: `tap(card, "Send", talked_on="2026-10-06")`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Card = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Press:
    """What the client would send: the verb and the card's data with the inputs in it."""

    verb: str
    data: dict[str, Any]


class CannotPress(AssertionError):
    """The client would not send this: there is no such button or field, or a required field is empty."""


def buttons(card: Card) -> list[str]:
    """The titles of all buttons of *card* that send something, as they stand."""
    return [str(a.get("title", "")) for a in _actions(card)]


def words(card: Card) -> str:
    """Everything of *card* that can be read, a line an element."""
    return "\n".join(_words(card))


def inputs(card: Card) -> dict[str, Mapping[str, Any]]:
    """The fields of *card* by id."""
    return {str(e["id"]): e for e in _elements(card) if str(e.get("type", "")).startswith("Input.")}


def tap(card: Card, title: str, **fields: str) -> Press:
    """The press on the button *title* after filling *fields*; other fields keep the value the card gave them.

    Several choices are joined with commas, a toggle takes its own on and off values. Raises CannotPress, with a
    sentence, where the client would show an error or has nothing to press.
    """
    action = next((a for a in _actions(card) if a.get("title") == title), None)
    if action is None:
        raise CannotPress(f"There is no button {title!r}; there are {buttons(card)}.")
    data = dict(action.get("data") or {})
    if action.get("associatedInputs", "auto").casefold() == "none":
        return Press(str(action["verb"]), data)
    known = inputs(card)
    if strange := set(fields) - set(known):
        raise CannotPress(f"There is no field {sorted(strange)}; there are {sorted(known)}.")
    for name, field in known.items():
        value = fields.get(name, _given(field))
        _check(name, field, value)
        data[name] = value
    return Press(str(action["verb"]), data)


def _given(field: Mapping[str, Any]) -> str:
    if field["type"] == "Input.Toggle":
        return str(field.get("value", field.get("valueOff", "false")))
    return str(field.get("value", ""))


def _check(name: str, field: Mapping[str, Any], value: str) -> None:
    on = field.get("valueOn", "true") if field["type"] == "Input.Toggle" else None
    if field.get("isRequired") and (value == "" or (on is not None and value != on)):
        raise CannotPress(f"{name} is required: {field.get('errorMessage', '')}")
    if field["type"] == "Input.Text" and len(value) > int(field.get("maxLength", len(value))):
        raise CannotPress(f"{name} is longer than {field['maxLength']} characters.")
    if field["type"] == "Input.ChoiceSet" and value:
        chosen = value.split(",") if field.get("isMultiSelect") else [value]
        if unknown := set(chosen) - {str(c["value"]) for c in field.get("choices", ())}:
            raise CannotPress(f"{name} has no choice {sorted(unknown)}.")


def _elements(node: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(node, Mapping):
        if "type" in node:
            yield node
        for part in ("body", "items", "columns", "rows", "cells", "actions", "card", "inlines", "selectAction"):
            if part in node:
                yield from _elements(node[part])
    elif isinstance(node, list | tuple):
        for child in node:
            yield from _elements(child)


def _actions(card: Card) -> list[Mapping[str, Any]]:
    return [e for e in _elements(card) if e.get("type") == "Action.Execute"]


def _words(card: Card) -> Iterator[str]:
    for element in _elements(card):
        for part in ("text", "label", "title", "placeholder", "value"):
            if isinstance(element.get(part), str) and (part != "value" or element["type"].startswith("Input.")):
                yield element[part]
        for fact in element.get("facts", ()):
            yield f"{fact['title']} {fact['value']}"
        for choice in element.get("choices", ()):
            yield str(choice["title"])
