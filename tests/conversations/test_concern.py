"""Raising a concern: one form, kept when something is wrong, saved half-filled, and the quieter ways to begin."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from tests.conversations import road
from tests.school import School


async def test_only_a_form_that_is_whole_goes_on_and_says_at_each_field_what_is_missing(school: School) -> None:
    await road.opens_form(school, "priya", "Tom Ashworth")
    refused = await school.fills("priya", seen=road.SEEN, press="Check my answers")
    assert "put right" in refused
    assert school.value("priya", "seen") == road.SEEN
    refused = await school.fills("priya", road.concern(school, going_well="", help=""), press="Check my answers")
    assert "Say what is going well" in refused
    assert "Choose the help" in refused
    assert school.value("priya", "target") == road.TARGET
    assert "Check your answers" in await school.fills(
        "priya", going_well=road.GOING_WELL, help="co_teaching", press="Check my answers"
    )


async def test_dates_that_cannot_be_are_refused_with_a_sentence(school: School) -> None:
    await road.opens_form(school, "priya", "Tom Ashworth")
    wrong = {
        "2026-10-07": ("on", "today or a day in the past"),
        "2026-10-06": ("check_on", "after today"),
        "2026-10-31": ("check_on", "school is closed"),
        "2027-01-29": ("check_on", "up to"),
    }
    for day, (field, sentence) in wrong.items():
        refused = await school.fills("priya", road.concern(school, **{field: day}), press="Check my answers")
        assert sentence in refused, day
        assert school.value("priya", field) == day
        assert school.value("priya", "seen") == road.SEEN


async def test_the_check_counts_from_the_talk_and_half_term_is_not_counted(school: School) -> None:
    await school.on("2026-10-21 12:30")
    await road.opens_form(school, "priya", "Tom Ashworth")
    assert school.value("priya", "check_on") == "2026-11-04"
    answers = await school.fills("priya", road.concern(school, on="2026-10-20"), press="Check my answers")
    assert "Tuesday 3 November" in answers
    assert "half term 26 to 30 October is not counted" in answers


async def test_nothing_is_told_before_the_answers_are_checked_and_they_can_be_changed(school: School) -> None:
    await school.opens("tom", "helen")
    await road.opens_form(school, "priya", "Tom Ashworth")
    await school.fills("priya", road.concern(school), press="Check my answers")
    assert school.news("tom") == 1
    await school.presses("priya", "Change something")
    assert school.value("priya", "target") == road.TARGET
    assert "Register the class at the door" in await school.fills(
        "priya", target="Register the class at the door", press="Check my answers"
    )
    await school.presses("priya", "Set the weekly target")
    assert "Register the class at the door" in school.reads("tom")


async def test_a_half_filled_form_waits_through_a_restart_and_only_its_author_sees_it(school: School) -> None:
    await road.opens_form(school, "priya", "Tom Ashworth")
    saved = await school.fills("priya", seen=road.SEEN, help="co_teaching,other", press="Save for later")
    assert "Only you can see it" in saved
    await school.restarts()
    await school.says("lucy", "concern")
    assert "half-filled" not in school.reads("lucy")
    await school.passes(days=2)
    await school.says("priya", "concern")
    assert "Tuesday 6 October" in school.reads("priya")
    await school.presses("priya", "Go on with it")
    assert (school.value("priya", "seen"), school.value("priya", "help")) == (road.SEEN, "co_teaching,other")
    await school.fills("priya", road.concern(school), press="Check my answers")
    await school.presses("priya", "Set the weekly target")
    await school.says("priya", "concern")
    assert "I am just starting" in school.buttons("priya")


async def test_a_draft_can_be_thrown_away_and_nothing_of_it_is_left(school: School) -> None:
    await road.opens_form(school, "priya", "Tom Ashworth")
    await school.fills("priya", seen=road.SEEN, press="Save for later")
    assert any(road.SEEN in text for text in (await school.kept()).values())
    files = {file for file in school.on_disk() if file.startswith("drafts/")}
    assert files
    await school.presses("priya", "Throw it away")
    assert not any(road.SEEN in text for text in (await school.kept()).values())
    assert not files & school.on_disk().keys()


async def test_a_draft_is_remembered_once_and_gone_after_five_school_days(school: School) -> None:
    await road.opens_form(school, "priya", "Tom Ashworth")
    await school.fills("priya", seen=road.SEEN, press="Save for later")
    before = school.news("priya")
    await school.on("2026-10-13 17:00")
    assert school.news("priya") == before + 1
    await school.on("2026-10-15 09:00")
    assert school.news("priya") == before + 1
    assert not any(road.SEEN in text for text in (await school.kept()).values())
    assert not any(file.startswith("drafts/") for file in school.on_disk())


async def test_a_draft_is_remembered_on_its_very_morning_though_drafts_were_looked_at_seconds_before(
    school: School,
) -> None:
    await road.opens_form(school, "priya", "Tom Ashworth")
    await school.fills("priya", seen=road.SEEN, press="Save for later")
    before = school.news("priya")
    await school.on("2026-10-13 07:59:55")
    assert school.news("priya") == before
    await school.passes(seconds=6)
    assert school.news("priya") == before + 1


async def test_a_draft_that_a_kill_left_behind_after_it_was_sent_is_not_offered_again(school: School) -> None:
    await road.opens_form(school, "priya", "Tom Ashworth")
    await school.fills("priya", road.concern(school), press="Check my answers")
    drafts = school.parts.stores.drafts
    (draft,) = await drafts.drafts_before(school.now + timedelta(days=1))
    answers = school.newest("priya")
    await school.presses("priya", "Set the weekly target")
    for again in ("a mentor who begins anew", "the press, delivered again"):
        await drafts.keep(draft)
        if again == "a mentor who begins anew":
            assert "half-filled" not in await school.says("priya", "concern about Tomas")
        else:
            await school.presses("priya", "Set the weekly target", card=answers)
        assert await drafts.drafts_of(draft.person) == []
    await drafts.keep(draft)
    await school.on("2026-10-13 08:30")
    assert not any("something you saved" in m.summary for m in school.teams.chat("priya"))
    assert await drafts.drafts_of(draft.person) == []


@contextmanager
def full_disk() -> Iterator[None]:
    """No file may grow beyond a hundred bytes: the real disk refuses."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_what_a_full_disk_did_not_take_stands_in_the_form_and_is_sent_when_there_is_room(school: School) -> None:
    school.expects_errors = True
    await road.opens_form(school, "priya", "Tom Ashworth")
    await school.fills("priya", road.concern(school), press="Check my answers")
    message, verb, data = school.wire("priya", "Set the weekly target")
    with full_disk():
        answer = await school.teams.press(school.people["priya"], message.id, verb, data)
    assert "could not save this just now" in str(answer.card)
    assert school.value("priya", "seen") == road.SEEN
    assert school.value("priya", "help") == "joint_planning,modelled_lesson"
    await school.presses("priya", "Check my answers")
    await school.presses("priya", "Set the weekly target")
    assert "The weekly target is set" in school.reads("priya")


