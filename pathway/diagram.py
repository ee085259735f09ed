"""The README's picture of the pathway, drawn from `pathway.process.PATHWAY` and from nothing else.

`python -m pathway.diagram` writes it between the two markers of the README; a test holds the README to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pathway import events as e
from pathway.process import PATHWAY, Stage, Way

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- diagram -->", "<!-- /diagram -->"

#: Stages that share most of their ways out: what they share is drawn once, from the frame around them.
FRAMES: Mapping[str, tuple[Stage, ...]] = {
    "With the Link Tutor": (Stage.LINK_TUTOR_TOLD, Stage.MEETING_BOOKED, Stage.VIEWS_DIFFER),
}

_OUTSIDE = "[*]"
_ANYWHERE = "on_the_way"
_OVER = "over"
_ELSEWHERE = {Way.BACK: _ANYWHERE, Way.GONE: _OUTSIDE}
_Ways = Mapping[type[e.Event], Stage | Way]


def mermaid() -> str:
    """A Mermaid state diagram: a node a stage with what happens inside it, an arrow a way out."""
    return "\n".join(
        ["stateDiagram-v2", "    direction TB", *(f"    {line}" for line in (*_nodes(), *_arrows(), *_ends()))]
    )


def drawn_into(readme: str) -> str:
    """*readme* with the diagram of today between its markers. Raises ValueError where the markers are missing."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"The README needs a line {BEGIN} and, below it, a line {END}.")
    return f"{before}{BEGIN}\n```mermaid\n{mermaid()}\n```\n{END}{after}"


def stage_in_words(stage: Stage) -> str:
    """Such as "Link Tutor told", "Closed: target met"."""
    words = _names_kept(stage.name.replace("_", " ").lower())
    return _starting(words) if stage.is_open else f"Closed: {words}"


def event_in_words(kind: type[e.Event]) -> str:
    """Such as "Weekly target set", "Link Tutor told at once"."""
    return _starting(_names_kept(re.sub(r"(?<!^)(?=[A-Z])", " ", kind.__name__).lower()))


def _nodes() -> Iterator[str]:
    for stage in Stage:
        yield f'state "{stage_in_words(stage)}" as {_id(stage)}'
        for kind in (kind for kind, way in PATHWAY[stage].items() if way is Way.STAY):
            yield f"{_id(stage)} : {event_in_words(kind)}"
    yield f'state "Anywhere on the way" as {_ANYWHERE}'
    yield f"state {_OVER} <<choice>>"
    for frame, stages in FRAMES.items():
        yield f'state "{frame}" as {_frame_id(frame)} {{'
        yield from (f"    {_id(stage)}" for stage in stages)
        yield "}"


def _arrows() -> Iterator[str]:
    everywhere = _everywhere()
    framed: dict[Stage | None, _Ways] = {}
    for frame, stages in FRAMES.items():
        shared = _shared([PATHWAY[stage] for stage in stages])
        out = {kind: way for kind, way in shared.items() if kind not in everywhere and way not in stages}
        framed.update(dict.fromkeys(stages, out))
        yield from _from(_frame_id(frame), out)
    for stage, ways in PATHWAY.items():
        if stage is Stage.PAUSED:
            continue
        drawn = {*framed.get(stage, ()), *(everywhere if _on_way(ways) else ())}
        here = _id(stage) if stage else _OUTSIDE
        yield from _from(here, {kind: way for kind, way in ways.items() if kind not in drawn})
    paused = PATHWAY[Stage.PAUSED]
    over = {kind: way for kind, way in everywhere.items() if paused.get(kind) is way}
    yield from _from(_ANYWHERE, {kind: way for kind, way in everywhere.items() if kind not in over})
    yield from _from(_id(Stage.PAUSED), {kind: way for kind, way in paused.items() if kind not in over})
    yield f"{_ANYWHERE} --> {_OVER}"
    yield f"{_id(Stage.PAUSED)} --> {_OVER}"
    yield from _from(_OVER, over)


def _ends() -> Iterator[str]:
    """Closed stages have a thick edge."""
    yield "classDef closed stroke-width:3px"
    yield f"class {','.join(_id(stage) for stage in Stage if not stage.is_open)} closed"


def _from(here: str, ways: _Ways) -> Iterator[str]:
    """One arrow for each place that *ways* lead to, with every event that leads there."""
    labels: dict[str, list[str]] = {}
    for kind, way in ways.items():
        if way is Way.STAY:
            continue
        there = _id(way) if isinstance(way, Stage) else _ELSEWHERE[way]
        labels.setdefault(there, []).append(event_in_words(kind))
    for there, words in labels.items():
        yield f"{here} --> {there} : {' / '.join(words)}"


def _everywhere() -> _Ways:
    """What may happen, with the same end, in every stage that can be paused."""
    return _shared([ways for ways in PATHWAY.values() if _on_way(ways)])


def _shared(tables: Sequence[_Ways]) -> _Ways:
    return {kind: way for kind, way in tables[0].items() if all(table.get(kind) is way for table in tables)}


def _on_way(ways: _Ways) -> bool:
    return e.CasePaused in ways


def _frame_id(frame: str) -> str:
    return frame.lower().replace(" ", "_")


def _id(stage: Stage) -> str:
    return stage.value.replace("/", "_")


def _starting(words: str) -> str:
    return words[:1].upper() + words[1:]


def _names_kept(words: str) -> str:
    return words.replace("link tutor", "Link Tutor")


if __name__ == "__main__":
    README.write_text(drawn_into(README.read_text(encoding="utf-8")), encoding="utf-8")
