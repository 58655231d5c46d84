"""Values at rest: what is sealed opens again, in its own place, unchanged, and nowhere else."""

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allotment.kernel.crypto import Vault, read_or_make_key
from allotment.kernel.errors import Misconfigured, Unavailable

VAULT = Vault(bytes(range(32)))
CONTEXT = "runs.form:1"


@given(st.binary(max_size=2000), st.text(max_size=50))
def test_what_is_sealed_opens_again(value: bytes, context: str) -> None:
    assert VAULT.open(VAULT.seal(value, context=context), context=context) == value


def test_the_sealed_form_shows_nothing_and_never_repeats() -> None:
    first, second = (VAULT.seal(b"my secret", context=CONTEXT) for _ in range(2))
    assert b"my secret" not in first
    assert first != second


@given(st.data())
def test_a_change_of_any_bit_is_noticed(data: st.DataObject) -> None:
    sealed = bytearray(VAULT.seal(b"value", context=CONTEXT))
    position = data.draw(st.integers(0, len(sealed) - 1))
    sealed[position] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(Unavailable):
        VAULT.open(bytes(sealed), context=CONTEXT)


def test_a_value_copied_to_another_row_is_refused() -> None:
    with pytest.raises(Unavailable, match="changed or moved"):
        VAULT.open(VAULT.seal(b"value", context=CONTEXT), context="runs.form:2")


def test_another_master_key_is_named_as_the_reason() -> None:
    with pytest.raises(Unavailable, match="another master key") as refused:
        Vault(bytes(32)).open(VAULT.seal(b"value", context=CONTEXT), context=CONTEXT)
    assert "master.key" in refused.value.hint


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x02" + bytes(40)])
def test_what_was_never_sealed_is_refused(sealed: bytes) -> None:
    with pytest.raises(Unavailable, match="damaged"):
        VAULT.open(sealed, context=CONTEXT)


def test_a_key_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(Misconfigured, match="31 bytes"):
        Vault(bytes(31))


def test_the_key_is_made_once_and_belongs_to_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    assert read_or_make_key(path) == read_or_make_key(path)
    assert len(path.read_bytes()) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
