"""The app package: the zip that Teams takes, or the field and the reason why there is none."""

from __future__ import annotations

import copy
import io
import json
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import REFUSED, main
from bot.icons import Picture, write
from bot.package import FOLDER, SCHEMA, PackageRefused, Wish, at, build, check, filled
from bot.practice.roll import PROVIDER
from dialogs.home import COMMANDS, meant
from pathway.provider import Provider, Roles

APP_ID = "6f1d3b5e-0d8a-4c53-9b8e-1f0e7f4a2c11"
WISH = Wish(
    app_id=APP_ID,
    domain="pathway.northdale.ac.uk",
    developer="Northdale University",
    website="https://www.northdale.ac.uk/placements",
    privacy="https://www.northdale.ac.uk/privacy",
    terms="https://www.northdale.ac.uk/terms",
    support="https://www.northdale.ac.uk/placements",
)
OPTIONS = [
    "--app-id", WISH.app_id, "--domain", WISH.domain, "--developer", WISH.developer,
    "--website", WISH.website, "--privacy", WISH.privacy, "--terms", WISH.terms,
]  # fmt: skip


@pytest.fixture
def no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to stand in, and nothing in the environment that the command could take."""
    monkeypatch.chdir(tmp_path)
    for name in ("MicrosoftAppId", "PATHWAY_URL", "PATHWAY_PROVIDER"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def unpacked(package: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(package)) as files:
        return {name: files.read(name) for name in files.namelist()}


def manifest_of(package: bytes) -> Any:
    return json.loads(unpacked(package)["manifest.json"])


@pytest.fixture(scope="module")
def good() -> Any:
    return manifest_of(build(WISH, Provider()))


def icons() -> dict[str, bytes]:
    return {name: (FOLDER / name).read_bytes() for name in ("color.png", "outline.png")}


# -- what comes out ---------------------------------------------------------------------------------------------------


def test_the_zip_has_the_manifest_and_both_icons_at_its_top_and_nothing_else() -> None:
    files = unpacked(build(WISH, Provider()))
    assert list(files) == ["manifest.json", "color.png", "outline.png"]
    assert files["color.png"] == icons()["color.png"]


def test_the_same_wish_gives_the_same_bytes() -> None:
    package = build(WISH, Provider())
    assert package == build(replace(WISH), Provider())
    with zipfile.ZipFile(io.BytesIO(package)) as files:
        assert {(entry.date_time, entry.compress_type) for entry in files.infolist()} == {
            ((1980, 1, 1, 0, 0, 0), zipfile.ZIP_STORED)
        }


def test_microsofts_own_schema_has_nothing_to_say() -> None:
    if not SCHEMA.exists():
        pytest.skip("../shared/contracts, where the schema is, does not lie beside this clone")
    build(WISH, Provider(), SCHEMA)


def test_one_id_is_everywhere_so_that_links_to_the_bot_can_be_made_from_its_settings(good: Any) -> None:
    assert {good["id"], good["bots"][0]["botId"], good["webApplicationInfo"]["id"]} == {APP_ID}


def test_an_id_that_was_copied_in_capitals_is_the_same_package() -> None:
    assert build(replace(WISH, app_id=APP_ID.upper()), Provider()) == build(WISH, Provider())


def test_no_consent_is_asked_for_in_teams_and_chats(good: Any) -> None:
    """Posting where the app was added needs none, and we read nothing that is not written to us."""
    assert "authorization" not in good
    assert "devicePermissions" not in good
    assert good["permissions"] == ["identity"]


def test_the_language_is_british_english(good: Any) -> None:
    assert good["localizationInfo"] == {"defaultLanguageTag": "en-gb"}


def test_people_are_called_as_the_provider_calls_them() -> None:
    provider = Provider(roles=Roles(link_tutor="university Lead Mentor"))
    assert "**If you are a university Lead Mentor**" in manifest_of(build(WISH, provider))["description"]["full"]


# -- commands ---------------------------------------------------------------------------------------------------------


def commands(manifest: Any, scope: str) -> list[str]:
    lists = manifest["bots"][0]["commandLists"]
    return [command["title"] for one in lists if scope in one["scopes"] for command in one["commands"]]


@pytest.mark.parametrize("scope", ["personal", "team", "groupChat"])
def test_the_router_understands_every_command_of_the_menu_without_guessing(good: Any, scope: str) -> None:
    titles = commands(good, scope)
    assert titles
    assert [title for title in titles if title.casefold() not in COMMANDS] == []


def test_each_command_leads_somewhere_else(good: Any) -> None:
    verbs = [meant(title) for title in commands(good, "personal")]
    assert verbs == ["concern.start", "cases.mine", "student.plan", "home.privacy", "home.help"]


def test_where_others_read_along_nothing_of_a_case_is_offered(good: Any) -> None:
    assert commands(good, "team") == ["Use this channel", "Help"]
    assert commands(good, "groupChat") == ["Help"]


# -- what is refused --------------------------------------------------------------------------------------------------

LONG = "x" * 5000
REFUSALS: list[tuple[dict[str, str], str, str]] = [
    ({"app_id": ""}, "id", "Application (client) ID"),
    ({"app_id": "pathway"}, "id", "Application (client) ID"),
    ({"app_id": APP_ID[:-1]}, "id", "Application (client) ID"),
    ({"app_id": "00000000-0000-0000-0000-000000000000"}, "id", "Application (client) ID"),
    ({"version": "1.0"}, "version", "three numbers"),
    ({"version": "01.0.0"}, "version", "three numbers"),
    ({"version": "1.0.0-beta"}, "version", "three numbers"),
    ({"developer": ""}, "developer.name", "missing"),
    ({"developer": "x" * 33}, "developer.name", "33 characters long, and at most 32"),
    ({"developer": "North\tdale"}, "developer.name", "control character"),
    ({"name": "x" * 31}, "name.short", "at most 30"),
    ({"name": "Teams Pathway"}, "name.short", "“Teams” belongs to Microsoft"),
    ({"name": "Placement Help"}, "name.short", "“Help”"),
    ({"support": LONG}, "description.full", "at most 4000"),
    ({"support": "word " * 400}, "description.full", "the Store takes 500"),
    ({"support": "our MS team"}, "description.full", "not “MS”"),
    ({"website": ""}, "developer.websiteUrl", "missing"),
    ({"website": "http://www.northdale.ac.uk"}, "developer.websiteUrl", "must begin with https://"),
    ({"website": "www.northdale.ac.uk"}, "developer.websiteUrl", "must begin with https://"),
    ({"privacy": "https://localhost/privacy"}, "developer.privacyUrl", "public host name"),
    ({"privacy": "https://192.168.1.4/privacy"}, "developer.privacyUrl", "public host name"),
    ({"privacy": "https://[::1"}, "developer.privacyUrl", "no address"),
    ({"terms": "https://me:secret@www.northdale.ac.uk/"}, "developer.termsOfUseUrl", "name or password"),
    ({"terms": "https://www.northdale.ac.uk/terms of use"}, "developer.termsOfUseUrl", "without spaces"),
    ({"terms": f"https://www.northdale.ac.uk/{LONG}"}, "developer.termsOfUseUrl", "at most 2048"),
    ({"domain": ""}, "validDomains", "missing"),
    ({"domain": "https://pathway.northdale.ac.uk"}, "validDomains", "without https://"),
    ({"domain": "pathway.northdale.ac.uk/api/messages"}, "validDomains", "without a page"),
    ({"domain": "*.northdale.ac.uk"}, "validDomains", "without a star"),
    ({"domain": "pathway.northdale.ac.uk:3978"}, "validDomains", "without a port"),
    ({"domain": "10.0.0.4"}, "validDomains", "not a number"),
    ({"domain": "::1"}, "validDomains", "not a number"),
    ({"domain": "localhost"}, "validDomains", "no public host name"),
    ({"domain": "Pathway.Northdale.ac.uk"}, "validDomains", "small letters"),
    ({"domain": "-pathway.northdale.ac.uk"}, "validDomains", "no public host name"),
    ({"domain": "path way.ac.uk"}, "validDomains", "no public host name"),
    ({"domain": "x.ngrok-free.app"}, "validDomains", "a tunnel"),
]


@pytest.mark.parametrize(("change", "field", "reason"), REFUSALS)
def test_a_wish_that_teams_would_refuse_is_refused_with_the_field_and_the_reason(
    change: dict[str, str], field: str, reason: str
) -> None:
    with pytest.raises(PackageRefused) as refused:
        build(replace(WISH, **change), Provider())
    assert field in {fault.field for fault in refused.value.faults}
    assert any(fault.field == field and reason in fault.reason for fault in refused.value.faults), str(refused.value)
    assert all(fault.reason.endswith(".") for fault in refused.value.faults)


def without(*path: str | int) -> Callable[[Any], None]:
    def change(manifest: Any) -> None:
        for part in path[:-1]:
            manifest = manifest[part]
        del manifest[path[-1]]

    return change


def set_to(value: Any, *path: str | int) -> Callable[[Any], None]:
    def change(manifest: Any) -> None:
        for part in path[:-1]:
            manifest = manifest[part]
        manifest[path[-1]] = value

    return change


MENU = ("bots", 0, "commandLists", 0, "commands")
SPOILT: list[tuple[Callable[[Any], None], str]] = [
    (without("manifestVersion"), "manifestVersion"),
    (without("name"), "name.short"),
    (without("description", "short"), "description.short"),
    (set_to("The app for placements", "description", "short"), "description.short"),
    (set_to("Support early. And late.", "description", "short"), "description.short"),
    (set_to("x" * 81, "description", "short"), "description.short"),
    (without("developer"), "developer.websiteUrl"),
    (without("icons", "outline"), "icons.outline"),
    (set_to("icons/color.png", "icons", "color"), "icons.color"),
    (set_to("teal", "accentColor"), "accentColor"),
    (set_to("British English", "localizationInfo", "defaultLanguageTag"), "localizationInfo.defaultLanguageTag"),
    (set_to([], "validDomains"), "validDomains"),
    (set_to(["a.ac.uk", "b.ac.uk"], "validDomains"), "validDomains"),
    (set_to([], "bots"), "bots"),
    (set_to(["personal"], "bots", 0, "scopes"), "bots.0.scopes"),
    (set_to("11111111-1111-4111-8111-111111111111", "bots", 0, "botId"), "bots.0.botId"),
    (without("webApplicationInfo"), "webApplicationInfo.id"),
    (set_to([], *MENU), "bots.0.commandLists.0.commands"),
    (set_to([{"title": f"C{n}", "description": "x"} for n in range(11)], *MENU), "bots.0.commandLists.0.commands"),
    (set_to([{"title": "Help", "description": "x"}, {"title": "help", "description": "y"}], *MENU), "bots.0.commandLists.0.commands"),
    (set_to("x" * 33, *MENU, 0, "title"), "bots.0.commandLists.0.commands.0.title"),
    (set_to("x" * 129, *MENU, 0, "description"), "bots.0.commandLists.0.commands.0.description"),
    (set_to(["personal"], "bots", 0, "commandLists", 1, "scopes"), "bots.0.commandLists"),
    (set_to("{{domian}}", "name", "full"), "manifest.json"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "field"), SPOILT)
def test_a_template_that_somebody_spoilt_is_found_without_any_schema(
    good: Any, spoil: Callable[[Any], None], field: str
) -> None:
    manifest = copy.deepcopy(good)
    spoil(manifest)
    assert field in {fault.field for fault in check(manifest, icons())}


def test_a_whole_manifest_has_no_faults(good: Any) -> None:
    assert check(good, icons()) == []


def test_an_icon_of_the_wrong_size_is_named_by_its_file(good: Any) -> None:
    small = write(Picture((b"\xff\xff\xff\xff" * 16,) * 16))
    faults = check(good, {**icons(), "color.png": small, "outline.png": b"no picture"})
    assert [(fault.field, fault.reason) for fault in faults] == [
        ("color.png", "The icon must be 192 by 192 pixels, not 16 by 16."),
        ("outline.png", "The icon cannot be used: it is not a PNG picture."),
    ]


def test_what_is_filled_in_is_not_filled_again() -> None:
    assert filled(["{{a}}"], {"a": "{{b}}", "b": "no"}) == ["{{b}}"]


def test_a_place_that_is_not_there_is_none(good: Any) -> None:
    assert at(good, "bots.7.botId") is None
    assert at(good, "version.major") is None


# -- the command ------------------------------------------------------------------------------------------------------


def test_the_command_writes_the_zip(no_settings: Path) -> None:
    assert main(["package", *OPTIONS, "--out", "p.zip"]) == 0
    assert (no_settings / "p.zip").read_bytes() == build(WISH, Provider())
    assert [file.name for file in no_settings.iterdir()] == ["p.zip"]


def test_a_refusal_has_a_status_of_its_own_and_leaves_the_last_package_as_it_was(
    no_settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    last = no_settings / "pathway-teams.zip"
    last.write_bytes(b"the last one")
    assert main(["package", *OPTIONS, "--domain", "https://x.ac.uk"]) == REFUSED
    said = capsys.readouterr().err
    assert "No package was written.\nvalidDomains (--domain): Write the host name alone" in said
    assert last.read_bytes() == b"the last one"
    assert [file.name for file in no_settings.iterdir()] == [last.name]


def test_what_the_settings_and_the_provider_say_need_not_be_said_again(
    no_settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MicrosoftAppId", APP_ID)
    monkeypatch.setenv("PATHWAY_URL", "https://pathway.northdale.ac.uk/")
    monkeypatch.setenv("PATHWAY_PROVIDER", str(PROVIDER))
    assert main(["package", "--website", WISH.website, "--terms", WISH.terms]) == 0
    made = manifest_of((no_settings / "pathway-teams.zip").read_bytes())
    assert made["id"] == APP_ID
    assert made["validDomains"] == ["pathway.northdale.ac.uk"]
    assert made["developer"]["name"] == "Northdale University partnership"
    assert made["developer"]["privacyUrl"] == Provider.load(PROVIDER).privacy.notice


def test_a_provider_file_with_faults_makes_no_package(no_settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = no_settings / "provider.toml"
    file.write_text("name = 7", encoding="utf-8")
    assert main(["package", *OPTIONS, "--provider", str(file)]) == REFUSED
    assert "name must be text" in capsys.readouterr().err
    assert not (no_settings / "pathway-teams.zip").exists()


def test_a_place_that_cannot_be_written_is_named(no_settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["package", *OPTIONS, "--out", str(no_settings / "nowhere" / "p.zip")]) == REFUSED
    assert "--out: " in capsys.readouterr().err


def test_a_schema_that_was_named_must_be_there(no_settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["package", *OPTIONS, "--schema", str(no_settings / "schema.json")]) == REFUSED
    assert "schema.json cannot be read" in capsys.readouterr().err


def test_a_schema_that_says_no_is_quoted_with_the_field(no_settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schema = no_settings / "schema.json"
    schema.write_text('{"properties": {"version": {"maxLength": 2}}}', encoding="utf-8")
    assert main(["package", *OPTIONS, "--schema", str(schema)]) == REFUSED
    assert "version (--version): '1.0.0' is too long." in capsys.readouterr().err


def test_the_check_stands_without_jsonschema(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    assert build(WISH, Provider())
    with pytest.raises(PackageRefused, match="not installed"):
        build(WISH, Provider(), FOLDER / "manifest.json")
