"""More of what must hold, over the wire: edges of time, cards from the wrong hands, a kill, poison in the store."""

from __future__ import annotations

import asyncio
import json
import resource
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import aiohttp
import pytest

from bot.practice import hands
from tests.conversations import road
from tests.keys import case_on_disk, open_stores
from tests.logged import lines
from tests.school import PASSWORD
from tests.wire.microsoft import CONNECTOR, Microsoft
from tests.wire.partnership import Partnership
from tests.wire.running import Bot, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

SKEW = 300
"""Seconds by which the clocks of Microsoft and the bot may differ."""
THE_CHECK = "2026-10-13T15:30:00+01:00"
"""When the week of a concern that was raised on the first day is over."""
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Server": "Pathway",
    "Strict-Transport-Security": "max-age=31536000",
}


@pytest.fixture(autouse=True)
def _empty_chats(microsoft: Microsoft) -> None:
    """What stands in a chat was sent in this test."""
    microsoft.line.transcript.clear()


def cases(bot: Bot) -> list[dict[str, Any]]:
    """Every case as it stands on the disk: what it is and what was recorded, not what is still to be sent."""
    found = [case_on_disk(bot.store, file) for file in sorted((bot.store / "cases").glob("*.json"))]
    return [{part: case[part] for part in ("summary", "events")} for case in found]


def channel(school: Partnership) -> str:
    """All that the bot has posted in the Partnership channel, cards as they were sent."""
    posts = (m for m in school.channel() if m.sender == "bot")
    return "".join(f"{m.text}{m.summary}{json.dumps(m.card, ensure_ascii=False)}" for m in posts)


# Time


@pytest.mark.parametrize(
    ("claim", "from_now", "status"),
    [("exp", 1 - SKEW, 200), ("exp", -SKEW, 401), ("nbf", SKEW, 200), ("nbf", SKEW + 1, 401)],
)
async def test_five_minutes_between_clocks_are_let_pass_to_the_second(
    microsoft: Microsoft, bot: Bot, claim: str, from_now: int, status: int
) -> None:
    school = Partnership(microsoft, bot)
    await school.opens("priya")
    second, answered = -1, 0
    while int(time.time()) != second:  # the answer has to come in the second that the token was made for
        second = int(time.time())
        times: dict[str, Any] = {"nbf": second - 2 * SKEW, "exp": second + 2 * SKEW} | {claim: second + from_now}
        activity = school.teams.activity(school.people["priya"], text="help")
        answered = (await school.teams.deliver(activity, token=school.teams.token(**times))).status

    assert answered == status


# Cards that are old, stolen or bent


