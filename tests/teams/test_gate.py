from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from bot.practice.keys import SigningKey
from bot.teams import words
from tests.logged import as_json, as_text
from tests.teams.standins import APP_ID, PRIYA, TENANT, Line, WatchedChannel, talking

Forge = Callable[[WatchedChannel], str]


def part(content: Any) -> str:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def right_claims(channel: WatchedChannel, **bent: Any) -> dict[str, Any]:
    return channel.key.to_bot(APP_ID, channel.service_url) | bent


def with_header(channel: WatchedChannel, header: dict[str, Any], signature: str | None = None) -> str:
    token = channel.token()
    _, claims, good = token.split(".")
    return f"{part(header)}.{claims}.{good if signature is None else signature}"


def signed_with_the_public_key(channel: WatchedChannel) -> str:
    pem = channel.key._private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    signed = f"{part({'alg': 'HS256', 'kid': channel.key.key_id})}.{part(right_claims(channel))}"
    return f"{signed}.{part(hmac.new(pem, signed.encode(), hashlib.sha256).digest())}"


def swapped_claims(channel: WatchedChannel) -> str:
    header, _, signature = channel.token().split(".")
    return f"{header}.{part(right_claims(channel, nbf=0))}.{signature}"


def swapped_signature(channel: WatchedChannel) -> str:
    other = channel.token(nbf=1).split(".")[2]
    return ".".join([*channel.token().split(".")[:2], other])


def own_key_in_the_header(channel: WatchedChannel) -> str:
    mine = SigningKey.new()
    token = mine.sign(right_claims(channel))
    header = {"alg": "RS256", "kid": mine.key_id, "jwk": mine.public(["msteams"]), "jku": "https://evil.example/keys"}
    return ".".join([part(header), *token.split(".")[1:]])


def signed_by_another_method(channel: WatchedChannel) -> str:
    return jwt.encode(right_claims(channel), channel.key._private, "RS512", headers={"kid": channel.key.key_id})


def several_issuers(channel: WatchedChannel) -> str:
    claims = json.dumps(right_claims(channel, iss=["https://api.botframework.com"])).encode()
    return jwt.PyJWS().encode(claims, channel.key._private, "RS256", headers={"kid": channel.key.key_id})


def truly_signed(
    channel: WatchedChannel, header: dict[str, Any] | bytes | None = None, claims: bytes | None = None
) -> str:
    """Signed with the channel's own key, whatever it says: *header* adds to the right one, or stands for it."""
    head = header if isinstance(header, bytes) else right_header(channel) | (header or {})
    signed = f"{part(head)}.{part(claims or json.dumps(right_claims(channel)).encode())}"
    signature = channel.key._private.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{part(signature)}"


def right_header(channel: WatchedChannel) -> dict[str, Any]:
    return {"alg": "RS256", "kid": channel.key.key_id, "typ": "JWT"}


def twice(content: dict[str, Any], **first: Any) -> bytes:
    """*content* with a name that it has said before, as something else."""
    return json.dumps(first).encode()[:-1] + b", " + json.dumps(content).encode()[1:]


