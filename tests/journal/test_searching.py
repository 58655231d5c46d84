"""Words and names as people type them: small or capital in any script, and whatever name the page shows."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from allotment.engine.actions import Action
from allotment.journal import forms, naming, queries, searching
from allotment.journal.models import JournalEntry
from allotment.journal.queries import Wanted, recent, tickets
from allotment.journal.recording import note
from allotment.journal.sentences import known_actions
from allotment.kernel.errors import TooLarge
from allotment.kernel.ids import new_id
from tests.conftest import MakePerson, SignIn

pytestmark = pytest.mark.django_db


def noted(action: str = "apps.see", **told: Any) -> int:
    """Record something and return its ticket."""
    return note(action, **{"actor": None, "object_kind": "app", "object_id": "x", **told})


def found(wanted: Wanted) -> list[int]:
    """Return the tickets on the first page, newest first; evidence must hold the same."""
    shown = [one.number for one in recent(wanted).entries]
    assert tickets(wanted, 50) == shown
    return shown


def name(monkeypatch: pytest.MonkeyPatch, kind: str, names: Mapping[UUID, str]) -> None:
    """Let things of a kind have these names."""

    def find(ids: Collection[UUID]) -> Mapping[UUID, str]:
        return {one: names[one] for one in ids if one in names}

    monkeypatch.setitem(naming._finders, kind, find)


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("MÜLLER", "müller"),
        ("müller", "MÜLLER"),
        ("Ünlü Dağ", "ÜNLÜ DAĞ"),
        ("Москва", "МОСКВА"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("Łódź", "łÓDŹ"),
        ("Æon – 中文 “X”", "æON – 中文 “x”"),
        ("Šé*[?]", "šÉ*[?]"),
        ("100 % ü_", "100 % Ü_"),
        ('É"quoted"\\', 'é"QUOTED"\\'),
        ("tab\tÉnd", "tab\té"),
        ("Straẞe", "straße"),
    ],
)
def test_small_and_capital_letters_are_the_same_in_every_script(written: str, typed: str) -> None:
    kept = noted(title=f"before {written} after")
    noted(title="before M_LLER mAller xÉnlÉ after SISYFOS 100 percent u.")
    assert found(Wanted(text=typed)) == [kept]


@pytest.mark.parametrize("typed", ["Muller", "mŭller", "m_ller", "M[üÜ]ller", "\N{KELVIN SIGN}"])
def test_another_letter_is_not_the_same(typed: str) -> None:
    noted(title="Müller")
    noted(title="a kitchen")
    assert found(Wanted(text=typed)) == []


@pytest.mark.parametrize("typed", ["rosé", "ROSÉ G"])
def test_the_name_of_an_app_is_found_in_every_entry_about_it(
    monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    app, other = new_id(), new_id()
    name(monkeypatch, "app", {app: "Rosé garden", other: "Tulips"})
    about = [
        noted(object_id=str(app), app=app),
        noted("runs.see", object_kind="run", object_id=str(new_id()), app=app),
    ]
    noted(object_id=str(other), app=other)
    assert found(Wanted(text=typed)) == about[::-1]


def test_the_name_of_what_an_entry_is_about_is_found(
    monkeypatch: pytest.MonkeyPatch, person: MakePerson
) -> None:
    model = new_id()
    name(monkeypatch, "model", {model: "Ärmel XL"})
    ann = person(name="Ann Öström")
    offered = noted("models.offer", object_kind="model", object_id=str(model))
    asked = noted("models.ask", object_kind="model", object_id=str(model))
    changed = noted("people.manage", object_kind="person", object_id=str(ann.id))
    assert found(Wanted(text="ärmel")) == [asked, offered]
    assert found(Wanted(text="öSTRÖM")) == [changed]


def test_a_pack_by_words_is_refused_rather_than_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "LOOKED_THROUGH", 3)
    kept = [noted(title="needle" if number % 4 == 0 else "hay") for number in range(12)][::4]
    assert tickets(Wanted(text="needle"), 50) == kept[::-1]
    assert tickets(Wanted(text="needle"), 2) == kept[:0:-1]
    monkeypatch.setattr(queries, "LOOKED_THROUGH_AT_MOST", 7)
    with pytest.raises(TooLarge, match="there are more"):
        tickets(Wanted(text="needle"), 50)
    assert tickets(Wanted(text="needle"), 1) == kept[2:]


def test_every_action_can_be_chosen(client: Client, signed_in: SignIn) -> None:
    signed_in(client, roles=("auditor",))
    own = ("apps.save-version", "apps.hand-over", "apps.ask-for-review", "journal.rotate-key", "journal.sign")
    words = dict(known_actions())
    assert all(words[action] != action for action in own)
    kept = noted("garden.water")
    html = client.get("/journal/?action=garden.water").content.decode()
    assert '<option value="garden.water" selected>garden.water</option>' in html
    assert f"Entry {kept}<" in html
    for action in own:
        assert f'<option value="{action}">{words[action]}</option>' in html


def test_the_app_is_chosen_from_a_list_by_name(
    client: Client, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in(client, roles=("auditor",))
    one, two = new_id(), new_id()
    name(monkeypatch, "app", {one: "Roses", two: "Tulips"})
    kept = noted(app=one)
    left = noted(app=two)
    html = client.get(f"/journal/?app={one}").content.decode()
    assert f'<option value="{one}" selected>Roses</option>' in html
    assert f"Entry {kept}<" in html
    assert f"Entry {left}<" not in html


def test_among_many_a_part_of_the_name_is_enough(
    client: Client, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch, person: MakePerson
) -> None:
    monkeypatch.setattr(forms, "FEW", 0)
    signed_in(client, roles=("auditor",))
    one, two, same = new_id(), new_id(), new_id()
    name(monkeypatch, "app", {one: "Rosé garden", two: "Tulips", same: "tulips"})
    mira = person(name="Mira Ølberg")
    kept = noted(app=one, actor=mira.id)
    left = [noted(app=two), noted(app=same)]
    for query in ("app=ROSÉ", "actor=øl", f"app={one}", "app=rosé garden&actor=mira"):
        html = client.get(f"/journal/?{query}").content.decode()
        assert f"Entry {kept}<" in html
        assert not [ticket for ticket in left if f"Entry {ticket}<" in html]
    assert 'value="Rosé garden"' in client.get(f"/journal/?app={one}").content.decode()
    html = client.get("/journal/?app=tulips").content.decode()
    assert "This may mean" in html
    assert all(f"…{str(each)[-8:]}”" in html for each in (two, same))
    assert "The journal mentions no such name." in client.get("/journal/?actor=nobody").content.decode()


def test_an_app_that_no_entry_mentions_is_still_shown_as_chosen(client: Client, signed_in: SignIn) -> None:
    signed_in(client, roles=("auditor",))
    nowhere = new_id()
    html = client.get(f"/journal/?app={nowhere}").content.decode()
    assert f'<option value="{nowhere}" selected>…{str(nowhere)[-8:]}</option>' in html
    assert "No entry fits this filter." in html


def test_what_is_asked_all_day_is_not_gone_through_for_names() -> None:
    """Objects are known from what is done seldom; if an action is left out here, its objects are named elsewhere."""
    asked = JournalEntry.objects.filter(action=Action.ASK_MODEL)
    noted("models.ask", object_kind="model", object_id=str(new_id()))
    assert asked.count() == 1
    assert "model" not in searching._objects()


def test_what_has_no_names_is_not_gone_through_for_them() -> None:
    noted("garden.water", object_kind="rose", object_id=str(new_id()))
    noted("records.change", object_kind="app", object_id=str(new_id()))
    noted("apps.make", object_kind="app", object_id="x")
    assert searching._objects() == {"app": {"x"}}
