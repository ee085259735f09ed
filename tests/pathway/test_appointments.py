"""What should stand in the calendars, worked out from the case alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pathway import events as e
from pathway.appointments import (
    CALENDAR,
    Appointment,
    Differs,
    Gathering,
    appointment,
    appointments,
    arranged,
    by_hand,
    difference,
    joins_at,
)
from pathway.case import fold
from pathway.process import Stage
from tests.pathway.builders import JOIN, PLACEMENT, Story, ground_for, moment

TUESDAY, WEDNESDAY, THURSDAY = "2026-10-06 10:00", "2026-10-07 10:00", "2026-10-08 10:00"
MONDAY = moment("2026-10-12 15:45")


def told() -> Story:
    return Story().reach(Stage.LINK_TUTOR_TOLD, TUESDAY)


def booked(**fields: Any) -> Story:
    story = told()
    story.on(WEDNESDAY).link_tutor(e.MeetingBooked, **{"starts": MONDAY, "invite": True} | fields)
    return story


def wanted(story: Story, which: Gathering = Gathering.MEETING) -> Appointment:
    found = appointment(story.case, story.ground.party, which)
    assert found
    return found


def none_stands(story: Story) -> bool:
    return appointments(story.case, story.ground.party) == ()


# -- what is wanted --------------------------------------------------------------------------------------------------


def test_a_meeting_that_somebody_keeps_by_hand_is_none_of_ours() -> None:
    assert none_stands(booked(invite=False))


def test_the_first_meeting_is_the_link_tutors_with_the_mentor_in_teams() -> None:
    found = wanted(booked(minutes=30))

    assert (found.organiser, found.invited, found.online, found.place) == ("helen", ("priya",), True, "")
    assert (found.starts, found.ends, found.revision) == (MONDAY, MONDAY + timedelta(minutes=30), 1)


def test_a_first_meeting_at_the_school_has_its_address() -> None:
    story = told()
    story.lawful = False
    story.on(WEDNESDAY).link_tutor(e.MeetingBooked, starts=MONDAY, invite=True, held=e.Held.VISIT)
    found = wanted(story)

    assert (found.online, found.place) == (False, "1 Hollin Lane")


def test_a_move_keeps_the_entry_and_a_cancellation_ends_it() -> None:
    story = booked()
    first = wanted(story)
    story.on(THURSDAY).link_tutor(e.MeetingBooked, starts=MONDAY + timedelta(days=1), invite=True)
    moved = wanted(story)
    story.on(THURSDAY).link_tutor(e.MeetingCancelled)
    assert none_stands(story)
    story.on("2026-10-09 10:00").link_tutor(e.MeetingBooked, starts=MONDAY, invite=True)

    assert moved.transaction == first.transaction
    assert wanted(story).revision == 2
    assert wanted(story).transaction != first.transaction


def test_the_id_under_which_it_is_made_is_for_ever_the_same_for_the_same_events() -> None:
    story = booked()
    again = fold(story.case.events)
    assert again
    (once,), (twice,) = appointments(story.case, story.ground.party), appointments(again, story.ground.party)

    assert once.transaction == twice.transaction


def test_a_roster_that_names_another_tutor_does_not_count_anew() -> None:
    story = booked()
    story.on(THURSDAY).team(e.LinkTutorNamed, person="martin")
    listed = replace(story.ground.party, placement=replace(PLACEMENT, link_tutor="martin"))

    assert [one.appointment.revision for one in arranged(story.case, listed)] == [1, 2]


@pytest.mark.parametrize(("kind", "person"), [(e.LinkTutorNamed, "martin"), (e.MentorNamed, "gareth")])
def test_other_people_mean_another_entry(kind: type[e.Event], person: str) -> None:
    story = booked()
    story.on(THURSDAY).team(kind, person=person)
    before, after = arranged(story.case, story.ground.party)

    assert (before.stands, after.stands) == (False, True)
    assert (before.appointment.organiser, before.appointment.invited) == ("helen", ("priya",))
    assert person in {after.appointment.organiser, *after.appointment.invited}


@pytest.mark.parametrize(
    ("who", "kind"),
    [
        ("mentor", e.ReferralWithdrawn),
        ("team", e.StudentLeftCourse),
        ("team", e.PlacementEnded),
        ("lead", e.OtherProcedureTookOver),
        ("lead", e.RaisedInError),
    ],
)
def test_of_a_case_that_goes_another_way_none_stands(who: str, kind: type[e.Event]) -> None:
    story = booked()
    story.lawful = False
    getattr(story.on(THURSDAY), who)(kind)

    assert none_stands(story)


def test_a_pause_keeps_it() -> None:
    story = booked()
    story.on(THURSDAY).link_tutor(e.CasePaused)

    assert wanted(story).starts == MONDAY


def test_the_review_visit_goes_where_the_review_goes() -> None:
    story = Story().reach(Stage.PLAN_IN_PLACE, TUESDAY)
    story.on(WEDNESDAY).link_tutor(e.ReviewBooked, invite=True)
    first = wanted(story, Gathering.REVIEW)
    story.on(THURSDAY).link_tutor(e.ReviewChanged, review_at=moment("2026-10-15 09:30"), place="The hall")
    moved = wanted(story, Gathering.REVIEW)

    assert (first.organiser, set(first.invited), first.online) == ("helen", {"priya", "tom"}, False)
    assert (moved.starts, moved.place, moved.revision) == (moment("2026-10-15 09:30"), "The hall", 1)


def test_the_review_of_a_second_plan_is_another_visit() -> None:
    story = Story(lawful=False).reach(Stage.PLAN_IN_PLACE, TUESDAY)
    story.on(WEDNESDAY).link_tutor(e.ReviewBooked, invite=True)
    story.on("2026-10-13 10:00").link_tutor(e.ReviewStarted).link_tutor(e.SecondPlanAgreed)
    assert none_stands(story)
    story.on("2026-10-14 10:00").link_tutor(e.PlanWritten).link_tutor(e.PlanShared).link_tutor(e.StudentAgreed)
    story.on("2026-10-14 11:00").link_tutor(e.ReviewBooked, invite=True)

    assert wanted(story, Gathering.REVIEW).revision == 2


def test_the_next_steps_meeting_is_in_the_calendar_of_whoever_booked_it_first() -> None:
    story = Story().reach(Stage.NEXT_STEPS, TUESDAY)
    story.on(WEDNESDAY).team(e.NextStepsBooked, invite=True, place="Room 204, or Teams")
    first = wanted(story, Gathering.NEXT_STEPS)
    story.on(THURSDAY).director(e.NextStepsBooked, invite=True, reason="Somebody is ill")

    assert (first.organiser, set(first.invited), first.online) == ("sam", {"tom", "alan", "nadia", "ruth"}, True)
    assert wanted(story, Gathering.NEXT_STEPS).organiser == "sam"
    assert wanted(story, Gathering.NEXT_STEPS).revision == 1


# -- what is known, and what differs -----------------------------------------------------------------------------------


def sent() -> Story:
    story = booked()
    story.on(WEDNESDAY).system(e.InvitationSent)
    return story


def differs(story: Story) -> Differs | None:
    found = difference(story.case, story.ground.party, Gathering.MEETING)
    return found.how if found else None


def test_as_it_was_sent_nothing_differs_and_it_can_be_joined() -> None:
    story = sent()

    assert differs(story) is None
    assert joins_at(story.case, story.ground.party, Gathering.MEETING) == JOIN


@pytest.mark.parametrize(
    ("found", "how"),
    [
        ({"starts": None}, Differs.DELETED),
        ({"starts": MONDAY + timedelta(hours=1)}, Differs.MOVED),
        ({"starts": MONDAY, "declined": ("priya",)}, Differs.DECLINED),
        ({"starts": MONDAY}, None),
    ],
)
def test_what_differs_is_worked_out_from_what_was_found(found: dict[str, Any], how: Differs | None) -> None:
    story = sent()
    story.on(THURSDAY).system(e.FoundInCalendar, **found)

    assert differs(story) is how


def test_a_time_that_the_case_takes_over_differs_no_more() -> None:
    story = sent()
    story.on(THURSDAY).system(e.FoundInCalendar, starts=MONDAY + timedelta(hours=1))
    story.on(THURSDAY).link_tutor(e.MeetingBooked, starts=MONDAY + timedelta(hours=1), invite=True)

    assert differs(story) is None


def test_put_back_it_keeps_its_entry_and_booked_again_after_a_deletion_it_gets_another() -> None:
    moved, gone = sent(), sent()
    moved.on(THURSDAY).system(e.FoundInCalendar, starts=MONDAY + timedelta(hours=1))
    gone.on(THURSDAY).system(e.FoundInCalendar, starts=None)
    for story in (moved, gone):
        story.on(THURSDAY).link_tutor(e.InvitationRenewed)

    assert (wanted(moved).revision, wanted(gone).revision) == (1, 2)
    assert differs(moved) is None
    assert differs(gone) is None


def test_after_a_refusal_it_is_kept_by_hand_until_it_is_arranged_anew() -> None:
    story = booked()
    story.on(WEDNESDAY).system(e.InvitationRefused)
    assert by_hand(story.case, story.ground.party, Gathering.MEETING)
    story.on(THURSDAY).link_tutor(e.MeetingBooked, starts=MONDAY, invite=True)

    assert not by_hand(story.case, story.ground.party, Gathering.MEETING)


def test_nobody_is_called_as_the_calendars_are() -> None:
    assert CALENDAR not in ground_for().party.people
