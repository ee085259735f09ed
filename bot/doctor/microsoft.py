"""What is asked of others: Microsoft's keys and time, a token, the proxy on the way, and the mail server."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import aiosmtplib
import msal
import requests.exceptions as said_by_requests

from bot.doctor.findings import Finding, note, well, wrong
from bot.mail import Mail
from bot.settings import BotSettings
from bot.teams.keys import ISSUER, KeyRing, KeysUnavailable
from bot.teams.settings import TeamsSettings
from bot.teams.tokens import CONNECTOR, entra_client

#: Seconds by which this machine's clock may differ: what should be known, and what refuses people (`bot.teams.gate`).
SLOW, REFUSED = 30, 300
ENTRA = "login.microsoftonline.com"
IDENTITY = "169.254.169.254"
"""Where Azure machines ask for the token of a managed identity; never through a proxy."""

#: Entra's numbers for what goes wrong with an app registration (its error code reference), and the mend.
ENTRA_SAYS = {
    7000215: "The client secret is wrong. Copy the Value, not the Secret ID, into MicrosoftAppPassword; where it is "
    "gone, make a new secret under Certificates & secrets.",
    7000222: "The client secret has expired. Make a new one under Certificates & secrets, set it as "
    "MicrosoftAppPassword, and put the next date into your diary.",
    700016: "No app registration with this MicrosoftAppId is in this tenant. Compare both ids with its Overview page.",
    90002: "There is no such tenant. Copy the Directory (tenant) ID into MicrosoftAppTenantId.",
    900023: "There is no such tenant. Copy the Directory (tenant) ID into MicrosoftAppTenantId.",
    7000229: "The app registration has no enterprise application in this tenant. Run: az ad sp create --id APP_ID",
    700027: "The certificate is not the app registration's. Upload its public half under Certificates & secrets.",
    7000112: "The enterprise application is switched off. Set Enabled for users to sign-in to Yes in its Properties.",
    53003: "A Conditional Access policy for workload identities blocks the bot. Leave the bot out of it.",
}


# -- the way there ----------------------------------------------------------------------------------------------------


def proxy(settings: BotSettings | None, env: Mapping[str, str], process: Mapping[str, str]) -> Finding:
    """*env* has `.env` in it; *process* is the process's own environment, which alone is read for proxies."""
    if settings is not None and settings.practice:
        return well("proxy", "Practice mode speaks to this machine only, past any proxy.")
    names = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")
    given = {name: process.get(name.lower()) or process.get(name) or "" for name in names}
    if any((env.get(name) or env.get(name.lower())) and not given[name] for name in names):
        return wrong(
            "proxy", "A proxy stands in .env, where nobody reads it. Set it in the environment of the service."
        )
    by_identity = settings is not None and settings.teams.app_type == "UserAssignedMSI"
    if by_identity and given["HTTP_PROXY"] and IDENTITY not in given["NO_PROXY"]:
        return wrong("proxy", f"A managed identity is asked at {IDENTITY}, past any proxy. Add that to NO_PROXY.")
    return _https_proxy(given["HTTPS_PROXY"], given["HTTP_PROXY"])


def _https_proxy(url: str, plain: str) -> Finding:
    """*plain* is the proxy for http."""
    if not url and plain:
        return wrong("proxy", "HTTP_PROXY alone is not used: Microsoft is reached over https. Set HTTPS_PROXY as well.")
    if not url:
        return well("proxy", "None is set; Microsoft is reached directly.")
    try:
        parts = urlsplit(url)
        where = f"{parts.hostname}:{parts.port}" if parts.scheme == "http" and parts.hostname and parts.port else ""
    except ValueError:
        where = ""
    if not where:
        return wrong("proxy", "HTTPS_PROXY must be http://, a host and its port: http://proxy.example.ac.uk:3128.")
    return well("proxy", f"Microsoft is reached through {where}.")


