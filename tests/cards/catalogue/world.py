"""A `World` is a partnership and the way its people type: ordinary, as long as the fields allow, or hostile. Cases
are told in it event by event, in the words of `tests.pathway.builders`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import cycle
from typing import Any

from cards import (
    home,
    support_plan,
)
from cards.acts import chat_link
from cards.elements import Card
from cards.view import View
from pathway import events as e
from pathway.case import Case
from pathway.dates import local_date
from pathway.people import Party, Person
from pathway.provider import Contact, Contacts, Privacy, Provider
from pathway.roles import Role
from pathway.rules import Fault, Ground
from tests.pathway.builders import DEFAULTS, OFFICE, PEOPLE, PLACEMENT, PROVIDER, Story, moment

BOT_LINK = chat_link("28:6f1d3b5e-0d8a-4c53-9b8e-1f0e7f4a2c11")
NONCE = "nonce-of-this1"
#: What each reader is on the made-up placement.
READERS: Mapping[str, Role | None] = {
    "priya": Role.MENTOR,
    "helen": Role.LINK_TUTOR,
    "sam": Role.PARTNERSHIP_TEAM,
    "ruth": Role.PARTNERSHIP_LEAD,
    "nadia": Role.LEVEL_LEAD,
    "pat": Role.PERSONAL_TUTOR,
    "alan": Role.COURSE_DIRECTOR,
    "tom": Role.STUDENT,
    "dot": None,
}
HOLDERS: Mapping[Role, str] = {role: person for person, role in READERS.items() if role}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A card with what it was drawn from. *name* begins with the module and the function that drew it."""

    name: str
    card: Card
    reader: str = ""
    view: View | None = None
    summary: str = ""

    @property
    def function(self) -> str:
        """ "module.function"."""
        return self.name.split(":")[0].split(" ")[0].rstrip(",")


Typist = Callable[[int], str]

MARK = "Zed"
#: What the client would act on if it were drawn: links, mentions, images, dates, templates, and what nobody sees.
HOSTILE = (
    f"{MARK}[x](http://evil.example)<at>Y</at>**b**__c__![i](https://evil.example/p.png)<https://evil.example>"
    "[j](javascript:alert(1)){{DATE(2026)}}${x}`d`~~e~~&lt;i&gt;&#42;\u202e\u2066\u200b\u00ad\u061c\u2028|#"
)
#: And what only counts at the beginning of a line (lists, headings, quotations, code, tables, what a link is called), with
#: what a client might make active by itself: bare addresses, faces, tags.
ATTACKS = (
    HOSTILE,
    f"1. {MARK} www.evil.example https://evil.example/a_b_c :warning: :) <img src=https://evil.example/p.gif onerror=x>",
    f"# {MARK} #",
    f"- {MARK} -",
    f"> {MARK} javascript:alert(1)",
    f"2) {MARK} ![i][1]",
    f"+ {MARK} @everyone",
    f"``` {MARK} ${{x}} ```",
    f"[1]: https://evil.example/{MARK}",
    f"| {MARK} | --- |",
    f"=== {MARK} ===",
)
WORDS = "Stillé "


def brief(most: int) -> str:
    return "Half the class had not started after ten minutes."[:most]


def endless(most: int) -> str:
    """Exactly as long as the field allows, with a letter that JSON could blow up."""
    return (WORDS * most)[:most]


def hostile(most: int) -> str:
    return f"{HOSTILE}\n{ATTACKS[most % len(ATTACKS)]}"


def heavy(most: int) -> str:
    """Exactly as long as the field allows, of what weighs most: marks that JSON escapes, signs of three bytes, lines."""
    return ('"\\題\n' * most)[:most]


@dataclass(frozen=True, slots=True)
class World:
    typed: Typist = brief
    people: Mapping[str, Person] = field(default_factory=lambda: PEOPLE)
    provider: Provider = PROVIDER
    place: Mapping[str, str] = field(default_factory=dict)
    thorough: bool = False
    """Every notice, however late it comes, and for every way a case may stand; else what fits one case a stage."""

    def ground(self, **placement: Any) -> Ground:
        there = replace(PLACEMENT, **{**self.place, **placement})
        return Ground(Party(there, OFFICE, self.people), self.provider)


def _contacts(name: str) -> Contacts:
    contact = Contact(name, "0113 496 0101", "office@university.example")
    return Contacts(*[contact] * 6)


