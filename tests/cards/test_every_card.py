"""Every card there is, for everybody who may get it: fit for Teams, in our words, with nothing in it for other eyes."""

from __future__ import annotations

import importlib
import inspect
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

import cards
from cards import notices, record
from cards.elements import NAMED_AGAIN
from dialogs import ROUTER
from pathway.people import Item
from pathway.process import Stage
from pathway.roles import Role
from pathway.tellings import CHANNEL, Notice
from pathway.timers import TIMERS
from tests.cards.card_rules import PLAINLY, faults, slots, unliteral, verbs_of, walk, word_faults
from tests.cards.catalogue import ATTACKS, BOT_LINK, MARK, Drawn, cases_of, channel, inputs_of, ordinary
from tests.cards.conftest import book_of, whole_book
from tests.pathway.builders import PEOPLE, PLACEMENT

VERBS, FORMS = frozenset(ROUTER.verbs), frozenset(ROUTER.forms)
SHOWN = 12


def all_sound(found: Iterable[str]) -> None:
    """Fails with the first few of *found*, once each."""
    once = list(dict.fromkeys(found))
    assert not once, f"{len(once)} faults:\n" + "\n".join(once[:SHOWN])


def everything(drawn: Drawn) -> str:
    return json.dumps([drawn.card, drawn.summary], ensure_ascii=False)


# -- the lint --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("world", ["ordinary", "bare", "longest"])
def test_every_card_is_fit_for_teams_and_in_our_words(world: str) -> None:
    all_sound(f"{fault}  |  {drawn.name}" for drawn in book_of(world) for fault in faults(drawn.card, VERBS, FORMS))


def test_no_card_draws_what_hostile_people_type_or_are_called() -> None:
    drawing = ("draws", "would fill in", "nobody sees", "shows a backslash")
    book = book_of("attacked")
    all_sound(f"{fault}  |  {drawn.name}" for drawn in book for fault in unliteral(drawn.card, ATTACKS, MARK))
    all_sound(
        f"{fault}  |  {drawn.name}"
        for drawn in book
        for fault in faults(drawn.card, VERBS, FORMS)
        if any(part in fault.partition(": ")[0] for part in drawing)
    )


def test_every_card_passes_the_strict_schema_of_teams_cards(contracts: Path) -> None:
    schema = json.loads((contracts / "teams-card.strict.schema.json").read_text(encoding="utf-8"))
    validator = Draft202012Validator(schema)
    shapes = {json.dumps(_shape(drawn.card)): drawn for world in ("ordinary", "bare") for drawn in book_of(world)}
    for drawn in shapes.values():
        wrong = best_match(validator.iter_errors(_with_bare_runs(drawn.card)))
        assert wrong is None, f"{drawn.name}: {wrong.json_path}: {wrong.message[:200]}" if wrong else ""


_WORDS = frozenset({"text", "title", "value", "label", "errorMessage", "placeholder", "url", "verb", "id", "data"})


def _with_bare_runs(part: Any) -> Any:
    """*part* with its text runs as bare strings: the models behind the schema know no other way to write them."""
    if isinstance(part, dict):
        return part["text"] if part.get("type") == "TextRun" else {k: _with_bare_runs(v) for k, v in part.items()}
    return [_with_bare_runs(item) for item in part] if isinstance(part, list) else part


def _shape(part: Any) -> Any:
    """*part* without its words and with nothing twice in a row: two cards of one shape pass or fail together."""
    if isinstance(part, dict):
        return {key: "" if key in _WORDS else _shape(value) for key, value in part.items()}
    if isinstance(part, list):
        items = [_shape(item) for item in part]
        return [item for i, item in enumerate(items) if item not in items[:i]]
    return part


# -- nothing is left out ---------------------------------------------------------------------------------------------


def test_every_function_that_makes_a_card_is_in_the_book() -> None:
    drawn = {one.function for one in book_of("ordinary")}
    all_sound(f"{name} is drawn nowhere" for name in card_makers() if name not in drawn)


def card_makers() -> Iterator[str]:
    """ "topic.function" of every public function of `cards` that gives a card; a topic is a module or a package."""
    floor = Path(str(cards.__file__)).parent
    for file in sorted(floor.rglob("[a-z]*.py")):
        path = file.relative_to(floor).with_suffix("").parts
        module = importlib.import_module(".".join(("cards", *path)))
        for name, function in inspect.getmembers(module, inspect.isfunction):
            own = function.__module__ == module.__name__ and not name.startswith("_") and file.stem != "elements"
            if own and inspect.get_annotations(function).get("return") == "Card":
                yield f"{path[0]}.{name}"


def test_every_stage_every_reminder_and_every_rung_is_in_the_book() -> None:
    book = whole_book("ordinary")
    assert {drawn.view.case.stage for drawn in book if drawn.view} == set(Stage)
    names = " ".join(drawn.name for drawn in book if drawn.name.startswith("notices."))
    missing = [f"{t.id} {rung.name}" for t in TIMERS for rung in t.rungs if f": {t.id} {rung.name} of" not in names]
    assert missing == []
    assert "first day back" in names


