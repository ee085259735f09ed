"""Breadth is what goes wrong: every verb is on a card and answered, every event of the first half of the road is
recorded by a step, every notice has words, and no summary is made of anything but plain words and a reference.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from cards import notices
from dialogs import ROUTER
from dialogs.home import COMMANDS
from pathway import events as e
from pathway.people import MAY_RECORD
from pathway.process import FACTS, PATHWAY, Stage
from pathway.tellings import TOLD, Notice
from tests.cards.card_rules import verbs_of, walk, word_faults
from tests.cards.conftest import book_of

ROOT = Path(__file__).parents[2]
#: What is typed and has no button of its own.
TYPED_ONLY = frozenset({"home.thanks", "home.cancel", "home.channel"})

#: The road from a worry to the meeting: what may happen in these stages.
FIRST_HALF = (
    None,
    Stage.DRAFT,
    Stage.WEEKLY_TARGET,
    Stage.LINK_TUTOR_TOLD,
    Stage.MEETING_BOOKED,
    Stage.VIEWS_DIFFER,
)
#: May happen there already; the steps that record it come with a later issue.
COMES_LATER = frozenset(
    {
        e.CasePaused,
        e.CaseResumed,
        e.StudentLeftCourse,
        e.PlacementEnded,
        e.OtherProcedureTookOver,
        e.StudentTold,
    }
)
#: A draft lives outside the log and is deleted there; the clock records its own reminders, and whoever keeps the
#: calendars what stands in them.
NO_STEP = frozenset(
    {
        e.DraftDiscarded,
        e.Nudged,
        e.InvitationSent,
        e.InvitationWithdrawn,
        e.InvitationRefused,
        e.FoundInCalendar,
    }
)

#: Notices with a card, a line or an edit of their own.
OF_THEIR_OWN = frozenset(
    {
        Notice.CHANNEL_REFERRED,
        Notice.CHANNEL_PLAN,
        Notice.CHANNEL_REVIEWED,
        Notice.REMINDER,
        Notice.ESCALATION,
        Notice.REFRESH,
        Notice.ADVICE,
        Notice.DRAFT_WAITING,
        Notice.NOT_REACHED,
        Notice.NOT_DELIVERED,
        Notice.BY_HAND,
        Notice.CALENDAR_DIFFERS,
        Notice.MEETING_OVER,
    }
)


# -- verbs -----------------------------------------------------------------------------------------------------------


def test_every_verb_on_a_card_is_answered_and_every_verb_stands_on_a_card() -> None:
    on_cards = {verb for drawn in book_of("ordinary") for verb in verbs_of(drawn.card)}
    assert on_cards - set(ROUTER.verbs) == set()
    assert set(ROUTER.verbs) - on_cards == TYPED_ONLY


def test_every_command_leads_to_a_step_and_what_has_no_button_can_be_typed() -> None:
    assert set(COMMANDS.values()) <= set(ROUTER.verbs)
    assert set(COMMANDS.values()) >= TYPED_ONLY


def test_a_form_that_comes_back_is_sent_by_a_verb_of_its_own_topic() -> None:
    """A refusal brings the form back by its name: whoever sends it must name it, and its topic must own the verb."""
    for drawn in book_of("ordinary"):
        for part in walk(drawn.card):
            form = part.get("data", {}).get("form")
            if form:
                topic = {"advice": "concern"}.get(form, form.partition(".")[0])
                assert part["verb"].partition(".")[0] == topic, f"{drawn.name}: {part['verb']} sends {form}"


# -- events ----------------------------------------------------------------------------------------------------------


def first_half() -> set[type[e.Event]]:
    moving = {kind for stage in FIRST_HALF for kind in PATHWAY[stage]}
    return moving | {kind for kind, stages in FACTS.items() if stages & {s for s in FIRST_HALF if s}}


def recorded_by_steps() -> set[str]:
    """The event classes that `dialogs` makes: `e.TargetMet(...)`."""
    return {
        node.func.attr
        for _, tree in sources("dialogs")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "e"
    }


def test_every_event_of_the_first_half_of_the_road_is_recorded_by_a_step() -> None:
    made = recorded_by_steps()
    wanted = {kind.__name__ for kind in first_half() - COMES_LATER - NO_STEP}
    assert wanted - made == set()
    assert len(wanted) >= 18


def test_the_lists_of_what_comes_later_are_no_longer_than_they_must_be() -> None:
    """When a later issue brings a step, its event leaves the list."""
    made = recorded_by_steps()
    assert {kind.__name__ for kind in COMES_LATER} & made == set()
    assert first_half() | {e.CaseResumed} >= COMES_LATER | NO_STEP
    assert set(MAY_RECORD) >= first_half()
    assert set(notices.LEADS) & OF_THEIR_OWN == set()


# -- notices ---------------------------------------------------------------------------------------------------------


def test_every_notice_has_words_of_its_own() -> None:
    assert set(notices.LEADS) | OF_THEIR_OWN == set(Notice)


def test_every_notice_of_the_first_half_has_words() -> None:
    told = {telling.notice for kind in first_half() for telling in TOLD.get(kind, ())}
    assert told - set(notices.LEADS) - set(notices.OF_THEIR_OWN) == {Notice.CHANNEL_REFERRED}


# -- words in the source ---------------------------------------------------------------------------------------------


def sources(*places: str) -> Iterator[tuple[Path, ast.Module]]:
    """The modules of a folder with all below it, or those that a pattern names."""
    for place in places:
        for file in sorted(ROOT.glob(place if place.endswith(".py") else f"{place}/**/*.py")):
            yield file, ast.parse(file.read_text(encoding="utf-8"))


#: Where sentences for people stand.
SPOKEN = (
    "cards",
    "dialogs",
    "pathway/rules.py",
    "pathway/guards",
    "pathway/clocks.py",
    "pathway/timers.py",
    "pathway/nudges.py",
    "pathway/deadlines.py",
    "pathway/dates.py",
    "bot/reception.py",
    "bot/sender.py",
    "bot/sending",
    "bot/mail.py",
    "bot/teams/words.py",
)


def sentences(tree: ast.Module) -> Iterator[str]:
    """Strings of at least three words that are no docstrings and no log lines."""
    silent = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            silent |= {id(x.value) for x in node.body if isinstance(x, ast.Expr)}
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _logs(node.func):
            silent |= {id(x) for x in ast.walk(node)}
    texts = (x.value for x in ast.walk(tree) if isinstance(x, ast.Constant) and id(x) not in silent)
    yield from (text for text in texts if isinstance(text, str) and text.count(" ") >= 2 and "\\" not in text)


def _logs(called: ast.Attribute) -> bool:
    return isinstance(called.value, ast.Name) and called.value.id in {"log", "_log", "re"}


class _Anything(dict[str, str]):
    """Fills the gaps of `"told the {link_tutor}"`."""

    def __missing__(self, key: str) -> str:
        return "somebody"


#: Pieces of sentences begin and end with a blank or a stop.
_OF_PIECES = frozenset({"begins with a stop", "has two spaces or a space before a stop"})


@pytest.mark.parametrize("place", SPOKEN)
def test_every_sentence_in_the_source_is_in_the_words_of_the_house(place: str) -> None:
    found = [
        f"{file.name}: {text!r} {fault}"
        for file, tree in sources(place)
        for text in sentences(tree)
        for fault in word_faults(text.format_map(_Anything()))
        if fault not in _OF_PIECES
    ]
    assert found == []


def test_the_sentences_are_really_read() -> None:
    texts = [text for _, tree in sources(*SPOKEN) for text in sentences(tree)]
    assert len(texts) > 300
    assert any("Choose today or a day in the past" in text for text in texts)


# -- summaries -------------------------------------------------------------------------------------------------------


def summaries() -> Iterator[tuple[str, ast.expr]]:
    """What stands as the summary in every `Reply(card, summary)` of the steps and `Message(summary, card)` of the bot."""
    for place, maker, at in (("dialogs", "Reply", 1), ("bot/*.py", "Message", 0), ("bot/teams/words.py", "Message", 0)):
        for file, tree in sources(place):
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == maker:
                    named = [word.value for word in node.keywords if word.arg == "summary"]
                    yield f"{file.name}:{node.lineno}", (named or node.args[at : at + 1])[0]


def test_a_summary_is_made_of_plain_words_a_reference_a_number_or_a_day_and_nothing_else() -> None:
    """Toasts and lock screens are seen by a whole class."""
    allowed = {"case.reference", "ready.case.reference", "len(lines)", "in_words(today)"}
    constants = {"SUMMARY", "reply.summary"}
    made = {"notices.summary(item, case.reference)", "notices.summary(item, view.case.reference)"}
    found = dict(summaries())
    assert len(found) > 50
    for where, node in found.items():
        if isinstance(node, ast.Constant):
            continue
        if isinstance(node, ast.JoinedStr):
            filled = {ast.unparse(part.value) for part in node.values if isinstance(part, ast.FormattedValue)}
            assert filled <= allowed, f"{where}: {filled}"
        else:
            assert ast.unparse(node) in constants | made, f"{where}: {ast.unparse(node)}"


def test_the_standing_summaries_of_the_steps_are_neutral() -> None:
    words = [
        node.value.value
        for _, tree in sources("dialogs")
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and any(isinstance(target, ast.Name) and target.id == "SUMMARY" for target in node.targets)
    ]
    assert len(words) >= 9
    for word in words:
        assert isinstance(word, str)
        assert list(word_faults(word)) == []
        assert not word.endswith(".")
