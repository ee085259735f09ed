"""The support plan: written, agreed by both in one version, talked through with the student, kept to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, time

from cards import support_plan as cards
from cards.case import case_card
from cards.plan import DUTIES_OF, done_duties, review_moment, review_proposal
from dialogs.router import Steps
from dialogs.turn import Reply, Turn, new_nonce
from pathway import events as e
from pathway.case import Case, after
from pathway.dates import in_london, in_words, local, local_date
from pathway.ports import StoreUnavailable
from pathway.process import Stage
from pathway.provider import starting
from pathway.roles import Role
from pathway.rules import Fault, Ground, NotYours, OutOfStep, Refused, decide

steps = Steps()
SUMMARY = "Placements: the plan"
#: Where no time is chosen yet: after registration, in most schools.
FIRST_LESSON = time(9, 30)
_PRIVATE = frozenset({"_nonce", "_base", "_blocks"})
OLDER = "You typed this before the plan was opened for changes. Check that it still fits, or begin from the newest."
#: The fields of a target, each with its number.
OF_TARGET = ("area", "target", "measure", "support")
OF_REST = ("promises", "promise", "adjustments", "review_on", "review_time", "place", "short_because")
#: Where the rules speak of all targets: the first one of the page.
ALIASES = {"areas": "area", "targets": "target"}


def draft_name(case: Case) -> str:
    return f"plan:{case.id}"


async def _in(turn: Turn, *stages: Stage) -> tuple[Case, Ground]:
    """The case, while it stands in one of *stages*. Raises OutOfStep otherwise."""
    case, ground = await turn.case()
    if case.stage not in stages:
        raise OutOfStep(case.stage.value)
    return case, ground


async def _writing(turn: Turn) -> tuple[Case, Ground]:
    case, ground = await _in(turn, Stage.WRITING_PLAN)
    turn.casework.stamp(ground, turn.person.id, e.PlanWritten, case)
    return case, ground


# -- writing it ----------------------------------------------------------------------------------------------------


def _starts(turn: Turn, ground: Ground) -> date:
    """A plan starts on the next school day."""
    return ground.calendar.next_after(turn.today)


def _newest_version(case: Case) -> int:
    return case.plan.version if case.plan else 0


def _first_values(turn: Turn, case: Case, ground: Ground) -> dict[str, str]:
    """What a plan begins from: the newest version, or the areas of the concern and the proposed review."""
    proposed = review_proposal(ground, case, _starts(turn, ground))
    rest = {"review_on": proposed.day.isoformat(), "review_time": FIRST_LESSON.strftime("%H:%M")}
    rest["place"] = ground.party.placement.school_address or ground.party.placement.school
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
    values["promise"] = "; ".join(p.what for p in plan.promises if p.what not in ways)
    values["adjustments"] = "yes" if plan.adjustments_checked else ""
    return {**values, "_blocks": str(len(plan.targets)), "_base": str(plan.version)}


def _number(sent: str, most: int, least: int = 1) -> int:
    return min(max(int(sent), least), most) if sent.isascii() and sent.isdigit() and len(sent) < 6 else least


def _most(turn: Turn) -> int:
    return 2 * turn.provider.settings.max_focus_areas


async def _typed(turn: Turn, case: Case, ground: Ground) -> dict[str, str]:
    """What was saved, under what this card sent: it shows a part of the fields only."""
    kept = await turn.draft(draft_name(case))
    before = dict(kept.values) if kept else _first_values(turn, case, ground)
    fields = [f"{name}{n}" for n in range(1, _most(turn) + 1) for name in OF_TARGET] + list(OF_REST)
    sent = {name: turn.get(name) for name in fields if name in turn.data}
    blocks = max(_number(turn.get("blocks"), _most(turn)), _number(before.get("_blocks", ""), _most(turn)))
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
    base = _number(values.get("_base", ""), 9999, 0)
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
    blocks = _number(values.get("_blocks", ""), _most(turn))
    first = (_number(turn.get("page"), 2) - 1) * cards.PAGE + 1
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
    )
    return Reply(drawn, SUMMARY)


def _page(turn: Turn, faults: Sequence[Fault], blocks: int) -> int:
    """The page that was sent; the other where all that is wrong stands there."""
    page = _number(turn.get("page"), 1 + (blocks > cards.PAGE))
    wrong = {_page_of(f.field) for f in faults if f.field}
    return page if page in wrong or not wrong else min(wrong)


def _page_of(field: str) -> int:
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
    case, ground = await _writing(turn)
    kept = await turn.draft(draft_name(case))
    reopened = case.last(e.PlanReopened)
    older = bool(kept and reopened and kept.saved_at < reopened.at)
    return _form(turn, case, ground, kept.values if kept else _first_values(turn, case, ground), older=older)


@steps.on("support_plan.anew")
async def anew(turn: Turn) -> Reply:
    """Throws away what was typed and begins from the newest version."""
    case, ground = await _writing(turn)
    await turn.office.drafts.drop(turn.person.id, draft_name(case))
    return _form(turn, case, ground, _first_values(turn, case, ground))


@steps.form("support_plan.plan")
async def plan_form(turn: Turn, _values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await _writing(turn)
    values = await _typed(turn, case, ground)
    page = 0
    if _number(values["_blocks"], _most(turn)) > cards.PAGE:
        try:
            await _keep(turn, case, values)
        except StoreUnavailable:
            page = _number(turn.get("page"), 2)
    return _form(turn, case, ground, values, faults, page=page)


@steps.on("support_plan.add")
async def add(turn: Turn) -> Reply:
    """Room for one more target, of another area or a second one of the same."""
    case, ground = await _writing(turn)
    values = await _typed(turn, case, ground)
    blocks = min(_number(values["_blocks"], _most(turn)) + 1, _most(turn))
    values["_blocks"] = str(blocks)
    await _keep(turn, case, values)
    return _form(turn, case, ground, values, page=_page_of(f"target{blocks}"))


@steps.on("support_plan.turn")
async def turn_over(turn: Turn) -> Reply:
    """The other page of the form."""
    case, ground = await _writing(turn)
    values = await _typed(turn, case, ground)
    await _keep(turn, case, values)
    return _form(turn, case, ground, values, page=1 if turn.get("page") == "2" else 2)


@steps.on("support_plan.save")
async def save(turn: Turn) -> Reply:
    case, ground = await _writing(turn)
    await _keep(turn, case, await _typed(turn, case, ground))
    return Reply(case_card(turn.view(case, ground), "Saved. Only you can see what you typed."), SUMMARY, case.id)


def _read(turn: Turn, case: Case, ground: Ground, values: Mapping[str, str]) -> e.PlanWritten:
    """What the form says, as the event it would be. Raises Refused with what is missing, each at its field."""
    faults: list[Fault] = []
    filled = [
        n
        for n in range(1, _number(values.get("_blocks", ""), _most(turn)) + 1)
        if any(values.get(f"{name}{n}", "") for name in OF_TARGET[1:])
    ] or [1]
    for n in filled:
        for name, sentence in (
            ("area", f"Choose the area of target {n}."),
            ("target", f"Write target {n}."),
            ("measure", f"Say how you will both know that target {n} is met."),
            ("support", f"Say which support helps with target {n}."),
        ):
            if not values.get(f"{name}{n}", ""):
                faults.append(Fault(sentence, f"{name}{n}"))
    on, at = _day(values, "review_on"), _time(values, "review_time")
    if on is None:
        faults.append(Fault("Choose the day of the review.", "review_on"))
    if at is None:
        faults.append(Fault("Choose the time of the review.", "review_time"))
    if not values.get("place", ""):
        faults.append(Fault("Say where the review is.", "place"))
    if values.get("adjustments") != "yes":
        faults.append(Fault("Check the adjustments, then tick it. It is asked for every student alike.", "adjustments"))
    promises = _promises(values, on)
    if not promises:
        faults.append(Fault("Agree at least one piece of extra support.", "promises"))
    if faults or on is None or at is None:
        raise Refused(*faults)
    return e.PlanWritten(
        **turn.casework.stamp(ground, turn.person.id, e.PlanWritten, case),
        version=_number(values.get("_base", ""), 9999, 0) + 1,
        targets=tuple(
            e.PlanTarget(
                area=values[f"area{n}"],
                target=values[f"target{n}"],
                measure=values[f"measure{n}"],
                support=values[f"support{n}"],
                monitored_by=Role.MENTOR.value,
                complete_by=on,
            )
            for n in filled
        ),
        promises=promises,
        review_at=local(on, at),
        place=values["place"],
        starts=_starts(turn, ground),
        adjustments_checked=True,
        short_because=values.get("short_because", ""),
    )


def _promises(values: Mapping[str, str], by: date | None) -> tuple[e.Promise, ...]:
    """The ticked promises and the line, each with who gives it: the mentor, but for the Link Tutor's own."""
    ways = cards.PROMISED
    ticked = [key for key in dict.fromkeys(values.get("promises", "").split(",")) if key in ways]
    given = [
        e.Promise(what=ways[key], who=(Role.LINK_TUTOR if key == cards.TUTORS else Role.MENTOR).value, by=by)
        for key in ticked
    ]
    if more := values.get("promise", ""):
        given.append(e.Promise(what=more, who=Role.MENTOR.value, by=by))
    return tuple(given)


