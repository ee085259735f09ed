"""Which service addresses the bot may believe and call. One strict pattern: what it does not know it refuses."""

from __future__ import annotations

import re

from bot.teams.settings import TeamsSettings

# No user-info, query, fragment, backslash, space or non-ASCII can pass; a port only if it is the usual one.
_REAL = re.compile(r"https://([a-z0-9.-]+)(?::443)?((?:/[A-Za-z0-9._~-]+)*)/?", re.ASCII)
_LOOPBACK = re.compile(r"http://127\.0\.0\.1:[0-9]{1,5}/?", re.ASCII)
_PATH = re.compile(r"((?:/[A-Za-z0-9._~-]+)*)/?", re.ASCII)


def service_root(url: str, settings: TeamsSettings) -> str | None:
    """*url* without its last slash if it is an allowed Teams service, else None. Looks nothing up."""
    if len(url) > 300 or "/.." in url or "/./" in url:
        return None
    if settings.practice:
        rest = url.removeprefix(settings.origin)
        return url.rstrip("/") if rest != url and _PATH.fullmatch(rest) else None
    match = _REAL.fullmatch(url)
    if match is None or match[1] not in settings.allowed_hosts:
        return None
    return f"https://{match[1]}{match[2]}"


def is_practice_of_before(url: str, settings: TeamsSettings) -> bool:
    """Whether *url* is of practice mode on another port of this machine: it was started anew. Never so elsewhere."""
    return settings.practice and _LOOPBACK.fullmatch(url) is not None
