"""Which entry of a calendar a meeting is, as the case goes on; and that Pathway's own entries get no file beside them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pathway import events as e
from pathway.appointments import Gathering
from pathway.case import Case
from pathway.entries import Entry, entry, in_calendars_already, next_entry
from tests.pathway.builders import Story, reach
from pathway.process import Stage

MEETING = Gathering.MEETING


def case_with(*events: e.Event) -> Case:
    """A case whose log has *events* at its end, folded by nothing."""
    before = reach(Stage.LINK_TUTOR_TOLD).case
    return replace(before, events=(*before.events, *events))
