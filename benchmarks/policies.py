"""What a policy decision takes by 50 rules: asked before, and never asked before."""

import time
from collections.abc import Iterable
from uuid import UUID

from allotment.engine.actions import Action
from allotment.engine.principals import Actor, Resource, Role
from allotment.kernel.ids import new_id
from allotment.policies import rulebook
from allotment.policies.evaluating import Question, answer
from allotment.policies.rulebook import Rulebook
from benchmarks.findings import Finding, percentile

_RULES = 50
_PROMISED_MICROSECONDS = 200


def measure(*, times: int) -> list[Finding]:
    """Measure `times` decisions of each kind, after as many to warm up."""
    book = _rulebook()
    _took(book, _never_asked(times))
    unknown = _never_asked(times)
    first = _took(book, unknown)
    again = _took(book, unknown)
    return [*_findings("asked before", again), *_findings("person and app never seen before", first)]


def _findings(what: str, took: list[float]) -> Iterable[Finding]:
    note = f"{len(took)} decisions by {_RULES} rules"
    yield Finding(f"Policy decision, {what}, p50", percentile(took, 0.5), "µs", None, note)
    yield Finding(f"Policy decision, {what}, p99", percentile(took, 0.99), "µs", _PROMISED_MICROSECONDS, note)


def _took(book: Rulebook, questions: list[Question]) -> list[float]:
    took = []
    for question in questions:
        started = time.perf_counter()
        said = answer(book, question)
        took.append((time.perf_counter() - started) * 1e6)
        assert said.allowed, said
    return took


def _rulebook() -> Rulebook:
    """Return 50 rules, every one of them about running an app."""
    permit = """@id("permit") @sentence("Members of a space run its apps.")
permit (principal is Person, action == Action::"apps.run", resource is App) when {
  resource has space && principal.spaces.contains(resource.space)
};"""
    forbids = (
        f"""@id("forbid-{number}") @sentence("Not for {number}.") @remedy("Ask.")
forbid (principal is Person, action == Action::"apps.run", resource is App) when {{
  resource has tier && resource.tier == "high" && resource.owner == "{UUID(int=number)}"
}};"""
        for number in range(1, _RULES)
    )
    schema = rulebook.SCHEMA_FILE.read_text(encoding="utf-8")
    return rulebook.read({"measured": "\n".join((permit, *forbids))}, schema)


def _never_asked(times: int) -> list[Question]:
    return [_question() for _ in range(times)]


def _question() -> Question:
    space = new_id()
    actor = Actor(new_id(), "Somebody", frozenset({Role.COLLEAGUE, Role.MAKER}), frozenset({space, new_id()}))
    app = Resource(
        "App",
        str(new_id()),
        {
            "owner": str(new_id()),
            "audience": "space",
            "space": str(space),
            "state": "published",
            "tier": "low",
            "data_class": "internal",
        },
    )
    return Question(actor, Action.RUN_APP, app.kind, app.id, app.facts, "{}")
