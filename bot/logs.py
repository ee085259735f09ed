"""The log: one event a line, with fields of its own, and no word that anybody wrote.

    {"time": "2026-10-06T08:00:00.123Z", "level": "warning", "logger": "bot.teams.endpoint", "message": "refused",
     "during": "turn-1f0c9a3e", "status": 403, "reason": "not the Teams channel"}

Three rules keep people out of it, whoever logs:

- A line of ours is a sentence that stands in the code, and what `FIELDS` lets pass of its `extra`: numbers, ids, codes.
- Of an exception, the names of its classes and the places in the code. Its own words may quote what people typed:
  `json`, psycopg, aiohttp, mail servers and botbuilder all do.
- A line of a library keeps the sentence that stands in its code and the numbers in it. Where it has none, as where it
  was put together with what came in, only the place in the code is told.

The standard library's `logging` is enough for this: what a package would add is the JSON, which is one call.
"""

from __future__ import annotations

import ast
import asyncio
import json
import logging
import re
import secrets
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, TextIO

from bot.desk import TryLater, Unreachable
from pathway.ports import CalendarLater, CalendarRefused

log = logging.getLogger(__name__)

Shape = Literal["json", "text"]
SHAPES: Final[tuple[Shape, ...]] = ("json", "text")
#: The first parts of our loggers' names.
OURS: Final = frozenset({"bot", "cards", "dialogs", "pathway", "storage"})
#: What stands for something that is not told.
HIDDEN: Final = "…"
NO_WORDS: Final = "a library said something that is not told here"
#: Frames of a traceback: of a deep one the outermost and the innermost.
OUTERMOST, INNERMOST = 3, 12

_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_NAME = re.compile(r"[0-9A-Za-z_.]{1,80}")
_PLACE = re.compile(r"[\w./<>-]{1,200}:\d+ [\w.<>]{1,80}", re.ASCII)
_SENTENCE = re.compile(r"[0-9A-Za-z ,.:;'’()/-]{1,120}")
#: What a line of ours may carry beside its sentence, and of which shape it is. Nothing else is written.
FIELDS: Final[Mapping[str, re.Pattern[str]]] = {
    "person": _ID,  # the opaque id of somebody on the placement list
    "case": _ID,  # the opaque id of a case
    "case_reference": re.compile(r"[0-9A-Z]{4}"),
    "job": _ID,  # as `python -m bot jobs` lists it
    "reference": re.compile(r"[A-Z]{4}"),  # what somebody was told when something went wrong
    "request": _ID,  # the id that Microsoft's support asks for
    "verb": re.compile(r"[a-z_.]{1,60}"),  # of a button, one that we know
    "kind": _NAME,
    "refusal": _NAME,
    "code": re.compile(r"[0-9A-Za-z]{0,60}"),  # Microsoft's, of an error
    "reason": _SENTENCE,  # ours
    "restored": re.compile(r"(?!)"),  # these three are no words
    "events": re.compile(r"(?!)"),
    "known": re.compile(r"(?!)"),
    "resource": re.compile(r"https://[a-z.]{1,60}"),
    "file": re.compile(r"(?:(?:cases|drafts)/(?:[0-9a-f]{8,64}\.json)?|[a-z]{1,20}\.json)"),
    "at": _PLACE,
    "task": _NAME,
    "status": re.compile(r"[0-9]{1,3}"),
    "port": re.compile(r"[0-9]{1,5}"),
    "seconds": re.compile(r"-?[0-9]{1,10}"),
    "count": re.compile(r"[0-9]{1,12}"),
}

_DURING: ContextVar[str] = ContextVar("during", default="")
_ROOTS: Final = tuple(sorted({str(Path(__file__).resolve().parents[1]), *sys.path[1:]}, key=len, reverse=True))


@contextmanager
def during(what: str) -> Iterator[None]:
    """Every line that is written meanwhile, and by tasks begun meanwhile, carries one id: "turn-1f0c9a3e"."""
    before = _DURING.set(f"{what}-{secrets.token_hex(4)}")
    try:
        yield
    finally:
        _DURING.reset(before)


def why(no: Exception) -> dict[str, str]:
    """Of a refusal that we put into words ourselves, for `extra`; of all else its class alone."""
    kind = type(no).__name__
    match no:
        case Unreachable() | CalendarRefused():
            return {"kind": kind, "reason": no.reason}
        case TryLater() | CalendarLater():
            return {"kind": kind, "reason": str(no)}
        case _:
            return {"kind": kind}


# -- what of a record may be told --------------------------------------------------------------------------------------


def told(record: logging.LogRecord) -> dict[str, Any]:
    """The line as its fields, in their order; nothing in it comes from a person. Never raises."""
    line: dict[str, Any] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname.lower() if record.levelname.isascii() else str(record.levelno),
        "logger": record.name if _NAME.fullmatch(record.name) else HIDDEN,
    }
    line["message"] = _sentence(record)
    if during_what := vars(record).get("during"):
        line["during"] = during_what
    if record.name.partition(".")[0] in OURS:
        line |= {name: _fit(name, vars(record)[name]) for name in FIELDS if vars(record).get(name) not in (None, "")}
    else:
        line["at"] = f"{place(record.pathname)}:{record.lineno} {record.funcName}"
    if record.exc_info and record.exc_info[0] is not None:
        line |= of_fault(record.exc_info[1])
    return line


def _fit(name: str, value: object) -> object:
    if isinstance(value, bool | int | float):
        return value
    return value if isinstance(value, str) and FIELDS[name].fullmatch(value) else HIDDEN


