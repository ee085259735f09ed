"""The first half of the road: how a case may stand from a worry to the meeting, and the forms on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from cards import (
    cases,
    concern,
    decision,
    home,
    link_tutor,
    meeting,
    second_opinion,
    views,
    weekly_check,
)
from cards import channel as in_channel
from cards import mentor as another_mentor
from cards.acts import chat_link
from cards.concern import CANNOT_WAIT, NOT_ENOUGH, START, Choice
from cards.elements import Card, link
from cards.view import View
from pathway import events as e
from pathway.provider import Provider
from pathway.roles import Role
from pathway.slots import Slot
from pathway.tellings import CHANNEL
from tests.cards.catalogue.world import (
    BOT_LINK,
    NONCE,
    NOTE,
    TYPISTS,
    CaseForm,
    Drawn,
    Faults,
    Line,
    Told,
    Values,
    World,
    fillings,
    of,
)
from tests.pathway.builders import moment

TUESDAY, WEDNESDAY, THURSDAY = "2026-10-06 10:00", "2026-10-07 09:00", "2026-10-08 09:10"
WEEK_ON, TWO_ON = "2026-10-13 15:40", "2026-10-20 15:40"
FRIDAY = "2026-10-16 09:00"
TARGET: Line = (TUESDAY, "mentor", e.WeeklyTargetSet, {})
MORE: Line = (WEEK_ON, "mentor", e.TargetContinued, {})
TOLD_OF_IT: Line = (WEEK_ON, "mentor", e.LinkTutorTold, {})
AT_ONCE: Line = (TUESDAY, "mentor", e.LinkTutorToldAtOnce, {"skip_because": "It cannot wait."})
HAS_IT: Line = (WEDNESDAY, "link_tutor", e.LinkTutorAcknowledged, {})
SPOKE: Line = (TUESDAY, "mentor", e.SecondOpinion, {})
ASKED: Line = (
    TUESDAY,
    "mentor",
    e.SecondOpinion,
    {"kind": e.Opinion.ASKED, "planned_on": moment(THURSDAY).date()},
)
SAW: Line = (FRIDAY, "mentor", e.SecondOpinion, {"kind": e.Opinion.OBSERVED, "seen": "600"})
BOOKED: Line = (WEDNESDAY, "link_tutor", e.MeetingBooked, {"starts": moment("2026-10-08 15:45")})
WITH_LINK: Line = (*BOOKED[:3], {**BOOKED[3], "link": "https://teams.microsoft.com/l/meetup-join/1"})
TIMES = tuple(map(moment, ("2026-10-08 15:30", "2026-10-09 15:30", "2026-10-12 15:30")))
OFFERED: Line = (WEDNESDAY, "link_tutor", e.TimesOffered, {"times": TIMES})
CHOSEN: Line = (WEDNESDAY, "mentor", e.TimesChosen, {"times": TIMES[1:]})
TOOK: Line = (WEDNESDAY, "mentor", e.MeetingBooked, {"starts": TIMES[1], "invite": True})
CANCELLED: Line = (WEDNESDAY, "link_tutor", e.MeetingCancelled, {})
MY_VIEW: Line = (FRIDAY, "mentor", e.ViewRecorded, {})
TUTORS: Line = (
    FRIDAY,
    "link_tutor",
    e.ViewRecorded,
    {"held": e.Held.PHONE, "present": ("Priya Nair", "Dr Helen Marsh")},
)
DIFFERS: Line = (*TUTORS[:3], {**TUTORS[3], "view": e.View.AS_EXPECTED})
NOT_SURE: Line = (*TUTORS[:3], {**TUTORS[3], "view": e.View.NOT_SURE})
TYPED_VIEW: Line = (FRIDAY, "link_tutor", e.ViewRecorded, {"for_mentor": True})
APART: Line = (FRIDAY, "link_tutor", e.ViewsDiffered, {})
PLAN: Line = (FRIDAY, "link_tutor", e.InterventionAgreed, {})
LEADS_PLAN: Line = (FRIDAY, "lead", e.InterventionAgreed, {"decided_because": "a reason"})
MORE_TIME: Line = (FRIDAY, "link_tutor", e.MoreTimeAgreed, {})
NOTHING: Line = (FRIDAY, "link_tutor", e.NoInterventionAgreed, {})
WITHDRAWN: Line = (THURSDAY, "mentor", e.ReferralWithdrawn, {})
ERROR: Line = (THURSDAY, "mentor", e.RaisedInError, {})
PAUSED: Line = (THURSDAY, "mentor", e.CasePaused, {})
NAMED: Line = (WEDNESDAY, "team", e.LinkTutorNamed, {})
UNAWARE = {"student_aware": False, "student_unaware_because": "I see them tomorrow."}

#: Every way a case of the first half may stand, by name.
STORIES: Mapping[str, tuple[Line, ...]] = {
    "a draft": ((TUESDAY, "mentor", e.DraftStarted, {}),),
    "a weekly target": (TARGET,),
    "a weekly target without a copy": ((*TARGET[:3], {"copy_to_student": False}),),
    "a target that the tutor typed": ((*TARGET[:1], "link_tutor", TARGET[2], {"for_mentor": True}),),
    "a target that the office typed": ((*TARGET[:1], "team", TARGET[2], {"for_mentor": True}),),
    "a colleague spoken to": (TARGET, SPOKE),
    "a colleague asked": (TARGET, ASKED),
    "a colleague has seen a lesson": (TARGET, SPOKE, ASKED, SAW),
    "one more week": (TARGET, MORE),
    "two more weeks": (TARGET, MORE, (TWO_ON, *MORE[1:])),
    "told after a week": (TARGET, TOLD_OF_IT),
    "told before the student knows": (TARGET, (*TOLD_OF_IT[:3], UNAWARE)),
    "the student is told afterwards": (
        TARGET,
        (*TOLD_OF_IT[:3], UNAWARE),
        (WEEK_ON, "mentor", e.StudentTold, {"what": e.Told.REFERRAL}),
    ),
    "told at once": (AT_ONCE,),
    "told at once, the student unaware": ((*AT_ONCE[:3], {**AT_ONCE[3], **UNAWARE}),),
    "told of a target set elsewhere": (
        (*AT_ONCE[:3], {"skip_because": "", "target": "400", "target_set_on": moment("2026-09-29").date()}),
    ),
    "taken up": (AT_ONCE, HAS_IT),
    "taken up by the office": (AT_ONCE, (WEDNESDAY, "team", e.LinkTutorAcknowledged, {})),
    "a cover is named": (AT_ONCE, NAMED),
    "booked": (AT_ONCE, BOOKED),
    "booked, with a link": (AT_ONCE, HAS_IT, WITH_LINK),
    "booked by the office": (AT_ONCE, (*BOOKED[:1], "team", *BOOKED[2:])),
    "cancelled": (AT_ONCE, BOOKED, CANCELLED),
    "times offered": (AT_ONCE, HAS_IT, OFFERED),
    "times offered by the office": (AT_ONCE, (*OFFERED[:1], "team", *OFFERED[2:])),
    "times offered to move it": (AT_ONCE, BOOKED, OFFERED),
    "times chosen": (AT_ONCE, OFFERED, CHOSEN),
    "times chosen for the mentor": (AT_ONCE, OFFERED, (*CHOSEN[:3], {**CHOSEN[3], "for_mentor": True})),
    "times chosen that are taken": (AT_ONCE, OFFERED, (*CHOSEN[:3], {**CHOSEN[3], "taken": TIMES[1:]})),
    "none of the times": (AT_ONCE, HAS_IT, OFFERED, (*CHOSEN[:3], {"times": (), "words": "200"})),
    "a chosen time booked": (AT_ONCE, OFFERED, (*CHOSEN[:3], {**CHOSEN[3], "books": TIMES[1]}), TOOK),
    "booked by Pathway": (AT_ONCE, (*BOOKED[:3], {**BOOKED[3], "invite": True})),
    "cancelled for the mentor": (AT_ONCE, BOOKED, (*CANCELLED[:3], {"for_mentor": True})),
    "spoken, the mentor's view wanted": (AT_ONCE, TUTORS),
    "spoken, the tutor's view wanted": (AT_ONCE, BOOKED, MY_VIEW),
    "spoken, the mentor's view typed": (AT_ONCE, TUTORS, TYPED_VIEW),
    "met, both not as expected": (AT_ONCE, BOOKED, TUTORS, MY_VIEW),
    "met, two views": (AT_ONCE, BOOKED, DIFFERS, MY_VIEW),
    "met, one not sure": (AT_ONCE, BOOKED, NOT_SURE, MY_VIEW),
    "views differ": (AT_ONCE, BOOKED, DIFFERS, MY_VIEW, APART),
    "views differ, one typed": (AT_ONCE, DIFFERS, TYPED_VIEW, APART),
    "writing the plan": (AT_ONCE, BOOKED, TUTORS, MY_VIEW, PLAN),
    "writing the plan, one view typed": (AT_ONCE, TUTORS, TYPED_VIEW, PLAN),
    "the lead decides for a plan": (AT_ONCE, DIFFERS, MY_VIEW, APART, LEADS_PLAN),
    "more time": (AT_ONCE, TUTORS, MY_VIEW, MORE_TIME),
    "no further step": (AT_ONCE, TUTORS, MY_VIEW, NOTHING),
    "the call taken back": (AT_ONCE, WITHDRAWN),
    "met": (TARGET, (WEEK_ON, "mentor", e.TargetMet, {})),
    "met, typed by the tutor": (TARGET, (WEEK_ON, "link_tutor", e.TargetMet, {"for_mentor": True})),
    "met after the call": (AT_ONCE, WITHDRAWN, (TWO_ON, "mentor", e.TargetMet, {})),
    "in error": (TARGET, ERROR),
    "in error after the call": (AT_ONCE, ERROR),
    "paused": (TARGET, PAUSED),
    "paused until a day": (AT_ONCE, (*PAUSED[:3], {"back_on": moment("2026-10-12").date()})),
    "taken up again": (TARGET, PAUSED, ("2026-10-12 09:00", "mentor", e.CaseResumed, {})),
    "left the course": (AT_ONCE, (THURSDAY, "team", e.StudentLeftCourse, {})),
    "the placement over": (AT_ONCE, (THURSDAY, "team", e.PlacementEnded, {})),
    "another procedure": (AT_ONCE, (THURSDAY, "lead", e.OtherProcedureTookOver, {})),
}

ROUND: tuple[Line, ...] = (TUTORS, MY_VIEW, BOOKED, CANCELLED)


def homes(world: World) -> Iterator[Drawn]:
    provider, name = world.provider, world.people["priya"].name
    for roles in ((), *((role,) for role in Role), (Role.MENTOR, Role.LINK_TUTOR)):
        for news in ("", "I did not understand that. This is what I can do:"):
            for first in (False, True):
                drawn = home.home(name, roles, provider, news=news, first_time=first)
                yield Drawn(f"home.home: {roles}, {news!r}, {first=}", drawn)
    yield Drawn("home.home: added", home.home(name, (), provider, first_time=True, added_by=world.people["sam"].name))
    for sentence in (in_channel.IN_OUR_CHAT, in_channel.ANSWERED, in_channel.ASK_AGAIN):
        drawn = in_channel.in_the_thread(sentence, BOT_LINK)
        yield Drawn(f"channel.in_the_thread: {sentence}", drawn, CHANNEL, summary="Placements: our own chat")
    yield Drawn("channel.not_your_channel", in_channel.not_your_channel(provider))
    yield Drawn("home.stranger", home.stranger(provider))
    yield Drawn("home.guest_to_confirm", home.guest_to_confirm(provider))
    yield Drawn("home.privacy", home.privacy(provider))
    yield Drawn("home.safeguarding", home.safeguarding(provider))
    yield Drawn("home.safeguarding: with news", home.safeguarding(provider, news="You wrote about safeguarding."))
    yield Drawn("home.note", home.note("Already open", "There is an open case for this placement already."))
    yield Drawn("home.not_found", home.not_found())


def choices_of(world: World, n: int, mentor: str = "") -> tuple[Choice, ...]:
    placement = world.ground().party.placement
    student = world.people["tom"].name
    return tuple(Choice(replace(placement, id=f"placement-{i}"), student, mentor) for i in range(n))


KINDS = (START, NOT_ENOUGH, CANNOT_WAIT)
SOME = {
    START: ("on", "seen", "going_well", "target", "measure", "help", "areas", "check_on"),
    NOT_ENOUGH: ("target_set_on", "target", "seen", "going_well", "help", "areas", "best_times", "student_aware"),
    CANNOT_WAIT: ("skip_because", "seen", "going_well", "areas", "student_aware", "student_unaware_because"),
}


def concerns(world: World) -> Iterator[Drawn]:
    provider, student, mentor = world.provider, world.people["tom"].name, world.people["priya"].name
    yield Drawn("concern.origin", concern.origin(provider))
    yield Drawn("concern.origin: about somebody", concern.origin(provider, student, "placement-1"))
    for n in (2, 4):
        yield Drawn(f"concern.about_whom: {n}", concern.about_whom("start", choices_of(world, n)))
    yield Drawn("concern.draft_waiting", concern.draft_waiting("Tuesday 6 October"))
    yield Drawn("concern.draft_reminder", concern.draft_reminder("Tuesday 13 October"))
    yield Drawn("concern.not_talked", concern.not_talked(student, "Tuesday 13 October"))
    yield Drawn("concern.not_talked: nobody chosen", concern.not_talked("", "Tuesday 13 October"))
    yield Drawn("concern.saved", concern.saved("Tuesday 13 October"))
    yield Drawn("concern.discarded", concern.discarded())
    yield Drawn("concern.advice_sent", concern.advice_sent(world.people["helen"].name))
    chat = link(f"Write to {mentor} in Teams", chat_link("priya@hollinbank.example"))
    for way in (None, chat):
        drawn = concern.advice_for_you(mentor, student, world.typed(600), way)
        yield Drawn(f"concern.advice_for_you: {way is not None}", drawn)
    for kind in KINDS:
        yield Drawn(f"concern.route_check: {kind}", concern.route_check(kind, "placement-1"))
        yield from _concern_forms(world, kind)
        yield from _checked(world, kind)
    for n in (1, 3, 9):
        advice = partial(_advice_form, provider, choices_of(world, n))
        yield from fillings(world, f"concern.advice_form: {n}", advice)


def _advice_form(provider: Provider, choices: Sequence[Choice], values: Values, faults: Faults) -> Card:
    return concern.advice_form(provider, choices, values, NONCE, faults)


def _concern_forms(world: World, kind: str) -> Iterator[Drawn]:
    for n, mentor in ((1, ""), (3, ""), (12, ""), (1, "priya")):
        name = world.people[mentor].name if mentor else ""
        draw = partial(_concern_form, world.provider, kind, choices_of(world, n, name), name)
        yield from fillings(world, f"concern.concern_form: {kind}, {n} students, {mentor=}", draw)


def _concern_form(  # noqa: PLR0917 - a form of many parts, bound one after the other
    provider: Provider,
    kind: str,
    choices: Sequence[Choice],
    on_behalf: str,
    values: Values,
    faults: Faults,
) -> Card:
    note = "Tuesday 13 October is proposed: 5 school days. You can choose another school day."
    return concern.concern_form(
        provider, kind, choices, values, NONCE, faults=faults, date_note=note, on_behalf=on_behalf
    )


def _checked(world: World, kind: str) -> Iterator[Drawn]:
    values = {key: world.typed(300) for key in SOME[kind]} | {
        "areas": "TS7,TS4,behaviour",
        "help": "extra_meeting,joint_planning,other",
        "student_aware": "no",
    }
    for mentor in ("", world.people["priya"].name):
        drawn = concern.check_answers(
            world.provider,
            kind,
            choices_of(world, 1, mentor)[0],
            values,
            NONCE,
            dates={"Talked on": "Tuesday 6 October", "Look again on": "Tuesday 13 October (5 school days)"},
            hint="Two of these areas overlap: one of them may be enough.",
            on_behalf=mentor,
        )
        yield Drawn(f"concern.check_answers: {kind}, {mentor=}", drawn)


EARLY = "The week runs until Tuesday 13 October. You can ask for help now, with a line of reason."


def steps(world: World, told: Sequence[Told]) -> Iterator[Drawn]:
    """The forms of every step, on cases they belong to."""
    at_once, over = of(told, "told at once"), of(told, "the meeting is over")
    both, differ = of(told, "met, both not as expected"), of(told, "views differ")
    arrange = meeting.arrange_form
    forms: list[tuple[str, Told, str, CaseForm]] = [
        ("views.meeting_form: the mentor's view wanted", over, "helen", views.meeting_form),
        ("views.meeting_form: both there", both, "helen", views.meeting_form),
        (
            "meeting.arrange_form",
            at_once,
            "helen",
            partial(arrange, slots=slots(), note=NOTE, best_times=world.typed(300)),
        ),
        (
            "meeting.arrange_form: one time, known",
            at_once,
            "sam",
            partial(arrange, slots=slots("helen")[:1], invites=True),
        ),
        ("meeting.arrange_form: move it", over, "sam", partial(arrange, slots=slots("helen", "priya"), note=NOTE)),
        ("meeting.another_form", at_once, "helen", partial(meeting.another_form, note=NOTE, invites=True)),
        ("meeting.another_form: move it", over, "sam", partial(meeting.another_form, best_times=world.typed(300))),
        ("meeting.invitation", at_once, "helen", _invitation),
        ("decision.more_time_form", both, "helen", partial(decision.more_time_form, note=NOTE)),
        ("decision.none_form", both, "helen", decision.none_form),
        ("decision.plan_because_form", differ, "ruth", decision.plan_because_form),
    ]
    for n in (1, 3, 12):
        tutors = {f"tutor-{i}": world.people["martin"].name for i in range(n)}
        forms.append((f"link_tutor.name_form: {n}", at_once, "sam", partial(_name_form, tutors)))
    for n in (0, 1, 12):
        mentors = {f"mentor-{i}": world.people["gareth"].name for i in range(n)}
        forms.append((f"mentor.name_form: {n}", at_once, "sam", partial(_mentor_form, mentors)))
    for name, one, reader, draw in forms:
        yield from fillings(world, name, partial(draw, one.view(reader)), one.view(reader))
    for reader, mentor in TYPISTS:
        for name, one, draw in _mentors_forms(told, mentor):
            yield from fillings(world, f"{name}, by {reader}", partial(draw, one.view(reader)), one.view(reader))


def slots(*read: str) -> tuple[Slot, ...]:
    """Three times, at which those of *read* are free."""
    people = ("helen", "priya")
    return tuple(
        Slot(at, 30, tuple(p for p in people if p in read), tuple(p for p in people if p not in read)) for at in TIMES
    )


def _name_form(tutors: Mapping[str, str], view: View, values: Values, faults: Faults) -> Card:
    return link_tutor.name_form(view, tutors, values, faults)


def _mentor_form(mentors: Mapping[str, str], view: View, values: Values, faults: Faults) -> Card:
    return another_mentor.name_form(view, mentors, values, faults)


def _invitation(view: View, values: Values, faults: Faults) -> Card:
    starts = moment("2026-10-08 15:45")
    ics = "http://127.0.0.1:3978/ics/token.ics"
    teams = meeting.teams_link(view.case.reference, starts, 30, ["priya@hollinbank.example"])
    when = {"day": "2026-10-08", "time": "15:45", "minutes": "30"}
    return meeting.invitation(view, starts, 30, teams=teams, ics=ics, values={**values, **when}, faults=faults)


def _mentors_forms(told: Sequence[Told], mentor: str) -> Iterator[tuple[str, Told, CaseForm]]:
    """The mentor's steps, by the mentor or for *mentor*."""
    target, at_once = of(told, "a weekly target"), of(told, "told at once")
    over = of(told, "the meeting is over")
    yield "weekly_check.more_form", target, partial(weekly_check.more_form, note=NOTE, for_whom=mentor)
    yield "views.my_view_form", over, partial(views.my_view_form, for_whom=mentor)
    yield "second_opinion.ask_form", target, partial(second_opinion.ask_form, for_whom=mentor)
    yield "second_opinion.saw_form", target, partial(second_opinion.saw_form, for_whom=mentor)
    yield "link_tutor.withdraw_form", at_once, partial(link_tutor.withdraw_form, note=NOTE, for_whom=mentor)
    offered = of(told, "times offered")
    yield "meeting.offer_card", offered, partial(meeting.offer_card, for_whom=mentor)
    if not mentor:
        passed = replace(offered, now=moment("2026-10-13 09:00"))
        yield "meeting.offer_card: all have passed", passed, meeting.offer_card
        yield "meeting.offer_card: once more", offered, partial(meeting.offer_card, lead="Please say which suit you.")
    yield (
        "meeting.cancel_form: by Pathway",
        of(told, "booked by Pathway"),
        partial(meeting.cancel_form, for_whom=mentor),
    )
    yield "meeting.cancel_form", over, partial(meeting.cancel_form, for_whom=mentor)
    yield "cases.error_form", target, partial(cases.error_form, for_whom=mentor)
    for early in ("", EARLY):
        for unaware in (False, True):
            draw = partial(weekly_check.tell_form, early=early, unaware=unaware, for_whom=mentor)
            yield f"weekly_check.tell_form: {bool(early)=}, {unaware=}", target, draw
