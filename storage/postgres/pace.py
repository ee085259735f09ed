"""One sending rate for all bots on a database: who may send when is given out there, by the database's clock."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from pathway.ports import StoreUnavailable, Window
from storage.postgres.database import Database

#: Seconds in which the database answers, or the bots keep to their own limits: nobody's answer waits longer for it.
AT_MOST = 0.5


class PostgresMoments:
    """`pathway.ports.Moments`."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def take(self, wanted: int, patience: float, windows: Sequence[Window]) -> tuple[list[float], float]:
        """See `Moments.take`."""
        spans = [timedelta(seconds=seconds) for seconds, _ in windows]
        counts = [count for _, count in windows]
        try:
            async with asyncio.timeout(AT_MOST):
                rows = await self.database.read(
                    "select seconds, is_given from take_pace(%s, %s, %s::interval[], %s::integer[])",
                    *(wanted, timedelta(seconds=patience), spans, counts),
                )
        except TimeoutError:
            raise StoreUnavailable("The database does not answer in time.") from None
        given = [float(row["seconds"]) for row in rows if row["is_given"]]
        return given, 0.0 if len(given) == wanted else float(rows[-1]["seconds"])