@steps.on("support_plan.check")
async def check(turn: Turn) -> Reply:
    case, ground = await _writing(turn)
    values = await _typed(turn, case, ground)
    plan = _read(turn, case, ground, values)
    decide(case, plan, ground)
    await _keep(turn, case, values)
    return Reply(cards.check(turn.view(case, ground, nonce=turn.nonce), plan), SUMMARY)


# -- agreeing it ---------------------------------------------------------------------------------------------------


@steps.on("support_plan.agree_own")
async def agree_own(turn: Turn) -> Reply:
    """The author agrees the version that was just checked: it is written and agreed in one act."""
    if earlier := await turn.casework.book.seen(f"{turn.nonce}:{turn.verb}"):
        case, ground = await turn.open(earlier.case_id)
        return Reply(case_card(turn.view(case, ground)), SUMMARY, case.id)
    case, ground = await _writing(turn)
    kept = await turn.draft(draft_name(case))
    if kept is None or kept.values.get("_nonce") != turn.nonce:
        words = "Nothing was agreed from this card: what it held was changed, agreed or thrown away since."
        return Reply(case_card(turn.view(case, ground), words), SUMMARY, case.id)
    plan = _read(turn, case, ground, kept.values)
    agreed = e.PlanVersionAgreed(
        **turn.casework.stamp(ground, turn.person.id, e.PlanVersionAgreed, case), version=plan.version
    )
    done = await turn.record(case.id, plan, agreed)
    await turn.drop(draft_name(case))
    view = turn.view(done.case, ground)
    other = view.link_tutor if agreed.role is Role.MENTOR else view.mentor
    lead = f"Version {plan.version} is written, and you have agreed it. {other} is asked to agree it too."
    return Reply(case_card(view, lead), SUMMARY, case.id)


