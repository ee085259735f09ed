from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.desk import TryLater
from bot.teams import TeamsSettings
from bot.teams.tokens import MsalTokens, NoToken, PracticeTokens, TokenRules, entra_client, token_of
from tests.teams.standins import APP_ID, PASSWORD, TENANT, listening, settings_for


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class TokenPage:
    """A token endpoint that counts. *mood* is well, down or hanging."""

    mood: str = "well"
    given: int = 0
    forms: list[dict[str, str]] = field(default_factory=list)
    release: asyncio.Event = field(default_factory=asyncio.Event)
    gave: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        self.forms.append({name: str(value) for name, value in form.items()})
        if self.mood == "hanging":
            await self.release.wait()
        if self.mood == "down":
            return web.Response(status=503)
        self.given += 1
        self.gave.set()
        return web.json_response({"access_token": f"token {self.given}", "expires_in": 3600})


@asynccontextmanager
async def tokens_of(page: TokenPage, clock: Clock, rules: TokenRules | None = None) -> AsyncIterator[PracticeTokens]:
    async with listening(page.answer, "/token") as origin, aiohttp.ClientSession() as session:
        tokens = PracticeTokens(session, settings_for(origin), rules, clock)
        yield tokens
        await tokens.close()
        page.release.set()


async def test_one_token_serves_an_hour_of_sending() -> None:
    page, clock = TokenPage(), Clock()
    async with tokens_of(page, clock) as tokens:
        assert set(await asyncio.gather(*(tokens.token() for _ in range(50)))) == {"token 1"}
        clock.now += 2900
        assert await tokens.token() == "token 1"

    assert page.given == 1
    assert page.forms[0] == {
        "grant_type": "client_credentials",
        "client_id": APP_ID,
        "client_secret": PASSWORD,
        "scope": "https://api.botframework.com/.default",
    }


async def test_a_token_is_renewed_behind_the_scenes_before_it_ends() -> None:
    page, clock = TokenPage(), Clock()
    async with tokens_of(page, clock) as tokens:
        await tokens.token()
        page.gave.clear()
        clock.now += 3100
        assert await tokens.token() == "token 1"
        await page.gave.wait()
        assert tokens._flight is not None
        await tokens._flight
        assert await tokens.token() == "token 2"


async def test_a_token_that_is_about_to_end_is_not_used_any_more() -> None:
    page, clock = TokenPage(), Clock()
    async with tokens_of(page, clock) as tokens:
        await tokens.token()
        clock.now += 3550
        assert await tokens.token() == "token 2"


async def test_while_the_endpoint_is_down_the_old_token_is_used_and_then_sending_waits() -> None:
    page, clock = TokenPage(), Clock()
    async with tokens_of(page, clock) as tokens:
        await tokens.token()
        page.mood = "down"
        clock.now += 3100
        assert await tokens.token() == "token 1"
        clock.now += 500
        with pytest.raises(TryLater):
            await tokens.token()
        page.mood = "well"
        clock.now += 10
        assert await tokens.token() == "token 2"


async def test_a_failing_endpoint_is_not_asked_by_every_send() -> None:
    page = TokenPage(mood="down")
    async with tokens_of(page, Clock()) as tokens:
        for _ in range(20):
            with pytest.raises(TryLater):
                await tokens.token()

    assert len(page.forms) == 1


async def test_a_hanging_endpoint_is_given_up() -> None:
    page = TokenPage(mood="hanging")
    async with tokens_of(page, Clock(), TokenRules(time_out=0.05)) as tokens:
        with pytest.raises(TryLater):
            await tokens.token()


async def test_a_refused_token_is_renewed_once_for_all_who_hold_it() -> None:
    page = TokenPage()
    async with tokens_of(page, Clock()) as tokens:
        old = await tokens.token()
        new = await asyncio.gather(*(tokens.renewed(old) for _ in range(10)))

    assert set(new) == {"token 2"}
    assert page.given == 2


@pytest.mark.parametrize(
    "answer",
    [None, [], {}, {"access_token": 5, "expires_in": 1}, {"access_token": "", "expires_in": 1}, {"access_token": "x"}],
)
def test_an_answer_without_a_token_is_no_token(answer: object) -> None:
    with pytest.raises(NoToken, match="not a token answer"):
        token_of(answer)


def test_a_refusal_tells_its_code_and_not_its_words() -> None:
    with pytest.raises(NoToken, match=r"^invalid_client$"):
        token_of({"error": "invalid_client", "error_description": "AADSTS7000215 for app 6f1d..."})


@dataclass
class Entra:
    """Entra as msal's `http_client` sees it: the parameter msal has for this. Counts, and can be held up."""

    posts: list[dict[str, Any]] = field(default_factory=list)
    open: threading.Event = field(default_factory=threading.Event)
    asked: threading.Event = field(default_factory=threading.Event)

    def get(self, url: str, **_more: Any) -> Any:
        base = f"https://login.microsoftonline.com/{TENANT}"
        page = {
            "issuer": f"{base}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
        }
        assert url.startswith(base)
        return _Answer(json.dumps(page))

    def post(self, url: str, data: dict[str, Any], **_more: Any) -> Any:
        assert url == f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token"
        self.asked.set()
        self.open.wait(5)
        self.posts.append(data)
        return _Answer(
            json.dumps({"token_type": "Bearer", "access_token": f"msal {len(self.posts)}", "expires_in": 3600})
        )

    def close(self) -> None:
        """Part of msal's interface."""


@dataclass
class _Answer:
    text: str
    status_code: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def raise_for_status(self) -> None:
        """Part of msal's interface."""


REAL = TeamsSettings(app_id=APP_ID, app_type="SingleTenant", tenant_id=TENANT, password=PASSWORD)


async def test_msal_is_asked_in_a_thread_once_and_again_only_after_a_refusal() -> None:
    entra = Entra()
    entra.open.set()
    tokens = MsalTokens(entra_client(REAL, http_client=entra))
    try:
        assert {await tokens.token() for _ in range(5)} == {"msal 1"}
        assert await tokens.renewed("msal 1") == "msal 2"
    finally:
        await tokens.close()

    assert len(entra.posts) == 2
    assert entra.posts[0]["client_id"] == APP_ID
    assert entra.posts[0]["scope"] == "https://api.botframework.com/.default"


async def test_a_hanging_entra_does_not_hold_up_the_loop_and_is_given_up() -> None:
    entra = Entra()
    tokens = MsalTokens(entra_client(REAL, http_client=entra), TokenRules(time_out=0.1))
    try:
        waiting = asyncio.create_task(tokens.token())
        assert await asyncio.to_thread(entra.asked.wait, 5)
        assert not waiting.done()
        with pytest.raises(TryLater):
            await waiting
    finally:
        entra.open.set()
        await tokens.close()
