"""`kill -9` again and again under mixed load, at every step between receiving an activity and settling what it caused.

Mentors raise concerns, tell the Link Tutor, take it back and close; Link Tutors answer; days pass and reminders fall
due; the channel counts along. Each round: a trap is set for a random step, people act at once, the bot dies; a new one
starts on what is left (and is often killed over that, too); Teams delivers again what had no answer; everybody finishes
what they were about; then all that there is is compared with what was confirmed, and with everybody's chat.
"""

from __future__ import annotations

import asyncio
import random
import re
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.chaos.house import Broken, House, zygote
from bench.chaos.tables import table
from bot.practice import hands
from bot.practice.channel import Message
from bot.practice.transcript import CHANNEL
from pathway.events import SYSTEM
from tests.conversations import road
from tests.postgres import fresh_schema

LANES = (
    ("priya", "Tom Ashworth", "tom", "helen"),
    ("gareth", "Aisha Rahman", "aisha", "helen"),
    ("sian", "Daniel Okoro", "daniel", "martin"),
    ("owen", "Freya Lindqvist", "freya", "martin"),
)
OTHERS = ("sam", "ruth")
TIME_PASSES, KILLED_AGAIN = 0.8, 0.5
"""In so many rounds the clock goes on to the next reminder; so often a new bot is killed, too, over what it finds."""
EPOCH = 25
"""Rounds on one store: then it begins anew, so that a round costs the same however many there are."""
REACH = 700
"""Steps from when the trap is set: more than an act of everybody at once."""
IN_THE_BEGINNING = 250
"""Steps of a start that finds something to do."""
DAY = "Placements, "
"""How the summary of the post begins that opens a day in the channel."""
AGAIN = "Sent again, in case the first one did not arrive."


@dataclass
class Tally:
    """What came of all rounds. *faults* are sentences: none twice."""

    kills: int = 0
    rounds: int = 0
    confirmed: int = 0
    reminders: int = 0
    messages: int = 0
    doubled: int = 0
    marked: int = 0
    faults: list[str] = field(default_factory=list)
    places: Counter[str] = field(default_factory=Counter)

    def says(self, fault: str) -> None:
        if fault not in self.faults:
            self.faults.append(fault)

    def count(self, beginning: str) -> int:
        return sum(fault.startswith(beginning) for fault in self.faults)


@dataclass
class Lane:
    """One mentor with one student: what was confirmed, by the reference of each case, in order."""

    mentor: str
    about: str
    tutor: str
    confirmed: dict[str, list[str]] = field(default_factory=dict)

    async def goes_on(self, house: House) -> None:
        """For ever: a concern, perhaps a referral that is taken back, and a target that is met."""
        first = self.about.split()[0]
        while True:
            card = await house.asks_for(self.mentor, f"concern about {self.about}", "I am just starting")

            def mine(m: Message, card: Message = card) -> bool:
                return m.id == card.id

            await house.presses_on(self.mentor, "I am just starting", mine)
            await house.presses_on(self.mentor, "No, carry on", mine)
            await house.presses_on(self.mentor, "Check my answers", mine, **road.concern(house))
            await house.presses_on(self.mentor, "Set the weekly target", mine)
            words = hands.words(next(m for m in house.teams.chat(self.mentor) if m.id == card.id).card or {})
            reference = words.partition("Ref ")[2][:4]
            done = self.confirmed.setdefault(reference, ["DraftStarted", "WeeklyTargetSet"])

            def of_it(m: Message, reference: str = reference) -> bool:
                return f"Ref {reference}" in hands.words(m.card or {})

            if house.rng.random() < 0.6:
                await house.presses_on(self.mentor, "Not yet: tell the Link Tutor", of_it)
                why = {"evidence": road.EVIDENCE, "early_because": "It is better said now"}
                await house.presses_on(self.mentor, "Tell the Link Tutor: ", of_it, **why)
                done.append("LinkTutorTold")
                if house.rng.random() < 0.6:
                    await house.presses_on(self.tutor, "I have it", of_it)
                    done.append("LinkTutorAcknowledged")
                await house.presses_on(self.mentor, "Go on with the weekly target instead", of_it)
                await house.presses_on(self.mentor, "Go on with the target", of_it, reason="It was one bad day")
                done.append("ReferralWithdrawn")
            await house.presses_on(self.mentor, f"Met, and I have told {first}", of_it)
            done.append("TargetMet")


# -- what there is beside what was confirmed ---------------------------------------------------------------------------


