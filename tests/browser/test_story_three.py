"""The first half of story 3 in the browser, on a phone and in the dark: from the worry to both views."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

from icalendar import Calendar
from playwright.async_api import expect

from pathway.dates import LONDON
from tests.browser.conftest import Opens
from tests.browser.house import Running
from tests.browser.person import Person, Screen

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


async def test_daniels_mentor_and_link_tutor_both_say_not_as_expected(practice: Running, opens: Opens) -> None:
    screen = await opens(practice, width=390, height=844, theme="dark")
    sian, martin, daniel = screen.person("sian"), screen.person("martin"), screen.person("daniel")
    for button in ("+1 week",) * 4 + ("+1 day",) * 6:
        await screen.moves_the_clock(button)
    await expect(screen.clock).to_contain_text("Monday 9 November 2026, 9")
    await _sian_sets_a_weekly_target(screen, sian)
    await _a_week_later_sian_asks_for_help(screen, sian)
    await _martin_arranges_the_meeting(screen, martin)
    await sian.sees("Your meeting is booked for Wednesday 18 November, 4pm.")
    for button in ("+1 day", "+1 day", "+1 hour"):
        await screen.moves_the_clock(button)
    await expect(screen.clock).to_contain_text("Wednesday 18 November 2026, 4:30pm")
    await _both_record_their_views(sian, martin)
    await martin.presses("Open the support plan")
    for person in (martin, sian):
        await person.sees(
            "not as expected",
            "a support plan comes next",
            "One of you writes it here",
            "sees nothing of it here until then",
        )
        assert await screen.cut_off() == []
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
