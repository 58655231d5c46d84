"""Names for the ids in entries. Features above register how to find theirs; the journal knows no feature.

Invariant: a name is looked up when an entry is read, never stored in it, so a person can be forgotten.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from uuid import UUID

FindNames = Callable[[Collection[UUID]], Mapping[UUID, str]]
"""From ids to those names that are known."""

_finders: dict[str, FindNames] = {}


def register(kind: str, find: FindNames) -> None:
    """Let `find` name the objects of `kind`; `person` also names actors. Called from `AppConfig.ready`."""
    _finders[kind] = find


def kinds() -> frozenset[str]:
    """Return the kinds of objects that have names."""
    return frozenset(_finders)


def names(kind: str, ids: Collection[str]) -> Mapping[str, str]:
    """Return the names of those `ids` that are known."""
    find = _finders.get(kind)
    asked = set(_uuids(ids))
    if find is None or not asked:
        return {}
    return {str(one): name for one, name in find(asked).items()}


def _uuids(ids: Collection[str]) -> Iterator[UUID]:
    for one in ids:
        try:
            yield UUID(one)
        except ValueError:  # some objects are named, not numbered
            continue
