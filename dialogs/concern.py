"""Raising a concern: where are you with it, the route check, one form, check your answers, and it is recorded."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from cards import concern as cards
from cards.case import case_card
from cards.concern import START, Choice
from cards.days import proposal
from cards.home import note, safeguarding
from dialogs.router import Steps
from dialogs.turn import Reply, Turn, new_nonce
from pathway import events as e
from pathway.casework import NoSuchCase
from pathway.dates import Calendar, in_words, local_date
from pathway.people import Placement
from pathway.ports import AlreadyOpen, CaseBook, Draft, OutboxItem
from pathway.provider import starting
from pathway.roles import Role
from pathway.rules import Fault, Ground, Refused
from pathway.standards import overlap_hint
from pathway.tellings import Notice

steps = Steps()
FORM, SEND = "concern", "concern.send"
SUMMARY = "Placements: raising a concern"
KINDS = frozenset({START, cards.NOT_ENOUGH, cards.CANNOT_WAIT})
#: Where a rule's field has another name on this form.
ALIASES = {"help_offered": "help", "support_given": "help", "evidence": "seen"}
_PRIVATE = ("kind", "_nonce")
#: More students than a list on a card can hold.
MOST_CHOICES = 12


async def start(turn: Turn, about: str = "") -> Reply:
    """The first question, with the student chosen already where a name was typed or there is only one."""
    places = await turn.casework.placements_for(turn.person)
    if not places:
        return Reply(_nobody(turn), SUMMARY)
    if draft := await _unsent(turn):
        return Reply(cards.draft_waiting(in_words(local_date(draft.saved_at), turn.today)), SUMMARY)
    return await _origin(turn, places, about)


async def _origin(turn: Turn, places: Sequence[Placement], about: str) -> Reply:
    people = await turn.casework.roster.people()
    wanted = about.casefold()
    fitting = [p for p in places if wanted in people[p.student].name.casefold()] if wanted else list(places)
    if len(fitting) == 1:
        return Reply(cards.origin(turn.provider, people[fitting[0].student].name, fitting[0].id), SUMMARY)
    return Reply(cards.origin(turn.provider), SUMMARY)


def _nobody(turn: Turn) -> dict[str, object]:
    team = turn.provider.role(Role.PARTNERSHIP_TEAM)
    return note(
        "No current placement",
        "You have no student on placement here at the moment, so there is nobody to choose.",
        f"If that is wrong, ask the {team}.",
    )


async def was_sent(book: CaseBook, draft: Draft) -> bool:
    """Whether what a draft of this form holds has become a case: a bot that is killed then leaves the draft behind."""
    return await book.seen(_sending(draft.values.get("_nonce", ""))) is not None


def _sending(nonce: str) -> str:
    """The nonce of the case that comes of the form with this one."""
    return f"{nonce}:{SEND}"


async def _unsent(turn: Turn) -> Draft | None:
    """What was saved and not sent; what was sent is dropped."""
    draft = await turn.draft(FORM)
    if draft is not None and await was_sent(turn.casework.book, draft):
        await turn.drop(FORM)
        return None
    return draft


@steps.on("concern.start")
async def started(turn: Turn) -> Reply:
    return await start(turn)


@steps.on("concern.anew")
async def anew(turn: Turn) -> Reply:
    await turn.drop(FORM)
    return await start(turn)


@steps.on("concern.discard")
async def discard(turn: Turn) -> Reply:
    await turn.office.drafts.drop(turn.person.id, FORM)
    return Reply(cards.discarded(), SUMMARY)


@steps.on("concern.route")
async def route(turn: Turn) -> Reply:
    return Reply(cards.route_check(_kind(turn), turn.get("placement")), SUMMARY)


@steps.on("concern.stop")
async def stop(turn: Turn) -> Reply:
    """Nothing is stored: no draft, no name, no count."""
    return Reply(safeguarding(turn.provider), "Placements: please ring somebody now")


def _kind(turn: Turn) -> str:
    kind = turn.get("kind")
    return kind if kind in KINDS else START


async def _choices(turn: Turn, placement: str = "") -> tuple[Choice, ...]:
    """The placements this person may choose from; just the one that was chosen before, if it is theirs."""
    places = await turn.casework.placements_for(turn.person)
    chosen = [p for p in places if p.id == placement]
    people = await turn.casework.roster.people()
    return tuple(
        Choice(
            p,
            people[p.student].name,
            "" if turn.person.id in (p.mentor, p.second_mentor) else people[p.mentor].name,
        )
        for p in chosen or places
    )


def _proposed(turn: Turn, choices: Sequence[Choice], on: date | None = None) -> tuple[date, str]:
    """The day of the one-week check, with how it was found: so many school days after the talk, and not before the
    next school day.
    """
    calendar = _calendar(turn, choices[0])
    who = choices[0].student.split(" ")[0] if len(choices) == 1 else ""
    day, words = proposal(calendar, on or turn.today, turn.provider.days.weekly_check, who)
    return max(day, calendar.next_after(turn.today)), words


@steps.on("concern.form")
async def form(turn: Turn) -> Reply:
    offered = await _offered(turn, {})
    if 1 < len(offered) <= cards.A_BUTTON_EACH:
        return Reply(cards.about_whom(_kind(turn), offered), SUMMARY)
    return await concern_form(turn, {}, ())


@steps.form(FORM)
async def concern_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    """The form as it was left; a new one has the day of the check filled in. What is sent from "Check your answers" is
    kept here: the card brings nothing of it along.
    """
    draft = await turn.draft(FORM) if turn.verb == SEND else None
    if draft is not None and draft.values.get("_nonce") == turn.nonce:
        turn, values = _as_left(turn, draft)
    shown = await _offered(turn, values)
    if not shown:
        return Reply(_nobody(turn), SUMMARY)
    if len(shown) > MOST_CHOICES:
        return Reply(_name_one(turn), SUMMARY)
    kind = _kind(turn)
    day, note_on_day = _proposed(turn, shown)
    filled = dict(values)
    if kind == START and not filled.get("check_on"):
        filled["check_on"] = day.isoformat()
    renamed = [replace(f, field=ALIASES.get(f.field, f.field)) for f in faults]
    drawn = cards.concern_form(
        turn.provider,
        kind,
        shown,
        filled,
        turn.nonce if turn.get("nonce") else new_nonce(),
        faults=renamed,
        date_note=note_on_day,
        on_behalf=shown[0].mentor if len(shown) == 1 else "",
    )
    return Reply(drawn, SUMMARY)


async def _offered(turn: Turn, values: Mapping[str, str]) -> tuple[Choice, ...]:
    """Whom the form offers: just the one that was named before it opened, else all, so that a choice can be changed.
    A long list (the office's) is narrowed to the one that is chosen.
    """
    everyone = await _choices(turn)
    if turn.verb == "concern.form" or len(everyone) > MOST_CHOICES:
        wanted = values.get("placement") or turn.get("placement")
        return tuple(c for c in everyone if c.placement.id == wanted) or everyone
    return everyone


def _name_one(turn: Turn) -> dict[str, object]:
    return note(
        "Whom is it about?",
        f"You have many students, {turn.person.name.split(' ')[0]}. Type “concern about” and the student's name.",
    )


async def _chosen(turn: Turn, values: Mapping[str, str]) -> Choice:
    """Raises Refused when no student is chosen, or one that is not theirs."""
    wanted = values.get("placement", "")
    found = [c for c in await _choices(turn) if c.placement.id == wanted]
    if not found:
        raise Refused(Fault("Choose the student.", "placement"))
    return found[0]


@steps.on("concern.check")
async def check(turn: Turn) -> Reply:
    values = turn.values
    choice = await _chosen(turn, values)
    values = _with_day(turn, choice, values)
    ground = await turn.casework.ground(choice.placement.id)
    _try(turn, values, choice, ground)
    nonce = turn.nonce
    await turn.keep(FORM, {**values, "kind": _kind(turn), "_nonce": nonce})
    if open_case := await turn.casework.book.open_case_of(choice.placement.id):
        raise AlreadyOpen(open_case)
    return _answers(turn, choice, values, nonce)


def _try(turn: Turn, values: Mapping[str, str], choice: Choice, ground: Ground) -> None:
    """Asks the rules. Raises Refused with everything that is missing at once: where a day is missing, the rest is asked
    as if it were there.
    """
    try:
        events = _events(turn, values, choice, ground)
    except Refused as first:
        today, later = turn.today.isoformat(), ground.calendar.next_after(turn.today).isoformat()
        there = {"on": today, "target_set_on": today, "check_on": later, "student_aware": "yes"}
        filled = {**there, **{k: v for k, v in values.items() if k not in {f.field for f in first.faults}}}
        try:
            turn.casework.trial(_events(turn, filled, choice, ground), ground)
        except Refused as rest:
            raise Refused(*first.faults, *rest.faults) from None
        raise
    turn.casework.trial(events, ground)


def _with_day(turn: Turn, choice: Choice, values: dict[str, str]) -> dict[str, str]:
    """The day of the check counts from the talk; where the proposal was left as it stood, it is worked out again."""
    told = turn.day("on")
    proposal, _ = _proposed(turn, [choice])
    if _kind(turn) == START and told and values.get("check_on") in ("", None, proposal.isoformat()):
        day, _ = _proposed(turn, [choice], told)
        return {**values, "check_on": day.isoformat()}
    return values


def _answers(turn: Turn, choice: Choice, values: Mapping[str, str], nonce: str) -> Reply:
    dates: dict[str, str] = {}
    for field, title in (("on", "Talked on"), ("target_set_on", "Target set on"), ("check_on", "Look again on")):
        if values.get(field):
            day = date.fromisoformat(values[field])
            words = in_words(day, turn.today)
            if field == "check_on":
                how = _calendar(turn, choice).explain_until(date.fromisoformat(values["on"]), day).how
                words = f"{words} ({how})"
            dates[title] = words
    areas = tuple(a for a in values.get("areas", "").split(",") if a)
    drawn = cards.check_answers(
        turn.provider,
        _kind(turn),
        choice,
        values,
        nonce,
        dates=dates,
        hint=overlap_hint(areas, turn.provider),
        on_behalf=choice.mentor,
    )
    return Reply(drawn, SUMMARY)


def _calendar(turn: Turn, choice: Choice) -> Calendar:
    return turn.provider.calendar_for(choice.placement.calendar, choice.placement.days)


def _day(values: Mapping[str, str], field: str) -> date | None:
    try:
        return date.fromisoformat(values.get(field, ""))
    except ValueError:
        return None


def _ticks(values: Mapping[str, str], field: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part for part in values.get(field, "").split(",") if part))


def _events(
    turn: Turn, values: Mapping[str, str], choice: Choice, ground: Ground, *, case_id: str = "", reference: str = ""
) -> tuple[e.Event, e.Event]:
    """What the form says, as the two events it would be. Raises Refused where a day is missing."""
    place = choice.placement
    opened = e.DraftStarted(
        **turn.stamp(ground, e.DraftStarted),
        case=case_id,
        reference=reference,
        placement=place.id,
        student=place.student,
        mentor=place.mentor,
        route_check_clear=True,
    )
    if values.get("kind", _kind(turn)) == START:
        return opened, _target(turn, values, choice, ground)
    return opened, _told(turn, values, ground)


def _target(turn: Turn, values: Mapping[str, str], choice: Choice, ground: Ground) -> e.Event:
    talked, check_on = _day(values, "on"), _day(values, "check_on")
    if talked is None:
        sentence = "Choose the day on which you talked to them. The pathway starts with that conversation."
        raise Refused(Fault(sentence, "on"))
    if check_on is None:
        raise Refused(Fault("Choose a day to look at it again.", "check_on"))
    return e.WeeklyTargetSet(
        **turn.stamp(ground, e.WeeklyTargetSet, on=talked),
        areas=_ticks(values, "areas"),
        seen=values.get("seen", ""),
        going_well=values.get("going_well", ""),
        target=values.get("target", ""),
        measure=values.get("measure", ""),
        help_offered=_ticks(values, "help"),
        check_on=check_on,
        check_found=_calendar(turn, choice).explain_until(talked, check_on).how,
        copy_to_student=turn.provider.settings.copy_to_student,
    )


def _told(turn: Turn, values: Mapping[str, str], ground: Ground) -> e.Event:
    cannot_wait = values.get("kind", _kind(turn)) == cards.CANNOT_WAIT
    set_on = None if cannot_wait else _day(values, "target_set_on")
    if not cannot_wait and set_on is None:
        raise Refused(Fault("Choose the day on which you set the target.", "target_set_on"))
    if values.get("student_aware") not in ("yes", "no"):
        raise Refused(Fault("Say whether the student knows.", "student_aware"))
    return e.LinkTutorToldAtOnce(
        **turn.stamp(ground, e.LinkTutorToldAtOnce),
        areas=_ticks(values, "areas"),
        seen=values.get("seen", ""),
        going_well=values.get("going_well", ""),
        evidence=values.get("seen", ""),
        support_given=_ticks(values, "help"),
        student_aware=values.get("student_aware") == "yes",
        target="" if cannot_wait else values.get("target", ""),
        target_set_on=set_on,
        skip_because=values.get("skip_because", "") if cannot_wait else "",
        student_unaware_because=values.get("student_unaware_because", ""),
        best_times=values.get("best_times", ""),
    )


@steps.on("concern.edit")
async def edit(turn: Turn) -> Reply:
    return await resume(turn)


@steps.on("concern.resume")
async def resume(turn: Turn) -> Reply:
    draft = await _unsent(turn)
    if draft is None:
        return await start(turn)
    return await concern_form(*_as_left(turn, draft), ())


def _as_left(turn: Turn, draft: Draft) -> tuple[Turn, dict[str, str]]:
    """The turn and the fields, as if the form had just been filled in."""
    values = {k: v for k, v in draft.values.items() if k not in _PRIVATE}
    again = turn.with_data(
        kind=draft.values.get("kind", START),
        nonce=draft.values.get("_nonce", ""),
        placement=values.get("placement", ""),
    )
    return again, values


async def _keep(turn: Turn) -> str:
    """Saves what is there, half-filled or not, and says until when it is kept."""
    kept = await turn.draft(FORM)
    filled = turn.values
    if turn.verb == "concern.save" and set(filled) <= {"placement"} and kept:
        filled = {k: v for k, v in kept.values.items() if k not in _PRIVATE}
    await turn.keep(FORM, {**filled, "kind": _kind(turn), "_nonce": turn.nonce})
    placement = await turn.casework.roster.placement(filled.get("placement", ""))
    calendar = turn.provider.calendar_for(placement.calendar if placement else "", "")
    return in_words(calendar.add(turn.today, turn.provider.days.draft_kept), turn.today)


@steps.on("concern.save")
async def save(turn: Turn) -> Reply:
    return Reply(cards.saved(await _keep(turn)), SUMMARY)


@steps.on("concern.not_talked")
async def not_talked(turn: Turn) -> Reply:
    kept = await _keep(turn)
    chosen = [c for c in await _choices(turn) if c.placement.id == turn.get("placement")]
    return Reply(cards.not_talked(chosen[0].student if chosen else "", kept), SUMMARY)


@steps.on(SEND)
async def send(turn: Turn) -> Reply:
    if earlier := await turn.casework.book.seen(_sending(turn.nonce)):
        await _unsent(turn)
        case, ground = await turn.open(earlier.case_id)
        return Reply(case_card(turn.view(case, ground)), SUMMARY, case.id)
    draft = await turn.draft(FORM)
    if draft is None or draft.values.get("_nonce") != turn.nonce:
        return Reply(
            note("Nothing was sent from this card", "What it held was sent, changed or thrown away since."), SUMMARY
        )
    values = {k: v for k, v in draft.values.items() if k != "_nonce"}
    choice = await _chosen(turn, values)
    ground = await turn.casework.ground(choice.placement.id)
    reference = await turn.casework.new_reference()
    case_id = secrets.token_hex(8)
    again = turn.with_data(kind=values.get("kind", START))
    events = _events(again, values, choice, ground, case_id=case_id, reference=reference)
    done = await turn.casework.record(case_id, events, nonce=_sending(turn.nonce), answering=turn.activity_id)
    await turn.drop(FORM)
    view = turn.view(done.case, ground)
    if isinstance(events[1], e.WeeklyTargetSet):
        lead = "Thank you. The weekly target is set."
    else:
        lead = f"{starting(view.link_tutor)} has been told."
    return Reply(case_card(view, lead), SUMMARY, done.case.id)


@steps.on("concern.advice")
async def advice(turn: Turn) -> Reply:
    return await advice_form(turn, {}, ())


@steps.form("advice")
async def advice_form(turn: Turn, values: Mapping[str, str], faults: Sequence[Fault]) -> Reply:
    choices = await _choices(turn, turn.get("placement"))
    if not choices:
        return Reply(_nobody(turn), SUMMARY)
    nonce = turn.nonce if faults else new_nonce()
    return Reply(cards.advice_form(turn.provider, choices, values, nonce, faults), SUMMARY)


@steps.on("concern.ask")
async def ask(turn: Turn) -> Reply:
    question = turn.get("question")
    choice = await _chosen(turn, turn.values)
    if not question:
        raise Refused(Fault("Write your question.", "question"))
    ground = await turn.casework.ground(choice.placement.id)
    tutor = choice.placement.link_tutor
    receivers = (tutor,) if tutor else ground.party.office.team
    if not receivers:
        raise NoSuchCase("nobody to ask")
    role = Role.LINK_TUTOR if tutor else Role.PARTNERSHIP_TEAM
    for to in receivers:
        item = OutboxItem(
            key=f"advice:{turn.nonce}:{to}",
            to=to,
            notice=Notice.ADVICE,
            not_before=turn.casework.tell_at(role, ground),
            data={"from": turn.person.id, "placement": choice.placement.id, "words": question},
        )
        await turn.office.post_letter(item, f"{turn.nonce}:{turn.verb}:{to}")
    to_words = ground.party.name(tutor) if tutor else f"The {turn.provider.role(role)}"
    return Reply(cards.advice_sent(to_words), SUMMARY)