def _unreached(host: str, fault: Exception, patience: float) -> str:
    """Why nothing came back from *host*, with the mend."""
    match fault:
        case TimeoutError() | said_by_requests.Timeout():
            return f"{host} does not answer within {patience:g} seconds. Let this machine reach it on port 443."
        case (
            aiohttp.ClientConnectorCertificateError()
            | aiohttp.ClientConnectorSSLError()
            | ssl.SSLError()
            | said_by_requests.SSLError()
        ):
            return (
                f"The certificate that comes from {host} is not one that this machine trusts. Where your network opens "
                "TLS, put its CA's certificate with the usual ones into a file, and name it in SSL_CERT_FILE and "
                "REQUESTS_CA_BUNDLE; better, leave this host out of it."
            )
        case aiohttp.ClientProxyConnectionError() | aiohttp.ClientHttpProxyError() | said_by_requests.ProxyError():
            return f"The proxy does not let this machine through to {host}. Ask for it, or correct HTTPS_PROXY."
        case aiohttp.ClientConnectorDNSError():
            return f"The name {host} cannot be looked up. Mend the machine's DNS."
        case _:
            return f"{host} cannot be reached ({type(fault).__name__}). Let this machine reach it on port 443."


# -- keys and time ----------------------------------------------------------------------------------------------------


async def keys_and_clock(teams: TeamsSettings, patience: float) -> list[Finding]:
    host = urlsplit(teams.openid_url).hostname or ""
    time_out = aiohttp.ClientTimeout(total=patience)
    async with aiohttp.ClientSession(timeout=time_out, trust_env=not teams.practice) as session:
        try:
            async with session.get(teams.openid_url, allow_redirects=False) as answer:
                raw, status, date = await answer.content.read(1 << 20), answer.status, answer.headers.get("Date", "")
        except (aiohttp.ClientError, OSError, TimeoutError) as fault:
            sentence = _unreached(host, fault, patience)
            return [
                wrong("keys", f"{sentence} Without Microsoft's keys nobody's message is believed."),
                note("clock", "It could not be compared with Microsoft's."),
            ]
        return [await _keys(session, teams, host, status, raw), _clock(date, time.time())]


async def _keys(session: aiohttp.ClientSession, teams: TeamsSettings, host: str, status: int, raw: bytes) -> Finding:
    page: Any = None
    with suppress(ValueError, RecursionError):
        page = json.loads(raw)
    if status != 200 or not isinstance(page, dict) or page.get("issuer") != ISSUER:
        return wrong(
            "keys",
            f"What answers as {host} is not Microsoft's page of keys (status {status}). A proxy or a sign-in page of "
            "your network may stand between; leave this host out of it.",
        )
    ring = KeyRing(session, teams.openid_url)
    try:
        await ring.warm()
    except KeysUnavailable:
        return wrong(
            "keys",
            f"{host} answers, but the keys it names cannot be had or used. Let this machine reach it whole, also its "
            "other pages; where it goes on, look at Azure's service health.",
        )
    finally:
        await ring.close()
    return well("keys", f"Microsoft's keys came from {host} and can be used.")


def _clock(date: str, here: float) -> Finding:
    try:
        there = parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError):
        return note("clock", "It could not be compared: Microsoft's answer had no date.")
    off = round(here - there)
    how = f"{_long(abs(off))} {'fast' if off > 0 else 'slow'}"
    if abs(off) >= REFUSED:
        return wrong(
            "clock", f"This machine's clock is {how}, so every message is refused. Run: timedatectl set-ntp true"
        )
    if abs(off) >= SLOW:
        return note("clock", f"This machine's clock is {how}. Switch on time synchronisation: timedatectl set-ntp true")
    return well("clock", "It goes as Microsoft's does.")


def _long(seconds: int) -> str:
    return f"{seconds} seconds" if seconds < 120 else f"{round(seconds / 60)} minutes"


# -- the token --------------------------------------------------------------------------------------------------------


