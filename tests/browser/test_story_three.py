"""Story 3 in the browser, on a phone and in the dark: from the worry to the meeting about what happens next."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

from icalendar import Calendar
from playwright.async_api import expect

from pathway.dates import LONDON, local
from tests.browser.checks import looks_right_to
from tests.browser.conftest import Opens
from tests.browser.house import Running
from tests.browser.person import Filled, Person, Screen
from tests.browser.stories import (
    Around,
    Target,
    agrees_the_plan,
    answers_the_plan,
    books_the_next_steps,
    converses,
    copies_it_into_pebblepad,
    discusses,
    ends,
    fills_in_the_outcome,
    observes,
    records_the_next_steps,
    starts_the_review,
    talks_it_through,
    ticks_the_duties,
    writes_the_plan,
)

CONCERN = {
    "I talked to them about it on": "2026-11-09",
    "What I have seen, and when": "On Thursday and Friday two groups in 9B did not start the practical.",
    "What is going well": "Knows his science, and stays after school to prepare.",
    "The target for this week": "Every group has started within three minutes.",
    "How you will both know": "I time the start in four lessons.",
    "Help I am offering": ["Planning together"],
    "Area to work on": ["TS1 High expectations", "TS4 Planning and teaching lessons", "TS7 Managing behaviour"],
}
SEEN = {
    "How the week went": "Three of four lessons began after eight minutes or more.",
    "What you hope for from the meeting": "A second pair of eyes.",
    "Good times": "3:30pm and later, not Tuesday",
}
VIEWS = {
    "martin": "The start of lessons is not safe yet.",
    "sian": "He needs more than I can give alone.",
}
TARGETS = (
    Target(
        "Greet every class at the door, with the task on the board.",
        "Every group has started within three minutes.",
        "Sian greets a class with him on Thursday.",
        "At the door in both lessons, and started in three minutes.",
        "Met",
    ),
    Target(
        "Write the steps of each practical on the board.",
        "The steps are there in four of five lessons.",
        "Planning together on Monday.",
        "Two of five steps were there.",
        "Not yet met",
    ),
    Target(
        "Wait for silence before every instruction.",
        "Silence in four of five lessons.",
        "Sian counts, and shows him the count.",
        "Silence twice, then he talked over the class.",
        "Not yet met",
    ),
)
STUDENT_SAYS = "I know the routines now, and I lose them when it gets loud."
REASONS = "The first target is met. The others are not, with support in place all week."
HELD: dict[str, Filled] = {
    "Who came (": ["Daniel Okoro", "Prof Alan Frost", "Nadia Hussain", "Ruth Adeyemi"],
    "Daniel brought somebody": "Yes",
    "What was talked about": ["Take the placement again", "Interrupt the studies"],
    "What was decided": "A new placement from January.",
    "Place on the course": "Still a student on the course",
    "University sessions": "They go on as before",
    "Whom to ask about funding": "Student finance, 0113 496 0107",
    "Who follows this up": "Ruth Adeyemi, by Friday 11 December",
}


async def test_a_placement_ends_and_the_next_steps_are_agreed_within_a_week(practice: Running, opens: Opens) -> None:
    screen = await opens(practice, width=390, height=844, theme="dark")
    sian, martin, daniel = screen.person("sian"), screen.person("martin"), screen.person("daniel")
    around = Around(screen, sian, martin, daniel, "Daniel", looks_right_to)
    await the_first_half(around)
    await the_second_half(around)


async def the_first_half(around: Around) -> None:
    """From the worry to both views, and to the support plan that comes next."""
    screen, sian, martin, daniel = around.screen, around.mentor, around.tutor, around.student
    await screen.goes_on_to(local(date(2026, 11, 9), time(9, 30)))
    await expect(screen.clock).to_contain_text("Monday 9 November 2026, 9")
    await _sian_sets_a_weekly_target(screen, sian)
    await _a_week_later_sian_asks_for_help(screen, sian)
    await _martin_arranges_the_meeting(screen, martin)
    await sian.sees("Your meeting is booked for Wednesday 18 November, 4pm.")
    await screen.goes_on_to(local(date(2026, 11, 18), time(17)))
    await expect(screen.clock).to_contain_text("Wednesday 18 November 2026, 4:30pm")
    await _both_record_their_views(sian, martin)
    await _both_find_that_a_plan_comes_next(sian, martin, daniel)
    await around.look("plan-opens", martin)


async def the_second_half(around: Around) -> None:
    """From the support plan to the next steps meeting."""
    await _a_plan_with_three_areas(around)
    await _daniel_hears_of_it_from_martin_first(around)
    await _the_plan_is_kept_to(around)
    await _the_review_on_friday(around)
    await _martin_tells_daniel_and_it_is_in_writing_at_once(around)
    await _next_steps_on_wednesday(around)


async def _both_find_that_a_plan_comes_next(sian: Person, martin: Person, daniel: Person) -> None:
    await martin.presses("Open the support plan")
    for person in (martin, sian):
        await person.sees(
            "not as expected",
            "a support plan comes next",
            "One of you writes it here",
            "sees nothing of it here until then",
        )
        assert await person.screen.cut_off() == []
    await daniel.sees("Sian Pritchard")
    await daniel.does_not_see("not as expected", VIEWS["martin"], VIEWS["sian"])


async def _sian_sets_a_weekly_target(screen: Screen, sian: Person) -> None:
    await sian.says("concern")
    await sian.presses("I am just starting")
    await sian.presses("No, carry on")
    await sian.presses("Daniel Okoro")
    await sian.fills(CONCERN)
    assert await screen.cut_off() == []
    await sian.presses("Check my answers")
    await sian.sees("Monday 16 November", "Daniel Okoro")
    assert await screen.cut_off() == []
    await sian.presses("Set the weekly target")
    await sian.sees("Daniel has until Monday 16 November (5 school days)")


async def _a_week_later_sian_asks_for_help(screen: Screen, sian: Person) -> None:
    await screen.to_the_next_reminder("Sian Pritchard", "Friday 13 November, 8am")
    await screen.to_the_next_reminder("Sian Pritchard", "Monday 16 November, 3:30pm")
    await sian.presses("Not yet: tell the Link Tutor")
    assert await sian.filled("Support that was given") == "Planning together"
    await sian.fills(SEEN)
    await sian.presses("Tell the Link Tutor: Daniel knows")
    await sian.sees("Martin Leigh has been told.")


async def _martin_arranges_the_meeting(screen: Screen, martin: Person) -> None:
    await martin.sees("Sian Pritchard would like your help with a placement.", SEEN["How the week went"])
    await martin.presses("I have it")
    await martin.sees("Sian Pritchard is told that you have it.")
    await martin.presses("Arrange the meeting")
    await martin.sees("Sian Pritchard's best times", SEEN["Good times"])
    await martin.presses("Another time")
    await martin.fills({"Day": "2026-11-18", "Time": "16:00", "How long": "30 minutes"})
    await martin.presses("Make the invitation")
    reference = (await martin.card.inner_text()).partition("Ref ")[2][:4]
    _is_a_neutral_teams_link(await martin.follows("Open it in Teams"), reference)
    _is_a_neutral_calendar_file(await martin.downloads("Calendar file instead (.ics)"), reference)
    await martin.presses("It is booked for Wednesday 18 November, 4pm")
    await martin.sees("Booked.", "Wednesday 18 November, 4pm")
    assert await screen.cut_off() == []


async def _both_record_their_views(sian: Person, martin: Person) -> None:
    await martin.presses("Record the meeting")
    assert await martin.filled("It was on") == "2026-11-18"
    assert await martin.filled("Who was there") == "Sian Pritchard, Martin Leigh"
    await martin.fills({"In your view": "Not as expected", "In your own words": VIEWS["martin"]})
    await martin.presses("Record the meeting")
    await martin.sees("Sian Pritchard is asked for their view.")
    await sian.sees("Martin Leigh has recorded the meeting. What is your view?")
    await sian.presses("Record my view")
    await sian.fills({"Progress is": "Not as expected", "In your own words": VIEWS["sian"]})
    await sian.presses("Record my view")
    await martin.sees("Sian Pritchard's view is recorded.", VIEWS["sian"], VIEWS["martin"])


async def _a_plan_with_three_areas(around: Around) -> None:
    """The training day on Friday 20 November is not counted. Sian agrees what Martin wrote."""
    sian, martin, daniel = around.mentor, around.tutor, around.student
    await writes_the_plan(around, martin, TARGETS, ["Teaching a lesson for them to watch", "Personal support"])
    await martin.sees("Version 1 is written, and you have agreed it. Sian Pritchard is asked to agree it too.")
    await sian.sees("Martin Leigh has written the support plan", *(t.words for t in TARGETS))
    await agrees_the_plan(around, sian)
    await sian.sees("by Monday 23 November (2 school days; the training day on Friday 20 November is not counted)")
    await daniel.sees("Your placement: Link Tutor told")
    await daniel.does_not_see("support plan", TARGETS[0].words, "review")


async def _daniel_hears_of_it_from_martin_first(around: Around) -> None:
    sian, daniel = around.mentor, around.student
    await around.screen.goes_on_to(local(date(2026, 11, 19), time(17)))
    await talks_it_through(around, "I can do this, and I would like to see it done once.")
    await daniel.sees(
        "You and Martin Leigh have talked about a support plan. It sets 3 targets for the days to Friday 27 November "
        "(5 school days; the training day on Friday 20 November is not counted).",
        "Sian Pritchard and Martin Leigh are there to help you meet them.",
        "On Friday 27 November, 9:30am there is a review meeting. It will decide whether the placement continues.",
        "Student wellbeing",
        *(t.words for t in TARGETS),
    )
    await answers_the_plan(around)
    await sian.sees("Daniel has said here that it is achievable")
    await around.person("channel").looks()
    await expect(around.person("channel").pane).to_contain_text("plan in place, review on Friday 27 November")


async def _the_plan_is_kept_to(around: Around) -> None:
    sian, martin, daniel = around.mentor, around.tutor, around.student
    await martin.sees("Yours by Friday 20 November")
    assert (await martin.buttons())[:2] == ["Book the review visit", "Tick what I have done"]
    told = {"My personal support": "Yes, I have offered it", "Nadia Hussain": "I have told", "Dr Imogen": "Not needed"}
    await ticks_the_duties(around, told)
    await martin.sees(
        "Done: personal support offered to Daniel on Thursday 19 November, Nadia Hussain (Level Lead) told"
    )
    await martin.presses("Book the review visit")
    await martin.sees("Friday 27 November, 9:30am", "Mill Road, Calderthorpe")
    await around.look("book-visit", martin)
    await martin.presses("It is booked for Friday 27 November, 9:30am")
    for person in (sian, daniel):
        await person.sees("Friday 27 November, 9:30am")
    await copies_it_into_pebblepad(around, sian, "pebblepad")
    await around.screen.to_the_next_reminder("Sian Pritchard", "Tuesday 24 November, 8am")
    await sian.sees("Two days in, with Daniel Okoro", "Is the extra support happening? If not, tell Martin Leigh.")
    await around.look("halfway", sian)
    await daniel.sees("Two days in: how is it going?")
    await around.look("halfway-student", daniel)
    await daniel.presses("Has the support come?")
    await daniel.fills({"Teaching a lesson": "Yes, it came", "Personal support": "Not yet"})
    await around.look("student-promises", daniel)
    await daniel.presses("Record this")
    await martin.sees("Daniel says that promised support has not come: Personal support.")
    await daniel.says("my plan")
    await daniel.sees("Given, you say (Tuesday 24 November).", "Whom you can ask", *(t.measure for t in TARGETS))
    await around.look("my-plan", daniel)


async def _the_review_on_friday(around: Around) -> None:
    martin, daniel = around.tutor, around.student
    await around.screen.to_the_next_reminder("Martin Leigh", "Wednesday 25 November, 8am")
    await around.screen.to_the_next_reminder("Martin Leigh", "Friday 27 November, 8am")
    await martin.sees("The review meeting is today, Friday 27 November, 9:30am", "It has three parts")
    assert (await martin.buttons())[0] == "Start the review"
    await around.look("review-day", martin)
    await around.screen.goes_on_to(local(date(2026, 11, 27), time(15, 30)))
    await starts_the_review(around)
    await observes(around, "Year 8 science, period 2. A calm start.", TARGETS)
    await discusses(around, "Partly", "All but one planning session took place.")
    await converses(around, ["Daniel Okoro", "Sian Pritchard", "Martin Leigh"], STUDENT_SAYS)
    await daniel.sees("Martin Leigh tells you in person what comes of it. You get it in writing after that.")
    await daniel.does_not_see(*(t.seen for t in TARGETS))


async def _martin_tells_daniel_and_it_is_in_writing_at_once(around: Around) -> None:
    martin, daniel = around.tutor, around.student
    told_by = "Martin Leigh, with Sian Pritchard there"
    await fills_in_the_outcome(around, TARGETS, REASONS, told_at="", told_by=told_by)
    await martin.sees(*(t.seen for t in TARGETS))
    await martin.presses("The placement ends as failed")
    await martin.sees("Tell Daniel in person before you save this. When was that?")
    await daniel.sees("Your review has begun")
    await martin.fills({"At what time": "14:10"})
    await ends(around, "14:30")
    await martin.sees("Daniel has it in writing now.")
    await daniel.sees(
        "As Martin Leigh told you on Friday 27 November, 2:10pm, with Sian Pritchard there, this placement has ended and "
        "counts as a failed placement.",
        "You are still a student on your course, and your university sessions go on.",
        "The Course Director, the Level Lead and the Partnership Lead will meet you by Friday 4 December (5 working days)",
        "You can bring somebody with you",
        "You can ring now: Placement office, 0113 496 0102",
        "How to appeal",
        REASONS,
    )
    await around.look("outcome-ends-to-student", daniel)
    for who in ("sian", "sam", "ruth", "alan", "nadia"):
        await around.person(who).sees("Daniel Okoro", "the outcome of the review")
        await around.look(f"outcome-ends-{who}", around.person(who))
    await around.person("channel").looks()
    posts = around.person("channel").pane
    await expect(posts).to_contain_text("review done.")
    for word in ("Daniel", "Okoro", "ended", "failed", "terminated", "Calder"):
        await expect(posts).not_to_contain_text(word, ignore_case=True)
    await around.look("channel-review-done", around.person("channel"))


async def _next_steps_on_wednesday(around: Around) -> None:
    sam, ruth, daniel = around.person("sam"), around.person("ruth"), around.student
    await books_the_next_steps(around, sam, {"Day": "2026-12-02", "Time": "10:00", "Where": "Room 204"})
    for who in ("daniel", "ruth", "alan", "nadia"):
        await around.person(who).sees("Wednesday 2 December, 10am")
    await around.look("next-steps-invited", daniel)
    await around.screen.goes_on_to(local(date(2026, 12, 2), time(16)))
    await records_the_next_steps(around, ruth, HELD)
    await ruth.sees("Closed. Daniel gets the summary.")
    assert (await ruth.buttons())[0] == "Read the review"
    await daniel.sees(
        "This is the summary of your meeting.",
        "A new placement from January",
        "Still a student on the course",
        "They go on as before",
        "Student finance",
        "How to appeal",
    )
    read = await daniel.card.inner_text()
    assert read.index("A new placement from January") < read.index("counts as a failed placement")
    await around.look("next-steps-summary", daniel)
    await around.tutor.sees("A new placement from January")
    await around.mentor.does_not_see("A new placement from January")
    await ruth.says("my cases")
    await ruth.sees("You have no open cases")


def _is_a_neutral_teams_link(address: str, reference: str) -> None:
    link = urlsplit(address)
    assert (link.scheme, link.netloc, link.path) == ("https", "teams.microsoft.com", "/l/meeting/new")
    assert "+" not in link.query, "Teams shows a plus sign as it is: spaces must be %20"
    assert "Placement%20catch-up%20%28ref%20" in link.query
    assert "%2B" not in link.query or "startTime=2026-11-18T16%3A00%3A00%2B00%3A00" in link.query
    fields = {name: values[0] for name, values in parse_qs(link.query, strict_parsing=True).items()}
    assert fields["subject"] == f"Placement catch-up (ref {reference})"
    assert datetime.fromisoformat(fields["startTime"]) == datetime(2026, 11, 18, 16, tzinfo=LONDON)
    assert datetime.fromisoformat(fields["endTime"]) == datetime(2026, 11, 18, 16, 30, tzinfo=LONDON)
    assert fields["attendees"] == "s.pritchard@caldervale.example.org"
    assert not re.search("daniel|okoro|concern|support|intervention", unquote(address), re.IGNORECASE)


def _is_a_neutral_calendar_file(content: bytes, reference: str) -> None:
    calendar = Calendar.from_ical(content)
    (event,) = calendar.walk("VEVENT")
    assert str(event["summary"]) == f"Placement catch-up (ref {reference})"
    assert event.decoded("dtstart") == datetime(2026, 11, 18, 16, tzinfo=LONDON)
    assert event.decoded("dtend") - event.decoded("dtstart") == timedelta(minutes=30)
    assert not re.search(b"daniel|okoro|concern|support|intervention", content, re.IGNORECASE)
