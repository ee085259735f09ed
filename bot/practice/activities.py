"""Activities shaped as Teams sends them, as plain dicts."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.practice.people import PracticePerson

LONDON = ZoneInfo("Europe/London")
Activity = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """What every activity of one channel has in common. *service_url* ends with a slash, as Teams' does."""

    app_id: str
    tenant_id: str
    service_url: str
    bot_name: str
    team_id: str
    team_name: str
    channel_id: str
    channel_name: str

    @property
    def bot_id(self) -> str:
        return f"28:{self.app_id}"

    def personal(self, person: PracticePerson, kind: str, activity_id: str, at: datetime, **more: Any) -> Activity:
        """An activity of the personal chat of *person*."""
        conversation = {
            "conversationType": "personal",
            "tenantId": self.tenant_id,
            "id": person.conversation_id,
        }
        data = {"tenant": {"id": self.tenant_id}}
        return self._activity(person, kind, activity_id, at, conversation=conversation, data=data) | more

    def in_channel(
        self, person: PracticePerson, kind: str, activity_id: str, at: datetime, *, thread: str = "", **more: Any
    ) -> Activity:
        """An activity of the Partnership channel; *thread* is the id of the post it stands under."""
        conversation = {
            "isGroup": True,
            "conversationType": "channel",
            "tenantId": self.tenant_id,
            "id": self.thread_id(thread),
        }
        data = {
            "teamsChannelId": self.channel_id,
            "teamsTeamId": self.team_id,
            "channel": {"id": self.channel_id},
            "team": {"id": self.team_id, "name": self.team_name},
            "tenant": {"id": self.tenant_id},
        }
        return self._activity(person, kind, activity_id, at, conversation=conversation, data=data) | more

    def thread_id(self, thread: str) -> str:
        return f"{self.channel_id};messageid={thread}" if thread else self.channel_id

    def member(self, person: PracticePerson) -> dict[str, Any]:
        """A member as the connector's roster gives them."""
        given, _, family = person.name.partition(" ")
        return {
            "id": person.teams_id,
            "name": person.name,
            "objectId": person.object_id,
            "aadObjectId": person.object_id,
            "givenName": given,
            "surname": family,
            "email": person.email,
            "userPrincipalName": person.principal_name,
            "tenantId": self.tenant_id,
            "userRole": "user",
        }

    def _activity(
        self,
        person: PracticePerson,
        kind: str,
        activity_id: str,
        at: datetime,
        *,
        conversation: Mapping[str, Any],
        data: Mapping[str, Any],
    ) -> Activity:
        return {
            "type": kind,
            "id": activity_id,
            "timestamp": at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "localTimestamp": at.astimezone(LONDON).isoformat(),
            "localTimezone": "Europe/London",
            "locale": "en-GB",
            "channelId": "msteams",
            "serviceUrl": self.service_url,
            "from": {"id": person.teams_id, "name": person.name, "aadObjectId": person.object_id},
            "recipient": {"id": self.bot_id, "name": self.bot_name},
            "conversation": dict(conversation),
            "channelData": dict(data),
            "entities": [
                {
                    "type": "clientInfo",
                    "locale": "en-GB",
                    "country": "GB",
                    "platform": "Web",
                    "timezone": "Europe/London",
                }
            ],
        }


def as_html(text: str) -> dict[str, str]:
    """The copy of a typed text that Teams attaches."""
    return {"contentType": "text/html", "content": f"<p>{html.escape(text)}</p>"}


def card_of(activity: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The first adaptive card of an activity that the bot sends."""
    for attachment in activity.get("attachments") or ():
        if attachment.get("contentType") == "application/vnd.microsoft.card.adaptive":
            content = attachment.get("content")
            return content if isinstance(content, Mapping) else None
    return None
