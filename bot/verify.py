"""`python -m bot audit verify` and `audit heads`: whether the record is as it was recorded, and where it is not."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pathway.dates import counted, moment_in_words
from pathway.ports import StoreUnavailable
from storage import Stores
from storage.atomic import replace_file
from storage.chain import Broken, Entry, Head, Kind, Link, about
from storage.seal import Unreadable, case_key

Answer = dict[str, Any]
Chain = Sequence[Entry] | Sequence[Link] | None

#: What is wrong at a place, after "number 4 ".
WORDS = {
    Kind.CHANGED: "is not as it was recorded",
    Kind.MISSING: "was taken out",
    Kind.SWAPPED: "stands in another place",
    Kind.CUT: "and what came after it was cut off",
}
#: The file in a store's folder that says when the record was last verified, for `python -m bot doctor`.
VERIFIED = "verified.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Named:
    """A case, as far as it can still be read: its reference, and by event number when each was recorded."""

    reference: str
    recorded: Mapping[int, datetime]


class VerifyCommand:
    def __init__(self, stores: Stores) -> None:
        self.stores = stores

    async def heads(self) -> Answer:
        """Number and newest link of every case and of the administrators' log, to be kept elsewhere."""
        heads = {case_id: list(head) for case_id, head in (await self.stores.book.heads()).items()}
        acts = await self.stores.acts.head()
        return {"json": {"pathway": "heads", "format": FORMAT, "heads": heads, "acts": list(acts)}}

    async def verify(self, known: Any, *, each: bool) -> Answer:
        """`{"said": text, "status": 0 or 1}`. *known* is what `heads` gave some time ago, None where nothing is to be
        compared.
        """
        found = {broken.case_id: broken for broken in await self.stores.book.verify()}
        chains = await self.stores.book.chains()
        acts = await self.stores.acts.broken_at()
        if known is not None:
            for broken in compared(chains, _heads(known)):
                found.setdefault(broken.case_id, broken)
            acts = acts or await self.stores.acts.differs(Head(*known["acts"]))
        lines = [await self._told(broken, chains.get(broken.case_id)) for broken in found.values()]
        if acts:
            lines.append(f"The administrators' log: number {acts} is not as it was recorded, or is missing.")
        if each:
            lines += [
                f"Case {(await self._named(case_id, (chains[case_id] or ())[:1])).reference or case_id}: intact"
                for case_id in sorted(chains.keys() - found.keys())
            ]
        lines.append(_sum(chains, len(found), compared_with=known is not None))
        return {"said": "\n".join(lines), "status": int(bool(found or acts))}

    async def _told(self, broken: Broken, chain: Chain) -> str:
        named = await self._named(broken.case_id, chain)
        case = f"Case {named.reference} ({broken.case_id})" if named.reference else f"Case {broken.case_id}"
        match broken.kind:
            case Kind.CASE_GONE:
                return f"{case} is gone: nobody erased it."
            case Kind.HEAD_GONE:
                return f"{case}: its head is gone, so that nobody can say whether something was cut off at its end."
            case _ if not broken.position:
                return f"{case} cannot be read."
        at = named.recorded.get(broken.position)
        before = max((n for n in named.recorded if n < broken.position), default=0)
        when = ""
        if at is not None:
            when = f", of {moment_in_words(at, year=True)}"
        elif before:
            when = f"; number {before} before it is of {moment_in_words(named.recorded[before], year=True)}"
        return f"{case}: number {broken.position} {WORDS[broken.kind]}{when}."

    async def _named(self, case_id: str, chain: Chain) -> Named:
        """What can be read of it, each event by itself, since others may be broken."""
        recorded, reference = {}, ""
        with suppress(StoreUnavailable):
            key = await self.stores.book.ring.key(case_key(case_id))
            for entry in chain or ():
                if isinstance(entry, Entry):
                    with suppress(Unreadable, ValueError, KeyError, TypeError):
                        event = key.open_json(entry.sealed, about(case_id, entry.n))
                        recorded[entry.n] = datetime.fromisoformat(event["at"])
                        reference = reference or str(event.get("reference", ""))
        return Named(reference, recorded)


def _sum(chains: Mapping[str, Chain], broken: int, *, compared_with: bool) -> str:
    erased = sum(1 for chain in chains.values() if chain and isinstance(chain[0], Link))
    what = counted(len(chains) - erased, "case") + (f" and what is left of {erased} erased" if erased else "")
    more = ", also against the heads that were kept" if compared_with else ""
    return f"{what} looked at{more}: {f'{broken} not' if broken else 'all'} as recorded."


def compared(chains: Mapping[str, Chain], known: Mapping[str, Head]) -> list[Broken]:
    """Where a case is not what it was when the heads were written: gone, shorter, or another from there on."""
    found = []
    for case_id, head in sorted(known.items()):
        chain = chains.get(case_id)
        if chain is None:
            found.append(Broken(case_id, 0, Kind.CASE_GONE))
        elif len(chain) < head.n:
            found.append(Broken(case_id, len(chain) + 1, Kind.CUT))
        elif head.n and chain[head.n - 1].link != head.link:
            found.append(Broken(case_id, head.n, Kind.CHANGED))
    return found


# -- the file that is kept elsewhere -----------------------------------------------------------------------------------


class BadHeads(ValueError):
    """The sentence says what is wrong with the file."""


def write_heads(file: Path, heads: Mapping[str, Any], now: datetime) -> str:
    """For its owner alone; never over another. *now* is aware. Raises BadHeads."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as out:
            json.dump({**heads, "made": now.isoformat()}, out)
            out.flush()
            os.fsync(out.fileno())
    except FileExistsError:
        raise BadHeads(f"{file} is there already. Name a file that is not.") from None
    except OSError as fault:
        raise BadHeads(f"{file} cannot be written: {(fault.strerror or 'no answer').lower()}.") from fault
    return (
        f"{file} holds the heads of {counted(len(heads['heads']), 'case')}. Keep it where whoever can change the store "
        "cannot; it names nobody."
    )


def read_heads_file(file: Path) -> Mapping[str, Any]:
    """Raises BadHeads."""
    try:
        found = json.loads(file.read_text("ascii"))
        if found["pathway"] != "heads" or found["format"] != FORMAT:
            raise BadHeads(f"{file.name} is no file of “python -m bot audit heads”, or one of a later Pathway.")
        _heads(found)
        Head(*found["acts"])
    except OSError as fault:
        raise BadHeads(f"{file.name} cannot be read: {(fault.strerror or 'no answer').lower()}.") from fault
    except (KeyError, TypeError, ValueError) as fault:
        if isinstance(fault, BadHeads):
            raise
        raise BadHeads(f"{file.name} is no file of “python -m bot audit heads”, or it is damaged.") from fault
    return dict(found)


def _heads(known: Any) -> dict[str, Head]:
    return {str(case_id): Head(int(n), str(link)) for case_id, (n, link) in known["heads"].items()}


# -- for the doctor ----------------------------------------------------------------------------------------------------


def note_verified(folder: Path, status: int, now: datetime) -> None:
    """A courtesy: that it cannot be written spoils nothing."""
    with suppress(OSError):
        replace_file(folder / VERIFIED, json.dumps({"at": now.isoformat(), "intact": status == 0}).encode())


def last_verified(folder: Path) -> tuple[datetime, bool] | None:
    """When, aware, and whether all was intact; None where nobody knows."""
    try:
        found = json.loads((folder / VERIFIED).read_text("utf-8"))
        return datetime.fromisoformat(found["at"]).astimezone(UTC), bool(found["intact"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
