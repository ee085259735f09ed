"""`python -m bot package`: the zip that a Teams administrator uploads, checked before it is written.

What is checked here needs nothing but this file: the limits of Microsoft's manifest schema 1.29, the older and tighter
ones for commands, the rules for icons, and those of the Teams Store's validation guidelines that a program can see.
Where the schema itself and jsonschema are at hand, the manifest is held to it as well.
"""

from __future__ import annotations

import importlib
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot.icons import BadPicture, Picture, colour_faults, outline_faults, read
from pathway.provider import Provider
from pathway.roles import Role

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "manifest"
#: Microsoft's schema lies in a folder beside the clone where the project is developed.
SCHEMA = ROOT.parent / "shared" / "contracts" / "MicrosoftTeams.schema.v1.29.json"
MANIFEST = "manifest.json"
VERSION = "1.29"

Manifest = Mapping[str, Any]

#: Most characters of a text, by its place in the manifest.
LONGEST = {
    "developer.name": 32,
    "name.short": 30,
    "name.full": 100,
    "description.short": 80,
    "description.full": 4000,
}
ADDRESSES = ("websiteUrl", "privacyUrl", "termsOfUseUrl")
LONGEST_ADDRESS = 2048
MOST_WORDS = 500
#: Older Teams clients take 10 commands a scope, of these sizes; the schema alone would take more.
MOST_COMMANDS, LONGEST_TITLE, LONGEST_DESCRIPTION = 10, 32, 128
SCOPES = ("personal", "team", "groupChat")
#: Where in the manifest an option of the command line ends up, so that a refusal can name it.
OPTIONS = {
    "id": "--app-id",
    "version": "--version",
    "developer.name": "--developer",
    "developer.websiteUrl": "--website",
    "developer.privacyUrl": "--privacy",
    "developer.termsOfUseUrl": "--terms",
    "name.short": "--name",
    "validDomains": "--domain",
}

_GUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_SEMVER = re.compile(r"(?:0|[1-9]\d{0,8})(?:\.(?:0|[1-9]\d{0,8})){2}", re.ASCII)
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])", re.ASCII)
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_LANGUAGE = re.compile(r"[A-Za-z0-9]{1,8}(?:-[A-Za-z0-9]{1,8}){0,2}")
_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
#: Names of Microsoft's own that a name may not use (Store guidelines, "App name").
_RESERVED = re.compile(
    r"\b(?:teams|microsoft|office|outlook|azure|sharepoint|onedrive|onenote|excel|word|powerpoint|"
    r"chats?|contacts?|calendars?|calls?|files?|activity|apps?|help)\b",
    re.IGNORECASE,
)
#: Addresses that anybody can take over (Store guidelines, "External domains").
_TUNNELS = ("ngrok.io", "ngrok.app", "ngrok.dev", "ngrok-free.app", "ngrok-free.dev", "devtunnels.ms",
            "trycloudflare.com", "loca.lt", "serveo.net", "localhost.run")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """*field* is a place in the manifest, or a file of the package; *reason* a whole sentence with the mend in it."""

    field: str
    reason: str

    def __str__(self) -> str:
        option = OPTIONS.get(self.field, "")
        return f"{self.field}{f' ({option})' if option else ''}: {self.reason}"


