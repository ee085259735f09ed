"""The people of the bench: mentors with a student each, all met before, so that nobody's first contact is measured."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from bot.practice.activities import Place
from bot.practice.people import PracticePerson
from pathway.address import Address
from pathway.people import Person, Placement, Reach
from storage.atomic import write_documents
from storage.codec import encode
from tests.keys import open_stores

APP_ID = "6f1d3b5e-0d8a-4c53-9b8e-1f0e7f4a2c11"
TENANT = "0b2f6c0e-7a51-4f0c-8f43-5d7b3a9e1c22"
PASSWORD = "only for the bench"  # noqa: S105 - of a made-up registration
SERVICE = "https://smba.trafficmanager.net/uk/"
STARTS = datetime(2026, 10, 6, 18, tzinfo=UTC)
"""A school Tuesday of the made-up provider, inside everybody's hours."""

MENTORS = 1200
"""Enough for thirty turns each at once, which is what one person may have, and one case each."""

STUDENTS = 50_000
"""Mentors are numbered from 0; the student of mentor n is number STUDENTS + n."""

PLACE = Place(
    app_id=APP_ID,
    tenant_id=TENANT,
    service_url=SERVICE,
    bot_name="Bot",
    team_id="19:team@thread.tacv2",
    team_name="Team",
    channel_id="19:channel@thread.tacv2",
    channel_name="Channel",
)
FORM = {
    "on": "2026-10-06",
    "seen": "In maths on Monday half the class had not started after ten minutes.",
    "going_well": "Warm with pupils, plans carefully.",
    "target": "Wait for silence before every instruction.",
    "measure": "Four of five lessons start in silence.",
    "help": "extra_meeting,co_teaching",
    "areas": "TS7",
    "check_on": "2026-10-13",
}
KINDS = ("echo", "fresh", "cases", "check", "send", "look")
"""A message, the same under a token of its own, "my cases", the concern's form, the press that raises it, and a press
that shows "my cases"."""

INSTALL = "install"
"""The kind of a press of the office on "Install Pathway for" the Link Tutor, who has never opened it."""

TUTOR = "T"

_TURN = "0123456789012"
"""Where the number of a turn stands in what is prepared: an id of thirteen figures, as Teams' are."""


@functools.cache
def person(number: int) -> PracticePerson:
    """As Teams knows them."""
    email = f"p{number:05d}@school.example.org"
    object_id = f"00000000-0000-4000-8000-{number:012d}"
    return PracticePerson(f"p{number}", f"Person {number}", email, object_id, email, "Mentor")


OFFICE = tuple(
    PracticePerson(f"office{n}", name, email, f"00000000-0000-4000-9000-{n:012d}", email, "Office")
    for n, (name, email) in enumerate(
        (("Sam", "s.whitfield@northdale.example.ac.uk"), ("Ruth", "r.adeyemi@northdale.example.ac.uk"))
    )
)
"""The Partnership Team of the made-up provider."""


@functools.cache
def prepared(kind: str, number: int) -> tuple[bytes, bytes]:
    """An activity of mentor *number* as JSON, before and after the id. *kind* is one of KINDS; or INSTALL, and then
    it is colleague *number* of the office.
    """
    data = {"kind": "start", "nonce": f"nonce-{number:05d}", "placement": f"P{number}"}
    activity: Mapping[str, Any]
    match kind:
        case "echo" | "fresh":
            activity = PLACE.personal(person(number), "message", _TURN, STARTS, text="help", textFormat="plain")
        case "cases":
            activity = PLACE.personal(person(number), "message", _TURN, STARTS, text="my cases", textFormat="plain")
        case "check":
            activity = _press(person(number), "concern.check", data | FORM)
        case "send":
            activity = _press(person(number), "concern.send", data)
        case "look":
            activity = _press(person(number), "cases.mine", {})
        case "install":
            activity = _press(OFFICE[number], "reach.install", {"person": TUTOR})
        case _:
            raise ValueError(kind)
    before, _, after = json.dumps(activity).encode().partition(_TURN.encode())
    return before, after


def _press(who: PracticePerson, verb: str, data: Mapping[str, str]) -> Mapping[str, Any]:
    value = {"action": {"type": "Action.Execute", "verb": verb, "data": data}, "trigger": "manual"}
    return PLACE.personal(
        who, "invoke", _TURN, STARTS, name="adaptiveCard/action", value=value, replyToId=f"17{who.object_id[-11:]}"
    )


def body(kind: str, turn: int, mentors: int = MENTORS) -> bytes:
    """The activity of turn number *turn*; the mentors, or the colleagues of the office, take turns."""
    before, after = prepared(kind, turn % (len(OFFICE) if kind == INSTALL else mentors))
    return before + b"%013d" % ((1 + (*KINDS, INSTALL).index(kind)) * 10**12 + turn) + after


async def fill(folder: Path, mentors: int = MENTORS) -> None:
    """A store in *folder* with everybody on the list, known by their object id and with an address."""
    stores = open_stores(f"tinydb://{folder}")
    await stores.open()
    tutor = Person(TUTOR, "Helen Marsh", "tutor@university.example.org")
    office = [Person(p.key, p.name, p.email, p.object_id, Reach.TEAMS) for p in OFFICE]
    numbers = [n + first for first in (0, STUDENTS) for n in range(mentors)]
    await stores.roster.load([tutor, *office, *map(_listed, numbers)], [_placement(n) for n in range(mentors)])
    await stores.close()
    addresses = [{"person": f"P{n}", "address": encode(_address(person(n)))} for n in numbers]
    addresses += [{"person": p.key, "address": encode(_address(p))} for p in OFFICE]
    write_documents(folder / "addresses.json", {"addresses": addresses, "notes": []})


def _listed(number: int) -> Person:
    who = person(number)
    return Person(f"P{number}", who.name, who.email, who.object_id, Reach.TEAMS)


def _address(who: PracticePerson) -> Address:
    return Address(SERVICE, who.conversation_id, PLACE.bot_id, TENANT, who.teams_id)


def _placement(number: int) -> Placement:
    return Placement(
        id=f"P{number}",
        student=f"P{STUDENTS + number}",
        mentor=f"P{number}",
        course="PGCE Primary",
        phase="Phase 1",
        school="A school",
        school_address="",
        calendar="A",
        start=date(2026, 9, 14),
        end=date(2027, 2, 5),
        link_tutor=TUTOR,
    )
