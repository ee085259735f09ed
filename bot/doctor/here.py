"""What is on this machine: the provider's file, its calendars, the store's folder, the placement list, the port."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import socket
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from bot.admin import NOT_WHOLE, ask, no_room_for_a_socket
from bot.doctor.findings import Finding, note, well, without_people, wrong
from bot.port import why_closed
from bot.settings import BotSettings, SettingsFault, provider_path
from pathway.dates import counted, in_words, listed, local_date
from pathway.ports import StoreUnavailable
from pathway.provider import Provider, ProviderFault
from storage import POSTGRES, look_into, open_stores
from storage.atomic import copy_of, remove_file, replace_file
from storage.backup import last_backup
from storage.look import Look, NotReadable, look
from storage.losses import DAMAGED, losses, seen
from storage.seal import MainKeys
from storage.tinydb_book import ROSTER
from storage.tinydb_keys import check_outside

#: How long before the end of the last term somebody should know, in days.
SOON = timedelta(days=60)
#: Bytes of free room below which it is wrong, or should be known; and free inodes below which it is wrong.
LEAST_ROOM, LITTLE_ROOM, LEAST_FILES = 200_000_000, 1_000_000_000, 1000
PROBE = ".doctor.tmp"
LOWEST_FREE_PORT = 1024
#: Days after which somebody should think of the next backup.
OLD_BACKUP = 8
#: Damaged files that are told of one by one.
MOST_LOSSES = 20


# -- the provider and its calendars -----------------------------------------------------------------------------------


def provider_of(env: Mapping[str, str]) -> tuple[Provider | None, list[Finding]]:
    try:
        provider = Provider.load(provider_path(env))
    except SettingsFault:
        return None, []
    except ProviderFault as fault:
        return None, [wrong("provider", without_people(sentence)) for sentence in fault.faults]
    return provider, [well("provider", "The file is whole, with the Partnership Team and whom to ring.")]


def calendars(provider: Provider, today: date) -> Iterator[Finding]:
    """Until when the days are known. Bank holidays never run out: they are worked out by rule."""
    if not provider.calendars:
        yield note("calendars", "There are no term dates: Monday to Friday counts. Write them into [calendars.NAME].")
        return
    known: list[str] = []
    for one in provider.calendars:
        end = one.terms[-1][1]
        where = f"[calendars.{one.key}]"
        if end < today:
            yield wrong(
                "calendars",
                f"The term dates of {where} ended on {in_words(end, year=True)}: since then holidays are counted as "
                "school days. Write the next terms into provider.toml and start the bot again.",
            )
        elif end - today <= SOON:
            yield note(
                "calendars", f"The term dates of {where} end on {in_words(end, year=True)}. Write in the next ones."
            )
        else:
            known.append(f"{where} to {in_words(end, year=True)}")
    if known:
        yield well("calendars", f"Term dates are known: {listed(known)}. Bank holidays are worked out for every year.")
    closures = provider.university_closures
    if not closures or closures[-1][1] < today:
        yield note(
            "calendars", "No coming closure of the university is known. Write Christmas into [university] closures."
        )


# -- the store --------------------------------------------------------------------------------------------------------


async def running_on(folder: Path | None, patience: float) -> dict[str, Any] | None:
    """What the bot that runs on *folder* says of its clock; None where none runs there."""
    if folder is None:
        return None
    try:
        async with asyncio.timeout(patience):
            return await ask(folder, {"do": "clock"})
    except (TimeoutError, OSError, ValueError):
        return None


def folder_of(settings: BotSettings) -> tuple[Path | None, list[Finding]]:
    """The store's folder; None with a finding where there is none."""
    try:
        folder = open_stores(settings.store).folder
    except ValueError as fault:
        return None, [wrong("store", f"PATHWAY_STORE is wrong. {fault}")]
    if settings.store.startswith(POSTGRES):
        return None, []
    if folder is None:
        return None, [wrong("store", "memory: forgets every case when the bot stops. Write tinydb:///var/lib/pathway.")]
    return folder, []


async def database(settings: BotSettings, provider: Provider | None, today: date) -> list[Finding]:
    """Whether PostgreSQL answers, and what it has. Changes nothing there."""
    try:
        seen, missing = await look_into(settings.store, settings.keys)
    except StoreUnavailable as fault:
        return [wrong("store", f"{fault} See PATHWAY_STORE, and whether PostgreSQL runs.")]
    except ValueError:  # told by `folder_of`, or a row that no version of ours wrote
        return []
    if missing:
        found = note(
            "store", "The database answers. The bot makes its tables when it starts; so does: python -m bot migrate"
        )
    else:
        found = well("store", "The database answers, and its tables are up to date.")
    return [found, *_roster(seen, provider, today)]


