"""What the pathway asks of the world. `storage/` fulfils it; one contract test suite holds every store to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal, Protocol

from pathway.address import Address
from pathway.appointments import Appointment
from pathway.events import Event
from pathway.people import Person, Placement

Queue = Literal["case", "outbox"]

#: The error of a piece of work that nobody can say has arrived: the next try says that it is sent again.
MAYBE: Final = "perhaps delivered"


class VersionConflict(Exception):
    """Somebody else recorded something on the case first. *current* is the number of events there are now."""

    def __init__(self, current: int) -> None:
        super().__init__(f"the case has {current} events")
        self.current = current


class AlreadyOpen(Exception):
    """The placement has an open case already: there is one at a time. *case_id* is that case."""

    def __init__(self, case_id: str) -> None:
        super().__init__("the placement has an open case")
        self.case_id = case_id


class StoreUnavailable(Exception):
    """A write or sync failed: nothing was changed, old data is intact; the store reopens itself when it can."""


class NotAStore(ValueError):
    """What PATHWAY_STORE names is none, or cannot be used here; the sentence says what to write instead."""


class RosterFault(Exception):
    """A roster row cannot be taken; the sentence names row and column. Nothing was imported."""


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """One thing to tell one person, or the channel. *key* is the send key: unique in its case for ever.

    *to* is a person id or "channel"; *notice* names the card; *event* is the number (1..n) of the event it tells of,
    0 for a reminder; *not_before* is aware. *group* is "" or the name of the message it may share with others.
    *data* holds small facts the card needs (timer, rung, due), never words that people typed.
    """

    key: str
    to: str
    notice: str
    not_before: datetime
    event: int = 0
    group: str = ""
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Summary:
    """What a store can look a case up by: derived from the events at every append."""

    reference: str
    placement: str
    stage: str
    is_open: bool
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Commit:
    """One transaction, all or nothing. *expected* is the number of events there are now; 0 means the case must not
    exist. *nonce* is the idempotency key: a nonce seen before on any case gives the first result again. *shown* is as
    in `CaseBook.show`.
    """

    case_id: str
    expected: int
    nonce: str
    events: tuple[Event, ...]
    summary: Summary
    outbox: tuple[OutboxItem, ...] = ()
    wake_at: datetime | None = None
    shown: tuple[Shown, ...] = ()


@dataclass(frozen=True, slots=True)
class Committed:
    case_id: str
    version: int
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """Work held until a lease ends. *fence* grows with every claim; an old fence settles nothing. *attempts* counts
    this try too; *error* is what the last failed one said.
    """

    queue: Queue
    id: str
    case_id: str
    fence: int
    due: datetime
    attempts: int
    item: OutboxItem | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A card that stands in somebody's chat and is edited in place: *activity_id* in *person*'s conversation."""

    person: str
    kind: str
    activity_id: str


