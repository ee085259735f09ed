from __future__ import annotations

from pathlib import Path

import pytest

from tests.cards.catalogue import Drawn, attacked, bare, catalogue, heaviest, longest, ordinary

_CONTRACTS = Path(__file__).parents[3] / "shared" / "contracts"
#: The same books for all tests that read them.
_BOOKS: dict[str, list[Drawn]] = {}
_WORLDS = {"ordinary": ordinary, "bare": bare, "longest": longest, "attacked": attacked, "heaviest": heaviest}


def whole_book(world: str) -> list[Drawn]:
    """Every card of *world*."""
    if world not in _BOOKS:
        _BOOKS[world] = list(catalogue(_WORLDS[world]()))
    return _BOOKS[world]


def book_of(world: str) -> list[Drawn]:
    """Every card of *world*, of equal cards of one reader the first."""
    once: dict[tuple[str, str, str], Drawn] = {}
    for drawn in whole_book(world):
        once.setdefault((repr(drawn.card), drawn.reader, drawn.summary), drawn)
    return list(once.values())


@pytest.fixture
def contracts() -> Path:
    if not _CONTRACTS.is_dir():
        pytest.skip(
            "The outside contracts are not beside this clone (../shared/contracts): their schemas go unchecked."
        )
    return _CONTRACTS
