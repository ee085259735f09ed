"""No word that anybody typed, and nobody's name, leaves the chats and letters of those it is for: whatever people do, and
whatever goes wrong.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
import pytest
from aiohttp import web

from bot.admin import NAME, ask
from bot.desk import Message
from bot.practice import graph
from bot.practice.graph import GraphFault
from cards import notices
from dialogs import ROUTER
from pathway.casework import Casework
from pathway.ports import StoreUnavailable
from storage import folder
from storage.atomic import write_documents
from tests.conversations import (
    road,
    test_channel,
    test_concern,
    test_delivery,
    test_hard_presses,
    test_out_of_reach,
    test_pebblepad,
    test_reach,
    test_stories,
    test_story_nine,
    test_story_three,
    test_story_two,
)
from tests.logged import as_json
from tests.postgres import fresh_schema, rows_of
from tests.privacy.planted import MARK, PlantedSchool, asks
from tests.school import School

Story = Callable[[School], Awaitable[None]]
#: What a fault of ours or of a library could say in its words.
WORDS = f"Tom Ashworth{MARK} cannot keep the class quiet {MARK}"


@pytest.fixture
async def school(tmp_path: Path) -> AsyncIterator[PlantedSchool]:
    async with PlantedSchool(tmp_path) as it:
        yield it
        sys.stdout.write(it.transcript())
        assert it.marked() == []


@pytest.fixture
async def without_mail(tmp_path: Path) -> AsyncIterator[PlantedSchool]:
    async with PlantedSchool(tmp_path, has_mail=False) as it:
        yield it
        assert it.marked() == []


def logged(school: PlantedSchool) -> list[Mapping[str, Any]]:
    return [json.loads(line) for line in as_json(school.log.records)]


def lines(school: PlantedSchool, message: str) -> list[Mapping[str, Any]]:
    """What was logged under *message*: at least one."""
    found = [line for line in logged(school) if line["message"] == message]
    assert found, f"nothing was logged as {message!r}: {sorted({line['message'] for line in logged(school)})}"
    return found


# -- what people do ----------------------------------------------------------------------------------------------------


async def story_two(school: School) -> None:
    await test_story_two.STORY.runs(school)


async def story_three(school: School) -> None:
    await test_story_three.STORY.runs(school)


async def story_nine(school: School) -> None:
    await test_story_nine.STORY.runs(school)


WALKS: list[tuple[Story, str]] = [
    (test_stories.test_put_right_within_the_week, "priya"),
    (story_two, "gareth"),
    (story_three, "sian"),
    (story_nine, "martin"),
    (test_concern.test_a_half_filled_form_waits_through_a_restart_and_only_its_author_sees_it, "priya"),
    (test_concern.test_advice_is_a_question_to_the_link_tutor_and_opens_no_case, "helen"),
    (test_reach.test_who_is_out_of_reach_stands_first_with_the_reason, "sam"),
    (test_pebblepad.test_the_weekly_target_can_be_handed_over_before_there_is_a_plan, "priya"),
    (test_channel.test_a_question_in_the_channel_is_answered_in_the_askers_own_chat_and_the_thread_says_so, "helen"),
    (test_channel.test_one_thread_a_day_with_numbers_that_are_kept_true, "priya"),
    (test_out_of_reach.test_the_link_tutor_is_told_once_a_case_however_many_letters_follow, "helen"),
    (test_hard_presses.test_a_forwarded_card_pressed_by_a_stranger_shows_whom_to_ask, "priya"),
    (test_hard_presses.test_two_people_who_act_at_once_on_an_open_step_both_succeed, "helen"),
]


#: The two that leave the most behind, and the one that writes about everybody in the channel.
OVER_A_DATABASE: list[tuple[Story, str]] = [
    (story_two, "gareth"),
    (story_three, "sian"),
    (test_channel.test_one_thread_a_day_with_numbers_that_are_kept_true, "priya"),
]


@pytest.mark.parametrize(("walk", "reader"), WALKS)
async def test_the_road_is_walked(school: PlantedSchool, walk: Story, reader: str) -> None:
    await walk(school)
    assert school.reads_marked(reader)


@pytest.mark.parametrize(("walk", "reader"), OVER_A_DATABASE)
async def test_the_road_is_walked_over_a_database_and_no_row_shows_a_word_of_it(
    tmp_path: Path, walk: Story, reader: str
) -> None:
    async with fresh_schema() as url, PlantedSchool(tmp_path, store=url) as school:
        await walk(school)
        rows = await rows_of(url)
        assert len(rows["events"]) > 3
        assert [(table, row) for table, kept in rows.items() for row in kept if MARK.casefold() in row.casefold()] == []
        assert school.marked() == []
        assert school.reads_marked(reader)


async def test_the_office_sees_to_what_was_not_delivered(without_mail: PlantedSchool) -> None:
    await test_out_of_reach.test_the_office_has_it_tried_again_and_it_arrives(without_mail)
    assert without_mail.reads_marked("sam")


async def test_the_commands_of_an_administrator(without_mail: PlantedSchool) -> None:
    school = without_mail
    await road.raises(school)
    listed = (await ask(school.folder, {"do": "jobs"}) or {})["said"]
    (failed,) = re.findall(r"(\w{8}) .*Student; a copy for you", listed)
    assert MARK not in listed
    assert "said" in (await ask(school.folder, {"do": "jobs", "act": "again", "id": failed}) or {})
    await school.passes(minutes=1)
    withdrawn = {"do": "jobs", "act": "cancel", "id": failed, "by": f"account tom{MARK}", "because": WORDS}
    assert "said" in (await ask(school.folder, withdrawn) or {})
    lines(school, "a message was withdrawn on the command line")
    bad = school.roster_file.with_name(f"a worse list of {MARK}.csv")
    bad.write_text(
        school.roster_file.read_text(encoding="utf-8").replace("2026-09-14", f"the 14th {MARK}"), encoding="utf-8"
    )
    answers = [
        await ask(school.folder, {"do": "roster", "file": str(bad), "keep": True}),
        await ask(school.folder, {"do": "roster", "file": f"/nowhere/{MARK}.csv", "keep": True}),
        await ask(school.folder, {"do": "confirm_guest", "email": f"nobody@{MARK}.example"}),
        await ask(school.folder, {"do": f"dance {MARK}"}),
        await ask(school.folder, {"do": "roster", "file": f"\0{MARK}"}),
    ]
    assert all(answer and {"error", "refused"} & set(answer) for answer in answers)
    _, writer = await asyncio.open_unix_connection(school.folder / NAME)
    writer.write(f"{{{MARK}".encode() * 200_000 + b"\n")
    writer.close()
    await school.passes(minutes=1)


# -- what services do --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "walk",
    [
        test_delivery.test_a_busy_teams_gets_it_later_once_and_in_order,
        test_delivery.test_a_message_whose_answer_was_lost_may_come_twice_and_says_so,
        test_delivery.test_a_token_that_cannot_be_had_holds_everything_and_loses_nothing,
        test_out_of_reach.test_a_message_that_teams_will_not_have_for_itself_is_no_fault_of_its_reader,
    ],
)
async def test_teams_or_entra_refuse_with_words_of_their_own(school: PlantedSchool, walk: Story) -> None:
    await walk(school)
    assert school.reads_marked("priya")


async def test_teams_refuses_readers_hangs_and_loses_the_channel(school: PlantedSchool) -> None:
    await school.opens("helen", "tom", "sam")
    for status in (403, 404, 500):
        school.teams.fail_next(status)
        await school.teams.say(school.people["priya"], "my cases")
    await school.opens("priya")
    await road.raises(school)
    await school.on("2026-10-13 15:30")
    school.teams.fail_next(403, times=6)
    await road.tells(school)
    await school.passes(minutes=30)
    hung = asyncio.Event()
    school.parts.teams.post._time_out = aiohttp.ClientTimeout(total=0.05)
    school.teams.before_message = hung.wait  # type: ignore[assignment]
    await school.teams.say(school.people["helen"], f"hello {WORDS}")
    school.teams.before_message = None
    hung.set()
    assert lines(school, "a turn went wrong")
    assert lines(school, "Teams refuses a reader; the other way is used")
    assert lines(school, "the Partnership channel takes nothing any more")


async def test_a_mail_server_says_whom_it_will_not_have(school: PlantedSchool) -> None:
    school.mailbox.refuse_next(f"451 4.7.1 <{school.address('tom')}>: {WORDS}")
    await road.raises(school)
    await school.passes(minutes=10)
    assert len(school.mail("tom")) == 1
    school.mailbox.refuse_next(f"550 5.1.1 <{school.address('tom')}>: {WORDS}")
    await school.presses("priya", "Met, and I have told Tom")
    await school.passes(days=1)
    assert lines(school, "a message has no way to its reader")


async def test_calendars_are_written_and_refuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def loud(status: int, code: str, retry_after: str = "") -> web.Response:
        del retry_after
        return web.json_response({"error": {"code": code, "message": WORDS}}, status=status)

    async with PlantedSchool(tmp_path, calendars=True) as school:
        await school.opens("priya", "helen", "tom")
        await road.told(school)
        await school.presses("helen", "Arrange the meeting")
        await school.presses("helen", "Another time")
        await school.fills("helen", day="2026-10-19", time="15:45", press="Send the invitation")
        assert len(school.graph.calendars.standing()) == 1
        monkeypatch.setattr(graph, "_error", loud)
        for fault in (GraphFault(504, "GatewayTimeout"), GraphFault(lost=True), GraphFault(403, "ErrorAccessDenied")):
            school.graph.rule = partial(_always, fault)
            await school.passes(hours=2)
            await school.says("helen", "my cases")
        assert {line["status"] for line in lines(school, "Graph refused a request")} >= {403, 504}
        assert lines(school, "a calendar was not looked at")
        assert school.marked() == []


def _always(fault: GraphFault, _act: str, _mailbox: str) -> GraphFault:
    return fault


# -- what goes wrong here ----------------------------------------------------------------------------------------------


async def test_steps_reminders_messages_and_errands_that_raise_what_was_typed(
    school: PlantedSchool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def step(turn: Any) -> Any:
        raise ValueError(f"{dict(turn.values)} {WORDS}")

    def card(*_given: object, **_more: object) -> Any:
        return json.loads(WORDS)

    async def remind(_casework: object, _case_id: str) -> Any:
        raise KeyError(WORDS) from RuntimeError(WORDS)

    async def health() -> Any:
        raise OSError(errno.EIO, WORDS, f"/home/tom.ashworth{MARK}/store")

    async def errand() -> None:
        raise psycopg.errors.UniqueViolation(WORDS)

    await school.opens("tom", "helen")
    await road.opens_form(school, "priya", "Tom Ashworth")
    message, verb, data = school.wire("priya", "Check my answers", road.concern(school))
    with monkeypatch.context() as broken:
        broken.setitem(ROUTER.verbs, verb, step)
        answer = await school.teams.press(school.people["priya"], message.id, verb, data)
    (line,) = lines(school, "a turn went wrong")
    assert answer.text.endswith(f"Reference {line['reference']}")
    assert line["during"].startswith("turn-")
    assert line["error"] == "ValueError"
    assert line["where"][-1].endswith(" step")

    await school.fills("priya", road.concern(school), press="Check my answers", card=message)
    with monkeypatch.context() as broken:
        broken.setattr(notices, "notice_card", card)
        await school.presses("priya", "Set the weekly target")
    (line,) = lines(school, "a message could not be made; it is put aside")
    assert line["error"] == "JSONDecodeError"
    with monkeypatch.context() as broken:
        broken.setattr(Casework, "remind", remind)
        await school.on("2026-10-13 15:30")
    assert {line["error"] for line in lines(school, "a case cannot be looked at")} == {"KeyError < RuntimeError"}
    with monkeypatch.context() as broken:
        broken.setattr(school.parts.stores.book, "health", health, raising=False)
        assert (await asks(school, "GET", "/readyz"))[0] == 500
    lines(school, "a request went wrong")
    with monkeypatch.context() as broken:
        broken.setattr(school.parts.clock, "coming", health)
        assert "error" in (await ask(school.folder, {"do": "clock"}) or {})
    lines(school, "an administrative command failed")
    school.parts.teams.errands.start(errand())
    await school.parts.teams.errands.quiet(5.0)
    await asyncio.sleep(0)
    lines(school, "a fault in the event loop that nobody waited for")
    await school.says("priya", "my cases")


async def test_a_full_disk_damaged_files_and_records_of_another_version(
    school: PlantedSchool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), f"/home/tom{MARK}")

    await road.opens_form(school, "priya", "Tom Ashworth")
    with monkeypatch.context() as broken:
        broken.setattr(folder, "FRESH", 0.0)
        broken.setattr(os, "write", full)
        told = await school.fills("priya", road.concern(school), press="Check my answers")
        (line,) = lines(school, "what somebody did could not be saved")
        assert f"Please try again in a minute. Reference {line['reference']}" in told
        assert {x["during"] for x in lines(school, "a write to the store failed")} == {line["during"]}
        assert (await asks(school, "GET", "/readyz"))[0] == 503
    await school.fills("priya", press="Check my answers")
    await school.presses("priya", "Set the weekly target")
    await school.stops()
    (case,) = (school.folder / "cases").glob("*.json")
    case.write_bytes(case.read_bytes()[:200] + WORDS.encode())
    school.disk_is_ours = False
    (school.folder / "cases" / f"{MARK}.json").write_text(WORDS, encoding="utf-8")
    for draft in (school.folder / "drafts").glob("*.json"):
        write_documents(draft, {"drafts": [{"person": WORDS, "form": MARK}]})
    await school.starts()
    await school.says("priya", "my cases")
    lines(school, "a write to the store failed")
    (back,) = lines(school, "a damaged file of the store was put back")
    (aside,) = lines(school, "a damaged file of the store was set aside")
    assert (back["file"], back["restored"]) == (f"cases/{case.name}", True)
    assert (aside["file"], aside["restored"]) == ("…", False), "a file that somebody else has called something"
    assert (await asks(school, "GET", "/readyz"))[0] == 503


async def test_forged_stale_and_unreadable_requests(school: PlantedSchool, monkeypatch: pytest.MonkeyPatch) -> None:
    async def unavailable(*_given: object) -> Any:
        raise StoreUnavailable(WORDS)

    await school.opens("priya", "helen", "gareth", "tom")
    await road.told(school)
    message, verb, data = school.wire("helen", "I have it")
    own = school.newest("gareth").id
    for bent in (data, {**data, "case": f"no case {MARK}"}, {**data, "step": MARK, "nonce": MARK, "form": MARK}):
        await school.sends("gareth", own, verb, {**bent, "for": MARK})
    await school.sends("helen", message.id, f"no.such.{MARK}", {MARK: MARK})
    await school.sends("helen", message.id, verb, data)
    await school.sends("helen", message.id, verb, data)
    lines(school, "refused: not theirs")
    lines(school, "refused: a verb that there is not")
    priya = school.people["priya"]
    activity = school.teams.activity(priya, text=WORDS)
    for strange in (
        {**activity, "channelId": MARK},
        {**activity, "serviceUrl": f"https://{MARK}.example/"},
        {**activity, "type": MARK},
        {**activity, "type": "invoke", "name": MARK, "value": {"action": {"verb": MARK}}},
        {**activity, "type": "invoke", "name": "adaptiveCard/action", "value": {"action": {"verb": {MARK: 1}}}},
        {**activity, "conversation": {"id": MARK, "tenantId": MARK}},
        {**activity, "entities": [{"type": "mention", "mentioned": MARK}]},
    ):
        await school.teams.deliver(strange)
    await school.teams.deliver(activity, token=MARK)
    good = {"Authorization": f"Bearer {school.teams.token()}"}
    bodies = [f'{{"text": "{MARK}', f'{{"{MARK}": 1, "{MARK}": 2}}', json.dumps([WORDS]), f'"\\ud800{MARK}"']
    seen = [await asks(school, "POST", "/api/messages", data=body, headers=good) for body in bodies]
    seen += [
        await asks(school, "GET", f"/{MARK}?{MARK}={MARK}", headers={"X-Name": MARK}),
        await asks(school, "GET", f"/ics/{MARK}.ics"),
        await asks(school, "POST", "/healthz", data=WORDS.encode()),
        await asks(school, "GET", "/healthz"),
        await asks(school, "GET", "/readyz"),
    ]
    assert [status for status, _ in seen] == [400] * 4 + [404, 404, 405, 200, 200]
    assert not any(MARK in answer for _, answer in seen)
    assert {line["status"] for line in lines(school, "refused")} >= {400, 401, 403}
    with monkeypatch.context() as broken:
        broken.setattr(school.parts.stores.book, "claim", unavailable)
        await school.parts.clock.tick()
    lines(school, "the store does not answer; the next sweep tries again")


async def test_a_database_that_quotes_the_row_it_refuses(tmp_path: Path) -> None:
    async with fresh_schema() as url, PlantedSchool(tmp_path, store=url) as school:
        await road.opens_form(school, "priya", "Tom Ashworth")
        typed = road.concern(school)
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as other:
            await other.execute("alter table drafts add constraint quiet check (form = '')")
            try:
                with pytest.raises(psycopg.errors.CheckViolation, match="Failing row contains"):
                    await other.execute("insert into drafts values ('x', 'y', '{}', now())")
                kept = await school.fills("priya", typed, press="Save for later")
            finally:
                await other.execute("alter table drafts drop constraint quiet")
            assert "could not save" in kept
            await other.execute("alter table drafts rename to away")
            try:
                await school.fills("priya", typed, press="Save for later")
            finally:
                await other.execute("alter table away rename to drafts")
        await school.fills("priya", typed, press="Check my answers")
        await school.presses("priya", "Set the weekly target")
        reasons = {line["reason"] for line in lines(school, "the database refused a step")}
        assert reasons == {"the database answered with code 23514", "the database answered with code 42P01"}
        assert school.reads_marked("priya")
        assert school.marked() == []


# -- the check itself --------------------------------------------------------------------------------------------------


async def test_the_check_would_see_a_leak(school: PlantedSchool) -> None:
    assert school.marked() == []
    await school.parts.teams.post.send(
        (await school.parts.stores.addresses.address("channel")) or pytest.fail("no channel"),
        Message("Placements: a leak", text=WORDS),
    )
    (leak,) = school.marked()
    assert WORDS in leak
    school.teams.transcript.raw.pop()  # type: ignore[attr-defined]
