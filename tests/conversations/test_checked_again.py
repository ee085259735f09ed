"""A reminder that waits to be sent is checked again in that very moment: what has changed meanwhile is not sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from pathway import events as e
from pathway.nudges import planned
from tests.conversations import road
from tests.school import School


async def waits_for_teams(school: School, until: str) -> None:
    """What is due by then is queued, and Teams takes nothing."""
    school.teams.fail_next(503, times=400)
    await school.on(until)
    while school.teams.take_fault("connector"):
        pass


async def day_before(school: School) -> None:
    await road.raises(school)
    await waits_for_teams(school, "2026-10-12 08:00")


async def the_check(school: School) -> None:
    await road.raises(school)
    await school.on("2026-10-12 08:00")
    await waits_for_teams(school, "2026-10-13 15:30")


async def to_acknowledge(school: School) -> None:
    await school.opens("helen", "sam", "martin")
    await road.told(school)
    await waits_for_teams(school, "2026-10-14 08:00")


async def closed(school: School) -> None:
    await school.presses("priya", "Met, and I have told Tom")


async def moved(school: School) -> None:
    await school.presses("priya", "Not yet: one more week")
    await school.fills("priya", note="Better on Friday", press="One more week")


async def paused(school: School) -> None:
    casework = school.parts.casework
    (case_id,) = await casework.book.cases_of(None)
    case = await casework.case(case_id)
    ground = await casework.ground(case.placement)
    pause = e.CasePaused(**casework.stamp(ground, case.mentor, e.CasePaused, case), reason=e.PauseReason.STUDENT_AWAY)
    await casework.record(case_id, [pause], nonce="a pause")


async def answered(school: School) -> None:
    await school.presses("helen", "I have it")


async def reassigned(school: School) -> None:
    await school.says("sam", school.reference("helen"))
    await road.presses_rarer(school, "sam", "Name another Link Tutor")
    await school.fills("sam", person=school.choices("sam", "person")["Martin Leigh"], press="Make them the Link Tutor")


Step = Callable[[School], Awaitable[None]]


@pytest.mark.parametrize(
    ("queued", "act", "rung"),
    [
        (day_before, closed, "T1:day before"),
        (the_check, moved, "T1:due"),
        (the_check, paused, "T1:due"),
        (to_acknowledge, answered, "T2:due"),
        (to_acknowledge, reassigned, "T2:due"),
    ],
    ids=lambda x: getattr(x, "__name__", None),
)
async def test_a_reminder_that_was_overtaken_while_it_waited_is_not_sent(
    school: School, queued: Step, act: Step, rung: str
) -> None:
    await queued(school)
    book = school.parts.stores.book
    (case_id,) = await book.cases_of(None)
    timer, _, name = rung.partition(":")
    waiting = [c for c in await book.delayed(0) if c.item and c.item.data.get("timer") == timer]
    (item,) = (c.item for c in waiting if c.item and c.item.data["rung"] == name)
    await act(school)
    await school.passes(minutes=20)
    assert (await book.sent(case_id))[item.key].startswith("dropped: ")
    kept = [
        m for who in ("priya", "helen") for m in school.teams.chat(who) if m.at > school.now - timedelta(minutes=20)
    ]
    assert not [m for m in kept if "a reminder" in m.summary]
    case = await school.parts.casework.case(case_id)
    assert item.key not in {n.key for n in planned(case, await school.parts.casework.ground(case.placement))}


async def test_what_nobody_has_overtaken_is_sent_once_teams_takes_it_again(school: School) -> None:
    await to_acknowledge(school)
    before = school.news("helen")
    await school.passes(minutes=20)
    assert school.news("helen") == before + 1
    assert "a reminder" in school.newest("helen").summary
