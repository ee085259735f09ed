"""The stand-in for Microsoft Graph: what it keeps, what it refuses, and that it speaks as the contract says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.practice.calendars import Calendars, Mailbox
from bot.practice.graph import SCOPE, Graph, GraphFault
from tests.graph_contract import CONTRACT, Contract

HELEN = Mailbox("Dr Helen Marsh", "h.marsh@northdale.example.ac.uk", "11111111-2222-4333-8444-555555555555")
SAM = Mailbox("Sam Whitfield", "s.whitfield@northdale.example.ac.uk", "11111111-2222-4333-8444-666666666666")
MENTOR = "p.nair@hollinbank.example.org"
NOW = datetime(2026, 10, 6, 8, 0, tzinfo=UTC)
LONDON = {"Prefer": 'outlook.timezone="GMT Standard Time"'}


class Caller:
    """Asks the stand-in as the bot does, with a token of its own."""

    def __init__(self, graph: Graph, session: aiohttp.ClientSession, url: str) -> None:
        self.graph, self.session, self.url, self.token = graph, session, url, ""

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        if not self.token:
            form = {"grant_type": "client_credentials", "client_id": "a", "client_secret": "b", "scope": SCOPE}
            async with self.session.post(f"{self.url}/token", data=form) as answer:
                self.token = (await answer.json())["access_token"]
        auth = {"Authorization": f"Bearer {self.token}", **LONDON, **headers}
        address = f"{self.url}/v1.0/users/{HELEN.object_id}{path}"
        async with self.session.request(method, address, json=body, headers=auth) as answer:
            text = await answer.text()
            return answer.status, (await answer.json()) if text else None

    async def books(self, transaction: str = "one", day: str = "2026-10-19", **more: Any) -> Any:
        return await self.ask("POST", "/events", event(transaction, day, **more))


def event(transaction: str, day: str, **more: Any) -> dict[str, Any]:
    return {
        "subject": "Placement catch-up (ref AC34)",
        "start": {"dateTime": f"{day}T15:45:00", "timeZone": "GMT Standard Time"},
        "end": {"dateTime": f"{day}T16:15:00", "timeZone": "GMT Standard Time"},
        "isOnlineMeeting": True,
        "onlineMeetingProvider": "teamsForBusiness",
        "transactionId": transaction,
        "attendees": [{"emailAddress": {"address": MENTOR, "name": "Priya Nair"}, "type": "required"}],
        **more,
    }


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    """Everything that it was asked and answered kept to the contract."""
    graph, contract, app = Graph(Calendars([HELEN, SAM], lambda: NOW)), Contract(), web.Application()
    graph.watch = contract
    graph.add_to(app)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    async with aiohttp.ClientSession() as session:
        yield Caller(graph, session, f"http://{host}:{port}/graph")
    await runner.cleanup()
    assert contract.complaints == []


async def test_an_online_event_has_a_link_to_join_and_stands_at_its_london_time(caller: Caller) -> None:
    status, made = await caller.books()
    assert status == 201
    assert made["onlineMeeting"]["joinUrl"].startswith("https://teams.microsoft.com/l/meetup-join/")
    assert made["start"] == {"dateTime": "2026-10-19T15:45:00.0000000", "timeZone": "GMT Standard Time"}
    (entry,) = caller.graph.calendars.of(HELEN.email)
    assert entry.starts == datetime(2026, 10, 19, 14, 45, tzinfo=UTC)


async def test_without_a_zone_asked_for_times_come_in_utc(caller: Caller) -> None:
    _, made = await caller.ask("POST", "/events", event("one", "2026-10-19"), Prefer="")
    assert made["start"] == {"dateTime": "2026-10-19T14:45:00.0000000", "timeZone": "UTC"}


async def test_the_same_transaction_gives_the_first_event_again(caller: Caller) -> None:
    _, first = await caller.books("one")
    status, again = await caller.books("one", "2026-10-20")
    _, other = await caller.books("two")
    assert (status, again["id"], again["start"]) == (201, first["id"], first["start"])
    assert other["id"] != first["id"]


async def test_people_outside_the_tenant_are_written_to(caller: Caller) -> None:
    _, made = await caller.books()
    await caller.ask("POST", f"/events/{made['id']}/cancel", {"comment": "Another day."})
    assert [x.what for x in caller.graph.calendars.letters_to(MENTOR)] == ["invited", "cancelled"]
    assert (await caller.ask("GET", f"/events/{made['id']}"))[0] == 404


async def test_the_body_of_an_online_event_is_never_written_anew(caller: Caller) -> None:
    _, made = await caller.books()
    body = {"body": {"contentType": "text", "content": "Another text."}}
    assert (await caller.ask("PATCH", f"/events/{made['id']}", body))[0] == 400


async def test_a_move_asks_everybody_anew(caller: Caller) -> None:
    _, made = await caller.books()
    caller.graph.calendars.declines(made["id"], MENTOR)
    when = {"dateTime": "2026-10-20T15:45:00", "timeZone": "GMT Standard Time"}
    _, moved = await caller.ask("PATCH", f"/events/{made['id']}", {"start": when})
    assert moved["attendees"][0]["status"]["response"] == "none"
    assert moved["end"]["dateTime"].startswith("2026-10-20T16:15")


async def test_free_and_busy_is_told_for_those_who_can_be_read_and_never_guessed(caller: Caller) -> None:
    caller.graph.calendars.is_busy(SAM.email, NOW + timedelta(hours=1), NOW + timedelta(hours=2))
    window = {
        "startTime": {"dateTime": "2026-10-06T08:00:00", "timeZone": "GMT Standard Time"},
        "endTime": {"dateTime": "2026-10-06T18:00:00", "timeZone": "GMT Standard Time"},
    }
    _, told = await caller.ask("POST", "/calendar/getSchedule", {"schedules": [SAM.email, MENTOR], **window})
    sam, mentor = told["value"]
    assert [i["start"]["dateTime"] for i in sam["scheduleItems"]] == ["2026-10-06T10:00:00.0000000"]
    assert mentor["error"]["responseCode"] == "ErrorMailRecipientNotFound"
    many = {"schedules": [f"{n}@example.org" for n in range(21)], **window}
    assert (await caller.ask("POST", "/calendar/getSchedule", many))[0] == 400


async def test_the_calendar_of_a_day_comes_in_pages_of_ten(caller: Caller) -> None:
    for n in range(12):
        await caller.books(f"number {n}")
    days = "startDateTime=2026-10-19T00:00:00Z&endDateTime=2026-10-20T00:00:00Z"
    _, first = await caller.ask("GET", f"/calendarView?{days}&$select=id,transactionId")
    assert len(first["value"]) == 10
    assert "@odata.nextLink" in first
    assert set(first["value"][0]) == {"id", "transactionId"}


async def test_mailboxes_that_are_not_granted_or_not_there_are_refused(caller: Caller) -> None:
    caller.graph.calendars.grants(HELEN.email, granted=False)
    assert (await caller.books())[0] == 403
    caller.graph.calendars.mailboxes.remove(caller.graph.calendars.mailbox(HELEN.email) or HELEN)
    assert (await caller.books())[0] == 404


async def test_a_token_that_was_taken_back_gets_401(caller: Caller) -> None:
    await caller.books()
    caller.graph.forget_tokens()
    assert (await caller.books())[0] == 401


async def test_the_fifth_request_at_a_time_for_one_mailbox_gets_429(caller: Caller) -> None:
    await caller.books("first")
    caller.graph.hold = asyncio.Event()
    asked = [asyncio.create_task(caller.books(f"number {n}")) for n in range(5)]
    async with caller.graph.came:
        await caller.graph.came.wait_for(lambda: caller.graph.in_flight[HELEN.email] == 5)
    caller.graph.hold.set()
    assert sorted(status for status, _ in await asyncio.gather(*asked)) == [201, 201, 201, 201, 429]


async def test_a_fault_can_come_before_or_after_the_work_or_instead_of_an_answer(caller: Caller) -> None:
    faults = iter([GraphFault(503), GraphFault(504, done=True), GraphFault(lost=True, done=True), None])
    caller.graph.rule = lambda _act, _mailbox: next(faults)
    assert (await caller.books("one"))[0] == 503
    assert caller.graph.calendars.standing() == ()
    assert (await caller.books("one"))[0] == 504
    with pytest.raises(aiohttp.ClientError):
        await caller.books("two")
    assert (await caller.books("two"))[0] == 201
    assert [x.transaction for x in caller.graph.calendars.standing()] == ["one", "two"]


async def test_mail_is_kept_as_it_was_sent(caller: Caller) -> None:
    to = [{"emailAddress": {"address": MENTOR}}]
    message = {"subject": "Placement case AC34", "body": {"contentType": "text", "content": "."}, "toRecipients": to}
    assert (await caller.ask("POST", "/sendMail", {"message": message, "saveToSentItems": False}))[0] == 202
    assert caller.graph.mails[0].message["subject"] == "Placement case AC34"


@pytest.mark.skipif(not CONTRACT.is_file(), reason="The outside contracts are not beside this clone.")
async def test_a_word_that_the_contract_does_not_know_is_complained_of(caller: Caller) -> None:
    seen = Contract()
    caller.graph.watch = seen
    await caller.books("one", titel="a slip of the pen")
    assert len(seen.complaints) == 1
    assert "titel" in seen.complaints[0]