def test_every_form_is_in_the_book_and_comes_back_when_it_is_refused() -> None:
    refused = {
        part["data"]["form"]
        for drawn in book_of("ordinary")
        if drawn.name.endswith("(refused)")
        for part in walk(drawn.card)
        if "form" in part.get("data", {})
    }
    assert refused == FORMS


# -- forms -----------------------------------------------------------------------------------------------------------


def test_a_refused_form_keeps_what_was_typed_and_says_each_fault_at_its_field_and_above_the_buttons() -> None:
    forms = {drawn.name: drawn.card for drawn in book_of("ordinary")}
    refused = {name: card for name, card in forms.items() if name.endswith("(refused)")}
    assert refused
    for name, card in refused.items():
        before, after = inputs_of(forms[name.replace("(refused)", "(filled)")]), inputs_of(card)
        assert before == after, name
        words = [slot.text for slot in slots(card)]
        for i, part in enumerate(after):
            assert words.count(f"Something is not right about this ({i}).") == (2 if i < NAMED_AGAIN - 1 else 1), (
                f"{name}: {part['id']}"
            )
        assert words.count("We could not save this just now.") == 1, name


def test_a_form_that_is_taken_up_again_has_every_field_as_it_was_left() -> None:
    for drawn in book_of("ordinary"):
        if drawn.name.endswith("(filled)"):
            assert [part["id"] for part in inputs_of(drawn.card) if not part.get("value")] == [], drawn.name


def test_above_every_box_for_words_stands_who_will_read_them() -> None:
    """So that nobody is surprised by who reads their rough notes. A question asked of nobody else may go without."""
    for drawn in book_of("ordinary"):
        if drawn.name.endswith("(empty)"):
            _readers_above(drawn, drawn.card["body"])


def _readers_above(drawn: Drawn, parts: list[dict[str, Any]]) -> None:
    for before, part in zip([{}, *parts], parts, strict=False):
        if part["type"] == "Input.Text":
            assert before.get("text", "").startswith("Read by: "), f"{drawn.name}: {part['id']}"


# -- who sees what ---------------------------------------------------------------------------------------------------

#: Names, and what would tell who somebody is.
TELLING = {name for person in PEOPLE.values() for name in (person.name, *person.name.split())} - {"Dr", "Prof"} | {
    PLACEMENT.school,
    PLACEMENT.course,
    PLACEMENT.school_address,
}
_TELLING = re.compile("|".join(rf"\b{re.escape(word)}\b" for word in sorted(TELLING, key=len, reverse=True)))


def test_no_summary_names_anybody_or_says_what_it_is_about() -> None:
    summaries = {drawn.summary for drawn in book_of("ordinary") if drawn.summary}
    assert len(summaries) > 10
    for summary in summaries:
        assert _TELLING.findall(summary) == []
        assert list(word_faults(summary)) == []
        assert not summary.endswith(".")


def test_what_a_toast_says_of_a_notice_is_neutral() -> None:
    telling = re.compile(r"concern|target|plan\b|review|differ|\bmet\b|expected|outcome|error|late\b", re.IGNORECASE)
    assert [words for words in notices.SUMMARIES.values() if telling.search(words) or _TELLING.search(words)] == []


def test_nothing_in_the_channel_names_a_person_a_school_an_area_or_typed_words() -> None:
    world = ordinary()
    posts = [*channel(cases_of(world)), *(drawn for drawn in book_of("ordinary") if drawn.reader == CHANNEL)]
    assert len(posts) > 30
    typed = (world.typed(20), "Wait for silence", "It cannot wait", "a reason", "as expected", "TS7", "Behaviour")
    for post in posts:
        words = everything(post)
        assert _TELLING.findall(words) == [], post.name
        assert [word for word in typed if word.casefold() in words.casefold()] == [], post.name
        acts = [part for part in walk(post.card) if part["type"].startswith(("Action.", "Input."))]
        assert [act for act in acts if act.get("url") != BOT_LINK] == [], post.name


def test_an_escalation_to_somebody_who_does_not_see_the_case_names_no_student_and_shows_nothing_written() -> None:
    student = PEOPLE["tom"].name
    secret = (*student.split(), PLACEMENT.school, ordinary().typed(20), "Wait for silence", "Managing behaviour")
    blind = [
        drawn
        for drawn in book_of("ordinary")
        if drawn.function == "notices.escalation" and drawn.view and not drawn.view.sees_case
    ]
    assert {drawn.reader for drawn in blind} >= {"helen", "alan"}
    for drawn in blind:
        assert drawn.view
        assert [word for word in secret if word in everything(drawn)] == [], drawn.name
        assert drawn.view.case.reference in everything(drawn)


