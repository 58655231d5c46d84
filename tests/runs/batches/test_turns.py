"""A row holds a turn at the model it asks, also when another one is to be asked before its turn comes."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from uuid import UUID

import pytest

from allotment.adapters.providers.scripted.speaking import ScriptedProvider
from allotment.engine.asking import ChatDelta, ChatRequest
from allotment.engine.principals import Role
from allotment.llms.models import LanguageModel
from allotment.llms.offering import make_default
from allotment.runs.batches.turns import Turns
from tests.conftest import MakePerson, Somebody
from tests.runs.batches.test_batches import begin, over, rows_of, until

pytestmark = pytest.mark.timeout(120)

_held: ContextVar[str] = ContextVar("held")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The id of each model whose turn was held, with the name of the one that was asked."""
    found: list[tuple[str, str]] = []
    turn, chat = Turns.turn, ScriptedProvider.chat

    @asynccontextmanager
    async def noted(turns: Turns, model: str, at_once: int) -> AsyncIterator[None]:
        async with turn(turns, model, at_once):
            _held.set(model)
            yield

    def heard(provider: ScriptedProvider, request: ChatRequest) -> AsyncIterator[ChatDelta]:
        found.append((_held.get(), request.model))
        return chat(provider, request)

    monkeypatch.setattr(Turns, "turn", noted)
    monkeypatch.setattr(ScriptedProvider, "chat", heard)
    return found


def test_a_row_that_waited_for_a_turn_at_another_model_takes_one_anew(
    app: UUID,
    colleague: Somebody,
    person: MakePerson,
    script: Callable[..., None],
    asked: list[tuple[str, str]],
) -> None:
    script(delay_milliseconds="1200")
    first = LanguageModel.objects.get()
    other = LanguageModel.objects.create(
        connection=first.connection,
        name="other",
        title="Other",
        is_on=True,
        ceiling="restricted",
        max_tokens=512,
    )
    # Together more rows than there are turns: some wait.
    batches = [begin(colleague, app, rows_of(4)) for _ in range(2)]
    until(colleague, batches[1], lambda found: found.stored == 4 and len(asked) >= 3)
    make_default(other.id, person(roles=[Role.OFFICER]).actor)
    assert [over(colleague, batch).done for batch in batches] == [4, 4]
    names = {str(first.id): "scripted", str(other.id): "other"}
    assert {name for _, name in asked} == {"scripted", "other"}
    assert [name for _, name in asked] == [names[model] for model, _ in asked]
