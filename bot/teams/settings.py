"""What the Teams side needs to know before it may open a port."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

OPENID_URL = "https://login.botframework.com/v1/.well-known/openidconfiguration"
"""Where the Bot Connector service publishes its signing keys (Bot Connector authentication reference)."""

TEAMS_HOSTS = frozenset({"smba.trafficmanager.net", "smba.infra.gcc.teams.microsoft.com"})
"""The published Teams hosts whose tokens carry the public issuer; GCC High and DoD have issuers of their own."""

AppType = Literal["SingleTenant", "UserAssignedMSI"]

_LOOPBACK = re.compile(r"http://(?:127\.0\.0\.1|\[::1\]):[0-9]{1,5}")
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class TeamsSettings:
    """Who we are, whom we believe and whom we may call. Wrong ones raise ValueError with a sentence.

    *password* is empty for a managed identity, and where *certificate* (PEM: the private key and its certificate)
    proves who we are. *token_url* is None outside practice mode, where msal knows the way.
    *allowed_hosts* are lower-case host names that a `serviceUrl` may have; in practice mode the one allowed service is
    the scheme, host and port of *openid_url*, and *allowed_hosts* is not read.
    """

    app_id: str
    app_type: AppType
    tenant_id: str
    password: str = field(default="", repr=False)
    certificate: str = field(default="", repr=False)
    openid_url: str = OPENID_URL
    token_url: str | None = None
    allowed_hosts: frozenset[str] = TEAMS_HOSTS
    practice: bool = False

    def __post_init__(self) -> None:
        """An open bot is worse than none, so a gap here stops the start."""
        if not self.app_id:
            raise ValueError("MicrosoftAppId is missing: without it anybody could speak to the bot.")
        if not self.tenant_id:
            raise ValueError("MicrosoftAppTenantId is missing: without it any university's people could come in.")
        if self.practice:
            self._check_practice()
        else:
            self._check_real()

    def _check_practice(self) -> None:
        if not _LOOPBACK.fullmatch(self.origin):
            raise ValueError("In practice mode the OpenID address must be http on a loopback address with a port.")
        if self.token_url is None or origin_of(self.token_url) != self.origin:
            raise ValueError("In practice mode the token address must be on the same address as the OpenID page.")

    def _check_real(self) -> None:
        if not self.openid_url.startswith("https://"):
            raise ValueError("The OpenID address must begin with https.")
        if self.token_url is not None:
            raise ValueError("A token address is for practice mode only.")
        if self.app_type not in {"SingleTenant", "UserAssignedMSI"}:
            raise ValueError("MicrosoftAppType must be SingleTenant or UserAssignedMSI.")
        if self.app_type == "SingleTenant" and not (self.password or self.certificate):
            raise ValueError(
                "MicrosoftAppPassword is missing. Set it to the client secret, or MicrosoftAppCertificate."
            )
        if not self.allowed_hosts or not all(_HOST.fullmatch(host) for host in self.allowed_hosts):
            raise ValueError("The Teams service hosts must be plain lower-case host names, and at least one.")

    @property
    def origin(self) -> str:
        """Scheme, host and port of the OpenID page: in practice mode everything is there and only there."""
        return origin_of(self.openid_url)


def origin_of(url: str) -> str:
    """`https://host:port` of *url*, as written; empty when there is none."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme and parts.netloc else ""
