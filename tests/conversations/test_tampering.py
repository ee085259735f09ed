"""Somebody who can write into the store, and has no key, changes the record behind Pathway's back: it is found, and
where. Whatever they write has the checksum that it should have: only the chain can tell.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import psycopg
import pytest

from storage.atomic import AtomicJSONStorage, copy_of
from tests.conversations import road
from tests.conversations.command import bot, in_here
from tests.conversations.test_record import case_of, closed
from tests.postgres import fresh_schema
from tests.school import School

Entry = tuple[int, str, str]
"""The number of an event, its sealed text, its link."""
Entries = list[Entry]
NINE = "Tuesday 6 October 2026, 9am"


def other(sealed: str) -> str:
    """The same but for one character."""
    return f"{sealed[:-9]}{'A' if sealed[-9] != 'A' else 'B'}{sealed[-8:]}"


#: What somebody does to five events, and what is said of it.
TAMPERED: dict[str, tuple[Callable[[Entries], Entries], str]] = {
    "a word changed": (
        lambda e: [e[0], (2, other(e[1][1]), e[1][2]), *e[2:]],
        f"number 2 is not as it was recorded; number 1 before it is of {NINE}.",
    ),
    "an event taken out": (
        lambda e: [e[0], *e[2:]],
        f"number 2 was taken out; number 1 before it is of {NINE}.",
    ),
    "taken out, and the others counted anew": (
        lambda e: [e[0], *((n - 1, text, link) for n, text, link in e[2:])],
        "number 2 is not as it was recorded",
    ),
    "two swapped": (
        lambda e: [(1, *e[1][1:]), (2, *e[0][1:]), *e[2:]],
        ": number 1 is not as it was recorded.",
    ),
    "the last one cut off": (
        lambda e: e[:-1],
        "number 5 and what came after it was cut off; number 4 before it is of Tuesday 13 October 2026, ",
    ),
    "one put in twice": (
        lambda e: [*e, (6, *e[4][1:])],
        "number 6 is not as it was recorded",
    ),
}


async def finds_everything(
    school: School, get: Callable[[str], Awaitable[Entries]], put: Callable[[str, Entries], Awaitable[None]]
) -> None:
    """One case is tampered with in every way, another is as it was; the bot runs."""
    reference = await closed(school)
    await road.raises(school, about="Tomas Ashby")
    case = await case_of(school, reference)
    well = await in_here(school, "audit", "verify")
    assert (well.status, well.err, well.out) == (0, "", "2 cases looked at: all as recorded.\n")
    whole = await get(case)
    assert len(whole) == 5
    for what, (tamper, words) in TAMPERED.items():
        await put(case, tamper(whole))
        found = await in_here(school, "audit", "verify")
        assert found.status == 1, what
        first, last = found.out.splitlines()
        assert case in first, what
        assert words in first, what
        assert last == "2 cases looked at: 1 not as recorded.", what
        assert found.out.count(reference) == (what != "two swapped"), what
    await put(case, whole)
    assert (await in_here(school, "audit", "verify")).status == 0
    each = (await in_here(school, "audit", "verify", "--each")).out
    assert f"Case {reference}: intact" in each
    assert each.count(": intact") == 2


# -- files -------------------------------------------------------------------------------------------------------------


def file_of(school: School, case: str) -> Path:
    return school.folder / "cases" / f"{case}.json"


async def test_whatever_is_done_to_the_file_of_a_case_is_found_beside_the_running_bot(school: School) -> None:
    async def get(case: str) -> Entries:
        tables = AtomicJSONStorage(file_of(school, case)).read()
        assert tables is not None
        return [(int(n), str(text), str(link)) for n, text, link in tables["case"]["1"]["events"]]

    async def put(case: str, entries: Entries) -> None:
        tables = AtomicJSONStorage(file_of(school, case)).read()
        assert tables is not None
        tables["case"]["1"]["events"] = [list(entry) for entry in entries]
        AtomicJSONStorage(file_of(school, case)).write(tables)

    await finds_everything(school, get, put)


async def test_a_case_or_a_head_that_is_gone_and_a_bare_file_are_found_by_the_command_alone(school: School) -> None:
    reference = await closed(school)
    case = await case_of(school, reference)
    await school.stops()
    kept, heads = file_of(school, case).read_bytes(), (school.folder / "heads.log").read_bytes()
    file_of(school, case).unlink()
    copy_of(file_of(school, case)).unlink()
    gone = await bot(school, "audit", "verify")
    assert (gone.status, gone.out.splitlines()[0]) == (1, f"Case {case} is gone: nobody erased it.")
    file_of(school, case).write_bytes(kept)
    assert (await in_here(school, "audit", "verify")).status == 0
    (school.folder / "heads.log").write_bytes(b"")
    lost = await in_here(school, "audit", "verify")
    assert (lost.status, "its head is gone" in lost.out) == (1, True)
    (school.folder / "heads.log").write_bytes(heads)
    await school.starts()


async def test_a_store_set_back_as_a_whole_is_found_with_the_heads_that_were_kept_elsewhere(
    school: School, tmp_path: Path
) -> None:
    """Case, head and keys of a week ago are put back: every chain is whole, and shorter than it was."""
    await school.opens("tom")
    reference = await road.raises(school)
    await school.stops()
    shutil.copytree(school.folder, tmp_path / "a week ago")
    await school.starts()
    await school.on("2026-10-13 15:30")
    await school.presses("priya", "Met, and I have told Tom")
    await school.passes(minutes=1)
    case = await case_of(school, reference)
    file = tmp_path / "elsewhere" / "heads.json"
    file.parent.mkdir()
    written = await in_here(school, "audit", "heads", file)
    assert (written.status, written.err) == (0, "")
    assert "holds the heads of 1 case. Keep it where whoever can change the store cannot" in written.out
    assert file.stat().st_mode & 0o777 == 0o600
    assert not any(name in file.read_text() for name in ("Tom", "Priya", road.TARGET))
    again = await in_here(school, "audit", "heads", file)
    assert (again.status, "is there already" in again.err) == (1, True)
    with_heads = await in_here(school, "audit", "verify", "--heads", file)
    assert with_heads.out == "1 case looked at, also against the heads that were kept: all as recorded.\n"
    await school.stops()
    shutil.rmtree(school.folder)
    shutil.copytree(tmp_path / "a week ago", school.folder)
    assert (await in_here(school, "audit", "verify")).status == 0, "by itself nothing can tell"
    found = await in_here(school, "audit", "verify", "--heads", file)
    assert found.status == 1
    assert f"Case {reference} ({case}): number 3 and what came after it was cut off" in found.out
    await school.starts()
    await school.passes(days=8)
    assert (await in_here(school, "audit", "verify", "--heads", file)).status == 1, "also when the case has gone on"


async def test_more_events_after_the_heads_were_written_are_no_fault(school: School, tmp_path: Path) -> None:
    await school.opens("tom")
    await road.raises(school)
    assert (await in_here(school, "audit", "heads", tmp_path / "heads.json")).status == 0
    await school.on("2026-10-13 15:30")
    await road.raises(school, about="Tomas Ashby")
    assert (await in_here(school, "audit", "verify", "--heads", tmp_path / "heads.json")).status == 0


@pytest.mark.parametrize("content", ["", "{}", '{"pathway": "heads", "format": 9, "heads": {}, "acts": [0, ""]}'])
async def test_a_file_that_holds_no_heads_is_told_of(school: School, tmp_path: Path, content: str) -> None:
    (tmp_path / "heads.json").write_text(content)
    no = await in_here(school, "audit", "verify", "--heads", tmp_path / "heads.json")
    assert (no.status, no.out) == (1, "")
    assert "heads.json is no file of “python -m bot audit heads”" in no.err


async def test_what_an_administrator_did_cannot_be_taken_out_of_the_log_unseen(school: School, tmp_path: Path) -> None:
    reference = await closed(school)
    before = (school.folder / "addresses.json").read_bytes()
    sure = ("--because", "kept for a year", "--yes", reference)
    assert (await in_here(school, "erase", "case", reference, *sure)).status == 0
    assert (await in_here(school, "audit", "heads", tmp_path / "heads.json")).status == 0
    (school.folder / "acts.json").unlink()
    found = await in_here(school, "audit", "verify")
    assert (found.status, "The administrators' log: number 1 " in found.out) == (1, True)
    await school.stops()
    (school.folder / "addresses.json").write_bytes(before)
    assert (await in_here(school, "audit", "verify")).status == 0, "with its head set back nothing can tell"
    assert (await in_here(school, "audit", "verify", "--heads", tmp_path / "heads.json")).status == 1
    await school.starts()


async def test_after_a_case_was_erased_the_chains_still_verify_and_heads_of_before_fit(
    school: School, tmp_path: Path
) -> None:
    reference = await closed(school)
    await road.raises(school, about="Tomas Ashby")
    assert (await in_here(school, "audit", "heads", tmp_path / "heads.json")).status == 0
    sure = ("--because", "kept for a year", "--yes", reference)
    assert (await in_here(school, "erase", "case", reference, *sure)).status == 0
    for more in ((), ("--heads", str(tmp_path / "heads.json"))):
        well = await in_here(school, "audit", "verify", *more)
        assert well.status == 0, well.out
        assert well.out.startswith("1 case and what is left of 1 erased looked at")


# -- PostgreSQL --------------------------------------------------------------------------------------------------------


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with fresh_schema() as found:
        yield found


async def test_whatever_is_done_to_the_rows_of_a_case_is_found_beside_the_running_bot(url: str, tmp_path: Path) -> None:
    async with School(tmp_path, store=url) as school, await psycopg.AsyncConnection.connect(url) as them:
        await them.set_autocommit(True)

        async def get(case: str) -> Entries:
            cursor = await them.execute("select n, event from events where case_id = %s order by n", (case,))
            return [(n, event["sealed"], event["link"]) for n, event in await cursor.fetchall()]

        async def put(case: str, entries: Entries) -> None:
            await them.execute("delete from events where case_id = %s", (case,))
            for n, text, link in entries:
                await them.execute(
                    "insert into events (case_id, n, event) values (%s, %s, %s::json)",
                    (case, n, json.dumps({"sealed": text, "link": link})),
                )

        await finds_everything(school, get, put)
        reference = school.reference("priya")
        case = await case_of(school, reference)
        kept = tmp_path / "heads.json"
        assert (await in_here(school, "audit", "heads", kept)).status == 0
        await them.execute("delete from heads where case_id = %s", (case,))
        assert "its head is gone" in (await in_here(school, "audit", "verify")).out
        await them.execute("delete from cases where case_id = %s", (case,))
        found = await in_here(school, "audit", "verify", "--heads", kept)
        assert (found.status, f"Case {case} is gone: nobody erased it." in found.out) == (1, True)
