from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.desk import Message
from bot.practice.channel import CHANNEL, Call
from bot.teams.handler import Patience
from bot.teams.words import STILL_WORKING
from tests.logged import as_text
from tests.teams.standins import GARETH, PRIYA, Line, card, talking

BUTTON = Message("A question", card("Met or not yet?"))


def posts(calls: list[Call]) -> list[Call]:
    return [call for call in calls if call.method == "POST" and "/v3/" in call.path]


async def test_what_is_typed_is_answered_as_a_reply_in_the_same_chat(line: Line) -> None:
    answer = await line.channel.say(PRIYA, " concern about Tom ")

    question, reply = line.channel.chat(PRIYA)
    (call,) = posts(list(line.channel.calls))
    assert line.desk.heard == [("said", "concern about Tom")]
    assert (answer.status, reply.card, reply.summary) == (200, line.desk.answer.card, "An answer")
    assert call.path.endswith(f"/activities/{question.id}")
    assert line.channel.complaints == []


async def test_the_desk_is_told_who_writes_and_may_ask_the_roster(line: Line) -> None:
    await line.channel.say(PRIYA, "hello")

    (who,) = line.desk.people
    assert (who.object_id, who.name) == (PRIYA.object_id, PRIYA.name)
    assert who.address == line.channel.address()
    assert (await who.profile()).email == PRIYA.email


async def test_a_guest_is_seen_to_be_one(line: Line) -> None:
    await line.channel.install(GARETH)

    assert (await line.desk.people[-1].profile()).is_guest


async def test_a_press_is_answered_with_the_card_that_replaces_it(line: Line) -> None:
    asked = await line.teams.post.send(line.channel.address(), BUTTON)

    answer = await line.channel.press(PRIYA, asked, "met", {"case": "K7", "note": "well done"})

    assert line.desk.heard == [("acted", "met", {"case": "K7", "note": "well done"}, asked)]
    assert answer.body == {
        "statusCode": 200,
        "type": "application/vnd.microsoft.card.adaptive",
        "value": line.desk.answer.card,
    }
    assert [message.card for message in line.channel.chat(PRIYA)] == [line.desk.answer.card]


async def test_a_press_may_be_answered_with_words(line: Line) -> None:
    line.desk.answer = Message("Thank you", text="Thank you. Nothing else is needed.")
    asked = await line.teams.post.send(line.channel.address(), BUTTON)

    answer = await line.channel.press(PRIYA, asked, "met")

    assert (answer.kind, answer.text) == ("message", "Thank you. Nothing else is needed.")


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("adaptiveCard/action", None, 400),
        ("adaptiveCard/action", {}, 400),
        ("adaptiveCard/action", {"action": "met"}, 400),
        ("adaptiveCard/action", {"action": {}}, 400),
        ("adaptiveCard/action", {"action": {"verb": ""}}, 400),
        ("adaptiveCard/action", {"action": {"verb": 5, "data": {}}}, 400),
        ("adaptiveCard/action", {"action": {"verb": "met", "data": [1]}}, 400),
        ("composeExtension/query", {"commandId": "x"}, 501),
        ("task/fetch", {}, 501),
        ("signin/verifyState", {}, 501),
        (None, {"met": True}, 501),
    ],
)
async def test_an_invoke_that_makes_no_sense_is_told_so_and_never_with_500(
    line: Line, name: str | None, value: Any, code: int
) -> None:
    answer = await line.channel.deliver(line.channel.activity(PRIYA, "invoke", name=name, value=value))

    assert answer.status == 200
    assert answer.body["statusCode"] == code
    assert line.desk.heard == []


async def test_a_press_without_data_is_a_press_with_none(line: Line) -> None:
    value = {"action": {"type": "Action.Execute", "verb": "home"}}

    await line.channel.deliver(line.channel.activity(PRIYA, "invoke", name="adaptiveCard/action", value=value))

    assert line.desk.heard == [("acted", "home", {}, "")]


async def test_an_installation_is_a_meeting_each_time_teams_tells_of_it(line: Line) -> None:
    await line.channel.install(PRIYA)

    assert line.desk.heard == [("met", PRIYA.object_id)] * 2
    assert [message.text for message in line.channel.chat(PRIYA)] == ["Hello Priya Shah"]


async def test_somebody_elses_arrival_is_not_the_bots(line: Line) -> None:
    added = [{"id": PRIYA.teams_id}]

    await line.channel.deliver(line.channel.activity(PRIYA, "conversationUpdate", membersAdded=added))

    assert line.desk.heard == []


async def test_an_installation_without_an_object_id_is_no_meeting_and_no_error(line: Line) -> None:
    activity = line.channel.activity(PRIYA, "installationUpdate", action="add")
    del activity["from"]["aadObjectId"]

    assert (await line.channel.deliver(activity)).status == 200
    assert line.desk.heard == []


async def test_a_removal_is_told_with_its_address(line: Line) -> None:
    await line.channel.uninstall(PRIYA)

    assert line.desk.heard == [("left", line.channel.address())]


