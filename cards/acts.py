"""What a person can do with a case now: the buttons, the most wanted first. The server checks each again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from urllib.parse import quote, urlencode

from cards import record
from cards.elements import Element, button, leaving, link
from cards.plan import done_duties, duties_left, has_more_words, review_moment
from cards.times import to_take
from cards.view import View, plan_for_student
from pathway import events as e
from pathway.appointments import Gathering, joins_at
from pathway.clocks import visit_booked
from pathway.dates import local_date
from pathway.guards import (
    CORRECTABLE_FOR,
    agreed_by,
    both_say_not_as_expected,
    confirmed_by,
    has_been_discussed,
    missing_parts,
)
from pathway.people import Item
from pathway.process import Stage
from pathway.roles import Role

#: On one card at the most; what is more stands behind "Something else".
MOST = 6
Acts = Iterator[Element]


def acts_for(view: View, *, whole: bool = False, wanted: str | Element = "") -> list[Element]:
    """The buttons for this reader, at most six. *wanted*, a verb or a link, comes first where this reader has it."""
    acts = _first_stands_out(_in_order(view, wanted))
    if view.is_student or not view.sees(Item.CONCERN):
        return acts[:MOST]
    reading = act(view, "Back to the short card", "cases.open") if whole else act(view, "Read everything", "cases.read")
    if len(acts) < MOST:
        return [*acts, reading]
    more = {"wanted": wanted} if isinstance(wanted, str) and wanted else {}
    return [*acts[: MOST - 2], reading, act(view, "Something else", "cases.more", **more)]


def _in_order(view: View, wanted: str | Element) -> list[Element]:
    found = list(all_acts(view))
    if isinstance(wanted, dict):
        return [wanted, *(a for a in found if a.get("url") != wanted.get("url"))]
    return sorted(found, key=lambda a: bool(wanted) and a.get("verb") != wanted)


def _first_stands_out(acts: list[Element]) -> list[Element]:
    """The act that is wanted most is the coloured one."""
    if acts and acts[0]["type"] == "Action.Execute":
        return [{**acts[0], "style": "positive"}, *acts[1:]]
    return acts


def rest_of(view: View, wanted: str = "") -> list[Element]:
    """What did not fit the card, on which *wanted* came first."""
    acts = _in_order(view, wanted)
    return acts[MOST - 2 :] if len(acts) >= MOST else []


def all_acts(view: View) -> Acts:
    case = view.case
    if view.is_student:
        yield from _students(view)
        return
    yield from _review_and_after(view)
    if view.is_(Role.MENTOR):
        yield from mentor_acts(view)
    if view.is_(Role.LINK_TUTOR):
        yield from TUTOR.get(case.stage, _none)(view)
    if view.is_(Role.PARTNERSHIP_TEAM):
        yield from _office(view)
    if view.is_(Role.PARTNERSHIP_LEAD) and case.stage is Stage.VIEWS_DIFFER:
        yield from _decide(view)
    if view.is_(Role.PARTNERSHIP_LEAD) and case.stage is Stage.PLAN_TO_DISCUSS and has_been_discussed(case):
        yield act(view, "Start the plan without agreement", "support_plan.proceed")
    if (
        not view.is_(Role.MENTOR)
        and view.is_(Role.LINK_TUTOR, Role.PARTNERSHIP_TEAM)
        and view.sees(Item.CONCERN)
        and any(True for _ in mentor_acts(view, for_whom=case.mentor))
    ):
        yield act(view, f"Enter something for {view.mentor}", "cases.enter_for")
    yield from _to_read(view)
    yield from _outcome_stands(view)


def _to_read(view: View) -> Acts:
    case = view.case
    if case.last(e.ReviewStarted) and view.sees(Item.REVIEW):
        yield act(view, "Read the review", "review.read")
    if case.since(e.ReviewStarted, e.ReviewPartRecorded) and view.is_(Role.MENTOR, Role.LINK_TUTOR):
        yield act(view, "Text for PebblePad", "pebblepad.show")
    if view.sees(Item.CONCERN) and has_more_words(view):
        yield act(view, f"Read everything {view.first} has written", "student.words")


def act(view: View, title: str, verb: str, **more: str) -> Element:
    """A button that needs nothing from a form, and is never held back by an empty field."""
    return leaving(button(title, verb, case=view.case.id, step=view.case.step, nonce=view.nonce, **more))


def _none(_view: View) -> Acts:
    return iter(())


# -- the mentor's, by the mentor or for the mentor -----------------------------------------------------------------


def mentor_acts(view: View, for_whom: str = "") -> Acts:
    yield from MENTOR.get(view.case.stage, _none_for)(view, {"for": for_whom} if for_whom else {})


def _none_for(_view: View, _more: Mapping[str, str]) -> Acts:
    return iter(())


def _weekly_target(view: View, more: Mapping[str, str]) -> Acts:
    case, tutor = view.case, view.word(Role.LINK_TUTOR)
    yield act(
        view,
        f"Met, and {view.first} has been told" if more else f"Met, and I have told {view.first}",
        "weekly_check.met",
        **more,
    )
    yield act(view, f"Not yet: tell the {tutor}", "weekly_check.tell", **more)
    if case.repeats < view.provider.days.max_repeats:
        yield act(view, "Not yet: one more week", "weekly_check.more", **more)
    yield from _second_opinion(view, more)
    yield act(view, "It was raised in error", "cases.error", **more)
    if not more:
        yield act(view, "Text for PebblePad", "pebblepad.show", record=e.Record.WEEKLY_TARGET.value)


def _second_opinion(view: View, more: Mapping[str, str]) -> Acts:
    if not view.case.all(e.SecondOpinion):
        yield act(view, "I spoke to a colleague", "second_opinion.spoke", **more)
    asked = any(o.kind is e.Opinion.ASKED for o in view.case.all(e.SecondOpinion))
    seen = any(o.kind is e.Opinion.OBSERVED for o in view.case.all(e.SecondOpinion))
    if not asked:
        yield act(view, "Ask a fellow mentor to observe", "second_opinion.ask", **more)
    elif not seen:
        yield act(view, "Write what the fellow mentor saw", "second_opinion.saw", **more)


def _times(view: View, more: Mapping[str, str]) -> Acts:
    if view.case.open_offer:
        yield act(view, "Say which times suit", "meeting.times", **more)


def _told(view: View, more: Mapping[str, str]) -> Acts:
    yield from _times(view, more)
    yield from _view_of_mentor(view, more)
    yield from _second_opinion(view, more)
    if view.case.target:
        yield act(view, "Go on with the weekly target instead", "link_tutor.withdraw", **more)


def _booked(view: View, more: Mapping[str, str]) -> Acts:
    yield from _times(view, more)
    yield from _view_of_mentor(view, more)
    yield from _join(view)
    yield from _second_opinion(view, more)
    if view.case.target:
        yield act(view, "Go on with the weekly target instead", "link_tutor.withdraw", **more)
    yield act(view, "Cancel the meeting", "meeting.cancel", **more)


def _view_of_mentor(view: View, more: Mapping[str, str]) -> Acts:
    case = view.case
    if case.mentor_view_to_confirm and not more:
        yield act(view, "That is right", "views.confirm", **more)
        yield act(view, "Change it", "views.mine", **more)
        return
    spoken = case.view_of(Role.LINK_TUTOR) is not None or (case.meeting is not None and case.meeting.starts <= view.now)
    if spoken and case.view_of(Role.MENTOR) is None:
        yield act(view, "Record the mentor's view" if more else "Record my view", "views.mine", **more)


def _parts_of_review(view: View, more: Mapping[str, str]) -> Acts:
    """What is missing first; a part that is recorded can be put right while the review runs."""
    missing = missing_parts(view.case)
    for part in sorted(e.ReviewPart, key=lambda part: part not in missing):
        verb, title = PARTS[part]
        yield act(view, title if part in missing else f"Change: {title}", verb, **more)


#: The parts of the review, with the verb and the button of each.
PARTS: Mapping[e.ReviewPart, tuple[str, str]] = {
    e.ReviewPart.OBSERVATION: ("review.observation", "Lesson observation"),
    e.ReviewPart.MENTOR_DISCUSSION: ("review.discussion", "Discussion with the mentor"),
    e.ReviewPart.THREE_WAY: ("review.three_way", "Three-way conversation"),
}


def _differ(view: View, more: Mapping[str, str]) -> Acts:
    yield from _times(view, more)
    yield from _change_view(view, more)


def _change_view(view: View, more: Mapping[str, str]) -> Acts:
    if view.case.mentor_view_to_confirm and not more:
        yield from _view_of_mentor(view, more)
    elif view.case.mentor_view_to_confirm and view.is_(Role.PARTNERSHIP_TEAM):
        yield act(view, "Record the mentor's view", "views.mine", **more)


# -- the support plan's: both write it, agree it, talk it through and keep to it -------------------------------------


def _write_mentor(view: View, more: Mapping[str, str]) -> Acts:
    yield from _change_view(view, more)
    plan = view.case.plan
    if not more:
        yield from _write(view, Role.MENTOR)
    elif plan and not agreed_by(view.case, Role.MENTOR, plan.version):
        title = f"Record that {view.mentor} agrees the plan"
        yield act(view, title, "support_plan.mentor_agreed", version=str(plan.version), **more)


def _write(view: View, role: Role) -> Acts:
    case, plan = view.case, view.case.plan
    if plan is None:
        yield act(view, f"Write the {view.provider.words.support_plan}", "support_plan.write")
        return
    mentor, tutor = (agreed_by(case, r, plan.version) for r in (Role.MENTOR, Role.LINK_TUTOR))
    if mentor and tutor and not case.mentor_view_to_confirm:
        yield act(view, "Both agree: go on", "support_plan.share", version=str(plan.version))
    if not (mentor if role is Role.MENTOR else tutor):
        yield act(view, "I agree this version", "support_plan.agree", version=str(plan.version))
    yield act(view, "Change the plan", "support_plan.write")


def _discuss(view: View, more: Mapping[str, str]) -> Acts:
    yield act(view, f"We have talked it through with {view.first}", "support_plan.discuss", **more)
    if not more:
        yield act(view, "Change the plan", "support_plan.reopen")


def _keep_to_it(view: View, more: Mapping[str, str]) -> Acts:
    yield act(view, "Tick the promised support", "support_plan.promises", **more)
    if not more:
        yield from _pebblepad(view)


def _pebblepad(view: View) -> Acts:
    yield act(view, "Text for PebblePad", "pebblepad.show", record=e.Record.PLAN.value)


def _tutor_writes(view: View) -> Acts:
    yield from _write(view, Role.LINK_TUTOR)
    yield from _message(view)


def _tutor_discusses(view: View) -> Acts:
    yield from _discuss(view, {})
    yield from _message(view)


def _tutor_keeps_to_it(view: View) -> Acts:
    if duties_left(view):
        yield act(view, "Tick what I have done", "support_plan.duties")
    yield from _keep_to_it(view, {})
    if not _review_is_due(view):
        yield act(view, "Start the review", "review.start")
    yield act(view, "Change the review", "support_plan.review")
    if not duties_left(view) and done_duties(view.case):
        yield act(view, "Change what I have ticked", "support_plan.duties")


# -- the student's -------------------------------------------------------------------------------------------------


def _students(view: View) -> Acts:
    case = view.case
    if not view.sees(Item.CONCERN) and plan_for_student(case) is None and case.outcome is None:
        return
    plan, stage = plan_for_student(case), case.stage
    confirmed = plan is not None and any(c.version == plan.version for c in case.all(e.StudentConfirmed))
    if plan and stage in (Stage.PLAN_TO_DISCUSS, Stage.PLAN_IN_PLACE):
        if not confirmed:
            yield act(view, "It is achievable", "student.confirm", version=str(plan.version))
        yield act(view, "I want to talk about it", "student.talk")
    if plan and stage in (Stage.PLAN_IN_PLACE, Stage.REVIEW):
        yield act(view, "Has the support come?", "student.promises")
    if stage.is_open and plan and view.party.link_tutor(case):
        yield act(view, f"Ask my {view.word(Role.LINK_TUTOR)} to ring me", "student.ring")
    elif stage.is_open:
        yield from _message_tutor(view)
    if stage not in (Stage.DRAFT, Stage.IN_ERROR):
        yield act(view, "Write something for the record", "student.reply")
    if has_more_words(view):
        yield act(view, "Read everything I have written", "student.words")


MENTOR: Mapping[Stage, Callable[[View, Mapping[str, str]], Acts]] = {
    Stage.WEEKLY_TARGET: _weekly_target,
    Stage.LINK_TUTOR_TOLD: _told,
    Stage.MEETING_BOOKED: _booked,
    Stage.VIEWS_DIFFER: _differ,
    Stage.REVIEW: _parts_of_review,
    Stage.WRITING_PLAN: _write_mentor,
    Stage.PLAN_TO_DISCUSS: _discuss,
    Stage.PLAN_IN_PLACE: _keep_to_it,
}


# -- the Link Tutor's ----------------------------------------------------------------------------------------------


def _tutor_told(view: View) -> Acts:
    if view.case.acknowledged is None and view.case.view_of(Role.LINK_TUTOR) is None:
        yield act(view, "I have it", "link_tutor.acknowledge")
    yield from _decide(view)
    yield from _take(view)
    yield act(view, "Arrange the meeting", "meeting.arrange")
    yield act(view, "We have already spoken", "views.meeting")
    yield from _message(view)
    if view.case.view_of(Role.LINK_TUTOR) is None or view.case.view_of(Role.MENTOR) is None:
        yield act(view, "Close it with a reason", "decision.none")


def _take(view: View) -> Acts:
    if to_take(view):
        yield act(view, "Make the invitation", "meeting.take")


def _tutor_booked(view: View) -> Acts:
    yield from _decide(view)
    yield from _take(view)
    over = view.case.meeting is not None and view.case.meeting.starts <= view.now
    recorded = view.case.view_of(Role.LINK_TUTOR) is not None
    if over:
        yield from _join(view)
        yield act(view, "Change what I recorded" if recorded else "Record the meeting", "views.meeting")
        yield from _message(view)
    else:
        yield from _join(view)
        yield act(view, "Record the meeting", "views.meeting")
    yield act(view, "Move the meeting", "meeting.arrange")
    yield act(view, "Cancel the meeting", "meeting.cancel")


def _tutor_differs(view: View) -> Acts:
    yield from _decide(view)
    yield from _take(view)
    yield act(view, "Arrange another meeting", "meeting.arrange")
    yield from _message(view)


def _decide(view: View) -> Acts:
    """What the views make possible."""
    case = view.case
    mine, theirs = case.view_of(Role.LINK_TUTOR), case.view_of(Role.MENTOR)
    if mine is None or theirs is None:
        return
    plan = view.provider.words.support_plan
    lead_decides = view.is_(Role.PARTNERSHIP_LEAD) and case.stage is Stage.VIEWS_DIFFER
    if lead_decides:
        yield act(view, f"Decide: a {plan}", "decision.plan_because")
    elif both_say_not_as_expected(case):
        yield act(view, f"Open the {plan}", "decision.plan")
    yield act(view, "More time for the target", "decision.more_time")
    yield act(view, "No further step: close it", "decision.none")
    if mine.view is not theirs.view and case.stage is not Stage.VIEWS_DIFFER and not lead_decides:
        yield act(view, "We see it differently", "decision.differ")


TUTOR: Mapping[Stage, Callable[[View], Acts]] = {
    Stage.LINK_TUTOR_TOLD: _tutor_told,
    Stage.MEETING_BOOKED: _tutor_booked,
    Stage.VIEWS_DIFFER: _tutor_differs,
    Stage.WRITING_PLAN: _tutor_writes,
    Stage.PLAN_TO_DISCUSS: _tutor_discusses,
    Stage.PLAN_IN_PLACE: _tutor_keeps_to_it,
}


# -- the review and what comes after it ---------------------------------------------------------------------------


def _review_and_after(view: View) -> Acts:
    yield from AFTER_PLAN.get(view.case.stage, _none)(view)


def _start_review(view: View) -> Acts:
    """First of all from its day on; before that the visit is to be booked, and what else a plan asks comes first."""
    at = review_moment(view)
    to_book = at is not None and at > view.now and visit_booked(view.case, view.ground) is None
    if to_book and view.is_(Role.LINK_TUTOR, Role.PARTNERSHIP_TEAM):
        yield act(view, "Book the review visit", "support_plan.book")
    if view.is_(Role.LINK_TUTOR) and _review_is_due(view):
        yield act(view, "Start the review", "review.start")


def _review_is_due(view: View) -> bool:
    at = review_moment(view)
    return at is None or local_date(at) <= view.today


def _in_review(view: View) -> Acts:
    tutor = view.is_(Role.LINK_TUTOR)
    missing = missing_parts(view.case)
    if tutor and not missing:
        yield act(view, "Record the outcome", "outcome.open")
    if tutor and not view.is_(Role.MENTOR):
        yield from _parts_of_review(view, {})
    if tutor and missing:
        yield act(view, "Record the outcome", "outcome.open")
    asked = view.is_(Role.PARTNERSHIP_LEAD) and view.provider.settings.termination_needs_lead
    if asked and not missing and not confirmed_by(view.case):
        yield act(view, "Confirm that it may end", "outcome.lead")


def _next_steps(view: View) -> Acts:
    if view.is_(Role.PARTNERSHIP_TEAM, Role.PARTNERSHIP_LEAD, Role.COURSE_DIRECTOR):
        found = view.case.since(e.PlacementTerminated, e.NextStepsBooked)
        over = bool(found) and found[-1].starts <= view.now
        if over:
            yield act(view, "Record the meeting", "next_steps.record")
        if found:
            yield act(view, "Choose another day for it", "next_steps.another")
            if not over and not found[-1].invite and found[-1].by == view.viewer:
                yield act(view, "Put it into my calendar", "next_steps.invitation")
        else:
            yield act(view, "Book the next steps meeting", "next_steps.book")
        if not over:
            yield act(view, "The meeting has been held", "next_steps.record")


def _outcome_stands(view: View) -> Acts:
    """The last of all: it is hardly ever wanted."""
    given = record.outcome(view.case)
    if view.is_(Role.PARTNERSHIP_LEAD) and given:
        last = view.ground.university.add(local_date(given.at), CORRECTABLE_FOR)
        if view.today <= last:
            yield act(view, "The outcome was entered wrongly", "next_steps.reopen")


AFTER_PLAN: Mapping[Stage, Callable[[View], Acts]] = {
    Stage.PLAN_IN_PLACE: _start_review,
    Stage.REVIEW: _in_review,
    Stage.NEXT_STEPS: _next_steps,
}


# -- the office's --------------------------------------------------------------------------------------------------


def _office(view: View) -> Acts:
    case = view.case
    if not case.stage.is_open or case.told is None:
        return
    if not view.party.link_tutor(case):
        yield act(view, f"Name a {view.word(Role.LINK_TUTOR)}", "link_tutor.name")
        yield _another_mentor(view)
        return
    if not view.is_(Role.LINK_TUTOR):
        yield from _take(view)
    if case.stage is Stage.LINK_TUTOR_TOLD:
        yield act(view, "Arrange the meeting", "meeting.arrange")
    if case.stage is Stage.MEETING_BOOKED:
        yield act(view, "Move the meeting", "meeting.arrange")
        yield act(view, "Cancel the meeting", "meeting.cancel")
    if case.stage is Stage.PLAN_IN_PLACE:
        yield act(view, "Change the review", "support_plan.review")
    yield act(view, f"Name another {view.word(Role.LINK_TUTOR)}", "link_tutor.name")
    yield _another_mentor(view)


def _another_mentor(view: View) -> Element:
    return act(view, f"Name another {view.word(Role.MENTOR)}", "mentor.name")


# -- links ---------------------------------------------------------------------------------------------------------


def _join(view: View) -> Acts:
    """Until it is over: who comes late joins too."""
    case = view.case
    meeting, address = case.meeting, case.meeting_link or joins_at(case, view.party, Gathering.MEETING)
    if meeting and address and meeting.starts + timedelta(minutes=meeting.minutes) > view.now:
        yield link("Join the meeting in Teams", address)


def _message(view: View) -> Acts:
    mentor = view.party.people.get(view.case.mentor)
    if mentor and mentor.email:
        yield link(f"Write to {view.mentor} in Teams", chat_link(mentor.email))


def _message_tutor(view: View) -> Acts:
    tutor = view.party.people.get(view.party.link_tutor(view.case))
    if tutor and tutor.email:
        yield link(f"Write to {view.link_tutor} in Teams", chat_link(tutor.email))


def chat_link(email: str) -> str:
    """Teams' deep link to a chat with somebody."""
    return "https://teams.microsoft.com/l/chat/0/0?" + urlencode({"users": email}, quote_via=quote)
