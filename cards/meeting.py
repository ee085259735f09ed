"""Arranging the meeting without anybody's permission: a prefilled Teams link, an .ics file, "it is booked for"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from cards.acts import act
from cards.case import HELD, reference_line
from cards.elements import Card, Form, button, card, facts, heading, label, link, panel, quiet, said, text
from cards.view import View
from pathway import events as e
from pathway.dates import in_london
from pathway.rules import Fault

#: Lengths that are offered, in minutes.
LENGTHS = {"20": "20 minutes", "30": "30 minutes", "45": "45 minutes", "60": "1 hour"}


def ways(view: View) -> dict[str, str]:
    """How the first meeting may be held: in Teams, or at the school where the provider allows it."""
    visit = view.provider.settings.first_meeting_may_be_visit
    return {h.value: HELD[h] for h in (e.Held.TEAMS, *((e.Held.VISIT,) if visit else ()))}


def title_of(reference: str) -> str:
    """Calendars are often open to colleagues: no name, no reason."""
    return f"Placement catch-up (ref {reference})"


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


def arrange_form(
    view: View,
    values: Mapping[str, str],
    faults: Sequence[Fault] = (),
    *,
    note: str = "",
    best_times: str = "",
    invites: bool = False,
) -> Card:
    """*invites*: Pathway writes it into the calendars; else the next card is an invitation to send by hand."""
    form = Form(values, faults, strict=True)
    moving = view.case.meeting is not None
    return card(
        quiet(reference_line(view)),
        heading("Move the meeting" if moving else "Arrange the meeting"),
        panel(label(f"{view.mentor}'s best times"), *said(best_times)) if best_times else None,
        form.day("day", "Day", error="Choose a day.", note=note),
        form.time("time", "Time", error="Choose a time."),
        form.one("minutes", "How long", LENGTHS, error="Choose how long.", open_list=False),
        form.one("held", "How", ways(view), error="Choose one.", open_list=False) if len(ways(view)) > 1 else None,
        form.verdict(),
        actions=[
            button(
                "Send the invitation" if invites else "Make the invitation",
                "meeting.send" if invites else "meeting.invite",
                style="positive",
                case=view.case.id,
                step=view.case.step,
                nonce=view.nonce,
                form="meeting.arrange",
            ),
            act(view, "Back", "cases.open"),
        ],
    )


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
    hidden: dict[str, Any] = {
        "case": view.case.id,
        "step": view.case.step,
        "nonce": view.nonce,
        "form": "meeting.invitation",
    }
    when = {k: values.get(k, "") for k in ("day", "time", "held")} | {"minutes": str(minutes)}
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


def cancel_form(view: View, values: Mapping[str, str], faults: Sequence[Fault] = (), *, for_whom: str = "") -> Card:
    form = Form(values, faults, strict=True)
    more = {"for": for_whom} if for_whom else {}
    return card(
        quiet(reference_line(view)),
        heading("Cancel the meeting"),
        text("The other person is told once. Please also delete it in your calendar: Pathway cannot do that yet."),
        form.line("reason", "Why", error="Say why in a line.", readers=f"{view.mentor} and {view.link_tutor}"),
        form.verdict(),
        actions=[
            button(
                "Cancel the meeting",
                "meeting.cancelled",
                style="destructive",
                case=view.case.id,
                step=view.case.step,
                nonce=view.nonce,
                form="meeting.cancel",
                **more,
            ),
            act(view, "Keep it", "cases.open"),
        ],
    )
