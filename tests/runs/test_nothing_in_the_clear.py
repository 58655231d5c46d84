"""Whatever people and providers put into runs is in no file of an installation as it was put.

Each place where somebody can put text gets a mark of its own; then every byte of the database (all pages, its
write-ahead log before and after it is emptied) and of the rest of the home is searched for the marks.
"""

import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connections

from allotment.adapters.providers.scripted import speaking
from allotment.engine.principals import Role
from allotment.kernel.settings import settings
from allotment.llms import credentials
from allotment.llms.connecting import NewConnection, connect
from allotment.llms.models import Connection
from allotment.microapps.exchanging import push
from allotment.microapps.publishing import publish
from allotment.microapps.queries import app_for, runnable
from allotment.microapps.releasing import WantedReach
from allotment.microapps.saving import save_version
from allotment.microapps.states import Audience
from allotment.people.models import Space
from allotment.records import correcting
from allotment.records.models import Record
from allotment.runs import cancelling, starting
from allotment.runs.batches import queries as batches
from allotment.runs.batches import starting as many
from allotment.runs.batches.judging import ALIKE_FAILURES
from allotment.runs.queries import run_for
from allotment.runs.starting import Upload
from allotment.runs.values import RunDetail
from allotment.sheets.receiving import receive
from tests.conftest import MakePerson, Somebody
from tests.reading import bytes_of
from tests.runs.test_running import finished

pytestmark = pytest.mark.sqlite

SPEC = """
allotment: 1
name: everything
title: Everything
purpose: Take whatever can be brought.
form:
  - {field: question, label: Question, kind: long text, required: true}
  - {field: letter, label: Letter, kind: document, required: true}
  - {field: comments, label: Comments, kind: table, required: true, columns: [{column: Comment}]}
steps:
  - {step: content, do: read, from: form.letter}
  - step: topic
    do: for each
    rows: form.comments
    template: sort-into-topics@1
    with: {text: row.Comment}
    answer: {choice: [price, staff]}
  - {step: reply, do: ask, template: rewrite-plainly@1, with: {text: form.question}}
  - {step: gist, do: ask, template: summarise-in-three-sentences@1, with: {text: steps.content}}
  - {step: keep, do: save, collection: kept, from: steps.topic}
  - {step: note, do: save, collection: notes, values: {said: steps.reply, asked: form.question}}
result:
  - {show: text, from: steps.reply, title: Reply}
  - {show: table, from: steps.topic, title: All}
"""
ONE_ROW = """
allotment: 1
name: one-row
title: One row
purpose: Answer one question.
form:
  - {field: question, label: Question, kind: long text, required: true, max: 60}
steps:
  - {step: topic, do: ask, template: sort-into-topics@1, with: {text: form.question}, answer: {choice: [price, staff]}}
result:
  - {show: label, from: steps.topic, title: Topic}
"""
ANSWERS = [
    {"when": "dear", "answer": "price"},
    {"when": "Markquestion", "answer": "markanswer of a text"},
    {"when": "Markdocument", "answer": "markgist of a document"},
    {"when": "", "answer": "marklabel, which is none of them"},
]
MARKS = (
    "markquestion",
    "markdocumentname",
    "markdocumentcontent",
    "markanswer",
    "markgist",
    "marklabel",
    "markprovider",
    "marksheetname",
    "markcolumn",
    "markcell",
    "markunused",
    "markbatchname",
    "markbatchcell",
    "markcorrection",
    "markcredential",
)
PATIENCE_SECONDS = 60


@pytest.fixture
def everything(installation: None, maker: Somebody, script: Callable[..., None], tmp_path: Path) -> UUID:
    """An app that takes whatever can be brought, and a model that answers with marks."""
    rules = tmp_path / "script.json"
    rules.write_text(json.dumps(ANSWERS))
    script(script=str(rules))
    return _published(maker, SPEC)


def _published(maker: Somebody, spec: str) -> UUID:
    made = push(maker.actor, spec).app.id
    save_version(made, maker.actor)
    publish(made, maker.actor, WantedReach(Audience.ME))
    return made


def _found(marks: tuple[str, ...]) -> dict[str, list[str]]:
    """Return the files in which each of these marks lies in the clear."""
    connection = connections["default"]
    database = Path(connection.settings_dict["NAME"])
    files = {path for path in settings().home.rglob("*") if path.is_file()}
    files |= set(database.parent.glob(f"{database.name}*"))
    assert {database, database.with_name(f"{database.name}-wal")} <= files
    before = _contents(files)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    found: dict[str, list[str]] = {}
    for contents in (before, _contents(files)):
        for mark in marks:
            where = [path.name for path, content in contents.items() if mark.encode() in content]
            if where:
                found[mark] = sorted({*found.get(mark, []), *where})
    return found


