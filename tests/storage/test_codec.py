"""Whatever can happen to a case can be written down and read again."""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pathway.address import Address
from pathway.events import Event
from pathway.people import MAY_RECORD, Person, Placement
from pathway.ports import Draft, OutboxItem, Summary
from storage.codec import EVENTS, CodecError, decode, decode_event, encode, encode_event
from tests.storage.samples import NOON, nudged, started, target

TEXT = st.text(st.characters(), max_size=20)  # with lone surrogates, as a phone may send them
PLAIN: Mapping[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    bool: st.booleans(),
    int: st.integers(),
    date: st.dates(),
    datetime: st.datetimes(timezones=st.just(UTC)),
}


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Anything that a field of this type may hold."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is tuple:
        return st.lists(values(args[0]), max_size=3).map(tuple) if args[1:] == (...,) else st.tuples(*map(values, args))
    if origin in (Union, types.UnionType):
        return st.one_of(*(st.none() if a is type(None) else values(a) for a in args))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return st.dictionaries(TEXT, values(args[1]), max_size=3)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(hint)
    return PLAIN[hint] if hint in PLAIN else things(hint)


def things(kind: type) -> st.SearchStrategy[Any]:
    assert is_dataclass(kind)
    hints = get_type_hints(kind)
    return st.builds(kind, **{f.name: values(hints[f.name]) for f in fields(kind)})


def through_json(data: Any) -> Any:
    return json.loads(json.dumps(data))


def test_every_event_that_somebody_may_record_can_be_written() -> None:
    assert set(EVENTS.values()) == set(MAY_RECORD)


@pytest.mark.parametrize("kind", EVENTS.values(), ids=EVENTS)
def test_an_event_is_read_as_it_was_written(kind: type[Event]) -> None:
    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(things(kind))
    def check(event: Event) -> None:
        assert decode_event(through_json(encode_event(event))) == event

    check()


@pytest.mark.parametrize("kind", EVENTS.values(), ids=EVENTS)
def test_no_event_is_written_or_read_without_who_did_it_when_it_happened_and_when_it_was_recorded(
    kind: type[Event],
) -> None:
    """For whom is "" where they did it for themselves; it is always written."""
    must = {f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING}
    assert {"at", "on", "by", "role"} <= must
    assert "for_whom" in {f.name for f in fields(kind)}

    @settings(max_examples=1, deadline=None, database=None)
    @given(things(kind))
    def check(event: Event) -> None:
        written = dict(encode_event(event))
        assert {"at", "on", "by", "role", "for_whom"} <= written.keys()
        for name in ("at", "on", "by", "role"):
            with pytest.raises(CodecError, match=name):
                decode_event({key: value for key, value in written.items() if key != name})

    check()


@pytest.mark.parametrize("kind", [OutboxItem, Person, Placement, Address, Draft, Summary])
def test_everything_else_is_read_as_it_was_written(kind: type) -> None:
    @settings(max_examples=25, deadline=None, database=None)
    @given(things(kind))
    def check(value: Any) -> None:
        assert decode(kind, through_json(encode(value))) == value

    check()


def test_a_record_can_be_read_by_people_too() -> None:
    assert encode_event(nudged()) == {
        "type": "Nudged",
        "at": "2026-10-06T12:00:00+00:00",
        "on": "2026-10-06",
        "by": "system",
        "role": "system",
        "for_whom": "",
        "timer": "T1",
        "due": "2026-10-06T13:00:00+00:00",
        "rung": "first",
        "to": "mia",
        "sent": True,
    }


@pytest.mark.parametrize("fold", [0, 1])
def test_a_moment_in_the_hour_that_comes_twice_stays_the_same_moment(fold: int) -> None:
    wall = datetime(2026, 10, 25, 1, 30, fold=fold, tzinfo=ZoneInfo("Europe/London"))
    written = encode_event(replace(nudged(), due=wall))
    assert written["due"] == f"2026-10-25T0{fold}:30:00+00:00"
    again = decode_event(written)
    assert again == replace(nudged(), due=datetime(2026, 10, 25, fold, 30, tzinfo=UTC))


def test_a_moment_of_another_zone_is_read_in_utc() -> None:
    data = {**encode_event(nudged()), "due": "2026-10-06T15:00:00+02:00"}
    again = decode_event(data)
    assert again == replace(nudged(), due=NOON + timedelta(hours=1))
    assert again.at.tzinfo is UTC


def test_an_unknown_event_is_named() -> None:
    with pytest.raises(CodecError, match='"ConcernVanished" is no event'):
        decode_event({**encode_event(nudged()), "type": "ConcernVanished"})


@pytest.mark.parametrize("data", [None, [], "Nudged", {}, {"at": "2026"}])
def test_what_is_no_event_is_refused(data: Any) -> None:
    with pytest.raises(CodecError, match='without its "type"'):
        decode_event(data)


def test_an_unknown_field_is_named() -> None:
    with pytest.raises(CodecError, match='Nudged has no field "mood"'):
        decode_event({**encode_event(nudged()), "mood": "fine"})


def test_a_missing_field_is_named() -> None:
    data = encode_event(target())
    del data["seen"]
    with pytest.raises(CodecError, match='WeeklyTargetSet is without its field "seen"'):
        decode_event(data)


def test_a_field_that_a_later_release_added_takes_its_default_in_old_records() -> None:
    data = encode_event(target())
    optional = {f.name: f.default for f in fields(target()) if f.default is not MISSING}
    for name in optional:
        del data[name]
    again = decode_event(data)
    assert {name: getattr(again, name) for name in optional} == optional


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("at", "2026-10-06T12:00:00"),
        ("at", "yesterday"),
        ("at", 7),
        ("on", "2026-02-30"),
        ("on", None),
        ("role", "headteacher"),
        ("areas", "ca1"),
        ("areas", [1]),
        ("seen", None),
        ("copy_to_student", 1),
    ],
)
def test_a_value_of_the_wrong_shape_is_refused_and_its_place_named(field: str, value: Any) -> None:
    with pytest.raises(CodecError, match=rf"WeeklyTargetSet\.{field}: "):
        decode_event({**encode_event(target()), field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("at", NOON.replace(tzinfo=None)),
        ("on", NOON),
        ("areas", ["ca1"]),
        ("seen", 3),
        ("role", "mentor"),
        ("on", None),
    ],
)
def test_a_value_of_the_wrong_shape_is_not_even_written(field: str, value: Any) -> None:
    with pytest.raises(CodecError, match=rf"WeeklyTargetSet\.{field}: "):
        encode_event(replace(target(), **{field: value}))


def test_an_error_never_quotes_what_people_typed() -> None:
    with pytest.raises(CodecError) as caught:
        decode_event({**encode_event(target()), "areas": "Sam wept"})
    assert "Sam wept" not in str(caught.value)


def test_a_number_of_pairs_that_do_not_pair_is_refused() -> None:
    data = encode_event(nudged())
    with pytest.raises(CodecError, match="2 values are asked for, and there are 3"):
        decode_event(
            {
                **{k: data[k] for k in ("at", "on", "by", "role")},
                "type": "PlacementContinued",
                "results": [["a", "b", "c"]],
                "reasons": "",
                "told_student_at": None,
                "told_by": "",
            }
        )


def test_only_events_of_the_pathway_are_events() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Nudged(Event):
        """Not the real one."""

    with pytest.raises(CodecError, match="is no event of the pathway"):
        encode_event(Nudged(at=NOON, on=NOON.date(), by="x", role=started().role))
