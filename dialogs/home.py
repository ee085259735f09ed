"""Greetings, help, privacy, and finding out what somebody meant."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from difflib import get_close_matches

from cards import home as cards
from dialogs import cases, concern, delivery, jobs, pebblepad, reach, student
from dialogs.router import Steps
from dialogs.turn import Reply, Turn
from pathway.casework import REFERENCE, NoSuchCase

steps = Steps()
SUMMARY = "Placements: hello"

#: What can be typed, and the verb it stands for.
COMMANDS = {
    "hi": "home.hello",
    "hello": "home.hello",
    "hey": "home.hello",
    "good morning": "home.hello",
    "good afternoon": "home.hello",
    "start": "home.hello",
    "help": "home.help",
    "menu": "home.help",
    "what can you do": "home.help",
    "concern": "concern.start",
    "raise a concern": "concern.start",
    "raise concern": "concern.start",
    "concern about": "concern.start",
    "my cases": "cases.mine",
    "cases": "cases.mine",
    "my plan": "student.plan",
    "my target": "student.plan",
    "plan": "student.plan",
    "pebblepad": "pebblepad.list",
    "reach": "reach.list",
    "who can be reached": "reach.list",
    "not delivered": "delivery.list",
    "jobs": "jobs.list",
    "what is next": "jobs.list",
    "what failed": "jobs.list",
    "use this channel": "home.channel",
    "privacy": "home.privacy",
    "thanks": "home.thanks",
    "thank you": "home.thanks",
    "thank you very much": "home.thanks",
    "thanks a lot": "home.thanks",
    "cheers": "home.thanks",
    "ok": "home.thanks",
    "okay": "home.thanks",
    "goodbye": "home.thanks",
    "cancel": "home.cancel",
    "stop": "home.cancel",
    "quit": "home.cancel",
    "exit": "home.cancel",
    "go back": "home.cancel",
    "never mind": "home.cancel",
    "start again": "home.cancel",
    "start over": "home.cancel",
}
#: Too short for anything like them to be meant.
SHORT = {"ta": "home.thanks", "thx": "home.thanks", "thnx": "home.thanks", "bye": "home.thanks"}
#: Said out of politeness; no command has such a word.
POLITE = frozenset({"please", "pathway", "there", "me", "mate", "now", "it", "that"})
#: Characters; twice as many as any command has are no misspelling of one, and comparing them takes long.
LONGEST_COMMAND = 2 * max(map(len, COMMANDS))
#: "I am worried about Tom": what follows is whom it is about.
ABOUT = re.compile(r"(?:\S+ ){0,4}(?:concern|concerns|concerned|worry|worried) about (.+)")


@steps.on("home.hello")
async def hello(turn: Turn) -> Reply:
    return await _home(turn)


@steps.on("home.help")
async def help_(turn: Turn) -> Reply:
    return await _home(turn)


@steps.on("home.privacy")
async def privacy(turn: Turn) -> Reply:
    return Reply(cards.privacy(turn.provider), "Placements: privacy")


@steps.on("home.thanks")
async def thanks(turn: Turn) -> Reply:
    return await _home(turn, "You are welcome.")


@steps.on("home.cancel")
async def cancel(turn: Turn) -> Reply:
    return await _home(turn, "Nothing is sent. A form that you saved is still there: type “concern” to find it.")


@steps.on("home.channel")
async def channel(turn: Turn) -> Reply:
    """Typed in the wrong place."""
    return await _home(turn, "Please write “use this channel” in the channel itself, after my name.")


async def _home(turn: Turn, news: str = "", *, first_time: bool = False, added_by: str = "") -> Reply:
    roles = await turn.casework.general_roles(turn.person)
    drawn = cards.home(turn.person.name, roles, turn.provider, news=news, first_time=first_time, added_by=added_by)
    return Reply(drawn, SUMMARY)


async def welcome(turn: Turn, added_by: str = "") -> Reply:
    """The first card somebody sees: why they got it, who of the office had it installed for them (*added_by* is a
    name), and what it offers.
    """
    return await _home(turn, first_time=True, added_by=added_by)


#: What is answered by a step without anything else.
TYPED: Mapping[str, Callable[[Turn], Awaitable[Reply]]] = {
    "cases.mine": cases.mine,
    "pebblepad.list": pebblepad.not_there_yet,
    "student.plan": student.plan,
    "reach.list": reach.listed,
    "delivery.list": delivery.listed,
    "jobs.list": jobs.listed,
    "home.channel": channel,
    "home.privacy": privacy,
    "home.thanks": thanks,
    "home.cancel": cancel,
}


def meant(text: str) -> str:
    """The verb that *text* most likely stands for, "" when it is anybody's guess. Misspellings are forgiven."""
    words = re.sub(r"[^\w\s]", " ", text.casefold()).split()
    said = " ".join([word for word in words if word not in POLITE] or words)
    if known := COMMANDS.get(said) or SHORT.get(said):
        return known
    near = get_close_matches(said, COMMANDS, n=1, cutoff=0.75) if len(said) <= LONGEST_COMMAND else ()
    return COMMANDS[near[0]] if near else ""


async def said(turn: Turn, text: str) -> Reply:
    """Answers something typed. There is no dead end: what is not understood gets the ways on. What the answer shows of
    a case is noted as read.
    """
    return await turn.noted(await _said(turn, text))


async def _said(turn: Turn, text: str) -> Reply:
    folded = " ".join(text.casefold().split())
    if about := ABOUT.fullmatch(folded):
        return await concern.start(turn, about[1].strip(" .!?"))
    if "safeguarding" in folded:
        return await concern.stop(turn)
    if referred := await _by_reference(turn, folded):
        return referred
    verb = meant(text)
    match verb:
        case "concern.start":
            return await concern.start(turn)
        case _ if verb in TYPED:
            return await TYPED[verb](turn)
        case "":
            return await _home(turn, "I did not understand that. This is what I can do:")
        case _:
            return await _home(turn)


async def _by_reference(turn: Turn, folded: str) -> Reply | None:
    """A case's reference opens the case for those who may see it; for others it is any word. It is looked up before
    misspellings are forgiven: some references look much like a command.
    """
    reference = folded.removeprefix("ref ").strip().upper()
    if len(reference) != REFERENCE or folded in COMMANDS:
        return None
    found = await turn.casework.book.case_with_reference(reference)
    if found:
        with suppress(NoSuchCase):
            return await cases.open_case(turn.with_data(case=found))
    return None
