"""Which entry of a calendar a meeting is, as the case goes on; and that Pathway's own entries get no file beside them."""

from __future__ import annotations

import pytest

from bot.sending.calendar_files import calendar_file_of
from cards.view import View
from pathway import events as e
from pathway.appointments import Gathering
from pathway.entries import Entry, entry, in_calendars_already, next_entry
from pathway.ports import OutboxItem
from pathway.process import Stage
from pathway.tellings import Notice
from tests.mail.ics_rules import read
from tests.pathway.builders import Story, moment

MEETING = Gathering.MEETING
OFFICE = "placements@northdale.example.ac.uk"


@pytest.fixture
def story() -> Story:
    return Story().reach(Stage.LINK_TUTOR_TOLD, "2026-10-13 15:40")


def books(story: Story, when: str, starts: str, *, invite: bool = False) -> None:
    story.on(when).link_tutor(e.MeetingBooked, starts=moment(starts), invite=invite)


def method_for(story: Story, notice: Notice, who: str, now: str) -> str:
    """Of the file that goes with a letter about *notice*, "" for none."""
    item = OutboxItem(key="k", to=who, notice=notice.value, event=len(story.case.events), not_before=moment(now))
    view = View(story.case, story.ground, who, moment(now), "nonce")
    file = calendar_file_of(item, view, OFFICE)
    if file is None:
        return ""
    assert read(file.content).method == file.method
    return file.method


def test_before_anything_is_booked_the_first_entry_is_to_come(story: Story) -> None:
    assert next_entry(story.case, MEETING) == Entry(MEETING, 1, 0)


def test_a_move_counts_up_and_a_cancellation_ends_the_entry(story: Story) -> None:
    books(story, "2026-10-14 09:00", "2026-10-19 15:45")
    assert entry(story.case, MEETING) == Entry(MEETING, 1, 0)
    assert next_entry(story.case, MEETING) == Entry(MEETING, 1, 1)
    books(story, "2026-10-14 10:00", "2026-10-20 15:45")
    assert entry(story.case, MEETING) == Entry(MEETING, 1, 1)
    story.on("2026-10-14 11:00").link_tutor(e.MeetingCancelled, reason="A trip")
    assert entry(story.case, MEETING, taken_back=True) == Entry(MEETING, 1, 2)
    assert next_entry(story.case, MEETING) == Entry(MEETING, 2, 0)
    books(story, "2026-10-14 12:00", "2026-10-21 15:45")
    assert entry(story.case, MEETING) == Entry(MEETING, 2, 0)
    assert entry(story.case, Gathering.REVIEW) == Entry(Gathering.REVIEW, 1, 0)


def test_what_pathway_wrote_into_calendars_itself_gets_no_file_beside_it(story: Story) -> None:
    books(story, "2026-10-14 09:00", "2026-10-19 15:45", invite=True)
    assert in_calendars_already(story.case, MEETING)
    assert method_for(story, Notice.MEETING_BOOKED, "priya", "2026-10-14 09:00") == ""
    story.on("2026-10-14 11:00").link_tutor(e.MeetingCancelled, reason="A trip")
    assert method_for(story, Notice.MEETING_CANCELLED, "priya", "2026-10-14 11:00") == ""
    books(story, "2026-10-14 12:00", "2026-10-20 15:45")
    assert method_for(story, Notice.MEETING_BOOKED, "priya", "2026-10-14 12:00") == "REQUEST"


def test_a_case_that_is_closed_takes_back_what_is_to_come_from_those_who_were_coming(story: Story) -> None:
    books(story, "2026-10-14 09:00", "2026-10-19 15:45")
    before = entry(story.case, MEETING)
    story.on("2026-10-14 10:00").team(e.RaisedInError)
    assert story.case.stage is Stage.IN_ERROR
    assert method_for(story, Notice.IN_ERROR, "priya", "2026-10-14 10:00") == "CANCEL"
    assert method_for(story, Notice.IN_ERROR, "tom", "2026-10-14 10:00") == "", "he had no entry"
    assert method_for(story, Notice.IN_ERROR, "priya", "2026-10-20 10:00") == "", "it is over"
    assert entry(story.case, MEETING, taken_back=True).sequence > before.sequence
