"""What all steps of the support plan use."""

from __future__ import annotations

from dialogs.router import Steps
from dialogs.turn import Turn
from pathway.case import Case
from pathway.process import Stage
from pathway.rules import Ground, OutOfStep

steps = Steps()
SUMMARY = "Placements: the plan"


def draft_name(case: Case) -> str:
    return f"plan:{case.id}"


async def in_stage(turn: Turn, *stages: Stage) -> tuple[Case, Ground]:
    """The case, while it stands in one of *stages*. Raises OutOfStep otherwise."""
    case, ground = await turn.case()
    if case.stage not in stages:
        raise OutOfStep(case.stage.value)
    return case, ground


def newest_version(case: Case) -> int:
    return case.plan.version if case.plan else 0


def number(sent: str, most: int, least: int = 1) -> int:
    return min(max(int(sent), least), most) if sent.isascii() and sent.isdigit() and len(sent) < 6 else least


def version_sent(turn: Turn) -> int:
    return number(turn.get("version"), 9999, 0)
