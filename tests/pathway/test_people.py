"""Who is who on a placement, who may act for whom, and who sees what, when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from pathway import events as e
from pathway.people import FOR_THE_MENTOR, SEES, Access, Item, access, acting_role, is_office
from pathway.process import Stage
from pathway.roles import Role
from tests.pathway.builders import OFFICE, PEOPLE, PLACEMENT, Story, ground_for

TUESDAY = "2026-10-06 10:00"
LATER = "2026-10-06 10:30"
AT_WORK_ON_IT = ("helen", "sam", "ruth", "nadia", "pat", "alan")
R, W, N = Access.READS, Access.WRITES, Access.NOTICE


def reached(stage: Stage, **fields: object) -> Story:
    return Story().reach(stage, TUESDAY, **fields)


def seen_by(person: str, story: Story) -> dict[Item, Access]:
    found = {item: access(story.ground.party, person, item, story.case) for item in Item}
    return {item: given for item, given in found.items() if given is not None}


def nothing_for(people: Iterable[str], story: Story) -> bool:
    return all(seen_by(person, story) == {} for person in people)


# -- who is who ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("person", "role"),
    [
        ("priya", Role.MENTOR),
        ("helen", Role.LINK_TUTOR),
        ("sam", Role.PARTNERSHIP_TEAM),
        ("ruth", Role.PARTNERSHIP_LEAD),
        ("nadia", Role.LEVEL_LEAD),
        ("pat", Role.PERSONAL_TUTOR),
        ("alan", Role.COURSE_DIRECTOR),
        ("tom", Role.STUDENT),
        (e.SYSTEM, Role.SYSTEM),
    ],
)
def test_everybody_has_the_role_that_the_roster_gives_them(person: str, role: Role) -> None:
    party = ground_for().party

    assert party.roles_on(person) == (role,)
    assert party.holders(role) == (person,)


@pytest.mark.parametrize("person", ["nobody", "", "Priya", "priya@hollinbank.example"])
def test_a_stranger_has_no_role(person: str) -> None:
    story = reached(Stage.WEEKLY_TARGET)

    assert story.ground.party.roles_on(person) == ()
    assert story.ground.party.roles_on(person, story.case) == ()


def test_a_role_that_nobody_holds_is_held_by_nobody() -> None:
    party = ground_for(link_tutor="", level_lead="", personal_tutor="", course_director="").party

    for role in (Role.LINK_TUTOR, Role.LEVEL_LEAD, Role.PERSONAL_TUTOR, Role.COURSE_DIRECTOR):
        assert party.holders(role) == ()
    assert party.roles_on("") == ()


def test_one_person_has_a_role_for_each_placement() -> None:
    here, there = ground_for().party, ground_for(student="kai", mentor="dot", link_tutor="priya").party

    assert here.roles_on("priya") == (Role.MENTOR,)
    assert there.roles_on("priya") == (Role.LINK_TUTOR,)
    assert there.roles_on("tom") == ()


def test_one_person_can_have_two_roles_on_one_placement_the_nearest_to_the_student_first() -> None:
    party = ground_for(link_tutor="alan").party

    assert party.roles_on("alan") == (Role.LINK_TUTOR, Role.COURSE_DIRECTOR)


def test_a_second_mentor_is_a_mentor_too() -> None:
    story = Story(ground_for(second_mentor="gareth")).reach(Stage.WEEKLY_TARGET, TUESDAY)

    assert story.ground.party.roles_on("gareth", story.case) == (Role.MENTOR,)
    assert story.ground.party.roles_on("priya", story.case) == (Role.MENTOR,)
    story.on(LATER).by("gareth", Role.MENTOR, e.TargetMet)
    assert story.case.stage is Stage.TARGET_MET


def test_a_case_that_the_second_mentor_raised_is_the_first_mentors_too() -> None:
    story = Story(ground_for(second_mentor="gareth"))
    story.on(TUESDAY).by("gareth", Role.MENTOR, e.DraftStarted, mentor="gareth")
    story.on(TUESDAY).by("gareth", Role.MENTOR, e.WeeklyTargetSet)

    assert story.ground.party.mentor(story.case) == "gareth"
    assert story.ground.party.roles_on("priya", story.case) == (Role.MENTOR,)


def test_a_mentor_named_by_the_office_takes_the_place_of_those_before() -> None:
    story = Story(ground_for(second_mentor="gareth")).reach(Stage.LINK_TUTOR_TOLD, TUESDAY)
    story.on(LATER).team(e.MentorNamed, person="dot")
    party = story.ground.party

    assert party.roles_on("dot", story.case) == (Role.MENTOR,)
    assert party.holders(Role.MENTOR, story.case) == ("dot",)
    for before in ("priya", "gareth"):
        assert party.roles_on(before, story.case) == ()
    assert nothing_for(("priya", "gareth"), story)
    assert party.roles_on("priya") == (Role.MENTOR,), "on the placement's other cases nothing has changed"


def test_a_cover_named_by_the_office_is_the_link_tutor_and_the_one_before_is_not() -> None:
    story = reached(Stage.LINK_TUTOR_TOLD)
    story.on(LATER).team(e.LinkTutorNamed)
    party = story.ground.party

    assert party.link_tutor(story.case) == "martin"
    assert party.roles_on("martin", story.case) == (Role.LINK_TUTOR,)
    assert party.roles_on("helen", story.case) == ()
    assert nothing_for(["helen"], story)
    assert seen_by("martin", story)[Item.REFERRAL] is R


def test_names_are_said_and_somebody_unknown_is_not_a_blank() -> None:
    party = ground_for().party

    assert party.name("priya") == "Priya Nair"
    assert party.name("long-gone") == "a former colleague"


def test_a_placement_runs_from_its_first_to_its_last_day() -> None:
    before, first, last, after = ("2026-09-06", "2026-09-07", "2027-07-16", "2027-07-17")

    assert [PLACEMENT.is_current(type(PLACEMENT.start).fromisoformat(d)) for d in (before, first, last, after)] == [
        False,
        True,
        True,
        False,
    ]


def test_the_office_is_the_team_and_the_leads() -> None:
    assert {role for role in Role if is_office(role)} == {Role.PARTNERSHIP_TEAM, Role.PARTNERSHIP_LEAD}


# -- for whom somebody acts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("person", "role"), [("helen", Role.LINK_TUTOR), ("sam", Role.PARTNERSHIP_TEAM)])
def test_the_link_tutor_and_the_office_type_for_the_mentor(person: str, role: Role) -> None:
    party = ground_for().party

    for kind in FOR_THE_MENTOR:
        assert acting_role(party, person, kind, for_whom="priya") is role


def test_nobody_types_for_anybody_but_the_mentor_of_this_case() -> None:
    story = reached(Stage.LINK_TUTOR_TOLD)
    story.on(LATER).team(e.MentorNamed)
    party = story.ground.party

    assert acting_role(party, "sam", e.ViewRecorded, story.case, "gareth") is Role.PARTNERSHIP_TEAM
    for other in ("priya", "tom", "helen", "nobody", e.SYSTEM):
        assert acting_role(party, "sam", e.ViewRecorded, story.case, other) is None


@pytest.mark.parametrize("person", ["priya", "ruth", "tom", "nadia", "pat", "alan", "nobody", e.SYSTEM])
def test_nobody_else_types_for_a_mentor(person: str) -> None:
    party = ground_for().party

    for kind in FOR_THE_MENTOR:
        assert acting_role(party, person, kind, for_whom="priya") is None


def test_what_is_the_link_tutors_own_is_not_typed_for_the_mentor() -> None:
    party = ground_for().party

    for kind in (e.ReviewStarted, e.PlacementTerminated, e.InterventionAgreed, e.MeetingBooked):
        assert acting_role(party, "helen", kind, for_whom="priya") is None
        assert acting_role(party, "helen", kind) is Role.LINK_TUTOR


def test_for_themselves_people_act_in_the_first_role_that_may() -> None:
    party = ground_for(link_tutor="ruth").party

    assert acting_role(party, "ruth", e.ViewRecorded) is Role.LINK_TUTOR
    assert acting_role(party, "ruth", e.NextStepsHeld) is Role.PARTNERSHIP_LEAD
    assert acting_role(party, "ruth", e.TargetMet) is None
    assert acting_role(party, "nobody", e.ViewRecorded) is None


# -- who sees what, when ---------------------------------------------------------------------------------------------


def test_until_the_link_tutor_is_told_it_stays_between_mentor_and_student() -> None:
    story = reached(Stage.WEEKLY_TARGET)

    assert seen_by("priya", story)[Item.CONCERN] is W
    assert seen_by("tom", story)[Item.CONCERN] is R
    assert nothing_for(AT_WORK_ON_IT, story)


def test_whoever_typed_it_for_the_mentor_knows_of_it_and_their_colleagues_do_not() -> None:
    ground = ground_for()
    office = replace(OFFICE, team=("sam", "martin"))
    story = Story(replace(ground, party=replace(ground.party, office=office)))
    story.on(TUESDAY).team(e.DraftStarted, for_mentor=True).team(e.WeeklyTargetSet, for_mentor=True)

    assert seen_by("sam", story)[Item.CONCERN] is R
    assert nothing_for(("martin", "helen", "ruth"), story)


def test_once_told_the_link_tutor_reads_and_the_office_reads() -> None:
    story = reached(Stage.LINK_TUTOR_TOLD)

    assert seen_by("helen", story)[Item.CONCERN] is R
    assert seen_by("helen", story)[Item.REFERRAL] is R
    assert seen_by("sam", story)[Item.CONCERN] is R
    assert seen_by("sam", story)[Item.REFERRAL] is N
    assert seen_by("ruth", story)[Item.AUDIT] is R


@pytest.mark.parametrize("stage", [Stage.WEEKLY_TARGET, Stage.LINK_TUTOR_TOLD, Stage.PLAN_IN_PLACE, Stage.TERMINATED])
def test_a_stranger_sees_nothing_at_any_time(stage: Stage) -> None:
    assert nothing_for(("nobody", "martin", "gareth", ""), reached(stage))


def test_nobody_sees_a_draft_on_a_case() -> None:
    story = reached(Stage.TERMINATED)

    assert all(Item.DRAFT not in seen_by(person, story) for person in PEOPLE)


@pytest.mark.parametrize("item", [i for i in Item if i is not Item.DRAFT])
def test_after_a_termination_everybody_has_what_the_table_gives_their_role(item: Item) -> None:
    story = Story()
    story.on("2026-10-05 10:00").mentor(e.WeeklyTargetSet).mentor(e.LinkTutorTold)
    story.reach(Stage.TERMINATED, TUESDAY)

    for person, role in _roles(story):
        assert access(story.ground.party, person, item, story.case) is SEES[item].get(role), person


def _roles(story: Story) -> Iterable[tuple[str, Role]]:
    for person in ("priya", "tom", *AT_WORK_ON_IT):
        [role] = story.ground.party.roles_on(person, story.case)
        yield person, role


def test_somebody_with_two_roles_has_the_wider_access() -> None:
    story = Story(ground_for(link_tutor="ruth")).reach(Stage.WRITING_PLAN, TUESDAY)

    assert seen_by("ruth", story)[Item.PLAN] is W
    assert seen_by("ruth", story)[Item.REFERRAL] is R
    assert seen_by("ruth", story)[Item.AUDIT] is R


# -- what the student sees -------------------------------------------------------------------------------------------


def test_a_student_without_a_copy_sees_no_concern() -> None:
    story = Story()
    story.on(TUESDAY).mentor(e.WeeklyTargetSet, copy_to_student=False)

    assert Item.CONCERN not in seen_by("tom", story)


def test_a_student_learns_of_the_referral_when_somebody_has_told_them() -> None:
    story = Story()
    story.on(TUESDAY).mentor(e.WeeklyTargetSet)
    story.on(LATER).mentor(e.LinkTutorTold, student_aware=False, student_unaware_because="away today")
    assert Item.REFERRAL not in seen_by("tom", story)

    story.on(LATER).mentor(e.StudentTold, what=e.Told.PLAN)
    assert Item.REFERRAL not in seen_by("tom", story)

    story.on(LATER).mentor(e.StudentTold, what=e.Told.REFERRAL)
    assert seen_by("tom", story)[Item.REFERRAL] is N


@pytest.mark.parametrize("spoken", [e.PlanDiscussed, e.StudentAgreed, e.StudentNotAgreed])
def test_a_student_sees_the_plan_when_it_was_discussed(spoken: type[e.Event]) -> None:
    story = reached(Stage.PLAN_TO_DISCUSS)
    assert Item.PLAN not in seen_by("tom", story)
    assert seen_by("helen", story)[Item.PLAN] is W

    story.on(LATER).link_tutor(spoken)
    assert seen_by("tom", story)[Item.PLAN] is R


def test_of_a_plan_that_is_changed_the_student_sees_the_new_version_when_that_was_discussed() -> None:
    story = reached(Stage.PLAN_TO_DISCUSS)
    story.on(LATER).link_tutor(e.PlanDiscussed)
    assert seen_by("tom", story)[Item.PLAN] is R

    story.on(LATER).link_tutor(e.PlanReopened)
    assert Item.PLAN not in seen_by("tom", story)

    story.reach(Stage.PLAN_TO_DISCUSS, LATER)
    assert story.case.plan
    assert story.case.plan.version == 2
    assert Item.PLAN not in seen_by("tom", story)
    assert story.case.plan_talked_through is None

    story.on(LATER).link_tutor(e.PlanDiscussed)
    assert seen_by("tom", story)[Item.PLAN] is R
    assert story.case.plan_talked_through == story.case.plan


def test_a_student_who_wants_to_talk_has_not_thereby_been_talked_to() -> None:
    story = Story(lawful=False).reach(Stage.PLAN_TO_DISCUSS, TUESDAY)
    story.on(LATER).student(e.StudentNotAgreed)

    assert Item.PLAN not in seen_by("tom", story)


def test_a_second_plan_is_nothing_the_student_sees_before_it_was_discussed() -> None:
    story = Story(lawful=False).reach(Stage.REVIEW, TUESDAY)
    assert seen_by("tom", story)[Item.PLAN] is R

    story.on(LATER).link_tutor(e.SecondPlanAgreed)
    assert Item.PLAN not in seen_by("tom", story)


@pytest.mark.parametrize("stage", [Stage.PLAN_IN_PLACE, Stage.REVIEW, Stage.CONTINUES, Stage.TERMINATED])
def test_the_plan_that_was_kept_to_stays_the_students_to_read(stage: Stage) -> None:
    assert seen_by("tom", reached(stage))[Item.PLAN] is R


def test_a_student_sees_the_outcome_once_it_is_recorded_as_told() -> None:
    story = reached(Stage.REVIEW)
    assert Item.OUTCOME not in seen_by("tom", story)

    story.reach(Stage.CONTINUES, LATER)
    assert seen_by("tom", story)[Item.OUTCOME] is R


def test_a_case_raised_in_error_is_no_part_of_the_students_record() -> None:
    story = reached(Stage.LINK_TUTOR_TOLD)
    story.on(LATER).link_tutor(e.RaisedInError)

    assert nothing_for(["tom"], story)
    assert seen_by("ruth", story)[Item.AUDIT] is R


# -- what the course hears -------------------------------------------------------------------------------------------


def test_the_course_director_reads_the_review_only_after_a_termination() -> None:
    continued, terminated = reached(Stage.CONTINUES), reached(Stage.NEXT_STEPS)

    for item in (Item.REVIEW, Item.OUTCOME, Item.EARLIER):
        assert item not in seen_by("alan", continued)
        assert seen_by("alan", terminated)[item] is R


def test_everybody_else_reads_of_a_placement_that_goes_on() -> None:
    story = reached(Stage.CONTINUES)

    assert {person: seen_by(person, story)[Item.OUTCOME] for person in ("priya", "helen", "sam", "ruth", "nadia")} == {
        "priya": R,
        "helen": W,
        "sam": R,
        "ruth": R,
        "nadia": N,
    }
    assert {seen_by(person, story)[Item.EARLIER] for person in ("tom", "helen", "sam", "ruth")} == {R}


def test_level_lead_and_personal_tutor_get_notices_and_read_only_the_next_steps() -> None:
    story = reached(Stage.TERMINATED)

    for person in ("nadia", "pat"):
        assert {item for item, given in seen_by(person, story).items() if given is not N} == {Item.NEXT_STEPS}


def test_the_school_is_no_party_to_the_next_steps() -> None:
    story = reached(Stage.TERMINATED)

    assert Item.NEXT_STEPS not in seen_by("priya", story)
    assert Item.EARLIER not in seen_by("priya", story)


@pytest.mark.parametrize(
    ("person", "told", "not_needed"),
    [
        ("nadia", e.Duty.LEVEL_LEAD_TOLD, e.Duty.LEVEL_LEAD_NOT_NEEDED),
        ("pat", e.Duty.PERSONAL_TUTOR_TOLD, e.Duty.PERSONAL_TUTOR_NOT_NEEDED),
    ],
)
def test_of_a_plan_they_hear_only_if_the_link_tutor_chose_to_tell_them(
    person: str, told: e.Duty, not_needed: e.Duty
) -> None:
    story = reached(Stage.PLAN_IN_PLACE)
    story.on(LATER).link_tutor(e.DutyDone).link_tutor(e.DutyDone, duty=not_needed)
    assert seen_by(person, story) == {}

    story.on(LATER).link_tutor(e.DutyDone, duty=told)
    assert seen_by(person, story) == {Item.PLAN: N}


def test_next_steps_are_there_for_nobody_while_a_placement_goes_on() -> None:
    story = reached(Stage.CONTINUES)

    for person in ("helen", "sam", "ruth", "nadia", "pat", "alan"):
        assert Item.NEXT_STEPS not in seen_by(person, story)


def test_where_the_provider_says_so_the_link_tutor_reads_the_weekly_target_and_nothing_more() -> None:
    ground = ground_for()
    story = Story(replace(ground, party=replace(ground.party, tutor_reads_targets=True)))
    story.reach(Stage.WEEKLY_TARGET, TUESDAY)

    assert seen_by("helen", story) == {Item.CONCERN: R}
    assert nothing_for(("sam", "ruth", "nadia", "pat", "alan"), story)
