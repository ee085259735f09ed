"""Story 2 in the browser, on the narrowest phone: a support plan across half term, and the placement continues."""

from __future__ import annotations

from datetime import date, time

from playwright.async_api import expect

from pathway.dates import local
from tests.browser.checks import looks_right_to
from tests.browser.conftest import Opens
from tests.browser.house import Running
from tests.browser.person import Filled, Person
from tests.browser.stories import (
    Around,
    Target,
    agrees_the_plan,
    answers_the_plan,
    continues,
    converses,
    copies_it_into_pebblepad,
    discusses,
    fills_in_the_outcome,
    meets,
    observes,
    sets_a_weekly_target,
    starts_the_review,
    talks_it_through,
    tells_the_link_tutor,
    ticks_the_duties,
    writes_the_plan,
)

CONCERN: dict[str, Filled] = {
    "What I have seen, and when": "On Tuesday the plan for maths had no way to see who had understood.",
    "What is going well": "Kind and quick, and the class likes her.",
    "The target for this week": "One question in each plan that shows who has understood.",
    "How you will both know": "We find it in four of five plans.",
    "Help I am offering": ["Planning together", "Teaching a lesson for them to watch"],
    "Area to work on": ["TS4 Planning and teaching lessons", "Assessment (Core Area)"],
}
TARGETS = (
    Target(
        "Plan each lesson from what pupils are to learn.",
        "Four of five plans begin with the learning.",
        "Planning together on Wednesday.",
        "Both plans began with the learning.",
        "Met",
    ),
    Target(
        "Check who has understood before the class moves on.",
        "Seen in every lesson of the week.",
        "Gareth teaches a lesson for her to watch.",
        "In one lesson of two.",
        "Partly met",
    ),
)
HALF_TERM = "half term 26 to 30 October is not counted"
REASONS = "The first target is met. The second is on its way, and the support can go on."
TOLD_BY = "Dr Helen Marsh, with Gareth Bowen there"


async def test_a_plan_across_half_term_and_the_placement_continues(practice: Running, opens: Opens) -> None:
    screen = await opens(practice, width=300, height=700, theme="light")
    gareth, helen, aisha = screen.person("gareth"), screen.person("helen"), screen.person("aisha")
    await aishas_road(Around(screen, gareth, helen, aisha, "Aisha", looks_right_to))


async def aishas_road(around: Around) -> None:
    """From the worry to the placement that continues."""
    screen, gareth = around.screen, around.mentor
    await screen.goes_on_to(local(date(2026, 10, 8), time(9, 30)))
    await sets_a_weekly_target(gareth, "Aisha", words=CONCERN)
    await gareth.sees("Aisha has until Thursday 15 October (5 school days)")
    await tells_the_link_tutor(screen, gareth, "Aisha")
    await meets(around, date(2026, 10, 19), time(15, 45))
    await _gareth_writes_the_plan(around)
    await _aisha_answers(around)
    await _the_plan_is_kept_to(around)
    await _nobody_is_reminded_in_half_term(around)
    await _the_review_on_the_second_day_back(around)
    await _helen_tells_aisha_that_it_continues(around)


async def _gareth_writes_the_plan(around: Around) -> None:
    gareth, helen, aisha = around.mentor, around.tutor, around.student
    await gareth.presses("Write the support plan")
    await gareth.sees(f"Tuesday 3 November is proposed for the review: 5 school days; {HALF_TERM}.")
    assert await gareth.filled("Review meeting on") == "2026-11-03"
    await gareth.presses("Back")
    await writes_the_plan(around, gareth, TARGETS, ["Planning together", "Personal support"])
    await gareth.sees("Dr Helen Marsh is asked to agree it too.")
    await helen.sees("Gareth Bowen has written the support plan", *(t.words for t in TARGETS))
    await agrees_the_plan(around, helen)
    await aisha.sees("Your placement")
    await aisha.does_not_see("support plan", TARGETS[0].words)


