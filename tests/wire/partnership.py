"""The made-up partnership, talking to a bot that is a process among Microsoft's hosts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from bot.practice.channel import Message
from tests.conversations import road
from tests.keys import case_on_disk
from tests.school import Lost, School
from tests.wire.microsoft import Microsoft
from tests.wire.running import Bot


class Partnership(School):
    """A `School` whose bot runs by itself: what it sends outside a turn is waited for with `hears`."""

    def __init__(self, microsoft: Microsoft, bot: Bot) -> None:
        super().__init__(bot.store.parent)
        self.teams = microsoft.line
        self.teams.bot_url = bot.messages
        self.bot = bot
        self.graph = microsoft.graph.outlook

    async def says(self, key: str, text: str) -> str:
        """The answer may come after its request was answered: on a slow machine it does."""
        if not self.teams.transcript.installed(key):
            await self.opens(key)
        before = self.news(key)
        await super().says(key, text)
        await self.teams.until(lambda: self.news(key) > before, seconds=10.0)
        return self.reads(key)

    async def fills(
        self,
        key: str,
        values: Mapping[str, str] | None = None,
        /,
        *,
        press: str,
        card: Message | None = None,
        **more: str,
    ) -> str:
        """The card with the button may still be on its way."""
        await self.teams.until(lambda: card is not None or self.offers(key, press), seconds=10.0)
        return await super().fills(key, values, press=press, card=card, **more)

    def offers(self, key: str, press: str) -> bool:
        """Whether somebody's chat has the button."""
        try:
            return bool(self.finds(key, press))
        except Lost:
            return False

    async def _settles(self) -> None:
        """Nothing: the answer to a press or a word is there when its request is answered."""

    async def is_about_to_tell(self, mentor: str = "priya", about: str = "Tom Ashworth") -> None:
        """The mentor fills the form that tells the Link Tutor at once; one press is left: "Tell the Link Tutor"."""
        await road.opens_form(self, mentor, about, begins="It cannot wait a week")
        seen = {"seen": road.SEEN, "going_well": road.GOING_WELL, "areas": "TS7"}
        why = {"skip_because": "He has lost two classes", "student_unaware_because": "He is away until Thursday"}
        await self.fills(mentor, {**seen, "student_aware": "no", **why}, press="Check my answers")

    async def tells(self, tutor: str, mentor: str = "priya", about: str = "Tom Ashworth") -> str:
        """The same with its last press: the Link Tutor has the case before them. The case's reference."""
        await self.is_about_to_tell(mentor, about)
        await self.presses(mentor, "Tell the Link Tutor")
        reference = self.reference(mentor)
        await self.hears(tutor, f"Ref {reference}")
        return reference

    def case(self, reference: str) -> dict[str, Any]:
        """A case as it stands on the disk: its `summary` and `events`, and its `letters` that are still to be sent."""
        files = (case_on_disk(self.bot.store, file) for file in (self.bot.store / "cases").glob("*.json"))
        return next(found for found in files if found["summary"]["reference"] == reference)

    def recorded(self, reference: str) -> list[str]:
        """What was recorded, in order: "MeetingBooked"."""
        return [event["type"] for event in self.case(reference)["events"]]

    async def writes_down(self, reference: str, kind: str, *, seconds: float = 20.0) -> None:
        """Until the other process has recorded *kind* on the disk, where nothing tells of it. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while kind not in self.recorded(reference):  # noqa: ASYNC110 - another process does it
                await asyncio.sleep(0.05)

    async def hears(self, key: str, words: str, *, seconds: float = 10.0) -> None:
        """Until any message in somebody's chat has *words*. Raises TimeoutError."""
        await self.teams.until(lambda: self.shows(key, words), seconds=seconds)
