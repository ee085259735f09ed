"""One of several bots on one database: the real clock and the real sender; Teams is a line of its output.

`python -m tests.storage.replica URL [NTH [waiting]]`: prints "begun PERSON" and "sent PERSON" for each message, with
"again" behind it where the message says so. With NTH it never comes back from sending the message of that number; with
"waiting" behind that, the moment of that message never comes, and it has not left.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from bot.clock import Clock, PathwayTime
from bot.desk import Message, Post, leaves
from bot.practice.roll import PROVIDER
from bot.sender import Sender
from bot.teams.words import sent_again
from pathway.address import Address
from pathway.casework import Casework
from pathway.people import Person, Placement, Reach
from pathway.provider import Provider
from storage import Stores
from tests.keys import open_stores
from tests.storage.samples import NOON, first, started, target
from tests.storage.test_drafts import PLACEMENT

#: A working morning on which the check after a week is due.
THEN = datetime(2026, 10, 14, 9, 0, tzinfo=UTC)
_AGAIN = sent_again(Message("")).text.strip("\n()")


@dataclass
class Printing:
    """`bot.desk.Post`."""

    say: Callable[[str], None]
    hangs_at: int = 0
    waiting: bool = False
    sent: int = 0

    async def send(self, to: Address, message: Message, *, thread: str = "") -> str:
        del thread
        self.sent += 1
        number = self.sent
        if self.waiting and number == self.hangs_at:
            self.say(f"waits {to.conversation_id}")
            await asyncio.Event().wait()
        await leaves()
        again = " again" if _AGAIN in json.dumps(message.card) + message.text else ""
        self.say(f"begun {to.conversation_id}{again}")
        if number == self.hangs_at:
            await asyncio.Event().wait()
        await asyncio.sleep(0)
        self.say(f"sent {to.conversation_id}{again}")
        return f"a{number}"

    async def update(self, to: Address, activity_id: str, message: Message) -> None:
        del to, activity_id, message


def bot(stores: Stores, post: Post, time: PathwayTime | None = None) -> Clock:
    """Whose clock stands still where no other is given."""
    time = time or PathwayTime(lambda: THEN)
    casework = Casework(stores.book, stores.roster, Provider.load(PROVIDER), time.now)
    sender = Sender(casework, stores.addresses, post, None)
    return Clock(casework, sender, stores.drafts, stores.addresses, time, practice=False)


async def fill(stores: Stores, count: int, *, each: int = 1) -> None:
    """So many cases, *each* of them with one mentor, who is to be reminded of the check after a week."""
    await enlist(stores, count, each=each)
    for n in range(count):
        await begin_case(stores, n, each=each)


async def enlist(stores: Stores, count: int, *, each: int = 1) -> None:
    people: list[Person] = []
    placements: list[Placement] = []
    for n in range(count):
        mentors = [f"m{n}"] if n < -(-count // each) else []
        people += [Person(who, who, f"{who}@uni.example", reach=Reach.TEAMS) for who in (*mentors, f"s{n}")]
        placements.append(replace(PLACEMENT, id=f"PL-{n}", mentor=f"m{n // each}", student=f"s{n}"))
    await stores.roster.load(people, placements)


async def begin_case(stores: Stores, n: int, *, each: int = 1, check_on: date | None = None) -> None:
    mentor, asked = f"m{n // each}", target() if check_on is None else replace(target(), check_on=check_on)
    begun = replace(started(f"c{n}", placement=f"PL-{n}", student=f"s{n}"), by=mentor, mentor=mentor)
    case = first(f"c{n}", placement=f"PL-{n}", people=(mentor, f"s{n}"), wake_at=NOON + timedelta(days=5))
    await stores.book.commit(replace(case, events=(begun, replace(asked, by=mentor))))
    await stores.addresses.keep_address(mentor, Address("https://smba.example/", mentor, "28:bot", "t"))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def main() -> None:
    stores = open_stores(sys.argv[1])
    await stores.open()
    clock = bot(stores, Printing(_say, int(sys.argv[2]) if len(sys.argv) > 2 else 0, sys.argv[3:] == ["waiting"]))
    _say("here")
    await asyncio.to_thread(sys.stdin.readline)
    while True:
        await clock.tick()
        await asyncio.sleep(0.05)


if __name__ == "__main__":
    asyncio.run(main())