async def token(teams: TeamsSettings, patience: float) -> Finding:
    """Asks for a token as the bot does, and throws it away."""
    host = ENTRA
    if teams.app_type == "UserAssignedMSI":
        host = IDENTITY
    try:
        if teams.token_url is not None:
            host = urlsplit(teams.token_url).hostname or ""
            answer = await _ask_practice(teams, patience)
        else:
            async with asyncio.timeout(patience + 1):
                answer = await asyncio.to_thread(_ask_entra, teams, patience / 2)
    except ValueError:
        return wrong(
            "token", f"{host} knows no such tenant, or its answer makes no sense. Compare MicrosoftAppTenantId."
        )
    except (aiohttp.ClientError, OSError, TimeoutError) as fault:
        return wrong("token", _no_identity() if host == IDENTITY else _unreached(host, fault, patience))
    except Exception as fault:  # noqa: BLE001 - msal raises many kinds; the doctor says which and goes on
        return wrong(
            "token", f"No token could be asked for ({type(fault).__name__}). Compare the MicrosoftApp settings."
        )
    if isinstance(answer, dict) and answer.get("access_token"):
        return well("token", f"{host} gave one: the bot may answer.")
    return wrong("token", _no_identity() if host == IDENTITY else _refusal(answer))


def _ask_entra(teams: TeamsSettings, time_out: float) -> object:
    client = entra_client(teams, time_out)()
    if isinstance(client, msal.ManagedIdentityClient):
        return client.acquire_token_for_client(resource=CONNECTOR)
    return client.acquire_token_for_client(scopes=[f"{CONNECTOR}/.default"])


async def _ask_practice(teams: TeamsSettings, patience: float) -> object:
    form = {
        "grant_type": "client_credentials",
        "client_id": teams.app_id,
        "client_secret": teams.password,
        "scope": f"{CONNECTOR}/.default",
    }
    time_out = aiohttp.ClientTimeout(total=patience)
    async with (
        aiohttp.ClientSession(timeout=time_out) as session,
        session.post(teams.token_url or "", data=form, allow_redirects=False) as answer,
    ):
        return await answer.json(content_type=None)


def _refusal(answer: object) -> str:
    """Entra's own sentence names ids, so only its number and its code word are passed on."""
    told = answer if isinstance(answer, dict) else {}
    codes = [code for code in told.get("error_codes") or [] if isinstance(code, int)]
    for code in codes:
        if code in ENTRA_SAYS:
            return f"{ENTRA_SAYS[code]} (AADSTS{code})"
    word = told.get("error")
    reason = word if isinstance(word, str) and word.isidentifier() else "no reason"
    number = f", AADSTS{codes[0]}" if codes else ""
    return f"Microsoft gave none ({reason}{number}). Compare the MicrosoftApp settings with the app registration."


def _no_identity() -> str:
    return (
        "This machine has no managed identity with this MicrosoftAppId. Assign the bot's identity to it (Identity, "
        "User assigned, Add), or run the bot on the machine that has it."
    )


# -- mail, and our own address ----------------------------------------------------------------------------------------


async def mail(settings: BotSettings) -> Finding:
    if settings.mail is None and settings.mailbox:
        return note("mail", "SMTP_HOST is not set: letters go through PATHWAY_MAILBOX alone.")
    if settings.mail is None:
        return note("mail", "SMTP_HOST is not set, so people who are not in Teams hear nothing.")
    try:
        await Mail(settings.mail).knock()
    except aiosmtplib.SMTPAuthenticationError:
        return wrong("mail", "The mail server does not take SMTP_USER and SMTP_PASSWORD. Compare both with its owner.")
    except aiosmtplib.SMTPTimeoutError:
        return wrong("mail", "The mail server does not answer. Let this machine reach SMTP_HOST on SMTP_PORT.")
    except (aiosmtplib.SMTPException, OSError) as fault:
        return wrong(
            "mail",
            f"The mail server cannot be used ({type(fault).__name__}). It must be reached on SMTP_PORT, offer STARTTLS "
            "with a certificate that this machine trusts, and take SMTP_USER.",
        )
    return well("mail", "The mail server answers, and lets the bot in.")
