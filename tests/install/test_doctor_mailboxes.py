"""The doctor proves that the bot is let into the mailboxes it was given, and into no other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.doctor import Finding, Mark
from bot.doctor.mailboxes import MOST, link_tutors, mailboxes
from bot.settings import BotSettings
from bot.teams import TeamsSettings
from tests.install.standins import SECRET
from tests.keys import KEYS
from tests.mail.graph_standin import TOKEN, Graph
from tests.mail.test_graph_mail import Known
from tests.school import APP_ID, TENANT

SHARED = "placements@northdale.example.ac.uk"
OUTSIDE = "vice.chancellor@northdale.example.ac.uk"
HELEN, MARTIN = "h.marsh@northdale.example.ac.uk", "m.leigh@northdale.example.ac.uk"

SETTINGS = BotSettings(
    teams=TeamsSettings(app_id=APP_ID, app_type="SingleTenant", tenant_id=TENANT, password=SECRET),
    host="127.0.0.1",
    port=0,
    store="memory:",
    provider=Path("provider.toml"),
    public_url="",
    mail=None,
    practice=False,
    mailbox=SHARED,
    proof_mailbox=OUTSIDE,
)


@pytest.fixture
async def graph() -> AsyncIterator[Graph]:
    """As it should be: the shared mailbox for letters, two Link Tutors' calendars, nothing else."""
    it = Graph(SHARED, OUTSIDE, HELEN, MARTIN)
    it.sends_from, it.reads = {SHARED}, {HELEN, MARTIN}
    yield it
    assert it.complaints == []
    assert it.sent == [], "a look sends nothing"


async def seen(graph: Graph, settings: BotSettings = SETTINGS, tutors: tuple[str, ...] = (HELEN, MARTIN)) -> list[str]:
    """The findings, a line each; none names anybody."""
    async with graph.running() as root:
        found = await mailboxes(settings, tutors, 5.0, root=root, tokens=Known(TOKEN))
    assert not any("@" in finding.sentence or SECRET in finding.sentence for finding in found)
    return [_line(finding) for finding in found]


def _line(finding: Finding) -> str:
    assert finding.topic == "mailboxes"
    return f"{finding.mark.value} {finding.sentence}"


async def test_where_the_groups_are_narrow_all_is_well(graph: Graph) -> None:
    assert await seen(graph) == [
        "well The calendar of PATHWAY_PROOF_MAILBOX is refused, as it must be.",
        "well The calendars of the Link Tutors (2) are open to the bot.",
        "well The bot may send letters from PATHWAY_MAILBOX.",
    ]


async def test_a_calendar_that_should_be_shut_and_is_open_is_wrong_and_says_how_to_shut_it(graph: Graph) -> None:
    graph.reads.add(OUTSIDE)
    (first, *_) = await seen(graph)
    assert first.startswith("WRONG The bot is let into the calendar of PATHWAY_PROOF_MAILBOX")
    assert "Take Calendars permissions away under API permissions" in first
    assert "docs/install.md, part 6" in first


async def test_mail_in_anybodys_name_is_wrong_and_nothing_is_sent_to_find_out(graph: Graph) -> None:
    graph.sends_from.add(OUTSIDE)
    found = await seen(graph)
    assert [line for line in found if line.startswith("WRONG The bot could send mail as PATHWAY_PROOF_MAILBOX")]
    assert f"POST {OUTSIDE}" in graph.asked


async def test_a_mailbox_for_letters_that_is_not_granted_or_not_there_is_wrong(graph: Graph) -> None:
    graph.sends_from.clear()
    assert (await seen(graph))[-1].startswith("WRONG The bot may not send from PATHWAY_MAILBOX.")
    graph.mailboxes.remove(SHARED)
    graph.over.clear()
    assert (await seen(graph))[-1].startswith("WRONG PATHWAY_MAILBOX is no mailbox of the tenant.")


async def test_a_proof_with_nobodys_address_proves_nothing(graph: Graph) -> None:
    graph.mailboxes.remove(OUTSIDE)
    assert (await seen(graph))[0].startswith("WRONG PATHWAY_PROOF_MAILBOX is no mailbox of the tenant, so it proves")


async def test_without_a_proof_somebody_is_asked_for(graph: Graph) -> None:
    (first, *_) = await seen(graph, replace(SETTINGS, proof_mailbox=""))
    assert first == (
        "note Nobody has tried whether other mailboxes are refused. Set PATHWAY_PROOF_MAILBOX to somebody's address "
        "outside the named groups."
    )
    assert not any(line.startswith("GET") for line in graph.asked)


async def test_it_is_said_how_many_link_tutors_still_work_with_links(graph: Graph) -> None:
    graph.reads = {HELEN}
    assert "note The bot may use 1 of the calendars of 2 Link Tutors;" in (await seen(graph))[1]
    graph.reads, graph.over = set(), type(graph.over)()
    assert "note No Link Tutor's calendar is open to the bot" in (await seen(graph))[1]


async def test_not_more_than_some_calendars_are_tried(graph: Graph) -> None:
    tutors = tuple(f"{n}@northdale.example.ac.uk" for n in range(MOST + 5))
    await seen(graph, tutors=tutors)
    assert sum(line.startswith("GET") for line in graph.asked) == MOST + 1


async def test_where_nothing_of_graph_is_set_graph_is_not_asked(graph: Graph) -> None:
    assert await seen(graph, replace(SETTINGS, mailbox="", proof_mailbox="")) == []
    assert graph.asked == []


async def test_graph_out_of_reach_is_said_and_is_no_fault_of_the_set_up() -> None:
    found = await mailboxes(SETTINGS, [], 2.0, root="http://127.0.0.1:9/v1.0", tokens=Known(TOKEN))
    assert [finding.mark for finding in found] == [Mark.NOTE]
    assert "graph.microsoft.com" in found[0].sentence


async def test_the_link_tutors_are_those_of_the_placement_list(store_folder: Path, tmp_path: Path) -> None:
    assert HELEN in link_tutors(store_folder, KEYS)
    assert link_tutors(tmp_path, KEYS) == []
