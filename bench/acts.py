"""CPU of what happens behind the Teams side: one act of a person, from the router to the card, on a full store.

    python bench/acts.py [placements]

Everything is in one process: the real router, rules, cards and the TinyDB store in a temporary folder. Printed:
milliseconds of CPU an act, and the ratio to drawing a card from plain data. No limit is asserted.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from cards.home import privacy
from dialogs import ROUTER
from dialogs.turn import Office, Turn
from pathway.casework import Casework
from pathway.people import Person, Placement
from pathway.provider import Provider
from storage import Stores
from tests.keys import open_stores

PROVIDER = Path(__file__).parent.parent / "bot" / "practice" / "provider.toml"
NOW = datetime(2026, 10, 6, 9, tzinfo=UTC)
ACTS = 60
FORM = {
    "on": "2026-10-06",
    "seen": "In maths on Monday half the class had not started after ten minutes.",
    "going_well": "Warm with pupils, plans carefully.",
    "target": "Wait for silence before every instruction.",
    "measure": "Four of five lessons start in silence.",
    "help": "extra_meeting,co_teaching",
    "areas": "TS7",
    "check_on": "2026-10-13",
}


class Bench:
    def __init__(self, stores: Stores) -> None:
        provider = Provider.load(PROVIDER)
        self.stores = stores
        self.now = NOW
        casework = Casework(stores.book, stores.roster, provider, lambda: self.now)
        self.office = Office(casework, stores.drafts, lambda *_: "", self.no_letter, reads=stores.reads)

    async def no_letter(self, *_: object) -> None:
        return None

    async def act(self, person: Person, verb: str, **data: str) -> None:
        reply = await ROUTER.answer(Turn(person, verb, data, "a", self.office))
        json.dumps(reply.card)


async def fill(stores: Stores, placements: int) -> list[Person]:
    """A roster with one mentor a placement, and one office."""
    mentors = [Person(f"m{n}", f"Mentor {n}", f"m{n}@school.example.org") for n in range(placements)]
    students = [Person(f"s{n}", f"Student {n}", f"s{n}@students.example.org") for n in range(placements)]
    tutor = Person("t", "Tutor", "t@uni.example.org")
    rows = [
        Placement(
            id=f"p{n}",
            student=f"s{n}",
            mentor=f"m{n}",
            course="PGCE",
            phase="Phase 1",
            school="A school",
            school_address="",
            calendar="A",
            start=date(2026, 9, 14),
            end=date(2027, 2, 5),
            link_tutor="t",
        )
        for n in range(placements)
    ]
    await stores.roster.load([*mentors, *students, tutor], rows)
    return [*mentors, tutor]


async def measured(name: str, runs: int, act: Callable[[int], Awaitable[None]]) -> float:
    before = time.process_time()
    for n in range(runs):
        await act(n)
    spent = (time.process_time() - before) * 1000 / runs
    print(f"{name:<42}{spent:>9.3f} ms", end="")
    return spent


async def run(placements: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        stores = open_stores(f"tinydb://{folder}/book")
        await stores.open()
        people = await fill(stores, placements)
        bench = Bench(stores)
        tutor = people[-1]

        async def plain(_n: int) -> None:
            json.dumps(privacy(bench.office.casework.provider))

        async def form(n: int) -> None:
            await bench.act(people[n], "concern.form", kind="start")

        async def check(n: int) -> None:
            await bench.act(people[n], "concern.check", kind="start", nonce=f"nonce-{n:04}", placement=f"p{n}", **FORM)

        async def send(n: int) -> None:
            await bench.act(people[n], "concern.send", kind="start", nonce=f"nonce-{n:04}", placement=f"p{n}")

        async def tell(n: int) -> None:
            case_id = await stores.book.open_case_of(f"p{n}") or ""
            bench.now = NOW + timedelta(days=7)
            await bench.act(
                people[n],
                "weekly_check.refer",
                case=case_id,
                nonce=f"tell-{n:04}",
                aware="yes",
                evidence="Two of five.",
                help="extra_meeting",
            )

        async def open_case(n: int) -> None:
            await bench.act(tutor, "cases.open", case=await stores.book.open_case_of(f"p{n}") or "")

        async def mine(_n: int) -> None:
            await bench.act(tutor, "cases.mine")

        base = 0.0
        acts = min(ACTS, placements)
        for name, runs, act in (
            ("a card from plain data, as JSON", acts, plain),
            ("open the concern's form", acts, form),
            ("check my answers (draft written)", acts, check),
            ("set the weekly target (case written)", acts, send),
            ("tell the Link Tutor (case written)", acts, tell),
            ("open a case", acts, open_case),
            (f"my cases, of {acts}", 10, mine),
        ):
            spent = await measured(name, runs, act)
            base = base or spent
            print(f"{spent / base:>9.1f} x")
        await stores.close()


if __name__ == "__main__":
    asyncio.run(run(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
