"""Data keys: made once, found again, and never lost to a rollback."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from django.db import connections, transaction

from allotment.adapters.master_keys.key_file import KeyFile
from allotment.kernel.crypto import DataKey, LocalMasterKey, Vault, key_id_of
from allotment.kernel.errors import Erased, Unavailable
from allotment.keys import keeping
from allotment.keys.erasing import destroy
from allotment.keys.keeping import StoredDataKeys, stored_keys
from allotment.keys.models import DataKeyRow, Kind
from tests.keys.conftest import Home

CONTEXT = "a table.a column:1"


def vault(keys: StoredDataKeys = stored_keys) -> Vault:
    return Vault(keys)


@pytest.mark.django_db
def test_a_value_opens_again_in_another_process(home: Home) -> None:
    sealed = vault().seal(b"plain", context=CONTEXT, subject=uuid4())
    assert vault(StoredDataKeys()).open(sealed, context=CONTEXT) == b"plain"


@pytest.mark.django_db
def test_one_general_key_and_one_for_each_person(home: Home) -> None:
    ann, bo = uuid4(), uuid4()
    for subject in (None, ann, bo, ann, None):
        vault().seal(b"", context=CONTEXT, subject=subject)
    kinds = DataKeyRow.objects.order_by("kind").values_list("kind", "subject")
    assert sorted(kinds, key=str) == sorted([("general", None), ("person", ann), ("person", bo)], key=str)


@pytest.mark.django_db
def test_the_stored_key_is_wrapped(home: Home) -> None:
    sealed = vault().seal(b"plain", context=CONTEXT)
    row = DataKeyRow.objects.get()
    assert key_id_of(sealed) == row.id.bytes
    assert len(bytes(row.wrapped)) == 12 + 32 + 16
    assert row.master == keeping.masters.masters().current.newest()


@pytest.mark.parametrize("subject", [None, UUID(int=7)])
def test_a_key_made_in_a_transaction_that_is_undone_is_not_used_again(transactions: Home, subject) -> None:
    with transaction.atomic():
        lost = vault().seal(b"lost", context=CONTEXT, subject=subject)
        transaction.set_rollback(True)
    kept = vault().seal(b"kept", context=CONTEXT, subject=subject)
    assert key_id_of(kept) != key_id_of(lost)
    transactions.restart()
    assert vault().open(kept, context=CONTEXT) == b"kept"
    with pytest.raises(Unavailable, match="does not hold"):
        vault().open(lost, context=CONTEXT)


def test_a_key_made_in_an_inner_transaction_that_is_undone_is_not_used_by_the_outer(
    transactions: Home,
) -> None:
    with transaction.atomic():
        with transaction.atomic():
            vault().seal(b"lost", context=CONTEXT)
            transaction.set_rollback(True)
        kept = vault().seal(b"kept", context=CONTEXT)
    transactions.restart()
    assert vault().open(kept, context=CONTEXT) == b"kept"


def test_several_values_of_one_transaction_share_its_new_key(transactions: Home) -> None:
    with transaction.atomic():
        sealed = [vault().seal(b"x", context=CONTEXT) for _ in range(3)]
    assert len({key_id_of(one) for one in sealed}) == 1
    assert key_id_of(vault().seal(b"x", context=CONTEXT)) == key_id_of(sealed[0])


def test_processes_that_start_together_make_one_key(transactions: Home) -> None:
    together, subject = threading.Barrier(4), uuid4()

    def first_seal(_: int) -> bytes:
        together.wait(60)
        try:
            return vault(StoredDataKeys()).seal(b"x", context=CONTEXT, subject=subject)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        sealed = list(threads.map(first_seal, range(4)))
    assert DataKeyRow.objects.filter(subject=subject).count() == 1
    assert {vault().open(one, context=CONTEXT) for one in sealed} == {b"x"}


def test_a_master_key_made_while_this_process_looked_for_it_is_not_called_missing(
    transactions: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = KeyFile.read
    sealed: list[bytes] = []

    def absent_then_made_elsewhere(file: KeyFile) -> LocalMasterKey | None:
        monkeypatch.setattr(KeyFile, "read", looked)
        sealed.append(vault(StoredDataKeys()).seal(b"theirs", context=CONTEXT, subject=uuid4()))
        return None

    monkeypatch.setattr(KeyFile, "read", absent_then_made_elsewhere)
    sealed.append(vault(StoredDataKeys()).seal(b"ours", context=CONTEXT))
    transactions.restart()
    assert [vault().open(one, context=CONTEXT) for one in sealed] == [b"theirs", b"ours"]


def test_a_key_in_use_costs_no_query(
    transactions: Home, django_assert_num_queries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "FRESH_SECONDS", 600)
    sealed = vault().seal(b"x", context=CONTEXT)
    vault().open(sealed, context=CONTEXT)
    with django_assert_num_queries(0):
        vault().open(vault().seal(b"x", context=CONTEXT), context=CONTEXT)


def test_a_destroyed_key_is_not_used_here_from_then_on(transactions: Home) -> None:
    ann = uuid4()
    sealed = vault().seal(b"x", context=CONTEXT, subject=ann)
    destroy(ann)
    with pytest.raises(Erased, match="erased on request"):
        vault().open(sealed, context=CONTEXT)
    with pytest.raises(Erased):
        vault().seal(b"x", context=CONTEXT, subject=ann)


def test_a_key_destroyed_by_another_process_is_noticed_within_a_second(
    transactions: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert keeping.FRESH_SECONDS <= 1
    monkeypatch.setattr(
        keeping, "FRESH_SECONDS", 600
    )  # so that this machine cannot be too slow for what follows
    elsewhere, ann = vault(StoredDataKeys()), uuid4()
    sealed = elsewhere.seal(b"x", context=CONTEXT, subject=ann)
    destroy(ann)
    assert elsewhere.open(sealed, context=CONTEXT) == b"x"
    later = time.monotonic() + keeping.FRESH_SECONDS
    monkeypatch.setattr(keeping.time, "monotonic", lambda: later)
    with pytest.raises(Erased):
        elsewhere.open(sealed, context=CONTEXT)
    with pytest.raises(Erased):
        elsewhere.seal(b"x", context=CONTEXT, subject=ann)


def test_a_destruction_that_is_undone_leaves_the_key(transactions: Home) -> None:
    ann = uuid4()
    sealed = vault().seal(b"x", context=CONTEXT, subject=ann)
    with transaction.atomic():
        destroy(ann)
        transaction.set_rollback(True)
    assert vault().open(sealed, context=CONTEXT) == b"x"


@pytest.mark.django_db
def test_only_so_many_keys_are_remembered(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MOST_REMEMBERED", 3)
    keys = StoredDataKeys()
    sealed = [vault(keys).seal(b"x", context=CONTEXT, subject=uuid4()) for _ in range(6)]
    assert {vault(keys).open(one, context=CONTEXT) for one in sealed} == {b"x"}
    assert len(keys._by_id) == 3


@pytest.mark.django_db
def test_a_key_that_is_not_in_this_database_is_said_to_be_missing(home: Home) -> None:
    with pytest.raises(Unavailable, match="does not hold"):
        stored_keys.find(uuid4().bytes)


@pytest.mark.django_db
def test_a_former_master_key_is_no_key_of_values(home: Home) -> None:
    vault().seal(b"", context=CONTEXT)
    row_id = keeping.former_master_id(b"abcd")
    DataKeyRow.objects.create(id=row_id, kind=Kind.FORMER_MASTER, wrapped=b"", master="")
    with pytest.raises(Unavailable):
        stored_keys.find(row_id.bytes)


@pytest.mark.django_db
def test_a_wrapped_key_that_was_exchanged_in_the_database_is_refused(home: Home) -> None:
    ann, bo = uuid4(), uuid4()
    sealed = vault().seal(b"x", context=CONTEXT, subject=ann)
    vault().seal(b"x", context=CONTEXT, subject=bo)
    of_bo = DataKeyRow.objects.get(subject=bo)
    DataKeyRow.objects.filter(subject=ann).update(wrapped=of_bo.wrapped)
    home.restart()
    with pytest.raises(Unavailable, match="exchanged"):
        vault().open(sealed, context=CONTEXT)


def test_a_key_is_ready_for_use() -> None:
    assert DataKey.of(bytes(16), bytes(32)).id == bytes(16)
