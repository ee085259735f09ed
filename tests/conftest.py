"""Every test has a main key (`tests.keys`), and so has every process that a test starts."""

from __future__ import annotations

import tests.keys  # noqa: F401 - it sets the environment
