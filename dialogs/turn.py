"""One thing somebody did with the bot: who, when, what the card sent along, and what a step may use to answer it.

The card's data comes from the client. It chooses what is looked at; who the person is, which roles they hold and
what time it is come from the server.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any, Protocol

from cards.elements import Card
from cards.view import View
from pathway import events as e
from pathway.case import Case
from pathway.casework import Casework, NoSuchCase, Recorded, Stamp
from pathway.dates import local, local_date
from pathway.entries import Entry
from pathway.people import Item, Person, access
from pathway.ports import (
    Addresses,
    Draft,
    Drafts,
    Installing,
    Meetings,
    OutboxItem,
    Read,
    Reads,
    Saw,
    StoreUnavailable,
)
from pathway.provider import Provider
from pathway.roles import Role
from pathway.rules import Fault, Ground, Refused
from pathway.slots import Calendars

#: What travels with a card and is no answer of a person.
CARRIED = frozenset(
    {
        "case",
        "step",
        "nonce",
        "form",
        "for",
        "kind",
        "more",
        "offered",
        "start",
        "cleared",
        "drawn_for",
        "aware",
        "again",
        "base",
        "blocks",
        "in_person",
        "letter",
        "page",
        "part",
        "record",
        "version",
        "wanted",
    }
)


class IcsLink(Protocol):
    """The address of a calendar file for whoever has it; "" where the bot has no public address. *place* in words."""

    def __call__(self, reference: str, starts: datetime, minutes: int, entry: Entry, place: str = "", /) -> str: ...


@dataclass(frozen=True, slots=True)
class Office:
    """What steps use besides the casework: half-filled forms, letters, and links that need no case."""

    casework: Casework
    drafts: Drafts
    ics_link: IcsLink
    post_letter: Callable[[OutboxItem, str], Any]
    addresses: Addresses | None = None
    installing: Installing | None = None
    meetings: Meetings | None = None
    reads: Reads | None = None
    bot_link: str = ""
    """Teams' deep link to the bot's chat."""
    app_link: str = ""
    under_way: set[str] = field(default_factory=set)
    """Verbs of long work that goes on now, so that a second press does not begin it again."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The card that answers. *shows* is the case whose receipt it is, "" where it is none."""

    card: Card
    summary: str
    shows: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    person: Person
    verb: str
    data: Mapping[str, Any]
    activity_id: str
    office: Office
    seen: dict[str, Saw | None] = field(default_factory=dict, compare=False)
    """What of which case the answer shows, by the case's id; None for a card or a form, as the answer will say."""

    # -- what was sent ---------------------------------------------------------------------------------------------

    def get(self, field: str) -> str:
        """A field's text without surrounding blanks; "" when it is absent or no text."""
        value = self.data.get(field, "")
        return value.strip() if isinstance(value, str) else str(value) if isinstance(value, int) else ""

    @property
    def values(self) -> dict[str, str]:
        """What the person filled in, as it goes back into the form."""
        return {k: self.get(k) for k in self.data if k not in CARRIED and self.get(k)}

    def day(self, field: str) -> date | None:
        """The date of an `Input.Date`; None when it is empty or no date."""
        try:
            return date.fromisoformat(self.get(field))
        except ValueError:
            return None

    def time(self, field: str) -> time | None:
        try:
            return time.fromisoformat(self.get(field)).replace(tzinfo=None)
        except ValueError:
            return None

    def moment(self, day: str, at: str) -> datetime | None:
        """A day and a time of day in London, as an aware moment."""
        found, clock = self.day(day), self.time(at)
        return local(found, clock) if found and clock else None

    def chosen(self, slots: str) -> datetime:
        """The time that somebody chose on the form *slots*, or typed as a day and a time elsewhere. Raises Refused."""
        if self.get("form") == slots:
            found = aware(self.get("slot"))
            if found is None:
                raise Refused(Fault("Choose one of the times, or “Another time”.", "slot"))
            return found
        typed = self.moment("day", "time")
        if typed is None:
            missing = "day" if self.day("day") is None else "time"
            raise Refused(Fault(f"Choose a {missing}.", missing))
        return typed

    def ticks(self, field: str) -> tuple[str, ...]:
        """The ticked choices of a list, each once, in order."""
        return tuple(dict.fromkeys(part for part in self.get(field).split(",") if part))

    @property
    def nonce(self) -> str:
        """The card's nonce; one of our own where a card sent none or something strange."""
        sent = self.get("nonce")
        return sent if 8 <= len(sent) <= 64 and sent.isascii() else new_nonce()

    @property
    def step(self) -> int | None:
        sent = self.get("step")
        return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 6 else None

    def part_of(self, pages: Sequence[Card]) -> Card:
        """Of a card in parts the one that was asked for; the first where none was, the last where there is none."""
        sent = self.get("part")
        part = int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 4 else 1
        return pages[min(max(part, 1), len(pages)) - 1]

    # -- what stands on the server ---------------------------------------------------------------------------------

    @property
    def casework(self) -> Casework:
        return self.office.casework

    @property
    def provider(self) -> Provider:
        return self.casework.provider

    @property
    def now(self) -> datetime:
        return self.casework.now()

    @property
    def today(self) -> date:
        return local_date(self.now)

    async def case(self) -> tuple[Case, Ground]:
        """The case the card names, if this person may know of it. Raises NoSuchCase."""
        return await self.open(self.get("case"))

    async def open(self, case_id: str) -> tuple[Case, Ground]:
        case = await self.casework.case(case_id)
        ground = await self.casework.ground(case.placement)
        if not any(access(ground.party, self.person.id, item, case) for item in Item):
            raise NoSuchCase(case_id)
        return case, ground

    def view(self, case: Case, ground: Ground, *, nonce: str = "") -> View:
        """For a card that shows the case: that this person saw it is noted with the answer."""
        self.seen.setdefault(case.id, None)
        return View(case, ground, self.person.id, self.now, nonce or new_nonce())

    def shows(self, saw: Saw, *cases: str) -> None:
        """The answer shows just this, of these cases."""
        self.seen.clear()
        self.seen.update(dict.fromkeys(cases, saw))

    async def noted(self, reply: Reply) -> Reply:
        """*reply*, with what it shows on record."""
        if self.seen and self.office.reads is not None:
            await self.office.reads.note(
                *(
                    Read(case_id, self.person.id, saw or (Saw.CARD if case_id == reply.shows else Saw.FORM), self.now)
                    for case_id, saw in self.seen.items()
                )
            )
        return reply

    def for_whom(self, case: Case | None, ground: Ground, kind: type[e.Event]) -> str:
        """The mentor, where somebody else types for the mentor. The card's word is only a hint."""
        roles = ground.party.roles_on(self.person.id, case)
        if Role.MENTOR in roles:
            return ""
        typists = Role.LINK_TUTOR in roles or Role.PARTNERSHIP_TEAM in roles
        wanted = bool(self.get("for")) or kind in (e.DraftStarted, e.WeeklyTargetSet, e.LinkTutorToldAtOnce)
        return ground.party.mentor(case) if typists and wanted else ""

    def stamp(self, ground: Ground, kind: type[e.Event], case: Case | None = None, *, on: date | None = None) -> Stamp:
        for_whom = self.for_whom(case, ground, kind)
        return self.casework.stamp(ground, self.person.id, kind, case, on=on, for_whom=for_whom)

    async def record(self, case_id: str, *events: e.Event, fact: bool = False) -> Recorded:
        """Records what this card says. A fact may come from a card of any age; a step only from its own."""
        return await self.casework.record(
            case_id,
            events,
            nonce=f"{self.nonce}:{self.verb}",
            step=None if fact else self.step,
            answering=self.activity_id,
        )

    async def invites(self, ground: Ground, organiser: str) -> bool:
        """Whether Pathway may write an invitation into this person's calendar; people send it by hand where not."""
        person = ground.party.people.get(organiser)
        return bool(self.office.meetings and person and await self.office.meetings.books_for(person))

    async def busy(self, ground: Ground, organiser: str, people: Sequence[str], until: datetime) -> Calendars:
        """What is known of people's calendars from now to *until*, by person id; None for whom nobody can say."""
        known = {p: found for p in people if (found := ground.party.somebody(p))}
        who, meetings = ground.party.people.get(organiser), self.office.meetings
        if meetings is None or who is None:
            return dict.fromkeys(people)
        read = await meetings.busy(who, list(known.values()), self.now, until)
        return {p: read.get(p) for p in people}

    # -- half-filled forms ------------------------------------------------------------------------------------------

    async def keep(self, form: str, values: Mapping[str, str]) -> None:
        await self.office.drafts.keep(Draft(self.person.id, form, dict(values), self.now))

    async def draft(self, form: str) -> Draft | None:
        return await self.office.drafts.draft(self.person.id, form)

    async def drop(self, form: str) -> None:
        """Best done last: a draft that outlives a failure here only offers itself again."""
        try:
            await self.office.drafts.drop(self.person.id, form)
        except StoreUnavailable:
            return

    def with_data(self, **more: Any) -> Turn:
        return replace(self, data={**self.data, **more})


def aware(text: str) -> datetime | None:
    """A time as a card sends it along; None for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def new_nonce() -> str:
    return secrets.token_urlsafe(9)
