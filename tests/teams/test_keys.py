from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import aiohttp
import pytest
from aiohttp import web

from bot.practice.keys import ISSUER, SigningKey
from bot.teams.keys import KeyRing, KeyRules, KeysUnavailable
from tests.teams.standins import PRIYA, Line, listening, talking

OPENID = "/.well-known/openidconfiguration"


@dataclass
class KeyPage:
    """An OpenID endpoint that can be down, hang or talk nonsense. *mood* says which."""

    keys: list[SigningKey]
    mood: str = "well"
    fetches: int = 0
    origin: str = ""
    elsewhere: str = ""
    lured: int = 0
    hanging: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.path == OPENID:
            self.fetches += 1
            return await self._metadata()
        if request.path == "/moved":
            self.lured += 1
            return web.json_response({"issuer": ISSUER, "jwks_uri": f"{self.origin}/keys"})
        return web.json_response({"keys": [key.public(["msteams"]) for key in self.keys]})

    async def _metadata(self) -> web.StreamResponse:
        page = {"issuer": ISSUER, "jwks_uri": f"{self.origin}/keys"}
        if self.mood == "hanging":
            self.hanging.set()
            await self.release.wait()
        if self.mood == "down":
            return web.Response(status=503)
        if self.mood == "moved":
            return web.Response(status=302, headers={"Location": f"{self.origin}/moved"})
        nonsense = {
            "garbage": "<html>",
            "a list": "[]",
            "another issuer": json.dumps(page | {"issuer": "https://evil.example"}),
            "keys on another host": json.dumps(page | {"jwks_uri": f"{self.elsewhere}/keys"}),
            "no address of keys": json.dumps({"issuer": ISSUER}),
            "endless": " " * (2 << 20),
            "nested": "[" * 50_000,
        }
        return web.Response(text=nonsense.get(self.mood) or json.dumps(page), content_type="application/json")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def ring_on(page: KeyPage, clock: Clock, rules: KeyRules | None = None) -> AsyncIterator[KeyRing]:
    async with listening(page.answer, "/{any:.*}") as origin, aiohttp.ClientSession() as session:
        page.origin = origin
        ring = KeyRing(session, origin + OPENID, rules, clock)
        yield ring
        await ring.close()
        page.release.set()


async def test_one_fetch_serves_all_who_ask_at_once_and_all_who_come_later() -> None:
    key = SigningKey.new()
    page = KeyPage([key])
    async with ring_on(page, Clock()) as ring:
        found = await asyncio.gather(*(ring.find(key.key_id) for _ in range(50)))
        later = await ring.find(key.key_id)

    assert page.fetches == 1
    assert all(entry is not None and entry.endorsements == {"msteams"} for entry in [*found, later])


async def test_a_rotated_key_is_known_to_its_first_message(line: Line) -> None:
    before = await line.channel.say(PRIYA, "before")
    line.channel.rotate_key()
    after = await line.channel.say(PRIYA, "after")

    assert (before.status, after.status) == (200, 200)
    assert line.desk.heard == [("said", "before"), ("said", "after")]


async def test_a_key_that_was_taken_back_is_refused_once_the_page_was_read_again() -> None:
    old, new = SigningKey.new(), SigningKey.new()
    page = KeyPage([old])
    async with ring_on(page, Clock()) as ring:
        assert await ring.find(old.key_id)
        page.keys = [new]
        assert await ring.find(new.key_id)
        assert await ring.find(old.key_id) is None


async def test_a_thousand_unknown_key_ids_lead_to_five_fetches_at_most() -> None:
    key = SigningKey.new()
    page = KeyPage([key])
    async with ring_on(page, Clock()) as ring:
        await ring.find(key.key_id)
        for number in range(1000):
            assert await ring.find(f"bogus {number}") is None
        assert await ring.find(key.key_id)

    assert page.fetches <= 5


async def test_the_allowance_comes_back_with_time() -> None:
    key, new, clock = SigningKey.new(), SigningKey.new(), Clock()
    page = KeyPage([key])
    async with ring_on(page, clock) as ring:
        for number in range(10):
            await ring.find(f"bogus {number}")
        page.keys.append(new)
        assert await ring.find(new.key_id) is None
        clock.now += KeyRules().burst_window
        assert await ring.find(new.key_id)


async def test_a_flood_of_forged_tokens_over_http_reads_the_keys_five_times_at_most(line: Line) -> None:
    stranger = SigningKey.new()
    activity = line.channel.activity(PRIYA, text="hello")
    for number in range(60):
        token = line.channel.token(stranger, key_id=f"bogus-{number}")
        assert (await line.channel.deliver(activity, token=token)).status == 401

    assert len(line.channel.made("GET", "openidconfiguration")) <= 5
    assert (await line.channel.deliver(activity)).status == 200


