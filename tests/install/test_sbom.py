"""The bill of materials is CycloneDX, says what the lock says and what is installed, and names no place."""

from __future__ import annotations

import json
import re
import tomllib
from importlib import metadata
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.install.test_lock import LOCK, ROOT, TOOLS, asked_for, everything_below
from tools import sbom

TEXT = sbom.SBOM.read_text(encoding="utf-8")
BILL: dict[str, Any] = json.loads(TEXT)
COMPONENTS: list[dict[str, Any]] = BILL["components"]
VERSIONS = {canonicalize_name(part["name"]): part["version"] for part in COMPONENTS}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def faults(text: str) -> object:
    """What CycloneDX's own schema says against it; None where it is in order."""
    return JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)


def test_it_keeps_to_the_schema_of_its_format() -> None:
    assert faults(TEXT) is None


@pytest.mark.parametrize("bent", [{"bomFormat": "other"}, {"components": [{"type": "library"}]}, {"more": 1}])
def test_the_check_of_the_schema_would_see_a_fault(bent: dict[str, Any]) -> None:
    assert faults(json.dumps(BILL | bent)) is not None


def test_it_is_the_one_of_this_lock() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert sbom.written(sbom.bill(lock, PROJECT)) == TEXT, "run make sbom"


def test_it_lists_every_package_of_the_lock_once_at_its_version_and_no_other() -> None:
    assert VERSIONS == LOCK
    assert len(COMPONENTS) == len(LOCK)


def test_what_is_installed_for_us_is_on_it_at_the_version_that_is_installed() -> None:
    installed = {canonicalize_name(found.name): found.version for found in metadata.distributions()}
    ours = everything_below(asked_for()).keys() - TOOLS
    assert {name: installed[name] for name in ours} == {name: VERSIONS.get(name) for name in ours}


def test_each_has_its_package_url_and_the_hashes_of_the_lock() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    for part in COMPONENTS:
        url = PackageURL.from_string(part["purl"])
        assert (url.type, url.name, url.version) == ("pypi", canonicalize_name(part["name"]), part["version"])
        assert part["hashes"]
    hashes = [each["content"] for part in COMPONENTS for each in part["hashes"]]
    assert hashes == re.findall(r"--hash=sha256:([0-9a-f]{64})", lock)


def test_what_the_running_bot_needs_is_told_from_what_the_tests_need() -> None:
    """By what the packages themselves say, and not by the lock's words."""
    needed = everything_below([Requirement(line) for line in PROJECT["dependencies"]]).keys()
    required = {canonicalize_name(part["name"]) for part in COMPONENTS if part["scope"] == "required"}
    assert needed - required == set()
    assert {"pytest", "mypy", "playwright", "aiosmtpd"} & required == set()


def test_who_brings_in_whom_is_complete_and_everything_is_brought_in_by_somebody() -> None:
    graph = {one["ref"]: one["dependsOn"] for one in BILL["dependencies"]}
    refs = {part["bom-ref"] for part in COMPONENTS}
    assert graph.keys() == refs | {"pathway"}
    assert {name for below in graph.values() for name in below} == refs


def test_it_names_no_place_no_machine_and_no_time() -> None:
    assert set(re.findall(r"https?://[^\"]*", TEXT)) == {"http://cyclonedx.org/schema/bom-1.6.schema.json"}
    assert re.search(r"(?<![\w.-])/(?:home|root|work|tmp|usr)/|file:|timestamp|serialNumber", TEXT) is None
