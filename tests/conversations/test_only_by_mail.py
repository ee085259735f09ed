"""A mentor who has only e-mail follows a meeting by letters: told of it, moved, cancelled, arranged anew. Her calendar
takes the files as RFC 5546 says. Mail ends in a real SMTP server.
"""

from __future__ import annotations

from datetime import datetime

from pathway.dates import LONDON
from tests.conversations import planning, road
from tests.mail.ics_rules import Diary, Told
from tests.mail.test_as_letter import Page
from tests.school import School

JOIN = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_NDky%40thread.v2/0?context=%7b%22Tid%22%3a%2298a7%22%7d"


async def told(school: School) -> None:
    """Sam enters it for Dot, tells the Link Tutor and names Martin Leigh."""
    await school.opens("sam", "kai", "martin")
    await school.on("2026-11-10 10:00")
    await road.opens_form(school, "sam", "Kai Brennan")
    await school.fills("sam", road.concern(school), press="Check my answers")
    await school.presses("sam", "Set the weekly target")
    await school.presses("sam", "Enter something for Dot Ellery")
    await school.presses("sam", "Not yet: tell the Link Tutor")
    await school.fills("sam", evidence="As before", early_because="Dot rang", press="Tell the Link Tutor: ")
    await school.presses("sam", "Name a Link Tutor")
    await school.fills("sam", person=school.choices("sam", "person")["Martin Leigh"], press="Make them the Link Tutor")


async def arranges(school: School, day: str, time: str = "15:45", link: str = "") -> None:
    await school.says("martin", school.reference("martin"))
    moving = "Move the meeting" in school.buttons("martin")
    await school.presses("martin", "Move the meeting" if moving else "Arrange the meeting")
    await school.presses("martin", "Another time")
    why = {"reason": "A parents' evening"} if moving else {}
    await school.fills("martin", why, press="Make the invitation", day=day, time=time)
    await school.fills("martin", {"link": link}, press="It is booked for")


def opens_the_file(school: School, diary: Diary, key: str = "dot") -> Told:
    """Of the newest letter."""
    (file,) = school.mail(key)[-1].attachments
    assert (file.name, file.kind) == ("meeting.ics", "text/calendar")
    return diary.takes(file.content)


def stands(diary: Diary) -> list[datetime]:
    return [entry.starts.astimezone(LONDON) for entry in diary.entries.values()]


def at(day: int, hour: int = 15, minute: int = 45, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=LONDON)


async def test_one_entry_moves_with_the_meeting_goes_with_it_and_comes_back_as_a_new_one(school: School) -> None:
    await told(school)
    dot, letters = Diary(), len(school.mail("dot"))
    await arranges(school, "2026-11-16")
    first = opens_the_file(school, dot)
    assert "puts the meeting into your calendar" in school.mail("dot")[-1].text
    await arranges(school, "2026-11-17", "16:00")
    moved = opens_the_file(school, dot)
    assert "moves the meeting in your calendar" in school.mail("dot")[-1].text
    assert (moved.uid, moved.method) == (first.uid, "REQUEST")
    assert stands(dot) == [at(17, 16, 0)]
    await school.presses("martin", "Cancel the meeting")
    await school.fills("martin", press="Cancel the meeting", reason="A trip that day")
    gone = opens_the_file(school, dot)
    assert "takes the meeting out of your calendar" in school.mail("dot")[-1].text
    assert (gone.uid, gone.method, gone.sequence) == (first.uid, "CANCEL", 2)
    assert stands(dot) == []
    await arranges(school, "2026-11-18")
    anew = opens_the_file(school, dot)
    assert (anew.sequence, anew.uid != first.uid) == (0, True)
    assert stands(dot) == [at(18)]
    assert len(school.mail("dot")) == letters + 4, "a letter for each, and no more"


async def test_the_link_that_martin_pastes_is_in_the_letter_and_in_the_entry(school: School) -> None:
    await told(school)
    await arranges(school, "2026-11-16", link=JOIN)
    letter = school.mail("dot")[-1]
    assert f"Join the meeting in Teams: {JOIN}" in letter.text
    assert Page(letter.html).links[JOIN] == "Join the meeting in Teams"
    assert opens_the_file(school, Diary()).location == JOIN


async def test_every_letter_has_both_forms_names_nobody_in_its_subject_and_is_answered_to_a_person(
    school: School,
) -> None:
    await told(school)
    await arranges(school, "2026-11-16")
    reference = school.reference("martin")
    for letter in school.mail("dot"):
        page = Page(letter.html)
        assert page.faults == []
        assert "Hello Dot Ellery" in page.words
        assert "Hello Dot Ellery" in letter.text
        assert reference in letter.subject
        assert "Kai" not in letter.subject
        assert "Kai" not in letter.html.partition("</head>")[0]
    assert "Kai" not in str([a.content for m in school.mail("dot") for a in m.attachments])


async def test_a_mentor_who_goes_on_with_the_target_takes_the_meeting_out_of_the_tutors_calendar(
    school: School,
) -> None:
    await school.opens("sam", "helen", "tom")
    reference = await road.told(school)
    await school.teams.uninstall(school.people["helen"])
    await school.says("sam", reference)
    await road.books(school, "sam")
    helen = Diary()
    assert opens_the_file(school, helen, "helen").organiser.startswith("placements"), "nobody asks themselves"
    assert stands(helen) == [at(19, month=10)]
    await school.says("priya", reference)
    await road.presses_rarer(school, "priya", "Go on with the weekly target instead")
    await school.fills("priya", reason="It went well today", press="Go on with the target")
    assert opens_the_file(school, helen, "helen").method == "CANCEL"
    assert stands(helen) == []


async def test_the_visit_that_is_moved_is_the_same_entry_and_another_than_the_meeting(school: School) -> None:
    await school.opens("helen", "tom")
    await planning.agrees_a_plan(school)
    await school.on("2026-10-20 12:00")
    await planning.talks_it_through(school, "helen")
    await school.teams.uninstall(school.people["priya"])
    reference = school.reference("helen")
    await school.presses("helen", "Book the review visit")
    await school.presses("helen", "It is booked for")
    priya = Diary()
    first = opens_the_file(school, priya, "priya")
    assert stands(priya) == [at(3, 9, 30)]
    await school.says("helen", reference)
    await school.presses("helen", "Something else")
    await school.presses("helen", "Change the review")
    moved = {"review_on": "2026-11-04", "reason": "Helen is away", "student_told": "yes"}
    await school.fills("helen", moved, press="Change the review")
    assert opens_the_file(school, priya, "priya").uid == first.uid
    assert stands(priya) == [at(4, 9, 30)]
