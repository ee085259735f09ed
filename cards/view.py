"""Whose eyes a card is made for: a case, its people and rules, the reader and the time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from cards.elements import literal
from pathway import events as e
from pathway.case import Case
from pathway.dates import in_words, listed, local_date, moment_in_words
from pathway.people import Access, Item, Party, Placement, access
from pathway.process import Stage
from pathway.provider import Provider, starting
from pathway.roles import Role
from pathway.rules import Ground
from pathway.standards import area

#: Shown as the state of a case; {link_tutor} and the like are the provider's words.
STAGES = {
    Stage.DRAFT: "not sent yet",
    Stage.WEEKLY_TARGET: "weekly target set",
    Stage.LINK_TUTOR_TOLD: "{link_tutor} told",
    Stage.MEETING_BOOKED: "meeting booked",
    Stage.VIEWS_DIFFER: "views differ",
    Stage.WRITING_PLAN: "writing the {support_plan}",
    Stage.PLAN_TO_DISCUSS: "plan to discuss with the {student}",
    Stage.PLAN_IN_PLACE: "{support_plan} in place",
    Stage.REVIEW: "review meeting",
    Stage.NEXT_STEPS: "next steps meeting",
    Stage.PAUSED: "paused",
    Stage.TARGET_MET: "target met, closed",
    Stage.NO_INTERVENTION: "no {intervention} needed, closed",
    Stage.CONTINUES: "the placement continues, closed",
    Stage.TERMINATED: "the placement has ended, closed",
    Stage.IN_ERROR: "raised in error, closed",
    Stage.LEFT_COURSE: "left the course, closed",
    Stage.PLACEMENT_OVER: "the placement is over, closed",
    Stage.OTHER_PROCEDURE: "another procedure took over, closed",
}

#: Steps of which no card tells the student.
UNTOLD = frozenset(
    {Stage.LINK_TUTOR_TOLD, Stage.MEETING_BOOKED, Stage.VIEWS_DIFFER, Stage.WRITING_PLAN, Stage.PLAN_TO_DISCUSS}
)
#: From here on the student's card has the plan, once somebody has talked it through with them.
WITH_PLAN = frozenset({Stage.PLAN_TO_DISCUSS, Stage.PLAN_IN_PLACE, Stage.REVIEW})


def plan_for_student(case: Case) -> e.PlanWritten | None:
    """The plan on the student's card: the version that was talked through, while it is talked about or runs."""
    stage = case.came_from or case.stage
    return case.plan_talked_through if stage in WITH_PLAN else None


def plan_being_changed(case: Case) -> bool:
    """Whether the student knows of a plan that is being written anew."""
    stage = case.came_from or case.stage
    spoken = bool(case.last(e.PlanDiscussed) or case.last(e.StudentAgreed))
    return spoken and stage in (Stage.WRITING_PLAN, Stage.PLAN_TO_DISCUSS) and plan_for_student(case) is None


def stage_words(stage: Stage, provider: Provider) -> str:
    """The state of a case as a label."""
    return starting(running_words(stage, provider))


def running_words(stage: Stage, provider: Provider) -> str:
    """The same inside a sentence; the provider's words keep their capitals."""
    words = STAGES[stage]
    if "{" not in words:
        return words
    named = {role.value: provider.role(role) for role in Role}
    return words.format(**named, support_plan=provider.words.support_plan, intervention=provider.words.intervention)


def partnership(provider: Provider) -> str:
    """Who reads a case for the partnership once the Link Tutor has been told."""
    return f"the {provider.role(Role.PARTNERSHIP_TEAM)} and {provider.role(Role.PARTNERSHIP_LEAD)}"


@dataclass(frozen=True, slots=True)
class View:
    """*viewer* is a person id; *nonce* goes into every button, so that a second tap is known for one."""

    case: Case
    ground: Ground
    viewer: str
    now: datetime
    nonce: str
    roles: tuple[Role, ...] = field(init=False)
    """The reader's on this case."""

    def __post_init__(self) -> None:
        """A card asks for the roles some thirty times."""
        object.__setattr__(self, "roles", self.party.roles_on(self.viewer, self.case))

    # -- people ----------------------------------------------------------------------------------------------------

    @property
    def party(self) -> Party:
        return self.ground.party

    @property
    def provider(self) -> Provider:
        return self.ground.provider

    @property
    def placement(self) -> Placement:
        return self.party.placement

    def is_(self, *roles: Role) -> bool:
        return any(role in self.roles for role in roles)

    def name(self, person: str) -> str:
        """A name to put into a sentence of ours."""
        return literal(self.party.name(person))

    @property
    def student(self) -> str:
        return self.name(self.case.student)

    @property
    def first(self) -> str:
        """The student's first name."""
        known = self.party.people.get(self.case.student)
        return literal(known.name.split(" ")[0]) if known else self.student

    @property
    def mentor(self) -> str:
        return self.name(self.case.mentor)

    @property
    def link_tutor(self) -> str:
        """The name of the Link Tutor on this case, or the office's word where there is none."""
        person = self.party.link_tutor(self.case)
        return self.name(person) if person else f"the {self.word(Role.PARTNERSHIP_TEAM)}"

    def word(self, role: Role) -> str:
        return self.provider.role(role)

    def you_or(self, person: str) -> str:
        return "you" if person == self.viewer else self.name(person)

    def everyone(self, people: Iterable[str]) -> str:
        return listed([self.you_or(p) for p in people])

    # -- what this reader may see ----------------------------------------------------------------------------------

    def sees(self, item: Item) -> bool:
        return access(self.party, self.viewer, item, self.case, self.roles) in (Access.READS, Access.WRITES)

    @property
    def sees_case(self) -> bool:
        return self.sees(Item.CONCERN)

    @property
    def is_student(self) -> bool:
        return self.viewer == self.case.student

    # -- time and areas --------------------------------------------------------------------------------------------

    @property
    def today(self) -> date:
        return local_date(self.now)

    def day(self, day: date) -> str:
        return in_words(day, self.today)

    def moment(self, moment: datetime) -> str:
        return moment_in_words(moment, self.today)

    @property
    def stage(self) -> str:
        return starting(self.stage_running)

    @property
    def stage_running(self) -> str:
        if self.is_student and (words := self._plan_talked_about()):
            return words
        return running_words(self._stage_shown(), self.provider)

    def _plan_talked_about(self) -> str:
        plan = self.provider.words.support_plan
        if plan_being_changed(self.case):
            return f"{plan} being changed"
        return (
            f"{plan} to talk about" if self.case.stage is Stage.PLAN_TO_DISCUSS and plan_for_student(self.case) else ""
        )

    def _stage_shown(self) -> Stage:
        """The student hears of each step from a person first: until then their cards stay with what they know."""
        if not self.is_student or self.case.stage not in UNTOLD:
            return self.case.stage
        knows = access(self.party, self.viewer, Item.REFERRAL, self.case) is not None
        return Stage.LINK_TUTOR_TOLD if knows else Stage.WEEKLY_TARGET

    @property
    def areas(self) -> str:
        return listed([area_words(a, self.provider) for a in self.case.areas])

    def by(self, viewer: str) -> View:
        return replace(self, viewer=viewer)


def area_words(area_id: str, provider: Provider) -> str:
    """A focus area as it stands in a sentence; an id that the provider no longer offers is shown as it is."""
    return literal(area(area_id, provider).choice)
