"""A calendar file read back strictly, by the words of RFC 5545 and RFC 5546, and by nothing that wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

_LINE = re.compile(
    r"(?P<name>[A-Za-z0-9-]+)(?P<params>(?:;[A-Za-z0-9-]+=(?:\"[^\"\x00-\x1f]*\"|[^\";:,\x00-\x1f]*))*):(?P<value>.*)"
)
_LOCAL = re.compile(r"\d{8}T\d{6}")
_ONCE = {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "SEQUENCE", "STATUS", "ORGANIZER", "CLASS", "LOCATION"}
_SUNDAY = 6


class BadFile(AssertionError):
    """The file breaks a rule; the sentence says which."""


@dataclass
class Part:
    """A component: its properties by name, each a value with its parameters, and the components in it."""

    name: str
    properties: dict[str, list[tuple[str, Mapping[str, str]]]] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)

    def one(self, name: str) -> str:
        return self.with_params(name)[0]

    def with_params(self, name: str) -> tuple[str, Mapping[str, str]]:
        found = self.properties.get(name, [])
        _rule(len(found) == 1, f"{self.name} has {len(found)} of {name}")
        return found[0]

    def get(self, name: str) -> str:
        return self.properties[name][0][0] if name in self.properties else ""


@dataclass(frozen=True)
class Told:
    """What a calendar understands. *starts* and *ends* are aware, by the file's own zone."""

    method: str
    uid: str
    sequence: int
    status: str
    starts: datetime
    ends: datetime
    summary: str
    organiser: str
    attendees: tuple[str, ...]
    location: str


class Diary:
    """A calendar that takes files as RFC 5546 says: what it holds, by id."""

    def __init__(self) -> None:
        self.entries: dict[str, Told] = {}

    def takes(self, content: bytes) -> Told:
        told = read(content)
        held = self.entries.get(told.uid)
        if held is not None and told.sequence < held.sequence:
            return told  # an older one that came late
        if told.method == "CANCEL":
            self.entries.pop(told.uid, None)
        else:
            self.entries[told.uid] = told
        return told


def read(content: bytes) -> Told:
    """Raises BadFile."""
    calendar = _parsed(content)
    _rule(calendar.name == "VCALENDAR", "no VCALENDAR")
    _rule(calendar.one("VERSION") == "2.0", "VERSION")
    _rule(bool(calendar.one("PRODID")), "PRODID")
    method = calendar.one("METHOD")
    _rule(method in {"PUBLISH", "REQUEST", "CANCEL"}, f"METHOD {method}")
    zones = {part.one("TZID"): part for part in calendar.parts if part.name == "VTIMEZONE"}
    (event,) = (part for part in calendar.parts if part.name == "VEVENT")
    for name in _ONCE:
        _rule(len(event.properties.get(name, [])) <= 1, f"{name} twice")
    _rule(re.fullmatch(r"\d{8}T\d{6}Z", event.one("DTSTAMP")) is not None, "DTSTAMP must be UTC")
    attendees = tuple(value for value, _ in event.properties.get("ATTENDEE", []))
    if method in {"REQUEST", "CANCEL"}:
        _rule(event.one("ORGANIZER").startswith("mailto:"), "no organiser")
        _rule(bool(attendees), "no attendee")
    else:
        _rule(not attendees, "a published event has attendees")
    _rule(method != "CANCEL" or event.one("STATUS") == "CANCELLED", "a cancellation that does not say so")
    starts, ends = (_moment(event, name, zones) for name in ("DTSTART", "DTEND"))
    _rule(starts < ends, "ends before it starts")
    return Told(
        method=method,
        uid=event.one("UID"),
        sequence=int(event.one("SEQUENCE")),
        status=event.get("STATUS"),
        starts=starts,
        ends=ends,
        summary=_text(event.one("SUMMARY")),
        organiser=event.get("ORGANIZER").removeprefix("mailto:"),
        attendees=tuple(a.removeprefix("mailto:") for a in attendees),
        location=_text(event.get("LOCATION")),
    )


# -- lines -----------------------------------------------------------------------------------------------------------


def _parsed(content: bytes) -> Part:
    """3.1: lines end with CRLF, are at most 75 octets, and go on after a blank."""
    _rule(content.endswith(b"\r\n"), "the last line does not end")
    raw = content.split(b"\r\n")[:-1]
    for line in raw:
        _rule(b"\n" not in line and b"\r" not in line, "a bare line end")
        _rule(0 < len(line) <= 75, f"a line of {len(line)} octets")
    stack: list[Part] = []
    for line in content[:-2].replace(b"\r\n ", b"").replace(b"\r\n\t", b"").split(b"\r\n"):
        found = _LINE.fullmatch(line.decode("utf-8"))
        if found is None:
            raise BadFile(f"no content line: {line!r}")
        name, value = found["name"].upper(), found["value"]
        if name == "BEGIN":
            stack.append(Part(value))
        elif name == "END":
            done = stack.pop()
            _rule(done.name == value, f"{done.name} ends as {value}")
            if not stack:
                return done
            stack[-1].parts.append(done)
        else:
            stack[-1].properties.setdefault(name, []).append((value, dict(_params(found["params"]))))
    raise BadFile("it does not end")


def _params(text: str) -> Iterator[tuple[str, str]]:
    for found in re.finditer(r";([A-Za-z0-9-]+)=(\"[^\"]*\"|[^;]*)", text):
        yield found[1].upper(), found[2].strip('"')


def _text(value: str) -> str:
    """3.3.11."""
    _rule(re.search(r"(?<!\\)[,;]", value) is None or value.startswith("https:"), f"an unescaped mark: {value}")
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] in "nN" else m[1], value)


def _rule(holds: object, sentence: str) -> None:
    if not holds:
        raise BadFile(sentence)


# -- time ------------------------------------------------------------------------------------------------------------


def _moment(event: Part, name: str, zones: Mapping[str, Part]) -> datetime:
    value, params = event.with_params(name)
    _rule(_LOCAL.fullmatch(value) is not None, f"{name} must be a local time with its zone")
    _rule(params.get("TZID") in zones, f"{name} has no zone that is in the file")
    local = datetime.strptime(value, "%Y%m%dT%H%M%S")  # noqa: DTZ007 - local, as the file has it
    return (local - _offset(zones[params["TZID"]], local)).replace(tzinfo=UTC)


def _offset(zone: Part, local: datetime) -> timedelta:
    """3.6.5: what the observance says that began last before *local*, by its yearly rule."""
    began: list[tuple[datetime, str]] = []
    for part in zone.parts:
        first = datetime.strptime(part.one("DTSTART"), "%Y%m%dT%H%M%S")  # noqa: DTZ007 - local
        rule = dict(pair.split("=") for pair in part.one("RRULE").split(";"))
        _rule(set(rule) == {"FREQ", "BYDAY", "BYMONTH"} and rule["BYDAY"] == "-1SU", f"a rule unknown here: {rule}")
        for year in (local.year - 1, local.year):
            at = datetime.combine(_last_sunday(year, int(rule["BYMONTH"])), first.time())
            if first <= at <= local:
                began.append((at, part.one("TZOFFSETTO")))
    offset = max(began)[1]
    return timedelta(hours=int(offset[:3]), minutes=int(offset[0] + offset[3:5]))


def _last_sunday(year: int, month: int) -> date:
    day = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    while day.weekday() != _SUNDAY:
        day -= timedelta(days=1)
    return day
