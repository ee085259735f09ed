"""Three times for the meeting: booked by the Link Tutor, or offered to the mentor, whose choice books it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.conversations import road
from tests.conversations.diaries import Diaries, opens_diaries
from tests.pathway.builders import moment
from tests.school import School

#: Told on Tuesday 13 October, 3:30pm; Helen works from Monday to Friday.
FIRST, SECOND, THIRD = "Wednesday 14 October, 3:30pm", "Thursday 15 October, 3:30pm", "Friday 16 October, 3:30pm"


async def offers(school: School) -> str:
    """Helen has offered Priya three times. The case's reference."""
    await school.opens("helen")
    reference = await road.told(school)
    await school.presses("helen", "Arrange the meeting")
    await school.presses("helen", "Offer these times to Priya Nair")
    return reference


async def ticks(
    school: School, *times: str, press: str = "I can do these", who: str = "priya", better: str = ""
) -> str:
    """Ticks the times (by their words) on the newest card."""
    choices = school.choices(who, "times")
    return await school.fills(who, times=",".join(choices[t] for t in times), better=better, press=press)


def first_of(school: School) -> str:
    """The first of the times on Helen's card, as it travels."""
    return next(iter(school.choices("helen", "slot").values()))


def helens_lessons(school: School, diaries: Diaries, first: str, last: str) -> None:
    diaries.is_busy(school.people["helen"].email, moment(first), moment(last))


# -- the Link Tutor's card -------------------------------------------------------------------------------------------


async def test_the_tutor_sees_three_times_on_three_days_and_that_no_calendar_is_known(school: School) -> None:
    await school.opens("helen")
    await road.told(school)
    card = await school.presses("helen", "Arrange the meeting")
    assert list(school.choices("helen", "slot")) == [FIRST, SECOND, THIRD]
    assert "Your and Priya Nair's calendars are not known: please check." in card
    assert "free" not in card
    assert "The meeting is asked for by Tuesday 20 October." in card
    assert school.buttons("helen")[:3] == ["Offer these times to Priya Nair", "Book the one I chose", "Another time"]


async def test_a_calendar_that_can_be_read_is_said_and_the_other_is_called_not_known(school: School) -> None:
    await school.opens("helen")
    diaries = opens_diaries(school, "helen", reads=["helen"])
    helens_lessons(school, diaries, "2026-10-14 15:00", "2026-10-14 16:00")
    await road.told(school)
    await school.presses("helen", "Arrange the meeting")
    known = "you are free; Priya Nair's calendar is not known"
    assert next(iter(school.choices("helen", "slot"))) == f"Wednesday 14 October, 4pm: {known}"


async def test_where_both_are_read_both_are_free(school: School) -> None:
    await school.opens("helen", "sam")
    opens_diaries(school, "helen", reads=["helen", "priya"])
    reference = await road.told(school)
    await school.presses("helen", "Arrange the meeting")
    assert next(iter(school.choices("helen", "slot"))) == f"{FIRST}: you and Priya Nair are free"
    await school.says("sam", reference)
    await school.presses("sam", "Arrange the meeting")
    assert next(iter(school.choices("sam", "slot"))) == f"{FIRST}: Dr Helen Marsh and Priya Nair are free"


async def test_one_of_the_three_is_booked_by_hand_without_anybodys_permission(school: School) -> None:
    await school.opens("helen")
    await road.told(school)
    await school.presses("helen", "Arrange the meeting")
    refused = await school.presses("helen", "Book the one I chose")
    assert "Choose one of the times" in refused
    await school.fills("helen", slot=school.choices("helen", "slot")[SECOND], press="Book the one I chose")
    assert "2026-10-15T15%3A30%3A00%2B01%3A00" in school.links("helen")["Open it in Teams"]
    await school.presses("helen", f"It is booked for {SECOND}")
    assert SECOND in school.reads("priya")


async def test_one_of_the_three_is_booked_with_one_press_where_pathway_may(school: School) -> None:
    await school.opens("helen")
    opens_diaries(school, "helen", reads=["helen"])
    await road.told(school)
    await school.presses("helen", "Arrange the meeting")
    second = list(school.choices("helen", "slot").values())[1]
    booked = await school.fills("helen", slot=second, press="Book the one I chose")
    assert "Booked. The invitation goes to Priya Nair now." in booked
    assert f"Your meeting is booked for {SECOND}" in school.reads("priya")


# -- the mentor's answer ---------------------------------------------------------------------------------------------


