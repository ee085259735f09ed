"""Half-filled forms, people, placements and addresses; one contract, every store."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import cast

import pytest

from pathway.address import Address
from pathway.people import OutOfReach, Person, Placement, Reach
from pathway.ports import Draft, RosterFault, StoreUnavailable
from storage.memory import MemoryAddresses, MemoryCaseBook, MemoryDrafts, MemoryRoster
from storage.tinydb_book import TinyAddresses, TinyCaseBook, TinyDrafts, TinyRoster
from tests.keys import open_stores, tiny_ring
from tests.storage.samples import HOUR, NOON, Shop

MIA = Person("p-mia", "Mia Moss", "Mia.Moss@school.example")
SAM = Person("p-sam", "Sam Sand", "sam@uni.example", "0f0f-AA", Reach.TEAMS)
PLACEMENT = Placement(
    id="PL-1",
    student=SAM.id,
    mentor=MIA.id,
    course="PGCE",
    phase="primary",
    school="Elm Park",
    school_address="1 Elm Road",
    calendar="A",
    start=date(2026, 9, 7),
    end=date(2026, 12, 18),
)
ADDRESS = Address("https://smba.example/emea/", "a:1", "28:bot", "tenant", "29:mia")


def draft(form: str = "concern", person: str = "mia", **values: str) -> Draft:
    return Draft(person, form, values, NOON)


# -- drafts ------------------------------------------------------------------------------------------------------------


async def test_a_draft_is_found_again_by_its_person_and_form_and_by_nobody_else(shop: Shop) -> None:
    await shop.stores.drafts.keep(draft(seen="six pupils\n“did not” know", target="☀"))
    for _ in range(2):
        drafts = shop.stores.drafts
        assert await drafts.draft("mia", "concern") == draft(seen="six pupils\n“did not” know", target="☀")
        assert await drafts.draft("sam", "concern") is None
        assert await drafts.draft("mia", "plan:c1") is None
        if not shop.lasts:
            break
        await shop.reopen()


async def test_there_is_one_draft_a_person_and_form(shop: Shop) -> None:
    drafts = shop.stores.drafts
    await drafts.keep(draft(seen="first"))
    await drafts.keep(draft(seen="second"))
    await drafts.keep(draft("plan:c1", place="library"))
    assert await drafts.draft("mia", "concern") == draft(seen="second")
    assert len(await drafts.drafts_of("mia")) == 2


async def test_a_dropped_draft_is_gone_and_dropping_it_twice_is_no_fault(shop: Shop) -> None:
    drafts = shop.stores.drafts
    await drafts.keep(draft())
    await drafts.keep(draft("plan:c1"))
    for _ in range(2):
        await drafts.drop("mia", "concern")
        assert await drafts.draft("mia", "concern") is None
        assert [x.form for x in await drafts.drafts_of("mia")] == ["plan:c1"]
    await drafts.drop("nobody", "concern")


async def test_drafts_of_a_person_come_newest_first_and_old_ones_oldest_first(shop: Shop) -> None:
    drafts = shop.stores.drafts
    for n, (person, form) in enumerate([("mia", "b"), ("sam", "c"), ("mia", "a")]):
        await drafts.keep(replace(draft(form, person), saved_at=NOON + n * HOUR))
    assert [x.form for x in await drafts.drafts_of("mia")] == ["a", "b"]
    assert [x.form for x in await drafts.drafts_before(NOON + 2 * HOUR)] == ["b", "c"]
    assert list(await drafts.drafts_before(NOON)) == []


async def test_what_a_caller_does_with_its_copy_of_a_draft_changes_nothing(shop: Shop) -> None:
    values = {"seen": "six pupils"}
    await shop.stores.drafts.keep(Draft("mia", "concern", values, NOON))
    values["seen"] = "changed on the way in"
    kept = await shop.stores.drafts.draft("mia", "concern")
    assert kept is not None
    cast("dict[str, str]", kept.values)["seen"] = "changed on the way out"
    assert await shop.stores.drafts.draft("mia", "concern") == draft(seen="six pupils")


async def test_many_drafts_kept_at_once_are_all_kept(shop: Shop) -> None:
    await asyncio.gather(*(shop.stores.drafts.keep(draft(f"f{n}")) for n in range(20)))
    assert len(await shop.stores.drafts.drafts_of("mia")) == 20


# -- people and placements ---------------------------------------------------------------------------------------------


async def test_people_are_found_by_id_by_e_mail_without_case_and_by_the_directory(shop: Shop) -> None:
    await shop.stores.roster.load([MIA, SAM], [PLACEMENT])
    for _ in range(2):
        roster = shop.stores.roster
        assert await roster.person("p-mia") == MIA
        assert await roster.people() == {"p-mia": MIA, "p-sam": SAM}
        assert await roster.by_email(" mia.moss@SCHOOL.example") == MIA
        assert await roster.by_object_id("0F0F-aa") == SAM
        assert await roster.by_object_id("") is None
        assert await roster.by_email("") is None
        assert await roster.person("nobody") is None
        assert await roster.placement("PL-1") == PLACEMENT
        assert list(await roster.placements()) == [PLACEMENT]
        if not shop.lasts:
            break
        await shop.reopen()


async def test_a_second_import_replaces_and_keeps_whom_cases_may_name(shop: Shop) -> None:
    roster = shop.stores.roster
    await roster.load([MIA, SAM], [PLACEMENT])
    ola, next_one = Person("p-ola", "Ola Oak", "ola@uni.example"), replace(PLACEMENT, id="PL-2", student="p-ola")
    await roster.load([replace(MIA, name="Mia Marsh"), ola], [next_one])
    assert (await roster.people()).keys() == {"p-mia", "p-sam", "p-ola"}
    assert (await roster.people())["p-mia"].name == "Mia Marsh"
    assert list(await roster.placements()) == [next_one]
    assert await roster.placement("PL-1") == PLACEMENT
    if shop.lasts:
        await shop.reopen()
        assert await shop.stores.roster.placement("PL-1") == PLACEMENT
        assert list(await shop.stores.roster.placements()) == [next_one]
    await shop.stores.roster.load([MIA], [PLACEMENT])
    assert list(await shop.stores.roster.placements()) == [PLACEMENT]


async def test_the_placements_of_a_person_are_those_that_name_them_in_any_role(shop: Shop) -> None:
    roster = shop.stores.roster
    other = replace(PLACEMENT, id="PL-2", student="p-ola", course_director="p-sam")
    ola = Person("p-ola", "Ola Oak", "ola@uni.example")
    await roster.load([MIA, SAM, ola], [PLACEMENT, other])
    for _ in range(2):
        roster = shop.stores.roster
        assert list(await roster.placements_of("p-ola")) == [other]
        assert list(await roster.placements_of(PLACEMENT.mentor)) == [PLACEMENT, other]
        assert list(await roster.placements_of("")) == list(await roster.placements_of("nobody")) == []
        if shop.lasts:
            await shop.reopen()
    await shop.stores.roster.load([MIA, SAM, ola], [PLACEMENT])
    assert list(await shop.stores.roster.placements_of("p-ola")) == []


async def test_an_import_does_not_forget_what_was_learnt_at_the_first_contact(shop: Shop) -> None:
    roster = shop.stores.roster
    await roster.load([MIA], [])
    met = replace(MIA, object_id="aaaa", reach=Reach.GUEST)
    await roster.keep_person(met)
    await roster.load([MIA], [])
    assert await roster.person("p-mia") == met


async def test_who_is_out_of_reach_stays_so_through_a_restart_and_an_import_until_somebody_says_otherwise(
    shop: Shop,
) -> None:
    lost = replace(SAM, out_of_reach=OutOfReach(NOON, "ConversationBlockedByUser", by_mail=True))
    await shop.stores.roster.load([MIA, SAM], [PLACEMENT])
    await shop.stores.roster.keep_person(lost)
    await shop.reopen()
    assert await shop.stores.roster.person(SAM.id) == lost
    await shop.stores.roster.load([MIA, replace(SAM, name="Sam Sands")], [PLACEMENT])
    assert await shop.stores.roster.person(SAM.id) == replace(lost, name="Sam Sands")
    await shop.stores.roster.keep_person(SAM)
    await shop.stores.roster.load([MIA, lost], [PLACEMENT])
    assert await shop.stores.roster.person(SAM.id) == SAM


async def test_two_people_with_one_address_are_refused_and_nothing_is_taken(shop: Shop) -> None:
    roster = shop.stores.roster
    await roster.load([MIA], [])
    with pytest.raises(RosterFault, match="e-mail address"):
        await roster.load([SAM, Person("p-eve", "Eve", "mia.moss@school.example")], [PLACEMENT])
    with pytest.raises(RosterFault, match="placement_id"):
        await roster.load([SAM], [PLACEMENT, PLACEMENT])
    assert await roster.people() == {"p-mia": MIA}
    assert list(await roster.placements()) == []


# -- addresses ---------------------------------------------------------------------------------------------------------


async def test_the_newest_address_of_a_person_is_kept_until_it_is_dropped(shop: Shop) -> None:
    await shop.stores.addresses.keep_address("mia", ADDRESS)
    await shop.stores.addresses.keep_address("mia", replace(ADDRESS, conversation_id="a:2"))
    await shop.stores.addresses.keep_address("channel", replace(ADDRESS, scope="channel", user_id=""))
    if shop.lasts:
        await shop.reopen()
    addresses = shop.stores.addresses
    assert await addresses.address("mia") == replace(ADDRESS, conversation_id="a:2")
    await addresses.drop_address("mia")
    await addresses.drop_address("mia")
    assert await addresses.address("mia") is None
    assert await addresses.address("channel") is not None


async def test_a_note_is_kept_until_it_is_emptied(shop: Shop) -> None:
    await shop.stores.addresses.keep_note("thread:2026-10-06", "a:77")
    if shop.lasts:
        await shop.reopen()
    assert await shop.stores.addresses.note("thread:2026-10-06") == "a:77"
    assert await shop.stores.addresses.note("unknown") == ""
    await shop.stores.addresses.keep_note("thread:2026-10-06", "")
    assert await shop.stores.addresses.note("thread:2026-10-06") == ""


async def test_of_many_first_notes_at_once_one_is_kept_and_all_hear_of_it(shop: Shop) -> None:
    addresses = shop.stores.addresses
    heard = await asyncio.gather(*(addresses.keep_first_note("secret", f"s{n}") for n in range(8)))
    assert len(set(heard)) == 1
    if shop.lasts:
        await shop.reopen()
    assert await shop.stores.addresses.note("secret") == heard[0]
    assert await shop.stores.addresses.keep_first_note("secret", "late") == heard[0]


async def test_an_address_that_is_known_already_is_not_written_again(tiny: Shop) -> None:
    await tiny.stores.addresses.keep_address("mia", ADDRESS)
    path = Path(str(tiny.stores.folder)) / "addresses.json"
    before = path.stat().st_ino, path.stat().st_mtime_ns
    await tiny.stores.addresses.keep_address("mia", replace(ADDRESS))
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == before


# -- which store -------------------------------------------------------------------------------------------------------


async def test_before_the_folder_is_open_nothing_is_answered(tmp_path: Path) -> None:
    stores = open_stores(f"tinydb://{tmp_path}/data")
    with pytest.raises(StoreUnavailable, match="The store is closed"):
        await stores.drafts.drafts_of("mia")
    await stores.open()
    await stores.close()
    with pytest.raises(StoreUnavailable, match="The store is closed"):
        await stores.roster.people()
    await stores.open()
    assert await stores.roster.people() == {}
    await stores.close()


def test_a_url_chooses_the_store(tmp_path: Path) -> None:
    memory = open_stores("memory:")
    kinds = [MemoryCaseBook, MemoryDrafts, MemoryRoster, MemoryAddresses]
    assert [type(x) for x in (memory.book, memory.drafts, memory.roster, memory.addresses)] == kinds
    assert memory.folder is None
    tiny = open_stores(f"tinydb://{tmp_path}/with%20space")
    files = [TinyCaseBook, TinyDrafts, TinyRoster, TinyAddresses]
    assert [type(x) for x in (tiny.book, tiny.drafts, tiny.roster, tiny.addresses)] == files
    assert tiny.folder == tmp_path / "with space"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("url", ["", "mysql://localhost/pathway", "sqlite:///x", "pathway", "/var/lib/pathway"])
def test_a_store_that_is_not_known_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(ValueError, match=r"is not known. Write memory:, tinydb:///var/lib/pathway or postgresql:"):
        open_stores(url)


@pytest.mark.parametrize("url", ["tinydb:", "tinydb:///", "tinydb://data/pathway", "tinydb:data", "tinydb:///a?b=c"])
def test_a_folder_that_is_not_named_in_full_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(ValueError, match="after three slashes"):
        open_stores(url)


async def test_drafts_may_be_moved_to_another_folder_object_without_mixing(tmp_path: Path) -> None:
    one, two = tiny_ring(tmp_path / "one"), tiny_ring(tmp_path / "two")
    await one.folder.open()
    await two.folder.open()
    await TinyDrafts(one).keep(draft())
    assert await TinyDrafts(two).draft("mia", "concern") is None
    assert await TinyDrafts(one).draft("mia", "concern") == draft()
    await one.folder.close()
    await two.folder.close()


async def test_a_draft_can_be_old(shop: Shop) -> None:
    await shop.stores.drafts.keep(replace(draft(), saved_at=NOON - timedelta(days=400)))
    assert len(await shop.stores.drafts.drafts_before(NOON)) == 1
