"""The provider's own words and rules, read from `provider.toml` into one frozen object.

Whatever the file leaves out keeps its default, which is the process document's word for it, so an empty file is a
valid provider for trying things out. Serving real people needs the Partnership Team and whom to ring about
safeguarding: `Provider.load` insists on them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from pathway.bank_holidays import BANK_HOLIDAYS, BankHolidays
from pathway.dates import WEEKDAYS, Calendar, Stretch, WorkingDays, weekdays
from pathway.roles import Role
from pathway.standards import CORE_AREAS, LONGEST_LABEL, STANDARDS, CoreArea
from pathway.toml_table import Table

K = TypeVar("K")
V = TypeVar("V")
#: So many calendars, one a way to write a placement's, are remembered.
MOST_CALENDARS = 1000


class ProviderFault(Exception):
    """The file cannot be taken. *faults* are sentences that name the key and say how to mend it."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


@dataclass(frozen=True, slots=True)
class Roles:
    """What the provider calls people, in the middle of a sentence. The fields are `Role`'s values."""

    mentor: str = "mentor"
    link_tutor: str = "Link Tutor"
    partnership_team: str = "Partnership Team"
    partnership_lead: str = "Partnership Lead"
    level_lead: str = "Level Lead"
    personal_tutor: str = "Personal Tutor"
    course_director: str = "Course Director"
    student: str = "student"


@dataclass(frozen=True, slots=True)
class Words:
    """What the provider calls the process and its paper, in the middle of a sentence."""

    intervention: str = "intervention"
    support_plan: str = "support plan"


@dataclass(frozen=True, slots=True)
class Days:
    """Numbers of days: school days for what happens in school, working days for *next_steps*.

    *plan* is proposed, *plan_min* to *plan_max* are taken, down to *plan_floor* with a reason. *max_repeats*: how
    often a weekly target goes on for one more week before the card asks to tell the Link Tutor. *draft_kept*: how
    long a draft is kept.
    """

    weekly_check: int = 5
    plan: int = 5
    plan_min: int = 5
    plan_max: int = 10
    plan_floor: int = 3
    max_repeats: int = 2
    next_steps: int = 5
    draft_kept: int = 5


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Times on London's clock. Reminders go out from *opens* to *closes*; the one-week check is asked at *check_at*,
    an outcome is due by *outcome_by*.
    """

    opens: time = time(8)
    closes: time = time(17, 30)
    check_at: time = time(15, 30)
    outcome_by: time = time(17)


@dataclass(frozen=True, slots=True)
class MeetingTimes:
    """Between which times on London's clock the first meeting is proposed: it starts at *earliest* or later, when
    lessons are over, and has ended by *latest*.
    """

    earliest: time = time(15, 30)
    latest: time = time(17, 30)


@dataclass(frozen=True, slots=True)
class Review:
    """How many *minutes* the visit of the review takes in a calendar: a lesson observation, a talk with the mentor, a
    conversation of all three.
    """

    minutes: int = 90


@dataclass(frozen=True, slots=True)
class Settings:
    """The provider's choices where providers differ. *still_enrolled_note* is the sentence a student reads about their
    place on the course when a placement has ended; "" where the provider confirms none.
    """

    max_focus_areas: int = 3
    copy_to_student: bool = True
    week_is_required: bool = False
    inset_counts: bool = False
    allow_second_plan: bool = False
    termination_needs_lead: bool = False
    partnership_channel: bool = True
    first_meeting_may_be_visit: bool = False
    link_tutor_sees_weekly_target: bool = False
    still_enrolled_note: str = ""


@dataclass(frozen=True, slots=True)
class Retention:
    """After how many months a closed case is deleted."""

    target_met_months: int = 12
    other_months: int = 12


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody of the Partnership, matched to the directory by *email*."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to ring or write to. At least one of *phone* and *email* is there."""

    name: str
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Contacts:
    """None where the provider gave nobody."""

    safeguarding: Contact | None = None
    office: Contact | None = None
    wellbeing: Contact | None = None
    students_union: Contact | None = None
    appeals: Contact | None = None
    data_complaints: Contact | None = None


@dataclass(frozen=True, slots=True)
class Privacy:
    """*notice* is an https address, or "" where there is none yet; *summary* is shown beside it."""

    notice: str = ""
    summary: str = ""


