"""A message that Teams never takes: how often it is tried, for how long, and that there is an end to it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.desk import Message, TryLater
from bot.practice.roll import PROVIDER
from bot.sender import Sender
from pathway.address import Address
from pathway.casework import Casework
from pathway.jobs import LONGEST_TRYING, MOST_TRIES
from pathway.people import Person, Reach
from pathway.ports import MAYBE, OutboxItem
from pathway.provider import Provider
from pathway.tellings import Notice
from storage import Stores
from tests.storage.samples import NOON, Shop


class Deaf:
    """`bot.desk.Post` to a service that takes nothing."""

    def __init__(self, after: float | None, *, maybe: bool) -> None:
        self.after = after
        self.maybe = maybe
        self.tries = 0

    async def send(self, to: Address, message: Message, *, thread: str = "") -> str:
        del to, message, thread
        self.tries += 1
        raise TryLater("the connector answered 503", self.after, maybe_delivered=self.maybe and self.tries == 1)

    async def update(self, to: Address, activity_id: str, message: Message) -> None:
        del to, activity_id, message


async def with_a_letter(stores: Stores) -> None:
    await stores.roster.load([Person("mia", "Mia", "mia@school.example", "mia", Reach.TEAMS)], [])
    await stores.addresses.keep_address("mia", Address("https://smba.example/", "a:mia", "28:b", "t"))
    letter = OutboxItem("one", "mia", Notice.DRAFT_WAITING, NOON, data={"kept": NOON.date().isoformat()})
    await stores.book.post([letter], "tap")


async def tried(stores: Stores, post: Deaf, begins: datetime = NOON) -> timedelta:
    """Until nothing is due any more; how long that took on the pathway's clock."""
    now = begins
    casework = Casework(stores.book, stores.roster, Provider.load(PROVIDER), lambda: now)
    sender = Sender(casework, stores.addresses, post, None)
    while (due := await stores.book.next_due("outbox")) is not None:
        now = max(now, due)
        await sender.empty()
        assert post.tries < 10_000
    return now - begins


@pytest.mark.parametrize("after", [None, 0.0, 3600.0])
async def test_it_is_tried_often_and_for_days_and_then_the_office_has_it(shop: Shop, after: float | None) -> None:
    post = Deaf(after, maybe=False)
    await with_a_letter(shop.stores)
    took = await tried(shop.stores, post)
    assert post.tries >= MOST_TRIES
    assert LONGEST_TRYING <= took <= max(LONGEST_TRYING, MOST_TRIES * timedelta(hours=1)) + timedelta(hours=1)
    (given_up,) = await shop.book.parked()
    assert (given_up.item and given_up.item.to, given_up.error) == ("mia", "the connector answered 503")


async def test_one_that_was_due_before_a_long_stop_is_tried_as_often(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    post = Deaf(None, maybe=False)
    await with_a_letter(shop.stores)
    await tried(shop.stores, post, NOON + timedelta(days=14))
    assert post.tries == MOST_TRIES
    assert [line for line in caplog.messages if "tried for days" in line] == [
        "a message was tried for days in vain; the office has it now"
    ]


async def test_what_perhaps_arrived_says_so_when_the_office_has_it_tried_once_more(shop: Shop) -> None:
    post = Deaf(3600.0, maybe=True)
    await with_a_letter(shop.stores)
    await tried(shop.stores, post)
    (given_up,) = await shop.book.parked()
    assert given_up.error == MAYBE