async def test_a_stale_card_changes_nothing_and_says_where_the_case_is_now(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    async with serving(microsoft, tmp_path) as bot:
        school = Partnership(microsoft, bot)
        await school.opens("priya", "helen")
        await school.tells("helen")
        old = school.newest("helen")
        await road.books(school)
        await school.hears("priya", "Monday 19 October, 3:45pm")
        before = cases(bot)

        shown = await school.presses("helen", "I have it", card=old)

        assert "moved on" in shown
        assert "Monday 19 October, 3:45pm" in shown
        assert cases(bot) == before


async def test_a_card_in_the_wrong_hands_says_what_an_unknown_case_says(microsoft: Microsoft, tmp_path: Path) -> None:
    async with serving(microsoft, tmp_path) as bot:
        school = Partnership(microsoft, bot)
        await school.opens("priya", "helen", "gareth", "aisha")
        await school.tells("helen")
        before = cases(bot)
        for who in ("gareth", "aisha"):
            unknown = await school.sends(who, school.newest(who).id, "cases.open", {"case": "0" * 16})
            for title in ("I have it", "Arrange the meeting", "Read everything"):
                _, verb, data = school.wire("helen", title)
                assert await school.sends(who, school.newest(who).id, verb, data) == unknown
                as_helen = {**data, "role": "link_tutor", "by": "helen", "for": "helen"}
                assert await school.sends(who, school.newest(who).id, verb, as_helen) == unknown

        assert cases(bot) == before
        refusals = [line for line in lines(bot.said()) if line["message"].startswith("refused: ")]
        assert len(refusals) == 2 * (1 + 3 * 2)
        assert len({line["person"] for line in refusals}) == 2
        assert len({line["during"] for line in refusals}) == len(refusals)
        assert not any(name in bot.said() for name in ("Gareth", "Aisha", "Helen", "Tom"))


async def test_who_is_the_link_tutor_no_longer_is_refused_at_once_on_the_card_they_kept(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    async with serving(microsoft, tmp_path) as bot:
        school = Partnership(microsoft, bot)
        await school.opens("priya", "helen", "sam", "bea")
        await school.tells("helen")
        _, verb, data = school.wire("helen", "Arrange the meeting")
        card = school.newest("helen").id
        await school.says("sam", school.reference("helen"))
        await road.presses_rarer(school, "sam", "Name another Link Tutor")
        bea = school.choices("sam", "person")["Dr Bea Lawson"]
        await school.fills("sam", person=bea, press="Make them the Link Tutor")
        before = cases(bot)

        gone = await school.sends("helen", card, verb, data)

        assert "nothing here for you" in gone
        assert "Tom" not in gone
        assert cases(bot) == before


async def test_of_two_people_who_take_different_ways_in_one_moment_one_wins_and_the_other_is_told(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    async with serving(microsoft, tmp_path) as bot:
        school = Partnership(microsoft, bot)
        await school.opens("priya", "lucy", "tom", "helen")
        reference = await road.raises(school)
        assert await bot.stop() == 0
    async with serving(microsoft, tmp_path, PATHWAY_TEST_STARTS=THE_CHECK) as bot:
        school = Partnership(microsoft, bot)
        await school.says("lucy", reference)
        met = school.wire("lucy", "Met, and I have told Tom")
        await school.says("priya", reference)
        await school.presses("priya", "Not yet: tell the Link Tutor")
        tells = school.wire("priya", "Tell the Link Tutor: ", evidence=road.EVIDENCE)
        lucys, priyas = await asyncio.gather(
            *(school.sends(who, m.id, verb, data) for who, (m, verb, data) in (("lucy", met), ("priya", tells)))
        )

    assert ("moved on" in lucys) != ("moved on" in priyas)
    assert "moved on" not in lucys or "Priya Nair told the Link Tutor at 3:30pm." in lucys
    assert "moved on" not in priyas or "Lucy Tran recorded that the target is met at 3:30pm." in priyas


async def test_no_press_opens_a_concern_of_four_areas(microsoft: Microsoft, tmp_path: Path) -> None:
    async with serving(microsoft, tmp_path) as bot:
        school = Partnership(microsoft, bot)
        await school.opens("lucy")
        await road.opens_form(school, "lucy", "Megan Doyle")
        four = road.concern(school, areas="TS1,TS7,TS4,TS6")
        message, verb, data = school.wire("lucy", "Check my answers", four)
        for forged in (verb, "concern.send", "concern.save", verb):
            await school.sends("lucy", message.id, forged, data)
        assert cases(bot) == []


# What leaves


async def test_the_channel_reads_a_reference_and_no_word_of_the_case(microsoft: Microsoft, tmp_path: Path) -> None:
    async with serving(microsoft, tmp_path) as bot:
        school = Partnership(microsoft, bot)
        await school.opens("priya", "helen", "sam")
        await school.teams.add_to_channel(school.people["sam"])
        await school.teams.say_in_channel(school.people["sam"], "use this channel")
        await school.tells("helen")
        reference = school.reference("helen")
        await school.teams.until(lambda: reference in channel(school), seconds=10)

        private = ("Tom", "Ashworth", "Priya", "Helen", "Hollin", "TS7", *road.concern(school).values())
        assert [words for words in private if len(words) > 2 and words in channel(school)] == []


# A kill, an address that somebody changed, a removal


async def test_a_press_that_is_delivered_again_after_a_kill_has_one_effect(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    async with serving(microsoft, tmp_path) as bot:
        school = Partnership(microsoft, bot)
        await school.opens("priya")
        await road.opens_form(school, "priya", "Tom Ashworth")
        await school.fills("priya", road.concern(school), press="Check my answers")
        message, verb, data = school.wire("priya", "Set the weekly target")
        priya = school.people["priya"]
        first = await school.teams.press(priya, message.id, verb, data)
        assert await bot.stop(signal.SIGKILL) == -signal.SIGKILL
        killed = cases(bot)

    async with serving(microsoft, tmp_path) as bot:
        school = Partnership(microsoft, bot)
        again = await school.teams.press(priya, message.id, verb, data, again=True)
        as_new = await school.teams.press(priya, message.id, verb, data, again=True, new_id=True)

        for answer in (first, again, as_new):
            assert "Tom Ashworth: weekly target set" in hands.words(answer.card or {})
            assert "Already open" not in hands.words(answer.card or {})
        assert len(killed) == len(cases(bot)) == 1


async def poisoned(store: Path, email: str, service: str) -> None:
    """The address of one person leads to *service*, written as the bot itself would have written it."""
    stores = open_stores(f"tinydb://{store}")
    await stores.open()
    person = await stores.roster.by_email(email)
    assert person is not None
    address = await stores.addresses.address(person.id)
    assert address is not None
    await stores.addresses.keep_address(person.id, replace(address, service_url=service))
    await stores.close()


@pytest.mark.parametrize("service", ["https://evil.example/", f"https://{CONNECTOR}@evil.example/uk/"])
async def test_an_address_that_was_poisoned_in_the_store_is_never_called_and_raises_an_alert(
    microsoft: Microsoft, tmp_path: Path, service: str
) -> None:
    async with serving(microsoft, tmp_path) as bot:
        school = Partnership(microsoft, bot)
        await school.opens("priya", "tom")
        assert await bot.stop() == 0
    await poisoned(bot.store, school.people["tom"].email, service)
    async with serving(microsoft, tmp_path) as bot:
        school = Partnership(microsoft, bot)
        heard = school.news("tom")
        await road.raises(school)
        await school.hears("priya", "A message to Tom Ashworth did not arrive.")

        assert "ALERT: a stored address has a service that is not on the list" in bot.said()
        assert bot.asked_in_vain() == []
        assert school.news("tom") == heard


async def test_who_removes_the_bot_is_left_alone_and_hears_it_after_coming_back(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    def posted() -> int:
        place = microsoft.line.person("tom").conversation_id
        return sum(call.method == "POST" and place in unquote(call.path) for call in microsoft.line.calls)

    async with serving(microsoft, tmp_path) as bot:
        school = Partnership(microsoft, bot)
        await school.opens("priya", "tom")
        await school.teams.uninstall(school.people["tom"])
        before = posted()
        await road.raises(school)
        await school.hears("priya", "A message to Tom Ashworth did not arrive.")
        assert posted() == before

        await school.opens("tom")
        await school.hears("tom", road.TARGET)


# What anybody can see


@contextmanager
def no_room(bot: Bot) -> Iterator[None]:
    """No file of the bot may grow: the kernel refuses every write, as on a full disk."""
    soft, hard = resource.prlimit(bot.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(bot.process.pid, resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.prlimit(bot.process.pid, resource.RLIMIT_FSIZE, (soft, hard))


async def test_ready_is_red_while_the_disk_takes_nothing_and_says_no_more_than_that(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    async with serving(microsoft, tmp_path) as bot, aiohttp.ClientSession() as session:

        async def asked(path: str) -> tuple[int, str]:
            async with session.get(bot.url + path) as answer:
                assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
                return answer.status, await answer.text()

        school = Partnership(microsoft, bot)
        await school.opens("priya")
        await road.opens_form(school, "priya", "Tom Ashworth")
        message, verb, data = school.wire("priya", "Check my answers", road.concern(school))
        assert await asked("/readyz") == (200, '{"status": "ready"}')
        with no_room(bot):
            await school.teams.press(school.people["priya"], message.id, verb, data)
            assert await asked("/readyz") == (503, '{"status": "not ready"}')
            assert await asked("/healthz") == (200, '{"status": "alive"}')
        assert await asked("/readyz") == (200, '{"status": "ready"}')


async def test_every_line_of_the_log_is_an_event_and_names_nobody_whatever_is_typed_and_refused(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    async with serving(microsoft, tmp_path) as bot, aiohttp.ClientSession() as session:
        school = Partnership(microsoft, bot)
        await school.opens("priya", "tom")
        school.teams.fail_next(500)
        await road.raises(school)
        strange = {**school.teams.activity(school.people["priya"], text="Tom is in tears"), "channelId": "webchat"}
        await school.teams.deliver(strange)
        await session.post(f"{bot.messages}?Tom=Ashworth", data="Tom is in tears", headers={"X-Name": "Ashworth"})
        message, verb, data = school.wire("priya", "Met, and")
        await school.sends("tom", school.newest("tom").id, verb, data)
        with no_room(bot):
            await school.teams.press(school.people["priya"], message.id, verb, data)
        assert await bot.stop() == 0
        written = lines(bot.said())

    assert {"listening", "refused", "refused: not theirs", "a write to the store failed"} <= {
        x["message"] for x in written
    }
    assert all({"time", "level", "logger", "message"} <= set(line) for line in written)
    private = ("Tom", "Ashworth", "Priya", "Hollin", "tears", *road.concern(school).values())
    assert [words for words in private if len(words) > 2 and words in bot.said()] == []


def arguments_of(bot: Bot) -> str:
    """What everybody on the machine can read of the process, of Linux's /proc."""
    return Path(f"/proc/{bot.process.pid}/cmdline").read_bytes().decode()


async def test_no_secret_and_no_token_stands_among_the_arguments_in_the_log_or_in_the_store(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    async with serving(microsoft, tmp_path) as bot:
        school = Partnership(microsoft, bot)
        await school.opens("priya", "tom")
        school.teams.fail_next(401)
        await school.says("priya", "help")
        school.teams.fail_next(500)
        await road.raises(school)
        arguments = arguments_of(bot)
        files = [f.read_text(encoding="utf-8", errors="replace") for f in bot.store.rglob("*") if f.is_file()]
        seen = "".join([arguments, bot.said(), *files])

    assert "serve" in arguments
    assert '"message"' in bot.said()
    assert "sealed" in seen
    assert PASSWORD not in seen
    assert "eyJ" not in seen
