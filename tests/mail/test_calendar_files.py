"""A calendar file is read back by its own rules: its time at both changes of the clock, and which entry it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import jwt
import pytest

from bot.invitation import BadLink, Between, IcsLinks, calendar_file
from pathway.appointments import Gathering
from pathway.dates import LONDON
from pathway.entries import Entry
from tests.mail.ics_rules import BadFile, Diary, read

STARTS = datetime(2026, 10, 19, 14, 45, tzinfo=UTC)
JOIN = (
    "https://teams.microsoft.com/l/meetup-join/19%3ameeting_ODky%40thread.v2/0?context=%7b%22Tid%22%3a%2298a79ebe%22%7d"
)
DOT = Between("m.leigh@northdale.example.ac.uk", "d.ellery@fell-lane.example.org")


@pytest.mark.parametrize(
    "local",
    [
        datetime(2026, 10, 23, 15, 45, tzinfo=LONDON),
        datetime(2026, 10, 25, 3, 0, tzinfo=LONDON),
        datetime(2026, 10, 26, 15, 45, tzinfo=LONDON),
        datetime(2027, 3, 26, 15, 45, tzinfo=LONDON),
        datetime(2027, 3, 28, 3, 0, tzinfo=LONDON),
        datetime(2027, 3, 29, 15, 45, tzinfo=LONDON),
    ],
    ids=lambda at: f"{at:%a %d %b %Y %H:%M %Z}",
)
def test_it_is_at_the_same_moment_on_both_sides_of_a_change_of_the_clock(local: datetime) -> None:
    told = read(calendar_file("AC34", local.astimezone(UTC), 30, made=STARTS))
    assert told.starts == local.astimezone(UTC)
    assert told.ends - told.starts == timedelta(minutes=30)


@pytest.mark.parametrize(("starts", "minutes"), [((2027, 3, 28, 0, 45), 30), ((2026, 10, 25, 0, 15), 150)])
def test_one_over_the_change_itself_lasts_as_long_as_it_should(starts: tuple[int, ...], minutes: int) -> None:
    year, month, day, hour, minute = starts
    told = read(calendar_file("AC34", datetime(year, month, day, hour, minute, tzinfo=UTC), minutes))
    assert told.ends - told.starts == timedelta(minutes=minutes)


@pytest.mark.parametrize("mark", ["\r\n", "\n", "\r", "\x00", "\x0b", "\u2028", ";", ",", "\\n", '"', "BEGIN:VALARM"])
def test_marks_of_the_format_and_control_characters_in_a_link_break_no_line(mark: str) -> None:
    typed = f"https://teams.microsoft.com/a{mark}X-EVIL:b"
    written = calendar_file("AC34", STARTS, 30, typed, between=DOT, made=STARTS)
    plain = calendar_file("AC34", STARTS, 30, "https://teams.microsoft.com/a", between=DOT, made=STARTS)
    names = [line.partition(b":")[0].partition(b";")[0] for line in written.replace(b"\r\n ", b"").split(b"\r\n")]
    assert names == [line.partition(b":")[0].partition(b";")[0] for line in plain.replace(b"\r\n ", b"").split(b"\r\n")]
    assert b"\nX-EVIL" not in written
    assert read(written).location.startswith("https://teams.microsoft.com/a")


def test_it_has_a_neutral_title_the_link_whole_and_asks_its_reader_only() -> None:
    told = read(calendar_file("AC34", STARTS, 30, JOIN, between=DOT, made=STARTS))
    assert (told.method, told.status, told.summary) == ("REQUEST", "CONFIRMED", "Placement catch-up (ref AC34)")
    assert (told.organiser, told.attendees) == (DOT.organiser, (DOT.reader,))
    assert told.location == JOIN


def test_a_move_replaces_the_entry_and_a_cancellation_removes_it() -> None:
    diary = Diary()
    first = diary.takes(calendar_file("AC34", STARTS, 30, between=DOT))
    moved = diary.takes(calendar_file("AC34", STARTS + timedelta(days=1), 30, between=DOT, entry=Entry(sequence=1)))
    assert moved.uid == first.uid
    assert [entry.starts for entry in diary.entries.values()] == [STARTS + timedelta(days=1)]
    diary.takes(calendar_file("AC34", STARTS, 30, between=DOT))  # the first comes once more, late
    assert [entry.starts for entry in diary.entries.values()] == [STARTS + timedelta(days=1)]
    gone = calendar_file("AC34", STARTS + timedelta(days=1), 30, between=DOT, entry=Entry(sequence=2), cancelled=True)
    assert b"VALARM" not in gone
    diary.takes(gone)
    assert diary.entries == {}


def test_meetings_reviews_and_cases_have_entries_of_their_own() -> None:
    entries = [Entry(which, revision) for which in Gathering for revision in (1, 2)]
    ids = {read(calendar_file(ref, STARTS, 30, entry=one)).uid for ref in ("AC34", "AC35") for one in entries}
    assert len(ids) == 12


def test_a_link_gives_the_entry_it_was_made_for_and_older_links_still_open() -> None:
    links = IcsLinks("https://pathway.example.ac.uk", "k" * 32)
    one = Entry(Gathering.REVIEW, 2, 3)
    token = links.link("AC34", STARTS, 120, one).rpartition("/")[2].removesuffix(".ics")
    told = read(links.file(token))
    assert (told.method, told.uid, told.sequence, told.starts) == ("PUBLISH", one.uid("AC34"), 3, STARTS)
    assert told.attendees == ()
    old = jwt.encode({"ref": "AC34", "starts": STARTS.isoformat(), "minutes": 30}, "k" * 32, algorithm="HS256")
    assert read(links.file(old)).uid == Entry().uid("AC34")
    bent = jwt.encode({"ref": "A", "starts": STARTS.isoformat(), "minutes": 30, "entry": ["x"]}, "k" * 32)
    with pytest.raises(BadLink):
        links.file(bent)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\r\n", b"\n"),
        (b"UID:", b"UID;:"),
        (b"METHOD:REQUEST", b"METHOD:CANCEL"),
        (b"TZID=Europe/London", b"TZID=GMT"),
        (b"ATTENDEE", b"X-ATTENDEE"),
        (b"SUMMARY:", b"SUMMARY:" + b"x" * 70),
    ],
)
def test_the_reader_sees_what_is_wrong(old: bytes, new: bytes) -> None:
    content = calendar_file("AC34", STARTS, 30, between=DOT)
    assert old in content
    with pytest.raises(BadFile):
        read(content.replace(old, new))
