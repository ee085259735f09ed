"""Every card there is, drawn for everybody who may get it: the book that the lint reads."""

from tests.cards.catalogue.whole_road import cases_of, catalogue, channel
from tests.cards.catalogue.world import HOSTILE, MARK, Drawn, World, attacked, bare, inputs_of, longest, ordinary

__all__ = [
    "HOSTILE",
    "MARK",
    "Drawn",
    "World",
    "attacked",
    "bare",
    "cases_of",
    "catalogue",
    "channel",
    "inputs_of",
    "longest",
    "ordinary",
]
