"""Each format: what is exported comes back, whatever the wording."""

import io
import json
import zipfile
from types import ModuleType

import pytest
from hypothesis import given, settings

from allotment.kernel.errors import AllotmentError
from allotment.prompts.formats import langchain, promptflow, prompty
from allotment.prompts.formats.portable import Exported, Imported, Portable
from allotment.prompts.importing import read_file
from allotment.prompts.wording import Wording, pieces
from tests.prompts.wordings import REPLY, wordings

FORMATS = pytest.mark.parametrize("tool", [prompty, langchain, promptflow], ids=lambda tool: tool.title)


def read_back(exported: Exported) -> Imported:
    return read_file(exported.filename, exported.content)


@FORMATS
def test_an_exported_template_comes_back_the_same(tool: ModuleType) -> None:
    imported = read_back(tool.write(REPLY))
    assert imported.template.wording == REPLY.wording
    assert (imported.template.name, imported.template.title) == (REPLY.name, REPLY.title)
    assert (imported.template.purpose, imported.template.category) == (REPLY.purpose, REPLY.category)


@FORMATS
@settings(max_examples=60, deadline=None)
@given(wording=wordings())
def test_any_wording_comes_back_the_same(tool: ModuleType, wording: Wording) -> None:
    exported = tool.write(Portable("any", "Any", "For a test.", "writing", wording))
    back = read_back(exported).template.wording
    assert (pieces(back.system), pieces(back.user)) == (pieces(wording.system), pieces(wording.user))
    assert back.slots == wording.slots


@FORMATS
def test_the_same_template_always_gives_the_same_bytes(tool: ModuleType) -> None:
    assert tool.write(REPLY) == tool.write(REPLY)


def test_prompty_version_1_gives_wording_slots_and_examples() -> None:
    imported = read_file(
        "reply.prompty",
        b"""---
name: Reply
description: Answers
authors: [someone]
model:
  api: chat
  configuration:
    type: azure_openai
    azure_endpoint: ${env:ENDPOINT}
    api_key: sk-123
  parameters: {max_tokens: 300}
inputs:
  customerQuery: {type: string}
  stars: {type: number}
sample:
  customerQuery: Where is my card?
  notes: ${file:notes.json}
---
system:
You answer for a shop.

user:
# Question
{{customerQuery}} {{ stars }} {{notes}}
""",
    )
    wording = imported.template.wording
    assert wording.system == "You answer for a shop."
    assert wording.user == "# Question\n{customer_query} {stars} {notes}"
    assert [(slot.name, slot.kind, slot.example) for slot in wording.slots] == [
        ("customer_query", "long text", "Where is my card?"),
        ("stars", "number", ""),
        ("notes", "long text", ""),
    ]
    report = " ".join(imported.left_out)
    assert "model" in report
    assert "Replace that key" in report
    assert "authors" in report
    assert "notes" in report


def test_prompty_version_2_gives_kinds_options_and_mustache_variables() -> None:
    imported = read_file(
        "sort.prompty",
        b"""---
name: sort
displayName: Sort it
inputs:
  - {name: text, kind: string, description: The message, required: true, example: Hello}
  - {name: tone, kind: string, enumValues: [warm, plain], default: warm, required: false}
  - {name: topics, kind: array, default: [card, transfer]}
tools: [{name: search, kind: function}]
template: {format: mustache, parser: prompty}
---
user:
Sort {{{text}}} into {{topics}} in a {{ tone }} tone.{{! a comment }}
""",
    )
    slots = {slot.name: slot for slot in imported.template.wording.slots}
    assert imported.template.title == "Sort it"
    assert imported.template.wording.user == "Sort {text} into {topics} in a {tone} tone."
    assert slots["text"].label == "The message"
    assert (slots["tone"].kind, slots["tone"].options, slots["tone"].is_required) == (
        "choice",
        ("warm", "plain"),
        False,
    )
    assert (slots["topics"].kind, slots["topics"].example) == ("list", "card\ntransfer")
    assert any("Tools" in sentence for sentence in imported.left_out)