@steps.on("support_plan.agree")
async def agree(turn: Turn) -> Reply:
    case, ground = await _in(turn, Stage.WRITING_PLAN)
    agreed = e.PlanVersionAgreed(
        **turn.casework.stamp(ground, turn.person.id, e.PlanVersionAgreed, case), version=_version(turn)
    )
    return await _agreed(turn, case, ground, agreed)


def _version(turn: Turn) -> int:
    return _number(turn.get("version"), 9999, 0)


async def _agreed(turn: Turn, case: Case, ground: Ground, agreed: e.PlanVersionAgreed) -> Reply:
    """Records the agreement, and with it that the plan is agreed by both, where nothing is missing any more."""
    events: list[e.Event] = [agreed]
    decide(case, agreed, ground)
    if shared := _sharing(turn, after(case, agreed) or case, ground):
        events.append(shared)
    done = await turn.record(case.id, *events)
    view = turn.view(done.case, ground)
    if done.case.stage is Stage.PLAN_TO_DISCUSS:
        lead = f"Both of you have agreed version {agreed.version}. Next: talk it through with {view.first}, in person."
    else:
        lead = (
            f"Recorded. {view.mentor if agreed.for_whom else 'You'} {'has' if agreed.for_whom else 'have'} agreed it."
        )
    return Reply(case_card(view, lead), SUMMARY, case.id)


