"""What is said in a channel or a group chat: no names of people on placements, no words of a case."""

from __future__ import annotations

import re

from cards.elements import Card, button, card, heading, link, text
from pathway.provider import Provider
from pathway.roles import Role

IN_OUR_CHAT = "I answer in our own chat, so that nobody reads along. Please open it and write “hi” there."
ANSWERED = "I have answered you in our own chat."
ASK_AGAIN = "I could not write to you just now. Please ask me again in our own chat, in a minute."
CHANNEL_CHOSEN = (
    "Thank you. From now on I post references, dates and numbers in this channel, one thread a day, and never a name. "
    "Write to me in our own chat for anything else."
)
NO_CHANNEL_HERE = (
    "This is a group chat. Please add me to a team, and write “use this channel” in the channel that you want."
)

#: Of letters, with the marks that names have; a stop ends an initial or a title. Teams makes a link of what looks so.
_NAME = re.compile(r"(?:[^\W\d_]|[ '’-]|\.(?= |$)){1,80}")


def joined(provider: Provider, added_by: str, *, in_team: bool) -> str:
    """The one welcome, as plain text. *added_by* is a display name or empty."""
    hello = f"Hello. {added_by} added me." if _NAME.fullmatch(added_by) else "Hello."
    private = "Whoever asks me something here is answered in our own chat, so that nobody reads along."
    if not in_team:
        return f"{hello} {private}"
    team = provider.role(Role.PARTNERSHIP_TEAM)
    return (
        f"{hello} {private} I post nothing here by myself before somebody of the {team} "
        "writes “use this channel” after my name. Then I post references, dates and numbers, one thread a day."
    )


def in_the_thread(sentence: str, bot_link: str) -> Card:
    """A sentence with the way to the bot's chat."""
    return card(text(sentence), actions=[link("Open our chat", bot_link)] if bot_link else [])


def not_your_channel(provider: Provider) -> Card:
    """In the asker's own chat."""
    team = provider.role(Role.PARTNERSHIP_TEAM)
    return card(
        heading("The channel is chosen by the office"),
        text(f"Only the {team} chooses where references and dates are posted. Please ask them. Nothing was changed."),
        actions=[button("My cases", "cases.mine"), button("Help", "home.help")],
    )
