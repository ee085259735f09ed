"""The office gives a case to another mentor: of the school by name, of anywhere else by their address."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.admin import ask
from bot.practice.roll import PARTNERSHIP
from tests.conversations import road
from tests.school import School

ANOTHER = "Name another mentor"
MAKE = "Make them the mentor"


async def about_to_name(school: School) -> str:
    """Priya's case is with the Link Tutor, and the office has the form before it. The case's reference."""
    await school.opens("sam", "helen", "lucy", "gareth")
    reference = await road.told(school)
    await school.says("sam", reference)
    await road.presses_rarer(school, "sam", ANOTHER)
    return reference


async def test_the_office_names_another_mentor_of_the_school_who_has_it_from_then_on(school: School) -> None:
    reference = await about_to_name(school)
    _, verb, data = school.wire("priya", "I spoke to a colleague")
    kept = school.newest("priya").id
    heard = school.news("priya")
    offered = school.choices("sam", "person")
    assert set(offered) == {"Lucy Tran"}
    assert "Priya Nair can no longer open it then" in school.reads("sam")

    shown = await school.fills("sam", person=offered["Lucy Tran"], press=MAKE)

    assert "Lucy Tran is told at once" in shown
    assert "You have been named as the mentor on this placement" in school.reads("lucy")
    assert "Tom Ashworth" in school.reads("lucy")
    assert "Lucy Tran is the mentor on this placement now" in school.reads("helen")
    gone = await school.sends("priya", kept, verb, data)
    assert "nothing here for you" in gone
    assert "Tom" not in gone
    assert reference not in await school.says("priya", "my cases")
    assert school.news("priya") == heard + 1, "only the answer to what she typed"
    await road.books(school)
    assert "Monday 19 October, 3:45pm" in school.reads("lucy")
    assert "Monday 19 October, 3:45pm" not in school.reads("priya")


async def test_a_mentor_of_another_school_is_named_by_their_address(school: School) -> None:
    await about_to_name(school)

    shown = await school.fills("sam", email=f" {school.people['gareth'].email.upper()} ", press=MAKE)

    assert "Gareth Bowen is told at once" in shown
    assert "Tom Ashworth" in school.reads("gareth")


async def test_an_address_that_is_no_mentors_comes_back_with_what_was_typed(school: School) -> None:
    reference = await about_to_name(school)
    lucy, priya = school.choices("sam", "person")["Lucy Tran"], school.people["priya"].email
    on_no_list = "No such address is on the placement list"
    for form, fault in (
        ({}, "Choose somebody from the list."),
        ({"email": "n.obody@hollinbank.example.org"}, on_no_list),
        ({"email": "k.brennan@students.northdale.example.ac.uk"}, on_no_list),
        ({"email": priya}, "They are the mentor already."),
        ({"email": priya, "person": lucy}, "Choose somebody or type an address, not both."),
    ):
        shown = await school.fills("sam", {"email": "", "person": "", **form}, press=MAKE)
        assert fault in shown, form
        assert school.value("sam", "email") == form.get("email", ""), form
    assert "Name another mentor" in shown
    assert reference in await school.says("priya", "my cases")


async def test_nobody_but_the_office_gives_a_case_away_and_nobody_gives_it_to_its_student(school: School) -> None:
    await about_to_name(school)
    _, verb, data = school.wire("sam", MAKE)
    lucy = school.choices("sam", "person")["Lucy Tran"]
    for who in ("priya", "helen", "lucy", "gareth"):
        assert ANOTHER not in school.buttons(who)
        refused = await school.sends(who, school.newest(who).id, verb, {**data, "person": lucy})
        assert "nothing here for you" in refused, who
    tom = await school.parts.stores.roster.by_email("t.ashworth@students.northdale.example.ac.uk")
    assert tom is not None
    await school.sends("sam", school.newest("sam").id, verb, {**data, "person": tom.id})
    assert "Choose somebody from the list." in school.reads("sam")
    assert "Lucy Tran is the mentor" not in school.reads("helen")


async def test_where_there_is_no_link_tutor_either_the_office_can_name_both(school: School) -> None:
    await school.opens("sam", "gareth")
    await road.opens_form(school, "sam", "Kai Brennan", begins="It cannot wait a week")
    seen = {"seen": road.SEEN, "going_well": road.GOING_WELL, "areas": "TS7", "skip_because": "Two classes are lost"}
    await school.fills("sam", {**seen, "student_aware": "yes"}, press="Check my answers")
    await school.presses("sam", "Tell the Link Tutor")
    await road.presses_rarer(school, "sam", ANOTHER)
    assert "person" not in str(school.newest("sam").card)

    shown = await school.fills("sam", email=school.people["gareth"].email, press=MAKE)

    assert "Gareth Bowen is told at once" in shown
    assert "Name a Link Tutor" in school.buttons("sam")


async def test_a_new_placement_list_says_which_cases_are_still_with_the_mentor_of_before(
    school: School, tmp_path: Path
) -> None:
    reference = await about_to_name(school)
    other = await road.raises(school, "gareth", "Aisha Rahman")
    listed = PARTNERSHIP.read_text(encoding="utf-8")
    school_of_toms = listed.replace(
        "Priya Nair,p.nair@hollinbank.example.org,Lucy Tran,l.tran@hollinbank.example.org,",
        "Lucy Tran,l.tran@hollinbank.example.org,,,",
    )
    assert school_of_toms != listed

    said = await takes_over(school, tmp_path / "list.csv", school_of_toms, keep=False)

    assert said.endswith(f"Type the reference to the bot and press “Name another mentor”: {reference}.")
    assert await takes_over(school, tmp_path / "list.csv", school_of_toms) == said.replace(
        "Fine. An import would bring", "Imported"
    )
    assert other not in said
    assert "Priya" not in said
    await school.fills("sam", person=school.choices("sam", "person")["Lucy Tran"], press=MAKE)
    assert "still the one before" not in await takes_over(school, tmp_path / "list.csv", school_of_toms)


async def takes_over(school: School, file: Path, listed: str, *, keep: bool = True) -> str:
    """What the command line reads when the office hands in *listed* while the bot runs."""
    await asyncio.to_thread(file.write_text, listed, encoding="utf-8")
    answer = await ask(school.folder, {"do": "roster", "file": str(file), "keep": keep})
    assert answer is not None
    return str(answer["said"])
