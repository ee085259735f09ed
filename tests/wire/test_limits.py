"""Teams' limits over the wire: five hundred messages at once, a chat that hangs, a whole day's wait, cards of any length,
and mail where Teams takes nothing.

Two bots run at the same time: one sends the five hundred, the other has the stories of single chats.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import pytest_asyncio
from aiohttp import web

from bot.clock import PRACTICE_STARTS
from bot.practice import hands
from bot.practice.mailbox import Mailbox
from bot.teams.connector import LONGEST_WAIT
from pathway.address import Address
from pathway.people import Person, Reach
from pathway.ports import OutboxItem
from pathway.tellings import Notice
from tests.cards.catalogue.world import heavy
from tests.conversations import planning, road, second_road
from tests.keys import open_stores
from tests.school import TENANT
from tests.teams.test_limits import AT_FIRST, Strict
from tests.wire.microsoft import CONNECTOR, REGION, Microsoft
from tests.wire.partnership import Partnership
from tests.wire.running import Bot, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

OTHERS = [f"p{n}" for n in range(1, 121)]
BUSY, PATIENT = "p0", "p200"
A_DAY = 24 * 3600
HEAVIEST, REFUSED = 25 * 1024, 28 * 1024
"""Bytes of a card that may leave, and of one that Teams answers with 413."""


def letter(person: str, n: int) -> OutboxItem:
    at = PRACTICE_STARTS - timedelta(minutes=1)
    return OutboxItem(f"{person}-{n}", person, Notice.DRAFT_WAITING, at, data={"kept": at.date().isoformat()})


# -- five hundred at once -------------------------------------------------------------------------------------------


@dataclass
class Flood:
    """What the connector saw of the five hundred, and what became of the one that was told to wait a day."""

    strict: Strict = field(default_factory=Strict)
    arrived: list[float] = field(default_factory=list)
    told_to_wait: int = 0
    due: timedelta | None = None
    """How far away the next try was then, on the pathway's clock."""
    after_an_hour: int = 0
    taken_at_the_start: int = 0
    """Messages when the bot's port was open."""

    async def judge(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if body["conversation"]["id"] != "a:200":
            self.arrived.append(time.monotonic())
            return await self.strict.answer(request)
        if not self.told_to_wait:
            self.told_to_wait += 1
            return web.json_response({}, status=429, headers={"Retry-After": str(A_DAY)})
        self.after_an_hour += 1
        return web.json_response({"id": "1"}, status=201)

    def is_over(self) -> bool:
        return self.strict.taken.total() == 500 and self.told_to_wait == 1


async def fill(store: Path) -> None:
    """The five hundred and one, and their readers, as the bot itself would have kept them."""
    stores = open_stores(f"tinydb://{store}")
    await stores.open()
    everybody = (BUSY, *OTHERS, PATIENT)
    people = [Person(p, f"Person {p}", f"{p}@school.example", p, Reach.TEAMS) for p in everybody]
    await stores.roster.load(people, [])
    for p in everybody:
        address = Address(f"https://{CONNECTOR}{REGION}/", f"a:{p[1:]}", "28:b", TENANT, f"29:{p}")
        await stores.addresses.keep_address(p, address)
    letters = [letter(BUSY, n) for n in range(20)] + [letter(p, n) for n in range(4) for p in OTHERS]
    assert len(letters) == 500
    await stores.book.post([letter(PATIENT, 0), *letters], "all at once")
    await stores.close()


async def next_due(store: Path) -> timedelta | None:
    """How long after the start of the pathway's clock the next message is due."""
    stores = open_stores(f"tinydb://{store}")
    await stores.open()
    due = await stores.book.next_due("outbox")
    await stores.close()
    return due - PRACTICE_STARTS if due else None


async def flooded(folder: Path) -> Flood:
    seen = Flood()
    (folder / "microsoft").mkdir()
    async with Microsoft(folder / "microsoft") as microsoft:
        microsoft.before[CONNECTOR] = seen.judge
        await fill(folder / "store")
        async with serving(microsoft, folder) as bot:
            seen.taken_at_the_start = seen.strict.taken.total()
            await microsoft.until(seen.is_over, seconds=90)
            assert await bot.stop() == 0
        seen.due = await next_due(folder / "store")
        later = PRACTICE_STARTS + timedelta(seconds=LONGEST_WAIT + 120)
        async with serving(microsoft, folder, PATHWAY_TEST_STARTS=later.isoformat()):
            await microsoft.until(lambda: seen.after_an_hour > 0, seconds=20)
    return seen


@pytest_asyncio.fixture(loop_scope="module", scope="module", autouse=True)
async def flood(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[asyncio.Task[Flood]]:
    """It goes on while the other tests have their stories."""
    task = asyncio.create_task(flooded(tmp_path_factory.mktemp("flood")))
    yield task
    task.cancel()
    await asyncio.wait({task})


# -- single chats ---------------------------------------------------------------------------------------------------


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def mailbox() -> AsyncIterator[Mailbox]:
    async with Mailbox(lambda: PRACTICE_STARTS) as box:
        yield box


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def bot(microsoft: Microsoft, mailbox: Mailbox, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bot]:
    mail = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(mailbox.port), "SMTP_FROM": "pathway@northdale.example.ac.uk"}
    async with serving(microsoft, tmp_path_factory.mktemp("bot"), **mail) as running:
        yield running


@pytest.fixture
def school(microsoft: Microsoft, bot: Bot) -> Partnership:
    """What stands in a chat was sent in this test."""
    microsoft.line.transcript.clear()
    return Partnership(microsoft, bot)


def posts_to(request: web.Request, chat: str) -> bool:
    return request.method == "POST" and chat in unquote(request.rel_url.raw_path)


async def test_a_chat_that_hangs_is_given_up_and_tried_again_and_the_others_do_not_wait(
    microsoft: Microsoft, school: Partnership
) -> None:
    await school.opens("tom", "tomas", "priya", "helen", "lucy")
    chat = microsoft.line.person("tom").conversation_id
    began: list[float] = []
    given_up: list[float] = []

    async def hangs_once(request: web.Request) -> web.StreamResponse | None:
        if not posts_to(request, chat) or began:
            return None
        began.append(time.monotonic())
        try:
            await asyncio.Event().wait()
        finally:
            given_up.append(time.monotonic())
        return None

    microsoft.before[CONNECTOR] = hangs_once
    try:
        await road.raises(school, "priya", "Tom Ashworth")
        await microsoft.until(lambda: bool(began))
        await road.raises(school, "priya", "Tomas Ashby")
        await school.hears("tomas", road.TARGET)
        await school.tells("helen", "lucy", "Megan Doyle")
        assert given_up == []
        await school.hears("tom", "Sent again, in case the first one did not arrive.", seconds=30)
    finally:
        microsoft.before.pop(CONNECTOR)
    assert given_up[0] - began[0] <= 15
    assert sum(road.TARGET in str(m.card) for m in school.teams.chat("tom")) == 1


async def test_no_card_that_leaves_is_too_heavy_whatever_was_typed(microsoft: Microsoft, school: Partnership) -> None:
    heaviest, refused = 0, 0

    async def weighs(request: web.Request) -> web.StreamResponse | None:
        nonlocal heaviest, refused
        body = await request.json() if request.method in {"POST", "PUT"} else {}
        size = max((weight(a["content"]) for a in body.get("attachments", ())), default=0)
        heaviest = max(heaviest, size)
        refused += size > REFUSED
        return web.json_response({}, status=413) if size > REFUSED else None

    microsoft.before[CONNECTOR] = weighs
    try:
        await school.opens("sian", "martin", "daniel")
        await long_case(school)
        await school.says("martin", "my cases")
        await school.presses("martin", "Open ")
        answers = [card(school, "martin")]
        await school.presses("martin", next(b for b in school.buttons("martin") if b.startswith("Read ")))
        while "Read the rest" in school.buttons("martin"):
            answers.append(card(school, "martin"))
            await school.presses("martin", "Read the rest")
        answers.append(card(school, "martin"))
    finally:
        microsoft.before.pop(CONNECTOR)
    everything = "".join(hands.words(one) for one in answers)
    for title in ("What was seen", "What is going well", "What happened, and when"):
        assert title in everything
    assert sum(map(weight, answers)) > REFUSED
    assert max(map(weight, answers)) <= HEAVIEST
    assert heaviest <= HEAVIEST
    assert refused == 0


def weight(card: Any) -> int:
    """Bytes of a card's JSON as it is sent, or as Teams counts them (UTF-16), whichever is more."""
    sent = json.dumps(card, ensure_ascii=False, separators=(",", ":"))
    return max(len(sent.encode()), len(sent.encode("utf-16-le")))


def card(school: Partnership, who: str) -> dict[str, Any]:
    return dict(school.newest(who).card or {})


async def long_case(school: Partnership) -> None:
    """A case whose every field is filled to the brim with what weighs most, from the first word to a plan."""
    await road.opens_form(school, "sian", "Daniel Okoro", begins="It cannot wait a week")
    seen = {"seen": heavy(600), "going_well": heavy(300), "areas": "TS1,TS7,TS4", "student_aware": "yes"}
    more = {"skip_because": heavy(300), "best_times": heavy(300)}
    await school.fills("sian", {**seen, **more}, press="Check my answers")
    await school.presses("sian", "Tell the Link Tutor")
    await road.presses_rarer(school, "sian", "Ask a fellow mentor to observe")
    await school.fills("sian", press="Plan it and show me the note", planned_on="2026-10-06")
    await school.presses("sian", "Write what the fellow mentor saw")
    await school.fills("sian", on="2026-10-06", seen=heavy(600), press="Add it to the case")
    await school.presses("martin", "We have already spoken")
    await school.fills("martin", view="not as expected", words=heavy(400), press="Record the meeting")
    await school.presses("sian", "Record my view")
    await school.fills("sian", view="not as expected", words=heavy(400), press="Record my view")
    await school.presses("martin", "Open the support plan")
    await school.presses("martin", "Write the support plan")
    text = {f"{field}{n}": heavy(160) for field in ("target", "measure", "support") for n in (1, 2, 3)}
    form = second_road.three_targets(**text, promise=heavy(120), review_on="2026-10-14", review_time="11:00")
    await school.fills("martin", form, press="Check the plan")
    await school.presses("martin", "Agree this version")
    await school.presses("sian", "I agree this version")
    await planning.talks_it_through(school, "martin", comment=heavy(300))


async def test_who_has_blocked_the_bot_is_tried_once_and_gets_it_by_mail(
    microsoft: Microsoft, school: Partnership, mailbox: Mailbox
) -> None:
    await school.opens("grace", "aisha", "gareth")
    chat, tried = microsoft.line.person("grace").conversation_id, 0

    async def blocked(request: web.Request) -> web.StreamResponse | None:
        nonlocal tried
        if not posts_to(request, chat):
            return None
        tried += 1
        return web.json_response({"error": {"code": "ConversationBlockedByUser", "message": "No."}}, status=403)

    microsoft.before[CONNECTOR] = blocked
    try:
        await road.raises(school, "gareth", "Grace Adjei")
        mails = await mail_of(school, mailbox, "grace")
    finally:
        microsoft.before.pop(CONNECTOR)
    assert tried == 1
    (mail,) = mails
    assert road.TARGET in mail.text
    assert "Grace" not in mail.subject
    assert road.TARGET not in mail.subject
    assert not school.shows("grace", road.TARGET)
    assert school.shows("gareth", "Grace Adjei")


async def mail_of(school: Partnership, mailbox: Mailbox, key: str) -> Any:
    """Everything in somebody's mailbox, as soon as there is something."""
    address = school.people[key].email
    async with asyncio.timeout(15):
        while not mailbox.of(address):
            await school.says("aisha", "help")
    return mailbox.of(address)


# -- what became of the five hundred --------------------------------------------------------------------------------


async def test_five_hundred_at_once_are_all_delivered_once_within_the_published_limits(
    flood: asyncio.Task[Flood],
) -> None:
    seen = await flood
    strict = seen.strict
    assert strict.taken == Counter({"a:0": 20} | {f"a:{p[1:]}": 4 for p in OTHERS})
    assert strict.too_early == []
    assert strict.statuses[429] <= 0.05 * strict.statuses.total()
    assert len(seen.arrived) <= 30 * (seen.arrived[-1] - seen.arrived[0])
    assert seen.taken_at_the_start < 250, "the bot serves people long before all is sent"
    marked = {conversation for conversation, drawn in strict.texts if "Sent again" in drawn}
    assert marked == {c for c, status in AT_FIRST.items() if status in {500, 502, 504}}


async def test_a_wait_of_a_whole_day_is_cut_to_an_hour_and_the_message_is_kept_until_then(
    flood: asyncio.Task[Flood],
) -> None:
    seen = await flood
    assert seen.told_to_wait == 1
    assert seen.due is not None
    assert timedelta(seconds=LONGEST_WAIT) <= seen.due <= timedelta(seconds=LONGEST_WAIT + 60)
    assert seen.after_an_hour == 1
