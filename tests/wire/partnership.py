"""The made-up partnership, talking to a bot that is a process among Microsoft's hosts."""

from __future__ import annotations

from tests.conversations import road
from tests.school import School
from tests.wire.microsoft import Microsoft
from tests.wire.running import Bot


class Partnership(School):
    """A `School` whose bot runs by itself: what it sends outside a turn is waited for with `hears`."""

    def __init__(self, microsoft: Microsoft, bot: Bot) -> None:
        super().__init__(bot.store.parent)
        self.teams = microsoft.line
        self.teams.bot_url = bot.messages
        self.bot = bot

    async def says(self, key: str, text: str) -> str:
        """The answer may come after its request was answered: on a slow machine it does."""
        if not self.teams.transcript.installed(key):
            await self.opens(key)
        before = self.news(key)
        await super().says(key, text)
        await self.teams.until(lambda: self.news(key) > before, seconds=10.0)
        return self.reads(key)

    async def _settles(self) -> None:
        """Nothing: the answer to a press or a word is there when its request is answered."""

    async def is_about_to_tell(self) -> None:
        """Priya fills the form that tells Helen, the Link Tutor, at once; one press is left: "Tell the Link Tutor"."""
        await road.opens_form(self, "priya", "Tom Ashworth", begins="It cannot wait a week")
        seen = {"seen": road.SEEN, "going_well": road.GOING_WELL, "areas": "TS7"}
        why = {"skip_because": "He has lost two classes", "student_unaware_because": "He is away until Thursday"}
        await self.fills("priya", {**seen, "student_aware": "no", **why}, press="Check my answers")

    async def hears(self, key: str, words: str, *, seconds: float = 10.0) -> None:
        """Until any message in somebody's chat has *words*. Raises TimeoutError."""
        await self.teams.until(lambda: self.shows(key, words), seconds=seconds)
