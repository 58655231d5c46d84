"""Answering by renamed ids: the same answer as asking Cedar plainly, whatever the facts, or no renaming at all."""

import json
from uuid import UUID

import cedarpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allotment.engine.actions import Action
from allotment.engine.principals import Actor, AttributeValue, Resource, Role, written
from allotment.policies import evaluating, rulebook
from allotment.policies.evaluating import Answer, Question, answer
from allotment.policies.renaming import Renaming, named_strings
from allotment.policies.rulebook import Rulebook

IDS = tuple(UUID(int=number) for number in range(4))
BOOK = rulebook.installed()
SCHEMA = (rulebook._HERE / "schema.cedarschema").read_text(encoding="utf-8")
EVERY_RULE = "\n\n".join(rule.source for rule in BOOK.rules.values())
OTHER_BOOK = rulebook.read(
    {
        "trial": """
@id("one") @sentence("One.") permit (principal, action, resource) unless { principal == resource };
@id("two") @sentence("Two.") @remedy("None.") forbid (
  principal == Person::"00000000-0000-0000-0000-000000000001", action == Action::"apps.run", resource is App
) when { resource has named && principal.spaces.containsAny(resource.named) };
@id("three") @sentence("Three.") @remedy("None.") forbid (principal is Person, action, resource is App) when {
  resource.owner == resource.state || resource.owner == "00000000-0000-0000-0000-000000000002"
};
@id("four") @sentence("Four.") permit (principal is Person, action, resource is App) when {
  resource has named && principal.spaces == resource.named
};
"""
    },
    SCHEMA,
)

ids = st.sampled_from([str(id_) for id_ in IDS])
texts = st.one_of(ids, ids, st.sampled_from(["#0", "#1", "", "published", "low", "restricted"]))
states = st.sampled_from(["published", "draft", "parked", "in review", "proposed"])
classes = st.sampled_from(["public", "internal", "confidential", "restricted"])
sets = st.frozensets(texts, max_size=3)
odd = st.one_of(texts, st.booleans(), st.integers(-2, 2), sets)
FACTS: dict[str, dict[str, st.SearchStrategy[AttributeValue]]] = {
    "App": {
        "owner": texts,
        "deputy": ids,
        "space": ids,
        "named": sets,
        "state": states,
        "data_class": classes,
        "audience": st.sampled_from(["me", "named people", "space", "organisation", "public link"]),
        "tier": st.sampled_from(["low", "prohibited"]),
    },
    "Template": {"author": texts, "state": states, "space": ids},
    "Model": {"name": texts, "runs_here": st.booleans(), "highest_data_class": classes},
    "Run": {"person": ids, "app_owner": ids, "space": ids},
    "Key": {"person": ids, "app": ids, "data_class": classes, "free_form_until": st.integers(-1, 1)},
    "Person": {},
    "Space": {},
    "Installation": {},
    "Banana": {},
}
FITTING = {"apps": "App", "runs": "Run", "templates": "Template", "models": "Model", "keys": "Key"}
actors = st.none() | st.builds(
    Actor,
    person=st.sampled_from(IDS),
    name=st.just("Mira"),
    roles=st.frozensets(st.sampled_from(Role), max_size=3),
    spaces=st.frozensets(st.sampled_from(IDS), max_size=3),
)
contexts = st.fixed_dictionaries(
    {},
    optional={
        "data_class": st.one_of(classes, odd),
        "content": st.one_of(st.booleans(), odd),
    },
) | st.dictionaries(st.sampled_from(["colour", "content"]), odd, max_size=2)


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """Mostly facts that fit; sometimes one is missing, of another kind, or unknown."""
    action = draw(st.sampled_from(Action))
    fitting = FITTING.get(action.value.partition(".")[0], "Installation")
    kind = draw(st.sampled_from([fitting] * 6 + list(FACTS)))
    facts = {name: draw(value) for name, value in FACTS[kind].items()}
    for name in draw(st.lists(st.sampled_from([*FACTS[kind], "colour", "person"]), max_size=2)):
        if draw(st.booleans()):
            facts.pop(name, None)
        else:
            facts[name] = draw(odd)
    resource = Resource(kind, draw(st.one_of(texts, st.just("here"))), facts)
    return Question(draw(actors), action, resource.kind, resource.id, resource.facts, written(draw(contexts)))


