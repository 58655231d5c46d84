"""What changed is told once, even if its transaction commits after later ones."""

import threading

import pytest
from django.db import connection, connections, transaction

from allotment.journal import changes
from allotment.journal.changes import ChangeFeed
from allotment.journal.models import JournalChange
from allotment.journal.recording import note

pytestmark = pytest.mark.django_db(transaction=True)


def change(kind: str, action: str = "apps.make", outcome: str = "done") -> None:
    note(action, actor=None, object_kind=kind, object_id="x", outcome=outcome)


def test_a_change_is_told_once():
    feed = ChangeFeed()
    change("app")
    change("template")
    assert feed.poll() == {"app", "template"}
    assert feed.poll() == frozenset()
    change("app")
    assert feed.poll() == {"app"}


def test_what_changed_before_is_not_told():
    change("app")
    assert ChangeFeed().poll() == frozenset()


def test_what_changes_nothing_is_not_told():
    feed = ChangeFeed()
    change("model", action="models.ask")
    change("app", outcome="refused")
    change("app", outcome="failed")
    assert feed.poll() == frozenset()


def test_a_change_that_is_undone_is_not_told():
    feed = ChangeFeed()
    with transaction.atomic():
        change("app")
        transaction.set_rollback(True)
    assert feed.poll() == frozenset()
    change("model")
    assert feed.poll() == {"model"}


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite writes one transaction at a time")
@pytest.mark.parametrize("began_before", [False, True])
def test_a_transaction_that_commits_late_is_told(began_before):
    """It takes a lower number than the others and shows it after them, to feeds made before and after."""
    written, may_commit = threading.Event(), threading.Event()

    def late() -> None:
        with transaction.atomic():
            change("late")
            written.set()
            may_commit.wait(60)
        connections.close_all()

    feed = ChangeFeed() if began_before else None
    thread = threading.Thread(target=late)
    thread.start()
    written.wait(60)
    change("early")
    feed = feed or ChangeFeed()
    assert feed.poll() == ({"early"} if began_before else frozenset())
    may_commit.set()
    thread.join()
    assert feed.poll() == {"late"}
    assert feed.poll() == frozenset()


def test_old_rows_are_trimmed():
    for _ in range(8):
        change("app")
    feed = ChangeFeed()
    changes.trim(3)
    assert JournalChange.objects.count() == 3
    change("model")
    assert feed.poll() == {"model"}
