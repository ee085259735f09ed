"""Nobody comes in who is not Teams, of our tenant and a person: forged tokens, foreign and malformed activities."""

from __future__ import annotations

import asyncio
import io
import json
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.practice.keys import SigningKey
from bot.practice.people import PracticePerson
from storage.seal import MainKeys
from tests.logged import lines
from tests.school import APP_ID, TENANT
from tests.teams.test_body import BAD
from tests.teams.test_gate import FORGED
from tests.wire.microsoft import CONNECTOR, ENTRA, KEYS, Microsoft, hang
from tests.wire.running import Bot, DidNotStart, serving, start

pytestmark = pytest.mark.asyncio(loop_scope="module")

PROMPTLY = 2.0
"""Seconds within which every refusal comes, by the issue's own figure."""


def priya(microsoft: Microsoft) -> PracticePerson:
    return microsoft.line.person("priya")


async def post(bot: Bot, raw: bytes, token: str) -> tuple[int, bytes, Mapping[str, str]]:
    """Status, body and headers of the answer. Raises TimeoutError where it takes too long."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    async with (
        asyncio.timeout(PROMPTLY),
        aiohttp.ClientSession() as session,
        session.post(bot.messages, data=io.BytesIO(raw), headers=headers) as answer,
    ):
        return answer.status, await answer.read(), answer.headers


async def refused(microsoft: Microsoft, bot: Bot, raw: bytes, token: str) -> int:
    """The status, after it was seen that nothing was done, said or given away."""
    before = microsoft.calls(CONNECTOR)
    status, body, headers = await post(bot, raw, token)
    assert body == b""
    assert "Python" not in headers.get("Server", "")
    assert microsoft.calls(CONNECTOR) == before
    return status


async def test_the_first_message_of_somebody_on_the_list_is_answered(microsoft: Microsoft, bot: Bot) -> None:
    assert (await microsoft.line.install(priya(microsoft))).ok
    await microsoft.line.until(lambda: bool(microsoft.line.chat("priya")))

    assert "Hello" in str(microsoft.line.chat("priya")[-1].card)
    assert bot.asked_in_vain() == []


@pytest.mark.parametrize("kind", FORGED)
async def test_a_forged_token_gets_401(microsoft: Microsoft, bot: Bot, kind: str) -> None:
    activity = json.dumps(microsoft.line.activity(priya(microsoft), text="my cases")).encode()

    assert await refused(microsoft, bot, activity, FORGED[kind](microsoft.line)) == 401  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", BAD)
async def test_a_malformed_body_gets_400(microsoft: Microsoft, bot: Bot, kind: str) -> None:
    assert await refused(microsoft, bot, BAD[kind], microsoft.line.token()) == 400


async def test_a_body_of_more_than_a_mebibyte_gets_413(microsoft: Microsoft, bot: Bot) -> None:
    activity = microsoft.line.activity(priya(microsoft), text="x" * (1 << 20))

    assert await refused(microsoft, bot, json.dumps(activity).encode(), microsoft.line.token()) == 413


def bent(activity: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """*activity* with the field at *path* ("from.aadObjectId") set to *value*, or taken away where that is None."""
    *way, last = path.split(".")
    inner = activity
    for step in way:
        inner = inner[step]
    if value is None:
        inner.pop(last, None)
    else:
        inner[last] = value
    return activity


OTHER = "9c0f2c1e-5a4b-4a11-8f3b-2f6c8f8d7a10"
FOREIGN: dict[str, tuple[str, Any, int]] = {
    "no channel": ("channelId", None, 403),
    "the emulator": ("channelId", "emulator", 403),
    "web chat": ("channelId", "webchat", 403),
    "direct line": ("channelId", "directline", 403),
    "a channel that does not exist": ("channelId", "pigeon", 403),
    "another tenant in the conversation": ("conversation.tenantId", OTHER, 403),
    "another tenant in the channel's data": ("channelData.tenant.id", OTHER, 403),
    "no service": ("serviceUrl", None, 401),
    "an empty service": ("serviceUrl", "", 401),
    "another service than the token's": ("serviceUrl", f"https://{CONNECTOR}/emea/", 401),
}


@pytest.mark.parametrize("kind", FOREIGN)
async def test_a_foreign_activity_under_a_good_token_is_refused(microsoft: Microsoft, bot: Bot, kind: str) -> None:
    path, value, status = FOREIGN[kind]
    activity = bent(microsoft.line.activity(priya(microsoft), text="my cases"), path, value)

    assert await refused(microsoft, bot, json.dumps(activity).encode(), microsoft.line.token()) == status


@pytest.mark.parametrize("given", [None, ""])
async def test_somebody_without_an_object_id_is_refused_and_told_whom_to_ask(
    microsoft: Microsoft, bot: Bot, given: str | None
) -> None:
    activity = bent(microsoft.line.activity(priya(microsoft), text="my cases"), "from.aadObjectId", given)
    before = microsoft.calls(CONNECTOR)

    status, body, headers = await post(bot, json.dumps(activity).encode(), microsoft.line.token())

    assert status == 403
    assert headers["Content-Type"].startswith("application/json")
    assert json.loads(body).keys() == {"error"}
    told = json.loads(body)["error"]
    assert "sign in to Teams with your university account or as an invited guest" in told
    assert "ask the placement office" in told
    assert "Priya" not in told
    assert microsoft.calls(CONNECTOR) == before


async def test_an_activity_without_any_tenant_is_refused(microsoft: Microsoft, bot: Bot) -> None:
    activity = microsoft.line.activity(priya(microsoft), text="my cases")
    activity = bent(bent(activity, "conversation.tenantId", None), "channelData.tenant", None)

    assert await refused(microsoft, bot, json.dumps(activity).encode(), microsoft.line.token()) == 403


EVIL = (
    "https://evil.example/",
    f"https://{CONNECTOR}@evil.example/",
    f"https://{CONNECTOR}.evil.example/uk/",
    f"https://evil.example/{CONNECTOR}/",
    f"http://{CONNECTOR}/uk/",
    f"https://{CONNECTOR}:8443/uk/",
    f"https://{CONNECTOR}\\@evil.example/",
    f"https://{CONNECTOR}%2eevil.example/",
    "https://169.254.169.254/metadata/",
    "https://127.0.0.1/",
    f"//{CONNECTOR}/uk/",
    f"HTTPS://{CONNECTOR.upper()}\t/uk/",
)


@pytest.mark.parametrize("service", EVIL)
async def test_no_token_and_no_look_up_goes_to_a_service_off_the_list(
    microsoft: Microsoft, bot: Bot, service: str
) -> None:
    activity = bent(microsoft.line.activity(priya(microsoft), text="my cases"), "serviceUrl", service)
    tokens = microsoft.calls(ENTRA, "token")

    status = await refused(microsoft, bot, json.dumps(activity).encode(), microsoft.line.token(serviceurl=service))

    assert status == 403
    assert microsoft.calls(ENTRA, "token") == tokens
    assert bot.asked_in_vain() == []


async def test_the_bots_own_token_sent_back_to_it_opens_nothing(microsoft: Microsoft, bot: Bot) -> None:
    own = microsoft.line.key.for_connector(APP_ID, TENANT)
    activity = microsoft.line.activity(priya(microsoft), text="my cases")

    assert await refused(microsoft, bot, json.dumps(activity).encode(), own) == 401


async def test_what_was_refused_is_logged_without_anything_of_the_person(microsoft: Microsoft, bot: Bot) -> None:
    activity = bent(microsoft.line.activity(priya(microsoft), text="Tom is in tears"), "channelId", "webchat")
    await refused(microsoft, bot, json.dumps(activity).encode(), microsoft.line.token())

    said = bot.said()
    assert {"refused", 403, "not the Teams channel"} <= set(lines(said)[-1].values())
    assert all(word not in said for word in ("Priya", "Tom", "tears", "eyJ", priya(microsoft).object_id))


async def test_a_thousand_unknown_keys_cost_five_fetches_and_hold_up_nobody(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    stranger = SigningKey.new()
    async with serving(microsoft, tmp_path) as flooded, aiohttp.ClientSession() as session:
        await microsoft.line.install(priya(microsoft))
        fetches = microsoft.calls(KEYS, "openidconfiguration")
        raw = json.dumps(microsoft.line.activity(priya(microsoft), text="my cases")).encode()

        async def knock(number: int) -> int:
            token = microsoft.line.token(stranger, key_id=f"nobody-{number}")
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            async with session.post(flooded.messages, data=raw, headers=headers) as answer:
                return answer.status

        statuses = []
        for start_at in range(0, 1000, 50):
            statuses += await asyncio.gather(*map(knock, range(start_at, start_at + 50)))
            assert (await microsoft.line.say(priya(microsoft), "help")).ok

        assert set(statuses) == {401}
        assert microsoft.calls(KEYS, "openidconfiguration") - fetches <= 5


async def test_a_message_under_a_key_of_a_second_ago_is_answered(microsoft: Microsoft, tmp_path: Path) -> None:
    async with serving(microsoft, tmp_path):
        assert (await microsoft.line.install(priya(microsoft))).ok
        before = microsoft.line.token()
        microsoft.line.rotate_key()

        assert (await microsoft.line.say(priya(microsoft), "help")).ok
        activity = microsoft.line.activity(priya(microsoft), text="help")
        assert (await microsoft.line.deliver(activity, token=before)).status == 401


@pytest.mark.parametrize("fault", ["hangs", "fails", "talks nonsense", "lies about its issuer"])
async def test_good_people_are_served_while_the_key_page_is_out_of_order(
    microsoft: Microsoft, tmp_path: Path, fault: str
) -> None:
    async def out_of_order(request: web.Request) -> web.StreamResponse | None:
        if fault == "hangs":
            await hang(request)
        if fault == "fails":
            return web.Response(status=500)
        if fault == "talks nonsense":
            return web.Response(body=b"\xff{", content_type="application/json")
        return web.json_response({"issuer": "https://evil.example", "jwks_uri": "https://evil.example/keys"})

    async with serving(microsoft, tmp_path) as bot:
        assert (await microsoft.line.install(priya(microsoft))).ok
        microsoft.before[KEYS] = out_of_order
        try:
            activity = json.dumps(microsoft.line.activity(priya(microsoft), text="help")).encode()
            unknown = asyncio.create_task(post_slowly(bot, activity, microsoft.line.token(key_id="unknown")))
            began = time.monotonic()
            assert (await microsoft.line.say(priya(microsoft), "help")).ok
            async with aiohttp.ClientSession() as session, session.get(f"{bot.url}/healthz") as answer:
                assert answer.status == 200
            assert not unknown.done() or fault != "hangs"
            assert time.monotonic() - began < PROMPTLY
            assert await unknown == 401
        finally:
            microsoft.before.pop(KEYS)
        assert bot.asked_in_vain() == []


async def post_slowly(bot: Bot, raw: bytes, token: str) -> int:
    """A request that may wait for the keys."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession() as session, session.post(bot.messages, data=raw, headers=headers) as answer:
        return answer.status


