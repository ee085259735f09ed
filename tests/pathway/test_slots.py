"""Three times to choose from: soonest first, spread over days, never on a closed day nor in a known busy time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pathway.dates import in_london, local, local_date
from pathway.ports import Busy
from pathway.slots import OFFERED, Search, Slot, Wish, find, overlapping, wish_of
from tests.pathway.builders import PROVIDER, day, moment, said

SCHOOL = PROVIDER.calendar_for("A")
TUESDAY = moment("2026-10-06 10:00")


def search(now: datetime = TUESDAY, by: str = "2026-10-13", tutor: str = "", **more: object) -> Search:
    given: dict[str, object] = {
        "now": now,
        "by": day(by),
        "days": (SCHOOL, PROVIDER.working_days(tutor)),
        "minutes": 30,
        "earliest": time(15, 30),
        "latest": time(17, 30),
        **more,
    }
    return Search(**given)  # type: ignore[arg-type]


def times(found: Iterable[Slot]) -> list[str]:
    return [said(slot.starts) for slot in found]


def busy(first: str, last: str) -> Busy:
    return Busy(moment(first), moment(last))


# -- as people would expect it -----------------------------------------------------------------------------------------


def test_three_days_after_lessons_from_tomorrow_on() -> None:
    assert times(find(search())) == ["Wed 7 Oct 15:30", "Thu 8 Oct 15:30", "Fri 9 Oct 15:30"]


def test_a_time_in_which_somebody_is_known_to_be_busy_is_left_out_and_the_other_is_not_known() -> None:
    known = {"helen": (busy("2026-10-07 15:00", "2026-10-07 16:00"),), "priya": None}

    found = find(search(people=known))

    assert times(found) == ["Wed 7 Oct 16:00", "Thu 8 Oct 15:30", "Fri 9 Oct 15:30"]
    assert {s.free for s in found} == {("helen",)}
    assert {s.unknown for s in found} == {("priya",)}


def test_a_day_that_is_full_is_passed_over() -> None:
    known = {"helen": (busy("2026-10-07 09:00", "2026-10-07 17:15"),)}

    assert times(find(search(people=known))) == ["Thu 8 Oct 15:30", "Fri 9 Oct 15:30", "Mon 12 Oct 15:30"]


def test_a_tutor_of_one_day_a_week_offers_three_times_on_it() -> None:
    assert times(find(search(tutor="Thursday"))) == ["Thu 8 Oct 15:30", "Thu 8 Oct 16:00", "Thu 8 Oct 16:30"]


def test_over_half_term_nothing_is_offered_in_it() -> None:
    now = moment("2026-10-22 10:00")

    assert times(find(search(now, by="2026-11-05"))) == ["Fri 23 Oct 15:30", "Mon 2 Nov 15:30", "Tue 3 Nov 15:30"]


def test_where_the_day_has_passed_the_soonest_are_offered_and_called_late() -> None:
    found = find(search(moment("2026-10-14 10:00")))

    assert times(found) == ["Thu 15 Oct 15:30", "Fri 16 Oct 15:30", "Mon 19 Oct 15:30"]
    assert all(s.late for s in found)
    assert not any(s.late for s in find(search()))


def test_the_mentors_words_order_the_choice_and_forbid_nothing() -> None:
    assert times(find(search(best="Mondays or Tuesdays after 4"))) == [
        "Wed 7 Oct 16:00",
        "Mon 12 Oct 16:00",
        "Tue 13 Oct 16:00",
    ]
    assert times(find(search(best="before school, any day")))[0] == "Wed 7 Oct 08:00"


def test_who_is_always_busy_gets_no_times_and_the_search_comes_to_an_end() -> None:
    always = {"helen": (busy("2026-10-01 00:00", "2027-12-01 00:00"),)}

    assert find(search(people=always)) == ()


@pytest.mark.parametrize(
    ("words", "wish"),
    [
        ("", Wish()),
        ("Tuesday, Thursday", Wish(days=(1, 3))),
        ("Mon to Wed after 3.45", Wish(days=(0, 1, 2), after=time(15, 45))),
        ("3:30pm and later", Wish(after=time(15, 30))),
        ("from 4pm on Weds", Wish(days=(2,), after=time(16))),
        ("Before school, or Friday", Wish(days=(4,), before_school=True)),
        ("3:30pm and later, not Wednesday", Wish(days=(0, 1, 3, 4), after=time(15, 30))),
        ("not Mondays", Wish(days=(1, 2, 3, 4))),
        ("Mon to Wed, not Tue", Wish(days=(0, 2))),
        ("not Mondays or Fridays", Wish()),
        ("not Fri after 4", Wish()),
        ("not during lessons", Wish()),
        ("any time but Friday after 4", Wish()),
        ("after 45", Wish()),
        ("After the monsoon, on my day off", Wish()),
        ("Saturday after 25:99", Wish()),
    ],
)
def test_plain_words_are_recognised_and_others_are_left_to_people(words: str, wish: Wish) -> None:
    assert wish_of(words) == wish


def test_nobody_is_called_free_beyond_what_was_read() -> None:
    known = {"helen": ()}

    found = find(search(people=known, read_until=moment("2026-10-08 15:45")))

    assert [(said(s.starts), s.free, s.unknown) for s in found] == [
        ("Wed 7 Oct 15:30", ("helen",), ()),
        ("Thu 8 Oct 15:30", (), ("helen",)),
        ("Fri 9 Oct 15:30", (), ("helen",)),
    ]


def test_what_only_touches_a_time_does_not_overlap_it() -> None:
    lesson = busy("2026-10-07 14:30", "2026-10-07 15:30")

    assert overlapping((lesson,), moment("2026-10-07 15:30"), moment("2026-10-07 16:00")) == ()
    assert overlapping((lesson,), moment("2026-10-07 14:00"), moment("2026-10-07 14:30")) == ()
    assert overlapping((lesson,), moment("2026-10-07 15:15"), moment("2026-10-07 15:45")) == (lesson,)


# -- whatever comes in -------------------------------------------------------------------------------------------------


#: Around the clock changes of 25 October 2026 and 28 March 2027 as often as anywhere else.
NEAR_A_CHANGE = st.sampled_from([date(2026, 10, 20), date(2027, 3, 22)])
DAYS = st.one_of(st.dates(date(2026, 9, 1), date(2027, 7, 1)), NEAR_A_CHANGE)
MOMENTS = st.builds(lambda d, minutes: local(d, time()) + timedelta(minutes=minutes), DAYS, st.integers(0, 1439))


@st.composite
def searches(draw: st.DrawFn) -> Search:
    now = draw(MOMENTS)
    some = st.lists(
        st.builds(
            lambda hours, long: Busy(now + timedelta(hours=hours), now + timedelta(hours=hours, minutes=long)),
            st.integers(-24, 400),
            st.integers(1, 1500),
        ),
        max_size=8,
    )
    people = draw(st.dictionaries(st.sampled_from(["helen", "priya", "sam"]), st.none() | some, max_size=3))
    return search(
        now,
        by=str(local_date(now) + timedelta(days=draw(st.integers(-3, 16)))),
        tutor=draw(st.sampled_from(["", "Tuesday", "Monday, Thursday"])),
        minutes=draw(st.sampled_from([20, 30, 60])),
        people=people,
        best=draw(st.sampled_from(["", "Tuesdays after 4", "Mon to Wed", "before school", "lunch?"]) | st.text()),
    )


@given(searches())
@example(search(moment("2026-10-23 16:00"), by="2026-10-30", best="before school"))
def test_slots_are_always_lawful(asked: Search) -> None:
    found = find(asked)

    assert len(found) <= OFFERED
    assert list(found) == sorted(found, key=lambda s: s.starts)
    assert len({s.starts for s in found}) == len(found)
    for slot in found:
        assert slot.starts > asked.now
        assert all(days.is_open(slot.day) for days in asked.days)
        assert slot.late == (slot.day > asked.by)
        for known in asked.people.values():
            assert overlapping(known or (), slot.starts, slot.ends) == ()
        assert set(slot.free) | set(slot.unknown) == set(asked.people)
        assert set(slot.free) == {p for p, known in asked.people.items() if known is not None}


@given(searches())
def test_slots_keep_to_the_hours_on_the_wall(asked: Search) -> None:
    before_school = wish_of(asked.best).before_school
    for slot in find(asked):
        starts, ends = in_london(slot.starts), in_london(slot.ends)
        after_lessons = asked.earliest <= starts.time() and ends.time() <= asked.latest
        assert starts.date() == ends.date()
        assert after_lessons or (before_school and starts.time() >= asked.opens and ends.time() <= time(8, 45))


@given(searches())
def test_slots_are_spread_over_days_where_there_are_days(asked: Search) -> None:
    found = find(asked)
    if len({s.day for s in found}) < len(found):
        days = {s.day for s in found}
        others = [
            d
            for n in range(1, (asked.by - local_date(asked.now)).days + 1)
            if (d := local_date(asked.now) + timedelta(days=n)) not in days
        ]
        assert not any(_has_room(asked, d) for d in others)


def _has_room(asked: Search, there: date) -> bool:
    """Whether any quarter of an hour of that day would do: said a second time, plainly."""
    if not all(days.is_open(there) for days in asked.days):
        return False
    starts = local(there, asked.earliest)
    while starts + timedelta(minutes=asked.minutes) <= local(there, asked.latest):
        ends = starts + timedelta(minutes=asked.minutes)
        if not any(overlapping(known or (), starts, ends) for known in asked.people.values()):
            return True
        starts += timedelta(minutes=15)
    return False


@given(searches(), st.text())
def test_words_never_take_the_last_time_away(asked: Search, words: str) -> None:
    silent = Search(**{name: getattr(asked, name) for name in Search.__slots__} | {"best": ""})
    wordy = Search(**{name: getattr(asked, name) for name in Search.__slots__} | {"best": words})

    assert bool(find(wordy)) >= bool(find(silent))
