"""Practice mode as people run it, `python -m bot practice`, in a process of its own with the real bot under it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READY = "Practice is ready: "
#: Seconds. A machine that runs other tests as well takes its time; a start that fails says so at once.
START_WITHIN = 180.0


class DoesNotStart(Exception):
    """Practice mode ended, or said nothing, before it was ready; the words are its own."""


@dataclass(frozen=True, slots=True)
class Running:
    """Practice mode on *address* (no slash at the end), its process, and the folder in which it keeps everything."""

    address: str
    pid: int
    data: Path

    def bot(self) -> int:
        """The process id of the bot under it. Raises LookupError while there is none."""
        for pid in children(self.pid):
            if b"serve" in command_of(pid):
                return pid
        raise LookupError("the bot is not running")

    def kill_the_bot(self) -> int:
        """`kill -9`, as a power cut would; practice starts another one by itself. The id of the one that died."""
        pid = self.bot()
        os.kill(pid, signal.SIGKILL)
        return pid

    def kill_everything(self) -> None:
        """`kill -9` for practice and its bot at once."""
        for pid in (self.pid, *children(self.pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def children(pid: int) -> list[int]:
    """The processes that *pid* started and that still run, from Linux's /proc."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            after_name = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            if int(after_name[1]) == pid and after_name[0] != "Z":
                found.append(int(stat.parent.name))
    return sorted(found)


def command_of(pid: int) -> list[bytes]:
    """The words with which *pid* was started; none when it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


@asynccontextmanager
async def practising(data: Path, *more: str) -> AsyncIterator[Running]:
    """Practice mode in the folder *data* on a free port of 127.0.0.1, with *more* on its command line. Raises
    DoesNotStart.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "practice", "--no-open", "--port", "0", "--data", str(data), *more),
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    talking = None
    try:
        async with asyncio.timeout(START_WITHIN):
            address = await _address(process.stdout)
        talking = asyncio.create_task(_listen(process.stdout))
        yield Running(address, process.pid, data)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
        if talking is not None:
            await talking


async def _address(stream: asyncio.StreamReader) -> str:
    said = []
    while line := (await stream.readline()).decode(errors="replace"):
        if line.startswith(READY):
            return line.removeprefix(READY).strip().rstrip("/")
        said.append(line)
    raise DoesNotStart("".join(said))


async def _listen(stream: asyncio.StreamReader) -> None:
    """Takes what it says, so that it never waits for a reader."""
    while await stream.readline():
        pass
