"""The practice server: loopback, one page, a bot under it that is started, watched and started again."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiohttp
import aiosmtplib
import pytest

from bot.practice import server
from bot.practice.botprocess import BotDoesNotStart
from bot.practice.folder import NotOurs, PracticeFolder
from bot.practice.mailbox import Mailbox
from tests.practice.house import serving
from tests.practice.standin import START


class Site:
    """The page's own way to talk to the server."""

    def __init__(self, address: str, session: aiohttp.ClientSession) -> None:
        self.address = address
        self.session = session

    async def get(self, path: str) -> Any:
        async with self.session.get(f"{self.address}{path}") as answer:
            assert answer.status == 200
            return await answer.json()

    async def post(self, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        headers = {"Origin": self.address} | headers
        async with self.session.post(f"{self.address}{path}", json=body or {}, headers=headers) as answer:
            is_json = answer.content_type == "application/json"
            return answer.status, await (answer.json() if is_json else answer.text())

    async def state(self) -> Any:
        return await self.get("/api/state")

    async def chat(self, key: str) -> list[Any]:
        return list((await self.get(f"/api/chats/{key}"))["messages"])

    async def until_bot_is(self, state: str, session_events: aiohttp.ClientResponse) -> None:
        async with asyncio.timeout(30):
            async for line in session_events.content:
                if line.startswith(b"data: ") and json.loads(line[6:]).get("state") == state:
                    return


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with serving(tmp_path / "p") as address, aiohttp.ClientSession() as session:
        yield Site(address, session)


async def test_everybody_with_teams_has_the_bot_and_nothing_is_unread(site: Site) -> None:
    state = await site.state()
    people = {p["key"]: p for p in state["people"]}
    assert people["priya"]["what"] == "Mentor, Hollin Bank Primary"
    assert not any(p["unread"] for p in people.values())
    assert len(await site.chat("priya")) == 1
    assert await site.chat("dot") == []
    assert state["bot"] == {"state": "ready", "words": ""}
    assert state["clock"]["now"] == START.isoformat()


async def test_priya_speaks_presses_and_is_answered(site: Site) -> None:
    assert await site.post("/api/chats/priya/messages", {"text": "concern"}) == (200, {"ok": True})
    form = (await site.chat("priya"))[-1]
    data = {"seen": "Instructions get lost"}
    press = {"message": form["id"], "verb": "concern.check", "data": data}
    assert await site.post("/api/chats/priya/acts", press) == (200, {"kind": "card", "text": ""})
    receipt = (await site.chat("priya"))[-1]
    assert receipt["id"] == form["id"]
    assert "Instructions get lost" in json.dumps(receipt["card"])
    press["verb"] = "crash"
    assert (await site.post("/api/chats/priya/acts", press))[1]["text"] == "Something went wrong. Please try again."


async def test_the_clock_goes_to_the_next_reminder_and_its_message_is_dated_there(site: Site) -> None:
    coming = (await site.state())["clock"]["next"]
    assert coming["who"] == "Priya Nair"
    status, clock = await site.post("/api/clock", {"by": "next"})
    assert (status, clock["now"], clock["next"]) == (200, coming["at"], None)
    asked = (await site.chat("priya"))[-1]
    assert asked["summary"] == "A week has passed"
    assert asked["at"][:16] == coming["at"][:16]
    assert (await site.state())["people"][0]["unread"] == 1
    await site.post("/api/chats/priya/read")
    assert (await site.state())["people"][0]["unread"] == 0
    assert (await site.post("/api/clock", {"by": "year"}))[0] == 400


async def test_only_the_page_itself_may_post_and_only_loopback_names_are_answered(site: Site) -> None:
    body = {"text": "hi"}
    path = "/api/chats/priya/messages"
    assert (await site.post(path, body, Origin="https://example.org"))[0] == 403
    assert (await site.post(path, body, Origin=""))[0] == 403
    assert (await site.post(path, body, Host="practice.example.org"))[0] == 403
    async with site.session.post(
        f"{site.address}{path}", data=json.dumps(body), headers={"Origin": site.address, "Content-Type": "text/plain"}
    ) as answer:
        assert answer.status == 403
    assert len(await site.chat("priya")) == 1


async def test_every_answer_forbids_what_the_page_does_not_need(site: Site) -> None:
    for path in ("/", "/static/app.js", "/api/state", "/nowhere"):
        async with site.session.get(f"{site.address}{path}") as answer:
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
    async with site.session.get(f"{site.address}/static/../server.py") as answer:
        assert answer.status == 404


async def test_what_makes_no_sense_is_refused(site: Site) -> None:
    assert (await site.post("/api/chats/nobody/messages", {"text": "hi"}))[0] == 404
    assert (await site.post("/api/chats/dot/messages", {"text": "hi"}))[0] == 400
    assert (await site.post("/api/chats/priya/messages", {"text": "  "}))[0] == 400
    assert (await site.post("/api/chats/priya/acts", {"verb": "x", "data": []}))[0] == 400
    assert (await site.post("/api/chats/priya/messages", ["hi"]))[0] == 400
    assert (await site.post("/api/mail/unknown/read"))[0] == 404
    async with site.session.get(f"{site.address}/api/mail/unknown/attachments/0") as answer:
        assert answer.status == 404


async def test_a_bot_that_dies_is_started_again_and_knows_what_it_knew(site: Site, tmp_path: Path) -> None:
    await site.post("/api/clock", {"by": "day"})
    before = (await site.state())["clock"]["now"]
    async with site.session.get(f"{site.address}/api/events") as events:
        os.kill(bot_of(tmp_path / "p"), signal.SIGKILL)
        await site.until_bot_is("restarting", events)
        await site.until_bot_is("ready", events)
    assert (await site.state())["clock"]["now"] == before
    assert (await site.post("/api/chats/priya/messages", {"text": "hi"}))[1] == {"ok": True}


async def test_start_again_forgets_everything_and_carries_on(site: Site, tmp_path: Path) -> None:
    await site.post("/api/chats/priya/messages", {"text": "hi"})
    await site.post("/api/clock", {"by": "week"})
    assert await site.post("/api/restart") == (200, {})
    assert len(await site.chat("priya")) == 1
    assert (await site.state())["clock"]["now"] == START.isoformat()
    assert (tmp_path / "p" / "practice.json").exists()


async def test_a_second_start_carries_on_where_the_first_ended(tmp_path: Path) -> None:
    async with serving(tmp_path / "p") as address, aiohttp.ClientSession() as session:
        site = Site(address, session)
        await site.post("/api/chats/priya/messages", {"text": "hi"})
        await site.post("/api/clock", {"by": "day"})
        before, clock = await site.chat("priya"), (await site.state())["clock"]["now"]
    async with serving(tmp_path / "p") as address, aiohttp.ClientSession() as session:
        site = Site(address, session)
        assert await site.chat("priya") == before
        assert (await site.state())["clock"]["now"] == clock
        assert (await site.post("/api/chats/priya/messages", {"text": "hi"}))[1] == {"ok": True}


async def test_the_events_end_when_practice_ends(tmp_path: Path) -> None:
    async with aiohttp.ClientSession() as session:
        async with serving(tmp_path / "p") as address:
            events = await session.get(f"{address}/api/events")
        async with asyncio.timeout(2):
            assert b"retry" in await events.read()


async def test_a_bot_that_cannot_start_is_told_with_its_last_words(tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("import sys\nif sys.argv[1] == 'serve': sys.exit('MicrosoftAppId is missing.')\n")
    with pytest.raises(BotDoesNotStart, match="MicrosoftAppId is missing"):
        async with serving(tmp_path / "p", (sys.executable, str(broken))):
            pass


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("Years of work.")
    with pytest.raises(NotOurs, match="holds something else"):
        PracticeFolder(tmp_path).open()
    assert [f.name for f in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_folder_is_used_by_one_practice_at_a_time(tmp_path: Path) -> None:
    first, second = PracticeFolder(tmp_path / "p"), PracticeFolder(tmp_path / "p")
    identity = first.open()
    with pytest.raises(NotOurs, match="running already"):
        second.open()
    first.close()
    assert second.open() == identity
    second.close()


def test_the_command_says_what_is_wrong_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "thesis.txt").write_text("Years of work.")
    assert server.run(0, tmp_path, open_browser=False) == 1
    assert "Choose another folder with --data." in capsys.readouterr().out
    monkeypatch.setattr(server, "MODULES", tmp_path)
    assert server.run(0, tmp_path, open_browser=False) == 1
    assert "python tools/setup_web.py" in capsys.readouterr().out


async def test_mail_to_dot_is_shown_with_its_attachment(tmp_path: Path) -> None:
    folder = PracticeFolder(tmp_path / "p")
    folder.open()
    folder.close()
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "pathway@example.org", "d.ellery@fellview.example.org", "Noted"
    letter.add_attachment(b"BEGIN:VCALENDAR", maintype="text", subtype="calendar", filename="a b.ics")
    async with Mailbox(lambda: START, file=folder.mail) as box:
        await aiosmtplib.send(letter, hostname=box.host, port=box.port)
    async with serving(tmp_path / "p") as address, aiohttp.ClientSession() as session:
        site = Site(address, session)
        assert next(p["mail"] for p in (await site.state())["people"] if p["key"] == "dot") == 1
        (mail,) = (await site.get("/api/mail"))["mails"]
        async with session.get(f"{address}/api/mail/{mail['id']}/attachments/0") as answer:
            assert answer.headers["Content-Disposition"] == 'attachment; filename="a_b.ics"'
            assert (await answer.read()).startswith(b"BEGIN:VCALENDAR")
        await site.post(f"/api/mail/{mail['id']}/read")
        assert (await site.state())["mail"] == {"unread": 0}


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux tells a child that its parent died")
async def test_a_killed_practice_takes_its_bot_with_it(tmp_path: Path) -> None:
    story = (
        "import asyncio\n"
        "from pathlib import Path\n"
        "from tests.practice.house import serving\n"
        "async def main():\n"
        f"    async with serving(Path({str(tmp_path / 'p')!r})) as address:\n"
        "        print(address, flush=True)\n"
        "        await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    practice = await asyncio.create_subprocess_exec(sys.executable, "-c", story, stdout=asyncio.subprocess.PIPE)
    assert practice.stdout
    assert (await practice.stdout.readline()).startswith(b"http://127.0.0.1:")
    bot = os.pidfd_open(bot_of(tmp_path / "p"))
    gone = asyncio.Event()
    asyncio.get_running_loop().add_reader(bot, gone.set)
    practice.kill()
    await practice.wait()
    async with asyncio.timeout(10):
        await gone.wait()
    asyncio.get_running_loop().remove_reader(bot)
    os.close(bot)
    async with serving(tmp_path / "p") as address, aiohttp.ClientSession() as session:
        assert len(await Site(address, session).chat("priya")) == 1


def bot_of(data: Path) -> int:
    """The process id of the stand-in that serves *data*."""
    return int((data / "book" / "standin.pid").read_text())
