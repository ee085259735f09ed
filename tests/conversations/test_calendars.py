"""Meetings in real calendars: booked once, moved, withdrawn, and noticed when somebody changes them in Outlook."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.practice.calendars import CalendarEntry, Mailbox
from bot.practice.graph import GraphFault
from bot.practice.roll import PROVIDER
from bot.sender import ROUND
from tests.conversations import road, second_road
from tests.logged import as_text
from tests.school import School

#: Monday 19 October at 3:45pm, in London's summer time.
BOOKED = datetime(2026, 10, 19, 14, 45, tzinfo=UTC)

THREE_PARTS = ["1. Lesson observation", "2. Talk with the mentor", "3. Conversation of all three"]


@pytest.fixture
async def school(tmp_path: Path) -> AsyncIterator[School]:
    """The partnership of a university that lets Pathway into its people's calendars. Whatever the story is about, all
    that was asked of Graph and answered keeps to its published contract.
    """
    async with School(tmp_path, calendars=True) as it:
        await it.opens("priya", "helen", "tom")
        yield it
        sys.stdout.write(it.transcript())
        assert it.leaks() == []
        assert it.errors() == []


async def sends(school: School, day: str = "2026-10-19", at: str = "15:45", *, refused: bool = False) -> str:
    """Helen arranges the meeting with Priya about Tom. *refused*: her mailbox is closed to Pathway meanwhile."""
    await school.presses("helen", "Arrange the meeting")
    await school.presses("helen", "Another time")
    school.graph.calendars.grants(school.people["helen"].email, granted=not refused)
    return await school.fills("helen", day=day, time=at, press="Send the invitation")


async def moves(school: School) -> None:
    """Helen moves it by a day, to Tuesday 20 October."""
    await school.presses("helen", "Move the meeting")
    await school.presses("helen", "Another time")
    await school.fills(
        "helen", day="2026-10-20", time="15:45", reason="A parents' evening", press="Send the invitation"
    )


def standing(school: School) -> list[CalendarEntry]:
    return list(school.graph.calendars.standing())


def booked_at(school: School) -> list[datetime]:
    return [entry.starts for entry in standing(school)]


# -- booking ---------------------------------------------------------------------------------------------------------


async def test_one_press_writes_the_meeting_into_both_calendars_with_a_link_to_join(school: School) -> None:
    await road.told(school)

    said = await sends(school)

    (entry,) = standing(school)
    assert "The invitation goes to Priya Nair now" in said
    assert (entry.starts, entry.ends - entry.starts) == (BOOKED, timedelta(minutes=30))
    assert entry.organiser == school.people["helen"].email
    assert [a.email for a in entry.attendees] == [school.people["priya"].email]
    assert school.links("helen")["Join the meeting in Teams"] == entry.link


async def test_the_entry_names_nobody_and_nothing_of_the_case(school: School) -> None:
    reference = await road.told(school)

    await sends(school)

    (entry,) = standing(school)
    assert entry.subject == f"Placement catch-up (ref {reference})"
    assert entry.private
    assert "Tom" not in entry.subject + entry.body
    assert school.mail("priya") == ()


async def test_a_mentor_outside_the_tenant_is_invited_by_e_mail(school: School) -> None:
    await road.told(school)

    await sends(school)

    assert school.graph.calendars.mailbox(school.people["priya"].email) is None
    assert [x.what for x in school.graph.calendars.letters_to(school.people["priya"].email)] == ["invited"]


async def test_moved_in_pathway_it_is_the_same_entry_at_another_time(school: School) -> None:
    await road.told(school)
    await sends(school)
    (before,) = standing(school)

    await school.presses("helen", "Move the meeting")
    await school.presses("helen", "Another time")
    await school.fills(
        "helen", day="2026-10-20", time="16:00", reason="A parents' evening", press="Send the invitation"
    )

    (after,) = standing(school)
    assert (after.id, after.link, after.body) == (before.id, before.link, before.body)
    assert after.starts == datetime(2026, 10, 20, 15, 0, tzinfo=UTC)


async def test_cancelled_in_pathway_it_stands_in_no_calendar_and_anew_it_is_another_entry(school: School) -> None:
    await road.told(school)
    await sends(school)

    await school.presses("helen", "Cancel the meeting")
    await school.fills("helen", reason="Half term", press="Cancel the meeting")
    assert standing(school) == []

    await sends(school, day="2026-10-20")
    assert len(standing(school)) == 1
    assert [x.what for x in school.graph.calendars.letters_to(school.people["priya"].email)] == [
        "invited",
        "cancelled",
        "invited",
    ]


async def test_a_meeting_that_took_place_stays_in_the_calendars(school: School) -> None:
    await road.told(school)
    await sends(school)

    await school.on("2026-10-19 16:30")
    await road.records(school)
    await road.says_own_view(school)
    await school.presses("helen", "Open the support plan")

    assert booked_at(school) == [BOOKED]


async def test_another_link_tutor_has_it_in_their_own_calendar(school: School) -> None:
    await school.opens("sam")
    await road.told(school)
    await sends(school)

    await school.says("sam", "my cases")
    await school.presses("sam", "Open ")
    await road.presses_rarer(school, "sam", "Name another Link Tutor")
    martin = school.choices("sam", "person")["Martin Leigh"]
    await school.fills("sam", person=martin, press="Make them the Link Tutor")

    (entry,) = standing(school)
    assert entry.organiser == school.people["martin"].email


# -- answers that are lost ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [GraphFault(lost=True, done=True), GraphFault(504, done=True), GraphFault(503)])
async def test_whatever_becomes_of_the_answer_it_is_booked_once(school: School, fault: GraphFault) -> None:
    await road.told(school)
    faults = [fault, fault]
    school.graph.rule = lambda act, _mailbox: faults.pop() if act == "book" and faults else None

    await sends(school)
    for _ in range(3):
        await school.passes(minutes=10)

    assert booked_at(school) == [BOOKED]
    assert faults == []


async def test_killed_between_making_and_saving_it_finds_what_it_made(school: School) -> None:
    await road.told(school)
    school.graph.rule = lambda act, _mailbox: GraphFault(lost=True, done=True) if act == "book" else None
    await sends(school)
    (made,) = standing(school)

    await school.stops()
    school.graph.rule = lambda _act, _mailbox: None
    school.sleeps_until("2026-10-13 15:45")
    await school.starts()
    await school.says("helen", "my cases")
    await school.presses("helen", "Open ")

    assert standing(school) == [made]
    assert school.links("helen")["Join the meeting in Teams"] == made.link


async def test_cancelled_before_anybody_knows_whether_it_was_made_nothing_is_left(school: School) -> None:
    await road.told(school)
    school.graph.rule = lambda act, _mailbox: GraphFault(lost=True, done=True) if act == "book" else None
    await sends(school)
    assert len(standing(school)) == 1

    await school.presses("helen", "Cancel the meeting")
    await school.fills("helen", reason="Half term", press="Cancel the meeting")

    assert standing(school) == []


async def test_moved_before_anybody_knows_whether_it_was_made_it_stands_at_the_new_time(school: School) -> None:
    await road.told(school)
    school.graph.rule = lambda act, _mailbox: GraphFault(504, done=True) if act == "book" else None
    await sends(school)

    school.graph.rule = lambda _act, _mailbox: None
    await moves(school)

    assert booked_at(school) == [BOOKED + timedelta(days=1)]


async def test_told_to_wait_nothing_is_asked_earlier(school: School) -> None:
    await road.told(school)
    waits = [GraphFault(429, retry_after="120")]
    school.graph.rule = lambda act, _mailbox: waits.pop() if act == "book" and waits else None
    await sends(school)

    await school.passes(seconds=119)
    assert school.graph.calls["book"] == 1

    await school.passes(seconds=2)
    assert booked_at(school) == [BOOKED]


# -- where it is not granted -------------------------------------------------------------------------------------------


async def test_a_mailbox_that_is_not_granted_leads_to_the_way_by_hand_and_the_case_goes_on(school: School) -> None:
    await road.told(school)

    await sends(school, refused=True)

    assert "Please put the meeting into your calendar" in school.reads("helen")
    assert (
        "meeting%2Fnew" in school.links("helen")["Open it in Teams"]
        or "meeting/new" in school.links("helen")["Open it in Teams"]
    )
    await school.presses("helen", "Calendar file instead")
    assert "BEGIN:VCALENDAR" in await school.downloads(school.links("helen")["Calendar file instead (.ics)"])
    assert school.shows("priya", "Monday 19 October")

    await school.presses("helen", "Open the case")
    await school.presses("helen", "Move the meeting")
    await school.presses("helen", "Another time")
    assert "Make the invitation" in school.buttons("helen")


async def test_after_some_hours_a_mailbox_that_refused_is_tried_again(school: School) -> None:
    await road.told(school)
    await sends(school, refused=True)
    school.graph.calendars.grants(school.people["helen"].email)

    await school.on("2026-10-14 09:00")
    await school.presses("helen", "Open the case")
    await moves(school)

    assert booked_at(school) == [BOOKED + timedelta(days=1)]


# -- a calendar that never answers ---------------------------------------------------------------------------------------


def silent(act: str, *, done: bool = False) -> Callable[[str, str], GraphFault | None]:
    """Every request to *act* is answered with 503; *done*: it is carried out all the same."""
    return lambda asked, _mailbox: GraphFault(503, done=done) if asked == act else None


async def until_the_morning(school: School) -> None:
    """Five hours, in which whatever is to be tried again is tried at its time, and on to when people are written to."""
    for _ in range(60):
        await school.passes(minutes=5)
    await school.on("2026-10-14 09:00")


def answering(_act: str, _mailbox: str) -> GraphFault | None:
    return None


async def test_after_hours_without_an_answer_the_link_tutor_sends_the_invitation_and_nothing_is_tried_any_more(
    school: School,
) -> None:
    await road.told(school)
    school.expects_errors, school.graph.rule = True, silent("book")
    await sends(school)

    for _ in range(36):
        await school.passes(minutes=5)
    assert "Please put the meeting into your calendar" not in school.reads("helen")
    await until_the_morning(school)
    assert "Please put the meeting into your calendar" in school.reads("helen")
    assert "Pathway tried again and again" in school.reads("helen")
    assert "Should one from Pathway come after all, please delete it." in school.reads("helen")

    school.graph.rule = answering
    await school.on("2026-10-15 12:00")
    assert standing(school) == []
    assert await school.parts.stores.book.parked() == []

    await school.presses("helen", "Open the case")
    await moves(school)
    assert booked_at(school) == [BOOKED + timedelta(days=1)]


async def test_what_was_made_without_an_answer_and_given_up_is_taken_out_when_the_meeting_is_cancelled(
    school: School,
) -> None:
    await road.told(school)
    school.expects_errors, school.graph.rule = True, silent("book", done=True)
    await sends(school)
    await until_the_morning(school)
    assert "Please put the meeting into your calendar" in school.reads("helen")
    assert len(standing(school)) == 1

    school.graph.rule = answering
    await school.presses("helen", "Open the case")
    await school.presses("helen", "Cancel the meeting")
    await school.fills("helen", reason="Half term", press="Cancel the meeting")
    assert standing(school) == []


async def test_a_meeting_that_is_soon_is_not_tried_for_hours(school: School) -> None:
    await road.told(school)
    school.expects_errors, school.graph.rule = True, silent("book")
    starts = school.now + timedelta(minutes=50)
    await sends(school, starts.date().isoformat(), f"{starts:%H:%M}")

    for _ in range(8):
        await school.passes(minutes=1)
    assert "Please put the meeting into your calendar" not in school.reads("helen")
    for _ in range(8):
        await school.passes(minutes=1)
    assert "Please put the meeting into your calendar" in school.reads("helen")


async def test_an_entry_that_cannot_be_taken_out_for_hours_is_deleted_by_its_owner(school: School) -> None:
    await road.told(school)
    await sends(school)
    school.expects_errors, school.graph.rule = True, silent("cancel")
    await school.presses("helen", "Cancel the meeting")
    await school.fills("helen", reason="Half term", press="Cancel the meeting")

    await until_the_morning(school)
    assert "Please delete the meeting on Monday 19 October, 3:45pm in your calendar" in school.reads("helen")
    assert len(standing(school)) == 1


# -- what people change in Outlook -------------------------------------------------------------------------------------


async def test_a_meeting_dragged_in_outlook_is_noticed_before_its_brief(school: School) -> None:
    await road.told(school)
    await sends(school)
    (entry,) = standing(school)
    await school.on("2026-10-19 07:50")
    briefs = school.news("priya")

    school.graph.calendars.moves(entry.id, BOOKED + timedelta(days=1))
    await school.on("2026-10-19 09:00")

    assert "The meeting was moved in Outlook" in school.reads("helen")
    assert "Tuesday 20 October" in school.reads("helen")
    assert school.news("priya") == briefs


async def test_the_new_time_is_used_with_one_press(school: School) -> None:
    await road.told(school)
    await sends(school)
    (entry,) = standing(school)
    school.graph.calendars.moves(entry.id, BOOKED + timedelta(days=1))
    await school.on("2026-10-14 10:00")

    said = await school.presses("helen", "Use the new time")

    assert "The meeting is on Tuesday 20 October, 3:45pm now" in said
    assert booked_at(school) == [BOOKED + timedelta(days=1)]
    assert school.shows("priya", "Tuesday 20 October, 3:45pm")
    assert school.shows("priya", "It was moved in Outlook.")
    await school.on("2026-10-20 09:00")
    assert "Today" in school.reads("priya") or "today" in school.reads("priya")


async def test_it_is_put_back_with_one_press_and_the_brief_comes_all_the_same(school: School) -> None:
    await road.told(school)
    await sends(school)
    (entry,) = standing(school)
    school.graph.calendars.moves(entry.id, BOOKED + timedelta(days=1))
    await school.on("2026-10-19 09:00")
    before = school.news("priya")

    await school.presses("helen", "Put it back to Monday 19 October, 3:45pm")
    await school.passes(minutes=5)

    assert standing(school)[0].id == entry.id
    assert booked_at(school) == [BOOKED]
    assert school.news("priya") == before + 1


async def test_deleted_in_outlook_it_is_booked_again_or_cancelled(school: School) -> None:
    await road.told(school)
    await sends(school)
    (entry,) = standing(school)
    school.graph.calendars.deletes(entry.id)
    await school.on("2026-10-14 10:00")
    assert "The meeting was deleted in Outlook" in school.reads("helen")
    assert "Cancel the meeting" in school.buttons("helen")

    await school.presses("helen", "Book it again")

    assert booked_at(school) == [BOOKED]
    assert standing(school)[0].id != entry.id


async def test_a_mentor_who_says_no_is_shown_to_the_link_tutor_once(school: School) -> None:
    await road.told(school)
    await sends(school)
    (entry,) = standing(school)
    school.graph.calendars.declines(entry.id, school.people["priya"].email)

    await school.on("2026-10-14 10:00")
    assert "Priya Nair said no to the meeting" in school.reads("helen")
    told = school.news("helen")
    await school.on("2026-10-14 16:00")
    assert school.news("helen") == told

    await school.presses("helen", "Choose another time")
    await school.presses("helen", "Another time")
    await school.fills(
        "helen", day="2026-10-20", time="15:45", reason="A parents' evening", press="Send the invitation"
    )
    assert standing(school)[0].attendees[0].response == "none"


async def test_what_was_put_right_in_outlook_itself_is_not_asked_about(school: School) -> None:
    await road.told(school)
    await sends(school)
    (entry,) = standing(school)
    school.graph.calendars.moves(entry.id, BOOKED + timedelta(days=1))
    school.graph.calendars.moves(entry.id, BOOKED)

    await school.on("2026-10-15 10:00")

    assert not school.shows("helen", "was moved in Outlook")


async def a_round_waits_for_graph(school: School) -> CalendarEntry:
    """A meeting that was dragged to Thursday 22 October, while Graph answers nobody; Sian is to be asked at 3:30pm."""
    await school.opens("sian")
    await road.told(school)
    await sends(school, "2026-10-21")
    await road.raises(school, "sian", "Daniel Okoro")
    await school.on("2026-10-20 14:00")
    (entry,) = standing(school)
    school.graph.calendars.moves(entry.id, BOOKED + timedelta(days=3))
    school.graph.hold = asyncio.Event()
    school.graph.calls.clear()
    school.wall.at = datetime(2026, 10, 20, 14, 30, tzinfo=UTC)
    return entry


async def test_while_a_calendar_does_not_answer_others_get_what_is_due(school: School) -> None:
    await a_round_waits_for_graph(school)
    before = school.news("sian")

    await school.parts.clock.tick()
    assert school.news("sian") == before + 1
    assert not any("was not looked at" in line for line in as_text(school.log.records)), "nobody has given up waiting"

    school.wall.at += timedelta(minutes=65)
    await school.parts.clock.tick()
    assert [task.get_name() for task in asyncio.all_tasks()].count(ROUND) == 1, "never two at once"
    assert school.graph.hold
    school.graph.hold.set()
    await school.passes(minutes=1)
    assert "The meeting was moved in Outlook" in school.reads("helen")


async def test_a_round_that_a_stop_cuts_off_is_begun_anew(school: School) -> None:
    await a_round_waits_for_graph(school)
    await school.parts.clock.tick()
    async with school.graph.came:
        await school.graph.came.wait_for(lambda: school.graph.calls["read"] > 0)

    await school.stops()
    assert school.graph.hold
    school.graph.hold.set()
    assert not school.shows("helen", "was moved in Outlook")
    await school.starts()
    await school.passes(minutes=1)
    assert "The meeting was moved in Outlook" in school.reads("helen")


# -- the other two gatherings ------------------------------------------------------------------------------------------


async def test_the_review_visit_is_at_the_school_and_moves_with_the_review(school: School) -> None:
    await school.opens("sian", "daniel", "martin")
    await second_road.plans_for_daniel(school)
    await school.presses("martin", "Book the review visit")
    await school.presses("martin", "Send the invitation")

    (visit,) = [x for x in standing(school) if not x.link]
    assert visit.starts == datetime(2026, 11, 27, 11, 0, tzinfo=UTC)
    assert visit.ends - visit.starts == timedelta(minutes=90)
    assert visit.place == placed(school)
    assert [line for line in visit.body.splitlines() if line[:1].isdigit()] == THREE_PARTS
    assert not [
        name for who in ("sian", "daniel", "martin") for name in school.people[who].name.split() if name in visit.body
    ]
    assert {a.email for a in visit.attendees} == {school.people[k].email for k in ("sian", "daniel")}

    await road.presses_rarer(school, "martin", "Change the review")
    await school.fills("martin", review_on="2026-11-26", reason="A school trip", student_told="yes", press="Change")
    (moved,) = [x for x in standing(school) if not x.link]
    assert (moved.id, moved.starts) == (visit.id, datetime(2026, 11, 26, 11, 0, tzinfo=UTC))
    assert "Book the review visit" not in school.buttons("martin")


def placed(school: School) -> str:
    """Where Martin's plan says that the review is."""
    found = next(line for line in school.reads("martin").splitlines() if line.startswith("The review visit is booked"))
    return found.partition("you go to ")[2].rstrip(".")


