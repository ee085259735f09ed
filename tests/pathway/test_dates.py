"""Counting days as people in a school and at a university count them, and saying how."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathway.bank_holidays import BANK_HOLIDAYS, BankHolidays, by_rule, easter_sunday
from pathway.dates import (
    WEEKDAYS,
    Calendar,
    OpenDays,
    WorkingDays,
    in_words,
    listed,
    local,
    local_date,
    moment_in_words,
    range_in_words,
    time_in_words,
    weekdays,
    weekdays_in_words,
)
from pathway.provider import Provider

PROVIDER = Provider.from_toml((Path(__file__).with_name("calendars.toml")).read_text(encoding="utf-8"))
A = PROVIDER.calendar_for("A")
B = PROVIDER.calendar_for("B")
UNIVERSITY = PROVIDER.working_days()
NO_CALENDAR = PROVIDER.calendar_for("")

CALENDARS: dict[str, OpenDays] = {"A": A, "B": B, "university": UNIVERSITY}


def day(text: str) -> date:
    """ "Tue 6 Oct 2026", with its weekday checked."""
    found = datetime.strptime(text, "%a %d %b %Y").replace(tzinfo=UTC).date()
    assert found.strftime("%a") == text[:3], text
    return found


# -- the worked examples -------------------------------------------------------------------------------------------

WORKED_EXAMPLES = [
    ("A", "Tue 6 Oct 2026", "Tue 13 Oct 2026", "5 school days"),
    ("A", "Wed 21 Oct 2026", "Wed 4 Nov 2026", "5 school days; half term 26 to 30 October is not counted"),
    (
        "B",
        "Wed 14 Oct 2026",
        "Thu 5 Nov 2026",
        "5 school days; half term 19 to 30 October and the training day on Monday 2 November are not counted",
    ),
    ("A", "Fri 23 Oct 2026", "Fri 6 Nov 2026", "5 school days; half term 26 to 30 October is not counted"),
    (
        "A",
        "Tue 17 Nov 2026",
        "Wed 25 Nov 2026",
        "5 school days; the training day on Friday 20 November is not counted",
    ),
    (
        "A",
        "Wed 16 Dec 2026",
        "Thu 7 Jan 2027",
        (
            "5 school days; the Christmas holiday 21 December to 1 January "
            "and the training day on Monday 4 January are not counted"
        ),
    ),
    (
        "A",
        "Wed 24 Mar 2027",
        "Mon 19 Apr 2027",
        "5 school days; Good Friday 26 March, Easter Monday 29 March and the Easter holiday 2 to 16 April are not counted",
    ),
    (
        "A",
        "Thu 29 Apr 2027",
        "Fri 7 May 2027",
        "5 school days; the early May bank holiday on Monday 3 May is not counted",
    ),
    ("A", "Sat 7 Nov 2026", "Fri 13 Nov 2026", "5 school days"),
    ("university", "Fri 23 Oct 2026", "Fri 30 Oct 2026", "5 working days"),
    (
        "university",
        "Fri 18 Dec 2026",
        "Tue 5 Jan 2027",
        "5 working days; the university is closed 24 December to 3 January",
    ),
]


@pytest.mark.parametrize(("calendar", "told", "due", "how"), WORKED_EXAMPLES)
def test_five_days_after_the_student_was_told(calendar: str, told: str, due: str, how: str) -> None:
    found = CALENDARS[calendar].explain(day(told), 5)

    assert found.day == day(due) == CALENDARS[calendar].add(day(told), 5)
    assert found.how == how
    assert found.far == ((day(due) - day(told)).days > 10)


@pytest.mark.parametrize(
    ("start", "due", "n"),
    [
        ("Tue 20 Oct 2026", "Tue 3 Nov 2026", 5),  # story 2: the review of Aisha's plan
        ("Tue 20 Oct 2026", "Thu 22 Oct 2026", 2),  # and the halfway look
        ("Thu 19 Nov 2026", "Fri 27 Nov 2026", 5),  # story 3: Daniel's review, the training day not counted
        ("Mon 11 Jan 2027", "Mon 18 Jan 2027", 5),  # story 4
        ("Mon 19 Oct 2026", "Mon 2 Nov 2026", 5),  # story 12: one more week, over half term
    ],
)
def test_the_dates_of_the_stories_come_out(start: str, due: str, n: int) -> None:
    assert A.add(day(start), n) == day(due)


def test_two_school_days_before_a_review_after_half_term_is_the_last_friday_before_it() -> None:
    assert A.before(day("Tue 3 Nov 2026"), 2) == day("Fri 23 Oct 2026")


def test_the_next_open_day_may_be_the_day_itself_and_the_next_after_never_is() -> None:
    assert A.next_open(day("Fri 23 Oct 2026")) == day("Fri 23 Oct 2026")
    assert A.next_after(day("Fri 23 Oct 2026")) == day("Mon 2 Nov 2026")
    assert A.next_open(day("Sat 24 Oct 2026")) == day("Mon 2 Nov 2026")


def test_no_days_after_a_closed_day_is_that_day_and_fewer_than_none_is_refused() -> None:
    assert A.add(day("Sat 24 Oct 2026"), 0) == day("Sat 24 Oct 2026")
    with pytest.raises(ValueError, match="from 0 upwards"):
        A.add(day("Sat 24 Oct 2026"), -1)


# -- how it was found ----------------------------------------------------------------------------------------------


def test_a_school_without_a_calendar_is_counted_monday_to_friday_and_says_so() -> None:
    found = NO_CALENDAR.explain(day("Wed 21 Oct 2026"), 5)

    assert found.day == day("Wed 28 Oct 2026")
    assert found.how == "5 school days; we do not know this school's term dates"


def test_a_school_without_a_calendar_still_keeps_bank_holidays() -> None:
    found = NO_CALENDAR.explain(day("Thu 25 Mar 2027"), 1)

    assert found.day == day("Tue 30 Mar 2027")
    assert found.how == (
        "1 school day; we do not know this school's term dates; "
        "Good Friday 26 March and Easter Monday 29 March are not counted"
    )


def test_a_date_after_the_last_term_that_we_know_says_from_when_we_do_not_know() -> None:
    found = B.explain(day("Mon 19 Jul 2027"), 5)

    assert found.day == day("Mon 26 Jul 2027")
    assert found.how == "5 school days; we do not know this school's term dates after 21 July 2027"


def test_a_date_before_the_first_term_that_we_know_says_so_too() -> None:
    assert "we do not know this school's term dates before 2 September 2026" in B.explain(day("Thu 27 Aug 2026"), 5).how


def test_a_count_over_both_ends_of_what_we_know_says_it_without_a_date() -> None:
    how = B.explain_until(day("Mon 31 Aug 2026"), day("Mon 26 Jul 2027")).how

    assert "; we do not know this school's term dates; " in how


def test_a_weekend_at_the_end_of_the_last_term_is_nothing_to_be_unsure_of() -> None:
    assert "do not know" not in A.explain_until(day("Mon 19 Jul 2027"), day("Sun 25 Jul 2027")).how


def test_snow_closes_a_school_for_two_days() -> None:
    snowed_in = A.with_closures(day("Tue 12 Jan 2027"), (day("Thu 14 Jan 2027"), day("Sun 17 Jan 2027")))

    found = snowed_in.explain(day("Mon 11 Jan 2027"), 5)

    assert found.day == day("Thu 21 Jan 2027")
    assert found.how == (
        "5 school days; the school closure on Tuesday 12 January "
        "and the school closure 14 to 15 January are not counted"
    )


def test_two_days_between_terms_are_a_school_holiday_and_no_half_term() -> None:
    calendar = Calendar(
        terms=((date(2026, 9, 1), date(2026, 10, 7)), (date(2026, 10, 10), date(2026, 12, 18))),
    )

    assert calendar.explain(day("Wed 7 Oct 2026"), 1).how == (
        "1 school day; the school holiday 8 to 9 October is not counted"
    )


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("Wed 10 Feb 2027", "half term 15 to 19 February is not counted"),
        ("Wed 26 May 2027", "half term 31 May to 4 June is not counted"),
    ],
)
def test_other_half_terms_have_their_days(told: str, words: str) -> None:
    assert words in A.explain(day(told), 5).how


def test_the_gap_between_two_school_years_is_the_summer_holiday() -> None:
    two_years = Calendar(terms=((date(2027, 6, 7), date(2027, 7, 23)), (date(2027, 9, 1), date(2027, 10, 22))))

    assert two_years.explain(day("Thu 22 Jul 2027"), 2).how == (
        "2 school days; the summer holiday 26 July to 31 August is not counted"
    )


def test_a_date_somebody_chose_says_how_many_school_days_it_gives() -> None:
    found = A.explain_until(day("Wed 21 Oct 2026"), day("Thu 12 Nov 2026"))

    assert found.how == "11 school days; half term 26 to 30 October is not counted"


def test_a_far_date_comes_with_an_earlier_one_before_the_long_break() -> None:
    told = day("Wed 24 Mar 2027")

    earlier = A.earlier(told, A.explain(told, 5))

    assert earlier
    assert earlier.day == day("Thu 1 Apr 2027")
    assert earlier.how == "4 school days; Good Friday 26 March and Easter Monday 29 March are not counted"


def test_an_earlier_date_leaves_at_least_three_school_days() -> None:
    told = day("Fri 23 Oct 2026")

    earlier = A.earlier(told, A.explain(told, 5))

    assert earlier
    assert earlier.day == day("Wed 4 Nov 2026")


def test_a_near_date_needs_no_earlier_one() -> None:
    told = day("Tue 6 Oct 2026")

    assert A.earlier(told, A.explain(told, 5)) is None


def test_a_date_is_far_from_the_eleventh_calendar_day_on() -> None:
    assert not A.explain_until(day("Mon 9 Nov 2026"), day("Thu 19 Nov 2026")).far
    assert A.explain_until(day("Mon 9 Nov 2026"), day("Fri 20 Nov 2026")).far


@pytest.mark.parametrize(
    ("calendar", "closed", "why"),
    [
        (A, "Sat 7 Nov 2026", "Saturday 7 November is not a school day: it is at a weekend"),
        (A, "Fri 20 Nov 2026", "Friday 20 November is not a school day: it is a training day"),
        (A, "Wed 28 Oct 2026", "Wednesday 28 October is not a school day: half term 26 to 30 October"),
        (A, "Fri 26 Mar 2027", "Friday 26 March is not a school day: it is Good Friday"),
        (A, "Mon 3 May 2027", "Monday 3 May is not a school day: it is the early May bank holiday"),
        (
            A.with_closures(date(2027, 1, 12)),
            "Tue 12 Jan 2027",
            "Tuesday 12 January is not a school day: it is a day on which the school is closed",
        ),
        (
            UNIVERSITY,
            "Tue 29 Dec 2026",
            "Tuesday 29 December is not a working day: the university is closed 24 December to 3 January",
        ),
        (
            WorkingDays(((date(2026, 11, 5), date(2026, 11, 5)),)),
            "Thu 5 Nov 2026",
            "Thursday 5 November is not a working day: the university is closed on Thursday 5 November",
        ),
        (
            PROVIDER.working_days("Monday and Wednesday"),
            "Tue 3 Nov 2026",
            "Tuesday 3 November is not a working day: only Mondays and Wednesdays are counted",
        ),
        (A, "Tue 3 Nov 2026", ""),
    ],
)
def test_a_closed_day_says_why_it_cannot_be_chosen(calendar: OpenDays, closed: str, why: str) -> None:
    assert calendar.why_closed(day(closed)) == why


def test_a_part_time_tutors_days_are_counted_and_named() -> None:
    tuesdays_and_thursdays = PROVIDER.working_days("Tue, Thu")

    found = tuesdays_and_thursdays.explain(day("Tue 22 Dec 2026"), 2)

    assert found.day == day("Thu 7 Jan 2027")
    assert found.how == (
        "2 working days; only Tuesdays and Thursdays are counted; the university is closed 24 December to 3 January"
    )


def test_a_bank_holiday_inside_a_university_closure_is_not_told_twice() -> None:
    assert "Christmas" not in UNIVERSITY.explain(day("Fri 18 Dec 2026"), 5).how


def test_a_bank_holiday_stops_the_university_too() -> None:
    assert UNIVERSITY.explain(day("Thu 27 Aug 2026"), 2).how == (
        "2 working days; the summer bank holiday on Monday 31 August is not counted"
    )


# -- days in school ------------------------------------------------------------------------------------------------


def test_megan_is_in_school_on_tuesdays_only() -> None:
    tuesdays = PROVIDER.calendar_for("A", "Tuesday")
    told = day("Tue 3 Nov 2026")
    due = tuesdays.add(told, 5)

    assert due == A.add(told, 5)
    assert tuesdays.in_school(told, due) == 1
    assert tuesdays.in_school_in_words("Megan", told, due) == "Megan is in school on 1 of these 5 days"


def test_a_student_who_is_in_school_every_day_needs_no_such_sentence() -> None:
    assert A.in_school_in_words("Tom", day("Tue 3 Nov 2026"), day("Tue 10 Nov 2026")) == ""


def test_a_student_who_is_not_in_school_at_all_gets_a_plain_sentence() -> None:
    mondays = PROVIDER.calendar_for("A", (0,))

    assert mondays.in_school_in_words("Megan", day("Mon 9 Nov 2026"), day("Wed 11 Nov 2026")) == (
        "Megan is in school on none of these 2 days"
    )
    assert mondays.in_school_in_words("Megan", day("Mon 9 Nov 2026"), day("Tue 10 Nov 2026")) == (
        "Megan is not in school on this day"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (0, 1, 2, 3, 4)),
        ("Tuesday", (1,)),
        ("tues, thurs", (1, 3)),
        ("Mon Tue Wed", (0, 1, 2)),
        ("Mondays and Fridays", (0, 4)),
        ("Monday to Wednesday, Fri", (0, 1, 2, 4)),
        ("Mon.–Thu.", (0, 1, 2, 3)),
    ],
)
def test_weekdays_are_read_as_people_write_them(text: str, expected: tuple[int, ...]) -> None:
    assert weekdays(text) == expected


@pytest.mark.parametrize("text", ["Saturday", "MTW", "2", "Mon 5", "Friday to Monday", "Mon-", "to Friday"])
def test_weekdays_that_are_none_are_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r'is not a list of weekdays\. Write "Monday, Tuesday"'):
        weekdays(text)


# -- properties ----------------------------------------------------------------------------------------------------

anyday = st.dates(date(2026, 8, 1), date(2027, 9, 30))
some_days = st.integers(0, 30)
stretch = st.tuples(anyday, st.integers(0, 9)).map(lambda first: (first[0], first[0] + timedelta(days=first[1])))
anyones_days = st.one_of(
    st.sampled_from([A, B, NO_CALENDAR, UNIVERSITY]),
    st.lists(stretch, max_size=3).map(lambda closures: A.with_closures(*closures)),
    st.builds(
        WorkingDays,
        st.lists(stretch, max_size=3).map(tuple),
        days=st.sets(st.sampled_from(WEEKDAYS), min_size=1).map(lambda days: tuple(sorted(days))),
    ),
)


@settings(deadline=None)
@given(anyones_days, anyday, some_days)
def test_counting_undoes_adding(calendar: OpenDays, start: date, n: int) -> None:
    due = calendar.add(start, n)

    assert calendar.count(start, due) == n
    assert n == 0 or calendar.is_open(due)


@settings(deadline=None)
@given(anyones_days, anyday, some_days)
def test_going_back_undoes_adding_from_an_open_day(calendar: OpenDays, start: date, n: int) -> None:
    opened = calendar.next_open(start)

    assert calendar.before(calendar.add(opened, n), n) == opened


@settings(deadline=None)
@given(anyones_days, anyday, anyday, some_days, some_days)
def test_later_starts_and_more_days_never_come_out_earlier(
    calendar: OpenDays, one: date, other: date, n: int, m: int
) -> None:
    assert calendar.add(min(one, other), min(n, m)) <= calendar.add(max(one, other), max(n, m))


@settings(deadline=None)
@given(anyones_days, anyday, some_days)
def test_an_explanation_names_every_closed_weekday_it_passed(calendar: OpenDays, start: date, n: int) -> None:
    found = calendar.explain(start, n)

    passed = [start + timedelta(days=ahead + 1) for ahead in range((found.day - start).days)]
    for closed in (day for day in passed if day.weekday() < 5 and not calendar.is_open(day)):
        named = [skipped for skipped in found.skipped if skipped.first <= closed <= skipped.last]
        assert named or "only" in found.how
        assert all(skipped.words in found.how for skipped in named)
    for skipped in found.skipped:
        assert any(skipped.first <= day <= skipped.last for day in passed)


# -- bank holidays -------------------------------------------------------------------------------------------------

#: New Year, Easter Sunday, early May, spring, August, Christmas and Boxing Day: the days they are kept, by hand.
BY_HAND = """
2021  1 Jan   4 Apr  3 May  31 May  30 Aug  27 Dec  28 Dec
2022  3 Jan  17 Apr  2 May  30 May  29 Aug  27 Dec  26 Dec
2023  2 Jan   9 Apr  1 May  29 May  28 Aug  25 Dec  26 Dec
2024  1 Jan  31 Mar  6 May  27 May  26 Aug  25 Dec  26 Dec
2025  1 Jan  20 Apr  5 May  26 May  25 Aug  25 Dec  26 Dec
2026  1 Jan   5 Apr  4 May  25 May  31 Aug  25 Dec  28 Dec
2027  1 Jan  28 Mar  3 May  31 May  30 Aug  27 Dec  28 Dec
2028  3 Jan  16 Apr  1 May  29 May  28 Aug  25 Dec  26 Dec
2029  1 Jan   1 Apr  7 May  28 May  27 Aug  25 Dec  26 Dec
2030  1 Jan  21 Apr  6 May  27 May  26 Aug  25 Dec  26 Dec
2031  1 Jan  13 Apr  5 May  26 May  25 Aug  25 Dec  26 Dec
2032  1 Jan  28 Mar  3 May  31 May  30 Aug  27 Dec  28 Dec
2033  3 Jan  17 Apr  2 May  30 May  29 Aug  27 Dec  26 Dec
2034  2 Jan   9 Apr  1 May  29 May  28 Aug  25 Dec  26 Dec
2035  1 Jan  25 Mar  7 May  28 May  27 Aug  25 Dec  26 Dec
2036  1 Jan  13 Apr  5 May  26 May  25 Aug  25 Dec  26 Dec
2037  1 Jan   5 Apr  4 May  25 May  31 Aug  25 Dec  28 Dec
2038  1 Jan  25 Apr  3 May  31 May  30 Aug  27 Dec  28 Dec
2039  3 Jan  10 Apr  2 May  30 May  29 Aug  27 Dec  26 Dec
2040  2 Jan   1 Apr  7 May  28 May  27 Aug  25 Dec  26 Dec
"""


@pytest.mark.parametrize("row", BY_HAND.strip().splitlines())
def test_the_rule_agrees_with_a_table_made_by_hand(row: str) -> None:
    year, *words = row.split()
    pairs = zip(words[::2], words[1::2], strict=True)
    new_year, easter, *mondays_and_christmas = (
        datetime.strptime(f"{number} {month} {year}", "%d %b %Y").replace(tzinfo=UTC).date() for number, month in pairs
    )

    expected = {new_year, easter - timedelta(days=2), easter + timedelta(days=1), *mondays_and_christmas}
    assert easter_sunday(int(year)) == easter
    assert set(by_rule(int(year))) == expected


@given(st.integers(1990, 2400))
def test_every_year_has_eight_bank_holidays_on_weekdays(year: int) -> None:
    kept = by_rule(year)

    assert len(kept) == len(set(kept.values())) == 8
    assert all(day.weekday() < 5 and day.year == year for day in kept)
    assert easter_sunday(year).weekday() == 6
    assert date(year, 3, 22) <= easter_sunday(year) <= date(year, 4, 25)


def test_the_jubilee_the_funeral_and_the_coronation_are_in_the_data() -> None:
    assert BANK_HOLIDAYS.name(date(2022, 5, 30)) == ""
    extra = [date(2022, 6, 2), date(2022, 6, 3), date(2022, 9, 19), date(2023, 5, 8)]
    assert all(BANK_HOLIDAYS.name(day) for day in extra)
    assert len(BANK_HOLIDAYS.of(2022)) == 10
    assert len(BANK_HOLIDAYS.of(2023)) == 9


def test_a_substitute_day_says_whose_it_is() -> None:
    assert BANK_HOLIDAYS.name(date(2026, 12, 28)) == "the bank holiday for Boxing Day"
    assert BANK_HOLIDAYS.name(date(2027, 12, 27)) == "the bank holiday for Christmas Day"
    assert BANK_HOLIDAYS.name(date(2028, 1, 3)) == "the bank holiday for New Year's Day"


def test_a_providers_later_word_on_a_bank_holiday_wins() -> None:
    changed = BANK_HOLIDAYS.changed(extra=[date(2027, 5, 10), date(2022, 5, 30)], removed=[date(2027, 5, 3)])

    assert changed.name(date(2027, 5, 10)) == "the extra bank holiday"
    assert changed.name(date(2027, 5, 3)) == ""
    assert changed.name(date(2022, 5, 30)) == "the spring bank holiday"
    assert BankHolidays().name(date(2022, 5, 30)) == "the spring bank holiday"


# -- London's clock ------------------------------------------------------------------------------------------------

CLOCK_CHANGES = [date(2026, 3, 29), date(2026, 10, 25), date(2027, 3, 28), date(2027, 10, 31)]


@pytest.mark.parametrize("change", CLOCK_CHANGES)
def test_eight_o_clock_stays_eight_o_clock_over_a_clock_change(change: date) -> None:
    before, after = (local(change + timedelta(days=away), time(8)) for away in (-1, 1))

    assert after - before in {timedelta(hours=47), timedelta(hours=49)}
    assert moment_in_words(before).endswith("8am")
    assert moment_in_words(after).endswith("8am")


def test_clocks_go_back_in_the_night_to_25_october_2026() -> None:
    assert local(date(2026, 10, 24), time(8)) == datetime(2026, 10, 24, 7, tzinfo=UTC)
    assert local(date(2026, 10, 26), time(8)) == datetime(2026, 10, 26, 8, tzinfo=UTC)


def test_of_the_hour_that_comes_twice_the_first_is_meant() -> None:
    assert local(date(2026, 10, 25), time(1, 30)) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@given(anyday, st.times().filter(lambda at: at.hour != 1))
def test_a_local_time_comes_back_as_it_was_said(when: date, at: time) -> None:
    moment = local(when, at)

    assert moment.tzinfo is UTC
    assert local_date(moment) == when
    assert moment_in_words(moment) == f"{in_words(when)}, {time_in_words(at)}"


def test_a_summer_night_belongs_to_londons_day() -> None:
    assert local_date(datetime(2026, 7, 1, 23, 30, tzinfo=UTC)) == date(2026, 7, 2)


def test_a_moment_without_its_time_zone_is_refused() -> None:
    naive = datetime(2026, 10, 6, 8)  # noqa: DTZ001
    with pytest.raises(ValueError, match="needs its time zone"):
        local_date(naive)
    with pytest.raises(ValueError, match="needs its time zone"):
        moment_in_words(naive)
    with pytest.raises(ValueError, match="no time zone of its own"):
        local(date(2026, 10, 6), time(8, tzinfo=UTC))


# -- in words ------------------------------------------------------------------------------------------------------


def test_a_date_is_said_with_its_weekday_and_its_year_only_where_it_helps() -> None:
    review = date(2026, 11, 3)

    assert in_words(review) == "Tuesday 3 November"
    assert in_words(review, today=date(2026, 10, 20)) == "Tuesday 3 November"
    assert in_words(review, today=date(2027, 1, 8)) == "Tuesday 3 November 2026"
    assert in_words(review, year=True) == "Tuesday 3 November 2026"


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (time(15, 45), "3:45pm"),
        (time(16), "4pm"),
        (time(9), "9am"),
        (time(9, 5), "9:05am"),
        (time(12), "midday"),
        (time(12, 30), "12:30pm"),
        (time(0), "midnight"),
        (time(0, 15), "12:15am"),
    ],
)
def test_a_time_is_said_as_people_say_it(at: time, words: str) -> None:
    assert time_in_words(at) == words


def test_a_moment_is_said_on_londons_clock() -> None:
    assert moment_in_words(datetime(2026, 10, 6, 14, 45, tzinfo=UTC)) == "Tuesday 6 October, 3:45pm"
    assert moment_in_words(datetime(2026, 11, 3, 15, 45, tzinfo=UTC), year=True) == "Tuesday 3 November 2026, 3:45pm"


@pytest.mark.parametrize(
    ("first", "last", "year", "words"),
    [
        (date(2026, 10, 26), date(2026, 10, 30), False, "26 to 30 October"),
        (date(2026, 12, 24), date(2027, 1, 3), False, "24 December to 3 January"),
        (date(2026, 12, 24), date(2027, 1, 3), True, "24 December 2026 to 3 January 2027"),
        (date(2026, 5, 31), date(2026, 6, 4), True, "31 May to 4 June 2026"),
        (date(2026, 11, 20), date(2026, 11, 20), False, "20 November"),
    ],
)
def test_a_range_says_nothing_twice(first: date, last: date, year: bool, words: str) -> None:  # noqa: FBT001
    assert range_in_words(first, last, year=year) == words


def test_a_list_is_said_with_and() -> None:
    assert [listed([]), listed("a"), listed("ab"), listed("abc")] == ["", "a", "a and b", "a, b and c"]
    assert weekdays_in_words((2, 0)) == "Mondays and Wednesdays"
