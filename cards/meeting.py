"""Arranging the meeting: three times to book or to offer, the mentor's answer, and, where Pathway writes into nobody's
calendar, a prefilled Teams link, an .ics file, "it is booked for".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from cards.acts import act
from cards.case import HELD, case_card, reference_line
from cards.elements import (
    Card,
    Element,
    Form,
    button,
    card,
    facts,
    heading,
    label,
    link,
    panel,
    quiet,
    said,
    text,
    told,
)
from cards.times import answered, below_slots, slot_choices
from cards.view import View
from pathway import events as e
from pathway.dates import in_london
from pathway.people import Reach
from pathway.provider import starting
from pathway.roles import Role
from pathway.rules import Fault
from pathway.slots import Slot

#: Lengths that are offered, in minutes.
LENGTHS = {"20": "20 minutes", "30": "30 minutes", "45": "45 minutes", "60": "1 hour"}


def ways(view: View) -> dict[str, str]:
    """How the first meeting may be held: in Teams, or at the school where the provider allows it."""
    visit = view.provider.settings.first_meeting_may_be_visit
    return {h.value: HELD[h] for h in (e.Held.TEAMS, *((e.Held.VISIT,) if visit else ()))}


def title_of(reference: str) -> str:
    """Calendars are often open to colleagues: no name, no reason."""
    return f"Placement catch-up (ref {reference})"


#: What the entry of a gathering in a calendar says beside its title, for those who open it: no name, no reason.
ABOUT: Mapping[e.Gathering, str] = {
    e.Gathering.REVIEW: (
        "At the school, in three parts:\n1. Lesson observation\n2. Talk with the mentor\n3. Conversation of all three"
    ),
}


def teams_link(reference: str, starts: datetime, minutes: int, attendees: Sequence[str]) -> str:
    """Teams' own "new meeting" page, filled in. *starts* is aware; local times go out with their offset."""
    local = in_london(starts)
    fields = {
        "subject": title_of(reference),
        "startTime": local.isoformat(),
        "endTime": (local + timedelta(minutes=minutes)).isoformat(),
        "attendees": ",".join(attendees),
    }
    return "https://teams.microsoft.com/l/meeting/new?" + urlencode(
        {k: v for k, v in fields.items() if v}, quote_via=quote
    )


def _hidden(view: View, form: str, **more: str) -> dict[str, Any]:
    return {"case": view.case.id, "step": view.case.step, "nonce": view.nonce, "form": form, **more}


# -- the Link Tutor finds a time -----------------------------------------------------------------------------------


def arrange_form(
    view: View,
    values: Mapping[str, str],
    faults: Sequence[Fault] = (),
    *,
    slots: Sequence[Slot],
    note: str = "",
    best_times: str = "",
    invites: bool = False,
) -> Card:
    """Up to three times as choices. *note* says by when the meeting is asked for. *invites*: Pathway writes it into the
    calendars; else the next card is an invitation to send by hand.
    """
    form = Form(values, faults)
    them, asks = ("this time" if len(slots) == 1 else "these times"), view.viewer != view.case.mentor
    offered = ",".join(slot.starts.isoformat() for slot in slots)
    offer = button(
        f"Offer {them} to {view.mentor}", "meeting.offer", **_hidden(view, "meeting.arrange", offered=offered)
    )
    book = button(
        "Book the one I chose", "meeting.send" if invites else "meeting.invite", **_hidden(view, "meeting.arrange")
    )
    buttons = [offer, book] if asks else [book]
    return card(
        quiet(reference_line(view)),
        heading(_arranging(view)),
        panel(label(f"{view.mentor}'s best times"), *said(best_times)) if best_times else None,
        form.one("slot", "Time", slot_choices(view, slots), error="Choose a time."),
        below_slots(view, slots, note),
        form.one("minutes", "How long", LENGTHS, error="Choose how long.", open_list=False),
        form.one("held", "How", ways(view), error="Choose one.", open_list=False) if len(ways(view)) > 1 else None,
        _why(view, form),
        form.verdict(),
        actions=[
            {**buttons[0], "style": "positive"},
            *buttons[1:],
            button("Another time", "meeting.another", **_hidden(view, "meeting.arrange")),
            act(view, "Back", "cases.open"),
        ],
    )