@dataclass(frozen=True, slots=True)
class Health:
    """*works*: not ok only because something was found damaged, which nobody has looked at yet."""

    ok: bool
    sentence: str
    works: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody has typed so far. *form* names the form (and the case, where there is one)."""

    person: str
    form: str
    values: Mapping[str, str]
    saved_at: datetime


class Saw(StrEnum):
    """What somebody saw of a case."""

    CARD = "card"
    FORM = "form"
    EVERYTHING = "everything"
    LIST = "list"
    PLAN = "plan"
    WORDS = "words"
    REVIEW = "review"
    PEBBLEPAD = "pebblepad"
    MESSAGE = "message"
    LETTER = "letter"
    AUDIT = "audit"


#: Where somebody sees the same thing of a case again within so long, that is one read, at its first time.
ONE_LOOK = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Read:
    """*person* (an id, or "account NAME" of the machine) saw *saw* of a case. *at* is aware. Ids and words of ours
    alone: no name, nothing typed.
    """

    case_id: str
    person: str
    saw: Saw
    at: datetime


class CaseBook(Protocol):
    """An append-only book of cases with the outbox of each. Returned objects are the caller's own copies."""

    async def open(self) -> None: ...
    async def close(self) -> None: ...

    async def commit(self, commit: Commit) -> Committed:
        """Durable when it returns. Raises VersionConflict, AlreadyOpen, StoreUnavailable; then nothing is changed.
        The nonce is looked up first, so a repetition is answered even when *expected* is old. An outbox item whose
        key the case has seen before is left out.
        """

    async def post(self, items: Sequence[OutboxItem], nonce: str) -> None:
        """Queues messages that belong to no case (a question for advice), once a nonce. Claimed from the outbox with
        an empty case id; nothing of one is kept when it is settled. Raises StoreUnavailable.
        """

    async def events(self, case_id: str) -> Sequence[Event]:
        """Oldest first; empty when there is no such case."""

    async def seen(self, nonce: str) -> Committed | None:
        """What a nonce led to, if it was ever used."""

    async def cases_of(self, people: str | None, *, open_only: bool = True) -> Sequence[str]:
        """The ids of the cases whose summary names the person (None: all cases), newest first."""

    async def open_case_of(self, placement: str) -> str | None: ...

    async def cases_of_placement(self, placement: str) -> Sequence[str]:
        """Open and closed, newest first."""

    async def case_with_reference(self, reference: str) -> str | None: ...

    async def claim(self, queue: Queue, owner: str, now: datetime, limit: int, lease: timedelta) -> Sequence[Claim]:
        """Up to *limit* due pieces of work, the longest due first, none that somebody holds a live lease on.
        For "case" the due time is the case's `wake_at`; for "outbox" the item's `not_before` or its retry time.
        """

    async def extend(self, claim: Claim, now: datetime, lease: timedelta, error: str = "") -> bool:
        """The claim is held for another *lease* from now on; False when the fence is old: somebody else has it. Asked
        right before what cannot be undone. *error* is what the next claim says if this one is never settled, even
        after a kill: it is durable when this returns. Raises StoreUnavailable, and then the claim is held as before.
        """

    async def complete(self, claim: Claim, result: str, *, wake_at: datetime | None = None) -> bool:
        """Settled for good (outbox: delivered, or dropped, as *result* says); a case's next *wake_at* is set.
        False when the fence is old: somebody else has it.
        """

    async def retry(self, claim: Claim, at: datetime, error: str) -> bool: ...
    async def park(self, claim: Claim, error: str) -> bool:
        """Never tried again by itself; visible in `parked`."""

    async def parked(self) -> Sequence[Claim]:
        """The longest due first. Claims from here can be settled, or put back with `retry`."""

    async def delayed(self, attempts: int) -> Sequence[Claim]:
        """Of the outbox, what was tried at least *attempts* times in vain and will be tried again, the longest due
        first; for 0 all that waits. To be looked at: these claims settle nothing.
        """

    async def hold(self, item: str, owner: str, now: datetime, lease: timedelta) -> Claim | None:
        """One piece of the outbox by its claim's id, due or not, parked or not, so that a person can settle it or put
        it back. Holding is no try: *attempts* counts those made so far. None where there is no such piece (any more),
        and where somebody holds a live lease on it: then it is being sent.
        """

    async def next_due(self, queue: Queue) -> datetime | None:
        """When the earliest unsettled piece of work is due or its lease ends; None when there is none."""

    async def show(self, case_id: str, shown: Shown) -> None:
        """Remembers (per person and kind) where a card stands; an empty activity id forgets it."""

    async def shown(self, case_id: str) -> Sequence[Shown]: ...
    async def sent(self, case_id: str) -> Mapping[str, str]:
        """Of the case's outbox, what became of each settled item: key -> result."""

    async def erase(self, case_id: str) -> bool:
        """No text of the case is left in any file or table. False when there was none."""

    def export(self) -> AsyncIterator[bytes]: ...
    async def health(self) -> Health: ...


class Reads(Protocol):
    """Who saw what of which case, and when. Reads are no events: they move no case and make no card stale."""

    async def note(self, *reads: Read) -> None:
        """Kept soon, beside the turn and not in it; never raises. What is within `ONE_LOOK` of an earlier one is left
        out, and so is what is of no case (any more).
        """

    async def reads_of(self, case_id: str) -> Sequence[Read]:
        """The oldest first. Raises StoreUnavailable."""

    async def reads_by(self, person: str) -> Sequence[Read]:
        """Of all cases, the oldest first; looks through everything. Raises StoreUnavailable."""

    async def forget(self, case_id: str) -> None:
        """For a case that was erased: who read it goes with it. Raises StoreUnavailable."""


class Did(StrEnum):
    """What an administrator did that takes something away, or lays a case open."""

    ERASED_CASE = "erased a case"
    ERASED_PERSON = "erased a person"


@dataclass(frozen=True, slots=True)
class Act:
    """*by* is an account of the machine ("account NAME"); *of* the id of a case or a person, *reference* the case's;
    *because* was typed. *at* is aware.
    """

    at: datetime
    by: str
    did: Did
    of: str
    because: str
    reference: str = ""


class Acts(Protocol):
    """The administrators' log: it is only ever added to, and each entry is chained to the one before it."""

    async def record(self, act: Act) -> None:
        """Durable when it returns. Raises StoreUnavailable."""

    async def acts(self) -> Sequence[Act]:
        """The oldest first. Raises StoreUnavailable."""

    async def broken_at(self) -> int:
        """The number (1..n) of the first entry that is not as it was recorded, 0 where all are; n + 1 where entries
        are missing at the end. Raises StoreUnavailable.
        """


class Drafts(Protocol):
    """Half-filled forms, on the server, one a person and form; truly deleted."""

    async def keep(self, draft: Draft) -> None: ...
    async def draft(self, person: str, form: str) -> Draft | None: ...
    async def drop(self, person: str, form: str) -> None: ...
    async def drafts_of(self, person: str) -> Sequence[Draft]: ...
    async def drafts_before(self, moment: datetime) -> Sequence[Draft]:
        """Those last saved before *moment*, oldest first."""


