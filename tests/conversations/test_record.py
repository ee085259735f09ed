"""The record: who did and who saw what, by name on the administrator's terminal; and how somebody goes out of it."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from bot.practice.roll import PARTNERSHIP
from cards.view import View
from dialogs.router import Router, Steps
from dialogs.turn import Reply, Turn
from pathway.ports import Saw
from pathway.rules import NotYours
from tests.conversations import road
from tests.conversations import second_road as review
from tests.conversations.command import bot, in_here
from tests.conversations.test_pebblepad import hands_over
from tests.school import School


async def case_of(school: School, reference: str) -> str:
    found = await school.parts.stores.book.case_with_reference(reference)
    assert found
    return found


async def reads(school: School, reference: str) -> list[tuple[str, Saw]]:
    """Who saw what, in order, by the key of the school's people."""
    keys = {}
    for key, person in school.people.items():
        known = await school.parts.stores.roster.by_email(person.email)
        if known is not None:
            keys[known.id] = key
    found = await school.parts.stores.reads.reads_of(await case_of(school, reference))
    return [(keys.get(read.person, read.person), read.saw) for read in found]


async def newest(school: School, reference: str, since: Iterable[tuple[str, Saw]]) -> list[tuple[str, Saw]]:
    """In the order of time; of what was in one moment, by name."""
    found = await reads(school, reference)
    for one in since:
        found.remove(one)
    return found


# -- who saw what ------------------------------------------------------------------------------------------------------


async def test_every_view_of_a_case_is_noted_with_who_when_and_what(school: School) -> None:
    await school.opens("helen", "tom", "sam")
    reference = await road.told(school)
    await school.passes(hours=1)
    before = await reads(school, reference)
    assert ("priya", Saw.CARD) in before
    assert ("tom", Saw.MESSAGE) in before
    assert ("helen", Saw.MESSAGE) in before
    await school.says("helen", "my cases")
    await school.says("helen", reference)
    await school.presses("helen", "Arrange the meeting")
    await school.passes(hours=1)
    await school.says("helen", reference)
    await school.presses("helen", "Read everything")
    await school.says("tom", "my plan")
    await school.says("sam", "jobs")
    seen = await newest(school, reference, before)
    assert sorted(seen[:3]) == [("helen", Saw.CARD), ("helen", Saw.FORM), ("helen", Saw.LIST)]
    assert sorted(seen[3:]) == [
        ("helen", Saw.CARD),
        ("helen", Saw.EVERYTHING),
        ("sam", Saw.LIST),
        ("tom", Saw.PLAN),
    ]
    kept = await school.parts.stores.reads.reads_of(await case_of(school, reference))
    assert kept[-1].at == school.wall.at


async def test_a_text_for_pebblepad_and_the_students_words_are_noted_as_such(school: School) -> None:
    await school.opens("sian", "martin", "daniel")
    reference = await review.plans_for_daniel(school)
    before = await reads(school, reference)
    await hands_over(school, "martin", "the plan")
    await school.presses("daniel", "Write something for the record")
    await school.fills("daniel", words="I will try", press="Put it on the record")
    await school.passes(hours=1)
    case = await case_of(school, reference)
    await school.says("martin", reference)
    await school.sends("martin", school.newest("martin").id, "student.words", {"case": case})
    seen = await newest(school, reference, before)
    assert ("martin", Saw.PEBBLEPAD) in seen
    assert ("martin", Saw.WORDS) in seen


async def test_a_case_that_an_administrators_list_names_is_noted_for_the_account(school: School) -> None:
    reference = await road.raises(school)
    assert reference in (await in_here(school, "jobs")).out
    assert [who for who, saw in await reads(school, reference) if saw is Saw.LIST and who.startswith("account ")]


async def test_a_letter_is_noted_for_whoever_has_only_e_mail(school: School) -> None:
    reference = await road.raises(school)
    await school.passes(minutes=1)
    assert len(school.mail("tom")) == 1
    assert ("tom", Saw.LETTER) in await reads(school, reference)


async def test_who_may_not_see_a_case_has_not_read_it_and_the_same_card_twice_is_one_read(school: School) -> None:
    await school.opens("martin")
    reference = await road.told(school)
    await school.passes(minutes=1)
    before = await reads(school, reference)
    await school.says("martin", reference)
    case = await case_of(school, reference)
    answered = await school.sends("martin", school.newest("martin").id, "cases.open", {"case": case})
    assert reference not in answered
    assert await newest(school, reference, before) == []
    await school.passes(hours=1)
    for _ in range(3):
        await school.says("priya", reference)
    assert await newest(school, reference, before) == [("priya", Saw.CARD)]


