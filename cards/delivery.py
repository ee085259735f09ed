"""What did not reach its reader, for the office: a list, and what can be done with each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from cards import reach
from cards.elements import Card, Element, button, card, facts, heading, label, literal, panel, quiet, text
from pathway.dates import counted, moment_in_words
from pathway.people import Person

#: On one page: each has a button, and a card holds six.
PAGE = 4


@dataclass(frozen=True, slots=True)
class Undelivered:
    """Something that waits. *key* finds it again; *what* is the neutral line of its toast; *case* is empty where it
    belongs to no case; *ours*: the message itself could not be made or was refused, so that its reader is not to blame;
    *in_vain*: it was tried for days, and neither taken nor refused.
    """

    key: str
    to: Person | None
    what: str
    since: datetime
    reference: str = ""
    case: str = ""
    ours: bool = False
    lost_placement: bool = False
    in_vain: bool = False


def waiting(aside: int, delayed: int) -> Card:
    """The notice: there is something to see to."""
    return card(
        heading("Something was not delivered"),
        text("A message did not reach its reader. There may be more by now.") if aside else None,
        text(_still(delayed)) if delayed else None,
        text("Please see what it is: you can have it tried again, or say that you told them yourself."),
        actions=[button("See what was not delivered", "delivery.list")],
    )


def _still(delayed: int) -> str:
    return (
        f"{counted(delayed, 'message')} still wait, because Teams or the mail server does not answer. They are tried "
        "again by themselves."
        if delayed != 1
        else "One message still waits, because Teams or the mail server does not answer. It is tried again by itself."
    )


def undelivered(
    page: Sequence[Undelivered],
    start: int,
    total: int,
    today: date,
    *,
    delayed: int = 0,
    not_yours: int = 0,
    channel_lost: bool = False,
    news: str = "",
) -> Card:
    """*not_yours* counts those of cases that are not with the office yet; their mentors have been told."""
    more = start + len(page) < total
    return card(
        heading("Not delivered"),
        panel(text(news, weight="Bolder"), style="accent") if news else None,
        text("Everything has reached its reader.") if not (total or delayed or not_yours or channel_lost) else None,
        text(_CHANNEL) if channel_lost else None,
        text(_still(delayed)) if delayed else None,
        quiet(_elsewhere(not_yours)) if not_yours else None,
        quiet(f"{start + 1} to {start + len(page)} of {total}, the oldest first") if total > PAGE else None,
        *(_row(n, one, today) for n, one in enumerate(page, start + 1)),
        actions=[
            *([button("Show the next", "delivery.list", start=start + PAGE)] if more else []),
            button("Who can be reached", "reach.list"),
        ],
    )


_CHANNEL = (
    "The Partnership channel takes no posts any more. Add Pathway to a team again and write “use this channel” there, "
    "after its name."
)


def _elsewhere(n: int) -> str:
    if n == 1:
        return "One more belongs to a case that is not with you yet. Its mentor has been told."
    return f"{n} more belong to cases that are not with you yet. Their mentors have been told."


def _row(n: int, one: Undelivered, today: date) -> Element:
    return panel(
        label(_to(one)),
        text(_about(one), spacing="Small"),
        quiet(f"Since {moment_in_words(one.since, today)}"),
        {"type": "ActionSet", "actions": [button(f"See to number {n}", "delivery.see", letter=one.key)]},
    )


def _to(one: Undelivered) -> str:
    if one.lost_placement:
        return "A case that has come to a stop"
    return f"To {literal(one.to.name)}" if one.to else "To somebody no longer listed"


def _about(one: Undelivered) -> str:
    return f"Ref {one.reference}: {one.what}" if one.reference else one.what


def letter(one: Undelivered, today: date) -> Card:
    """One of them: why, and what to do."""
    name = literal(one.to.name) if one.to else "them"
    ways = [button("Try again", "delivery.again", letter=one.key)]
    if not one.lost_placement:
        ways.append(button(f"I told {name} myself", "delivery.told", letter=one.key))
        ways.append(button("Do not send", "jobs.withdraw", letter=one.key))
    if one.case and one.reference:
        ways.append(button(f"Open {one.reference}", "cases.open", case=one.case))
    return card(
        heading(_to(one)),
        facts({"About": _about(one), "Since": moment_in_words(one.since, today)}),
        *(text(sentence) for sentence in _reasons(one, name)),
        actions=[*ways, button("Back to the list", "delivery.list")],
    )


def _reasons(one: Undelivered, name: str) -> list[str]:
    if one.lost_placement and one.ours:
        return [
            "What it needs next could not be worked out: a fault of ours. Look after it yourself, and tell your IT."
        ]
    if one.lost_placement:
        return ["Its placement is not on the placement list any more. Import the list again, then try again."]
    if one.in_vain:
        return [
            "It was tried for two days, and Teams or the mail server did not take it.",
            "Please tell them yourself, or try once more. If other messages wait too, tell your IT.",
        ]
    if one.ours:
        return ["This message could not be made: a fault of ours. Please tell them yourself, and tell your IT."]
    lost = one.to.out_of_reach if one.to else None
    if lost is None:
        return [f"{name} could not be reached then. That may be over: try again."]
    return [f"{name} cannot be reached: {reach.why(lost)}.", reach.remedy(name, lost)]
