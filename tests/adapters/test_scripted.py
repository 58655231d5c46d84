"""The scripted provider: rules, counting, failures."""

import json
import time
from pathlib import Path

import anyio
import pytest

from allotment.engine.asking import ChatRequest, Message, Provider
from allotment.kernel.errors import Misconfigured, ProviderError
from allotment.kernel.plugins import plugins

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def connect(**values: str) -> Provider:
    return plugins("providers")["scripted"].connect(values, None)


async def said(provider: Provider, text: str) -> str:
    request = ChatRequest("scripted", (Message("user", text),))
    return "".join([delta.text async for delta in provider.chat(request)])


async def test_the_first_rule_that_fits_answers(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    script.write_text(
        json.dumps(
            [{"when": "refund", "answer": "Of course,\n you get it back. "}, {"when": "", "answer": "Hello"}]
        )
    )
    provider = connect(script=str(script))
    assert await said(provider, "I want a refund") == "Of course,\n you get it back. "
    assert await said(provider, "Hi") == "Hello"


async def test_a_rule_may_fail(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    script.write_text(json.dumps([{"when": "boom", "failure": "500"}]))
    provider = connect(script=str(script))
    assert await said(provider, "fine") == "Answer to: fine"
    with pytest.raises(ProviderError):
        await said(provider, "boom")


async def test_every_call_is_counted_even_a_failed_one(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    await said(connect(calls_file=str(calls)), "one")
    with pytest.raises(ProviderError):
        await said(connect(calls_file=str(calls), failure="429"), "two")
    lines = [json.loads(line) for line in calls.read_text().splitlines()]
    assert len(lines) == 2
    assert lines[0]["asked"] != lines[1]["asked"]
    assert "one" not in calls.read_text()


async def test_words_may_come_slowly() -> None:
    began = time.monotonic()
    await said(connect(delay_milliseconds="30", word_delay_milliseconds="20"), "a b c")
    assert time.monotonic() - began >= 0.03 + 4 * 0.02


async def test_a_hang_can_be_cancelled() -> None:
    with anyio.move_on_after(0.05) as scope:
        await said(connect(failure="hang"), "x")
    assert scope.cancelled_caught


def test_a_broken_script_is_named(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    script.write_text('[{"wen": "x"}]')
    with pytest.raises(Misconfigured, match=r"script\.json"):
        connect(script=str(script))
