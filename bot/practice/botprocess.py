"""The bot as a child process: started, waited for, started again when it dies, stopped with us."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import aiohttp

from bot.admin import NOT_WHOLE

ROOT = Path(__file__).resolve().parents[2]
State = Literal["starting", "ready", "restarting", "stopped"]

WORDS: Mapping[State, str] = {
    "starting": "The bot is starting.",
    "ready": "",
    "restarting": "The bot stopped and is being started again.",
    "stopped": "The bot does not start.",
}
_PAUSES = (0.2, 1.0, 3.0)
"""Seconds between a death and the next start; after as many deaths before it was ready, we give up."""


class BotDoesNotStart(Exception):
    """The sentence holds the last lines of what the bot wrote."""


class BotProcess:
    """*command* is the program and its first arguments (`python -m bot`), *environment* what is set for it beside
    our own environment, *admin* its socket, *log* gets what it writes, *changed* is called with every new state.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Callable[[int], Mapping[str, str]],
        *,
        admin: Path,
        log: Path,
        changed: Callable[[State], None],
    ) -> None:
        self.port = free_port()
        self.state: State = "starting"
        self._command = tuple(command)
        self._environment = environment
        self._admin = admin
        self._log = log
        self._changed = changed
        self._process: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def once(self, *arguments: str) -> None:
        """Runs one command of the bot to its end. Raises BotDoesNotStart with its words when it fails."""
        process = await asyncio.create_subprocess_exec(
            *self._command,
            *arguments,
            env=self._whole_environment(),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        if process.returncode:
            raise BotDoesNotStart(said.decode(errors="replace").strip())

    async def start(self) -> None:
        """Comes back when the bot is ready. Raises BotDoesNotStart."""
        self._say("starting")
        for pause in (*_PAUSES, None):
            await self._launch()
            if await self._is_ready():
                self._watcher = asyncio.create_task(self._watch())
                self._say("ready")
                return
            await self._end()
            if pause is not None:
                await asyncio.sleep(pause)
        self._say("stopped")
        raise BotDoesNotStart(_tail(self._log))

    async def stop(self) -> None:
        """Asks the bot to end and waits for it; kills it after ten seconds."""
        if self._watcher is not None:
            self._watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watcher
            self._watcher = None
        await self._end()

    async def admin(self, wanted: Mapping[str, Any], *, seconds: float = 120.0) -> dict[str, Any]:
        """One line to the bot's admin socket, one line back; `{"error": sentence}` where that fails."""
        try:
            async with asyncio.timeout(seconds):
                reader, writer = await asyncio.open_unix_connection(self._admin, limit=1 << 20)
                try:
                    writer.write(json.dumps(wanted).encode() + b"\n")
                    await writer.drain()
                    answer = json.loads(await reader.readline())
                finally:
                    writer.close()
        except (OSError, ValueError, TimeoutError):
            return {"error": "The bot is not answering just now."}
        return answer if isinstance(answer, dict) else {"error": "The bot is not answering just now."}

    def _say(self, state: State) -> None:
        self.state = state
        self._changed(state)

    def _whole_environment(self) -> dict[str, str]:
        return {**os.environ, **self._environment(self.port)}

    async def _launch(self) -> None:
        guard = (sys.executable, "-m", "bot.practice.child")
        log = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self._process = await asyncio.create_subprocess_exec(
                *guard,
                *self._command,
                "serve",
                env=self._whole_environment(),
                cwd=ROOT,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        finally:
            os.close(log)

    async def _is_ready(self, seconds: float = 30.0) -> bool:
        process = self._process
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    while process is not None and process.returncode is None:
                        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                            async with session.get(f"{self.url}/readyz") as answer:
                                if answer.status == 200 or NOT_WHOLE in await answer.text():
                                    return True
                        await asyncio.sleep(0.1)
        return False

    async def _watch(self) -> None:
        while self._process is not None:
            await self._process.wait()
            self._say("restarting")
            for pause in _PAUSES:
                await asyncio.sleep(pause)
                await self._launch()
                if await self._is_ready():
                    self._say("ready")
                    break
                await self._end()
            else:
                self._say("stopped")
                return

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _tail(log: Path, lines: int = 12) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
