"""Columns that the database computes from an entry's body.

Invariant: nobody writes them, so they cannot differ from the text that is proved.
"""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import BooleanField, F, Field, Func, GeneratedField, Model, UUIDField
from django.db.models.sql.compiler import SQLCompiler


class BodyField(Func):
    """The value of one key of the JSON text in `body`."""

    def __init__(self, key: str, output_field: "Field[Any, Any]") -> None:
        super().__init__(F("body"), output_field=output_field)
        self.key = key

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_context: Any) -> Any:
        """Return the SQL; Django keeps a UUID as 32 hex digits there."""
        template = f"json_extract(%(expressions)s, '$.{self.key}')"
        if isinstance(self.output_field, UUIDField):
            template = f"replace({template}, '-', '')"
        return self.as_sql(compiler, connection, template=template)

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_context: Any) -> Any:
        """Return the SQL. `json`, not `jsonb`: it is only scanned, which is cheaper for one key."""
        template = f"((%(expressions)s)::json ->> '{self.key}')"
        if isinstance(self.output_field, UUIDField | BooleanField):
            template += f"::{self.output_field.db_type(connection)}"
        return self.as_sql(compiler, connection, template=template)


class FromBody(GeneratedField):
    """A column named like the key it shows.

    PostgreSQL 15 can only store such columns. SQLite computes them when they are read or indexed, which makes rows
    a third smaller and inserting faster; `make_table` sees to that.
    """

    db_persist: bool

    def __init__(self, shown: "Field[Any, Any]", **kwargs: Any) -> None:
        self.shown = shown
        super().__init__(
            expression=BodyField("", shown),
            output_field=shown,
            db_persist=True,
            null=shown.null,
            unique=shown.unique,
            **kwargs,
        )

    def contribute_to_class(self, cls: type[Model], name: str, *args: Any, **kwargs: Any) -> None:
        """Take the key from the attribute's name."""
        self.expression = BodyField(name, self.shown)
        super().contribute_to_class(cls, name, *args, **kwargs)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        """Return what makes the same field."""
        name, path, _, _ = super().deconstruct()
        return name, path, [self.shown], {}


def make_table(editor: BaseDatabaseSchemaEditor, model: type[Model]) -> None:
    """Make the table of a model that has such columns."""
    for field in model._meta.local_fields:  # noqa: SLF001 - Django's documented API
        if isinstance(field, FromBody):
            field.db_persist = not editor.connection.features.supports_virtual_generated_columns
    editor.create_model(model)
