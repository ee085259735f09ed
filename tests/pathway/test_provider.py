"""A provider writes down its own words and rules, sometimes wrongly."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import date, time
from pathlib import Path

import pytest

from pathway.provider import Colleague, Contact, Provider, ProviderFault, starting
from pathway.roles import Role
from pathway.standards import CORE_AREAS

WHOLE = """
name = "Northdale University partnership"

[roles]
link_tutor = "Lead Mentor"
mentor = "school-based Mentor"

[words]
intervention = "support plan"

[days]
weekly_check = 7
plan_max = 15

[quiet_hours]
opens = 07:30:00
check_at = 16:00:00

[settings]
max_focus_areas = 2
copy_to_student = false
first_meeting_may_be_visit = true
still_enrolled_note = "You are still a student on your course."

[[partnership_team]]
name = "Sam Whitfield"
email = "sam.whitfield@northdale.example"

[[partnership_team]]
name = "Jo Lumb"
email = "jo.lumb@northdale.example"

[[partnership_lead]]
name = "Ruth Adeyemi"
email = "ruth.adeyemi@northdale.example"

[contacts.safeguarding]
name = "Placement safeguarding"
phone = "0113 496 0100"

[contacts.students_union]
name = "Advice at the students' union"
email = "advice@northdale.example"

[privacy]
notice = "https://northdale.example/privacy"
summary = "Kept for a year."

[pebblepad]
link = "https://pebblepad.example/login"

[retention]
target_met_months = 6

[calendars.A]
name = "Northdale schools"
terms = [[2026-11-02, 2026-12-18], [2026-09-01, 2026-10-23]]
inset = [2026-09-01]
closures = [2026-11-12, [2026-12-17, 2026-12-18]]

[calendars."Hollin Bank"]
like = "A"
inset = [2026-11-20]

[university]
closures = [[2026-12-24, 2027-01-03]]

