"""Small cases, as somebody would hand them to a store."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta

from pathway import events as e
from pathway.ports import CaseBook, Claim, Commit, OutboxItem, Summary
from pathway.roles import Role
from storage import Stores
from storage.book import SealedBook

NOON = datetime(2026, 10, 6, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
LEASE = timedelta(minutes=2)


class Shop:
    """A kind of store that can be closed and opened again. *lasts*: what was kept is there for a new process."""

    def __init__(self, make: Callable[[], Stores], *, lasts: bool = True) -> None:
        self.make = make
        self.lasts = lasts
        self.stores = make()

    @property
    def book(self) -> SealedBook:
        return self.stores.book

    async def reopen(self) -> Shop:
        """Memory is asked again; what lasts is read again by new objects, as a new process would."""
        await self.stores.close()
        if self.lasts:
            self.stores = self.make()
        await self.stores.open()
        return self

    async def close(self) -> None:
        await self.stores.close()


def started(case: str = "c1", *, placement: str = "p1", reference: str = "", student: str = "sam") -> e.DraftStarted:
    return e.DraftStarted(
        at=NOON,
        on=NOON.date(),
        by="mia",
        role=Role.MENTOR,
        case=case,
        reference=reference or f"R-{case}",
        placement=placement,
        student=student,
        mentor="mia",
        route_check_clear=True,
    )


def target(words: str = "Questions that pupils answer") -> e.WeeklyTargetSet:
    return e.WeeklyTargetSet(
        at=NOON,
        on=NOON.date(),
        by="mia",
        role=Role.MENTOR,
        areas=("ca1",),
        seen="Six pupils did not know what to do.",
        going_well="Warm with the class.",
        target=words,
        measure="Four of five answer",
        help_offered=("co-planning",),
        check_on=date(2026, 10, 13),
        check_found="5 school days",
    )


def nudged(n: int = 1) -> e.Nudged:
    return e.Nudged(
        at=NOON, on=NOON.date(), by=e.SYSTEM, role=Role.SYSTEM, timer="T1", due=NOON + n * HOUR, rung="first", to="mia"
    )


def summary(
    case: str = "c1",
    *,
    placement: str = "p1",
    reference: str = "",
    people: Iterable[str] = ("mia", "sam"),
    is_open: bool = True,
) -> Summary:
    stage = "weekly_target" if is_open else "closed/target_met"
    return Summary(reference or f"R-{case}", placement, stage, is_open, tuple(people))


def note(key: str = "1:receipt:mia", at: datetime = NOON, to: str = "mia") -> OutboxItem:
    return OutboxItem(key=key, to=to, notice="receipt", not_before=at, event=1, data={"timer": "T1"})


def first(
    case: str = "c1",
    *,
    placement: str = "",
    nonce: str = "",
    outbox: tuple[OutboxItem, ...] = (),
    wake_at: datetime | None = None,
    people: Iterable[str] = ("mia", "sam"),
    reference: str = "",
) -> Commit:
    """A case begins: two events. Every case is on its own placement where none is named."""
    placement = placement or f"p-{case}"
    return Commit(
        case_id=case,
        expected=0,
        nonce=nonce or f"n-{case}-0",
        events=(started(case, placement=placement, reference=reference), target()),
        summary=summary(case, placement=placement, people=people, reference=reference),
        outbox=outbox,
        wake_at=wake_at,
    )


def then(
    case: str = "c1",
    expected: int = 2,
    *,
    nonce: str = "",
    placement: str = "",
    events: tuple[e.Event, ...] = (),
    outbox: tuple[OutboxItem, ...] = (),
    wake_at: datetime | None = None,
    people: Iterable[str] = ("mia", "sam"),
    is_open: bool = True,
) -> Commit:
    """One more thing happens on it."""
    return Commit(
        case_id=case,
        expected=expected,
        nonce=nonce or f"n-{case}-{expected}",
        events=events or (nudged(expected),),
        summary=summary(case, placement=placement or f"p-{case}", people=people, is_open=is_open),
        outbox=outbox,
        wake_at=wake_at,
    )


async def due_cases(book: CaseBook, now: datetime = NOON, limit: int = 50) -> list[Claim]:
    return list(await book.claim("case", "clock", now, limit, LEASE))


async def due_letters(book: CaseBook, now: datetime = NOON, limit: int = 50) -> list[Claim]:
    return list(await book.claim("outbox", "sender", now, limit, LEASE))
