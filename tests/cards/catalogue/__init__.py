"""Every card there is, drawn for everybody who may get it: the book that the lint reads."""

from tests.cards.catalogue.whole_road import cases_of, catalogue, channel
from tests.cards.catalogue.world import (
    ATTACKS,
    BOT_LINK,
    HOSTILE,
    MARK,
    Drawn,
    World,
    attacked,
    bare,
    heaviest,
    heavy,
    inputs_of,
    longest,
    ordinary,
)

__all__ = [
    "ATTACKS",
    "BOT_LINK",
    "HOSTILE",
    "MARK",
    "Drawn",
    "World",
    "attacked",
    "bare",
    "cases_of",
    "catalogue",
    "channel",
    "heaviest",
    "heavy",
    "inputs_of",
    "longest",
    "ordinary",
]
