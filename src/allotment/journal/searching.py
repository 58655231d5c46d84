"""Finding words in entries: in the text that is recorded, and in the names that a reader sees.

Invariant: small and capital letters are the same in every script, letter by letter, and both databases find the same.
Names are looked up today, as they are shown; none is stored. Refuses: nothing; what no entry says is not found.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

import msgspec
from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Lookup, Q, TextField
from django.db.models.sql.compiler import SQLCompiler

from allotment.engine.actions import Action
from allotment.journal import naming
from allotment.journal.generated import FromBody
from allotment.journal.models import JournalEntry

# What is asked, run or used day by day. Whatever these name was named by another action first, so that nobody needs
# to go through them to know which objects there are. Runs are told by the name of their app, which is a column.
_FREQUENT = frozenset(
    {
        Action.ASK_MODEL.value,
        Action.RUN_APP.value,
        Action.SEE_RUN.value,
        Action.CHANGE_RECORDS.value,
        Action.USE_KEY.value,
        Action.READ_JOURNAL.value,
        Action.SIGN_IN.value,
        "runs.receipt",
    }
)
_NAMED_BY_THEIR_APP = "run"


@dataclass(frozen=True)
class Named:
    """Something entries are about, with a name that nothing else of its kind is shown with."""

    id: UUID
    name: str


def actors() -> tuple[Named, ...]:
    """Return everyone the journal mentions as acting, by name."""
    return _told_apart("person", "actor")


def apps() -> tuple[Named, ...]:
    """Return every app the journal mentions, by name."""
    return _told_apart("app", "app")


def actions() -> tuple[str, ...]:
    """Return every action that is in the journal."""
    return tuple(_distinct("action"))


def says(text: str) -> Q:
    """Return the condition that `text` is in the entry as it is written, or in a name that is shown with it."""
    return (
        Q(body__says=text)
        | Q(actor__in=_called(text, actors()))
        | Q(app__in=_called(text, apps()))
        | Q(object_id__in=sorted(_objects_called(text)))
    )


def short(identifier: str) -> str:
    """Return the end of an id, which differs where its beginning tells the time (UUID version 7)."""
    return f"…{identifier[-8:]}" if len(identifier) == 36 else identifier  # noqa: PLR2004 - length of a UUID


def _called(text: str, named: tuple[Named, ...]) -> list[UUID]:
    return [one.id for one in named if text.casefold() in one.name.casefold()]


def _objects_called(text: str) -> Iterator[str]:
    for kind, ids in _objects().items():
        names = naming.names(kind, ids)
        yield from (one for one, name in names.items() if text.casefold() in name.casefold())


def _objects() -> Mapping[str, set[str]]:
    """Return the ids of what entries are about, by kind; of kinds that have names."""
    seldom = [action for action in actions() if action not in _FREQUENT]
    kinds = naming.kinds() - {_NAMED_BY_THEIR_APP}
    rows = JournalEntry.objects.filter(action__in=seldom, object_kind__in=kinds)
    found: dict[str, set[str]] = {}
    for kind, one in rows.order_by().values_list("object_kind", "object_id").distinct():
        found.setdefault(kind, set()).add(one)
    return found


def _told_apart(kind: str, column: str) -> tuple[Named, ...]:
    """Return what stands in `column`, by name; the end of the id is added where two have one name."""
    ids = {str(one) for one in _distinct(column)}
    names = naming.names(kind, ids)
    shown = {one: names.get(one) or short(one) for one in ids}
    counted: dict[str, int] = {}
    for name in shown.values():
        counted[name.casefold()] = counted.get(name.casefold(), 0) + 1
    found = (
        Named(UUID(one), name if counted[name.casefold()] == 1 else f"{name} {short(one)}")
        for one, name in shown.items()
    )
    return tuple(sorted(found, key=lambda one: one.name.casefold()))


def _distinct(column: str) -> Iterator[Any]:
    """Skip along the index from one value to the next: the cost grows with people or apps, not with entries.

    SQL by hand: asked for one by one, two hundred people take half a second.
    """
    field = JournalEntry._meta.get_field(column)  # noqa: SLF001 - Django's documented API
    assert isinstance(field, FromBody)  # noqa: S101 - all columns but the ticket and the body
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(_SKIPPING.format(column=field.column, table=JournalEntry._meta.db_table))  # noqa: SLF001 - as above
        rows = cursor.fetchall()
    for (value,) in rows:
        with suppress(ValidationError):  # no id, which only somebody else can have written: `verify` tells it
            yield field.shown.to_python(value)


_SKIPPING = """
WITH RECURSIVE seen(one) AS (
  SELECT (SELECT {column} FROM {table} WHERE {column} IS NOT NULL ORDER BY {column} LIMIT 1)
  UNION ALL
  SELECT (SELECT {column} FROM {table} WHERE {column} > seen.one ORDER BY {column} LIMIT 1)
  FROM seen WHERE seen.one IS NOT NULL
)
SELECT one FROM seen WHERE one IS NOT NULL
"""


@TextField.register_lookup
class Says(Lookup):
    """That a body holds some words, in any case.

    The databases' own comparisons know ASCII only (SQLite), or what the server's locale happens to know (PostgreSQL).
    """

    lookup_name = "says"
    prepare_rhs = False

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
        """Return the SQL: LIKE is ten times as fast as GLOB and goes first, with any letter for one beyond ASCII."""
        body, parameters = self.process_lhs(compiler, connection)
        letters = [_written(letter) for letter in str(self.rhs)]
        like = "".join(_liked(one) for one in letters)
        if str(self.rhs).isascii():
            return f"{body} LIKE %s ESCAPE '\\'", [*parameters, f"%{like}%"]
        glob = "".join(_globbed(one) for one in letters)
        sql = f"({body} LIKE %s ESCAPE '\\' AND {body} GLOB %s)"
        return sql, [*parameters, f"%{like}%", *parameters, f"*{glob}*"]

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
        """Return the SQL: a regular expression that names each letter in both cases asks no locale."""
        body, parameters = self.process_lhs(compiler, connection)
        return f"{body} ~ %s", [*parameters, "".join(_matched(_written(one)) for one in str(self.rhs))]


def _written(letter: str) -> str:
    """Return a letter as it stands in the body: some are escaped there."""
    return msgspec.json.encode(letter).decode()[1:-1]


def _liked(written: str) -> str:
    if len(written) == 1 and not written.isascii() and len(_cases(written)) > 1:
        return "_"
    return re.sub(r"([\\%_])", r"\\\1", written)


def _globbed(written: str) -> str:
    if len(written) > 1:
        return written
    cases = _cases(written)
    return f"[{cases}]" if len(cases) > 1 or written in "*?[" else written


def _matched(written: str) -> str:
    cases = _cases(written) if len(written) == 1 else ""
    return f"[{cases}]" if len(cases) > 1 else re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", written)


def _cases(letter: str) -> str:
    """Return a letter in every case it has. ASCII stays among itself: “k” is not the sign for kelvin."""
    if letter.isascii():
        return "".join(sorted({letter.lower(), letter.upper()}))
    folded = letter.casefold()
    found = {letter, *_folded().get(folded, ())} | ({folded} if len(folded) == 1 else set())
    return "".join(sorted(one for one in found if not one.isascii()))


@cache
def _folded() -> Mapping[str, tuple[str, ...]]:
    """Return which letters are the same as another, by that one."""
    found: dict[str, tuple[str, ...]] = {}
    for code in range(0x80, sys.maxunicode + 1):
        letter = chr(code)
        if (folded := letter.casefold()) != letter:
            found[folded] = (*found.get(folded, ()), letter)
    return found
