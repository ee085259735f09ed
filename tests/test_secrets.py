"""No secret lies in the repository: every tracked file is searched for keys, tokens and passwords of known shapes."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

SHAPES: Mapping[str, re.Pattern[str]] = {
    name: re.compile(shape)
    for name, shape in {
        "a private key": (r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----(?:\s|\\[nr]|[\"',+])*[A-Za-z0-9+/=]{16}"),
        "a signed token": r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}",
        "a client secret of Entra": r"(?<![\w.~-])[\w.~-]{3}\dQ~[\w.~-]{31,34}(?![\w.~-])",
        "a key of Azure": r"(?i)\b(?:Account|SharedAccess)Key\s*=\s*[A-Za-z0-9+/]{20,}",
        "a shared access signature": r"[?&]sig=[A-Za-z0-9%+/]{20,}",
        "a token of GitHub": r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,})",
        "a token of GitLab": r"\bglpat-[\w-]{16,}",
        "a token of a package index": r"\b(?:pypi-[\w-]{20,}|npm_[A-Za-z0-9]{30,})",
        "a key of Amazon": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
        "a key of Google": r"\bAIza[\w-]{30,}",
        "a token of Slack": r"\bxox[abprs]-[\w-]{10,}",
        "an address with a password": r"\b[a-z][a-z0-9+.]{1,20}://[^\s/:@\"'{}<>]+:[^\s/:@\"'{}<>]+@",
        "a password that is set": (
            r"(?i)(?:password|passwd|secret|api_?key|access_?key)\w*[\"']?\s*[:=]\s*[\"']([^\"'\n{}]{8,})[\"']"
        ),
    }.items()
}
FILES = re.compile(
    r"(?i)(?:^|/)(?:\.env(?:\.(?!example$)\w+)?|[^/]*\.(?:pem|key|p12|pfx|jks|kdbx)|id_(?:rsa|ed25519))$"
)
"""Names of files that hold secrets, whatever stands in them."""

MADE_UP = frozenset(
    {
        "only for the bench",
        "only for this test",
        "wXn8Q~only-for-this-test",
        "practice-",  # how those of practice mode begin
        "practice-0123456789",
        "bench-app",
        "link-secret",  # the name of a note
        "Make a client secret under Certificates & secrets and copy its Value.",
        "stands in",
        "http://me:hidden@",
        "postgresql://me:hunter2@",
        "postgresql://nobody:hunter2@",
        "https://me:secret@",
        "https://user:word@",
        "http://127.0.0.1:4100@",
    }
)
"""What looks like a secret and opens nothing anywhere, word for word. A new one has to be looked at."""


def tracked() -> list[Path]:
    """What git keeps; in a tree without git, every file that is not made by tools."""
    git = shutil.which("git")
    if git is not None and (ROOT / ".git").exists():
        listed = subprocess.run([git, "-C", str(ROOT), "ls-files", "-z"], capture_output=True, check=True).stdout  # noqa: S603 - ours
        names = [name for name in listed.decode().split("\0") if name]
        return [ROOT / name for name in names if (ROOT / name).is_file()]
    made = {"node_modules", "__pycache__", "build", "dist"}
    return [
        path
        for path in ROOT.rglob("*")
        if path.is_file()
        and not any(part in made or part.startswith(".") for part in path.relative_to(ROOT).parts[:-1])
    ]


def text_of(path: Path) -> str:
    """Nothing of a picture."""
    raw = path.read_bytes()
    return "" if b"\0" in raw[:1024] else raw.decode("utf-8", "replace")


def secrets_in(text: str) -> Iterator[tuple[str, str]]:
    """What each is, and its words."""
    for kind, shape in SHAPES.items():
        for found in shape.finditer(text):
            yield kind, found[found.lastindex or 0]


def test_no_tracked_file_has_a_secret_in_it() -> None:
    files = tracked()
    assert len(files) > 200
    found = [
        (str(path.relative_to(ROOT)), kind)  # and not its words, which would be in the log of the check
        for path in files
        for kind, words in secrets_in(text_of(path))
        if words not in MADE_UP
    ]
    assert found == []


def test_no_tracked_file_is_one_that_holds_secrets() -> None:
    assert [path.name for path in tracked() if FILES.search(path.relative_to(ROOT).as_posix())] == []
    assert all(FILES.search(name) for name in (".env", "bot/.env.local", "certs/bot.pem", "id_rsa", "a.pfx"))
    assert not any(FILES.search(name) for name in (".env.example", "bot/keys.py", "docs/key.md"))


#: In two parts, so that this file has none in it.
PLANTED = {
    "a private key": ("-----BEGIN RSA PRIVATE", " KEY-----\nMIIEpAIBAAKCAQEAx5w3"),
    "a private key in JSON": ('"-----BEGIN PRIVATE', ' KEY-----\\nMIIEvQIBADANBgkqhkiG"'),
    "a signed token": ("eyJhbGciOiJSUzI1NiJ9.", "eyJpc3MiOiJub2JvZHkifQ.c2lnbmF0dXJlLW9m"),
    "a client secret of Entra": ("MicrosoftAppPassword=aB3", "8Q~" + "x1Y2z3-4_5.6789-" * 2),
    "a key of Azure": ("DefaultEndpointsProtocol=https;AccountKey", "=c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"),
    "a shared access signature": ("https://x.example/?sv=1&sig", "=c2VjcmV0c2VjcmV0c2VjcmV0"),
    "a token of GitHub": ("ghp_", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"),
    "a token of GitLab": ("glpat-", "a1B2c3D4e5F6g7H8i9J0"),
    "a token of a package index": ("pypi-", "AgEIcHlwaS5vcmcCJDAwMDAw"),
    "a key of Amazon": ("AKIA", "IOSFODNN7EXAMPLE"),
    "a key of Google": ("AIza", "SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6q"),
    "a token of Slack": ("xoxb-", "123456789012-abcdefghij"),
    "an address with a password": ("postgresql://pathway:", "correct-horse@db.example/pathway"),
    "a password that is set": ("SMTP_PASSWORD = ", "'correct horse battery'"),
}


@pytest.mark.parametrize("kind", PLANTED)
def test_the_search_finds_one_that_is_planted(kind: str) -> None:
    first, rest = PLANTED[kind]

    assert kind.removesuffix(" in JSON") in {found for found, words in secrets_in(f"# notes\n{first}{rest}\n")}
    assert not any(words in MADE_UP for _, words in secrets_in(f"{first}{rest}"))