def _arranging(view: View) -> str:
    return "Move the meeting" if view.case.meeting is not None else "Arrange the meeting"


def _why(view: View, form: Form) -> list[Element] | None:
    """Where the meeting stands already and is still to come."""
    before = view.case.meeting
    if before is None or before.starts <= view.now:
        return None
    return form.line(
        "reason",
        "Why another time",
        error="Say why in a line.",
        readers=f"{view.mentor} and {view.link_tutor}",
        hint="A parents' evening that day",
    )


def another_form(
    view: View,
    values: Mapping[str, str],
    faults: Sequence[Fault] = (),
    *,
    note: str = "",
    best_times: str = "",
    invites: bool = False,
) -> Card:
    """Any day and time. *invites* as in `arrange_form`."""
    form = Form(values, faults, strict=True)
    return card(
        quiet(reference_line(view)),
        heading(_arranging(view)),
        panel(label(f"{view.mentor}'s best times"), *said(best_times)) if best_times else None,
        form.day("day", "Day", error="Choose a day.", note=note),
        form.time("time", "Time", error="Choose a time."),
        form.one("minutes", "How long", LENGTHS, error="Choose how long.", open_list=False),
        form.one("held", "How", ways(view), error="Choose one.", open_list=False) if len(ways(view)) > 1 else None,
        _why(view, form),
        form.verdict(),
        actions=[
            button(
                "Send the invitation" if invites else "Make the invitation",
                "meeting.send" if invites else "meeting.invite",
                style="positive",
                **_hidden(view, "meeting.another"),
            ),
            act(view, "Back", "meeting.arrange"),
        ],
    )


# -- the mentor answers --------------------------------------------------------------------------------------------


def offer_card(
    view: View,
    values: Mapping[str, str] | None = None,
    faults: Sequence[Fault] = (),
    *,
    lead: str = "",
    for_whom: str = "",
) -> Card:
    """The times that were offered, for the mentor, or for who types it for them. Whoever gets it as a letter reads how
    to answer by one.
    """
    offer, mentor = view.case.open_offer, "" if for_whom else view.viewer
    if offer is None:
        return case_card(view, lead or answered(view))
    left = [at for at in offer.times if at > view.now]
    how = f"{HELD[offer.held]} of {LENGTHS.get(str(offer.minutes), f'{offer.minutes} minutes')}"
    return card(
        quiet(reference_line(view)),
        heading(f"When can {view.mentor} meet?" if for_whom else "When can you meet?"),
        panel(text(lead, weight="Bolder"), style="accent") if lead else None,
        text(_offered(view, offer, how)) if left else text("The times that were offered have passed."),
        told("Why another time", offer.reason),
        *(
            _by_letter(view, left)
            if mentor and _gets_letters(view, mentor)
            else _to_tick(view, values or {}, faults, left)
        ),
        actions=_answers(view, left, for_whom=for_whom),
    )


def _offered(view: View, offer: e.TimesOffered, how: str) -> str:
    who = starting(view.you_or(offer.by))
    have = "have" if who == "You" else "has"
    them = "this time" if len(offer.times) == 1 else "these times"
    return f"{who} {have} offered {them} for the meeting. {how}."


def _gets_letters(view: View, person: str) -> bool:
    known = view.party.people.get(person)
    return known is not None and (known.reach is Reach.EMAIL_ONLY or known.out_of_reach is not None)


def _by_letter(view: View, left: Sequence[datetime]) -> list[Element]:
    times = [text(view.moment(at), spacing="Small") for at in left]
    return [*times, text(f"Please answer to {view.link_tutor}: which of them can you do, or what would suit better?")]


def _to_tick(view: View, values: Mapping[str, str], faults: Sequence[Fault], left: Sequence[datetime]) -> list[Element]:
    form = Form(values, faults)
    choices = {at.isoformat(): view.moment(at) for at in left}
    ticks = form.some("times", "Tick all that suit", choices, error="Tick the times that suit.") if left else []
    better = form.line(
        "better",
        "If none suits: better times",
        error="Up to 200 characters.",
        readers=f"{view.mentor} and {view.link_tutor}",
        required=False,
        most=200,
        hint="Tuesdays after 4pm",
    )
    taken = [quiet("The first that suits you both is taken.")] if left else []
    return [*ticks, *taken, *better, *form.verdict()]


