"""The channel speaks to a bot as Teams does, over real HTTP."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest

from bot.practice.activities import card_of
from bot.practice.channel import CHANNEL, WENT_WRONG, Channel, PracticePerson
from bot.practice.hands import CannotPress, buttons, tap, words
from bot.practice.keys import SigningKey
from tests.practice.standin import START, StandIn, message

PRIYA = PracticePerson(
    "priya",
    "Priya Nair",
    "priya.nair@hollinbank.example.org",
    "11111111-1111-4111-8111-111111111111",
    "priya.nair_hollinbank.example.org#EXT#@northdale.example.ac.uk",
    "Mentor, Hollin Bank Primary",
)
HELEN = PracticePerson(
    "helen",
    "Dr Helen Marsh",
    "h.marsh@northdale.example.ac.uk",
    "22222222-2222-4222-8222-222222222222",
    "h.marsh@northdale.example.ac.uk",
    "Link Tutor",
)
DOT = PracticePerson("dot", "Dot Ellery", "dot@fellview.example.org", "", "", "Mentor, Fell View Primary", "email_only")


def channel_for(folder: Path | None = None) -> Channel:
    return Channel(
        [PRIYA, HELEN, DOT],
        app_id="app",
        app_password="secret",
        tenant_id="tenant",
        now=lambda: START,
        folder=folder,
        patience=2,
    )


@pytest.fixture
async def channel() -> AsyncIterator[Channel]:
    async with channel_for() as it:
        yield it


@pytest.fixture
async def bot(channel: Channel) -> AsyncIterator[StandIn]:
    async with StandIn(channel.url, "app", "secret") as it:
        channel.bot_url = it.url
        yield it


def room(person: PracticePerson) -> str:
    return f"/v3/conversations/{quote(person.conversation_id, safe='')}"


async def test_priya_installs_the_bot_and_is_welcomed_once(channel: Channel, bot: StandIn) -> None:
    answer = await channel.install(PRIYA)
    assert answer.ok
    assert [a["type"] for a in bot.seen] == ["installationUpdate", "conversationUpdate"]
    assert bot.seen[0]["action"] == "add"
    assert bot.seen[1]["membersAdded"] == [{"id": "28:app"}]
    (welcome,) = channel.chat(PRIYA)
    assert welcome.card is not None
    assert "Hello, I am Pathway" in words(welcome.card)
    assert welcome.summary == "Hello from Pathway"
    assert channel.unread(PRIYA) == 1
    await channel.greet(PRIYA)
    assert len(channel.chat(PRIYA)) == 1


async def test_what_she_types_arrives_as_teams_sends_it(channel: Channel, bot: StandIn) -> None:
    await channel.install(PRIYA)
    await channel.say(PRIYA, "hi <there>")
    heard = bot.seen[-1]
    assert heard["channelId"] == "msteams"
    assert heard["from"] == {"id": PRIYA.teams_id, "name": "Priya Nair", "aadObjectId": PRIYA.object_id}
    assert heard["recipient"] == {"id": "28:app", "name": "Pathway"}
    assert heard["conversation"] == {
        "conversationType": "personal",
        "tenantId": "tenant",
        "id": PRIYA.conversation_id,
    }
    assert heard["channelData"] == {"tenant": {"id": "tenant"}}
    assert heard["serviceUrl"] == f"{channel.url}/"
    assert heard["timestamp"] == "2026-10-06T08:00:00Z"
    assert heard["localTimestamp"] == "2026-10-06T09:00:00+01:00"
    assert heard["entities"][0]["locale"] == "en-GB"
    assert heard["attachments"][0]["content"] == "<p>hi &lt;there&gt;</p>"
    assert [m.sender for m in channel.chat(PRIYA)] == ["bot", "priya", "bot"]


async def test_a_press_replaces_the_card_it_was_made_on(channel: Channel, bot: StandIn) -> None:
    await channel.install(PRIYA)
    (welcome,) = channel.chat(PRIYA)
    assert welcome.card
    press = tap(welcome.card, "Raise a concern")
    answer = await channel.press(PRIYA, welcome.id, press.verb, press.data)
    assert (answer.kind, answer.status) == ("card", 200)
    (form,) = channel.chat(PRIYA)
    assert form.id == welcome.id
    assert form.edited == START
    assert form.card
    assert "Check my answers" in buttons(form.card)
    heard = bot.seen[-1]
    assert heard["name"] == "adaptiveCard/action"
    assert heard["replyToId"] == welcome.id
    assert heard["value"] == {
        "action": {"type": "Action.Execute", "verb": "concern.form", "data": {}},
        "trigger": "manual",
    }
    assert channel.complaints == []


async def test_a_form_sends_what_was_typed_and_what_the_card_had_filled_in(channel: Channel, bot: StandIn) -> None:
    await channel.install(PRIYA)
    await channel.say(PRIYA, "concern")
    form = channel.chat(PRIYA)[-1]
    assert form.card
    with pytest.raises(CannotPress, match="Write what you have seen"):
        tap(form.card, "Check my answers")
    press = tap(form.card, "Check my answers", seen="Instructions get lost", help="model,plan")
    await channel.press(PRIYA, form.id, press.verb, press.data)
    sent = bot.seen[-1]["value"]["action"]["data"]
    assert sent["student"] == "tom"
    assert sent["help"] == "model,plan"
    assert sent["sure"] == "true"
    card = channel.chat(PRIYA)[-1].card
    assert card
    assert "Instructions get lost" in words(card)


async def test_a_failed_press_leaves_the_card_and_says_teams_sentence(channel: Channel, bot: StandIn) -> None:
    await channel.install(PRIYA)
    (before,) = channel.chat(PRIYA)
    answer = await channel.press(PRIYA, before.id, "crash")
    assert (answer.kind, answer.text, answer.ok) == ("error", WENT_WRONG, False)
    assert channel.chat(PRIYA) == (before,)
    await bot.stop()
    answer = await channel.press(PRIYA, before.id, "cases")
    assert (answer.status, answer.kind) == (0, "error")


@pytest.mark.usefixtures("bot")
async def test_a_sentence_as_answer_stands_under_the_card(channel: Channel) -> None:
    await channel.install(PRIYA)
    (before,) = channel.chat(PRIYA)
    answer = await channel.press(PRIYA, before.id, "say")
    assert (answer.kind, answer.text) == ("message", "That is noted.")
    (after,) = channel.chat(PRIYA)
    assert (after.card, after.notice) == (before.card, "That is noted.")


async def test_a_press_can_be_delivered_again_with_its_id_or_a_new_one(channel: Channel, bot: StandIn) -> None:
    await channel.install(PRIYA)
    (welcome,) = channel.chat(PRIYA)
    await channel.press(PRIYA, welcome.id, "cases")
    await channel.press(PRIYA, welcome.id, "cases", again=True)
    await channel.press(PRIYA, welcome.id, "cases", again=True, new_id=True)
    first, second, third = [a["id"] for a in bot.seen if a["type"] == "invoke"]
    assert first == second != third


@pytest.mark.usefixtures("bot")
async def test_editing_a_card_two_ways_in_one_turn_is_noticed(channel: Channel) -> None:
    await channel.install(PRIYA)
    (welcome,) = channel.chat(PRIYA)
    await channel.press(PRIYA, welcome.id, "both")
    assert channel.complaints == [f"message {welcome.id} was edited by an update and by the answer to a press"]


async def test_a_card_without_a_summary_is_noticed(channel: Channel, bot: StandIn) -> None:
    await channel.install(PRIYA)
    await bot.call("POST", f"{room(PRIYA)}/activities", message("", card_={"type": "AdaptiveCard"}))
    assert len(channel.complaints) == 1


async def test_the_connector_wants_a_token_of_its_own(channel: Channel, bot: StandIn) -> None:
    await channel.install(PRIYA)
    hello = message("Hello", text="Hello")
    assert (await bot.call("POST", f"{room(PRIYA)}/activities", hello, token=""))[0] == 401
    assert (await bot.call("POST", f"{room(PRIYA)}/activities", hello, token=channel.token()))[0] == 401
    elsewhere = channel.key.for_connector("another app", "tenant")
    assert (await bot.call("POST", f"{room(PRIYA)}/activities", hello, token=elsewhere))[0] == 401
    channel.rotate_key()
    stale = SigningKey.new().for_connector("app", "tenant")
    assert (await bot.call("POST", f"{room(PRIYA)}/activities", hello, token=stale))[0] == 401
    assert (await bot.call("POST", f"{room(PRIYA)}/activities", hello))[0] == 201


async def test_the_token_endpoint_checks_the_secret(channel: Channel) -> None:
    async with StandIn(channel.url, "app", "wrong") as stranger:
        with pytest.raises(KeyError):
            await stranger.token()


@pytest.mark.usefixtures("bot")
async def test_a_forged_token_is_refused_by_a_gate_that_reads_the_keys_here(channel: Channel) -> None:
    right = channel.activity(PRIYA, text="hi")
    await channel.install(PRIYA)
    assert (await channel.deliver(right)).status == 202
    assert (await channel.deliver(right, token="")).status == 401
    assert (await channel.deliver(right, token=channel.token(SigningKey.new()))).status == 401
    forged = SigningKey.new()
    assert (await channel.deliver(right, token=channel.token(forged, key_id=channel.key.key_id))).status == 401
    assert (await channel.deliver(right, token=channel.token(aud="another"))).status == 401
    assert (await channel.deliver(right, token=channel.token(exp=1))).status == 401
    assert (await channel.deliver(right, token=channel.token(exp=None))).status == 401
    assert (await channel.deliver(right, token=channel.token(serviceurl="https://example.org/"))).status == 401


async def test_messages_are_sent_edited_and_deleted(channel: Channel, bot: StandIn) -> None:
    await channel.install(PRIYA)
    status, answer = await bot.call("POST", f"{room(PRIYA)}/activities", message("One", text="One"))
    assert status == 201
    one = f"{room(PRIYA)}/activities/{answer['id']}"
    assert (await bot.call("PUT", one, message("Two", text="Two")))[0] == 200
    assert channel.chat(PRIYA)[-1].text == "Two"
    assert (await bot.call("POST", one, message("Three", text="Three")))[0] == 201
    assert (await bot.call("DELETE", one))[0] == 200
    assert channel.chat(PRIYA)[-2].deleted
    assert (await bot.call("PUT", one, message("Four", text="Four")))[0] == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v3/conversations/a:unknown/activities"),
        ("PUT", f"{room(PRIYA)}/activities/17"),
        ("DELETE", f"{room(PRIYA)}/activities/17"),
        ("GET", f"{room(PRIYA)}/members/29:nobody"),
    ],
)
async def test_what_is_unknown_is_not_found(channel: Channel, bot: StandIn, method: str, path: str) -> None:
    await channel.install(PRIYA)
    status, answer = await bot.call(method, path, message("Hello", text="Hello"))
    assert status == 404
    assert answer["error"]["code"]


async def test_a_body_that_says_nothing_is_refused(channel: Channel, bot: StandIn) -> None:
    await channel.install(PRIYA)
    assert (await bot.call("POST", f"{room(PRIYA)}/activities", message("Hello")))[0] == 400
    assert (await bot.call("POST", f"{room(PRIYA)}/activities", ["Hello"]))[0] == 400
    assert (await bot.call("POST", f"{room(PRIYA)}/activities", message("H", text="x" * 110_000)))[0] == 413


async def test_members_are_given_as_the_roster_knows_them(channel: Channel, bot: StandIn) -> None:
    await channel.install(PRIYA)
    status, member = await bot.call("GET", f"{room(PRIYA)}/members/{quote(PRIYA.teams_id, safe='')}")
    assert status == 200
    assert member["email"] == PRIYA.email
    assert member["userPrincipalName"] == PRIYA.principal_name
    assert [m["id"] for m in (await bot.call("GET", f"{room(PRIYA)}/members"))[1]] == [PRIYA.teams_id]
    assert (await bot.call("GET", f"{room(PRIYA)}/pagedmembers"))[1] == {"members": [member]}


async def test_a_conversation_is_created_only_where_the_bot_is_installed(channel: Channel, bot: StandIn) -> None:
    wanted = {
        "bot": {"id": "28:app"},
        "isGroup": False,
        "members": [{"id": HELEN.teams_id}],
        "channelData": {"tenant": {"id": "tenant"}},
    }
    assert (await bot.call("POST", "/v3/conversations", wanted))[0] == 403
    await channel.install(HELEN)
    assert await bot.call("POST", "/v3/conversations", wanted) == (201, {"id": HELEN.conversation_id})
    nobody = wanted | {"members": [{"id": DOT.teams_id}]}
    assert (await bot.call("POST", "/v3/conversations", nobody))[0] == 403


async def test_after_she_removes_the_bot_nothing_reaches_her(channel: Channel, bot: StandIn) -> None:
    await channel.install(PRIYA)
    await channel.uninstall(PRIYA)
    assert bot.seen[-1]["action"] == "remove"
    status, answer = await bot.call("POST", f"{room(PRIYA)}/activities", message("Hello", text="Hello"))
    assert (status, answer["error"]["code"]) == (403, "BotNotInConversationRoster")


async def test_dot_who_has_no_teams_can_neither_install_nor_speak(channel: Channel) -> None:
    with pytest.raises(ValueError, match="no Teams"):
        await channel.install(DOT)
    with pytest.raises(ValueError, match="no Teams"):
        await channel.say(DOT, "hi")


async def test_the_partnership_channel_has_threads(channel: Channel, bot: StandIn) -> None:
    await channel.add_to_channel(HELEN)
    assert bot.seen[-1]["channelData"]["eventType"] == "teamMemberAdded"
    assert bot.seen[-1]["channelData"]["team"]["name"] == "Placement partnership"
    wanted = {
        "isGroup": True,
        "bot": {"id": "28:app"},
        "channelData": {"channel": {"id": channel.place.channel_id}},
        "activity": message("Today", text="Tuesday 6 October"),
    }
    status, thread = await bot.call("POST", "/v3/conversations", wanted)
    assert status == 201
    inside = f"/v3/conversations/{quote(thread['id'], safe='')}/activities"
    assert (await bot.call("POST", inside, message("One", text="P-17: plan in place")))[0] == 201
    root = f"/v3/conversations/{quote(channel.place.channel_id, safe='')}/activities/{thread['activityId']}"
    assert (await bot.call("POST", root, message("Two", text="P-18: plan in place")))[0] == 201
    deeper = root.replace(thread["activityId"], channel.chat(CHANNEL)[-1].id)
    assert (await bot.call("POST", deeper, message("Three", text="P-18: review on 4 November")))[0] == 201
    assert [m.thread for m in channel.chat(CHANNEL)] == ["", *[thread["activityId"]] * 3]
    await channel.say_in_channel(HELEN, "what is new?", thread=thread["activityId"])
    assert bot.seen[-1]["conversation"]["id"] == thread["id"]
    assert bot.seen[-1]["text"] == "<at>Pathway</at> what is new?"


async def test_faults_come_once_in_the_order_asked_for_and_may_apply_first(channel: Channel, bot: StandIn) -> None:
    await channel.install(PRIYA)
    before = len(channel.chat(PRIYA))
    channel.fail_next(429, retry_after=2)
    channel.fail_next(502, after_applying=True)
    hello = message("Hello", text="Hello")
    path = f"{room(PRIYA)}/activities"
    assert [(await bot.call("POST", path, hello))[0] for _ in range(3)] == [429, 502, 201]
    assert len(channel.chat(PRIYA)) == before + 2
    assert [c.status for c in channel.calls if c.path.endswith("/activities")][-3:] == [429, 502, 201]


@pytest.mark.usefixtures("bot")
async def test_a_change_is_told_to_whoever_listens(channel: Channel) -> None:
    with channel.subscribe() as changes:
        await channel.install(PRIYA)
        told = [changes.get_nowait() for _ in range(changes.qsize())]
    assert [(c.kind, c.chat) for c in told] == [("people", "priya"), ("new", "priya")]
    await channel.until(lambda: channel.unread(PRIYA) == 1)


async def test_a_restart_carries_on_with_the_same_key_and_chats(tmp_path: Path) -> None:
    async with channel_for(tmp_path) as channel, StandIn(channel.url, "app", "secret") as bot:
        channel.bot_url = bot.url
        await channel.install(PRIYA)
        await channel.say(PRIYA, "hi")
        before, token = channel.chat(PRIYA), channel.token()
    again = channel_for(tmp_path)
    assert again.chat(PRIYA) == before
    assert again.unread(PRIYA) == 2
    assert again.transcript.installed("priya")
    assert again.key.key_id == channel.key.key_id
    assert again.token().split(".")[0] == token.split(".")[0]
    assert int(again.transcript.new_id()) > int(before[-1].id)
    for file in [tmp_path / "signing.pem", *(tmp_path / "chats").iterdir()]:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_people_have_the_same_teams_ids_on_every_day() -> None:
    assert PRIYA.teams_id == PRIYA.teams_id
    assert PRIYA.teams_id.startswith("29:1")
    assert PRIYA.conversation_id != HELEN.conversation_id


def test_an_activity_without_a_card_has_none() -> None:
    assert card_of({"attachments": None}) is None
    assert card_of({"attachments": [{"contentType": "image/png"}]}) is None
