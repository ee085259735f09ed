"""`POST /api/messages`: the token first, then the body, then whether they agree, then a turn of bounded length."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from botbuilder.core import InvokeResponse

from bot.logs import during
from bot.teams import body, words
from bot.teams.adapter import TeamsAdapter
from bot.teams.body import BadBody
from bot.teams.connector import as_sent
from bot.teams.crowd import Entry, Repeats, Turn, Turnstile
from bot.teams.gate import Admitted, Gate, Refused
from bot.teams.handler import DeskHandler, Errands, Patience, answer_of, note

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

SLOWEST_BODY = 10.0
"""Seconds in which a body must have arrived."""

_JSON = frozenset({"application/json", "application/octet-stream"})

_log = logging.getLogger(__name__)


class Endpoint:
    """Answers 401, 403, 400, 413, 408 or 429 without a turn, 503 when no signing key can be had, else 200."""

    def __init__(
        self,
        gate: Gate,
        adapter: TeamsAdapter,
        handler: DeskHandler,
        *,
        errands: Errands,
        patience: Patience,
        turnstile: Turnstile,
    ) -> None:
        self._gate = gate
        self._adapter = adapter
        self._handler = handler
        self._errands = errands
        self._patience = patience
        self._turnstile = turnstile
        self._repeats = Repeats()

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        with during("turn"):
            return await self._answered(request)

    async def _answered(self, request: web.Request) -> web.StreamResponse:
        try:
            admitted = await self._admit(request)
        except Refused as refused:
            _log.warning("refused", extra={"status": refused.status, "reason": refused.sentence})
            return _refusal(refused)
        except BadBody as bad:
            _log.warning("refused", extra={"status": bad.status, "reason": str(bad)})
            return web.Response(status=bad.status)
        entry = self._turnstile.enter(admitted.object_id or admitted.address.conversation_id)
        if entry is not Entry.YES:
            return self._too_much(admitted, entry)
        if self._repeats.is_answered(admitted):
            return web.Response(status=200)
        turn = self._repeats.under_way(admitted)
        is_first = turn is None
        if turn is None:
            turn = self._errands.start(self._turn(admitted))
            self._repeats.begins(admitted, turn)
        if admitted.activity["type"] == "invoke":
            return await self._answer(turn, admitted, is_first=is_first)
        await asyncio.wait({turn}, timeout=self._patience.answered)
        return web.Response(status=200)

    def _too_much(self, admitted: Admitted, entry: Entry) -> web.Response:
        """No turn. A press keeps what was typed in its form; a message is told of once, in a personal chat."""
        _log.warning("refused", extra={"status": 429, "reason": "more from one person than anybody can mean"})
        if admitted.activity["type"] == "invoke":
            return _json(answer_of(words.TOO_MUCH).body)
        if entry is Entry.NO_AND_SAY_SO and admitted.address.scope == "personal":
            self._errands.start(self._handler.say(admitted, words.TOO_MUCH))
        return web.Response(status=429, headers={"Retry-After": "5"})

    async def _admit(self, request: web.Request) -> Admitted:
        given = request.headers.getall("Authorization", [])
        if len(given) > 1:
            raise Refused(401, "more than one token")
        vouched = await self._gate.vouch(given[0] if given else None)
        return self._gate.check(vouched, body.read(await _bytes(request)))

    async def _turn(self, admitted: Admitted) -> InvokeResponse | None:
        """A turn that cannot raise: even an apology that fails is answered, and never with 500, which is re-sent."""
        try:
            return await self._adapter.run(admitted, self._handler.on_turn)
        except Exception as fault:  # noqa: BLE001 - the outermost edge
            return answer_of(words.went_wrong(note(admitted, fault)))

    async def _answer(self, turn: Turn, admitted: Admitted, *, is_first: bool) -> web.Response:
        await asyncio.wait({turn}, timeout=self._patience.invoke)
        if not turn.done():
            if is_first:
                self._errands.start(self._handler.deliver_late(turn, admitted))
            return _json(answer_of(words.STILL_WORKING).body)
        response = turn.result()
        return web.Response(status=200) if response is None else _json(response.body, response.status)


def _refusal(refused: Refused) -> web.Response:
    if refused.told:
        return _json({"error": refused.told}, refused.status)
    headers = {"WWW-Authenticate": "Bearer"} if refused.status == 401 else None
    return web.Response(status=refused.status, headers=headers)


async def _bytes(request: web.Request) -> bytes:
    kind = request.content_type  # aiohttp's own word for none is the octet stream
    if kind not in _JSON or (request.charset or "utf-8").lower() != "utf-8":
        raise BadBody("The body says that it is not JSON in UTF-8.")
    if (request.content_length or 0) > body.LARGEST:
        raise BadBody("The body is too large.", 413)
    raw = bytearray()
    try:
        if request.content.is_eof():  # it came with its head, as Teams' do: nothing to wait for
            return request.content.read_nowait()
        async with asyncio.timeout(SLOWEST_BODY):
            async for part in request.content.iter_any():
                raw += part
                if len(raw) > body.LARGEST:
                    raise BadBody("The body is too large.", 413)
    except TimeoutError as fault:
        raise BadBody("The body came too slowly.", 408) from fault
    except (ValueError, OSError, web.RequestPayloadError) as fault:
        raise BadBody("The body cannot be read.") from fault
    return bytes(raw)


def _json(content: Any, status: int = 200) -> web.Response:
    return web.Response(body=as_sent(content), status=status, content_type="application/json", charset="utf-8")
