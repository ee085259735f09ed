"""CPU of one turn of the Teams side, beside a bare aiohttp handler in the same process and run.

    python bench/turn.py [turns]

The other side (the practice channel: signing, connector, tokens) is a process of its own, so that only the bot's own
time is counted. Printed: milliseconds of CPU a request, and the ratio to the bare handler. No limit is asserted.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import aiohttp
from aiohttp import web

from bot.desk import Message, Who
from bot.practice.channel import Channel
from bot.practice.people import PracticePerson
from bot.teams import Teams, TeamsSettings, build
from bot.teams.crowd import Allowance
from bot.teams.pace import Pace
from pathway.address import Address

APP, TENANT, PASSWORD = "bench-app", "bench-tenant", "bench"
AT_ONCE = 8
MARK = "000-the-id-000"
ME = str(Path(__file__).resolve())
PRIYA = PracticePerson("priya", "Priya Shah", "p@school.example", "o-1", "p@school.example", "Mentor")
CARD = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [{"type": "TextBlock", "text": f"Line {n} of a form", "wrap": True} for n in range(12)]
    + [{"type": "Input.Text", "id": f"field{n}", "label": f"Field {n}", "isMultiline": True} for n in range(6)],
    "actions": [{"type": "Action.Execute", "title": "Send", "verb": "send", "data": {"case": "c", "nonce": "n"}}],
}


class PlainDesk:
    """Answers at once, always the same."""

    async def said(self, who: Who, text: str) -> Sequence[Message]:
        del who, text
        return [Message("An answer", CARD)]

    async def acted(self, who: Who, verb: str, data: Mapping[str, Any], activity_id: str) -> Message:
        del who, verb, data, activity_id
        return Message("An answer", CARD)

    async def met(self, who: Who) -> Sequence[Message]:
        del who
        return []

    async def left(self, who: Who) -> None:
        del who

    async def joined_channel(self, address: Address, added_by: str) -> Sequence[Message]:
        del address, added_by
        return []

    async def said_in_channel(self, who: Who, text: str) -> Sequence[Message]:
        del who, text
        return []


async def other_side(turns: int) -> None:
    """The practice channel as a process: prints its address, then sends what its standard input asks for."""
    channel = Channel(
        [PRIYA], app_id=APP, app_password=PASSWORD, tenant_id=TENANT, now=lambda: datetime(2026, 11, 3, tzinfo=UTC)
    )
    async with channel, aiohttp.ClientSession() as session:
        channel.transcript.set_installed(PRIYA.key, installed=True)
        print(channel.url, flush=True)
        value = {"action": {"type": "Action.Execute", "verb": "send", "data": {"field1": "words " * 20}}}
        activities = {
            "message": channel.activity(PRIYA, text="my cases"),
            "invoke": channel.activity(PRIYA, "invoke", name="adaptiveCard/action", value=value, replyToId="1"),
        }
        token, numbers = channel.token(), itertools.count(10**12)
        loop = asyncio.get_running_loop()
        while line := (await loop.run_in_executor(None, sys.stdin.readline)).split():
            kind, url = line
            before, after = json.dumps(activities[kind] | {"id": MARK}).encode().split(MARK.encode())
            headers = {"Authorization": f"Bearer {token}"}
            left = iter(range(turns))

            async def send(
                url: str = url, around: tuple[bytes, bytes] = (before, after), left: Any = left, headers: Any = headers
            ) -> None:
                for _ in left:
                    raw = str(next(numbers)).encode().join(around)  # what comes twice is no turn
                    async with session.post(url, data=raw, headers=headers) as answer:
                        assert answer.status == 200, answer.status
                        await answer.read()

            await asyncio.gather(*(send() for _ in range(AT_ONCE)))
            print("done", flush=True)


async def bare(request: web.Request) -> web.Response:
    return web.json_response({"read": len(await request.json())})


async def measured(other: Process, kind: str, url: str, turns: int) -> float:
    """CPU of this process in milliseconds a request."""
    assert other.stdin is not None
    assert other.stdout is not None
    before = time.process_time()
    other.stdin.write(f"{kind} {url}\n".encode())
    if not await other.stdout.readline():
        sys.exit("The other side has ended: see above.")
    return (time.process_time() - before) * 1000 / turns


async def run(turns: int) -> None:
    other = await asyncio.create_subprocess_exec(
        sys.executable, ME, "--other-side", str(turns), stdin=PIPE, stdout=PIPE
    )
    assert other.stdin is not None
    assert other.stdout is not None
    channel = (await other.stdout.readline()).decode().strip()
    async with aiohttp.ClientSession() as session:
        unbound = Pace(conversation=((1.0, 10**6),), tenant=((1.0, 10**6),))
        teams = build(settings(channel), session, pace=unbound, allowance=Allowance(10**6, 10.0**6))
        runner, origin = await serving(teams)
        await report(other, origin, turns)
        await runner.cleanup()
        await teams.close()
    other.stdin.close()
    await other.wait()


async def report(other: Process, origin: str, turns: int) -> None:
    rounds = [
        ("a bare aiohttp handler", "message", f"{origin}/bare"),
        ("a press, answered with a card", "invoke", f"{origin}/api/messages"),
        ("a message, answered by one request to the connector", "message", f"{origin}/api/messages"),
    ]
    for _, kind, url in rounds:
        await measured(other, kind, url, turns)  # warm
    base = 0.0
    for what, kind, url in rounds:
        spent = min([await measured(other, kind, url, turns) for _ in range(3)])
        base = base or spent
        print(f"{what:55} {spent:6.3f} ms of CPU   {spent / base:4.1f} times the bare one")


async def serving(teams: Teams) -> tuple[web.AppRunner, str]:
    app = web.Application()
    app.router.add_post("/bare", bare)
    app.router.add_post("/api/messages", teams.messages(PlainDesk()))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


def settings(channel: str) -> TeamsSettings:
    return TeamsSettings(
        app_id=APP,
        app_type="SingleTenant",
        tenant_id=TENANT,
        password=PASSWORD,
        openid_url=f"{channel}/.well-known/openidconfiguration",
        token_url=f"{channel}/token",
        practice=True,
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--other-side"]:
        asyncio.run(other_side(int(sys.argv[2])))
    else:
        asyncio.run(run(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
