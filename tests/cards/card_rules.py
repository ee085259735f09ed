"""What every card must be, checked on the dict that Teams will receive, and what its words must not say.

Of a card's strings, some are ours, drawn with Markdown (`TextBlock`, `Fact`) or plain (labels, titles, choices); some are
people's (text runs, what stands in a field). Rules about words hold for ours only.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt

Card = dict[str, Any]

#: Bytes as sent, or as UTF-16, in which Teams counts.
LARGEST = 25 * 1024
MOST_ACTIONS = 6
IN_VIEW = 3
#: What is left of an old card needs no heading: so many lines.
STUB = 2

_ELEMENT = {"type", "spacing"}
_INPUT = {"type", "spacing", "id", "label", "errorMessage", "isRequired", "value"}
KNOWN = {
    "AdaptiveCard": {"type", "$schema", "version", "body", "actions", "msteams"},
    "TextBlock": _ELEMENT | {"text", "size", "weight", "wrap", "style", "color", "isSubtle"},
    "RichTextBlock": _ELEMENT | {"inlines"},
    "TextRun": {"type", "text"},
    "Container": _ELEMENT | {"items", "style", "bleed"},
    "FactSet": _ELEMENT | {"facts"},
    "ActionSet": _ELEMENT | {"actions"},
    "Input.Text": _INPUT | {"isMultiline", "maxLength", "placeholder"},
    "Input.Number": _INPUT | {"min", "max", "placeholder"},
    "Input.Date": _INPUT,
    "Input.Time": _INPUT,
    "Input.ChoiceSet": _INPUT | {"choices", "isMultiSelect", "style", "wrap"},
    "Input.Toggle": _INPUT | {"title", "valueOn", "valueOff", "wrap"},
    "Action.Execute": {"type", "title", "verb", "data", "style", "mode", "associatedInputs"},
    "Action.OpenUrl": {"type", "title", "url", "mode"},
}
_FIELD = ("id", "label", "errorMessage")
NEEDED = {
    "AdaptiveCard": ("version", "body"),
    "TextBlock": ("text", "wrap"),
    "RichTextBlock": ("inlines",),
    "TextRun": ("text",),
    "Container": ("items",),
    "FactSet": ("facts",),
    "ActionSet": ("actions",),
    "Input.Text": (*_FIELD, "maxLength"),
    "Input.Number": _FIELD,
    "Input.Date": _FIELD,
    "Input.Time": _FIELD,
    "Input.ChoiceSet": (*_FIELD, "choices", "wrap"),
    "Input.Toggle": (*_FIELD, "title", "wrap"),
    "Action.Execute": ("title", "verb"),
    "Action.OpenUrl": ("title", "url"),
}
#: Buttons that do not say what happens.
VAGUE = frozenset(
    {"submit", "ok", "okay", "yes", "no", "send", "go", "next", "continue", "more", "done", "confirm", "click here"}
)
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


# -- a card and its parts --------------------------------------------------------------------------------------------


def walk(part: Any) -> Iterator[dict[str, Any]]:
    """Every element and action, the card itself first."""
    if isinstance(part, dict):
        if "type" in part:
            yield part
        for key, value in part.items():
            if key not in {"data", "msteams"}:
                yield from walk(value)
    elif isinstance(part, list):
        for item in part:
            yield from walk(item)


@dataclass(frozen=True, slots=True)
class Slot:
    """A string that people read. *markdown*: Teams draws its Markdown; *typed*: somebody typed it."""

    where: str
    text: str
    markdown: bool = False
    typed: bool = False
    title: bool = False


def slots(card: Card) -> Iterator[Slot]:
    for part in walk(card):
        kind = part["type"]
        match kind:
            case "TextBlock":
                yield Slot(kind, part.get("text", ""), markdown=True, title=part.get("style") == "heading")
            case "TextRun":
                yield Slot(kind, part.get("text", ""), typed=True)
            case "FactSet":
                for fact in part.get("facts", []):
                    yield Slot("Fact", fact.get("title", ""), markdown=True)
                    yield Slot("Fact", fact.get("value", ""), markdown=True)
            case _:
                for key in ("title", "label", "errorMessage", "placeholder"):
                    if key in part:
                        yield Slot(f"{kind} {key}", part[key], title=key == "title" and kind.startswith("Action."))
                for choice in part.get("choices", []):
                    yield Slot("Choice", choice.get("title", ""))
                if kind == "Input.Text" and "value" in part:
                    yield Slot("Input.Text value", part["value"], typed=True)


def verbs_of(card: Card) -> set[str]:
    return {part["verb"] for part in walk(card) if part["type"] == "Action.Execute" and "verb" in part}


def size_of(card: Card) -> int:
    sent = json.dumps(card, ensure_ascii=False, separators=(",", ":"))
    return max(len(sent.encode()), len(sent.encode("utf-16-le")))


# -- the lint --------------------------------------------------------------------------------------------------------


def faults(card: Card, verbs: Collection[str], forms: Collection[str]) -> list[str]:
    """What is wrong with *card*, a sentence each. *verbs* and *forms* are what the router answers."""
    found = [*_whole(card), *_shape(card), *_inputs(card), *_actions(card, verbs, forms)]
    for slot in slots(card):
        found += [f"{slot.where} {fault}: {slot.text!r}" for fault in _said(slot)]
    return found


def _shape(card: Card) -> Iterator[str]:
    for part in walk(card):
        kind = part["type"]
        if kind not in KNOWN:
            yield f"unknown element {kind}"
            continue
        yield from (f"{kind} has no property {key!r}" for key in sorted(part.keys() - KNOWN[kind]))
        yield from (f"{kind} needs {key!r}" for key in NEEDED[kind] if not part.get(key) and part.get(key) != [])
        for key in ("body", "items", "facts", "inlines", "choices"):
            if part.get(key) == []:
                yield f"{kind} has nothing in {key!r}"
        for fact in part.get("facts", []):
            if not fact.get("title") or not fact.get("value"):
                yield f"half a fact: {fact}"


def _whole(card: Card) -> Iterator[str]:
    if card.get("type") != "AdaptiveCard":
        yield "it is no AdaptiveCard"
    if card.get("version") != "1.5":
        yield f"version {card.get('version')!r} is not 1.5"
    if (size := size_of(card)) >= LARGEST:
        yield f"{size} bytes are too large for Teams"
    body = card.get("body", [])
    if len(body) > STUB and not any(part.get("style") == "heading" for part in walk(body)):
        yield "it has no heading"
    if any(part["type"].startswith("Action.") for part in card.get("body", []) if "type" in part):
        yield "an action in the body needs an ActionSet"
    if card.get("actions") and not all(a["type"].startswith("Action.") for a in card["actions"]):
        yield "something in 'actions' is no action"


def _inputs(card: Card) -> Iterator[str]:
    parts = list(walk(card))
    fields = [part for part in parts if part["type"].startswith("Input.")]
    ids = Counter(part.get("id") for part in parts if "id" in part)
    yield from (f"two inputs named {name!r}" for name, n in ids.items() if n > 1)
    carried = {key for part in parts for key in part.get("data", {})}
    yield from (f"{name!r} is an input and travels with a button too" for name in sorted(carried & set(ids), key=str))
    for part in fields:
        name = part.get("id")
        if part.get("isRequired") and "(required)" not in part.get("label", ""):
            yield f"{name!r} is required and its label does not say so"
        if part["type"] == "Input.Number" and not part.get("isRequired") and part.keys() & {"min", "max"}:
            yield f"{name!r} is optional: with min or max an empty field blocks sending"
        if part["type"] == "Input.ChoiceSet":
            yield from _choices(part)
        value = part.get("value", "")
        if part["type"] == "Input.Date" and value and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            yield f"{name!r} holds no date: {value!r}"
        if part["type"] == "Input.Time" and value and not re.fullmatch(r"\d{2}:\d{2}", value):
            yield f"{name!r} holds no time: {value!r}"


def _choices(part: dict[str, Any]) -> Iterator[str]:
    offered = [choice.get("value") for choice in part.get("choices", [])]
    name = part.get("id")
    if len(set(offered)) < len(offered) or not all(offered):
        yield f"{name!r} has two choices of one value, or one without"
    if part.get("isMultiSelect") and any("," in str(value) for value in offered):
        yield f"{name!r} takes several: no value may hold a comma"


def _actions(card: Card, verbs: Collection[str], forms: Collection[str]) -> Iterator[str]:
    parts = list(walk(card))
    actions = [part for part in parts if part["type"].startswith("Action.")]
    if len(actions) > MOST_ACTIONS:
        yield f"{len(actions)} actions: a seventh is dropped silently"
    if sum(action.get("mode") != "secondary" for action in card.get("actions", [])) > IN_VIEW:
        yield f"more than {IN_VIEW} buttons in view"
    held_back = any(part.get("isRequired") for part in parts)
    for action in actions:
        title, data = action.get("title", ""), action.get("data", {})
        if title.strip(" .!").casefold() in VAGUE:
            yield f"the button {title!r} does not say what happens"
        if action["type"] == "Action.Execute":
            if action.get("verb") not in verbs:
                yield f"no step answers {action.get('verb')!r}"
            if "form" in data and data["form"] not in forms:
                yield f"no form is called {data['form']!r}"
            if held_back and "form" not in data and action.get("associatedInputs") != "none":
                yield f"the button {title!r} is held back by an empty required field"
        if action["type"] == "Action.OpenUrl" and not _fit_to_open(action.get("url", "")):
            yield f"{title!r} opens {action.get('url')!r}"


def _fit_to_open(url: str) -> bool:
    """https; or the calendar file of practice mode, on loopback."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return bool(parts.hostname) and "@" not in parts.netloc
    return parts.scheme == "http" and parts.hostname in LOOPBACK and parts.path.endswith(".ics")


