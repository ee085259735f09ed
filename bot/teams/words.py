"""What the Teams side itself ever says to people, when nobody above it can."""

from __future__ import annotations

from dataclasses import replace

from bot.desk import Message


def went_wrong(reference: str) -> Message:
    return Message(
        summary="Something went wrong on our side",
        text=(
            "Something went wrong on our side. Nothing you sent was lost. "
            f"Please try again in a minute. Reference {reference}"
        ),
    )


STILL_WORKING = Message(
    summary="Still working on it",
    text="This is taking longer than it should. I am still working on it: there is no need to send it again.",
)


TOO_MUCH = Message(
    summary="A little slower, please",
    text="That was a lot at once, so I have left some of it. Please wait a few seconds, then send the last one again.",
)


TOO_LONG = Message(
    summary="That is too long for one card",
    text="That is more than one card can hold. What you typed is still here: please shorten it and try again.",
)


NO_ACCOUNT = (
    "Teams did not say whose account this came from, so Pathway cannot answer: please sign in to Teams with your "
    "university account or as an invited guest, or ask the placement office."
)
"""For a sender without an object id: nobody can tell who it is, so there is no turn."""


def sent_again(message: Message) -> Message:
    """The same message, visibly a second sending: nobody can tell whether the first one arrived."""
    note = "Sent again, in case the first one did not arrive."
    if message.card is None:
        return replace(message, text=f"{message.text}\n\n({note})")
    line = {"type": "TextBlock", "text": note, "wrap": True, "isSubtle": True, "size": "Small"}
    return replace(message, card={**message.card, "body": [line, *message.card.get("body", [])]})
