"""Speaking a script: counts the call, waits, fails or answers word by word."""

import asyncio
import hashlib
import os
import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from allotment.adapters.providers.scripted.script import Script, default_answer
from allotment.engine.asking import ChatDelta, ChatRequest, Usage
from allotment.kernel.errors import ProviderError
from allotment.kernel.outbound import Hung, from_status, unreadable

MODEL = "scripted"
_HANGS_SECONDS = 3600
_HOST = "The scripted provider"


@dataclass(frozen=True)
class ScriptedProvider:
    """A `Provider` without a model."""

    script: Script
    calls_file: Path | None = None
    delay_milliseconds: int = 0
    word_delay_milliseconds: int = 0
    failure: str = ""

    async def chat(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        """Stream the scripted answer; see `engine.asking.Provider`."""
        self._count(request)
        rule = self.script.rule_for(request)
        await asyncio.sleep((rule.delay_milliseconds or self.delay_milliseconds) / 1000)
        await _fail(rule.failure or self.failure)
        text = default_answer(request) if rule.answer is None else rule.answer
        for position, word in enumerate(re.findall(r"\s*\S+\s*$|\s*\S+", text)):
            if position and self.word_delay_milliseconds:
                await asyncio.sleep(self.word_delay_milliseconds / 1000)
            yield ChatDelta(text=word)
        asked = sum(len(message.content.split()) for message in request.messages)
        yield ChatDelta(finish="stop", usage=Usage(asked, len(text.split())))

    async def models(self) -> tuple[str, ...]:
        """Return the one model."""
        if self.failure:
            await _fail(self.failure)
        return (MODEL,)

    def _count(self, request: ChatRequest) -> None:
        """Append one line for this call and wait until it is on the disk."""
        if self.calls_file is None:
            return
        asked = request.messages[-1].content.encode()
        line = {
            "model": request.model,
            "answer": request.answer.kind,
            "asked": hashlib.sha256(asked).hexdigest(),
        }
        descriptor = os.open(self.calls_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, msgspec.json.encode(line) + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


async def _fail(failure: str) -> None:
    """Fail as a real provider would; do nothing for an empty `failure`."""
    if failure == "hang":
        await asyncio.sleep(_HANGS_SECONDS)
        raise Hung(_HOST, "did not begin to answer", _HANGS_SECONDS)
    if failure == "garbage":
        raise unreadable(_HOST)
    if failure.isdigit():
        raise from_status(_HOST, int(failure), {"Retry-After": "7"} if failure == "429" else {}, "")
    if failure:
        raise ProviderError(f"{_HOST} fails as asked: {failure}.")
