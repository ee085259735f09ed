"""The signing keys of the Bot Connector service: fetched without blocking, cached, and never trusted blindly."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import RSAAlgorithm
from jwt.exceptions import PyJWTError

from bot.teams.settings import origin_of

ISSUER = "https://api.botframework.com"

_log = logging.getLogger(__name__)
_BIGGEST_PAGE = 1 << 20


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A public key, and the channels (`msteams`) for which it may speak."""

    public: RSAPublicKey
    endorsements: frozenset[str]


class KeysUnavailable(Exception):
    """No usable key is known: the endpoint has not answered since the start, or for longer than keys may be kept."""


class _BadPage(Exception):
    """The endpoint answered, but not with what the contract says."""


@dataclass(frozen=True, slots=True)
class KeyRules:
    """All in seconds. In any *burst_window* at most *burst* fetches are made because of unknown key ids."""

    time_out: float = 5.0
    fresh: float = 6 * 3600.0
    kept: float = 24 * 3600.0
    burst: int = 4
    burst_window: float = 600.0
    pause_after_failure: float = 3.0


class KeyRing:
    """Keys by id. A good key never waits for the network once it is known; a bad id costs little.

    The first key is fetched on demand. Keys older than `fresh` are still used while they are fetched again in the
    background; when the endpoint is down, hangs or talks nonsense they are used until `kept`. An unknown id leads to
    one shared fetch at once (a rotated key is known to its first message), within the burst allowance.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        openid_url: str,
        rules: KeyRules | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session = session
        self._openid_url = openid_url
        self._rules = rules or KeyRules()
        self._clock = clock
        self._keys: Mapping[str, SigningKey] = {}
        self._fetched_at = float("-inf")
        self._failed_at = float("-inf")
        self._asked: deque[float] = deque(maxlen=max(1, self._rules.burst))
        self._flight: asyncio.Task[None] | None = None

    async def find(self, key_id: str) -> SigningKey | None:
        """The key, or None when the service does not list it. Raises KeysUnavailable when nothing can be said."""
        if self._age() > self._rules.kept:
            await self.warm()
            return self._keys.get(key_id)
        if self._age() > self._rules.fresh:
            self._start()
        key = self._keys.get(key_id)
        if key is None and self._may_ask():
            await self._fetch()
            key = self._keys.get(key_id)
        return key

    async def warm(self) -> None:
        """Sees to it that usable keys are here. Raises KeysUnavailable."""
        if self._age() > self._rules.kept:
            await self._fetch()
        if self._age() > self._rules.kept:
            raise KeysUnavailable

    async def close(self) -> None:
        """Ends a fetch that is under way."""
        if self._flight is not None:
            self._flight.cancel()
            await asyncio.gather(self._flight, return_exceptions=True)

    def _age(self) -> float:
        return self._clock() - self._fetched_at

    def _may_ask(self) -> bool:
        """Counts a fetch for an unknown id against the allowance; joining one under way costs nothing."""
        if self._flight is not None:
            return True
        now = self._clock()
        if now - self._failed_at < self._rules.pause_after_failure:
            return False
        if len(self._asked) == self._asked.maxlen and now - self._asked[0] < self._rules.burst_window:
            return False
        self._asked.append(now)
        return True

    async def _fetch(self) -> None:
        flight = self._start()
        if flight is not None:
            await asyncio.shield(flight)

    def _start(self) -> asyncio.Task[None] | None:
        """The fetch under way, or a new one; None while the last failure is too fresh."""
        if self._flight is None:
            if self._clock() - self._failed_at < self._rules.pause_after_failure:
                return None
            self._flight = asyncio.get_running_loop().create_task(self._refresh())
        return self._flight

    async def _refresh(self) -> None:
        try:
            async with asyncio.timeout(self._rules.time_out):
                keys = await self._read_keys()
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, _BadPage) as fault:
            self._failed_at = self._clock()
            _log.warning("the signing keys could not be fetched", extra={"kind": type(fault).__name__})
        else:
            self._keys, self._fetched_at = keys, self._clock()
            self._failed_at = float("-inf")
        finally:
            self._flight = None

    async def _read_keys(self) -> Mapping[str, SigningKey]:
        page = await self._read(self._openid_url)
        where = page.get("jwks_uri")
        if page.get("issuer") != ISSUER or not isinstance(where, str):
            raise _BadPage("not the Bot Connector's OpenID page")
        if origin_of(where) != origin_of(self._openid_url):
            raise _BadPage("the keys are said to be on another host")
        entries = (await self._read(where)).get("keys")
        keys = dict(filter(None, map(_key, entries))) if isinstance(entries, list) else {}
        if not keys:
            raise _BadPage("no usable key")
        return keys

    async def _read(self, url: str) -> dict[str, Any]:
        async with self._session.get(url, allow_redirects=False) as answer:
            if answer.status != 200:
                raise _BadPage(f"status {answer.status}")
            raw = b""
            async for part in answer.content.iter_any():
                raw += part
                if len(raw) > _BIGGEST_PAGE:
                    raise _BadPage("too big")
        try:
            page = json.loads(raw)
        except (ValueError, RecursionError) as fault:
            raise _BadPage("not JSON") from fault
        if not isinstance(page, dict):
            raise _BadPage("not an object")
        return page


def _key(entry: object) -> tuple[str, SigningKey] | None:
    """One entry of the JWKS, or None if it is not an RSA signing key of at least 2048 bits with an id."""
    if not isinstance(entry, dict) or entry.get("kty") != "RSA" or entry.get("use", "sig") != "sig":
        return None
    key_id, endorsements = entry.get("kid"), entry.get("endorsements", [])
    if not isinstance(key_id, str) or not key_id or not isinstance(endorsements, list):
        return None
    try:
        public = RSAAlgorithm.from_jwk({part: entry.get(part) for part in ("kty", "n", "e")})
    except (PyJWTError, ValueError, TypeError, AttributeError):
        return None
    if not isinstance(public, RSAPublicKey) or public.key_size < 2048:
        return None
    return key_id, SigningKey(public, frozenset(name for name in endorsements if isinstance(name, str)))
