"""The first words, the wrong words, and people we do not know: there is no dead end."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from bot.admin import ask
from pathway.casework import ALPHABET
from tests.conversations import road
from tests.school import School


async def test_whoever_installs_it_is_welcomed_once_and_told_why(school: School) -> None:
    await school.opens("priya")
    welcome = school.reads("priya")
    assert "Hello Priya Nair" in welcome
    assert "placement list" in welcome
    assert school.buttons("priya") == ["Raise a concern", "My cases", "Privacy: what is kept"]
    await school.teams.greet(school.people["priya"])
    assert school.news("priya") == 1


async def test_notices_of_one_installation_that_come_at_once_lead_to_one_welcome(school: School) -> None:
    """Teams tells of it by two kinds of activity, and sends each again when its answer is late."""
    lucy = school.people["lucy"]
    await asyncio.gather(school.teams.install(lucy), *(school.teams.greet(lucy) for _ in range(3)))
    await school.teams.greet(lucy)
    assert school.news("lucy") == 1


async def test_whoever_removes_it_hears_nothing_there_and_is_welcomed_again_on_their_return(school: School) -> None:
    await school.opens("priya")
    await school.teams.uninstall(school.people["priya"])
    await school.opens("priya")
    assert school.news("priya") == 2


@pytest.mark.parametrize(
    ("who", "offered"),
    [
        ("priya", ["Raise a concern", "My cases"]),
        ("helen", ["Raise a concern", "My cases"]),
        ("sam", ["Raise a concern", "My cases"]),
        ("tom", ["Show my plan", "My cases"]),
        ("ruth", ["My cases"]),
        ("joanne", ["My cases"]),
    ],
)
async def test_hi_says_by_role_what_pathway_is_for(school: School, who: str, offered: list[str]) -> None:
    said = await school.says(who, "hi")
    assert school.people[who].name in said
    assert school.buttons(who) == [*offered, "Privacy: what is kept"]
    assert "Raise a concern" in said or "Raise a concern" not in offered


async def test_each_role_gets_words_of_its_own(school: School) -> None:
    words = [(await school.says(who, "hi")).splitlines()[1] for who in ("priya", "helen", "sam", "tom", "joanne")]
    assert len(set(words)) == len(words)


HELP = ["help", "HELP!", "hepl", "menu", "what can you do?", "Helo", "good morning"]
POLITE = ["hi there", "Hi Pathway", "hey!! 👋", "help me please", "HELP ME!!!", "Menu, please"]


async def test_help_comes_however_it_is_spelt_and_however_politely(school: School) -> None:
    for typed in (*HELP, *POLITE):
        said = await school.says("priya", typed)
        assert "did not understand" not in said, typed
        assert "Raise a concern" in school.buttons("priya")


@pytest.mark.parametrize(
    "typed", ["concern", "Concern.", "concren", "raise a concern", "raise concern", "concern abot"]
)
async def test_a_concern_begins_however_it_is_spelt(school: School, typed: str) -> None:
    await school.says("priya", typed)
    assert "I am just starting" in school.buttons("priya")


@pytest.mark.parametrize("typed", ["my cases", "My Cases", "cases", "my casses"])
async def test_the_cases_come_however_they_are_spelt(school: School, typed: str) -> None:
    assert "You have no open cases" in await school.says("priya", typed)


@pytest.mark.parametrize("typed", ["asdf", "what is the weather", "?", "x" * 3000, "<at>Pathway</at>", "7K7K"])
async def test_what_nobody_understands_gets_the_ways_on(school: School, typed: str) -> None:
    assert "did not understand" in await school.says("priya", typed)
    assert "Raise a concern" in school.buttons("priya")


async def test_whom_it_is_about_may_be_said_at_once(school: School) -> None:
    for typed in (
        "I am worried about Tom Ashworth",
        "raise concern about tom ashworth",
        "A concern about Tom Ashworth!",
    ):
        assert "Tom Ashworth" in await school.says("priya", typed), typed
        assert "I am just starting" in school.buttons("priya")


async def test_thanks_are_answered(school: School) -> None:
    for typed in ("Thank you!", "thanks", "tahnks", "Thanks a lot", "thx", "ta", "cheers, mate", "Bye!"):
        assert "You are welcome" in await school.says("priya", typed), typed


async def test_whoever_wants_to_leave_reads_that_nothing_is_sent(school: School) -> None:
    for typed in ("cancel", "canecl", "cancel that", "stop it!", "never mind", "quit", "start over"):
        assert "Nothing is sent" in await school.says("priya", typed), typed


async def test_cancel_says_that_nothing_is_sent_and_where_a_saved_form_is(school: School) -> None:
    await road.opens_form(school, "priya", "Tom Ashworth")
    await school.fills("priya", seen=road.SEEN, press="Save for later")
    said = await school.says("priya", "cancel")
    assert "Nothing is sent" in said
    await school.says("priya", "concern")
    await school.presses("priya", "Go on with it")
    assert school.value("priya", "seen") == road.SEEN


async def test_privacy_says_who_reads_what_and_where_the_notice_is(school: School) -> None:
    said = await school.says("tom", "privacy")
    for told in ("A draft is yours alone", "Data protection officer", "Open Government Licence"):
        assert told in said
    assert school.links("tom")["Read the privacy notice"].startswith("https://")


async def test_a_stranger_is_told_kindly_whom_to_ask_and_sees_nobody(school: School) -> None:
    await road.raises(school)
    await school.rests()
    before = school.on_disk()
    said = await school.says("nora", "concern about Tom Ashworth")
    for told in ("Partnership Team", "0113 496 0102"):
        assert told in said
    assert "Ashworth" not in said
    assert school.buttons("nora") == ["Try again"]
    assert await school.presses("nora", "Try again") == said
    await school.rests()
    assert school.on_disk() == before


async def test_a_guest_is_known_after_the_office_has_confirmed_it(school: School) -> None:
    said = await school.says("hannah", "hi")
    assert "guest" in said
    assert "Raise a concern" not in school.buttons("hannah")
    confirmed = await ask(school.folder, {"do": "confirm_guest", "email": school.people["hannah"].email})
    assert confirmed is not None
    assert "Confirmed" in confirmed["said"]
    assert "Hello Hannah Whitaker" in await school.presses("hannah", "Try again")
    assert "Raise a concern" in school.buttons("hannah")


async def test_whoever_writes_in_the_channel_is_asked_to_write_privately(school: School) -> None:
    await school.opens("helen")
    thread = "concern about Tom Ashworth"
    await school.teams.say_in_channel(school.people["helen"], thread)
    (answer,) = school.channel()
    assert "our own chat" in str(answer.card)
    assert "Tom Ashworth" in school.reads("helen")


async def test_everybody_finds_their_cases_and_nobody_anybody_elses(school: School) -> None:
    reference = await road.told(school)
    await school.opens("tom", "helen", "sam", "ruth", "gareth", "martin", "joanne", "lucy", "imogen", "alan")
    for who in ("priya", "helen", "sam", "ruth", "lucy"):
        mine = await school.says(who, "my cases")
        assert "Tom Ashworth" in mine, who
        opened = await school.presses(who, f"Open {reference}")
        assert "Tom Ashworth" in opened, who
    assert reference in await school.says("tom", "my cases")
    for who in ("gareth", "martin", "joanne", "imogen", "alan", "aisha"):
        assert "You have no open cases" in await school.says(who, "my cases"), who
        assert reference not in await school.says(who, f"ref {reference}"), who


async def test_a_reference_typed_opens_the_case_for_its_own_people(school: School) -> None:
    reference = await road.raises(school)
    assert "Tom Ashworth" in await school.says("priya", reference.lower())
    told = await school.says("helen", reference)
    assert "Ashworth" not in told


async def test_the_cases_are_listed_the_next_due_first_and_five_at_a_time(school: School) -> None:
    await school.opens("sam")
    await road.told(school)
    for about in ("Tomas", "Megan", "Aisha", "Grace", "Daniel", "Freya"):
        await road.opens_form(school, "sam", about)
        await school.fills("sam", road.concern(school), press="Check my answers")
        await school.presses("sam", "Set the weekly target")
    first = await school.says("sam", "my cases")
    assert "1 to 5 of 7" in first
    assert first.splitlines()[2] == "Tom Ashworth"
    second = await school.presses("sam", "Show the next")
    assert "6 to 7 of 7" in second
    assert second.count("Open ") == 2


async def test_a_reference_that_looks_like_a_command_still_opens_its_case(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    heap = sum(ALPHABET.index(letter) * len(ALPHABET) ** at for at, letter in enumerate("HEAP"))
    monkeypatch.setattr("pathway.casework.secrets", SimpleNamespace(randbelow=lambda _: heap))
    assert await road.raises(school) == "HEAP"

    assert "Tom Ashworth: weekly target set" in await school.says("priya", "heap")
    assert "weekly target set" not in await school.says("priya", "help")
