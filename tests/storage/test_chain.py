"""The chain through a case's events: whatever is done to it afterwards is found, and where."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest

from storage.chain import (
    Broken,
    Entry,
    Head,
    Kind,
    head_of,
    left_of,
    links,
    read_left,
    sealed_events,
    verify,
    verify_all,
)
from storage.seal import Key, Unreadable, new_key

KEY, AUDIT = new_key(), new_key()


def case(count: int, case_id: str = "c1", key: Key = KEY) -> tuple[Entry, ...]:
    """Begun with two events, then one at a time, as cases grow."""
    entries = sealed_events(case_id, None, [b"first", b"second"][:count], key, AUDIT)
    for n in range(3, count + 1):
        entries += sealed_events(case_id, entries, [f"event {n}".encode()], key, AUDIT)
    return entries


def found(entries: Sequence[Entry], head: Head | None, case_id: str = "c1") -> tuple[int, Kind] | None:
    broken = verify(case_id, entries, head, AUDIT)
    return (broken.position, broken.kind) if broken else None


@pytest.mark.parametrize("count", [1, 2, 3, 60])
def test_what_nobody_touched_is_whole(count: int) -> None:
    entries = case(count)
    assert found(entries, head_of(entries)) is None
    assert [e.n for e in entries] == list(range(1, count + 1))


def test_the_head_may_lag_behind() -> None:
    entries = case(5)
    for n in range(1, 6):
        assert found(entries, head_of(entries[:n])) is None


# -- one thing done to it ----------------------------------------------------------------------------------------------

Doing = Callable[[list[Entry], random.Random], tuple[list[Entry], int, Kind]]


def flipped(entries: list[Entry], chance: random.Random) -> tuple[list[Entry], int, Kind]:
    """One character of what was sealed."""
    at = chance.randrange(len(entries))
    n, sealed, link = entries[at]
    spot = chance.randrange(len(sealed))
    other = chance.choice([x for x in "abcdefghXYZ0189+/." if x != sealed[spot]])
    entries[at] = Entry(n, sealed[:spot] + other + sealed[spot + 1 :], link)
    return entries, at + 1, Kind.CHANGED


def relinked(entries: list[Entry], chance: random.Random) -> tuple[list[Entry], int, Kind]:
    at = chance.randrange(len(entries))
    n, sealed, link = entries[at]
    entries[at] = Entry(n, sealed, link[:-1] + ("0" if link[-1] != "0" else "1"))
    return entries, at + 1, Kind.CHANGED


def rewritten(entries: list[Entry], chance: random.Random) -> tuple[list[Entry], int, Kind]:
    """By somebody who has the case's key, but not the chain's."""
    at = chance.randrange(len(entries))
    before = entries[:at]
    entries[at] = sealed_events("c1", before, [b"it was never so"], KEY, new_key())[0]
    return entries, at + 1, Kind.CHANGED


def deleted(entries: list[Entry], chance: random.Random) -> tuple[list[Entry], int, Kind]:
    """Not the last: that is a cut."""
    at = chance.randrange(len(entries) - 1)
    del entries[at]
    return entries, at + 1, Kind.MISSING


def swapped(entries: list[Entry], chance: random.Random) -> tuple[list[Entry], int, Kind]:
    one, other = sorted(chance.sample(range(len(entries)), 2))
    entries[one], entries[other] = entries[other], entries[one]
    return entries, one + 1, Kind.SWAPPED


def swapped_under_their_numbers(entries: list[Entry], chance: random.Random) -> tuple[list[Entry], int, Kind]:
    one, other = sorted(chance.sample(range(len(entries)), 2))
    first, second = entries[one], entries[other]
    entries[one], entries[other] = Entry(first.n, *second[1:]), Entry(second.n, *first[1:])
    return entries, one + 1, Kind.CHANGED


def cut(entries: list[Entry], chance: random.Random) -> tuple[list[Entry], int, Kind]:
    left = chance.randrange(len(entries))
    return entries[:left], left + 1, Kind.CUT


def added(entries: list[Entry], chance: random.Random) -> tuple[list[Entry], int, Kind]:
    """An event of another case, at the end."""
    other = case(len(entries) + 1, "c2")[-1]
    del chance
    return [*entries, other], len(entries) + 1, Kind.CHANGED


def spliced(entries: list[Entry], chance: random.Random) -> tuple[list[Entry], int, Kind]:
    """An event of the same number, truly recorded, of another history of the same case: of a copy that was restored."""
    at = chance.randrange(1, len(entries))
    other = sealed_events("c1", None, [f"otherwise {n}".encode() for n in range(len(entries))], KEY, AUDIT)
    entries[at] = other[at]
    return entries, at + 1, Kind.CHANGED


DOINGS: tuple[Doing, ...] = (
    flipped,
    relinked,
    rewritten,
    deleted,
    swapped,
    swapped_under_their_numbers,
    cut,
    added,
    spliced,
)


def test_of_a_thousand_single_changes_every_one_is_found_with_its_place() -> None:
    chance = random.Random(20261006)  # noqa: S311 - the same thousand each time
    whole = case(24)
    missed = []
    for n in range(1000):
        length = chance.randint(2, len(whole))
        before = whole[:length]
        entries, position, kind = DOINGS[n % len(DOINGS)](list(before), chance)
        if found(entries, head_of(before)) != (position, kind):
            missed.append((n, DOINGS[n % len(DOINGS)].__name__, position, kind, found(entries, head_of(before))))
    assert missed == []


def test_a_head_that_is_gone_or_another_s_is_found() -> None:
    entries, other = case(4), case(4, key=new_key())
    assert found(entries, None) == (0, Kind.HEAD_GONE)
    assert found(entries, head_of(other)) == (4, Kind.CHANGED)
    assert found(entries, Head(0, entries[0].link)) == (0, Kind.CHANGED)


def test_a_case_of_which_only_the_head_is_left_is_found_and_one_that_cannot_be_read() -> None:
    cases = {name: case(2, name) for name in ("a", "b", "c")}
    heads = {name: head for name, entries in cases.items() if (head := head_of(entries))}
    assert verify_all({"a": cases["a"], "b": None}, heads, AUDIT) == [
        Broken("b", 0, Kind.CHANGED),
        Broken("c", 0, Kind.CASE_GONE),
    ]


def test_a_case_under_the_id_of_another_is_found() -> None:
    entries = case(3, "c1")
    assert found(entries, head_of(entries), "c2") == (1, Kind.CHANGED)


# -- what is left of an erased case ------------------------------------------------------------------------------------


def test_the_chain_of_an_erased_case_still_verifies_and_says_nothing() -> None:
    entries = case(5)
    left = left_of(entries)
    assert not any(entry.sealed in str(left) for entry in entries)
    chain = read_left(left)
    assert chain == links(entries)
    assert chain is not None
    assert verify("c1", chain, head_of(entries), AUDIT) is None
    for doing, kind in ((chain[1:], Kind.MISSING), (chain[:-1], Kind.CUT)):
        broken = verify("c1", doing, head_of(entries), AUDIT)
        assert broken is not None
        assert broken.kind is kind


@pytest.mark.parametrize("left", [None, "x", [[1]], [["a", "b", "c"]]])
def test_what_is_no_chain_is_none(left: object) -> None:
    assert read_left(left) is None


def test_an_event_cannot_be_read_in_the_place_of_another() -> None:
    entries = case(2)
    assert KEY.open(entries[0].sealed, "c1/1") == b"first"
    for sealed, about in ((entries[0].sealed, "c1/2"), (entries[0].sealed, "c2/1"), (entries[0].sealed[:-4], "c1/1")):
        with pytest.raises(Unreadable):
            KEY.open(sealed, about)
    with pytest.raises(Unreadable, match="another key"):
        new_key().open(entries[0].sealed, "c1/1")
