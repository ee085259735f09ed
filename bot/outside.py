"""The one way to other machines over HTTP: who asks, through which proxy, over how many connections."""

from __future__ import annotations

from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

MOST_CONNECTIONS: int = 500
"""aiohttp's own 100 are all taken when the connector hangs for a while, and the signing keys come this way too."""

_MICROSOFT = "login.botframework.com"


def outside(*, practice: bool) -> aiohttp.ClientSession:
    """A session for everything that the bot asks of Microsoft. It keeps no cookies.

    A university's proxy is honoured (`HTTPS_PROXY`, `NO_PROXY`), but never in practice mode. It is read here, once:
    aiohttp's `trust_env` looks into the environment and `~/.netrc` for each request, in threads, which takes longer
    than a turn. Only a proxy with a login is left to it.
    """
    proxy = None if practice else _proxy()
    has_login = proxy is not None and proxy.user is not None
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=MOST_CONNECTIONS),
        cookie_jar=aiohttp.DummyCookieJar(),
        proxy=None if has_login else proxy,
        trust_env=has_login,
    )


def _proxy() -> URL | None:
    url = URL(getproxies().get("https", ""))
    return url if url.host and not proxy_bypass(_MICROSOFT) else None
