"""What can be set is written down, and what the pages name is there."""

import ast
import re
from dataclasses import fields
from pathlib import Path

import pytest

from bench.attacks import ATTACKS
from bot.__main__ import main
from pathway.provider import Contacts, Days, MeetingTimes, QuietHours, Retention, Review, Roles, Settings, Words
from tools import pictures

ROOT = Path(__file__).parent.parent


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def settings_read() -> set[str]:
    """Every name that the bot asks the environment for."""
    code = "".join(page(name) for name in ("bot/settings.py", "tests/practice/house.py", "tools/setup.sh"))
    return set(re.findall(r"\b(?:PATHWAY|SMTP)_[A-Z_]+\b|\bMicrosoftApp[A-Za-z]+\b|\"(?:PORT|HOST)\"", code))


@pytest.mark.parametrize("name", sorted(n.strip('"') for n in settings_read()))
def test_every_setting_is_in_the_guide(name: str) -> None:
    assert f"`{name}`" in page("docs/running.md")


@pytest.mark.parametrize("kind", [Roles, Words, Days, QuietHours, MeetingTimes, Review, Settings, Retention, Contacts])
def test_every_key_of_the_provider_is_in_its_guide(kind: type) -> None:
    guide = page("docs/provider.md")
    named = set(re.findall(r"`[^`]*?([a-z_]+)\]?`", guide))
    assert {f.name for f in fields(kind)} - named == set()


PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    "docs/cards.md",
    "docs/install.md",
    "docs/provider.md",
    "docs/reliability.md",
    "docs/running.md",
    "docs/teams.md",
    "docs/adr/README.md",
    "manifest/README.md",
]


@pytest.mark.parametrize("name", PAGES)
def test_every_link_of_a_page_leads_somewhere(name: str) -> None:
    folder = (ROOT / name).parent
    links = [link for link in re.findall(r"\]\(([^)#]+)", page(name)) if "://" not in link]
    assert [link for link in links if not (folder / link).exists()] == []


@pytest.mark.parametrize("name", [name for name in PAGES if "python -m bot" in page(name)])
def test_every_command_that_a_page_names_is_one(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    named = re.findall(
        r"python -m bot ((?:(?:roster|audit|erase) )?[a-z-]+)((?: \\?\s*--[a-z-]+ (?:\"[^\"]*\"|\S+))*)", page(name)
    )
    for command, options in named:
        with pytest.raises(SystemExit) as end:
            main([*command.split(), "--help"])
        assert end.value.code == 0, command
        helped = capsys.readouterr().out
        assert [option for option in re.findall(r"--[a-z-]+", options) if option not in helped] == []


def test_every_picture_is_taken_by_the_tool_and_stands_among_the_cards() -> None:
    there = {file.stem for file in (ROOT / "docs" / "pictures").iterdir()}
    shown = set(re.findall(r"\]\(pictures/([a-z-]+)\.png\)", page("docs/cards.md")))
    taken = pictures.LIGHT | pictures.DARK | pictures.DANIEL_LIGHT | pictures.DANIEL_DARK | pictures.AISHA_NARROW
    assert taken | pictures.GRAPH_LIGHT == there
    assert shown == there


def test_the_two_commands_are_in_the_readme() -> None:
    assert "make practice" in page("README.md")
    assert "make test" in page("README.md")


def test_the_lock_pins_with_hashes_and_names_no_place() -> None:
    lock = page("requirements.lock")
    assert "--hash=sha256:" in lock
    assert re.search(r"^--|://", lock, re.MULTILINE) is None
    assert "resolved" not in page("package-lock.json")


def functions_in(file: str) -> set[str]:
    """The names of the test functions in *file*; none where there is no such file."""
    path = ROOT / file
    tree = ast.parse(path.read_text(encoding="utf-8")) if path.exists() else ast.Module(body=[], type_ignores=[])
    made = (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {node.name for node in made if node.name.startswith("test_")}


def test_every_test_that_the_page_of_what_must_hold_names_is_there() -> None:
    named = re.findall(r"`(tests/[^`]*?)::([^`]*)`", page("docs/reliability.md"))
    assert named
    assert [f"{file}::{name}" for file, name in named if name not in functions_in(file)] == []


def rows_of(name: str, *, before: str = "", after: str = "") -> list[list[str]]:
    """The cells of each numbered line of a table, in the part of the page before or after a heading."""
    head, _, tail = page(name).partition(before or after)
    lines = (head if before else tail).splitlines()
    return [line.split(" | ") for line in lines if re.match(r"\| \d+ \|", line)]


def test_each_promise_of_a_time_is_measured_and_each_figure_stands_on_the_page_of_what_must_hold() -> None:
    measured = [(figure.row, attack.name, figure.what) for attack in ATTACKS for figure in attack.figures]
    shown = [(int(cells[0].strip("| ")), *cells[1:3]) for cells in rows_of("docs/reliability.md", after="## Figures")]
    promised = [cells for cells in rows_of("docs/reliability.md", before="## Figures") if "](#figures)" in cells[-1]]
    assert shown == measured
    assert {int(cells[0].strip("| ")) for cells in promised} == {row for row, _, _ in measured}
    assert all("`make bench-attacks`" in cells[-1] for cells in promised)
    assert "bench-attacks:" in page("Makefile")


def test_every_line_of_that_page_names_a_test_or_says_not_yet_and_wire_tests_stand_under_the_wire() -> None:
    lines = rows_of("docs/reliability.md", before="## Figures")
    assert [int(line[0].strip("| ")) for line in lines] == [*range(1, 76)]
    for number, _what, wire, inside, missing in lines:
        assert "::" in wire or "not yet: " in missing or "::" in inside, number
        assert all(re.match(r"tests/(wire/|install/test_doctor_process)", t) for t in re.findall(r"`(.*?)`", wire))
        assert not any(t.startswith("tests/wire/") for t in re.findall(r"`(.*?)`", inside)), number
