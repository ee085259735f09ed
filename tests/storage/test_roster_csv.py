"""The office's spreadsheet: all of it, or nothing and every fault in words that name row and column."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest

from pathway.people import Reach
from pathway.ports import RosterFault
from storage.roster_csv import COLUMNS, MOST_FAULTS, Counts, RosterFaults, RosterFile, decode_file, read_roster
from tests.storage.samples import Shop

ISSUE = [
    "placement_id",
    "student_name",
    "student_email",
    "course",
    "phase",
    "school",
    "school_address",
    "calendar",
    "placement_start",
    "placement_end",
    "placement_days",
    "mentor_name",
    "mentor_email",
    "second_mentor_name",
    "second_mentor_email",
    "link_tutor_name",
    "link_tutor_email",
    "link_tutor_days",
    "level_lead_name",
    "level_lead_email",
    "personal_tutor_name",
    "personal_tutor_email",
    "course_director_name",
    "course_director_email",
]

ROW = {
    "placement_id": "PL-1",
    "student_name": "Sam Sand",
    "student_email": "sam@uni.example",
    "course": "PGCE Primary",
    "phase": "autumn",
    "school": "Elm Park",
    "school_address": "1 Elm Road, Leeds",
    "calendar": "A",
    "placement_start": "2026-09-07",
    "placement_end": "2026-12-18",
    "placement_days": "Mon-Thu",
    "mentor_name": "Mia Moss",
    "mentor_email": "mia@school.example",
    "link_tutor_name": "Lee Lark",
    "link_tutor_email": "lee@uni.example",
    "link_tutor_days": "Wed, Mon",
}
SECOND = {**ROW, "placement_id": "PL-2", "student_name": "Ola Oak", "student_email": "ola@uni.example"}


def sheet(*rows: Mapping[str, str], columns: list[str] | None = None, ending: str = "\n") -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns or ISSUE, restval="", lineterminator=ending)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def read(*rows: Mapping[str, str]) -> RosterFile:
    return read_roster(sheet(*rows), ["A", "B"])


def faults(text: str) -> tuple[str, ...]:
    with pytest.raises(RosterFaults) as caught:
        read_roster(text, ["A", "B"])
    assert isinstance(caught.value, RosterFault)
    assert str(caught.value) == "\n".join(caught.value.faults)
    return caught.value.faults


def test_the_columns_are_those_of_the_guide() -> None:
    assert sorted(COLUMNS) == sorted(ISSUE)


def test_a_row_is_a_placement_and_its_people() -> None:
    roster = read(ROW)
    ids = {p.email: p.id for p in roster.people}
    assert {p.name for p in roster.people} == {"Sam Sand", "Mia Moss", "Lee Lark"}
    assert {p.reach for p in roster.people} == {Reach.EMAIL_ONLY}
    (placement,) = roster.placements
    assert (placement.id, placement.course, placement.phase) == ("PL-1", "PGCE Primary", "autumn")
    assert (placement.school, placement.school_address, placement.calendar) == ("Elm Park", "1 Elm Road, Leeds", "A")
    assert (placement.start, placement.end) == (date(2026, 9, 7), date(2026, 12, 18))
    assert (placement.days, placement.link_tutor_days) == ("Mon,Tue,Wed,Thu", "Mon,Wed")
    assert placement.student == ids["sam@uni.example"]
    assert placement.mentor == ids["mia@school.example"]
    assert placement.link_tutor == ids["lee@uni.example"]
    assert (
        placement.second_mentor == placement.level_lead == placement.personal_tutor == placement.course_director == ""
    )
    assert roster.counts == Counts(people=3, new_people=3, placements=1, new_placements=1, no_longer_listed=0)


def test_every_role_of_a_row_is_read() -> None:
    others = ["second_mentor", "level_lead", "personal_tutor", "course_director"]
    row = {**ROW, **{f"{x}_name": x for x in others}, **{f"{x}_email": f"{x}@uni.example" for x in others}}
    roster = read(row)
    ids = {p.name: p.id for p in roster.people}
    assert [getattr(roster.placements[0], x) for x in others] == [ids[x] for x in others]


def test_ids_say_nothing_about_people() -> None:
    ids = [p.id for p in read(ROW).people]
    assert all(len(x) == 16 and set(x) <= set("0123456789abcdef") for x in ids)
    assert set(ids).isdisjoint(p.id for p in read(ROW).people)


def test_one_person_may_hold_several_roles_and_is_known_without_case() -> None:
    row = {**ROW, "personal_tutor_name": "Lee  Lark ", "personal_tutor_email": "LEE@uni.example"}
    roster = read(row, {**SECOND, "mentor_name": "Lee Lark", "mentor_email": "Lee@Uni.example"})
    assert len(roster.people) == 4
    one, two = roster.placements
    assert one.link_tutor == one.personal_tutor == two.mentor == two.link_tutor


def test_a_second_import_keeps_ids_and_how_people_are_reached() -> None:
    before = read(ROW, SECOND)
    met = [replace(p, reach=Reach.GUEST, object_id=f"o-{p.id}") for p in before.people]
    again = read_roster(
        sheet({**ROW, "mentor_name": "Mia Marsh", "mentor_email": "MIA@school.example", "school": "Ash Hill"}),
        ["A"],
        met,
        before.placements,
    )
    known = {p.email.casefold(): p for p in met}
    for person in again.people:
        old = known[person.email.casefold()]
        assert (person.id, person.reach, person.object_id) == (old.id, Reach.GUEST, old.object_id)
    assert "Mia Marsh" in {p.name for p in again.people}
    assert again.placements[0].mentor == before.placements[0].mentor
    assert again.counts == Counts(people=3, new_people=0, placements=1, new_placements=0, no_longer_listed=1)


async def test_what_was_read_can_be_loaded_and_loaded_again(shop: Shop) -> None:
    roster = shop.stores.roster
    for _ in range(2):
        known = await roster.people()
        found = read_roster(sheet(ROW, SECOND), ["A"], known.values(), await roster.placements())
        await roster.load(found.people, found.placements)
    assert len(await roster.people()) == 4
    assert await roster.people() == known


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_windows_line_ends_and_a_byte_order_mark_are_no_fault(ending: str, mark: str) -> None:
    text = mark + sheet(ROW, SECOND, ending=ending)
    assert len(read_roster(decode_file(text.encode()), ["A"]).placements) == 2
    assert len(read_roster(text, ["A"]).placements) == 2


def test_spaces_empty_rows_and_columns_in_another_order_are_no_fault() -> None:
    padded = {k: f" {v} " for k, v in ROW.items()}
    text = sheet(padded, {}, SECOND, {}, columns=sorted(ISSUE)).replace("school_address", " School_Address ")
    assert [p.school_address for p in read_roster(text, ["A"]).placements] == ["1 Elm Road, Leeds"] * 2


def test_columns_that_may_be_empty_may_be_left_out() -> None:
    columns = [x for x in ISSUE if not x.startswith(("second_", "level_", "personal_", "course_director"))]
    assert len(read_roster(sheet(ROW, columns=columns), ["A"]).placements) == 1


def test_an_empty_column_at_the_end_is_no_fault() -> None:
    text = "\n".join(line + ",," for line in sheet(ROW).splitlines())
    assert len(read_roster(text, ["A"]).placements) == 1


def test_a_british_date_is_a_date() -> None:
    placement = read({**ROW, "placement_start": "07/09/2026", "placement_end": "2027-01-29"}).placements[0]
    assert (placement.start, placement.end) == (date(2026, 9, 7), date(2027, 1, 29))


def test_no_days_mean_nothing_said() -> None:
    assert read({**ROW, "placement_days": ""}).placements[0].days == ""


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("placement_id", "", "Row 2, placement_id: this cell must not be empty."),
        ("student_name", " ", "Row 2, student_name: this cell must not be empty."),
        ("mentor_email", "", "Row 2, mentor_email: this cell must not be empty."),
        ("school", "", "Row 2, school: this cell must not be empty."),
        ("student_email", "sam at uni", 'Row 2, student_email: "sam at uni" is not an e-mail address.'),
        ("mentor_email", "mia@school", 'Row 2, mentor_email: "mia@school" is not an e-mail address.'),
        ("mentor_email", "Mia <mia@a.b>", 'Row 2, mentor_email: "Mia <mia@a.b>" is not an e-mail address.'),
        (
            "placement_start",
            "7 Sept",
            'Row 2, placement_start: "7 Sept" is not a date. Write 2026-09-07 or 07/09/2026.',
        ),
        ("placement_start", "2026-02-30", 'Row 2, placement_start: "2026-02-30" is not a date.'),
        ("placement_start", "09/30/2026", 'Row 2, placement_start: "09/30/2026" is not a date.'),
        ("placement_end", "2026-09-07", "Row 2, placement_end: the placement must end after it starts."),
        ("calendar", "Z", 'Row 2, calendar: "Z" is not a calendar of the provider. They are: A, B.'),
        (
            "placement_days",
            "Sat",
            'Row 2, placement_days: "Sat" is not a list of weekdays. Write "Mon-Fri" or "Mon, Tue".',
        ),
        ("link_tutor_days", "often", 'Row 2, link_tutor_days: "often" is not a list of weekdays.'),
        ("link_tutor_email", "", "Row 2, link_tutor_email: there is a name and no e-mail address."),
        ("link_tutor_name", "", "Row 2, link_tutor_name: there is an e-mail address and no name."),
        (
            "mentor_email",
            "sam@uni.example",
            'Row 2, mentor_name: sam@uni.example is "Mia Moss" here and "Sam Sand" in row 2.',
        ),
        ("course", "x" * 301, "Row 2, course: this is longer than 300 characters."),
        ("school", "Elm\u202ePark", "Row 2, school: there is a character in it that cannot be printed."),
    ],
)
def test_a_wrong_cell_is_named_by_row_and_column(column: str, value: str, sentence: str) -> None:
    assert faults(sheet({**ROW, column: value}))[0].startswith(sentence)


def test_a_student_is_nothing_else_on_their_own_placement() -> None:
    row = {**ROW, "mentor_name": "Sam Sand", "mentor_email": "Sam@uni.example"}
    assert faults(sheet(row)) == ("Row 2, student_email: the student has a second part on their own placement.",)


def test_the_second_mentor_is_somebody_else() -> None:
    row = {**ROW, "second_mentor_name": "Mia Moss", "second_mentor_email": "mia@school.example"}
    assert faults(sheet(row))[0].startswith("Row 2, second_mentor_email: this is the mentor again.")


def test_a_placement_stands_in_one_row() -> None:
    assert faults(sheet(ROW, {}, {**SECOND, "placement_id": "PL-1"})) == (
        'Row 4, placement_id: "PL-1" stands in row 2 already.',
    )


def test_one_address_is_one_person() -> None:
    assert faults(sheet(ROW, {**SECOND, "mentor_name": "Mia Marsh"})) == (
        'Row 3, mentor_name: mia@school.example is "Mia Marsh" here and "Mia Moss" in row 2. One address is one person.',
    )


def test_all_faults_are_told_together_in_the_order_of_the_rows() -> None:
    told = faults(sheet({**ROW, "calendar": "Z", "course": ""}, SECOND, {**SECOND, "placement_id": "", "phase": ""}))
    assert [x.partition(":")[0] for x in told] == [
        "Row 2, course",
        "Row 2, calendar",
        "Row 4, placement_id",
        "Row 4, phase",
    ]


def test_after_twenty_faults_the_rest_is_counted() -> None:
    told = faults(sheet(*({**ROW, "placement_id": f"PL-{n}", "course": ""} for n in range(30))))
    assert len(told) == MOST_FAULTS
    assert told[-1] == "And 11 more."
    assert len(faults(sheet(*({**ROW, "placement_id": f"PL-{n}", "course": ""} for n in range(20))))) == MOST_FAULTS


def test_an_unknown_column_is_refused_with_the_nearest_known_one() -> None:
    told = faults(sheet(ROW).replace("mentor_email", "mentor_mail", 1))
    assert told == (
        'The column "mentor_mail" is not known. Is it "mentor_email"?',
        'The column "mentor_email" is missing.',
    )
    assert faults(sheet(ROW).replace("school_address", "zzz")) == ('The column "zzz" is not known.',)


def test_a_column_may_not_stand_twice() -> None:
    assert 'There are two columns "phase".' in faults(sheet(ROW).replace("course,", "phase,", 1))


def test_a_row_with_more_cells_than_headings_is_refused() -> None:
    header, row = sheet(ROW).splitlines()
    assert faults(f"{header}\n{row},stray")[0] == "Row 2 has more cells than there are headings."


def test_a_row_that_is_cut_short_is_read_as_empty_cells() -> None:
    header, row = sheet(ROW).splitlines()
    assert len(read_roster(f"{header}\n{row.rstrip(',')}", ["A"]).placements) == 1


def test_a_quotation_mark_that_is_not_closed_is_refused() -> None:
    assert faults(sheet(ROW) + '"PL-2,Sam')[-1].startswith("Row 3 cannot be read: a quotation mark")


@pytest.mark.parametrize("text", ["", "\ufeff"])
def test_an_empty_file_is_refused(text: str) -> None:
    assert faults(text) == ("The file is empty.",)


def test_headings_alone_are_refused() -> None:
    assert faults(sheet()) == ("The file has headings and no rows.",)


def test_a_file_that_is_not_utf_8_is_refused_with_the_way_out() -> None:
    with pytest.raises(RosterFaults, match='"CSV UTF-8"'):
        decode_file(sheet({**ROW, "student_name": "Zoë"}).encode("cp1252"))


def test_names_in_other_scripts_are_names() -> None:
    row = {**ROW, "student_name": "Zoë Ní Dhomhnaill", "mentor_name": "سارا می\u200cخواهد"}
    assert {"Zoë Ní Dhomhnaill", "سارا می\u200cخواهد"} < {p.name for p in read(row).people}


def test_where_the_provider_has_no_calendars_yet_it_says_so() -> None:
    with pytest.raises(RosterFaults, match="They are: none yet"):
        read_roster(sheet(ROW), [])
