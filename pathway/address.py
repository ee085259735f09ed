"""Where a person, or the Partnership channel, can be reached in Teams."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Address:
    """A Bot Framework conversation, as the last activity received from it told.

    *scope* is Teams' `conversation.conversationType`: "personal", "channel" or "groupChat".
    *user_id* is `from.id` ("29:...") and empty for a channel. *bot_id* is `recipient.id` ("28:...").
    """

    service_url: str
    conversation_id: str
    bot_id: str
    tenant_id: str
    user_id: str = ""
    scope: str = "personal"
