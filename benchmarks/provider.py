"""A provider on loopback that answers every question at once: `python -m benchmarks.provider CORE` prints its port.

Speaks as much HTTP as the measured servers need, so that it takes next to nothing of the time that is measured.
"""

import asyncio
import json
import os
import re
import sys
from typing import cast

import uvloop

MODEL = "measured-model"
ANSWER = (
    "Thank you for your message. I am sorry that your order has not arrived yet. I have asked the warehouse to look"
    " for it today, and we will write to [EMAIL_1] as soon as we know more. You do not have to do anything until"
    " then. If it cannot be found by Friday we will send it again at our cost, or pay the price back to you."
)
TOKENS_IN, TOKENS_OUT = 60, 75
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_USAGE = {
    "prompt_tokens": TOKENS_IN,
    "completion_tokens": TOKENS_OUT,
    "total_tokens": TOKENS_IN + TOKENS_OUT,
}
_HEAD = {"id": "chatcmpl-1", "created": 1_795_000_000, "model": MODEL}


def _whole() -> bytes:
    message = {"role": "assistant", "content": ANSWER, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    body = json.dumps({**_HEAD, "object": "chat.completion", "choices": [choice], "usage": _USAGE}).encode()
    return _answer(b"application/json", body)


def _streamed() -> bytes:
    """Return the answer in a dozen events, a few words each, as providers send them."""
    words = re.findall(r"\S+\s*", ANSWER)
    deltas = [{"content": "".join(words[start : start + 6])} for start in range(0, len(words), 6)]
    chunks: list[dict[str, object]] = [
        {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
        for delta in ({"role": "assistant", "content": ""}, *deltas)
    ]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": None})
    chunks.append({"choices": [], "usage": _USAGE})
    sent = [json.dumps({**_HEAD, "object": "chat.completion.chunk", **chunk}) for chunk in chunks]
    body = "".join(f"data: {chunk}\n\n" for chunk in (*sent, "[DONE]")).encode()
    return _answer(b"text/event-stream", body)


def _answer(kind: bytes, body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n%b" % (kind, len(body), body)


_WHOLE, _STREAMED = _whole(), _streamed()
_MODELS = _answer(b"application/json", json.dumps({"object": "list", "data": [{"id": MODEL}]}).encode())


class Answering(asyncio.Protocol):
    """One kept connection: the same answer to every request."""

    def __init__(self) -> None:
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer each request that is complete."""
        self._received += data
        while (head := self._received.find(b"\r\n\r\n") + 4) > 3:
            length = _LENGTH.search(self._received, 0, head)
            end = head + (int(length[1]) if length else 0)
            if len(self._received) < end:
                return
            request, self._received = self._received[:end], self._received[end:]
            self._transport.write(_answer_to(request))


def _answer_to(request: bytes) -> bytes:
    if request.startswith(b"GET "):
        return _MODELS
    return _STREAMED if b'"stream":true' in request or b'"stream": true' in request else _WHOLE


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    os.sched_setaffinity(0, {int(sys.argv[1])})
    uvloop.run(_serve())
