"""What the kernel sees of a press: its case is on the disk before the answer leaves, watched from outside the process."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

import aiohttp
import pytest

from tests.conversations import road
from tests.wire.microsoft import Microsoft
from tests.wire.partnership import Partnership
from tests.wire.running import Bot, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

WATCHED = "write,pwrite64,fsync,fdatasync,link,linkat,rename,renameat,renameat2,sendto,sendmsg,writev"
CALL = re.compile(r"(\w+)\((.*)\)\s+= (-?\d+)")


@dataclass(frozen=True)
class Call:
    """One system call that went well. *begun* and *done* are lines of the trace: calls of two threads overlap."""

    name: str
    words: str
    begun: int
    done: int


def read(trace: str) -> list[Call]:
    """Every line begins with a thread; a call that another thread's comes between is on two lines."""
    calls: list[Call] = []
    halves: dict[str, tuple[int, str]] = {}
    for number, line in enumerate(trace.splitlines()):
        thread, _, rest = line.partition(" ")
        begun, words = number, rest.strip()
        if words.endswith("<unfinished ...>"):
            halves[thread] = number, words.removesuffix("<unfinished ...>").rstrip()
            continue
        if words.startswith("<... "):
            begun, first = halves.pop(thread, (number, ""))
            words = first + words.partition(" resumed>")[2]
        found = CALL.match(words)
        if found and int(found[3]) >= 0:
            calls.append(Call(found[1], found[2], begun, number))
    return calls


def cannot(why: str, *, ours: bool) -> NoReturn:
    """Loudly skipped; where CI runs as root, tools/setup.sh should have seen to what is *ours*, so there it fails."""
    if ours and os.environ.get("CI") == "true" and os.geteuid() == 0:
        pytest.fail(why)
    pytest.skip(why)


@asynccontextmanager
async def watched(bot: Bot, into: Path) -> AsyncIterator[None]:
    """strace looks at every thread of *bot*; at the end it has let go, and its trace is in *into*."""
    strace = shutil.which("strace")
    if strace is None:
        cannot("strace is not here, so nobody watches the disk. Install it, or run tools/setup.sh as root.", ours=True)
    watcher = await asyncio.create_subprocess_exec(
        *(strace, "-f", "-yy", "-s", "1000000", "-o", str(into), "-e", f"trace={WATCHED}", "-p", str(bot.process.pid)),
        stderr=PIPE,
    )
    assert watcher.stderr is not None
    try:
        said = (await watcher.stderr.readline()).decode()
        if "attached" not in said:
            cannot(f"strace may not look at a process here, so nobody watches the disk: {said}", ours=False)
        yield
    finally:
        if watcher.returncode is None:
            watcher.send_signal(signal.SIGINT)
            await watcher.communicate()


def the(calls: Sequence[Call], what: str, is_it: Callable[[Call], bool]) -> Call:
    found = [call for call in calls if is_it(call)]
    assert found, f"no {what} in {[(call.name, call.words[:200]) for call in calls]}"
    return found[0]


def in_order(calls: list[Call], case: Path, port: int) -> list[Call]:
    """A change of *case*: written beside it, synced, renamed, the folder synced; then the answer."""
    answer = the(calls, "answer", lambda c: f":{port}->" in c.words and "HTTP/1.1 2" in c.words)
    before = [call for call in calls if call.done < answer.begun]
    beside = re.compile(rf"{re.escape(f'{case.parent}/.{case.name}.')}\w+\.tmp")
    written = the(before, "write", lambda c: c.name == "write" and beside.search(c.words) is not None)
    temporary = beside.findall(written.words)[0]
    synced = the(before, "sync of what was written", lambda c: c.name == "fsync" and temporary in c.words)
    renamed = the(before, "rename", lambda c: "rename" in c.name and temporary in c.words and f'"{case}"' in c.words)
    folder = the(
        before,
        "sync of the folder",
        lambda c: c.name == "fsync" and c.words.endswith(f"<{case.parent}>") and c.begun > renamed.done,
    )
    return [written, synced, renamed, folder, answer]


async def test_a_press_is_on_the_disk_and_synced_before_its_answer_leaves(microsoft: Microsoft, tmp_path: Path) -> None:
    async def presses(trace: str, title: str, **values: str) -> None:
        message, verb, data = school.wire("priya", title, values)
        async with watched(bot, tmp_path / trace):
            await school.sends("priya", message.id, verb, data)
            # strace writes a call down when it ends, which may be after its answer is here: it must not let go before
            # that. The loop answers one after the other, so with this answer the one before is written down.
            async with aiohttp.ClientSession() as session, session.get(f"{bot.url}/healthz") as answer:
                assert answer.status == 200

    async with serving(microsoft, tmp_path) as bot:
        school = Partnership(microsoft, bot)
        await school.opens("priya")
        await road.opens_form(school, "priya", "Tom Ashworth")
        await school.fills("priya", road.concern(school), press="Check my answers")
        await presses("a case begins", "Set the weekly target")
        (case,) = (bot.store / "cases").glob("*.json")
        await school.says("priya", "my cases")
        await school.presses("priya", "Open ")
        await road.presses_rarer(school, "priya", "Ask a fellow mentor to observe")
        await presses("it goes on", "Plan it and show me the note", planned_on="2026-10-06")

    def traced(trace: str) -> list[Call]:
        return read((tmp_path / trace).read_text(encoding="utf-8", errors="replace"))

    for trace in ("a case begins", "it goes on"):
        steps = in_order(traced(trace), case, bot.port)
        assert [one.done < other.begun for one, other in pairwise(steps)] == [True] * 4, steps
    # nothing is sealed with a key that a power cut could take
    *key_is_there, _ = in_order(traced("a case begins"), bot.store / "keys" / f"case.{case.name}", bot.port)
    sealed, *_ = in_order(traced("a case begins"), case, bot.port)
    assert max(step.done for step in key_is_there) < sealed.begun
