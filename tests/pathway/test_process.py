"""The process stated a second time, by hand, and the tables of `pathway/` held to it.

Whoever changes a table has to change this page too, and should have the process document open while doing so.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from pathway import diagram
from pathway import events as e
from pathway.guards import GUARDS
from pathway.people import FOR_THE_MENTOR, MAY_RECORD, SEES, Item
from pathway.process import FACTS, PATHWAY, Stage, Way
from pathway.roles import Role
from pathway.tellings import CHANNEL, TOLD, Notice
from pathway.timers import OFFER, TIMERS

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "domain" / "pathway.yaml"

REASONS = [
    "target_met",
    "no_intervention",
    "continue",
    "terminated",
    "raised_in_error",
    "left_course",
    "placement_ended",
    "other_procedure",
]
PAUSABLE = [
    "weekly_target",
    "referred",
    "meeting_booked",
    "views_differ",
    "plan_draft",
    "plan_shared",
    "plan_active",
    "review",
    "next_steps",
]
STATES = ["draft", *PAUSABLE, "paused", "closed"]
AFTER_DRAFT = [*PAUSABLE, "paused", *(f"closed/{reason}" for reason in REASONS)]
UNDECIDED = ["referred", "meeting_booked", "views_differ"]

ANYBODY_AT_WORK = "mentor link_tutor partnership_team"
DECIDES = "link_tutor partnership_lead"
OFFICE = "partnership_team partnership_lead"

#: What moves a case: its id in the process data, our class, from where, whereto ("stays": recorded, and no card goes
#: stale; "back": to the stage that was paused; "gone": nothing is kept), and who may record it.
MOVES: tuple[tuple[str, type[e.Event], list[str], str, str], ...] = (
    ("start_draft", e.DraftStarted, ["nothing"], "draft", ANYBODY_AT_WORK),
    ("discard_draft", e.DraftDiscarded, ["draft"], "gone", f"{ANYBODY_AT_WORK} system"),
    ("set_weekly_target", e.WeeklyTargetSet, ["draft"], "weekly_target", ANYBODY_AT_WORK),
    ("target_met", e.TargetMet, ["weekly_target"], "closed/target_met", "mentor"),
    ("continue_target", e.TargetContinued, ["weekly_target"], "weekly_target", "mentor"),
    ("refer", e.LinkTutorTold, ["weekly_target"], "referred", ANYBODY_AT_WORK),
    ("refer_now", e.LinkTutorToldAtOnce, ["draft"], "referred", ANYBODY_AT_WORK),
    ("acknowledge", e.LinkTutorAcknowledged, ["referred"], "stays", "link_tutor partnership_team"),
    ("book_meeting", e.MeetingBooked, UNDECIDED, "meeting_booked", ANYBODY_AT_WORK),
    ("cancel_meeting", e.MeetingCancelled, ["meeting_booked"], "referred", ANYBODY_AT_WORK),
    ("withdraw_referral", e.ReferralWithdrawn, ["referred", "meeting_booked"], "weekly_target", "mentor"),
    ("agree_intervention", e.InterventionAgreed, UNDECIDED, "plan_draft", DECIDES),
    ("agree_more_time", e.MoreTimeAgreed, UNDECIDED, "weekly_target", DECIDES),
    ("agree_no_intervention", e.NoInterventionAgreed, UNDECIDED, "closed/no_intervention", DECIDES),
    ("record_views_differ", e.ViewsDiffered, ["referred", "meeting_booked"], "views_differ", "link_tutor"),
    ("share_plan", e.PlanShared, ["plan_draft"], "plan_shared", "link_tutor mentor"),
    ("edit_plan", e.PlanReopened, ["plan_shared"], "plan_draft", "link_tutor mentor"),
    ("student_agreed", e.StudentAgreed, ["plan_shared"], "plan_active", "link_tutor mentor"),
    ("student_not_agreed", e.StudentNotAgreed, ["plan_shared", "plan_active"], "stays", "link_tutor mentor student"),
    ("proceed_without_agreement", e.ProceededWithoutAgreement, ["plan_shared"], "plan_active", "partnership_lead"),
    ("amend_plan", e.PlanAmended, ["plan_active"], "stays", "link_tutor"),
    ("change_review", e.ReviewChanged, ["plan_active"], "stays", "link_tutor partnership_team"),
    ("start_review", e.ReviewStarted, ["plan_active"], "review", "link_tutor"),
    ("outcome_continue", e.PlacementContinued, ["review"], "closed/continue", "link_tutor"),
    ("outcome_terminated", e.PlacementTerminated, ["review"], "next_steps", "link_tutor"),
    ("outcome_new_plan", e.SecondPlanAgreed, ["review"], "plan_draft", "link_tutor"),
    ("hold_next_steps", e.NextStepsHeld, ["next_steps"], "closed/terminated", f"{OFFICE} course_director"),
    (
        "correct_outcome",
        e.OutcomeReopened,
        ["next_steps", "closed/continue", "closed/terminated"],
        "review",
        "partnership_lead",
    ),
    ("pause", e.CasePaused, PAUSABLE, "paused", ANYBODY_AT_WORK),
    ("resume", e.CaseResumed, ["paused"], "back", ANYBODY_AT_WORK),
    (
        "end_case",
        e.RaisedInError,
        [*PAUSABLE, "paused"],
        "closed/raised_in_error",
        f"{ANYBODY_AT_WORK} partnership_lead",
    ),
    ("end_case", e.StudentLeftCourse, [*PAUSABLE, "paused"], "closed/left_course", OFFICE),
    ("end_case", e.PlacementEnded, [*PAUSABLE, "paused"], "closed/placement_ended", OFFICE),
    ("end_case", e.OtherProcedureTookOver, [*PAUSABLE, "paused"], "closed/other_procedure", OFFICE),
)

OPEN = [*PAUSABLE, "paused"]
#: The data has these otherwise: the confirmation as a guard of the outcome (it has to be the Lead's own act, so it is a
#: fact), the review visit as an invitation that goes out when the student agrees (a person sends it, and says so). Of
#: what stands in calendars, and of times for the meeting that are offered and chosen before it is booked, it says
#: nothing.
CALENDARS = ("invitation_sent", "invitation_withdrawn", "invitation_refused", "found_in_calendar", "invitation_renewed")
OURS = frozenset({"termination_confirmed", "review_booked", "times_offered", "times_chosen", *CALENDARS})
#: The data lets the Link Tutor and the office book. The mentor's choice among times that one of them has offered books
#: too, and the press that did it is on the record as the mentor's: the guard refuses any other time.
OURS_TOO = {"book_meeting": {"mentor"}}
#: A timer that the data does not have.
OUR_TIMERS = {OFFER: UNDECIDED}
#: What is recorded and moves nothing: id, class, where, by whom.
RECORDED: tuple[tuple[str, type[e.Event], list[str], str], ...] = (
    ("view_recorded", e.ViewRecorded, OPEN, "mentor link_tutor"),
    ("times_offered", e.TimesOffered, UNDECIDED, "link_tutor partnership_team"),
    ("times_chosen", e.TimesChosen, UNDECIDED, "mentor"),
    ("second_opinion", e.SecondOpinion, ["weekly_target", "referred", "meeting_booked"], "mentor"),
    ("link_tutor_named", e.LinkTutorNamed, OPEN, "partnership_team"),
    ("link_tutor_named", e.MentorNamed, OPEN, "partnership_team"),
    ("plan_written", e.PlanWritten, ["plan_draft"], "mentor link_tutor"),
    ("plan_version_agreed", e.PlanVersionAgreed, ["plan_draft"], "mentor link_tutor"),
    ("plan_discussed", e.PlanDiscussed, ["plan_shared"], "mentor link_tutor"),
    ("student_confirmed", e.StudentConfirmed, ["plan_shared", "plan_active"], "student"),
    ("student_reply", e.StudentReplied, AFTER_DRAFT, "student"),
    ("duty_done", e.DutyDone, ["plan_active", "review"], "link_tutor"),
    ("promise_ticked", e.PromiseTicked, ["plan_active", "review"], "mentor link_tutor student"),
    ("review_booked", e.ReviewBooked, ["plan_active"], "link_tutor partnership_team"),
    ("recorded_in_pebblepad", e.RecordedInPebblePad, AFTER_DRAFT, "mentor link_tutor"),
    ("review_part_recorded", e.ReviewPartRecorded, ["review"], "link_tutor mentor"),
    ("termination_confirmed", e.TerminationConfirmed, ["review"], "partnership_lead"),
    ("student_told", e.StudentTold, OPEN, ANYBODY_AT_WORK),
    ("next_steps_booked", e.NextStepsBooked, ["next_steps"], f"{OFFICE} course_director"),
    ("invitation_sent", e.InvitationSent, AFTER_DRAFT, "system"),
    ("invitation_withdrawn", e.InvitationWithdrawn, AFTER_DRAFT, "system"),
    ("invitation_refused", e.InvitationRefused, AFTER_DRAFT, "system"),
    ("found_in_calendar", e.FoundInCalendar, AFTER_DRAFT, "system"),
    (
        "invitation_renewed",
        e.InvitationRenewed,
        ["meeting_booked", "plan_active", "review", "next_steps"],
        f"link_tutor {OFFICE} course_director",
    ),
    ("reply_requested", e.ReplyRequested, OPEN, "student"),
    ("nudged", e.Nudged, AFTER_DRAFT, "system"),
)

#: The state each clock runs in; "" where it runs in several.
CLOCKS = {
    "T1": "weekly_target",
    "T2": "referred",
    "T3": "referred",
    "T4": "meeting_booked",
    "T5": "plan_draft",
    "T6": "views_differ",
    "T7": "plan_shared",
    "T8": "plan_active",
    "T9": "plan_active",
    "T10": "",
    "T11": "review",
    "T12": "next_steps",
    "T13": "paused",
    "T14": "",
}

#: In whose calendar a gathering may stand.
ORGANISERS = ("link_tutor", "partnership_team", "partnership_lead", "course_director")

#: Who hears of what, as "who: notice"; where nobody does, why not.
HEARD: dict[type[e.Event], str] = {
    e.WeeklyTargetSet: "mentor: typed_for_you, student: target_copy",
    e.TargetMet: "mentor: typed_for_you, student: target_met",
    e.TargetContinued: "mentor: typed_for_you, student: target_goes_on",
    e.LinkTutorTold: (
        "mentor: typed_for_you, link_tutor: case_for_you, partnership_team: no_link_tutor, "
        "student: referral_student, channel: channel_referred"
    ),
    e.LinkTutorToldAtOnce: (
        "mentor: typed_for_you, link_tutor: case_for_you, partnership_team: no_link_tutor, "
        "student: referral_student, channel: channel_referred"
    ),
    e.LinkTutorAcknowledged: "mentor: has_it",
    e.MeetingBooked: (
        "mentor: meeting_booked, link_tutor: meeting_booked, mentor: meeting_brief, link_tutor: meeting_brief, "
        "link_tutor: meeting_over"
    ),
    e.MeetingCancelled: "mentor: typed_for_you, mentor: meeting_cancelled, link_tutor: meeting_cancelled",
    e.TimesOffered: "mentor: times_offered",
    e.TimesChosen: "link_tutor: times_chosen, partnership_team: times_chosen",
    e.ReferralWithdrawn: "mentor: typed_for_you, link_tutor: withdrawn, student: withdrawn",
    e.ViewRecorded: "mentor: view_wanted, mentor: view_to_confirm, link_tutor: view_recorded",
    e.InterventionAgreed: "mentor: plan_opens, link_tutor: plan_opens",
    e.MoreTimeAgreed: "mentor: more_time, link_tutor: more_time, student: more_time",
    e.NoInterventionAgreed: "mentor: no_intervention, link_tutor: no_intervention, student: no_intervention",
    e.ViewsDiffered: "partnership_lead: views_differ, mentor: views_differ",
    e.LinkTutorNamed: "link_tutor: named, mentor: replaced",
    e.MentorNamed: "mentor: named, link_tutor: replaced",
    e.PlanWritten: "mentor: plan_changed, link_tutor: plan_changed",
    e.PlanVersionAgreed: "mentor: typed_for_you",
    e.PlanShared: "mentor: plan_shared, link_tutor: plan_shared",
    e.PlanReopened: "mentor: plan_changed, link_tutor: plan_changed",
    e.PlanDiscussed: "student: plan_to_you",
    e.StudentAgreed: (
        "mentor: plan_started, link_tutor: plan_started, student: plan_to_you, partnership_team: plan_started, "
        "channel: channel_plan"
    ),
    e.ProceededWithoutAgreement: (
        "mentor: plan_started, link_tutor: plan_started, student: plan_to_you, partnership_team: plan_started, "
        "channel: channel_plan, personal_tutor: plan_started"
    ),
    e.StudentNotAgreed: "link_tutor: student_says_no, partnership_lead: student_says_no",
    e.PlanAmended: "mentor: plan_changed, student: plan_to_you",
    e.ReviewChanged: "mentor: review_changed, link_tutor: review_changed, student: review_changed",
    e.ReviewBooked: "mentor: review_booked, link_tutor: review_booked, student: review_booked",
    e.InvitationRefused: ", ".join(f"{who}: by_hand" for who in ORGANISERS),
    e.FoundInCalendar: ", ".join(f"{who}: calendar_differs" for who in ORGANISERS),
    e.InvitationRenewed: "mentor: meeting_brief, link_tutor: meeting_brief, link_tutor: meeting_over",
    e.PromiseTicked: "link_tutor: promise_not_kept",
    e.StudentReplied: "link_tutor: student_replied, mentor: student_replied",
    e.ReplyRequested: "link_tutor: ring_student",
    e.PlacementContinued: (
        "student: outcome_to_you at once, mentor: outcome, partnership_team: outcome, level_lead: outcome, "
        "personal_tutor: outcome, channel: channel_reviewed"
    ),
    e.ReviewStarted: "partnership_team: review_not_in_person",
    e.TerminationConfirmed: "link_tutor: termination_confirmed",
    e.PlacementTerminated: (
        "student: outcome_to_you at once, mentor: outcome, partnership_team: outcome, partnership_lead: outcome, "
        "course_director: outcome, level_lead: outcome, personal_tutor: outcome, channel: channel_reviewed"
    ),
    e.SecondPlanAgreed: "mentor: plan_opens, partnership_lead: plan_opens",
    e.NextStepsBooked: (
        "student: next_steps_booked, partnership_lead: next_steps_booked, course_director: next_steps_booked, "
        "level_lead: next_steps_booked"
    ),
    e.NextStepsHeld: "student: next_steps, link_tutor: next_steps, level_lead: next_steps",
    e.OutcomeReopened: (
        "student: outcome_reopened, mentor: outcome_reopened, link_tutor: outcome_reopened, "
        "partnership_team: outcome_reopened, level_lead: outcome_reopened, course_director: outcome_reopened, "
        "personal_tutor: outcome_reopened"
    ),
    e.CasePaused: "mentor: typed_for_you, mentor: paused, link_tutor: paused",
    e.CaseResumed: "mentor: typed_for_you, mentor: resumed, link_tutor: resumed",
    e.RaisedInError: (
        "mentor: typed_for_you, student: in_error, mentor: in_error, link_tutor: in_error, partnership_team: in_error"
    ),
    e.StudentLeftCourse: "mentor: closed, link_tutor: closed, partnership_team: closed, student: closed",
    e.PlacementEnded: "mentor: closed, link_tutor: closed, partnership_team: closed, student: closed",
    e.OtherProcedureTookOver: "mentor: closed, link_tutor: closed, partnership_team: closed, student: closed",
}
NOBODY_HEARS: dict[type[e.Event], str] = {
    e.DraftStarted: "Only the author sees a draft; what is recorded with it tells the others.",
    e.DraftDiscarded: "Only the author saw the draft.",
    e.SecondOpinion: "The colleague gets a note from the mentor's own hand; others find it on the meeting's brief.",
    e.ReviewPartRecorded: "A part is read with the whole; the outcome is what is told.",
    e.StudentConfirmed: "Alone it moves nothing; the plan's card shows it.",
    e.DutyDone: "The Link Tutor ticks their own list.",
    e.RecordedInPebblePad: "The named person ticks their own list.",
    e.StudentTold: "It opens what the student sees; nobody else waits for it.",
    e.InvitationSent: "The invitation itself tells them.",
    e.InvitationWithdrawn: "The calendar itself tells them.",
    e.Nudged: "It is itself the note of a message.",
}

#: Who may record what, by the two statements above.
BY: dict[type[e.Event], str] = {kind: by for _, kind, *_, by in MOVES} | {kind: by for _, kind, _, by in RECORDED}
MENTORS_OWN_ACTS = {kind for kind, by in BY.items() if "mentor" in by.split()}
#: Of those, three are not typed for a mentor: which plan is shared, when it is reopened and when the meeting is the Link
#: Tutor may say anyway.
NOT_TYPED_FOR_A_MENTOR = {e.PlanShared, e.PlanReopened, e.MeetingBooked}

#: Who sees what, in the order student, mentor, Link Tutor, Partnership Team, Partnership Lead, Level Lead, Personal
#: Tutor, Course Director: W writes, R reads, N gets a notice only, "-" nothing.
SEEN_BY = (
    Role.STUDENT,
    Role.MENTOR,
    Role.LINK_TUTOR,
    Role.PARTNERSHIP_TEAM,
    Role.PARTNERSHIP_LEAD,
    Role.LEVEL_LEAD,
    Role.PERSONAL_TUTOR,
    Role.COURSE_DIRECTOR,
)
SEEN = {
    "draft": "- - - - - - - -",
    "concern and weekly target": "R W R R R - - -",
    "referral and support already given": "N W R N N - - -",
    "meeting record": "N W W R R - - -",
    "support plan": "R W W R R N N -",
    "observation and review record": "R W W R R - - R",
    "outcome": "R R W R R N N R",
    "next steps record": "R - R W W R R W",
    "earlier cases of the student": "R - R R R - - R",
    "audit log": "- - - - R - - -",
}
LETTERS = {"writes": "W", "reads": "R", "gets a notice only": "N"}


def roles(text: str) -> frozenset[Role]:
    return frozenset(Role(word) for word in text.split())


def stage(text: str) -> Stage | None:
    return None if text == "nothing" else Stage(text)


def all_events() -> set[type[e.Event]]:
    classes = {thing for thing in vars(e).values() if isinstance(thing, type) and issubclass(thing, e.Event)}
    return classes - {e.Event}


# -- the tables of the process ---------------------------------------------------------------------------------------


def test_the_stages_are_the_states_and_the_reasons_for_closing() -> None:
    wanted = {*STATES, *(f"closed/{reason}" for reason in REASONS)} - {"closed"}

    assert {s.value for s in Stage} == wanted
    assert {s for s in Stage if not s.is_open} == {Stage(f"closed/{reason}") for reason in REASONS}


def test_the_pathway_leads_where_the_process_leads_and_nowhere_else() -> None:
    ways = {"stays": Way.STAY, "back": Way.BACK, "gone": Way.GONE}
    wanted: dict[Stage | None, dict[type[e.Event], Stage | Way]] = {None: {}, **{s: {} for s in Stage}}
    for _, kind, sources, to, _ in MOVES:
        for source in sources:
            wanted[stage(source)][kind] = ways.get(to) or Stage(to)

    assert {s: dict(table) for s, table in PATHWAY.items()} == wanted


def test_facts_are_recorded_where_the_process_has_them() -> None:
    wanted = {kind: frozenset(map(Stage, places)) for _, kind, places, _ in RECORDED}

    assert dict(FACTS) == wanted


def test_every_event_either_moves_a_case_or_is_a_fact() -> None:
    moving = {kind for table in PATHWAY.values() for kind in table}

    assert moving | set(FACTS) == all_events()
    assert not moving & set(FACTS)


def test_everybody_records_what_the_process_lets_them() -> None:
    assert dict(MAY_RECORD) == {kind: roles(by) for kind, by in BY.items()}
    assert set(MAY_RECORD) == all_events()


def test_whatever_a_mentor_does_alone_can_be_typed_for_them() -> None:
    assert FOR_THE_MENTOR == MENTORS_OWN_ACTS - NOT_TYPED_FOR_A_MENTOR


def test_guards_stand_only_at_events_that_there_are() -> None:
    assert set(GUARDS) <= all_events()


# -- who hears of it, and who sees it --------------------------------------------------------------------------------


def test_everybody_hears_what_concerns_them_and_nothing_else() -> None:
    told = {
        kind: ", ".join(f"{t.to}: {t.notice}{' at once' if t.at_once else ''}" for t in rows)
        for kind, rows in TOLD.items()
    }

    assert told == HEARD


def test_an_event_of_which_nobody_hears_has_a_reason() -> None:
    assert set(HEARD) | set(NOBODY_HEARS) == all_events()
    assert not set(HEARD) & set(NOBODY_HEARS)
    assert all(reason.endswith(".") for reason in NOBODY_HEARS.values())


def test_the_channel_hears_the_same_of_either_outcome() -> None:
    def posts(kind: type[e.Event]) -> list[Notice]:
        return [telling.notice for telling in TOLD[kind] if telling.to == CHANNEL]

    assert posts(e.PlacementContinued) == posts(e.PlacementTerminated) == [Notice.CHANNEL_REVIEWED]


@pytest.mark.parametrize("item", Item, ids=lambda item: item.name.lower())
def test_everybody_sees_what_the_table_of_privacy_gives_them(item: Item) -> None:
    row = (LETTERS[access] if (access := SEES[item].get(role)) else "-" for role in SEEN_BY)

    assert " ".join(row) == SEEN[item.value]
    assert set(SEES[item]) <= set(SEEN_BY)


def test_every_item_has_a_row() -> None:
    assert set(SEES) == set(Item)


# -- clocks ----------------------------------------------------------------------------------------------------------


def test_every_clock_runs_in_its_stage() -> None:
    assert {timer.id for timer in TIMERS} == set(CLOCKS) | set(OUR_TIMERS)
    for timer in TIMERS:
        if timer.id in OUR_TIMERS:
            assert timer.stages == set(map(Stage, OUR_TIMERS[timer.id]))
        elif CLOCKS[timer.id]:
            spoken_already = {Stage.LINK_TUTOR_TOLD} if timer.id == "T4" else set()
            assert timer.stages == {Stage(CLOCKS[timer.id])} | spoken_already


def test_pebblepad_is_asked_for_after_closing_and_the_placement_end_only_before() -> None:
    stages = {timer.id: timer.stages for timer in TIMERS}

    assert {Stage.CONTINUES, Stage.NEXT_STEPS, Stage.TERMINATED} <= stages["T10"]
    assert all(s.is_open for s in stages["T14"])


# -- held to the process data, where it is at hand -------------------------------------------------------------------


@pytest.fixture(scope="module")
def data() -> Any:
    if not DATA.exists():
        pytest.skip("The process data is not part of a fresh clone; the statement above stands in for it.")
    return yaml.safe_load(DATA.read_text(encoding="utf-8"))


def test_the_statement_above_has_the_states_of_the_process_data(data: Any) -> None:
    states = data["states"]

    assert list(states) == STATES
    assert [s for s in states if states[s]["pausable"]] == PAUSABLE
    assert states["closed"]["reasons"] == REASONS
    assert [s for s in states if not states[s]["open"]] == ["closed"]


def _whereto(event: Any, source: str) -> set[str]:
    match event["to"]:
        case None:
            return {"gone"}
        case "previous":
            return {"back"}
        case "closed":
            return {f"closed/{reason.strip()}" for reason in event["reason"].split("|")}
        case to:
            return {to, "stays"} if to in ("same", source) else {to}


def test_the_statement_above_has_the_events_of_the_process_data(data: Any) -> None:
    assert list(dict.fromkeys(row[0] for row in MOVES)) == [event["id"] for event in data["events"]]
    for event in data["events"]:
        rows = [row for row in MOVES if row[0] == event["id"]]
        sources = {source for _, _, sources, _, _ in rows for source in sources}
        plain = {"nothing" if s is None else s for s in event["from"]}
        assert {source.partition("/")[0] for source in sources} == plain, event["id"]
        ours = OURS_TOO.get(event["id"], set())
        assert {r for *_, by in rows for r in by.split()} - ours == set(event["by"]), event["id"]
        for _, _, own, to, _ in rows:
            assert all(to in _whereto(event, source.partition("/")[0]) for source in own), event["id"]


def test_every_reason_for_ending_a_case_has_its_event(data: Any) -> None:
    [end] = [event for event in data["events"] if event["id"] == "end_case"]

    assert {to for name, _, _, to, _ in MOVES if name == "end_case"} == _whereto(end, "")


def test_the_statement_above_has_the_facts_of_the_process_data(data: Any) -> None:
    stated = list(dict.fromkeys(row[0] for row in RECORDED if row[0] not in OURS))
    assert stated == [fact["id"] for fact in data["facts"]]
    for fact in data["facts"]:
        closed_too = "also after closing" in fact["what"] or fact["id"] == "nudged"
        for _, _, places, by in (row for row in RECORDED if row[0] == fact["id"]):
            assert places == fact.get("from", AFTER_DRAFT if closed_too else OPEN), fact["id"]
            assert set(by.split()) == set(fact["by"]), fact["id"]


def test_the_statement_above_has_the_timers_and_roles_of_the_process_data(data: Any) -> None:
    several = ("any", "any, also closed")

    assert {t["id"]: "" if t["state"] in several else t["state"] for t in data["timers"]} == CLOCKS
    assert [role.value for role in Role] == data["roles"]


# -- what people read about it ---------------------------------------------------------------------------------------


def _documented(name: str) -> Iterator[list[str]]:
    """The rows under the heading that has *name* in it: id, our names."""
    text = (ROOT / "docs" / "process.md").read_text(encoding="utf-8")
    section = next(part for part in text.split("\n## ") if name in part.splitlines()[0])
    for row in section.splitlines():
        if row.startswith("| `"):
            cells = row.split("|")
            yield [cells[1].strip(" `"), *(word.strip(" `") for word in cells[2].split(","))]


def _stated(rows: tuple[Any, ...]) -> list[list[str]]:
    names: dict[str, list[str]] = {}
    for name, kind, *_ in rows:
        names.setdefault(name, []).append(kind.__name__)
    return [[name, *kinds] for name, kinds in names.items()]


def test_the_page_about_the_process_names_every_stage_event_and_fact() -> None:
    stages = [[state, Stage(state).name] for state in STATES if state != "closed"]
    closed = ["closed", *(Stage(f"closed/{reason}").name for reason in REASONS)]

    assert list(_documented("`pathway.process.Stage`")) == [*stages, closed]
    assert list(_documented("`pathway.events`")) == _stated(MOVES)
    assert list(_documented("`FACTS`")) == _stated(RECORDED)


def test_the_readme_shows_the_pathway_as_it_is() -> None:
    readme = diagram.README.read_text(encoding="utf-8")

    assert diagram.drawn_into(readme) == readme, "run: python -m pathway.diagram"


def test_the_diagram_draws_every_event_and_every_stage() -> None:
    drawn = diagram.mermaid()

    assert all(diagram.stage_in_words(s) in drawn for s in Stage)
    assert all(diagram.event_in_words(kind) in drawn for table in PATHWAY.values() for kind in table)


def test_a_readme_without_a_place_for_the_diagram_is_told_so() -> None:
    with pytest.raises(ValueError, match="needs a line"):
        diagram.drawn_into("# Pathway\n")