# -- words -----------------------------------------------------------------------------------------------------------

#: Full Markdown, more than Teams draws: whatever is active in any of them is found.
_MARKDOWN = MarkdownIt("commonmark").enable(["strikethrough", "table"])
#: What our own words use of it.
_OURS = frozenset({"paragraph_open", "paragraph_close", "inline", "text", "softbreak", "strong_open", "strong_close"})
_LISTS = frozenset({"ordered_list_open", "ordered_list_close", "list_item_open", "list_item_close"})
_TEMPLATES = ("{{", "${", "<at>")


@cache
def _said(slot: Slot) -> tuple[str, ...]:
    """What is wrong with one string. Most stand on many cards."""
    return tuple(_faults_of(slot))


def _faults_of(slot: Slot) -> Iterator[str]:
    if slot.where != "Input.Text value" and any(_unseen(mark) for mark in slot.text):
        yield "has characters that nobody sees"
    if slot.typed:
        if slot.where == "TextRun" and "{{" in slot.text:
            yield "has a date that the client would fill in"
        return
    if slot.title and slot.text.rstrip("*").endswith("."):
        yield "ends with a full stop"
    if slot.markdown:
        yield from _active(slot.text)
    elif "\\" in slot.text:
        yield "shows a backslash, because no Markdown is drawn there"
    yield from word_faults(slot.text)


