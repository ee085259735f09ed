"""Story 3: a placement that ends, and its next steps within a week. Sian Pritchard, Daniel Okoro, Martin Leigh."""

from __future__ import annotations

import pytest

from pathway.process import Stage
from tests.conversations import planning, road
from tests.conversations import second_road as review
from tests.conversations.whole_story import DATA, WholeStory, stage
from tests.school import School

STORY = WholeStory(3, opens=("sian", "daniel", "martin", "sam", "nadia", "alan", "ruth"), student="daniel")
DECISION = "A new placement from January"
TRAINING_DAY = "the training day on Friday 20 November is not counted"


async def test_story_three_from_the_first_word_to_the_next_steps_meeting(school: School) -> None:
    assert await STORY.runs(school) == STORY.told
    assert await stage(school) is Stage.TERMINATED


@pytest.mark.skipif(not DATA.exists(), reason="needs the shared data beside the clone")
def test_story_three_is_told_as_the_data_tell_it() -> None:
    assert STORY.told == STORY.in_the_data


# -- a week ----------------------------------------------------------------------------------------------------------


@STORY.on("2026-11-09 13:00", "mentor start_draft", "mentor set_weekly_target")
async def sian_sets_a_weekly_target(school: School) -> None:
    await road.raises(school, "sian", "Daniel Okoro", areas="TS1,TS7,TS4")
    assert "Daniel has until Monday 16 November (5 school days)" in school.reads("sian")
    assert "Monday 16 November" in school.reads("daniel")


@STORY.on("2026-11-16 15:30", "mentor refer")
async def sian_tells_the_link_tutor(school: School) -> None:
    assert "How is Daniel Okoro getting on?" in school.reads("sian")
    await road.tells(school, "sian")
    assert road.EVIDENCE in school.reads("martin")


@STORY.on("2026-11-16 16:00", "link_tutor acknowledge")
async def martin_has_it(school: School) -> None:
    await school.presses("martin", "I have it")
    assert "Martin Leigh has it" in school.reads("sian")


@STORY.on("2026-11-16 16:05", "link_tutor book_meeting")
async def martin_books_the_meeting(school: School) -> None:
    await road.books(school, "martin", "2026-11-18", "16:00")
    for who in ("martin", "sian"):
        assert "Wednesday 18 November, 4pm" in school.reads(who), who


# -- the plan --------------------------------------------------------------------------------------------------------


@STORY.on("2026-11-18 08:00")
async def the_morning_of_the_meeting(school: School) -> None:
    assert "brief" in school.reads("martin")
    assert road.EVIDENCE in school.reads("martin")


@STORY.on("2026-11-18 16:45", "link_tutor agree_intervention")
async def both_say_not_as_expected(school: School) -> None:
    await road.records(school, "martin")
    assert "Open the support plan" not in school.buttons("martin")
    await road.says_own_view(school, "sian")
    decide = school.reads("martin")
    assert "Routines are not there yet" in decide
    assert "I see the same in most lessons" in decide
    await school.presses("martin", "Open the support plan")
    assert "support plan comes next" in school.reads("sian")
    assert [school.news(who) for who in ("nadia", "alan", "ruth")] == [1, 1, 1]


@STORY.on("2026-11-18 17:00", "link_tutor share_plan")
async def sian_writes_three_areas_there_and_then(school: School) -> None:
    form = await school.presses("sian", "Write the support plan")
    assert "Friday 27 November is proposed for the review: 5 school days" in form
    assert TRAINING_DAY in form
    assert [school.value("sian", f"area{n}") for n in (1, 2, 3)] == ["TS1", "TS7", "TS4"]
    typed = review.three_targets()
    asked = [field for field in typed if not field.startswith("area") and field != "promise"]
    assert len(asked) <= 14
    await school.fills("sian", typed, press="Check the plan")
    await school.presses("sian", "Agree this version")
    for _, target, measure in review.TARGETS:
        assert target in school.reads("martin")
        assert measure in school.reads("martin")
    await school.presses("martin", "I agree this version")
    assert "talk it through with Daniel" in school.reads("martin")


@STORY.on("2026-11-19 12:00", "link_tutor student_agreed")
async def martin_has_talked_it_through_with_daniel(school: School) -> None:
    await planning.talks_it_through(school, "martin")
    copy = school.reads("daniel")
    for told in (
        "You and Martin Leigh have talked about a support plan. It sets 3 targets for the days to Friday 27 November",
        f"5 school days; {TRAINING_DAY}",
        "Sian Pritchard and Martin Leigh are there to help you meet them",
        "It will decide whether the placement continues",
        *(target for _, target, _ in review.TARGETS),
    ):
        assert told in copy
    assert "has started" in school.reads("sian")
    assert [school.news(who) for who in ("nadia", "alan", "ruth")] == [1, 1, 1]


@STORY.on("2026-11-24 08:00")
async def halfway(school: School) -> None:
    assert "Is the extra support happening?" in school.transcript("sian")


@STORY.on("2026-11-27 08:00")
async def the_morning_of_the_review(school: School) -> None:
    for who in ("martin", "sian", "daniel"):
        assert "Friday 27 November, 9:30am" in school.reads(who), who


