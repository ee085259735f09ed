"""One line of the doctor's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

_MAIL = re.compile(r"[^\s\"'<>]+@[^\s\"'<>]+")


class Mark(Enum):
    WELL = "well"
    NOTE = "note"
    """Nothing is broken, but somebody should know."""
    WRONG = "WRONG"


@dataclass(frozen=True, slots=True)
class Finding:
    """*sentence* says what is so, and for WRONG how to mend it."""

    topic: str
    mark: Mark
    sentence: str

    def __str__(self) -> str:
        return f"{self.mark.value:<5}  {self.topic:<9}  {self.sentence}"


def well(topic: str, sentence: str) -> Finding:
    return Finding(topic, Mark.WELL, sentence)


def note(topic: str, sentence: str) -> Finding:
    return Finding(topic, Mark.NOTE, sentence)


def wrong(topic: str, sentence: str) -> Finding:
    return Finding(topic, Mark.WRONG, sentence)


def without_people(sentence: str) -> str:
    """*sentence* on one line, with e-mail addresses left out."""
    return " ".join(_MAIL.sub("…", sentence).split())