[bank_holidays]
extra = [2026-11-05]
removed = [2027-05-03]
"""


def faults_of(text: str) -> tuple[str, ...]:
    with pytest.raises(ProviderFault) as caught:
        Provider.from_toml(text)
    return caught.value.faults


# -- what a file says ----------------------------------------------------------------------------------------------


def test_an_empty_file_speaks_the_words_of_the_process_document() -> None:
    provider = Provider.from_toml("")

    assert [provider.role(role) for role in Role if role is not Role.SYSTEM] == [
        "mentor",
        "Link Tutor",
        "Partnership Team",
        "Partnership Lead",
        "Level Lead",
        "Personal Tutor",
        "Course Director",
        "student",
    ]
    assert (provider.words.intervention, provider.words.support_plan) == ("intervention", "support plan")
    assert (provider.days.weekly_check, provider.days.plan, provider.days.next_steps) == (5, 5, 5)
    assert (provider.quiet_hours.opens, provider.quiet_hours.closes) == (time(8), time(17, 30))
    assert provider.settings.max_focus_areas == 3
    assert provider.settings.copy_to_student
    assert not provider.settings.week_is_required
    assert provider.settings.still_enrolled_note == ""
    assert provider.core_areas == CORE_AREAS


def test_a_whole_file_is_read_into_one_object() -> None:
    provider = Provider.from_toml(WHOLE)

    assert provider.name == "Northdale University partnership"
    assert provider.role(Role.LINK_TUTOR) == "Lead Mentor"
    assert provider.role(Role.COURSE_DIRECTOR) == "Course Director"
    assert provider.role(Role.SYSTEM) == "Pathway"
    assert provider.words.intervention == "support plan"
    assert (provider.days.weekly_check, provider.days.plan_max, provider.days.max_repeats) == (7, 15, 2)
    assert (provider.quiet_hours.opens, provider.quiet_hours.check_at) == (time(7, 30), time(16))
    assert provider.settings.max_focus_areas == 2
    assert provider.settings.first_meeting_may_be_visit
    assert provider.settings.still_enrolled_note == "You are still a student on your course."
    assert not provider.settings.copy_to_student
    assert provider.partnership_team == (
        Colleague("Sam Whitfield", "sam.whitfield@northdale.example"),
        Colleague("Jo Lumb", "jo.lumb@northdale.example"),
    )
    assert provider.partnership_lead[0].name == "Ruth Adeyemi"
    assert provider.contacts.safeguarding == Contact("Placement safeguarding", phone="0113 496 0100")
    assert provider.contacts.students_union
    assert provider.contacts.appeals is None
    assert provider.privacy.notice == "https://northdale.example/privacy"
    assert provider.pebblepad_link == "https://pebblepad.example/login"
    assert (provider.retention.target_met_months, provider.retention.other_months) == (6, 12)


def test_a_provider_cannot_be_changed_and_equal_files_give_equal_providers() -> None:
    provider = Provider.from_toml(WHOLE)

    with pytest.raises(FrozenInstanceError):
        provider.name = "Elsewhere"  # type: ignore[misc]
    assert provider == Provider.from_toml(WHOLE)
    assert len({provider, Provider.from_toml(WHOLE)}) == 1


def test_a_sentence_may_begin_with_the_providers_word() -> None:
    assert starting("mentor") == "Mentor"
    assert starting("Link Tutor") == "Link Tutor"
    assert starting("") == ""


# -- calendars -----------------------------------------------------------------------------------------------------


def test_a_placement_gets_the_calendar_that_its_roster_row_names() -> None:
    calendar = Provider.from_toml(WHOLE).calendar_for(" a ", "Monday, Tuesday")

    assert calendar.name == "Northdale schools"
    assert calendar.days == (0, 1)
    assert calendar.terms[0] == (date(2026, 9, 1), date(2026, 10, 23))
    assert calendar.add(date(2026, 10, 23), 1) == date(2026, 11, 2)
    assert not calendar.is_open(date(2026, 11, 12))
    assert not calendar.is_open(date(2026, 12, 17))


def test_a_school_may_be_like_its_authority_with_training_days_of_its_own() -> None:
    provider = Provider.from_toml(WHOLE)
    school = provider.calendar_for("Hollin Bank")

    assert school.terms == provider.calendar_for("A").terms
    assert school.inset == (date(2026, 11, 20),)
    assert school.closures == provider.calendar_for("A").closures


def test_a_calendar_nobody_wrote_down_is_monday_to_friday() -> None:
    provider = Provider.from_toml(WHOLE)

    assert not provider.knows_calendar("Z")
    assert provider.knows_calendar("hollin bank")
    assert provider.calendar_for("Z").explain(date(2026, 10, 21), 5).how == (
        "5 school days; we do not know this school's term dates"
    )


def test_training_days_count_where_the_provider_says_so() -> None:
    counted = Provider.from_toml(WHOLE.replace("[settings]", "[settings]\ninset_counts = true"))

    assert counted.calendar_for("Hollin Bank").is_open(date(2026, 11, 20))
    assert not Provider.from_toml(WHOLE).calendar_for("Hollin Bank").is_open(date(2026, 11, 20))


def test_extra_and_removed_bank_holidays_hold_for_schools_and_the_university() -> None:
    provider = Provider.from_toml(WHOLE)

    for days in (provider.calendar_for("A"), provider.working_days()):
        assert not days.is_open(date(2026, 11, 5))
    assert provider.working_days().is_open(date(2027, 5, 3))
    assert provider.working_days().explain(date(2026, 11, 4), 1).how == (
        "1 working day; the extra bank holiday on Thursday 5 November is not counted"
    )


def test_the_universitys_days_may_be_narrowed_to_a_tutors() -> None:
    provider = Provider.from_toml(WHOLE)

    assert provider.working_days("Wed").add(date(2026, 12, 23), 1) == date(2027, 1, 6)
    assert provider.working_days().add(date(2026, 12, 23), 1) == date(2027, 1, 4)


# -- what can be wrong ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[dayz]", 'The file has no "dayz". Did you mean "days"?'),
        ("[days]\nweekly_chek = 5", '[days] has no "weekly_chek". Did you mean "weekly_check"?'),
        ("[roles]\nlink_tuter = 'x'", '[roles] has no "link_tuter". Did you mean "link_tutor"?'),
        ("[words]\nzebra = 'x'", '[words] has no "zebra". It can have: intervention, support_plan.'),
        ("[contacts.safegarding]\nname = 'x'", '[contacts] has no "safegarding". Did you mean "safeguarding"?'),
        ("[university]\nclosure = []", '[university] has no "closure". Did you mean "closures"?'),
        ("[days]\nplan = 'five'", "[days] plan must be a whole number, 1 or more. Write plan = 5"),
        ("[days]\nplan = true", "[days] plan must be a whole number, 1 or more. Write plan = 5"),
        ("[days]\nweekly_check = 0", "[days] weekly_check must be a whole number, 1 or more. Write weekly_check = 5"),
        (
            "[settings]\ncopy_to_student = 'yes'",
            "[settings] copy_to_student must be true or false, without quotation marks. Write copy_to_student = true",
        ),
        (
            "[quiet_hours]\nopens = '8:00'",
            "[quiet_hours] opens must be a time with seconds, without quotation marks. Write opens = 08:00:00",
        ),
        ("[review]\nminutes = 15", "[review] minutes must be between 30 and 240, not 15."),
        (
            "[meeting]\nearliest = 17:00:00",
            "[meeting] latest (17:30:00) must be at least an hour later than earliest (17:00:00).",
        ),
        ("[quiet_hours]\nopens = 18:00:00", "[quiet_hours] opens (18:00:00) must come before closes (17:30:00)."),
        (
            "[quiet_hours]\ncheck_at = 19:00:00",
            "[quiet_hours] check_at must lie between opens (08:00:00) and closes (17:30:00), not at 19:00:00.",
        ),
        (
            "[days]\nplan_min = 7",
            (
                "[days] plan_floor, plan_min, plan and plan_max must not fall in this order, and are 3, 7, 5, 10. "
                "The defaults are 3, 5, 5 and 10."
            ),
        ),
        ("[settings]\nmax_focus_areas = 4", "[settings] max_focus_areas must be 1, 2 or 3, not 4."),
        ("[roles]\nmentor = ' '", '[roles] mentor must not be empty. Write mentor = "..."'),
        (
            "[settings]\ntermination_needs_lead = true",
            (
                "[settings] termination_needs_lead asks for a Partnership Lead, and none is named. "
                "Add [[partnership_lead]] with name and email, or leave the setting out."
            ),
        ),
        ("name = 5", 'name must be text in quotation marks. Write name = "..."'),
        ("days = 5", "days must be a section. Write [days] on a line of its own, and its keys below"),
        (
            "[partnership_team]\nname = 'x'",
            "partnership_team must be a list of sections. Write [[partnership_team]] above each of them",
        ),
        (
            "[[partnership_team]]\nname = 'Sam'",
            '[[partnership_team]] number 1 email must not be empty. Write email = "..."',
        ),
        (
            "[[partnership_lead]]\nname = 'Ruth'\nemail = 'ruth at northdale'",
            (
                '[[partnership_lead]] number 1 email is not an e-mail address: "ruth at northdale". '
                'Write email = "name@university.example"'
            ),
        ),
        (
            "[contacts.office]\nname = 'Office'",
            '[contacts.office] has neither phone nor email. Add one: phone = "0113 496 0000".',
        ),
        (
            "[privacy]\nnotice = 'http://northdale.example'",
            (
                '[privacy] notice must be an address that begins with https://, not "http://northdale.example". '
                "Mend or delete it"
            ),
        ),
        (
            "[calendars.A]\nterms = [['2026-09-01', 2026-10-23]]",
            '[calendars.A] terms has "2026-09-01", which is no date. Write dates without quotation marks: 2026-11-20',
        ),
        (
            "[calendars.A]\nterms = [[2026-10-23, 2026-09-01]]",
            (
                "[calendars.A] terms goes from 2026-10-23 to 2026-09-01. "
                "Write the first day before the last, at most a year apart"
            ),
        ),
        (
            "[calendars.A]\nterms = [[2026-09-01, 2026-10-23], [2026-10-23, 2026-12-18]]",
            "[calendars.A] terms overlap: one ends on 2026-10-23, the next begins on 2026-10-23. Mend one of the two.",
        ),
        (
            "[calendars.A]\ninset = []",
            "[calendars.A] terms are missing. Write the first and last day of each: terms = [[2026-09-01, 2026-10-23]]",
        ),
        (
            "[calendars.A]\nterms = [2026-09-01]",
            '[calendars.A] terms has "2026-09-01". Write first and last day: [2026-09-01, 2026-10-23]',
        ),
        (
            "[calendars.A]\nterms = [[2026-09-01, 2026-10-23]]\ninset = 2026-09-01",
            "[calendars.A] inset must be a list. Write inset = [...]",
        ),
        (
            "[calendars.A]\nlike = 'B'\nterms = [[2026-09-01, 2026-10-23]]",
            '[calendars.A] like must name another calendar, one with terms of its own, not "B".',
        ),
        (
            "[bank_holidays]\nextra = [2026-11-05T10:00:00]",
            (
                '[bank_holidays] extra has "2026-11-05 10:00:00", which is no date. '
                "Write dates without quotation marks: 2026-11-20"
            ),
        ),
        (
            "[[core_areas]]\nid = 'Behaviour'\nname = 'Behaviour'",
            '[[core_areas]] number 1 id must be small letters and underscores, each id once, not "Behaviour".',
        ),
        (
            "[[core_areas]]\nid = 'b'\nname = 'High expectations and managing behaviour'",
            '[[core_areas]] number 1 label must be at most 32 characters. Write a short one: label = "Behaviour"',
        ),
        (
            "[[core_areas]]\nid = 'b'\nname = 'Behaviour'\nstandards = ['TS9']",
            '[[core_areas]] number 1 standards has "TS9". It can have: TS1, TS2, TS3, TS4, TS5, TS6, TS7, TS8, P2.',
        ),
        (
            "[[core_areas]]\nid = 'b'\nname = 'Behaviour'\nstandards = [1]",
            '[[core_areas]] number 1 standards must be a list of texts. Write standards = ["...", "..."]',
        ),
    ],
)
def test_a_wrong_value_is_refused_with_one_sentence_that_says_how_to_mend_it(text: str, sentence: str) -> None:
    assert faults_of(text) == (sentence,)


def test_all_faults_are_told_at_once() -> None:
    faults = faults_of("[days]\nplan = 0\n[settings]\ncopy_too_student = true\n[university]\nclosures = ['x']")

    assert len(faults) == 3


def test_a_calendar_like_one_that_is_like_another_is_refused() -> None:
    faults = faults_of("[calendars.A]\nlike = 'B'\n[calendars.B]\nlike = 'A'")

    assert '[calendars.A] like must name another calendar, one with terms of its own, not "B".' in faults


def test_what_is_not_toml_says_where() -> None:
    (fault,) = faults_of("name = Northdale")

    assert fault.startswith("This is not TOML: ")
    assert "line 1" in fault
    assert "quotation marks" in fault


# -- serving real people -------------------------------------------------------------------------------------------


def test_a_whole_file_is_fit_to_serve(tmp_path: Path) -> None:
    path = tmp_path / "provider.toml"
    path.write_text(WHOLE, encoding="utf-8-sig")

    assert Provider.load(path) == Provider.from_toml(WHOLE)


def test_a_provider_without_office_or_safeguarding_contact_is_not_served(tmp_path: Path) -> None:
    path = tmp_path / "provider.toml"
    path.write_text('name = "Northdale"', encoding="utf-8")

    with pytest.raises(ProviderFault) as caught:
        Provider.load(path)

    team, safeguarding = caught.value.faults
    assert team.startswith("provider.toml: partnership_team is missing")
    assert safeguarding.startswith("provider.toml: contacts.safeguarding is missing")
    assert str(caught.value) == f"{team}\n{safeguarding}"


def test_a_fault_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_text("[dayz]", encoding="utf-8")

    with pytest.raises(ProviderFault, match=r'^ours.toml: The file has no "dayz"'):
        Provider.load(path)


def test_a_file_that_is_not_there_or_not_text_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ProviderFault, match="Set PATHWAY_PROVIDER"):
        Provider.load(tmp_path / "nowhere.toml")
    (tmp_path / "provider.toml").write_bytes(b'name = "\xe9"')
    with pytest.raises(ProviderFault, match="UTF-8"):
        Provider.load(tmp_path / "provider.toml")
