"""The names of questions, which providers are sent, tell nothing of what is masked."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from allotment.adapters.providers.scripted.speaking import ScriptedProvider
from allotment.engine.asking import ChatDelta, ChatRequest
from allotment.runs import starting
from tests.conftest import Somebody
from tests.runs.test_running import finished


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[ChatRequest]:
    """What the provider was sent."""
    requests: list[ChatRequest] = []
    chat = ScriptedProvider.chat

    def heard(self: ScriptedProvider, request: ChatRequest) -> AsyncIterator[ChatDelta]:
        requests.append(request)
        return chat(self, request)

    monkeypatch.setattr(ScriptedProvider, "chat", heard)
    return requests


def test_a_provider_cannot_try_what_was_masked(
    app: UUID, colleague: Somebody, asked: list[ChatRequest]
) -> None:
    """Whoever knows all that is asked still cannot tell its name: the same words have another one in each run."""
    form = {"customer_query": "Please write to ann.lee@example.com", "industry": "banking"}
    for _ in range(2):
        finished(colleague.actor, starting.start(app, colleague.actor, form))
    first, _, again, _ = asked
    assert "ann.lee@example.com" not in str(first.messages)
    assert first.messages == again.messages
    names = [request.idempotency.rpartition(":")[2] for request in (first, again)]
    assert all(names)
    assert names[0] != names[1]
