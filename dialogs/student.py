"""What a student sends: "It is achievable", "I want to talk about it", a reply, "ask my Link Tutor to ring me"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cards import student as cards
from cards.case import case_card
from cards.plan import students_words
from cards.support_plan import promises_form as draw_promises
from cards.view import plan_for_student
from dialogs.router import Steps
from dialogs.support_plan.keep import KEEPING, promise_ticks, promise_values
from dialogs.turn import Reply, Turn
from pathway import events as e
from pathway.case import Case
from pathway.casework import NoSuchCase
from pathway.dates import local_date
from pathway.people import Item
from pathway.ports import Saw
from pathway.process import Stage
from pathway.rules import Fault, Ground, NotYours, OutOfStep, Refused

steps = Steps()
SUMMARY = "Placements: your placement"
#: A plan can be answered while it is talked about and while it runs.
ANSWERED = (Stage.PLAN_TO_DISCUSS, Stage.PLAN_IN_PLACE)


async def _mine(turn: Turn) -> tuple[Case, Ground]:
    """The student's own case. Raises NotYours for anybody else."""
    case, ground = await turn.case()
    if turn.person.id != case.student:
        raise NotYours("only the student")
    return case, ground


async def _with_plan(turn: Turn, *stages: Stage) -> tuple[Case, Ground]:
    """The same, once somebody has talked the plan through with the student. Raises OutOfStep before."""
    case, ground = await _mine(turn)
    if case.stage not in stages or plan_for_student(case) is None:
        raise OutOfStep(case.stage.value)
    return case, ground


@steps.on("student.plan")
async def plan(turn: Turn) -> Reply:
    """`my plan` and `my target`: what is agreed now, with whom to ask."""
    found: list[tuple[Case, Ground]] = []
    for case_id in await turn.casework.book.cases_of(turn.person.id, open_only=False):
        try:
            case, ground = await turn.open(case_id)
        except NoSuchCase:
            continue
        if case.student == turn.person.id:
            found.append((case, ground))
    if not found:
        return Reply(cards.no_plan(turn.provider), SUMMARY)
    case, ground = max(found, key=lambda pair: (pair[0].stage.is_open, pair[0].entered.at))
    drawn = case_card(turn.view(case, ground))
    turn.shows(Saw.PLAN, case.id)
    return Reply(drawn, SUMMARY, case.id)


@steps.on("student.confirm")
async def confirm(turn: Turn) -> Reply:
    case, ground = await _with_plan(turn, *ANSWERED)
    sent = turn.get("version")
    version = int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 6 else 0
    event = e.StudentConfirmed(**turn.stamp(ground, e.StudentConfirmed, case), version=version)
    done = await turn.record(case.id, event, fact=True)
    return Reply(case_card(turn.view(done.case, ground), "Thank you. It is on the record."), SUMMARY, case.id)


@steps.on("student.talk")
async def talk(turn: Turn) -> Reply:
    return await talk_form(turn, {}, ())


@steps.form("student.talk")
async def talk_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await _with_plan(turn, *ANSWERED)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    return Reply(cards.talk_form(view, values, faults), SUMMARY)


@steps.on("student.not_agreed")
async def not_agreed(turn: Turn) -> Reply:
    case, ground = await _with_plan(turn, *ANSWERED)
    event = e.StudentNotAgreed(**turn.stamp(ground, e.StudentNotAgreed, case), words=turn.get("words"))
    done = await turn.record(case.id, event, fact=True)
    view = turn.view(done.case, ground)
    return Reply(case_card(view, f"Thank you. {view.link_tutor} is told and speaks to you."), SUMMARY, case.id)


@steps.on("student.reply")
async def reply(turn: Turn) -> Reply:
    return await reply_form(turn, {}, ())


@steps.form("student.reply")
async def reply_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await _mine(turn)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    return Reply(cards.reply_form(view, values, faults), SUMMARY)


@steps.on("student.replied")
async def replied(turn: Turn) -> Reply:
    case, ground = await _mine(turn)
    if not turn.get("words"):
        raise Refused(Fault("Write something first.", "words"))
    event = e.StudentReplied(**turn.stamp(ground, e.StudentReplied, case), words=turn.get("words"))
    done = await turn.record(case.id, event, fact=True)
    return Reply(case_card(turn.view(done.case, ground), "Your words are on the record."), SUMMARY, case.id)


@steps.on("student.words")
async def words(turn: Turn) -> Reply:
    """Everything the student has written, for the student and whoever reads the case."""
    case, ground = await turn.case()
    view = turn.view(case, ground)
    if not (view.is_student or view.sees(Item.CONCERN)):
        raise NotYours("the student's words are not theirs to read")
    if not students_words(case):
        raise OutOfStep("nothing is written")
    sent = turn.get("page")
    part = int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 4 else 1
    turn.shows(Saw.WORDS, case.id)
    return Reply(cards.words_card(view, part), SUMMARY)


@steps.on("student.ring")
async def ring(turn: Turn) -> Reply:
    case, ground = await _mine(turn)
    if case.told is None or not ground.party.link_tutor(case):
        raise OutOfStep("nobody to ring")
    view = turn.view(case, ground)
    asked = case.last(e.ReplyRequested)
    if asked and local_date(asked.at) == turn.today:
        return Reply(case_card(view, f"{view.link_tutor} has been asked today already."), SUMMARY, case.id)
    event = e.ReplyRequested(**turn.stamp(ground, e.ReplyRequested, case))
    done = await turn.record(case.id, event, fact=True)
    lead = f"{view.link_tutor} is asked to ring you."
    return Reply(case_card(turn.view(done.case, ground), lead), SUMMARY, case.id)


@steps.on("student.promises")
async def promises(turn: Turn) -> Reply:
    case, _ground = await _with_plan(turn, *KEEPING)
    return await promises_form(turn, promise_values(case, turn.person.id), ())


@steps.form("student.promises")
async def promises_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    case, ground = await _with_plan(turn, *KEEPING)
    view = turn.view(case, ground, nonce=turn.nonce if faults else "")
    return Reply(draw_promises(view, values, faults), SUMMARY)


@steps.on("student.kept")
async def kept(turn: Turn) -> Reply:
    case, ground = await _with_plan(turn, *KEEPING)
    if ticks := promise_ticks(turn, case, ground, turn.person.id):
        case = (await turn.record(case.id, *ticks, fact=True)).case
    return Reply(case_card(turn.view(case, ground), "Thank you. It is on the record."), SUMMARY, case.id)
