"""What good people notice while Pathway is attacked, or while a service of Microsoft's is out of order.

    python bench/attacks.py [--rounds 3] [--seconds 6] [--only keys,entra]

For each attack a bot of its own, `python -m bot serve` as it is, with production's settings; the hosts and the good
people are one process more (`other_side.py`), and this one attacks. In each round the good people come first alone,
then during the attack, at a pace that does not depend on the answers; a time counts from when they should have asked.
The attacks take turns. Printed: one table; figures are medians over the rounds. No limit is asserted.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import math
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench import people, sdks
from bench.other_side import NEVER, Run
from bench.sdks import CannotRun, OtherSide
from tests.wire.running import free_port

HALF_OPEN = 2000
EVERY = 3.2
"""Seconds from one turn of a good person's connection to the next: longer than the slowest answer that is right."""

_HALF = b"POST /api/messages HTTP/1.1\r\nHost: pathway.example.ac.uk\r\nContent-Le"


# -- the attackers -----------------------------------------------------------------------------------------------------


@dataclass
class Blows:
    """What the attackers got for it: answers by status."""

    answers: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        return ", ".join(f"{count} × {answer}" for answer, count in sorted(self.answers.items()))


Load = Callable[["Target"], AbstractAsyncContextManager[None]]


@dataclass(frozen=True)
class Target:
    """The bot on *port*; *token* opens its door to activities that are in order."""

    port: int
    token: str
    blows: Blows


@asynccontextmanager
async def nobody(_target: Target) -> AsyncIterator[None]:
    """Where it is a service that is out of order, and no attack."""
    yield


def flood(rate: float, connections: int, request: Callable[[Target, int], bytes]) -> Load:
    """*rate* requests a second over so many *connections*, whatever the answers. *request* gets a running number."""

    @asynccontextmanager
    async def load(target: Target) -> AsyncIterator[None]:
        began = time.perf_counter()

        async def one(first: int) -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
            number = first
            try:
                while True:
                    await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
                    writer.write(request(target, number))
                    target.blows.answers[await _status(reader)] += 1
                    number += connections
            finally:
                writer.transport.abort()

        async with _meanwhile([one(number) for number in range(connections)]):
            yield

    return load


@asynccontextmanager
async def half_open(target: Target) -> AsyncIterator[None]:
    """Connections that never come to the end of their first line but one; what is closed is opened anew."""
    everybody = asyncio.Event()
    is_open = 0

    async def one() -> None:
        nonlocal is_open
        while True:
            reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
            writer.write(_HALF)
            is_open += 1
            if is_open == HALF_OPEN:
                everybody.set()
            try:
                await reader.read(1)
                target.blows.answers["closed"] += 1
            except OSError:
                target.blows.answers["cut"] += 1
            finally:
                is_open -= 1
                writer.transport.abort()

    async with _meanwhile([one() for _ in range(HALF_OPEN)]):
        async with asyncio.timeout(30):
            await everybody.wait()
        yield


@asynccontextmanager
async def _meanwhile(work: Sequence[Any]) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    for end in ends:
        if isinstance(end, Exception) and not isinstance(end, (OSError, asyncio.IncompleteReadError)):
            raise end


async def _status(reader: asyncio.StreamReader) -> str:
    head = await reader.readuntil(b"\r\n\r\n")
    lower = head.lower()
    if b"content-length:" in lower:
        await reader.readexactly(int(lower.partition(b"content-length:")[2].split(b"\r\n")[0]))
    return head[9:12].decode("ascii")


def _post(port: int, token: str, raw: bytes) -> bytes:
    head = (
        f"POST /api/messages HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json; charset=utf-8\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {len(raw)}\r\n\r\n"
    )
    return head.encode() + raw


