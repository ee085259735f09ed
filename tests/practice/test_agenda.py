"""The calendars beside the chats: what the bot books stands there, and people change it as in Outlook."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.practice.house import serving
from tests.practice.test_server import Site

HELEN, PRIYA, TOM = (
    "h.marsh@northdale.example.ac.uk",
    "p.nair@hollinbank.example.org",
    "t.ashworth@students.northdale.example.ac.uk",
)
#: The week in which the meeting of these stories is, and its neighbour.
WEEK, BEFORE = "2026-10-19", "2026-10-12"


class Calendars(Site):
    """The page's way to the calendars, and the bot's."""

    async def as_the_bot(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        form = {"grant_type": "client_credentials", "scope": "https://graph.microsoft.com/.default"}
        async with self.session.post(f"{self.address}/graph/token", data=form) as answer:
            token = (await answer.json())["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{self.address}/graph/v1.0/users/{path}"
        async with self.session.request(method, url, json=body, headers=headers) as answer:
            return answer.status, await answer.json()

    async def books(self, *invited: str) -> str:
        """A meeting of Helen's on Monday 19 October, 3:45pm. Its id."""
        body = {
            "subject": "Placement catch-up (ref ABCD)",
            "start": {"dateTime": "2026-10-19T15:45:00", "timeZone": "GMT Standard Time"},
            "end": {"dateTime": "2026-10-19T16:15:00", "timeZone": "GMT Standard Time"},
            "attendees": [{"emailAddress": {"address": a, "name": a.partition("@")[0]}} for a in invited],
            "isOnlineMeeting": True,
            "transactionId": "one",
        }
        status, made = await self.as_the_bot("POST", f"{HELEN}/events", body)
        assert status == 201
        return str(made["id"])

    async def reads(self, entry: str) -> tuple[int, Any]:
        return await self.as_the_bot("GET", f"{HELEN}/events/{entry}")

    async def week(self, key: str, week: str = WEEK) -> dict[str, list[Any]]:
        """The entries of a week by day."""
        shown = await self.get(f"/api/calendar/{key}?week={week}")
        return {day["on"]: day["entries"] for day in shown["days"]}

    async def meetings(self, key: str, week: str = WEEK) -> list[Any]:
        return [x for entries in (await self.week(key, week)).values() for x in entries if x["invited"]]

    async def letters(self) -> list[Any]:
        return list((await self.get("/api/mail"))["mails"])


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Calendars]:
    async with serving(tmp_path / "p", graph=True) as address, aiohttp.ClientSession() as session:
        yield Calendars(address, session)


async def test_tutors_have_their_weekly_lectures_and_nobody_knows_a_schools_calendar(site: Calendars) -> None:
    assert (await site.state())["calendars"] is True
    shown = await site.week("helen", BEFORE)
    assert [x["title"] for x in shown["2026-10-14"]] == ["Course team"]
    assert shown["2026-10-14"][0]["starts"] == "2026-10-14T14:00:00+00:00"
    body = {
        "schedules": [HELEN, PRIYA],
        "startTime": {"dateTime": "2026-10-14T00:00:00", "timeZone": "UTC"},
        "endTime": {"dateTime": "2026-10-15T00:00:00", "timeZone": "UTC"},
    }
    _, found = await site.as_the_bot("POST", f"{HELEN}/calendar/getSchedule", body)
    helen, priya = found["value"]
    assert [x["start"]["dateTime"][:16] for x in helen["scheduleItems"]] == ["2026-10-14T14:00"]
    assert priya["error"]["responseCode"] == "ErrorMailRecipientNotFound"


async def test_a_week_in_winter_keeps_the_hours_of_the_wall(site: Calendars) -> None:
    (course_team,) = (await site.week("helen", "2026-11-25"))["2026-11-25"]
    assert course_team["starts"] == "2026-11-25T15:00:00+00:00"


async def test_what_the_bot_books_stands_in_the_week_of_whoever_is_invited(site: Calendars) -> None:
    await site.books(PRIYA, TOM)
    for key, mine in (("helen", True), ("priya", False), ("tom", False)):
        (entry,) = (x for x in (await site.week(key))["2026-10-19"] if x["invited"])
        assert (entry["title"], entry["starts"]) == ("Placement catch-up (ref ABCD)", "2026-10-19T14:45:00+00:00")
        assert entry["link"].startswith("https://teams.microsoft.com/l/meetup-join/")
        assert (entry["mine"], entry["organiser"]) == (mine, "Dr Helen Marsh")
    assert await site.meetings("lucy") == []
    assert (await site.get("/api/calendar/helen"))["nextOn"] == "2026-10-19"


async def test_people_outside_get_it_by_e_mail_and_people_inside_do_not(site: Calendars) -> None:
    entry = await site.books(PRIYA, TOM)
    await site.post("/api/calendar/helen/move", {"entry": entry, "on": "2026-10-20", "at": "16:00"})
    await site.post("/api/calendar/helen/delete", {"entry": entry})
    letters = await site.letters()
    assert [(x["to"], x["subject"].partition(":")[0]) for x in letters] == [
        (PRIYA, "Placement catch-up (ref ABCD)"),
        (PRIYA, "Updated"),
        (PRIYA, "Cancelled"),
    ]
    assert "Monday 19 October 2026, 3:45pm to 4:15pm" in letters[0]["text"]
    assert "Tuesday 20 October 2026, 4pm to 4:30pm" in letters[1]["text"]
    assert "Join" not in letters[2]["text"]
    async with site.session.get(f"{site.address}/api/mail/{letters[2]['id']}/attachments/0") as answer:
        assert b"METHOD:CANCEL" in await answer.read()


