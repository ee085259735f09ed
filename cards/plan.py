"""The support plan as people read it: its targets, the promised support, the review, and what of it is ticked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from cards.elements import Element, facts, label, literal, quiet, said
from cards.view import View, area_words
from pathway import clocks
from pathway import events as e
from pathway.case import Case
from pathway.dates import Found, counted, in_words, listed, local_date
from pathway.deadlines import latest_review
from pathway.ground import Ground
from pathway.guards import agreed_by
from pathway.hours import tutor_days
from pathway.process import Stage
from pathway.provider import starting
from pathway.roles import Role

#: Of a student's words a card shows the newest, and older ones up to so many characters in all.
SHOWN_WORDS = 700
#: Stages whose short card shows the plan.
PLANNING = frozenset({Stage.WRITING_PLAN, Stage.PLAN_TO_DISCUSS, Stage.PLAN_IN_PLACE})
#: The people of a plan, by their roles.
BOTH = (Role.MENTOR, Role.LINK_TUTOR)


# -- reading a plan ------------------------------------------------------------------------------------------------


def plan_parts(view: View, plan: e.PlanWritten, *, ticks: bool = False) -> Iterator[Element | list[Element]]:
    """The whole plan. *ticks*: with what of the promised support has come."""
    stands = view.case.plan is not None and view.case.plan.version == plan.version
    at = (review_moment(view) if stands else None) or plan.review_at
    yield facts(
        {
            "Starts": view.day(plan.starts),
            "Review meeting": f"{view.moment(at)}{_found(view, plan)}",
            "Where": literal(view.case.review_place if stands else plan.place),
            "Looked at by": who_looks(view, plan),
            "To be met by": view.day(met_by(view, plan)),
        }
    )
    for n, target in enumerate(plan.targets, 1):
        yield label(f"Target {n}: {area_words(target.area, view.provider)}")
        yield said(target.target)
        yield said(f"How we will know: {target.measure}")
        yield said(f"Support: {target.support}")
    yield label("Promised support")
    for n, promise in enumerate(plan.promises):
        if ticks and (state := came(view, n)):
            yield said(promised(view, plan, promise))
            yield quiet(state)
    yield [part for line in _still_promised(view, plan, ticks=ticks) for part in said(line)]
    if plan.short_because.strip():
        yield label("Why the week is shorter")
        yield said(plan.short_because)


def promised(view: View, plan: e.PlanWritten, promise: e.Promise) -> str:
    """What, who and by when: "Planning together (Priya Nair, by the review)"."""
    return f"{promise.what} ({plain_holder(view, promise.who)}, {_by(view, promise, plan)})"


def _found(view: View, plan: e.PlanWritten) -> str:
    """How the day of the review was found, while the card does not say it elsewhere: until both have agreed it."""
    if view.case.stage is not Stage.WRITING_PLAN:
        return ""
    return f" ({view.ground.calendar.explain_until(plan.starts, local_date(plan.review_at)).how})"


def who_looks(view: View, plan: e.PlanWritten) -> str:
    """Who looks at the targets in the week, by name."""
    roles = dict.fromkeys(role for target in plan.targets for role in target.monitored_by.split(" and "))
    return listed(holder(view, role) for role in roles)


def met_by(view: View, plan: e.PlanWritten) -> date:
    """The day by which the targets are to be met: the review as it stands now, unless an earlier one was agreed."""
    at = (review_moment(view) if view.case.plan and view.case.plan.version == plan.version else None) or plan.review_at
    agreed = max((target.complete_by for target in plan.targets), default=local_date(at))
    return local_date(at) if agreed == local_date(plan.review_at) else agreed


def _still_promised(view: View, plan: e.PlanWritten, *, ticks: bool) -> Iterator[str]:
    """The promises of which nobody has said anything, a line for each person who gave some."""
    lines: dict[str, list[str]] = {}
    for n, promise in enumerate(plan.promises):
        if not (ticks and came(view, n)):
            who = f"({plain_holder(view, promise.who)}, {_by(view, promise, plan)})"
            lines.setdefault(who, []).append(promise.what)
    yield from (f"{'; '.join(what)} {who}" for who, what in lines.items())


def _by(view: View, promise: e.Promise, plan: e.PlanWritten) -> str:
    by_review = promise.by is None or promise.by == local_date(plan.review_at)
    return "by the review" if by_review or promise.by is None else f"by {view.day(promise.by)}"


def plain_holder(view: View, who: str) -> str:
    """The people who hold the role *who* on this case ("mentor and link_tutor" for both), by name, as they are; what
    was typed where it is no role.
    """
    if " and " in who and set(who.split(" and ")) <= set(Role):
        return " and ".join(plain_holder(view, one) for one in who.split(" and "))
    if who not in set(Role):
        return who
    people = view.party.holders(Role(who), view.case)
    return view.party.name(people[0]) if people else view.word(Role(who))


def holder(view: View, who: str) -> str:
    return literal(plain_holder(view, who))


def came(view: View, n: int) -> str:
    """Who has said what about promise *n*, the newest of each: "Given, says Gareth Bowen (Thursday 22 October)."."""
    newest: dict[Role, e.PromiseTicked] = {}
    for tick in view.case.since(e.PlanShared, e.PromiseTicked):
        if tick.promise == n:
            newest[tick.role] = tick
    words = [
        f"{'Given' if t.given else 'Not yet'}, {_says(view, t)} ({view.day(local_date(t.at))})" for t in newest.values()
    ]
    return f"{'; '.join(words)}." if words else ""


def _says(view: View, tick: e.PromiseTicked) -> str:
    who = view.you_or(tick.for_whom or tick.by)
    return "you say" if who == "you" else f"says {who}"


def who_agreed(view: View) -> str:
    """Such as "You have agreed it. Gareth Bowen has not yet."; "" where there is no plan."""
    plan = view.case.plan
    if plan is None:
        return ""
    words, roles = [], sorted(BOTH, key=lambda role: not agreed_by(view.case, role, plan.version))
    for role in roles:
        people = view.party.holders(role, view.case)
        who = starting(view.you_or(people[0]) if people else f"the {view.word(role)}")
        have = "have" if who == "You" else "has"
        words.append(
            f"{who} {have} agreed it." if agreed_by(view.case, role, plan.version) else f"{who} {have} not yet."
        )
    return " ".join(words)


# -- what the student may know of it -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Words:
    """What the student wrote, or said to somebody who typed it; *words* are unaltered."""

    said: e.StudentReplied | e.StudentNotAgreed | e.StudentAgreed
    words: str


def students_words(case: Case) -> tuple[Words, ...]:
    """Everything the student has put on the record, the oldest first."""
    found: list[Words] = []
    for event in case.events:
        match event:
            case e.StudentReplied(words=words) | e.StudentNotAgreed(words=words) | e.StudentAgreed(comment=words):
                found += [Words(event, words)] if words.strip() else []
            case _:
                continue
    return tuple(found)


def newest_words(case: Case) -> tuple[Words, ...]:
    """What a card of the case shows of them: the newest, and older ones while they are short; the newest first."""
    kept, room = students_words(case), SHOWN_WORDS
    shown: list[Words] = []
    for one in reversed(kept):
        room -= len(one.words)
        if room < 0 and shown:
            break
        shown.append(one)
    return tuple(shown)


def has_more_words(view: View) -> bool:
    """Whether the student has written something that does not stand on the short card."""
    shown = newest_words(view.case) if view.case.stage in PLANNING else ()
    return len(students_words(view.case)) > len(shown)


def student_wrote(view: View) -> Iterator[Element | list[Element]]:
    """The student's own words beside the record, unaltered: the newest, and older ones while they are short."""
    for one in newest_words(view.case):
        yield as_written(view, one)


