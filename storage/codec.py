"""Frozen dataclasses to plain JSON and back, by their type hints: one codec for every event that there is or will be.

An event is its fields and the name of its class under "type". Moments are aware and written in UTC
("2026-10-06T14:45:00+00:00"), days as "2026-10-06", enums by value, tuples as lists, None as null. Every field is
written, so a record says everything by itself. Reading is strict: an unknown event, an unknown or missing field or a
value of the wrong shape raises `CodecError`, whose sentence names it. A field that came with a later release and has a
default may be missing: old records stay readable.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from pathway import events as e

T = TypeVar("T")
#: What `json` reads and writes.
Json = Any
TYPE = "type"


class CodecError(ValueError):
    """A value that cannot be written, or a record that cannot be read; the sentence names the place."""


@dataclass(frozen=True, slots=True)
class Codec:
    """How one type is written and read."""

    write: Callable[[Any], Json]
    read: Callable[[Json], Any]


def _event_classes() -> dict[str, type[e.Event]]:
    found = {c.__name__: c for c in vars(e).values() if isinstance(c, type) and issubclass(c, e.Event)}
    del found[e.Event.__name__]
    return found


#: Every kind of event, by the name it is recorded under.
EVENTS: Mapping[str, type[e.Event]] = _event_classes()


# -- the four doors ------------------------------------------------------------------------------------------------


def encode_event(event: e.Event) -> dict[str, Json]:
    """Raises CodecError for a value that is not what its field says (a naive moment, a list for a tuple)."""
    name = type(event).__name__
    if EVENTS.get(name) is not type(event):
        raise CodecError(f"{name} is no event of the pathway")
    return {TYPE: name, **_codec(type(event)).write(event)}


def decode_event(data: Json) -> e.Event:
    """Raises CodecError."""
    event: e.Event = _codec(known(data)).read({k: v for k, v in data.items() if k != TYPE})
    return event


def known(data: Json) -> type[e.Event]:
    """The kind of a written event. Raises CodecError."""
    if not isinstance(data, Mapping) or TYPE not in data:
        raise CodecError('an event without its "type"')
    kind = EVENTS.get(data[TYPE]) if isinstance(data[TYPE], str) else None
    if kind is None:
        raise CodecError(f'"{data[TYPE]}" is no event this version of Pathway knows')
    return kind


def encode(value: Any) -> Json:
    """Any other dataclass (`OutboxItem`, `Person`, `Draft`, ...), without a type name. Raises CodecError."""
    return _codec(type(value)).write(value)


def decode(kind: type[T], data: Json) -> T:
    """The *kind* that `encode` wrote. Raises CodecError."""
    value: T = _codec(kind).read(data)
    return value


# -- one codec a type ----------------------------------------------------------------------------------------------


def _codec(hint: Any) -> Codec:
    found = _CODECS.get(hint) or _composed(hint)
    if found is None:
        raise CodecError(f"no way is known to write {hint}")
    _CODECS[hint] = found
    return found


def _composed(hint: Any) -> Codec | None:
    origin = get_origin(hint)
    if origin is tuple:
        return _tuple(get_args(hint))
    if origin in (Union, types.UnionType):
        return _optional(get_args(hint))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(_codec(get_args(hint)[1]))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _enum(hint)
    if isinstance(hint, type) and is_dataclass(hint):
        return _dataclass(hint)
    return None


def _exactly(kind: type) -> Codec:
    """Only *kind* itself: True is no number, and a moment is no day."""

    def check(value: Any) -> Any:
        if type(value) is not kind:
            raise CodecError(f"{_shown(value)} is not {_NAMES[kind]}")
        return value

    return Codec(check, check)


def _text_of(value: Any) -> str:
    """A str as it is; a member of a StrEnum, where a plain str is asked for, as its value."""
    if not isinstance(value, str):
        raise CodecError(f"{_shown(value)} is not text")
    return value if type(value) is str else str(value)


def _write_moment(value: Any) -> str:
    if not isinstance(value, datetime):
        raise CodecError(f"{_shown(value)} is not a moment")
    if value.utcoffset() is None:
        raise CodecError(f"{value.isoformat()} has no time zone")
    return value.astimezone(UTC).isoformat()


def _read_moment(value: Json) -> datetime:
    moment = _iso(datetime.fromisoformat, value, "a moment")
    if moment.utcoffset() is None:
        raise CodecError(f'"{value}" has no time zone')
    return moment.astimezone(UTC)


def _write_day(value: Any) -> str:
    day: date = _DAY.write(value)
    return day.isoformat()


def _read_day(value: Json) -> date:
    return _iso(date.fromisoformat, value, "a day")


def _iso(parse: Callable[[str], T], value: Json, what: str) -> T:
    try:
        return parse(value)
    except (TypeError, ValueError):
        raise CodecError(f"{_shown(value)} is not {what}") from None


def _enum(kind: type[Enum]) -> Codec:
    def write(value: Any) -> Json:
        if not isinstance(value, kind):
            raise CodecError(f"{_shown(value)} is no {kind.__name__}")
        return value.value

    def read(value: Json) -> Enum:
        try:
            return kind(value)
        except ValueError:
            raise CodecError(f"{value!r:.60} is no {kind.__name__}") from None

    return Codec(write, read)


def _optional(args: tuple[Any, ...]) -> Codec:
    inner = [a for a in args if a is not type(None)]
    if len(inner) != 1 or len(args) != 2:
        raise CodecError(f"a field is one type, or that and None, not {len(args)} types")
    one = _codec(inner[0])
    write, read = one.write, one.read
    return Codec(lambda v: None if v is None else write(v), lambda v: None if v is None else read(v))


def _tuple(args: tuple[Any, ...]) -> Codec:
    if len(args) == 2 and args[1] is Ellipsis:
        each = _codec(args[0])
        return Codec(
            lambda v: [each.write(x) for x in _sequence(v, tuple)],
            lambda v: tuple([each.read(x) for x in _sequence(v, list)]),
        )
    parts = tuple(_codec(a) for a in args)
    return Codec(
        lambda v: [p.write(x) for p, x in zip(parts, _sequence(v, tuple, len(parts)), strict=True)],
        lambda v: tuple([p.read(x) for p, x in zip(parts, _sequence(v, list, len(parts)), strict=True)]),
    )


def _sequence(value: Any, kind: type[tuple[Any, ...] | list[Any]], length: int | None = None) -> Any:
    if not isinstance(value, kind):
        raise CodecError(f"{_shown(value)} is not a {kind.__name__}")
    if length is not None and len(value) != length:
        raise CodecError(f"{length} values are asked for, and there are {len(value)}")
    return value


def _mapping(each: Codec) -> Codec:
    def through(step: Callable[[Any], Any]) -> Callable[[Any], dict[str, Any]]:
        def convert(value: Any) -> dict[str, Any]:
            if not isinstance(value, Mapping):
                raise CodecError(f"{_shown(value)} is not a mapping")
            return {_text_of(k): step(v) for k, v in value.items()}

        return convert

    return Codec(through(each.write), through(each.read))


def _dataclass(kind: type) -> Codec:
    name = kind.__name__
    hints = get_type_hints(kind)
    codecs = {f.name: _codec(hints[f.name]) for f in fields(kind)}
    readers = {field: codec.read for field, codec in codecs.items()}
    writers = tuple((field, codec.write) for field, codec in codecs.items())
    required = {f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING}

    def write(value: Any) -> dict[str, Json]:
        if type(value) is not kind:
            raise CodecError(f"{_shown(value)} is no {name}")
        try:
            return {field: step(getattr(value, field)) for field, step in writers}
        except CodecError:  # once more, to name the field
            return {field: _at(name, field, step, getattr(value, field)) for field, step in writers}

    def read(data: Json) -> Any:
        if not isinstance(data, Mapping):
            raise CodecError(f"{_shown(data)} is no {name}")
        if unknown := data.keys() - readers.keys():
            raise CodecError(f'{name} has no field "{min(unknown, key=str)}"')
        if missing := required - data.keys():
            raise CodecError(f'{name} is without its field "{min(missing)}"')
        try:
            return kind(**{field: readers[field](value) for field, value in data.items()})
        except CodecError:  # once more, to name the field
            return kind(**{field: _at(name, field, readers[field], value) for field, value in data.items()})

    return Codec(write, read)


def _at(name: str, field: str, step: Callable[[Any], Any], value: Any) -> Any:
    try:
        return step(value)
    except CodecError as fault:
        raise CodecError(f"{name}.{field}: {fault}") from None


def _shown(value: Any) -> str:
    """Its type alone: what people typed stays out of error messages and logs."""
    return f"a value of type {type(value).__name__}"


_NAMES: Mapping[type, str] = {bool: "true or false", int: "a whole number", date: "a day"}
_DAY = _exactly(date)
_AS_IT_IS = Codec(lambda v: v, lambda v: v)
#: Filled up as types are met.
_CODECS: dict[Any, Codec] = {
    str: Codec(_text_of, _text_of),
    bool: _exactly(bool),
    int: _exactly(int),
    datetime: Codec(_write_moment, _read_moment),
    date: Codec(_write_day, _read_day),
    Json: _AS_IT_IS,
}
