"""The ways in which the bot proves who it is to Entra: a secret, a certificate, a managed identity."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.school import APP_ID
from tests.wire.microsoft import ENTRA, Microsoft
from tests.wire.partnership import Partnership
from tests.wire.running import DidNotStart, serving, start

pytestmark = pytest.mark.asyncio(loop_scope="module")


def certificate() -> tuple[x509.Certificate, str, str]:
    """A certificate for the app, itself in PEM, and its private key in PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pathway.northdale.example.ac.uk")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made, made.public_bytes(serialization.Encoding.PEM).decode(), private.decode()


@pytest.mark.parametrize("key_first", [True, False])
async def test_a_certificate_serves_instead_of_a_secret(
    microsoft: Microsoft, tmp_path: Path, *, key_first: bool
) -> None:
    made, public, private = certificate()
    microsoft.certificates.append(made)
    file = tmp_path / "pathway.pem"
    file.write_text(private + public if key_first else public + private)

    async with serving(microsoft, tmp_path, MicrosoftAppPassword=None, MicrosoftAppCertificate=str(file)) as bot:
        school = Partnership(microsoft, bot)
        await school.opens("priya")
        assert "Hello" in await school.says("priya", "help")


@pytest.mark.parametrize("content", ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", None])
async def test_a_certificate_that_cannot_be_used_stops_the_start_with_a_sentence(
    microsoft: Microsoft, tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "pathway.pem"
    if content is not None:
        file.write_text(content)

    with pytest.raises(DidNotStart) as ended:
        await start(microsoft, tmp_path, MicrosoftAppPassword=None, MicrosoftAppCertificate=str(file))

    assert ended.value.status == 1
    assert ended.value.said.startswith("MicrosoftAppCertificate cannot be used.")
    assert len(ended.value.said.splitlines()) == 1


async def test_a_managed_identity_is_asked_of_the_machines_own_endpoint(microsoft: Microsoft, tmp_path: Path) -> None:
    asked: list[web.Request] = []

    async def identity(request: web.Request) -> web.Response:
        asked.append(request)
        token = microsoft.line.key.for_connector(APP_ID, microsoft.line.tenant_id)
        return web.json_response(
            {"access_token": token, "expires_on": "4000000000", "resource": "x", "token_type": "Bearer"}
        )

    app = web.Application()
    app.router.add_get("/msi/token", identity)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    tokens = microsoft.calls(ENTRA, "token")
    try:
        async with serving(
            microsoft,
            tmp_path,
            MicrosoftAppType="UserAssignedMSI",
            MicrosoftAppPassword=None,
            IDENTITY_ENDPOINT=f"http://127.0.0.1:{runner.addresses[0][1]}/msi/token",
            IDENTITY_HEADER="the platform's own",
        ) as bot:
            school = Partnership(microsoft, bot)
            await school.opens("priya")
            assert "Hello" in await school.says("priya", "help")
    finally:
        await runner.cleanup()

    assert asked[0].query["client_id"] == APP_ID
    assert asked[0].query["resource"] == "https://api.botframework.com"
    assert asked[0].headers["X-IDENTITY-HEADER"] == "the platform's own"
    assert microsoft.calls(ENTRA, "token") == tokens


async def test_one_token_serves_all_that_is_said_and_no_word_needs_a_new_connection(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    async with serving(microsoft, tmp_path) as bot:
        school = Partnership(microsoft, bot)
        await school.opens("priya")
        before = (microsoft.calls(ENTRA), microsoft.connections.total())
        for _ in range(10):
            await school.says("priya", "help")

        assert (microsoft.calls(ENTRA), microsoft.connections.total()) == before


async def test_a_refused_token_is_renewed_once_and_the_message_arrives_once(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    async with serving(microsoft, tmp_path) as bot:
        school = Partnership(microsoft, bot)
        await school.opens("priya")
        tokens, news = microsoft.calls(ENTRA, "token"), school.news("priya")
        school.teams.fail_next(HTTPStatus.UNAUTHORIZED)

        await school.says("priya", "help")

        assert microsoft.calls(ENTRA, "token") == tokens + 1
        assert school.news("priya") == news + 1
        assert json.dumps(bot.said()).count("Traceback") == 0


async def test_while_entra_refuses_and_its_directory_fails_people_are_told_kindly_and_then_served(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    async def out_of_order(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=500, text="<html>no</html>")

    microsoft.before[ENTRA] = out_of_order
    try:
        async with serving(microsoft, tmp_path) as bot:
            school = Partnership(microsoft, bot)
            activity = school.teams.activity(school.people["priya"], text="help")
            school.teams.transcript.set_installed("priya", installed=True)
            assert (await school.teams.deliver(activity)).status == 200
            assert "Traceback" not in bot.said()
            assert '"no token"' in bot.said()
    finally:
        microsoft.before.pop(ENTRA)
