"""How a line of the log is made, and what is kept out of it whoever writes it: us, a library, Python itself."""

from __future__ import annotations

import ast
import asyncio
import gc
import io
import json
import logging
import re
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bot import logs
from bot.desk import TryLater, Unreachable
from bot.logs import FIELDS, HIDDEN, NO_WORDS, during, start, why
from bot.settings import SettingsFault, read
from pathway.casework import NoSuchCase
from pathway.ports import CalendarLater, CalendarRefused
from tests.teams.standins import APP_ID, PASSWORD, TENANT

ROOT = Path(__file__).parents[2]
#: What somebody is called, and what they typed.
TOM = "Tom Ashworth cries in class"

ENV = {
    "MicrosoftAppId": APP_ID,
    "MicrosoftAppTenantId": TENANT,
    "MicrosoftAppPassword": PASSWORD,
    "PATHWAY_STORE": "memory:",
    "PATHWAY_PROVIDER": "provider.toml",
}

ours = logging.getLogger("bot.of.a.test")
library = logging.getLogger("library.of.a.test")


@pytest.fixture(params=["json", "text"])
def out(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """What a process writes whose log has been started; then everything is as it was."""
    root, hooks = logging.getLogger(), (sys.excepthook, sys.unraisablehook, threading.excepthook, warnings.showwarning)
    level, levels = (
        root.level,
        {name: logging.getLogger(name).level for name in ("apscheduler", "aiohttp.access", "msal")},
    )
    stream = io.StringIO()
    start(request.param, stream)
    yield stream
    sys.excepthook, sys.unraisablehook, threading.excepthook, warnings.showwarning = hooks
    root.handlers = [handler for handler in root.handlers if not isinstance(handler, logs._Out)]
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


@pytest.fixture
def written(out: io.StringIO, request: pytest.FixtureRequest) -> Any:
    """The lines as objects; for JSON alone."""
    del request
    return lambda: [json.loads(line) for line in out.getvalue().splitlines()]


json_alone = pytest.mark.parametrize("out", ["json"], indirect=True)


# -- one line ----------------------------------------------------------------------------------------------------------


@json_alone
def test_an_event_is_one_json_object_with_its_time_in_utc_and_its_fields_by_name(written: Any) -> None:
    ours.warning("refused", extra={"status": 403, "reason": "not the Teams channel", "person": "0f" * 8})
    (line,) = written()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    assert line == {
        "level": "warning",
        "logger": "bot.of.a.test",
        "message": "refused",
        "person": "0f" * 8,
        "reason": "not the Teams channel",
        "status": 403,
    }


@json_alone
async def test_all_lines_of_one_turn_and_of_what_it_began_carry_one_id_and_no_other_turns(written: Any) -> None:
    async def later() -> None:
        ours.info("later")

    async def turn() -> None:
        with during("turn"):
            ours.info("first")
            await asyncio.create_task(later())

    await asyncio.gather(turn(), turn())
    ours.info("between")
    by_turn: dict[str, list[str]] = {}
    for line in written():
        by_turn.setdefault(line.get("during", ""), []).append(line["message"])
    assert by_turn.pop("") == ["between"]
    assert list(by_turn.values()) == [["first", "later"]] * 2
    assert all(re.fullmatch(r"turn-[0-9a-f]{8}", name) for name in by_turn)


@json_alone
def test_a_field_that_is_of_another_shape_than_it_should_be_is_hidden_and_one_that_is_not_listed_is_left_out(
    written: Any,
) -> None:
    ours.warning(
        "refused", extra={"person": TOM, "reason": f"{TOM}\n{{}}", "file": "cases/tom ashworth.json", "typed": TOM}
    )
    (line,) = written()
    assert (line["person"], line["reason"], line["file"]) == (HIDDEN, HIDDEN, HIDDEN)
    assert "typed" not in line


def test_what_we_put_together_by_mistake_is_not_written(out: io.StringIO) -> None:
    ours.error(f"about {TOM}")
    ours.error("about %s, %d times", TOM, 3)
    said = out.getvalue()
    assert "Tom" not in said
    assert NO_WORDS in said
    assert "3 times" in said


def test_nothing_that_is_typed_begins_a_line_of_its_own(out: io.StringIO) -> None:
    ours.error("about %s", 'x\n{"level": "info", "message": "all is well"}')
    ours.error("about", extra={"reason": "x\n2026-10-06 all is well"})
    assert len(out.getvalue().splitlines()) == 2


@pytest.mark.parametrize(
    ("no", "expected"),
    [
        (TryLater("the connector answered 503"), {"kind": "TryLater", "reason": "the connector answered 503"}),
        (Unreachable("BotDisabledByAdmin"), {"kind": "Unreachable", "reason": "BotDisabledByAdmin"}),
        (CalendarLater("Graph keeps silent"), {"kind": "CalendarLater", "reason": "Graph keeps silent"}),
        (CalendarRefused("ErrorAccessDenied"), {"kind": "CalendarRefused", "reason": "ErrorAccessDenied"}),
        (NoSuchCase("NP-101"), {"kind": "NoSuchCase"}),
        (ValueError(TOM), {"kind": "ValueError"}),
    ],
)
def test_only_refusals_in_words_of_ours_tell_their_reason(no: Exception, expected: Mapping[str, str]) -> None:
    assert why(no) == expected


# -- faults ------------------------------------------------------------------------------------------------------------


def failing(depth: int = 0) -> None:
    if depth:
        failing(depth - 1)
    try:
        json.loads(TOM)
    except ValueError as fault:
        raise KeyError(TOM) from fault


def caught(depth: int = 0) -> KeyError:
    try:
        failing(depth)
    except KeyError as fault:
        return fault
    raise AssertionError


@json_alone
def test_of_a_fault_the_classes_and_the_places_are_told_and_none_of_its_words(written: Any) -> None:
    ours.error("it went wrong", exc_info=caught())
    library.error("it went wrong", exc_info=caught())
    for line in written():
        assert line["error"] == "KeyError < JSONDecodeError"
        assert [re.sub(r":\d+", "", place) for place in line["where"]] == [
            "tests/privacy/test_logs.py caught",
            "tests/privacy/test_logs.py failing",
        ]
        assert "Tom" not in json.dumps(line)


@json_alone
def test_of_a_deep_fault_the_outermost_and_innermost_places_are_told(written: Any) -> None:
    ours.error("it went wrong", exc_info=caught(200))
    (line,) = written()
    assert len(line["where"]) == logs.OUTERMOST + logs.INNERMOST


def test_faults_of_a_group_are_told_by_class(out: io.StringIO) -> None:
    ours.error("it went wrong", exc_info=ExceptionGroup(TOM, [ValueError(TOM), OSError(TOM)]))
    assert "ExceptionGroup(ValueError, OSError)" in out.getvalue()
    assert "Tom" not in out.getvalue()


class Typed:
    """Something of ours whose `repr` has what somebody typed, as most of Python's have."""

    def __repr__(self) -> str:
        return TOM

    def __del__(self) -> None:
        if getattr(self, "hurts", False):
            raise ValueError(TOM)


def test_what_nobody_catches_tells_its_place_alone(out: io.StringIO) -> None:
    fault = caught()
    sys.excepthook(KeyError, fault, fault.__traceback__)
    thread = threading.Thread(target=failing)
    thread.start()
    thread.join()
    dying = Typed()
    dying.hurts = True  # type: ignore[attr-defined]
    del dying
    gc.collect()
    said = out.getvalue()
    for words in ("the process ends", "in a thread", "where none can be raised"):
        assert words in said
    assert said.count("failing") == 2
    assert "__del__" in said
    assert "Tom" not in said


async def test_what_nobody_waits_for_tells_its_place_and_neither_its_words_nor_its_result(out: io.StringIO) -> None:
    async def work() -> None:
        raise ValueError(TOM, Typed())

    loop = asyncio.get_running_loop()
    loop.set_exception_handler(logs.of_loop)
    task = asyncio.create_task(work())
    await asyncio.wait({task})
    del task
    gc.collect()
    loop.call_soon(failing)
    loop.call_exception_handler({"message": f"Fatal error: {TOM}", "exception": OSError(TOM), "transport": Typed()})
    loop.call_exception_handler({"message": "Unclosed client session", "client_session": Typed()})
    await asyncio.sleep(0)
    said = out.getvalue()
    for words in ("task_never_retrieved", "work", "unclosed_session", "failing", "OSError"):
        assert words in said
    assert "Tom" not in said


def test_a_warning_tells_its_kind_and_its_place(out: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = logs._warned
        warnings.warn(TOM, ResourceWarning, stacklevel=1)
    assert "ResourceWarning" in out.getvalue()
    assert "tests/privacy/test_logs.py:" in out.getvalue()
    assert "Tom" not in out.getvalue()


# -- libraries ---------------------------------------------------------------------------------------------------------


def test_a_library_is_told_by_the_sentence_in_its_code_and_the_numbers_in_it(out: io.StringIO) -> None:
    library.warning("the job %s was missed by %d seconds", TOM, 17)
    library.warning("%(what)s took %(seconds).1f s", {"what": TOM, "seconds": 2.5})
    said = out.getvalue()
    for words in ("was missed by 17 seconds", "took 2.5 s"):
        assert words in said
    assert "Tom" not in said


def test_a_library_whose_sentence_and_values_do_not_go_together_is_told_by_the_sentence() -> None:
    for given in ((TOM,), (1, 2)):
        record = logging.LogRecord("library", logging.WARNING, __file__, 1, "not %d at all", given, None)
        assert logs.told(record)["message"].startswith("not %d at all")


def test_a_library_that_puts_its_sentence_together_is_told_by_its_place(out: io.StringIO) -> None:
    library.warning(f"unexpected answer: {TOM}")
    library.error(Typed())
    said = out.getvalue()
    assert said.count(NO_WORDS) == 2
    assert said.count("tests/privacy/test_logs.py:") == 2
    assert "Tom" not in said


def test_asyncios_own_words_for_a_lost_task_are_not_told(out: io.StringIO) -> None:
    loop = asyncio.new_event_loop()
    loop.default_exception_handler({"message": "lost", "task": Typed(), "exception": ValueError(TOM)})
    loop.close()
    assert "asyncio/base_events.py:" in out.getvalue()
    assert "ValueError" in out.getvalue()
    assert "Tom" not in out.getvalue()


def test_a_line_that_cannot_be_written_is_not_written_another_way(
    out: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    out.close()
    ours.error("about %s", TOM)
    assert capsys.readouterr() == ("", "")


# -- the setting -------------------------------------------------------------------------------------------------------


def test_a_serving_bot_writes_json_and_practice_writes_for_people_unless_somebody_says_otherwise() -> None:
    practice = {"PATHWAY_PRACTICE": "http://127.0.0.1:4000", "MicrosoftAppPassword": "practice-"}
    assert read(ENV).log == "json"
    assert read(ENV | practice).log == "text"
    assert read({**ENV, "PATHWAY_LOG": "text"}).log == "text"
    assert read({**ENV, **practice, "PATHWAY_LOG": "JSON"}).log == "json"
    with pytest.raises(SettingsFault, match=r"PATHWAY_LOG is wrong\. Set it to json or text"):
        read({**ENV, "PATHWAY_LOG": "xml"})


# -- every place that logs ---------------------------------------------------------------------------------------------

LOGS = r"_?log(?:ger)?\.(?:debug|info|warning|error|exception|critical|log)"
#: What `extra` may be put together with: dicts of `FIELDS`.
HELPERS = {"why", "found_damaged"}


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call of a logger in the bot, with where it is."""
    for floor in sorted(logs.OURS):
        for file in sorted((ROOT / floor).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_bytes())):
                if isinstance(node, ast.Call) and re.fullmatch(LOGS, ast.unparse(node.func)):
                    yield f"{file.relative_to(ROOT)}:{node.lineno}", node


def faults_of(call: ast.Call) -> Iterator[str]:
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if len(call.args) != 1 or not isinstance(call.args[0], ast.Constant):
        yield "is not one sentence that stands there; what it tells of is for `extra`"
    elif "%" in str(call.args[0].value):
        yield "has a place for something in its sentence"
    if given.keys() - {"extra", "exc_info"}:
        yield "is given something else than `extra` and `exc_info`"
    extra = given.get("extra", ast.Dict([], []))
    if isinstance(extra, ast.Call) and isinstance(extra.func, ast.Name) and extra.func.id in HELPERS:
        return
    if not isinstance(extra, ast.Dict):
        yield "has an `extra` that cannot be looked at"
        return
    for key, value in zip(extra.keys, extra.values, strict=True):
        if key is None and isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
            if value.func.id not in HELPERS:
                yield f"takes over what {value.func.id} gives"
        elif not isinstance(key, ast.Constant) or key.value not in FIELDS:
            yield f"tells {ast.dump(key) if key else 'more'}, which is not in FIELDS"


def test_every_line_that_is_logged_is_a_sentence_of_the_code_with_fields_that_are_listed() -> None:
    there = list(calls())
    assert len(there) > 40
    assert [f"{place} {fault}" for place, call in there for fault in faults_of(call)] == []


#: Commands, and the log itself.
SPEAKS = {"bot/__main__.py", "bot/practice/server.py", "bot/logs.py"}


def test_nobody_logs_past_the_loggers_and_nobody_prints_but_the_commands() -> None:
    found = []
    for floor in sorted(logs.OURS):
        for file in sorted((ROOT / floor).rglob("*.py")):
            name = str(file.relative_to(ROOT))
            code = file.read_text(encoding="utf-8")
            if name != "bot/logs.py" and re.search(r"traceback\.|logging\.(?:info|warning|error|exception)\(", code):
                found.append(f"{name} logs past it")
            if name not in SPEAKS and re.search(r"(?<![\w.])print\(|sys\.std(?:out|err)", code):
                found.append(f"{name} prints")
    assert found == []


def test_nothing_writes_a_table_that_a_spreadsheet_would_open() -> None:
    """The placement list is only read. Whoever writes one must make formulas harmless (=, +, -, @, tab, return)."""
    writes = re.compile(r"csv\.(?:Dict)?[Ww]riter|openpyxl|xlsx|text/csv|to_csv")
    files = [file for floor in logs.OURS for file in (ROOT / floor).rglob("*.py")]
    assert any("csv.reader" in file.read_text(encoding="utf-8") for file in files)
    assert [file.name for file in files if writes.search(file.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ('log.info("about %s", who)', "is not one sentence"),
        ('log.info(f"about {who}")', "is not one sentence"),
        ('log.info("100 %")', "has a place"),
        ('log.info("x", stack_info=True)', "something else"),
        ('log.info("x", extra=everything)', "cannot be looked at"),
        ('log.info("x", extra={"typed": 1})', "not in FIELDS"),
        ('log.info("x", extra={**vars(turn)})', "takes over what vars"),
    ],
)
def test_a_line_that_would_tell_more_is_found(code: str, expected: str) -> None:
    (node,) = (x for x in ast.walk(ast.parse(code)) if isinstance(x, ast.Call) and isinstance(x.func, ast.Attribute))
    assert any(expected in fault for fault in faults_of(node))
