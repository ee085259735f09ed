"""Files that broke while nobody looked: found at the start, put back from their last good copy, and told of."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pathway.address import Address
from pathway.people import Person
from pathway.ports import MAYBE, Draft, StoreUnavailable
from storage import Stores
from storage.losses import losses, seen
from storage.tinydb_book import TinyCaseBook
from tests.keys import open_stores
from tests.logged import as_json
from tests.storage.samples import HOUR, NOON, Shop, due_letters, first, note, target, then
from tests.storage.test_files import WORDS, FailingDisk, disk, files_with, folder_of, names_in

__all__ = ["disk"]
MIA = Person("mia", "Mia Maddison", "mia@school.example")
NAMES = ("Mia", "Maddison", "mia@school", WORDS)


def torn(data: bytes) -> bytes:
    return data[: len(data) // 2]


def empty(data: bytes) -> bytes:
    del data
    return b""


def nulls(data: bytes) -> bytes:
    return b"\0" * len(data)


def one_letter_else(data: bytes) -> bytes:
    return data.replace(b"sealed", b"sealeD")


def no_json(data: bytes) -> bytes:
    return b"<html>" + data


DAMAGES = [torn, empty, nulls, one_letter_else, no_json]


async def damaged(shop: Shop, *names: str, damage: Callable[[bytes], bytes] = torn) -> None:
    """The store is closed, the files *names* break, and it is opened again."""
    await shop.stores.close()
    for name in names:
        path = folder_of(shop) / name
        path.write_bytes(damage(path.read_bytes()))
    await shop.reopen()


def told(shop: Shop) -> list[str]:
    return [str(loss) for loss in losses(folder_of(shop))]


# -- cases -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_damaged_case_comes_back_from_its_last_good_copy_and_what_that_may_have_lost_is_said(
    tiny: Shop, damage: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    await tiny.stores.roster.keep_person(MIA)
    await tiny.book.commit(first("c1"))
    await tiny.book.commit(first("c2"))
    await tiny.book.commit(then("c1"))
    await damaged(tiny, "cases/c1.json", damage=damage)
    said = (
        "cases/c1.json (case R-c1) was damaged; its last good copy is back, with 2 events, "
        "and 1 event after that, or one more, must be recorded again"
    )
    (line,) = (json.loads(line) for line in as_json(caplog.records) if '"error"' in line)
    assert line["message"] == "a damaged file of the store was put back"
    assert (line["restored"], line["events"], line["known"]) == (True, 2, 3)
    for _ in range(2):
        assert len(await tiny.book.events("c1")) == 2
        assert list(await tiny.book.cases_of(None)) == ["c2", "c1"]
        health = await tiny.book.health()
        assert (health.ok, "c1.json" in health.sentence) == (False, True)
        assert told(tiny) == [said]
        await tiny.reopen()
    assert (await tiny.book.commit(then("c1"))).version == 3
    assert names_in(tiny, "damaged") == ["c1.json", "c1.json.note"]
    assert [
        name for name in NAMES if name in caplog.text + (folder_of(tiny) / "damaged/c1.json.note").read_text()
    ] == []


async def test_a_case_that_never_changed_comes_back_whole(tiny: Shop) -> None:
    await tiny.book.commit(first("c1"))
    before = list(await tiny.book.events("c1"))
    await damaged(tiny, "cases/c1.json")
    assert list(await tiny.book.events("c1")) == before


async def test_a_case_whose_file_has_gone_comes_back_too(tiny: Shop) -> None:
    await tiny.book.commit(first("c1"))
    await tiny.book.commit(then("c1"))
    await tiny.stores.close()
    (folder_of(tiny) / "cases" / "c1.json").unlink()
    await tiny.reopen()
    assert len(await tiny.book.events("c1")) == 2
    assert not (await tiny.book.health()).ok
    assert told(tiny)[0].startswith("cases/c1.json (case R-c1) was gone; its last good copy is back")


async def test_a_damaged_key_comes_back_and_its_case_can_be_read(tiny: Shop) -> None:
    await tiny.book.commit(first("c1"))
    before = list(await tiny.book.events("c1"))
    keys = [f"keys/{name}" for name in names_in(tiny, "keys") if name.endswith(".json")]
    assert keys
    await damaged(tiny, *keys)
    assert list(await tiny.book.events("c1")) == before
    assert len(told(tiny)) == len(keys)
    assert await tiny.book.erase("c1")
    await tiny.reopen()
    assert [name for name in names_in(tiny, "damaged") if "c1" in name] == []


async def test_a_case_that_another_was_copied_over_comes_back(tiny: Shop) -> None:
    for case in ("c1", "c2"):
        await tiny.book.commit(first(case))
    await tiny.stores.close()
    cases = folder_of(tiny) / "cases"
    (cases / "c1.json").write_bytes((cases / "c2.json").read_bytes())
    await tiny.reopen()
    assert sorted(await tiny.book.cases_of(None)) == ["c1", "c2"]
    assert not (await tiny.book.health()).ok


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_case_without_a_good_copy_is_set_aside_and_named_and_hides_no_other(
    tiny: Shop, damage: Callable[[bytes], bytes]
) -> None:
    await tiny.book.commit(first("c1"))
    await tiny.book.commit(first("c2"))
    await damaged(tiny, "cases/c1.json", "cases/c1.json.last", damage=damage)
    for _ in range(2):
        health = await tiny.book.health()
        assert (health.ok, "c1.json" in health.sentence) == (False, True)
        assert list(await tiny.book.cases_of(None)) == ["c2"]
        assert list(await tiny.book.events("c1")) == []
        assert told(tiny) == ["cases/c1.json was damaged, and there is no good copy of it"]
        await tiny.reopen()
    assert names_in(tiny, "damaged") == ["c1.json", "c1.json.last", "c1.json.note"]
    assert names_in(tiny, "cases") == ["c2.json", "c2.json.last"]


async def test_a_case_under_the_name_of_another_is_set_aside(tiny: Shop) -> None:
    await tiny.book.commit(first("c1"))
    await tiny.stores.close()
    cases = folder_of(tiny) / "cases"
    (cases / "c9.json").write_bytes((cases / "c1.json").read_bytes())
    await tiny.reopen()
    assert "c9.json" in (await tiny.book.health()).sentence
    assert list(await tiny.book.cases_of(None)) == ["c1"]


async def test_when_a_restored_file_is_put_back_the_next_start_is_well(tiny: Shop) -> None:
    await tiny.book.commit(first("c1"))
    good = (folder_of(tiny) / "cases" / "c1.json").read_bytes()
    await damaged(tiny, "cases/c1.json", "cases/c1.json.last")
    await tiny.stores.close()
    (folder_of(tiny) / "damaged" / "c1.json").unlink()
    (folder_of(tiny) / "cases" / "c1.json").write_bytes(good)
    await tiny.reopen()
    assert (await tiny.book.health()).ok
    assert len(await tiny.book.events("c1")) == 2


async def test_what_may_have_gone_out_in_the_lost_change_goes_out_as_sent_again(tiny: Shop) -> None:
    later = note("later", NOON + 90_000 * HOUR)
    await tiny.book.commit(first("c1", outbox=(note("due"), later)))
    await tiny.book.complete((await due_letters(tiny.book))[0], "delivered")
    await damaged(tiny, "cases/c1.json")
    for _ in range(2):
        found = await due_letters(tiny.book, NOON + 99_999 * HOUR)
        assert [(claim.item.key, claim.error) for claim in found if claim.item] == [("due", MAYBE), ("later", "")]
        await tiny.reopen()


async def test_where_the_disk_is_full_the_damaged_file_stays_and_the_next_start_mends_it(
    tiny: Shop, disk: FailingDisk
) -> None:
    await tiny.book.commit(first("c1"))
    await tiny.book.commit(then("c1"))
    await tiny.reopen()
    disk.fail(0, for_good=True)
    await damaged(tiny, "cases/c1.json")
    assert list(await tiny.book.cases_of(None)) == []
    assert not (await tiny.book.health()).ok
    disk.mend()
    await tiny.reopen()
    assert len(await tiny.book.events("c1")) == 2


async def test_on_a_disk_that_knows_no_second_names_the_copy_is_a_file_of_its_own(
    tiny: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    await tiny.book.commit(first("c1"))
    for n in range(2, 5):
        await tiny.book.commit(then("c1", expected=n))
    await damaged(tiny, "cases/c1.json")
    assert len(await tiny.book.events("c1")) == 4
    assert names_in(tiny, "damaged") == ["c1.json", "c1.json.note"]


# -- everything else -------------------------------------------------------------------------------------------------


async def test_a_damaged_placement_list_comes_back_and_the_bot_starts(tiny: Shop) -> None:
    await tiny.stores.roster.keep_person(MIA)
    await tiny.stores.roster.keep_person(replace(MIA, id="sam", email="sam@school.example"))
    await damaged(tiny, "roster.json")
    assert await tiny.stores.roster.person("mia") == MIA
    assert told(tiny) == ["roster.json was damaged; its last good copy is back, and perhaps its last change is lost"]
    await tiny.stores.roster.keep_person(replace(MIA, id="sam", email="sam@school.example"))
    await tiny.reopen()
    assert set(await tiny.stores.roster.people()) == {"mia", "sam"}


async def test_a_placement_list_without_a_good_copy_stops_the_start_because_nobody_would_be_known(tiny: Shop) -> None:
    await tiny.stores.roster.keep_person(MIA)
    path = folder_of(tiny) / "roster.json"
    good = path.read_bytes()
    with pytest.raises(StoreUnavailable, match=r"roster\.json cannot be read"):
        await damaged(tiny, "roster.json", "roster.json.last")
    path.write_bytes(good)
    await tiny.reopen()
    assert await tiny.stores.roster.person("mia") is not None


async def test_of_damaged_forms_and_messages_without_a_case_nothing_is_lost(tiny: Shop) -> None:
    for n in range(3):
        await tiny.stores.drafts.keep(Draft("mia", "concern", {"seen": f"{n}"}, NOON))
        await tiny.book.post([note(f"k{n}")], f"tap{n}")
    await damaged(tiny, "drafts/mia.json", "post.json")
    draft = await tiny.stores.drafts.draft("mia", "concern")
    assert draft is not None
    assert draft.values == {"seen": "2"}
    assert {claim.item.key for claim in await due_letters(tiny.book) if claim.item} == {"k0", "k1", "k2"}
    assert [line.endswith("its last good copy is back, and nothing is lost") for line in told(tiny)] == [True, True]


async def test_damaged_addresses_come_back_and_without_a_good_copy_are_set_aside(tiny: Shop) -> None:
    await tiny.stores.addresses.keep_note("greeted", "yes")
    await tiny.stores.addresses.keep_note("greeted", "no")
    await damaged(tiny, "addresses.json")
    assert await tiny.stores.addresses.note("greeted") == "yes"
    await damaged(tiny, "addresses.json", "addresses.json.last", damage=lambda _: b"{")
    assert await tiny.stores.addresses.note("greeted") == ""
    assert not (await tiny.book.health()).ok


async def test_a_copy_that_is_damaged_is_made_anew_and_nobody_is_alarmed(
    tiny: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    await tiny.book.commit(first("c1"))
    await tiny.book.commit(then("c1"))
    await damaged(tiny, "cases/c1.json.last")
    assert (await tiny.book.health()).ok
    assert isinstance(tiny.book, TinyCaseBook)
    await tiny.book.folder.look_after_copies()
    assert (await tiny.book.health()).ok
    assert "a damaged copy of a file that is well was made anew" in caplog.text
    await damaged(tiny, "cases/c1.json")
    assert len(await tiny.book.events("c1")) == 3


# -- until somebody has looked ---------------------------------------------------------------------------------------


async def test_health_is_red_until_somebody_has_looked_at_what_is_back(tiny: Shop) -> None:
    for case in ("c1", "c2", "c3"):
        await tiny.book.commit(first(case))
    await tiny.stores.close()
    (folder_of(tiny) / "cases" / "c3.json").unlink()
    await damaged(tiny, "cases/c1.json", "cases/c2.json", "cases/c2.json.last")
    over, left = seen(folder_of(tiny))
    assert [loss.file for loss in over] == ["cases/c1.json", "cases/c3.json"]
    assert [loss.file for loss in left] == ["cases/c2.json"]
    assert not (await tiny.book.health()).ok
    for path in (folder_of(tiny) / "damaged").glob("c2.json*"):
        path.unlink()
    assert (await tiny.book.health()).ok
    assert seen(folder_of(tiny)) == ([], [])


async def test_a_file_that_breaks_twice_is_told_of_twice(tiny: Shop) -> None:
    await tiny.book.commit(first("c1"))
    for _ in range(2):
        await damaged(tiny, "cases/c1.json")
    assert len(told(tiny)) == 2
    assert len(await tiny.book.events("c1")) == 2
    assert len(seen(folder_of(tiny))[0]) == 2
    assert (await tiny.book.health()).ok


# -- nothing stays of what is erased ---------------------------------------------------------------------------------


async def test_of_an_erased_case_no_text_is_left_in_any_file(tiny: Shop) -> None:
    concern = replace(target(WORDS), seen=WORDS)
    begin = first("case-one", outbox=(note(),))
    await tiny.book.commit(replace(begin, events=(begin.events[0], concern)))
    await tiny.book.commit(then("case-one"))
    await damaged(tiny, "cases/case-one.json", damage=lambda data: data[:-5])
    await damaged(tiny, "cases/case-one.json", damage=lambda data: data[:-6])
    kept = ["case-one.json", "case-one.json.last"]
    assert [x for x in names_in(tiny, "cases") if x in files_with(folder_of(tiny), "case-one")] == kept
    assert len([x for x in names_in(tiny, "damaged") if x in files_with(folder_of(tiny), "case-one")]) > 1
    assert await tiny.book.erase("case-one")
    assert files_with(folder_of(tiny), WORDS) == []
    key = "case.case-one.json"
    assert sorted(files_with(folder_of(tiny), "case-one")) == [key, f"{key}.last", "heads.log"]
    for name in (key, f"{key}.last"):
        assert "wrapped" not in (folder_of(tiny) / "keys" / name).read_text()
    assert (await tiny.book.health()).ok
    await tiny.reopen()
    assert list(await tiny.book.events("case-one")) == []


async def test_of_a_dropped_draft_no_text_is_left_where_its_file_was_damaged_once(tiny: Shop) -> None:
    drafts = tiny.stores.drafts
    await drafts.keep(Draft("mia", "concern", {"seen": WORDS}, NOON))
    await drafts.keep(Draft("mia", "plan", {"place": "the library"}, NOON))
    await damaged(tiny, "drafts/mia.json", damage=lambda data: data[:-5])
    await tiny.stores.drafts.drop("mia", "concern")
    assert files_with(folder_of(tiny), WORDS) == []
    await damaged(tiny, "drafts/mia.json", damage=lambda data: data[:-5])
    await tiny.stores.drafts.drop("mia", "plan")
    assert files_with(folder_of(tiny), "the library") == []
    assert names_in(tiny, "drafts") == []


# -- any damage ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sample:
    """A folder in which each file was written several times, and is closed; *holds* as `everything` gives it."""

    folder: Path
    holds: dict[str, list[object]]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    folder: Path = tmp_path_factory.mktemp("sample") / "data"

    async def make() -> None:
        stores = open_stores(f"tinydb://{folder}")
        await stores.open()
        for n in range(3):
            await stores.book.commit(first(f"c{n}", outbox=(note(),)))
            await stores.book.commit(then(f"c{n}", wake_at=NOON))
            await stores.book.post([note(f"k{n}")], f"tap{n}")
            await stores.drafts.keep(Draft("mia", f"form{n}", {"seen": WORDS}, NOON))
            await stores.roster.keep_person(replace(MIA, id=f"m{n}", email=f"m{n}@school.example"))
            await stores.addresses.keep_address(f"m{n}", Address("https://smba.example/", f"a:{n}", "28:bot", "t1"))
        await stores.close()

    asyncio.run(make())
    return Sample(folder, asyncio.run(opened(folder))[0])


async def opened(folder: Path) -> tuple[dict[str, list[object]], bool]:
    """All that a store finds there at its start, and whether it is well."""
    stores = open_stores(f"tinydb://{folder}")
    await stores.open()
    try:
        return await everything(stores), (await stores.book.health()).ok
    finally:
        await stores.close()


async def everything(stores: Stores) -> dict[str, list[object]]:
    """All there is, by the file it stands in, in the order in which it came."""
    cases = {f"cases/c{n}.json": list[object](await stores.book.events(f"c{n}")) for n in range(3)}
    posted = [x.item for x in await due_letters(stores.book, limit=99) if not x.case_id]
    drafts = sorted(await stores.drafts.drafts_of("mia"), key=lambda draft: draft.form)
    addresses = [await stores.addresses.address(f"m{n}") for n in range(3)]
    return {
        **cases,
        "post.json": list(posted),
        "drafts/mia.json": list(drafts),
        "roster.json": list((await stores.roster.people()).values()),
        "addresses.json": [x for x in addresses if x],
    }


def broken(data: bytes, how: str, where: float, bit: int) -> bytes:
    """Cut off, with one bit else, or half written: the rest of it zeros, as a disk leaves what it never wrote."""
    at = min(int(len(data) * where), len(data) - 1)
    match how:
        case "cut":
            return data[:at]
        case "flipped":
            return data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1 :]
        case _:
            return data[:at] + b"\0" * (len(data) - at)


FILES = [*(f"cases/c{n}.json" for n in range(3)), "post.json", "drafts/mia.json", "roster.json", "addresses.json"]
DAMAGE = st.tuples(st.sampled_from(["cut", "flipped", "half"]), st.floats(0, 1), st.integers(0, 7))


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(FILES), is_copy=st.booleans(), damage=DAMAGE)
@example(name="cases/c1.json", is_copy=False, damage=("cut", 0.0, 0))
@example(name="cases/c1.json", is_copy=False, damage=("flipped", 1.0, 7))
@example(name="roster.json", is_copy=False, damage=("cut", 0.0, 0))
def test_whatever_breaks_in_whatever_file_is_found_and_put_back_and_nothing_else_is_touched(
    sample: Sample, tmp_path: Path, name: str, *, is_copy: bool, damage: tuple[str, float, int]
) -> None:
    folder = tmp_path / "data"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(sample.folder, folder)
    path = folder / f"{name}.last" if is_copy else folder / name
    path.write_bytes(broken(path.read_bytes(), *damage))
    here, is_well = asyncio.run(opened(folder))
    there = sample.holds
    assert is_well == is_copy
    assert [loss.file for loss in losses(folder)] == ([] if is_copy else [name])
    assert {other for other in here if here[other] != there[other]} <= (set() if is_copy else {name})
    assert here[name] == there[name][: len(here[name])]
    assert len(there[name]) - len(here[name]) <= 1
    assert here[name]
