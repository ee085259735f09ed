"""The meeting about what happens next, within a week of a placement that has ended; and putting an outcome right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cards import record
from cards.acts import act
from cards.case import reference_line
from cards.elements import (
    Card,
    Element,
    Form,
    button,
    card,
    facts,
    heading,
    link,
    literal,
    panel,
    quiet,
    text,
)
from cards.meeting import teams_link
from cards.times import below_slots, slot_choices
from cards.view import View
from pathway import events as e
from pathway.appointments import LASTS, next_steps_for
from pathway.ground import Fault
from pathway.guards import FAR_AWAY, to_invite
from pathway.roles import Role
from pathway.slots import Slot

ENROLLED = {
    "yes": "Still a student on the course",
    "board": "To be decided; still a student until then",
    "no": "No longer a student on the course",
}
TEACHING = {
    "yes": "They go on as before",
    "some": "Some of them go on; the course says which",
    "no": "There are none for now",
}
BROUGHT = {"no": "No", "yes": "Yes"}


def invited(view: View) -> dict[str, str]:
    """Whom the meeting is for: the role that travels, and who holds it."""
    found = {}
    for role in to_invite(view.ground):
        holders = view.party.holders(role, view.case)
        names = " or ".join(view.party.name(person) for person in holders)
        if role is Role.STUDENT:
            found[role.value] = names
        else:
            word = view.word(role)
            found[role.value] = f"{names} ({word}), or a deputy" if names else f"{word}, or a deputy"
    return found


def _hidden(view: View, form: str) -> dict[str, Any]:
    return {"case": view.case.id, "step": view.case.step, "nonce": view.nonce, "form": form}


def readers(view: View) -> str:
    return f"{view.first}, {view.link_tutor} and everybody who is invited"


def book_form(
    view: View,
    values: Mapping[str, str],
    faults: Sequence[Fault] = (),
    *,
    slots: Sequence[Slot],
    note: str = "",
    far: bool = False,
    again: bool = False,
    invites: bool = False,
) -> Card:
    """Up to three times to choose from; else as `day_form`."""
    form = Form(values, faults)
    time = [
        *form.one("slot", "Time", slot_choices(view, slots), error="Choose a time."),
        *below_slots(view, slots, note),
    ]
    other = button("Another time", "next_steps.day", **_hidden(view, "next_steps.book"), **_again(again=again))
    book = _book(view, "next_steps.book", again=again, invites=invites)
    return _booking(view, form, time, [book, other], far=far, again=again, invites=invites)


def day_form(
    view: View,
    values: Mapping[str, str],
    faults: Sequence[Fault] = (),
    *,
    note: str = "",
    far: bool = False,
    again: bool = False,
    invites: bool = False,
) -> Card:
    """Any day and time. *note* says how the day was found; *far*: it is more than a week away; *again*: another day
    than before; *invites*: Pathway writes it into the calendars.
    """
    form = Form(values, faults)
    time = [
        *form.day("day", "Day", error="Choose a day.", note=note),
        *form.time("time", "Time", error="Choose a time."),
    ]
    book = _book(view, "next_steps.day", again=again, invites=invites)
    return _booking(view, form, time, [book], far=far, again=again, invites=invites)


def _again(*, again: bool) -> dict[str, str]:
    return {"again": "yes"} if again else {}


def _book(view: View, form: str, *, again: bool, invites: bool) -> Element:
    return button(
        "Send the invitation" if invites else "Book it and tell everybody",
        "next_steps.send" if invites else "next_steps.booked",
        style="positive",
        **_hidden(view, form),
        **_again(again=again),
    )


def _booking(
    view: View, form: Form, time: list[Element], buttons: list[Element], *, far: bool, again: bool, invites: bool
) -> Card:
    who = readers(view)
    return card(
        quiet(reference_line(view)),
        heading("Choose another day" if again else "Book the next steps meeting"),
        text(
            f"It is about what happens next for {view.first}, who can bring somebody. The school is not asked to come."
        ),
        *time,
        form.line(
            "place", "Where", error="Say where the meeting is.", readers=who, most=100, hint="Room 204, or Teams"
        ),
        form.some("invited", "Who is invited", invited(view), error="Choose who is invited."),
        form.line(
            "deputies",
            "Who comes for somebody else",
            error="Up to 200 characters.",
            readers=who,
            required=False,
            most=200,
            hint="Dr Jo Lumb (j.lumb@example.ac.uk) for the Course Director",
        ),
        quiet("Whose e-mail address you give gets the invitation too, and their calendar is looked at.")
        if invites
        else None,
        form.line(
            "interim_contact",
            f"Whom {view.first} can turn to until then",
            error=f"The day is more than {FAR_AWAY} days after the outcome: name somebody.",
            readers=who,
            most=200,
            hint="Sam Whitfield, 0113 496 0102",
        )
        if far
        else None,
        form.line(
            "reason",
            "Why it is another day",
            error="Say why in a line.",
            readers=who,
            required=False,
            hint="The student could not come on Wednesday",
        )
        if again
        else None,
        form.verdict(),
        actions=[*buttons, act(view, "Back", "cases.open")],
    )


def to_send(view: View, booking: e.NextStepsBooked, *, ics: str, lead: str = "") -> Card:
    """Booked, and in nobody's calendar: the invitation, filled in, for whoever has booked it. *ics* is a link to its
    calendar file, "" where the bot has no public address.
    """
    people = (view.party.somebody(p) for p in next_steps_for(booking, view.case, view.party) if p != view.viewer)
    emails = [p.email for p in people if p and p.email]
    return card(
        quiet(reference_line(view)),
        heading("Put it into your calendar"),
        panel(text(lead, weight="Bolder"), style="accent") if lead else None,
        facts({"When": view.moment(booking.starts), "Where": literal(booking.place)}),
        text(
            "Open it in Teams. The time and the addresses of everybody who is invited are filled in, and the title "
            "names nobody. Press Send there."
        ),
        actions=[
            link("Open it in Teams", teams_link(view.case.reference, booking.starts, LASTS, emails)),
            *([link("Calendar file instead (.ics)", ics)] if ics else []),
            act(view, "Choose another day for it", "next_steps.another"),
            act(view, "Open the case", "cases.open"),
        ],
    )


def held_form(view: View, values: Mapping[str, str], faults: Sequence[Fault] = (), *, absent: bool = False) -> Card:
    """*absent* asks why it is closed without the student."""
    form = Form(values, faults)
    who = f"{view.first}, {view.link_tutor}, the {view.word(Role.COURSE_DIRECTOR)} and the office"
    return card(
        quiet(reference_line(view)),
        heading("Record the next steps meeting"),
        form.day("on", "It was on", error="Choose today or a day in the past."),
        form.some("present", "Who came", invited(view), error="Say who came."),
        _absent(view, form) if absent else None,
        form.line(
            "deputies",
            "Who came for somebody else",
            error="Up to 200 characters.",
            readers=who,
            required=False,
            most=200,
        ),
        form.one("brought", f"{view.first} brought somebody", BROUGHT, error="Choose one.", open_list=False),
        form.some("options", "What was talked about", record.OPTIONS, error="Choose what was talked about."),
        form.line(
            "decision",
            "What was decided, or which board decides and when",
            error="Write what happens next.",
            readers=who,
            long=True,
            most=600,
        ),
        form.one("status", "Place on the course", ENROLLED, error="Choose one.", open_list=False),
        form.one("teaching", "University sessions meanwhile", TEACHING, error="Choose one.", open_list=False),
        form.line("funding", "Whom to ask about funding", error="Name somebody to ask.", readers=who, most=200),
        form.line("follow_up", "Who follows this up", error="Name somebody.", readers=who, most=200),
        form.tick("leaflet_given", "The support leaflet has been given: the same for everyone", error="Tick it."),
        form.tick("appeal_given", "How to appeal has been given", error="Tick it."),
        form.verdict(),
        actions=[
            button(
                f"Close the case and send {view.first} the summary",
                "next_steps.recorded",
                style="positive",
                **_hidden(view, "next_steps.held"),
            ),
            button("Save for later", "next_steps.save", **_hidden(view, "next_steps.held")),
            act(view, f"{view.first} did not come: offer another day", "next_steps.another"),
            act(view, "Back", "cases.open"),
        ],
    )


def _absent(view: View, form: Form) -> list[Element]:
    return form.line(
        "student_absent_because",
        f"If it is closed without {view.first}: why",
        error="The student did not come: offer another day, or give the reason for closing.",
        readers=f"{view.link_tutor} and everybody who is invited",
    )


def reopen_form(view: View, values: Mapping[str, str], faults: Sequence[Fault] = (), *, until: str = "") -> Card:
    """*until*: the last day on which it can be done."""
    form = Form(values, faults)
    return card(
        quiet(reference_line(view)),
        heading("Set the outcome aside"),
        text(
            f"Only for an outcome that was entered wrongly. The case goes back to the review, and {view.link_tutor} "
            f"records the outcome anew. What was recorded first stays readable. It can be done until {until}."
        ),
        form.line(
            "reason",
            "What was wrong",
            error="Give the reason in a line.",
            readers=f"{view.mentor}, {view.link_tutor} and the {view.word(Role.PARTNERSHIP_TEAM)}",
            long=True,
        ),
        form.tick(
            "student_told",
            f"{view.party.name(view.case.student)} has been told this in person",
            error="Tell the student first.",
        ),
        form.verdict(),
        actions=[
            button(
                "Set it aside and go back to the review",
                "next_steps.reopened",
                style="destructive",
                **_hidden(view, "next_steps.reopen"),
            ),
            act(view, "Back", "cases.open"),
        ],
    )
