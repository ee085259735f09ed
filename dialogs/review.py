"""The review starts, and each of its three parts is recorded on its own, by the Link Tutor or the mentor."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from cards import record
from cards import review as cards
from cards.acts import act
from cards.case import case_card
from cards.elements import Card
from cards.fit import split
from cards.view import View
from dialogs.router import Steps
from dialogs.turn import Reply, Turn
from pathway import events as e
from pathway.case import Case
from pathway.dates import counted, in_words
from pathway.people import Item
from pathway.ports import Saw
from pathway.process import Stage
from pathway.rules import Fault, Ground, NotYours, OutOfStep, Refused

steps = Steps()
SUMMARY = "Placements: the review"


# -- it starts -----------------------------------------------------------------------------------------------------


@steps.on("review.start")
async def start(turn: Turn) -> Reply:
    return await start_form(turn, {"on": turn.today.isoformat()}, ())


@steps.form("review.start")
async def start_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await turn.case()
    if case.stage is not Stage.PLAN_IN_PLACE:
        raise OutOfStep(case.stage.value)
    turn.stamp(ground, e.ReviewStarted, case)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    return Reply(cards.start_form(view, values, faults, early=_early(turn, case, ground)), SUMMARY)


def _early(turn: Turn, case: Case, ground: Ground) -> str:
    """A warning where fewer school days have passed than a plan is meant to have."""
    wanted = turn.provider.days.plan_min
    passed = ground.calendar.count(case.began.on, turn.today)
    if passed >= wanted:
        return ""
    fifth = ground.calendar.explain(case.began.on, wanted)
    return (
        f"This is early: {counted(passed, 'school day')} since the plan began. {counted(wanted, 'school day')} are "
        f"over on {in_words(fifth.day, turn.today)} ({fifth.how}). You can still start."
    )


@steps.on("review.started")
async def started(turn: Turn) -> Reply:
    case, ground = await turn.case()
    day = turn.day("on")
    if day is None:
        raise Refused(Fault("Choose today or a day in the past.", "on"))
    event = e.ReviewStarted(
        **turn.stamp(ground, e.ReviewStarted, case, on=day),
        in_person=turn.get("in_person") == "yes",
        not_in_person_because="" if turn.get("in_person") == "yes" else turn.get("not_in_person_because"),
    )
    done = await turn.record(case.id, event)
    return Reply(case_card(turn.view(done.case, ground), "The review has begun."), SUMMARY, case.id)


@steps.on("review.read")
async def read(turn: Turn) -> Reply:
    case, ground = await turn.case()
    if case.last(e.ReviewStarted) is None:
        raise OutOfStep(case.stage.value)
    view = turn.view(case, ground)
    if not view.sees(Item.REVIEW) or view.is_student:
        raise NotYours("the review is not theirs to read")
    turn.shows(Saw.REVIEW, case.id)
    pages = split(cards.whole(view), lambda n: act(view, "Read the rest", "review.read", part=str(n)))
    return Reply(turn.part_of(pages), SUMMARY)


# -- its parts -----------------------------------------------------------------------------------------------------

Drawer = Callable[..., Card]


def draft_name(part: str, case: Case) -> str:
    return f"{part}:{case.id}"


async def in_review(turn: Turn) -> tuple[Case, Ground]:
    """The case while its review runs. Raises OutOfStep otherwise."""
    case, ground = await turn.case()
    if case.stage is not Stage.REVIEW:
        raise OutOfStep(case.stage.value)
    return case, ground


def _observation(turn: Turn, view: View) -> dict[str, Any]:
    found = [(t.target, turn.get(f"evidence_{n}")) for n, t in enumerate(record.targets(view.case))]
    missing = [n for n, (_, words) in enumerate(found) if not words]
    faults = [Fault(f"Say what you saw of target {n + 1}.", f"evidence_{n}") for n in missing]
    if not turn.get("words"):
        faults.insert(0, Fault("Say which lesson it was and what went well.", "words"))
    if faults:
        raise Refused(*faults)
    observer = cards.observers(view).get(turn.get("observer"), "")
    return {
        "words": turn.get("words"),
        "evidence": tuple(found),
        "observer": observer,
        "suggestions": turn.get("suggestions"),
    }


def _discussion(turn: Turn, _view: View) -> dict[str, Any]:
    faults = []
    if turn.get("support") not in set(e.SupportGiven):
        faults.append(Fault("Choose one: yes, partly or no.", "support"))
    if not turn.get("words"):
        faults.append(Fault("Say how the mentor sees it.", "words"))
    if faults:
        raise Refused(*faults)
    return {"words": turn.get("words"), "support": e.SupportGiven(turn.get("support"))}


def _three_way(turn: Turn, view: View) -> dict[str, Any]:
    there = [key for key in turn.ticks("present") if key in cards.PRESENT]
    faults = []
    if not there:
        faults.append(Fault("Say who was there.", "present"))
    if not turn.get("words"):
        faults.append(Fault(f"Write what {view.first} said, as {view.first} said it.", "words"))
    if faults:
        raise Refused(*faults)
    return {
        "words": turn.get("words"),
        "present": tuple(cards.present_words(key, view) for key in there),
        "summary": turn.get("summary"),
    }


PARTS: Mapping[str, tuple[e.ReviewPart, Drawer, Callable[[Turn, View], dict[str, Any]]]] = {
    "observation": (e.ReviewPart.OBSERVATION, cards.observation_form, _observation),
    "discussion": (e.ReviewPart.MENTOR_DISCUSSION, cards.discussion_form, _discussion),
    "three_way": (e.ReviewPart.THREE_WAY, cards.three_way_form, _three_way),
}


def _before(part: str, case: Case, view: View) -> dict[str, str]:
    """What was recorded of the part already."""
    one = record.parts(case).get(PARTS[part][0])
    if one is None:
        return {}
    rows = record.targets(case)
    found = {f"evidence_{n}": dict(one.evidence).get(t.target, "") for n, t in enumerate(rows)}
    there = [key for key in cards.PRESENT if cards.present_words(key, view) in one.present]
    return {
        "words": one.words,
        "support": one.support.value if one.support else "",
        "present": ",".join(there),
        **found,
        **_said_on_request(one, case, view),
    }


#: What a part asks only on request. Where something of it is said, the whole of it is shown.
ON_REQUEST = ("observer", "on", "suggestions", "summary")


def _said_on_request(one: e.ReviewPartRecorded, case: Case, view: View) -> dict[str, str]:
    who = {name: key for key, name in cards.observers(view).items()}.get(one.observer, "")
    usual = view.party.name(one.for_whom or one.by)
    elsewhere = one.on != record.began_on(case) or (one.observer and one.observer != usual)
    if not (elsewhere or one.suggestions or one.summary):
        return {}
    said = {"observer": who, "on": one.on.isoformat(), "suggestions": one.suggestions, "summary": one.summary}
    return {name: words for name, words in said.items() if words}


async def _form(turn: Turn, part: str, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await in_review(turn)
    stamp = turn.stamp(ground, e.ReviewPartRecorded, case)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    more = bool(turn.get("more")) or any(values.get(name) for name in ON_REQUEST)
    shown = {**(_usual(stamp["for_whom"] or stamp["by"], case, view) if more else {}), **values}
    return Reply(PARTS[part][1](view, shown, faults, for_whom=turn.get("for"), more=more), SUMMARY)


def _usual(person: str, case: Case, view: View) -> dict[str, str]:
    """Whoever records a part has usually seen it, on the day of the review."""
    who = {name: key for key, name in cards.observers(view).items()}.get(view.party.name(person), "link_tutor")
    return {"observer": who, "on": record.began_on(case).isoformat()}


async def _open(turn: Turn, part: str) -> Reply:
    case, ground = await in_review(turn)
    draft = await turn.draft(draft_name(part, case))
    values = dict(draft.values) if draft else _before(part, case, turn.view(case, ground))
    return await _form(turn, part, values, ())


async def _more(turn: Turn, part: str) -> Reply:
    """The same form, with what it asks only on request."""
    return await _form(turn.with_data(more="yes"), part, turn.values, ())


async def _save(turn: Turn, part: str) -> Reply:
    case, ground = await in_review(turn)
    await turn.keep(draft_name(part, case), turn.values)
    return Reply(case_card(turn.view(case, ground), "Saved. Only you can see what you typed."), SUMMARY, case.id)


async def _recorded(turn: Turn, part: str) -> Reply:
    case, ground = await in_review(turn)
    kind, _, read = PARTS[part]
    view = turn.view(case, ground)
    stamp = turn.stamp(ground, e.ReviewPartRecorded, case, on=turn.day("on") or record.began_on(case))
    said = read(turn, view)
    if "observer" in said:
        said["observer"] = said["observer"] or view.party.name(stamp["for_whom"] or stamp["by"])
    event = e.ReviewPartRecorded(**stamp, part=kind, **said)
    done = await turn.record(case.id, event, fact=True)
    await turn.drop(draft_name(part, case))
    return Reply(case_card(turn.view(done.case, ground), "Recorded."), SUMMARY, case.id)


def _wire(part: str) -> None:
    """The four steps of one part."""

    async def form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
        return await _form(turn, part, values, faults)

    def step(answer: Callable[[Turn, str], Awaitable[Reply]]) -> Callable[[Turn], Awaitable[Reply]]:
        return lambda turn: answer(turn, part)

    steps.form(f"review.{part}")(form)
    steps.on(f"review.{part}")(step(_open))
    steps.on(f"review.{part}_more")(step(_more))
    steps.on(f"review.{part}_save")(step(_save))
    steps.on(f"review.{part}_recorded")(step(_recorded))


for _part in PARTS:
    _wire(_part)
