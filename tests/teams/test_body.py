from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from bot.teams import body
from bot.teams.body import BadBody
from tests.teams.standins import PRIYA, Line

SMALL = {
    "type": "message",
    "from": {"id": "29:a"},
    "recipient": {"id": "28:b"},
    "conversation": {"id": "a:c"},
}


def raw(**bent: Any) -> bytes:
    return json.dumps({name: value for name, value in (SMALL | bent).items() if value != "absent"}).encode()


def spliced(json_text: str) -> bytes:
    """A good body with a field `value` that is written by hand."""
    return raw()[:-1] + b', "value": ' + json_text.encode("latin-1") + b"}"


BAD: dict[str, bytes] = {
    "nothing": b"",
    "not JSON": b"hello",
    "cut off": raw()[:-1],
    "something after the end": raw() + b"{}",
    "a list": b"[" + raw() + b"]",
    "a text": b'"message"',
    "null": b"null",
    "not UTF-8": spliced('"caf\xe9"'),
    "UTF-16": raw().decode().encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + raw(),
    "nested 100,000 deep": spliced("[" * 100_000 + "]" * 100_000),
    "nested 65 deep": spliced('{"a":' * 64 + "1" + "}" * 64),
    "a field twice": raw()[:-1] + b', "type": "invoke"}',
    "an inner field twice": spliced('{"verb": "a", "verb": "b"}'),
    "NaN": spliced("NaN"),
    "Infinity": spliced("-Infinity"),
    "a number of 5,000 digits": spliced("9" * 5000),
    "a number beyond 64 bits": spliced("18446744073709551616"),
    "a fraction beyond all numbers": spliced("1e999"),
    "half a character": spliced('"\\ud83d"'),
    "halves the wrong way round": spliced('"\\udc00\\ud83d"'),
    "half a character in a name": spliced('{"\\uD83D": 1}'),
    "no type": raw(type="absent"),
    "an empty type": raw(type=""),
    "a number for a type": raw(type=1),
    "no sender": raw(**{"from": "absent"}),
    "a text for a sender": raw(**{"from": "Priya"}),
    "a number for an object id": raw(**{"from": {"id": "29:a", "aadObjectId": 5}}),
    "no recipient": raw(recipient="absent"),
    "no conversation": raw(conversation="absent"),
    "a conversation without an id": raw(conversation={}),
    "a list for a conversation id": raw(conversation={"id": ["a"]}),
    "a number for a text": raw(text=5),
    "a list for a service": raw(serviceUrl=["https://smba.trafficmanager.net/"]),
    "a text for a tenant": raw(channelData={"tenant": "ours"}),
    "a text for channel data": raw(channelData="x"),
    "an object for members": raw(membersAdded={"id": "28:b"}),
    "texts for members": raw(membersAdded=["28:b"]),
    "a text for a mention": raw(entities=[{"type": "mention", "mentioned": "28:b"}]),
    "an id of 1,001 characters": raw(id="1" * 1001),
    "an object id as long as a book": raw(**{"from": {"id": "29:a", "aadObjectId": "a" * 100_000}}),
    "a conversation that ends a line": raw(conversation={"id": "a:c\r\nHost: evil.example"}),
    "a conversation with a zero byte": raw(conversation={"id": "a:c\0"}),
    "a card on more than one line": raw(replyToId="1\n2"),
    "a list for a card": raw(replyToId=["1"]),
    "a number for an id": raw(id=5),
    "a number for a team": raw(channelData={"team": {"id": 5}}),
    "a text for a chosen channel": raw(channelData={"settings": {"selectedChannel": "19:c"}}),
    "a list for settings": raw(channelData={"settings": []}),
    "a number for a kind of conversation": raw(conversation={"id": "a:c", "conversationType": 5}),
    "nothing for a member": raw(membersAdded=[None]),
    "a list for a mention": raw(entities=[[]]),
    "an object for mentions": raw(entities={}),
    "a list for an act": raw(action=["add"]),
    "an invoke with a text for its value": raw(type="invoke", value="x"),
    "an invoke with a list for its value": raw(type="invoke", value=[1]),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_body_that_teams_would_never_send_is_refused(kind: str) -> None:
    with pytest.raises(BadBody) as refusal:
        body.read(BAD[kind])
    assert refusal.value.status == 400


@pytest.mark.parametrize("kind", BAD)
async def test_a_bad_body_under_a_good_token_gets_400_and_no_turn(line: Line, kind: str) -> None:
    assert await line.post(BAD[kind]) == 400
    assert line.desk.heard == []


async def test_a_body_of_more_than_a_mebibyte_gets_413(line: Line) -> None:
    assert await line.post(raw(text="x" * body.LARGEST)) == 413


async def test_a_body_that_does_not_tell_its_size_gets_413_when_it_grows_too_large(line: Line) -> None:
    async def endless() -> Any:
        while True:
            yield b" " * 65_536
            await asyncio.sleep(0)

    headers = {"Authorization": f"Bearer {line.channel.token()}"}
    async with asyncio.timeout(5), line.session.post(line.url, data=endless(), headers=headers) as answer:
        assert answer.status == 413


async def test_a_body_that_cannot_be_unpacked_gets_400(line: Line) -> None:
    headers = {"Authorization": f"Bearer {line.channel.token()}", "Content-Encoding": "gzip"}

    assert await line.post(raw(), headers) == 400
    assert line.desk.heard == []


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16"]
)
async def test_a_body_that_says_that_it_is_something_else_gets_400(line: Line, kind: str) -> None:
    headers = {"Authorization": f"Bearer {line.channel.token()}", "Content-Type": kind}

    assert await line.post(json.dumps(line.channel.activity(PRIYA, text="hello")).encode(), headers) == 400
    assert line.desk.heard == []


async def test_the_body_is_not_even_parsed_without_a_token(line: Line) -> None:
    assert await line.post(BAD["nested 100,000 deep"], {}) == 401


@pytest.mark.parametrize(
    "good",
    [
        raw(),
        raw(text="Grüße 🎉 \u202eabc", value={"number": 3.5, "big": 10**17, "yes": True, "none": None}),
        spliced('"\\ud83c\\udf89 whole"'),
        spliced('{"a":' * 63 + "1" + "}" * 63),
        spliced("[" + ",".join("{}" for _ in range(500)) + "]"),
        raw(text=None, channelData=None, entities=None, membersAdded=None, replyToId=None),
        raw(unknown=[{"field": "of a later version"}]),
    ],
)
def test_what_teams_does_send_is_read_as_it_is(good: bytes) -> None:
    assert body.read(good) == json.loads(good)


async def test_a_text_of_every_script_reaches_the_desk_unchanged(line: Line) -> None:
    words = "Zoë’s plan – 計画 🎉"

    await line.channel.say(PRIYA, words)

    assert line.desk.heard == [("said", words)]
