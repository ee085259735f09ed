"""The echo of the Microsoft 365 Agents SDK, as its quick start puts it together."""

from __future__ import annotations

import os

from aiohttp import web
from microsoft_agents.activity import load_configuration_from_env
from microsoft_agents.authentication.msal import MsalConnectionManager
from microsoft_agents.hosting.aiohttp import CloudAdapter, jwt_authorization_middleware, start_agent_process
from microsoft_agents.hosting.core import AgentApplication, Authorization, MemoryStorage, TurnContext, TurnState


def main() -> None:
    connection = "CONNECTIONS__SERVICE_CONNECTION__SETTINGS__"
    settings = load_configuration_from_env(
        {
            f"{connection}CLIENTID": os.environ["BENCH_APP"],
            f"{connection}CLIENTSECRET": os.environ["BENCH_PASSWORD"],
            f"{connection}TENANTID": os.environ["BENCH_TENANT"],
        }
    )
    storage = MemoryStorage()
    connections = MsalConnectionManager(**settings)
    adapter = CloudAdapter(connection_manager=connections)
    authorization = Authorization(storage, connections, **settings)
    agent = AgentApplication[TurnState](storage=storage, authorization=authorization, **settings)

    @agent.activity("message")  # type: ignore[untyped-decorator, unused-ignore]
    async def echo(context: TurnContext, state: TurnState) -> None:  # noqa: ARG001 - the SDK calls it so
        await context.send_activity(f"You said: {context.activity.text}")

    async def messages(request: web.Request) -> web.StreamResponse:
        return await start_agent_process(request, agent, adapter) or web.Response()

    app = web.Application(middlewares=[jwt_authorization_middleware])
    app["agent_configuration"] = connections.get_default_connection_configuration()
    app.router.add_post("/api/messages", messages)
    web.run_app(app, host="127.0.0.1", port=int(os.environ["PORT"]), access_log=None, print=None)


if __name__ == "__main__":
    main()
