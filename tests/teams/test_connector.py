from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.desk import Message, Post, TryLater, Unreachable, noting
from bot.practice.channel import CHANNEL
from bot.practice.keys import SigningKey
from bot.teams.connector import LONGEST_WAIT, Connector, retry_after
from bot.teams.pace import CONVERSATION, LATE, TENANT, Lane, Pace
from bot.teams.tokens import Tokens
from cards.elements import HEAVIEST, weight
from pathway.address import Address
from tests.teams.standins import GARETH, PRIYA, Line, card, listening, settings_for

NOTICE = Message("You have a message", card("Priya asks for you."))


async def test_a_message_arrives_with_its_summary_and_gives_its_id(line: Line) -> None:
    post: Post = line.teams.post

    new_id = await post.send(line.channel.address(), NOTICE)

    (message,) = line.channel.chat(PRIYA)
    assert (message.id, message.card, message.summary) == (new_id, NOTICE.card, NOTICE.summary)
    assert line.channel.complaints == []


async def test_each_part_of_a_path_is_percent_encoded(line: Line) -> None:
    await line.teams.post.send(line.channel.address(), NOTICE)

    (call,) = line.channel.made("POST", "/v3/")
    assert call.path == f"/v3/conversations/{PRIYA.conversation_id.replace(':', '%3A')}/activities"


async def test_a_message_is_edited_in_place(line: Line) -> None:
    new_id = await line.teams.post.send(line.channel.address(), NOTICE)
    await line.teams.post.update(line.channel.address(), new_id, Message("Changed", card("Since then.")))

    (message,) = line.channel.chat(PRIYA)
    assert (message.card, message.summary) == (card("Since then."), "Changed")


async def test_a_thread_in_the_channel_is_answered_in_the_thread(line: Line) -> None:
    line.channel.transcript.set_installed(CHANNEL, installed=True)
    place = Address(
        line.channel.service_url, line.channel.place.channel_id, line.channel.place.bot_id, "x", "", "channel"
    )
    place = replace(place, tenant_id=line.channel.tenant_id)

    root = await line.teams.post.send(place, Message("Today", text="Tuesday 3 November"))
    await line.teams.post.send(place, Message("One more", text="One meeting was booked."), thread=root)

    first, second = line.channel.chat(CHANNEL)
    assert (first.id, first.thread, second.thread) == (root, "", root)


async def test_the_roster_says_who_somebody_is(line: Line) -> None:
    profile = await line.teams.post.member(line.channel.address(), PRIYA.teams_id)

    assert (profile.name, profile.email, profile.is_guest) == (PRIYA.name, PRIYA.email, False)


