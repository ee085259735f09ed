"""Every quarter of an hour of 2026 to 2030 as a due time, across all ten changes of the clocks: none wrong, none twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import pytest

from pathway import events as e
from pathway.dates import in_london, local
from pathway.hours import days_of, tell_at
from pathway.nudges import due
from pathway.process import Stage
from pathway.roles import Role
from tests.pathway.builders import PROVIDER, Story, day, ground_for

FIRST, LAST = date(2026, 1, 1), date(2030, 12, 31)
QUARTER, DAY = timedelta(minutes=15), timedelta(days=1)
GROUND = ground_for(start=day("2026-01-05"), end=day("2031-07-21"))
QUARTERS = [time(n // 4, n % 4 * 15) for n in range(96)]
SPRING = [date(2026, 3, 29), date(2027, 3, 28), date(2028, 3, 26), date(2029, 3, 25), date(2030, 3, 31)]
AUTUMN = [date(2026, 10, 25), date(2027, 10, 31), date(2028, 10, 29), date(2029, 10, 28), date(2030, 10, 27)]


def days() -> Iterator[date]:
    yield from (FIRST + n * DAY for n in range((LAST - FIRST).days + 1))


def test_every_quarter_on_the_wall_is_one_moment_and_only_the_hour_that_is_missing_comes_an_hour_later() -> None:
    moved: list[tuple[date, time]] = []
    moments: set[datetime] = set()
    for on in days():
        for at in QUARTERS:
            moment = local(on, at)
            moments.add(moment)
            there = in_london(moment)
            if there.time() != at or there.date() != on:
                assert there.replace(tzinfo=None) == datetime.combine(on, at) + timedelta(hours=1)
                moved.append((on, at))
    assert moved == [(on, at) for on in SPRING for at in QUARTERS[4:8]]
    assert len(moments) == ((LAST - FIRST).days + 1) * len(QUARTERS) - len(moved)


def around(change: date) -> Iterator[datetime]:
    start = datetime.combine(change - 3 * DAY, time(), UTC)
    yield from (start + n * QUARTER for n in range(7 * 96))


@pytest.mark.parametrize("role", [Role.MENTOR, Role.LINK_TUTOR, Role.PARTNERSHIP_TEAM])
@pytest.mark.parametrize("change", [*SPRING, *AUTUMN], ids=str)
def test_whatever_happens_around_a_change_is_told_in_hours_in_order_and_at_the_hour_on_the_wall(
    change: date, role: Role
) -> None:
    hours, before = PROVIDER.quiet_hours, datetime.min.replace(tzinfo=UTC)
    for moment in around(change):
        told = tell_at(moment, role, GROUND)
        there = in_london(told)
        assert max(moment, before) <= told
        assert days_of(role, GROUND).is_open(there.date())
        assert hours.opens <= there.time() <= hours.closes
        assert told == moment or there.time() == hours.opens
        assert tell_at(told, role, GROUND) == told
        before = told


def test_all_five_years_of_the_office_are_told_in_hours_and_no_morning_is_left_out() -> None:
    hours, role = PROVIDER.quiet_hours, Role.PARTNERSHIP_TEAM
    mornings: set[date] = set()
    opening = {hours.opens.hour - 1, hours.opens.hour}  # of UTC, in summer and in winter
    moment = datetime.combine(FIRST, time(), UTC)
    open_days = {on for on in days() if days_of(role, GROUND).is_open(on)}
    while moment.date() < LAST:
        told = tell_at(moment, role, GROUND)
        if told != moment or moment.hour in opening:
            there = in_london(told)
            assert told == moment or there.time() == hours.opens
            if there.time() == hours.opens:
                mornings.add(there.date())
        moment += QUARTER
    assert {on for on in open_days if on < LAST} <= mornings
    assert mornings <= {*open_days, min(on for on in (LAST + n * DAY for n in range(1, 9)) if on.weekday() < 5)}


@pytest.mark.parametrize("change", [*SPRING, *AUTUMN], ids=str)
def test_a_reminder_that_is_due_at_any_quarter_of_such_a_day_comes_once_and_not_too_early(change: date) -> None:
    told = Story(GROUND, lawful=False).reach(Stage.LINK_TUTOR_TOLD, local(change - 4 * DAY, time(10)))
    for n in range(96):
        ends = datetime.combine(change, time(), UTC) + n * QUARTER
        story = Story(GROUND, lawful=False, history=[*told.history], now=told.now)
        starts = ends - timedelta(minutes=30, hours=2)
        story.on(local(change - 4 * DAY, time(11))).link_tutor(e.MeetingBooked, starts=starts, minutes=30)
        at = tell_at(ends, Role.LINK_TUTOR, GROUND)
        rungs = [(x.timer, x.rung) for x in due(story.case, story.ground, at - timedelta(seconds=1))]
        assert ("T4", "due") not in rungs, ends
        sent = [x for x in story.sweep(at) if (x.timer, x.rung) == ("T4", "due")]
        assert [x.at for x in sent] == [at], ends
        for again in (at, at - timedelta(hours=1), at + timedelta(hours=1)):
            assert ("T4", "due") not in [(x.timer, x.rung) for x in due(story.case, story.ground, again)]
