"""THE BRIDGE, and the second half of the road behind it.

Until the steps that write a support plan are merged, `plan_in_place` records their events directly, as the people of
the placement would have by cards: everything after it goes through the cards. The steps below are in the words of the
people who take them.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from pathway import events as e
from pathway.dates import local, local_date
from pathway.people import Placement
from pathway.roles import Role
from tests.school import School

TARGETS = (
    ("TS1", "Greet every class at the door", "Every lesson of the week"),
    ("TS7", "Wait for silence before every instruction", "Four of five lessons"),
    ("TS4", "Write the steps of each task on the board", "In every plan of the week"),
)
SAW = ("At the door in both lessons", "Silence twice, then talked over the class", "Two steps of five were there")
LESSON = "Year 8 science, period 2. A calm start, and clear about the experiment."
SUPPORT = "All but one planning session took place. Progress is slower than hoped."
STUDENT_SAYS = "I know the routines now, and I lose them when it gets loud."
REASONS = "The first target is met. The second and third are not, with support in place all week."


@dataclass
class Bridge:
    """Records events as *person*, at the school's own time."""

    school: School
    case_id: str
    placement: Placement

    async def records(self, person: str, role: Role, kind: type[e.Event], **fields: Any) -> None:
        casework = self.school.parts.casework
        now = casework.now()
        stamp: dict[str, Any] = {"at": now, "on": local_date(now), "by": person, "role": role, "for_whom": ""}
        event = kind(**(stamp | fields))
        await casework.record(self.case_id, [event], nonce=secrets.token_hex(8))


async def plan_in_place(
    school: School, about: str, *, review: str, targets: Sequence[tuple[str, str, str]] = TARGETS
) -> str:
    """From the first word to a plan in place, now. *about* is the student's name, *review* "2026-11-27 11:00". The
    case's id.
    """
    casework = school.parts.casework
    people = await casework.roster.people()
    placement = next(p for p in await casework.roster.placements() if people[p.student].name == about)
    now = casework.now()
    mentor, tutor = (placement.mentor, Role.MENTOR), (placement.link_tutor, Role.LINK_TUTOR)
    case_id = secrets.token_hex(6)
    stamp: dict[str, Any] = {"at": now, "on": local_date(now), "by": mentor[0], "role": Role.MENTOR, "for_whom": ""}
    started = e.DraftStarted(
        **stamp,
        case=case_id,
        reference=await casework.new_reference(),
        placement=placement.id,
        student=placement.student,
        mentor=mentor[0],
        route_check_clear=True,
    )
    told = e.LinkTutorToldAtOnce(
        **stamp,
        areas=tuple(area for area, _, _ in targets),
        seen="Instructions are lost in the noise",
        going_well="Warm with the class",
        evidence="The same in two weeks",
        support_given=("joint_planning",),
        student_aware=True,
        skip_because="A target was set on paper before",
    )
    await casework.record(case_id, [started, told], nonce=secrets.token_hex(8))
    bridge = Bridge(school, case_id, placement)
    day, _, at = review.partition(" ")
    review_at = local(datetime.fromisoformat(day).date(), time.fromisoformat(at))
    not_yet: dict[str, Any] = {"view": e.View.NOT_AS_EXPECTED, "words": "Not yet as expected"}
    await bridge.records(*mentor, e.ViewRecorded, **not_yet)
    await bridge.records(*tutor, e.ViewRecorded, **not_yet)
    await bridge.records(*tutor, e.InterventionAgreed, held=e.Held.TEAMS, present=("both",))
    rows = tuple(
        e.PlanTarget(
            area=area,
            target=target,
            measure=measure,
            support="A modelled lesson",
            monitored_by="mentor",
            complete_by=local_date(review_at),
        )
        for area, target, measure in targets
    )
    promise = e.Promise(what="Two planning sessions", who="the mentor", by=local_date(review_at))
    await bridge.records(
        *tutor,
        e.PlanWritten,
        version=1,
        targets=rows,
        promises=(promise,),
        review_at=review_at,
        place=placement.school,
        starts=local_date(now),
        adjustments_checked=True,
    )
    await bridge.records(*mentor, e.PlanVersionAgreed, version=1)
    await bridge.records(*tutor, e.PlanVersionAgreed, version=1)
    await bridge.records(*tutor, e.PlanShared, version=1)
    await bridge.records(*tutor, e.PlanDiscussed)
    await bridge.records(*tutor, e.StudentAgreed, achievable=True, knows_review_decides=True)
    await school.passes(minutes=1)
    return case_id


# -- the steps, as people take them --------------------------------------------------------------------------------


async def starts_review(school: School, tutor: str) -> None:
    await school.says(tutor, "my cases")
    await school.presses(tutor, "Open ")
    await school.presses(tutor, "Start the review")
    await school.fills(tutor, press="Start it: I am there in person")


async def observes(school: School, who: str, **changes: str) -> str:
    await school.presses(who, "Lesson observation")
    seen = {f"evidence_{n}": words for n, words in enumerate(SAW)}
    return await school.fills(who, {"words": LESSON, **seen, **changes}, press="Record this part")


async def discusses(school: School, who: str, support: str = "partly") -> str:
    await school.presses(who, "Discussion with the mentor")
    return await school.fills(who, support=support, words=SUPPORT, press="Record this part")


async def converses(school: School, who: str) -> str:
    await school.presses(who, "Three-way conversation")
    return await school.fills(who, present="student,mentor,link_tutor", words=STUDENT_SAYS, press="Record this part")


async def reviews(school: School, tutor: str) -> None:
    """All three parts, by the Link Tutor."""
    await starts_review(school, tutor)
    await observes(school, tutor)
    await discusses(school, tutor)
    await converses(school, tutor)


def outcome(school: School, **changes: str) -> dict[str, str]:
    """The form of an outcome, filled in; the student was told today at ten past two, with the mentor there."""
    return {
        "result_0": "met",
        "result_1": "not yet",
        "result_2": "not yet",
        "reasons": REASONS,
        "told_on": school.now.date().isoformat(),
        "told_student_at": "14:10",
        "told_by": "tutor_mentor",
        **changes,
    }


async def ends(school: School, tutor: str, reference: str, **changes: str) -> str:
    """From the outcome's form to the placement that has ended, in two cards."""
    await school.presses(tutor, "Record the outcome")
    await school.fills(tutor, outcome(school, **changes), press="The placement ends as failed")
    return await school.fills(
        tutor, lead_told_at="14:30", typed_confirmation=reference, press="End the placement and write to "
    )
