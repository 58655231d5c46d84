"""Exporting entries as lines of JSON, as they are proved or in the words of a SIEM.

Invariant: lines come in the order of the tree, and memory does not grow with the journal. Entries that have no place in
the tree yet are left to the next export. Refuses: passing over an entry that is missing, or over a place.
"""

from collections.abc import Iterator
from enum import StrEnum

import msgspec
from django.db.models import F, OuterRef, Subquery
from django.utils.translation import gettext

from allotment.journal.bodies import read_body
from allotment.journal.models import JournalEntry, JournalLeaf
from allotment.journal.ocsf import event_of
from allotment.kernel.errors import Unavailable

_CHUNK = 2000
_encode = msgspec.json.Encoder().encode


class Format(StrEnum):
    """How an entry is written."""

    JSON = "json"
    """`{"number": 12, "body": "{…}"}`: `body` is the exact text that is hashed; the offline verifier reads it."""
    OCSF = "ocsf"
    """One event of the Open Cybersecurity Schema Framework for each entry."""


def lines(written: Format, *, first: int = 0, end: int | None = None) -> Iterator[bytes]:
    """Yield one line, with its newline, for each entry numbered from `first` up to, not including, `end`."""
    for number, text in numbered(first=first, end=end):
        if written is Format.JSON:
            yield _encode({"number": number, "body": text}) + b"\n"
        else:
            yield _encode(event_of(number, text, read_body(text))) + b"\n"


def numbered(*, first: int = 0, end: int | None = None) -> Iterator[tuple[int, str]]:
    """Yield place and text of entries, in the order of the tree; raises `Unavailable` where one is missing."""
    body = JournalEntry.objects.filter(ticket=OuterRef("entry")).values("body")[:1]
    rows = JournalLeaf.objects.filter(number__gte=first).order_by("number")
    if end is not None:
        rows = rows.filter(number__lt=end)
    found = rows.annotate(body=Subquery(body)).values_list(F("number"), F("body"))
    for place, (number, text) in enumerate(found.iterator(chunk_size=_CHUNK), max(first, 0)):
        if number != place or text is None:
            raise Unavailable(
                gettext("Entry %(number)s is no longer in the database.") % {"number": place},
                hint=gettext("Run `allotment journal verify`; it says what else is missing."),
                code="entry-missing",
            )
        yield number, text
