"""`GraphMeetings` beside a Microsoft Graph of ours over HTTP; all that is said is held to Graph's published contract."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from bot.calendars import GraphMeetings
from bot.calendars.graph import local_time, moment
from bot.graph_client import AT_ONCE, GraphClient
from bot.graph_door import GraphDoor
from bot.practice.calendars import Calendars, Mailbox
from bot.practice.graph import SCOPE, Exchange, Graph, GraphFault
from pathway.appointments import Appointment, Gathering
from pathway.dates import LONDON
from pathway.people import Person
from pathway.ports import Busy, CalendarLater, CalendarRefused
from tests.graph_contract import Contract

NOW = datetime(2026, 10, 13, 14, 30, tzinfo=UTC)
HELEN = Person("helen", "Dr Helen Marsh", "h.marsh@northdale.example.ac.uk", "object-helen")
TOM = Person("tom", "Tom Ashworth", "t.ashworth@northdale.example.ac.uk", "object-tom")
PRIYA = Person("priya", "Priya Nair", "p.nair@hollinbank.example.sch.uk")


@dataclass
class Wall:
    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at


class Tokens:
    """Those of Graph's own token page."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def token(self) -> str:
        form = {"grant_type": "client_credentials", "scope": SCOPE}
        async with self._session.post(self._url, data=form) as answer:
            return str((await answer.json())["access_token"])

    async def renewed(self, _refused: str) -> str:
        return await self.token()


@dataclass
class Tenant:
    graph: Graph
    meetings: GraphMeetings
    wall: Wall
    exchanges: list[Exchange] = field(default_factory=list)

    def books(self, number: int = 1, **changed: object) -> Appointment:
        made = Appointment(
            case=f"case-{number}",
            reference=f"K{number:03}",
            which=Gathering.MEETING,
            revision=1,
            starts=NOW + timedelta(days=1, minutes=30 * number),
            minutes=30,
            organiser=HELEN.id,
            invited=(PRIYA.id,),
            online=True,
        )
        return replace(made, **changed)  # type: ignore[arg-type]  # the fields of an appointment


