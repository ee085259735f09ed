"""`kill -9` again and again under mixed load, at every step between receiving an activity and settling what it caused.

Mentors raise concerns, tell the Link Tutor, take it back and close; Link Tutors answer; days pass and reminders fall
due; the channel counts along. Each round: a trap is set for a random step, people act at once, the bot dies; a new one
starts on what is left (and is often killed over that, too); Teams delivers again what had no answer; everybody finishes
what they were about; then all that there is is compared with what was confirmed, and with everybody's chat.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.chaos.house import Broken, House, zygote
from bench.chaos.letters import carried
from bench.chaos.tables import table
from bot.practice import hands
from bot.practice.channel import Message
from bot.practice.transcript import CHANNEL
from pathway.events import SYSTEM
from pathway.tellings import CHANNEL as TO_CHANNEL
from storage.index import outbox_id
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
OUTBOX = ("Placement case", "Placements: a weekly list", "Placements: something you saved")
"""So the summaries of all others begin that nobody has asked for, but for the reminders of a morning."""
AGAIN = "Sent again, in case the first one did not arrive."


@dataclass
class Tally:
    """What came of all rounds. *doubled* messages came a second time and say so; *marked* ones say so and came once,
    where the first try was killed before it left. *faults* are sentences: none twice.
    """

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
            reference = ""
            while not reference:
                await house.presses_on(self.mentor, "Check my answers", mine, **road.concern(house))
                if "Set the weekly target" in hands.buttons(self._shown(house, card)):
                    await house.presses_on(self.mentor, "Set the weekly target", mine)
                reference = self._confirmed_on(house, card)
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

    def _confirmed_on(self, house: House, card: Message) -> str:
        """The reference of the case; "" where the form came back, because days have passed since its dates were chosen.
        Raises Broken for any other answer.
        """
        shown = self._shown(house, card)
        told = hands.words(shown)
        if "Ref " in told:
            return told.partition("Ref ")[2][:4]
        if "Check my answers" not in hands.buttons(shown):
            raise Broken(f"a concern was answered with: {told[:200]}")
        return ""

    def _shown(self, house: House, card: Message) -> dict[str, Any]:
        """What stands now where *card* came."""
        return dict(next(m for m in house.teams.chat(self.mentor) if m.id == card.id).card or {})


# -- what there is beside what was confirmed ---------------------------------------------------------------------------


class Books:
    """Compares, after each kill. Raises nothing: every fault is a line of the tally."""

    def __init__(self, house: House, lanes: list[Lane], tally: Tally) -> None:
        self.house = house
        self.lanes = lanes
        self.tally = tally
        self.sent: dict[str, str] = {}
        """By letter, the message that it arrived in, as the store knows."""
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
        now, self.sent, self.reminders = datetime.fromisoformat(found["now"]), {}, 0
        for record in found["records"]:
            self._letters(record, now)
        self._chats(found["people"])

    def _letters(self, record: dict[str, Any], now: datetime) -> None:
        say, waiting = self.tally.says, {x["item"]["key"]: x for x in record["letters"]}
        for letter in waiting.values():
            if datetime.fromisoformat(letter["work"]["due"]) <= now:
                say(f"message lost: {letter['item']['notice']} waits for nothing")
        for key, result in record["settled"].items():
            if result.startswith("sent:"):
                self.sent[outbox_id(record["case_id"], key)] = result.removeprefix("sent:")
        for event in record["events"]:
            if event["type"] == "Nudged" and event["sent"]:
                self.reminders += 1
                key = f"{event['timer']}:{event['due']}:{event['rung']}:{event['to']}"
                if key not in record["settled"] and key not in waiting:
                    say(f"reminder lost: {event['timer']} {event['rung']} was noted and never sent")

    def _chats(self, ids: Mapping[str, str]) -> None:
        """Each letter that the store says is sent stands in its chat, in the message that the store names; and each
        message with a letter that stood in an earlier one says so. *ids* are those of people, by their addresses.
        """
        self.seen, self.marked, self.doubled = 0, 0, 0
        carrying: dict[str, frozenset[str]] = {}
        self._day()
        for chat, person in self.house.people.items():
            carrying |= self._chat(chat, ids.get(person.email, ""))
        carrying |= self._chat(CHANNEL, TO_CHANNEL)
        for letter, message_id in self.sent.items():
            if letter not in carrying.get(message_id, ()):
                self.tally.says(f"message lost: {letter} was sent, and nobody has it")

    def _chat(self, chat: str, to: str) -> dict[str, frozenset[str]]:
        """What each message of a chat carries, by its id."""
        house, ours = self.house, [m for m in self.house.sent_to(chat) if tells(m)]
        notes = [note for note in house.notes if note.to == to]
        found = dict(zip([m.id for m in ours], carried(notes, [house.arrivals.came[m.id] for m in ours]), strict=True))
        before: set[str] = set()
        for message in ours:
            letters = found[message.id]
            if not letters:
                self.tally.says(f"a message of which no letter is known: {chat} {message.summary}")
            self._counts(chat, message, is_second=bool(letters & before))
            before |= letters
        return found

    def _day(self) -> None:
        """The posts that open a day in the channel are no letters, and there is one of each."""
        before: set[str] = set()
        for message in self.house.sent_to(CHANNEL):
            if message.summary.startswith(DAY):
                self._counts(CHANNEL, message, is_second=message.summary in before)
                before.add(message.summary)

    def _counts(self, chat: str, message: Message, *, is_second: bool) -> None:
        is_marked = AGAIN in words(message)
        self.seen += 1
        self.marked += is_marked and not is_second
        self.doubled += is_marked and is_second
        if is_second and not is_marked:
            self.tally.says(f"sent twice and not marked: {chat} {message.summary}")


def words(message: Message) -> str:
    return f"{message.summary}\n{message.text}\n{hands.words(message.card) if message.card else ''}"


def tells(message: Message) -> bool:
    """Whether it came from the outbox: an answer in a turn has other summaries."""
    return message.summary.startswith(OUTBOX) or message.summary.endswith("reminders")


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
    known = 0
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
                    if len(tally.faults) > known:
                        print(f"the log of these bots:\n{house.said_at_last()}", file=sys.stderr, flush=True)
                        known = len(tally.faults)
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
    "marked in vain",
    "other faults",
)
COUNTED = ("unreadable", "event lost or doubled", "reminder lost", "message lost", "sent twice and not marked")


def report(found: Mapping[str, Tally]) -> str:
    lines = []
    for store, tally in found.items():
        counts = [tally.count(beginning) for beginning in COUNTED]
        done = (tally.kills, len(tally.places), tally.confirmed, tally.reminders, tally.messages)
        lines.append((store, *done, *counts, tally.doubled, tally.marked, len(tally.faults) - sum(counts)))
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
