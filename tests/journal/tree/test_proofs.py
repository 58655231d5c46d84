"""Proofs, against the vectors of the certificate-transparency project and an independent program."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree, verify_consistency, verify_inclusion

from allotment.journal.tree import proofs
from allotment.journal.tree.hashing import CompactRange, leaf_hash
from allotment.kernel.errors import Invalid
from tests.journal.tree.vectors import LEAVES

A = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
B = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
C = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
D = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
E = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
F = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
G = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
H = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"


class Stored:
    """A tree in memory, which counts what is read."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.edge = CompactRange()
        self.hashes = list(leaves)
        self.rows = {(one.level, one.index): one.hash for one in self.edge.extend(leaves)}
        self.read: list[int] = []

    def leaves(self, start: int, end: int) -> Sequence[bytes]:
        self.read.append(end - start)
        return self.hashes[start:end]

    def nodes(self, level: int, start: int, end: int) -> Sequence[bytes]:
        self.read.append(end - start)
        return [self.rows[level, index] for index in range(start, end) if (level, index) in self.rows]


SMALL = Stored([leaf_hash(one) for one in LEAVES])
LARGE = Stored([leaf_hash(str(number).encode()) for number in range(140_000)])


@pytest.mark.parametrize(
    ("number", "size", "expected"),
    [
        (0, 1, []),
        (0, 8, [A, B, C]),
        (5, 8, [D, E, F]),
        (2, 3, [G]),
        (1, 5, ["6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", B, D]),
    ],
)
def test_inclusion_proofs_are_those_of_the_reference_vectors(
    number: int, size: int, expected: list[str]
) -> None:
    made = proofs.inclusion(SMALL, number, size)
    assert [one.hex() for one in made] == expected
    assert proofs.verify_inclusion(SMALL.hashes[number], number, size, made, proofs.root(SMALL, size))


@pytest.mark.parametrize(
    ("old", "new", "expected"), [(1, 1, []), (1, 8, [A, B, C]), (6, 8, [H, E, F]), (2, 5, [B, D])]
)
def test_consistency_proofs_are_those_of_the_reference_vectors(
    old: int, new: int, expected: list[str]
) -> None:
    made = proofs.consistency(SMALL, old, new)
    assert [one.hex() for one in made] == expected
    assert proofs.verify_consistency(old, new, proofs.root(SMALL, old), proofs.root(SMALL, new), made)


@given(st.integers(1, 400), st.data())
def test_proofs_are_those_of_an_independent_implementation(size: int, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(1, size))
    theirs = InmemoryTree()
    theirs.append_entries([str(one).encode() for one in range(size)])
    inclusion, consistency = theirs.prove_inclusion(number + 1), theirs.prove_consistency(old)
    verify_inclusion(LARGE.hashes[number], proofs.root(LARGE, size), inclusion)
    verify_consistency(proofs.root(LARGE, old), proofs.root(LARGE, size), consistency)
    assert proofs.inclusion(LARGE, number, size) == tuple(inclusion.path[1:])
    assert list(proofs.consistency(LARGE, old, size)) == _by_definition(old, LARGE.hashes[:size], whole=True)


@given(st.integers(1, 140_000), st.data())
def test_every_proof_of_a_large_tree_checks(size: int, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(0, size))
    root = proofs.root(LARGE, size)
    included = proofs.inclusion(LARGE, number, size)
    grown = proofs.consistency(LARGE, old, size)
    assert proofs.verify_inclusion(LARGE.hashes[number], number, size, included, root)
    assert proofs.verify_consistency(old, size, proofs.root(LARGE, old), root, grown)


@settings(deadline=None)
@given(st.integers(0, 140_000))
def test_the_edge_of_any_size_is_restored_from_rows(size: int) -> None:
    edge = CompactRange()
    edge.extend(LARGE.hashes[:size])
    assert proofs.edge(LARGE, size).hashes == edge.hashes


