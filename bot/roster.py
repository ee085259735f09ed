"""`roster check` and `roster import`: the placement list from a spreadsheet, all of it or none of it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.reception import GUEST_CONFIRMED
from pathway import events as e
from pathway.case import fold
from pathway.people import Person, Placement
from pathway.ports import Addresses, CaseBook, Roster, RosterFault
from pathway.provider import Provider
from storage.roster_csv import decode_file, read_roster

STILL_THEIRS = (
    "In these open cases the mentor is still the one before. Type the reference to the bot and press “Name another "
    "mentor”:"
)


async def list_the_office(roster: Roster, provider: Provider) -> None:
    """The people of `provider.toml` are people like all others: they get an id once, by their e-mail."""
    for colleague in (*provider.partnership_team, *provider.partnership_lead):
        if await roster.by_email(colleague.email) is not None:
            continue
        with suppress(RosterFault):  # another replica that starts at this moment has just listed them
            await roster.keep_person(Person(secrets.token_hex(8), colleague.name, colleague.email))


@dataclass(frozen=True, slots=True)
class RosterCommand:
    book: CaseBook
    roster: Roster
    addresses: Addresses
    provider: Provider

    async def run(self, file: Path, *, keep: bool) -> dict[str, Any]:
        """Reads *file*; takes it over when *keep*. `{"said": ...}` or `{"error": sentences}`."""
        try:
            text = decode_file(await asyncio.to_thread(file.read_bytes))
        except OSError:
            return {"error": f"The file {file.name} cannot be read."}
        except RosterFault as fault:
            return {"error": str(fault)}
        people = await self.roster.people()
        calendars = [c.key for c in self.provider.calendars]
        try:
            found = read_roster(text, calendars, list(people.values()), await self.roster.placements())
        except RosterFault as fault:
            return {"error": f"Nothing was imported.\n{fault}"}
        if keep:
            await self.roster.load(found.people, found.placements)
            await list_the_office(self.roster, self.provider)
        n = found.counts
        done = "Imported" if keep else "Fine. An import would bring"
        said = (
            f"{done}: {n.placements} placements ({n.new_placements} new, {n.no_longer_listed} no longer listed) "
            f"and {n.people} people ({n.new_people} new)."
        )
        left = await self._with_another_mentor(found.placements)
        return {"said": f"{said}\n{STILL_THEIRS} {', '.join(left)}." if left else said}

    async def _with_another_mentor(self, placements: Iterable[Placement]) -> list[str]:
        """The references of open cases whose mentor is on the list for that placement no longer. The list alone takes
        nobody off a case: whoever is next has to be told, and the office says who.
        """
        listed = {p.id: {p.mentor, p.second_mentor} for p in placements}
        cases = [fold(await self.book.events(case_id)) for case_id in await self.book.cases_of(None)]
        return sorted(
            case.reference
            for case in cases
            if case and case.mentor not in listed.get(case.placement, {case.mentor}) and not case.last(e.MentorNamed)
        )

    async def confirm_guest(self, email: str) -> dict[str, Any]:
        """The office says that the guest account with this address is the person on the list."""
        person = await self.roster.by_email(email)
        if person is None:
            return {"error": f"Nobody with the address {email} is on the placement list."}
        await self.addresses.keep_note(GUEST_CONFIRMED + person.id, "yes")
        return {"said": "Confirmed. They can write “hi” to the bot now."}