def unknown_key(target: Target, number: int) -> bytes:
    """An activity under a token that is in order but for the id of its key, which nobody knows, and its signature."""
    _, claims, signature = target.token.split(".")
    head = json.dumps({"typ": "JWT", "alg": "RS256", "kid": f"nobody-{number}"}).encode()
    forged = base64.urlsafe_b64encode(head).rstrip(b"=").decode("ascii")
    return _post(target.port, f"{forged}.{claims}.{signature}", people.body("echo", 10**9 + number))


def one_person(target: Target, number: int) -> bytes:
    """A message of one student: all good people are mentors."""
    before, after = people.prepared("echo", people.STUDENTS)
    return _post(target.port, target.token, before + b"%013d" % (9 * 10**12 + number) + after)


KINDS = (*people.KINDS, people.INSTALL, "health")

# -- what is measured --------------------------------------------------------------------------------------------------

Times = Mapping[str, Sequence[float]]
"""Milliseconds by kind of turn."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. *part* 1.0 is the slowest. *goal* is in milliseconds; with *ratio*, a number of times."""

    row: int
    what: str
    kinds: tuple[str, ...]
    part: float
    goal: float
    ratio: bool = False

    def of(self, times: Times) -> float:
        """Milliseconds; the smallest time that so many parts of all reach."""
        every = sorted(t for kind in self.kinds for t in times[kind])
        return every[max(0, math.ceil(len(every) * self.part) - 1)] if every else math.nan

    def line(self, name: str, alone: Sequence[Times], attacked: Sequence[Times]) -> str:
        """Of all rounds: what was measured, how often, and whether the goal is reached. The ratio is that of each
        round's own two figures.
        """
        before, now = [self.of(times) for times in alone], [self.of(times) for times in attacked]
        middle, times_over = statistics.median(now), statistics.median(b / a for a, b in zip(before, now, strict=True))
        reached = times_over if self.ratio else middle
        goal = f"less than {self.goal:g} times" if self.ratio else f"less than {_span(self.goal)}"
        said = f"{_span(middle)} ({times_over:.1f} times)" if self.ratio else _span(middle)
        count = sum(len(times[kind]) for times in attacked for kind in self.kinds)
        met = "yes" if reached < self.goal else "**no**"
        alone_for = _span(statistics.median(before))
        return f"| {self.row} | {name} | {self.what} | {count} | {alone_for} | {said} | {goal} | {met} |"


@dataclass(frozen=True, slots=True)
class Attack:
    """*world* is how Microsoft's hosts behave meanwhile, *at_start* how they do from the start of the bot. *rates* are
    the good people's turns a second, by kind; *answered*: their times end with the answer to the request, and not with
    the message that follows it.
    """

    key: str
    name: str
    figures: tuple[Figure, ...]
    rates: Mapping[str, float]
    load: Load = nobody
    world: Mapping[str, Any] = field(default_factory=dict)
    at_start: Mapping[str, Any] = field(default_factory=dict)
    answered: bool = True
    longer: float = 1.0
    """So many times the usual seconds."""


WITH_REPLY: Mapping[str, float] = {"echo": 20.0}
OTHERS: Mapping[str, float] = {"echo": 10.0, "look": 10.0, "health": 10.0}
UNKNOWN = flood(300.0, 50, unknown_key)
SOME_UNKNOWN = flood(50.0, 300, unknown_key)
BEHIND_LOGIN: Mapping[str, Any] = {"token_after": NEVER, "token_lasts": 300}
"""A token of 300 s is renewed all the time, since Pathway renews in the last ten minutes."""


def _others(row: int, kinds: tuple[str, ...] = ("echo", "look", "health")) -> tuple[Figure, ...]:
    what = "other requests"
    return (
        Figure(row, f"{what}, 99 of 100", kinds, 0.99, 200.0),
        Figure(row, f"{what}, the slowest", kinds, 1.0, 200.0),
    )