class Roster(Protocol):
    """People and placements, with opaque stable ids; a re-import keeps the ids (matched by e-mail, placement_id)."""

    async def load(self, people: Sequence[Person], placements: Sequence[Placement]) -> None:
        """Replaces what the roster says; people no longer listed are kept, because cases name them."""

    async def person(self, person_id: str) -> Person | None: ...
    async def people(self) -> Mapping[str, Person]: ...
    async def by_object_id(self, object_id: str) -> Person | None: ...
    async def by_email(self, email: str) -> Person | None:
        """Compared without case."""

    async def keep_person(self, person: Person) -> None: ...
    async def forget_person(self, person_id: str) -> bool:
        """Name, addresses and account are gone from every file and table; placements and cases keep the bare id. False
        where there was nobody. Raises StoreUnavailable.
        """

    async def placement(self, placement_id: str) -> Placement | None: ...
    async def placements(self) -> Sequence[Placement]: ...
    async def placements_of(self, person_id: str) -> Sequence[Placement]:
        """Those of `placements` that name the person in any role, in the same order. Asked at nearly every turn."""


Window = tuple[float, int]
"""In so many seconds at most so many requests."""


class Moments(Protocol):
    """When requests may leave for a tenant, over all bots that share a store: each moment is given out once."""

    async def take(self, wanted: int, patience: float, windows: Sequence[Window]) -> tuple[Sequence[float], float]:
        """Seconds from now, rising, at which *wanted* requests may leave; none more than *patience* away. Where that
        makes fewer, the second value is how long one more would have had to wait. Raises StoreUnavailable, soon.
        """


class Installed(StrEnum):
    """What came of having the bot installed for somebody."""

    DONE = "done"
    ALREADY = "already"
    NOT_GRANTED = "not granted"
    UNKNOWN = "unknown"
    LATER = "later"


class Installing(Protocol):
    """Has the bot installed in Teams for people who have never opened it."""

    async def install(self, person: Person) -> Installed:
        """NOT_GRANTED: the permission is missing; UNKNOWN: no such account or app; LATER: no answer. Never raises."""


class CalendarRefused(Exception):
    """The calendar may not be written or read, for good: *reason* is Graph's code, or one of ours. People go on by
    hand.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class CalendarLater(Exception):
    """No answer, or "later": *after* seconds at the least, where the calendar said so. It may have been done."""

    def __init__(self, why: str, after: float | None = None) -> None:
        super().__init__(why)
        self.after = after


@dataclass(frozen=True, slots=True)
class Busy:
    """A time somebody has no room in; aware."""

    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands in the organiser's calendar. *id* is the calendar's own, *link* joins it online ("" for none);
    *declined* are the e-mail addresses of who said no.
    """

    id: str
    starts: datetime
    ends: datetime
    link: str = ""
    cancelled: bool = False
    declined: tuple[str, ...] = ()


class Meetings(Protocol):
    """The calendars of a university, as far as it lets Pathway at them. With no permission at all `books_for` is
    False for everybody, and people book by hand from a prefilled link.
    """

    async def books_for(self, organiser: Person) -> bool:
        """Whether Pathway may write into this person's calendar; answered from what is known, never raises."""

    async def busy(
        self, organiser: Person, people: Sequence[Person], starts: datetime, ends: datetime
    ) -> Mapping[str, Sequence[Busy] | None]:
        """By person id, when each has no room in the window (aware); None where nobody can say. Never raises."""

    async def book(self, appointment: Appointment, organiser: Person, invited: Sequence[Person]) -> Entry:
        """Makes it, once for each `Appointment.transaction`: asked again it gives back what it made, with the times
        it has now. Raises CalendarRefused, CalendarLater.
        """

    async def find(self, appointment: Appointment, organiser: Person, starts: datetime, ends: datetime) -> Entry | None:
        """What an earlier `book` may have made, looked up by its transaction among what stands between *starts* and
        *ends* (aware). Raises CalendarRefused, CalendarLater.
        """

    async def move(self, entry: str, appointment: Appointment, organiser: Person) -> Entry | None:
        """To the time and place of *appointment*; None where it was deleted. Raises CalendarRefused, CalendarLater."""

    async def withdraw(self, entry: str, organiser: Person) -> None:
        """Takes it out of every calendar; nothing is done where it is gone. Raises CalendarRefused, CalendarLater."""

    async def look(self, entry: str, organiser: Person) -> Entry | None:
        """How it stands now; None when it was deleted. Raises CalendarRefused, CalendarLater."""


class Addresses(Protocol):
    """Where people are reached in Teams: the newest conversation reference a person. "channel" is the Partnership's."""

    async def keep_address(self, person: str, address: Address) -> None: ...
    async def address(self, person: str) -> Address | None: ...
    async def drop_address(self, person: str) -> None: ...
    async def note(self, key: str) -> str:
        """A small remembered value (the channel's thread of a day, "greeted"), "" when there is none."""

    async def keep_note(self, key: str, value: str) -> None: ...
    async def keep_first_note(self, key: str, value: str) -> str:
        """Keeps *value* where there is no note yet, and returns the one that there is: of many at once, one wins."""
