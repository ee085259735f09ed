"""The road as people press and type it, in steps that the tests and tools/pictures.py share.

The steps from the support plan on show their cards to a *look* on the way, by the name of their picture: a test checks
that they can be read, tools/pictures.py takes them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta

from pathway.dates import in_words, local, local_date, time_in_words
from tests.browser.person import Filled, Person, Screen

#: What a mentor types about any student; the day of the talk is today.
WORDS: dict[str, Filled] = {
    "What I have seen, and when": "In maths on Monday half the class had not started after ten minutes.",
    "What is going well": "Warm with pupils and always ready.",
    "The target for this week": "Wait for silence before every instruction.",
    "How you will both know": "Silence in four of five lessons I watch.",
    "Help I am offering": ["Planning together"],
    "Area to work on": ["TS7 Managing behaviour"],
}


async def opens_the_form(mentor: Person, student: str) -> None:
    """About *student*, or about the only one where that is empty."""
    await mentor.says(f"concern about {student}" if student else "concern")
    await mentor.presses("I am just starting")
    await mentor.presses("No, carry on")


async def sets_a_weekly_target(
    mentor: Person, student: str, *, choose: str = "", words: Mapping[str, Filled] = WORDS
) -> None:
    """From the first word to the receipt, with *choose* pressed where there are several students. Nothing is
    filled in that need not be.
    """
    await opens_the_form(mentor, student)
    today = local_date(await mentor.screen.now())
    if choose:
        await mentor.presses(choose)
    await mentor.fills({"I talked to them about it on": today.isoformat(), **words})
    await mentor.presses("Check my answers")
    await mentor.presses("Set the weekly target")
    await mentor.sees("The weekly target is set")


async def is_asked_how_it_went(screen: Screen, mentor: Person) -> None:
    """The clock goes on until the card of the week has come."""
    asked = mentor.pane.get_by_role("heading", name="How is").last
    await mentor.looks()
    for _ in range(12):
        if await asked.is_visible():
            return
        await screen.moves_the_clock("To the next reminder")
    raise AssertionError("nobody asked how the week went")


async def tells_the_link_tutor(screen: Screen, mentor: Person, first_name: str) -> None:
    """After a week, with what has to be filled in and no more."""
    await is_asked_how_it_went(screen, mentor)
    await mentor.presses("Not yet: tell the Link Tutor")
    await mentor.fills({"How the week went": "Two of five lessons."})
    await mentor.presses(f"Tell the Link Tutor: {first_name} knows")
    await mentor.sees("has been told.")


async def next_weekday(screen: Screen) -> str:
    """The next day that is not a weekend, as a date field takes it."""
    day = local_date(await screen.now()) + timedelta(days=1)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return day.isoformat()


# -- the second half ---------------------------------------------------------------------------------------------------

Look = Callable[[str, Person], Awaitable[None]]


async def nobody_looks(_name: str, _person: Person) -> None:
    """Where only the way is of interest."""


@dataclass(frozen=True, slots=True)
class Target:
    """One row of a support plan, and what the review says of it."""

    words: str
    measure: str
    support: str
    seen: str
    result: str


@dataclass(frozen=True, slots=True)
class Around:
    """The people around one placement; *first* is the student's first name, *look* sees the cards."""

    screen: Screen
    mentor: Person
    tutor: Person
    student: Person
    first: str
    look: Look = nobody_looks

    def person(self, key: str) -> Person:
        return self.screen.person(key)


# -- to the plan -------------------------------------------------------------------------------------------------------


async def meets(around: Around, day: date, at: time) -> None:
    """The Link Tutor takes the case up and arranges the meeting; when it is over both say "not as expected"."""
    screen, mentor, tutor = around.screen, around.mentor, around.tutor
    await tutor.presses("I have it")
    await tutor.presses("Arrange the meeting")
    await tutor.presses("Another time")
    await tutor.fills({"Day": day.isoformat(), "Time": f"{at:%H:%M}", "How long": "30 minutes"})
    await tutor.presses("Make the invitation")
    await tutor.presses(f"It is booked for {in_words(day)}, {time_in_words(at)}")
    await screen.goes_on_to(local(day, at) + timedelta(minutes=80))
    await tutor.presses("Record the meeting")
    await tutor.fills({"In your view": "Not as expected", "In your own words": "Not safe yet."})
    await tutor.presses("Record the meeting")
    await mentor.sees("What is your view?")
    await mentor.presses("Record my view")
    await mentor.fills({"Progress is": "Not as expected", "In your own words": "More help is needed."})
    await mentor.presses("Record my view")
    await tutor.sees("view is recorded")
    await tutor.presses("Open the support plan")


# -- the plan ----------------------------------------------------------------------------------------------------------


async def writes_the_plan(around: Around, author: Person, targets: Sequence[Target], promised: Sequence[str]) -> None:
    """The form, whose areas, review and place are filled in already, up to the author's agreement."""
    await author.presses("Write the support plan")
    for n, target in enumerate(targets, 1):
        await author.fills({f"Target {n}": target.words})
    await author.fills_each("How we will know", [t.measure for t in targets])
    await author.fills_each("Support for it", [t.support for t in targets])
    await author.fills({"Promised support": promised})
    await author.ticks("Any agreed adjustments")
    await around.look("plan-form", author)
    await author.presses("Check the plan")
    await around.look("plan-check", author)
    await author.presses("Agree this version")
    await around.look("plan-written", author)


