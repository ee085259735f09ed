"""The lint itself: a sound card passes, and each fault that is put into it is found."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from cards.elements import literal, plain, said
from tests.cards.card_rules import KNOWN, Card, drawn, faults, shown, size_of, unliteral, word_faults
from tests.cards.catalogue import HOSTILE, MARK

VERBS, FORMS = {"check.send", "cases.open"}, {"check"}
SOUND: Card = {
    "type": "AdaptiveCard",
    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
    "version": "1.5",
    "body": [
        {"type": "TextBlock", "text": "How is Tom getting on?", "wrap": True, "style": "heading"},
        {"type": "TextBlock", "text": "Tom has until **Tuesday 13 October, 3:45pm**.", "wrap": True},
        {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": "**Noise** on 06/10/2026, e.g. at 10:15"}]},
        {"type": "FactSet", "facts": [{"title": "Area", "value": "Behaviour"}]},
        {"type": "Container", "items": [{"type": "TextBlock", "text": "Whom you can ask", "wrap": True}]},
        {
            "type": "Input.Text",
            "id": "note",
            "label": "How it went (required)",
            "errorMessage": "Say how it went.",
            "isRequired": True,
            "maxLength": 300,
        },
        {"type": "Input.Number", "id": "minutes", "label": "Minutes", "errorMessage": "Give a number."},
        {"type": "Input.Date", "id": "on", "label": "Day", "errorMessage": "Choose a day.", "value": "2026-10-13"},
        {"type": "Input.Time", "id": "at", "label": "Time", "errorMessage": "Choose a time.", "value": "15:45"},
        {
            "type": "Input.ChoiceSet",
            "id": "help",
            "label": "Help",
            "errorMessage": "Choose the help.",
            "choices": [{"title": "An extra meeting", "value": "meeting"}, {"title": "Watching", "value": "watching"}],
            "isMultiSelect": True,
            "wrap": True,
        },
        {
            "type": "Input.Toggle",
            "id": "told",
            "label": "Please tick (required)",
            "title": "Tom has been told",
            "errorMessage": "Tell Tom first.",
            "wrap": True,
        },
    ],
    "actions": [
        {"type": "Action.Execute", "title": "Record it", "verb": "check.send", "data": {"form": "check", "nonce": "n"}},
        {"type": "Action.Execute", "title": "Back", "verb": "cases.open", "associatedInputs": "none"},
        {"type": "Action.OpenUrl", "title": "Open it in Teams", "url": "https://teams.microsoft.com/l/meeting/new"},
    ],
    "msteams": {"width": "Full"},
}
HEADING, TEXT, RUN, FACTS, BOX, NOTE, NUMBER, DATE, TIME, HELP, TICK = range(11)
SEND, BACK, OPEN = range(3)
Part = dict[str, Any]
Harm = Callable[[Card], Any]


def body(at: int, **changed: Any) -> Harm:
    return lambda card: card["body"][at].update(changed)


def without(at: int, key: str) -> Harm:
    return lambda card: card["body"][at].pop(key)


def action(at: int, **changed: Any) -> Harm:
    return lambda card: card["actions"][at].update(changed)


def text(words: str) -> Harm:
    return body(TEXT, text=words)


def more_actions(card: Card) -> None:
    row = {"type": "ActionSet", "actions": [deepcopy(card["actions"][BACK]) for _ in range(4)]}
    card["body"].append(row)


def four_in_view(card: Card) -> None:
    card["actions"].append(deepcopy(card["actions"][BACK]))


SEEDED: list[tuple[str, Harm, str]] = [
    ("another version", lambda c: c.update(version="1.6"), "is not 1.5"),
    ("no card", lambda c: c.update(type="Card"), "it is no AdaptiveCard"),
    ("an unknown element", body(BOX, type="Carousel"), "unknown element Carousel"),
    ("Action.Submit", action(SEND, type="Action.Submit"), "unknown element Action.Submit"),
    ("a misspelt property", body(TEXT, wieght="Bolder"), "TextBlock has no property 'wieght'"),
    ("a property of 1.6", body(BOX, roundedCorners=True), "Container has no property 'roundedCorners'"),
    ("text without wrap", without(TEXT, "wrap"), "TextBlock needs 'wrap'"),
    ("wrap switched off", body(TEXT, wrap=False), "TextBlock needs 'wrap'"),
    ("choices without wrap", without(HELP, "wrap"), "Input.ChoiceSet needs 'wrap'"),
    ("text without text", without(TEXT, "text"), "TextBlock needs 'text'"),
    ("a field without a label", without(NOTE, "label"), "Input.Text needs 'label'"),
    ("a field without an error message", without(DATE, "errorMessage"), "Input.Date needs 'errorMessage'"),
    ("a field without an id", without(TIME, "id"), "Input.Time needs 'id'"),
    ("a field without an end", without(NOTE, "maxLength"), "Input.Text needs 'maxLength'"),
    ("a button without a verb", lambda c: c["actions"][SEND].pop("verb"), "Action.Execute needs 'verb'"),
    ("two fields of one name", body(DATE, id="note"), "two inputs named 'note'"),
    ("a field named like carried data", body(NOTE, id="nonce"), "'nonce' is an input and travels with a button too"),
    ("an unmarked required field", body(NOTE, label="How it went"), "'note' is required and its label does not say"),
    ("an optional number with an end", body(NUMBER, max=60), "'minutes' is optional: with min or max"),
    ("a date in words in a date field", body(DATE, value="Tuesday"), "'on' holds no date"),
    ("a time with seconds", body(TIME, value="15:45:00"), "'at' holds no time"),
    (
        "two choices of one value",
        lambda c: c["body"][HELP]["choices"][0].update(value="watching"),
        "two choices of one",
    ),
    ("a comma in a choice", lambda c: c["body"][HELP]["choices"][0].update(value="a,b"), "no value may hold a comma"),
    ("no choices", body(HELP, choices=[]), "Input.ChoiceSet has nothing in 'choices'"),
    ("an empty box", body(BOX, items=[]), "Container has nothing in 'items'"),
    ("half a fact", lambda c: c["body"][FACTS]["facts"][0].update(value=""), "half a fact"),
    ("an action in the body", lambda c: c["body"].append(deepcopy(c["actions"][BACK])), "needs an ActionSet"),
    ("text among the actions", lambda c: c["actions"].append(deepcopy(c["body"][TEXT])), "is no action"),
    ("no heading", without(HEADING, "style"), "it has no heading"),
    ("seven actions", more_actions, "7 actions"),
    ("four buttons in view", four_in_view, "more than 3 buttons in view"),
    ("a verb that nobody answers", action(SEND, verb="check.sned"), "no step answers 'check.sned'"),
    ("a form that nobody draws", action(SEND, data={"form": "chekc"}), "no form is called 'chekc'"),
    ("a way back that is held back", lambda c: c["actions"][BACK].pop("associatedInputs"), "is held back by an empty"),
    ("a link without https", action(OPEN, url="http://teams.microsoft.com/x"), "opens 'http://teams"),
    ("a link that runs a script", action(OPEN, url="javascript:alert(1)"), "opens 'javascript"),
    ("a link with a disguised host", action(OPEN, url="https://teams.microsoft.com@evil.example/"), "opens 'https"),
    ("a page on loopback", action(OPEN, url="http://127.0.0.1:3978/page"), "opens 'http://127"),
    ("too much", text("word " * 2600), "too large for Teams"),
    ("a vague button", action(SEND, title="Submit"), "does not say what happens"),
    ("a vague button with a stop", action(SEND, title="OK."), "does not say what happens"),
    ("click here", action(OPEN, title="Click here"), "does not say what happens"),
    ("a button with a full stop", action(SEND, title="Record it."), "ends with a full stop"),
    ("a heading with a full stop", body(HEADING, text="Your view."), "ends with a full stop"),
    ("a link in Markdown", text("Ask [Tom](http://evil.example)."), "draws link_open"),
    ("a script in Markdown", text("Ask [Tom](vbscript:x) or <https://evil.example>."), "draws link_open"),
    ("an image in Markdown", text("Ask ![Tom](https://evil.example/pixel.png)."), "draws image"),
    ("HTML", text("Ask <at>Tom</at>."), "draws html_inline"),
    ("emphasis", text("Ask *Tom*."), "draws em_open"),
    ("code", text("Ask `Tom`."), "draws code_inline"),
    ("a heading in Markdown", text("# Tom"), "draws heading_open"),
    ("a bullet list", text("- Tom"), "draws bullet_list_open"),
    ("a date to fill in", text("Due {{DATE(2026-10-06T00:00:00Z)}}"), "that the client would fill in"),
    ("a typed date to fill in", lambda c: c["body"][RUN]["inlines"][0].update(text="{{DATE(1)}}"), "would fill in"),
    ("reversed text", text("Tom \u202eevil"), "characters that nobody sees"),
    ("a zero-width space in a button", action(SEND, title="Rec\u200bord it"), "characters that nobody sees"),
    ("a backslash in a button", action(SEND, title="Tell Tom \\(5\\)"), "shows a backslash"),
    ("a backslash in a label", body(DATE, label="Day of Tom\\_s"), "shows a backslash"),
]


def test_a_sound_card_passes() -> None:
    assert faults(SOUND, VERBS, FORMS) == []


@pytest.mark.parametrize(("harm", "expected"), [pytest.param(h, x, id=name) for name, h, x in SEEDED])
def test_a_seeded_fault_is_found(harm: Harm, expected: str) -> None:
    card = deepcopy(SOUND)
    harm(card)
    found = faults(card, VERBS, FORMS)
    assert any(expected in fault for fault in found), found


def test_the_calendar_file_of_practice_mode_may_be_opened_on_loopback() -> None:
    card = deepcopy(SOUND)
    for host in ("127.0.0.1:3978", "localhost:3978", "[::1]:3978"):
        card["actions"][OPEN]["url"] = f"http://{host}/ics/token.ics"
        assert faults(card, VERBS, FORMS) == []


def test_a_button_behind_more_is_not_in_view() -> None:
    card = deepcopy(SOUND)
    four_in_view(card)
    for hidden in card["actions"][2:]:
        hidden["mode"] = "secondary"
    assert faults(card, VERBS, FORMS) == []


@pytest.mark.parametrize(
    "words",
    [
        "Work on behavior this week",
        "The program ends soon",
        "Tom is failing",
        "A concern was raised against Tom",
        "A tripartite conversation",
        "The hearing is on Tuesday",
        "The placement was terminated",
        "This issue is closed",
        "It was due on 2026-10-06",
        "It was due on 06/10/2026",
        "It was due on 6.10.26",
        "It was due on October 6",
        "At 15:45 in school",
        "On the 3rd of November",
        "Some help, e.g. a lesson to watch",
        "Some help, eg a lesson to watch",
        "A meeting, a visit, etc",
        "None is told",
        "The reason is link_tutor",
        "Click the button",
        "It is closed..",
        "It is closed . Thank you",
        ": not recorded yet",
        "It is  closed",
    ],
)
def test_a_word_that_no_card_says_is_found(words: str) -> None:
    assert list(word_faults(words)), words


@pytest.mark.parametrize(
    "words",
    [
        "Tuesday 3 November 2026, 3:45pm",
        "Behaviour management (Core Area): 5 school days; half term 26 to 30 October is not counted",
        "Speak to your designated safeguarding lead or headteacher **now**, or ring 0113 496 0101",
        "Ref K7QM · PGCE Primary · Phase 1",
        "3:30pm and later, not Wednesday",
        "Is that right?",
    ],
)
def test_words_in_the_style_of_the_house_pass(words: str) -> None:
    assert list(word_faults(words)) == []


def test_the_size_counts_as_teams_counts() -> None:
    assert size_of({"a": "é"}) == len('{"a":"é"}') * 2
    assert size_of({"a": "😀"}) == len('{"a":"😀"}') * 2 + 2


# -- people's words ----------------------------------------------------------------------------------------------------


def test_hostile_words_are_found_where_they_are_not_shown_literally() -> None:
    card = deepcopy(SOUND)
    text(f"Ask {HOSTILE}.")(card)
    assert list(unliteral(card, [HOSTILE], MARK))
    text(f"Ask {literal(HOSTILE)}.")(card)
    action(SEND, title=f"Tell {literal(HOSTILE)}")(card)
    assert len(list(unliteral(card, [HOSTILE], MARK))) == 1, "the button draws no Markdown"
    action(SEND, title=f"Tell {plain(literal(HOSTILE))}")(card)
    assert list(unliteral(card, [HOSTILE], MARK)) == []


@pytest.mark.parametrize(
    "words",
    [
        "1. Zed",
        "12) Zed",
        "- Zed",
        "+ Zed",
        "* Zed",
        "# Zed",
        "> Zed",
        "Zed\n===",
        "Zed\n---",
        "***",
        "Zed [Z](http://evil.example) <b>",
        "Zed &amp; &#60;b&#62;",
        "St Mary & St John",
        "a_b_c __d__ ~~e~~ `f` \\*g\\*",
        "Mary-Jane O'Brien (5 to 11)",
        "| a | b |",
        "3.5 hours - or 4",
    ],
)
def test_a_name_or_a_note_is_shown_letter_by_letter(words: str) -> None:
    assert drawn(literal(words)) == words
    assert plain(literal(words)) == words


def test_typed_words_lose_only_what_nobody_sees() -> None:
    runs = [part["inlines"][0]["text"] for part in said(f"{HOSTILE}\r\n\r\n{HOSTILE}")]
    assert runs == [shown(HOSTILE).replace("{{", "{ {")] * 2


# -- the contracts -----------------------------------------------------------------------------------------------------


def test_the_lint_knows_no_property_that_adaptive_cards_1_5_does_not(contracts: Path) -> None:
    schema = json.loads((contracts / "adaptive-card.schema.1.5.0.json").read_text(encoding="utf-8"))
    for kind, known in KNOWN.items():
        there = _properties(schema["definitions"][kind], schema["definitions"])
        assert known - there - {"msteams", "$schema"} == set(), kind


def _properties(definition: Part, definitions: Part) -> set[str]:
    """Of *definition*, of what it extends and of each of its ways."""
    found = set(definition.get("properties", {}))
    for key in ("allOf", "anyOf"):
        for part in definition.get(key, []):
            named = part.get("$ref", "").removeprefix("#/definitions/")
            found |= _properties(definitions[named] if named else part, definitions)
    return found
