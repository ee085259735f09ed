"""A proposed day, and how it was found, in words: people decide, so they are told what was counted."""

from __future__ import annotations

from datetime import date

from pathway.dates import Calendar, Found, in_words

_HOURS = {60: "an hour", 90: "an hour and a half", 120: "two hours", 180: "three hours", 240: "four hours"}


def duration(minutes: int) -> str:
    """As people say it: "an hour and a half", "75 minutes"."""
    return _HOURS.get(minutes, f"{minutes} minutes")


def proposal(calendar: Calendar, start: date, days: int, who: str = "") -> tuple[date, str]:
    """The day so many school days after *start*, and a note for under its field: how it was found, how often *who* (a
    part-time student) is in school until then, and an earlier day where the proposal is far away.
    """
    found = calendar.explain(start, days)
    return found.day, _note(calendar, start, found, who)


def _note(calendar: Calendar, start: date, found: Found, who: str) -> str:
    parts = [f"{in_words(found.day)} is proposed: {found.how}."]
    attends = calendar.in_school_in_words(who, start, found.day) if who else ""
    if attends:
        parts.append(f"{attends.rstrip('.')}.")
    earlier = calendar.earlier(start, found)
    if earlier:
        parts.append(f"That is far away. An earlier day would be {in_words(earlier.day)} ({earlier.how}).")
    else:
        parts.append("You can choose another school day.")
    return " ".join(parts)