def as_written(view: View, one: Words) -> list[Element]:
    """Who wrote it and when, and the words."""
    who = "You" if view.is_student else view.first
    mine = one.said.role is Role.STUDENT
    how = f"{who} wrote" if mine else f"{who} said, as {view.you_or(one.said.by)} recorded"
    return [label(f"{how} on {view.day(local_date(one.said.at))}"), *said(one.words)]


# -- days ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Proposed:
    """A day for the review, with how it was found in *note*. *left*: the school days it gives; *possible*: whether a
    plan still fits into the placement.
    """

    day: date
    note: str
    left: int
    possible: bool = True


def review_proposal(ground: Ground, case: Case, starts: date, *, opening: str = "", within: bool = True) -> Proposed:
    """A full school week after *starts*, on a day on which the Link Tutor works and the student is in school; earlier
    only where the placement ends, and the note says so. *within*: it says too how late the review can be at most.
    """
    calendar, days, party = ground.calendar, ground.provider.days, ground.party
    tutor, first = tutor_days(ground, case), literal(party.name(case.student).split(" ")[0])
    plain = calendar.add(starts, days.plan)
    day = plain

    def fits(day: date) -> bool:
        return tutor.is_open(day) and day.weekday() in calendar.days

    while not fits(day):
        day = calendar.next_after(day)
        if calendar.count(starts, day) > days.plan_max:
            day = plain
            break
    latest = latest_review(ground)
    if day > latest:
        return _too_late(ground, starts, latest, opening)
    found = calendar.explain_until(starts, day)
    parts = [opening, f"{in_words(day)} is proposed for the review: {found.how}."]
    if day != plain:
        who = literal(party.name(party.link_tutor(case)))
        parts.append(f"It is the first day from then on which {who} works and {first} is in school.")
    if attends := calendar.in_school_in_words(first, starts, day):
        parts.append(f"{attends.rstrip('.')}.")
    if sooner := _sooner(ground, starts, found, fits):
        parts.append(f"That is far away. An earlier day would be {in_words(sooner.day)} ({sooner.how}).")
        if calendar.count(starts, sooner.day) < days.plan_min:
            parts.append("A week that short needs a line of reason.")
    if within:
        parts.append(f"The latest possible day is {in_words(min(latest, calendar.add(starts, days.plan_max)))}.")
    return Proposed(day, " ".join(p for p in parts if p), calendar.count(starts, day))


