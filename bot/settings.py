"""Settings from the environment or `.env`, in the Bot Framework's own names, checked before any port opens."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate

from bot.logs import SHAPES, Shape
from bot.teams.settings import OPENID_URL, TEAMS_HOSTS, AppType, TeamsSettings
from storage.seal import NO_KEY, BadKey, MainKeys, read_key_file

DEFAULT_PORT = 3978
PRACTICE_PASSWORD = "practice-"  # noqa: S105 - how the made-up secrets of practice mode begin
MANAGED = "UserAssignedMSI"
_APP = re.compile(r"[0-9A-Za-z-]{8,64}")
_ADDRESS = re.compile(r"[^\s@<>\"'/]+@[^\s@<>\"'/]+\.[^\s@<>\"'/]+")
_LOOPBACK = re.compile(r"http://127\.0\.0\.1:[0-9]{1,5}(?:/[a-z]+)?")


class SettingsFault(Exception):
    """A setting is missing or wrong: one sentence that says which, and how to mend it."""


@dataclass(frozen=True, slots=True)
class MailSettings:
    """An SMTP server. *user* empty: no sign-in, and no STARTTLS is asked for on a loopback address."""

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class BotSettings:
    """*keys* are the main keys that the store is sealed with; None is enough for `memory:` alone."""

    teams: TeamsSettings
    host: str
    port: int
    store: str
    provider: Path
    public_url: str
    mail: MailSettings | None
    practice: bool
    run: Path | None = None
    """The folder of the socket for commands, where the store has no folder of its own."""
    catalogue_app: str = ""
    """The app's id in the tenant's catalogue, so that the bot can have itself installed for people; "" for no."""
    mailbox: str = ""
    """The address of the shared mailbox that letters are sent from through Microsoft Graph; "" for SMTP alone."""
    proof_mailbox: str = ""
    """An address whose mailbox the bot must not come into: the doctor proves that it is refused."""
    calendars: bool = False
    """Whether meetings are written into calendars through Microsoft Graph, where a mailbox lets the bot in."""
    graph: str = ""
    """Where practice mode's own Microsoft Graph answers; "" for the real one."""
    keys: MainKeys | None = field(default=None, repr=False)
    log: Shape = "json"
    """How the log is written: one JSON object a line, or for people at a terminal."""


def environment(directory: Path | None = None) -> dict[str, str]:
    """`.env` in *directory* (this one by default) with the environment over it. Lines are `NAME=value`."""
    found: dict[str, str] = {}
    file = (directory or Path.cwd()) / ".env"
    if file.is_file():
        for line in file.read_text(encoding="utf-8").splitlines():
            name, equals, value = line.partition("=")
            if equals and not name.lstrip().startswith("#"):
                found[name.strip()] = value.strip().strip("\"'")
    return {**found, **os.environ}


def read(env: Mapping[str, str]) -> BotSettings:
    """Raises SettingsFault."""
    practice = env.get("PATHWAY_PRACTICE", "").rstrip("/")
    port = _port(env, "PORT", DEFAULT_PORT)
    return BotSettings(
        teams=_teams(env, practice),
        host="127.0.0.1" if practice else env.get("HOST", "0.0.0.0"),  # noqa: S104 - a container's port is public
        port=port,
        store=store_url(env),
        provider=provider_path(env),
        public_url=env.get("PATHWAY_URL", "").rstrip("/") or (f"http://127.0.0.1:{port}" if practice else ""),
        mail=_mail(env),
        practice=bool(practice),
        run=run_folder(env),
        catalogue_app=_catalogue_app(env),
        mailbox=_mailbox(env, "PATHWAY_MAILBOX"),
        proof_mailbox=_mailbox(env, "PATHWAY_PROOF_MAILBOX"),
        calendars=_calendars(env),
        graph=_graph(env, practice),
        keys=needed_keys(env),
        log=_log(env, practice),
    )


def store_url(env: Mapping[str, str]) -> str:
    url = env.get("PATHWAY_STORE", "")
    if not url:
        raise SettingsFault("PATHWAY_STORE is missing. Set it to a folder, for example tinydb:///var/lib/pathway.")
    return url


def main_keys(env: Mapping[str, str]) -> MainKeys | None:
    """The main keys of the store, from PATHWAY_KEY or the file PATHWAY_KEY_FILE; None where neither is set."""
    key, file = env.get("PATHWAY_KEY", ""), env.get("PATHWAY_KEY_FILE", "")
    if key and file:
        raise SettingsFault("PATHWAY_KEY is set beside PATHWAY_KEY_FILE. Take one of the two away.")
    try:
        if file:
            return read_key_file(Path(file))
        return MainKeys.parse(key) if key else None
    except BadKey as fault:
        name, it = ("PATHWAY_KEY_FILE", f"the file {file}") if file else ("PATHWAY_KEY", "the key")
        raise SettingsFault(f"{name} is wrong, {it}: {fault}. Make one with python -m bot key new FILE.") from fault


def needed_keys(env: Mapping[str, str]) -> MainKeys | None:
    """As `main_keys`; where there is none, a store that lasts is refused."""
    keys = main_keys(env)
    if keys is None and not store_url(env).startswith("memory:"):
        raise SettingsFault(f"PATHWAY_KEY is missing. {NO_KEY}")
    return keys


