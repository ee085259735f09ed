"""The key that signs what Teams sends: one for all tests of a process, since making one takes longer than most of them."""

from __future__ import annotations

import functools

from bot.practice.keys import SigningKey


@functools.cache
def signing_key() -> SigningKey:
    return SigningKey.new()