async def test_how_long_the_visit_is_follows_the_provider(tmp_path: Path) -> None:
    (tmp_path / "provider.toml").write_text(PROVIDER.read_text("utf-8") + "\n[review]\nminutes = 120\n", "utf-8")
    school = School(tmp_path, calendars=True)
    school.provider_file = tmp_path / "provider.toml"
    async with school:
        visit = await books_the_visit(school)
        assert visit.ends - visit.starts == timedelta(hours=2)
        assert school.errors() == []


async def books_the_visit(school: School) -> CalendarEntry:
    """Martin has booked the review visit to Daniel, on Friday 27 November at 11am."""
    await school.opens("sian", "daniel", "martin")
    await second_road.plans_for_daniel(school)
    await school.presses("martin", "Book the review visit")
    await school.presses("martin", "Send the invitation")
    (visit,) = [x for x in standing(school) if not x.link]
    return visit


async def test_a_visit_that_is_dragged_in_outlook_is_noticed_before_its_reminder_and_the_student_is_told_by_a_person(
    school: School,
) -> None:
    visit = await books_the_visit(school)
    await school.on("2026-11-25 07:50")
    before = school.news("sian"), school.news("daniel")
    there = datetime(2026, 11, 26, 13, 0, tzinfo=UTC)
    school.graph.calendars.moves(visit.id, there)

    await school.on("2026-11-25 09:00")
    assert "The review visit was moved in Outlook" in school.reads("martin")
    assert not school.shows("sian", "Thursday 26 November")
    assert (school.news("sian"), school.news("daniel")) == before

    await school.presses("martin", "Use the new time: Thursday 26 November, 1pm")
    assert (school.value("martin", "review_on"), school.value("martin", "review_time")) == ("2026-11-26", "13:00")
    await school.fills("martin", reason="Moved with Sian", student_told="yes", press="Change the review")
    assert school.shows("daniel", "Thursday 26 November, 1pm")
    assert [x.starts for x in standing(school) if not x.link] == [there]


