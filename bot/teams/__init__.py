"""The way in from Teams and the way out to it. The only folder that knows Microsoft's bot SDK.

teams = build(settings, session)
app.router.add_post("/api/messages", teams.messages(desk))
...
await teams.close()
"""

from bot.teams.handler import Patience
from bot.teams.parts import Teams, build
from bot.teams.settings import OPENID_URL, TEAMS_HOSTS, TeamsSettings

__all__ = ["OPENID_URL", "TEAMS_HOSTS", "Patience", "Teams", "TeamsSettings", "build"]
