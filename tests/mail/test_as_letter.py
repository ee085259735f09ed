"""Every card as a letter: the same words in plain text and in HTML, nothing that loads, tracks, or hides in the dark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest

from bot.as_letter import Facts, Heading, Link, Paragraph, Points, Quoted, as_html, as_text, parts_of, said
from tests.cards.card_rules import walk
from tests.cards.conftest import book_of

TAGS = {
    "html", "head", "meta", "title", "body", "div", "h1", "p", "strong", "br", "blockquote", "table", "tr", "th", "td",
    "ul", "li", "a", "span",
}  # fmt: skip
VOID = {"meta", "br"}
#: What a style may set: nothing that has a colour, loads something, or is wider than a phone.
STYLES = {
    "margin", "padding", "padding-left", "font-family", "font-size", "line-height", "overflow-wrap", "word-break",
    "max-width", "border-left", "border-collapse", "text-align", "vertical-align",
}  # fmt: skip


class Page(HTMLParser):
    """What a mail program finds: tags that are open and closed in order, words, links."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.open: list[str] = []
        self.words = ""
        self.texts: list[str] = []
        self.links: dict[str, str] = {}
        self.feed(html)
        self.close()
        self.faults += [f"{tag} is not closed" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in TAGS:
            self.faults.append(f"a {tag}")
        allowed = {"style", "lang", "charset", "name", "content", "scope", "href"}
        self.faults += [f"{tag} has {name}" for name in given if name not in allowed]
        for rule in (given.get("style") or "").split(";"):
            if rule and rule.partition(":")[0] not in STYLES:
                self.faults.append(f"{tag} sets {rule}")
        if tag == "a":
            self.links[given.get("href") or ""] = ""
        if tag not in VOID:
            self.open.append(tag)
        if tag in {"strong", "span"}:
            return
        self.words += " "

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"{tag} is closed out of order")
        self.words += " " if tag not in {"strong", "span"} else ""

    def handle_data(self, data: str) -> None:
        if "title" in self.open:
            return
        self.words += data
        if "a" not in self.open:
            self.texts.append(data)
        if "a" in self.open:
            self.links[list(self.links)[-1]] += data


def letters(world: str) -> Iterator[tuple[str, dict[str, Any], str, Page]]:
    for drawn in book_of(world):
        parts = parts_of(drawn.card)
        yield drawn.name, drawn.card, as_text(parts), Page(as_html(parts, drawn.summary))


#: What would be a link outside the links of the card.
ACTIVE = re.compile(r"(?i)(?:https?|javascript|data):\S|www\.")


def bare(words: str) -> str:
    """Only the words: a fact's colon, a link's address and a list's dash are the plain text's own."""
    return re.sub(r"[\W_]+", "", re.sub(r": https?://\S+", "", words))


@pytest.mark.parametrize("world", ["ordinary", "attacked"])
def test_every_card_is_a_letter_whose_two_forms_say_the_same(world: str) -> None:
    for name, _card, text, page in letters(world):
        assert page.faults == [], name
        assert bare(text) == bare(page.words), name
        assert [words for words in page.texts if ACTIVE.search(words)] == [], name


def test_every_link_of_a_card_is_a_link_of_its_letter_and_has_its_address_in_the_text() -> None:
    seen = 0
    for name, card, text, page in letters("ordinary"):
        for element in walk(card):
            if element.get("type") == "Action.OpenUrl":
                seen += 1
                assert page.links[element["url"]] == element["title"], name
                assert f"{element['title']}: {element['url']}" in text, name
    assert seen > 50


def test_what_hostile_people_type_or_are_called_stays_words() -> None:
    html = as_html(
        [
            said("Hello <script>alert(1)</script> **Dot** \\*"),
            Quoted('<img src="https://evil.example/t.gif" onerror=x> & "so"'),
            Facts((("Who <b>", "<i>x</i> **B**"),)),
            Points(("</ul><script>",)),
            Link('"><script>', "https://example.ac.uk/?a=1&b=2\"'<"),
            Heading("<h2>"),
        ],
        "</title><script>",
    )
    page = Page(html)
    assert page.faults == []
    assert "<script>alert(1)</script> **Dot** \\*" in page.words
    assert "onerror=x" in page.words
    assert page.links == {"https://example.ac.uk/?a=1&b=2\"'<": '"><script>'}


#: What mail programs make a link of, wherever it stands in a text.
BY_ITSELF = re.compile(r"(?i)\b(?:[a-z]+:\S|www\.\S)|\b[\w-]+\.(?:com|example|uk|org)\b")
PAGES = [
    "https://evil.example/a?b=c",
    "www.evil.example",
    "evil.example/x@y",
    "https://you@evil.example",
    "data:text/html,x",
]


@pytest.mark.parametrize("typed", PAGES)
def test_no_mail_program_makes_a_link_by_itself_of_what_is_typed(typed: str) -> None:
    words = f"See {typed}, ({typed}). Or <{typed}>"
    page = Page(
        as_html([Quoted(words), said(words), Facts((("Where", words.replace("*", "")),)), Points((words,))], "x")
    )
    assert page.faults == []
    assert page.words.count(words) == 4
    assert [text for text in page.texts if BY_ITSELF.search(text)] == []


def test_one_can_write_to_whom_a_letter_names_and_read_times_and_figures_as_they_are() -> None:
    words = "wellbeing@northdale.example.ac.uk, 3:45pm, 3.5 hours (t.o-x@school.example)."
    assert f">{words}</p>" in as_html([said(words)], "x")


def test_bold_marks_and_escapes_of_a_card_are_read_and_not_shown() -> None:
    parts = [Paragraph("**Tom \\*Ash\\\\**: one\ntwo **left open")]
    assert as_text(parts) == "Tom *Ash\\: one\ntwo left open\n"
    assert "Tom *Ash\\: one<br>two left open" in as_html(parts, "x")
    assert "<strong>Tom</strong>: a" in as_html([Paragraph("**Tom**: a")], "x")


def test_a_link_that_is_no_web_address_is_left_out() -> None:
    card = {"body": [], "actions": [{"type": "Action.OpenUrl", "title": "Press", "url": "javascript:alert(1)"}]}
    assert parts_of(card) == []


def test_the_page_leaves_light_and_dark_to_the_mail_program() -> None:
    html = as_html([said("x")], "x")
    assert '<meta name="color-scheme" content="light dark">' in html
    assert "background" not in html
    assert re.search(r"[^-]color:", html) is None
    assert "http" not in html.replace("http-equiv", "")
