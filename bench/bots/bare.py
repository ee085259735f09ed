"""A bare aiohttp handler: the activity in as JSON, one message out as JSON, and nothing else. No check at all."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from urllib.parse import quote

import aiohttp
from aiohttp import web

SESSION = web.AppKey("session", aiohttp.ClientSession)
TOKEN = web.AppKey("token", str)


async def living(app: web.Application) -> AsyncIterator[None]:
    tenant = os.environ["BENCH_TENANT"]
    async with aiohttp.ClientSession() as session:
        url = f"https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token"
        async with session.post(url, data={"grant_type": "client_credentials"}) as answer:
            app[TOKEN] = (await answer.json())["access_token"]
        app[SESSION] = session
        yield


async def messages(request: web.Request) -> web.Response:
    activity = await request.json()
    chat = activity["conversation"]["id"]
    reply = {
        "type": "message",
        "from": activity["recipient"],
        "recipient": activity["from"],
        "conversation": activity["conversation"],
        "channelId": activity["channelId"],
        "serviceUrl": activity["serviceUrl"],
        "replyToId": activity["id"],
        "text": f"You said: {activity['text']}",
    }
    url = f"{activity['serviceUrl']}v3/conversations/{quote(chat, safe='')}/activities/{activity['id']}"
    headers = {"Authorization": f"Bearer {request.app[TOKEN]}", "Content-Type": "application/json"}
    async with request.app[SESSION].post(url, data=json.dumps(reply).encode(), headers=headers) as answer:
        await answer.json()
    return web.Response()


def main() -> None:
    app = web.Application()
    app.cleanup_ctx.append(living)
    app.router.add_post("/api/messages", messages)
    web.run_app(app, host="127.0.0.1", port=int(os.environ["PORT"]), access_log=None, print=None)


if __name__ == "__main__":
    main()