async def test_moved_in_outlook_the_bot_reads_the_new_time_and_everybody_is_asked_anew(site: Calendars) -> None:
    entry = await site.books(PRIYA)
    await site.post("/api/calendar/priya/answer", {"entry": entry, "response": "accepted"})
    body = {"entry": entry, "on": "2026-10-28", "at": "15:45"}
    assert await site.post("/api/calendar/helen/move", body) == (200, {})
    (moved,) = await site.meetings("helen", "2026-10-28")
    assert moved["starts"] == "2026-10-28T15:45:00+00:00"
    assert moved["invited"] == [{"name": "p.nair", "answer": "none"}]
    _, read = await site.reads(entry)
    assert read["start"]["dateTime"].startswith("2026-10-28T15:45")


async def test_put_back_where_it_was_nobody_is_asked_anew(site: Calendars) -> None:
    entry = await site.books(PRIYA)
    await site.post("/api/calendar/helen/move", {"entry": entry, "on": "2026-10-19", "at": "15:45"})
    assert len(await site.letters()) == 1


async def test_deleted_in_outlook_it_stands_nowhere(site: Calendars) -> None:
    entry = await site.books(PRIYA)
    assert await site.post("/api/calendar/helen/delete", {"entry": entry}) == (200, {})
    assert await site.meetings("helen") == await site.meetings("priya") == []
    assert (await site.reads(entry))[0] == 404


async def test_a_no_takes_it_out_of_ones_own_calendar_and_the_organiser_sees_it(site: Calendars) -> None:
    entry = await site.books(PRIYA, TOM)
    for key, response in (("priya", "declined"), ("tom", "tentativelyAccepted")):
        await site.post(f"/api/calendar/{key}/answer", {"entry": entry, "response": response})
    assert await site.meetings("priya") == []
    assert [x["answer"] for x in await site.meetings("tom")] == ["tentativelyAccepted"]
    (seen,) = await site.meetings("helen")
    assert [x["answer"] for x in seen["invited"]] == ["declined", "tentativelyAccepted"]


async def test_only_who_made_it_may_change_it_and_only_who_is_invited_may_answer(site: Calendars) -> None:
    entry = await site.books(PRIYA)
    when = {"entry": entry, "on": "2026-10-20", "at": "16:00"}
    assert (await site.post("/api/calendar/priya/move", when))[0] == 403
    assert (await site.post("/api/calendar/priya/delete", {"entry": entry}))[0] == 403
    assert (await site.post("/api/calendar/martin/delete", {"entry": entry}))[0] == 404
    assert (await site.post("/api/calendar/helen/answer", {"entry": entry, "response": "declined"}))[0] == 400
    assert (await site.post("/api/calendar/priya/answer", {"entry": entry, "response": "busy"}))[0] == 400
    assert (await site.post("/api/calendar/nobody/delete", {"entry": entry}))[0] == 404
    assert len(await site.meetings("helen")) == 1


async def test_what_is_no_day_and_time_is_said_in_a_sentence(site: Calendars) -> None:
    entry = await site.books(PRIYA)
    for on, at in (("soon", "16:00"), ("2026-10-20", ""), ("2026-10-20", "16:00+02:00"), (None, None)):
        status, said = await site.post("/api/calendar/helen/move", {"entry": entry, "on": on, "at": at})
        assert (status, said) == (400, {"error": "Please give a day and a time."})
    async with site.session.get(f"{site.address}/api/calendar/helen?week=soon") as answer:
        assert answer.status == 400


async def test_only_the_page_itself_may_change_a_calendar(site: Calendars) -> None:
    entry = await site.books(PRIYA)
    for headers in ({"Origin": "https://example.org"}, {"Origin": ""}, {"Host": "practice.example.org"}):
        assert (await site.post("/api/calendar/helen/delete", {"entry": entry}, **headers))[0] == 403
    assert len(await site.meetings("helen")) == 1


async def test_the_page_hears_of_every_change(site: Calendars) -> None:
    async with site.session.get(f"{site.address}/api/events") as events:
        assert b"retry" in await events.content.readline()
        await site.books(TOM)
        async for line in events.content:
            if line.startswith(b"data: "):
                assert json.loads(line[6:]) == {"kind": "calendar"}
                break


async def test_calendars_are_there_after_a_restart_and_forgotten_by_start_again(tmp_path: Path) -> None:
    async with serving(tmp_path / "p", graph=True) as address, aiohttp.ClientSession() as session:
        site = Calendars(address, session)
        entry = await site.books(PRIYA)
        await site.post("/api/calendar/priya/answer", {"entry": entry, "response": "accepted"})
        before = await site.week("helen")
        assert (tmp_path / "p" / "calendars.json").stat().st_mode & 0o777 == 0o600
    async with serving(tmp_path / "p", graph=True) as address, aiohttp.ClientSession() as session:
        site = Calendars(address, session)
        assert await site.week("helen") == before
        assert (await site.reads(entry))[0] == 200
        assert await site.post("/api/restart") == (200, {})
        assert await site.meetings("helen") == []
        assert [x["title"] for x in (await site.week("helen"))["2026-10-21"]] == ["Course team"]
        assert (await site.reads(entry))[0] == 404


async def test_plain_practice_has_no_calendars_and_no_graph(tmp_path: Path) -> None:
    async with serving(tmp_path / "p") as address, aiohttp.ClientSession() as session:
        assert (await Site(address, session).state())["calendars"] is False
        for path in ("/api/calendar/helen", "/graph/token", f"/graph/v1.0/users/{HELEN}/calendarView"):
            async with session.get(f"{address}{path}") as answer:
                assert answer.status == 404