def _unseen(mark: str) -> bool:
    return mark not in "\n\t" and unicodedata.category(mark) in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}


def _active(text: str) -> Iterator[str]:
    """What Markdown makes of *text* beyond bold and numbered steps, and what the client would fill in."""
    tokens = [token for top in _MARKDOWN.parse(text) for token in (top, *(top.children or ()))]
    yield from (f"draws {token.type}" for token in tokens if token.type not in _OURS | _LISTS)
    if "{{" in text:
        yield "has a date that the client would fill in"


@cache
def drawn(text: str) -> str:
    """What people see of *text* where Markdown is drawn."""
    inline = [token for token in _MARKDOWN.parse(text) if token.type == "inline"]
    return "\n".join("".join(c.content or "\n" * (c.type == "softbreak") for c in t.children or ()) for t in inline)


_AMERICAN = (
    "analyze|apologize|behavior|canceled|canceling|center|color|counselor|defense|emphasize|enroll|enrolled|favor|"
    "favorite|fulfill|gray|honor|judgment|labor|license plate|modeled|modeling|neighbor|organize|organized|organization|"
    "practicing|program|recognize|skillful|summarize|traveled|apartment|fall term|gotten|math|vacation"
)
#: The reference's "Not" words, and those no card of the first half needs.
_UNKIND = (
    "issues?|problem students?|offenders?|fail|fails|failed|failing|failure|deficien\\w*|underperform\\w*|"
    "raised against|hearing|trial|tripartite|terminat\\w*|incompetent|unsatisfactory|disciplinar\\w*|pupil teacher"
)
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
WORD_RULES = {
    "has an American spelling": re.compile(rf"\b(?:{_AMERICAN})\b", re.IGNORECASE),
    "has a word from the list of unkind ones": re.compile(rf"\b(?:{_UNKIND})\b", re.IGNORECASE),
    "has a date that is not in words": re.compile(r"\d{4}-\d{2}-\d{2}|\b\d{1,2}[/.]\d{1,2}[/.]\d{2,4}\b"),
    "has an American date": re.compile(rf"\b(?:{_MONTHS}) \d{{1,2}}\b"),
    "has a time that is not in words": re.compile(r"\b\d{1,2}:\d{2}(?::\d{2})?(?!\d| ?[ap]m)"),
    "has an ordinal": re.compile(r"\b\d{1,2}(?:st|nd|rd|th)\b"),
    "has an abbreviation from Latin": re.compile(r"\b(?:e\.?g|i\.?e|etc|viz|cf|n\.?b)\b\.?", re.IGNORECASE),
    "has a word that computers made up": re.compile(
        r"\b(?:None(?! of th)|null|undefined|True|False)\b|[a-z]+_[a-z]+|<\w+ object"
    ),
    "says click": re.compile(r"\bclick(?:ing)?\b", re.IGNORECASE),
    "has two spaces or a space before a stop": re.compile(r"\S  +\S| [.,;:?!](?!\S)"),
    "begins with a stop": re.compile(r"^\W*[.,:;]"),
    "has two full stops": re.compile(r"(?<!\.)\.\.(?!\.)|\. \."),
}


#: The one place for the hard word: an outcome is said plainly, once, and the button that does it says so.
PLAINLY = re.compile(r"\b(?:counts as a failed placement|placement ends as failed)\b")


def word_faults(text: str) -> Iterator[str]:
    """What *text*, ours, should not say."""
    text = PLAINLY.sub("so", text)
    yield from (fault for fault, rule in WORD_RULES.items() if rule.search(text))


def unliteral(card: Card, hostile: Sequence[str], mark: str) -> Iterator[str]:
    """Where one of *hostile*, which have *mark* in them and stand in names and typed text, is not shown letter by
    letter.
    """
    wanted = re.compile("|".join(re.escape(_closed(shown(words))) for words in hostile), re.IGNORECASE)
    for slot in slots(card):
        if mark not in slot.text or slot.where == "Input.Text value":
            continue
        seen = _closed(drawn(slot.text) if slot.markdown else slot.text)
        if mark in wanted.sub("", seen):
            yield f"{slot.where} shows {seen!r}"


def shown(words: str) -> str:
    """*words* without what nobody sees."""
    return "".join(mark for mark in words if not _unseen(mark))


def _closed(words: str) -> str:
    """Without the gap that keeps the client from filling in a date."""
    return words.replace("{ {", "{{")
