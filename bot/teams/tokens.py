"""Tokens for what the bot sends: one at a time, kept, renewed early, and never waited for without end."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import aiohttp
import msal
import requests
from msal.exceptions import MsalError

from bot.desk import TryLater
from bot.teams.settings import TeamsSettings

CONNECTOR = "https://api.botframework.com"
"""The resource that connector tokens are for (Bot Connector authentication reference)."""
GRAPH = "https://graph.microsoft.com"
"""The resource that tokens for Microsoft Graph are for."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TokenRules:
    """All in seconds. From *early* before its end a token is renewed behind the scenes; until *last* it is used."""

    time_out: float = 10.0
    early: float = 600.0
    last: float = 60.0
    pause_after_failure: float = 5.0


class NoToken(Exception):
    """The token endpoint said no, or nothing. The sentence carries its error code and nothing else."""


class Tokens(ABC):
    """A cached token for one resource. `token` raises TryLater when none can be had."""

    resource = CONNECTOR

    def __init__(self, rules: TokenRules | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._rules = rules or TokenRules()
        self._clock = clock
        self._token = ""
        self._ends = float("-inf")
        self._failed_at = float("-inf")
        self._fetched = 0
        self._flight: asyncio.Task[None] | None = None

    @abstractmethod
    async def fetch(self, *, anew: bool) -> tuple[str, float]:
        """A token and its lifetime in seconds; *anew* passes by any cache of a library. Raises NoToken."""

    async def token(self) -> str:
        left = self._ends - self._clock()
        if left > self._rules.last:
            if left < self._rules.early:
                self._start(anew=True)
            return self._token
        await self._wait(anew=False)
        if self._ends - self._clock() <= self._rules.last:
            raise TryLater(f"no token for {self.resource}", self._rules.pause_after_failure)
        return self._token

    async def renewed(self, refused: str) -> str:
        """Another token than *refused*, which the connector answered with 401. One fetch for all who ask."""
        if self._token == refused:
            before = self._fetched
            await self._wait(anew=True)
            if self._fetched == before:
                raise TryLater(f"no new token for {self.resource}", self._rules.pause_after_failure)
        return self._token

    async def close(self) -> None:
        if self._flight is not None:
            self._flight.cancel()
            await asyncio.gather(self._flight, return_exceptions=True)

    async def _wait(self, *, anew: bool) -> None:
        flight = self._start(anew=anew)
        if flight is not None:
            await asyncio.shield(flight)

    def _start(self, *, anew: bool) -> asyncio.Task[None] | None:
        """The fetch under way or a new one; None while the last failure is too fresh."""
        if self._flight is None:
            if self._clock() - self._failed_at < self._rules.pause_after_failure:
                return None
            self._flight = asyncio.get_running_loop().create_task(self._renew(anew=anew))
        return self._flight

    async def _renew(self, *, anew: bool) -> None:
        try:
            async with asyncio.timeout(self._rules.time_out):
                token, lifetime = await self.fetch(anew=anew)
        except (NoToken, aiohttp.ClientError, TimeoutError, OSError, ValueError) as fault:
            self._failed_at = self._clock()
            reason = str(fault) if isinstance(fault, NoToken) else type(fault).__name__
            _log.error("no token", extra={"resource": self.resource, "reason": reason})
        else:
            self._token, self._ends = token, self._clock() + lifetime
            self._failed_at = float("-inf")
            self._fetched += 1
        finally:
            self._flight = None


class PracticeTokens(Tokens):
    """From the practice channel's `/token`, by the client-credentials form of Entra's v2 endpoint."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        settings: TeamsSettings,
        rules: TokenRules | None = None,
        clock: Callable[[], float] = time.monotonic,
        *,
        resource: str = CONNECTOR,
        url: str = "",
    ) -> None:
        """*url* is another endpoint than the settings'."""
        super().__init__(rules, clock)
        self._session = session
        self._settings = settings
        self.resource = resource
        self._url = url or settings.token_url or ""

    async def fetch(self, *, anew: bool) -> tuple[str, float]:
        del anew  # nothing between us and the endpoint keeps tokens
        form = {
            "grant_type": "client_credentials",
            "client_id": self._settings.app_id,
            "client_secret": self._settings.password,
            "scope": f"{self.resource}/.default",
        }
        async with self._session.post(self._url, data=form, allow_redirects=False) as answer:
            if answer.status != 200:
                raise NoToken(f"status {answer.status}")
            return token_of(await answer.json())


class MsalTokens(Tokens):
    """From Entra through msal, which blocks: it has a thread of its own, so that a hanging call holds up nobody, and
    a daemon, so that it does not hold up the stop either.

    *client* makes the msal application; it is called in the thread, as msal looks its authority up when made.
    """

    def __init__(
        self,
        client: Callable[[], Any],
        rules: TokenRules | None = None,
        clock: Callable[[], float] = time.monotonic,
        *,
        resource: str = CONNECTOR,
    ) -> None:
        super().__init__(rules, clock)
        self.resource = resource
        self._make_client = client
        self._client: Any = None

    async def fetch(self, *, anew: bool) -> tuple[str, float]:
        answer: Future[object] = Future()

        def ask() -> None:
            try:
                answer.set_result(self._ask(anew=anew))
            except Exception as fault:  # noqa: BLE001 - whatever msal raises is raised where it is awaited
                answer.set_exception(fault)

        answer.set_running_or_notify_cancel()
        threading.Thread(target=ask, name="msal", daemon=True).start()
        try:
            return token_of(await asyncio.wrap_future(answer))
        except (requests.RequestException, MsalError, ValueError) as fault:
            raise NoToken(type(fault).__name__) from fault

    def _ask(self, *, anew: bool) -> object:
        if self._client is None or anew:
            self._client = self._make_client()  # with an empty cache of its own
        if isinstance(self._client, msal.ManagedIdentityClient):
            return self._client.acquire_token_for_client(resource=self.resource)
        return self._client.acquire_token_for_client(scopes=[f"{self.resource}/.default"])


def entra_client(settings: TeamsSettings, time_out: float = 8.0, http_client: Any = None) -> Callable[[], Any]:
    """How to make the msal application for *settings*; its own calls end after *time_out* seconds.

    *http_client* is msal's own parameter (`get` and `post` as of `requests`), for those who need a proxy, and tests.
    """

    def make() -> Any:
        if settings.app_type == "UserAssignedMSI":
            identity = msal.UserAssignedManagedIdentity(client_id=settings.app_id)
            return msal.ManagedIdentityClient(identity, http_client=http_client or _http_client(time_out))
        return msal.ConfidentialClientApplication(
            settings.app_id,
            authority=f"https://login.microsoftonline.com/{settings.tenant_id}",
            client_credential=_credential(settings),
            timeout=None if http_client else time_out,
            http_client=http_client,
        )

    return make


def _credential(settings: TeamsSettings) -> Any:
    """A certificate before a secret; msal makes its SHA-256 thumbprint."""
    if not settings.certificate:
        return settings.password
    return {"private_key": settings.certificate, "public_certificate": settings.certificate}


def _http_client(time_out: float) -> Any:
    """The `requests` session that msal asks for, with the time-out that `requests` lacks."""
    import functools  # noqa: PLC0415 - only a managed identity needs these

    session = requests.Session()
    session.request = functools.partial(session.request, timeout=time_out)  # type: ignore[method-assign]
    return session


def token_of(answer: object) -> tuple[str, float]:
    """Token and lifetime (seconds) out of a token endpoint's answer. Raises NoToken with the error code only."""
    if not isinstance(answer, dict):
        raise NoToken("not a token answer")
    token, lifetime = answer.get("access_token"), answer.get("expires_in")
    if isinstance(token, str) and token and isinstance(lifetime, (int, float, str)):
        return token, float(lifetime)
    code = answer.get("error")
    raise NoToken(code if isinstance(code, str) and code.isidentifier() else "not a token answer")