def _sentence(record: logging.LogRecord) -> str:
    """The one that stands in the code that logs, with its numbers."""
    if not isinstance(record.msg, str) or record.msg not in _sentences(record.pathname):
        return NO_WORDS
    given = record.args
    try:
        if isinstance(given, Mapping):
            return record.msg % {key: _number(value) for key, value in given.items()}
        return record.msg % tuple(map(_number, given)) if given else record.msg
    except (TypeError, ValueError, KeyError):
        return record.msg


class _Something:
    def __str__(self) -> str:
        return HIDDEN

    __repr__ = __str__


def _number(value: object) -> object:
    return value if value is None or isinstance(value, bool | int | float) else _Something()


@lru_cache(maxsize=128)
def _sentences(file: str) -> frozenset[str]:
    """Every string that is written out in a module."""
    try:
        tree = ast.parse(Path(file).read_bytes())
    except (OSError, ValueError, SyntaxError, RecursionError):
        return frozenset()
    return frozenset(x.value for x in ast.walk(tree) if isinstance(x, ast.Constant) and isinstance(x.value, str))


def of_fault(fault: BaseException | None) -> dict[str, Any]:
    """The classes of *fault* and of what led to it, and where it was, the innermost place last."""
    classes: list[str] = []
    one = fault
    while one is not None and len(classes) < INNERMOST:
        inner = [type(x).__name__ for x in one.exceptions] if isinstance(one, BaseExceptionGroup) else []
        classes.append(type(one).__name__ + (f"({', '.join(inner[:INNERMOST])})" if inner else ""))
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return {"error": " < ".join(classes), "where": frames(fault.__traceback__ if fault else None)}


def frames(trace: TracebackType | None) -> list[str]:
    """One "bot/sender.py:255 _deliver" for each, without the lines of code."""
    found = [(frame.f_code.co_filename, line, frame.f_code.co_name) for frame, line in traceback.walk_tb(trace)]
    if len(found) > OUTERMOST + INNERMOST:
        found = found[:OUTERMOST] + found[-INNERMOST:]
    return [f"{place(file)}:{line} {name}" for file, line, name in found]


@lru_cache(maxsize=512)
def place(file: str) -> str:
    """A file of ours or of a library, without what stands before it: a folder may be called after somebody."""
    root = next((root for root in _ROOTS if root and file.startswith(f"{root}/")), None)
    if root is None:
        return file if file.startswith("<") and file.endswith(">") else Path(file).name
    return file.removeprefix(f"{root}/")


class Now(logging.Filter):
    """Writes into each record during what it came. For handlers: when it is formatted, that may be over."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.during = _DURING.get()
        return True


# -- how it is written -------------------------------------------------------------------------------------------------


class Json(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(told(record))


class Text(logging.Formatter):
    """For a terminal: the same, its fields as `name=value`, and a line for each place of a fault."""

    def format(self, record: logging.LogRecord) -> str:
        line = told(record)
        head = f"{line.pop('time')} {line.pop('level').upper()} {line.pop('logger')}: {line.pop('message')}"
        places = line.pop("where", ())
        fields = (f"{name}={value if not str(value).count(' ') else json.dumps(value)}" for name, value in line.items())
        return "\n    ".join([" ".join([head, *fields]), *places])


_SHAPED: Final[Mapping[Shape, type[logging.Formatter]]] = {"json": Json, "text": Text}


class _Out(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        """The library's own prints the record with all that was given to it."""


def start(shape: Shape, stream: TextIO | None = None) -> None:
    """From here on everything that this process has to say of itself is said so: the log, warnings, what nobody
    caught. On standard error, or *stream*.
    """
    out = _Out(stream or sys.stderr)
    out.setFormatter(_SHAPED[shape]())
    out.addFilter(Now())
    root = logging.getLogger()
    for handler in [h for h in root.handlers if isinstance(h, _Out)]:
        root.removeHandler(handler)
    root.addHandler(out)
    root.setLevel(logging.INFO)
    for noisy in ("apscheduler", "aiohttp.access", "msal"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    warnings.showwarning = _warned
    sys.excepthook = _uncaught
    sys.unraisablehook = _unraisable
    threading.excepthook = _of_thread


def _warned(  # noqa: PLR0917 - Python's signature
    message: Warning | str,  # noqa: ARG001 - it may quote anything
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001
    line: str | None = None,  # noqa: ARG001
) -> None:
    log.warning("Python warns", extra={"kind": category.__name__, "at": f"{place(filename)}:{lineno} <warning>"})


def _uncaught(kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        log.critical("nobody caught a fault, and the process ends", exc_info=(kind, fault, trace))


def _unraisable(fault: sys.UnraisableHookArgs) -> None:
    if fault.exc_value is not None:
        log.error("a fault came where none can be raised", exc_info=fault.exc_value)


def _of_thread(fault: threading.ExceptHookArgs) -> None:
    if fault.exc_value is not None:
        log.error("nobody caught a fault in a thread", exc_info=fault.exc_value)


def of_loop(_loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
    """For `set_exception_handler`: asyncio's own writes the task with its result, and the fault with its words."""
    fault, task = context.get("exception"), context.get("task") or context.get("future")
    work = task.get_coro() if isinstance(task, asyncio.Task) else None
    log.error(
        "a fault in the event loop that nobody waited for",
        exc_info=fault if isinstance(fault, BaseException) else None,
        extra={"task": getattr(work, "__qualname__", ""), "kind": _LOOP.get(str(context.get("message")), "")},
    )


_LOOP: Final = {
    "Unclosed client session": "unclosed_session",
    "Unclosed connection": "unclosed_connection",
    "Unclosed connector": "unclosed_connector",
    "Task was destroyed but it is pending!": "task_destroyed",
    "Task exception was never retrieved": "task_never_retrieved",
    "Future exception was never retrieved": "future_never_retrieved",
}
