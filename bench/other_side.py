"""Microsoft and Teams in one process of their own, cheap enough not to be what is measured.

Four hosts over TLS (signing keys, tokens, connector, Graph), and people who send signed activities. Both are bare
protocols on asyncio: they read and write no more of HTTP than the bots of this bench need. Commands come in as lines of
JSON on standard input, answers go out on standard output; the first line out says where the hosts are, and a token with
which anybody may send.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import json
import re
import ssl
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import trustme

from bench import people
from bot.practice.keys import ISSUER, SigningKey

KEYS, ENTRA, CONNECTOR = "login.botframework.com", "login.microsoftonline.com", "smba.trafficmanager.net"
GRAPH = "graph.microsoft.com"
HOSTS = (KEYS, ENTRA, CONNECTOR, GRAPH)
LONGEST = 120.0
"""Seconds that one run may take."""

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_MUST_SAY = {"check": b"Set the weekly target", "send": b"The weekly target is set"}
"""What is in the answer to a press that did what it is for."""

NEVER = 3600.0
"""Seconds: longer than any run."""

OUT_OF_ORDER: dict[str, tuple[int, Any, float]] = {
    "hang": (200, {}, NEVER),
    "fail": (500, {"error": "out of order"}, 0.0),
    "garble": (200, b"\xff{", 0.0),
    "lie": (200, {"issuer": "https://evil.example", "jwks_uri": "https://evil.example/keys"}, 0.0),
}
_CHAT = re.compile(r"/conversations/([^/]+)/activities")


class World:
    """What the hosts know, and how they behave. *token_after*, *connector_after* and *graph_after* are seconds; *keys*
    is how the pages of the signing keys are: "well", "hang", "fail", "garble" or "lie".
    """

    def __init__(self) -> None:
        self.key = SigningKey.new()
        self.to_bot = self.key.sign(self.key.to_bot(people.APP_ID, people.SERVICE))
        self.for_connector = self.key.for_connector(people.APP_ID, people.TENANT)
        self.token_after = 0.0
        self.token_lasts = 3599
        self.connector_after = 0.0
        self.graph_after = 0.0
        self.keys = "well"
        self.seen: Counter[str] = Counter()
        self.waiting: dict[str, Caller] = {}
        """Who waits for a message in which chat."""
        self._chats = {people.person(n).conversation_id: n for n in range(people.MENTORS)}

    def tokens(self, count: int) -> Iterator[bytes]:
        """So many tokens to the bot, no two alike, signed before the first is given out."""
        claims = self.key.to_bot(people.APP_ID, people.SERVICE)
        return iter([self.key.sign({**claims, "iat": claims["iat"] - n}).encode() for n in range(count)])

    def answer(self, method: str, path: str, head: bytes) -> tuple[int, Any, float]:
        """Status, content and seconds to wait."""
        if "/v3/conversations/" in path:
            return self._connector(method, path.replace("%3A", ":").replace("%3a", ":"), head)
        self.seen[path.partition("?")[0]] += 1
        if path.endswith("/oauth2/v2.0/token"):
            self.seen["tokens"] += 1
            token = {"token_type": "Bearer", "expires_in": self.token_lasts, "access_token": self.for_connector}
            return 200, token, self.token_after
        if path.endswith("/teamwork/installedApps"):
            self.seen["installed"] += 1
            return 201, {}, self.graph_after
        if "/v1/.well-known/" in path and self.keys != "well":
            return OUT_OF_ORDER[self.keys]
        return (*self._page(path), 0.0)

    def _connector(self, method: str, path: str, head: bytes) -> tuple[int, Any, float]:
        if self.for_connector.encode() not in head:
            return 401, {"error": {"code": "Unauthorized"}}, 0.0
        chat = _CHAT.search(path)
        if method == "POST" and chat is not None:
            self.seen["messages"] += 1
            caller = self.waiting.pop(chat[1], None)
            if caller is not None:
                caller.half()
        if method == "PUT":
            self.seen["edited"] += 1
        return 201, {"id": f"{1_800_000_000_000 + self.seen['messages']}"}, self.connector_after

    def _page(self, path: str) -> tuple[int, Any]:
        if path.endswith("/v1/.well-known/openidconfiguration"):
            page = {
                "issuer": ISSUER,
                "jwks_uri": f"https://{KEYS}/v1/.well-known/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
            }
            return 200, page
        if path.endswith("/v1/.well-known/keys"):
            return 200, {"keys": [self.key.public(["msteams", "webchat"])]}
        if path.endswith("/v2.0/.well-known/openid-configuration"):
            root = f"https://{ENTRA}{path.removesuffix('/v2.0/.well-known/openid-configuration')}"
            page = {
                "issuer": f"{root}/v2.0",
                "token_endpoint": f"{root}/oauth2/v2.0/token",
                "authorization_endpoint": f"{root}/oauth2/v2.0/authorize",
            }
            return 200, page
        if path.startswith("/common/discovery/instance"):
            return 200, {"tenant_discovery_endpoint": "", "metadata": []}
        return 404, {"error": "not_found"}


class Host(asyncio.Protocol):
    """One TLS connection to any of the hosts."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._world.seen["connections"] += 1

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            length = _LENGTH.search(head)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self._buffer) < whole:
                return
            self._buffer = self._buffer[whole:]
            self._answer(head)

    def _answer(self, head: bytes) -> None:
        method, path, _ = head[: head.index(b"\r\n") if b"\r\n" in head else None].decode("ascii").split(" ")
        status, content, after = self._world.answer(method, path, head)
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        self._later(
            after,
            b"HTTP/1.1 %d OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: %d\r\n\r\n%s"
            % (status, len(raw), raw),
        )

    def _later(self, after: float, raw: bytes) -> None:
        assert self._transport is not None
        if after:
            asyncio.get_running_loop().call_later(after, self._transport.write, raw)
        else:
            self._transport.write(raw)


