"""A process that has loaded the whole bot and does nothing but fork: a bot a fork, without the seconds of loading it.

`python -m bench.chaos.zygote FD`: over the Unix socket FD come pickled `Birth`s with three descriptors each (the
listening socket, the bot's end of a line to the bench, the shared clock), and the process id of a dead one, to be told
when all of it is gone. The bot is the whole application of `python -m bot serve`; over its line it is told to set its
trap, to look at what is due, and to say what there is.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import pickle
import socket
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aiohttp import web

from bench.chaos import letters
from bench.chaos.trap import Trap
from bench.chaos.wall import SharedWall
from bot.app import PARTS, Parts, application
from bot.clock import PathwayTime
from bot.settings import BotSettings
from pathway.nudges import due
from storage import record as r
from storage.codec import encode_event
from tests.keys import KEYS

LONGEST = 1 << 16
LOOKS = 200


@dataclass(frozen=True)
class Birth:
    """A bot with *settings* and the main key of the tests; its trap is set for step *at* of its life, 0 for none.
    *log* is for its warnings.
    """

    settings: BotSettings
    at: int
    log: Path


def main(line: socket.socket) -> None:
    gc.freeze()
    while True:
        message, descriptors, _, _ = socket.recv_fds(line, LONGEST, 3)
        if not message:
            return
        asked = pickle.loads(message)  # noqa: S301 - from the process that started this one
        if isinstance(asked, int):
            os.waitpid(asked, 0)
            line.send(b"gone")
            continue
        pid = os.fork()
        if pid == 0:
            line.close()
            _live(asked, *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        line.send(str(pid).encode())


def _live(birth: Birth, listening: int, line: int, wall: int) -> None:
    status = 1
    try:
        logging.basicConfig(filename=birth.log, level=logging.WARNING, force=True)
        asyncio.run(Life(birth, socket.socket(fileno=listening), socket.socket(fileno=line), SharedWall(wall)).lived())
        status = 0
    except BaseException:
        logging.getLogger(__name__).exception("the bot of the bench ended by itself")
    finally:
        os._exit(status)


class Life:
    def __init__(self, birth: Birth, listening: socket.socket, line: socket.socket, wall: SharedWall) -> None:
        self.birth = birth
        self.listening = listening
        self.line = line
        self.wall = wall
        self.trap = Trap(lambda place: self._says({"died": place}))

    def _says(self, words: dict[str, Any]) -> None:
        self.line.setblocking(True)
        self.line.sendall(json.dumps(words).encode() + b"\n")

    async def lived(self) -> None:
        letters.listen(self._says)
        self.trap.spring()
        self.trap.set(self.birth.at)
        app = application(replace(self.birth.settings, keys=KEYS), PathwayTime(self.wall))
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.SockSite(runner, self.listening).start()
        reader, _ = await asyncio.open_connection(sock=self.line.dup())
        self._says({"ready": True})
        while asked := await reader.readline():
            await self._answers(json.loads(asked), app[PARTS])
        await runner.cleanup()

    async def _answers(self, asked: dict[str, Any], parts: Parts) -> None:
        match asked["do"]:
            case "arm":
                self.trap.set(asked["at"])
            case "wake":
                parts.clock.wake_soon()
            case "look":
                self._says(await _looked(parts) | {"steps": self.trap.steps})


async def _looked(parts: Parts) -> dict[str, Any]:
    """Everything that waits for this moment is done; then all that there is."""
    book, now = parts.stores.book, parts.casework.now()
    await parts.teams.errands.quiet(10.0)
    await parts.reception.close()
    await parts.clock.tick()
    for _ in range(LOOKS):  # on a busy machine a tick leaves to itself what gets nowhere for two seconds
        if all(claim.due > now for claim in await book.delayed(0)):
            break
        await asyncio.sleep(0.2)
        await parts.clock.tick()
    records = [record async for record in book.records()]
    not_noted = 0
    for record in records:
        if record.case_id != r.NO_CASE:
            case = await parts.casework.case(record.case_id)
            not_noted += len(due(case, await parts.casework.ground(case.placement), now))
    coming = await parts.clock.coming()
    health = await book.health()
    return {
        "records": [
            {**r.clear(record), "events": [encode_event(x) for x in await book.events(record.case_id)]}
            for record in records
        ],
        "not_noted": not_noted,
        "coming": coming.at.isoformat() if coming else "",
        "ill": "" if health.ok else health.sentence,
        "parked": len(await book.parked()),
        "people": {person.email: person.id for person in (await parts.stores.roster.people()).values()},
        "now": now.isoformat(),
    }


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