async def test_the_first_time_that_suits_both_books_itself_and_both_are_told(school: School) -> None:
    await school.opens("helen")
    diaries = opens_diaries(school, "helen", reads=["helen"])
    await offers(school)
    assert "When can you meet?" in school.reads("priya")
    helens_lessons(school, diaries, "2026-10-15 15:00", "2026-10-15 17:00")
    before = school.news("helen"), school.news("priya")
    answer = await ticks(school, SECOND, THIRD)
    assert f"The meeting is booked for {THIRD}. The invitation goes out now." in answer
    assert f"Your meeting is booked for {THIRD}." in school.reads("helen")
    assert (school.news("helen"), school.news("priya")) == (before[0] + 1, before[1])
    timeline = await school.presses("helen", "Read everything")
    assert "Priya Nair said which times suit" in timeline
    assert "Priya Nair took a time that was offered: the meeting is booked" in timeline


async def test_where_no_time_is_left_by_then_the_tutor_is_told_and_nothing_is_booked(school: School) -> None:
    await school.opens("helen")
    diaries = opens_diaries(school, "helen", reads=["helen"])
    await offers(school)
    helens_lessons(school, diaries, "2026-10-14 08:00", "2026-10-16 18:00")
    answer = await ticks(school, FIRST)
    assert "Thank you. Dr Helen Marsh looks for another time." in answer
    assert f"Priya Nair can do {FIRST}, which is no longer free." in school.reads("helen")
    assert school.buttons("helen")[0] == "Arrange the meeting"


async def test_without_permission_the_tutor_is_asked_to_make_the_invitation(school: School) -> None:
    await offers(school)
    before = school.news("helen")
    assert "Thank you. Dr Helen Marsh makes the invitation." in await ticks(school, SECOND, THIRD)
    assert school.news("helen") == before + 1
    assert f"Priya Nair can do {SECOND}. Please make the invitation." in school.reads("helen")
    await school.presses("helen", "Make the invitation")
    await school.presses("helen", f"It is booked for {SECOND}")
    assert f"Your meeting is booked for {SECOND}" in school.reads("priya")


async def test_nothing_is_booked_until_it_is_in_a_calendar_so_the_reminders_go_on(school: School) -> None:
    await offers(school)
    await ticks(school, SECOND)
    await school.on("2026-10-15 09:00")
    assert "Please make the invitation for the meeting" in school.reads("helen")
    assert school.buttons("helen")[0] == "Make the invitation"


async def test_none_of_them_and_a_line_about_better_ones(school: School) -> None:
    await offers(school)
    answer = await ticks(school, press="None of these", better="Mondays at 8am")
    assert "looks for another time" in answer
    told = school.reads("helen")
    assert "None of the times suits Priya Nair." in told
    assert "Mondays at 8am" in told
    assert school.buttons("helen")[0] == "Arrange the meeting"


async def test_who_ticks_nothing_is_asked_to_and_keeps_the_line(school: School) -> None:
    await offers(school)
    refused = await ticks(school, better="Any Monday")
    assert "Tick the times that suit" in refused
    assert school.value("priya", "better") == "Any Monday"


async def test_a_time_that_has_passed_meanwhile_is_no_choice_any_more(school: School) -> None:
    await offers(school)
    asked = school.newest("priya")
    await school.on("2026-10-14 15:45")
    await school.presses("priya", "Show the case")
    await school.presses("priya", "Say which times suit")
    assert list(school.choices("priya", "times")) == [SECOND, THIRD]
    _, verb, data = school.wire("priya", "I can do these")
    passed = {**data, "times": moment("2026-10-14 15:30").isoformat()}
    assert "Tick the times that suit" in await school.sends("priya", asked.id, verb, passed)


# -- nobody answers ------------------------------------------------------------------------------------------------------


async def test_the_mentor_is_asked_once_more_and_then_the_tutor_books_by_hand(school: School) -> None:
    await offers(school)
    asked = school.news("priya")
    await school.on("2026-10-14 15:40")
    assert school.news("priya") == asked + 1
    assert "Please say which of the times for the meeting suit you." in school.reads("priya")
    assert school.buttons("priya")[:2] == ["I can do these", "None of these"]
    await school.on("2026-10-15 09:00")
    assert "Priya Nair has not answered the times that were offered" in school.reads("helen")
    assert school.buttons("helen")[0] == "Arrange the meeting"
    assert school.news("priya") == asked + 1


async def test_after_an_answer_nobody_is_asked_again(school: School) -> None:
    await offers(school)
    await ticks(school, SECOND)
    asked = school.news("priya")
    await school.on("2026-10-14 17:00")
    assert school.news("priya") == asked


# -- two at once, too late, and somebody else -----------------------------------------------------------------------------


