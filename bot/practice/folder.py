"""The folder in which practice keeps everything, and who the bot is in it."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import uuid
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO

from bot.keys import make
from bot.settings import PRACTICE_PASSWORD

MARKER = "practice.json"


class NotOurs(Exception):
    """The folder cannot be used; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The made-up app registration, made once a folder. *port* is the one used last; *seeded* says that the roster
    has been imported.
    """

    app_id: str
    app_password: str
    tenant_id: str
    port: int = 0
    seeded: bool = False


class PracticeFolder:
    """A folder that practice made (it holds the marker), held by one process at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._lock: IO[str] | None = None

    @property
    def book(self) -> Path:
        return self.path / "book"

    def main_key(self) -> Path:
        """The file of the store's main key, made where there is none."""
        file = self.path / "main.key"
        if not file.exists():
            make(file)
        return file

    @property
    def channel(self) -> Path:
        return self.path / "channel"

    @property
    def mail(self) -> Path:
        return self.path / "mail.json"

    @property
    def calendars(self) -> Path:
        return self.path / "calendars.json"

    @property
    def log(self) -> Path:
        return self.path / "bot.log"

    def open(self) -> Identity:
        """Makes the folder or takes up the one that is there. Raises NotOurs."""
        marker = self.path / MARKER
        if self.path.exists() and not marker.exists() and any(self.path.iterdir()):
            raise NotOurs(
                f"{self.path} holds something else, so practice leaves it alone. Choose another folder with --data."
            )
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not marker.exists():
            self.keep(Identity(str(uuid.uuid4()), _secret(), str(uuid.uuid4())))
        self._lock = (self.path / "lock").open("w", encoding="utf-8")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise NotOurs(
                f"Practice is running already with {self.path}. Use its page, or choose another folder with --data."
            ) from None
        if not self.identity().app_password.startswith(PRACTICE_PASSWORD):  # made before secrets were marked
            self.keep(replace(self.identity(), app_password=_secret()))
        return self.identity()

    def identity(self) -> Identity:
        return Identity(**json.loads((self.path / MARKER).read_text(encoding="utf-8")))

    def keep(self, identity: Identity) -> None:
        marker = self.path / MARKER
        aside = marker.with_suffix(".tmp")
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            json.dump(asdict(identity), out, indent=1)
        aside.replace(marker)

    def wipe_book(self) -> None:
        """Forgets everything the bot kept, and what stood in calendars. The bot must not be running."""
        self.keep(replace(self.identity(), seeded=False))
        if self.book.exists():
            shutil.rmtree(self.book)
        self.calendars.unlink(missing_ok=True)

    def close(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def _secret() -> str:
    """Marked, so that nobody takes it for a real one, nor a real one for it."""
    return PRACTICE_PASSWORD + secrets.token_urlsafe(32)
