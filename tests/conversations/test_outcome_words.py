"""What the second half of the road says to whom: the office of a review that is no visit, the student of whom to ring."""

from __future__ import annotations

from tests.conversations import planning
from tests.conversations import second_road as road
from tests.school import School


async def test_the_office_hears_at_once_that_a_review_is_no_visit_and_why(school: School) -> None:
    await school.opens("sian", "daniel", "martin", "sam")
    await school.on("2026-11-18 12:00")
    await road.plans_at_once(
        school, "sian", "martin", "Daniel Okoro", review="2026-11-27 11:00", form=road.three_targets()
    )
    await school.on("2026-11-27 12:30")
    await school.says("martin", "my cases")
    await school.presses("martin", "Open ")
    await school.presses("martin", "Start the review")
    await school.fills("martin", not_in_person_because="The road is closed by snow", press="Start it: not in person")
    told = school.reads("sam")
    assert "not held as a visit to the school" in told
    assert "The road is closed by snow" in told
    assert "The road is closed by snow" not in school.transcript("daniel", "sian")


async def test_a_student_whose_placement_continues_reads_whom_to_ring_and_who_is_there(school: School) -> None:
    await school.opens("sian", "daniel", "martin", "sam")
    await school.on("2026-11-18 12:00")
    await road.plans_at_once(
        school, "sian", "martin", "Daniel Okoro", review="2026-11-27 11:00", form=road.three_targets()
    )
    await school.on("2026-11-27 12:30")
    await road.reviews(school, "martin")
    await school.on("2026-11-27 15:00")
    await school.presses("martin", "Record the outcome")
    check = await school.fills("martin", road.outcome(school), press="The placement continues")
    assert "Level Lead" in check
    assert "Personal Tutor" in check
    await school.presses("martin", "Save it and write to Daniel")
    told = school.reads("daniel")
    assert "You can ring now" in told
    assert "Who is there for you" in told
    assert any("news for you" in letter.subject for letter in school.mail("imogen"))


async def test_the_tutors_duties_have_the_day_on_which_they_were_done(school: School) -> None:
    await school.opens("helen", "tom", "imogen")
    await planning.starts_a_plan(school)
    assert "Yours by Wednesday 21 October (1 working day)" in school.reads("helen")
    await school.on("2026-10-21 09:00")
    await school.presses("helen", "Tick what I have done")
    assert school.value("helen", "on") == "2026-10-21"
    refused = await school.fills("helen", support="done", on="2026-10-22", press="Record this")
    assert "today or a day in the past" in refused
    await school.fills("helen", support="done", on="2026-10-20", press="Record this")
    assert "personal support offered to Tom on Tuesday 20 October" in school.reads("helen")


async def test_a_student_hears_of_the_next_steps_meeting_at_once_though_it_is_half_term(school: School) -> None:
    await school.opens("priya", "helen", "tom", "sam")
    await school.on("2026-10-12 12:00")
    reference = await road.plans_at_once(
        school, "priya", "helen", "Tom Ashworth", review="2026-10-21 11:00", form=planning.PLAN
    )
    await school.on("2026-10-21 12:30")
    await road.starts_review(school, "helen")
    await road.observes(school, "helen", road.SAW[:1])
    await road.discusses(school, "helen")
    await road.converses(school, "helen")
    await school.on("2026-10-21 15:00")
    await school.presses("helen", "Record the outcome")
    await school.fills("helen", road.outcome(school, "not yet"), press="The placement ends as failed")
    await school.fills(
        "helen", lead_told_at="14:30", typed_confirmation=reference, press="End the placement and write to "
    )
    await school.on("2026-10-26 10:00")
    before = school.news("tom")
    await school.presses("sam", "Book the next steps meeting")
    await school.presses("sam", "Another time")
    await school.fills("sam", day="2026-10-28", time="10:00", place="Room 204", press="Book it and tell everybody")
    assert school.news("tom") == before + 1
    assert "Wednesday 28 October, 10am" in school.reads("tom")
