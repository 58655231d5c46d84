"""An answer is kept with its entry, or it is no answer; a question has one name however often it is asked."""

from collections.abc import Sequence

from allotment.engine.asking import AnswerText
from allotment.engine.gate.values import Answered, Failed, Keep, Outcome
from allotment.engine.recording import NotKept
from allotment.kernel.errors import ProviderError
from tests.engine.gate.scene import ANSWER, Scene, Voice, model, passage, question


def answered(outcome: Outcome) -> Answered:
    assert isinstance(outcome, Answered), outcome
    return outcome


def refuses(_kept: Sequence[tuple[object, Answered]]) -> None:
    raise NotKept("This row is gone.", hint="Start it again.", retryable=False)


def test_what_is_kept_is_what_is_answered() -> None:
    scene, kept = Scene(), []
    outcome = answered(scene.ask(question("Mail ann@example.org."), passage(keep=Keep(kept.extend, "row 7"))))
    assert kept == [("row 7", outcome)]
    assert outcome.entry == 1
    assert outcome.text == "".join(ANSWER)
    assert outcome.screened.masked == {"email": 1}
    assert [one.value for one in outcome.masking] == ["ann@example.org"]
    assert (outcome.usage.tokens_in, outcome.cost_nanodollars) == (10, 15)


def test_nothing_is_released_before_it_is_kept() -> None:
    scene, released = Scene(), []
    keep = Keep(lambda _: released.extend(scene.released), None)
    scene.ask(question(answer=AnswerText()), passage(keep=keep))
    assert released == scene.released == []
    assert scene.book.outcomes == ["done"]


def test_an_answer_that_cannot_be_kept_is_none() -> None:
    scene = Scene()
    outcome = scene.ask(on_behalf=passage(keep=Keep(refuses, None)))
    assert outcome == Failed("This row is gone.", "Start it again.", retryable=False, entry=1)
    assert scene.released == []


def test_what_it_took_counts_although_it_was_not_kept() -> None:
    scene = Scene()
    scene.ask(on_behalf=passage(keep=Keep(refuses, None)))
    assert [cost for _, cost in scene.purse.rooms[0].settled] == [15]
    assert scene.book.outcomes == ["failed"]
    assert scene.book.last.details["cost_nanodollars"] == 15
    assert scene.book.last.details["reason"] == "This row is gone."


def test_the_name_of_a_question_stays_the_same_at_each_try() -> None:
    scene = Scene(Voice([ProviderError("It is down.", retryable=True)]))
    answered(scene.ask(on_behalf=passage(idempotency="row 7")))
    assert [request.idempotency for request in scene.voice.requests] == ["row 7", "row 7"]


def test_a_model_that_stands_in_is_asked_under_another_name_that_does_not_tell_its_id() -> None:
    def name_for(*stand_ins: str) -> str:
        scene = Scene(Voice([ProviderError("It is down.")]), {"second": Voice(), "third": Voice()})
        fallbacks = tuple(model(one) for one in stand_ins)
        answered(scene.ask(question(fallbacks=fallbacks), passage(idempotency="row 7")))
        (request,) = scene.others[stand_ins[0]].requests
        return request.idempotency

    second = name_for("second")
    assert second.startswith("row 7:")
    assert "second" not in second
    assert name_for("second", "third") == second  # the same, whoever else may stand in
    assert name_for("third", "second") != second


def test_a_question_without_a_name_has_none() -> None:
    scene = Scene()
    scene.ask()
    assert scene.voice.requests[0].headers == {}
