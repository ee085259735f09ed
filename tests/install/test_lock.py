"""The lock is the bill of materials: everything that runs is in it, at one version, by the hash of its file."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
#: pip itself and what it builds with come with every virtual environment; they are locked, but not ours to choose.
TOOLS = frozenset({"pip", "setuptools", "wheel"})


def locked() -> dict[NormalizedName, str]:
    """Version by name; the whole text of each entry is checked as it is read."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    lines = re.sub(r"\\\n", " ", text).splitlines()
    found: dict[NormalizedName, str] = {}
    for line in (line for line in lines if line.strip() and not line.lstrip().startswith("#")):
        entry = re.fullmatch(
            r"([a-z0-9][a-z0-9._-]*)==([^\s;]+)(?: ;[^\\]+?)?((?: +--hash=sha256:[0-9a-f]{64})+) *", line
        )
        assert entry, f"not pinned by version and hash: {line[:80]}"
        found[canonicalize_name(entry[1])] = entry[2]
    return found


LOCK = locked()


def asked_for() -> list[Requirement]:
    """What pyproject.toml asks for, with all its extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    return [Requirement(line) for one in lists for line in one]


def everything_below(requirements: list[Requirement]) -> dict[NormalizedName, Requirement]:
    """Each package that these bring in on this machine, whoever asks for it."""
    found: dict[NormalizedName, Requirement] = {}
    waiting = list(requirements)
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        wanted = waiting.pop()
        name, extras = canonicalize_name(wanted.name), frozenset(wanted.extras)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        found[name] = wanted
        for line in metadata.requires(name) or []:
            more = Requirement(line)
            if more.marker is None or any(more.marker.evaluate({"extra": extra}) for extra in (*extras, "")):
                waiting.append(more)
    return found


def test_every_package_that_ours_bring_in_is_locked() -> None:
    assert sorted(everything_below(asked_for()).keys() - LOCK.keys()) == []


def test_nothing_is_locked_that_nobody_asks_for_on_any_machine() -> None:
    """What other systems and Pythons need is locked too; here it is not installed, so its askers are not known."""
    here = {canonicalize_name(found.name) for found in metadata.distributions()}
    needed = everything_below(asked_for()).keys()
    assert sorted((LOCK.keys() & here) - needed - TOOLS) == []


@pytest.mark.parametrize("requirement", asked_for(), ids=str)
def test_the_lock_fits_what_the_project_asks_for(requirement: Requirement) -> None:
    assert requirement.specifier.contains(LOCK[canonicalize_name(requirement.name)])


def test_what_is_installed_is_what_is_locked() -> None:
    installed = {canonicalize_name(found.name): found.version for found in metadata.distributions()}
    ours = everything_below(asked_for()).keys() - TOOLS
    assert {name: (installed[name], LOCK[name]) for name in ours if installed[name] != LOCK[name]} == {}
