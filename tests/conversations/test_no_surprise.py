"""The student never by surprise: over stories 2, 3 and 9, everything that ever reached the student, step by step.

Between all steps the student also asks the bot whatever a student can ask. Of the concern, the plan and the outcome
nothing comes before the step with which a person recorded that they had spoken about it; each comes with that step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from pathway.events import DraftStarted, Record
from tests.conversations import planning, road, test_story_nine, test_story_three, test_story_two
from tests.conversations import second_road as review
from tests.conversations.whole_story import WholeStory, the_case
from tests.school import School

CONCERN, PLAN, ENDED = "set_weekly_target", "student_agreed", "outcome_"
#: With these steps somebody says that the student knows.
TELLING = (CONCERN, "refer", PLAN, ENDED)
#: Said in the record of the meeting, and for the eyes of those who were in it.
VIEWS = ("Routines are not there yet", "I see the same in most lessons", test_story_nine.THIN)
#: What tells a student of each of the three, whoever's words they are: in no card of any kind before its time.
WORDS: Mapping[str, Sequence[str]] = {
    CONCERN: ("your target", "weekly target", "is working on", "has seen", "link tutor told", "standards", "core area"),
    PLAN: ("support plan", "review meeting", "review decides", "promised support", "not as expected"),
    ENDED: (
        "your placement continues",
        "the placement continues, closed",
        "has ended",
        "failed",
        "well done",
        "outcome",
        "next steps",
        "how to appeal",
    ),
}
#: What a locked screen shows is a reference, and that there is something.
IN_NO_TOAST = ("plan ", "review", "target", "concern", "continues", "ended", "fail", "outcome", "terminat")
#: What people typed of each.
TYPED: Mapping[int, Mapping[str, Sequence[str]]] = {
    2: {
        CONCERN: (road.SEEN, road.TARGET, road.MEASURE, road.GOING_WELL),
        PLAN: tuple(words for words in test_story_two.PLAN.values() if " " in words),
        ENDED: (test_story_two.REASONS, *test_story_two.SAW, review.LESSON, review.SUPPORT),
    },
    3: {
        CONCERN: (road.SEEN, road.TARGET, road.MEASURE, road.GOING_WELL),
        PLAN: (*(words for _, *row in review.TARGETS for words in row), review.PROMISE),
        ENDED: (review.REASONS, *review.SAW, review.LESSON, review.SUPPORT),
    },
    9: {
        CONCERN: (road.SEEN, road.TARGET, road.MEASURE, road.GOING_WELL),
        PLAN: tuple(words for words in planning.PLAN.values() if " " in words),
        ENDED: (test_story_nine.REASONS, review.LESSON, review.SUPPORT),
    },
}
STORIES = [test_story_two.STORY, test_story_three.STORY, test_story_nine.STORY]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: f"story {story.number}")
async def test_nothing_reaches_the_student_before_a_person_has_said_it(school: School, story: WholeStory) -> None:
    to_come, heard = [CONCERN, PLAN, ENDED], 1
    async for step in story.walked(school):
        if PLAN in to_come and not any(tells in event for event in step.events for tells in TELLING):
            assert school.news(story.student) == heard, (step.at, "a message that nobody had spoken of")
        said = [matter for matter in to_come if any(matter in event for event in step.events)]
        for matter in said:
            assert _of(matter, story, school), f"{matter}: it did not come with the step that says so"
            to_come.remove(matter)
        await _asks_everything(school, story.student)
        heard = school.news(story.student)
        for matter in to_come:
            assert _of(matter, story, school) == [], (step.at, matter)
        assert not any(words in came for came in school.reached(story.student) for words in VIEWS)
    assert to_come == []
    for toast in (came.split("\n")[0].casefold() for came in school.reached(story.student)):
        assert not any(word in toast for word in IN_NO_TOAST), toast


def _of(matter: str, story: WholeStory, school: School) -> list[str]:
    """What of *matter* has ever reached the student."""
    came = "\n".join(school.reached(story.student))
    typed = [words for words in TYPED[story.number][matter] if words in came]
    return typed + [words for words in WORDS[matter] if words in came.casefold()]


#: What reads something, of the student's own and of other people's cards.
READING = (
    *("cases.open", "cases.read", "cases.more", "review.read", "pebblepad.show", "outcome.open", "next_steps.record"),
    *("support_plan.write", "support_plan.discuss", "support_plan.review", "student.promises", "student.talk"),
)


async def _asks_everything(school: School, student: str) -> None:
    """All that a student may type, the buttons that stand there then, and presses that no card of theirs offers."""
    for words in ("my plan", "my target", "my cases", "my next step", "help", "review", "outcome"):
        await school.says(student, words)
        for title in ("Open ", "Show my plan"):
            if any(button.startswith(title) for button in school.buttons(student)):
                await school.presses(student, title)
    case = (await the_case(school))[0]
    assert isinstance(case, DraftStarted)
    for verb in READING:
        for record in Record:
            data = {"case": case.case, "record": record.value, "version": "1"}
            await school.sends(student, school.newest(student).id, verb, data)
            if verb != "pebblepad.show":
                break
