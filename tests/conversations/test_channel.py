"""The Partnership channel: one thread a day, references, dates and numbers only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from bot.practice.channel import Message
from tests.conversations import road
from tests.school import APP_ID, School

AGAIN = "Sent again, in case the first one did not arrive."


async def test_one_thread_a_day_with_numbers_that_are_kept_true(school: School) -> None:
    await school.opens("helen", "sam", "martin", "sian")
    first = await road.told(school)
    opening, line = school.channel()
    assert line.thread == opening.id
    assert first in line.text
    assert "Tuesday 13 October" in line.text
    assert _numbers(opening.card) == {"Open": "1", "Due today": "0", "Overdue": "0"}
    second = await road.told(school, "sian", "Daniel Okoro", due="2026-10-20 15:30")
    third = await road.told(school, "priya", "Tomas", due="2026-11-03 15:30")
    posts = school.channel()
    assert len([p for p in posts if not p.thread]) == 3
    assert [r in p.text for r, p in zip((first, second, third), [p for p in posts if p.thread], strict=True)] == [
        True
    ] * 3
    assert int(_numbers(posts[-2].card)["Open"]) == 3


async def test_the_numbers_of_the_day_are_edited_in_place(school: School) -> None:
    await school.opens("helen")
    await road.told(school)
    await school.presses("helen", "We have already spoken")
    await school.fills("helen", view="as expected", words="Steady", press="Record the meeting")
    await road.says_own_view(school, view="as expected")
    await school.presses("helen", "No further step: close it")
    await school.fills("helen", reason="Steady lessons", press="Close the case")
    opening, *_ = school.channel()
    assert opening.edited is not None
    assert _numbers(opening.card)["Open"] == "0"


async def test_a_day_whose_first_post_had_no_answer_is_opened_again_and_says_so(school: School) -> None:
    await road.raises(school)
    await school.on("2026-10-13 15:30")
    await school.presses("priya", "Not yet: tell the Link Tutor")
    message, verb, data = school.wire("priya", "Tell the Link Tutor: ", evidence=road.EVIDENCE)
    school.teams.fail_next(502, times=1, after_applying=True)  # the only chat of Teams that there is to write to
    await school.sends("priya", message.id, verb, data)
    await school.passes(minutes=10)
    first, second = (p for p in school.channel() if not p.thread)
    assert AGAIN not in str(first.card)
    assert AGAIN in str(second.card)
    assert [p.thread for p in school.channel() if p.thread] == [second.id]
    await school.restarts()
    await school.passes(hours=1)
    assert len([p for p in school.channel() if not p.thread]) == 2


async def test_a_day_whose_first_post_was_not_taken_is_opened_once(school: School) -> None:
    await road.raises(school)
    await school.on("2026-10-13 15:30")
    await school.presses("priya", "Not yet: tell the Link Tutor")
    message, verb, data = school.wire("priya", "Tell the Link Tutor: ", evidence=road.EVIDENCE)
    school.teams.fail_next(429, times=1, retry_after=1)
    await school.sends("priya", message.id, verb, data)
    await school.passes(minutes=10)
    (opening,) = (p for p in school.channel() if not p.thread)
    assert AGAIN not in str(opening.card)


async def test_nothing_is_posted_before_the_link_tutor_is_told(school: School) -> None:
    await road.raises(school)
    await school.on("2026-10-14 09:00")
    assert school.channel() == ()


async def test_a_bot_that_is_in_no_channel_goes_on_without_one(school: School) -> None:
    await school.teams.remove_from_channel(school.people["sam"])
    await school.opens("helen")
    await road.told(school)
    assert "Tom Ashworth" in school.reads("helen")
    assert school.channel() == ()


async def test_whoever_takes_the_bot_out_of_the_channel_keeps_their_own_chat(school: School) -> None:
    await school.opens("sam")
    await school.teams.remove_from_channel(school.people["sam"])
    await school.opens("helen")
    await road.told(school)
    await school.on("2026-10-19 09:00")
    assert school.mail("sam") == ()
    assert school.news("sam") > 1


async def test_the_checks_of_these_tests_would_see_a_leak(school: School) -> None:
    await school.opens("helen")
    await road.told(school)
    _, line = school.channel()
    for leak in (
        "Ref K7K7: Ashworth",
        f"Ref K7K7: {road.EVIDENCE}",
        "Hollin Bank Primary",
        "TS7 Managing behaviour",
        "target met",
    ):
        school.teams.transcript.edit("channel", line.id, partial(_says, text=leak))
        assert school.leaks() != [], leak
    school.teams.transcript.edit(
        "channel", line.id, partial(_says, text="Ref K7K7: Link Tutor told, Tuesday 13 October.")
    )
    assert school.leaks() == []


def _numbers(card: Mapping[str, Any] | None) -> dict[str, str]:
    facts = next(part for part in (card or {})["body"] if part["type"] == "FactSet")["facts"]
    return {fact["title"]: fact["value"] for fact in facts}


def _says(message: Message, text: str) -> Message:
    return replace(message, text=text)


# -- choosing it, and asking in it ---------------------------------------------------------------------------------------


async def _added_anew(school: School, by: str) -> Message:
    """The bot is taken out of its team and added again; its welcome there."""
    await school.teams.remove_from_channel(school.people["sam"])
    await school.teams.add_to_channel(school.people[by])
    return school.channel()[-1]


async def test_its_one_welcome_names_who_added_it_and_says_how_the_channel_is_chosen(school: School) -> None:
    posts = len(school.channel())
    welcome = await _added_anew(school, "helen")
    assert welcome.text.startswith("Hello. Dr Helen Marsh added me.")
    assert "somebody of the Partnership Team writes “use this channel”" in welcome.text
    assert len(school.channel()) == posts + 1
    school.teams.transcript.delete("channel", welcome.id)


@pytest.mark.parametrize(
    "called",
    [
        "www.evil.example",
        "https://evil.example",
        "<at>everyone</at>",
        "Helen \u202e hsraM",
        "[Helen](x)",
        "Helen\u200b",
        "a" * 81,
    ],
)
async def test_who_is_called_something_that_teams_would_make_a_link_or_more_of_is_not_named(
    school: School, called: str
) -> None:
    school.people["helen"] = replace(school.people["helen"], name=called)
    welcome = await _added_anew(school, "helen")
    assert welcome.text.startswith("Hello. Whoever asks me something here")
    school.teams.transcript.delete("channel", welcome.id)


async def test_before_somebody_of_the_office_chooses_it_nothing_is_posted(school: School) -> None:
    welcome = await _added_anew(school, "sam")
    school.teams.transcript.edit("channel", welcome.id, partial(_says, text="Hello."))
    await school.opens("helen")
    await road.told(school)
    assert [post.text for post in school.channel()] == ["Hello."]
    await school.teams.say_in_channel(school.people["sam"], "Use this channel!")
    assert "one thread a day, and never a name" in school.channel()[-1].text
    await road.told(school, "sian", "Daniel Okoro", due="2026-10-20 15:30")
    assert "Link Tutor told" in school.channel()[-1].text


async def test_anybody_else_who_would_choose_it_is_told_privately_whom_to_ask(school: School) -> None:
    welcome = await _added_anew(school, "sam")
    school.teams.transcript.edit("channel", welcome.id, partial(_says, text="Hello."))
    await school.opens("helen", "ruth")
    for who in ("helen", "ruth"):
        await school.teams.say_in_channel(school.people[who], "use this channel")
        assert "Only the Partnership Team chooses" in school.reads(who)
        assert "I have answered you in our own chat" in str(school.channel()[-1].card)
    before = len(school.channel())
    await road.told(school)
    assert len(school.channel()) == before


async def test_who_types_it_in_their_own_chat_is_told_where_it_belongs(school: School) -> None:
    assert "in the channel itself" in await school.says("sam", "use this channel")


async def test_a_question_in_the_channel_is_answered_in_the_askers_own_chat_and_the_thread_says_so(
    school: School,
) -> None:
    await school.opens("helen")
    reference = await road.told(school)
    posts = len(school.channel())
    await school.teams.say_in_channel(school.people["helen"], "my cases")
    assert "Tom Ashworth" in school.reads("helen")
    assert f"Open {reference}" in school.buttons("helen")
    answer = school.channel()[-1]
    assert len(school.channel()) == posts + 1
    assert answer.thread
    assert "I have answered you in our own chat." in str(answer.card)
    assert _link(answer) == f"https://teams.microsoft.com/l/chat/0/0?users=28%3A{APP_ID}"
    assert reference not in str(answer.card)


async def test_who_has_no_chat_with_the_bot_is_told_how_to_open_one(school: School) -> None:
    await school.teams.say_in_channel(school.people["helen"], "my cases")
    answer = school.channel()[-1]
    assert "Please open it and write “hi” there." in str(answer.card)
    assert _link(answer).startswith("https://teams.microsoft.com/l/chat/")
    assert school.news("helen") == 0
    await school.teams.say_in_channel(school.people["nora"], "my cases")
    assert "Please open it and write “hi” there." in str(school.channel()[-1].card)


async def test_who_asks_in_the_channel_is_still_written_to_in_their_own_chat(school: School) -> None:
    """Where they asked is not where they are reached."""
    await school.teams.say_in_channel(school.people["helen"], "hi")
    posts = len(school.channel())
    await road.told(school)
    assert road.EVIDENCE in school.mail("helen")[0].text
    assert all(road.EVIDENCE not in str(post) for post in school.channel()[posts:])


async def test_a_press_in_the_channel_shows_and_changes_nothing_there(school: School) -> None:
    await school.opens("helen")
    await road.told(school)
    message, verb, data = school.wire("helen", "I have it")
    post = school.channel()[0]
    await school.rests()
    before = school.on_disk()
    answer = await school.teams.press(school.people["helen"], post.id, verb, data, chat="channel")
    assert (answer.kind, answer.card) == ("message", None)
    assert "our own chat" in answer.text
    await school.rests()
    assert school.on_disk() == before
    assert message.id != post.id


async def test_leaving_another_team_takes_nothing_from_the_channel(school: School) -> None:
    place = school.teams.place
    other = place.in_channel(school.people["sam"], "installationUpdate", "f:1", school.now, action="remove")
    other["channelData"]["team"] = {"id": "19:another@thread.tacv2", "name": "Another team"}
    other["conversation"]["id"] = "19:another@thread.tacv2"
    assert (await school.teams.deliver(other)).ok
    await school.opens("helen")
    await road.told(school)
    assert "Link Tutor told" in school.channel()[-1].text


def _link(message: Message) -> str:
    (action,) = (message.card or {})["actions"]
    return str(action["url"])


# -- a group chat ----------------------------------------------------------------------------------------------------------


async def _in_a_group(school: School, who: str, kind: str, **more: Any) -> None:
    """An activity of a group chat; it has the id of the channel, where what the bot says there is seen."""
    new = school.teams.transcript.new_id()
    school.teams.transcript.add("channel", Message(new, who, school.now, text=str(more.get("text", kind))))
    activity = school.teams.place.in_channel(school.people[who], kind, new, school.now, **more)
    activity["conversation"]["conversationType"] = "groupChat"
    activity["channelData"] = {"tenant": activity["channelData"]["tenant"]}
    assert (await school.teams.deliver(activity)).ok


async def test_in_a_group_chat_it_answers_privately_too(school: School) -> None:
    await school.opens("helen")
    await road.told(school)
    posts = len(school.channel())
    await _in_a_group(school, "helen", "message", text="my cases")
    assert "Tom Ashworth" in school.reads("helen")
    assert "I have answered you in our own chat." in str(school.channel()[-1].card)
    assert len(school.channel()) == posts + 1


async def test_a_group_chat_is_no_channel_to_choose(school: School) -> None:
    await _in_a_group(school, "sam", "message", text="use this channel")
    assert "This is a group chat" in school.channel()[-1].text


async def test_added_to_a_group_chat_it_says_hello_and_promises_no_posts(school: School) -> None:
    bot = {"id": school.teams.place.bot_id}
    await _in_a_group(school, "helen", "conversationUpdate", membersAdded=[bot])
    welcome = school.channel()[-1].text
    assert welcome.startswith("Hello. Dr Helen Marsh added me.")
    assert "use this channel" not in welcome
    school.teams.transcript.delete("channel", school.channel()[-1].id)


async def test_no_person_is_ever_mentioned_in_the_channel_only_parts_that_people_play(school: School) -> None:
    await school.opens("helen")
    await road.told(school)
    sent = [f"{post.text}{post.card}" for post in school.channel()]
    assert any("Link Tutor" in words for words in sent)
    assert not any("<at>" in words or "mention" in words for words in sent)
