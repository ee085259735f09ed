"""From the day of the review to the outcome and the next steps, as the people in it live them."""

from __future__ import annotations

from tests.conversations import second_road as road
from tests.school import School


async def daniel_in_review(school: School) -> str:
    """Story 3 to the three parts of its review, on Friday 27 November. The case's reference."""
    await school.opens("sian", "daniel", "martin", "sam", "nadia", "alan", "ruth")
    await school.on("2026-11-19 12:00")
    await road.plan_in_place(school, "Daniel Okoro", review="2026-11-27 11:00")
    await school.on("2026-11-27 12:30")
    await road.reviews(school, "martin")
    return school.reference("martin")


async def test_a_placement_that_ends_and_its_next_steps_within_a_week(school: School) -> None:
    """The end of story 3: Daniel is told at 14:10 with Sian there, and meets the university on 2 December."""
    reference = await daniel_in_review(school)
    form = await school.presses("martin", "Record the outcome")
    for seen in road.SAW:
        assert seen in form
    before = school.news("daniel")
    await school.on("2026-11-27 15:00")
    last = await school.fills("martin", road.outcome(school), press="The placement ends as failed")
    assert "Friday 4 December (5 working days)" in last
    assert "counts as a failed placement" in last
    for told in ("Sian Pritchard", "Course Director", "Level Lead", "Personal Tutor"):
        assert told in last
    assert school.news("daniel") == before
    saved = await school.fills("martin", lead_told_at="14:30", typed_confirmation=reference, press="End the placement")
    assert "Daniel has it in writing now" in saved

    letter = school.reads("daniel")
    assert school.news("daniel") == before + 1
    for words in (
        "As Martin Leigh told you on Friday 27 November, 2:10pm, with Sian Pritchard there",
        "this placement has ended and counts as a failed placement",
        "You are still a student on your course",
        "We will meet you by Friday 4 December",
        "You can bring somebody with you",
        "Placement office, 0113 496 0102",
        "Student wellbeing",
        "How to appeal",
        "Student casework, 0113 496 0105",
        road.REASONS,
    ):
        assert words in letter, letter
    assert letter.count("failed") == 1
    for who in ("sian", "sam", "ruth", "alan", "nadia"):
        assert "Daniel Okoro" in school.reads(who), who
        assert "outcome of the review" in school.reads(who), who
    assert road.STUDENT_SAYS in school.reads("alan")
    assert road.REASONS not in school.reads("nadia")
    assert [post.text for post in school.channel() if "review done" in post.text] == [f"Ref {reference}: review done."]

    await school.presses("sam", "Book the next steps meeting")
    assert school.value("sam", "day") == "2026-12-04"
    assert "Friday 4 December: 5 working days" in school.reads("sam")
    booked = await school.fills("sam", day="2026-12-02", time="10:00", place="Room 204", press="Book it and tell everybody")
    assert "Wednesday 2 December, 10am" in booked
    for who in ("daniel", "ruth", "alan", "nadia"):
        assert "Wednesday 2 December, 10am" in school.reads(who), who
    await school.on("2026-12-01 08:00")
    for who in ("daniel", "ruth", "alan", "nadia"):
        assert "the next steps meeting is on Wednesday 2 December, 10am" in school.reads(who).replace("The", "the"), who

    await school.on("2026-12-02 11:30")
    await school.says("ruth", reference)
    await school.presses("ruth", "Record the meeting")
    await school.fills(
        "ruth",
        present="student,course_director,level_lead,partnership_lead",
        options="re-sit placement,interrupt studies",
        decision="A new placement from January",
        status="yes",
        teaching="yes",
        funding="Student finance, 0113 496 0107",
        follow_up="Ruth Adeyemi, by 11 December",
        leaflet_given="yes",
        appeal_given="yes",
        press="Close the case and send Daniel the summary",
    )
    summary = school.reads("daniel")
    for words in (
        "A new placement from January",
        "Still a student on the course",
        "They go on as before",
        "Student finance",
        "Ruth Adeyemi, by 11 December",
        "How to appeal",
    ):
        assert words in summary, summary
    assert "A new placement from January" in school.reads("martin")
    assert "A new placement from January" not in school.transcript("sian")
    assert "You have no open cases" in await school.says("alan", "my cases")


async def test_a_placement_that_continues(school: School) -> None:
    """The end of story 2: Dr Helen Marsh tells Aisha at 11:40, and it stands in writing at once."""
    await school.opens("gareth", "aisha", "helen", "sam", "joanne", "ruth", "alan")
    await school.on("2026-10-20 12:00")
    await road.plan_in_place(school, "Aisha Rahman", review="2026-11-03 09:30")
    await school.on("2026-11-03 11:00")
    await road.reviews(school, "helen")
    before = {who: school.news(who) for who in ("ruth", "alan")}
    await school.on("2026-11-03 12:00")
    await school.presses("helen", "Record the outcome")
    check = await school.fills(
        "helen",
        road.outcome(school, result_1="met", result_2="partly", told_student_at="11:40", carry_on="Steps on the board"),
        press="The placement continues",
    )
    told = "Dr Helen Marsh told you on Tuesday 3 November, 11:40am, with Gareth Bowen there: your placement continues."
    assert told in check
    assert "continues" not in school.reads("aisha")
    await school.presses("helen", "Save it and write to Aisha")
    letter = school.reads("aisha")
    for words in ("Your placement continues", told, "Well done, Aisha", "Steps on the board", road.REASONS):
        assert words in letter
    for who in ("gareth", "sam", "joanne"):
        assert "Aisha Rahman's placement continues" in school.reads(who), who
    assert road.REASONS not in school.reads("joanne")
    assert {who: school.news(who) for who in before} == before
    assert any("review done" in post.text for post in school.channel())
