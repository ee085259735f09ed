"""What somebody changed in Outlook, and what Pathway may not do there: to the one in whose calendar it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from cards.acts import act, chat_link
from cards.case import case_card, reference_line
from cards.elements import Card, Element, card, facts, heading, link, literal, quiet, text
from cards.meeting import teams_link
from cards.view import View
from pathway import events as e
from pathway.appointments import (
    Appointment,
    Difference,
    Differs,
    Gathering,
    appointment,
    arranged,
    by_hand,
    difference,
    in_vain,
)
from pathway.dates import listed
from pathway.provider import starting

#: What people call a gathering, with its article.
NAMES: Mapping[Gathering, str] = {
    Gathering.MEETING: "the meeting",
    Gathering.REVIEW: "the review visit",
    Gathering.NEXT_STEPS: "the next steps meeting",
}
#: How another time is chosen for it: the button, and its verb.
ANOTHER: Mapping[Gathering, tuple[str, str]] = {
    Gathering.MEETING: ("Choose another time", "meeting.arrange"),
    Gathering.REVIEW: ("Change the review", "support_plan.review"),
    Gathering.NEXT_STEPS: ("Choose another day", "next_steps.another"),
}
#: Why it is another time, where the new one of Outlook is used.
MOVED_THERE = "It was moved in Outlook."
NOTHING_DIFFERS = "The calendar and this case say the same."


def changed(view: View, which: Gathering) -> Card:
    """The notice: what was changed in Outlook, as it stands now, and what can be done."""
    found = difference(view.case, view.party, which)
    if found is None:
        return case_card(view, NOTHING_DIFFERS)
    return card(
        quiet(reference_line(view)),
        heading(_title(view, found)),
        *_told(view, found),
        actions=[*_answers(view, found), act(view, "Open the case", "cases.open")],
    )


def _title(view: View, found: Difference) -> str:
    name = starting(NAMES[found.wanted.which])
    match found.how:
        case Differs.MOVED:
            return f"{name} was moved in Outlook"
        case Differs.DELETED:
            return f"{name} was deleted in Outlook"
        case Differs.DECLINED:
            return f"{_who(view, found)} said no to {NAMES[found.wanted.which]}"


def _told(view: View, found: Difference) -> Iterator[Element]:
    booked = view.moment(found.wanted.starts)
    match found.how:
        case Differs.MOVED if found.starts:
            yield facts({"In Pathway": booked, "In the calendar": view.moment(found.starts)})
            yield text("Which one is right? Until you say so, nobody is reminded of either.")
        case Differs.DELETED:
            yield text(f"It was booked for {booked}. It stands in no calendar any more. Is it still to take place?")
        case _:
            yield text(f"It is booked for {booked}. Nothing has been changed. Please ask, or choose another time.")


def _answers(view: View, found: Difference) -> Iterator[Element]:
    which, booked = found.wanted.which, view.moment(found.wanted.starts)
    another = act(view, *ANOTHER[which])
    match found.how:
        case Differs.MOVED if found.starts:
            if found.starts > view.now:
                yield _answer(
                    view,
                    f"Use the new time: {view.moment(found.starts)}",
                    "calendar.use",
                    which,
                    found.starts.isoformat(),
                )
            yield _answer(view, f"Put it back to {booked}", "calendar.again", which)
            yield another
        case Differs.DELETED:
            yield _answer(view, "Book it again", "calendar.again", which)
            yield act(view, "Cancel the meeting", "meeting.cancel") if which is Gathering.MEETING else another
        case _:
            yield another
            people = (view.party.people.get(p) for p in found.who)
            for person in filter(None, people):
                yield link(f"Write to {literal(person.name)} in Teams", chat_link(person.email))


def _answer(view: View, title: str, verb: str, which: Gathering, wanted: str = "") -> Element:
    more = {"wanted": wanted} if wanted else {}
    return act(view, title, verb, kind=which.value, **more)


def _who(view: View, found: Difference) -> str:
    return listed([literal(view.party.name(p)) for p in found.who])


# -- by hand -------------------------------------------------------------------------------------------------------


def to_do_by_hand(view: View, which: Gathering, ics: str = "") -> Card:
    """Pathway may not write into the calendar (any more): what to do there by hand. *ics* is a link to a file."""
    name, wanted = NAMES[which], appointment(view.case, view.party, which)
    if wanted is None or not by_hand(view.case, view.party, which):
        return case_card(view, _left_over(view, which))
    return card(
        quiet(reference_line(view)),
        heading(f"Please put {name} into your calendar"),
        facts({"When": view.moment(wanted.starts), **({"Where": literal(wanted.place)} if wanted.place else {})}),
        text(
            f"{_why(view, which)} Open it in Teams: the time and the addresses are filled in, and the title names "
            "nobody. Press Send there."
        ),
        quiet(f"Everything else goes on as before. IT can see in Pathway's log {_log(view, which)}."),
        actions=[
            link("Open it in Teams", _teams(view, wanted)),
            link("Calendar file instead (.ics)", ics)
            if ics
            else act(view, "Calendar file instead (.ics)", "calendar.file", kind=which.value),
            act(view, "Open the case", "cases.open"),
        ],
    )


def _why(view: View, which: Gathering) -> str:
    if in_vain(view.case, which):
        return (
            "Pathway tried again and again to write into your calendar, and it did not work, so the invitation is "
            "yours to send. Should one from Pathway come after all, please delete it."
        )
    return "Pathway may not write into your calendar, so the invitation is yours to send."


def _log(view: View, which: Gathering) -> str:
    return "what went wrong" if in_vain(view.case, which) else "why it was refused"


def _left_over(view: View, which: Gathering) -> str:
    """An entry that Pathway once made and may not take away, or could not."""
    starts = _last_start(view, which)
    when = f" on {view.moment(starts)}" if starts and starts > view.now else ""
    if not when:
        return f"There is nothing left to do for {NAMES[which]} in your calendar."
    if in_vain(view.case, which):
        return (
            f"Please delete {NAMES[which]}{when} in your calendar: Pathway tried again and again, and it did not work."
        )
    return f"Please delete {NAMES[which]}{when} in your calendar: Pathway may not write there any more."


def _last_start(view: View, which: Gathering) -> datetime | None:
    sent = [x for x in view.case.all(e.InvitationSent) if x.which is which]
    stands = any(one.stands and one.appointment.which is which for one in arranged(view.case, view.party))
    return sent[-1].starts if sent and not stands else None


def _teams(view: View, wanted: Appointment) -> str:
    people = (view.party.somebody(p) for p in wanted.invited)
    return teams_link(view.case.reference, wanted.starts, wanted.minutes, [p.email for p in people if p and p.email])
