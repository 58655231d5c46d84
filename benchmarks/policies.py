"""What a policy decision takes at 50 policies: asked again, of a known shape, and evaluated wholly by Cedar.

Invariant: of what is called wholly evaluated, Cedar evaluated every question; counted, not believed.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from statistics import median
from uuid import UUID

from allotment.engine.actions import Action
from allotment.engine.principals import Actor, AttributeValue, Resource, Role
from allotment.kernel.collecting import collecting_seldom
from allotment.kernel.ids import new_id
from allotment.policies import evaluating, rulebook
from allotment.policies.evaluating import Question, answer
from allotment.policies.rulebook import Rulebook
from benchmarks.findings import Finding, Measured, percentile
from benchmarks.progress import say

WORDS = """\
Each kind is asked 5,000 times. *Asked again*: the same question. *Known shape*: the usual new question, about a person
and an app never seen, which differs from an answered one only in ids that no rule names. *Evaluated wholly*: every
question has facts that rules name in a combination never met, so that nothing is kept and Cedar reads all facts and
asks the rules; that Cedar was asked each time is counted. The 50 rules are all about the one action that is asked for,
which is the worst case; those of an installation are about all actions. What is evaluated wholly is measured in five
rounds, of which the median counts: on a machine that others use as well, a pause of some milliseconds makes the
hundredth part of a round late, whatever the rules."""

_RULES = 50
_PROMISED_MICROSECONDS = 200
_NAMED = tuple(UUID(int=number) for number in range(1, _RULES))
"""Whom the rules name, so that facts about them are never answered by what was answered for others."""
_WARM_UP = 1_000
_ROUNDS = 5
_ROLES = [chosen for count in (1, 2, 3) for chosen in combinations(Role, count)]
_STATES = ("published", "draft", "parked", "retired")
_AUDIENCES = ("space", "organisation", "named people", "public link")
_CLASSES = ("internal", "public", "confidential", "restricted")
_TIERS = ("low", "prohibited")
_MOST = len(_ROLES) * len(_STATES) * len(_AUDIENCES) * len(_CLASSES) * len(_TIERS)
"""So many questions are told apart by the facts that rules name."""


@collecting_seldom()  # as a server does
def measure(*, times: int) -> Measured:
    """Measure `times` decisions of each kind, after as many to warm up."""
    book, times = _rulebook(), min(times, _MOST - _WARM_UP)
    say(f"{times:,} decisions of each kind by {_RULES} rules, all about one action")
    _took(book, _known(times))
    known = _known(times)
    of_known_shape = _took(book, known)
    again = _took(book, known)
    whole = [_wholly_evaluated(book, times) for _ in range(_ROUNDS)]
    usual = rulebook.installed()
    say(f"{times:,} decisions by the {len(usual.rules)} rules of an installation")
    installed = [_wholly_evaluated(usual, times) for _ in range(_ROUNDS)]
    return Measured(
        [
            *_findings("asked again", [again], "kept"),
            *_findings(
                "new actor and object, facts of a known shape", [of_known_shape], "kept: only ids differ"
            ),
            *_findings(
                "evaluated wholly", whole, f"nothing kept, {_RULES} rules asked each time{_spread(whole)}"
            ),
            *_findings(
                "evaluated wholly, rules of an installation",
                installed,
                f"nothing kept, {len(usual.rules)} rules about all actions{_spread(installed)}",
            ),
        ]
    )


def _findings(what: str, rounds: Sequence[Sequence[float]], note: str) -> Iterator[Finding]:
    name = f"Policy decision, {what}"
    half, most = (median(percentile(took, part) for took in rounds) for part in (0.5, 0.99))
    yield Finding(f"{name}, p50", half, "µs", None, note)
    yield Finding(f"{name}, p99", most, "µs", _PROMISED_MICROSECONDS, note)


def _spread(rounds: Sequence[Sequence[float]]) -> str:
    """Say in a note how far the rounds were apart, so that the median hides nothing."""
    most = [percentile(took, 0.99) for took in rounds]
    return f"; p99 of the {len(rounds)} rounds: {min(most):.0f} to {max(most):.0f} µs"


def _wholly_evaluated(book: Rulebook, times: int) -> list[float]:
    """Ask with nothing kept, and see that Cedar was asked each time."""
    questions = [_unlike_any(number) for number in range(_WARM_UP + times)]
    known = evaluating._known_answer  # noqa: SLF001 - what is kept must be looked at
    for kept in (answer, known, evaluating._together):  # noqa: SLF001
        kept.cache_clear()
    took = _took(book, questions, lambda said: not said.problem)
    asked = known.cache_info().misses
    if asked != len(questions):
        raise SystemExit(f"Only {asked:,} of {len(questions):,} questions were evaluated.")
    return took[_WARM_UP:]


def _took(
    book: Rulebook,
    questions: list[Question],
    is_right: Callable[[evaluating.Answer], bool] = lambda said: said.allowed,
) -> list[float]:
    took = []
    for question in questions:
        started = time.perf_counter()
        said = answer(book, question)
        took.append((time.perf_counter() - started) * 1e6)
        assert is_right(said), said
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
  resource has tier && resource.tier == "high" && resource.owner == "{owner}"
}};"""
        for number, owner in enumerate(_NAMED)
    )
    schema = rulebook.SCHEMA_FILE.read_text(encoding="utf-8")
    return rulebook.read({"measured": "\n".join((permit, *forbids))}, schema)


def _known(times: int) -> list[Question]:
    """Return questions that differ in ids only."""
    return [_question({"owner": str(new_id())}) for _ in range(times)]


def _unlike_any(number: int) -> Question:
    """Return a question whose named facts no other number has: whoever owns it, who asks, and what it is."""
    rest, owner = divmod(number, len(_NAMED))
    spaces, deputy = divmod(rest, len(_NAMED))
    rest, roles = divmod(number, len(_ROLES))
    rest, state = divmod(rest, len(_STATES))
    rest, audience = divmod(rest, len(_AUDIENCES))
    tier, data_class = divmod(rest, len(_CLASSES))
    facts = {
        "owner": str(_NAMED[owner]),
        "deputy": str(_NAMED[deputy]),
        "state": _STATES[state],
        "audience": _AUDIENCES[audience],
        "data_class": _CLASSES[data_class],
        "tier": _TIERS[tier],
    }
    return _question(facts, _ROLES[roles], 1 + spaces)


def _question(
    facts: Mapping[str, AttributeValue], roles: Sequence[Role] = (Role.COLLEAGUE, Role.MAKER), spaces: int = 2
) -> Question:
    mine = [new_id() for _ in range(spaces)]
    actor = Actor(new_id(), "Somebody", frozenset(roles), frozenset(mine))
    usual = {
        "audience": "space",
        "space": str(mine[0]),
        "state": "published",
        "tier": "low",
        "data_class": "internal",
    }
    app = Resource("App", str(new_id()), {**usual, **facts})
    return Question(actor, Action.RUN_APP, app.kind, app.id, app.facts, "{}")
