"""What the bot asks of other machines goes through the university's proxy, where there is one."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from bot.outside import MOST_CONNECTIONS, outside
from tests.teams.standins import listening

ELSEWHERE = "http://connector.example/v3"


@pytest.fixture(autouse=True)
def no_proxy_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


class Proxy:
    def __init__(self) -> None:
        self.asked: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.headers["Host"])
        return web.Response(text="by the proxy", headers={"Set-Cookie": "track=me; Path=/"})


async def test_the_proxy_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = Proxy()
    async with listening(proxy.answer, "/{any:.*}") as origin:
        monkeypatch.setenv("HTTPS_PROXY", origin)
        async with outside(practice=False) as session, session.get(ELSEWHERE) as answer:
            assert await answer.text() == "by the proxy"

    assert proxy.asked == ["connector.example"]


async def test_a_proxy_with_a_login_is_left_to_aiohttp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://me:hidden@proxy.example:3128")
    async with outside(practice=False) as session:
        assert session.trust_env


@pytest.mark.parametrize("setting", ["practice", "NO_PROXY", "HTTP_PROXY"])
async def test_no_proxy_is_asked_in_practice_mode_nor_where_it_is_not_for_this(
    monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    proxy = Proxy()
    async with listening(proxy.answer, "/{any:.*}") as origin:
        monkeypatch.setenv("HTTP_PROXY" if setting == "HTTP_PROXY" else "HTTPS_PROXY", "http://127.0.0.1:9")
        if setting == "NO_PROXY":
            monkeypatch.setenv("NO_PROXY", "login.botframework.com")
        async with outside(practice=setting == "practice") as session, session.get(f"{origin}/v3") as answer:
            assert answer.status == 200


async def test_no_cookie_is_kept() -> None:
    proxy = Proxy()
    async with listening(proxy.answer, "/{any:.*}") as origin, outside(practice=False) as session:
        await session.get(origin.replace("127.0.0.1", "localhost"))
        assert len(session.cookie_jar) == 0


async def test_a_connector_that_hangs_leaves_room_for_the_signing_keys() -> None:
    """aiohttp's usual hundred connections would all be taken."""
    sends = MOST_CONNECTIONS // 4
    release, all_wait = asyncio.Event(), asyncio.Semaphore(0)

    async def hanging(request: web.Request) -> web.Response:
        if request.path == "/send":
            all_wait.release()
            await release.wait()
        return web.Response(text="the keys")

    async with listening(hanging, "/{any:.*}") as origin, outside(practice=False) as session, asyncio.timeout(5):
        under_way = [asyncio.create_task(session.post(f"{origin}/send")) for _ in range(sends)]
        for _ in range(sends):
            await all_wait.acquire()
        async with session.get(f"{origin}/keys") as answer:
            assert await answer.text() == "the keys"
        release.set()
        await asyncio.gather(*under_way)