def ordinary() -> World:
    notice = Privacy("https://www.university.example/privacy", "Only the people named on a card can read it.")
    return World(
        thorough=True,
        provider=replace(PROVIDER, name="Northdale partnership", contacts=_contacts("The office"), privacy=notice),
    )


def bare() -> World:
    """A provider that has said nothing of its own."""
    return World(provider=Provider())


def longest() -> World:
    people = {p.id: replace(p, name=f"Prof Dr Marie-Louise {p.name} von und zu Llanfairpwll") for p in PEOPLE.values()}
    place = {key: (WORDS * 10)[:40].strip() for key in ("course", "phase", "school")}
    return replace(ordinary(), typed=endless, people=people, place=place, thorough=False)


def heaviest() -> World:
    return replace(longest(), typed=heavy)


def attacked() -> World:
    called = cycle(ATTACKS)
    people = {p.id: replace(p, name=next(called)) for p in PEOPLE.values()}
    place = {what: next(called) for what in ("course", "phase", "school")}
    provider = replace(PROVIDER, name=HOSTILE, contacts=_contacts(HOSTILE), privacy=Privacy())
    return World(hostile, people, provider, place)


@dataclass(frozen=True, slots=True)
class Told:
    """A case as a story has left it, and the moment at which somebody looks at it."""

    name: str
    case: Case
    ground: Ground
    now: datetime

    def view(self, reader: str) -> View:
        return View(self.case, self.ground, reader, self.now, NONCE)


#: The fields in which people type, and how much each takes.
TYPED: Mapping[type[e.Event], Mapping[str, int]] = {
    e.WeeklyTargetSet: {"seen": 600, "going_well": 300, "target": 400, "measure": 300},
    e.TargetMet: {"note": 300},
    e.TargetContinued: {"note": 300},
    e.LinkTutorTold: {"evidence": 400, "wish": 300, "best_times": 300, "early_because": 300},
    e.LinkTutorToldAtOnce: {"seen": 600, "going_well": 300, "evidence": 600, "wish": 300, "best_times": 300},
    e.MeetingBooked: {"place": 100, "reason": 300},
    e.TimesOffered: {"reason": 300},
    e.MeetingCancelled: {"reason": 300},
    e.ReferralWithdrawn: {"reason": 300},
    e.InterventionAgreed: {"notes": 400},
    e.MoreTimeAgreed: {"target": 400, "reason": 300},
    e.NoInterventionAgreed: {"reason": 300},
    e.ViewRecorded: {"words": 400, "means": 300},
    e.RaisedInError: {"reason": 300},
    e.ReviewPartRecorded: {"words": 600, "suggestions": 400, "summary": 600, "observer": 60},
    e.PlacementContinued: {"reasons": 800, "carry_on": 400},
    e.PlacementTerminated: {"reasons": 800},
    e.NextStepsBooked: {"place": 100, "deputies": 200},
    e.NextStepsHeld: {"decision": 600, "funding": 200, "follow_up": 200, "deputies": 200},
    e.OutcomeReopened: {"reason": 300},
    e.PlanWritten: {"place": 120},
    e.PlanReopened: {"reason": 300},
    e.StudentAgreed: {"comment": 600},
    e.StudentNotAgreed: {"words": 600},
    e.StudentReplied: {"words": 600},
    e.ProceededWithoutAgreement: {"reason": 400},
    e.ReviewChanged: {"reason": 300, "place": 120},
    e.PlanVersionAgreed: {"means": 300},
}
Fields = dict[str, Any]
#: When, who, what, and what else is said.
Line = tuple[str, str, type[e.Event], Fields]


def tell(world: World, name: str, lines: Sequence[Line], **placement: Any) -> Told:
    """*lines* as a story: the words are typed as the people of *world* type. Looked at an hour after the last."""
    story = Story(ground=world.ground(**placement), lawful=False)
    for when, who, kind, given in lines:
        said = {k: world.typed(most) for k, most in TYPED.get(kind, {}).items()}
        fields = {k: world.typed(int(v)) if str(v).isdigit() else v for k, v in given.items()}
        if not fields.get("for_mentor") and kind is e.ViewRecorded:
            said["means"] = ""
        if kind is e.PlanWritten:
            said |= _written(world, fields.pop("areas", ("TS7",)))
        happens(story, moment(when), who, kind, said | fields)
    return Told(name, story.case, story.ground, story.case.events[-1].at + timedelta(hours=1))