def _answers(view: View, left: Sequence[datetime], *, for_whom: str) -> list[Element]:
    if not for_whom and _gets_letters(view, view.viewer):
        return [act(view, "Show the case", "cases.open")]
    hidden = _hidden(view, "meeting.choose", **({"for": for_whom} if for_whom else {}))
    can = button("These suit" if for_whom else "I can do these", "meeting.choose", style="positive", **hidden)
    return [
        *([can] if left else []),
        button("None of these", "meeting.none", **hidden),
        act(view, "Show the case", "cases.open"),
    ]


def invitation(
    view: View,
    starts: datetime,
    minutes: int,
    *,
    teams: str,
    ics: str,
    values: Mapping[str, str],
    faults: Sequence[Fault] = (),
) -> Card:
    """The invitation to make in Teams, then the tap that says it is done."""
    form = Form(values, faults)
    hidden = _hidden(view, "meeting.invitation")
    there = in_london(starts)
    when = {
        "day": there.date().isoformat(),
        "time": f"{there:%H:%M}",
        "held": values.get("held", ""),
        "minutes": str(minutes),
        **({"reason": values["reason"]} if values.get("reason") else {}),
    }
    return card(
        quiet(reference_line(view)),
        heading("Book it in your calendar"),
        facts({"When": view.moment(starts), "How long": LENGTHS.get(str(minutes), f"{minutes} minutes")}),
        text(
            f"1. Open it in Teams. The title, the time and {view.mentor}'s address are filled in, with no student's "
            "name. Press Send there."
        ),
        text("2. Come back and say that it is booked."),
        form.line(
            "link",
            "Meeting link, if you want a Join button here",
            error="Paste the whole link.",
            readers=f"{view.mentor} and {view.link_tutor}",
            required=False,
            most=600,
        ),
        form.verdict(),
        actions=[
            link("Open it in Teams", teams),
            button(f"It is booked for {view.moment(starts)}", "meeting.booked", style="positive", **when, **hidden),
            *([link("Calendar file instead (.ics)", ics)] if ics else []),
            act(view, "Choose another time", "meeting.arrange"),
        ],
    )


def over(view: View) -> Card:
    """When the meeting has ended: what it came to, or that there was none. For the Link Tutor; the office, where none
    is named, sees the case.
    """
    if not (view.is_(Role.LINK_TUTOR) and view.sees_case):
        return case_card(view, "The meeting was to be over by now. Please find out what was agreed.")
    plan, mentor = view.provider.words.support_plan, view.mentor
    return card(
        quiet(reference_line(view)),
        heading("How did the meeting end?"),
        text(f"Your meeting with {mentor} about {view.student} was to end by now."),
        text(
            f"If a {plan} is needed, please record the meeting: a {plan} opens when you and {mentor} have both said "
            "“not as expected”. The other ways need no more than a line."
        ),
        actions=[
            act(view, "Record the meeting", "views.meeting"),
            act(view, "More time for the target", "decision.more_time"),
            act(view, "No further step: close it", "decision.none"),
            act(view, "It did not take place: another time", "meeting.arrange"),
            act(view, "Open the case", "cases.open"),
        ],
    )


def cancel_form(view: View, values: Mapping[str, str], faults: Sequence[Fault] = (), *, for_whom: str = "") -> Card:
    form = Form(values, faults, strict=True)
    meeting = view.case.meeting
    by_us = meeting is not None and meeting.invite
    more = {"for": for_whom} if for_whom else {}
    return card(
        quiet(reference_line(view)),
        heading("Cancel the meeting"),
        text("The other person is told once, and it goes out of both calendars.")
        if by_us
        else text("The other person is told once. Please also delete it in your calendar: it was put there by hand."),
        form.line("reason", "Why", error="Say why in a line.", readers=f"{view.mentor} and {view.link_tutor}"),
        form.verdict(),
        actions=[
            button(
                "Cancel the meeting",
                "meeting.cancelled",
                style="destructive",
                **_hidden(view, "meeting.cancel", **more),
            ),
            act(view, "Keep it", "cases.open"),
        ],
    )