def _sooner(ground: Ground, starts: date, found: Found, fits: Callable[[date], bool]) -> Found | None:
    """An earlier day for the review on which all are there, where the proposed one is far away."""
    calendar, floor = ground.calendar, ground.provider.days.plan_floor
    sooner = calendar.earlier(starts, found, floor)
    while sooner and not fits(sooner.day):
        before = calendar.before(sooner.day, 1)
        sooner = calendar.explain_until(starts, before) if calendar.count(starts, before) >= floor else None
    return sooner


def _too_late(ground: Ground, starts: date, latest: date, opening: str) -> Proposed:
    """The honest sentence where the placement ends before a full week is over."""
    days, team = ground.provider.days, ground.provider.role(Role.PARTNERSHIP_TEAM)
    left = max(ground.calendar.count(starts, latest), 0)
    ends = f"The placement ends on {in_words(ground.party.placement.end)}."
    if left < days.plan_floor:
        words = (
            f"{ends} The latest possible day for a review is {in_words(latest)}, which leaves "
            f"{counted(left, 'school day') if left else 'no school day'}: too little for a plan, which needs at least "
            f"{days.plan_floor}. Please speak to the {team} about what is possible."
        )
        return Proposed(latest, f"{opening} {words}".strip(), left, possible=False)
    words = (
        f"{ends} A full week does not fit. The latest possible day for a review is {in_words(latest)}: "
        f"{counted(left, 'school day')}. A week that short needs a line of reason."
    )
    return Proposed(latest, f"{opening} {words}".strip(), left)


def review_found(view: View) -> str:
    """How far the review is from the day the student agreed, or from the start: "5 school days; half term ..."."""
    plan, at = view.case.plan, view.case.review_at
    if plan is None or at is None:
        return ""
    agreed = view.case.last(e.StudentAgreed)
    start = agreed.on if agreed and agreed.at >= plan.at else plan.starts
    return view.ground.calendar.explain_until(start, local_date(at)).how


def review_moment(view: View) -> datetime | None:
    """When the review is: as it was set, unless the school has closed on that day since."""
    return clocks.review_moment(view.case, view.ground)


def visit_words(view: View) -> str:
    """That the review visit stands in the calendars, and to the Link Tutor that it does not yet; else ""."""
    booked, at = clocks.visit_booked(view.case, view.ground), review_moment(view)
    if booked is None:
        ahead = at is not None and at > view.now and view.is_(Role.LINK_TUTOR)
        return "The review visit is not in the calendars yet." if ahead else ""
    tutor = view.link_tutor
    comes = "you go" if view.is_(Role.LINK_TUTOR) else f"{tutor} comes"
    return f"The review visit is booked: {comes} to {literal(booked.place.rstrip('. '))}."


