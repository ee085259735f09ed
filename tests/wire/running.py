"""`python -m bot serve` as a process, with the settings of production."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.admin import ask
from bot.clock import PRACTICE_STARTS
from bot.practice.roll import PARTNERSHIP, PROVIDER
from tests.keys import NAME
from tests.school import APP_ID, PASSWORD, TENANT
from tests.wire.microsoft import Microsoft

ROOT = Path(__file__).resolve().parents[2]
HOOK = Path(__file__).with_name("hook")
START_WITHIN = 30.0


class DidNotStart(Exception):
    """The bot ended before its port was open; *said* is its standard error, *status* its exit status."""

    def __init__(self, status: int | None, said: str) -> None:
        super().__init__(f"exit status {status}: {said}")
        self.status = status
        self.said = said


@dataclass
class Bot:
    """A running bot on loopback; *log* is what it writes, *lookups* the names it asked for in vain."""

    process: asyncio.subprocess.Process
    port: int
    store: Path
    log: Path
    lookups: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def messages(self) -> str:
        return f"{self.url}/api/messages"

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def amiss(self, since: int = 0) -> list[str]:
        """What the log, after so many characters, has of faults: lines of an error, and whatever is no line of ours."""
        lines = [line for line in self.said()[since:].splitlines() if line.strip()]
        return [
            line for line in lines if not line.startswith("{") or json.loads(line)["level"] in {"error", "critical"}
        ]

    def asked_in_vain(self) -> list[str]:
        return self.lookups.read_text(encoding="utf-8").split() if self.lookups.exists() else []

    def memory(self) -> int:
        """Resident bytes, of Linux's /proc."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    async def stop(self, sign: signal.Signals = signal.SIGTERM, seconds: float = 15.0) -> int:
        """Its exit status. Raises TimeoutError when it is still there after *seconds*."""
        if self.process.returncode is None:
            self.process.send_signal(sign)
        async with asyncio.timeout(seconds):
            return await self.process.wait()


def settings(microsoft: Microsoft, folder: Path, port: int, **changes: str | None) -> dict[str, str]:
    """The environment of a bot in production, in *folder*. A change to None takes the setting away."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    given: Mapping[str, str | None] = {
        "PYTHONPATH": f"{HOOK}{os.pathsep}{ROOT}",
        "PYTHONWARNINGS": "error::RuntimeWarning",
        "PATHWAY_TEST_HOSTS": json.dumps(microsoft.names),
        "PATHWAY_TEST_LOOKUPS": str(folder / "lookups.txt"),
        "PATHWAY_TEST_STARTS": PRACTICE_STARTS.isoformat(),
        "SSL_CERT_FILE": str(microsoft.trusted),
        "REQUESTS_CA_BUNDLE": str(microsoft.trusted),
        "MicrosoftAppType": "SingleTenant",
        "MicrosoftAppId": APP_ID,
        "MicrosoftAppPassword": PASSWORD,
        "MicrosoftAppTenantId": TENANT,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "PATHWAY_URL": "https://pathway.northdale.example.ac.uk",
        "PATHWAY_STORE": f"tinydb://{folder / 'store'}",
        "PATHWAY_PROVIDER": str(PROVIDER),
        NAME: os.environ[NAME],
        **changes,
    }
    return inherited | {name: value for name, value in given.items() if value is not None}


async def start(microsoft: Microsoft, folder: Path, **changes: str | None) -> Bot:
    """A bot whose port is open. Raises DidNotStart."""
    port = free_port()
    env = settings(microsoft, folder, port, **changes)
    log = folder / "log.txt"
    with log.open("ab") as out:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "serve"), cwd=folder, env=env, stdout=out, stderr=out
        )
    bot = Bot(process, port, folder / "store", log, folder / "lookups.txt")
    try:
        async with asyncio.timeout(START_WITHIN):
            while not await is_open(port):
                if process.returncode is not None:
                    raise DidNotStart(process.returncode, bot.said())
                await asyncio.sleep(0.05)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise DidNotStart(None, bot.said()) from None
    microsoft.line.bot_url = bot.messages
    return bot


@asynccontextmanager
async def serving(microsoft: Microsoft, folder: Path, **changes: str | None) -> AsyncIterator[Bot]:
    """The same, with the made-up placement list, stopped at the end."""
    bot = await start(microsoft, folder, **changes)
    try:
        await on_the_list(bot)
        yield bot
    finally:
        if bot.process.returncode is None:
            bot.process.kill()
            await bot.process.wait()


async def on_the_list(bot: Bot) -> None:
    """Takes the made-up placement list over, by the socket that the command line uses."""
    answer: dict[str, Any] | None = await ask(bot.store, {"do": "roster", "file": str(PARTNERSHIP), "keep": True})
    assert answer is not None
    assert "error" not in answer, answer


def free_port() -> int:
    """Below those that a machine gives out by itself: there somebody's connection may take it before the bot does, and
    whoever knocks at a port that is still closed may be connected to themselves.
    """
    while True:
        port = random.randint(20_000, 32_000)  # noqa: S311 - no secret
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


async def is_open(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