def _contents(files: set[Path]) -> dict[Path, bytes]:
    return {path: bytes_of(path).lower() for path in files if path.exists()}


def _run(maker: Somebody, app: UUID) -> RunDetail:
    rows = "No;Comment;Markcolumn\n1;Too dear;Markcell one\n2;Neither;Markcell two\n"
    sheet = receive(maker.actor, "marksheetname.csv", io.BytesIO(rows.encode()))
    form = {"question": "Markquestion: where is it?", "comments": sheet.text}
    letter = Upload("markdocumentname.txt", b"Markdocumentcontent: it is late.")
    return finished(maker.actor, starting.start(app, maker.actor, form, uploads={"letter": letter}))


def _many(maker: Somebody, app: UUID, rows: str) -> batches.BatchView:
    sheet = receive(maker.actor, "markbatchname.csv", io.BytesIO(rows.encode()))
    batch = many.start(maker.actor, runnable(app, maker.actor), sheet.id, {"question": "Question"})
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (found := batches.batch_for(maker.actor, batch)).is_at_work:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


def _fail_in_words(script: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the provider refuse every request, and quote it."""
    said = speaking.from_status
    monkeypatch.setattr(
        speaking,
        "from_status",
        lambda host, answered, headers, _detail: said(
            host, answered, headers, "Markprovider: no “Markquestion”"
        ),
    )
    script(failure="400")


def test_nothing_that_goes_through_a_run_lies_in_the_clear(everything: UUID, maker: Somebody) -> None:
    run = _run(maker, everything)
    assert run.state == "done", run.message
    assert "markanswer" in str(run.parts)
    assert Record.objects.count() == 3
    assert _found(MARKS) == {}


def test_nothing_that_a_provider_says_lies_in_the_clear(
    everything: UUID, maker: Somebody, script: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    _fail_in_words(script, monkeypatch)
    run = _run(maker, everything)
    assert run.state == "failed"
    one = _published(maker, ONE_ROW)
    alone = finished(maker.actor, starting.start(one, maker.actor, {"question": "Markquestion?"}))
    assert "Markprovider" in alone.remedy
    assert _found(MARKS) == {}


def test_nothing_of_a_batch_lies_in_the_clear(
    everything: UUID, maker: Somebody, script: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = _published(maker, ONE_ROW)
    rows = (
        "Question;Other\nToo dear;Markbatchcell\nNeither;Markbatchcell\n" + "Markcell " * 20 + ";too long\n"
    )
    ended = _many(maker, one, rows)
    assert (ended.done, ended.failed, ended.unfit) == (1, 1, 1)
    assert "marklabel" in str(batches.troubles(ended.id))
    _fail_in_words(script, monkeypatch)
    rows = "Question\n" + "".join(f"Markbatchcell {number}\n" for number in range(2 * ALIKE_FAILURES))
    paused = _many(maker, one, rows)
    assert paused.state == "paused"
    assert "Markprovider" in paused.remedy
    assert _found(MARKS) == {}


def test_nothing_of_what_is_brought_corrected_or_cancelled_lies_in_the_clear(
    everything: UUID, maker: Somebody, script: Callable[..., None]
) -> None:
    receive(maker.actor, "markunused.csv", io.BytesIO(b"Markcolumn\nMarkcell\n"))
    _run(maker, everything)
    record = Record.objects.get(collection="notes")
    corrected = {"said": "markcorrection"}
    assert correcting.correct(maker.actor, app_for(maker.actor, everything), record.id, corrected) == 1
    script(delay_milliseconds="5000")
    one = _published(maker, ONE_ROW)
    run = starting.start(one, maker.actor, {"question": "Markquestion?"})
    cancelling.cancel(run, maker.actor)
    assert run_for(maker.actor, run).message == "You cancelled this run."
    assert _found(MARKS) == {}


def test_no_credential_lies_in_the_clear(
    installation: None, person: MakePerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    officer = person(roles=[Role.OFFICER])
    monkeypatch.setattr("allotment.llms.connecting._listed", lambda _provider: ("a-model",))
    values = {"key": "markcredential-0123456789", "endpoint": "https://models.example.org/v1"}
    made = connect(NewConnection("openai_compatible", "Somewhere", values), officer.actor)
    row = Connection.objects.get(id=made)
    assert credentials.unseal(made, row.sealed_secrets) == {"key": values["key"]}
    assert _found(MARKS) == {}


def test_a_mark_in_the_clear_would_be_found(everything: UUID, maker: Somebody) -> None:
    Space.objects.create(name="Markplanted")
    assert set(_found((*MARKS, "markplanted"))) == {"markplanted"}
