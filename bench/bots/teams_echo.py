"""The Teams SDK's echo, as its documentation puts it together, without a log line a request."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from typing import Any

import uvicorn
from microsoft_teams.api import MessageActivity
from microsoft_teams.apps import ActivityContext, App, FastAPIAdapter

HOSTS = json.loads(os.environ["PATHWAY_TEST_HOSTS"])


class Loop(asyncio.SelectorEventLoop):
    """httpx takes the address of a name that is looked up, but not the port: this one leads to the bench's hosts."""

    async def create_connection(  # type: ignore[override]
        self, factory: Callable[[], asyncio.Protocol], host: Any = None, port: Any = None, **more: Any
    ) -> Any:
        real = next(iter(HOSTS.values())) if port == 443 else port
        return await super().create_connection(factory, host, real, **more)


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

    @app.on_message  # type: ignore[untyped-decorator, unused-ignore]
    async def echo(context: ActivityContext[MessageActivity]) -> None:
        await context.reply(f"You said: {context.activity.text}")

    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(app.start(port))


if __name__ == "__main__":
    main()