@dataclass
class Run:
    """What to send: turns *first* to *first* + *turns* of a *kind*, to *port*, so many *at_once*."""

    kind: str
    port: int
    first: int
    turns: int
    at_once: int = 8
    with_reply: bool = True
    """A turn is over when its request is answered and, with this, when a message has come to the same chat."""
    every: float = 0.0
    """Seconds from one turn of a caller to the next, however long the first takes; 0 is without a pause. With it every
    single time is told, counted from when the turn should have begun."""
    seconds: float = 0.0
    p50: float = 0.0
    p99: float = 0.0
    """In milliseconds."""
    answered: list[float] = field(default_factory=list)
    over: list[float] = field(default_factory=list)
    """Milliseconds, one a turn: until its request was answered, and until it was over."""
    tokens: int = 0
    connections: int = 0
    messages: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    """How many answers were not 200 or 201, by status or kind."""


class Caller(asyncio.Protocol):
    """One connection to the bot, which sends one turn after the other."""

    def __init__(
        self, run: Run, world: World, tokens: Iterator[bytes], numbers: Iterator[int], done: Callable[[], None]
    ) -> None:
        self.took: list[float] = []
        self.answered: list[float] = []
        self.starts_at = 0.0
        self._run = run
        self._tokens = tokens
        self._world = world
        self._numbers = numbers
        self._done = done
        self._buffer = b""
        self._halves = 0
        self._began = 0.0
        self._transport: asyncio.Transport | None = None
        self._head = (
            f"POST /api/messages HTTP/1.1\r\nHost: 127.0.0.1:{run.port}\r\nAccept: */*\r\n"
            "User-Agent: Microsoft-SkypeBotApi (Microsoft-BotFramework/3.0)\r\n"
            "Content-Type: application/json; charset=utf-8\r\nContent-Length: "
        ).encode()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._in_time()

    def _in_time(self) -> None:
        """The next turn, if there is one: at once, or when it is its time."""
        assert self._transport is not None
        turn = next(self._numbers, None)
        if turn is None:
            self._transport.close()
            self._done()
        elif self._run.every:
            wait = max(0.0, self.starts_at - time.perf_counter())
            asyncio.get_running_loop().call_later(wait, self._begin, turn)
        else:
            self._begin(turn)

    def _begin(self, turn: int) -> None:
        assert self._transport is not None
        self._halves = 1
        self._began = self._is_due()
        if self._run.kind == "health":
            self._transport.write(f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{self._run.port}\r\n\r\n".encode())
            return
        raw = people.body(self._run.kind, turn)
        if self._run.with_reply:
            self._halves = 2
            self._world.waiting[people.person(turn % people.MENTORS).conversation_id] = self
        token = next(self._tokens)
        self._transport.write(b"%s%d\r\nAuthorization: Bearer %s\r\n\r\n%s" % (self._head, len(raw), token, raw))

    def _is_due(self) -> float:
        """When the turn begins, or should have begun."""
        if not self._run.every:
            return time.perf_counter()
        due, self.starts_at = self.starts_at, self.starts_at + self._run.every
        return due

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end]
        length = _LENGTH.search(head)
        if length is None and b"chunked" in head.lower():
            whole = len(self._buffer) if self._buffer.endswith(b"0\r\n\r\n") else len(self._buffer) + 1
        else:
            whole = end + 4 + (int(length[1]) if length else 0)
        if len(self._buffer) >= whole:
            self._answered(head, self._buffer[end + 4 :])

    def _answered(self, head: bytes, content: bytes) -> None:
        self._buffer = b""
        self.answered.append(time.perf_counter() - self._began)
        status = head[9:12].decode("ascii")
        if status not in ("200", "201", "202"):
            self._run.refused[status] = self._run.refused.get(status, 0) + 1
            self._halves = 1  # no message will come
        elif _MUST_SAY.get(self._run.kind, b"") not in content:
            self._run.refused["not done"] = self._run.refused.get("not done", 0) + 1
        self.half()

    def half(self) -> None:
        """Its request is answered, or its message is there."""
        self._halves -= 1
        if self._halves == 0:
            self.took.append(time.perf_counter() - self._began)
            asyncio.get_running_loop().call_soon(self._in_time)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's name
        if self._halves > 0:
            self._run.refused["closed"] = self._run.refused.get("closed", 0) + 1
            self._halves = 0
            self._done()


