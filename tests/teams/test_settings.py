from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.teams import TeamsSettings
from bot.teams.hosts import service_root
from tests.teams.standins import APP_ID, PASSWORD, TENANT, settings_for

REAL = TeamsSettings(app_id=APP_ID, app_type="SingleTenant", tenant_id=TENANT, password=PASSWORD)
PRACTICE = settings_for("http://127.0.0.1:4100")


@pytest.mark.parametrize(
    "gap",
    [
        {"app_id": ""},
        {"tenant_id": ""},
        {"password": ""},
        {"app_type": "MultiTenant"},
        {"openid_url": "http://login.botframework.com/v1/.well-known/openidconfiguration"},
        {"token_url": "https://evil.example/token"},
        {"allowed_hosts": frozenset()},
        {"allowed_hosts": frozenset({"*.trafficmanager.net"})},
        {"allowed_hosts": frozenset({"https://smba.trafficmanager.net"})},
    ],
)
def test_a_gap_in_the_settings_stops_the_start_with_a_sentence(gap: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        replace(REAL, **gap)


@pytest.mark.parametrize(
    "gap",
    [
        {"app_id": ""},
        {"openid_url": "http://192.168.1.20:4100/.well-known/openidconfiguration"},
        {"openid_url": "http://127.0.0.1.evil.example:4100/x"},
        {"openid_url": "http://127.0.0.1:4100@evil.example/x"},
        {"openid_url": "https://login.botframework.com/v1/.well-known/openidconfiguration"},
        {"token_url": None},
        {"token_url": "http://127.0.0.1:4101/token"},
    ],
)
def test_practice_stays_on_one_loopback_address(gap: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        replace(PRACTICE, **gap)


def test_a_managed_identity_needs_no_password() -> None:
    assert replace(REAL, app_type="UserAssignedMSI", password="").password == ""


def test_the_password_does_not_show_when_settings_are_printed() -> None:
    assert PASSWORD not in repr(REAL)


@pytest.mark.parametrize(
    ("url", "root"),
    [
        ("https://smba.trafficmanager.net/uk/", "https://smba.trafficmanager.net/uk"),
        ("https://smba.trafficmanager.net/uk/0b2f6c0e-7a51/", "https://smba.trafficmanager.net/uk/0b2f6c0e-7a51"),
        ("https://smba.trafficmanager.net:443/uk/", "https://smba.trafficmanager.net/uk"),
        ("https://smba.infra.gcc.teams.microsoft.com/gcc", "https://smba.infra.gcc.teams.microsoft.com/gcc"),
    ],
)
def test_teams_own_service_addresses_are_allowed(url: str, root: str) -> None:
    assert service_root(url, REAL) == root


@pytest.mark.parametrize(
    "url",
    [
        "",
        "smba.trafficmanager.net",
        "http://smba.trafficmanager.net/uk/",
        "https://evil.example/",
        "https://smba.trafficmanager.net@evil.example/",
        "https://user:word@smba.trafficmanager.net/",
        "https://smba.trafficmanager.net.evil.example/",
        "https://evilsmba.trafficmanager.net/",
        "https://evil.example/smba.trafficmanager.net/",
        "https://evil.example#smba.trafficmanager.net/",
        "https://evil.example?smba.trafficmanager.net/",
        "https://evil.example\\@smba.trafficmanager.net/",
        "https://smba.trafficmanager.net\\.evil.example/",
        "https://smba.trafficmanager.net:8443/",
        "https://smba.trafficmanager.net./uk/",
        "https://SMBA.trafficmanager.net/uk/",
        "https://ｓmba.trafficmanager.net/",
        "https://smba.trafficmanager.net/uk/?x=1",
        "https://smba.trafficmanager.net/uk/#x",
        "https://smba.trafficmanager.net/uk/../../x/",
        "https://smba.trafficmanager.net/%2e%2e/",
        "https://smba.trafficmanager.net//evil.example/",
        "https://smba.trafficmanager.net/uk/\n",
        " https://smba.trafficmanager.net/uk/",
        "https://169.254.169.254/metadata/",
        "https://127.0.0.1/",
        "http://127.0.0.1:4100/",
        "file:///etc/passwd",
        "https://smba.trafficmanager.net/" + "a" * 400,
    ],
)
def test_every_other_address_is_not(url: str) -> None:
    assert service_root(url, REAL) is None


@pytest.mark.parametrize(
    ("url", "root"),
    [
        ("http://127.0.0.1:4100/", "http://127.0.0.1:4100"),
        ("http://127.0.0.1:4100/uk/", "http://127.0.0.1:4100/uk"),
        ("http://127.0.0.1:4100", "http://127.0.0.1:4100"),
        ("http://127.0.0.1:41000/", None),
        ("http://127.0.0.1:4100@evil.example/", None),
        ("http://127.0.0.1:4100.evil.example/", None),
        ("http://localhost:4100/", None),
        ("https://127.0.0.1:4100/", None),
        ("https://smba.trafficmanager.net/uk/", None),
    ],
)
def test_practice_allows_its_own_channel_and_nothing_else(url: str, root: str | None) -> None:
    assert service_root(url, PRACTICE) == root