class Books:
    """Compares, after each kill. Raises nothing: every fault is a line of the tally."""

    def __init__(self, house: House, lanes: list[Lane], tally: Tally) -> None:
        self.house = house
        self.lanes = lanes
        self.tally = tally
        self.sent: set[str] = set()
        """The messages that the store knows to have arrived."""
        self.dropped: Counter[str] = Counter()
        """By the reference of the case, how many letters were wanted no more when they were to be sent."""
        self.seen = self.marked = self.doubled = self.reminders = 0

    def compare(self, found: dict[str, Any]) -> None:
        say, records = self.tally.says, [x for x in found["records"] if x["case_id"]]
        if found["ill"]:
            say(f"unreadable: {found['ill']}")
        if found["not_noted"]:
            say(f"reminder lost: {found['not_noted']} are due and not noted")
        if found["parked"]:
            say(f"put aside: {found['parked']}")
        recorded = {x["summary"]["reference"]: [e["type"] for e in x["events"] if e["by"] != SYSTEM] for x in records}
        for lane in self.lanes:
            for reference, confirmed in lane.confirmed.items():
                if (there := recorded.pop(reference, [])) != confirmed:
                    say(f"event lost or doubled: {reference} has {there}, and confirmed was {confirmed}")
        for reference, events in recorded.items():  # begun, and killed before anybody read its reference
            say(f"event lost or doubled: {reference} was never confirmed: {events}")
        now, self.sent = datetime.fromisoformat(found["now"]), set()
        self.reminders, self.dropped = 0, Counter()
        for record in found["records"]:
            self._letters(record, now)
        self._chats()

    def _letters(self, record: dict[str, Any], now: datetime) -> None:
        say, waiting = self.tally.says, {x["item"]["key"]: x for x in record["letters"]}
        for letter in waiting.values():
            if datetime.fromisoformat(letter["work"]["due"]) <= now:
                say(f"message lost: {letter['item']['notice']} waits for nothing")
        reference = record["summary"]["reference"]
        self.dropped[reference] += sum(x.startswith("dropped:") for x in record["settled"].values())
        for result in record["settled"].values():
            if result.startswith("sent:"):
                self.sent.add(result.removeprefix("sent:"))
        for event in record["events"]:
            if event["type"] == "Nudged" and event["sent"]:
                self.reminders += 1
                key = f"{event['timer']}:{event['due']}:{event['rung']}:{event['to']}"
                if key not in record["settled"] and key not in waiting:
                    say(f"reminder lost: {event['timer']} {event['rung']} was noted and never sent")

    def _chats(self) -> None:
        """Each message that the store says is sent stands in its chat, and each that stands there and that the store
        does not know was sent again, and the second one says so.
        """
        house, say = self.house, self.tally.says
        there = {m.id for chat in (*house.people, CHANNEL) for m in house.sent_to(chat)}
        for message_id in self.sent - there:
            say(f"message lost: {message_id} was sent, and nobody has it")
        self.seen, self.marked, self.doubled, dropped = 0, 0, 0, self.dropped.copy()
        for chat in (*house.people, CHANNEL):
            ours = [m for m in house.sent_to(chat) if tells(m)]
            self.seen += len(ours)
            marked = [(n, m) for n, m in enumerate(ours) if AGAIN in words(m)]
            self.marked += len(marked)
            for n in reversed(range(len(ours))):
                if self._is_known(ours, n):
                    continue
                second = next((later for later in marked if later[0] > n and like(later[1], ours[n])), None)
                overtaken = next((r for r, left in dropped.items() if left and r in words(ours[n])), None)
                if second is not None:
                    self.doubled += 1
                    marked.remove(second)
                elif overtaken is not None:  # it arrived, and then it was wanted no more
                    dropped[overtaken] -= 1
                else:
                    say(f"sent twice and not marked: {chat} {ours[n].summary}")

    def _is_known(self, ours: list[Message], n: int) -> bool:
        """By the store; the post that opens a day in the channel is no letter, and only the last of a day is known."""
        if ours[n].summary.startswith(DAY):
            return not any(m.summary == ours[n].summary for m in ours[n + 1 :])
        return ours[n].id in self.sent


def words(message: Message) -> str:
    return f"{message.summary}\n{message.text}\n{hands.words(message.card) if message.card else ''}"


def tells(message: Message) -> bool:
    """Whether it came from the outbox, or opens the day in the channel: an answer in a turn has other summaries."""
    return message.summary.startswith(("Placement case", DAY)) or message.summary.endswith("reminders")


def like(one: Message, other: Message) -> bool:
    """Of one kind and case, or two messages with reminders of one case, alone or among others of a morning."""
    if one.summary == other.summary:
        return True
    reminders = all(m.summary.endswith(("reminder", "reminders")) for m in (one, other))
    return reminders and bool(references(one) & references(other))


def references(message: Message) -> set[str]:
    return set(re.findall(r"(?:case|Ref|Open) ([A-Z0-9]{4})\b", words(message)))


# -- rounds ------------------------------------------------------------------------------------------------------------


