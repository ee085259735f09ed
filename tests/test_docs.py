"""What can be set is written down, and what the pages name is there."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from pathway.provider import Contacts, Days, QuietHours, Retention, Roles, Settings, Words

ROOT = Path(__file__).parent.parent


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def settings_read() -> set[str]:
    """Every name that the bot asks the environment for."""
    code = "".join(page(name) for name in ("bot/settings.py", "tests/browser/conftest.py", "tools/setup.sh"))
    return set(re.findall(r"\b(?:PATHWAY|SMTP)_[A-Z_]+\b|\bMicrosoftApp[A-Za-z]+\b|\"(?:PORT|HOST)\"", code))


@pytest.mark.parametrize("name", sorted(n.strip('"') for n in settings_read()))
def test_every_setting_is_in_the_guide(name: str) -> None:
    assert f"`{name}`" in page("docs/running.md")


@pytest.mark.parametrize("kind", [Roles, Words, Days, QuietHours, Settings, Retention, Contacts])
def test_every_key_of_the_provider_is_in_its_guide(kind: type) -> None:
    guide = page("docs/provider.md")
    named = set(re.findall(r"`[^`]*?([a-z_]+)\]?`", guide))
    assert {f.name for f in fields(kind)} - named == set()


@pytest.mark.parametrize(
    "name",
    ["README.md", "CONTRIBUTING.md", "docs/provider.md", "docs/running.md", "docs/teams.md", "docs/adr/README.md"],
)
def test_every_link_of_a_page_leads_somewhere(name: str) -> None:
    folder = (ROOT / name).parent
    links = [link for link in re.findall(r"\]\(([^)#]+)", page(name)) if "://" not in link]
    assert [link for link in links if not (folder / link).exists()] == []


def test_the_two_commands_are_in_the_readme() -> None:
    assert "make practice" in page("README.md")
    assert "make test" in page("README.md")


def test_the_lock_pins_with_hashes_and_names_no_place() -> None:
    lock = page("requirements.lock")
    assert "--hash=sha256:" in lock
    assert re.search(r"^--|://", lock, re.MULTILINE) is None
    assert "resolved" not in page("package-lock.json")
