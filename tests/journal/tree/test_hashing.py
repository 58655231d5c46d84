"""The hashes of RFC 6962, against the vectors of the certificate-transparency project and an independent program."""

from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from allotment.journal.tree.hashing import EMPTY_ROOT, CompactRange, Node, complete_root, leaf_hash
from allotment.kernel.errors import Invalid
from tests.journal.tree.vectors import LEAVES

ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@cache
def some_leaves() -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(66_000)]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_the_reference_vectors(size: int) -> None:
    edge = CompactRange()
    edge.extend(leaf_hash(one) for one in LEAVES[:size])
    assert edge.root().hex() == ROOTS[size]


def test_the_empty_tree_has_the_hash_of_nothing_as_its_root() -> None:
    assert CompactRange().root() == EMPTY_ROOT


@given(st.lists(st.binary(max_size=8), max_size=600))
def test_roots_are_those_of_an_independent_implementation(entries: list[bytes]) -> None:
    theirs = InmemoryTree()
    theirs.append_entries(entries)
    edge = CompactRange()
    edge.extend(map(leaf_hash, entries))
    assert edge.root() == theirs.get_root()


@given(st.lists(st.integers(0, 700), max_size=8))
def test_batches_leave_the_same_edge_as_single_appends_and_the_same_rows(sizes: list[int]) -> None:
    one_by_one, batched, rest = CompactRange(), CompactRange(), iter(some_leaves())
    rows_one_by_one: list[Node] = []
    rows_batched: list[Node] = []
    for size in sizes:
        batch = [next(rest) for _ in range(size)]
        for leaf in batch:
            rows_one_by_one += one_by_one.append(leaf)
        rows_batched += batched.extend(batch)
    assert (one_by_one.size, one_by_one.hashes) == (batched.size, batched.hashes)
    assert rows_one_by_one == rows_batched


def test_a_row_is_the_root_of_its_256_leaves_and_a_higher_row_of_its_256_rows() -> None:
    rows = CompactRange().extend(some_leaves()[:65_700])
    low = [one for one in rows if one.level == 8]
    assert [one.index for one in low] == list(range(256))
    assert all(one.hash == complete_root(some_leaves()[256 * i : 256 * i + 256]) for i, one in enumerate(low))
    assert [one for one in rows if one.level == 16] == [Node(16, 0, complete_root([one.hash for one in low]))]
    assert {one.level for one in rows} == {8, 16}


def test_an_edge_continues_from_its_stored_hashes() -> None:
    first = CompactRange()
    first.extend(some_leaves()[:300])
    second = CompactRange(first.size, first.hashes)
    assert second.extend(some_leaves()[300:600]) == first.extend(some_leaves()[300:600])
    assert second.root() == first.root()


def test_every_size_has_its_own_root() -> None:
    edge, roots = CompactRange(), []
    for leaf in some_leaves()[:600]:
        edge.append(leaf)
        roots.append(edge.root())
    assert all(one != other for one, other in pairwise(roots))
    assert len(set(roots)) == 600


@pytest.mark.parametrize(("size", "hashes"), [(1, ()), (-1, ()), (3, (EMPTY_ROOT,)), (0, (EMPTY_ROOT,))])
def test_an_edge_that_does_not_fit_its_size_is_refused(size: int, hashes: tuple[bytes, ...]) -> None:
    with pytest.raises(Invalid, match="cannot have an edge"):
        CompactRange(size, hashes)