class PackageRefused(Exception):
    """Nothing was written. *faults* say why, each with its field."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, faults)))


class SchemaMissing(Exception):
    """The manifest could not be held to Microsoft's schema. The sentence says why."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is filled into the template. *domain* is the bot's public host name; the addresses are https."""

    app_id: str
    domain: str
    developer: str
    website: str
    privacy: str
    terms: str
    support: str
    version: str = "1.0.0"
    name: str = "Pathway"


def build(wish: Wish, provider: Provider, schema: Path | None = None, folder: Path = FOLDER) -> bytes:
    """The zip: the same bytes for the same wish, wherever it is made. Raises PackageRefused.

    Without *schema* the manifest is held to Microsoft's where it lies beside the clone, and else to our own rules only.
    """
    try:
        files = {name: (folder / name).read_bytes() for name in ("color.png", "outline.png")}
        template = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        raise PackageRefused([Fault(str(folder), f"This folder cannot be read ({type(fault).__name__}).")]) from fault
    manifest = filled(template, _values(wish, provider))
    faults = check(manifest, files)
    try:
        faults = faults or schema_faults(manifest, schema or SCHEMA)
    except SchemaMissing as missing:
        faults = [Fault("--schema", str(missing))] if schema else []
    if faults:
        raise PackageRefused(faults)
    text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
    return _zipped({MANIFEST: text.encode(), **files})


def make(asked: Mapping[str, Any], env: Mapping[str, str]) -> Path:
    """Writes the package that the command line asks for; *env* and the provider's file fill what it leaves out.

    *asked* are the options by their names, "" or None where not given. Returns the file. Raises PackageRefused or
    ProviderFault; then nothing was written.
    """
    path = asked["provider"] or env.get("PATHWAY_PROVIDER", "")
    provider = Provider.load(Path(path)) if path else Provider()
    website = asked["website"]
    wish = Wish(
        app_id=asked["app_id"] or env.get("MicrosoftAppId", ""),
        domain=asked["domain"] or _host_of(env.get("PATHWAY_URL", "")),
        developer=asked["developer"] or (provider.name if path else ""),
        website=website,
        privacy=asked["privacy"] or provider.privacy.notice,
        terms=asked["terms"],
        support=asked["support"] or website,
        version=asked["version"],
        name=asked["name"],
    )
    package = build(wish, provider, asked["schema"])
    out: Path = asked["out"]
    beside = out.with_name(f".{out.name}.tmp")
    try:
        beside.write_bytes(package)
        beside.replace(out)
    except OSError as fault:
        with suppress(OSError):
            beside.unlink()
        raise PackageRefused([Fault("--out", f"{out} cannot be written: {fault.strerror}.")]) from fault
    return out


def _host_of(url: str) -> str:
    """The host name of PATHWAY_URL, "" where it is not set or no address."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def filled(template: Any, values: Mapping[str, str]) -> Any:
    """*template* with each `{{name}}` in its texts replaced, once: what is filled in is not read again."""
    match template:
        case str():
            return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), template)
        case list():
            return [filled(part, values) for part in template]
        case dict():
            return {key: filled(part, values) for key, part in template.items()}
        case _:
            return template


def _values(wish: Wish, provider: Provider) -> dict[str, str]:
    given = {one.name: str(getattr(wish, one.name)).strip() for one in fields(Wish)}
    given["app_id"] = given["app_id"].lower()
    roles = {role.value: provider.role(role) for role in (Role.MENTOR, Role.LINK_TUTOR, Role.PARTNERSHIP_TEAM)}
    return {**given, **roles, "support_plan": provider.words.support_plan}


def _zipped(files: Mapping[str, bytes]) -> bytes:
    """Stored, not compressed: then the bytes do not depend on anybody's zlib."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as package:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            package.writestr(entry, data)
    return made.getvalue()


# -- the check ----------------------------------------------------------------------------------------------------


def check(manifest: Manifest, files: Mapping[str, bytes]) -> list[Fault]:
    """Everything that is wrong with *manifest* and the icons in *files*, by this module's own rules."""
    rules: tuple[Callable[[Manifest], Iterator[Fault]], ...] = (
        _placeholders,
        _identity,
        _texts,
        _names,
        _descriptions,
        _addresses,
        _domains,
        _bot,
        _looks,
    )
    found = [fault for rule in rules for fault in rule(manifest)]
    return [*dict.fromkeys(found), *_icons(manifest, files)]


def at(manifest: Manifest, field: str) -> Any:
    """What stands at *field* ("developer.name", "bots.0.botId"); None where there is nothing."""
    found: Any = manifest
    for part in field.split("."):
        if isinstance(found, list) and part.isdigit() and int(part) < len(found):
            found = found[int(part)]
        elif isinstance(found, Mapping):
            found = found.get(part)
        else:
            return None
    return found


def _placeholders(manifest: Manifest) -> Iterator[Fault]:
    for name in sorted(set(_PLACEHOLDER.findall(json.dumps(manifest)))):
        yield Fault(MANIFEST, f"Nothing was given for {{{{{name}}}}}, or there is a spelling mistake in it.")


