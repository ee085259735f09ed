"""`python -m bot doctor` as IT runs it: a process, Microsoft's own host names, TLS with certificates that are checked."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from bot.practice.keys import ISSUER, SigningKey
from tests.install.standins import GIVEN, SECRET, Microsoft, Said, over_tls, proxying, refused, run, serving
from tests.keys import NAME
from tests.school import APP_ID, TENANT
from tests.wire.microsoft import ENTRA, KEYS


@dataclass
class Machine:
    """A machine on which somebody has set Pathway up, and the Microsoft that it sees."""

    microsoft: Microsoft
    folder: Path
    env: dict[str, str]
    patience: float = 15

    async def doctor(self, **changes: str) -> Said:
        """Settings named in *changes* are changed, or taken away where they are ""."""
        env = {name: value for name, value in (self.env | changes).items() if value}
        said = await run(env, self.folder, "doctor", "--patience", str(self.patience))
        assert "Traceback" not in said.out + said.err
        for secret in (SECRET, APP_ID, TENANT, "@"):
            assert secret not in said.out + said.err
        return said


@pytest.fixture
async def machine(tmp_path: Path, store_folder: Path, provider_file: Path) -> AsyncIterator[Machine]:
    microsoft = Microsoft()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    async with over_tls(microsoft, tmp_path) as env:
        yield Machine(
            microsoft,
            tmp_path,
            env
            | {
                "MicrosoftAppId": APP_ID,
                "MicrosoftAppTenantId": TENANT,
                "MicrosoftAppPassword": SECRET,
                "PATHWAY_URL": "https://pathway.northdale.ac.uk",
                "PATHWAY_STORE": f"tinydb://{store_folder}",
                "PATHWAY_PROVIDER": str(provider_file),
                NAME: os.environ[NAME],
                "HOST": "127.0.0.1",
                "PORT": str(port),
            },
        )


async def test_a_good_set_up_is_well_from_top_to_bottom(machine: Machine) -> None:
    said = await machine.doctor()
    assert (said.status, said.err) == (0, ""), said
    assert "WRONG" not in said.out
    assert said.about("keys") == [f"well Microsoft's keys came from {KEYS} and can be used."]
    assert said.about("token") == [f"well {ENTRA} gave one: the bot may answer."]
    assert said.about("clock") == ["well It goes as Microsoft's does."]
    assert said.out.endswith("Everything that must be well is well.\n")


async def test_a_mailbox_that_must_be_refused_is_tried_in_microsofts_own_name(machine: Machine) -> None:
    shared, outside = "placements@northdale.example.ac.uk", "v.chancellor@northdale.example.ac.uk"
    graph = machine.microsoft.graph
    graph.mailboxes, graph.sends_from, graph.tokens = {shared, outside}, {shared}, {str(GIVEN["access_token"])}
    mailboxes = {"PATHWAY_MAILBOX": shared, "PATHWAY_PROOF_MAILBOX": outside}
    said = await machine.doctor(**mailboxes)
    assert said.status == 0, said
    assert "well The calendar of PATHWAY_PROOF_MAILBOX is refused, as it must be." in said.about("mailboxes")
    assert "well The bot may send letters from PATHWAY_MAILBOX." in said.about("mailboxes")
    graph.reads = {outside}
    said = await machine.doctor(**mailboxes)
    assert said.status == 1
    assert "WRONG The bot is let into the calendar" in said.about("mailboxes")[0]
    said = await machine.doctor(PATHWAY_MAILBOX="the office")
    assert "WRONG PATHWAY_MAILBOX is wrong. Set it to one e-mail address of your tenant" in said.about("settings")[0]
    assert graph.sent == []


async def test_an_empty_machine_is_told_everything_and_asked_for_nothing(machine: Machine) -> None:
    gone = dict.fromkeys(
        ("MicrosoftAppId", "MicrosoftAppTenantId", "MicrosoftAppPassword", "PATHWAY_STORE", "PATHWAY_PROVIDER"), ""
    )
    said = await machine.doctor(**gone)
    assert said.status == 1
    assert len([line for line in said.about("settings") if line.startswith("WRONG")]) == 5
    assert said.out.endswith("5 things are wrong. Mend from the top, then run this again.\n")


async def test_a_wrong_secret_is_called_so(machine: Machine) -> None:
    machine.microsoft.entra = refused(7000215)
    said = await machine.doctor()
    assert said.status == 1
    assert "WRONG The client secret is wrong. Copy the Value" in said.about("token")[0]


async def test_a_tenant_that_is_not_there_is_called_so(machine: Machine) -> None:
    machine.microsoft.tenant = "gone"
    said = await machine.doctor()
    assert "Compare MicrosoftAppTenantId" in said.about("token")[0]


async def test_a_token_endpoint_that_hangs_holds_up_nothing_else(machine: Machine) -> None:
    machine.microsoft.entra = "hangs"
    machine.patience = 3
    async with asyncio.timeout(30):
        said = await machine.doctor()
    assert f"WRONG {ENTRA} does not answer within" in said.about("token")[0]
    assert said.about("keys")[0].startswith("well")


async def test_a_network_that_opens_tls_is_recognised(machine: Machine) -> None:
    """Another authority than the ones this machine trusts has signed what comes from Microsoft's names."""
    said = await machine.doctor(SSL_CERT_FILE="", REQUESTS_CA_BUNDLE="")
    for topic in ("keys", "token"):
        assert "is not one that this machine trusts" in said.about(topic)[0]
        assert "SSL_CERT_FILE" in said.about(topic)[0]