async def test_a_visit_that_is_deleted_in_outlook_is_booked_again_and_whoever_says_no_is_shown(school: School) -> None:
    visit = await books_the_visit(school)
    school.graph.calendars.deletes(visit.id)
    await school.on("2026-11-20 10:00")
    assert "The review visit was deleted in Outlook" in school.reads("martin")
    await school.presses("martin", "Book it again")
    (again,) = [x for x in standing(school) if not x.link]
    assert (again.starts, again.id == visit.id) == (visit.starts, False)

    school.graph.calendars.declines(again.id, school.people["sian"].email)
    await school.on("2026-11-20 12:00")
    assert "said no to the review visit" in school.reads("martin")
    assert "Change the review" in school.buttons("martin")


async def books_the_next_steps(school: School) -> CalendarEntry:
    """Sam has booked the meeting about what happens next for Daniel, on Wednesday 2 December at 10am."""
    reference = await second_road.reviews_daniel(school)
    await school.on("2026-11-27 15:00")
    await second_road.ends(school, "martin", reference)
    await school.on("2026-11-30 10:00")
    await school.says("sam", f"case {reference}")
    await school.presses("sam", "Book the next steps meeting")
    await school.presses("sam", "Another time")
    await school.fills("sam", day="2026-12-02", time="10:00", place="Room 204, or Teams", press="Send the invitation")
    (entry,) = [x for x in standing(school) if x.organiser == school.people["sam"].email]
    return entry