def _identity(manifest: Manifest) -> Iterator[Fault]:
    if at(manifest, "manifestVersion") != VERSION:
        yield Fault("manifestVersion", f"This must be {VERSION}.")
    if not _SEMVER.fullmatch(str(at(manifest, "version") or "")):
        yield Fault("version", "This must be three numbers with full stops between them: 1.0.0.")
    app_id = at(manifest, "id")
    for field in ("id", "bots.0.botId", "webApplicationInfo.id"):
        value = at(manifest, field)
        if not isinstance(value, str) or not _GUID.fullmatch(value) or set(value) <= {"0", "-"}:
            reason = (
                "This must be the Application (client) ID of the bot's app registration: 8-4-4-4-12 digits, a to f."
            )
            yield Fault("id" if value == app_id else field, reason)
        elif value != app_id:
            yield Fault(field, "This must be the same as id: links to the bot are made from the one.")


def _texts(manifest: Manifest) -> Iterator[Fault]:
    for field, most in LONGEST.items():
        value = at(manifest, field)
        if not isinstance(value, str) or not value.strip():
            yield Fault(field, "This is missing.")
        elif len(value) > most:
            yield Fault(
                field, f"This is {len(value)} characters long, and at most {most} are allowed. Write it shorter."
            )
        elif _CONTROL.search(value):
            yield Fault(field, "This has a control character in it. Write plain text.")


def _names(manifest: Manifest) -> Iterator[Fault]:
    name = str(at(manifest, "name.short") or "")
    if found := _RESERVED.search(name):
        yield Fault("name.short", f"“{found[0]}” belongs to Microsoft or to a part of Teams. Choose another name.")


def _descriptions(manifest: Manifest) -> Iterator[Fault]:
    short, full = (str(at(manifest, f"description.{size}") or "") for size in ("short", "full"))
    if re.search(r"\bapps?\b", short, re.IGNORECASE):
        yield Fault("description.short", "The Store does not want the word “app” here. Say what it does for people.")
    if re.search(r"[.!?]\s+\S", short):
        yield Fault("description.short", "This must be one sentence.")
    words = len(full.split())
    if words > MOST_WORDS:
        yield Fault(
            "description.full", f"This is {words} words long, and the Store takes {MOST_WORDS}. Write it shorter."
        )
    if found := re.search(r"\b(?:MS|MSFT|Office 365)\b", full):
        yield Fault("description.full", f"Microsoft wants its names in full: not “{found[0]}”.")
    if full and full == short:
        yield Fault("description.full", "This must say more than the short description.")


def _addresses(manifest: Manifest) -> Iterator[Fault]:
    for key in ADDRESSES:
        value = at(manifest, f"developer.{key}")
        reason = (
            _wrong_address(value) if isinstance(value, str) and value else "This is missing. Give a page's address."
        )
        if reason:
            yield Fault(f"developer.{key}", f"{reason} It must open without signing in.")


def _wrong_address(value: str) -> str:
    """Why *value* is no address for the public; "" where it is one."""
    if len(value) > LONGEST_ADDRESS or re.search(r"\s", value) or _CONTROL.search(value):
        return f"This must be an address of at most {LONGEST_ADDRESS} characters without spaces."
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
    except ValueError:
        return "This is no address. Write https://, the host and the page."
    if parts.scheme != "https":
        return "This must begin with https://."
    if "@" in parts.netloc:
        return "This must not have a name or password in it."
    return "" if not wrong_domain(host) else "This must be on a public host name."


def _domains(manifest: Manifest) -> Iterator[Fault]:
    domains = at(manifest, "validDomains")
    if not isinstance(domains, list) or len(domains) != 1:
        yield Fault("validDomains", "There must be one: the host name under which the bot is reached.")
        return
    if reason := wrong_domain(str(domains[0])):
        yield Fault("validDomains", reason)


def wrong_domain(domain: str) -> str:
    """Why *domain* is no public host name of the provider's own, as a sentence; "" where it is one."""
    return next((sentence for is_wrong, sentence in _WRONG_DOMAINS if is_wrong(domain)), "")


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_tunnel(domain: str) -> bool:
    return any(domain == tunnel or domain.endswith(f".{tunnel}") for tunnel in _TUNNELS)


_WRONG_DOMAINS: tuple[tuple[Callable[[str], bool], str], ...] = (
    (lambda d: not d, "This is missing. Write the host name under which Teams reaches the bot: pathway.example.ac.uk."),
    (lambda d: "/" in d, "Write the host name alone, without https:// and without a page: pathway.example.ac.uk."),
    (lambda d: "*" in d, "Write the one host name of the bot, without a star."),
    (_is_ip, "Write a host name, not a number: a certificate is made out to a name."),
    (lambda d: ":" in d, "Write the host name without a port: Teams reaches the bot on 443."),
    (
        lambda d: len(d) > 253 or not _DOMAIN.fullmatch(d),
        "This is no public host name in small letters. Write one like pathway.example.ac.uk.",
    ),
    (_is_tunnel, "This is a tunnel that somebody else can be given tomorrow. Use a name of your own."),
)


