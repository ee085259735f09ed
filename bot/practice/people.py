"""The people a practice channel knows, and how Teams names them."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Literal

Reach = Literal["teams", "email_only"]


@dataclass(frozen=True, slots=True)
class PracticePerson:
    """One made-up member of the tenant, or somebody outside it.

    *key* is short and stands in addresses of the page ("priya"). *object_id* is the Entra object id that Teams sends
    as `from.aadObjectId`. *principal_name* is the user principal name; a guest's carries `#EXT#`. *what* is the role
    in words ("Mentor, Hollin Bank Primary"). A person with *reach* "email_only" has no Teams: nothing can be
    installed for them and they can say nothing.
    """

    key: str
    name: str
    email: str
    object_id: str
    principal_name: str
    what: str
    reach: Reach = "teams"
    group: str = ""

    @property
    def teams_id(self) -> str:
        """The `29:` id that Teams gives this person for one bot: opaque, stable, with characters that need escaping."""
        return "29:1" + _opaque("user", self.object_id, 42)

    @property
    def conversation_id(self) -> str:
        """The `a:` id of the personal chat with the bot."""
        return "a:1" + _opaque("chat", self.object_id, 64)


def _opaque(purpose: str, seed: str, length: int) -> str:
    digest = hashlib.sha512(f"{purpose}:{seed}".encode()).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")[:length]
