"""The mailboxes and calendars of a made-up tenant: what Exchange keeps, and what people do in Outlook by hand.

    calendars = Calendars([Mailbox("Dr Helen Marsh", "h.marsh@...", object_id="...")])
    entry = calendars.make("h.marsh@...", ...)
    calendars.moves(entry.id, starts, ends)      # as if dragged in Outlook
    calendars.declines(entry.id, "p.nair@...")

Whoever is in no mailbox is outside the tenant: they are invited by e-mail (`letters`).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal
from urllib.parse import quote

Response = Literal["none", "accepted", "tentativelyAccepted", "declined"]
What = Literal["invited", "changed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Mailbox:
    """*granted*: the application may write into it; *readable*: others see when it is free and busy."""

    name: str
    email: str
    object_id: str
    principal_name: str = ""
    granted: bool = True
    readable: bool = True


@dataclass(frozen=True, slots=True)
class Attendee:
    name: str
    email: str
    response: Response = "none"


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """One entry, kept in the organiser's mailbox and seen in those of the attendees. *starts*, *ends* and *made* are
    aware. *link* joins it in Teams; *cancelled*: it stands nowhere any more. *status* is a free/busy status.
    """

    id: str
    organiser: str
    subject: str
    starts: datetime
    ends: datetime
    made: datetime
    body: str = ""
    place: str = ""
    link: str = ""
    attendees: tuple[Attendee, ...] = ()
    transaction: str = ""
    private: bool = False
    status: str = "busy"
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class CalendarLetter:
    """What Exchange sent by e-mail about an entry."""

    to: str
    what: What
    entry: str


@dataclass
class Calendars:
    """*changed* is called after every change of a calendar."""

    mailboxes: list[Mailbox]
    now: Callable[[], datetime]
    entries: dict[str, CalendarEntry] = field(default_factory=dict)
    letters: list[CalendarLetter] = field(default_factory=list)
    changed: Callable[[], None] = lambda: None

    # -- whose ---------------------------------------------------------------------------------------------------------

    def mailbox(self, who: str) -> Mailbox | None:
        """By object id, e-mail address or principal name, compared without case."""
        asked = who.casefold()
        return next(
            (m for m in self.mailboxes if asked in {m.object_id, m.email.casefold(), m.principal_name.casefold()}), None
        )

    def grants(self, who: str, *, granted: bool = True, readable: bool | None = None) -> None:
        """The tenant lets the application into a mailbox, or no longer."""
        for n, mailbox in enumerate(self.mailboxes):
            if mailbox is self.mailbox(who):
                may_read = mailbox.readable if readable is None else readable
                self.mailboxes[n] = replace(mailbox, granted=granted, readable=may_read)

    def of(self, who: str) -> tuple[CalendarEntry, ...]:
        """What stands in somebody's calendar, the earliest first; nothing for people outside the tenant."""
        mailbox = self.mailbox(who)
        found = [x for x in self.entries.values() if mailbox and not x.cancelled and _concerns(x, mailbox)]
        return tuple(sorted(found, key=lambda x: (x.starts, x.made)))

    def standing(self) -> tuple[CalendarEntry, ...]:
        """All that stands in any calendar, the earliest first."""
        return tuple(sorted((x for x in self.entries.values() if not x.cancelled), key=lambda x: (x.starts, x.made)))

    def made_as(self, mailbox: Mailbox, transaction: str) -> CalendarEntry | None:
        """What this transaction id has made in this mailbox, cancelled or not."""
        found = (x for x in self.entries.values() if transaction and x.transaction == transaction)
        return next((x for x in found if x.organiser == mailbox.email), None)

    # -- what the application does -------------------------------------------------------------------------------------

    def make(
        self,
        mailbox: Mailbox,
        subject: str,
        starts: datetime,
        ends: datetime,
        *,
        body: str = "",
        place: str = "",
        online: bool = False,
        attendees: Iterable[Attendee] = (),
        transaction: str = "",
        private: bool = False,
    ) -> CalendarEntry:
        entry = CalendarEntry(
            id="AAMk" + secrets.token_urlsafe(24) + "=",
            organiser=mailbox.email,
            subject=subject,
            starts=starts,
            ends=ends,
            made=self.now(),
            body=body,
            place=place,
            link=_link(mailbox) if online else "",
            attendees=tuple(attendees),
            transaction=transaction,
            private=private,
        )
        self._keep(entry, "invited")
        return entry

    # -- what people do in Outlook, and the application may too --------------------------------------------------------

    def moves(
        self, entry: str, starts: datetime, ends: datetime | None = None, place: str | None = None
    ) -> CalendarEntry:
        """To another time: everybody is asked anew. The length stays where *ends* is not given."""
        before = self.entries[entry]
        after = replace(
            before,
            starts=starts,
            ends=ends or starts + (before.ends - before.starts),
            place=before.place if place is None else place,
            attendees=tuple(replace(a, response="none") for a in before.attendees),
        )
        self._keep(after, "changed")
        return after

    def deletes(self, entry: str) -> None:
        """By the organiser: cancelled for everybody."""
        self._keep(replace(self.entries[entry], cancelled=True), "cancelled")

    def answers(self, entry: str, email: str, response: Response) -> None:
        """An attendee accepts or declines."""
        before = self.entries[entry]
        attendees = tuple(
            replace(a, response=response) if a.email.casefold() == email.casefold() else a for a in before.attendees
        )
        self.entries[entry] = replace(before, attendees=attendees)
        self.changed()

    def declines(self, entry: str, email: str) -> None:
        self.answers(entry, email, "declined")

    def is_busy(
        self, who: str, starts: datetime, ends: datetime, subject: str = "Lecture", status: str = "busy"
    ) -> CalendarEntry:
        """Something of somebody's own. Raises LookupError where they have no mailbox."""
        mailbox = self.mailbox(who)
        if mailbox is None:
            raise LookupError(who)
        entry = self.make(mailbox, subject, starts, ends)
        self.entries[entry.id] = replace(entry, status=status)
        return self.entries[entry.id]

    def _keep(self, entry: CalendarEntry, what: What) -> None:
        self.entries[entry.id] = entry
        self.letters += [CalendarLetter(a.email, what, entry.id) for a in entry.attendees]
        self.changed()

    def letters_to(self, email: str) -> Sequence[CalendarLetter]:
        return [x for x in self.letters if x.to.casefold() == email.casefold()]


def _concerns(entry: CalendarEntry, mailbox: Mailbox) -> bool:
    """Who has declined has it in their calendar no more."""
    going = {a.email.casefold() for a in entry.attendees if a.response != "declined"}
    return entry.organiser == mailbox.email or mailbox.email.casefold() in going


def _link(mailbox: Mailbox) -> str:
    thread = quote(f"19:meeting_{secrets.token_urlsafe(18)}@thread.v2", safe="")
    context = quote(f'{{"Oid":"{mailbox.object_id}"}}', safe="")
    return f"https://teams.microsoft.com/l/meetup-join/{thread}/0?context={context}"
