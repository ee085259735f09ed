"""Everything of the Teams side, put together by hand in one place."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp

from bot.desk import Desk, TryLater
from bot.teams.adapter import TeamsAdapter
from bot.teams.connector import Connector, back_off
from bot.teams.crowd import UNHURRIED, Allowance, Turnstile
from bot.teams.endpoint import Endpoint, Handler
from bot.teams.gate import Gate
from bot.teams.handler import DeskHandler, Errands, Patience
from bot.teams.keys import KeyRing, KeyRules, KeysUnavailable
from bot.teams.pace import PRACTICE, Pace
from bot.teams.settings import TeamsSettings
from bot.teams.tokens import GRAPH, MsalTokens, PracticeTokens, Tokens, entra_client
from pathway.ports import Moments


@dataclass(frozen=True, slots=True)
class Teams:
    """*post* is there before any Desk is, so that a Desk can be made with it."""

    settings: TeamsSettings
    post: Connector
    gate: Gate
    keys: KeyRing
    tokens: Tokens
    errands: Errands
    patience: Patience
    turnstile: Turnstile
    pause: Callable[[float], float]
    graph_tokens: Tokens | None = None
    """For Microsoft Graph, fetched when one is first wanted; None in practice mode, where there is no Graph."""

    def messages(self, desk: Desk) -> Handler:
        """The aiohttp handler of `POST /api/messages`."""
        adapter = TeamsAdapter(self.post)
        handler = DeskHandler(desk, adapter, self.post, self.errands, patience=self.patience, pause=self.pause)
        adapter.on_turn_error = handler.apologise
        endpoint = Endpoint(
            self.gate, adapter, handler, errands=self.errands, patience=self.patience, turnstile=self.turnstile
        )

        async def answer(request: aiohttp.web.Request) -> aiohttp.web.StreamResponse:
            return await endpoint(request)

        return answer

    async def ready(self) -> str:
        """Empty when messages could come in and go out now, else one sentence. For `/readyz`, and to warm up."""
        try:
            await self.keys.warm()
            await self.tokens.token()
        except KeysUnavailable:
            return "The signing keys of the Bot Framework cannot be read."
        except TryLater:
            return "No token for sending to Teams can be had."
        return ""

    async def close(self, patience: float = 8.0) -> None:
        """Lets turns that go on behind their answer end within *patience* seconds. Before the session is closed."""
        await self.errands.close(patience)
        await self.keys.close()
        await self.tokens.close()
        if self.graph_tokens is not None:
            await self.graph_tokens.close()


def build(
    settings: TeamsSettings,
    session: aiohttp.ClientSession,
    *,
    tokens: Tokens | None = None,
    pace: Pace | None = None,
    moments: Moments | None = None,
    patience: Patience | None = None,
    allowance: Allowance | None = None,
    key_rules: KeyRules | None = None,
    pause: Callable[[float], float] = back_off,
    monotonic: Callable[[], float] = time.monotonic,
    wall: Callable[[], float] = time.time,
) -> Teams:
    """All of it on one *session*. *moments* is the sending rate that bots share; the other keyword arguments are for
    tests. Clocks are real ones, never practice time.
    """
    if tokens is None and settings.practice:
        tokens = PracticeTokens(session, settings, clock=monotonic)
    elif tokens is None:
        tokens = MsalTokens(entra_client(settings), clock=monotonic)
    if pace is None:
        pace = Pace(conversation=PRACTICE, tenant=PRACTICE) if settings.practice else Pace(moments=moments)
    keys = KeyRing(session, settings.openid_url, key_rules, monotonic)
    return Teams(
        settings=settings,
        post=Connector(session, settings, tokens, pace, wall_clock=wall),
        gate=Gate(settings, keys, wall),
        keys=keys,
        tokens=tokens,
        errands=Errands(),
        patience=patience or Patience(),
        turnstile=Turnstile(allowance or (UNHURRIED if settings.practice else Allowance()), monotonic),
        pause=pause,
        graph_tokens=None if settings.practice else MsalTokens(entra_client(settings), clock=monotonic, resource=GRAPH),
    )
