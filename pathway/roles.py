"""The parts people play on a placement."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """A part somebody plays on one case. The provider's own word for it stands in `provider.toml`."""

    MENTOR = "mentor"
    LINK_TUTOR = "link_tutor"
    PARTNERSHIP_TEAM = "partnership_team"
    PARTNERSHIP_LEAD = "partnership_lead"
    LEVEL_LEAD = "level_lead"
    PERSONAL_TUTOR = "personal_tutor"
    COURSE_DIRECTOR = "course_director"
    STUDENT = "student"
    SYSTEM = "system"


#: Who keeps school days; everybody else keeps the university's working days.
SCHOOL_DAYS = frozenset({Role.MENTOR, Role.STUDENT})
#: Who counts as the office: the people of `provider.toml`, on every case.
OFFICE = frozenset({Role.PARTNERSHIP_TEAM, Role.PARTNERSHIP_LEAD})
