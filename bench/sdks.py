"""Pathway beside Microsoft's SDKs and a bare handler, in one run and interleaved.

    python bench/sdks.py [--rounds 20] [--turns 1.0] [--rows bare,agents,echo]

Every bot is a process of its own with production's host names; keys, tokens and the connector are a further process,
over TLS, which also sends the signed activities. Microsoft's SDKs have a virtual environment each in `.bench/`, made
from `bench/requirements-*.txt` when it is first needed. Printed: two tables. No limit is asserted.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from array import array
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench import people
from bench.other_side import HOSTS
from tests import keys
from tests.wire.running import HOOK, free_port, is_open

PLACE = ROOT / ".bench"
REQUIREMENTS = ROOT / "bench"
AT_ONCE, MANY_AT_ONCE = 8, 300
START_WITHIN = 60.0
WRITES, LATE = ("check", "send"), 1.2
"""Kinds of turns that write, and the seconds after which what they sync later is synced."""
GET_FLAGS, SET_FLAGS, TOP_OF_A_TREE = 0x80086601, 0x40086602, 0x20000
"""Linux's `FS_IOC_GETFLAGS`, `FS_IOC_SETFLAGS` and `FS_TOPDIR_FL`, which `chattr +T` sets."""
WARM = 2
"""So many rounds' turns of each row come before anything is counted."""


class CannotRun(Exception):
    """Why a row has no figures, in words."""


@dataclass(frozen=True, slots=True)
class Row:
    """*turns* in each round, of a *kind* that `people.prepared` knows. *bot* is a script of `bots/` and its argument;
    rows of the same one share a process. *venv* is empty for the project's own.
    """

    key: str
    name: str
    bot: str
    turns: int
    kind: str = "echo"
    venv: str = ""

    @property
    def with_reply(self) -> bool:
        return self.kind not in ("check", "send")


ROWS = (
    Row("bare", "A bare aiohttp handler, no checks", "bare", 300),
    Row("botbuilder", "botbuilder 4.17, `CloudAdapter`, echo", "botbuilder_echo", 25, venv="botbuilder"),
    Row("agents", "Microsoft 365 Agents SDK 1.9, echo", "agents_echo", 100, venv="agents"),
    Row("teams", "Teams SDK 2.1, echo", "teams_echo", 100, venv="teams"),
    Row("echo", "**Pathway**, echo", "pathway_bot echo", 500),
    Row("fresh", "**Pathway**, echo under a new token each time", "pathway_bot echo", 50, "fresh"),
    Row("hello", "**Pathway**, `help`: who it is, and a card", "pathway_bot", 200),
    Row("check", "**Pathway**, the concern's form sent (a draft written)", "pathway_bot", 50, "check"),
    Row("send", "**Pathway**, the concern raised (a case written)", "pathway_bot", 50, "send"),
    Row("cases", "**Pathway**, `my cases`", "pathway_bot", 50, "cases"),
)


@dataclass
class Measured:
    """Of one row, a number a round: CPU in milliseconds a turn, turns a second, and latencies in milliseconds."""

    cpu: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    turns: int = 0
    tokens: int = 0
    connections: int = 0
    grown: int = 0
    """Bytes."""

    @property
    def growth(self) -> float:
        """Megabytes of memory in 10,000 turns."""
        return self.grown / 1e6 * 10_000 / self.turns


class OtherSide:
    """The process of `other_side.py`; one command at a time."""

    def __init__(self, process: Process, port: int, trusted: Path, token: str = "") -> None:
        self._process = process
        self.port = port
        self.trusted = trusted
        self.token = token
        """With it anybody may send an activity to the bot."""

    async def ask(self, **command: Any) -> dict[str, Any]:
        """Raises CannotRun where a run went wrong."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\n")
        answer: dict[str, Any] = json.loads(await self._process.stdout.readline())
        if "error" in answer:
            raise CannotRun(f"the turns did not end: {answer['error']}")
        for run in (answer, *answer.get("together", ())):
            if run.get("refused"):
                raise CannotRun(f"not every turn was answered: {run['refused']}")
        return answer


@asynccontextmanager
async def other_side(folder: Path) -> AsyncIterator[OtherSide]:
    script = str(ROOT / "bench" / "other_side.py")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, script, str(folder)), stdin=PIPE, stdout=PIPE, limit=1 << 22
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        hosts = json.loads(await process.stdout.readline())
        yield OtherSide(process, hosts["port"], folder / "authority.pem", hosts["token"])
    finally:
        process.stdin.close()
        await process.wait()


@dataclass(frozen=True)
class Bot:
    """A running bot."""

    process: Process
    port: int

    def cpu(self) -> float:
        """Seconds that the process has worked, all its threads together."""
        return time.clock_gettime_ns((~self.process.pid << 3) | 2) / 1e9

    def memory(self) -> int:
        """Bytes of its own that are in memory now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("RssAnon"))

    async def rest(self, *, wrote: bool) -> None:
        """Until what goes on behind the answers (notices, sweeps; where something was written, what is synced a second
        later) has ended.
        """
        if wrote:
            await asyncio.sleep(LATE)
        before = self.cpu()
        for _ in range(200):
            await asyncio.sleep(0.05)
            now = self.cpu()
            if now - before < 0.001:
                return
            before = now


