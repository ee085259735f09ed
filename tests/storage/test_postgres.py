"""What only PostgreSQL can get wrong: several bots at once, connections that break, clocks that differ, tables to make."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from pathway.people import Person
from pathway.ports import AlreadyOpen, Draft, RosterFault, Shown, StoreUnavailable, VersionConflict
from storage import Stores
from storage.postgres.book import PostgresCaseBook
from storage.postgres.database import Database
from storage.postgres.migrations import migrations
from tests.keys import open_stores
from tests.line import Line, line_to
from tests.postgres import fresh_schema, on_the_tests_clock, server_url, with_schema
from tests.storage.samples import HOUR, LEASE, NOON, due_cases, due_letters, first, note, nudged, then
from tests.storage.test_drafts import MIA, PLACEMENT, SAM

WORDS = "Sam wept in the stock room"


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with fresh_schema() as found:
        yield found


@asynccontextmanager
async def bots(url: str, count: int = 2) -> AsyncIterator[list[Stores]]:
    """So many bots on one database, each with its own connections and its own memory."""
    async with AsyncExitStack() as stack:
        found = [on_the_tests_clock(url) for _ in range(count)]
        for stores in found:
            await stores.open()
            stack.push_async_callback(stores.close)
        yield found


@pytest.fixture
async def two(url: str) -> AsyncIterator[list[Stores]]:
    async with bots(url) as found:
        yield found


async def ask(url: str, query: str) -> list[tuple[object, ...]]:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        cursor = await connection.execute(query.encode())
        return await cursor.fetchall() if cursor.description else []


def database_of(stores: Stores) -> Database:
    assert isinstance(stores.book, PostgresCaseBook)
    return stores.book.database


# -- two bots ------------------------------------------------------------------------------------------------------------


async def test_of_64_at_once_on_one_version_over_two_bots_one_wins(two: list[Stores]) -> None:
    await two[0].book.commit(first())
    tries = [two[n % 2].book.commit(then(nonce=f"n{n}", events=(nudged(n),))) for n in range(64)]
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(x, VersionConflict) and x.current == 3 for x in done) == 63
    assert [len(await bot.book.events("c1")) for bot in two] == [3, 3]


async def test_one_nonce_16_times_at_once_over_two_bots_has_one_effect(two: list[Stores]) -> None:
    await two[0].book.commit(first())
    tries = [two[n % 2].book.commit(then(nonce="tap", outbox=(note("once"),))) for n in range(16)]
    done = await asyncio.gather(*tries)
    assert sorted(x.replayed for x in done) == [False] + [True] * 15
    assert {x.version for x in done} == {3}
    assert len(await due_letters(two[1].book)) == 1


async def test_of_16_concerns_at_once_on_one_placement_over_two_bots_one_becomes_a_case(two: list[Stores]) -> None:
    tries = [two[n % 2].book.commit(first(f"c{n}", placement="p1")) for n in range(16)]
    done = await asyncio.gather(*tries, return_exceptions=True)
    winner = await two[0].book.open_case_of("p1")
    assert [x.case_id for x in done if isinstance(x, AlreadyOpen)] == [winner] * 15
    assert list(await two[1].book.cases_of(None)) == [winner]


async def test_two_bots_never_hold_the_same_work(two: list[Stores]) -> None:
    letters = tuple(note(f"k{n}", to=f"person {n % 40}") for n in range(100))
    await two[0].book.commit(first(outbox=letters))
    for n in range(60):
        await two[0].book.commit(first(f"w{n}", wake_at=NOON))
    for claim in (due_letters, due_cases):
        some = await asyncio.gather(*(claim(two[n % 2].book, limit=7) for n in range(40)))
        ids = [x.id for claims in some for x in claims]
        assert len(ids) == len(set(ids))
        assert len(ids) == (100 if claim is due_letters else 60)


async def test_what_goes_to_one_person_is_held_by_one_bot_at_a_time(two: list[Stores]) -> None:
    one, other = (bot.book for bot in two)
    await one.commit(first(outbox=(note("a", to="mia"), note("b", to="mia"), note("c", to="sam"))))
    (held,) = await due_letters(one, limit=1)
    assert [x.item.key for x in await due_letters(other) if x.item] == ["c"]
    assert await one.complete(held, "delivered")
    assert [x.item.key for x in await due_letters(other) if x.item] == ["b"]


async def test_however_bots_race_for_letters_no_persons_are_split_between_them(url: str, two: list[Stores]) -> None:
    letters = tuple(note(f"k{n}", to=f"person {n % 25}") for n in range(200))
    await two[0].book.commit(first(outbox=letters))
    for bot in two:  # each holds somebody, however the race goes
        await due_letters(bot.book, limit=1)
    await asyncio.gather(*(due_letters(two[n % 2].book, limit=9) for n in range(16)))
    holders = await ask(
        url, "select recipient, count(distinct holder) from work where holder is not null group by recipient"
    )
    assert {count for _, count in holders} == {1}
    assert len(await ask(url, "select distinct holder from work where holder is not null")) == 2


async def test_a_lease_is_measured_by_the_databases_clock_whatever_a_bot_takes_for_now(url: str) -> None:
    early, late = open_stores(url), open_stores(url)
    for bot in (early, late):
        await bot.open()
    await early.book.commit(first(outbox=(note(),), wake_at=NOON))
    held = [*await due_letters(early.book), *await due_cases(early.book)]
    hours_ahead = NOON + 2 * HOUR
    assert [*await due_letters(late.book, hours_ahead), *await due_cases(late.book, hours_ahead)] == []
    await ask(url, f"update tests_clock set ahead = interval '{LEASE.total_seconds() - 60} seconds'")
    assert [*await due_letters(late.book), *await due_cases(late.book)] == []
    await ask(url, f"update tests_clock set ahead = interval '{LEASE.total_seconds() + 1} seconds'")
    taken = [*await due_letters(late.book), *await due_cases(late.book)]
    assert [(new.id, new.fence > old.fence) for new, old in zip(taken, held, strict=True)] == [
        (old.id, True) for old in held
    ]
    assert [await early.book.complete(x, "from a pause") for x in held] == [False, False]
    assert [await late.book.complete(x, "done") for x in taken] == [True, True]
    for bot in (early, late):
        await bot.close()


async def test_a_bot_that_stops_leaves_its_work_to_the_others_at_once(two: list[Stores]) -> None:
    await two[0].book.commit(first(outbox=(note(),), wake_at=NOON))
    held = [*await due_letters(two[0].book), *await due_cases(two[0].book)]
    await two[0].close()
    taken = [*await due_letters(two[1].book), *await due_cases(two[1].book)]
    assert [x.id for x in taken] == [x.id for x in held]
    assert [x.attempts for x in taken] == [1, 1]


async def test_an_import_by_one_bot_is_seen_by_the_other_and_neither_undoes_the_others(two: list[Stores]) -> None:
    one, other = (bot.roster for bot in two)
    await one.load([MIA, SAM], [PLACEMENT])
    assert list(await other.placements()) == [PLACEMENT]
    met = replace(MIA, object_id="aaaa")
    new = [Person(f"p{n}", f"Person {n}", f"p{n}@uni.example") for n in range(12)]
    await asyncio.gather(other.keep_person(met), *((one, other)[n % 2].keep_person(p) for n, p in enumerate(new)))
    for roster in (one, other):
        assert await roster.people() == {p.id: p for p in (met, SAM, *new)}
    await one.load([MIA], [])
    assert await other.by_object_id("AAAA") == met
    assert list(await other.placements()) == []
    assert await other.placement("PL-1") == PLACEMENT


async def test_whom_one_bot_has_just_listed_the_other_knows_at_once(url: str) -> None:
    """What goes to them would be dropped, and they would be refused, as nobody of the list."""
    async with AsyncExitStack() as stack:
        one, other = (open_stores(url), open_stores(url))
        for stores in (one, other):
            await stores.open()
            stack.push_async_callback(stores.close)
        met = replace(MIA, object_id="aaaa")
        assert await other.roster.people() == {}
        await one.roster.load([met, SAM], [PLACEMENT])
        assert await other.roster.person(MIA.id) == met
        await one.roster.keep_person(late := Person("late", "Late", "late@uni.example", "bbbb"))
        assert await other.roster.by_object_id("bbbb") == late
        await one.roster.load([later := Person("later", "Later", "later@uni.example")], [replace(PLACEMENT, id="PL-2")])
        assert await other.roster.by_email("later@uni.example") == later
        await one.roster.load([], [replace(PLACEMENT, id="PL-3")])
        assert await other.roster.placement("PL-3") == replace(PLACEMENT, id="PL-3")


async def test_one_person_met_by_two_bots_at_once_is_one_person(two: list[Stores]) -> None:
    tries = [bot.roster.keep_person(Person(f"id{n}", "Ola", "Ola@uni.example")) for n, bot in enumerate(two)]
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(x, RosterFault) for x in done) == 1
    assert len(await two[0].roster.people()) == 1
    assert await two[0].roster.by_email("ola@uni.example") == await two[1].roster.by_email("ola@uni.example")


# -- lines that break ----------------------------------------------------------------------------------------------------


@asynccontextmanager
async def over_a_line(url: str) -> AsyncIterator[tuple[Stores, Line]]:
    with tempfile.TemporaryDirectory(prefix="line-") as folder:
        async with line_to(url, Path(folder)) as (line, broken):
            stores = on_the_tests_clock(broken)
            await stores.open()
            yield stores, line
            line.is_cut = line.hangs = False
            await stores.close()


async def test_an_answer_that_is_lost_at_the_commit_is_found_again(url: str) -> None:
    async with over_a_line(url) as (stores, line):
        await stores.book.commit(first())
        line.loses_commits = 1
        done = await stores.book.commit(then(nonce="tap", outbox=(note(),)))
        assert (line.lost, done.version, done.replayed) == (1, 3, False)
        assert len(await stores.book.events("c1")) == 3
        claim = (await due_letters(stores.book))[0]
        line.loses_commits = 1
        assert await stores.book.complete(claim, "delivered")
        assert (line.lost, await stores.book.sent("c1")) == (2, {"1:receipt:mia": "delivered"})


async def test_an_answer_that_is_lost_again_and_again_is_told_and_the_same_nonce_finds_the_first_result(
    url: str,
) -> None:
    async with over_a_line(url) as (stores, line):
        await stores.book.commit(first())
        line.loses_commits = 9
        with pytest.raises(StoreUnavailable, match="does not answer"):
            await stores.book.commit(then(nonce="tap", outbox=(note(),)))
        line.loses_commits = 0
        done = await stores.book.commit(then(nonce="tap", outbox=(note(),)))
        assert (done.version, done.replayed) == (3, True)
        assert len(await due_letters(stores.book)) == 1


async def test_a_fence_that_is_old_stays_old_when_the_answer_is_lost(url: str) -> None:
    async with over_a_line(url) as (stores, line):
        await stores.book.commit(first(outbox=(note(),)))
        old = (await due_letters(stores.book))[0]
        new = (await due_letters(stores.book, NOON + LEASE))[0]
        line.loses_commits = 1
        assert not await stores.book.complete(old, "delivered")
        assert line.lost == 1
        assert await stores.book.complete(new, "delivered")


async def test_while_nobody_answers_it_is_said_and_when_somebody_does_all_is_well_by_itself(url: str) -> None:
    async with over_a_line(url) as (stores, line):
        await stores.book.commit(first())
        database_of(stores).patience = 0.5
        line.cut()
        for _ in range(2):
            with pytest.raises(StoreUnavailable, match="does not answer"):
                await stores.book.commit(then(nonce="tap"))
        assert not (await stores.book.health()).ok
        line.is_cut = False
        database_of(stores).patience = 10
        assert (await stores.book.commit(then(nonce="tap"))).version == 3
        assert (await stores.book.health()).ok


async def test_a_bot_can_stop_while_nobody_answers(url: str) -> None:
    async with over_a_line(url) as (stores, line):
        await stores.book.commit(first(outbox=(note(),)))
        await due_letters(stores.book)
        line.cut()
        await stores.close()
        assert not database_of(stores).is_open
        with pytest.raises(StoreUnavailable, match="The store is closed"):
            await stores.book.events("c1")


async def test_while_the_database_hangs_the_event_loop_turns_and_the_step_ends(url: str) -> None:
    async with over_a_line(url) as (stores, line):
        await stores.book.commit(first())
        database_of(stores).patience = 0.3
        line.hangs = True
        turns = 0

        async def turning() -> None:
            nonlocal turns
            while True:
                await asyncio.sleep(0.01)
                turns += 1

        watch = asyncio.ensure_future(turning())
        with pytest.raises(StoreUnavailable, match="does not answer"):
            await stores.book.commit(then(nonce="tap"))
        watch.cancel()
        assert turns > 15
        line.hangs = False
        database_of(stores).patience = 10
        assert (await stores.book.commit(then(nonce="tap"))).version == 3


async def test_a_statement_that_waits_too_long_is_given_up_and_changes_nothing(url: str) -> None:
    stores = on_the_tests_clock(url)
    database_of(stores).statement = 0.2
    await stores.open()
    await stores.book.commit(first())
    async with await psycopg.AsyncConnection.connect(url) as other:
        await other.execute("select * from cases for update")
        with pytest.raises(StoreUnavailable, match="takes too long"):
            await stores.book.commit(then(nonce="tap"))
    assert await stores.book.seen("tap") is None
    assert (await stores.book.commit(then(nonce="tap"))).version == 3
    await stores.close()


async def test_when_all_connections_are_ended_by_the_server_nobody_notices(url: str, two: list[Stores]) -> None:
    await asyncio.gather(*(two[n % 2].book.commit(first(f"c{n}")) for n in range(24)))
    await ask(
        url,
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where application_name = 'pathway' and pid <> pg_backend_pid()",
    )
    done = [await two[n % 2].book.commit(then(f"c{n}")) for n in range(8)]
    assert {x.version for x in done} == {3}


FAULT = """
create sequence faults;
create function fault() returns trigger language plpgsql as $$ begin
    if nextval('faults') <= {times} then {what}; end if; return new; end $$;
