"""The few Adaptive Card 1.5 elements Pathway uses, as functions to plain dicts.

Words of ours may use the Markdown that Teams draws in a TextBlock. Words that people typed go through `said`: text
runs, which draw no Markdown, no links and no mentions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pathway.compact import compact
from pathway.rules import Fault

Element = dict[str, Any]
Card = dict[str, Any]

#: Bytes of a card, as Teams counts them: messages from 28 KB on are refused.
HEAVIEST = 25_000
#: Of one text that somebody typed; each is an element of its own.
PARAGRAPHS = 8
#: Buttons in view; the rest stand behind "more".
IN_VIEW = 3
#: Faults that are said again above the buttons.
NAMED_AGAIN = 4
_MARKDOWN = re.compile(r"([\\`*_\[\]()<>#~|!]|&(?=#?\w+;))")
_LIST = re.compile(r"(?m)^(\s*\d*)([-+.=])(?=\s|$|=|-)")
_ESCAPED = re.compile(r"\\([^\w\s]|_)")
_UNSEEN = re.compile(
    r"[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)


def card(*body: Element | Iterable[Element] | None, actions: Iterable[Element] = ()) -> Card:
    """A whole card. Parts may be elements, lists of them, or None for nothing."""
    return {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.5",
        "body": flat(body),
        "actions": _in_view(list(actions)),
        "msteams": {"width": "Full"},
    }


def weight(drawn: Any) -> int:
    """The bytes of a card (or a part of one) as JSON, as it is sent (UTF-8) or as Teams counts (UTF-16), whichever is
    more.
    """
    sent = compact(drawn)
    return max(len(sent), len(sent.decode().encode("utf-16-le")))


def flat(parts: Iterable[Element | Iterable[Element] | None]) -> list[Element]:
    found: list[Element] = []
    for part in parts:
        if part is None:
            continue
        if isinstance(part, dict):
            found.append(part)
        else:
            found += flat(part)
    return found


def _in_view(actions: Sequence[Element]) -> list[Element]:
    if len(actions) <= IN_VIEW:
        return list(actions)
    first, rest = actions[:IN_VIEW], actions[IN_VIEW:]
    return [*first, *({**a, "mode": "secondary"} for a in rest)]


# -- words ---------------------------------------------------------------------------------------------------------


def literal(words: str) -> str:
    """*words* (a name, a school) inside a sentence of ours, so that nothing of them is read as Markdown."""
    if words.replace(" ", "").isalnum():  # as most names are
        return words
    return _LIST.sub(r"\1\\\2", _MARKDOWN.sub(r"\\\1", clean(words))).replace("{{", "{ {")


def plain(words: str) -> str:
    """*words* of ours with a `literal` name in them, for where no Markdown is drawn: buttons and labels."""
    return _ESCAPED.sub(r"\1", clean(words))


def clean(words: str) -> str:
    """Without control characters, text direction marks and zero-width characters."""
    if words.isascii() and words.isprintable():
        return words
    return _UNSEEN.sub("", words.replace("\r\n", "\n").replace("\r", "\n"))


def heading(words: str) -> Element:
    return {
        "type": "TextBlock",
        "text": words,
        "size": "Large",
        "weight": "Bolder",
        "wrap": True,
        "style": "heading",
    }


def text(words: str, **more: Any) -> Element:
    return {"type": "TextBlock", "text": words, "wrap": True, **more}


def label(words: str) -> Element:
    return text(words, weight="Bolder", spacing="Medium")


def quiet(words: str) -> Element:
    return text(words, isSubtle=True, size="Small", spacing="Small")


def problem(words: str) -> Element:
    return text(words, color="Attention", weight="Bolder", spacing="Small")


def said(words: str) -> list[Element]:
    """What somebody typed, literally, a paragraph a line; of very many lines, the last ones in one paragraph."""
    lines = [line for line in clean(words).split("\n") if line.strip()] or ["–"]
    if len(lines) > PARAGRAPHS:
        lines = [*lines[: PARAGRAPHS - 1], " / ".join(lines[PARAGRAPHS - 1 :])]
    return [
        {
            "type": "RichTextBlock",
            "inlines": [{"type": "TextRun", "text": line.replace("{{", "{ {")}],
            "spacing": "Small",
        }
        for line in lines
    ]


def told(title: str, words: str) -> list[Element]:
    """A label with what somebody typed under it; nothing when there is nothing."""
    return [label(title), *said(words)] if words.strip() else []


def panel(*parts: Element | Iterable[Element] | None, style: str = "emphasis") -> Element:
    return {"type": "Container", "style": style, "items": flat(parts), "spacing": "Medium", "bleed": False}


def facts(pairs: Mapping[str, str]) -> Element:
    """Short facts of ours. Values must be literal already."""
    return {
        "type": "FactSet",
        "facts": [{"title": k, "value": v} for k, v in pairs.items() if v],
        "spacing": "Medium",
    }


# -- what people fill in -------------------------------------------------------------------------------------------


class Form:
    """Inputs of one form, each with who reads it, its value, and its fault below it.

    A form that can be saved half-filled marks nothing as required for the client (which would hold back the saving);
    the server says what is missing, at the field and above the buttons.
    """

    def __init__(self, values: Mapping[str, str], faults: Sequence[Fault] = (), *, strict: bool = False) -> None:
        self.values = values
        self.faults = faults
        self.strict = strict
        self.named: set[str] = set()

    def _input(self, kind: str, id_: str, words: str, *, required: bool, error: str, **more: Any) -> list[Element]:
        self.named.add(id_)
        element: Element = {
            "type": kind,
            "id": id_,
            "label": plain(f"{words} (required)" if required else words),
            "errorMessage": error,
            **more,
        }
        if required and self.strict:
            element["isRequired"] = True
        if value := self.values.get(id_):
            element["value"] = value
        return [element, *(problem(f.sentence) for f in self.faults if f.field == id_)]

    def line(
        self,
        id_: str,
        words: str,
        *,
        error: str,
        readers: str,
        required: bool = True,
        long: bool = False,
        most: int = 300,
        hint: str = "",
    ) -> list[Element]:
        more: dict[str, Any] = {"maxLength": most, "isMultiline": long}
        if hint:
            more["placeholder"] = hint
        reading = {**quiet(f"Read by: {readers}"), "spacing": "Large"}
        return [reading, *self._input("Input.Text", id_, words, required=required, error=error, spacing="None", **more)]

    def day(self, id_: str, words: str, *, error: str, required: bool = True, note: str = "") -> list[Element]:
        below = [quiet(note)] if note else []
        return [*self._input("Input.Date", id_, words, required=required, error=error), *below]

    def time(self, id_: str, words: str, *, error: str, required: bool = True) -> list[Element]:
        return self._input("Input.Time", id_, words, required=required, error=error)

    def one(
        self,
        id_: str,
        words: str,
        choices: Mapping[str, str],
        *,
        error: str,
        required: bool = True,
        open_list: bool = True,
    ) -> list[Element]:
        return self._input(
            "Input.ChoiceSet",
            id_,
            words,
            required=required,
            error=error,
            style="expanded" if open_list else "compact",
            choices=_choices(choices),
            wrap=True,
        )

    def some(
        self, id_: str, words: str, choices: Mapping[str, str], *, error: str, required: bool = True
    ) -> list[Element]:
        return self._input(
            "Input.ChoiceSet",
            id_,
            words,
            required=required,
            error=error,
            style="expanded",
            isMultiSelect=True,
            choices=_choices(choices),
            wrap=True,
        )

    def tick(self, id_: str, words: str, *, error: str) -> list[Element]:
        self.named.add(id_)
        element: Element = {
            "type": "Input.Toggle",
            "id": id_,
            "title": plain(words),
            "label": "Please tick (required)",
            "errorMessage": error,
            "valueOn": "yes",
            "valueOff": "no",
            "wrap": True,
        }
        if value := self.values.get(id_):
            element["value"] = value
        return [element, *(problem(f.sentence) for f in self.faults if f.field == id_)]

    def verdict(self) -> list[Element]:
        """The faults once more, above the buttons: on a phone the field may be out of sight."""
        if not self.faults:
            return []
        once = list(dict.fromkeys(f.sentence for f in sorted(self.faults, key=lambda f: bool(f.field))))
        lead = "One thing to put right:" if len(once) == 1 else f"{len(once)} things to put right:"
        rest = [quiet("The others stand at their fields above.")] if len(once) > NAMED_AGAIN else []
        again = [text(s, spacing="Small") for s in once[:NAMED_AGAIN]]
        return [panel(problem(lead), *again, *rest, style="attention")]


def _choices(choices: Mapping[str, str]) -> list[Element]:
    return [{"title": clean(title), "value": key} for key, title in choices.items()]


# -- buttons -------------------------------------------------------------------------------------------------------


def button(title: str, verb: str, *, style: str = "", **data: Any) -> Element:
    """An `Action.Execute`. *data* travels with the card and is never believed."""
    element: Element = {"type": "Action.Execute", "title": plain(title), "verb": verb, "data": data}
    if style:
        element["style"] = style
    return element


def leaving(action: Element) -> Element:
    """A button that takes nothing from the form along, so that nothing holds it back."""
    return {**action, "associatedInputs": "none"}


def link(title: str, url: str) -> Element:
    return {"type": "Action.OpenUrl", "title": plain(title), "url": url}


def buttons(*actions: Element) -> Element:
    return {"type": "ActionSet", "actions": list(actions), "spacing": "Small"}
