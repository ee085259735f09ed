from __future__ import annotations

from pathlib import Path

import pytest

from tests.cards.catalogue import Drawn, attacked, bare, catalogue, longest, ordinary

_CONTRACTS = Path(__file__).parents[2].parent / "shared" / "contracts"
#: The same book for all tests that read it.
_BOOKS: dict[str, list[Drawn]] = {}
_WORLDS = {"ordinary": ordinary, "bare": bare, "longest": longest, "attacked": attacked}


@pytest.fixture
def contracts() -> Path:
    if not _CONTRACTS.is_dir():
        pytest.skip("The outside contracts are not beside this clone (../shared/contracts): their schemas go unchecked.")
    return _CONTRACTS


def book_of(world: str) -> list[Drawn]:
    """Every card of *world*, the same card of the same reader once."""
    if world not in _BOOKS:
        once: dict[tuple[str, str], Drawn] = {}
        for drawn in catalogue(_WORLDS[world]()):
            once.setdefault((repr(drawn.card), drawn.reader), drawn)
        _BOOKS[world] = list(once.values())
    return _BOOKS[world]


@pytest.fixture(scope="session")
def ordinary_book() -> list[Drawn]:
    return book_of("ordinary")