async def test_a_step_that_refuses_after_it_has_looked_has_shown_nothing(school: School) -> None:
    reference = await road.raises(school)
    await school.passes(hours=1)
    before = await reads(school, reference)
    topic = Steps()

    @topic.on("look")
    async def look(turn: Turn) -> Reply:
        turn.view(*await turn.case())
        raise NotYours("not for them")

    priya = await school.parts.stores.roster.by_email(school.people["priya"].email)
    assert priya is not None
    asked = Turn(priya, "look", {"case": await case_of(school, reference)}, "", school.parts.reception.office)
    assert "nothing here for you" in (await Router([topic]).answer(asked)).summary
    assert await newest(school, reference, before) == []


async def test_reads_are_there_after_a_restart_and_move_no_case(school: School) -> None:
    reference = await road.raises(school)
    version = len(await school.parts.stores.book.events(await case_of(school, reference)))
    await school.passes(hours=1)
    await school.says("priya", reference)
    before = await reads(school, reference)
    await school.restarts()
    assert await reads(school, reference) == before
    assert len(await school.parts.stores.book.events(await case_of(school, reference))) == version
    assert before[-1] == ("priya", Saw.CARD)


# -- the list for an appeal --------------------------------------------------------------------------------------------


async def test_the_list_says_what_was_recorded_sent_and_read_by_name_and_nothing_that_was_typed(school: School) -> None:
    await school.opens("helen")
    reference = await road.told(school)
    await school.passes(minutes=1)
    shown = await in_here(school, "audit", "show", reference)
    assert (shown.status, shown.err) == (0, "")
    recorded, told, read = (part.splitlines()[1:] for part in shown.out.split("\n\n")[1:])
    cells = [re.split(r" {2,}", line.strip()) for line in recorded]
    assert cells[0] == ["recorded", "happened on", "by", "as", "for", "what"]
    assert cells[2] == [
        "2",
        "Tuesday 6 October 2026, 9am",
        "Tuesday 6 October 2026",
        "Priya Nair",
        "Mentor",
        "weekly target set",
    ]
    assert [row[-1] for row in cells[1:]] == [
        "draft started",
        "weekly target set",
        *["nudged"] * (len(cells) - 4),
        "link tutor told",
    ]
    assert any("Dr Helen Marsh" in line and "delivered in Teams" in line for line in told)
    assert any("Tom Ashworth" in line and "delivered by mail" in line for line in told)
    assert any("Priya Nair" in line and "the card of the case" in line for line in read)
    assert any("Tom Ashworth" in line and "a letter, delivered" in line for line in read)
    assert not any(typed in shown.out for typed in school.typed if len(typed) > 12)
    assert len({line.index("Mentor") for line in recorded if "Mentor" in line}) == 1, "columns stand below each other"


async def test_whoever_reads_the_list_stands_in_it_from_then_on_also_while_no_bot_runs(school: School) -> None:
    reference = await road.raises(school)
    assert "this list" not in (await in_here(school, "audit", "show", reference)).out
    await school.stops()
    again = await in_here(school, "audit", "show", reference)
    assert [line for line in again.out.splitlines() if "this list" in line and "account " in line]
    await school.starts()


async def test_for_a_program_the_list_has_ids_and_names(school: School) -> None:
    reference = await road.raises(school)
    await school.passes(minutes=1)
    found = json.loads((await in_here(school, "audit", "show", reference, "--json")).out)
    kinds = [event["kind"] for event in found["events"]]
    assert kinds == ["DraftStarted", "WeeklyTargetSet"]
    assert found["events"][1]["by"]["name"] == "Priya Nair"
    assert found["events"][1]["recorded"] == "2026-10-06T08:00:00+00:00"
    assert found["events"][1]["happened_on"] == "2026-10-06"
    assert found["events"][1]["for"] is None
    assert {read["who"]["name"] for read in found["reads"]} == {"Priya Nair", "Tom Ashworth"}
    assert all(read["at"].endswith("+00:00") for read in found["reads"])


