"""A message as a letter: its words, how to answer it, and the calendar file that goes with it."""

from __future__ import annotations

from bot.as_letter import Part, Points, actions_of, as_html, as_text, parts_of, said
from bot.desk import Message
from bot.mail import Letter
from bot.sending.calendar_files import CalendarFile
from pathway.people import Person, Reach
from pathway.provider import Provider
from pathway.roles import Role


def letter(
    provider: Provider,
    person: Person,
    message: Message,
    closing: str,
    *,
    reply_to: str,
    key: str,
    file: CalendarFile | None = None,
) -> Letter:
    """In plain text and in HTML, from the same parts in the same order."""
    parts: list[Part] = [said(f"Hello {person.name}")]
    parts += [said(message.text)] if message.text else parts_of(message.card or {})
    if person.reach is Reach.EMAIL_ONLY and (answers := _answers(message)):
        parts += [said("You can answer with one of these:"), Points(answers)]
    parts += [said(file.words)] if file else []
    parts += [said(closing), said(provider.name)]
    return Letter(
        to_name=person.name,
        to_email=person.email,
        subject=message.summary,
        text=as_text(parts),
        html=as_html(parts, message.summary),
        reply_to=reply_to,
        key="".join(c for c in key if c.isalnum())[:40],
        ics=file.content if file else b"",
        method=file.method if file else "",
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


def _answers(message: Message) -> tuple[str, ...]:
    """What the buttons of a card would do, for somebody who reads it as a letter."""
    pressed = actions_of(message.card) if message.card else []
    return tuple(
        a["title"] for a in pressed if a["type"] == "Action.Execute" and not a["verb"].startswith(("cases.", "home."))
    )
