"""A real HTTP server that speaks the OpenAI API, and a process that can reach it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from allotment.kernel import portal
from allotment.kernel.outbound import Outbound
from allotment.llms import providers
from allotment.llms.connecting import NewConnection

GOOD_KEY = "sk-good-key-4711-abcdefgh"


@dataclass
class ModelServer:
    """What the server offers, and what it was asked."""

    url: str = ""
    names: tuple[str, ...] = ("gpt-4o", "gpt-4o-mini")
    keys: set[str] = field(default_factory=lambda: {GOOD_KEY})
    is_down: bool = False
    questions: list[str] = field(default_factory=list)

    def connection(self, *, key: str = GOOD_KEY, title: str = "House models", **values: str) -> NewConnection:
        """Return what a person fills in to connect it."""
        return NewConnection(
            "openai_compatible", title, {"endpoint": self.url, "key": key, "network": "local", **values}
        )


def _handler(server: ModelServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_arguments: object) -> None:
            """Stay quiet."""

        def do_GET(self) -> None:
            sent = self.headers.get("Authorization", "").removeprefix("Bearer ")
            if server.is_down:
                self._answer(500, {"error": {"message": "down"}})
            elif sent not in server.keys:
                self._answer(401, {"error": {"message": f"Incorrect API key provided: {sent}"}})
            else:
                self._answer(200, {"data": [{"id": name} for name in server.names]})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.questions.append(body["messages"][-1]["content"])
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            for chunk in (
                {"choices": [{"delta": {"content": "Hello <b>there</b>!"}}]},
                {"choices": [{"delta": {}, "finish_reason": "stop"}]},
                {"choices": [], "usage": {"prompt_tokens": 12, "completion_tokens": 5}},
            ):
                self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
            self.wfile.write(b"data: [DONE]\n\n")

        def _answer(self, status: int, said: object) -> None:
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


@pytest.fixture
def server() -> Iterator[ModelServer]:
    """Return a running server."""
    made = ModelServer()
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(made))
    made.url = f"http://127.0.0.1:{http.server_port}/v1"
    thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    http.shutdown()
    http.server_close()
    thread.join()


@pytest.fixture
def reaching() -> Iterator[None]:
    """Open the gate's loop and the outbound client, as a running installation does."""

    async def opened() -> Outbound:
        return Outbound()

    with portal.own_loop() as loop:
        outbound = loop.call(opened)
        providers.use_outbound(outbound)
        yield
        providers.use_outbound(None)
        loop.call(outbound.close)


@pytest.fixture
def officer(person):
    """Return somebody who may connect models."""
    return person(roles=("officer",), name="Olga Officer")
