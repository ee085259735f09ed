"""The next steps meeting: three times that suit all whose calendars can be read, or another one."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from icalendar import Calendar

from tests.conversations import road
from tests.conversations.diaries import opens_diaries
from tests.conversations.test_review import ended
from tests.pathway.builders import moment
from tests.school import School

#: The placement has ended on Friday 27 November: five working days are over on Friday 4 December.
FIRST, SECOND, THIRD = "Monday 30 November, 10am", "Tuesday 1 December, 10am", "Wednesday 2 December, 10am"


async def test_the_office_chooses_one_of_three_times_and_everybody_is_told(school: School) -> None:
    await ended(school)
    card = await school.presses("sam", "Book the next steps meeting")
    assert list(school.choices("sam", "slot")) == [FIRST, SECOND, THIRD]
    assert "Nobody's calendar is known here" in card
    assert "free" not in card
    times = school.choices("sam", "slot")
    booked = await school.fills("sam", slot=times[SECOND], place="Room 204", press="Book it and tell everybody")
    assert f"Booked for {SECOND}" in booked
    for who in ("daniel", "ruth", "alan", "nadia"):
        assert SECOND in school.reads(who), who


async def test_times_at_which_somebody_is_busy_are_left_out_and_one_press_invites(school: School) -> None:
    await ended(school)
    diaries = opens_diaries(school, "sam", reads=["alan", "ruth"])
    diaries.is_busy(school.people["alan"].email, moment("2026-11-30 08:00"), moment("2026-11-30 18:00"))
    diaries.is_busy(school.people["ruth"].email, moment("2026-12-01 10:15"), moment("2026-12-01 11:00"))
    await school.presses("sam", "Book the next steps meeting")
    first, value = next(iter(school.choices("sam", "slot").items()))
    assert first.startswith("Tuesday 1 December, 11am: Prof Alan Frost and Ruth Adeyemi are free; ")
    assert "Daniel Okoro's" in first
    assert first.endswith("calendars are not known")
    booked = await school.fills("sam", slot=value, place="Teams", press="Send the invitation")
    assert "Booked for Tuesday 1 December, 11am" in booked


async def test_booked_by_hand_the_invitation_is_filled_in_with_everybody_and_a_deputy(school: School) -> None:
    await ended(school)
    jo = "j.lumb@northdale.example.ac.uk"
    reference = school.reference("sam")
    await school.presses("sam", "Book the next steps meeting")
    second = school.choices("sam", "slot")[SECOND]
    deputies = f"Dr Jo Lumb ({jo}) for the Course Director"
    await school.fills("sam", slot=second, place="Teams & room 204", deputies=deputies, press="Book it and tell")

    for _ in range(2):  # at once, and from the case later
        address = urlsplit(school.links("sam")["Open it in Teams"])
        assert (address.netloc, address.path) == ("teams.microsoft.com", "/l/meeting/new")
        assert " " not in address.query
        assert "+" not in address.query
        fields = {key: value for key, (value,) in parse_qs(address.query, strict_parsing=True).items()}
        assert fields["subject"] == f"Placement catch-up (ref {reference})"
        assert (fields["startTime"], fields["endTime"]) == ("2026-12-01T10:00:00+00:00", "2026-12-01T11:00:00+00:00")
        people = {school.people[who].email for who in ("daniel", "ruth", "alan", "nadia")}
        assert set(fields["attendees"].split(",")) == {*people, jo}

        file = await school.downloads(school.links("sam")["Calendar file instead (.ics)"])
        (event,) = Calendar.from_ical(file).walk("VEVENT")
        assert event.decoded("dtstart") == moment("2026-12-01 10:00")
        assert event.decoded("dtend") == moment("2026-12-01 11:00")
        assert str(event["location"]) == "Teams & room 204"
        assert not [name for name in ("Daniel", "Okoro", "Lumb") if name in file]
        await school.presses("sam", "Open the case")
        await road.presses_rarer(school, "sam", "Put it into my calendar")


async def test_another_time_keeps_what_was_filled_in(school: School) -> None:
    await ended(school)
    await school.presses("sam", "Book the next steps meeting")
    await school.fills("sam", place="Room 204", deputies="Dr Jo Lumb for the Course Director", press="Another time")
    assert school.value("sam", "place") == "Room 204"
    assert school.value("sam", "deputies") == "Dr Jo Lumb for the Course Director"
    booked = await school.fills("sam", day="2026-12-03", time="14:00", press="Book it and tell everybody")
    assert "Booked for Thursday 3 December, 2pm" in booked


async def test_who_chooses_no_time_is_asked_to_and_keeps_the_place(school: School) -> None:
    await ended(school)
    await school.presses("sam", "Book the next steps meeting")
    refused = await school.fills("sam", place="Room 204", press="Book it and tell everybody")
    assert "Choose one of the times" in refused
    assert school.value("sam", "place") == "Room 204"


async def test_after_the_week_is_over_the_next_working_days_are_proposed(school: School) -> None:
    await ended(school)
    await school.on("2026-12-07 09:00")

    await school.presses("sam", "Book the next steps meeting")
    assert next(iter(school.choices("sam", "slot"))) == "Tuesday 8 December, 10am"
