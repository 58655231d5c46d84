"""The keeper follows changes, and lets its snapshot grow old when it cannot."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from django.db import OperationalError, transaction

from allotment.composition.snapshot import keeping
from allotment.composition.snapshot.keeping import Keeper
from allotment.engine.gate.breaker import Breakers
from allotment.engine.principals import Role
from allotment.journal import changes
from allotment.journal.recording import note
from allotment.kernel.errors import ProviderError, Unavailable
from allotment.people.granting import set_roles
from allotment.people.leaving import deactivate
from allotment.people.models import Person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("reaching")]

SOON_SECONDS = 60


def soon(is_so: Callable[[], bool]) -> bool:
    """Wait until something is so."""
    deadline = time.monotonic() + SOON_SECONDS
    while time.monotonic() < deadline:
        if is_so():
            return True
        time.sleep(0.005)
    return False


@pytest.fixture
def keeper() -> Iterator[Keeper]:
    made = Keeper(poll_seconds=0.02)
    yield made
    made.stop()


class TornFeed:
    """A feed from a database that is away until it is mended."""

    def __init__(self, feed) -> None:
        self._feed, self.is_torn, self.asked = feed, True, threading.Event()

    def poll_objects(self):
        if self.is_torn:
            self.asked.set()
            raise OperationalError("the database is away")
        return self._feed.poll_objects()


def test_a_change_replaces_the_snapshot(organisation, keeper):
    keeper.start()
    first = keeper.current()
    deactivate(None, organisation.maker.id)
    assert soon(lambda: organisation.maker.id not in keeper.current().actors)
    assert organisation.maker.id in first.actors


def test_a_changed_connection_is_tried_at_once(organisation, keeper):
    breakers = Breakers()
    breakers.enter("mended").failed(ProviderError("bad key", rejected_credential=True))
    assert breakers.resting() == {"mended"}
    keeper.tell_of_connections(breakers.forget)
    keeper.start()
    note("connections.change", actor=organisation.officer.id, object_kind="connection", object_id="mended")
    assert soon(lambda: not breakers.resting())


def test_several_changes_are_all_followed(organisation, keeper):
    keeper.start()
    for roles in ({Role.REVIEWER}, {Role.STEWARD}, {Role.OFFICER}):
        set_roles(None, organisation.maker.id, frozenset(roles))
        assert soon(lambda: keeper.current().actors[organisation.maker.id].roles == roles)  # noqa: B023


def test_a_nudge_looks_at_once(organisation):
    slow = Keeper(poll_seconds=600)
    slow.start()
    try:
        deactivate(None, organisation.maker.id)
        slow.nudge()
        assert soon(lambda: organisation.maker.id not in slow.current().actors)
    finally:
        slow.stop()


def test_a_change_in_this_process_nudges_right_after_its_commit(organisation):
    told = []
    changes.tell_with(lambda: told.append(True))
    try:
        with transaction.atomic():
            deactivate(None, organisation.maker.id)
            assert not told
        assert told
    finally:
        changes.tell_with(None)


def test_before_the_first_reading_nothing_is_known(keeper):
    with pytest.raises(Unavailable, match="still being read"):
        keeper.current()
    assert keeper.age() == float("inf")


def test_looking_keeps_the_snapshot_young(organisation, keeper):
    keeper.start()
    for _ in range(3):
        before = keeper._looked_at
        assert soon(lambda: keeper._looked_at > before)  # noqa: B023


def test_while_the_database_is_away_the_snapshot_grows_old_and_nothing_is_missed(organisation, keeper):
    keeper.start()
    torn = keeper._feed = TornFeed(keeper._feed)
    assert torn.asked.wait(SOON_SECONDS)  # so the look before has ended
    age = keeper.age()
    deactivate(None, organisation.maker.id)
    time.sleep(0.1)
    assert keeper.age() >= age + 0.1
    assert organisation.maker.id in keeper.current().actors
    torn.is_torn = False
    assert soon(lambda: organisation.maker.id not in keeper.current().actors)
    assert soon(lambda: keeper.age() < 1)


def test_a_change_whose_reading_fails_is_read_later(organisation, keeper, monkeypatch):
    keeper.start()
    failed = []
    renew = keeping.renew

    def fails_once(*arguments):
        if not failed:
            failed.append(arguments)
            raise OperationalError("the database went away")
        return renew(*arguments)

    monkeypatch.setattr(keeping, "renew", fails_once)
    deactivate(None, organisation.maker.id)
    assert soon(lambda: organisation.maker.id not in keeper.current().actors)
    assert failed


@pytest.mark.parametrize("defect", [KeyError("of Vera Planck"), ProviderError("sk-verysecret")])
def test_after_a_defect_the_keeper_looks_again_and_misses_nothing(
    organisation, keeper, monkeypatch, caplog, defect
):
    keeper.start()
    renew, tries = keeping.renew, []

    def breaks(*_):
        tries.append(True)
        raise defect

    monkeypatch.setattr(keeping, "renew", breaks)
    deactivate(None, organisation.maker.id)
    assert soon(lambda: len(tries) > 2)
    assert organisation.maker.id in keeper.current().actors
    monkeypatch.setattr(keeping, "renew", renew)
    assert soon(lambda: organisation.maker.id not in keeper.current().actors)
    assert soon(lambda: keeper.age() < 1)
    assert [entry.getMessage().split(": ")[1] for entry in caplog.records] == [type(defect).__name__]
    assert "Planck" not in caplog.text
    assert "secret" not in caplog.text


def test_what_changed_past_the_journal_is_seen_in_time(organisation, keeper, monkeypatch):
    keeper.start()
    Person.objects.filter(id=organisation.maker.id).update(is_active=False)
    time.sleep(0.1)
    assert organisation.maker.id in keeper.current().actors
    monkeypatch.setattr(keeping, "_WHOLE_SECONDS", 0)
    assert soon(lambda: organisation.maker.id not in keeper.current().actors)


def test_a_process_without_a_keeper_says_so():
    with pytest.raises(Unavailable, match="does not know the rules"):
        keeping.current()