async def test_a_poisoned_address_is_never_called_and_raises_an_alert(
    line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    for poisoned in (
        replace(line.channel.address(), service_url="https://evil.example/"),
        replace(line.channel.address(), service_url=f"{line.channel.url}@evil.example/"),
        replace(line.channel.address(), tenant_id="another-tenant"),
        replace(line.channel.address(), conversation_id=".."),
        replace(line.channel.address(), conversation_id=""),
    ):
        with pytest.raises(Unreachable):
            await line.teams.post.send(poisoned, NOTICE)

    assert list(line.channel.calls) == []
    assert "ALERT" in caplog.text


async def test_practice_on_another_port_than_before_is_waited_for_and_no_chat_is_given_up(line: Line) -> None:
    before = replace(line.channel.address(), service_url="http://127.0.0.1:1/")
    with pytest.raises(TryLater):
        await line.teams.post.send(before, NOTICE)
    assert list(line.channel.calls) == []


async def test_a_chat_without_the_bot_is_unreachable_with_the_services_reason(line: Line) -> None:
    with pytest.raises(Unreachable) as told:
        await line.teams.post.send(line.channel.address(GARETH), NOTICE)
    assert told.value.reason == "BotNotInConversationRoster"
    assert len(line.channel.made("POST", "/v3/")) == 1


async def test_a_message_that_is_gone_cannot_be_edited(line: Line) -> None:
    with pytest.raises(Unreachable):
        await line.teams.post.update(line.channel.address(), "1700000000000", NOTICE)


@pytest.mark.parametrize("status", [400, 403, 404, 405, 410, 413])
async def test_what_is_refused_for_good_is_said_to_be(line: Line, status: int) -> None:
    line.channel.fail_next(status)

    with pytest.raises(Unreachable):
        await line.teams.post.send(line.channel.address(), NOTICE)


@pytest.mark.parametrize(
    ("status", "doubt"),
    [(408, "maybe"), (412, ""), (429, ""), (500, "maybe"), (502, "maybe"), (503, ""), (504, "maybe")],
)
async def test_what_may_pass_is_to_be_tried_later_and_says_whether_it_may_have_arrived(
    line: Line, status: int, doubt: str
) -> None:
    line.channel.fail_next(status)

    with pytest.raises(TryLater) as told:
        await line.teams.post.send(line.channel.address(), NOTICE)
    assert (told.value.after, told.value.maybe_delivered) == (None, bool(doubt))


async def test_after_a_retry_after_nothing_goes_to_that_conversation_before_its_time(line: Line) -> None:
    line.channel.fail_next(429, retry_after=30)

    with pytest.raises(TryLater) as first:
        await line.teams.post.send(line.channel.address(), NOTICE)
    with pytest.raises(TryLater) as second:
        await line.teams.post.send(line.channel.address(), NOTICE)

    assert first.value.after == 30
    assert 29 < (second.value.after or 0) <= 30
    assert len(line.channel.made("POST", "/v3/")) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("0", 0.0),
        ("17", 17.0),
        (" 17 ", 17.0),
        ("-5", None),
        ("1e3", None),
        ("86400", LONGEST_WAIT),
        ("9" * 50, None),
        ("Tue, 03 Nov 2026 15:46:00 GMT", 60.0),
        ("Tue, 03 Nov 2026 15:44:00 GMT", 0.0),
        ("Wed, 04 Nov 2026 15:45:00 GMT", LONGEST_WAIT),
        ("Tue, 33 Nov 2026 15:46:00 GMT", None),
    ],
)
def test_retry_after_is_read_in_all_its_forms_and_capped(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, 1793720700.0) == seconds  # 3 November 2026, 15:45 UTC


async def test_after_a_401_a_new_token_is_fetched_and_the_message_delivered_once(line: Line) -> None:
    await line.teams.post.send(line.channel.address(), NOTICE)
    line.channel.key = SigningKey.new()

    await line.teams.post.send(line.channel.address(), NOTICE)

    assert len(line.channel.chat(PRIYA)) == 2
    assert len(line.channel.made("POST", "/token")) == 2


async def test_a_second_401_is_our_trouble_and_not_the_persons(line: Line) -> None:
    line.channel.fail_next(401, times=5)

    with pytest.raises(TryLater):
        await line.teams.post.send(line.channel.address(), NOTICE)
    assert len(line.channel.made("POST", "/v3/")) == 2


class OneToken(Tokens):
    async def fetch(self, *, anew: bool) -> tuple[str, float]:
        del anew
        return "token", 3600.0


def odd_connector(session: aiohttp.ClientSession, origin: str, seconds: float = 5.0) -> tuple[Connector, Address]:
    settings = settings_for(origin)
    connector = Connector(session, settings, OneToken(), time_out=aiohttp.ClientTimeout(total=seconds))
    return connector, Address(f"{origin}/", "a:1", "28:b", settings.tenant_id, "29:u")


async def test_a_connector_that_hangs_is_given_up_and_may_have_delivered() -> None:
    never = asyncio.Event()

    async def hang(_request: web.Request) -> web.Response:
        await never.wait()
        return web.Response()

    async with listening(hang, "/{any:.*}") as origin, aiohttp.ClientSession() as session:
        connector, to = odd_connector(session, origin, 0.1)
        with pytest.raises(TryLater) as told:
            await connector.send(to, NOTICE)
        never.set()
    assert told.value.maybe_delivered


