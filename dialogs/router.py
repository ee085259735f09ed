"""From a card's verb to the step that answers it, and from every refusal to a card that says what to do.

A module of `dialogs/` has one `Steps`; `dialogs.desk` puts them together. A wiring mistake raises at start.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from cards.case import case_card, who_moved_it
from cards.home import before_saving, not_found, note
from dialogs.turn import Reply, Turn
from pathway.casework import NoSuchCase, fault_reference
from pathway.ports import AlreadyOpen, StoreUnavailable
from pathway.rules import Fault, NotYours, OutOfStep, Refused, Stale

Step = Callable[[Turn], Awaitable[Reply]]
FormStep = Callable[[Turn, Mapping[str, str], Sequence[Fault]], Awaitable[Reply]]

NOT_SAVED = "We could not save this just now. Nothing is lost: it is all still here. Please try again in a minute."
#: No box of ours takes more (characters); only something that is not Teams sends it.
LONGEST = 1000
TOO_LONG = f"A box holds up to {LONGEST} characters. Nothing was kept. Please write a shorter text and try again."
MOVED_ON, WHERE_NOW = "This has moved on.", "Here is where it is now."

log = logging.getLogger(__name__)


class Steps:
    """The steps of one topic: verbs, and the forms that come back refilled when something is wrong."""

    def __init__(self) -> None:
        self.verbs: dict[str, Step] = {}
        self.forms: dict[str, FormStep] = {}

    def on(self, verb: str) -> Callable[[Step], Step]:
        def register(step: Step) -> Step:
            if verb in self.verbs:
                raise ValueError(f"two steps answer {verb!r}")
            self.verbs[verb] = step
            return step

        return register

    def form(self, name: str) -> Callable[[FormStep], FormStep]:
        """The function draws form *name* with these values and faults."""

        def register(form: FormStep) -> FormStep:
            if name in self.forms:
                raise ValueError(f"two forms are called {name!r}")
            self.forms[name] = form
            return form

        return register


class Router:
    def __init__(self, topics: Iterable[Steps]) -> None:
        self.verbs: dict[str, Step] = {}
        self.forms: dict[str, FormStep] = {}
        for topic in topics:
            for verb, step in topic.verbs.items():
                if verb in self.verbs:
                    raise ValueError(f"two steps answer {verb!r}")
                self.verbs[verb] = step
            for name, form in topic.forms.items():
                if name in self.forms:
                    raise ValueError(f"two forms are called {name!r}")
                self.forms[name] = form

    async def answer(self, turn: Turn) -> Reply:
        """Never raises for what a person did. What the answer shows of a case is noted as read."""
        return await turn.noted(await self._answer(turn))

    async def _answer(self, turn: Turn) -> Reply:
        step = self.verbs.get(turn.verb)
        if step is None:
            log.warning("refused: a verb that there is not", extra={"person": turn.person.id})
            return await self._moved_on(turn)
        if any(len(value) > LONGEST for value in turn.values.values()):
            return Reply(note("That is too long to keep", TOO_LONG), "Placements: that is too long")
        try:
            return await self._asked_first(turn) or await step(turn)
        except Refused as no:
            return await self._refilled(turn, no.faults)
        except StoreUnavailable:
            reference = fault_reference()
            log.warning(
                "what somebody did could not be saved", extra={"reference": reference, "person": turn.person.id}
            )
            return await self._refilled(turn, [Fault(f"{NOT_SAVED} Reference {reference}")])
        except (Stale, OutOfStep):
            return await self._moved_on(turn)
        except AlreadyOpen as no:
            return await self._open_already(turn, no.case_id)
        except (NotYours, NoSuchCase) as no:
            return _not_theirs(turn, no)

    async def _asked_first(self, turn: Turn) -> Reply | None:
        """Whatever the form, nothing that mentions safeguarding is kept before somebody has said that no child is at
        risk: the form comes back as it was left, with whom to ring above it.
        """
        form = self.forms.get(turn.get("form"))
        mentioned = any("safeguarding" in value.casefold() for value in turn.values.values())
        if form is None or not mentioned or turn.get("cleared") == "yes":
            return None
        reply = await form(turn, turn.values, ())
        presses = [a for a in reply.card["actions"] if a["type"] == "Action.Execute"]
        again = next((a for a in presses if a["verb"] == turn.verb), presses[0])
        body = [*before_saving(turn.provider, again), *reply.card["body"]]
        return replace(reply, card={**reply.card, "body": body})

    async def _refilled(self, turn: Turn, faults: Sequence[Fault]) -> Reply:
        """The form again, with everything that was typed and the fault at its field."""
        form = self.forms.get(turn.get("form"))
        sentences = " ".join(f.sentence for f in faults)
        try:
            if form is not None:
                return await form(turn, turn.values, faults)
            case, ground = await turn.case()
            return Reply(case_card(turn.view(case, ground), sentences), "Placements: please look again", case.id)
        except (NotYours, NoSuchCase) as no:
            return _not_theirs(turn, no)
        except (OutOfStep, StoreUnavailable):
            return Reply(note("Please look again", sentences), "Placements: please look again")

    async def _moved_on(self, turn: Turn) -> Reply:
        try:
            case, ground = await turn.case()
        except NoSuchCase:
            return Reply(not_found(), "Placements: nothing here for you")
        view = turn.view(case, ground)
        told = " ".join(filter(None, (MOVED_ON, who_moved_it(view, turn.step), WHERE_NOW)))
        return Reply(case_card(view, told), "Placements: this has moved on", case.id)

    async def _open_already(self, turn: Turn, case_id: str) -> Reply:
        try:
            case, ground = await turn.open(case_id)
        except NoSuchCase:
            words = "There is an open case for this placement already. Your office can tell you more."
            return Reply(note("Already open", words), "Placements: already open")
        return Reply(
            case_card(
                turn.view(case, ground), "There is an open case already: here it is. What you typed is kept as a draft."
            ),
            "Placements: already open",
            case.id,
        )


def _not_theirs(turn: Turn, no: Exception) -> Reply:
    """The same answer whether there is such a case or not; the log says who tried what, in ids and verbs of ours."""
    log.warning(
        "refused: not theirs", extra={"person": turn.person.id, "verb": turn.verb, "refusal": type(no).__name__}
    )
    turn.seen.clear()
    return Reply(not_found(), "Placements: nothing here for you")
