"""Every test has a main key (`tests.keys`), and so has every process that a test starts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import tests.keys  # noqa: F401 - it sets the environment
from tests.once import shared


def pytest_configure(config: pytest.Config) -> None:
    """Of a run in several processes, each has a folder in one that belongs to the run."""
    own = config.getoption("basetemp", None)
    if own and "PYTEST_XDIST_WORKER" in os.environ:
        shared[:] = [Path(own).parent]
