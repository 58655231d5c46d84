"""What entries say about people: kept outside the tree under the person's key, with a salted commitment inside it.

The commitment is SHA-256 over 32 random bytes and the canonical JSON of entry, name and value. While the value can be
read, anybody who is shown value and salt can check it; once the key is destroyed, the salt is gone with the value and
the commitment tells nothing.
Invariant: the value is stored in the transaction of its entry, and its row stays when the person is erased; so a row
that is missing was removed. Refuses: to show a value that does not match its commitment.
"""

import hashlib
import secrets
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from uuid import UUID

from allotment.engine.recording import Entry
from allotment.journal.decoding import is_uuid
from allotment.journal.models import JournalPersonal
from allotment.kernel.canonical import canonical_bytes
from allotment.kernel.crypto import vault
from allotment.kernel.errors import Erased, Unavailable

_MASTER_KEY = "master-key"
"""The code of trouble with the key that wraps all others."""
SALT_BYTES = 32
_AT_ONCE = 500


class Standing(Enum):
    """What became of a value to which an entry is committed."""

    KEPT = "kept"
    ERASED = "erased"
    """The person was."""
    MISSING = "missing"
    """Somebody removed the row."""
    CHANGED = "changed"
    """It is not the value that was recorded, or its entry was never committed to it."""


@dataclass(frozen=True, slots=True)
class Salted:
    """A personal value of one entry with its salt, on its way into the journal."""

    entry: UUID
    name: str
    subject: UUID
    value: str
    salt: bytes

    @property
    def commitment(self) -> str:
        """What the entry keeps of it."""
        return commitment(self.entry, self.name, self.value, self.salt)


@dataclass(frozen=True)
class PersonalValue:
    """A personal value of an entry, as far as it can still be read."""

    name: str
    subject: UUID | None
    """None if it is missing."""
    value: str | None
    """None once the person is erased, and where it is not the one that was recorded."""
    salt: bytes = b""
    """With it, an outsider can check the value against the entry."""
    standing: Standing = Standing.KEPT

    @property
    def is_erased(self) -> bool:
        """Whether nobody can read it any more."""
        return self.standing is Standing.ERASED

    @property
    def is_missing(self) -> bool:
        """Whether somebody removed it."""
        return self.standing is Standing.MISSING

    @property
    def is_changed(self) -> bool:
        """Whether it is another than the one recorded."""
        return self.standing is Standing.CHANGED


def commitment(entry: UUID, name: str, value: str, salt: bytes) -> str:
    """Return `sha256:<hex>` over the salt and the canonical bytes of what is said."""
    said = canonical_bytes({"entry": str(entry), "name": name, "value": value})
    return "sha256:" + hashlib.sha256(salt + said).hexdigest()


def salted(entry: Entry) -> tuple[Salted, ...]:
    """Return the personal values of an entry with fresh salt. Touches no database: also for the event loop."""
    return tuple(
        Salted(entry.id, name, said.subject, said.value, secrets.token_bytes(SALT_BYTES))
        for name, said in entry.personal.items()
    )


def commitments(values: Iterable[Salted]) -> dict[str, str]:
    """Return what the body of the entry keeps of its values, by name."""
    return {value.name: value.commitment for value in values}


def keep(values: Iterable[Salted]) -> None:
    """Seal and store the values, in the transaction of their entries."""
    rows = [
        JournalPersonal(entry=value.entry, name=value.name, subject=value.subject, sealed=_sealed(value))
        for value in values
    ]
    if rows:
        JournalPersonal.objects.bulk_create(rows)


def values_of(entries: Collection[UUID]) -> Mapping[UUID, tuple[PersonalValue, ...]]:
    """Return the personal values of these entries, by the entry's id; entries without any are left out."""
    found: dict[UUID, list[PersonalValue]] = defaultdict(list)
    for row in JournalPersonal.objects.filter(entry__in=tuple(entries)).order_by("name"):
        found[row.entry].append(_read(row))
    return {entry: tuple(values) for entry, values in found.items()}


def said_in(entry: UUID, committed: Mapping[str, str]) -> tuple[PersonalValue, ...]:
    """Return what an entry says about people, by name; `committed` is of its body.

    What does not match it is not shown as said, and what it names is there even if its row is not.
    """
    kept = {value.name: value for value in values_of([entry]).get(entry, ())}
    told = [
        value
        if matches(entry, value, committed)
        else replace(value, value=None, salt=b"", standing=Standing.CHANGED)
        for value in kept.values()
    ]
    told += [
        PersonalValue(name, None, None, standing=Standing.MISSING) for name in committed if name not in kept
    ]
    return tuple(sorted(told, key=lambda value: value.name))


def missing(committed: Sequence[tuple[int, str, Collection[str]]]) -> Iterator[tuple[int, list[str]]]:
    """Yield the numbers of entries that lack a row, and the names of the values; given are number, id and names."""
    for start in range(0, len(committed), _AT_ONCE):
        some = committed[start : start + _AT_ONCE]
        ids = {one: UUID(one) for _, one, _ in some if is_uuid(one)}
        rows = JournalPersonal.objects.filter(entry__in=tuple(ids.values())).values_list("entry", "name")
        there = set(rows)
        for number, one, names in some:
            if lacking := sorted(name for name in names if (ids.get(one), name) not in there):
                yield number, lacking


def matches(entry: UUID, value: PersonalValue, committed: Mapping[str, str]) -> bool:
    """Whether a value that can be read is the one the entry was committed to; `committed` is of the entry's body."""
    if value.value is None:
        return value.name in committed
    expected = committed.get(value.name, "")
    return secrets.compare_digest(commitment(entry, value.name, value.value, value.salt), expected)


def _sealed(value: Salted) -> bytes:
    """Return salt and value sealed; nothing for somebody erased, about whom only the commitment is kept."""
    try:
        return vault().seal(
            value.salt + value.value.encode(),
            context=_context(value.entry, value.name),
            subject=value.subject,
        )
    except Erased:
        return b""


def _read(row: JournalPersonal) -> PersonalValue:
    if not row.sealed:
        return PersonalValue(row.name, row.subject, None, standing=Standing.ERASED)
    try:
        opened = vault().open(bytes(row.sealed), context=_context(row.entry, row.name))
    except Erased:
        return PersonalValue(row.name, row.subject, None, standing=Standing.ERASED)
    except Unavailable as error:
        if error.code == _MASTER_KEY:  # the installation's own trouble, which passes
            raise
        return PersonalValue(row.name, row.subject, None, standing=Standing.CHANGED)
    return PersonalValue(row.name, row.subject, opened[SALT_BYTES:].decode(), opened[:SALT_BYTES])


def _context(entry: UUID, name: str) -> str:
    return f"journal_personal.sealed:{entry}:{name}"
