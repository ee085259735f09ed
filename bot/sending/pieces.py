"""A piece of the outbox with the case it tells of, whether it is still wanted, and what any message of it needs."""

from __future__ import annotations

from dataclasses import dataclass

from bot.desk import Message
from bot.teams.words import sent_again
from cards.view import View
from pathway.case import Case
from pathway.nudges import still_wanted
from pathway.ports import MAYBE, Claim, OutboxItem
from pathway.process import Stage
from pathway.roles import Role
from pathway.rules import Ground
from pathway.tellings import CHANNEL, Notice
from pathway.timers import WEEK


@dataclass(frozen=True)
class Ready:
    """An outbox item with the case it tells of, as it stands now."""

    claim: Claim
    item: OutboxItem
    case: Case
    ground: Ground


class Dropped(Exception):
    """The item is no longer wanted; the reason is its result."""


def unwanted(ready: Ready) -> str:
    """Why an item need not go out any more, "" when it should."""
    item, case, ground = ready.item, ready.case, ready.ground
    if item.to != CHANNEL and not ground.party.roles_on(item.to, case):
        return "no longer one of the people of the case"
    if of_the_meeting := _not_of_the_meeting(item, case):
        return of_the_meeting
    if item.notice == Notice.VIEW_WANTED and case.view_of(Role.MENTOR) is not None:
        return "the view is there"
    if item.notice in (Notice.REMINDER, Notice.ESCALATION) and not still_wanted(case, ground, item):
        return "the case has moved on"
    if item.notice == Notice.NOT_REACHED:
        person = ground.party.people.get(item.data.get("who", ""))
        return "" if person and person.out_of_reach else "they can be reached again"
    return ""


def _not_of_the_meeting(item: OutboxItem, case: Case) -> str:
    """Why its brief, or the card at its end, would tell of a meeting that is no more, or is recorded already."""
    if item.notice not in (Notice.MEETING_BRIEF, Notice.MEETING_OVER):
        return ""
    if case.meeting is None or case.meeting.starts.isoformat() != item.data.get("starts"):
        return "the meeting was moved"
    recorded = case.stage is not Stage.MEETING_BOOKED or case.view_of(Role.LINK_TUTOR) is not None
    return "it is recorded, or the case has moved on" if recorded and item.notice == Notice.MEETING_OVER else ""


def weekly(item: OutboxItem) -> bool:
    """Whether it belongs into the weekly list of what is not in PebblePad."""
    return item.data.get("timer") == "T10" and item.data.get("rung", "").startswith(WEEK)


def again(message: Message, *claims: Claim) -> Message:
    """*message*, saying that it is sent again where nobody can know of one of its *claims* whether it arrived the first
    time.
    """
    return sent_again(message) if any(claim.error == MAYBE for claim in claims) else message


def reply_to(view: View) -> str:
    """Where an answer by mail goes: the Link Tutor once told, else the office."""
    tutor = view.party.people.get(view.party.link_tutor(view.case)) if view.case.told else None
    if tutor is not None and tutor.id != view.viewer:
        return tutor.email
    office = view.provider.contacts.office
    team = view.provider.partnership_team
    return (office.email if office else "") or (team[0].email if team else "")