async def test_what_was_typed_for_somebody_says_for_whom(school: School) -> None:
    await school.opens("helen")
    reference = await road.told(school)
    await school.presses("helen", "We have already spoken")
    form = {"view": "not as expected", "words": "Routines are not there yet", "mentor_view": "not as expected"}
    await school.fills("helen", {**form, "mentor_words": "Neither do I"}, press="Record the meeting")
    rows = json.loads((await in_here(school, "audit", "show", reference, "--json")).out)["events"]
    views = [(row["by"]["name"], row["for"] and row["for"]["name"]) for row in rows if row["kind"] == "ViewRecorded"]
    assert views == [("Dr Helen Marsh", None), ("Dr Helen Marsh", "Priya Nair")]


async def test_a_reference_that_is_none_is_told_in_a_sentence(school: School) -> None:
    no = await in_here(school, "audit", "show", "ZZZZ")
    assert (no.status, no.out) == (2, "")
    assert "no case with that reference" in no.err


# -- taken out for good ------------------------------------------------------------------------------------------------


async def closed(school: School) -> str:
    """A case that has ended well. Its reference."""
    await school.opens("tom", "helen")
    reference = await road.raises(school)
    await school.on("2026-10-13 15:30")
    await school.presses("priya", "Met, and I have told Tom")
    await school.passes(minutes=1)
    return reference


async def lists_without(school: School, *names: str) -> None:
    """The office imports a placement list on which these people are not."""
    rows = list(csv.DictReader(io.StringIO(PARTNERSHIP.read_text("utf-8"))))
    left = [row for row in rows if not set(names) & set(row.values())]
    assert len(left) < len(rows)
    file = school.folder.parent / "list.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, rows[0])
        writer.writeheader()
        writer.writerows(left)
    done = await in_here(school, "roster", "import", file)
    assert done.status == 0, done.err
    file.unlink()


async def test_a_closed_case_is_erased_beside_the_running_bot_and_nothing_of_it_is_left(school: School) -> None:
    reference = await closed(school)
    case = await case_of(school, reference)
    assert {"cases", "reads"} <= {Path(name).parent.name for name in school.on_disk() if case in name}
    asked = await in_here(school, "erase", "case", reference, "--because", "kept for a year")
    assert (asked.status, asked.out) == (2, "")
    assert f"To go on, add: --yes {reference} Nothing was changed." in asked.err
    assert await school.parts.stores.book.events(case)
    done = await bot(school, "erase", "case", reference, "--because", "kept for a year", "--yes", reference.lower())
    assert (done.status, done.err) == (0, "")
    assert f"Case {reference} is erased" in done.out
    await school.passes(hours=1)
    typed = (road.SEEN, road.GOING_WELL, road.TARGET, road.MEASURE)
    disk = school.on_disk()
    assert [name for name, text in disk.items() if any(word in text for word in (*typed, reference))] == []
    left = [name for name in disk if case in name]
    assert {name.removesuffix(".last") for name in left} == {f"keys/case.{case}.json"}, "the links of its chain"
    assert [name for name in left if "wrapped" in disk[name]] == []
    assert sorted(name for name, text in disk.items() if case in text) == ["heads.log"]
    assert "no case with that reference" in (await in_here(school, "audit", "show", reference)).err
    log = await in_here(school, "audit", "log")
    assert f"erased a case  {reference}" in " ".join(log.out.replace("which", "").split("   "))
    assert "kept for a year" in log.out
    assert "account " in log.out
    await school.says("priya", "my cases")
    assert reference not in school.reads("priya")


async def test_an_open_case_is_erased_only_where_somebody_says_so(school: School) -> None:
    reference = await road.raises(school)
    sure = ("--because", "a trial entry", "--yes", reference)
    no = await in_here(school, "erase", "case", reference, *sure)
    assert (no.status, no.out) == (2, "")
    assert "is open. Close it in Teams first, or add --even-open. Nothing was changed." in no.err
    done = await in_here(school, "erase", "case", reference, *sure, "--even-open")
    assert done.status == 0
    await school.on("2026-10-14 10:00")
    assert reference not in str([m.summary for m in school.teams.chat("priya")][-1:])
    assert await road.raises(school) != reference, "the placement is free again"


