"""Real loopback servers that speak the providers' wire formats, well or badly."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

KEY = "sk-right-key"
TEXT = "Grüß Gott, 日本 👋 – thank you."


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Serve `app` on a free loopback port in a thread; give its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@dataclass
class FakeModels:
    """A model server; `mode` says how it behaves, `bodies` what it was asked."""

    mode: str = "good"
    bodies: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    """The `Idempotency-Key` of each question."""
    was_left: threading.Event = field(default_factory=threading.Event)

    @property
    def app(self) -> Starlette:
        """Both APIs in one application."""
        return Starlette(
            routes=[
                Route("/v1/models", self.models),
                Route("/v1/chat/completions", self.chat_completions, methods=["POST"]),
                Route("/v1/messages", self.messages, methods=["POST"]),
            ]
        )

    async def models(self, request: Request) -> Response:
        """List two models."""
        return await self._trouble(request) or JSONResponse({"data": [{"id": "small"}, {"id": "large"}]})

    async def chat_completions(self, request: Request) -> Response:
        """Answer as OpenAI does."""
        body = await request.json()
        self.bodies.append(body)
        self.keys.append(request.headers.get("Idempotency-Key"))
        if trouble := await self._trouble(request):
            return trouble
        refused = {"no-schema": "response_format", "no-max-tokens": "max_tokens"}.get(self.mode)
        if refused in body:
            return _error(400, f"Unsupported parameter: '{refused}' is not supported with this model.")
        if self.mode == "long":
            return _error(400, "This model's maximum context length is 4096 tokens.")
        asked = body.get("response_format", {}).get("json_schema", {}).get("schema")
        text = self._answer(asked, body["messages"])
        if not body["stream"]:
            return self._whole(text)
        events = [{"choices": [{"delta": {"content": piece}}]} for piece in _pieces(text)]
        finish = {"length": "length", "filtered": "content_filter"}.get(self.mode, "stop")
        events.append({"choices": [{"delta": {}, "finish_reason": finish}]})
        if self.mode != "uncounted":
            events.append({"choices": [], "usage": {"prompt_tokens": 11, "completion_tokens": 7}})
        return self._stream([json.dumps(event, ensure_ascii=False) for event in events] + ["[DONE]"])

    async def messages(self, request: Request) -> Response:
        """Answer as Anthropic does."""
        body = await request.json()
        self.bodies.append(body)
        self.keys.append(request.headers.get("Idempotency-Key"))
        if trouble := await self._trouble(request):
            return trouble
        asked = body["tools"][0]["input_schema"] if "tools" in body else None
        kind = "partial_json" if asked else "text"
        text = self._answer(asked, body["messages"])
        stop = {"length": "max_tokens", "filtered": "refusal"}.get(self.mode, "end_turn")
        counted = {} if self.mode == "uncounted" else {"input_tokens": 11, "output_tokens": 1}
        events = [
            {"type": "message_start", "message": {"usage": counted}},
            {"type": "ping"},
            *({"type": "content_block_delta", "delta": {kind: piece}} for piece in _pieces(text)),
            {"type": "message_delta", "delta": {"stop_reason": stop}, "usage": {"output_tokens": 7}},
            {"type": "message_stop"},
        ]
        return self._stream([json.dumps(event, ensure_ascii=False) for event in events])

    def _answer(self, schema: dict[str, Any] | None, messages: list[dict[str, str]]) -> str:
        if schema:
            return json.dumps({name: _sample(kind) for name, kind in schema["properties"].items()})
        asked = messages[-1]["content"]
        if self.mode == "stubborn" or "exactly one of these labels" not in asked:
            return TEXT
        if self.mode == "chatty" and "does not fit" not in asked:
            return "Well, that is difficult to say."
        return "Label: refund."

    def _whole(self, text: str) -> Response:
        finish = {"length": "length", "filtered": "content_filter"}.get(self.mode, "stop")
        choice = {"message": {"role": "assistant", "content": text}, "finish_reason": finish}
        usage = {} if self.mode == "uncounted" else {"usage": {"prompt_tokens": 11, "completion_tokens": 7}}
        return JSONResponse({"choices": [choice] if self.mode != "empty" else [], **usage})

    def _stream(self, payloads: list[str]) -> Response:
        return StreamingResponse(self._bytes(payloads), media_type="text/event-stream")

    async def _bytes(self, payloads: list[str]) -> AsyncIterator[bytes]:
        whole = "".join(f": comment\r\nevent: x\r\ndata: {payload}\r\n\r\n" for payload in payloads).encode()
        if self.mode == "broken":
            whole = whole[: len(whole) // 2]
        try:
            for start in range(0, len(whole), 7):  # cuts lines and characters
                yield whole[start : start + 7]
                if self.mode == "slow" and start > 400:
                    await asyncio.sleep(0.05)
                if self.mode == "silent" and start > 200:
                    await asyncio.sleep(30)
        except asyncio.CancelledError:
            self.was_left.set()
            raise

    async def _trouble(self, request: Request) -> Response | None:
        key = request.headers.get("x-api-key") or request.headers.get("Authorization", "").removeprefix(
            "Bearer "
        )
        if key != KEY:
            return _error(401, f"Incorrect API key provided: {key}")
        if self.mode.isdigit():
            return _error(int(self.mode), "Not now.", {"Retry-After": "7"})
        if self.mode == "hang":
            await asyncio.sleep(30)
        if self.mode == "garbage":
            return PlainTextResponse("\x00\x01 what? \n\n data", media_type="text/event-stream")
        if self.mode == "nonsense":
            return PlainTextResponse("data: {not json\n\n", media_type="text/event-stream")
        if self.mode == "page":
            return PlainTextResponse("<html>Log in</html>", media_type="text/html")
        return None


def _pieces(text: str) -> list[str]:
    return [text[start : start + 3] for start in range(0, len(text), 3)]


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": {"message": message}}, status, headers)


def _sample(kind: dict[str, Any]) -> Any:
    if "enum" in kind:
        return kind["enum"][-1]
    return {"string": "Zoë", "number": 2.5, "boolean": True, "array": ["a"]}[kind["type"]]
