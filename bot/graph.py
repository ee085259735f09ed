"""Microsoft Graph, as far as the bot uses it: having itself installed for people who have never opened it.

Needs the application permission `TeamsAppInstallation.ReadWriteSelfForUser.All`, which lets an app install itself and
no other. Where it is not granted nothing else changes: the office sends an invitation instead.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

import aiohttp
from yarl import URL

from bot.desk import TryLater
from bot.teams.tokens import Tokens
from pathway.people import Person
from pathway.ports import Installed

ROOT: Final = "https://graph.microsoft.com/v1.0"

_TIME_OUT: Final = aiohttp.ClientTimeout(total=8.0, sock_connect=4.0)
_MEANS: Final[Mapping[int, Installed]] = {
    200: Installed.DONE,
    201: Installed.DONE,
    204: Installed.DONE,
    400: Installed.UNKNOWN,
    403: Installed.NOT_GRANTED,
    404: Installed.UNKNOWN,
    409: Installed.ALREADY,
}

log = logging.getLogger(__name__)


class GraphInstalling:
    """`pathway.ports.Installing` by `POST /users/{id}/teamwork/installedApps`."""

    def __init__(self, session: aiohttp.ClientSession, tokens: Tokens, catalogue_app: str) -> None:
        """*catalogue_app* is the app's id in the tenant's catalogue, which is another than that of its manifest."""
        self._session = session
        self._tokens = tokens
        self._body = {"teamsApp@odata.bind": f"{ROOT}/appCatalogs/teamsApps/{catalogue_app}"}

    async def install(self, person: Person) -> Installed:
        """See the port. Asked twice it is installed once: Graph answers 409 to the second."""
        who = quote(person.object_id or person.email, safe="")
        try:
            status = await self._post(URL(f"{ROOT}/users/{who}/teamwork/installedApps", encoded=True))
        except (TryLater, aiohttp.ClientError, TimeoutError, OSError) as fault:
            log.warning(
                "Graph gave no answer to an installation", extra={"person": person.id, "kind": type(fault).__name__}
            )
            return Installed.LATER
        if status not in (200, 201, 204, 409):
            log.warning("Graph refused an installation", extra={"person": person.id, "status": status})
        return _MEANS.get(status, Installed.LATER)

    async def _post(self, url: URL) -> int:
        """The status; after a 401 of one more try with a fresh token. Raises TryLater, aiohttp.ClientError, OSError."""
        token = await self._tokens.token()
        status = await self._once(url, token)
        return await self._once(url, await self._tokens.renewed(token)) if status == 401 else status

    async def _once(self, url: URL, token: str) -> int:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        async with self._session.post(
            url, json=self._body, headers=headers, allow_redirects=False, timeout=_TIME_OUT
        ) as answer:
            return answer.status
