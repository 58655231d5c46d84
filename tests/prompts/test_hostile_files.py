"""Files that want more than a template may have: each is refused in words, fast."""

import io
import json
import zipfile
from contextlib import suppress

import pytest

from allotment.kernel.errors import AllotmentError, Invalid, TooLarge
from allotment.prompts.importing import read_file


def refusal(filename: str, content: str | bytes) -> AllotmentError:
    with pytest.raises(AllotmentError) as caught:
        read_file(filename, content.encode() if isinstance(content, str) else content)
    assert caught.value.message
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    "expression",
    [
        "{% for m in history %}{{ m }}{% endfor %}",
        "{% if vip %}Dear{% endif %}",
        "{% include '/etc/passwd' %}",
        "{{ query | upper }}",
        "{{ query.upper() }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ config['SECRET'] }}",
        "{{ 1 + 1 }}",
        "{{ true }}",
        "{{ a if b else c }}",
        "{{- query -}}",
    ],
)
def test_jinja_with_logic_is_refused_with_its_line(expression: str) -> None:
    error = refusal("x.jinja2", f"user:\nHello\n{expression}\n")
    assert "line 3" in error.message
    assert "no logic" in error.message


@pytest.mark.parametrize(
    "tag", ["{{#items}}x{{/items}}", "{{^none}}x{{/none}}", "{{> partial}}", "{{=<% %>=}}", "{{a.b}}"]
)
def test_mustache_with_sections_or_partials_is_refused(tag: str) -> None:
    error = refusal("x.prompty", f"---\ntemplate: {{format: mustache}}\n---\nuser:\n{tag}\n")
    assert "line 5" in error.message


@pytest.mark.parametrize(
    "text", ["{query!r}", "{query:>30}", "{query.__class__}", "{query[0]}", "{}", "{0}", "a { b", "a } b"]
)
def test_fstrings_with_more_than_a_name_are_refused(text: str) -> None:
    refusal("x.json", json.dumps({"_type": "prompt", "template": text}))


def test_unclosed_variables_are_refused() -> None:
    assert "never closed" in refusal("x.jinja2", "user:\n{{ query").message


def test_brackets_that_were_plain_text_stay_plain_text() -> None:
    wording = read_file("x.jinja2", b"user:\nReturn {name} and {{ name }}").template.wording
    assert wording.user == "Return {{name}} and {name}"
    assert read_file("x.json", b'{"template": "{{name}}"}').template.wording.slots == ()


def test_two_variables_never_become_one_slot() -> None:
    assert "same slot" in refusal("x.jinja2", "user:\n{{ userName }} {{ user_name }}").message


def test_example_answers_are_refused() -> None:
    assert "assistant" in refusal("x.jinja2", "user:\nHi\nassistant:\nHello\n").message


def test_environment_and_file_references_in_the_wording_are_removed_and_said() -> None:
    imported = read_file("x.prompty", b"---\nname: x\n---\nuser:\nKey: ${env:API_KEY} ${file:/etc/passwd}.\n")
    assert imported.template.wording.user == "Key:  ."
    assert "removed" in imported.left_out[0]


def test_yaml_aliases_are_refused() -> None:
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\ninputs: [*b, *b]\n"
    assert "aliases" in refusal("x.prompty", f"---\n{bomb}---\nuser:\nHi\n").message


def test_yaml_that_makes_objects_is_refused() -> None:
    refusal("x.prompty", "---\nname: !!python/object/apply:os.system ['id']\n---\nuser:\nHi\n")


@pytest.mark.parametrize("opening", ["[", "{a: "])
def test_deeply_nested_yaml_is_refused(opening: str) -> None:
    refusal("x.prompty", f"---\na: {opening * 20_000}\n---\nuser:\nHi\n")


def test_deeply_nested_json_is_refused() -> None:
    refusal("x.json", '{"a":' * 50_000)


@pytest.mark.parametrize("value", ["2024-99-99", "9" * 9000, "? ?", "\t- x", "'open"])
def test_unreadable_yaml_values_are_refused(value: str) -> None:
    assert isinstance(refusal("x.prompty", f"---\nname: {value}\n---\nuser:\n{{% x %}}\n"), Invalid)