async def test_a_network_that_answers_instead_of_microsoft_is_recognised(machine: Machine) -> None:
    machine.microsoft.keys = "sign-in"
    assert "is not Microsoft's page of keys (status 200)" in (await machine.doctor()).about("keys")[0]


async def test_a_machine_without_dns_is_told_of_the_names(machine: Machine) -> None:
    said = await machine.doctor(PATHWAY_TEST_HOSTS="{}")
    assert f"WRONG The name {KEYS} cannot be looked up." in said.about("keys")[0]
    assert said.about("token")[0].startswith(f"WRONG {ENTRA} cannot be reached")


@pytest.mark.parametrize("host", ["192.0.2.1", "nowhere.invalid"])
async def test_an_address_that_is_not_this_machines_is_told_of(machine: Machine, host: str) -> None:
    said = await machine.doctor(HOST=host)
    assert said.about("port")[0].startswith("WRONG HOST is no address of this machine.")


async def test_a_clock_ten_minutes_behind_is_told_of(machine: Machine) -> None:
    machine.microsoft.clock = timedelta(minutes=10)
    assert "WRONG This machine's clock is 10 minutes slow" in (await machine.doctor()).about("clock")[0]


async def test_a_managed_identity_needs_no_secret(machine: Machine) -> None:
    said = await machine.doctor(MicrosoftAppType="UserAssignedMSI", MicrosoftAppPassword="")
    assert said.status == 0, said
    assert "a managed identity" in said.about("settings")[0]
    assert machine.microsoft.asked.count(f"identity {APP_ID}") == 1


async def test_a_machine_without_that_identity_is_told_where_to_assign_it(machine: Machine) -> None:
    machine.microsoft.identity = {"error": "invalid_request", "error_description": "Identity not found"}
    said = await machine.doctor(MicrosoftAppType="UserAssignedMSI", MicrosoftAppPassword="")
    assert "Assign the bot's identity to it" in said.about("token")[0]


async def test_everything_goes_through_the_proxy_where_there_is_one(machine: Machine) -> None:
    ports = json.loads(machine.env["PATHWAY_TEST_HOSTS"])
    async with proxying({KEYS: ports[KEYS], ENTRA: ports[ENTRA]}) as (url, wanted):
        said = await machine.doctor(HTTPS_PROXY=url, PATHWAY_TEST_HOSTS="{}")
    assert said.status == 0, said
    assert {KEYS, ENTRA} <= set(wanted)


async def test_a_proxy_that_says_no_is_told_of(machine: Machine) -> None:
    async with proxying({}) as (url, _wanted):
        said = await machine.doctor(HTTPS_PROXY=url)
    for topic in ("keys", "token"):
        assert "The proxy does not let this machine through" in said.about(topic)[0]


async def test_the_bot_too_fetches_its_keys_through_the_proxy(machine: Machine) -> None:
    """A message with a key that nobody knows yet makes it ask; how it is answered is another test's."""
    ports = json.loads(machine.env["PATHWAY_TEST_HOSTS"])
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": APP_ID, "nbf": now - 5, "exp": now + 600, "serviceurl": "https://x.example/"}
    headers = {"Authorization": f"Bearer {SigningKey.new().sign(claims)}"}
    async with proxying({KEYS: ports[KEYS]}) as (url, wanted):
        env = machine.env | {"HTTPS_PROXY": url, "PATHWAY_TEST_HOSTS": "{}"}
        async with serving(env, machine.folder), aiohttp.ClientSession() as session:
            address = f"http://127.0.0.1:{env['PORT']}/api/messages"
            async with session.post(address, json={"type": "message"}, headers=headers) as answer:
                assert answer.status == 401
    assert wanted.count(KEYS) >= 1
    assert "keys" in machine.microsoft.asked


async def test_a_secret_in_the_env_file_serves_as_well_and_is_not_shown(machine: Machine) -> None:
    file = machine.folder / ".env"
    await asyncio.to_thread(file.write_text, f"MicrosoftAppPassword={SECRET}\n", encoding="utf-8")
    await asyncio.to_thread(file.chmod, 0o640)
    said = await machine.doctor(MicrosoftAppPassword="")
    assert said.about("settings") == [
        "WRONG Other users of this machine can read .env, and a secret with it. Run: chmod 600 .env"
    ]
    assert said.about("token")[0].startswith("well")
