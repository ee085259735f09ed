"""`reach`: who has never opened Pathway or is out of reach, for the Partnership Team, with an invitation each."""

from __future__ import annotations

from collections.abc import Sequence

from cards import reach as cards
from cards.home import not_found
from dialogs.delivery import is_office, office_only
from dialogs.router import Steps
from dialogs.turn import Reply, Turn
from pathway.people import Person, Placement
from pathway.ports import Installed
from pathway.provider import starting
from pathway.roles import Role

steps = Steps()
SUMMARY = "Placements: who can be reached"
#: Beside the addresses: who had the bot installed for somebody, until they are welcomed.
ADDED_BY = "added-by:"

#: In which order somebody's parts on placements are named.
PARTS = (
    (Role.STUDENT, "student"),
    (Role.MENTOR, "mentor"),
    (Role.MENTOR, "second_mentor"),
    (Role.LINK_TUTOR, "link_tutor"),
    (Role.LEVEL_LEAD, "level_lead"),
    (Role.PERSONAL_TUTOR, "personal_tutor"),
    (Role.COURSE_DIRECTOR, "course_director"),
)


@steps.on("reach.list")
async def listed(turn: Turn) -> Reply:
    return await _list(turn) if await is_office(turn) else office_only(turn)


async def _list(turn: Turn, news: str = "") -> Reply:
    missing, everybody = await _missing(turn)
    sent = turn.get("start")
    start = int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 6 and int(sent) < len(missing) else 0
    page = missing[start : start + cards.PAGE]
    return Reply(cards.reach_list(page, start, len(missing), everybody, turn.today, news), SUMMARY)


async def _missing(turn: Turn) -> tuple[Sequence[cards.Missing], int]:
    """Of everybody on a placement that is not over, and of the office: who cannot be reached in Teams, those first
    whom nothing reaches, then by name; and how many there are in all.
    """
    parts: dict[str, dict[str, None]] = {}
    for placement in await turn.casework.roster.placements():
        if placement.end >= turn.today:
            _note_parts(turn, placement, parts)
    office = await turn.casework.office()
    for role, holders in ((Role.PARTNERSHIP_TEAM, office.team), (Role.PARTNERSHIP_LEAD, office.leads)):
        for person in holders:
            parts.setdefault(person, {})[starting(turn.provider.role(role))] = None
    people = await turn.casework.roster.people()
    found = [
        cards.Missing(people[who], "; ".join(what))
        for who, what in parts.items()
        if who in people and not await _is_there(turn, people[who])
    ]
    return sorted(found, key=_pressing), len(parts)


async def _is_there(turn: Turn, person: Person) -> bool:
    addresses = turn.office.addresses
    met = bool(person.object_id) if addresses is None else await addresses.address(person.id) is not None
    return met and person.out_of_reach is None


def _note_parts(turn: Turn, placement: Placement, parts: dict[str, dict[str, None]]) -> None:
    for role, field in PARTS:
        who = getattr(placement, field)
        if who:
            where = f", {placement.school}" if role in (Role.STUDENT, Role.MENTOR) else ""
            parts.setdefault(who, {})[f"{starting(turn.provider.role(role))}{where}"] = None


def _pressing(missing: cards.Missing) -> tuple[bool, bool, str]:
    lost = missing.person.out_of_reach
    return (lost is None or lost.by_mail, lost is None, missing.person.name)


async def _invited(turn: Turn) -> Person | None:
    """Whoever the card names, if they are on the list; nobody else's name is given away."""
    missing, _ = await _missing(turn)
    return next((one.person for one in missing if one.person.id == turn.get("person")), None)


@steps.on("reach.invite")
async def invite(turn: Turn) -> Reply:
    if not await is_office(turn):
        return office_only(turn)
    person = await _invited(turn)
    return _invitation(turn, person) if person else await _list(turn, "They can be reached now.")


def _invitation(turn: Turn, person: Person, news: str = "") -> Reply:
    office = turn.office
    words = cards.invitation_words(person, turn.provider, turn.person.name, office.bot_link)
    drawn = cards.invitation(
        person, words, can_install=office.installing is not None, news=news, app_link=office.app_link
    )
    return Reply(drawn, SUMMARY)


@steps.on("reach.install")
async def install(turn: Turn) -> Reply:
    """Through the directory, where the university's IT has granted it; else the invitation is what there is."""
    if not await is_office(turn):
        return office_only(turn)
    person, office = await _invited(turn), turn.office
    if person is None or office.installing is None:
        return Reply(not_found(), SUMMARY) if person else await _list(turn, "They can be reached now.")
    if office.addresses is not None:
        await office.addresses.keep_note(ADDED_BY + person.id, turn.person.name)
    how = await office.installing.install(person)
    if how is not Installed.DONE and office.addresses is not None:
        await office.addresses.keep_note(ADDED_BY + person.id, "")
    return _invitation(turn, person, cards.installed(person, how))
