"""The review visit is booked with one tap, and mentor and student hear of it once; a change tells them anew."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from icalendar import Calendar

from tests.conversations import planning
from tests.school import School


async def test_the_tutor_books_the_visit_and_mentor_and_student_are_told_once(school: School) -> None:
    await school.opens("helen", "tom", "sam")
    await planning.starts_a_plan(school)
    assert "The review visit is not in the calendars yet." in school.reads("helen")
    assert "not in the calendars" not in school.transcript("tom", "priya")
    card = await school.presses("helen", "Book the review visit")
    assert "Tuesday 3 November, 9:30am" in card
    assert "half term 26 to 30 October is not counted" in card
    before = {who: school.news(who) for who in ("priya", "tom", "helen", "sam")}
    await school.presses("helen", "It is booked for Tuesday 3 November, 9:30am")
    for who in ("priya", "tom"):
        told = school.reads(who)
        assert "The review visit is booked for Tuesday 3 November, 9:30am (Hollin Bank Lane" in told
        assert "Dr Helen Marsh comes to the school" in told
        assert school.news(who) == before[who] + 1
    assert "The review visit is booked: you go to Hollin Bank Lane" in school.reads("helen")
    assert school.news("sam") == before["sam"]
    assert not any(title.startswith("Book the review") for title in school.buttons("helen"))
    assert "Dr Helen Marsh comes to Hollin Bank Lane" in await school.says("tom", "my plan")


async def test_the_invitation_names_nobody_in_its_title_and_asks_mentor_and_student_along(school: School) -> None:
    await school.opens("helen", "tom")
    reference = await planning.starts_a_plan(school)
    await school.presses("helen", "Book the review visit")
    fields = parse_qs(urlsplit(school.links("helen")["Open it in Teams"]).query)
    assert fields["subject"] == [f"Placement catch-up (ref {reference})"]
    assert fields["startTime"] == ["2026-11-03T09:30:00+00:00"]
    assert set(fields["attendees"][0].split(",")) == {school.people[who].email for who in ("priya", "tom")}
    file = await school.downloads(school.links("helen")["Calendar file instead (.ics)"])
    assert "DTSTART;TZID=Europe/London:20261103T093000" in file
    for name in ("Tom", "Ashworth", "Priya", "Nair", "Helen", "Marsh"):
        assert name not in file
    (event,) = Calendar.from_ical(file).walk("VEVENT")
    assert event.decoded("dtend") - event.decoded("dtstart") == timedelta(minutes=90)
    assert str(event["location"]).startswith("Hollin Bank Lane")
    assert [line for line in str(event["description"]).splitlines() if line[:1].isdigit()] == [
        "1. Lesson observation",
        "2. Talk with the mentor",
        "3. Conversation of all three",
    ]


async def test_the_office_books_it_and_all_three_are_told_and_a_second_tap_tells_nobody(school: School) -> None:
    await school.opens("helen", "tom", "sam")
    reference = await planning.starts_a_plan(school)
    await school.says("sam", reference)
    await school.presses("sam", "Book the review visit")
    asked = school.newest("sam")
    await school.presses("sam", "It is booked for")
    assert "You go to the school" in school.reads("helen")
    before = [school.news(who) for who in ("helen", "priya", "tom")]
    await school.presses("sam", "It is booked for", card=asked)
    assert [school.news(who) for who in ("helen", "priya", "tom")] == before


async def test_a_visit_that_is_moved_is_told_as_moved_and_booked_again_without_a_word(school: School) -> None:
    await school.opens("helen", "tom")
    reference = await planning.starts_a_plan(school)
    await school.presses("helen", "Book the review visit")
    await school.presses("helen", "It is booked for")
    await school.presses("helen", "Something else")
    await school.presses("helen", "Change the review")
    moved = {"review_on": "2026-11-04", "reason": "Helen is away", "student_told": "yes"}
    await school.fills("helen", moved, press="Change the review")
    assert "is not in the calendars yet" in school.reads("helen")
    for who in ("tom", "priya"):
        assert "The review meeting has a new time" in school.reads(who)
        assert "is booked" not in school.reads(who)
    before = [school.news(who) for who in ("priya", "tom")]
    await school.says("helen", reference)
    await school.presses("helen", "Book the review visit")
    await school.presses("helen", "It is booked for Wednesday 4 November, 9:30am")
    assert [school.news(who) for who in ("priya", "tom")] == before
    assert "The review visit is booked" in await school.says("tom", "my plan")


async def test_a_mentor_who_has_only_mail_gets_the_visit_as_a_calendar_file(school: School) -> None:
    await school.opens("helen", "tom")
    await planning.agrees_a_plan(school)
    await school.on("2026-10-20 12:00")
    await planning.talks_it_through(school, "helen")
    await school.teams.uninstall(school.people["priya"])
    await school.presses("helen", "Book the review visit")
    await school.presses("helen", "It is booked for")
    letter = school.mail("priya")[-1]
    assert letter.subject.endswith("a time has been booked")
    assert "The review visit is booked for Tuesday 3 November" in letter.text
    assert [file.name for file in letter.attachments] == ["meeting.ics"]


async def test_who_may_not_book_it_cannot(school: School) -> None:
    await school.opens("helen", "tom", "gareth")
    await planning.starts_a_plan(school)
    _, verb, data = school.wire("helen", "Book the review visit")
    for who in ("priya", "tom", "gareth"):
        for sent in (verb, "support_plan.visit_booked"):
            assert "nothing here for you" in await school.sends(who, school.newest(who).id, sent, data), who
    assert "is not in the calendars yet" in await school.says("helen", school.reference("helen"))