def test_langchain_prompt_file_in_json() -> None:
    data = {
        "_type": "prompt",
        "input_variables": ["adjective", "content"],
        "partial_variables": {"adjective": "short"},
        "template": "Tell a {adjective} joke about {content}. Use {{braces}} sparingly: {{ }}",
        "template_format": "f-string",
    }
    data["template"] = "Tell a {adjective} joke about {content}: {{ }}"
    imported = read_file("joke.json", json.dumps(data).encode())
    assert imported.template.wording.user == "Tell a {adjective} joke about {content}: { }"
    assert imported.template.wording.slots[0].example == "short"
    assert "only an example" in imported.left_out[0]


def test_langchain_prompt_file_in_yaml() -> None:
    imported = read_file(
        "joke.yaml", b"_type: prompt\ninput_variables: [topic]\ntemplate: |\n  Tell a joke about {topic}.\n"
    )
    assert imported.template.wording.user == "Tell a joke about {topic}."


def test_langchain_messages() -> None:
    data = {"messages": [["system", "Be kind."], {"role": "human", "content": "About {topic}"}]}
    wording = read_file("chat.json", json.dumps(data).encode()).template.wording
    assert (wording.system, wording.user) == ("Be kind.", "About {topic}")


def test_langchain_manifest_is_read_as_data_and_the_model_behind_it_is_left_out() -> None:
    exported = json.loads(langchain.write(REPLY).content)
    exported["kwargs"]["messages"].insert(
        1,
        {
            "lc": 1,
            "type": "constructor",
            "id": ["langchain", "prompts", "chat", "MessagesPlaceholder"],
            "kwargs": {"variable_name": "history", "optional": True},
        },
    )
    chain = {
        "lc": 1,
        "type": "constructor",
        "id": ["langchain", "schema", "runnable", "RunnableSequence"],
        "kwargs": {
            "first": exported,
            "last": {"lc": 1, "type": "secret", "id": ["OPENAI_API_KEY"]},
        },
    }
    imported = read_file("chain.json", json.dumps(chain).encode())
    assert imported.template.wording == REPLY.wording
    assert any("history" in sentence for sentence in imported.left_out)
    assert any("chain" in sentence for sentence in imported.left_out)


def test_promptflow_prompt_alone() -> None:
    wording = read_file("reply.jinja2", b"# system:\nBe kind.\n\n# user:\n{{question}}\n").template.wording
    assert (wording.system, wording.user) == ("Be kind.", "{question}")


def test_pasted_text_with_role_lines() -> None:
    wording = read_file("", b"system:\nBe kind.\nuser:\n{{question}}").template.wording
    assert (wording.system, wording.user) == ("Be kind.", "{question}")


def test_promptflow_zip_gives_the_wording_of_its_model_step() -> None:
    flow = b"""
inputs:
  question: {type: string, default: "Where is it?"}
nodes:
- name: prepare
  type: python
  source: {type: code, path: prepare.py}
- name: answer
  type: llm
  source: {type: code, path: prompts/answer.jinja2}
  inputs: {deployment_name: gpt-4o, text: "${inputs.question}"}
  connection: open_ai
"""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("desk/flow.dag.yaml", flow)
        zipped.writestr("desk/prompts/answer.jinja2", "user:\nAnswer {{text}}")
        zipped.writestr("desk/prepare.py", "raise SystemExit")
    imported = read_file("desk.zip", archive.getvalue())
    assert imported.template.name == "desk"
    assert imported.template.wording.user == "Answer {text}"
    assert imported.template.wording.slots[0].example == "Where is it?"
    assert any("connection" in sentence for sentence in imported.left_out)
    assert any("other steps" in sentence for sentence in imported.left_out)


@FORMATS
def test_a_line_that_another_tool_would_take_for_a_role_is_not_exported_silently(tool: ModuleType) -> None:
    template = Portable("roles", "Roles", "", "writing", Wording("", "First:\nuser:\nthen"))
    if tool is langchain:
        assert read_back(tool.write(template)).template.wording == template.wording
    else:
        with pytest.raises(AllotmentError, match="start of a message"):
            tool.write(template)
