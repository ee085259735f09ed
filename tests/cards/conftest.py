from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from tests.cards.catalogue import Drawn, attacked, bare, catalogue, heaviest, longest, ordinary
from tests.once import once

_CONTRACTS = Path(__file__).parents[3] / "shared" / "contracts"
_WORLDS = {"ordinary": ordinary, "bare": bare, "longest": longest, "attacked": attacked, "heaviest": heaviest}


@cache
def whole_book(world: str) -> list[Drawn]:
    """Every card of *world*."""
    return once(f"cards-{world}", lambda: list(catalogue(_WORLDS[world]())))


@cache
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
