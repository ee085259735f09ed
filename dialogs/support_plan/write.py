"""Writing the support plan: one page or two, saved half-filled, checked before its author agrees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, time

from cards import support_plan as cards
from cards.case import case_card
from cards.plan import review_proposal
from dialogs.support_plan.common import SUMMARY, draft_name, in_stage, number, steps
from dialogs.turn import Reply, Turn, new_nonce
from pathway import events as e
from pathway.case import Case
from pathway.dates import in_london, in_words, local, local_date
from pathway.ports import StoreUnavailable
from pathway.process import Stage
from pathway.provider import starting
from pathway.roles import Role
from pathway.rules import Fault, Ground, Refused, decide

#: Where no time is chosen yet: after registration, in most schools.
FIRST_LESSON = time(9, 30)
OLDER = "You typed this before the plan was opened for changes. Check that it still fits, or begin from the newest."
_PRIVATE = frozenset({"_nonce", "_base", "_blocks"})
#: The fields of a target, each with its number.
OF_TARGET = ("area", "target", "measure", "support")
OF_REST = (
    "promises",
    "promise",
    "promise_who",
    "adjustments",
    "review_on",
    "review_time",
    "place",
    "met_by",
    "monitored",
    "short_because",
)
#: Who may look at the targets and give what is promised beside the list.
GIVERS = (Role.MENTOR.value, Role.LINK_TUTOR.value, cards.BOTH)
#: Where the rules speak of all targets: the first one of the page.
ALIASES = {"areas": "area", "targets": "target"}


async def writing(turn: Turn) -> tuple[Case, Ground]:
    case, ground = await in_stage(turn, Stage.WRITING_PLAN)
    turn.casework.stamp(ground, turn.person.id, e.PlanWritten, case)
    return case, ground


def _starts(turn: Turn, ground: Ground) -> date:
    """A plan starts on the next school day."""
    return ground.calendar.next_after(turn.today)


def _first_values(turn: Turn, case: Case, ground: Ground) -> dict[str, str]:
    """What a plan begins from: the newest version, or the areas of the concern and the proposed review."""
    proposed = review_proposal(ground, case, _starts(turn, ground))
    rest = {"review_on": proposed.day.isoformat(), "review_time": FIRST_LESSON.strftime("%H:%M")}
    rest["place"] = ground.party.placement.school_address or ground.party.placement.school
    rest |= {"met_by": rest["review_on"], "promise_who": Role.MENTOR.value, "monitored": Role.MENTOR.value}
    plan = case.plan
    if plan is None:
        wanted = case.areas[: turn.provider.settings.max_focus_areas] or ("",)
        return {**{f"area{n}": a for n, a in enumerate(wanted, 1)}, **rest, "_blocks": str(len(wanted))}
    values = {**rest, "place": plan.place, "review_time": in_london(plan.review_at).strftime("%H:%M")}
    review = local_date(plan.review_at)
    if ground.calendar.count(_starts(turn, ground), review) >= turn.provider.days.plan_min or plan.short_because:
        values |= {"review_on": review.isoformat(), "short_because": plan.short_because}
    for n, target in enumerate(plan.targets, 1):
        values |= {f"area{n}": target.area, f"target{n}": target.target}
        values |= {f"measure{n}": target.measure, f"support{n}": target.support}
    ways = {words: key for key, words in cards.PROMISED.items()}
    values["promises"] = ",".join(ways[p.what] for p in plan.promises if p.what in ways)
    others = [p for p in plan.promises if p.what not in ways]
    values["promise"] = "; ".join(p.what for p in others)
    values["promise_who"] = next((p.who for p in others if p.who in GIVERS), Role.MENTOR.value)
    values["monitored"] = next((t.monitored_by for t in plan.targets if t.monitored_by in GIVERS), Role.MENTOR.value)
    met_by = max(t.complete_by for t in plan.targets)
    values["met_by"] = met_by.isoformat() if met_by < review else values["review_on"]
    values["adjustments"] = "yes" if plan.adjustments_checked else ""
    return {**values, "_blocks": str(len(plan.targets)), "_base": str(plan.version)}


def _most(turn: Turn) -> int:
    return 2 * turn.provider.settings.max_focus_areas


async def _typed(turn: Turn, case: Case, ground: Ground) -> dict[str, str]:
    """What was saved, under what this card sent: it shows a part of the fields only."""
    kept = await turn.draft(draft_name(case))
    before = dict(kept.values) if kept else _first_values(turn, case, ground)
    fields = [f"{name}{n}" for n in range(1, _most(turn) + 1) for name in OF_TARGET] + list(OF_REST)
    sent = {name: turn.get(name) for name in fields if name in turn.data}
    if "review_on" in sent and sent.get("met_by", before.get("met_by", "")) in ("", turn.get("drawn_for")):
        sent["met_by"] = sent["review_on"]
    blocks = max(number(turn.get("blocks"), _most(turn)), number(before.get("_blocks", ""), _most(turn)))
    carried = {"_blocks": str(blocks)}
    if turn.get("base") or (sent and "_base" not in before):
        carried["_base"] = turn.get("base")
    return {**before, **sent, **carried}


async def _keep(turn: Turn, case: Case, values: Mapping[str, str]) -> None:
    await turn.keep(draft_name(case), {**values, "_nonce": turn.nonce})


def _form(
    turn: Turn,
    case: Case,
    ground: Ground,
    values: Mapping[str, str],
    faults: Sequence[Fault] = (),
    *,
    page: int = 0,
    older: bool = False,
) -> Reply:
    """*older*: it was typed before the plan was opened for changes."""
    base = number(values.get("_base", ""), 9999, 0)
    newer, newest = OLDER if older else "", case.plan
    if newest and newest.version > base:
        who = turn.view(case, ground).you_or(newest.by)
        newer = (
            f"{starting(who)} wrote version {newest.version} meanwhile. What you had typed is here: agree it as the "
            "next version, or begin from the newest."
        )
    starts = _starts(turn, ground)
    proposed = review_proposal(ground, case, starts, opening=f"The plan starts on {in_words(starts, turn.today)}.")
    chosen = _day(values, "review_on") or proposed.day
    blocks = number(values.get("_blocks", ""), _most(turn))
    first = (number(turn.get("page"), 2) - 1) * cards.PAGE + 1
    renamed = [replace(f, field=f"{ALIASES[f.field]}{first}") if f.field in ALIASES else f for f in faults]
    drawn = cards.plan_form(
        turn.view(case, ground, nonce=turn.nonce if turn.get("form") else new_nonce()),
        {k: v for k, v in values.items() if k not in _PRIVATE},
        renamed,
        blocks=blocks,
        page=page or _page(turn, renamed, blocks),
        base=max(base, newest.version) if newest and newer else base,
        note=proposed.note,
        short=ground.calendar.count(starts, chosen) < turn.provider.days.plan_min or bool(values.get("short_because")),
        newer=newer,
        review_on=values.get("review_on", ""),
    )
    return Reply(drawn, SUMMARY)


def _page(turn: Turn, faults: Sequence[Fault], blocks: int) -> int:
    """The page that was sent; the other where all that is wrong stands there."""
    page = number(turn.get("page"), 1 + (blocks >= cards.PAGE))
    wrong = {_page_of(f.field, blocks) for f in faults if f.field}
    return page if page in wrong or not wrong else min(wrong)


#: What stands on the second page, where there is one.
ON_SECOND = ("met_by", "monitored", "promise_who")


def _page_of(field: str, blocks: int) -> int:
    if field in ON_SECOND:
        return 2 if blocks >= cards.PAGE else 1
    number = field[-1:]
    return 2 if number.isdigit() and int(number) > cards.PAGE else 1


def _day(values: Mapping[str, str], field: str) -> date | None:
    try:
        return date.fromisoformat(values.get(field, ""))
    except ValueError:
        return None


def _time(values: Mapping[str, str], field: str) -> time | None:
    try:
        return time.fromisoformat(values.get(field, "")).replace(tzinfo=None)
    except ValueError:
        return None


@steps.on("support_plan.write")
async def write(turn: Turn) -> Reply:
    case, ground = await writing(turn)
    kept = await turn.draft(draft_name(case))
    reopened = case.last(e.PlanReopened)
    older = bool(kept and reopened and kept.saved_at < reopened.at)
    return _form(turn, case, ground, kept.values if kept else _first_values(turn, case, ground), older=older)


@steps.on("support_plan.anew")
async def anew(turn: Turn) -> Reply:
    """Throws away what was typed and begins from the newest version."""
    case, ground = await writing(turn)
    await turn.office.drafts.drop(turn.person.id, draft_name(case))
    return _form(turn, case, ground, _first_values(turn, case, ground))


@steps.form("support_plan.plan")
async def plan_form(turn: Turn, _values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await writing(turn)
    values = await _typed(turn, case, ground)
    page = 0
    if number(values["_blocks"], _most(turn)) >= cards.PAGE:
        try:
            await _keep(turn, case, values)
        except StoreUnavailable:
            page = number(turn.get("page"), 2)
    return _form(turn, case, ground, values, faults, page=page)


@steps.on("support_plan.add")
async def add(turn: Turn) -> Reply:
    """Room for one more target, of another area or a second one of the same."""
    case, ground = await writing(turn)
    values = await _typed(turn, case, ground)
    blocks = min(number(values["_blocks"], _most(turn)) + 1, _most(turn))
    values["_blocks"] = str(blocks)
    await _keep(turn, case, values)
    return _form(turn, case, ground, values, page=_page_of(f"target{blocks}", blocks))


@steps.on("support_plan.turn")
async def turn_over(turn: Turn) -> Reply:
    """The other page of the form."""
    case, ground = await writing(turn)
    values = await _typed(turn, case, ground)
    await _keep(turn, case, values)
    return _form(turn, case, ground, values, page=1 if turn.get("page") == "2" else 2)


@steps.on("support_plan.save")
async def save(turn: Turn) -> Reply:
    case, ground = await writing(turn)
    await _keep(turn, case, await _typed(turn, case, ground))
    return Reply(case_card(turn.view(case, ground), "Saved. Only you can see what you typed."), SUMMARY, case.id)


def _missing_of_targets(filled: Sequence[int], values: Mapping[str, str]) -> Iterator[Fault]:
    for n in filled:
        for name, sentence in (
            ("area", f"Choose the area of target {n}."),
            ("target", f"Write target {n}."),
            ("measure", f"Say how you will both know that target {n} is met."),
            ("support", f"Say which support helps with target {n}."),
        ):
            if not values.get(f"{name}{n}", ""):
                yield Fault(sentence, f"{name}{n}")


def _missing_of_rest(turn: Turn, values: Mapping[str, str]) -> Iterator[Fault]:
    on, met_by = _day(values, "review_on"), _day(values, "met_by")
    if on is None:
        yield Fault("Choose the day of the review.", "review_on")
    if _time(values, "review_time") is None:
        yield Fault("Choose the time of the review.", "review_time")
    if not values.get("place", ""):
        yield Fault("Say where the review is.", "place")
    if values.get("adjustments") != "yes":
        student = turn.provider.role(Role.STUDENT)
        sentence = f"Check the adjustments, then tick it. It is asked for every {student} alike."
        yield Fault(sentence, "adjustments")
    if on and met_by and met_by > on:
        yield Fault("Choose the day of the review or an earlier one.", "met_by")
    if not _promises(values, on):
        yield Fault("Agree at least one piece of extra support.", "promises")


def read_plan(turn: Turn, case: Case, ground: Ground, values: Mapping[str, str]) -> e.PlanWritten:
    """What the form says, as the event it would be. Raises Refused with what is missing, each at its field."""
    filled = [
        n
        for n in range(1, number(values.get("_blocks", ""), _most(turn)) + 1)
        if any(values.get(f"{name}{n}", "") for name in OF_TARGET[1:])
    ] or [1]
    faults = [*_missing_of_targets(filled, values), *_missing_of_rest(turn, values)]
    on, at = _day(values, "review_on"), _time(values, "review_time")
    if faults or on is None or at is None:
        raise Refused(*faults)
    met_by = _day(values, "met_by") or on
    return e.PlanWritten(
        **turn.casework.stamp(ground, turn.person.id, e.PlanWritten, case),
        version=number(values.get("_base", ""), 9999, 0) + 1,
        targets=tuple(
            e.PlanTarget(
                area=values[f"area{n}"],
                target=values[f"target{n}"],
                measure=values[f"measure{n}"],
                support=values[f"support{n}"],
                monitored_by=values["monitored"] if values.get("monitored") in GIVERS else Role.MENTOR.value,
                complete_by=met_by,
            )
            for n in filled
        ),
        promises=_promises(values, met_by),
        review_at=local(on, at),
        place=values["place"],
        starts=_starts(turn, ground),
        adjustments_checked=True,
        short_because=values.get("short_because", ""),
    )


def _promises(values: Mapping[str, str], by: date | None) -> tuple[e.Promise, ...]:
    """The ticked promises and the line, each with who gives it and by when: of the list the mentor, but for the Link
    Tutor's own; of the line whoever was chosen.
    """
    ways = cards.PROMISED
    ticked = [key for key in dict.fromkeys(values.get("promises", "").split(",")) if key in ways]
    given = [
        e.Promise(what=ways[key], who=(Role.LINK_TUTOR if key == cards.TUTORS else Role.MENTOR).value, by=by)
        for key in ticked
    ]
    if more := values.get("promise", ""):
        who = values.get("promise_who", "")
        given.append(e.Promise(what=more, who=who if who in GIVERS else Role.MENTOR.value, by=by))
    return tuple(given)


@steps.on("support_plan.check")
async def check(turn: Turn) -> Reply:
    case, ground = await writing(turn)
    values = await _typed(turn, case, ground)
    plan = read_plan(turn, case, ground, values)
    decide(case, plan, ground)
    await _keep(turn, case, values)
    return Reply(cards.check(turn.view(case, ground, nonce=turn.nonce), plan), SUMMARY)
