"""The page of the journal: readable, filtered, for those who may read it."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from allotment.engine.recording import Entry
from allotment.journal import naming
from allotment.journal.queries import Wanted, recent
from allotment.journal.recording import note, record
from allotment.journal.sentences import About, sentence
from allotment.kernel import clock
from allotment.kernel.ids import new_id

pytestmark = pytest.mark.django_db


def sentences_on(response):
    html = response.content.decode()
    return [" ".join(found.split()) for found in re.findall(r"<div><span>(.*?)</span>", html, re.DOTALL)]


@pytest.fixture
def auditor(client, signed_in):
    return signed_in(client, roles=("auditor",), name="Ada Auditor")


def test_the_page_tells_what_happened_newest_first(client, auditor, person):
    mira = person(name="Mira Maker")
    note("apps.make", actor=mira.id, object_kind="app", object_id="x", title="Card questions")
    note(
        "apps.run", actor=mira.id, object_kind="app", object_id="x", outcome="refused", title="Card questions"
    )
    note("models.offer", actor=None, object_kind="model", object_id="m", title="Practice model")
    assert sentences_on(client.get("/journal/"))[:3] == [
        "This installation turned on the model “Practice model”.",
        "Mira Maker wanted to run the app “Card questions” and was refused.",
        "Mira Maker made the app “Card questions”.",
    ]


def test_an_action_without_a_phrase_is_shown_by_its_name():
    assert sentence("apps.water", "done", "Mira", About("Roses")) == "Mira did “apps.water” with “Roses”."
    assert sentence("apps.water", "failed", "", About("Roses")) == (
        "This installation tried to do “apps.water” with “Roses”, which failed."
    )


def test_an_object_without_a_name_is_told_by_its_app(monkeypatch):
    app = new_id()
    monkeypatch.setitem(naming._finders, "app", lambda ids: dict.fromkeys(ids, "Card questions"))
    note("apps.run", actor=None, object_kind="run", object_id=str(new_id()), app=app)
    note("apps.run", actor=None, object_kind="run", object_id="0190-short")
    unnamed, named = recent(Wanted(), limit=2).entries
    assert named.sentence == "This installation ran the app “Card questions”."
    assert unnamed.sentence == "This installation ran the app “0190-short”."


def test_what_has_a_word_for_an_id_goes_by_it(monkeypatch):
    """A model is no app, even where the app that asked is known."""
    app = new_id()
    monkeypatch.setitem(naming._finders, "app", lambda ids: dict.fromkeys(ids, "Card questions"))
    note("models.ask", actor=None, object_kind="model", object_id="example-model", app=app)
    note("templates.write", actor=None, object_kind="template", object_id=str(new_id()), reference="sort@2")
    template, model = recent(Wanted(), limit=2).entries
    assert model.sentence == "This installation asked the model “example-model”."
    assert template.sentence == "This installation wrote the template “sort@2”."


def test_a_space_and_who_belongs_to_it_are_named(person):
    mira = person(name="Mira Maker", spaces=("Service desk",))
    space = mira.row.spaces.get().id
    note("spaces.manage", actor=None, object_kind="space", object_id=str(space), space=space)
    note("spaces.manage", actor=None, object_kind="person", object_id=str(mira.id), space=space)
    member, changed = recent(Wanted(), limit=2).entries
    assert changed.sentence == "This installation changed the space “Service desk”."
    assert member.sentence == "This installation changed which spaces “Mira Maker” belongs to."


def test_details_are_told_in_words(client, auditor):
    ticket = note(
        "apps.see", actor=None, object_kind="app", object_id="x", tokens_in=49, demo=True, none=None
    )
    html = client.get(f"/journal/{ticket}/").content.decode()
    assert re.search(r"<dt>tokens in</dt><dd[^>]*>49</dd>", html)
    assert re.search(r"<dt>demo</dt><dd[^>]*>yes</dd>", html)
    assert re.search(r"<dt>none</dt><dd[^>]*>–</dd>", html)


@pytest.mark.parametrize(
    ("action", "details"),
    [
        ("runs.receipt", {"receipt": "sha256:0", "row": 7}),
        ("runs.receipt", {"receipt": "sha256:0", "row": 7, "batch": "none"}),
        ("runs.receipt", {"receipt": "sha256:0"}),
        ("models.ask", {"key": "none"}),
    ],
)
def test_an_entry_that_names_no_receipt_there_is_can_be_read(client, auditor, action, details):
    ticket = note(action, actor=None, object_kind="run", object_id="x", **details)
    response = client.get(f"/journal/{ticket}/")
    assert response.status_code == 200
    assert "what this entry vouches for" not in response.content.decode()


def test_each_filter_keeps_what_fits(client, auditor, person):
    mira, app, run = person(name="Mira"), new_id(), new_id()
    day = datetime(2026, 3, 29, 23, 59, 59, tzinfo=UTC)
    with clock.frozen(day):
        kept = note(
            "apps.run", actor=mira.id, object_kind="app", object_id="x", app=app, run=run, outcome="failed"
        )
    with clock.frozen(day + timedelta(seconds=1)):
        note("apps.see", actor=auditor.id, object_kind="app", object_id="y")
    for query in (
        f"actor={mira.id}", f"app={app}", f"run={run}", "action=apps.run&outcome=failed",
        "since=2026-03-29&until=2026-03-29",
    ):  # fmt: skip
        html = client.get(f"/journal/?{query}").content.decode()
        assert f"Entry {kept}<" in html
        assert len(re.findall("Entry [0-9]+<", html)) == 1


def test_a_filter_that_cannot_be_read_is_left_out(client, auditor):
    note("apps.see", actor=None, object_kind="app", object_id="x")
    response = client.get("/journal/?actor=nobody&since=yesterday&app=x&before=9999999999999999999999")
    assert response.status_code == 200
    assert sentences_on(response)


def test_reading_on_shows_every_entry_once():
    app = new_id()
    numbers = [record(Entry(clock.now(), "apps.see", "done", None, "app", "x", app=app)) for _ in range(7)]
    read: list[int] = []
    before = None
    while True:
        page = recent(Wanted(app=app), before=before, limit=3)
        read += [entry.number for entry in page.entries]
        note("apps.see", actor=None, object_kind="app", object_id="x", app=app)  # arrives meanwhile
        if page.older is None:
            break
        before = page.older
    assert read == numbers[::-1]


def test_older_entries_are_one_click_away(client, auditor):
    for _ in range(60):
        note("apps.see", actor=None, object_kind="app", object_id="x")
    html = client.get("/journal/?action=apps.see").content.decode()
    link = re.search(r'href="(\?action=apps\.see&amp;before=\d+)"', html)
    assert link
    older = client.get("/journal/" + link[1].replace("&amp;", "&"))
    assert len(sentences_on(older)) >= 10
    assert "Newest" in older.content.decode()


def test_what_an_entry_holds_is_escaped(client, auditor):
    note("apps.see", actor=None, object_kind="app", object_id="x", title="<script>alert(1)</script>")
    assert "<script>alert" not in client.get("/journal/").content.decode()


@pytest.mark.parametrize("role", ["colleague", "maker", "steward"])
def test_others_may_not_read_it(client, signed_in, role):
    signed_in(client, roles=(role,))
    assert client.get("/journal/").status_code == 403
