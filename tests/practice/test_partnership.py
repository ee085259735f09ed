"""The made-up partnership hangs together."""

from __future__ import annotations

import csv
from pathlib import Path

from bot.practice.roll import PARTNERSHIP, PROVIDER, practice_people
from pathway.dates import weekdays
from pathway.provider import Provider

COLUMNS = """placement_id, student_name, student_email, course, phase, school, school_address, calendar,
placement_start, placement_end, placement_days, mentor_name, mentor_email, second_mentor_name, second_mentor_email,
link_tutor_name, link_tutor_email, link_tutor_days, level_lead_name, level_lead_email, personal_tutor_name,
personal_tutor_email, course_director_name, course_director_email"""
ROLES = ("student", "mentor", "second_mentor", "link_tutor", "level_lead", "personal_tutor", "course_director")


def rows() -> list[dict[str, str]]:
    with PARTNERSHIP.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_file_has_the_columns_of_the_roster() -> None:
    assert list(rows()[0]) == COLUMNS.replace("\n", " ").split(", ")


def test_there_are_six_schools_ten_students_eight_mentors_and_three_link_tutors() -> None:
    assert len({r["school"] for r in rows()}) == 6
    assert len({r["student_email"] for r in rows()}) == 10
    assert len({r["mentor_email"] for r in rows()}) == 8
    assert len({r["link_tutor_email"] for r in rows()} - {""}) == 3
    assert [r["student_name"] for r in rows() if not r["link_tutor_email"]] == ["Kai Brennan"]


def test_everybody_named_can_be_seen_in_practice_under_the_same_address() -> None:
    provider = Provider.load(PROVIDER)
    seen = {(p.name, p.email) for p in practice_people()}
    named = {(r[f"{role}_name"], r[f"{role}_email"]) for r in rows() for role in ROLES} - {("", "")}
    office = {(c.name, c.email) for c in (*provider.partnership_team, *provider.partnership_lead)}
    assert seen == named | office


def test_every_calendar_and_weekday_is_known() -> None:
    provider = Provider.load(PROVIDER)
    assert all(provider.knows_calendar(r["calendar"]) for r in rows())
    assert all(weekdays(r["placement_days"]) for r in rows())
    assert all(weekdays(r["link_tutor_days"]) for r in rows())


def test_keys_ids_and_addresses_are_nobody_elses() -> None:
    people = practice_people()
    for field in ("key", "email", "object_id", "teams_id", "conversation_id"):
        assert len({getattr(p, field) for p in people}) == len(people)
    assert [p.name for p in people if p.reach == "email_only"] == ["Dot Ellery"]


def test_nothing_in_it_can_be_rung_or_written_to() -> None:
    for file in (PARTNERSHIP, PROVIDER, Path(PROVIDER).with_name("people.toml")):
        for word in file.read_text(encoding="utf-8").replace('"', " ").replace(",", " ").split():
            if "@" in word or word.startswith("http"):
                assert ".example.org" in word or word.endswith(".example.ac.uk")
