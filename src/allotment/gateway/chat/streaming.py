"""An answer as server-sent events, sentence by sentence.

Invariant: nothing is sent before the gate releases the first sentence, which is after screening and after the journal's
“allowed” entry. Until then a refusal is an ordinary error with its status; afterwards it is an `error` event. A
stream ends with `[DONE]` only when the answer is whole. Which model answered is known for certain at the end: the
ending names it, the pieces before it name the one that was asked, for which a fallback may have stood in.
"""

import logging

import msgspec
from django.db import Error
from starlette.types import Send

from allotment.engine.gate.gate import Gate
from allotment.engine.gate.values import Answered, AskedModel, Failed, Refused
from allotment.gateway.chat.asking import Question
from allotment.gateway.chat.completing import finish_reason, governance, tokens
from allotment.gateway.chat.errors import (
    NO_DATABASE_PROBLEM,
    Answer,
    of_error,
    of_failure,
    of_refusal,
    raised,
    refused,
)
from allotment.gateway.chat.shapes import ChatCompletionChunk, ChunkChoice, Delta, ErrorBody
from allotment.kernel.errors import AllotmentError

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]
_log = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode


class Stream:
    """One answer on its way out."""

    def __init__(self, send: Send, asked: Question, created: int, *, with_usage: bool) -> None:
        self._send, self._asked, self._created = send, asked, created
        self._with_usage = with_usage
        self._id = f"chatcmpl-{asked.passage.run.hex}"
        self._is_open = False

    async def through(self, gate: Gate) -> Answer | None:
        """Take the question through the gate; return the answer that is no stream, if there is one."""
        try:
            outcome = await gate.ask(self._asked.passage, self._asked.effect, self._piece)
        except AllotmentError as error:
            if not self._is_open:
                return raised(error)
            await self._break_off(of_error(error)[1])
            return None
        except Error:
            if not self._is_open:
                raise
            await self._break_off(NO_DATABASE_PROBLEM)
            _log.exception("the database broke off an answer")
            return None
        if isinstance(outcome, Answered):
            await self._finish(outcome)
            return None
        return await self._refuse(self._asked.worded(outcome))

    async def _piece(self, text: str) -> None:
        await self._show(text, self._asked.effect.model)

    async def _show(self, text: str, model: AskedModel) -> None:
        delta = Delta(text)
        if not self._is_open:
            self._is_open = True
            await self._send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            delta = Delta(text, "assistant")
        await self._event(self._chunk((ChunkChoice(delta),), self._asked.name_of(model)))

    async def _refuse(self, outcome: Refused | Failed) -> Answer | None:
        if not self._is_open:
            return refused(outcome)
        of = of_refusal(outcome) if isinstance(outcome, Refused) else of_failure(outcome)
        await self._break_off(of[1])
        return None

    async def _finish(self, outcome: Answered) -> None:
        if (
            not self._is_open
        ):  # named fields make sense only as a whole, so nothing of them was released before
            await self._show(outcome.text, outcome.model)
        model = self._asked.name_of(outcome.model)
        ending = ChunkChoice(Delta(), finish_reason(outcome, self._asked.effect))
        last = self._chunk((ending,), model)
        await self._event(msgspec.structs.replace(last, allotment=governance(outcome, self._asked)))
        if self._with_usage:
            await self._event(msgspec.structs.replace(self._chunk((), model), usage=tokens(outcome)))
        await self._body(b"data: [DONE]\n\n", more=False)

    async def _break_off(self, problem: ErrorBody) -> None:
        await self._body(b"event: error\ndata: " + _encode(problem) + b"\n\n", more=False)

    def _chunk(self, choices: tuple[ChunkChoice, ...], model: str) -> ChatCompletionChunk:
        usage = None if self._with_usage else msgspec.UNSET
        return ChatCompletionChunk(self._id, self._created, model, choices, usage)

    async def _event(self, chunk: ChatCompletionChunk) -> None:
        await self._body(b"data: " + _encode(chunk) + b"\n\n", more=True)

    async def _body(self, data: bytes, *, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": more})
