"""A card as a letter: its headings, paragraphs, facts and links, once in plain text and once in HTML.

The HTML sets no colours, loads nothing and has no fixed widths: a mail program shows it in its own light or dark, and
on a phone. What people typed is escaped; nothing of it becomes markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

#: An escaped character, a bold mark, or a character as it is.
_MARKS: Final = re.compile(r"\\(.)|(\*\*)|(.)", re.DOTALL)
#: The address of a person, perhaps with a bracket or a stop around it.
_PERSON: Final = re.compile(r"\W*[\w.+-]+@[\w.-]+\W*")
#: Where mail programs know the address of a page by: its scheme, and the stops in its name.
_PAGE: Final = re.compile(r"(?<=[A-Za-z]):(?=\S)|(?<=\w)\.(?=[^\W\d_])|(?<=www)\.")
#: Schemes of links that may stand in a letter.
_LINKS: Final = ("https://", "http://")
_HEAD: Final = (
    '<!DOCTYPE html><html lang="en-GB"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">'
    "<title>{title}</title></head>"
    '<body style="margin:0;padding:16px;font-family:Segoe UI,Helvetica,Arial,sans-serif;font-size:16px;'
    'line-height:1.5;overflow-wrap:anywhere;word-break:break-word"><div style="max-width:36em">'
)
_FOOT: Final = "</div></body></html>\n"


@dataclass(frozen=True, slots=True)
class Heading:
    """*words* may carry a card's bold marks and escapes."""

    words: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """*words* of ours, with a card's bold marks and escapes; *strong*: a label."""

    words: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Quoted:
    """What somebody typed, literally."""

    words: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Pairs of a title and a value; values as in `Paragraph`."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Points:
    """A list of plain words."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """A button that opens something."""

    title: str
    url: str


Part = Heading | Paragraph | Quoted | Facts | Points | Link


def said(words: str) -> Paragraph:
    """*words* that are plain already, as a paragraph."""
    return Paragraph(re.sub(r"([\\*])", r"\\\1", words))


def parts_of(card: Mapping[str, Any]) -> list[Part]:
    """What of a card can be read, in its order: inputs and buttons that need Teams are left out."""
    return [*_parts(card.get("body", [])), *_links(card.get("actions", []))]


def actions_of(card: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """All its buttons, in its order."""
    return [*_inner_actions(card.get("body", [])), *card.get("actions", [])]


def _inner_actions(parts: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for part in parts:
        yield from part.get("actions", []) if part.get("type") == "ActionSet" else ()
        yield from _inner_actions(part.get("items", []))


def _parts(elements: Sequence[Mapping[str, Any]]) -> Iterator[Part]:
    for element in elements:
        match element.get("type"):
            case "TextBlock":
                words = str(element["text"])
                is_heading = element.get("style") == "heading"
                yield Heading(words) if is_heading else Paragraph(words, strong=element.get("weight") == "Bolder")
            case "RichTextBlock":
                yield Quoted("".join(run["text"] for run in element["inlines"]))
            case "FactSet":
                yield Facts(tuple((fact["title"], fact["value"]) for fact in element["facts"]))
            case "Container":
                yield from _parts(element["items"])
            case "ActionSet":
                yield from _links(element["actions"])
            case _:
                continue


def _links(actions: Sequence[Mapping[str, Any]]) -> Iterator[Link]:
    for action in actions:
        if action.get("type") == "Action.OpenUrl" and action["url"].startswith(_LINKS):
            yield Link(action["title"], action["url"])


# -- plain text ----------------------------------------------------------------------------------------------------


def as_text(parts: Sequence[Part]) -> str:
    """A paragraph each; links with their address."""
    blocks = (_as_text(part) for part in parts)
    return "\n\n".join(block for block in blocks if block.strip()) + "\n"


def _as_text(part: Part) -> str:
    match part:
        case Heading(words) | Paragraph(words):
            return _plain(words)
        case Quoted(words):
            return f"    {words}"
        case Facts(pairs):
            return "\n".join(f"{title}: {_plain(value)}" for title, value in pairs)
        case Points(words):
            return "\n".join(f"- {one}" for one in words)
        case Link(title, url):
            return f"{title}: {url}"


def _plain(words: str) -> str:
    return "".join(_pieces(words))


def _pieces(words: str) -> list[str]:
    """Without the backslashes that keep a card from reading a name as Markdown, cut at its bold marks."""
    pieces = [""]
    for found in _MARKS.finditer(words):
        if found[2]:
            pieces.append("")
        else:
            pieces[-1] += found[1] or found[3]
    return pieces


# -- HTML ------------------------------------------------------------------------------------------------------------


def as_html(parts: Sequence[Part], title: str) -> str:
    """A whole page. *title* is the subject, which names nobody."""
    return _HEAD.format(title=escape(title)) + "".join(_as_html(part) for part in parts) + _FOOT


def _as_html(part: Part) -> str:
    match part:
        case Heading(words):
            return f'<h1 style="font-size:20px;line-height:1.3;margin:20px 0 8px">{_marked(words)}</h1>'
        case Paragraph(words, strong):
            inner = f"<strong>{_marked(words)}</strong>" if strong else _marked(words)
            return f'<p style="margin:0 0 12px">{inner}</p>'
        case Quoted(words):
            bar = "margin:0 0 12px;padding:0 0 0 12px;border-left:3px solid"
            return f'<blockquote style="{bar}">{_literally(words)}</blockquote>'
        case Facts(pairs):
            rows = "".join(_row(title, value) for title, value in pairs)
            return f'<table style="border-collapse:collapse;margin:0 0 12px">{rows}</table>'
        case Points(words):
            points = "".join(f"<li>{_literally(w)}</li>" for w in words)
            return f'<ul style="margin:0 0 12px;padding-left:20px">{points}</ul>'
        case Link(title, url):
            return f'<p style="margin:0 0 12px"><a href="{escape(url)}">{escape(title)}</a></p>'


def _row(title: str, value: str) -> str:
    cell = "padding:2px 12px 2px 0;text-align:left;vertical-align:top"
    head = f'<th scope="row" style="{cell}">{escape(title)}</th>'
    return f'<tr>{head}<td style="{cell}">{_marked(value)}</td></tr>'


def _marked(words: str) -> str:
    """Escaped, with bold where a card has it. A mark without its fellow is dropped."""
    pieces = [_literally(piece) for piece in _pieces(words)]
    if len(pieces) % 2 == 0:
        return "".join(pieces)
    return "".join(f"<strong>{piece}</strong>" if n % 2 else piece for n, piece in enumerate(pieces))


def _literally(words: str) -> str:
    """Escaped; and what looks like the address of a page is cut up, which nobody sees: mail programs would make it a
    link by themselves. The address of a person stays whole, so that one can write to them.
    """
    inert = escape(words)
    if _PAGE.search(inert):
        inert = re.sub(r"\S+", lambda found: _cut(found[0]), inert)
    return inert.replace("\n", "<br>")


def _cut(word: str) -> str:
    return word if _PERSON.fullmatch(word) else _PAGE.sub(r"<span>\g<0></span>", word)
