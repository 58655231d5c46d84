"""Proofs that an entry is in a tree, and that a tree only grew (RFC 9162 §2.1.3 and §2.1.4).

Making one reads rows through the port `Hashes`: for every eight levels of the tree at most two ranges of 256 rows.
Checking one needs nothing but the proof.

Invariant: a proof that checks under any number, size, root or hash than those it was made for does not exist.
"""

from collections.abc import Sequence
from typing import Protocol

from allotment.journal.tree.hashing import (
    EMPTY_ROOT,
    HASH_BYTES,
    LEVELS_PER_ROW,
    WIDTH,
    CompactRange,
    complete_root,
    fold,
    node_hash,
)
from allotment.kernel.errors import Invalid


class Hashes(Protocol):
    """Reads the stored hashes of a tree."""

    def leaves(self, start: int, end: int) -> Sequence[bytes]:
        """Return the hashes of the leaves from `start` up to `end`, without it."""
        ...

    def nodes(self, level: int, start: int, end: int) -> Sequence[bytes]:
        """Return the roots of complete subtrees of 2^`level` leaves (8, 16, …), by index as above."""
        ...


def edge(hashes: Hashes, size: int) -> CompactRange:
    """Return the right edge of the first `size` leaves, from the stored rows: nothing is rebuilt."""
    rows = _Rows(hashes, size)
    return CompactRange(size, [rows.subtree(level, index) for level, index in _peaks(0, size)])


def root(hashes: Hashes, size: int) -> bytes:
    """Return the root of the first `size` leaves, from the stored rows."""
    return edge(hashes, size).root()


def inclusion(hashes: Hashes, number: int, size: int) -> tuple[bytes, ...]:
    """Return the proof that leaf `number` is in the tree of `size` leaves, from its sibling upwards."""
    if not 0 <= number < size:
        raise Invalid(
            f"A tree of {size} entries has no entry {number}.",
            hint="Numbers begin with 0 and end one below the size.",
            where="number",
        )
    rows, start, end = _Rows(hashes, size), 0, size
    path = []
    while end - start > 1:
        middle = start + _split(end - start)
        if number < middle:
            path.append(rows.root(middle, end))
            end = middle
        else:
            path.append(rows.root(start, middle))
            start = middle
    return tuple(reversed(path))


def consistency(hashes: Hashes, old: int, new: int) -> tuple[bytes, ...]:
    """Return the proof that the tree of `new` leaves begins with the tree of `old` leaves."""
    if not 0 <= old <= new:
        raise Invalid(
            f"A tree of {new} entries cannot continue one of {old}.",
            hint="Name the smaller tree first.",
            where="old",
        )
    if old in {0, new}:
        return ()
    rows, start, end = _Rows(hashes, new), 0, new
    path = []
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(rows.root(middle, end))
            end = middle
        else:
            path.append(rows.root(start, middle))
            start = middle
    if start:  # else the old tree is a complete subtree, whose root the verifier has
        path.append(rows.root(start, end))
    return tuple(reversed(path))


def root_of_inclusion(leaf: bytes, number: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """Return the root that `proof` leads to from `leaf` (RFC 9162 §2.1.3.2); None if it has another shape."""
    if not 0 <= number < size:
        return None
    position, last, value = number, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return None
        if position & 1 or position == last:
            value = node_hash(sibling, value)
            while position and not position & 1:
                position >>= 1
                last >>= 1
        else:
            value = node_hash(value, sibling)
        position >>= 1
        last >>= 1
    return value if last == 0 else None


def verify_inclusion(leaf: bytes, number: int, size: int, proof: Sequence[bytes], expected: bytes) -> bool:
    """Whether `proof` shows that `leaf` has this number in the tree of this size and root."""
    return _are_hashes(proof) and root_of_inclusion(leaf, number, size, proof) == expected


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the newer tree begins with the older one (RFC 9162 §2.1.4.2)."""
    if not 0 <= old <= new or not _are_hashes(proof):
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    return bool(path) and _roots_of_consistency(old, new, path) == (old_root, new_root)


def _roots_of_consistency(old: int, new: int, path: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    position, last = old - 1, new - 1
    while position & 1:
        position >>= 1
        last >>= 1
    older = newer = path[0]
    for sibling in path[1:]:
        if last == 0:
            return None
        if position & 1 or position == last:
            older, newer = node_hash(sibling, older), node_hash(sibling, newer)
            while position and not position & 1:
                position >>= 1
                last >>= 1
        else:
            newer = node_hash(newer, sibling)
        position >>= 1
        last >>= 1
    return (older, newer) if last == 0 else None


class _Rows:
    """Roots of subtrees from stored rows, each range of rows read once."""

    def __init__(self, hashes: Hashes, size: int) -> None:
        self._hashes = hashes
        self._size = size
        self._read: dict[tuple[int, int], Sequence[bytes]] = {}

    def root(self, start: int, end: int) -> bytes:
        """Return the root of the leaves from `start` to `end`, a subtree of the tree."""
        return fold([self.subtree(level, index) for level, index in _peaks(start, end)])

    def subtree(self, level: int, index: int) -> bytes:
        """Return the root of the complete subtree `index` of 2^`level` leaves."""
        stored = level // LEVELS_PER_ROW * LEVELS_PER_ROW
        count = 1 << (level - stored)
        block, offset = divmod(index * count, WIDTH)
        return complete_root(self._block(stored, block)[offset : offset + count])

    def _block(self, level: int, block: int) -> Sequence[bytes]:
        known = self._read.get((level, block))
        if known is not None:
            return known
        start, end = block * WIDTH, min((block + 1) * WIDTH, self._size >> level)
        rows = self._hashes.nodes(level, start, end) if level else self._hashes.leaves(start, end)
        if len(rows) != end - start:
            raise Invalid(
                f"The journal's tree has gaps: {end - start - len(rows)} hashes are missing at level {level}, "
                f"from {start}.",
                hint="Run `allotment journal verify`; it says what is damaged.",
                where="tree",
                code="tree-damaged",
            )
        self._read[level, block] = rows
        return rows


def _peaks(start: int, end: int) -> list[tuple[int, int]]:
    """Return level and index of the largest complete subtrees from `start` (aligned) to `end`."""
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        found.append((level, start >> level))
        start += 1 << level
    return found


def _split(width: int) -> int:
    """Return the largest power of two below `width`."""
    return 1 << ((width - 1).bit_length() - 1)


def _are_hashes(proof: Sequence[bytes]) -> bool:
    return all(len(one) == HASH_BYTES for one in proof)