def _bot(manifest: Manifest) -> Iterator[Fault]:
    bots = at(manifest, "bots")
    if not isinstance(bots, list) or len(bots) != 1:
        yield Fault("bots", "There must be one bot.")
        return
    scopes = at(manifest, "bots.0.scopes")
    if not isinstance(scopes, list) or sorted(scopes) != sorted(SCOPES):
        yield Fault("bots.0.scopes", f"These must be {', '.join(SCOPES)}, each once.")
    lists = at(manifest, "bots.0.commandLists") or []
    if len(lists) > 3:
        yield Fault("bots.0.commandLists", "At most three lists are allowed.")
    listed = [scope for one in lists for scope in one.get("scopes", [])]
    if len(listed) != len(set(listed)) or not set(listed) <= set(SCOPES):
        yield Fault("bots.0.commandLists", "Each scope can have one list, and only a scope of the bot's.")
    for number, one in enumerate(lists):
        yield from _commands(f"bots.0.commandLists.{number}.commands", one.get("commands") or [])


def _commands(field: str, commands: list[Any]) -> Iterator[Fault]:
    if not 0 < len(commands) <= MOST_COMMANDS:
        yield Fault(field, f"There are {len(commands)} commands, and 1 to {MOST_COMMANDS} are allowed.")
    titles = [str(command.get("title", "")) for command in commands]
    if len({title.casefold() for title in titles}) != len(titles):
        yield Fault(field, "A command stands there twice.")
    for number, command in enumerate(commands):
        title, description = titles[number], str(command.get("description", ""))
        if not 0 < len(title.strip()) <= LONGEST_TITLE:
            yield Fault(f"{field}.{number}.title", f"This must be 1 to {LONGEST_TITLE} characters long.")
        if not 0 < len(description.strip()) <= LONGEST_DESCRIPTION:
            yield Fault(f"{field}.{number}.description", f"This must be 1 to {LONGEST_DESCRIPTION} characters long.")


def _looks(manifest: Manifest) -> Iterator[Fault]:
    if not _COLOUR.fullmatch(str(at(manifest, "accentColor") or "")):
        yield Fault("accentColor", "This must be a colour like #0F5C63.")
    if not _LANGUAGE.fullmatch(str(at(manifest, "localizationInfo.defaultLanguageTag") or "")):
        yield Fault("localizationInfo.defaultLanguageTag", "This must be a language like en-gb.")


def _icons(manifest: Manifest, files: Mapping[str, bytes]) -> Iterator[Fault]:
    kinds: tuple[tuple[str, Callable[[Picture], list[str]]], ...] = (
        ("color", colour_faults),
        ("outline", outline_faults),
    )
    for kind, rule in kinds:
        name = at(manifest, f"icons.{kind}")
        if name not in files:
            yield Fault(f"icons.{kind}", "This file is not in the package. Name one that lies beside the manifest.")
            continue
        try:
            faults = rule(read(files[name]))
        except BadPicture as bad:
            faults = [f"cannot be used: {bad}"]
        for fault in faults:
            yield Fault(name, f"The icon {fault}.")


def schema_faults(manifest: Manifest, schema: Path) -> list[Fault]:
    """What Microsoft's own schema says. Raises SchemaMissing where the file or what reads it is not there."""
    try:
        rules = json.loads(schema.read_text(encoding="utf-8"))
        jsonschema: Any = importlib.import_module("jsonschema")
    except OSError as fault:
        raise SchemaMissing(f"{schema} cannot be read.") from fault
    except ImportError as fault:
        raise SchemaMissing("This needs jsonschema, which is not installed here. Leave it out.") from fault
    except ValueError:
        return [Fault("--schema", f"{schema.name} is not JSON.")]
    found = sorted(
        jsonschema.Draft4Validator(rules).iter_errors(manifest), key=lambda error: list(map(str, error.path))
    )
    return [Fault(".".join(map(str, error.path)) or MANIFEST, f"{error.message}.") for error in found]
