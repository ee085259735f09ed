"""What each notice says: the sentence above the case, and the neutral summary that toasts and lock screens show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from cards import calendar, meeting, pebblepad, reach, record, support_plan, weekly_check
from cards.case import case_card
from cards.elements import Card, card, facts, heading, literal, panel, quiet, text
from cards.plan import review_moment, when_and_where
from cards.reminders import wanted, wanted_in_the_end, whom_to_write_to
from cards.times import answered, can_do, to_take
from cards.view import View, plan_for_student
from pathway import events as e
from pathway.dates import in_london, local_date, time_in_words
from pathway.people import Item
from pathway.ports import OutboxItem
from pathway.process import Stage
from pathway.provider import starting
from pathway.roles import Role
from pathway.tellings import ORGANISERS, Notice
from pathway.timers import OFFER

Lead = Callable[[View, e.Event | None], str]


def _typed_for_you(view: View, event: e.Event | None) -> str:
    who = view.name(event.by) if event else "Somebody"
    return f"{who} entered this for you. If something is not right, tell {who} and it is put right."


def _meeting_booked(view: View, _event: e.Event | None) -> str:
    found = view.case.meeting
    return f"Your meeting is booked for {view.moment(found.starts)}." if found else "Your meeting has changed."


def _brief(view: View, _event: e.Event | None) -> str:
    found, plan = view.case.meeting, view.provider.words.support_plan
    when = time_in_words(in_london(found.starts).time()) if found else "the time you agreed"
    return (
        f"Your meeting is today at {when}. This is the brief. To be decided: is progress as expected? If you both say "
        f"it is not, a {plan} opens."
    )


def _has_it(view: View, event: e.Event | None) -> str:
    return f"{view.name(event.by) if event else starting(view.link_tutor)} has it."


def _cancelled(view: View, event: e.Event | None) -> str:
    who = view.name(event.by) if event else "Somebody"
    return f"{who} has cancelled the meeting. A new time is to be found."


def _named(view: View, _event: e.Event | None) -> str:
    word = view.word(Role.LINK_TUTOR if view.is_(Role.LINK_TUTOR) else Role.MENTOR)
    return f"You have been named as the {word} on this placement. Everything recorded so far is here."


def _outcome(view: View, _event: e.Event | None) -> str:
    if view.is_(Role.MENTOR):
        return "This is the outcome of the review. Thank you for the help you gave."
    if record.ended(view.case) and view.is_(Role.COURSE_DIRECTOR, Role.LEVEL_LEAD, Role.PARTNERSHIP_LEAD):
        asked = "You are asked to come to the next steps meeting: you get the day when it is booked."
        return f"This is the outcome of the review. {asked}"
    if record.ended(view.case) and view.is_(Role.PARTNERSHIP_TEAM):
        return "This is the outcome of the review. Please book the next steps meeting."
    return "This is the outcome of the review."


def _next_steps_booked(view: View, _event: e.Event | None) -> str:
    found = record.booked(view.case)
    if found is None:
        return "The next steps meeting is being arranged."
    if view.is_student:
        return f"Your meeting about what happens next is on {view.moment(found.starts)}. You can bring somebody."
    return f"The next steps meeting is booked for {view.moment(found.starts)}."


def _reopened(view: View, _event: e.Event | None) -> str:
    if view.is_student:
        return "What you were told about your placement is being put right, as you have been told in person."
    return f"The outcome was entered wrongly and has been set aside. {starting(view.link_tutor)} records it anew."


# -- the support plan ----------------------------------------------------------------------------------------------


def _plan_changed(view: View, event: e.Event | None) -> str:
    who, plan = view.name(event.by) if event else "Somebody", view.provider.words.support_plan
    if isinstance(event, e.PlanReopened):
        return f"{who} has opened the {plan} for changes. A new version is written and asks both of you."
    if isinstance(event, e.PlanWritten) and event.version == 1:
        return f"{who} has written the {plan}. Please read it, then agree it or change it."
    return f"{who} has changed the {plan}. Please read the new version, then agree it or change it."


def _plan_shared(view: View, event: e.Event | None) -> str:
    who = view.name(event.by) if event else "The other"
    return f"{who} has agreed the plan too. Next: one of you talks it through with {view.first}, in person."


def _plan_to_you(view: View, event: e.Event | None) -> str:
    if plan_for_student(view.case) is None or event is None:
        return "There is news on the plan that you talked about."
    if isinstance(event, e.PlanAmended):
        return "Your plan has changed, as you were told. This is the new version."
    if view.case.stage is Stage.PLAN_TO_DISCUSS:
        return "This is the plan that you talked about."
    return "This is your plan, as you talked about it. It has started."


def _plan_started(view: View, _event: e.Event | None) -> str:
    at = review_moment(view)
    return f"The {view.provider.words.support_plan} has started." + (
        f" The review meeting is on {view.moment(at)}." if at else ""
    )


def _student_says_no(view: View, event: e.Event | None) -> str:
    own = event is not None and event.role is Role.STUDENT
    says = "wants to talk about the plan" if own else "does not find the plan achievable as it stands"
    return f"{view.first} {says}. Please speak to {view.first}. The words are below, as they were said."


def _review_booked(view: View, _event: e.Event | None) -> str:
    comes = "You go" if view.is_(Role.LINK_TUTOR) else f"{starting(view.link_tutor)} comes"
    return f"The review visit is booked for {when_and_where(view)}. {comes} to the school."


def _review_changed(view: View, _event: e.Event | None) -> str:
    told_ = ", as you were told" if view.is_student else ""
    return f"The review meeting has a new time{told_}: {when_and_where(view)}."


def _promise_not_kept(view: View, event: e.Event | None) -> str:
    plan = view.case.plan
    n = event.promise if isinstance(event, e.PromiseTicked) else -1
    what = f": {literal(plan.promises[n].what.rstrip('.'))}" if plan and 0 <= n < len(plan.promises) else ""
    return f"{view.first} says that promised support has not come{what}. Please see to it within one working day."


#: A sentence of ours for each notice that shows the case below it.
LEADS: Mapping[Notice, Lead] = {
    Notice.TYPED_FOR_YOU: _typed_for_you,
    Notice.TARGET_COPY: lambda v, _e: f"This is your copy of what you and {v.mentor} talked about.",
    Notice.TARGET_GOES_ON: lambda v, _e: (
        f"Your target goes on, as {v.mentor} told you. There is a new day to look at it."
    ),
    Notice.TARGET_MET: lambda v, _e: "Your weekly target is met.",
    Notice.CASE_FOR_YOU: lambda v, _e: f"{v.mentor} would like your help with a placement.",
    Notice.NO_LINK_TUTOR: lambda v, _e: (
        f"A mentor asks for help and no {v.word(Role.LINK_TUTOR)} is named for the placement. Please name one."
    ),
    Notice.REFERRAL_STUDENT: lambda v, _e: f"{starting(v.link_tutor)} has been told, as {v.mentor} said to you.",
    Notice.HAS_IT: lambda v, _e: (
        f"{starting(v.name(v.case.acknowledged.by)) if v.case.acknowledged else v.link_tutor} has it."
    ),
    Notice.MEETING_BOOKED: _meeting_booked,
    Notice.MEETING_CANCELLED: _cancelled,
    Notice.MEETING_BRIEF: _brief,
    Notice.TIMES_OFFERED: lambda v, _e: answered(v),
    Notice.TIMES_CHOSEN: lambda v, _e: can_do(v),
    Notice.WITHDRAWN: lambda v, _e: (
        "The weekly target goes on instead. No meeting is needed now."
        if not v.is_student
        else f"{v.mentor} goes on with your weekly target. No meeting is needed now."
    ),
    Notice.VIEW_WANTED: lambda v, _e: f"{starting(v.link_tutor)} has recorded the meeting. What is your view?",
    Notice.VIEW_TO_CONFIRM: lambda v, ev: (
        f"{v.name(ev.by) if ev else starting(v.link_tutor)} typed your view after the meeting. Is that right?"
    ),
    Notice.VIEW_RECORDED: lambda v, _e: f"{v.mentor}'s view is recorded. See what you both say, and decide.",
    Notice.PLAN_OPENS: lambda v, _e: f"A {v.provider.words.support_plan} comes next.",
    Notice.MORE_TIME: lambda v, _e: (
        f"No {v.provider.words.support_plan} is started. There is more time for the target."
        if not v.is_student
        else "You have more time for your target, as you were told. Nothing else was started."
    ),
    Notice.NO_INTERVENTION: lambda v, _e: "The matter is closed. No further step was needed.",
    Notice.VIEWS_DIFFER: lambda v, _e: (
        "Mentor and tutor see it differently and ask for your decision."
        if v.is_(Role.PARTNERSHIP_LEAD)
        else f"Your views differ. The {v.word(Role.PARTNERSHIP_LEAD)} has been told and helps to decide."
    ),
    Notice.NAMED: _named,
    Notice.REPLACED: lambda v, _e: (
        f"{starting(v.link_tutor)} is the {v.word(Role.LINK_TUTOR)} on this placement now."
        if v.is_(Role.MENTOR)
        else f"{v.mentor} is the {v.word(Role.MENTOR)} on this placement now."
    ),
    Notice.PLAN_SHARED: _plan_shared,
    Notice.PLAN_CHANGED: _plan_changed,
    Notice.PLAN_TO_YOU: _plan_to_you,
    Notice.PLAN_STARTED: _plan_started,
    Notice.STUDENT_SAYS_NO: _student_says_no,
    Notice.STUDENT_REPLIED: lambda v, _e: f"{v.first} has put a reply on the record. It is below, word for word.",
    Notice.RING_STUDENT: lambda v, _e: f"{v.first} asks you to ring. Please do so today or on your next working day.",
    Notice.PROMISE_NOT_KEPT: _promise_not_kept,
    Notice.REVIEW_BOOKED: _review_booked,
    Notice.REVIEW_CHANGED: _review_changed,
    Notice.PAUSED: lambda v, _e: "This case is paused. All dates stand still.",
    Notice.RESUMED: lambda v, _e: "This case goes on. The dates have been worked out again.",
    Notice.CLOSED: lambda v, _e: "This case is closed.",
    Notice.IN_ERROR: lambda v, _e: (
        "This was sent to you in error. We are sorry. It has been withdrawn."
        if v.is_student
        else "A case was raised in error and is closed. Please check whether personal data reached the wrong person."
    ),
    Notice.REVIEW_NOT_IN_PERSON: lambda v, _e: "This review is not held as a visit to the school. The reason is below.",
    Notice.TERMINATION_CONFIRMED: lambda v, ev: (
        f"{v.name(ev.by) if ev else 'The ' + v.word(Role.PARTNERSHIP_LEAD)} has confirmed what you asked about. You "
        "can go on with the outcome when it is decided."
    ),
    Notice.OUTCOME: _outcome,
    Notice.OUTCOME_TO_YOU: lambda _v, _e: "Here in writing is what you were told in person.",
    Notice.NEXT_STEPS: lambda v, _e: (
        "This is the summary of your meeting." if v.is_student else "This is what came of the next steps meeting."
    ),
    Notice.NEXT_STEPS_BOOKED: _next_steps_booked,
    Notice.OUTCOME_REOPENED: _reopened,
}

#: Leads that name the student: only for readers of the case.
OF_THE_PLAN = frozenset(
    {
        Notice.PLAN_SHARED,
        Notice.STUDENT_SAYS_NO,
        Notice.STUDENT_REPLIED,
        Notice.RING_STUDENT,
        Notice.PROMISE_NOT_KEPT,
    }
)

#: For all that comes with the second half of the road: the case as it stands says it.
MOVED_ON = "There is news on this case."

#: What a toast, a lock screen or a mail subject may say: a reference and a neutral word, never a name.
UPDATE = "an update"
SUMMARIES: Mapping[Notice, str] = {
    Notice.TARGET_COPY: "a copy for you",
    Notice.TARGET_MET: "an update for you",
    Notice.CASE_FOR_YOU: "your help is asked for",
    Notice.NO_LINK_TUTOR: "somebody is to be named",
    Notice.HAS_IT: "somebody has it",
    Notice.MEETING_BOOKED: "a time has been booked",
    Notice.MEETING_CANCELLED: "a time has been cancelled",
    Notice.TIMES_OFFERED: "times to choose from",
    Notice.TIMES_CHOSEN: "an answer for you",
    Notice.VIEW_WANTED: "your view is asked for",
    Notice.VIEW_TO_CONFIRM: "please check an entry",
    Notice.VIEW_RECORDED: "there is something to decide",
    Notice.TYPED_FOR_YOU: "an entry made for you",
    Notice.MEETING_BRIEF: "your meeting today",
    Notice.MEETING_OVER: "after your meeting",
    Notice.REVIEW_NOT_IN_PERSON: "something to know",
    Notice.TERMINATION_CONFIRMED: "an answer for you",
    Notice.OUTCOME: "news for you",
    Notice.OUTCOME_TO_YOU: "written words for you",
    Notice.NEXT_STEPS: "a summary for you",
    Notice.NEXT_STEPS_BOOKED: "a time has been booked",
    Notice.OUTCOME_REOPENED: "something is put right",
    Notice.PLAN_SHARED: "agreed by both of you",
    Notice.PLAN_CHANGED: "something to read and agree",
    Notice.PLAN_TO_YOU: "a copy for you",
    Notice.PLAN_STARTED: "an update for you",
    Notice.STUDENT_SAYS_NO: "a talk is asked for",
    Notice.STUDENT_REPLIED: "a reply to read",
    Notice.RING_STUDENT: "a call is asked for",
    Notice.PROMISE_NOT_KEPT: "something to see to",
    Notice.REVIEW_BOOKED: "a time has been booked",
    Notice.REVIEW_CHANGED: "a time has changed",
    Notice.NOT_REACHED: "somebody is to be reached",
    Notice.BY_HAND: "something to put into your calendar",
    Notice.CALENDAR_DIFFERS: "a time to check",
    Notice.REMINDER: "a reminder",
    Notice.ESCALATION: "a case is waiting",
}


def summary(item: OutboxItem, reference: str) -> str:
    return f"Placement case {reference}: {in_a_word(item.notice)}"


def in_a_word(notice: str) -> str:
    """Also for one that a later version of Pathway has queued."""
    return SUMMARIES.get(Notice(notice), UPDATE) if notice in set(Notice) else UPDATE


def notice_card(item: OutboxItem, view: View) -> Card:
    """The card of one notice for one reader, made from the case as it stands when it is sent."""
    notice = Notice(item.notice)
    event = view.case.events[item.event - 1] if 0 < item.event <= len(view.case.events) else None
    if own := OF_THEIR_OWN.get(notice):
        return own(view, event)
    if notice is Notice.ESCALATION:
        return escalation(item, view)
    if notice is Notice.REMINDER:
        return reminder(item, view)
    if notice is Notice.NOT_REACHED:
        return case_card(view, reach.lead(view, item) if view.sees_case else MOVED_ON)
    lead = LEADS.get(notice)
    if notice in OF_THE_PLAN and not view.is_student and not view.sees(Item.CONCERN):
        lead = None
    if notice is Notice.TIMES_OFFERED and event is view.case.open_offer and view.is_(Role.MENTOR):
        return meeting.offer_card(view)
    words = lead(view, event) if lead else MOVED_ON
    return case_card(view, words, whole=notice is Notice.MEETING_BRIEF, wanted=_wanted(notice, view))


def _wanted(notice: Notice, view: View) -> str:
    """The act that a notice asks for, where it is not the first that the case has."""
    if notice is not Notice.TIMES_CHOSEN or view.case.chosen is None:
        return ""
    return "meeting.take" if to_take(view) else "meeting.arrange"


def _which(event: e.Event | None) -> e.Gathering:
    return event.which if isinstance(event, e.InvitationRefused | e.FoundInCalendar) else e.Gathering.MEETING


def _calendar_differs(view: View, event: e.Event | None) -> Card:
    organises = view.is_(*ORGANISERS)
    return calendar.changed(view, _which(event)) if organises else case_card(view, MOVED_ON)


def _by_hand(view: View, event: e.Event | None) -> Card:
    organises = view.is_(*ORGANISERS)
    return calendar.to_do_by_hand(view, _which(event)) if organises else case_card(view, MOVED_ON)


#: Notices that are a card by themselves.
OF_THEIR_OWN: Mapping[Notice, Callable[[View, e.Event | None], Card]] = {
    Notice.REFRESH: lambda view, _event: case_card(view),
    Notice.CALENDAR_DIFFERS: _calendar_differs,
    Notice.MEETING_OVER: lambda view, _event: meeting.over(view),
    Notice.BY_HAND: _by_hand,
}


# -- reminders -----------------------------------------------------------------------------------------------------


def reminder(item: OutboxItem, view: View) -> Card:
    """One act wanted, with its button."""
    timer = item.data.get("timer", "")
    late = lateness(item, view)
    if timer == "T1" and view.case.stage is Stage.WEEKLY_TARGET and view.is_(Role.MENTOR):
        if item.data.get("rung") == DAY_BEFORE and not late:
            return case_card(view, f"Tomorrow we ask how {view.first}'s week went.")
        return weekly_check.check(view, late=late)
    if timer == OFFER and view.case.open_offer and view.is_(Role.MENTOR):
        return meeting.offer_card(view, lead=reminder_line(item, view))
    if timer == "T8" and view.case.stage is Stage.PLAN_IN_PLACE and not late:
        return support_plan.halfway(view)
    record = item.data.get("subject", "")
    if timer == "T10" and record in set(e.Record) and e.Record(record) in pebblepad.there(view):
        return pebblepad.sheet(view, e.Record(record), lead=reminder_line(item, view))
    act = wanted(timer, item.data.get("rung", ""), view).act
    return case_card(view, reminder_line(item, view), wanted=act)


#: The rung of T1 that only looks ahead.
DAY_BEFORE = "day before"


def reminder_line(item: OutboxItem, view: View) -> str:
    """The reminder in one sentence, for the case card and for the morning message."""
    asked, late = wanted(item.data.get("timer", ""), item.data.get("rung", ""), view), lateness(item, view)
    words, subject = asked.words, item.data.get("subject", "")
    if item.data.get("timer") == "T10" and subject in set(e.Record):
        words = f"Please record {pebblepad.NAMES[e.Record(subject)]} in PebblePad"
    return f"{words}. {late}".strip()


def lateness(item: OutboxItem, view: View) -> str:
    """Said honestly when a reminder comes on another day than the one it was due."""
    if "due" not in item.data or item.data.get("timer") == OFFER:
        return ""
    due = local_date(datetime.fromisoformat(item.data["due"]))
    return f"This was due on {view.day(due)}." if due < view.today else ""


def escalation(item: OutboxItem, view: View) -> Card:
    """For somebody who may not know of the case: its reference and its date, and whom to ring."""
    timer = item.data.get("timer", "")
    if view.sees_case:
        asked = wanted_in_the_end(timer, item.data.get("rung", ""), view)
        return case_card(view, f"{asked.words}. {lateness(item, view)}".strip(), wanted=asked.act)
    asks = (
        f"A weekly check has had no answer. Please ring {view.mentor} and ask whether help is wanted."
        if timer == "T1"
        else "A case waits for an answer. Please see who can take it up."
    )
    return card(
        heading(f"Placement case {view.case.reference}"),
        text(asks),
        text(lateness(item, view)) if lateness(item, view) else None,
        quiet("You are told the reference and the date only. Nothing that anybody wrote is in this message."),
        actions=[way] if isinstance(way := whom_to_write_to(timer, view), dict) else [],
    )


#: A morning message shows so many; a card holds so much and no more.
LINES = 20


def morning(lines: Mapping[str, str], openers: list[dict[str, object]]) -> Card:
    """Several reminders for one person in one message: reference -> what is asked."""
    count, shown = len(lines), list(lines.values())[:LINES]
    return card(
        heading("Today's placements"),
        text(f"{count} things for you, the most pressing first."),
        *(panel(text(line)) for line in shown),
        text(f"The other {count - LINES} are under My cases.") if count > LINES else None,
        actions=openers,
    )


# -- the Partnership channel ---------------------------------------------------------------------------------------


def channel_line(item: OutboxItem, view: View) -> str:
    """One line in the thread of the day: a reference and a date, nothing else."""
    ref = f"Ref {view.case.reference}"
    match Notice(item.notice):
        case Notice.CHANNEL_REFERRED:
            told = view.case.told
            return f"{ref}: {view.word(Role.LINK_TUTOR)} told, {view.day(local_date(told.at))}." if told else f"{ref}."
        case Notice.CHANNEL_PLAN:
            at = view.case.review_at
            return f"{ref}: plan in place, review on {view.day(local_date(at))}." if at else f"{ref}: plan in place."
        case Notice.CHANNEL_REVIEWED:
            return f"{ref}: review done."
        case _ if item.data.get("timer") == "T9" and view.case.review_at:
            return f"{ref}: review due {view.day(local_date(view.case.review_at))}. Open the bot to see it."
        case _:
            return f"{ref}: something is due. Open the bot to see it."


def channel_day(day: str, counts: Mapping[str, int]) -> Card:
    """The post that opens the day's thread; edited in place as things get done. Counts only."""
    return card(
        heading(f"Placements, {day}"),
        facts({title: str(n) for title, n in counts.items()}),
        quiet("References, dates and numbers only. Open the bot to see a case that is yours."),
    )