# -- the bots ----------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def running(row: Row, other: OtherSide, folder: Path) -> AsyncIterator[Bot]:
    """The bot of *row*; its log, and Pathway's store, go into *folder*. Raises CannotRun."""
    python = await environment(row.venv) if row.venv else sys.executable
    port = free_port()
    env = settings(other, folder, port)
    if row.bot.startswith("pathway"):
        await people.fill(folder / "store")
        env |= pathway_settings(folder)
    name, *arguments = row.bot.split()
    async with started((python, str(ROOT / "bench" / "bots" / f"{name}.py"), *arguments), env, folder, port) as bot:
        yield bot


@asynccontextmanager
async def started(command: Sequence[str], env: Mapping[str, str], folder: Path, port: int) -> AsyncIterator[Bot]:
    """The process of *command* once its *port* is open; killed at the end. Raises CannotRun."""
    with (folder / "log.txt").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*command, cwd=folder, env=env, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + START_WITHIN
        while not await is_open(port):
            if process.returncode is not None or time.monotonic() > deadline:
                raise CannotRun(f"it did not start: {_last_line(folder / 'log.txt')}")
            await asyncio.sleep(0.05)
        yield Bot(process, port)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def settings(other: OtherSide, folder: Path, port: int) -> dict[str, str]:
    """What every bot gets. The hook leads the names of Microsoft's hosts to the other side."""
    return {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
        "PYTHONPATH": f"{HOOK}{os.pathsep}{ROOT}",
        "PATHWAY_TEST_HOSTS": json.dumps(dict.fromkeys(HOSTS, other.port)),
        "PATHWAY_TEST_LOOKUPS": str(folder / "lookups.txt"),
        "SSL_CERT_FILE": str(other.trusted),
        "REQUESTS_CA_BUNDLE": str(other.trusted),
        "PORT": str(port),
        "BENCH_APP": people.APP_ID,
        "BENCH_PASSWORD": people.PASSWORD,
        "BENCH_TENANT": people.TENANT,
    }


def pathway_settings(folder: Path) -> dict[str, str]:
    """Those of production."""
    return {
        "PATHWAY_TEST_STARTS": people.STARTS.isoformat(),
        "MicrosoftAppType": "SingleTenant",
        "MicrosoftAppId": people.APP_ID,
        "MicrosoftAppPassword": people.PASSWORD,
        "MicrosoftAppTenantId": people.TENANT,
        "HOST": "127.0.0.1",
        "PATHWAY_URL": "https://pathway.example.ac.uk",
        "PATHWAY_STORE": f"tinydb://{folder / 'store'}",
        "PATHWAY_PROVIDER": str(ROOT / "bot" / "practice" / "provider.toml"),
        keys.NAME: os.environ[keys.NAME],
    }


