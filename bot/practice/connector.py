"""The connector's REST API, the token endpoint and the OpenID pages: what the bot calls.

Shapes and codes follow the Bot Connector REST API, version 3, and what Teams answers: 201 with an id for what is new,
200 for an edit, 401 without a good bearer, 404 for what is unknown, 403 where the bot is not installed.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.practice.activities import card_of
from bot.practice.keys import ISSUER, LIFETIME
from bot.practice.people import PracticePerson
from bot.practice.transcript import BOT, CHANNEL, Message

if TYPE_CHECKING:
    from bot.practice.channel import Channel

LARGEST = 100 * 1024
"""Bytes of an activity; Teams refuses more."""

Handler = Callable[[web.Request], Awaitable[web.Response]]


@dataclass(frozen=True, slots=True)
class Room:
    """Where a message goes: a chat of the transcript and, in the channel, the thread."""

    chat: str
    thread: str = ""


class Refused(Exception):
    """The connector's error answer: an HTTP status, Teams' code and its sentence."""

    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code

    def answer(self) -> web.Response:
        return web.json_response({"error": {"code": self.code, "message": str(self)}}, status=self.status)


class Connector:
    """The routes. It holds no state: the channel does."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def add_to(self, app: web.Application) -> None:
        conversation = "/v3/conversations/{conversation}"
        router = app.router
        router.add_get("/.well-known/openidconfiguration", self._open("keys", self._metadata))
        router.add_get("/keys", self._open("keys", self._keys))
        router.add_post("/token", self._open("token", self._token))
        router.add_post("/v3/conversations", self._guarded(self._create))
        router.add_post(f"{conversation}/activities", self._guarded(self._send))
        router.add_post(f"{conversation}/activities/{{activity}}", self._guarded(self._reply))
        router.add_put(f"{conversation}/activities/{{activity}}", self._guarded(self._update))
        router.add_delete(f"{conversation}/activities/{{activity}}", self._guarded(self._delete))
        router.add_get(f"{conversation}/members", self._guarded(self._members))
        router.add_get(f"{conversation}/members/{{member}}", self._guarded(self._member))
        router.add_get(f"{conversation}/pagedmembers", self._guarded(self._paged_members))

    # Who may call

    def _open(self, where: str, handler: Handler) -> Handler:
        async def answer(request: web.Request) -> web.Response:
            fault = self._channel.take_fault(where)
            response = fault.answer() if fault and not fault.after_applying else await handler(request)
            response = fault.answer() if fault else response
            self._channel.note_call(request, response.status)
            return response

        return answer

    def _guarded(self, handler: Handler) -> Handler:
        async def answer(request: web.Request) -> web.Response:
            scheme, _, token = request.headers.get("Authorization", "").partition(" ")
            if scheme != "Bearer" or not self._channel.key.is_for_connector(token, self._channel.app_id):
                raise Refused(401, "Unauthorized", "Authorization has been denied for this request.")
            if self._channel.before_message is not None:
                await self._channel.before_message()
            return await handler(request)

        async def refusing(request: web.Request) -> web.Response:
            try:
                return await answer(request)
            except Refused as refused:
                return refused.answer()

        return self._open("connector", refusing)

    # Keys and tokens

    async def _metadata(self, _request: web.Request) -> web.Response:
        url = self._channel.url
        return web.json_response(
            {
                "issuer": ISSUER,
                "authorization_endpoint": "https://invalid.botframework.com",
                "jwks_uri": f"{url}/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            }
        )

    async def _keys(self, _request: web.Request) -> web.Response:
        return web.json_response({"keys": [self._channel.key.public(["msteams"])]})

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if form.get("grant_type") != "client_credentials":
            return web.json_response(
                {"error": "unsupported_grant_type", "error_description": "Only client_credentials."}, status=400
            )
        known = _same(form.get("client_id"), self._channel.app_id)
        if not known or not _same(form.get("client_secret"), self._channel.app_password):
            return web.json_response(
                {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."},
                status=401,
            )
        token = self._channel.key.for_connector(self._channel.app_id, self._channel.tenant_id)
        return web.json_response(
            {"token_type": "Bearer", "expires_in": LIFETIME, "ext_expires_in": LIFETIME, "access_token": token}
        )

    # Conversations

    async def _create(self, request: web.Request) -> web.Response:
        wanted = await _body(request)
        data = wanted.get("channelData") or {}
        channel_id = (data.get("channel") or {}).get("id")
        if channel_id:
            return self._create_thread(str(channel_id), wanted)
        members = wanted.get("members") or []
        if len(members) != 1:
            raise Refused(400, "BadSyntax", "A personal conversation needs exactly one member.")
        tenant = (data.get("tenant") or {}).get("id") or wanted.get("tenantId")
        if tenant != self._channel.tenant_id:
            raise Refused(403, "Forbidden", "The bot is not allowed in that tenant.")
        person = self._person(str(members[0].get("id", "")))
        self._must_be_installed(person.key)
        first = wanted.get("activity")
        answer = {"id": person.conversation_id}
        if first:
            answer["activityId"] = self._add(Room(person.key), first)
        return web.json_response(answer, status=201)

    def _create_thread(self, channel_id: str, wanted: Mapping[str, Any]) -> web.Response:
        if channel_id != self._channel.place.channel_id:
            raise Refused(404, "ConversationNotFound", "Conversation not found.")
        self._must_be_installed(CHANNEL)
        first = wanted.get("activity")
        if not first:
            raise Refused(400, "BadSyntax", "A new thread needs an activity.")
        new = self._add(Room(CHANNEL), first)
        return web.json_response({"id": self._channel.place.thread_id(new), "activityId": new}, status=201)

    async def _send(self, request: web.Request) -> web.Response:
        return web.json_response({"id": self._add(self._room(request), await _body(request))}, status=201)

    async def _reply(self, request: web.Request) -> web.Response:
        room = self._room(request)
        answered = request.match_info["activity"]
        if room.chat == CHANNEL:
            message = self._message(room, answered)
            room = Room(CHANNEL, message.thread or message.id)
        return web.json_response({"id": self._add(room, await _body(request))}, status=201)

    async def _update(self, request: web.Request) -> web.Response:
        room, activity = self._room(request), await _body(request)
        message = self._own(room, request.match_info["activity"])
        _must_say_something(activity)
        self._channel.note_update(room.chat, message.id)
        self._channel.transcript.edit(room.chat, message.id, lambda m: self._filled(m, activity, edited=True))
        return web.json_response({"id": message.id})

    async def _delete(self, request: web.Request) -> web.Response:
        room = self._room(request)
        message = self._own(room, request.match_info["activity"])
        self._channel.transcript.delete(room.chat, message.id)
        return web.json_response({})

    async def _members(self, request: web.Request) -> web.Response:
        return web.json_response([self._channel.place.member(p) for p in self._in(self._room(request))])

    async def _paged_members(self, request: web.Request) -> web.Response:
        members = [self._channel.place.member(p) for p in self._in(self._room(request))]
        return web.json_response({"members": members})

    async def _member(self, request: web.Request) -> web.Response:
        wanted = request.match_info["member"]
        for person in self._in(self._room(request)):
            if wanted in {person.teams_id, person.object_id, person.email, person.principal_name}:
                return web.json_response(self._channel.place.member(person))
        raise Refused(404, "MemberNotFoundInConversation", "The member was not found in the conversation.")

    # What those need

    def _room(self, request: web.Request) -> Room:
        wanted = request.match_info["conversation"]
        base, _, thread = wanted.partition(";messageid=")
        if base == self._channel.place.channel_id:
            room = Room(CHANNEL, thread)
            if thread:
                self._message(room, thread)
            self._must_be_installed(CHANNEL)
            return room
        for person in self._channel.people:
            if person.conversation_id == wanted:
                self._must_be_installed(person.key)
                return Room(person.key)
        raise Refused(404, "ConversationNotFound", "Conversation not found.")

    def _must_be_installed(self, chat: str) -> None:
        if not self._channel.transcript.installed(chat):
            raise Refused(403, "BotNotInConversationRoster", "The bot is not part of the conversation roster.")

    def _person(self, member_id: str) -> PracticePerson:
        for person in self._channel.people:
            if person.reach == "teams" and member_id in {person.teams_id, person.object_id}:
                return person
        raise Refused(403, "ForbiddenOperationException", "The user is not a member of the tenant.")

    def _in(self, room: Room) -> list[PracticePerson]:
        return [p for p in self._channel.people if p.reach == "teams" and room.chat in {CHANNEL, p.key}]

    def _message(self, room: Room, message_id: str) -> Message:
        try:
            return self._channel.transcript.message(room.chat, message_id)
        except LookupError:
            raise Refused(404, "ActivityNotFoundInConversation", "The activity was not found.") from None

    def _own(self, room: Room, message_id: str) -> Message:
        message = self._message(room, message_id)
        if message.sender != BOT:
            raise Refused(403, "MessageWritesBlocked", "A bot can change only its own messages.")
        return message

    def _add(self, room: Room, activity: Mapping[str, Any]) -> str:
        if activity.get("type") == "typing":
            return self._channel.transcript.new_id()
        _must_say_something(activity)
        new = Message(self._channel.transcript.new_id(), BOT, self._channel.now(), thread=room.thread)
        self._channel.transcript.add(room.chat, self._filled(new, activity, edited=False))
        return new.id

    def _filled(self, message: Message, activity: Mapping[str, Any], *, edited: bool) -> Message:
        card, summary = card_of(activity), str(activity.get("summary") or "")
        if card is not None and not summary:
            self._channel.complaints.append(f"message {message.id} has a card and no summary")
        return replace(
            message,
            text=str(activity.get("text") or ""),
            card=card,
            summary=summary,
            notice="",
            edited=self._channel.now() if edited else None,
        )


def _must_say_something(activity: Mapping[str, Any]) -> None:
    if activity.get("type") != "message":
        raise Refused(400, "BadSyntax", "Only messages can be sent.")
    if not activity.get("text") and card_of(activity) is None:
        raise Refused(400, "BadSyntax", "Activity must have text or a card.")


async def _body(request: web.Request) -> dict[str, Any]:
    raw = await request.read()
    if len(raw) > LARGEST:
        raise Refused(413, "MessageSizeTooBig", "Message size too large.")
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refused(400, "BadSyntax", "The body must be a JSON object.")
    return body


def _same(given: object, right: str) -> bool:
    return isinstance(given, str) and secrets.compare_digest(given.encode(), right.encode())