def store(folder: Path) -> Iterator[Finding]:
    """Whether everything can be kept in *folder*. Writes one small file there and removes it."""
    try:
        yield from _store(folder)
    except PermissionError:
        yield wrong(
            "store", f"This user cannot come as far as {folder}. Run the doctor as the bot's user, or open the way."
        )


def _store(folder: Path) -> Iterator[Finding]:
    if no := no_room_for_a_socket(folder):
        yield wrong("store", no)
    if not folder.exists():
        yield _to_be_made(folder)
        return
    if not folder.is_dir():
        yield wrong("store", f"{folder} is a file. Name a folder in PATHWAY_STORE.")
        return
    faults = [*_mode(folder), *_writing(folder), *_room(folder)]
    yield from faults
    if not any(fault.mark.value == "WRONG" for fault in faults):
        yield well("store", f"{folder} can be written, is closed to others and has room.")


def _to_be_made(folder: Path) -> Finding:
    parent = next(above for above in folder.parents if above.exists())
    if os.access(parent, os.W_OK | os.X_OK):
        return note("store", f"{folder} is not there yet. The first start, or the first import, makes it.")
    return wrong(
        "store",
        f"{folder} is not there, and this user cannot make it in {parent}. As root: install -d -m 700 -o USER {folder}",
    )


def _mode(folder: Path) -> Iterator[Finding]:
    found = folder.stat()
    user = os.geteuid()
    if found.st_mode & 0o077:
        yield wrong("store", f"Other users of this machine can look into {folder}. Run: chmod 700 {folder}")
    if found.st_uid != user and user == 0:
        yield note(
            "store", "You are root, and the folder is not root's. Run the doctor as the user that the bot runs as."
        )
    elif found.st_uid != user:
        yield wrong(
            "store", f"{folder} belongs to another user. Run this as the bot's user, or: chown -R USER {folder}"
        )


def _writing(folder: Path) -> Iterator[Finding]:
    try:
        replace_file(folder / PROBE, b"x" * 4096)
        remove_file(folder / PROBE)
    except OSError as fault:
        why = (fault.strerror or type(fault).__name__).lower()
        yield wrong(
            "store",
            f"Nothing can be written into {folder}: {why}. Give the folder to the bot's user, mount it for writing, or "
            "make room; until then nobody's act is kept.",
        )