async def environment(name: str) -> str:
    """The Python of the environment of `requirements-<name>.txt`, made when it is not there. Raises CannotRun."""
    wanted = REQUIREMENTS / f"requirements-{name}.txt"
    venv, python = PLACE / name, PLACE / name / "bin" / "python"
    ready = venv / "ready.txt"
    if ready.exists() and ready.read_bytes() == wanted.read_bytes():
        return str(python)
    print(f"Making the environment of {name} (once) ...", file=sys.stderr, flush=True)
    steps = (
        (sys.executable, "-m", "venv", "--clear", str(venv)),
        (
            *(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--require-hashes", "-r", str(wanted)),
        ),
    )
    for step in steps:
        process = await asyncio.create_subprocess_exec(*step, stdout=PIPE, stderr=subprocess.STDOUT)
        said, _ = await process.communicate()
        if process.returncode != 0:
            lines = said.decode(errors="replace").strip().splitlines() or ["no reason was given"]
            raise CannotRun(f"its environment could not be made: {lines[-1]}")
    ready.write_bytes(wanted.read_bytes())
    return str(python)


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


# -- measuring ---------------------------------------------------------------------------------------------------------


class Bench:
    """The rows of one run. What a row cannot do is kept as a sentence, and the others go on."""

    def __init__(self, rows: Sequence[Row], other: OtherSide, folder: Path) -> None:
        self.rows = rows
        self.figures = {row.key: Measured() for row in rows}
        self.faults: dict[str, str] = {}
        self._other = other
        self._folder = folder
        self._bots: dict[str, Bot] = {}
        self._sent = dict.fromkeys(people.KINDS, 0)

    async def start(self, stack: AsyncExitStack) -> None:
        """Every bot that the rows need, and some turns each before anything is counted."""
        for row in self.rows:
            try:
                if row.bot not in self._bots:
                    place = self._folder / row.bot.replace(" ", "-")
                    place.mkdir()
                    self._bots[row.bot] = await stack.enter_async_context(running(row, self._other, place))
                await self._turns(row, max(AT_ONCE, row.turns * WARM))
            except CannotRun as fault:
                self.faults[row.key] = str(fault)

    async def round(self) -> None:
        for row in self.rows:
            if row.key in self.faults:
                continue
            try:
                await self._measure(row)
            except CannotRun as fault:
                self.faults[row.key] = str(fault)

    async def _measure(self, row: Row) -> None:
        bot, figures = self._bots[row.bot], self.figures[row.key]
        await self._turns(replace(row, kind="echo"), 2 * AT_ONCE)  # connections that were idle for long are made anew
        memory, cpu = bot.memory(), bot.cpu()
        run = await self._turns(row, row.turns)
        figures.cpu.append((bot.cpu() - cpu) * 1000 / row.turns)
        figures.grown += bot.memory() - memory
        figures.rate.append(row.turns / run["seconds"])
        figures.p50.append(run["p50"])
        figures.p99.append(run["p99"])
        figures.turns += row.turns
        figures.tokens += run["tokens"]
        figures.connections += run["connections"]

    async def _turns(self, row: Row, turns: int) -> dict[str, Any]:
        """The next turns of a kind. What goes on behind the answers belongs to the turns."""
        bot = self._bots[row.bot]
        kind = row.kind
        first = self._sent[kind]
        self._sent[kind] += turns
        run = await self._other.ask(
            kind=kind, port=bot.port, first=first, turns=turns, at_once=AT_ONCE, with_reply=row.with_reply
        )
        await bot.rest(wrote=kind in WRITES)
        return run


@dataclass(frozen=True, slots=True)
class Condition:
    """How the other side behaves; see `other_side.World`. A token that lasts 300 s is renewed all the time, because
    Pathway renews in the last ten minutes.
    """

    name: str
    token_after: float = 0.0
    token_lasts: int = 3599
    connector_after: float = 0.0

    @property
    def world(self) -> dict[str, float]:
        return {
            "token_after": self.token_after,
            "token_lasts": self.token_lasts,
            "connector_after": self.connector_after,
        }


CONDITIONS = (
    Condition("as things are"),
    Condition("while tokens are renewed all the time, by a login that takes 2 s", token_after=2.0, token_lasts=300),
    Condition("with a connector that takes 50 ms", connector_after=0.05),
)


@dataclass
class Endured:
    """Of one condition: turns a second in each round, and requests for tokens."""

    rate: list[float] = field(default_factory=list)
    tokens: int = 0


async def endure(other: OtherSide, folder: Path, rounds: int, turns: int) -> dict[str, Endured]:
    """What Pathway gets done under each condition, a bot for each, interleaved. Raises CannotRun."""
    row = next(row for row in ROWS if row.key == "echo")
    found = {condition.name: Endured() for condition in CONDITIONS}
    bots = []
    async with AsyncExitStack() as stack:
        for number, condition in enumerate(CONDITIONS):
            place = folder / f"condition-{number}"
            place.mkdir()
            await other.ask(set=condition.world)
            bots.append(await stack.enter_async_context(running(row, other, place)))
            await other.ask(kind="echo", port=bots[-1].port, first=0, turns=people.MENTORS, at_once=MANY_AT_ONCE)
        for number in range(1, rounds + 1):
            for condition, bot in zip(CONDITIONS, bots, strict=True):
                await other.ask(set=condition.world)
                first = number * turns + people.MENTORS
                run = await other.ask(kind="echo", port=bot.port, first=first, turns=turns, at_once=MANY_AT_ONCE)
                found[condition.name].rate.append(turns / run["seconds"])
                found[condition.name].tokens += run["tokens"]
    return found


# -- printing ----------------------------------------------------------------------------------------------------------


COLUMNS = (
    *("CPU a turn", "times bare", "turns a second", "p50", "p99", "memory in 10,000 turns"),
    *("turns", "token requests", "new connections"),
)


def table(bench: Bench) -> str:
    """A Markdown table. CPU and ratio are medians over the rounds, the ratio of each round's own figures."""
    lines = [
        "| | " + " | ".join(COLUMNS) + " |",
        "|---" * (1 + len(COLUMNS)) + "|",
    ]
    base = bench.figures["bare"].cpu if "bare" in bench.figures else []
    for row in bench.rows:
        if row.key in bench.faults:
            lines.append(f"| {row.name} | left out: {bench.faults[row.key]} |" + " |" * (len(COLUMNS) - 1))
            continue
        lines.append("| " + " | ".join([row.name, *_figures(bench.figures[row.key], base)]) + " |")
    return "\n".join(lines)


def beside(bench: Bench) -> str:
    """What the concern raised takes of the Agents SDK's echo; nothing where one of the two is missing."""
    raised, echo = (bench.figures[key].cpu if key in bench.figures else [] for key in ("send", "agents"))
    if not raised or not echo:
        return ""
    part = statistics.median(own / theirs for own, theirs in zip(raised, echo, strict=False))
    return f"\nThe concern raised takes {part:.2f} of the CPU of the Agents SDK's echo.\n"


def _figures(m: Measured, base: Sequence[float]) -> list[str]:
    middle = statistics.median
    ratio = f"{middle(own / bare for own, bare in zip(m.cpu, base, strict=False)):.2f}" if base else ""
    return [
        f"{middle(m.cpu):.2f} ms",
        ratio,
        f"{middle(m.rate):.0f}",
        f"{middle(m.p50):.1f} ms",
        f"{middle(m.p99):.1f} ms",
        f"{m.growth:.1f} MB",
        f"{m.turns}",
        f"{m.tokens}",
        f"{m.connections}",
    ]


def second_table(found: Mapping[str, Endured]) -> str:
    """The same for the conditions; the ratio to the first one, of each round's own figures."""
    middle = statistics.median
    lines = [
        f"| Pathway, {MANY_AT_ONCE} turns at once | turns a second | of the first | token requests |",
        "|---|---|---|---|",
    ]
    base = found[CONDITIONS[0].name].rate
    for name, endured in found.items():
        ratio = middle(own / first for own, first in zip(endured.rate, base, strict=True))
        lines.append(f"| {name} | {middle(endured.rate):.0f} | {ratio:.2f} | {endured.tokens} |")
    return "\n".join(lines)


def spread_out(place: Path) -> None:
    """Asks an ext4 to put the folders in *place* far from each other, and so from what was removed nearby of late: one
    without a journal passes by each such file, for five minutes, whenever one is made. Other disks do not mind.
    """
    handle = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        flags = array("l", [0])
        fcntl.ioctl(handle, GET_FLAGS, flags)
        flags[0] |= TOP_OF_A_TREE
        fcntl.ioctl(handle, SET_FLAGS, flags)
    except OSError:
        pass
    finally:
        os.close(handle)


async def run(rows: Sequence[Row], rounds: int) -> None:
    PLACE.mkdir(exist_ok=True)
    spread_out(PLACE)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=PLACE))  # on a real disk: a durable write has to be one
    try:
        async with AsyncExitStack() as stack:
            other = await stack.enter_async_context(other_side(folder))
            bench = Bench(rows, other, folder)
            await bench.start(stack)
            for number in range(rounds):
                print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
                await bench.round()
            print(table(bench))
            print(beside(bench))
        if any(row.bot.startswith("pathway") for row in rows):
            async with other_side(folder) as other:
                print(second_table(await endure(other, folder, rounds=5, turns=1000)))
    finally:
        shutil.rmtree(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description="Pathway beside Microsoft's SDKs and a bare handler.")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--turns", type=float, default=1.0, help="that many times the usual number of turns in a round")
    parser.add_argument("--rows", default="", help=f"some of {','.join(row.key for row in ROWS)}")
    asked = parser.parse_args()
    wanted = asked.rows.split(",") if asked.rows else [row.key for row in ROWS]
    if "send" in wanted:
        wanted.append("check")  # what is checked first is what is sent
    rows = [replace(row, turns=max(AT_ONCE, int(row.turns * asked.turns))) for row in ROWS if row.key in wanted]
    asyncio.run(run(rows, asked.rounds))


if __name__ == "__main__":
    main()