@given(st.integers(1, 140_000), st.data())
def test_a_proof_reads_two_ranges_of_256_rows_for_eight_levels(size: int, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, size - 1))
    LARGE.read.clear()
    proofs.inclusion(LARGE, number, size)
    assert len(LARGE.read) <= 2 * (1 + (size.bit_length() - 1) // 8)
    assert all(one <= 256 for one in LARGE.read)


@given(st.integers(2, 300), st.data())
def test_every_changed_bit_of_an_inclusion_proof_is_caught(size: int, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, size - 1))
    root = proofs.root(LARGE, size)
    good = proofs.inclusion(LARGE, number, size)
    leaf = LARGE.hashes[number]
    for bad in _flipped(good):
        assert not proofs.verify_inclusion(leaf, number, size, bad, root)
    assert not any(proofs.verify_inclusion(one[0], number, size, good, root) for one in _flipped([leaf]))
    assert not proofs.verify_inclusion(leaf, number, size, good[:-1], root)
    assert not proofs.verify_inclusion(leaf, number, size, (*good, root), root)
    assert not proofs.verify_inclusion(leaf, number, size, (good[0][:31], *good[1:]), root)
    wrong = data.draw(st.integers(0, size - 1).filter(lambda one: one != number))
    assert not proofs.verify_inclusion(leaf, wrong, size, good, root)


@given(st.integers(2, 300), st.data())
def test_every_changed_bit_of_a_consistency_proof_is_caught(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new - 1))
    old_root, new_root = proofs.root(LARGE, old), proofs.root(LARGE, new)
    good = proofs.consistency(LARGE, old, new)
    for bad in _flipped(good):
        assert not proofs.verify_consistency(old, new, old_root, new_root, bad)
    for (flipped,) in _flipped([old_root]):
        assert not proofs.verify_consistency(old, new, flipped, new_root, good)
    for (flipped,) in _flipped([new_root]):
        assert not proofs.verify_consistency(old, new, old_root, flipped, good)
    assert not proofs.verify_consistency(old, new, old_root, new_root, good[:-1])
    assert not proofs.verify_consistency(old, new, old_root, new_root, (*good, new_root))


def test_a_proof_for_a_missing_entry_is_refused() -> None:
    with pytest.raises(Invalid, match="has no entry 8"):
        proofs.inclusion(SMALL, 8, 8)


def test_a_shorter_tree_cannot_continue_a_longer_one() -> None:
    with pytest.raises(Invalid, match="cannot continue"):
        proofs.consistency(SMALL, 5, 3)
    assert not proofs.verify_consistency(5, 3, proofs.root(SMALL, 5), proofs.root(SMALL, 3), ())


def test_a_missing_row_is_told() -> None:
    damaged = Stored(LARGE.hashes[:1000])
    del damaged.rows[8, 1]
    with pytest.raises(Invalid, match="gaps: 1 hashes are missing at level 8"):
        proofs.inclusion(damaged, 0, 1000)


def test_proofs_do_not_grow_by_more_than_one_hash_when_the_tree_doubles() -> None:
    lengths = [len(proofs.inclusion(LARGE, 0, 1 << power)) for power in range(17)]
    assert all(after - before == 1 for before, after in pairwise(lengths))


def _by_definition(old: int, leaves: Sequence[bytes], *, whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962 §2.1.2, word for word; the independent program arranges its proofs differently."""
    if old == len(leaves):
        return [] if whole else [_root(leaves)]
    middle = 1 << ((len(leaves) - 1).bit_length() - 1)
    if old <= middle:
        return [*_by_definition(old, leaves[:middle], whole=whole), _root(leaves[middle:])]
    return [*_by_definition(old - middle, leaves[middle:], whole=False), _root(leaves[:middle])]


def _root(leaves: Sequence[bytes]) -> bytes:
    edge = CompactRange()
    edge.extend(leaves)
    return edge.root()


def _flipped(hashes: Sequence[bytes]) -> list[tuple[bytes, ...]]:
    """Return copies, each with another bit changed."""
    found = []
    for position, value in enumerate(hashes):
        number = int.from_bytes(value)
        for bit in range(256):
            changed = (number ^ (1 << bit)).to_bytes(32)
            found.append((*hashes[:position], changed, *hashes[position + 1 :]))
    return found
