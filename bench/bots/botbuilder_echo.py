"""botbuilder's own echo: `CloudAdapter` of botbuilder-integration-aiohttp, as its samples put it together."""

from __future__ import annotations

import os
from types import SimpleNamespace

from aiohttp import web
from botbuilder.core import ActivityHandler, TurnContext
from botbuilder.integration.aiohttp import CloudAdapter, ConfigurationBotFrameworkAuthentication


class Echo(ActivityHandler):
    async def on_message_activity(self, turn_context: TurnContext) -> None:
        await turn_context.send_activity(f"You said: {turn_context.activity.text}")


def main() -> None:
    settings = SimpleNamespace(
        APP_ID=os.environ["BENCH_APP"],
        APP_PASSWORD=os.environ["BENCH_PASSWORD"],
        APP_TYPE="SingleTenant",
        APP_TENANTID=os.environ["BENCH_TENANT"],
    )
    adapter, echo = CloudAdapter(ConfigurationBotFrameworkAuthentication(settings)), Echo()

    async def messages(request: web.Request) -> web.StreamResponse:
        return await adapter.process(request, echo) or web.Response()

    app = web.Application()
    app.router.add_post("/api/messages", messages)
    web.run_app(app, host="127.0.0.1", port=int(os.environ["PORT"]), access_log=None, print=None)


if __name__ == "__main__":
    main()
