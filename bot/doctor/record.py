"""Whether somebody has looked lately that the record is as it was recorded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from bot.doctor.findings import Finding, note, well, wrong
from bot.verify import last_verified
from pathway.dates import counted, in_words, local_date

#: Days after which the record should be verified again.
OLD = 35


def verified(folder: Path, today: date) -> Iterator[Finding]:
    """When `python -m bot audit verify` was last used on the store in *folder*, and what it found. *today* is the
    machine's.
    """
    last = last_verified(folder)
    if last is None:
        yield note("record", "Nobody has verified it yet. Run: python -m bot audit verify")
        return
    at, intact = last
    day = local_date(at)
    said = f"When it was last verified, on {in_words(day, year=True)},"
    if not intact:
        yield wrong(
            "record",
            f"{said} something was not as it was recorded. Run: python -m bot audit verify. It says where. Find "
            "out who could write there, and compare with a backup.",
        )
    elif (today - day).days > OLD:
        yield note("record", f"{said} {counted((today - day).days, 'day')} ago, it was whole. Verify it again.")
    else:
        yield well("record", f"{said} it was whole.")
