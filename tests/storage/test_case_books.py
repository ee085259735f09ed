"""One contract, every book of cases."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from pathway.ports import AlreadyOpen, CaseBook, Claim, Shown, StoreUnavailable, VersionConflict
from storage.chain import Entry, head_of
from storage.record import opened
from storage.seal import KeyGone, case_key
from tests.storage.samples import (
    HOUR,
    LEASE,
    NOON,
    Shop,
    due_cases,
    due_letters,
    first,
    note,
    nudged,
    started,
    target,
    then,
)

# -- recording ---------------------------------------------------------------------------------------------------------


async def test_a_case_begins_once(shop: Shop) -> None:
    assert (await shop.book.commit(first())).version == 2
    with pytest.raises(VersionConflict) as caught:
        await shop.book.commit(first(nonce="another"))
    assert caught.value.current == 2


async def test_what_was_recorded_is_read_in_order(shop: Shop) -> None:
    await shop.book.commit(first())
    for n in range(2, 7):
        assert (await shop.book.commit(then(expected=n))).version == n + 1
    expected = [started(placement="p-c1"), target(), *(nudged(n) for n in range(2, 7))]
    assert list(await shop.book.events("c1")) == expected
    await shop.reopen()
    assert list(await shop.book.events("c1")) == expected


async def test_an_unknown_case_has_no_events(shop: Shop) -> None:
    assert list(await shop.book.events("nobody")) == []
    assert list(await shop.book.shown("nobody")) == []
    assert dict(await shop.book.sent("nobody")) == {}


async def test_a_case_does_not_begin_with_nothing(shop: Shop) -> None:
    with pytest.raises(ValueError, match="begins with an event"):
        await shop.book.commit(replace(first(), events=()))


async def test_a_commit_without_events_moves_only_what_it_names(shop: Shop) -> None:
    await shop.book.commit(first(wake_at=NOON))
    done = await shop.book.commit(replace(then(wake_at=NOON + HOUR), events=()))
    assert done.version == 2
    assert await shop.book.next_due("case") == NOON + HOUR


@pytest.mark.parametrize("expected", [0, 1, 3])
async def test_a_wrong_version_leaves_no_event_no_letter_no_wake_time_and_no_nonce(shop: Shop, expected: int) -> None:
    await shop.book.commit(first())
    with pytest.raises(VersionConflict):
        await shop.book.commit(
            then(expected=expected, nonce="x", outbox=(note("lost"),), wake_at=NOON, people=("eve",))
        )
    for _ in range(2):
        assert len(await shop.book.events("c1")) == 2
        assert await due_letters(shop.book) == []
        assert await shop.book.next_due("case") is None
        assert await shop.book.seen("x") is None
        assert list(await shop.book.cases_of("eve")) == []
        await shop.reopen()


async def test_nothing_is_expected_of_a_case_that_is_not_there(shop: Shop) -> None:
    with pytest.raises(VersionConflict) as caught:
        await shop.book.commit(then(expected=2))
    assert caught.value.current == 0


async def test_of_64_at_once_on_one_version_one_wins(shop: Shop) -> None:
    await shop.book.commit(first())
    tries = [shop.book.commit(then(nonce=f"n{n}", events=(nudged(n),))) for n in range(64)]
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(not isinstance(x, BaseException) for x in done) == 1
    assert sum(isinstance(x, VersionConflict) for x in done) == 63
    assert len(await shop.book.events("c1")) == 3


async def test_different_cases_do_not_wait_for_each_other_or_see_each_other(shop: Shop) -> None:
    await asyncio.gather(*(shop.book.commit(first(f"c{n}")) for n in range(20)))
    await asyncio.gather(*(shop.book.commit(then(f"c{n}", nonce=f"m{n}")) for n in range(20)))
    for n in range(20):
        case = await shop.book.events(f"c{n}")
        assert case[0] == started(f"c{n}", placement=f"p-c{n}")
        assert len(case) == 3


async def test_the_same_nonce_16_times_at_once_has_one_effect(shop: Shop) -> None:
    await shop.book.commit(first())
    done = await asyncio.gather(*(shop.book.commit(then(nonce="tap", outbox=(note("once"),))) for _ in range(16)))
    assert {x.version for x in done} == {3}
    assert sorted(x.replayed for x in done) == [False] + [True] * 15
    assert len(await shop.book.events("c1")) == 3
    assert len(await due_letters(shop.book)) == 1


async def test_the_same_nonce_16_times_at_once_begins_one_case(shop: Shop) -> None:
    done = await asyncio.gather(
        *(shop.book.commit(first(f"c{n}", nonce="tap")) for n in range(16)), return_exceptions=True
    )
    assert len({x.case_id for x in done if not isinstance(x, BaseException)}) == 1
    assert not [x for x in done if isinstance(x, BaseException)]
    assert len(await shop.book.cases_of(None)) == 1


async def test_a_nonce_is_answered_for_ever_even_on_an_old_version(shop: Shop) -> None:
    await shop.book.commit(first())
    once = await shop.book.commit(then(nonce="tap"))
    await shop.book.commit(then(expected=3))
    for _ in range(2):
        again = await shop.book.commit(then(nonce="tap"))
        assert again == replace(once, replayed=True)
        assert await shop.book.seen("tap") == once
        assert len(await shop.book.events("c1")) == 4
        await shop.reopen()


async def test_a_refused_commit_does_not_spend_its_nonce(shop: Shop) -> None:
    await shop.book.commit(first())
    with pytest.raises(VersionConflict):
        await shop.book.commit(then(expected=1, nonce="tap"))
    assert not (await shop.book.commit(then(expected=2, nonce="tap"))).replayed


async def test_a_placement_has_one_open_case_at_a_time(shop: Shop) -> None:
    await shop.book.commit(first("c1", placement="p1"))
    await shop.reopen()
    with pytest.raises(AlreadyOpen) as caught:
        await shop.book.commit(first("c2", placement="p1"))
    assert caught.value.case_id == "c1"
    await shop.book.commit(then("c1", placement="p1", is_open=False))
    await shop.book.commit(first("c2", placement="p1"))
    with pytest.raises(AlreadyOpen):
        await shop.book.commit(then("c1", expected=3, placement="p1"))
    assert len(await shop.book.events("c1")) == 3


async def test_of_16_concerns_at_once_on_one_placement_one_becomes_a_case(shop: Shop) -> None:
    tries = (shop.book.commit(first(f"c{n}", placement="p1")) for n in range(16))
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(x, AlreadyOpen) for x in done) == 15
    assert len(await shop.book.cases_of(None)) == 1


async def test_an_event_that_cannot_be_written_is_refused_whole(shop: Shop) -> None:
    await shop.book.commit(first())
    with pytest.raises(ValueError, match=r"Nudged\.due"):
        await shop.book.commit(then(events=(nudged(), replace(nudged(), due=NOON.replace(tzinfo=None)))))
    assert len(await shop.book.events("c1")) == 2


async def test_somebody_who_goes_away_in_the_middle_leaves_the_case_whole(shop: Shop) -> None:
    await shop.book.commit(first())
    for n in range(10):
        task = asyncio.ensure_future(shop.book.commit(then(nonce="gone", outbox=(note("told"),))))
        for _ in range(n):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    done = await shop.book.commit(then(nonce="gone", outbox=(note("told"),)))
    assert done.version == 3
    assert len(await shop.book.events("c1")) == 3
    assert len(await due_letters(shop.book)) == 1


# -- the caller's own copies -------------------------------------------------------------------------------------------


async def test_what_a_caller_does_with_its_copies_changes_nothing(shop: Shop) -> None:
    facts = {"timer": "T1"}
    await shop.book.commit(first(outbox=(replace(note(), data=facts),)))
    facts["timer"] = "changed on the way in"
    claim = (await due_letters(shop.book))[0]
    assert claim.item is not None
    cast("dict[str, str]", claim.item.data)["timer"] = "changed on the way out"
    await shop.book.retry(claim, NOON, "busy")
    again = (await due_letters(shop.book))[0]
    assert again.item == note()
    await shop.book.complete(again, "delivered")
    cast("dict[str, str]", await shop.book.sent("c1"))["1:receipt:mia"] = "never"
    assert await shop.book.sent("c1") == {"1:receipt:mia": "delivered"}


# -- looking up --------------------------------------------------------------------------------------------------------


async def test_cases_are_found_by_person_placement_and_reference(shop: Shop) -> None:
    await shop.book.commit(first("c1", placement="p1", reference="K4YT", people=("mia", "sam")))
    await shop.book.commit(then("c1", placement="p1", is_open=False, people=("mia", "sam")))
    await shop.book.commit(first("c2", placement="p1", people=("mia", "ola")))
    await shop.book.commit(first("c3", people=("ola",)))
    for _ in range(2):
        book = shop.book
        assert list(await book.cases_of("mia")) == ["c2"]
        assert list(await book.cases_of("mia", open_only=False)) == ["c2", "c1"]
        assert list(await book.cases_of("ola")) == ["c3", "c2"]
        assert list(await book.cases_of("eve")) == []
        assert list(await book.cases_of(None)) == ["c3", "c2"]
        assert list(await book.cases_of(None, open_only=False)) == ["c3", "c2", "c1"]
        assert list(await book.cases_of_placement("p1")) == ["c2", "c1"]
        assert await book.open_case_of("p1") == "c2"
        assert await book.open_case_of("p9") is None
        assert await book.case_with_reference("R-c2") == "c2"
        assert await book.case_with_reference("none") is None
        await shop.reopen()


async def test_whoever_is_named_later_finds_the_case_and_whoever_left_does_not(shop: Shop) -> None:
    await shop.book.commit(first(people=("mia",)))
    await shop.book.commit(then(people=("nia",)))
    for _ in range(2):
        assert list(await shop.book.cases_of("mia")) == []
        assert list(await shop.book.cases_of("nia")) == ["c1"]
        await shop.reopen()


# -- work: claims and leases -------------------------------------------------------------------------------------------


async def test_nothing_is_claimed_before_it_is_due_and_the_longest_due_comes_first(shop: Shop) -> None:
    for n in (3, 1, 2, 4):
        await shop.book.commit(first(f"c{n}", wake_at=NOON + n * HOUR))
    await shop.reopen()
    assert await due_cases(shop.book, NOON + HOUR - timedelta(microseconds=1)) == []
    now = NOON + 3 * HOUR
    assert [x.case_id for x in await due_cases(shop.book, now, limit=2)] == ["c1", "c2"]
    assert [x.case_id for x in await due_cases(shop.book, now)] == ["c3"]


async def test_a_claim_says_what_is_to_be_done(shop: Shop) -> None:
    await shop.book.commit(first(outbox=(note(),), wake_at=NOON))
    letter, case = (await due_letters(shop.book))[0], (await due_cases(shop.book))[0]
    assert (letter.queue, letter.case_id, letter.due, letter.attempts, letter.item) == ("outbox", "c1", NOON, 1, note())
    assert (case.queue, case.id, case.case_id, case.due, case.item) == ("case", "c1", "c1", NOON, None)


async def test_letters_of_one_moment_keep_their_order(shop: Shop) -> None:
    await shop.book.commit(first(outbox=tuple(note(f"k{n}") for n in range(9))))
    await shop.reopen()
    assert [x.item.key for x in await due_letters(shop.book) if x.item] == [f"k{n}" for n in range(9)]


async def test_many_workers_get_different_work(shop: Shop) -> None:
    for n in range(4):
        await shop.book.commit(first(f"c{n}", outbox=tuple(note(f"k{m}") for m in range(25))))
    claims = await asyncio.gather(*(due_letters(shop.book, limit=7) for _ in range(20)))
    ids = [x.id for some in claims for x in some]
    assert len(ids) == len(set(ids)) == 100


async def test_when_a_lease_ends_somebody_else_takes_over_and_the_first_holder_settles_nothing(shop: Shop) -> None:
    await shop.book.commit(first(outbox=(note(),)))
    old = (await due_letters(shop.book))[0]
    assert await due_letters(shop.book, NOON + LEASE - timedelta(seconds=1)) == []
    new = (await due_letters(shop.book, NOON + LEASE))[0]
    assert (new.fence > old.fence, new.attempts) == (True, 2)
    assert not await shop.book.complete(old, "delivered")
    assert not await shop.book.retry(old, NOON, "busy")
    assert not await shop.book.park(old, "gone")
    assert await shop.book.sent("c1") == {}
    assert await shop.book.complete(new, "delivered")
    assert await shop.book.sent("c1") == {"1:receipt:mia": "delivered"}


async def test_who_says_in_time_that_it_takes_longer_keeps_the_work(shop: Shop) -> None:
    await shop.book.commit(first(outbox=(note(),), wake_at=NOON))
    held = [*await due_letters(shop.book), *await due_cases(shop.book)]
    for claim in held:
        assert await shop.book.extend(claim, NOON + LEASE / 2, LEASE)
    later = NOON + LEASE + LEASE / 4
    assert [*await due_letters(shop.book, later), *await due_cases(shop.book, later)] == []
    assert await shop.book.next_due("outbox") == NOON + LEASE / 2 + LEASE
    assert [await shop.book.complete(claim, "done") for claim in held] == [True, True]
    assert [await shop.book.extend(claim, later, LEASE) for claim in held] == [False, False]


async def test_who_says_too_late_that_it_takes_longer_hears_that_somebody_else_has_it(shop: Shop) -> None:
    await shop.book.commit(first(outbox=(note(),)))
    old = (await due_letters(shop.book))[0]
    new = (await due_letters(shop.book, NOON + LEASE))[0]
    assert not await shop.book.extend(old, NOON + LEASE, 9 * LEASE)
    assert await due_letters(shop.book, NOON + 2 * LEASE) != []
    assert not await shop.book.extend(new, NOON + 2 * LEASE, LEASE)


async def test_what_somebody_was_about_to_do_when_they_fell_silent_is_told_to_the_next(shop: Shop) -> None:
    await shop.book.commit(first(outbox=(note("a"), note("b"))))
    begun, waiting = await due_letters(shop.book)
    assert await shop.book.extend(begun, NOON, LEASE, "perhaps delivered")
    assert await shop.book.extend(waiting, NOON, LEASE)
    again = await due_letters(shop.book, NOON + LEASE)
    assert [x.error for x in again] == ["perhaps delivered", ""]
    assert await shop.book.retry(again[0], NOON + LEASE, "busy")
    assert [x.error for x in await due_letters(shop.book, NOON + LEASE)] == ["busy"]


async def test_what_somebody_was_about_to_do_is_known_after_a_restart_and_forgotten_once_it_is_settled(
    shop: Shop,
) -> None:
    await shop.book.commit(first(outbox=(note("a"), note("b"), note("c"))))
    begun, busy, _ = await due_letters(shop.book)
    for claim in (begun, busy):
        assert await shop.book.extend(claim, NOON, LEASE, "perhaps delivered")
    assert await shop.book.retry(busy, NOON, "busy")
    await shop.reopen()
    found = {x.item.key: (x.error, x.attempts) for x in await due_letters(shop.book, NOON + LEASE) if x.item}
    assert found["a"][0] == "perhaps delivered"
    assert found["b"] == ("busy", 2)
    assert found["c"][0] == ""


async def test_after_a_restart_an_old_claim_settles_nothing(shop: Shop) -> None:
    await shop.book.commit(first(outbox=(note(),), wake_at=NOON))
    old = [*await due_letters(shop.book), *await due_cases(shop.book)]
    await shop.reopen()
    new = [*await due_letters(shop.book), *await due_cases(shop.book)]
    assert [n.fence > o.fence for n, o in zip(new, old, strict=True)] == [True, True]
    assert [await shop.book.complete(x, "delivered") for x in old] == [False, False]
    assert [await shop.book.complete(x, "delivered") for x in new] == [True, True]


async def test_what_is_settled_is_never_claimed_again(shop: Shop) -> None:
    await shop.book.commit(first(outbox=(note("a"), note("b"))))
    for claim in await due_letters(shop.book):
        assert await shop.book.complete(claim, "delivered")
        assert not await shop.book.complete(claim, "delivered")
    for _ in range(2):
        assert await due_letters(shop.book, NOON + 99 * HOUR) == []
        assert await shop.book.sent("c1") == {"a": "delivered", "b": "delivered"}
        await shop.reopen()


async def test_a_piece_of_work_is_settled_once_however_many_try_at_once(shop: Shop) -> None:
    await shop.book.commit(first(outbox=(note(),)))
    claim = (await due_letters(shop.book))[0]
    done = await asyncio.gather(*(shop.book.complete(claim, "delivered") for _ in range(8)))
    assert sorted(done) == [False] * 7 + [True]


async def test_while_a_delivery_is_written_down_nobody_else_takes_it(shop: Shop) -> None:
    await shop.book.commit(first(outbox=(note(),)))
    claim = (await due_letters(shop.book))[0]
    settling = asyncio.ensure_future(shop.book.complete(claim, "delivered"))
    await asyncio.sleep(0)
    taken: list[Claim] = []
    while not settling.done():
        taken += await due_letters(shop.book, NOON + 9 * HOUR)
        await asyncio.sleep(0)
    assert await settling
    assert taken == []


async def test_a_settled_case_wakes_when_it_was_told_to(shop: Shop) -> None:
    await shop.book.commit(first(wake_at=NOON))
    claim = (await due_cases(shop.book))[0]
    assert await shop.book.complete(claim, "reminded", wake_at=NOON + 5 * HOUR)
    for _ in range(2):
        assert await shop.book.next_due("case") == NOON + 5 * HOUR
        await shop.reopen()
    claim = (await due_cases(shop.book, NOON + 5 * HOUR))[0]
    assert claim.attempts == 1
    assert await shop.book.complete(claim, "nothing more")
    assert await shop.book.next_due("case") is None


async def test_a_due_date_that_moves_while_it_is_claimed_rules(shop: Shop) -> None:
    await shop.book.commit(first(wake_at=NOON))
    claim = (await due_cases(shop.book))[0]
    await shop.book.commit(then(wake_at=NOON + 2 * HOUR))
    assert not await shop.book.complete(claim, "reminded", wake_at=NOON + 9 * HOUR)
    assert not await shop.book.retry(claim, NOON + 9 * HOUR, "busy")
    assert await shop.book.next_due("case") == NOON + 2 * HOUR


async def test_a_wake_time_that_is_cancelled_before_it_is_claimed_never_comes(shop: Shop) -> None:
    await shop.book.commit(first(wake_at=NOON))
    await shop.book.commit(then(wake_at=None))
    assert await due_cases(shop.book, NOON + 99 * HOUR) == []


async def test_a_wake_time_that_is_cancelled_while_it_is_claimed_stays_cancelled(shop: Shop) -> None:
    await shop.book.commit(first(wake_at=NOON))
    claim = (await due_cases(shop.book))[0]
    await shop.book.commit(then(wake_at=None))
    assert not await shop.book.complete(claim, "reminded", wake_at=NOON + HOUR)
    for _ in range(2):
        assert await shop.book.next_due("case") is None
        assert await due_cases(shop.book, NOON + 99 * HOUR) == []
        await shop.reopen()


async def test_a_new_event_does_not_disturb_a_delivery(shop: Shop) -> None:
    await shop.book.commit(first(outbox=(note("a"),)))
    claim = (await due_letters(shop.book))[0]
    await shop.book.commit(then(outbox=(note("b"),)))
    assert await shop.book.complete(claim, "delivered")
    assert [x.item.key for x in await due_letters(shop.book) if x.item] == ["b"]


async def test_a_failed_try_comes_again_later_and_is_counted(shop: Shop) -> None:
    await shop.book.commit(first(outbox=(note(),), wake_at=NOON))
    claims = {"outbox": due_letters, "case": due_cases}
    for n in (1, 2, 3):
        now = NOON + n * HOUR
        for claim_some in claims.values():
            claim = (await claim_some(shop.book, now))[0]
            assert (claim.attempts, claim.error) == (n, f"busy {n - 1}" if n > 1 else "")
            assert await shop.book.retry(claim, now + HOUR, f"busy {n}")
            assert await claim_some(shop.book, now + HOUR - timedelta(seconds=1)) == []
        await shop.reopen()


async def test_what_is_parked_is_never_tried_by_itself_and_stays_in_sight(shop: Shop) -> None:
    await shop.book.commit(first("c1", outbox=(note(),)))
    await shop.book.commit(first("c2", wake_at=NOON - HOUR))
    assert await shop.book.park((await due_letters(shop.book))[0], "blocked by the user")
    assert await shop.book.park((await due_cases(shop.book))[0], "its placement has gone")
    for _ in range(2):
        assert await due_letters(shop.book, NOON + 99 * HOUR) == []
        assert await due_cases(shop.book, NOON + 99 * HOUR) == []
        assert await shop.book.next_due("outbox") is None
        seen = await shop.book.parked()
        assert [(x.case_id, x.attempts, x.error) for x in seen] == [
            ("c2", 1, "its placement has gone"),
            ("c1", 1, "blocked by the user"),
        ]
        assert seen[1].item == note()
        await shop.reopen()


async def test_what_was_tried_in_vain_a_few_times_can_be_looked_at_and_is_not_settled_by_that(shop: Shop) -> None:
    await shop.book.commit(first(outbox=(note("late"), note("new"), note("given up"))))
    for tries in range(3):
        for letter in await due_letters(shop.book, NOON + tries * HOUR):
            if letter.item and letter.item.key == "late":
                await shop.book.retry(letter, NOON + (tries + 1) * HOUR, "the mail server does not answer")
            if letter.item and letter.item.key == "given up" and not tries:
                await shop.book.park(letter, "refused")
    await shop.reopen()
    assert list(await shop.book.delayed(4)) == []
    (seen,) = await shop.book.delayed(3)
    assert (seen.item and seen.item.key, seen.attempts, seen.error) == ("late", 3, "the mail server does not answer")
    assert not await shop.book.complete(seen, "looked at")
    assert [x.item and x.item.key for x in await due_letters(shop.book, NOON + 3 * HOUR)] == ["new", "late"]


async def test_one_letter_can_be_held_by_its_id_whatever_its_time_and_settled_for_good(shop: Shop) -> None:
    later = replace(note("later"), not_before=NOON + 9 * HOUR)
    await shop.book.commit(first(outbox=(later, note("refused"))))
    (due,) = await due_letters(shop.book)
    await shop.book.park(due, "refused")
    waiting, aside = (await shop.book.delayed(0))[0], (await shop.book.parked())[0]
    for seen, attempts in ((waiting, 0), (aside, 1)):
        held = await shop.book.hold(seen.id, "by hand", NOON, HOUR)
        assert held is not None
        assert (held.item, held.attempts, held.error) == (seen.item, attempts, seen.error)
        assert await shop.book.hold(seen.id, "somebody else", NOON, HOUR) is None
        assert await shop.book.complete(held, "withdrawn")
        assert await shop.book.hold(seen.id, "by hand", NOON, HOUR) is None
    await shop.reopen()
    assert await due_letters(shop.book, NOON + 99 * HOUR) == []
    assert await shop.book.sent("c1") == {"later": "withdrawn", "refused": "withdrawn"}


async def test_what_is_being_sent_cannot_be_held_and_what_is_held_is_not_sent(shop: Shop) -> None:
    await shop.book.commit(first(outbox=(note(),)))
    (claim,) = await due_letters(shop.book)
    assert await shop.book.hold(claim.id, "by hand", NOON, HOUR) is None
    assert await shop.book.retry(claim, NOON + HOUR, "busy")
    held = await shop.book.hold(claim.id, "by hand", NOON, 2 * HOUR)
    assert held is not None
    assert await due_letters(shop.book, NOON + HOUR) == []
    assert await shop.book.retry(held, NOON, "busy")
    assert [x.attempts for x in await due_letters(shop.book)] == [2]
    assert await shop.book.hold("c1/never", "by hand", NOON, HOUR) is None


async def test_a_parked_letter_can_be_put_back(shop: Shop) -> None:
    await shop.book.commit(first(outbox=(note(),)))
    await shop.book.park((await due_letters(shop.book))[0], "blocked by the user")
    await shop.reopen()
    assert await shop.book.retry((await shop.book.parked())[0], NOON + HOUR, "unblocked")
    assert list(await shop.book.parked()) == []
    assert await shop.book.complete((await due_letters(shop.book, NOON + HOUR))[0], "delivered")


async def test_a_parked_case_wakes_again_with_its_next_event(shop: Shop) -> None:
    await shop.book.commit(first(wake_at=NOON))
    await shop.book.park((await due_cases(shop.book))[0], "broken")
    await shop.book.commit(then(wake_at=NOON + HOUR))
    assert list(await shop.book.parked()) == []
    assert [x.attempts for x in await due_cases(shop.book, NOON + HOUR)] == [1]


async def test_next_due_is_right_after_every_change(shop: Shop) -> None:
    book = shop.book
    assert await book.next_due("case") is None
    await book.commit(first("c1", wake_at=NOON + HOUR))
    assert await book.next_due("case") == NOON + HOUR
    await book.commit(first("c2", wake_at=NOON))
    assert await book.next_due("case") == NOON
    claim = (await due_cases(book))[0]
    assert await book.next_due("case") == NOON + LEASE
    await book.retry(claim, NOON + 3 * HOUR, "busy")
    assert await book.next_due("case") == NOON + HOUR
    await book.commit(then("c1", wake_at=None))
    assert await book.next_due("case") == NOON + 3 * HOUR
    assert await book.complete((await due_cases(book, NOON + 3 * HOUR))[0], "done")
    assert await book.next_due("case") is None
    await book.commit(then("c1", expected=3, outbox=(note(at=NOON + 4 * HOUR),)))
    assert await book.next_due("outbox") == NOON + 4 * HOUR


async def test_a_letter_with_a_key_that_the_case_knows_is_left_out(shop: Shop) -> None:
    await shop.book.commit(first(outbox=(note("a"), note("a", to="eve"))))
    await shop.book.commit(then(outbox=(note("a", to="ola"),)))
    assert [x.item.to for x in await due_letters(shop.book) if x.item] == ["mia"]
    await shop.reopen()
    await shop.book.complete((await due_letters(shop.book))[0], "delivered")
    await shop.reopen()
    await shop.book.commit(then(expected=3, outbox=(note("a"),)))
    assert await due_letters(shop.book) == []


async def test_two_cases_may_use_the_same_key(shop: Shop) -> None:
    await shop.book.commit(first("c1", outbox=(note("a"),)))
    await shop.book.commit(first("c2", outbox=(note("a"),)))
    assert len({x.id for x in await due_letters(shop.book)}) == 2


# -- messages without a case -------------------------------------------------------------------------------------------


async def test_a_message_without_a_case_is_claimed_like_any_other_and_is_no_case(shop: Shop) -> None:
    await shop.book.post([note("q1", to="lee")], "tap")
    for _ in range(2):
        assert await shop.book.next_due("outbox") == NOON
        assert list(await shop.book.cases_of(None, open_only=False)) == []
        assert list(await shop.book.cases_of_placement("")) == []
        assert await shop.book.case_with_reference("") is None
        assert await shop.book.seen("tap") is None
        assert [x async for x in shop.book.export()] == []
        assert not await shop.book.erase("")
        await shop.reopen()
    (claim,) = await due_letters(shop.book)
    assert (claim.case_id, claim.item) == ("", note("q1", to="lee"))
    assert await shop.book.retry(claim, NOON + HOUR, "busy")
    (claim,) = await due_letters(shop.book, NOON + HOUR)
    assert await shop.book.complete(claim, "delivered")
    assert await due_letters(shop.book, NOON + 9 * HOUR) == []
    assert await shop.book.sent("") == {}


async def test_a_message_without_a_case_is_queued_once_a_nonce(shop: Shop) -> None:
    await asyncio.gather(*(shop.book.post([note("q1")], "tap") for _ in range(8)))
    (claim,) = await due_letters(shop.book)
    await shop.book.complete(claim, "delivered")
    await shop.reopen()
    await shop.book.post([note("q1")], "tap")
    assert await due_letters(shop.book) == []
    await shop.book.post([note("q1"), note("q2")], "another")
    assert [x.item.key for x in await due_letters(shop.book) if x.item] == ["q1", "q2"]


async def test_a_nonce_of_a_message_can_still_begin_a_case(shop: Shop) -> None:
    await shop.book.post([note("q1")], "tap")
    assert not (await shop.book.commit(first(nonce="tap"))).replayed


async def test_a_case_has_an_id(shop: Shop) -> None:
    with pytest.raises(ValueError, match="an id"):
        await shop.book.commit(first("", nonce="n", placement="p"))


# -- cards that stand in a chat ----------------------------------------------------------------------------------------


async def test_a_card_is_remembered_a_person_and_a_kind(shop: Shop) -> None:
    await shop.book.commit(first())
    for card in [Shown("mia", "receipt", "a1"), Shown("sam", "receipt", "a2"), Shown("mia", "receipt", "a3")]:
        await shop.book.show("c1", card)
    await shop.book.commit(then())
    for _ in range(2):
        assert set(await shop.book.shown("c1")) == {Shown("mia", "receipt", "a3"), Shown("sam", "receipt", "a2")}
        await shop.reopen()
    await shop.book.show("c1", Shown("mia", "receipt", ""))
    assert list(await shop.book.shown("c1")) == [Shown("sam", "receipt", "a2")]


async def test_a_card_can_be_remembered_with_what_was_recorded(shop: Shop) -> None:
    await shop.book.commit(replace(first(), shown=(Shown("mia", "receipt", "a1"),)))
    await shop.book.commit(then())
    for _ in range(2):
        assert list(await shop.book.shown("c1")) == [Shown("mia", "receipt", "a1")]
        await shop.reopen()


# -- erasing, exporting, opening, closing ------------------------------------------------------------------------------


async def test_an_erased_case_has_left_no_answer_behind(shop: Shop) -> None:
    await shop.book.commit(first("c1", placement="p1", outbox=(note(),), wake_at=NOON))
    await shop.book.commit(first("c2"))
    held = [*await due_letters(shop.book), *await due_cases(shop.book)]
    assert await shop.book.erase("c1")
    await shop.book.show("c1", Shown("mia", "receipt", "a1"))
    assert [await shop.book.complete(x, "delivered") for x in held] == [False, False]
    for _ in range(2):
        book = shop.book
        assert list(await book.events("c1")) == []
        assert list(await book.cases_of(None, open_only=False)) == ["c2"]
        assert await book.seen("n-c1-0") is None
        assert await book.case_with_reference("R-c1") is None
        assert await book.open_case_of("p1") is None
        assert [await book.next_due("case"), await book.next_due("outbox")] == [None, None]
        assert not await book.erase("c1")
        await shop.reopen()
    await shop.book.commit(first("c3", placement="p1"))


async def test_of_an_erased_case_the_key_is_gone_and_the_chain_still_verifies(shop: Shop) -> None:
    for case in ("c1", "c2"):
        await shop.book.commit(first(case))
    await shop.book.commit(then("c1"))
    assert await shop.book.erase("c1")
    for _ in range(2):
        assert await shop.book.verify() == []
        assert set(await shop.book.heads()) == {"c1", "c2"}
        with pytest.raises(KeyGone):
            await shop.book.ring.key(case_key("c1"))
        assert "wrapped" not in (await shop.book.ring.everything())[case_key("c1")]
        with pytest.raises(StoreUnavailable):
            await shop.book.commit(first("c1", nonce="again"))
        assert list(await shop.book.events("c1")) == []
        await shop.reopen()


async def test_every_event_is_sealed_once_and_stands_in_its_chain(shop: Shop) -> None:
    await shop.book.commit(first(outbox=(note(),)))
    before = (await anext(shop.book.records())).events
    await shop.book.commit(then())
    await shop.book.complete((await due_letters(shop.book))[0], "delivered")
    record = await anext(shop.book.records())
    assert record.events[:2] == before
    assert [x.n for x in record.events] == [1, 2, 3]
    assert len({x.link for x in record.events}) == 3
    assert await shop.book.heads() == {"c1": head_of(record.events)}
    assert await shop.book.verify() == []


async def test_a_book_without_cases_has_nothing_broken(shop: Shop) -> None:
    await shop.book.post([note()], "tap")
    assert await shop.book.verify() == []
    assert await shop.book.heads() == {}


async def test_an_export_holds_every_case_whole(shop: Shop) -> None:
    await shop.book.commit(first("c1"))
    await shop.book.commit(first("c2"))
    await shop.book.commit(then("c1"))
    lines = [json.loads(line) async for line in shop.book.export()]
    assert [x["case_id"] for x in lines] == ["c1", "c2"]
    key = await shop.book.ring.key(case_key("c1"))
    entries = [Entry(*x) for x in lines[0]["events"]]
    assert [opened("c1", x, key) for x in entries] == list(await shop.book.events("c1"))
    assert b"pupils" not in b"".join([line async for line in shop.book.export()])


async def test_an_open_book_is_well(shop: Shop) -> None:
    health = await shop.book.health()
    assert health.ok
    assert health.sentence.endswith(".")


ASKED: list[Callable[[CaseBook], Any]] = [
    lambda book: book.commit(first()),
    lambda book: book.events("c1"),
    lambda book: book.seen("x"),
    lambda book: book.cases_of(None),
    lambda book: book.claim("case", "clock", NOON, 1, LEASE),
    lambda book: book.show("c1", Shown("mia", "receipt", "a")),
    lambda book: book.erase("c1"),
]


@pytest.mark.parametrize("ask", ASKED)
async def test_a_closed_book_says_so(shop: Shop, ask: Callable[[CaseBook], Any]) -> None:
    await shop.book.close()
    await shop.book.close()
    with pytest.raises(StoreUnavailable, match="The store is closed"):
        await ask(shop.book)
    assert not (await shop.book.health()).ok


async def test_a_book_that_is_closed_while_it_writes_has_written(shop: Shop) -> None:
    await shop.book.commit(first())
    writing = asyncio.ensure_future(shop.book.commit(then()))
    for _ in range(4):
        await asyncio.sleep(0)
    await shop.reopen()
    assert (await writing).version == 3
    assert len(await shop.book.events("c1")) == 3


async def test_opening_twice_changes_nothing(shop: Shop) -> None:
    await shop.book.commit(first(wake_at=NOON))
    await shop.book.open()
    assert len(await due_cases(shop.book)) == 1
