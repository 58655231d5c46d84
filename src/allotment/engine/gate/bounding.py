"""The most tokens a question can take, known before it is asked.

Invariant: no tokenizer in use counts more. Vocabularies of models hold every single byte and merge from there, so a
text never has more tokens than UTF-8 bytes. The rule of thumb (four characters a token) is English: Thai, Burmese or
emoji take several times as much, and a budget would be passed by all calls under way, not by one at most. What is
not used goes back when the call settles. A placeholder that masking puts in consists of words every vocabulary has:
it takes no more tokens than the value had bytes.
"""

import msgspec

from allotment.engine.asking import AnswerFields, AnswerFormat, AnswerLabel, AnswerText, Usage
from allotment.engine.gate.stages import most_tokens
from allotment.engine.gate.values import AskedModel, AskModel

_EACH_MESSAGE = 8
"""Role and marks around a message, in every chat format known."""
_EACH_QUESTION = 64
"""What chat formats put before a conversation (a date, a sentence about the model) and before its answer."""
_EACH_SHAPE = 1024
"""What providers add so that an answer takes a shape: the words around a schema, the instructions for tools."""
_ASKED_AGAIN = 2
"""An answer that misses its shape is asked for once more."""

_encode = msgspec.json.Encoder().encode


def at_most(effect: AskModel, model: AskedModel) -> Usage:
    """Return the most tokens `model` can count for this question and its answer."""
    asked = _EACH_QUESTION
    for message in effect.messages:
        asked += _EACH_MESSAGE + _bytes_in(message.content)
    answered = most_tokens(effect, model)
    if isinstance(effect.answer, AnswerText):
        return Usage(asked, answered, estimated=True)
    asked += _EACH_SHAPE + _bytes_of_shape(effect.answer)
    again = asked + answered + 2 * _EACH_MESSAGE  # with the answer that missed, and what to mend
    return Usage(asked + again, _ASKED_AGAIN * answered, estimated=True)


def _bytes_in(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def _bytes_of_shape(answer: AnswerFormat) -> int:
    """Return what describing the shape takes; generous, for it is named and required, and repeated when missed."""
    if isinstance(answer, AnswerLabel):
        return 2 * len(_encode(answer.labels))
    return 2 * len(_encode(answer.schema)) if isinstance(answer, AnswerFields) else 0
