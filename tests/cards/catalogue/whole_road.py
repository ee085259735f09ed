"""What every case has: its card for everybody, what people are told, reminders, mornings, the channel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from cards import (
    cases,
    notices,
    second_opinion,
    weekly_check,
)
from cards.acts import act
from cards.case import case_card, pages_of_case, retired
from cards.elements import Card, button
from pathway import events as e
from pathway.case import Case
from pathway.nudges import planned
from pathway.ports import OutboxItem
from pathway.process import Stage
from pathway.roles import Role
from pathway.tellings import CHANNEL, TOLD, Notice, Telling, tellings
from tests.cards.catalogue.calendars import calendar_cards, invited
from tests.cards.catalogue.first_half import (
    ASKED,
    AT_ONCE,
    HAS_IT,
    MORE,
    MY_VIEW,
    ROUND,
    SAW,
    SPOKE,
    STORIES,
    TARGET,
    TOLD_OF_IT,
    TUESDAY,
    WEDNESDAY,
    concerns,
    homes,
    steps,
)
from tests.cards.catalogue.reaching import out_of_reach
from tests.cards.catalogue.second_half import IN_PLACE, LATER, PLANS, plan_cards, reviews, reviews_of
from tests.cards.catalogue.world import HOLDERS, READERS, Drawn, Fields, Line, Told, World, of, tell
from tests.pathway.builders import Story, moment


def cases_of(world: World) -> list[Told]:
    found = [tell(world, name, lines) for name, lines in {**STORIES, **PLANS}.items()]
    for stage in LATER:
        story = Story(ground=world.ground()).reach(stage, "2026-10-06 10:00")
        found.append(Told(f"later: {stage.value}", story.case, story.ground, moment("2026-10-06 11:00")))
    found += reviews_of(world)
    found += invited(world)
    found.append(tell(world, "told, with no Link Tutor", (AT_ONCE,), link_tutor=""))
    found.append(tell(world, "a second mentor", (TARGET,), second_mentor="gareth"))
    found.append(tell(world, "told on a Friday night", (("2026-10-09 19:00", *AT_ONCE[1:]),)))
    found.append(replace(of(found, "booked, with a link"), name="the meeting is over", now=moment("2026-10-09 08:00")))
    found.append(tell(world, "a long case", (TARGET, SPOKE, ASKED, SAW, MORE, TOLD_OF_IT, HAS_IT, *ROUND * 6)))
    found.append(tell(world, "no Link Tutor, a view recorded", (AT_ONCE, MY_VIEW), link_tutor=""))
    return found


def catalogue(world: World) -> Iterator[Drawn]:
    """Every card, as the people of *world* see it."""
    told = cases_of(world)
    yield from _case_cards(told)
    yield from _notices(told, thorough=world.thorough)
    yield from _reminders(world, told)
    yield from _mornings(told)
    yield from homes(world)
    yield from concerns(world)
    yield from _around(told)
    yield from steps(world, told)
    yield from reviews(world)
    yield from plan_cards(world, told)
    yield from out_of_reach(world, told)
    yield from calendar_cards(world)


def _case_cards(told: Sequence[Told]) -> Iterator[Drawn]:
    for one in told:
        for reader in READERS:
            view = one.view(reader)
            yield Drawn(f"case.retired: {one.name} for {reader}", retired(view), reader, view)
            for whole in (False, True):
                drawn = case_card(view, "Here is where it is now.", whole=whole)
                yield Drawn(f"case.case_card: {one.name} for {reader}, {whole=}", drawn, reader, view)
            for n, page in enumerate(pages_of_case(view), 1):
                yield Drawn(f"case.pages_of_case: {one.name} for {reader}, {n}", page, reader, view)


def notice_readers() -> dict[Notice, set[str]]:
    """Who may get each notice, whatever has become of the case until it is sent."""
    found: dict[Notice, set[str]] = {}
    for telling in (telling for row in TOLD.values() for telling in row):
        if telling.to != CHANNEL:
            found.setdefault(telling.notice, set()).add(HOLDERS[Role(telling.to)])
    return found


def item_for(case: Case, number: int, telling: Telling, to: str) -> OutboxItem:
    event = case.events[number - 1]
    return OutboxItem(f"{number}:{telling.notice}:{to}", to, telling.notice, event.at, event=number)


def _notices(told: Sequence[Told], *, thorough: bool) -> Iterator[Drawn]:
    one_a_stage = list({one.case.stage: one for one in told}.values())
    for one in told if thorough else one_a_stage:
        for number, event in enumerate(one.case.events, 1):
            for to, telling in tellings(one.case, event, one.ground.party):
                if to in READERS:
                    yield _notice(one, item_for(one.case, number, telling, to))
    for one in one_a_stage if thorough else ():
        last = len(one.case.events)
        for notice, people in notice_readers().items():
            for to in sorted(people):
                yield _notice(one, OutboxItem("late", to, notice, one.now, event=last))
        for to in READERS:
            yield _notice(one, OutboxItem("refresh", to, Notice.REFRESH, one.now))


def _notice(one: Told, item: OutboxItem) -> Drawn:
    name = f"notices.notice_card: {item.notice} of {one.name} for {item.to}"
    view = one.view(item.to)
    return Drawn(name, notices.notice_card(item, view), item.to, view, notices.summary(item, one.case.reference))


#: With a tutor of one day the rungs come that are for nobody being there.
GROUNDS: Mapping[str, Fields] = {"": {}, "a Monday tutor": {"link_tutor_days": "Monday"}}
#: Half term lies between the reminder and the check.
HOLIDAY: tuple[Line, ...] = (("2026-10-19 10:00", *TARGET[1:]),)


def _reminders(world: World, told: Sequence[Told]) -> Iterator[Drawn]:
    """Every reminder that is planned on any case, on the day and three days late."""
    for one in (*told, *_for_timers(world)):
        for nudge in planned(one.case, one.ground):
            for late in (timedelta(), timedelta(days=3)):
                at = max(one.now, nudge.at) + late
                item = nudge.item(at)
                seen = replace(one, now=at)
                name = f"{nudge.timer} {nudge.rung} of {one.name} for {nudge.to}, {late.days} days late"
                if nudge.to == CHANNEL:
                    yield Drawn(f"notices.channel_line: {name}", _post(item, seen), CHANNEL)
                else:
                    view = seen.view(nudge.to)
                    drawn = notices.notice_card(item, view)
                    kind = "escalation" if item.notice == Notice.ESCALATION else "reminder"
                    summary = notices.summary(item, one.case.reference)
                    yield Drawn(f"notices.{kind}: {name}", drawn, nudge.to, view, summary)


def _for_timers(world: World) -> Iterator[Told]:
    yield tell(world, "a week over half term", HOLIDAY)
    yield tell(world, "a plan over half term", [_days_later(line, 4) for line in IN_PLACE])
    for ground, placement in GROUNDS.items():
        for name in ("told at once", "booked", "views differ", "writing the plan"):
            yield tell(world, f"{name}, {ground}", [_all_on_tuesday(line) for line in STORIES[name]], **placement)
        for stage in LATER:
            story = Story(ground=world.ground(**placement), lawful=False).reach(stage, TUESDAY)
            if stage is Stage.NEXT_STEPS:
                story.on(WEDNESDAY).team(e.NextStepsBooked)
            yield Told(f"{stage.value}, {ground}", story.case, story.ground, moment(WEDNESDAY))


def _days_later(line: Line, days: int) -> Line:
    """So that half term lies in between."""
    when, who, kind, given = line
    later = datetime.fromisoformat(when) + timedelta(days=days)
    return later.isoformat(sep=" ", timespec="minutes"), who, kind, given


def _all_on_tuesday(line: Line) -> Line:
    """So that a tutor who works on Mondays is far away."""
    _, who, kind, given = line
    return TUESDAY, who, kind, {**given, **({"starts": moment("2026-10-13 15:45")} if "starts" in given else {})}


def _post(item: OutboxItem, one: Told) -> Card:
    """A line of the channel, as the card it would be: it goes out as text."""
    line = notices.channel_line(item, replace(one.view(""), nonce=""))
    heading = {"type": "TextBlock", "text": "Placements", "wrap": True, "style": "heading"}
    text = {"type": "TextBlock", "text": line, "wrap": True}
    return {"type": "AdaptiveCard", "version": "1.5", "body": [heading, text], "actions": []}


def channel(told: Sequence[Told]) -> Iterator[Drawn]:
    """All that is ever posted in the Partnership channel."""
    for one in told:
        for notice in (Notice.CHANNEL_REFERRED, Notice.CHANNEL_PLAN, Notice.CHANNEL_REVIEWED, Notice.ESCALATION):
            item = OutboxItem("k", CHANNEL, notice, one.now, event=len(one.case.events), data={"timer": "T9"})
            summary = f"Placement case {one.case.reference}"
            yield Drawn(f"notices.channel_line: {notice} of {one.name}", _post(item, one), CHANNEL, summary=summary)
    counts = {"Open": 12, "Due today": 0, "Overdue": 3}
    yield Drawn("notices.channel_day", notices.channel_day("Tuesday 6 October", counts), CHANNEL)


def _mornings(told: Sequence[Told]) -> Iterator[Drawn]:
    """As the sender puts them together: a line a case, a button for each of the first five."""
    for n in (2, 6, len(told)):
        for reader in READERS:
            lines: dict[str, str] = {}
            openers: list[dict[str, object]] = []
            for one in told[:n]:
                view = one.view(reader)
                item = OutboxItem("k", reader, Notice.REMINDER, one.now, data={"timer": "T2", "rung": "due"})
                who = view.student if view.sees_case and not view.is_student else f"Ref {view.case.reference}"
                lines[one.name] = f"**{who}**: {notices.reminder_line(item, view)}"
                if len(openers) < 5:
                    openers.append(act(view, f"Open {view.case.reference}", "cases.open"))
            openers.append(button("My cases", "cases.mine"))
            yield Drawn(f"notices.morning: {n} lines for {reader}", notices.morning(lines, openers), reader)
    yield from channel(told)


def _around(told: Sequence[Told]) -> Iterator[Drawn]:
    for one in told:
        for reader in READERS:
            view = one.view(reader)
            yield Drawn(f"cases.more_acts: {one.name} for {reader}", cases.more_acts(view), reader, view)
            yield Drawn(f"cases.enter_for: {one.name} for {reader}", cases.enter_for(view), reader, view)
        if one.case.stage is Stage.WEEKLY_TARGET:
            view, late = one.view("priya"), "This was due on Friday 2 October."
            for said in ("", late):
                drawn = weekly_check.check(view, late=said)
                yield Drawn(f"weekly_check.check: {one.name}, {bool(said)}", drawn, "priya", view)
            for day in ("", "Thursday 8 October"):
                drawn = second_opinion.planned(view, day)
                yield Drawn(f"second_opinion.planned: {one.name}, {day!r}", drawn, "priya", view)
    for reader in READERS:
        open_ones = [one.view(reader) for one in told if one.case.stage.is_open]
        for start, total in ((0, 0), (0, 1), (0, 5), (0, 12), (10, 12)):
            page = open_ones[start : min(start + cases.PAGE, total)]
            mine = {"can_raise": reader == "priya", "to_record": reader == "helen"}
            drawn = cases.my_cases(page, start=start, total=total, **mine)
            yield Drawn(f"cases.my_cases: {start} of {total} for {reader}", drawn, reader)