create trigger fault before insert or update on {table} for each row execute function fault();
"""
MEND = "drop function fault() cascade; drop sequence faults"
ENDED = "perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(1)"
FULL = "raise exception using errcode = 'disk_full'"


@pytest.mark.parametrize("table", ["nonces", "cases", "events", "work", "cards"])
@pytest.mark.parametrize(("what", "times"), [(ENDED, 1), (ENDED, 2), (FULL, 1)], ids=["ended", "ended twice", "full"])
async def test_a_failure_between_any_two_parts_leaves_all_or_nothing(
    url: str, table: str, what: str, times: int
) -> None:
    async with bots(url, 1) as (bot,):
        await bot.book.commit(first())
        await ask(url, FAULT.format(table=table, what=what, times=times))
        commit = replace(
            then(nonce="tap", outbox=(note(),), wake_at=NOON, people=("eve",)), shown=(Shown("mia", "receipt", "a"),)
        )
        try:
            if what == ENDED and times == 1:
                assert (await bot.book.commit(commit)).version == 3
            else:
                with pytest.raises(StoreUnavailable, match="It could not be saved"):
                    await bot.book.commit(commit)
                assert len(await bot.book.events("c1")) == 2
                assert await bot.book.seen("tap") is None
                assert await bot.book.next_due("case") is None
                assert await bot.book.next_due("outbox") is None
                assert list(await bot.book.cases_of("eve")) == []
                assert list(await bot.book.shown("c1")) == []
        finally:
            await ask(url, MEND)
        done = await bot.book.commit(commit)
        assert (done.version, done.replayed) == (3, what == ENDED and times == 1)
        assert len(await due_letters(bot.book)) == 1


async def test_a_claim_whose_connection_breaks_is_made_on_another(url: str) -> None:
    async with bots(url, 1) as (bot,):
        await bot.book.commit(first(outbox=(note(),)))
        await ask(url, FAULT.format(table="work", what=ENDED, times=1))
        try:
            (claim,) = await due_letters(bot.book)
        finally:
            await ask(url, MEND)
        assert await bot.book.complete(claim, "delivered")


# -- opening -------------------------------------------------------------------------------------------------------------


async def test_bots_that_start_at_once_on_an_empty_database_make_its_tables_once() -> None:
    async with fresh_schema(bare=True) as url:
        many = [open_stores(url) for _ in range(4)]
        await asyncio.gather(*(stores.open() for stores in many))
        await many[0].book.commit(first())
        assert [len(await stores.book.events("c1")) for stores in many] == [2] * 4
        assert await ask(url, "select number from migrations order by 1") == [(m.number,) for m in migrations()]
        for stores in many:
            await stores.close()


async def test_a_database_of_a_later_version_is_refused() -> None:
    async with fresh_schema(bare=True) as url:
        stores = open_stores(url)
        await stores.open()
        await stores.close()
        await ask(url, "insert into migrations (number, name) values (999, 'later')")
        with pytest.raises(StoreUnavailable, match="later version"):
            await stores.open()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://nobody:hunter2@127.0.0.1:1/pathway", "nobody answers there"),
        ("postgresql://nobody:hunter2@/pathway?host=/nowhere/at/all", "nobody answers there"),
    ],
)
async def test_a_database_that_does_not_answer_is_told_without_the_password(url: str, words: str) -> None:
    with pytest.raises(StoreUnavailable, match=words) as refusal:
        await open_stores(url).open()
    assert "hunter2" not in str(refusal.value)


async def test_a_schema_that_is_not_there_is_told() -> None:
    with pytest.raises(StoreUnavailable, match="no schema of the name"):
        await open_stores(with_schema(server_url(), "nowhere")).open()


def test_a_url_that_is_none_is_refused_without_the_password() -> None:
    with pytest.raises(ValueError, match="is no PostgreSQL URL") as refusal:
        open_stores("postgresql://me:hunter2@host/x?no such option=1")
    assert "hunter2" not in str(refusal.value)
    assert refusal.value.__cause__ is None


WITHOUT = """
import sys
sys.modules["psycopg"] = None
from storage import open_stores
open_stores("memory:")
try:
    open_stores("postgresql://localhost/pathway")
