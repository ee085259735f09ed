"""The steps that many stories share, in the words of the people who take them."""

from __future__ import annotations

from tests.school import School

SEEN = "Instructions were lost in the noise in maths on Monday"
GOING_WELL = "Warm with the pupils and well planned"
TARGET = "Use the class signal and wait for silence before every instruction"
MEASURE = "Silence before instructions in four of five lessons"
EVIDENCE = "Silence in two of five lessons this week"


def concern(school: School, **changes: str) -> dict[str, str]:
    """The form of a concern that is just starting, filled in; the talk was today."""
    return {
        "on": school.now.date().isoformat(),
        "seen": SEEN,
        "going_well": GOING_WELL,
        "target": TARGET,
        "measure": MEASURE,
        "help": "joint_planning,modelled_lesson",
        "areas": "TS7",
        **changes,
    }


async def opens_form(school: School, who: str, about: str, begins: str = "I am just starting") -> None:
    """From the first word to the form, past the route check."""
    await school.says(who, f"concern about {about}")
    await school.presses(who, begins)
    await school.presses(who, "No, carry on")


async def raises(school: School, who: str = "priya", about: str = "Tom Ashworth", **changes: str) -> str:
    """A concern from the first word to the receipt. The case's reference."""
    await opens_form(school, who, about)
    await school.fills(who, concern(school, **changes), press="Check my answers")
    await school.presses(who, "Set the weekly target")
    return school.reference(who)


async def presses_rarer(school: School, who: str, title: str) -> None:
    """A button that may stand behind "Something else"."""
    if title not in school.buttons(who):
        await school.presses(who, "Something else")
    await school.presses(who, title)


async def tells(school: School, who: str = "priya", **changes: str) -> None:
    """Not yet: the Link Tutor is told, and the student knows."""
    await school.presses(who, "Not yet: tell the Link Tutor")
    await school.fills(who, {"evidence": EVIDENCE, **changes}, press="Tell the Link Tutor: ")


async def told(school: School, who: str = "priya", about: str = "Tom Ashworth", due: str = "2026-10-13 15:30") -> str:
    """A concern whose week was not enough. The case's reference."""
    reference = await raises(school, who, about)
    await school.on(due)
    await tells(school, who)
    return reference


async def books(school: School, tutor: str = "helen", day: str = "2026-10-19", at: str = "15:45") -> None:
    """The Link Tutor arranges the meeting, in Teams' own window, and says so."""
    await school.presses(tutor, "Arrange the meeting")
    await school.presses(tutor, "Another time")
    await school.fills(tutor, day=day, time=at, press="Make the invitation")
    await school.presses(tutor, "It is booked for ")


async def records(school: School, tutor: str = "helen", view: str = "not as expected", **more: str) -> None:
    """The Link Tutor's record of the meeting."""
    await school.presses(tutor, "Record the meeting")
    await school.fills(tutor, {"view": view, "words": "Routines are not there yet", **more}, press="Record the meeting")


async def says_own_view(school: School, mentor: str = "priya", view: str = "not as expected") -> None:
    await school.presses(mentor, "Record my view")
    await school.fills(mentor, view=view, words="I see the same in most lessons", press="Record my view")


async def met_with_views(school: School, mentors: str, tutors: str) -> str:
    """Priya and Helen have met on Monday 19 October and recorded what each thinks. The case's reference."""
    reference = await told(school)
    await books(school)
    await school.on("2026-10-19 16:30")
    await records(school, view=tutors)
    await says_own_view(school, view=mentors)
    return reference
