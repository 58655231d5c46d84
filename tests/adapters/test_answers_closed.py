"""Schemas that reach further than an answer: nothing is looked up, and nothing breaks."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from allotment.adapters.wires.answers import read
from allotment.engine.asking import AnswerFields


class _Elsewhere(HTTPServer):
    """Serves a schema that everything fits, and remembers who asked for it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Hand)
        self.asked: list[str] = []


class _Hand(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def elsewhere() -> Iterator[_Elsewhere]:
    with _Elsewhere() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(10)


def _with(**field: object) -> AnswerFields:
    return AnswerFields({"type": "object", "properties": {"n": field}})


def test_a_reference_is_never_fetched(elsewhere: _Elsewhere) -> None:
    address = f"http://127.0.0.1:{elsewhere.server_port}/schema"
    assert read(_with(type="number", **{"$ref": address}), '{"n": 1}') is None
    assert elsewhere.asked == []


def test_a_base_of_ones_own_is_never_fetched(elsewhere: _Elsewhere) -> None:
    base = f"http://127.0.0.1:{elsewhere.server_port}/"
    schema = {"$id": base, "type": "object", "properties": {"n": {"$ref": "other"}}}
    assert read(AnswerFields(schema), '{"n": 1}') is None
    assert elsewhere.asked == []


def test_a_file_is_never_read(tmp_path: Path) -> None:
    (tmp_path / "ref.json").write_text("{}")
    assert read(_with(**{"$ref": (tmp_path / "ref.json").as_uri()}), '{"n": 1}') is None


def test_nothing_is_even_looked_up_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def looked_up(*_: object) -> None:
        raise AssertionError("a name was looked up")

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    assert read(_with(**{"$ref": "https://example.org/schema"}), '{"n": 1}') is None


UNUSABLE: dict[str, dict[str, Any]] = {
    "a reference to nowhere": {"$ref": "#/nowhere"},
    "a reference to itself": {"$ref": "#/properties/n"},
    "an anchor nobody set": {"$ref": "#there"},
    "a pattern that is none": {"pattern": "("},
    "a type nobody knows": {"type": "sausage"},
    "a bound that is a text": {"minLength": "long"},
    "words where a schema belongs": {"allOf": "everything"},
    "a number where a list belongs": {"enum": 7},
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_nothing_fits_a_schema_that_cannot_be_followed(kind: str) -> None:
    assert read(_with(**UNUSABLE[kind]), '{"n": "x"}') is None


def test_a_number_too_long_to_read_fits_nothing() -> None:
    assert read(_with(type="integer"), '{"n": ' + "1" * 5000 + "}") is None


def test_a_reference_within_the_schema_still_holds() -> None:
    schema = {
        "type": "object",
        "properties": {"n": {"$ref": "#/$defs/whole"}},
        "$defs": {"whole": {"type": "integer"}},
    }
    assert json.loads(read(AnswerFields(schema), '{"n": 1}') or "") == {"n": 1}
    assert read(AnswerFields(schema), '{"n": "one"}') is None
