"""Letters through Graph: what goes out, and what becomes of each answer. SMTP, where it is asked, is a real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import aiohttp
import pytest

from bot.desk import TryLater, Unreachable, noting, perhaps_delivered
from bot.graph_door import GraphDoor
from bot.graph_mail import AT_ONCE, GraphMail
from bot.invitation import Between, calendar_file
from bot.mail import Letter, Mail
from bot.practice.mailbox import Mailbox
from bot.settings import MailSettings
from bot.teams.tokens import Tokens
from tests.mail.graph_standin import TOKEN, Graph, attached
from tests.mail.ics_rules import read

SHARED = "placements@northdale.example.ac.uk"
DOT = "d.ellery@fell-lane.example.org"
MARTIN = "m.leigh@northdale.example.ac.uk"
NOW = datetime(2026, 11, 19, 10, tzinfo=UTC)
LETTER = Letter("Dot Ellery", DOT, "Placement case AC34: an update for you", "Hello Dot\n", "<p>Hello Dot</p>", MARTIN)


class Known(Tokens):
    """Gives the tokens of *valid* in turn."""

    def __init__(self, *valid: str) -> None:
        super().__init__()
        self._valid = list(valid)

    async def fetch(self, *, anew: bool) -> tuple[str, float]:
        del anew
        return self._valid.pop(0), 3600.0


@dataclass
class Post:
    """*mail* sends through *graph*; *otherwise*, with SMTP behind it."""

    graph: Graph
    box: Mailbox
    make: Callable[..., GraphMail]

    @property
    def mail(self) -> GraphMail:
        return self.make()

    @property
    def otherwise(self) -> GraphMail:
        return self.make(smtp=True)


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    """All that is asked is held to the contract."""
    graph = Graph(SHARED)
    graph.sends_from = {SHARED}
    async with graph.running() as root, Mailbox(lambda: NOW) as box, aiohttp.ClientSession() as session:

        def make(*tokens: str, smtp: bool = False, seconds: float = 5.0) -> GraphMail:
            door = GraphDoor(session, Known(*(tokens or (TOKEN,))), root, aiohttp.ClientTimeout(total=seconds))
            by_smtp = Mail(MailSettings("127.0.0.1", box.port, "Pathway <pathway@northdale.example.ac.uk>"))
            return GraphMail(door, SHARED, by_smtp if smtp else None)

        yield Post(graph, box, make)
        assert graph.complaints == []


async def test_a_letter_goes_out_once_as_html_and_answers_go_to_a_person(post: Post) -> None:
    await post.mail.send(LETTER)
    (sent,) = post.graph.sent
    assert sent["body"] == {"contentType": "html", "content": "<p>Hello Dot</p>"}
    assert sent["toRecipients"] == [{"emailAddress": {"address": DOT, "name": "Dot Ellery"}}]
    assert sent["replyTo"] == [{"emailAddress": {"address": MARTIN}}]
    assert sent["subject"] == LETTER.subject
    assert post.graph.asked == [f"POST {SHARED}"]
    assert all(len(mark) == 36 for mark in post.graph.marks)


async def test_the_calendar_file_arrives_byte_for_byte_and_says_what_it_asks(post: Post) -> None:
    ics = calendar_file("AC34", NOW, 30, between=Between(MARTIN, DOT))
    await post.mail.send(replace(LETTER, ics=ics, method="REQUEST"))
    (sent,) = post.graph.sent
    assert attached(sent) == ics
    assert read(attached(sent)).attendees == (DOT,)
    assert sent["attachments"][0]["contentType"] == "text/calendar; charset=utf-8; method=REQUEST"


async def test_a_letter_without_html_goes_out_as_text(post: Post) -> None:
    await post.mail.send(replace(LETTER, html=""))
    assert post.graph.sent[0]["body"] == {"contentType": "text", "content": "Hello Dot\n"}


@pytest.mark.parametrize("mailboxes", [set[str](), {SHARED}], ids=["no such mailbox", "not granted"])
async def test_where_graph_does_not_let_us_send_it_goes_by_smtp(post: Post, mailboxes: set[str]) -> None:
    post.graph.mailboxes, post.graph.sends_from = mailboxes, set()
    await post.otherwise.send(LETTER)
    assert [m.subject for m in post.box.of(DOT)] == [LETTER.subject]
    with pytest.raises(Unreachable) as no:
        await post.mail.send(LETTER)
    assert no.value.ours, "the reader is not to blame"


@pytest.mark.parametrize(
    ("status", "after", "maybe"), [(429, "17", False), (503, "17", False), (504, "17", True), (500, "17", True)]
)
async def test_a_passing_fault_is_tried_later_and_never_by_smtp_as_well(
    post: Post, status: int, after: str, *, maybe: bool
) -> None:
    post.graph.answers = [(status, {"Retry-After": after})]
    with pytest.raises(TryLater) as no:
        await post.otherwise.send(LETTER)
    assert (no.value.after, no.value.maybe_delivered) == (17.0, maybe)
    assert post.box.all() == ()


async def test_when_the_answer_is_lost_nobody_says_that_it_did_not_go(post: Post) -> None:
    post.graph.answers = ["lost"]
    with pytest.raises(TryLater) as no:
        await post.otherwise.send(LETTER)
    assert no.value.maybe_delivered
    assert len(post.graph.sent) == 1
    assert post.box.all() == ()


async def test_an_answer_that_does_not_come_in_time_is_a_lost_one(post: Post) -> None:
    post.graph.answers = ["hangs"]
    with pytest.raises(TryLater) as no:
        await post.make(seconds=0.2).send(LETTER)
    assert no.value.maybe_delivered


async def test_a_stop_in_the_middle_says_that_it_may_have_gone(post: Post) -> None:
    post.graph.hold = asyncio.Event()
    sending = asyncio.create_task(post.mail.send(LETTER))
    await post.graph.holds(1)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError) as cut:
        await sending
    assert perhaps_delivered(cut.value)
    post.graph.hold.set()


async def test_graph_that_cannot_be_reached_has_taken_nothing() -> None:
    async with aiohttp.ClientSession() as session:
        nowhere = GraphMail(GraphDoor(session, Known(TOKEN), "http://127.0.0.1:9/v1.0"), SHARED)
        with pytest.raises(TryLater) as no:
            await nowhere.send(LETTER)
    assert not no.value.maybe_delivered


async def test_a_token_that_was_taken_back_is_renewed_once(post: Post) -> None:
    await post.make("taken back", TOKEN).send(LETTER)
    assert len(post.graph.sent) == 1
    assert len(post.graph.asked) == 2


@pytest.mark.parametrize(("code", "ours"), [("ErrorInvalidRecipients", False), ("ErrorSchemaValidation", True)])
async def test_a_bad_address_is_its_readers_and_a_bad_request_is_ours(post: Post, code: str, *, ours: bool) -> None:
    post.graph.answers = [(400, {}, code)]
    with pytest.raises(Unreachable) as no:
        await post.otherwise.send(LETTER)
    assert no.value.ours is ours
    assert post.box.all() == ()


async def test_no_more_than_four_are_under_way_for_the_mailbox(post: Post) -> None:
    post.graph.hold = asyncio.Event()
    mail = post.mail
    sending = [asyncio.create_task(mail.send(LETTER)) for _ in range(12)]
    await post.graph.holds(AT_ONCE)
    post.graph.hold.set()
    await asyncio.gather(*sending)
    assert (len(post.graph.sent), post.graph.most) == (12, AT_ONCE)


@pytest.mark.parametrize("way", ["Graph", "SMTP"])
async def test_a_letter_that_another_bot_has_by_now_does_not_leave(post: Post, way: str) -> None:
    """It is noted right before the request; who hears there that it is theirs no more sends nothing."""
    smtp = Mail(MailSettings("127.0.0.1", post.box.port, "Pathway <pathway@northdale.example.ac.uk>"))
    mail = post.mail if way == "Graph" else smtp

    async def taken() -> None:
        raise TimeoutError("another bot has it")

    with noting(taken), pytest.raises(TimeoutError, match="another bot"):
        await mail.send(LETTER)
    assert (post.graph.asked, post.box.all()) == ([], ())
    await mail.send(LETTER)
    assert len(post.graph.sent) + len(post.box.all()) == 1