async def test_who_has_not_talked_yet_gets_help_for_the_talk_and_a_private_draft(school: School) -> None:
    await school.opens("tom")
    await road.opens_form(school, "priya", "Tom Ashworth")
    helped = await school.fills("priya", seen=road.SEEN, press="I have not talked to them yet")
    assert "First, the conversation" in helped
    assert "Tom Ashworth" in helped
    assert "going well" in helped
    assert school.news("tom") == 1
    await school.passes(days=1)
    await school.presses("priya", "I have talked to them: go on")
    assert school.value("priya", "seen") == road.SEEN
    await school.fills("priya", road.concern(school), press="Check my answers")
    await school.presses("priya", "Set the weekly target")
    assert school.news("tom") == 2


async def test_a_target_that_was_not_enough_goes_straight_to_the_link_tutor(school: School) -> None:
    await school.opens("helen", "tom", "sam")
    await road.opens_form(school, "priya", "Tom Ashworth", begins="My weekly target was not enough")
    filled = {
        "target_set_on": "2026-09-21",
        "target": road.TARGET,
        "seen": "Still lost in the noise after two weeks",
        "going_well": road.GOING_WELL,
        "help": "co_teaching",
        "areas": "TS7",
        "student_aware": "yes",
    }
    answers = await school.fills("priya", filled, press="Check my answers")
    assert "Monday 21 September" in answers
    await school.presses("priya", "Tell the Link Tutor")
    brief = school.reads("helen")
    for told in ("Tom Ashworth", road.TARGET, "Still lost in the noise", "Teaching together"):
        assert told in brief
    assert "Dr Helen Marsh" in school.reads("tom")
    assert len(school.channel()) == 2


