"""What is next and what failed: for the administrator on the command line, and for the Partnership Team in Teams."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pathway.jobs import job_id
from tests.conversations import road
from tests.conversations.command import Said, bot
from tests.school import School


def names_nobody(school: School, said: Said) -> bool:
    words = f"{said.out} {said.err}"
    return not any(part in words for p in school.people.values() for part in (*p.name.split()[-1:], p.email, p.key))


@pytest.fixture
async def without_mail(tmp_path: Path) -> AsyncIterator[School]:
    async with School(tmp_path, has_mail=False) as it:
        yield it
        assert it.leaks() == []
        assert it.errors() == []


async def result_of(school: School, reference: str, part: str) -> str:
    """What the case keeps of the message whose send key contains *part*."""
    book = school.parts.stores.book
    case_id = await book.case_with_reference(reference)
    assert case_id
    return next(result for key, result in (await book.sent(case_id)).items() if part in key)


# -- on the command line ---------------------------------------------------------------------------------------------


async def test_the_list_says_what_comes_next_what_waits_and_what_failed_and_names_nobody(without_mail: School) -> None:
    school = without_mail
    await school.opens("helen")
    reference = await road.raises(school)
    school.teams.fail_next(503, times=40)
    await school.on("2026-10-13 15:30")
    listed = await bot(school, "jobs")
    assert listed.status == 0, listed.err
    ahead, waiting, failed, last = (part.split("\n") for part in listed.out.split(":\n  ")[1:])
    assert f"{reference}  Wednesday 14 October, 8am; Mentor; One-week check" in ahead[0]
    assert f"{reference}  " in waiting[0]
    assert re.search(r"Mentor; One-week check; tried (once|\d+ times): the connector answered 503", waiting[0])
    assert "Student; a copy for you; not in Teams, and no way for mail is set" in failed[0]
    assert "the connector answered 503; tried again later" in last[0]
    assert names_nobody(school, listed)
    while school.teams.take_fault("connector"):
        pass


async def test_a_message_is_withdrawn_with_a_reason_and_the_case_keeps_who_when_and_why(without_mail: School) -> None:
    school = without_mail
    reference = await road.raises(school)
    id_ = (await bot(school, "jobs")).id_in("Student; a copy for you")
    done = await bot(school, "jobs", "cancel", id_, "--because", "told at school")
    assert (done.status, done.err) == (0, "")
    assert "does not go out any more" in done.out
    kept = await result_of(school, reference, "target_copy")
    assert kept.startswith("withdrawn by account ")
    assert kept.endswith("at 2026-10-06T08:00:00+00:00: told at school")
    await school.opens("tom")
    await school.passes(days=1)
    assert not school.shows("tom", road.TARGET)
    assert "a copy for you" not in (await bot(school, "jobs")).out
    again = await bot(school, "jobs", "cancel", id_, "--because", "told at school")
    assert (again.status, again.out) == (2, "")
    assert "Nothing of that id waits any more" in again.err


async def test_what_failed_is_tried_again_at_once_and_arrives(without_mail: School) -> None:
    school = without_mail
    await road.raises(school)
    await school.stops()
    school.has_mail = True
    await school.starts()
    id_ = (await bot(school, "jobs")).id_in("Student; a copy for you")
    assert (await bot(school, "jobs", "retry", id_)).status == 0
    await school.passes(minutes=1)
    (letter,) = school.mail("tom")
    assert road.TARGET in letter.text


async def test_a_reminder_cannot_be_cancelled_and_it_is_said_what_ends_it(school: School) -> None:
    reference = await road.raises(school)
    id_ = (await bot(school, "jobs")).id_in("One-week check")
    no = await bot(school, "jobs", "cancel", id_, "--because", "not needed")
    assert (no.status, no.out) == (2, "")
    assert "reminders cannot be cancelled" in no.err
    assert f"One-week check. Open case {reference} in Teams" in no.err
    assert id_ in (await bot(school, "jobs")).out


async def test_what_waits_for_the_morning_can_be_withdrawn_and_needs_no_retry(school: School) -> None:
    await school.opens("helen")
    await road.raises(school)
    await school.on("2026-10-13 18:00")
    await road.tells(school)
    id_ = (await bot(school, "jobs")).id_in("Link Tutor; your help is asked for; not tried yet")
    no = await bot(school, "jobs", "retry", id_)
    assert (no.status, no.err) == (2, "Nothing has failed there: it goes out by itself at its time.\n")
    assert (await bot(school, "jobs", "cancel", id_, "--because", "rung already")).status == 0
    await school.on("2026-10-14 08:30")
    told = [m.summary for m in school.teams.chat("helen") if m.sender == "bot"]
    assert [s.partition(": ")[2] for s in told] == ["hello", "a reminder"]


async def test_the_list_can_be_read_when_no_bot_runs(without_mail: School) -> None:
    school = without_mail
    reference = await road.raises(school)
    await school.stops()
    listed = await bot(school, "jobs")
    assert listed.status == 0
    assert f"{reference}  since Tuesday 6 October, 9am; Student; a copy for you" in listed.out
    await school.starts()


@pytest.mark.parametrize(("id_", "why"), [("ab", "at least 6 characters"), ("abcdef12", "Nothing of that id waits")])
async def test_an_id_that_is_none_is_refused_in_a_sentence(school: School, id_: str, why: str) -> None:
    no = await bot(school, "jobs", "retry", id_)
    assert (no.status, no.out) == (2, "")
    assert why in no.err


# -- in Teams --------------------------------------------------------------------------------------------------------


async def test_the_office_sees_what_is_next_and_withdraws_what_waits_with_a_reason(school: School) -> None:
    await school.opens("helen", "sam")
    await school.on("2026-10-13 16:00")
    reference = await road.raises(school)
    await school.on("2026-10-20 18:00")
    await road.tells(school)
    listed = await school.says("sam", "jobs")
    assert f"Wednesday 21 October, 8am: Link Tutor acknowledges, to the Link Tutor. Ref {reference}" in listed
    assert "To Dr Helen Marsh" in listed
    assert "Goes out by itself: Wednesday 21 October, 8am" in listed
    assert "keeps to the hours of its reader" in await school.presses("sam", "See to number 1")
    assert "Try again" not in school.buttons("sam")
    await school.presses("sam", "Do not send")
    message, verb, data = school.wire("sam", "Do not send this", reason="Rung already")
    assert "Say why in a line." in await school.sends("sam", message.id, verb, {**data, "reason": " "})
    assert "It does not go out any more." in await school.fills("sam", press="Do not send this", reason="Rung already")
    assert "To Dr Helen Marsh" not in school.reads("sam")
    kept = await result_of(school, reference, "case_for_you")
    sam = await school.parts.stores.roster.by_email(school.people["sam"].email)
    assert sam is not None
    assert kept == f"withdrawn by {sam.id} at 2026-10-20T17:00:00+00:00: Rung already"
    await school.on("2026-10-21 08:30")
    assert "your help is asked for" not in str([m.summary for m in school.teams.chat("helen")])


async def test_what_failed_can_be_withdrawn_from_where_it_is_listed(without_mail: School) -> None:
    school = without_mail
    await school.opens("sam", "tom")
    reference = await road.told(school)
    assert "It did not arrive, since" in await school.says("sam", "jobs")
    await school.presses("sam", "See to number 1")
    await school.presses("sam", "Do not send")
    said = await school.fills("sam", press="Do not send this", reason="Dr Marsh has left")
    assert "It does not go out any more." in said
    assert (await result_of(school, reference, "case_for_you")).endswith(": Dr Marsh has left")
    assert not await school.parts.stores.book.parked()


async def test_the_office_has_what_teams_did_not_take_tried_again(school: School) -> None:
    await school.opens("helen", "sam")
    await road.raises(school)
    await school.on("2026-10-13 15:30")
    await school.presses("priya", "Not yet: tell the Link Tutor")
    school.mailbox.refuse_next("451 Try again later")
    await school.fills("priya", evidence=road.EVIDENCE, press="Tell the Link Tutor: ")
    assert "To Tom Ashworth" in await school.says("sam", "what failed")
    assert "Teams or the mail server has not taken it yet" in await school.presses("sam", "See to number 1")
    there_were = len(school.mail("tom"))
    assert "It is being tried again" in await school.presses("sam", "Try again")
    assert len(school.mail("tom")) == there_were + 1


async def test_of_a_case_that_is_not_with_the_office_yet_it_sees_a_number_only(without_mail: School) -> None:
    school = without_mail
    await school.opens("sam")
    reference = await road.raises(school)
    listed = await school.says("sam", "jobs")
    assert "No reminder is planned." in listed
    assert "belong to cases that are not with you yet" in listed
    assert reference not in listed
    (parked,) = await school.parts.stores.book.parked()
    newest = school.newest("sam")
    for verb in ("jobs.see", "jobs.again", "jobs.withdraw", "jobs.withdrawn"):
        data = {"letter": job_id(parked), "reason": "No need"}
        assert "That has been seen to already." in await school.sends("sam", newest.id, verb, data)
    assert [one.id for one in await school.parts.stores.book.parked()] == [parked.id]


@pytest.mark.parametrize("who", ["priya", "helen", "tom"])
async def test_nobody_else_sees_the_list_or_can_do_anything_with_it(without_mail: School, who: str) -> None:
    school = without_mail
    await school.opens("priya", "sam", who)
    await road.told(school)
    assert "This is kept for the Partnership Team" in await school.says(who, "jobs")
    for parked in await school.parts.stores.book.parked():
        data = {"letter": job_id(parked), "reason": "No need", "form": "jobs.withdraw"}
        for verb in ("jobs.list", "jobs.see", "jobs.again", "jobs.withdraw", "jobs.withdrawn"):
            said = await school.sends(who, school.newest(who).id, verb, data)
            assert "This is kept for the Partnership Team" in said
    assert await school.parts.stores.book.parked()


async def test_in_the_channel_the_list_is_never_shown(school: School) -> None:
    await school.opens("sam")
    await road.told(school)
    await school.teams.say_in_channel(school.people["sam"], "jobs")
    assert "What is next, and what did not arrive" in school.reads("sam")
    assert "What is next" not in str(school.channel())