async def test_a_second_tap_and_a_second_delivery_change_nothing(school: School) -> None:
    await offers(school)
    asked = school.newest("priya")
    message, verb, data = school.wire("priya", "I can do these", times=school.choices("priya", "times")[SECOND])
    await school.sends("priya", message.id, verb, data)
    before = school.news("helen")
    assert "Thank you. Dr Helen Marsh makes the invitation." in await school.sends("priya", asked.id, verb, data)
    await school.delivers_again("priya", message.id, verb, data)
    assert school.news("helen") == before


async def test_the_tutor_books_another_time_in_between_and_the_late_answer_is_kindly_without_effect(
    school: School,
) -> None:
    await offers(school)
    message, verb, data = school.wire("priya", "I can do these", times=school.choices("priya", "times")[SECOND])
    await road.books(school, day="2026-10-20")
    before = school.news("helen")
    late = await school.sends("priya", message.id, verb, data)
    assert "The meeting is booked for Tuesday 20 October, 3:45pm." in late
    assert school.news("helen") == before


async def test_the_mentor_answers_and_the_tutor_books_at_once_and_there_is_one_meeting(school: School) -> None:
    await school.opens("helen")
    opens_diaries(school, "helen", reads=["helen"])
    await offers(school)
    await school.presses("helen", "Arrange the meeting")
    hers = school.wire("helen", "Book the one I chose", slot=first_of(school))
    mine = school.wire("priya", "I can do these", times=school.choices("priya", "times")[SECOND])
    await asyncio.gather(
        school.sends("priya", mine[0].id, mine[1], mine[2]), school.sends("helen", hers[0].id, hers[1], hers[2])
    )
    both = {who: await school.says(who, school.reference(who)) for who in ("helen", "priya")}
    booked = [when for when in (FIRST, SECOND) if f"The meeting is on {when}." in both["helen"]]
    assert len(booked) == 1
    assert f"The meeting is on {booked[0]}." in both["priya"]
    assert sum("booked the meeting" in line or "is booked" in line for line in await _timeline(school)) == 1


async def _timeline(school: School) -> list[str]:
    return [line for line in (await school.presses("helen", "Read everything")).splitlines() if ": " in line]


async def test_a_case_that_has_moved_on_takes_no_answer(school: School) -> None:
    await offers(school)
    message, verb, data = school.wire("priya", "None of these")
    await school.presses("priya", "Show the case")
    await road.presses_rarer(school, "priya", "Go on with the weekly target instead")
    await school.fills("priya", reason="A good day", press="Go on with the target")
    late = await school.sends("priya", message.id, verb, data)
    assert "no longer on offer" in late
    assert "weekly target set" in late


async def test_times_of_a_tutor_who_has_handed_on_are_no_longer_on_offer(school: School) -> None:
    await school.opens("sam", "martin")
    reference = await offers(school)
    message, verb, data = school.wire("priya", "I can do these", times=school.choices("priya", "times")[SECOND])
    await school.says("sam", reference)
    await road.presses_rarer(school, "sam", "Name another Link Tutor")
    await school.fills("sam", person=school.choices("sam", "person")["Martin Leigh"], press="Make them the Link Tutor")
    assert "no longer on offer" in await school.sends("priya", message.id, verb, data)
    assert "can do" not in school.reads("martin")


async def test_a_mentor_cannot_arrange_a_meeting_nor_see_whose_calendar_is_free(school: School) -> None:
    await school.opens("helen")
    opens_diaries(school, "helen", reads=["helen"])
    await road.told(school)
    _, verb, data = school.wire("helen", "Arrange the meeting")
    for sent in (verb, "meeting.another", "meeting.invite", "meeting.send", "meeting.booked", "meeting.offer"):
        answer = await school.sends("priya", school.newest("priya").id, sent, data)
        assert "nothing here for you" in answer, sent
        assert "free" not in answer


async def test_a_time_that_was_not_offered_cannot_be_chosen(school: School) -> None:
    await school.opens("helen")
    opens_diaries(school, "helen", reads=["helen"])
    await offers(school)
    message, verb, data = school.wire("priya", "I can do these")
    other = {**data, "times": "2026-10-19T14:30:00+00:00"}
    assert "Tick the times that suit" in await school.sends("priya", message.id, verb, other)
    assert not school.shows("helen", "is booked for")


# -- the office, and a mentor without Teams --------------------------------------------------------------------------


