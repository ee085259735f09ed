"""The Teams SDK's echo, as its documentation puts it together, without a log line a request."""

from __future__ import annotations

import asyncio
import os

import uvicorn
from microsoft_teams.api import MessageActivity
from microsoft_teams.apps import ActivityContext, App, FastAPIAdapter


def main() -> None:
    port = int(os.environ["PORT"])

    def quiet(app: object) -> uvicorn.Server:
        return uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", access_log=False))

    app = App(
        client_id=os.environ["BENCH_APP"],
        client_secret=os.environ["BENCH_PASSWORD"],
        tenant_id=os.environ["BENCH_TENANT"],
        http_server_adapter=FastAPIAdapter(server_factory=quiet),
    )

    @app.on_message
    async def echo(context: ActivityContext[MessageActivity]) -> None:
        await context.reply(f"You said: {context.activity.text}")

    asyncio.run(app.start(port))


if __name__ == "__main__":
    main()
