"""Nobody is written to at night, at a weekend, in their holidays or on a day off."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any

import pytest

from pathway import events as e
from pathway.hours import days_of, morning, news_at, tell_at
from pathway.process import Stage
from pathway.provider import QuietHours
from pathway.roles import Role
from tests.pathway.builders import PROVIDER, Story, day, ground_for, moment, said

GROUND = ground_for()


def told(when: str, role: Role, **placement: Any) -> str:
    return said(tell_at(moment(when), role, ground_for(**placement)))


@pytest.mark.parametrize(
    ("happened", "role", "heard"),
    [
        ("2026-10-06 10:17", Role.MENTOR, "Tue 6 Oct 10:17"),
        ("2026-10-06 07:59", Role.MENTOR, "Tue 6 Oct 08:00"),
        ("2026-10-06 08:00", Role.MENTOR, "Tue 6 Oct 08:00"),
        ("2026-10-06 17:30", Role.MENTOR, "Tue 6 Oct 17:30"),
        ("2026-10-06 17:31", Role.MENTOR, "Wed 7 Oct 08:00"),
        ("2026-10-06 00:00", Role.STUDENT, "Tue 6 Oct 08:00"),
        ("2026-10-09 18:00", Role.LINK_TUTOR, "Mon 12 Oct 08:00"),
        ("2026-10-10 11:00", Role.STUDENT, "Mon 12 Oct 08:00"),
        ("2026-10-11 23:59", Role.PARTNERSHIP_LEAD, "Mon 12 Oct 08:00"),
    ],
)
def test_what_happens_outside_the_hours_is_told_the_next_morning_that_counts(
    happened: str, role: Role, heard: str
) -> None:
    assert told(happened, role) == heard


def test_half_term_belongs_to_mentor_and_student_and_not_to_the_university() -> None:
    assert told("2026-10-27 10:00", Role.MENTOR) == "Mon 2 Nov 08:00"
    assert told("2026-10-27 10:00", Role.STUDENT) == "Mon 2 Nov 08:00"
    for role in (Role.LINK_TUTOR, Role.PARTNERSHIP_TEAM, Role.PARTNERSHIP_LEAD, Role.COURSE_DIRECTOR):
        assert told("2026-10-27 10:00", role) == "Tue 27 Oct 10:00"


@pytest.mark.parametrize("stage", [Stage.NEXT_STEPS, Stage.TERMINATED])
def test_a_student_whose_placement_has_ended_hears_on_the_universitys_days_in_half_term_too(stage: Stage) -> None:
    case = Story(ground=GROUND).reach(stage, "2026-10-13 10:00").case
    assert said(news_at(moment("2026-10-27 10:00"), Role.STUDENT, GROUND, case)) == "Tue 27 Oct 10:00"
    assert said(news_at(moment("2026-10-27 19:00"), Role.STUDENT, GROUND, case)) == "Wed 28 Oct 08:00"
    assert said(news_at(moment("2026-10-27 10:00"), Role.MENTOR, GROUND, case)) == "Mon 2 Nov 08:00"


def test_a_training_day_is_no_day_for_the_mentor() -> None:
    assert told("2026-11-20 09:00", Role.MENTOR) == "Mon 23 Nov 08:00"
    assert told("2026-11-20 09:00", Role.PARTNERSHIP_TEAM) == "Fri 20 Nov 09:00"


def test_two_weeks_of_half_term_and_the_training_day_after_it_are_all_left_out() -> None:
    assert told("2026-10-16 18:00", Role.MENTOR, calendar="B") == "Tue 3 Nov 08:00"


def test_at_christmas_everybody_has_their_own_first_day_back() -> None:
    assert told("2026-12-21 09:00", Role.PARTNERSHIP_TEAM) == "Mon 21 Dec 09:00"
    assert told("2026-12-24 09:00", Role.PARTNERSHIP_TEAM) == "Mon 4 Jan 08:00"
    assert told("2026-12-24 09:00", Role.MENTOR) == "Tue 5 Jan 08:00"


def test_a_bank_holiday_inside_term_is_nobodys_day() -> None:
    assert told("2027-03-26 10:00", Role.MENTOR) == "Tue 30 Mar 08:00"
    assert told("2027-03-26 10:00", Role.PARTNERSHIP_TEAM) == "Tue 30 Mar 08:00"


def test_a_part_time_tutor_is_told_on_the_tutors_own_days() -> None:
    assert told("2026-10-06 10:00", Role.LINK_TUTOR, link_tutor_days="Monday, Wednesday") == "Wed 7 Oct 08:00"
    assert told("2026-10-07 10:00", Role.LINK_TUTOR, link_tutor_days="Monday, Wednesday") == "Wed 7 Oct 10:00"
    assert told("2026-10-06 10:00", Role.PARTNERSHIP_TEAM, link_tutor_days="Monday, Wednesday") == "Tue 6 Oct 10:00"


def test_a_cover_is_not_held_to_the_days_of_the_tutor_who_is_away() -> None:
    story = Story(ground_for(link_tutor_days="Monday"))
    story.on("2026-10-06 10:00").mentor(e.LinkTutorToldAtOnce).team(e.LinkTutorNamed, person="martin")
    at = moment("2026-10-07 10:00")
    assert said(tell_at(at, Role.LINK_TUTOR, story.ground)) == "Mon 12 Oct 08:00"
    assert said(tell_at(at, Role.LINK_TUTOR, story.ground, story.case)) == "Wed 7 Oct 10:00"
    assert days_of(Role.LINK_TUTOR, story.ground, story.case) == story.ground.university


@pytest.mark.parametrize(
    ("happened", "in_utc"),
    [
        ("2026-03-27 18:00", datetime(2026, 3, 30, 7, tzinfo=UTC)),
        ("2026-10-23 18:00", datetime(2026, 10, 26, 8, tzinfo=UTC)),
        ("2027-03-25 18:00", datetime(2027, 3, 30, 7, tzinfo=UTC)),
        ("2027-10-29 18:00", datetime(2027, 11, 1, 8, tzinfo=UTC)),
    ],
)
def test_eight_in_the_morning_stays_eight_when_the_clocks_change(happened: str, in_utc: datetime) -> None:
    at = tell_at(moment(happened), Role.PARTNERSHIP_TEAM, GROUND)
    assert at == in_utc
    assert said(at).endswith("08:00")


@pytest.mark.parametrize("hour", [0, 1])
def test_the_hour_that_comes_twice_and_the_hour_that_is_missing_lead_to_the_same_morning(hour: int) -> None:
    fold = datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
    gap = datetime(2027, 3, 28, hour, 30, tzinfo=UTC)
    assert said(tell_at(fold, Role.LINK_TUTOR, GROUND)) == "Mon 26 Oct 08:00"
    assert said(tell_at(gap, Role.LINK_TUTOR, GROUND)) == "Tue 30 Mar 08:00"


def test_the_hours_are_londons_in_summer_too() -> None:
    assert said(tell_at(datetime(2026, 10, 6, 16, 45, tzinfo=UTC), Role.MENTOR, GROUND)) == "Wed 7 Oct 08:00"
    assert said(tell_at(datetime(2026, 11, 3, 16, 45, tzinfo=UTC), Role.MENTOR, GROUND)) == "Tue 3 Nov 16:45"


def test_a_provider_may_open_later_and_close_earlier() -> None:
    hours = QuietHours(opens=time(9), closes=time(16))
    ground = ground_for(replace(PROVIDER, quiet_hours=hours))
    assert said(tell_at(moment("2026-10-06 08:30"), Role.MENTOR, ground)) == "Tue 6 Oct 09:00"
    assert said(tell_at(moment("2026-10-06 16:01"), Role.MENTOR, ground)) == "Wed 7 Oct 09:00"


def test_a_morning_is_the_first_that_counts_on_or_after_a_day() -> None:
    assert said(morning(day("2026-10-24"), Role.MENTOR, GROUND)) == "Mon 2 Nov 08:00"
    assert said(morning(day("2026-10-23"), Role.MENTOR, GROUND)) == "Fri 23 Oct 08:00"


def test_a_moment_without_its_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        tell_at(datetime(2026, 10, 6, 10), Role.MENTOR, GROUND)  # noqa: DTZ001
