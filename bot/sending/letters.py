"""A message as a letter: its words, how to answer it, and the calendar file that goes with it."""

from __future__ import annotations

from bot.desk import Message
from bot.invitation import calendar_file
from bot.mail import Letter, as_text
from cards.plan import review_moment
from cards.record import booked
from cards.view import View
from pathway.people import Person, Reach
from pathway.ports import OutboxItem
from pathway.provider import Provider
from pathway.roles import Role
from pathway.tellings import Notice

#: How long a meeting is in a calendar where nobody has said so: the review visit, the next steps meeting. Minutes.
LASTS = {Notice.REVIEW_BOOKED: 120, Notice.REVIEW_CHANGED: 120, Notice.NEXT_STEPS_BOOKED: 60}


def calendar_file_of(item: OutboxItem, view: View) -> bytes:
    """What goes with the mail that tells of a time; empty for all other mails."""
    case, notice = view.case, Notice(item.notice)
    if notice is Notice.MEETING_BOOKED and case.meeting:
        return calendar_file(case.reference, case.meeting.starts, case.meeting.minutes, case.meeting.link)
    meeting = booked(case)
    starts = meeting.starts if meeting and notice is Notice.NEXT_STEPS_BOOKED else review_moment(view)
    return calendar_file(case.reference, starts, LASTS[notice]) if starts and notice in LASTS else b""


def letter(
    provider: Provider, person: Person, message: Message, closing: str, *, reply_to: str, key: str, ics: bytes
) -> Letter:
    text = message.text or as_text(dict(message.card or {}))
    if person.reach is Reach.EMAIL_ONLY and (answers := _answers(message)):
        text += "\n\nYou can answer with one of these:\n" + "\n".join(f"- {answer}" for answer in answers) + "\n"
    return Letter(
        to_name=person.name,
        to_email=person.email,
        subject=message.summary,
        text=f"Hello {person.name}\n\n{text}\n{closing}\n\n{provider.name}\n",
        reply_to=reply_to,
        key="".join(c for c in key if c.isalnum())[:40],
        ics=ics,
    )


def how_to_answer(provider: Provider, person: Person, bot_link: str) -> str:
    """How to answer, and how to have messages in Teams (again)."""
    where = f": {bot_link}" if bot_link else "."
    if person.out_of_reach is not None:
        return f"Teams took no message for you. To have them there again, open Pathway and write “hi”{where}"
    if person.reach is not Reach.EMAIL_ONLY:
        return f"You can also open Pathway in Teams{where}"
    team, office = provider.role(Role.PARTNERSHIP_TEAM), provider.contacts.office
    reach = f" or ring {office.phone}" if office and office.phone else ""
    return (
        f"To answer, reply to this message{reach}: the {team} or the {provider.role(Role.LINK_TUTOR)} enters it for "
        "you, and you get a copy to check."
    )


def _answers(message: Message) -> list[str]:
    """What the buttons of a card would do, for somebody who reads it as a letter."""
    actions = message.card.get("actions", []) if message.card else []
    return [
        a["title"] for a in actions if a["type"] == "Action.Execute" and not a["verb"].startswith(("cases.", "home."))
    ]
