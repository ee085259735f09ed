"""`python -m bot audit`: who did and who saw what, by name, on the administrator's terminal. Nothing typed is shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.verify import VerifyCommand
from pathway.case import Case
from pathway.casework import Casework, NoSuchCase
from pathway.dates import in_words, moment_in_words
from pathway.events import SYSTEM
from pathway.jobs import NAMES
from pathway.people import FORMER_COLLEAGUE, FORMER_STUDENT, Person
from pathway.ports import Act, Read, Saw
from pathway.provider import starting
from pathway.roles import Role
from storage import Stores

Answer = dict[str, Any]

#: What somebody saw, as the list says it.
SAID: dict[Saw, str] = {
    Saw.CARD: "the card of the case",
    Saw.FORM: "a form of the case",
    Saw.EVERYTHING: "everything there is on record",
    Saw.LIST: "a line in a list of cases",
    Saw.PLAN: "their own plan or target",
    Saw.WORDS: "the student's words",
    Saw.REVIEW: "the record of the review",
    Saw.PEBBLEPAD: "a text for PebblePad",
    Saw.MESSAGE: "a message in Teams, delivered",
    Saw.LETTER: "a letter, delivered",
    Saw.AUDIT: "this list",
}
NO_CASE = "There is no case with that reference. “my cases” and “python -m bot jobs” show references."


@dataclass(frozen=True, slots=True)
class Line:
    """One settled message: what it was, to whom, and what became of it."""

    key: str
    to: str
    result: str
    message: str


class AuditCommand:
    def __init__(self, casework: Casework, stores: Stores) -> None:
        self.casework = casework
        self.stores = stores

    async def run(self, asked: Answer) -> Answer:
        """`{"said": text}`, `{"json": ...}`, or `{"refused": sentence}`."""
        match asked.get("act", ""):
            case "show":
                return await self._show(str(asked.get("reference", "")), str(asked.get("by", "")), asked.get("json"))
            case "log":
                return await self._log(asked.get("json"))
            case "verify":
                return await VerifyCommand(self.stores).verify(asked.get("heads"), each=bool(asked.get("each")))
            case "heads":
                return await VerifyCommand(self.stores).heads()
            case _:
                return {"error": "That command is not known."}

    # -- one case --------------------------------------------------------------------------------------------------

    async def _show(self, reference: str, by: str, as_json: object) -> Answer:
        """The look itself is a read of the case; it stands in the list from the next time on."""
        case_id = await self.casework.book.case_with_reference(reference.strip().upper())
        try:
            case = await self.casework.case(case_id or "")
        except NoSuchCase:
            return {"refused": NO_CASE}
        reads = await self.stores.reads.reads_of(case.id)
        await self.stores.reads.note(Read(case.id, by, Saw.AUDIT, self.casework.now()))
        sent = [_line(key, result) for key, result in (await self.casework.book.sent(case.id)).items()]
        names = _Names(await self.casework.roster.people(), case)
        if as_json:
            return {"json": _as_json(case, sent, reads, names)}
        return {"said": "\n".join(self._as_text(case, sent, reads, names))}

    def _as_text(self, case: Case, sent: Sequence[Line], reads: Sequence[Read], names: _Names) -> Iterable[str]:
        provider = self.casework.provider
        yield f"Case {case.reference} of {names.of(case.student)}, placement {case.placement}"
        yield f"Stage: {case.stage.value.replace('_', ' ')}. Times are London's."
        yield ""
        yield "What was recorded:"
        yield from table(
            ("", "recorded", "happened on", "by", "as", "for", "what"),
            (
                (
                    str(n),
                    _moment(event.at),
                    in_words(event.on, year=True),
                    names.of(event.by),
                    "" if event.role is Role.SYSTEM else starting(provider.role(event.role)),
                    names.of(event.for_whom) if event.for_whom else "",
                    kind_in_words(type(event).__name__),
                )
                for n, event in enumerate(case.events, 1)
            ),
        )
        yield ""
        yield "What people were told:"
        yield from table(
            ("message", "to", "what became of it"),
            ((line.message, names.of(line.to), names.within(_result(line.result))) for line in sent),
        )
        yield ""
        yield "Who read what:"
        yield from table(
            ("when", "who", "what"), ((_moment(read.at), names.of(read.person), SAID[read.saw]) for read in reads)
        )

    # -- the administrators' log -----------------------------------------------------------------------------------

    async def _log(self, as_json: object) -> Answer:
        acts = await self.stores.acts.acts()
        if as_json:
            return {"json": [_act(act) for act in acts]}
        rows = ((_moment(act.at), act.by, act.did.value, act.reference or act.of, act.because) for act in acts)
        return {"said": "\n".join(table(("when", "who", "what", "which", "why"), rows))}


@dataclass(frozen=True, slots=True)
class _Names:
    """Who an id is: by name where the roster knows them."""

    people: Any
    case: Case

    def of(self, person: str) -> str:
        known = self.people.get(person)
        if isinstance(known, Person):
            return known.name
        if person == SYSTEM:
            return "Pathway"
        if not person or person in {"channel", "calendar"} or " " in person:
            return {"": "nobody", "channel": "the Partnership channel", "calendar": "the calendars"}.get(person, person)
        return f"{FORMER_STUDENT if person == self.case.student else FORMER_COLLEAGUE} ({person})"

    def within(self, words: str) -> str:
        """*words* with each id of the roster's as a name."""
        return re.sub(r"[A-Za-z0-9_-]{6,}", lambda m: self.of(m[0]) if m[0] in self.people else m[0], words)


