"""Gateways as they are written in an afternoon: `python sketches.py KIND PORT API`. They hand on and do nothing else.

Run by the Python that has the libraries, which need not be Allotment's: so this file imports nothing of Allotment, and
each kind only what it needs.
"""

import sys
from importlib import import_module
from typing import Any

import uvicorn

_PATH = "/v1/chat/completions"


def _starlette(api: str) -> Any:
    applications, responses, routing = (
        import_module(f"starlette.{part}") for part in ("applications", "responses", "routing")
    )
    aiohttp = import_module("aiohttp")
    sessions: list[Any] = []

    async def chat(request: Any) -> Any:
        if not sessions:
            sessions.append(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
        body, headers = await request.body(), {"Content-Type": "application/json"}
        async with sessions[0].post(f"{api}/chat/completions", data=body, headers=headers) as answer:
            return responses.Response(await answer.read(), media_type="application/json")

    async def health(_: Any) -> Any:
        return responses.Response("ok")

    routes = [routing.Route(_PATH, chat, methods=["POST"]), routing.Route("/health", health)]
    return applications.Starlette(routes=routes)


def _httpx(api: str) -> Any:
    app, client = _fastapi(), import_module("httpx").AsyncClient()

    async def chat(body: dict[str, Any]) -> Any:
        return (await client.post(f"{api}/chat/completions", json=body)).json()

    app.post(_PATH)(chat)
    return app


def _sdk(api: str) -> Any:
    app, client = _fastapi(), import_module("openai").AsyncOpenAI(base_url=api, api_key="sk-measured")

    async def chat(body: dict[str, Any]) -> Any:
        return (await client.chat.completions.create(**body)).model_dump()

    app.post(_PATH)(chat)
    return app


def _fastapi() -> Any:
    app = import_module("fastapi").FastAPI()

    async def health() -> str:
        return "ok"

    app.get("/health")(health)
    return app


_KINDS = {"starlette": _starlette, "httpx": _httpx, "sdk": _sdk}

if __name__ == "__main__":
    kind, port, address = sys.argv[1:]
    uvicorn.run(
        _KINDS[kind](address), host="127.0.0.1", port=int(port), log_level="warning", access_log=False
    )
