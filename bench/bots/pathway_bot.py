"""`python -m bot serve`, unchanged but for one number: Teams' own limit of 30 messages a second in a tenant is lifted.

The limit itself is kept in every turn; it only lets more through than a bench can send. With the word `echo` behind it,
what was said is given back as it is, by the whole bot but for the people, cases and cards.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence

from bot import app, teams
from bot.__main__ import main
from bot.desk import Message, Who
from bot.reception import Reception
from bot.teams.pace import Pace

TENANT = ((0.1, 1000),)


class Echo(Reception):
    async def said(self, who: Who, text: str) -> Sequence[Message]:
        del who
        return [Message("You said", text=f"You said: {text}")]


if __name__ == "__main__":
    teams.build = functools.partial(teams.build, pace=Pace(tenant=TENANT))
    if sys.argv[1:] == ["echo"]:
        vars(app)["Reception"] = Echo
    sys.exit(main(["serve"]))
