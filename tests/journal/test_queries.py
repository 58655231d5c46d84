"""Searching the journal: each filter, words as people type them, a bounded look at a time."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from allotment.journal import queries
from allotment.journal.queries import Wanted, recent, tickets
from allotment.journal.reading import note_reading
from allotment.journal.recording import note
from allotment.kernel import clock
from allotment.kernel.ids import new_id
from tests.conftest import MakePerson

pytestmark = pytest.mark.django_db


def noted(action: str = "apps.see", **told: Any) -> int:
    """Record something and return its ticket."""
    return note(action, **{"actor": None, "object_kind": "app", "object_id": "x", **told})


def found(wanted: Wanted) -> list[int]:
    """Return the tickets on the first page."""
    return [one.number for one in recent(wanted).entries]


@pytest.mark.parametrize(
    "text", ["Roses & tulips", "ROSES", "“quoted”", 'said "so"', "100 %", "a_b", "back\\slash", "50% of_it"]
)
def test_words_are_found_as_they_were_written(text: str) -> None:
    kept = noted(title=f"Before {text.title() if text == 'ROSES' else text} after")
    noted(title="100 of axb; 50 percent of it")
    assert found(Wanted(text=text)) == [kept]
    assert tickets(Wanted(text=text), 10) == [kept]


def test_words_are_found_in_the_name_of_who_acted(person: MakePerson) -> None:
    mira = person(name="Mira Ølberg")
    kept = noted(actor=mira.id)
    noted(actor=person(name="Somebody").id)
    assert found(Wanted(text="mira øL")) == [kept]


def test_only_what_needs_a_look_is_found() -> None:
    kept = noted(flagged=True)
    noted()
    assert found(Wanted(is_flagged=True)) == [kept]


def test_days_are_whole_and_reach_to_the_last() -> None:
    day = datetime(2026, 3, 29, tzinfo=UTC)
    tickets_of = {}
    for when in (day, day + timedelta(days=1, microseconds=-1), day + timedelta(days=1)):
        with clock.frozen(when):
            tickets_of[when] = noted()
    first, last, next_day = tickets_of.values()
    assert found(Wanted(since=day.date(), until=day.date())) == [last, first]
    assert found(Wanted(since=date.min, until=date.max)) == [next_day, last, first]


def test_who_read_the_journal_is_found_when_asked_for() -> None:
    kept = noted()
    note_reading(None, "a test")
    assert found(Wanted()) == [kept]
    assert len(found(Wanted(with_readings=True))) == 2
    assert len(found(Wanted(action="journal.read"))) == 1


def test_a_search_looks_at_some_entries_at_a_time_and_reaches_all_of_them_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queries, "LOOKED_THROUGH", 7)
    kept = [noted(title="needle" if number % 5 == 0 else "hay") for number in range(40)][::5]
    assert list(_read_on(Wanted(text="needle"))) == kept[::-1]


def test_a_search_that_finds_more_than_a_page_goes_on_where_it_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queries, "LOOKED_THROUGH", 9)
    app = new_id()
    kept = [noted(app=app, title="needle") for _ in range(20)]
    assert list(_read_on(Wanted(text="needle", app=app), limit=2)) == kept[::-1]


def _read_on(wanted: Wanted, limit: int = 50) -> Iterable[int]:
    before = None
    while True:
        page = recent(wanted, before=before, limit=limit)
        yield from (one.number for one in page.entries)
        if page.older is None:
            return
        before = page.older