async def test_a_former_student_and_a_former_colleague_are_erased_and_the_case_keeps_what_happened(
    school: School,
) -> None:
    reference = await closed(school)
    await lists_without(school, "Priya Nair", "Tom Ashworth")
    people = {key: await school.parts.stores.roster.by_email(school.people[key].email) for key in ("priya", "tom")}
    for key in people:
        email = school.people[key].email
        done = await in_here(school, "erase", "person", email, "--because", "asked for it", "--yes", email)
        assert (done.status, done.err) == (0, ""), key
    for key, person in people.items():
        assert person is not None
        known = school.people[key]
        names = (person.name, known.email, known.object_id, known.teams_id, known.conversation_id)
        left = [(name, word) for name, text in school.on_disk().items() for word in names if word in text]
        assert left == [], key
        assert any(person.id in text for text in school.on_disk().values())
    shown = await in_here(school, "audit", "show", reference)
    assert shown.out.startswith(f"Case {reference} of a former student (")
    assert "a former colleague (" in shown.out
    assert "Priya" not in shown.out
    log = (await in_here(school, "audit", "log")).out
    assert log.count("erased a person") == 2
    assert "asked for it" in log
    answer = await school.says("tom", "my plan")
    assert "placement list" in answer or "not on" in answer, "a stranger now"


async def test_a_card_names_who_was_erased_by_what_they_were(school: School) -> None:
    """The Link Tutor still reads the closed case from which mentor and student have gone."""
    await school.opens("helen", "tom")
    reference = await road.told(school)
    await school.presses("helen", "We have already spoken")
    views = {"view": "as expected", "words": "All is well", "mentor_view": "as expected", "mentor_words": "For me too"}
    await school.fills("helen", views, press="Record the meeting")
    await school.presses("helen", "No further step: close it")
    await school.fills("helen", reason="It was a bad week, and it is over", press="Close the case")
    await lists_without(school, "Priya Nair", "Tom Ashworth")
    for who in ("priya", "tom"):
        email = school.people[who].email
        done = await in_here(school, "erase", "person", email, "--because", "left the school", "--yes", email)
        assert done.status == 0, done.err
    await school.says("helen", reference)
    whole = await school.presses("helen", "Read everything")
    assert "a former colleague" in whole.lower()
    assert "a former student" in whole.lower()
    assert not any(name in whole for name in ("Priya", "Tom"))
    casework = school.parts.casework
    case = await casework.case(await case_of(school, reference))
    assert View(case, await casework.ground(case.placement), "", casework.now(), "").first == "a former student"


class Terminal(io.StringIO):
    """Somebody sits there and types."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("typed", "goes"), [("the reference", True), ("yes", False)])
async def test_on_a_terminal_the_reference_is_asked_for_before_anything_goes(
    school: School, monkeypatch: pytest.MonkeyPatch, typed: str, *, goes: bool
) -> None:
    reference = await closed(school)
    monkeypatch.setattr("sys.stdin", Terminal(f"{reference if goes else typed}\n"))
    said = await in_here(school, "erase", "case", reference, "--because", "kept for a year")
    assert f"Case {reference}, with 5 events, goes for good." in said.out
    assert f"Type {reference} to go on: " in said.out
    assert said.status == (0 if goes else 2)
    assert bool(await school.parts.stores.book.case_with_reference(reference)) is not goes


@pytest.mark.parametrize(
    ("who", "why"),
    [
        ("priya", "They are on the placement list: NP-101 (to Friday 5 February 2027)"),
        ("sam", "They are of the office in provider.toml"),
    ],
)
async def test_who_is_still_about_is_not_erased_and_it_is_said_what_to_do(school: School, who: str, why: str) -> None:
    email = school.people[who].email
    no = await in_here(school, "erase", "person", email, "--because", "asked for it", "--yes", email)
    assert (no.status, no.out) == (2, "")
    assert why in no.err
    assert no.err.strip().endswith("Nothing was changed.")
    assert await school.parts.stores.roster.by_email(email)
    assert (await in_here(school, "audit", "log")).out.strip() == "none"


async def test_who_has_an_open_case_is_not_erased(school: School) -> None:
    reference = await road.raises(school)
    await lists_without(school, "Priya Nair")
    email = school.people["tom"].email
    no = await in_here(school, "erase", "person", email, "--because", "asked for it", "--yes", email)
    assert no.status == 2
    assert f"They have an open case: {reference}. Close it in Teams first. Nothing was changed." in no.err


async def test_an_address_that_nobody_has_and_a_reason_that_is_none_are_refused(school: School) -> None:
    no = await in_here(school, "erase", "person", "nobody@example.org", "--because", "asked for it", "--yes", "x")
    assert (no.status, no.err) == (2, "Nobody with that address is known. Nothing was changed.\n")
    no = await in_here(school, "erase", "case", "ZZZZ", "--because", " ", "--yes", "ZZZZ")
    assert no.status == 2
    assert "Say why" in no.err