async def test_a_connector_that_nobody_hears_has_delivered_nothing() -> None:
    async with listening(nobody, "/") as origin:
        pass
    async with aiohttp.ClientSession() as session:
        connector, to = odd_connector(session, origin)
        with pytest.raises(TryLater) as told:
            await connector.send(to, NOTICE)
    assert not told.value.maybe_delivered


async def nobody(_request: web.Request) -> web.Response:
    return web.Response()


async def test_a_connection_that_is_cut_may_have_delivered() -> None:
    async def cut(request: web.Request) -> web.Response:
        await request.read()
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    async with listening(cut, "/{any:.*}") as origin, aiohttp.ClientSession() as session:
        connector, to = odd_connector(session, origin)
        with pytest.raises(TryLater) as told:
            await connector.send(to, NOTICE)
    assert told.value.maybe_delivered


async def test_a_redirect_is_not_followed_with_our_token() -> None:
    seen: list[str] = []

    async def away(request: web.Request) -> web.Response:
        seen.append(request.path)
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    async with listening(away, "/{any:.*}") as origin, aiohttp.ClientSession() as session:
        connector, to = odd_connector(session, origin)
        with pytest.raises(TryLater):
            await connector.send(to, NOTICE)
    assert len(seen) == 1


@pytest.mark.parametrize("text", ["", "<html>", "[1]", '{"id": 5}', "[" * 5000])
async def test_what_was_taken_counts_as_delivered_whatever_the_answer_says(text: str) -> None:
    async def odd(_request: web.Request) -> web.Response:
        return web.Response(status=201, text=text)

    async with listening(odd, "/{any:.*}") as origin, aiohttp.ClientSession() as session:
        connector, to = odd_connector(session, origin)
        assert not await connector.send(to, NOTICE)


async def test_a_botnotregistered_is_not_tried_again() -> None:
    calls: list[str] = []

    async def gone(request: web.Request) -> web.Response:
        calls.append(request.path)
        return web.json_response({"error": {"code": "BotNotRegistered", "message": "no"}}, status=401)

    async with listening(gone, "/{any:.*}") as origin, aiohttp.ClientSession() as session:
        connector, to = odd_connector(session, origin)
        with pytest.raises(Unreachable) as told:
            await connector.send(to, NOTICE)
    assert (told.value.reason, len(calls)) == ("BotNotRegistered", 1)


def moments(windows: Any, count: int, arrivals: float = 0.0) -> list[float]:
    lane, out = Lane(windows), []
    for number in range(count):
        at = lane.next(number * arrivals)
        lane.reserve(at)
        out.append(at)
    return out


@pytest.mark.parametrize("windows", [CONVERSATION, TENANT])
@pytest.mark.parametrize("arrivals", [0.0, 0.05, 0.3])
def test_no_window_ever_holds_more_than_the_published_number(windows: Any, arrivals: float) -> None:
    times = moments(windows, 2000, arrivals)

    assert times == sorted(times)
    for seconds, count in windows:
        for first, after_last in itertools.pairwise(times[::count]):
            assert after_last - first > seconds
        for index in range(len(times) - count):
            assert times[index + count] - times[index] > seconds


def test_what_the_limits_allow_is_used() -> None:
    assert [round(at, 1) for at in moments([(1.0, 3)], 8)] == [0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 2.0, 2.0]


def test_a_few_messages_do_not_wait() -> None:
    assert moments(CONVERSATION, 7) == [0.0] * 7


@asynccontextmanager
async def watched(spans: float) -> AsyncIterator[tuple[Connector, Address, list[tuple[str, float]]]]:
    """A connector that lets one message into a conversation in so many seconds; and what came of each, and when."""
    seen: list[tuple[str, float]] = []

    async def arrived(_request: web.Request) -> web.Response:
        seen.append(("arrived", time.monotonic()))
        return web.json_response({"id": "1"}, status=201)

    async with listening(arrived, "/{any:.*}") as origin, aiohttp.ClientSession() as session:
        settings, pace = settings_for(origin), Pace(conversation=((spans, 1),))
        to = Address(f"{origin}/", "a:1", "28:b", settings.tenant_id, "29:u")
        yield Connector(session, settings, OneToken(), pace), to, seen


