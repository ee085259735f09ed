"""`python -m bot backup FILE` and `python -m bot restore FILE`: one file with everything, and the way back."""

from __future__ import annotations

import asyncio
import shutil
from datetime import datetime
from pathlib import Path

from bot.admin import ask
from pathway.dates import counted, listed, moment_in_words
from pathway.ports import StoreUnavailable
from storage.backup import (
    Held,
    NotBackedUp,
    NotRestored,
    Restored,
    drop_older_keyrings,
    keyring_of,
    note_backup,
    pack,
    restore,
    take_aside,
)
from storage.folder import Folder, FolderInUse
from storage.seal import MainKeys


def back_up(folder: Path | None, file: Path, now: datetime, main: MainKeys | None) -> str:
    """Of the store in *folder*, whether a bot runs on it or not; with *main*, which is not needed for it, keyrings of
    earlier backups of the same store beside it are deleted. The sentences that say what is in *file* now.

    A running bot only takes its files aside; what takes time is done here, in a process of its own. Raises
    NotBackedUp.
    """
    if folder is None or not folder.is_dir():
        where = f"in {folder}" if folder else "there: memory: keeps nothing"
        raise NotBackedUp(f"There is no store {where}. PATHWAY_STORE names it.")
    for there in (file, keyring_of(file)):
        if there.exists():
            raise NotBackedUp(f"{there} is there already. Name a file that is not; no backup is ever written over.")
    try:
        aside = asyncio.run(_aside(folder))
    except StoreUnavailable as no:
        raise NotBackedUp(f"No backup was made. {no}") from no
    try:
        held = pack(aside, file, now)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    note_backup(folder, now)
    dropped = drop_older_keyrings(file, main) if main else 0
    return "\n".join(
        [
            f"{file} holds {_what(held)}, as of {moment_in_words(held.made, year=True)}.",
            *_unreadable(held),
            f"It is sealed. Its keys are in {keyring_of(file).name}, and need your main key. Keep the three apart.",
            _keyrings(dropped),
        ]
    )


def _keyrings(dropped: int) -> str:
    if dropped == 1:
        return "The keyring of an earlier backup in that folder was deleted: this one opens that backup too."
    if dropped:
        return f"{dropped} keyrings of earlier backups in that folder were deleted: this one opens those backups too."
    return (
        "Keep only the newest keyring, wherever there are copies: it opens earlier backups too, and an older one still "
        "has the keys of cases that were erased."
    )


async def _aside(folder: Path) -> Path:
    answer = await ask(folder, {"do": "take_aside"})
    if answer is not None:
        if "error" in answer:
            raise NotBackedUp(f"No backup was made. {answer['error']}")
        return folder / str(answer["aside"])
    stopped = Folder(folder)
    await stopped.open()
    try:
        return await take_aside(stopped)
    finally:
        await stopped.close()


def bring_back(file: Path, folder: Path | None, keys: Path | None = None, *, replace: bool) -> str:
    """The sentences that say what came back; *keys* as in `restore`. Raises NotRestored."""
    if folder is None:
        raise NotRestored("memory: keeps nothing. Name a folder in PATHWAY_STORE.")
    try:
        done = restore(file, folder, keys, replace=replace)
    except FolderInUse as no:
        raise NotRestored(f"{no} Nothing was changed.") from no
    return "\n".join(
        [
            f"{_what(done.held)} are back, as of {moment_in_words(done.held.made, year=True)}.",
            *_unreadable(done.held),
            *_erased(done.erased),
            *_since(done),
            "Messages that went out after the backup was made may go out once more when the bot starts.",
        ]
    )


def _what(held: Held) -> str:
    people = "1 person" if held.people == 1 else f"{held.people} people"
    return listed([counted(held.cases, "case"), people, counted(held.drafts, "saved draft")])


def _unreadable(held: Held) -> list[str]:
    if not held.unreadable:
        return []
    return [f"Damaged already when the backup was made: {listed(held.unreadable)}."]


def _erased(cases: int) -> list[str]:
    if cases == 1:
        return ["1 case of it was erased since, and stays so."]
    return [f"{cases} cases of it were erased since, and stay so."] if cases else []


def _since(done: Restored) -> list[str]:
    if done.aside is None:
        return []
    gone = [
        *([f"{counted(done.newer, 'case')} had moved on since the backup"] if done.newer else []),
        *([f"{counted(done.later, 'case')} had begun after it"] if done.later else []),
    ]
    return [
        *([f"What is newer is not here now: {listed(gone)}."] if gone else []),
        f"What was there before stands in {done.aside}. Delete that when you no longer need it.",
    ]
