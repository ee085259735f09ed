"""The settings: everything that is missing or wrong at once, and the mistakes that people make when they copy."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate

from bot.doctor.findings import Finding, note, well, wrong
from bot.package import wrong_domain
from bot.settings import BotSettings, SettingsFault, read
from pathway.dates import in_words, local_date

TOPIC = "settings"
#: Where to find what is missing.
MENDS = {
    "MicrosoftAppId": "It is the Application (client) ID on the Overview page of the app registration.",
    "MicrosoftAppTenantId": "It is the Directory (tenant) ID on the Overview page of the app registration.",
    "MicrosoftAppPassword": "Make a client secret under Certificates & secrets and copy its Value.",
}
#: What stands in for a setting that is missing, so that the next fault comes to light too.
_STAND_INS = {
    "MicrosoftAppId": "00000000-0000-4000-8000-000000000000",
    "MicrosoftAppTenantId": "00000000-0000-4000-8000-000000000000",
    "MicrosoftAppPassword": "stands in",
    "MicrosoftAppCertificate": "",
    "MicrosoftAppType": "SingleTenant",
    "PATHWAY_STORE": "memory:",
    "PATHWAY_KEY": base64.b64encode(bytes(32)).decode("ascii"),
    "PATHWAY_KEY_FILE": "",
    "PATHWAY_PROVIDER": "provider.toml",
    "PORT": "3978",
    "SMTP_PORT": "587",
    "SMTP_FROM": "Pathway <pathway@example.ac.uk>",
    "PATHWAY_MAILBOX": "",
    "PATHWAY_PROOF_MAILBOX": "",
}
#: How long before its end a certificate is told of.
SOON = timedelta(days=30)
_SECRETS = ("MicrosoftAppPassword", "SMTP_PASSWORD", "PATHWAY_KEY")
_GUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class Read:
    """*settings* is None where nothing can be made of them; *lacking* are the names that something stands in for."""

    settings: BotSettings | None
    lacking: frozenset[str]
    findings: tuple[Finding, ...]

    def has(self, *names: str) -> bool:
        """Whether settings could be read and none of these is missing or wrong."""
        return self.settings is not None and not self.lacking & set(names)


def look(env: Mapping[str, str], folder: Path) -> Read:
    """*env* as `bot.settings.environment` gives it; *folder* is where `.env` would be."""
    filled, lacking, found = dict(env), set[str](), list[Finding]()
    settings: BotSettings | None = None
    while settings is None:
        try:
            settings = read(filled)
        except SettingsFault as fault:
            name = str(fault).split(maxsplit=1)[0]
            found.append(wrong(TOPIC, f"{fault} {MENDS.get(name, '')}".strip()))
            if name not in _STAND_INS or name in lacking:
                return Read(None, frozenset(lacking), tuple(found))
            lacking.add(name)
            filled[name] = _STAND_INS[name]
    if not settings.practice:
        found += [*_shapes(env, lacking), *_file(env, folder), *_certificate(env, settings), *_address(env)]
    if not found or all(finding.mark.value == "note" for finding in found):
        found.insert(0, well(TOPIC, f"Everything that must be set is set: {_form(settings)}."))
    return Read(settings, frozenset(lacking), tuple(found))


def _form(settings: BotSettings) -> str:
    if settings.practice:
        return "practice mode"
    if settings.teams.app_type == "UserAssignedMSI":
        return "a managed identity"
    return "one tenant, with a client secret" if settings.teams.password else "one tenant, with a certificate"


def _shapes(env: Mapping[str, str], lacking: set[str]) -> Iterator[Finding]:
    """What a start does not see and Microsoft would only answer with a number."""
    for name, value in sorted(env.items()):
        ours = name.startswith(("MicrosoftApp", "PATHWAY_", "SMTP_"))
        if ours and value != value.strip(" \t\r\n\"'"):
            yield wrong(
                TOPIC,
                f"{name} begins or ends with a blank or a quotation mark, which is taken as part of it. Delete it.",
            )
    for name in ("MicrosoftAppId", "MicrosoftAppTenantId"):
        if name not in lacking and not _GUID.fullmatch(env.get(name, "").strip(" \"'")):
            yield wrong(TOPIC, f"{name} must be an id of the shape 8-4-4-4-12, not a name. {MENDS[name]}")
    if _GUID.fullmatch(env.get("MicrosoftAppPassword", "")):
        yield wrong(
            TOPIC,
            "MicrosoftAppPassword looks like the Secret ID of a client secret. Copy its Value, which the portal shows "
            "only once; make a new secret where it is gone.",
        )


def _file(env: Mapping[str, str], folder: Path) -> Iterator[Finding]:
    file = folder / ".env"
    try:
        readable = file.stat().st_mode & 0o077
    except OSError:
        return
    if readable and any(env.get(name) for name in _SECRETS):
        yield wrong(TOPIC, "Other users of this machine can read .env, and a secret with it. Run: chmod 600 .env")


def _certificate(env: Mapping[str, str], settings: BotSettings) -> Iterator[Finding]:
    """Entra says only that a certificate is not good, and nobody says so before its last day."""
    pem = settings.teams.certificate.encode()
    if not pem:
        return
    certificate, now = load_pem_x509_certificate(pem), datetime.now(UTC)
    if certificate.public_key() != load_pem_private_key(pem, None).public_key():
        yield wrong(
            TOPIC,
            "In the file of MicrosoftAppCertificate, the private key is another one than the certificate's. Put the "
            "two that were made together into it.",
        )
    if Path(env["MicrosoftAppCertificate"]).stat().st_mode & 0o007:
        yield wrong(
            TOPIC, "Other users of this machine can read the file of MicrosoftAppCertificate. Run chmod o= on it."
        )
    ends, begins = certificate.not_valid_after_utc, certificate.not_valid_before_utc
    mend = "Make a new one, and upload its public half under Certificates & secrets."
    if now < begins:
        yield wrong(TOPIC, f"The certificate of MicrosoftAppCertificate begins on {in_words(local_date(begins))} only.")
    elif ends <= now:
        yield wrong(TOPIC, f"The certificate of MicrosoftAppCertificate ended on {in_words(local_date(ends))}. {mend}")
    elif ends - now < SOON:
        yield note(TOPIC, f"The certificate of MicrosoftAppCertificate ends on {in_words(local_date(ends))}. {mend}")


def _address(env: Mapping[str, str]) -> Iterator[Finding]:
    url = env.get("PATHWAY_URL", "")
    if not url:
        yield note(TOPIC, "PATHWAY_URL is not set, so cards offer no calendar files. Set it to https:// and your host.")
        return
    try:
        parts = urlsplit(url)
        fits = (
            parts.scheme == "https" and not wrong_domain(parts.netloc) and parts.path in {"", "/"} and not parts.query
        )
    except ValueError:
        fits = False
    if not fits:
        yield wrong(
            TOPIC,
            "PATHWAY_URL must be https:// and the public host name, without a page: https://pathway.example.ac.uk.",
        )