ATTACKS = (
    Attack(
        "unknown",
        "300 requests a second under key ids that nobody knows",
        (Figure(15, "good messages with their answers, 99 of 100", ("echo",), 0.99, 2.0, ratio=True),),
        WITH_REPLY,
        load=UNKNOWN,
        answered=False,
    ),
    *(
        Attack(
            f"keys-{how}",
            f"{name}, and 50 requests a second ask for it",
            _others(16),
            OTHERS,
            SOME_UNKNOWN,
            {"keys": how},
        )
        for how, name in (
            ("hang", "The key page never answers"),
            ("fail", "The key page answers 500"),
            ("garble", "The key page is no JSON"),
            ("lie", "The key page names another issuer"),
        )
    ),
    Attack(
        "entra",
        "Entra never answers, and no token is left",
        _others(17, ("look", "health")),
        {"look": 15.0, "health": 15.0, "echo": 5.0},
        world={"token_after": NEVER},
        at_start={"token_lasts": 1},
    ),
    Attack(
        "renewal",
        "Entra never answers when the token is to be renewed",
        _others(17),
        OTHERS,
        world=BEHIND_LOGIN,
        at_start={"token_lasts": 300},
    ),
    Attack(
        "half-open",
        f"{HALF_OPEN:,} connections stay half-open",
        (Figure(20, "good messages with their answers, 99 of 100", ("echo",), 0.99, 1000.0),),
        WITH_REPLY,
        load=half_open,
        answered=False,
    ),
    Attack(
        "one",
        "200 messages a second from one person",
        (Figure(21, "messages of others with their answers, 95 of 100", ("echo",), 0.95, 300.0),),
        WITH_REPLY,
        load=flood(200.0, 50, one_person),
        answered=False,
    ),
    Attack(
        "connector",
        "Teams' connector takes 5 s",
        (
            Figure(25, "messages answered, 99 of 100", ("echo",), 0.99, 2000.0),
            Figure(25, "presses answered, 99 of 100", ("look", "check"), 0.99, 3000.0),
        ),
        {"echo": 10.0, "look": 10.0, "check": 5.0},
        world={"connector_after": 5.0},
    ),
    Attack(
        "graph",
        "Graph takes 6 s to install the bot for somebody",
        (
            Figure(25, "presses of “Install” answered, 99 of 100", (people.INSTALL,), 0.99, 3000.0),
            Figure(25, "messages answered, 99 of 100", ("echo",), 0.99, 2000.0),
        ),
        {people.INSTALL: 2.5, "echo": 10.0},
        world={"graph_after": 6.0},
        longer=2.0,
    ),
)


@dataclass
class Seen:
    """Of one attack, round by round."""

    alone: list[Times] = field(default_factory=list)
    attacked: list[Times] = field(default_factory=list)
    blows: Blows = field(default_factory=Blows)
    fault: str = ""


