"""The people of practice mode, from `people.toml`."""

from __future__ import annotations

import tomllib
import uuid
from pathlib import Path

from bot.practice.people import PracticePerson

HERE = Path(__file__).resolve().parent
PARTNERSHIP = HERE / "partnership.csv"
PROVIDER = HERE / "provider.toml"

_DIRECTORY = uuid.UUID("5b0b8f5c-8f0e-5d0e-9d1c-6f2f6a0c7d11")


def practice_people(file: Path = HERE / "people.toml") -> tuple[PracticePerson, ...]:
    """In the order of the page. Raises KeyError for a person without a name, key, e-mail address or role."""
    return tuple(_person(row) for row in tomllib.loads(file.read_text(encoding="utf-8"))["person"])


def _person(row: dict[str, str]) -> PracticePerson:
    email = row["email"]
    return PracticePerson(
        key=row["key"],
        name=row["name"],
        email=email,
        object_id=str(uuid.uuid5(_DIRECTORY, email)),
        principal_name=row.get("principal_name", email),
        what=row["what"],
        reach="email_only" if row.get("reach") == "email_only" else "teams",
        group=row["group"],
    )
