"""The doctor's rounds: everything that can be looked at, also when something before it is wrong."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from bot.clock import PRACTICE_STARTS
from bot.doctor import here, mailboxes, microsoft, record
from bot.doctor import settings as read_settings
from bot.doctor.findings import Finding, Mark, note, well
from bot.settings import BotSettings
from pathway.dates import counted, local_date
from storage import POSTGRES

#: Seconds that each of the others is given to answer.
PATIENCE = 10.0


async def examine(env: Mapping[str, str], folder: Path, patience: float = PATIENCE) -> list[Finding]:
    """*env* as `bot.settings.environment` gives it; *folder* is where `.env` would be. Changes nothing."""
    read = read_settings.look(env, folder)
    provider, found = here.provider_of(env)
    found = [*read.findings, *found]
    settings = read.settings
    if settings is None:
        return found
    where, faults = here.folder_of(settings) if read.has("PATHWAY_STORE") else (None, [])
    in_database = settings.store.startswith(POSTGRES) and not faults
    clock = await here.running_on(settings.run if in_database else where, patience)
    today = _today(settings, clock)
    if provider is not None:
        found += here.calendars(provider, today)
    found += faults
    has_key = read.has("PATHWAY_KEY", "PATHWAY_KEY_FILE")
    if in_database and has_key:
        found += await here.database(settings, provider, today)
    if has_key and not faults:
        found += here.keys(settings, env, where)
    if where is not None:
        found += here.store(where)
        found += here.damaged(where)
        found += here.backups(where, local_date(datetime.now(UTC)))
        found += record.verified(where, local_date(datetime.now(UTC)))
        found += here.roster(where, settings.keys, provider, today) if has_key else []
    if read.has("PORT"):
        found.append(await here.port(settings, runs=clock is not None, patience=patience))
    found.append(microsoft.proxy(settings, env, os.environ))
    tutors = mailboxes.link_tutors(where, settings.keys) if where is not None else []
    return [*found, *await _others(read, settings, patience, tutors, runs=clock is not None)]


async def _others(
    read: read_settings.Read, settings: BotSettings, patience: float, tutors: Sequence[str], *, runs: bool
) -> list[Finding]:
    """At the same time, so that three which hang cost no more than one."""
    identity = ("MicrosoftAppId", "MicrosoftAppTenantId", "MicrosoftAppPassword", "MicrosoftAppType")

    async def token() -> list[Finding]:
        if not read.has(*identity):
            return [note("token", "It was not asked for: mend the settings first.")]
        return [await microsoft.token(settings.teams, patience)]

    async def mail() -> list[Finding]:
        return [await microsoft.mail(settings)] if read.has("SMTP_PORT", "SMTP_FROM") else []

    async def address() -> list[Finding]:
        if not runs or settings.practice or not settings.public_url.startswith("https://"):
            return []
        return [await _address(settings.public_url, patience)]

    async def graph() -> list[Finding]:
        usable = read.has(*identity, "PATHWAY_MAILBOX", "PATHWAY_PROOF_MAILBOX")
        return await mailboxes.mailboxes(settings, tutors, patience) if usable else []

    keys = microsoft.keys_and_clock(settings.teams, patience)
    answers = await asyncio.gather(keys, token(), mail(), graph(), address())
    return [finding for one in answers for finding in one]


async def _address(url: str, patience: float) -> Finding:
    if await here.readiness(url, patience, trust_env=True) is not None:
        return well("address", "The bot answers under its public address.")
    return note(
        "address",
        "From here, the bot does not answer under PATHWAY_URL. Try its page /healthz from outside: if it is the same "
        "there, mend DNS, the certificate, or what the web server passes on.",
    )


def _today(settings: BotSettings, clock: Mapping[str, Any] | None) -> date:
    """The pathway's day: practice mode has one of its own."""
    if not settings.practice:
        return local_date(datetime.now(UTC))
    try:
        return local_date(datetime.fromisoformat(str((clock or {})["now"])))
    except (KeyError, ValueError):
        return local_date(PRACTICE_STARTS)


def report(found: Sequence[Finding]) -> tuple[list[str], int]:
    """The lines to print, and the exit status: 1 where anything is wrong."""
    count = sum(finding.mark is Mark.WRONG for finding in found)
    if not count:
        return [*map(str, found), "Everything that must be well is well."], 0
    words = counted(count, "thing")
    return [
        *map(str, found),
        f"{words} {'is' if count == 1 else 'are'} wrong. Mend from the top, then run this again.",
    ], 1