def _written(world: World, areas: Sequence[str]) -> Fields:
    """Targets and promises in the words of *world*."""
    target = {"target": world.typed(220), "measure": world.typed(160), "support": world.typed(160)}
    by = moment("2026-10-26").date()
    promises = [*support_plan.PROMISED.values()] if len(areas) > 1 else ["Planning together"]
    return {
        "targets": tuple(e.PlanTarget(area=a, monitored_by="mentor", complete_by=by, **target) for a in areas),
        "promises": (
            *(e.Promise(what=p, who="mentor", by=by) for p in promises),
            e.Promise(what=world.typed(160), who="link_tutor"),
        ),
    }


ROLES = {
    "student": Role.STUDENT,
    "mentor": Role.MENTOR,
    "link_tutor": Role.LINK_TUTOR,
    "team": Role.PARTNERSHIP_TEAM,
    "lead": Role.PARTNERSHIP_LEAD,
    "director": Role.COURSE_DIRECTOR,
    "system": Role.SYSTEM,
}


def happens(story: Story, at: datetime, who: str, kind: type[e.Event], fields: Fields) -> None:
    stamp: Fields
    role, party = ROLES[who], story.ground.party
    for_whom = party.mentor(story.now) if fields.pop("for_mentor", False) else ""
    by = party.holders(role, story.now)[0]
    stamp = {"at": at, "on": local_date(at), "by": by, "role": role, "for_whom": for_whom}
    if story.now is None and kind is not e.DraftStarted:
        story.tell(e.DraftStarted(**(stamp | DEFAULTS[e.DraftStarted](story, at))))
    story.tell(kind(**(stamp | DEFAULTS[kind](story, at) | fields)))


def of(found: Sequence[Told], name: str) -> Told:
    return next(told for told in found if told.name == name)


Values = Mapping[str, str]
Faults = Sequence[Fault]
Draw = Callable[[Values, Faults], Card]


def fillings(world: World, name: str, draw: Draw, view: View | None = None) -> Iterator[Drawn]:
    """A form as it comes first, filled to the brim, back again with a fault at every field and one for all, and with
    the question that comes first where somebody has written about safeguarding.
    """
    empty = draw({}, ())
    full = {part["id"]: filled(part, world.typed) for part in inputs_of(empty)}
    wrong = [Fault(f"Something is not right about this ({i}).", id_) for i, id_ in enumerate(full)]
    reader = view.viewer if view else ""
    yield Drawn(f"{name} (empty)", empty, reader, view)
    yield Drawn(f"{name} (filled)", draw(full, ()), reader, view)
    yield Drawn(f"{name} (refused)", draw(full, [*wrong, Fault("We could not save this just now.")]), reader, view)
    kept = draw(full, ())
    again = next(action for action in kept["actions"] if "form" in action.get("data", {}))
    asked = {**kept, "body": [*home.before_saving(world.provider, again), *kept["body"]]}
    yield Drawn(f"{name} (asked first)", asked, reader, view)


def inputs_of(part: Any) -> list[dict[str, Any]]:
    """The fields of a card, in order."""
    if isinstance(part, list):
        return [found for item in part for found in inputs_of(item)]
    if not isinstance(part, dict):
        return []
    own = [part] if str(part.get("type", "")).startswith("Input.") else []
    return own + [found for key in ("body", "items") for found in inputs_of(part.get(key, []))]


def filled(part: Mapping[str, Any], typed: Typist) -> str:
    """What somebody would put into the field *part*."""
    match part["type"]:
        case "Input.Date":
            return "2026-10-13"
        case "Input.Time":
            return "15:45"
        case "Input.Toggle":
            return str(part["valueOn"])
        case "Input.ChoiceSet":
            values = [choice["value"] for choice in part["choices"]]
            return ",".join(values) if part.get("isMultiSelect") else str(values[-1])
        case _:
            return typed(part["maxLength"])[: part["maxLength"]]


NOTE = "Tuesday 20 October is proposed: 5 school days."

#: Who takes the mentor's steps, and for whom.
TYPISTS = (("priya", ""), ("helen", "priya"), ("sam", "priya"))
CaseForm = Callable[[View, Values, Faults], Card]
