"""Who may come in. Every request passes here before anything it says is believed; there is no way around.

Rules: the Bot Connector authentication reference, and the project's own rows 1 to 16 of what must not go wrong. A
refusal is logged with its reason and never with who or what was in the request.
"""

from __future__ import annotations

import logging
import re
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import jwt

from bot.teams import words
from bot.teams.body import Activity, BadBody, strictly
from bot.teams.hosts import service_root
from bot.teams.keys import ISSUER, KeyRing, KeysUnavailable, SigningKey
from bot.teams.settings import TeamsSettings
from pathway.address import Address

LEEWAY = 300
"""Seconds by which clocks may differ, each way."""

CHANNEL = "msteams"

_log = logging.getLogger(__name__)
_LONGEST_TOKEN = 16 * 1024
_TOKENS_KEPT = 256
_FAR_FUTURE = 1e12  # also leaves out infinity and "not a number"
_IDENTIFIED = frozenset({"message", "invoke"})
_BOT = re.compile(r"28:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MORE_THAN_SIGNED = frozenset({"crit", "b64", "enc", "zip", "cty"})
"""Header fields that want more than a signature to be looked at (RFC 7515, 4.1; RFC 7516, 4.1). Teams sends none."""


class Refused(Exception):
    """The request gets *status* and no turn. The sentence is for our log and says nothing of persons; *told* is for
    whoever asked, "" where a bare status is enough.
    """

    def __init__(self, status: int, sentence: str, told: str = "") -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.told = told


@dataclass(frozen=True, slots=True)
class Vouched:
    """A token whose signature, issuer, audience and times are good. The body is still to be compared with it."""

    claims: Mapping[str, Any]
    key: SigningKey
    key_id: str


@dataclass(frozen=True, slots=True)
class Admitted:
    """An activity that may become a turn. *object_id* is empty where Teams sends none (never on messages, invokes)."""

    activity: Activity
    claims: Mapping[str, Any]
    object_id: str
    address: Address


class Gate:
    def __init__(self, settings: TeamsSettings, keys: KeyRing, clock: Callable[[], float] = time.time) -> None:
        """*clock* gives real seconds since 1970: tokens never follow the practice clock."""
        self._settings = settings
        self._keys = keys
        self._clock = clock
        self._vouched: OrderedDict[bytes, Vouched] = OrderedDict()
        """Tokens whose signature was found good, by their SHA-256, the last used at the end. All else of a token is
        checked each time, and so is whether its key is still the very one that was listed then.
        """

    async def admit(self, authorization: str | None, activity: Activity) -> Admitted:
        """`vouch` and `check` in one. Raises Refused."""
        return self.check(await self.vouch(authorization), activity)

    async def vouch(self, authorization: str | None) -> Vouched:
        """What the `Authorization` header alone can prove. Raises Refused: 401, or 503 when no key can be had."""
        token = _bearer(authorization)
        digest = sha256(token.encode("ascii")).digest()
        known = self._vouched.get(digest)
        if known is None:
            key_id = self._look(token)
        else:
            key_id = known.key_id
            self._check_claims(known.claims)
        try:
            key = await self._keys.find(key_id)
        except KeysUnavailable as fault:
            raise Refused(503, "the signing keys cannot be had") from fault
        if key is None:
            raise Refused(401, "an unknown signing key")
        if known is not None and known.key is key:
            self._remember(digest, known)
            return known
        vouched = Vouched(_signed(token, key), key, key_id)
        self._check_claims(vouched.claims)
        self._remember(digest, vouched)
        return vouched

    def _remember(self, digest: bytes, vouched: Vouched) -> None:
        self._vouched[digest] = vouched
        self._vouched.move_to_end(digest)
        if len(self._vouched) > _TOKENS_KEPT:
            self._vouched.popitem(last=False)

    def check(self, vouched: Vouched, activity: Activity) -> Admitted:
        """Whether the vouched sender may say *activity*. Raises Refused: 401 where body and token differ, else 403."""
        service = activity.get("serviceUrl") or ""
        claim = vouched.claims.get("serviceurl")
        if not service or not isinstance(claim, str) or claim != service:
            raise Refused(401, "the service address is not the token's")
        if service_root(service, self._settings) is None:
            raise Refused(403, "a service address that is not on the list")
        if activity.get("channelId") != CHANNEL:
            raise Refused(403, "not the Teams channel")
        if CHANNEL not in vouched.key.endorsements:
            raise Refused(401, "a signing key that is not endorsed for Teams")
        if _is_for_another_bot(activity["recipient"].get("id") or "", self._settings.app_id):
            raise Refused(403, "addressed to another bot")
        self._check_tenant(activity)
        sender = activity["from"]
        object_id = sender.get("aadObjectId") or ""
        if activity["type"] in _IDENTIFIED and not (object_id and sender.get("id")):
            raise Refused(403, "a sender without an object id", words.NO_ACCOUNT)
        return Admitted(activity, vouched.claims, object_id, _address(activity, self._settings.tenant_id))

    def _look(self, token: str) -> str:
        """The key id, after the cheap checks: nothing that fails here can make us ask for keys."""
        header, claims = _unverified(token)
        if header.get("alg") != "RS256":
            raise Refused(401, "not signed with RS256")
        if header.keys() & _MORE_THAN_SIGNED or str(header.get("typ", "JWT")).upper() != "JWT":
            raise Refused(401, "another kind of token")
        key_id = header.get("kid")
        if not isinstance(key_id, str) or not 0 < len(key_id) <= 200:
            raise Refused(401, "no key id")
        self._check_claims(claims)
        return key_id

    def _check_claims(self, claims: Mapping[str, Any]) -> None:
        if claims.get("iss") != ISSUER:
            raise Refused(401, "another issuer")
        if claims.get("aud") != self._settings.app_id:
            raise Refused(401, "meant for another bot")
        now = self._clock()
        if _moment(claims, "exp") + LEEWAY <= now:
            raise Refused(401, "the token has expired")
        if _moment(claims, "nbf") - LEEWAY > now or ("iat" in claims and _moment(claims, "iat") - LEEWAY > now):
            raise Refused(401, "the token is not valid yet")

    def _check_tenant(self, activity: Activity) -> None:
        said = (
            activity["conversation"].get("tenantId"),
            ((activity.get("channelData") or {}).get("tenant") or {}).get("id"),
        )
        tenants = {tenant.casefold() for tenant in said if tenant}
        if tenants != {self._settings.tenant_id.casefold()}:
            raise Refused(403, "no tenant, two tenants or not ours")


_OURS_TO_CHECK: Any = {
    "verify_signature": True,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}


def _signed(token: str, key: SigningKey) -> Mapping[str, Any]:
    """The claims of *token*, which *key* has signed. Raises Refused."""
    try:
        claims: Mapping[str, Any] = jwt.decode(token, key.public, algorithms=["RS256"], options=_OURS_TO_CHECK)
    except (jwt.PyJWTError, ValueError, RecursionError) as fault:
        raise Refused(401, "a bad signature") from fault
    return claims


def _bearer(authorization: str | None) -> str:
    if not authorization:
        raise Refused(401, "no token")
    scheme, _, token = authorization.partition(" ")
    if scheme.casefold() != "bearer" or not 0 < len(token) <= _LONGEST_TOKEN or not token.isascii():
        raise Refused(401, "no bearer token")
    return token


def _unverified(token: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Header and claims as they claim to be. Never more than a reason to refuse early."""
    parts = token.split(".")
    if len(parts) != 3:
        raise Refused(401, "not a signed token")
    try:
        header, claims, _signature = [_plain(part) for part in parts]
        told = strictly(header), strictly(claims)
    except (NotBase64, ValueError, BadBody) as fault:
        raise Refused(401, "not a signed token") from fault
    if not all(isinstance(part, dict) for part in told):
        raise Refused(401, "not a signed token")
    return told


def _plain(part: str) -> bytes:
    """The bytes of one part of a token, in the one way in which they can be written. Raises ValueError."""
    plain = urlsafe_b64decode(part + "=" * (-len(part) % 4))
    if urlsafe_b64encode(plain).rstrip(b"=") != part.encode("ascii"):
        raise ValueError("written in another way")
    return plain


def _moment(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < _FAR_FUTURE:
        raise Refused(401, f"no {name}")
    return value


def _is_for_another_bot(recipient: str, app_id: str) -> bool:
    """Teams addresses a bot as "28:" and its app id."""
    return _BOT.fullmatch(recipient) is not None and recipient[3:].casefold() != app_id.casefold()


def _address(activity: Activity, tenant_id: str) -> Address:
    """Where the activity came from. What does not say that it is a personal chat is not taken for one."""
    conversation = activity["conversation"]
    guess = "personal" if conversation["id"].startswith("a:") else "groupChat"
    scope = conversation.get("conversationType") or guess
    return Address(
        service_url=activity["serviceUrl"],
        conversation_id=conversation["id"],
        bot_id=activity["recipient"].get("id") or "",
        tenant_id=tenant_id,
        user_id=activity["from"].get("id") or "" if scope == "personal" else "",
        scope=scope,
    )
