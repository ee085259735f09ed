"""The second half of the road: a plan of three targets by cards, and the steps behind it in the words of the people
who take them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.conversations import planning, road
from tests.school import School

#: Area, target, and how both will know.
TARGETS = (
    ("TS1", "Greet every class at the door", "Every lesson of the week"),
    ("TS7", "Wait for silence before every instruction", "Four of five lessons"),
    ("TS4", "Write the steps of each task on the board", "In every plan of the week"),
)
PROMISE = "Two planning sessions"
SAW = ("At the door in both lessons", "Silence twice, then talked over the class", "Two steps of five were there")
LESSON = "Year 8 science, period 2. A calm start, and clear about the experiment."
SUPPORT = "All but one planning session took place. Progress is slower than hoped."
STUDENT_SAYS = "I know the routines now, and I lose them when it gets loud."
REASONS = "The first target is met. The second and third are not, with support in place all week."


def three_targets(**changes: str) -> dict[str, str]:
    """The form of a plan with three targets, filled in."""
    rows = {
        f"{field}{n}": words
        for n, (area, target, measure) in enumerate(TARGETS, 1)
        for field, words in (("area", area), ("target", target), ("measure", measure), ("support", "A modelled lesson"))
    }
    return {**rows, "promises": "modelled_lesson", "promise": PROMISE, "adjustments": "yes", **changes}


async def opens_daniels_plan(school: School) -> str:
    """Sian Pritchard's weekly target for Daniel Okoro was not enough: she and Martin Leigh have spoken by Wednesday 18
    November, and open a plan. The case's reference.
    """
    await school.on("2026-11-18 12:00")
    await road.opens_form(school, "sian", "Daniel Okoro", begins="My weekly target was not enough")
    was = {"target_set_on": "2026-11-09", "target": road.TARGET, "seen": road.SEEN, "going_well": road.GOING_WELL}
    asked = {"help": "joint_planning", "areas": "TS1,TS7,TS4", "student_aware": "yes"}
    await school.fills("sian", {**was, **asked}, press="Check my answers")
    await school.presses("sian", "Tell the Link Tutor")
    await school.presses("martin", "We have already spoken")
    await school.fills("martin", view="not as expected", words="Routines are not there yet", press="Record the meeting")
    await road.says_own_view(school, "sian")
    await school.presses("martin", "Open the support plan")
    return school.reference("martin")


async def plans_for_daniel(school: School) -> str:
    """The same, with a plan of three targets written by Martin, agreed by both and talked through with Daniel on
    Thursday 19 November; the review is on Friday 27 November at 11am. The case's reference.
    """
    reference = await opens_daniels_plan(school)
    await school.presses("martin", "Write the support plan")
    await school.fills("martin", three_targets(review_time="11:00"), press="Check the plan")
    await school.presses("martin", "Agree this version")
    await school.presses("sian", "I agree this version")
    await school.on("2026-11-19 12:00")
    await planning.talks_it_through(school, "martin")
    return reference


async def plans_at_once(
    school: School, mentor: str, tutor: str, about: str, *, review: str, form: Mapping[str, str]
) -> str:
    """From the first word to a plan in place, all of it now: what cannot wait a week, a meeting that has been held
    already, a plan that is talked through today. *review* is "2026-11-27 11:00". The case's reference.
    """
    areas = ",".join(words for field, words in form.items() if field.startswith("area")) or "TS7"
    await road.opens_form(school, mentor, about, begins="It cannot wait a week")
    seen = {"seen": road.SEEN, "going_well": road.GOING_WELL, "areas": areas}
    why = {"student_aware": "yes", "skip_because": "Two classes were lost"}
    await school.fills(mentor, {**seen, **why}, press="Check my answers")
    await school.presses(mentor, "Tell the Link Tutor")
    await school.presses(tutor, "We have already spoken")
    await school.fills(tutor, view="not as expected", words="Routines are not there yet", press="Record the meeting")
    await road.says_own_view(school, mentor)
    await school.presses(tutor, "Open the support plan")
    reference = school.reference(tutor)
    day, _, at = review.partition(" ")
    await school.presses(tutor, "Write the support plan")
    await school.fills(tutor, {**form, "review_on": day, "review_time": at}, press="Check the plan")
    await school.presses(tutor, "Agree this version")
    await school.presses(mentor, "I agree this version")
    await planning.talks_it_through(school, tutor)
    return reference


# -- the steps, as people take them --------------------------------------------------------------------------------


async def starts_review(school: School, tutor: str) -> None:
    await school.says(tutor, "my cases")
    await school.presses(tutor, "Open ")
    await school.presses(tutor, "Start the review")
    await school.fills(tutor, press="Start it: I am there in person")


async def observes(school: School, who: str, saw: Sequence[str] = SAW, **changes: str) -> str:
    """*saw*: the evidence, a line for each target."""
    await school.presses(who, "Lesson observation")
    seen = {f"evidence_{n}": words for n, words in enumerate(saw)}
    return await school.fills(who, {"words": LESSON, **seen, **changes}, press="Record this part")


async def discusses(school: School, who: str, support: str = "partly") -> str:
    await school.presses(who, "Discussion with the mentor")
    return await school.fills(who, support=support, words=SUPPORT, press="Record this part")


async def converses(school: School, who: str) -> str:
    await school.presses(who, "Three-way conversation")
    return await school.fills(who, present="student,mentor,link_tutor", words=STUDENT_SAYS, press="Record this part")


async def reviews(school: School, tutor: str) -> None:
    """All three parts, by the Link Tutor."""
    await starts_review(school, tutor)
    await observes(school, tutor)
    await discusses(school, tutor)
    await converses(school, tutor)


def outcome(school: School, *results: str, **changes: str) -> dict[str, str]:
    """The form of an outcome, filled in; the student was told today at ten past two, with the mentor there. *results*:
    one for each target, three where none is given.
    """
    return {
        **{f"result_{n}": one for n, one in enumerate(results or ("met", "not yet", "not yet"))},
        "reasons": REASONS,
        "told_on": school.now.date().isoformat(),
        "told_student_at": "14:10",
        "told_by": "tutor_mentor",
        **changes,
    }


async def ends(school: School, tutor: str, reference: str, **changes: str) -> str:
    """From the outcome's form to the placement that has ended, in two cards."""
    await school.presses(tutor, "Record the outcome")
    await school.fills(tutor, outcome(school, **changes), press="The placement ends as failed")
    return await school.fills(
        tutor, lead_told_at="14:30", typed_confirmation=reference, press="End the placement and write to "
    )


async def reviews_daniel(school: School) -> str:
    """Everybody has the bot; the plan has run, and all three parts of its review are recorded by half past twelve on
    Friday 27 November. The case's reference.
    """
    await school.opens("sian", "daniel", "martin", "sam", "nadia", "alan", "ruth")
    await plans_for_daniel(school)
    await school.on("2026-11-27 12:30")
    await reviews(school, "martin")
    return school.reference("martin")