def test_unended_front_matter_is_refused() -> None:
    assert "no end" in refusal("x.prompty", "---\nname: x\nuser:\nHi\n").message


def test_large_files_are_refused() -> None:
    assert isinstance(refusal("x.jinja2", "user:\n" + "x" * 300_000), TooLarge)
    assert isinstance(refusal("x.zip", b"PK\x03\x04" + b"x" * 2_000_000), TooLarge)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("repeated", ["{{", "{", "}}", "{#", "{{{", "${env:", "user:\n", "{{a}}"])
def test_many_brackets_take_no_time(repeated: str) -> None:
    text = ("user:\n" + repeated * (250_000 // len(repeated)))[:250_000]
    for content, filename in ((text, "x.jinja2"), (json.dumps({"template": text}), "x.json")):
        with suppress(AllotmentError):
            read_file(filename, content.encode())


def test_other_encodings_are_refused() -> None:
    assert "UTF-8" in refusal("x.prompty", "---\nname: ä\n---\nuser:\nHi".encode("latin-1")).message


def test_plain_text_is_refused_with_the_way_to_use_it() -> None:
    assert "write a new template" in refusal("x.txt", "Write a poem.").hint


def test_files_without_wording_are_refused() -> None:
    assert "no wording" in refusal("x.prompty", "---\nname: x\n---\n").message


@pytest.mark.parametrize(
    "data",
    [
        {"_type": "few_shot", "examples": [], "template": "x"},
        {"_type": "prompt", "template_path": "/etc/passwd"},
        {"_type": "prompt", "template": "x", "template_format": "python"},
        {"lc": 1, "type": "constructor", "id": ["os", "system"], "kwargs": {"command": "id"}},
        {"lc": 1, "type": "secret", "id": ["OPENAI_API_KEY"]},
        {"lc": 1, "type": "not_implemented", "id": ["langchain", "prompts", "PromptTemplate"]},
        {"messages": [["system"]]},
        {
            "messages": [
                {"role": "user", "content": [{"type": "image_url", "image_url": "file:///etc/passwd"}]}
            ]
        },
        {"messages": []},
        [],
    ],
)
def test_langchain_files_that_are_no_plain_prompt_are_refused(data: object) -> None:
    refusal("x.json", json.dumps(data))


def flow_zip(flow: str, **files: str) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("flow.dag.yaml", flow)
        for name, text in files.items():
            zipped.writestr(f"{name}.jinja2", text)
    return archive.getvalue()


def flow_naming(path: str) -> str:
    return f"nodes:\n- {{name: a, type: llm, source: {{type: code, path: {json.dumps(path)}}}}}\n"


@pytest.mark.parametrize(
    "path", ["../../etc/passwd", "/etc/passwd", "", "missing.jinja2", "a/../../b.jinja2"]
)
def test_paths_out_of_the_zip_are_refused(path: str) -> None:
    assert "not in the zip" in refusal("x.zip", flow_zip(flow_naming(path), a="user:\nHi")).message


def test_a_zip_bomb_is_refused() -> None:
    assert isinstance(refusal("x.zip", flow_zip(flow_naming("a.jinja2"), a="x" * 50_000_000)), TooLarge)


def test_a_zip_with_too_many_files_is_refused() -> None:
    files = {f"f{number}": "" for number in range(200)}
    assert isinstance(refusal("x.zip", flow_zip(flow_naming("f1.jinja2"), **files)), TooLarge)


def test_broken_zips_are_refused() -> None:
    good = flow_zip(flow_naming("a.jinja2"), a="user:\nHi")
    refusal("x.zip", good[:-40])
    refusal("x.zip", b"PK\x03\x04nothing")


def test_flows_with_several_model_steps_are_refused() -> None:
    flow = flow_naming("a.jinja2") + "- {name: b, type: llm, source: {path: a.jinja2}}\n"
    assert "a, b" in refusal("x.zip", flow_zip(flow, a="user:\nHi")).message


def test_a_flow_without_its_prompt_says_what_to_import() -> None:
    assert "zip" in refusal("flow.dag.yaml", flow_naming("a.jinja2")).hint