async def carry_out(run: Run, world: World) -> Run:
    """Sends the turns of *run* and fills in what came of them. Raises TimeoutError."""
    before = Counter(world.seen)
    numbers = iter(range(run.first, run.first + run.turns))
    tokens = world.tokens(run.turns) if run.kind == "fresh" else itertools.repeat(world.to_bot.encode())
    loop = asyncio.get_running_loop()
    over, left = asyncio.Event(), run.at_once
    callers: list[Caller] = []

    def done() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            over.set()

    def caller(number: int) -> Caller:
        callers.append(Caller(run, world, tokens, numbers, done))
        callers[-1].starts_at = began + run.every * (number + 1) / run.at_once
        return callers[-1]

    began = time.perf_counter()
    for number in range(run.at_once):
        await loop.create_connection(functools.partial(caller, number), "127.0.0.1", run.port)
    async with asyncio.timeout(LONGEST):
        await over.wait()
    run.seconds = time.perf_counter() - began
    took = sorted(t * 1000 for c in callers for t in c.took)
    run.p50, run.p99 = (took[int(len(took) * part)] for part in (0.5, 0.99)) if took else (0.0, 0.0)
    if run.every:
        run.answered = [round(t * 1000, 2) for c in callers for t in c.answered]
        run.over = [round(t, 2) for t in took]
    seen = world.seen - before
    run.tokens, run.connections, run.messages = seen["tokens"], seen["connections"], seen["messages"]
    return run


async def _runs(command: dict[str, Any], world: World) -> dict[str, Any]:
    """One run, or with "together" several in the same time: their list under the same word."""
    if "together" not in command:
        return asdict(await carry_out(Run(**command), world))
    done = await asyncio.gather(*(carry_out(Run(**one), world) for one in command["together"]))
    return {"together": [asdict(run) for run in done]}


async def serve(folder: Path) -> None:
    """Until standard input ends. *folder* is where the authority's certificate goes."""
    world = World()
    authority = trustme.CA(organization_name="Pathway bench")
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*HOSTS).configure_cert(context)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Host(world), "127.0.0.1", 0, ssl=context)
    hosts = {"port": server.sockets[0].getsockname()[1], "token": world.to_bot}
    print(json.dumps(hosts), flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        command = json.loads(line)
        if "set" in command:
            vars(world).update(command["set"])
            answer: dict[str, Any] = {}
        elif "seen" in command:
            answer = dict(world.seen)
        else:
            try:
                answer = await _runs(command, world)
            except (TimeoutError, OSError) as fault:
                answer = {"error": f"{type(fault).__name__}: {fault}", "seen": dict(world.seen)}
        print(json.dumps(answer), flush=True)
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