def test_who_may_not_read_a_case_finds_no_name_and_no_word_of_it() -> None:
    """A card is made for what its reader may see now, whatever they were when it was queued."""
    secret = ("Half the class", "Wait for silence", *PEOPLE["tom"].name.split())
    blind = [
        drawn
        for drawn in book_of("ordinary")
        if drawn.function in {"case.case_card", "notices.notice_card", "notices.reminder", "notices.escalation"}
        and drawn.view
        and not drawn.view.sees_case
        and not drawn.view.is_student
        and not record.hears_outcome(drawn.view)
    ]
    assert {drawn.reader for drawn in blind} >= {"dot", "helen", "sam", "nadia", "pat", "alan"}
    for drawn in blind:
        assert [word for word in secret if word in everything(drawn)] == [], drawn.name


def test_who_only_hears_of_an_outcome_reads_who_it_is_about_and_no_word_of_the_case() -> None:
    """The Level Lead and the Personal Tutor: the reasons, the review and the concern stay with those who read them."""
    secret = ("Wait for silence", "Noise on Monday", "See the targets", "Not as expected yet")
    hears = [
        drawn
        for drawn in book_of("ordinary")
        if drawn.view
        and drawn.reader in {"nadia", "pat"}
        and drawn.function in {"case.case_card", "notices.notice_card", "notices.reminder"}
        and record.hears_outcome(drawn.view)
    ]
    assert len(hears) > 10
    for drawn in hears:
        assert PEOPLE["tom"].name in everything(drawn), drawn.name
        assert [word for word in secret if word in everything(drawn)] == [], drawn.name
        reads_next = drawn.view is not None and drawn.view.sees(Item.NEXT_STEPS)
        assert reads_next or "Half the class" not in everything(drawn), drawn.name


def test_a_student_reads_no_hard_word_on_the_lock_screen() -> None:
    hard = re.compile(r"fail|terminat|concern|differ|error|paused|waiting|escalat", re.IGNORECASE)
    mine = {drawn.summary for drawn in book_of("ordinary") if drawn.reader == "tom" and drawn.summary}
    assert mine
    assert [summary for summary in mine if hard.search(summary)] == []


STUDENTS_CARDS = {"case.case_card", "notices.notice_card", "notices.reminder", "cases.my_cases"}


def test_a_student_reads_no_hard_word_on_a_card_and_finds_no_act_of_others() -> None:
    hard = re.compile(r"\bfail|terminat|\bconcern|as expected|not sure|differ", re.IGNORECASE)
    for drawn in book_of("ordinary"):
        if drawn.reader != "tom" or drawn.function not in STUDENTS_CARDS:
            continue
        ours = " ".join(slot.text for slot in slots(drawn.card) if not slot.typed)
        assert not hard.search(PLAINLY.sub("so", ours)), f"{drawn.name}: {ours}"
        own = {verb for verb in verbs_of(drawn.card) if verb.startswith("student.")}
        assert verbs_of(drawn.card) - own <= {"cases.open", "cases.mine", "home.help"}, drawn.name


def test_a_placement_that_ended_is_said_to_the_student_plainly_and_once_and_nowhere_else() -> None:
    said = {True: 0, False: 0}
    for drawn in book_of("ordinary"):
        if drawn.reader == "tom" and drawn.view and drawn.function in {"case.case_card", "notices.notice_card"}:
            ours = " ".join(slot.text for slot in slots(drawn.card))
            over = record.ended(drawn.view.case)
            assert len(PLAINLY.findall(ours)) == ours.count("failed") == over, f"{drawn.name}: {ours}"
            said[over] += 1
    assert min(said.values()) > 10


def test_a_student_who_was_not_told_by_a_person_reads_nothing_of_the_call_for_help() -> None:
    """Nothing formal comes from here before a person has spoken to them."""
    call = re.compile(r"has been told|told\b.*Link Tutor|Link Tutor told|views differ|writing the|meeting booked")
    found = [
        d for d in book_of("ordinary") if d.reader == "tom" and "unaware" in d.name and d.function == "case.case_card"
    ]
    assert found
    for drawn in found:
        assert not call.search(everything(drawn)), drawn.name


# -- the doors -------------------------------------------------------------------------------------------------------


def test_there_is_no_dead_end_on_a_card_without_a_case() -> None:
    for drawn in book_of("ordinary"):
        if drawn.name.startswith(("home.", "concern.", "cases.")):
            assert verbs_of(drawn.card), drawn.name


def test_the_welcome_has_three_doors_at_the_most_for_whatever_role() -> None:
    welcomes = [drawn for drawn in book_of("ordinary") if drawn.function == "home.home"]
    assert len(welcomes) > len(Role)
    for drawn in welcomes:
        assert 1 <= len(drawn.card["actions"]) <= 3, drawn.name


def test_every_notice_that_goes_to_people_is_in_the_book() -> None:
    notified = [one.name.split()[1] for one in whole_book("ordinary") if one.function == "notices.notice_card"]
    elsewhere = {Notice.REMINDER, Notice.ESCALATION, Notice.ADVICE, Notice.DRAFT_WAITING, Notice.NOT_DELIVERED}
    to_people = {notice for notice in Notice if not notice.startswith("channel_")}
    assert to_people - elsewhere == {Notice(name) for name in notified}
