"""A start-up hook of the tests alone: Python imports it because the tests put its folder on `PYTHONPATH`.

Names in `PATHWAY_TEST_HOSTS` (a JSON object of host -> port) are found on 127.0.0.1. Any other name that is not this
machine is not found, and is written to the file `PATHWAY_TEST_LOOKUPS`, a line each: nothing may be asked for there.
`PATHWAY_TEST_STARTS` (an ISO time with its zone) is where the pathway's clock starts.
"""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

_HOSTS: dict[str, int] = json.loads(os.environ["PATHWAY_TEST_HOSTS"])
_LOOKUPS = Path(os.environ["PATHWAY_TEST_LOOKUPS"])
_HERE = {None, "", "localhost", "127.0.0.1", "::1", "0.0.0.0"}  # noqa: S104 - where a server may listen
_really = socket.getaddrinfo


def _found(host: Any, port: Any, *more: Any, **named: Any) -> Any:
    name = host.decode() if isinstance(host, bytes) else host
    if name in _HERE:
        return _really(host, port, *more, **named)
    if name in _HOSTS:
        return _really("127.0.0.1", _HOSTS[name], *more, **named)
    with _LOOKUPS.open("a", encoding="utf-8") as log:
        log.write(f"{name}\n")
    raise socket.gaierror(socket.EAI_NONAME, "the tests know no such host")


socket.getaddrinfo = _found

if os.environ.get("PATHWAY_TEST_STARTS"):
    # The pathway's clock starts at a school hour of the made-up year and goes on from there; all others are real.
    from datetime import UTC, datetime

    from bot import clock

    _AHEAD = datetime.fromisoformat(os.environ["PATHWAY_TEST_STARTS"]) - datetime.now(UTC)

    def _now(self: clock.PathwayTime) -> datetime:
        return datetime.now(UTC) + _AHEAD + self.offset

    clock.PathwayTime.now = _now  # type: ignore[method-assign]
