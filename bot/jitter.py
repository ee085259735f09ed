"""Pauses between tries: decorrelated jitter, so that what failed together does not come back together."""

from __future__ import annotations

import random


def decorrelated(before: float, *, first: float, longest: float) -> float:
    """Seconds to wait after a pause of *before* seconds (0 for the first): anything from *first* to three times the
    last pause, and never more than *longest*.
    """
    return min(longest, random.uniform(first, 3 * max(first, before)))  # noqa: S311 - spreads load, keeps no secret
