"""The two ways of `pathway.ports.Meetings`: through Microsoft Graph, and with links that people press themselves."""

from bot.calendars.graph import GraphMeetings
from bot.calendars.links import LinkMeetings

__all__ = ["GraphMeetings", "LinkMeetings"]