async def test_what_cannot_wait_a_week_needs_a_reason_and_the_student_may_not_know_yet(school: School) -> None:
    await school.opens("helen", "tom")
    await road.opens_form(school, "priya", "Tom Ashworth", begins="It cannot wait a week")
    filled = {"seen": road.SEEN, "going_well": road.GOING_WELL, "areas": "TS7", "student_aware": "no"}
    refused = await school.fills("priya", filled, press="Check my answers")
    assert "Say why the week for a first target is skipped" in refused
    assert "does not know yet" in refused
    why = {"skip_because": "He has lost two classes", "student_unaware_because": "He is away until Thursday"}
    answers = await school.fills("priya", why, press="Check my answers")
    assert "Tom Ashworth is not told by Pathway" in answers
    await school.presses("priya", "Tell the Link Tutor")
    assert "He has lost two classes" in await school.presses("helen", "Read everything")
    assert "does not know yet" in school.reads("helen")
    assert school.news("tom") == 1
    assert "You have no open cases" in await school.says("tom", "my cases")


async def test_advice_is_a_question_to_the_link_tutor_and_opens_no_case(school: School) -> None:
    await school.opens("helen", "tom", "sam")
    await school.says("priya", "concern about Tom Ashworth")
    await school.presses("priya", "I only want advice")
    question = "How much noise is too much in a first placement?"
    await school.fills("priya", question=question, press="Send my question")
    asked = school.reads("helen")
    assert question in asked
    assert "Priya Nair" in asked
    assert "Tom Ashworth" in asked
    assert "p.nair%40hollinbank" in next(iter(school.links("helen").values()))
    assert school.news("tom") == school.news("sam") == 1
    assert school.channel() == ()
    assert not any(question in text for text in school.on_disk().values())
    assert "You have no open cases" in await school.says("priya", "my cases")


async def test_a_question_about_safeguarding_is_not_passed_on(school: School) -> None:
    await school.opens("helen")
    await school.says("priya", "concern about Tom Ashworth")
    await school.presses("priya", "I only want advice")
    before = school.on_disk()
    said = await school.fills("priya", question="Is this a safeguarding matter?", press="Send my question")
    assert "designated safeguarding lead" in said
    assert school.news("helen") == 1
    assert school.on_disk() == before


async def test_safeguarding_typed_into_the_chat_brings_the_way_out(school: School) -> None:
    assert "designated safeguarding lead" in await school.says("priya", "I have a safeguarding question")


async def test_one_concern_at_a_time_the_second_leads_to_the_first_and_what_was_typed_is_kept(school: School) -> None:
    reference = await road.raises(school, "priya", "Tom Ashworth")
    await road.opens_form(school, "lucy", "Tom Ashworth")
    shown = await school.fills(
        "lucy", road.concern(school, seen="Late for registration twice"), press="Check my answers"
    )
    assert reference in shown
    assert "open case already" in shown
    await school.says("lucy", "concern")
    await school.presses("lucy", "Go on with it")
    assert school.value("lucy", "seen") == "Late for registration twice"


async def test_a_mentor_is_offered_only_students_of_their_own(school: School) -> None:
    await road.opens_form(school, "priya", "Aisha Rahman")
    assert school.buttons("priya") == ["Tom Ashworth", "Tomas Ashby"]
    await school.says("tom", "concern about Tomas Ashby")
    assert "No current placement" in school.reads("tom")


async def test_a_link_tutor_enters_a_concern_for_the_mentor_and_it_shows(school: School) -> None:
    await school.opens("priya", "tom")
    await road.opens_form(school, "helen", "Tom Ashworth")
    assert "You are entering this for Priya Nair" in school.reads("helen")
    await school.fills("helen", road.concern(school), press="Check my answers")
    await school.presses("helen", "Set the weekly target")
    assert "Dr Helen Marsh entered this for you" in school.reads("priya")
    assert "Met, and I have told Tom" in school.buttons("priya")
    assert "Priya Nair" in school.reads("tom")


async def test_everything_that_is_missing_is_said_at_once(school: School) -> None:
    await road.opens_form(school, "priya", "Tom Ashworth")
    refused = await school.fills("priya", seen=road.SEEN, press="Check my answers")
    for missing in ("Choose the day on which you talked", "what is going well", "Write the target", "Choose the area"):
        assert missing in refused
    assert school.value("priya", "seen") == road.SEEN