@pytest.fixture
async def tenant() -> AsyncIterator[Tenant]:
    wall, contract = Wall(), Contract()
    boxes = [Mailbox(p.name, p.email, p.object_id) for p in (HELEN, TOM)]
    boxes += [Mailbox(f"Colleague {n}", f"c{n}@northdale.example.ac.uk", f"object-{n}") for n in range(30)]
    graph = Graph(Calendars(boxes, wall))
    app = web.Application()
    graph.add_to(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    root = f"http://127.0.0.1:{runner.addresses[0][1]}/graph"
    async with aiohttp.ClientSession() as session:
        door = GraphDoor(
            session,
            Tokens(session, f"{root}/token"),  # type: ignore[arg-type]  # as far as the door asks
            f"{root}/v1.0",
            aiohttp.ClientTimeout(total=5.0),
            wall=lambda: wall().timestamp(),
        )
        it = Tenant(graph, GraphMeetings(GraphClient(door), wall), wall)

        def watch(exchange: Exchange) -> None:
            contract(exchange)
            it.exchanges.append(exchange)

        graph.watch = watch
        yield it
    await runner.cleanup()
    assert contract.complaints == []
    assert all("onlineMeetings" not in x.path for x in it.exchanges)


# -- one entry each, whatever becomes of the answers -------------------------------------------------------------------


async def test_two_hundred_lost_answers_leave_two_hundred_meetings(tenant: Tenant) -> None:
    chance = Random(20261013)  # noqa: S311 - a dice, no secret
    faults = [
        GraphFault(lost=True, done=True),
        GraphFault(504, "GatewayTimeout", done=True),
        GraphFault(503, "ServiceUnavailable"),
        GraphFault(504, "GatewayTimeout"),
        GraphFault(429, "ApplicationThrottled", retry_after="7"),
        None,
    ]
    tenant.graph.rule = lambda _act, _mailbox: chance.choice(faults)
    wanted = [tenant.books(n) for n in range(200)]

    for one in wanted:
        for _ in range(40):
            try:
                entry = await tenant.meetings.book(one, HELEN, [PRIYA])
            except CalendarLater as no:
                tenant.wall.at += timedelta(seconds=no.after or 0)
                continue
            assert entry.starts == one.starts
            break

    standing = tenant.graph.calendars.standing()
    assert sorted(x.transaction for x in standing) == sorted(one.transaction for one in wanted)
    assert tenant.graph.calls["book"] > 300


async def test_asked_again_at_another_time_it_gives_back_what_stands_with_the_time_it_has(tenant: Tenant) -> None:
    first = await tenant.meetings.book(tenant.books(), HELEN, [PRIYA])

    again = await tenant.meetings.book(tenant.books(starts=NOW + timedelta(days=3)), HELEN, [PRIYA])

    assert (again.id, again.starts) == (first.id, first.starts)
    moved = await tenant.meetings.move(again.id, tenant.books(starts=NOW + timedelta(days=3)), HELEN)
    assert moved is not None
    assert (moved.id, moved.starts, moved.link) == (first.id, NOW + timedelta(days=3), first.link)


async def test_a_move_never_writes_the_body_since_the_join_link_hangs_on_it(tenant: Tenant) -> None:
    entry = await tenant.meetings.book(tenant.books(), HELEN, [PRIYA])

    await tenant.meetings.move(entry.id, tenant.books(starts=NOW + timedelta(days=2)), HELEN)

    patched = [json.loads(x.body) for x in tenant.exchanges if x.method == "PATCH"]
    assert [sorted(body) for body in patched] == [["end", "start"]]


async def test_what_was_perhaps_made_is_found_on_whatever_page_it_stands(tenant: Tenant) -> None:
    for number in range(230):
        mailbox = tenant.graph.calendars.mailbox(HELEN.email)
        assert mailbox is not None
        starts = NOW + timedelta(days=1, minutes=number)
        tenant.graph.calendars.make(mailbox, "Office hour", starts, starts + timedelta(minutes=30))
    wanted = tenant.books(300)
    entry = await tenant.meetings.book(wanted, HELEN, [PRIYA])

    found = await tenant.meetings.find(wanted, HELEN, NOW, NOW + timedelta(days=30))

    assert found is not None
    assert found.id == entry.id
    assert tenant.graph.calls["view"] == 3
    assert await tenant.meetings.find(tenant.books(301), HELEN, NOW, NOW + timedelta(days=30)) is None


# -- how much is asked at a time ---------------------------------------------------------------------------------------


async def test_never_more_than_four_requests_at_a_time_for_one_mailbox(tenant: Tenant) -> None:
    tenant.graph.hold = asyncio.Event()
    asking = [asyncio.create_task(tenant.meetings.book(tenant.books(n), HELEN, [PRIYA])) for n in range(12)]
    other = asyncio.create_task(tenant.meetings.book(tenant.books(50), TOM, [PRIYA]))
    async with tenant.graph.came, asyncio.timeout(5):
        await tenant.graph.came.wait_for(lambda: tenant.graph.calls["book"] == AT_ONCE + 1)

    tenant.graph.hold.set()
    await asyncio.gather(*asking, other)

    assert tenant.graph.most_in_flight[HELEN.email] == AT_ONCE
    assert len(tenant.graph.calendars.standing()) == 13


async def test_every_request_has_an_id_of_its_own(tenant: Tenant) -> None:
    for number in range(5):
        await tenant.meetings.book(tenant.books(number), HELEN, [PRIYA])
    assert len(set(tenant.graph.request_ids)) == 5
    assert all(len(x) == 36 for x in tenant.graph.request_ids)


async def test_told_to_wait_a_mailbox_is_left_alone_until_then(tenant: Tenant) -> None:
    tenant.graph.rule = lambda _act, _mailbox: GraphFault(429, retry_after="90")
    with pytest.raises(CalendarLater) as told:
        await tenant.meetings.book(tenant.books(), HELEN, [PRIYA])
    assert told.value.after == 90

    tenant.wall.at += timedelta(seconds=89)
    with pytest.raises(CalendarLater):
        await tenant.meetings.book(tenant.books(), HELEN, [PRIYA])
    assert tenant.graph.calls["book"] == 1

    tenant.graph.rule = lambda _act, _mailbox: None
    tenant.wall.at += timedelta(seconds=2)
    await tenant.meetings.book(tenant.books(), HELEN, [PRIYA])


async def test_a_mailbox_outside_the_group_is_refused_and_not_asked_for_hours(tenant: Tenant) -> None:
    tenant.graph.calendars.grants(HELEN.email, granted=False)
    assert await tenant.meetings.books_for(HELEN)
    with pytest.raises(CalendarRefused, match="ErrorAccessDenied"):
        await tenant.meetings.book(tenant.books(), HELEN, [PRIYA])

    assert not await tenant.meetings.books_for(HELEN)
    assert await tenant.meetings.books_for(TOM)
    tenant.wall.at += timedelta(hours=7)
    assert await tenant.meetings.books_for(HELEN)


# -- free and busy -----------------------------------------------------------------------------------------------------


async def test_who_cannot_be_read_is_not_known_and_never_free(tenant: Tenant) -> None:
    mailbox = tenant.graph.calendars.mailbox(HELEN.email)
    assert mailbox is not None
    lecture = NOW + timedelta(days=1)
    tenant.graph.calendars.make(mailbox, "Lecture", lecture, lecture + timedelta(hours=1))
    tenant.graph.calendars.grants(TOM.email, readable=False)

    told = await tenant.meetings.busy(HELEN, [HELEN, TOM, PRIYA], NOW, NOW + timedelta(days=5))

    assert told == {"helen": [Busy(lecture, lecture + timedelta(hours=1))], "tom": None, "priya": None}


async def test_many_are_asked_twenty_at_a_time(tenant: Tenant) -> None:
    people = [Person(f"c{n}", f"Colleague {n}", f"c{n}@northdale.example.ac.uk") for n in range(30)]

    told = await tenant.meetings.busy(HELEN, people, NOW, NOW + timedelta(days=5))

    assert set(told) == {p.id for p in people}
    assert all(times == [] for times in told.values())
    assert tenant.graph.calls["schedule"] == 2


async def test_while_graph_is_out_of_order_nobodys_times_are_known(tenant: Tenant) -> None:
    tenant.graph.rule = lambda _act, _mailbox: GraphFault(503)
    assert await tenant.meetings.busy(HELEN, [HELEN, PRIYA], NOW, NOW + timedelta(days=1)) == {
        "helen": None,
        "priya": None,
    }


# -- times -------------------------------------------------------------------------------------------------------------


@given(st.datetimes(datetime(2026, 1, 1), datetime(2031, 1, 1)))  # noqa: DTZ001 - made aware below
def test_every_minute_of_five_years_comes_back_as_it_went(there: datetime) -> None:
    at = there.replace(second=0, microsecond=0, tzinfo=UTC)
    told = local_time(at)
    assert moment(told) == at
    assert not told["dateTime"].endswith("Z")


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("2026-03-29 00:59", ("2026-03-29T00:59:00", "GMT Standard Time")),
        ("2026-03-29 01:00", ("2026-03-29T02:00:00", "GMT Standard Time")),
        ("2026-10-25 00:30", ("2026-10-25T01:30:00", "GMT Standard Time")),
        ("2026-10-25 01:30", ("2026-10-25T01:30:00", "UTC")),
        ("2026-10-25 02:00", ("2026-10-25T02:00:00", "GMT Standard Time")),
    ],
)
def test_both_changes_of_the_clock(at: str, told: tuple[str, str]) -> None:
    aware = datetime.fromisoformat(at).replace(tzinfo=UTC)
    found = local_time(aware)
    assert (found["dateTime"], found["timeZone"]) == told
    assert moment(found) == aware


async def test_what_stands_in_the_calendar_stands_at_the_wall_time_that_was_meant(tenant: Tenant) -> None:
    """A quarter to four is a quarter to four, the week before the clocks change and the week after."""
    for number, day in enumerate(("2026-10-23", "2026-10-26"), start=1):
        meant = datetime.fromisoformat(f"{day} 15:45").replace(tzinfo=LONDON)
        await tenant.meetings.book(tenant.books(number, starts=meant), HELEN, [PRIYA])
    standing = tenant.graph.calendars.standing()
    assert [x.starts.astimezone(LONDON).strftime("%H:%M") for x in standing] == ["15:45", "15:45"]
    assert [x.starts.astimezone(UTC).hour for x in standing] == [14, 15]