async def test_the_office_offers_and_hears_the_answer_beside_the_tutor(school: School) -> None:
    await school.opens("helen", "sam")
    reference = await road.told(school)
    await school.says("sam", reference)
    await school.presses("sam", "Arrange the meeting")
    await school.presses("sam", "Offer these times to Priya Nair")
    assert "Sam Whitfield has offered these times" in school.reads("priya")
    await ticks(school, THIRD)
    for who in ("helen", "sam"):
        assert f"Priya Nair can do {THIRD}" in school.reads(who)


async def test_a_mentor_without_teams_gets_a_letter_and_the_tutor_records_the_answer(school: School) -> None:
    await school.opens("helen")
    await road.told(school)
    await school.teams.uninstall(school.people["priya"])
    await school.presses("helen", "Arrange the meeting")
    await school.presses("helen", "Offer these times to Priya Nair")
    letter = school.mail("priya")[-1]
    assert letter.subject.endswith("times to choose from")
    for words in (FIRST, SECOND, THIRD, "Please answer to Dr Helen Marsh"):
        assert words in letter.text
    await road.presses_rarer(school, "helen", "Enter something for Priya Nair")
    await school.presses("helen", "Say which times suit")
    await ticks(school, SECOND, press="These suit", who="helen")
    assert "Next: make the invitation." in school.reads("helen")
    assert "Make the invitation" in school.buttons("helen")


async def test_the_meeting_is_moved_by_offering_times_and_the_move_is_told_once(school: School) -> None:
    await school.opens("helen")
    diaries = opens_diaries(school, "helen", reads=["helen"])
    await road.told(school)
    await school.presses("helen", "Arrange the meeting")
    await school.fills("helen", slot=first_of(school), press="Book the one I chose")
    starts = moment("2026-10-14 15:30")
    diaries.is_busy(school.people["helen"].email, starts, starts + timedelta(minutes=30))
    await school.presses("helen", "Move the meeting")
    assert not any(FIRST in title for title in school.choices("helen", "slot"))
    refused = await school.presses("helen", "Offer these times to Priya Nair")
    assert "Say why it is to be another time." in refused
    await school.fills("helen", reason="A parents' evening", press="Offer these times to Priya Nair")
    asked = school.reads("priya")
    assert "Why another time" in asked
    assert "A parents' evening" in asked
    before = school.news("helen")
    await ticks(school, SECOND)
    told = school.reads("helen")
    assert f"Your meeting is booked for {SECOND}." in told
    assert "A parents' evening" in told
    assert school.news("helen") == before + 1


async def test_cancelling_what_pathway_booked_takes_it_out_of_the_calendars_by_itself(school: School) -> None:
    await school.opens("helen")
    opens_diaries(school, "helen", reads=["helen"])
    await road.told(school)
    await school.presses("helen", "Arrange the meeting")
    await school.fills("helen", slot=first_of(school), press="Book the one I chose")
    form = await school.presses("helen", "Cancel the meeting")
    assert "it goes out of both calendars" in form
    assert "delete it" not in form


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/l/meetup-join/1",
        "https://teams.microsoft.com@evil.example/l/meetup-join/1",
        "https://teams.microsoft.com.evil.example/1",
        "https://[teams.microsoft.com/1",
        "http://teams.microsoft.com/l/meetup-join/1",
        "javascript:alert('teams.microsoft.com')",
        "https://teams.microsoft.com/1 https://evil.example",
        "https://teams.microsoft.com/\u202e1",
    ],
)
async def test_the_button_to_join_leads_to_teams_and_nowhere_else(school: School, link: str) -> None:
    await school.opens("helen")
    reference = await road.told(school)
    await school.presses("helen", "Arrange the meeting")
    await school.fills("helen", slot=first_of(school), press="Book the one I chose")
    assert "Paste the whole link of a Teams meeting" in await school.fills(
        "helen", link=link, press="It is booked for "
    )
    assert school.value("helen", "link") == link
    await school.fills("helen", link="", press="It is booked for ")
    await school.says("helen", reference)
    assert not any("Join" in title for title in school.links("helen"))


async def test_who_has_a_link_joins_from_the_case_until_the_meeting_is_over(school: School) -> None:
    await school.opens("helen")
    reference = await road.told(school)
    await school.presses("helen", "Arrange the meeting")
    await school.fills("helen", slot=first_of(school), press="Book the one I chose")
    link = "https://teams.microsoft.com/l/meetup-join/1"
    await school.fills("helen", link=link, press="It is booked for ")
    await school.on("2026-10-14 15:45")
    for who in ("helen", "priya"):
        await school.says(who, reference)
        assert school.links(who)["Join the meeting in Teams"] == link, who
    await school.on("2026-10-14 16:01")
    for who in ("helen", "priya"):
        await school.says(who, reference)
        assert "Join the meeting in Teams" not in school.links(who), who
