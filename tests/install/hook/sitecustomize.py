"""Run by Python itself at the start of a process of the tests: Microsoft's host names lead to stand-ins on loopback.

PATHWAY_TEST_HOSTS is "host=port,host=port". Every other name outside this machine cannot be looked up. The program
under test is unchanged, and its certificates are checked for the real names.
"""

import os
import socket
from typing import Any

_PORTS = dict(pair.split("=") for pair in os.environ["PATHWAY_TEST_HOSTS"].split(",") if pair)
_HERE = {"localhost", "127.0.0.1", "0.0.0.0", "", None}  # noqa: S104 - compared, not bound
_really = socket.getaddrinfo


def _look_up(host: Any, port: Any, *more: Any, **named: Any) -> Any:
    name = host.decode() if isinstance(host, bytes) else host
    if name in _PORTS:
        return _really("127.0.0.1", int(_PORTS[name]), *more, **named)
    if name not in _HERE:
        raise socket.gaierror(socket.EAI_NONAME, "no such name in the tests")
    return _really(host, port, *more, **named)


socket.getaddrinfo = _look_up
