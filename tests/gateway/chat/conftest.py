"""A real server in a thread, with the door of a scene in front, and OpenAI's own client pointed at it."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator

import openai
import pytest
import uvicorn
from starlette.responses import PlainTextResponse

from allotment.gateway.chat.door import ChatDoor
from allotment.gateway.chat.uses import Uses
from tests.gateway.chat.scene import Scene

MakeClient = Callable[[str], openai.OpenAI]


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
def url(scene: Scene) -> Iterator[str]:
    """Serve the scene; return the address to point a client at."""
    inner = PlainTextResponse("a page")
    door = ChatDoor(inner, lambda: scene.facts, lambda: scene.gate, Uses(scene.uses.append))
    server = uvicorn.Server(uvicorn.Config(door, log_level="warning", lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
        thread.start()
        while not server.started:
            thread.join(0.01)
            assert thread.is_alive()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        server.should_exit = True
        thread.join(60)


@pytest.fixture
def client(url: str) -> Iterator[MakeClient]:
    """Return `client(key)`: OpenAI's client with that key, which tries once."""
    made: list[openai.OpenAI] = []

    def make(key: str) -> openai.OpenAI:
        made.append(openai.OpenAI(api_key=key, base_url=url, max_retries=0))
        return made[-1]

    yield make
    for one in made:
        one.close()


def prompt(name: str = "kind-reply", version: int | None = 2, **variables: object) -> dict[str, object]:
    """Return the part of a request that names a template."""
    given = {"question": "where is my card", **variables}
    return {"prompt": {"id": name, "version": version, "variables": given}}
