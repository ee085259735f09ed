"""`python -m bot erase`: a person, or a case, for good. Who did so, when and why stays in the administrators' log."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from pathway.case import Case
from pathway.casework import Casework, NoSuchCase
from pathway.dates import counted, in_words, listed, local_date
from pathway.people import FORMER_COLLEAGUE, FORMER_STUDENT, Person
from pathway.ports import Act, Did, StoreUnavailable
from storage import Stores
from storage.erase import drafts_about, erase_case, erase_person

log = logging.getLogger(__name__)

Answer = dict[str, Any]
#: The longest reason.
LONGEST = 300
WHY = "Say why: --because “...”. The administrators' log keeps it for good, so name nobody in it."
AGAIN = "Part of it may be gone already. Mend that, then do it again."


@dataclass(frozen=True, slots=True)
class _Found:
    """What is to be erased: *typed* confirms it; *will* says what goes and what stays."""

    thing: Case | Person
    typed: str
    will: str


class EraseCommand:
    def __init__(self, casework: Casework, stores: Stores) -> None:
        self.casework = casework
        self.stores = stores

    async def run(self, asked: Answer) -> Answer:
        """`{"said": sentences}`, `{"refused": sentence}` where nothing was changed, `{"error": sentence}`; or
        `{"confirm": what is to be typed, "will": sentences}` where *yes* is not that.
        """
        because = " ".join(str(asked.get("because", "")).split())[:LONGEST]
        by, wanted = str(asked.get("by", "")), str(asked.get("which", "")).strip()
        if not because or not by:
            return {"refused": WHY}
        try:
            if asked.get("what") == "person":
                found = await self._person(wanted)
            else:
                found = await self._case(wanted, even_open=bool(asked.get("even_open")))
            if isinstance(found, str):
                return {"refused": f"{found} Nothing was changed."}
            if str(asked.get("yes") or "").strip().casefold() != found.typed.casefold():
                return {"confirm": found.typed, "will": found.will}
            return await self._erase(found.thing, by, because)
        except StoreUnavailable as fault:
            return {"error": f"{fault} {AGAIN}"}

    async def _erase(self, thing: Case | Person, by: str, because: str) -> Answer:
        """The log first: a broken-off erasure is known, too, and done again."""
        now = self.casework.now()
        if isinstance(thing, Person):
            await self.stores.acts.record(Act(now, by, Did.ERASED_PERSON, thing.id, because))
            await erase_person(self.stores, thing, now)
            log.info("a person was erased on the command line", extra={"person": thing.id})
            return {"said": "The person is erased. Cases keep what happened, under an id that leads to nobody. " + KEPT}
        await self.stores.acts.record(Act(now, by, Did.ERASED_CASE, thing.id, because, thing.reference))
        await erase_case(self.stores, thing.id)
        log.info("a case was erased on the command line", extra={"case": thing.id})
        return {"said": f"Case {thing.reference} is erased, with its drafts and who read it. {KEPT} {ELSEWHERE}"}

    # -- what may be erased ----------------------------------------------------------------------------------------

    async def _case(self, reference: str, *, even_open: bool) -> _Found | str:
        """Or the sentence that says why not."""
        case_id = await self.casework.book.case_with_reference(reference.upper())
        try:
            case = await self.casework.case(case_id or "")
        except NoSuchCase:
            return "There is no case with that reference."
        if case.stage.is_open and not even_open:
            return f"Case {case.reference} is open. Close it in Teams first, or add --even-open."
        drafts = len(await drafts_about(self.stores, case.id))
        more = f", and {counted(drafts, 'half-filled form')}" if drafts else ""
        stays = "That it was erased, by whom, when and why stays in the administrators' log."
        return _Found(
            case,
            case.reference,
            f"Case {case.reference}, with {counted(case.version, 'event')}{more}, goes for good. {stays}",
        )

    async def _person(self, email: str) -> _Found | str:
        person = await self.casework.roster.by_email(email)
        if person is None:
            return "Nobody with that address is known."
        office = await self.casework.office()
        if person.id in (*office.team, *office.leads):
            return "They are of the office in provider.toml. Take them out there and start the bot again first."
        today = local_date(self.casework.now())
        places = [p for p in await self.casework.roster.placements_of(person.id) if p.end >= today]
        if places:
            ends = listed([f"{p.id} (to {in_words(p.end, year=True)})" for p in places[:5]])
            return f"They are on the placement list: {ends}. Import a list without them first."
        if opened := await self._open_cases(person):
            return f"They have an open case: {listed(opened)}. Close it in Teams first."
        closed = len(await self.casework.book.cases_of(person.id, open_only=False))
        stays = (
            f" In {counted(closed, 'case')} they will be “{FORMER_COLLEAGUE}” or “{FORMER_STUDENT}”." if closed else ""
        )
        return _Found(
            person,
            person.email,
            f"Name, e-mail, account, address and half-filled forms of this person go for good.{stays} What people "
            "typed about them stands in cases: erase those as well where it must go.",
        )

    async def _open_cases(self, person: Person) -> list[str]:
        """The references of those on which they still have a part."""
        found = []
        for case_id in await self.casework.book.cases_of(person.id):
            case = await self.casework.case(case_id)
            ground = await self.casework.ground(case.placement)
            if ground.party.roles_on(person.id, case):
                found.append(case.reference)
        return found


KEPT = "The administrators' log keeps who did it, when and why: python -m bot audit log"
ELSEWHERE = "Messages in Teams, letters, calendars and what was copied into PebblePad are not Pathway's to take back."