async def test_the_page_is_not_believed_about_keys_on_another_host_nor_followed_when_it_moves() -> None:
    key, stranger = SigningKey.new(), SigningKey.new()
    page, elsewhere = KeyPage([key]), KeyPage([stranger])
    async with listening(elsewhere.answer, "/{any:.*}") as origin, ring_on(page, Clock()) as ring:
        page.elsewhere = origin
        assert await ring.find(key.key_id)
        for mood in ("keys on another host", "moved"):
            page.mood = mood
            assert await ring.find(stranger.key_id) is None
            ring._failed_at = float("-inf")

    assert page.fetches == 3
    assert page.lured == 0


MOODS = [
    "down",
    "moved",
    "garbage",
    "a list",
    "another issuer",
    "keys on another host",
    "no address of keys",
    "endless",
    "nested",
]


@pytest.mark.parametrize("mood", MOODS)
async def test_while_the_endpoint_is_down_or_talks_nonsense_keys_are_kept_for_a_day(mood: str) -> None:
    key, clock = SigningKey.new(), Clock()
    page = KeyPage([key])
    async with ring_on(page, clock) as ring:
        assert await ring.find(key.key_id)
        page.mood = mood
        for _ in range(23):
            clock.now += 3600
            assert await ring.find(key.key_id)
            assert await ring.find("a new one") is None
        clock.now += 3700
        with pytest.raises(KeysUnavailable):
            await ring.find(key.key_id)
        page.mood = "well"
        clock.now += 60
        assert await ring.find(key.key_id)


async def test_a_page_without_a_usable_key_replaces_nothing() -> None:
    key, clock = SigningKey.new(), Clock()
    page = KeyPage([key])
    async with ring_on(page, clock) as ring:
        assert await ring.find(key.key_id)
        page.keys = []
        assert await ring.find("another") is None
        assert await ring.find(key.key_id)


async def test_a_hanging_endpoint_holds_up_nobody_whose_key_is_known() -> None:
    key, clock = SigningKey.new(), Clock()
    page = KeyPage([key])
    async with ring_on(page, clock, KeyRules(time_out=60)) as ring:
        await ring.find(key.key_id)
        page.mood = "hanging"
        waiting = asyncio.create_task(ring.find("unknown"))
        await page.hanging.wait()
        clock.now += 7 * 3600

        async with asyncio.timeout(0.2):
            assert await ring.find(key.key_id)
        assert not waiting.done()
        waiting.cancel()


async def test_a_hanging_endpoint_is_given_up_and_an_unknown_key_refused() -> None:
    key = SigningKey.new()
    page = KeyPage([key])
    async with ring_on(page, Clock(), KeyRules(time_out=0.05)) as ring:
        await ring.find(key.key_id)
        page.mood = "hanging"

        assert await ring.find("unknown") is None


async def test_before_any_key_is_known_a_message_is_asked_to_come_again_and_then_let_in() -> None:
    clock = Clock()
    async with talking(monotonic=clock) as line:
        line.channel.fail_next(503, where="keys")
        activity = line.channel.activity(PRIYA, text="hello")

        assert (await line.channel.deliver(activity)).status == 503
        clock.now += KeyRules().pause_after_failure
        assert (await line.channel.deliver(activity)).status == 200


async def test_a_key_that_is_not_endorsed_for_teams_does_not_speak_for_teams() -> None:
    key = SigningKey.new()

    class Unendorsed(KeyPage):
        async def answer(self, request: web.Request) -> web.StreamResponse:
            if request.path == OPENID:
                return await self._metadata()
            return web.json_response({"keys": [key.public(["webchat", "emulator"])]})

    async with talking() as line:
        page = Unendorsed([key])
        async with ring_on(page, Clock()) as ring:
            line.teams.gate._keys = ring
            token = line.channel.token(key)

            assert (await line.channel.deliver(line.channel.activity(PRIYA, text="hi"), token=token)).status == 401
    assert line.desk.heard == []


@pytest.mark.parametrize(
    "bent",
    [{"kty": "EC"}, {"use": "enc"}, {"kid": ""}, {"kid": 5}, {"n": "AQAB"}, {"n": None}, {"endorsements": "msteams"}],
)
async def test_an_entry_that_is_no_rsa_signing_key_is_passed_over(bent: dict[str, object]) -> None:
    good, bad = SigningKey.new(), SigningKey.new()

    class Mixed(KeyPage):
        async def answer(self, request: web.Request) -> web.StreamResponse:
            if request.path == OPENID:
                return await self._metadata()
            return web.json_response({"keys": [bad.public(["msteams"]) | bent, "text", good.public(["msteams"])]})

    async with ring_on(Mixed([good]), Clock(), replace(KeyRules(), burst=1)) as ring:
        assert await ring.find(good.key_id)
        assert await ring.find(bad.key_id) is None
