"""The rules of a script: which question gets which answer.

A script is a JSON list of rules, tried in order; the first whose `when` occurs in the last message answers:
`[{"when": "refund", "answer": "Of course.", "failure": "", "delay_milliseconds": 0}]`.
An empty `when` always fits.
"""

from pathlib import Path
from typing import Any

import msgspec

from allotment.engine.asking import AnswerFields, AnswerLabel, ChatRequest
from allotment.kernel.errors import Misconfigured


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One question and its answer."""

    when: str = ""
    answer: str | None = None
    failure: str = ""
    delay_milliseconds: int = 0


class Script(msgspec.Struct, frozen=True):
    """Rules in order."""

    rules: tuple[Rule, ...] = ()

    def rule_for(self, request: ChatRequest) -> Rule:
        """Return the first rule that fits, or one that leaves everything to the defaults."""
        asked = request.messages[-1].content
        return next((rule for rule in self.rules if rule.when in asked), Rule())


def load(path: Path) -> Script:
    """Read a script."""
    try:
        return Script(msgspec.json.decode(path.read_bytes(), type=tuple[Rule, ...]))
    except (OSError, msgspec.DecodeError) as error:
        raise Misconfigured(
            f"The script {path} cannot be used: {error}.", hint="Give the path of a JSON list of rules."
        ) from error


def default_answer(request: ChatRequest) -> str:
    """Return an answer that fits without a rule: an echo, the first label, or a sample of each field."""
    if isinstance(request.answer, AnswerLabel):
        return request.answer.labels[0]
    if isinstance(request.answer, AnswerFields):
        properties = request.answer.schema.get("properties", {})
        return msgspec.json.encode({name: _sample(kind) for name, kind in properties.items()}).decode()
    return f"Answer to: {request.messages[-1].content}"


def _sample(kind: dict[str, Any]) -> object:
    if "enum" in kind:
        return kind["enum"][0]
    samples = {"string": "sample", "number": 1, "integer": 1, "boolean": True, "array": ["sample"]}
    return samples.get(kind.get("type", "string"), "sample")
