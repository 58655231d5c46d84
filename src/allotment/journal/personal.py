"""What entries say about people: kept outside the tree under the person's key, with a salted commitment inside it.

The commitment is SHA-256 over 32 random bytes and the canonical JSON of entry, name and value. While the value can be
read, anybody who is shown value and salt can check it; once the key is destroyed, the salt is gone with the value and
the commitment tells nothing.
Invariant: the value is stored in the transaction of its entry.
Refuses: a value whose commitment it does not match.
"""

import hashlib
import secrets
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from allotment.engine.recording import Entry
from allotment.journal.models import JournalPersonal
from allotment.kernel.canonical import canonical_bytes
from allotment.kernel.crypto import vault
from allotment.kernel.errors import Erased

SALT_BYTES = 32


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
    subject: UUID
    value: str | None
    """None once the person is erased."""
    salt: bytes = b""
    """With it, an outsider can check the value against the entry."""

    @property
    def is_erased(self) -> bool:
        """Whether nobody can read it any more."""
        return self.value is None


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
        return PersonalValue(row.name, row.subject, None)
    try:
        opened = vault().open(bytes(row.sealed), context=_context(row.entry, row.name))
    except Erased:
        return PersonalValue(row.name, row.subject, None)
    return PersonalValue(row.name, row.subject, opened[SALT_BYTES:].decode(), opened[:SALT_BYTES])


def _context(entry: UUID, name: str) -> str:
    return f"journal_personal.sealed:{entry}:{name}"
