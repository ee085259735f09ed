"""Taking somebody, or a case, out of a store for good: every file and table that holds something of them.

What cases say of an erased person stays, by an id that leads nowhere any more. Everything here may be done again
where it was broken off: what leads to the rest goes last.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol, cast

from pathway.address import Address
from pathway.people import Person
from pathway.ports import Claim, Draft
from storage import Stores
from storage.seal import drafts_key
from storage.tinydb_book import ADDRESSES, POST, ROSTER, TinyCaseBook

ERASED = "dropped: its reader was erased"
LEASE = timedelta(seconds=30)
_FOR_EVER = datetime.max.replace(tzinfo=UTC)


class _Addresses(Protocol):
    async def everything(self) -> tuple[Mapping[str, Address], Mapping[str, str]]: ...


async def erase_person(stores: Stores, person: Person, now: datetime) -> None:
    """Half-filled forms, what waits to go to them (and what they wrote that waits), addresses, notes, and then name,
    e-mail and account. *now* is aware. Raises StoreUnavailable.
    """
    for draft in await stores.drafts.drafts_of(person.id):
        await stores.drafts.drop(person.id, draft.form)
    if await stores.book.ring.kept(drafts_key(person.id)):
        await stores.book.ring.destroy(drafts_key(person.id), None)  # so that no back-up shows them either
    async for claim in _waiting(stores):
        item = claim.item
        if item is not None and (item.to == person.id or (not claim.case_id and person.id in item.data.values())):
            held = await stores.book.hold(claim.id, "erased", now, LEASE)
            if held is not None:
                await stores.book.complete(held, ERASED)
    await stores.addresses.drop_address(person.id)
    _, notes = await cast("_Addresses", stores.addresses).everything()
    for key, value in notes.items():
        if key.endswith(f":{person.id}") or value == person.name:  # who had the bot installed is noted by name
            await stores.addresses.keep_note(key, "")
    await stores.roster.forget_person(person.id)
    if isinstance(stores.book, TinyCaseBook):
        folder = stores.book.folder
        await folder.forget_earlier(*(folder.path / name for name in (ROSTER, ADDRESSES, POST)))


async def _waiting(stores: Stores) -> AsyncIterator[Claim]:
    for claims in (await stores.book.parked(), await stores.book.delayed(0)):
        for claim in claims:
            yield claim


async def erase_case(stores: Stores, case_id: str) -> bool:
    """The case, what people have half filled in about it, and who read it. False where there was no such case. Raises
    StoreUnavailable.
    """
    for draft in await drafts_about(stores, case_id):
        await stores.drafts.drop(draft.person, draft.form)
    await stores.reads.forget(case_id)
    return await stores.book.erase(case_id)


async def drafts_about(stores: Stores, case_id: str) -> Sequence[Draft]:
    """A form of a case has the case's id at the end of its name."""
    return [draft for draft in await stores.drafts.drafts_before(_FOR_EVER) if draft.form.endswith(f":{case_id}")]