async def test_a_message_is_noted_as_leaving_when_its_moment_has_come_and_not_while_it_waits() -> None:
    async with watched(0.5) as (connector, to, seen):

        async def note() -> None:
            seen.append(("noted", time.monotonic()))

        with noting(note):
            await connector.send(to, NOTICE)
            await connector.send(to, NOTICE)
    assert [what for what, _ in seen] == ["noted", "arrived"] * 2
    assert seen[2][1] - seen[0][1] >= 0.5


async def test_a_moment_that_passed_while_a_message_was_noted_as_leaving_is_not_used() -> None:
    async with watched(0.5) as (connector, to, seen):

        async def slow() -> None:
            await asyncio.sleep(2 * LATE)

        begun = time.monotonic()
        with noting(slow):
            await connector.send(to, NOTICE)
    assert seen[0][1] - begun >= 0.5


async def test_who_would_wait_too_long_is_told_when_to_come_again() -> None:
    pace = Pace(patience=0.5, clock=lambda: 100.0)
    for _ in range(7):
        await pace.turn("a:1")

    with pytest.raises(TryLater) as told:
        await pace.turn("a:1")
    await pace.turn("a:2")
    assert told.value.after is not None
    assert 0.9 < told.value.after < 1.2


async def test_idle_conversations_are_forgotten() -> None:
    now = 0.0
    pace = Pace(clock=lambda: now)
    for number in range(500):
        now += 10.0
        await pace.turn(f"a:{number}")

    assert len(pace._lanes) < 400


# -- the weight of a card ----------------------------------------------------------------------------------------------


def long_card(*more: Any) -> dict[str, Any]:
    runs = [{"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": "题" * 2000}]} for _ in range(20)]
    return {**card("A heading"), "body": [*runs, *more], "actions": []}


def filled_in(letters: int) -> dict[str, Any]:
    return {"type": "Input.Text", "id": "words", "label": "Words", "value": "x" * letters}


async def test_a_card_that_is_too_heavy_is_shortened_before_it_leaves_new_or_edited(line: Line) -> None:
    sent = await line.teams.post.send(line.channel.address(), Message("Long", long_card()))
    (message,) = line.channel.chat(PRIYA)
    assert 0 < weight(message.card) < HEAVIEST
    await line.teams.post.update(line.channel.address(), sent, Message("Longer", long_card(filled_in(100))))
    (message,) = line.channel.chat(PRIYA)
    assert 0 < weight(message.card) < HEAVIEST
    assert "x" * 100 in str(message.card)


async def test_a_form_that_is_too_heavy_by_what_was_typed_does_not_leave(
    line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    await line.teams.post.send(line.channel.address(), Message("Placements: a form", long_card(filled_in(HEAVIEST))))
    (message,) = line.channel.chat(PRIYA)
    assert message.card is None
    assert message.text == "Placements: a form. It is too long for one message: type “my cases” to read it."
    assert "too heavy" in caplog.text


async def test_the_answer_to_a_press_is_shortened_and_a_form_too_heavy_leaves_what_was_typed_where_it_is(
    line: Line,
) -> None:
    sent = await line.teams.post.send(line.channel.address(), NOTICE)
    line.desk.answer = Message("Long", long_card())
    answer = await line.channel.press(PRIYA, sent, "cases.read")
    assert answer.card is not None
    assert weight(dict(answer.card)) < HEAVIEST
    line.desk.answer = Message("A form", long_card(filled_in(HEAVIEST)))
    answer = await line.channel.press(PRIYA, sent, "concern.save")
    assert (answer.kind, answer.card) == ("message", None)
    assert "What you typed is still here" in answer.text
