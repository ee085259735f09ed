"""A story of the process as one conversation: its steps, each at its time, and what each leaves in the case's log.

STORY = WholeStory(2, opens=("gareth", "aisha"), student="aisha")

@STORY.on("2026-10-15 15:30", "mentor refer")
async def gareth_tells_helen(school: School) -> None: ...
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from pathway import events as e
from pathway.process import Stage
from tests.pathway.test_process import MOVES
from tests.school import School

DATA = Path(__file__).parents[3] / "shared" / "domain" / "stories.yaml"
Act = Callable[[School], Awaitable[None]]
#: What the process data call an event that moves a case.
NAMES: dict[type[e.Event], str] = {kind: name for name, kind, *_ in MOVES}


@dataclass(frozen=True, slots=True)
class Step:
    """*events* are what the step records, as "mentor refer"; none where only the clock moves."""

    at: str
    events: tuple[str, ...]
    does: Act

    @property
    def told(self) -> list[tuple[str, str, str]]:
        """Day, role and event of each."""
        rows = (event.split(" ") for event in self.events)
        return [(self.at.split(" ")[0], role, name) for role, name in rows]


@dataclass(slots=True)
class WholeStory:
    """*opens*: who installs the bot at the beginning. *student*: whom it is about. *number*: in the process data."""

    number: int
    opens: tuple[str, ...]
    student: str
    steps: list[Step] = field(default_factory=list)

    def on(self, at: str, *events: str) -> Callable[[Act], Act]:
        """The next step, at a time in London."""

        def add(does: Act) -> Act:
            self.steps.append(Step(at, events, does))
            return does

        return add

    @property
    def told(self) -> list[tuple[str, str, str]]:
        return [row for step in self.steps for row in step.told]

    async def walked(self, school: School) -> AsyncIterator[Step]:
        """Takes one step after the other."""
        await school.opens(*self.opens)
        for step in self.steps:
            await school.on(step.at)
            await step.does(school)
            yield step

    async def runs(self, school: School) -> list[tuple[str, str, str]]:
        """All of it. What is in the log then, as `told` has it."""
        async for _ in self.walked(school):
            pass
        return await recorded(school)

    @property
    def in_the_data(self) -> list[tuple[str, str, str]]:
        """The steps as the shared data tell them."""
        found = next(s for s in yaml.safe_load(DATA.read_text(encoding="utf-8"))["stories"] if s["id"] == self.number)
        return [(day.isoformat(), role, name) for day, role, name, _note in found["steps"]]


async def the_case(school: School) -> Sequence[e.Event]:
    """The log of the only case there is."""
    book = school.parts.casework.book
    (case,) = await book.cases_of(None, open_only=False)
    return await book.events(case)


async def recorded(school: School) -> list[tuple[str, str, str]]:
    """The steps that the log holds: the day on which each happened, who recorded it, what."""
    moves = [event for event in await the_case(school) if type(event) in NAMES]
    return [(event.on.isoformat(), event.role.value, NAMES[type(event)]) for event in moves]


async def stage(school: School) -> Stage:
    book = school.parts.casework.book
    (case,) = await book.cases_of(None, open_only=False)
    return (await school.parts.casework.case(case)).stage