except ValueError as fault:
    print(fault)
"""


async def test_without_the_driver_files_work_and_a_sentence_says_what_to_install() -> None:
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", WITHOUT, stdout=PIPE, stderr=PIPE)
    said, complaints = await child.communicate()
    assert complaints.decode() == ""
    assert "Run: pip install 'psycopg[binary,pool]'" in said.decode()


# -- what people type ----------------------------------------------------------------------------------------------------

ODD = ["nul\0inside", "half a pair \ud83d", "💡" * 3000, "'; drop table cases; --", "%s %(x)s"]


@pytest.mark.parametrize("text", ODD, ids=["NUL", "surrogate", "long", "quote", "percent"])
async def test_whatever_comes_from_outside_is_kept_or_refused_and_breaks_nothing(url: str, text: str) -> None:
    async with bots(url, 1) as (bot,):
        done = await bot.book.commit(first(nonce=text, outbox=(note(),)))
        assert await bot.book.seen(text) == done
        assert (await bot.book.commit(first(nonce=text))).replayed
        claim = (await due_letters(bot.book))[0]
        assert await bot.book.retry(claim, NOON, text)
        await bot.drafts.keep(Draft("mia", "concern", {"seen": text}, NOON))
        kept = await bot.drafts.draft("mia", "concern")
        assert kept is not None
        assert kept.values == {"seen": text}
        await bot.addresses.keep_note("k", text)
        assert await bot.addresses.note("k") != ""
        assert await bot.roster.by_email(text) is None
        assert list(await bot.book.cases_of(text)) == []


async def test_of_an_erased_case_no_row_of_any_table_holds_a_word(url: str) -> None:
    async with bots(url, 1) as (bot,):
        said = replace(note(), data={"words": WORDS})
        await bot.book.commit(first("c1", outbox=(said,), reference=WORDS))
        await bot.book.commit(first("c2"))
        await bot.book.show("c1", Shown("mia", "receipt", "a1"))
        await bot.book.retry((await due_letters(bot.book))[0], NOON, WORDS)
        assert await bot.book.erase("c1")
        tables = await ask(
            url, "select table_name from information_schema.tables where table_schema = current_schema()"
        )
        for (name,) in tables:
            rows = await ask(url, f"select row_to_json(t)::text from {name} t")
            assert not [row for row in rows if WORDS in str(row)], name
            if name != "heads":
                assert not [row for row in rows if '"c1"' in str(row)], name
        assert [x async for x in bot.book.records()] != []
        assert await ask(url, "select wrapped from case_keys where name = 'case.c1'") == [(None,)]
        assert await bot.book.verify() == []


async def test_what_is_settled_holds_no_more_than_its_key_and_its_end(url: str) -> None:
    async with bots(url, 1) as (bot,):
        await bot.book.commit(first(outbox=(replace(note(), data={"words": WORDS}),)))
        await bot.book.post([replace(note("q"), data={"words": WORDS})], "tap")
        for claim in await due_letters(bot.book):
            await bot.book.extend(claim, NOON, timedelta(minutes=1), "perhaps")
            assert await bot.book.complete(claim, "delivered")
        rows = await ask(url, "select item, result from work where queue = 'outbox'")
        assert [item for item, _ in rows] == [None]
        assert "delivered" not in str(rows)
        assert await bot.book.sent("c1") == {"1:receipt:mia": "delivered"}