async def test_a_next_steps_meeting_that_is_dragged_in_outlook_is_noticed_before_anybody_is_reminded(
    school: School,
) -> None:
    entry = await books_the_next_steps(school)
    await school.on("2026-12-01 07:50")
    before = [school.news(who) for who in ("daniel", "alan", "nadia", "ruth")]
    there = datetime(2026, 12, 3, 14, 0, tzinfo=UTC)
    school.graph.calendars.moves(entry.id, there)

    await school.on("2026-12-01 09:00")
    assert "The next steps meeting was moved in Outlook" in school.reads("sam")
    assert [school.news(who) for who in ("daniel", "alan", "nadia", "ruth")] == before

    await school.presses("sam", "Use the new time: Thursday 3 December, 2pm")
    assert (school.value("sam", "day"), school.value("sam", "time")) == ("2026-12-03", "14:00")
    await school.fills("sam", reason="Daniel's train", press="Send the invitation")
    assert school.shows("daniel", "Thursday 3 December, 2pm")
    assert [x.starts for x in standing(school) if x.id == entry.id] == [there]


async def test_a_next_steps_meeting_that_is_declined_and_then_deleted_is_shown_with_what_to_do(school: School) -> None:
    entry = await books_the_next_steps(school)
    school.graph.calendars.declines(entry.id, school.people["alan"].email)
    await school.on("2026-11-30 12:00")
    assert "Prof Alan Frost said no to the next steps meeting" in school.reads("sam")
    assert "Choose another day" in school.buttons("sam")

    school.graph.calendars.deletes(entry.id)
    await school.on("2026-11-30 14:00")
    assert "The next steps meeting was deleted in Outlook" in school.reads("sam")
    await school.presses("sam", "Book it again")
    (again,) = [x for x in standing(school) if x.organiser == school.people["sam"].email]
    assert (again.starts, again.id == entry.id) == (entry.starts, False)


