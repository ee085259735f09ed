"""botbuilder's adapter on our own transport: what a turn sends goes through our connector as plain dicts.

The stock pieces that check tokens and make clients stay unused: the gate has spoken before a turn begins, and one
connector serves all turns. `TurnContext.send_activity` works as usual for whoever wants it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from botbuilder.core import CloudAdapterBase, InvokeResponse, TurnContext
from botbuilder.schema import Activity, ActivityTypes, ChannelAccount, ConversationAccount, ResourceResponse
from botframework.connector.auth import BotFrameworkAuthentication, ClaimsIdentity
from botframework.connector.auth.authenticate_request_result import AuthenticateRequestResult
from botframework.connector.auth.connector_factory import ConnectorFactory

from bot.teams.connector import Connector
from bot.teams.gate import Admitted

ADMITTED: Final = "pathway.admitted"
"""Where a turn's state keeps the `Admitted` that began it."""

Logic = Callable[[TurnContext], Awaitable[None]]


class _OneConnector(ConnectorFactory):  # type: ignore[misc, unused-ignore]
    def __init__(self, connector: Connector) -> None:
        self._connector = connector

    async def create(self, service_url: str, audience: str) -> Connector:  # noqa: ARG002 - botbuilder's names
        return self._connector


class _AlreadyChecked(BotFrameworkAuthentication):  # type: ignore[misc, unused-ignore]
    """Stands where botbuilder wants its own gate; asked to judge a header, it lets nobody in."""

    def __init__(self, factory: _OneConnector) -> None:
        self._factory = factory

    async def authenticate_request(self, activity: Activity, auth_header: str) -> AuthenticateRequestResult:  # noqa: ARG002
        raise PermissionError("requests come in by bot.teams.gate only")

    async def authenticate_streaming_request(
        self,
        auth_header: str,  # noqa: ARG002
        channel_id_header: str,  # noqa: ARG002
    ) -> AuthenticateRequestResult:
        raise PermissionError("the bot does not stream")

    def create_connector_factory(self, claims_identity: ClaimsIdentity) -> ConnectorFactory:  # noqa: ARG002
        return self._factory

    async def create_user_token_client(self, claims_identity: ClaimsIdentity) -> None:  # noqa: ARG002
        return None


class TeamsAdapter(CloudAdapterBase):  # type: ignore[misc, unused-ignore]
    """Runs admitted activities through the pipeline, and sends what turns say."""

    def __init__(self, connector: Connector) -> None:
        self._factory = _OneConnector(connector)
        super().__init__(_AlreadyChecked(self._factory))
        self._connector = connector

    async def run(self, admitted: Admitted, logic: Logic) -> InvokeResponse | None:
        """One turn. For an invoke its answer, else None. What *logic* raises goes to `on_turn_error`."""
        result = AuthenticateRequestResult()
        result.audience = admitted.claims["aud"]
        result.claims_identity = ClaimsIdentity(dict(admitted.claims), is_authenticated=True)
        result.connector_factory = self._factory

        async def with_sender(context: TurnContext) -> None:
            context.turn_state[ADMITTED] = admitted
            await logic(context)

        answer: InvokeResponse | None = await self.process_activity(result, turn_activity(admitted), with_sender)
        return answer

    def answer_invoke(self, context: TurnContext, response: InvokeResponse) -> None:
        """Leaves *response* where botbuilder looks for it, without its deep copy of every card."""
        context.turn_state[self._INVOKE_RESPONSE_KEY] = Activity(type=ActivityTypes.invoke_response, value=response)

    async def send_activities(self, context: TurnContext, activities: list[Activity]) -> list[ResourceResponse]:
        sent = []
        for activity in activities:
            new_id = ""
            if activity.type == ActivityTypes.invoke_response:
                context.turn_state[self._INVOKE_RESPONSE_KEY] = activity
            elif activity.type != ActivityTypes.trace:
                new_id = await self._connector.post(_address(context), _plain(activity))
            sent.append(ResourceResponse(id=new_id))
        return sent

    async def update_activity(self, context: TurnContext, activity: Activity) -> ResourceResponse:
        await self._connector.put(_address(context), _plain(activity))
        return ResourceResponse(id=activity.id)

    async def delete_activity(self, context: TurnContext, reference: Any) -> None:
        await self._connector.delete(_address(context), reference.activity_id)


def turn_activity(admitted: Admitted) -> Activity:
    """The SDK's object with the fields that a turn reads; msrest's own reader takes longer than a whole turn."""
    body = admitted.activity
    conversation = body["conversation"]
    return Activity(
        type=body["type"],
        id=body.get("id"),
        service_url=body["serviceUrl"],
        channel_id=body["channelId"],
        from_property=_account(body["from"]),
        recipient=_account(body["recipient"]),
        conversation=ConversationAccount(
            id=conversation["id"],
            conversation_type=conversation.get("conversationType"),
            tenant_id=admitted.address.tenant_id,
        ),
        text=body.get("text"),
        name=body.get("name"),
        value=body.get("value"),
        action=body.get("action"),
        reply_to_id=body.get("replyToId"),
        channel_data=body.get("channelData"),
        members_added=[_account(member) for member in body.get("membersAdded") or ()],
    )


def _account(member: Mapping[str, Any]) -> ChannelAccount:
    return ChannelAccount(id=member.get("id"), name=member.get("name"), aad_object_id=member.get("aadObjectId"))


def _address(context: TurnContext) -> Any:
    admitted: Admitted = context.turn_state[ADMITTED]
    return admitted.address


def _plain(activity: Activity) -> dict[str, Any]:
    plain: dict[str, Any] = activity.serialize()
    return plain
