"""Who saw what of which case: kept beside the turns, ids and words of ours alone; one contract, every store."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pathway.ports import ONE_LOOK, Read, Saw
from storage.reads import MOST_WAITING
from tests.storage.samples import HOUR, NOON, Shop, first

LOOKED = Read("c1", "lee", Saw.CARD, NOON)


async def with_cases(shop: Shop, *cases: str) -> Shop:
    for case in cases:
        await shop.book.commit(first(case))
    return shop


async def test_who_read_what_is_there_by_case_and_by_person_oldest_first_also_after_a_restart(shop: Shop) -> None:
    await with_cases(shop, "c1", "c2")
    later = Read("c1", "account ines", Saw.AUDIT, NOON + 2 * HOUR)
    other = Read("c2", "lee", Saw.PEBBLEPAD, NOON + HOUR)
    await shop.stores.reads.note(later, LOOKED)
    await shop.stores.reads.note(other)
    for _ in range(2):
        reads = shop.stores.reads
        assert list(await reads.reads_of("c1")) == [LOOKED, later]
        assert list(await reads.reads_by("lee")) == [LOOKED, other]
        assert list(await reads.reads_of("nobody")) == list(await reads.reads_by("nobody")) == []
        if not shop.lasts:
            break
        await shop.reopen()


async def test_the_same_look_again_within_ten_minutes_is_one_read_at_its_first_time(shop: Shop) -> None:
    await with_cases(shop, "c1")
    just, after = NOON + ONE_LOOK - timedelta(seconds=1), NOON + ONE_LOOK
    for at in (NOON, just, after):
        await shop.stores.reads.note(replace(LOOKED, at=at))
    await shop.stores.reads.note(replace(LOOKED, at=just, saw=Saw.EVERYTHING), replace(LOOKED, at=just, person="sam"))
    kept = [(x.at, x.person, x.saw) for x in await shop.stores.reads.reads_of("c1")]
    assert kept == [
        (NOON, "lee", Saw.CARD),
        (just, "lee", Saw.EVERYTHING),
        (just, "sam", Saw.CARD),
        (after, "lee", Saw.CARD),
    ]


async def test_what_is_of_no_case_is_not_kept(shop: Shop) -> None:
    await with_cases(shop, "c1")
    await shop.stores.reads.note(replace(LOOKED, case_id=""), replace(LOOKED, case_id="never-was"), LOOKED)
    assert [x async for x in shop.stores.reads.everything()] == [LOOKED]


async def test_what_is_seen_while_a_case_is_being_erased_is_not_kept(shop: Shop) -> None:
    await with_cases(shop, "c1")
    await shop.stores.reads.note(LOOKED)
    await shop.stores.reads.forget("c1")
    await shop.stores.reads.note(replace(LOOKED, at=NOON + HOUR))
    assert [x async for x in shop.stores.reads.everything()] == []


async def test_who_read_an_erased_case_goes_with_it_and_does_not_come_back(shop: Shop) -> None:
    await with_cases(shop, "c1", "c2")
    await shop.stores.reads.note(LOOKED, replace(LOOKED, case_id="c2"))
    await shop.book.erase("c1")
    await shop.stores.reads.forget("c1")
    await shop.stores.reads.note(replace(LOOKED, at=NOON + HOUR))
    for _ in range(2):
        assert [x async for x in shop.stores.reads.everything()] == [replace(LOOKED, case_id="c2")]
        if not shop.lasts:
            break
        await shop.reopen()


async def test_many_reads_at_once_are_all_kept(shop: Shop) -> None:
    await with_cases(shop, "c1")
    await asyncio.gather(*(shop.stores.reads.note(replace(LOOKED, person=f"p{n}")) for n in range(40)))
    assert len(await shop.stores.reads.reads_of("c1")) == 40


async def test_what_was_noted_last_is_kept_by_a_stop(shop: Shop) -> None:
    await with_cases(shop, "c1")
    await shop.stores.reads.note(LOOKED)
    if shop.lasts:
        await shop.reopen()
    assert list(await shop.stores.reads.reads_of("c1")) == [LOOKED]


# -- files -------------------------------------------------------------------------------------------------------------


def reads_file(shop: Shop) -> Path:
    assert shop.stores.folder
    return shop.stores.folder / "reads" / "c1.jsonl"


async def test_a_line_that_was_cut_off_is_left_out_and_told_of_and_the_next_stands_by_itself(
    tiny: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    await with_cases(tiny, "c1")
    await tiny.stores.reads.note(LOOKED, replace(LOOKED, person="sam"))
    await tiny.stores.reads.written()
    reads_file(tiny).write_bytes(reads_file(tiny).read_bytes()[:-9])
    await tiny.reopen()
    await tiny.stores.reads.note(replace(LOOKED, person="ola"))
    assert [x.person for x in await tiny.stores.reads.reads_of("c1")] == ["lee", "ola"]
    said = next(line for line in caplog.records if "cannot be read" in line.getMessage())
    assert (vars(said)["case"], vars(said)["count"]) == ("c1", 1)


async def test_the_list_is_for_its_owner_alone_and_holds_ids_and_words_of_ours(tiny: Shop) -> None:
    await with_cases(tiny, "c1")
    await tiny.stores.reads.note(LOOKED)
    await tiny.stores.reads.written()
    assert reads_file(tiny).stat().st_mode & 0o777 == 0o600
    assert reads_file(tiny).parent.stat().st_mode & 0o777 == 0o700
    assert reads_file(tiny).read_text() == '{"person":"lee","saw":"card","at":"2026-10-06T12:00:00+00:00"}\n'


async def test_while_the_disk_takes_nothing_reads_wait_and_no_turn_hears_of_it(
    tiny: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    await with_cases(tiny, "c1")
    reads_file(tiny).mkdir()  # nothing can be written there
    await tiny.stores.reads.note(LOOKED)
    await tiny.stores.reads.written()
    assert "who read what could not be kept yet" in caplog.text
    reads_file(tiny).rmdir()
    await tiny.stores.reads.note(replace(LOOKED, person="sam"))
    assert [x.person for x in await tiny.stores.reads.reads_of("c1")] == ["lee", "sam"]


async def test_of_far_too_many_that_wait_the_newest_are_kept_and_the_loss_is_told(
    tiny: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    await with_cases(tiny, "c1")
    reads_file(tiny).mkdir()
    await tiny.stores.reads.note(*(replace(LOOKED, person=f"p{n}") for n in range(MOST_WAITING + 1)))
    await tiny.stores.reads.written()
    reads_file(tiny).rmdir()
    kept = await tiny.stores.reads.reads_of("c1")
    assert len(kept) == MOST_WAITING
    assert "p0" not in {x.person for x in kept}
    assert [vars(line)["count"] for line in caplog.records if "are lost" in line.getMessage()] == [1]