def _sharing(turn: Turn, case: Case, ground: Ground) -> e.PlanShared | None:
    """That both agree, if this person may record it and the rules allow it now."""
    try:
        stamp = turn.casework.stamp(ground, turn.person.id, e.PlanShared, case)
        shared = e.PlanShared(**stamp, version=_newest_version(case))
        decide(case, shared, ground)
    except (NotYours, OutOfStep, Refused):
        return None
    return shared


@steps.on("support_plan.share")
async def share(turn: Turn) -> Reply:
    """Where both have agreed and something else was still missing then."""
    case, ground = await _in(turn, Stage.WRITING_PLAN)
    event = e.PlanShared(**turn.casework.stamp(ground, turn.person.id, e.PlanShared, case), version=_version(turn))
    done = await turn.record(case.id, event)
    view = turn.view(done.case, ground)
    return Reply(case_card(view, f"Next: talk it through with {view.first}, in person."), SUMMARY, case.id)


@steps.on("support_plan.mentor_agreed")
async def mentor_agreed(turn: Turn) -> Reply:
    return await mentor_agreed_form(turn, {"on": turn.today.isoformat()}, ())


@steps.form("support_plan.mentor_agreed")
async def mentor_agreed_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await _in(turn, Stage.WRITING_PLAN)
    turn.stamp(ground, e.PlanVersionAgreed, case)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    drawn = cards.mentor_agreed_form(view, values, faults, version=_version(turn), for_whom=turn.get("for"))
    return Reply(drawn, SUMMARY)


@steps.on("support_plan.record_agreed")
async def record_agreed(turn: Turn) -> Reply:
    case, ground = await _in(turn, Stage.WRITING_PLAN)
    if not turn.get("means"):
        raise Refused(Fault("Say when and how the mentor agreed.", "means"))
    stamp = turn.casework.stamp(
        ground, turn.person.id, e.PlanVersionAgreed, case, on=turn.day("on"), for_whom=ground.party.mentor(case)
    )
    agreed = e.PlanVersionAgreed(**stamp, version=_version(turn), means=turn.get("means"))
    return await _agreed(turn, case, ground, agreed)


# -- talking it through --------------------------------------------------------------------------------------------


@steps.on("support_plan.discuss")
async def discuss(turn: Turn) -> Reply:
    return await discuss_form(turn, {"on": turn.today.isoformat()}, ())


@steps.form("support_plan.discuss")
async def discuss_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await _in(turn, Stage.PLAN_TO_DISCUSS)
    turn.stamp(ground, e.PlanDiscussed, case)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    on = min(turn.day("on") or turn.today, turn.today)
    note, later = _later_review(turn, case, ground, on)
    filled = {**({"review_on": later.isoformat()} if later else {}), **values}
    return Reply(cards.discuss_form(view, filled, faults, note=note, for_whom=turn.get("for")), SUMMARY)


def _later_review(turn: Turn, case: Case, ground: Ground, on: date) -> tuple[str, date | None]:
    """Where too little of the week is left from the day of the talk: a later review, with its reason."""
    at = case.review_at
    if at is None or case.plan is None or case.plan.short_because.strip():
        return "", None
    left = ground.calendar.count(on, local_date(at))
    if left >= turn.provider.days.plan_min:
        return "", None
    day = in_words(local_date(at), turn.today)
    opening = f"Until the review on {day} {left or 'no'} school {'day is' if left == 1 else 'days are'} left."
    proposed = review_proposal(ground, case, on, opening=opening)
    return proposed.note, max(proposed.day, local_date(at))


@steps.on("support_plan.discussed")
async def discussed(turn: Turn) -> Reply:
    case, ground = await _in(turn, Stage.PLAN_TO_DISCUSS)
    day, answer, comment = turn.day("on"), turn.get("achievable"), turn.get("comment")
    faults = [] if day else [Fault("Choose the day on which you talked.", "on")]
    if answer not in cards.ACHIEVABLE:
        faults.append(Fault("Say whether it is achievable.", "achievable"))
    if answer == "changes" and not comment:
        faults.append(Fault("Say which changes, in the student's own words.", "comment"))
    if faults:
        raise Refused(*faults)
    spoke = e.PlanDiscussed(**turn.stamp(ground, e.PlanDiscussed, case, on=day))
    done = await turn.record(case.id, spoke, replace(_came_of_it(turn, case, ground, day, answer), at=spoke.at))
    view = turn.view(done.case, ground)
    return Reply(case_card(view, _after_talk(answer, view.first)), SUMMARY, case.id)