def plainly(book: Rulebook, rules: str, question: Question) -> Answer:
    """Ask with every policy and the schema, all facts as one text, nothing kept."""
    actor, resource = question.actor, {"type": question.kind, "id": question.id}
    who: dict[str, object] = {"uid": {"type": "Anonymous", "id": "anonymous"}, "attrs": {}, "parents": []}
    if actor is not None:
        person, spaces = str(actor.person), [str(space) for space in actor.spaces]
        facts = {"person": person, "roles": list(actor.roles), "spaces": spaces}
        who = {"uid": {"type": "Person", "id": person}, "attrs": facts, "parents": []}
    what = json.loads(question.facts)
    if question.kind == "Person":
        what = {"person": question.id, "roles": [], "spaces": []} | what
    entities = [who] if who["uid"] == resource else [who, {"uid": resource, "attrs": what, "parents": []}]
    request = {
        "principal": who["uid"],
        "action": {"type": "Action", "id": question.action.value},
        "resource": resource,
        "context": question.context,
    }
    result = cedarpy.is_authorized(request, rules, json.dumps(entities), book.schema)
    if result.diagnostics.errors or result.decision is cedarpy.Decision.NoDecision:
        return Answer(allowed=False, policies=(), problem="some")
    policies = tuple(sorted(result.diagnostics.id_annotations_by_reason.values()))
    return Answer(result.allowed and bool(policies), policies, "")


def same(told: Answer, expected: Answer) -> bool:
    return (told.allowed, told.policies, bool(told.problem)) == (
        expected.allowed,
        expected.policies,
        bool(expected.problem),
    )


@settings(max_examples=300, deadline=None)
@given(questions())
def test_the_answer_is_the_one_of_asking_plainly(question: Question) -> None:
    assert same(answer(BOOK, question), plainly(BOOK, EVERY_RULE, question))


@settings(max_examples=300, deadline=None)
@given(questions())
def test_ids_that_rules_name_are_told_apart(question: Question) -> None:
    rules = "\n\n".join(rule.source for rule in OTHER_BOOK.rules.values())
    assert same(answer(OTHER_BOOK, question), plainly(OTHER_BOOK, rules, question))


@given(st.lists(st.text(max_size=3), unique=True), st.frozensets(st.text(max_size=3)))
def test_renaming_keeps_apart_what_is_different(strings: list[str], named: frozenset[str]) -> None:
    rename = Renaming(frozenset(text for text in named if not text.startswith("#")))
    renamed = [rename(text) for text in strings]
    assert len(set(renamed)) == len(strings)
    assert [rename(text) for text in strings] == renamed


def test_people_and_apps_never_seen_are_not_asked_about_again() -> None:
    def question(start: int) -> Question:
        person, space, owner, app = (UUID(int=number) for number in range(start, start + 4))
        somebody = Actor(person, "Mira", frozenset({Role.COLLEAGUE}), frozenset({space, owner}))
        facts = written(
            {
                "owner": str(owner),
                "audience": "space",
                "space": str(space),
                "state": "published",
                "data_class": "internal",
            }
        )
        return Question(somebody, Action.RUN_APP, "App", str(app), facts, "{}")

    first = answer(BOOK, question(100))
    asked = evaluating._known_answer.cache_info().misses
    assert answer(BOOK, question(200)) == first
    assert first.policies == ("use-apps-of-own-spaces",)
    assert evaluating._known_answer.cache_info().misses == asked


def test_what_is_wrong_is_told_with_the_facts_as_they_are() -> None:
    problem = answer(BOOK, Question(None, Action.RUN_APP, "Banana", str(IDS[3]), "{}", "{}")).problem
    assert problem
    assert "#" not in problem


@pytest.mark.parametrize(
    "condition",
    [
        'principal.person like "a*"',
        'ip("10.0.0.1").isLoopback()',
        'principal.person == "#0"',
        'principal.hasTag("shoe")',
    ],
)
def test_nothing_is_renamed_for_rules_that_do_more_than_compare(condition: str) -> None:
    text = f"permit (principal, action, resource) when {{ {condition} }};"
    assert named_strings(cedarpy.policies_to_pst(text).static_policies.values(), "") is None


def test_the_installed_rules_only_compare() -> None:
    assert BOOK.named is not None
    assert {"maker", "published", "restricted"} <= BOOK.named
