"""Story 9: no Link Tutor, and a mentor outside Teams. Sam Whitfield enters everything for Dot Ellery, who follows Kai
Brennan's placement by mail, by the link of the meeting and on the visit; Martin Leigh covers.
"""

from __future__ import annotations

from datetime import datetime

import pytest

from pathway.dates import LONDON
from pathway.process import Stage
from tests.conversations import planning, road
from tests.conversations import second_road as review
from tests.conversations.whole_story import DATA, WholeStory, stage, the_case
from tests.mail.ics_rules import read
from tests.school import School

STORY = WholeStory(9, opens=("sam", "kai", "martin", "ruth", "joanne"), student="kai")
GAPS = "The same gaps as last week"
THIN = "Marking is too thin"
REASONS = "The target is met in every plan that was seen."


async def test_story_nine_from_the_phone_call_to_a_placement_that_continues(school: School) -> None:
    assert await STORY.runs(school) == STORY.told
    assert await stage(school) is Stage.CONTINUES
    for event in await the_case(school):
        assert event.by != "dot", "nobody acts in a mentor's name without saying so"


@pytest.mark.skipif(not DATA.exists(), reason="needs the shared data beside the clone")
def test_story_nine_is_told_as_the_data_tell_it() -> None:
    assert STORY.told == STORY.in_the_data


# -- a week ----------------------------------------------------------------------------------------------------------


@STORY.on("2026-11-10 10:00", "partnership_team start_draft", "partnership_team set_weekly_target")
async def sam_enters_it_after_dots_call(school: School) -> None:
    await school.says("sam", "concern about Kai Brennan")
    await school.presses("sam", "I am just starting")
    await school.presses("sam", "No, carry on")
    assert "You are entering this for Dot Ellery" in school.reads("sam")
    await school.fills("sam", road.concern(school, areas="TS2"), press="Check my answers")
    await school.presses("sam", "Set the weekly target")
    assert "Tuesday 17 November" in school.reads("sam")
    (letter,) = school.mail("dot")
    assert "Sam Whitfield entered this for you" in letter.text
    assert "Tuesday 17 November" in letter.text
    assert road.TARGET in letter.text
    assert road.TARGET in school.reads("kai")


@STORY.on("2026-11-17 15:30", "partnership_team refer")
async def sam_tells_the_link_tutor_who_is_not_there(school: School) -> None:
    assert [m.at.strftime("%d %H:%M") for m in school.mail("dot")] == ["10 10:00", "16 08:00", "17 15:30"]
    await school.presses("sam", "Enter something for Dot Ellery")
    await school.presses("sam", "Not yet: tell the Link Tutor")
    await school.fills("sam", evidence=GAPS, press="Tell the Link Tutor: ")
    assert "No Link Tutor is named" in school.reads("sam")
    assert "Please name one by Wednesday 18 November" in school.reads("sam")
    assert "entered this for you" in school.mail("dot")[-1].text


@STORY.on("2026-11-18 09:30", "partnership_team acknowledge")
async def sam_names_martin_as_cover(school: School) -> None:
    await school.presses("sam", "Name a Link Tutor")
    await school.fills("sam", person=school.choices("sam", "person")["Martin Leigh"], press="Make them the Link Tutor")
    assert GAPS in school.reads("martin")
    assert "You were told on Wednesday 18 November, 9:30am" in school.reads("martin")
    assert "Martin Leigh" in school.mail("dot")[-1].text


@STORY.on("2026-11-19 10:00", "link_tutor book_meeting")
async def martin_books_a_meeting_that_needs_no_account(school: School) -> None:
    await road.books(school, "martin", "2026-11-23", "15:45")
    invitation = school.mail("dot")[-1]
    assert "Monday 23 November, 3:45pm" in invitation.text
    assert [a.name for a in invitation.attachments] == ["meeting.ics"]
    assert "puts the meeting into your calendar" in invitation.text
    told = read(invitation.attachments[0].content)
    assert told.summary == f"Placement catch-up (ref {school.reference('martin')})"
    assert told.starts.astimezone(LONDON) == datetime(2026, 11, 23, 15, 45, tzinfo=LONDON)
    assert told.organiser == school.people["martin"].email, "a person, as for the letter itself"
    assert told.attendees == (school.people["dot"].email,)


# -- the plan --------------------------------------------------------------------------------------------------------


@STORY.on("2026-11-23 16:30", "link_tutor agree_intervention")
async def martin_types_dots_view_with_his_own(school: School) -> None:
    await road.records(school, "martin", mentor_view="not as expected", mentor_words=THIN)
    assert "typed your view" in school.mail("dot")[-1].text
    await school.presses("martin", "Open the support plan")
    assert "support plan" in school.mail("dot")[-1].text
    everything = await school.presses("martin", "Read everything")
    told = [line for line in everything.splitlines() if " for Dot Ellery" in line]
    assert [line.split(": ")[1].split(" for ")[0] for line in told if ": " in line] == [
        "Sam Whitfield set the weekly target",
        "Sam Whitfield told the Link Tutor",
        "You recorded a view",
    ]
    assert THIN in everything


