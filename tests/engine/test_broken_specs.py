"""Hundreds of broken specs: every problem is found at its place, with words and a way to mend it."""

import json
from typing import Any

import pytest
import yaml

from allotment.engine.spec.problems import BrokenSpec
from allotment.engine.spec.reading import read_yaml, write_yaml
from allotment.engine.spec.validation import problems, problems_of
from tests.engine.content import starters, templates
from tests.engine.mutations import broken_specs

BROKEN = list(broken_specs())


def test_there_are_more_than_a_hundred_broken_specs() -> None:
    assert len(BROKEN) > 100


@pytest.mark.parametrize(("plain", "place"), [pytest.param(p, w, id=name) for name, p, w in BROKEN])
def test_a_broken_spec_is_told_where_and_how_to_mend_it(plain: dict[str, Any], place: str) -> None:
    found = problems_of(plain, templates().get)
    assert place in {problem.where for problem in found}
    assert all(problem.message.endswith(".") and problem.remedy for problem in found)


def test_all_problems_are_found_at_once_with_their_lines() -> None:
    text = write_yaml(starters()["reply-to-a-customer"])
    text = text.replace("long text", "long txt").replace("do: ask", "do: aks").replace("title:", "titel:", 1)
    found = {problem.where: problem.line for problem in problems_of(text)}
    lines = text.splitlines()
    for place, word in [
        ("titel", "titel"),
        ("form.customer_query.kind", "long txt"),
        ("steps.topic.do", "aks"),
    ]:
        assert word in lines[found[place] - 1]
    assert "steps.reply.do" in found


def test_a_near_miss_is_answered_with_the_right_word() -> None:
    text = write_yaml(starters()["reply-to-a-customer"]).replace("from: steps.reply", "from: steps.replay")
    (problem,) = problems_of(text, templates().get)
    assert problem.where == "result.1.from"
    assert "Did you mean “steps.reply”" in problem.remedy


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("allotment: [1", id="not YAML"),
        pytest.param("a: &x [1]\nb: *x", id="references"),
        pytest.param("a: !!python/object/apply:os.system ['true']", id="types"),
        pytest.param("allotment: 1\nallotment: 1", id="a key twice"),
        pytest.param("[" * 5000, id="deep nesting, never closed"),
        pytest.param("[" * 50 + "]" * 50, id="deep nesting"),
        pytest.param("a: 1\n---\nb: 2", id="two documents"),
        pytest.param("? [a]\n: 1", id="a list as key"),
        pytest.param("a: " + "x" * 200_001, id="too large"),
        pytest.param("a: \x07", id="a control character"),
    ],
)
def test_harmful_or_broken_yaml_is_refused(text: str) -> None:
    with pytest.raises(BrokenSpec) as refused:
        read_yaml(text)
    assert refused.value.problems[0].remedy


def test_half_a_character_is_refused_before_it_reaches_a_database() -> None:
    (problem,) = problems_of(json.loads('{"allotment": 1, "name": "a", "title": "x\\ud800", "purpose": ""}'))
    assert problem.where == "title"


@pytest.mark.parametrize("name", starters())
def test_every_starter_runs_with_the_shipped_templates(name: str) -> None:
    app = starters()[name]
    assert problems(app, templates().get) == ()
    assert set(app.sample) == {field.field for field in app.form}


def test_there_are_enough_starters_of_every_kind() -> None:
    apps = starters().values()
    asks = [step for app in apps for step in app.steps if hasattr(step, "answer")]
    assert len(apps) >= 12
    assert sum(bool(step.answer.choice) for step in asks) >= 4
    assert sum(bool(step.answer.fields) for step in asks) >= 2
    assert sum(any(hasattr(step, "cases") for step in app.steps) for app in apps) >= 3


def test_other_yaml_readers_read_what_we_write() -> None:
    for app in starters().values():
        assert read_yaml(yaml.safe_dump(yaml.safe_load(write_yaml(app)))) == app