def another_last_character(channel: WatchedChannel) -> str:
    """The signature in another spelling: its last character has bits that say nothing."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    token = channel.token()
    return token[:-1] + alphabet[alphabet.index(token[-1]) + 1]


FORGED: dict[str, Forge] = {
    "no header at all": lambda _: "",
    "one word": lambda _: "open-sesame",
    "two dots and nothing else": lambda _: "..",
    "not base64": lambda _: "€.€.€",
    "four parts": lambda c: c.token() + ".more",
    "five parts, as an encrypted token has": lambda c: c.token() + ".a.b",
    "lists for parts": lambda _: f"{part([1])}.{part([2])}.{part(b'3')}",
    "a header nested too deeply": lambda _: f"{part(b'[' * 6000)}.{part(b'{}')}.x",
    "as long as a book": lambda c: c.token() + "A" * 7_000,
    "alg none, unsigned": lambda c: with_header(c, {"alg": "none", "kid": c.key.key_id}, ""),
    "alg none, with the signature": lambda c: with_header(c, {"alg": "none", "kid": c.key.key_id}),
    "alg NONE": lambda c: with_header(c, {"alg": "NONE", "kid": c.key.key_id}, ""),
    "no alg": lambda c: with_header(c, {"kid": c.key.key_id}),
    "HS256 with the public key": signed_with_the_public_key,
    "RS512": lambda c: with_header(c, {"alg": "RS512", "kid": c.key.key_id}),
    "RS512, truly signed": signed_by_another_method,
    "a stripped signature": lambda c: c.token().rpartition(".")[0] + ".",
    "a signature of other claims": swapped_signature,
    "other claims under a signature": swapped_claims,
    "another key under our key's id": lambda c: c.token(SigningKey.new(), key_id=c.key.key_id),
    "another key under its own id": lambda c: c.token(SigningKey.new()),
    "a key brought along in the header": own_key_in_the_header,
    "no key id": lambda c: with_header(c, {"alg": "RS256"}),
    "a number for a key id": lambda c: with_header(c, {"alg": "RS256", "kid": 7}),
    "a path for a key id": lambda c: with_header(c, {"alg": "RS256", "kid": "../../dev/null"}),
    "no issuer": lambda c: c.token(iss=None),
    "the issuer with a slash": lambda c: c.token(iss="https://api.botframework.com/"),
    "the emulator's issuer": lambda c: c.token(iss="https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/"),
    "the emulator's issuer, version 2": lambda c: c.token(
        iss="https://login.microsoftonline.com/d6d49420-f39b-4df7-a1dc-d59a935871db/v2.0"
    ),
    "our tenant's issuer": lambda c: c.token(iss=f"https://sts.windows.net/{TENANT}/", appid=APP_ID),
    "a list of issuers": several_issuers,
    "our own token for the connector": lambda c: c.key.for_connector(APP_ID, TENANT),
    "meant for another bot": lambda c: c.token(aud="9c0f2c1e-5a4b-4a11-8f3b-2f6c8f8d7a10"),
    "meant for several": lambda c: c.token(aud=[APP_ID, "9c0f2c1e-5a4b-4a11-8f3b-2f6c8f8d7a10"]),
    "meant for nobody": lambda c: c.token(aud=None),
    "without an end": lambda c: c.token(exp=None),
    "an end in words": lambda c: c.token(exp="tomorrow"),
    "an end beyond all numbers": lambda c: c.token(exp=float("inf")),
    "an end of a thousand digits": lambda c: c.token(exp=10**1000),
    "long ended": lambda c: c.token(exp=1_700_000_000),
    "without a beginning": lambda c: c.token(nbf=None),
    "not begun": lambda c: c.token(nbf=4_000_000_000, exp=4_000_003_600),
    "without a service address": lambda c: c.token(serviceurl=None),
    "an empty service address": lambda c: c.token(serviceurl=""),
    "another service address": lambda c: c.token(serviceurl="https://smba.trafficmanager.net/emea/"),
    "the service address as a list": lambda c: c.token(serviceurl=[c.service_url]),
    "a list for a key id": lambda c: truly_signed(c, {"kid": [c.key.key_id]}),
    "a key id of 5,000 characters": lambda c: truly_signed(c, {"kid": c.key.key_id * 160}),
    "no key id but a null": lambda c: truly_signed(c, {"kid": None}),
    "a list for an alg": lambda c: truly_signed(c, {"alg": ["RS256"]}),
    "alg in small letters": lambda c: truly_signed(c, {"alg": "rs256"}),
    "alg said twice": lambda c: truly_signed(c, twice(right_header(c), alg="none")),
    "the key id said twice": lambda c: truly_signed(c, twice(right_header(c), kid="another")),
    "a field that must be understood": lambda c: truly_signed(c, {"crit": ["exp"]}),
    "a list of such fields, empty": lambda c: truly_signed(c, {"crit": []}),
    "claims that are not encoded": lambda c: truly_signed(c, {"b64": False}),
    "a token within": lambda c: truly_signed(c, {"cty": "JWT"}),
    "claims that are packed": lambda c: truly_signed(c, {"zip": "DEF"}),
    "claims that are encrypted": lambda c: truly_signed(c, {"enc": "A256GCM"}),
    "a token for something else": lambda c: truly_signed(c, {"typ": "at+jwt"}),
    "a number for a type": lambda c: truly_signed(c, {"typ": 5}),
    "a header in UTF-16": lambda c: truly_signed(c, json.dumps(right_header(c)).encode("utf-16")),
    "claims in UTF-16": lambda c: truly_signed(c, claims=json.dumps(right_claims(c)).encode("utf-16")),
    "claims after a byte order mark": lambda c: truly_signed(
        c, claims=b"\xef\xbb\xbf" + json.dumps(right_claims(c)).encode()
    ),
    "the audience said twice": lambda c: truly_signed(c, claims=twice(right_claims(c), aud="another")),
    "the end said twice": lambda c: truly_signed(c, claims=twice(right_claims(c), exp=1)),
    "the issuer said twice": lambda c: truly_signed(c, claims=twice(right_claims(c), iss="another")),
    "claims nested too deeply": lambda c: truly_signed(c, claims=twice({"x": 0}, y=0)[:-1] + b", " + b"[" * 3000),
    "an end as text": lambda c: c.token(exp="4000000000"),
    "an end that is no number": lambda c: c.token(exp=float("nan")),
    "an end that is true": lambda c: c.token(exp=True),
    "a list for an end": lambda c: c.token(exp=[4_000_000_000]),
    "an end before all time": lambda c: c.token(exp=-1),
    "a beginning as text": lambda c: c.token(nbf="1"),
    "given in the future": lambda c: c.token(iat=4_000_000_000),
    "given yesterday, in words": lambda c: truly_signed(
        c, claims=json.dumps(right_claims(c, iat="yesterday")).encode()
    ),
    "a list with our id for an audience": lambda c: c.token(aud=[APP_ID]),
    "our id in capitals": lambda c: c.token(aud=APP_ID.upper()),
    "an issuer that goes on after an end": lambda c: c.token(iss="https://api.botframework.com\0"),
    "its signature in another spelling": another_last_character,
    "parts filled up to four": lambda c: ".".join(f"{p}==" for p in c.token().split(".")),
    "a blank within": lambda c: c.token().replace(".", "\t.", 1),
    "two tokens": lambda c: f"{c.token()},{c.token()}",
    "an encrypted token": lambda c: f"{part({'alg': 'RSA-OAEP', 'enc': 'A256GCM', 'kid': c.key.key_id})}.a.b.c.d",
    "a token as an object": lambda c: json.dumps({"payload": c.token()}),
}


@pytest.mark.parametrize("kind", FORGED)
async def test_a_forged_token_is_refused_before_any_turn(line: Line, kind: str) -> None:
    token = FORGED[kind](line.channel)

    status = await line.post(
        json.dumps(line.channel.activity(PRIYA, text="let me in")).encode(),
        {"Authorization": f"Bearer {token}"} if token else {},
    )

    assert status == 401
    assert line.desk.heard == []


async def test_a_good_token_is_let_in(line: Line) -> None:
    answer = await line.channel.deliver(line.channel.activity(PRIYA, text="hello"))

    assert answer.status == 200
    assert line.desk.heard == [("said", "hello")]


@pytest.mark.parametrize("header", ["Basic cHJpeWE6eA==", "Bearer", "Bearer ", "token", "Bearer  two words"])
async def test_an_authorization_that_is_no_bearer_token_is_refused(line: Line, header: str) -> None:
    assert await line.post(b"{}", {"Authorization": header}) == 401


async def test_two_authorizations_are_refused_even_if_one_is_good(line: Line) -> None:
    good = f"Bearer {line.channel.token()}"
    raw = json.dumps(line.channel.activity(PRIYA, text="hello")).encode()

    async with line.session.post(line.url, data=raw, headers=[("Authorization", good), ("Authorization", good)]) as got:
        assert got.status == 401
    assert line.desk.heard == []


@pytest.mark.parametrize(
    ("bent", "status"),
    [
        ({"exp": 999_701}, 200),
        ({"exp": 999_700}, 401),
        ({"nbf": 1_000_300}, 200),
        ({"nbf": 1_000_301}, 401),
        ({"iat": 1_000_300}, 200),
        ({"iat": 1_000_301}, 401),
    ],
)
async def test_five_minutes_of_difference_between_clocks_is_let_pass_to_the_second(
    bent: dict[str, Any], status: int
) -> None:
    async with talking(wall=lambda: 1_000_000.0) as line:
        times: dict[str, Any] = {"nbf": 999_000, "iat": 999_000, "exp": 1_003_600}
        token = line.channel.token(**(times | bent))

        answer = await line.channel.deliver(line.channel.activity(PRIYA, text="hello"), token=token)

        assert answer.status == status


def changed(activity: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """*activity* with the field at *path* set, or taken away when *value* is None."""
    at: Any = activity
    *way, last = path.split(".")
    for step in way:
        at = at[step]
    if value is None:
        at.pop(last, None)
    else:
        at[last] = value
    return activity


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("channelId", None),
        ("channelId", "webchat"),
        ("channelId", "emulator"),
        ("channelId", "MSTEAMS"),
        ("conversation.tenantId", "another-tenant"),
        ("channelData.tenant.id", "another-tenant"),
        ("from.aadObjectId", None),
        ("from.aadObjectId", ""),
        ("from.id", None),
        ("recipient.id", "28:9c0f2c1e-5a4b-4a11-8f3b-2f6c8f8d7a10"),
    ],
)
async def test_a_true_token_does_not_let_in_what_is_not_ours(line: Line, path: str, value: str | None) -> None:
    for kind in ("message", "invoke"):
        activity = changed(line.channel.activity(PRIYA, kind, text="hello"), path, value)

        assert (await line.channel.deliver(activity)).status == 403
    assert line.desk.heard == []


async def test_somebody_without_an_object_id_reads_whom_to_ask_and_has_no_turn(line: Line) -> None:
    for kind in ("message", "invoke"):
        answer = await line.channel.deliver(
            changed(line.channel.activity(PRIYA, kind, text="hello"), "from.aadObjectId", None)
        )
        assert (answer.status, answer.body) == (403, {"error": words.NO_ACCOUNT})
    assert line.desk.heard == []


async def test_an_activity_without_any_tenant_is_refused(line: Line) -> None:
    activity = line.channel.activity(PRIYA, text="hello")
    del activity["conversation"]["tenantId"], activity["channelData"]

    assert (await line.channel.deliver(activity)).status == 403


async def test_one_tenant_field_is_enough_and_capitals_do_not_matter(line: Line) -> None:
    activity = line.channel.activity(PRIYA, text="hello")
    del activity["conversation"]["tenantId"]
    activity["channelData"]["tenant"]["id"] = TENANT.upper()

    assert (await line.channel.deliver(activity)).status == 200


@pytest.mark.parametrize(
    "service",
    ["https://evil.example/", "https://smba.trafficmanager.net/uk/", "http://127.0.0.1@evil.example/", "", None],
)
async def test_a_service_that_is_not_on_the_list_is_never_called_though_the_token_says_so(
    line: Line, service: str | None
) -> None:
    activity = changed(line.channel.activity(PRIYA, text="hello"), "serviceUrl", service)
    token = line.channel.token(serviceurl=service)

    assert (await line.channel.deliver(activity, token=token)).status in {401, 403}
    assert line.desk.heard == []
    assert line.channel.made("POST") == []


async def test_refusals_are_logged_without_anything_of_the_person(line: Line, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    activity = changed(line.channel.activity(PRIYA, text="about Tom"), "conversation.tenantId", "another-tenant")

    await line.channel.deliver(activity)

    said = "\n".join((*as_text(caplog.records), *as_json(caplog.records)))
    assert "refused" in said
    assert "status=403" in said
    for personal in ("Priya", "Tom", PRIYA.object_id, PRIYA.teams_id, "another-tenant"):
        assert personal not in said


# -- a token that was let in before is remembered; what else has to hold is asked each time -------------------------


async def test_a_token_that_was_let_in_is_refused_when_its_time_is_over() -> None:
    now = 1_000_000.0
    async with talking(wall=lambda: now) as line:
        token = line.channel.token(nbf=999_000, iat=999_000, exp=1_003_600)
        first = await line.channel.deliver(line.channel.activity(PRIYA, text="hello"), token=token)
        now = 1_003_900.0
        second = await line.channel.deliver(line.channel.activity(PRIYA, text="hello"), token=token)

    assert (first.status, second.status) == (200, 401)


@pytest.mark.parametrize("forge", [swapped_claims, swapped_signature])
async def test_a_token_that_was_let_in_opens_nothing_for_one_that_is_like_it(line: Line, forge: Forge) -> None:
    assert (await line.channel.deliver(line.channel.activity(PRIYA, text="hello"))).status == 200
    activity = line.channel.activity(PRIYA, text="let me in")

    assert (await line.channel.deliver(activity, token=forge(line.channel))).status == 401
    assert line.desk.heard == [("said", "hello")]


async def test_a_token_that_was_let_in_speaks_for_no_other_service(line: Line) -> None:
    token = line.channel.token()
    assert (await line.channel.deliver(line.channel.activity(PRIYA, text="hello"), token=token)).status == 200
    activity = line.channel.activity(PRIYA, text="let me in") | {"serviceUrl": f"{line.channel.service_url}emea/"}

    assert (await line.channel.deliver(activity, token=token)).status == 401
    assert line.desk.heard == [("said", "hello")]


async def test_a_token_that_was_let_in_is_refused_when_its_key_was_taken_back(line: Line) -> None:
    token = line.channel.token()
    first = await line.channel.deliver(line.channel.activity(PRIYA, text="before"), token=token)
    line.channel.rotate_key()
    assert (await line.channel.say(PRIYA, "after")).ok

    second = await line.channel.deliver(line.channel.activity(PRIYA, text="again"), token=token)

    assert (first.status, second.status) == (200, 401)


async def test_a_token_that_was_let_in_is_refused_when_its_key_id_means_another_key(line: Line) -> None:
    old, token = line.channel.key, line.channel.token()
    first = await line.channel.deliver(line.channel.activity(PRIYA, text="before"), token=token)
    line.channel.rotate_key()
    assert (await line.channel.say(PRIYA, "the old key is no longer listed")).ok
    line.channel.key = SigningKey(SigningKey.new()._private, old.key_id)
    assert (await line.channel.say(PRIYA, "its id is, for another key")).ok

    second = await line.channel.deliver(line.channel.activity(PRIYA, text="again"), token=token)

    assert (first.status, second.status) == (200, 401)


async def test_not_more_tokens_are_remembered_than_there_is_room_for(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.teams.gate._TOKENS_KEPT", 2)
    gate = line.teams.gate
    tokens = [line.channel.token(iat=n) for n in range(4)]
    for token in (*tokens, tokens[2]):
        await gate.vouch(f"Bearer {token}")

    assert len(gate._vouched) == 2
    assert next(reversed(gate._vouched)) == hashlib.sha256(tokens[2].encode()).digest()
