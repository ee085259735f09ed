"""`python -m bot ...` as an administrator types it, by the account of the service, beside a bot that runs or not."""

from __future__ import annotations

import asyncio
import io
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from bot.__main__ import command
from bot.practice.roll import PROVIDER
from tests.school import School

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Said:
    status: int
    out: str
    err: str

    def id_in(self, words: str) -> str:
        """The id at the beginning of the line that has *words*."""
        return next(line.split()[0] for line in self.out.splitlines() if words in line)


async def in_here(school: School, *arguments: str | Path) -> Said:
    """The same in this process, on a thread with an event loop of its own: it spares the second that a start takes."""
    out, err = io.StringIO(), io.StringIO()
    settings = {"PATHWAY_STORE": school.store, "PATHWAY_PROVIDER": str(PROVIDER), "PATHWAY_RUN": str(school.folder)}
    with mock.patch.dict(os.environ, settings), redirect_stdout(out), redirect_stderr(err):
        status = await asyncio.to_thread(command, [str(x) for x in arguments])
    return Said(status, out.getvalue(), err.getvalue())


async def bot(school: School, *arguments: str | Path, folder: Path | None = None) -> Said:
    """On the school's folder, or on *folder*."""
    env = {**os.environ, "PATHWAY_STORE": f"tinydb://{folder or school.folder}", "PATHWAY_PROVIDER": str(PROVIDER)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *arguments),
        cwd=ROOT,
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return Said(process.returncode or 0, out.decode(), err.decode())
