"""The acceptance stories of the process, as the people in them live them in Teams and by mail."""

from __future__ import annotations

from tests.conversations import road
from tests.school import School


async def test_put_right_within_the_week(school: School) -> None:
    """Story 1."""
    await school.opens("priya", "tom", "helen", "sam")
    before = {who: school.news(who) for who in ("helen", "sam", "channel")}
    await school.says("priya", "concern about Tom Ashworth")
    await school.presses("priya", "I am just starting")
    assert "Is a child at risk" in school.reads("priya")
    await school.presses("priya", "No, carry on")
    answers = await school.fills("priya", road.concern(school), press="Check my answers")
    for typed in (road.SEEN, road.GOING_WELL, road.TARGET, road.MEASURE, "Tom Ashworth", "Tuesday 13 October"):
        assert typed in answers
    receipt = await school.presses("priya", "Set the weekly target")
    assert "Tuesday 13 October" in receipt
    assert "Nobody else has been told" in receipt
    assert "If nobody answers by Friday 16 October" in receipt
    copy = school.reads("tom")
    for shared in (road.TARGET, road.SEEN, road.GOING_WELL, "Tuesday 13 October"):
        assert shared in copy

    await school.on("2026-10-12 07:59")
    quiet = school.news("priya")
    await school.on("2026-10-12 08:00")
    assert school.news("priya") == quiet + 1
    assert "tomorrow" in school.reads("priya")
    await school.on("2026-10-13 15:29")
    assert school.news("priya") == quiet + 1
    await school.on("2026-10-13 15:30")
    assert school.news("priya") == quiet + 2
    assert "How is Tom Ashworth getting on?" in school.reads("priya")
    assert road.TARGET in school.reads("priya")
    assert [b.split(",")[0].split(":")[0] for b in school.buttons("priya")] == ["Met", "Not yet", "Not yet"]

    await school.presses("priya", "Met, and I have told Tom")
    assert "met" in school.reads("priya")
    assert "met your weekly target" in school.reads("tom")
    await school.passes(days=14)
    assert {who: school.news(who) for who in before} == before
    assert "You have no open cases" in await school.says("priya", "my cases")
    assert "You have no open cases" in await school.says("helen", "my cases")


async def test_support_across_half_term_from_the_talk_to_the_plan(school: School) -> None:
    """The first half of story 2: Gareth, Aisha and Dr Helen Marsh."""
    await school.opens("gareth", "aisha", "helen", "sam", "joanne")
    await school.on("2026-10-08 12:10")
    reference = await road.raises(school, "gareth", "Aisha Rahman", areas="TS4,assessment")
    assert "Thursday 15 October" in school.reads("gareth")
    await school.on("2026-10-15 15:30")
    await school.presses("gareth", "Not yet: tell the Link Tutor")
    assert school.value("gareth", "help") == "joint_planning,modelled_lesson"
    await school.fills(
        "gareth", evidence="Planning still starts from the activity", best_times="After 3:30", press="Tell the Link Tutor: "
    )
    assert "Dr Helen Marsh" in school.reads("gareth")
    brief = school.reads("helen")
    for told in ("Gareth Bowen", "Aisha Rahman", "Planning still starts", "Planning together", reference):
        assert told in brief
    assert "Dr Helen Marsh" in school.reads("aisha")

    await school.presses("helen", "I have it")
    assert "Dr Helen Marsh has it" in school.reads("gareth")
    form = await school.presses("helen", "Arrange the meeting")
    assert "After 3:30" in form
    await school.fills("helen", day="2026-10-19", time="15:45", press="Make the invitation")
    assert "g.bowen%40st-oswins.example.org" in school.links("helen")["Open it in Teams"]
    await school.presses("helen", "It is booked for Monday 19 October, 3:45pm")
    assert "Monday 19 October, 3:45pm" in school.reads("gareth")
    await school.on("2026-10-19 16:20")
    await road.records(school, "helen")
    assert "What is your view?" in school.reads("gareth")
    await road.says_own_view(school, "gareth")
    await school.presses("helen", "Open the support plan")
    for who in ("helen", "gareth"):
        assert "support plan" in school.reads(who)
        assert "nothing is lost" in school.reads(who)
    assert "support plan" not in school.transcript("aisha")
    assert school.news("joanne") == 1

    between = {who: school.news(who) for who in ("gareth", "aisha")}
    await school.on("2026-10-24 00:00")
    term = {who: school.news(who) for who in between}
    await school.on("2026-11-01 23:59")
    assert {who: school.news(who) for who in between} == term
