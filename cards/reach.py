"""Who cannot be reached, why, and what to do about it: on the case, and on the office's list with an invitation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote, urlencode

from cards.acts import chat_link
from cards.elements import Card, Element, button, card, heading, label, link, literal, panel, quiet, said, text
from cards.view import View
from pathway.dates import in_words, local_date
from pathway.people import MAIL_REFUSED, NEVER_OPENED, REMOVED, OutOfReach, Person
from pathway.ports import Installed, OutboxItem
from pathway.provider import Provider
from pathway.roles import Role

#: People on one page of the list: each has a button, two are the list's, and a card holds six.
PAGE = 4

#: Why Teams takes nothing for somebody, by its code or ours, as the end of a sentence.
WHY: Mapping[str, str] = {
    NEVER_OPENED: "Pathway has never been opened there",
    REMOVED: "Pathway was removed there",
    MAIL_REFUSED: "Pathway has never been opened there, and the e-mail address takes no letters",
    "BotNotInConversationRoster": "Pathway is not installed there any more",
    "ConversationBlockedByUser": "Pathway has been blocked there",
    "MessageWritesBlocked": "Pathway has been blocked there",
    "BotDisabledByAdmin": "Pathway has been switched off there by the university's IT",
    "ConversationNotFound": "the chat is no longer there, perhaps because the account was closed",
}
REFUSED = "Teams takes no messages there"


def why(lost: OutOfReach) -> str:
    return WHY.get(lost.reason, REFUSED)


def remedy(name: str, lost: OutOfReach) -> str:
    """What somebody who can act may do; *name* is literal."""
    if lost.by_mail:
        return f"What is meant for {name} goes by e-mail. Ask {name} to open Pathway in Teams and to write “hi” there."
    if lost.reason == MAIL_REFUSED:
        return f"Please ring or speak to {name}, and check the address on the placement list."
    return (
        f"Nothing arrives. Please ring or speak to {name}, and ask {name} to open Pathway in Teams and to write “hi” "
        "there: what waits goes out then."
    )


# -- on the case ---------------------------------------------------------------------------------------------------


def out_of_reach(view: View) -> list[Element]:
    """A panel for each person of the case who is out of reach, for a reader who can see to it."""
    return [
        panel(
            text(_sentence(view, person.out_of_reach, name), weight="Bolder"),
            text(remedy(name, person.out_of_reach), spacing="Small"),
            style="attention",
        )
        for person in _of_the_case(view)
        if person.out_of_reach is not None
        for name in [literal(person.name)]
    ]


def _sentence(view: View, lost: OutOfReach, name: str) -> str:
    since = f"{name} cannot be reached in Teams since {view.day(local_date(lost.since))}"
    return f"{since}: {why(lost)}." if view.case.told else f"{since}."


def _of_the_case(view: View) -> Iterable[Person]:
    """Student, mentor and Link Tutor, where this reader can act: the Link Tutor and the Partnership Team once told,
    until then the mentor.
    """
    case = view.case
    acts = view.is_(Role.LINK_TUTOR, Role.PARTNERSHIP_TEAM) if case.told else view.is_(Role.MENTOR)
    if not acts or not case.stage.is_open:
        return
    tutor = view.party.link_tutor(case) if case.told else ""
    for person in dict.fromkeys((case.student, case.mentor, tutor)):
        known = view.party.people.get(person)
        if known is not None and person != view.viewer:
            yield known


def lead(view: View, item: OutboxItem) -> str:
    """The news for the one who has the case."""
    name = view.name(item.data.get("who", ""))
    if item.data.get("delivered"):
        return f"Teams took no message for {name}. It went by e-mail instead."
    return f"A message to {name} did not arrive."


# -- the office's list ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Missing:
    """Somebody who has never opened Pathway, or is out of reach. *what* is what they are on placements, in words."""

    person: Person
    what: str


def reach_list(  # noqa: PLR0917 - a page and its numbers
    page: Sequence[Missing],
    start: int,
    missing: int,
    everybody: int,
    today: date,
    news: str = "",
    *,
    can_install: int = 0,
) -> Card:
    """*page* is a part of the *missing* people, from number *start*; *everybody* counts those who should be there.
    *can_install* is for how many of them one press has Pathway installed; 0 where that cannot be.
    """
    count = f"{everybody - missing} of {everybody} people have opened Pathway and can be reached in Teams."
    more = start + len(page) < missing
    return card(
        heading("Who can be reached"),
        panel(text(news, weight="Bolder"), style="accent") if news else None,
        text(count),
        text(_for_all(can_install), spacing="Small") if can_install else None,
        quiet(f"{start + 1} to {start + len(page)} of the {missing} who cannot") if missing > PAGE else None,
        *(_row(one, today) for one in page),
        actions=[
            *([button("Show the next", "reach.list", start=start + PAGE)] if more else []),
            *([button(_install_title(can_install), "reach.install_all")] if can_install else []),
        ],
    )


def _for_all(count: int) -> str:
    who = "One person has" if count == 1 else f"{count} people have"
    them = "for this person" if count == 1 else "for all of them at once"
    return f"{who} never opened it. Pathway can be installed {them}: whoever has it now is told that you added it."


def _install_title(count: int) -> str:
    return f"Install Pathway for {_people(count)}"


def _people(count: int) -> str:
    return "one person" if count == 1 else f"{count} people"


def _row(missing: Missing, today: date) -> Element:
    person = missing.person
    return panel(
        label(literal(person.name)),
        text(literal(missing.what), spacing="Small") if missing.what else None,
        text(_state(person.out_of_reach, today), spacing="Small"),
        {
            "type": "ActionSet",
            "actions": [button(f"Invite {literal(person.name)}", "reach.invite", person=person.id)],
        },
    )


def _state(lost: OutOfReach | None, today: date) -> str:
    if lost is None:
        return "Has not opened Pathway yet. Messages go by e-mail."
    since = in_words(local_date(lost.since), today)
    way = "Messages go by e-mail." if lost.by_mail else "Messages do not arrive."
    reason = why(lost)
    return f"Out of reach since {since}: {reason}. {way}"


def invitation(person: Person, words: str, *, can_install: bool, news: str = "", app_link: str = "") -> Card:
    """What the office sends to one person. *words* are copied, or stand in the chat already."""
    name = literal(person.name)
    install = button(f"Install Pathway for {name}", "reach.install", person=person.id)
    return card(
        heading(f"Invite {name}"),
        panel(text(news, weight="Bolder"), style="accent") if news else None,
        text("Copy these words, or open the chat: they stand there already, and nothing is sent before you send it."),
        panel(said(words)),
        actions=[
            link(f"Write to {name} in Teams", _with_words(person.email, words)),
            *([install] if can_install else []),
            *([link("See the app", app_link)] if app_link else []),
            button("Back to the list", "reach.list"),
        ],
    )


def _with_words(email: str, words: str) -> str:
    return f"{chat_link(email)}&{urlencode({'message': words}, quote_via=quote)}"


def invitation_words(person: Person, provider: Provider, sender: str, bot_link: str) -> str:
    """Plain text: it is copied into a message or an e-mail."""
    where = f"here: {bot_link}" if bot_link else "in Teams: search for Pathway among the apps"
    return (
        f"Hello {person.name}\n"
        f"{provider.name} uses Pathway in Microsoft Teams, so that what is agreed on a placement reaches the right "
        f"people in time. Please open it once, {where}\n"
        "Write “hi” there. It takes a minute, and it shows you what is kept and who reads it.\n"
        f"{sender}"
    )


INSTALLED: Mapping[Installed, str] = {
    Installed.DONE: "Pathway is being installed for {name}, who is welcomed there in a moment.",
    Installed.ALREADY: "Pathway is installed for {name} already. Ask {name} to write “hi” there.",
    Installed.NOT_GRANTED: (
        "Pathway may not install itself here: your IT has not granted it. Please send the invitation instead."
    ),
    Installed.UNKNOWN: (
        "Microsoft knows no account with this e-mail address, or not the app. Please send the invitation instead."
    ),
    Installed.LATER: "Microsoft gave no answer. Please try again in a few minutes, or send the invitation.",
}


INSTALLING_NOW = (
    "Pathway is being installed for everybody already. This takes a few minutes; there is nothing to press."
)


def installed_for_all(counts: Mapping[Installed, int]) -> str:
    """How it went for so many people each; a kind that nobody met is left out."""
    if counts.get(Installed.NOT_GRANTED):
        return INSTALLED[Installed.NOT_GRANTED].replace("the invitation", "the invitations")
    sentences = [IN_NUMBERS[how].format(people=_people(counts[how])) for how in IN_NUMBERS if counts.get(how)]
    return " ".join(sentences) or "Everybody has opened Pathway. There was nothing to install."


#: The numbers after one press for everybody, in this order.
IN_NUMBERS: Mapping[Installed, str] = {
    Installed.DONE: "Pathway is being installed for {people}, to be welcomed there in a moment.",
    Installed.ALREADY: "It was installed for {people} already: please ask for a “hi” there.",
    Installed.UNKNOWN: "Microsoft knows no account, or not the app, for {people}: please send the invitation.",
    Installed.LATER: "Microsoft gave no answer for {people}: please press again in a few minutes.",
}


def installed(person: Person, how: Installed) -> str:
    return INSTALLED[how].format(name=literal(person.name))
