"""The office names another mentor: somebody is ill, or leaves the school. Whoever had the case has it no longer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cards import mentor as cards
from cards.case import case_card
from dialogs.router import Steps
from dialogs.turn import Reply, Turn, new_nonce
from pathway import events as e
from pathway.case import Case
from pathway.roles import Role
from pathway.rules import Fault, Ground, Refused

steps = Steps()
SUMMARY = "Placements: another mentor"
NOT_LISTED = "No such address is on the placement list. Please put them on the list first, or look again."


@steps.on("mentor.name")
async def name(turn: Turn) -> Reply:
    return await name_form(turn, {}, ())


@steps.form("mentor.name")
async def name_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await turn.case()
    turn.stamp(ground, e.MentorNamed, case)
    view = turn.view(case, ground, nonce=turn.nonce if faults else new_nonce())
    return Reply(cards.name_form(view, await _at_the_school(turn, case, ground), values, faults), SUMMARY)


@steps.on("mentor.named")
async def named(turn: Turn) -> Reply:
    case, ground = await turn.case()
    stamp = turn.stamp(ground, e.MentorNamed, case)
    done = await turn.record(case.id, e.MentorNamed(**stamp, person=await _meant(turn, case)))
    view = turn.view(done.case, ground)
    return Reply(case_card(view, f"{view.mentor} is told at once."), SUMMARY, case.id)


async def _at_the_school(turn: Turn, case: Case, ground: Ground) -> dict[str, str]:
    """Who is a mentor at this student's school, and is not the mentor of this case: person id to name, by name."""
    school = ground.party.placement.school
    there = [p for p in await turn.casework.roster.placements() if p.school == school]
    ids = {person for p in there for person in (p.mentor, p.second_mentor)} - {"", case.mentor, case.student}
    return dict(sorted(((person, ground.party.name(person)) for person in ids), key=lambda pair: pair[1]))


async def _meant(turn: Turn, case: Case) -> str:
    """The person id that was chosen, or that has the address that was typed. Raises Refused."""
    chosen, address = turn.get("person"), turn.get("email")
    if chosen and address:
        raise Refused(Fault("Choose somebody or type an address, not both.", "email"))
    if not address:
        return chosen
    found = await turn.casework.roster.by_email(address)
    students = {p.student for p in await turn.casework.roster.placements()}
    if found is None or found.id in students:
        raise Refused(
            Fault(
                "No such address is on the placement list. Please put them on the list first, or look again.", "email"
            )
        )
    if found.id == case.mentor:
        raise Refused(Fault(f"They are the {turn.provider.role(Role.MENTOR)} already.", "email"))
    return found.id
