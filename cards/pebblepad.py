"""What goes into PebblePad: plain text, a block a field, in the template's order. A person pastes it and says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

from cards import record as record_of
from cards.acts import act
from cards.case import reference_line
from cards.elements import Card, button, card, heading, label, link, literal, panel, plain, quiet, said, text
from cards.plan import came, met_by, promised, recorded, recorded_words, who_looks
from cards.view import View
from pathway import events as e
from pathway.case import Case
from pathway.dates import in_words, listed, moment_in_words
from pathway.people import Item, access
from pathway.process import Stage
from pathway.provider import starting
from pathway.roles import Role
from pathway.standards import area
from pathway.timers import RECORDED_ELSEWHERE

#: A title and the words below it, as they are pasted.
Block = tuple[str, str]
Blocks = Iterator[Block]

NAMES = {
    e.Record.WEEKLY_TARGET: "the weekly target",
    e.Record.PLAN: "the plan",
    e.Record.REVIEW: "the observation and the review",
    e.Record.OUTCOME: "the outcome",
}
#: Who may read a record may hand it over.
ITEMS = {
    e.Record.WEEKLY_TARGET: Item.CONCERN,
    e.Record.PLAN: Item.PLAN,
    e.Record.REVIEW: Item.REVIEW,
    e.Record.OUTCOME: Item.OUTCOME,
}


def _weekly_target(view: View) -> Blocks:
    case = view.case
    concern = case.last(e.WeeklyTargetSet)
    yield "Area", _areas(view, case.areas)
    yield "Weekly target", case.target
    if concern:
        yield "How we will both know", concern.measure
        yield "Set on", _day(concern.on)


def _plan(view: View) -> Blocks:
    plan, at = view.case.plan, view.case.review_at
    if plan is None or at is None:
        return
    for n, target in enumerate(plan.targets, 1):
        yield f"Standard or Core Area ({n})", _areas(view, (target.area,))
        yield f"Target ({n})", target.target
        yield f"Success criteria ({n})", target.measure
        yield f"Support: what and by whom ({n})", target.support
        yield f"Monitored by ({n})", plain(who_looks(view, plan))
        yield f"To be completed by ({n})", _day(met_by(view, plan))
    yield (
        "Additional support",
        "\n".join(promised(view, plan, p) for p in plan.promises),
    )
    yield "Plan starts", _day(plan.starts)
    yield "Review meeting", f"{moment_in_words(at, year=True)}, {view.case.review_place}"
    if agreed := view.case.last(e.StudentAgreed):
        student = view.word(Role.STUDENT)
        yield f"Discussed with the {student} on", f"{_day(agreed.on)}. The {student} finds the plan achievable."
        yield f"{starting(student)}'s comment", agreed.comment
    elif alone := view.case.last(e.ProceededWithoutAgreement):
        yield f"Started without the {view.word(Role.STUDENT)}'s agreement", alone.reason


def _review(view: View) -> Blocks:
    """The three parts of the review as they stand, each with the evidence that was typed for it."""
    started, there = view.case.last(e.ReviewStarted), record_of.parts(view.case)
    if started:
        yield "Review meeting on", _day(started.on)
        yield "Not in person because", started.not_in_person_because
    if seen := there.get(e.ReviewPart.OBSERVATION):
        yield "Observed on", _day(seen.on)
        yield "Observer", seen.observer or view.party.name(seen.for_whom or seen.by)
        yield "Focus areas seen", _areas(view, tuple(dict.fromkeys(t.area for t in _targets(view.case))))
        yield "Lesson observation", seen.words
        for n, (target, words) in enumerate(seen.evidence, 1):
            yield f"Progress and evidence ({n})", f"{target}\n{words}"
        yield "Suggestions", seen.suggestions
    if spoken := there.get(e.ReviewPart.MENTOR_DISCUSSION):
        yield "Was the agreed support given", starting(record_of.SUPPORT[spoken.support]) if spoken.support else ""
        yield f"Discussion with the {view.word(Role.MENTOR)}", spoken.words
    if talk := there.get(e.ReviewPart.THREE_WAY):
        yield "Present in the three-way conversation", listed(talk.present)
        yield f"Three-way conversation: the {view.word(Role.STUDENT)}'s view", talk.words
        yield "Three-way conversation: summary", talk.summary
    given = [f"{p.what}: {words}" for n, p in enumerate(_promises(view.case)) if (words := came(view, n))]
    yield "Support given", "\n".join(given)


def _outcome(view: View) -> Blocks:
    outcome = view.case.outcome
    if outcome is None:
        return
    for n, (target, result) in enumerate(outcome.results, 1):
        yield f"Result of target ({n})", f"{target}\n{record_of.RESULTS.get(result, result)}"
    ended = isinstance(outcome, e.PlacementTerminated)
    yield "Outcome", "The placement has ended." if ended else "The placement continues."
    yield "Reasons", outcome.reasons
    if outcome.told_student_at:
        there = [name for name in outcome.told_present if name != outcome.told_by]
        who = f"{outcome.told_by}, with {listed(there)} there" if there else outcome.told_by
        told = f"{moment_in_words(outcome.told_student_at, year=True)}, by {who}"
        yield f"{starting(view.word(Role.STUDENT))} told", told
    if isinstance(outcome, e.PlacementContinued):
        yield "Why a part of the review is missing", outcome.parts_missing_because
        yield "Targets to carry on", outcome.carry_on


#: The fields of each record, in the order of the template.
BLOCKS: Mapping[e.Record, Callable[[View], Blocks]] = {
    e.Record.WEEKLY_TARGET: _weekly_target,
    e.Record.PLAN: _plan,
    e.Record.REVIEW: _review,
    e.Record.OUTCOME: _outcome,
}


def _targets(case: Case) -> tuple[e.PlanTarget, ...]:
    return case.plan.targets if case.plan else ()


def _promises(case: Case) -> tuple[e.Promise, ...]:
    return case.plan.promises if case.plan else ()


def _areas(view: View, ids: tuple[str, ...]) -> str:
    return "\n".join(area(a, view.provider).choice for a in ids)


def _day(day: date) -> str:
    return in_words(day, year=True)


def blocks(view: View, record: e.Record) -> tuple[Block, ...]:
    """What is pasted for *record*: the empty ones left out."""
    return tuple((title, words) for title, words in BLOCKS[record](view) if words.strip())


#: So many characters of one part: a card holds so much and no more.
ROOM = 6500
#: What a field costs beside its words.
FRAME = 260


def parts(view: View, record: e.Record) -> tuple[tuple[Block, ...], ...]:
    """The blocks of *record*, as many together as a card holds."""
    found: list[list[Block]] = [[]]
    room = ROOM
    for title, words in blocks(view, record):
        room -= len(title) + len(words) + FRAME
        if room < 0 and found[-1]:
            found.append([])
            room = ROOM - len(title) - len(words) - FRAME
        found[-1].append((title, words))
    return tuple(tuple(part) for part in found)


def there(view: View) -> tuple[e.Record, ...]:
    """The records of this case that there are by now, and that this reader may hand over."""
    return tuple(
        r for r in e.Record if access(view.party, view.viewer, ITEMS[r], view.case) and _is_there(view.case, r)
    )


def _is_there(case: Case, record: e.Record) -> bool:
    match record:
        case e.Record.WEEKLY_TARGET:
            return bool(case.target)
        case e.Record.PLAN:
            return case.plan is not None and bool(case.since(e.InterventionAgreed, e.PlanShared))
        case e.Record.REVIEW:
            return bool(case.since(e.ReviewStarted, e.ReviewPartRecorded)) and bool(case.last(e.ReviewStarted))
        case e.Record.OUTCOME:
            return case.outcome is not None and case.stage is not Stage.REVIEW


def still_to_record(view: View) -> tuple[e.Record, ...]:
    """What has to be in PebblePad and nobody has said is: the plan, the review and the outcome."""
    if view.case.stage not in RECORDED_ELSEWHERE:
        return ()
    asked = (r for r in there(view) if r is not e.Record.WEEKLY_TARGET)
    return tuple(r for r in asked if recorded(view.case, r) is None)


def wanted(view: View) -> str:
    """The first record that is still to go there, or else the newest; "" where there is none yet."""
    return next(iter((*still_to_record(view), *reversed(there(view)))), "")


#: Cases on one page of the list: each has a button, and a card holds six.
PAGE = 4


def not_there_yet(views: Sequence[View], *, start: int = 0) -> Card:
    """One list over somebody's cases: what is not in PebblePad, as far as anybody has said. *views* are those cases."""
    page = views[start : start + PAGE]
    more = start + len(page) < len(views)
    return card(
        heading("Not yet in PebblePad"),
        text("Nobody has said yet that these are recorded there. Open the text, paste it, then say so here.")
        if page
        else text("Nothing of yours is waiting to be recorded there."),
        *(panel(label(_whose(view)), text(starting(_records(view)), spacing="Small")) for view in page),
        actions=[
            *(
                act(view, f"Text for {view.case.reference}", "pebblepad.show", record=still_to_record(view)[0].value)
                for view in page
            ),
            *([button("Show the next", "pebblepad.list", start=start + PAGE)] if more else []),
            button("My cases", "cases.mine"),
        ],
    )


