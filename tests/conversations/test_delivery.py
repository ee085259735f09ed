"""What is recorded is told: in hours, in order, once; through restarts, full lines and shut doors."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from pathway.jobs import MOST_TRIES
from pathway.people import Person
from tests.conversations import road
from tests.school import School


async def test_what_happens_in_the_evening_is_told_at_eight_the_next_morning(school: School) -> None:
    await school.opens("helen", "tom")
    await road.raises(school)
    await school.on("2026-10-13 17:31")
    await road.tells(school)
    assert (school.news("helen"), school.news("tom"), school.channel()) == (1, 2, ())
    await school.on("2026-10-14 07:59")
    assert (school.news("helen"), school.news("tom"), school.channel()) == (1, 2, ())
    await school.on("2026-10-14 08:00")
    assert road.EVIDENCE in school.reads("helen")
    assert "Dr Helen Marsh" in school.reads("tom")
    assert len(school.channel()) == 2


async def test_what_a_mentor_does_on_friday_night_reaches_the_student_on_monday(school: School) -> None:
    await school.opens("tom")
    await school.on("2026-10-09 18:00")
    await road.raises(school)
    await school.on("2026-10-12 07:59")
    assert school.news("tom") == 1
    await school.on("2026-10-12 08:00")
    assert road.TARGET in school.reads("tom")


async def test_in_half_term_the_school_hears_nothing_and_the_university_does(school: School) -> None:
    await school.opens("helen", "tom")
    await school.on("2026-10-20 12:00")
    await road.raises(school)
    await school.on("2026-10-27 10:00")
    await road.tells(school, early_because="It is better said now")
    assert road.EVIDENCE in school.reads("helen")
    assert school.news("tom") == 2
    before = school.news("priya")
    await school.presses("helen", "I have it")
    assert school.news("priya") == before
    await school.on("2026-11-02 08:00")
    assert school.news("priya") == before + 1
    assert "Dr Helen Marsh has it" in school.reads("priya")
    assert "has been told" in school.reads("tom")


async def test_several_reminders_of_one_morning_come_as_one_message(school: School) -> None:
    references = [await road.raises(school, about=about) for about in ("Tom Ashworth", "Tomas")]
    before = school.news("priya")
    await school.on("2026-10-12 08:00")
    assert school.news("priya") == before + 1
    morning = school.reads("priya")
    assert "Tom Ashworth" in morning
    assert "Tomas Ashby" in morning
    for reference in references:
        assert f"Open {reference}" in school.buttons("priya")
    await school.on("2026-10-13 15:30")
    assert school.news("priya") == before + 3


async def test_a_restart_repeats_nothing_and_forgets_nothing(school: School) -> None:
    await school.opens("helen", "tom", "sam")
    await road.told(school)
    await road.books(school)
    said = {who: school.news(who) for who in (*school.people, "channel")}
    await school.restarts()
    await school.restarts()
    assert {who: school.news(who) for who in said} == said
    await school.on("2026-10-19 16:30")
    await road.records(school)
    assert "What is your view?" in school.reads("priya")


async def test_what_was_recorded_when_the_bot_died_is_told_once_when_it_is_back(school: School) -> None:
    await school.opens("helen", "tom")
    await road.raises(school)
    await school.on("2026-10-13 15:30")
    await school.sends_nothing_more()
    await school.presses("priya", "Not yet: tell the Link Tutor")
    message, verb, data = school.wire("priya", "Tell the Link Tutor: ", evidence=road.EVIDENCE)
    shown = await school.teams.press(school.people["priya"], message.id, verb, data)
    assert shown.ok
    assert (school.news("helen"), school.news("tom"), school.channel()) == (1, 2, ())
    await school.restarts()
    assert road.EVIDENCE in school.reads("helen")
    assert (school.news("helen"), school.news("tom"), len(school.channel())) == (2, 3, 2)
    await school.restarts()
    assert (school.news("helen"), school.news("tom"), len(school.channel())) == (2, 3, 2)


async def test_a_bot_that_was_off_for_days_sends_the_latest_word_and_says_that_it_is_late(school: School) -> None:
    await road.raises(school)
    before = school.news("priya")
    await school.stops()
    school.sleeps_until("2026-10-15 09:00")
    await school.starts()
    assert school.news("priya") == before + 1
    assert "due on Tuesday 13 October" in school.reads("priya")
    assert "How is Tom Ashworth getting on?" in school.reads("priya")


async def test_a_busy_teams_gets_it_later_once_and_in_order(school: School) -> None:
    await school.opens("helen", "tom")
    await road.raises(school)
    await school.on("2026-10-13 15:30")
    await school.presses("priya", "Not yet: tell the Link Tutor")
    school.teams.fail_next(429, retry_after=1, times=40)
    await school.fills("priya", evidence=road.EVIDENCE, press="Tell the Link Tutor: ")
    assert (school.news("helen"), school.news("tom")) == (1, 2)
    while school.teams.take_fault("connector"):
        pass
    await school.passes(minutes=10)
    assert road.EVIDENCE in school.reads("helen")
    assert (school.news("helen"), school.news("tom"), len(school.channel())) == (2, 3, 2)


async def test_a_fault_of_teams_keeps_the_order_in_a_chat(school: School) -> None:
    await school.opens("helen", "priya")
    await road.told(school)
    school.teams.fail_next(503, times=3)
    await school.presses("helen", "I have it")
    await road.books(school)
    await school.passes(minutes=15)
    told = [m for m in school.teams.chat("priya") if m.sender == "bot"]
    newest = school.reads("priya")
    assert "Monday 19 October, 3:45pm" in newest
    assert len(told) == 6
    await school.passes(hours=1)
    assert len([m for m in school.teams.chat("priya") if m.sender == "bot"]) == 6


async def test_a_message_whose_answer_was_lost_may_come_twice_and_says_so(school: School) -> None:
    await school.opens("helen")
    await road.raises(school)
    await school.on("2026-10-13 15:30")
    await school.presses("priya", "Not yet: tell the Link Tutor")
    school.teams.fail_next(502, times=1, after_applying=True)
    await school.fills("priya", evidence=road.EVIDENCE, press="Tell the Link Tutor: ")
    await school.passes(minutes=10)
    assert school.news("helen") in {2, 3}
    assert road.EVIDENCE in school.reads("helen")


async def test_once_nobody_can_say_whether_it_arrived_that_stays_so_whatever_comes_after(school: School) -> None:
    await school.opens("helen")
    await road.raises(school)
    await school.on("2026-10-13 15:30")
    await school.presses("priya", "Not yet: tell the Link Tutor")
    message, verb, data = school.wire("priya", "Tell the Link Tutor: ", evidence=road.EVIDENCE)
    school.teams.fail_next(502, times=3)
    school.teams.fail_next(429, retry_after=1, times=3)
    await school.sends("priya", message.id, verb, data)
    for _ in range(6):
        await school.passes(minutes=6)
    assert road.EVIDENCE in school.reads("helen")
    assert "Sent again, in case the first one did not arrive." in school.reads("helen")


async def test_whoever_has_blocked_the_bot_gets_it_by_mail(school: School) -> None:
    await school.opens("helen", "tom")
    await road.raises(school)
    await school.on("2026-10-13 15:30")
    school.teams.transcript.set_installed("helen", installed=False)
    await road.tells(school)
    (letter,) = school.mail("helen")
    assert road.EVIDENCE in letter.text
    assert "To have them there again, open Pathway and write “hi”: https://teams.microsoft.com/l/chat/" in letter.text
    assert school.mail("tom") == ()


async def test_whoever_has_never_opened_the_bot_gets_it_by_mail(school: School) -> None:
    reference = await road.raises(school)
    (letter,) = school.mail("tom")
    assert road.TARGET in letter.text
    assert reference in letter.subject
    assert "Hello Tom Ashworth" in letter.text


async def test_a_mail_that_is_put_off_is_sent_later_and_one_refused_for_good_is_not(school: School) -> None:
    school.mailbox.refuse_next("451 Try again later")
    await road.raises(school)
    assert school.mail("tom") == ()
    await school.passes(minutes=10)
    assert len(school.mail("tom")) == 1
    school.mailbox.refuse_next("550 No such mailbox")
    await school.presses("priya", "Met, and I have told Tom")
    await school.passes(days=1)
    assert len(school.mail("tom")) == 1


async def test_a_mail_whose_answer_was_lost_may_come_twice_and_says_so(school: School) -> None:
    school.mailbox.lose_next_answer()
    await road.raises(school)
    await school.passes(minutes=10)
    first, second = school.mail("tom")
    assert "Sent again" not in first.text
    assert "Sent again, in case the first one did not arrive." in second.text


async def test_a_token_that_cannot_be_had_holds_everything_and_loses_nothing(school: School) -> None:
    school.expects_errors = True
    await school.opens("helen")
    await road.raises(school)
    await school.on("2026-10-13 15:30")
    await school.restarts()
    school.teams.fail_next(503, times=60, where="token")
    await school.presses("priya", "Not yet: tell the Link Tutor")
    await school.fills("priya", evidence=road.EVIDENCE, press="Tell the Link Tutor: ")
    assert school.news("helen") == 1
    while school.teams.take_fault("token"):
        pass
    await school.restarts()
    await school.passes(minutes=30)
    assert road.EVIDENCE in school.reads("helen")
    assert school.news("helen") == 2


async def test_what_was_overtaken_before_it_could_go_out_is_not_sent(school: School) -> None:
    await school.opens("helen")
    await road.raises(school)
    await school.on("2026-10-13 18:00")
    await road.tells(school)
    await road.presses_rarer(school, "priya", "Go on with the weekly target instead")
    await school.fills("priya", reason="It was one bad day", press="Go on with the target")
    await school.on("2026-10-14 08:30")
    assert "I have it" not in school.buttons("helen")


async def test_the_receipt_is_edited_in_place_and_older_cards_point_to_the_newest(school: School) -> None:
    await school.opens("helen")
    await road.told(school)
    receipt = school.newest("priya")
    there_were = school.news("priya")
    await school.presses("helen", "I have it")
    notice = school.newest("priya")
    assert school.news("priya") == there_were + 1
    old = next(m for m in school.teams.chat("priya") if m.id == receipt.id)
    assert old.edited is not None
    assert "newer card" in str(old.card)
    assert "has it" in await school.presses("priya", "Show it here", card=old)
    assert notice.id != receipt.id
    seconds = school.news("helen")
    await school.presses("priya", "I spoke to a colleague")
    assert school.news("helen") == seconds
    assert "spoke to a colleague" in school.reads("helen").casefold()


async def test_an_open_form_is_left_alone_when_somebody_else_acts(school: School) -> None:
    await school.opens("helen", "lucy")
    reference = await road.told(school)
    await school.presses("helen", "Arrange the meeting")
    await school.presses("helen", "Another time")
    form = school.newest("helen")
    await school.says("lucy", reference)
    await school.presses("lucy", "I spoke to a colleague")
    still = next(m for m in school.teams.chat("helen") if m.id == form.id)
    assert still.card == form.card
    await school.fills("helen", day="2026-10-19", time="15:45", press="Make the invitation")
    assert "Monday 19 October" in school.reads("helen")


async def test_what_is_recorded_while_a_sweep_is_under_way_does_not_wait_for_the_next(school: School) -> None:
    clock = school.parts.clock
    async with asyncio.TaskGroup() as both:
        both.create_task(clock.tick())
        await asyncio.sleep(0)
        clock.wake_soon()
    assert clock._soon is not None
    assert clock._soon.when() - asyncio.get_running_loop().time() < 1


async def test_what_was_tried_for_two_days_in_vain_is_tried_no_more_and_the_office_sees_to_it(school: School) -> None:
    await school.opens("helen", "sam")
    await road.raises(school)
    await school.on("2026-10-13 15:30")
    await school.presses("priya", "Not yet: tell the Link Tutor")
    message, verb, data = school.wire("priya", "Tell the Link Tutor: ", evidence=road.EVIDENCE)
    school.expects_errors = True
    school.teams.fail_next(503, times=1000)
    await school.sends("priya", message.id, verb, data)
    await has_been_tried(school, MOST_TRIES - 1)
    await school.passes(minutes=6)
    assert await school.parts.stores.book.parked() == []
    await school.passes(days=2)
    parked = {claim.item.to for claim in await school.parts.stores.book.parked() if claim.item}
    assert parked >= {(await helen(school)).id, "channel"}
    while school.teams.take_fault("connector"):
        pass
    await school.passes(hours=3)
    assert not school.shows("helen", road.EVIDENCE)
    assert school.shows("sam", "A message did not reach its reader.")

    assert "To Dr Helen Marsh" in await school.says("sam", "not delivered")
    number = 1
    while "To Dr Helen Marsh" not in (seen := await sees(school, number)):
        number += 1
    assert "It was tried for two days, and Teams or the mail server did not take it." in seen
    assert "It is being tried again" in await school.presses("sam", "Try again")
    assert school.shows("helen", road.EVIDENCE)


async def helen(school: School) -> Person:
    found = await school.parts.stores.roster.by_email(school.people["helen"].email)
    assert found is not None
    return found


async def has_been_tried(school: School, times: int) -> None:
    """What waits to go out has been tried so often in vain."""
    book = school.parts.stores.book
    for waiting in await book.delayed(1):
        claim = await book.hold(waiting.id, "test", school.now, timedelta(minutes=1))
        assert claim is not None
        assert await book.retry(replace(claim, attempts=times), claim.due, claim.error)


async def sees(school: School, number: int) -> str:
    await school.says("sam", "not delivered")
    return await school.presses("sam", f"See to number {number}")