# -- the review ------------------------------------------------------------------------------------------------------


@STORY.on("2026-11-27 09:30", "link_tutor start_review")
async def the_review_begins(school: School) -> None:
    await review.reviews(school, "martin")


@STORY.on("2026-11-27 15:00", "link_tutor outcome_terminated")
async def martin_has_told_daniel_and_it_stands_in_writing(school: School) -> None:
    reference = school.reference("martin")
    form = await school.presses("martin", "Record the outcome")
    for seen in review.SAW:
        assert seen in form
    before = school.news("daniel")
    last = await school.fills("martin", review.outcome(school), press="The placement ends as failed")
    assert "Friday 4 December (5 working days)" in last
    assert "counts as a failed placement" in last
    for told in ("Sian Pritchard", "Course Director", "Level Lead", "Personal Tutor"):
        assert told in last
    refused = await school.fills("martin", lead_told_at="14:30", typed_confirmation="yes", press="End the placement")
    assert f"Type the reference {reference} to confirm" in refused
    assert school.news("daniel") == before
    assert "failed" not in "".join(school.reached("daniel"))
    saved = await school.fills("martin", typed_confirmation=reference, press="End the placement")
    assert "Daniel has it in writing now" in saved
    assert school.news("daniel") == before + 1
    _daniels_letter(school.reads("daniel"))
    for who in ("sian", "sam", "ruth", "alan", "nadia"):
        assert "Daniel Okoro" in school.reads(who), who
        assert "outcome of the review" in school.reads(who), who
    assert review.REASONS not in school.reads("nadia")
    assert [post.text for post in school.channel() if "review done" in post.text] == [f"Ref {reference}: review done."]


def _daniels_letter(letter: str) -> None:
    for words in (
        "As Martin Leigh told you on Friday 27 November, 2:10pm, with Sian Pritchard there",
        "this placement has ended and counts as a failed placement",
        "You are still a student on your course, and your university sessions go on",
        "The Course Director, the Level Lead and the Partnership Lead will meet you by Friday 4 December",
        "You can bring somebody with you",
        "Placement office, 0113 496 0102",
        "Student wellbeing",
        "How to appeal",
        "Student casework, 0113 496 0105",
        review.REASONS,
    ):
        assert words in letter, letter
    assert letter.count("failed") == 1


# -- the next steps --------------------------------------------------------------------------------------------------


@STORY.on("2026-11-27 16:00")
async def sam_books_the_next_steps_meeting(school: School) -> None:
    assert review.STUDENT_SAYS in await school.presses("alan", "Read the review")
    await school.presses("alan", "Back")
    await school.presses("sam", "Book the next steps meeting")
    await school.presses("sam", "Another time")
    assert school.value("sam", "day") == "2026-12-04"
    assert "Friday 4 December: 5 working days" in school.reads("sam")
    press = "Book it and tell everybody"
    booked = await school.fills("sam", day="2026-12-02", time="10:00", place="Room 204", press=press)
    assert "Wednesday 2 December, 10am" in booked
    for who in ("daniel", "ruth", "alan", "nadia"):
        assert "Wednesday 2 December, 10am" in school.reads(who), who


@STORY.on("2026-12-01 08:00")
async def the_day_before_it(school: School) -> None:
    for who in ("daniel", "ruth", "alan", "nadia"):
        assert "next steps meeting is on Wednesday 2 December, 10am" in school.reads(who), who


@STORY.on("2026-12-02 11:30", "partnership_lead hold_next_steps")
async def ruth_writes_down_what_was_decided(school: School) -> None:
    await school.says("ruth", school.reference("alan"))
    await school.presses("ruth", "Record the meeting")
    refused = await school.fills("ruth", decision=DECISION, press="Close the case and send Daniel the summary")
    assert "how to appeal" in refused
    await school.fills(
        "ruth",
        present="student,course_director,level_lead,partnership_lead",
        options="re-sit placement,interrupt studies",
        status="yes",
        teaching="yes",
        funding="Student finance, 0113 496 0107",
        follow_up="Ruth Adeyemi, by 11 December",
        leaflet_given="yes",
        appeal_given="yes",
        press="Close the case and send Daniel the summary",
    )
    summary = school.reads("daniel")
    for words in (
        DECISION,
        "Still a student on the course",
        "They go on as before",
        "Student finance, 0113 496 0107",
        "Ruth Adeyemi, by 11 December",
        "How to appeal",
    ):
        assert words in summary, summary
    assert DECISION in school.reads("martin")
    assert DECISION not in "".join(school.reached("sian"))


@STORY.on("2026-12-02 12:00")
async def then_it_is_over(school: School) -> None:
    for who in ("alan", "sian", "daniel", "sam", "ruth"):
        assert "You have no open cases" in await school.says(who, "my cases"), who
    posted = " ".join(f"{post.text} {post.summary}" for post in school.channel())
    for secret in ("ended", "continues", "fail", "Daniel", "Okoro"):
        assert secret not in posted
