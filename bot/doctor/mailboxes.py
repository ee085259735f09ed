"""Whether Microsoft lets the bot into the mailboxes it was given, and into no other.

A permission that was granted under API permissions holds for every mailbox, whatever Exchange says, and Exchange's own
test does not see it. So the bot's own way is tried, with a mailbox that must be refused: nothing of a calendar is kept,
and the letter that is offered has no recipient, so it can go to nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final

import aiohttp

from bot.desk import TryLater
from bot.doctor.findings import Finding, note, well, wrong
from bot.graph import ROOT
from bot.graph_door import GraphDoor
from bot.settings import BotSettings
from bot.teams.tokens import GRAPH, MsalTokens, TokenRules, Tokens, entra_client
from pathway.dates import counted
from storage.look import NotReadable, look
from storage.seal import MainKeys

TOPIC: Final = "mailboxes"
#: Of so many Link Tutors the calendars are tried.
MOST: Final = 20
_TO_NOBODY: Final = {
    "message": {"subject": "Pathway", "body": {"contentType": "text", "content": "A test."}, "toRecipients": []},
    "saveToSentItems": False,
}
_HOW: Final = "docs/install.md, part 6, says how; a change takes up to two hours."


class Let(StrEnum):
    """What became of the bot at a mailbox."""

    IN = "in"
    REFUSED = "refused"
    NO_MAILBOX = "no mailbox"


async def mailboxes(
    settings: BotSettings,
    tutors: Sequence[str],
    patience: float,
    *,
    root: str = ROOT,
    tokens: Tokens | None = None,
) -> list[Finding]:
    """*tutors* are the e-mail addresses of Link Tutors. Empty where nothing of Graph is set. *root* and *tokens* are
    for tests.
    """
    if settings.practice or not (settings.mailbox or settings.proof_mailbox):
        return []
    if tokens is None:
        rules = TokenRules(time_out=patience)
        tokens = MsalTokens(entra_client(settings.teams, patience / 2), rules, resource=GRAPH)
    time_out = aiohttp.ClientTimeout(total=patience)
    try:
        async with aiohttp.ClientSession(trust_env=True) as session:
            door = GraphDoor(session, tokens, root, time_out)
            found = [await _calendars(door, settings, tutors), await _mail(door, settings)]
    except TryLater:
        return [note(TOPIC, "Microsoft Graph does not answer. Let this machine reach graph.microsoft.com on port 443.")]
    finally:
        await tokens.close()
    return [finding for one in found for finding in one]


def link_tutors(folder: Path, keys: MainKeys | None) -> list[str]:
    """The e-mail addresses of those on the placement list in the store's *folder*; none where it cannot be read."""
    try:
        seen = look(folder, keys)
    except NotReadable:
        return []
    wanted = {placement.link_tutor for placement in seen.placements}
    return sorted(person.email for person in seen.people if person.id in wanted and person.email)


# -- calendars ---------------------------------------------------------------------------------------------------------


async def _calendars(door: GraphDoor, settings: BotSettings, tutors: Sequence[str]) -> list[Finding]:
    if not settings.proof_mailbox:
        ask = "Set PATHWAY_PROOF_MAILBOX to somebody's address outside the named groups."
        return [note(TOPIC, f"Nobody has tried whether other mailboxes are refused. {ask}")]
    match await _calendar(door, settings.proof_mailbox):
        case Let.IN:
            proof = wrong(
                TOPIC,
                "The bot is let into the calendar of PATHWAY_PROOF_MAILBOX, and so perhaps into everybody's. Take "
                "Calendars permissions away under API permissions, and compare the group of the management scope: "
                f"{_HOW}",
            )
        case Let.REFUSED:
            proof = well(TOPIC, "The calendar of PATHWAY_PROOF_MAILBOX is refused, as it must be.")
        case Let.NO_MAILBOX:
            proof = wrong(
                TOPIC,
                "PATHWAY_PROOF_MAILBOX is no mailbox of the tenant, so it proves nothing. Choose a colleague's who is "
                "in none of the named groups.",
            )
        case other:
            proof = note(TOPIC, f"Microsoft Graph answered {other} when it was asked for a calendar. Try again later.")
    return [proof, *await _tutors(door, tutors[:MOST])]


async def _tutors(door: GraphDoor, tutors: Sequence[str]) -> list[Finding]:
    said = Counter([await _calendar(door, tutor) for tutor in tutors])
    if not tutors:
        return []
    if said[Let.IN] == len(tutors):
        return [well(TOPIC, f"The calendars of the Link Tutors ({len(tutors)}) are open to the bot.")]
    if not said[Let.IN]:
        return [note(TOPIC, "No Link Tutor's calendar is open to the bot, so they make meetings from links.")]
    return [
        note(
            TOPIC,
            f"The bot may use {said[Let.IN]} of the calendars of {counted(len(tutors), 'Link Tutor')}; the others make "
            "meetings from links. Add them to the named group, if that is not meant.",
        )
    ]


async def _calendar(door: GraphDoor, mailbox: str) -> str:
    """A `Let`, or the status that came."""
    says = await door.ask("GET", door.url(mailbox, "calendar?$select=id"))
    return {200: Let.IN, 403: Let.REFUSED, 404: Let.NO_MAILBOX}.get(says.status, str(says.status))


# -- mail --------------------------------------------------------------------------------------------------------------


async def _mail(door: GraphDoor, settings: BotSettings) -> list[Finding]:
    found: list[Finding] = []
    if settings.proof_mailbox and await _may_send(door, settings.proof_mailbox) == Let.IN:
        found.append(
            wrong(
                TOPIC,
                "The bot could send mail as PATHWAY_PROOF_MAILBOX, and so perhaps as everybody. Take Mail.Send away "
                f"under API permissions, and compare the management scope: {_HOW}",
            )
        )
    if not settings.mailbox:
        return found
    match await _may_send(door, settings.mailbox):
        case Let.IN:
            found.append(well(TOPIC, "The bot may send letters from PATHWAY_MAILBOX."))
        case Let.REFUSED:
            found.append(
                wrong(TOPIC, f"The bot may not send from PATHWAY_MAILBOX. Grant it, or empty that setting: {_HOW}")
            )
        case Let.NO_MAILBOX:
            found.append(wrong(TOPIC, "PATHWAY_MAILBOX is no mailbox of the tenant. Compare its address."))
        case other:
            found.append(note(TOPIC, f"Microsoft Graph answered {other} when it was asked for mail. Try again later."))
    return found


async def _may_send(door: GraphDoor, mailbox: str) -> str:
    """As `_calendar`: a letter to nobody is refused as such (400) only by a mailbox that may be used."""
    says = await door.ask("POST", door.url(mailbox, "sendMail"), _TO_NOBODY)
    return {400: Let.IN, 202: Let.IN, 403: Let.REFUSED, 404: Let.NO_MAILBOX}.get(says.status, str(says.status))