def _line(key: str, result: str) -> Line:
    """A key is "3:case_for_you:person" for what tells of the third event, "T1:due:rung:person" for a reminder."""
    what, _, to = key.rpartition(":")
    return Line(key, to, result, _message(what.split(":")))


def _message(parts: Sequence[str]) -> str:
    if parts[0] in NAMES:
        due = ":".join(parts[1:-1])
        return f"{NAMES[parts[0]]}, due {_moment(datetime.fromisoformat(due))}, {parts[-1]}"
    if parts[0].isdigit():
        return f"{' '.join(parts[1:]).replace('_', ' ') or 'calendar entries'}, of number {parts[0]}"
    return ":".join(parts)


def _result(result: str) -> str:
    if result.startswith("sent:"):
        return "delivered in Teams"
    return {"mailed": "delivered by mail", "edited": "the card in their chat was renewed"}.get(result, result)


def kind_in_words(name: str) -> str:
    """Such as "weekly target set" for "WeeklyTargetSet"; PebblePad keeps its name."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.replace("PebblePad", "Pebblepad")).lower()
    return words.replace("pebblepad", "PebblePad")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Plain text in columns; "none" where there are no rows."""
    listed = [[" ".join(cell.split()) for cell in row] for row in rows]
    if not listed:
        return ["  none"]
    widths = [max(len(row[n]) for row in (head, *listed)) for n in range(len(head))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *listed))
    return [f"  {line}".rstrip() for line in lines]


def _moment(moment: datetime) -> str:
    return moment_in_words(moment, year=True)


def _as_json(case: Case, sent: Sequence[Line], reads: Sequence[Read], names: _Names) -> Answer:
    def who(person: str) -> Answer | None:
        return {"id": person, "name": names.of(person)} if person else None

    return {
        "case": case.id,
        "reference": case.reference,
        "placement": case.placement,
        "student": who(case.student),
        "stage": case.stage.value,
        "events": [
            {
                "number": n,
                "recorded": event.at.isoformat(),
                "happened_on": event.on.isoformat(),
                "by": who(event.by),
                "role": event.role.value,
                "for": who(event.for_whom),
                "kind": type(event).__name__,
            }
            for n, event in enumerate(case.events, 1)
        ],
        "messages": [{"key": x.key, "to": who(x.to), "result": names.within(x.result)} for x in sent],
        "reads": [{"at": x.at.isoformat(), "who": who(x.person), "saw": x.saw.value} for x in reads],
    }


def _act(act: Act) -> Answer:
    return {
        "at": act.at.isoformat(),
        "by": act.by,
        "did": act.did.value,
        "of": act.of,
        "reference": act.reference,
        "because": act.because,
    }
