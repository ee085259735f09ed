"""`python -m bot key new FILE` and `python -m bot key rotate`: the main key, and putting another in its place."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from bot.settings import SettingsFault, environment, main_keys
from pathway.dates import counted
from pathway.ports import StoreUnavailable
from storage.atomic import replace_file
from storage.book import SealedBook
from storage.seal import BadKey, MainKeys, read_key_file


def make(file: Path) -> str:
    """A new main key in *file*, for its owner alone (0600): before those that are in it already, which stay. The
    sentences that say what to do next. Raises SettingsFault.
    """
    keys = MainKeys.made()
    try:
        if not file.exists():
            _write_new(file, keys)
            return (
                f"{file} holds a new main key, {keys.current}. Set PATHWAY_KEY_FILE to it, and keep a copy somewhere "
                "safe, apart from the store and its backups: without it nobody can read them."
            )
        replace_file(file, keys.before(read_key_file(file)).text().encode("ascii"))
    except BadKey as fault:
        raise SettingsFault(f"{file} was not changed: {fault}.") from fault
    except OSError as fault:
        raise SettingsFault(f"{file} cannot be written: {(fault.strerror or type(fault).__name__).lower()}.") from fault
    return (
        f"{file} begins with a new main key now, {keys.current}; the earlier ones are still in it. Keep a copy of the "
        "file, and then: python -m bot key rotate"
    )


def _write_new(file: Path, keys: MainKeys) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as out:
        out.write(keys.text())
        out.flush()
        os.fsync(out.fileno())


async def rotate(book: SealedBook) -> dict[str, Any]:
    """Wraps every key of the store with the first main key of the settings, as they stand now. An answer for
    `bot.admin`.
    """
    try:
        keys = main_keys(environment())
        if keys is None:
            return {"error": "There is no main key in the settings."}
        done = await book.ring.rewrap(keys)
    except (SettingsFault, StoreUnavailable) as no:
        return {"error": str(no)}
    if not done:
        return {"said": f"Every key is wrapped with {keys.current} already. Make another: python -m bot key new FILE"}
    return {
        "said": f"Rewrapped with the main key {keys.current}: {counted(done, 'key')} of the store. Make a backup: the "
        "keyrings of earlier ones still need the old main key, which can go when they are deleted."
    }