async def test_a_deputy_who_is_named_with_an_address_is_invited_and_the_times_suit_them_too(school: School) -> None:
    jo = "j.lumb@northdale.example.ac.uk"
    school.graph.calendars.mailboxes.append(Mailbox("Dr Jo Lumb", jo, "object-jo"))
    reference = await second_road.reviews_daniel(school)
    await school.on("2026-11-27 15:00")
    await second_road.ends(school, "martin", reference)
    await school.on("2026-11-30 10:00")
    await school.says("sam", f"case {reference}")
    await school.presses("sam", "Book the next steps meeting")
    first = next(iter(school.choices("sam", "slot").values()))
    starts = datetime.fromisoformat(first)
    school.graph.calendars.is_busy(jo, starts, starts + timedelta(minutes=60))

    named = {"place": "Teams", "deputies": f"Dr Jo Lumb ({jo}) for the Course Director"}
    refused = await school.fills("sam", {"slot": first, **named}, press="Send the invitation")
    assert f"{jo} is not free then." in refused
    words, second = next(iter(school.choices("sam", "slot").items()))
    assert second != first
    assert f"{jo} are free" in words
    await school.fills("sam", slot=second, press="Send the invitation")
    (entry,) = [x for x in standing(school) if x.organiser == school.people["sam"].email]
    assert jo in {a.email for a in entry.attendees}
    assert [x.what for x in school.graph.calendars.letters_to(jo)] == ["invited"]

    school.graph.calendars.declines(entry.id, jo)
    await school.on("2026-11-30 12:00")
    assert f"{jo} said no to the next steps meeting" in school.reads("sam").replace("\\", "")
    await school.presses("sam", "Choose another day")
    await school.fills("sam", deputies="", press="Another time")
    await school.fills("sam", day="2026-12-03", time="10:00", press="Send the invitation")
    (anew,) = [x for x in standing(school) if x.organiser == school.people["sam"].email]
    assert jo not in {a.email for a in anew.attendees}
    assert [x.what for x in school.graph.calendars.letters_to(jo)] == ["invited", "cancelled"]


async def test_the_next_steps_meeting_is_in_the_calendar_of_whoever_books_it(school: School) -> None:
    entry = await books_the_next_steps(school)
    assert entry.link
    assert {school.people[k].email for k in ("daniel", "alan", "nadia", "ruth")} <= {a.email for a in entry.attendees}
