"""Requests that no client of Teams makes: bent headers, packed and broken bodies, other methods, paths and addresses, and
activities and presses that nobody has heard of. Sent as bytes, because good clients refuse to send them.

Whatever comes, it is answered within two seconds, never with 500, and nothing of it stands in the answer or in the log.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import pytest
import pytest_asyncio

from bot.practice.people import PracticePerson
from tests.wire.microsoft import CONNECTOR, ENTRA, Microsoft
from tests.wire.running import Bot
from tests.wire.test_who_may_come_in import EVIL, PROMPTLY, bent

pytestmark = pytest.mark.asyncio(loop_scope="module")

TYPED = "Tom is in tears"
"""What stands in every request, and nowhere else afterwards."""


@dataclass(frozen=True)
class Answer:
    status: int
    head: str
    body: bytes


async def send(bot: Bot, raw: bytes) -> Answer:
    """One connection, one request, one answer. Raises TimeoutError where there is none within two seconds."""
    async with asyncio.timeout(PROMPTLY):
        reader, writer = await asyncio.open_connection("127.0.0.1", bot.port)
        try:
            writer.write(raw)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            told = [line for line in head.lower().split("\r\n") if line.startswith("content-length:")]
            body = b"" if raw.startswith(b"HEAD") else await reader.readexactly(int(told[0].split(":")[1]))
        finally:
            writer.close()
    return Answer(int(head.split(" ")[1]), head, body)


def request(
    body: bytes,
    *headers: bytes,
    line: bytes = b"POST /api/messages",
    kind: bytes = b"application/json; charset=utf-8",
    length: bool = True,
) -> bytes:
    told = [b"Content-Length: %d" % len(body)] if length else []
    said = [b"Content-Type: " + kind] if kind else []
    return b"\r\n".join([line + b" HTTP/1.1", b"Host: pathway", *said, *told, *headers, b"", body])


def bearer(token: str) -> bytes:
    return b"Authorization: Bearer " + token.encode()


EVERYBODY = ("priya", "lucy", "gareth", "sian", "owen", "helen", "martin", "bea", "sam")
_turns = cycle(EVERYBODY)


def somebody(microsoft: Microsoft) -> PracticePerson:
    """Another one each time: nobody sends so much that it would be a flood."""
    return microsoft.line.person(next(_turns))


@pytest_asyncio.fixture(loop_scope="module", scope="module", autouse=True)
async def all_are_known(microsoft: Microsoft, bot: Bot) -> None:
    for key in EVERYBODY:
        assert (await microsoft.line.install(microsoft.line.person(key))).ok
    await microsoft.line.until(lambda: all(microsoft.line.chat(key) for key in EVERYBODY))
    assert bot.asked_in_vain() == []


def press(microsoft: Microsoft) -> dict[str, Any]:
    """A press that is answered with a card, where it is let in."""
    value = {"action": {"type": "Action.Execute", "verb": "home.help", "data": {"words": TYPED}}}
    who = somebody(microsoft)
    return microsoft.line.activity(who, "invoke", name="adaptiveCard/action", value=value, replyToId="1")


def pressed(microsoft: Microsoft) -> bytes:
    return json.dumps(press(microsoft)).encode()


@pytest.fixture
async def nothing_happens(microsoft: Microsoft, bot: Bot) -> Any:
    """Nothing is said, no token fetched, nothing looked up, and the log has neither a fault nor a word of it."""
    before = microsoft.calls(CONNECTOR), microsoft.calls(ENTRA, "token"), len(bot.said())
    yield
    assert (microsoft.calls(CONNECTOR), microsoft.calls(ENTRA, "token")) == before[:2]
    assert bot.asked_in_vain() == []
    said = bot.said()[before[2] :]
    assert bot.amiss(before[2]) == []
    assert all(word not in said for word in ("tears", "Priya", "eyJ", "evil")), said


async def test_a_press_as_teams_sends_it_is_answered(microsoft: Microsoft, bot: Bot) -> None:
    """What the others are measured by: the very same bytes, unbent."""
    answer = await send(bot, request(pressed(microsoft), bearer(microsoft.line.token())))

    assert (answer.status, json.loads(answer.body)["statusCode"]) == (200, 200)


Headers = Callable[[str], Sequence[bytes]]
BENT_HEADERS: dict[str, tuple[Headers, int]] = {
    "two, both good": (lambda t: [bearer(t), bearer(t)], 401),
    "two, one of them good": (lambda t: [bearer(t), b"authorization: Bearer x"], 401),
    "two in one": (lambda t: [bearer(t) + b", Bearer x"], 401),
    "two blanks": (lambda t: [b"Authorization: Bearer  " + t.encode()], 401),
    "a tab": (lambda t: [b"Authorization: Bearer\t" + t.encode()], 401),
    "no blank": (lambda t: [b"Authorization: Bearer" + t.encode()], 401),
    "in quotation marks": (lambda t: [b'Authorization: Bearer "' + t.encode() + b'"'], 401),
    "another scheme": (lambda t: [b"Authorization: Token " + t.encode()], 401),
    "a letter of another script": (lambda t: [b"Authorization: Bearer \xe9" + t.encode()], 401),
    "nothing after its name": (lambda _: [b"Authorization:"], 401),
    "under another name": (lambda t: [b"X-Authorization: Bearer " + t.encode()], 401),
    "for the proxy": (lambda t: [b"Proxy-Authorization: Bearer " + t.encode()], 401),
    "in a cookie": (lambda t: [b"Cookie: Authorization=Bearer " + t.encode()], 401),
    "a zero byte": (lambda t: [b"Authorization: Bearer \0" + t.encode()], 400),
    "on two lines": (lambda t: [b"Authorization: Bearer\r\n " + t.encode()], 400),
    "of 100,000 characters": (lambda _: [b"Authorization: Bearer " + b"A" * 100_000], 400),
    "one of 2,000": (lambda t: [bearer(t), *(b"X-%d: y" % n for n in range(2000))], 400),
}


@pytest.mark.usefixtures("nothing_happens")
@pytest.mark.parametrize("kind", BENT_HEADERS)
async def test_a_bent_authorization_lets_nobody_in(microsoft: Microsoft, bot: Bot, kind: str) -> None:
    headers, status = BENT_HEADERS[kind]

    answer = await send(bot, request(pressed(microsoft), *headers(microsoft.line.token())))

    assert answer.status == status


@pytest.mark.parametrize("scheme", [b"bearer", b"BEARER"])
async def test_the_scheme_may_be_written_in_any_case(microsoft: Microsoft, bot: Bot, scheme: bytes) -> None:
    """RFC 9110, 11.1."""
    header = b"authorization: " + scheme + b" " + microsoft.line.token().encode()

    assert (await send(bot, request(pressed(microsoft), header))).status == 200


@pytest.mark.usefixtures("nothing_happens")
async def test_a_token_in_the_address_or_in_the_body_lets_nobody_in(microsoft: Microsoft, bot: Bot) -> None:
    token = microsoft.line.token().encode()
    form = b"application/x-www-form-urlencoded"

    for raw in (
        request(pressed(microsoft), line=b"POST /api/messages?access_token=" + token),
        request(b"access_token=" + token, kind=form),
    ):
        assert (await send(bot, raw)).status == 401


PACKED: dict[str, tuple[bytes, Callable[[bytes], bytes]]] = {
    "packed": (b"gzip", gzip.compress),
    "packed in the other way": (b"deflate", zlib.compress),
    "packed twice": (b"gzip, gzip", lambda b: gzip.compress(gzip.compress(b))),
    "said to be packed": (b"gzip", lambda b: b + b"\0"),
    "said to be packed in a way that we do not know": (b"br", lambda b: b + b"\0"),
    "a small one that is large when it is unpacked": (b"gzip", lambda _: gzip.compress(b" " * (32 << 20), 1)),
}


@pytest.mark.usefixtures("nothing_happens")
@pytest.mark.parametrize("kind", PACKED)
@pytest.mark.parametrize("known", [True, False], ids=["with a token", "without"])
async def test_a_packed_body_is_not_unpacked(microsoft: Microsoft, bot: Bot, kind: str, known: bool) -> None:  # noqa: FBT001
    encoding, pack = PACKED[kind]
    headers = [b"Content-Encoding: " + encoding, *([bearer(microsoft.line.token())] if known else [])]

    answer = await send(bot, request(pack(pressed(microsoft)), *headers))

    assert answer.status == (400 if known else 401)


CHUNKED = b"Transfer-Encoding: chunked"
KINDS = (
    b"text/plain",
    b"text/html",
    b"application/xml",
    b"application/x-www-form-urlencoded",
    b"multipart/form-data; boundary=x",
    b"application/json; charset=utf-16",
    b"application/json; charset=iso-8859-1",
)


@pytest.mark.usefixtures("nothing_happens")
@pytest.mark.parametrize("kind", KINDS)
async def test_a_body_that_says_that_it_is_something_else_gets_400(microsoft: Microsoft, bot: Bot, kind: bytes) -> None:
    answer = await send(bot, request(pressed(microsoft), bearer(microsoft.line.token()), kind=kind))

    assert (answer.status, answer.body) == (400, b"")


@pytest.mark.parametrize("kind", [b"application/json", b"Application/JSON; Charset=UTF-8", b"\xff\xfe", b""])
async def test_json_may_be_called_so_in_more_than_one_way_or_not_at_all(
    microsoft: Microsoft, bot: Bot, kind: bytes
) -> None:
    assert (await send(bot, request(pressed(microsoft), bearer(microsoft.line.token()), kind=kind))).status == 200


Raw = Callable[[bytes, bytes], bytes]
BROKEN: dict[str, Raw] = {
    "in pieces that are none": lambda _, t: request(b"zz\r\nxx\r\n0\r\n\r\n", t, CHUNKED, length=False),
    "in pieces, and of a length": lambda b, t: request(b"%x\r\n" % len(b) + b + b"\r\n0\r\n\r\n", t, CHUNKED),
    "in pieces that are hidden": lambda b, t: request(b, t, b"Transfer-Encoding: identity, chunked"),
    "of two lengths": lambda b, t: request(b, t, b"Content-Length: 5"),
    "shorter than nothing": lambda _, t: request(b"", t, b"Content-Length: -5", length=False),
    "of a length in words": lambda _, t: request(b"", t, b"Content-Length: five", length=False),
    "of more bytes than there are": lambda _, t: request(b"", t, b"Content-Length: " + b"9" * 30, length=False),
    "of no length": lambda _, t: request(b"", t, length=False),
    "for no host": lambda _, t: b"POST /api/messages HTTP/1.1\r\n" + t + b"\r\nContent-Length: 0\r\n\r\n",
    "of a version to come": lambda _, t: b"POST /api/messages HTTP/9.9\r\nHost: pathway\r\n" + t + b"\r\n\r\n",
    "in HTTP/2": lambda _b, _t: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "in TLS": lambda _b, _t: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100),
    "with bare line ends": lambda b, t: request(b, t).replace(b"\r\n", b"\n"),
}


@pytest.mark.usefixtures("nothing_happens")
@pytest.mark.parametrize("kind", BROKEN)
async def test_a_broken_request_gets_400(microsoft: Microsoft, bot: Bot, kind: str) -> None:
    answer = await send(bot, BROKEN[kind](pressed(microsoft), bearer(microsoft.line.token())))

    assert answer.status == 400
    assert "Python" not in answer.head
    assert answer.body in (b"", b"This cannot be read as a request.\n")


ELSEWHERE: dict[bytes, int] = {
    b"GET /api/messages": 405,
    b"HEAD /api/messages": 405,
    b"PUT /api/messages": 405,
    b"PATCH /api/messages": 405,
    b"DELETE /api/messages": 405,
    b"OPTIONS /api/messages": 405,
    b"TRACE /api/messages": 405,
    b"CONNECT evil.example:443": 404,
    b"POST /api/messages/": 404,
    b"POST //api/messages": 404,
    b"POST /API/messages": 404,
    b"POST /api%2fmessages": 404,
    b"POST /x/../api/messages": 404,
    b"POST /api/messages;x": 404,
    b"POST /api/messages%00": 404,
    b"GET /ics/..%2f..%2fetc%2fpasswd.ics": 404,
    b"GET /ics/%ed%a0%80.ics": 404,
    b"GET /.env": 404,
    b"GET /\xff\xfe": 400,
    b"post /api/messages": 400,
}


@pytest.mark.usefixtures("nothing_happens")
@pytest.mark.parametrize("line", ELSEWHERE)
async def test_no_other_method_or_path_leads_to_a_turn(microsoft: Microsoft, bot: Bot, line: bytes) -> None:
    answer = await send(
        bot,
        request(
            b"" if line.startswith(b"HEAD") else pressed(microsoft),
            bearer(microsoft.line.token()),
            b"X-HTTP-Method-Override: POST",
            line=line,
        ),
    )

    assert answer.status == ELSEWHERE[line]
    assert "nosniff" in answer.head


ALSO_EVIL = (
    f"https://{CONNECTOR}./uk/",
    f"https://{CONNECTOR.upper()}/uk/",
    f"https://{CONNECTOR}:0443/uk/",
    f"https://{CONNECTOR}/uk/#fragment",
    f"https://{CONNECTOR}/uk/?to=evil.example",
    f"https://me:secret@{CONNECTOR}/uk/",
    f"https://{CONNECTOR}/uk/../v3/",
    f"https://{CONNECTOR}/%2e%2e/",
    f"https://{CONNECTOR}//uk/",
    f"https://{CONNECTOR}/uk/\n",
    f"https://{CONNECTOR}/" + "uk/" * 200,
    f"https://\N{CYRILLIC SMALL LETTER DZE}{CONNECTOR[1:]}/uk/",
    f"https://{CONNECTOR}\N{IDEOGRAPHIC FULL STOP}evil.example/",
    "https://[::1]/",
    "https://2130706433/",
    "javascript:alert(1)",
    "ftp://smba.trafficmanager.net/",
)


@pytest.mark.usefixtures("nothing_happens")
@pytest.mark.parametrize("service", ALSO_EVIL)
async def test_a_service_that_only_looks_like_teams_is_never_asked(
    microsoft: Microsoft, bot: Bot, service: str
) -> None:
    assert service not in EVIL
    body = json.dumps(press(microsoft) | {"serviceUrl": service}).encode()

    answer = await send(bot, request(body, bearer(microsoft.line.token(serviceurl=service))))

    assert answer.status == 403


@pytest.mark.usefixtures("nothing_happens")
@pytest.mark.parametrize("kind", ["message", "invoke", "conversationUpdate", "installationUpdate", "pigeon"])
async def test_an_activity_for_another_bot_is_refused(microsoft: Microsoft, bot: Bot, kind: str) -> None:
    activity = bent(press(microsoft), "recipient.id", "28:9c0f2c1e-5a4b-4a11-8f3b-2f6c8f8d7a10") | {"type": kind}

    assert (await send(bot, request(json.dumps(activity).encode(), bearer(microsoft.line.token())))).status == 403


NEVER_SEEN = (
    *("messageReaction", "messageUpdate", "messageDelete", "typing", "event", "trace", "command", "commandResult"),
    *("endOfConversation", "contactRelationUpdate", "handoff", "invokeResponse", "suggestion", "deleteUserData"),
    *("pigeon", "MESSAGE", "__init__", " ", "a" * 10_000),
)


@pytest.mark.usefixtures("nothing_happens")
@pytest.mark.parametrize("kind", NEVER_SEEN)
async def test_a_kind_of_activity_that_is_not_ours_is_taken_in_silence(
    microsoft: Microsoft, bot: Bot, kind: str
) -> None:
    activity = press(microsoft) | {"type": kind, "text": TYPED}

    answer = await send(bot, request(json.dumps(activity).encode(), bearer(microsoft.line.token())))

    assert (answer.status, answer.body) == (200, b"")


Value = Mapping[str, Any] | None
BENT_PRESSES: dict[str, tuple[str | None, Value, int]] = {
    "a dialog": ("task/fetch", {}, 501),
    "a search": ("composeExtension/query", {"commandId": "x"}, 501),
    "a file": ("fileConsent/invoke", {"action": "accept"}, 501),
    "a sign-in": ("signin/verifyState", {"state": "1"}, 501),
    "a name in other letters": ("adaptiveCard/Action", {}, 501),
    "no name": (None, {}, 501),
    "a name of 5,000 letters": ("x" * 5000, {}, 501),
    "no value": ("adaptiveCard/action", None, 400),
    "an empty value": ("adaptiveCard/action", {}, 400),
    "a list for an action": ("adaptiveCard/action", {"action": []}, 400),
    "a number for a verb": ("adaptiveCard/action", {"action": {"verb": 5}}, 400),
    "an empty verb": ("adaptiveCard/action", {"action": {"verb": ""}}, 400),
    "a text for its data": ("adaptiveCard/action", {"action": {"verb": "home.help", "data": TYPED}}, 400),
    "a verb that there is not": ("adaptiveCard/action", {"action": {"verb": "a" * 100_000}}, 200),
    "lists and objects in its data": (
        "adaptiveCard/action",
        {"action": {"verb": "cases.open", "data": {"case": ["a"], "nonce": {"a": 1}, "form": [1], "step": {}}}},
        200,
    ),
    "a path for a case": ("adaptiveCard/action", {"action": {"verb": "cases.open", "data": {"case": "../../x"}}}, 200),
    "a zero byte for a case": ("adaptiveCard/action", {"action": {"verb": "cases.open", "data": {"case": "\0"}}}, 200),
    "20,000 fields": (
        "adaptiveCard/action",
        {"action": {"verb": "home.help", "data": {str(n): "x" for n in range(20_000)}}},
        200,
    ),
}


@pytest.mark.usefixtures("nothing_happens")
@pytest.mark.parametrize("kind", BENT_PRESSES)
async def test_a_press_that_no_card_of_ours_makes_is_answered_and_does_nothing(
    microsoft: Microsoft, bot: Bot, kind: str
) -> None:
    name, value, status = BENT_PRESSES[kind]
    body = json.dumps(press(microsoft) | {"name": name, "value": value}).encode()

    answer = await send(bot, request(body, bearer(microsoft.line.token())))

    assert (answer.status, json.loads(answer.body)["statusCode"]) == (200, status)


async def test_what_is_strange_beside_a_good_message_is_passed_over(microsoft: Microsoft, bot: Bot) -> None:
    """Fields that we never read may be anything: a later version of Teams is no reason to be silent."""
    beside: dict[str, Any] = {
        "attachments": [{}] * 100_000,
        "timestamp": "9999-99-99T99:99:99Z",
        "localTimezone": "Mars/Phobos",
        "locale": 5,
        "expiration": [],
        "deliveryMode": "expectReplies",
        "callerId": "urn:botframework:azure",
        "relatesTo": {"bot": 5},
        "__proto__": {"admin": True},
        "value": [1, None],
        "reactionsAdded": [5],
    }
    for field, value in beside.items():
        await is_answered(microsoft, bot, {"text": "help", field: value})


async def test_a_message_as_long_as_a_book_is_answered_like_any_other(microsoft: Microsoft, bot: Bot) -> None:
    for text in ("a" * 900_000, "\u202e" * 1000, "\ufeff", "\0" * 100, "concern about " + "x" * 100_000):
        await is_answered(microsoft, bot, {"text": text})


async def is_answered(microsoft: Microsoft, bot: Bot, says: Mapping[str, Any]) -> None:
    """A message whose fields are set or bent by *says* has its answer in the chat of whoever wrote it."""
    who = somebody(microsoft)
    before = len(microsoft.line.chat(who))
    body = json.dumps({**microsoft.line.activity(who), **says}).encode()

    answer = await send(bot, request(body, bearer(microsoft.line.token())))

    assert (answer.status, answer.body) == (200, b""), says.keys()
    await microsoft.line.until(lambda: len(microsoft.line.chat(who)) > before)


async def test_after_all_that_no_answer_was_a_fault_and_the_log_has_nothing_of_it(bot: Bot) -> None:
    said = bot.said()

    assert bot.amiss() == []
    assert "refused" in said
    assert all(word not in said for word in ("tears", "Priya", "eyJ"))
