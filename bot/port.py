"""Why the port cannot be opened that the bot is to listen on, with the mend: for a start and for the doctor."""

from __future__ import annotations

import errno
import socket


def why_closed(fault: OSError, port: int) -> str:
    """A sentence or two for what the machine said when *port* was to be opened."""
    if isinstance(fault, PermissionError):
        return f"Port {port} is for root alone. Set PORT=3978, and let the web server pass 443 on to it."
    if isinstance(fault, socket.gaierror) or fault.errno == errno.EADDRNOTAVAIL:
        return "HOST is no address of this machine. Leave it out, or write 127.0.0.1 behind a web server."
    if fault.errno == errno.EADDRINUSE:
        return f"Something else listens on port {port}; ss -ltnp says what. Stop it, or set another PORT."
    return f"Port {port} cannot be opened: {fault.strerror or type(fault).__name__}."