async def test_an_installation_in_a_team_is_announced_once_with_who_did_it(line: Line) -> None:
    await line.channel.add_to_channel(PRIYA)

    ((what, address, by),) = line.desk.heard
    assert (what, by) == ("joined_channel", PRIYA.name)
    assert (address.scope, address.user_id, address.conversation_id) == ("channel", "", line.channel.place.channel_id)
    assert [message.text for message in line.channel.chat(CHANNEL)] == ["Priya Shah added me."]


async def test_who_added_it_is_asked_of_the_roster_when_teams_does_not_say(line: Line) -> None:
    line.channel.transcript.set_installed(CHANNEL, installed=True)
    activity = line.channel.place.in_channel(PRIYA, "installationUpdate", "f:1", line.channel.now(), action="add")
    del activity["from"]["name"]

    await line.channel.deliver(activity)

    assert line.desk.heard[0][2] == PRIYA.name


async def test_the_channel_that_was_chosen_at_the_installation_is_the_one(line: Line) -> None:
    activity = line.channel.place.in_channel(PRIYA, "installationUpdate", "f:1", line.channel.now(), action="add")
    activity["channelData"]["settings"] = {"selectedChannel": {"id": "19:chosen@thread.tacv2"}}

    await line.channel.deliver(activity)

    assert line.desk.heard[0][1].conversation_id == "19:chosen@thread.tacv2"


async def test_a_team_that_the_bot_comes_back_to_is_told_again(line: Line) -> None:
    await line.channel.add_to_channel(PRIYA)
    await line.channel.remove_from_channel(PRIYA)
    await line.channel.add_to_channel(PRIYA)

    assert [entry[0] for entry in line.desk.heard] == ["joined_channel", "left", "joined_channel"]


async def test_an_announcement_that_failed_is_made_at_the_second_notice(line: Line) -> None:
    line.desk.work = failing("disk full", times=1)

    await line.channel.add_to_channel(PRIYA)

    assert [message.text for message in line.channel.chat(CHANNEL)] == ["Priya Shah added me."]


async def test_a_mention_in_the_channel_is_answered_in_its_thread_without_the_mention(line: Line) -> None:
    line.channel.transcript.set_installed(CHANNEL, installed=True)

    await line.channel.say_in_channel(PRIYA, "what is\nthis?")

    question, reply = line.channel.chat(CHANNEL)
    assert line.desk.heard == [("said_in_channel", "what is\nthis?")]
    assert line.desk.people[0].address.user_id == ""
    assert (reply.thread, reply.text) == (question.id, "I have written to you privately.")


async def test_what_does_not_say_it_is_personal_is_never_taken_for_personal(line: Line) -> None:
    for conversation in (
        {"id": "19:abc@thread.v2", "tenantId": line.channel.tenant_id},
        {"id": "a:1abc", "conversationType": "meeting", "tenantId": line.channel.tenant_id},
    ):
        await line.channel.deliver(line.channel.activity(PRIYA, text="hello") | {"conversation": conversation})

    assert line.desk.heard == [("said_in_channel", "hello")] * 2


@pytest.mark.parametrize(
    "kind", ["messageReaction", "messageUpdate", "messageDelete", "typing", "event", "endOfConversation", "new kind"]
)
async def test_other_kinds_of_activity_are_taken_and_lead_to_nothing(line: Line, kind: str) -> None:
    assert (await line.channel.deliver(line.channel.activity(PRIYA, kind, text="hello"))).status == 200
    assert line.desk.heard == []


def failing(words: str, times: int = 100) -> Any:
    left = [times]

    async def work() -> None:
        await asyncio.sleep(0)
        if left[0]:
            left[0] -= 1
            raise RuntimeError(words)

    return work


