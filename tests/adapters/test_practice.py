"""The practice model in its child process: answers, comes back, goes with its parent, lets nobody else in."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from allotment.adapters.providers.practice import child, small_model
from allotment.adapters.providers.practice.asking import PracticeProvider
from allotment.adapters.providers.practice.server import PracticeServer
from allotment.engine.asking import AnswerFields, AnswerFormat, AnswerLabel, AnswerText, ChatRequest, Message
from allotment.kernel.errors import ProviderError, Unavailable
from allotment.kernel.outbound import Outbound, Reach
from tests.weights import practice_weights

pytestmark = [pytest.mark.anyio, pytest.mark.practice]

LABELS = ("card", "transfer", "refund")


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One event loop for the whole file: the child goes when the loop that started it goes."""
    return "asyncio"


@pytest.fixture(scope="module")
def server() -> Iterator[PracticeServer]:
    made = PracticeServer(practice_weights)
    yield made
    made.stop()


@pytest.fixture(scope="module")
async def outbound() -> AsyncIterator[Outbound]:
    client = Outbound()
    yield client
    await client.close()


async def said(provider: PracticeProvider, text: str, answer: AnswerFormat | None = None) -> str:
    request = ChatRequest("practice", (Message("user", text),), answer or AnswerText(), max_tokens=60)
    deltas = [delta async for delta in provider.chat(request)]
    assert deltas[-1].finish in {"stop", "length"}
    assert deltas[-1].usage is not None
    return "".join(delta.text for delta in deltas)


async def test_it_writes(server: PracticeServer, outbound: Outbound) -> None:
    text = await said(PracticeProvider(server, outbound), "Write one polite sentence to a customer.")
    assert len(text) > 10
    assert text == text.strip()


@pytest.mark.parametrize("question", ["My card has not arrived", "Give me my money back", "%$§ 日本"])
async def test_a_label_is_one_of_the_labels(
    question: str, server: PracticeServer, outbound: Outbound
) -> None:
    text = await said(PracticeProvider(server, outbound), f"Sort this:\n{question}", AnswerLabel(LABELS))
    assert text in LABELS


async def test_fields_fit_their_schema(server: PracticeServer, outbound: Outbound) -> None:
    schema = {
        "type": "object",
        "properties": {"mood": {"type": "string", "enum": ["calm", "angry"]}, "urgent": {"type": "boolean"}},
        "required": ["mood", "urgent"],
    }
    text = await said(PracticeProvider(server, outbound), "I am furious, act now!", AnswerFields(schema))
    fields = json.loads(text)
    assert fields["mood"] in {"calm", "angry"}
    assert isinstance(fields["urgent"], bool)


async def test_a_text_that_is_too_long_is_said_plainly(server: PracticeServer, outbound: Outbound) -> None:
    with pytest.raises(ProviderError, match="longer than this model can read"):
        await said(PracticeProvider(server, outbound), "word " * 6000)


async def test_it_comes_back_after_its_process_died(server: PracticeServer, outbound: Outbound) -> None:
    provider = PracticeProvider(server, outbound)
    first = await server.running()
    os.kill(first.process.pid, signal.SIGKILL)
    assert await said(provider, "Sort: my card", AnswerLabel(LABELS)) in LABELS
    second = await server.running()
    assert second.process.pid != first.process.pid
    assert second.key != first.key


async def test_a_question_survives_the_death_of_the_process(
    server: PracticeServer, outbound: Outbound
) -> None:
    """The child stops before it answers (it is held, then killed), and the question is asked once more."""
    running = await server.running()
    running.process.send_signal(signal.SIGSTOP)
    killer = threading.Timer(0.5, running.process.kill)
    killer.start()
    assert await said(PracticeProvider(server, outbound), "Say hello.")
    killer.join()


async def test_nobody_gets_in_without_the_key(server: PracticeServer, outbound: Outbound) -> None:
    running = await server.running()
    assert running.address.startswith("http://127.0.0.1:")
    with pytest.raises(ProviderError) as caught:
        await outbound.get_json(f"{running.address}/v1/models", headers={}, reach=Reach.LOCAL)
    assert caught.value.rejected_credential


async def test_the_key_is_neither_an_argument_nor_in_the_environment(server: PracticeServer) -> None:
    running = await server.running()
    process = Path(f"/proc/{running.process.pid}")
    shown = process.joinpath("cmdline").read_bytes() + process.joinpath("environ").read_bytes()
    assert running.key.encode() not in shown


def test_it_goes_when_its_parent_is_killed(server: PracticeServer) -> None:
    order = {"model": str(practice_weights()), "name": "m", "key": "k", "threads": "1"}
    program = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, {child.__file__!r}], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.stdin.write({json.dumps(order).encode()!r} + b"\\n")
child.stdin.flush()
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        assert is_there(pid)
        parent.kill()
    deadline = time.monotonic() + 60
    while is_there(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_there(pid)


def is_there(pid: int) -> bool:
    """Tell whether a process runs (one that ended but was not collected does not)."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_stopping_ends_the_process(server: PracticeServer) -> None:
    server.stop()
    assert server._running is None


def test_labels_are_quoted_in_the_grammar() -> None:
    request = ChatRequest("m", (Message("user", "x"),), AnswerLabel(('a "b"', "c\\d")))
    _, extras = small_model.simplified(request)
    assert extras["grammar"] == r'root ::= "a \"b\"" | "c\\d"'


async def test_a_model_that_cannot_start_says_so(tmp_path: Path, outbound: Outbound) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"not a model")
    with pytest.raises(ProviderError, match="did not start"):
        await said(PracticeProvider(PracticeServer(lambda: broken), outbound), "x")


async def test_without_weights_it_says_how_to_get_them(outbound: Outbound) -> None:
    def missing() -> Path:
        raise Unavailable("The practice model is not installed.", hint="Run `make model`.")

    with pytest.raises(Unavailable, match="not installed"):
        await said(PracticeProvider(PracticeServer(missing), outbound), "x")
