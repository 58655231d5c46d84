"""Destroying a person's key: once, for good, down to its bytes."""

from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connections

from allotment.kernel.crypto import Vault
from allotment.kernel.errors import Erased
from allotment.keys import wiping
from allotment.keys.erasing import destroy
from allotment.keys.keeping import stored_keys
from allotment.keys.models import DataKeyRow
from allotment.keys.wiping import KEYS, owed, wipe
from tests.keys.conftest import Home
from tests.reading import bytes_of, somebody_reading

CONTEXT = "a table.a column:1"


@pytest.mark.django_db
def test_a_key_is_destroyed_once_and_for_one_person(home: Home) -> None:
    ann, bo = uuid4(), uuid4()
    of_ann, of_bo = (Vault(stored_keys).seal(b"x", context=CONTEXT, subject=one) for one in (ann, bo))
    assert destroy(ann)
    assert not destroy(ann)
    assert set(DataKeyRow.objects.exclude(destroyed_at=None).values_list("subject", flat=True)) == {ann}
    with pytest.raises(Erased):
        Vault(stored_keys).open(of_ann, context=CONTEXT)
    assert Vault(stored_keys).open(of_bo, context=CONTEXT) == b"x"


@pytest.mark.django_db
def test_somebody_without_a_key_never_gets_one_afterwards(home: Home) -> None:
    ann = uuid4()
    assert destroy(ann)
    with pytest.raises(Erased):
        Vault(stored_keys).seal(b"x", context=CONTEXT, subject=ann)
    assert DataKeyRow.objects.get().subject == ann


@pytest.mark.sqlite
def test_the_bytes_of_a_destroyed_key_are_in_no_file_of_the_database(transactions: Home) -> None:
    ann = uuid4()
    for other in range(40):  # so that rows move between pages
        Vault(stored_keys).seal(b"x", context=CONTEXT, subject=ann if other == 20 else uuid4())
    wrapped = bytes(DataKeyRow.objects.get(subject=ann).wrapped)
    assert _is_in_files(wrapped)
    destroy(ann)
    assert not _is_in_files(wrapped)


def test_a_reader_in_the_way_is_told_and_the_wipe_remembered(
    transactions: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = uuid4()
    Vault(stored_keys).seal(b"x", context=CONTEXT, subject=ann)
    with somebody_reading():
        monkeypatch.setattr(wiping, "PATIENCE_SECONDS", 0.05)
        destroy(ann)
        assert not wipe(KEYS)
        assert owed() == (KEYS,)
    assert wipe(KEYS)
    assert owed() == ()


def _is_in_files(wanted: bytes) -> bool:
    name = Path(connections["default"].settings_dict["NAME"])
    return any(wanted in bytes_of(path) for path in name.parent.glob(f"{name.name}*"))
