"""Long texts: no card is too heavy for Teams, and everything can be read, by those who may."""

from __future__ import annotations

from bot.practice.channel import Message
from cards.elements import HEAVIEST, weight
from tests.cards.catalogue import heavy
from tests.conversations import road
from tests.school import School


async def long_case(school: School) -> str:
    """A case whose every field is filled to the brim with what weighs most. Its reference."""
    await school.opens("helen")
    longest = {"seen": heavy(600), "going_well": heavy(300), "target": heavy(400), "measure": heavy(300)}
    reference = await road.raises(school, **longest)
    await road.presses_rarer(school, "priya", "I spoke to a colleague")
    await road.presses_rarer(school, "priya", "Ask a fellow mentor to observe")
    await school.fills("priya", press="Plan it and show me the note", planned_on="2026-10-08")
    await school.on("2026-10-09 10:00")
    await school.presses("priya", "Write what the fellow mentor saw")
    await school.fills("priya", on="2026-10-08", seen=heavy(600), press="Add it to the case")
    await school.on("2026-10-13 15:30")
    await road.tells(school, evidence=heavy(400), wish=heavy(300), best_times=heavy(300))
    await road.books(school)
    await school.on("2026-10-19 16:30")
    await road.records(school, words=heavy(400))
    await school.presses("priya", "Record my view")
    await school.fills("priya", view="not as expected", words=heavy(400), press="Record my view")
    return reference


async def test_everything_of_a_long_case_is_read_in_parts_each_light_enough(school: School) -> None:
    reference = await long_case(school)
    await school.says("helen", reference)
    seen = await school.presses("helen", "Read everything")
    parts = 1
    while "Read the rest" in school.buttons("helen") and parts < 20:
        seen += await school.presses("helen", "Read the rest")
        parts += 1
    assert parts > 1
    for title in ("What was seen", "What is going well", "How we will both know", "What happened, and when"):
        assert seen.count(title) == 1, title
    for who in school.people:
        assert [m.id for m in school.teams.chat(who) if _weighs(m) >= HEAVIEST] == []


async def test_the_rest_is_for_those_who_may_read_it(school: School) -> None:
    reference = await long_case(school)
    await school.says("helen", reference)
    await school.presses("helen", "Read everything")
    _, verb, data = school.wire("helen", "Read the rest")
    await school.opens("gareth", "alan")
    for stranger in ("gareth", "alan"):
        said = await school.sends(stranger, school.newest(stranger).id, verb, data)
        assert "There is nothing here for you" in said
        assert "Ashworth" not in said


def _weighs(message: Message) -> int:
    return weight(dict(message.card)) if message.card else 0
