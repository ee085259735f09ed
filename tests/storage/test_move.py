"""Moving house: from a folder into PostgreSQL and back, with nothing lost and nothing sent twice."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from bot.__main__ import main
from pathway.people import OutOfReach
from pathway.ports import Act, Did, Draft, Read, Saw, Shown, StoreUnavailable
from storage.move import NotMoved, compare, move
from storage.postgres.migrations import migrations
from tests.keys import open_stores
from tests.postgres import fresh_schema, on_the_tests_clock
from tests.storage.samples import HOUR, NOON, Shop, due_cases, due_letters, first, note, then
from tests.storage.test_drafts import ADDRESS, MIA, PLACEMENT, SAM


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with fresh_schema() as found:
        yield found


async def lived_in(shop: Shop) -> None:
    """A store in which everything there is has happened."""
    book, stores = shop.book, shop.stores
    await book.commit(first("c1", placement="p1", outbox=(note("a"), note("b"), note("c", at=NOON + 9 * HOUR))))
    await book.commit(replace(first("gone"), shown=(Shown("mia", "receipt", "x"),)))
    await book.commit(then("c1", placement="p1", is_open=False, wake_at=NOON))
    await book.commit(first("c2", placement="p1", wake_at=NOON + HOUR, people=("ola", "mia")))
    await book.erase("gone")
    await book.post([note("q1", to="lee"), note("q2", to="lee")], "advice")
    for claim in await due_letters(book):
        match claim.item and claim.item.key:
            case "a":
                await book.complete(claim, "sent:1")
            case "b":
                await book.park(claim, "refused")
            case "q1":
                await book.retry(claim, NOON + HOUR, "busy")
            case "q2":
                await book.complete(claim, "sent:2")
    await book.retry((await due_cases(book))[0], NOON + 2 * HOUR, "its placement has gone")
    for person, activity in (("sam", "s1"), ("mia", "m1")):
        await book.show("c2", Shown(person, "receipt", activity))
    lost = replace(SAM, out_of_reach=OutOfReach(NOON, "ConversationBlockedByUser", by_mail=True))
    await stores.roster.load([MIA, lost], [PLACEMENT, replace(PLACEMENT, id="PL-0")])
    await stores.roster.load([MIA], [replace(PLACEMENT, id="PL-2"), PLACEMENT])
    await stores.drafts.keep(Draft("mia", "concern", {"seen": "six “pupils”\n☀ nul\0 half \ud83d"}, NOON))
    await stores.drafts.keep(Draft("ola", "plan:c2", {}, NOON + HOUR))
    await stores.addresses.keep_address("mia", ADDRESS)
    await stores.addresses.keep_address("channel", replace(ADDRESS, scope="channel", user_id=""))
    await stores.addresses.keep_note("greeted:mia", "yes")
    await stores.reads.note(Read("c1", "mia", Saw.CARD, NOON), Read("c2", "account ines", Saw.AUDIT, NOON + HOUR))
    for why in ("asked for by the student", "kept long enough"):
        await stores.acts.record(Act(NOON, "account ines", Did.ERASED_CASE, "gone", why, "R-gone"))


async def goes_on(shop: Shop) -> None:
    """What a bot would do next there."""
    book = shop.book
    assert (await book.commit(then("c1", placement="p1", is_open=False))).replayed
    assert await book.seen("n-gone-0") is None
    assert list(await book.cases_of(None, open_only=False)) == ["c2", "c1"]
    assert list(await book.cases_of("ola")) == ["c2"]
    assert await book.open_case_of("p1") == "c2"
    assert await book.sent("c1") == {"a": "sent:1"}
    assert set(await book.shown("c2")) == {Shown("sam", "receipt", "s1"), Shown("mia", "receipt", "m1")}
    assert [(x.item and x.item.key, x.error, x.attempts) for x in await book.parked()] == [("b", "refused", 1)]
    await book.post([note("q2", to="lee")], "advice")
    await book.commit(then("c2", placement="p1", outbox=(note("d"),), wake_at=NOON + 3 * HOUR))
    await book.commit(then("c1", expected=3, placement="p1", is_open=False, outbox=(note("a"),)))
    letters = await due_letters(book, NOON + 9 * HOUR)
    assert [(x.item.key, x.error, x.attempts) for x in letters if x.item] == [
        ("d", "", 1),
        ("q1", "busy", 2),
        ("c", "", 1),
    ]
    assert [await book.complete(x, "sent") for x in letters] == [True] * 3
    await book.commit(first("c3"))
    assert (await book.cases_of(None, open_only=False))[0] == "c3"
    assert [x.id for x in await shop.stores.roster.placements()] == ["PL-2", "PL-1"]
    assert await shop.stores.roster.placement("PL-0") == replace(PLACEMENT, id="PL-0")
    assert await shop.stores.addresses.address("mia") == ADDRESS
    assert [x.saw async for x in shop.stores.reads.everything()] == [Saw.CARD, Saw.AUDIT]
    await shop.stores.acts.record(Act(NOON, "account ines", Did.ERASED_PERSON, "p-lee", "left"))
    assert (len(await shop.stores.acts.acts()), await shop.stores.acts.broken_at()) == (3, 0)


def run_move(source: str, target: str) -> int:
    return main(["move", "--from", source, "--to", target])


async def moved(source: str, target: str) -> int:
    """The command, as from a shell: it has an event loop of its own."""
    return await asyncio.to_thread(run_move, source, target)


async def test_everything_moves_into_the_database_and_back_and_goes_on_as_if_nothing_had_happened(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = (f"tinydb://{tmp_path}/{name}" for name in ("old", "new"))
    shop = Shop(partial(open_stores, old))
    await shop.stores.open()
    await lived_in(shop)
    await shop.close()
    assert await moved(old, url) == 0
    assert capsys.readouterr().out.startswith(
        "Moved, and compared: 2 cases, 2 people, 3 placements, 2 half-filled forms, the addresses of 2 and 1 note."
    )
    assert await moved(url, new) == 0
    begun = [Shop(partial(open_stores, old)), Shop(partial(on_the_tests_clock, url)), Shop(partial(open_stores, new))]
    for one in begun:
        await one.stores.open()
    assert (await compare(begun[0].stores, begun[2].stores)).cases == 2
    exports = [[line async for line in one.book.export()] for one in begun]
    assert len(exports[0]) == 2
    for one in begun:
        await goes_on(one)
        await one.close()


@pytest.mark.parametrize("to_files", [True, False])
async def test_nothing_is_moved_onto_something(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], *, to_files: bool
) -> None:
    files = f"tinydb://{tmp_path}/data"
    source, target = (url, files) if to_files else (files, url)
    for place, case in ((source, "c1"), (target, "c2")):
        stores = open_stores(place)
        await stores.open()
        await stores.book.commit(first(case))
        await stores.close()
    assert await moved(source, target) == 1
    assert "There is something already where it is to go" in capsys.readouterr().err
    stores = open_stores(target)
    await stores.open()
    assert list(await stores.book.cases_of(None)) == ["c2"]
    await stores.close()


@pytest.mark.parametrize("kind", ["draft", "note", "person", "message", "act"])
async def test_a_target_with_the_smallest_thing_in_it_is_not_empty(url: str, tmp_path: Path, kind: str) -> None:
    source, target = open_stores(f"tinydb://{tmp_path}/data"), open_stores(url)
    await source.open()
    await target.open()
    match kind:
        case "draft":
            await target.drafts.keep(Draft("mia", "concern", {}, NOON))
        case "note":
            await target.addresses.keep_note("k", "v")
        case "act":
            await target.acts.record(Act(NOON, "account ines", Did.ERASED_CASE, "gone", "asked for"))
        case "person":
            await target.roster.keep_person(MIA)
        case _:
            await target.book.post([note()], "tap")
    with pytest.raises(NotMoved, match="name an empty place"):
        await move(source, target)
    await source.close()
    await target.close()


@pytest.mark.parametrize("running", ["files", "database"])
async def test_nothing_is_moved_while_a_bot_runs_there(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], running: str
) -> None:
    files = f"tinydb://{tmp_path}/data"
    bot = open_stores(files if running == "files" else url)
    await bot.open()
    for source, target in ((files, url), (url, files)):
        assert await moved(source, target) == 1
        assert "in use" in capsys.readouterr().err
    await bot.book.commit(first())
    await bot.close()


async def test_no_bot_starts_on_a_database_that_is_being_moved(url: str) -> None:
    mover = open_stores(url, alone=True)
    await mover.open()
    with pytest.raises(StoreUnavailable, match="its cases are being moved"):
        await open_stores(url).open()
    await mover.close()
    bot = open_stores(url)
    await bot.open()
    await bot.close()


async def test_a_store_with_a_damaged_file_is_not_moved(url: str, tmp_path: Path) -> None:
    shop = Shop(partial(open_stores, f"tinydb://{tmp_path}/data"))
    await shop.stores.open()
    await shop.book.commit(first())
    path = tmp_path / "data" / "cases" / "c1.json"
    path.write_bytes(path.read_bytes()[:99])
    await shop.reopen()
    target = open_stores(url)
    await target.open()
    with pytest.raises(NotMoved, match=r"not well\. Found damaged at a start: cases/c1"):
        await move(shop.stores, target)
    await target.close()
    await shop.close()


async def test_a_difference_is_found_wherever_it_is(url: str, tmp_path: Path) -> None:
    shop = Shop(partial(open_stores, f"tinydb://{tmp_path}/data"))
    await shop.stores.open()
    await lived_in(shop)
    target = open_stores(url)
    await target.open()
    await move(shop.stores, target)
    await target.addresses.keep_note("greeted:mia", "no")
    with pytest.raises(NotMoved, match="addresses and notes"):
        await compare(shop.stores, target)
    await target.addresses.keep_note("greeted:mia", "yes")
    await target.reads.note(Read("c1", "ola", Saw.CARD, NOON))
    with pytest.raises(NotMoved, match="who read what"):
        await compare(shop.stores, target)
    await target.acts.record(Act(NOON, "account ines", Did.ERASED_PERSON, "p-lee", "left"))
    with pytest.raises(NotMoved, match="administrators' log"):
        await compare(shop.stores, target)
    await target.drafts.drop("mia", "concern")
    with pytest.raises(NotMoved, match="half-filled forms"):
        await compare(shop.stores, target)
    await target.book.show("c2", Shown("mia", "receipt", "m2"))
    with pytest.raises(NotMoved, match="The case c2"):
        await compare(shop.stores, target)
    await target.book.erase("c2")
    with pytest.raises(NotMoved, match="The case c2"):
        await compare(shop.stores, target)
    await target.close()
    await shop.close()


@pytest.mark.parametrize("arguments", [("memory:", "tinydb:///x"), ("tinydb:///x", "tinydb:///x")])
def test_two_stores_are_named(arguments: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_move(*arguments) == 1
    assert "Name two stores" in capsys.readouterr().err


async def test_the_tables_are_brought_up_to_date_by_hand() -> None:
    async with fresh_schema(bare=True) as url:
        said = []
        for _ in range(2):
            child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", "migrate"), env={"PATHWAY_STORE": url}, stdout=PIPE, stderr=PIPE
            )
            out, complaints = await child.communicate()
            assert complaints.decode() == ""
            said.append(out.decode().strip())
        names = ", ".join(f"{one.number:04} {one.name.replace('_', ' ')}" for one in migrations())
        assert names.startswith("0001 the book, ")
        assert said == [f"Brought up to date: {names}.", "The tables are up to date."]
