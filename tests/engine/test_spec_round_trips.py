"""Specs survive being written and read; the published schema and the reader agree."""

import json
from functools import cache
from typing import Any

import jsonschema
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from allotment.engine.spec.app import App
from allotment.engine.spec.differences import differences
from allotment.engine.spec.digests import behaviour_digest, digest
from allotment.engine.spec.problems import BrokenSpec
from allotment.engine.spec.reading import from_plain, read_yaml, to_plain, write_yaml
from allotment.engine.spec.schema import SCHEMA_ID, json_schema
from allotment.engine.spec.sentences import sentences
from allotment.engine.spec.validation import problems
from tests.engine.content import starters
from tests.engine.strategies import apps, plain_values

quick = settings(max_examples=60, deadline=None)


@cache
def validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json_schema())


def is_readable(plain: Any) -> bool:
    try:
        from_plain(plain)
    except BrokenSpec:
        return False
    return True


@given(apps)
@quick
def test_an_app_survives_yaml_and_plain_data(app: App) -> None:
    assert read_yaml(write_yaml(app)) == app
    assert from_plain(json.loads(json.dumps(to_plain(app)))) == app


@given(apps)
@quick
def test_what_can_be_written_is_valid_against_the_published_schema(app: App) -> None:
    validator().validate(to_plain(app))


@given(apps, st.data())
@settings(max_examples=150, deadline=None)
def test_schema_valid_means_readable(app: App, data: st.DataObject) -> None:
    plain = to_plain(app)
    _mutate(plain, data)
    assert is_readable(plain) == validator().is_valid(plain)


def _mutate(plain: Any, data: st.DataObject) -> None:
    """Change, drop or add something at a random place."""
    while True:
        keys = list(plain) if isinstance(plain, dict) else list(range(len(plain)))
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        if isinstance(plain[key], dict | list) and plain[key] and data.draw(st.booleans()):
            plain = plain[key]
            continue
        match data.draw(st.sampled_from(["change", "drop", "add"])):
            case "change":
                plain[key] = data.draw(plain_values)
            case "drop":
                del plain[key]
            case _ if isinstance(plain, dict):
                plain[data.draw(st.sampled_from(["step", "form", "when", "surprise"]))] = data.draw(
                    plain_values
                )
            case _:
                plain.append(data.draw(plain_values))
        return


@given(plain_values)
@quick
def test_plain_data_that_is_no_app_is_refused_with_places(plain: Any) -> None:
    assume(not is_readable(plain))
    with pytest.raises(BrokenSpec) as refused:
        from_plain(plain)
    assert all(problem.where and problem.message for problem in refused.value.problems)


@given(st.text(max_size=200))
@quick
def test_text_that_is_no_app_is_refused_with_places(text: str) -> None:
    with pytest.raises(BrokenSpec) as refused:
        read_yaml(text)
    assert all(problem.where and problem.message for problem in refused.value.problems)


@given(apps)
@quick
def test_every_app_can_be_checked_told_and_compared(app: App) -> None:
    problems(app, lambda _: None)
    assert len(sentences(app)) == len(app.steps) + 2
    assert differences(app, app) == ()


@given(apps, apps)
@quick
def test_differences_are_empty_exactly_when_digests_agree(one: App, other: App) -> None:
    assert (not differences(one, other)) == (digest(one) == digest(other))


def test_the_published_schema_names_itself_and_is_a_schema() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"] == SCHEMA_ID
    assert schema["title"]
    assert schema["description"]


@pytest.mark.parametrize("name", starters())
def test_digests_do_not_depend_on_the_order_of_keys(name: str) -> None:
    app = starters()[name]
    turned = from_plain(_turned(to_plain(app)))
    assert digest(turned) == digest(app)
    assert behaviour_digest(turned) == behaviour_digest(app)


def _turned(plain: Any) -> Any:
    if isinstance(plain, dict):
        return {key: _turned(plain[key]) for key in reversed(plain)}
    return [_turned(part) for part in plain] if isinstance(plain, list) else plain


def test_the_behaviour_digest_ignores_words_and_notices_steps() -> None:
    plain = to_plain(starters()["reply-to-a-customer"])
    reworded = {**plain, "title": "Another", "purpose": "Another", "sample": {}}
    reworded["form"] = [{**field, "label": "Another"} for field in plain["form"]]
    before, after = from_plain(plain), from_plain(reworded)
    assert behaviour_digest(before) == behaviour_digest(after)
    assert digest(before) != digest(after)
    plain["steps"] = plain["steps"][1:]
    assert behaviour_digest(from_plain(plain)) != behaviour_digest(before)
