"""Values at rest: what is sealed opens again, in its own place, unchanged, and nowhere else."""

import os
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from allotment.kernel.crypto import DataKey, LocalMasterKey, Vault, Wrapped, key_id_of
from allotment.kernel.errors import Erased, Misconfigured, Unavailable

CONTEXT = "runs.form:1"
MASTER = LocalMasterKey(bytes(range(32)))
KEY_ID = uuid4().bytes


class KeysInMemory:
    """Data keys of a test: made when asked for, by person."""

    def __init__(self) -> None:
        self.ids: dict[UUID | None, bytes] = {}
        self.keys: dict[bytes, DataKey | None] = {MASTER.short_id: MASTER.as_data_key()}

    def current(self, subject: UUID | None) -> DataKey:
        if subject not in self.ids:
            made = DataKey.of(os.urandom(16), os.urandom(32))
            self.ids[subject], self.keys[made.id] = made.id, made
        return self.find(self.ids[subject])

    def find(self, key_id: bytes) -> DataKey:
        if key_id not in self.keys:
            raise Unavailable("This key is not here.")
        found = self.keys[key_id]
        if found is None:
            raise Erased("Erased.")
        return found

    def destroy(self, subject: UUID) -> None:
        self.keys[self.ids[subject]] = None


KEYS = KeysInMemory()
VAULT = Vault(KEYS)


def sealed_before_data_keys(value: bytes, context: str) -> bytes:
    """Return the form that earlier installations stored: sealed under the master key itself."""
    nonce = os.urandom(12)
    cipher = AESGCM(bytes(range(32)))
    return b"\x01" + MASTER.short_id + nonce + cipher.encrypt(nonce, value, context.encode())


@given(st.binary(max_size=2000), st.text(max_size=50))
def test_what_is_sealed_opens_again(value: bytes, context: str) -> None:
    assert VAULT.open(VAULT.seal(value, context=context), context=context) == value


@given(st.binary(max_size=200), st.text(max_size=50))
def test_what_was_sealed_under_the_master_key_itself_opens_still(value: bytes, context: str) -> None:
    assert VAULT.open(sealed_before_data_keys(value, context), context=context) == value


def test_the_sealed_form_shows_nothing_and_never_repeats() -> None:
    first, second = (VAULT.seal(b"my secret", context=CONTEXT) for _ in range(2))
    assert b"my secret" not in first
    assert first != second


def test_a_person_has_a_key_of_their_own() -> None:
    ann, bo = uuid4(), uuid4()
    sealed = [VAULT.seal(b"x", context=CONTEXT, subject=subject) for subject in (ann, ann, bo, None)]
    ids = [key_id_of(one) for one in sealed]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


def test_what_is_about_somebody_erased_is_said_to_be() -> None:
    ann, bo = uuid4(), uuid4()
    of_ann, of_bo = (VAULT.seal(b"x", context=CONTEXT, subject=one) for one in (ann, bo))
    KEYS.destroy(ann)
    with pytest.raises(Erased):
        VAULT.open(of_ann, context=CONTEXT)
    with pytest.raises(Erased):
        VAULT.seal(b"y", context=CONTEXT, subject=ann)
    assert VAULT.open(of_bo, context=CONTEXT) == b"x"


@pytest.mark.parametrize(
    "seal",
    [lambda: VAULT.seal(b"value", context=CONTEXT), lambda: sealed_before_data_keys(b"value", CONTEXT)],
)
@given(data=st.data())
def test_a_change_of_any_bit_is_noticed(seal, data: st.DataObject) -> None:
    sealed = bytearray(seal())
    position = data.draw(st.integers(0, len(sealed) - 1))
    sealed[position] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(Unavailable):
        VAULT.open(bytes(sealed), context=CONTEXT)


def test_a_value_copied_to_another_row_is_refused() -> None:
    with pytest.raises(Unavailable, match="changed or moved"):
        VAULT.open(VAULT.seal(b"value", context=CONTEXT), context="runs.form:2")


def test_a_value_said_to_be_of_another_key_is_refused() -> None:
    """Two names of one key: the id itself is authenticated, not only the key behind it."""
    keys = KeysInMemory()
    sealed = Vault(keys).seal(b"value", context=CONTEXT)
    other = os.urandom(16)
    keys.keys[other] = keys.find(key_id_of(sealed))
    with pytest.raises(Unavailable, match="changed or moved"):
        Vault(keys).open(sealed[:1] + other + sealed[17:], context=CONTEXT)


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x02" + bytes(43), b"\x03" + bytes(60)])
def test_what_was_never_sealed_is_refused(sealed: bytes) -> None:
    with pytest.raises(Unavailable, match="damaged"):
        VAULT.open(sealed, context=CONTEXT)


@given(st.binary(min_size=32, max_size=32))
def test_a_wrapped_key_unwraps_again(key: bytes) -> None:
    assert MASTER.unwrap(MASTER.wrap(key, key_id=KEY_ID), key_id=KEY_ID) == key


@given(data=st.data())
def test_a_wrapped_key_that_was_changed_is_refused(data: st.DataObject) -> None:
    wrapped = MASTER.wrap(bytes(32), key_id=KEY_ID)
    content = bytearray(wrapped.content)
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(Unavailable, match="does not verify"):
        MASTER.unwrap(Wrapped(wrapped.master, bytes(content)), key_id=KEY_ID)


@pytest.mark.parametrize("content", [b"", b"short", bytes(12)])
def test_what_is_no_wrapped_key_is_refused(content: bytes) -> None:
    with pytest.raises(Unavailable, match="does not verify"):
        MASTER.unwrap(Wrapped(MASTER.name, content), key_id=KEY_ID)


def test_a_wrapped_key_cannot_take_the_place_of_another() -> None:
    wrapped = MASTER.wrap(bytes(32), key_id=KEY_ID)
    with pytest.raises(Unavailable, match="exchanged"):
        MASTER.unwrap(wrapped, key_id=uuid4().bytes)


def test_a_key_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(Misconfigured, match="31 bytes"):
        LocalMasterKey(bytes(31))


def test_keys_show_nothing_of_themselves() -> None:
    key = bytes(range(32))
    assert key.hex() not in repr(LocalMasterKey(key)) + repr(vars(DataKey).get("__dict__", ""))
    assert "cipher" not in repr(DataKey.of(KEY_ID, key))