def when_and_where(view: View) -> str:
    """Such as "Tuesday 3 November, 9:30am (Church Walk, Northdale)", "a day still to be found" where there is none."""
    at, place = review_moment(view), literal(view.case.review_place)
    if at is None:
        return "a day still to be found"
    return f"{view.moment(at)} ({place})" if place else view.moment(at)


# -- the Link Tutor's duties ---------------------------------------------------------------------------------------

DUTIES_OF = {
    Role.LEVEL_LEAD: (e.Duty.LEVEL_LEAD_TOLD, e.Duty.LEVEL_LEAD_NOT_NEEDED),
    Role.PERSONAL_TUTOR: (e.Duty.PERSONAL_TUTOR_TOLD, e.Duty.PERSONAL_TUTOR_NOT_NEEDED),
}


def done_duties(case: Case) -> frozenset[e.Duty]:
    return frozenset(d.duty for d in case.since(e.PlanShared, e.DutyDone))


def colleagues(view: View) -> tuple[Role, ...]:
    """Of Level Lead and Personal Tutor those whom this placement has."""
    return tuple(role for role in DUTIES_OF if view.party.holders(role, view.case))


def duties_left(view: View) -> str:
    """What the Link Tutor still has to do, as the end of a sentence; "" where nothing is left."""
    done = done_duties(view.case)
    left = [] if e.Duty.PERSONAL_SUPPORT in done else [f"offer {view.first} your personal support"]
    untold = [role for role in colleagues(view) if not done & set(DUTIES_OF[role])]
    if untold:
        them = listed(f"{holder(view, role.value)} ({view.word(role)})" for role in untold)
        left.append(f"tell {them}, or say that this is not needed")
    return "; ".join(left)


def duties_day(view: View) -> date:
    """One of the Link Tutor's working days after the plan started."""
    return tutor_days(view.ground, view.case).add(local_date(view.case.began.at), 1)


def duties_by(view: View) -> str:
    """One of the Link Tutor's working days after the plan started, with how it was found."""
    found = tutor_days(view.ground, view.case).explain(local_date(view.case.began.at), 1)
    return f"{view.day(found.day)} ({found.how})"


def tick_words(view: View) -> str:
    """The duties that are done, in a sentence."""
    done = done_duties(view.case)
    offered = [d for d in view.case.since(e.PlanShared, e.DutyDone) if d.duty is e.Duty.PERSONAL_SUPPORT]
    words = [f"personal support offered to {view.first} on {view.day(offered[-1].on)}"] if offered else []
    for role, (told_, needless) in DUTIES_OF.items():
        if told_ in done:
            words.append(f"{holder(view, role.value)} ({view.word(role)}) told")
        elif needless in done:
            words.append(f"the {view.word(role)} need not be told")
    return f"Done: {listed(words)}." if words else ""


# -- PebblePad ---------------------------------------------------------------------------------------------------------


def recorded_words(view: View, record: e.Record) -> str:
    """Such as "Dr Helen Marsh says that it is recorded in PebblePad (Thursday 22 October)."; "" where nobody has."""
    found = recorded(view.case, record)
    if found is None:
        return ""
    who = starting(view.you_or(found.by))
    says = "say" if who == "You" else "says"
    return f"{who} {says} that it is recorded in PebblePad ({view.day(local_date(found.at))})."


def recorded(case: Case, record: e.Record) -> e.RecordedInPebblePad | None:
    """Who said that this record is in PebblePad, since it was written last."""
    written: dict[e.Record, type[e.Event]] = {
        e.Record.WEEKLY_TARGET: e.WeeklyTargetSet,
        e.Record.PLAN: e.PlanShared,
        e.Record.REVIEW: e.ReviewStarted,
        e.Record.OUTCOME: type(case.outcome) if case.outcome else e.Event,
    }
    found = [x for x in case.since(written[record], e.RecordedInPebblePad) if x.record is record]
    return found[-1] if found else None