def _room(folder: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(folder).free
    files = os.statvfs(folder)
    room = f"{free // 1_000_000} MB are free where {folder} is"
    if free < LEAST_ROOM:
        yield wrong(
            "store", f"Only {room}. Make room, or move the store to a larger disk: a full disk stops every act."
        )
    elif free < LITTLE_ROOM:
        yield note("store", f"{room}. That will do for now; make room before it falls below 200 MB.")
    if files.f_files and files.f_favail < LEAST_FILES:
        yield wrong(
            "store", f"The disk of {folder} takes hardly any more files. Delete what is old there, or move the store."
        )


def backups(folder: Path, today: date) -> Iterator[Finding]:
    """When `python -m bot backup` was last used here; a university may well back the folder up in another way. *today*
    is the machine's: the clock of the pathway may have been moved.
    """
    made = last_backup(folder)
    if made is None:
        yield note("backup", "No backup by “python -m bot backup FILE” yet. Another way of your own will do too.")
        return
    day = local_date(made)
    age, said = (today - day).days, f"The last backup was made on {in_words(day, year=True)}"
    if age > OLD_BACKUP:
        yield note("backup", f"{said}, {counted(age, 'day')} ago. Make the next one: python -m bot backup FILE")
    else:
        yield well("backup", f"{said}.")


# -- the keys ---------------------------------------------------------------------------------------------------------


def keys(settings: BotSettings, env: Mapping[str, str], folder: Path | None) -> Iterator[Finding]:
    """Whether the main key opens the keyring in *folder* (None for a database, which says so itself), and stands apart
    from it.
    """
    if settings.keys is None:
        return
    file = env.get("PATHWAY_KEY_FILE", "")
    inside = folder is not None and file and folder.resolve() in Path(file).resolve().parents
    if inside and not settings.practice:
        yield wrong(
            "main key",
            f"The main key stands in the store's folder, and goes where that goes. Move {file} somewhere else.",
        )
    if folder is None:
        yield well("main key", f"The main key is {settings.keys.current}.")
        return
    try:
        check_outside(folder, settings.keys)
    except StoreUnavailable as no:
        yield wrong("main key", str(no))
        return
    yield well(
        "main key", f"The main key {settings.keys.current} opens the store. Keep a copy of it apart from backups."
    )


# -- what was found damaged -------------------------------------------------------------------------------------------


def damaged(folder: Path) -> Iterator[Finding]:
    """What the bot found damaged at a start, until somebody has looked: a line each, of the first *MOST_LOSSES*."""
    try:
        found = losses(folder)
    except OSError:
        return  # whoever may not look into the folder is told so already
    for loss in found[:MOST_LOSSES]:
        if loss.restored:
            mend = "Look at it in Teams, record again what is missing, then: python -m bot doctor --seen"
        else:
            mend = f"Restore it from a backup, or delete what of it stands in {folder / DAMAGED}."
        yield wrong("damaged", f"{loss}. {mend}")
    if len(found) > MOST_LOSSES:
        yield wrong("damaged", f"And {len(found) - MOST_LOSSES} more, of which the log tells.")


def have_seen(folder: Path) -> list[Finding]:
    """Somebody has looked at what is back from its copy: what was damaged is deleted. Raises OSError."""
    over, _ = seen(folder)
    if not over:
        return [note("damaged", "There is nothing that could be marked as seen.")]
    return [well("damaged", f"Seen, and what was damaged is deleted: {loss.file}.") for loss in over]


# -- the placement list -----------------------------------------------------------------------------------------------


def roster(folder: Path, keys: MainKeys | None, provider: Provider | None, today: date) -> Iterator[Finding]:
    try:
        here = look(folder, keys)
    except NotReadable as fault:
        copy = os.path.exists(copy_of(folder / ROSTER))  # noqa: PTH110 - False where we may not look
        mend = (
            "Start the bot again: it puts the last good copy back."
            if copy
            else ("Restore it from a backup, or import the placement list again.")
        )
        yield wrong("roster", f"{fault} {mend}")
        return
    yield from _roster(here, provider, today)


def _roster(seen: Look, provider: Provider | None, today: date) -> Iterator[Finding]:
    if not seen.placements:
        yield wrong("roster", "There is no placement list, so nobody is known. Run: python -m bot roster import FILE")
        return
    faults = list(_placements(seen, provider, today))
    yield from faults
    if not faults:
        n = sum(placement.is_current(today) for placement in seen.placements)
        yield well("roster", f"{counted(len(seen.placements), 'placement')} are on the list, {n} of them today.")


def _placements(seen: Look, provider: Provider | None, today: date) -> Iterator[Finding]:
    if all(placement.end < today for placement in seen.placements):
        yield wrong("roster", "Every placement on the list is over. Run: python -m bot roster import FILE")
    if provider is None:
        return
    unknown = sorted({p.calendar for p in seen.placements if p.calendar and not provider.knows_calendar(p.calendar)})
    if unknown:
        names = listed([f"[calendars.{name}]" for name in unknown[:5]])
        yield wrong("roster", f"Placements name {names}, which provider.toml does not have. Add it, or mend the list.")


# -- the port ---------------------------------------------------------------------------------------------------------


async def port(settings: BotSettings, *, runs: bool, patience: float) -> Finding:
    """*runs*: a bot answers on our store."""
    try:
        await asyncio.to_thread(_bind, settings.host, settings.port)
    except OSError as fault:
        if fault.errno == errno.EADDRINUSE:
            return await _taken(settings, fault, runs=runs, patience=patience)
        return wrong("port", why_closed(fault, settings.port))
    if runs:
        return wrong(
            "port", f"A bot runs on this store, but not on port {settings.port}. Start it again with these settings."
        )
    return well("port", f"Port {settings.port} is free. The bot is not running yet.")


def _bind(host: str, number: int) -> None:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, number, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with socket.socket(family, kind, protocol) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        trial.bind(address)


async def _taken(settings: BotSettings, fault: OSError, *, runs: bool, patience: float) -> Finding:
    host = settings.host if settings.host not in {"", "0.0.0.0", "::"} else "127.0.0.1"  # noqa: S104 - compared, not bound
    status = await readiness(f"http://{host}:{settings.port}", patience)
    if status is None:
        return wrong("port", why_closed(fault, settings.port))
    if not runs:
        return wrong(
            "port",
            f"On port {settings.port} is a Pathway with another store, or of another user. Run the doctor as the bot's "
            "user; if it says the same, set another PORT.",
        )
    if status != 200:
        return wrong(
            "port", "The bot runs, but says that it cannot work (readyz). Its log says why; so may the lines above."
        )
    return well("port", f"The bot is running on port {settings.port}, and ready.")


async def readiness(origin: str, patience: float, *, trust_env: bool = False) -> int | None:
    """What `readyz` answers at *origin*; None where no Pathway answers. Raises nothing."""
    time_out = aiohttp.ClientTimeout(total=patience)
    try:
        async with (
            aiohttp.ClientSession(timeout=time_out, trust_env=trust_env) as session,
            session.get(f"{origin}/readyz", allow_redirects=False) as answer,
        ):
            said = await answer.json()
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
        return None
    return answer.status if isinstance(said, dict) and said.get("status") in {"ready", "not ready", NOT_WHOLE} else None