def run_folder(env: Mapping[str, str]) -> Path:
    """One a bot on this machine: two of them listen on two ports."""
    if named := env.get("PATHWAY_RUN", ""):
        return Path(named)
    port = _port(env, "PORT", DEFAULT_PORT)
    return Path(env.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()) / f"pathway-{os.getuid()}-{port}"


def provider_path(env: Mapping[str, str]) -> Path:
    path = env.get("PATHWAY_PROVIDER", "")
    if not path:
        raise SettingsFault("PATHWAY_PROVIDER is missing. Set it to the path of your provider.toml.")
    return Path(path)


def _teams(env: Mapping[str, str], practice: str) -> TeamsSettings:
    kind = env.get("MicrosoftAppType", "SingleTenant")
    app_type: AppType = "UserAssignedMSI" if kind == "UserAssignedMSI" else "SingleTenant"
    if kind not in ("SingleTenant", "UserAssignedMSI"):
        raise SettingsFault("MicrosoftAppType is wrong. Set it to SingleTenant or UserAssignedMSI.")
    _practice_or_real(env, practice)
    try:
        return TeamsSettings(
            app_id=env.get("MicrosoftAppId", ""),
            app_type=app_type,
            tenant_id=env.get("MicrosoftAppTenantId", ""),
            password=env.get("MicrosoftAppPassword", ""),
            certificate=_certificate(env),
            openid_url=f"{practice}/.well-known/openidconfiguration" if practice else OPENID_URL,
            token_url=f"{practice}/token" if practice else None,
            allowed_hosts=TEAMS_HOSTS | frozenset(env.get("PATHWAY_TEAMS_HOSTS", "").split()),
            practice=bool(practice),
        )
    except ValueError as error:
        raise SettingsFault(str(error)) from error


def _practice_or_real(env: Mapping[str, str], practice: str) -> None:
    """Practice believes a local channel; beside a real registration that would be a door into real cases."""
    real = env.get("MicrosoftAppPassword", "")
    made_up = real.startswith(PRACTICE_PASSWORD)
    if practice and (not made_up or env.get("MicrosoftAppCertificate") or env.get("MicrosoftAppType") == MANAGED):
        raise SettingsFault("PATHWAY_PRACTICE is set beside a real app registration. Take one of the two away.")
    if made_up and not practice:
        raise SettingsFault("MicrosoftAppPassword is one of practice mode. Set it to your app registration's own.")


def _certificate(env: Mapping[str, str]) -> str:
    path = env.get("MicrosoftAppCertificate", "")
    if not path:
        return ""
    try:
        pem = Path(path).read_text(encoding="ascii")
        load_pem_private_key(pem.encode(), password=None)
        load_pem_x509_certificate(pem.encode())
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SettingsFault(
            "MicrosoftAppCertificate cannot be used. Set it to the path of a PEM file that holds the private key, "
            "without a passphrase, and its certificate."
        ) from error
    return pem


def _catalogue_app(env: Mapping[str, str]) -> str:
    app = env.get("PATHWAY_TEAMS_APP_ID", "")
    if app and not _APP.fullmatch(app):
        raise SettingsFault(
            "PATHWAY_TEAMS_APP_ID is wrong. Set it to the app's id in the Teams admin centre, or leave it empty."
        )
    return app


def _mailbox(env: Mapping[str, str], name: str) -> str:
    address = env.get(name, "")
    if address and not _ADDRESS.fullmatch(address):
        raise SettingsFault(f"{name} is wrong. Set it to one e-mail address of your tenant, or leave it empty.")
    return address


def _calendars(env: Mapping[str, str]) -> bool:
    wish = env.get("PATHWAY_CALENDARS", "").casefold()
    if wish not in ("", "on", "off"):
        raise SettingsFault("PATHWAY_CALENDARS is wrong. Set it to on or off.")
    return wish == "on"


def _graph(env: Mapping[str, str], practice: str) -> str:
    """Only made-up people may have a made-up Graph, and only on this machine: tokens go where it points."""
    graph = env.get("PATHWAY_GRAPH", "").rstrip("/")
    if graph and not practice:
        raise SettingsFault("PATHWAY_GRAPH is set beside a real app registration. Take it away.")
    if graph and not _LOOPBACK.fullmatch(graph):
        raise SettingsFault("PATHWAY_GRAPH is wrong. Set it to http on 127.0.0.1 with a port, or leave it empty.")
    return graph


def _log(env: Mapping[str, str], practice: str) -> Shape:
    wish = env.get("PATHWAY_LOG", "").casefold() or ("text" if practice else "json")
    shape = next((shape for shape in SHAPES if shape == wish), None)
    if shape is None:
        raise SettingsFault("PATHWAY_LOG is wrong. Set it to json or text, or leave it empty.")
    return shape


def _mail(env: Mapping[str, str]) -> MailSettings | None:
    host = env.get("SMTP_HOST", "")
    if not host:
        return None
    sender = env.get("SMTP_FROM", "")
    if not sender:
        raise SettingsFault("SMTP_FROM is missing. Set it to the address that Pathway's mail comes from.")
    return MailSettings(
        host=host,
        port=_port(env, "SMTP_PORT", 587),
        sender=sender,
        user=env.get("SMTP_USER", ""),
        password=env.get("SMTP_PASSWORD", ""),
    )


def _port(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, "") or str(default)
    if not text.isascii() or not text.isdigit() or not 0 <= int(text) <= 65535:
        raise SettingsFault(f"{name} is wrong. Set it to a number from 0 to 65535.")
    return int(text)
