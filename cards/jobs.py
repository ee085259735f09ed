"""What is next and what did not arrive, for the office: the reminders ahead, and what waits to go out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from cards.elements import (
    Card,
    Element,
    Form,
    button,
    card,
    facts,
    heading,
    label,
    leaving,
    literal,
    panel,
    quiet,
    text,
)
from pathway.dates import counted, moment_in_words
from pathway.jobs import Reminder, Reminders
from pathway.people import Person
from pathway.provider import Provider, starting
from pathway.roles import Role
from pathway.rules import Fault

#: Letters on one page: each has a button, and a card holds six.
PAGE = 4
#: Reminders that are listed.
AHEAD = 5
CHANNEL_NAME = "the Partnership channel"


@dataclass(frozen=True, slots=True)
class Letter:
    """A message in the outbox. *id* finds it again; *to* is None for the channel (*channel*) and for somebody who is no
    longer listed; *what* is a neutral line; *due* (aware) is its next try, or since when it has failed (*failed*);
    *tries* were made in vain; *case* is empty where it belongs to none; *stuck*: no message, but a case that has come
    to a stop.
    """

    id: str
    to: Person | None
    what: str
    due: datetime
    tries: int = 0
    reference: str = ""
    case: str = ""
    channel: bool = False
    failed: bool = False
    stuck: bool = False

    @property
    def reader(self) -> str:
        """For the middle of a sentence."""
        if self.channel:
            return CHANNEL_NAME
        return literal(self.to.name) if self.to else "somebody no longer listed"


def jobs_list(
    reminders: Reminders,
    page: Sequence[Letter],
    start: int,
    total: int,
    *,
    provider: Provider,
    today: date,
    hidden: int = 0,
    news: str = "",
) -> Card:
    """*page* is the part of all *total* letters that begins at *start*, those first that have failed; *hidden* counts
    what belongs to cases that are not with the office yet.
    """
    more = start + len(page) < total
    return card(
        heading("What is next, and what did not arrive"),
        panel(text(news, weight="Bolder"), style="accent") if news else None,
        label("Next"),
        *(text(_ahead(one, provider, today), spacing="Small") for one in reminders.first),
        quiet(_later(reminders)) if reminders.first else text("No reminder is planned.", spacing="Small"),
        label("What waits, and what did not arrive"),
        None if total else text("Nothing waits, and everything has arrived.", spacing="Small"),
        quiet(f"{start + 1} to {start + len(page)} of {total}, first what did not arrive") if total > PAGE else None,
        *(_row(n, one, today) for n, one in enumerate(page, start + 1)),
        quiet(_hidden(hidden)) if hidden else None,
        actions=[
            *([button("Show the next", "jobs.list", start=start + PAGE)] if more else []),
            button("My cases", "cases.mine"),
        ],
    )


def _ahead(one: Reminder, provider: Provider, today: date) -> str:
    who = provider.role(one.role) if one.role else CHANNEL_NAME
    return f"{moment_in_words(one.at, today)}: {one.waits_for}, to the {who.removeprefix('the ')}. Ref {one.reference}"


def _later(reminders: Reminders) -> str:
    later = f"{counted(reminders.more, 'more reminder')} later. " if reminders.more else ""
    return f"{later}A reminder stops by itself when its step is taken, or the case is paused or closed."


def _hidden(n: int) -> str:
    return f"{n} more belong to cases that are not with you yet." if n > 1 else "One more is not with you yet."


def _row(n: int, one: Letter, today: date) -> Element:
    return panel(
        label(_to(one)),
        text(_about(one), spacing="Small"),
        quiet(_when(one, today)),
        {
            "type": "ActionSet",
            "actions": [button(f"See to number {n}", "delivery.see" if one.failed else "jobs.see", letter=one.id)],
        },
    )


def _to(one: Letter) -> str:
    return "A case that has come to a stop" if one.stuck else f"To {one.reader}"


def _about(one: Letter) -> str:
    return f"Ref {one.reference}: {one.what}" if one.reference else one.what


def _when(one: Letter, today: date) -> str:
    at = moment_in_words(one.due, today)
    if one.failed:
        return f"It did not arrive, since {at}"
    if not one.tries:
        return f"Goes out by itself: {at}"
    return f"Tried {'once' if one.tries == 1 else f'{one.tries} times'}. The next try: {at}"


def letter(one: Letter, today: date) -> Card:
    """One that waits: why, and what can be done."""
    waits = (
        "Teams or the mail server has not taken it yet. It is tried again by itself, and needs nothing of you."
        if one.tries
        else "It keeps to the hours of its reader, and goes out by itself then."
    )
    return card(
        heading(_to(one)),
        facts({"About": _about(one), "When": _when(one, today)}),
        text(waits),
        actions=[
            *([button("Try again", "jobs.again", letter=one.id)] if one.tries else []),
            button("Do not send", "jobs.withdraw", letter=one.id),
            *([button(f"Open {one.reference}", "cases.open", case=one.case)] if one.case and one.reference else []),
            button("Back to the list", "jobs.list"),
        ],
    )


def withdraw_form(one: Letter, provider: Provider, values: Mapping[str, str], faults: Sequence[Fault] = ()) -> Card:
    form = Form(values, faults, strict=True)
    kept = "The case keeps that you withdrew it, when and why." if one.case else "It belongs to no case."
    return card(
        heading("Do not send it"),
        facts({"To": starting(one.reader), "About": _about(one)}),
        text(f"It never goes out, and nobody else is told. {kept}"),
        form.line(
            "reason",
            "Why",
            error="Say why in a line.",
            readers=f"the {provider.role(Role.PARTNERSHIP_TEAM)}, on request",
        ),
        form.verdict(),
        actions=[
            button("Do not send this", "jobs.withdrawn", style="destructive", letter=one.id, form="jobs.withdraw"),
            leaving(button("Back to the list", "jobs.list")),
        ],
    )
