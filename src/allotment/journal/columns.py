"""Whether the columns by which entries are searched say what the texts say.

The database computes them from the text. Whoever rules it can make the table anew with columns of their own, so how the
table was made is compared with how Allotment makes it; where that differs, every row is compared with its text.
Invariant: a row that is told differs from its text, however its table was made.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import msgspec
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import BooleanField, TextField, UUIDField
from django.db.models.functions import Cast

from allotment.journal.generated import FromBody, are_computed
from allotment.journal.models import JournalEntry

_CHUNK = 5_000
_read = msgspec.json.Decoder(dict[str, Any]).decode


def differing() -> Iterator[tuple[int, list[str]]]:
    """Yield tickets and the names of columns that say something else than the text."""
    if are_computed(connections[DEFAULT_DB_ALIAS], JournalEntry):
        return
    fields = {
        field.name: field.shown
        for field in JournalEntry._meta.local_fields  # noqa: SLF001 - Django's documented API
        if isinstance(field, FromBody)
    }
    shown = {f"shown_{name}": Cast(name, TextField()) for name in fields}
    rows = JournalEntry.objects.order_by("ticket").annotate(**shown).values_list("ticket", "body", *shown)
    for ticket, body, *values in rows.iterator(_CHUNK):
        try:
            said = _read(body)
        except (msgspec.DecodeError, TypeError):
            continue  # told as what it is: no text of an entry
        names = [
            name
            for (name, field), value in zip(fields.items(), values, strict=True)
            if _plain(value, field) != _plain(said.get(name), field)
        ]
        if names:
            yield ticket, names


def _plain(value: Any, field: Any) -> object:
    """Return a value as both databases and JSON can be compared."""
    if value is None:
        return None
    if isinstance(field, BooleanField):
        return str(value).lower() in {"1", "true", "t"}
    if isinstance(field, UUIDField):
        try:
            return UUID(str(value))
        except ValueError:
            pass
    return str(value)
