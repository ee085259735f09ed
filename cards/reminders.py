"""What a reminder asks for: one act, in words, with the verb or the link of its button.

The words are the middle of a sentence ("please record the meeting"). Who cannot do the act is shown the case with the
buttons they have.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from cards import record
from cards.acts import PARTS, chat_link
from cards.elements import Element, link
from cards.plan import review_moment, when_and_where
from cards.times import to_take
from cards.view import View
from pathway import events as e
from pathway.clocks import visit_booked
from pathway.dates import local_date
from pathway.deadlines import ASKED_IN_THE_END
from pathway.guards import agreed_by, missing_parts
from pathway.process import Stage
from pathway.provider import starting
from pathway.roles import Role
from pathway.timers import AWAY, ESCALATION, OFFER


@dataclass(frozen=True, slots=True)
class Wanted:
    """*words* say what is asked; *act* is the verb of its button, or a link, "" where nothing is to be pressed."""

    words: str
    act: str | Element = ""


def write_to(view: View, person: str) -> str | Element:
    """A link to a chat with *person*; "" where we know no address."""
    known = view.party.people.get(person)
    if known is None or not known.email or person == view.viewer:
        return ""
    return link(f"Write to {view.name(person)} in Teams", chat_link(known.email))


def plan_to_write(view: View) -> Wanted:
    """T5: written, agreed by this reader, agreed by the other, or gone on with."""
    case, plan, words = view.case, view.case.plan, view.provider.words.support_plan
    if plan is None:
        return Wanted(f"please write the {words}", "support_plan.write")
    if case.mentor_view_to_confirm and view.is_(Role.MENTOR):
        return Wanted("please say whether the view that was typed for you is right", "views.confirm")
    own = Role.MENTOR if view.is_(Role.MENTOR) else Role.LINK_TUTOR
    if not agreed_by(case, own, plan.version):
        return Wanted(f"please read version {plan.version} of the {words}, then agree it or change it", _AGREE)
    other = view.party.link_tutor(case) if own is Role.MENTOR else case.mentor
    role = Role.LINK_TUTOR if own is Role.MENTOR else Role.MENTOR
    if other and not agreed_by(case, role, plan.version):
        name = view.name(other)
        return Wanted(f"{name} has not agreed the {words} yet: please speak to {name}", write_to(view, other))
    return Wanted(f"both of you have agreed the {words}: please go on", "support_plan.share")


_AGREE = "support_plan.agree"


def plan_to_discuss(view: View) -> Wanted:
    """T7: talked through, or changed where it was not found achievable."""
    if view.case.since(e.PlanShared, e.StudentNotAgreed):
        words = f"please change the plan together, or talk it through with {view.first} once more"
        return Wanted(words, "support_plan.reopen")
    return Wanted(f"please talk the plan through with {view.first}", "support_plan.discuss")


def halfway(view: View) -> Wanted:
    if view.is_student:
        return Wanted("two days in: how is it going, and has the support come", "student.promises")
    return Wanted(f"two days in: is the extra support for {view.first} happening", "support_plan.promises")


def review_ahead(view: View) -> Wanted:
    """T9: when and where, what belongs to it, and what this reader can do for it now."""
    at = review_moment(view)
    if at and local_date(at) < view.today and view.is_(Role.LINK_TUTOR):
        words = f"the review meeting was to be on {when_and_where(view)}: please start it, or choose another day for it"
        return Wanted(words, "review.start")
    parts = (
        "a lesson observation, a talk with you as the mentor, and a conversation of all three"
        if view.is_(Role.MENTOR)
        else f"a lesson observation, a talk with the {view.word(Role.MENTOR)}, and a conversation of all three"
    )
    words = f"the review meeting is {_on(view, at)} {when_and_where(view)}. It has three parts: {parts}"
    more, act = _for_the_review(view)
    return Wanted(f"{words}. {more}", act)


def _on(view: View, at: datetime | None) -> str:
    """What stands before the day and the time."""
    return "today," if at and local_date(at) == view.today else "on"


def _for_the_review(view: View) -> tuple[str, str]:
    at = review_moment(view)
    if view.is_student:
        return "You can say here whether the promised support has come", "student.promises"
    if not view.is_(Role.LINK_TUTOR):
        return "Please tick which of the promised support has come", "support_plan.promises"
    if at and local_date(at) == view.today:
        return "Start it here when you are there", "review.start"
    if visit_booked(view.case, view.ground) is None:
        return "Please book the visit, so that it stands in everybody's calendar", "support_plan.book"
    return "If you cannot come, choose another day", "support_plan.review"


def after_review(view: View) -> Wanted:
    """T11: what is missing of the review, then the outcome, after somebody has told the student."""
    if missing := missing_parts(view.case):
        return Wanted("please record the rest of the review, and then the outcome", PARTS[missing[0]][0])
    words = f"please tell {view.first} in person what comes of the review, and record the outcome"
    return Wanted(words, "outcome.open")


def next_steps_meeting(view: View) -> Wanted:
    """T12: booked, held, recorded."""
    found = record.booked(view.case)
    if found is None:
        return Wanted("please book the next steps meeting", "next_steps.book")
    if found.starts > view.now:
        return Wanted(f"the next steps meeting is {_on(view, found.starts)} {view.moment(found.starts)}")
    return Wanted("please record the next steps meeting, or choose another day for it", "next_steps.record")


def times_to_answer(view: View) -> Wanted:
    """Beside T3: the mentor's answer to times that were offered, and the invitation that it asks for."""
    if view.case.open_offer and view.is_(Role.MENTOR):
        return Wanted("please say which of the times for the meeting suit you", "meeting.times")
    if view.case.open_offer:
        words = f"{view.mentor} has not answered the times that were offered: please book the meeting by hand"
        return Wanted(words, "meeting.arrange")
    if to_take(view):
        return Wanted("please make the invitation for the meeting", "meeting.take")
    return Wanted("please arrange the meeting", "meeting.arrange")


