"""`reach`: who has never opened Pathway or is out of reach, for the Partnership Team, with an invitation each."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

from cards import reach as cards
from cards.home import not_found
from dialogs.delivery import is_office, office_only
from dialogs.router import Steps
from dialogs.turn import Reply, Turn
from pathway.people import MAIL_REFUSED, NEVER_OPENED, Person, Placement
from pathway.ports import Installed, Installing
from pathway.provider import starting
from pathway.roles import Role

steps = Steps()
SUMMARY = "Placements: who can be reached"
#: Beside the addresses: who had the bot installed for somebody, until they are welcomed.
ADDED_BY = "added-by:"
#: So many installations are under way at the same time, and after so many in a row without an answer it is given up.
AT_ONCE, GIVES_UP_AFTER = 4, 5

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
    new = len(_never_opened(missing)) if turn.office.installing is not None else 0
    drawn = cards.reach_list(page, start, len(missing), everybody, turn.today, news, can_install=new)
    return Reply(drawn, SUMMARY)


def _never_opened(missing: Sequence[cards.Missing]) -> list[Person]:
    """For whom the office may have Pathway installed without asking: not for who removed it or blocked it."""
    return [
        one.person
        for one in missing
        if one.person.out_of_reach is None or one.person.out_of_reach.reason in (NEVER_OPENED, MAIL_REFUSED)
    ]


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
    return _invitation(turn, person, cards.installed(person, await _install_for(turn, person, office.installing)))


async def _install_for(turn: Turn, person: Person, installing: Installing) -> Installed:
    """Who had it installed is kept before, since the welcome may come at once."""
    addresses = turn.office.addresses
    if addresses is not None:
        await addresses.keep_note(ADDED_BY + person.id, turn.person.name)
    how = await installing.install(person)
    if how is not Installed.DONE and addresses is not None:
        await addresses.keep_note(ADDED_BY + person.id, "")
    return how


@steps.on("reach.install_all")
async def install_all(turn: Turn) -> Reply:
    """For everybody who has never opened it. It may take minutes: the press is answered before, and its card is edited
    when it is done. What was not done is done by the next press.
    """
    if not await is_office(turn):
        return office_only(turn)
    office = turn.office
    if office.installing is None:
        return Reply(not_found(), SUMMARY)
    if turn.verb in office.under_way:
        return await _list(turn, cards.INSTALLING_NOW)
    office.under_way.add(turn.verb)
    try:
        missing, _ = await _missing(turn)
        counts = await _install_for_all(turn, _never_opened(missing), office.installing)
    finally:
        office.under_way.discard(turn.verb)
    return await _list(turn, cards.installed_for_all(counts))


async def _install_for_all(turn: Turn, people: Sequence[Person], installing: Installing) -> Counter[Installed]:
    """How it went, by number of people. Nobody more is tried once the permission is missing, or after Microsoft gave
    no answer several times in a row.
    """
    waiting = iter(people)
    counts: Counter[Installed] = Counter()
    in_vain = 0

    async def one_after_the_other() -> None:
        nonlocal in_vain
        while not counts[Installed.NOT_GRANTED] and in_vain < GIVES_UP_AFTER:
            person = next(waiting, None)
            if person is None:
                return
            how = await _install_for(turn, person, installing)
            counts[how] += 1
            in_vain = in_vain + 1 if how is Installed.LATER else 0

    await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))
    counts[Installed.LATER] += len(people) - counts.total()
    return counts