def _came_of_it(turn: Turn, case: Case, ground: Ground, day: date | None, answer: str) -> e.Event:
    comment = turn.get("comment")
    if answer == "no":
        return e.StudentNotAgreed(**turn.stamp(ground, e.StudentNotAgreed, case, on=day), words=comment)
    if answer == "changes":
        stamp = turn.casework.stamp(ground, turn.person.id, e.PlanReopened, case)
        return e.PlanReopened(**stamp, reason=comment)
    at, chosen = case.review_at, turn.day("review_on")
    moved = at is not None and chosen is not None and chosen != local_date(at)
    return e.StudentAgreed(
        **turn.stamp(ground, e.StudentAgreed, case, on=day),
        achievable=True,
        knows_review_decides=turn.get("knows") == "yes",
        comment=comment,
        short_week_because=turn.get("short_week_because"),
        review_at=local(chosen, in_london(at).time()) if at and chosen and moved else None,
    )


def _after_talk(answer: str, first: str) -> str:
    if answer == "yes":
        return f"The plan has started. {first} has a copy now."
    if answer == "changes":
        return f"The plan is open for changes. {first} is told that you speak again before anything starts."
    return f"Recorded. {first} sees the plan now. The plan has not started."


@steps.on("support_plan.reopen")
async def reopen(turn: Turn) -> Reply:
    return await reopen_form(turn, {}, ())


@steps.form("support_plan.reopen")
async def reopen_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await _in(turn, Stage.PLAN_TO_DISCUSS)
    turn.stamp(ground, e.PlanReopened, case)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    return Reply(cards.reopen_form(view, values, faults), SUMMARY)


@steps.on("support_plan.reopened")
async def reopened(turn: Turn) -> Reply:
    case, ground = await turn.case()
    event = e.PlanReopened(**turn.stamp(ground, e.PlanReopened, case), reason=turn.get("reason"))
    done = await turn.record(case.id, event)
    return Reply(case_card(turn.view(done.case, ground), "The plan is open for changes."), SUMMARY, case.id)


@steps.on("support_plan.proceed")
async def proceed(turn: Turn) -> Reply:
    return await proceed_form(turn, {}, ())


@steps.form("support_plan.proceed")
async def proceed_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await _in(turn, Stage.PLAN_TO_DISCUSS)
    turn.stamp(ground, e.ProceededWithoutAgreement, case)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    return Reply(cards.proceed_form(view, values, faults), SUMMARY)


@steps.on("support_plan.proceeded")
async def proceeded(turn: Turn) -> Reply:
    case, ground = await turn.case()
    event = e.ProceededWithoutAgreement(
        **turn.stamp(ground, e.ProceededWithoutAgreement, case),
        reason=turn.get("reason"),
        adjustments_checked=turn.get("adjustments") == "yes",
        comments_kept=turn.get("comments") == "yes",
    )
    done = await turn.record(case.id, event)
    return Reply(case_card(turn.view(done.case, ground), "The plan has started."), SUMMARY, case.id)


# -- keeping to it -------------------------------------------------------------------------------------------------

KEEPING = (Stage.PLAN_IN_PLACE, Stage.REVIEW)


def ticked_before(case: Case, person: str) -> dict[int, bool]:
    """What *person* has said about each promise, the newest of each."""
    return {t.promise: t.given for t in case.since(e.PlanShared, e.PromiseTicked) if (t.for_whom or t.by) == person}


def promise_values(case: Case, person: str) -> dict[str, str]:
    return {f"promise{n}": "given" if given else "not" for n, given in ticked_before(case, person).items()}


def promise_ticks(turn: Turn, case: Case, ground: Ground, person: str) -> list[e.Event]:
    """One fact for each promise about which *person* now says something new."""
    before, promises = ticked_before(case, person), case.plan.promises if case.plan else ()
    said = {n: turn.get(f"promise{n}") for n in range(len(promises))}
    return [
        e.PromiseTicked(**turn.stamp(ground, e.PromiseTicked, case), promise=n, given=answer == "given")
        for n, answer in said.items()
        if answer in ("given", "not") and before.get(n) is not (answer == "given")
    ]


