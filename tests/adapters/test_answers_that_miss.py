"""An answer that misses its shape is asked for once more, and what it took is known however that ends."""

from collections.abc import AsyncGenerator

import anyio
import pytest

from allotment.adapters.wires.answers import collected, fitted
from allotment.engine.asking import AnswerLabel, ChatDelta, ChatRequest, Message, Usage
from allotment.kernel.errors import NOTHING, ProviderError, Took

REQUEST = ChatRequest("m", (Message("user", "Yes or no?"),), AnswerLabel(("yes", "no")))


class Answers:
    """Gives these answers, one for each question, or fails."""

    def __init__(self, *given: tuple[str, Usage] | ProviderError) -> None:
        self.given = list(given)

    async def __call__(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        answer = self.given.pop(0)
        if isinstance(answer, ProviderError):
            raise answer
        yield ChatDelta(text=answer[0])
        yield ChatDelta(finish="stop", usage=answer[1])


def failure(*given: tuple[str, Usage] | ProviderError) -> ProviderError:
    """Return what the question ends in."""

    async def ask() -> None:
        await collected(fitted(REQUEST, Answers(*given)))

    with pytest.raises(ProviderError) as raised:
        anyio.run(ask)
    return raised.value


def test_both_answers_count_when_the_second_fits() -> None:
    async def ask() -> Usage:
        return (await collected(fitted(REQUEST, Answers(("?", Usage(7, 1)), ("yes", Usage(20, 2)))))).usage

    assert anyio.run(ask) == Usage(27, 3)


def test_both_answers_count_when_neither_fits() -> None:
    assert failure(("?", Usage(7, 1)), ("??", Usage(20, 2))).took == Took(27, 3)


def test_first_answer_counts_when_the_second_is_refused() -> None:
    refused = ProviderError("It is busy.").having_taken(NOTHING)
    assert failure(("?", Usage(7, 1)), refused).took == Took(7, 1)


def test_nobody_knows_what_was_taken_when_the_second_is_lost() -> None:
    assert failure(("?", Usage(7, 1)), ProviderError("It broke off.")).took is None


def test_numbers_that_cannot_be_take_nothing_back() -> None:
    assert failure(("?", Usage(-900, 1)), ("??", Usage(20, 2))).took == Took(23, 3, estimated=True)