async def _aisha_answers(around: Around) -> None:
    aisha = around.student
    await around.screen.goes_on_to(local(date(2026, 10, 20), time(17)))
    await talks_it_through(around, "I can do this.")
    await aisha.sees(
        "You and Dr Helen Marsh have talked about a support plan. It sets 2 targets for the days to Tuesday 3 November "
        f"(5 school days; {HALF_TERM}).",
        "It will decide whether the placement continues.",
    )
    await answers_the_plan(around)
    await around.mentor.sees("Aisha has said here that it is achievable")
    await aisha.presses("I want to talk about it")
    await aisha.sees("it does not count against you")
    await around.look("student-talk", aisha)
    await aisha.presses("Back")
    await aisha.presses("Write something for the record")
    await aisha.fills({"In your own words": "The planning on Wednesday helped me a lot."})
    await around.look("student-reply", aisha)
    await aisha.presses("Put it on the record")
    for person in (around.mentor, around.tutor):
        await person.sees("The planning on Wednesday helped me a lot.")


async def _the_plan_is_kept_to(around: Around) -> None:
    gareth, helen, screen = around.mentor, around.tutor, around.screen
    told: dict[str, Filled] = {"My personal support": "Yes, I have offered it", "Joanne Pike": "I have told them"}
    await ticks_the_duties(around, told)
    await helen.sees("Joanne Pike (Level Lead) told")
    await copies_it_into_pebblepad(around, helen, "pebblepad")
    while "Gareth Bowen" not in await screen.page.locator("#clock-next").inner_text():
        await screen.moves_the_clock("To the next reminder")
    await screen.to_the_next_reminder("Gareth Bowen", "Thursday 22 October, 8am")
    await gareth.sees("Is the extra support happening? If not, tell Dr Helen Marsh.")
    await gareth.presses("Tick the promised support")
    await gareth.fills({"Planning together": "Yes, it came"})
    await around.look("promises", gareth)
    await gareth.presses("Record this")
    await gareth.sees("Given, you say (Thursday 22 October).")


async def _nobody_is_reminded_in_half_term(around: Around) -> None:
    """The last word goes on the last day of school before it, the next on the first day back."""
    screen, people = around.screen, (around.mentor, around.student)
    await screen.goes_on_to(local(date(2026, 10, 23), time(9)))
    before = [await _messages(person) for person in people]
    await screen.goes_on_to(local(date(2026, 11, 1), time(9, 30)))
    assert [await _messages(person) for person in people] == before
    await screen.goes_on_to(local(date(2026, 11, 2), time(10)))
    assert [await _messages(person) for person in people] == [n + 1 for n in before]
    await around.mentor.sees("The review meeting is on Tuesday 3 November, 9:30am")
    await around.look("review-ahead", around.mentor)


async def _messages(person: Person) -> int:
    await person.looks()
    return await person.cards.count()


async def _the_review_on_the_second_day_back(around: Around) -> None:
    helen = around.tutor
    await around.screen.goes_on_to(local(date(2026, 11, 3), time(13)))
    await starts_the_review(around)
    await observes(around, "Year 4 maths, after break. A calm start.", TARGETS)
    await helen.presses("Discussion with the mentor")
    await helen.sees("Planning together", "Given, says Gareth Bowen (Thursday 22 October)")
    await helen.presses("Back")
    await discusses(around, "Yes", "All of it took place.")
    await converses(around, ["Aisha Rahman", "Gareth Bowen", "Dr Helen Marsh"], "I know now what I plan for.")


async def _helen_tells_aisha_that_it_continues(around: Around) -> None:
    helen, aisha = around.tutor, around.student
    await fills_in_the_outcome(
        around, TARGETS, REASONS, told_at="11:40", told_by=TOLD_BY, carry_on="Check who has understood."
    )
    await helen.presses("The placement continues")
    words = "Dr Helen Marsh told you on Tuesday 3 November, 11:40am, with Gareth Bowen there."
    await helen.sees("Nothing is saved yet.", "Aisha gets these words at once", words)
    await aisha.does_not_see("continues. Well done")
    await helen.presses("Change something")
    await continues(around)
    await aisha.sees_heading("Your placement continues")
    await aisha.sees(words, "Well done, Aisha.", REASONS, "Check who has understood.")
    await around.look("outcome-continues-to-student", aisha)
    for who in ("gareth", "sam", "joanne"):
        await around.person(who).sees("Aisha Rahman's placement continues")
        await around.look(f"outcome-continues-{who}", around.person(who))
    for nobody in ("ruth", "alan"):
        await expect(around.person(nobody).unread).to_have_count(0)
    channel = around.person("channel")
    await channel.looks()
    await expect(channel.pane).to_contain_text("review done.")
    for word in ("Aisha", "Rahman", "continue", "St Oswin"):
        await expect(channel.pane).not_to_contain_text(word)