@steps.on("support_plan.promises")
async def promises(turn: Turn) -> Reply:
    case, _ground = await _in(turn, *KEEPING)
    person = case.mentor if turn.get("for") else turn.person.id
    return await promises_form(turn, promise_values(case, person), ())


@steps.form("support_plan.promises")
async def promises_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await _in(turn, *KEEPING)
    turn.stamp(ground, e.PromiseTicked, case)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    return Reply(cards.promises_form(view, values, faults, for_whom=turn.get("for")), SUMMARY)


@steps.on("support_plan.kept")
async def kept(turn: Turn) -> Reply:
    case, ground = await _in(turn, *KEEPING)
    person = case.mentor if turn.get("for") else turn.person.id
    if ticks := promise_ticks(turn, case, ground, person):
        case = (await turn.record(case.id, *ticks, fact=True)).case
    return Reply(case_card(turn.view(case, ground), "Thank you. It is recorded."), SUMMARY, case.id)


@steps.on("support_plan.duties")
async def duties(turn: Turn) -> Reply:
    case, _ground = await _in(turn, *KEEPING)
    done = done_duties(case)
    values = {"support": "done"} if e.Duty.PERSONAL_SUPPORT in done else {}
    for role in DUTIES_OF:
        answered = [answer for answer in ("told", "not") if cards.duty_of(role, answer) in done]
        values |= {role.value: answered[-1]} if answered else {}
    return await duties_form(turn, values, ())


@steps.form("support_plan.duties")
async def duties_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await _in(turn, *KEEPING)
    turn.stamp(ground, e.DutyDone, case)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    return Reply(cards.duties_form(view, values, faults), SUMMARY)


@steps.on("support_plan.duties_done")
async def duties_done(turn: Turn) -> Reply:
    case, ground = await _in(turn, *KEEPING)
    wanted = [e.Duty.PERSONAL_SUPPORT] if turn.get("support") == "done" else []
    wanted += [duty for role in DUTIES_OF if (duty := cards.duty_of(role, turn.get(role.value)))]
    done = done_duties(case)
    new = [e.DutyDone(**turn.stamp(ground, e.DutyDone, case), duty=duty) for duty in wanted if duty not in done]
    if new:
        case = (await turn.record(case.id, *new, fact=True)).case
    return Reply(case_card(turn.view(case, ground), "Thank you. It is recorded."), SUMMARY, case.id)


@steps.on("support_plan.review")
async def review(turn: Turn) -> Reply:
    case, ground = await _in(turn, Stage.PLAN_IN_PLACE)
    at = review_moment(turn.view(case, ground))
    before = {"place": case.review_place}
    if at is not None:
        before |= {"review_on": local_date(at).isoformat(), "review_time": in_london(at).strftime("%H:%M")}
    return await review_form(turn, before, ())


@steps.form("support_plan.review")
async def review_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await _in(turn, Stage.PLAN_IN_PLACE)
    turn.stamp(ground, e.ReviewChanged, case)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    proposed = review_proposal(ground, case, turn.today, opening="Counted from today:")
    return Reply(cards.review_form(view, values, faults, note=proposed.note), SUMMARY)


@steps.on("support_plan.review_moved")
async def review_moved(turn: Turn) -> Reply:
    case, ground = await _in(turn, Stage.PLAN_IN_PLACE)
    at, day = turn.moment("review_on", "review_time"), turn.day("review_on")
    if at is None or day is None:
        missing = "review_on" if day is None else "review_time"
        raise Refused(Fault("Choose a day and a time.", missing))
    if closed := ground.calendar.why_closed(day):
        raise Refused(Fault(f"{closed}.", "review_on"))
    event = e.ReviewChanged(
        **turn.stamp(ground, e.ReviewChanged, case),
        review_at=at,
        place=turn.get("place") or case.review_place,
        reason=turn.get("reason"),
        student_told=turn.get("student_told") == "yes",
    )
    done = await turn.record(case.id, event)
    view = turn.view(done.case, ground)
    return Reply(case_card(view, f"Changed. {view.mentor} and {view.first} get the new time."), SUMMARY, case.id)
