"""What should stand in people's calendars, and what is known to stand there: functions of the case, as deadlines are.

Three gatherings: the first meeting, the review visit, the next steps meeting. Pathway writes those into calendars whose
booking says so (`invite`); the others somebody keeps by hand. Each time one is called off, or other people are to come,
its *revision* ends: what is arranged next is another entry. A move keeps the revision. Revisions are counted from the
events alone, never from who is on a list today, so that the same case leads to the same ids for ever.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from pathway import events as e
from pathway.case import Case, after
from pathway.events import Gathering
from pathway.people import Party
from pathway.process import Stage
from pathway.roles import Role

__all__ = [
    "CALENDAR",
    "LASTS",
    "Appointment",
    "Arranged",
    "Difference",
    "Differs",
    "Gathering",
    "Known",
    "appointment",
    "appointments",
    "arranged",
    "by_hand",
    "deputies",
    "difference",
    "given_up",
    "in_vain",
    "joins_at",
    "known",
    "next_steps_for",
]

_NAMESPACE: Final = uuid.UUID("2c3d2a5e-55b4-4f0b-9a53-0a4c9d0f6e21")
#: To whom the outbox brings what is to be done in calendars: nobody, a worker of our own.
CALENDAR: Final = "calendar"
#: How long the next steps meeting is, in minutes: its booking does not say so.
LASTS: Final = 60
#: An e-mail address among other words.
_ADDRESS: Final = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
#: The stages in which a gathering is still to be held; a pause keeps it.
_HELD_IN: Final[Mapping[Gathering, frozenset[Stage]]] = {
    Gathering.MEETING: frozenset({Stage.MEETING_BOOKED}),
    Gathering.REVIEW: frozenset({Stage.PLAN_IN_PLACE, Stage.REVIEW}),
    Gathering.NEXT_STEPS: frozenset({Stage.NEXT_STEPS}),
}
Booking = e.MeetingBooked | e.ReviewBooked | e.NextStepsBooked
_BOOKED_BY: Final[Mapping[type[e.Event], Gathering]] = {
    e.MeetingBooked: Gathering.MEETING,
    e.ReviewBooked: Gathering.REVIEW,
    e.NextStepsBooked: Gathering.NEXT_STEPS,
}


@dataclass(frozen=True, slots=True)
class Appointment:
    """One entry in the calendars of *organiser* and *invited* (person ids, without the organiser's). *starts* is aware.
    *revision* counts from 1: see above.
    """

    case: str
    reference: str
    which: Gathering
    revision: int
    starts: datetime
    minutes: int
    organiser: str
    invited: tuple[str, ...]
    online: bool
    place: str = ""

    @property
    def ends(self) -> datetime:
        return self.starts + timedelta(minutes=self.minutes)

    @property
    def transaction(self) -> str:
        """The id under which Microsoft Graph makes it once, however often it is asked: the same for every try. It
        follows from the events of the case, which were written before anybody asks.
        """
        return str(uuid.uuid5(_NAMESPACE, f"{self.case}:{self.which.value}:{self.revision}:{self.organiser}"))


@dataclass(frozen=True, slots=True)
class Arranged:
    """An appointment as it was wanted last, and whether it is wanted still (*stands*). Between *first* and *last*
    (aware) lie all the times it was ever wanted at; *since* is the number (1..n) of the event that changed it last.
    """

    appointment: Appointment
    first: datetime
    last: datetime
    stands: bool
    since: int


# -- what is wanted ------------------------------------------------------------------------------------------------


def appointments(case: Case, party: Party) -> tuple[Appointment, ...]:
    """What should stand in the calendars now, whether it is still to come or over."""
    return tuple(one.appointment for one in arranged(case, party) if one.stands)


def appointment(case: Case, party: Party, which: Gathering) -> Appointment | None:
    return next((one for one in appointments(case, party) if one.which is which), None)


def arranged(case: Case, party: Party) -> tuple[Arranged, ...]:
    """Every appointment that the case ever asked for, a line for each revision, in the order they were asked for."""
    if not any(getattr(event, "invite", False) for event in case.events):
        return ()
    lines = [line for line in _lines(case) if line.times]
    made = ((line, _appointment(case, party, line)) for line in lines)
    return tuple(
        Arranged(found, min(line.times), max(line.times) + timedelta(minutes=found.minutes), line.stands, line.since)
        for line, found in made
        if found.organiser
    )


@dataclass(slots=True)
class _Line:
    """One revision while the events are gone through. *tutor* and *mentor* are person ids where one was named."""

    booking: Booking
    which: Gathering
    revision: int
    booked_by: str
    place: str
    since: int
    times: list[datetime] = field(default_factory=list)
    stands: bool = True
    tutor: str = ""
    mentor: str = ""

    def wants(self, starts: datetime, place: str, now: Case) -> None:
        self.place, self.since = place, now.version
        self.times.append(starts)

    def ends(self, now: Case) -> None:
        self.stands, self.since = False, now.version


def _lines(case: Case) -> list[_Line]:
    lines: list[_Line] = []
    now: Case | None = None
    for event in case.events:
        now = after(now, event)
        if now is None:
            continue
        for which in Gathering:
            _take(lines, which, event, now)
        for line in lines:
            if line.stands:
                line.tutor, line.mentor = _named(now)
    return lines


def _named(case: Case) -> tuple[str, str]:
    tutor = case.last(e.LinkTutorNamed)
    return tutor.person if tutor else "", case.mentor


def _take(lines: list[_Line], which: Gathering, event: e.Event, now: Case) -> None:
    """What *event* does to the newest line of *which*; *now* is the case with it."""
    line = next((x for x in reversed(lines) if x.which is which and x.stands), None)
    if isinstance(event, e.MeetingBooked | e.ReviewBooked | e.NextStepsBooked) and _BOOKED_BY[type(event)] is which:
        _book(lines, line, event, now)
    elif line is None:
        return
    elif (now.came_from or now.stage) not in _HELD_IN[which]:
        line.ends(now)
    elif which is Gathering.REVIEW and isinstance(event, e.ReviewChanged):
        line.wants(event.review_at, event.place, now)
    elif isinstance(event, e.InvitationRenewed) and event.which is which:
        found = known(now, which, line.revision)
        if found is None or found.starts is None:
            _begin(lines, line.booking, line.times[-1], line.place, now)
        else:
            line.since = now.version
    elif isinstance(event, e.LinkTutorNamed | e.MentorNamed) and which is not Gathering.NEXT_STEPS:
        _begin(lines, line.booking, line.times[-1], line.place, now)


def _book(lines: list[_Line], line: _Line | None, event: Booking, now: Case) -> None:
    if line is not None and event.invite and _same_people(line.booking, event):
        line.booking = event
        line.wants(event.starts, event.place, now)
    elif event.invite:
        _begin(lines, event, event.starts, event.place, now)
    elif line is not None:
        line.ends(now)


def _begin(lines: list[_Line], booking: Booking, starts: datetime, place: str, now: Case) -> None:
    """A new revision, in place of the one before where that stands."""
    which = _BOOKED_BY[type(booking)]
    earlier = [x for x in lines if x.which is which]
    for line in earlier:
        if line.stands:
            line.ends(now)
    lines.append(_Line(booking, which, 1 + len(earlier), booking.by, place, now.version, [starts]))


def _same_people(before: Booking, booking: Booking) -> bool:
    if isinstance(before, e.NextStepsBooked) and isinstance(booking, e.NextStepsBooked):
        asked = [(set(one.invited), set(_ADDRESS.findall(one.deputies))) for one in (before, booking)]
        return asked[0] == asked[1]
    return True


def _appointment(case: Case, party: Party, line: _Line) -> Appointment:
    booking = line.booking
    tutor = line.tutor or party.placement.link_tutor
    organiser = line.booked_by if line.which is Gathering.NEXT_STEPS else tutor
    online, place = _where(line, party)
    return Appointment(
        case=case.id,
        reference=case.reference,
        which=line.which,
        revision=line.revision,
        starts=line.times[-1],
        minutes=LASTS if isinstance(booking, e.NextStepsBooked) else booking.minutes,
        organiser=organiser,
        invited=tuple(dict.fromkeys(p for p in _invited(case, party, line, tutor) if p and p != organiser)),
        online=online,
        place=place,
    )


def _where(line: _Line, party: Party) -> tuple[bool, str]:
    """Whether it is held in Teams, and the place in words, "" for none."""
    school = party.placement.school_address or party.placement.school
    match line.booking:
        case e.MeetingBooked(held=held):
            return held is e.Held.TEAMS, line.place or ("" if held is e.Held.TEAMS else school)
        case e.ReviewBooked():
            return False, line.place or school
        case _:
            return "teams" in line.place.casefold(), line.place


def _invited(case: Case, party: Party, line: _Line, tutor: str) -> Iterator[str]:
    match line.booking:
        case e.MeetingBooked():
            yield from (line.mentor, tutor)
        case e.ReviewBooked():
            yield from (line.mentor, tutor, case.student)
        case e.NextStepsBooked() as booking:
            yield from next_steps_for(booking, case, party)


def next_steps_for(booking: e.NextStepsBooked, case: Case, party: Party) -> tuple[str, ...]:
    """Whom a next steps meeting is for, with the deputies that can be written to: ids as in `Appointment.invited`."""
    held = (party.holders(Role(r), case) if r in set(Role) else (r,) for r in booking.invited)
    return tuple(dict.fromkeys((*(p for some in held for p in some), *deputies(booking.deputies, party))))


def deputies(words: str, party: Party) -> tuple[str, ...]:
    """Those who come for somebody else and whose e-mail address stands in *words*: a person id, or the address of
    somebody who is on no list.
    """
    listed = {known.email.casefold(): person for person, known in party.people.items() if known.email}
    found = (address.casefold() for address in _ADDRESS.findall(words))
    return tuple(dict.fromkeys(listed.get(address, address) for address in found))


# -- what is known to stand there ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """An entry as it was sent or found last: *starts* is None where it was deleted in Outlook; *withdrawn*: Pathway
    has taken it out itself; *to_put_back*: somebody has said so since.
    """

    sent: e.InvitationSent
    starts: datetime | None
    minutes: int
    declined: tuple[str, ...] = ()
    withdrawn: bool = False
    to_put_back: bool = False

    @property
    def stands(self) -> bool:
        """In a calendar, at some time."""
        return self.starts is not None and not self.withdrawn


def known(case: Case, which: Gathering, revision: int) -> Known | None:
    """None where nothing is known to have been made."""
    found: Known | None = None
    for event in case.events:
        if getattr(event, "which", None) is not which or getattr(event, "revision", revision) != revision:
            continue
        match event:
            case e.InvitationSent():
                found = Known(event, event.starts, event.minutes)
            case e.FoundInCalendar(starts=starts, minutes=minutes, declined=declined) if found:
                found = replace(found, starts=starts, minutes=minutes, declined=declined, to_put_back=False)
            case e.InvitationWithdrawn() if found:
                found = replace(found, withdrawn=True)
            case e.InvitationRenewed() if found:
                found = replace(found, to_put_back=True)
            case _:
                continue
    return found


def given_up(case: Case, one: Arranged) -> bool:
    """Whether Pathway has said that it can do no more about an entry: withdrawn, or refused since it was arranged."""
    which, revision = one.appointment.which, one.appointment.revision
    for number, event in enumerate(case.events, start=1):
        match event:
            case e.InvitationWithdrawn() if not one.stands and (event.which, event.revision) == (which, revision):
                return True
            case e.InvitationRefused() if (event.which, event.revision) == (which, revision) and number > one.since:
                return True
            case _:
                continue
    return False


def in_vain(case: Case, which: Gathering) -> bool:
    """Whether a calendar was left to its owner because it was tried for hours, and not because it refused."""
    refused = [x for x in case.all(e.InvitationRefused) if x.which is which]
    return bool(refused) and refused[-1].reason == e.IN_VAIN


def by_hand(case: Case, party: Party, which: Gathering) -> bool:
    """Whether a gathering that Pathway was to write into the calendars is kept there by hand, as it was refused."""
    return any(one.stands and one.appointment.which is which and given_up(case, one) for one in arranged(case, party))


class Differs(StrEnum):
    """How an entry differs from what the case has."""

    MOVED = "moved"
    DELETED = "deleted"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Difference:
    """*starts* (aware) is where it was moved to, *who* (person ids) declined."""

    how: Differs
    wanted: Appointment
    starts: datetime | None = None
    minutes: int = 0
    who: tuple[str, ...] = ()


def difference(case: Case, party: Party, which: Gathering) -> Difference | None:
    """What somebody changed in Outlook and nobody has answered yet."""
    wanted = appointment(case, party, which)
    found = known(case, which, wanted.revision) if wanted else None
    if wanted is None or found is None or found.withdrawn or found.to_put_back:
        return None
    if found.starts is None:
        return Difference(Differs.DELETED, wanted)
    if found.starts not in (found.sent.starts, wanted.starts):
        return Difference(Differs.MOVED, wanted, found.starts, found.minutes)
    if found.declined and found.starts == wanted.starts:
        return Difference(Differs.DECLINED, wanted, who=found.declined)
    return None


def joins_at(case: Case, party: Party, which: Gathering) -> str:
    """The link that joins a gathering in Teams, as Pathway made it; "" where there is none."""
    wanted = appointment(case, party, which)
    found = known(case, which, wanted.revision) if wanted else None
    return found.sent.link if found and found.stands else ""
