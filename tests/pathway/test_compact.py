"""What is written short is read again as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathway.compact import compact

#: Every character there is, halves of them too, and numbers beyond 64 bits.
TEXTS = st.text(st.characters(codec=None))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_whatever_is_written_is_read_again_as_it_was(value: Any) -> None:
    assert json.loads(compact(value)) == value


def test_nothing_stands_between_what_is_written() -> None:
    assert compact({"a": [1, "ö"], "b": None}) == '{"a":[1,"ö"],"b":null}'.encode()


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError):
        compact({"a": object()})
