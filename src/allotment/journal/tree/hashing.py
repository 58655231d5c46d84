"""Hashes of leaves and nodes (RFC 6962 §2.1), and the right edge of a growing tree.

Invariant: the edge of a tree of `size` leaves holds one hash for each bit set in `size`, the largest subtree first.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from allotment.kernel.errors import Invalid

HASH_BYTES = 32
EMPTY_ROOT = sha256().digest()
"""The root of a tree without leaves."""

LEVELS_PER_ROW = 8
WIDTH = 1 << LEVELS_PER_ROW
"""Roots of complete subtrees are kept for 256 leaves, 256² leaves and so on (the tiles of C2SP tlog-tiles)."""


@dataclass(frozen=True, slots=True)
class Node:
    """The root of the complete subtree of 2^`level` leaves that begins with leaf `index` × 2^`level`."""

    level: int
    index: int
    hash: bytes


def leaf_hash(data: bytes) -> bytes:
    """Return SHA-256 over 0x00 and `data`."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256 over 0x01 and both children."""
    return sha256(b"\x01" + left + right).digest()


def complete_root(hashes: Sequence[bytes]) -> bytes:
    """Return the root above `hashes`, of which there are a power of two."""
    level = hashes
    while len(level) > 1:
        children = iter(level)
        level = [
            sha256(b"\x01" + left + right).digest() for left, right in zip(children, children, strict=True)
        ]
    return level[0]


def fold(hashes: Sequence[bytes]) -> bytes:
    """Return the root over the roots of complete subtrees, largest first."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


class CompactRange:
    """The right edge of a tree: all that is needed to append and to know the root. Changes as leaves are appended."""

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size = size
        self._hashes = list(hashes)
        if size < 0 or len(self._hashes) != size.bit_count():
            raise Invalid(
                f"A tree of {size} leaves cannot have an edge of {len(self._hashes)} hashes.",
                hint="Read the edge again from the rows of the journal.",
                where="size",
            )

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """The roots of the complete subtrees at the edge, largest first."""
        return tuple(self._hashes)

    def root(self) -> bytes:
        """Return the root of the tree as it is."""
        return fold(self._hashes)

    def append(self, leaf: bytes) -> list[Node]:
        """Append the hash of one leaf; return the rows of 256 that it completes, lowest first."""
        return self._push(leaf, 0)

    def extend(self, leaves: Iterable[bytes]) -> list[Node]:
        """Append the hashes of many leaves; return the rows of 256 that they complete, in order of completion."""
        completed: list[Node] = []
        rest, start = list(leaves), 0
        while start < len(rest):
            level = min(_alignment(self.size), (len(rest) - start).bit_length() - 1, LEVELS_PER_ROW)
            end = start + (1 << level)
            completed += self._push(complete_root(rest[start:end]), level)
            start = end
        return completed

    def _push(self, root: bytes, level: int) -> list[Node]:
        """Append a complete subtree of 2^`level` leaves; the size must be a multiple of that."""
        hashes = self._hashes
        index = self.size >> level
        self.size += 1 << level
        if self.size % WIDTH:  # the usual case: nothing is completed
            while index & 1:
                root = sha256(b"\x01" + hashes.pop() + root).digest()
                index >>= 1
            hashes.append(root)
            return []
        completed = [Node(level, index, root)] if level == LEVELS_PER_ROW else []
        while index & 1:
            root = node_hash(hashes.pop(), root)
            index >>= 1
            level += 1
            if level % LEVELS_PER_ROW == 0:
                completed.append(Node(level, index, root))
        hashes.append(root)
        return completed


def _alignment(size: int) -> int:
    """Return how often 2 divides `size`."""
    return (size & -size).bit_length() - 1 if size else LEVELS_PER_ROW