async def test_a_fault_of_ours_is_told_kindly_and_neither_shown_nor_logged_with_names(
    line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    line.desk.work = failing("KeyError: Tom Baker, case K7")
    asked = await line.teams.post.send(line.channel.address(), BUTTON)

    written = await line.channel.say(PRIYA, "hello")
    pressed = await line.channel.press(PRIYA, asked, "met")

    ours = "\n".join(as_text(caplog.records))
    apology = line.channel.chat(PRIYA)[-1].text
    assert (written.status, pressed.status, pressed.kind) == (200, 200, "message")
    for told in (apology, pressed.text):
        assert told.startswith("Something went wrong on our side. Nothing you sent was lost.")
        reference = told.rpartition("Reference ")[2]
        assert re.search(rf"a turn went wrong .*\breference={reference}\b", ours)
    for secret in ("Tom Baker", "K7", "Priya", PRIYA.object_id):
        assert secret not in apology + pressed.text + ours
    assert ours.count("error=RuntimeError") == 2
    assert re.search(r"test_turns\.py:\d+ work$", ours, re.MULTILINE)


async def test_a_card_that_cannot_be_written_down_is_a_fault_of_ours_and_still_no_500(line: Line) -> None:
    line.desk.answer = Message("Odd", {"body": {1, 2}})

    answer = await line.channel.say(PRIYA, "hello")

    assert answer.status == 200
    assert "Something went wrong" in line.channel.chat(PRIYA)[-1].text


async def test_a_message_that_was_not_taken_is_sent_again_and_arrives_once(line: Line) -> None:
    line.channel.fail_next(429, retry_after=0)
    line.channel.fail_next(412)

    await line.channel.say(PRIYA, "hello")

    assert [message.card for message in line.channel.chat(PRIYA)][1:] == [line.desk.answer.card]


async def test_a_message_whose_answer_was_lost_is_sent_again_and_says_so(line: Line) -> None:
    line.channel.fail_next(504, after_applying=True)

    await line.channel.say(PRIYA, "hello")

    first, second = line.channel.chat(PRIYA)[1:]
    assert first.card == line.desk.answer.card
    assert "Sent again, in case the first one did not arrive." in json.dumps(second.card)


async def test_somebody_who_blocked_the_bot_is_tried_once(line: Line) -> None:
    line.channel.fail_next(403, times=5)

    assert (await line.channel.say(PRIYA, "hello")).status == 200
    assert len(posts(list(line.channel.calls))) == 1


@pytest.fixture
async def slow() -> AsyncIterator[tuple[Line, asyncio.Event]]:
    """A bot whose Desk answers only when the event is set, and which loses patience at once."""
    done = asyncio.Event()
    async with talking(patience=Patience(typing=0.0, message=0.05, invoke=0.05)) as line:

        async def work() -> None:
            await done.wait()

        line.desk.work = work
        yield line, done
        done.set()


async def test_who_has_to_wait_sees_typing_then_a_kind_word_and_then_the_answer(
    slow: tuple[Line, asyncio.Event],
) -> None:
    line, done = slow

    answer = await line.channel.say(PRIYA, "hello")
    await line.channel.until_called(lambda calls: len(posts(calls)) == 2)
    waiting = line.channel.chat(PRIYA)[-1].text
    done.set()
    await line.channel.until(lambda: len(line.channel.chat(PRIYA)) == 3)

    assert answer.status == 200
    assert waiting == STILL_WORKING.text
    assert line.channel.chat(PRIYA)[-1].card == line.desk.answer.card


async def test_a_press_that_takes_long_is_answered_kindly_and_its_card_edited_afterwards(
    slow: tuple[Line, asyncio.Event],
) -> None:
    line, done = slow
    asked = await line.teams.post.send(line.channel.address(), BUTTON)

    answer = await line.channel.press(PRIYA, asked, "met")
    before = line.channel.chat(PRIYA)[0].card
    done.set()
    await line.channel.until(lambda: line.channel.chat(PRIYA)[0].card == line.desk.answer.card)

    assert (answer.kind, answer.text) == ("message", STILL_WORKING.text)
    assert before == BUTTON.card
    assert len(line.desk.heard) == 1
    assert line.channel.complaints == []


async def test_a_late_answer_to_a_card_that_is_gone_comes_as_a_new_message(slow: tuple[Line, asyncio.Event]) -> None:
    line, done = slow
    asked = await line.teams.post.send(line.channel.address(), BUTTON)

    await line.channel.press(PRIYA, asked, "met")
    line.channel.transcript.delete(PRIYA.key, asked)
    line.channel.fail_next(404)
    done.set()
    await line.channel.until(lambda: line.channel.chat(PRIYA)[-1].card == line.desk.answer.card)

    assert line.channel.chat(PRIYA)[-1].id != asked


async def test_a_late_fault_is_told_too(slow: tuple[Line, asyncio.Event]) -> None:
    line, done = slow
    asked = await line.teams.post.send(line.channel.address(), BUTTON)

    async def work() -> None:
        await done.wait()
        raise RuntimeError

    line.desk.work = work
    await line.channel.press(PRIYA, asked, "met")
    done.set()
    await line.channel.until(lambda: "Something went wrong" in line.channel.chat(PRIYA)[-1].text)


async def test_the_bot_says_when_it_cannot_tell_friend_from_foe(line: Line) -> None:
    line.channel.fail_next(503, where="keys")
    assert await line.teams.ready() == "The signing keys of the Bot Framework cannot be read."


async def test_the_bot_says_when_it_cannot_send(line: Line) -> None:
    line.channel.fail_next(503, where="token")
    assert await line.teams.ready() == "No token for sending to Teams can be had."


async def test_a_bot_that_can_work_says_nothing_is_wrong(line: Line) -> None:
    assert not await line.teams.ready()


async def test_on_close_what_is_under_way_may_end_and_the_rest_is_cut(slow: tuple[Line, asyncio.Event]) -> None:
    line, _ = slow
    await line.channel.say(PRIYA, "hello")

    async with asyncio.timeout(1):
        await line.teams.close(0.05)

    assert not line.teams.errands._tasks