class Kills:
    def __init__(self, house: House, tally: Tally) -> None:
        self.house = house
        self.tally = tally
        self.lanes = [Lane(mentor, about, tutor) for mentor, about, _, tutor in LANES]
        self.books = Books(house, self.lanes, tally)
        self._found: dict[str, Any] = {}

    async def everybody_comes(self) -> None:
        people = {who for mentor, _, student, tutor in LANES for who in (mentor, student, tutor)} | set(OTHERS)
        await self.house.opens(*sorted(people))
        self._found = await self.house.looks()

    async def round(self, at: int, *lives: int) -> None:
        """Killed at step *at* of what everybody does at once, and then at those steps of the next *lives*, over what is
        left.
        """
        house = self.house
        await house.asks("arm", at=at)
        if self._found["coming"] and house.rng.random() < TIME_PASSES:
            house.wall.at = datetime.fromisoformat(self._found["coming"])
        await house.asks("wake")
        house.unlock()
        self._counts(await house.dies())
        house.shut()
        self._found = await self._recovers(lives)
        self.books.compare(self._found)
        self.tally.rounds += 1

    async def _recovers(self, lives: Sequence[int]) -> dict[str, Any]:
        """Everybody finishes what they were about, and what is due is done; what there is then."""
        house = self.house
        finished = asyncio.create_task(house.all_wait(len(self.lanes)))
        for at in (*lives, 0):
            await self.house.leases_end()
            if await house.is_born(at):
                went = asyncio.create_task(house.went.wait())
                await asyncio.wait({finished, went}, return_when=asyncio.FIRST_COMPLETED)
                went.cancel()
                if finished.done():
                    finished.result()
                    if found := await house.looks():
                        return found
            self._counts(await house.dies())
        raise Broken("a bot died whose trap was not set")

    def _counts(self, place: str) -> None:
        self.tally.places[place] += 1
        self.tally.kills += 1

    async def go(self, rounds: Iterable[Sequence[int]]) -> None:
        """Rounds, each with the steps at which a bot dies; and then what came of them all is counted."""
        async with asyncio.TaskGroup() as people:
            self.house.shut()
            lanes = [people.create_task(lane.goes_on(self.house)) for lane in self.lanes]
            for steps in rounds:
                await self.round(*steps)
            for lane in lanes:
                lane.cancel()
        self.tally.confirmed += sum(len(events) for lane in self.lanes for events in lane.confirmed.values())
        self.tally.reminders += self.books.reminders
        self.tally.messages += self.books.seen
        self.tally.doubled += self.books.doubled
        self.tally.marked += self.books.marked
        self.tally.faults += [f"said in the log: {line}" for line in house_log(self.house)]


def house_log(house: House) -> list[str]:
    """What the bots complained of."""
    lines = house.bot_log.read_text(encoding="utf-8").splitlines() if house.bot_log.exists() else []
    return [line for line in lines if line.startswith(("ERROR", "CRITICAL", "Traceback"))]


def at_random(rng: random.Random, rounds: int) -> Iterator[Sequence[int]]:
    for _ in range(rounds):
        steps = [rng.randint(1, REACH)]
        while rng.random() < KILLED_AGAIN:
            steps.append(rng.randint(1, IN_THE_BEGINNING))
        yield steps


@asynccontextmanager
async def a_store(kind: str) -> AsyncIterator[str]:
    """Its URL; "" for files in the folder of the house."""
    if kind == "tinydb":
        yield ""
    else:
        async with fresh_schema() as url:
            yield url


async def killed(kind: str, count: int, seed: int, tally: Tally, *, heard: Callable[[], None] = lambda: None) -> None:
    """At least *count* kills on the store *kind* ("tinydb" or "postgresql")."""
    rng = random.Random(seed)  # noqa: S311 - a load, no secret
    async with zygote() as mother:
        while (left := count - tally.kills) > 0:
            with tempfile.TemporaryDirectory(prefix="pathway-chaos-") as folder:
                async with a_store(kind) as url, House(Path(folder), mother, rng, url) as house:
                    kills = Kills(house, tally)
                    await kills.everybody_comes()
                    try:
                        await kills.go(at_random(rng, min(EPOCH, left)))
                    except* Broken as no:
                        tally.says(f"somebody waits in vain: {no.exceptions[0]}")
            heard()


HEAD = (
    "store",
    "kills",
    "places",
    "events confirmed",
    "reminders",
    "messages",
    "unreadable",
    "events lost or doubled",
    "reminders lost",
    "messages lost",
    "sent twice, not marked",
    "sent twice and marked",
    "other faults",
)
COUNTED = ("unreadable", "event lost or doubled", "reminder lost", "message lost", "sent twice and not marked")


def report(found: Mapping[str, Tally]) -> str:
    lines = []
    for store, tally in found.items():
        counts = [tally.count(beginning) for beginning in COUNTED]
        done = (tally.kills, len(tally.places), tally.confirmed, tally.reminders, tally.messages)
        lines.append((store, *done, *counts, tally.doubled, len(tally.faults) - sum(counts)))
    where = [_where(store, tally) for store, tally in found.items()]
    faults = [f"- {store}: {fault}" for store, tally in found.items() for fault in tally.faults]
    return "\n".join([table(HEAD, lines), "", *where, *faults])


def _where(store: str, tally: Tally) -> str:
    """How many of the kills were where, by module."""
    modules: Counter[str] = Counter()
    for place, n in tally.places.items():
        module = place.partition(":")[0].partition(" ")[0].removesuffix(".py").replace("/", ".")
        modules["between two of ours"] += n if place.startswith("(") else 0
        modules[module] += 0 if place.startswith("(") else n
    return f"- {store}: " + ", ".join(f"{module} {n}" for module, n in modules.most_common() if n)
