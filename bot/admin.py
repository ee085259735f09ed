"""A 0600 Unix socket in the store's folder: one JSON line in, one JSON line out. For commands to a running bot."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import stat
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from bot.clock import CannotMove, Clock
from bot.logs import during
from bot.roster import RosterCommand
from bot.settings import SettingsFault
from pathway.ports import StoreUnavailable
from storage.backup import take_aside
from storage.folder import Folder

log = logging.getLogger(__name__)

Answer = dict[str, Any]
Command = Callable[[Answer], Awaitable[Answer]]
NAME = "admin.sock"
#: What Linux takes as the path of a socket, in bytes.
LONGEST_PATH = 107
#: What `readyz` says of a bot that works, while nobody has looked at what was found damaged at its start.
NOT_WHOLE = "not whole"
#: Bytes of a command (the heads of all cases, to be compared) or of an answer (all who read a case).
LONGEST = 1 << 26


def private_folder(path: Path) -> Path:
    """*path*, made for this user alone. Raises SettingsFault."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        state = path.lstat()
    except OSError as fault:
        raise SettingsFault(f"{path} cannot be made. Set PATHWAY_RUN to a folder that this user may use.") from fault
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.getuid() or state.st_mode & 0o077:
        raise SettingsFault(f"{path} is open to others. Set PATHWAY_RUN to a folder that only this user may use.")
    return path


def no_room_for_a_socket(folder: Path) -> str:
    """Why none can stand in *folder*, as a sentence; "" where one can."""
    if len(os.fsencode(folder / NAME)) <= LONGEST_PATH:
        return ""
    return f"The path {folder} is too long for {NAME} in it. Choose a shorter one."


class Admin:
    def __init__(
        self,
        folder: Path,
        clock: Clock,
        roster: RosterCommand,
        commands: Mapping[str, Command],
        files: Folder | None,
    ) -> None:
        """*folder* is where the socket stands, *commands* what else is done by name, *files* the store's own, None
        where it is a database.
        """
        self.path = folder / NAME
        self.clock = clock
        self.roster = roster
        self.files = files
        self._server: asyncio.Server | None = None
        self._commands: Mapping[str, Command] = {
            **commands,
            "clock": self._clock,
            "advance": self._advance,
            "roster": self._roster,
            "confirm_guest": self._confirm_guest,
            "take_aside": self._take_aside,
        }

    async def start(self) -> None:
        self.path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._answer, self.path, limit=LONGEST)
        finally:
            os.umask(before)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self.path.unlink(missing_ok=True)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with during("command"):
                answer = await self._do(await reader.readline())
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        except (OSError, ValueError):
            log.info("an administrative command was broken off")
        finally:
            writer.close()

    async def _do(self, line: bytes) -> Answer:
        try:
            asked = json.loads(line)
            command = self._commands[asked["do"]]
        except (ValueError, KeyError, TypeError):
            return {"error": "That command is not known."}
        try:
            return await command(asked)
        except CannotMove as no:
            return {"error": str(no)}
        except Exception:
            log.exception("an administrative command failed")
            return {"error": "That did not work. The bot's log says why."}

    async def _clock(self, _asked: Answer) -> Answer:
        coming = await self.clock.coming()
        following = {"at": coming.at.isoformat(), "who": coming.who, "what": coming.what} if coming else None
        return {"now": self.clock.time.now().isoformat(), "next": following}

    async def _advance(self, asked: Answer) -> Answer:
        await self.clock.advance(str(asked.get("by", "")))
        return await self._clock(asked)

    async def _roster(self, asked: Answer) -> Answer:
        return await self.roster.run(Path(str(asked.get("file", ""))), keep=bool(asked.get("keep")))

    async def _confirm_guest(self, asked: Answer) -> Answer:
        return await self.roster.confirm_guest(str(asked.get("email", "")))

    async def _take_aside(self, _asked: Answer) -> Answer:
        if self.files is None:
            return {"error": "The store is a database. Back it up as you back up databases."}
        try:
            return {"aside": (await take_aside(self.files)).name}
        except StoreUnavailable as no:
            return {"error": str(no)}


async def ask(folder: Path, wanted: Answer) -> Answer | None:
    """Sends one command to the bot that runs on *folder*; None when none runs there."""
    try:
        reader, writer = await asyncio.open_unix_connection(folder / NAME, limit=LONGEST)
    except OSError:
        return None
    try:
        writer.write(json.dumps(wanted).encode() + b"\n")
        await writer.drain()
        answer = json.loads(await reader.readline())
    finally:
        writer.close()
    return answer if isinstance(answer, dict) else {"error": "The bot gave no answer."}