@dataclass(frozen=True, slots=True)
class SchoolDates:
    """One calendar of the file, by its *key* (`[calendars.A]`): see `pathway.dates.Calendar`."""

    key: str
    name: str = ""
    terms: tuple[Stretch, ...] = ()
    inset: tuple[date, ...] = ()
    closures: tuple[Stretch, ...] = ()


@dataclass(frozen=True, slots=True)
class Provider:
    """Everything that providers say in their own way. Equal files give equal providers."""

    name: str = "the partnership"
    roles: Roles = Roles()
    words: Words = Words()
    days: Days = Days()
    quiet_hours: QuietHours = QuietHours()
    meeting: MeetingTimes = MeetingTimes()
    review: Review = Review()
    settings: Settings = Settings()
    partnership_team: tuple[Colleague, ...] = ()
    partnership_lead: tuple[Colleague, ...] = ()
    contacts: Contacts = Contacts()
    privacy: Privacy = Privacy()
    pebblepad_link: str = ""
    retention: Retention = Retention()
    calendars: tuple[SchoolDates, ...] = ()
    university_closures: tuple[Stretch, ...] = ()
    bank_holidays: BankHolidays = BANK_HOLIDAYS
    core_areas: tuple[CoreArea, ...] = CORE_AREAS
    _calendars: dict[tuple[str, str | tuple[int, ...]], Calendar] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """Those that were asked for before: what a calendar has found out of its days is kept with it."""
    _working_days: dict[str | tuple[int, ...], WorkingDays] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @classmethod
    def load(cls, path: Path) -> Provider:
        """The provider of the file at *path*, fit to serve. Raises ProviderFault with every fault that it has."""
        try:
            text = path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            raise ProviderFault(
                [f"There is no file {path}. Set PATHWAY_PROVIDER to where your provider.toml is."]
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise ProviderFault([f"{path} cannot be read ({error}). It has to be a text file in UTF-8."]) from error
        try:
            provider = cls.from_toml(text)
            provider.check_fit_to_serve()
        except ProviderFault as error:
            raise ProviderFault(f"{path.name}: {fault}" for fault in error.faults) from None
        return provider

    @classmethod
    def from_toml(cls, text: str) -> Provider:
        """The provider that *text* describes. Raises ProviderFault with every fault that it has."""
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ProviderFault(
                [f"This is not TOML: {error}. Text needs quotation marks; dates and numbers have none."]
            ) from error
        faults: list[str] = []
        provider = _provider(Table(data, faults, known=_KEYS))
        if faults:
            raise ProviderFault(dict.fromkeys(faults))
        return provider

    def check_fit_to_serve(self) -> None:
        """Raises ProviderFault where something is left out that nobody who serves real people may leave out."""
        faults = []
        if not self.partnership_team:
            faults.append(
                "partnership_team is missing: nobody would hear of a case that waits. "
                "Add [[partnership_team]] with the name and email of at least one person."
            )
        if not self.contacts.safeguarding:
            faults.append(
                "contacts.safeguarding is missing: Pathway has to say whom to ring when a child is at risk. "
                "Add [contacts.safeguarding] with name, phone and email."
            )
        if faults:
            raise ProviderFault(faults)

    def role(self, role: Role) -> str:
        """The provider's word for *role*, as it stands in the middle of a sentence."""
        return "Pathway" if role is Role.SYSTEM else str(getattr(self.roles, role.value))

    def knows_calendar(self, name: str) -> bool:
        """Whether `[calendars.<name>]` is there; capitals and spaces around do not matter."""
        return self._dates(name) is not None

    def calendar_for(self, name: str, days: str | Iterable[int] = WEEKDAYS) -> Calendar:
        """The school days of a placement: *name* as in the roster, *days* its weekdays (0 is Monday, or as written:
        "Tuesday, Thursday"). A name that is not known gives Monday to Friday, and explanations say so.

        Raises ValueError where *days* is text that names no weekdays.
        """
        key = name, days if isinstance(days, str) else tuple(days)
        found = self._calendars.get(key)
        if found is None:
            known = self._dates(name) or SchoolDates("")
            found = Calendar(
                terms=known.terms,
                inset=() if self.settings.inset_counts else known.inset,
                closures=known.closures,
                bank_holidays=self.bank_holidays,
                days=_weekdays(key[1]),
                name=known.name,
            )
            _remember(self._calendars, key, found)
        return found

    def working_days(self, days: str | Iterable[int] = WEEKDAYS) -> WorkingDays:
        """The university's working days, or those of a tutor who works on *days* only (as in `calendar_for`)."""
        key = days if isinstance(days, str) else tuple(days)
        found = self._working_days.get(key)
        if found is None:
            found = WorkingDays(self.university_closures, self.bank_holidays, _weekdays(key))
            _remember(self._working_days, key, found)
        return found

    def _dates(self, name: str) -> SchoolDates | None:
        wanted = name.strip().casefold()
        return next((dates for dates in self.calendars if dates.key.casefold() == wanted), None)


def _remember(known: dict[K, V], key: K, value: V) -> None:
    if len(known) >= MOST_CALENDARS:
        known.clear()
    known[key] = value


def starting(words: str) -> str:
    """*words* as they begin a sentence: "Mentor", "Support plan". Capitals inside stay."""
    return words[:1].upper() + words[1:]


# -- reading ------------------------------------------------------------------------------------------------------

_KEYS = (
    "name",
    "roles",
    "words",
    "days",
    "quiet_hours",
    "meeting",
    "review",
    "settings",
    "partnership_team",
    "partnership_lead",
    "contacts",
    "privacy",
    "pebblepad",
    "retention",
    "calendars",
    "university",
    "bank_holidays",
    "core_areas",
)


def _provider(file: Table) -> Provider:
    privacy = file.table("privacy", ("notice", "summary"))
    holidays = file.table("bank_holidays", ("extra", "removed"))
    return Provider(
        name=file.text("name", Provider().name, needed=True),
        roles=file.shaped("roles", Roles),
        words=file.shaped("words", Words),
        days=_days(file),
        quiet_hours=_quiet_hours(file),
        meeting=_meeting_times(file),
        review=_review(file),
        settings=_settings(file),
        partnership_team=_colleagues(file, "partnership_team"),
        partnership_lead=_colleagues(file, "partnership_lead"),
        contacts=_contacts(file),
        privacy=Privacy(privacy.address("notice"), privacy.text("summary")),
        pebblepad_link=file.table("pebblepad", ("link",)).address("link"),
        retention=file.shaped("retention", Retention),
        calendars=_calendars(file),
        university_closures=file.table("university", ("closures",)).stretches("closures"),
        bank_holidays=BANK_HOLIDAYS.changed(holidays.days("extra"), holidays.days("removed")),
        core_areas=_core_areas(file),
    )


def _days(file: Table) -> Days:
    days = file.shaped("days", Days)
    if not days.plan_floor <= days.plan_min <= days.plan <= days.plan_max:
        file.faults.append(
            "[days] plan_floor, plan_min, plan and plan_max must not fall in this order, and are "
            f"{days.plan_floor}, {days.plan_min}, {days.plan}, {days.plan_max}. The defaults are 3, 5, 5 and 10."
        )
    return days


#: The process document's "maximum of three": a provider may ask for fewer.
MOST_AREAS = 3


def _settings(file: Table) -> Settings:
    settings = file.shaped("settings", Settings)
    if settings.max_focus_areas > MOST_AREAS:
        file.faults.append(f"[settings] max_focus_areas must be 1, 2 or {MOST_AREAS}, not {settings.max_focus_areas}.")
    if settings.termination_needs_lead and "partnership_lead" not in file.data:
        file.faults.append(
            "[settings] termination_needs_lead asks for a Partnership Lead, and none is named. "
            "Add [[partnership_lead]] with name and email, or leave the setting out."
        )
    return settings


def _quiet_hours(file: Table) -> QuietHours:
    hours = file.shaped("quiet_hours", QuietHours)
    if hours.opens >= hours.closes:
        file.faults.append(f"[quiet_hours] opens ({hours.opens}) must come before closes ({hours.closes}).")
        return hours
    for key, at in (("check_at", hours.check_at), ("outcome_by", hours.outcome_by)):
        if not hours.opens <= at <= hours.closes:
            file.faults.append(
                f"[quiet_hours] {key} must lie between opens ({hours.opens}) and closes ({hours.closes}), not at {at}."
            )
    return hours


#: Less than this between the two, and no meeting fits.
SHORTEST_HOURS = timedelta(minutes=60)


def _meeting_times(file: Table) -> MeetingTimes:
    times = file.shaped("meeting", MeetingTimes)
    day = date.min
    if datetime.combine(day, times.latest) - datetime.combine(day, times.earliest) < SHORTEST_HOURS:
        file.faults.append(
            f"[meeting] latest ({times.latest}) must be at least an hour later than earliest ({times.earliest})."
        )
        return MeetingTimes()
    return times


#: A visit of three parts that is shorter is none, and a longer one is a slip of the pen.
SHORTEST_VISIT, LONGEST_VISIT = 30, 240


def _review(file: Table) -> Review:
    review = file.shaped("review", Review)
    if not SHORTEST_VISIT <= review.minutes <= LONGEST_VISIT:
        file.faults.append(
            f"[review] minutes must be between {SHORTEST_VISIT} and {LONGEST_VISIT}, not {review.minutes}."
        )
        return Review()
    return review


def _colleagues(file: Table, key: str) -> tuple[Colleague, ...]:
    rows = file.tables(key, ("name", "email"))
    return tuple(Colleague(row.text("name", needed=True), row.email("email", needed=True)) for row in rows)


def _contacts(file: Table) -> Contacts:
    kinds = [kind.name for kind in fields(Contacts)]
    section = file.table("contacts", kinds)
    return Contacts(**{kind: _contact(section.table(kind, ("name", "phone", "email"))) for kind in kinds})


def _contact(row: Table) -> Contact | None:
    if not row.data:
        return None
    contact = Contact(row.text("name", needed=True), row.text("phone"), row.email("email"))
    if not contact.phone and not contact.email:
        row.faults.append(f'{row.place} has neither phone nor email. Add one: phone = "0113 496 0000".')
    return contact


def _calendars(file: Table) -> tuple[SchoolDates, ...]:
    section = file.table("calendars")
    rows = {key: section.table(key, ("name", "like", "terms", "inset", "closures")) for key in section.data}
    return tuple(_school_dates(key, row, rows) for key, row in rows.items())


def _school_dates(key: str, row: Table, rows: Mapping[str, Table]) -> SchoolDates:
    """One calendar. What it leaves out comes from the calendar that it is `like` (a school and its authority)."""
    model = row.text("like")
    base = rows.get(model, row)
    if model and (model == key or base is row or "like" in base.data):
        row.fault("like", f'must name another calendar, one with terms of its own, not "{model}".')
        base = row
    inset, closures = (row if part in row.data else base for part in ("inset", "closures"))
    return SchoolDates(
        key,
        row.text("name"),
        _terms(row if "terms" in row.data else base),
        inset.days("inset"),
        closures.stretches("closures"),
    )


def _terms(row: Table) -> tuple[Stretch, ...]:
    terms = row.stretches("terms", single=False)
    if not row.data.get("terms"):
        row.fault("terms", "are missing. Write the first and last day of each: terms = [[2026-09-01, 2026-10-23]]")
    for (_, last), (first, _) in pairwise(terms):
        if first <= last:
            row.fault("terms", f"overlap: one ends on {last}, the next begins on {first}. Mend one of the two.")
    return terms


def _core_areas(file: Table) -> tuple[CoreArea, ...]:
    if "core_areas" not in file.data:
        return CORE_AREAS
    found: dict[str, CoreArea] = {}
    for row in file.tables("core_areas", ("id", "name", "label", "standards")):
        core = CoreArea(
            id=row.text("id", needed=True),
            name=row.text("name", needed=True),
            standards=row.texts("standards"),
            label=row.text("label"),
        )
        if not re.fullmatch(r"[a-z][a-z0-9_]*", core.id) or core.id in found:
            row.fault("id", f'must be small letters and underscores, each id once, not "{core.id}".')
        if len(core.area.label) > LONGEST_LABEL:
            row.fault("label", f'must be at most {LONGEST_LABEL} characters. Write a short one: label = "Behaviour"')
        for unknown in [standard for standard in core.standards if standard not in STANDARDS]:
            row.fault("standards", f'has "{unknown}". It can have: {", ".join(STANDARDS)}.')
        found[core.id] = core
    return tuple(found.values())


def _weekdays(days: str | Iterable[int]) -> tuple[int, ...]:
    return weekdays(days) if isinstance(days, str) else tuple(sorted(set(days))) or WEEKDAYS
