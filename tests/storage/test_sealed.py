"""What lies on the disk, in the tables and in backups shows no names and no text; and who holds the keys of it."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pathway.address import Address
from pathway.people import Person
from pathway.ports import Draft, StoreUnavailable
from storage import Stores, record
from storage.atomic import read_document, write_documents
from storage.backup import NotRestored, drop_older_keyrings, keyring_of, pack, restore, take_aside
from storage.chain import Broken, Kind
from storage.codec import encode, encode_event
from storage.move import compare, move
from storage.record import ClearRecord
from storage.seal import BadKey, Kept, KeyGone, MainKeys, WrongKey, case_key, read_key_file
from storage.tinydb_book import TinyCaseBook
from storage.tinydb_keys import TinyKeys
from tests.keys import KEYS, open_stores
from tests.postgres import fresh_schema, rows_of
from tests.storage.samples import NOON, Shop, due_letters, first, note, summary, target, then
from tests.storage.test_backup import MADE
from tests.storage.test_drafts import PLACEMENT

#: Names and typed words; none of them may be found anywhere.
NAMES = ("Ffion Pugh-Morgan", "ffion.pugh@school.example", "Ysgol Glan-y-Graig", "Glan-y-Graig Road 7", "29:ffion-pugh")
WORDS = ("Twelve pupils waited by the door", "Grüße vom Kind", "busy: she said it twice", "cancelled because of Ffion")
PLANTED = (*NAMES, *WORDS)


async def planted(stores: Stores) -> None:
    """A store in which every place that can hold a name or a word does."""
    ffion = Person("p1", NAMES[0], NAMES[1], object_id="99999999-aaaa-4bbb-8ccc-000000000009")
    place = replace(PLACEMENT, id="PL-1", mentor="p1", student="p1", school=NAMES[2], school_address=NAMES[3])
    await stores.roster.load([ffion], [place])
    await stores.roster.load([ffion], [replace(place, id="PL-2")])
    letters = [replace(note(key, to="p1"), data={"words": WORDS[0]}) for key in ("a", "b", "c")]
    begin = first("c1", outbox=tuple(letters), people=("p1",))
    await stores.book.commit(replace(begin, events=(begin.events[0], replace(target(WORDS[0]), seen=WORDS[1]))))
    await stores.book.post([replace(note("q", to="p1"), data={"words": WORDS[0]})], "tap")
    for claim in await due_letters(stores.book):
        match claim.item and claim.item.key:
            case "a":
                await stores.book.complete(claim, WORDS[3])
            case "b":
                await stores.book.park(claim, WORDS[2])
            case "q":
                await stores.book.extend(claim, NOON, timedelta(minutes=1), WORDS[2])
                await stores.book.retry(claim, NOON, WORDS[2])
    await stores.drafts.keep(Draft("p1", "concern", {"seen": WORDS[0]}, NOON))
    await stores.addresses.keep_address("p1", Address("https://smba.example/", NAMES[4], "28:bot", "t1"))
    await stores.addresses.keep_note("thread", WORDS[0])
    await stores.addresses.keep_first_note("first", NAMES[0])


def hits(data: bytes) -> list[str]:
    """Which of what was planted is in it, as it is or as JSON or base64 would have it."""
    found = []
    for text in PLANTED:
        raw = text.encode()
        middle = [base64.b64encode(raw[start:])[4:-4] for start in range(3)]
        if any(x in data for x in (raw, json.dumps(text)[1:-1].encode(), raw.hex().encode(), *middle)):
            found.append(text)
    return found


async def change(url: str, *statements: str) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        for statement in statements:
            await connection.execute(statement.encode())


@asynccontextmanager
async def opened(url: str, keys: MainKeys | None = KEYS, *, alone: bool = False) -> AsyncIterator[Stores]:
    stores = open_stores(url, keys, alone=alone)
    await stores.open()
    try:
        yield stores
    finally:
        await stores.close()


def folder_of(shop: Shop) -> Path:
    assert shop.stores.folder is not None
    return shop.stores.folder


def listing(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# -- on the disk -------------------------------------------------------------------------------------------------------


async def test_no_file_of_the_folder_shows_a_name_or_a_word_and_all_of_it_is_there(tiny: Shop, tmp_path: Path) -> None:
    await planted(tiny.stores)
    files = listing(folder_of(tiny))
    assert {name for name, data in files.items() if hits(data)} == set()
    assert {oct(path.stat().st_mode & 0o777) for path in folder_of(tiny).rglob("*") if path.is_file()} == {"0o600"}
    aside = await take_aside(tiny.stores.book.folder) if isinstance(tiny.stores.book, TinyCaseBook) else tmp_path
    pack(aside, tmp_path / "one.zip", MADE)
    shutil.unpack_archive(tmp_path / "one.zip", tmp_path / "unpacked", "zip")
    shutil.unpack_archive(tmp_path / "one.zip.keys", tmp_path / "unpacked", "zip")
    assert {name for name, data in listing(tmp_path / "unpacked").items() if hits(data)} == set()
    assert hits(b"".join([line async for line in tiny.book.export()])) == []
    await tiny.reopen()
    await is_there(tiny.stores)


async def is_there(stores: Stores) -> None:
    """Everything that `planted` put there."""
    found: list[Any] = [await stores.roster.people(), await stores.roster.placements(), await stores.book.events("c1")]
    found += [await stores.book.sent("c1"), await stores.book.parked(), await stores.book.delayed(0)]
    found += [await stores.drafts.drafts_of("p1"), await stores.addresses.address("p1")]
    found += [await stores.addresses.note("thread"), await stores.addresses.note("first")]
    said = str(found)
    assert [text for text in PLANTED if text not in said] == []
    assert await stores.roster.placement("PL-1") is not None
    assert await stores.roster.by_email(NAMES[1].upper()) is not None


async def test_no_row_of_any_table_shows_a_name_or_a_word_and_all_of_it_is_there() -> None:
    async with fresh_schema() as url:
        async with opened(url) as stores:
            await planted(stores)
            assert hits(b"".join([line async for line in stores.book.export()])) == []
        assert {name for name, rows in (await rows_of(url)).items() if hits("".join(rows).encode())} == set()
        async with opened(url) as stores:
            await is_there(stores)


async def test_two_people_of_one_address_are_still_refused_by_the_database() -> None:
    async with fresh_schema() as url, opened(url) as one, opened(url) as other:
        await other.roster.people()
        await one.roster.keep_person(Person("p1", "Ffion", NAMES[1]))
        with pytest.raises(Exception, match="same e-mail address"):
            await other.roster.keep_person(Person("p2", "Ffion", NAMES[1].upper()))


# -- what earlier versions wrote ---------------------------------------------------------------------------------------


def clear_case() -> ClearRecord:
    begin = first("c1")
    events = (begin.events[0], replace(target(WORDS[0]), seen=WORDS[1]))
    return ClearRecord(
        case_id="c1",
        number=1,
        summary=summary("c1", placement="p-c1"),
        wake=record.Work(NOON),
        events=tuple(encode_event(x) for x in events),
        nonces={"n-c1-0": 2},
        letters=(record.Letter(replace(note("b"), data={"words": WORDS[0]}), record.Work(NOON)),),
        settled={"a": WORDS[3]},
    )


async def test_files_of_an_earlier_version_are_sealed_when_the_folder_is_opened(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    for name in ("cases", "drafts"):
        (folder / name).mkdir(parents=True, mode=0o700)
    ffion = Person("p1", NAMES[0], NAMES[1])
    write_documents(folder / "cases" / "c1.json", {"case": [encode(clear_case())]})
    write_documents(folder / "roster.json", {"people": [encode(ffion)], "placements": [], "former": []})
    write_documents(
        folder / "drafts" / "p1.json", {"drafts": [encode(Draft("p1", "concern", {"seen": WORDS[0]}, NOON))]}
    )
    address = Address("https://smba.example/", NAMES[4], "28:bot", "t1")
    write_documents(
        folder / "addresses.json",
        {"addresses": [{"person": "p1", "address": encode(address)}], "notes": [{"key": "x", "value": WORDS[0]}]},
    )
    async with opened(f"tinydb://{folder}") as stores:
        assert {name for name, data in listing(folder).items() if hits(data)} == set()
        assert [encode_event(x) for x in await stores.book.events("c1")] == list(clear_case().events)
        assert dict(await stores.book.sent("c1")) == {"a": WORDS[3]}
        assert [claim.item and claim.item.data["words"] for claim in await due_letters(stores.book)] == [WORDS[0]]
        assert (await stores.book.commit(then("c1"))).version == 3
        assert await stores.book.verify() == []
        assert dict(await stores.roster.people()) == {"p1": ffion}
        assert (await stores.drafts.drafts_of("p1"))[0].values == {"seen": WORDS[0]}
        assert (await stores.addresses.address("p1"), await stores.addresses.note("x")) == (address, WORDS[0])


async def test_rows_of_an_earlier_version_are_sealed_when_the_database_is_opened() -> None:
    case, ffion = clear_case(), Person("p1", NAMES[0], NAMES[1])
    async with fresh_schema() as url:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            await connection.execute(
                "insert into cases (case_id, version, reference, placement, stage, is_open, people) "
                "values ('c1', 2, 'R-c1', 'p-c1', 'x', true, array['mia'])"
            )
            for n, event in enumerate(case.events, 1):
                await connection.execute("insert into events values ('c1', %s, %s)", (n, json.dumps(event)))
            await connection.execute(
                "insert into work (queue, case_id, key, item, due, error) values ('outbox', 'c1', 'b', %s, %s, %s), "
                "('outbox', null, 'q', %s, %s, ''), ('case', 'c1', '', null, null, '')",
                (json.dumps(encode(case.letters[0].item)), NOON, WORDS[2], json.dumps(encode(note("q"))), NOON),
            )
            await connection.execute(
                "insert into work (queue, case_id, key, result) values ('outbox', 'c1', 'a', %s)", (WORDS[3],)
            )
            await connection.execute(
                "insert into people (id, email, person) values ('p1', %s, %s)", (NAMES[1], json.dumps(encode(ffion)))
            )
            await connection.execute(
                "insert into placements values ('PL-1', 1, true, %s)",
                (json.dumps(encode(replace(PLACEMENT, id="PL-1", school=NAMES[2]))),),
            )
            await connection.execute("insert into drafts values ('p1', 'f', %s, now())", (json.dumps({"a": WORDS[0]}),))
            await connection.execute("insert into notes (key, value) values ('x', %s)", (WORDS[0],))
            await connection.execute(
                "insert into addresses (person, address) values ('p1', %s)",
                (json.dumps(encode(Address("https://smba.example/", NAMES[4], "28:bot", "t1"))),),
            )
        assert hits("".join((await rows_of(url))["events"]).encode())
        for _ in range(2):
            async with opened(url) as stores, opened(url) as second:
                assert {name for name, rows in (await rows_of(url)).items() if hits("".join(rows).encode())} == set()
                assert [encode_event(x) for x in await second.book.events("c1")] == list(case.events)
                assert await stores.book.sent("c1") == {"a": WORDS[3]}
                assert [claim.error for claim in await stores.book.delayed(0)] == [WORDS[2], ""]
                assert dict(await stores.roster.people()) == {"p1": ffion}
                assert [p.school for p in await stores.roster.placements()] == [NAMES[2]]
                assert (await stores.drafts.drafts_of("p1"))[0].values == {"a": WORDS[0]}
                assert await stores.addresses.note("x") == WORDS[0]
                assert (await stores.addresses.address("p1") or PLACEMENT) != PLACEMENT
                assert await stores.book.verify() == []
        async with opened(url) as stores:
            assert (await stores.book.commit(then("c1"))).version == 3
            assert await stores.book.verify() == []


# -- somebody changes what is kept -------------------------------------------------------------------------------------


def edited(path: Path, edit: Callable[[list[Any]], None]) -> None:
    """As somebody would who can write the file, and knows its checksum."""
    data = dict(read_document(path, "case") or {})
    events = [list(x) for x in data["events"]]
    edit(events)
    write_documents(path, {"case": [{**data, "events": events}]})


async def test_what_somebody_did_to_the_files_is_found_and_where(tiny: Shop) -> None:
    for n in range(1, 8):
        await tiny.book.commit(first(f"c{n}"))
        for version in range(2, 6):
            await tiny.book.commit(then(f"c{n}", version))
    assert await tiny.book.verify() == []
    folder = folder_of(tiny)
    edited(folder / "cases" / "c1.json", lambda events: events[2].__setitem__(1, events[1][1]))
    edited(folder / "cases" / "c2.json", lambda events: events.pop(0))
    edited(folder / "cases" / "c3.json", lambda events: events.insert(1, events.pop(3)))
    edited(folder / "cases" / "c4.json", lambda events: events.pop())
    (folder / "cases" / "c5.json").unlink()
    (folder / "cases" / "c6.json").write_bytes(b"{}")
    heads = folder / "heads.log"
    heads.write_text("".join(x for x in heads.read_text().splitlines(keepends=True) if not x.startswith("c7 ")))
    expected = [
        Broken("c1", 3, Kind.CHANGED),
        Broken("c2", 1, Kind.MISSING),
        Broken("c3", 2, Kind.SWAPPED),
        Broken("c4", 6, Kind.CUT),
        Broken("c5", 0, Kind.CASE_GONE),
        Broken("c6", 0, Kind.CHANGED),
        Broken("c7", 0, Kind.HEAD_GONE),
    ]
    assert await tiny.book.verify() == expected


async def test_what_somebody_did_to_the_rows_is_found_and_where() -> None:
    async with fresh_schema() as url, opened(url) as stores:
        for n in range(1, 8):
            await stores.book.commit(first(f"c{n}"))
            for version in range(2, 6):
                await stores.book.commit(then(f"c{n}", version))
        assert await stores.book.verify() == []
        await change(
            url,
            "update events set event = (select event from events where case_id = 'c1' and n = 2) "
            "where case_id = 'c1' and n = 3",
            "delete from events where case_id = 'c2' and n = 1",
            "update events set n = case n when 2 then 40 else 2 end where case_id = 'c3' and n = 2",
            "delete from events where case_id = 'c4' and n = 6",
            "delete from cases where case_id = 'c5'",
            "delete from events where case_id = 'c6'",
            "delete from heads where case_id = 'c7'",
        )
        assert await stores.book.verify() == [
            Broken("c1", 3, Kind.CHANGED),
            Broken("c2", 1, Kind.MISSING),
            Broken("c3", 2, Kind.MISSING),
            Broken("c4", 6, Kind.CUT),
            Broken("c5", 0, Kind.CASE_GONE),
            Broken("c6", 1, Kind.CUT),
            Broken("c7", 0, Kind.HEAD_GONE),
        ]


async def test_a_head_that_a_power_cut_took_catches_up_at_the_next_start(tiny: Shop) -> None:
    await tiny.book.commit(first())
    heads = folder_of(tiny) / "heads.log"
    before = heads.read_bytes()
    await tiny.book.commit(then("c1", 2))
    await tiny.stores.close()
    heads.write_bytes(before + b"c1 3 half a li")
    await tiny.reopen()
    assert await tiny.book.verify() == []
    assert (await tiny.book.heads())["c1"].n == 3
    await tiny.book.commit(then("c1", 3))
    assert (await tiny.book.heads())["c1"].n == 4


# -- erased ------------------------------------------------------------------------------------------------------------


async def test_a_process_that_was_killed_in_the_middle_of_erasing_has_erased(tiny: Shop) -> None:
    await tiny.book.commit(first())
    path = folder_of(tiny) / "cases" / "c1.json"
    sealed = path.read_bytes()
    assert await tiny.book.erase("c1")
    await tiny.stores.close()
    path.write_bytes(sealed)
    await tiny.reopen()
    assert not path.exists()
    assert list(await tiny.book.cases_of(None, open_only=False)) == []
    assert await tiny.book.verify() == []
    assert (await tiny.book.health()).ok


async def backed_up(stores: Stores, file: Path) -> None:
    assert isinstance(stores.book, TinyCaseBook)
    aside = await take_aside(stores.book.folder)
    pack(aside, file, MADE)
    shutil.rmtree(aside)


async def test_a_backup_gives_nothing_back_of_what_was_erased_after_it_was_made(tiny: Shop, tmp_path: Path) -> None:
    monday, tuesday = tmp_path / "monday.zip", tmp_path / "tuesday.zip"
    for case in ("c1", "c2"):
        await tiny.book.commit(first(case))
    await tiny.stores.drafts.keep(Draft("mia", "concern", {}, NOON))
    await backed_up(tiny.stores, monday)
    await tiny.book.commit(then("c1"))
    await tiny.book.erase("c1")
    await tiny.book.commit(first("c3"))
    await backed_up(tiny.stores, tuesday)
    assert drop_older_keyrings(tuesday, KEYS) == 1
    assert not keyring_of(monday).exists()
    with pytest.raises(NotRestored, match="without a keyring nobody can read it"):
        restore(monday, tmp_path / "fresh")
    done = restore(monday, tmp_path / "fresh", keyring_of(tuesday))
    assert (done.erased, done.held.cases, done.held.drafts) == (1, 1, 1)
    async with opened(f"tinydb://{tmp_path}/fresh") as stores:
        assert list(await stores.book.cases_of(None, open_only=False)) == ["c2"]
        assert list(await stores.book.events("c1")) == []
        assert len(await stores.book.events("c2")) == 2
        assert (await stores.book.health()).ok
    with pytest.raises(NotRestored, match="no keyring of Pathway"):
        restore(monday, tmp_path / "other", tuesday)


async def test_a_dump_gives_nothing_back_of_what_was_erased_after_it_was_made() -> None:
    async with fresh_schema() as url:
        async with opened(url) as stores:
            for case in ("c1", "c2"):
                await stores.book.commit(first(case))
            await change(
                url, "create table kept_cases as select * from cases", "create table kept as select * from events"
            )
            await stores.book.erase("c1")
        await change(
            url,
            "insert into cases select * from kept_cases where case_id = 'c1'",
            "insert into events select * from kept where case_id = 'c1'",
            "drop table kept_cases, kept",
        )
        async with opened(url) as stores:
            assert list(await stores.book.cases_of(None, open_only=False)) == ["c2"]
            assert list(await stores.book.events("c1")) == []
            assert await stores.book.verify() == []
        await change(url, "create table elsewhere as select * from case_keys", "delete from case_keys")
        with pytest.raises(StoreUnavailable, match="The keyring is gone"):
            await open_stores(url).open()
        await change(url, "insert into case_keys select * from elsewhere", "drop table elsewhere")
        async with opened(url) as stores:
            assert len(await stores.book.events("c2")) == 2


async def test_a_keyring_that_is_older_than_the_backup_is_refused(tiny: Shop, tmp_path: Path) -> None:
    await tiny.book.commit(first("c1"))
    await backed_up(tiny.stores, tmp_path / "monday.zip")
    await tiny.book.commit(first("c2"))
    await backed_up(tiny.stores, tmp_path / "tuesday.zip")
    with pytest.raises(NotRestored, match="does not have the keys of 1 record"):
        restore(tmp_path / "tuesday.zip", tmp_path / "fresh", keyring_of(tmp_path / "monday.zip"))
    assert list((tmp_path / "fresh").glob("cases/*")) == []


async def test_what_the_folder_itself_knows_to_be_erased_is_not_brought_back_into_it(
    tiny: Shop, tmp_path: Path
) -> None:
    for case in ("c1", "c2"):
        await tiny.book.commit(first(case))
    await backed_up(tiny.stores, tmp_path / "monday.zip")
    await tiny.book.erase("c1")
    await tiny.stores.close()
    assert restore(tmp_path / "monday.zip", folder_of(tiny), replace=True).erased == 1
    await tiny.reopen()
    assert list(await tiny.book.cases_of(None, open_only=False)) == ["c2"]
    with pytest.raises(KeyGone):
        await tiny.book.ring.key(case_key("c1"))


# -- the main key ------------------------------------------------------------------------------------------------------


async def place(kind: str, tmp_path: Path) -> Any:
    return fresh_schema() if kind == "postgresql" else _folder(tmp_path)


@asynccontextmanager
async def _folder(tmp_path: Path) -> AsyncIterator[str]:
    yield f"tinydb://{tmp_path}/data"


async def seen_from_outside(url: str, tmp_path: Path) -> Any:
    if url.startswith("tinydb"):
        return listing(tmp_path / "data")
    return await rows_of(url)


@pytest.mark.parametrize("kind", ["tinydb", "postgresql"])
async def test_without_the_right_main_key_nothing_opens_and_nothing_is_changed(kind: str, tmp_path: Path) -> None:
    async with await place(kind, tmp_path) as url:
        async with opened(url) as stores:
            await planted(stores)
        before = await seen_from_outside(url, tmp_path)
        raw = base64.b64encode(bytes(range(32))).decode()
        for keys, words in (
            (None, "no main key"),
            (MainKeys.made(), "was sealed with the main key"),
            (MainKeys.parse(f"{KEYS.current} {raw}"), "is not the one that this store was sealed with"),
        ):
            with pytest.raises(WrongKey, match=words) as refused:
                await open_stores(url, keys).open()
            assert raw not in str(refused.value)
        assert await seen_from_outside(url, tmp_path) == before
        async with opened(url) as stores:
            await is_there(stores)


async def test_without_a_main_key_not_even_tables_or_a_folder_are_made(tmp_path: Path) -> None:
    async with fresh_schema(bare=True) as url:
        with pytest.raises(WrongKey):
            await open_stores(url, None).open()
        assert await rows_of(url) == {}
    with pytest.raises(WrongKey):
        await open_stores(f"tinydb://{tmp_path}/data", None).open()
    assert listing(tmp_path) == {}


async def test_a_keyring_that_is_gone_is_not_made_anew(tiny: Shop) -> None:
    await tiny.book.commit(first())
    await tiny.stores.close()
    keys = folder_of(tiny) / "keys"
    keys.rename(keys.with_name("elsewhere"))
    with pytest.raises(StoreUnavailable, match="The keyring is gone"):
        await open_stores(f"tinydb://{folder_of(tiny)}").open()
    keys.rmdir()
    keys.with_name("elsewhere").rename(keys)
    await tiny.reopen()
    assert len(await tiny.book.events("c1")) == 2


async def test_a_case_whose_key_is_gone_is_told_of_and_stays_where_it_is(tiny: Shop) -> None:
    for case in ("c1", "c2"):
        await tiny.book.commit(first(case))
    await tiny.stores.close()
    (folder_of(tiny) / "keys" / "case.c1.json").unlink()
    await tiny.reopen()
    assert "cases/c1.json" in (await tiny.book.health()).sentence
    assert (folder_of(tiny) / "cases" / "c1.json").exists()
    assert list(await tiny.book.cases_of(None)) == ["c2"]


@pytest.mark.parametrize("kind", ["tinydb", "postgresql"])
async def test_a_new_main_key_touches_no_text_and_opens_everything(kind: str, tmp_path: Path) -> None:
    new = MainKeys.made()
    both = new.before(KEYS)
    async with await place(kind, tmp_path) as url:
        async with opened(url) as stores:
            await planted(stores)
            await stores.book.commit(first("gone"))
            await stores.book.erase("gone")
            before = await seen_from_outside(url, tmp_path)
            assert await stores.book.ring.rewrap(both) == 6
            await stores.book.commit(then("c1"))
            await stores.book.commit(first("c2"))
        after = await seen_from_outside(url, tmp_path)
        if kind == "tinydb":
            untouched = {name for name in before if not name.startswith(("keys/", "cases/", "heads"))}
            assert {name for name in untouched if before[name] != after[name]} == set()
        else:
            assert set(before["events"]) <= set(after["events"])
        with pytest.raises(WrongKey):
            await open_stores(url, KEYS).open()
        async with opened(url, new) as stores:
            await is_there(stores)
            assert await stores.book.verify() == []
            assert len(await stores.book.events("c2")) == 2


@pytest.mark.parametrize("kind", ["tinydb", "postgresql"])
async def test_cases_that_begin_while_the_keys_are_wrapped_anew_are_opened_with_the_new_main_key_alone(
    kind: str, tmp_path: Path
) -> None:
    new = MainKeys.made()
    async with await place(kind, tmp_path) as url:
        async with opened(url) as stores:
            await planted(stores)

            async def begins(n: int) -> None:
                for _ in range(n):
                    await asyncio.sleep(0)
                await stores.book.commit(first(f"n{n}"))

            await asyncio.gather(
                *(begins(n) for n in range(20)),
                stores.book.ring.rewrap(new.before(KEYS)),
                *(begins(n) for n in range(20, 40)),
            )
        async with opened(url, new) as stores:
            await is_there(stores)
            assert [len(await stores.book.events(f"n{n}")) for n in range(40)] == [2] * 40
            assert await stores.book.verify() == []


class KilledAt(TinyKeys):
    """The process is gone before the nth key is written."""

    left = 10**6

    async def put(self, name: str, kept: Kept) -> None:
        if self.left == 0:
            raise asyncio.CancelledError
        self.left -= 1
        await super().put(name, kept)


@pytest.mark.parametrize("at", range(6))
async def test_killed_between_two_keys_both_main_keys_open_everything(tiny: Shop, at: int) -> None:
    await planted(tiny.stores)
    assert isinstance(tiny.stores.book, TinyCaseBook)
    ring = KilledAt(tiny.stores.book.folder, KEYS)
    both = MainKeys.made().before(KEYS)
    await ring.load()
    ring.left = at
    with pytest.raises(asyncio.CancelledError):
        await ring.rewrap(both)
    await tiny.stores.close()
    async with opened(f"tinydb://{folder_of(tiny)}", both) as stores:
        await is_there(stores)
        assert await stores.book.ring.rewrap(both) == 6 - at
    async with opened(f"tinydb://{folder_of(tiny)}", MainKeys.parse(both.text().splitlines()[0])) as stores:
        await is_there(stores)


async def test_stores_of_different_main_keys_are_moved_with_keys_chains_and_what_was_erased(tmp_path: Path) -> None:
    other = MainKeys.made()
    async with fresh_schema() as url:
        async with opened(f"tinydb://{tmp_path}/data", alone=True) as files:
            await planted(files)
            await files.book.commit(first("gone"))
            await files.book.erase("gone")
            async with opened(url, other, alone=True) as database:
                assert (await move(files, database)).cases == 1
                kept = [r async for r in files.book.records()]
                assert [r.events async for r in database.book.records()] == [r.events for r in kept]
                assert await database.book.verify() == []
                async with opened(f"tinydb://{tmp_path}/back", alone=True) as back:
                    assert (await move(database, back)).cases == 1
                    await compare(files, back)
                    await is_there(back)
                    with pytest.raises(KeyGone):
                        await back.book.ring.key(case_key("gone"))
        async with opened(url, other) as database:
            await is_there(database)
            assert (await database.book.commit(then("c1", people=("p1",)))).version == 3
            assert await database.book.verify() == []


def test_main_keys_are_read_from_lines_and_the_first_is_the_current_one(tmp_path: Path) -> None:
    one, two = MainKeys.made(), MainKeys.made()
    value = one.text().split()[1]
    assert MainKeys.parse(value).current == one.current
    assert MainKeys.parse(f"# ours\n\nspring {value}\n{two.text()}").current == "spring"
    assert MainKeys.parse(f"{value},{two.text()}").ids == {one.current, two.current}
    assert value not in repr(one)
    file = tmp_path / "main.key"
    file.write_text(one.before(two).text())
    file.chmod(0o600)
    assert read_key_file(file).text() == one.before(two).text()
    file.chmod(0o640)
    with pytest.raises(BadKey, match="chmod 600"):
        read_key_file(file)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no key in it"),
        ("# nothing", "no key in it"),
        ("short", "32 bytes"),
        ("x" * 44, "32 bytes"),
        ("a b c " + "A" * 43 + "=", "the id of a key"),
        (f"k {'A' * 43}=\nk {'B' * 42}A=", "two keys have the id k"),
    ],
)
def test_what_is_no_main_key_is_refused_without_its_words(text: str, words: str) -> None:
    with pytest.raises(BadKey, match=words) as refused:
        MainKeys.parse(text)
    assert "AAAA" not in str(refused.value)