async def agrees_the_plan(around: Around, other: Person) -> None:
    await other.sees("has written the support plan")
    await around.look("plan-to-agree", other)
    await other.presses("I agree this version")
    await other.sees("talks it through with")
    await around.look("plan-agreed", other)


async def talks_it_through(around: Around, comment: str) -> None:
    """The Link Tutor records the talk with the student, who finds the plan achievable."""
    tutor, first = around.tutor, around.first
    await tutor.presses(f"We have talked it through with {first}")
    await tutor.fills({f"{first} finds it achievable": "Yes, achievable"})
    if comment:
        await tutor.fills({f"{first}'s comment": comment})
    await tutor.ticks(f"{first} knows that the review")
    await around.look("talk-through", tutor)
    await tutor.presses("Record the conversation")
    await around.look("plan-in-place", tutor)


async def answers_the_plan(around: Around) -> None:
    """The student reads the plan, and says that it is achievable."""
    await around.student.sees("This is your plan, as you talked about it.")
    await around.look("plan-to-student", around.student)
    await around.student.presses("It is achievable")
    await around.student.sees("You have said that it is achievable")
    await around.look("student-confirms", around.student)


async def ticks_the_duties(around: Around, duties: Mapping[str, Filled]) -> None:
    await around.tutor.presses("Tick what I have done")
    await around.tutor.fills(duties)
    await around.look("duties", around.tutor)
    await around.tutor.presses("Record this")


async def copies_it_into_pebblepad(around: Around, who: Person, picture: str) -> None:
    await who.presses("Text for PebblePad")
    await around.look(picture, who)
    await who.presses("It is recorded in PebblePad")
    await who.sees("You say that it is recorded in PebblePad")


# -- the review ----------------------------------------------------------------------------------------------------------


async def starts_the_review(around: Around) -> None:
    await around.tutor.presses("Start the review")
    await around.look("review-start", around.tutor)
    await around.tutor.presses("Start it: I am there in person")
    await around.tutor.sees("Each of its three parts is recorded on its own")
    await around.look("review-begun", around.tutor)


async def observes(around: Around, lesson: str, targets: Sequence[Target]) -> None:
    tutor = around.tutor
    await tutor.presses("Lesson observation")
    await tutor.fills({"The lesson, and what went well": lesson})
    await tutor.fills_each("What you saw of target", [t.seen for t in targets])
    await around.look("observation", tutor)
    await tutor.presses("Record this part")


async def discusses(around: Around, given: str, words: str) -> None:
    tutor = around.tutor
    await tutor.presses("Discussion with the mentor")
    await tutor.fills({"Was the agreed support given?": given, "The support, and how": words})
    await around.look("discussion", tutor)
    await tutor.presses("Record this part")


async def converses(around: Around, present: Sequence[str], words: str) -> None:
    tutor, first = around.tutor, around.first
    await tutor.presses("Three-way conversation")
    await tutor.fills({"Who was there": present, f"{first}'s view": words})
    await around.look("three-way", tutor)
    await tutor.presses("Record this part")
    await tutor.sees("All three parts are recorded")
    await around.look("review-recorded", tutor)


async def fills_in_the_outcome(
    around: Around, targets: Sequence[Target], reasons: str, *, told_at: str, told_by: str, carry_on: str = ""
) -> None:
    tutor, first = around.tutor, around.first
    await tutor.presses("Record the outcome")
    for n, target in enumerate(targets, 1):
        await tutor.fills({f"Target {n} is": target.result})
    await tutor.fills({"The reasons": reasons, "At what time": told_at, f"Who told {first}": told_by})
    if carry_on:
        await tutor.fills({"Targets to carry on": carry_on})
    await around.look("outcome-form", tutor)


async def continues(around: Around) -> None:
    """From the filled form to the words that the student has in writing."""
    tutor, first = around.tutor, around.first
    await tutor.presses("The placement continues")
    await around.look("outcome-continues-check", tutor)
    await tutor.presses(f"Save it and write to {first}")
    await around.look("outcome-continues-saved", tutor)


async def ends(around: Around, lead_told_at: str) -> None:
    """The same for a placement that ends: its reference is typed to confirm it."""
    tutor, first = around.tutor, around.first
    await tutor.presses("The placement ends as failed")
    reference = (await tutor.card.inner_text()).partition("Ref ")[2][:4]
    await tutor.fills({"At what time": lead_told_at, "To confirm, type the reference": reference})
    await around.look("outcome-ends-check", tutor)
    await tutor.presses(f"End the placement and write to {first}")
    await around.look("outcome-ends-saved", tutor)


# -- the next steps ------------------------------------------------------------------------------------------------------


async def books_the_next_steps(around: Around, who: Person, meeting: Mapping[str, Filled]) -> None:
    await who.sees("Please book the next steps meeting")
    await who.presses("Book the next steps meeting")
    await who.presses("Another time")
    await who.fills(meeting)
    await around.look("next-steps-book", who)
    await who.presses("Book it and tell everybody")
    await around.look("next-steps-booked", who)


async def records_the_next_steps(
    around: Around, who: Person, record: Mapping[str, Filled], press: str = "The meeting has been held"
) -> None:
    await who.presses(press)
    await who.fills(record)
    await who.ticks("The support leaflet has been given", "How to appeal has been given")
    await around.look("next-steps-form", who)
    await who.presses(f"Close the case and send {around.first} the summary")
    await around.look("next-steps-closed", who)
