"""A disk that really fills, and a second bot on the folder of the first."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import aiohttp

from bench.chaos.tables import table
from bot.practice import hands
from tests.conversations import road
from tests.wire.microsoft import Microsoft
from tests.wire.partnership import Partnership
from tests.wire.running import Bot, DidNotStart, serving, start

SIZE = "2m"
HEAD = ("what", "seen")


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """A tmpfs of two MiB on *folder*; False where this user may not mount one."""
    folder.mkdir(mode=0o700)
    command = (shutil.which("mount") or "mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0700", "none", str(folder))
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603 - our own
    except OSError:
        mounted = False
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run((shutil.which("umount") or "umount", "-l", str(folder)), capture_output=True, check=False)  # noqa: S603 - our own


async def report() -> str:
    with tempfile.TemporaryDirectory(prefix="pathway-chaos-") as name:
        folder = Path(name)
        with small_disk(folder / "store") as mounted:
            if not mounted:
                return (
                    "A small disk cannot be mounted by this user: run it as root. The same with a file that may not "
                    "grow: `tests/storage/test_files.py::test_a_file_that_may_not_grow_is_refused_by_the_real_disk_"
                    "and_works_again_afterwards`."
                )
            async with Microsoft(folder) as microsoft, serving(microsoft, folder) as bot:
                return table(HEAD, await _filled(Partnership(microsoft, bot), bot, folder / "store"))


async def _filled(school: Partnership, bot: Bot, store: Path) -> list[tuple[str, str]]:
    await school.opens("priya", "gareth", "helen")
    await school.tells("helen")
    await school.is_about_to_tell("gareth", "Aisha Rahman")
    before = _cases(store)
    ballast = store / "ballast"
    _fill(ballast)
    message, verb, data = school.wire("gareth", "Tell the Link Tutor")
    shown = await school.teams.press(school.people["gareth"], message.id, verb, data)
    said = hands.words(shown.card).splitlines() if shown.card else [shown.text]
    answer = next((line for line in said if "could not save" in line), f"**{said[0]}**")
    ready = await _ready(bot)
    same = _cases(store) == before
    ballast.unlink()
    again = await _ready(bot)
    if "Check my answers" in school.buttons("gareth"):
        await school.presses("gareth", "Check my answers")
    await school.presses("gareth", "Tell the Link Tutor")
    await school.hears("helen", f"Ref {school.reference('gareth')}", seconds=60.0)
    return [
        ("a press while the disk is full is answered", f"“{answer}”"),
        ("what was there before can be read, and is as it was", "yes" if same else "**no**"),
        ("`/readyz` while it is full", str(ready)),
        ("`/readyz` when there is room again", str(again)),
        ("the same form then", "recorded, and the Link Tutor has it"),
    ]


def _fill(ballast: Path) -> None:
    """To the last byte."""
    handle = os.open(ballast, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        while os.write(handle, b"x" * 512):
            pass
    except OSError as fault:
        if fault.errno != errno.ENOSPC:
            raise
    finally:
        os.close(handle)


def _cases(store: Path) -> dict[str, object]:
    """What was recorded, sealed as it is, by the name of the file."""
    files = sorted((store / "cases").glob("*.json"))
    return {f.name: json.loads(f.read_text(encoding="utf-8")).get("case", {}).get("1", {}).get("events") for f in files}


async def _ready(bot: Bot) -> int:
    async with aiohttp.ClientSession() as browser, browser.get(f"{bot.url}/readyz") as answer:
        return answer.status


async def second() -> str:
    with tempfile.TemporaryDirectory(prefix="pathway-chaos-") as name:
        folder = Path(name)
        async with AsyncExitStack() as stack:
            microsoft = await stack.enter_async_context(Microsoft(folder))
            bot = await stack.enter_async_context(serving(microsoft, folder))
            other = folder / "other"
            other.mkdir()
            try:
                intruder = await start(microsoft, other, PATHWAY_STORE=f"tinydb://{bot.store}")
                await intruder.stop()
                refused = "**no: it started**"
            except DidNotStart as no:
                refused = f"exit status {no.status}: {no.said.strip().splitlines()[-1].replace(str(folder), '...')}"
            microsoft.line.bot_url = bot.messages
            school = Partnership(microsoft, bot)
            await road.raises(school)
            rows = [
                ("the second bot on the folder", refused),
                ("the first one meanwhile", "goes on: a concern was raised"),
            ]
            return table(HEAD, rows)