async def test_a_key_that_is_not_endorsed_for_teams_lets_nobody_in_and_no_redirect_is_followed_to_one_that_is(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    """Microsoft's page lists keys of other channels too; and who can bend its answer shall not name another page."""
    answers: list[web.StreamResponse] = [
        web.json_response({"keys": [microsoft.line.key.public(["webchat", "directline"])]}),
        web.Response(status=307, headers={"Location": "https://evil.example/keys"}),
    ]

    async def bends(request: web.Request) -> web.StreamResponse | None:
        return answers.pop(0) if request.path.endswith("/keys") and answers else None

    activity = json.dumps(microsoft.line.activity(priya(microsoft), text="help")).encode()
    microsoft.before[KEYS] = bends
    try:
        async with serving(microsoft, tmp_path) as bot:
            assert await refused(microsoft, bot, activity, microsoft.line.token()) == 401
            assert await refused(microsoft, bot, activity, microsoft.line.token(key_id="another")) == 401
            assert answers == []
            assert bot.asked_in_vain() == []
            assert "evil" not in bot.said()
    finally:
        microsoft.before.pop(KEYS)


GAPS: dict[str, dict[str, str | None]] = {
    "MicrosoftAppId": {"MicrosoftAppId": None},
    "MicrosoftAppTenantId": {"MicrosoftAppTenantId": ""},
    "MicrosoftAppPassword": {"MicrosoftAppPassword": None},
    "MicrosoftAppType": {"MicrosoftAppType": "MultiTenant"},
    "PATHWAY_STORE": {"PATHWAY_STORE": None},
    "PATHWAY_PROVIDER": {"PATHWAY_PROVIDER": None},
    "PATHWAY_KEY": {"PATHWAY_KEY": None},
    "PATHWAY_KEY_FILE": {"PATHWAY_KEY": None, "PATHWAY_KEY_FILE": "/nowhere/main.key"},
}


@pytest.mark.parametrize("missing", GAPS)
async def test_with_a_gap_in_its_settings_the_bot_does_not_start_and_says_which(
    microsoft: Microsoft, tmp_path: Path, missing: str
) -> None:
    with pytest.raises(DidNotStart) as ended:
        await start(microsoft, tmp_path, **GAPS[missing])

    assert ended.value.status == 1
    assert missing in ended.value.said
    assert len(ended.value.said.strip().splitlines()) == 1
    assert "Traceback" not in ended.value.said


async def test_with_another_main_key_the_bot_does_not_start_and_changes_nothing(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    bot = await start(microsoft, tmp_path)
    await bot.stop()
    bot.log.unlink()
    before = {path: path.read_bytes() for path in bot.store.rglob("*") if path.is_file()}

    with pytest.raises(DidNotStart) as ended:
        await start(microsoft, tmp_path, PATHWAY_KEY=MainKeys.made().text().strip())

    assert ended.value.status == 1
    assert "This store was sealed with the main key" in ended.value.said
    assert len(ended.value.said.strip().splitlines()) == 1
    assert {path: path.read_bytes() for path in bot.store.rglob("*") if path.is_file()} == before


async def test_in_a_folder_whose_path_is_too_long_for_its_socket_the_bot_does_not_start_and_says_so(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    folder = tmp_path / ("x" * 100)
    folder.mkdir()
    with pytest.raises(DidNotStart) as ended:
        await start(microsoft, folder)

    assert ended.value.status == 1
    (sentence,) = ended.value.said.strip().splitlines()
    assert "is too long for admin.sock in it. Choose a shorter one." in sentence


async def test_on_a_port_that_somebody_else_has_the_bot_does_not_start_and_says_so(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(DidNotStart) as ended:
            await start(microsoft, tmp_path, PORT=str(port))

    assert ended.value.status == 1
    assert ended.value.said.strip() == (
        f"Something else listens on port {port}; ss -ltnp says what. Stop it, or set another PORT."
    )


@pytest.mark.parametrize("host", ["192.0.2.1", "nowhere.invalid"])
async def test_at_an_address_that_is_not_this_machines_the_bot_does_not_start_and_says_so(
    microsoft: Microsoft, tmp_path: Path, host: str
) -> None:
    with pytest.raises(DidNotStart) as ended:
        await start(microsoft, tmp_path, HOST=host)

    assert ended.value.status == 1
    assert ended.value.said.strip() == (
        "HOST is no address of this machine. Leave it out, or write 127.0.0.1 behind a web server."
    )


async def test_practice_cannot_be_switched_on_beside_a_real_registration(microsoft: Microsoft, tmp_path: Path) -> None:
    with pytest.raises(DidNotStart) as ended:
        await start(microsoft, tmp_path, PATHWAY_PRACTICE="http://127.0.0.1:3979")

    assert ended.value.status == 1
    assert "PATHWAY_PRACTICE is set beside a real app registration" in ended.value.said


async def test_a_made_up_secret_of_practice_opens_no_real_bot(microsoft: Microsoft, tmp_path: Path) -> None:
    with pytest.raises(DidNotStart) as ended:
        await start(microsoft, tmp_path, MicrosoftAppPassword="practice-0123456789")

    assert "one of practice mode" in ended.value.said
