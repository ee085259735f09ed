"""The shorter acceptance stories of the process, as the people in them live them in Teams and by mail. Stories 2, 3 and
9, which go the whole way, have a module each.
"""

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
    assert "Tomorrow" in school.reads("priya")
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


async def test_a_safeguarding_matter_is_stopped_at_the_door(school: School) -> None:
    """Story 7: Lucy Tran answers "yes or not sure", and nothing of it is kept."""
    await school.says("lucy", "hi")
    await school.rests()
    before = school.on_disk()
    await school.says("lucy", "concern")
    await school.presses("lucy", "I am just starting")
    stop = await school.presses("lucy", "Yes, or I am not sure")
    assert "designated safeguarding lead or headteacher" in stop
    assert "0113 496 0101" in stop
    await school.rests()
    assert school.on_disk() == before
    assert "Hello Lucy Tran" in await school.presses("lucy", "Back to the start")
    await school.rests()
    assert school.on_disk() == before


async def test_the_word_safeguarding_brings_the_same_card_before_anything_is_saved(school: School) -> None:
    await road.opens_form(school, "lucy", "Megan Doyle")
    await school.rests()
    before = school.on_disk()
    typed = road.concern(school, seen="A pupil told her something about Safeguarding")
    for button in ("Save for later", "I have not talked to them yet", "Check my answers"):
        warned = await school.fills("lucy", typed, press=button)
        assert "designated safeguarding lead or headteacher" in warned
        assert "0113 496 0101" in warned
        assert school.value("lucy", "seen") == typed["seen"]
        await school.rests()
        assert school.on_disk() == before
    assert "Check your answers" in await school.presses("lucy", "No child is at risk: carry on")


async def test_it_brings_that_card_in_every_other_form_too(school: School) -> None:
    await school.opens("helen")
    await road.raises(school)
    await school.on("2026-10-13 15:30")
    word = "There was a Safeguarding talk too"
    await school.presses("priya", "Not yet: tell the Link Tutor")
    for button in ("Save for later", "Tell the Link Tutor: "):
        warned = await school.fills("priya", evidence=word, press=button)
        assert "designated safeguarding lead or headteacher" in warned
        assert school.value("priya", "evidence") == word
    assert school.news("helen") == 1
    assert not any(word in text for text in (await school.kept()).values())
    await school.presses("priya", "No child is at risk: carry on")
    assert word in school.reads("helen")
    await school.presses("helen", "We have already spoken")
    warned = await school.fills("helen", view="as expected", words=word, press="Record the meeting")
    assert "designated safeguarding lead or headteacher" in warned
    assert "Helen Marsh's view" not in school.reads("priya")


async def test_the_wrong_student_was_chosen_and_it_is_put_right(school: School) -> None:
    """The beginning of story 12: Priya has two students with names alike."""
    await school.opens("priya", "tom", "tomas", "sam", "helen")
    await school.on("2026-10-12 12:00")
    await school.says("priya", "concern")
    await school.presses("priya", "I am just starting")
    await school.presses("priya", "No, carry on")
    for told in (
        "Tom Ashworth, PGCE Primary, Phase 1, Hollin Bank Primary",
        "Tomas Ashby, BA Primary Education, Phase 2",
    ):
        assert told in school.reads("priya")
    await school.presses("priya", "Tom Ashworth")
    typed = road.concern(school, areas="TS3,TS4,TS6,pedagogy")
    refused = await school.fills("priya", typed, press="Check my answers")
    assert "Choose up to 3 areas. You have chosen 4." in refused
    for field in typed:
        assert school.value("priya", field) == typed[field], field
    answers = await school.fills("priya", areas="TS4,pedagogy", press="Check my answers")
    assert "TS4 Planning and teaching lessons" in answers
    assert "You may need only one of them" in answers
    await school.presses("priya", "Set the weekly target")
    assert road.TARGET in school.reads("tom")

    await school.presses("priya", "Something else")
    await school.presses("priya", "It was raised in error")
    await school.fills("priya", reason="I chose the wrong student", press="Close it as raised in error")
    recalled = school.reads("tom")
    assert "sent to you in error" in recalled
    assert road.TARGET not in school.transcript("tom")
    assert road.SEEN not in school.transcript("tom")
    assert "data" in school.reads("sam")
    assert school.news("helen") == 1
    await road.raises(school, "priya", "Tomas")
    assert "Tomas Ashby" in school.reads("priya")
    assert road.TARGET in school.reads("tomas")
    assert "You have no open cases" in await school.says("tom", "my cases")
