"""Letters through Graph as the bot sends them in production: granted, not granted, and taken back while it runs."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.practice.mailbox import Mailbox
from tests.conversations import road
from tests.wire.graph import CONTRACT, letter_faults
from tests.wire.microsoft import Microsoft
from tests.wire.partnership import Partnership
from tests.wire.running import serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

SHARED = "placements@northdale.example.ac.uk"


async def test_a_mentor_without_teams_hears_through_graph_and_by_smtp_once_it_is_taken_back(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    came = asyncio.Event()
    async with Mailbox(lambda: datetime.now(UTC), heard=lambda _mail: came.set()) as box:
        by_smtp = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(box.port), "SMTP_FROM": "pathway@northdale.example.ac.uk"}
        async with serving(microsoft, tmp_path, PATHWAY_MAILBOX=SHARED, **by_smtp) as bot:
            school = Partnership(microsoft, bot)
            dot = school.people["dot"].email
            microsoft.graph.sends_from = SHARED
            await school.opens("sam", "kai")
            await road.opens_form(school, "sam", "Kai Brennan")
            await school.fills("sam", road.concern(school), press="Check my answers")
            await school.presses("sam", "Set the weekly target")
            async with asyncio.timeout(10):
                await microsoft.graph.posted.wait()
            (sent,) = microsoft.graph.letters
            assert sent["toRecipients"][0]["emailAddress"]["address"] == dot
            assert road.TARGET in sent["body"]["content"]
            assert "Kai" not in sent["subject"]
            assert box.of(dot) == ()
            microsoft.graph.sends_from = ""
            await school.presses("sam", "Enter something for Dot Ellery")
            await school.presses("sam", "Not yet: tell the Link Tutor")
            await school.fills("sam", evidence="As before", early_because="Dot rang", press="Tell the Link Tutor: ")
            async with asyncio.timeout(10):
                await came.wait()
            assert "entered this for you" in box.of(dot)[-1].text
            assert len(microsoft.graph.letters) == 1
    assert microsoft.graph.complaints == []


async def test_a_mailbox_that_may_not_send_is_no_readers_fault_and_the_office_hears(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    microsoft.graph.sends_from = ""
    async with serving(microsoft, tmp_path, PATHWAY_MAILBOX=SHARED) as bot:
        school = Partnership(microsoft, bot)
        await school.opens("sam", "kai")
        await road.opens_form(school, "sam", "Kai Brennan")
        await school.fills("sam", road.concern(school), press="Check my answers")
        await school.presses("sam", "Set the weekly target")
        await school.hears("sam", "Something was not delivered")
        await school.presses("sam", "See what was not delivered")
        still = "Dot Ellery\nMentor, Fell View Primary\nHas not opened Pathway yet. Messages go by e-mail."
        assert still in await school.says("sam", "reach")


@pytest.mark.skipif(not CONTRACT.is_file(), reason="The outside contracts are not beside this clone.")
async def test_a_word_that_the_contract_does_not_know_is_a_fault() -> None:
    assert letter_faults({"message": {"subject": "x"}, "saveToSentItems": False}) == []
    assert letter_faults({"message": {"subjekt": "x"}}) != []
