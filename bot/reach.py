"""Who cannot be reached: kept with the person, told to those who can act, and over as soon as they are heard of."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from pathway.address import Address
from pathway.case import Case
from pathway.casework import Casework, NoSuchCase
from pathway.jobs import put_back
from pathway.people import MAIL_REFUSED, NEVER_OPENED, OutOfReach, Party, Person
from pathway.ports import Addresses, Claim, OutboxItem
from pathway.roles import Role
from pathway.rules import Stale
from pathway.tellings import Notice

log = logging.getLogger(__name__)

#: What is put aside because of the message itself; coming back into reach does not mend it.
NOT_MADE = "it could not be made"
#: So many tries in vain, and the office hears that something hangs: some ten minutes.
HANGS_AFTER = 6
#: Reasons that end with the first letter that a mail server takes.
OF_MAIL = (MAIL_REFUSED, NEVER_OPENED)
#: Notices about notices: of these nobody is told again.
OF_ITSELF = frozenset({Notice.NOT_REACHED, Notice.NOT_DELIVERED})


class Reaching:
    """*has_mail*: there is a mail server, so that e-mail is the other way."""

    def __init__(self, casework: Casework, addresses: Addresses, *, has_mail: bool) -> None:
        self.casework = casework
        self.addresses = addresses
        self.has_mail = has_mail

    # -- what becomes known ----------------------------------------------------------------------------------------

    async def lost(self, person_id: str, reason: str, address: Address | None = None) -> None:
        """Nothing more is sent to *address* (any there is, for None) until the person is heard of again."""
        known = await self.addresses.address(person_id)
        if address is not None and known not in (None, address):
            return  # they have written meanwhile, from elsewhere
        await self._mark(person_id, reason, by_mail=self.has_mail)
        await self.addresses.drop_address(person_id)

    async def no_way(self, person_id: str, reason: str) -> None:
        """Neither Teams nor mail. What Teams said is kept before *reason*, which is one of ours."""
        person = await self.casework.roster.person(person_id)
        known = person.out_of_reach.reason if person and person.out_of_reach else ""
        await self._mark(person_id, reason if known in ("", *OF_MAIL) else known, by_mail=False)

    async def mailed(self, person_id: str) -> None:
        """A letter was taken: who was out of reach by mail alone is in reach."""
        person = await self.casework.roster.person(person_id)
        if person is None or person.out_of_reach is None:
            return
        if person.out_of_reach.reason in OF_MAIL:
            await self.casework.roster.keep_person(replace(person, out_of_reach=None))
        else:
            await self._mark(person_id, person.out_of_reach.reason, by_mail=True)

    async def _mark(self, person_id: str, reason: str, *, by_mail: bool) -> None:
        person = await self.casework.roster.person(person_id)
        if person is None:
            return
        before = person.out_of_reach
        since = before.since if before else self.casework.now()
        mark = OutOfReach(since, reason, by_mail)
        if mark != before:
            await self.casework.roster.keep_person(replace(person, out_of_reach=mark))

    async def heard_of(self, person: Person) -> Person:
        """They wrote, pressed or installed the bot: what was put aside for them goes out now."""
        if person.out_of_reach is None:
            return person
        back = replace(person, out_of_reach=None)
        await self.casework.roster.keep_person(back)
        book = self.casework.book
        for claim in await book.parked():
            if claim.item is not None and claim.item.to == person.id and claim.error != NOT_MADE:
                await book.retry(replace(claim, attempts=0), self.casework.now(), put_back(claim))
        return back

    # -- who is told -----------------------------------------------------------------------------------------------

    async def tell(self, claims: Sequence[Claim], *, delivered: bool) -> None:
        """After a message that went another way than to Teams (*delivered*), or not at all: the one who has the case,
        once a case while it lasts; and where nothing arrived, the office.
        """
        ours = [c for c in claims if c.item is not None and c.item.notice not in OF_ITSELF]
        for claim in ours:
            await self._tell_the_owner(claim, delivered=delivered)
        if ours and not delivered:
            await self.tell_the_office()

    async def _tell_the_owner(self, claim: Claim, *, delivered: bool) -> None:
        item = claim.item
        person = await self.casework.roster.person(item.to) if item else None
        if person is None or person.out_of_reach is None or not claim.case_id:
            return
        lost = person.out_of_reach
        try:
            case = await self.casework.case(claim.case_id)
            ground = await self.casework.ground(case.placement)
            since = lost.since.isoformat()
            items = [
                OutboxItem(
                    key=f"{Notice.NOT_REACHED}:{person.id}:{since}:{lost.by_mail}:{to}",
                    to=to,
                    notice=Notice.NOT_REACHED,
                    not_before=self.casework.tell_at(role, ground),
                    data={"who": person.id, "delivered": "yes" if delivered else ""},
                )
                for to, role in owners(case, ground.party, person.id)
            ]
            nonce = f"{Notice.NOT_REACHED}:{case.id}:{person.id}:{since}:{lost.by_mail}"
            if await self.casework.book.seen(nonce) is None:
                await self.casework.queue(case.id, items, nonce)
        except (NoSuchCase, Stale):
            log.warning(
                "that somebody cannot be reached could not be told; the list of what was not delivered has it",
                extra={"person": person.id, "case": claim.case_id},
            )

    async def tell_the_office(self) -> None:
        """That something waits on the list of what was not delivered: each of them once an hour at most."""
        now = self.casework.now()
        hour = now.strftime("%Y-%m-%dT%H")
        for person in (await self.casework.office()).team:
            key = f"{Notice.NOT_DELIVERED}:{hour}:{person}"
            item = OutboxItem(key, person, Notice.NOT_DELIVERED, self.casework.office_hours(now))
            await self.casework.book.post([item], key)


def owners(case: Case, party: Party, lost: str) -> tuple[tuple[str, Role], ...]:
    """Who has the case and can see to it that *lost* is told: the Link Tutor, or the office in the Link Tutor's stead;
    before the Link Tutor is told of it, whoever of the mentors is left.
    """
    if case.told is None:
        mentors = (case.mentor, party.placement.second_mentor)
        return tuple((m, Role.MENTOR) for m in mentors if m and m != lost)[:1]
    tutor = party.link_tutor(case)
    if tutor and tutor != lost:
        return ((tutor, Role.LINK_TUTOR),)
    return tuple((person, Role.PARTNERSHIP_TEAM) for person in party.office.team if person != lost)
