"""A person, or a case, is taken out of a store for good; one contract, every store."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from pathway.people import Person, Reach
from pathway.ports import Act, Did, Draft, Read, Saw
from storage import Stores
from storage.acts import ACTS, MemoryActs, TinyActs
from storage.atomic import write_documents
from storage.chain import Entry, Head
from storage.erase import erase_case, erase_person
from storage.postgres.acts import PostgresActs
from storage.postgres.book import PostgresCaseBook
from storage.postgres.keys import PostgresKeys
from tests.keys import open_stores
from tests.postgres import fresh_schema
from tests.storage.samples import HOUR, NOON, Shop, due_letters, first, note, then
from tests.storage.test_drafts import ADDRESS, MIA, PLACEMENT, SAM

LEE = Person("p-lee", "Leonora Lindqvist", "l.lindqvist@uni.example", "aad-of-lindqvist", Reach.TEAMS)
HERS = ("lindqvist", "Leonora", "aad-of", "words of hers", "29:hers")
ACT = Act(NOON, "account ines", Did.ERASED_CASE, "c1", "asked for by the student", "7Q4M")


async def everything_in(stores: Stores) -> str:
    """All bytes of all files, or all rows of all tables, as text; "" for memory."""
    if isinstance(stores.book, PostgresCaseBook):
        found = []
        async with stores.book.database.visit() as connection:
            tables = await (
                await connection.execute("select tablename from pg_tables where schemaname = current_schema()")
            ).fetchall()
            for table in tables:
                rows = await (await connection.execute(f"select * from {table['tablename']}".encode())).fetchall()
                found.append(repr(rows))
        return "\n".join(found)
    folder = stores.folder
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()] if folder else []
    return "\n".join(path.read_text("latin-1") for path in files)


async def with_lee(shop: Shop) -> Shop:
    stores = shop.stores
    await stores.roster.load([MIA, SAM, LEE], [replace(PLACEMENT, link_tutor=LEE.id)])
    await stores.roster.load([MIA, SAM], [replace(PLACEMENT, id="PL-2")])
    await shop.book.commit(first("c1", people=("mia", LEE.id), outbox=(note("1:receipt:lee", to=LEE.id), note("m"))))
    await shop.book.commit(then("c1", people=("mia", LEE.id), is_open=False))
    await shop.book.post([replace(note("q", to="mia"), data={"from": LEE.id, "words": "words of hers"})], "ask")
    await shop.book.post([note("q2", to="mia")], "ask of another")
    for form in ("concern", "plan:c1"):
        await stores.drafts.keep(Draft(LEE.id, form, {"seen": "words of hers"}, NOON))
    await stores.drafts.keep(Draft("mia", "concern", {"seen": "Mia's"}, NOON))
    await stores.addresses.keep_address(LEE.id, replace(ADDRESS, user_id="29:hers"))
    await stores.addresses.keep_address("mia", ADDRESS)
    await stores.addresses.keep_note(f"greeted:{LEE.id}", "yes")
    await stores.addresses.keep_note(f"added-by:{MIA.id}", LEE.name)
    await stores.addresses.keep_note("greeted:mia", "yes")
    return shop


async def test_of_an_erased_person_no_name_address_account_or_draft_is_left_and_cases_keep_the_id(shop: Shop) -> None:
    await with_lee(shop)
    await erase_person(shop.stores, LEE, NOON)
    for _ in range(2):
        stores = shop.stores
        assert await stores.roster.person(LEE.id) is None
        assert await stores.roster.by_email(LEE.email) is None
        assert await stores.roster.by_object_id(LEE.object_id) is None
        assert (await stores.roster.people()).keys() == {MIA.id, SAM.id}
        assert await stores.roster.placement("PL-1") == replace(PLACEMENT, link_tutor=LEE.id)
        assert await stores.addresses.address(LEE.id) is None
        assert list(await stores.drafts.drafts_of(LEE.id)) == []
        assert list(await shop.book.cases_of(LEE.id, open_only=False)) == ["c1"]
        assert await stores.addresses.address("mia") == ADDRESS
        assert await stores.addresses.note("greeted:mia") == "yes"
        assert await stores.addresses.note(f"greeted:{LEE.id}") == ""
        assert await stores.addresses.note(f"added-by:{MIA.id}") == "", "her name stood there"
        assert len(await stores.drafts.drafts_of("mia")) == 1
        if not shop.lasts:
            break
        await shop.reopen()
    left = await everything_in(shop.stores)
    assert [word for word in HERS if word in left] == []


async def test_what_waits_to_go_to_an_erased_person_or_came_from_them_goes_out_no_more(shop: Shop) -> None:
    await with_lee(shop)
    await erase_person(shop.stores, LEE, NOON)
    assert [claim.item.key for claim in await due_letters(shop.book) if claim.item] == ["m", "q2"]
    assert await shop.book.sent("c1") == {"1:receipt:lee": "dropped: its reader was erased"}


async def test_an_erased_person_can_be_erased_again_and_listed_anew_as_somebody_else(shop: Shop) -> None:
    await with_lee(shop)
    await erase_person(shop.stores, LEE, NOON)
    await erase_person(shop.stores, LEE, NOON)
    assert await shop.stores.roster.forget_person(LEE.id) is False
    again = replace(LEE, id="p-new", object_id="")
    await shop.stores.roster.load([MIA, SAM, again], [PLACEMENT])
    assert await shop.stores.roster.by_email(LEE.email) == again


async def test_an_erased_case_takes_its_drafts_and_its_readers_with_it_and_no_others(shop: Shop) -> None:
    await with_lee(shop)
    await shop.book.commit(first("c2"))
    await shop.stores.reads.note(*(Read(case, "mia", Saw.CARD, NOON) for case in ("c1", "c2")))
    await shop.stores.drafts.keep(Draft("mia", "plan:c2", {}, NOON))
    assert await erase_case(shop.stores, "c1") is True
    assert await erase_case(shop.stores, "c1") is False
    assert list(await shop.book.events("c1")) == []
    assert [x async for x in shop.stores.reads.everything()] == [Read("c2", "mia", Saw.CARD, NOON)]
    assert [x.form for x in await shop.stores.drafts.drafts_of(LEE.id)] == ["concern"]
    assert {x.form for x in await shop.stores.drafts.drafts_of("mia")} == {"concern", "plan:c2"}


async def test_addresses_people_and_placements_are_replaced_in_one_go(shop: Shop) -> None:
    """A second list with other people, another address for one of them, and other placements: all of it or none."""
    roster = shop.stores.roster
    await roster.load([MIA, SAM], [PLACEMENT, replace(PLACEMENT, id="PL-2")])
    moved = replace(MIA, name="Mia Marsh", email="mia.marsh@school.example")
    clashing = [moved, replace(LEE, email=SAM.email)]
    with pytest.raises(Exception, match="e-mail address"):
        await roster.load(clashing, [replace(PLACEMENT, id="PL-3")])
    assert await roster.by_email(MIA.email) == MIA
    assert [x.id for x in await roster.placements()] == ["PL-1", "PL-2"]
    await roster.load([moved, LEE], [replace(PLACEMENT, id="PL-3")])
    for _ in range(2):
        roster = shop.stores.roster
        assert await roster.by_email(MIA.email) is None
        assert await roster.by_email(moved.email) == moved
        assert (await roster.people()).keys() == {MIA.id, SAM.id, LEE.id}
        assert [x.id for x in await roster.placements()] == ["PL-3"]
        assert [x.id for x in await roster.placements_of(MIA.id)] == ["PL-3"]
        if not shop.lasts:
            break
        await shop.reopen()


# -- the administrators' log -------------------------------------------------------------------------------------------


async def test_the_log_keeps_who_when_what_and_why_in_order_and_is_whole(shop: Shop) -> None:
    acts = [replace(ACT, at=NOON + n * HOUR, because=f"reason {n} “☀”") for n in range(3)]
    for act in acts:
        await shop.stores.acts.record(act)
    for _ in range(2):
        assert list(await shop.stores.acts.acts()) == acts
        assert await shop.stores.acts.broken_at() == 0
        if not shop.lasts:
            break
        await shop.reopen()


async def test_many_at_once_are_one_chain(shop: Shop) -> None:
    await asyncio.gather(*(shop.stores.acts.record(replace(ACT, of=f"c{n}")) for n in range(8)))
    assert {act.of for act in await shop.stores.acts.acts()} == {f"c{n}" for n in range(8)}
    assert await shop.stores.acts.broken_at() == 0


class Overtaken(PostgresActs):
    """Another bot records something between its look at the log and its entry."""

    other: PostgresActs | None = None

    async def _add(self, before: Sequence[Entry], entry: Entry) -> None:
        if self.other is not None:
            other, self.other = self.other, None
            await other.record(replace(ACT, of="of the other"))
        await super()._add(before, entry)


async def test_of_two_bots_that_record_at_once_both_stand_in_one_chain() -> None:
    async with fresh_schema() as url:
        one, two = open_stores(url), open_stores(url)
        await one.open()
        await two.open()
        assert isinstance(one.acts, PostgresActs)
        assert isinstance(two.acts, PostgresActs)
        assert isinstance(one.acts.ring, PostgresKeys)
        overtaken = Overtaken(one.acts.database, one.acts.ring, one.addresses)
        overtaken.other = two.acts
        await overtaken.record(ACT)
        assert [act.of for act in await two.acts.acts()] == ["of the other", "c1"]
        assert await two.acts.broken_at() == 0
        await one.close()
        await two.close()


async def test_an_entry_that_is_changed_taken_out_swapped_or_cut_off_is_found_with_its_number(shop: Shop) -> None:
    acts = shop.stores.acts
    for n in range(4):
        await acts.record(replace(ACT, at=NOON + n * HOUR))
    whole = tuple(await acts.entries())
    first, second, third, fourth = whole
    for spoilt, at in (
        ((first, second._replace(sealed=third.sealed), third, fourth), 2),
        ((first, third, fourth), 2),
        ((second, first, third, fourth), 1),
        ((first, second, third), 4),
        ((), 1),
    ):
        await put_there(shop, spoilt)
        assert await acts.broken_at() == at
    await put_there(shop, whole)
    assert await acts.broken_at() == 0
    assert await acts.differs(Head(2, second.link)) == 0
    assert await acts.differs(Head(2, third.link)) == 2
    assert await acts.differs(Head(5, third.link)) == 5


async def put_there(shop: Shop, entries: Sequence[Entry]) -> None:
    """As somebody would who can write into the store, and has no key."""
    acts = shop.stores.acts
    if isinstance(acts, TinyActs):
        write_documents(acts.folder.path / ACTS, {"acts": [entry._asdict() for entry in entries]})
    elif isinstance(acts, PostgresActs):
        await acts.database.read("delete from acts")
        for n, entry in enumerate(entries, 1):
            await acts.database.read("insert into acts (n, sealed, link) values (%s, %s, %s)", n, *entry[1:])
    else:
        assert isinstance(acts, MemoryActs)
        acts._entries = tuple(entries)


async def test_no_reason_and_no_account_of_the_log_can_be_read_in_the_store(shop: Shop) -> None:
    await shop.stores.acts.record(ACT)
    left = await everything_in(shop.stores)
    assert [word for word in ("asked for by", "ines", "7Q4M") if word in left] == []