class Battle:
    """The attacks of one run. *seconds* is how long the good people come in each half of a round."""

    def __init__(self, attacks: Sequence[Attack], folder: Path, seconds: float) -> None:
        self.attacks = attacks
        self.seen = {attack.key: Seen() for attack in attacks}
        self._folder = folder
        self._seconds = seconds
        self._turns: Counter[str] = Counter()

    async def round(self) -> None:
        """Each attack once, on a bot of its own. What cannot be measured is kept as a sentence."""
        for attack in self.attacks:
            place = Path(tempfile.mkdtemp(prefix=f"{attack.key}-", dir=self._folder))
            try:
                await self._measure(attack, place)
            except CannotRun as fault:
                self.seen[attack.key].fault = str(fault)

    async def _measure(self, attack: Attack, place: Path) -> None:
        seen = self.seen[attack.key]
        seconds = self._seconds * attack.longer
        async with AsyncExitStack() as stack:
            other = await stack.enter_async_context(sdks.other_side(place))
            await other.ask(set=dict(attack.at_start))
            bot = await self._bot(stack, other, place)
            await self._good(attack, other, bot, min(2.0, seconds))
            alone = await self._good(attack, other, bot, seconds)
            await other.ask(set=dict(attack.world))
            async with attack.load(Target(bot.port, other.token, seen.blows)):
                attacked = await self._good(attack, other, bot, seconds)
        seen.alone.append(alone)
        seen.attacked.append(attacked)

    async def _bot(self, stack: AsyncExitStack, other: OtherSide, place: Path) -> sdks.Bot:
        port = free_port()
        await people.fill(place / "store")
        env = sdks.settings(other, place, port) | sdks.pathway_settings(place)
        env["PATHWAY_TEAMS_APP_ID"] = "7d1f6f0e-2f4b-4f0d-9a53-1c5e8a1b2c3d"
        return await stack.enter_async_context(sdks.started((sys.executable, "-m", "bot", "serve"), env, place, port))

    async def _good(self, attack: Attack, other: OtherSide, bot: sdks.Bot, seconds: float) -> dict[str, list[float]]:
        """What the good people saw in so many seconds, by kind."""
        runs = [self._run(attack, kind, bot.port, seconds) for kind in attack.rates]
        done = (await other.ask(together=runs))["together"]
        part = "answered" if attack.answered else "over"
        return {run["kind"]: run[part] for run in done}

    def _run(self, attack: Attack, kind: str, port: int, seconds: float) -> dict[str, Any]:
        """A run of `other_side.Run`. People of different kinds are different people."""
        rate = attack.rates[kind]
        turns = max(2, round(rate * seconds))
        first = self._turns[kind] + KINDS.index(kind) * people.MENTORS // len(KINDS)
        self._turns[kind] += turns
        at_once = max(1, round(rate * EVERY))
        with_reply = kind == "echo" and not attack.answered
        run = Run(kind, port, first, turns, at_once=at_once, with_reply=with_reply, every=at_once / rate)
        return asdict(run)


# -- printing ----------------------------------------------------------------------------------------------------------

COLUMNS = ("", "attack", "measured", "turns", "without it", "with it", "goal", "reached")


def _span(milliseconds: float) -> str:
    return f"{milliseconds / 1000:g} s" if milliseconds in {1000.0, 2000.0, 3000.0} else f"{milliseconds:.0f} ms"


def table(battle: Battle) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "|---" * len(COLUMNS) + "|"]
    for attack in battle.attacks:
        seen = battle.seen[attack.key]
        if seen.fault:
            row = attack.figures[0].row
            lines.append(f"| {row} | {attack.name} | left out: {seen.fault} |" + " |" * (len(COLUMNS) - 3))
        else:
            lines += [figure.line(attack.name, seen.alone, seen.attacked) for figure in attack.figures]
    return "\n".join(lines)


def blows(battle: Battle) -> str:
    """What the attackers got, a line each."""
    found = ((attack, battle.seen[attack.key].blows) for attack in battle.attacks)
    return "\n".join(f"{attack.name}: {got}" for attack, got in found if got.answers)


async def run(attacks: Sequence[Attack], rounds: int, seconds: float) -> None:
    sdks.PLACE.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=sdks.PLACE))
    try:
        battle = Battle(attacks, folder, seconds)
        for number in range(rounds):
            print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
            await battle.round()
        print(table(battle))
        print(f"\n{blows(battle)}")
    finally:
        shutil.rmtree(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description="What good people notice while Pathway is attacked.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6.0, help="how long each half of a round takes")
    parser.add_argument("--only", default="", help=f"some of {','.join(attack.key for attack in ATTACKS)}")
    asked = parser.parse_args()
    wanted = asked.only.split(",") if asked.only else [attack.key for attack in ATTACKS]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if soft < HALF_OPEN + 500 else soft, hard))
    asyncio.run(run([attack for attack in ATTACKS if attack.key in wanted], asked.rounds, asked.seconds))


if __name__ == "__main__":
    main()
