"""Who cannot be reached, and what was not delivered: what people see of it, and the lists of the office."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from cards import delivery, jobs, notices, reach
from cards.case import case_card
from pathway.jobs import Reminder, Reminders
from pathway.people import OutOfReach, Person
from pathway.ports import Installed, OutboxItem
from pathway.roles import Role
from pathway.tellings import Notice
from tests.cards.catalogue.first_half import FRIDAY, TUESDAY
from tests.cards.catalogue.world import BOT_LINK, Drawn, Told, World, fillings, of
from tests.pathway.builders import moment


def lost_worlds(world: World) -> Iterator[World]:
    """Student, mentor and Link Tutor out of reach, for every reason there is, with e-mail and without."""
    for n, reason in enumerate((*reach.WHY, "SomethingNew")):
        lost = OutOfReach(moment(TUESDAY), reason, by_mail=bool(n % 2))
        yield replace(
            world,
            people={
                key: replace(p, out_of_reach=lost if key in {"tom", "priya", "helen"} else None)
                for key, p in world.people.items()
            },
        )


def out_of_reach(world: World, told: Sequence[Told]) -> Iterator[Drawn]:
    for n, other in enumerate(lost_worlds(world)):
        for name in ("a weekly target", "told at once", "the largest plan in place", "a long case"):
            there = of(told, name)
            party = replace(there.ground.party, people=other.people)
            yield from _not_reached(replace(there, ground=replace(there.ground, party=party)), n)
        yield from _lists(other, n)


def _not_reached(one: Told, n: int) -> Iterator[Drawn]:
    for reader in ("priya", "helen", "sam"):
        view = one.view(reader)
        for whole in (False, True):
            drawn = case_card(view, whole=whole)
            yield Drawn(f"case.case_card: out of reach {n}, {one.name} for {reader}, {whole=}", drawn, reader, view)
        data = {"who": "tom", "delivered": "yes" if n % 2 else ""}
        item = OutboxItem("lost", reader, Notice.NOT_REACHED, one.now, data=data)
        name = f"notices.notice_card: {Notice.NOT_REACHED} of {one.name} for {reader}, {n}"
        yield Drawn(name, notices.notice_card(item, view), reader, view, notices.summary(item, one.case.reference))


def _lists(world: World, n: int) -> Iterator[Drawn]:
    """What only the office sees."""
    today = moment(FRIDAY).date()
    people = [world.people[key] for key in ("tom", "priya", "helen", "nadia", "pat", "alan")]
    missing = [reach.Missing(p, world.typed(120)) for p in people]
    for start, count in ((0, 0), (0, 3), (0, 6), (5, 6)):
        page = missing[start : min(start + reach.PAGE, count)]
        for new, news in ((0, ""), (0, "They can be reached now."), *((new, words) for new, words in _for_all(count))):
            drawn = reach.reach_list(page, start, count, 40, today, news, can_install=new)
            yield Drawn(f"reach.reach_list: {n}, {start} of {count}, {new}, {news[:30]!r}", drawn)
    words = reach.invitation_words(people[0], world.provider, world.people["sam"].name, BOT_LINK if n % 2 else "")
    for news in ("", *(reach.installed(people[0], how) for how in Installed)):
        drawn = reach.invitation(people[0], words, can_install=bool(n % 2), news=news, app_link=BOT_LINK)
        yield Drawn(f"reach.invitation: {n}, {news[:30]!r}", drawn)
    yield from _undelivered(people, n)
    yield from _jobs(world, people, n)


def _for_all(count: int) -> Iterator[tuple[int, str]]:
    """For how many a press installs it, and how the last press went."""
    yield count, ""
    yield min(count, 1), reach.INSTALLING_NOW
    for counts in (
        {},
        {Installed.NOT_GRANTED: 1, Installed.LATER: 9},
        dict.fromkeys(Installed, 1),
        {Installed.DONE: 312},
    ):
        yield count, reach.installed_for_all(counts)
    yield count, reach.installed_for_all({how: 7 for how in Installed if how is not Installed.NOT_GRANTED})


def _undelivered(people: Sequence[Person], n: int) -> Iterator[Drawn]:
    today, since = moment(FRIDAY).date(), moment(TUESDAY)
    letters = [
        delivery.Undelivered(f"k{i}", p, "a copy for you", since, reference="K7K7", case="case-1")
        for i, p in enumerate(people)
    ]
    letters[1] = replace(letters[1], reference="", case="", ours=True)
    letters[2] = replace(letters[2], to=None, lost_placement=True)
    letters[3] = replace(letters[3], in_vain=True)
    letters[4] = replace(letters[4], to=None)
    letters[5] = replace(letters[5], to=None, ours=True, lost_placement=True)
    for start, count in ((0, 0), (0, 2), (0, 6), (4, 6)):
        page = letters[start : min(start + delivery.PAGE, count)]
        for some in (0, 1, 2):
            news = "That has been seen to already." if some else ""
            drawn = delivery.undelivered(
                page, start, count, today, delayed=some, not_yours=some, channel_lost=some == 2, news=news
            )
            yield Drawn(f"delivery.undelivered: {n}, {start} of {count}, {some}", drawn)
    for one in letters:
        yield Drawn(f"delivery.letter: {n}, {one.key}", delivery.letter(one, today))
    for aside, delayed in ((1, 0), (2, 1), (0, 3)):
        yield Drawn(f"delivery.waiting: {aside}, {delayed}", delivery.waiting(aside, delayed))


def _jobs(world: World, people: Sequence[Person], n: int) -> Iterator[Drawn]:
    today, since, due = moment(FRIDAY).date(), moment(TUESDAY), moment(FRIDAY)
    letters = [
        jobs.Letter(f"k{i}", p, "a copy for you", since, 3, reference="K7K7", case="case-1", failed=i < 2)
        for i, p in enumerate(people)
    ]
    letters[1] = replace(letters[1], to=None, stuck=True)
    letters[2] = replace(letters[2], tries=0, due=due)
    letters[3] = replace(letters[3], to=None, reference="", case="", tries=1)
    letters[4] = replace(letters[4], to=None, channel=True)
    ahead = [
        Reminder(f"r{i}", due, "case-1", "K7K7", timer, role)
        for i, (timer, role) in enumerate((("T1", Role.MENTOR), ("T9", None), ("T2", Role.PARTNERSHIP_TEAM)))
    ]
    news = "It does not go out any more."
    for start, count, hidden, first in ((0, 0, 0, []), (0, 2, 1, ahead), (0, 6, 2, ahead), (4, 6, 0, ahead[:1])):
        page = letters[start : min(start + jobs.PAGE, count)]
        found = Reminders(tuple(first), more=start, hidden=hidden)
        drawn = jobs.jobs_list(
            found, page, start, count, provider=world.provider, today=today, hidden=hidden, news=news[: 99 * hidden]
        )
        yield Drawn(f"jobs.jobs_list: {n}, {start} of {count}", drawn)
    for one in letters[2:]:
        yield Drawn(f"jobs.letter: {n}, {one.id}", jobs.letter(one, today))
        form = partial(jobs.withdraw_form, one, world.provider)
        yield from fillings(world, f"jobs.withdraw_form: {n}, {one.id}", form)