@STORY.on("2026-11-24 10:00")
async def sam_rings_dot_who_says_that_the_view_is_right(school: School) -> None:
    """A view that the Link Tutor typed opens the writing; the plan waits for the mentor's own word."""
    await school.says("sam", school.reference("martin"))
    await school.presses("sam", "Enter something for Dot Ellery")
    await school.presses("sam", "Record the mentor's view")
    assert school.value("sam", "words") == THIN
    await school.fills("sam", means="By phone", press="Record Dot Ellery's view")


@STORY.on("2026-11-24 11:00", "link_tutor share_plan")
async def martin_writes_the_plan_and_dot_agrees_by_phone(school: School) -> None:
    form = await school.presses("martin", "Write the support plan")
    assert "Wednesday 2 December is proposed for the review: 5 school days" in form
    await school.fills("martin", planning.PLAN, press="Check the plan")
    await school.presses("martin", "Agree this version")
    letter = school.mail("dot")[-1]
    assert planning.PLAN["target1"] in letter.text
    assert "agree it or change it" in letter.text
    await school.presses("martin", "Enter something for Dot Ellery")
    await school.presses("martin", "Record that Dot Ellery agrees the plan")
    await school.fills("martin", means="By phone at break", press="Record that Dot Ellery agrees")
    assert "plan to discuss" in school.reads("martin")
    assert any("entered this for you" in m.text for m in school.mail("dot")[-2:])
    everything = await school.presses("martin", "Read everything")
    assert "Sam Whitfield recorded a view for Dot Ellery" in everything
    assert "You agreed the support plan for Dot Ellery" in everything


@STORY.on("2026-11-25 12:00", "link_tutor student_agreed")
async def martin_has_talked_it_through_with_kai(school: School) -> None:
    await planning.talks_it_through(school, "martin")
    assert "It sets 1 target for the days to Wednesday 2 December" in school.reads("kai")
    letter = school.mail("dot")[-1].text
    assert "has started" in letter
    assert "Wednesday 2 December, 9:30am (5 school days)" in letter


@STORY.on("2026-11-27 08:00")
async def halfway(school: School) -> None:
    assert "Is the extra support happening?" in school.mail("dot")[-1].text


# -- the review ------------------------------------------------------------------------------------------------------


@STORY.on("2026-12-02 09:30", "link_tutor start_review")
async def martin_visits(school: School) -> None:
    days = [m.at.strftime("%d %H:%M") for m in school.mail("dot") if "review meeting" in m.text.casefold()]
    assert {"30 08:00", "02 08:00"} <= set(days)
    assert "Wednesday 2 December, 9:30am (Fell Lane, Upper Garsby ND12 1FV)" in school.mail("dot")[-1].text
    await review.starts_review(school, "martin")
    await review.observes(school, "martin", ("In four of four plans",))
    await review.discusses(school, "martin", "yes")
    await review.converses(school, "martin")


@STORY.on("2026-12-02 15:00", "link_tutor outcome_continue")
async def martin_has_told_kai_and_everybody_has_it_in_writing(school: School) -> None:
    await school.presses("martin", "Record the outcome")
    given = review.outcome(school, "met", reasons=REASONS)
    await school.fills("martin", given, press="The placement continues")
    assert "your placement continues" not in "".join(school.reached("kai")).casefold()
    await school.presses("martin", "Save it and write to Kai")
    told = "Martin Leigh told you on Wednesday 2 December, 2:10pm, with Dot Ellery there."
    assert told in school.reads("kai")
    assert REASONS in school.reads("kai")
    letter = school.mail("dot")[-1]
    for words in ("Kai Brennan's placement continues", REASONS):
        assert words in letter.text
    for who in ("sam", "joanne"):
        assert "Kai Brennan's placement continues" in school.reads(who), who


@STORY.on("2026-12-02 15:10")
async def dot_could_follow_all_of_it(school: School) -> None:
    letters, reference = school.mail("dot"), school.reference("martin")
    assert all(reference in letter.subject for letter in letters)
    whole = "\n".join(letter.text for letter in letters)
    for word in (road.TARGET, GAPS, "Martin Leigh", THIN, planning.PLAN["measure1"], "has started", "continues"):
        assert word in whole
    everything = await school.presses("martin", "Read everything")
    for line in ("Sam Whitfield set the weekly target for Dot Ellery", "You agreed the support plan for Dot Ellery"):
        assert line in everything