#: What each timer asks for.
WANTED: Mapping[str, Callable[[View], Wanted]] = {
    "T1": lambda v: Wanted(f"you look at {v.first}'s weekly target"),
    "T2": lambda _v: Wanted("please say that you have it", "link_tutor.acknowledge"),
    "T3": lambda v: times_to_answer(v) if v.case.offer else Wanted("please arrange the meeting", "meeting.arrange"),
    OFFER: times_to_answer,
    "T4": lambda _v: Wanted("please record the meeting"),
    "T5": plan_to_write,
    "T6": lambda _v: Wanted("the views differ and your decision is asked for"),
    "T7": plan_to_discuss,
    "T8": halfway,
    "T9": review_ahead,
    "T10": lambda _v: Wanted("please record it in PebblePad", "pebblepad.recorded"),
    "T11": after_review,
    "T12": next_steps_meeting,
    "T13": lambda _v: Wanted("this case is paused: can it go on"),
    "T14": lambda v: Wanted(f"the placement ends on {v.day(v.placement.end)}"),
}


def wanted(timer: str, rung: str, view: View) -> Wanted:
    """What is asked of this reader now, starting a sentence."""
    if rung == AWAY or (rung == ESCALATION and timer in ASKED_IN_THE_END):
        return wanted_in_the_end(timer, rung, view)
    ask = WANTED.get(timer)
    found = ask(view) if ask else Wanted("please look at this case")
    return Wanted(starting(found.words), found.act)


def wanted_in_the_end(timer: str, rung: str, view: View) -> Wanted:
    """What is asked of somebody who comes in because nothing was recorded, or because the Link Tutor is away."""
    tutor = view.party.link_tutor(view.case)
    named = "link_tutor.name" if view.is_(Role.PARTNERSHIP_TEAM) else ""
    if rung == AWAY:
        words = f"{view.link_tutor} is not at work in these days: please see who can take this up meanwhile"
        return Wanted(words, named)
    if timer == "T12" and view.case.stage is Stage.NEXT_STEPS:
        found = next_steps_meeting(view)
        return Wanted(starting(found.words), found.act)
    if timer == "T1":
        words = f"This case waits for somebody. Please ring {view.mentor} and ask whether help is wanted"
        return Wanted(words, write_to(view, view.case.mentor))
    asked = ASKED_IN_THE_END.get(timer, "to see how it stands").format(mentor=view.mentor)
    words = f"This case waits for somebody. You are asked {asked}"
    if timer in {"T2", "T3"}:
        return Wanted(words, named if timer == "T2" else "meeting.arrange")
    return Wanted(words, write_to(view, tutor) if tutor else named)


def whom_to_write_to(timer: str, view: View) -> str | Element:
    """For somebody who may not see the case: the person who can tell them how it stands."""
    if timer == "T1":
        return write_to(view, view.case.mentor)
    leads = view.party.holders(Role.PARTNERSHIP_LEAD, view.case)
    people = [*(leads if timer == "T6" else ()), view.party.link_tutor(view.case)]
    return next((found for p in people if p and (found := write_to(view, p))), "")
