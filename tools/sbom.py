"""Writes the bill of materials, docs/sbom.cdx.json, from the lock: CycloneDX 1.6, the same bytes for the same lock.

    python tools/sbom.py [FILE]

CycloneDX's own tool would name a registry for each package and repeat the lock's lines as descriptions. This one says
what the lock knows: name, version, the hashes of every file that may be installed, who asks for it, and whether the
running bot needs it ("required") or only a way of running it, practice or the tests do ("optional"). Standard library
only.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SBOM = ROOT / "docs" / "sbom.cdx.json"
OURS = "pathway"

_ENTRY = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^\s;\\]+)", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_VIA = re.compile(r"^ +#(?: via)? +([A-Za-z0-9][\w.-]*)(?: \(.*\))?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Package:
    """One entry of the lock. *via* are the packages that ask for it; `OURS` is the project itself."""

    name: str
    version: str
    hashes: tuple[str, ...]
    via: tuple[str, ...]

    @property
    def purl(self) -> str:
        return f"pkg:pypi/{self.name.replace('_', '-').replace('.', '-')}@{self.version}"


def packages(lock: str) -> list[Package]:
    """The entries of a lock as pip-compile writes it, in its order."""
    starts = [*_ENTRY.finditer(lock)]
    ends = [*(entry.start() for entry in starts[1:]), len(lock)]
    return [
        Package(entry[1], entry[2], tuple(_HASH.findall(text)), tuple(_VIA.findall(text)))
        for entry, end in zip(starts, ends, strict=True)
        for text in [lock[entry.start() : end]]
    ]


def bill(lock: str, project: Mapping[str, Any]) -> dict[str, Any]:
    """The bill. *project* is the table of that name in pyproject.toml."""
    found = packages(lock)
    needed = _below([_name(line) for line in project["dependencies"]], found)
    ours = {"type": "application", "bom-ref": OURS, "name": OURS, "version": project["version"]}
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": ours | {"licenses": [{"license": {"id": project["license"]}}]}},
        "components": [
            {
                "type": "library",
                "bom-ref": package.purl,
                "name": package.name,
                "version": package.version,
                "scope": "required" if package.name in needed else "optional",
                "hashes": [{"alg": "SHA-256", "content": each} for each in package.hashes],
                "purl": package.purl,
            }
            for package in found
        ],
        "dependencies": [
            {"ref": OURS, "dependsOn": _asked_by(OURS, found)},
            *({"ref": package.purl, "dependsOn": _asked_by(package.name, found)} for package in found),
        ],
    }


def _asked_by(name: str, found: Sequence[Package]) -> list[str]:
    return [package.purl for package in found if name in package.via]


def _below(names: Sequence[str], found: Sequence[Package]) -> set[str]:
    """These and all that they bring in."""
    needed: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += [package.name for package in found if name in package.via]
    return needed


def _name(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0].lower()


def written(content: Mapping[str, Any]) -> str:
    """JSON with a line for each component, so that a change of one package is a change of one line."""
    lines = []
    for key, value in content.items():
        if isinstance(value, list):
            inner = ",\n".join(f"  {json.dumps(one)}" for one in value)
            lines.append(f" {json.dumps(key)}: [\n{inner}\n ]")
        else:
            lines.append(f" {json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main(arguments: Sequence[str]) -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (Path(arguments[0]) if arguments else SBOM).write_text(written(bill(lock, project)), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
