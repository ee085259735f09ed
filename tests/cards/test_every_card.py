"""Every card there is, for everybody who may get it: fit for Teams, in our words, and with nothing in it for other eyes."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import cards
from cards import notices
from cards.home import _doors
from dialogs import ROUTER
from pathway.nudges import TIMERS
from pathway.process import Stage
from pathway.roles import Role
from pathway.tellings import CHANNEL, Notice
from tests.cards.card_rules import Card, faults, size_of, slots, unliteral, verbs_of, walk, word_faults
from tests.cards.catalogue import (
    HOSTILE,
    MARK,
    READERS,
    Drawn,
    cases_of,
    channel,
    choices_of,
    inputs_of,
    ordinary,
    tell,
)
from tests.cards.conftest import book_of
from tests.pathway.builders import PEOPLE, PLACEMENT

VERBS, FORMS = frozenset(ROUTER.verbs), frozenset(ROUTER.forms)
SHOWN = 12


def all_sound(found: Iterable[str]) -> None:
    """Fails with the first few of *found*, once each."""
    once = list(dict.fromkeys(found))
    assert not once, f"{len(once)} faults:\n" + "\n".join(once[:SHOWN])


def of_function(drawn: Drawn) -> str:
    return drawn.name.partition(":")[0].partition(" ")[0].rstrip(",")


# -- the lint ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("world", ["ordinary", "bare", "longest"])
def test_every_card_is_fit_for_teams_and_in_our_words(world: str):
    all_sound(f"{fault}  |  {drawn.name}" for drawn in book_of(world) for fault in faults(drawn.card, VERBS, FORMS))


def test_no_card_draws_what_hostile_people_type_or_are_called():
    ours = ("draws", "would fill in", "nobody sees", "shows a backslash")
    book = book_of("attacked")
    all_sound(f"{fault}  |  {drawn.name}" for drawn in book for fault in unliteral(drawn.card, HOSTILE, MARK))
    all_sound(
        f"{fault}  |  {drawn.name}"
        for drawn in book
        for fault in faults(drawn.card, VERBS, FORMS)
        if any(part in fault.partition(": ")[0] for part in ours)
    )


def test_every_function_that_makes_a_card_is_in_the_book(ordinary_book: list[Drawn]):
    drawn = {of_function(one) for one in ordinary_book}
    all_sound(name for name in card_makers() if name not in drawn)


def card_makers() -> Iterator[str]:
    """ "module.function" of every public function of `cards` that gives a card."""
    for module_file in sorted(Path(str(cards.__file__)).parent.glob("*.py")):
        name = module_file.stem
        module = getattr(__import__(f"cards.{name}"), name, None)
        if module is None or name == "elements":
            continue
        for function_name, function in inspect.getmembers(module, inspect.isfunction):
            own = function.__module__ == module.__name__ and not function_name.startswith("_")
            if own and inspect.get_annotations(function).get("return") == "Card":
                yield f"{name}.{function_name}"


def test_every_form_of_the_router_is_in_the_book_and_comes_back_refilled(ordinary_book: list[Drawn]):
    refused = {
        part["data"]["form"]
        for drawn in ordinary_book
        if drawn.name.endswith("(refused)")
        for part in walk(drawn.card)
        if "form" in part.get("data", {})
    }
    assert refused >= FORMS


def test_a_refused_form_keeps_what_was_typed_and_says_each_fault_at_its_field_and_above_the_buttons(
    ordinary_book: list[Drawn],
):
    forms = {drawn.name: drawn.card for drawn in ordinary_book}
    for name, card in forms.items():
        if not name.endswith("(refused)"):
            continue
        before = inputs_of(forms.get(name.replace("(refused)", "(filled)"), card))
        after = inputs_of(card)
        assert [(p["id"], p.get("value")) for p in before] == [(p["id"], p.get("value")) for p in after], name
        words = [slot.text for slot in slots(card)]
        for i, part in enumerate(after):
            assert words.count(f"Something is not right about this ({i}).") == 2, f"{name}: {part['id']}"
        assert words.count("We could not save this just now.") == 1, name


def test_every_field_keeps_what_was_saved(ordinary_book: list[Drawn]):
    """Whoever takes a half-filled form up again finds every field as it was left."""
    for drawn in ordinary_book:
        if drawn.name.endswith("(filled)"):
            missing = [part["id"] for part in inputs_of(drawn.card) if not part.get("value")]
            assert missing == [], drawn.name


# -- the outside contract ----------------------------------------------------------------------------------------------


def test_every_card_passes_the_strict_schema_of_teams_cards(contracts: Path):
    schema = json.loads((contracts / "teams-card.strict.schema.json").read_text(encoding="utf-8"))
    validator = Draft202012Validator(schema)
    shapes = {json.dumps(_shape(drawn.card)): drawn for world in ("ordinary", "bare") for drawn in book_of(world)}
    for drawn in shapes.values():
        wrong = next(validator.iter_errors(drawn.card), None)
        assert wrong is None, f"{drawn.name}: {wrong.json_path}: {wrong.message[:200]}" if wrong else ""


_WORDS = {"text", "title", "value", "label", "errorMessage", "placeholder", "url", "verb", "id"}


def _shape(part: Any) -> Any:
    """*part* with its words, and what repeats itself, left out: two cards of one shape pass or fail together."""
    if isinstance(part, dict):
        return {k: "" if k in _WORDS or k == "data" else _shape(v) for k, v in part.items()}
    if isinstance(part, list):
        return [x for i, x in enumerate(map(_shape, part)) if x not in map(_shape, part[:i])]
    return part


# -- who sees what -----------------------------------------------------------------------------------------------------

#: Names, and what would tell who somebody is.
TELLING = tuple(
    {name for person in PEOPLE.values() for name in (person.name, *person.name.split())}
    - {"Dr", "Prof"}
    | {PLACEMENT.school, PLACEMENT.course, PLACEMENT.school_address}
)


@cache
def _finder(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(rf"\b{re.escape(word)}\b" for word in sorted(words, key=len, reverse=True)))


def named_in(text: str, words: tuple[str, ...] = TELLING) -> list[str]:
    return _finder(words).findall(text)


def test_no_summary_names_anybody_or_says_what_it_is_about(ordinary_book: list[Drawn]):
    summaries = {drawn.summary for drawn in ordinary_book if drawn.summary}
    assert len(summaries) > 10
    for summary in summaries:
        assert named_in(summary) == []
        assert list(word_faults(summary)) == []
        assert not summary.endswith(".")


def test_every_notice_has_a_neutral_summary():
    assert set(notices.SUMMARIES) <= set(Notice)
    words = re.compile(r"concern|target|plan|review|view\b.*differ|met\b|not as expected|outcome", re.IGNORECASE)
    assert [s for s in notices.SUMMARIES.values() if words.search(s) or named_in(s)] == []


def test_nothing_in_the_channel_names_a_person_a_school_an_area_or_typed_words():
    world = ordinary()
    told = cases_of(world)
    posts = [*channel(told), *(drawn for drawn in book_of("ordinary") if drawn.reader == CHANNEL)]
    assert len(posts) > 30
    typed = (world.typed(20), "Wait for silence", "It cannot wait", "a reason", "as expected", "TS7", "Behaviour")
    for post in posts:
        everything = json.dumps([post.card, post.summary], ensure_ascii=False)
        assert named_in(everything) == [], post.name
        assert [word for word in typed if word.casefold() in everything.casefold()] == [], post.name
        assert not [part for part in walk(post.card) if part["type"].startswith(("Action.", "Input."))], post.name


def test_an_escalation_to_somebody_who_does_not_see_the_case_names_no_student_and_shows_nothing_written():
    found = []
    for drawn in book_of("ordinary"):
        if not drawn.name.startswith("notices.escalation") or drawn.case is None:
            continue
        if sees(drawn):
            continue
        found.append(drawn)
        everything = json.dumps(drawn.card, ensure_ascii=False)
        student = PEOPLE["tom"].name
        assert named_in(everything, (student, *student.split(), PLACEMENT.school)) == [], drawn.name
        assert ordinary().typed(20) not in everything, drawn.name
        assert drawn.case.reference in everything
    assert {drawn.reader for drawn in found} >= {"helen"}, "the Link Tutor hears of an unanswered week without a name"


def sees(drawn: Drawn) -> bool:
    assert drawn.case is not None
    return any(sees_case(one.view(drawn.reader)) for one in cases_of(ordinary()) if one.case.events == drawn.case.events)


def sees_case(view: Any) -> bool:
    return bool(view.sees_case)


def test_who_may_not_read_a_case_finds_no_name_and_no_word_of_it_on_any_card(ordinary_book: list[Drawn]):
    """A card can reach somebody whose role has gone since: it shows the reference, and the way on."""
    secret = ("Half the class", "Wait for silence", PEOPLE["tom"].name)
    strangers = [d for d in ordinary_book if d.reader == "dot" and d.name.startswith(("case.", "notices.", "cases.m"))]
    assert strangers
    for drawn in strangers:
        everything = json.dumps(drawn.card, ensure_ascii=False)
        assert [word for word in secret if word in everything] == [], drawn.name


def test_a_student_reads_no_hard_word_on_the_lock_screen(ordinary_book: list[Drawn]):
    hard = re.compile(r"fail|terminat|concern|differ|error|paused|escalat", re.IGNORECASE)
    mine = [drawn for drawn in ordinary_book if drawn.reader == "tom"]
    assert mine
    assert {d.summary for d in mine if hard.search(d.summary)} == set()


def test_a_student_reads_no_hard_word_on_a_card_and_finds_no_act_of_others(ordinary_book: list[Drawn]):
    hard = re.compile(r"\bfail|terminat|\bconcern|as expected|not sure|differ", re.IGNORECASE)
    for drawn in ordinary_book:
        if drawn.reader != "tom" or not drawn.name.startswith(("case.", "notices.notice_card", "notices.reminder")):
            continue
        ours = " ".join(slot.text for slot in slots(drawn.card) if not slot.typed)
        assert not hard.search(ours), f"{drawn.name}: {ours}"
        assert verbs_of(drawn.card) <= {"cases.open", "cases.mine"}, drawn.name


def test_a_student_who_was_not_told_reads_nothing_of_the_call(ordinary_book: list[Drawn]):
    """Nothing formal comes from here before a person has spoken to them."""
    unaware = tell(ordinary(), "", ())if False else None
    assert unaware is None
    for drawn in ordinary_book:
        if drawn.reader != "tom" or drawn.case is None or drawn.case.told is None or drawn.case.told.student_aware:
            continue
        if "afterwards" in drawn.name or not drawn.name.startswith("case."):
            continue
        everything = json.dumps(drawn.card, ensure_ascii=False)
        assert "Link Tutor" not in everything, drawn.name
        assert "ill discuss" not in everything


# -- the doors ---------------------------------------------------------------------------------------------------------


def test_nobody_finds_a_dead_end_on_a_card_without_a_case(ordinary_book: list[Drawn]):
    for drawn in ordinary_book:
        if drawn.name.startswith(("home.", "concern.", "cases.my_cases", "cases.more_acts", "cases.enter_for")):
            assert verbs_of(drawn.card), drawn.name


def test_at_most_three_doors_stand_on_the_welcome():
    for role in Role:
        assert len(_doors({role})) <= 3
