"""The office has the bot installed for somebody, through Graph where the tenant has granted it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from bot.teams.words import STILL_WORKING
from tests.wire.graph import CONTRACT, faults
from tests.wire.microsoft import ENTRA, GRAPH, Microsoft
from tests.wire.partnership import Partnership
from tests.wire.running import Bot, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")


@asynccontextmanager
async def at_the_list(
    microsoft: Microsoft, folder: Path, **changes: str | None
) -> AsyncIterator[tuple[Partnership, Bot, str]]:
    """Sam looks at the invitation of the first person who has never opened the bot; their key."""
    changes = {"PATHWAY_TEAMS_APP_ID": microsoft.graph.catalogue_app, **changes}
    async with serving(microsoft, folder, **changes) as bot:
        school = Partnership(microsoft, bot)
        for person in school.people:
            school.teams.transcript.set_installed(person, installed=False)
        await school.opens("sam")
        await school.says("sam", "reach")
        first = next(title for title in school.buttons("sam") if title.startswith("Invite "))
        await school.presses("sam", first)
        name = first.removeprefix("Invite ")
        yield school, bot, next(p.key for p in school.people.values() if p.name == name)
        assert microsoft.graph.complaints == []
        assert bot.asked_in_vain() == []


async def test_it_is_installed_and_they_are_welcomed_and_told_who_added_it(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    async with at_the_list(microsoft, tmp_path) as (school, _, key):
        assert "is being installed" in await school.presses("sam", "Install Pathway for")
        await school.hears(key, "Sam Whitfield of the Partnership Team added me for you.")
        assert school.news(key) == 1
        assert "They can be reached now" in await school.presses("sam", "Install Pathway for")
        assert microsoft.graph.bodies[-1] == {
            "teamsApp@odata.bind": f"https://graph.microsoft.com/v1.0/appCatalogs/teamsApps/{microsoft.graph.catalogue_app}"
        }


async def test_where_it_is_there_already_they_are_asked_to_write(microsoft: Microsoft, tmp_path: Path) -> None:
    async with at_the_list(microsoft, tmp_path) as (school, _, key):
        school.teams.transcript.set_installed(key, installed=True)
        assert "installed for" in await school.presses("sam", "Install Pathway for")
        assert "write “hi”" in school.reads("sam")


async def test_without_the_permission_the_invitation_is_what_there_is(microsoft: Microsoft, tmp_path: Path) -> None:
    microsoft.graph.granted = False
    try:
        async with at_the_list(microsoft, tmp_path) as (school, _, key):
            before = school.news(key)
            said = await school.presses("sam", "Install Pathway for")
            assert "your IT has not granted it. Please send the invitation instead." in said
            assert any(title.startswith("Write to ") for title in school.links("sam"))
            assert school.news(key) == before
    finally:
        microsoft.graph.granted = True


async def test_without_the_apps_id_nothing_is_asked_of_graph_and_no_button_offers_it(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    asked = microsoft.calls(GRAPH)
    async with at_the_list(microsoft, tmp_path, PATHWAY_TEAMS_APP_ID=None) as (school, _, _key):
        assert not any(title.startswith("Install") for title in school.buttons("sam"))
        assert microsoft.calls(GRAPH) == asked


@pytest.mark.parametrize("status", [429, 500, 503, 504])
async def test_when_graph_is_out_of_order_the_office_is_asked_to_try_again(
    microsoft: Microsoft, tmp_path: Path, status: int
) -> None:
    async def out_of_order(_request: web.Request) -> web.Response:
        return web.Response(status=status)

    async with at_the_list(microsoft, tmp_path) as (school, _, _key):
        microsoft.before[GRAPH] = out_of_order
        try:
            assert "Please try again in a few minutes" in await school.presses("sam", "Install Pathway for")
        finally:
            microsoft.before.pop(GRAPH)
        assert "is being installed" in await school.presses("sam", "Install Pathway for")


async def test_a_slow_graph_is_no_reason_to_wait_and_the_card_tells_of_it_afterwards(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    let_it = asyncio.Event()

    async def slowly(_request: web.Request) -> None:
        await let_it.wait()

    async with at_the_list(microsoft, tmp_path) as (school, _, key):
        before = school.news(key)
        message, verb, data = school.wire("sam", "Install Pathway for")
        microsoft.before[GRAPH] = slowly
        try:
            answer = await school.teams.press(school.people["sam"], message.id, verb, data)
            assert (answer.kind, answer.text) == ("message", STILL_WORKING.text)
            assert school.news(key) == before
        finally:
            microsoft.before.pop(GRAPH)
            let_it.set()
        await microsoft.line.until(lambda: "is being installed" in school.reads("sam"), seconds=10.0)
        await microsoft.line.until(lambda: school.news(key) == before + 1, seconds=10.0)
        assert "Sam Whitfield of the Partnership Team added me for you." in school.reads(key)


ALL = "Install Pathway for"


@asynccontextmanager
async def at_the_whole_list(
    microsoft: Microsoft, folder: Path, *opened: str
) -> AsyncIterator[tuple[Partnership, list[str]]]:
    """Sam looks at the list, on which everybody stands but Sam and who has *opened* it; the keys of those with Teams."""
    async with serving(microsoft, folder, PATHWAY_TEAMS_APP_ID=microsoft.graph.catalogue_app) as bot:
        school = Partnership(microsoft, bot)
        for person in school.people:
            school.teams.transcript.set_installed(person, installed=False)
        await school.opens("sam", *opened)
        await school.says("sam", "reach")
        listed = [who for who in (await _names(school)) if who]
        await school.says("sam", "reach")
        teams = [p.key for p in school.people.values() if p.name in listed and p.reach == "teams"]
        yield school, teams
        assert microsoft.graph.complaints == []
        assert bot.asked_in_vain() == []
        assert "Ashworth" not in bot.said()


async def _names(school: Partnership) -> list[str]:
    found = [title.removeprefix("Invite ") for title in school.buttons("sam") if title.startswith("Invite ")]
    while "Show the next" in school.buttons("sam"):
        await school.presses("sam", "Show the next")
        found += [title.removeprefix("Invite ") for title in school.buttons("sam") if title.startswith("Invite ")]
    return found


async def test_one_press_installs_it_for_everybody_who_never_opened_it_and_the_card_says_for_how_many(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    async with at_the_whole_list(microsoft, tmp_path, "tom", "priya") as (school, never):
        await school.teams.uninstall(school.people["priya"])
        before = {key: school.news(key) for key in school.people}
        with_account = [key for key in never if "#EXT#" not in school.people[key].principal_name]

        message, verb, data = school.wire("sam", ALL)
        await school.teams.press(school.people["sam"], message.id, verb, data)
        done = f"Pathway is being installed for {len(with_account)} people"
        await microsoft.line.until(lambda: done in school.reads("sam"), seconds=10.0)
        assert "Microsoft knows no account, or not the app, for" in school.reads("sam")

        for key in with_account:
            await microsoft.line.until(lambda key=key: school.news(key) > before[key], seconds=10.0)  # type: ignore[misc]
            assert "Sam Whitfield of the Partnership Team added me for you." in school.reads(key)
        assert not school.teams.transcript.installed("priya"), "who removed it is left alone"
        assert school.news("tom") == before["tom"], "who has it hears nothing"


async def test_while_it_is_installed_for_everybody_a_second_press_begins_nothing(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    let_it = asyncio.Event()

    async def slowly(_request: web.Request) -> None:
        await let_it.wait()

    async with at_the_whole_list(microsoft, tmp_path) as (school, _):
        sam = school.people["sam"]
        message, verb, data = school.wire("sam", ALL)
        microsoft.before[GRAPH] = slowly
        asked = microsoft.calls(GRAPH)
        try:
            first = await school.teams.press(sam, message.id, verb, data)
            under_way = microsoft.calls(GRAPH)
            second = await school.teams.press(sam, message.id, verb, data)
            assert (first.kind, first.text) == ("message", STILL_WORKING.text)
            assert "is being installed for everybody already" in str(second.card)
            assert under_way - asked == microsoft.calls(GRAPH) - asked == 4
        finally:
            microsoft.before.pop(GRAPH)
            let_it.set()
        await microsoft.line.until(lambda: "to be welcomed there in a moment" in school.reads("sam"), seconds=10.0)


@pytest.mark.parametrize(
    ("status", "says"), [(403, "your IT has not granted it"), (503, "Microsoft gave no answer for")]
)
async def test_where_it_cannot_be_for_everybody_it_is_given_up_soon_and_the_card_says_why(
    microsoft: Microsoft, tmp_path: Path, status: int, says: str
) -> None:
    async def out_of_order(_request: web.Request) -> web.Response:
        return web.Response(status=status)

    async with at_the_whole_list(microsoft, tmp_path) as (school, never):
        microsoft.before[GRAPH] = out_of_order
        asked = microsoft.calls(GRAPH)
        try:
            assert says in await school.presses("sam", ALL)
        finally:
            microsoft.before.pop(GRAPH)
        assert microsoft.calls(GRAPH) - asked <= 8 < len(never)


async def test_graph_has_a_token_of_its_own_fetched_once_and_anew_when_it_is_refused(
    microsoft: Microsoft, tmp_path: Path
) -> None:
    async with at_the_list(microsoft, tmp_path) as (school, _, _key):
        before = microsoft.calls(ENTRA, "token")
        microsoft.graph.granted = False
        try:
            for _ in range(3):
                await school.presses("sam", "Install Pathway for")
            assert microsoft.calls(ENTRA, "token") == before + 1
            microsoft.graph.forget_tokens()
            assert "has not granted it" in await school.presses("sam", "Install Pathway for")
            assert microsoft.calls(ENTRA, "token") == before + 2
        finally:
            microsoft.graph.granted = True


async def test_the_check_of_these_tests_would_see_a_wrong_request() -> None:
    good = {"teamsApp@odata.bind": "https://graph.microsoft.com/v1.0/appCatalogs/teamsApps/1"}
    assert faults("application/json", good) == []
    assert faults("text/plain", good) != []
    assert faults("application/json", {**good, "more": 1}) != []
    if not CONTRACT.is_file():
        pytest.skip("The contract of Graph is not beside this clone (../shared/contracts): it goes unchecked.")
    assert faults("application/json", {"teamsApp@odata.bind": "https://graph.microsoft.com/teamsApps/1"}) != []