def _whose(view: View) -> str:
    reference = f"Ref {view.case.reference}"
    return f"{view.student} ({reference})" if view.sees(Item.CONCERN) else reference


def _records(view: View) -> str:
    return listed(NAMES[record] for record in still_to_record(view))


def list_line(views: Sequence[View]) -> str:
    """The same in one line of a morning's message."""
    return f"Not yet in PebblePad: {'; '.join(f'{_whose(view)}, {_records(view)}' for view in views[:PAGE])}" + (
        f"; and {len(views) - PAGE} more." if len(views) > PAGE else "."
    )


def sheet(view: View, record: e.Record, *, lead: str = "", part: int = 1) -> Card:
    """One part of the text for PebblePad. It is copied by hand: no program can write there."""
    pages = parts(view, record)
    part = min(max(part, 1), len(pages))
    of = f" (part {part} of {len(pages)})" if len(pages) > 1 else ""
    done = recorded(view.case, record)
    section = f"the {view.provider.words.intervention} section of {literal(view.placement.phase)}"
    where = "the weekly meeting section" if record is e.Record.WEEKLY_TARGET else section
    pad = view.provider.pebblepad_link
    hidden = {"case": view.case.id, "nonce": view.nonce, "record": record.value}
    state = recorded_words(view, record) or "Nobody has said yet that it is recorded in PebblePad."
    others = [r for r in dict.fromkeys((*still_to_record(view), *reversed(there(view)))) if r is not record]
    last = "positive" if part == len(pages) else ""
    return card(
        quiet(reference_line(view)),
        heading(f"For PebblePad: {NAMES[record]}{of}"),
        text(lead, weight="Bolder") if lead else None,
        text(
            f"It belongs in {where}. Press and hold a text to copy it, and paste it there field by field. Pathway "
            "cannot write there itself."
        ),
        *([label(title), *said(words)] for title, words in pages[part - 1]),
        quiet(state),
        actions=[
            *(
                [act(view, "Show the next part", "pebblepad.show", record=record.value, page=str(part + 1))]
                if part < len(pages)
                else []
            ),
            *([] if done else [button("It is recorded in PebblePad", "pebblepad.recorded", style=last, **hidden)]),
            *([link("Open PebblePad", pad)] if pad else []),
            *(act(view, f"Show {NAMES[r]}", "pebblepad.show", record=r.value) for r in others[:2]),
            act(view, "Back", "cases.open"),
        ],
    )
