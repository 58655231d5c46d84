"""A whole answer, as one JSON object."""

from urllib.parse import quote

import msgspec

from allotment.engine.gate.gate import Gate
from allotment.engine.gate.values import Answered, AskModel
from allotment.gateway.chat.asking import Question
from allotment.gateway.chat.errors import Answer, Headers, refused
from allotment.gateway.chat.shapes import ChatCompletion, Choice, Governance, Said, Tokens
from allotment.screening.findings import Detected

_encode = msgspec.json.Encoder().encode
_READABLE = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) != "%")


async def complete(gate: Gate, asked: Question, created: int) -> Answer:
    """Take the question through the gate and return the answer, or why there is none."""
    outcome = await gate.ask(asked.passage, asked.effect, _keep)
    if not isinstance(outcome, Answered):
        return refused(asked.worded(outcome))
    body = ChatCompletion(
        id=f"chatcmpl-{asked.passage.run.hex}",
        created=created,
        model=asked.name_of(outcome.model),
        choices=(Choice(Said(outcome.text), finish_reason(outcome, asked.effect)),),
        usage=tokens(outcome),
        allotment=governance(outcome, asked),
    )
    return Answer(200, _encode(body), _headers(outcome))


def tokens(outcome: Answered) -> Tokens:
    """Return what was used, in OpenAI's words."""
    used = outcome.usage
    return Tokens(used.tokens_in, used.tokens_out, used.tokens_in + used.tokens_out)


def governance(outcome: Answered, asked: Question) -> Governance:
    """Return what the gate did. It counts as one what screening found: of that only secrets are taken out."""
    counted = outcome.screened.withheld
    return Governance(
        entry=outcome.entry,
        receipt=str(asked.passage.run),
        model=outcome.model.title,
        masked=dict(outcome.screened.masked),
        withheld={kind: number for kind, number in counted.items() if kind == Detected.SECRET},
        found={kind: number for kind, number in counted.items() if kind != Detected.SECRET},
        warnings=outcome.warnings,
    )


def finish_reason(outcome: Answered, effect: AskModel) -> str:
    """Return why the answer ends: by itself, or because it may not get longer."""
    is_counted = not outcome.usage.estimated
    return "length" if is_counted and outcome.usage.tokens_out >= effect.max_tokens else "stop"


async def _keep(_piece: str) -> None:
    """Let a piece pass: the whole answer comes at the end."""


def _headers(outcome: Answered) -> Headers:
    entry = (b"allotment-entry", b"%d" % outcome.entry)
    if not outcome.warnings:
        return (entry,)
    return (entry, *((b"allotment-warning", quote(one, safe=_READABLE).encode()) for one in outcome.warnings))
