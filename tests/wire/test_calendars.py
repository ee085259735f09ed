"""Meetings in calendars, with Graph under its real name: answers that are lost, a kill, a mailbox that is closed, and
what people change in Outlook.
"""

from __future__ import annotations

import asyncio
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from bot.practice.calendars import CalendarEntry
from bot.practice.graph import GraphFault
from tests.school import meeting_title
from tests.wire.microsoft import GRAPH, Microsoft
from tests.wire.partnership import Partnership
from tests.wire.running import serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

ON = {"PATHWAY_CALENDARS": "on"}
#: Thursday 8 October at 3:45pm, in London's summer time.
BOOKED = datetime(2026, 10, 8, 14, 45, tzinfo=UTC)
SENT = "InvitationSent"
ON_THE_DAY = {**ON, "PATHWAY_TEST_STARTS": "2026-10-08T09:00:00+01:00"}


async def sends(school: Partnership, *, refused: bool = False) -> str:
    """Helen arranges the meeting with Priya about Tom, and Pathway is to write it into the calendars. *refused*: her
    mailbox is closed to it meanwhile. The reference.
    """
    await school.opens("priya", "helen")
    reference = await school.tells("helen")
    await school.presses("helen", "Arrange the meeting")
    await school.presses("helen", "Another time")
    school.graph.calendars.grants(school.people["helen"].email, granted=not refused)
    await school.fills("helen", day="2026-10-08", time="15:45", press="Send the invitation")
    return reference


def standing(microsoft: Microsoft, reference: str) -> list[CalendarEntry]:
    return [x for x in microsoft.graph.outlook.calendars.standing() if reference in x.subject]


@pytest.mark.parametrize(
    "fault",
    [GraphFault(504, "GatewayTimeout", done=True), GraphFault(lost=True, done=True), GraphFault(429, retry_after="1")],
    ids=["504 after it was made", "the answer was lost", "told to wait"],
)
async def test_a_meeting_whose_making_had_no_good_answer_stands_once_and_is_joined_from_the_case(
    microsoft: Microsoft, tmp_path: Path, fault: GraphFault
) -> None:
    faults = [fault]
    microsoft.graph.outlook.rule = lambda act, _mailbox: faults.pop() if act == "book" and faults else None
    async with serving(microsoft, tmp_path, **ON) as bot:
        school = Partnership(microsoft, bot)
        reference = await sends(school)
        await school.writes_down(reference, SENT)

        (entry,) = standing(microsoft, reference)
        assert faults == []
        assert (entry.starts, [a.email for a in entry.attendees]) == (BOOKED, [school.people["priya"].email])
        await school.says("priya", reference)
        assert school.links("priya")["Join the meeting in Teams"] == entry.link
        assert bot.asked_in_vain() == []
    assert microsoft.graph.contract.complaints == []


async def test_killed_between_making_it_and_writing_it_down_it_finds_what_it_made(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    made = asyncio.Event()

    async def keeps_the_answer(request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
        if request.method == "POST" and request.path.endswith("/events"):
            made.set()
            await asyncio.Event().wait()
        return answer

    async with serving(microsoft, tmp_path, **ON) as bot:
        school = Partnership(microsoft, bot)
        microsoft.after[GRAPH] = keeps_the_answer
        try:
            reference = await sends(school)
            async with asyncio.timeout(10):
                await made.wait()
            await bot.stop(signal.SIGKILL)
        finally:
            microsoft.after.pop(GRAPH)
    before = standing(microsoft, reference)
    assert SENT not in school.recorded(reference)

    async with serving(microsoft, tmp_path, **ON) as bot:
        school = Partnership(microsoft, bot)
        await school.writes_down(reference, SENT)
        assert standing(microsoft, reference) == before
        assert len(before) == 1
        await school.says("helen", reference)
        assert school.links("helen")["Join the meeting in Teams"] == before[0].link


async def test_a_mailbox_that_is_closed_to_pathway_leads_to_the_way_by_hand(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    async with serving(microsoft, tmp_path, **ON) as bot:
        school = Partnership(microsoft, bot)
        try:
            reference = await sends(school, refused=True)
            await school.hears("helen", "Please put the meeting into your calendar")
        finally:
            school.graph.calendars.grants(school.people["helen"].email)
        link = next(url for title, url in school.links("helen").items() if title == "Open it in Teams")
        assert meeting_title(link) == f"Placement catch-up (ref {reference})"
        assert standing(microsoft, reference) == []
        assert SENT not in school.recorded(reference)
        assert "ErrorAccessDenied" in bot.said()


async def test_a_meeting_that_was_dragged_away_in_outlook_is_noticed_before_its_brief_goes_out(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    async with serving(microsoft, tmp_path, **ON) as bot:
        school = Partnership(microsoft, bot)
        reference = await sends(school)
        await school.writes_down(reference, SENT)
        await school.hears("priya", "Your meeting is booked for Thursday 8 October, 3:45pm")
        await bot.stop()
    (entry,) = standing(microsoft, reference)
    microsoft.graph.outlook.calendars.moves(entry.id, BOOKED + timedelta(days=1))
    before = school.news("priya")

    async with serving(microsoft, tmp_path, **ON_THE_DAY) as bot:
        school = Partnership(microsoft, bot)
        await school.hears("helen", "The meeting was moved in Outlook")
        await school.presses("helen", "Use the new time: Friday 9 October, 3:45pm")
        await school.hears("priya", "Your meeting is booked for Friday 9 October, 3:45pm")
        assert school.news("priya") == before + 1, "no brief of the day it is not on"
